package guide

import "sidenote/exchange"

var cacheTopic = Topic{
	Name: "cache", Aliases: []string{"caching", "caches", "freshness"},
	Title: "Caching: why is this response old, or why is it never kept?",
	Intro: []string{
		"A cache answers in place of the server with a response that it kept. There is one in each browser, and there may be shared ones on the way: a CDN, a reverse proxy, a company's proxy.",
		"Three questions explain nearly everything. May it be stored, and by whom? For how long is it fresh? When it is no longer fresh, how does the cache ask whether it is still right?",
	},
	Sections: []Section{
		{"1. May it be stored?", []string{
			"Cache-Control: no-store forbids it. private allows it to the browser only: use that for everything that belongs to one user. Without either, any cache may keep a response to GET.",
		}, []Example{
			ok("Only this user's browser keeps the account, and it asks before each use.",
				"https GET /account\nAuthorization: Bearer mF_9.B5f-4.1JqM", "200\nCache-Control: private, no-cache\nETag: \"a1\"\n"+order),
			bad("cache/set-cookie-on-shared-cacheable", "A shared cache may give this user's session to the next user.",
				"https GET /", "200\nCache-Control: public, max-age=600\nETag: \"p1\"\nSet-Cookie: sid=38afes7a8; Secure; HttpOnly; SameSite=Lax\nContent-Type: text/plain\n\nhello"),
		}},
		{"2. For how long is it fresh?", []string{
			"max-age is the number of seconds for which a cache uses the response without asking. s-maxage is the same for shared caches only. Expires is the old way, and max-age overrides it. Age says how many of the seconds are over.",
			"Without any of these, caches guess from Last-Modified, and each guesses differently. So always send max-age, or no-cache.",
		}, []Example{
			ok("The hash in the file name changes with the content, so a year is safe.",
				"https GET /app.4f8a2c19.js", "200\nCache-Control: public, max-age=31536000, immutable\nETag: \"4f8a2c19\"\nContent-Type: text/javascript; charset=utf-8\n\nlet a = 1;"),
			bad("cache/control-contradiction", "no-store forbids to keep the response, so max-age has no effect.",
				"https GET /prices", "200\nCache-Control: no-store, max-age=600\nETag: \"p1\"\nContent-Type: application/json\n\n{}"),
			bad("cache/directive-argument-invalid", "max-age is a whole number of seconds. Caches ignore this one, or treat the response as stale.",
				"https GET /prices", "200\nCache-Control: max-age=10m\nETag: \"p1\"\nContent-Type: application/json\n\n{}"),
		}},
		{"3. How does a cache ask again?", []string{
			"A stale response isn't thrown away. The cache asks with the ETag that it has (If-None-Match). 304 means that its copy is still right, and costs no body. no-cache means: ask each time. See \"sidenote explain conditional\".",
		}, []Example{
			ok("The copy of the browser is still right.", "https GET /account\nIf-None-Match: \"a1\"", "304\nETag: \"a1\"\nCache-Control: private, no-cache"),
		}},
		{"4. Is it the right response?", []string{
			"A cache keeps one response for each URI. If the response also depends on a request header, name that header in Vary. A missing Vary shows French pages to Germans. Vary: * or Vary: Cookie make a cache useless.",
		}, []Example{
			ok("Caches keep one copy for each Accept-Encoding.", "https GET /app.css\nAccept-Encoding: gzip", "200\nVary: Accept-Encoding\nCache-Control: max-age=3600\nETag: \"c1\"\nContent-Type: text/css\n\na{}"),
			bad("cache/vary-star", "Vary: * says that no later request matches, so max-age has no effect.", "https GET /app.css", "200\nVary: *\nCache-Control: max-age=3600\nETag: \"c1\"\nContent-Type: text/css\n\na{}"),
		}},
		{"The verdict of sidenote", []string{
			"For each response, sidenote gives one verdict: which caches may keep it, how long it is fresh, how they revalidate it, or the one reason why no cache may keep it. The examples above show it.",
			"Run sidenote with --severity info to see the verdict below each exchange, in the line \"cache\". Records have it as sidenote.caching, and the inspector shows it beside the response.",
		}, nil},
		{"When you see an old response", []string{
			"Look at Age, Cache-Status, X-Cache and Via: they say whether a cache answered, and which. Then look at Cache-Control of the stored response. A reload in the browser doesn't reach behind a CDN: purge it there.",
		}, nil},
	},
	Statuses: []int{200, 304, 504},
	Fields: []exchange.Name{exchange.FieldCacheControl, exchange.FieldExpires, exchange.FieldAge, exchange.FieldVary, exchange.FieldETag,
		exchange.FieldLastModified, exchange.FieldCacheStatus, exchange.FieldCDNCacheControl},
	Rules: []string{"cache"},
	Refs:  []string{"RFC 9111", "RFC 9213", "RFC 9211"},
}
