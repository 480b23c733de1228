package rules

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// securityHSTSRules lists the rules on Strict-Transport-Security (RFC 6797).
func securityHSTSRules() []*annotate.Rule {
	return []*annotate.Rule{
		securityHSTSMissing,
		securityHSTSOverHTTP,
		securityHSTSRepeated,
		securityHSTSInvalid,
		securityHSTSMissingMaxAge,
		securityHSTSDuplicateDirective,
		securityHSTSDisabled,
		securityHSTSWeak,
		securityHSTSPreloadUnsuitable,
	}
}

func whenHSTS() annotate.When {
	return annotate.When{Fields: []exchange.Name{exchange.FieldStrictTransportSecurity}}
}

// shortHSTS is a lifetime, 30 days in seconds, under which rare visitors are
// not protected.
const shortHSTS = 2_592_000

// hstsOf reads the first Strict-Transport-Security of an https response, the
// only one that counts; ok is false where there is none that counts.
func hstsOf(x *exchange.Exchange) (h field.HSTS, ok bool) {
	if x.Scheme != "https" {
		return h, false
	}
	return field.ParseHSTS(x.Response.Fields.Value(exchange.FieldStrictTransportSecurity)), true
}

// hstsAnswer is an example: an answer over https with these lines.
func hstsAnswer(values ...string) string {
	var b strings.Builder
	b.WriteString("* scheme https\n> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 200 OK\n")
	for _, v := range values {
		b.WriteString("< Strict-Transport-Security: " + v + "\n")
	}
	b.WriteString("< Content-Type: application/json\n< Content-Length: 2\n<\n< {}\n")
	return b.String()
}

var securityHSTSMissing = &annotate.Rule{
	ID:       "security/hsts-missing",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the host does not send Strict-Transport-Security",
	Refs:     []string{"RFC 6797 §7.1", "RFC 6797 §8.1.1"},
	Doc: "Without Strict-Transport-Security, the first request of a visit may use plain http, and an attacker on the way can answer it. " +
		"Start with a short max-age.",
	Help: "send Strict-Transport-Security: max-age=31536000; includeSubDomains",
	Bad:  []string{topLevelPage(hardenedWithout("Strict-Transport-Security"))},
	Good: []string{topLevelPage(hardened), strings.Replace(topLevelPage(hardenedWithout("Strict-Transport-Security")), "www.shop.example", "shop.test", 1),
		strings.Replace(topLevelPage(hardenedWithout("Strict-Transport-Security")), "www.shop.example", "192.0.2.7", 1)},
	When:         annotate.When{Status: []int{200}, Methods: []string{"GET"}, Fields: []exchange.Name{exchange.FieldContentType}},
	Needs:        annotate.NeedsTLS,
	Once:         hostKey,
	OffByDefault: true,
	Check: func(p *annotate.Pass) {
		if p.X.Response.Fields.Has(exchange.FieldStrictTransportSecurity) || !isTopLevelDocument(p.X) {
			return
		}
		host := p.X.Host()
		if _, isAddress := parseAddress(host); isAddress || isTrustworthyHost(host) || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".test") {
			return
		}
		p.Note(p.ResponseField(exchange.FieldStrictTransportSecurity), "%s doesn't tell browsers to use only https", quoted(host))
	},
}

var securityHSTSOverHTTP = &annotate.Rule{
	ID:       "security/hsts-over-http",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Strict-Transport-Security over plain http",
	Refs:     []string{"RFC 6797 §7.2", "RFC 6797 §8.1"},
	Doc: "The header must not be sent over http, and browsers ignore it there, because anyone on the way could have added it. " +
		"Redirect to https and send it there.",
	Help: "send the header only in https responses",
	Bad:  []string{strings.Replace(hstsAnswer("max-age=31536000"), "scheme https", "scheme http", 1)},
	Good: []string{hstsAnswer("max-age=31536000"), strings.Replace(strings.Replace(hstsAnswer("max-age=31536000"), "scheme https", "scheme http", 1), "api.shop.test", "localhost:8080", 1),
		"# TLS ends before\n" + strings.Replace(strings.Replace(hstsAnswer("max-age=31536000"), "scheme https", "scheme http", 1), "\n>\n", "\n> X-Forwarded-Proto: https\n>\n", 1)},
	Once: hostKey,
	When: whenHSTS(),
	Check: func(p *annotate.Pass) {
		if p.X.Scheme == "http" && !isTrustworthyHost(p.X.Host()) && !tlsEndedBefore(p.X) {
			p.Note(p.ResponseField(exchange.FieldStrictTransportSecurity), "Strict-Transport-Security came over plain http; browsers ignore it there")
		}
	},
}

var securityHSTSRepeated = &annotate.Rule{
	ID:       "security/hsts-repeated",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "Strict-Transport-Security is repeated",
	Refs:     []string{"RFC 6797 §7.1", "RFC 6797 §8.1"},
	Doc:      "A response must have one such line, and browsers use only the first. Usually both the application and a proxy add the header.",
	Help:     "let one layer send the header",
	Bad:      []string{hstsAnswer("max-age=31536000", "max-age=60"), hstsAnswer("max-age=31536000", "max-age=31536000")},
	Good:     []string{hstsAnswer("max-age=31536000")},
	Once:     hostKey,
	When:     whenHSTS(),
	Check: func(p *annotate.Pass) {
		if p.X.Scheme != "https" {
			return
		}
		seen := 0
		for i := range p.X.Response.Fields.Each(exchange.FieldStrictTransportSecurity) {
			if seen++; seen == 2 {
				p.Note(p.ResponseLine(i), "Strict-Transport-Security has %d lines; browsers use only the first", p.X.Response.Fields.Count(exchange.FieldStrictTransportSecurity))
				return
			}
		}
	},
}

var securityHSTSInvalid = &annotate.Rule{
	ID:       "security/hsts-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Strict-Transport-Security can't be parsed",
	Refs:     []string{"RFC 6797 §6.1", "RFC 6797 §8.1"},
	Doc: "The value is a list of directives with semicolons between them: max-age with a number of seconds, and includeSubDomains without a value. " +
		"Browsers ignore a malformed header, so the host isn't protected.",
	Help: "send Strict-Transport-Security: max-age=31536000; includeSubDomains",
	Bad:  []string{hstsAnswer("max-age=31536000, includeSubDomains"), hstsAnswer(""), hstsAnswer("max-age=1y"), hstsAnswer("max-age=31536000; includeSubDomains=true")},
	Good: []string{hstsAnswer(`MAX-AGE="31536000"; INCLUDESUBDOMAINS;; x=y;`)},
	Once: hostKey,
	When: annotate.When{Fields: []exchange.Name{exchange.FieldStrictTransportSecurity}, If: []*annotate.Condition{ifWeakHSTS}},
	Check: func(p *annotate.Pass) {
		h, ok := hstsOf(p.X)
		if !ok || h.Err == nil {
			return
		}
		i := p.X.Response.Fields.Index(exchange.FieldStrictTransportSecurity)
		p.Note(annotate.Span(p.ResponseLine(i), h.Err.At, len(p.X.Response.Fields.At(i).Value)), "Strict-Transport-Security can't be parsed, so browsers ignore it: %s at byte %d", h.Err.What, h.Err.At+1)
	},
}

var securityHSTSMissingMaxAge = &annotate.Rule{
	ID:       "security/hsts-missing-max-age",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Strict-Transport-Security has no max-age",
	Refs:     []string{"RFC 6797 §6.1.1"},
	Doc:      "max-age is required. Without it browsers ignore the header.",
	Help:     "add max-age=31536000",
	Bad:      []string{hstsAnswer("includeSubDomains")},
	Good:     []string{hstsAnswer("max-age=31536000; includeSubDomains")},
	Once:     hostKey,
	When:     whenHSTS(),
	Check: func(p *annotate.Pass) {
		if field.HasPrefixFold(p.X.Response.Fields.Value(exchange.FieldStrictTransportSecurity), "max-age") {
			return
		}
		if h, ok := hstsOf(p.X); ok && h.Err == nil && !h.HasMaxAge {
			p.Note(p.ResponseField(exchange.FieldStrictTransportSecurity), "Strict-Transport-Security has no max-age, so browsers ignore it")
		}
	},
}

var securityHSTSDuplicateDirective = &annotate.Rule{
	ID:       "security/hsts-duplicate-directive",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Strict-Transport-Security has a directive twice",
	Refs:     []string{"RFC 6797 §6.1"},
	Doc:      "Each directive may occur once. Some clients use the first, some the last, and some ignore the header.",
	Help:     "send each directive once",
	Bad:      []string{hstsAnswer("max-age=31536000; max-age=31536000")},
	Good:     []string{hstsAnswer("max-age=31536000; includeSubDomains; preload")},
	Once:     hostKey,
	When:     whenHSTS(),
	Check: func(p *annotate.Pass) {
		// A repeated directive takes a semicolon.
		if strings.IndexByte(p.X.Response.Fields.Value(exchange.FieldStrictTransportSecurity), ';') < 0 {
			return
		}
		if h, ok := hstsOf(p.X); ok && h.Err == nil && h.Duplicate.Text != "" {
			p.Note(annotate.Span(p.ResponseField(exchange.FieldStrictTransportSecurity), h.Duplicate.At, h.Duplicate.End()), "Strict-Transport-Security has %s after a directive of the same name", quoted(h.Duplicate.Text))
		}
	},
}

var securityHSTSDisabled = &annotate.Rule{
	ID:       "security/hsts-disabled",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "max-age=0 turns Strict-Transport-Security off",
	Refs:     []string{"RFC 6797 §6.1.1"},
	Doc:      "max-age=0 tells browsers to forget that the host requires https. That is right if you go back to http. Otherwise it removes a protection.",
	Help:     "send max-age=31536000, unless http should work again",
	Bad:      []string{hstsAnswer("max-age=0")},
	Good:     []string{hstsAnswer("max-age=31536000")},
	Once:     hostKey,
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldStrictTransportSecurity}, If: []*annotate.Condition{ifWeakHSTS}},
	Check: func(p *annotate.Pass) {
		if h, ok := hstsOf(p.X); ok && h.Err == nil && h.HasMaxAge && h.MaxAge == 0 {
			p.Note(annotate.Span(p.ResponseField(exchange.FieldStrictTransportSecurity), h.MaxAgeAt.At, h.MaxAgeAt.End()), "max-age is 0, so browsers forget that the host requires https")
		}
	},
}

var securityHSTSWeak = &annotate.Rule{
	ID:       "security/hsts-weak",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Strict-Transport-Security protects only for a short time, or only a part of the domain",
	Refs:     []string{"RFC 6797 §11.2", "RFC 6797 §14.4"},
	Doc: "With a max-age under 30 days, people who visit less often aren't protected. " +
		"Without includeSubDomains on the domain itself, an attacker can set cookies for it from a subdomain over http. A short time is right while you test.",
	Help: "send max-age=31536000; includeSubDomains once all subdomains have https",
	Bad:  []string{hstsAnswer("max-age=3600"), strings.Replace(hstsAnswer("max-age=31536000"), "api.shop.test", "www.shop.test", 1)},
	Good: []string{hstsAnswer("max-age=2592000"), strings.Replace(hstsAnswer("max-age=31536000; includeSubDomains"), "api.shop.test", "shop.test", 1)},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldStrictTransportSecurity}, If: []*annotate.Condition{ifWeakHSTS}},
	Once: hostKey,
	Check: func(p *annotate.Pass) {
		h, ok := hstsOf(p.X)
		if !ok || h.Err != nil || h.MaxAge <= 0 {
			return
		}
		at := annotate.Span(p.ResponseField(exchange.FieldStrictTransportSecurity), h.MaxAgeAt.At, h.MaxAgeAt.End())
		switch {
		case h.MaxAge < shortHSTS:
			p.Note(at, "max-age is %s; under 30 days, rare visitors aren't protected", inWords(h.MaxAge))
		case !h.IncludeSubDomains && isDomainItself(p.X.Authority):
			p.Note(at, "Strict-Transport-Security of %s lacks includeSubDomains", quoted(p.X.Host()))
		}
	},
}

// isDomainItself reports whether an authority is a registrable domain or its
// www host.
func isDomainItself(authority string) bool {
	host, _ := exchange.SplitAuthority(authority)
	if field.HasPrefixFold(host, "www.") {
		host = host[len("www."):]
	}
	// The list costs an allocation, so it is asked only about what can be a
	// domain: two labels, or three with a short one in the middle as in shop.co.uk.
	first, rest, _ := strings.Cut(host, ".")
	second, third, _ := strings.Cut(rest, ".")
	if first == "" || second == "" || third != "" && (len(second) > 3 || strings.IndexByte(third, '.') >= 0) {
		return false
	}
	if _, isAddress := parseAddress(host); isAddress {
		return false
	}
	suffix, _ := publicsuffix.PublicSuffix(strings.ToLower(host))
	n := len(host) - len(suffix)
	return n > 1 && strings.IndexByte(host[:n-1], '.') < 0
}

var securityHSTSPreloadUnsuitable = &annotate.Rule{
	ID:       "security/hsts-preload-unsuitable",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Strict-Transport-Security has preload but doesn't qualify",
	Refs:     []string{"hstspreload.org"},
	Doc:      "The list in browsers accepts a domain only with a max-age of at least a year and includeSubDomains, and removes those that no longer comply.",
	Help:     "send max-age=31536000; includeSubDomains; preload, or remove preload",
	Bad:      []string{hstsAnswer("max-age=31536000; preload"), hstsAnswer("max-age=2592000; includeSubDomains; preload")},
	Good:     []string{hstsAnswer("max-age=31536000; includeSubDomains; preload"), hstsAnswer("max-age=0; preload")},
	Once:     hostKey,
	When:     whenHSTS(),
	Check: func(p *annotate.Pass) {
		if field.IndexFold(p.X.Response.Fields.Value(exchange.FieldStrictTransportSecurity), "preload") < 0 {
			return
		}
		h, ok := hstsOf(p.X)
		if !ok || h.Err != nil || !h.Preload || !h.HasMaxAge || h.MaxAge == 0 {
			return
		}
		switch {
		case h.MaxAge < 31_536_000:
			p.Note(p.ResponseField(exchange.FieldStrictTransportSecurity), "preload requires a max-age of at least 31536000, but this one is %d", h.MaxAge)
		case !h.IncludeSubDomains:
			p.Note(p.ResponseField(exchange.FieldStrictTransportSecurity), "preload requires includeSubDomains")
		}
	},
}
