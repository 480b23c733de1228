package diff

import (
	"cmp"
	"slices"
	"strings"
)

// A Level says how bad a change is for those who use a service.
type Level uint8

// The levels, in rising order.
const (
	Changed  Level = iota + 1 // something is different
	Breaking                  // clients that rely on how it was may fail
)

// String returns the level in a word.
func (l Level) String() string {
	if l == Breaking {
		return "breaking"
	}
	return "changed"
}

// A Row is one change.
type Row struct {
	Kind       Kind
	Level      Level
	Subject    string      // what changed: "header etag", "items[].price"
	Change     string      // how, as the rest of a sentence: "is gone"
	Before     string      // how it was; "" where that says nothing
	After      string      // how it is
	Counts     Counts      // in how many exchanges; zero where that is not what was counted
	Evidence   string      // what else supports it
	Operations []Operation // where; one without a method is a server
	Statuses   []string    // of the responses; none where it is not about one
}

// Counts say in how many exchanges a fact was seen, and in how many it could have been.
type Counts struct {
	Before   int `json:"before"`
	BeforeOf int `json:"before_of"`
	After    int `json:"after"`
	AfterOf  int `json:"after_of"`
}

func (c Counts) plus(d Counts) Counts {
	return Counts{c.Before + d.Before, c.BeforeOf + d.BeforeOf, c.After + d.After, c.AfterOf + d.AfterOf}
}

// A Report says what differs between two sides.
type Report struct {
	Before, After Total
	Rows          []Row // the worst first
	Seldom        int   // operations of one side alone that were seen too seldom to say why
	Unparsed      int   // bodies of JSON that could not be compared, of both sides
	Dropped       int   // exchanges and facts beyond the bounds
}

// A Total says how much a side has.
type Total struct{ Exchanges, Operations int }

// Worst is the highest level among the rows; 0 where there are none.
func (r *Report) Worst() Level {
	var worst Level
	for i := range r.Rows {
		worst = max(worst, r.Rows[i].Level)
	}
	return worst
}

// Count is how many rows have a level.
func (r *Report) Count(l Level) (n int) {
	for i := range r.Rows {
		if r.Rows[i].Level == l {
			n++
		}
	}
	return n
}

// add adds a row, or its place to one that says the same.
func (r *Report) add(row Row) {
	for i := range r.Rows {
		have := &r.Rows[i]
		if have.Kind != row.Kind || have.Level != row.Level || have.Subject != row.Subject || have.Change != row.Change || have.Before != row.Before || have.After != row.After {
			continue
		}
		have.Counts = have.Counts.plus(row.Counts)
		for _, o := range row.Operations {
			if !slices.Contains(have.Operations, o) {
				have.Operations = append(have.Operations, o)
			}
		}
		for _, s := range row.Statuses {
			if !slices.Contains(have.Statuses, s) {
				have.Statuses = append(have.Statuses, s)
			}
		}
		return
	}
	r.Rows = append(r.Rows, row)
}

func (r *Report) sort() {
	order := map[Kind]int{}
	for i, k := range Kinds() {
		order[k] = i
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		slices.SortFunc(row.Operations, func(a, b Operation) int { return cmp.Compare(a.String(), b.String()) })
		slices.Sort(row.Statuses)
	}
	slices.SortStableFunc(r.Rows, func(a, b Row) int {
		return cmp.Or(
			cmp.Compare(b.Level, a.Level),
			cmp.Compare(a.Operations[0].String(), b.Operations[0].String()),
			cmp.Compare(order[a.Kind], order[b.Kind]),
			strings.Compare(a.Subject, b.Subject),
		)
	})
}
