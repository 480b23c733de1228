package project_test

import (
	"regexp"
	"testing"

	"sidenote/annotate/rules"
)

// levelRow is a row of the table of levels.
var levelRow = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+/[a-z0-9-]+)` \\| (info|warn|error) \\| ([^|]+) \\|$")

// TestLevelsAreExplained holds the levels of the loudest rules to what the
// decision says of them.
func TestLevelsAreExplained(t *testing.T) {
	levels := map[string]string{}
	for _, r := range rules.All() {
		levels[r.ID] = r.Severity.String()
	}
	rows := levelRow.FindAllStringSubmatch(read(t, "docs/decisions/0034-levels-of-rules.md"), -1)
	if len(rows) < 40 {
		t.Errorf("%d rules are explained, want at least 40", len(rows))
	}
	for _, row := range rows {
		switch is, known := levels[row[1]]; {
		case !known:
			t.Errorf("there is no rule %s", row[1])
		case is != row[2]:
			t.Errorf("%s is %s, and the table says %s", row[1], is, row[2])
		}
	}
}
