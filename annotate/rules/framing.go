package rules

import "sidenote/annotate"

// framingRules lists the rules of this theme.
func framingRules() []*annotate.Rule {
	return []*annotate.Rule{}
}
