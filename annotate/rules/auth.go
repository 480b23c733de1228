package rules

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// authRules lists the rules on challenges and credentials.
func authRules() []*annotate.Rule {
	return slices.Concat([]*annotate.Rule{
		auth401MissingWWWAuthenticate,
		auth407MissingProxyAuthenticate,
		auth401AfterCredentialsNoError,
		auth401SchemeMismatch,
		auth403LooksLikeUnauthenticated,
	},
		authChallengeRules(),
		authCredentialRules(),
	)
}

var auth401MissingWWWAuthenticate = &annotate.Rule{
	ID:       "auth/401-missing-www-authenticate",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "401 does not say how to authenticate",
	Refs:     []string{"RFC 9110 §15.5.2", "RFC 9110 §11.6.1"},
	Doc: "401 means that the request lacks valid credentials, and WWW-Authenticate says which kind the server accepts. " +
		"Without it, HTTP libraries don't know that they may send a user name or fetch a token, so they give up. If no credentials would help, send 403.",
	Help: `send WWW-Authenticate: Bearer realm="api" (or the scheme that you accept)`,
	Bad: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 401 Unauthorized
< Content-Length: 2
<
< no
`, `* scheme https
> HEAD /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: realm="shop"
< Content-Length: 2
<
`, `* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate:
< Content-Length: 2
<
< no
`},
	Good: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Negotiate
< Content-Length: 2
<
< no
`, `# what sidenote says itself
* made
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 401 Unauthorized
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{401}},
	Check: func(p *annotate.Pass) {
		checkChallenge(p, exchange.FieldWWWAuthenticate)
	},
}

var auth407MissingProxyAuthenticate = &annotate.Rule{
	ID:       "auth/407-missing-proxy-authenticate",
	Severity: annotate.Error,
	Blame:    annotate.ByIntermediary,
	Title:    "407 does not say how to authenticate to the proxy",
	Refs:     []string{"RFC 9110 §15.5.8", "RFC 9110 §11.7.1"},
	Doc: "407 means that a proxy wants credentials, and Proxy-Authenticate says which kind. " +
		"Without it, clients that have credentials don't know that they may send them. WWW-Authenticate doesn't count: it speaks for the origin server.",
	Help: `send Proxy-Authenticate: Basic realm="proxy" (or the scheme that you accept)`,
	Bad: []string{`* scheme https
> GET http://shop.test/ HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 407 Proxy Authentication Required
< WWW-Authenticate: Negotiate
< Content-Length: 2
<
< no
`, `* scheme https
> CONNECT shop.test:443 HTTP/1.1
> Host: shop.test:443
>
< HTTP/1.1 407 Proxy Authentication Required
< Proxy-Authenticate: "Basic"
< Content-Length: 2
<
< no
`},
	Good: []string{`* scheme https
> CONNECT shop.test:443 HTTP/1.1
> Host: shop.test:443
>
< HTTP/1.1 407 Proxy Authentication Required
< Proxy-Authenticate: Negotiate
< Proxy-Authenticate: Basic realm="proxy"
< Content-Length: 2
<
< no
`, `* scheme https
> GET http://shop.test/ HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 407 Proxy Authentication Required
< Proxy-Authenticate: Negotiate
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{407}},
	Check: func(p *annotate.Pass) {
		checkChallenge(p, exchange.FieldProxyAuthenticate)
	},
}

// checkChallenge reports a field that is missing or holds no challenge. A
// challenge counts when its scheme can be read; what follows is for other rules.
func checkChallenge(p *annotate.Pass, n exchange.Name) {
	f := &p.X.Response.Fields
	for _, l := range f.Each(n) {
		for c := range field.Challenges(l.Value) {
			if c.Scheme != "" {
				return
			}
		}
	}
	at := p.ResponseField(n)
	switch {
	case !f.Has(n):
		p.Note(at, "%d has no %s", p.X.Response.Status, n)
	case f.Value(n) == "":
		p.Note(at, "%s of the %d is empty", n, p.X.Response.Status)
	default:
		p.Note(at, "%s of the %d has no challenge: %s doesn't name an authentication scheme", n, p.X.Response.Status, bare(f.Value(n)))
	}
}

var auth401AfterCredentialsNoError = &annotate.Rule{
	ID:       "auth/401-after-credentials-no-error",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the credentials were refused",
	Refs:     []string{"RFC 9110 §15.5.2"},
	Doc: "The request has Authorization and the status is still 401. So the server saw the credentials and refused them, without saying why. " +
		"Sending them again won't help. Look for a password or token that has expired, was cut off or mistyped, or belongs to another environment.",
	Help: "renew the credentials, or check that they are for this server",
	Bad: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Basic bWU6d3Jvbmc=
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Basic realm="shop"
< Content-Length: 2
<
< no
`, `* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Digest username="me", realm="shop", nonce="n", uri="/orders", response="r"
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Digest realm="shop", nonce="m", qop="auth", algorithm=SHA-256, stale=FALSE
< Content-Length: 2
<
< no
`},
	Good: []string{`# Bearer says why in its challenge
* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Bearer error="invalid_token"
< Content-Length: 2
<
< no
`, `# a handshake goes on
* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: NTLM TlRMTVNTUAAB
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: NTLM TlRMTVNTUAAC
< Content-Length: 2
<
< no
`, `* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: SCRAM-SHA-256 data=biwsbj1tZQ==
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: SCRAM-SHA-256 sid=1, data=cj1y
< Content-Length: 2
<
< no
`, `# only the nonce is too old
* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Digest username="me", realm="shop", nonce="n", uri="/orders", response="r"
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Digest realm="shop", nonce="m", qop="auth", algorithm=SHA-256, stale=true
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{401}, RequestFields: []exchange.Name{exchange.FieldAuthorization}},
	Check: func(p *annotate.Pass) {
		for _, l := range p.X.Response.Fields.Each(exchange.FieldWWWAuthenticate) {
			for c := range field.Challenges(l.Value) {
				if saysMore(c) {
					return
				}
			}
		}
		at := p.RequestField(exchange.FieldAuthorization)
		if scheme := shownScheme(p.X.Request.Fields.Value(exchange.FieldAuthorization)); scheme != "" {
			p.Note(annotate.Span(at, 0, len(scheme)), "the request has %s credentials, so the server refused them; they aren't missing", scheme)
			return
		}
		p.Note(at, "the request has Authorization, so the server refused it; it isn't missing")
	},
}

// saysMore reports whether a challenge is more than a refusal: one of Bearer,
// which other rules judge, or a step of a handshake that goes on.
func saysMore(c field.Challenge) bool {
	switch {
	case field.EqualFold(c.Scheme, "Bearer"):
		return true
	case field.EqualFold(c.Scheme, "Negotiate"), field.EqualFold(c.Scheme, "NTLM"):
		return c.Token68 != ""
	case field.HasPrefixFold(c.Scheme, "SCRAM"):
		_, data := c.Param("data") // RFC 7804 §5 has it as a parameter
		return c.Token68 != "" || data
	case field.EqualFold(c.Scheme, "Digest"):
		stale, _ := c.Param("stale")
		return field.EqualFold(stale, "true")
	}
	return false
}

// shownScheme is the scheme of an Authorization value where it is safe to
// show: "" for a value of one word, or with a long first one, which may be the
// secret itself.
func shownScheme(value string) string {
	scheme, rest, _ := strings.Cut(value, " ")
	if strings.TrimSpace(rest) == "" || len(scheme) > 20 || !field.IsToken(scheme) {
		return ""
	}
	return scheme
}

var auth401SchemeMismatch = &annotate.Rule{
	ID:       "auth/401-scheme-mismatch",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the client uses a scheme that the server doesn't ask for",
	Refs:     []string{"RFC 9110 §11.6.1", "RFC 9110 §15.5.2"},
	Doc: "The request authenticates with one scheme, and the 401 asks for others. So the server may not have checked the credentials at all. " +
		"Use a scheme that a challenge names. If this server should accept the scheme, the request may have reached the wrong server or path.",
	Help: "authenticate with a scheme that WWW-Authenticate names",
	Bad: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Basic bWU6c2VjcmV0
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Digest realm="shop", nonce="m", qop="auth", algorithm=SHA-256, Mutual realm="shop"
< Content-Length: 2
<
< no
`},
	Good: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: bearer abc
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Basic realm="shop", Bearer error="invalid_token"
< Content-Length: 2
<
< no
`, `# one family
* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Kerberos YII=
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Negotiate YII=
< Content-Length: 2
<
< no
`, `# another
* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: DPoP abc
> DPoP: eyJ0eXAi.eyJqdGki.Lr1v
>
< HTTP/1.1 401 Unauthorized
< WWW-Authenticate: Bearer error="invalid_token"
< Content-Length: 2
<
< no
`},
	When: annotate.When{
		Status: []int{401}, Fields: []exchange.Name{exchange.FieldWWWAuthenticate},
		RequestFields: []exchange.Name{exchange.FieldAuthorization},
	},
	Suppresses: []string{"auth/401-after-credentials-no-error"},
	Check: func(p *annotate.Pass) {
		used := shownScheme(p.X.Request.Fields.Value(exchange.FieldAuthorization))
		if used == "" {
			return
		}
		for _, l := range p.X.Response.Fields.Each(exchange.FieldWWWAuthenticate) {
			for c := range field.Challenges(l.Value) {
				if field.EqualFold(schemeFamily(c.Scheme), schemeFamily(used)) {
					return
				}
			}
		}
		if wanted := schemesAskedFor(&p.X.Response.Fields); wanted != "" {
			at := annotate.Span(p.RequestField(exchange.FieldAuthorization), 0, len(used))
			p.Note(at, "the request used %s, the 401 asks for %s", used, wanted)
		}
	},
}

// schemesAskedFor names the schemes of the challenges in WWW-Authenticate, as
// many as a message has room for.
func schemesAskedFor(f *exchange.Fields) string {
	var names []string
	for _, l := range f.Each(exchange.FieldWWWAuthenticate) {
		for c := range field.Challenges(l.Value) {
			if c.Scheme != "" && len(c.Scheme) <= 40 && len(names) < 8 && !slices.Contains(names, c.Scheme) {
				names = append(names, c.Scheme)
			}
		}
	}
	return strings.Join(names, ", ")
}

// schemeFamily is the scheme that stands for those which answer one another's challenges.
func schemeFamily(scheme string) string {
	for _, family := range [...][]string{{"Negotiate", "NTLM", "Kerberos"}, {"Bearer", "DPoP"}} {
		for _, s := range family {
			if field.EqualFold(s, scheme) {
				return family[0]
			}
		}
	}
	return scheme
}

var auth403LooksLikeUnauthenticated = &annotate.Rule{
	ID:       "auth/403-looks-like-unauthenticated",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "403 to a request without any credentials",
	Refs:     []string{"RFC 9110 §15.5.4", "RFC 9110 §11.4"},
	Doc: "403 means that the server refuses this request from any client. This request has no credentials, so they may be all that is missing. " +
		"In that case send 401 with a challenge: clients then log in or fetch a token. After a 403 they give up.",
	Help: "send 401 with WWW-Authenticate if credentials would help",
	Bad: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 403 Forbidden
< Content-Length: 2
<
< no
`, `* scheme https
> GET /orders?keyword=tea&page=2 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 403 Forbidden
< Content-Length: 2
<
< no
`},
	Good: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 403 Forbidden
< Content-Length: 2
<
< no
`, `* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Cookie: session=1
>
< HTTP/1.1 403 Forbidden
< Content-Length: 2
<
< no
`, `* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> X-Shop-Api-Key: abc
>
< HTTP/1.1 403 Forbidden
< Content-Length: 2
<
< no
`, `* scheme https
> GET /file?X-Amz-Signature=abc HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 403 Forbidden
< Content-Length: 2
<
< no
`, `* scheme https
* client tls=0x0304 client-cert
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 403 Forbidden
< Content-Length: 2
<
< no
`, `* scheme https
> OPTIONS /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 403 Forbidden
< Content-Length: 2
<
< no
`},
	When:  annotate.When{Status: []int{403}},
	Needs: annotate.NeedsTLS | annotate.NeedsSecrets,
	Check: func(p *annotate.Pass) {
		if p.X.Request.Method == "OPTIONS" || hasCredentials(p.X) {
			return
		}
		p.Note(p.StatusLine(), "403 to a request without Authorization, Cookie, API key or client certificate; 401 would ask for credentials")
	},
}

// hasCredentials reports whether a request carries anything that may say who asks.
func hasCredentials(x *exchange.Exchange) bool {
	if showedCertificate(&x.Client) || showedCertificate(&x.Origin) {
		return true
	}
	for _, l := range x.Request.Fields.All() {
		if l.Known == exchange.FieldCookie || l.Known != exchange.FieldProxyAuthorization && namesCredential(l.Name) {
			return true
		}
	}
	for pair := range field.Pieces(x.Query(), '&') {
		if name, _, _ := strings.Cut(pair.Text, "="); namesCredential(name) || namesKey(name) {
			return true
		}
	}
	return false
}

func showedCertificate(c *exchange.Connection) bool { return c.TLS != nil && c.TLS.ClientCert }

// namesCredential reports whether a field or parameter is named like one that
// holds a credential: Authorization, X-API-Key, X-Auth-Token, X-Amz-Signature.
func namesCredential(name string) bool {
	for _, word := range [...]string{
		"auth", "token", "secret", "signature", "credential", "password", "session",
		"api-key", "api_key", "apikey", "access-key", "access_key", "accesskey", "subscription-key",
	} {
		if field.IndexFold(name, word) >= 0 {
			return true
		}
	}
	return false
}

// namesKey reports whether a parameter is named like a key or signature as a
// whole: key, sig, app_key, client-sig.
func namesKey(name string) bool {
	if i := strings.LastIndexAny(name, "-_."); i >= 0 {
		name = name[i+1:]
	}
	return field.EqualFold(name, "key") || field.EqualFold(name, "sig") || field.EqualFold(name, "code") || field.EqualFold(name, "hmac")
}
