package rules

import (
	"bytes"
	"iter"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// securityCSPRules lists the rules on how a Content Security Policy is written.
func securityCSPRules() []*annotate.Rule {
	return []*annotate.Rule{
		securityCSPSyntax,
		securityCSPDuplicateDirective,
		securityCSPDeprecatedDirective,
		securityCSPNonceWeak,
		securityCSPReportOnlyNoEndpoint,
	}
}

// A policy is one policy of a response and the line that it stands in.
type policy struct {
	field.CSPolicy
	pass     *annotate.Pass
	line     int
	enforced bool
}

// place is that of octets of the policy's field value.
func (c policy) place(start, end int) exchange.Place {
	return annotate.Span(c.pass.ResponseLine(c.line), start, end)
}

// enforcedPolicies returns the policies that browsers act on.
func enforcedPolicies(p *annotate.Pass) iter.Seq[policy] {
	return policiesOf(p, exchange.FieldContentSecurityPolicy)
}

func policiesOf(p *annotate.Pass, n exchange.Name) iter.Seq[policy] {
	return func(yield func(policy) bool) {
		for i, l := range p.X.Response.Fields.Each(n) {
			for c := range field.CSPolicies(l.Value) {
				if !yield(policy{c, p, i, n == exchange.FieldContentSecurityPolicy}) {
					return
				}
			}
		}
	}
}

// allPolicies returns the policies of both fields.
func allPolicies(p *annotate.Pass) iter.Seq[policy] {
	return func(yield func(policy) bool) {
		for _, n := range [...]exchange.Name{exchange.FieldContentSecurityPolicy, exchange.FieldContentSecurityPolicyReportOnly} {
			for c := range policiesOf(p, n) {
				if !yield(c) {
					return
				}
			}
		}
	}
}

func whenCSP() annotate.When {
	return annotate.When{Fields: []exchange.Name{exchange.FieldContentSecurityPolicy}}
}

func whenAnyCSP() annotate.When {
	return annotate.When{Fields: []exchange.Name{exchange.FieldContentSecurityPolicy, exchange.FieldContentSecurityPolicyReportOnly}}
}

// sourceDirectives are the directives whose value is a list of sources.
var sourceDirectives = [...]string{
	"child-src", "connect-src", "default-src", "fenced-frame-src", "font-src", "frame-src", "img-src", "manifest-src", "media-src",
	"object-src", "script-src", "script-src-attr", "script-src-elem", "style-src", "style-src-attr", "style-src-elem", "worker-src",
	"base-uri", "form-action", "frame-ancestors",
}

// otherDirectives are the directives whose value is something else.
var otherDirectives = [...]string{
	"sandbox", "report-uri", "report-to", "trusted-types", "require-trusted-types-for", "upgrade-insecure-requests", "webrtc",
}

// deprecatedDirectives do nothing any more, or are about to.
var deprecatedDirectives = [...]string{
	"plugin-types", "referrer", "reflected-xss", "require-sri-for", "navigate-to", "prefetch-src", "block-all-mixed-content",
}

func foldIn(list []string, s string) bool {
	for _, l := range list {
		if field.EqualFold(l, s) {
			return true
		}
	}
	return false
}

var securityCSPSyntax = &annotate.Rule{
	ID:       "security/csp-syntax",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the Content Security Policy has an error",
	Refs:     []string{"CSP 3 §2.2.1", "CSP 3 §2.3.1"},
	Doc: "Browsers skip what they don't understand in a policy. They read a keyword without single quotes as a host name. " +
		"If a semicolon is missing, the next directive becomes a source. An unknown directive has no effect. " +
		"The policy is then weaker than it looks, or blocks what it should allow.",
	Help: "write directives as: script-src 'self' https://cdn.example; object-src 'none'",
	Bad: []string{
		securePage("Content-Security-Policy: scripts-src 'self'"), securePage("Content-Security-Policy: img-src self"),
		securePage("Content-Security-Policy: img-src 'none' https://img.test"), securePage("Content-Security-Policy: img-src ‘self’"),
		securePage("Content-Security-Policy: img-src 'self' script-src 'self'"),
	},
	Good: []string{
		securePage("Content-Security-Policy: img-src 'self'; Object-Src 'none'; upgrade-insecure-requests; sandbox allow-scripts; trusted-types none; webrtc 'block'"),
		securePage("Content-Security-Policy: img-src https://none.test https://self.test self.test"),
	},
	When: whenAnyCSP(),
	Check: func(p *annotate.Pass) {
		for c := range allPolicies(p) {
			noteCSPSyntax(p, c)
		}
	},
}

func noteCSPSyntax(p *annotate.Pass, c policy) {
	for i := range len(c.Text) {
		if c.Text[i] >= 0x80 {
			p.Note(c.place(c.At+i, c.At+i+1), "the policy has a byte outside ASCII at byte %d, perhaps a curly quote, so browsers skip that part", c.At+i+1)
			return
		}
	}
	for d := range c.Directives() {
		switch {
		case foldIn(sourceDirectives[:], d.Name):
			if at, what := sourceProblem(d); what != "" {
				p.Note(c.place(at.At, at.End()), "%s has %s %s", d.Name, quoted(at.Text), what)
				return
			}
		case !foldIn(otherDirectives[:], d.Name) && !foldIn(deprecatedDirectives[:], d.Name):
			p.Note(c.place(d.At, d.At+len(d.Name)), "the policy has the unknown directive %s", quoted(d.Name))
			return
		}
	}
}

// sourceProblem finds a word in a source list that cannot be meant so; what is
// "" where there is none.
func sourceProblem(d field.CSPDirective) (at field.Part, what string) {
	n := 0
	for range d.Sources() {
		n++
	}
	for s := range d.Sources() {
		switch {
		case foldIn([]string{"self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic", "unsafe-hashes", "wasm-unsafe-eval", "report-sample"}, s.Text):
			return s, "without its single quotes, so browsers read it as a host name"
		case n > 1 && field.EqualFold(s.Text, "'none'"):
			return s, "beside other sources, where it has no effect"
		case foldIn(sourceDirectives[:], s.Text), foldIn(otherDirectives[:], s.Text):
			return s, "among its sources; a semicolon seems to be missing in front of it"
		}
	}
	return field.Part{}, ""
}

var securityCSPDuplicateDirective = &annotate.Rule{
	ID:       "security/csp-duplicate-directive",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a directive appears twice in one Content Security Policy",
	Refs:     []string{"CSP 3 §2.2.1"},
	Doc: "In a policy, the first directive of a name counts and browsers ignore later ones, so they block what the second one allows. " +
		"Put all sources into one directive.",
	Help: "join the two directives into one",
	Bad:  []string{securePage("Content-Security-Policy: img-src 'self'; IMG-src https://img.test")},
	Good: []string{securePage("Content-Security-Policy: img-src 'self', img-src https://img.test"), securePage("Content-Security-Policy: img-src 'self'\nContent-Security-Policy: img-src https://img.test")},
	When: whenAnyCSP(),
	Check: func(p *annotate.Pass) {
		for c := range allPolicies(p) {
			count := 0
			for d := range c.Directives() {
				if first, _ := c.Directive(d.Name); first.At < d.At {
					p.Note(c.place(d.At, d.At+len(d.Name)), "the policy has %s twice; browsers ignore the second", quoted(d.Name))
					break
				}
				if count++; count == 64 {
					break
				}
			}
		}
	},
}

var securityCSPDeprecatedDirective = &annotate.Rule{
	ID:       "security/csp-deprecated-directive",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the Content Security Policy has an obsolete directive",
	Refs:     []string{"CSP 3 §6.5.1", "Mixed Content"},
	Doc:      "The directive was dropped or replaced, and browsers ignore it or will. report-to replaces report-uri. The two together work in old and new browsers.",
	Help:     "remove it; use Referrer-Policy, report-to or upgrade-insecure-requests instead",
	Bad:      []string{securePage("Content-Security-Policy: img-src 'self'; block-all-mixed-content"), securePage("Content-Security-Policy: img-src 'self'; report-uri /csp")},
	Good:     []string{securePage("Reporting-Endpoints: csp=\"/csp\"\nContent-Security-Policy: img-src 'self'; report-uri /csp; report-to csp")},
	When:     whenAnyCSP(),
	Once:     originKey,
	Check: func(p *annotate.Pass) {
		for c := range allPolicies(p) {
			for d := range c.Directives() {
				if foldIn(deprecatedDirectives[:], d.Name) {
					p.Note(c.place(d.At, d.At+len(d.Name)), "the policy has the deprecated directive %s", quoted(d.Name))
				} else if _, hasReportTo := c.Directive("report-to"); field.EqualFold(d.Name, "report-uri") && !hasReportTo {
					p.Note(c.place(d.At, d.At+len(d.Name)), "the policy has the deprecated directive report-uri without report-to")
				}
			}
		}
	},
}

var securityCSPNonceWeak = &annotate.Rule{
	ID:       "security/csp-nonce-weak",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the nonce of a Content Security Policy is short",
	Refs:     []string{"CSP 3 §7.1"},
	Doc: "A nonce protects only if attackers can't guess it: at least 128 bits from a secure random source, new for each response. " +
		"A short one is often a counter or a constant.",
	Help: "create 16 or more random bytes for each response, and send them in base64",
	Bad:  []string{securePage("Content-Security-Policy: style-src 'nonce-abc123'")},
	Good: []string{securePage("Content-Security-Policy: script-src 'nonce-MTIzNDU2Nzg5MDEyMzQ1Ng=='")},
	When: whenAnyCSP(),
	Check: func(p *annotate.Pass) {
		for c := range allPolicies(p) {
			for d := range c.Directives() {
				for s := range d.Sources() {
					if n, ok := field.NonceLen(s.Text); ok && n < 16 {
						p.Note(c.place(s.At, s.End()), "the nonce in %s decodes to %s; at least 16 random bytes are recommended", d.Name, octets(n))
					}
				}
			}
		}
	},
}

var securityCSPReportOnlyNoEndpoint = &annotate.Rule{
	ID:       "security/csp-report-only-no-endpoint",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a policy that only reports has no endpoint",
	Refs:     []string{"CSP 3 §3.2", "CSP 3 §6.5"},
	Doc: "Content-Security-Policy-Report-Only blocks nothing: only its reports are useful. " +
		"Without report-to or report-uri they appear only in the browser's console.",
	Help: "add report-to with a Reporting-Endpoints header, or report-uri",
	Bad:  []string{securePage("Content-Security-Policy: img-src 'self'\nContent-Security-Policy-Report-Only: script-src 'self'")},
	Good: []string{securePage("Content-Security-Policy: img-src 'self'\nContent-Security-Policy-Report-Only: script-src 'self'; report-uri /csp")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldContentSecurityPolicyReportOnly}},
	Check: func(p *annotate.Pass) {
		for c := range policiesOf(p, exchange.FieldContentSecurityPolicyReportOnly) {
			_, hasTo := c.Directive("report-to")
			if _, hasURI := c.Directive("report-uri"); !hasTo && !hasURI {
				p.Note(c.place(c.At, c.End()), "the policy only reports, but has no report-to and no report-uri")
			}
		}
	},
}

// metaPolicy reports whether the document has a CSP in a meta element, or may
// have one in what was not kept.
func metaPolicy(x *exchange.Exchange) bool {
	d := x.Response.DecodedContent()
	if field.IndexFold(d.Bytes, "content-security-policy") >= 0 {
		return true
	}
	return !d.Whole() && field.IndexFold(d.Bytes, "<body") < 0 && field.IndexFold(d.Bytes, "</head") < 0
}

// enforcedDirective reports whether some enforced policy has a directive.
func enforcedDirective(p *annotate.Pass, name string) bool {
	for c := range enforcedPolicies(p) {
		if _, ok := c.Directive(name); ok {
			return true
		}
	}
	return false
}

// scriptDirective is the one that governs scripts: script-src, else default-src.
func (c policy) scriptDirective() (field.CSPDirective, bool) { return c.orDefault("script-src") }

func (c policy) orDefault(name string) (field.CSPDirective, bool) {
	if d, ok := c.Directive(name); ok {
		return d, true
	}
	return c.Directive("default-src")
}

// source is the place of a word in a directive.
func (c policy) source(d field.CSPDirective, source string) exchange.Place {
	for s := range d.Sources() {
		if field.EqualFold(s.Text, source) {
			return c.place(s.At, s.End())
		}
	}
	return c.place(d.At, d.At+len(d.Name))
}

// inHead is the part of a document in which a browser looks for meta elements.
func inHead(b []byte) []byte {
	if i := bytes.Index(b, []byte("<body")); i >= 0 {
		return b[:i]
	}
	return b
}

// isMetaName compares the http-equiv of a meta element.
func isMetaName(t field.HTMLTag, name string) bool {
	v, _ := t.Attribute("http-equiv")
	return t.Name == "meta" && field.EqualFold(strings.TrimSpace(v), name)
}
