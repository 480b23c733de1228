package e2e_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sidenote/internal/demo"
)

// A traffic sends known requests through a process, and keeps a tally of its
// own of what came back.
type traffic struct {
	t      *testing.T
	client *http.Client
	clear  string // URL of the demo origin, by a name that leads here
	secure string
	sent   int
	codes  map[int]int
	failed map[string]int // by kind of failure
}

func newTraffic(t *testing.T, p *process) *traffic {
	t.Helper()
	origin := httptest.NewServer(demo.Origin())
	t.Cleanup(origin.Close)
	transport := &http.Transport{Proxy: http.ProxyURL(p.url()), DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &traffic{
		t: t, clear: localhost(t, origin.URL), codes: map[int]int{}, failed: map[string]int{},
		client: &http.Client{
			Transport: transport, Timeout: patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// localhost names a server by a name below .localhost, which sidenote leads to
// this machine.
func localhost(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return "http://shop.localhost:" + u.Port()
}

// get asks for a path and counts the answer.
func (f *traffic) get(path string) { f.send("GET", f.clear, path, "") }

func (f *traffic) send(method, base, path, content string) {
	f.t.Helper()
	r, err := http.NewRequest(method, base+path, strings.NewReader(content))
	if err != nil {
		f.t.Fatal(err)
	}
	if content != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("User-Agent", "traffic/1.0")
	r.Header.Set("Traceparent", fmt.Sprintf("00-0af7651916cd43dd8448eb211c%06x-b7ad6b7169203331-01", f.sent))
	f.sent++
	resp, err := f.client.Do(r)
	if err != nil {
		f.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // some are cut short
	f.codes[resp.StatusCode]++
}

// fail asks for a failure, which ends with an answer of sidenote's or in the
// middle of one of the origin's.
func (f *traffic) fail(kind string) {
	f.t.Helper()
	f.client.CloseIdleConnections() // on one that has been used, the client itself would ask again
	f.get("/failing/" + kind)
	f.failed[kind]++
}

// everyRound lists what is asked for in each round, by path and how often.
func everyRound() []struct {
	path  string
	times int
} {
	return []struct {
		path  string
		times int
	}{
		{"/well/200", 12}, {"/well/201", 2}, {"/well/204", 2}, {"/well/301", 2}, {"/well/307", 1}, {"/well/401", 2}, {"/well/404", 3},
		{"/well/405", 1}, {"/well/409", 1}, {"/well/500", 1}, {"/well/503", 1}, {"/well/103", 1},
		{"/badly/200", 1}, {"/badly/302", 1}, {"/badly/401", 1}, {"/badly/405", 1}, {"/badly/409", 1}, {"/badly/429", 3}, {"/badly/500", 1}, {"/badly/503", 1},
		{"/slow?ms=30", 2},
	}
}

// round sends the same every time, except for what happens in some rounds only.
func (f *traffic) round(n int) {
	f.t.Helper()
	for _, ask := range everyRound() {
		for range ask.times {
			f.get(ask.path)
		}
	}
	f.get("/well/429") // told to wait a second, or asked again too early or in time
	f.send("POST", f.clear, "/well/201", `{"item":"pencil"}`)
	f.send("BREW", f.clear, "/well/200", "")
	f.fail("reset")
	if n%2 == 1 {
		f.fail("truncated")
		f.get("/slow?ms=300")
	}
	if f.secure != "" {
		f.send("GET", f.secure, "/well/200", "")
	}
}

// rounds sends rounds for a while, and at least so many. A long while has its
// ups and downs, and a time of trouble.
func (f *traffic) rounds(least int, during, pause time.Duration) int {
	n := 0
	for began := time.Now(); n < least || time.Since(began) < during; n++ {
		f.round(n)
		passed := time.Since(began)
		if third := during / 3; during > time.Minute && passed > third && passed < third+during/5 {
			for range 8 {
				f.get("/well/500")
			}
			f.get("/slow?ms=120")
		}
		time.Sleep(pause + time.Duration(float64(pause)*math.Sin(passed.Seconds()/12)))
	}
	return n
}

func readAll(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readUntilError reads what comes, and says how it ended.
func readUntilError(r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	return string(b), err
}
