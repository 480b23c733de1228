package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// securityPolicyRules lists the rules on further policies of a document, and
// on Fetch metadata.
func securityPolicyRules() []*annotate.Rule {
	return []*annotate.Rule{
		securityClearSiteDataInvalid,
		securityCrossOriginPolicyInvalid,
		securityPermissionsPolicyInvalid,
		securityPermissionsPolicyWildcard,
		securityReferrerPolicyInvalid,
		securityReferrerPolicyUnsafe,
		securitySpeculationRulesInsecure,
		securityFetchMetadataInvalid,
	}
}

var securityClearSiteDataInvalid = &annotate.Rule{
	ID:       "security/clear-site-data-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Clear-Site-Data clears nothing",
	Refs:     []string{"Clear Site Data §3.1"},
	Doc: "The value is a list of names in double quotes. Browsers skip names without quotes and unknown names. " +
		"They then clear nothing, and after a logout everything is still there.",
	Help: `send Clear-Site-Data: "cache", "cookies", "storage"`,
	Bad:  []string{securePage("Clear-Site-Data: cookies"), securePage("Clear-Site-Data:"), securePage(`Clear-Site-Data: "sessions"`)},
	Good: []string{securePage(`Clear-Site-Data: "cookies", "new-type"`), securePage(`Clear-Site-Data: "*"`)},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldClearSiteData}},
	Check: func(p *annotate.Pass) {
		known := false
		for i, l := range p.X.Response.Fields.Each(exchange.FieldClearSiteData) {
			for m := range field.List(l.Value) {
				if !field.IsQuoted(m.Text) {
					p.Note(annotate.Span(p.ResponseLine(i), m.At, m.End()), "Clear-Site-Data has %s without double quotes, which browsers skip", quoted(m.Text))
					return
				}
				switch field.Unquote(m.Text) {
				case "cache", "cookies", "storage", "executionContexts", "clientHints", "prefetchCache", "prerenderCache", "*":
					known = true
				}
			}
		}
		if !known {
			p.Note(p.ResponseField(exchange.FieldClearSiteData), "Clear-Site-Data is %s, which has no type that browsers know", quoted(p.X.Response.Fields.Combined(exchange.FieldClearSiteData)))
		}
	},
}

// crossOriginPolicies are the policies on isolation and the tokens that
// browsers know for each.
var crossOriginPolicies = [...]struct {
	name   exchange.Name
	tokens []string
}{
	{exchange.FieldCrossOriginEmbedderPolicy, []string{"unsafe-none", "require-corp", "credentialless"}},
	{exchange.FieldCrossOriginEmbedderPolicyReportOnly, []string{"unsafe-none", "require-corp", "credentialless"}},
	{exchange.FieldDocumentIsolationPolicy, []string{"none", "isolate-and-require-corp", "isolate-and-credentialless"}},
	{exchange.FieldDocumentIsolationPolicyReportOnly, []string{"none", "isolate-and-require-corp", "isolate-and-credentialless"}},
	{exchange.FieldCrossOriginOpenerPolicy, []string{"unsafe-none", "same-origin", "same-origin-allow-popups", "noopener-allow-popups"}},
	{exchange.FieldCrossOriginOpenerPolicyReportOnly, []string{"unsafe-none", "same-origin", "same-origin-allow-popups", "noopener-allow-popups"}},
}

var securityCrossOriginPolicyInvalid = &annotate.Rule{
	ID:       "security/cross-origin-policy-invalid",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a Cross-Origin policy has an unknown value",
	Refs:     []string{"HTML §7.1.3", "HTML §7.1.4", "Fetch §3.7"},
	Doc:      "Upper and lower case matter in these values. Browsers ignore an unknown one, so the page isn't isolated, or the resource isn't protected.",
	Help:     "send Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp, Cross-Origin-Resource-Policy: same-site, or another known value",
	Bad:      []string{securePage("Cross-Origin-Opener-Policy: same-site"), securePage("Cross-Origin-Embedder-Policy: Require-Corp"), securePage("Cross-Origin-Resource-Policy: Same-Origin")},
	Good:     []string{securePage("Cross-Origin-Opener-Policy: same-origin; report-to=\"x\"\nCross-Origin-Embedder-Policy: credentialless\nCross-Origin-Resource-Policy: cross-origin\nReporting-Endpoints: x=\"/r\"")},
	When: annotate.When{Fields: []exchange.Name{
		exchange.FieldCrossOriginEmbedderPolicy, exchange.FieldCrossOriginEmbedderPolicyReportOnly, exchange.FieldCrossOriginOpenerPolicy,
		exchange.FieldCrossOriginOpenerPolicyReportOnly, exchange.FieldCrossOriginResourcePolicy,
		exchange.FieldDocumentIsolationPolicy, exchange.FieldDocumentIsolationPolicyReportOnly,
	}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		for i := range crossOriginPolicies {
			c := &crossOriginPolicies[i]
			if f.Has(c.name) {
				noteUnknownToken(p, c.name, c.tokens)
			}
		}
		const resource = exchange.FieldCrossOriginResourcePolicy
		if v := f.Combined(resource); f.Has(resource) && v != "same-origin" && v != "same-site" && v != "cross-origin" {
			p.Note(p.ResponseField(resource), "Cross-Origin-Resource-Policy is %s, which browsers ignore", quoted(v))
		}
	},
}

// noteUnknownToken reports an Item whose token is none of those known. What is
// no token, or cannot be read, has its own rule.
func noteUnknownToken(p *annotate.Pass, n exchange.Name, known []string) {
	i := p.X.Response.Fields.Index(n)
	s, err := field.ParseStructured(p.X.Response.Fields.Combined(n), field.StructuredItem)
	if err != nil {
		return
	}
	item, ok := s.Item()
	if !ok || item.Type != field.Token {
		return
	}
	for _, k := range known {
		if item.Text == k {
			return
		}
	}
	p.Note(annotate.Span(p.ResponseLine(i), item.At, item.End()), "%s is %s, which browsers ignore", n, quoted(item.Text))
}

var securityPermissionsPolicyInvalid = &annotate.Rule{
	ID:       "security/permissions-policy-invalid",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Permissions-Policy lists something that isn't an origin",
	Refs:     []string{"Permissions Policy §5.2"},
	Doc: "The value of a feature is *, self, or a list in parentheses of self and origins in double quotes. " +
		"Browsers skip anything else, so fewer or other origins than intended get the feature.",
	Help: `send Permissions-Policy: camera=(), geolocation=(self "https://maps.example")`,
	Bad:  []string{securePage("Permissions-Policy: camera=none"), securePage(`Permissions-Policy: camera=(self src)`), securePage(`Permissions-Policy: camera=("maps.test")`), securePage("Permissions-Policy: camera")},
	Good: []string{securePage(`Permissions-Policy: camera=(), made-up=self, geolocation=(self "https://maps.test"), fullscreen=*;report-to=x, usb=("https://*.shop.test")` + "\nReporting-Endpoints: x=\"/r\"")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldPermissionsPolicy}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldPermissionsPolicy) {
			s, err := field.ParseStructured(l.Value, field.StructuredDictionary)
			if err != nil {
				continue
			}
			for m := range s.Members() {
				if b, ok := badAllowance(m); ok {
					at := annotate.Span(p.ResponseLine(i), b.At, b.End())
					if b.Text == "" {
						at = annotate.Span(p.ResponseLine(i), m.KeyAt, m.KeyAt+len(m.Key))
					}
					p.Note(at, "the feature %s is for %s; it must be *, self or an origin in double quotes", quoted(m.Key), bare(shownAllowance(b)))
				}
			}
		}
	},
}

func shownAllowance(b field.Bare) string {
	if b.Text == "" {
		return "nothing"
	}
	return b.Text
}

// badAllowance finds the first part of a feature's value that browsers skip.
func badAllowance(m field.Member) (bad field.Bare, ok bool) {
	if m.Type != field.InnerList {
		return m.Bare, !isAllowance(m.Bare)
	}
	for item := range m.Items() {
		if !isAllowance(item.Bare) {
			return item.Bare, true
		}
	}
	return bad, false
}

func isAllowance(b field.Bare) bool {
	switch b.Type {
	case field.Token:
		return b.Text == "*" || b.Text == "self"
	case field.String:
		u, _ := field.ParseURI(b.Content())
		return u.Scheme != "" && u.HasAuthority
	}
	return false
}

var securityPermissionsPolicyWildcard = &annotate.Rule{
	ID:       "security/permissions-policy-wildcard",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Permissions-Policy allows a sensitive feature in every frame",
	Refs:     []string{"Permissions Policy §5.2", "Permissions Policy §4.8"},
	Doc:      "By default, only the page's own origin may use the feature. With *, each embedded frame may get it too, advertisements included.",
	Help:     "name the origins that need the feature, or use self or ()",
	Bad:      []string{securePage("Permissions-Policy: camera=*, geolocation=(*)")},
	Good:     []string{securePage("Permissions-Policy: camera=self, fullscreen=*, picture-in-picture=*")},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldPermissionsPolicy}},
	Once:     originKey,
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldPermissionsPolicy) {
			s, err := field.ParseStructured(l.Value, field.StructuredDictionary)
			if err != nil {
				continue
			}
			for m := range s.Members() {
				if isSensitiveFeature(m.Key) && allowsAll(m) {
					p.Note(annotate.Span(p.ResponseLine(i), m.KeyAt, max(m.End(), m.KeyAt+len(m.Key))), "every frame may use the feature %s", quoted(m.Key))
				}
			}
		}
	},
}

func allowsAll(m field.Member) bool {
	for item := range m.Items() {
		if item.Type == field.Token && item.Text == "*" {
			return true
		}
	}
	return m.Type == field.Token && m.Text == "*"
}

// isSensitiveFeature knows the features whose default is the page's own origin
// and that reach the user's devices, place or money.
func isSensitiveFeature(name string) bool {
	switch name {
	case "camera", "microphone", "geolocation", "display-capture", "payment", "usb", "serial", "hid", "bluetooth", "midi",
		"publickey-credentials-get", "publickey-credentials-create", "identity-credentials-get", "otp-credentials", "screen-wake-lock",
		"accelerometer", "gyroscope", "magnetometer", "local-fonts", "window-management", "idle-detection", "clipboard-read", "local-network-access":
		return true
	}
	return false
}

// isReferrerPolicy knows the policies of W3C Referrer Policy §3.
func isReferrerPolicy(s string) bool {
	return foldIn([]string{"no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
		"origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url"}, s)
}

// referrerPolicy is the policy that counts, the last known one, and where it stands.
func referrerPolicy(p *annotate.Pass) (policy string, at exchange.Place) {
	for i, l := range p.X.Response.Fields.Each(exchange.FieldReferrerPolicy) {
		for m := range field.List(l.Value) {
			if isReferrerPolicy(m.Text) {
				policy, at = m.Text, annotate.Span(p.ResponseLine(i), m.At, m.End())
			}
		}
	}
	return policy, at
}

var securityReferrerPolicyInvalid = &annotate.Rule{
	ID:       "security/referrer-policy-invalid",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Referrer-Policy has an unknown value",
	Refs:     []string{"Referrer Policy §4.1", "Referrer Policy §8.1", "Referrer Policy §11.1"},
	Doc:      "Browsers skip unknown values. If none is left, they use their default: strict-origin-when-cross-origin.",
	Help:     "send Referrer-Policy: strict-origin-when-cross-origin, or another known policy",
	Bad:      []string{securePage("Referrer-Policy: origin-only"), securePage("Referrer-Policy: 'no-referrer'")},
	Good:     []string{securePage("Referrer-Policy: No-Referrer, made-up")},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldReferrerPolicy}},
	Check: func(p *annotate.Pass) {
		if policy, _ := referrerPolicy(p); policy == "" {
			p.Note(p.ResponseField(exchange.FieldReferrerPolicy), "Referrer-Policy is %s, which has no known value, so browsers use their default", quoted(p.X.Response.Fields.Combined(exchange.FieldReferrerPolicy)))
		}
	},
}

var securityReferrerPolicyUnsafe = &annotate.Rule{
	ID:       "security/referrer-policy-unsafe",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "other sites get the full address of the page",
	Refs:     []string{"Referrer Policy §3.8", "Referrer Policy §8.1"},
	Doc:      "With unsafe-url, the browser sends path and query of the page to every site that it loads a file from or that a link leads to, even over plain http.",
	Help:     "send Referrer-Policy: strict-origin-when-cross-origin",
	Bad:      []string{securePage("Referrer-Policy: no-referrer, unsafe-url")},
	Good:     []string{securePage("Referrer-Policy: unsafe-url, strict-origin")},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldReferrerPolicy}},
	Check: func(p *annotate.Pass) {
		if policy, at := referrerPolicy(p); field.EqualFold(policy, "unsafe-url") {
			p.Note(at, "Referrer-Policy is unsafe-url, so other sites get path and query of the page")
		}
	},
}

var securitySpeculationRulesInsecure = &annotate.Rule{
	ID:       "security/speculation-rules-insecure",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "speculation rules over plain http",
	Refs:     []string{"HTML §7.6.3"},
	Doc: "Speculation-Rules names files that tell the browser which pages to load in advance. " +
		"On an https page, a file over http is mixed content, and browsers block it.",
	Help: `send Speculation-Rules: "/speculation.json"`,
	Bad:  []string{securePage(`Speculation-Rules: "http://cdn.shop.test/rules.json"`)},
	Good: []string{securePage(`Speculation-Rules: "/rules.json", "https://cdn.shop.test/rules.json", "http://localhost/r.json"`)},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldSpeculationRules}},
	Check: func(p *annotate.Pass) {
		if p.X.Scheme != "https" {
			return
		}
		for i, l := range p.X.Response.Fields.Each(exchange.FieldSpeculationRules) {
			s, err := field.ParseStructured(l.Value, field.StructuredList)
			if err != nil {
				continue
			}
			for m := range s.Members() {
				if m.Type == field.String && isPlainHTTP(p.X, m.Content()) {
					u, _ := field.ParseURI(m.Content())
					p.Note(annotate.Span(p.ResponseLine(i), m.At, m.End()), "Speculation-Rules of an https response leads to %s", shown(u))
				}
			}
		}
	},
}

var securityFetchMetadataInvalid = &annotate.Rule{
	ID:       "security/fetch-metadata-invalid",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "a Sec-Fetch header has a value that browsers never send",
	Refs:     []string{"Fetch Metadata §2.1-2.4", "Fetch §2.2.5"},
	Doc:      "Browsers write the Sec-Fetch headers themselves, from fixed sets of values. A program invented this value, or it is newer than this list.",
	Help:     "let only browsers set Sec-Fetch headers",
	Bad: []string{strings.Replace(securePage(""), "Sec-Fetch-Dest: iframe", "Sec-Fetch-Dest: iframe\n> Sec-Fetch-Site: same", 1), strings.Replace(securePage(""), "Sec-Fetch-Dest: iframe", "Sec-Fetch-Dest: page", 1),
		strings.Replace(securePage(""), "Sec-Fetch-Dest: iframe", "Sec-Fetch-Dest: iframe\n> Sec-Fetch-User: ?0", 1),
		strings.Replace(securePage(""), "Sec-Fetch-Dest: iframe", "Sec-Fetch-Dest: iframe\n> Sec-Fetch-User: 1", 1)},
	Good: []string{strings.Replace(securePage(""), "Sec-Fetch-Dest: iframe", "Sec-Fetch-Dest: iframe\n> Sec-Fetch-Site: none\n> Sec-Fetch-Mode: navigate\n> Sec-Fetch-User: ?1\n> Sec-Fetch-New: x", 1),
		strings.Replace(securePage(""), "Sec-Fetch-Dest: iframe", "Sec-Fetch-Dest: empty", 1),
		"# of older browsers\n" + strings.Replace(securePage(""), "Sec-Fetch-Dest: iframe", "Sec-Fetch-Dest: websocket\n> Sec-Fetch-Mode: nested-navigate", 1)},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldSecFetchSite, exchange.FieldSecFetchMode, exchange.FieldSecFetchUser, exchange.FieldSecFetchDest}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		for _, n := range [...]exchange.Name{exchange.FieldSecFetchSite, exchange.FieldSecFetchMode, exchange.FieldSecFetchUser, exchange.FieldSecFetchDest} {
			if f.Has(n) && !isFetchMetadata(n, f.Value(n)) && !exchange.IsRedacted(f.Value(n)) {
				p.Note(p.RequestField(n), "%s is %s, which no browser sends", n, quoted(f.Value(n)))
			}
		}
	},
}

// isFetchMetadata knows the values of the Sec-Fetch fields.
func isFetchMetadata(n exchange.Name, value string) bool {
	switch n {
	case exchange.FieldSecFetchUser:
		return value == "?1"
	case exchange.FieldSecFetchSite:
		switch value {
		case "cross-site", "same-origin", "same-site", "none":
			return true
		}
	case exchange.FieldSecFetchMode:
		switch value {
		case "cors", "navigate", "nested-navigate", "no-cors", "same-origin", "websocket", "webtransport":
			return true
		}
	case exchange.FieldSecFetchDest:
		switch value {
		case "empty", "audio", "audioworklet", "document", "embed", "fencedframe", "font", "frame", "iframe", "image", "json", "manifest", "object",
			"paintworklet", "report", "script", "serviceworker", "sharedworker", "speculationrules", "style", "text", "track", "video", "webidentity", "worker", "xslt",
			"nested-document", "unknown", "websocket": // of browsers before the present edition
			return true
		}
	}
	return false
}
