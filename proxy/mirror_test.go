package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// loginOrigin binds a login to the connection that it came on, as NTLM and
// Negotiate do: who has said a password is known until the connection ends.
func loginOrigin(t *testing.T) (address string, connections *atomic.Int64) {
	t.Helper()
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	connections = new(atomic.Int64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer c.Close()
				br, user := bufio.NewReader(c), ""
				for {
					r, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					io.Copy(io.Discard, r.Body)
					if a := r.Header.Get("Authorization"); a != "" {
						user = strings.TrimPrefix(a, "NTLM ")
					}
					status, body := "200 OK", "hello "+user
					if user == "" {
						status, body = "401 Unauthorized", "who are you?"
					}
					fmt.Fprintf(c, "HTTP/1.1 %s\r\nWWW-Authenticate: NTLM\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
				}
			}()
		}
	}()
	return l.Addr().String(), connections
}

// TestLoginStaysWithItsConnection: what one client said of itself is never said
// of another, whatever came before on which connection.
func TestLoginStaysWithItsConnection(t *testing.T) {
	for _, tunnelled := range []bool{false, true} {
		t.Run(fmt.Sprintf("tunnelled %v", tunnelled), func(t *testing.T) {
			r := newRig(t, nil)
			address, _ := loginOrigin(t)
			ask := func(c net.Conn, br *bufio.Reader, target, lines string) string {
				fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, address, lines)
				resp, err := http.ReadResponse(br, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				return string(body)
			}
			{
				open := func() (net.Conn, *bufio.Reader, string) {
					c, err := net.Dial("tcp", r.Addr)
					if err != nil {
						t.Fatal(err)
					}
					br := bufio.NewReader(c)
					if !tunnelled {
						return c, br, "http://" + address
					}
					fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address)
					if resp, err := http.ReadResponse(br, &http.Request{Method: "CONNECT"}); err != nil || resp.StatusCode != 200 {
						t.Fatal(resp, err)
					}
					return c, br, ""
				}
				alice, aliceReader, target := open()
				if got := ask(alice, aliceReader, target, "Authorization: NTLM alice\r\n"); got != "hello alice" {
					t.Errorf("alice gets %q", got)
				}
				var wg sync.WaitGroup
				for range 20 {
					bob, bobReader, target := open()
					if got := ask(bob, bobReader, target, ""); got != "who are you?" {
						t.Errorf("a stranger gets %q", got)
					}
					wg.Go(func() { bob.Close() })
				}
				wg.Wait()
				if got := ask(alice, aliceReader, target, ""); got != "hello alice" {
					t.Errorf("alice, who is known on her connection, gets %q", got)
				}
				alice.Close()
			}
		})
	}
}

// TestClientsOfAnOriginThatCloses: each of many clients with one request gets
// its answer, whatever the method, though the origin server closes after each.
func TestClientsOfAnOriginThatCloses(t *testing.T) {
	for _, pause := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond} {
		r := newRig(t, nil)
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
					req, err := http.ReadRequest(bufio.NewReader(c))
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					time.Sleep(pause)
				}()
			}
		}()
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			for i := range 40 {
				c, err := net.Dial("tcp", r.Addr)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(c, "%s http://%s/%d HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\nabc", method, l.Addr(), i, l.Addr())
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil || resp.StatusCode != 200 {
					t.Errorf("%s %d, closed after %s: %v %v", method, i, pause, resp, err)
				}
				c.Close()
			}
		}
	}
}

// TestRequestThatCrossesAnEnd: a request that comes just after the origin server
// has ended a connection that waits is served, as a direct client, who knows of
// the end by then, would serve it to itself on a new connection.
func TestRequestThatCrossesAnEnd(t *testing.T) {
	r := newRig(t, nil)
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	ended := make(chan struct{}, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				req, err := http.ReadRequest(bufio.NewReader(c))
				if err == nil {
					io.Copy(io.Discard, req.Body)
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					time.Sleep(15 * time.Millisecond) // so that the connection is watched
				}
				c.Close()
				ended <- struct{}{}
			}()
		}
	}()
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	br := bufio.NewReader(c)
	for i := range 20 {
		fmt.Fprintf(c, "POST http://%s/%d HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\nabc", l.Addr(), i, l.Addr())
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		io.Copy(io.Discard, resp.Body)
		<-ended
		time.Sleep(time.Duration(i%4) * time.Millisecond)
	}
}

// TestNothingSmuggles: a request of which two readers could disagree where it
// ends is refused, and nothing of it reaches the origin server.
func TestNothingSmuggles(t *testing.T) {
	const next = "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, head := range []string{
		"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
		"Content-Length: 4\r\nContent-Length: 5\r\n",
		"Content-Length: 4, 5\r\n",
		"Content-Length: +4\r\n",
		"Content-Length: -4\r\n",
		"Content-Length: 0x4\r\n",
		"Content-Length: 4 4\r\n",
		"Content-Length:\r\n",
		"Content-Length: 4;x\r\n",
		"Content-Length: 18446744073709551620\r\n",
		"Content-Length : 4\r\n",
		"Content-Length\t: 4\r\n",
		" Content-Length: 4\r\n",
		"Transfer-Encoding : chunked\r\n",
		"Transfer-Encoding: xchunked\r\n",
		"Transfer-Encoding: chunked, identity\r\n",
		"Transfer-Encoding: chunked, chunked\r\n",
		"Transfer-Encoding: chunked;q=1\r\n",
		"Transfer-Encoding: \"chunked\"\r\n",
		"Transfer-Encoding:\r\n chunked\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
		"Transfer-Encoding: identity\r\n",
		"Transfer-Encoding: ch\x00unked\r\n",
		"Transfer-Encoding: \x0bchunked\r\n",
		"Transfer-Encoding: gzip\r\n",
		"X: a\rTransfer-Encoding: chunked\r\n",
		"X: a\x00b\r\n",
		"X\x00: a\r\n",
		"X y: a\r\n",
		": a\r\n",
		"no colon\r\n",
		"Host: other\r\n",
	} {
		for _, body := range []string{"0\r\n\r\n" + next, "4\r\nabcd\r\n0\r\n\r\n" + next} {
			t.Run(fmt.Sprintf("%q", head), func(t *testing.T) {
				seen := smuggle(t, "POST @/ HTTP/1.1\r\nHost: HOST\r\n"+head+"\r\n"+body)
				if folded := head[0] == ' '; folded && !strings.Contains(seen, "\n ") && !strings.Contains(seen, "Content-Length") {
					return // the line continues that of Host, and was not passed on so
				}
				if seen != "" {
					t.Errorf("the origin server got %q", seen)
				}
			})
		}
	}
	for _, body := range []string{
		"4\r\nabcde\r\n0\r\n\r\n", "-4\r\nabcd\r\n0\r\n\r\n", "0x4\r\nabcd\r\n0\r\n\r\n", "4\nabcd\n0\n\n",
		"ffffffffffffffff1\r\nabcd\r\n0\r\n\r\n", "g\r\nabcd\r\n0\r\n\r\n", "\r\nabcd\r\n0\r\n\r\n", "4\rabcd\r\n0\r\n\r\n", "4;\nabcd\r\n0\r\n\r\n",
	} {
		t.Run(fmt.Sprintf("chunk %q", body), func(t *testing.T) {
			seen := smuggle(t, "POST @/ HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n"+body+next)
			if strings.Contains(seen, "/admin") {
				t.Errorf("the origin server got %q", seen)
			}
		})
	}
}

// smuggle sends a request through the proxy, and returns what came of it at the
// origin server.
func smuggle(t *testing.T, request string) (seen string) {
	t.Helper()
	r := newRig(t, nil)
	l := listen(t)
	got := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(got)
				return
			}
			c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			b, _ := io.ReadAll(c)
			c.Close()
			got <- string(b)
		}
	}()
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request = strings.ReplaceAll(strings.ReplaceAll(request, "@/", "http://"+l.Addr().String()+"/"), "HOST", l.Addr().String())
	io.WriteString(c, request)
	c.SetReadDeadline(time.Now().Add(150 * time.Millisecond))
	answer, _ := io.ReadAll(c)
	time.Sleep(20 * time.Millisecond)
	l.Close()
	for s := range got {
		seen += s
	}
	if seen == "" && !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
		t.Errorf("the client got %.200q", answer)
	}
	if x := r.wait(1)[0]; x.Err == nil && seen == "" {
		t.Errorf("no record of the refusal:\n%s", x.Format())
	}
	return seen
}
