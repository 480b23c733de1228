package contract

import (
	"strings"

	"sidenote/annotate"
)

// A compared rule is a rule whose check needs a contract.
type comparedRule struct {
	annotate.Rule
	check func(*Contract, *annotate.Pass)
}

// Rules returns the rules without a contract: known, listed and explained, and
// silent.
func Rules() []*annotate.Rule {
	return (*Contract)(nil).Rules()
}

// Rules returns the rules that compare exchanges with the contract. Those of a
// contract that is nil or holds no description are silent.
func (c *Contract) Rules() []*annotate.Rule {
	compared := comparedRules()
	list := make([]*annotate.Rule, len(compared))
	for i := range compared {
		r := compared[i].Rule
		if c != nil && len(c.descriptions) > 0 {
			check := compared[i].check
			r.Check = func(p *annotate.Pass) { check(c, p) }
		}
		list[i] = &r
	}
	return list
}

func comparedRules() []comparedRule {
	return []comparedRule{
		{pathUndeclared, checkPath},
		{operationUndeclared, checkOperation},
		{routeAmbiguous, checkAmbiguous},
		{parameter, checkParameters},
		{security, checkSecurity},
		{requestContentType, checkRequestType},
		{requestBody, checkRequestBody},
		{statusUndeclared, checkStatus},
		{responseHeader, checkResponseFields},
		{responseContentType, checkResponseType},
		{responseBody, checkResponseBody},
		{undeclared, checkUndeclared},
		{xmlNamespace, checkXMLNamespace},
	}
}

// The examples are compared with testdata/shop.yaml, whose server is
// https://api.shop.test/v1.

const (
	getOrder = "* scheme https\n> GET /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n> Authorization: Bearer abc\n>\n"
	anOrder  = "< HTTP/1.1 200 OK\n< Content-Type: application/json\n< Content-Length: 28\n<\n< {\"id\":7,\"sku\":\"A-7\",\"qty\":2}\n"

	listOrders = "* scheme https\n> GET /v1/orders?limit=20 HTTP/1.1\n> Host: api.shop.test\n> X-Tenant: t-5\n> Authorization: Bearer abc\n>\n"
	noOrders   = "< HTTP/1.1 200 OK\n< Content-Type: application/json\n< X-Total: 0\n< Content-Length: 2\n<\n< []\n"

	made = "< HTTP/1.1 201 Created\n< Content-Length: 0\n<\n"
)

// postOrder is a request with content.
func postOrder(contentType, content string) string {
	return "* scheme https\n> POST /v1/orders HTTP/1.1\n> Host: api.shop.test\n> Authorization: Bearer abc\n> Content-Type: " +
		contentType + "\n> Content-Length: 30\n>\n> " + content + "\n"
}

// order is a response to getOrder.
func order(contentType, content string) string {
	return "< HTTP/1.1 200 OK\n< Content-Type: " + contentType + "\n<\n< " + content + "\n"
}

var pathUndeclared = annotate.Rule{
	ID: "contract/path-undeclared", Severity: annotate.Warn, Blame: annotate.ByClient,
	Title: "the description has no such path",
	Refs:  []string{"OpenAPI 3.1 Paths Object"},
	Doc: "The URL lies under a server of a loaded OpenAPI description, no path template matches it, and yet it was answered otherwise than with 404 or 410. " +
		"Either the client uses something that is not promised to stay, or the description lags behind the server.\n\n" +
		"Descriptions whose servers have no host are not taken to claim every path of every host; give URL=FILE to tie one to a host. " +
		"CORS preflights, /favicon.ico, /robots.txt, /.well-known/ and upgraded connections are left out.",
	Help: "add the path to the description, or correct the request",
	Bad: []string{
		"* scheme https\n> GET /v1/order HTTP/1.1\n> Host: api.shop.test\n>\n" + noOrders,
		"* scheme https\n> GET /v1/orders/7/lines?x=1 HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 500 Internal Server Error\n<\n",
	},
	Good: []string{
		getOrder + anOrder,
		"* scheme https\n> GET /v1/order HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n<\n",
		"* scheme https\n> GET /v2/order HTTP/1.1\n> Host: api.shop.test\n>\n" + noOrders,
		"* scheme https\n> GET /v1/order HTTP/1.1\n> Host: www.shop.test\n>\n" + noOrders,
		"* scheme https\n> GET /v1/.well-known/x HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n<\n",
		"* scheme https\n> OPTIONS /v1/order HTTP/1.1\n> Host: api.shop.test\n> Origin: https://app.test\n> Access-Control-Request-Method: PUT\n>\n< HTTP/1.1 204 No Content\n<\n",
		"* scheme https\n> GET /v1/%6Frders/7 HTTP/1.1\n> Host: API.shop.test:443\n> Authorization: Bearer abc\n>\n" + anOrder,
	},
}

var operationUndeclared = annotate.Rule{
	ID: "contract/operation-undeclared", Severity: annotate.Warn, Blame: annotate.ByClient,
	Title: "the description has the path without this method",
	Refs:  []string{"OpenAPI 3.1 Path Item Object"},
	Doc: "The path is declared, the method is not, and the server did not refuse it with 405 or 501. " +
		"Either the client uses what is not promised, or the description lags behind. HEAD where GET is declared, and OPTIONS, need no declaration.",
	Help: "add the operation to the description, or use a declared method",
	Bad: []string{
		"* scheme https\n> PUT /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n> Content-Length: 0\n>\n< HTTP/1.1 204 No Content\n<\n",
	},
	Good: []string{
		getOrder + anOrder,
		"* scheme https\n> HEAD /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n> X-API-Key: k\n>\n< HTTP/1.1 200 OK\n< Content-Type: text/plain\n<\n",
		"* scheme https\n> OPTIONS /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 204 No Content\n<\n",
		"* scheme https\n> PUT /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n> Content-Length: 0\n>\n< HTTP/1.1 405 Method Not Allowed\n< Allow: GET\n<\n",
	},
}

var routeAmbiguous = annotate.Rule{
	ID: "contract/route-ambiguous", Severity: annotate.Info, Blame: annotate.ByOrigin,
	Title: "several descriptions claim the same operation",
	Refs:  []string{"OpenAPI 3.1 Server Object", "OpenAPI 3.1 Paths Object"},
	Doc: "Two of the loaded OpenAPI descriptions declare a server, path and method that fit this request. " +
		"The first one is compared with; what the other says is not looked at. Often one is an old copy, or both name the same server where a gateway splits them by path.",
	Help: "load one of them only, or tie each to its own URL with URL=FILE",
	Bad:  []string{getOrder + anOrder},
	Good: []string{"* scheme https\n> GET /v1/status HTTP/1.1\n> Host: other.test\n>\n< HTTP/1.1 200 OK\n<\n"},
}

var parameter = annotate.Rule{
	ID: "contract/parameter", Severity: annotate.Warn, Blame: annotate.ByClient,
	Title: "a parameter of the request is not as declared",
	Refs:  []string{"OpenAPI 3.1 Parameter Object"},
	Doc: "A required path, query, header or cookie parameter is missing, or one that is given, read by its style, breaks its schema. " +
		"A server that checks will refuse the request; one that does not may take the value for something else.\n\n" +
		"Declarations of Accept, Content-Type and Authorization have no effect, as OpenAPI demands. Parameters that are not declared are not looked at.",
	Help: "send the parameter as the description has it",
	Bad: []string{
		"* scheme https\n> GET /v1/orders?limit=0 HTTP/1.1\n> Host: api.shop.test\n> X-Tenant: t-5\n> X-API-Key: k\n>\n" + noOrders,
		"* scheme https\n> GET /v1/orders?a=b&limit=many HTTP/1.1\n> Host: api.shop.test\n> X-Tenant: t-5\n> X-API-Key: k\n>\n" + noOrders,
		"* scheme https\n> GET /v1/orders HTTP/1.1\n> Host: api.shop.test\n> X-API-Key: k\n>\n" + noOrders,
		"* scheme https\n> GET /v1/orders HTTP/1.1\n> Host: api.shop.test\n> X-Tenant: five\n> X-API-Key: k\n>\n" + noOrders,
		"* scheme https\n> GET /v1/orders?filter%5Bstate%5D=lost HTTP/1.1\n> Host: api.shop.test\n> X-Tenant: t-5\n> X-API-Key: k\n>\n" + noOrders,
		"* scheme https\n> GET /v1/orders/seven HTTP/1.1\n> Host: api.shop.test\n> X-API-Key: k\n>\n" + anOrder,
		"* scheme https\n> GET /v1/orders/export.xls HTTP/1.1\n> Host: api.shop.test\n> X-API-Key: k\n>\n< HTTP/1.1 200 OK\n<\n",
	},
	Good: []string{
		listOrders + noOrders,
		"* scheme https\n> GET /v1/orders?limit=100&filter%5Bstate%5D=open&_=1 HTTP/1.1\n> Host: api.shop.test\n> x-tenant: t-5\n> X-API-Key: k\n>\n" + noOrders,
		"* scheme https\n> GET /v1/orders/export.csv HTTP/1.1\n> Host: api.shop.test\n> X-API-Key: k\n>\n< HTTP/1.1 200 OK\n<\n",
	},
}

var security = annotate.Rule{
	ID: "contract/security", Severity: annotate.Warn, Blame: annotate.ByClient,
	Title: "the request has none of the declared credentials, and was let through",
	Refs:  []string{"OpenAPI 3.1 Security Requirement Object", "OpenAPI 3.1 Security Scheme Object"},
	Doc: "The operation declares security, the request meets none of its alternatives, and the server did not answer 401 or 403. " +
		"Either the operation is open and its description should say \"security: []\", or the server forgot to check.\n\n" +
		"Whether credentials are right is for the server to say; it is only looked at whether there are any. Client certificates count as given.",
	Help: "send the credentials; if the request succeeded, have the server check that they are there",
	Bad: []string{
		"* scheme https\n> GET /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n>\n" + anOrder,
		"* scheme https\n> GET /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n> Authorization: Basic YTpi\n>\n" + anOrder,
	},
	Good: []string{
		getOrder + anOrder,
		"* scheme https\n> GET /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n> x-api-key: k\n>\n" + anOrder,
		"* scheme https\n> GET /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Bearer\n<\n",
		"* scheme https\n> GET /v1/status HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 200 OK\n<\n",
	},
}

var requestContentType = annotate.Rule{
	ID: "contract/request-content-type", Severity: annotate.Warn, Blame: annotate.ByClient, Needs: annotate.NeedsContent,
	Title: "the request's media type is not declared",
	Refs:  []string{"OpenAPI 3.1 Request Body Object"},
	Doc: "The request has content of a media type that the operation does not list, and the server did not refuse it with 415. " +
		"Parameters of the media type are not compared, and ranges such as application/* count.",
	Help: "send one of the declared media types, or declare this one",
	Bad:  []string{postOrder("text/plain", `{"sku":"A-7","qty":2}`) + made},
	Good: []string{
		postOrder("application/json; charset=utf-8", `{"sku":"A-7","qty":2}`) + made,
		postOrder("text/plain", `{"sku":"A-7","qty":2}`) + "< HTTP/1.1 415 Unsupported Media Type\n<\n",
	},
}

var requestBody = annotate.Rule{
	ID: "contract/request-body", Severity: annotate.Warn, Blame: annotate.ByClient, Needs: annotate.NeedsContent,
	Title: "the request's content breaks its schema",
	Refs:  []string{"OpenAPI 3.1 Request Body Object", "OpenAPI 3.1 Media Type Object"},
	Doc: "Content that the operation requires is missing, or JSON content breaks the schema that is declared for it; the place is the first such value. " +
		"Properties that are readOnly need not be sent. A format, such as date-time, is an annotation and is not judged. " +
		"Content that is not whole, larger than 1 MiB or nested deeper than 64 levels is not compared.",
	Help: "send what the schema asks for, or correct the schema",
	Bad: []string{
		postOrder("application/json", `{"sku":"A-7","qty":"two"}`) + made,
		postOrder("application/json", `{"sku":"A-7"}`) + made,
		"* scheme https\n> POST /v1/orders HTTP/1.1\n> Host: api.shop.test\n> Authorization: Bearer abc\n> Content-Length: 0\n>\n" + made,
	},
	Good: []string{
		postOrder("application/json", `{"sku":"A-7","qty":2,"made":"yesterday","note":null}`) + made,
		postOrder("application/json", `{"sku":`) + made,
	},
}

var statusUndeclared = annotate.Rule{
	ID: "contract/status-undeclared", Severity: annotate.Warn, Blame: annotate.ByOrigin,
	Title: "the description has no response with this status",
	Refs:  []string{"OpenAPI 3.1 Responses Object"},
	Doc: "The operation declares neither this status, nor a range such as 4XX with it, nor a default. Generated clients then have no type for the response, and many throw. " +
		"Statuses that servers and gateways give to anything (304, 401, 403, 405, 429, 503 and the like), ranges where they were asked for, and redirects to https need no declaration.",
	Help: "declare the status, or a default response",
	Bad: []string{
		getOrder + "< HTTP/1.1 202 Accepted\n<\n",
		getOrder + "< HTTP/1.1 500 Internal Server Error\n<\n",
	},
	Good: []string{
		getOrder + "< HTTP/1.1 404 Not Found\n< Content-Type: application/problem+json\n<\n< {\"title\":\"no such order\",\"status\":404}\n",
		getOrder + "< HTTP/1.1 503 Service Unavailable\n< Retry-After: 5\n<\n",
		"* scheme http\n> GET /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n> X-API-Key: k\n>\n< HTTP/1.1 308 Permanent Redirect\n< Location: https://api.shop.test/v1/orders/7\n<\n",
	},
}

var responseHeader = annotate.Rule{
	ID: "contract/response-header", Severity: annotate.Warn, Blame: annotate.ByOrigin,
	Title: "a field of the response is not as declared",
	Refs:  []string{"OpenAPI 3.1 Header Object"},
	Doc: "A field that the description requires of this response is missing, or one that is there breaks its schema. " +
		"A declaration of Content-Type has no effect, as OpenAPI demands, and a 304 may leave fields out.",
	Help: "send the field as the description has it",
	Bad: []string{
		listOrders + "< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n< []\n",
		listOrders + "< HTTP/1.1 200 OK\n< X-Total: none\n< Content-Type: application/json\n<\n< []\n",
	},
	Good: []string{
		listOrders + noOrders,
		listOrders + "< HTTP/1.1 304 Not Modified\n<\n",
	},
}

var responseContentType = annotate.Rule{
	ID: "contract/response-content-type", Severity: annotate.Warn, Blame: annotate.ByOrigin, Needs: annotate.NeedsContent,
	Title: "the response's media type is not declared",
	Refs:  []string{"OpenAPI 3.1 Response Object"},
	Doc: "The response has content of a media type that the description does not list for its status, such as an HTML error page where a problem document is promised. " +
		"Parameters of the media type are not compared, and ranges such as application/* count. 502, 503 and 504 are left out: a gateway writes those.",
	Help: "send one of the declared media types, or declare this one",
	Bad: []string{
		getOrder + order("text/html", "<p>7</p>"),
		getOrder + "< HTTP/1.1 404 Not Found\n< Content-Type: text/html\n<\n< <p>no</p>\n",
	},
	Good: []string{
		getOrder + anOrder,
		getOrder + "< HTTP/1.1 502 Bad Gateway\n< Content-Type: text/html\n<\n< <p>no</p>\n",
	},
}

var responseBody = annotate.Rule{
	ID: "contract/response-body", Severity: annotate.Warn, Blame: annotate.ByOrigin, Needs: annotate.NeedsContent,
	Title: "the response's content breaks its schema",
	Refs:  []string{"OpenAPI 3.1 Response Object", "OpenAPI 3.1 Media Type Object"},
	Doc: "JSON content breaks the schema that is declared for its status; the place is the first such value. Clients that were generated from the description will fail on it, or read it wrongly. " +
		"Properties that are writeOnly need not be sent. A format, such as date-time, is an annotation and is not judged. " +
		"Content that is not whole, a range, larger than 1 MiB or nested deeper than 64 levels is not compared.",
	Help: "send what the schema promises, or correct the schema",
	Bad: []string{
		getOrder + order("application/json", `{"id":7,"sku":"A-7"}`),
		getOrder + order("application/json", `{"id":7,"sku":"A-7","qty":2,"lines":[{"text":"a"},{"text":5}]}`),
		getOrder + "< HTTP/1.1 404 Not Found\n< Content-Type: application/problem+json\n<\n< {\"status\":404}\n",
	},
	Good: []string{
		getOrder + anOrder,
		getOrder + order("application/json; charset=utf-8", `{"id":7,"sku":"A-7","qty":2,"made":"never"}`),
		strings.Replace(getOrder, ">\n", "> Range: bytes=0-4\n>\n", 1) + "< HTTP/1.1 206 Partial Content\n< Content-Range: bytes 0-4/30\n< Content-Type: application/json\n<\n< {\"id\"\n",
	},
}

var undeclared = annotate.Rule{
	ID: "contract/undeclared", Severity: annotate.Info, Blame: annotate.ByOrigin, Needs: annotate.NeedsContent, OffByDefault: true,
	Title: "a property is not declared",
	Refs:  []string{"OpenAPI 3.1 Schema Object"},
	Doc: "JSON content has a property that its schema neither names nor rules out. JSON Schema allows that, so that APIs can grow. " +
		"This rule finds misspelled names, and properties that the server reveals by mistake. " +
		"Schemas that say anything of additionalProperties are left out.",
	Help: "declare the property, leave it out, or say additionalProperties: true",
	Bad: []string{
		getOrder + order("application/json", `{"id":7,"sku":"A-7","qty":2,"margin":0.4}`),
		postOrder("application/json", `{"sku":"A-7","qty":2,"lines":[{"txt":"a"}]}`) + made,
	},
	Good: []string{getOrder + anOrder},
}

var xmlNamespace = annotate.Rule{
	ID: "contract/xml-namespace", Severity: annotate.Warn, Blame: annotate.ByOrigin, Needs: annotate.NeedsContent,
	Title: "XML content is in another namespace than declared",
	Refs:  []string{"OpenAPI 3.1 XML Object", "Namespaces in XML 1.0 §2"},
	Doc: "An element or attribute of XML content is in another namespace than xml.namespace in its schema says. " +
		"To a parser that knows namespaces it is then something else, and is not found. Prefixes are never compared, since they mean nothing by themselves.",
	Help: "declare the namespace on the element: xmlns=\"…\"",
	Bad: []string{
		getOrder + order("application/xml", `<order><id>7</id></order>`),
		getOrder + order("application/xml", `<order xmlns="https://shop.test/old"><id>7</id></order>`),
		getOrder + order("application/xml", `<o:order xmlns:o="https://shop.test/ns"><lines><text>a</text></lines></o:order>`),
	},
	Good: []string{
		getOrder + order("application/xml", `<order xmlns="https://shop.test/ns"><lines><text>a</text></lines></order>`),
		getOrder + order("application/xml", `<o:order xmlns:o="https://shop.test/ns"><o:lines><o:text>a</o:text></o:lines></o:order>`),
	},
}
