package project_test

import (
	"regexp"
	"strings"
	"testing"
)

// controlTest finds the test for control characters other than the tab, which
// field.IsControl has.
var controlTest = regexp.MustCompile(`< ' ' && \S+ != '\\t' \|\| \S+ == 0x7f`)

// escape finds a sequence that colours text, which sink.Terminal writes.
var escape = regexp.MustCompile(`\\x1b\[["0-9]`)

func TestKnowledgeThatHasAPlace(t *testing.T) {
	if !controlTest.MatchString(`c < ' ' && c != '\t' || c == 0x7f`) || !escape.MatchString(`"\x1b["`) {
		t.Error("this test cannot fail")
	}
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		text := read(t, f.name)
		if f.name != "exchange/field/control.go" && controlTest.MatchString(text) {
			t.Errorf("%s tests for control characters: ask field.IsControl", f.name)
		}
		if f.name != "sink/color.go" && escape.MatchString(text) {
			t.Errorf("%s writes an escape sequence: use sink.Terminal.Append", f.name)
		}
	}
}
