package rules

import (
	"bytes"
	"strconv"

	"sidenote/annotate"
	"sidenote/exchange/inside"
)

// statusErrorBodyRules lists the rules on failures that come with a status of success.
func statusErrorBodyRules() []*annotate.Rule {
	return []*annotate.Rule{
		status200WithErrorBody,
		statusGRPCStatusIn200,
	}
}

var status200WithErrorBody = &annotate.Rule{
	ID:       "status/200-with-error-body",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "an error in the body of a success",
	Refs:     []string{"RFC 9110 §15.3.1", "RFC 9457 §1"},
	Doc: "The status says success, but the body says failure. " +
		"Caches, retries, metrics and all clients that check the status think that the request succeeded, so the failure stays hidden. " +
		"Send the status that fits the error, with the same body.",
	Help: "send a 4xx or 5xx status with this body, preferably as application/problem+json",
	Bad: []string{`> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 25
<
< {"error":"no such order"}
`, `> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 32
<
< {"success": false, "code": "E7"}
`, `> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/vnd.shop+json
< Content-Length: 38
<
< {"status":404,"message":"not found" } 
`, `> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/problem+json
< Content-Length: 21
<
< {"title":"not found"}
`},
	Good: []string{`# nothing is wrong
> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 57
<
< {"id":7,"error":null,"errors":[ ],"ok":true,"status":200}
`, `# a part failed and the data is there
> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 52
<
< {"error":"the price is not known","data":{"id":7}  }
`, `# a bulk answer with a result for each item
> POST /_bulk HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 40
<
< {"errors":true,"items":[{"status":409}]}
`, `# a status of something else
> GET /checks/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 36
<
< {"url":"http://a.test","status":404}
`},
	When:  whenErrorInside,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		says := "the body says that the request failed"
		if p.X.Effective().Protocol == inside.Events {
			says = "the stream ended with an error"
		}
		noteInside(p, says, inside.JSON, inside.XML, inside.Events)
	},
}

// excerpt is a piece of JSON short enough for a message, on one line.
func excerpt(b []byte) string {
	const most = 80
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "..."
	}
	if bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' }) {
		return strconv.Quote(string(b))
	}
	return string(b)
}

var statusGRPCStatusIn200 = &annotate.Rule{
	ID:       "status/grpc-status-in-200",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the gRPC call failed inside a 200",
	Refs:     []string{"gRPC over HTTP/2"},
	Doc: "gRPC answers 200 to every call that reaches the server and sends the result in grpc-status, usually as a trailer. " +
		"So the HTTP status doesn't say whether the call succeeded. The note names the gRPC code, with the server's message.",
	Help: "read grpc-status and grpc-message instead of the HTTP status",
	Bad: []string{`> POST /shop.Orders/Find HTTP/2
> Host: shop.test
> content-type: application/grpc
> te: trailers
>
< HTTP/2 200
< content-type: application/grpc
<
< \x00\x00\x00\x00\x01x
<~ grpc-status: 5
<~ grpc-message: no order 7%21
`, `# in the header section: there was no message at all
# also grpc/trailers-only
> POST /shop.Orders/Find HTTP/2
> Host: shop.test
> content-type: application/grpc
> te: trailers
>
< HTTP/2 200
< content-type: application/grpc
< grpc-status: 16
<
`, `# in the last frame of gRPC-Web
> POST /shop.Orders/Find HTTP/1.1
> Host: shop.test
> Content-Type: application/grpc-web+proto
> Content-Length: 0
>
< HTTP/1.1 200 OK
< Content-Type: application/grpc-web+proto
<
< \x00\x00\x00\x00\x01x\x80\x00\x00\x00\x0fgrpc-status:14\r
`, `# the same in base64
> POST /shop.Orders/Find HTTP/1.1
> Host: shop.test
> Content-Type: application/grpc-web-text
> Content-Length: 0
>
< HTTP/1.1 200 OK
< Content-Type: application/grpc-web-text
<
< AAAAAAF4gAAAAA9ncnBjLXN0YXR1czoxNA0=
`},
	Good: []string{`> POST /shop.Orders/Find HTTP/2
> Host: shop.test
> content-type: application/grpc
> te: trailers
>
< HTTP/2 200
< content-type: application/grpc
<
< \x00\x00\x00\x00\x01x
<~ grpc-status: 0
`, `# a gRPC-Web message whose content looks like a status
> POST /shop.Orders/Find HTTP/1.1
> Host: shop.test
> Content-Type: application/grpc-web
> Content-Length: 0
>
< HTTP/1.1 200 OK
< Content-Type: application/grpc-web
<
< \x00\x00\x00\x00\x0egrpc-status:14
`},
	When:  whenErrorInside,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) { noteInside(p, "the gRPC call failed", inside.GRPC) },
}
