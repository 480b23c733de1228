package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// client is a Go client that uses the proxy.
func (p *process) client() *http.Client {
	tr := &http.Transport{Proxy: http.ProxyURL(p.url())}
	p.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// fetch gets a URL through the proxy and passes over the content.
func (p *process) fetch(c *http.Client, url string, header http.Header) int {
	p.t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	resp, err := c.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// logged reads the lines of all files that a pattern names, by their schema.
func logged(t *testing.T, pattern string) map[string][]record {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]record{}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var r record
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatalf("%s: %v: %q", name, err, lines.Text())
			}
			all[r.text("schema")] = append(all[r.text("schema")], r)
		}
	}
	return all
}

// TestLogRotation asks often enough for the log to be set aside several times,
// moves it away in between, once with SIGHUP, and finds every exchange once.
func TestLogRotation(t *testing.T) {
	t.Parallel()
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusMethodNotAllowed) // without Allow, which is noted
	}))
	defer origin.Close()
	p := start(t, "--log-max-size", "20k", "--log-keep", "0", "--log-notes")
	client := p.client()
	move := func(to string) {
		if err := os.Rename(p.logFile, p.logFile+to); err != nil {
			t.Error(err)
		}
	}
	const n = 200
	for i := range n {
		p.fetch(client, fmt.Sprint(origin.URL, "/", i), nil)
		switch i {
		case 50:
			move(".moved")
		case 100:
			move(".hung")
			if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the files are opened anew", func() bool {
				return strings.Contains(p.stderr.String(), "SIGHUP: reopened the record files")
			})
		}
	}
	p.stop()
	dir := filepath.Dir(p.logFile)
	all := logged(t, filepath.Join(dir, "log*"))
	seen := map[string]bool{}
	for _, r := range all["sidenote.exchange/1"] {
		seen[r.text("url.path")] = true
	}
	if len(seen) != n || len(all["sidenote.exchange/1"]) != n {
		t.Errorf("%d records of %d exchanges, not %d", len(all["sidenote.exchange/1"]), len(seen), n)
	}
	allow := 0
	for _, r := range all["sidenote.note/1"] {
		if r.text("sidenote.note.rule") == "status/405-missing-allow" && r.text("sidenote.exchange.id") != "" {
			allow++
		}
	}
	if allow != n {
		t.Errorf("%d records of the note, not %d", allow, n)
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "log-*.jsonl")); len(aside) < 3 {
		t.Errorf("set aside: %q", aside)
	}
}

// TestFullDiskOfTheLog has a disk that is full: traffic goes on, and the loss
// is said once, counted, and told at the end.
func TestFullDiskOfTheLog(t *testing.T) {
	t.Parallel()
	origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer origin.Close()
	p := start(t, "--log-file", "/dev/full")
	client := p.client()
	const n = 5
	for range n {
		if code := p.fetch(client, origin.URL, nil); code != 200 {
			t.Error(code)
		}
	}
	eventually(t, "the loss is counted", func() bool { return p.metric("sidenote_sink_failed_total", `sink="log"`) == n })
	p.signal()
	code := p.wait()
	if said := p.stderr.String(); strings.Count(said, "cannot write to the log") != 1 || !strings.Contains(said, "log: lost 5 records") || code != 125 {
		t.Errorf("exit code %d", code)
	}
}
