package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// authChallengeRules lists the rules on challenges.
func authChallengeRules() []*annotate.Rule {
	return []*annotate.Rule{
		auth401BasicOverCleartextChallenge,
		auth407FromOrigin,
		authBasicChallengeBadParameter,
		authBasicChallengeMissingRealm,
		authBearerChallengeMalformed,
		authBearerChallengeMissingError,
		authBearerChallengeNoParameters,
		authBearerChallengeOverCleartext,
		authBearerChallengeUnneededError,
		authBearerErrorStatusMismatch,
		authDigestChallengeMalformed,
		authDigestMD5Only,
		authParameterRepeated,
		authRealmUnquoted,
		authWWWAuthenticateOnSuccess,
	}
}

// challengeFields are those that hold challenges.
var challengeFields = []exchange.Name{exchange.FieldWWWAuthenticate, exchange.FieldProxyAuthenticate}

// eachChallenge calls f for every challenge of the response, with the line that it stands on.
func eachChallenge(p *annotate.Pass, f func(line int, c field.Challenge)) {
	for _, n := range challengeFields {
		for i, l := range p.X.Response.Fields.Each(n) {
			for c := range field.Challenges(l.Value) {
				f(i, c)
			}
		}
	}
}

// challengePlace is the place of a challenge in the line that it stands on.
func challengePlace(p *annotate.Pass, line int, c field.Challenge) exchange.Place {
	return annotate.Span(p.ResponseLine(line), c.At, c.End())
}

// overCleartext reports whether a hop of the exchange that matters to secrets
// had no TLS and left the machine.
func overCleartext(x *exchange.Exchange) bool {
	return x.Scheme == "http" && x.Origin.TLS == nil && !isLoopback(x)
}

// isLoopback reports whether the origin server is on this machine.
func isLoopback(x *exchange.Exchange) bool {
	host := x.Host()
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if a, ok := parseAddress(host); ok {
		return a.Unmap().IsLoopback()
	}
	return x.Origin.Proxy == "" && x.Origin.Peer.IsValid() && x.Origin.Peer.Addr().Unmap().IsLoopback()
}

var auth401BasicOverCleartextChallenge = &annotate.Rule{
	ID:       "auth/401-basic-over-cleartext-challenge",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server asks for a password without TLS",
	Refs:     []string{"RFC 7617 §4", "RFC 7616 §5.1"},
	Doc: "Basic sends user name and password readable, and Digest protects them little. " +
		"Without TLS, anyone on the way can read them, or insert such a challenge.",
	Help:  "ask for credentials over https only, and redirect http to https first",
	Bad:   []string{unauthorizedExample(`Basic realm="shop"`)},
	Good:  []string{overTLS(unauthorizedExample(`Basic realm="shop"`)), "> GET / HTTP/1.1\n> Host: localhost:8080\n>\n< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Basic realm=\"shop\"\n< Content-Type: text/plain\n< Content-Length: 2\n<\n< no\n"},
	When:  annotate.When{Status: []int{401, 407}, Fields: challengeFields},
	Needs: annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		if !overCleartext(p.X) || p.X.Client.TLS != nil {
			return
		}
		seen := false
		eachChallenge(p, func(line int, c field.Challenge) {
			if !seen && (isScheme(c, "Basic") || isScheme(c, "Digest")) {
				seen = true
				p.Note(annotate.Span(p.ResponseLine(line), c.At, c.At+len(c.Scheme)), "the %d asks for %s credentials without TLS", p.X.Response.Status, c.Scheme)
			}
		})
	},
}

var auth407FromOrigin = &annotate.Rule{
	ID:       "auth/407-from-origin",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "an origin server answers as if it were a proxy",
	Refs:     []string{"RFC 9110 §15.5.8"},
	Doc: "407 asks for the credentials of a proxy, but this response came from the origin server. " +
		"Clients ask the user for the password of a proxy that doesn't exist, or show an error about proxy settings. Servers send 401.",
	Help:  "send 401 with WWW-Authenticate",
	Bad:   []string{overTLS(responded("HTTP/1.1 407 Proxy Authentication Required", `Proxy-Authenticate: Basic realm="shop"`, "Content-Length: 0"))},
	Good:  []string{"* scheme https\n* client tls=0x0304\n* origin proxy=http://proxy.test:3128\n" + responded("HTTP/1.1 407 Proxy Authentication Required", `Proxy-Authenticate: Negotiate`, "Content-Length: 0")},
	When:  annotate.When{Status: []int{407}},
	Needs: annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		x := p.X
		live := x.Origin.Peer.IsValid() || x.Origin.TLS != nil
		if x.Request.Method == "CONNECT" || !live || x.Source.Lacks.Has(exchange.LacksTLS) || x.Origin.Proxy != "" && x.Origin.TLS == nil {
			return
		}
		p.Note(p.StatusLine(), "the 407 came from the origin server, not from a proxy")
	},
}

var authBasicChallengeBadParameter = &annotate.Rule{
	ID:       "auth/basic-challenge-bad-parameter",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a Basic challenge has a parameter that Basic doesn't define",
	Refs:     []string{"RFC 7617 §2", "RFC 7617 §2.1"},
	Doc: "Basic has the parameters realm and charset, and charset can only be UTF-8. " +
		"Clients ignore anything else, or can't read the challenge and don't ask for a password.",
	Help: `send WWW-Authenticate: Basic realm="shop", charset="UTF-8"`,
	Bad:  []string{overTLS(unauthorizedExample(`Basic realm="shop", title="Shop"`)), overTLS(unauthorizedExample(`Basic realm="shop", charset="ISO-8859-1"`)), overTLS(unauthorizedExample(`Basic realm="shop" now`))},
	Good: []string{overTLS(unauthorizedExample(`Basic realm="shop", charset="utf-8"`))},
	When: annotate.When{Fields: challengeFields},
	Check: func(p *annotate.Pass) {
		eachChallenge(p, func(line int, c field.Challenge) {
			if !isScheme(c, "Basic") {
				return
			}
			if c.Err != nil && (c.Err.At < c.At || !hasSingleQuotes(c)) && !realmIsLoose(c) {
				p.Note(challengePlace(p, line, c), "the Basic challenge %s cannot be read: %s", bare(c.Text), c.Err)
				return
			}
			for q := range c.Params() {
				at := annotate.Span(p.ResponseLine(line), q.At, q.ValueAt+len(q.Value))
				switch {
				case field.EqualFold(q.Name, "realm"):
				case !field.EqualFold(q.Name, "charset"):
					p.Note(at, "the Basic challenge has the parameter %s, which Basic doesn't define", bare(q.Name))
				case !field.EqualFold(field.Unquote(q.Value), "UTF-8"):
					p.Note(at, "the Basic challenge has charset %s; only UTF-8 is allowed", bare(q.Value))
				}
			}
		})
	},
}

func hasSingleQuotes(c field.Challenge) bool { return strings.IndexByte(c.Text, '\'') >= 0 }

// realmIsLoose reports whether what is wrong with a challenge is that its realm
// lacks quotes, of which auth/realm-unquoted speaks.
func realmIsLoose(c field.Challenge) bool {
	for q := range c.Params() {
		if field.EqualFold(q.Name, "realm") && q.HasValue && q.Value != "" && q.Value[0] != '"' {
			return true
		}
	}
	return false
}

var authBasicChallengeMissingRealm = &annotate.Rule{
	ID:       "auth/basic-challenge-missing-realm",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a Basic challenge without realm",
	Refs:     []string{"RFC 7617 §2"},
	Doc: "The realm names the part of the server that a password is for. Browsers show it and store passwords under it. " +
		"Some clients ignore a challenge without a realm and never send the password.",
	Help: `send WWW-Authenticate: Basic realm="shop"`,
	Bad:  []string{overTLS(unauthorizedExample("Basic")), overTLS(unauthorizedExample(`Basic charset="UTF-8"`)), overTLS(unauthorizedExample("Basic c2hvcA=="))},
	Good: []string{overTLS(unauthorizedExample(`Basic realm=""`)), overTLS(unauthorizedExample(`Basic realm="shop", charset="UTF-8"`))},
	When: annotate.When{Fields: challengeFields},
	Check: func(p *annotate.Pass) {
		eachChallenge(p, func(line int, c field.Challenge) {
			if _, ok := c.Param("realm"); isScheme(c, "Basic") && !ok && c.Err == nil {
				if c.Token68 != "" {
					p.Note(challengePlace(p, line, c), "the Basic challenge has the word %s where its realm should be", bare(c.Token68))
					return
				}
				p.Note(challengePlace(p, line, c), "the Basic challenge has no realm")
			}
		})
	},
}

// eachBearer calls f for every Bearer challenge of the response.
func eachBearer(p *annotate.Pass, f func(line int, c field.Challenge)) {
	eachChallenge(p, func(line int, c field.Challenge) {
		if isScheme(c, "Bearer") {
			f(line, c)
		}
	})
}

var authBearerChallengeMalformed = &annotate.Rule{
	ID:       "auth/bearer-challenge-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a Bearer challenge can't be parsed",
	Refs:     []string{"RFC 6750 §3", "RFC 9110 §11.2"},
	Doc: "Clients read the challenge to decide whether to renew the token or to ask for more rights. " +
		"If a parameter is repeated, or has quotes, control characters or bytes outside ASCII in it, they drop the challenge and miss the reason.",
	Help: `send WWW-Authenticate: Bearer realm="api", error="invalid_token", error_description="..."`,
	Bad: []string{unauthorizedSecure(`Bearer realm="api", realm="shop"`), unauthorizedSecure("Bearer abc"), unauthorizedSecure(`Bearer realm="api", scope="a \\"b\\""`),
		unauthorizedSecure(`Bearer realm="api", scope="read  write"`), unauthorizedSecure(`Bearer realm="api", scope=""`)},
	Good: []string{unauthorizedSecure(`Bearer realm="api", resource_metadata="https://shop.test/.well-known/x"`)},
	When: annotate.When{Fields: challengeFields},
	Check: func(p *annotate.Pass) {
		eachBearer(p, func(line int, c field.Challenge) {
			at := challengePlace(p, line, c)
			if c.Token68 != "" {
				p.Note(at, "the Bearer challenge has a single word instead of parameters")
				return
			}
			if c.Err != nil && !hasSingleQuotes(c) {
				p.Note(at, "the Bearer challenge %s cannot be read: %s", bare(c.Text), c.Err)
				return
			}
			for q := range c.Params() {
				at := annotate.Span(p.ResponseLine(line), q.At, q.ValueAt+len(q.Value))
				if c.HasBefore(q) {
					p.Note(at, "the Bearer challenge has %s twice", bare(q.Name))
				} else if what := bearerValueProblem(q); what != "" {
					p.Note(at, "%s of the Bearer challenge contains %s", bare(q.Name), what)
				}
			}
		})
	},
}

// unauthorizedSecure is a 401 over TLS.
func unauthorizedSecure(challenge string, request ...string) string {
	return overTLS(unauthorizedExample(challenge, request...))
}

// bearerValueProblem says which octet RFC 6750 §3 does not allow in a value.
func bearerValueProblem(q field.Param) string {
	uri := field.EqualFold(q.Name, "error_uri")
	if !uri && !field.EqualFold(q.Name, "error") && !field.EqualFold(q.Name, "error_description") && !field.EqualFold(q.Name, "scope") {
		return ""
	}
	v := field.Unquote(q.Value)
	for i := range len(v) {
		switch c := v[i]; {
		case c < ' ' || c >= 0x7f || c == '"' || c == '\\':
			return quoted(v[i : i+1])
		case c == ' ' && uri:
			return "a space"
		}
	}
	switch {
	case field.EqualFold(q.Name, "scope") && (v == "" || v[0] == ' ' || v[len(v)-1] == ' ' || strings.Contains(v, "  ")):
		return "something other than words with one space between them"
	case field.EqualFold(q.Name, "error") && v == "":
		return "nothing"
	}
	return ""
}

// sentBearer reports whether the request carried well-formed Bearer credentials.
func sentBearer(x *exchange.Exchange) bool {
	c := field.Credentials(x.Request.Fields.Value(exchange.FieldAuthorization))
	return isScheme(c, "Bearer") && c.Token68 != "" && c.Err == nil
}

var authBearerChallengeMissingError = &annotate.Rule{
	ID:       "auth/bearer-challenge-missing-error",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server refused the token and doesn't say why",
	Refs:     []string{"RFC 6750 §3", "RFC 6750 §3.1"},
	Doc: "A client renews its token after invalid_token, and asks for more rights after insufficient_scope. Without an error it can't tell which one it needs. " +
		"It sends the same token again, or asks the user to log in.",
	Help: `add error="invalid_token" or error="insufficient_scope" to the challenge`,
	Bad:  []string{unauthorizedSecure(`Bearer realm="api"`, "Authorization: Bearer abc")},
	Good: []string{unauthorizedSecure(`Bearer realm="api"`), unauthorizedSecure(`Bearer realm="api", error="invalid_token"`, "Authorization: Bearer abc")},
	When: annotate.When{Status: []int{401, 403}, Fields: challengeFields[:1], RequestFields: []exchange.Name{exchange.FieldAuthorization}},
	Check: func(p *annotate.Pass) {
		if v := p.X.Request.Fields.Value(exchange.FieldAuthorization); !sentBearer(p.X) && !(exchange.IsRedacted(v) && field.HasPrefixFold(v, "Bearer ")) {
			return
		}
		line, found := -1, false
		var first field.Challenge
		eachBearer(p, func(i int, c field.Challenge) {
			if line < 0 {
				line, first = i, c
			}
			if _, ok := c.Param("error"); ok {
				found = true
			}
		})
		if line >= 0 && !found {
			p.Note(challengePlace(p, line, first), "the request has a token, and the Bearer challenge of the %d doesn't say what is wrong with it", p.X.Response.Status)
		}
	},
}

var authBearerChallengeNoParameters = &annotate.Rule{
	ID:         "auth/bearer-challenge-no-parameters",
	Severity:   annotate.Warn,
	Blame:      annotate.ByOrigin,
	Title:      "a Bearer challenge without any parameter",
	Refs:       []string{"RFC 6750 §3"},
	Doc:        "A Bearer challenge needs at least one parameter, such as realm. Some parsers read a single word as something else and find no challenge.",
	Help:       `send WWW-Authenticate: Bearer realm="api"`,
	Bad:        []string{unauthorizedSecure("Bearer")},
	Good:       []string{unauthorizedSecure(`Bearer realm="api"`)},
	When:       annotate.When{Fields: challengeFields},
	Suppresses: []string{"auth/bearer-challenge-missing-error"},
	Check: func(p *annotate.Pass) {
		eachBearer(p, func(line int, c field.Challenge) {
			if c.Token68 != "" || c.Err != nil {
				return
			}
			for range c.Params() {
				return
			}
			p.Note(challengePlace(p, line, c), "the Bearer challenge has no parameter")
		})
	},
}

var authBearerChallengeOverCleartext = &annotate.Rule{
	ID:       "auth/bearer-challenge-over-cleartext",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server asks for a token without TLS",
	Refs:     []string{"RFC 6750 §5.3", "RFC 6750 §5.2"},
	Doc:      "Anyone who has a bearer token can use it. A client that answers this challenge sends its token unencrypted, and anyone on the way can read it.",
	Help:     "ask for tokens over https only",
	Bad:      []string{unauthorizedExample(`Bearer realm="api"`)},
	Good:     []string{unauthorizedSecure(`Bearer realm="api"`)},
	When:     annotate.When{Fields: challengeFields},
	Needs:    annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		if !overCleartext(p.X) || p.X.Client.TLS != nil {
			return
		}
		eachBearer(p, func(line int, c field.Challenge) {
			p.Note(annotate.Span(p.ResponseLine(line), c.At, c.At+len(c.Scheme)), "the server asks for a Bearer token without TLS")
		})
	},
}

var authBearerChallengeUnneededError = &annotate.Rule{
	ID:       "auth/bearer-challenge-unneeded-error",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the challenge names an error, but the request has no token",
	Refs:     []string{"RFC 6750 §3.1"},
	Doc: "Without credentials, nothing can be wrong with them. " +
		"Clients that see invalid_token here try to renew a token that they don't have, or throw away a valid one.",
	Help:  "answer requests without credentials with WWW-Authenticate: Bearer realm=\"api\"",
	Bad:   []string{unauthorizedSecure(`Bearer realm="api", error="invalid_token"`)},
	Good:  []string{unauthorizedSecure(`Bearer realm="api", error="invalid_token"`, "Cookie: sid=1"), unauthorizedSecure(`Bearer realm="api"`)},
	When:  annotate.When{Status: []int{401}, Fields: challengeFields[:1]},
	Needs: annotate.NeedsContent | annotate.NeedsSecrets,
	Check: func(p *annotate.Pass) {
		if hasCredentials(p.X) || p.X.Request.Fields.Has(exchange.FieldDPoP) || hasFormParam(&p.X.Request, "access_token") {
			return
		}
		eachBearer(p, func(line int, c field.Challenge) {
			for q := range c.Params() {
				if field.HasPrefixFold(q.Name, "error") {
					p.Note(annotate.Span(p.ResponseLine(line), q.At, q.ValueAt+len(q.Value)), "the Bearer challenge has %s, but the request has no credentials", bare(q.Name))
					return
				}
			}
		})
	},
}

// hasFormParam reports whether form content of a request has a parameter.
func hasFormParam(r *exchange.Request, name string) bool {
	content := formContent(r)
	return content != nil && field.IndexFold(content, name+"=") >= 0 && hasQueryParam(string(content), name)
}

var authBearerErrorStatusMismatch = &annotate.Rule{
	ID:       "auth/bearer-error-status-mismatch",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the error of the Bearer challenge doesn't fit the status",
	Refs:     []string{"RFC 6750 §3.1"},
	Doc: "invalid_request belongs to 400, invalid_token to 401, insufficient_scope to 403. " +
		"Some clients use the status and some the error, so one renews its token where another gives up.",
	Help: "send 400 with invalid_request, 401 with invalid_token, 403 with insufficient_scope",
	Bad:  []string{unauthorizedSecure(`Bearer error="insufficient_scope"`, "Authorization: Bearer abc")},
	Good: []string{unauthorizedSecure(`Bearer error="insufficient_user_authentication"`, "Authorization: Bearer abc"), unauthorizedSecure(`Bearer error="invalid_token"`, "Authorization: Bearer abc")},
	When: annotate.When{Fields: challengeFields[:1]},
	Check: func(p *annotate.Pass) {
		eachBearer(p, func(line int, c field.Challenge) {
			code, _ := c.Param("error")
			want := 0
			switch code {
			case "invalid_request":
				want = 400
			case "invalid_token":
				want = 401
			case "insufficient_scope":
				want = 403
			}
			if want != 0 && p.X.Response.Status != want {
				p.Note(challengePlace(p, line, c), "error %s belongs to %d, but the status is %d", code, want, p.X.Response.Status)
			}
		})
	},
}

var authDigestChallengeMalformed = &annotate.Rule{
	ID:       "auth/digest-challenge-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a Digest challenge lacks a parameter or has wrong quotes",
	Refs:     []string{"RFC 7616 §3.3"},
	Doc: "Digest needs realm, nonce and qop in quotes, and stale and algorithm without quotes. Clients compute their answer from exactly these. " +
		"Some refuse the challenge, others compute a wrong answer.",
	Help: `send Digest realm="shop", qop="auth", algorithm=SHA-256, nonce="..."`,
	Bad:  []string{unauthorizedSecure(`Digest realm="shop", nonce="abc", algorithm=SHA-256`), unauthorizedSecure(`Digest realm="shop", nonce="abc", qop="auth", algorithm="SHA-256"`), unauthorizedSecure(`Digest realm=shop, nonce="abc", qop="auth", algorithm=SHA-256`)},
	Good: []string{unauthorizedSecure(`Digest realm="shop", nonce="abc", qop="auth, auth-int", algorithm=SHA-256, stale=false`)},
	When: annotate.When{Fields: challengeFields},
	Check: func(p *annotate.Pass) {
		eachChallenge(p, func(line int, c field.Challenge) {
			if !isScheme(c, "Digest") {
				return
			}
			at := challengePlace(p, line, c)
			for _, name := range [...]string{"realm", "nonce", "qop"} {
				if _, ok := c.Param(name); !ok {
					p.Note(at, "the Digest challenge has no %s", name)
				}
			}
			for q := range c.Params() {
				inQuotes := q.Value != "" && q.Value[0] == '"'
				span := annotate.Span(at, q.At, q.ValueAt+len(q.Value))
				if inQuotes && (field.EqualFold(q.Name, "stale") || field.EqualFold(q.Name, "algorithm")) {
					p.Note(span, "%s of the Digest challenge must not be in quotes", bare(q.Name))
				} else if !inQuotes && isQuotedInDigest(q.Name) {
					p.Note(span, "%s of the Digest challenge must be in quotes", bare(q.Name))
				}
			}
		})
	},
}

func isQuotedInDigest(name string) bool {
	for _, n := range [...]string{"realm", "domain", "nonce", "opaque", "qop"} {
		if field.EqualFold(n, name) {
			return true
		}
	}
	return false
}

var authDigestMD5Only = &annotate.Rule{
	ID:       "auth/digest-md5-only",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Digest with MD5 only",
	Refs:     []string{"RFC 7616 §3.2", "RFC 7616 §3.7"},
	Doc: "MD5 is for old clients and should not be the only choice, because passwords can be guessed from it quickly. " +
		"A server can send two challenges: first one for SHA-256, then one for MD5.",
	Help: "send a Digest challenge with algorithm=SHA-256 before the one with MD5",
	Bad:  []string{unauthorizedSecure(`Digest realm="shop", nonce="abc", qop="auth"`)},
	Good: []string{unauthorizedSecure(`Digest realm="shop", nonce="abc", qop="auth", algorithm=SHA-256, Digest realm="shop", nonce="abc", qop="auth", algorithm=MD5`)},
	When: annotate.When{Status: []int{401, 407}, Fields: challengeFields},
	Check: func(p *annotate.Pass) {
		line, better := -1, false
		var first field.Challenge
		eachChallenge(p, func(i int, c field.Challenge) {
			if !isScheme(c, "Digest") {
				return
			}
			if line < 0 {
				line, first = i, c
			}
			if a, ok := c.Param("algorithm"); ok && !field.HasPrefixFold(a, "MD5") {
				better = true
			}
		})
		if line >= 0 && !better {
			p.Note(challengePlace(p, line, first), "every Digest challenge uses MD5; none offers SHA-256")
		}
	},
}

var authParameterRepeated = &annotate.Rule{
	ID:       "auth/parameter-repeated",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a parameter appears twice in one challenge or one set of credentials",
	Refs:     []string{"RFC 9110 §11.2"},
	Doc:      "Each parameter may occur once. If it occurs twice, client and server may use different values, such as different realms or nonces.",
	Help:     "send the parameter once; start each challenge with its scheme",
	Bad:      []string{unauthorizedSecure(`Basic realm="shop", realm="api"`), overTLS(asked(`Authorization: Digest username="me", username="you", realm="shop", nonce="n", uri="/orders", response="r"`))},
	Good:     []string{unauthorizedSecure(`Basic realm="shop", Newauth realm="api"`)},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if f.Has(exchange.FieldWWWAuthenticate) || f.Has(exchange.FieldProxyAuthenticate) {
			noteRepeatedInChallenges(p)
		}
		for _, n := range credentialFields {
			i := p.X.Request.Fields.Index(n)
			if i < 0 || strings.IndexByte(p.X.Request.Fields.At(i).Value, ',') < 0 {
				continue
			}
			c := field.Credentials(p.X.Request.Fields.At(i).Value)
			for q := range c.Params() {
				if c.HasBefore(q) {
					p.Report(annotate.Note{Place: annotate.Span(p.RequestLine(i), q.At, q.At+len(q.Name)), Blame: annotate.ByClient,
						Message: "the " + bare(c.Scheme) + " credentials have " + bare(q.Name) + " twice"})
				}
			}
		}
	},
}

func noteRepeatedInChallenges(p *annotate.Pass) {
	eachChallenge(p, func(line int, c field.Challenge) {
		if isScheme(c, "Bearer") {
			return // auth/bearer-challenge-malformed
		}
		for q := range c.Params() {
			if c.HasBefore(q) {
				p.Note(annotate.Span(p.ResponseLine(line), q.At, q.At+len(q.Name)), "the %s challenge has %s twice", bare(c.Scheme), bare(q.Name))
			}
		}
	})
}

// credentialFields are those that hold credentials.
var credentialFields = []exchange.Name{exchange.FieldAuthorization, exchange.FieldProxyAuthorization}

var authRealmUnquoted = &annotate.Rule{
	ID:       "auth/realm-unquoted",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "realm is not in quotes",
	Refs:     []string{"RFC 9110 §11.5"},
	Doc:      "A realm must be a quoted string. Many clients accept a bare word, but cut it at the first space. Strict clients ignore the challenge.",
	Help:     `write realm="shop"`,
	Bad:      []string{unauthorizedSecure("Basic realm=shop"), unauthorizedSecure("Basic realm=My Shop")},
	Good:     []string{unauthorizedSecure(`Basic realm="shop"`)},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if f.Has(exchange.FieldWWWAuthenticate) || f.Has(exchange.FieldProxyAuthenticate) {
			eachChallenge(p, func(line int, c field.Challenge) {
				if !isScheme(c, "Digest") {
					if q, ok := looseRealm(c); ok {
						p.Note(annotate.Span(p.ResponseLine(line), q.At, q.ValueAt+len(q.Value)), "realm of the %s challenge is %s, without quotes", bare(c.Scheme), bare(q.Value))
					}
				}
			})
		}
		for _, n := range credentialFields {
			i := p.X.Request.Fields.Index(n)
			if i < 0 || field.IndexFold(p.X.Request.Fields.At(i).Value, "realm") < 0 {
				continue
			}
			if q, ok := looseRealm(field.Credentials(p.X.Request.Fields.At(i).Value)); ok {
				p.Report(annotate.Note{Place: annotate.Span(p.RequestLine(i), q.At, q.ValueAt+len(q.Value)), Blame: annotate.ByClient,
					Message: "realm of the credentials isn't in quotes"})
			}
		}
	},
}

func looseRealm(c field.Challenge) (field.Param, bool) {
	for q := range c.Params() {
		if field.EqualFold(q.Name, "realm") && q.HasValue && q.Value != "" && q.Value[0] != '"' && q.Value[0] != '\'' {
			return q, true
		}
	}
	return field.Param{}, false
}

var authWWWAuthenticateOnSuccess = &annotate.Rule{
	ID:       "auth/www-authenticate-on-success",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a successful response has a challenge",
	Refs:     []string{"RFC 9110 §11.6.1"},
	Doc: "On a 2xx or 3xx, WWW-Authenticate says that other credentials may lead to another response. Few clients expect that. " +
		"Usually the header was set for all responses by mistake.",
	Help: "send WWW-Authenticate with 401 only",
	Bad:  []string{overTLS(answered(`WWW-Authenticate: Basic realm="shop"`))},
	Good: []string{overTLS(answered("WWW-Authenticate: Negotiate oYG2MIGzoA=="))},
	When: annotate.When{Class: []int{2, 3}, Fields: challengeFields[:1]},
	Check: func(p *annotate.Pass) {
		reported := false
		for i, l := range p.X.Response.Fields.Each(exchange.FieldWWWAuthenticate) {
			for c := range field.Challenges(l.Value) {
				if !reported && c.Scheme != "" && !isFinalToken(c) {
					reported = true
					p.Note(challengePlace(p, i, c), "the %d has a %s challenge", p.X.Response.Status, bare(c.Scheme))
				}
			}
		}
	},
}

// isFinalToken reports whether a challenge is the last word of a handshake that succeeded.
func isFinalToken(c field.Challenge) bool {
	if schemeFamily(c.Scheme) != "Negotiate" && !field.HasPrefixFold(c.Scheme, "SCRAM") && !isScheme(c, "Mutual") {
		return false
	}
	for range c.Params() {
		return true
	}
	return c.Token68 != ""
}
