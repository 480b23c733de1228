package exchange

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"
)

// Schema names the form of the JSON record. A reader refuses any other.
const Schema = "sidenote.exchange/1"

// EncodeOptions says how much of an exchange a JSON record holds.
type EncodeOptions struct {
	// Full adds all that ParseJSON needs to make the same exchange again:
	// field lines in order, heads as received, kept content, interim
	// responses, trailers, connections.
	Full bool
}

// Encode writes x into a zerolog event: the record of schema
// "sidenote.exchange/1", with OpenTelemetry's names where there are some. It
// writes no notes; who knows them adds them to the same event.
func (x *Exchange) Encode(e *zerolog.Event, o EncodeOptions) {
	var scratch [512]byte
	x.EncodeIdentity(e, Schema)
	x.encodeRequest(e)
	x.encodeResponse(e)
	x.encodeFailure(e)
	e.RawJSON("sidenote.timing", x.appendTiming(scratch[:0]))
	b := append(scratch[:0], `{"request":`...)
	b = appendContent(b, &x.Request.Content, o.Full)
	b = append(b, `,"response":`...)
	b = appendContent(b, &x.Response.Content, o.Full)
	e.RawJSON("sidenote.body", append(b, '}'))
	e.RawJSON("sidenote.effective", x.Effective().appendJSON(scratch[:0]))
	if op := x.Operation(); op.Protocol != "" {
		e.RawJSON("sidenote.operation", appendOperation(scratch[:0], op))
	}
	if x.Tunnel != (Tunnel{}) {
		e.RawJSON("sidenote.tunnel", x.Tunnel.appendJSON(scratch[:0]))
	}
	if x.WindowStalls != nil {
		e.RawJSON("sidenote.window_stalls", appendStalls(scratch[:0], x.WindowStalls))
	}
	if x.Messages != nil {
		e.RawJSON("sidenote.messages", x.Messages.appendJSON(nil))
	}
	if x.Changed != 0 {
		e.RawJSON("sidenote.changed", x.Changed.appendJSON(scratch[:0]))
	}
	if x.Source.File != "" {
		e.RawJSON("sidenote.source", x.Source.appendJSON(scratch[:0]))
	}
	if o.Full {
		x.encodeFull(e)
	}
}

func (s *Source) appendJSON(b []byte) []byte {
	b = append(appendText(append(b, `{"file":`...), s.File), `,"entry":`...)
	b = strconv.AppendInt(b, int64(s.Entry), 10)
	if s.Lacks != 0 {
		b = append(b, `,"lacks":[`...)
		for i, name := range s.Lacks.Names() {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(append(b, '"'), name...), '"')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// EncodeIdentity begins a record of the schema given: what says which exchange
// it is of.
func (x *Exchange) EncodeIdentity(e *zerolog.Event, schema string) {
	var scratch [64]byte
	e.Str("schema", schema)
	if !x.Started.IsZero() {
		e.RawJSON("time", appendTime(scratch[:0], x.Started))
	}
	strUnlessEmpty(e, "sidenote.exchange.id", x.ID)
	strUnlessEmpty(e, "sidenote.run.id", x.Run)
	if x.Trace.ID != (TraceID{}) {
		x.Trace.encode(e)
	}
}

// AppendJSON appends the record as one line, with its line feed, to b.
func (x *Exchange) AppendJSON(b []byte, o EncodeOptions) []byte {
	w := appendWriter{b: b}
	l := zerolog.New(&w)
	e := l.Log()
	x.Encode(e, o)
	e.Send()
	return w.b
}

type appendWriter struct{ b []byte }

func (w *appendWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func strUnlessEmpty(e *zerolog.Event, key, value string) {
	if value != "" {
		e.Str(key, value)
	}
}

// encode writes the trace and its step under the names that OpenTelemetry has
// for logs that are not OTLP.
func (t *Trace) encode(e *zerolog.Event) {
	e.Hex("trace_id", t.ID[:])
	if t.Span != (SpanID{}) {
		e.Hex("span_id", t.Span[:])
	}
}

func (x *Exchange) encodeRequest(e *zerolog.Event) {
	r := &x.Request
	e.Str("http.request.method", r.Method)
	e.Str("url.full", x.URL())
	strUnlessEmpty(e, "url.scheme", x.Scheme)
	path, query, _ := strings.Cut(x.PathQuery(), "?")
	strUnlessEmpty(e, "url.path", path)
	strUnlessEmpty(e, "url.query", query)
	host, port := x.Server()
	strUnlessEmpty(e, "server.address", host)
	if port > 0 {
		e.Int("server.port", port)
	}
	encodePeer(e, "client.address", "client.port", x.Client.Peer)
	encodePeer(e, "network.peer.address", "network.peer.port", x.Origin.Peer)
	e.Str("network.protocol.name", "http")
	strUnlessEmpty(e, "network.protocol.version", x.HopVersion().Number())
	strUnlessEmpty(e, "sidenote.client.protocol.version", r.Version.Number())
	strUnlessEmpty(e, "user_agent.original", r.Fields.Value(FieldUserAgent))
	encodeFields(e, &requestKeys, "http.request.header.", &r.Fields)
}

func (x *Exchange) encodeResponse(e *zerolog.Event) {
	if x.Response.Status == 0 {
		return
	}
	e.Int("http.response.status_code", x.Response.Status)
	if x.Response.Made {
		e.Bool("sidenote.response.made", true)
	}
	encodeFields(e, &responseKeys, "http.response.header.", &x.Response.Fields)
}

func (x *Exchange) encodeFailure(e *zerolog.Event) {
	if x.Err == nil {
		return
	}
	e.Str("error.type", string(x.Err.Code))
	strUnlessEmpty(e, "sidenote.error.phase", string(x.FailedIn()))
	encodeText(e, "sidenote.error.detail", x.Err.Detail)
}

// HopVersion is the version spoken with the origin server, else with the client.
func (x *Exchange) HopVersion() Version {
	if x.Response.Status != 0 && !x.Response.Made && x.Response.Version != 0 {
		return x.Response.Version
	}
	return x.Request.Version
}

func encodePeer(e *zerolog.Event, address, port string, p netip.AddrPort) {
	if !p.IsValid() {
		return
	}
	var scratch [64]byte
	b := append(scratch[:0], '"')
	b = p.Addr().AppendTo(b)
	e.RawJSON(address, append(b, '"'))
	e.Int(port, int(p.Port()))
}

// Server is the host of the target URI as written, and the port that was to be
// reached: that of a CONNECT, else that of the target URI, else the scheme's; 0
// where there is none.
func (x *Exchange) Server() (host string, port int) {
	host, given := SplitAuthority(x.Authority)
	if _, reached := SplitAuthority(x.Origin.Authority); reached != "" {
		given = reached
	}
	return host, portNumber(given, x.Scheme)
}

// portNumber is the port given, else the scheme's (RFC 9110 §4.2), else 0.
func portNumber(port, scheme string) int {
	switch {
	case port != "":
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return 0
		}
		return int(n)
	case scheme == "https":
		return 443
	case scheme == "http":
		return 80
	}
	return 0
}

// fieldKeys has the key of each known field name, made once.
type fieldKeys [nameCount]string

var (
	requestKeys  = makeFieldKeys("http.request.header.")
	responseKeys = makeFieldKeys("http.response.header.")
)

// makeFieldKeys writes all keys into one text, for it runs whenever sidenote starts.
func makeFieldKeys(prefix string) (keys fieldKeys) {
	length := 0
	for _, name := range spellings {
		length += len(prefix) + len(name)
	}
	b := make([]byte, 0, length)
	for _, name := range spellings {
		b = append(b, prefix...)
		for i := range len(name) {
			c := name[i]
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			b = append(b, c)
		}
	}
	all := string(b)
	for n, name := range spellings {
		length = len(prefix) + len(name)
		keys[n], all = all[:length], all[length:]
	}
	return keys
}

// encodeFields writes a key for each field name, with the values of its lines
// as an array of strings.
func encodeFields(e *zerolog.Event, keys *fieldKeys, prefix string, f *Fields) {
	var scratch [16]string
	unknown := 0
	for i := range f.lines {
		l := &f.lines[i]
		if l.Known == 0 {
			unknown++
			continue
		}
		if f.Index(l.Known) != i {
			continue
		}
		if l.next == 0 {
			scratch[0] = l.Value
			e.Strs(keys[l.Known], scratch[:1])
			continue
		}
		values := scratch[:0]
		for _, same := range f.Each(l.Known) {
			values = append(values, same.Value)
		}
		e.Strs(keys[l.Known], values)
	}
	if unknown > 0 {
		encodeUnknown(e, prefix, f)
	}
}

// encodeUnknown writes the fields whose name is in no table.
func encodeUnknown(e *zerolog.Event, prefix string, f *Fields) {
	var order []string
	values := make(map[string][]string)
	for i := range f.lines {
		l := &f.lines[i]
		if l.Known != 0 {
			continue
		}
		name := strings.ToLower(l.Name)
		if _, there := values[name]; !there {
			order = append(order, name)
		}
		values[name] = append(values[name], l.Value)
	}
	for _, name := range order {
		e.Strs(prefix+name, values[name])
	}
}

// appendTiming writes the durations of a record; the reader passes over "wait"
// and "receive", which follow from the others.
func (x *Exchange) appendTiming(b []byte) []byte {
	t := &x.Timing
	b = append(b, '{')
	for _, d := range [...]struct {
		name string
		d    time.Duration
	}{
		{"dns", t.DNS}, {"connect", t.Connect}, {"tls", t.TLS},
		{"head_sent", t.HeadSent}, {"content_begun", t.ContentBegun}, {"request_sent", t.RequestSent},
		{"first_byte", t.FirstByte}, {"wait", t.Wait()}, {"receive", t.Receive()},
		{"total", t.Done}, {"self", t.Self},
	} {
		if d.d != 0 {
			b = appendKey(b, d.name)
			b = appendMillis(b, d.d)
		}
	}
	return append(b, '}')
}

// appendKey appends "key": to an object that is being written, after a comma
// when it is not the first. Keys need no escaping.
func appendKey(b []byte, key string) []byte {
	if c := b[len(b)-1]; c != '{' && c != '[' {
		b = append(b, ',')
	}
	b = append(append(b, '"'), key...)
	return append(b, '"', ':')
}

// appendMillis writes a duration in milliseconds, to the nanosecond and exactly.
func appendMillis(b []byte, d time.Duration) []byte {
	n := uint64(d)
	if d < 0 {
		b = append(b, '-')
		n = -n
	}
	b = strconv.AppendUint(b, n/1e6, 10)
	if frac := n % 1e6; frac != 0 {
		digits := len(b) + 1
		b = strconv.AppendUint(append(b, '.'), 1e6+frac, 10)
		b = append(b[:digits], b[digits+1:]...) // without the leading 1
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

// appendTime writes a time in UTC where RFC 3339 can.
func appendTime(b []byte, t time.Time) []byte {
	if u := t.UTC(); u.Year() >= 0 && u.Year() <= 9999 {
		t = u
	}
	b = t.AppendFormat(append(b, '"'), time.RFC3339Nano)
	return append(b, '"')
}

// appendContent writes what is known of content; a digest that is yet to be
// computed only in a full record.
func appendContent(b []byte, c *Content, full bool) []byte {
	digest := c.SHA256
	if full {
		digest = c.Digest()
	}
	b = append(b, `{"size":`...)
	b = strconv.AppendInt(b, c.Size, 10)
	if digest != (Digest{}) {
		b = append(b, `,"sha256":"`...)
		b = appendHex(b, digest[:])
		b = append(b, '"')
	}
	b = strconv.AppendBool(append(b, `,"truncated":`...), c.Truncated)
	b = strconv.AppendBool(append(b, `,"complete":`...), c.Complete)
	if c.Decoded {
		b = append(b, `,"decoded":true`...)
	}
	return append(b, '}')
}

func appendHex(b, octets []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range octets {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

func (t *Tunnel) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"sent":`...), t.Sent, 10)
	b = strconv.AppendInt(append(b, `,"received":`...), t.Received, 10)
	if t.Protocol != "" { // not with an object, whose octets are on the heap
		b = appendText(append(b, `,"protocol":`...), t.Protocol)
	}
	if r := t.Refused; r != nil {
		b = strconv.AppendInt(append(b, `,"refused":{"times":`...), int64(r.Times), 10)
		b = appendTime(append(b, `,"since":`...), r.Since)
		b = append(appendTime(append(b, `,"until":`...), r.Until), '}')
	}
	return append(b, '}')
}

func (c Changes) appendJSON(b []byte) []byte {
	b = append(b, '[')
	for i, name := range changeNames {
		if c&(1<<i) == 0 {
			continue
		}
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), '"')
	}
	return append(b, ']')
}

// Text from the wire is a JSON string where it is UTF-8, and else an object
// {"base64":"..."}, so that no octet is lost.

func encodeText(e *zerolog.Event, key, s string) {
	switch {
	case s == "":
	case utf8.ValidString(s):
		e.Str(key, s)
	default:
		e.RawJSON(key, appendText(nil, s))
	}
}

func appendText(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		b = append(b, `{"base64":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(s))
		return append(b, `"}`...)
	}
	return appendJSONString(b, s)
}

// appendJSONString writes a JSON string of UTF-8, without a control character in it.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		b = appendEscape(append(b, s[start:i]...), c)
		start = i + 1
	}
	return append(append(b, s[start:]...), '"')
}

// appendEscape writes what stands for a character in a JSON string, as short as
// it can be (RFC 8259 §7).
func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return appendHex(append(b, '\\', 'u', '0', '0'), []byte{c})
}

// object is a JSON object that is being written; what is zero is left out.
type object struct{ b []byte }

func (o *object) text(key, s string) {
	if s != "" {
		o.b = appendText(appendKey(o.b, key), s)
	}
}

func (o *object) number(key string, n int64) {
	if n != 0 {
		o.b = strconv.AppendInt(appendKey(o.b, key), n, 10)
	}
}

func (o *object) flag(key string, on bool) {
	if on {
		o.b = append(appendKey(o.b, key), "true"...)
	}
}

func (o *object) time(key string, t time.Time) {
	if !t.IsZero() {
		o.b = appendTime(appendKey(o.b, key), t)
	}
}

func (o *object) base64(key string, octets []byte) {
	if len(octets) > 0 {
		b := append(appendKey(o.b, key), '"')
		o.b = append(base64.StdEncoding.AppendEncode(b, octets), '"')
	}
}

func (o *object) fields(key string, f *Fields) {
	if f.Len() == 0 {
		return
	}
	b := append(appendKey(o.b, key), '[')
	for i := range f.lines {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(append(b, '['), f.lines[i].Name)
		b = append(appendText(append(b, ','), f.lines[i].Value), ']')
	}
	o.b = append(b, ']')
}

func (x *Exchange) encodeFull(e *zerolog.Event) {
	var o object
	add := func(key string) {
		o.b = append(o.b, '}')
		e.RawJSON(key, o.b)
	}
	begin := func() { o.b = append(o.b[:0], '{') }

	begin()
	o.text("scheme", x.Scheme)
	o.text("authority", x.Authority)
	add("sidenote.target")

	if x.Trace.ID != (TraceID{}) {
		begin()
		o.text("parent_id", x.Trace.Parent.String())
		o.text("sent_id", x.Trace.Sent.String())
		o.flag("sampled", x.Trace.Sampled)
		add("sidenote.trace")
	}

	begin()
	x.Client.encode(&o)
	add("sidenote.client")

	begin()
	x.Origin.encode(&o)
	add("sidenote.origin")

	begin()
	o.text("method", x.Request.Method)
	o.text("target", x.Request.Target)
	o.text("protocol", x.Request.Protocol)
	x.Request.encode(&o)
	add("sidenote.request")

	if len(x.Interim) > 0 {
		o.b = append(o.b[:0], '[')
		for i := range x.Interim {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = append(o.b, '{')
			x.Interim[i].encodeTo(&o)
			o.b = append(o.b, '}')
		}
		o.b = append(o.b, ']')
		e.RawJSON("sidenote.interim", o.b)
	}

	begin()
	x.Response.encodeTo(&o)
	add("sidenote.response")

	if s := x.Messages; s != nil && len(s.List) > 0 {
		e.RawJSON("sidenote.message_list", s.appendList(o.b[:0]))
	}
}

func (r *Response) encodeTo(o *object) {
	o.number("status", int64(r.Status))
	o.text("reason", r.Reason)
	o.flag("made", r.Made)
	if r.At != 0 {
		o.b = appendMillis(appendKey(o.b, "at"), r.At)
	}
	r.encode(o)
}

func (m *Message) encode(o *object) {
	o.number("version", int64(m.Version))
	m.encodePseudo(o)
	o.fields("fields", &m.Fields)
	o.fields("trailers", &m.Trailers)
	o.base64("raw_head", []byte(m.RawHead))
	o.b = appendContent(appendKey(o.b, "content"), &m.Content, true)
	o.base64("kept", m.Content.Kept)
}

// encodePseudo writes what HTTP/2 says beside the fields.
func (m *Message) encodePseudo(o *object) {
	if len(m.Pseudo) > 0 {
		b := append(appendKey(o.b, "pseudo"), '[')
		for i, name := range m.Pseudo {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, name)
		}
		o.b = append(b, ']')
	}
	if len(m.NeverIndexed) > 0 {
		b := append(appendKey(o.b, "never_indexed"), '[')
		for i, at := range m.NeverIndexed {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(at), 10)
		}
		o.b = append(b, ']')
	}
}

func (c *Connection) encode(o *object) {
	if c.Peer.IsValid() {
		o.text("peer", c.Peer.String())
	}
	if c.Local.IsValid() {
		o.text("local", c.Local.String())
	}
	o.flag("reused", c.Reused)
	o.number("attempts", int64(c.Attempts))
	o.text("proxy", c.Proxy)
	o.text("authority", c.Authority)
	o.flag("closed", c.Closed)
	t := c.TLS
	if t == nil {
		return
	}
	o.b = append(appendKey(o.b, "tls"), '{')
	o.text("version", t.VersionName())
	if t.Cipher != 0 {
		o.text("cipher", tls.CipherSuiteName(t.Cipher))
	}
	o.text("alpn", t.ALPN)
	o.text("sni", t.SNI)
	o.flag("resumed", t.Resumed)
	o.flag("ech", t.ECH)
	o.flag("client_certificate", t.ClientCert)
	o.text("verify_error", t.VerifyError)
	o.text("weakness", t.Weakness)
	if t.Certificate != nil {
		t.Certificate.encode(o)
	}
	o.b = append(o.b, '}')
}

func (c *Certificate) encode(o *object) {
	o.b = append(appendKey(o.b, "certificate"), '{')
	o.text("subject", c.Subject)
	o.text("issuer", c.Issuer)
	if len(c.Names) > 0 {
		b := append(appendKey(o.b, "names"), '[')
		for i, n := range c.Names {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, n)
		}
		o.b = append(b, ']')
	}
	o.time("not_before", c.NotBefore)
	o.time("not_after", c.NotAfter)
	o.text("sha256", c.SHA256)
	o.b = append(o.b, '}')
}

var tlsVersions = [...]struct {
	id   uint16
	name string
}{{tls.VersionTLS10, "1.0"}, {tls.VersionTLS11, "1.1"}, {tls.VersionTLS12, "1.2"}, {tls.VersionTLS13, "1.3"}}

// VersionName returns "1.3", or the number of a version that has no name here.
func (t *TLS) VersionName() string {
	for _, v := range tlsVersions {
		if v.id == t.Version {
			return v.name
		}
	}
	return fmt.Sprintf("0x%04X", t.Version)
}
