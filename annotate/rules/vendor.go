package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
)

// vendorRules lists the rules on what gateways, CDNs and platforms say of
// themselves. What each code means stands in the table of annotate.Vendors.
func vendorRules() []*annotate.Rule {
	return []*annotate.Rule{
		vendorFailureExplained,
		vendorErrorPage,
		vendorChallenge,
		vendorStateExplained,
		vendorSupportID,
	}
}

// vendorPageLength is how much of a page is searched for a code, in octets.
const vendorPageLength = 16 << 10

// reportCode notes what a code means, and what to quote to whom. One that clients
// are ready for is only explained.
func reportCode(p *annotate.Pass, at exchange.Place, v *annotate.Vendor, c *annotate.VendorCode) {
	n := annotate.Note{Place: at, Blame: c.Who, Help: c.Do, Message: v.Name + " made this response itself: " + c.Means}
	if c.Code != "" {
		n.Message = v.Name + " reports " + c.Code + ": " + c.Means
	}
	if quote := v.Quote(&p.X.Response.Fields); quote != "" {
		n.Help += "; quote " + quote + " to " + v.Ask
	}
	if v.Everyday(c, p.X.Response.Status) {
		n.Severity = annotate.Info
	}
	p.Report(n)
}

// noteCodes reports each code of a kind that the head of a response shows: the
// first of each field, and of those that the status alone shows.
func noteCodes(p *annotate.Pass, kind annotate.VendorKind) {
	r := &p.X.Response
	all := annotate.Vendors()
	var told exchange.NameMask
	for i := range all {
		v := &all[i]
		if !v.Marked(&r.Fields) {
			continue
		}
		for j := range v.Codes {
			c := &v.Codes[j]
			if c.Kind != kind || c.Page != "" || c.Status != 0 && c.Status != r.Status || told.Has(c.Field) {
				continue
			}
			at, ok := p.StatusLine(), true
			if c.Field != 0 {
				at, ok = codePlace(p, c)
			}
			if !ok {
				continue
			}
			reportCode(p, at, v, c)
			if c.Field == 0 {
				break
			}
			told.Put(c.Field)
		}
	}
}

// codePlace is where a field shows a code.
func codePlace(p *annotate.Pass, c *annotate.VendorCode) (at exchange.Place, ok bool) {
	for i, l := range p.X.Response.Fields.Each(c.Field) {
		if part, ok := c.InValue(l.Value); ok {
			return annotate.Span(p.ResponseLine(i), part.At, part.At+len(part.Text)), true
		}
	}
	return at, false
}

// vendorFields returns the fields that show codes of a kind.
func vendorFields(kind annotate.VendorKind) (names []exchange.Name) {
	var seen exchange.NameMask
	for _, v := range annotate.Vendors() {
		for _, c := range v.Codes {
			if c.Kind == kind && c.Field != 0 && !seen.Has(c.Field) {
				seen.Put(c.Field)
				names = append(names, c.Field)
			}
		}
	}
	return names
}

var vendorFailureExplained = &annotate.Rule{
	ID:       "vendor/failure-explained",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a gateway or platform says why the request failed",
	Refs:     []string{"RFC 9110 §15.6.3", "RFC 9110 §3.7"},
	Doc: "A CDN, load balancer or hosting platform in front of the server answered, and its status or a header of its own names the cause. " +
		"The server behind it often did not see the request, so its log has nothing about it. " +
		"The note says what the code means, who has to act, and which ID to quote when you ask.",
	Help: "look up the code in the vendor's documentation, and ask the operator of that service",
	Bad: []string{
		responded("HTTP/1.1 522 Connection Timed Out", "Server: cloudflare", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "Content-Length: 2") + "< no\n",
		responded("HTTP/1.1 502 Bad Gateway", "Server: awselb/2.0", "Content-Length: 2") + "< no\n",
		responded("HTTP/1.1 403 Forbidden", "X-Amzn-ErrorType: MissingAuthenticationTokenException", "X-Amzn-RequestId: c6af9ac6", "Content-Length: 2") + "< no\n",
		responded("HTTP/1.1 504 Gateway Timeout", "Server: Vercel", "X-Vercel-Error: FUNCTION_INVOCATION_TIMEOUT", "X-Vercel-Id: fra1::5f1a2", "Content-Length: 2") + "< no\n",
		responded("HTTP/1.1 503 Service Unavailable", "Retry-After: 60", "X-Envoy-Response-Flags: UF,URX", "Content-Length: 2") + "< no\n",
	},
	Good: []string{
		responded("HTTP/1.1 502 Bad Gateway", "Server: shop", "Content-Length: 2") + "< no\n",
		responded("HTTP/1.1 503 Service Unavailable", "Retry-After: 60", "X-Envoy-Response-Flags: -", "Content-Length: 2") + "< no\n",
		"# the response of a server behind the load balancer has that server's name\n" +
			responded("HTTP/1.1 502 Bad Gateway", "Server: shop", "X-Amzn-Trace-Id: Root=1-5f1a2c-1", "Content-Length: 2") + "< no\n",
	},
	When:       annotate.When{Class: []int{4, 5}},
	Suppresses: []string{"status/unregistered", "auth/403-looks-like-unauthenticated"},
	Check:      func(p *annotate.Pass) { noteCodes(p, annotate.VendorFailure) },
}

var vendorErrorPage = &annotate.Rule{
	ID:       "vendor/error-page",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "the error page of a gateway or platform says why the request failed",
	Refs:     []string{"RFC 9110 §15.6.3", "RFC 9110 §3.7"},
	Doc: "A proxy, CDN or hosting platform in front of the server sent a page of its own. What the page says names the cause, in the words or the numbers of that product. " +
		"The server behind it often did not see the request, so its log has nothing about it. " +
		"The note says what the page means, who has to act, and which ID to quote when you ask.",
	Help: "look at the product that made the page, and at what it forwards to",
	Bad: []string{
		responded("HTTP/1.1 403 Forbidden", "Server: cloudflare", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "Content-Type: text/plain", "Content-Length: 16") + "< error code: 1020\n",
		responded("HTTP/1.1 502 Bad Gateway", "Content-Type: text/html") + "< <h1>502 Bad Gateway</h1><hr><center>nginx/1.29.1</center>\n",
		responded("HTTP/1.1 503 Service Unavailable", "Retry-After: 60", "Content-Type: text/plain") + "< upstream connect error or disconnect/reset before headers. reset reason: connection termination\n",
	},
	Good: []string{
		responded("HTTP/1.1 502 Bad Gateway", "Content-Type: text/plain", "Content-Length: 2") + "< no\n",
		"# another site's text about Cloudflare\n" + responded("HTTP/1.1 403 Forbidden", "Content-Type: text/plain") + "< error code: 1020\n",
		"# a number that only begins so\n" + responded("HTTP/1.1 403 Forbidden", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "Content-Type: text/plain") + "< error code: 10200\n",
	},
	When:       annotate.When{Class: []int{3, 4, 5}},
	Needs:      annotate.NeedsContent,
	Suppresses: []string{"vendor/failure-explained", "vendor/support-id", "auth/403-looks-like-unauthenticated"},
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		if len(r.Content.Kept) == 0 {
			return
		}
		b := r.DecodedContent().Bytes
		content := string(b[:min(len(b), vendorPageLength)])
		all := annotate.Vendors()
		for i := range all {
			v := &all[i]
			if !v.Marked(&r.Fields) {
				continue
			}
			for j := range v.Codes {
				c := &v.Codes[j]
				if c.Page == "" || c.Status != r.Status {
					continue
				}
				if start, end, ok := v.InPage(c, content); ok {
					reportCode(p, annotate.ResponseContent(start, end), v, c)
					return
				}
			}
		}
	},
}

var vendorChallenge = &annotate.Rule{
	ID:       "vendor/challenge",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a firewall answered with a test for people or browsers",
	Refs:     []string{"RFC 9110 §15.5.4"},
	Doc: "A firewall in front of the server took the client for a robot. It sent a page with a script or a CAPTCHA, which only a browser with a person can pass. " +
		"An API client can't, and the status misleads it: AWS WAF uses 202 and 405. " +
		"Don't imitate a browser: have the owner of the site exempt your client.",
	Help: "have the owner of the site exempt this client",
	Bad: []string{
		responded("HTTP/1.1 403 Forbidden", "Server: cloudflare", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "CF-Mitigated: challenge", "Content-Length: 2") + "< no\n",
		responded("HTTP/1.1 202 Accepted", "X-Amzn-Waf-Action: challenge", "Content-Length: 0"),
		responded("HTTP/1.1 405 Method Not Allowed", "X-Amzn-Waf-Action: captcha", "Content-Length: 2") + "< no\n",
		responded("HTTP/1.1 429 Too Many Requests", "Retry-After: 60", "Server: Vercel", "X-Vercel-Mitigated: challenge", "Content-Length: 2") + "< no\n",
	},
	Good: []string{
		responded("HTTP/1.1 403 Forbidden", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "Server: cloudflare", "Content-Length: 2") + "< no\n",
		"# the method is really not allowed\n" + responded("HTTP/1.1 405 Method Not Allowed", "Allow: POST", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "Content-Length: 2") + "< no\n",
	},
	When: annotate.When{Fields: vendorFields(annotate.VendorChallenge)},
	Suppresses: []string{
		"vendor/failure-explained", "vendor/error-page", "vendor/support-id", "auth/403-looks-like-unauthenticated",
		"status/405-missing-allow", "status/202-safe-method", "status/202-missing-status-pointer",
	},
	Check: func(p *annotate.Pass) { noteCodes(p, annotate.VendorChallenge) },
}

var vendorStateExplained = &annotate.Rule{
	ID:       "vendor/state-explained",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "a CDN says what it did with the request",
	Refs:     []string{"RFC 9211 §2"},
	Doc: "CDNs tell in a header of their own whether they answered from their cache, asked the origin server, or made the response themselves. Each has its own words for it. " +
		"The note puts them in plain ones. It comes once for each host and word.",
	Help: "read the note: it says whether the origin server saw the request",
	Bad: []string{
		answered("CF-Cache-Status: DYNAMIC", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "Cache-Control: no-cache"),
		answered("X-Cache: FunctionGeneratedResponse from cloudfront", "X-Amz-Cf-Id: WUPG3HPHDNofLc", "Cache-Control: no-cache"),
		answered("X-Cache: CONFIG_NOCACHE", "X-Azure-Ref: 0gQ4CZQAAAAD", "Cache-Control: no-cache"),
	},
	Good: []string{
		answered("X-Cache: MISS", "Cache-Control: no-cache"),
		"# no word of CloudFront's\n" + answered("X-Cache: Miss from cloudfront", "X-Amz-Cf-Id: WUPG3HPHDNofLc", "Cache-Control: no-cache"),
	},
	When: annotate.When{Fields: vendorFields(annotate.VendorState)},
	Once: func(x *exchange.Exchange) string {
		f := &x.Response.Fields
		return strings.Join([]string{siteKey(x), f.Value(exchange.FieldCFCacheStatus), f.Value(exchange.FieldXCache), f.Value(exchange.FieldXVercelCache)}, " ")
	},
	Check: func(p *annotate.Pass) { noteCodes(p, annotate.VendorState) },
}

var vendorSupportID = &annotate.Rule{
	ID:       "vendor/support-id",
	Severity: annotate.Info,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "an error came through a service that can look it up by an ID",
	Refs:     []string{"RFC 9110 §3.7"},
	Doc: "The response passed a CDN, gateway or platform that numbers each request. One exchange can't show whether that service or the server behind it made the error. " +
		"With the ID, its operator finds the request in the logs and can tell.",
	Help: "quote the ID when you report the error",
	Bad: []string{
		responded("HTTP/1.1 500 Internal Server Error", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "Content-Length: 2") + "< no\n",
		responded("HTTP/1.1 500 Internal Server Error", "Server: AmazonS3", "X-Amz-Request-Id: 79104E", "X-Amz-Id-2: vlR7Pnp=", "Content-Length: 2") + "< no\n",
	},
	Good: []string{
		responded("HTTP/1.1 500 Internal Server Error", "X-Request-ID: 7", "Content-Length: 2") + "< no\n",
		"# the client's own fault\n" + responded("HTTP/1.1 404 Not Found", "CF-Ray: 88a1f2b3c4d5e6f7-FRA", "Content-Length: 2") + "< no\n",
	},
	When: annotate.When{Status: []int{403, 500, 501, 502, 503, 504, 505, 508, 520, 521, 522, 523, 524, 525, 526, 530, 561}},
	Check: func(p *annotate.Pass) {
		for _, n := range p.Notes() {
			if n.Rule == vendorFailureExplained || n.Rule == vendorChallenge {
				return
			}
		}
		f := &p.X.Response.Fields
		all := annotate.Vendors()
		for i := range all {
			v := &all[i]
			if len(v.Marks) == 0 || !v.Marked(f) {
				continue
			}
			if quote := v.Quote(f); quote != "" {
				p.NoteHelp(idPlace(p, v), "quote "+quote+" to "+v.Ask, "the response came through %s, which may have made the error itself", v.Name)
				return
			}
		}
	},
}

// idPlace is the field by which a vendor's people find a request.
func idPlace(p *annotate.Pass, v *annotate.Vendor) exchange.Place {
	for _, n := range v.IDs {
		if p.X.Response.Fields.Has(n) {
			return p.ResponseField(n)
		}
	}
	return p.StatusLine()
}
