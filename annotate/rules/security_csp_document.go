package rules

import (
	"bytes"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// securityCSPDocumentRules lists the rules on what a Content Security Policy
// lets a document do, and on mixed content.
func securityCSPDocumentRules() []*annotate.Rule {
	return []*annotate.Rule{
		securityCSPMissing,
		securityCSPMissingDirective,
		securityCSPReportOnly,
		securityCSPUnsafeInline,
		securityCSPUnsafeEval,
		securityCSPWildcardSource,
		securityCSPInsecureSource,
		securityMixedContent,
		securityPolicyInMeta,
	}
}

var securityCSPMissing = &annotate.Rule{
	ID:       "security/csp-missing",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a page has no Content Security Policy",
	Refs:     []string{"CSP 3 §3.1", "CSP 3 §3.3"},
	Doc: "A policy tells the browser which scripts, frames and other files the page uses. Then the browser doesn't run what an attacker injects. " +
		"Start with Content-Security-Policy-Report-Only and read the reports.",
	Help: "send Content-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none', adapted to the page",
	Bad:  []string{topLevelPage(hardenedWithout("Content-Security-Policy") + "\nX-Frame-Options: DENY")},
	Good: []string{topLevelPage(hardened), securePage(""),
		strings.Replace(topLevelPage(hardenedWithout("Content-Security-Policy")+"\nX-Frame-Options: DENY"), "<title>", `<meta http-equiv="Content-Security-Policy" content="default-src 'self'"><title>`, 1),
		strings.Replace(topLevelPage(hardenedWithout("Content-Security-Policy")+"\nX-Frame-Options: DENY"), "200 OK", "404 Not Found", 1)},
	When:         annotate.When{Status: []int{200}, Methods: []string{"GET"}, Fields: []exchange.Name{exchange.FieldContentType}},
	Needs:        annotate.NeedsContent,
	Once:         originKey,
	OffByDefault: true,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if f.Has(exchange.FieldContentSecurityPolicy) || f.Has(exchange.FieldContentSecurityPolicyReportOnly) || !isTopLevelDocument(p.X) || metaPolicy(p.X) {
			return
		}
		p.Note(p.ResponseField(exchange.FieldContentSecurityPolicy), "the page has no Content-Security-Policy, as a header or as a meta element")
	},
}

var securityCSPMissingDirective = &annotate.Rule{
	ID:       "security/csp-missing-directive",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the Content Security Policy lacks a directive",
	Refs:     []string{"CSP 3 §6.3.1", "CSP 3 §6.4.1", "CSP 3 §6.4.2"},
	Doc: "base-uri, form-action and frame-ancestors don't fall back to default-src. " +
		"Without them, an attacker who injects markup can redirect relative scripts or forms, and any site can show the page in a frame. " +
		"Without object-src and default-src, plug-ins are not restricted.",
	Help: "add base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
	Bad:  []string{securePage("Content-Security-Policy: default-src 'self'"), securePage("Content-Security-Policy: script-src 'nonce-MTIzNDU2Nzg5MDEyMzQ1Ng=='; form-action 'self'; frame-ancestors 'none'; object-src 'none'")},
	Good: []string{securePage(hardened), securePage("Content-Security-Policy: img-src 'self'"),
		securePage("X-Frame-Options: DENY\nContent-Security-Policy: default-src 'self'; form-action 'self'"), securePage("Content-Security-Policy: default-src 'self', form-action 'self'; frame-ancestors 'none'")},
	When: whenCSP(),
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		if !isDocument(p.X) {
			return
		}
		for c := range enforcedPolicies(p) {
			d, ok := c.scriptDirective()
			if !ok {
				continue
			}
			if missing := missingDirectives(p, d); missing != "" {
				p.Note(c.place(c.At, c.End()), "the policy lacks %s", missing)
			}
			return
		}
	},
}

// missingDirectives lists what no enforced policy has; d governs the scripts.
func missingDirectives(p *annotate.Pass, d field.CSPDirective) string {
	var missing []string
	if d.HasNonceOrHash() && !enforcedDirective(p, "base-uri") {
		missing = append(missing, "base-uri")
	}
	if !enforcedDirective(p, "form-action") {
		missing = append(missing, "form-action")
	}
	if !enforcedDirective(p, "frame-ancestors") && frameOptions(p.X) == "" {
		missing = append(missing, "frame-ancestors")
	}
	if !enforcedDirective(p, "object-src") && !enforcedDirective(p, "default-src") {
		missing = append(missing, "object-src")
	}
	return strings.Join(missing, ", ")
}

var securityCSPReportOnly = &annotate.Rule{
	ID:       "security/csp-report-only",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the Content Security Policy only reports",
	Refs:     []string{"CSP 3 §3.2"},
	Doc: "Content-Security-Policy-Report-Only blocks nothing. Use it to test a policy. " +
		"When there are no more reports, send the same value as Content-Security-Policy.",
	Help:  "send Content-Security-Policy when the test is over",
	Bad:   []string{securePage("Content-Security-Policy-Report-Only: img-src 'self'; report-to csp; report-uri /csp")},
	Good:  []string{securePage("Content-Security-Policy: img-src *\nContent-Security-Policy-Report-Only: img-src 'self'; report-to csp; report-uri /csp")},
	When:  annotate.When{Status: []int{200}, Fields: []exchange.Name{exchange.FieldContentSecurityPolicyReportOnly}},
	Needs: annotate.NeedsContent,
	Once:  originKey,
	Check: func(p *annotate.Pass) {
		if isDocument(p.X) && !p.X.Response.Fields.Has(exchange.FieldContentSecurityPolicy) && !metaPolicy(p.X) {
			p.Note(p.ResponseField(exchange.FieldContentSecurityPolicyReportOnly), "the policy only reports; it blocks nothing")
		}
	},
}

var securityCSPUnsafeInline = &annotate.Rule{
	ID:       "security/csp-unsafe-inline",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the Content Security Policy allows inline scripts",
	Refs:     []string{"CSP 3 §6.7.3.2"},
	Doc: "With 'unsafe-inline' the browser runs scripts inside the page. That is what an attacker injects, so the policy protects little. " +
		"A nonce, a hash or 'strict-dynamic' cancels it in browsers that support them.",
	Help: "give scripts a nonce or a hash, and remove 'unsafe-inline'",
	Bad:  []string{securePage("Content-Security-Policy: script-src 'self' 'unsafe-inline'; object-src 'none'; form-action 'self'; frame-ancestors 'none'")},
	Good: []string{securePage("Content-Security-Policy: default-src 'self'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"),
		securePage("Content-Security-Policy: script-src 'unsafe-inline' 'nonce-MTIzNDU2Nzg5MDEyMzQ1Ng=='; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'")},
	When: whenCSP(),
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		if !isDocument(p.X) {
			return
		}
		for c := range enforcedPolicies(p) {
			for _, name := range [...]string{"script-src-elem", "script-src-attr", "script-src"} {
				d, ok := c.Directive(name)
				if name == "script-src" && !ok {
					d, ok = c.Directive("default-src")
				}
				if ok && d.HasSource("'unsafe-inline'") && !d.HasNonceOrHash() && !d.HasSource("'strict-dynamic'") {
					p.Note(c.source(d, "'unsafe-inline'"), "%s has 'unsafe-inline' without a nonce or a hash, so injected scripts run", d.Name)
					return
				}
			}
		}
	},
}

var securityCSPUnsafeEval = &annotate.Rule{
	ID:       "security/csp-unsafe-eval",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the Content Security Policy allows eval",
	Refs:     []string{"CSP 3 §4.4.1"},
	Doc: "'unsafe-eval' allows eval and similar functions, which turn text into script. " +
		"Template engines that compile in the browser need it, but most have a build that doesn't. For WebAssembly alone, 'wasm-unsafe-eval' is enough.",
	Help: "remove 'unsafe-eval', or use 'wasm-unsafe-eval' for WebAssembly",
	Bad:  []string{securePage("Content-Security-Policy: script-src 'self' 'unsafe-eval'; object-src 'none'; form-action 'self'; frame-ancestors 'none'")},
	Good: []string{securePage("Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"),
		securePage("Content-Security-Policy: script-src 'self' 'unsafe-eval'; object-src 'none'; form-action 'self'; frame-ancestors 'none', script-src 'self'")},
	When: whenCSP(),
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		if !isDocument(p.X) {
			return
		}
		var at exchange.Place
		found := false
		for c := range enforcedPolicies(p) {
			d, ok := c.scriptDirective()
			switch {
			case !ok:
			case !d.HasSource("'unsafe-eval'"):
				return
			case !found:
				at, found = c.source(d, "'unsafe-eval'"), true
			}
		}
		if found {
			p.Note(at, "the policy has 'unsafe-eval' for scripts")
		}
	},
}

var securityCSPWildcardSource = &annotate.Rule{
	ID:       "security/csp-wildcard-source",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the Content Security Policy allows scripts from anywhere",
	Refs:     []string{"CSP 3 §6.7.2.8", "CSP 3 §8.2"},
	Doc: "A list for scripts, plug-ins or the base URI with *, https: or data: allows an attacker to load files from their own host, so the policy doesn't protect. " +
		"With 'strict-dynamic', browsers ignore such entries for scripts.",
	Help: "name the hosts that the page needs, or use nonces with 'strict-dynamic'",
	Bad: []string{securePage("Content-Security-Policy: script-src 'self' https:; object-src 'none'; form-action 'self'; frame-ancestors 'none'"),
		securePage("Content-Security-Policy: default-src *; form-action 'self'; frame-ancestors 'none'"), securePage("Content-Security-Policy: default-src 'self'; base-uri *; form-action 'self'; frame-ancestors 'none'")},
	Good: []string{securePage("Content-Security-Policy: default-src 'self'; img-src * data:; font-src https:; connect-src *; form-action 'self'; frame-ancestors *"),
		securePage("Content-Security-Policy: script-src https: 'nonce-MTIzNDU2Nzg5MDEyMzQ1Ng==' 'strict-dynamic'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'")},
	When: whenCSP(),
	Check: func(p *annotate.Pass) {
		if !isDocument(p.X) {
			return
		}
		for c := range enforcedPolicies(p) {
			if noteWildcard(p, c) {
				return
			}
		}
	},
}

func noteWildcard(p *annotate.Pass, c policy) bool {
	script, hasScript := c.scriptDirective()
	object, hasObject := c.orDefault("object-src")
	base, hasBase := c.Directive("base-uri")
	for i, d := range [...]field.CSPDirective{script, object, base} {
		if !([...]bool{hasScript, hasObject, hasBase})[i] || d.HasSource("'strict-dynamic'") {
			continue
		}
		for _, source := range [...]string{"*", "https:", "data:"} {
			if d.HasSource(source) && (source != "data:" || i == 0) {
				p.Note(c.source(d, source), "%s has %s, which allows %s", d.Name, source, [...]string{"scripts", "plug-ins", "a base URI"}[i]+" from anywhere")
				return true
			}
		}
	}
	return false
}

var securityCSPInsecureSource = &annotate.Rule{
	ID:       "security/csp-insecure-source",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the Content Security Policy of an https page allows plain http",
	Refs:     []string{"CSP 3 §6.7.2.8", "Mixed Content"},
	Doc: "Browsers block most of what an https page loads over http, or load it over https instead. " +
		"The entry has no use, and shows that some addresses still have to be changed.",
	Help: "write https: instead of http:, or add upgrade-insecure-requests",
	Bad:  []string{securePage("Content-Security-Policy: img-src 'self' http://img.test"), securePage("Content-Security-Policy: img-src http:")},
	Good: []string{securePage("Content-Security-Policy: img-src 'self' https://img.test"), securePage("Content-Security-Policy: img-src http://img.test; upgrade-insecure-requests"),
		securePage("Content-Security-Policy: img-src http://localhost:3000")},
	When: whenCSP(),
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		if p.X.Scheme != "https" || !mediaTypeOf(&p.X.Response.Fields).IsHTML() || enforcedDirective(p, "upgrade-insecure-requests") {
			return
		}
		for c := range enforcedPolicies(p) {
			for d := range c.Directives() {
				if !isFetchDirective(d.Name) || d.HasSource("'strict-dynamic'") {
					continue
				}
				for s := range d.Sources() {
					if field.EqualFold(s.Text, "http:") || field.HasPrefixFold(s.Text, "http://") && isPlainHTTP(p.X, s.Text) {
						p.Note(c.place(s.At, s.End()), "%s of an https page allows %s", d.Name, quoted(s.Text))
						return
					}
				}
			}
		}
	},
}

func isFetchDirective(name string) bool {
	n := len(sourceDirectives) - len([...]string{"base-uri", "form-action", "frame-ancestors"})
	return foldIn(sourceDirectives[:n], name)
}

var securityMixedContent = &annotate.Rule{
	ID:       "security/mixed-content",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "an https page loads a file over plain http",
	Refs:     []string{"Mixed Content"},
	Doc: "Browsers block scripts, style sheets, frames and fonts that an https page loads over http, so a part of the page is missing. " +
		"They load images, sound and video over https instead.",
	Help: "write https: in the address, or omit scheme and host; upgrade-insecure-requests fixes all of them",
	Bad: []string{securePageWith("", `<!DOCTYPE html><script src="http://cdn.shop.test/x.js"></script>`), securePageWith("", `<link rel=stylesheet href=http://cdn.shop.test/x.css><iframe src="http://ads.test/"></iframe>`),
		securePageWith("", `<img srcset="http://img.shop.test/a.png 2x" src=a.png>`)},
	Good: []string{securePageWith("", `<a href="http://other.test/"><img src="http://img.shop.test/a.png"><link rel=canonical href="http://shop.test/"><script src="/x.js">var a = '<script src="http://a.test/">'</script>`),
		securePageWith("Content-Security-Policy: upgrade-insecure-requests", `<script src="http://cdn.shop.test/x.js"></script>`),
		securePageWith("", `<script src="http://localhost:3000/x.js"></script>`),
		strings.Replace(securePageWith("", `<script src="http://cdn.shop.test/x.js"></script>`), "scheme https", "scheme http", 1)},
	When:  annotate.When{Class: []int{2, 4, 5}, Fields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifMarkup}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		x := p.X
		if x.Scheme != "https" || !mediaTypeOf(&x.Response.Fields).IsHTML() {
			return
		}
		b := x.Response.DecodedContent().Bytes
		if field.IndexFold(b, "http:") < 0 || enforcedDirective(p, "upgrade-insecure-requests") || field.IndexFold(inHead(b), "upgrade-insecure-requests") >= 0 {
			return
		}
		noteMixedContent(p, b)
	},
}

func noteMixedContent(p *annotate.Pass, b []byte) {
	var first, firstTag string
	var at exchange.Place
	count := 0
	for t := range field.HTMLTags(b) {
		for _, u := range blockableURLs(t) {
			if !field.HasPrefixFold(u, "http:") || !isPlainHTTP(p.X, u) {
				continue
			}
			if count++; count == 1 {
				first, firstTag = u, t.Name
				at = annotate.ResponseContent(t.At, t.End)
				if i := bytes.Index(b[t.At:t.End], []byte(u)); i >= 0 {
					at = annotate.ResponseContent(t.At+i, t.At+i+len(u))
				}
			}
		}
	}
	if count == 0 {
		return
	}
	more := ""
	if count > 1 {
		more = ", and " + wording.Count(count-1, "more element") + " do so too"
	}
	u, _ := field.ParseURI(first)
	p.Note(at, "<%s> of an https page loads %s over plain http; browsers block it%s", firstTag, shown(u), more)
}

// blockableURLs returns what an element loads that browsers do not ask for over
// https by themselves.
func blockableURLs(t field.HTMLTag) []string {
	var name string
	switch t.Name {
	case "script", "iframe", "frame", "embed":
		name = "src"
	case "object":
		name = "data"
	case "img", "source":
		return srcset(t)
	case "link":
		if !loadsAtOnce(t) {
			return nil
		}
		name = "href"
	default:
		return nil
	}
	if v, ok := t.Attribute(name); ok {
		return []string{strings.TrimSpace(v)}
	}
	return nil
}

// srcset returns the addresses of a list of images for different screens.
func srcset(t field.HTMLTag) (urls []string) {
	v, _ := t.Attribute("srcset")
	for _, candidate := range strings.Split(v, ",") {
		if words := strings.Fields(candidate); len(words) > 0 {
			urls = append(urls, words[0])
		}
	}
	return urls
}

// loadsAtOnce reports whether a link element makes the browser fetch what it names.
func loadsAtOnce(t field.HTMLTag) bool {
	rel, _ := t.Attribute("rel")
	for _, r := range strings.Fields(rel) {
		if foldIn([]string{"stylesheet", "preload", "modulepreload", "manifest"}, r) {
			as, _ := t.Attribute("as")
			return !field.EqualFold(as, "image")
		}
	}
	return false
}

var securityPolicyInMeta = &annotate.Rule{
	ID:       "security/policy-in-meta",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "browsers ignore this policy in a meta element",
	Refs:     []string{"CSP 3 §3.3", "RFC 6797 §8.5", "HTML §4.2.5"},
	Doc: "Of the headers that protect a page, only Content-Security-Policy works in a meta element, and there without frame-ancestors, sandbox and reporting. " +
		"Browsers silently ignore all others.",
	Help: "send the policy as a response header",
	Bad: []string{securePageWith("", `<meta http-equiv="X-Frame-Options" content="DENY"><title>x</title>`),
		securePageWith("", `<meta http-equiv="content-security-policy" content="default-src 'self'; frame-ancestors 'none'"><title>x</title>`)},
	Good: []string{securePageWith("X-Frame-Options: DENY", `<meta http-equiv="X-Frame-Options" content="DENY"><title>x</title>`),
		securePageWith("", `<meta http-equiv="Content-Security-Policy" content="default-src 'self'"><meta http-equiv=refresh content=5>`),
		securePageWith("", `<p>&lt;meta http-equiv="X-Frame-Options"&gt;</p>`)},
	When:  annotate.When{Class: []int{2}, Fields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifMarkup}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		x := p.X
		if !mediaTypeOf(&x.Response.Fields).IsHTML() {
			return
		}
		b := inHead(x.Response.DecodedContent().Bytes)
		if field.IndexFold(b, "http-equiv") < 0 {
			return
		}
		for t := range field.HTMLTags(b) {
			if t.Name == "meta" {
				noteMetaPolicy(p, t)
			}
		}
	},
}

func noteMetaPolicy(p *annotate.Pass, t field.HTMLTag) {
	f := &p.X.Response.Fields
	at := annotate.ResponseContent(t.At, t.End)
	for _, n := range [...]exchange.Name{
		exchange.FieldXFrameOptions, exchange.FieldStrictTransportSecurity, exchange.FieldContentSecurityPolicyReportOnly,
		exchange.FieldPermissionsPolicy, exchange.FieldNEL,
	} {
		if isMetaName(t, n.String()) && !f.Has(n) {
			p.Note(at, "%s is in a meta element, where browsers ignore it", n)
		}
	}
	if !isMetaName(t, "Content-Security-Policy") || f.Has(exchange.FieldContentSecurityPolicy) {
		return
	}
	value, _ := t.Attribute("content")
	for c := range field.CSPolicies(value) {
		for d := range c.Directives() {
			if foldIn([]string{"frame-ancestors", "sandbox", "report-uri", "report-to"}, d.Name) {
				p.Note(at, "the policy in a meta element has %s, which browsers ignore there", d.Name)
				return
			}
		}
	}
}
