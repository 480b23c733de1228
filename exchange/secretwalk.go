package exchange

import (
	"bytes"
	"slices"
	"strings"
)

// secretWalk goes over an exchange and meets every secret in it. It replaces
// them, or only collects them.
type secretWalk struct {
	r       *Redactor
	collect bool
	found   []string
	marks   map[string]string // filled for a Restorer, unless it is nil

	// What was marked last, for most secrets come twice: in a field line and
	// in the head as received.
	marked [8]struct{ secret, mark string }
	next   int
}

// mark is Redactor.mark with a short memory.
func (w *secretWalk) mark(secret string) string {
	for i := range w.marked {
		if w.marked[i].secret == secret {
			return w.marked[i].mark
		}
	}
	m := &w.marked[w.next%len(w.marked)]
	w.next++
	m.secret, m.mark = secret, w.r.mark(secret)
	return m.mark
}

// secret is called for each secret and says what is in its place and whether
// that is something else.
func (w *secretWalk) secret(s string) (string, bool) {
	switch {
	case s == "" || len(s) == redactedLen && IsRedacted(s):
		return s, false
	case w.collect:
		if len(w.found) <= maxScrubbed {
			w.found = append(w.found, s)
		}
		return s, false
	}
	m := w.mark(s)
	if w.marks != nil {
		w.marks[m] = s
	}
	return m, true
}

// walkedMessage is what a walk made of a message.
type walkedMessage struct {
	fields, trailers Fields
	content          walkedContent
	changed          bool
}

type walkedContent struct {
	kept             []byte
	changed, dropped bool
}

func (w *secretWalk) exchange(x *Exchange, content bool) *Exchange {
	request := w.message(&x.Request.Message, true)
	response := w.message(&x.Response.Message, content)
	target, targetChanged := w.uri(x.Request.Target)
	authority, authorityChanged := w.authority(x.Authority)
	interim := make([]walkedMessage, len(x.Interim))
	changed := request.changed || response.changed || targetChanged || authorityChanged
	for i := range x.Interim {
		interim[i] = w.message(&x.Interim[i].Message, content)
		changed = changed || interim[i].changed
	}
	if !changed {
		return x
	}
	y := x.shallow()
	y.Authority, y.Request.Target = authority, target
	w.replace(&y.Request.Message, &request, targetChanged)
	w.replace(&y.Response.Message, &response, false)
	for i := range y.Interim {
		w.replace(&y.Interim[i].Message, &interim[i], false)
	}
	if x.Err != nil && x.Err.Detail != "" {
		y.Err = &Err{Code: x.Err.Code, Detail: w.r.Scrubber(x, content).Text(x.Err.Detail)}
	}
	return y
}

func (w *secretWalk) message(m *Message, content bool) (out walkedMessage) {
	var fields, trailers bool
	out.fields, fields = w.fields(&m.Fields)
	out.trailers, trailers = w.fields(&m.Trailers)
	if content && len(m.Content.Kept) > 0 {
		out.content = w.content(m)
	}
	out.changed = fields || trailers || out.content.changed
	return out
}

// replace puts what the walk made of a message into a copy of it.
func (w *secretWalk) replace(m *Message, made *walkedMessage, startLine bool) {
	m.Fields, m.Trailers = made.fields, made.trailers
	if c := &m.Content; made.content.changed {
		c.Kept, c.SHA256 = made.content.kept, Digest{}
		c.Truncated = c.Truncated || made.content.dropped
	}
	if made.changed || startLine {
		m.RawHead = w.rawHead(m.RawHead)
	}
}

// fields returns the section with secrets replaced; it shares what is unchanged.
func (w *secretWalk) fields(f *Fields) (out Fields, changed bool) {
	out = *f
	for i := range f.lines {
		l := &f.lines[i]
		value, is := w.value(l.Known, l.Name, l.Value)
		if !is {
			continue
		}
		if !changed {
			out.lines = slices.Clone(f.lines)
			changed = true
		}
		out.lines[i].Value = value
	}
	return out, changed
}

// rawHead replaces secrets in a head as received and leaves every other octet.
func (w *secretWalk) rawHead(raw string) string {
	if raw == "" {
		return ""
	}
	b := make([]byte, 0, len(raw))
	for start := true; raw != ""; {
		line := raw[:wholeLine(raw)]
		if start {
			b = append(b, w.rawStartLine(line)...)
			start = strings.Trim(line, "\r\n") == ""
			raw = raw[len(line):]
			continue
		}
		for end := len(line); end < len(raw) && (raw[end] == ' ' || raw[end] == '\t'); { // folded
			end += wholeLine(raw[end:])
			line = raw[:end]
		}
		b = append(b, w.rawFieldLine(line)...)
		raw = raw[len(line):]
	}
	return string(b)
}

// wholeLine is the length of the first line with its end.
func wholeLine(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i + 1
	}
	return len(s)
}

func (w *secretWalk) rawStartLine(line string) string {
	if strings.HasPrefix(line, "HTTP/") {
		return line
	}
	first, last := strings.IndexByte(line, ' '), strings.LastIndexByte(line, ' ')
	if first < 0 || last <= first {
		s, _ := w.uri(line)
		return s
	}
	target, changed := w.uri(line[first+1 : last])
	if !changed {
		return line
	}
	return line[:first+1] + target + line[last:]
}

// rawFieldLine takes one field line with its continuations and its end.
func (w *secretWalk) rawFieldLine(line string) string {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return line
	}
	name, value = trimRightOWS(name), trimOWS(strings.TrimRight(value, "\r\n"))
	if strings.IndexByte(value, '\n') >= 0 { // joined, as ParseHead does
		_, f := ParseHead("start\n" + line)
		if f.Len() == 0 {
			return line
		}
		value = f.At(0).Value
	}
	value, changed := w.value(LookupName(name), name, value)
	if !changed {
		return line
	}
	end := "\n"
	if strings.HasSuffix(line, "\r\n") {
		end = "\r\n"
	} else if !strings.HasSuffix(line, "\n") {
		end = ""
	}
	return line[:strings.IndexByte(line, ':')+1] + " " + value + end
}

func (w *secretWalk) value(known Name, name, value string) (string, bool) {
	kind := secretKinds[known]
	if known == 0 {
		kind = unknownKind(name)
	}
	switch kind {
	case secretCredentials:
		return w.credentials(value)
	case secretCookies:
		return w.cookies(value)
	case secretSetCookie:
		return w.setCookie(value)
	case secretWhole:
		return w.secret(value)
	}
	return w.uriText(value)
}

// credentials keeps a well-known scheme and replaces all that follows.
func (w *secretWalk) credentials(value string) (string, bool) {
	scheme, rest, ok := strings.Cut(value, " ")
	if !ok || !isAuthScheme(scheme) {
		if isAuthScheme(value) {
			return value, false
		}
		return w.secret(value)
	}
	mark, changed := w.secret(strings.TrimLeft(rest, " "))
	if !changed {
		return value, false
	}
	return scheme + " " + mark, true
}

func (w *secretWalk) cookies(value string) (string, bool) {
	var b []byte
	changed := false
	for rest, more := value, true; more; {
		var pair string
		at := len(value) - len(rest)
		pair, rest, more = strings.Cut(rest, ";")
		out, is := w.pair(pair)
		if is && !changed {
			changed = true
			b = append(make([]byte, 0, len(value)+32), value[:at]...)
		}
		if changed {
			b = append(b, out...)
			if more {
				b = append(b, ';')
			}
		}
	}
	if !changed {
		return value, false
	}
	return string(b), true
}

func (w *secretWalk) setCookie(value string) (string, bool) {
	pair, attributes, more := strings.Cut(value, ";")
	out, changed := w.pair(pair)
	if !changed {
		return value, false
	}
	if more {
		out += ";" + attributes
	}
	return out, true
}

// pair replaces the value of name=value and keeps the space around it; a text
// without "=" is a value (RFC 6265bis §5.6).
func (w *secretWalk) pair(pair string) (string, bool) {
	start := strings.IndexByte(pair, '=') + 1
	for start < len(pair) && (pair[start] == ' ' || pair[start] == '\t') {
		start++
	}
	mark, changed := w.secret(trimRightOWS(pair[start:]))
	if !changed {
		return pair, false
	}
	return pair[:start] + mark, true
}

func (w *secretWalk) authority(s string) (string, bool) {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s, false
	}
	mark, changed := w.secret(s[:at])
	return mark + s[at:], changed
}

// uri handles a text that is one URI reference.
func (w *secretWalk) uri(s string) (string, bool) {
	out, user := w.userInfo(s)
	out, query := w.parameters(out, "&#", false)
	return out, user || query
}

// uriText handles a text that may have URIs in it.
func (w *secretWalk) uriText(s string) (string, bool) {
	out, user := w.userInfo(s)
	out, query := w.parameters(out, "&# \t\"'<>", false)
	return out, user || query
}

// userInfo replaces what is before "@" in each authority (RFC 3986 §3.2.1).
func (w *secretWalk) userInfo(s string) (string, bool) {
	if strings.IndexByte(s, '@') < 0 {
		return s, false
	}
	var b []byte
	changed := false
	for rest := s; ; {
		i := strings.Index(rest, "//")
		if i < 0 {
			if !changed {
				return s, false
			}
			return string(append(b, rest...)), true
		}
		b = append(b, rest[:i+2]...)
		rest = rest[i+2:]
		end := strings.IndexAny(rest, "/?#\\ \t\"<>,")
		if end < 0 {
			end = len(rest)
		}
		authority, is := w.authority(rest[:end])
		b = append(b, authority...)
		rest = rest[end:]
		changed = changed || is
	}
}

// parameters replaces the values of name=value parameters whose name says that
// they are secret. A parameter begins after one of "?&;#", or at the start of
// a form, and its value ends before one of ends.
func (w *secretWalk) parameters(s, ends string, form bool) (string, bool) {
	if strings.IndexByte(s, '=') < 0 {
		return s, false
	}
	var b []byte
	changed, done := false, 0 // s[:done] is in b, once changed
	for i := 0; i < len(s); {
		if !form || i > 0 {
			next := indexParameter(s[i:])
			if next < 0 {
				break
			}
			i += next + 1
		}
		name, ok := parameterName(s[i:])
		if !ok {
			if form && i == 0 {
				i++
			}
			continue
		}
		i += len(name) + 1
		if !isSecretParameter(name) {
			continue
		}
		end := strings.IndexAny(s[i:], ends)
		if end < 0 {
			end = len(s) - i
		}
		mark, is := w.secret(s[i : i+end])
		if is {
			b = append(append(b, s[done:i]...), mark...)
			done, changed = i+end, true
		}
		i += end
	}
	if !changed {
		return s, false
	}
	return string(append(b, s[done:]...)), true
}

// content looks into forms and JSON.
func (w *secretWalk) content(m *Message) walkedContent {
	kind := m.Fields.Value(FieldContentType)
	var look func([]byte) ([]byte, bool)
	switch {
	case isFormType(kind):
		look = w.form
	case isJSONType(kind) || kind == "" && looksLikeJSON(m.Content.Kept):
		look = w.json
	default:
		return walkedContent{}
	}
	if coding := m.Fields.Value(FieldContentEncoding); coding != "" && !m.Content.Decoded && !strings.EqualFold(coding, "identity") {
		before := len(w.found)
		_, changed := look(m.DecodedContent().Bytes)
		if changed || len(w.found) > before {
			return walkedContent{changed: true, dropped: true}
		}
		return walkedContent{}
	}
	kept, changed := look(m.Content.Kept)
	return walkedContent{kept: kept, changed: changed}
}

func (w *secretWalk) form(b []byte) ([]byte, bool) {
	if bytes.IndexByte(b, '=') < 0 {
		return b, false
	}
	s, changed := w.parameters(string(b), "&", true)
	return []byte(s), changed
}

// json replaces the string and number values of secret members at any depth.
// It needs no valid JSON, for the content may be cut or wrong.
func (w *secretWalk) json(b []byte) ([]byte, bool) {
	var out []byte
	changed, done := false, 0
	for i := 0; ; {
		open := bytes.IndexByte(b[i:], '"')
		if open < 0 {
			break
		}
		open += i
		end := jsonStringEnd(b, open)
		i = end
		colon := skipJSONSpace(b, end)
		if colon >= len(b) || b[colon] != ':' || !isSecretJSONName(b[open:end]) {
			continue
		}
		start := skipJSONSpace(b, colon+1)
		stop := jsonScalarEnd(b, start)
		i = max(end, stop)
		if mark, is := w.secret(jsonScalar(b[start:stop])); is {
			out = append(append(out, b[done:start]...), '"')
			out = append(append(out, mark...), '"')
			if w.marks != nil {
				w.marks[`"`+mark+`"`] = string(b[start:stop])
			}
			done, changed = stop, true
		}
	}
	if !changed {
		return b, false
	}
	return append(out, b[done:]...), true
}
