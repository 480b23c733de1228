package guide

import "sidenote/exchange"

var conditionalTopic = Topic{
	Name: "conditional", Aliases: []string{"conditions", "preconditions", "etags", "validators"},
	Title: "Conditional requests: only if it has changed, only if it hasn't",
	Intro: []string{
		"A server gives each version of a resource a name (ETag) or a date (Last-Modified). A request can then set a condition. There are two uses: don't send me what I have, and don't overwrite what I haven't seen.",
	},
	Sections: []Section{
		{"1. Read: don't send what I have", []string{
			"The client sends the ETag that it has in If-None-Match. The server answers 304 without a body if that is still the current version, else 200 with the new one. If-Modified-Since does the same with a date, to the second.",
		}, []Example{
			ok("Version v3 is still current.", "GET /orders/7\nIf-None-Match: \"v3\"", "304\nETag: \"v3\""),
			bad("conditional/if-none-match-ignored", "The client has version v3 and gets it once more. That costs time and traffic.", "GET /orders/7\nIf-None-Match: \"v3\"", "200\nETag: \"v3\"\n"+order),
			bad("conditional/304-without-precondition", "The request sets no condition. The client has no copy that it could use.", "GET /orders/7", "304\nETag: \"v3\""),
		}},
		{"2. Write: don't overwrite what I haven't seen", []string{
			"Two users edit the same order. Each sends the ETag of the version that they read in If-Match. The second one gets 412 instead of overwriting the work of the first. A server that requires this answers 428 to a request without a condition.",
		}, []Example{
			ok("The order is still version v2, so the change is made.", "PUT /orders/7\nIf-Match: \"v2\"\nContent-Type: application/json\n\n{\"item\":12}", "204\nETag: \"v3\""),
			ok("Somebody else changed the order first. The client reads it again.", "PUT /orders/7\nIf-Match: \"v2\"\nContent-Type: application/json\n\n{\"item\":12}", "412\nETag: \"v3\"\n"+problem(412, "Order 7 has changed")),
			bad("conditional/if-match-weak-etag", "If-Match compares exactly, and a weak tag (W/) never matches exactly. The answer is always 412.", "PUT /orders/7\nIf-Match: W/\"v2\"\nContent-Type: application/json\n\n{\"item\":12}", "412\nETag: W/\"v2\"\n"+problem(412, "Order 7 has changed")),
		}},
		{"3. Write an ETag", []string{
			"An ETag is text in double quotes that changes when the content does: a hash or a version number. Compressed forms need ETags of their own, or weak ones with W/ in front. If-None-Match: * with PUT means: only if there is nothing yet.",
		}, []Example{
			ok("The quotes belong to the ETag.", "GET /orders/7", "200\nETag: \"v3\"\n"+order),
			bad("conditional/etag-unquoted", "Without quotes, this is not an ETag. Clients and caches drop it.", "GET /orders/7", "200\nETag: v3\n"+order),
		}},
	},
	Statuses: []int{304, 412, 428},
	Fields: []exchange.Name{exchange.FieldETag, exchange.FieldLastModified, exchange.FieldIfMatch, exchange.FieldIfNoneMatch,
		exchange.FieldIfModifiedSince, exchange.FieldIfUnmodifiedSince, exchange.FieldIfRange},
	Rules: []string{"conditional"},
	Refs:  []string{"RFC 9110 §13", "RFC 9110 §8.8"},
}
