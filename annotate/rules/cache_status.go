package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cacheStatusRules lists the rules on Cache-Status.
func cacheStatusRules() []*annotate.Rule {
	return []*annotate.Rule{
		cacheStatusInvalid,
		cacheStatusMissReason,
	}
}

// cacheStatusTypes are the types of the parameters that RFC 9211 §2 defines.
var cacheStatusTypes = []typedKey{
	{"hit", oneOf(field.Boolean)},
	{"fwd", oneOf(field.Token)},
	{"fwd-status", oneOf(field.Integer)},
	{"ttl", oneOf(field.Integer)},
	{"stored", oneOf(field.Boolean)},
	{"collapsed", oneOf(field.Boolean)},
	{"key", oneOf(field.String)},
	{"detail", oneOf(field.String, field.Token)},
}

// fwdReason puts a reason for going forward (RFC 9211 §2.2) in words; "" for
// one that is not defined.
func fwdReason(fwd string) string {
	switch fwd {
	case "bypass":
		return "it was told not to handle such requests"
	case "method":
		return "the method has to be passed on"
	case "uri-miss":
		return "it had nothing stored for the URI"
	case "vary-miss":
		return "it had responses for the URI, but none whose Vary fits the request"
	case "miss":
		return "it had nothing stored that fits the request"
	case "request":
		return "the request asked for a fresh response"
	case "stale":
		return "what it had stored was stale"
	case "partial":
		return "it had only a part stored"
	}
	return ""
}

var cacheStatusInvalid = &annotate.Rule{
	ID:       "cache/status-invalid",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "Cache-Status contradicts itself or is malformed",
	Refs:     []string{"RFC 9211 §2"},
	Doc:      "Cache-Status says what each cache on the way did. Tools misread this value. hit and fwd exclude each other, and details about forwarding need fwd.",
	Help:     "send for example: Cache-Status: edge; hit; ttl=30, or: edge; fwd=uri-miss; stored",
	Bad: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Status: edge; fwd=not-found
< Content-Length: 2
<
< ok
`, `# also cache/status-miss-reason
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Age: 0
< Cache-Status: edge; fwd=miss; hit
< Cache-Control: max-age=60
< Content-Length: 2
<
< ok
`, `> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Status: 1; hit=?0, edge; stored, shield; ttl="30"
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Age: 5
< Cache-Control: max-age=60
< Cache-Status: "origin 1"; fwd=uri-miss; fwd-status=200; stored; ttl=-5; detail="x", edge; hit=?0, last; hit; key="/"; shop=1
< Content-Length: 2
<
< ok
`, `# syntax/structured-field-invalid is about that
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< X-Cache-Status: edge, fwd
< Content-Length: 2
<
< ok
`},
	When:       annotate.When{Fields: []exchange.Name{exchange.FieldCacheStatus}},
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldCacheStatus) {
			v, err := field.ParseStructured(l.Value, field.StructuredList)
			if err != nil {
				return
			}
			for m := range v.Members() {
				if at, end, what := cacheStatusFault(m); what != "" {
					p.Note(annotate.Span(p.ResponseLine(i), at, end), "Cache-Status: %s", what)
				}
			}
		}
	},
}

// cacheStatusFault says what is wrong with one member of Cache-Status.
func cacheStatusFault(m field.Member) (start, end int, what string) {
	if m.Type != field.String && m.Type != field.Token {
		return m.At, m.End(), "each member must start with the name of the cache, a string or a token, but here is " + article(m.Type)
	}
	for q := range m.Params() {
		if k := keyTypes(cacheStatusTypes, q.Key); !k.has(q.Type) {
			return q.KeyAt, max(q.End(), q.KeyAt+len(q.Key)), q.Key + " is " + article(q.Type) + "; it must be " + k.String()
		}
	}
	hit, isHit := m.Param("hit")
	fwd, isForward := m.Param("fwd")
	switch {
	case isForward && isHit && hit.IsTrue():
		return m.At, m.End(), bare(m.Text) + " has both hit and fwd"
	case isForward && fwdReason(fwd.Text) == "":
		return fwd.At, fwd.End(), "fwd=" + bare(fwd.Text) + " is not defined"
	case isForward:
		return 0, 0, ""
	}
	for _, needs := range [...]string{"fwd-status", "stored", "collapsed"} {
		if _, ok := m.Param(needs); ok {
			return m.At, m.End(), bare(m.Text) + " has " + needs + " without fwd"
		}
	}
	return 0, 0, ""
}

var cacheStatusMissReason = &annotate.Rule{
	ID:       "cache/status-miss-reason",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "why a cache forwarded the request",
	Refs:     []string{"RFC 9211 §2.2", "RFC 9211 §2.3"},
	Doc: "Cache-Status says for each cache why it didn't answer itself, the cache nearest to the origin server first. " +
		"vary-miss on every request means that Vary splits the copies too much. bypass means that the configuration excludes the path. " +
		"stale means that the lifetime is short.",
	Help: "compare with Cache-Control and Vary of the response",
	Bad: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Status: shield; fwd=stale; fwd-status=304; collapsed, "edge 7"; fwd=uri-miss; stored
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Age: 5
< Cache-Control: max-age=60
< Cache-Status: edge; hit
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldCacheStatus}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldCacheStatus) {
			v, err := field.ParseStructured(l.Value, field.StructuredList)
			if err != nil {
				return
			}
			words, first := forwardWords(v)
			if words != "" {
				p.Note(annotate.Span(p.ResponseLine(i), first, len(l.Value)), "%s", words)
			}
		}
	},
}

// forwardWords tells of each cache why it went forward, and where the first of
// them stands.
func forwardWords(v field.Structured) (words string, first int) {
	const most = 4
	n := 0
	var b strings.Builder
	for m := range v.Members() {
		fwd, ok := m.Param("fwd")
		reason := fwdReason(fwd.Text)
		if !ok || reason == "" {
			continue
		}
		if n++; n > most {
			b.WriteString("; and further caches")
			break
		}
		if n == 1 {
			first = m.At
		} else {
			b.WriteString("; ")
		}
		b.WriteString("the cache " + bare(m.Text) + " forwarded the request because " + reason)
		if status, ok := m.Param("fwd-status"); ok {
			b.WriteString(", and got " + bare(status.Text))
		}
		if stored, ok := m.Param("stored"); ok && stored.IsTrue() {
			b.WriteString(", and stored the response")
		}
		if collapsed, ok := m.Param("collapsed"); ok && collapsed.IsTrue() {
			b.WriteString(", together with other requests like it")
		}
	}
	return b.String(), first
}
