package guide

import "sidenote/exchange"

var authTopic = Topic{
	Name: "auth", Aliases: []string{"authentication", "login", "credentials"},
	Title: "Authentication: who is asking?",
	Intro: []string{
		"A server that wants to know who asks answers 401 and says in WWW-Authenticate how to prove it. The client sends the request again with Authorization. That header has a scheme, then what the scheme needs.",
		"A proxy does the same with other names: 407, Proxy-Authenticate and Proxy-Authorization.",
	},
	Sections: []Section{
		{"1. The server asks", []string{
			"The request has no Authorization, so the server sends a challenge: the scheme and its parameters.",
		}, []Example{
			ok("The challenge says that the server wants a Bearer token. No error means that no token came.",
				"https GET /account", "401\nWWW-Authenticate: Bearer realm=\"shop\"\n"+problem(401, "Log in first")),
			bad("auth/401-missing-www-authenticate", "Without a challenge, the client can't tell which credentials to send.",
				"https GET /account", "401\n"+problem(401, "Log in first")),
		}},
		{"2. The client answers", []string{
			"Basic is user name and password in base64, and anyone on the way can read them without TLS. Bearer is a token, and anyone who has it can use it. Send both over https only.",
		}, []Example{
			ok("Over https, no one on the way can read the token.", "https GET /account\nAuthorization: Bearer mF_9.B5f-4.1JqM", "200\nCache-Control: private, no-cache\nETag: \"a1\"\n"+order),
			bad("auth/basic-over-cleartext", "Anyone on the way can read the password.", "GET /account\nAuthorization: Basic YW5uYTpzZWNyZXQ=", "200\nCache-Control: private, no-cache\nETag: \"a1\"\n"+order),
			bad("auth/basic-credentials-malformed", "What follows Basic must be base64 of NAME:PASSWORD.", "https GET /account\nAuthorization: Basic anna:secret", "401\nWWW-Authenticate: Basic realm=\"shop\"\n"+problem(401, "Log in first")),
		}},
		{"3. The server refuses", []string{
			"401 says: these credentials are not valid, get new ones. The error in the challenge says why: invalid_token (expired, revoked, for another service), or insufficient_scope with a 403.",
			"403 says: I know who you are, and you may not do this. Logging in again doesn't help.",
		}, []Example{
			ok("The token has expired. The client gets a new one and tries once more.",
				"https GET /account\nAuthorization: Bearer mF_9.B5f-4.1JqM", "401\nWWW-Authenticate: Bearer realm=\"shop\", error=\"invalid_token\", error_description=\"The token has expired\"\n"+problem(401, "The token has expired")),
			bad("auth/bearer-challenge-missing-error", "The token was refused, and the client can't tell why.",
				"https GET /account\nAuthorization: Bearer mF_9.B5f-4.1JqM", "401\nWWW-Authenticate: Bearer realm=\"shop\"\n"+problem(401, "Log in")),
		}},
		{"When a token doesn't arrive", []string{
			"See whether the request has Authorization at all. Clients drop it when they follow a redirect to another host. Some web servers don't pass it on to the program unless told to. A browser doesn't send it across origins without CORS.",
		}, nil},
	},
	Statuses: []int{401, 403, 407, 511},
	Fields: []exchange.Name{exchange.FieldWWWAuthenticate, exchange.FieldAuthorization, exchange.FieldAuthenticationInfo,
		exchange.FieldProxyAuthenticate, exchange.FieldProxyAuthorization, exchange.FieldDPoP, exchange.FieldDPoPNonce},
	Rules: []string{"auth"},
	Refs:  []string{"RFC 9110 §11", "RFC 6750", "RFC 7617"},
}
