package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// corsResponseRules lists the rules on CORS fields beside those of preflights.
func corsResponseRules() []*annotate.Rule {
	return []*annotate.Rule{
		corsAllowCredentialsNotTrue,
		corsAllowOriginMalformed,
		corsAllowOriginMultiple,
		corsAllowOriginNull,
		corsAllowOriginWildcard,
		corsCredentialedResponseNotShared,
		corsCredentialsWithWildcard,
		corsExposeWildcardWithCredentials,
		corsMissingOnError,
		corsMissingOnSuccess,
		corsOriginInvalid,
		corsOriginNotAllowed,
		corsPreflightFieldOutsidePreflight,
	}
}

func whenAllowOrigin() annotate.When {
	return annotate.When{Fields: []exchange.Name{exchange.FieldAccessControlAllowOrigin}}
}

var corsAllowCredentialsNotTrue = &annotate.Rule{
	ID:       "cors/allow-credentials-not-true",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Access-Control-Allow-Credentials isn't true",
	Refs:     []string{"Fetch §3.3.4", "Fetch §4.10"},
	Doc: "The only valid value is true, in lower case and once. Browsers read anything else as no, and refuse responses to requests with cookies. " +
		"Often a language printed True or 1, or both a proxy and the application add the header.",
	Help: "send Access-Control-Allow-Credentials: true once, or remove it",
	Bad: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: True"),
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true\nAccess-Control-Allow-Credentials: true"),
	},
	Good: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true"),
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: false"),
	},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAccessControlAllowCredentials}},
	Check: func(p *annotate.Pass) {
		if v := p.X.Response.Fields.Combined(exchange.FieldAccessControlAllowCredentials); v != "true" && v != "false" {
			p.Note(p.ResponseField(exchange.FieldAccessControlAllowCredentials), "Access-Control-Allow-Credentials is %s, which browsers read as no; only true means yes", quoted(v))
		}
	},
}

var corsAllowOriginMalformed = &annotate.Rule{
	ID:       "cors/allow-origin-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Access-Control-Allow-Origin can't match any origin",
	Refs:     []string{"Fetch §3.3.4", "Fetch §3.2"},
	Doc: "Browsers compare the value with the Origin that they sent, byte for byte. " +
		"It must be *, or an origin as browsers write it: scheme://host, with a port unless it is the default one, in lower case, without a slash at the end and without a wildcard. " +
		"Anything else matches nothing, and the page gets a network error.",
	Help: "send the Origin of the request (with Vary: Origin), or *",
	Bad: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test/"), crossOrigin("", "Access-Control-Allow-Origin: app.test"),
		crossOrigin("", "Access-Control-Allow-Origin: https://*.app.test"), crossOrigin("", "Access-Control-Allow-Origin:"),
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test:443"),
	},
	Good: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test"), crossOrigin("", "Access-Control-Allow-Origin: *"),
		strings.Replace(crossOrigin("", "Access-Control-Allow-Origin: null"), "https://app.test", "null", 1),
		strings.ReplaceAll(crossOrigin("", "Access-Control-Allow-Origin: https://app.test"), "https://app.test", "chrome-extension://abcdef"),
	},
	When: whenAllowOrigin(),
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		i := f.Index(exchange.FieldAccessControlAllowOrigin)
		v := f.At(i).Value
		if v == "*" || isSeveral(allowedOrigin(p.X)) {
			return
		}
		if err := originValueError(v); err != nil {
			p.Note(annotate.Span(p.ResponseLine(i), err.At, len(v)), "Access-Control-Allow-Origin is %s, which matches no origin: %s", quoted(v), err.What)
		}
	},
}

// originValueError says why a browser never sends a value as its Origin.
func originValueError(v string) *field.Error {
	if err := field.CheckOrigin(v); err != nil {
		return err
	}
	for _, usual := range [...][2]string{{"https://", ":443"}, {"http://", ":80"}} {
		if strings.HasPrefix(v, usual[0]) && strings.HasSuffix(v, usual[1]) {
			return &field.Error{At: len(v) - len(usual[1]), What: "browsers omit the default port"}
		}
	}
	return nil
}

var corsAllowOriginMultiple = &annotate.Rule{
	ID:       "cors/allow-origin-multiple",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Access-Control-Allow-Origin names several origins",
	Refs:     []string{"Fetch §3.3.4", "Fetch §4.10"},
	Doc: "The header is one origin or *, not a list. " +
		"Browsers join all lines with commas, and the result matches no origin, even if the same value appears twice. " +
		"Often both the application and a proxy add the header. " +
		"To allow several origins, check the Origin of the request against a list and send it back, with Vary: Origin.",
	Help: "send one value: the Origin of the request if it is allowed, with Vary: Origin",
	Bad: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test, https://www.test"),
		crossOrigin("", "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Origin: *"),
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test https://www.test"),
	},
	Good: []string{crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nVary: Origin")},
	When: whenAllowOrigin(),
	Check: func(p *annotate.Pass) {
		if v := allowedOrigin(p.X); isSeveral(v) {
			f := &p.X.Response.Fields
			if n := f.Count(exchange.FieldAccessControlAllowOrigin); n > 1 {
				p.Note(p.ResponseField(exchange.FieldAccessControlAllowOrigin), "Access-Control-Allow-Origin has %d lines, together %s, which matches no origin", n, quoted(v))
				return
			}
			p.Note(p.ResponseField(exchange.FieldAccessControlAllowOrigin), "Access-Control-Allow-Origin is %s; a list matches no origin", quoted(v))
		}
	},
}

var corsAllowOriginNull = &annotate.Rule{
	ID:       "cors/allow-origin-null",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "any site can use the origin null to read the response with the user's cookies",
	Refs:     []string{"Fetch §3.3.3", "Fetch §3.3.5"},
	Doc: "Sandboxed frames, local files and some redirects have the origin null, and any site can create a sandboxed frame. " +
		"If credentials are allowed, every site can read what the user can read.",
	Help: "don't allow null; allow the origins that need access by name",
	Bad:  []string{crossOrigin("", "Access-Control-Allow-Origin: null\nAccess-Control-Allow-Credentials: true")},
	Good: []string{strings.Replace(crossOrigin("", "Access-Control-Allow-Origin: null"), "https://app.test", "null", 1)},
	When: whenAllowOrigin(),
	// The same value is then also one that the asking origin does not match.
	Suppresses: []string{"cors/origin-not-allowed"},
	Check: func(p *annotate.Pass) {
		if allowedOrigin(p.X) == "null" && allowsCredentials(p.X) {
			p.Note(p.ResponseField(exchange.FieldAccessControlAllowOrigin), "Access-Control-Allow-Origin is null with credentials allowed, so any sandboxed frame can read the response as the user")
		}
	},
}

var corsAllowOriginWildcard = &annotate.Rule{
	ID:       "cors/allow-origin-wildcard",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "every site may read the response",
	Refs:     []string{"Fetch §3.3.3"},
	Doc: "With *, any page can read the response, without the user's cookies. That is right for public data. " +
		"For a server on an internal network it isn't: pages from outside can read what only the browser can reach.",
	Help: "nothing for public data; else name the origins that need access",
	Bad:  []string{crossOrigin("", "Access-Control-Allow-Origin: *")},
	Good: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test"),
		strings.Replace(crossOrigin("", "Access-Control-Allow-Origin: *"), "application/json", "font/woff2", 1),
		strings.Replace(crossOrigin("", "Access-Control-Allow-Origin: *"), "application/json\n< Content-Length: 2\n<\n< {}", "text/javascript; charset=utf-8\n< Content-Length: 2\n<\n< {}", 1),
	},
	When: whenAllowOrigin(),
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		x := p.X
		if allowedOrigin(x) != "*" || x.Request.Method == "OPTIONS" || allowsCredentials(x) || isPageResource(&x.Response.Message) || isNotShared(x) {
			return
		}
		p.Note(p.ResponseField(exchange.FieldAccessControlAllowOrigin), "any site may read this response")
	},
}

// isPageResource reports whether content is an image, a font, a style sheet, a
// script or a medium, which pages of other origins use as a matter of course.
func isPageResource(m *exchange.Message) bool {
	t := mediaTypeOf(&m.Fields)
	for _, typ := range [...]string{"image", "font", "audio", "video"} {
		if field.EqualFold(t.Type, typ) {
			return true
		}
	}
	return t.Is("text", "css") || isScript(t) || t.Is("application", "wasm") || t.Is("application", "vnd.ms-fontobject") ||
		field.HasPrefixFold(t.Subtype, "font-") || field.HasPrefixFold(t.Subtype, "x-font")
}

func isScript(t field.MediaType) bool {
	return field.EqualFold(t.Subtype, "javascript") || field.EqualFold(t.Subtype, "x-javascript") || field.EqualFold(t.Subtype, "ecmascript")
}

var corsCredentialedResponseNotShared = &annotate.Rule{
	ID:       "cors/credentialed-response-not-shared",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the browser refuses the response to a request with cookies",
	Refs:     []string{"Fetch §4.10", "Fetch §3.3.5"},
	Doc: "The cross-origin request had cookies. " +
		"A browser then shows the response to the page only if Access-Control-Allow-Origin is exactly its origin, not *, and Access-Control-Allow-Credentials is true. " +
		"The page sees a network error, although the server did the work.",
	Help: "send the Origin of the request, Access-Control-Allow-Credentials: true and Vary: Origin, or let the page send no credentials",
	Bad: []string{
		crossOrigin("Cookie: a=b", "Access-Control-Allow-Origin: *"),
		crossOrigin("Cookie: a=b", "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true"),
		crossOrigin("Cookie: a=b", "Access-Control-Allow-Origin: https://app.test"),
	},
	Good: []string{
		crossOrigin("Cookie: a=b", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true"),
		strings.Replace(crossOrigin("Cookie: a=b", "Access-Control-Allow-Origin: *"), "> Sec-Fetch-Mode: cors\n", "> Sec-Fetch-Mode: no-cors\n", 1),
		strings.Replace(crossOrigin("Cookie: a=b", "Access-Control-Allow-Origin: *"), "Origin: https://app", "Origin: https://api", 1),
		crossOrigin("", "Access-Control-Allow-Origin: *"),
	},
	When: annotate.When{Class: []int{2, 4, 5}, Fields: []exchange.Name{exchange.FieldAccessControlAllowOrigin}, RequestFields: []exchange.Name{exchange.FieldCookie}},
	// What is wrong with the other field is said there.
	Check: func(p *annotate.Pass) {
		if !isNotShared(p.X) {
			return
		}
		why := "lacks Access-Control-Allow-Credentials: true"
		if allowedOrigin(p.X) == "*" {
			why = "allows the origin *"
		}
		p.Note(p.ResponseField(exchange.FieldAccessControlAllowOrigin), "the request from %s has cookies, but the response %s, so the browser refuses it",
			quoted(p.X.Request.Fields.Value(exchange.FieldOrigin)), why)
	},
}

// isNotShared reports whether a browser refuses a response because the request
// had cookies.
func isNotShared(x *exchange.Exchange) bool {
	if x.Response.Class() == 3 || isPreflight(&x.Request) || !x.Request.Fields.Has(exchange.FieldCookie) || !usesCORS(x) || !passesOriginCheck(x) {
		return false
	}
	// Another value than true is what cors/allow-credentials-not-true is about.
	return allowedOrigin(x) == "*" || !allowsCredentials(x) &&
		(!x.Response.Fields.Has(exchange.FieldAccessControlAllowCredentials) || x.Response.Fields.Combined(exchange.FieldAccessControlAllowCredentials) == "false")
}

var corsCredentialsWithWildcard = &annotate.Rule{
	ID:       "cors/credentials-with-wildcard",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Access-Control-Allow-Credentials doesn't work with *",
	Refs:     []string{"Fetch §3.3.5", "Fetch §4.10"},
	Doc: "The response allows credentials and every origin. " +
		"Browsers refuse that as soon as a request has credentials, so Access-Control-Allow-Credentials has no effect. " +
		"Don't just send back any Origin: every site could then read what the user can read.",
	Help: "name the origins that may use credentials, or remove Access-Control-Allow-Credentials",
	Bad:  []string{crossOrigin("", "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true")},
	Good: []string{crossOrigin("", "Access-Control-Allow-Origin: *"), crossOrigin("", "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: false")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAccessControlAllowCredentials}},
	Once: originKey, // one middleware puts the two on every response
	Check: func(p *annotate.Pass) {
		if allowedOrigin(p.X) == "*" && allowsCredentials(p.X) && !isNotShared(p.X) {
			p.Note(p.ResponseField(exchange.FieldAccessControlAllowCredentials), "Access-Control-Allow-Credentials has no effect with Access-Control-Allow-Origin: *")
		}
	},
}

var corsExposeWildcardWithCredentials = &annotate.Rule{
	ID:       "cors/expose-wildcard-with-credentials",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a useless * in Access-Control-Expose-Headers",
	Refs:     []string{"Fetch §3.3.4", "Fetch §3.3.5"},
	Doc: "For a request with credentials, * in Access-Control-Expose-Headers is the name of a header called *. " +
		"The script of the page can't see the headers that should be exposed.",
	Help: "list the names, for example Access-Control-Expose-Headers: ETag, Link",
	Bad:  []string{crossOrigin("Cookie: a=b", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true\nAccess-Control-Expose-Headers: *")},
	Good: []string{
		crossOrigin("Cookie: a=b", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true\nAccess-Control-Expose-Headers: ETag"),
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true\nAccess-Control-Expose-Headers: *"),
	},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAccessControlExposeHeaders}, RequestFields: []exchange.Name{exchange.FieldCookie}},
	Check: func(p *annotate.Pass) {
		x := p.X
		if listHas(&x.Response.Fields, exchange.FieldAccessControlExposeHeaders, "*") && !isPreflight(&x.Request) && isCrossOrigin(x) &&
			allowsCredentials(x) && allowedOrigin(x) != "*" && allowedOrigin(x) != "" {
			p.Note(p.ResponseField(exchange.FieldAccessControlExposeHeaders), "Access-Control-Expose-Headers has *, which exposes nothing, because the request has cookies")
		}
	},
}

var corsMissingOnError = &annotate.Rule{
	ID:       "cors/missing-on-error",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the page can't see this error",
	Refs:     []string{"Fetch §4.10", "Fetch §3.3.3"},
	Doc: "The error lacks Access-Control-Allow-Origin, so the browser hides status and body from the page. " +
		"The page reports a CORS failure instead of the real cause. " +
		"Usually the error comes from another layer than the one that adds the header: nginx adds headers to errors only with \"always\", and frameworks skip them if a handler throws.",
	Help: "add the CORS headers to errors too",
	Bad:  []string{strings.Replace(crossOrigin("", ""), "200 OK", "500 Internal Server Error", 1), strings.Replace(crossOrigin("", "Retry-After: 5"), "200 OK", "429 Too Many Requests", 1)},
	Good: []string{
		strings.Replace(crossOrigin("", "Access-Control-Allow-Origin: https://app.test"), "200 OK", "500 Internal Server Error", 1),
		strings.Replace(crossOrigin("", ""), "200 OK", "403 Forbidden", 1), strings.Replace(crossOrigin("", ""), "200 OK", "404 Not Found", 1),
		strings.Replace(strings.Replace(crossOrigin("", ""), "200 OK", "500 Internal Server Error", 1), "Origin: https://app", "Origin: https://api", 1),
	},
	When: annotate.When{Class: []int{4, 5}, RequestFields: []exchange.Name{exchange.FieldOrigin}},
	Check: func(p *annotate.Pass) {
		x := p.X
		if s := x.Response.Status; s == 403 || s == 404 || x.Response.Fields.Has(exchange.FieldAccessControlAllowOrigin) || isPreflight(&x.Request) || !usesCORS(x) {
			return
		}
		p.Note(p.ResponseField(exchange.FieldAccessControlAllowOrigin), "the %d lacks Access-Control-Allow-Origin, so the page at %s sees a network error instead",
			x.Response.Status, quoted(x.Request.Fields.Value(exchange.FieldOrigin)))
	},
}

var corsMissingOnSuccess = &annotate.Rule{
	ID:       "cors/missing-on-success",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the page cannot read this response",
	Refs:     []string{"Fetch §4.10", "Fetch §3.3.3"},
	Doc: "A page of another origin asked for the response, and the response lacks Access-Control-Allow-Origin. The server did the work, but the browser keeps the result from the page, which sees a network error. " +
		"If the page is meant to read it, the server has to say so in every response, not only in the one to OPTIONS.",
	Help: "send Access-Control-Allow-Origin with the page's origin, and Vary: Origin; or request it from the same origin",
	Bad: []string{
		crossOrigin("", ""),
		"# a browser that does not send Sec-Fetch\n" + strings.Replace(crossOrigin("", ""), "> Sec-Fetch-Mode: cors\n", "", 1),
		strings.Replace(crossOrigin("Content-Length: 0", ""), "> GET ", "> POST ", 1),
	},
	Good: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test"),
		"# of the same origin\n" + strings.Replace(crossOrigin("", ""), "Origin: https://app", "Origin: https://api", 1),
		"# an image, which the page shows without reading it\n" + strings.Replace(crossOrigin("", ""), "> Sec-Fetch-Mode: cors\n", "> Sec-Fetch-Mode: no-cors\n", 1),
		"# an extension\n" + strings.Replace(crossOrigin("", ""), "https://app.test", "moz-extension://7a", 1),
		"# a form of another site\n" + strings.Replace(strings.Replace(crossOrigin("Content-Length: 0", ""), "> Sec-Fetch-Mode: cors\n", "", 1), "> GET ", "> POST ", 1),
	},
	When:  annotate.When{Class: []int{2}, RequestFields: []exchange.Name{exchange.FieldOrigin}},
	Needs: annotate.NeedsResponse | annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		x := p.X
		origin := x.Request.Fields.Value(exchange.FieldOrigin)
		// An extension may read what its manifest allows.
		if x.Response.Fields.Has(exchange.FieldAccessControlAllowOrigin) || isPreflight(&x.Request) || !usesCORS(x) ||
			!field.HasPrefixFold(origin, "http") && origin != "null" || field.CheckOrigin(origin) != nil {
			return
		}
		p.Note(p.ResponseField(exchange.FieldAccessControlAllowOrigin), "the %d lacks Access-Control-Allow-Origin, so the browser keeps it from the page at %s",
			x.Response.Status, quoted(origin))
	},
}

// fromOrigin is an example of a request of another origin that needs no permission.
func fromOrigin(origin string) string {
	return strings.NewReplacer("https://app.test", origin, "Mode: cors", "Mode: no-cors").Replace(crossOrigin("", ""))
}

var corsOriginInvalid = &annotate.Rule{
	ID:       "cors/origin-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "Origin isn't an origin",
	Refs:     []string{"Fetch §3.2"},
	Doc: "Origin is null, or scheme://host with the port unless it is the default one: in lower case, without a path and without a slash at the end. " +
		"Servers compare it exactly, so another form looks like a foreign origin. Browsers always send the right form. This client writes the header itself.",
	Help: "send Origin: https://host without a path, or remove it",
	Bad:  []string{fromOrigin("https://app.test/"), fromOrigin("app.test"), fromOrigin("https://App.test")},
	Good: []string{
		fromOrigin("https://app.test"), fromOrigin("null"), fromOrigin("file://"), fromOrigin("https://my_app.test.:8443"), fromOrigin("moz-extension://7A"),
	},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldOrigin}},
	Check: func(p *annotate.Pass) {
		i := p.X.Request.Fields.Index(exchange.FieldOrigin)
		v := p.X.Request.Fields.At(i).Value
		if err := field.CheckOrigin(v); err != nil && !exchange.IsRedacted(v) {
			shown := quoted(v)
			if strings.IndexByte(v, '@') >= 0 {
				shown = "not an origin"
			}
			p.Note(annotate.Span(p.RequestLine(i), err.At, len(v)), "Origin is %s: %s", shown, err.What)
		}
	},
}

var corsOriginNotAllowed = &annotate.Rule{
	ID:       "cors/origin-not-allowed",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the response allows another origin than the one of the request",
	Refs:     []string{"Fetch §4.10"},
	Doc: "Access-Control-Allow-Origin names one origin, but the request came from another, so the browser hides the response from the page. " +
		"Either the origin shouldn't be allowed, or the list of allowed origins lacks it: compare http and https, www, and the port. " +
		"A cache that ignores Origin looks the same (send Vary: Origin).",
	Help: "allow the origin, with Vary: Origin, or don't ask from there",
	Bad: []string{crossOrigin("", "Access-Control-Allow-Origin: https://www.test"), crossOrigin("", "Access-Control-Allow-Origin: http://app.test"),
		"# a browser that does not send Sec-Fetch\n" + strings.Replace(crossOrigin("", "Access-Control-Allow-Origin: https://www.test"), "> Sec-Fetch-Mode: cors\n", "", 1)},
	Good: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test"), crossOrigin("", "Access-Control-Allow-Origin: *"),
		strings.Replace(crossOrigin("", "Access-Control-Allow-Origin: https://www.test"), "Origin: https://app", "Origin: https://api", 1),
		strings.Replace(crossOrigin("", "Access-Control-Allow-Origin: https://www.test"), "> Sec-Fetch-Mode: cors\n", "> Sec-Fetch-Mode: no-cors\n", 1),
	},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAccessControlAllowOrigin}, RequestFields: []exchange.Name{exchange.FieldOrigin}},
	Check: func(p *annotate.Pass) {
		x := p.X
		isPreflight := isPreflight(&x.Request)
		if !isPreflight && !usesCORS(x) || isPreflight && (x.Response.Class() != 2 || !isCrossOrigin(x)) {
			return
		}
		origin, allowed := x.Request.Fields.Value(exchange.FieldOrigin), allowedOrigin(x)
		if allowed == "*" || allowed == origin || isSeveral(allowed) || originValueError(allowed) != nil || field.CheckOrigin(origin) != nil {
			return
		}
		p.Note(p.ResponseField(exchange.FieldAccessControlAllowOrigin), "Access-Control-Allow-Origin is %s, but the request came from %s", quoted(allowed), quoted(origin))
	},
}

var corsPreflightFieldOutsidePreflight = &annotate.Rule{
	ID:       "cors/preflight-field-outside-preflight",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a header for preflights is on another response",
	Refs:     []string{"Fetch §3.3.3"},
	Doc:      "Browsers read Access-Control-Allow-Methods, -Allow-Headers and -Max-Age only in the response to a preflight. In other responses they have no effect.",
	Help:     "send these headers only in responses to OPTIONS",
	Bad:      []string{crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Methods: GET, PUT"), crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Max-Age: 600")},
	Good: []string{
		crossOrigin("", "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Expose-Headers: ETag"),
		"> OPTIONS /v1/cart HTTP/1.1\n> Host: api.test\n>\n< HTTP/1.1 204 No Content\n< Access-Control-Allow-Methods: GET, PUT\n<\n",
	},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAccessControlAllowMethods, exchange.FieldAccessControlAllowHeaders, exchange.FieldAccessControlMaxAge}},
	Once: originKey,
	Check: func(p *annotate.Pass) {
		if p.X.Request.Method == "OPTIONS" {
			return
		}
		for _, n := range [...]exchange.Name{exchange.FieldAccessControlAllowMethods, exchange.FieldAccessControlAllowHeaders, exchange.FieldAccessControlMaxAge} {
			if p.X.Response.Fields.Has(n) {
				p.Note(p.ResponseField(n), "browsers read %s only in the response to a preflight, and this is one to %s", n, quoted(p.X.Request.Method))
				return
			}
		}
	},
}
