package rules

import (
	"iter"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// corsPreflightRules lists the rules on preflights (Fetch §4.8).
func corsPreflightRules() []*annotate.Rule {
	return []*annotate.Rule{
		corsPreflight,
		corsPreflightRequestMalformed,
		corsPreflightNotOK,
		corsPreflightRedirected,
		corsPreflightHeaderNotAllowed,
		corsPreflightMethodNotAllowed,
		corsPreflightWildcardWithCredentials,
		corsMaxAgeInvalid,
	}
}

func whenPreflight() annotate.When {
	return annotate.When{Methods: []string{"OPTIONS"}, RequestFields: []exchange.Name{exchange.FieldAccessControlRequestMethod}}
}

var corsPreflight = &annotate.Rule{
	ID:       "cors/preflight",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the browser asks for permission first",
	Refs:     []string{"Fetch §3.3.2"},
	Doc: "A page wants to send a request to another origin that an HTML form couldn't send: another method, another Content-Type, or a header such as Authorization. " +
		"So the browser asks first with OPTIONS, without cookies and credentials. It sends the request only if the response allows it.",
	Help: "answer with 204, Access-Control-Allow-Origin, -Allow-Methods and -Allow-Headers; -Max-Age avoids asking each time",
	Bad:  []string{preflight("", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Methods: PUT")},
	Good: []string{"> OPTIONS /v1/cart HTTP/1.1\n> Host: api.test\n>\n< HTTP/1.1 204 No Content\n< Allow: GET, PUT\n<\n"},
	When: whenPreflight(),
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if isPreflight(r) {
			p.Note(p.RequestField(exchange.FieldAccessControlRequestMethod), "a page at %s asks whether it may send %s",
				quoted(r.Fields.Value(exchange.FieldOrigin)), quoted(r.Fields.Value(exchange.FieldAccessControlRequestMethod)))
		}
	},
}

var corsPreflightRequestMalformed = &annotate.Rule{
	ID:       "cors/preflight-request-malformed",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the request looks like half a preflight",
	Refs:     []string{"Fetch §3.3.2"},
	Doc: "A preflight is OPTIONS with Origin and Access-Control-Request-Method, which names one method. " +
		"If a part is missing, or with another method, servers don't treat it as a preflight. Browsers never send this, but a hand-written test may.",
	Help: "send OPTIONS with Origin: https://app.example and Access-Control-Request-Method: PUT",
	Bad: []string{
		"> POST /v1/cart HTTP/1.1\n> Host: api.test\n> Access-Control-Request-Method: GET\n> Content-Length: 0\n>\n< HTTP/1.1 204 No Content\n<\n",
		"> OPTIONS /v1/cart HTTP/1.1\n> Host: api.test\n> Origin: https://app.test\n> Access-Control-Request-Headers: x-a\n>\n< HTTP/1.1 204 No Content\n<\n",
		"> OPTIONS /v1/cart HTTP/1.1\n> Host: api.test\n> Access-Control-Request-Method: PUT\n>\n< HTTP/1.1 204 No Content\n<\n",
		"> OPTIONS /v1/cart HTTP/1.1\n> Host: api.test\n> Origin: https://app.test\n> Access-Control-Request-Method: PUT, GET\n>\n< HTTP/1.1 204 No Content\n<\n# also cors/preflight\n",
	},
	Good: []string{preflight("Access-Control-Request-Headers: x-a", "200 OK")},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldAccessControlRequestMethod, exchange.FieldAccessControlRequestHeaders}},
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		method := p.RequestField(exchange.FieldAccessControlRequestMethod)
		asked := r.Fields.Combined(exchange.FieldAccessControlRequestMethod)
		switch {
		case r.Method != "OPTIONS":
			at := method
			if at.Line < 0 {
				at = p.RequestField(exchange.FieldAccessControlRequestHeaders)
			}
			p.Note(at, "%s is on a %s request; it belongs on OPTIONS", at.Field, quoted(r.Method))
		case method.Line < 0:
			p.Note(p.RequestField(exchange.FieldAccessControlRequestHeaders), "there is Access-Control-Request-Headers but no Access-Control-Request-Method")
		case !r.Fields.Has(exchange.FieldOrigin):
			p.Note(method, "there is Access-Control-Request-Method but no Origin")
		case !field.IsToken(asked):
			p.Note(method, "Access-Control-Request-Method is %s; it must be one method", quoted(asked))
		}
	},
}

var corsPreflightNotOK = &annotate.Rule{
	ID:       "cors/preflight-not-ok",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a preflight failed",
	Refs:     []string{"Fetch §4.8", "Fetch §3.3.3"},
	Doc: "A browser sends the real request only if the preflight gets a status from 200 to 299, with any headers. " +
		"With 401 or 405, authentication or routing runs before CORS: a preflight never has credentials. 403 can be a deliberate refusal.",
	Help: "answer OPTIONS before authentication and routing, with 204 and the CORS headers",
	Bad: []string{
		preflight("", "401 Unauthorized\nWWW-Authenticate: Bearer realm=\"api\"\nAccess-Control-Allow-Origin: https://app.test"), preflight("", "405 Method Not Allowed\nAllow: GET, PUT"),
		preflight("", "403 Forbidden"),
	},
	Good: []string{preflight("", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Methods: PUT")},
	When: annotate.When{Class: []int{1, 4, 5}, Methods: []string{"OPTIONS"}, RequestFields: []exchange.Name{exchange.FieldAccessControlRequestMethod}},
	Check: func(p *annotate.Pass) {
		if !isPreflight(&p.X.Request) {
			return
		}
		why := ""
		switch p.X.Response.Status {
		case 401, 405:
			why = "; authentication or routing seems to run before CORS"
		case 403:
			why = "; if that isn't intended, find out what refuses OPTIONS"
		}
		p.Note(p.StatusLine(), "the preflight got %d, so the browser doesn't send the request%s", p.X.Response.Status, why)
	},
}

var corsPreflightRedirected = &annotate.Rule{
	ID:       "cors/preflight-redirected",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a preflight is redirected",
	Refs:     []string{"Fetch §4.8"},
	Doc: "Browsers don't follow a redirect of a preflight, so they never send the request. " +
		"Usual causes are a redirect to https, to a path with a slash at the end, or to a login page. Use the final URI in the page.",
	Help: "request the final URI, or answer OPTIONS without a redirect",
	Bad:  []string{preflight("", "308 Permanent Redirect\nLocation: /v1/cart/")},
	Good: []string{preflight("", "200 OK")},
	When: annotate.When{Class: []int{3}, Methods: []string{"OPTIONS"}, RequestFields: []exchange.Name{exchange.FieldAccessControlRequestMethod}},
	Check: func(p *annotate.Pass) {
		if isPreflight(&p.X.Request) {
			p.Note(p.StatusLine(), "the preflight got %d; browsers don't follow it and don't send the request", p.X.Response.Status)
		}
	},
}

// isGrantable reports whether an answer to a preflight is good enough for its
// lists of methods and fields to be looked at.
func isGrantable(x *exchange.Exchange) bool {
	return x.Response.Class() == 2 && isPreflight(&x.Request) && passesOriginCheck(x)
}

// requestedFields returns the names that a preflight asks for.
func requestedFields(p *annotate.Pass) iter.Seq2[exchange.Place, string] {
	return func(yield func(exchange.Place, string) bool) {
		for i, l := range p.X.Request.Fields.Each(exchange.FieldAccessControlRequestHeaders) {
			for name := range field.List(l.Value) {
				if !yield(annotate.Span(p.RequestLine(i), name.At, name.End()), name.Text) {
					return
				}
			}
		}
	}
}

var corsPreflightHeaderNotAllowed = &annotate.Rule{
	ID:       "cors/preflight-header-not-allowed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the page wants to send a header that isn't allowed",
	Refs:     []string{"Fetch §4.8"},
	Doc:      "The preflight asks for a header that Access-Control-Allow-Headers doesn't list, so the browser doesn't send the request. * never covers Authorization: list it by name.",
	Help:     "add the name to Access-Control-Allow-Headers",
	Bad: []string{
		preflight("Access-Control-Request-Headers: content-type,x-trace", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Allow-Headers: Content-Type"),
		preflight("Access-Control-Request-Headers: authorization", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: *\nAccess-Control-Allow-Headers: *"),
	},
	Good: []string{
		preflight("Access-Control-Request-Headers: content-type,x-trace", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Allow-Headers: Content-Type, X-Trace"),
		preflight("Access-Control-Request-Headers: content-type,x-trace", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Allow-Headers: *"),
	},
	When: annotate.When{Class: []int{2}, Methods: []string{"OPTIONS"}, RequestFields: []exchange.Name{exchange.FieldAccessControlRequestHeaders}},
	Check: func(p *annotate.Pass) {
		if !isGrantable(p.X) {
			return
		}
		f := &p.X.Response.Fields
		wildcard := listHas(f, exchange.FieldAccessControlAllowHeaders, "*")
		for at, name := range requestedFields(p) {
			isAuthorization := field.EqualFold(name, "authorization")
			if wildcard && !isAuthorization || listHas(f, exchange.FieldAccessControlAllowHeaders, name) {
				continue
			}
			why := "but Access-Control-Allow-Headers doesn't list it"
			if wildcard {
				why = "which * in Access-Control-Allow-Headers doesn't cover"
			}
			p.Note(at, "the page wants to send %s, %s", quoted(name), why)
			return
		}
	},
}

var corsPreflightMethodNotAllowed = &annotate.Rule{
	ID:       "cors/preflight-method-not-allowed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the page wants to use a method that isn't allowed",
	Refs:     []string{"Fetch §4.8", "Fetch §2.2.1"},
	Doc: "The preflight asks for a method that Access-Control-Allow-Methods doesn't list, so the browser doesn't send the request. " +
		"Upper and lower case matter: patch isn't PATCH.",
	Help: "add the method to Access-Control-Allow-Methods, in the same case",
	Bad: []string{
		preflight("", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Methods: GET, POST"),
		preflight("", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Methods: put"),
	},
	Good: []string{
		preflight("", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: *"),
		strings.Replace(preflight("", "200 OK\nAccess-Control-Allow-Origin: https://app.test"), "PUT", "POST", 1),
	},
	When: annotate.When{Class: []int{2}, Methods: []string{"OPTIONS"}, RequestFields: []exchange.Name{exchange.FieldAccessControlRequestMethod}},
	Check: func(p *annotate.Pass) {
		if !isGrantable(p.X) {
			return
		}
		method := p.X.Request.Fields.Value(exchange.FieldAccessControlRequestMethod)
		near, found := findAllowedMethod(p.X, method)
		if found || !field.IsToken(method) || isSimpleMethod(method) || listHas(&p.X.Response.Fields, exchange.FieldAccessControlAllowMethods, "*") {
			return
		}
		why := ""
		if near != "" {
			why = ", only " + quoted(near) + "; upper and lower case matter"
		}
		at := p.ResponseField(exchange.FieldAccessControlAllowMethods)
		if at.Line < 0 {
			at = p.RequestField(exchange.FieldAccessControlRequestMethod)
		}
		p.Note(at, "the page wants to use %s, but Access-Control-Allow-Methods doesn't list it%s", quoted(method), why)
	},
}

// isSimpleMethod reports whether a method needs no permission (Fetch §2.2.1).
func isSimpleMethod(method string) bool {
	return method == "GET" || method == "HEAD" || method == "POST"
}

// findAllowedMethod looks for a method in Access-Control-Allow-Methods; near is
// a member that differs only in case.
func findAllowedMethod(x *exchange.Exchange, method string) (near string, found bool) {
	for _, l := range x.Response.Fields.Each(exchange.FieldAccessControlAllowMethods) {
		for m := range field.List(l.Value) {
			if m.Text == method {
				return "", true
			}
			if field.EqualFold(m.Text, method) {
				near = m.Text
			}
		}
	}
	return near, false
}

var corsPreflightWildcardWithCredentials = &annotate.Rule{
	ID:       "cors/preflight-wildcard-with-credentials",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "* allows nothing to requests with credentials",
	Refs:     []string{"Fetch §3.3.5", "Fetch §4.8"},
	Doc: "The response allows credentials and lists * for methods or headers. " +
		"For a request with credentials, * is just a name, so the browser blocks what only * would allow.",
	Help: "list the methods and headers by name",
	Bad: []string{
		preflight("", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true\nAccess-Control-Allow-Methods: *"),
		preflight("Access-Control-Request-Headers: x-trace", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Allow-Headers: *"),
	},
	Good: []string{
		preflight("Access-Control-Request-Headers: x-trace", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true\nAccess-Control-Allow-Methods: PUT, *\nAccess-Control-Allow-Headers: *, X-Trace"),
		preflight("Access-Control-Request-Headers: x-trace", "200 OK\nAccess-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Methods: *\nAccess-Control-Allow-Headers: *"),
	},
	When: annotate.When{Class: []int{2}, Methods: []string{"OPTIONS"}, Fields: []exchange.Name{exchange.FieldAccessControlAllowCredentials}},
	Check: func(p *annotate.Pass) {
		x := p.X
		if !isPreflight(&x.Request) || !allowsCredentials(x) {
			return
		}
		f := &x.Response.Fields
		method := x.Request.Fields.Value(exchange.FieldAccessControlRequestMethod)
		if _, found := findAllowedMethod(x, method); !found && !isSimpleMethod(method) && listHas(f, exchange.FieldAccessControlAllowMethods, "*") {
			p.Note(p.ResponseField(exchange.FieldAccessControlAllowMethods), "only * allows %s, and with credentials * allows nothing", quoted(method))
		}
		if !listHas(f, exchange.FieldAccessControlAllowHeaders, "*") {
			return
		}
		for _, name := range requestedFields(p) {
			if !field.EqualFold(name, "authorization") && !listHas(f, exchange.FieldAccessControlAllowHeaders, name) {
				p.Note(p.ResponseField(exchange.FieldAccessControlAllowHeaders), "only * allows the header %s, and with credentials * allows nothing", quoted(name))
				return
			}
		}
	},
}

var corsMaxAgeInvalid = &annotate.Rule{
	ID:       "cors/max-age-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Access-Control-Max-Age is not a number of seconds",
	Refs:     []string{"Fetch §3.3.4", "Fetch §4.8"},
	Doc: "Access-Control-Max-Age is the number of seconds for which a browser may remember the response, as digits. " +
		"Browsers ignore anything else and use 5 seconds, so nearly every request costs a preflight.",
	Help: "send the seconds as digits, for example Access-Control-Max-Age: 7200",
	Bad: []string{
		preflight("", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Max-Age: 86400s"),
		preflight("", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Max-Age: 60, 600"),
		preflight("", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Max-Age:"),
	},
	Good: []string{
		preflight("", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Max-Age: 7200"),
		preflight("", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Max-Age: -1"),
		preflight("", "200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Max-Age: 60\nAccess-Control-Max-Age: 60"),
	},
	When: annotate.When{Methods: []string{"OPTIONS"}, Fields: []exchange.Name{exchange.FieldAccessControlMaxAge}},
	Check: func(p *annotate.Pass) {
		if !isPreflight(&p.X.Request) {
			return
		}
		v := p.X.Response.Fields.Combined(exchange.FieldAccessControlMaxAge)
		if v != "-1" && !isOneNumber(v) {
			p.Note(p.ResponseField(exchange.FieldAccessControlMaxAge), "Access-Control-Max-Age is %s; browsers ignore it and use 5 seconds", quoted(v))
		}
	},
}

// isOneNumber reports whether a value is a number in digits, or a list that
// repeats one.
func isOneNumber(v string) bool {
	first := ""
	for m := range field.List(v) {
		if !field.IsDigits(m.Text) || first != "" && m.Text != first {
			return false
		}
		first = m.Text
	}
	return first != ""
}
