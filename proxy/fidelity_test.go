package proxy_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sidenote/exchange"
)

// dialRig connects to the proxy.
func dialRig(t *testing.T, r *rig) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	return c, bufio.NewReader(c)
}

// readHead reads a head from a connection.
func readHead(br *bufio.Reader) (head string, err error) {
	for {
		line, err := br.ReadString('\n')
		head += line
		if err != nil || line == "\r\n" {
			return head, err
		}
	}
}

// TestConnectionsStayWithTheirClient has an origin server bind a login to the
// connection, as NTLM does: the client that logged in keeps it, and no other has it.
func TestConnectionsStayWithTheirClient(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	port := s.listen(func(c net.Conn) {
		br := bufio.NewReader(c)
		who := ""
		for {
			q, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			if a := q.Header.Get("Authorization"); a != "" {
				who = a
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nhello %s", len("hello ")+len(who), who)
		}
	})
	r := newRig(t, nil)
	ask := func(c net.Conn, br *bufio.Reader, field string) string {
		t.Helper()
		fmt.Fprintf(c, "GET http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n%s\r\n", port, port, field)
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	alice, aliceReads := dialRig(t, r)
	bob, bobReads := dialRig(t, r)
	ask(alice, aliceReads, "Authorization: alice\r\n")
	if got := ask(bob, bobReads, ""); got != "hello " {
		t.Errorf("bob got %q", got)
	}
	for range 3 {
		if got := ask(alice, aliceReads, ""); got != "hello alice" {
			t.Errorf("alice got %q", got)
		}
	}
}

// TestClosedWithoutSayingSo has an origin server close after each answer without
// saying so. Every request of a fresh connection is answered, and a connection
// that is kept is closed when the origin server's is.
func TestClosedWithoutSayingSo(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond} {
		port := s.listen(func(c net.Conn) {
			if q, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.Copy(io.Discard, q.Body)
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				time.Sleep(after)
			}
		})
		r := newRig(t, nil)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			for range 10 {
				c, br := dialRig(t, r)
				fmt.Fprintf(c, "%s http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc", method, port)
				head, err := readHead(br)
				if err != nil || !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") {
					t.Fatalf("%s after %v: %q, %v", method, after, head, err)
				}
				if _, err := io.Copy(io.Discard, br); err != nil {
					t.Errorf("%s after %v: the connection ended with %v", method, after, err)
				}
				c.Close()
			}
		}
	}
}

// TestEarlyAnswers has an origin server answer and close while the content is
// still being sent: the answer arrives.
func TestEarlyAnswers(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	port := s.listen(func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
		}
	})
	r := newRig(t, nil)
	for _, size := range []int{10 << 10, 100 << 10, 1 << 20} {
		for n := range 10 {
			c, br := dialRig(t, r)
			fmt.Fprintf(c, "POST http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n", port, size)
			go func() { _, _ = c.Write(make([]byte, size)) }()
			resp, err := http.ReadResponse(br, nil)
			if err != nil || resp.StatusCode != 413 {
				t.Fatalf("%d octets, attempt %d: %v, %v", size, n, resp, err)
			}
			if b, err := io.ReadAll(resp.Body); string(b) != "no" || err != nil {
				t.Errorf("%q, %v", b, err)
			}
			c.Close()
		}
	}
}

// TestExpectIsTheOrigins has an origin server refuse Expect, whatever it says:
// nobody else sends a 100.
func TestExpectIsTheOrigins(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	got := make(chan string, 10)
	port := s.listen(func(c net.Conn) {
		br := bufio.NewReader(c)
		head, err := readHead(br)
		if err != nil {
			return
		}
		got <- head
		time.Sleep(30 * time.Millisecond)
		_, _ = io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
	})
	r := newRig(t, nil)
	for _, expect := range []string{"100-continue", "something", "100-Continue, more"} {
		c, br := dialRig(t, r)
		fmt.Fprintf(c, "PUT http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: %s\r\nContent-Length: 20000000\r\n\r\n", port, expect)
		head, err := readHead(br)
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 401 ") {
			t.Errorf("%s: %q, %v", expect, head, err)
		}
		if h := <-got; !strings.Contains(h, "Expect: "+expect+"\r\n") {
			t.Errorf("%s: the origin server got %q", expect, h)
		}
		c.Close()
	}
}

// TestHalfClosedClients end their half of the connection with the request, and
// are answered when the answer comes.
func TestHalfClosedClients(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	ended := make(chan error, 10)
	port := s.listen(func(c net.Conn) {
		br := bufio.NewReader(c)
		q, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, q.Body)
		_, err = br.ReadByte()
		ended <- err
		time.Sleep(100 * time.Millisecond)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
	})
	r := newRig(t, nil)
	for _, content := range []string{"", "abc"} {
		c, br := dialRig(t, r)
		fmt.Fprintf(c, "POST http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s", port, len(content), content)
		_ = c.(*net.TCPConn).CloseWrite()
		b, err := io.ReadAll(br)
		if !strings.HasSuffix(string(b), "\r\n\r\nlate") || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if err := <-ended; err != io.EOF {
			t.Errorf("the origin server read %v", err)
		}
	}
	for _, x := range r.wait(2) {
		if x.Err != nil {
			t.Errorf("record:\n%s", x.Format())
		}
	}
}

// TestGoneClient resets its connection while it waits: the origin server's ends.
func TestGoneClient(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	ended := make(chan struct{}, 1)
	port := s.listen(func(c net.Conn) {
		_, _ = io.Copy(io.Discard, c)
		ended <- struct{}{}
	})
	r := newRig(t, nil)
	c, _ := dialRig(t, r)
	fmt.Fprintf(c, "GET http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", port)
	for r.Proxy.Stats().OriginsOpen == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(30 * time.Millisecond)
	reset(c)
	<-ended
	if x := r.wait(1)[0]; x.Err == nil || x.Err.Code != exchange.ErrClientGone {
		t.Errorf("record:\n%s", x.Format())
	}
}

// TestExcess sends more than was announced: it is recorded, not passed on, and
// ends the connection.
func TestExcess(t *testing.T) {
	noLeaks(t)
	for _, c := range []struct {
		name, method, response string
		size                   int64
	}{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello world", 11},
		{"empty", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nworld", 5},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\nhello", 5},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\n\r\nhello", 5},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			port := s.listen(serveScripts(map[string]script{"/": answer(c.response, hold)}))
			r := newRig(t, nil)
			conn, br := dialRig(t, r)
			fmt.Fprintf(conn, "%s http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", c.method, port)
			head, err := readHead(br)
			if err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(br)
			if err != nil || strings.Contains(string(rest), "world") || !strings.Contains(head, "HTTP/1.1 ") {
				t.Errorf("%q %q, %v", head, rest, err)
			}
			if x := r.wait(1)[0]; x.Response.Content.Size != c.size || x.Err != nil {
				t.Errorf("record:\n%s", x.Format())
			}
		})
	}
}

// TestKeptConnectionDies has the origin server close a connection that was used
// before on the next request: the client sees that, and no page.
func TestKeptConnectionDies(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	port := s.listen(func(c net.Conn) {
		br := bufio.NewReader(c)
		if _, err := readHead(br); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			_, _ = readHead(br)
		}
	})
	r := newRig(t, nil)
	c, br := dialRig(t, r)
	request := fmt.Sprintf("GET http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", port)
	_, _ = io.WriteString(c, request)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_, _ = io.WriteString(c, request)
	if b, err := io.ReadAll(br); len(b) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, %v", b, err)
	}
	x := r.wait(2)[1]
	if x.Err == nil || x.Err.Code != exchange.ErrClosedBeforeHead || x.Response.Status != 0 {
		t.Errorf("record:\n%s", x.Format())
	}
}

// TestIdleConnectionsEndTogether has the origin server close a connection that
// waits: the client's ends too.
func TestIdleConnectionsEndTogether(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	port := s.listen(func(c net.Conn) {
		if _, err := readHead(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			time.Sleep(60 * time.Millisecond)
		}
	})
	r := newRig(t, nil)
	c, br := dialRig(t, r)
	fmt.Fprintf(c, "GET http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", port)
	if b, err := io.ReadAll(br); !strings.HasSuffix(string(b), "ok") || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestPipelines sends requests of every kind at once, in many orders: answers come
// in theirs, each with its own 1xx.
func TestPipelines(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	answers := map[string]string{
		"GET":     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-For: GET\r\n\r\nget",
		"HEAD":    "HTTP/1.1 200 OK\r\nContent-Length: 77\r\nX-For: HEAD\r\n\r\n",
		"OPTIONS": "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\nX-For: OPTIONS\r\n\r\n",
		"POST":    "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\npost\r\n0\r\nX-T: 1\r\n\r\n",
		"DELETE":  "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
	}
	port := s.listen(func(c net.Conn) {
		br := bufio.NewReader(c)
		for {
			q, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, q.Body)
			_, _ = io.WriteString(c, answers[q.Method])
		}
	})
	r := newRig(t, nil)
	methods := []string{"GET", "HEAD", "OPTIONS", "POST", "DELETE"}
	for n := range 60 {
		var request, want bytes.Buffer
		for i, k := 0, n; i < len(methods); i++ {
			m := methods[(k+i*(1+n%4))%len(methods)]
			content := "\r\n"
			if m == "POST" {
				content = "Content-Length: 5\r\n\r\nhello"
			}
			fmt.Fprintf(&request, "%s http://127.0.0.1:%s/ HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", m, port, content)
			want.WriteString(answers[m])
		}
		c, br := dialRig(t, r)
		_, _ = c.Write(request.Bytes())
		got := make([]byte, want.Len())
		if _, err := io.ReadFull(br, got); err != nil || string(got) != want.String() {
			t.Fatalf("%d: got %q, %v\nwant %q", n, got, err, want.String())
		}
		c.Close()
	}
}

// TestSmuggling refuses what could be read in two ways, and nothing of it reaches
// the origin server.
func TestSmuggling(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	var asked atomic.Int64
	port := s.listen(func(c net.Conn) {
		if n, _ := c.Read(make([]byte, 1)); n > 0 {
			asked.Add(1)
		}
	})
	r := newRig(t, nil)
	target := "POST http://127.0.0.1:" + port + "/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	for _, fields := range []string{
		"Content-Length: 3\r\nContent-Length: 5\r\n", "Content-Length: 3, 5\r\n", "Content-Length: +3\r\n", "Content-Length: -3\r\n", "Content-Length: 0x3\r\n",
		"Content-Length: 3 3\r\n", "Content-Length:\r\n", "Content-Length: 30000000000000000000000\r\n", "Content-Length : 3\r\n", "Content-Length: 3\x0b\r\n",
		"Content-Length:\r\n 3\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: gzip\r\n",
		"Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding : chunked\r\n", "Transfer-Encoding: \x0bchunked\r\n", "Transfer-Encoding: chunked;x\r\n", "Transfer-Encoding: identity\r\n",
		"Transfer-Encoding:\r\n", "X: a\rTransfer-Encoding: chunked\r\n", "X: a\x00b\r\n", "X\x00: a\r\n", " X: a\r\n", "Host: other\r\n", "X Y: a\r\n", ": a\r\n", "no colon\r\n",
	} {
		c, br := dialRig(t, r)
		_, _ = io.WriteString(c, target+fields+"\r\nabc")
		head, err := readHead(br)
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 400 ") || !strings.Contains(head, "Connection: close\r\n") {
			t.Errorf("%q: %q, %v", fields, head, err)
		}
		c.Close()
	}
	for _, chunks := range []string{"\"3\"\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "-3\r\nabc", "3\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "10000000000000003\r\nabc", "3;a\rb\r\nabc\r\n0\r\n\r\n"} {
		c, br := dialRig(t, r)
		_, _ = io.WriteString(c, strings.Replace(target, "HTTP/1.1\r\n", "HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 1)+"\r\n"+chunks)
		head, err := readHead(br)
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 400 ") {
			t.Errorf("chunks %q: %q, %v", chunks, head, err)
		}
		c.Close()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.records {
		if x.Err == nil || x.Err.Code != exchange.ErrRequestMalformed || x.Err.Detail == "" {
			t.Errorf("record:\n%s", x.Format())
		}
	}
}

// TestLastWords has an origin server send and close while the client still sends.
func TestLastWords(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	port := s.listen(func(c net.Conn) {
		_, _ = c.Read(make([]byte, 10))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast")
	})
	r := newRig(t, nil)
	var wg sync.WaitGroup
	for _, first := range []string{
		"POST http://127.0.0.1:" + port + "/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"CONNECT 127.0.0.1:" + port + " HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		for range 20 {
			c, br := dialRig(t, r)
			_, _ = io.WriteString(c, first)
			if strings.HasPrefix(first, "CONNECT") {
				if _, err := readHead(br); err != nil {
					t.Fatal(err)
				}
				_, _ = io.WriteString(c, "\x00\x01 no HTTP")
			}
			wg.Go(func() {
				for range 50 {
					if _, err := c.Write([]byte("400\r\n" + strings.Repeat("x", 1024) + "\r\n")); err != nil {
						return
					}
				}
			})
			b, _ := io.ReadAll(br)
			if !strings.HasSuffix(string(b), "last") {
				t.Errorf("%.8s: %q", first, b)
			}
			c.Close()
			wg.Wait()
		}
	}
}
