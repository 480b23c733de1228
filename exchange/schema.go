package exchange

// A Property is one key of the JSON record, as its schema describes it.
type Property struct {
	Key      string
	Doc      string         // what it says; a clause
	Schema   map[string]any // JSON Schema (2020-12) of its value
	Required bool           // every record has it
	Full     bool           // only records of --save have it
}

// Of the names of fields there is no end, so they have patterns.
const (
	requestFieldPattern  = "^http\\.request\\.header\\."
	responseFieldPattern = "^http\\.response\\.header\\."
)

// FieldPatterns gives the patterns of the keys that field lines have, with what
// they say.
func FieldPatterns() []Property {
	return []Property{
		{Key: requestFieldPattern, Doc: "the values of a field of the request, a line each; the name is in lower case", Schema: arrayOf(text())},
		{Key: responseFieldPattern, Doc: "the values of a field of the response, a line each; the name is in lower case", Schema: arrayOf(text())},
	}
}

// Identity gives the keys that EncodeIdentity writes, in their order.
func Identity(schema string) []Property {
	return []Property{
		{Key: "schema", Doc: "the form of the record, with its version", Schema: map[string]any{"const": schema}, Required: true},
		{Key: "time", Doc: "when the first octet of the request came, in UTC", Schema: map[string]any{"type": "string", "format": "date-time"}},
		{Key: "sidenote.exchange.id", Doc: "short name of the exchange, unique within a run", Schema: text()},
		{Key: "sidenote.run.id", Doc: "name of the run of sidenote", Schema: text()},
		{Key: "trace_id", Doc: "the trace that the exchange is part of", Schema: digits(32)},
		{Key: "span_id", Doc: "the span of the exchange with the client", Schema: digits(16)},
	}
}

// Properties gives the keys that Encode writes, in their order, without those of
// field lines. The names in Enum places are taken from what the code writes.
func Properties() []Property {
	list := append(Identity(Schema), messageProperties()...)
	return append(append(list, factProperties()...), fullProperties()...)
}

func messageProperties() []Property {
	return []Property{
		{Key: "http.request.method", Doc: "method of the request", Schema: text(), Required: true},
		{Key: "url.full", Doc: "target URI", Schema: text(), Required: true},
		{Key: "url.scheme", Doc: "its scheme", Schema: text()},
		{Key: "url.path", Doc: "its path", Schema: text()},
		{Key: "url.query", Doc: "its query, without the question mark", Schema: text()},
		{Key: "server.address", Doc: "its host", Schema: text()},
		{Key: "server.port", Doc: "its port, or that of the scheme", Schema: number(0, 65535)},
		{Key: "client.address", Doc: "address of the client", Schema: text()},
		{Key: "client.port", Doc: "its port", Schema: number(0, 65535)},
		{Key: "network.peer.address", Doc: "address of the origin server, or of the proxy before it", Schema: text()},
		{Key: "network.peer.port", Doc: "its port", Schema: number(0, 65535)},
		{Key: "network.protocol.name", Doc: "always http", Schema: map[string]any{"const": "http"}, Required: true},
		{Key: "network.protocol.version", Doc: "HTTP version spoken with the origin server", Schema: text()},
		{Key: "sidenote.client.protocol.version", Doc: "HTTP version spoken with the client", Schema: text()},
		{Key: "user_agent.original", Doc: "User-Agent of the request", Schema: text()},
		{Key: "http.response.status_code", Doc: "status code of the final response", Schema: number(0, 999)},
		{Key: "sidenote.response.made", Doc: "the response is sidenote's own, since none came", Schema: map[string]any{"const": true}},
	}
}

func factProperties() []Property {
	durations := map[string]any{}
	for _, name := range [...]string{"dns", "connect", "tls", "head_sent", "content_begun", "request_sent", "first_byte", "wait", "receive", "total", "self"} {
		durations[name] = map[string]any{"type": "number"}
	}
	changes := (^Changes(0)).Names()
	phases := []string{}
	for _, f := range failures {
		phases = appendOnce(phases, string(f.Phase))
	}
	return []Property{
		{Key: "error.type", Doc: "code of the failure", Schema: text()},
		{Key: "sidenote.error.phase", Doc: "phase in which the exchange failed", Schema: map[string]any{"enum": phases}},
		{Key: "sidenote.error.detail", Doc: "what the system said of the failure", Schema: wire()},
		{Key: "sidenote.timing", Doc: "milliseconds: how long dns, connect, tls, wait, receive and self took, and how long after the beginning the rest was", Schema: objectOf(durations), Required: true},
		{Key: "sidenote.body", Doc: "what is known of the contents", Schema: objectOf(map[string]any{"request": contentSchema(), "response": contentSchema()}, "request", "response"), Required: true},
		{Key: "sidenote.tunnel", Doc: "octets that went through a tunnel", Schema: objectOf(map[string]any{"sent": integer(), "received": integer()}, "sent", "received")},
		{Key: "sidenote.changed", Doc: "what was forwarded otherwise than received", Schema: arrayOf(map[string]any{"enum": changes})},
		{Key: "sidenote.source", Doc: "the capture file that the exchange was read from", Schema: objectOf(map[string]any{"file": wire(), "entry": integer()}, "file", "entry")},
	}
}

func fullProperties() []Property {
	list := []Property{
		{Key: "sidenote.target", Doc: "scheme and authority of the target URI", Schema: objectOf(map[string]any{"scheme": wire(), "authority": wire()})},
		{Key: "sidenote.trace", Doc: "the spans above and below that of the exchange", Schema: objectOf(map[string]any{
			"parent_id": digits(16), "sent_id": digits(16), "sampled": map[string]any{"const": true}})},
		{Key: "sidenote.client", Doc: "the connection with the client", Schema: connectionSchema()},
		{Key: "sidenote.origin", Doc: "the connection with the origin server", Schema: connectionSchema()},
		{Key: "sidenote.request", Doc: "the request as it came", Schema: messageSchema(map[string]any{"method": wire(), "target": wire()})},
		{Key: "sidenote.interim", Doc: "interim responses", Schema: arrayOf(replySchema())},
		{Key: "sidenote.response", Doc: "the response as it came", Schema: replySchema()},
	}
	for i := range list {
		list[i].Full = true
	}
	return list
}

func replySchema() map[string]any {
	return messageSchema(map[string]any{
		"status": integer(), "reason": wire(), "made": map[string]any{"const": true}, "at": map[string]any{"type": "number"},
	})
}

// messageSchema describes a message with more than what all have in common.
func messageSchema(more map[string]any) map[string]any {
	lines := arrayOf(map[string]any{"type": "array", "prefixItems": []any{wire(), wire()}, "items": false, "minItems": 2})
	more["version"], more["fields"], more["trailers"] = integer(), lines, lines
	more["raw_head"], more["kept"] = base64Text(), base64Text()
	more["content"] = contentSchema()
	return objectOf(more, "content")
}

func contentSchema() map[string]any {
	boolean := map[string]any{"type": "boolean"}
	return objectOf(map[string]any{
		"size": integer(), "sha256": digits(64), "truncated": boolean, "complete": boolean, "decoded": map[string]any{"const": true},
	}, "size", "truncated", "complete")
}

func connectionSchema() map[string]any {
	yes := map[string]any{"const": true}
	certificate := objectOf(map[string]any{
		"subject": wire(), "issuer": wire(), "names": arrayOf(wire()), "not_before": text(), "not_after": text(), "sha256": wire(),
	})
	tls := objectOf(map[string]any{
		"version": text(), "cipher": text(), "alpn": wire(), "sni": wire(), "resumed": yes, "ech": yes,
		"client_certificate": yes, "verify_error": wire(), "certificate": certificate,
	})
	return objectOf(map[string]any{
		"peer": text(), "local": text(), "reused": yes, "attempts": integer(), "proxy": wire(), "closed": yes, "tls": tls,
	})
}

// The parts of schemas.

func text() map[string]any { return map[string]any{"type": "string"} }

func integer() map[string]any { return map[string]any{"type": "integer"} }

func number(least, most int) map[string]any {
	return map[string]any{"type": "integer", "minimum": least, "maximum": most}
}

func digits(n int) map[string]any {
	return map[string]any{"type": "string", "pattern": "^[0-9a-f]*$", "minLength": n, "maxLength": n}
}

func base64Text() map[string]any {
	return map[string]any{"type": "string", "contentEncoding": "base64"}
}

// wire is text from the wire: a string where it is UTF-8, else its octets.
func wire() map[string]any {
	return map[string]any{"oneOf": []any{text(), objectOf(map[string]any{"base64": base64Text()}, "base64")}}
}

func arrayOf(item map[string]any) map[string]any {
	return map[string]any{"type": "array", "items": item}
}

func objectOf(properties map[string]any, required ...string) map[string]any {
	o := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

func appendOnce(list []string, s string) []string {
	for _, there := range list {
		if there == s {
			return list
		}
	}
	return append(list, s)
}
