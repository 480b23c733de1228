//go:build unix

package child

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A guard is a process that ends the command when we are killed: it holds one
// end of a pipe, and the kernel closes the other when we are gone.
type guard struct {
	pid  int
	pipe *os.File
}

// startGuard starts the program that calls Guard, in a session of its own, so
// that what is sent to our process group does not reach it.
func startGuard(c Command) (*guard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		w.Close()
		return nil, err
	}
	defer null.Close()
	pid, err := syscall.ForkExec(c.Guard[0], c.Guard[1:], &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{r.Fd(), null.Fd(), null.Fd()}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("start the guard of the command: %w", err)
	}
	return &guard{pid: pid, pipe: w}, nil
}

// tell sends the guard the command's process ID, and the note to hand back when
// we are killed.
func (g *guard) tell(pid int, note string) {
	_, _ = fmt.Fprintf(g.pipe, "%d %q\n", pid, note) // if it is gone, nothing can be done
}

// dismiss ends the guard without harm to the command.
func (g *guard) dismiss() {
	_ = syscall.Kill(g.pid, syscall.SIGKILL)
	for {
		if _, err := syscall.Wait4(g.pid, nil, 0, nil); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	g.pipe.Close()
}

// patience is how long the processes of a command get to end by themselves.
const patience = 2 * time.Second

// Guard waits until the process that ran the command has been killed, ends the
// command and its process tree, and returns Command.Note. The program of
// Command.Guard must call it with its standard input.
func Guard(pipe io.Reader) (note string, err error) {
	r := bufio.NewReader(pipe)
	line, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read what to guard: %w", err)
	}
	number, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	pid, err := strconv.Atoi(number)
	if err != nil || pid <= 1 {
		return "", fmt.Errorf("%q is not a process to guard", number)
	}
	if note, err = strconv.Unquote(quoted); err != nil {
		return "", fmt.Errorf("read what to guard: %w", err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return "", err
	}
	endTree(pid)
	return note, nil
}

// endTree ends the process group of a command, and its descendants in other
// groups: first by asking them.
func endTree(pid int) {
	all := append(descendants(pid), -pid)
	send := func(s syscall.Signal) (left bool) {
		for _, p := range all {
			if syscall.Kill(p, s) == nil {
				left = true
			}
		}
		return left
	}
	send(syscall.SIGTERM)
	send(syscall.SIGCONT) // one that is stopped hears of nothing else
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if !send(0) {
			return
		}
	}
	all = append(all, descendants(pid)...)
	send(syscall.SIGKILL)
}
