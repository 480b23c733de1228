package annotate

import (
	"fmt"
	"strings"

	"sidenote/exchange"
	"sidenote/internal/wording"
)

// A Silence counts the exchanges on which rules had to be silent, because what
// they read was not recorded. The zero value has counted none.
type Silence struct {
	exchanges int
	unmet     [len(needs)]int // exchanges, for each need
}

// Add counts one exchange.
func (s *Silence) Add(x *exchange.Exchange) {
	s.exchanges++
	n := Unmet(x)
	for i := range needs {
		if n&needs[i].needs != 0 {
			s.unmet[i]++
		}
	}
}

// Sentences says which of the rules given were silent and why: a sentence for
// those that were on every exchange, and one for those that were on some.
func (s *Silence) Sentences(rules []*Rule) (all []string) {
	always, sometimes, most := Needs(0), Needs(0), 0
	for i, n := range s.unmet {
		switch {
		case n == 0:
		case n == s.exchanges:
			always |= needs[i].needs
		default:
			sometimes |= needs[i].needs
			most = max(most, n)
		}
	}
	if n, why := silent(rules, always, 0); n > 0 {
		all = append(all, fmt.Sprintf("%s silent; not recorded: %s", were(n, len(rules)), why))
	}
	if n, why := silent(rules, sometimes, always); n > 0 {
		all = append(all, fmt.Sprintf("%s silent on up to %d of %s; not recorded of them: %s", were(n, len(rules)), most, wording.Count(s.exchanges, "exchange"), why))
	}
	return all
}

// silent counts the rules that need any of what is missing and nothing of what is
// told of already, and says what each number of them needs.
func silent(rules []*Rule, missing, told Needs) (n int, why string) {
	for _, r := range rules {
		if r.Needs&missing != 0 && r.Needs&told == 0 {
			n++
		}
	}
	var reasons []string
	for i := range needs {
		k := 0
		for _, r := range rules {
			if r.Needs&missing&needs[i].needs != 0 && r.Needs&told == 0 {
				k++
			}
		}
		if k > 0 {
			reasons = append(reasons, fmt.Sprintf("%s (%d)", needs[i].words, k))
		}
	}
	return n, strings.Join(reasons, ", ")
}

func were(n, of int) string {
	if n == 1 {
		return fmt.Sprintf("1 of %d rules was", of)
	}
	return fmt.Sprintf("%d of %d rules were", n, of)
}
