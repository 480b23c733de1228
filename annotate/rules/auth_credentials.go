package rules

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// authCredentialRules lists the rules on credentials, wherever they stand.
func authCredentialRules() []*annotate.Rule {
	return []*annotate.Rule{
		authAccessTokenInURI,
		authAuthorizationSchemeOnly,
		authBasicCredentialsMalformed,
		authBasicOverCleartext,
		authBearerCredentialsMalformed,
		authBearerOverCleartext,
		authBearerPlaceholderToken,
		authBearerTokenExpiredJWT,
		authBearerTokenNotYetValidJWT,
		authMultipleBearerMethods,
		authTokenResponseStorable,
		authUserinfoInURI,
	}
}

// queryParam is the value of a parameter of the query, as it stands.
func queryParam(query, name string) string {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if n, value, _ := strings.Cut(pair, "="); n == name {
			return value
		}
	}
	return ""
}

// accessTokenPlace is where the parameter access_token is named in the request
// target.
func accessTokenPlace(p *annotate.Pass) exchange.Place {
	const name = "access_token"
	at := p.Target()
	if i := strings.Index(p.X.Request.Target, name+"="); i >= 0 {
		return annotate.Span(at, at.Start+i, at.Start+i+len(name))
	}
	return at
}

var authAccessTokenInURI = &annotate.Rule{
	ID:       "auth/access-token-in-uri",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "an access token is in the URI",
	Refs:     []string{"RFC 6750 §2.3", "RFC 9700 §4.3.2"},
	Doc:      "Servers and proxies write URIs into their logs. Browsers keep them in the history and send them in Referer. Anyone who reads them has the token.",
	Help:     "send Authorization: Bearer with the token",
	Bad:      []string{overTLS(requested("GET /orders?access_token=abc HTTP/1.1", "Host: shop.test"))},
	Good: []string{
		overTLS(requested("GET /tiles?access_token=pk.abc HTTP/1.1", "Host: shop.test")),
		overTLS(exchangeWith("< data: 1\n<\n<\n", "GET /events?access_token=abc HTTP/1.1", []string{"Host: shop.test", "Accept: text/event-stream"}, "HTTP/1.1 200 OK", []string{"Content-Type: text/event-stream"})),
		overTLS(requested("GET /orders?access_token= HTTP/1.1", "Host: shop.test")),
	},
	Suppresses: []string{"security/sensitive-data-in-uri", "security/session-id-in-uri"},
	When:       annotate.When{If: []*annotate.Condition{ifTokenParameter}},
	Check: func(p *annotate.Pass) {
		token := queryParam(p.X.Query(), "access_token")
		f := &p.X.Request.Fields
		if token == "" || strings.HasPrefix(token, "pk.") || field.IndexFold(f.Value(exchange.FieldAccept), "text/event-stream") >= 0 ||
			offered(&p.X.Request, "websocket", false) || isExtendedConnect(&p.X.Request) {
			return
		}
		if exchange.IsRedacted(token) {
			p.Note(accessTokenPlace(p), "the query has an access_token")
			return
		}
		p.Note(accessTokenPlace(p), "the query has an access_token of %s", wording.Count(len(token), "byte"))
	},
}

var authAuthorizationSchemeOnly = &annotate.Rule{
	ID:       "auth/authorization-scheme-only",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "Authorization is one word, without a scheme",
	Refs:     []string{"RFC 9110 §11.4"},
	Doc: "Credentials are a scheme, a space, and what the scheme needs. Here the part after the scheme is missing, usually because a variable was empty. " +
		"Or the header is a bare key without a scheme, which servers can't tell from a scheme.",
	Help: "send Authorization: Bearer TOKEN, and check that the token isn't empty",
	Bad:  []string{overTLS(asked("Authorization: Bearer")), unauthorizedSecure(`Bearer realm="api"`, "Authorization: abcdef0123456789")},
	Good: []string{overTLS(asked("Authorization: abcdef0123456789")), overTLS(asked("Authorization: Bearer abc"))},
	When: annotate.When{RequestFields: credentialFields},
	Check: func(p *annotate.Pass) {
		for _, n := range credentialFields {
			v := p.X.Request.Fields.Value(n)
			if v == "" || strings.ContainsAny(v, " \t") || exchange.IsRedacted(v) {
				continue
			}
			switch s := p.X.Response.Status; {
			case needsCredentials(v):
				p.Note(p.RequestField(n), "%s is %s with nothing after it", n, bare(v))
			case s == 400 || s == 401 || s == 403 || s == 407:
				p.Note(p.RequestField(n), "%s is a single word of %s without a scheme, and the status is %d", n, wording.Count(len(v), "byte"), s)
			}
		}
	},
}

func needsCredentials(scheme string) bool {
	for _, s := range [...]string{"Basic", "Bearer", "Digest", "DPoP", "Negotiate", "NTLM", "AWS4-HMAC-SHA256"} {
		if field.EqualFold(s, scheme) {
			return true
		}
	}
	return false
}

// credentialsOf is what follows the scheme in a credentials field; ok is false
// where the scheme is another one, nothing follows, or the value was redacted.
func credentialsOf(x *exchange.Exchange, n exchange.Name, scheme string) (rest string, at int, ok bool) {
	v := x.Request.Fields.Value(n)
	if len(v) <= len(scheme) || !field.HasPrefixFold(v, scheme) || v[len(scheme)] != ' ' || exchange.IsRedacted(v) {
		return "", 0, false
	}
	at = len(scheme)
	for at < len(v) && v[at] == ' ' {
		at++
	}
	return v[at:], at, at < len(v)
}

var authBasicCredentialsMalformed = &annotate.Rule{
	ID:       "auth/basic-credentials-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "Basic credentials cannot be read",
	Refs:     []string{"RFC 7617 §2", "RFC 9110 §11.2"},
	Doc: "After Basic comes the Base64 of user, colon, password. Servers answer anything else with 400 or 401, and don't say what is wrong. " +
		"The usual causes are a line break at the end of the password, a missing colon, and Base64 with the URL alphabet.",
	Help: "send Basic and the Base64 of USER:PASSWORD, without a line break",
	Bad:  []string{overTLS(asked("Authorization: Basic user:password")), overTLS(asked("Authorization: Basic dXNlcg==")), overTLS(asked("Authorization: Basic dXNlcjpwYXNzCg=="))},
	Good: []string{overTLS(asked("Authorization: Basic dXNlcjpwYXNz")), overTLS(asked("Authorization: Basic dXNlcjpwYQ"))},
	When: annotate.When{RequestFields: credentialFields, If: []*annotate.Condition{ifPasswordScheme}},
	Check: func(p *annotate.Pass) {
		for _, n := range credentialFields {
			rest, at, ok := credentialsOf(p.X, n, "Basic")
			if !ok {
				continue
			}
			if what := basicProblem(rest); what != "" {
				p.Note(annotate.Span(p.RequestField(n), at, at+len(rest)), "the Basic credentials %s", what)
			}
		}
	},
}

// basicProblem says what is wrong with the Base64 of user:password; "" for nothing.
func basicProblem(s string) string {
	var scratch [256]byte
	b, err := base64.RawStdEncoding.AppendDecode(scratch[:0], []byte(strings.TrimRight(s, "=")))
	switch {
	case strings.ContainsAny(s, " ,"):
		return "are more than one word"
	case err != nil:
		return "are not Base64"
	case strings.IndexByte(string(b), ':') < 0:
		return "decode to text without a colon"
	case field.ControlIn(string(b)) >= 0 || strings.IndexByte(string(b), '\t') >= 0:
		return "decode to text with a control character, such as a line break at its end"
	}
	return ""
}

// sentInClear says on which way credentials in a field went without TLS; "" where they did not.
func sentInClear(x *exchange.Exchange, n exchange.Name) string {
	if n == exchange.FieldProxyAuthorization {
		if local := x.Client.Local; x.Client.TLS == nil && local.IsValid() && !local.Addr().Unmap().IsLoopback() {
			return "to the proxy without TLS"
		}
		return ""
	}
	if overCleartext(x) && x.Request.Method != "CONNECT" {
		return "without TLS"
	}
	return ""
}

var authBasicOverCleartext = &annotate.Rule{
	ID:       "auth/basic-over-cleartext",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a password is sent without TLS",
	Refs:     []string{"RFC 7617 §4", "RFC 7616 §5.1", "RFC 9110 §17.16.1"},
	Doc:      "Basic is user name and password in Base64, and anyone on the way can read it. Digest can be guessed. Over plain http, both are as good as public.",
	Help:     "use https",
	Bad:      []string{asked("Authorization: Basic dXNlcjpwYXNz"), "* client local=192.0.2.1:3128\n" + asked("Proxy-Authorization: Basic dXNlcjpwYXNz")},
	Good:     []string{overTLS(asked("Authorization: Basic dXNlcjpwYXNz")), requested("GET /orders HTTP/1.1", "Host: localhost:8080", "Authorization: Basic dXNlcjpwYXNz"), "* client local=127.0.0.1:3128\n" + asked("Proxy-Authorization: Basic dXNlcjpwYXNz")},
	When:     annotate.When{RequestFields: credentialFields, If: []*annotate.Condition{ifPasswordScheme}},
	Needs:    annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		for _, n := range credentialFields {
			v := p.X.Request.Fields.Value(n)
			scheme, _, _ := strings.Cut(v, " ")
			if !field.EqualFold(scheme, "Basic") && !field.EqualFold(scheme, "Digest") || len(scheme) == len(v) {
				continue
			}
			if how := sentInClear(p.X, n); how != "" {
				p.Note(annotate.Span(p.RequestField(n), 0, len(scheme)), "the client sent %s credentials %s", scheme, how)
			}
		}
	},
}

var authBearerCredentialsMalformed = &annotate.Rule{
	ID:       "auth/bearer-credentials-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "the Bearer token is not one word",
	Refs:     []string{"RFC 6750 §2.1"},
	Doc: "A token is one word of letters, digits and - . _ ~ + / with = at its end. " +
		"Quotes, a second word or a comma mean that the program built the header wrongly. Servers answer 400 or 401.",
	Help: "send Bearer, one space, and the token exactly as you received it",
	Bad:  []string{overTLS(asked(`Authorization: Bearer "abc"`)), overTLS(asked("Authorization: Bearer Bearer abc"))},
	Good: []string{overTLS(asked("Authorization: Bearer abc.d-e_f~+/=="))},
	When: annotate.When{RequestFields: credentialFields[:1]},
	Check: func(p *annotate.Pass) {
		token, at, ok := credentialsOf(p.X, exchange.FieldAuthorization, "Bearer")
		if !ok || isPlaceholder(token) {
			return
		}
		if i := b64TokenError(token); i >= 0 {
			at += i
			p.Note(annotate.Span(p.RequestField(exchange.FieldAuthorization), at, at+1), "the Bearer token contains %s, which isn't allowed there", quoted(token[i:i+1]))
		}
	},
}

// b64TokenError finds the octet at which a token stops being a b64token
// (RFC 6750 §2.1); -1 for one that is.
func b64TokenError(s string) int {
	n := strings.IndexByte(s, '=')
	if n == 0 {
		return 0
	}
	for i := range len(s) {
		c := s[i]
		alphanumeric := field.IsDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
		switch {
		case c == '=':
		case n > 0 && i > n, !alphanumeric && strings.IndexByte("-._~+/", c) < 0:
			return i
		}
	}
	return -1
}

var authBearerOverCleartext = &annotate.Rule{
	ID:       "auth/bearer-over-cleartext",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "an access token is sent without TLS",
	Refs:     []string{"RFC 6750 §5.3"},
	Doc:      "Anyone who has a bearer token can use it, and over plain http anyone on the way can read it.",
	Help:     "use https, and revoke the token",
	Bad:      []string{asked("Authorization: Bearer abc"), "# also auth/access-token-in-uri\n" + requested("GET /orders?access_token=abc HTTP/1.1", "Host: shop.test")},
	Good:     []string{overTLS(asked("Authorization: Bearer abc")), requested("GET /orders HTTP/1.1", "Host: 127.0.0.1:8080", "Authorization: Bearer abc")},
	When:     annotate.When{If: []*annotate.Condition{ifInClear}},
	Needs:    annotate.NeedsTLS | annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		x := p.X
		if x.Scheme != "http" || sentInClear(x, exchange.FieldAuthorization) == "" {
			return
		}
		v := x.Request.Fields.Value(exchange.FieldAuthorization)
		switch {
		case field.HasPrefixFold(v, "Bearer ") && field.TrimOWS(v[7:]) != "":
			p.Note(annotate.Span(p.RequestField(exchange.FieldAuthorization), 0, len("Bearer")), "the client sent a Bearer token without TLS")
		case queryParam(x.Query(), "access_token") != "":
			p.Note(accessTokenPlace(p), "the client sent an access_token in the query without TLS")
		case hasFormParam(&x.Request, "access_token"):
			p.Note(annotate.RequestContent(0, 0), "the client sent an access_token in a form without TLS")
		}
	},
}

var authBearerPlaceholderToken = &annotate.Rule{
	ID:         "auth/bearer-placeholder-token",
	Severity:   annotate.Warn,
	Blame:      annotate.ByClient,
	Title:      "the token is an unfilled placeholder",
	Refs:       []string{"RFC 6750 §2.1"},
	Doc:        "The program put an unset variable or an unfilled template into the header. The server answers 401, as for any wrong token.",
	Help:       "find out why the token was missing when the program wrote the header",
	Bad:        []string{overTLS(asked("Authorization: Bearer undefined")), overTLS(asked("Authorization: Bearer {{token}}")), overTLS(asked("Authorization: Bearer [object Object]"))},
	Good:       []string{overTLS(asked("Authorization: Bearer abcnull"))},
	When:       annotate.When{RequestFields: credentialFields[:1]},
	Suppresses: []string{"auth/bearer-credentials-malformed"},
	Check: func(p *annotate.Pass) {
		token, at, ok := credentialsOf(p.X, exchange.FieldAuthorization, "Bearer")
		if ok && isPlaceholder(token) {
			p.Note(annotate.Span(p.RequestField(exchange.FieldAuthorization), at, at+len(token)), "the token is %s, a leftover of the program and not a real token", quoted(token))
		}
	},
}

func isPlaceholder(token string) bool {
	switch token {
	case "undefined", "null", "None", "nil", "NaN", "true", "false", "[object Object]":
		return true
	}
	if len(token) > 80 {
		return false
	}
	return strings.Contains(token, "{{") || strings.Contains(token, "${") || strings.HasPrefix(token, "<") && strings.HasSuffix(token, ">")
}

// jwtTime reads a time out of the payload of a signed JWT in the Authorization
// field (RFC 7519 §4.1); ok is false where there is none.
func jwtTime(x *exchange.Exchange, claim string) (t time.Time, ok bool) {
	token, _, ok := credentialsOf(x, exchange.FieldAuthorization, "Bearer")
	if !ok {
		token, _, ok = credentialsOf(x, exchange.FieldAuthorization, "DPoP")
	}
	if !ok || len(token) > 16<<10 || strings.Count(token, ".") != 2 || !strings.HasPrefix(token, "ey") {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil || field.CheckJSON(payload) != nil {
		return time.Time{}, false
	}
	for m := range field.JSONMembers(payload) {
		if m.Is(claim) {
			seconds, err := strconv.ParseFloat(string(m.Value), 64)
			return time.Unix(int64(seconds), 0), err == nil && seconds > 0 && seconds < 1e11
		}
	}
	return time.Time{}, false
}

// jwtExample is a request at 2026-01-02T03:04:05Z with a token whose payload
// is given, and the refusal of it.
func jwtExample(payload string) string {
	token := "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
	return "* started 2026-01-02T03:04:05Z\n" + unauthorizedSecure(`Bearer error="invalid_token"`, "Authorization: Bearer "+token)
}

var authBearerTokenExpiredJWT = &annotate.Rule{
	ID:       "auth/bearer-token-expired-jwt",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the refused token had expired",
	Refs:     []string{"RFC 7519 §4.1.4"},
	Doc: "The token itself says until when it is valid. By the clock of this machine, that time was over when the client sent the request. " +
		"sidenote didn't check the signature.",
	Help:  "renew the token before it expires, and again after a 401",
	Bad:   []string{jwtExample(`{"exp":1767319445}`)},
	Good:  []string{jwtExample(`{"exp":1767409445}`), jwtExample(`{"exp":"soon"}`)},
	When:  annotate.When{Status: []int{401, 403}, RequestFields: credentialFields[:1]},
	Needs: annotate.NeedsClock,
	Check: func(p *annotate.Pass) {
		exp, ok := jwtTime(p.X, "exp")
		if ok && !p.X.Started.IsZero() && !exp.After(p.X.Started) {
			p.Note(annotate.Span(p.RequestField(exchange.FieldAuthorization), 0, 0), "the token expired %s before the request, at %s",
				inWords(int64(p.X.Started.Sub(exp)/time.Second)), exp.UTC().Format(time.RFC3339))
		}
	},
}

var authBearerTokenNotYetValidJWT = &annotate.Rule{
	ID:       "auth/bearer-token-not-yet-valid-jwt",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the refused token is not valid yet",
	Refs:     []string{"RFC 7519 §4.1.5"},
	Doc: "The token itself says from when on it is valid. By the clock of this machine, that time was still to come when the client sent the request. " +
		"Usually the server that issued it and the server that checks it have different clocks.",
	Help:  "set the clocks; let the checking server tolerate a minute of difference",
	Bad:   []string{jwtExample(`{"nbf":1767323100}`)},
	Good:  []string{jwtExample(`{"nbf":1767323000}`)},
	When:  annotate.When{Status: []int{401, 403}, RequestFields: credentialFields[:1]},
	Needs: annotate.NeedsClock,
	Check: func(p *annotate.Pass) {
		nbf, ok := jwtTime(p.X, "nbf")
		if ok && !p.X.Started.IsZero() && nbf.After(p.X.Started) {
			p.Note(annotate.Span(p.RequestField(exchange.FieldAuthorization), 0, 0), "the token is valid from %s on, %s after the request",
				nbf.UTC().Format(time.RFC3339), inWords(int64(nbf.Sub(p.X.Started)/time.Second)))
		}
	},
}

var authMultipleBearerMethods = &annotate.Rule{
	ID:       "auth/multiple-bearer-methods",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "access tokens in more than one place",
	Refs:     []string{"RFC 6750 §2"},
	Doc: "A token can be in Authorization, in the query or in a form, but only in one of them. " +
		"Servers answer 400, or use one of two tokens that may belong to different users.",
	Help:  "send the token in Authorization only",
	Bad:   []string{"# also auth/access-token-in-uri\n" + overTLS(requested("GET /orders?access_token=abc HTTP/1.1", "Host: shop.test", "Authorization: Bearer def"))},
	Good:  []string{overTLS(asked("Authorization: Bearer abc"))},
	When:  annotate.When{If: []*annotate.Condition{ifTokenParameter}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		x := p.X
		count := 0
		if field.HasPrefixFold(x.Request.Fields.Value(exchange.FieldAuthorization), "Bearer ") {
			count++
		}
		inQuery := queryParam(x.Query(), "access_token") != ""
		if inQuery {
			count++
		}
		if count > 0 && hasFormParam(&x.Request, "access_token") {
			count++
		}
		if count > 1 {
			at := p.RequestField(exchange.FieldAuthorization)
			if inQuery {
				at = accessTokenPlace(p)
			}
			p.Note(at, "the request has access tokens in %d places", count)
		}
	},
}

var authTokenResponseStorable = &annotate.Rule{
	ID:       "auth/token-response-storable",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a response with tokens may be stored",
	Refs:     []string{"RFC 6749 §5.1"},
	Doc:      "The response contains an access token and lacks Cache-Control: no-store. Browsers and proxies may write it to disk, where it outlives the session.",
	Help:     "send Cache-Control: no-store",
	Bad:      []string{tokenResponse()},
	Good:     []string{tokenResponse("Cache-Control: private, no-store")},
	When:     annotate.When{Class: []int{2}, Methods: []string{"POST"}},
	Needs:    annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if listHas(f, exchange.FieldCacheControl, "no-store") || !mediaTypeOf(f).IsJSON() {
			return
		}
		b := p.X.Response.DecodedContent().Bytes
		if field.IndexFold(b, `"access_token"`) < 0 || field.CheckJSON(b) != nil {
			return
		}
		token, kind := false, false
		for m := range field.JSONMembers(b) {
			token = token || m.Is("access_token")
			kind = kind || m.Is("token_type")
		}
		if token && kind {
			p.Note(p.ResponseField(exchange.FieldCacheControl), "the body has an access_token, but the response lacks Cache-Control: no-store")
		}
	},
}

func tokenResponse(lines ...string) string {
	return overTLS(exchangeOf("POST /token HTTP/1.1", []string{"Host: shop.test", "Content-Length: 0"}, "HTTP/1.1 200 OK",
		append(lines, "Content-Type: application/json", "Content-Length: 47")) + `< {"access_token":"abcdef","token_type":"Bearer"}` + "\n")
}

// authUserinfoInURI judges the request target only: redirect/location-userinfo
// speaks of the fields that hold URIs.
var authUserinfoInURI = &annotate.Rule{
	ID:       "auth/userinfo-in-uri",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "the request target has a user name or password in it",
	Refs:     []string{"RFC 9110 §4.2.4", "RFC 9110 §10.1.3"},
	Doc: "Clients must not send the part of a URI before the @. It ends up in logs, and a name before the @ can look like another host. " +
		"Clients turn it into an Authorization header.",
	Help: "send Authorization: Basic instead, and the URI without user and password",
	Bad:  []string{requested("GET http://me:secret@shop.test/orders HTTP/1.1", "Host: shop.test")},
	Good: []string{requested("GET http://shop.test/orders?from=me@shop.test HTTP/1.1", "Host: shop.test")},
	Check: func(p *annotate.Pass) {
		t := p.X.Request.Target
		if t == "" || t[0] == '/' || strings.IndexByte(t, '@') < 0 {
			return
		}
		u, _ := field.ParseURI(t)
		if !u.HasUserinfo || !u.IsHTTP() {
			return
		}
		what := "a user name"
		if strings.Contains(u.Userinfo, ":") {
			what = "a user name and a password"
		}
		at := p.Target()
		p.Note(annotate.Span(at, at.Start+u.AuthorityAt, at.Start+u.HostAt), "the request target has %s before the host %s", what, quoted(u.HostPort()))
	},
}
