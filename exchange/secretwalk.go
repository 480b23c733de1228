package exchange

import (
	"cmp"
	"slices"
	"strings"
)

// A secretWalk goes over an exchange and replaces every secret in it, or only
// collects them.
type secretWalk struct {
	r       *Redactor
	collect bool
	found   []string
	marks   map[string]string // filled for a Restorer, unless it is nil
	spans   []span            // of the text that is looked at

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

// text returns s with the secrets at w.spans replaced, and reports whether there
// were any. A walk that collects keeps them and returns s.
func (w *secretWalk) text(s string) (string, bool) {
	b, changed := replaceSpans(w, s)
	if !changed {
		return s, false
	}
	return string(b), true
}

// replaceSpans returns s with the secrets at w.spans replaced. A span within
// another goes with it.
func replaceSpans[T string | []byte](w *secretWalk, s T) (out []byte, changed bool) {
	if len(w.spans) == 0 {
		return nil, false
	}
	if w.collect {
		for _, at := range w.spans {
			if len(w.found) <= maxScrubbed {
				w.found = append(w.found, at.secret(string(s[at.start:at.end])))
			}
		}
		return nil, false
	}
	slices.SortFunc(w.spans, func(a, b span) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	out = make([]byte, 0, len(s)+redactedLen)
	done := 0
	for _, at := range w.spans {
		if at.start < done {
			continue
		}
		raw := string(s[at.start:at.end])
		secret := at.secret(raw)
		mark := w.mark(secret)
		if w.marks != nil {
			w.marks[mark] = secret
		}
		if at.json {
			mark = `"` + mark + `"`
			if w.marks != nil {
				w.marks[mark] = raw
			}
		}
		out = append(append(out, s[done:at.start]...), mark...)
		done = at.end
	}
	return append(out, s[done:]...), true
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
	messages, messagesChanged := x.Messages, false
	if content {
		messages, messagesChanged = w.messages(x.Messages)
	}
	changed := request.changed || response.changed || targetChanged || authorityChanged || messagesChanged
	for i := range x.Interim {
		interim[i] = w.message(&x.Interim[i].Message, content)
		changed = changed || interim[i].changed
	}
	if !changed {
		return x
	}
	y := x.shallow()
	y.Authority, y.Request.Target, y.Messages = authority, target, messages
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
		c.Kept, c.SHA256, c.Unhashed = made.content.kept, Digest{}, false
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
		w.spans = valueSpans(w.spans[:0], l.Known, l.Name, l.Value)
		value, is := w.text(l.Value)
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
	w.spans = valueSpans(w.spans[:0], LookupName(name), name, value)
	value, changed := w.text(value)
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

func (w *secretWalk) authority(s string) (string, bool) {
	w.spans = authoritySpans(w.spans[:0], s, 0, len(s))
	return w.text(s)
}

func (w *secretWalk) uri(s string) (string, bool) {
	w.spans = uriSpans(w.spans[:0], s)
	return w.text(s)
}

// content replaces what forms and JSON hold.
func (w *secretWalk) content(m *Message) walkedContent {
	kind := m.Fields.Value(FieldContentType)
	var find func([]span, []byte) []span
	switch {
	case isFormType(kind):
		find = formSpans
	case isJSONType(kind) || isStreamType(kind) || kind == "" && looksLikeJSON(m.Content.Kept):
		find = jsonSpans
	default:
		return walkedContent{}
	}
	if coding := m.Fields.Value(FieldContentEncoding); coding != "" && !m.Content.Decoded && !strings.EqualFold(coding, "identity") {
		plain := m.DecodedContent().Bytes
		w.spans = find(w.spans[:0], plain)
		_, _ = replaceSpans(w, plain) // for what it collects; coded content is not replaced, but left out
		has := len(w.spans) > 0
		return walkedContent{changed: has, dropped: has}
	}
	w.spans = find(w.spans[:0], m.Content.Kept)
	kept, changed := replaceSpans(w, m.Content.Kept)
	return walkedContent{kept: kept, changed: changed}
}
