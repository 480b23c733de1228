package h1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sidenote/exchange"
)

// A Kind tells what of a message is wrong.
type Kind uint8

// The kinds of faults.
const (
	StartLine Kind = iota + 1 // the request line or status line
	Field                     // a field line
	Framing                   // what says where the message ends
	TooLarge                  // the head has more octets than are allowed
	Chunk                     // the chunked coding of the content
)

// A Fault is why a message cannot be passed on.
type Fault struct {
	Kind   Kind
	Detail string
}

// Error returns the detail.
func (f *Fault) Error() string { return f.Detail }

func faultf(k Kind, format string, args ...any) *Fault {
	return &Fault{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

// A Head is a message head.
type Head struct {
	Raw    string // as it came, up to and with the empty line
	Start  string // the start line, without its end
	Fields exchange.Fields
	Began  time.Time // when its first octet was read

	after    int  // where the first field line begins in Raw
	bareLF   bool // a line ends with LF alone
	badFold  bool // such a line, taken for one of its own, frames the message
	framed   bool // it has Content-Length or Transfer-Encoding
	fault    *Fault
	nameHole string // the first line with white space between name and colon
}

// A HeadWatch is told of a head that is being read: when it has begun, and what
// came of it as long as it is not whole. An error that it returns ends the reading.
type HeadWatch interface {
	HeadBegan(at time.Time)
	HeadGrew(octets []byte) error
}

// ReadHead reads the next head: up to limit octets. Empty lines before it are
// skipped, as many as a client may send after the content before (RFC 9112 §2.2).
// On an error the head has what came of it. io.EOF says that nothing came of it,
// io.ErrUnexpectedEOF that it is incomplete.
func (r *Reader) ReadHead(limit int, watch HeadWatch) (h Head, err error) {
	searched := 0
	for {
		held := r.Held()
		if h.Began.IsZero() {
			for len(held) > 0 && (held[0] == '\n' || len(held) > 1 && held[0] == '\r' && held[1] == '\n') {
				n := 1 + int(held[0]&1) // CR is odd, LF is even
				r.Skip(n)
				held = held[n:]
			}
		}
		if len(held) > 0 && h.Began.IsZero() && (held[0] != '\r' || len(held) > 1) {
			h.Began = time.Now()
			watch.HeadBegan(h.Began)
		}
		if end := headEnd(held, max(searched-3, 0)); end >= 0 && end <= limit {
			h.Raw = exchange.Text(held[:end])
			r.Skip(end)
			return h, nil
		}
		if h.Began.IsZero() {
			held = nil // a lone CR may be an empty line's
		}
		if searched = len(held); searched >= limit {
			h.Raw = string(held[:limit])
			return h, faultf(TooLarge, "the head has more than %d bytes", limit)
		}
		if h.Began.IsZero() {
			searched = 0 // nothing, or half of an empty line
		}
		if searched > 0 {
			if err := watch.HeadGrew(held); err != nil {
				h.Raw = string(held)
				return h, err
			}
		}
		if err := r.Fill(limit + 1); err != nil {
			if h.Raw = string(r.Held()); err == io.EOF && h.Raw != "" {
				err = io.ErrUnexpectedEOF
			}
			return h, err
		}
	}
}

// headEnd finds the end of a head at or after from: after an empty line, which
// CRLF or a bare LF may end. -1 when it is not there yet.
func headEnd(b []byte, from int) int {
	for i := from; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return -1
		}
		i += n + 1
		rest := b[i:]
		switch {
		case len(rest) >= 1 && rest[0] == '\n':
			return i + 1
		case len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n':
			return i + 2
		case len(rest) == 0 || len(rest) == 1 && rest[0] == '\r':
			return -1
		}
	}
}

// Parse takes a head, or the beginning of one, apart. What is wrong with its
// lines is for CheckRequest and CheckResponse to say.
func (h *Head) Parse() {
	var rest string
	h.Start, rest = h.cutLine(h.Raw)
	h.after = len(h.Raw) - len(rest)
	if rest != "" {
		h.Fields.Reserve(strings.Count(rest, "\n") - 1)
	}
	h.fault = checkOctets(h.Start, StartLine)
	var name, value string
	pending := false
	for rest != "" {
		whole := strings.IndexByte(rest, '\n') >= 0
		var line string
		line, rest = h.cutLine(rest)
		if line == "" {
			break
		}
		if (line[0] == ' ' || line[0] == '\t') && (pending || whole) {
			h.fold(line, name, pending)
			if pending {
				value += " " + trimOWS(line)
			}
			continue
		}
		if pending {
			h.add(name, value)
		}
		name, value, pending = h.cutField(line, whole), "", true
		if len(name) < len(line) {
			value = trimOWS(line[len(name)+1:])
		}
		name = trimRightOWS(name)
	}
	if pending {
		h.add(name, value)
	}
}

func (h *Head) add(name, value string) {
	h.Fields.Add(name, value)
	k := h.Fields.At(h.Fields.Len() - 1).Known
	h.framed = h.framed || k == exchange.FieldContentLength || k == exchange.FieldTransferEncoding
}

// fold looks at a line that continues the one before.
func (h *Head) fold(line, name string, pending bool) {
	h.note(checkOctets(line, Field))
	if !pending {
		h.note(faultf(Field, "the line is %q", first(line)))
		return
	}
	own, _, _ := strings.Cut(trimOWS(line), ":")
	if strings.EqualFold(name, "Host") {
		h.note(faultf(Field, "Host is continued on another line: %q", first(line)))
	}
	if framesMessage(name) {
		h.note(faultf(Framing, "%s is continued on another line: %q", name, first(line)))
	}
	h.badFold = h.badFold || framesMessage(trimRightOWS(own))
}

// cutField cuts the name off a field line.
func (h *Head) cutField(line string, whole bool) (name string) {
	name, _, found := strings.Cut(line, ":")
	if !whole {
		return name
	}
	h.note(checkOctets(line, Field))
	trimmed := trimRightOWS(name)
	if !found || trimmed == "" || !isToken(trimmed) {
		h.note(faultf(Field, "the line is %q", first(line)))
	} else if len(trimmed) < len(name) && h.nameHole == "" {
		h.nameHole = line
	}
	return name
}

// note keeps the first fault.
func (h *Head) note(f *Fault) {
	if h.fault == nil {
		h.fault = f
	}
}

// cutLine cuts the first line off, without its end.
func (h *Head) cutLine(s string) (line, rest string) {
	i := strings.IndexByte(s, '\n')
	if i < 0 {
		return s, ""
	}
	line, rest = s[:i], s[i+1:]
	if i > 0 && line[i-1] == '\r' {
		return line[:i-1], rest
	}
	h.bareLF = true
	return line, rest
}

// checkOctets finds octets that no two readers take for the same: NUL, and CR
// that does not end a line (RFC 9112 §2.2, RFC 9110 §5.5).
func checkOctets(line string, k Kind) *Fault {
	if strings.IndexByte(line, '\r') >= 0 {
		return faultf(k, "a carriage return stands within a line: %q", first(line))
	}
	if strings.IndexByte(line, 0) >= 0 {
		return faultf(k, "the line is %q", first(line))
	}
	return nil
}

func framesMessage(name string) bool {
	return strings.EqualFold(name, "Content-Length") || strings.EqualFold(name, "Transfer-Encoding")
}

// first shortens a line that is shown.
func first(s string) string { return s[:min(len(s), 200)] }

func trimOWS(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return trimRightOWS(s)
}

func trimRightOWS(s string) string {
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// tokenOctets are those of a token (RFC 9110 §5.6.2).
var tokenOctets = func() (t [256]bool) {
	for c := range 256 {
		t[c] = c > ' ' && c < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, rune(c))
	}
	return t
}()

func isToken(s string) bool {
	for i := range len(s) {
		if !tokenOctets[s[i]] {
			return false
		}
	}
	return s != ""
}

// A RequestLine is the first line of a request (RFC 9112 §3).
type RequestLine struct {
	Method, Target string
	Version        exchange.Version
}

var errRequestLine = errors.New("the request line is not METHOD TARGET HTTP/1.1")

// CheckRequest reads the request line, and finds what is wrong with the head; nil
// where it can be passed on.
func (h *Head) CheckRequest() (l RequestLine, f *Fault) {
	method, rest, ok := strings.Cut(h.Start, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	l.Method, l.Target = method, target
	if !ok || !ok2 || !isToken(method) || target == "" || !isVersion1(version) {
		return l, faultf(StartLine, "%v: %q", errRequestLine, first(h.Start))
	}
	l.Version, _ = exchange.ParseVersion(version)
	for i := range len(target) {
		if target[i] < ' ' || target[i] == 0x7f {
			return l, faultf(StartLine, "the request target has a control character: %q", first(h.Start))
		}
	}
	switch {
	case h.fault != nil:
		return l, h.fault
	case h.nameHole != "":
		return l, faultf(Field, "white space stands before a colon: %q", first(h.nameHole))
	case h.Fields.Count(exchange.FieldHost) > 1:
		return l, faultf(Field, "there is more than one Host: %q", first(h.Fields.Combined(exchange.FieldHost)))
	}
	return l, nil
}

func isVersion1(s string) bool { return s == "HTTP/1.1" || s == "HTTP/1.0" }

// A StatusLine is the first line of a response (RFC 9112 §4).
type StatusLine struct {
	Version exchange.Version
	Status  int
	Reason  string
}

// CheckResponse reads the status line, and finds what is wrong with the head; nil
// where it can be passed on.
func (h *Head) CheckResponse() (l StatusLine, f *Fault) {
	var err error
	l.Version, l.Status, l.Reason, err = exchange.ParseStatusLine(h.Start)
	switch {
	case err != nil, l.Version/10 != 1, l.Status < 100:
		return l, StatusFault(h.Start)
	case h.fault != nil:
		return l, h.fault
	case h.nameHole != "" && framesMessage(trimRightOWS(h.nameHole[:strings.IndexByte(h.nameHole, ':')])):
		return l, faultf(Framing, "white space stands before a colon: %q", first(h.nameHole))
	}
	return l, nil
}

// StatusFault is the fault of octets that do not begin a response.
func StatusFault(octets string) *Fault {
	if beginsAsSettings(octets) {
		return faultf(StartLine, "the server speaks only HTTP/2 here: the first bytes are a SETTINGS frame, %q", octets[:frameHead])
	}
	octets, _, _ = strings.Cut(octets, "\n")
	octets = strings.TrimSuffix(octets, "\r")
	return faultf(StartLine, "the first bytes are %q", octets[:min(len(octets), 48)])
}

// frameHead is how long the head of an HTTP/2 frame is (RFC 9113 §4.1).
const frameHead = 9

// beginsAsSettings reports whether octets begin with a SETTINGS frame, with which
// a server of HTTP/2 begins whatever it is asked (RFC 9113 §3.4, §6.5).
func beginsAsSettings(octets string) bool {
	return len(octets) >= frameHead && octets[:2] == "\x00\x00" && octets[2]%6 == 0 && octets[3:frameHead] == "\x04\x00\x00\x00\x00\x00"
}

// BeginsAsResponse reports whether octets can be the beginning of a response.
func BeginsAsResponse(octets []byte) bool {
	const begin = "HTTP/1."
	n := min(len(octets), len(begin))
	return string(octets[:n]) == begin[:n]
}

// BeginsAsRequest reports whether octets can be the beginning of a request.
func BeginsAsRequest(octets []byte) bool { return len(octets) == 0 || tokenOctets[octets[0]] }
