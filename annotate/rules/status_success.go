package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// statusSuccessRules lists the rules on 201, 202, 203 and 205.
func statusSuccessRules() []*annotate.Rule {
	return []*annotate.Rule{
		status201MissingLocation,
		status201SafeMethod,
		status202MissingStatusPointer,
		status202SafeMethod,
		status203Transformed,
		status205WithBody,
	}
}

var status201MissingLocation = &annotate.Rule{
	ID:       "status/201-missing-location",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a 201 to POST without Location",
	Refs:     []string{"RFC 9110 §9.3.3", "RFC 9110 §15.3.2"},
	Doc: "A POST that created something should name it in Location. " +
		"Without Location, the URI of the request counts as the new resource, which is wrong for a collection. Clients have to find the URI in the body. " +
		"A PUT or PATCH needs no Location, because the URI of the request is the resource.",
	Help: "send Location, for example: Location: /orders/7",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 7
>
> {"a":1}
< HTTP/1.1 201 Created
< Content-Type: application/json
< Content-Length: 8
<
< {"id":7}
`},
	Good: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 7
>
> {"a":1}
< HTTP/1.1 201 Created
< Location: /orders/7
< Content-Type: application/json
< Content-Length: 8
<
< {"id":7}
`, `> PUT /orders/7 HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 7
>
> {"a":1}
< HTTP/1.1 201 Created
< Content-Length: 0
<
`, `# a 104 had named the upload resource before
> POST /files HTTP/1.1
> Host: shop.test
> Upload-Complete: ?1
> Content-Length: 7
>
> {"a":1}
< HTTP/1.1 104 Upload Resumption Supported
< Location: /uploads/7
<
< HTTP/1.1 201 Created
< Content-Length: 0
<
`},
	When:  annotate.When{Status: []int{201}, Methods: []string{"POST"}},
	Needs: annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		if p.X.Response.Fields.Has(exchange.FieldLocation) {
			return
		}
		for i := range p.X.Interim {
			if p.X.Interim[i].Status == 104 && p.X.Interim[i].Fields.Has(exchange.FieldLocation) {
				return
			}
		}
		p.Note(p.ResponseField(exchange.FieldLocation), "the 201 to POST has no Location, so it doesn't say where the new resource is")
	},
}

var status201SafeMethod = &annotate.Rule{
	ID:         "status/201-safe-method",
	Severity:   annotate.Warn,
	Blame:      annotate.ByOrigin,
	Suppresses: []string{statusUnusualForMethod.ID},
	Title:      "a 201 to a safe method",
	Refs:       []string{"RFC 9110 §9.2.1", "RFC 9110 §15.3.2"},
	Doc: "201 says that the request created something, but this method should only read. " +
		"Browsers, crawlers and caches repeat such requests freely, and each one may create another resource. " +
		"Create with POST or PUT, or answer 200 if nothing was created.",
	Help: "create with POST or PUT, or send 200",
	Bad: []string{`> GET /orders/new HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 201 Created
< Location: /orders/7
< Content-Length: 2
<
< ok
`, `> REPORT /calendar HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 201 Created
< Location: /orders/7
< Content-Length: 2
<
< ok
`},
	Good: []string{`> MKCOL /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 201 Created
< Content-Length: 0
<
`},
	When: annotate.When{Status: []int{201}},
	Check: func(p *annotate.Pass) {
		if isSafe(p.X.Request.Method) {
			p.Note(p.StatusLine(), "201 says that %s created something, but %[1]s is meant only to read", p.X.Request.Method)
		}
	},
}

var status202MissingStatusPointer = &annotate.Rule{
	ID:       "status/202-missing-status-pointer",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a 202 that doesn't say where to ask",
	Refs:     []string{"RFC 9110 §15.3.3"},
	Doc: "202 says that the work isn't done yet, and the server can't send the result later. The response should describe the state of the work or link to it. " +
		"This one has no body and no link, so the client never learns whether the work succeeded.",
	Help: "describe the state in the body, or send for example: Location: /jobs/7",
	Bad: []string{`> POST /exports HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 202 Accepted
< Content-Length: 0
<
`},
	Good: []string{`> POST /exports HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 202 Accepted
< Operation-Location: https://shop.test/jobs/7
< Content-Length: 0
<
`, `> POST /exports HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 202 Accepted
< Content-Type: application/json
< Content-Length: 9
<
< {"job":7}
`, `# a beacon: nobody waits for an outcome
> POST /collect HTTP/1.1
> Host: shop.test
> Content-Type: text/plain;charset=UTF-8
> Content-Length: 2
>
> {}
< HTTP/1.1 202 Accepted
< Content-Length: 0
<
`, `> HEAD /exports HTTP/1.1
> Host: shop.test
> Prefer: respond-async
>
< HTTP/1.1 202 Accepted
<
`},
	When:  annotate.When{Status: []int{202}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		c := &p.X.Response.Content
		if c.Size > 0 || !c.Complete || !p.X.MayHaveContent() || isBeacon(&p.X.Request) {
			return
		}
		f := &p.X.Response.Fields
		for _, n := range [...]exchange.Name{
			exchange.FieldLocation, exchange.FieldContentLocation, exchange.FieldOperationLocation,
			exchange.FieldAzureAsyncOperation, exchange.FieldLink,
		} {
			if f.Has(n) {
				return
			}
		}
		p.Note(p.StatusLine(), "the 202 has no body and no link, so the client can't learn how the work ends")
	},
}

// isBeacon reports whether a request is one that browsers send without
// anybody waiting for the answer.
func isBeacon(r *exchange.Request) bool {
	m := mediaTypeOf(&r.Fields)
	return m.Is("text", "ping") || m.Is("text", "plain")
}

var status202SafeMethod = &annotate.Rule{
	ID:         "status/202-safe-method",
	Severity:   annotate.Info,
	Blame:      annotate.ByOrigin,
	Suppresses: []string{statusUnusualForMethod.ID},
	Title:      "a 202 to a request that only reads",
	Refs:       []string{"RFC 9110 §9.2.1", "RFC 9110 §15.3.3"},
	Doc: "202 says that work isn't done yet, but GET and HEAD ask for what exists now. " +
		"Some APIs use it for reports in preparation, but a crawler or a simple client takes the response for the final content. " +
		"A client that can wait says so with Prefer: respond-async.",
	Help: "send 503 with Retry-After until the content is ready, or let the client ask with Prefer: respond-async",
	Bad: []string{`> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 202 Accepted
< Retry-After: 5
< Content-Length: 8
<
< patience
`},
	Good: []string{`> GET /report HTTP/1.1
> Host: shop.test
> Prefer: respond-async, wait=10
>
< HTTP/1.1 202 Accepted
< Retry-After: 5
< Content-Length: 8
<
< patience
`},
	When: annotate.When{Status: []int{202}, Methods: []string{"GET", "HEAD"}},
	Check: func(p *annotate.Pass) {
		if !listHas(&p.X.Request.Fields, exchange.FieldPrefer, "respond-async") {
			p.Note(p.StatusLine(), "202 to %s: caches, crawlers and simple clients take it for the final content", p.X.Request.Method)
		}
	},
}

var status203Transformed = &annotate.Rule{
	ID:       "status/203-transformed",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "a proxy changed the body",
	Refs:     []string{"RFC 9110 §15.3.4", "RFC 9110 §7.7"},
	Doc: "A 203 says that the origin server answered 200 and a proxy changed the body: it compressed an image, or inserted something. " +
		"A checksum or a signature of the body won't match. Ask the origin server directly to see what it sent. " +
		"It can forbid changes with Cache-Control: no-transform.",
	Help: "to forbid it, let the origin server send Cache-Control: no-transform",
	Bad: []string{`# also intermediary/via-present
> GET /photo HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 203 Non-Authoritative Information
< Via: 1.1 squeezer.test (Squeezer 2), 1.1 edge
< Content-Length: 2
<
< ok
`, `> GET /photo HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 203 Non-Authoritative Information
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /photo HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Via: 1.1 edge
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Status: []int{203}},
	Check: func(p *annotate.Pass) {
		line, last := -1, field.Part{}
		for i, l := range p.X.Response.Fields.Each(exchange.FieldVia) {
			for h := range field.Vias(l.Value) {
				line, last = i, h.Part
			}
		}
		if line < 0 {
			p.Report(annotate.Note{
				Place: p.StatusLine(), Blame: annotate.ByOriginOrIntermediary,
				Message: "203 says that a proxy changed the body; there is no Via, so the origin server itself may have sent the 203",
			})
			return
		}
		p.Note(annotate.Span(p.ResponseLine(line), last.At, last.End()),
			"203 says that a proxy changed the body; the last proxy in Via is %s", quoted(last.Text))
	},
}

var status205WithBody = &annotate.Rule{
	ID:         "status/205-with-body",
	Severity:   annotate.Error,
	Blame:      annotate.ByOrigin,
	Suppresses: []string{statusUnusualForMethod.ID},
	Title:      "a 205 with a body",
	Refs:       []string{"RFC 9110 §15.3.6"},
	Doc: "205 tells the client to reset the form, and has no body. " +
		"Clients that don't expect one may leave it on the connection and read it as the start of the next response. If there is something to say, send 200.",
	Help: "send 205 with Content-Length: 0, or 200 with the body",
	Bad: []string{`> POST /form HTTP/1.1
> Host: shop.test
> Content-Type: application/x-www-form-urlencoded
> Content-Length: 3
>
> a=1
< HTTP/1.1 205 Reset Content
< Content-Length: 4
<
< done
`},
	Good: []string{`# also status/unusual-for-method
> POST /form HTTP/1.1
> Host: shop.test
> Content-Type: application/x-www-form-urlencoded
> Content-Length: 3
>
> a=1
< HTTP/1.1 205 Reset Content
< Content-Length: 0
<
`, `# to HEAD the length is that of another answer
> HEAD /form HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 205 Reset Content
< Content-Length: 4
<
`},
	When:  annotate.When{Status: []int{205}},
	Needs: annotate.NeedsContent | annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		if p.X.Request.Method == "HEAD" {
			return
		}
		announced, _ := field.Number(p.X.Response.Fields.Value(exchange.FieldContentLength))
		switch size := p.X.Response.Content.Size; {
		case announced > 0:
			p.Note(p.ResponseField(exchange.FieldContentLength), "205 must have no body, but Content-Length is %d", announced)
		case size > 0:
			p.Note(p.StatusLine(), "205 must have no body, but %s arrived", wording.Count(size, "byte"))
		}
	},
}
