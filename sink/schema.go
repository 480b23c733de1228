package sink

import (
	"encoding/json"

	"sidenote/annotate"
	"sidenote/exchange"
)

// ExchangeProperties gives the keys of a record of schema "sidenote.exchange/1",
// without those of field lines, which exchange.FieldPatterns has.
func ExchangeProperties() []exchange.Property {
	list := exchange.Properties()
	return append(list,
		exchange.Property{Key: "sidenote.status.class", Doc: "class of the status", Schema: enum(annotate.Classes()...), Required: true},
		exchange.Property{Key: "sidenote.verdict", Doc: "highest severity of the notes; ok without any", Schema: enum("ok", "info", "warn", "error"), Required: true},
		exchange.Property{Key: "sidenote.reason", Doc: "why the status is what it is, where the exchange tells", Schema: text()},
		exchange.Property{Key: "sidenote.blame", Doc: "who has to act on the worst note", Schema: blame()},
		exchange.Property{Key: "sidenote.notes", Doc: "the notes", Schema: map[string]any{"type": "array", "items": closed(noteProperties(&noteKeys))}},
	)
}

// NoteProperties gives the keys of a record of schema "sidenote.note/1".
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

// noteProperties gives the keys of a note.
func noteProperties(k *noteNames) []exchange.Property {
	return []exchange.Property{
		{Key: k.rule, Doc: "ID of the rule", Schema: text(), Required: true},
		{Key: k.severity, Doc: "how bad it is", Schema: enum("info", "warn", "error"), Required: true},
		{Key: k.blame, Doc: "who has to act", Schema: blame(), Required: true},
		{Key: k.message, Doc: "what is so, with the values at hand", Schema: text(), Required: true},
		{Key: k.accepted, Doc: "why the baseline accepts it", Schema: text()},
		{Key: k.help, Doc: "what to send or do instead", Schema: text()},
		{Key: k.place, Doc: "where in the exchange; octets from start to before end, lines from 0", Schema: placeSchema(), Required: true},
		{Key: k.refs, Doc: "sections of specifications", Schema: map[string]any{"type": "array", "items": text()}, Required: true},
		{Key: k.fingerprint, Doc: "the same for the same rule at the same part of the same kind of request", Schema: map[string]any{"type": "string", "pattern": "^[0-9a-f]{16}$"}, Required: true},
	}
}

func placeSchema() map[string]any {
	integer := map[string]any{"type": "integer"}
	return closed([]exchange.Property{
		{Key: "message", Schema: enum(placeMessages[:]...), Required: true},
		{Key: "interim", Schema: integer},
		{Key: "part", Schema: enum(placeParts[:]...)},
		{Key: "field", Schema: text()},
		{Key: "line", Schema: integer},
		{Key: "missing", Schema: map[string]any{"const": true}},
		{Key: "start", Schema: integer},
		{Key: "end", Schema: integer},
	})
}

func text() map[string]any { return map[string]any{"type": "string"} }

func enum(words ...string) map[string]any { return map[string]any{"enum": words} }

func blame() map[string]any {
	return enum("", string(annotate.ByClient), string(annotate.ByOrigin), string(annotate.ByIntermediary),
		string(annotate.ByOriginOrIntermediary), string(annotate.ByProxy))
}

// closed describes an object that has no other keys.
func closed(list []exchange.Property) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, p := range list {
		described := map[string]any{}
		for k, v := range p.Schema {
			described[k] = v
		}
		if p.Doc != "" {
			described["description"] = p.Doc
		}
		properties[p.Key] = described
		if p.Required {
			required = append(required, p.Key)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// Schema gives the JSON Schema (2020-12) of a record by its name, "exchange" or
// "note"; ok is false for any other.
func Schema(name string) (text []byte, ok bool) {
	var s map[string]any
	switch name {
	case "exchange":
		s = closed(ExchangeProperties())
		patterns := map[string]any{}
		for _, p := range exchange.FieldPatterns() {
			p.Schema["description"] = p.Doc
			patterns[p.Key] = p.Schema
		}
		s["patternProperties"] = patterns
		s["title"] = exchange.Schema
	case "note":
		s = closed(NoteProperties())
		s["title"] = NoteSchema
	default:
		return nil, false
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("a schema is no JSON: " + err.Error()) // a fault in the tables, which a test finds
	}
	return append(text, '\n'), true
}

// SchemaNames lists what Schema knows.
func SchemaNames() []string { return []string{"exchange", "note"} }
