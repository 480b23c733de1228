package rules

import "sidenote/annotate"

// statusCodeRules lists the rules on the code itself.
func statusCodeRules() []*annotate.Rule {
	return []*annotate.Rule{
		statusOutOfRange,
		statusUnregistered,
		statusUnusualForMethod,
		status208OutsideMultistatus,
		status402Nonstandard,
		status418Unused,
	}
}

var statusOutOfRange = &annotate.Rule{
	ID:       "status/out-of-range",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the status code is outside 100-599",
	Refs:     []string{"RFC 9110 §15"},
	Doc: "The first digit of a status code gives its meaning, and only 1 to 5 are defined. " +
		"Clients treat anything else as a server error, and many refuse the response. Use a registered code, and put the details in the body.",
	Help: "send a code from 100 to 599; put details in the body, for example as application/problem+json",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 999 Request denied
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 600 Custom
< Content-Length: 2
<
< no
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 511 Network Authentication Required
< Link: <http://portal.test/>; rel=alternate
< Content-Length: 2
<
< no
`},
	Check: func(p *annotate.Pass) {
		if s := p.X.Response.Status; s < 100 || s > 599 {
			p.Note(p.StatusLine(), "the status code is %03d; only 100 to 599 are defined, so clients treat it as a server error", s)
		}
	},
}

var statusUnregistered = &annotate.Rule{
	ID:       "status/unregistered",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "the status code is not registered",
	Refs:     []string{"RFC 9110 §15.1", "RFC 9205 §4.6"},
	Doc: "IANA's registry doesn't list this code, so clients only read its first digit and treat it as the x00 of its class. " +
		"Some codes are known from one product, often a proxy in front of the server: then the note names it. " +
		"If your own server sends it, use a registered code and put the details in the body.",
	Help: "send a registered code of the same class",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 522 Connection Timed Out
< Content-Length: 2
<
< no
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 477 Something
< Content-Length: 2
<
< no
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 150 Thinking
<
< HTTP/1.1 204 No Content
<
`},
	Good: []string{`# registered for a time
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 104 Upload Resumption Supported
< Location: /uploads/7
<
< HTTP/1.1 204 No Content
<
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 451 Unavailable For Legal Reasons
< Link: <https://isp.test/>; rel="blocked-by"
< Content-Length: 2
<
< no
`},
	Needs: annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		for i := range p.X.Interim {
			noteUnregistered(p, p.X.Interim[i].Status, i)
		}
		noteUnregistered(p, p.X.Response.Status, -1)
	},
}

// noteUnregistered judges the code of an interim response, or for -1 of the final one.
func noteUnregistered(p *annotate.Pass, code, interim int) {
	if code < 100 || code > 599 {
		return
	}
	s, known := annotate.LookupStatus(code)
	if s.Registered {
		return
	}
	at := p.StatusLine()
	if interim >= 0 {
		at = interimStatus(p, interim)
	}
	if known {
		p.NoteHelp(at, s.Act, "%d %s is not registered; usual sender: %s", code, s.Name, s.Sender)
		return
	}
	if code < 200 {
		p.Note(at, "%d isn't registered, so clients drop it", code)
		return
	}
	p.Note(at, "%d isn't registered, so clients treat it as %d", code, code/100*100)
}

var statusUnusualForMethod = &annotate.Rule{
	ID:       "status/unusual-for-method",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "an unusual status for the method",
	Refs:     []string{"RFC 9110 §9.3", "RFC 9110 §15"},
	Doc: "The status is valid, but in a REST API the method doesn't usually lead to it. " +
		"Clients that were generated from an API description often don't handle it. " +
		"The rule is off unless the REST profile is on, because many APIs have their own conventions.",
	Help: "use the status that clients expect of the method: for example 200 or 204 for DELETE, 201 or 204 for PUT",
	Bad: []string{`> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 201 Created
< Content-Length: 2
<
< ok
`, `> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 422 Unprocessable Content
< Content-Length: 2
<
< no
`},
	Good: []string{`> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 204 No Content
<
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 422 Unprocessable Content
< Content-Length: 2
<
< no
`, `# other methods are not judged
> PURGE /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 205 Reset Content
< Content-Length: 0
<
`},
	When:         annotate.When{Class: []int{2, 3, 4}, Methods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}},
	OffByDefault: true,
	Check: func(p *annotate.Pass) {
		code := p.X.Response.Status
		if s, _ := annotate.LookupStatus(code); s.Registered && !isUsual(p.X.Request.Method, code) {
			p.Note(p.StatusLine(), "%d %s is an unusual status for %s", code, s.Name, p.X.Request.Method)
		}
	},
}

// isUsual reports whether a method normally leads to a registered status.
func isUsual(method string, status int) bool {
	reads := method == "GET" || method == "HEAD"
	switch status {
	case 200, 300, 301, 302, 303, 307, 308:
		return true
	case 201:
		return !reads && method != "DELETE"
	case 202, 204, 409, 411, 413, 415, 422, 428:
		return !reads
	case 203, 304:
		return reads
	case 206, 416:
		return method == "GET"
	case 418:
		return false
	}
	return status >= 400
}

var status208OutsideMultistatus = &annotate.Rule{
	ID:         "status/208-outside-multistatus",
	Severity:   annotate.Warn,
	Blame:      annotate.ByOrigin,
	Suppresses: []string{statusUnusualForMethod.ID},
	Title:      "208 on the status line",
	Refs:       []string{"RFC 5842 §7.1"},
	Doc: "208 Already Reported is defined only in the body of a 207, where it keeps a WebDAV server from listing the same collection twice. " +
		"As the status of a whole response it has no meaning: clients treat it as 200. For \"this was done before\", send 200, 204 or 409.",
	Help: "send 200 or 204, or 409 if the repetition is an error",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 208 Already Reported
< Content-Length: 2
<
< ok
`},
	Good: []string{`> PROPFIND /docs HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 207 Multi-Status
< Content-Type: application/xml
< Content-Length: 38
<
< <d:multistatus xmlns:d="DAV:" /> 208
`},
	When: annotate.When{Status: []int{208}},
	Check: func(p *annotate.Pass) {
		p.Note(p.StatusLine(), "208 is on the status line; outside a 207 it has no meaning, and clients treat it as 200")
	},
}

var status402Nonstandard = &annotate.Rule{
	ID:       "status/402-nonstandard",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "402 has no standard meaning",
	Refs:     []string{"RFC 9110 §15.5.3"},
	Doc: "RFC 9110 reserves 402 without a meaning. Servers use it for a quota, an unpaid bill, or their own payment protocol, so the body has to say which. " +
		"A client can't handle it without knowing this server.",
	Help: "read the body: quota, billing or a payment protocol",
	Bad: []string{`> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 402 Payment Required
< Content-Length: 11
<
< Plan ended.
`},
	Good: []string{`> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 403 Forbidden
< Content-Length: 11
<
< Plan ended.
`},
	When: annotate.When{Status: []int{402}},
	Once: originKey,
	Check: func(p *annotate.Pass) {
		p.Note(p.StatusLine(), "402 has no standard meaning; the body says what %s means by it", p.X.Authority)
	},
}

var status418Unused = &annotate.Rule{
	ID:         "status/418-unused",
	Severity:   annotate.Info,
	Blame:      annotate.ByOrigin,
	Suppresses: []string{statusUnusualForMethod.ID},
	Title:      "418 is reserved and unused",
	Refs:       []string{"RFC 9110 §15.5.19"},
	Doc:        "418 comes from a joke and is reserved for that reason. In practice it is the joke, or the response of a server that blocks robots. Treat it as 400.",
	Help:       "if the server takes the client for a robot, check User-Agent and the rate of requests",
	Bad: []string{`> GET /coffee HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 418 I'm a teapot
< Content-Length: 6
<
< teapot
`},
	Good: []string{`> GET /coffee HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 404 Not Found
< Content-Length: 6
<
< coffee
`},
	When: annotate.When{Status: []int{418}},
	Check: func(p *annotate.Pass) {
		p.Note(p.StatusLine(), "418 is reserved: it is a joke, or the server blocks a robot; treat it as 400")
	},
}
