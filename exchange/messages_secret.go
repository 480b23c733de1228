package exchange

import (
	"bytes"
	"slices"
	"strings"
)

// messages returns the messages without secrets; it shares what is unchanged.
func (w *secretWalk) messages(s *Messages) (*Messages, bool) {
	if s == nil {
		return nil, false
	}
	var y *Messages
	for i := range s.List {
		m, changed := w.streamMessage(&s.List[i])
		if !changed {
			continue
		}
		if y == nil {
			copied := *s
			copied.List = slices.Clone(s.List)
			y = &copied
		}
		y.List[i] = m
	}
	if y == nil {
		return s, false
	}
	return y, true
}

// streamMessage returns a message without secrets. The octets of one that was
// decoded and has secrets are left out, for they cannot be replaced.
func (w *secretWalk) streamMessage(m *StreamMessage) (out StreamMessage, changed bool) {
	out = *m
	if m.Decoded != "" {
		w.spans = jsonSpans(w.spans[:0], []byte(m.Decoded))
		if out.Decoded, changed = w.text(m.Decoded); changed {
			out.Content, out.Truncated = nil, true
		}
		return out, changed
	}
	if bytes.IndexByte(m.Content, '"') < 0 {
		return out, false
	}
	w.spans = jsonSpans(w.spans[:0], m.Content)
	if kept, is := replaceSpans(w, m.Content); is {
		out.Content, changed = kept, true
	}
	return out, changed
}

// isStreamType reports whether content of a type is text in which JSON may stand.
func isStreamType(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	switch strings.TrimSpace(kind) {
	case "text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq":
		return true
	}
	return false
}
