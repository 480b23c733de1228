package proxy_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestOctets compares every octet of odd messages, directly and through a proxy:
// what the client gets, and what the origin server does.
func TestOctets(t *testing.T) {
	noLeaks(t)
	responses := []string{
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nzip\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\ntransfer-encoding:Chunked\r\n\r\n0003;a=\"b c\"\r\nabc\r\n2\r\nde\r\n000\r\nx-sum:  7\r\nX-Late: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\n  c\r\nContent-Length:   2   \r\n\r\nok",
		"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\nX: a\nContent-Length: 2\n\nok",
		"HTTP/1.1 200\r\nX:\r\nY: \r\n\r\nuntil the end",
		"HTTP/1.0 200 Fine\r\nConnection: close\r\nX: \x01\r\n\r\nuntil the end",
		"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 100 Continue\r\nX-odd: 1\r\n\r\nHTTP/1.1 103 Hints\r\nlink: <a>\r\n\r\nHTTP/1.1 204 None\r\nConnection: Close\r\n\r\n",
		"HTTP/1.1 426 Upgrade\r\nUpgrade: odd/2\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3  \r\nabc\r\nzz\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort",
	}
	requests := []string{
		"GET /a%2f/../b|c{}?q=%41%zz HTTP/1.1\r\nhost: %s\r\nX-a:1\r\nX-B:  b \r\nConnection: keep-alive\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\nExpect: odd\r\n\r\n2;x\r\nab\r\n0\r\nx-t: 1\r\n\r\n",
		"PUT / HTTP/1.0\r\nHost: %s\r\nContent-Length: 2\r\n\r\nab",
		"BREW /caf\xe9 HTTP/1.1\r\nHost: %s\r\nX: a\r\n b\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n",
	}
	for i, response := range responses {
		for j, request := range requests {
			if j > 0 && i > 2 {
				continue // each with the plainest, and some with each
			}
			s := newSite(t)
			got := make(chan string, 4)
			port := s.listen(func(c net.Conn) {
				buf := make([]byte, 4096)
				n := 0
				for deadline := time.Now().Add(60 * time.Millisecond); ; {
					_ = c.SetReadDeadline(deadline)
					m, err := c.Read(buf[n:])
					if n += m; err != nil {
						break
					}
				}
				got <- string(buf[:n])
				_, _ = io.WriteString(c, response)
			})
			address := "127.0.0.1:" + port
			r := newRig(t, nil)
			octets := strings.Replace(request, "%s", address, 1)
			direct := exchangeOctets(t, address, octets)
			seen := <-got
			method, rest, _ := strings.Cut(octets, " ")
			if through := exchangeOctets(t, r.Addr, method+" http://"+address+rest); through != direct {
				t.Errorf("response %d to request %d\ndirect:  %q\nthrough: %q", i, j, direct, through)
			}
			if w := <-got; w != seen {
				t.Errorf("request %d\ndirect:  %q\nthrough: %q", j, seen, w)
			}
		}
	}
}

// exchangeOctets sends octets and returns all that comes.
func exchangeOctets(t *testing.T, address, octets string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	_, _ = io.WriteString(c, octets)
	b, _ := io.ReadAll(c)
	return string(b)
}
