package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// companyProxy answers for hosts that nothing else leads to, as a company's
// proxy does, and counts what it was asked.
func companyProxy(t *testing.T) (url string, asked func() string) {
	t.Helper()
	seen := make(chan string, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Method + " " + r.RequestURI
		if r.Method == http.MethodConnect {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "from the company")
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string {
		var all []string
		for {
			select {
			case one := <-seen:
				all = append(all, one)
			default:
				return strings.Join(all, "\n")
			}
		}
	}
}

// TestProxyOfTheEnvironment: behind a company's proxy, programs that go through
// sidenote reach what they reach without it.
func TestProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	curl := need(t, "curl")
	company, asked := companyProxy(t)
	const far = "http://api.company.invalid/v1"
	local := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "local") }))
	t.Cleanup(local.Close)
	for _, c := range []struct {
		name      string
		env       []string
		flags     []string
		url       string
		says      string // on stderr; "" for nothing about a proxy of the environment
		stdout    string // of curl
		asks      string // what the company's proxy was asked for
		noCompany bool
	}{
		{name: "http_proxy", env: []string{"http_proxy=" + company}, url: far, says: "(http_proxy), for http:// only", stdout: "from the company", asks: "GET " + far},
		{name: "HTTP_PROXY", env: []string{"HTTP_PROXY=" + company, "HTTPS_PROXY=" + company}, url: far, says: "(HTTP_PROXY)", stdout: "from the company", asks: "GET " + far},
		{name: "all_proxy without a scheme", env: []string{"all_proxy=" + strings.TrimPrefix(company, "http://")}, url: far, says: "(all_proxy)", stdout: "from the company", asks: "GET " + far},
		{name: "tunnels", env: []string{"https_proxy=" + company}, url: "https://api.company.invalid/", says: "(https_proxy), for https:// only", asks: "CONNECT api.company.invalid:443"},
		{name: "no_proxy", env: []string{"http_proxy=" + company, "no_proxy=.invalid"}, url: far, says: "(http_proxy)", noCompany: true},
		{name: "loopback", env: []string{"http_proxy=" + company}, url: local.URL, says: "(http_proxy)", stdout: "local", noCompany: true},
		{name: "none", env: []string{"http_proxy=" + company}, flags: []string{"--upstream-proxy", "none"}, url: far, noCompany: true},
		{name: "CGI", env: []string{"HTTP_PROXY=" + company, "REQUEST_METHOD=GET"}, url: local.URL, stdout: "local", noCompany: true},
	} {
		t.Run(c.name, func(t *testing.T) { // one after another: they share the company
			r := newRun(t, append([]string{"--fail-on", "never"}, c.flags...), curl, "-sk", c.url)
			r.cmd.Env = append(r.cmd.Env, c.env...)
			r.cmd.Stdout, r.cmd.Stderr = r.process.stdout, r.process.stderr
			if err := r.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			r.end()
			if c.stdout != "" && r.stdout != c.stdout {
				t.Errorf("curl printed %q, want %q: %s", r.stdout, c.stdout, r.stderr)
			}
			if got := asked(); c.asks != "" && got != c.asks || c.noCompany && got != "" {
				t.Errorf("the company's proxy was asked %q, want %q", got, c.asks)
			}
			if said := strings.Contains(r.stderr, "the proxy of the environment"); said != (c.says != "") || !strings.Contains(r.stderr, c.says) {
				t.Errorf("want %q in\n%s", c.says, r.stderr)
			}
		})
	}
}

// TestOurOwnAddressIsNoUpstreamProxy starts sidenote in a shell that points at
// it already.
func TestOurOwnAddressIsNoUpstreamProxy(t *testing.T) {
	t.Parallel()
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	t.Cleanup(origin.Close)
	for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST", "[::1]", "0.0.0.0"} {
		l, err := net.Listen("tcp", "127.0.0.1:0") // for a port that is free
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		_, port, _ := net.SplitHostPort(address)
		p := startIn(t, []string{"http_proxy=http://" + host + ":" + port}, "--listen", address)
		resp, err := p.way(t).goClient(t, false).Get(strings.Replace(origin.URL, "127.0.0.1", "a.localhost", 1))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || strings.Contains(p.stderr.String(), "proxy of the environment") {
			t.Errorf("%s: %s: %s", host, resp.Status, p.stderr)
		}
		p.stop()
	}
}

// straight connects to an address and stays for as long as it takes to be seen.
const straight = `import socket, sys, time
for a in sys.argv[1:]:
    host, port = a.rsplit(":", 1)
    s = socket.create_connection((host.strip("[]"), int(port)))
    time.sleep(2)
`

// TestBypassIsSaidAndCanFail: what a gate did not see is named, also beside
// what it did see, and fails where that is asked for.
func TestBypassIsSaidAndCanFail(t *testing.T) {
	t.Parallel()
	python, curl := needPython(t, "socket"), need(t, "curl")
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	t.Cleanup(origin.Close)
	address := strings.TrimPrefix(origin.URL, "http://")
	_, port, _ := net.SplitHostPort(address)
	script := filepath.Join(t.TempDir(), "straight.py")
	if err := os.WriteFile(script, []byte(straight), 0o600); err != nil {
		t.Fatal(err)
	}
	through := fmt.Sprintf(`%s -s %s -o /dev/null; `, curl, origin.URL)
	past := fmt.Sprintf(`%s %s %s`, python, script, address)
	const line, reason = "1 connection to servers on this machine bypassed the proxy", "sidenote couldn't judge 1 connection that bypassed the proxy"
	for _, c := range []struct {
		name  string
		flags []string
		shell string
		code  int
		says  []string
		not   []string
	}{
		{"listed beside what came through", nil, through + past, 0, []string{line, "1 connection to " + address, "http://api.localhost:" + port}, nil},
		{"fails", []string{"--fail-on", "bypass"}, through + past, 10, []string{line, reason, "policy: FAIL"}, nil},
		{"fails beside a severity", []string{"--fail-on", "warn,bypass"}, through + past, 10, []string{reason}, nil},
		{"nothing went past", []string{"--fail-on", "bypass"}, through, 0, nil, []string{line, reason}},
		{"allowed", []string{"--fail-on", "bypass", "--allow-bypass", address}, through + past, 0, nil, []string{line, reason}},
		{"the port is allowed", []string{"--fail-on", "bypass", "--allow-bypass", ":" + port}, through + past, 0, nil, []string{line, reason}},
		{"localhost is allowed", []string{"--fail-on", "bypass", "--allow-bypass", "localhost"}, through + past, 0, nil, []string{line, reason}},
		{"another is allowed", []string{"--fail-on", "bypass", "--allow-bypass", "127.0.0.1:1"}, through + past, 10, []string{line, reason}, nil},
		{"all of it", nil, past, 11, []string{line, "nothing came through the proxy", "http://api.localhost:" + port}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := runUnder(t, c.flags, "sh", "-c", c.shell)
			if r.code != c.code {
				t.Errorf("exit code %d, want %d", r.code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("no %q in %s", want, r.stderr)
				}
			}
			for _, not := range c.not {
				if strings.Contains(r.stderr, not) {
					t.Errorf("%q in %s", not, r.stderr)
				}
			}
		})
	}
}
