package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
)

// A wireCase is a response as octets, and the request that gets it.
type wireCase struct {
	name     string
	request  string // request line method and further head lines, "GET" when empty
	content  string // request content
	response string // as octets; \n stands for CRLF in the head
	open     bool   // the origin server leaves the connection open
	reframed bool   // the framing cannot stay: an end by closing becomes chunked
}

func wireCases() []wireCase {
	var cases []wireCase
	add := func(name, response string) { cases = append(cases, wireCase{name: name, response: response}) }
	for _, s := range []string{
		"200 OK", "200 Fine By Me", "200 ", "201 Created", "202 Accepted", "203 Non-Authoritative Information", "206 Partial Content",
		"207 Multi-Status", "226 IM Used", "299 Odd", "300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other",
		"305 Use Proxy", "307 Temporary Redirect", "308 Permanent Redirect", "400 Bad Request", "401 Unauthorized", "402 Payment Required",
		"403 Forbidden", "404 Nothing Here", "405 Method Not Allowed", "406 Not Acceptable", "408 Request Timeout", "409 Conflict",
		"410 Gone", "412 Precondition Failed", "416 Range Not Satisfiable", "418 I'm a teapot", "422 Unprocessable Content",
		"429 Too Many Requests", "431 Request Header Fields Too Large", "451 Unavailable For Legal Reasons", "499 Odd", "500 Internal Server Error",
		"502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "511 Network Authentication Required", "599 Odd", "700 Beyond",
	} {
		add(s, "HTTP/1.1 "+s+"\nX-Order: 1\ncontent-length: 5\nx-case: kept\nLocation: /else\n\nhello")
	}
	add("no reason and no space", "HTTP/1.1 200\nContent-Length: 2\n\nok")
	add("no Date, no Content-Type", "HTTP/1.1 200 OK\nContent-Length: 12\n\n<html></html")
	add("fields twice", "HTTP/1.1 200 OK\nSet-Cookie: a=1\nX-A: 1\nset-cookie: b=2\nSET-COOKIE: c=3\nX-A: 2\nContent-Length: 0\n\n")
	add("empty value", "HTTP/1.1 200 OK\nX-Empty:\nContent-Length: 0\n\n")
	add("octets above 127", "HTTP/1.1 200 OK\nX-Latin: caf\xe9 \xff\nContent-Length: 0\n\n")
	add("odd but legal names", "HTTP/1.1 200 OK\n!#$%&'*+-.^_`|~9: x\nContent-Length: 0\n\n")
	add("tab within a value", "HTTP/1.1 200 OK\nX-Tab: a\tb\nContent-Length: 0\n\n")
	add("long field", "HTTP/1.1 200 OK\nX-Long: "+strings.Repeat("y", 20000)+"\nContent-Length: 0\n\n")
	add("many fields", "HTTP/1.1 200 OK\n"+strings.Repeat("X-Many: z\n", 200)+"Content-Length: 0\n\n")
	add("content encoded", "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 4\n\n\x1f\x8b\x00\x01")
	add("binary content", "HTTP/1.1 200 OK\nContent-Length: 6\n\n\x00\r\n\r\n\xff")
	add("content that looks like a head", "HTTP/1.1 200 OK\nContent-Length: 34\n\nHTTP/1.1 400 Bad\r\nConnection: x\r\n\r")
	add("204", "HTTP/1.1 204 No Content\nETag: \"x\"\n\n")
	add("204 with a length", "HTTP/1.1 204 No Content\nContent-Length: 0\n\n")
	add("205", "HTTP/1.1 205 Reset Content\nContent-Length: 0\n\n")
	add("304", "HTTP/1.1 304 Not Modified\nETag: \"x\"\nContent-Length: 999\nContent-Type: text/x\n\n")
	add("chunked", "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n5\nhello\n0\n\n")
	add("chunked in pieces", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\nh\n4;ext=1\nello\n0\n\n")
	add("announced trailer", "HTTP/1.1 200 OK\nTrailer: X-Sum\nTransfer-Encoding: chunked\n\n5\nhello\n0\nX-Sum: 7\n\n")
	add("unannounced trailer", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\nX-Late: 7\n\n")
	add("103 before", "HTTP/1.1 103 Early Hints\nlink: </a>; rel=preload\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	add("three interim", "HTTP/1.1 102 Processing\n\nHTTP/1.1 103 Early\nLink: <a>\n\nHTTP/1.1 103 Hints\nlink: <b>\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	add("Connection names a field", "HTTP/1.1 200 OK\nConnection: x-hop\nContent-Length: 2\n\nok")
	add("Upgrade offered", "HTTP/1.1 426 Upgrade Required\nUpgrade: odd/2\nConnection: upgrade\nContent-Length: 2\n\nok")
	add("large content", "HTTP/1.1 200 OK\nContent-Length: 1000000\n\n"+strings.Repeat("0123456789", 100000))
	cases = append(cases,
		wireCase{name: "HEAD", request: "HEAD", response: "HTTP/1.1 200 OK\ncontent-length: 77\nX-A: b\n\n"},
		wireCase{name: "HEAD of chunked", request: "HEAD", response: "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"},
		wireCase{name: "end by closing", response: "HTTP/1.1 200 OK\nX-A: b\n\nuntil the end"},
		wireCase{name: "HTTP/1.0", response: "HTTP/1.0 200 OK\nX-A: b\n\nuntil the end"},
		wireCase{name: "POST", request: "POST\nContent-Type: text/x\nContent-Length: 3", content: "abc", response: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
		wireCase{name: "POST chunked", request: "POST\nTransfer-Encoding: chunked", content: "3\r\nabc\r\n0\r\n\r\n", response: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
		wireCase{name: "PUT empty", request: "PUT\nContent-Length: 0", response: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
		wireCase{name: "DELETE empty", request: "DELETE\nContent-Length: 0", response: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
		wireCase{name: "odd method", request: "BREW\nx-a: 1\nX-B: 2\naccept: */*", response: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
		wireCase{name: "OPTIONS", request: "OPTIONS", response: "HTTP/1.1 200 OK\nAllow: GET\nContent-Length: 0\n\n"},
		wireCase{name: "request fields in odd case", request: "GET\nuser-agent:  x \nACCEPT: a\naccept: b\nCookie: a=b\ncookie: c=d", response: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
		wireCase{name: "upgrade", request: "GET\nConnection: Upgrade\nUpgrade: odd/1", open: true, response: "HTTP/1.1 101 Switching\nconnection: Upgrade\nupgrade: odd/1\n\nnew protocol"},
	)
	return cases
}

// wireOrigin answers a request for /N with case N, and remembers the request as octets.
type wireOrigin struct {
	net.Listener
	cases    []wireCase
	requests chan string
}

func newWireOrigin(t *testing.T, secure *tls.Config) *wireOrigin {
	o := &wireOrigin{Listener: listen(t), cases: wireCases(), requests: make(chan string, 100)}
	if secure != nil {
		o.Listener = tls.NewListener(o.Listener, secure)
	}
	t.Cleanup(func() { o.Close() })
	go func() {
		for {
			c, err := o.Accept()
			if err != nil {
				return
			}
			go o.serve(c)
		}
	}()
	return o
}

func (o *wireOrigin) serve(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	var seen bytes.Buffer
	br := bufio.NewReader(io.TeeReader(c, &seen))
	r, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	io.Copy(io.Discard, r.Body)
	var n int
	fmt.Sscanf(r.URL.Path, "/%d", &n)
	o.requests <- seen.String()
	wc := o.cases[n]
	io.WriteString(c, wc.octets())
	if wc.open {
		io.Copy(io.Discard, br)
	}
}

// octets is the response with CRLF where the case has LF, but for content.
func (w wireCase) octets() string {
	out, rest := "", w.response
	for {
		head, content, ok := strings.Cut(rest, "\n\n")
		out += strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n"
		if !ok {
			return out
		}
		if strings.HasPrefix(head, "HTTP/1.1 10") && !strings.HasPrefix(head, "HTTP/1.1 101") {
			rest = content
			continue
		}
		if strings.Contains(strings.ToLower(head), "chunked") {
			content = strings.ReplaceAll(content, "\n", "\r\n")
		}
		return out + content
	}
}

// requestOctets is the request as a client writes it.
func (w wireCase) requestOctets(target, host string) string {
	method, rest, _ := strings.Cut(w.request, "\n")
	if method == "" {
		method = "GET"
	}
	head := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n"
	if rest != "" {
		head += strings.ReplaceAll(rest, "\n", "\r\n") + "\r\n"
	}
	return head + "\r\n" + w.content
}

// fetch sends a request and reads until the connection ends, or is silent.
func fetch(t *testing.T, c net.Conn, request string) string {
	t.Helper()
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	var got []byte
	buf := make([]byte, 64<<10)
	patience := 5 * time.Second
	for {
		c.SetReadDeadline(time.Now().Add(patience))
		n, err := c.Read(buf)
		patience = 150 * time.Millisecond
		got = append(got, buf[:n]...)
		if err != nil {
			return string(got)
		}
	}
}

// wireResponse is a response taken apart for comparison.
type wireResponse struct {
	interim  []string
	start    string
	lines    []string // without hop-by-hop lines
	framing  []string
	content  string
	trailers []string
}

func takeApart(t *testing.T, octets, method string) (w wireResponse) {
	t.Helper()
	for {
		head, rest, ok := strings.Cut(octets, "\r\n\r\n")
		if !ok {
			t.Fatalf("no head in %q", octets[:min(len(octets), 200)])
		}
		if strings.HasPrefix(head, "HTTP/1.1 10") && !strings.HasPrefix(head, "HTTP/1.1 101") {
			w.interim = append(w.interim, head)
			octets = rest
			continue
		}
		var lines []string
		w.start, lines = strings.Split(head, "\r\n")[0], strings.Split(head, "\r\n")[1:]
		chunked := false
		for _, l := range lines {
			name, value, _ := strings.Cut(l, ":")
			switch strings.ToLower(name) {
			case "connection", "keep-alive", "x-hop", "sidenote", "sidenote-exchange":
			case "transfer-encoding", "content-length":
				chunked = chunked || strings.TrimSpace(value) == "chunked"
				w.framing = append(w.framing, l)
			default:
				w.lines = append(w.lines, l)
			}
		}
		w.content = rest
		if chunked && method != "HEAD" {
			w.readChunks(t, rest)
		}
		return w
	}
}

func (w *wireResponse) readChunks(t *testing.T, rest string) {
	t.Helper()
	r := strings.NewReader(rest)
	br := bufio.NewReader(r)
	b, err := io.ReadAll(httputil.NewChunkedReader(br))
	if err != nil {
		t.Fatalf("chunks: %v in %q", err, rest)
	}
	w.content = string(b)
	after, _ := io.ReadAll(br)
	for _, l := range strings.Split(strings.TrimRight(string(after), "\r\n"), "\r\n") {
		if l != "" {
			w.trailers = append(w.trailers, l)
		}
	}
}

func TestTransparency(t *testing.T) {
	if n := len(wireCases()); n < 60 {
		t.Fatalf("%d cases are too few", n)
	}
	for _, secure := range []bool{false, true} {
		name := map[bool]string{false: "plain", true: "intercepted"}[secure]
		t.Run(name, func(t *testing.T) { testTransparency(t, secure) })
	}
}

func testTransparency(t *testing.T, secure bool) {
	var origin *wireOrigin
	rig := newRig(t, func(c *proxy.Config) {
		head := c.Hooks.Head
		c.Hooks.Head = func(x *exchange.Exchange, added []exchange.Line) []exchange.Line {
			added = head(x, added)
			if x.Response.Status >= 200 {
				added = append(added, exchange.Line{Name: "Sidenote-Exchange", Value: `"x"`})
			}
			return added
		}
		c.Insecure = func(string) bool { return true }
	})
	var config *tls.Config
	if secure {
		leaf, err := rig.CA.Leaf("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		config = &tls.Config{Certificates: []tls.Certificate{*leaf}}
	}
	origin = newWireOrigin(t, config)
	address := origin.Addr().String()
	for i, wc := range origin.cases {
		t.Run(wc.name, func(t *testing.T) {
			method, _, _ := strings.Cut(wc.request, "\n")
			direct := fetch(t, dialWire(t, rig, address, secure, false), wc.requestOctets(fmt.Sprintf("/%d", i), address))
			directRequest := <-origin.requests
			target := fmt.Sprintf("http://%s/%d", address, i)
			if secure {
				target = fmt.Sprintf("/%d", i)
			}
			through := fetch(t, dialWire(t, rig, address, secure, true), wc.requestOctets(target, address))
			throughRequest := <-origin.requests
			compareWire(t, wc, takeApart(t, direct, method), takeApart(t, through, method))
			if a, b := normalRequest(directRequest), normalRequest(throughRequest); a != b {
				t.Errorf("request\ndirect:  %q\nthrough: %q", a, b)
			}
			if wc.name != "upgrade" {
				x := rig.wait(i + 1)[i]
				if x.Err != nil || !x.Request.WireTrue() || !x.Response.WireTrue() {
					t.Errorf("record:\n%.3000s", x.Format())
				}
			}
		})
	}
}

// normalRequest leaves out what a proxy must change: nothing but Connection
// where no upgrade is asked for, white space round values, and the framing of
// chunks.
func normalRequest(s string) string {
	head, content, _ := strings.Cut(s, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	for i, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ":")
		lines[i+1] = name + ": " + strings.TrimSpace(value)
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + content
}

func compareWire(t *testing.T, wc wireCase, direct, through wireResponse) {
	t.Helper()
	if !slices.Equal(direct.interim, through.interim) {
		t.Errorf("interim\ndirect:  %q\nthrough: %q", direct.interim, through.interim)
	}
	start := direct.start
	if wc.reframed {
		start = strings.Replace(start, "HTTP/1.0", "HTTP/1.1", 1)
	} else if !slices.Equal(direct.framing, through.framing) {
		t.Errorf("framing\ndirect:  %q\nthrough: %q", direct.framing, through.framing)
	}
	// A status line without a reason ends with a space (RFC 9112 §4).
	if strings.TrimRight(start, " ") != strings.TrimRight(through.start, " ") {
		t.Errorf("status line\ndirect:  %q\nthrough: %q", start, through.start)
	}
	if !slices.Equal(normalLines(direct.lines), normalLines(through.lines)) {
		t.Errorf("fields\ndirect:  %.500q\nthrough: %.500q", direct.lines, through.lines)
	}
	if direct.content != through.content {
		t.Errorf("content\ndirect:  %.200q\nthrough: %.200q", direct.content, through.content)
	}
	if !slices.Equal(direct.trailers, through.trailers) {
		t.Errorf("trailers\ndirect:  %q\nthrough: %q", direct.trailers, through.trailers)
	}
}

// normalLines leaves white space before an empty value out of account.
func normalLines(lines []string) (out []string) {
	for _, l := range lines {
		out = append(out, strings.TrimRight(l, " "))
	}
	return out
}

// dialWire connects to the origin server, straight or through the proxy.
func dialWire(t *testing.T, r *rig, address string, secure, through bool) net.Conn {
	t.Helper()
	to := address
	if through {
		to = r.Addr
	}
	c, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	if !secure {
		return c
	}
	if through {
		fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address)
		want := "HTTP/1.1 200 Connection established\r\n\r\n"
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
			t.Fatalf("%q %v", got, err)
		}
	}
	return tls.Client(c, &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
}
