package policy

import "slices"

// Keys lists every key of a policy.
func Keys() []string {
	return slices.Concat(policyKeys(), expectationKeys(), valueKeys(), budgetNames())
}
