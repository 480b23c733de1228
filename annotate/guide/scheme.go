package guide

import "strings"

// A Scheme is a way to authenticate (RFC 9110 §11.1).
type Scheme struct {
	Name       string
	Refs       []string
	Registered bool   // in IANA's HTTP Authentication Scheme Registry
	Says       string // one or two sentences
	Watch      string // what goes wrong, and what to look at
	Challenge  string // a field line of a response; "" for a scheme without challenges
	Answer     string // the field line of the request that answers it
}

// Schemes lists all of them in alphabetical order.
func Schemes() []Scheme { return schemes }

// LookupScheme finds a scheme by its name, in any case.
func LookupScheme(name string) (s Scheme, known bool) {
	for i := range schemes {
		if strings.EqualFold(schemes[i].Name, name) {
			return schemes[i], true
		}
	}
	return Scheme{}, false
}

var schemes = []Scheme{
	{"AWS4-HMAC-SHA256", []string{"AWS Signature Version 4"}, false,
		"The client signs the request with a secret key of AWS. The secret isn't sent.",
		"The server answers 403 when the clock of the client is off by more than 5 minutes, or when a proxy changed a signed header.",
		"", "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=fe5f80f7"},
	{"Basic", []string{"RFC 7617 §2"}, true,
		"The client sends user name and password with each request, joined by a colon and encoded in base64. That isn't encryption, so it needs https.",
		"Check the colon, the base64 and the charset. A browser asks for the password by itself and keeps it until it is closed.",
		"WWW-Authenticate: Basic realm=\"shop\", charset=\"UTF-8\"", "Authorization: Basic YW5uYTpzZWNyZXQ="},
	{"Bearer", []string{"RFC 6750 §2.1", "RFC 6750 §3"}, true,
		"The client sends a token that it got from an authorization server, as with OAuth 2.0. Anyone who has the token can use it, so it needs https.",
		"Read error in the challenge. invalid_token: get a new token. insufficient_scope: the token is fine, but doesn't allow this. invalid_request: the request is malformed. Without error: no token arrived.",
		"WWW-Authenticate: Bearer realm=\"shop\", error=\"invalid_token\", error_description=\"The token has expired\"", "Authorization: Bearer mF_9.B5f-4.1JqM"},
	{"Concealed", []string{"RFC 9729"}, true,
		"The client signs with a key that belongs to this TLS connection. The server doesn't have to admit that it has protected content.",
		"It works on TLS only, and not through a proxy that ends TLS.",
		"", "Authorization: Concealed k=YmFzZW1lbnQ, a=VGhpcyBpcyBh, s=2055, v=dmVyaWZpY2F0aW9u, p=SGVyZSBpcyBh"},
	{"Digest", []string{"RFC 7616 §3.3", "RFC 7616 §3.4"}, true,
		"The client proves that it knows the password, with a hash of it and of a value (nonce) from the server. The password isn't sent.",
		"Check that the client supports the algorithm. With stale=true the nonce was too old: the client computes again with the new one and doesn't ask the user. A proxy that changes the URI breaks the hash.",
		"WWW-Authenticate: Digest realm=\"shop\", qop=\"auth\", algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv\", opaque=\"FQhe/qaU925kfnzjCev0ci\"", "Authorization: Digest username=\"anna\", realm=\"shop\", uri=\"/orders\", algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv\", nc=00000001, cnonce=\"f2/wE4q7\", qop=auth, response=\"753927fa0e85d155564e2e272a28d180\", opaque=\"FQhe/qaU925kfnzjCev0ci\""},
	{"DPoP", []string{"RFC 9449 §7.1"}, true,
		"The client sends a token and, in the DPoP header, a proof that it holds the key of the token. A stolen token alone is useless.",
		"With error use_dpop_nonce, the client puts the value of DPoP-Nonce in its next proof. The proof holds method and URI, so a proxy that changes the host breaks it.",
		"WWW-Authenticate: DPoP error=\"use_dpop_nonce\", algs=\"ES256\"", "Authorization: DPoP Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"},
	{"GNAP", []string{"RFC 9635 §7.2"}, true,
		"The client sends a token of the GNAP protocol and proves with each request that it holds the key of the token.",
		"The proof is in other headers, usually Signature and Signature-Input. Check that no proxy changes what is signed.",
		"WWW-Authenticate: GNAP as_uri=\"https://login.test/gnap\"", "Authorization: GNAP OS9M2PMHKUR64TB8N6BW7OZB8CDFONP219RP1LT0"},
	{"HOBA", []string{"RFC 7486 §3"}, true,
		"The client signs a challenge with a key that it made for this site. There is no password.",
		"The challenge expires after max-age seconds.",
		"WWW-Authenticate: HOBA max-age=\"10\", challenge=\"fUOzpXqwyvNrlBxm\"", "Authorization: HOBA result=\"a2V5.Y2hhbGxlbmdl.bm9uY2U.c2ln\""},
	{"Mutual", []string{"RFC 8120 §3"}, true,
		"Client and server prove to each other that they know the password. The password isn't sent.",
		"No browser supports it without an extension.",
		"WWW-Authenticate: Mutual realm=\"shop\", algorithm=iso-kam3-dl-2048-sha256, validation=host, reason=initial", "Authorization: Mutual user=\"anna\", kc1=\"dGhl\""},
	{"Negotiate", []string{"RFC 4559 §4"}, true,
		"The client sends a ticket of Kerberos, or NTLM messages, as in Windows domains. It can take several rounds.",
		"It belongs to a connection, so a proxy must not share the connection between clients. The host name must be registered in the domain, and the clocks must agree.",
		"WWW-Authenticate: Negotiate", "Authorization: Negotiate YIIKhgYGKwYBBQUC"},
	{"NTLM", []string{"MS-NTHT"}, false,
		"Windows' old scheme of three messages on one connection. Negotiate took its place.",
		"It belongs to a connection. It fails through proxies that share connections, and over HTTP/2.",
		"WWW-Authenticate: NTLM", "Authorization: NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA="},
	{"OAuth", []string{"RFC 5849 §3.5.1"}, true,
		"OAuth 1.0: the client signs each request with the secrets of program and user. OAuth 2.0 uses Bearer instead.",
		"The signature covers method, URI and parameters. It fails when a proxy changes them or when the clock is off.",
		"WWW-Authenticate: OAuth realm=\"shop\"", "Authorization: OAuth realm=\"shop\", oauth_consumer_key=\"0685bd91\", oauth_token=\"ad180jjd\", oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1767323045\", oauth_nonce=\"7d8f3e4a\", oauth_signature=\"bYT5CMsGcbgUdFHObYMEfcx6bsw%3D\""},
	{"PrivateToken", []string{"RFC 9577 §2"}, true,
		"The client shows that an issuer trusts it, without saying who it is. Sites use it instead of a captcha.",
		"Each token works once.",
		"WWW-Authenticate: PrivateToken challenge=\"AAEAEmlzc3Vlci5leGFtcGxlLm5ldA==\", token-key=\"MIICUzALBgkqhkiG\"", "Authorization: PrivateToken token=\"AAEAGHRoZSB0b2tlbg==\""},
	{"SCRAM-SHA-1", []string{"RFC 7804 §5"}, true,
		"Client and server prove in two rounds that they know the password. The password isn't sent.",
		"Use SCRAM-SHA-256. SHA-1 is weak.",
		"WWW-Authenticate: SCRAM-SHA-1 realm=\"shop\"", "Authorization: SCRAM-SHA-1 realm=\"shop\", data=biwsbj1hbm5hLHI9ck9wck5HZndFYmVSV2diTkVrcU8="},
	{"SCRAM-SHA-256", []string{"RFC 7804 §5"}, true,
		"Client and server prove in two rounds that they know the password. The password isn't sent.",
		"The sid of the first answer must come back in the second request.",
		"WWW-Authenticate: SCRAM-SHA-256 realm=\"shop\"", "Authorization: SCRAM-SHA-256 realm=\"shop\", data=biwsbj1hbm5hLHI9ck9wck5HZndFYmVSV2diTkVrcU8="},
	{"vapid", []string{"RFC 8292 §3"}, true,
		"A server signs the push messages that it sends to a browser's push service.",
		"The push service answers 403 when the key isn't the one that the page subscribed with.",
		"", "Authorization: vapid t=eyJ0eXAi.eyJhdWQi.i3CYb7t4xfxCDquptFOepC9GAu, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxH"},
}

// Examples returns an exchange in which the server asks for the scheme, if it
// has challenges, and one in which the client uses it.
func (s *Scheme) Examples() []Example {
	answer := s.Answer
	if s.Name == "DPoP" {
		answer += "\nDPoP: eyJ0eXAiOiJkcG9wK2p3dCJ9.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIn0.c2lnbmF0dXJl"
	}
	var all []Example
	switch {
	case strings.Contains(s.Challenge, "error="):
		nonce := ""
		if s.Name == "DPoP" {
			nonce = "\nDPoP-Nonce: eyJ7S_zG.eyJH0-Z.HX4w-7v"
		}
		all = append(all, ok("The server refuses the credentials and says why.", "https GET /account\n"+answer, "401\n"+s.Challenge+nonce+"\n"+problem(401, "Get a new token")))
	case s.Challenge != "":
		all = append(all, ok("The server asks for it.", "https GET /account", "401\n"+s.Challenge+"\n"+problem(401, "Log in first")))
	}
	return append(all, ok("The client uses it.", "https GET /account\n"+answer, "200\nCache-Control: private, no-cache\nETag: \"a1\"\n"+order))
}
