package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// authDPoPRules lists the rules on proofs of possession (RFC 9449) and on where
// a protected resource describes itself (RFC 9728).
func authDPoPRules() []*annotate.Rule {
	return []*annotate.Rule{
		authDPoPNonceMissing,
		authDPoPProofMissing,
		authResourceMetadataInvalid,
	}
}

var authDPoPNonceMissing = &annotate.Rule{
	ID:       "auth/dpop-nonce-missing",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the server asks for a nonce and doesn't send one",
	Refs:     []string{"RFC 9449 §8", "RFC 9449 §9"},
	Doc: "use_dpop_nonce tells the client to create its proof again with the nonce in DPoP-Nonce. " +
		"The response lacks that header, so the client can only repeat the request and fail again.",
	Help: "send DPoP-Nonce with the challenge",
	Bad:  []string{unauthorizedSecure(`DPoP error="use_dpop_nonce"`)},
	Good: []string{strings.Replace(unauthorizedSecure(`DPoP error="use_dpop_nonce"`), "< Content-Type", "< DPoP-Nonce: eyJ7S_zG\n< Content-Type", 1)},
	When: annotate.When{Class: []int{4}, Fields: challengeFields},
	Check: func(p *annotate.Pass) {
		if p.X.Response.Fields.Has(exchange.FieldDPoPNonce) {
			return
		}
		eachChallenge(p, func(line int, c field.Challenge) {
			if e, _ := c.Param("error"); isScheme(c, "DPoP") && e == "use_dpop_nonce" {
				p.Note(challengePlace(p, line, c), "the challenge has error=\"use_dpop_nonce\", but the response lacks DPoP-Nonce")
			}
		})
	},
}

var authDPoPProofMissing = &annotate.Rule{
	ID:       "auth/dpop-proof-missing",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "a DPoP token without a proof",
	Refs:     []string{"RFC 9449 §7.1"},
	Doc: "A token with the scheme DPoP is bound to a key. Each request must prove in the DPoP header that the client has the key. " +
		"Without the proof the server answers 401.",
	Help: "send a proof in DPoP with each request",
	Bad:  []string{overTLS(asked("Authorization: DPoP Kz8A"))},
	Good: []string{overTLS(asked("Authorization: DPoP Kz8A", "DPoP: eyJ0eXAi.eyJqdGki.Lr1v")), overTLS(asked("Authorization: Bearer Kz8A"))},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldAuthorization}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if v := f.Value(exchange.FieldAuthorization); field.HasPrefixFold(v, "DPoP ") && !f.Has(exchange.FieldDPoP) {
			p.Note(p.RequestField(exchange.FieldDPoP), "Authorization has a DPoP token, but the request lacks the DPoP header with the proof")
		}
	},
}

var authResourceMetadataInvalid = &annotate.Rule{
	ID:       "auth/resource-metadata-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "resource_metadata is not an https URL",
	Refs:     []string{"RFC 9728 §5.1", "RFC 9728 §1.2"},
	Doc: "resource_metadata leads clients, such as MCP clients, to the document that names the authorization servers. It must be an absolute https URL. " +
		"Clients don't follow anything else, so the user can't log in.",
	Help: `send resource_metadata="https://api.example/.well-known/oauth-protected-resource"`,
	Bad:  []string{unauthorizedSecure(`Bearer resource_metadata="/.well-known/oauth-protected-resource"`), unauthorizedSecure(`Bearer resource_metadata="http://shop.test/.well-known/oauth-protected-resource"`)},
	Good: []string{unauthorizedSecure(`Bearer resource_metadata="https://shop.test/.well-known/oauth-protected-resource"`), unauthorizedSecure(`Bearer resource_metadata="http://localhost:3000/.well-known/oauth-protected-resource"`)},
	When: annotate.When{Fields: challengeFields},
	Check: func(p *annotate.Pass) {
		eachChallenge(p, func(line int, c field.Challenge) {
			for q := range c.Params() {
				if !field.EqualFold(q.Name, "resource_metadata") {
					continue
				}
				v := field.Unquote(q.Value)
				u, err := field.ParseURI(v)
				if exchange.IsRedacted(v) || err == nil && field.EqualFold(u.Scheme, "https") && u.Host != "" || err == nil && field.EqualFold(u.Scheme, "http") && isTrustworthyHost(u.Hostname()) {
					continue
				}
				p.Note(annotate.Span(p.ResponseLine(line), q.At, q.ValueAt+len(q.Value)), "resource_metadata is %s; it must be an absolute https URL", quoted(v))
			}
		})
	},
}
