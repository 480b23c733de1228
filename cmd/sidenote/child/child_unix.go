//go:build unix

package child

import (
	"errors"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A Child is a running command.
type Child struct {
	pid      int // and the number of its process group
	terminal *terminal
	guard    *guard // nil for none
	ended    chan End

	signals   chan os.Signal
	continued chan struct{}
	once      sync.Once // of Wait
	end       End
}

// passed are the signals that are handed on to the command's process group.
// SIGCONT continues us too. SIGTSTP is not among them: once a Go program has
// asked for it, it no longer stops.
func passed() []os.Signal {
	return []os.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGWINCH, syscall.SIGCONT,
	}
}

// Start runs a command. From then on signals that come to this process are
// passed on to the command's process group, and it stops and continues with it.
// Call Wait, once it is started. One command can run at a time.
func Start(c Command) (*Child, error) {
	ch := &Child{
		terminal: openTerminal(c.Stdin, c.Stdout), ended: make(chan End, 1),
		signals: make(chan os.Signal, 64), continued: make(chan struct{}, 1),
	}
	for _, s := range passed() {
		if !signal.Ignored(s) { // nohup and "&" in a script have some ignored
			signal.Notify(ch.signals, s)
		}
	}
	adoptOrphans()
	err := ch.begin(c)
	if err != nil {
		signal.Stop(ch.signals)
		ch.terminal.close()
		return nil, err
	}
	go func() { ch.ended <- ch.wait() }()
	// Taking the terminal back is what a process in the background may do only
	// if it ignores this signal. The command has been started with its default.
	signal.Ignore(syscall.SIGTTOU)
	go ch.pass()
	return ch, nil
}

// begin starts the command, under guard.
func (c *Child) begin(command Command) (err error) {
	if len(command.Guard) > 0 {
		if c.guard, err = startGuard(command); err != nil {
			return err
		}
	}
	if err = c.fork(command); err != nil {
		if c.guard != nil {
			c.guard.dismiss()
		}
		return err
	}
	if c.guard != nil {
		c.guard.tell(c.pid, command.Note)
	}
	return nil
}

// guardPID is the number of the guard's process; 0 without one.
func (c *Child) guardPID() int {
	if c.guard == nil {
		return 0
	}
	return c.guard.pid
}

// Terminate asks the command to end.
func (c *Child) Terminate() { _ = syscall.Kill(-c.pid, syscall.SIGTERM) }

// PID is the number of the command's process, and of its process group.
func (c *Child) PID() int { return c.pid }

// Wait waits for the end of the command and takes the terminal back. Signals
// are then what they were before Start.
func (c *Child) Wait() End {
	c.once.Do(func() {
		c.end = <-c.ended
		signal.Stop(c.signals)
		close(c.signals)
		if c.guard != nil {
			c.guard.dismiss()
		}
		c.terminal.takeBack()
		if c.terminal.wasGiven() && (c.end.Signal == syscall.SIGINT || c.end.Signal == syscall.SIGQUIT) {
			interruptGroup(c.end.Signal)
		}
		c.terminal.close()
	})
	return c.end
}

// interruptGroup sends a signal of the keyboard to the rest of our process
// group. Had the command run alone, the terminal would have sent it to all of
// them: to the script that called us, for one.
func interruptGroup(s syscall.Signal) {
	signal.Ignore(s)
	_ = syscall.Kill(0, s)
	signal.Reset(s)
}

func (c *Child) fork(command Command) error {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if c.terminal.isWanted() {
		attr.Foreground, attr.Ctty = true, c.terminal.fd
		c.terminal.gave()
	}
	procAttr := &syscall.ProcAttr{
		Env: command.Env, Sys: attr,
		Files: []uintptr{command.Stdin.Fd(), command.Stdout.Fd(), command.Stderr.Fd()},
	}
	pid, err := syscall.ForkExec(command.Path, command.Args, procAttr)
	if errors.Is(err, syscall.ENOEXEC) { // a script without a first line that names its shell
		args := append([]string{"sh", command.Path}, command.Args[1:]...)
		pid, err = syscall.ForkExec("/bin/sh", args, procAttr)
	}
	runtime.KeepAlive(command)
	if err != nil {
		c.terminal.takeBack()
		return err
	}
	c.pid = pid
	return nil
}

// wait waits until the command has ended, and stops us whenever it stops.
func (c *Child) wait() End {
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(c.pid, &status, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // only when someone else has waited for it
			return End{Code: -1}
		case status.Stopped():
			c.stopped(status.StopSignal())
		case status.Signaled():
			return End{Signal: status.Signal()}
		default:
			return End{Code: status.ExitStatus()}
		}
	}
}

// pass hands signals on.
func (c *Child) pass() {
	for s := range c.signals {
		if s == syscall.SIGCONT {
			c.resume()
			select {
			case c.continued <- struct{}{}:
			default:
			}
			continue
		}
		_ = syscall.Kill(-c.pid, s.(syscall.Signal))
	}
}

// stopped does what a shell wants when the command has been stopped: our own
// process group stops too, so that the shell can go on, until it continues us.
func (c *Child) stopped(by syscall.Signal) {
	wantsTerminal := by == syscall.SIGTTIN || by == syscall.SIGTTOU
	switch {
	case wantsTerminal && c.terminal.isOurs():
		c.terminal.want()
		c.resume()
		return
	case by == syscall.SIGSTOP && !c.terminal.isGiven():
		return // by someone who will continue it as well
	}
	c.terminal.takeBack()
	c.stopGroup()
}

// unstoppable is how long it takes at most until a stop has taken effect.
const unstoppable = 300 * time.Millisecond

// stopGroup stops our process group and returns when the group continues. The
// kernel does not stop a group that no process could continue; then the command
// continues.
func (c *Child) stopGroup() {
	select {
	case <-c.continued:
	default:
	}
	_ = syscall.Kill(0, syscall.SIGTSTP)
	select {
	case <-c.continued:
	case <-time.After(unstoppable):
		c.resume()
	}
}

// resume continues the command, with the terminal if that is ours to give.
func (c *Child) resume() {
	c.terminal.give(c.pid)
	_ = syscall.Kill(-c.pid, syscall.SIGCONT)
}
