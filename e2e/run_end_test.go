package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// requestAndWait is a shell script that makes a request to the URL $1, tells in
// the file "ready" the numbers of its processes, and waits.
const requestAndWait = `curl -sS "$1" && sleep 300 & wait $!; sleep 300 & echo $$ $! > ready.new; mv ready.new ready; wait`

// startUnder starts one that is to be ended, and returns the numbers of its
// command's processes.
func startUnder(t *testing.T, r *ran) (pids []int) {
	t.Helper()
	r.cmd.Stdout, r.cmd.Stderr = r.process.stdout, r.process.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r.ready()
}

// ready waits until the script is.
func (r *ran) ready() (pids []int) {
	r.t.Helper()
	eventually(r.t, "the command is ready", func() bool {
		b, _ := os.ReadFile(filepath.Join(r.cmd.Dir, "ready"))
		pids = nil
		for _, f := range strings.Fields(string(b)) {
			n, err := strconv.Atoi(f)
			if err != nil {
				r.t.Fatal(err)
			}
			pids = append(pids, n)
		}
		return len(pids) > 0
	})
	return pids
}

func allEnd(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		eventually(t, fmt.Sprintf("process %d has ended", pid), func() bool {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil || strings.Contains(string(b), ") Z ")
		})
	}
}

// captured looks whether the exchange is on disk, in the log and whole.
func (r *ran) captured() {
	r.t.Helper()
	for _, file := range []string{r.logFile, r.save} {
		eventually(r.t, "the exchange is in "+file, func() bool { return len(r.records(file)) == 1 })
	}
}

// oneRequest is a script's first part, for which need says what it lacks.
func oneRequest(t *testing.T) (script []string) {
	t.Helper()
	need(t, "curl")
	clear, _ := servers(t, newAuthority(t), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	return []string{"sh", "-c", strings.Replace(requestAndWait, "&& sleep 300 & wait $!", "", 1), "sh", clear.URL}
}

// TestRunKilled ends sidenote, or its command, in all ways there are.
func TestRunKilled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal  syscall.Signal
		command bool // is sent to the command, not to sidenote
		code    int
	}{
		"sidenote by KILL": {syscall.SIGKILL, false, -1},
		"sidenote by TERM": {syscall.SIGTERM, false, 128 + 15},
		"sidenote by INT":  {syscall.SIGINT, false, 128 + 2},
		"sidenote by HUP":  {syscall.SIGHUP, false, 128 + 1},
		"command by KILL":  {syscall.SIGKILL, true, 128 + 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRun(t, []string{"--fail-on", "never"}, oneRequest(t)...)
			pids := startUnder(t, r)
			r.captured()
			target := r.cmd.Process.Pid
			if c.command {
				target = pids[0]
			}
			if err := syscall.Kill(target, c.signal); err != nil {
				t.Fatal(err)
			}
			if r.end(); r.code != c.code {
				t.Errorf("exit code %d, want %d: %s", r.code, c.code, r.stderr)
			}
			if c.command {
				_ = syscall.Kill(pids[1], syscall.SIGKILL) // no one did that for it
				if !strings.Contains(r.stderr, "still running, from now on without the proxy: sleep (process "+strconv.Itoa(pids[1])) {
					t.Errorf("stderr: %s", r.stderr)
				}
			}
			allEnd(t, pids)
			r.captured()
			eventually(t, "nothing is left behind", func() bool {
				left, _ := filepath.Glob(filepath.Join(r.cmd.Dir, "sidenote-run-*"))
				return len(left) == 0
			})
		})
	}
}

// TestRunWithFullDisk writes to a disk that is full.
func TestRunWithFullDisk(t *testing.T) {
	t.Parallel()
	script := oneRequest(t)
	script[2] = `curl -sS "$1"; exit $2`
	for code, want := range map[string]int{"0": 125, "7": 7} {
		r := runUnder(t, []string{"--fail-on", "never", "--save", "/dev/full"}, append(script, code)...)
		if r.code != want || r.stdout != "ok" || !strings.Contains(r.stderr, "no space left on device") {
			t.Errorf("exit code %d, want %d: %s\n%s", r.code, want, r.stdout, r.stderr)
		}
		if n := len(r.records(r.logFile)); n != 1 {
			t.Errorf("%d records in the log, which is elsewhere", n)
		}
	}
	r := newRun(t, []string{"--fail-on", "never"}, append(script, "0")...)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	r.cmd.Stdout, r.cmd.Stderr = r.process.stdout, full
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if r.end(); r.code != 0 || r.stdout != "ok" {
		t.Errorf("notes that cannot be shown: exit code %d, %q", r.code, r.stdout)
	}
}

// A screen is a pseudo-terminal with what was printed there.
type screen struct {
	*os.File
	text *output
}

// startOn starts it on a terminal of its own.
func startOn(t *testing.T, r *ran) screen {
	t.Helper()
	blocking, err := pty.Start(r.cmd)
	if err != nil {
		t.Fatal(err)
	}
	f, err := unblocked(blocking)
	if err != nil {
		t.Fatal(err)
	}
	s := screen{f, &output{}}
	go func() { _, _ = io.Copy(s.text, f) }()
	t.Cleanup(func() {
		f.Close()
		if t.Failed() {
			t.Logf("the terminal shows:\n%s", tail(s.text.String(), 8000))
		}
	})
	return s
}

// wants waits until a text is there.
func (s screen) wants(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the terminal shows "+text, func() bool { return strings.Contains(s.text.String(), text) })
}

func (s screen) types(t *testing.T, keys string) {
	t.Helper()
	if _, err := s.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// TestRunOnTerminal has a shell as the command: with keys that interrupt and
// stop what it runs, and with jobs.
func TestRunOnTerminal(t *testing.T) {
	t.Parallel()
	r := newRun(t, []string{"--require-traffic=false"}, need(t, "bash"), "--norc", "-i")
	r.cmd.Env = append(r.cmd.Env, "PS1=prompt> ", "TERM=dumb")
	s := startOn(t, r)
	s.wants(t, "prompt> ")
	s.types(t, "sleep 300\n")
	s.wants(t, "sleep 300\r\n")
	foreground(t, s, r, "sleep")
	s.types(t, "\x03")
	foreground(t, s, r, "bash")
	s.types(t, "echo code-$?\n")
	s.wants(t, "code-130\r\n")
	s.types(t, "sleep 301\n")
	foreground(t, s, r, "sleep")
	s.types(t, "\x1a")
	s.wants(t, "Stopped")
	s.types(t, "kill %1; fg; echo ended-$?\n")
	s.wants(t, "ended-")
	s.types(t, "exit 3\n")
	if r.end(); r.code != 3 {
		t.Errorf("exit code %d", r.code)
	}
}

// foreground waits until a program has the foreground of a terminal.
func foreground(t *testing.T, s screen, _ *ran, program string) {
	t.Helper()
	eventually(t, program+" is in the foreground", func() bool {
		group, err := foregroundGroup(s.File)
		if err != nil {
			return false
		}
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", group))
		return strings.TrimSpace(string(b)) == program
	})
}

// TestRunIsAJob has a shell stop and continue the run itself.
func TestRunIsAJob(t *testing.T) {
	t.Parallel()
	r := newRun(t, nil, "true")
	run := append([]string{}, r.cmd.Args...)
	r.cmd.Path, r.cmd.Args = need(t, "bash"), []string{"bash", "--norc", "-i"}
	r.cmd.Env = append(r.cmd.Env, "PS1=prompt> ", "TERM=dumb", "SIDENOTE_REQUIRE_TRAFFIC=false")
	s := startOn(t, r)
	s.wants(t, "prompt> ")
	s.types(t, run[0]+" run --ca-dir ca -- cat\n")
	foreground(t, s, r, "cat")
	s.types(t, "one\n")
	s.wants(t, "one\r\none\r\n")
	s.types(t, "\x1a")
	s.wants(t, "Stopped")
	foreground(t, s, r, "bash")
	s.types(t, "bg; sleep 0.3; jobs -l; fg\n")
	foreground(t, s, r, "cat")
	s.types(t, "two\n")
	s.wants(t, "two\r\ntwo\r\n")
	s.types(t, "\x03")
	foreground(t, s, r, "bash")
	s.types(t, "echo code-$?\n")
	s.wants(t, "code-130\r\n")
	s.types(t, run[0]+" run --ca-dir ca -- sh -c 'echo begun; exec cat' | cat -n\n") // the others of a pipeline have the terminal too
	s.wants(t, "1\tbegun")
	s.types(t, "three\n\x04")
	s.wants(t, "2\tthree")
	foreground(t, s, r, "bash")
	s.types(t, "exit 4\n")
	if r.end(); r.code != 4 {
		t.Errorf("exit code %d", r.code)
	}
}

// TestRunTerminalCloses takes the terminal away.
func TestRunTerminalCloses(t *testing.T) {
	t.Parallel()
	r := newRun(t, []string{"--fail-on", "never"}, oneRequest(t)...)
	s := startOn(t, r)
	pids := r.ready()
	r.captured()
	s.Close()
	if r.end(); r.code != 128+1 {
		t.Errorf("exit code %d", r.code)
	}
	allEnd(t, pids)
	r.captured()
}

// TestRunInPipeline reads and writes pipes.
func TestRunInPipeline(t *testing.T) {
	t.Parallel()
	r := newRun(t, []string{"--require-traffic=false"}, "sh", "-c", "tr a-z A-Z; head -c 100000 /dev/zero | tr '\\0' x; exit 9")
	r.cmd.Stdin = strings.NewReader(strings.Repeat("words\n", 20000))
	r.cmd.Stdout, r.cmd.Stderr = r.process.stdout, r.process.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if r.end(); r.code != 9 || r.stdout != strings.Repeat("WORDS\n", 20000)+strings.Repeat("x", 100000) {
		t.Errorf("exit code %d, %d octets", r.code, len(r.stdout))
	}
}

// TestRunSaysWhatWentPast connects to a server on this machine directly.
func TestRunSaysWhatWentPast(t *testing.T) {
	t.Parallel()
	python := needPython(t, "socket")
	clear, _ := servers(t, newAuthority(t), http.NotFoundHandler())
	address := strings.TrimPrefix(clear.URL, "http://")
	host, number, _ := strings.Cut(address, ":")
	r := runUnder(t, nil, python, "-c", `import socket, sys, time; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); time.sleep(2)`, host, number)
	if r.code != 11 {
		t.Errorf("exit code %d", r.code)
	}
	for _, want := range []string{
		"nothing came through the proxy", "The command connected directly to the servers on this machine", "1 connection to " + address, "http://api.localhost:" + number,
	} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in %s", want, r.stderr)
		}
	}
}
