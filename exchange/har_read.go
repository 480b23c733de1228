package exchange

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// maxFieldLines bounds the field lines of one message in a HAR.
const maxFieldLines = 1 << 14

// A harEntry is an entry as it is in the file. Its strings share the memory of
// the entry's text. The reader uses one for all entries.
type harEntry struct {
	writer *harWriter // of the file
	files  harFiles   // beside the file

	started    string
	time       float64
	ip         string
	protocol   string // the version spoken, where the writer says it apart
	failed     string // why, in the writer's words
	cached     bool   // the response came out of the user agent's cache
	reused     bool
	timings    harTimings
	request    harMessage
	response   harMessage
	tunnel     Tunnel
	id, run    string // of a record that sidenote wrote
	err        Err
	hasRequest bool

	problem   error // what of it could not be read, where the rest could
	problemAt int   // where in the text
	broken    bool  // reading ended in the middle of it
	lacks     Lacks
}

// harTimings are durations in milliseconds; negative or missing where the phase
// did not happen.
type harTimings struct {
	there                                           bool
	blocked, dns, connect, ssl, send, wait, receive float64
}

type harMessage struct {
	method, url, version string
	status               float64
	statusAt             int // where it is in the text
	reason               string
	fields               []harField
	hasFields            bool    // all that the text has
	manyAt               int     // where in the text there are too many field lines; 0 for nowhere
	bodySize             float64 // -1 when unknown

	hasText  bool
	text     []byte
	textAt   int  // where it stands
	cut      bool // of text
	pieces   []string
	file     string // that has the content, beside the HAR
	asFile   bool   // text was read from it
	encoding string
	size     float64 // of the content without its codings; -1 when unknown
	params   []harField
	formType string
}

type harField struct{ name, value string }

// harPseudo is what the pseudo-fields of HTTP/2 say (RFC 9113 §8.3).
type harPseudo struct {
	there                           bool
	method, scheme, authority, path string
}

func (e *harEntry) reset() {
	request, response := e.request.fields[:0], e.response.fields[:0]
	params := e.request.params[:0]
	*e = harEntry{writer: e.writer, files: e.files}
	if e.writer == nil {
		e.writer = harWriterOf("")
	}
	e.lacks = e.writer.lacks
	e.request = harMessage{fields: request, params: params, bodySize: -1, size: -1}
	e.response = harMessage{fields: response, bodySize: -1, size: -1}
}

var (
	// errNotHTTP is for entries of data: and other URLs, which no HTTP was spoken for.
	errNotHTTP     = errors.New("no HTTP")
	errNotEntry    = errors.New("an entry has to be an object")
	errNoRequest   = errors.New(`the entry has no "request"`)
	errNoURL       = errors.New(`the request has no "url"`)
	errURL         = errors.New("the request's \"url\" is not a URL")
	errManyFields  = fmt.Errorf("a message has more than %d header lines; the rest of the entry was read", maxFieldLines)
	errBadBase64   = errors.New("the body is marked as base64 but isn't; the rest of the entry was read")
	errStatusRange = errors.New("not a status code")
)

// read makes an exchange of the entry that the cursor is at. Where the text is
// wrong or ends, the cursor has the error too. What could be read of a wrong entry
// is in the exchange beside the error; nil when that is nothing.
func (e *harEntry) read(c *jsonCursor) (*Exchange, error) {
	e.reset()
	c.members(func(name string) { e.member(c, name) })
	switch {
	case c.err == errJSONEnd: // the caller may have more of the text
		return nil, c.err
	case c.err != nil:
		return e.rest(), c.err
	case !e.hasRequest:
		return nil, errNoRequest
	}
	x, err := e.exchange()
	if err != nil {
		return nil, err
	}
	return x, e.problem
}

// rest makes an exchange of an entry that could be read in part only; nil where
// not even the head of its request could. Of a response whose head was not read
// whole, it takes nothing.
func (e *harEntry) rest() *Exchange {
	if e.request.url == "" || !e.request.hasFields {
		return nil
	}
	e.broken = true
	if !e.response.hasFields {
		e.response.status = 0
	}
	x, err := e.exchange()
	if err != nil {
		return nil
	}
	return x
}

// trouble notes the first thing that could not be read.
func (e *harEntry) trouble(at int, err error) {
	if e.problem == nil {
		e.problem, e.problemAt = err, at
	}
}

func (e *harEntry) member(c *jsonCursor, name string) {
	switch name {
	case "startedDateTime":
		e.started = c.text()
	case "time":
		e.time, _ = c.number()
	case "request":
		e.hasRequest = c.peek() == '{'
		c.members(func(name string) { e.request.member(c, name) })
	case "response":
		c.members(func(name string) { e.responseMember(c, name) })
	case "timings":
		e.timings.there = true
		c.members(func(name string) { e.timing(c, name) })
	case "serverIPAddress":
		e.ip = c.text()
	case "_fromCache": // Chrome: "disk", "memory"
		s := c.text()
		e.cached = s != "" && s != "false"
	case "_fetchType": // Safari: "Network Load", "Memory Cache", ...
		e.cached = strings.Contains(c.text(), "Cache")
	case "_protocol", "_httpVersion", "_http_version", "_nextHopProtocol", "_alpn":
		if v := c.text(); e.protocol == "" {
			e.protocol = v
		}
	case "_error", "_failureText", "_errorText", "_errorMessage", "_blockedReason":
		e.setFailed(c.text())
	case "_webSocketMessages":
		c.elements(func() { e.message(c) })
	case "_sidenote":
		c.members(func(name string) { e.own(c, name) })
	}
}

func (e *harEntry) setFailed(words string) {
	if e.failed == "" && words != "0" && words != "false" {
		e.failed = words
	}
}

func (e *harEntry) responseMember(c *jsonCursor, name string) {
	switch name {
	case "_error", "_failureText", "_errorText", "_errorMessage", "_blockedReason":
		e.setFailed(c.text())
	default:
		e.response.member(c, name)
	}
}

func (m *harMessage) member(c *jsonCursor, name string) {
	switch name {
	case "method":
		m.method = c.text()
	case "url":
		m.url = c.text()
	case "httpVersion":
		m.version = c.text()
	case "status":
		c.peek()
		m.statusAt = c.i
		m.status = statusNumber(c)
	case "statusText":
		m.reason = c.text()
	case "headers":
		m.fieldList(c)
		m.hasFields = c.err == nil
	case "bodySize":
		m.bodySize = numberOr(c, -1)
	case "postData", "content":
		if c.peek() == '"' { // some writers have the text alone
			m.contentText(c)
			return
		}
		c.members(func(name string) { m.content(c, name) })
	}
}

// statusNumber reads a status code, also "200 OK".
func statusNumber(c *jsonCursor) float64 {
	raw, _ := c.raw()
	if n, short := shortNumber(raw); short {
		return n
	}
	if n, err := strconv.ParseFloat(raw, 64); err == nil {
		return n
	}
	digits, _, _ := strings.Cut(raw, " ")
	n, _ := shortNumber(digits)
	return n
}

// fieldList reads field lines: a list of names and values, or an object of them.
func (m *harMessage) fieldList(c *jsonCursor) {
	if c.peek() != '{' {
		c.elements(func() { m.fields = m.pair(c, m.fields) })
		return
	}
	c.members(func(name string) {
		value, empty := fieldValue(c)
		switch {
		case empty:
		case len(m.fields) >= maxFieldLines:
			m.manyAt = max(m.manyAt, c.i)
		default:
			m.fields = append(m.fields, harField{name, value})
		}
	})
}

func numberOr(c *jsonCursor, or float64) float64 {
	if n, ok := c.number(); ok {
		return n
	}
	return or
}

func (m *harMessage) content(c *jsonCursor, name string) {
	switch name {
	case "text":
		m.contentText(c)
	case "_truncated": // which WriteHAR adds
		m.cut = c.flag() || m.cut
	case "_file":
		m.file = c.text()
	case "encoding":
		m.encoding = c.text()
	case "size":
		m.size = numberOr(c, -1)
	case "mimeType":
		m.formType = c.text()
	case "params":
		c.elements(func() { m.params = m.pair(c, m.params) })
	}
}

// contentText reads content, which some writers save as a list of pieces.
func (m *harMessage) contentText(c *jsonCursor) {
	kind := c.peek()
	m.textAt = c.i
	if kind == '[' {
		m.hasText = true
		c.elements(func() {
			if len(m.pieces) < maxPieces {
				m.pieces = append(m.pieces, c.text())
			}
		})
		return
	}
	m.hasText = kind == '"'
	var cut bool
	m.text, cut = c.octets()
	m.cut = m.cut || cut
}

// maxPieces bounds the pieces of one content.
const maxPieces = 1 << 16

// pair reads a name and value into a list.
func (m *harMessage) pair(c *jsonCursor, to []harField) []harField {
	if len(to) >= maxFieldLines {
		if m.manyAt == 0 {
			m.manyAt = c.i
		}
		return to
	}
	var f harField
	empty := false
	c.members(func(name string) {
		switch name {
		case "name":
			f.name = c.text()
		case "value":
			f.value, empty = fieldValue(c)
		}
	})
	if empty {
		return to
	}
	return append(to, f)
}

// fieldValue reads a value, which some writers save as a list of lines: then they
// are joined by line feeds, and empty says that there are none.
func fieldValue(c *jsonCursor) (value string, empty bool) {
	if c.peek() != '[' {
		return c.text(), false
	}
	lines := 0
	var b strings.Builder
	c.elements(func() {
		if lines++; lines > 1 {
			b.WriteByte('\n')
		}
		b.WriteString(c.text())
	})
	return b.String(), lines == 0
}

func (e *harEntry) timing(c *jsonCursor, name string) {
	t := &e.timings
	switch name {
	case "blocked":
		t.blocked = numberOr(c, -1)
	case "dns":
		t.dns = numberOr(c, -1)
	case "connect":
		t.connect = numberOr(c, -1)
		e.reused = t.connect < 0
	case "ssl":
		t.ssl = numberOr(c, -1)
	case "send":
		t.send = numberOr(c, -1)
	case "wait":
		t.wait = numberOr(c, -1)
	case "receive":
		t.receive = numberOr(c, -1)
	}
}

// message counts one message of a WebSocket.
func (e *harEntry) message(c *jsonCursor) {
	kind, size, opcode := "", 0, 1.0
	c.members(func(name string) {
		switch name {
		case "type":
			kind = c.text()
		case "opcode":
			opcode = numberOr(c, 1)
		case "data":
			raw, _ := c.raw()
			size = len(raw)
		}
	})
	if opcode == 2 { // binary, in base64
		size = size / 4 * 3
	}
	if kind == "send" || kind == "request" {
		e.tunnel.Sent += int64(size)
	} else {
		e.tunnel.Received += int64(size)
	}
}

// own reads what WriteHAR adds.
func (e *harEntry) own(c *jsonCursor, name string) {
	switch name {
	case "id":
		e.id = c.text()
	case "run":
		e.run = c.text()
	case "error":
		c.members(func(name string) {
			switch name {
			case "type":
				e.err.Code = ErrCode(c.text())
			case "detail":
				e.err.Detail = c.text()
			}
		})
	}
}

// parseHARVersion reads the ways in which writers name a version: "HTTP/1.1",
// "http/2.0", "h2", "h3-29"; 0 for "", "unknown" and the like.
func parseHARVersion(s string) Version {
	if s == "" {
		return 0
	}
	if v, ok := ParseVersion(s); ok {
		return v
	}
	switch s = strings.ToLower(s); {
	case s == "h2" || s == "h2c" || s == "2" || s == "2.0":
		return HTTP2
	case s == "h3" || s == "3" || s == "3.0" || strings.HasPrefix(s, "h3-") || strings.Contains(s, "quic"):
		return HTTP3
	case s == "1.1":
		return HTTP11
	case s == "1.0":
		return HTTP10
	}
	digits, ok := strings.CutPrefix(s, "http/")
	if !ok {
		return 0
	}
	v, _ := ParseVersion("HTTP/" + digits)
	return v
}

// harTimeForms are the forms of time that were seen, the usual one first.
var harTimeForms = [...]string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 Z0700", "2006-01-02 15:04:05.999999999", "2006-01-02",
}

// parseHARTime reads a time in one of the forms of ISO 8601, without a zone in
// UTC, or the seconds or milliseconds since 1970; the zero time when it is none.
func parseHARTime(s string) time.Time {
	if len(s) == len("1767323045") || len(s) == len("1767323045000") {
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case err != nil || n <= 0:
		case len(s) == len("1767323045"):
			return time.Unix(n, 0).UTC()
		default:
			return time.UnixMilli(n).UTC()
		}
	}
	for _, form := range harTimeForms {
		if t, err := time.Parse(form, s); err == nil && t.Unix() != 0 { // 1970 is what WriteHAR says for none
			return t
		}
		if s == "" || len(s) > 64 {
			break
		}
	}
	return time.Time{}
}

// fillTiming turns the phases of a HAR, which follow each other, into points in
// time. Its connect includes ssl.
func (e *harEntry) fillTiming(x *Exchange) {
	t, to := &e.timings, &x.Timing
	if !t.there {
		to.Done = harMillis(e.time)
		return
	}
	to.DNS, to.Connect, to.TLS = harMillis(t.dns), harMillis(t.connect), harMillis(t.ssl)
	at := harMillis(t.blocked) + to.DNS + to.Connect
	if to.Connect >= to.TLS {
		to.Connect -= to.TLS
	} else { // this writer counts it apart
		at += to.TLS
	}
	at += harMillis(t.send)
	if x.Response.Status != 0 && t.wait > 0 {
		to.RequestSent = max(at, 1) // 0 would be "unknown"
		at += harMillis(t.wait)
		to.FirstByte, x.Response.At = at, at
	}
	if to.Done = at + harMillis(t.receive); to.Done <= 1 {
		to.Done = harMillis(e.time)
	}
}

// harMillis reads a duration; what is negative or beyond a month is not known.
func harMillis(ms float64) time.Duration {
	if !(ms > 0 && ms < 31*24*3600*1000) {
		return 0
	}
	return time.Duration(math.Round(ms * 1e6))
}

func (e *harEntry) fillOrigin(x *Exchange) {
	x.Origin.Reused = e.reused && x.Response.Status != 0
	ip, err := netip.ParseAddr(strings.Trim(e.ip, "[]"))
	if err != nil {
		return
	}
	_, port := SplitAuthority(x.Authority)
	x.Origin.Peer = netip.AddrPortFrom(ip.WithZone(""), uint16(portNumber(port, x.Scheme)))
}
