package rules

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// securityRules lists the rules on fields that protect, and on what should not
// be seen.
func securityRules() []*annotate.Rule {
	return slices.Concat(
		securityCSPRules(),
		securityCSPDocumentRules(),
		securityHSTSRules(),
		securityFrameRules(),
		securityPolicyRules(),
		securityReportingRules(),
		securityRefererRules(),
		securityDisclosureRules(),
		securitySignatureRules(),
	)
}

// isDocument reports whether a response is an HTML document that is shown.
func isDocument(x *exchange.Exchange) bool {
	return x.Response.Status == 200 && mediaTypeOf(&x.Response.Fields).IsHTML()
}

// isTopLevelDocument reports whether a response is an HTML document that a
// browser shows as a page of its own, over https: what hardening is for.
func isTopLevelDocument(x *exchange.Exchange) bool {
	if x.Scheme != "https" || x.Request.Method != "GET" || x.Request.Fields.Has(exchange.FieldXRequestedWith) || !isDocument(x) {
		return false
	}
	dest := x.Request.Fields.Value(exchange.FieldSecFetchDest)
	mode := x.Request.Fields.Value(exchange.FieldSecFetchMode)
	return (dest == "" || dest == "document") && (mode == "" || mode == "navigate")
}

// securePage is an example: a document over https in a frame, with further
// response fields. In a frame, for what pages lack is not what they are about.
func securePage(response string) string {
	return securePageWith(response, "<!DOCTYPE html><title>Shop</title>")
}

func securePageWith(response, content string) string {
	return "* scheme https\n> GET /account HTTP/1.1\n> Host: www.shop.test\n> Sec-Fetch-Dest: iframe\n>\n< HTTP/1.1 200 OK\n" +
		marked("<", response) + "< Content-Type: text/html\n<\n" + marked("<", content)
}

// topLevelPage is an example: a document over https that a user went to.
func topLevelPage(response string) string {
	return strings.Replace(strings.Replace(securePage(response), "Sec-Fetch-Dest: iframe", "Sec-Fetch-Dest: document", 1), "www.shop.test", "www.shop.example", 1)
}

// hardened are the fields that a hardened page has.
const hardened = "Content-Security-Policy: default-src 'self'; form-action 'self'; frame-ancestors 'none'\nStrict-Transport-Security: max-age=31536000; includeSubDomains\nX-Content-Type-Options: nosniff"

// hardenedWithout returns the hardened fields except one.
func hardenedWithout(name string) string {
	var kept []string
	for _, l := range strings.Split(hardened, "\n") {
		if !strings.HasPrefix(l, name+":") {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}

// isPlainHTTP reports whether a reference, resolved against the target URI,
// goes over plain http to another machine.
func isPlainHTTP(x *exchange.Exchange, reference string) bool {
	u, err := field.ParseURI(reference)
	if err != nil {
		return false
	}
	u = u.Resolve(targetURI(x))
	return field.EqualFold(u.Scheme, "http") && !isTrustworthyHost(strings.ToLower(u.Hostname()))
}

func hostKey(x *exchange.Exchange) string { return x.Host() }

// siteKey is the key of rules on what a server says of itself with every
// response, over https as over http.
func siteKey(x *exchange.Exchange) string { return x.Authority }
