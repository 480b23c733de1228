package scale

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
)

// A Script is one of e2e/node, which works a page in a browser.
type Script struct {
	Node   string            // path of the program
	Folder string            // e2e/node
	Name   string            // its file
	Config map[string]string // what it is given
	Env    []string          // its environment; nil for that of this process
}

// mostLine bounds a line that a script may say.
const mostLine = 1 << 20

// Run runs a script to its end. serve does what it asks for; hear gets every
// other line that it says.
func (s Script) Run(serve func(what string), hear func(line []byte) error) error {
	config, err := json.Marshal(s.Config)
	if err != nil {
		return err
	}
	c := exec.Command(s.Node, s.Name, string(config))
	var errs bytes.Buffer
	c.Dir, c.Env, c.Stderr = s.Folder, s.Env, &errs
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	wrong := follow(out, in, serve, hear)
	if wrong != nil {
		_ = c.Process.Kill()
	}
	if err := c.Wait(); err != nil && wrong == nil {
		wrong = fmt.Errorf("%s: %w: %s", s.Name, err, errs.String())
	}
	return wrong
}

func follow(out io.Reader, in io.Writer, serve func(string), hear func([]byte) error) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, mostLine)
	for lines.Scan() {
		var said struct{ Ask string }
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			return fmt.Errorf("%s: %w", lines.Bytes(), err)
		}
		if said.Ask == "" {
			if err := hear(lines.Bytes()); err != nil {
				return err
			}
			continue
		}
		serve(said.Ask)
		if _, err := fmt.Fprintln(in, "done"); err != nil {
			return err
		}
	}
	return lines.Err()
}
