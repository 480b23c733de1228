package rules_test

import (
	"strings"
	"testing"

	"sidenote/exchange"
)

// malformedFields are field lines that break the grammar of their field, one of
// a kind, and the rule that says so. In a request they begin with ">".
var malformedFields = []struct{ line, rule string }{
	{`< Age: 1.5`, "cache/age-invalid"},
	{`< Age: -1`, "cache/age-invalid"},
	{`< Age: 1, 2`, "cache/age-invalid"},
	{`< Accept-Ranges: byte`, "range/accept-ranges-unknown-unit"},
	{`< Accept-Ranges: bytes, none`, "syntax/field-value-syntax"},
	{`< Allow: GET,,POST`, "syntax/list-empty-element"},
	{`< Allow: get`, "status/allow-excludes-successful-method"},
	{`< Cache-Control: max-age=60s`, "cache/directive-argument-invalid"},
	{`< Cache-Control: max-age`, "cache/directive-argument-invalid"},
	{`< Cache-Control: no-cache=Set-Cookie`, "cache/control-argument-quoting"},
	{`< Cache-Control: private; max-age=1`, "syntax/field-value-syntax"},
	{`< Cache-Control: maxage=60`, "cache/control-misspelled"},
	{`< Cache-Control: max-age=60, max-age=70`, "cache/control-duplicate-directive"},
	{`< Cache-Control: public, private`, "cache/control-contradiction"},
	{`< Content-Encoding: utf-8`, "encoding/content-coding-unregistered"},
	{`< Content-Encoding: x`, "encoding/content-coding-unregistered"},
	{`< Content-Language: english_US`, "syntax/field-value-syntax"},
	{`< Content-Location: http://[`, "syntax/field-value-syntax"},
	{`< Content-Range: bytes 0-1/2`, "range/content-range-undefined-for-status"},
	{`< ETag: abc`, "conditional/etag-unquoted"},
	{`< ETag: W/abc`, "conditional/etag-unquoted"},
	{`< ETag: w/"a"`, "conditional/etag-unquoted"},
	{`< ETag: "a" "b"`, "conditional/etag-malformed"},
	{`< ETag: "a b"`, "conditional/etag-malformed"},
	{`< Expires: 0`, "cache/expires-invalid"},
	{`< Expires: -1`, "cache/expires-invalid"},
	{`< Expires: Thu, 01 Jan 1970`, "cache/expires-invalid"},
	{`< Last-Modified: Tue, 99 Nov 2022 12:45:26 GMT`, "syntax/date-invalid"},
	{`< Last-Modified: Mon, 15 Nov 2022 12:45:26 GMT`, "syntax/date-wrong-weekday"},
	{`< Date: Fri, 2 Jan 2026 03:04:05 GMT`, "syntax/field-value-syntax"},
	{`< Retry-After: soon`, "status/retry-after-invalid"},
	{`< Retry-After: -5`, "status/retry-after-invalid"},
	{`< Retry-After: 1.5`, "status/retry-after-invalid"},
	{`< Server: a/b/c`, "syntax/product-invalid"},
	{`< Strict-Transport-Security: max-age=abc`, "security/hsts-over-http"},
	{`< Strict-Transport-Security: includeSubDomains`, "security/hsts-over-http"},
	{`< Strict-Transport-Security: max-age=1; max-age=2`, "security/hsts-over-http"},
	{`< Vary: Accept; Cookie`, "syntax/field-value-syntax"},
	{`< Via: 1.1`, "syntax/field-value-syntax"},
	{`< Warning: 110`, "syntax/field-value-syntax"},
	{`< Warning: 999 - x`, "syntax/field-value-syntax"},
	{`< X-Content-Type-Options: nosnif`, "security/nosniff-invalid"},
	{`< X-Frame-Options: DENY, SAMEORIGIN`, "security/frame-options-repeated"},
	{`< Content-Security-Policy: default-src self`, "security/csp-syntax"},
	{`< Content-Security-Policy: defaul-src 'self'`, "security/csp-syntax"},
	{`< Referrer-Policy: sameorigin`, "security/referrer-policy-invalid"},
	{`< Permissions-Policy: geolocation 'none'`, "syntax/structured-field-invalid"},
	{`< Cross-Origin-Opener-Policy: sameorigin`, "security/cross-origin-policy-invalid"},
	{`< Cross-Origin-Resource-Policy: same_origin`, "security/cross-origin-policy-invalid"},
	{`< Server-Timing: a;dur=x`, "timing/server-timing-invalid"},
	{`< Server-Timing: a b`, "timing/server-timing-invalid"},
	{`< Timing-Allow-Origin: foo`, "syntax/field-value-syntax"},
	{`< Link: <a; rel=next`, "syntax/field-value-syntax"},
	{`< Link: /a; rel=next`, "syntax/field-value-syntax"},
	{`< Content-Disposition: filename=a.txt`, "content/content-disposition-unknown-type"},
	{`< Content-Disposition: attachment; filename=a b.txt`, "syntax/field-value-syntax"},
	{`< Content-Disposition: attachment; filename=`, "syntax/field-value-syntax"},
	{`< Set-Cookie: a=b; Expires=tomorrow`, "cookie/bad-expires"},
	{`< Set-Cookie: a=b; Max-Age=x`, "cookie/bad-max-age"},
	{`< Set-Cookie: a=b; SameSite=foo`, "cookie/samesite-invalid"},
	{`< Set-Cookie: a=b; Domain=.`, "cookie/empty-domain"},
	{`< Set-Cookie: a=b; Path=x`, "cookie/path-ignored"},
	{`< Digest: sha-256=x`, "deprecated/field-deprecated"},
	{`< Repr-Digest: sha-256=x`, "encoding/structured-field-wrong-type"},
	{`< Content-Digest: sha-256=:x:`, "syntax/structured-field-invalid"},
	{`< Content-MD5: x`, "syntax/field-value-syntax"},
	{`< Priority: u=9`, "encoding/structured-field-out-of-range"},
	{`< Proxy-Status: a; error=1`, "intermediary/proxy-status-invalid"},
	{`< Deprecation: true`, "encoding/structured-field-wrong-type"},
	{`< Deprecation: @abc`, "syntax/structured-field-invalid"},
	{`< Sunset: 2026-01-01`, "deprecated/sunset-invalid"},
	{`< NEL: x`, "reporting/nel-invalid"},
	{`< Report-To: x`, "reporting/report-to-invalid"},
	{`< Accept-CH: 1`, "encoding/structured-field-wrong-type"},
	{`< Clear-Site-Data: cache`, "security/clear-site-data-invalid"},
	{`< Origin-Agent-Cluster: 1`, "encoding/structured-field-wrong-type"},
	{`< SourceMap: http://[`, "syntax/field-value-syntax"},
	{`< Trailer: Content-Length`, "framing/trailer-field-without-chunked"},
	{`< Upgrade: websocket`, "framing/upgrade-without-connection-upgrade"},
	{`< Access-Control-Allow-Origin: a.test`, "cors/allow-origin-malformed"},
	{`< Access-Control-Allow-Methods: GET POST`, "syntax/field-value-syntax"},
	{`< Access-Control-Allow-Headers: a b`, "syntax/field-value-syntax"},
	{`< Access-Control-Max-Age: 1h`, "cors/preflight-field-outside-preflight"},
	{`< Access-Control-Expose-Headers: a;b`, "syntax/field-value-syntax"},
	{`< Speculation-Rules: x`, "encoding/structured-field-wrong-type"},
	{`< No-Vary-Search: params=1`, "encoding/structured-field-wrong-type"},
	{`< Use-As-Dictionary: match=x`, "encoding/structured-field-wrong-type"},
	{`< Reporting-Endpoints: a="not a url"`, "security/reporting-endpoint-insecure"},
	{`< Integrity-Policy: x`, "encoding/structured-field-wrong-type"},
	{`< Signature-Input: x`, "encoding/structured-field-wrong-type"},
	{`< Signature: x`, "security/signature-input-without-signature"},
	{`< Accept-Signature: x`, "encoding/structured-field-wrong-type"},
	{`< Incremental: 1`, "encoding/structured-field-wrong-type"},
	{`< Unencoded-Digest: x`, "encoding/structured-field-wrong-type"},
	{`> Accept: text`, "syntax/field-value-syntax"},
	{`> Accept: text/html;q=2`, "negotiation/qvalue-invalid"},
	{`> Accept: text/html;q=.5`, "negotiation/qvalue-invalid"},
	{`> Accept: text/html, ,*/*`, "syntax/list-empty-element"},
	{`> Accept-Charset: utf-8;q=2`, "negotiation/qvalue-invalid"},
	{`> Accept-Encoding: gzip;q=1.0001`, "negotiation/qvalue-invalid"},
	{`> Accept-Language: de_DE`, "syntax/field-value-syntax"},
	{`> Authorization: Bearer`, "auth/authorization-scheme-only"},
	{`> Authorization: Bearer a b`, "auth/bearer-credentials-malformed"},
	{`> Authorization: Basic !!`, "auth/basic-credentials-malformed"},
	{`> Authorization: Basic Zm9v`, "auth/basic-credentials-malformed"},
	{`> Cache-Control: max-age=x`, "cache/directive-argument-invalid"},
	{`> Expect: 100-Continue`, "framing/expect-continue-without-body"},
	{`> Expect: foo`, "syntax/expect-invalid"},
	{`> From: x`, "syntax/field-value-syntax"},
	{`> If-Match: abc`, "conditional/etag-unquoted"},
	{`> If-None-Match: abc`, "conditional/etag-unquoted"},
	{`> If-None-Match: "a" "b"`, "conditional/etag-malformed"},
	{`> If-None-Match: *, "a"`, "conditional/etag-malformed"},
	{`> If-Modified-Since: yesterday`, "syntax/field-value-syntax"},
	{`> If-Range: abc`, "conditional/etag-unquoted"},
	{`> If-Range: W/"a"`, "range/if-range-weak-etag"},
	{`> If-Unmodified-Since: 0`, "syntax/field-value-syntax"},
	{`> Max-Forwards: x`, "syntax/field-value-syntax"},
	{`> Origin: http://a.test/`, "cors/origin-invalid"},
	{`> Range: bytes=5-1`, "range/invalid"},
	{`> Range: bytes=a-b`, "range/invalid"},
	{`> Range: bytes=0-1,0-1,0-1`, "range/overlapping-ranges"},
	{`> User-Agent: (`, "syntax/singleton-field-repeated"},
	{`> Upgrade-Insecure-Requests: 2`, "syntax/field-value-syntax"},
	{`> DNT: x`, "syntax/field-value-syntax"},
	{`> Sec-Fetch-Site: foo`, "security/fetch-metadata-invalid"},
	{`> Sec-Fetch-Mode: foo`, "security/fetch-metadata-invalid"},
	{`> Sec-Fetch-Dest: foo`, "security/fetch-metadata-invalid"},
	{`> Sec-Fetch-User: 1`, "security/fetch-metadata-invalid"},
	{`> Sec-CH-UA: x`, "encoding/structured-field-wrong-type"},
	{`> Sec-CH-UA-Mobile: 1`, "encoding/structured-field-wrong-type"},
	{`> Sec-GPC: 0`, "syntax/field-value-syntax"},
	{`> Traceparent: 00-0-0-00`, "syntax/field-value-syntax"},
	{`> Tracestate: a`, "syntax/field-value-syntax"},
	{`> Idempotency-Key: abc`, "content/idempotency-key-unquoted"},
	{`> Priority: u=8`, "encoding/structured-field-out-of-range"},
	{`> Want-Repr-Digest: sha-256`, "encoding/structured-field-wrong-type"},
	{`> Want-Digest: x`, "deprecated/field-deprecated"},
	{`> Content-Length: +2`, "framing/content-length-invalid"},
	{`> Host: a b`, "status/bad-host-not-rejected"},
	{`> DPoP: x`, "syntax/field-value-syntax"},
	{`> Early-Data: 2`, "syntax/early-data-invalid"},
	{`> HTTP2-Settings: x`, "syntax/field-value-syntax"},
	{`> Prefer: return=minimal; foo`, "negotiation/prefer-nonsensical-method"},
	{`> Device-Memory: x`, "syntax/field-value-syntax"},
	{`> Downlink: x`, "syntax/field-value-syntax"},
	{`> RTT: -1`, "syntax/field-value-syntax"},
	{`> Available-Dictionary: x`, "encoding/structured-field-wrong-type"},
	{`> Dictionary-ID: x`, "encoding/structured-field-wrong-type"},
	{`> Sec-WebSocket-Key: x`, "syntax/field-value-syntax"},
	{`> Sec-WebSocket-Version: x`, "syntax/field-value-syntax"},
}

// TestMalformedFields holds that no field is taken as it comes.
func TestMalformedFields(t *testing.T) {
	set := allOn(t)
	for _, c := range malformedFields {
		request, response := "> GET /orders HTTP/1.1\n> Host: shop.test\n> User-Agent: a/1\n", "< HTTP/1.1 200 OK\n< Content-Type: text/plain\n< Content-Length: 2\n"
		switch name, _, _ := strings.Cut(c.line[2:], ":"); {
		case name == "Host":
			request = strings.Replace(request, "> Host: shop.test", c.line, 1)
		case c.line[0] == '>':
			request += c.line + "\n"
		default:
			response += c.line + "\n"
		}
		found := false
		ids := idsOver(t, set, request+">\n"+response+"<\n< ok\n")
		for _, id := range ids {
			found = found || id == c.rule
		}
		if !found {
			t.Errorf("%s: %q, want %s", c.line, ids, c.rule)
		}
	}
}

// TestMisses has messages that are wrong in other ways than one field, of which
// other linters speak.
func TestMisses(t *testing.T) {
	set := allOn(t)
	for name, c := range map[string]struct{ text, rule string }{
		"two equal Content-Length":       {responseOf("Content-Length: 2", "Content-Length: 2"), "framing/content-length-repeated"},
		"500 digits of Content-Length":   {responseOf("Content-Length: " + strings.Repeat("9", 500)), "framing/content-length-invalid"},
		"a list as Content-Length":       {responseOf("Content-Length: 2, 2"), "framing/content-length-invalid"},
		"Vary with * and a name":         {responseOf("Content-Length: 2", "Vary: *, Accept"), "cache/vary-star-with-names"},
		"Trailer without content":        {"> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 204 No Content\n< Trailer: X-T\n<\n", "framing/trailer-field-without-chunked"},
		"a field in header and trailer":  {"> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 OK\n< Transfer-Encoding: chunked\n< ETag: \"1\"\n<\n< ok\n<~ ETag: \"2\"\n", "framing/trailer-repeats-header"},
		"CONNECT with content":           {"> CONNECT a.test:443 HTTP/1.1\n> Host: a.test:443\n> Content-Length: 2\n>\n> ok\n< HTTP/1.1 200 OK\n<\n", "framing/connect-with-content"},
		"101 and close":                  {"> GET / HTTP/1.1\n> Host: a.test\n> Connection: upgrade\n> Upgrade: x\n>\n< HTTP/1.1 101 Switching Protocols\n< Connection: upgrade, close\n< Upgrade: x\n<\n", "framing/101-with-connection-close"},
		"If-None-Match: * with 200":      {"> GET / HTTP/1.1\n> Host: a.test\n> If-None-Match: *\n>\n" + answerOf("200 OK", "ok"), "conditional/if-none-match-any-ignored"},
		"DELETE to itself":               {"> DELETE /a HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 302 Found\n< Location: /a\n< Content-Length: 0\n<\n", "redirect/to-self"},
		"451 without content":            {"> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 451 No\n< Link: <https://b.test/>; rel=\"blocked-by\"\n< Content-Length: 0\n<\n", "link/451-missing-explanation"},
		"a challenge without a scheme":   {"> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: realm=\"x\"\n< Content-Length: 0\n<\n", "auth/401-missing-www-authenticate"},
		"406 to a client that takes all": {"> GET / HTTP/1.1\n> Host: a.test\n>\n" + answerOf("406 Not Acceptable", "no"), "negotiation/406-without-negotiation"},
		"problem with message only":      {"> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 400 Bad Request\n< Content-Type: application/problem+json\n<\n< {\"message\":\"x\"}\n", "content/problem-details-malformed"},
		"a font as text":                 {"> GET /a HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: text/plain\n<\n< wOF2\\x00\\x01\\x00\\x00aaaa\n", "content/content-type-mismatch"},
		"an image that is none":          {"> GET /a HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: image/png\n<\n< <html>no</html>\n", "content/content-type-mismatch"},
		"CORS by Origin alone":           {"> GET /a HTTP/1.1\n> Host: a.test\n> Origin: https://b.test\n>\n" + answerOf("200 OK", "ok"), "cors/missing-on-success"},
	} {
		x, err := exchange.ParseText(c.text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found := false
		for _, n := range set.All(x, nil) {
			found = found || n.Rule.ID == c.rule
		}
		if !found {
			t.Errorf("%s has no note of %s", name, c.rule)
		}
	}
}

// responseOf is a 200 with those field lines alone.
func responseOf(lines ...string) string {
	return "> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: text/plain\n< " + strings.Join(lines, "\n< ") + "\n<\n< ok\n"
}

// answerOf is a response with that status and text.
func answerOf(status, text string) string {
	return "< HTTP/1.1 " + status + "\n< Content-Type: text/plain\n<\n< " + text + "\n"
}
