// Package rules holds the rules, each one literal value, in one file per
// status code, field or theme.
package rules

import (
	"slices"

	"sidenote/annotate"
)

// All lists every rule, by theme. Each theme's list stands beside its rules; a
// test fails when a rule of this package is missing from them. Those that
// compare with an OpenAPI description are in package contract.
//
// Of the rules that the catalogue has for one exchange, these are left out:
//
//   - cache/cacheability-verdict says who may store a response and for how
//     long, which is a property of every response and no finding.
//   - status/explained is the classification (annotate.LookupStatus), which
//     every exchange gets.
//   - framing/response-without-request is about octets that no request asked
//     for. They belong to no exchange: net/http closes the connection that they
//     come on, and nothing is recorded of them.
//   - h2/pseudo-field-invalid and h2/uppercase-field judge the field block
//     before a library decodes it. The libraries that sidenote stands on refuse
//     such a block before anybody can record it; the exchange then has the note
//     failure/h2-protocol-error.
func All() []*annotate.Rule {
	return slices.Concat(
		statusRules(),
		syntaxRules(),
		h2Rules(),
		linkRules(),
		reportingRules(),
		timingRules(),
		tlsRules(), tlsReachRules(),
		failureRules(),
		redirectRules(),
		authRules(),
		conditionalRules(),
		rangeRules(),
		framingRules(),
		contentRules(),
		cacheRules(),
		deprecatedRules(),
		encodingRules(),
		intermediaryRules(),
		negotiationRules(),
		cookieRules(),
		corsRules(),
		securityRules(),
		contentQueryRules(),
		contentUploadRules(),
		authDPoPRules(),
		mcpRules(),
		webSocketRules(), eventRules(), grpcRules(),
		vendorRules(),
	)
}
