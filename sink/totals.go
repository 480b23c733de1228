package sink

import (
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/internal/wording"
)

// totals are what the summary line counts.
type totals struct {
	exchanges     int
	classes       [6]int // by first digit of the status; 0 for any other
	inside        int    // successes that say that the call failed
	failed        int    // the other side never answered
	errors, warns int    // notes that count
	accepted      int    // notes that a baseline accepts
}

// class counts an exchange by the class of its status.
func (t *totals) class(a *annotate.Annotated) {
	switch c := a.X.Response.Class(); {
	case annotate.ClassOf(a.X) == annotate.ClassNone:
		t.failed++
	case c >= 1 && c < len(t.classes):
		t.classes[c]++
	default:
		t.classes[0]++
	}
	if a.X.Effective().IsInside() {
		t.inside++
	}
}

func (t *totals) add(a *annotate.Annotated) {
	if !a.Late {
		t.exchanges++
		t.class(a)
	}
	for i := range a.Notes {
		switch n := &a.Notes[i]; {
		case n.Accepted != "":
			t.accepted++
		case n.Severity == annotate.Error:
			t.errors++
		case n.Severity == annotate.Warn:
			t.warns++
		}
	}
}

// String returns "-- 212 exchanges: 198 2xx, 9 4xx, 1 failed; 3 errors, 9 warnings".
func (t *totals) String() string {
	var parts []string
	for class, n := range t.classes {
		switch {
		case n == 0:
		case class == 0:
			parts = append(parts, strconv.Itoa(n)+" other")
		case class == 2 && t.inside > 0:
			parts = append(parts, strconv.Itoa(n)+" 2xx ("+strconv.Itoa(t.inside)+" with an error inside)")
		default:
			parts = append(parts, strconv.Itoa(n)+" "+strconv.Itoa(class)+"xx")
		}
	}
	if t.failed > 0 {
		parts = append(parts, strconv.Itoa(t.failed)+" failed")
	}
	s := "-- " + wording.Count(t.exchanges, "exchange")
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	s += "; " + wording.Count(t.errors, "error") + ", " + wording.Count(t.warns, "warning")
	if t.accepted > 0 {
		s += ", " + strconv.Itoa(t.accepted) + " accepted"
	}
	return s
}
