// Package rules holds the rules, each one literal value, in one file per
// status code, field or theme.
package rules

import (
	"slices"

	"sidenote/annotate"
)

// All lists every rule, by theme. Each theme's list stands beside its rules; a
// test fails when a rule of this package is missing from them.
func All() []*annotate.Rule {
	return slices.Concat(
		statusRules(),
		syntaxRules(),
		h2Rules(),
		linkRules(),
		reportingRules(),
		timingRules(),
		tlsRules(),
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
	)
}
