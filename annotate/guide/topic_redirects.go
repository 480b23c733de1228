package guide

import "sidenote/exchange"

var redirectsTopic = Topic{
	Name: "redirects", Aliases: []string{"redirection"},
	Title: "Redirects: where to go, and with which method",
	Intro: []string{
		"A redirect is a status 301, 302, 303, 307 or 308 with Location. The client makes a new request to the URI in Location. Two questions pick the code: is it for good, and must the method stay the same?",
	},
	Sections: []Section{
		{"1. Pick the code", []string{
			"301 and 308 are permanent: browsers remember them, often for a very long time. 302 and 307 are for this time. 307 and 308 keep method and body. After 301 and 302, most clients turn a POST into a GET. 303 always leads to a GET: use it after a form.",
		}, []Example{
			ok("The form is saved. The browser shows the new order, and a reload doesn't send the form again.", "POST /orders\nContent-Type: application/x-www-form-urlencoded\n\nitem=12", "303\nLocation: /orders/7"),
			ok("The API has moved. The client repeats its PUT there.", putOrder, "308\nLocation: /v2/orders/7\nCache-Control: max-age=3600"),
			bad("redirect/method-rewrite-risk", "Some clients repeat the PUT, others send a GET. Use 307 or 308.", putOrder, "302\nLocation: /v2/orders/7"),
		}},
		{"2. Write Location", []string{
			"Location is a URI: a path such as /home, or a whole https://shop.test/home. Encode spaces and non-ASCII letters with %. Use the public host name, not the one that the program sees behind its proxy.",
		}, []Example{
			ok("A path is enough. Scheme and host stay.", getPage, "302\nLocation: /home"),
			bad("redirect/missing-location", "The client can't tell where to go.", getPage, "302"),
			bad("redirect/location-internal-host", "Only the server itself can reach this host. Let the program use the host that the client asked for.", getPage, "302\nLocation: http://localhost:8080/home"),
		}},
		{"3. Don't go in circles", []string{
			"A browser gives up after about 20 redirects. The usual circle: the program redirects to https, but a proxy ends TLS and passes everything on as http. Let the program read X-Forwarded-Proto or Forwarded.",
		}, []Example{
			bad("redirect/to-self", "The redirect leads back to the same URI.", getPage, "302\nLocation: /"),
			bad("redirect/https-to-http", "The user leaves https, and anyone on the way can read the next request.", "https GET /", "302\nLocation: http://shop.test/home"),
		}},
		{"What clients drop", []string{
			"Clients drop Authorization when a redirect leads to another host. They drop the body when the method becomes GET. The part after # is kept if Location has none of its own.",
		}, nil},
	},
	Statuses: []int{300, 301, 302, 303, 307, 308},
	Fields:   []exchange.Name{exchange.FieldLocation, exchange.FieldRefresh},
	Rules:    []string{"redirect"},
	Refs:     []string{"RFC 9110 §15.4", "RFC 9110 §10.2.2"},
}
