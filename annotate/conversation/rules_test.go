package conversation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/conversation"
	"sidenote/exchange"
)

// everything has every rule on with its own severity.
func everything() map[string]annotate.Severity {
	return conversation.Severities(annotate.Change{Rule: "*"})
}

func parse(t *testing.T, text string) []*exchange.Exchange {
	t.Helper()
	all, err := exchange.ParseTexts(text)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return all
}

// told runs all rules over exchanges in their order, and returns the notes.
func told(o conversation.Options, all []*exchange.Exchange) (found []conversation.Found) {
	s := conversation.NewState(o, everything())
	step := func(_ *exchange.Exchange, f []conversation.Found) { found = append(found, f...) }
	for _, x := range all {
		s.Add(x, step)
	}
	s.Flush(step)
	return found
}

func ended(all []*exchange.Exchange) []*exchange.Exchange {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *exchange.Exchange) int {
		return a.Started.Add(a.Timing.Done).Compare(b.Started.Add(b.Timing.Done))
	})
	return all
}

func ids(found []conversation.Found) (ids []string) {
	for _, f := range found {
		ids = append(ids, f.Note.Rule.ID)
	}
	slices.Sort(ids)
	return ids
}

// also reads the rules that an example names in lines "# also ID".
func also(text string) (ids []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if id, ok := strings.CutPrefix(line, "# also "); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestExamples runs all rules over each rule's conversations: a bad one has
// exactly one note of the rule, and those that it names; a good one none of the
// rule, and no other at warn or above.
func TestExamples(t *testing.T) {
	for _, r := range conversation.All() {
		t.Run(r.ID, func(t *testing.T) {
			for i, text := range r.Bad {
				want := append(also(text), r.ID)
				slices.Sort(want)
				if got := ids(told(conversation.Options{}, ended(parse(t, text)))); !slices.Equal(got, want) {
					t.Errorf("Bad[%d] has %q, want %q\n%s", i, got, want, text)
				}
			}
			for i, text := range r.Good {
				for _, f := range told(conversation.Options{}, ended(parse(t, text))) {
					if f.Note.Severity > annotate.Info || f.Note.Rule.ID == r.ID {
						t.Errorf("Good[%d] has %s: %s\n%s", i, f.Note.Rule.ID, f.Note.Message, text)
					}
				}
			}
			if len(r.Bad) < 2 || len(r.Good) == 0 {
				t.Errorf("%d bad and %d good conversations", len(r.Bad), len(r.Good))
			}
		})
	}
}

func lines(found []conversation.Found) (all []string) {
	for _, f := range found {
		line := fmt.Sprintf("%s %s %s %s %v", f.X.ID, f.Note.Rule.ID, f.Note.Severity, f.Note.Message, f.Note.Place)
		for _, r := range f.Note.Related {
			line += fmt.Sprintf(" [%s %s %v %s]", r.Exchange, r.Role, r.At, r.What)
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

// TestAnyOrder: a capture says the same in whatever order its exchanges stand as
// the live traffic does, whose exchanges come as they end.
func TestAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, r := range conversation.All() {
		for i, text := range slices.Concat(r.Bad, r.Good) {
			all := parse(t, text)
			want := lines(told(conversation.Options{}, ended(all)))
			for range 5 {
				random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				if got := lines(told(conversation.Options{Hold: true}, all)); !slices.Equal(got, want) {
					t.Fatalf("%s example %d\nin another order\n  %s\nlive\n  %s", r.ID, i, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
				}
			}
		}
	}
}

// TestMessages prints what the rules say, for reading.
func TestMessages(t *testing.T) {
	for _, r := range conversation.All() {
		for _, text := range r.Bad {
			for _, f := range told(conversation.Options{}, ended(parse(t, text))) {
				if f.Note.Rule.ID == r.ID {
					t.Logf("%s %s: %s", f.Note.Severity, r.ID, f.Note.Message)
				}
			}
		}
	}
}
