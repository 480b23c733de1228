package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is a running sidenote with its files in a folder of the test.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	proxy   string // address, host:port
	admin   string
	caDir   string
	logFile string
	save    string
	stdout  *output
	stderr  *output
	exited  chan error
	stopped bool
}

// output collects what a process prints, while it runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// patience bounds what must happen soon but is not what a test measures.
const patience = 20 * time.Second

// start runs the proxy with free ports and everything it can write switched
// on, and waits until it is ready. It is stopped with the test.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startIn(t, nil, args...)
}

// startIn is start with more variables in the environment.
func startIn(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	dir := t.TempDir()
	p := &process{
		t: t, stdout: &output{}, stderr: &output{}, exited: make(chan error, 1),
		caDir: filepath.Join(dir, "ca"), logFile: filepath.Join(dir, "log.jsonl"), save: filepath.Join(dir, "save.jsonl"),
	}
	p.cmd = exec.Command(program(t), append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--ca-dir", p.caDir, "--log-file", p.logFile, "--save", p.save}, args...)...)
	p.cmd.Env = append(plainEnv(dir), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.exited <- p.cmd.Wait() }()
	t.Cleanup(p.end)
	p.proxy = p.address(`proxy on http://(\S+)`)
	p.admin = p.address(`on http://(\S+?)/metrics`)
	eventually(t, "the proxy is ready", func() bool {
		r, err := http.Get("http://" + p.admin + "/readyz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return p
}

// plainEnv is an environment with nothing in it about proxies and CAs.
func plainEnv(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "SHELL=/bin/sh", "GIT_CONFIG_NOSYSTEM=1", "GORACE=halt_on_error=0"}
}

// address waits for an address on stderr.
func (p *process) address(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found string
	eventually(p.t, "stderr has "+pattern, func() bool {
		if m := re.FindStringSubmatch(p.stderr.String()); m != nil {
			found = m[1]
		}
		return found != "" || p.hasExited()
	})
	if found == "" {
		p.t.Fatalf("the proxy ended: %s", p.stderr)
	}
	return found
}

func (p *process) hasExited() bool {
	select {
	case err := <-p.exited:
		p.exited <- err
		return true
	default:
		return false
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// end makes sure that nothing is left running, and shows what was printed when
// the test failed.
func (p *process) end() {
	if !p.stopped {
		p.cmd.Process.Kill()
		<-p.exited
	}
	for _, o := range []struct{ name, text string }{{"stdout", p.stdout.String()}, {"stderr", p.stderr.String()}} {
		if strings.Contains(o.text, "DATA RACE") || strings.Contains(o.text, "panic:") {
			p.t.Errorf("%s: %s", o.name, o.text)
		} else if p.t.Failed() || os.Getenv("SIDENOTE_TEST_SHOW") != "" {
			p.t.Logf("%s:\n%s", o.name, tail(o.text, 16<<10))
		}
	}
}

func tail(s string, most int) string {
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// signal asks the process to stop.
func (p *process) signal() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits for the end and returns the exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case err := <-p.exited:
		p.stopped = true
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatal("the proxy does not stop")
	}
	return -1
}

// stop ends the process with SIGTERM; its files and output are complete then.
func (p *process) stop() {
	p.t.Helper()
	p.signal()
	if code := p.wait(); code != 0 {
		p.t.Errorf("exit code %d: %s", code, p.stderr)
	}
}

// A record is a line of the JSON log.
type record map[string]any

func (r record) text(key string) string { s, _ := r[key].(string); return s }

func (r record) number(key string) int { f, _ := r[key].(float64); return int(f) }

// complaints lists the notes of level warn and error.
func (r record) complaints() (ids []string) {
	notes, _ := r["sidenote.notes"].([]any)
	for _, n := range notes {
		note := record(n.(map[string]any))
		if note.text("severity") != "info" {
			ids = append(ids, note.text("rule"))
		}
	}
	return ids
}

// records reads the JSON log, or the file of --save.
func (p *process) records(file string) (all []record) {
	p.t.Helper()
	f, err := os.Open(file)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var r record
		if err := d.Decode(&r); err == io.EOF {
			return all
		} else if err != nil {
			p.t.Fatalf("%s, record %d: %v", file, len(all)+1, err)
		}
		if got := r.text("schema"); got != "sidenote.exchange/1" {
			p.t.Fatalf("%s, record %d: schema %q", file, len(all)+1, got)
		}
		all = append(all, r)
	}
}

// lines returns the lines that the console has for exchanges, without notes and
// the closing line.
func (p *process) lines() (lines []string) {
	for line := range strings.Lines(p.stdout.String()) {
		if len(line) > 24 && line[4] == '-' && line[10] == 'T' {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// url is the proxy's address as clients want it.
func (p *process) url() *url.URL { return &url.URL{Scheme: "http", Host: p.proxy} }

// open returns what "sidenote open" prints: a link to the inspector, or a token.
func (p *process) open(args ...string) string {
	p.t.Helper()
	out, err := exec.Command(program(p.t), append([]string{"open", "--ca-dir", p.caDir}, args...)...).Output()
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// env is the environment of a shell that ran eval "$(sidenote env)".
func (p *process) env(home string) []string {
	p.t.Helper()
	script := fmt.Sprintf(`eval "$(%s env --listen %s --ca-dir %s)" && exec env -0`, program(p.t), p.proxy, p.caDir)
	c := exec.Command("sh", "-c", script)
	c.Env = plainEnv(home)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil || errs.Len() > 0 {
		p.t.Fatalf("sidenote env: %v %s", err, &errs)
	}
	return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
}

// metric adds up the samples of a metric whose labels hold all of those given,
// as code="200".
func (p *process) metric(name string, labels ...string) (sum float64) {
	p.t.Helper()
	resp, err := http.Get("http://" + p.admin + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	found := false
	s := bufio.NewScanner(resp.Body)
next:
	for s.Scan() {
		series, value, _ := strings.Cut(s.Text(), " ")
		if base, _, _ := strings.Cut(series, "{"); base != name {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(series, l) {
				continue next
			}
		}
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			p.t.Fatalf("%s: %v", s.Text(), err)
		}
		found = true
		sum += f
	}
	if err := s.Err(); err != nil {
		p.t.Fatal(err)
	}
	if !found && len(labels) == 0 {
		p.t.Fatalf("there is no metric %s", name)
	}
	return sum
}

// peakMemory is the most memory that the process ever had resident, in octets.
func (p *process) peakMemory() int64 {
	p.t.Helper()
	n := peakMemory(p.cmd.Process.Pid)
	if n == 0 {
		lacks(p.t, "VmHWM in /proc")
	}
	return n
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMemory is the most memory that a running process has had resident, in
// octets; 0 when the system does not say.
func peakMemory(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	m := highWater.FindSubmatch(b)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// descriptors is how many files and sockets the process has open.
func (p *process) descriptors() int {
	p.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		lacks(p.t, "/proc")
	}
	return len(entries)
}
