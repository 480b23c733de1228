package filter

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/inside"
)

// A key is all that is known of one key of the language.
type key struct {
	name    string
	aliases []string
	value   string // what kind of value it wants
	example string // a condition with it
	help    string // one clause for completion and documentation
	words   []word // the values that there are, where they are fixed
	make    func(operand) (node, *Error)

	// facet returns the values of a row that are worth counting and proposing.
	facet func(*Row, func(string))
}

// A word is a value with its meaning.
type word struct {
	name, help string
	holds      func(*Row) bool
}

// An operand is an operator with one value.
type operand struct {
	op   operator
	text string
}

// keyNamed finds a key by its name or another name of it; nil for none.
func keyNamed(name string) *key {
	for i, keys := 0, table(); i < len(keys); i++ {
		k := &keys[i]
		if strings.EqualFold(k.name, name) || slices.ContainsFunc(k.aliases, func(a string) bool { return strings.EqualFold(a, name) }) {
			return k
		}
	}
	return nil
}

func keyNames() (names []string) {
	for _, k := range table() {
		names = append(append(names, k.name), k.aliases...)
	}
	return names
}

// table lists every key, the most used first.
func table() []key {
	return slices.Concat(answerKeys(), requestKeys(), noteKeys(), contentKeys(), connectionKeys(), recordKeys())
}

func answerKeys() []key {
	return []key{
		{
			name: "status", aliases: []string{"code", "s"}, value: "a status code, a class or a range", example: "status:4xx,503",
			help: "final status", make: statusNode, words: []word{
				{"2xx", "success", nil}, {"3xx", "redirection", nil}, {"4xx", "the client's fault", nil}, {"5xx", "the server's fault", nil},
				{"none", "no response came", nil},
			},
			facet: func(r *Row, put func(string)) { put(statusText(r.Status)) },
		},
		{
			name: "type", aliases: []string{"content-type"}, value: "a kind of content or part of a media type", example: "-type:image",
			help: "media type of the response", make: textNode(costRow, func(r *Row, is func(string) bool) bool {
				return is(r.Type) || is(KindOf(r.Type))
			}),
			facet: func(r *Row, put func(string)) { put(KindOf(r.Type)) },
		},
		{
			name: "time", aliases: []string{"duration", "t"}, value: "a duration", example: "time:>500ms",
			help: "from the first byte of the request to the end", make: numberNode(parseDuration, func(r *Row) (int64, bool) {
				return int64(r.X.Timing.Done), r.X.Timing.Done > 0
			}),
		},
		{
			name: "wait", value: "a duration", example: "wait:>1s", help: "time the origin server took to respond",
			make: numberNode(parseDuration, func(r *Row) (int64, bool) { w := r.X.Timing.Wait(); return int64(w), w > 0 }),
		},
		{
			name: "size", value: "a number of bytes", example: "size:>1MB", help: "content of the response, as it passed",
			make: numberNode(parseSize, func(r *Row) (int64, bool) { return r.X.Response.Content.Size, true }),
		},
		{
			name: "effective", aliases: []string{"outcome"}, value: "a word, or the protocol that tells", example: "effective:partial,error",
			help: "how it ended in effect, which the status does not always tell", words: effects(),
			make: exactNode(func(r *Row, is func(string) bool) bool {
				e := r.X.Effective()
				return is(e.Outcome.String()) || e.Protocol != "" && is(string(e.Protocol))
			}),
			facet: func(r *Row, put func(string)) { put(r.X.Effective().Outcome.String()) },
		},
		{
			name: "is", value: "one of the words that it knows", example: "is:failed", help: "what kind of exchange it is",
			words: kinds(), make: wordNode(kinds()),
		},
	}
}

func effects() []word {
	return []word{
		{inside.OK.String(), "nothing says that it failed", nil}, {inside.Partial.String(), "a part of it failed, as of a batch", nil},
		{inside.Error.String(), "it failed, by its status or inside a success", nil}, {inside.Failed.String(), "there is no whole response", nil},
		{inside.Unknown.String(), "the body that may tell was not kept whole", nil},
	}
}

func kinds() []word {
	return []word{
		{"error", "a status of 400 or above, failed, or an error inside a success", func(r *Row) bool { return r.X.Effective().IsError() }},
		{"inside", "an error inside a success", func(r *Row) bool { return r.X.Effective().IsInside() }},
		{"failed", "no response came, or it was cut off", func(r *Row) bool { return r.X.Err != nil }},
		{"unanswered", "no response came from the origin server, whatever sidenote then answered", func(r *Row) bool {
			return annotate.ClassOf(r.X) == annotate.ClassNone
		}},
		{"redirect", "3xx with Location", func(r *Row) bool {
			return r.Status/100 == 3 && r.X.Response.Fields.Has(exchange.FieldLocation)
		}},
		{"tunnel", "CONNECT that was passed on unread", func(r *Row) bool { return r.X.Request.Method == "CONNECT" }},
		{"upgrade", "another protocol took over, such as WebSocket", func(r *Row) bool { return r.Status == 101 }},
		{"stream", "server-sent events", func(r *Row) bool { return r.Type == "text/event-stream" }},
		{"made", "the response was made by sidenote", func(r *Row) bool { return r.X.Response.Made }},
		{"byhand", "sent again from the inspector", func(r *Row) bool { return r.ByHand }},
		{"pinned", "pinned in the inspector", func(r *Row) bool { return r.Pinned }},
		{"reused", "on a connection that had carried an earlier one", func(r *Row) bool { return r.X.Origin.Reused }},
		{"secure", "over TLS", func(r *Row) bool { return r.X.Scheme == "https" || r.X.Scheme == "wss" }},
		{"changed", "sidenote changed it while forwarding", func(r *Row) bool { return r.X.Changed != 0 }},
	}
}

func requestKeys() []key {
	return []key{
		{
			name: "host", aliases: []string{"domain", "h", "d"}, value: "a name or part of it", example: "host:shop.test",
			help: "host of the target URI", make: textNode(costRow, func(r *Row, is func(string) bool) bool { return is(r.Host) }),
			facet: func(r *Row, put func(string)) { put(r.Host) },
		},
		{
			name: "authority", value: "a host, and its port unless it is the scheme's own", example: "authority:localhost:8080",
			help: "server of the target URI", make: exactNode(func(r *Row, is func(string) bool) bool { return is(r.X.HostPort()) }),
			facet: func(r *Row, put func(string)) { put(r.X.HostPort()) },
		},
		{
			name: "path", aliases: []string{"p"}, value: "a path or part of it", example: "path:/v1/*/items",
			help: "path and query", make: textNode(costRow, func(r *Row, is func(string) bool) bool { return is(r.Path) }),
		},
		{
			name: "url", aliases: []string{"uri", "u"}, value: "a URL or part of it", example: "url:shop.test/cart",
			help: "whole target URI", make: textNode(costFields, func(r *Row, is func(string) bool) bool { return is(r.X.URL()) }),
		},
		{
			name: "route", value: "a path with {id} for its variable parts", example: "route:/orders/{id}",
			help:  "path as a template, with the operation that the body names",
			make:  textNode(costFields, func(r *Row, is func(string) bool) bool { return is(annotate.RouteOf(r.X)) }),
			facet: func(r *Row, put func(string)) { put(annotate.RouteOf(r.X)) },
		},
		{
			name: "operation", aliases: []string{"op"}, value: "a name or part of it", example: "operation:AddToCart",
			help: "operation of GraphQL, method of gRPC, JSON-RPC, MCP or SOAP",
			make: textNode(costFields, func(r *Row, is func(string) bool) bool { op := r.X.Operation().String(); return op != "" && is(op) }),
			facet: func(r *Row, put func(string)) {
				if op := r.X.Operation().String(); op != "" {
					put(op)
				}
			},
		},
		{
			name: "method", aliases: []string{"m"}, value: "a method", example: "method:POST,PUT",
			help: "request method", make: exactNode(func(r *Row, is func(string) bool) bool { return is(r.X.Request.Method) }),
			facet: func(r *Row, put func(string)) { put(r.X.Request.Method) },
		},
		{
			name: "query", aliases: []string{"q"}, value: "part of the query", example: "query:page=2", help: "query of the target URI",
			make: textNode(costFields, func(r *Row, is func(string) bool) bool { q := r.X.Query(); return q != "" && is(q) }),
		},
		{
			name: "scheme", value: "a scheme", example: "scheme:https", help: "scheme of the target URI",
			make:  exactNode(func(r *Row, is func(string) bool) bool { return is(r.X.Scheme) }),
			facet: func(r *Row, put func(string)) { put(r.X.Scheme) },
		},
	}
}

func noteKeys() []key {
	return []key{
		{
			name: "has", value: "one of the words that it knows", example: "has:notes", help: "what an exchange has",
			words: possessions(), make: wordNode(possessions()),
		},
		{
			name: "rule", aliases: []string{"r"}, value: "a rule, or a topic", example: "rule:cache/*",
			help: "a note of this rule", make: textNode(costFields, func(r *Row, is func(string) bool) bool {
				return anyNote(r, func(n *annotate.Note) bool { return is(n.Rule.ID) })
			}),
			facet: func(r *Row, put func(string)) {
				for i := range r.Notes {
					put(r.Notes[i].Rule.ID)
				}
			},
		},
		{
			name: "blame", value: "who has to act", example: "blame:origin", help: "a note that blames this side",
			words: []word{
				{string(annotate.ByClient), "the sender of the request", nil}, {string(annotate.ByOrigin), "the origin server", nil},
				{string(annotate.ByIntermediary), "something between", nil}, {string(annotate.ByProxy), "sidenote or its configuration", nil},
			},
			make: textNode(costFields, func(r *Row, is func(string) bool) bool {
				return anyNote(r, func(n *annotate.Note) bool { return is(string(n.Blame)) })
			}),
		},
		{
			name: "verdict", aliases: []string{"severity", "sev"}, value: "ok, info, warn or error", example: "verdict:>=warn",
			help: "its worst note",
			words: []word{
				{annotate.Error.String(), "the worst note is an error", nil}, {annotate.Warn.String(), "the worst note is a warning", nil},
				{annotate.Info.String(), "the worst note is info", nil}, {annotate.Severity(0).String(), "no note", nil},
			},
			make:  numberNode(parseVerdict, func(r *Row) (int64, bool) { return int64(r.Verdict), true }),
			facet: func(r *Row, put func(string)) { put(r.Verdict.String()) },
		},
		{
			name: "note", value: "part of a message", example: "note:charset", help: "text of a note",
			make: textNode(costFields, func(r *Row, is func(string) bool) bool {
				return anyNote(r, func(n *annotate.Note) bool { return is(n.Message) })
			}),
		},
		{
			name: "error", aliases: []string{"err", "e"}, value: "an error code", example: "error:tls_*", help: "why the exchange failed",
			make: textNode(costRow, func(r *Row, is func(string) bool) bool { return r.X.Err != nil && is(string(r.X.Err.Code)) }),
			facet: func(r *Row, put func(string)) {
				if r.X.Err != nil {
					put(string(r.X.Err.Code))
				}
			},
		},
	}
}

func possessions() []word {
	severe := func(s annotate.Severity) func(*Row) bool {
		return func(r *Row) bool {
			return anyNote(r, func(n *annotate.Note) bool { return n.Severity == s })
		}
	}
	field := func(n exchange.Name) func(*Row) bool {
		return func(r *Row) bool { return r.X.Request.Fields.Has(n) || r.X.Response.Fields.Has(n) }
	}
	setsCookie := field(exchange.FieldSetCookie)
	sendsCookie := field(exchange.FieldCookie)
	return []word{
		{"notes", "something to say about it", func(r *Row) bool { return len(r.Notes) > 0 }},
		{"errors", "a note that is an error", severe(annotate.Error)},
		{"warnings", "a note that is a warning", severe(annotate.Warn)},
		{"body", "content in the response", func(r *Row) bool { return r.X.Response.Content.Size > 0 }},
		{"upload", "content in the request", func(r *Row) bool { return r.X.Request.Content.Size > 0 }},
		{"cookies", "Cookie or Set-Cookie", func(r *Row) bool { return setsCookie(r) || sendsCookie(r) }},
		{"credentials", "Authorization", field(exchange.FieldAuthorization)},
		{"query", "a query in the target URI", func(r *Row) bool { return strings.IndexByte(r.Path, '?') >= 0 }},
		{"trailers", "trailer fields", func(r *Row) bool { return r.X.Request.Trailers.Len()+r.X.Response.Trailers.Len() > 0 }},
		{"interim", "1xx responses", func(r *Row) bool { return len(r.X.Interim) > 0 }},
		{"comment", "a comment", func(r *Row) bool { return r.Comment != "" }},
	}
}

func contentKeys() []key {
	return []key{
		{
			name: "body", aliases: []string{"content", "b"}, value: "text, or after ~ a regular expression", example: `body~"err|fail"`,
			help: "content of either message, decoded", make: contentNode(true, true),
		},
		{
			name: "request-body", aliases: []string{"bq"}, value: "text, or after ~ a regular expression", example: "request-body:token",
			help: "content of the request", make: contentNode(true, false),
		},
		{
			name: "response-body", aliases: []string{"bs"}, value: "text, or after ~ a regular expression", example: "response-body:error",
			help: "content of the response", make: contentNode(false, true),
		},
		{
			name: "field", aliases: []string{"header"}, value: "a field name, or NAME=VALUE", example: "field:cache-control=no-store",
			help: "a field of either message", make: fieldNode(true, true),
		},
		{
			name: "request-field", aliases: []string{"hq"}, value: "a field name, or NAME=VALUE", example: "request-field:range",
			help: "a field of the request", make: fieldNode(true, false),
		},
		{
			name: "response-field", aliases: []string{"hs"}, value: "a field name, or NAME=VALUE", example: "response-field:retry-after",
			help: "a field of the response", make: fieldNode(false, true),
		},
	}
}

func connectionKeys() []key {
	return []key{
		{
			name: "protocol", aliases: []string{"proto", "http"}, value: "an HTTP version", example: "protocol:h2", help: "HTTP version of the response, or of the request without one",
			words: []word{{"h1.0", "HTTP/1.0", nil}, {"h1.1", "HTTP/1.1", nil}, {"h1", "HTTP/1.x", nil}, {"h2", "HTTP/2", nil}, {"h3", "HTTP/3", nil}},
			make:  textNode(costRow, func(r *Row, is func(string) bool) bool { return is(Protocol(r.X)) }),
			facet: func(r *Row, put func(string)) { put(Protocol(r.X)) },
		},
		{
			name: "client", aliases: []string{"src"}, value: "an address or part of it", example: "client:127.0.0.1", help: "address of the client",
			make: textNode(costFields, func(r *Row, is func(string) bool) bool {
				return r.X.Client.Peer.IsValid() && is(r.X.Client.Peer.String())
			}),
		},
		{
			name: "server", aliases: []string{"dst"}, value: "an address or part of it", example: "server::443", help: "address that the request went to",
			make: textNode(costFields, func(r *Row, is func(string) bool) bool {
				return r.X.Origin.Peer.IsValid() && is(r.X.Origin.Peer.String())
			}),
		},
		{
			name: "agent", aliases: []string{"ua", "user-agent"}, value: "part of User-Agent", example: "agent:curl", help: "program of the client",
			make: textNode(costFields, func(r *Row, is func(string) bool) bool { return is(r.X.Request.Fields.Value(exchange.FieldUserAgent)) }),
			facet: func(r *Row, put func(string)) {
				if name, _, _ := strings.Cut(r.X.Request.Fields.Value(exchange.FieldUserAgent), " "); name != "" {
					put(name)
				}
			},
		},
	}
}

func recordKeys() []key {
	return []key{
		{
			name: "id", value: "an exchange's ID", example: "id:7f3k", help: "the exchange with this ID",
			make: exactNode(func(r *Row, is func(string) bool) bool { return is(r.X.ID) }),
		},
		{
			name: "run", value: "a run's ID", example: "run:k3v9", help: "exchanges of one run of sidenote",
			make: exactNode(func(r *Row, is func(string) bool) bool { return is(r.X.Run) }),
		},
		{
			name: "trace", value: "a trace ID", example: "trace:4bf92f35", help: "trace ID of traceparent",
			make: textNode(costFields, func(r *Row, is func(string) bool) bool { t := TraceID(r.X); return t != "" && is(t) }),
		},
		{
			name: "comment", value: "part of a comment", example: "comment:retry", help: "a comment",
			make: textNode(costRow, func(r *Row, is func(string) bool) bool { return r.Comment != "" && is(r.Comment) }),
		},
		{
			name: "at", value: "a time", example: "at:>=2026-05-01T12:04:00Z", help: "when the request came",
			make: numberNode(parseTime, func(r *Row) (int64, bool) { return r.X.Started.UnixNano(), !r.X.Started.IsZero() }),
		},
	}
}

func anyNote(r *Row, is func(*annotate.Note) bool) bool {
	for i := range r.Notes {
		if is(&r.Notes[i]) {
			return true
		}
	}
	return false
}

// Protocol names the HTTP version of an exchange as the console does: "h1.1",
// "h2".
func Protocol(x *exchange.Exchange) string {
	if n := x.HopVersion().Number(); n != "" {
		return "h" + n
	}
	return ""
}

// TraceID is the ID of the trace that an exchange is part of (W3C Trace
// Context), "" without one.
func TraceID(x *exchange.Exchange) string {
	if x.Trace.ID != (exchange.TraceID{}) {
		return x.Trace.ID.String()
	}
	t, _, _, _ := x.Request.TraceContext()
	return t.String()
}

// KindOf says in a word what a media type is: "json", "html", "image" and so
// on; "none" for no type, "other" for those without a word.
func KindOf(mediaType string) string {
	top, sub, _ := strings.Cut(mediaType, "/")
	switch {
	case mediaType == "":
		return "none"
	case sub == "json" || strings.HasSuffix(sub, "+json") || strings.HasSuffix(sub, "ndjson") || sub == "jsonl":
		return "json"
	case sub == "html" || sub == "xhtml+xml":
		return "html"
	case sub == "css":
		return "css"
	case strings.Contains(sub, "javascript") || sub == "ecmascript" || sub == "wasm":
		return "script"
	case top == "image":
		return "image"
	case sub == "xml" || strings.HasSuffix(sub, "+xml"):
		return "xml"
	case top == "font" || strings.HasPrefix(sub, "font-") || sub == "vnd.ms-fontobject":
		return "font"
	case top == "audio" || top == "video":
		return "media"
	case sub == "x-www-form-urlencoded" || top == "multipart":
		return "form"
	case sub == "event-stream":
		return "stream"
	case top == "text":
		return "text"
	}
	return "other"
}
