package e2e_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// loopbackHosts are the ways in which programs name a server of this machine.
var loopbackHosts = []string{"localhost", "127.0.0.1", "[::1]", "api.localhost"}

// directHosts are the clients that ask some of loopbackHosts directly, whatever
// the variables say. All others ask the proxy for each.
var directHosts = map[string][]string{
	"Go": {"localhost", "127.0.0.1", "[::1]"},
}

// loopbackClients are the clients of the table: of those of the matrix the ones
// that differ in how they choose a proxy.
var loopbackClients = []string{"curl", "wget", "Python-urllib", "Python-requests", "Node-fetch", "Node-https", "Java-HttpClient", "Java-HttpURLConnection", "git", "npm", "Go"}

// TestRunLoopback: a request to this machine either comes through the proxy, or
// the run names how it would.
func TestRunLoopback(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	makeRepository(t, way{env: append(plainEnv(root), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@a.test", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@a.test"), dir: root}, need(t, "git"))
	port, hosts := onLoopback(t, greeter(t, root))
	clients := runClients()
	for _, name := range loopbackClients {
		at := slices.IndexFunc(clients, func(c runClient) bool { return c.name == name })
		if at < 0 {
			t.Fatalf("the matrix has no client %s", name)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clients[at]
			if c.path == "" {
				c.path, c.want = "/"+c.name, greeting("/"+c.name)
			}
			command := c.command(t, cell+c.path)
			var through, direct []string
			for _, host := range hosts {
				to := &through
				if slices.Contains(directHosts[name], host) {
					to = &direct
				}
				*to = append(*to, host+port)
			}
			comeThrough(t, c, command, through)
			if len(direct) > 0 {
				areNamed(t, c, command, direct)
			}
		})
	}
}

// onLoopback serves on one port of both of loopback's addresses, and returns it
// with the hosts that lead there: without IPv6 its address is not among them.
func onLoopback(t *testing.T, h http.Handler) (port string, hosts []string) {
	t.Helper()
	for range 20 {
		four, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port, hosts = portOf(four.Addr()), loopbackHosts
		six, err := net.Listen("tcp6", "[::1]"+port)
		if err != nil && hasIPv6() { // another program has the port
			four.Close()
			continue
		}
		listeners := []net.Listener{four}
		if err == nil {
			listeners = append(listeners, six)
		} else {
			t.Log("this machine has no IPv6")
			hosts = slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { return h == "[::1]" })
		}
		for _, l := range listeners {
			s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
			s.Start()
			t.Cleanup(s.Close)
		}
		return port, hosts
	}
	t.Fatal("no port is free on both addresses")
	return "", nil
}

func portOf(a net.Addr) string { return port(a.String()) }

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// cell is the origin of the URL that a command is made with, for which those of
// the table are put in.
const cell = "http://cell.invalid"

// inTurn is a script that runs a command for each of several authorities.
func inTurn(command, authorities []string) string {
	var b strings.Builder
	for _, a := range authorities {
		for _, arg := range command {
			b.WriteString("'" + strings.ReplaceAll(strings.ReplaceAll(arg, cell, "http://"+a), "'", `'\''`) + "' ")
		}
		b.WriteString("|| exit\n")
	}
	return b.String()
}

// comeThrough runs a command for several authorities, and looks whether all its
// exchanges were recorded.
func comeThrough(t *testing.T, c runClient, command, authorities []string) {
	t.Helper()
	r := runUnder(t, []string{"--fail-on", "never"}, "sh", "-c", inTurn(command, authorities))
	if got := strings.Count(r.stdout, c.want); r.code != 0 || got != len(authorities) {
		t.Fatalf("exit code %d, %d answers of %d: stdout %q, stderr:\n%s", r.code, got, len(authorities), r.stdout, tail(r.stderr, 4000))
	}
	for _, a := range authorities {
		if !slices.ContainsFunc(r.records(r.logFile), func(x record) bool {
			return strings.HasPrefix(x.text("url.full"), "http://"+a+c.path) && x.number("http.response.status_code") == http.StatusOK
		}) {
			t.Errorf("%s has no record", a)
		}
	}
	if t.Failed() {
		t.Logf("stderr:\n%s", tail(r.stderr, 4000))
	}
}

// areNamed runs a command that asks several authorities directly, and looks
// whether the run fails and tells how they come through the proxy.
func areNamed(t *testing.T, c runClient, command, authorities []string) {
	t.Helper()
	r := runUnder(t, nil, "sh", "-c", inTurn(command, authorities))
	if got := strings.Count(r.stdout, c.want); got != len(authorities) {
		t.Errorf("%d answers of %d", got, len(authorities))
	}
	if n := len(r.records(r.logFile)); n > 0 {
		t.Errorf("%d requests came through the proxy; is the table still right?", n)
	}
	for _, want := range []string{"nothing came through the proxy", "Go, Java and some others don't use a proxy for localhost", "http://api.localhost:"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q", want)
		}
	}
	if r.code != 11 {
		t.Errorf("exit code %d, want 11", r.code)
	}
	if t.Failed() {
		t.Logf("stdout %q, stderr:\n%s", r.stdout, tail(r.stderr, 4000))
	}
}
