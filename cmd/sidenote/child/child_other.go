//go:build !unix

package child

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
)

// A Child is a running command.
type Child struct {
	command *exec.Cmd
	signals chan os.Signal
	once    sync.Once // of Wait
	end     End
}

// Start runs a command. Here there are no process groups: the keys of the
// console reach it as they reach us, and we leave them to it.
func Start(c Command) (*Child, error) {
	ch := &Child{
		command: &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr},
		signals: make(chan os.Signal, 1),
	}
	signal.Notify(ch.signals, os.Interrupt)
	if err := ch.command.Start(); err != nil {
		signal.Stop(ch.signals)
		return nil, err
	}
	return ch, nil
}

// Terminate ends the command.
func (c *Child) Terminate() { _ = c.command.Process.Kill() }

// PID is the number of the command's process.
func (c *Child) PID() int { return c.command.Process.Pid }

// Wait waits for the end of the command.
func (c *Child) Wait() End {
	c.once.Do(func() {
		err := c.command.Wait()
		signal.Stop(c.signals)
		c.end.Code = c.command.ProcessState.ExitCode()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			c.end.Code = -1
		}
	})
	return c.end
}

// Guard has nothing to guard here.
func Guard(io.Reader) (note string, err error) {
	return "", errors.New("there are no guards on this system")
}
