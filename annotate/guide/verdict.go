package guide

import (
	"sidenote/annotate"
	"sidenote/exchange"
)

// WithVerdicts returns the examples of a section as its topic shows them: those of
// caching say what caches may do with each response.
func (t *Topic) WithVerdicts(s *Section) []Example {
	if t.Name != cacheTopic.Name {
		return s.Examples
	}
	out := make([]Example, len(s.Examples))
	for i, e := range s.Examples {
		out[i] = e
		x, err := exchange.ParseText(e.Text)
		if err != nil {
			continue // a test parses them all
		}
		if words := annotate.CachingShown(x); words != "" {
			out[i].Says += " Verdict: " + words + "."
		}
	}
	return out
}
