package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestStopLetsExchangesEnd sends SIGTERM while slow exchanges run, of all
// kinds of connections.
func TestStopLetsExchangesEnd(t *testing.T) {
	const n = 50
	a := newAuthority(t)
	var arrived sync.WaitGroup
	arrived.Add(n)
	release := make(chan struct{})
	clear, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusOK)
		fmt.Fprint(w, "first ")
		http.NewResponseController(w).Flush()
		arrived.Done()
		<-release
		fmt.Fprintf(w, "last %s", body)
	}))
	p := start(t, "--upstream-ca", a.file)
	w := p.way(t)
	type answer struct {
		status int
		body   string
		err    error
	}
	answers := make(chan answer, n)
	clients := []*http.Client{w.goClient(t, false), w.goClient(t, true)}
	for i := range n {
		h, url := clients[i%2], clear.URL
		if i%4 >= 2 {
			url = secure.URL
		}
		go func() {
			resp, err := h.Post(fmt.Sprintf("%s/%d", url, i), "text/plain", strings.NewReader("octets"))
			if err != nil {
				answers <- answer{err: err}
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			answers <- answer{resp.StatusCode, string(body), err}
		}()
	}
	arrived.Wait()
	p.signal()
	eventually(t, "nothing is accepted any more", func() bool {
		c, err := net.Dial("tcp", p.proxy)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if p.hasExited() {
		t.Fatal("the proxy did not wait")
	}
	close(release)
	for range n {
		if got := <-answers; got.err != nil || got.status != http.StatusOK || got.body != "first last octets" {
			t.Errorf("%d %q %v", got.status, got.body, got.err)
		}
	}
	ended := time.Now()
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(ended); took > 2*time.Second {
		t.Errorf("it took %s to stop after the last exchange", took)
	}
	seen := map[string]bool{}
	for _, r := range p.records(p.logFile) {
		if r.number("http.response.status_code") != http.StatusOK || r["error.type"] != nil {
			t.Errorf("%s: status %v, %v", r.text("url.full"), r["http.response.status_code"], r["error.type"])
		}
		seen[r.text("url.path")] = true
	}
	if len(seen) != n || len(p.lines()) != n {
		t.Errorf("%d exchanges in the log, %d on the console", len(seen), len(p.lines()))
	}
}

// TestStopEndsStreams sends SIGTERM while streams run that never end.
func TestStopEndsStreams(t *testing.T) {
	const drain = time.Second
	a := newAuthority(t)
	clear, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := 0; r.Context().Err() == nil; n++ {
			fmt.Fprintf(w, "data: %d\n\n", n)
			http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}))
	p := start(t, "--upstream-ca", a.file, "--drain-timeout", drain.String())
	w := p.way(t)
	ends := make(chan error, 3)
	for _, c := range []struct {
		url string
		h2  bool
	}{{clear.URL, false}, {secure.URL, false}, {secure.URL, true}} {
		resp, err := w.goClient(t, c.h2).Get(c.url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.ReadFull(resp.Body, make([]byte, 20)); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := io.Copy(io.Discard, resp.Body)
			ends <- err
		}()
	}
	began := time.Now()
	p.signal()
	code := p.wait()
	if took := time.Since(began); code != 0 || took < drain-50*time.Millisecond || took > drain+2*time.Second {
		t.Errorf("exit code %d after %s", code, took)
	}
	for range 3 {
		if err := <-ends; err == nil {
			t.Error("the client takes a stream that was cut for a complete one")
		}
	}
	records := p.records(p.logFile)
	for _, r := range records {
		if r.text("error.type") != "proxy_shutdown" {
			t.Errorf("%s: %v", r.text("url.full"), r["error.type"])
		}
		t.Logf("%s: %v: %v", r.text("url.full"), r["error.type"], r["sidenote.error.detail"])
	}
	if len(records) != 3 || !strings.Contains(p.stderr.String(), "WRN stopping") {
		t.Errorf("%d records", len(records))
	}
}

// TestStopDoesNotWaitForIdleConnections stops with connections open that carry
// no exchange, in and out of tunnels.
func TestStopDoesNotWaitForIdleConnections(t *testing.T) {
	a := newAuthority(t)
	clear, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	p := start(t, "--upstream-ca", a.file)
	w := p.way(t)
	for _, url := range []string{clear.URL, secure.URL} {
		for _, h2 := range []bool{false, true} {
			fetchWithGo(t, w.goClient(t, h2), request{method: "GET", url: url})
		}
	}
	c, err := net.Dial("tcp", p.proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	p.stop()
	if took := time.Since(began); took > 4*time.Second { // net/http alone would wait for five
		t.Errorf("it took %s", took)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !isReset(err) {
		t.Errorf("the idle connection: %v", err)
	}
}

// TestSummaryJudgesWhenAsked wants the summary to end with a verdict for those
// who said what is good enough, and for no one else.
func TestSummaryJudgesWhenAsked(t *testing.T) {
	t.Parallel()
	o := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer o.Close()
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "1 error, 0 warnings\n"},
		{[]string{"--fail-on", "error"}, "1 error, 0 warnings; policy: FAIL\n"},
		{[]string{"--budget", "p95=1h", "--fail-on", "never"}, "1 error, 0 warnings; policy: ok\n"},
	} {
		p := start(t, c.args...)
		client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(p.url()), DisableKeepAlives: true}}
		resp, err := client.Get(localhost(t, o.URL))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		p.stop()
		if got := p.stdout.String() + p.stderr.String(); !strings.Contains(got, c.want) {
			t.Errorf("%v: no %q in\n%s", c.args, c.want, got)
		}
	}
}
