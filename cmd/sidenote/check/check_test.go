package check

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
)

// serve returns the URL of a server in clear.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// get is a check of a URL.
func get(url string) Check { return Check{Method: "GET", URL: url, MaxTime: 20 * time.Second} }

// usual is a check that expects what is usual.
func usual(t *testing.T, url string) Check {
	t.Helper()
	c := get(url)
	var err error
	if c.Expect, err = ExpectStatus("", ""); err != nil {
		t.Fatal(err)
	}
	return c
}

// only makes one check.
func only(t *testing.T, r Runner, c Check) *Result {
	t.Helper()
	var got *Result
	if err := r.Run(t.Context(), []Check{c}, func(r *Result) error { got = r; return nil }); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestOrder makes the first checks the slowest; the results come in the order
// of the checks still.
func TestOrder(t *testing.T) {
	const most = 4
	var running, peak atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		now := running.Add(1)
		defer running.Add(-1)
		for old := peak.Load(); now > old && !peak.CompareAndSwap(old, now); old = peak.Load() {
		}
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		time.Sleep(time.Duration(12-n) * 5 * time.Millisecond)
	})
	var checks []Check
	for n := range 12 {
		checks = append(checks, get(url+"/?n="+strconv.Itoa(n)))
	}
	var ids []string
	r := Runner{Parallel: most}
	if err := r.Run(t.Context(), checks, func(r *Result) error {
		if r.Last().Query() != "n="+strconv.Itoa(r.Number-1) || r.Check != &checks[r.Number-1] {
			t.Errorf("check %d asked for %s", r.Number, r.Last().URL())
		}
		ids = append(ids, r.Last().ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(ids, " "); got != "1 2 3 4 5 6 7 8 9 10 11 12" {
		t.Errorf("IDs in the order %s", got)
	}
	if peak.Load() != most {
		t.Errorf("%d ran at once, wanted %d", peak.Load(), most)
	}
}

// TestWireTrue expects the octets of both heads in the record, and the request
// as it was asked for.
func TestWireTrue(t *testing.T) {
	var got *http.Request
	var content []byte
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		content, _ = io.ReadAll(r.Body)
		w.Header()["x-OdD"] = []string{"1"}
	}))
	defer s.Close()
	c := get(s.URL + "/a?b")
	c.Method, c.Content = "PUT", []byte("content")
	c.Fields = []exchange.Line{{Name: "accept", Value: "text/plain"}, {Name: "x-twice", Value: "1"}, {Name: "x-twice", Value: "2"}}
	r := Runner{UserAgent: "tester"}
	r.Proxy.Insecure = func(string) bool { return true }
	r.Proxy.KeepContent = 1000
	x := only(t, r, c).Last()
	if x.Err != nil || x.Scheme != "https" || x.Origin.TLS == nil {
		t.Fatalf("%s, failed: %v", x.URL(), x.Err)
	}
	for _, line := range []string{"\r\naccept: text/plain\r\n", "\r\nx-twice: 1\r\nx-twice: 2\r\n", "\r\nUser-Agent: tester\r\n"} {
		if !strings.Contains(x.Request.RawHead, line) {
			t.Errorf("no %q in:\n%s", line, x.Request.RawHead)
		}
	}
	if strings.Contains(x.Request.RawHead, "*/*") || !strings.Contains(x.Response.RawHead, "\r\nx-OdD: 1\r\n") {
		t.Errorf("heads:\n%s\n%s", x.Request.RawHead, x.Response.RawHead)
	}
	if got.Method != "PUT" || got.RequestURI != "/a?b" || string(content) != "content" || got.Header.Get("Accept") != "text/plain" {
		t.Errorf("the server got %s %s %q %v", got.Method, got.RequestURI, content, got.Header)
	}
}

func TestRedirects(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if n > 0 {
			http.Redirect(w, r, "/"+strconv.Itoa(n-1), http.StatusFound)
		}
	})
	for _, c := range []struct {
		path      string
		follow    bool
		exchanges int
		more      bool
		last      string
	}{
		{"/3", false, 1, false, "1"},
		{"/3", true, 4, false, "1.4"},
		{"/10", true, 11, false, "1.11"},
		{"/11", true, 11, true, "1.11"},
	} {
		check := get(url + c.path)
		check.Follow = c.follow
		r := only(t, Runner{}, check)
		if len(r.Exchanges) != c.exchanges || r.MoreRedirects != c.more || r.Last().ID != c.last || (r.Failed() != "") != c.more {
			t.Errorf("%s, follow %v: %d exchanges, more %v, last %s, failed %v", c.path, c.follow, len(r.Exchanges), r.MoreRedirects, r.Last().ID, r.Failed())
		}
	}
}

// TestRedirectThatCannotBeDecoded fails as any other response does.
func TestRedirectThatCannotBeDecoded(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			w.Header().Set("Location", "/new")
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(http.StatusFound)
			_, _ = io.WriteString(w, "this is no gzip")
		}
	})
	c := get(url + "/old")
	c.Follow = true
	r := only(t, Runner{Proxy: proxy.Config{KeepContent: 1 << 10}}, c)
	if len(r.Exchanges) != 2 || r.Exchanges[0].Err == nil || r.Exchanges[0].Err.Code != exchange.ErrUndecodable || r.Last().Err != nil {
		t.Errorf("%d exchanges, the first with %v", len(r.Exchanges), r.Exchanges[0].Err)
	}
}

func TestFailures(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	release := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/silent":
			<-release
		case "/stalled":
			fmt.Fprint(w, "some")
			w.(http.Flusher).Flush()
			<-release
		case "/short":
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "some")
		case "/elsewhere":
			w.Header().Set("Location", "ftp://example.test/")
			w.WriteHeader(http.StatusFound)
		case "/nowhere":
			w.Header().Set("Location", "http://[::1")
			w.WriteHeader(http.StatusFound)
		}
	})
	defer close(release)
	for _, c := range []struct {
		url  string
		want exchange.ErrCode
	}{
		{secure.URL, exchange.ErrTLSSelfSigned},
		{gone.URL, exchange.ErrRefused},
		{strings.Replace(url, "http:", "https:", 1), exchange.ErrTLSNotTLS},
		{url + "/silent", exchange.ErrHeadTimeout},
		{url + "/stalled", exchange.ErrStalled},
		{url + "/short", exchange.ErrTruncated},
		{url + "/elsewhere", ""},
		{url + "/nowhere", ""},
	} {
		check := get(c.url)
		check.MaxTime, check.Follow = 300*time.Millisecond, true
		r := only(t, Runner{}, check)
		var code exchange.ErrCode
		if r.Last().Err != nil {
			code = r.Last().Err.Code
		}
		if len(r.Exchanges) != 1 || code != c.want || (r.Failed() != "") != (c.want != "") {
			t.Errorf("%s: %d exchanges, the last failed with %q, wanted %q", c.url, len(r.Exchanges), code, c.want)
		}
	}
}

func TestRetries(t *testing.T) {
	var asked atomic.Int64
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	var mu sync.Mutex
	var again []string
	told := func(r *Result, why string, pause time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		again = append(again, fmt.Sprint(r.Try, " ", why, " ", pause))
	}
	if r := only(t, Runner{Again: told}, usual(t, url)); r.Failed() == "" || r.Try != 1 {
		t.Errorf("not asked to retry: try %d, failed %v", r.Try, r.Failed())
	}
	asked.Store(0)
	if r := only(t, Runner{Again: told, Retries: 5}, usual(t, url)); r.Failed() != "" || r.Try != 2 || len(r.Exchanges) != 1 {
		t.Errorf("try %d, failed %v, %d exchanges", r.Try, r.Failed(), len(r.Exchanges))
	}
	if got := strings.Join(again, ", "); got != "1 expected status 2xx or 3xx, got 503 1s" {
		t.Errorf("told of: %s", got)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	r := Runner{Parallel: 2}
	begun := time.Now()
	err := r.Run(ctx, []Check{get(url), get(url), get(url)}, func(*Result) error { t.Error("a result"); return nil })
	if err == nil || time.Since(begun) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.test/b?c": "https://a.test/b?c", "a.test": "https://a.test", "localhost:8080/x": "http://localhost:8080/x",
		"api.localhost": "http://api.localhost", "127.0.0.1:1": "http://127.0.0.1:1", "[::1]:80/": "http://[::1]:80/",
		"ftp://a.test": "", "http://": "", "": "", "http://a b/": "", "http://[::1": "",
	} {
		u, err := ParseURL(in)
		if (err != nil) != (want == "") || err == nil && u.String() != want {
			t.Errorf("URL %q: %v, %v; want %q", in, u, err, want)
		}
	}
	for in, want := range map[string]string{
		"A: b": "A|b", "a:b:c": "a|b:c", "x:": "x|", "none": "", "a b: c": "", ": c": "", "Host: x": "", "content-length: 3": "", "a: b\r\nc: d": "",
	} {
		f, err := ParseField(in)
		if (err != nil) != (want == "") || err == nil && f.Name+"|"+f.Value != want {
			t.Errorf("field %q: %v, %v; want %q", in, f, err, want)
		}
	}
	for in, want := range map[string]bool{"GET": true, "PROPFIND": true, "get": true, "": false, "A B": false, "CONNECT": false} {
		if _, err := ParseMethod(in); (err == nil) != want {
			t.Errorf("method %q: %v", in, err)
		}
	}
}
