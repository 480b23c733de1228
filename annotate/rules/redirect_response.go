package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// redirectResponseRules lists the rules on the rest of a redirecting response:
// status and method, content, caching, Refresh.
func redirectResponseRules() []*annotate.Rule {
	return []*annotate.Rule{
		redirect300MissingAlternatives,
		redirectMethodRewriteRisk,
		redirectOptionsStarRedirect,
		redirectPermanentCacheableUnbounded,
		redirectRefreshFieldUsed,
		redirectWithLargeBody,
	}
}

var redirect300MissingAlternatives = &annotate.Rule{
	ID:       "redirect/300-missing-alternatives",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "300 without alternatives",
	Refs:     []string{"RFC 9110 §15.4.1"},
	Doc: "300 says that there are several forms of the resource, each with its own URI, and the client can choose. " +
		"Without a list in the body or Link headers, there is nothing to choose from. Location can name the preferred form.",
	Help: `list the alternatives in the body, or send Link: </a>; rel="alternate" for each`,
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 300 Multiple Choices
< Content-Length: 0
<
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 300 Multiple Choices
< Link: </video.webm>; rel="alternate"; type="video/webm"
< Link: </video.mp4>; rel="alternate"; type="video/mp4"
< Content-Length: 0
<
`, `> GET /video HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 300 Multiple Choices
< Content-Type: text/plain
< Content-Length: 23
<
< /video.webm, /video.mp4
`, `> HEAD /video HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 300 Multiple Choices
< Content-Length: 23
<
`},
	When:  annotate.When{Status: []int{300}},
	Needs: annotate.NeedsContent | annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		c := &p.X.Response.Content
		if p.X.Request.Method == "HEAD" || c.Size > 0 || !c.Complete {
			return
		}
		for _, l := range p.X.Response.Fields.Each(exchange.FieldLink) {
			for link := range field.Links(l.Value) {
				if link.HasRel("alternate") {
					return
				}
			}
		}
		p.Note(p.StatusLine(), "300 has no list of alternatives: no body, and no Link with rel=alternate")
	},
}

var redirectMethodRewriteRisk = &annotate.Rule{
	ID:       "redirect/method-rewrite-risk",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "clients handle this redirect in different ways",
	Refs:     []string{"RFC 9110 §15.4.2", "RFC 9110 §15.4.3", "Fetch §4.5"},
	Doc: "After 301 and 302, browsers and most libraries turn a POST into a GET and drop its body. " +
		"Some do so with PUT, PATCH and DELETE too, and some repeat the request. An API call is then lost without an error, as a GET that succeeds. " +
		"307 and 308 require that method and body stay. 303 means a GET of another URI.",
	Help: "send 308 (permanent) or 307 (temporary) if the client should repeat the request, or 303 if it should read the result",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 7
>
> {"a":1}
< HTTP/1.1 302 Found
< Location: https://shop.test/orders
< Content-Length: 0
<
`, `> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 301 Moved Permanently
< Location: /orders/7/
< Content-Length: 0
<
`},
	Good: []string{`# the usual way to answer a form
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/x-www-form-urlencoded
> Content-Length: 3
>
> a=1
< HTTP/1.1 302 Found
< Location: /orders/7
< Content-Length: 0
<
`, `# there is nothing to lose
> POST /logout HTTP/1.1
> Host: shop.test
> Content-Length: 0
>
< HTTP/1.1 302 Found
< Location: /
< Content-Length: 0
<
`, `# a browser shows the page that follows
> POST /orders HTTP/1.1
> Host: shop.test
> Sec-Fetch-Mode: navigate
> Content-Type: text/plain
> Content-Length: 3
>
> a=1
< HTTP/1.1 302 Found
< Location: /orders/7
< Content-Length: 0
<
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 7
>
> {"a":1}
< HTTP/1.1 308 Permanent Redirect
< Location: https://shop.test/orders
< Content-Length: 0
<
`},
	When: annotate.When{
		Status: []int{301, 302}, Methods: []string{"POST", "PUT", "PATCH", "DELETE"},
		Fields: []exchange.Name{exchange.FieldLocation},
	},
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if field.EqualFold(r.Fields.Value(exchange.FieldSecFetchMode), "navigate") || p.X.Response.Fields.Value(exchange.FieldLocation) == "" {
			return
		}
		if r.Method != "POST" {
			p.Note(p.StatusLine(), "%s got %d: some clients repeat the %s at the new URI, others send a GET", r.Method, p.X.Response.Status, r.Method)
			return
		}
		if announcedNoContent(r) || isForm(r.Fields.Value(exchange.FieldContentType)) {
			return
		}
		p.Note(p.StatusLine(), "POST got %d: most clients send a GET without the body to the new URI", p.X.Response.Status)
	},
}

// isForm reports whether a Content-Type is one that HTML forms send.
func isForm(contentType string) bool {
	m := field.ParseMediaType(contentType)
	return m.Is("application", "x-www-form-urlencoded") || m.Is("multipart", "form-data")
}

var redirectOptionsStarRedirect = &annotate.Rule{
	ID:       "redirect/options-star-redirect",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a redirect of OPTIONS *",
	Refs:     []string{"RFC 9110 §9.3.7", "RFC 9110 §15.4"},
	Doc: "OPTIONS * asks what the server as a whole supports. It names no resource, so none can have moved. " +
		"A client that follows asks about one resource instead. Usually a redirect for all paths catches this request too.",
	Help: "answer OPTIONS * with 204 and what the server supports, or with 501",
	Bad: []string{`> OPTIONS * HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: https://shop.test/
< Content-Length: 0
<
`},
	Good: []string{`> OPTIONS /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 307 Temporary Redirect
< Location: /v2/orders
< Content-Length: 0
<
`, `> OPTIONS * HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 204 No Content
<
`},
	When: annotate.When{Status: followedStatuses(), Methods: []string{"OPTIONS"}},
	Check: func(p *annotate.Pass) {
		if p.X.Request.Target == "*" {
			p.Note(p.StatusLine(), "OPTIONS * names no resource, so %d can't redirect it", p.X.Response.Status)
		}
	},
}

var redirectPermanentCacheableUnbounded = &annotate.Rule{
	ID:       "redirect/permanent-cacheable-unbounded",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a permanent redirect without a time limit",
	Refs:     []string{"RFC 9111 §4.2.2", "RFC 9110 §15.4.2", "RFC 9110 §15.4.9"},
	Doc: "Caches may store 301 and 308 without being told to, and browsers keep them until the user clears the cache. " +
		"If the redirect is wrong, those who have seen it never ask the server again. Limit the time: a day costs little and lets you fix a mistake.",
	Help: "send Cache-Control: max-age=86400",
	Bad: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 301 Moved Permanently
< Location: /new
< Content-Length: 0
<
`, `> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 308 Permanent Redirect
< Location: https://www.shop.test/old
< Cache-Control: private
< Content-Length: 0
<
`},
	Good: []string{`> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 301 Moved Permanently
< Location: /new
< Cache-Control: public, max-age=86400
< Content-Length: 0
<
`, `> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 308 Permanent Redirect
< Location: /new
< Expires: Thu, 01 Jan 2026 00:00:00 GMT
< Content-Length: 0
<
`, `# to https for good
> GET /a HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 301 Moved Permanently
< Location: https://shop.test/a
< Content-Length: 0
<
`, `> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 301 Moved Permanently
< Location: /new
< Cache-Control: no-store
< Content-Length: 0
<
`},
	When: annotate.When{
		Status: []int{301, 308}, Methods: []string{"GET", "HEAD"},
		Fields: []exchange.Name{exchange.FieldLocation},
	},
	Once: func(x *exchange.Exchange) string { return x.URL() },
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if f.Has(exchange.FieldExpires) || hasCacheDirective(f, "max-age", "s-maxage", "no-store", "no-cache") {
			return
		}
		r, ok := redirectionOf(p.X)
		if !ok || isUpgradeToTLS(&r) {
			return
		}
		p.Note(p.ResponseField(exchange.FieldCacheControl),
			"browsers may keep this %d to %s forever: it has no max-age, s-maxage or Expires", p.X.Response.Status, shown(r.target))
	},
}

// isUpgradeToTLS reports whether a redirect leads from http to https on the same host.
func isUpgradeToTLS(r *redirection) bool {
	return field.EqualFold(r.from.Scheme, "http") && field.EqualFold(r.target.Scheme, "https") &&
		field.EqualFold(r.from.Host, r.target.Host)
}

var redirectRefreshFieldUsed = &annotate.Rule{
	ID:       "redirect/refresh-field-used",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Refresh redirects only browsers",
	Refs:     []string{"HTML §7.8"},
	Doc: "Browsers go to the URL in a Refresh header as if it were in the page. " +
		"HTTP libraries, crawlers and caches don't know the header, so they stay with this response. To redirect every client, send a 3xx status with Location.",
	Help: "send 302 or 303 with Location if every client should follow",
	Bad: []string{`> GET /paid HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Refresh: 5; url=/thanks
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /status HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Refresh: 5
< Content-Length: 2
<
< ok
`, `> GET /status?a=1 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Refresh: 5; URL='http://shop.test/status?a=1'
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldRefresh}},
	Check: func(p *annotate.Pass) {
		line := p.X.Response.Fields.Index(exchange.FieldRefresh)
		part, ok := field.RefreshURL(p.X.Response.Fields.At(line).Value)
		if !ok {
			return
		}
		ref, err := field.ParseURI(part.Text)
		from := targetURI(p.X)
		to := ref.Resolve(from)
		if err != nil || to.SameResource(from) {
			return
		}
		p.Note(annotate.Span(p.ResponseLine(line), part.At, part.End()), "browsers go to %s, but other clients stay with this %d", shown(to), p.X.Response.Status)
	},
}

var redirectWithLargeBody = &annotate.Rule{
	ID:       "redirect/with-large-body",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the redirect has a large body that clients do not read",
	Refs:     []string{"RFC 9110 §15.4.2"},
	Doc: "Clients that follow a redirect never show its body. A short text with a link is enough. More costs time at every redirect. " +
		"Often it means that the code went on after the redirect, and sends a page that the client shouldn't see.",
	Help: "stop after sending the redirect; a line with a link is enough",
	Bad: []string{`> GET /admin HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /login
< Content-Type: text/html
< Content-Length: 5000
<
< ` + strings.Repeat("<", 5000) + `
`},
	Good: []string{`> GET /admin HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /login
< Content-Type: text/html
< Content-Length: 27
<
< <a href="/login">login</a>
<
`},
	When:  annotate.When{Status: followedStatuses()},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		const most = 4096
		c := &p.X.Response.Content
		size := int64(len(p.X.Response.DecodedContent().Bytes))
		if !p.X.Response.Fields.Has(exchange.FieldContentEncoding) {
			size = c.Size
		}
		if size > most {
			p.Note(annotate.ResponseContent(0, len(p.X.Response.DecodedContent().Bytes)),
				"the body of the %d has %[2]s, which clients that follow it never show", p.X.Response.Status, wording.Count(size, "byte"))
		}
	},
}
