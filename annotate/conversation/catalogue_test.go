package conversation_test

import (
	"testing"

	"sidenote/annotate/conversation"
)

// rulesOfSeveral is how many rules over several exchanges were planned, and
// leftOut says why some of them are not here.
const rulesOfSeveral = 82

var leftOut = map[string]string{
	"traffic/unsafe-get-suspected": "one exchange is enough to see it: it is no rule over several",
}

// TestEveryPlannedRule: each planned rule is there, or has a reason.
func TestEveryPlannedRule(t *testing.T) {
	all := conversation.All()
	for _, r := range all {
		if reason := leftOut[r.ID]; reason != "" {
			t.Errorf("%s is there, and left out since %s", r.ID, reason)
		}
	}
	if n := len(all) + len(leftOut); n != rulesOfSeveral {
		t.Errorf("%d rules and reasons, want %d", n, rulesOfSeveral)
	}
}

// TestLimitsAreOfRules: each threshold is of a rule that there is.
func TestLimitsAreOfRules(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range conversation.All() {
		ids[r.ID] = true
	}
	for _, l := range conversation.AllLimits() {
		if !ids[l.Rule] {
			t.Errorf("%s is of %s, which there is not", l.Name, l.Rule)
		}
	}
}
