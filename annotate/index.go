package annotate

import (
	"math/bits"
	"slices"

	"sidenote/exchange"
)

// An index finds the rules worth calling for an exchange. Rules are bits, in
// the order in which they were given, and each condition of a When is a set of
// them, so that an exchange costs by the fields that it has and not by the
// rules that there are.
type index struct {
	entries []entry
	words   int // of a bit set of the entries

	status     []uint64 // bit sets by status: row 0 without a final response, then 1-599, then all others
	response   fieldRows
	request    fieldRows
	anyField   []uint64 // rules that no field is wanted for
	methods    []methodRow
	anyMethod  []uint64 // rules for every method
	conditions []conditionRow
}

// An entry is a rule with all that a run needs of it.
type entry struct {
	rule     *Rule
	severity Severity
	request  *exchange.NameMask // wanted beside a field of the response; nil for none
}

// statusRows is how many rows the status has: 0 to 599 and one for all others.
const statusRows = 601

// nameRows is how many rows the names have: one for each that a mask has room for.
const nameRows = 64 * len(exchange.NameMask{})

// fieldRows are the rules that each field of a message makes worth calling.
type fieldRows struct {
	wanted exchange.NameMask
	rules  []uint64 // a bit set for each known name
}

type methodRow struct {
	method string
	rules  []uint64
}

type conditionRow struct {
	*Condition
	rules []uint64
	from  int // where the first word of rules stands that is not 0
}

func newIndex(entries []entry) *index {
	ix := &index{entries: entries, words: (len(entries) + 63) / 64}
	ix.status = make([]uint64, statusRows*ix.words)
	ix.anyField, ix.anyMethod = ix.newSet(), ix.newSet()
	ix.response.rules = make([]uint64, nameRows*ix.words)
	ix.request.rules = make([]uint64, nameRows*ix.words)
	for i := range entries {
		ix.addStatus(i)
		ix.addFields(i)
		ix.addMethods(i)
		ix.addConditions(i)
	}
	for _, m := range ix.methods {
		for w := range m.rules {
			m.rules[w] |= ix.anyMethod[w]
		}
	}
	for i := range ix.conditions {
		ix.conditions[i].trim()
	}
	return ix
}

func (ix *index) newSet() []uint64 { return make([]uint64, ix.words) }

// row is the n-th bit set of a slice of them.
func (ix *index) row(sets []uint64, n int) []uint64 {
	return sets[n*ix.words : (n+1)*ix.words]
}

func put(set []uint64, i int) { set[i/64] |= 1 << (i % 64) }

func (ix *index) addStatus(i int) {
	w := &ix.entries[i].rule.When
	anyStatus := len(w.Status) == 0 && len(w.Class) == 0
	if w.Always || w.Failed {
		put(ix.row(ix.status, 0), i)
	}
	for code := 1; code < statusRows; code++ {
		known := code < statusRows-1
		if anyStatus || known && (slices.Contains(w.Status, code) || slices.Contains(w.Class, code/100)) {
			put(ix.row(ix.status, code), i)
		}
	}
}

func (ix *index) addFields(i int) {
	e := &ix.entries[i]
	w := &e.rule.When
	switch {
	case len(w.Fields) > 0:
		ix.want(&ix.response, w.Fields, i)
		if len(w.RequestFields) > 0 {
			m := exchange.MaskOf(w.RequestFields...)
			e.request = &m
		}
	case len(w.RequestFields) > 0:
		ix.want(&ix.request, w.RequestFields, i)
	case len(w.EitherFields) > 0:
		ix.want(&ix.request, w.EitherFields, i)
		ix.want(&ix.response, w.EitherFields, i)
	default:
		put(ix.anyField, i)
	}
}

func (ix *index) want(rows *fieldRows, names []exchange.Name, i int) {
	for _, n := range names {
		put(ix.row(rows.rules, int(n)), i)
		rows.wanted.Put(n)
	}
}

func (ix *index) addMethods(i int) {
	methods := ix.entries[i].rule.When.Methods
	if len(methods) == 0 {
		put(ix.anyMethod, i)
	}
	for _, m := range methods {
		k := slices.IndexFunc(ix.methods, func(r methodRow) bool { return r.method == m })
		if k < 0 {
			k = len(ix.methods)
			ix.methods = append(ix.methods, methodRow{m, ix.newSet()})
		}
		put(ix.methods[k].rules, i)
	}
}

func (ix *index) addConditions(i int) {
	for _, c := range ix.entries[i].rule.When.If {
		k := slices.IndexFunc(ix.conditions, func(r conditionRow) bool { return r.Condition == c })
		if k < 0 {
			k = len(ix.conditions)
			ix.conditions = append(ix.conditions, conditionRow{Condition: c, rules: ix.newSet()})
		}
		put(ix.conditions[k].rules, i)
	}
}

// trim leaves out the words at both ends that have no rule.
func (c *conditionRow) trim() {
	end := len(c.rules)
	for c.rules[c.from] == 0 {
		c.from++
	}
	for c.rules[end-1] == 0 {
		end--
	}
	c.rules = c.rules[c.from:end]
}

// worthCalling is the set of the rules whose When holds, except for the request
// field that an entry wants beside one of the response. It is valid until the
// next call with the same pass.
func (ix *index) worthCalling(p *Pass, status int) []uint64 {
	if cap(p.found) < ix.words {
		p.found = make([]uint64, ix.words)
	}
	found := p.found[:ix.words]
	copy(found, ix.anyField)
	ix.response.merge(found, &p.X.Response.Fields)
	ix.request.merge(found, &p.X.Request.Fields)
	byStatus := ix.row(ix.status, statusRow(status))
	byMethod := ix.byMethod(p.X.Request.Method)
	for w := range found {
		found[w] &= byStatus[w] & byMethod[w]
	}
	for i := range ix.conditions {
		c := &ix.conditions[i]
		asking := found[c.from:][:len(c.rules)]
		if intersect(asking, c.rules) && !c.Holds(p) {
			for w := range asking {
				asking[w] &^= c.rules[w]
			}
		}
	}
	return found
}

func statusRow(status int) int {
	if status < 0 || status >= statusRows-1 {
		return statusRows - 1
	}
	return status
}

// merge adds the rules that the fields of a message make worth calling.
func (r *fieldRows) merge(found []uint64, f *exchange.Fields) {
	for n := range f.Present(&r.wanted) {
		rules := r.rules[int(n)*len(found):][:len(found)]
		for w := range found {
			found[w] |= rules[w]
		}
	}
}

func (ix *index) byMethod(method string) []uint64 {
	for i := range ix.methods {
		if ix.methods[i].method == method {
			return ix.methods[i].rules
		}
	}
	return ix.anyMethod
}

func intersect(a, b []uint64) bool {
	for w := range a {
		if a[w]&b[w] != 0 {
			return true
		}
	}
	return false
}

// run calls the rules worth calling, except for those that need what the
// exchange lacks, and notes what they find.
func (ix *index) run(p *Pass, status int) {
	for w, found := range ix.worthCalling(p, status) {
		for ; found != 0; found &= found - 1 {
			e := &ix.entries[w*64+bits.TrailingZeros64(found)]
			if e.request != nil && !p.X.Request.Fields.HasAny(e.request) || p.not != 0 && e.rule.Needs&p.not != 0 {
				continue
			}
			p.call(e)
		}
	}
}
