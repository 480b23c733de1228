package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sidenote/proxy"
)

// A scene is what an origin server and a client do on one connection, each by
// its script. It is played direct and through the proxy, and both have to see
// the same.
type scene struct {
	name   string
	origin func(o *actor) // on each connection that is made to it
	client func(c *actor)
	// page says that the client gets a page of ours where it would get nothing
	// that is HTTP; what the origin server sees is compared all the same.
	page int
	// loose leaves out how the client's connection ends, which timing decides.
	loose bool
}

// An actor is one end of a connection, and the log of what it sees.
type actor struct {
	net.Conn
	br     *bufio.Reader
	target string // what the client puts before a path
	host   string
	log    *[]string
	n      int // which connection of the origin server
}

func (a *actor) note(format string, args ...any) {
	*a.log = append(*a.log, fmt.Sprintf(format, args...))
}

// send writes octets, with CRLF for LF; "@" before a path stands for what the
// route puts there, and HOST for the origin server.
func (a *actor) send(s string) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\n", "\r\n"), "@/", a.target+"/")
	a.raw(strings.ReplaceAll(s, "HOST", a.host))
}

func (a *actor) raw(s string) {
	if _, err := io.WriteString(a.Conn, s); err != nil {
		a.note("write fails")
	}
}

// get sends a request without content.
func (a *actor) get(method, path string, lines ...string) {
	a.send(method + " @" + path + " HTTP/1.1\nHost: HOST\n" + strings.Join(append(lines, ""), "\n") + "\n")
}

// head reads a head, with the empty line that ends it.
func (a *actor) head() (head string, err error) {
	for !strings.HasSuffix(head, "\n\r\n") && !strings.HasSuffix(head, "\n\n") {
		line, err := a.br.ReadString('\n')
		head += line
		if err != nil {
			return head, err
		}
		if head == "\r\n" {
			head = ""
		}
	}
	return head, nil
}

func valueOf(head, name string) (string, bool) {
	for line := range strings.Lines(head) {
		if n, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// content reads the content that a head announces.
func (a *actor) content(head string) string {
	if te, ok := valueOf(head, "Transfer-Encoding"); ok && strings.HasSuffix(strings.ToLower(te), "chunked") {
		var all string
		for {
			line, err := a.br.ReadString('\n')
			all += line
			if err != nil {
				return all + "<cut>"
			}
			size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
			n, err := strconv.ParseInt(strings.TrimSpace(size), 16, 64)
			if err != nil {
				return all + "<no chunk>"
			}
			if n == 0 {
				for {
					line, err := a.br.ReadString('\n')
					all += line
					if err != nil || strings.TrimSpace(line) == "" {
						return all
					}
				}
			}
			b := make([]byte, n+2)
			k, err := io.ReadFull(a.br, b)
			all += string(b[:k])
			if err != nil {
				return all + "<cut>"
			}
		}
	}
	if cl, ok := valueOf(head, "Content-Length"); ok {
		n, _ := strconv.Atoi(cl)
		b := make([]byte, n)
		k, err := io.ReadFull(a.br, b)
		if err != nil {
			return string(b[:k]) + "<cut>"
		}
		return string(b)
	}
	return ""
}

// request reads a request, and logs it.
func (a *actor) request() bool {
	head, err := a.head()
	if err != nil {
		if head != "" {
			a.note("request cut: %q", head)
		}
		return false
	}
	a.note("request %q", shownHead(head)+brief(a.content(head)))
	return true
}

// requestHead reads a head alone.
func (a *actor) requestHead() bool {
	head, err := a.head()
	a.note("head %q", shownHead(head))
	return err == nil
}

// response reads responses until a final one has come, and logs them.
func (a *actor) response(method string) bool {
	for {
		a.SetReadDeadline(time.Now().Add(5 * time.Second))
		head, err := a.head()
		if err != nil {
			a.note("no response: %q, %s", head, endOf(err))
			return false
		}
		status := 0
		fmt.Sscanf(head, "HTTP/1.1 %d", &status)
		if status == 0 {
			fmt.Sscanf(head, "HTTP/1.0 %d", &status)
		}
		if status >= 100 && status < 200 && status != 101 {
			a.note("interim %q", shownHead(head))
			continue
		}
		body := ""
		if method != "HEAD" && status != 204 && status != 304 && status != 101 {
			body = a.content(head)
		}
		a.note("response %q", shownHead(head)+brief(body))
		return true
	}
}

// rest reads what still comes until the end, or until nothing comes.
func (a *actor) rest(quiet time.Duration) {
	var got []byte
	buf := make([]byte, 64<<10)
	for {
		a.SetReadDeadline(time.Now().Add(quiet))
		n, err := a.br.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			a.note("then %q, %s", brief(string(got)), endOf(err))
			return
		}
	}
}

func endOf(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "end"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "open"
	}
	return err.Error()
}

func brief(s string) string {
	if len(s) > 2000 {
		return s[:100] + fmt.Sprintf("<%d octets>", len(s)) + s[len(s)-20:]
	}
	return s
}

// shownHead leaves out what a proxy may change: fields about the connection,
// and what it adds.
func shownHead(head string) string {
	var kept []string
	for line := range strings.Lines(head) {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "connection", "keep-alive", "proxy-connection", "sidenote", "sidenote-exchange", "server-timing":
			continue
		case "via": // a reverse listener says that it is there
			if strings.Contains(line, "sidenote-test") {
				continue
			}
		}
		kept = append(kept, strings.ReplaceAll(strings.ReplaceAll(line, "\r\n", "\n"), "\n", "|"))
	}
	return strings.Join(kept, "")
}

func (a *actor) halfClose() {
	if h, ok := a.Conn.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
	}
}

// abort ends the connection with a reset.
func (a *actor) abort() {
	c := a.Conn
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
}

// A stage plays scenes over one kind of route.
type stage struct {
	name   string
	secure bool
	open   func(t *testing.T, r *rig, address string) (c net.Conn, target string)
}

func stages() []stage {
	dial := func(t *testing.T, to string) net.Conn {
		c, err := net.Dial("tcp", to)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	tunnel := func(t *testing.T, r *rig, address string) net.Conn {
		c := dial(t, r.Addr)
		fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address)
		want := "HTTP/1.1 200 Connection established\r\n\r\n"
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
			t.Fatalf("%q %v", got, err)
		}
		return c
	}
	secured := func(r *rig, c net.Conn) net.Conn {
		return tls.Client(c, &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
	}
	return []stage{
		{"absolute", false, func(t *testing.T, r *rig, address string) (net.Conn, string) {
			return dial(t, r.Addr), "http://" + address
		}},
		{"tunnel", false, func(t *testing.T, r *rig, address string) (net.Conn, string) { return tunnel(t, r, address), "" }},
		{"intercepted", true, func(t *testing.T, r *rig, address string) (net.Conn, string) {
			return secured(r, tunnel(t, r, address)), ""
		}},
		{"reverse", false, func(t *testing.T, r *rig, address string) (net.Conn, string) {
			l := listen(t)
			go r.Proxy.ServeReverse(l, "http", address)
			return dial(t, l.Addr().String()), ""
		}},
	}
}

// play plays a scene on one connection of a client, and returns what both saw.
func play(t *testing.T, r *rig, s *scene, on *stage, through bool) (client, origin []string) {
	t.Helper()
	l := listen(t)
	address := l.Addr().String()
	listener := l
	if on.secure {
		leaf, err := r.CA.Leaf("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		listener = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*leaf}, NextProtos: []string{"http/1.1"}})
	}
	var mu sync.Mutex
	var all [][]string
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			all = append(all, nil)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(10 * time.Second))
				var log []string
				s.origin(&actor{Conn: c, br: bufio.NewReader(c), log: &log, n: n})
				mu.Lock()
				all[n] = log
				mu.Unlock()
			})
		}
	})
	var c net.Conn
	target := ""
	if through {
		c, target = on.open(t, r, address)
	} else {
		d, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		c = d
		if on.secure {
			c = tls.Client(d, &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
		}
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	s.client(&actor{Conn: c, br: bufio.NewReader(c), target: target, host: address, log: &client})
	c.Close()
	time.Sleep(20 * time.Millisecond) // for a closing to be passed on
	l.Close()
	wg.Wait()
	for _, log := range all {
		if len(log) > 0 { // a connection that was only tried says nothing
			origin = append(origin, log...)
		}
	}
	same := func(log []string) (out []string) {
		for _, line := range log {
			out = append(out, strings.ReplaceAll(line, address, "ORIGIN"))
		}
		return out
	}
	return same(client), same(origin)
}

func TestAsDirect(t *testing.T) {
	for _, on := range stages() {
		t.Run(on.name, func(t *testing.T) {
			r := newRig(t, func(c *proxy.Config) { c.Insecure = func(string) bool { return true } })
			for _, s := range scenes() {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					s.compare(t, r, &on)
				})
			}
		})
	}
}

// compare plays the scene direct and through, and fails if the two differ. Whether
// an end comes within the time that an actor waits is the scheduler's on a busy
// machine, so a difference must show each time that the scene is played.
func (s *scene) compare(t *testing.T, r *rig, on *stage) {
	var differs string
	for range 3 {
		if differs = s.difference(t, r, on); differs == "" {
			return
		}
	}
	t.Error(differs)
}

// difference plays the scene direct and through, and returns how the two differ.
func (s *scene) difference(t *testing.T, r *rig, on *stage) string {
	t.Helper()
	clientDirect, originDirect := play(t, r, s, on, false)
	clientThrough, originThrough := play(t, r, s, on, true)
	if !slices.Equal(originDirect, originThrough) {
		return fmt.Sprintf("the origin server saw, direct:\n  %s\nthrough:\n  %s", strings.Join(originDirect, "\n  "), strings.Join(originThrough, "\n  "))
	}
	if s.page != 0 {
		got := strings.Join(clientThrough, "\n")
		if want := fmt.Sprintf("HTTP/1.1 %d ", s.page); !strings.Contains(got, want) {
			return fmt.Sprintf("the client got no %q:\n%s", want, brief(got))
		}
		return ""
	}
	if s.loose {
		clientDirect, clientThrough = withoutEnds(clientDirect), withoutEnds(clientThrough)
	}
	if !slices.Equal(clientDirect, clientThrough) {
		return fmt.Sprintf("the client saw, direct:\n  %s\nthrough:\n  %s", strings.Join(clientDirect, "\n  "), strings.Join(clientThrough, "\n  "))
	}
	return ""
}

func withoutEnds(log []string) (out []string) {
	for _, line := range log {
		for _, end := range []string{", end", ", reset", ", open"} {
			line = strings.TrimSuffix(line, end)
		}
		if line != `then ""` && line != "write fails" {
			out = append(out, line)
		}
	}
	return out
}

const ok = "HTTP/1.1 200 OK\nX-Case: kept\ncontent-length: 2\n\nok"

// answers has an origin server answer each request on a connection in turn.
func answers(responses ...string) func(*actor) {
	return func(o *actor) {
		for _, resp := range responses {
			if !o.request() {
				return
			}
			o.send(resp)
		}
		o.rest(500 * time.Millisecond)
	}
}

// scenes are the situations, by kind.
func scenes() (all []scene) {
	add := func(s ...scene) { all = append(all, s...) }
	add(closingScenes()...)
	add(expectScenes()...)
	add(earlyScenes()...)
	add(framingScenes()...)
	add(switchingScenes()...)
	add(endingScenes()...)
	add(pipelineScenes()...)
	return all
}

func closingScenes() (all []scene) {
	once := func(o *actor) {
		if o.request() {
			o.send(ok)
		}
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} {
		all = append(all, scene{name: method + ": closed after each answer, without saying so", origin: func(o *actor) {
			if o.request() {
				if method == "HEAD" {
					o.send("HTTP/1.1 200 OK\nContent-Length: 2\n\n")
					return
				}
				o.send(ok)
			}
		}, client: func(c *actor) {
			c.get(method, "/1")
			c.response(method)
			c.rest(time.Second)
		}})
	}
	all = append(all,
		scene{name: "closed some time after the answer", origin: func(o *actor) {
			if o.request() {
				o.send(ok)
				time.Sleep(60 * time.Millisecond)
			}
		}, client: func(c *actor) { c.get("GET", "/"); c.response("GET"); c.rest(time.Second) }},
		scene{name: "closed some time before the next request", origin: once, loose: true, client: func(c *actor) {
			c.get("GET", "/1")
			c.response("GET")
			time.Sleep(150 * time.Millisecond)
			c.get("GET", "/2")
			c.rest(time.Second)
		}},
		scene{name: "closed without an answer to the second request", origin: func(o *actor) {
			if o.request() {
				o.send(ok)
				o.request()
			}
		}, loose: true, client: func(c *actor) {
			c.get("POST", "/1", "Content-Length: 0")
			c.response("POST")
			c.get("POST", "/2", "Content-Length: 0")
			c.rest(time.Second)
		}},
		scene{name: "many requests on one connection", origin: answers(ok, ok, ok, ok, ok), client: func(c *actor) {
			for i := range 5 {
				c.get("GET", fmt.Sprintf("/%d", i), "X-N: "+strconv.Itoa(i), "x-n: twice")
				c.response("GET")
			}
			c.rest(50 * time.Millisecond)
		}},
		scene{name: "Connection: close of the origin server", origin: func(o *actor) {
			if o.request() {
				o.send("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nok")
			}
		}, client: func(c *actor) { c.get("GET", "/"); c.response("GET"); c.rest(time.Second) }},
		scene{name: "the client closes", origin: answers(ok), client: func(c *actor) { c.get("GET", "/", "Connection: close"); c.response("GET") }},
		scene{name: "HTTP/1.0 client", origin: func(o *actor) {
			if o.requestHead() {
				o.send("HTTP/1.0 200 OK\nX-A: b\n\nuntil the end")
			}
		}, client: func(c *actor) { c.send("GET @/ HTTP/1.0\nHost: HOST\n\n"); c.rest(time.Second) }},
		scene{name: "until the end, many pieces", origin: func(o *actor) {
			if o.request() {
				o.send("HTTP/1.1 200 OK\nX-A: b\n\n")
				for range 20 {
					o.send("piece ")
					time.Sleep(time.Millisecond)
				}
			}
		}, client: func(c *actor) { c.get("GET", "/"); c.rest(time.Second) }},
	)
	return all
}

func expectScenes() (all []scene) {
	for _, status := range []string{"401 Unauthorized", "403 Forbidden", "413 Content Too Large", "417 Expectation Failed", "307 Temporary Redirect", "200 OK"} {
		for _, method := range []string{"POST", "PUT", "PATCH"} {
			all = append(all, scene{name: "refused at once: " + method + " " + status, origin: func(o *actor) {
				if o.requestHead() {
					o.send("HTTP/1.1 " + status + "\nLocation: /x\nContent-Length: 2\n\nno")
					o.rest(200 * time.Millisecond)
				}
			}, loose: true, client: func(c *actor) {
				c.get(method, "/up", "Content-Length: 2000000", "Expect: 100-continue")
				c.response(method)
				c.rest(50 * time.Millisecond)
			}})
		}
	}
	after := func(first string) func(*actor) {
		return func(o *actor) {
			head, err := o.head()
			o.note("head %q", shownHead(head))
			if err != nil {
				return
			}
			o.send(first)
			o.note("content %q", o.content(head))
			o.send(ok)
			o.rest(300 * time.Millisecond)
		}
	}
	up := func(lines ...string) func(*actor) {
		return func(c *actor) {
			c.get("POST", "/up", append([]string{"Content-Length: 5"}, lines...)...)
			if head, err := c.head(); err == nil {
				c.note("interim %q", shownHead(head))
			}
			c.raw("hello")
			c.response("POST")
		}
	}
	return append(all,
		scene{name: "100 when the origin server says so", origin: after("HTTP/1.1 100 Continue\n\n"), client: up("Expect: 100-continue")},
		scene{name: "100 with fields and a reason of its own", origin: after("HTTP/1.1 100 Go On\nx-A: b\n\n"), client: up("expect: 100-Continue")},
		scene{name: "100 without Expect", origin: after("HTTP/1.1 100 Continue\n\n"), client: up()},
		scene{name: "103 before the content", origin: after("HTTP/1.1 103 Early Hints\nLink: </a>\n\n"), client: up("Expect: 100-continue")},
		scene{name: "Expect of another kind", origin: answers(ok), client: func(c *actor) {
			c.get("POST", "/", "Expect: something=else", "Content-Length: 2")
			c.raw("ab")
			c.response("POST")
		}},
		scene{name: "content is sent without waiting", origin: answers("HTTP/1.1 100 Continue\n\n" + ok), client: func(c *actor) {
			c.get("POST", "/", "Expect: 100-continue", "Content-Length: 2")
			c.raw("ab")
			c.response("POST")
		}},
		scene{name: "chunked content after 100", origin: after("HTTP/1.1 100 Continue\n\n"), client: func(c *actor) {
			c.get("POST", "/", "Expect: 100-continue", "Transfer-Encoding: chunked")
			if head, err := c.head(); err == nil {
				c.note("interim %q", shownHead(head))
			}
			c.send("5;x=\"y\"\nhello\n0\nX-T: 1\n\n")
			c.response("POST")
		}},
	)
}

func earlyScenes() (all []scene) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		all = append(all, scene{name: fmt.Sprintf("413 and an end while %d octets come", size), origin: func(o *actor) {
			if o.requestHead() {
				o.send("HTTP/1.1 413 Content Too Large\nContent-Length: 3\n\nbig")
				o.halfClose()
				o.rest(100 * time.Millisecond)
				*o.log = (*o.log)[:1] // how much came is a matter of time
			}
		}, loose: true, client: func(c *actor) {
			c.get("POST", "/up", "Content-Length: "+strconv.Itoa(size))
			go io.WriteString(c.Conn, strings.Repeat("x", size))
			c.response("POST")
		}})
	}
	return append(all,
		scene{name: "an early answer, and the connection goes on", origin: func(o *actor) {
			head, err := o.head()
			o.note("head %q", shownHead(head))
			if err != nil {
				return
			}
			o.send(ok)
			o.note("content %q", o.content(head))
			answers(ok)(o)
		}, client: func(c *actor) {
			c.get("POST", "/1", "Content-Length: 5")
			c.response("POST")
			c.raw("hello")
			c.get("GET", "/2")
			c.response("GET")
		}},
		scene{name: "an answer before the end of chunked content", origin: func(o *actor) {
			head, _ := o.head()
			o.note("head %q", shownHead(head))
			o.send(ok)
			o.note("content %q", o.content(head))
			answers(ok)(o)
		}, client: func(c *actor) {
			c.get("PUT", "/1", "Transfer-Encoding: chunked")
			c.send("3\nabc\n")
			c.response("PUT")
			c.send("2\nde\n0\n\n")
			c.get("GET", "/2")
			c.response("GET")
		}},
		scene{name: "last words while the client still sends", origin: func(o *actor) {
			if o.requestHead() {
				o.send("HTTP/1.1 500 Oops\nContent-Length: 4\n\nlast")
			}
		}, loose: true, client: func(c *actor) {
			c.get("POST", "/up", "Content-Length: 20")
			c.response("POST")
		}},
		scene{name: "both talk at once", origin: func(o *actor) {
			head, _ := o.head()
			o.note("head %q", shownHead(head))
			o.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n")
			b := make([]byte, 4)
			for range 5 {
				if _, err := io.ReadFull(o.br, b); err != nil {
					o.note("cut")
					return
				}
				o.send(fmt.Sprintf("4\n%s\n", b))
			}
			o.send("0\n\n")
		}, client: func(c *actor) {
			c.get("POST", "/echo", "Content-Length: 20")
			head, _ := c.head()
			c.note("head %q", shownHead(head))
			for i := range 5 {
				c.raw(fmt.Sprintf("%04d", i))
				line, _ := c.br.ReadString('\n')
				more, _ := c.br.ReadString('\n')
				c.note("%q %q", line, more)
			}
			c.rest(50 * time.Millisecond)
		}, loose: true},
	)
}

func framingScenes() (all []scene) {
	answer := func(name, response string) {
		all = append(all, scene{name: name, origin: answers(response), client: func(c *actor) {
			c.get("GET", "/")
			c.response("GET")
			c.rest(30 * time.Millisecond)
		}})
	}
	answer("chunks with extensions and trailers", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5;a=b;c=\"d;e\"\nhello\n1\n \n05\nworld\n0;last\nx-Sum: 1\nX-sum: 2\n\n")
	answer("Chunked in capitals", "HTTP/1.1 200 OK\ntransfer-encoding: Chunked\n\n2\nok\n0\n\n")
	answer("gzip, chunked", "HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n2\nok\n0\n\n")
	answer("upper-case hex, leading zeros", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n0000A\n0123456789\n00\n\n")
	answer("an empty value and spaces", "HTTP/1.1 200 OK\nX-Empty:\nX-Spaces:   a  b  \nContent-Length: 0\n\n")
	answer("a field in head and trailer", "HTTP/1.1 200 OK\nX-A: 1\nTransfer-Encoding: chunked\n\n2\nok\n0\nX-A: 2\n\n")
	answer("a comma in the status reason", "HTTP/1.1 200 Fine, Thanks: all\nContent-Length: 2\n\nok")
	request := func(name string, send string) {
		all = append(all, scene{name: name, origin: answers(ok), client: func(c *actor) {
			c.send(send)
			c.response("GET")
		}})
	}
	request("CRLF before the request line", "\n\nGET @/ HTTP/1.1\nHost: HOST\n\n")
	request("chunked request with trailers", "POST @/ HTTP/1.1\nHost: HOST\nTransfer-Encoding: chunked\nTrailer: X-T\n\n3;q=\"a\"\nabc\n0\nX-T: 1\nx-late: 2\n\n")
	request("unannounced trailers", "POST @/ HTTP/1.1\nHost: HOST\ntransfer-encoding: chunked\n\n3\nabc\n0\nx-late: 2\n\n")
	request("gzip, chunked request", "POST @/ HTTP/1.1\nHost: HOST\nTransfer-Encoding: gzip, chunked\n\n3\nabc\n0\n\n")
	request("targets as they came", "GET @/a%2Fb|c/%7Eme/{x}/%41%2e%2e/../x?q=[a]&b=\"c\" HTTP/1.1\nHost: HOST\n\n")
	request("GET with content", "GET @/ HTTP/1.1\nHost: HOST\nContent-Length: 3\n\nabc")
	request("DELETE with chunked content", "DELETE @/ HTTP/1.1\nHost: HOST\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n")
	request("fields in their case and order", "GET @/ HTTP/1.1\nhOsT: HOST\nZ-last: 1\na-First: 2\nz-Last: 3\nCookie: a=b\nTE: trailers\ncookie: c=d\n\n")
	request("octets above 127", "GET @/ HTTP/1.1\nHost: HOST\nX-L: caf\xe9\xff\n\n")
	request("a long field", "GET @/ HTTP/1.1\nHost: HOST\nX-L: "+strings.Repeat("y", 30000)+"\n\n")
	return all
}

func switchingScenes() (all []scene) {
	for name, response := range map[string]string{
		"101 that was not asked for": "HTTP/1.1 101 Switching Protocols\nConnection: upgrade\nUpgrade: odd\n\n",
		"101 without Upgrade":        "HTTP/1.1 101 Switching Protocols\n\n",
		"status 099":                 "HTTP/1.1 099 Odd\nContent-Length: 0\n\n",
		"status 1000":                "HTTP/1.1 1000 Odd\nContent-Length: 0\n\n",
		"no status line":             "SSH-2.0-x\n\n",
		"two lengths that differ":    "HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 3\n\nok!",
		"a length that is none":      "HTTP/1.1 200 OK\nContent-Length: two\n\nok",
		"a length of many digits":    "HTTP/1.1 200 OK\nContent-Length: 99999999999999999999999\n\nok",
	} {
		all = append(all, scene{name: name, page: 502, origin: answers(response), client: func(c *actor) {
			c.get("GET", "/")
			c.rest(300 * time.Millisecond)
		}})
	}
	slices.SortFunc(all, func(a, b scene) int { return strings.Compare(a.name, b.name) })
	upgrade := func(c *actor) {
		c.get("GET", "/", "Connection: Upgrade", "Upgrade: odd")
	}
	return append(all,
		scene{name: "another protocol", origin: func(o *actor) {
			if o.requestHead() {
				o.send("HTTP/1.1 101 Switching\nUpgrade: odd\nConnection: Upgrade\n\nserver first")
				b := make([]byte, 6)
				io.ReadFull(o.br, b)
				o.note("%q", b)
				o.raw("again")
			}
		}, client: func(c *actor) {
			upgrade(c)
			c.response("GET")
			b := make([]byte, 12)
			io.ReadFull(c.br, b)
			c.note("%q", b)
			c.raw("client")
			c.rest(time.Second)
		}},
		scene{name: "octets before the 101", origin: func(o *actor) {
			if o.requestHead() {
				time.Sleep(50 * time.Millisecond)
				o.send("HTTP/1.1 101 Switching\nUpgrade: odd\nConnection: Upgrade\n\n")
				b := make([]byte, 5)
				io.ReadFull(o.br, b)
				o.note("%q", b)
			}
		}, client: func(c *actor) {
			upgrade(c)
			c.raw("eager")
			c.response("GET")
			c.rest(time.Second)
		}},
		scene{name: "an upgrade that is refused", origin: answers(ok, ok), client: func(c *actor) {
			upgrade(c)
			c.response("GET")
			c.get("GET", "/2")
			c.response("GET")
		}},
	)
}

func endingScenes() []scene {
	cut := func(response string, how func(*actor)) func(*actor) {
		return func(o *actor) {
			if o.request() {
				o.send(response)
				time.Sleep(30 * time.Millisecond)
				how(o)
			}
		}
	}
	get := func(c *actor) { c.get("GET", "/"); c.rest(2 * time.Second) }
	end, reset := func(*actor) {}, (*actor).abort
	return []scene{
		{name: "content cut short by an end", origin: cut("HTTP/1.1 200 OK\nContent-Length: 10\n\nhello", end), client: get, loose: true},
		{name: "chunks cut short by an end", origin: cut("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n", end), client: get, loose: true},
		{name: "content cut short by a reset", origin: cut("HTTP/1.1 200 OK\nContent-Length: 10\n\nhello", reset), client: get, loose: true},
		{name: "half-closed client", origin: func(o *actor) {
			if o.request() {
				time.Sleep(500 * time.Millisecond)
				o.send(ok)
			}
		}, client: func(c *actor) {
			c.get("GET", "/")
			c.halfClose()
			c.response("GET")
			c.rest(time.Second)
		}},
		{name: "half-closed after content", origin: func(o *actor) {
			if o.request() {
				time.Sleep(100 * time.Millisecond)
				o.send(ok)
			}
		}, client: func(c *actor) {
			c.get("POST", "/", "Content-Length: 3")
			c.raw("abc")
			c.halfClose()
			c.response("POST")
			c.rest(time.Second)
		}},
		{name: "no answer and an end", page: 502, origin: func(o *actor) { o.request() }, client: get},
		{name: "slow octets", origin: func(o *actor) {
			if o.request() {
				for _, b := range []byte(strings.ReplaceAll(ok, "\n", "\r\n")) {
					o.raw(string([]byte{b}))
					time.Sleep(500 * time.Microsecond)
				}
				o.rest(300 * time.Millisecond)
			}
		}, client: func(c *actor) { c.get("GET", "/"); c.response("GET") }},
		{name: "slow request", origin: answers(ok), client: func(c *actor) {
			for _, b := range []byte("POST " + c.target + "/ HTTP/1.1\r\nHost: " + c.host + "\r\nContent-Length: 4\r\n\r\nabcd") {
				c.raw(string([]byte{b}))
				time.Sleep(500 * time.Microsecond)
			}
			c.response("POST")
		}},
	}
}

func pipelineScenes() (all []scene) {
	type one struct{ method, response string }
	kinds := []one{
		{"GET", ok},
		{"HEAD", "HTTP/1.1 200 OK\nContent-Length: 7\nX-head: 1\n\n"},
		{"OPTIONS", "HTTP/1.1 204 No Content\nAllow: GET\n\n"},
		{"GET", "HTTP/1.1 103 Early Hints\nLink: </a>\n\nHTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\nX-T: 1\n\n"},
		{"HEAD", "HTTP/1.1 102 Processing\n\nHTTP/1.1 103 Early Hints\nlink: </b>\n\nHTTP/1.1 304 Not Modified\nETag: \"x\"\n\n"},
		{"POST", "HTTP/1.1 100 Continue\n\nHTTP/1.1 201 Created\nLocation: /new\nContent-Length: 0\n\n"},
	}
	for i := range kinds {
		for j := range kinds {
			for k := range kinds {
				if (i+j+k)%3 != 0 && i != j {
					continue // a third of the orders, and all neighbours of one kind
				}
				picked := []one{kinds[i], kinds[j], kinds[k]}
				var name []string
				var responses []string
				for _, p := range picked {
					name = append(name, fmt.Sprintf("%s %.12s", p.method, p.response[9:]))
					responses = append(responses, p.response)
				}
				all = append(all, scene{name: "pipeline " + strings.ReplaceAll(strings.Join(name, ", "), "\n", ""), origin: answers(responses...), client: func(c *actor) {
					var b bytes.Buffer
					for n, p := range picked {
						fmt.Fprintf(&b, "%s %s/%d HTTP/1.1\r\nhost: %s\r\nX-Order: %d\r\na-order: 2\r\n", p.method, c.target, n, c.host, n)
						if p.method == "POST" {
							b.WriteString("content-length: 3\r\n\r\nabc")
						} else {
							b.WriteString("\r\n")
						}
					}
					c.raw(b.String())
					for _, p := range picked {
						c.response(p.method)
					}
					c.rest(20 * time.Millisecond)
				}})
			}
		}
	}
	return all
}
