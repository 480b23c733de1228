package guide

import (
	"slices"

	"sidenote/annotate"
	"sidenote/exchange"
)

// Reads says which fields a rule has to do with.
type Reads struct {
	About []exchange.Name // those that its notes point at
	Other []exchange.Name // further ones that decide whether it makes a note
}

// All returns both.
func (r *Reads) All() []exchange.Name { return slices.Concat(r.About, r.Other) }

// ReadsOf finds out which fields a rule reads, in the order of their names. It
// runs the rule over its own examples, and over each of them without one of its
// fields: where the number of notes changes, the rule has read the field. The
// fields that the rule is called for are among them.
func ReadsOf(r *annotate.Rule) Reads {
	about, other := map[exchange.Name]bool{}, map[exchange.Name]bool{}
	for _, names := range [...][]exchange.Name{r.When.Fields, r.When.RequestFields, r.When.EitherFields} {
		for _, n := range names {
			other[n] = true
		}
	}
	if set, err := annotate.NewSet([]*annotate.Rule{r}, annotate.DefaultOptions(), annotate.Change{Rule: r.ID}); err == nil && r.Check != nil {
		for _, text := range slices.Concat(r.Bad, r.Good) {
			observe(set, text, about, other)
		}
	}
	var reads Reads
	for n := range about {
		reads.About = append(reads.About, n)
		delete(other, n)
	}
	for n := range other {
		reads.Other = append(reads.Other, n)
	}
	slices.Sort(reads.About)
	slices.Sort(reads.Other)
	return reads
}

// observe runs a set of one rule over an example and notes what it read.
func observe(set *annotate.Set, text string, about, other map[exchange.Name]bool) {
	x, err := exchange.ParseText(text)
	if err != nil {
		return // the tests of the rules see it
	}
	notes := set.All(x, nil)
	for _, n := range notes {
		if name := exchange.LookupName(n.Place.Field); name != 0 {
			about[name] = true
		}
	}
	for i, m := range [...]*exchange.Message{&x.Request.Message, &x.Response.Message} {
		for _, l := range m.Fields.All() {
			if l.Known == 0 || other[l.Known] {
				continue
			}
			without, _ := exchange.ParseText(text)
			[...]*exchange.Message{&without.Request.Message, &without.Response.Message}[i].Fields.Remove(l.Name)
			if len(set.All(without, nil)) != len(notes) {
				other[l.Known] = true
			}
		}
	}
}
