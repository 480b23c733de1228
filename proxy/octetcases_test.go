package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
)

// An octetCase is a request and what the origin server answers it with before it
// ends the connection, as octets; @/ stands for what the route puts before a path,
// and HOST for the origin server.
type octetCase struct{ name, request, response string }

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// octetCases are counted by TestOctetForOctet: each is one pair of a request and a
// response, and is played directly and on each route.
func octetCases() (all []octetCase) {
	const plain = "GET @/ HTTP/1.1\nHost: HOST\n\n"
	response := func(name, head, body string) {
		all = append(all, octetCase{name, crlf(plain), crlf(head+"\n\n") + body})
	}
	request := func(name, head, body string) {
		all = append(all, octetCase{name, crlf(head+"\n\n") + body, crlf("HTTP/1.1 200 OK\nX-case: Kept\ncontent-length: 2\n\n") + "ok"})
	}
	for status := 200; status < 600; status += 9 {
		response(fmt.Sprint("status ", status), fmt.Sprintf("HTTP/1.1 %d Odd  Reason, %d\nContent-Length: 5", status, status), map[bool]string{false: "hello"}[status == 204 || status == 304])
	}
	for _, start := range []string{"HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 OK ", "HTTP/1.1 200 caf\xe9", "HTTP/1.0 200 OK", "HTTP/1.1 999 Beyond", "HTTP/1.1 204 No Content", "HTTP/1.1 205 Reset"} {
		response("start "+start, start+"\nContent-Length: 0", "")
	}
	chunked := []string{
		"5\r\nhello\r\n0\r\n\r\n", "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "5;a\r\nhello\r\n0\r\n\r\n", "5;a=\"b;c\"\r\nhello\r\n0;z=1\r\n\r\n", "00005\r\nhello\r\n000\r\n\r\n",
		"A\r\n0123456789\r\n0\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", "5\r\nhello\r\n0\r\nx-t:  2 \r\nX-T: 3\r\n\r\n", "0\r\n\r\n", "0\r\nX-T: alone\r\n\r\n",
		strings.Repeat("1\r\nx\r\n", 200) + "0\r\n\r\n", "10000\r\n" + strings.Repeat("y", 1<<16) + "\r\n0\r\n\r\n",
	}
	for _, name := range []string{"Transfer-Encoding: chunked", "transfer-encoding: Chunked", "TRANSFER-ENCODING:chunked", "Transfer-Encoding: gzip, chunked"} {
		for i, body := range chunked {
			response(fmt.Sprint("chunked ", name, i), "HTTP/1.1 200 OK\n"+name, body)
			request(fmt.Sprint("chunked request ", name, i), "POST @/ HTTP/1.1\nHost: HOST\n"+name, body)
		}
	}
	lines := []string{
		"X-A: 1\nx-a: 2\nX-A: 3", "X-Empty:", "X-Space:   a   b", "X-Tab:\ta\tb", "X-After: a  ", "X-Latin: caf\xe9\xff", "!#$%&'*+-.^_`|~9: x", "1: 2", "X-Long: " + strings.Repeat("y", 20000),
		strings.TrimSuffix(strings.Repeat("X-Many: z\n", 150), "\n"), "Cookie: a=b\ncookie: c=d", "Set-Cookie: a=b\nset-cookie: c=d", "Date: nonsense", "Server: x\nserver: y", "Via: 1.0 other (x)", "Forwarded: for=x",
		"X-Forwarded-For: 1.2.3.4", "User-Agent: ", "Accept-Encoding: odd;q=0.5", "Content-Type: a/b;c=\"d\"", "Content-Encoding: gzip", "Range: bytes=0-0", "If-None-Match: *", "Authorization: NTLM abc=", "Expect: odd", "Age: -1", "Trailer: X",
		"Cache-Control: no-transform", "Link: </a>; rel=x", "Location: http://[", "Warning: 199 - \"x\"", "Alt-Svc: clear", "traceparent: odd", "Server-Timing: a;dur=1", "Sec-Fetch-Mode: x", "TE: trailers", "Max-Forwards: 3", "Pragma: x", "X-Comma: a,,b, ,", "X-Quote: \"a\\\"b\"",
	}
	for i, l := range lines {
		response(fmt.Sprint("response line ", i, " ", first(l)), "HTTP/1.1 200 OK\n"+l+"\nContent-Length: 2", "ok")
		request(fmt.Sprint("request line ", i, " ", first(l)), "GET @/ HTTP/1.1\n"+l+"\nHost: HOST", "")
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "get", "M-SEARCH", "PROPFIND", "QUERY", "TRACE", "!#$"} {
		request("method "+method, method+" @/ HTTP/1.1\nHost: HOST", "")
		request("method with content "+method, method+" @/ HTTP/1.1\nHost: HOST\nContent-Length: 5", "hello")
	}
	for _, target := range []string{"/a%2fb", "/a/../b//c/", "/%7Euser/{x}|y", "/?", "/?a=b&a=b", "/?q=[x]\"<>", "/%41%2e%2E", "/;a=b", "/a:b@c", "/*", "/" + strings.Repeat("z", 8000), "/caf\xc3\xa9", "/%", "/%zz", "/a?b?c", "/\\x"} {
		request("target "+first(target), "GET @"+target+" HTTP/1.1\nHost: HOST", "")
	}
	for i, first := range []string{"103 Early Hints\nLink: </a>", "100 Continue", "102 Processing\n\nHTTP/1.1 103 Hints\nlink: </b>", "199 odd\nx-Y:  z"} {
		response(fmt.Sprint("interim ", i), "HTTP/1.1 "+first+"\n\nHTTP/1.1 200 OK\nContent-Length: 2", "ok")
	}
	for i, body := range []string{"", "until the end", "\x00\r\n\r\n\xff", "HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("0123456789", 50000)} {
		response(fmt.Sprint("until the end ", i), "HTTP/1.1 200 OK\nX-A: b", body)
		response(fmt.Sprint("old and until the end ", i), "HTTP/1.0 200 OK\nX-A: b", body)
		response(fmt.Sprint("length ", i), fmt.Sprintf("HTTP/1.1 200 OK\nContent-length:  %d", len(body)), body)
	}
	return all
}

func first(s string) string { return s[:min(len(s), 24)] }

// TestOctetForOctet plays each case directly and on each route: client and origin
// server get the same octets, but for what a route is there for, and the record says
// that nothing was changed.
func TestOctetForOctet(t *testing.T) {
	cases := octetCases()
	if len(cases) < 250 {
		t.Fatalf("%d cases are too few", len(cases))
	}
	t.Logf("%d cases on each route", len(cases))
	const groups = 8 // each case waits for the end of a connection
	for _, on := range stages() {
		if on.name == "tunnel" { // as intercepted, in clear
			continue
		}
		for g := range groups {
			t.Run(fmt.Sprint(on.name, g), func(t *testing.T) {
				t.Parallel()
				var mine []octetCase
				for i := g; i < len(cases); i += groups {
					mine = append(mine, cases[i])
				}
				octetForOctet(t, &on, mine)
			})
		}
	}
}

func octetForOctet(t *testing.T, on *stage, cases []octetCase) {
	r := newRig(t, func(c *proxy.Config) { c.Insecure = func(string) bool { return true } })
	seen := make(chan string, 1)
	answers := make(chan string, 1)
	address := serveSecurely(t, r, on.secure, func(c net.Conn) {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		var got bytes.Buffer
		readWhole(bufio.NewReader(io.TeeReader(c, &got)))
		seen <- got.String()
		_, _ = io.WriteString(c, <-answers)
	})
	reverse := listen(t)
	defer reverse.Close()
	if on.name == "reverse" {
		go r.Proxy.ServeReverse(reverse, "http", address)
	}
	for i, c := range cases {
		straight, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if on.secure {
			straight = tls.Client(straight, &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
		}
		answers <- c.response
		answerDirect, requestDirect := playOctets(t, straight, c.request, "", address, seen)
		var conn net.Conn
		target := ""
		if on.name != "reverse" {
			conn, target = on.open(t, r, address)
		} else if conn, err = net.Dial("tcp", reverse.Addr().String()); err != nil {
			t.Fatal(err)
		}
		answers <- c.response
		answerThrough, requestThrough := playOctets(t, conn, c.request, target, address, seen)
		if on.name == "reverse" {
			requestThrough = strings.Replace(requestThrough, "Via: 1.1 sidenote-test\r\n", "", 1)
		}
		if requestDirect != requestThrough {
			t.Errorf("%s: the origin server got, directly:\n %.300q\nthrough:\n %.300q", c.name, requestDirect, requestThrough)
		}
		if answerDirect != answerThrough {
			t.Errorf("%s: the client got, directly:\n %.300q\nthrough:\n %.300q", c.name, answerDirect, answerThrough)
		}
		if x := r.wait(i + 1)[i]; x.Err != nil || x.Changed&^exchange.ChangedRequestVia != 0 {
			t.Errorf("%s: %v, changed %v", c.name, x.Err, x.Changed)
		}
	}
}

// readWhole reads a request to its end.
func readWhole(br *bufio.Reader) {
	head, err := readHead(br)
	if err != nil {
		return
	}
	a := &actor{br: br}
	_ = a.content(head)
}

// playOctets sends a request and returns the answer, and what the origin server got.
func playOctets(t *testing.T, c net.Conn, request, target, address string, seen chan string) (answer, got string) {
	t.Helper()
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	request = strings.ReplaceAll(strings.Replace(request, "@/", target+"/", 1), "HOST", address)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		b = append(b, " then "+err.Error()...)
	}
	select {
	case got = <-seen:
	case <-time.After(5 * time.Second):
		got = "nothing"
	}
	return string(b), got
}
