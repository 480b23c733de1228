package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/exchange"
)

// duplex answers each line as it comes, and ends with trailers.
func duplex(w http.ResponseWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	_ = rc.EnableFullDuplex()
	w.Header().Set("Trailer", "X-Lines")
	w.Header().Set("Link", "</style.css>; rel=preload")
	w.WriteHeader(http.StatusEarlyHints)
	w.Header().Del("Link")
	w.WriteHeader(http.StatusOK)
	_ = rc.Flush()
	s := bufio.NewScanner(r.Body)
	lines := 0
	for s.Scan() {
		lines++
		fmt.Fprintf(w, "%s!\n", s.Text())
		_ = rc.Flush()
	}
	w.Header().Set("X-Lines", fmt.Sprintf("%d %s", lines, r.Trailer.Get("X-Sum")))
}

func TestStreamsBothWays(t *testing.T) {
	for _, c := range []struct {
		name    string
		tls, h2 bool
	}{{"plain", false, false}, {"https h1", true, false}, {"https h2", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			origin := httptest.NewUnstartedServer(http.HandlerFunc(duplex))
			if origin.EnableHTTP2 = c.h2; c.tls {
				origin.StartTLS()
			} else {
				origin.Start()
			}
			defer origin.Close()
			r := newRig(t, nil)
			if c.tls {
				r = newRig(t, trusting(origin))
			}
			testDuplex(t, r, c.h2, origin.URL)
		})
	}
}

func testDuplex(t *testing.T, r *rig, h2 bool, u string) {
	pr, pw := io.Pipe()
	q, err := http.NewRequest("POST", u, pr)
	if err != nil {
		t.Fatal(err)
	}
	q.Trailer = http.Header{"X-Sum": nil}
	var hint string
	q = q.WithContext(httptrace.WithClientTrace(q.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			hint += fmt.Sprint(code, h.Get("Link"))
			return nil
		},
	}))
	resp, err := r.client(h2).Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	br := bufio.NewReader(resp.Body)
	for i := range 3 {
		fmt.Fprintf(pw, "line %d\n", i)
		got, err := br.ReadString('\n')
		if want := fmt.Sprintf("line %d!\n", i); got != want || err != nil {
			t.Fatalf("%q %v", got, err)
		}
	}
	q.Trailer.Set("X-Sum", "six")
	pw.Close()
	if rest, err := io.ReadAll(br); len(rest) > 0 || err != nil {
		t.Errorf("%q %v", rest, err)
	}
	if got := resp.Trailer.Get("X-Lines"); got != "3 six" {
		t.Errorf("trailer %q", got)
	}
	if hint != "103</style.css>; rel=preload" {
		t.Errorf("interim %q", hint)
	}
	x := r.wait(1)[0]
	if x.Err != nil || x.Request.Content.Size != 21 || x.Response.Content.Size != 24 || !x.Request.Content.Complete {
		t.Errorf("record:\n%s", x.Format())
	}
	if len(x.Interim) != 1 || x.Interim[0].Status != 103 {
		t.Errorf("interim:\n%s", x.Format())
	}
	if x.Response.Trailers.Len() != 1 || x.Request.Trailers.Len() != 1 {
		t.Errorf("trailers:\n%s", x.Format())
	}
}

func TestEventsComeAtOnce(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for range 3 {
			fmt.Fprintf(w, "data: %d\n\n", time.Now().UnixNano())
			w.(http.Flusher).Flush()
			time.Sleep(30 * time.Millisecond)
		}
	}))
	defer origin.Close()
	r := newRig(t, nil)
	best := time.Hour
	for range 3 {
		resp, err := r.client(false).Get(origin.URL)
		if err != nil {
			t.Fatal(err)
		}
		var sent int64
		if _, err := fmt.Fscanf(resp.Body, "data: %d", &sent); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(time.Unix(0, sent)))
		resp.Body.Close()
	}
	if best > 20*time.Millisecond {
		t.Errorf("the first event came after %v", best)
	}
}

// rawThrough sends octets to the proxy and returns the responses.
func rawThrough(t *testing.T, r *rig, octets string, methods ...string) (got []*http.Response) {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, octets)
	br := bufio.NewReader(c)
	for _, m := range methods {
		resp, err := http.ReadResponse(br, &http.Request{Method: m})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body = io.NopCloser(strings.NewReader(string(b)))
		got = append(got, resp)
	}
	return got
}

func TestPipelinedAndOldClients(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.URL.Path)
		io.Copy(w, r.Body)
	}))
	defer origin.Close()
	r := newRig(t, nil)
	one := fmt.Sprintf("POST %s/one HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", origin.URL)
	two := fmt.Sprintf("GET %s/two HTTP/1.1\r\nHost: x\r\n\r\n", origin.URL)
	three := fmt.Sprintf("HEAD %s/three HTTP/1.1\r\nHost: x\r\n\r\n", origin.URL)
	got := rawThrough(t, r, one+two+three, "POST", "GET", "HEAD")
	for i, want := range []string{"/one", "/two", "/three"} {
		if p := got[i].Header.Get("X-Path"); p != want {
			t.Errorf("%d: %q", i, p)
		}
	}
	old := fmt.Sprintf("GET %s/old HTTP/1.0\r\n\r\n", origin.URL)
	if p := rawThrough(t, r, old, "GET")[0].Header.Get("X-Path"); p != "/old" {
		t.Errorf("%q", p)
	}
	// What ends first is not said: a record is done after its last octets are sent.
	all := slices.SortedFunc(slices.Values(r.wait(4)), func(a, b *exchange.Exchange) int { return a.Started.Compare(b.Started) })
	for i, want := range []string{"/one", "/two", "/three", "/old"} {
		if x := all[i]; x.Path() != want || x.Err != nil || x.Response.Status != 200 {
			t.Errorf("%d: record:\n%s", i, x.Format())
		}
	}
}

func TestLargeContentBothWays(t *testing.T) {
	const size = 32 << 20
	origin := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		io.Copy(w, r.Body)
	}))
	defer origin.Close()
	r := newRig(t, trusting(origin))
	resp, err := r.client(false).Post(origin.URL, "application/octet-stream", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if n != size || err != nil {
		t.Errorf("%d octets, %v", n, err)
	}
	x := r.wait(1)[0]
	if x.Response.Content.Size != size || x.Response.Content.SHA256 != x.Request.Content.SHA256 || !x.Response.Content.Truncated {
		t.Errorf("request %d, response %d octets", x.Request.Content.Size, x.Response.Content.Size)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestTargetsInAbsoluteForm(t *testing.T) {
	got := make(chan string, 4)
	l := listen(t)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			br := bufio.NewReader(c)
			line, _ := br.ReadString('\n')
			host, _ := br.ReadString('\n')
			got <- strings.TrimSpace(line) + " | " + strings.TrimSpace(host)
			io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
			c.Close()
		}
	}()
	r := newRig(t, nil)
	a := l.Addr().String()
	for _, c := range []struct{ method, target, host, want string }{
		{"OPTIONS", "", a, "OPTIONS * HTTP/1.1 | Host: " + a},
		{"OPTIONS", "/", a, "OPTIONS / HTTP/1.1 | Host: " + a},
		{"GET", "", a, "GET / HTTP/1.1 | Host: " + a},
		{"GET", "?q", a, "GET /?q HTTP/1.1 | Host: " + a},
		{"GET", "/x", "other.test", "GET /x HTTP/1.1 | Host: " + a},
	} {
		rawThrough(t, r, fmt.Sprintf("%s http://%s%s HTTP/1.1\r\nhost: %s\r\n\r\n", c.method, a, c.target, c.host), c.method)
		if s := strings.Replace(<-got, "host:", "Host:", 1); s != c.want {
			t.Errorf("got %q, want %q", s, c.want)
		}
	}
}
