package rules

import (
	"net/url"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// securityDisclosureRules lists the rules on what a response tells of the
// software behind it.
func securityDisclosureRules() []*annotate.Rule {
	return []*annotate.Rule{
		securityServerVersionDisclosed,
		securityFieldUnnecessary,
		securityDebugFieldExposed,
		securityCharsetFromRequest,
	}
}

// disclosing is an example: an API's answer with further fields.
func disclosing(fields string) string {
	return "* scheme https\n* origin peer=203.0.113.5:443\n> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 200 OK\n" + marked("<", fields) + "< Content-Type: application/json\n< Content-Length: 2\n<\n< {}\n"
}

var securityServerVersionDisclosed = &annotate.Rule{
	ID:       "security/server-version-disclosed",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Server names the exact version",
	Refs:     []string{"RFC 9110 §10.2.4", "RFC 9110 §17.12"},
	Doc: "An exact version, the operating system or a list of modules helps attackers who look for servers with a known hole. " +
		"Removing it doesn't protect a server, but costs nothing (nginx: server_tokens off; Apache: ServerTokens Prod).",
	Help: "send only the name of the product, or remove Server",
	Bad:  []string{disclosing("Server: nginx/1.18.0"), disclosing("Server: Apache/2.4 (Ubuntu)"), disclosing("Server: Apache/2.4 mod_ssl OpenSSL")},
	Good: []string{disclosing("Server: nginx"), disclosing("Server: Microsoft-IIS/10.0"), disclosing("Server: gunicorn/20"), disclosing("Server: Apache (shop)"), disclosing("Server: Shop Edge Load Balancer"), disclosing("Server: Apache mod_ssl (Unix)")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldServer}},
	Once: siteKey,
	Check: func(p *annotate.Pass) {
		i := p.X.Response.Fields.Index(exchange.FieldServer)
		if why := whatServerTells(p.X.Response.Fields.At(i).Value); why != "" {
			p.Note(p.ResponseLine(i), "Server is %s, which reveals %s", quoted(p.X.Response.Fields.At(i).Value), why)
		}
	},
}

// whatServerTells returns what a Server value discloses; "" for nothing.
func whatServerTells(v string) string {
	products, version, system := 0, false, false
	for at := 0; at < len(v); {
		switch c := v[at]; {
		case c == '(':
			end := at + 1
			for end < len(v) && v[end] != ')' {
				end++
			}
			system = system || namesSystem(v[at:end])
			at = end + 1
		case field.IsTokenByte(c):
			end := at
			for end < len(v) && v[end] != ' ' && v[end] != '(' {
				end++
			}
			products++
			if _, number, ok := strings.Cut(v[at:end], "/"); ok && number != "" && field.IsDigit(number[0]) {
				version = true
				if numericParts(number) >= 3 {
					return "an exact version"
				}
			}
			at = end
		default:
			at++
		}
	}
	switch {
	case version && system:
		return "a version and the operating system"
	case version && products >= 3:
		return "a version and " + wording.Count(products, "product")
	}
	return ""
}

// numericParts counts the numbers with dots between them that s begins with.
func numericParts(s string) (n int) {
	for s != "" && field.IsDigit(s[0]) {
		n++
		for s != "" && field.IsDigit(s[0]) {
			s = s[1:]
		}
		if s == "" || s[0] != '.' {
			break
		}
		s = s[1:]
	}
	return n
}

func namesSystem(comment string) bool {
	for _, name := range [...]string{"ubuntu", "debian", "centos", "red hat", "fedora", "alpine", "suse", "unix", "linux", "win", "freebsd", "openbsd", "darwin", "amazon", "rocky", "almalinux"} {
		if field.IndexFold(comment, name) >= 0 {
			return true
		}
	}
	return false
}

var securityFieldUnnecessary = &annotate.Rule{
	ID:       "security/field-unnecessary",
	Severity: annotate.Info,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a response header reveals software, or has no effect",
	Refs:     []string{"RFC 9110 §17.12"},
	Doc: "Headers such as X-Powered-By only help attackers who look for servers with a known hole. " +
		"X-UA-Compatible and X-XSS-Protection were for old browsers, and the latter opened holes of its own.",
	Help: "turn the header off",
	Bad:  []string{disclosing("X-Powered-By: PHP/8.1.2"), disclosing("X-XSS-Protection: 1; mode=block"), disclosing("X-Generator: Drupal 9") + "# also deprecated/x-prefix-field\n"},
	Good: []string{disclosing("X-XSS-Protection: 0\nVia: 1.1 edge\nX-Runtime: 0.012345"), disclosing(`P3P: CP="NOI DSP"`)},
	Once: unnecessaryFields,
	When: annotate.When{If: []*annotate.Condition{ifUnnecessary}},
	Check: func(p *annotate.Pass) {
		for i := range p.X.Response.Fields.Len() {
			if isUnnecessary(p.X.Response.Fields.At(i)) {
				p.Note(p.ResponseLine(i), "%s: %s is of no use to clients", p.X.Response.Fields.At(i).Name, bare(p.X.Response.Fields.At(i).Value))
			}
		}
	},
}

// unnecessaryFields is the key of a rule that speaks once per origin and field.
func unnecessaryFields(x *exchange.Exchange) string {
	key := siteKey(x)
	for i := range x.Response.Fields.Len() {
		if l := x.Response.Fields.At(i); isUnnecessary(l) {
			key += " " + strings.ToLower(l.Name)
		}
	}
	return key
}

func isUnnecessary(l *exchange.Line) bool {
	switch l.Known {
	case exchange.FieldXPoweredBy, exchange.FieldXAspNetVersion, exchange.FieldXAspNetMvcVersion, exchange.FieldXUACompatible: // P3P is among the deprecated ones
		return true
	case exchange.FieldXXSSProtection:
		return l.Value != "0"
	case exchange.FieldXRuntime:
		return strings.IndexByte(l.Value, '/') >= 0
	case 0:
		return len(l.Name) == 11 && field.EqualFold(l.Name, "X-Generator") || len(l.Name) == 16 && field.EqualFold(l.Name, "X-Backend-Server")
	}
	return false
}

var securityDebugFieldExposed = &annotate.Rule{
	ID:       "security/debug-field-exposed",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a response exposes a debugging tool",
	Refs:     []string{"CWE-215"},
	Doc:      "The header belongs to a debugging tool that shows logs, queries or a profiler to anyone who asks. On a public host, anyone can.",
	Help:     "turn off the debug mode of the framework and its profiler",
	Bad:      []string{disclosing("X-Debug-Token-Link: https://api.shop.test/_profiler/7f3k") + "# also deprecated/x-prefix-field\n", disclosing("X-ChromeLogger-Data: eyJ2") + "# also deprecated/x-prefix-field\n"},
	Good:     []string{strings.Replace(disclosing("X-Debug-Token-Link: http://api.shop.test/_profiler/7f3k"), "203.0.113.5", "10.0.0.5", 1), disclosing("X-Request-ID: 7f3k")},
	When:     annotate.When{If: []*annotate.Condition{ifUnknown}},
	Check: func(p *annotate.Pass) {
		for i := range p.X.Response.Fields.Len() {
			l := p.X.Response.Fields.At(i)
			if l.Known == 0 && isDebugField(l.Name) && !isLocalAddress(p.X) {
				p.Note(p.ResponseLine(i), "%s shows the data of a debugging tool to everyone", l.Name)
			}
		}
	},
}

func isDebugField(name string) bool {
	if len(name) < 13 || name[1] != '-' {
		return false
	}
	switch len(name) {
	case 18:
		return field.EqualFold(name, "X-Debug-Token-Link")
	case 13:
		return field.EqualFold(name, "X-Debug-Token")
	case 19:
		return field.EqualFold(name, "X-ChromeLogger-Data")
	case 16:
		return field.EqualFold(name, "X-ChromePhp-Data")
	case 15:
		return field.EqualFold(name, "X-Wf-Protocol-1")
	case 17:
		return field.EqualFold(name, "X-Debug-Exception")
	case 22:
		return field.EqualFold(name, "X-Debug-Exception-File")
	}
	return false
}

var securityCharsetFromRequest = &annotate.Rule{
	ID:       "security/charset-from-request",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the request chooses the charset of a page",
	Refs:     []string{"CWE-20"},
	Doc: "The charset of the page comes from a parameter of the request. " +
		"In an unusual charset, harmless bytes become markup, so an attacker can make a link that runs their script in the page. Always send utf-8.",
	Help: "always send charset=utf-8",
	Bad:  []string{strings.Replace(strings.Replace(securePage(""), "/account", "/account?enc=utf-7", 1), "text/html", "text/html; charset=UTF-7", 1)},
	Good: []string{strings.Replace(strings.Replace(securePage(""), "/account", "/account?enc=utf-8", 1), "text/html", "text/html; charset=utf-8", 1),
		strings.Replace(securePage(""), "text/html", "text/html; charset=shift_jis", 1)},
	When:  annotate.When{Fields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifMarkup}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		form := formContent(&p.X.Request)
		query := p.X.Query()
		if query == "" && len(form) == 0 {
			return
		}
		t := mediaTypeOf(&p.X.Response.Fields)
		if !t.IsHTML() && !isXML(t) {
			return
		}
		charset, ok := t.Param("charset")
		if !ok || charset == "" || foldIn([]string{"utf-8", "us-ascii", "iso-8859-1", "windows-1252"}, charset) {
			return
		}
		for _, params := range [...]string{query, string(form)} {
			name, _, _ := findParameter(params, func(_, value string) bool {
				v, err := url.QueryUnescape(value)
				return err == nil && field.EqualFold(v, charset)
			})
			if name != "" {
				p.Note(p.ResponseField(exchange.FieldContentType), "the charset %s of the page comes from the request parameter %s", quoted(charset), quoted(name))
				return
			}
		}
	},
}

// isXML reports whether a media type is that of an XML document (RFC 7303).
func isXML(t field.MediaType) bool {
	return t.Is("application", "xml") || t.Is("text", "xml") || field.EqualFold(t.Suffix(), "xml")
}
