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

	"sidenote/exchange"
	"sidenote/proxy"
)

// onStages runs a test on each kind of route, with an origin server that serves
// each of its connections by a function. open connects a client to it, through the
// proxy; target is what goes before a path.
func onStages(t *testing.T, change func(*proxy.Config), serve func(net.Conn), test func(t *testing.T, r *rig, open func() (c net.Conn, target string))) {
	for _, on := range stages() {
		t.Run(on.name, func(t *testing.T) {
			noLeaks(t)
			r := newRig(t, func(c *proxy.Config) {
				c.Insecure = func(string) bool { return true }
				if change != nil {
					change(c)
				}
			})
			address := serveSecurely(t, r, on.secure, serve)
			test(t, r, func() (net.Conn, string) {
				c, target := on.open(t, r, address)
				t.Cleanup(func() { cutOff(c) })
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				return c, target
			})
		})
	}
}

// cutOff closes a connection without waiting for the other end.
func cutOff(c net.Conn) { (&actor{Conn: c}).abort() }

// serveSecurely is serveConns, over TLS where that is asked for.
func serveSecurely(t *testing.T, r *rig, secure bool, serve func(net.Conn)) (address string) {
	t.Helper()
	if !secure {
		return serveConns(t, serve)
	}
	config := leafConfig(t, r)
	return serveConns(t, func(c net.Conn) {
		s := tlsServer(c, config)
		defer s.Close()
		serve(s)
	})
}

// large is more than the buffers of two connections hold.
const large = 32 << 20

// TestClientThatNeverReads: a client that asks and does not read the answer is cut
// off when its time is over, and the record says so.
func TestClientThatNeverReads(t *testing.T) {
	const limit = 200 * time.Millisecond
	var told atomic.Int64
	onStages(t, func(c *proxy.Config) {
		c.ClientWriteTimeout = limit
		told.Store(0)
		c.Hooks.Limited = func(l proxy.Limit, _ error) {
			if l == proxy.LimitClientWrite {
				told.Add(1)
			}
		}
	}, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", large)
			_, _ = io.Copy(c, io.LimitReader(zeros{}, large))
		}
	}, func(t *testing.T, r *rig, open func() (net.Conn, string)) {
		c, target := open()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: x\r\n\r\n", target)
		x := r.wait(1)[0]
		if x.Err == nil || x.Err.Code != exchange.ErrDeliveryTimeout || x.Response.Status != 200 || x.Timing.Done < limit {
			t.Errorf("record:\n%s", x.Format())
		}
		if told.Load() != 1 || r.Proxy.Stats().UnreadClients != 1 {
			t.Errorf("told %d times; %+v", told.Load(), r.Proxy.Stats())
		}
		if n, err := io.Copy(io.Discard, c); err == nil && n >= large {
			t.Errorf("the client could read on: %d, %v", n, err)
		}
	})
}

// TestClientThatReadsSlowly: a client that reads a little in each stretch of time
// gets all of it.
func TestClientThatReadsSlowly(t *testing.T) {
	const size = 2 << 20
	onStages(t, func(c *proxy.Config) { c.ClientWriteTimeout = 10 * time.Second }, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
			_, _ = io.Copy(c, io.LimitReader(zeros{}, size))
		}
	}, func(t *testing.T, r *rig, open func() (net.Conn, string)) {
		c, target := open()
		fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: x\r\n\r\n", target)
		b, got := make([]byte, 64<<10), 0
		br := bufio.NewReader(c)
		if _, err := readHead(br); err != nil {
			t.Fatal(err)
		}
		for got < size {
			n, err := br.Read(b)
			if got += n; err != nil {
				t.Fatalf("after %d: %v", got, err)
			}
			time.Sleep(time.Millisecond)
		}
		if x := r.wait(1)[0]; x.Err != nil {
			t.Errorf("record:\n%s", x.Format())
		}
	})
}

// TestOriginThatNeverReads: an origin server that accepts a request and does not
// read it is given up when its time is over; the client gets 504.
func TestOriginThatNeverReads(t *testing.T) {
	const limit = 200 * time.Millisecond
	for _, content := range []string{
		fmt.Sprintf("Content-Length: %d\r\n\r\n", large),
		fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", large),
	} {
		held := make(chan struct{}, 1)
		onStages(t, func(c *proxy.Config) { c.OriginWriteTimeout = limit }, func(c net.Conn) {
			b := make([]byte, 1)
			_, _ = c.Read(b) // TLS is agreed on
			<-held
		}, func(t *testing.T, r *rig, open func() (net.Conn, string)) {
			defer func() { held <- struct{}{} }()
			c, target := open()
			fmt.Fprintf(c, "POST %s/ HTTP/1.1\r\nHost: x\r\n%s", target, content)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				_, _ = io.Copy(c, io.LimitReader(zeros{}, large))
			}()
			line, _ := bufio.NewReader(c).ReadString('\n')
			if !strings.HasPrefix(line, "HTTP/1.1 504 ") {
				t.Errorf("the client got %q", line)
			}
			x := r.wait(1)[0]
			if x.Err == nil || x.Err.Code != exchange.ErrSendTimeout || x.Timing.Done < limit || r.Proxy.Stats().UnreadOrigins != 1 {
				t.Errorf("%+v; record:\n%s", r.Proxy.Stats(), x.Format())
			}
			cutOff(c)
			<-sent
		})
	}
}

// TestSlowBody: request content that comes in small pieces is cut off where a rate
// is asked for, and only there.
func TestSlowBody(t *testing.T) {
	const limit = 150 * time.Millisecond
	for _, rate := range []int64{0, 1 << 20} {
		onStages(t, func(c *proxy.Config) {
			if c.BodyTimeout, c.BodyRate = limit, rate; rate == 0 {
				c.BodyTimeout = 10 * time.Second
			}
		}, func(c net.Conn) {
			br := bufio.NewReader(c)
			for {
				q, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				if _, err := io.Copy(io.Discard, q.Body); err != nil {
					return
				}
				fmt.Fprint(c, "HTTP/1.1 204 No Content\r\n\r\n")
			}
		}, func(t *testing.T, r *rig, open func() (net.Conn, string)) {
			c, target := open()
			began := time.Now()
			fmt.Fprintf(c, "POST %s/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", target)
			go func() {
				for range 100 {
					if _, err := c.Write([]byte("x")); err != nil {
						return
					}
					time.Sleep(3 * limit / 100)
				}
			}()
			line, _ := bufio.NewReader(c).ReadString('\n')
			want := map[bool]string{false: "HTTP/1.1 204 ", true: "HTTP/1.1 408 "}[rate > 0]
			if !strings.HasPrefix(line, want) || time.Since(began) < limit {
				t.Errorf("rate %d: the client got %q after %v", rate, line, time.Since(began))
			}
			if got := r.Proxy.Stats().SlowBodies; got != map[bool]int64{true: 1}[rate > 0] {
				t.Errorf("counted %d", got)
			}
		})
	}
}
