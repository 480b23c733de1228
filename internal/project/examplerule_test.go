package project_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate/contract"
	"sidenote/annotate/conversation"
	"sidenote/annotate/rules"
)

// TestExamplesNameRules holds what users are shown as an example of a rule to the
// rules that there are: settings, errors of files, documents.
func TestExamplesNameRules(t *testing.T) {
	var ids, topics []string
	for _, r := range slices.Concat(rules.All(), contract.Rules(), conversation.Rules()) {
		ids = append(ids, r.ID)
		if topic := r.ID[:strings.IndexByte(r.ID, '/')]; !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	id := regexp.MustCompile(`(?:^|[\s"'=\x60(])((?:` + strings.Join(topics, "|") + `)/[a-z0-9]+(?:-[a-z0-9]+)+)\b`)
	looked := 0
	everyFile(t, func(name string) {
		switch {
		case strings.HasSuffix(name, "_test.go"), strings.Contains(name, "testdata/"), strings.HasPrefix(name, "annotate/"), strings.HasPrefix(name, "docs/decisions/"):
			return
		case !slices.ContainsFunc([]string{".go", ".md", ".yaml", ".yml"}, func(end string) bool { return strings.HasSuffix(name, end) }):
			return
		}
		looked++
		for _, m := range id.FindAllStringSubmatch(read(t, name), -1) {
			if !slices.Contains(ids, m[1]) {
				t.Errorf("%s: there is no rule %s", name, m[1])
			}
		}
	})
	if looked < 100 {
		t.Errorf("only %d files were read", looked)
	}
}
