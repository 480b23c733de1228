package guide

import "sidenote/exchange"

const (
	fromShop  = "Host: api.test\nOrigin: https://shop.test\n"
	preflight = "https OPTIONS /orders/7\n" + fromShop + "Access-Control-Request-Method: PUT\nAccess-Control-Request-Headers: content-type"
)

var corsTopic = Topic{
	Name: "cors", Aliases: []string{"cross-origin", "preflight", "preflights"},
	Title: "CORS: may a page read a response from another origin?",
	Intro: []string{
		"An origin is scheme, host and port: https://shop.test and https://api.test are two. A browser lets a script read a response of another origin only if that response allows it. The server usually gets the request. What fails is reading the response.",
		"CORS protects users of browsers. curl and servers ignore it, so \"it works in curl\" says nothing about CORS.",
	},
	Sections: []Section{
		{"1. The simple case", []string{
			"The browser adds Origin to the request. The response must repeat that origin in Access-Control-Allow-Origin, or send *. If the server picks the origin from a list, it also sends Vary: Origin, so that caches don't mix up the responses.",
		}, []Example{
			ok("The page at https://shop.test may read this.", "https GET /prices\n"+fromShop+"Accept: application/json",
				"200\nAccess-Control-Allow-Origin: https://shop.test\nVary: Origin\nETag: \"p1\"\n"+order),
			bad("cors/origin-not-allowed", "The response is for another origin: http isn't https. The browser hides it from the script.", "https GET /prices\n"+fromShop+"Accept: application/json",
				"200\nAccess-Control-Allow-Origin: http://shop.test\nVary: Origin\nETag: \"p1\"\n"+order),
			bad("cors/allow-origin-multiple", "The header holds one origin only. Repeat the one of the request.", "https GET /prices\n"+fromShop+"Accept: application/json",
				"200\nAccess-Control-Allow-Origin: https://shop.test, https://admin.test\nVary: Origin\nETag: \"p1\"\n"+order),
		}},
		{"2. The preflight", []string{
			"Before a PUT, a DELETE, or a request with JSON or Authorization, the browser asks first with OPTIONS: which method, which headers? The answer must have a status of 200 to 299, must not be a redirect, and must not ask for a login. Only then does the real request follow.",
		}, []Example{
			ok("PUT with Content-Type is allowed, and the browser may remember that for 10 minutes.", preflight,
				"204\nAccess-Control-Allow-Origin: https://shop.test\nAccess-Control-Allow-Methods: GET, PUT\nAccess-Control-Allow-Headers: Content-Type\nAccess-Control-Max-Age: 600\nVary: Origin"),
			bad("cors/preflight-method-not-allowed", "PUT is not in the list, so the browser doesn't send it.", preflight,
				"204\nAccess-Control-Allow-Origin: https://shop.test\nAccess-Control-Allow-Methods: GET\nAccess-Control-Allow-Headers: Content-Type\nVary: Origin"),
			bad("cors/preflight-not-ok", "The login check ran before CORS. A preflight never has credentials, so let OPTIONS through.", preflight,
				"401\nAccess-Control-Allow-Origin: https://shop.test\nAccess-Control-Allow-Methods: GET, PUT\nAccess-Control-Allow-Headers: Content-Type\nVary: Origin\nWWW-Authenticate: Bearer realm=\"shop\"\n"+problem(401, "Log in first")),
		}},
		{"3. With cookies or a login", []string{
			"With fetch(…, {credentials: \"include\"}), the response also needs Access-Control-Allow-Credentials: true, and * no longer works anywhere: name the origin, the methods and the headers.",
		}, []Example{
			ok("The page may read the response to a request with the user's cookies.", "https GET /account\n"+fromShop+"Cookie: sid=38afes7a8",
				"200\nAccess-Control-Allow-Origin: https://shop.test\nAccess-Control-Allow-Credentials: true\nVary: Origin\nCache-Control: private, no-cache\nETag: \"a1\"\n"+order),
			bad("cors/credentialed-response-not-shared", "With credentials, * allows nothing. The browser hides the response.", "https GET /account\n"+fromShop+"Cookie: sid=38afes7a8",
				"200\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true\nCache-Control: private, no-cache\nETag: \"a1\"\n"+order),
		}},
		{"4. Errors need it too", []string{
			"If only successes have the header, the script sees \"Failed to fetch\" instead of the error. Set the header where every response passes, also those of the gateway.",
		}, []Example{
			bad("cors/missing-on-error", "The script can't read the reason, nor the status.", "https GET /orders/8\n"+fromShop+"Accept: application/json",
				"500\n"+problem(500, "Something failed; quote request 8f31")),
		}},
	},
	Statuses: []int{200, 204},
	Fields: []exchange.Name{exchange.FieldOrigin, exchange.FieldAccessControlAllowOrigin, exchange.FieldAccessControlAllowCredentials,
		exchange.FieldAccessControlAllowMethods, exchange.FieldAccessControlAllowHeaders, exchange.FieldAccessControlExposeHeaders,
		exchange.FieldAccessControlMaxAge, exchange.FieldAccessControlRequestMethod, exchange.FieldAccessControlRequestHeaders},
	Rules: []string{"cors"},
	Refs:  []string{"Fetch §3.3"},
}
