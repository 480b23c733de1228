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
	Doc: "This status tells the client to go elsewhere, but no Location says where, so the client stops here and shows an empty page or an error. " +
		"Usually a variable in the redirect code was empty. An empty Location means the same URI again, which leads nowhere. " +
		"If the response was not meant as a redirect, send another status.",
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
	Title:    "Location cannot be read as a URI reference",
	Refs:     []string{"RFC 9110 §10.2.2", "Fetch §4.5"},
	Doc: "Location holds something that no client can turn into a URI, not even the lenient parser of a browser, so the redirect ends here with an error. " +
		"The usual cause is text glued together from parts of which one was empty or wrong: no host after http://, a port that is a word, a template left unfilled.",
	Help: "send a path such as /orders/7, or a whole URI with a host",
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
			p.Note(at, "Location cannot be resolved, even leniently: %s at byte %d%s", err.What, err.At+1, found)
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
	Title:    "Location holds bytes that must be percent-encoded",
	Refs:     []string{"RFC 9110 §10.2.2", "RFC 3986 §2"},
	Doc: "A URI reference consists of visible ASCII. Browsers encode spaces and letters like é by themselves, as UTF-8; other clients cut the value, guess another character set, or refuse it. " +
		"So the redirect works in the browser and breaks in scripts. Encode each part when the URI is put together, not the whole of it afterwards.",
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
	Doc: "Clients refuse to follow a redirect to a script, to inline data or to a local file, since that would let a server run code or read files in the client's name. " +
		"They stop with a network error and show nothing of the response. " +
		"If the value comes from the request, someone may be trying the server for an open redirect.",
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
				p.Note(r.scheme(p), "Location leads to a %s: URI, where clients stop with a network error", scheme)
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
	Doc: "What stands before the @ in an http or https URI is deprecated: it puts a name, often with a password, where logs and histories keep it, and it is used to make a URI look as if it were for another host. " +
		"Browsers drop it, warn or refuse; other clients turn it into an Authorization header. Send credentials in Authorization, and build URIs from the bare host.",
	Help: "leave out everything up to the @ and send credentials in Authorization",
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
	Title:    "Location means nothing with this status",
	Refs:     []string{"RFC 9110 §10.2.2"},
	Doc: "Location is defined for 201, where it names what was created, and for 3xx, where it says where to go. With another status no client acts on it. " +
		"Often the redirect status was forgotten, or a framework kept the header when an error replaced the redirect.",
	Help: "send a 3xx status if the client is to go there; Content-Location or Link if the header only informs",
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
			p.Note(p.ResponseField(exchange.FieldLocation), "Location means nothing with %d, so no client goes there", s)
		}
	},
}

var redirect201LocationFragment = &annotate.Rule{
	ID:       "redirect/201-location-fragment",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the created resource is named with a fragment",
	Refs:     []string{"RFC 9110 §10.2.2"},
	Doc: "With 201, Location is to name what was created. A fragment names a part of something and is never sent to a server, so a client that reads, changes or deletes the new resource acts on the whole that the part is in. " +
		"Name the resource by a URI of its own.",
	Help: "send a Location without the part from # on",
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
		p.Note(at, "Location names the part %s of %s instead of the created resource", quoted("#"+r.ref.Fragment), quoted(r.target.Path))
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
