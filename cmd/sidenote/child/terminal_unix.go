//go:build unix

package child

import (
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// A terminal is the one that controls this process. Its foreground process
// group is the one that may read it and that gets the signals of its keys. All
// methods do nothing on nil, which stands for no terminal.
type terminal struct {
	fd   int
	file *os.File // to close; nil for standard input

	mu     sync.Mutex
	wanted bool // the command is to be in the foreground when we could be
	given  bool // its group is there
	ever   bool // it has been
}

// openTerminal finds the terminal that controls us; nil when there is none. The
// command wants the foreground from the start when it reads from there and
// prints there. Other programs of a pipeline stay with us: they might read too.
func openTerminal(stdin, stdout *os.File) *terminal {
	t := &terminal{fd: int(stdin.Fd())}
	if t.foreground() > 0 {
		t.wanted = term.IsTerminal(int(stdout.Fd()))
		return t
	}
	f, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil
	}
	return &terminal{fd: int(f.Fd()), file: f}
}

// foreground is the number of the process group in the foreground; 0 when this
// is not the terminal that controls us.
func (t *terminal) foreground() int {
	group, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	if err != nil {
		return 0
	}
	return group
}

// isOurs reports whether our own process group is in the foreground.
func (t *terminal) isOurs() bool { return t != nil && t.foreground() == syscall.Getpgrp() }

// want says that the command reads the terminal after all.
func (t *terminal) want() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wanted = true
}

// isWanted reports whether the command is to have the foreground, and we have
// it to give.
func (t *terminal) isWanted() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wanted && t.isOurs()
}

// give puts the command's process group into the foreground if it wants to be
// there and ours is.
func (t *terminal) give(group int) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wanted && t.isOurs() {
		t.given = unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, group) == nil
		t.ever = t.ever || t.given
	}
}

// gave says that the command has been started in the foreground.
func (t *terminal) gave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.given, t.ever = true, true
}

// takeBack puts our own process group into the foreground, if the command had it.
func (t *terminal) takeBack() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.given {
		_ = unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, syscall.Getpgrp())
		t.given = false
	}
}

func (t *terminal) isGiven() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.given
}

// wasGiven reports whether the command ever was in the foreground.
func (t *terminal) wasGiven() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ever
}

func (t *terminal) close() {
	if t != nil && t.file != nil {
		t.file.Close()
	}
}
