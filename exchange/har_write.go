package exchange

import (
	"bufio"
	"encoding/base64"
	"io"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// HAROptions say what a HAR has beside its exchanges.
type HAROptions struct {
	Version string // of sidenote, for "creator"
	// Notes returns the value of _sidenote.notes for an exchange, as JSON; nil
	// or empty for none.
	Notes func(*Exchange) []byte
}

// WriteHAR writes a HAR 1.2 of exchanges that have ended, one at a time. It
// leaves secrets as they are: give it redacted ones. Octets of fields that are
// not UTF-8 are written as the characters of ISO 8859-1, as browsers do;
// content that is not text is written in base64. ReadCapture reads what it
// writes.
func WriteHAR(w io.Writer, exchanges iter.Seq[*Exchange], o HAROptions) error {
	b := bufio.NewWriterSize(w, streamWindow)
	b.Write(appendHARHead(nil, o.Version))
	var entry []byte
	between := "\n"
	for x := range exchanges {
		entry = appendHAREntry(append(entry[:0], between...), x, o.Notes)
		if _, err := b.Write(entry); err != nil {
			return err
		}
		if cap(entry) > keepText {
			entry = nil
		}
		between = ",\n"
	}
	b.WriteString(harTail) // an error stays with the writer until Flush
	return b.Flush()
}

// appendHARHead writes what is before the entries.
func appendHARHead(b []byte, version string) []byte {
	b = append(b, `{"log":{"version":"1.2","creator":{"name":"sidenote","version":`...)
	return append(appendHARText(b, version), `},"entries":[`...)
}

func appendHAREntry(b []byte, x *Exchange, notes func(*Exchange) []byte) []byte {
	o := object{append(b, '{')}
	o.b = appendHARTime(appendKey(o.b, "startedDateTime"), x.Started)
	o.b = appendMillis(appendKey(o.b, "time"), max(x.Timing.Done, 0))
	o.b = appendHARRequest(appendKey(o.b, "request"), x)
	o.b = appendHARResponse(appendKey(o.b, "response"), x)
	o.b = append(appendKey(o.b, "cache"), "{}"...)
	o.b = appendHARTimings(appendKey(o.b, "timings"), x)
	if p := x.Origin.Peer; p.IsValid() {
		o.text("serverIPAddress", p.Addr().String())
	}
	o.b = append(appendKey(o.b, "_sidenote"), '{')
	o.text("id", x.ID)
	o.text("run", x.Run)
	if x.Err != nil {
		o.b = append(appendKey(o.b, "error"), '{')
		o.text("type", string(x.Err.Code))
		if x.Err.Detail != "" {
			o.b = appendHARText(appendKey(o.b, "detail"), x.Err.Detail)
		}
		o.b = append(o.b, '}')
	}
	if notes != nil {
		if n := notes(x); len(n) > 0 {
			o.b = append(appendKey(o.b, "notes"), n...)
		}
	}
	return append(o.b, "}}"...)
}

// appendHARTime writes a time; a HAR has to have one.
func appendHARTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return appendTime(b, t)
}

func appendHARRequest(b []byte, x *Exchange) []byte {
	r := &x.Request
	b = append(b, '{')
	b = appendHARText(appendKey(b, "method"), r.Method)
	target := x.URL()
	if r.Method == "CONNECT" {
		target = "https://" + target
	}
	b = appendHARText(appendKey(b, "url"), target)
	b = appendHARText(appendKey(b, "httpVersion"), r.Version.String())
	b = appendHARCookies(appendKey(b, "cookies"), &r.Fields, FieldCookie)
	b = appendHARFields(appendKey(b, "headers"), &r.Fields)
	b = appendHARQuery(appendKey(b, "queryString"), x.Query())
	if len(r.Content.Kept) > 0 {
		b = append(appendKey(b, "postData"), '{')
		b = appendHARText(appendKey(b, "mimeType"), r.Fields.Value(FieldContentType))
		b = append(appendKey(b, "params"), "[]"...)
		b = appendHARContent(b, &r.Message)
		b = append(b, '}')
	}
	return appendHARSizes(b, &r.Message)
}

func appendHARResponse(b []byte, x *Exchange) []byte {
	r := &x.Response
	b = append(b, '{')
	b = strconv.AppendInt(appendKey(b, "status"), int64(r.Status), 10)
	b = appendHARText(appendKey(b, "statusText"), r.Reason)
	b = appendHARText(appendKey(b, "httpVersion"), r.Version.String())
	b = appendHARCookies(appendKey(b, "cookies"), &r.Fields, FieldSetCookie)
	b = appendHARFields(appendKey(b, "headers"), &r.Fields)
	b = append(appendKey(b, "content"), '{')
	size := r.Content.Size
	if d := r.DecodedContent(); d.Whole() {
		size = int64(len(d.Bytes))
	}
	b = strconv.AppendInt(appendKey(b, "size"), size, 10)
	b = appendHARText(appendKey(b, "mimeType"), r.Fields.Value(FieldContentType))
	if len(r.Content.Kept) > 0 {
		b = appendHARContent(b, &r.Message)
	}
	b = append(b, '}')
	b = appendHARText(appendKey(b, "redirectURL"), r.Fields.Value(FieldLocation))
	return appendHARSizes(b, &r.Message)
}

func appendHARSizes(b []byte, m *Message) []byte {
	head := int64(-1)
	if m.RawHead != "" {
		head = int64(len(m.RawHead))
	}
	b = strconv.AppendInt(appendKey(b, "headersSize"), head, 10)
	b = strconv.AppendInt(appendKey(b, "bodySize"), m.Content.Size, 10)
	return append(b, '}')
}

// appendHARContent writes content as browsers do: without its codings where
// they can be removed, as text where it is text.
func appendHARContent(b []byte, m *Message) []byte {
	content := m.Content.Kept
	d := m.DecodedContent()
	if d.Err == nil {
		content = d.Bytes
	}
	if m.Content.Truncated || d.Err == nil && d.Truncated {
		b = append(appendKey(b, "_truncated"), "true"...) // no size tells it where the coding is removed
	}
	if utf8.Valid(content) {
		return appendJSONString(appendKey(b, "text"), string(content))
	}
	b = append(appendKey(b, "text"), '"')
	b = append(base64.StdEncoding.AppendEncode(b, content), '"')
	return append(appendKey(b, "encoding"), `"base64"`...)
}

func appendHARFields(b []byte, f *Fields) []byte {
	b = append(b, '[')
	for _, l := range f.All() {
		b = appendHARPair(b, l.Name, l.Value)
	}
	return append(b, ']')
}

func appendHARPair(b []byte, name, value string) []byte {
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	b = appendHARText(appendKey(append(b, '{'), "name"), name)
	return append(appendHARText(appendKey(b, "value"), value), '}')
}

// appendHARCookies writes what a HAR says twice: the pairs of Cookie, or the
// first one of each Set-Cookie (RFC 6265 §4).
func appendHARCookies(b []byte, f *Fields, n Name) []byte {
	b = append(b, '[')
	for _, l := range f.Each(n) {
		for pair := range strings.SplitSeq(l.Value, ";") {
			name, value, _ := strings.Cut(pair, "=")
			b = appendHARPair(b, trimOWS(name), trimOWS(value))
			if n == FieldSetCookie {
				break
			}
		}
	}
	return append(b, ']')
}

func appendHARQuery(b []byte, query string) []byte {
	b = append(b, '[')
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		b = appendHARPair(b, queryText(name), queryText(value))
	}
	return append(b, ']')
}

func queryText(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// appendHARTimings writes phases that follow each other and, with blocked, add
// up to the whole.
func appendHARTimings(b []byte, x *Exchange) []byte {
	t := &x.Timing
	connect := t.Connect + t.TLS // which includes ssl
	send, blocked := time.Duration(0), time.Duration(-1)
	if before := t.DNS + connect; t.RequestSent > 0 {
		begun := min(max(t.HeadSent, before), t.RequestSent)
		send = t.RequestSent - begun
		blocked = begun - before
	}
	b = append(b, '{')
	for _, phase := range [...]struct {
		name    string
		d       time.Duration
		unknown bool
	}{
		{"blocked", blocked, blocked <= 0},
		{"dns", t.DNS, t.DNS <= 0},
		{"connect", connect, connect <= 0},
		{"ssl", t.TLS, t.TLS <= 0},
		{"send", send, false},
		{"wait", t.Wait(), false},
		{"receive", t.Receive(), false},
	} {
		b = appendKey(b, phase.name)
		if phase.unknown {
			b = append(b, "-1"...)
		} else {
			b = appendMillis(b, max(phase.d, 0))
		}
	}
	return append(b, '}')
}

// appendHARText writes text from the wire; octets that are not UTF-8 make all
// of them characters of ISO 8859-1.
func appendHARText(b []byte, s string) []byte {
	if utf8.ValidString(s) {
		return appendJSONString(b, s)
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return appendJSONString(b, string(runes))
}
