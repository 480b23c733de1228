package e2e_test

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
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
	"testing"
	"time"
)

// A way is how a client reaches origin servers: directly, or as in a shell
// that uses the proxy.
type way struct {
	env    []string
	caFile string   // what has to be trusted, where the environment does not say it
	proxy  *url.URL // nil directly
	dir    string
}

// A client fetches what requests list, in order.
type client struct {
	fetch   func(t *testing.T, w way, requests []request) []*response
	without func(request) bool // requests that it cannot send; nil for none
	ordered bool               // it shows the fields of HTTP/1.1 in their order and case
	secure  string             // protocol over TLS as the console shows it: "h2", and "" for "h1.1"
}

// faithful compares everything that a client gets from all origin servers
// without the proxy and with it.
func faithful(t *testing.T, c client) {
	t.Helper()
	a := newAuthority(t)
	requests := startHTTPBin(t, a).requests()
	requests = append(requests, startNginx(t, a).requests()...)
	if c.without != nil {
		var kept []request
		for _, r := range requests {
			if !c.without(r) {
				kept = append(kept, r)
			}
		}
		requests = kept
	}
	p := start(t, "--upstream-ca", a.file)
	direct := c.fetch(t, directly(t, a), requests)
	through := c.fetch(t, p.way(t), requests)
	if len(direct) != len(requests) || len(through) != len(requests) {
		t.Fatalf("%d requests gave %d responses directly, %d through the proxy", len(requests), len(direct), len(through))
	}
	for i, r := range requests {
		same(t, r, direct[i], through[i], c.ordered && direct[i].version != "2") // in HTTP/2 order means nothing, and is not kept
	}
	p.stop()
	seen(t, p, requests, through)
	protocol := " " + cmp.Or(c.secure, "h1.1")
	for _, l := range p.lines() {
		if l, _, _ = strings.Cut(l, " #"); strings.Contains(l, " https://") && !strings.Contains(l+" ", protocol+" ") {
			t.Errorf("not%s: %s", protocol, l)
		}
	}
}

// directly is the way without a proxy, with trust in the origin servers' CA.
func directly(t *testing.T, a *authority) way {
	home := t.TempDir()
	env := plainEnv(home)
	for _, name := range []string{"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO"} {
		env = append(env, name+"="+a.file)
	}
	return way{env: env, caFile: a.file, dir: home}
}

// way is the way through the proxy, with nothing but what "sidenote env" says.
func (p *process) way(t *testing.T) way {
	home := t.TempDir()
	return way{env: p.env(home), caFile: filepath.Join(p.caDir, "ca.pem"), proxy: p.url(), dir: home}
}

// run runs a client program and returns its output. Exit codes in allowed are
// not failure.
func (w way) run(t *testing.T, in io.Reader, allowed []int, name string, args ...string) (stdout, stderr []byte) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env, c.Dir, c.Stdin = w.env, w.dir, in
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	c.WaitDelay = time.Second
	timer := time.AfterFunc(time.Minute, func() { c.Process.Kill() })
	defer timer.Stop()
	if err := c.Run(); err != nil {
		for _, code := range allowed {
			if c.ProcessState != nil && c.ProcessState.ExitCode() == code {
				return out.Bytes(), errs.Bytes()
			}
		}
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, tail(out.String(), 500), tail(errs.String(), 2000))
	}
	return out.Bytes(), errs.Bytes()
}

func isClear(r request) bool { return strings.HasPrefix(r.url, "http:") }

func TestCurl(t *testing.T) {
	t.Parallel()
	curl := need(t, "curl")
	for _, c := range []struct {
		name    string
		args    []string
		version string // of responses over TLS, or of all
		without func(request) bool
	}{
		{name: "HTTP1", args: []string{"--http1.1"}, version: "1.1"},
		{name: "HTTP2", args: []string{"--http2"}, version: "2", without: isClear},
		{name: "PriorKnowledgeInTunnel", args: []string{"--http2-prior-knowledge", "--proxytunnel"}, version: "2", without: func(r request) bool {
			return !isClear(r) || !strings.HasPrefix(r.target, "/echo") && !strings.HasPrefix(r.target, "/bytes") && !strings.HasPrefix(r.target, "/status")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			secure := ""
			if c.version == "2" {
				secure = "h2"
			}
			faithful(t, client{without: c.without, ordered: true, secure: secure, fetch: func(t *testing.T, w way, requests []request) (all []*response) {
				for _, r := range requests {
					resp := fetchWithCurl(t, w, curl, r, c.args)
					if resp.version != c.version {
						t.Errorf("%s: HTTP/%s", r, resp.version)
					}
					all = append(all, resp)
				}
				return all
			}})
		})
	}
}

func fetchWithCurl(t *testing.T, w way, curl string, r request, args []string) *response {
	t.Helper()
	args = append([]string{"-sS", "-i", "--suppress-connect-headers", "--max-time", "20"}, args...)
	if w.proxy == nil {
		args = append(args, "--noproxy", "*")
	}
	switch {
	case r.method == "HEAD":
		args = append(args, "--head")
	case r.method != "GET":
		args = append(args, "-X", r.method)
	}
	if r.field != "" {
		args = append(args, "-H", r.field)
	}
	if r.body != "" {
		args = append(args, "--data-binary", "@-")
	}
	out, _ := w.run(t, strings.NewReader(r.body), nil, curl, append(args, r.url)...)
	return parseHTTP(t, out)
}

func TestWget(t *testing.T) {
	t.Parallel()
	wget := need(t, "wget")
	// It takes the answer to Range for a broken one, and waits for content
	// after 304 and HEAD.
	without := func(r request) bool {
		return strings.HasPrefix(r.field, "Range:") || strings.HasPrefix(r.field, "If-") || r.method == "HEAD"
	}
	faithful(t, client{ordered: true, without: without, fetch: func(t *testing.T, w way, requests []request) (all []*response) {
		for _, r := range requests {
			all = append(all, fetchWithWget(t, w, wget, r))
		}
		return all
	}})
}

var (
	serverLine = regexp.MustCompile(`(?m)^  (\S.*)$`)
	statusLine = regexp.MustCompile(`^HTTP/(\S+) (\d{3}) ?(.*)$`)
)

func fetchWithWget(t *testing.T, w way, wget string, r request) *response {
	t.Helper()
	args := []string{"-S", "-O", "-", "--tries=1", "--timeout=20", "--max-redirect=0", "--content-on-error", "--method=" + r.method}
	if r.field != "" {
		args = append(args, "--header="+r.field)
	}
	if r.body != "" {
		args = append(args, "--body-data="+r.body)
	}
	if !isClear(r) {
		args = append(args, "--ca-certificate="+w.caFile)
	}
	// 8: the status is one of an error.
	out, errs := w.run(t, nil, []int{8}, wget, append(args, r.url)...)
	resp := &response{body: out}
	for _, m := range serverLine.FindAllSubmatch(errs, -1) {
		line := string(m[1])
		if s := statusLine.FindStringSubmatch(line); s != nil {
			status, _ := strconv.Atoi(s[2])
			*resp = response{version: s[1], status: status, reason: s[3], body: out}
			continue
		}
		resp.fields = append(resp.fields, line)
	}
	if resp.status == 0 {
		t.Fatalf("%s: wget shows no response: %s", r, errs)
	}
	return resp
}

func TestPython(t *testing.T) {
	t.Parallel()
	for _, module := range []string{"urllib", "requests"} {
		t.Run(module, func(t *testing.T) {
			python := needPython(t, module)
			faithful(t, client{ordered: true, fetch: func(t *testing.T, w way, requests []request) []*response {
				out, _ := w.run(t, scriptInput(requests), nil, python, absolute(t, "testdata/fetch.py"), module)
				return scriptOutput(t, out)
			}})
		})
	}
}

// needPython returns a Python that has a module: several may be installed.
func needPython(t *testing.T, module string) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	lacks(t, "Python with "+module)
	return ""
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNode(t *testing.T) {
	t.Parallel()
	node := need(t, "node")
	faithful(t, client{ordered: true, fetch: func(t *testing.T, w way, requests []request) []*response {
		out, _ := w.run(t, scriptInput(requests), nil, node, absolute(t, "testdata/fetch.js"))
		return scriptOutput(t, out)
	}})
}

func TestJava(t *testing.T) {
	t.Parallel()
	java, keytool, classes := need(t, "java"), need(t, "keytool"), t.TempDir()
	if out, err := exec.Command(need(t, "javac"), "-d", classes, "testdata/Fetch.java").CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, out)
	}
	for api, secure := range map[string]string{"HttpURLConnection": "h1.1", "HttpClient": "h2"} {
		t.Run(api, func(t *testing.T) {
			faithful(t, client{secure: secure, fetch: func(t *testing.T, w way, requests []request) []*response {
				store := filepath.Join(w.dir, "trust.jks")
				w.run(t, nil, nil, keytool, "-importcert", "-noprompt", "-alias", "ca", "-file", w.caFile, "-keystore", store, "-storepass", "changeit")
				args := []string{"-Djavax.net.ssl.trustStore=" + store, "-Djavax.net.ssl.trustStorePassword=changeit", "-XX:TieredStopAtLevel=1", "-cp", classes}
				if w.proxy != nil {
					for _, scheme := range []string{"http", "https"} {
						args = append(args, fmt.Sprintf("-D%s.proxyHost=%s", scheme, w.proxy.Hostname()), fmt.Sprintf("-D%s.proxyPort=%s", scheme, w.proxy.Port()))
					}
					args = append(args, "-Dhttp.nonProxyHosts=")
				}
				out, _ := w.run(t, scriptInput(requests), nil, java, append(args, "Fetch", api)...)
				return scriptOutput(t, out)
			}})
		})
	}
}

func TestGo(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]string{"HTTP1": "h1.1", "HTTP2": "h2"} {
		t.Run(name, func(t *testing.T) {
			faithful(t, client{secure: secure, fetch: func(t *testing.T, w way, requests []request) (all []*response) {
				h := w.goClient(t, secure == "h2")
				for _, r := range requests {
					all = append(all, fetchWithGo(t, h, r))
				}
				return all
			}})
		})
	}
}

// goClient makes a client that follows no redirects.
func (w way) goClient(t *testing.T, h2 bool) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(w.caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, DisableCompression: true, ForceAttemptHTTP2: h2,
		MaxIdleConnsPerHost: 1000, Proxy: http.ProxyURL(w.proxy),
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func fetchWithGo(t *testing.T, h *http.Client, r request) *response {
	t.Helper()
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	q, err := http.NewRequest(r.method, r.url, body)
	if err != nil {
		t.Fatal(err)
	}
	if name, value, ok := strings.Cut(r.field, ": "); ok {
		q.Header.Set(name, value)
	}
	resp, err := h.Do(q)
	if err != nil {
		t.Fatalf("%s: %v", r, err)
	}
	defer resp.Body.Close()
	got := &response{status: resp.StatusCode, version: strings.TrimSuffix(resp.Proto[len("HTTP/"):], ".0")}
	if resp.ProtoMajor == 1 {
		_, got.reason, _ = strings.Cut(resp.Status, " ")
	}
	for name, values := range resp.Header {
		for _, v := range values {
			got.fields = append(got.fields, name+": "+v)
		}
	}
	if got.body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatalf("%s: %v", r, err)
	}
	return got
}
