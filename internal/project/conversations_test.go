package project_test

import (
	"strings"
	"testing"

	"sidenote/annotate/conversation"
)

// TestConversationLimits holds the table of thresholds in docs/conversations.md
// to the one in the code.
func TestConversationLimits(t *testing.T) {
	var want, got []string
	for _, l := range conversation.AllLimits() {
		want = append(want, l.String())
	}
	for line := range strings.SplitSeq(read(t, "docs/conversations.md"), "\n") {
		if strings.HasPrefix(line, "| `") {
			got = append(got, line)
		}
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("the table of docs/conversations.md has to be\n%s", w)
	}
}
