package exchange

import (
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The types below are the full record as encoding/json reads it.

type record struct {
	Schema    string         `json:"schema"`
	Time      time.Time      `json:"time"`
	ID        string         `json:"sidenote.exchange.id"`
	Run       string         `json:"sidenote.run.id"`
	TraceID   hexID          `json:"trace_id"`
	SpanID    hexID          `json:"span_id"`
	Trace     recordTrace    `json:"sidenote.trace"`
	ErrorCode string         `json:"error.type"`
	Detail    wireText       `json:"sidenote.error.detail"`
	Timing    recordTiming   `json:"sidenote.timing"`
	Tunnel    recordTunnel   `json:"sidenote.tunnel"`
	Stalls    []recordStall  `json:"sidenote.window_stalls"`
	Effective recordEffect   `json:"sidenote.effective"`
	Changed   []string       `json:"sidenote.changed"`
	Target    recordTarget   `json:"sidenote.target"`
	Client    recordConn     `json:"sidenote.client"`
	Origin    recordConn     `json:"sidenote.origin"`
	Request   *recordMessage `json:"sidenote.request"`
	Interim   []recordReply  `json:"sidenote.interim"`
	Response  recordReply    `json:"sidenote.response"`
	Source    recordSource   `json:"sidenote.source"`
	Messages  *recordStream  `json:"sidenote.messages"`
	List      []recordPiece  `json:"sidenote.message_list"`
}

type recordSource struct {
	Lacks []string `json:"lacks"`
}

type recordTunnel struct {
	Sent     int64          `json:"sent"`
	Received int64          `json:"received"`
	Protocol wireText       `json:"protocol"`
	Refused  *recordRefused `json:"refused"`
}

type recordRefused struct {
	Times int       `json:"times"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

type recordTrace struct {
	Parent  hexID `json:"parent_id"`
	Sent    hexID `json:"sent_id"`
	Sampled bool  `json:"sampled"`
}

// hexID is an ID of a trace or of a span.
type hexID []byte

func (h *hexID) UnmarshalText(b []byte) (err error) {
	*h, err = hex.AppendDecode(nil, b)
	return err
}

type recordTiming struct {
	DNS          millis `json:"dns"`
	Connect      millis `json:"connect"`
	TLS          millis `json:"tls"`
	HeadSent     millis `json:"head_sent"`
	ContentBegun millis `json:"content_begun"`
	RequestSent  millis `json:"request_sent"`
	FirstByte    millis `json:"first_byte"`
	Total        millis `json:"total"`
	Self         millis `json:"self"`
}

type recordTarget struct {
	Scheme    wireText `json:"scheme"`
	Authority wireText `json:"authority"`
}

type recordMessage struct {
	Method   wireText      `json:"method"`
	Target   wireText      `json:"target"`
	Protocol wireText      `json:"protocol"`
	Pseudo   []wireText    `json:"pseudo"`
	Never    []int         `json:"never_indexed"`
	Version  Version       `json:"version"`
	Fields   [][2]wireText `json:"fields"`
	Trailers [][2]wireText `json:"trailers"`
	RawHead  []byte        `json:"raw_head"`
	Content  recordContent `json:"content"`
	Kept     []byte        `json:"kept"`
}

type recordReply struct {
	recordMessage
	Status int      `json:"status"`
	Reason wireText `json:"reason"`
	Made   bool     `json:"made"`
	At     millis   `json:"at"`
}

type recordContent struct {
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	Truncated bool   `json:"truncated"`
	Complete  bool   `json:"complete"`
	Decoded   bool   `json:"decoded"`
}

type recordConn struct {
	Peer     netip.AddrPort `json:"peer"`
	Local    netip.AddrPort `json:"local"`
	Reused   bool           `json:"reused"`
	Attempts int            `json:"attempts"`
	Proxy    wireText       `json:"proxy"`
	To       wireText       `json:"authority"`
	Closed   bool           `json:"closed"`
	TLS      *recordTLS     `json:"tls"`
}

type recordTLS struct {
	Version     string             `json:"version"`
	Cipher      string             `json:"cipher"`
	ALPN        wireText           `json:"alpn"`
	SNI         wireText           `json:"sni"`
	Resumed     bool               `json:"resumed"`
	ECH         bool               `json:"ech"`
	ClientCert  bool               `json:"client_certificate"`
	VerifyError wireText           `json:"verify_error"`
	Weakness    wireText           `json:"weakness"`
	Certificate *recordCertificate `json:"certificate"`
}

type recordCertificate struct {
	Subject   wireText   `json:"subject"`
	Issuer    wireText   `json:"issuer"`
	Names     []wireText `json:"names"`
	NotBefore time.Time  `json:"not_before"`
	NotAfter  time.Time  `json:"not_after"`
	SHA256    wireText   `json:"sha256"`
}

type millis time.Duration

func (d *millis) UnmarshalJSON(b []byte) error {
	n, err := parseMillis(string(b))
	*d = millis(n)
	return err
}

type wireText string

func (t *wireText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var o struct {
			Base64 []byte `json:"base64"`
		}
		err := json.Unmarshal(b, &o)
		*t = wireText(o.Base64)
		return err
	}
	return json.Unmarshal(b, (*string)(t))
}

var (
	errNoSchema  = errors.New(`not a sidenote record: it has no "schema"`)
	errLogRecord = errors.New("this record has no message contents: it was written by the JSON log; read what --save wrote")
)

// ParseJSON reads a full record. An error says what is wrong and, where it can,
// at which octet.
func ParseJSON(b []byte) (*Exchange, error) {
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, jsonError(err)
	}
	switch {
	case r.Schema == "":
		return nil, errNoSchema
	case r.Schema != Schema:
		return nil, fmt.Errorf("the record has schema %.60q; this version of sidenote reads %q", r.Schema, Schema)
	case r.Request == nil:
		return nil, errLogRecord
	}
	return r.exchange()
}

// jsonError adds the octet at which reading failed, counted from 1.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("byte %d: %w", syntax.Offset, err)
	case errors.As(err, &kind):
		return fmt.Errorf("byte %d: %s is a JSON %s", kind.Offset, kind.Field, kind.Value)
	}
	return err
}

func (r *record) exchange() (*Exchange, error) {
	x := &Exchange{
		ID: r.ID, Run: r.Run, Started: r.Time,
		Scheme: string(r.Target.Scheme), Authority: string(r.Target.Authority),
		Tunnel: Tunnel{Sent: r.Tunnel.Sent, Received: r.Tunnel.Received, Protocol: string(r.Tunnel.Protocol)},
		Source: Source{Lacks: parseLacks(r.Source.Lacks)},
	}
	if refused := r.Tunnel.Refused; refused != nil {
		x.Tunnel.Refused = &RefusedCA{refused.Times, refused.Since, refused.Until}
	}
	if r.ErrorCode != "" {
		x.Err = &Err{Code: ErrCode(r.ErrorCode), Detail: string(r.Detail)}
	}
	for _, name := range r.Changed {
		c, ok := ParseChange(name)
		if !ok {
			return nil, fmt.Errorf("unknown change %.60q", name)
		}
		x.Changed |= c
	}
	r.Timing.fill(&x.Timing)
	if err := errors.Join(r.fillTrace(&x.Trace), r.fillStalls(x)); err != nil {
		return nil, err
	}
	x.Request.Method, x.Request.Target = string(r.Request.Method), string(r.Request.Target)
	x.Request.Protocol = string(r.Request.Protocol)
	err := errors.Join(
		r.Client.fill(&x.Client),
		r.Origin.fill(&x.Origin),
		r.Request.fill(&x.Request.Message),
		r.Response.fill(&x.Response),
	)
	if len(r.Interim) > 0 {
		x.Interim = make([]Response, len(r.Interim))
	}
	for i := range r.Interim {
		err = errors.Join(err, r.Interim[i].fill(&x.Interim[i]))
	}
	if err != nil {
		return nil, err
	}
	if r.Messages != nil {
		x.Messages = r.Messages.messages(r.List)
	}
	r.Effective.recall(x)
	return x, nil
}

func (r *record) fillTrace(t *Trace) error {
	t.Sampled = r.Trace.Sampled
	for _, id := range []struct {
		to, from []byte
	}{{t.ID[:], r.TraceID}, {t.Span[:], r.SpanID}, {t.Parent[:], r.Trace.Parent}, {t.Sent[:], r.Trace.Sent}} {
		if len(id.from) != 0 && len(id.from) != len(id.to) {
			return fmt.Errorf("the ID %q of a trace or span has %d bytes, not %d", hex.EncodeToString(id.from), len(id.from), len(id.to))
		}
		copy(id.to, id.from)
	}
	return nil
}

func (r *recordTiming) fill(t *Timing) {
	*t = Timing{
		DNS: time.Duration(r.DNS), Connect: time.Duration(r.Connect), TLS: time.Duration(r.TLS),
		HeadSent: time.Duration(r.HeadSent), ContentBegun: time.Duration(r.ContentBegun),
		RequestSent: time.Duration(r.RequestSent), FirstByte: time.Duration(r.FirstByte),
		Done: time.Duration(r.Total), Self: time.Duration(r.Self),
	}
}

func (r *recordReply) fill(to *Response) error {
	to.Status, to.Reason, to.Made, to.At = r.Status, string(r.Reason), r.Made, time.Duration(r.At)
	if r.Status < 0 || r.Status > 999 {
		return fmt.Errorf("status code %d is not of three digits", r.Status)
	}
	return r.recordMessage.fill(&to.Message)
}

func (r *recordMessage) fill(m *Message) (err error) {
	m.Version, m.RawHead = r.Version, string(r.RawHead)
	for _, name := range r.Pseudo {
		m.Pseudo = append(m.Pseudo, string(name))
	}
	m.NeverIndexed = r.Never
	fillFields(&m.Fields, r.Fields)
	fillFields(&m.Trailers, r.Trailers)
	c := &m.Content
	c.Size, c.Kept, c.Truncated, c.Complete = r.Content.Size, r.Kept, r.Content.Truncated, r.Content.Complete
	c.Decoded = r.Content.Decoded
	if r.Content.SHA256 != "" {
		c.SHA256, err = parseDigest(r.Content.SHA256)
	}
	return err
}

func fillFields(f *Fields, lines [][2]wireText) {
	f.Grow(len(lines))
	for _, l := range lines {
		f.Add(string(l[0]), string(l[1]))
	}
}

func (r *recordConn) fill(c *Connection) (err error) {
	c.Peer, c.Local, c.Reused = r.Peer, r.Local, r.Reused
	c.Attempts, c.Proxy, c.Authority, c.Closed = r.Attempts, string(r.Proxy), string(r.To), r.Closed
	t := r.TLS
	if t == nil {
		return nil
	}
	c.TLS = &TLS{
		ALPN: string(t.ALPN), SNI: string(t.SNI), Resumed: t.Resumed, ECH: t.ECH,
		ClientCert: t.ClientCert, VerifyError: string(t.VerifyError), Weakness: string(t.Weakness),
	}
	if c.TLS.Version, err = tlsVersionID(t.Version); err != nil {
		return err
	}
	if t.Cipher != "" {
		if c.TLS.Cipher, err = tlsCipherID(t.Cipher); err != nil {
			return err
		}
	}
	if s := t.Certificate; s != nil {
		cert := &Certificate{
			Subject: string(s.Subject), Issuer: string(s.Issuer),
			NotBefore: s.NotBefore, NotAfter: s.NotAfter, SHA256: string(s.SHA256),
		}
		for _, n := range s.Names {
			cert.Names = append(cert.Names, string(n))
		}
		c.TLS.Certificate = cert
	}
	return nil
}

// MaxRecord bounds one line of a JSONL file, in octets.
const MaxRecord = 64 << 20

// lineReader cuts a stream into lines of at most MaxRecord octets.
type lineReader struct {
	r          io.Reader
	buf        []byte
	start, end int // of what is read and not yet given
	taken      int64
	err        error
}

// next returns a line without its end; it is valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	searched := 0
	for {
		if i := indexByteFrom(l.buf[l.start:l.end], '\n', searched); i >= 0 {
			line := l.buf[l.start : l.start+i]
			l.start += i + 1
			l.taken += int64(i + 1)
			return trimCR(line), nil
		}
		searched = l.end - l.start
		switch {
		case searched > MaxRecord:
			return nil, fmt.Errorf("longer than %d MiB, which no record is", MaxRecord>>20)
		case l.err != nil && searched > 0 && l.err == io.EOF:
			line := l.buf[l.start:l.end]
			l.start = l.end
			l.taken += int64(len(line))
			return trimCR(line), nil
		case l.err != nil:
			return nil, l.err
		}
		l.fill()
	}
}

func (l *lineReader) fill() {
	if l.start > 0 {
		l.end = copy(l.buf, l.buf[l.start:l.end])
		l.start = 0
	}
	if l.end == len(l.buf) {
		const first = 64 << 10
		larger := make([]byte, min(max(2*len(l.buf), first), MaxRecord+first))
		copy(larger, l.buf)
		l.buf = larger
	}
	for range 100 { // an empty read is no progress
		n, err := l.r.Read(l.buf[l.end:])
		l.end += n
		l.err = err
		if n > 0 || err != nil {
			return
		}
	}
	l.err = io.ErrNoProgress
}

func indexByteFrom(b []byte, c byte, from int) int {
	for i := from; i < len(b); i++ {
		if b[i] == c {
			return i
		}
	}
	return -1
}

func trimCR(b []byte) []byte {
	if len(b) > 0 && b[len(b)-1] == '\r' {
		return b[:len(b)-1]
	}
	return b
}

var errMillis = errors.New("not a number of milliseconds")

// parseMillis reads what appendMillis wrote.
func parseMillis(s string) (time.Duration, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, _ := strings.Cut(digits, ".")
	if len(frac) > 6 || strings.ContainsAny(s, "eE+") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f) > math.MaxInt64/1e6 {
			return 0, errMillis
		}
		return time.Duration(math.Round(f * 1e6)), nil
	}
	n, err := strconv.ParseUint(whole+frac+"000000"[len(frac):], 10, 64)
	switch {
	case err != nil || n > 1<<63 || n == 1<<63 && !negative:
		return 0, errMillis
	case negative:
		return time.Duration(-n), nil
	}
	return time.Duration(n), nil
}

func tlsVersionID(name string) (uint16, error) {
	for _, v := range tlsVersions {
		if v.name == name {
			return v.id, nil
		}
	}
	n, err := strconv.ParseUint(name, 0, 16)
	if err != nil {
		return 0, fmt.Errorf("unknown TLS version %q", name)
	}
	return uint16(n), nil
}

func tlsCipherID(name string) (uint16, error) {
	for _, list := range [...][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, c := range list {
			if c.Name == name {
				return c.ID, nil
			}
		}
	}
	n, err := strconv.ParseUint(name, 0, 16)
	if err != nil {
		return 0, fmt.Errorf("unknown TLS cipher suite %q", name)
	}
	return uint16(n), nil
}
