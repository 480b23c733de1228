//go:build unix

package child

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// As what a copy of the test binary is started, by the first argument.
const (
	asGuard  = "guard"
	asParent = "parent" // runs "sleep" under guard and waits
	asDialer = "dialer" // connects to an address for a moment, in a grandchild that it leaves behind
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case asGuard:
			note, err := Guard(os.Stdin)
			if err == nil {
				err = os.Remove(note)
			}
			exitWith(err)
		case asParent:
			exitWith(parent(os.Args[2], os.Args[3]))
		case asDialer:
			exitWith(dial(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

func exitWith(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parent(note, script string) error {
	c := shell(script)
	c.Guard, c.Note = []string{os.Args[0], os.Args[0], asGuard}, note
	ch, err := Start(c)
	if err != nil {
		return err
	}
	ch.Wait()
	return nil
}

func dial(address string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = io.Copy(io.Discard, c)
	return err
}

// shell is a command of the shell that reads nothing.
func shell(script string, args ...string) Command {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	return Command{Path: "/bin/sh", Args: append([]string{"sh", "-c", script, "sh"}, args...), Env: os.Environ(), Stdin: null, Stdout: os.Stdout, Stderr: os.Stderr}
}

func TestEnds(t *testing.T) {
	for script, want := range map[string]End{
		"exit 0": {}, "exit 3": {Code: 3}, "kill -KILL $$": {Signal: syscall.SIGKILL}, "kill -TERM $$": {Signal: syscall.SIGTERM},
	} {
		ch, err := Start(shell(script))
		if err != nil {
			t.Fatal(err)
		}
		if got := ch.Wait(); got != want {
			t.Errorf("%q: %v, want %v", script, got, want)
		}
		if got := ch.Wait(); got != want {
			t.Errorf("%q, asked again: %v", script, got)
		}
	}
	if got := (End{Signal: syscall.SIGKILL}).ExitCode(); got != 137 {
		t.Errorf("exit code %d", got)
	}
}

func TestCannotStart(t *testing.T) {
	folder := t.TempDir()
	locked := filepath.Join(folder, "locked")
	if err := os.WriteFile(locked, []byte("exit 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{filepath.Join(folder, "nosuch"): fs.ErrNotExist, locked: fs.ErrPermission} {
		c := shell("")
		c.Path = path
		if ch, err := Start(c); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", path, ch, err)
		}
	}
}

// TestScriptWithoutInterpreter runs one as execvp does.
func TestScriptWithoutInterpreter(t *testing.T) {
	c := shell("")
	c.Path = filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(c.Path, []byte("exit $1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.Args = []string{"script", "7"}
	ch, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := ch.Wait(); got.Code != 7 {
		t.Errorf("%v", got)
	}
}

// TestSignalsArePassedOn sends signals to this process.
func TestSignalsArePassedOn(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2} {
		ready := filepath.Join(t.TempDir(), "ready")
		ch, err := Start(shell(`trap 'exit 42' HUP INT QUIT TERM USR1 USR2; : > "$1"; while :; do sleep 0.02; done`, ready))
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the command is ready", func() bool { _, err := os.Stat(ready); return err == nil })
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		if end := ch.Wait(); end.Code != 42 {
			t.Errorf("%v: %v", s, end)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// TestGuard kills the process that runs a command with children in process
// groups of their own, one of which does not want to end.
func TestGuard(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells whose a process is")
	}
	folder := t.TempDir()
	note, pids := filepath.Join(folder, "note"), filepath.Join(folder, "pids")
	if err := os.WriteFile(note, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	script := `trap '' TERM HUP; setsid sleep 300 & echo $! >> ` + pids + `; sh -c "trap '' TERM; echo \$\$ >> ` + pids + `; while :; do sleep 1; done" & echo $$ >> ` + pids + `; wait; wait`
	p := exec.Command(os.Args[0], asParent, note, script)
	p.Stderr = os.Stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	var running []string
	eventually(t, "all processes run", func() bool {
		b, _ := os.ReadFile(pids)
		running = strings.Fields(string(b))
		return len(running) == 3
	})
	_ = p.Process.Kill()
	_ = p.Wait()
	for _, pid := range running {
		n, err := strconv.Atoi(pid)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "process "+pid+" ends", func() bool { return hasEnded(n) })
	}
	eventually(t, "the note is acted upon", func() bool { _, err := os.Stat(note); return errors.Is(err, fs.ErrNotExist) })
}

// hasEnded reports whether a process is gone or waits to be waited for.
func hasEnded(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(b, []byte(") Z "))
}

// TestGuardRefusesNonsense starts it with input that no run sends.
func TestGuardRefusesNonsense(t *testing.T) {
	for _, text := range []string{"", "12 \"x\"", "x \"note\"\n", "1 \"note\"\n", "-5 \"note\"\n", "99999999 note\n"} {
		if note, err := Guard(strings.NewReader(text)); err == nil {
			t.Errorf("%q gives %q", text, note)
		}
	}
}

// TestWatch has a process that was left behind connect to a listener of ours,
// and to another that counts as the proxy.
func TestWatch(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells whose a connection is")
	}
	elsewhere, proxy := listen(t), listen(t)
	c := shell(`"$1" dialer "$2" & "$1" dialer "$3" & ("$1" dialer "$2" &) ; wait`, os.Args[0], elsewhere.Addr().String(), proxy.Addr().String())
	ch, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	w := ch.Watch(netip.MustParseAddrPort(proxy.Addr().String()))
	var open []net.Conn
	for range 2 {
		open = append(open, accept(t, elsewhere))
	}
	open = append(open, accept(t, proxy))
	time.Sleep(longestPause + 500*time.Millisecond)
	for _, c := range open[1:] { // one goes on
		c.Close()
	}
	ended := make(chan End)
	go func() { ended <- ch.Wait() }()
	select {
	case <-ended: // the one that is left was not waited for
	case <-time.After(200 * time.Millisecond):
		open[0].Close()
		<-ended
	}
	seen := w.End()
	if !seen.Works || len(seen.Outside) > 0 || len(seen.Inside) != 1 || seen.Inside[0].Count != 2 || seen.Inside[0].Remote.String() != elsewhere.Addr().String() {
		t.Errorf("seen: %+v", seen)
	}
	open[0].Close()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func accept(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLeftBehind has a command leave a process behind.
func TestLeftBehind(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells whose a process is")
	}
	ch, err := Start(shell(`sleep 300 & sleep 0.3; exit 0`))
	if err != nil {
		t.Fatal(err)
	}
	w := ch.Watch()
	ch.Wait()
	left := w.End().Left
	if len(left) != 1 || left[0].Program != "sleep" {
		t.Fatalf("left: %v", left)
	}
	if err := syscall.Kill(left[0].PID, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}
