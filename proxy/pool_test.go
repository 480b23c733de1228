package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sidenote/proxy"
)

// askOnce is a client of one request: it opens a connection, reads the answer and
// goes. It returns the answer's octets.
func askOnce(t *testing.T, r *rig, method, address, lines, content string) string {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "%s http://%s/ HTTP/1.1\r\nHost: %s\r\n%s\r\n%s", method, address, address, lines, content)
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status + " " + string(b)
}

// idleOrigins waits until no client is connected and n connections to origin
// servers are open.
func (r *rig) idleOrigins(n int64) {
	r.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		s := r.Proxy.Stats()
		if s.ClientsOpen == 0 && s.OriginsOpen == n {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%+v, want %d connections to origin servers", s, n)
		}
	}
}

func sharing(c *proxy.Config) { c.ShareConnections = true }

// TestShareConnections has clients of one request each: they share a connection
// where that is asked for, and only then.
func TestShareConnections(t *testing.T) {
	noLeaks(t)
	for _, shared := range []bool{false, true} {
		r := newRig(t, func(c *proxy.Config) { c.ShareConnections = shared })
		address, connections := knowingOrigin(t, "")
		for range 5 {
			if got := askOnce(t, r, "GET", address, "", ""); got != "200 OK hello " {
				t.Fatalf("%q", got)
			}
			r.idleOrigins(map[bool]int64{true: 1}[shared])
		}
		if want := map[bool]int64{false: 5, true: 1}[shared]; connections.Load() != want {
			t.Errorf("shared %v: %d connections, want %d", shared, connections.Load(), want)
		}
		if want := map[bool]int64{true: 4}[shared]; r.Proxy.Stats().OriginsShared != want {
			t.Errorf("%+v", r.Proxy.Stats())
		}
	}
}

// knowingOrigin binds a login to its connection as loginOrigin does, and answers
// 200 to strangers; it sends lines with each answer.
func knowingOrigin(t *testing.T, lines string) (address string, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	address = serveConns(t, func(c net.Conn) {
		connections.Add(1)
		br, user := bufio.NewReader(c), ""
		for {
			req, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "X-My-Token"} {
				user += req.Header.Get(name)
			}
			body := "hello " + user
			if req.Method == "HEAD" {
				body = ""
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", lines, len(body), body)
		}
	})
	return address, connections
}

// serveConns serves each connection with a function, and closes it then.
func serveConns(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

// TestCredentialsAreNotShared: whatever says who a client is keeps its connection
// from others, and others' from it; so does a challenge.
func TestCredentialsAreNotShared(t *testing.T) {
	noLeaks(t)
	for _, line := range []string{
		"Authorization: NTLM alice\r\n", "authorization: Negotiate alice\r\n", "Cookie: alice\r\n", "Proxy-Connection: keep-alive\r\n",
		"Proxy-Odd: alice\r\n", "X-Api-Key: alice\r\n", "X-My-Token: alice\r\n",
	} {
		r := newRig(t, sharing)
		address, connections := knowingOrigin(t, "")
		askOnce(t, r, "GET", address, line, "") // has its own, and takes it with it
		r.idleOrigins(0)
		if got := askOnce(t, r, "GET", address, "", ""); got != "200 OK hello " {
			t.Errorf("after %q a stranger gets %q", line, got)
		}
		r.idleOrigins(1)
		askOnce(t, r, "GET", address, line, "") // does not take the stranger's
		r.idleOrigins(1)
		if n := connections.Load(); n != 3 {
			t.Errorf("%q: %d connections", line, n)
		}
	}
	for _, challenge := range []string{"WWW-Authenticate: NTLM\r\n", "www-authenticate: Negotiate abc\r\n", "Authentication-Info: x=y\r\n"} {
		r := newRig(t, sharing)
		address, connections := knowingOrigin(t, challenge)
		for range 2 {
			askOnce(t, r, "GET", address, "", "")
			r.idleOrigins(0)
		}
		if n := connections.Load(); n != 2 {
			t.Errorf("%q: %d connections", challenge, n)
		}
	}
}

// TestSharedConnectionThatEnds: a client never sees that the connection of another
// has ended, whatever its method, and what cannot be repeated is not sent on one.
func TestSharedConnectionThatEnds(t *testing.T) {
	noLeaks(t)
	var answered atomic.Int64
	address := serveConns(t, func(c net.Conn) { // answers the first request and ends with the second
		br := bufio.NewReader(c)
		for n := range 2 {
			req, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			if n == 0 {
				answered.Add(1)
				_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
			}
		}
	})
	r := newRig(t, sharing)
	methods := []string{"GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "DELETE", "PATCH", "BREW"}
	for i, method := range methods {
		for range 2 {
			if got := askOnce(t, r, method, address, "Content-Length: 0\r\n", ""); !strings.HasPrefix(got, "204 ") {
				t.Errorf("%s %d: %q", method, i, got)
			}
		}
	}
	if n := answered.Load(); n != int64(2*len(methods)) {
		t.Errorf("%d answers", n)
	}
	for _, x := range r.wait(2 * len(methods)) {
		if x.Err != nil || x.Response.Status != 204 {
			t.Errorf("record:\n%s", x.Format())
		}
	}
}

// TestSharedConnectionThatWasEnded: those that their server ends while they wait
// are closed, and none stays when the proxy stops.
func TestSharedConnectionThatWasEnded(t *testing.T) {
	noLeaks(t)
	end := make(chan struct{})
	address := serveConns(t, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
		<-end
	})
	r := newRig(t, sharing)
	askOnce(t, r, "GET", address, "", "")
	r.idleOrigins(1)
	close(end)
	r.idleOrigins(0)
}
