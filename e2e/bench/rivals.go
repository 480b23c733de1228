package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"text/tabwriter"
)

// The processors of a measurement: load and origin server have one, the proxy
// that is measured the other, so that neither waits for the other's work.
const (
	loadCPU  = "0"
	proxyCPU = "1"
)

// onOneCPU starts this program again on the processor of the load, where the
// system can do that, and reports whether it has one.
func onOneCPU() (pinned bool) {
	const mark = "SIDENOTE_BENCH_PINNED"
	if os.Getenv(mark) != "" {
		return true
	}
	taskset, err := exec.LookPath("taskset")
	if err != nil || runtime.NumCPU() < 2 {
		return false
	}
	self, err := os.Executable()
	if err != nil {
		return false
	}
	args := append([]string{"taskset", "-c", loadCPU, self}, os.Args[1:]...)
	err = syscall.Exec(taskset, args, append(os.Environ(), mark+"=1"))
	fmt.Fprintln(os.Stderr, "bench: taskset:", err)
	return false
}

// alone runs a proxy on its processor.
func alone(start func(addresses) *exec.Cmd) func(addresses) *exec.Cmd {
	return func(at addresses) *exec.Cmd {
		c := start(at)
		taskset, err := exec.LookPath("taskset")
		if err != nil || runtime.NumCPU() < 1 || os.Getenv("SIDENOTE_BENCH_PINNED") == "" {
			return c
		}
		c.Args = append([]string{"taskset", "-c", proxyCPU, c.Path}, c.Args[1:]...)
		c.Path = taskset
		return c
	}
}

// A rival is a proxy that others have written, with settings that let it run as
// fast as it can. Debian has packages of them.
type rival struct {
	program string
	asked   float64 // the most that sidenote may take of its CPU time; 0 for none
	reverse bool    // it is a server before one origin server, not a proxy that clients name
	config  func(at addresses, dir string, o *origin) string
	args    func(config string) []string
}

func rivals() []rival {
	return []rival{
		{program: "privoxy", asked: 1, config: privoxyConfig, args: func(config string) []string { return []string{"--no-daemon", config} }},
		{program: "haproxy", asked: 1.7, config: haproxyConfig, args: func(config string) []string { return []string{"-db", "-q", "-f", config} }},
	}
}

// installed are those of the rivals that are installed here.
func installed(rivals []rival, dir string, o *origin) (kinds []proxyKind) {
	for _, r := range rivals {
		path, err := exec.LookPath(r.program)
		if err != nil {
			path, err = exec.LookPath("/usr/sbin/" + r.program)
		}
		if err != nil {
			continue
		}
		kinds = append(kinds, proxyKind{name: r.program, asked: r.asked, reverse: r.reverse, command: func(at addresses) *exec.Cmd {
			file := filepath.Join(dir, r.program+".conf")
			if err := os.WriteFile(file, []byte(r.config(at, dir, o)), 0o600); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
			}
			return command(path, r.args(file)...)
		}})
	}
	return kinds
}

// privoxyConfig has Privoxy keep connections, and filter nothing.
func privoxyConfig(at addresses, dir string, _ *origin) string {
	return strings.Join([]string{
		"confdir /etc/privoxy", "logdir " + dir, "listen-address " + at.proxy, "toggle 0", "enable-remote-toggle 0",
		"keep-alive-timeout 300", "default-server-timeout 300", "connection-sharing 1", "socket-timeout 300",
		"max-client-connections 4096", "tolerate-pipelining 1", "",
	}, "\n")
}

// haproxyConfig has HAProxy, which knows one origin server, share its
// connections.
func haproxyConfig(at addresses, _ string, o *origin) string {
	u, _ := url.Parse(o.plain.URL)
	return strings.Join([]string{
		"global", "  maxconn 4096", "  nbthread 1",
		"defaults", "  mode http", "  timeout connect 5s", "  timeout client 300s", "  timeout server 300s", "  http-reuse always",
		"frontend bench", "  bind " + at.proxy, "  default_backend origin",
		"backend origin", "  server one " + u.Host + " pool-max-conn -1", "",
	}, "\n")
}

// latencyRequests is how many requests, one after another, a latency is made of.
const latencyRequests = 2000

// compareLatency prints how much later a response comes through each proxy than
// without one, in the middle.
func compareLatency(w *tabwriter.Writer, kinds []proxyKind, o *origin) error {
	u := o.url(contest{name: "plain"})
	direct, err := latency(&http.Transport{}, u)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "latency\tdirect\t\t\tp50 %d µs\t\n", direct.Microseconds())
	for _, k := range kinds {
		r, err := k.start(contest{name: "plain"}, u, 500, 1)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		through, err := latency(r.transport, u)
		r.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		fmt.Fprintf(w, "latency\t%s\t\t\tp50 %d µs more\t\n", k.name, (through - direct).Microseconds())
	}
	return nil
}

// latency is how long a response takes, in the middle.
func latency(t *http.Transport, u string) (time.Duration, error) {
	client := &http.Client{Transport: t}
	return middle(func() error { return get(client, u, smallContent) })
}

// middle is how long something takes that is done over and over, in the middle.
func middle(do func() error) (time.Duration, error) {
	took := make([]time.Duration, latencyRequests)
	for i := range took {
		began := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
