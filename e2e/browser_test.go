package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// page loads everything that a page can load and writes what came into itself.
const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>page</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head>
<body><p id="first">ä ünïcödé</p><img src="/image/png" alt=""></body></html>
`

const script = `
(async () => {
  const answers = await Promise.all([
    fetch('/echo?from=page', { method: 'POST', body: 'content', headers: { 'X-Asked': 'yes' } }),
    fetch('/status/418'), fetch('/response-headers?X-One=1'), fetch('/stream-bytes/3000?seed=1'),
  ]);
  for (const answer of answers) {
    const line = document.createElement('pre');
    line.textContent = answer.status + ' ' + answer.url.replace(/^.*:\d+/, '') + ' ' + answer.headers.get('x-one') + ' ' + (await answer.text()).length;
    document.body.append(line);
  }
})();
`

// TestChromium loads a page with all its parts in a browser.
func TestChromium(t *testing.T) {
	t.Parallel()
	chromium, certutil := need(t, "chromium"), need(t, "certutil")
	a := newAuthority(t)
	mux := http.NewServeMux()
	for path, resource := range map[string][2]string{
		"/page": {"text/html; charset=utf-8", page}, "/script.js": {"text/javascript; charset=utf-8", script}, "/style.css": {"text/css", "p { color: red }"},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", resource[0])
			fmt.Fprint(w, resource[1])
		})
	}
	mux.Handle("/", httpbinHandler())
	clear, secure := servers(t, a, mux)
	// The browser asks for things of its own now and then; they are not to leave this machine.
	nowhere := fmt.Sprintf("http://127.0.0.1:%d", freePorts(t, 1)[0])
	p := start(t, "--upstream-ca", a.file, "--upstream-proxy", nowhere)

	direct := browserWay(t, directly(t, a), certutil)
	through := browserWay(t, p.way(t), certutil)
	for _, base := range []string{clear.URL, secure.URL} {
		want := dumpPage(t, direct, chromium, base+"/page")
		if got := dumpPage(t, through, chromium, base+"/page"); got != want || strings.Count(got, "<pre>") != 4 || !strings.Contains(got, "ä ünïcödé") {
			t.Errorf("%s: the page is\n%s\nand with the proxy\n%s", base, want, got)
		}
	}
	p.stop()
	lines, records := p.lines(), p.records(p.logFile)
	for _, base := range []string{clear.URL, secure.URL} {
		for path, status := range map[string]int{"/page": 200, "/script.js": 200, "/style.css": 200, "/image/png": 200, "/echo?from=page": 200, "/status/418": 418} {
			n := 0
			for _, r := range records {
				if r.text("url.full") == base+path && r.number("http.response.status_code") == status {
					n++
				}
			}
			for _, l := range lines {
				if strings.Contains(l, " "+base+path+" ") {
					n += 100
				}
			}
			if n != 101 {
				t.Errorf("%s%s: %d records, %d lines", base, path, n%100, n/100)
			}
		}
	}
	for _, r := range records {
		if !strings.Contains(r.text("url.full"), "127.0.0.1:") {
			t.Logf("asked by the browser itself: %s %s", r.text("http.request.method"), r.text("url.full"))
			continue
		}
		if version := r.text("network.protocol.version"); strings.HasPrefix(r.text("url.full"), "https:") && version != "2" {
			t.Errorf("%s: HTTP/%s", r.text("url.full"), version)
		}
		if r["error.type"] != nil {
			t.Errorf("%s %s: %v, %v", r.text("http.request.method"), r.text("url.full"), r["error.type"], r.complaints())
		}
	}
}

// browserWay makes a home whose NSS database, which Chromium reads, trusts the CA.
func browserWay(t *testing.T, w way, certutil string) way {
	t.Helper()
	nss := filepath.Join(w.dir, ".pki", "nssdb")
	if err := os.MkdirAll(nss, 0o700); err != nil {
		t.Fatal(err)
	}
	w.run(t, nil, nil, certutil, "-N", "-d", "sql:"+nss, "--empty-password")
	w.run(t, nil, nil, certutil, "-A", "-d", "sql:"+nss, "-n", "ca", "-t", "C,,", "-i", w.caFile)
	return w
}

// dumpPage returns a page's text after its scripts have run.
func dumpPage(t *testing.T, w way, chromium, url string) string {
	t.Helper()
	args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
		"--disable-features=OptimizationHints,Translate,MediaRouter,InterestFeedContentSuggestions", "--metrics-recording-only", "--no-pings",
		"--user-data-dir=" + filepath.Join(w.dir, "profile"), "--virtual-time-budget=10000", "--timeout=20000"}
	if w.proxy == nil {
		args = append(args, "--no-proxy-server")
	} else {
		args = append(args, "--proxy-server="+w.proxy.Host, "--proxy-bypass-list=<-loopback>")
	}
	out, _ := w.run(t, nil, nil, chromium, append(args, "--dump-dom", url)...)
	return string(out)
}
