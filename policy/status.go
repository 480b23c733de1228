package policy

import (
	"strconv"
	"strings"

	"sidenote/internal/wording"
)

// A statusSet is what a final status may be.
type statusSet struct {
	words []string
	codes [600]bool
}

// parseStatus reads statuses: "200", "2xx" and "200-204", separated by commas.
func parseStatus(s string) (*statusSet, error) {
	set := &statusSet{}
	offset := 0
	for word := range strings.SplitSeq(s, ",") {
		trimmed := strings.TrimSpace(word)
		first, last, ok := statusRange(strings.ToLower(trimmed))
		if !ok {
			return nil, faultAt(offset+strings.Index(word, trimmed), "want statuses such as 200, 2xx or 200-204, not %q", trimmed)
		}
		for code := first; code <= last; code++ {
			set.codes[code] = true
		}
		set.words = append(set.words, trimmed)
		offset += len(word) + 1
	}
	return set, nil
}

func statusRange(s string) (first, last int, ok bool) {
	if class, isClass := strings.CutSuffix(s, "xx"); isClass {
		n, err := strconv.Atoi(class)
		return n * 100, n*100 + 99, err == nil && n >= 1 && n <= 5
	}
	from, to, isRange := strings.Cut(s, "-")
	first, err := strconv.Atoi(strings.TrimSpace(from))
	last = first
	if err == nil && isRange {
		last, err = strconv.Atoi(strings.TrimSpace(to))
	}
	return first, last, err == nil && first >= 100 && last <= 599 && first <= last
}

func (s *statusSet) has(code int) bool { return code >= 0 && code < len(s.codes) && s.codes[code] }

func (s *statusSet) String() string { return wording.Or(s.words) }
