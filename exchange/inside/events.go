package inside

import (
	"bytes"

	"sidenote/exchange/field"
)

// events reads an event stream: answers of JSON-RPC and GraphQL in it, and events
// of the type error. A stream that has an error failed, whatever came before.
func (c *Content) events(b []byte, whole bool) Finding {
	var t tally
	name, data, at := "", []byte(nil), 0
	lines, pos := 0, 0
	if whole && !bytes.HasSuffix(b, []byte("\n\n")) {
		b = append(bytes.Clone(b), "\n\n"...) // clients differ on the last event without an empty line
	}
	for line := range bytes.Lines(b) {
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case len(text) == 0:
			if f, counts := c.event(name, data); counts {
				f.At, f.End = at+f.At, at+f.End
				if lines > 1 {
					f.At, f.End = 0, 0
				}
				t.add(f)
			}
			name, data, lines = "", nil, 0
		case bytes.HasPrefix(text, []byte("event:")):
			name = string(bytes.TrimSpace(text[len("event:"):]))
		case bytes.HasPrefix(text, []byte("data:")):
			value := text[len("data:"):]
			if len(value) > 0 && value[0] == ' ' {
				value = value[1:]
			}
			switch lines++; lines {
			case 1:
				data, at = value, pos+len(text)-len(value)
			case 2:
				data = append(append(bytes.Clone(data), '\n'), value...)
			default: // which is a copy already
				data = append(append(data, '\n'), value...)
			}
		}
		pos += len(line)
	}
	if t.failed == 0 {
		return notTold(whole)
	}
	f := t.first
	if f.Protocol == JSON {
		f.Protocol = Events
	}
	return f
}

// event reads one event; counts is false where it is no answer.
func (c *Content) event(name string, data []byte) (f Finding, counts bool) {
	isError := name == "error"
	if len(data) == 0 || !isError && !bytes.Contains(data, []byte("rror")) {
		return f, false
	}
	if isError && data[0] != '{' {
		return Finding{Outcome: Error, Protocol: Events, Message: cut(string(bytes.ToValidUTF8(data, nil)), MostMessage)}, true
	}
	inner := *c
	inner.Whole = true
	f = inner.json(data, true)
	if f.Outcome == Error || f.Outcome == Partial || !isError || data[0] != '{' {
		return f, f.Protocol == JSONRPC || f.Protocol == MCP || f.Protocol == GraphQL || isError || isErrorEvent(data)
	}
	f = Finding{Outcome: Error, Protocol: Events}
	f.describe(data, 0)
	return f, true
}

// isErrorEvent reports whether an event without a name is only an error, as
// those of streams that APIs of language models send.
func isErrorEvent(data []byte) bool {
	for m := range field.JSONMembers(data) {
		if m.Is("error") && m.Value[0] == '{' {
			return true
		}
	}
	return false
}
