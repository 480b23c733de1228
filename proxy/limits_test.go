//go:build unix

package proxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/exchange"
	"sidenote/proxy"
)

// TestFaultExhausted has the system give no more descriptors: that is said to be
// sidenote's own limit, and nobody else's fault.
func TestFaultExhausted(t *testing.T) {
	s := newSite(t)
	port := s.listen(serveScripts(nil))
	r := newRig(t, nil)
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	br := bufio.NewReader(c)
	ask := func() *http.Response {
		t.Helper()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprintf(c, "GET http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", port, port)
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp
	}
	fmt.Fprintf(c, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n", r.Addr, r.Addr) // the connection is accepted
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	var had syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &had); err != nil {
		t.Fatal(err)
	}
	none := had
	none.Cur = uint64(lowestFree(t))
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	resp = ask()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &had); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 503 {
		t.Errorf("the client got %s", resp.Status)
	}
	x := r.wait(1)[0]
	keepRecord(t, x)
	if x.Err == nil || x.Err.Code != exchange.ErrExhausted || !strings.Contains(x.Err.Detail, "too many open files") {
		t.Errorf("record:\n%s", x.Format())
	}
	if resp := ask(); resp.StatusCode != 404 { // and it goes on
		t.Errorf("then the client got %s", resp.Status)
	}
}

// lowestFree is the lowest number of a descriptor that is free.
func lowestFree(t *testing.T) int {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return int(f.Fd())
}

// TestFaultSlowRequest has clients that stop in the middle of a request: they get
// 408, and a record each.
func TestFaultSlowRequest(t *testing.T) {
	noLeaks(t)
	const limit = 200 * time.Millisecond
	s := newSite(t)
	port := s.listen(serveScripts(map[string]script{"/": hold}))
	for _, c := range []struct{ name, request string }{
		{"line", "GET http://origin.test/"},
		{"fields", "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\nX-A"},
		{"body", "POST http://127.0.0.1:" + port + "/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nfour"},
		{"chunks", "POST http://127.0.0.1:" + port + "/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &faultRig{rig: newRig(t, func(pc *proxy.Config) { pc.ClientHeadTimeout, pc.BodyTimeout = limit, limit })}
			start := time.Now()
			got := r.raw(t, c.request)
			if took := time.Since(start); took < limit || took > limit+2*time.Second {
				t.Errorf("it took %v", took)
			}
			if !strings.HasPrefix(got, "HTTP/1.1 408 ") || !strings.Contains(got, "Connection: close\r\n") {
				t.Errorf("the client got %q", got)
			}
			x := r.wait(1)[0]
			keepRecord(t, x)
			if x.Err == nil || x.Err.Code != exchange.ErrRequestTimeout || x.Request.Method == "" {
				t.Errorf("record:\n%s", x.Format())
			}
		})
	}
}

// TestMaxClients has more clients than there is room for: those that are idle
// make room, and where none is, the client gets 503.
func TestMaxClients(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	port := s.listen(serveScripts(map[string]script{"/hold": hold, "/": answer("HTTP/1.1 204 No Content\r\n\r\n", hold)}))
	var limited atomic.Int64
	r := newRig(t, func(c *proxy.Config) {
		c.MaxClients = 3
		c.Hooks.Limited = func(l proxy.Limit, _ error) {
			if l == proxy.LimitClients {
				limited.Add(1)
			}
		}
	})
	inFlight := func(want int64) {
		t.Helper()
		for deadline := time.Now().Add(5 * time.Second); r.Proxy.Stats().InFlight != want; {
			if time.Now().After(deadline) {
				t.Fatalf("%+v, want %d in flight", r.Proxy.Stats(), want)
			}
			time.Sleep(time.Millisecond)
		}
	}
	dial := func() (net.Conn, string) {
		t.Helper()
		c, err := net.Dial("tcp", r.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprintf(c, "GET http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", port)
		line, _ := bufio.NewReader(c).ReadString('\n')
		inFlight(0)
		return c, line
	}
	oldest, _ := dial()
	for range 2 {
		if _, line := dial(); !strings.Contains(line, " 204 ") {
			t.Fatalf("%q", line)
		}
	}
	if _, line := dial(); !strings.Contains(line, " 204 ") || limited.Load() == 0 {
		t.Errorf("the fourth got %q; %d times limited", line, limited.Load())
	}
	if _, err := io.Copy(io.Discard, oldest); err != nil {
		t.Errorf("the oldest: %v", err)
	}
	inFlight(0)
	for held := range 3 {
		c, err := net.Dial("tcp", r.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "GET http://127.0.0.1:%s/hold HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", port)
		inFlight(int64(held + 1))
	}
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if line, _ := bufio.NewReader(c).ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 503 ") {
		t.Errorf("where all are busy, a client gets %q", line)
	}
}

// TestIdleClientsMakeRoom: of whatever kind an idle connection is, it makes room for
// a new client; one that carries an exchange does not.
func TestIdleClientsMakeRoom(t *testing.T) {
	noLeaks(t)
	r, authority := newH2Origin(t, func(c *proxy.Config) { c.MaxClients = 2 }, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		if q.URL.Path == "/held" {
			_ = http.NewResponseController(w).Flush()
			<-q.Context().Done()
		}
	})
	full := func() {
		t.Helper()
		for deadline := time.Now().Add(5 * time.Second); r.Proxy.Stats().ClientsOpen != 2; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%+v", r.Proxy.Stats())
			}
		}
	}
	ends := func(f *http2.Framer) {
		t.Helper()
		for {
			if _, err := f.ReadFrame(); err != nil {
				return
			}
		}
	}
	request := func(f *http2.Framer, enc *hpack.Encoder, block *bytes.Buffer, path string) {
		t.Helper()
		ask(f, enc, block, 1, true, ":method", "GET", ":scheme", "https", ":authority", originName, ":path", path)
		next[*http2.MetaHeadersFrame](t, f)
	}
	held, enc, block := r.openH2(authority, originName)
	request(held, enc, block, "/held")
	idle, enc, block := r.openH2(authority, originName)
	request(idle, enc, block, "/")
	r.wait(1)
	full()
	// A client that asked and is idle makes room for another one on HTTP/2.
	begun, _, _ := r.openH2(authority, originName)
	next[*http2.SettingsFrame](t, begun)
	ends(idle)
	full()
	// One that has asked nothing makes room too, for one that asks in clear.
	plain, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	ends(begun)
	fmt.Fprintf(plain, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", r.Addr)
	if line, _ := bufio.NewReader(plain).ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 200 ") {
		t.Errorf("the new client got %q", line)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) { // the exchange that is held goes on
		s := r.Proxy.Stats()
		if s.FullClients > 0 && s.InFlight == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", s)
		}
	}
}
