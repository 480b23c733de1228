package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A program is a server that is asked, or a client that asks.
type program struct {
	name  string
	needs []string // commands; the first that is missing is told
	try   string   // a shell command that fails where a library is missing; "" for none
	// start is a shell command. It finds $PORT, $WORK (a folder of its own with
	// files to serve), $PROGRAMS and, for a client, $URL in its environment.
	start  string
	client bool
	prior  bool // the server speaks HTTP/2 without TLS and nothing else
}

// errMissing says that a program is not installed.
var errMissing = errors.New("not installed")

// A taker takes captures.
type taker struct {
	sidenote, work, programs, out string
}

// take has one program speak through sidenote and keeps what is of use.
func (t *taker) take(ctx context.Context, p program) (kept int, err error) {
	for _, c := range p.needs {
		if _, err := exec.LookPath(c); err != nil {
			return 0, errMissing
		}
	}
	name := p.name
	if p.client {
		name = "client-" + name
	}
	dir := filepath.Join(t.work, name)
	if err := site(dir); err != nil {
		return 0, err
	}
	env := append(os.Environ(), "WORK="+dir, "PROGRAMS="+t.programs, "NO_PROXY=*", "no_proxy=*", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1")
	if p.try != "" && shell(ctx, env, p.try).Run() != nil {
		return 0, errMissing
	}
	file := filepath.Join(dir, "saved.jsonl")
	if p.client {
		err = t.ask(ctx, p, env, file)
	} else {
		err = t.serve(ctx, p, env, file)
	}
	if err != nil {
		return 0, err
	}
	return pick(file, filepath.Join(t.out, name+".jsonl"), p.client, dir, t.programs)
}

// serve starts a server and asks it.
func (t *taker) serve(ctx context.Context, p program, env []string, file string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	server := shell(ctx, append(env, "PORT="+port), "exec "+p.start)
	running, end, err := background(ctx, server)
	if err != nil {
		return err
	}
	defer end()
	if err := listens(running, port); err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	return t.through(ctx, "http://127.0.0.1:"+port, file, func(url string) error { return tour(ctx, url, p.prior) })
}

// ask starts a client, which asks a server that does everything right.
func (t *taker) ask(ctx context.Context, p program, env []string, file string) error {
	origin := httptest.NewServer(shop())
	defer origin.Close()
	return t.through(ctx, origin.URL, file, func(url string) error {
		c := shell(ctx, append(env, "URL="+url), p.start)
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, tail(string(out)))
		}
		return nil
	})
}

// through starts sidenote in front of a server and hands on its URL.
func (t *taker) through(ctx context.Context, origin, file string, speak func(url string) error) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	at := "127.0.0.1:" + port
	c := exec.CommandContext(ctx, t.sidenote, "serve", "--listen", "127.0.0.1:0", "--admin", "off", "--annotate", "off", "--save", file,
		"--reverse", at+"="+origin, "--keep-content", "200", "--severity", "error")
	running, end, err := background(ctx, c)
	if err != nil {
		return err
	}
	if err := listens(running, port); err != nil {
		end()
		return fmt.Errorf("sidenote: %w", err)
	}
	err = speak("http://" + at)
	end() // and then everything is saved
	return err
}

func shell(ctx context.Context, env []string, command string) *exec.Cmd {
	c := exec.CommandContext(ctx, "bash", "-c", command)
	c.Env = env
	return c
}

// background starts a command in a process group of its own. The context that it
// returns ends with the command; end ends the group and waits for it.
func background(ctx context.Context, c *exec.Cmd) (running context.Context, end func(), err error) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	group := func(s syscall.Signal) error { return syscall.Kill(-c.Process.Pid, s) }
	c.Cancel = func() error { return group(syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		return ctx, nil, err
	}
	running, ended := context.WithCancel(ctx)
	go func() { _ = c.Wait(); ended() }()
	return running, func() {
		_ = group(syscall.SIGTERM) // it may have ended
		select {
		case <-running.Done():
		case <-time.After(10 * time.Second):
		}
		_ = group(syscall.SIGKILL)
	}, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// listens waits until somebody accepts connections.
func listens(ctx context.Context, port string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // Go programs are built first
	defer cancel()
	for ctx.Err() == nil {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			return c.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("does not listen")
}

func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}
