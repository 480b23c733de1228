package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// redirectLocationRules lists the rules on what stands in Location itself.
func redirectLocationRules() []*annotate.Rule {
	return []*annotate.Rule{
		redirectMissingLocation,
		redirectLocationInvalid,
		redirectLocationUnescaped,
		redirectLocationUnfollowableScheme,
		redirectLocationUserinfo,
		redirectLocationUndefinedForStatus,
		redirect201LocationFragment,
	}
}

var redirectMissingLocation = &annotate.Rule{
	ID:       "redirect/missing-location",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the redirect has no Location",
	Refs:     []string{"RFC 9110 §15.4", "RFC 9110 §10.2.2"},
	Doc: "This status tells the client to go elsewhere, but Location is missing, so the client stops and shows an empty page or an error. " +
		"Usually a variable in the code was empty. An empty Location means the same URI again. If the response isn't meant as a redirect, send another status.",
	Help: "send Location: /the/new/place",
	Bad: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Content-Length: 0
<
`, `> PUT /old HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 307 Temporary Redirect
< Location:
< Content-Length: 0
<
`, `# resume-incomplete answers a part of an upload, not a read
> GET /upload/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 308 Permanent Redirect
< Range: bytes=0-99
< Content-Length: 0
<
`},
	Good: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /new
< Content-Length: 0
<
`, `# upload protocols say "resume incomplete" with 308
> PUT /upload/7 HTTP/1.1
> Host: shop.test
> Content-Range: bytes 0-3/100
> Content-Length: 4
>
> abcd
< HTTP/1.1 308 Resume Incomplete
< Range: bytes=0-3
< Content-Length: 0
<
`, `# Refresh leads on instead
> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Refresh: 0; url=/new
< Content-Length: 0
<
`},
	When:  annotate.When{Status: followedStatuses()},
	Needs: annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if f.Value(exchange.FieldLocation) != "" || f.Has(exchange.FieldRefresh) || isResumeIncomplete(p.X) {
			return
		}
		if f.Has(exchange.FieldLocation) {
			p.Note(p.ResponseField(exchange.FieldLocation), "%d redirects, but Location is empty", p.X.Response.Status)
			return
		}
		p.Note(p.ResponseField(exchange.FieldLocation), "%d redirects, but there is no Location", p.X.Response.Status)
	},
}

// isResumeIncomplete reports whether a 308 is an upload protocol's word for
// "send the rest", which predates the code's registration.
func isResumeIncomplete(x *exchange.Exchange) bool {
	return x.Response.Status == 308 && x.Request.Fields.Has(exchange.FieldContentRange) &&
		(x.Request.Method == "PUT" || x.Request.Method == "POST")
}

var redirectLocationInvalid = &annotate.Rule{
	ID:       "redirect/location-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Location isn't a valid URI",
	Refs:     []string{"RFC 9110 §10.2.2", "Fetch §4.5"},
	Doc: "No client can turn Location into a URI, not even a lenient browser, so the redirect ends with an error. " +
		"Usually the program joined parts of which one was empty or wrong: no host after http://, a port that isn't a number, or an unfilled template.",
	Help: "send a path such as /orders/7, or a complete URI with a host",
	Bad: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: https://shop.test:port/new
< Content-Length: 0
<
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 201 Created
< Location: http:///orders/7
< Content-Length: 0
<
`, `> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: https://%zz.test/
< Content-Length: 0
<
`},
	Good: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: ../new?a=%zz&b={c}|d#[e]
< Content-Length: 0
<
`, `# of no use to HTTP, but a URI
> GET /login HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: com.example.app:/callback
< Content-Length: 0
<
`, `# a 304 leads nowhere
> GET /old HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
< Location: http://
<
`},
	When: annotate.When{Status: []int{201}, Class: []int{3}, Fields: []exchange.Name{exchange.FieldLocation}},
	Check: func(p *annotate.Pass) {
		if p.X.Response.Status == 304 {
			return
		}
		line := p.X.Response.Fields.Index(exchange.FieldLocation)
		value := p.X.Response.Fields.At(line).Value
		if _, err := field.ParseURI(value); err != nil {
			at := annotate.Span(p.ResponseLine(line), err.At, len(value))
			found := ""
			if rest := upToPath(value[err.At:]); rest != "" {
				found = ": " + quoted(rest)
			}
			p.Note(at, "Location can't be resolved, even leniently: %s at byte %d%s", err.What, err.At+1, found)
		}
	},
}

// upToPath is the rest of an authority, without the path and the query, which
// may hold secrets.
func upToPath(s string) string {
	if i := strings.IndexAny(s, `/\?#`); i > 0 {
		return s[:i]
	} else if i == 0 {
		return s[:1]
	}
	return s
}

var redirectLocationUnescaped = &annotate.Rule{
	ID:       "redirect/location-unescaped",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Location has bytes that must be percent-encoded",
	Refs:     []string{"RFC 9110 §10.2.2", "RFC 3986 §2"},
	Doc: "A URI has only visible ASCII. Browsers encode spaces and letters like é themselves, as UTF-8. " +
		"Other clients cut the value, guess another charset, or refuse it. So the redirect works in a browser and fails in scripts. " +
		"Encode each part when you build the URI, not the whole afterwards.",
	Help: "percent-encode spaces, control characters and everything outside ASCII, as UTF-8",
	Bad: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /new orders
< Content-Length: 0
<
`, `> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /café
< Content-Length: 0
<
`, `> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /caf\xe9?a\tb
< Content-Length: 0
<
`},
	Good: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /caf%C3%A9%20bar
< Content-Length: 0
<
`, `# not allowed either, but every client copes
> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /a{b}|c^d[e]
< Content-Length: 0
<
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldLocation}},
	Check: func(p *annotate.Pass) {
		line := p.X.Response.Fields.Index(exchange.FieldLocation)
		value := p.X.Response.Fields.At(line).Value
		start, end, found := field.UnescapedRun(value)
		if !found {
			return
		}
		if _, err := field.ParseURI(value); err != nil {
			return // redirect/location-invalid
		}
		at := annotate.Span(p.ResponseLine(line), start, end)
		p.NoteHelp(at, escapedLocation(value), "Location has %s at byte %d, which must be percent-encoded", whatUnescaped(value[start]), start+1)
	},
}

// escapedLocation says what to send in place of a value, unless it is long or
// has a query, which may hold secrets.
func escapedLocation(value string) string {
	if len(value) > 80 || strings.ContainsAny(value, "?#@") {
		return ""
	}
	return "send Location: " + field.EscapeURI(value)
}

func whatUnescaped(c byte) string {
	switch {
	case c == ' ':
		return "a space"
	case c >= 0x80:
		return "a byte outside ASCII"
	}
	return "a control character"
}

var redirectLocationUnfollowableScheme = &annotate.Rule{
	ID:       "redirect/location-unfollowable-scheme",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "no client follows a redirect to this scheme",
	Refs:     []string{"Fetch §4.5", "RFC 9110 §15.4"},
	Doc: "Clients don't follow a redirect to a script, to inline data or to a local file, because a server could run code or read files that way. " +
		"They stop with a network error and show nothing. If the value comes from the request, someone may be testing for an open redirect.",
	Help: "send a Location with http or https, or a relative one",
	Bad: []string{`> GET /go HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: javascript:alert(1)
< Content-Length: 0
<
`, `> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 303 See Other
< Location: File:///srv/report.pdf
< Content-Length: 0
<
`},
	Good: []string{`> GET /login HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: com.example.app:/callback
< Content-Length: 0
<
`, `> GET /contact HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: mailto:help@shop.test
< Content-Length: 0
<
`, `# a path, not a scheme
> GET /contact HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /data:x
< Content-Length: 0
<
`},
	When: annotate.When{Status: followedStatuses(), Fields: []exchange.Name{exchange.FieldLocation}},
	Check: func(p *annotate.Pass) {
		r, ok := redirectionOf(p.X)
		if !ok {
			return
		}
		for _, scheme := range [...]string{"javascript", "vbscript", "data", "blob", "file", "about"} {
			if field.EqualFold(r.ref.Scheme, scheme) {
				p.Note(r.scheme(p), "Location leads to a %s: URI; clients stop there with a network error", scheme)
			}
		}
	},
}

var redirectLocationUserinfo = &annotate.Rule{
	ID:       "redirect/location-userinfo",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a URI in a header has a user name before the host",
	Refs:     []string{"RFC 9110 §4.2.4"},
	Doc: "The part before the @ in an http or https URI is deprecated. " +
		"It puts a name, often with a password, into logs and histories, and can make a URI look like another host. Browsers drop it, warn or refuse. " +
		"Other clients turn it into an Authorization header. Send credentials in Authorization.",
	Help: "remove everything up to the @, and send credentials in Authorization",
	Bad: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: http://admin:hunter2@shop.test/new
< Content-Length: 0
<
`, `> GET /a HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Link: <https://cdn.test/x>; rel=preload, <//me:@cdn.test/y>; rel=preload
< Content-Location: http://@shop.test/b
< Content-Length: 2
<
< ok
`},
	Good: []string{`# an @ after the host
> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: https://social.test/@shop?to=a@b#c@d
< Link: <https://cdn.test/@scope/x.js>; rel=preload
< Content-Length: 0
<
`, `# not a URI of HTTP
> GET /contact HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: mailto:help@shop.test
< Content-Length: 0
<
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldLocation, exchange.FieldContentLocation, exchange.FieldLink}},
	Check: func(p *annotate.Pass) {
		res := &p.X.Response.Fields // of Referer security/referer-fragment-or-userinfo speaks
		for _, n := range [...]exchange.Name{exchange.FieldLocation, exchange.FieldContentLocation} {
			for i, l := range res.Each(n) {
				noteUserinfo(p, p.ResponseLine(i), annotate.ByOrigin, l.Value, 0)
			}
		}
		for i, l := range res.Each(exchange.FieldLink) {
			if strings.IndexByte(l.Value, '@') < 0 {
				continue
			}
			for link := range field.Links(l.Value) {
				noteUserinfo(p, p.ResponseLine(i), annotate.ByOrigin, link.Target, link.At)
			}
		}
	},
}

// noteUserinfo reports userinfo in a URI that begins at octet offset of a field value.
func noteUserinfo(p *annotate.Pass, at exchange.Place, blame annotate.Blame, uri string, offset int) {
	if strings.IndexByte(uri, '@') < 0 {
		return
	}
	u, _ := field.ParseURI(uri)
	if !u.HasUserinfo || u.Scheme != "" && !u.IsHTTP() {
		return
	}
	what := "a user name"
	if strings.Contains(u.Userinfo, ":") {
		what = "a user name and a password"
	} else if u.Userinfo == "" {
		what = "an @"
	}
	p.Report(annotate.Note{
		Place:   annotate.Span(at, offset+u.AuthorityAt, offset+u.HostAt),
		Blame:   blame,
		Message: at.Field + " has " + what + " before the host " + quoted(u.HostPort()),
	})
}

var redirectLocationUndefinedForStatus = &annotate.Rule{
	ID:       "redirect/location-undefined-for-status",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a meaningless Location with this status",
	Refs:     []string{"RFC 9110 §10.2.2"},
	Doc: "Location is for 201, where it names the new resource, and for 3xx, where it says where to go. With another status clients ignore it. " +
		"Often the redirect status was forgotten, or a framework kept the header when an error replaced the redirect.",
	Help: "to send the client there, use a 3xx status; to inform it, use Content-Location or Link",
	Bad: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Location: /new
< Content-Length: 2
<
< ok
`, `> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 404 Not Found
< Location: /new
< Content-Length: 2
<
< no
`},
	Good: []string{`# a status monitor
> POST /jobs HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 202 Accepted
< Location: /jobs/7
< Content-Length: 0
<
`, `# resumable uploads
> POST /uploads HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 104 Upload Resumption Supported
< Location: /uploads/7
<
< HTTP/1.1 204 No Content
<
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 201 Created
< Location: /orders/7
< Content-Length: 0
<
`},
	When: annotate.When{Class: []int{2, 4, 5}, Fields: []exchange.Name{exchange.FieldLocation}},
	Check: func(p *annotate.Pass) {
		if s := p.X.Response.Status; s != 201 && s != 202 {
			p.Note(p.ResponseField(exchange.FieldLocation), "Location has no meaning with %d, so clients ignore it", s)
		}
	},
}

var redirect201LocationFragment = &annotate.Rule{
	ID:       "redirect/201-location-fragment",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Location of a 201 has a fragment",
	Refs:     []string{"RFC 9110 §10.2.2"},
	Doc: "With 201, Location names the new resource. A fragment names a part of a resource and is never sent to a server. " +
		"A client that reads, changes or deletes the new resource acts on the whole instead. Give the resource its own URI.",
	Help: "send Location without the part from # on",
	Bad: []string{`> POST /orders/7/lines HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 201 Created
< Location: /orders/7#line-3
< Content-Length: 0
<
`},
	Good: []string{`> POST /orders/7/lines HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 201 Created
< Location: /orders/7/lines/3
< Content-Length: 0
<
`, `# in RDF, hash URIs are the rule
> POST /people HTTP/1.1
> Host: shop.test
> Content-Type: text/turtle
> Content-Length: 1
>
> .
< HTTP/1.1 201 Created
< Location: /people/7#me
< Content-Length: 0
<
`},
	When: annotate.When{Status: []int{201}, Fields: []exchange.Name{exchange.FieldLocation}},
	Check: func(p *annotate.Pass) {
		r, ok := redirectionOf(p.X)
		if !ok || r.ref.Fragment == "" || isRDF(&p.X.Request.Message) || isRDF(&p.X.Response.Message) {
			return
		}
		at := r.place(p, r.ref.FragmentAt-1, len(r.value))
		p.Note(at, "Location names the part %s of %s instead of the new resource", quoted("#"+r.ref.Fragment), quoted(r.target.Path))
	},
}

// isRDF reports whether a message's content is in a serialization of RDF.
func isRDF(m *exchange.Message) bool {
	t := field.ParseMediaType(m.Fields.Value(exchange.FieldContentType))
	for _, n := range [...][2]string{
		{"text", "turtle"}, {"text", "n3"}, {"application", "ld+json"}, {"application", "rdf+xml"},
		{"application", "n-triples"}, {"application", "n-quads"}, {"application", "trig"},
	} {
		if t.Is(n[0], n[1]) {
			return true
		}
	}
	return false
}
