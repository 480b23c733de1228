package annotate

import (
	"slices"

	"sidenote/exchange"
)

// A Field is what is known of one field name.
type Field struct {
	Name      exchange.Name
	Says      string // what it says, in one or two sentences
	Refs      []string
	Direction Direction
	List      bool   // several lines mean the same as one with all their members (RFC 9110 §5.3)
	Example   string // one field line
}

// Direction says in which messages a field has a meaning.
type Direction uint8

// The directions.
const (
	InRequests Direction = iota + 1
	InResponses
	InBoth
)

// String gives "request", "response" or "both".
func (d Direction) String() string {
	return [...]string{"", "request", "response", "both"}[d]
}

// Fields lists every field that is described, in alphabetical order. The
// caller must not change what it gets.
func Fields() []Field { return fields }

// LookupField finds what is known of a name; ok is false for one that is not described.
func LookupField(n exchange.Name) (f Field, ok bool) {
	i, ok := slices.BinarySearchFunc(fields, n, func(f Field, n exchange.Name) int { return int(f.Name) - int(n) })
	if !ok {
		return Field{}, false
	}
	return fields[i], true
}

// fields is in the order of exchange.Name, which is alphabetical.
var fields = []Field{
	{exchange.FieldAIM, "Which kinds of delta the client takes instead of the whole.",
		[]string{"RFC 3229 §10.5.3"}, InRequests, true, "A-IM: vcdiff, gzip"},
	{exchange.FieldAccept, "Which media types the client takes, and how gladly. On a 415 it says which ones the server would have taken.",
		[]string{"RFC 9110 §12.5.1"}, InBoth, true, "Accept: application/json, text/html;q=0.8, */*;q=0.1"},
	{exchange.FieldAcceptEncoding, "Which content codings the client can undo. On a 415 it says which ones the server would have taken.",
		[]string{"RFC 9110 §12.5.3"}, InBoth, true, "Accept-Encoding: gzip, br, zstd"},
	{exchange.FieldAcceptLanguage, "Which languages the user reads, and how gladly.",
		[]string{"RFC 9110 §12.5.4"}, InRequests, true, "Accept-Language: de, en;q=0.7"},
	{exchange.FieldAcceptPatch, "Which media types the resource takes as content of a PATCH.",
		[]string{"RFC 5789 §3.1"}, InResponses, true, "Accept-Patch: application/merge-patch+json"},
	{exchange.FieldAcceptPost, "Which media types the resource takes as content of a POST.",
		[]string{"LDP 1.0 §7.1"}, InResponses, true, "Accept-Post: application/json"},
	{exchange.FieldAcceptRanges, "Whether the resource can be had in parts, and by which unit.",
		[]string{"RFC 9110 §14.3"}, InResponses, true, "Accept-Ranges: bytes"},
	{exchange.FieldAccessControlAllowOrigin, "Which web origin may read the response from a script.",
		[]string{"Fetch, HTTP responses"}, InResponses, false, "Access-Control-Allow-Origin: https://shop.example"},
	{exchange.FieldAge, "How many seconds a cache thinks have passed since the origin server made or confirmed the response.",
		[]string{"RFC 9111 §5.1"}, InResponses, false, "Age: 340"},
	{exchange.FieldAllow, "Which methods the resource supports. A 405 must have it; empty means none.",
		[]string{"RFC 9110 §10.2.1"}, InBoth, true, "Allow: GET, HEAD, PUT"},
	{exchange.FieldAltSvc, "Where else the same origin can be reached, such as over HTTP/3.",
		[]string{"RFC 7838 §3"}, InResponses, true, "Alt-Svc: h3=\":443\"; ma=86400"},
	{exchange.FieldAuthenticationInfo, "What the server adds once authentication has succeeded.",
		[]string{"RFC 9110 §11.6.3"}, InResponses, true, "Authentication-Info: nextnonce=\"4b1d\""},
	{exchange.FieldAuthorization, "The client's credentials for the resource: a scheme, then what the scheme wants.",
		[]string{"RFC 9110 §11.6.2"}, InRequests, false, "Authorization: Bearer mF_9.B5f-4.1JqM"},
	{exchange.FieldCacheControl, "What caches may and must do with the message.",
		[]string{"RFC 9111 §5.2"}, InBoth, true, "Cache-Control: max-age=60, private"},
	{exchange.FieldCacheStatus, "What each cache on the way did with the request: hit, forwarded, and why.",
		[]string{"RFC 9211 §2"}, InResponses, true, "Cache-Status: edge; fwd=uri-miss; stored"},
	{exchange.FieldCDNLoop, "Which content delivery networks the request has passed, so that loops are seen.",
		[]string{"RFC 8586 §2"}, InRequests, true, "CDN-Loop: cdn.example"},
	{exchange.FieldCFRay, "Cloudflare's number for the request, to look it up there.",
		[]string{"Cloudflare"}, InBoth, false, "CF-Ray: 88a1f2b3c4d5e6f7-FRA"},
	{exchange.FieldConnection, "What holds for this one connection: that it will close, or which other fields end at the next hop. HTTP/2 and HTTP/3 forbid it.",
		[]string{"RFC 9110 §7.6.1"}, InBoth, true, "Connection: close"},
	{exchange.FieldContentDigest, "A hash of the content as sent, codings included, to find damage.",
		[]string{"RFC 9530 §2"}, InBoth, true, "Content-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"},
	{exchange.FieldContentDisposition, "Whether to show the content or to save it, and under which file name.",
		[]string{"RFC 6266 §4"}, InResponses, false, "Content-Disposition: attachment; filename=\"report.pdf\""},
	{exchange.FieldContentEncoding, "Which codings were applied to the content, in their order; the reader undoes them from the last.",
		[]string{"RFC 9110 §8.4"}, InBoth, true, "Content-Encoding: gzip"},
	{exchange.FieldContentLanguage, "For readers of which languages the content is meant.",
		[]string{"RFC 9110 §8.5"}, InBoth, true, "Content-Language: de"},
	{exchange.FieldContentLength, "How many octets of content follow. Where it is wrong, messages are cut short or run into each other.",
		[]string{"RFC 9110 §8.6"}, InBoth, false, "Content-Length: 348"},
	{exchange.FieldContentLocation, "The URI of exactly the representation that the message holds.",
		[]string{"RFC 9110 §8.7"}, InBoth, false, "Content-Location: /report.de.html"},
	{exchange.FieldContentRange, "Which part of the whole the content is. On a 416 only how long the whole is.",
		[]string{"RFC 9110 §14.4"}, InBoth, false, "Content-Range: bytes 0-499/8000"},
	{exchange.FieldContentSecurityPolicy, "From where a page may load scripts, styles and the rest.",
		[]string{"CSP 3 §3.1"}, InResponses, true, "Content-Security-Policy: default-src 'self'"},
	{exchange.FieldContentType, "The media type of the content, and for text often its charset.",
		[]string{"RFC 9110 §8.3"}, InBoth, false, "Content-Type: application/json"},
	{exchange.FieldCookie, "The cookies that the client holds for this URI.",
		[]string{"RFC 6265 §4.2"}, InRequests, false, "Cookie: sid=31d4d96e; lang=de"},
	{exchange.FieldDate, "When the message was made. A server with a clock sends it on every 2xx, 3xx and 4xx.",
		[]string{"RFC 9110 §6.6.1"}, InBoth, false, "Date: Tue, 15 Nov 2022 08:12:31 GMT"},
	{exchange.FieldDeltaBase, "The entity tag of the version that a delta is to be applied to.",
		[]string{"RFC 3229 §10.5.1"}, InResponses, false, "Delta-Base: \"v41\""},
	{exchange.FieldDepth, "How far down a WebDAV request reaches: 0, 1 or infinity.",
		[]string{"RFC 4918 §10.2"}, InRequests, false, "Depth: 1"},
	{exchange.FieldEarlyData, "That the request was received in TLS early data on an earlier hop and may be a replay.",
		[]string{"RFC 8470 §5.1"}, InRequests, false, "Early-Data: 1"},
	{exchange.FieldETag, "A name for this version of the representation, to ask later whether it has changed.",
		[]string{"RFC 9110 §8.8.3"}, InResponses, false, "ETag: \"33a64df5\""},
	{exchange.FieldExpect, "That the client waits for 100 (Continue) before it sends its content.",
		[]string{"RFC 9110 §10.1.1"}, InRequests, true, "Expect: 100-continue"},
	{exchange.FieldExpires, "When the response becomes stale. max-age in Cache-Control takes precedence.",
		[]string{"RFC 9111 §5.3"}, InResponses, false, "Expires: Thu, 01 Dec 2022 16:00:00 GMT"},
	{exchange.FieldForwarded, "What proxies knew of the client: its address, the host and scheme that it asked for.",
		[]string{"RFC 7239 §4"}, InRequests, true, "Forwarded: for=192.0.2.60;proto=https"},
	{exchange.FieldHost, "The host and port that the client asks for; HTTP/1.1 requires exactly one.",
		[]string{"RFC 9110 §7.2"}, InRequests, false, "Host: api.example:8443"},
	{exchange.FieldIdempotencyKey, "A name for this attempt, so that the server does the work once however often it is sent.",
		[]string{"draft-ietf-httpapi-idempotency-key-header"}, InRequests, false, "Idempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\""},
	{exchange.FieldIf, "WebDAV's precondition: which states and locks must hold.",
		[]string{"RFC 4918 §10.4"}, InRequests, false, "If: (<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>)"},
	{exchange.FieldIfMatch, "Do it only if the resource still has one of these entity tags; else 412. Guards against overwriting another's change.",
		[]string{"RFC 9110 §13.1.1"}, InRequests, true, "If-Match: \"33a64df5\""},
	{exchange.FieldIfModifiedSince, "Send it only if it has changed since then; else 304. Of use with GET and HEAD only.",
		[]string{"RFC 9110 §13.1.3"}, InRequests, false, "If-Modified-Since: Sat, 29 Oct 2022 19:43:31 GMT"},
	{exchange.FieldIfNoneMatch, "Send it only if it has none of these entity tags: else 304 to GET and HEAD, 412 to other methods.",
		[]string{"RFC 9110 §13.1.2"}, InRequests, true, "If-None-Match: \"33a64df5\", W/\"9c1\""},
	{exchange.FieldIfRange, "Send the range if the representation is still this one, else the whole.",
		[]string{"RFC 9110 §13.1.5"}, InRequests, false, "If-Range: \"33a64df5\""},
	{exchange.FieldIfUnmodifiedSince, "Do it only if the resource has not changed since then; else 412.",
		[]string{"RFC 9110 §13.1.4"}, InRequests, false, "If-Unmodified-Since: Sat, 29 Oct 2022 19:43:31 GMT"},
	{exchange.FieldIM, "Which manipulations made the delta that a 226 holds.",
		[]string{"RFC 3229 §10.5.2"}, InResponses, true, "IM: vcdiff"},
	{exchange.FieldKeepAlive, "How long an idle connection is kept open, as a hint.",
		[]string{"RFC 2068 §19.7.1.1"}, InBoth, true, "Keep-Alive: timeout=5, max=100"},
	{exchange.FieldLastModified, "When the representation was last changed, as far as the server knows.",
		[]string{"RFC 9110 §8.8.2"}, InResponses, false, "Last-Modified: Tue, 15 Nov 2022 12:45:26 GMT"},
	{exchange.FieldLink, "Links to other resources and what they are to this one: next page, stylesheet, who blocks it.",
		[]string{"RFC 8288 §3"}, InBoth, true, "Link: </orders?page=2>; rel=\"next\""},
	{exchange.FieldLocation, "Where to go: on a 3xx the URI to follow, on a 201 what was made.",
		[]string{"RFC 9110 §10.2.2"}, InResponses, false, "Location: /orders/981"},
	{exchange.FieldLockToken, "The name of a WebDAV lock.",
		[]string{"RFC 4918 §10.5"}, InBoth, false, "Lock-Token: <urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>"},
	{exchange.FieldMaxForwards, "How many more proxies a TRACE or OPTIONS may pass.",
		[]string{"RFC 9110 §7.6.2"}, InRequests, false, "Max-Forwards: 5"},
	{exchange.FieldOrigin, "Which web origin caused the request.",
		[]string{"Fetch, Origin"}, InRequests, false, "Origin: https://shop.example"},
	{exchange.FieldPragma, "A relic of HTTP/1.0; send Cache-Control instead.",
		[]string{"RFC 9111 §5.4"}, InBoth, true, "Pragma: no-cache"},
	{exchange.FieldPrefer, "What the client would like, such as an answer before the work is done.",
		[]string{"RFC 7240 §2"}, InRequests, true, "Prefer: respond-async, wait=10"},
	{exchange.FieldProxyAuthenticate, "How to authenticate to a proxy. A 407 must have it.",
		[]string{"RFC 9110 §11.7.1"}, InResponses, true, "Proxy-Authenticate: Basic realm=\"office\""},
	{exchange.FieldProxyAuthorization, "The client's credentials for a proxy; they go no further than that proxy.",
		[]string{"RFC 9110 §11.7.2"}, InRequests, false, "Proxy-Authorization: Basic dXNlcjpwYXNz"},
	{exchange.FieldProxyStatus, "What each intermediary met when it handled the response, such as which error and where.",
		[]string{"RFC 9209 §2"}, InResponses, true, "Proxy-Status: edge.example; error=connection_timeout"},
	{exchange.FieldRange, "Which part of the representation the client wants.",
		[]string{"RFC 9110 §14.2"}, InRequests, false, "Range: bytes=500-999"},
	{exchange.FieldRateLimit, "How many requests are left and until when.",
		[]string{"draft-ietf-httpapi-ratelimit-headers"}, InResponses, true, "RateLimit: \"default\";r=50;t=30"},
	{exchange.FieldReferer, "The page from which the request came.",
		[]string{"RFC 9110 §10.1.3"}, InRequests, false, "Referer: https://shop.example/cart"},
	{exchange.FieldReprDigest, "A hash of the whole representation, whichever part of it the message holds.",
		[]string{"RFC 9530 §3"}, InBoth, true, "Repr-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"},
	{exchange.FieldRetryAfter, "When to come back: a number of seconds, or a date.",
		[]string{"RFC 9110 §10.2.3"}, InResponses, false, "Retry-After: 120"},
	{exchange.FieldSecWebSocketAccept, "Proof that the server understood the WebSocket request: a hash of its Sec-WebSocket-Key.",
		[]string{"RFC 6455 §11.3.3"}, InResponses, false, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
	{exchange.FieldSecWebSocketKey, "A random value that the server must hash into Sec-WebSocket-Accept.",
		[]string{"RFC 6455 §11.3.1"}, InRequests, false, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="},
	{exchange.FieldSecWebSocketProtocol, "Which subprotocols the client offers, and which one the server chose.",
		[]string{"RFC 6455 §11.3.4"}, InBoth, true, "Sec-WebSocket-Protocol: graphql-transport-ws"},
	{exchange.FieldSecWebSocketVersion, "Which version of WebSocket is meant; on a refusal, which ones the server speaks.",
		[]string{"RFC 6455 §11.3.5"}, InBoth, true, "Sec-WebSocket-Version: 13"},
	{exchange.FieldServer, "Which software answered.",
		[]string{"RFC 9110 §10.2.4"}, InResponses, false, "Server: nginx"},
	{exchange.FieldServerTiming, "How long parts of the work took, for the browser's tools.",
		[]string{"Server Timing §2"}, InResponses, true, "Server-Timing: db;dur=53, app;dur=47.2"},
	{exchange.FieldSetCookie, "A cookie to store. Each line is one cookie; lines must not be joined.",
		[]string{"RFC 6265 §4.1"}, InResponses, false, "Set-Cookie: sid=31d4d96e; Path=/; Secure; HttpOnly; SameSite=Lax"},
	{exchange.FieldSidenote, "The notes that sidenote wrote about this exchange when its head was known.",
		[]string{"sidenote"}, InResponses, true, "Sidenote: status/405-missing-allow;sev=error;by=origin"},
	{exchange.FieldSidenoteExchange, "The exchange's number in sidenote's log, its class and its verdict.",
		[]string{"sidenote"}, InResponses, false, "Sidenote-Exchange: \"7f3k\";v=1;class=success;verdict=warn"},
	{exchange.FieldStrictTransportSecurity, "That the host is to be asked over TLS only, and for how long.",
		[]string{"RFC 6797 §6.1"}, InResponses, false, "Strict-Transport-Security: max-age=31536000"},
	{exchange.FieldTE, "Which transfer codings the client takes, and whether it reads trailers.",
		[]string{"RFC 9110 §10.1.4"}, InRequests, true, "TE: trailers"},
	{exchange.FieldTrailer, "Which fields will come after the content.",
		[]string{"RFC 9110 §6.6.2"}, InBoth, true, "Trailer: Server-Timing"},
	{exchange.FieldTransferEncoding, "How the content is wrapped for this hop, so that its end can be found. HTTP/1.1 only, and never with Content-Length.",
		[]string{"RFC 9112 §6.1"}, InBoth, true, "Transfer-Encoding: chunked"},
	{exchange.FieldUpgrade, "Which other protocols the client offers, or which one a 101 changes to and a 426 asks for. HTTP/1.1 only.",
		[]string{"RFC 9110 §7.8"}, InBoth, true, "Upgrade: websocket"},
	{exchange.FieldUploadComplete, "Whether the message holds the last part of an upload.",
		[]string{"draft-ietf-httpbis-resumable-upload"}, InBoth, false, "Upload-Complete: ?1"},
	{exchange.FieldUploadDraftInteropVersion, "Which edition of the draft both sides must share while resumable uploads are a draft.",
		[]string{"draft-ietf-httpbis-resumable-upload"}, InBoth, false, "Upload-Draft-Interop-Version: 8"},
	{exchange.FieldUploadLimit, "How large and how old an upload may become.",
		[]string{"draft-ietf-httpbis-resumable-upload"}, InResponses, true, "Upload-Limit: max-size=1000000000"},
	{exchange.FieldUploadOffset, "How many octets of an upload have arrived.",
		[]string{"draft-ietf-httpbis-resumable-upload"}, InBoth, false, "Upload-Offset: 100"},
	{exchange.FieldUserAgent, "Which software asks.",
		[]string{"RFC 9110 §10.1.5"}, InRequests, false, "User-Agent: curl/8.9.1"},
	{exchange.FieldVary, "Which request fields chose this representation, so that caches keep others apart.",
		[]string{"RFC 9110 §12.5.5"}, InResponses, true, "Vary: Accept-Encoding, Origin"},
	{exchange.FieldVia, "Which proxies and gateways the message has passed, and by which HTTP version each received it.",
		[]string{"RFC 9110 §7.6.3"}, InBoth, true, "Via: 1.1 edge.example, 2 sidenote"},
	{exchange.FieldWarning, "A relic that no cache needs any more.",
		[]string{"RFC 9111 §5.5"}, InBoth, true, "Warning: 110 - \"Response is Stale\""},
	{exchange.FieldWWWAuthenticate, "How to authenticate to the resource: one or more challenges. A 401 must have it.",
		[]string{"RFC 9110 §11.6.1"}, InResponses, true, "WWW-Authenticate: Bearer realm=\"api\", error=\"invalid_token\""},
	{exchange.FieldXContentTypeOptions, "That the browser is to believe Content-Type and not guess.",
		[]string{"Fetch, X-Content-Type-Options"}, InResponses, true, "X-Content-Type-Options: nosniff"},
	{exchange.FieldXForwardedFor, "Addresses that the request came through, as proxies reported them; anybody can make it up.",
		[]string{"custom; Forwarded is RFC 7239"}, InRequests, true, "X-Forwarded-For: 203.0.113.7, 10.0.0.2"},
	{exchange.FieldXRequestID, "A number for the request, to find it in logs.",
		[]string{"custom"}, InBoth, false, "X-Request-ID: 5f1a2c"},
}
