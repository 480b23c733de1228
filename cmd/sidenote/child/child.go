// Package child runs a command for a program in the background: in its own
// process group, with the terminal and the signals that it would have alone. It
// watches the connections of the command's whole process tree.
package child

import (
	"os"
	"syscall"
)

// A Command is what to run.
type Command struct {
	Path string   // of the file to execute
	Args []string // the first is the name that the program is called by
	Env  []string // as os.Environ gives it

	// The command gets these files themselves, not copies of what passes
	// through them.
	Stdin, Stdout, Stderr *os.File

	// Guard is a program to start, by its path and its arguments from the name
	// on, that calls Guard and so ends the command when we are killed. Note is
	// handed to it. Without one the command is left to itself then.
	Guard []string
	Note  string
}

// An End says how a command ended.
type End struct {
	Code   int            // its exit code; of no meaning when it died of a signal
	Signal syscall.Signal // what it died of; 0 when it exited
}

// ExitCode is what a shell makes of the end: the command's own exit code, or
// 128 and the number of the signal.
func (e End) ExitCode() int {
	if e.Signal != 0 {
		return 128 + int(e.Signal)
	}
	return e.Code
}
