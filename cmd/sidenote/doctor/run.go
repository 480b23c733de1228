package doctor

import (
	"context"
	"os/exec"
	"strings"
	"time"

	"sidenote/exchange"
)

// An outcome is what one run of a program came to.
type outcome struct {
	answered bool          // its request went through the proxy and was answered
	refused  *exchange.Err // why it broke off the TLS handshake with the proxy
	reached  bool          // it connected to the proxy
	direct   bool          // it connected to the origin server past the proxy
	timedOut bool
	output   string
}

// run runs the program, with all variables or with only some of them. The error
// is one of ours, not of the program.
func (e *examination) run(ctx context.Context, only []string) (*outcome, error) {
	s, err := e.doctor.newStand()
	if err != nil {
		return nil, err
	}
	dir, err := e.folder()
	if err != nil {
		s.close()
		return nil, err
	}
	settings := e.doctor.Settings
	settings.ProxyURL = s.proxyURL
	fill := strings.NewReplacer("{url}", s.url, "{dir}", dir)
	env := e.environment(settings, only)
	for _, kv := range e.probe.Env {
		env = append(env, fill.Replace(kv))
	}
	args := make([]string, len(e.probe.Args))
	for i, a := range e.probe.Args {
		args[i] = fill.Replace(a)
	}
	ended := e.startIn(ctx, dir, e.path, args, env)
	s.close()
	o := &outcome{timedOut: ended.timedOut, output: ended.output}
	s.read(o)
	return o, ctx.Err()
}

// An end is how a program ended.
type end struct {
	err      error
	timedOut bool
	output   string // its last lines, of both outputs
}

func (e *examination) start(ctx context.Context, path string, args, env []string) end {
	return e.startIn(ctx, e.doctor.Folder, path, args, env)
}

// startIn runs a program in a folder until it ends or its time is over.
func (e *examination) startIn(ctx context.Context, dir, path string, args, env []string) end {
	ctx, cancel := context.WithTimeout(ctx, e.doctor.Timeout)
	defer cancel()
	c := exec.CommandContext(ctx, path, args...)
	c.Dir, c.Env = dir, env
	var output tail
	c.Stdout, c.Stderr = &output, &output
	c.WaitDelay = time.Second
	inGroup(c)
	err := c.Run()
	endGroup(c)
	return end{err, ctx.Err() == context.DeadlineExceeded, string(output.kept)}
}

// A tail keeps the end of what is written to it.
type tail struct{ kept []byte }

// mostKept is how much of a program's output is kept, in octets.
const mostKept = 8 << 10

// Write keeps the end of all that was written.
func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b[max(len(b)-mostKept, 0):]...)
	if extra := len(t.kept) - mostKept; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(b), nil
}
