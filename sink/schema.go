package sink

import (
	"encoding/json"

	"sidenote/annotate"
	"sidenote/exchange"
)

// ExchangeProperties returns the keys of a record of schema "sidenote.exchange/1",
// without those of field lines, which exchange.FieldPatterns has.
func ExchangeProperties() []exchange.Property {
	const whenNoted = "there are notes"
	return append(exchange.Properties(),
		exchange.Property{Key: "sidenote.status.class", Doc: "class of the status", Schema: enum(annotate.Classes()...), Required: true},
		exchange.Property{Key: "sidenote.verdict", Doc: "highest severity of the notes; ok without any", Schema: enum(append([]string{annotate.Severity(0).String()}, annotate.SeverityWords()...)...), Required: true},
		exchange.Property{Key: "sidenote.reason", Doc: "why the response has this status, or says that the call failed", When: "the exchange tells why", Schema: text()},
		exchange.Property{Key: "sidenote.caching", Doc: "what caches may do with the response", When: "there is a final response to GET, HEAD or QUERY, or another one that may be stored", Members: cachingMembers()},
		exchange.Property{Key: "sidenote.blame", Doc: "who has to act on the worst note", When: "there are notes, and someone has to act", Schema: blame()},
		exchange.Property{Key: "sidenote.notes", Doc: "the notes on the exchange", When: whenNoted, Members: noteProperties(&noteKeys), List: true},
	)
}

// NoteProperties returns the keys of a record of schema "sidenote.note/1".
func NoteProperties() []exchange.Property {
	list := exchange.Identity(NoteSchema)
	own := map[string]bool{"http.request.method": true, "url.full": true, "server.address": true, "http.response.status_code": true}
	for _, p := range exchange.Properties() {
		if own[p.Key] {
			list = append(list, p)
		}
	}
	return append(list, noteProperties(&noteRecordKeys)...)
}

// noteProperties returns the keys of a note.
func noteProperties(k *noteNames) []exchange.Property {
	return []exchange.Property{
		{Key: k.rule, Doc: "ID of the rule", Schema: text(), Required: true},
		{Key: k.severity, Doc: "how bad it is", Schema: enum(annotate.SeverityWords()...), Required: true},
		{Key: k.blame, Doc: "who has to act", Schema: blame(), Required: true},
		{Key: k.message, Doc: "what is wrong, with the values found", Schema: text(), Required: true},
		{Key: k.accepted, Doc: "why the baseline accepts the note", When: "it does", Schema: text()},
		{Key: k.help, Doc: "what to send or do instead", When: "the rule has such advice", Schema: text()},
		{Key: k.place, Doc: "place in the exchange", Members: placeProperties(), Required: true},
		{Key: k.related, Doc: "other exchanges that the note is about", When: "it is about several", Members: relatedProperties(), List: true},
		{Key: k.refs, Doc: "sections of specifications", Schema: map[string]any{"type": "array", "items": text()}, Required: true},
		{Key: k.fingerprint, Doc: "identifies notes of the same rule, at the same place, for the same kind of request", Schema: map[string]any{"type": "string", "pattern": "^[0-9a-f]{16}$"}, Required: true},
	}
}

// relatedProperties returns what encodeRelated writes.
func relatedProperties() []exchange.Property {
	const whenFile = "the exchange was read from a capture"
	return []exchange.Property{
		{Key: "exchange", Doc: "ID of the exchange", When: "it has one", Schema: text()},
		{Key: "file", Doc: "the capture", When: whenFile, Schema: text()},
		{Key: "entry", Doc: "its place there, from 0", When: whenFile, Schema: map[string]any{"type": "integer"}},
		{Key: "role", Doc: "what it is in the story", Schema: text(), Required: true},
		{Key: "at", Doc: "when it began", Schema: map[string]any{"type": "string", "format": "date-time"}, Required: true},
		{Key: "what", Doc: "method, host and route, and status or error", Schema: text(), Required: true},
	}
}

// placeProperties returns what encodePlace writes.
func placeProperties() []exchange.Property {
	integer := map[string]any{"type": "integer"}
	const whenField, whenSpan = "the part is a field or a trailer", "the note points at bytes"
	return []exchange.Property{
		{Key: "message", Doc: "which message", Schema: enum(exchange.PlaceMessageNames()...), Required: true},
		{Key: "interim", Doc: "which interim response, from 0", When: "the message is one", Schema: integer},
		{Key: "part", Doc: "which part of the message", When: "the place is not the whole message", Schema: enum(exchange.PlacePartNames()...)},
		{Key: "field", Doc: "name of the field", When: whenField, Schema: text()},
		{Key: "line", Doc: "which line of the message's fields, from 0", When: "the field is there", Schema: integer},
		{Key: "missing", Doc: "the field is not there", When: "it is true", Schema: map[string]any{"const": true}},
		{Key: "start", Doc: "first byte in the value, start line or body, from 0", When: whenSpan, Schema: integer},
		{Key: "end", Doc: "byte after the last", When: whenSpan, Schema: integer},
	}
}

func text() map[string]any { return map[string]any{"type": "string"} }

func enum(words ...string) map[string]any { return map[string]any{"enum": words} }

func blame() map[string]any {
	return enum("", string(annotate.ByClient), string(annotate.ByOrigin), string(annotate.ByIntermediary),
		string(annotate.ByOriginOrIntermediary), string(annotate.ByProxy))
}

// Schema returns the JSON Schema (2020-12) of a record by its name, "exchange",
// "note" or "message"; ok is false for any other.
func Schema(name string) (text []byte, ok bool) {
	var s map[string]any
	switch name {
	case "exchange":
		s = exchange.ObjectSchema(ExchangeProperties())
		patterns := map[string]any{}
		for _, p := range exchange.FieldPatterns() {
			patterns[p.Key] = p.JSONSchema()
		}
		s["patternProperties"] = patterns
		s["title"] = exchange.Schema
	case "note":
		s = exchange.ObjectSchema(NoteProperties())
		s["title"] = NoteSchema
	case "message":
		s = exchange.ObjectSchema(exchange.MessageProperties())
		s["title"] = exchange.MessageSchema
	default:
		return nil, false
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("a schema is not JSON: " + err.Error()) // a fault in the tables, which a test finds
	}
	return append(text, '\n'), true
}

// SchemaNames lists the names that Schema accepts.
func SchemaNames() []string { return []string{"exchange", "note", "message"} }
