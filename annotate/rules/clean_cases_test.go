package rules_test

import (
	"slices"
	"strings"
)

// Texts that several cases share.
const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
	htmlType    = "text/html; charset=utf-8"

	order  = `{"id":7,"sku":"A-7","qty":2}`
	orders = `{"items":[{"id":7},{"id":8}],"next":"/v1/orders?after=8"}`
	page   = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Shop</title></head><body><p>Hello</p></body></html>\n"

	bearer = "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA"
	hsts   = "Strict-Transport-Security: max-age=31536000; includeSubDomains"
	sniff  = "X-Content-Type-Options: nosniff"
	store  = "Cache-Control: no-store"
	fresh  = "Cache-Control: max-age=3600"
	tagged = `ETag: "v7"`
	dated  = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"

	firefox    = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	wantsHTML  = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	wantsCoded = "Accept-Encoding: gzip, deflate, br, zstd"
)

func cleanCases() []cleanCase {
	return slices.Concat(
		cleanAPI(), cleanErrors(), cleanCaching(), cleanConditional(), cleanRanges(), cleanRedirects(), cleanAuth(), cleanCORS(),
		cleanCookies(), cleanStreams(), cleanRemoteCalls(), cleanWebDAV(), cleanObjects(), cleanFiles(), cleanPages(), cleanCodings(),
		cleanDownloads(), cleanMethods(), cleanInterim(), cleanFields(), cleanOctets(),
	)
}

func clean1(name string, request, response cleanMessage, facts ...string) cleanCase {
	return cleanCase{name, request, []cleanMessage{response}, facts}
}

// api is a request to an API, answered in JSON.
func api(start string, fields ...string) cleanMessage {
	return ask(start, slices.Concat([]string{"Accept: application/json", bearer}, fields)...)
}

func cleanAPI() []cleanCase {
	const idempotent = `Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"`
	return []cleanCase{
		clean1("api get", api("GET /v1/orders/7"), say("200 OK", store, tagged).with(jsonType, order)),
		clean1("api get private", api("GET /v1/orders/7"), say("200 OK", "Cache-Control: private, max-age=60", tagged, "Vary: Authorization").with(jsonType, order)),
		clean1("api get no-cache", api("GET /v1/orders/7"), say("200 OK", "Cache-Control: private, no-cache", tagged).with(jsonType, order)),
		clean1("api list", api("GET /v1/orders"), say("200 OK", store).with(jsonType, orders)),
		clean1("api list paged by link", api("GET /v1/orders?page=2"), say("200 OK", store,
			`Link: </v1/orders?page=1>; rel="prev", </v1/orders?page=3>; rel="next", </v1/orders?page=9>; rel="last"`).with(jsonType, `[{"id":7}]`)),
		clean1("api list paged by cursor", api("GET /v1/orders?limit=2&after=6"), say("200 OK", store, "X-Total-Count: 9").with(jsonType, orders)),
		clean1("api empty list", api("GET /v1/orders?state=lost"), say("200 OK", store).with(jsonType, `{"items":[]}`)),
		clean1("api post", api("POST /v1/orders").with(jsonType, `{"sku":"A-7","qty":2}`), say("201 Created", store, "Location: /v1/orders/7", tagged).with(jsonType, order)),
		clean1("api post idempotent", api("POST /v1/orders", idempotent).with(jsonType, order), say("201 Created", store, "Location: https://shop.test/v1/orders/7").with(jsonType, order)),
		clean1("api post without content back", api("POST /v1/orders", "Prefer: return=minimal").with(jsonType, order),
			say("201 Created", "Location: /v1/orders/7", "Preference-Applied: return=minimal", "Vary: Prefer").empty()),
		clean1("api post representation", api("POST /v1/orders", "Prefer: return=representation").with(jsonType, order),
			say("201 Created", store, "Location: /v1/orders/7", "Preference-Applied: return=representation").with(jsonType, order)),
		clean1("api post form", ask("POST /v1/search", "Accept: application/json").with("application/x-www-form-urlencoded", "q=red+shoes&limit=5"), say("200 OK", store).with(jsonType, `{"items":[]}`)),
		clean1("api post multipart", api("POST /v1/files").with(`multipart/form-data; boundary=x7`, "--x7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x7--\r\n"),
			say("201 Created", store, "Location: /v1/files/1").with(jsonType, `{"id":1}`)),
		clean1("api put", api("PUT /v1/orders/7", `If-Match: "v7"`).with(jsonType, order), say("200 OK", store, `ETag: "v8"`).with(jsonType, order)),
		clean1("api put no content", api("PUT /v1/orders/7").with(jsonType, order), say("204 No Content", `ETag: "v8"`)),
		clean1("api put new", api("PUT /v1/orders/9", "If-None-Match: *").with(jsonType, order), say("201 Created", tagged).empty()),
		clean1("api merge patch", api("PATCH /v1/orders/7").with("application/merge-patch+json", `{"qty":3}`), say("200 OK", store, `ETag: "v8"`).with(jsonType, order)),
		clean1("api json patch", api("PATCH /v1/orders/7", `If-Match: "v7"`).with("application/json-patch+json", `[{"op":"replace","path":"/qty","value":3}]`), say("204 No Content", `ETag: "v8"`)),
		clean1("api delete", api("DELETE /v1/orders/7"), say("204 No Content")),
		clean1("api delete with answer", api("DELETE /v1/orders/7"), say("200 OK", store).with(jsonType, `{"deleted":true}`)),
		clean1("api delete later", api("DELETE /v1/orders/7"), say("202 Accepted", "Location: /v1/jobs/4", "Retry-After: 5").with(jsonType, `{"job":"/v1/jobs/4"}`)),
		clean1("api head", api("HEAD /v1/orders/7"), say("200 OK", store, tagged, "Content-Type: application/json", "Content-Length: 28")),
		clean1("api options", api("OPTIONS /v1/orders"), say("204 No Content", "Allow: GET, HEAD, POST, OPTIONS")),
		clean1("api options patch", api("OPTIONS /v1/orders/7"), say("200 OK", "Allow: GET, HEAD, PATCH, OPTIONS", "Accept-Patch: application/merge-patch+json").empty()),
		clean1("api accepted job", api("POST /v1/reports", "Prefer: respond-async").with(jsonType, `{"year":2025}`),
			say("202 Accepted", store, "Location: /v1/jobs/5", "Retry-After: 10", "Preference-Applied: respond-async").with(jsonType, `{"state":"queued"}`)),
		clean1("api job state", api("GET /v1/jobs/5"), say("200 OK", store, "Retry-After: 10").with(jsonType, `{"state":"running"}`)),
		clean1("api job done", api("GET /v1/jobs/5"), say("303 See Other", store, "Location: /v1/reports/2025").empty()),
		clean1("api hal", api("GET /v1/orders/7", "Accept: application/hal+json"), say("200 OK", store).with("application/hal+json", `{"_links":{"self":{"href":"/v1/orders/7"}},"id":7}`)),
		clean1("api json-api", api("GET /v1/orders/7", "Accept: application/vnd.api+json"), say("200 OK", store).with("application/vnd.api+json", `{"data":{"type":"orders","id":"7"}}`)),
		clean1("api vendor type", api("GET /repos/a/b", "Accept: application/vnd.github+json"), say("200 OK", "Cache-Control: private, max-age=60", "Vary: Accept, Authorization", `ETag: W/"644b"`, "X-GitHub-Media-Type: github.v3").with("application/json; charset=utf-8", `{"id":1}`)),
		clean1("api rate limit", api("GET /v1/orders/7"), say("200 OK", store, `RateLimit-Policy: "minute";q=60;w=60`, `RateLimit: "minute";r=59;t=30`).with(jsonType, order)),
		clean1("api rate limit old", api("GET /v1/orders/7"), say("200 OK", store, "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 59", "X-RateLimit-Reset: 1767323045").with(jsonType, order)),
		clean1("api deprecated", api("GET /v1/orders/7"), say("200 OK", store, "Deprecation: @1767225600", "Sunset: Wed, 01 Jul 2026 00:00:00 GMT", `Link: </docs/v1>; rel="deprecation"; type="text/html"`).with(jsonType, order)),
		clean1("api digest", api("PUT /v1/orders/7", "Content-Digest: sha-256={sha-256}").with(jsonType, order), say("204 No Content")),
		clean1("api digest in response", api("GET /v1/orders/7", "Want-Repr-Digest: sha-256=10"), say("200 OK", store, "Repr-Digest: sha-256={sha-256}", "Content-Digest: sha-256={sha-256}").with(jsonType, order)),
		clean1("api trace context", api("GET /v1/orders/7", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: shop=t61rcWkgMzE"), say("200 OK", store, "X-Request-ID: 8e03978e").with(jsonType, order)),
		clean1("api server timing", api("GET /v1/orders/7"), say("200 OK", store, `Server-Timing: db;dur=12.3, cache;desc="miss"`).with(jsonType, order)),
		clean1("api multi-status", api("POST /v1/batch").with(jsonType, `[{"op":1}]`), say("207 Multi-Status", store).with(jsonType, `[{"status":201},{"status":404}]`)),
		clean1("api health", ask("GET /healthz"), say("200 OK", store).with("text/plain; charset=utf-8", "ok\n")),
		clean1("api xml", api("GET /v1/orders/7", "Accept: application/xml"), say("200 OK", store).with("application/xml", `<?xml version="1.0" encoding="UTF-8"?><order id="7"/>`)),
		clean1("api csv", api("GET /v1/orders", "Accept: text/csv"), say("200 OK", store).with("text/csv; charset=utf-8; header=present", "id,sku\r\n7,A-7\r\n")),
		clean1("api ndjson", api("GET /v1/events", "Accept: application/x-ndjson"), say("200 OK", store).chunked("application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n")),
		clean1("api protobuf", api("GET /v1/orders/7", "Accept: application/x-protobuf"), say("200 OK", store).with("application/x-protobuf", "\x08\x07\x12\x03A-7")),
		clean1("api language", api("GET /v1/texts", "Accept-Language: de, en;q=0.5"), say("200 OK", "Cache-Control: private, max-age=60", "Content-Language: de", "Vary: Accept-Language").with(jsonType, `{"hello":"Hallo"}`)),
		clean1("api on loopback", ask("GET /v1/orders/7", "Host: localhost:3000", "Accept: application/json"), say("200 OK", store).with(jsonType, order), "scheme http"),
	}
}

func problem(status, title string, fields ...string) cleanMessage {
	code, _, _ := strings.Cut(status, " ")
	return say(status, append(slices.Clone(fields), store)...).with(problemType, `{"type":"about:blank","title":"`+title+`","status":`+code+`}`)
}

func cleanErrors() []cleanCase {
	post := func() cleanMessage { return api("POST /v1/orders").with(jsonType, order) }
	return []cleanCase{
		clean1("400", post(), problem("400 Bad Request", "qty is missing")),
		clean1("401 problem", ask("GET /v1/orders/7", "Accept: application/json"), problem("401 Unauthorized", "Unauthorized", `WWW-Authenticate: Bearer realm="shop"`)),
		clean1("402", post(), problem("402 Payment Required", "Quota used up")),
		clean1("403", api("GET /v1/orders/8"), problem("403 Forbidden", "Not your order")),
		clean1("404", api("GET /v1/orders/99"), problem("404 Not Found", "No such order")),
		clean1("404 text", ask("GET /nothing"), say("404 Not Found").with("text/plain; charset=utf-8", "404 page not found\n")),
		clean1("404 html", ask("GET /nothing", firefox, wantsHTML), say("404 Not Found").with(htmlType, page)),
		clean1("405", api("DELETE /v1/orders"), problem("405 Method Not Allowed", "Method Not Allowed", "Allow: GET, HEAD, POST")),
		clean1("406", api("GET /v1/orders/7", "Accept: image/png"), problem("406 Not Acceptable", "Not Acceptable")),
		clean1("408", post(), problem("408 Request Timeout", "Request Timeout", "Connection: close")),
		clean1("409", post(), problem("409 Conflict", "The order exists")),
		clean1("410", api("GET /v1/orders/1"), problem("410 Gone", "Gone")),
		clean1("411", ask("POST /v1/orders", "Content-Type: application/json").chunked("application/json", order), problem("411 Length Required", "Length Required")),
		clean1("412", api("PUT /v1/orders/7", `If-Match: "v6"`).with(jsonType, order), problem("412 Precondition Failed", "The order has changed", tagged)),
		clean1("413", post(), problem("413 Content Too Large", "Too large", "Connection: close")),
		clean1("413 for a while", post(), problem("413 Content Too Large", "Too large now", "Retry-After: 60")),
		clean1("414", ask("GET /v1/search?q="+strings.Repeat("a", 3000)), problem("414 URI Too Long", "URI Too Long")),
		clean1("415", api("POST /v1/orders").with("text/csv; charset=utf-8", "id\r\n"), problem("415 Unsupported Media Type", "Send JSON", "Accept-Post: application/json")),
		clean1("415 coding", api("POST /v1/orders", "Content-Encoding: br").with(jsonType, encode("br", order)), problem("415 Unsupported Media Type", "Send it as it is", "Accept-Encoding: gzip, identity")),
		clean1("417", api("POST /v1/orders", "Expect: 100-continue").with(jsonType, order), problem("417 Expectation Failed", "Expectation Failed")),
		clean1("421", ask("GET /"), problem("421 Misdirected Request", "Misdirected Request")),
		clean1("422", post(), problem("422 Unprocessable Content", "qty must be positive")),
		clean1("423", api("PUT /v1/orders/7").with(jsonType, order), problem("423 Locked", "Locked")),
		clean1("424", post(), problem("424 Failed Dependency", "Failed Dependency")),
		clean1("425", ask("GET /v1/orders/7", "Early-Data: 1"), problem("425 Too Early", "Too Early")),
		clean1("426", ask("GET /chat"), problem("426 Upgrade Required", "Upgrade Required", "Upgrade: websocket", "Connection: Upgrade")),
		clean1("428", api("PUT /v1/orders/7").with(jsonType, order), problem("428 Precondition Required", "Send If-Match")),
		clean1("429", api("GET /v1/orders/7"), problem("429 Too Many Requests", "Slow down", "Retry-After: 30")),
		clean1("429 date", api("GET /v1/orders/7"), problem("429 Too Many Requests", "Slow down", "Retry-After: Fri, 02 Jan 2026 03:05:05 GMT")),
		clean1("429 rate limit", api("GET /v1/orders/7"), problem("429 Too Many Requests", "Slow down", "Retry-After: 30", `RateLimit-Policy: "minute";q=60;w=60`, `RateLimit: "minute";r=0;t=30`)),
		clean1("431", ask("GET /"), problem("431 Request Header Fields Too Large", "Too large")),
		clean1("451", ask("GET /films/1"), problem("451 Unavailable For Legal Reasons", "Blocked by order", `Link: <https://authority.test/>; rel="blocked-by"`)),
		clean1("500", api("GET /v1/orders/7"), problem("500 Internal Server Error", "Internal Server Error")),
		clean1("501", ask("FETCH /v1/orders"), problem("501 Not Implemented", "Not Implemented")),
		clean1("502", ask("GET /"), say("502 Bad Gateway").with("text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>")),
		clean1("503", ask("GET /"), problem("503 Service Unavailable", "Back soon", "Retry-After: 120")),
		clean1("503 date", ask("GET /"), problem("503 Service Unavailable", "Back soon", "Retry-After: Fri, 02 Jan 2026 04:00:00 GMT")),
		clean1("504", ask("GET /"), say("504 Gateway Timeout", store).with("text/plain; charset=utf-8", "upstream timed out\n")),
		clean1("505", ask("GET /"), problem("505 HTTP Version Not Supported", "HTTP Version Not Supported")),
		clean1("507", api("PUT /v1/files/1").with("application/octet-stream", "abc"), problem("507 Insufficient Storage", "Insufficient Storage")),
		clean1("508", ask("PROPFIND /a/", "Depth: infinity"), problem("508 Loop Detected", "Loop Detected")),
		clean1("511", ask("GET /", "Host: example.test"), say("511 Network Authentication Required", store).with(htmlType, "<html><head><meta http-equiv=\"refresh\" content=\"0; url=https://login.portal.test/\"></head><body><a href=\"https://login.portal.test/\">Log in</a></body></html>"), "scheme http"),
	}
}

func cleanCaching() []cleanCase {
	asset := func(fields ...string) cleanMessage {
		return say("200 OK", fields...).with("text/css; charset=utf-8", "p{color:red}\n")
	}
	get := func(fields ...string) cleanMessage { return ask("GET /a.css", fields...) }
	return []cleanCase{
		clean1("cache fresh", get(), asset(fresh, tagged)),
		clean1("cache public", get(), asset("Cache-Control: public, max-age=86400", tagged, dated)),
		clean1("cache immutable", ask("GET /a.5f3a9c21.css"), asset("Cache-Control: public, max-age=31536000, immutable", tagged)),
		clean1("cache s-maxage", get(), asset("Cache-Control: max-age=60, s-maxage=3600", tagged)),
		clean1("cache stale-while-revalidate", get(), asset("Cache-Control: max-age=60, stale-while-revalidate=600, stale-if-error=86400", tagged)),
		clean1("cache must-revalidate", get(), asset("Cache-Control: max-age=60, must-revalidate", tagged)),
		clean1("cache no-cache", get(), asset("Cache-Control: no-cache", tagged)),
		clean1("cache no-store alone", get(), asset(store)),
		clean1("cache no-store, and for old caches", get(), asset("Cache-Control: no-store, no-cache, must-revalidate, max-age=0", "Expires: 0", "Pragma: no-cache")),
		clean1("cache expires", get(), asset("Expires: Sat, 03 Jan 2026 03:04:05 GMT", tagged)),
		clean1("cache expires and max-age", get(), asset(fresh, "Expires: Fri, 02 Jan 2026 04:04:05 GMT", tagged)),
		clean1("cache hit", get(), asset(fresh, tagged, "Age: 120", "Via: 1.1 edge", `Cache-Status: edge; hit; ttl=3480`)),
		clean1("cache miss", get(), asset(fresh, tagged, "Via: 1.1 edge", `Cache-Status: edge; fwd=uri-miss; stored`)),
		clean1("cache of a CDN", get(), asset("Cache-Control: public, max-age=600", "CDN-Cache-Control: max-age=86400", tagged, "Age: 10", "X-Cache: HIT", "X-Cache-Hits: 3", "X-Served-By: cache-fra-1", "Via: 1.1 varnish")),
		clean1("cache of Cloudflare", get(), asset("Cache-Control: public, max-age=14400", tagged, "Age: 300", "CF-Cache-Status: HIT", "CF-RAY: 9b7d3d-FRA", "Server: cloudflare", `Alt-Svc: h3=":443"; ma=86400`, `NEL: {"report_to":"cf-nel","success_fraction":0.0,"max_age":604800}`, `Report-To: {"group":"cf-nel","max_age":604800,"endpoints":[{"url":"https://a.nel.cloudflare.com/report/v4"}]}`)),
		clean1("cache request no-cache", get("Cache-Control: no-cache", "Pragma: no-cache"), asset(fresh, tagged)),
		clean1("cache reload", get("Cache-Control: max-age=0"), asset(fresh, tagged)),
		clean1("cache only-if-cached", get("Cache-Control: only-if-cached"), problem("504 Gateway Timeout", "Not stored", "Via: 1.1 edge")),
		clean1("cache vary", get(wantsCoded), asset(fresh, tagged, "Vary: Accept-Encoding")),
		clean1("cache vary by origin", get("Origin: https://app.test"), asset(fresh, tagged, "Vary: Origin", "Access-Control-Allow-Origin: https://app.test")),
		clean1("cache private page", ask("GET /account", firefox, wantsHTML, "Cookie: __Host-session=31d4d96e407aad42"), say("200 OK", "Cache-Control: private, no-cache", "Vary: Cookie").with(htmlType, page)),
		clean1("cache authorized by public", api("GET /v1/rates"), say("200 OK", "Cache-Control: public, max-age=60", "Vary: Authorization", tagged).with(jsonType, `{"eur":1}`)),
		clean1("cache redirect for a day", ask("GET /old"), say("301 Moved Permanently", "Cache-Control: max-age=86400", "Location: /new").empty()),
		clean1("cache 404", ask("GET /nothing"), say("404 Not Found", "Cache-Control: max-age=60").with("text/plain; charset=utf-8", "no\n")),
	}
}

func cleanConditional() []cleanCase {
	return []cleanCase{
		clean1("304 etag", ask("GET /a.css", `If-None-Match: "v7"`), say("304 Not Modified", tagged, fresh)),
		clean1("304 weak", ask("GET /a.css", `If-None-Match: W/"v7"`), say("304 Not Modified", `ETag: W/"v7"`, fresh)),
		clean1("304 list", ask("GET /a.css", `If-None-Match: "v5", "v6", "v7"`), say("304 Not Modified", tagged, fresh)),
		clean1("304 date", ask("GET /a.css", "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT"), say("304 Not Modified", dated, fresh)),
		clean1("304 both", ask("GET /a.css", `If-None-Match: "v7"`, "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT"), say("304 Not Modified", tagged, dated, fresh, "Vary: Accept-Encoding")),
		clean1("304 head", ask("HEAD /a.css", `If-None-Match: "v7"`), say("304 Not Modified", tagged, fresh)),
		clean1("200 since changed", ask("GET /a.css", `If-None-Match: "v6"`), say("200 OK", tagged, fresh).with("text/css; charset=utf-8", "p{}")),
		clean1("200 since modified", ask("GET /a.css", "If-Modified-Since: Wed, 31 Dec 2025 00:00:00 GMT"), say("200 OK", dated, fresh).with("text/css; charset=utf-8", "p{}")),
		clean1("if-match held", api("PUT /v1/orders/7", `If-Match: "v7"`).with(jsonType, order), say("204 No Content", `ETag: "v8"`)),
		clean1("if-match any", api("DELETE /v1/orders/7", "If-Match: *"), say("204 No Content")),
		clean1("if-unmodified-since held", api("PUT /v1/orders/7", "If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT").with(jsonType, order), say("204 No Content", "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT")),
		clean1("if-unmodified-since failed", api("PUT /v1/orders/7", "If-Unmodified-Since: Wed, 31 Dec 2025 00:00:00 GMT").with(jsonType, order), problem("412 Precondition Failed", "Changed", dated)),
		clean1("if-none-match any failed", api("PUT /v1/orders/7", "If-None-Match: *").with(jsonType, order), problem("412 Precondition Failed", "It exists", tagged)),
	}
}

func cleanRanges() []cleanCase {
	part := func(fields ...string) cleanMessage {
		return say("206 Partial Content", append([]string{"Accept-Ranges: bytes"}, fields...)...)
	}
	const ranges = "--x7\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-4/100\r\n\r\nabcde\r\n--x7\r\nContent-Type: video/mp4\r\nContent-Range: bytes 95-99/100\r\n\r\nvwxyz\r\n--x7--\r\n"
	return []cleanCase{
		clean1("range first", ask("GET /a.mp4", "Range: bytes=0-4"), part(tagged, "Content-Range: bytes 0-4/100").with("video/mp4", "abcde")),
		clean1("range open", ask("GET /a.mp4", "Range: bytes=95-"), part(tagged, "Content-Range: bytes 95-99/100").with("video/mp4", "vwxyz")),
		clean1("range last", ask("GET /a.mp4", "Range: bytes=-5"), part(tagged, "Content-Range: bytes 95-99/100").with("video/mp4", "vwxyz")),
		clean1("range beyond the end", ask("GET /a.mp4", "Range: bytes=95-200"), part(tagged, "Content-Range: bytes 95-99/100").with("video/mp4", "vwxyz")),
		clean1("range of unknown length", ask("GET /live", "Range: bytes=0-4"), part("Content-Range: bytes 0-4/*").with("video/mp4", "abcde")),
		clean1("range several", ask("GET /a.mp4", "Range: bytes=0-4,95-99"), part(tagged).with("multipart/byteranges; boundary=x7", ranges)),
		clean1("range if-range held", ask("GET /a.mp4", "Range: bytes=0-4", `If-Range: "v7"`), part(tagged, "Content-Range: bytes 0-4/100").with("video/mp4", "abcde")),
		clean1("range if-range failed", ask("GET /a.txt", "Range: bytes=0-4", `If-Range: "v6"`), say("200 OK", tagged, fresh, "Accept-Ranges: bytes").with("text/plain; charset=utf-8", "abcdefghij")),
		clean1("range not supported", ask("GET /a.txt", "Range: bytes=0-4"), say("200 OK", tagged, fresh).with("text/plain; charset=utf-8", "abcdefghij")),
		clean1("range refused", ask("GET /a.mp4", "Range: bytes=200-"), problem("416 Range Not Satisfiable", "Only 100 bytes", "Content-Range: bytes */100")),
		clean1("range offered", ask("GET /a.txt"), say("200 OK", tagged, fresh, "Accept-Ranges: bytes").with("text/plain; charset=utf-8", "abcdefghij")),
		clean1("range none", ask("GET /a.txt"), say("200 OK", tagged, fresh, "Accept-Ranges: none").with("text/plain; charset=utf-8", "abc")),
		clean1("range of video in a browser", ask("GET /a.mp4", firefox, "Accept: video/webm,video/ogg,video/*;q=0.9,*/*;q=0.5", "Accept-Encoding: identity", "Range: bytes=0-", "Sec-Fetch-Dest: video", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Site: same-origin"),
			part(tagged, fresh, "Content-Range: bytes 0-4/5").with("video/mp4", "abcde")),
	}
}

func cleanRedirects() []cleanCase {
	moved := func(status, location string, fields ...string) cleanMessage {
		return say(status, append(fields, "Location: "+location)...).empty()
	}
	return []cleanCase{
		clean1("301", ask("GET /old"), moved("301 Moved Permanently", "https://shop.test/new", fresh)),
		clean1("302", ask("GET /latest"), moved("302 Found", "/v9", store)),
		clean1("303", ask("POST /cart", firefox, wantsHTML).with("application/x-www-form-urlencoded", "sku=A-7"), moved("303 See Other", "/cart", store)),
		clean1("307", api("POST /v1/orders").with(jsonType, order), moved("307 Temporary Redirect", "/v2/orders", store)),
		clean1("308", api("POST /v1/orders").with(jsonType, order), moved("308 Permanent Redirect", "/v2/orders", fresh)),
		clean1("301 to https", ask("GET /a?b=c"), moved("301 Moved Permanently", "https://shop.test/a?b=c"), "scheme http"),
		clean1("308 to https", ask("GET /"), moved("308 Permanent Redirect", "https://shop.test/"), "scheme http"),
		clean1("301 with slash", ask("GET /docs"), say("301 Moved Permanently", "Location: https://shop.test/docs/", fresh).with("text/html", "<html><body><a href=\"https://shop.test/docs/\">here</a></body></html>")),
		clean1("301 to www", ask("GET /a"), moved("301 Moved Permanently", "https://www.shop.test/a", fresh)),
		clean1("302 relative", ask("GET /a/b"), moved("302 Found", "../c", store)),
		clean1("302 with fragment", ask("GET /a"), moved("302 Found", "/b#part", store)),
		clean1("302 to login", ask("GET /account", firefox, wantsHTML), moved("302 Found", "/login?next=%2Faccount", store)),
		clean1("302 of OAuth", ask("GET /authorize?response_type=code&client_id=s6&state=xyz&redirect_uri=https%3A%2F%2Fapp.test%2Fcb", firefox, wantsHTML), moved("302 Found", "https://app.test/cb?code=Splx&state=xyz", store)),
		clean1("300", ask("GET /doc"), say("300 Multiple Choices", store, "Location: /doc.en").with(htmlType, "<ul><li><a href=\"/doc.en\">English</a><li><a href=\"/doc.de\">Deutsch</a></ul>")),
		clean1("303 to a job's result", api("GET /v1/jobs/5"), moved("303 See Other", "/v1/reports/1", store)),
	}
}

func cleanAuth() []cleanCase {
	denied := func(fields ...string) cleanMessage { return problem("401 Unauthorized", "Unauthorized", fields...) }
	return []cleanCase{
		clean1("auth basic challenge", ask("GET /admin"), denied(`WWW-Authenticate: Basic realm="admin", charset="UTF-8"`)),
		clean1("auth basic", ask("GET /admin", "Authorization: Basic YWxpY2U6c2VjcmV0"), say("200 OK", store).with("text/plain; charset=utf-8", "hello\n")),
		clean1("auth bearer challenge", ask("GET /v1/orders/7"), denied(`WWW-Authenticate: Bearer realm="shop"`)),
		clean1("auth bearer invalid", api("GET /v1/orders/7"), denied(`WWW-Authenticate: Bearer realm="shop", error="invalid_token", error_description="the token has expired"`)),
		clean1("auth bearer scope", api("GET /v1/admin"), problem("403 Forbidden", "Forbidden", `WWW-Authenticate: Bearer error="insufficient_scope", scope="admin"`)),
		clean1("auth digest challenge", ask("GET /a"), denied(`WWW-Authenticate: Digest realm="a", qop="auth", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)),
		clean1("auth two challenges", ask("GET /a"), denied(`WWW-Authenticate: Bearer realm="a", Basic realm="a", charset="UTF-8"`)),
		clean1("auth two lines", ask("GET /a"), denied(`WWW-Authenticate: Negotiate`, `WWW-Authenticate: Basic realm="a"`)),
		clean1("auth negotiate", ask("GET /a", "Authorization: Negotiate YII="), say("200 OK", store, "WWW-Authenticate: Negotiate oYG=").with("text/plain; charset=utf-8", "ok")),
		clean1("auth dpop", ask("GET /a", "Authorization: DPoP Kz8ZqaQ", "DPoP: eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.c2ln"), denied(`WWW-Authenticate: DPoP error="use_dpop_nonce", error_description="a nonce is needed"`, "DPoP-Nonce: eyJ7S_zG")),
		clean1("auth aws", ask("GET /bucket/a", "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260102/eu/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=fe5f80", "X-Amz-Date: 20260102T030405Z"), say("200 OK", tagged, dated).with("text/plain", "abc")),
		clean1("auth token response", ask("POST /token", "Accept: application/json", "Authorization: Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3").with("application/x-www-form-urlencoded", "grant_type=client_credentials"),
			say("200 OK", store, "Pragma: no-cache").with(jsonType, `{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600}`)),
		clean1("auth token error", ask("POST /token", "Accept: application/json").with("application/x-www-form-urlencoded", "grant_type=authorization_code&code=x&client_id=s6"),
			say("400 Bad Request", store).with(jsonType, `{"error":"invalid_grant"}`)),
		clean1("auth api key", ask("GET /v1/orders/7", "X-API-Key: 31d4d96e407aad42"), say("200 OK", store).with(jsonType, order)),
		clean1("auth proxy challenge", ask("GET http://other.test/", "Host: other.test"), problem("407 Proxy Authentication Required", "Log in", "Proxy-Authenticate: Negotiate"), "scheme http", "origin proxy=http://proxy.test:3128"),
		clean1("auth login form", ask("POST /login", firefox, wantsHTML, "Origin: https://shop.test").with("application/x-www-form-urlencoded", "user=alice&password=secret"),
			say("303 See Other", store, "Location: /account", "Set-Cookie: __Host-session=31d4d96e407aad42; Path=/; Secure; HttpOnly; SameSite=Lax").empty()),
	}
}

func cleanCORS() []cleanCase {
	const app = "Origin: https://app.test"
	preflight := func(method string, fields ...string) cleanMessage {
		return ask("OPTIONS /v1/orders", append([]string{app, "Access-Control-Request-Method: " + method}, fields...)...)
	}
	return []cleanCase{
		clean1("cors preflight", preflight("PUT", "Access-Control-Request-Headers: content-type,authorization"), say("204 No Content",
			"Access-Control-Allow-Origin: https://app.test", "Access-Control-Allow-Methods: GET, PUT, DELETE", "Access-Control-Allow-Headers: Content-Type, Authorization", "Access-Control-Max-Age: 600", "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers")),
		clean1("cors preflight 200", preflight("DELETE"), say("200 OK", "Access-Control-Allow-Origin: https://app.test", "Access-Control-Allow-Methods: DELETE", "Vary: Origin").empty()),
		clean1("cors preflight any", preflight("PATCH", "Access-Control-Request-Headers: x-a"), say("204 No Content", "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: *", "Access-Control-Allow-Headers: *")),
		clean1("cors preflight with credentials", preflight("PUT"), say("204 No Content", "Access-Control-Allow-Origin: https://app.test", "Access-Control-Allow-Credentials: true", "Access-Control-Allow-Methods: PUT", "Vary: Origin")),
		clean1("cors get", ask("GET /v1/rates", app), say("200 OK", fresh, tagged, "Access-Control-Allow-Origin: *").with(jsonType, `{"eur":1}`)),
		clean1("cors get with credentials", ask("GET /v1/me", app, "Cookie: __Host-session=31d4d96e407aad42"), say("200 OK", store, "Access-Control-Allow-Origin: https://app.test", "Access-Control-Allow-Credentials: true", "Vary: Origin").with(jsonType, `{"id":1}`)),
		clean1("cors exposed", ask("GET /v1/orders", app), say("200 OK", store, "Access-Control-Allow-Origin: https://app.test", "Access-Control-Expose-Headers: ETag, Link", "Vary: Origin", tagged).with(jsonType, orders)),
		clean1("cors error", ask("GET /v1/orders/9", app), problem("404 Not Found", "Not Found", "Access-Control-Allow-Origin: https://app.test", "Vary: Origin")),
		clean1("cors font", ask("GET /a.woff2", firefox, app, "Accept: application/font-woff2;q=1.0,application/font-woff;q=0.9,*/*;q=0.8", "Sec-Fetch-Dest: font", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site"), say("200 OK", "Cache-Control: public, max-age=31536000", tagged, "Access-Control-Allow-Origin: *").with("font/woff2", "wOF2\x00\x01\x00\x00")),
		clean1("cors same origin post", ask("POST /v1/orders", "Origin: https://shop.test").with(jsonType, order), say("201 Created", store, "Location: /v1/orders/7").with(jsonType, order)),
		clean1("cors timing", ask("GET /a.js"), say("200 OK", fresh, tagged, "Timing-Allow-Origin: *", "Cross-Origin-Resource-Policy: cross-origin").with("text/javascript; charset=utf-8", "f();\n")),
	}
}

func cleanCookies() []cleanCase {
	set := func(cookies ...string) cleanMessage {
		var fields []string
		for _, c := range cookies {
			fields = append(fields, "Set-Cookie: "+c)
		}
		return say("200 OK", append(fields, store)...).with(htmlType, page)
	}
	get := ask("GET /", firefox, wantsHTML)
	return []cleanCase{
		clean1("cookie host", get, set("__Host-session=31d4d96e407aad42; Path=/; Secure; HttpOnly; SameSite=Lax")),
		clean1("cookie secure prefix", get, set("__Secure-id=31d4; Domain=shop.test; Path=/; Secure; HttpOnly; SameSite=Strict")),
		clean1("cookie max-age", get, set("theme=dark; Path=/; Max-Age=31536000; Secure; SameSite=Lax")),
		clean1("cookie expires", get, set("theme=dark; Path=/; Expires=Sat, 02 Jan 2027 03:04:05 GMT; Secure; SameSite=Lax")),
		clean1("cookie deleted", get, set("theme=; Path=/; Max-Age=0", "__Host-session=; Path=/; Secure; Expires=Thu, 01 Jan 1970 00:00:00 GMT")),
		clean1("cookie partitioned", get, set("__Host-w=1; Path=/; Secure; SameSite=None; Partitioned")),
		clean1("cookie for csrf", get, set("XSRF-TOKEN=31d4d96e407aad42; Path=/; Secure; SameSite=Strict")),
		clean1("cookie two", get, set("a=1; Path=/; Secure; SameSite=Lax", "b=2; Path=/; Secure; SameSite=Lax")),
		clean1("cookie quoted", get, set(`pref="x-y"; Path=/; Secure; SameSite=Lax`)),
		clean1("cookie sent", ask("GET /", firefox, wantsHTML, "Cookie: __Host-session=31d4d96e407aad42; theme=dark"), say("200 OK", "Cache-Control: private, no-cache").with(htmlType, page)),
		clean1("cookie priority", get, set("a=1; Path=/; Secure; SameSite=Lax; Priority=High")),
		clean1("cookie lower case", get, set("a=1; path=/; secure; httponly; samesite=lax")),
		clean1("cookie clear site data", ask("POST /logout", firefox, wantsHTML).empty(), say("303 See Other", store, "Location: /", `Clear-Site-Data: "cookies", "storage"`).empty()),
	}
}

func cleanStreams() []cleanCase {
	ws := []string{firefox, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Origin: https://shop.test"}
	accepted := []string{"-Server", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}
	return []cleanCase{
		clean1("sse", ask("GET /events", firefox, "Accept: text/event-stream", "Cache-Control: no-cache"), say("200 OK", "Cache-Control: no-cache").chunked("text/event-stream", "data: 1\n\ndata: 2\n\n")),
		clean1("sse again", ask("GET /events", firefox, "Accept: text/event-stream", "Last-Event-ID: 7"), say("200 OK", store, "X-Accel-Buffering: no").chunked("text/event-stream; charset=utf-8", "id: 8\ndata: x\n\n")),
		clean1("sse no more", ask("GET /events", firefox, "Accept: text/event-stream"), say("204 No Content")),
		clean1("websocket", ask("GET /chat", ws...), say("101 Switching Protocols", accepted...)),
		clean1("websocket with protocol", ask("GET /chat", append([]string{"Sec-WebSocket-Protocol: chat, superchat", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}, ws...)...),
			say("101 Switching Protocols", append([]string{"Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Extensions: permessage-deflate"}, accepted...)...)),
		clean1("websocket refused", ask("GET /chat", ws...), problem("403 Forbidden", "Wrong origin")),
		clean1("chunked", ask("GET /log"), say("200 OK", store).chunked("text/plain; charset=utf-8", "a\nb\n")),
		clean1("chunked with trailer", ask("GET /log", "TE: trailers", "Connection: TE"), say("200 OK", store, "Trailer: Content-Digest").chunked("text/plain; charset=utf-8", "hello", "Content-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:")),
		clean1("chunked request", api("POST /v1/files").chunked("application/octet-stream", "abc"), say("201 Created", store, "Location: /v1/files/3").with(jsonType, `{"id":3}`)),
		clean1("close", ask("GET /a", "Connection: close"), say("200 OK", store, "Connection: close").with("text/plain; charset=utf-8", "a")),
		clean1("multipart push", ask("GET /camera"), say("200 OK", store).chunked("multipart/x-mixed-replace; boundary=f", "--f\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\nabc\r\n--f--\r\n")),
	}
}

func cleanRemoteCalls() []cleanCase {
	const gql = `{"query":"{ order(id: 7) { sku } }"}`
	return []cleanCase{
		clean1("graphql", api("POST /graphql", "Accept: application/graphql-response+json, application/json").with(jsonType, gql), say("200 OK", store).with("application/graphql-response+json", `{"data":{"order":{"sku":"A-7"}}}`)),
		clean1("graphql get", api("GET /graphql?query=%7Bme%7Bid%7D%7D"), say("200 OK", store).with(jsonType, `{"data":{"me":{"id":1}}}`)),
		clean1("graphql bad request", api("POST /graphql", "Accept: application/graphql-response+json").with(jsonType, `{"query":"{"}`), say("400 Bad Request", store).with("application/graphql-response+json", `{"errors":[{"message":"syntax error"}]}`)),
		clean1("json-rpc", api("POST /rpc").with(jsonType, `{"jsonrpc":"2.0","method":"add","params":[1,2],"id":1}`), say("200 OK", store).with(jsonType, `{"jsonrpc":"2.0","result":3,"id":1}`)),
		clean1("json-rpc notification", api("POST /rpc").with(jsonType, `{"jsonrpc":"2.0","method":"log"}`), say("204 No Content")),
		clean1("grpc-web", ask("POST /shop.Orders/Get", "Accept: application/grpc-web+proto", "X-Grpc-Web: 1").with("application/grpc-web+proto", "\x00\x00\x00\x00\x02\x08\x07"), say("200 OK", store).with("application/grpc-web+proto", "\x00\x00\x00\x00\x02\x08\x07\x80\x00\x00\x00\x0fgrpc-status:0\r\n")),
		clean1("soap", ask("POST /soap", `SOAPAction: "urn:get"`).with("text/xml; charset=utf-8", `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>`), say("200 OK", store).with("text/xml; charset=utf-8", `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>`)),
		clean1("soap 1.2", ask("POST /soap").with(`application/soap+xml; charset=utf-8; action="urn:get"`, `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>`), say("202 Accepted").empty()),
		clean1("connect rpc", ask("POST /shop.v1.Orders/Get", "Connect-Protocol-Version: 1").with(jsonType, `{"id":"7"}`), say("200 OK", store).with(jsonType, `{"sku":"A-7"}`)),
		clean1("odata", api("GET /odata/Orders(7)", "OData-MaxVersion: 4.0"), say("200 OK", store, "OData-Version: 4.0", `ETag: W/"7"`).with("application/json; odata.metadata=minimal", `{"@odata.context":"$metadata#Orders/$entity","Id":7}`)),
		clean1("beacon", ask("POST /beacon", firefox, "Origin: https://shop.test").with("text/plain;charset=UTF-8", "a=1"), say("204 No Content")),
		clean1("csp report", ask("POST /csp", firefox).with("application/csp-report", `{"csp-report":{"document-uri":"https://shop.test/"}}`), say("204 No Content")),
		clean1("webhook", ask("POST /hooks/1", "User-Agent: GitHub-Hookshot/044aadd", "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17").with(jsonType, `{"ref":"main"}`), say("204 No Content")),
	}
}

func cleanWebDAV() []cleanCase {
	const dav = `<?xml version="1.0" encoding="utf-8"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>/a/</D:href><D:propstat><D:prop/><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>`
	const xmlType = "application/xml; charset=utf-8"
	return []cleanCase{
		clean1("dav options", ask("OPTIONS /a/"), say("200 OK", "DAV: 1, 2", "Allow: OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, MKCOL, COPY, MOVE, LOCK, UNLOCK").empty()),
		clean1("dav propfind", ask("PROPFIND /a/", "Depth: 1").with(xmlType, `<propfind xmlns="DAV:"><allprop/></propfind>`), say("207 Multi-Status").with(xmlType, dav)),
		clean1("dav mkcol", ask("MKCOL /a/b/").empty(), say("201 Created").empty()),
		clean1("dav put", ask("PUT /a/x.txt").with("text/plain; charset=utf-8", "x"), say("201 Created", tagged).empty()),
		clean1("dav copy", ask("COPY /a/x.txt", "Destination: https://shop.test/a/y.txt", "Overwrite: F").empty(), say("201 Created", "Location: https://shop.test/a/y.txt").empty()),
		clean1("dav move", ask("MOVE /a/x.txt", "Destination: https://shop.test/a/z.txt").empty(), say("204 No Content")),
		clean1("dav lock", ask("LOCK /a/x.txt", "Timeout: Second-600").with(xmlType, `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope></lockinfo>`), say("200 OK", "Lock-Token: <urn:uuid:e71d4fae-5dec-22d6-fea5-00a0c91e6be4>").with(xmlType, `<prop xmlns="DAV:"/>`)),
		clean1("dav unlock", ask("UNLOCK /a/x.txt", "Lock-Token: <urn:uuid:e71d4fae-5dec-22d6-fea5-00a0c91e6be4>").empty(), say("204 No Content")),
		clean1("caldav report", ask("REPORT /cal/", "Depth: 1").with(xmlType, `<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav"/>`), say("207 Multi-Status").with(xmlType, dav)),
	}
}

func cleanObjects() []cleanCase {
	s3 := []string{"Server: AmazonS3", "x-amz-request-id: 656c76696e6727", "x-amz-id-2: Uuag1LuByRx9e6j5Onimru9pO4ZVKnJ2Qz7"}
	answer := func(status string, fields ...string) cleanMessage {
		return say(status, append(slices.Clone(s3), fields...)...)
	}
	return []cleanCase{
		clean1("s3 get", ask("GET /bucket/a.txt"), answer("200 OK", `ETag: "9b2cf535f27731c974343645a3985328"`, dated, "Accept-Ranges: bytes", "x-amz-version-id: 3sL4kqtJlcpXro").with("text/plain", "abc")),
		clean1("s3 put", ask("PUT /bucket/a.txt", "Content-MD5: kAFQmDzST7DWlj99KOF/cg==").with("text/plain", "abc"), answer("200 OK", `ETag: "900150983cd24fb0d6963f7d28e17f72"`).empty()),
		clean1("s3 delete", ask("DELETE /bucket/a.txt"), answer("204 No Content")),
		clean1("s3 head", ask("HEAD /bucket/a.txt"), answer("200 OK", tagged, dated, "Accept-Ranges: bytes", "Content-Type: text/plain", "Content-Length: 3")),
		clean1("s3 missing", ask("GET /bucket/b.txt"), answer("404 Not Found").chunked("application/xml", `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code></Error>`)),
		clean1("s3 list", ask("GET /bucket?list-type=2&prefix=a"), answer("200 OK").chunked("application/xml", `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult/>`)),
		clean1("s3 multipart begun", ask("POST /bucket/a.txt?uploads").empty(), answer("200 OK").chunked("application/xml", `<?xml version="1.0" encoding="UTF-8"?><InitiateMultipartUploadResult/>`)),
		clean1("s3 denied", ask("GET /bucket/secret", "X-Amz-Date: 20260102T030405Z"), answer("403 Forbidden").chunked("application/xml", `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>`)),
		clean1("registry manifest", ask("GET /v2/app/manifests/1", "Accept: application/vnd.oci.image.manifest.v1+json"), say("200 OK", "Docker-Distribution-API-Version: registry/2.0", `ETag: "sha256:9c2f"`).with("application/vnd.oci.image.manifest.v1+json", `{"schemaVersion":2}`)),
		clean1("registry upload", ask("POST /v2/app/blobs/uploads/").empty(), say("202 Accepted", "Location: /v2/app/blobs/uploads/7f2", "Range: 0-0", "Docker-Upload-UUID: 7f2").empty()),
		clean1("git refs", ask("GET /a.git/info/refs?service=git-upload-pack", "User-Agent: git/2.53.0", "Git-Protocol: version=2"), say("200 OK", "Cache-Control: no-cache, max-age=0, must-revalidate", "Expires: Tue, 01 Jan 1980 00:00:00 GMT", "Pragma: no-cache").with("application/x-git-upload-pack-advertisement", "001e# service=git-upload-pack\n0000")),
	}
}

func cleanFiles() []cleanCase {
	file := func(server, contentType, content string, fields ...string) cleanMessage {
		return say("200 OK", append([]string{"Server: " + server, dated}, fields...)...).with(contentType, content)
	}
	return []cleanCase{
		clean1("nginx html", ask("GET /", firefox, wantsHTML), file("nginx", "text/html", page, `ETag: "6776a2f0-264"`, "Accept-Ranges: bytes", "Cache-Control: no-cache")),
		clean1("apache html", ask("GET /", firefox, wantsHTML), file("Apache", "text/html", page, `ETag: "2aa6-62a5c7"`, "Accept-Ranges: bytes", "Cache-Control: no-cache", "Keep-Alive: timeout=5, max=100", "Connection: Keep-Alive")),
		clean1("caddy html", ask("GET /", firefox, wantsHTML), file("Caddy", htmlType, page, `Etag: "d8xk2b9"`, "Vary: Accept-Encoding", "Cache-Control: no-cache", `Alt-Svc: h3=":443"; ma=2592000`)),
		clean1("iis html", ask("GET /", firefox, wantsHTML), file("Microsoft-IIS", "text/html", page, `ETag: "1d95b7:0"`, "Accept-Ranges: bytes", "Cache-Control: no-cache")),
		clean1("go file", ask("GET /a.txt"), file("shop", "text/plain; charset=utf-8", "a", "Accept-Ranges: bytes", fresh)),
		clean1("python file", ask("GET /a.txt"), file("SimpleHTTP", "text/plain", "a", fresh)),
		clean1("github asset", ask("GET /assets/app-5f3a9c21.js"), file("GitHub.com", "application/javascript", "f();\n", `ETag: "0x8DD"`, "Cache-Control: public, max-age=31536000", "Vary: Accept-Encoding, Fastly-SSL", "Age: 9", "Via: 1.1 varnish", "X-Fastly-Request-ID: 9b7d", hsts, sniff)),
		clean1("png", ask("GET /a.png", "Accept: image/avif,image/webp,*/*"), file("shop", "image/png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", fresh)),
		clean1("svg", ask("GET /a.svg"), file("shop", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"/>`, fresh)),
		clean1("webp", ask("GET /a.webp"), file("shop", "image/webp", "RIFF\x1a\x00\x00\x00WEBPVP8 ", fresh)),
		clean1("jpeg", ask("GET /a.jpg"), file("shop", "image/jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF", fresh)),
		clean1("icon", ask("GET /favicon.ico"), file("shop", "image/x-icon", "\x00\x00\x01\x00\x01\x00", fresh)),
		clean1("woff2", ask("GET /a.woff2"), file("shop", "font/woff2", "wOF2\x00\x01", "Cache-Control: public, max-age=31536000, immutable")),
		clean1("js", ask("GET /a.js"), file("shop", "text/javascript; charset=utf-8", "f();\n", fresh, sniff)),
		clean1("js module", ask("GET /a.mjs"), file("shop", "text/javascript", "export {};\n", fresh)),
		clean1("source map", ask("GET /a.js.map"), file("shop", "application/json", `{"version":3}`, fresh)),
		clean1("wasm", ask("GET /a.wasm"), file("shop", "application/wasm", "\x00asm\x01\x00\x00\x00", fresh)),
		clean1("pdf", ask("GET /a.pdf"), file("shop", "application/pdf", "%PDF-1.7\n", fresh)),
		clean1("mp3", ask("GET /a.mp3"), file("shop", "audio/mpeg", "ID3\x04\x00", fresh, "Accept-Ranges: bytes")),
		clean1("manifest", ask("GET /app.webmanifest"), file("shop", "application/manifest+json", `{"name":"Shop"}`, fresh)),
		clean1("robots", ask("GET /robots.txt"), file("shop", "text/plain; charset=utf-8", "User-agent: *\nDisallow:\n", fresh)),
		clean1("sitemap", ask("GET /sitemap.xml"), file("shop", "application/xml", `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>`, fresh)),
		clean1("atom", ask("GET /feed"), file("shop", "application/atom+xml; charset=utf-8", `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"/>`, fresh)),
		clean1("security.txt", ask("GET /.well-known/security.txt"), file("shop", "text/plain; charset=utf-8", "Contact: mailto:security@shop.test\n", fresh)),
		clean1("empty file", ask("GET /empty.txt"), file("shop", "text/plain; charset=utf-8", "", fresh)),
		clean1("zip", ask("GET /a.zip"), file("shop", "application/zip", "PK\x03\x04", fresh)),
		clean1("tar.gz", ask("GET /a.tar.gz"), file("shop", "application/gzip", encode("gzip", "a"), fresh)),
	}
}

func cleanPages() []cleanCase {
	navigation := func(target string, fields ...string) cleanMessage {
		return ask("GET "+target, append([]string{firefox, wantsHTML, "Accept-Language: en-US,en;q=0.5", wantsCoded, "Upgrade-Insecure-Requests: 1", "Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none", "Sec-Fetch-User: ?1", "Priority: u=0, i"}, fields...)...)
	}
	html := func(fields ...string) cleanMessage {
		return say("200 OK", append([]string{"Cache-Control: no-cache"}, fields...)...).with(htmlType, page)
	}
	return []cleanCase{
		clean1("page hardened", navigation("/"), html(hsts, sniff, "Content-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'", "X-Frame-Options: DENY", "Referrer-Policy: strict-origin-when-cross-origin", "Permissions-Policy: camera=(), geolocation=(self)", "Cross-Origin-Opener-Policy: same-origin", "Cross-Origin-Embedder-Policy: require-corp", "Cross-Origin-Resource-Policy: same-origin")),
		clean1("page csp nonce", navigation("/"), html("Content-Security-Policy: script-src 'nonce-r4nd0mR4nd0mR4nd0mR4nd0m' 'strict-dynamic'; object-src 'none'; base-uri 'none'")),
		clean1("page csp report", navigation("/"), html(`Reporting-Endpoints: csp="https://shop.test/reports"`, "Content-Security-Policy: default-src 'self'; report-to csp; report-uri /reports")),
		clean1("page hsts preload", navigation("/"), html("Strict-Transport-Security: max-age=63072000; includeSubDomains; preload")),
		clean1("page plain", navigation("/"), html()),
		clean1("page preload", navigation("/"), html("Link: </a.css>; rel=preload; as=style, </a.woff2>; rel=preload; as=font; crossorigin")),
		clean1("page preconnect", navigation("/"), html("Link: <https://cdn.test>; rel=preconnect; crossorigin")),
		clean1("page canonical", navigation("/a"), html(`Link: <https://shop.test/b>; rel="canonical"`)),
		clean1("page translated", navigation("/"), html("Content-Language: en", "Vary: Accept-Language", `Link: <https://shop.test/de>; rel="alternate"; hreflang="de"`)),
		clean1("page client hints", navigation("/"), html("Accept-CH: Sec-CH-UA-Platform-Version, DPR", "Vary: Sec-CH-UA-Platform-Version, DPR")),
		clean1("page no robots", navigation("/draft"), html("X-Robots-Tag: noindex, nofollow")),
		clean1("page reload", navigation("/", "Cache-Control: max-age=0", `If-None-Match: "v7"`), say("304 Not Modified", tagged, "Cache-Control: no-cache")),
		clean1("page from a link", navigation("/a", "Referer: https://shop.test/"), html()),
		clean1("page alt-svc", navigation("/"), html(`Alt-Svc: h3=":443"; ma=86400, h3-29=":443"; ma=86400`)),
		clean1("page alt-svc clear", navigation("/"), html("Alt-Svc: clear")),
		clean1("page fetch", ask("GET /api/me", firefox, "Accept: */*", "Referer: https://shop.test/", "Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-origin"), say("200 OK", store).with(jsonType, `{"id":1}`)),
		clean1("page script", ask("GET /a.js", firefox, "Referer: https://shop.test/", "Sec-Fetch-Dest: script", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Site: same-origin"), say("200 OK", fresh, tagged, sniff).with("text/javascript", "f();\n")),
		clean1("page worker", ask("GET /sw.js", firefox, "Service-Worker: script"), say("200 OK", "Cache-Control: no-cache", tagged, "Service-Worker-Allowed: /").with("text/javascript", "f();\n")),
		clean1("page origin trial", navigation("/"), html("Origin-Agent-Cluster: ?1", "Document-Policy: js-profiling")),
		clean1("page xhtml", navigation("/"), say("200 OK", "Cache-Control: no-cache").with("application/xhtml+xml; charset=utf-8", `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>a</title></head><body/></html>`)),
	}
}

func cleanCodings() []cleanCase {
	get := func() cleanMessage { return ask("GET /a.txt", wantsCoded) }
	long := strings.Repeat("All work and no play makes Jack a dull boy.\n", 20)
	var cases []cleanCase
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		cases = append(cases,
			clean1("coded "+coding, get(), say("200 OK", fresh, `ETag: "v7-`+coding+`"`).coded(coding, "text/plain; charset=utf-8", long)),
			clean1("coded json "+coding, api("GET /v1/orders", wantsCoded), say("200 OK", store).coded(coding, jsonType, orders)),
		)
	}
	return append(cases,
		clean1("coded not", ask("GET /a.txt", "Accept-Encoding: identity"), say("200 OK", fresh, tagged, "Vary: Accept-Encoding").with("text/plain; charset=utf-8", long)),
		clean1("coded request", api("POST /v1/logs", "Content-Encoding: gzip").with("application/x-ndjson", encode("gzip", "{\"a\":1}\n")), say("204 No Content")),
		clean1("coded head", ask("HEAD /a.txt", wantsCoded), say("200 OK", fresh, `ETag: "v7-gzip"`, "Vary: Accept-Encoding", "Content-Encoding: gzip", "Content-Type: text/plain; charset=utf-8")),
		clean1("coded with weights", ask("GET /a.txt", "Accept-Encoding: br;q=1.0, gzip;q=0.8, *;q=0.1"), say("200 OK", fresh, `ETag: W/"v7"`).coded("br", "text/plain; charset=utf-8", long)),
		clean1("coded chunked", get(), func() cleanMessage {
			m := say("200 OK", store, "Content-Encoding: gzip", "Vary: Accept-Encoding")
			return m.chunked("text/plain; charset=utf-8", encode("gzip", long))
		}()),
	)
}

func cleanDownloads() []cleanCase {
	download := func(disposition string) cleanMessage {
		return say("200 OK", "Cache-Control: private, max-age=60", "Content-Disposition: "+disposition, sniff).with("application/octet-stream", "abc")
	}
	get := ask("GET /files/1", firefox, wantsHTML)
	return []cleanCase{
		clean1("download", get, download(`attachment; filename="report.bin"`)),
		clean1("download token", get, download(`attachment; filename=report.bin`)),
		clean1("download both names", get, download(`attachment; filename="naive.txt"; filename*=UTF-8''na%C3%AFve.txt`)),
		clean1("download inline", get, download(`inline; filename="a.bin"`)),
		clean1("download by path", ask("GET /files/a.bin"), download("attachment")),
		clean1("download escaped", get, download(`attachment; filename="a \"b\".txt"`)),
	}
}

func cleanMethods() []cleanCase {
	return []cleanCase{
		clean1("options server", ask("OPTIONS *"), say("204 No Content", "Allow: GET, HEAD, POST")),
		clean1("trace", ask("TRACE /", "Max-Forwards: 0"), problem("405 Method Not Allowed", "Method Not Allowed", "Allow: GET, HEAD")),
		clean1("head missing", ask("HEAD /nothing"), say("404 Not Found", "Content-Type: text/plain; charset=utf-8", "Content-Length: 19")),
		clean1("query", ask("QUERY /v1/orders", "Accept: application/json").with("application/sql", "select 1"), say("200 OK", store).with(jsonType, `{"items":[]}`)),
		clean1("purge", ask("PURGE /a.css"), say("200 OK", store).with(jsonType, `{"status":"ok"}`)),
		clean1("post to a function", ask("POST /v1/orders/7/cancel").empty(), say("200 OK", store).with(jsonType, order)),
		clean1("post 205", ask("POST /form").with("application/x-www-form-urlencoded", "a=1"), say("205 Reset Content").empty()),
		clean1("connect", ask("CONNECT shop.test:443", "Host: shop.test:443", "-Accept"), say("200 Connection established", "-Date", "-Server"), "scheme http"),
		clean1("absolute target", ask("GET http://shop.test/a", "Host: shop.test"), say("200 OK", store).with("text/plain; charset=utf-8", "a"), "scheme http"),
		clean1("resumable offset", ask("HEAD /files/1", "Upload-Draft-Interop-Version: 8"), say("204 No Content", store, "Upload-Offset: 100", "Upload-Complete: ?0")),
		clean1("tus", ask("PATCH /files/1", "Tus-Resumable: 1.0.0", "Upload-Offset: 0").with("application/offset+octet-stream", "abc"), say("204 No Content", "Tus-Resumable: 1.0.0", "Upload-Offset: 3")),
	}
}

func cleanInterim() []cleanCase {
	interim := func(start string, fields ...string) cleanMessage { return cleanMessage{start: start, fields: fields} }
	return []cleanCase{
		{"interim continue", api("POST /v1/orders", "Expect: 100-continue").with(jsonType, order), []cleanMessage{interim("100 Continue"), say("201 Created", store, "Location: /v1/orders/7").with(jsonType, order)}, nil},
		{"interim early hints", ask("GET /", firefox, wantsHTML), []cleanMessage{
			interim("103 Early Hints", "Link: </a.css>; rel=preload; as=style"),
			say("200 OK", "Cache-Control: no-cache", "Link: </a.css>; rel=preload; as=style").with(htmlType, page),
		}, nil},
		{"interim processing", ask("PROPFIND /a/", "Depth: 1").empty(), []cleanMessage{interim("102 Processing"), say("207 Multi-Status").with("application/xml; charset=utf-8", `<D:multistatus xmlns:D="DAV:"/>`)}, nil},
		{"interim continue then refused", api("POST /v1/orders", "Expect: 100-continue").with(jsonType, order), []cleanMessage{interim("100 Continue"), problem("422 Unprocessable Content", "No")}, nil},
	}
}

func cleanFields() []cleanCase {
	get := func(fields ...string) cleanMessage { return ask("GET /a", fields...) }
	ok := func(fields ...string) cleanMessage {
		return say("200 OK", append([]string{store}, fields...)...).with("text/plain; charset=utf-8", "a")
	}
	return []cleanCase{
		clean1("field via", get("Via: 1.1 proxy.test"), ok("Via: 2 edge, 1.1 cache.test (varnish)")),
		clean1("field forwarded", get(`Forwarded: for=192.0.2.60;proto=https;by=203.0.113.43, for="[2001:db8::1]:4711"`), ok()),
		clean1("field x-forwarded", get("X-Forwarded-For: 192.0.2.60, 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test", "X-Real-IP: 192.0.2.60"), ok()),
		clean1("field priority", get("Priority: u=3, i"), ok("Priority: u=1")),
		clean1("field prefer", get("Prefer: wait=10"), ok("Preference-Applied: wait=10")),
		clean1("field te", get("TE: trailers", "Connection: TE"), ok()),
		clean1("field dnt", get("DNT: 1", "Sec-GPC: 1"), ok("Tk: N")),
		clean1("field from", get("From: robot@shop.test", "User-Agent: shopbot/1.0 (+https://shop.test/bot)"), ok()),
		clean1("field accept weights", get("Accept: text/plain;q=0.5, text/html, text/x-dvi;q=0.8, */*;q=0.1"), ok()),
		clean1("field accept-language", get("Accept-Language: da, en-GB;q=0.8, en;q=0.7"), ok("Content-Language: en")),
		clean1("field proxy-status", get(), problem("502 Bad Gateway", "Bad Gateway", `Proxy-Status: edge; error=connection_timeout; details="no answer"`)),
		clean1("field content-location", api("POST /v1/quotes").with(jsonType, order), say("200 OK", store, "Content-Location: /v1/quotes/3").with(jsonType, order)),
		clean1("field signature", get(), ok(`Signature-Input: sig1=("@status" "content-type");created=1767323045;keyid="k1"`, "Signature: sig1=:dGVzdA==:")),
		clean1("field early data", get("Early-Data: 1"), ok()),
		clean1("field save-data", get("Save-Data: on"), ok("Vary: Save-Data")),
		clean1("field max-forwards", ask("OPTIONS /", "Max-Forwards: 5"), say("204 No Content", "Allow: GET, HEAD, OPTIONS")),
		clean1("field warning free", get(), ok("X-Request-ID: 7f3k", "X-Correlation-ID: 7f3k")),
		clean1("field keep-alive", get("Connection: keep-alive"), ok("Connection: keep-alive", "Keep-Alive: timeout=5")),
		clean1("field speculation", get(), ok(`Speculation-Rules: "/rules.json"`)),
		clean1("field host with port", ask("GET /a", "Host: shop.test:8443"), ok()),
		clean1("field ipv6 host", ask("GET /a", "Host: [2001:db8::1]:8443"), ok()),
		clean1("field empty values", get("Accept-Language: "), ok()),
		clean1("field utf-8 in ext-value", get(), ok(`Link: </b>; rel="next"; title*=UTF-8'de'n%c3%a4chstes`)),
		clean1("field use-as-dictionary", ask("GET /app.js"), say("200 OK", fresh, tagged, `Use-As-Dictionary: match="/app*.js"`).with("text/javascript", "f();\n")),
		clean1("field traceresponse", get(), ok("traceresponse: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
	}
}

// cleanOctets has content of which a HAR keeps other octets than those that
// were sent.
func cleanOctets() []cleanCase {
	const (
		latin1  = "text/plain; charset=iso-8859-1"
		digests = "Content-Digest: sha-256={sha-256}"
		repr    = "Repr-Digest: sha-256={sha-256}"
	)
	get := func(fields ...string) cleanMessage { return ask("GET /a", append(fields, wantsCoded)...) }
	said := func(fields ...string) cleanMessage { return say("200 OK", append(fields, store)...) }
	var all []cleanCase
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		all = append(all,
			clean1("digest of "+coding, get(), said(digests, repr).coded(coding, jsonType, orders)),
			clean1("digest of chunked "+coding, get(), say("200 OK", store, digests, "Content-Encoding: "+coding, "Vary: Accept-Encoding").chunked(jsonType, encode(coding, orders))),
			clean1("latin1 in "+coding, get(), said(digests).coded(coding, latin1, "caf\xe9 cr\xe8me br\xfbl\xe9e")),
			clean1("csv with mark in "+coding, get(), said(digests).coded(coding, "text/csv; charset=utf-8", "\xef\xbb\xbfid,sku\r\n7,A-7\r\n")),
			clean1("binary in "+coding, get(), said(digests).coded(coding, "application/octet-stream", "\x00\xff\xfe\x01")),
			clean1("put in "+coding, ask("PUT /a", digests, repr, "Content-Encoding: "+coding).with(jsonType, encode(coding, order)), say("204 No Content")),
		)
	}
	return append(all,
		clean1("latin1", get(), said(digests, repr).with(latin1, "caf\xe9 cr\xe8me br\xfbl\xe9e")),
		clean1("latin1 page", get(), said(digests).with("text/html; charset=iso-8859-1", "<!DOCTYPE html><title>caf\xe9</title><p>cr\xe8me br\xfbl\xe9e")),
		clean1("latin1 page that says it itself", get(), said(digests).with("text/html", "<!DOCTYPE html><meta charset=\"iso-8859-1\"><title>caf\xe9</title><p>cr\xe8me br\xfbl\xe9e")),
		clean1("latin1 xml", get(), said(digests).with("text/xml", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>caf\xe9 cr\xe8me br\xfbl\xe9e</a>")),
		clean1("windows-1252", get(), said(digests).with("text/plain; charset=windows-1252", "\x93caf\xe9\x94 cr\xe8me br\xfbl\xe9e")),
		clean1("latin1 chunked", get(), said(digests).chunked(latin1, "caf\xe9")),
		clean1("latin1 put", ask("PUT /a", digests, repr).with(latin1, "caf\xe9 cr\xe8me br\xfbl\xe9e"), say("204 No Content")),
		clean1("latin1 form", ask("POST /a", digests).with("application/x-www-form-urlencoded", "q=caf%E9"), say("204 No Content")),
		clean1("latin1 range", ask("GET /a", "Range: bytes=2-5"), say("206 Partial Content", store, tagged, digests, "Content-Range: bytes 2-5/9").with(latin1, "f\xe9 c")),
		clean1("utf-16", get(), said(digests).with("text/plain; charset=utf-16", "\xff\xfec\x00a\x00f\x00\xe9\x00")),
		clean1("csv with mark", get(), said(digests, repr).with("text/csv; charset=utf-8", "\xef\xbb\xbfid,sku\r\n7,A-7\r\n")),
		clean1("utf-8", get(), said(digests, repr).with("text/plain; charset=utf-8", "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e")),
		clean1("gzip file with digest", get(), said(digests, repr).with("application/gzip", encode("gzip", "a"))),
		clean1("svgz", get(), said(digests, "Vary: Accept-Encoding").coded("gzip", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"/>`)),
		clean1("multipart with binary", ask("POST /a", digests).with("multipart/form-data; boundary=x7",
			"--x7\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\xff\r\n--x7--\r\n"), say("204 No Content")),
		clean1("range of coded", ask("GET /a", "Range: bytes=0-9", wantsCoded), say("206 Partial Content", store, `ETag: "v7-gzip"`, "Vary: Accept-Encoding", "Content-Encoding: gzip",
			digests, "Content-Range: bytes 0-9/31").with(jsonType, encode("gzip", orders)[:10])),
	)
}
