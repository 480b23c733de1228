package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A proxyKind is a proxy to measure: its name, how to start it, and what goes on
// beside the requests.
type proxyKind struct {
	name    string
	command func(addresses) *exec.Cmd

	asked   float64                // the most that sidenote may take of its CPU time; 0 for none
	profile string                 // the file for a CPU profile; "" for none
	scraped bool                   // the metrics are asked for each second
	token   func() (string, error) // for the inspector
	pages   int                    // pages of the inspector that are open
	reverse bool                   // a server before one origin server
}

// addresses are where a proxy is to listen.
type addresses struct{ proxy, admin string }

// A result is what one round cost.
type result struct {
	cpu  time.Duration // of the proxy's process
	rate float64       // requests per second
}

func command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Stderr = os.Stderr
	return c
}

// bareCommand starts this program as a bare goproxy.
func bareCommand(tls bool, idle int) func(addresses) *exec.Cmd {
	return func(at addresses) *exec.Cmd {
		return command(os.Args[0], "bare", "-listen", at.proxy, "-tls="+strconv.FormatBool(tls), "-idle="+strconv.Itoa(idle))
	}
}

func sidenoteCommand(path, dir string, o *origin, more ...string) func(addresses) *exec.Cmd {
	return func(at addresses) *exec.Cmd {
		_, port, _ := net.SplitHostPort(at.proxy)
		c := command(path, "serve", "--listen", at.proxy, "--admin", at.admin, "--format", "json",
			"--log-file", filepath.Join(dir, "log."+port+".jsonl"), "--quiet", "--ca-dir", filepath.Join(dir, "ca"), "--upstream-ca", o.caFile)
		c.Args = append(append(c.Args, "--annotate", "full"), more...)
		null, _ := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		c.Stdout, c.Stderr = null, null
		return c
	}
}

// A running is a proxy that runs, and the client that asks through it.
type running struct {
	proxyKind
	at        addresses
	cmd       *exec.Cmd
	transport *http.Transport
	h2        []*http.Client // for HTTP/2; nil where that is not measured
	spent     time.Duration  // CPU time when the last round ended
}

// start starts a proxy and warms it up.
func (k proxyKind) start(c contest, u string, requests, connections int) (*running, error) {
	r := &running{proxyKind: k}
	for _, address := range []*string{&r.at.proxy, &r.at.admin} {
		var err error
		if *address, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	r.cmd = alone(k.command)(r.at)
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	r.transport = &http.Transport{
		Proxy:               http.ProxyURL(proxyURL(r.at.proxy)),
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // whose certificate it is, is not what is measured
		ForceAttemptHTTP2: false,
	}
	if err := waitFor(r.at.proxy); err != nil {
		r.stop()
		return nil, err
	}
	if c.h2 {
		r.h2 = h2Clients(r.at.proxy, !k.reverse)
	}
	if _, err := r.round(contest{large: c.large}, u, requests, connections); err != nil {
		r.stop()
		return nil, err
	}
	if r.profile != "" {
		token, err := r.token()
		if err != nil {
			r.stop()
			return nil, err
		}
		go fetchProfile(r.at.admin, token, r.profile)
	}
	return r, nil
}

func (r *running) stop() {
	r.transport.CloseIdleConnections()
	for _, c := range r.h2 {
		c.CloseIdleConnections()
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait()
}

// round asks for u through a proxy. What the proxy does after its last round,
// while others have their turn, counts too: it sends traces late.
func (r *running) round(c contest, u string, requests, connections int) (result, error) {
	watched, err := r.watch()
	if err != nil {
		return result{}, err
	}
	transport, size := r.transport, smallContent
	if c.large {
		size = largeContent
	}
	if c.fresh {
		transport = r.transport.Clone()
		transport.DisableKeepAlives = true
		defer transport.CloseIdleConnections()
	}
	clients := r.h2
	if clients == nil {
		clients = []*http.Client{{Transport: transport}}
	}
	took, err := load(clients, u, size, requests, connections)
	watched()
	if err != nil {
		return result{}, err
	}
	now, err := cpuTime(r.cmd.Process.Pid)
	cpu := now - r.spent
	r.spent = now
	return result{cpu: cpu, rate: float64(requests) / took.Seconds()}, err
}

// watch begins what goes on beside the requests, until done is called.
func (r *running) watch() (done func(), err error) {
	var ends []func()
	if r.pages > 0 {
		token, err := r.token()
		if err != nil {
			return nil, err
		}
		ends = append(ends, openPages(r.at.admin, token, r.pages))
	}
	if r.scraped {
		ends = append(ends, scrapeEachSecond(r.at.admin))
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}, nil
}

// load asks n times, so many at once by clients in turn, and checks each answer.
func load(clients []*http.Client, u string, size, n, connections int) (time.Duration, error) {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	start := time.Now()
	for i := range connections {
		client := clients[i%len(clients)]
		wg.Go(func() {
			for next.Add(1) <= int64(n) && failed.Load() == nil {
				if err := get(client, u, size); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return time.Since(start), nil
}

func get(client *http.Client, u string, size int) error {
	resp, err := client.Get(u)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != 200 || n != int64(size) {
		return fmt.Errorf("status %d with %d octets", resp.StatusCode, n)
	}
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func waitFor(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("it does not listen on " + address)
}

// cpuTime is the user and system time of a process, of all its threads, to the
// nanosecond: the clock that clock_getcpuclockid(3) names.
func cpuTime(pid int) (time.Duration, error) {
	const schedulers = 2 // CPUCLOCK_SCHED
	var t unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|schedulers), &t)
	return time.Duration(t.Nano()), err
}

// origin is what the proxies fetch from.
type origin struct {
	plain, secure *httptest.Server
	collector     *httptest.Server // takes what --otlp sends
	h2            *httptest.Server // secure, with HTTP/2
	caFile        string
	keyFile       string // key and certificate of h2
}

// What the origin server sends, in octets, and where it sends the larger.
const (
	smallContent = 1 << 10
	largeContent = 100 << 10
	largePath    = "/v1/all-items"
)

func newOrigin(dir string) (*origin, error) {
	large := []byte(strings.Repeat("0123456789abcdef", largeContent/16))
	content := []byte(`{"items":[` + strings.Repeat(`"0123456789",`, 77) + `"` + strings.Repeat("x", 9) + `"]}`)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("ETag", `"33a64df5"`)
		h.Set("Vary", "Accept-Encoding")
		if r.URL.Path == largePath {
			w.Write(large)
			return
		}
		w.Write(content)
	})
	if len(content) != smallContent {
		return nil, fmt.Errorf("the content has %d octets", len(content))
	}
	secure := httptest.NewUnstartedServer(h)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that a proxy drops are not our matter
	secure.StartTLS()
	take := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	o := &origin{collector: httptest.NewServer(take), plain: httptest.NewServer(h), secure: secure, caFile: filepath.Join(dir, "origin.pem")}
	cert := o.secure.Certificate()
	o.h2 = httptest.NewUnstartedServer(h)
	o.h2.EnableHTTP2, o.h2.Config.ErrorLog = true, secure.Config.ErrorLog
	o.h2.StartTLS()
	if err := o.writeKeyPair(dir); err != nil {
		return nil, err
	}
	return o, os.WriteFile(o.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600)
}

func (o *origin) url(c contest) string {
	base, path := o.plain.URL, "/v1/items"
	switch {
	case c.h2:
		base = o.h2.URL
	case c.tls:
		base = o.secure.URL
	}
	if c.large {
		path = largePath
	}
	return base + path
}

func (o *origin) close() {
	o.plain.Close()
	o.secure.Close()
	o.h2.Close()
	o.collector.Close()
}

// scrapeEachSecond asks an admin server for its metrics, now and each second
// until stop is called, as Prometheus does.
func scrapeEachSecond(admin string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			if resp, err := http.Get("http://" + admin + "/metrics"); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body) // no one reads it here
				resp.Body.Close()
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

// pageRows is how many rows a page that follows asks for at a time.
const pageRows = 60

// openPages follows the traffic as so many pages of the inspector do, until
// stop is called: each listens to the events, and asks for the latest rows when
// there is news.
func openPages(admin, token string, count int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	get := func(path string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, "GET", "http://"+admin+"/api/v1/"+path, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		return http.DefaultClient.Do(r)
	}
	for range count {
		done.Go(func() {
			events, err := get("events")
			if err != nil {
				return
			}
			defer events.Body.Close()
			if events.StatusCode != http.StatusOK {
				fmt.Fprintln(os.Stderr, "bench: the inspector refuses a page:", events.Status)
				return
			}
			for lines := bufio.NewScanner(events.Body); lines.Scan(); {
				if !strings.HasPrefix(lines.Text(), "data:") {
					continue
				}
				if resp, err := get("exchanges?from=tail&limit=" + strconv.Itoa(pageRows)); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			}
		})
	}
	return func() {
		cancel()
		done.Wait()
	}
}

// fetchProfile asks an admin server for a CPU profile of its first seconds under load.
func fetchProfile(admin, token, file string) {
	r, err := http.NewRequest("GET", "http://"+admin+"/debug/pprof/profile?seconds=10", nil)
	if err != nil {
		return
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil {
		_ = os.WriteFile(file, b, 0o600)
	}
}
