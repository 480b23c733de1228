package h1

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sidenote/exchange"
)

// A feed is a connection on which given octets come, and then the end.
type feed struct {
	net.Conn
	from io.Reader
}

func (f feed) Read(p []byte) (int, error)      { return f.from.Read(p) }
func (f feed) SetReadDeadline(time.Time) error { return nil }

// readers return the octets in one piece, and one at a time.
func readers(octets string) []*Reader {
	return []*Reader{
		NewReader(feed{from: strings.NewReader(octets)}),
		NewReader(feed{from: iotest.OneByteReader(strings.NewReader(octets))}),
	}
}

// watching counts what a HeadWatch is told.
type watching struct{ began int }

func (w *watching) HeadBegan(time.Time)   { w.began++ }
func (w *watching) HeadGrew([]byte) error { return nil }

// kept is content that was taken.
type kept struct{ octets []byte }

func (k *kept) Take(p []byte) { k.octets = append(k.octets, p...) }

// A reading is what was read of a message.
type reading struct {
	head          Head
	frame         Frame
	wire, content string
	rest          string // what follows the message
	err           error
}

// readRequest reads a request to its end.
func readRequest(r *Reader) (m reading) {
	if m.head, m.err = r.ReadHead(1<<16, &watching{}); m.err != nil {
		return m
	}
	m.head.Parse()
	l, f := m.head.CheckRequest()
	if f == nil {
		m.frame, f = m.head.FrameRequest(l.Version)
	}
	if f != nil {
		m.err = f
		return m
	}
	m.readContent(r, false)
	return m
}

// readContent reads what follows the head.
func (m *reading) readContent(r *Reader, response bool) {
	var c Content
	c.Start(r, m.frame, response)
	var k kept
	for !c.Done() && m.err == nil {
		var wire []byte
		wire, m.err = c.Next(&k)
		m.wire += string(wire)
	}
	m.content = string(k.octets)
	for r.Fill(1<<20) == nil {
	}
	m.rest = string(r.Held())
}

func TestRequests(t *testing.T) {
	const next = "GET /next HTTP/1.1\r\n\r\n"
	for _, c := range []struct {
		name, octets, content, rest string
	}{
		{"no content", "GET / HTTP/1.1\r\nHost: a\r\n\r\n" + next, "", next},
		{"empty lines before", "\r\n\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" + next, "", next},
		{"length", "POST / HTTP/1.1\r\nContent-Length: 003\r\n\r\nabc" + next, "abc", next},
		{"equal lengths", "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3, 3\r\n\r\nabc" + next, "abc", next},
		{"chunks", "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n1;a=\"b\"\r\na\r\n0002 ;x\r\nbc\r\n000\r\n\r\n" + next, "abc", next},
		{"trailers", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\nX-a: 1\r\n\r\n" + next, "abc", next},
		{"bare line feeds", "POST / HTTP/1.1\nContent-Length: 3\n\nabc" + next, "abc", next},
	} {
		for _, r := range readers(c.octets) {
			m := readRequest(r)
			if m.err != nil || m.content != c.content || m.rest != c.rest || m.head.Raw+m.wire+m.rest != strings.TrimLeft(c.octets, "\r\n") {
				t.Errorf("%s: %+v", c.name, m)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	for octets, want := range map[string]Kind{
		"GET\r\n\r\n":                                                       StartLine,
		"GET /a b HTTP/1.1\r\n\r\n":                                         StartLine,
		"GET / HTTP/1.2\r\n\r\n":                                            StartLine,
		"GET /\x7f HTTP/1.1\r\n\r\n":                                        StartLine,
		"G@T / HTTP/1.1\r\n\r\n":                                            StartLine,
		"GET / HTTP/1.1\r\n X: a\r\n\r\n":                                   Field,
		"GET / HTTP/1.1\r\nX : a\r\n\r\n":                                   Field,
		"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n":                                 Field,
		"GET / HTTP/1.1\r\nX: a\r\r\n\r\n":                                  Field,
		"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n":                           Field,
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n": Framing,
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n":         Framing,
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                     Framing,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n":           Framing,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n":          Chunk,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n":         Chunk,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n":                          Chunk,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1" + strings.Repeat(";", 5000): Chunk,
	} {
		for _, r := range readers(octets) {
			var f *Fault
			if m := readRequest(r); !errors.As(m.err, &f) || f.Kind != want || f.Detail == "" {
				t.Errorf("%q: %v, want kind %d", octets, m.err, want)
			}
		}
	}
}

func TestResponses(t *testing.T) {
	for _, c := range []struct {
		name, method, octets string
		end                  End
		content              string
		last                 bool
		err                  error
	}{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ByLength, "ok", false, nil},
		{"closing", "GET", "HTTP/1.1 200\r\n\r\nall of it", ByClosing, "all of it", true, nil},
		{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\n\r\nall", ByClosing, "all", true, nil},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", NoContent, "", false, nil},
		{"204", "GET", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", NoContent, "", false, nil},
		{"both", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ByChunks, "ok", true, nil},
		{"coding without chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nzip", ByClosing, "zip", true, nil},
		{"padded chunk size", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nok\n0\n\n", ByChunks, "ok", false, nil},
		{"folded", "GET", "HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\nContent-Length: 2\r\n\r\nok", ByLength, "ok", false, nil},
		{"short", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", ByLength, "ok", false, io.ErrUnexpectedEOF},
		{"short chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok", ByChunks, "ok", false, io.ErrUnexpectedEOF},
		{"short trailer", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: ", ByChunks, "ok", false, io.ErrUnexpectedEOF},
	} {
		for _, r := range readers(c.octets) {
			var m reading
			m.head, m.err = r.ReadHead(1<<16, &watching{})
			if m.err != nil {
				t.Fatal(m.err)
			}
			m.head.Parse()
			l, f := m.head.CheckResponse()
			if f == nil {
				m.frame, f = m.head.FrameResponse(c.method, l)
			}
			if f != nil {
				t.Fatal(f)
			}
			m.readContent(r, true)
			if m.frame.End != c.end || m.content != c.content || m.frame.Last != c.last || !errors.Is(m.err, c.err) || m.head.Raw+m.wire != c.octets {
				t.Errorf("%s: %+v", c.name, m)
			}
		}
	}
}

func TestOutgoing(t *testing.T) {
	h := Head{Raw: "GET http://a/ HTTP/1.1\r\nHost:  b \r\nX-a:1\nX-B: c\r\n d\r\nX-c: \r\n\r\n"}
	h.Parse()
	o := Outgoing{Head: &h}
	if got := string(o.Append(nil)); got != h.Raw {
		t.Errorf("%q", got)
	}
	o = Outgoing{Head: &h, Start: "GET / HTTP/1.1", Host: "a", Added: []exchange.Line{{Name: "Via", Value: "x"}}}
	o.Skip.Add(1)
	if got, want := string(o.Append(nil)), "GET / HTTP/1.1\r\nHost: a\r\nX-B: c\r\n d\r\nX-c: \r\nVia: x\r\n\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	o = Outgoing{Head: &h, Tidy: true}
	if got, want := string(o.Append(nil)), "GET http://a/ HTTP/1.1\r\nHost: b\r\nX-a: 1\r\nX-B: c d\r\nX-c: \r\n\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHeadBounds(t *testing.T) {
	for _, r := range readers("GET / HTTP/1.1\r\nX: " + strings.Repeat("y", 100<<10) + "\r\n\r\n") {
		var f *Fault
		h, err := r.ReadHead(64<<10, &watching{})
		if !errors.As(err, &f) || f.Kind != TooLarge || len(h.Raw) != 64<<10 {
			t.Errorf("%v, %d octets", err, len(h.Raw))
		}
	}
	whole := "GET / HTTP/1.1\r\nX: " + strings.Repeat("y", 100<<10) + "\r\n\r\n"
	for _, r := range readers(whole + "rest") {
		h, err := r.ReadHead(128<<10, &watching{})
		if err != nil || h.Raw != whole {
			t.Errorf("%v, %d octets", err, len(h.Raw))
		}
	}
	for octets, want := range map[string]error{"": io.EOF, "\r\n": io.EOF, "GET": io.ErrUnexpectedEOF} {
		for _, r := range readers(octets) {
			if _, err := r.ReadHead(100, &watching{}); err != want && octets != "\r\n" {
				t.Errorf("%q: %v", octets, err)
			}
		}
	}
}

// strictRequest is a reader by the letter of RFC 9112, which knows no leniency. It
// returns how many octets the request has; ok is false for what is not a request.
func strictRequest(s string) (n int, ok bool) {
	head, _, found := strings.Cut(s, "\r\n\r\n")
	if !found {
		return 0, false
	}
	n = len(head) + 4
	lines := strings.Split(head, "\r\n")
	length, chunked := int64(-1), false
	for _, l := range lines[1:] {
		name, value, found := strings.Cut(l, ":")
		if !found || strings.ContainsAny(l, "\r\n\x00") || strings.ContainsAny(name, " \t") || name == "" {
			return 0, false
		}
		value = strings.Trim(value, " \t")
		switch strings.ToLower(name) {
		case "content-length":
			v, err := strconv.ParseUint(value, 10, 63)
			if err != nil || length >= 0 && length != int64(v) {
				return 0, false
			}
			length = int64(v)
		case "transfer-encoding":
			if chunked || !strings.EqualFold(value, "chunked") {
				return 0, false
			}
			chunked = true
		}
	}
	switch {
	case chunked && length >= 0:
		return 0, false
	case chunked:
		m, ok := strictChunks(s[n:])
		return n + m, ok
	case length > int64(len(s)-n):
		return 0, false
	}
	return n + int(max(length, 0)), true
}

func strictChunks(s string) (n int, ok bool) {
	for {
		line, _, found := strings.Cut(s[n:], "\r\n")
		digits, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(strings.TrimRight(digits, " \t"), 16, 62)
		if !found || err != nil || strings.ContainsAny(line, "\r\n\x00") {
			return 0, false
		}
		n += len(line) + 2
		if size == 0 {
			break
		}
		if uint64(len(s)-n) < size+2 || s[n+int(size):n+int(size)+2] != "\r\n" {
			return 0, false
		}
		n += int(size) + 2
	}
	for {
		line, _, found := strings.Cut(s[n:], "\r\n")
		if !found {
			return 0, false
		}
		if n += len(line) + 2; line == "" {
			return n, true
		}
	}
}

// FuzzRequestEnd compares where a request ends with a strict reader: what is
// passed on ends at the same place for both.
func FuzzRequestEnd(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd", "POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabcd",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\nmore",
		"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n", "POST / HTTP/1.1\r\nX: a\r\n Content-Length: 5\r\n\r\nabcde",
		"POST / HTTP/1.1\r\nX: a\nContent-Length: 5\r\n\r\nabcde", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := readRequest(NewReader(feed{from: strings.NewReader(s)}))
		if m.err != nil {
			return
		}
		o := Outgoing{Head: &m.head, Tidy: m.head.Unsafe()}
		o.LeaveOut(&m.frame)
		out := string(o.Append(nil))
		if codings := m.head.Fields.Combined(exchange.FieldTransferEncoding); codings != "" && !strings.EqualFold(codings, "chunked") {
			return // the strict reader knows no other codings
		}
		if n, ok := strictRequest(out + m.wire + m.rest); ok && n != len(out)+len(m.wire) {
			t.Errorf("%q: passed on as %q, of which a strict reader takes %d octets, not %d", s, out+m.wire, n, len(out)+len(m.wire))
		}
	})
}
