package rules

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// deprecatedRules lists the rules on what was given up, and on what a server
// says it will give up.
func deprecatedRules() []*annotate.Rule {
	return slices.Concat([]*annotate.Rule{
		deprecatedCacheControlIEExtensions,
		deprecatedCSPObsoleteHeader,
		deprecatedFeaturePolicyDeprecated,
		deprecatedFieldDeprecated,
		deprecatedMediaTypeDeprecated,
		deprecatedPragmaInResponse,
		deprecatedStatusDeprecatedOrReserved,
		deprecatedWarningFieldObsolete,
		deprecatedXPrefixField,
	}, deprecatedResourceRules())
}

var deprecatedCacheControlIEExtensions = &annotate.Rule{
	ID:       "deprecated/cache-control-ie-extensions",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "cache directives of an old Internet Explorer",
	Refs:     []string{"RFC 9111 §5.2.3"},
	Doc:      "pre-check and post-check were invented for Internet Explorer 5 and never registered. No cache reads them. They usually come from old PHP code.",
	Help:     "remove pre-check and post-check",
	Bad:      []string{answered("Cache-Control: no-store, post-check=0, pre-check=0")},
	Good:     []string{answered("Cache-Control: no-store")},
	When:     whenCacheControl,
	Once:     originKey,
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldCacheControl) {
			if field.IndexFold(l.Value, "-check") < 0 {
				continue
			}
			for d := range field.Directives(l.Value) {
				if d.Is("pre-check") || d.Is("post-check") {
					p.Note(annotate.Span(p.ResponseLine(i), d.At, d.End()), "Cache-Control has %s, which every cache ignores", bare(d.Text))
					return
				}
			}
		}
	},
}

var deprecatedCSPObsoleteHeader = &annotate.Rule{
	ID:       "deprecated/csp-obsolete-header",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a content security policy in a header that browsers no longer read",
	Refs:     []string{"CSP 3 §3.1"},
	Doc: "Browsers before 2013 read X-Content-Security-Policy and X-WebKit-CSP. " +
		"Current browsers only read Content-Security-Policy, so this policy has no effect. " +
		"Its syntax has changed since: test it with Content-Security-Policy-Report-Only first.",
	Help: "send the policy as Content-Security-Policy",
	Bad: []string{
		overTLS(answeredWith("text/html; charset=utf-8", "X-Content-Security-Policy: default-src 'self'", "X-Frame-Options: DENY", "X-Content-Type-Options: nosniff")),
		overTLS(answeredWith("text/html; charset=utf-8", "X-WebKit-CSP: default-src 'self'", "X-Frame-Options: DENY", "X-Content-Type-Options: nosniff")),
	},
	Good: []string{
		overTLS(answeredWith("text/html; charset=utf-8", "X-WebKit-CSP: default-src 'self'", "Content-Security-Policy: default-src 'self'")),
		answered("X-WebKit-CSP: default-src 'self'"),
	},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldXContentSecurityPolicy, exchange.FieldXWebkitCSP}},
	Suppresses: []string{
		"security/csp-missing", "deprecated/field-deprecated",
	},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if f.Has(exchange.FieldContentSecurityPolicy) || !mediaTypeOf(f).IsHTML() {
			return
		}
		n := exchange.FieldXContentSecurityPolicy
		if !f.Has(n) {
			n = exchange.FieldXWebkitCSP
		}
		p.Note(p.ResponseField(n), "the policy is only in %s, which browsers no longer read", n)
	},
}

var deprecatedFeaturePolicyDeprecated = &annotate.Rule{
	ID:       "deprecated/feature-policy-deprecated",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Feature-Policy without its successor",
	Refs:     []string{"Permissions Policy"},
	Doc: "Feature-Policy became Permissions-Policy, with another syntax. Chromium still reads the old header if the new one is missing. " +
		"Other browsers read neither.",
	Help: "send for example: Permissions-Policy: geolocation=(), camera=(self)",
	Bad:  []string{answered("Feature-Policy: geolocation 'none'")},
	Good: []string{answered("Feature-Policy: geolocation 'none'", "Permissions-Policy: geolocation=()")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldFeaturePolicy}},
	Once: originKey,
	Check: func(p *annotate.Pass) {
		if !p.X.Response.Fields.Has(exchange.FieldPermissionsPolicy) {
			p.Note(p.ResponseField(exchange.FieldFeaturePolicy), "Permissions-Policy replaced Feature-Policy, and it is missing")
		}
	},
}

// insteadOf says what takes the place of a field whose status in IANA's
// registry is obsoleted or deprecated; "" for a field that is neither, or that
// has a rule of its own.
func insteadOf(n exchange.Name) string {
	switch n {
	case exchange.FieldAcceptCharset:
		return "servers ignore it and answer in UTF-8"
	case exchange.FieldContentMD5:
		return "use Content-Digest"
	case exchange.FieldDigest:
		return "use Repr-Digest and Content-Digest"
	case exchange.FieldWantDigest:
		return "use Want-Repr-Digest and Want-Content-Digest"
	case exchange.FieldCookie2, exchange.FieldSetCookie2:
		return "no client ever read it; Cookie and Set-Cookie are used"
	case exchange.FieldExpectCT:
		return "browsers require Certificate Transparency anyway"
	case exchange.FieldP3P:
		return "browsers no longer read it"
	case exchange.FieldURI:
		return "use Location and Content-Location"
	case exchange.FieldContentID, exchange.FieldExt, exchange.FieldMan, exchange.FieldOpt, exchange.FieldMethodCheck, exchange.FieldMethodCheckExpires,
		exchange.FieldAccessControl, exchange.FieldCExt, exchange.FieldCMan, exchange.FieldCOpt, exchange.FieldCPEP, exchange.FieldCPEPInfo, exchange.FieldContentBase, exchange.FieldContentScriptType, exchange.FieldContentStyleType, exchange.FieldContentVersion, exchange.FieldDerivedFrom, exchange.FieldGetProfile, exchange.FieldPEP, exchange.FieldPEPInfo, exchange.FieldPICSLabel, exchange.FieldProfileObject, exchange.FieldProxyFeatures, exchange.FieldProxyInstruction, exchange.FieldPublic, exchange.FieldSetProfile, exchange.FieldUAColor, exchange.FieldUAMedia, exchange.FieldUAPixels, exchange.FieldUAResolution, exchange.FieldUAWindowpixels:
		return "no current software reads it"
	}
	return ""
}

// obsoleteNames are the fields that insteadOf knows.
var obsoleteNames = exchange.MaskOf(
	exchange.FieldAcceptCharset, exchange.FieldContentMD5, exchange.FieldDigest, exchange.FieldWantDigest,
	exchange.FieldCookie2, exchange.FieldSetCookie2, exchange.FieldExpectCT, exchange.FieldP3P, exchange.FieldURI,
	exchange.FieldContentID, exchange.FieldExt, exchange.FieldMan, exchange.FieldOpt, exchange.FieldMethodCheck, exchange.FieldMethodCheckExpires,
	exchange.FieldAccessControl, exchange.FieldCExt, exchange.FieldCMan, exchange.FieldCOpt, exchange.FieldCPEP, exchange.FieldCPEPInfo, exchange.FieldContentBase, exchange.FieldContentScriptType, exchange.FieldContentStyleType, exchange.FieldContentVersion, exchange.FieldDerivedFrom, exchange.FieldGetProfile, exchange.FieldPEP, exchange.FieldPEPInfo, exchange.FieldPICSLabel, exchange.FieldProfileObject, exchange.FieldProxyFeatures, exchange.FieldProxyInstruction, exchange.FieldPublic, exchange.FieldSetProfile, exchange.FieldUAColor, exchange.FieldUAMedia, exchange.FieldUAPixels, exchange.FieldUAResolution, exchange.FieldUAWindowpixels,
)

var deprecatedFieldDeprecated = &annotate.Rule{
	ID:       "deprecated/field-deprecated",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "an obsolete header",
	Refs:     []string{"RFC 9110 §16.3.1", "IANA HTTP Field Name Registry"},
	Doc:      "The registry of header names marks this header as obsoleted or deprecated. Old software may still read it, new software doesn't, so don't rely on it.",
	Help:     "remove the header, or send its successor",
	Bad: []string{
		answered("Content-MD5: ROszi1VFKTOqxAPsEM6SUQ=="),
		asked("Accept-Charset: utf-8", "User-Agent: shop-client/1.2"), answered("Content-Base: http://shop.test/"), answered("Access-Control: allow <*>"),
	},
	Good: []string{
		answered("Content-Digest: sha-256=:Jok2eyBcFs4y7UIAlCuLix4mLfxw2byfvHfElpmk8d8=:"),
		asked("Accept-Charset: utf-8, iso-8859-1;q=0.5", "User-Agent: Java/1.8.0"),
	},
	Once: func(x *exchange.Exchange) string {
		key := originKey(x)
		for _, s := range bothSides(x) {
			for _, l := range s.Fields.All() {
				if insteadOf(l.Known) != "" {
					key += " " + l.Known.String()
				}
			}
		}
		return key
	},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			if !s.Fields.HasAny(&obsoleteNames) {
				continue
			}
			for i, l := range s.Fields.All() {
				instead := insteadOf(l.Known)
				if instead == "" || s.isRequest && l.Known == exchange.FieldAcceptCharset && addsAcceptCharset(&s.Fields) {
					continue
				}
				p.Report(annotate.Note{
					Place: s.place(p, i, 0, len(l.Value)), Blame: s.blame(),
					Message: "the " + s.String() + " has " + bare(l.Name) + ", which is obsolete: " + instead,
				})
			}
		}
	},
}

// addsAcceptCharset reports whether a client is one that adds Accept-Charset
// unasked, so that nobody can leave it out.
func addsAcceptCharset(f *exchange.Fields) bool {
	agent := f.Value(exchange.FieldUserAgent)
	for _, prefix := range [...]string{"Java", "Mozilla/", "libwww-perl", "Apache-HttpClient", "okhttp", "Spring", "Jakarta"} {
		if strings.HasPrefix(agent, prefix) {
			return true
		}
	}
	return false
}

// A mediaTypeChange is a media type that IANA lists as deprecated or obsoleted.
type mediaTypeChange struct{ typ, subtype, use string }

// mediaTypeChanges are those that are still met with.
var mediaTypeChanges = [...]mediaTypeChange{
	{"application", "javascript", "text/javascript"},
	{"application", "ecmascript", "text/javascript"},
	{"application", "x-javascript", "text/javascript"},
	{"application", "x-ecmascript", "text/javascript"},
	{"text", "ecmascript", "text/javascript"},
	{"text", "javascript1.0", "text/javascript"},
	{"text", "javascript1.1", "text/javascript"},
	{"text", "javascript1.2", "text/javascript"},
	{"text", "javascript1.3", "text/javascript"},
	{"text", "javascript1.4", "text/javascript"},
	{"text", "javascript1.5", "text/javascript"},
	{"text", "jscript", "text/javascript"},
	{"text", "livescript", "text/javascript"},
	{"text", "x-javascript", "text/javascript"},
	{"text", "x-ecmascript", "text/javascript"},
	{"application", "font-woff", "font/woff"},
	{"application", "font-sfnt", "font/sfnt"},
	{"application", "vnd.ms-opentype", "font/otf"},
	{"application", "vnd.geo+json", "application/geo+json"},
	{"text", "directory", "text/vcard"},
	{"message", "news", "message/rfc822"},
	{"message", "s-http", "another type"},
	{"message", "partial", "another type"},
	{"application", "vnd.informix-visionary", "application/vnd.visionary"},
	{"application", "vnd.arastra.swi", "application/vnd.aristanetworks.swi"},
	{"audio", "vnd.qcelp", "audio/qcelp"},
}

// mediaTypeSuccessor is what is registered in the place of a type; "" for a
// type that is still right.
func mediaTypeSuccessor(t field.MediaType) string {
	for i := range mediaTypeChanges {
		if c := &mediaTypeChanges[i]; len(c.subtype) == len(t.Subtype) && t.Is(c.typ, c.subtype) {
			return c.use
		}
	}
	return ""
}

var deprecatedMediaTypeDeprecated = &annotate.Rule{
	ID:       "deprecated/media-type-deprecated",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "an obsolete media type",
	Refs:     []string{"IANA media types", "RFC 9239 §6"},
	Doc: "The registry of media types marks this type as obsoleted or deprecated, and names its successor. Browsers still know the old names. " +
		"Other software may not, and compression rules may not match.",
	Help: "send the new type",
	Bad: []string{
		answeredWith("application/javascript"),
		asPost("Content-Type: application/vnd.geo+json"),
	},
	Good: []string{answeredWith("text/javascript")},
	Once: func(x *exchange.Exchange) string {
		return originKey(x) + " " + mediaTypeOf(&x.Request.Fields).Name() + " " + mediaTypeOf(&x.Response.Fields).Name()
	},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifTyped}},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			i := s.Fields.Index(exchange.FieldContentType)
			if i < 0 {
				continue
			}
			t := field.ParseMediaType(s.Fields.At(i).Value)
			if use := mediaTypeSuccessor(t); use != "" {
				head := field.Head(t.Text)
				p.Report(annotate.Note{
					Place: s.place(p, i, head.At, head.End()), Blame: s.blame(), Help: "send " + use,
					Message: bare(head.Text) + " is obsolete in favour of " + use,
				})
			}
		}
	},
}

var deprecatedPragmaInResponse = &annotate.Rule{
	ID:       "deprecated/pragma-in-response",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Pragma in a response without Cache-Control",
	Refs:     []string{"RFC 9111 §5.4"},
	Doc: "Pragma was for requests of HTTP/1.0 and has no meaning in a response. " +
		"Without Cache-Control and Expires, the response doesn't say anything about caching, so caches may keep it for as long as they guess.",
	Help: "send Cache-Control: no-cache, or no-store",
	Bad:  []string{answered("Pragma: no-cache")},
	Good: []string{
		answered("Pragma: no-cache", "Cache-Control: no-cache"),
		answered("Pragma: no-cache", "Expires: Thu, 01 Jan 1970 00:00:00 GMT"),
		asked("Pragma: no-cache"),
	},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldPragma}},
	Once: originKey,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if !f.Has(exchange.FieldCacheControl) && !f.Has(exchange.FieldExpires) {
			p.Note(p.ResponseField(exchange.FieldPragma), "Pragma: %s has no meaning in a response, and there is no Cache-Control", bare(f.Value(exchange.FieldPragma)))
		}
	},
}

var deprecatedStatusDeprecatedOrReserved = &annotate.Rule{
	ID:       "deprecated/status-deprecated-or-reserved",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a status that is no longer used",
	Refs:     []string{"RFC 9110 §15.4.6", "RFC 9110 §15.4.7"},
	Doc: "305 told clients to use a proxy, which attackers could abuse. 306 was never used. Clients follow neither, so users see a redirect without a target. " +
		"To use a proxy, configure the client.",
	Help: "send another status; for a redirect, 302, 303, 307 or 308",
	Bad: []string{
		responded("HTTP/1.1 305 Use Proxy", "Location: http://proxy.test/", "Content-Length: 0"),
		responded("HTTP/1.1 306 Switch Proxy", "Content-Length: 0"),
	},
	Good:       []string{responded("HTTP/1.1 307 Temporary Redirect", "Location: /en/orders", "Content-Length: 0")},
	When:       annotate.When{Status: []int{305, 306}},
	Suppresses: []string{"status/unregistered", "status/unusual-for-method", "redirect/missing-location"},
	Check: func(p *annotate.Pass) {
		what := "is obsolete, and clients ignore it"
		if p.X.Response.Status == 306 {
			what = "is reserved, and clients don't know it"
		}
		p.Note(p.StatusLine(), "%d %s", p.X.Response.Status, what)
	},
}

// warnWords puts a warn-code of the field that RFC 9111 removed in words.
func warnWords(code string) string {
	switch code {
	case "110":
		return "the response is stale"
	case "111":
		return "a cache could not validate the response"
	case "112":
		return "the cache is cut off from the network"
	case "113":
		return "a cache guessed a lifetime of more than a day"
	case "199", "299":
		return "a message for people"
	case "214":
		return "a proxy changed the content"
	}
	return ""
}

var deprecatedWarningFieldObsolete = &annotate.Rule{
	ID:       "deprecated/warning-field-obsolete",
	Severity: annotate.Info,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "Warning, which no current software reads",
	Refs:     []string{"RFC 9111 §5.5"},
	Doc: "Warning was removed from HTTP, because hardly any software sent it and none used it. " +
		"Age says how old a response is, and Cache-Status what caches did with it. " +
		"To announce the end of a version, as with code 299, send Deprecation and Sunset.",
	Help: "send Cache-Status, Deprecation or Sunset instead of Warning",
	Bad: []string{
		answered(`Warning: 110 edge "Response is Stale"`),
		answered(`Warning: 299 - "version 1 ends soon"`),
	},
	Good: []string{answered("Deprecation: @1767225600", `Link: </docs/v2>; rel="deprecation"`)},
	Once: originKey,
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldWarning}},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			i := s.Fields.Index(exchange.FieldWarning)
			if i < 0 {
				continue
			}
			n := annotate.Note{Message: "no current software reads Warning"}
			value := s.Fields.At(i).Value
			n.Place = s.place(p, i, 0, len(value))
			if code, _, _ := strings.Cut(value, " "); warnWords(code) != "" {
				n.Message += "; code " + code + " meant: " + warnWords(code)
			}
			if s.isRequest {
				n.Blame = annotate.ByClient
			}
			p.Report(n)
		}
	},
}

// establishedPrefixes are how names with X- begin that everyone knows, beside
// those that sidenote itself has knowledge of.
var establishedPrefixes = [...]string{
	"X-Forwarded-", "X-Real-IP", "X-Request-ID", "X-Correlation-ID", "X-Requested-With", "X-CSRF-Token", "X-XSRF-Token", "X-Frame-Options",
	"X-Content-Type-Options", "X-XSS-Protection", "X-Powered-By", "X-Cache", "X-RateLimit-", "X-Rate-Limit-", "X-Amz-", "X-Amzn-", "X-Goog-", "X-MS-", "X-GitHub-",
}

var deprecatedXPrefixField = &annotate.Rule{
	ID:       "deprecated/x-prefix-field",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a header name that starts with X-",
	Refs:     []string{"RFC 6648 §3"},
	Doc: "X- was meant to mark experimental names. " +
		"Such names came into general use and could then no longer be changed, so new headers should have plain names from the start.",
	Help:         "choose a name without X-; start it with a word of your own if others may use it too",
	OffByDefault: true,
	Bad: []string{
		answered("X-Shop-Region: eu"),
		asked("X-Shop-Client: 7"),
	},
	Good: []string{answered("X-Request-ID: 7", "x-forwarded-for: 203.0.113.7", "X-Frame-Options: DENY", "Shop-Region: eu")},
	Once: originKey,
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			for i, l := range s.Fields.All() {
				if isNewXField(l) {
					p.Report(annotate.Note{
						Place: s.place(p, i, 0, len(l.Value)), Blame: s.blame(),
						Message: "the " + s.String() + " has " + bare(l.Name) + ", a name with X-",
					})
				}
			}
		}
	},
}

func isNewXField(l *exchange.Line) bool {
	if l.Known != 0 || len(l.Name) < 3 || l.Name[1] != '-' || l.Name[0]|0x20 != 'x' {
		return false
	}
	for _, prefix := range establishedPrefixes {
		if field.HasPrefixFold(l.Name, prefix) {
			return false
		}
	}
	return true
}
