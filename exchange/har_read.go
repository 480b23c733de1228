package exchange

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxFieldLines bounds the field lines of one message in a HAR.
const maxFieldLines = 1 << 14

// A harEntry is an entry as it stands in the file. Its strings share the memory
// of the entry's text. The reader uses one for all entries.
type harEntry struct {
	started    string
	time       float64
	ip         string
	cached     bool // the response came out of the user agent's cache
	reused     bool
	timings    harTimings
	request    harMessage
	response   harMessage
	tunnel     Tunnel
	id, run    string // of a record that sidenote wrote
	err        Err
	hasRequest bool
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
	reason               string
	failed               string // "_error"
	fields               []harField
	tooMany              bool
	bodySize             float64 // -1 when unknown

	hasText  bool
	text     []byte
	cut      bool // of text
	encoding string
	size     float64 // of the content without its codings; -1 when unknown
	params   []harField
	formType string
}

type harField struct{ name, value string }

func (e *harEntry) reset() {
	request, response := e.request.fields[:0], e.response.fields[:0]
	params := e.request.params[:0]
	*e = harEntry{}
	e.request = harMessage{fields: request, params: params, bodySize: -1, size: -1}
	e.response = harMessage{fields: response, bodySize: -1, size: -1}
}

var (
	// errNotHTTP is for entries of data: and other URLs, which no HTTP was spoken for.
	errNotHTTP     = errors.New("no HTTP")
	errNotEntry    = errors.New("an entry has to be an object")
	errNoRequest   = errors.New(`the entry has no "request"`)
	errNoMethod    = errors.New(`the request has no "method"`)
	errNoURL       = errors.New(`the request has no "url"`)
	errURL         = errors.New("the request's \"url\" is not a URL")
	errManyFields  = fmt.Errorf("a message has more than %d field lines", maxFieldLines)
	errBadBase64   = errors.New("the body is marked as base64 but isn't")
	errStatusRange = errors.New("not a status code")
)

// read makes an exchange of the entry that the cursor is at. Where the text is
// wrong or ends, the cursor has the error too.
func (e *harEntry) read(c *jsonCursor) (*Exchange, error) {
	e.reset()
	c.members(func(name string) { e.member(c, name) })
	switch {
	case c.err != nil:
		return nil, c.err
	case !e.hasRequest:
		return nil, errNoRequest
	}
	return e.exchange()
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
		c.members(func(name string) { e.response.member(c, name) })
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
	case "_webSocketMessages":
		c.elements(func() { e.message(c) })
	case "_sidenote":
		c.members(func(name string) { e.own(c, name) })
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
		m.status, _ = c.number()
	case "statusText":
		m.reason = c.text()
	case "_error":
		m.failed = c.text()
	case "headers":
		c.elements(func() { m.fields = m.pair(c, m.fields) })
	case "bodySize":
		m.bodySize = numberOr(c, -1)
	case "postData", "content":
		c.members(func(name string) { m.content(c, name) })
	}
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
		m.hasText = c.peek() == '"'
		var cut bool
		m.text, cut = c.octets()
		m.cut = m.cut || cut
	case "_truncated": // which WriteHAR adds
		m.cut = c.flag() || m.cut
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

// pair reads a name and value into a list.
func (m *harMessage) pair(c *jsonCursor, to []harField) []harField {
	if len(to) >= maxFieldLines {
		m.tooMany = true
		return to
	}
	var f harField
	c.members(func(name string) {
		switch name {
		case "name":
			f.name = c.text()
		case "value":
			f.value = c.text()
		}
	})
	return append(to, f)
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
			raw, _, _ := c.raw()
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

// exchange makes the record.
func (e *harEntry) exchange() (*Exchange, error) {
	if e.request.tooMany || e.response.tooMany {
		return nil, errManyFields
	}
	x := &Exchange{ID: strings.Clone(e.id), Run: strings.Clone(e.run), Started: parseHARTime(e.started), Tunnel: e.tunnel}
	if err := e.fillRequest(x); err != nil {
		return nil, err
	}
	if err := e.fillResponse(x); err != nil {
		return nil, err
	}
	if x.Request.Version == 0 {
		x.Request.Version = x.Response.Version
	}
	e.fillTiming(x)
	e.fillOrigin(x)
	e.fillErr(x)
	if e.cached { // what it says of the time, it said earlier
		x.Started = time.Time{}
	}
	return x, nil
}

func (e *harEntry) fillRequest(x *Exchange) error {
	m, r := &e.request, &x.Request
	switch {
	case m.method == "":
		return errNoMethod
	case m.url == "":
		return errNoURL
	}
	r.Method, r.Version = m.method, parseHARVersion(m.version)
	pseudo := m.fillFields(&r.Fields)
	if err := x.setHARURL(m.url, pseudo); err != nil {
		return err
	}
	if r.Version == 0 && pseudo != "" {
		r.Version = HTTP2
	}
	if !m.hasText && len(m.params) > 0 {
		m.form()
	}
	return m.fillContent(&r.Message, true)
}

// form makes form content of parameters, which is what some writers save of it.
func (m *harMessage) form() {
	if kind := mediaType(m.formType); kind != "" && !isFormType(kind) {
		m.size = max(m.size, m.bodySize, 1) // there was something
		return
	}
	var b []byte
	for i, p := range m.params {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(append(b, url.QueryEscape(p.name)...), '=')
		b = append(b, url.QueryEscape(p.value)...)
	}
	m.text, m.hasText = b, true
}

func (e *harEntry) fillResponse(x *Exchange) error {
	m, r := &e.response, &x.Response
	if m.status > 999 || m.status != math.Trunc(m.status) {
		return fmt.Errorf("%w: %v", errStatusRange, m.status)
	}
	r.Status = max(int(m.status), 0) // some writers say -1 for none
	if r.Status == 0 {
		return nil
	}
	r.Version = parseHARVersion(m.version)
	pseudo := m.fillFields(&r.Fields)
	if r.Version == 0 {
		r.Version = x.Request.Version
	}
	if r.Version == 0 && pseudo != "" {
		r.Version = HTTP2
	}
	if r.Version < HTTP2 { // later ones have no reason phrase (RFC 9113 §8.3.2)
		r.Reason = m.reason
	}
	if r.Status == 304 || x.Request.Method == "HEAD" { // what is shown came out of a cache
		m.hasText, m.text, m.bodySize, m.size = false, nil, 0, 0
	}
	return m.fillContent(&r.Message, x.MayHaveContent())
}

// fillFields adds the field lines and returns :authority or another sign of the
// pseudo-fields of HTTP/2 (RFC 9113 §8.3), which are no fields.
func (m *harMessage) fillFields(f *Fields) (pseudo string) {
	f.Grow(len(m.fields))
	for i := range m.fields {
		name, value := m.fields[i].name, m.fields[i].value
		if strings.HasPrefix(name, ":") {
			if name == ":authority" {
				pseudo = value
			} else if pseudo == "" {
				pseudo = ":"
			}
			continue
		}
		// No value has a line feed in it: some writers join lines of one name so.
		for more := true; more; {
			var line string
			line, value, more = strings.Cut(value, "\n")
			f.Add(name, trimOWS(strings.TrimSuffix(line, "\r")))
		}
	}
	return pseudo
}

// setHARURL takes the target URI apart.
func (x *Exchange) setHARURL(raw, authority string) error {
	raw, _, _ = strings.Cut(raw, "#")
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok && x.Request.Method == "CONNECT" {
		scheme, rest = "https", raw
	} else if !ok && strings.HasPrefix(raw, "/") {
		if authority == "" || authority == ":" {
			authority = x.Request.Fields.Value(FieldHost)
		}
		scheme, rest = "http", authority+raw
	} else if !ok && strings.Contains(raw, ":") {
		return errNotHTTP
	} else if !ok {
		return fmt.Errorf("%w: %.60q", errURL, raw)
	}
	switch {
	case strings.EqualFold(scheme, "http"), strings.EqualFold(scheme, "ws"):
		x.Scheme = "http"
	case strings.EqualFold(scheme, "https"), strings.EqualFold(scheme, "wss"):
		x.Scheme = "https"
	default:
		return errNotHTTP
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, target := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	x.Authority = strings.Clone(host) // what remembers hosts must not hold on to whole entries
	switch {
	case x.Request.Method == "CONNECT":
		target = x.Authority
	case target == "" || target[0] == '?':
		target = "/" + target
	}
	x.Request.Target = target
	return nil
}

// parseHARVersion reads the ways in which writers name a version: "HTTP/1.1",
// "http/2.0", "h2", "h3-29"; 0 for "", "unknown" and the like.
func parseHARVersion(s string) Version {
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
	v, _ := ParseVersion(strings.ToUpper(s))
	return v
}

// harTimeForms are the forms of time that were seen, the usual one first.
var harTimeForms = [...]string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 Z0700", "2006-01-02 15:04:05.999999999", "2006-01-02",
}

// parseHARTime reads a time in one of the forms of ISO 8601, without a zone in
// UTC; the zero time when it is none.
func parseHARTime(s string) time.Time {
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

func (e *harEntry) fillErr(x *Exchange) {
	switch code := chromeError(e.response.failed); {
	case e.err.Code != "":
		x.Err = &Err{Code: e.err.Code, Detail: e.err.Detail}
	case code != "":
		x.Err = &Err{Code: code, Detail: e.response.failed}
	}
	if x.Err != nil && x.Err.Code != ErrUndecodable {
		x.Response.Content.Complete = false
	}
}

// chromeError returns our code for one of Chrome's net errors that says what went
// wrong with the exchange. The others (blocked by an extension, by CORS, aborted
// by a page) say nothing of it and give "".
func chromeError(s string) ErrCode {
	switch s {
	case "net::ERR_NAME_NOT_RESOLVED":
		return ErrDNSNotFound
	case "net::ERR_DNS_TIMED_OUT":
		return ErrDNSTimeout
	case "net::ERR_CONNECTION_REFUSED":
		return ErrRefused
	case "net::ERR_ADDRESS_UNREACHABLE":
		return ErrUnreachable
	case "net::ERR_CONNECTION_TIMED_OUT":
		return ErrConnectTimeout
	case "net::ERR_PROXY_CONNECTION_FAILED":
		return ErrProxyFailed
	case "net::ERR_TUNNEL_CONNECTION_FAILED":
		return ErrProxyRefused
	case "net::ERR_CERT_AUTHORITY_INVALID":
		return ErrTLSUntrusted
	case "net::ERR_CERT_DATE_INVALID":
		return ErrTLSExpired
	case "net::ERR_CERT_COMMON_NAME_INVALID":
		return ErrTLSWrongName
	case "net::ERR_CERT_INVALID":
		return ErrTLSCertificate
	case "net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH":
		return ErrTLSVersion
	case "net::ERR_SSL_PROTOCOL_ERROR":
		return ErrTLSFailed
	case "net::ERR_SSL_CLIENT_AUTH_CERT_NEEDED":
		return ErrTLSClientCert
	case "net::ERR_CONNECTION_RESET":
		return ErrResetBeforeHead
	case "net::ERR_CONNECTION_CLOSED", "net::ERR_EMPTY_RESPONSE":
		return ErrClosedBeforeHead
	case "net::ERR_INVALID_HTTP_RESPONSE":
		return ErrStatusLine
	case "net::ERR_RESPONSE_HEADERS_TOO_BIG":
		return ErrHeadTooLarge
	case "net::ERR_CONTENT_LENGTH_MISMATCH":
		return ErrTruncated
	case "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "net::ERR_INVALID_CHUNKED_ENCODING":
		return ErrChunk
	case "net::ERR_CONTENT_DECODING_FAILED":
		return ErrUndecodable
	case "net::ERR_HTTP2_PROTOCOL_ERROR":
		return ErrH2Protocol
	}
	return ""
}

// fillContent fills in what is known of content. may says whether the message
// can have any at all.
func (m *harMessage) fillContent(to *Message, may bool) error {
	c := &to.Content
	c.Complete = true
	encoded := strings.EqualFold(m.encoding, "base64")
	c.Kept = m.text
	if encoded {
		var err error
		if c.Kept, err = decodeBase64(c.Kept, m.cut); err != nil {
			return err
		}
	}
	coding := outermostCoding(&to.Fields)
	c.Decoded = len(c.Kept) > 0 && m.isDecoded(to, coding, encoded)
	c.Size = m.harSize(to, coding, may)
	whole := c.Size
	if coding != "" && c.Decoded {
		whole = harOctets(m.size)
	}
	c.Truncated = m.cut || !m.hasText && c.Size > 0 || whole > int64(len(c.Kept))
	return nil
}

// isDecoded reports whether the kept octets are not those that passed.
func (m *harMessage) isDecoded(to *Message, coding string, encoded bool) bool {
	switch {
	case coding != "":
		return !encoded || !startsAs(coding, to.Content.Kept)
	case encoded:
		return false
	}
	kind := to.Fields.Value(FieldContentType)
	return !isASCII(to.Content.Kept) && !isJSONType(kind) && !strings.Contains(strings.ToLower(kind), "utf-8")
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// outermostCoding is the content coding that was applied last, in lower case;
// "" for none.
func outermostCoding(f *Fields) string {
	if !f.Has(FieldContentEncoding) {
		return ""
	}
	list := f.Combined(FieldContentEncoding)
	last := strings.ToLower(trimOWS(list[strings.LastIndexByte(list, ',')+1:]))
	if last == "identity" {
		return ""
	}
	return last
}

// startsAs reports whether octets begin as a coding does. Brotli has no such sign.
func startsAs(coding string, b []byte) bool {
	switch coding {
	case "gzip", "x-gzip":
		return bytes.HasPrefix(b, []byte("\x1f\x8b"))
	case "zstd":
		return bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd"))
	case "deflate": // RFC 1950 §2.2
		return len(b) > 1 && b[0]&15 == 8 && (int(b[0])<<8|int(b[1]))%31 == 0
	}
	return false
}

// harSize is the size of content as it passed. What writers say of it differs:
// with the framing or without, with codings or without. So Content-Length is
// believed; then the writer, for content that has codings; then what there is.
func (m *harMessage) harSize(to *Message, coding string, may bool) int64 {
	kept := int64(len(to.Content.Kept))
	if may && !to.Fields.Has(FieldTransferEncoding) && m.bodySize != 0 {
		if n, err := strconv.ParseInt(to.Fields.Value(FieldContentLength), 10, 64); err == nil && n >= 0 && (n > 0 || kept == 0) {
			return n
		}
	}
	if coding != "" && m.bodySize > 0 {
		return harOctets(m.bodySize)
	}
	if m.hasText && !m.cut && (kept > 0 || m.size <= 0) {
		return max(kept, harOctets(m.size))
	}
	return max(kept, harOctets(m.size), harOctets(m.bodySize))
}

func harOctets(n float64) int64 {
	if !(n > 0 && n < 1<<53) {
		return 0
	}
	return int64(n)
}

// decodeBase64 decodes in place, with padding or without. White space is
// passed over, as encoding/base64 does with line ends.
func decodeBase64(b []byte, cut bool) ([]byte, error) {
	if bytes.ContainsAny(b, " \t") {
		b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte(" "), nil), []byte("\t"), nil)
	}
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(b, "-_") {
		encoding = base64.RawURLEncoding
	}
	digits := bytes.TrimRight(b, "=\r\n")
	if cut {
		digits = digits[:len(digits)/4*4]
	}
	n, err := encoding.Decode(b, digits)
	if err != nil && !cut {
		return nil, errBadBase64
	}
	return b[:n], nil
}
