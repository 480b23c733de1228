package scale

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Origin answers as the services of a shop do, well and badly: what it answers
// hangs on the number n of the query alone.
func Origin() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a request without an end gets no answer anyway
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		a := answers[n%len(answers)]
		h := w.Header()
		h.Set("Content-Type", a.kind)
		for _, line := range a.fields {
			name, value, _ := strings.Cut(line, ": ")
			h.Set(name, value)
		}
		w.WriteHeader(a.status)
		if a.content != "" {
			fmt.Fprintf(w, a.content, n, strings.Repeat(words[n%len(words)]+" ", 5+n%90))
		}
	})
}

// An answer is one kind of request and response.
type answer struct {
	method, path string // with a verb for the number
	status       int
	kind         string
	content      string // with verbs for the number, and for text
	fields       []string
}

var words = []string{"pencil", "notebook", "out of paper", "ink", "lamp"}

// answers are ten kinds; the first ones of each ten are as they should be.
var answers = []answer{
	{"GET", "/v1/orders/%d", 200, "application/json", `{"id":%d,"state":"sent","note":"%s"}`, []string{`ETag: "v1"`, "Cache-Control: no-cache"}},
	{"GET", "/v1/cart", 200, "application/json", `{"cart":%d,"item":"%s"}`, []string{"Cache-Control: max-age=60"}},
	{"GET", "/static/app-%d.js", 200, "text/javascript", "const n = %d; // %s\n", []string{"Cache-Control: max-age=31536000, immutable"}},
	{"GET", "/img/%d.png", 200, "image/png", "\x89PNG\r\n\x1a\n%d%s", []string{"Cache-Control: max-age=600"}},
	{"POST", "/v1/orders", 201, "application/json", `{"id":%d,"note":"%s"}`, []string{"Location: /v1/orders/1"}},
	{"GET", "/old/%d", 301, "text/plain; charset=utf-8", "moved %d %s\n", []string{"Location: /v1/cart"}},
	{"GET", "/missing/%d", 404, "text/plain", "there is no %d %s\n", nil},
	{"POST", "/v1/pay/%d", 409, "application/problem+json", `{"title":"paid already","status":400,"detail":"%d %s"}`, nil},
	{"GET", "/v1/limit", 429, "application/json", `{"error":"slow down %d","why":"%s"}`, nil},
	{"GET", "/v1/stock/%d", 500, "application/json", `{"error":"database %d is locked","why":"%s"}`, []string{"Cache-Control: public, no-store, max-age=5"}},
}

// A Load sends requests through a proxy.
type Load struct {
	Proxy       string // host:port
	Origin      string // http://host:port
	Connections int

	sent atomic.Int64
}

// Send sends so many more requests, each with the number that follows the one
// before.
func (l *Load) Send(count int) error {
	tr := &http.Transport{
		Proxy:               http.ProxyURL(&url.URL{Scheme: "http", Host: l.Proxy}),
		MaxIdleConnsPerHost: l.Connections, MaxConnsPerHost: l.Connections,
	}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	end := l.sent.Load() + int64(count)
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for range l.Connections {
		all.Go(func() {
			for failed.Load() == nil {
				n := l.sent.Add(1)
				if n > end {
					return
				}
				if err := l.send(client, int(n)); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	l.sent.Store(end)
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// send sends one request and checks what comes back.
func (l *Load) send(client *http.Client, n int) error {
	a := answers[n%len(answers)]
	path := a.path
	if strings.Contains(path, "%d") {
		path = fmt.Sprintf(path, n)
	}
	var content io.Reader
	if a.method == "POST" {
		content = strings.NewReader(fmt.Sprintf(`{"item":"pencil","count":%d}`, n))
	}
	r, err := http.NewRequest(a.method, l.Origin+path+"?n="+strconv.Itoa(n), content)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", []string{"shop-web/2.1", "curl/8.9.1", "shop-ios/7.0"}[n%3])
	r.Header.Set("Accept", "*/*")
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != a.status {
		return fmt.Errorf("%s %s: status %d, wanted %d", a.method, r.URL, resp.StatusCode, a.status)
	}
	return nil
}
