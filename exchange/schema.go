package exchange

// A Property is one key of the JSON record, as its schema describes it.
type Property struct {
	Key      string
	Doc      string         // what it says, with its unit; a clause
	When     string         // which records have it, where not all do; a clause
	Schema   map[string]any // JSON Schema (2020-12) of its value, unless it is an object
	Members  []Property     // keys of the object that its value is; no others are in it
	List     bool           // its value is an array of such objects
	Required bool           // every record has it
	Full     bool           // only records of --save have it
}

// WhenKeyword is the annotation in which schemas say which records have a key.
const WhenKeyword = "x-when"

// JSONSchema describes the value, and says what it means and when it is there.
func (p *Property) JSONSchema() map[string]any {
	s := map[string]any{}
	for k, v := range p.Schema {
		s[k] = v
	}
	if p.Members != nil {
		s = ObjectSchema(p.Members)
	}
	if p.List {
		s = arrayOf(s)
	}
	if p.Doc != "" {
		s["description"] = p.Doc
	}
	if p.When != "" {
		s[WhenKeyword] = p.When
	}
	return s
}

// ObjectSchema describes an object that has these keys and no others.
func ObjectSchema(list []Property) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range list {
		p := &list[i]
		properties[p.Key] = p.JSONSchema()
		if p.Required {
			required = append(required, p.Key)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// Of the names of fields there is no end, so they have patterns.
const (
	requestFieldPattern  = "^http\\.request\\.header\\."
	responseFieldPattern = "^http\\.response\\.header\\."
)

// FieldPatterns returns the patterns of the keys that field lines have, with what
// they say.
func FieldPatterns() []Property {
	return []Property{
		{Key: requestFieldPattern, Doc: "values of a field of the request, a line each; the name is in lower case", When: "for each field of the request", Schema: arrayOf(text())},
		{Key: responseFieldPattern, Doc: "values of a field of the response, a line each; the name is in lower case", When: "for each field of the final response", Schema: arrayOf(text())},
	}
}

// What several keys have in common to say of when they are there.
const (
	whenTraced    = "the request names a trace, or sidenote begins one"
	whenLive      = "the exchange passed through sidenote, or the capture names it"
	whenKnown     = "it is known"
	whenConnected = "there was a connection to it, and it is known"
	whenFailed    = "the exchange failed"
	whenAnswered  = "there is a response"
	whenTLS       = "there was TLS, and it is known"
	whenTrue      = "it is true"
	whenSaved     = "--save wrote the record"
)

// Identity returns the keys that EncodeIdentity writes, in their order.
func Identity(schema string) []Property {
	return []Property{
		{Key: "schema", Doc: "form of the record, with its version", Schema: map[string]any{"const": schema}, Required: true},
		{Key: "time", Doc: "when the first byte of the request arrived; RFC 3339, UTC", When: whenKnown, Schema: map[string]any{"type": "string", "format": "date-time"}},
		{Key: "sidenote.exchange.id", Doc: "short name of the exchange, unique within a run", When: whenLive, Schema: text()},
		{Key: "sidenote.run.id", Doc: "name of the run of sidenote", When: whenLive, Schema: text()},
		{Key: "trace_id", Doc: "trace that the exchange is part of", When: whenTraced, Schema: digits(32)},
		{Key: "span_id", Doc: "span of the exchange with the client", When: "sidenote makes spans, or begins traces", Schema: digits(16)},
	}
}

// Properties returns the keys that Encode writes, in their order, without those of
// field lines. The names in Enum places are taken from what the code writes.
func Properties() []Property {
	list := append(Identity(Schema), messageProperties()...)
	return append(append(list, factProperties()...), fullProperties()...)
}

func messageProperties() []Property {
	return []Property{
		{Key: "http.request.method", Doc: "method of the request", Schema: text(), Required: true},
		{Key: "url.full", Doc: "target URI; of CONNECT, host and port", Schema: text(), Required: true},
		{Key: "url.scheme", Doc: "scheme of the target URI", When: "it has one, as all but CONNECT", Schema: text()},
		{Key: "url.path", Doc: "path of the target URI", When: "it has one", Schema: text()},
		{Key: "url.query", Doc: "query of the target URI, without the question mark", When: "it has one", Schema: text()},
		{Key: "server.address", Doc: "host of the target URI", When: whenKnown, Schema: text()},
		{Key: "server.port", Doc: "port that was to be reached: that of CONNECT, of the target URI, or of its scheme", When: whenKnown, Schema: upTo(65535)},
		{Key: "client.address", Doc: "IP address of the client", When: whenKnown, Schema: text()},
		{Key: "client.port", Doc: "port of the client", When: whenKnown, Schema: upTo(65535)},
		{Key: "network.peer.address", Doc: "IP address of the origin server, or of the proxy before it", When: whenConnected, Schema: text()},
		{Key: "network.peer.port", Doc: "port of the origin server, or of the proxy before it", When: whenConnected, Schema: upTo(65535)},
		{Key: "network.protocol.name", Doc: "always http", Schema: map[string]any{"const": "http"}, Required: true},
		{Key: "network.protocol.version", Doc: "HTTP version spoken with the origin server: 1.0, 1.1, 2 or 3; before it answers, that of the request", When: whenKnown, Schema: text()},
		{Key: "sidenote.client.protocol.version", Doc: "HTTP version spoken with the client", When: whenKnown, Schema: text()},
		{Key: "user_agent.original", Doc: "User-Agent of the request", When: "the request has it", Schema: text()},
		{Key: "http.response.status_code", Doc: "status code of the final response", When: whenAnswered, Schema: upTo(999)},
		{Key: "sidenote.response.made", Doc: "the response is sidenote's own, since none came", When: whenTrue, Schema: yes()},
	}
}

func factProperties() []Property {
	return []Property{
		{Key: "error.type", Doc: "code of the failure", When: whenFailed, Schema: text()},
		{Key: "sidenote.error.phase", Doc: "phase in which the exchange failed", When: whenFailed, Schema: map[string]any{"enum": failurePhases()}},
		{Key: "sidenote.error.detail", Doc: "what the system said of the failure", When: "the exchange failed, and it said something", Schema: wire()},
		{Key: "sidenote.timing", Doc: "durations in milliseconds", Members: timingProperties(), Required: true},
		{Key: "sidenote.body", Doc: "what is known of the contents", Required: true, Members: []Property{
			{Key: "request", Doc: "content of the request", Members: contentProperties(), Required: true},
			{Key: "response", Doc: "content of the final response", Members: contentProperties(), Required: true},
		}},
		{Key: "sidenote.effective", Doc: "how the exchange ended in effect, which the status does not always tell", Required: true, Members: effectMembers()},
		{Key: "sidenote.operation", Doc: "what the request asks for, where one URI serves many operations", When: "the request is one of GraphQL, JSON-RPC, MCP, gRPC or SOAP, and its body tells", Members: operationMembers()},
		{Key: "sidenote.tunnel", Doc: "what went through a tunnel or an upgraded connection", When: "there was one, and something went through", Members: []Property{
			{Key: "sent", Doc: "bytes from the client", Schema: integer(), Required: true},
			{Key: "received", Doc: "bytes to the client", Schema: integer(), Required: true},
			{Key: "protocol", Doc: "what passed, as far as it is known", When: whenKnown, Schema: wire()},
			{Key: "refused", Doc: "the client's refusal of sidenote's certificate", When: "that is why nothing was read", Members: []Property{
				{Key: "times", Doc: "how often in a row", Schema: integer(), Required: true},
				{Key: "since", Doc: "when it first refused; RFC 3339, UTC", Schema: text(), Required: true},
				{Key: "until", Doc: "when the certificate is offered again; RFC 3339, UTC", Schema: text(), Required: true},
			}},
		}},
		{Key: "sidenote.window_stalls", Doc: "windows of HTTP/2 that were closed for 10 ms or longer in all, so that the sender had to wait", When: "there were any", Members: stallProperties(), List: true},
		{Key: "sidenote.messages", Doc: "the messages of a stream inside of the exchange", When: "there were any, or could have been", Members: streamProperties()},
		{Key: "sidenote.changed", Doc: "what was forwarded otherwise than received", When: "something was", Schema: arrayOf(map[string]any{"enum": (^Changes(0)).Names()})},
		{Key: "sidenote.source", Doc: "where the exchange was read from", When: "it was read from a capture", Members: []Property{
			{Key: "file", Doc: "name of the file", Schema: wire(), Required: true},
			{Key: "entry", Doc: "number of the entry in it, from 0", Schema: integer(), Required: true},
			{Key: "lacks", Doc: "what the capture does not say as it was", When: "another program wrote it", Schema: arrayOf(map[string]any{"enum": (^Lacks(0)).Names()})},
		}},
	}
}

// failurePhases lists the phases in which an exchange can fail.
func failurePhases() (phases []string) {
	for _, f := range failures {
		phases = appendOnce(phases, string(f.Phase))
	}
	return phases
}

// timingProperties returns what appendTiming writes.
func timingProperties() []Property {
	const when, since = "it happened and was seen", ", since the beginning"
	list := []Property{
		{Key: "dns", Doc: "how long the name was looked up"},
		{Key: "connect", Doc: "how long the connection took"},
		{Key: "tls", Doc: "how long the TLS handshake took"},
		{Key: "head_sent", Doc: "when the request head was written to the origin server" + since},
		{Key: "content_begun", Doc: "when the first byte of the request body was written to it" + since},
		{Key: "request_sent", Doc: "when the whole request was written" + since},
		{Key: "first_byte", Doc: "when the first byte of the final response arrived" + since},
		{Key: "wait", Doc: "how long the origin server thought: from request_sent to first_byte"},
		{Key: "receive", Doc: "how long the response took: from first_byte to total"},
		{Key: "total", Doc: "when both messages had ended" + since},
		{Key: "self", Doc: "what sidenote spent on the head, waiting for others left out"},
	}
	for i := range list {
		list[i].When, list[i].Schema = when, milliseconds()
	}
	return list
}

func contentProperties() []Property {
	boolean := map[string]any{"type": "boolean"}
	return []Property{
		{Key: "size", Doc: "bytes, after transfer codings and before content codings are removed", Schema: integer(), Required: true},
		{Key: "sha256", Doc: "SHA-256 of these bytes, hexadecimal", When: "it was computed: with --digests, --save or --store, or in the file that was read", Schema: digits(64)},
		{Key: "truncated", Doc: "only the beginning was kept", Schema: boolean, Required: true},
		{Key: "complete", Doc: "the message ended as its framing said", Schema: boolean, Required: true},
		{Key: "decoded", Doc: "what was kept has no content coding any more, as some captures hold it", When: whenTrue, Schema: yes()},
	}
}

func fullProperties() []Property {
	list := []Property{
		{Key: "sidenote.target", Doc: "where the request was for", Members: []Property{
			{Key: "scheme", Doc: "scheme of the target URI", When: "it has one", Schema: wire()},
			{Key: "authority", Doc: "authority of the target URI", When: "it has one", Schema: wire()},
		}},
		{Key: "sidenote.trace", Doc: "the spans above and below that of the exchange", When: whenTraced, Members: []Property{
			{Key: "parent_id", Doc: "span that sent the request", When: "the request names it", Schema: digits(16)},
			{Key: "sent_id", Doc: "span of the exchange with the origin server", When: "sidenote makes spans, or begins traces", Schema: digits(16)},
			{Key: "sampled", Doc: "the service that began the trace records it", When: whenTrue, Schema: yes()},
		}},
		{Key: "sidenote.client", Doc: "the connection with the client", Members: connectionProperties()},
		{Key: "sidenote.origin", Doc: "the connection with the origin server", Members: connectionProperties()},
		{Key: "sidenote.request", Doc: "the request as it came", Members: append([]Property{
			{Key: "method", Doc: "method", When: "there is one", Schema: wire()},
			{Key: "target", Doc: "request target", When: "there is one", Schema: wire()},
			{Key: "protocol", Doc: "what an extended CONNECT asks for, such as websocket", When: "there is one", Schema: wire()},
		}, messageMembers()...)},
		{Key: "sidenote.interim", Doc: "interim responses, in their order", When: "there were any", Members: replyProperties(), List: true},
		{Key: "sidenote.response", Doc: "the final response as it came", Members: replyProperties()},
		{Key: "sidenote.message_list", Doc: "the messages that were kept, in their order", When: "there are any", Members: streamMessageProperties(), List: true},
	}
	for i := range list {
		p := &list[i]
		if p.Full = true; p.When == "" {
			p.When = whenSaved
		} else {
			p.When = whenSaved + ", and " + p.When
		}
	}
	return list
}

// messageMembers returns what requests and responses have in common.
func messageMembers() []Property {
	lines := arrayOf(map[string]any{"type": "array", "prefixItems": []any{wire(), wire()}, "items": false, "minItems": 2})
	return []Property{
		{Key: "version", Doc: "HTTP version: 10, 11, 20 or 30 for 1.0, 1.1, 2 or 3", When: whenKnown, Schema: integer()},
		{Key: "pseudo", Doc: "names of the pseudo-headers of HTTP/2, in their order", When: "sidenote read HTTP/2", Schema: arrayOf(wire())},
		{Key: "never_indexed", Doc: "places of headers that must not be indexed (RFC 7541 section 6.2.3), counted from 0 through pseudo and then fields", When: "there are any", Schema: arrayOf(integer())},
		{Key: "fields", Doc: "field lines in their order, each with name and value", When: "there are any", Schema: lines},
		{Key: "trailers", Doc: "field lines after the content", When: "there are any", Schema: lines},
		{Key: "raw_head", Doc: "the head as it came, in HTTP/1.1", When: "it was kept", Schema: base64Text()},
		{Key: "content", Doc: "what is known of the content", Members: contentProperties(), Required: true},
		{Key: "kept", Doc: "beginning of the content", When: "something was kept", Schema: base64Text()},
	}
}

func replyProperties() []Property {
	return append([]Property{
		{Key: "status", Doc: "status code", When: whenAnswered, Schema: integer()},
		{Key: "reason", Doc: "reason phrase", When: "there is one", Schema: wire()},
		{Key: "made", Doc: "the response is sidenote's own, since none came", When: whenTrue, Schema: yes()},
		{Key: "at", Doc: "milliseconds from the beginning to the response", When: whenKnown, Schema: milliseconds()},
	}, messageMembers()...)
}

func connectionProperties() []Property {
	return []Property{
		{Key: "peer", Doc: "address and port of the other end", When: whenKnown, Schema: text()},
		{Key: "local", Doc: "address and port of sidenote's end", When: whenKnown, Schema: text()},
		{Key: "reused", Doc: "it had carried an earlier exchange", When: whenTrue, Schema: yes()},
		{Key: "attempts", Doc: "how many connections were tried for this exchange", When: "any was", Schema: integer()},
		{Key: "proxy", Doc: "upstream proxy on the way, without credentials", When: "there is one", Schema: wire()},
		{Key: "authority", Doc: "host and port that CONNECT named", When: "it is in a tunnel", Schema: wire()},
		{Key: "closed", Doc: "the other end closed it after the message", When: whenTrue, Schema: yes()},
		{Key: "tls", Doc: "how it is protected", When: whenTLS, Members: tlsProperties()},
	}
}

func tlsProperties() []Property {
	return []Property{
		{Key: "version", Doc: "version of TLS: 1.0 to 1.3", Schema: text(), Required: true},
		{Key: "cipher", Doc: "cipher suite, by IANA's name", When: whenKnown, Schema: text()},
		{Key: "alpn", Doc: "protocol that was agreed on", When: "one was", Schema: wire()},
		{Key: "sni", Doc: "name that the client asked for", When: "it did", Schema: wire()},
		{Key: "resumed", Doc: "an earlier session went on", When: whenTrue, Schema: yes()},
		{Key: "ech", Doc: "the ClientHello was encrypted", When: whenTrue, Schema: yes()},
		{Key: "client_certificate", Doc: "the client showed a certificate", When: whenTrue, Schema: yes()},
		{Key: "verify_error", Doc: "why the certificate could not be verified", When: "it could not, and the exchange went on", Schema: wire()},
		{Key: "weakness", Doc: "what newer programs may refuse of the connection, such as its key exchange", When: "there is something", Schema: wire()},
		{Key: "certificate", Doc: "certificate of the other end", When: "it showed one", Members: []Property{
			{Key: "subject", Doc: "subject", When: whenKnown, Schema: wire()},
			{Key: "issuer", Doc: "issuer", When: whenKnown, Schema: wire()},
			{Key: "names", Doc: "names and IP addresses that it is for", When: "there are any", Schema: arrayOf(wire())},
			{Key: "not_before", Doc: "when it begins to be valid; RFC 3339, UTC", When: whenKnown, Schema: text()},
			{Key: "not_after", Doc: "when it ends to be valid; RFC 3339, UTC", When: whenKnown, Schema: text()},
			{Key: "sha256", Doc: "SHA-256 of it, hexadecimal", When: whenKnown, Schema: wire()},
		}},
	}
}

// The parts of schemas.

func text() map[string]any { return map[string]any{"type": "string"} }

func yes() map[string]any { return map[string]any{"const": true} }

func milliseconds() map[string]any { return map[string]any{"type": "number"} }

func integer() map[string]any { return map[string]any{"type": "integer"} }

func upTo(most int) map[string]any {
	return map[string]any{"type": "integer", "minimum": 0, "maximum": most}
}

func digits(n int) map[string]any {
	return map[string]any{"type": "string", "pattern": "^[0-9a-f]*$", "minLength": n, "maxLength": n}
}

func base64Text() map[string]any {
	return map[string]any{"type": "string", "contentEncoding": "base64"}
}

// wire is text from the wire: a string where it is UTF-8, else its octets.
func wire() map[string]any {
	return map[string]any{"oneOf": []any{text(), ObjectSchema([]Property{{Key: "base64", Schema: base64Text(), Required: true}})}}
}

func arrayOf(item map[string]any) map[string]any {
	return map[string]any{"type": "array", "items": item}
}

func appendOnce(list []string, s string) []string {
	for _, there := range list {
		if there == s {
			return list
		}
	}
	return append(list, s)
}
