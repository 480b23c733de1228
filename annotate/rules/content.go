package rules

import "sidenote/annotate"

// contentRules lists the rules of this theme.
func contentRules() []*annotate.Rule {
	return []*annotate.Rule{}
}
