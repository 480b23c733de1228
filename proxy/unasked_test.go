package proxy_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
)

// TestUnaskedOctets: what an origin server sends beyond the end of a response is
// never the client's next response, whenever it comes. It is recorded, with that
// response or by itself, and ends the connection.
func TestUnaskedOctets(t *testing.T) {
	const smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	for _, c := range []struct{ name, method, response string }{
		{"longer than Content-Length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		{"after no content", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"after 204", "GET", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"after 304", "GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"},
		{"after HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{"after HEAD of chunks", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"after chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		{"after trailers", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n"},
		{"after OPTIONS", "OPTIONS", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"after PUT", "PUT", "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"},
	} {
		for _, when := range []string{"at once", "later"} {
			t.Run(c.name+" "+when, func(t *testing.T) {
				more := make(chan struct{}, 1)
				onStages(t, nil, func(o net.Conn) {
					br := bufio.NewReader(o)
					for {
						q, err := http.ReadRequest(br)
						if err != nil {
							return
						}
						_, _ = io.Copy(io.Discard, q.Body)
						if q.URL.Path != "/1" {
							fmt.Fprint(o, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
							continue
						}
						if when == "at once" {
							fmt.Fprint(o, c.response+smuggled)
							continue
						}
						fmt.Fprint(o, c.response)
						<-more
						fmt.Fprint(o, smuggled)
					}
				}, func(t *testing.T, r *rig, open func() (net.Conn, string)) {
					conn, target := open()
					br := bufio.NewReader(conn)
					fmt.Fprintf(conn, "%s %s/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", c.method, target)
					resp, err := http.ReadResponse(br, &http.Request{Method: c.method})
					if err != nil {
						t.Fatal(err)
					}
					if _, err := io.Copy(io.Discard, resp.Body); err != nil {
						t.Fatal(err)
					}
					r.wait(1)
					if when == "later" {
						more <- struct{}{}
						r.wait(2)
					}
					fmt.Fprintf(conn, "GET %s/2 HTTP/1.1\r\nHost: x\r\n\r\n", target)
					resp, err = http.ReadResponse(br, nil) // the connection has ended, or a new one to the origin server serves it
					if err == nil {
						if b, _ := io.ReadAll(resp.Body); string(b) != "good" {
							t.Errorf("the client then got %q", b)
						}
					} else if !isEndOf(err) {
						t.Errorf("the client's connection: %v", err)
					}
					checkUnasked(t, r, len(smuggled))
				})
			})
		}
	}
}

// checkUnasked waits until the octets are recorded: with the first exchange, or by
// themselves.
func checkUnasked(t *testing.T, r *rig, size int) {
	t.Helper()
	first := r.wait(1)[0]
	if strings.Contains(string(first.Response.Content.Kept), "evil") {
		return
	}
	var found, before *exchange.Exchange
	for _, x := range r.wait(2) {
		switch {
		case x.Err != nil && x.Err.Code == exchange.ErrUnasked:
			found = x
		case before == nil:
			before = x
		}
	}
	if found == nil || before == nil || !strings.Contains(found.Err.Detail, fmt.Sprintf("%d bytes", size)) ||
		!strings.Contains(found.Err.Detail, before.ID) || !strings.Contains(found.Err.Detail, "evil") {
		for _, x := range r.wait(2) {
			t.Errorf("record:\n%s", x.Format())
		}
	}
}

func isEndOf(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// TestUnaskedBetweenClients: what comes on a connection that is shared, while it
// waits, never reaches another client.
func TestUnaskedBetweenClients(t *testing.T) {
	noLeaks(t)
	more := make(chan struct{})
	address := serveConns(t, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
		<-more
		fmt.Fprint(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		<-more
	})
	r := newRig(t, func(c *proxy.Config) { sharing(c) })
	if got := askOnce(t, r, "GET", address, "", ""); got != "200 OK good" {
		t.Fatalf("%q", got)
	}
	r.idleOrigins(1)
	more <- struct{}{}
	r.idleOrigins(0) // swept
	if got := askOnce(t, r, "GET", address, "", ""); got != "200 OK good" {
		t.Errorf("%q", got)
	}
	close(more)
	var unasked int
	for deadline := time.Now().Add(5 * time.Second); unasked == 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, x := range r.wait(2) {
			if x.Err != nil && x.Err.Code == exchange.ErrUnasked {
				unasked++
			}
		}
	}
	if unasked != 1 {
		t.Errorf("%d records of what came unasked", unasked)
	}
}
