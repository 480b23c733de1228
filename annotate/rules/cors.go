package rules

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// corsRules lists the rules on sharing responses between origins (Fetch §3.3).
func corsRules() []*annotate.Rule {
	return slices.Concat(corsResponseRules(), corsPreflightRules())
}

// isCrossOrigin reports whether a request names an origin other than that of
// its target.
func isCrossOrigin(x *exchange.Exchange) bool {
	if !x.Request.Fields.Has(exchange.FieldOrigin) {
		return false
	}
	target := targetURI(x)
	if x.Scheme == "http" && tlsEndedBefore(x) {
		target.Scheme = "https"
	}
	from, err := field.ParseURI(x.Request.Fields.Value(exchange.FieldOrigin))
	return err != nil || !from.SameOrigin(target)
}

// usesCORS reports whether a browser asked in a way that needs permission to
// read the response: it says so, or it sends Origin with a GET, which browsers
// do for CORS alone, except to open a WebSocket.
func usesCORS(x *exchange.Exchange) bool {
	f := &x.Request.Fields
	if f.Has(exchange.FieldSecFetchMode) {
		return f.Value(exchange.FieldSecFetchMode) == "cors" && isCrossOrigin(x)
	}
	return isRead(x.Request.Method) && !f.Has(exchange.FieldUpgrade) && isCrossOrigin(x)
}

// allowedOrigin is the combined value of Access-Control-Allow-Origin.
func allowedOrigin(x *exchange.Exchange) string {
	return x.Response.Fields.Combined(exchange.FieldAccessControlAllowOrigin)
}

// allowsCredentials reports whether Access-Control-Allow-Credentials is true.
func allowsCredentials(x *exchange.Exchange) bool {
	return x.Response.Fields.Combined(exchange.FieldAccessControlAllowCredentials) == "true"
}

// passesOriginCheck reports whether a response names every origin or that of
// the request (Fetch §4.10).
func passesOriginCheck(x *exchange.Exchange) bool {
	allowed := allowedOrigin(x)
	return allowed == "*" || allowed != "" && allowed == x.Request.Fields.Value(exchange.FieldOrigin)
}

// isSeveral reports whether a value holds more than one word.
func isSeveral(value string) bool { return strings.ContainsAny(value, ", \t") }

// routeKey is the key of rules that speak once per origin and kind of path.
func routeKey(x *exchange.Exchange) string { return originKey(x) + annotate.Route(x.Path()) }

// crossOrigin is an example: a request of https://app.test to https://api.test
// with further request fields, and what is answered.
func crossOrigin(request, response string) string {
	return "* scheme https\n> GET /v1/cart HTTP/1.1\n> Host: api.test\n> Origin: https://app.test\n> Sec-Fetch-Mode: cors\n" + marked(">", request) +
		">\n< HTTP/1.1 200 OK\n" + marked("<", response) + "< Content-Type: application/json\n< Content-Length: 2\n<\n< {}\n"
}

// preflight is an example: a preflight for PUT with further request fields,
// and a status line with fields.
func preflight(request, response string) string {
	return "* scheme https\n> OPTIONS /v1/cart HTTP/1.1\n> Host: api.test\n> Origin: https://app.test\n> Sec-Fetch-Mode: cors\n> Access-Control-Request-Method: PUT\n" +
		marked(">", request) + ">\n" + marked("<", "HTTP/1.1 "+response) + "< Content-Length: 0\n<\n# also cors/preflight\n"
}

// marked puts a mark before each line of a text.
func marked(mark, text string) string {
	if text == "" {
		return ""
	}
	return mark + " " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+mark+" ") + "\n"
}
