package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// contentRequestRules lists the rules on what requests carry, and on what
// servers say that they accept.
func contentRequestRules() []*annotate.Rule {
	return []*annotate.Rule{
		content415PatchMissingAcceptPatch,
		contentAcceptPatchAllowMismatch,
		contentAcceptPostAllowMismatch,
		contentAcceptPatchUnsuitableType,
		contentOptionsPatchMissingAcceptPatch,
		contentPatchMediaTypeUnsuitable,
		contentRequestBodyUndefinedSemantics,
		contentRequestMetadataWithoutBody,
		contentTraceWithContent,
		contentUserAgentMissing,
		contentUserAgentLibraryDefault,
	}
}

var content415PatchMissingAcceptPatch = &annotate.Rule{
	ID:       "content/415-patch-missing-accept-patch",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server refuses the format of the PATCH and doesn't name another",
	Refs:     []string{"RFC 5789 §2.2"},
	Doc:      "A 415 to PATCH should list the accepted patch formats in Accept-Patch. The client can't guess them.",
	Help:     "send Accept-Patch: application/merge-patch+json with the 415",
	Bad:      []string{"> PATCH /v1/cart HTTP/1.1\n> Host: api.shop.test\n> Content-Type: text/csv\n> Content-Length: 2\n>\n> ok\n< HTTP/1.1 415 Unsupported Media Type\n< Content-Length: 0\n<\n"},
	Good: []string{"> PATCH /v1/cart HTTP/1.1\n> Host: api.shop.test\n> Content-Type: text/csv\n> Content-Length: 2\n>\n> ok\n< HTTP/1.1 415 Unsupported Media Type\n< Accept-Patch: application/merge-patch+json\n< Content-Length: 0\n<\n",
		"> PATCH /v1/cart HTTP/1.1\n> Host: api.shop.test\n> Content-Type: text/csv\n> Content-Length: 2\n>\n> ok\n< HTTP/1.1 415 Unsupported Media Type\n< Accept-Encoding: gzip\n< Content-Length: 0\n<\n"},
	When: annotate.When{Status: []int{415}, Methods: []string{"PATCH"}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if !f.Has(exchange.FieldAcceptPatch) && !f.Has(exchange.FieldAccept) && !f.Has(exchange.FieldAcceptEncoding) && !p.X.Request.Fields.Has(exchange.FieldContentEncoding) {
			p.Note(p.ResponseField(exchange.FieldAcceptPatch), "the 415 to PATCH has no Accept-Patch and no Accept")
		}
	},
}

// noteNotAllowed reports a field that offers a method which Allow leaves out.
func noteNotAllowed(p *annotate.Pass, n exchange.Name, method string) {
	f := &p.X.Response.Fields
	if !f.Has(exchange.FieldAllow) {
		return
	}
	if line, _, _ := findAllowed(f, method); line < 0 {
		p.Note(p.ResponseField(n), "%s says what %s accepts, but Allow is %s", n, method, quoted(f.Combined(exchange.FieldAllow)))
	}
}

// offering is an example: an answer to OPTIONS with these fields.
func offering(fields string) string {
	return "> OPTIONS /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 204 No Content\n" + marked("<", fields) + "<\n"
}

var contentAcceptPatchAllowMismatch = &annotate.Rule{
	ID:       "content/accept-patch-allow-mismatch",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "there is an Accept-Patch, but Allow lacks PATCH",
	Refs:     []string{"RFC 5789 §3.1"},
	Doc:      "Accept-Patch says that the resource supports PATCH, and Allow says that it doesn't. A client can't tell which is right.",
	Help:     "add PATCH to Allow, or remove Accept-Patch",
	Bad:      []string{offering("Allow: GET, PUT\nAccept-Patch: application/merge-patch+json")},
	Good:     []string{offering("Allow: GET, PATCH\nAccept-Patch: application/merge-patch+json"), offering("Accept-Patch: application/merge-patch+json")},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldAcceptPatch}},
	Check:    func(p *annotate.Pass) { noteNotAllowed(p, exchange.FieldAcceptPatch, "PATCH") },
}

var contentAcceptPostAllowMismatch = &annotate.Rule{
	ID:       "content/accept-post-allow-mismatch",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "there is an Accept-Post, but Allow lacks POST",
	Refs:     []string{"LDP 1.0 §7.1"},
	Doc:      "Accept-Post says that the resource supports POST, and Allow says that it doesn't. A client can't tell which is right.",
	Help:     "add POST to Allow, or remove Accept-Post",
	Bad:      []string{offering("Allow: GET, PUT\nAccept-Post: text/turtle")},
	Good:     []string{offering("Allow: GET, POST\nAccept-Post: text/turtle")},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldAcceptPost}},
	Check:    func(p *annotate.Pass) { noteNotAllowed(p, exchange.FieldAcceptPost, "POST") },
}

// isGenericType reports whether a type says nothing of how a patch is applied.
func isGenericType(t field.MediaType) bool {
	return t.Is("application", "json") || isPlainXML(t) || t.Is("text", "plain") || t.Is("application", "octet-stream")
}

func isPlainXML(t field.MediaType) bool { return t.Is("application", "xml") || t.Is("text", "xml") }

var contentAcceptPatchUnsuitableType = &annotate.Rule{
	ID:       "content/accept-patch-unsuitable-type",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Accept-Patch lists a type that doesn't define a patch",
	Refs:     []string{"RFC 5789 §2", "RFC 5789 §3.1"},
	Doc: "A patch format defines what its body does to the resource. application/json doesn't: it isn't clear whether a missing member stays or is removed. " +
		"application/merge-patch+json and application/json-patch+json define it.",
	Help: "send Accept-Patch: application/merge-patch+json, or application/json-patch+json",
	Bad:  []string{offering("Allow: PATCH\nAccept-Patch: application/json")},
	Good: []string{offering("Allow: PATCH\nAccept-Patch: application/merge-patch+json, application/vnd.shop+json")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAcceptPatch}},
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldAcceptPatch) {
			for m := range field.List(l.Value) {
				t := field.ParseMediaType(m.Text)
				if isGenericType(t) || t.Is("application", "x-www-form-urlencoded") || t.Is("multipart", "form-data") {
					p.Note(annotate.Span(p.ResponseLine(i), m.At, m.End()), "Accept-Patch lists %s, which doesn't define what a patch does", quoted(t.Name()))
				}
			}
		}
	},
}

var contentOptionsPatchMissingAcceptPatch = &annotate.Rule{
	ID:       "content/options-patch-missing-accept-patch",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "OPTIONS allows PATCH but doesn't name the formats",
	Refs:     []string{"RFC 5789 §3.1"},
	Doc:      "If a resource supports PATCH, its response to OPTIONS should have Accept-Patch. There are several patch formats and no default.",
	Help:     "send Accept-Patch: application/merge-patch+json, or the formats that the server accepts",
	Bad:      []string{offering("Allow: GET, PATCH")},
	Good: []string{offering("Allow: GET, PATCH\nAccept-Patch: application/merge-patch+json"), offering("Allow: GET, PUT"), offering("Access-Control-Allow-Methods: PATCH"),
		"> OPTIONS * HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 204 No Content\n< Allow: PATCH\n<\n"},
	When: annotate.When{Class: []int{2}, Methods: []string{"OPTIONS"}, Fields: []exchange.Name{exchange.FieldAllow}},
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if f.Has(exchange.FieldAcceptPatch) || p.X.Request.Target == "*" || p.X.Request.Fields.Has(exchange.FieldAccessControlRequestMethod) {
			return
		}
		if line, at, _ := findAllowed(f, "PATCH"); line >= 0 {
			p.Note(annotate.Span(p.ResponseLine(line), at.At, at.End()), "Allow lists PATCH, but Accept-Patch is missing")
		}
	},
}

var contentPatchMediaTypeUnsuitable = &annotate.Rule{
	ID:       "content/patch-media-type-unsuitable",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the format of the patch doesn't define what it does",
	Refs:     []string{"RFC 5789 §2"},
	Doc: "The body of a PATCH must be in a format that defines how to apply it. " +
		"application/json doesn't: it isn't clear what happens to missing members, or how to remove one. " +
		"application/merge-patch+json and application/json-patch+json define it. A loaded OpenAPI description that lists the type defines it too.",
	Help: "send application/merge-patch+json or application/json-patch+json, if the server accepts it",
	Bad:  []string{sending("PATCH", "Content-Type: application/json", "{}")},
	Good: []string{sending("PATCH", "Content-Type: application/merge-patch+json", "{}"), sending("PATCH", "Content-Type: application/offset+octet-stream", "{}"),
		"# the server asks for it\n" + strings.Replace(sending("PATCH", "Content-Type: text/plain", "{}"), "< Content-Type", "< Accept-Patch: text/plain;v=1, text/csv\n< Content-Type", 1) + "# also content/accept-patch-unsuitable-type\n"},
	When:  annotate.When{Methods: []string{"PATCH"}, RequestFields: []exchange.Name{exchange.FieldContentType}},
	Needs: annotate.NeedsContent,
	Once:  routeKey,
	Check: func(p *annotate.Pass) {
		x := p.X
		t := mediaTypeOf(&x.Request.Fields)
		if x.Request.Content.Size == 0 || !isGenericType(t) {
			return
		}
		for _, l := range x.Response.Fields.Each(exchange.FieldAcceptPatch) {
			for m := range field.List(l.Value) {
				if field.EqualFold(field.Head(m.Text).Text, t.Name()) {
					return
				}
			}
		}
		outcome := "accepted"
		if x.Response.Class() > 3 {
			outcome = "did not accept"
		}
		p.Note(p.RequestField(exchange.FieldContentType), "PATCH has %s, which doesn't define what the patch does; the server %s it", quoted(t.Name()), outcome)
	},
}

var contentRequestBodyUndefinedSemantics = &annotate.Rule{
	ID:       "content/request-body-undefined-semantics",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the meaning of this body is undefined",
	Refs:     []string{"RFC 9110 §9.3.1", "RFC 9110 §9.3.2", "RFC 9110 §9.3.5"},
	Doc: "A body with GET, HEAD or DELETE has no defined meaning. " +
		"Servers ignore it, proxies drop it or refuse the request, and caches answer without reading it. " +
		"If a loaded OpenAPI description defines a body for the operation, there is no note.",
	Help:  "put the values in the query, or use POST or QUERY",
	Bad:   []string{sending("GET", "Content-Type: application/json", "{}"), sending("DELETE", "Content-Type: application/json", "{}")},
	Good:  []string{sending("DELETE", "Content-Length: 0", ""), sending("POST", "Content-Type: application/json", "{}")},
	When:  annotate.When{Methods: []string{"GET", "HEAD", "DELETE"}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		if n := p.X.Request.Content.Size; n > 0 {
			p.Note(p.Method(), "%s has a body of %s, which has no defined meaning", p.X.Request.Method, octets(int(n)))
		}
	},
}

var contentRequestMetadataWithoutBody = &annotate.Rule{
	ID:       "content/request-metadata-without-body",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "a request without a body describes content",
	Refs:     []string{"RFC 9110 §8.3", "Fetch §2.2.2"},
	Doc: "Content-Type and similar headers describe a body, and this request has none. " +
		"In a browser, Content-Type: application/json on a GET causes an unnecessary preflight. Usually a library sends it with all methods by default.",
	Help: "send Content-Type only with a body; to ask for a format, send Accept",
	Bad:  []string{sending("GET", "Content-Type: application/json", "")},
	Good: []string{sending("GET", "Accept: application/json", ""), sending("POST", "Content-Type: application/json\nContent-Length: 0", "")},
	When: annotate.When{Methods: []string{"GET", "HEAD", "DELETE", "OPTIONS"},
		RequestFields: []exchange.Name{exchange.FieldContentType, exchange.FieldContentEncoding, exchange.FieldContentLanguage}},
	Needs: annotate.NeedsContent,
	Once:  clientKey,
	Check: func(p *annotate.Pass) {
		if r := &p.X.Request; r.Content.Size > 0 || !r.Content.Complete {
			return
		}
		for _, n := range [...]exchange.Name{exchange.FieldContentType, exchange.FieldContentEncoding, exchange.FieldContentLanguage} {
			if p.X.Request.Fields.Has(n) {
				p.Note(p.RequestField(n), "%s has %s, but no body", p.X.Request.Method, n)
				return
			}
		}
	},
}

// clientKey is the key of rules that speak once per client.
func clientKey(x *exchange.Exchange) string {
	return x.Client.Peer.Addr().String() + " " + x.Request.Fields.Value(exchange.FieldUserAgent)
}

var contentTraceWithContent = &annotate.Rule{
	ID:       "content/trace-with-content",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "TRACE has a body",
	Refs:     []string{"RFC 9110 §9.3.8"},
	Doc:      "A client must not send a body with TRACE.",
	Help:     "send TRACE without a body",
	Bad:      []string{"> TRACE /a HTTP/1.1\n> Host: shop.test\n> Content-Type: text/plain\n> Content-Length: 2\n>\n> ok\n< HTTP/1.1 405 Method Not Allowed\n< Allow: GET\n< Content-Length: 0\n<\n"},
	Good:     []string{"> TRACE /a HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 405 Method Not Allowed\n< Allow: GET\n< Content-Length: 0\n<\n"},
	When:     annotate.When{Methods: []string{"TRACE"}},
	Needs:    annotate.NeedsContent | annotate.NeedsVersion,
	Check: func(p *annotate.Pass) {
		if r := &p.X.Request; r.Content.Size > 0 || r.Version < exchange.HTTP2 && announcedContent(r) {
			p.Note(p.Method(), "TRACE has a body")
		}
	},
}

var contentUserAgentMissing = &annotate.Rule{
	ID:       "content/user-agent-missing",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the request doesn't name its software",
	Refs:     []string{"RFC 9110 §10.1.5"},
	Doc:      "Servers use User-Agent to work around bugs of certain clients, and to find out who sends what. Some refuse requests without it.",
	Help:     "send User-Agent: name/version",
	Bad:      []string{sending("GET", "Accept: application/json", "")},
	Good:     []string{sending("GET", "User-Agent: shop-client/1.2", "")},
	Once:     func(x *exchange.Exchange) string { return x.Client.Peer.Addr().String() },
	Needs:    annotate.NeedsRequest,
	Check: func(p *annotate.Pass) {
		if m := &p.X.Request.Message; !m.Fields.Has(exchange.FieldUserAgent) && p.X.Request.Method != "CONNECT" {
			p.Note(p.RequestField(exchange.FieldUserAgent), "the request has no User-Agent")
		}
	},
}

var contentUserAgentLibraryDefault = &annotate.Rule{
	ID:           "content/user-agent-library-default",
	Severity:     annotate.Info,
	Blame:        annotate.ByClient,
	Title:        "User-Agent names the library, not the program",
	Refs:         []string{"RFC 9110 §10.1.5"},
	Doc:          "Many programs send the default name of the same library. A server can't tell your program from others, so a block or a limit affects all of them.",
	Help:         "send User-Agent: your-program/1.0, then the library's name",
	Bad:          []string{sending("GET", "User-Agent: python-requests/2.32.3", ""), sending("GET", "User-Agent: Go-http-client/1.1", "")},
	Good:         []string{sending("GET", "User-Agent: curl/8.9.1", ""), sending("GET", "User-Agent: shop-client/1.2 okhttp/4.12.0", ""), sending("GET", "User-Agent: okhttp/4.12.0 (shop)", "")},
	When:         annotate.When{RequestFields: []exchange.Name{exchange.FieldUserAgent}},
	Once:         clientKey,
	OffByDefault: true,
	Check: func(p *annotate.Pass) {
		v := p.X.Request.Fields.Value(exchange.FieldUserAgent)
		if v == "" || strings.IndexByte(v, '(') >= 0 {
			return
		}
		for product := range field.Pieces(v, ' ') {
			name, _, _ := strings.Cut(product.Text, "/")
			if !foldIn([]string{"Go-http-client", "python-requests", "python-urllib", "python-urllib3", "python-httpx", "aiohttp", "Python", "axios", "node-fetch", "node", "undici", "got", "okhttp",
				"Apache-HttpClient", "Java", "Java-http-client", "libwww-perl", "Faraday", "Ruby", "GuzzleHttp", "RestSharp", "reqwest", "hyper", "ktor-client", "Dart"}, name) {
				return
			}
		}
		p.Note(p.RequestField(exchange.FieldUserAgent), "User-Agent is %s, the default of a library", quoted(v))
	},
}
