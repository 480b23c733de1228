package exchange

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The text form of an exchange is what rules give as examples, what people
// read, and what they write by hand. It looks like curl -v:
//
//	* scheme https
//	> POST /orders HTTP/1.1
//	> Host: shop.test
//	>
//	> {"a":1}
//	< HTTP/1.1 201 Created
//	< Content-Type: application/json
//	<
//	< {"id":7}
//	<~ Trailer-Name: value
//
// A line is a mark and the octets of one line, printable ASCII and UTF-8 as
// they are, other octets as \xHH, a backslash as \\. Head lines end in CRLF;
// content lines are joined by LF, so content that ends in LF ends with an
// empty line. ">~" and "<~" are trailer lines. Several messages after "<" are
// interim responses and the final one. "*" lines carry facts that messages
// lack; one that is missing has its usual value, and content without a fact
// of its own is complete, with its size and digest taken from what is there.
//
// ">+" and "<+" are messages of a stream: the kind, what is known, and the
// content after a bar, as in
//
//	>+ text at=12ms | hello
//	<+ close code=1000 | bye

// ParseText reads the text form. An error says which line is wrong.
func ParseText(s string) (*Exchange, error) {
	p := textParser{x: &Exchange{Scheme: "http"}}
	for i, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if err := p.endMessage(); err != nil {
		return nil, err
	}
	if p.x.Request.Method == "" && p.x.Response.Status == 0 && p.x.Err == nil {
		return nil, errors.New("no message: want lines that begin with '>' or '<'")
	}
	for _, fact := range p.late {
		if err := p.fact(fact); err != nil {
			return nil, err
		}
	}
	p.x.deriveAuthority()
	return p.x, nil
}

type textParser struct {
	x       *Exchange
	mark    byte     // of the message being read: '>' or '<', 0 for none
	head    []string // its head lines, unescaped
	inHead  bool
	content []string
	trailer Fields
	late    []string // facts about content, which wait until it has been read
}

var errTextMark = errors.New("want a line that begins with '>', '<', '*' or '#'")

func (p *textParser) line(line string) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	mark, rest := line[0], line[1:]
	switch mark {
	case '*':
		fact := strings.TrimSpace(rest)
		if strings.HasPrefix(fact, "content ") {
			p.late = append(p.late, fact)
			return nil
		}
		return p.fact(fact)
	case '>', '<':
	default:
		return errTextMark
	}
	if message, ok := strings.CutPrefix(rest, "+ "); ok {
		return p.message(mark == '>', message)
	}
	isTrailer := strings.HasPrefix(rest, "~")
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "~"), " ")
	text, err := unescape(rest)
	if err != nil {
		return err
	}
	if isTrailer {
		name, value, _ := strings.Cut(text, ":")
		p.trailer.Add(trimRightOWS(name), trimOWS(value))
		return nil
	}
	interimOver := mark == '<' && p.mark == '<' && !p.inHead && isInterim(p.head) && len(p.content) == 0
	if mark != p.mark || interimOver {
		if err := p.endMessage(); err != nil {
			return err
		}
		p.mark, p.inHead = mark, true
	}
	switch {
	case p.inHead && text == "":
		p.inHead = false
	case p.inHead:
		p.head = append(p.head, text)
	default:
		p.content = append(p.content, text)
	}
	return nil
}

func isInterim(head []string) bool {
	if len(head) == 0 {
		return false
	}
	_, status, _, err := ParseStatusLine(head[0])
	return err == nil && status < 200 && status != 101
}

func (p *textParser) endMessage() error {
	if p.mark == 0 {
		return nil
	}
	raw := strings.Join(p.head, "\r\n") + "\r\n\r\n"
	start, fields := ParseHead(raw)
	m := Message{Fields: fields, Trailers: p.trailer}
	if p.content != nil {
		m.Content.Kept = []byte(strings.Join(p.content, "\n"))
	}
	m.Content.Size = int64(len(m.Content.Kept))
	m.Content.Complete = true
	m.Content.SHA256 = DigestOf(m.Content.Kept)
	mark := p.mark
	p.mark, p.head, p.content, p.trailer = 0, nil, nil, Fields{}
	if mark == '>' {
		return p.endRequest(start, raw, &m)
	}
	return p.endResponse(start, raw, &m)
}

func (p *textParser) endRequest(start, raw string, m *Message) (err error) {
	r := &p.x.Request
	moveMessage(&r.Message, m)
	if r.Method, r.Target, r.Version, err = ParseRequestLine(start); err != nil {
		return fmt.Errorf("%q: %w", start, err)
	}
	r.RawHead = rawUnlessH2(raw, r.Version)
	return nil
}

func (p *textParser) endResponse(start, raw string, m *Message) error {
	v, status, reason, err := ParseStatusLine(start)
	if err != nil {
		return fmt.Errorf("%q: %w", start, err)
	}
	r := &p.x.Response
	if status < 200 && status != 101 {
		p.x.Interim = append(p.x.Interim, Response{})
		r = &p.x.Interim[len(p.x.Interim)-1]
	}
	moveMessage(&r.Message, m)
	r.Version, r.Status, r.Reason = v, status, reason
	r.RawHead = rawUnlessH2(raw, v)
	return nil
}

// rawUnlessH2 drops the head of a version that has none as text.
func rawUnlessH2(raw string, v Version) string {
	if v >= HTTP2 {
		return ""
	}
	return raw
}

// moveMessage copies all but the parts of Content that must not be copied.
func moveMessage(to, from *Message) {
	to.Fields, to.Trailers = from.Fields, from.Trailers
	to.Content.Kept, to.Content.Size = from.Content.Kept, from.Content.Size
	to.Content.Complete, to.Content.SHA256 = from.Content.Complete, from.Content.SHA256
}

// deriveAuthority fills in what the request says of its own target.
func (x *Exchange) deriveAuthority() {
	if x.Authority != "" {
		return
	}
	x.Authority = TargetAuthority(&x.Request)
	if scheme, _, ok := strings.Cut(x.Request.Target, "://"); ok && x.Request.Target[0] != '/' {
		x.Scheme = strings.ToLower(scheme)
	}
}

// TargetAuthority is the authority that a request names: of an absolute-form
// target or a CONNECT's, else the Host field's (RFC 9110 §7.1).
func TargetAuthority(r *Request) string {
	if r.Method == "CONNECT" {
		return r.Target
	}
	if _, rest, ok := strings.Cut(r.Target, "://"); ok && r.Target[0] != '/' {
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			rest = rest[:i]
		}
		return rest
	}
	return r.Fields.Value(FieldHost)
}

// fact reads one "*" line.
func (p *textParser) fact(s string) error {
	key, rest, _ := strings.Cut(s, " ")
	x := p.x
	var err error
	switch key {
	case "id":
		x.ID = rest
	case "run":
		x.Run = rest
	case "started":
		x.Started, err = time.Parse(time.RFC3339Nano, rest)
	case "scheme":
		x.Scheme = rest
	case "authority":
		x.Authority = rest
	case "client":
		err = parseConnection(&x.Client, rest)
	case "origin":
		err = parseConnection(&x.Origin, rest)
	case "timing":
		err = parseFacts(rest, func(k, v string) error { return setTiming(x, k, v) })
	case "tunnel":
		err = parseFacts(rest, func(k, v string) (err error) {
			switch k {
			case "sent":
				x.Tunnel.Sent, err = strconv.ParseInt(v, 10, 64)
			case "received":
				x.Tunnel.Received, err = strconv.ParseInt(v, 10, 64)
			case "protocol":
				x.Tunnel.Protocol = v
			default:
				err = x.Tunnel.setRefused(k, v)
			}
			return err
		})
	case "error":
		code, detail, _ := strings.Cut(rest, " ")
		x.Err = &Err{Code: ErrCode(code), Detail: unquote(detail)}
	case "changed":
		err = parseFacts(rest, func(k, _ string) error {
			c, ok := ParseChange(k)
			if !ok {
				return fmt.Errorf("unknown change %q", k)
			}
			x.Changed |= c
			return nil
		})
	case "window":
		err = x.parseStall(rest)
	case "messages":
		err = parseMessages(x, rest)
	case "content":
		which, facts, _ := strings.Cut(rest, " ")
		err = parseContent(x, which, facts)
	case "made":
		x.Response.Made = true
	default:
		return fmt.Errorf("unknown fact %q", key)
	}
	if err != nil {
		return fmt.Errorf("fact %q: %w", key, err)
	}
	return nil
}

// setRefused reads what is known of a refusal.
func (t *Tunnel) setRefused(k, v string) (err error) {
	if t.Refused == nil {
		t.Refused = &RefusedCA{}
	}
	switch k {
	case "refused":
		t.Refused.Times, err = strconv.Atoi(v)
	case "refused-since":
		t.Refused.Since, err = time.Parse(time.RFC3339Nano, v)
	case "refused-until":
		t.Refused.Until, err = time.Parse(time.RFC3339Nano, v)
	default:
		err = fmt.Errorf("unknown key %q", k)
	}
	return err
}

// parseFacts walks over key, key=value and key="quoted value".
func parseFacts(s string, set func(k, v string) error) error {
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		end := strings.IndexAny(s, " =")
		if end < 0 {
			return set(s, "")
		}
		key, value := s[:end], ""
		s = s[end:]
		if s[0] == '=' {
			s = s[1:]
			if q, err := strconv.QuotedPrefix(s); err == nil {
				value, s = unquote(q), s[len(q):]
			} else {
				value, s, _ = strings.Cut(s, " ")
			}
		}
		if err := set(key, value); err != nil {
			return err
		}
	}
	return nil
}

func unquote(s string) string {
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return s
}

func parseConnection(c *Connection, s string) error {
	return parseFacts(s, func(k, v string) (err error) {
		switch k {
		case "peer":
			c.Peer, err = netip.ParseAddrPort(v)
		case "local":
			c.Local, err = netip.ParseAddrPort(v)
		case "reused":
			c.Reused = true
		case "attempts":
			c.Attempts, err = strconv.Atoi(v)
		case "proxy":
			c.Proxy = v
		case "authority":
			c.Authority = v
		case "closed":
			c.Closed = true
		default:
			if c.TLS == nil {
				c.TLS = &TLS{}
			}
			return setTLS(c.TLS, k, v)
		}
		return err
	})
}

func setTLS(t *TLS, k, v string) (err error) {
	if strings.HasPrefix(k, "cert-") && t.Certificate == nil {
		t.Certificate = &Certificate{}
	}
	switch k {
	case "tls":
		t.Version, err = parseUint16(v)
	case "cipher":
		t.Cipher, err = parseUint16(v)
	case "alpn":
		t.ALPN = v
	case "sni":
		t.SNI = v
	case "resumed":
		t.Resumed = true
	case "ech":
		t.ECH = true
	case "client-cert":
		t.ClientCert = true
	case "verify-error":
		t.VerifyError = v
	case "weakness":
		t.Weakness = v
	case "cert-subject":
		t.Certificate.Subject = v
	case "cert-issuer":
		t.Certificate.Issuer = v
	case "cert-names":
		t.Certificate.Names = strings.Fields(v)
	case "cert-not-before":
		t.Certificate.NotBefore, err = time.Parse(time.RFC3339, v)
	case "cert-not-after":
		t.Certificate.NotAfter, err = time.Parse(time.RFC3339, v)
	case "cert-sha256":
		t.Certificate.SHA256 = v
	default:
		return fmt.Errorf("unknown key %q", k)
	}
	return err
}

func parseUint16(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 0, 16)
	return uint16(n), err
}

// timings pairs each duration with its name in text and records.
func (x *Exchange) timings() []struct {
	Name string
	D    *time.Duration
} {
	t := &x.Timing
	return []struct {
		Name string
		D    *time.Duration
	}{
		{"dns", &t.DNS}, {"connect", &t.Connect}, {"tls", &t.TLS},
		{"head-sent", &t.HeadSent}, {"content-begun", &t.ContentBegun}, {"request-sent", &t.RequestSent},
		{"first-byte", &t.FirstByte}, {"done", &t.Done}, {"self", &t.Self},
		{"response-at", &x.Response.At},
	}
}

func setTiming(x *Exchange, k, v string) error {
	for _, t := range x.timings() {
		if t.Name == k {
			d, err := time.ParseDuration(v)
			*t.D = d
			return err
		}
	}
	return fmt.Errorf("unknown key %q", k)
}

func parseContent(x *Exchange, which, facts string) error {
	m := &x.Response.Message
	if which == "request" {
		m = &x.Request.Message
	} else if which != "response" {
		return fmt.Errorf("want request or response, not %q", which)
	}
	c := &m.Content
	return parseFacts(facts, func(k, v string) (err error) {
		switch k {
		case "size":
			c.Size, err = strconv.ParseInt(v, 10, 64)
		case "truncated":
			c.Truncated, c.SHA256 = true, Digest{}
		case "incomplete":
			c.Complete = false
		case "decoded":
			c.Decoded = true
		case "sha256":
			c.SHA256, err = parseDigest(v)
		case "no-raw-head":
			m.RawHead = ""
		case "pseudo":
			m.Pseudo = strings.Fields(v)
		case "never-indexed":
			for s := range strings.FieldsSeq(v) {
				at, err := strconv.Atoi(s)
				if err != nil {
					return err
				}
				m.NeverIndexed = append(m.NeverIndexed, at)
			}
		case "protocol":
			x.Request.Protocol = v
		default:
			return fmt.Errorf("unknown key %q", k)
		}
		return err
	})
}

// AppendText appends the text form of x to b.
func (x *Exchange) AppendText(b []byte) []byte {
	b = x.appendFacts(b)
	if x.Request.Method != "" {
		b = appendMessage(b, '>', x.Request.Line(), &x.Request.Message)
	}
	for i := range x.Interim {
		b = appendMessage(b, '<', x.Interim[i].Line(), &x.Interim[i].Message)
	}
	if x.Response.Status != 0 {
		b = appendMessage(b, '<', x.Response.Line(), &x.Response.Message)
	}
	b = appendContentFacts(b, "request", &x.Request.Message, x.Request.Method != "", x.Request.Protocol)
	b = appendContentFacts(b, "response", &x.Response.Message, x.Response.Status != 0, "")
	return x.Messages.appendText(b)
}

// Format returns the text form of x.
func (x *Exchange) Format() string { return string(x.AppendText(nil)) }

func (x *Exchange) appendFacts(b []byte) []byte {
	fact := func(key, value string) {
		if value != "" {
			b = append(append(append(append(append(b, "* "...), key...), ' '), value...), '\n')
		}
	}
	fact("id", x.ID)
	fact("run", x.Run)
	if !x.Started.IsZero() {
		fact("started", x.Started.Format(time.RFC3339Nano))
	}
	fact("scheme", x.Scheme)
	fact("authority", x.Authority)
	fact("client", x.Client.facts())
	fact("origin", x.Origin.facts())
	var timing []string
	for _, t := range x.timings() {
		if *t.D != 0 {
			timing = append(timing, t.Name+"="+t.D.String())
		}
	}
	fact("timing", strings.Join(timing, " "))
	if x.Tunnel != (Tunnel{}) {
		fact("tunnel", x.Tunnel.facts())
	}
	for i := range x.WindowStalls {
		fact("window", x.WindowStalls[i].facts())
	}
	if x.Err != nil {
		fact("error", string(x.Err.Code)+" "+strconv.Quote(x.Err.Detail))
	}
	fact("changed", strings.Join(x.Changed.Names(), " "))
	if x.Response.Made {
		b = append(b, "* made\n"...)
	}
	return b
}

func (t *Tunnel) facts() string {
	f := factList{fmt.Sprintf("sent=%d received=%d", t.Sent, t.Received)}
	f.set("protocol", t.Protocol)
	if r := t.Refused; r != nil {
		f = append(f, fmt.Sprintf("refused=%d refused-since=%s refused-until=%s", r.Times,
			r.Since.Format(time.RFC3339Nano), r.Until.Format(time.RFC3339Nano)))
	}
	return strings.Join(f, " ")
}

func (c *Connection) facts() string {
	var f factList
	if c.Peer.IsValid() {
		f.set("peer", c.Peer.String())
	}
	if c.Local.IsValid() {
		f.set("local", c.Local.String())
	}
	f.flag("reused", c.Reused)
	if c.Attempts != 0 {
		f.set("attempts", strconv.Itoa(c.Attempts))
	}
	f.set("proxy", c.Proxy)
	f.set("authority", c.Authority)
	f.flag("closed", c.Closed)
	if t := c.TLS; t != nil {
		f = append(f, fmt.Sprintf("tls=0x%04x", t.Version))
		if t.Cipher != 0 {
			f.set("cipher", fmt.Sprintf("0x%04x", t.Cipher))
		}
		f.set("alpn", t.ALPN)
		f.set("sni", t.SNI)
		f.flag("resumed", t.Resumed)
		f.flag("ech", t.ECH)
		f.flag("client-cert", t.ClientCert)
		f.set("verify-error", t.VerifyError)
		f.set("weakness", t.Weakness)
		f.certificate(t.Certificate)
	}
	return strings.Join(f, " ")
}

type factList []string

func (f *factList) flag(key string, on bool) {
	if on {
		*f = append(*f, key)
	}
}

func (f *factList) set(key, value string) {
	if value == "" {
		return
	}
	if strings.ContainsAny(value, " \"") || strconv.Quote(value) != `"`+value+`"` {
		value = strconv.Quote(value)
	}
	*f = append(*f, key+"="+value)
}

func (f *factList) certificate(c *Certificate) {
	if c == nil {
		return
	}
	*f = append(*f, "cert-subject="+strconv.Quote(c.Subject))
	f.set("cert-issuer", c.Issuer)
	f.set("cert-names", strings.Join(c.Names, " "))
	if !c.NotBefore.IsZero() {
		f.set("cert-not-before", c.NotBefore.Format(time.RFC3339))
	}
	if !c.NotAfter.IsZero() {
		f.set("cert-not-after", c.NotAfter.Format(time.RFC3339))
	}
	f.set("cert-sha256", c.SHA256)
}

// appendContentFacts says of a message what its octets do not say themselves.
func appendContentFacts(b []byte, which string, m *Message, there bool, protocol string) []byte {
	if !there {
		return b
	}
	var f factList
	c := &m.Content
	if c.Size != int64(len(c.Kept)) {
		f.set("size", strconv.FormatInt(c.Size, 10))
	}
	f.flag("truncated", c.Truncated)
	f.flag("incomplete", !c.Complete)
	f.flag("decoded", c.Decoded)
	if !c.Unhashed && c.SHA256 != DigestOf(c.Kept) {
		if s := c.SHA256.String(); s != "" {
			f.set("sha256", s)
		} else if !c.Truncated {
			f = append(f, "sha256=none")
		}
	}
	f.flag("no-raw-head", m.RawHead == "" && m.Version < HTTP2)
	f.set("pseudo", strings.Join(m.Pseudo, " "))
	never := make([]string, len(m.NeverIndexed))
	for i, at := range m.NeverIndexed {
		never[i] = strconv.Itoa(at)
	}
	f.set("never-indexed", strings.Join(never, " "))
	f.set("protocol", protocol)
	if len(f) == 0 {
		return b
	}
	return fmt.Appendf(b, "* content %s %s\n", which, strings.Join(f, " "))
}

func appendMessage(b []byte, mark byte, start string, m *Message) []byte {
	if m.RawHead != "" {
		head := strings.TrimSuffix(strings.TrimSuffix(m.RawHead, "\r\n"), "\r\n")
		for line := range strings.SplitSeq(head, "\r\n") {
			b = appendLine(b, mark, "", line)
		}
	} else {
		b = appendLine(b, mark, "", start)
		for _, l := range m.Fields.All() {
			b = appendLine(b, mark, "", l.String())
		}
	}
	b = appendLine(b, mark, "", "")
	if len(m.Content.Kept) > 0 {
		for line := range strings.SplitSeq(string(m.Content.Kept), "\n") {
			b = appendLine(b, mark, "", line)
		}
	}
	for _, l := range m.Trailers.All() {
		b = appendLine(b, mark, "~", l.String())
	}
	return b
}

func appendLine(b []byte, mark byte, more, line string) []byte {
	b = append(append(b, mark), more...)
	if line != "" || more != "" {
		b = append(b, ' ')
		b = appendEscaped(b, line)
	}
	return append(b, '\n')
}

// appendEscaped writes octets so that they stay on one line and can be read back.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i, r := range s {
		switch {
		case r == '\\':
			b = append(b, `\\`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\n':
			b = append(b, `\n`...)
		case r == 0xfffd && !strings.HasPrefix(s[i:], "\uFFFD"):
			b = append(b, '\\', 'x', hex[s[i]>>4], hex[s[i]&15])
		case strconv.IsPrint(r):
			b = append(b, s[i:i+len(string(r))]...)
		default:
			for _, c := range []byte(string(r)) {
				b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
			}
		}
	}
	return b
}

var errEscape = errors.New(`bad escape: want \\, \t, \r, \n or \xHH`)

func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		if i >= len(s) {
			return "", errEscape
		}
		at := slices.Index([]byte(`\trn`), s[i])
		switch {
		case at >= 0:
			b = append(b, "\\\t\r\n"[at])
		case s[i] == 'x' && i+2 < len(s):
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", errEscape
			}
			b = append(b, byte(n))
			i += 2
		default:
			return "", errEscape
		}
	}
	return string(b), nil
}
