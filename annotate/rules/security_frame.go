package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// securityFrameRules lists the rules on X-Frame-Options and
// X-Content-Type-Options.
func securityFrameRules() []*annotate.Rule {
	return []*annotate.Rule{
		securityFrameOptionsMissing,
		securityFrameOptionsInvalid,
		securityFrameOptionsRepeated,
		securityNosniffMissing,
		securityNosniffInvalid,
		securityHTMLOnlyFieldOnNonHTML,
	}
}

// frameOptions is the X-Frame-Options that browsers act on, as it stands; ""
// where there is none that they understand.
func frameOptions(x *exchange.Exchange) string {
	value, several := frameOptionsValue(x)
	if several || !field.EqualFold(value, "DENY") && !field.EqualFold(value, "SAMEORIGIN") {
		return ""
	}
	return value
}

// frameOptionsValue is the one value of X-Frame-Options, equal ones taken as
// one; several says that there are different ones (HTML §7.7).
func frameOptionsValue(x *exchange.Exchange) (value string, several bool) {
	for _, l := range x.Response.Fields.Each(exchange.FieldXFrameOptions) {
		for rest, more := l.Value, true; more; {
			var v string
			v, rest, more = strings.Cut(rest, ",")
			if v = field.TrimOWS(v); v == "" {
				continue
			}
			if value != "" && !field.EqualFold(v, value) {
				return value, true
			}
			value = v
		}
	}
	return value, false
}

var securityFrameOptionsMissing = &annotate.Rule{
	ID:       "security/frame-options-missing",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "any site can show the page in a frame",
	Refs:     []string{"HTML §7.7", "CSP 3 §6.4.2"},
	Doc: "Another site can show the page in an invisible frame and trick users into clicking on it. " +
		"frame-ancestors in Content-Security-Policy says which sites may. X-Frame-Options is the older way. Neither works in a meta element.",
	Help:         "send Content-Security-Policy: frame-ancestors 'none' (or 'self')",
	Bad:          []string{topLevelPage(strings.Replace(hardened, "default-src 'self'; form-action 'self'; frame-ancestors 'none'", "img-src 'self'", 1))},
	Good:         []string{topLevelPage(hardened), topLevelPage(strings.Replace(hardened, "default-src 'self'; form-action 'self'; frame-ancestors 'none'", "img-src 'self'", 1) + "\nX-Frame-Options: sameorigin"), securePage("")},
	When:         annotate.When{Status: []int{200}, Methods: []string{"GET"}, Fields: []exchange.Name{exchange.FieldContentType}},
	Once:         originKey,
	OffByDefault: true,
	Check: func(p *annotate.Pass) {
		// Where the field is there and wrong, its own rules speak.
		if !p.X.Response.Fields.Has(exchange.FieldXFrameOptions) && isTopLevelDocument(p.X) && !enforcedDirective(p, "frame-ancestors") {
			p.Note(p.ResponseField(exchange.FieldXFrameOptions), "the page has no frame-ancestors and no X-Frame-Options, so any site can show it in a frame")
		}
	},
}

var securityFrameOptionsInvalid = &annotate.Rule{
	ID:       "security/frame-options-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "X-Frame-Options has an unknown value",
	Refs:     []string{"HTML §7.7"},
	Doc:      "The valid values are DENY and SAMEORIGIN. Browsers ignore anything else, such as ALLOW-FROM, so any site can show the page in a frame.",
	Help:     "send X-Frame-Options: DENY or SAMEORIGIN; to allow certain sites, Content-Security-Policy: frame-ancestors https://site.example",
	Bad:      []string{securePage("X-Frame-Options: ALLOW-FROM https://partner.test"), securePage("X-Frame-Options: DENY;"), securePage("X-Frame-Options: ALLOWALL\nX-Frame-Options: allowall")},
	Good: []string{securePage("X-Frame-Options: deny"), securePage("X-Frame-Options: ALLOWALL\nContent-Security-Policy: frame-ancestors *"),
		"# content of another kind\n" + disclosing("X-Frame-Options: ALLOWALL")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldXFrameOptions}},
	Check: func(p *annotate.Pass) {
		value, several := frameOptionsValue(p.X)
		if several || !mediaTypeOf(&p.X.Response.Fields).IsHTML() || frameOptions(p.X) != "" || enforcedDirective(p, "frame-ancestors") {
			return
		}
		p.Note(p.ResponseField(exchange.FieldXFrameOptions), "X-Frame-Options is %s, which browsers ignore; valid are DENY and SAMEORIGIN", quoted(value))
	},
}

var securityFrameOptionsRepeated = &annotate.Rule{
	ID:       "security/frame-options-repeated",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "X-Frame-Options has different values",
	Refs:     []string{"HTML §7.7"},
	Doc: "If there are several different values, browsers refuse all frames, even if one value allows them. " +
		"If they know none of the values, they ignore the header. Usually both the application and a proxy add it.",
	Help: "send one value",
	Bad:  []string{securePage("X-Frame-Options: DENY\nX-Frame-Options: SAMEORIGIN"), securePage("X-Frame-Options: SAMEORIGIN, ALLOWALL")},
	Good: []string{securePage("X-Frame-Options: DENY\nX-Frame-Options: deny"), securePage("X-Frame-Options: DENY, SAMEORIGIN\nContent-Security-Policy: frame-ancestors 'self'")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldXFrameOptions}},
	Check: func(p *annotate.Pass) {
		if _, several := frameOptionsValue(p.X); several && !enforcedDirective(p, "frame-ancestors") {
			p.Note(p.ResponseField(exchange.FieldXFrameOptions), "X-Frame-Options is %s: browsers refuse every frame, or ignore the header if they know none of these", quoted(p.X.Response.Fields.Combined(exchange.FieldXFrameOptions)))
		}
	},
}

// isNosniff reports whether X-Content-Type-Options says nosniff (Fetch §3.6).
func isNosniff(f *exchange.Fields) bool {
	first, _, _ := strings.Cut(f.Value(exchange.FieldXContentTypeOptions), ",")
	return field.EqualFold(field.TrimOWS(first), "nosniff")
}

var securityNosniffMissing = &annotate.Rule{
	ID:       "security/nosniff-missing",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "browsers may guess the type of the content",
	Refs:     []string{"Fetch §3.6"},
	Doc: "Without X-Content-Type-Options: nosniff, browsers accept a script or a style sheet with any Content-Type. " +
		"Then a file that a user uploaded can run as a script.",
	Help:         "send X-Content-Type-Options: nosniff",
	Bad:          []string{topLevelPage(hardenedWithout("X-Content-Type-Options"))},
	Good:         []string{topLevelPage(hardened), securePage("")},
	When:         annotate.When{Status: []int{200}, Fields: []exchange.Name{exchange.FieldContentType}},
	Once:         originKey,
	OffByDefault: true,
	Check: func(p *annotate.Pass) {
		if p.X.Response.Fields.Has(exchange.FieldXContentTypeOptions) {
			return // security/nosniff-invalid
		}
		dest := p.X.Request.Fields.Value(exchange.FieldSecFetchDest)
		if p.X.Scheme == "https" && (dest == "script" || dest == "style") || isTopLevelDocument(p.X) {
			p.Note(p.ResponseField(exchange.FieldXContentTypeOptions), "the response lacks X-Content-Type-Options: nosniff")
		}
	},
}

var securityNosniffInvalid = &annotate.Rule{
	ID:       "security/nosniff-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "X-Content-Type-Options isn't nosniff",
	Refs:     []string{"Fetch §3.6"},
	Doc:      "nosniff is the only valid value. Browsers read the first value before a comma. With any other they guess the type as if the header were missing.",
	Help:     "send X-Content-Type-Options: nosniff",
	Bad:      []string{securePage("X-Content-Type-Options: sniff"), securePage("X-Content-Type-Options: nosniff;"), securePage("X-Content-Type-Options:")},
	Good:     []string{securePage("X-Content-Type-Options: NoSniff"), securePage("X-Content-Type-Options: nosniff\nX-Content-Type-Options: nosniff"), securePage("X-Content-Type-Options: nosniff, x")},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldXContentTypeOptions}},
	Check: func(p *annotate.Pass) {
		if f := &p.X.Response.Fields; !isNosniff(f) {
			p.Note(p.ResponseField(exchange.FieldXContentTypeOptions), "X-Content-Type-Options is %s, which browsers ignore; the only valid value is nosniff", quoted(f.Value(exchange.FieldXContentTypeOptions)))
		}
	},
}

var securityHTMLOnlyFieldOnNonHTML = &annotate.Rule{
	ID:       "security/html-only-field-on-non-html",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a header for pages is on another type",
	Refs:     []string{"practice"},
	Doc:      "The header protects pages. On an image, a font, sound, video or a style sheet it has no effect and costs bytes in each response.",
	Help:     "send the header only with pages",
	Bad:      []string{strings.Replace(securePageWith("X-Frame-Options: DENY", "abc"), "text/html", "image/png", 1), strings.Replace(securePage("Content-Security-Policy: default-src 'self'"), "text/html", "text/css", 1)},
	Good: []string{strings.Replace(securePage("X-Frame-Options: DENY"), "text/html", "image/svg+xml", 1), strings.Replace(securePage("Content-Security-Policy: default-src 'self'"), "text/html", "text/javascript", 1),
		strings.Replace(strings.Replace(securePageWith("X-Frame-Options: DENY", "abc"), "text/html", "image/png", 1), "200 OK", "404 Not Found", 1)},
	When: annotate.When{Status: []int{200}, Fields: []exchange.Name{
		exchange.FieldContentSecurityPolicy, exchange.FieldXFrameOptions, exchange.FieldPermissionsPolicy, exchange.FieldReferrerPolicy,
	}},
	Once: originKey,
	Check: func(p *annotate.Pass) {
		t := mediaTypeOf(&p.X.Response.Fields)
		if !t.Is("text", "css") && !field.EqualFold(t.Type, "font") && !field.EqualFold(t.Type, "audio") && !field.EqualFold(t.Type, "video") &&
			(!field.EqualFold(t.Type, "image") || field.HasPrefixFold(t.Subtype, "svg")) {
			return
		}
		for _, n := range [...]exchange.Name{exchange.FieldContentSecurityPolicy, exchange.FieldXFrameOptions, exchange.FieldPermissionsPolicy, exchange.FieldReferrerPolicy} {
			// A style sheet can have a referrer policy for what it loads.
			if p.X.Response.Fields.Has(n) && (n != exchange.FieldReferrerPolicy || !t.Is("text", "css")) {
				p.Note(p.ResponseField(n), "%s has no effect on %s", n, quoted(t.Name()))
				return
			}
		}
	},
}
