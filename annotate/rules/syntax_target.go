package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// syntaxTargetRules lists the rules on method and request target.
func syntaxTargetRules() []*annotate.Rule {
	return []*annotate.Rule{
		syntaxMethodInvalid,
		syntaxMethodMiscased,
		syntaxRequestTargetSyntax,
		syntaxRequestTargetLaxCharacters,
		syntaxURITooLong,
	}
}

var syntaxMethodInvalid = &annotate.Rule{
	ID:       "syntax/method-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "the method has invalid characters",
	Refs:     []string{"RFC 9110 §9.1", "RFC 9112 §3.1"},
	Doc: "A method has letters, digits and a few signs. Servers answer 400 to anything else, and proxies close the connection. " +
		"Look for a variable in the request line with quotes or brackets around it.",
	Help:       "send a registered method, such as GET or POST",
	Bad:        []string{requested(`"GET" /orders HTTP/1.1`, "Host: shop.test"), requested("GET: /orders HTTP/1.1", "Host: shop.test")},
	Good:       []string{requested("M-SEARCH /orders HTTP/1.1", "Host: shop.test")},
	When:       annotate.When{Always: true},
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		m := p.X.Request.Method
		if field.IsToken(m) || m == "" || field.ControlIn(m) == 0 || !startsWithRequest(p.X) {
			return
		}
		n := field.TokenLen(m)
		p.Note(annotate.Span(p.Method(), n, n+1), "the method %s has %s, which isn't allowed in a method", quoted(m), quoted(m[n:n+1]))
	},
}

// startsWithRequest reports whether what a client sent looks like HTTP/1.1 at
// all, and not like TLS, SOCKS or HTTP/2 on a connection that is for none of them.
func startsWithRequest(x *exchange.Exchange) bool {
	return x.Err == nil || x.Err.Code != exchange.ErrRequestMalformed || strings.IndexByte(x.Request.RawHead, ' ') > 0
}

var syntaxMethodMiscased = &annotate.Rule{
	ID:       "syntax/method-miscased",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the method must be in upper case",
	Refs:     []string{"RFC 9110 §9.1"},
	Doc: "Upper and lower case matter in methods: \"get\" isn't GET, and strict servers answer 405 or 501. " +
		"Browsers change get, post and some others to upper case for scripts, but not patch, so the error only shows with PATCH.",
	Help: "write the method in upper case",
	Bad:  []string{requested("get /orders HTTP/1.1", "Host: shop.test"), requested("Patch /orders/7 HTTP/1.1", "Host: shop.test", "Content-Length: 0")},
	Good: []string{requested("GET /orders HTTP/1.1", "Host: shop.test"), requested("fetch-all /orders HTTP/1.1", "Host: shop.test")},
	Check: func(p *annotate.Pass) {
		m := p.X.Request.Method
		for i := range len(m) {
			if m[i] >= 'a' && m[i] <= 'z' {
				if upper := registeredMethod(m); upper != "" {
					p.Note(p.Method(), "the method is %s, but the registered one is %s; upper and lower case matter", quoted(m), upper)
				}
				return
			}
		}
	},
}

// registeredMethod finds a method of IANA's HTTP Method Registry without
// regard to case; "" when there is none.
func registeredMethod(m string) string {
	for _, r := range [...]string{
		"ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LABEL", "LINK",
		"LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "OPTIONS", "ORDERPATCH",
		"PATCH", "POST", "PRI", "PROPFIND", "PROPPATCH", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "TRACE", "UNBIND",
		"UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
	} {
		if field.EqualFold(r, m) {
			return r
		}
	}
	return ""
}

var syntaxRequestTargetSyntax = &annotate.Rule{
	ID:       "syntax/request-target-syntax",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "the request target has an invalid form or byte",
	Refs:     []string{"RFC 9112 §3.2", "RFC 9110 §7.1"},
	Doc: "A target is a path with its query, or an absolute URI. * is for OPTIONS only, and host:port for CONNECT only. " +
		"White space, control characters, bytes outside ASCII and # aren't allowed. Servers answer 400, or cut the target there.",
	Help: "percent-encode the path, remove the fragment, and start the target with /",
	Bad: []string{
		requested("GET * HTTP/1.1", "Host: shop.test"),
		requested("GET orders HTTP/1.1", "Host: shop.test"),
		requested("GET /orders#top HTTP/1.1", "Host: shop.test"),
		requested(`GET /caf\xc3\xa9 HTTP/1.1`, "Host: shop.test"),
		requested("GET /my orders HTTP/1.1", "Host: shop.test"),
	},
	Good: []string{
		requested("OPTIONS * HTTP/1.1", "Host: shop.test"),
		requested("GET http://shop.test/orders?a=1 HTTP/1.1", "Host: shop.test"),
		"> CONNECT shop.test:443 HTTP/1.1\n> Host: shop.test:443\n>\n< HTTP/1.1 200 OK\n<\n",
	},
	When:       annotate.When{Always: true},
	Suppresses: []string{"failure/request-malformed"},
	Needs:      annotate.NeedsFraming | annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if r.Target == "" || r.Version >= exchange.HTTP2 && r.Method == "CONNECT" ||
			r.Version == 0 || r.Target[0] == ' ' || r.Target[len(r.Target)-1] == ' ' || r.Method == "PRI" {
			return
		}
		for i := range len(r.Target) {
			if c := r.Target[i]; c <= ' ' || c >= 0x7f || c == '#' {
				start := p.Target()
				p.Note(annotate.Span(start, start.Start+i, start.Start+i+1), "the request target has %s%s", quoted(r.Target[i:i+1]), whyNotInTarget(c))
				return
			}
		}
		if what := targetFormProblem(r.Method, r.Target); what != "" {
			p.Note(p.Target(), "%s", what)
		}
	},
}

func whyNotInTarget(c byte) string {
	if c == '#' {
		return ": clients don't send the fragment"
	}
	return ", which must be percent-encoded"
}

// targetFormProblem says which form of target (RFC 9112 §3.2) does not go with
// the method; "" when it does.
func targetFormProblem(method, target string) string {
	switch {
	case method == "CONNECT":
		if host, port := exchange.SplitAuthority(target); host == "" || !field.IsDigits(port) {
			return "CONNECT needs host:port as its target"
		}
	case target[0] == '/':
	case target == "*":
		if method != "OPTIONS" {
			return "the target * is for OPTIONS only"
		}
	case strings.Contains(target, "://"):
	default:
		if host, port := exchange.SplitAuthority(target); host != "" && field.IsDigits(port) {
			return "the target host:port is for CONNECT only"
		}
		if u, _ := field.ParseURI(target); u.Scheme == "" {
			return "the target doesn't start with / and isn't an absolute URI"
		}
	}
	return ""
}

var syntaxRequestTargetLaxCharacters = &annotate.Rule{
	ID:       "syntax/request-target-lax-characters",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the target has characters that URIs don't allow but browsers send",
	Refs:     []string{"RFC 9112 §3.2", "RFC 3986 §2"},
	Doc: "Browsers and many libraries don't encode \" < > \\ ^ ` { | } [ ] and a single % in path or query. " +
		"Most servers accept them, but Tomcat, strict gateways and some firewalls answer 400. " +
		"If a request works with one server and not with another, encode these characters.",
	Help: "percent-encode the character: [ is %5B, | is %7C, { is %7B",
	Bad:  []string{requested("GET /orders?filter[state]=open HTTP/1.1", "Host: shop.test"), requested("GET /100%25/50% HTTP/1.1", "Host: shop.test")},
	Good: []string{requested("GET /orders?filter%5Bstate%5D=open&a=(b)!$'*+,;:@/? HTTP/1.1", "Host: shop.test"),
		requested("GET http://[::1]/orders HTTP/1.1", "Host: [::1]")},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if !r.WireTrue() || r.Method == "CONNECT" {
			return
		}
		t := p.X.PathQuery()
		for i := range len(t) {
			if !laxBytes[t[i]] || !isLax(t, i) || exchange.IsRedacted(t) {
				continue
			}
			at := p.Target()
			at.Start += len(r.Target) - len(t) + i
			at.End = at.Start + 1
			if at.Start < 0 || len(t) > len(r.Target) {
				at = p.Target()
			}
			p.Note(at, "the target has %s unescaped; strict servers answer 400", quoted(t[i:i+1]))
			return
		}
	},
}

func isLax(s string, i int) bool {
	if s[i] == '%' {
		return i+2 >= len(s) || !isHexDigit(s[i+1]) || !isHexDigit(s[i+2])
	}
	return laxBytes[s[i]]
}

// laxBytes tells of every octet whether it stands in URIs wrongly, a percent
// sign perhaps.
var laxBytes = [256]bool{
	'"': true, '<': true, '>': true, '\\': true, '^': true, '`': true, '{': true, '|': true, '}': true, '[': true, ']': true, '%': true,
}

var syntaxURITooLong = &annotate.Rule{
	ID:       "syntax/uri-too-long",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the URI is longer than many servers and proxies accept",
	Refs:     []string{"RFC 9110 §4.1", "RFC 9112 §3"},
	Doc: "Every server and proxy should accept URIs of 8000 bytes, and few accept more. The one with the lowest limit answers 414 or 400. " +
		"Usual causes are long lists of IDs, tokens, and whole queries in the URI. The setting long-uri is the limit.",
	Help: "send the data in the body of a POST, or send less at a time",
	Bad:  []string{requested("GET /orders?ids="+strings.Repeat("12345678,", 900)+" HTTP/1.1", "Host: shop.test")},
	Good: []string{requested("GET /orders?ids="+strings.Repeat("12345678,", 800)+" HTTP/1.1", "Host: shop.test")},
	Check: func(p *annotate.Pass) {
		n := len(p.X.Request.Target)
		if p.X.Request.Target != "" && p.X.Request.Target[0] == '/' {
			n += len(p.X.Scheme) + len("://") + len(p.X.Authority)
		}
		if most := p.Options.LongURI; n > most {
			p.Note(p.Target(), "the URI is %d bytes long, more than the %d that every server should accept (--long-uri)", n, most)
		}
	},
}
