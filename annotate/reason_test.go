package annotate_test

import (
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A saying is an error as a framework or a service sends it, and what it says.
type saying struct {
	from, kind, content, want string
	status                    int // 400 where it is 0
}

// sayings are real shapes of errors, one for each that people meet.
var sayings = []saying{
	{from: "RFC 9457", kind: "application/problem+json", content: `{"title":"No such cart","detail":"cart 7 is gone","status":404}`, want: "No such cart: cart 7 is gone"},
	{from: "RFC 9457, title alone", kind: "application/problem+json", content: `{"title":"No such cart"}`, want: "No such cart"},
	{from: "RFC 9457, invalid-params", kind: "application/problem+json", content: `{"title":"Your request parameters didn't validate.","invalid-params":[{"name":"age","reason":"must be a positive integer"},{"name":"color","reason":"must be 'green', 'red' or 'blue'"}]}`, want: "age: must be a positive integer (and 1 more)"},
	{from: "RFC 9457, errors with pointers", kind: "application/problem+json", content: `{"title":"Your request is not valid.","errors":[{"detail":"must be a positive integer","pointer":"#/age"}]}`, want: "#/age: must be a positive integer"},
	{from: "FastAPI", kind: "application/json", status: 422, content: `{"detail":[{"type":"missing","loc":["body","price"],"msg":"Field required","input":{"name":"a"}},{"type":"int_parsing","loc":["body","qty"],"msg":"Input should be a valid integer","input":"x"}]}`, want: "body.price: Field required (and 1 more)"},
	{from: "FastAPI, HTTPException", kind: "application/json", status: 401, content: `{"detail":"Not authenticated"}`, want: "Not authenticated"},
	{from: "Pydantic", kind: "application/json", status: 422, content: `[{"type":"string_too_short","loc":["name"],"msg":"String should have at least 3 characters","input":"a","ctx":{"min_length":3},"url":"https://errors.pydantic.dev/2/v/string_too_short"}]`, want: "name: String should have at least 3 characters"},
	{from: "Rails, errors", kind: "application/json", status: 422, content: `{"errors":{"name":["can't be blank","is too short"],"email":["is invalid"]}}`, want: "name: can't be blank (and 2 more)"},
	{from: "Rails, bare map", kind: "application/json", status: 422, content: `{"name":["can't be blank"]}`, want: "name: can't be blank"},
	{from: "Rails, in development", kind: "application/json", status: 500, content: `{"status":500,"error":"Internal Server Error","exception":"#<NoMethodError: undefined method 'total' for nil>","traces":{"Application Trace":[{"exception_object_id":1,"id":0,"trace":"app/a.rb:1"}]}}`, want: "NoMethodError: undefined method 'total' for nil"},
	{from: "Django REST, fields", kind: "application/json", content: `{"qty":["A valid integer is required."],"sku":["This field is required."]}`, want: "qty: A valid integer is required. (and 1 more)"},
	{from: "Django REST, detail", kind: "application/json", status: 403, content: `{"detail":"Authentication credentials were not provided."}`, want: "Authentication credentials were not provided."},
	{from: "Django REST, non_field_errors", kind: "application/json", content: `{"non_field_errors":["Unable to log in with provided credentials."]}`, want: "Unable to log in with provided credentials."},
	{from: "Django REST, nested", kind: "application/json", content: `{"items":[{},{"qty":["A valid integer is required."]}]}`, want: "items.qty: A valid integer is required."},
	{from: "Spring, errors", kind: "application/json", content: `{"timestamp":"2026-01-02T03:04:05.000+00:00","status":400,"error":"Bad Request","message":"Validation failed for object='order'. Error count: 1","errors":[{"codes":["NotNull.order.qty"],"arguments":[{"codes":["order.qty"],"defaultMessage":"qty","code":"qty"}],"defaultMessage":"must not be null","objectName":"order","field":"qty","rejectedValue":null,"bindingFailure":false,"code":"NotNull"}],"path":"/orders"}`, want: "qty: must not be null"},
	{from: "Spring, message", kind: "application/json", status: 409, content: `{"timestamp":"2026-01-02T03:04:05.000+00:00","status":409,"error":"Conflict","message":"order 7 is already shipped","path":"/orders/7"}`, want: "order 7 is already shipped"},
	{from: "Spring, nothing said", kind: "application/json", status: 404, content: `{"timestamp":"2026-01-02T03:04:05.000+00:00","status":404,"error":"Not Found","path":"/x"}`},
	{from: "ASP.NET, ValidationProblemDetails", kind: "application/problem+json", content: `{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"errors":{"Price":["The field must be between 1 and 100."]},"traceId":"00-4b-01"}`, want: "Price: The field must be between 1 and 100."},
	{from: "ASP.NET, the field in the text", kind: "application/problem+json", content: `{"title":"One or more validation errors occurred.","status":400,"errors":{"Name":["The Name field is required."]}}`, want: "The Name field is required."},
	{from: "ASP.NET Web API, ModelState", kind: "application/json", content: `{"Message":"The request is invalid.","ModelState":{"order.Qty":["An error has occurred."]}}`, want: "order.Qty: An error has occurred."},
	{from: "Laravel", kind: "application/json", status: 422, content: `{"message":"The given data was invalid.","errors":{"email":["The email field is required."],"qty":["Too many."]}}`, want: "The email field is required. (and 1 more)"},
	{from: "Laravel, in debug", kind: "application/json", status: 500, content: `{"message":"SQLSTATE[42S02]: Base table or view not found","exception":"Illuminate\\Database\\QueryException","file":"/app/a.php","line":7,"trace":[{"file":"b.php"}]}`, want: "SQLSTATE[42S02]: Base table or view not found"},
	{from: "Express", kind: "text/html; charset=utf-8", status: 404, content: "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot GET /x</pre>\n</body>\n</html>\n", want: "Cannot GET /x"},
	{from: "Express, a stack", kind: "text/html; charset=utf-8", status: 500, content: "<title>Error</title></head><body><pre>TypeError: x is not a function<br> &nbsp; &nbsp;at /srv/app.js:7:3<br> &nbsp; &nbsp;at next (/srv/route.js:1:1)</pre></body>", want: "TypeError: x is not a function"},
	{from: "express-validator", kind: "application/json", content: `{"errors":[{"type":"field","value":"x","msg":"Invalid value","path":"email","location":"body"}]}`, want: "email: Invalid value"},
	{from: "Fastify", kind: "application/json", content: `{"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body must have required property 'name'"}`, want: "body must have required property 'name'"},
	{from: "NestJS", kind: "application/json", content: `{"statusCode":400,"message":["name should not be empty","qty must be a number"],"error":"Bad Request"}`, want: "name should not be empty (and 1 more)"},
	{from: "AWS JSON", kind: "application/x-amz-json-1.1", content: `{"__type":"ValidationException","message":"1 validation error detected: Value at 'name' failed to satisfy constraint"}`, want: "1 validation error detected: Value at 'name' failed to satisfy constraint"},
	{from: "AWS JSON, capital", kind: "application/x-amz-json-1.0", content: `{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User is not authorized to perform: dynamodb:GetItem"}`, want: "User is not authorized to perform: dynamodb:GetItem"},
	{from: "AWS Lambda", kind: "application/json", status: 500, content: `{"errorMessage":"'qty'","errorType":"KeyError","requestId":"1","stackTrace":["  File a.py\n"]}`, want: "KeyError: 'qty'"},
	{from: "S3", kind: "application/xml", status: 404, content: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a.txt</Key><RequestId>1</RequestId></Error>`, want: "NoSuchKey: The specified key does not exist."},
	{from: "AWS query", kind: "text/xml", content: `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>InvalidParameterValue</Code><Message>Value (x) is not valid</Message></Error><RequestId>1</RequestId></ErrorResponse>`, want: "InvalidParameterValue: Value (x) is not valid"},
	{from: "Google, violations", kind: "application/json; charset=UTF-8", content: `{"error":{"code":400,"message":"Invalid JSON payload received.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"item.price","description":"Cannot find field."}]}]}}`, want: "item.price: Cannot find field."},
	{from: "Google, ErrorInfo", kind: "application/json", content: `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"x"}}]}}`, want: "API key not valid. Please pass a valid API key."},
	{from: "Google, older", kind: "application/json", status: 403, content: `{"error":{"errors":[{"domain":"usageLimits","reason":"rateLimitExceeded","message":"Rate Limit Exceeded"}],"code":403,"message":"Rate Limit Exceeded"}}`, want: "Rate Limit Exceeded"},
	{from: "Azure", kind: "application/json", content: `{"error":{"code":"InvalidTemplate","message":"Deployment template validation failed.","details":[{"code":"InvalidSku","target":"properties.sku","message":"The value Huge is not supported."}]}}`, want: "properties.sku: The value Huge is not supported."},
	{from: "Azure Storage", kind: "application/xml", status: 404, content: "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>BlobNotFound</Code><Message>The specified blob does not exist.\nRequestId:1\nTime:2026</Message></Error>", want: "BlobNotFound: The specified blob does not exist."},
	{from: "Stripe", kind: "application/json", content: `{"error":{"code":"parameter_missing","doc_url":"https://stripe.com/docs","message":"Missing required param: amount.","param":"amount","type":"invalid_request_error"}}`, want: "Missing required param: amount."},
	{from: "GitHub, fields", kind: "application/json; charset=utf-8", status: 422, content: `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field"}],"documentation_url":"https://docs.github.com/","status":"422"}`, want: "Validation Failed: title: missing_field"},
	{from: "GitHub", kind: "application/json", status: 401, content: `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest"}`, want: "Bad credentials"},
	{from: "GitLab", kind: "application/json", content: `{"message":{"name":["has already been taken"]}}`, want: "name: has already been taken"},
	{from: "GraphQL", kind: "application/json", content: `{"errors":[{"message":"Cannot query field \"prise\" on type \"Item\".","locations":[{"line":1,"column":3}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}`, want: `Cannot query field "prise" on type "Item".`},
	{from: "GraphQL, a path", kind: "application/graphql-response+json", status: 500, content: `{"errors":[{"message":"not allowed","path":["cart","lines",0,"price"]}],"data":null}`, want: "cart.lines.0.price: not allowed"},
	{from: "JSON:API, pointer", kind: "application/vnd.api+json", status: 422, content: `{"errors":[{"status":"422","source":{"pointer":"/data/attributes/firstName"},"title":"Invalid Attribute","detail":"must contain at least two characters."}]}`, want: "/data/attributes/firstName: must contain at least two characters."},
	{from: "JSON:API, parameter", kind: "application/vnd.api+json", content: `{"errors":[{"source":{"parameter":"include"},"title":"Invalid Query Parameter"}]}`, want: "include: Invalid Query Parameter"},
	{from: "OData", kind: "application/json", content: `{"error":{"code":"err123","message":"Unsupported functionality","target":"query","details":[{"code":"forty-two","target":"$search","message":"query option not supported"}]}}`, want: "$search: query option not supported"},
	{from: "OData 2", kind: "application/json", status: 404, content: `{"error":{"code":"005056A509B11EE1","message":{"lang":"en","value":"Resource not found for the segment 'Cats'"}}}`, want: "Resource not found for the segment 'Cats'"},
	{from: "OData 3", kind: "application/json", content: `{"odata.error":{"code":"","message":{"lang":"en-US","value":"The query is too complex."}}}`, want: "The query is too complex."},
	{from: "SOAP 1.1", kind: "text/xml; charset=utf-8", status: 500, content: `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>The order has no lines</faultstring></soap:Fault></soap:Body></soap:Envelope>`, want: "The order has no lines"},
	{from: "SOAP 1.2", kind: "application/soap+xml", status: 500, content: `<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><env:Fault><env:Code><env:Value>env:Sender</env:Value></env:Code><env:Reason><env:Text xml:lang="en">Processing error</env:Text></env:Reason></env:Fault></env:Body></env:Envelope>`, want: "Processing error"},
	{from: "gRPC-Web", kind: "application/grpc-web+proto", status: 200, content: "\x80\x00\x00\x00\x32grpc-status:5\r\ngrpc-message:cart%207%20is%20gone\r\n", want: "NOT_FOUND: cart 7 is gone"},
	{from: "grpc-gateway", kind: "application/json", status: 404, content: `{"code":5, "message":"cart 7 is gone", "details":[]}`, want: "cart 7 is gone"},
	{from: "Connect", kind: "application/json", content: `{"code":"invalid_argument","message":"qty must be positive"}`, want: "qty must be positive"},
	{from: "OAuth", kind: "application/json", content: `{"error":"invalid_grant","error_description":"the code has expired"}`, want: "the code has expired"},
	{from: "OAuth, code alone", kind: "application/json", content: `{"error":"invalid_client"}`, want: "invalid_client"},
	{from: "Elasticsearch", kind: "application/json", status: 404, content: `{"error":{"root_cause":[{"type":"index_not_found_exception","reason":"no such index [carts]","index":"carts"}],"type":"index_not_found_exception","reason":"no such index [carts]"},"status":404}`, want: "no such index [carts]"},
	{from: "Kubernetes", kind: "application/json", status: 404, content: `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \"web\" not found","reason":"NotFound","details":{"name":"web","kind":"pods"},"code":404}`, want: `pods "web" not found`},
	{from: "Symfony", kind: "application/problem+json", status: 422, content: `{"type":"https://symfony.com/errors/validation","title":"Validation Failed","status":422,"detail":"name: This value should not be blank.","violations":[{"propertyPath":"name","title":"This value should not be blank.","parameters":{},"type":"urn:uuid:c1051bb4"}]}`, want: "name: This value should not be blank."},
	{from: "Zod", kind: "application/json", content: `{"success":false,"error":{"issues":[{"code":"invalid_type","expected":"number","received":"string","path":["qty"],"message":"Expected number, received string"}],"name":"ZodError"}}`, want: "qty: Expected number, received string"},
	{from: "Joi", kind: "application/json", content: `{"error":{"details":[{"message":"\"qty\" is required","path":["qty"],"type":"any.required","context":{"label":"qty"}}]}}`, want: `"qty" is required`},
	{from: "marshmallow", kind: "application/json", status: 422, content: `{"code":422,"errors":{"json":{"qty":["Missing data for required field."]}},"status":"Unprocessable Entity"}`, want: "json.qty: Missing data for required field."},
	{from: "Quarkus", kind: "application/json", content: `{"title":"Constraint Violation","status":400,"violations":[{"field":"add.name","message":"must not be blank"}]}`, want: "add.name: must not be blank"},
	{from: "Micronaut", kind: "application/json", content: `{"message":"Bad Request","_embedded":{"errors":[{"message":"order.qty: must be positive"}]},"_links":{"self":{"href":"/orders"}}}`, want: "order.qty: must be positive"},
	{from: "Strapi", kind: "application/json", content: `{"data":null,"error":{"status":400,"name":"ValidationError","message":"2 errors occurred","details":{"errors":[{"path":["title"],"message":"must be defined","name":"ValidationError"},{"path":["slug"],"message":"must be unique","name":"ValidationError"}]}}}`, want: "title: must be defined (and 1 more)"},
	{from: "PayPal", kind: "application/json", content: `{"name":"INVALID_REQUEST","message":"Request is not well-formed, syntactically incorrect, or violates schema.","debug_id":"1","details":[{"field":"/purchase_units","location":"body","issue":"MISSING_REQUIRED_PARAMETER","description":"A required field is missing."}]}`, want: "/purchase_units: A required field is missing."},
	{from: "Salesforce", kind: "application/json", status: 401, content: `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`, want: "Session expired or invalid"},
	{from: "Jira", kind: "application/json", content: `{"errorMessages":[],"errors":{"summary":"You must specify it."}}`, want: "summary: You must specify it."},
	{from: "Cloudflare's API", kind: "application/json", status: 403, content: `{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[],"result":null}`, want: "Authentication error"},
	{from: "JSON-RPC", kind: "application/json", content: `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}`, want: "Method not found"},
	{from: "OpenAI", kind: "application/json", status: 401, content: `{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`, want: "Incorrect API key provided"},
	{from: "Anthropic", kind: "application/json", content: `{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"}}`, want: "max_tokens: Field required"},
	{from: "Vault", kind: "application/json", status: 403, content: `{"errors":["permission denied"]}`, want: "permission denied"},
	{from: "Docker registry", kind: "application/json", status: 404, content: `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"v7"}}]}`, want: "manifest unknown"},
	{from: "WordPress", kind: "application/json", status: 404, content: `{"code":"rest_no_route","message":"No route was found matching the URL and request method.","data":{"status":404}}`, want: "No route was found matching the URL and request method."},
	{from: "Phoenix", kind: "application/json", status: 404, content: `{"errors":{"detail":"Not Found"}}`},
	{from: "Discord", kind: "application/json", content: `{"code":50035,"errors":{"name":{"_errors":[{"code":"BASE_TYPE_REQUIRED","message":"This must be set"}]}},"message":"Invalid Form Body"}`, want: "name: This must be set"},
	{from: "tRPC", kind: "application/json", content: `{"error":{"message":"[{\"code\":\"too_small\",\"path\":[\"qty\"],\"message\":\"Too small\"}]","code":-32600,"data":{"code":"BAD_REQUEST","path":"orders.add"}}}`, want: "qty: Too small"},
	{from: "Rails, a page", kind: "text/html; charset=utf-8", status: 404, content: "<html><head><title>Action Controller: Exception caught</title></head><body><header><h1>Routing Error</h1></header><div><h2>No route matches [GET] &quot;/x&quot;</h2></div></body></html>", want: `Routing Error: No route matches [GET] "/x"`},
	{from: "Spring, a page", kind: "text/html", content: "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback.</p><div id='created'>Fri Jan 02</div><div>There was an unexpected error (type=Bad Request, status=400).</div><div>Required parameter 'qty' is not present.</div></body></html>", want: "Required parameter 'qty' is not present."},
	{from: "HAProxy", kind: "text/html", status: 503, content: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n", want: "No server is available to handle this request."},
	{from: "Varnish", kind: "text/html", status: 503, content: "<!DOCTYPE html><html><head><title>503 Backend fetch failed</title></head><body><h1>Error 503 Backend fetch failed</h1><p>Backend fetch failed</p><h3>Guru Meditation:</h3><p>XID: 7</p></body></html>", want: "Backend fetch failed"},
	{from: "Django, CSRF", kind: "text/html", status: 403, content: "<html><head><title>403 Forbidden</title></head><body><h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed. Request aborted.</p></body></html>", want: "CSRF verification failed. Request aborted."},
	{from: "OAuth, a form", kind: "application/x-www-form-urlencoded", content: "error=bad_verification_code&error_description=The+code+is+expired", want: "The code is expired"},
	{from: "AWS JSON, type alone", kind: "application/x-amz-json-1.0", content: `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}`, want: "ThrottlingException"},
	{from: "WeChat", kind: "application/json", content: `{"errcode":40001,"errmsg":"invalid credential"}`, want: "invalid credential"},
	{from: "ServiceStack", kind: "application/json", content: `{"responseStatus":{"errorCode":"NotEmpty","message":"'Name' must not be empty.","errors":[{"errorCode":"NotEmpty","fieldName":"Name","message":"must not be empty."}]}}`, want: "Name: must not be empty."},
	{from: "celebrate", kind: "application/json", content: `{"statusCode":400,"error":"Bad Request","message":"Validation failed","validation":{"body":{"source":"body","keys":["qty"],"message":"\"qty\" is required"}}}`, want: `body: "qty" is required`},
	{from: "hapi", kind: "application/json", content: `{"statusCode":400,"error":"Bad Request","message":"Invalid request payload input","validation":{"source":"payload","keys":["qty"]}}`, want: "Invalid request payload input"},
	{from: "Foursquare", kind: "application/json", content: `{"meta":{"code":400,"errorType":"param_error","errorDetail":"Must provide a place"},"response":{}}`, want: "Must provide a place"},
	{from: "SimpleJWT", kind: "application/json", status: 401, content: `{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{"token_class":"AccessToken","message":"Token is expired"}]}`, want: "Given token not valid for any token type"},
	{from: "Spring, ProblemDetail", kind: "application/problem+json", content: `{"type":"about:blank","title":"Bad Request","status":400,"detail":"Failed to read request","instance":"/orders"}`, want: "Failed to read request"},
	{from: "problem without words", kind: "application/problem+json", status: 404, content: `{"type":"about:blank","title":"Not Found","status":404}`},
	{from: "a JSON string", kind: "application/json", content: `"qty must be positive"`, want: "qty must be positive"},
	{from: "JSON as text", kind: "text/plain", content: `{"message":"qty must be positive"}`, want: "qty must be positive"},
	{from: "Flask", kind: "text/html; charset=utf-8", status: 404, content: "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n", want: "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."},
	{from: "Werkzeug", kind: "text/html; charset=utf-8", status: 500, content: "<html><head><title>KeyError: &#39;qty&#39;\n // Werkzeug Debugger</title></head><body><h1>KeyError</h1></body></html>", want: "KeyError: 'qty'"},
	{from: "Django, in debug", kind: "text/html", status: 500, content: "<html><head><title>KeyError\n          at /orders</title></head><body><h1>KeyError at /orders</h1><pre class=\"exception_value\">&#x27;qty&#x27;</pre></body>", want: "KeyError at /orders: 'qty'"},
	{from: "a traceback", kind: "text/plain", status: 500, content: "Traceback (most recent call last):\n  File \"/srv/app.py\", line 12, in orders\n    qty = form['qty']\nKeyError: 'qty'\n", want: "KeyError: 'qty'"},
	{from: "a traceback in a page", kind: "text/html", status: 500, content: "<html><title>500 Internal Server Error</title><body><pre>Traceback (most recent call last):\n  File &quot;/srv/app.py&quot;, line 12\nValueError: bad qty\n</pre>", want: "ValueError: bad qty"},
	{from: "Apache", kind: "text/html; charset=iso-8859-1", status: 404, content: "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n", want: "The requested URL was not found on this server."},
	{from: "nginx", kind: "text/html", status: 502, content: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"},
	{from: "Tomcat", kind: "text/html;charset=utf-8", status: 404, content: "<!doctype html><html lang=\"en\"><head><title>HTTP Status 404 – Not Found</title><style>h1{}</style></head><body><h1>HTTP Status 404 – Not Found</h1><hr class=\"line\" /><p><b>Type</b> Status Report</p><p><b>Message</b> The requested resource [&#47;x] is not available</p></body></html>", want: "The requested resource [/x] is not available"},
	{from: "PHP", kind: "text/html", status: 500, content: "<br />\n<b>Fatal error</b>:  Uncaught Error: Call to undefined function total() in /srv/a.php:3\n", want: "Fatal error : Uncaught Error: Call to undefined function total() in /srv/a.php:3"},
	{from: "Go", kind: "text/plain; charset=utf-8", status: 400, content: "qty is missing\n", want: "qty is missing"},
	{from: "Java", kind: "text/plain", status: 500, content: "java.lang.NullPointerException: cart is null\n\tat com.shop.Cart.add(Cart.java:12)\n", want: "java.lang.NullPointerException: cart is null"},
	{from: "problem+xml", kind: "application/problem+xml", status: 403, content: `<problem xmlns="urn:ietf:rfc:7807"><title>You do not have enough credit.</title><detail>Your balance is 30, but that costs 50.</detail></problem>`, want: "You do not have enough credit: Your balance is 30, but that costs 50."},
}

func said(t *testing.T, c saying) string {
	t.Helper()
	x := &exchange.Exchange{}
	x.Response.Status = c.status
	if c.status == 0 {
		x.Response.Status = 400
	}
	x.Response.Fields.Add("Content-Type", c.kind)
	x.Response.Content.Kept = []byte(c.content)
	x.Response.Content.Complete = true
	return annotate.Reason(x)
}

func TestReasonOfFrameworks(t *testing.T) {
	for _, c := range sayings {
		if got := said(t, c); got != c.want {
			t.Errorf("%s: got %q, want %q", c.from, got, c.want)
		}
	}
	if len(sayings) < 60 {
		t.Errorf("%d shapes, want 60", len(sayings))
	}
}

func TestReason(t *testing.T) {
	for _, c := range []saying{
		{kind: "application/json", content: `{"message":"bad\n  token"}`, want: "bad token"},
		{kind: "application/json", content: `{"error":{"code":7,"message":"quota"}}`, want: "quota"},
		{kind: "application/json", content: `{"errors":[{"detail":"name is required"}]}`, want: "name is required"},
		{kind: "application/json", content: `{"errors":["first","second"]}`, want: "first (and 1 more)"},
		{kind: "application/json", content: `[]`},
		{kind: "application/json", content: `{"a":1}`},
		{kind: "application/json", content: `{"error":`},
		{kind: "application/json", content: strings.Repeat("[", 100)},
		{kind: "text/html; charset=utf-8", content: "<html><head><TITLE>No cart\n7 &amp; more</title>", want: "No cart 7 & more"},
		{kind: "text/html", content: "<p>no title</p>", want: "no title"},
		{kind: "text/plain", content: "\n\nfirst line\nsecond", want: "first line"},
		{kind: "image/png", content: "x"},
		{kind: "text/html", content: "<title>404 Not Found</title>", status: 404},
		{kind: "text/html", content: "<title>404 Page Missing</title>", status: 404},
		{kind: "text/plain", content: "not found\n", status: 404},
		{kind: "text/plain", content: "404 page not found: /x", status: 404, want: "404 page not found: /x"},
		{kind: "text/plain", content: "404", status: 404, want: "404"},
		{kind: "text/plain", content: strings.Repeat("é", 200), want: strings.Repeat("é", 80) + "…"},
		{kind: "text/plain", content: "fine", status: 200},
		{kind: "application/grpc", status: 200},
	} {
		if got := said(t, c); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.kind, c.content, got, c.want)
		}
	}
}

func FuzzReason(f *testing.F) {
	for _, c := range sayings {
		f.Add(c.kind, c.content)
	}
	f.Fuzz(func(t *testing.T, kind, content string) {
		x := &exchange.Exchange{}
		x.Response.Status = 500
		x.Response.Fields.Add("Content-Type", kind)
		x.Response.Content.Kept = []byte(content)
		if got := annotate.Reason(x); len(got) > 170 || strings.ContainsAny(got, "\n\r") {
			t.Errorf("%q", got)
		}
	})
}

func TestReasonOfChallenge(t *testing.T) {
	x := &exchange.Exchange{}
	x.Response.Status = 401
	x.Response.Fields.Add("WWW-Authenticate", `Bearer realm="api", error="invalid_token", error_description="The token expired"`)
	if got := annotate.Reason(x); got != "The token expired" {
		t.Errorf("got %q", got)
	}
}
