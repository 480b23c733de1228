package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Compare says what b does otherwise than a. noise are further runs of the version
// of a: what differs between them, and from a, tells nothing about b. The sides
// must get no further exchanges.
func Compare(a, b *Side, noise ...*Side) *Report {
	c := newComparison(a, b, noise)
	c.calls()
	for _, o := range c.operations {
		before, after := c.a[o], c.b[o]
		if before == nil || after == nil {
			continue
		}
		if o.Method != "" {
			c.statuses(o, before, after)
		}
		for _, status := range keys(before.groups) {
			if g := after.groups[status]; g != nil {
				c.groups(o, status, before.groups[status], g)
			}
		}
	}
	c.times()
	c.report.sort()
	return c.report
}

// A comparison is two sides whose operations have the same names.
type comparison struct {
	a, b       map[Operation]*observed
	noise      []map[Operation]*observed // further runs of the version of a
	operations []Operation               // of either side, in order
	report     *Report
}

func newComparison(a, b *Side, noise []*Side) *comparison {
	n := namer{}
	sides := append([]*Side{a, b}, noise...)
	for _, s := range sides {
		for o := range s.operations {
			n.learn(o)
		}
	}
	c := &comparison{a: a.named(n), b: b.named(n), report: &Report{}}
	for _, s := range noise {
		c.noise = append(c.noise, s.named(n))
	}
	all := map[Operation]bool{}
	for _, side := range []map[Operation]*observed{c.a, c.b} {
		for o := range side {
			all[o] = true
		}
	}
	c.operations = slices.SortedFunc(maps.Keys(all), func(x, y Operation) int {
		return cmp.Or(cmp.Compare(x.Host, y.Host), cmp.Compare(x.Route, y.Route), cmp.Compare(x.Method, y.Method))
	})
	c.report.Before, c.report.After = a.total(c.a), b.total(c.b)
	c.report.Unparsed = a.unparsed + b.unparsed
	c.report.Dropped = a.dropped + b.dropped
	return c
}

func (s *Side) total(named map[Operation]*observed) Total {
	t := Total{Exchanges: s.exchanges}
	for o := range named {
		if o.Method != "" {
			t.Operations++
		}
	}
	return t
}

// isSignificant reports whether something that was seen in x of n exchanges, and in
// none of m others, is there because of something else than chance: always there
// in one and never in the other, or too often for chance.
func isSignificant(x, n, m int) bool {
	return x > 0 && (x == n || fisher(x, n, 0, m) < chance)
}

// statuses compares how often each status came.
func (c *comparison) statuses(o Operation, a, b *observed) {
	count := func(seen *observed, status string) int {
		if g := seen.groups[status]; g != nil {
			return g.exchanges
		}
		return 0
	}
	old := []*observed{a} // every run of the old version
	for _, side := range c.noise {
		if seen := side[o]; seen != nil {
			old = append(old, seen)
		}
	}
	all := map[string]bool{}
	for _, seen := range []*observed{a, b} {
		for s := range seen.groups {
			all[s] = true
		}
	}
	var fresh, gone, shifted []string
	for _, s := range keys(all) {
		x, n, y := 0, 0, count(b, s)
		for _, seen := range old {
			x, n = x+count(seen, s), n+seen.exchanges
		}
		switch {
		case x == 0 && (isFailure(s) || isSignificant(y, b.exchanges, n)):
			fresh = append(fresh, s)
		case y == 0 && isSignificant(x, n, b.exchanges):
			gone = append(gone, s)
		case count(a, s) > 0 && y > 0 && fisher(x, n, y, b.exchanges) < chance:
			shifted = append(shifted, s)
		}
	}
	row := func(subject, change, before, after string, counts Counts, level Level) {
		c.report.add(Row{Kind: KindStatus, Level: level, Subject: subject, Change: change, Before: before, After: after, Counts: counts, Operations: []Operation{o}})
	}
	counts := func(s string) Counts { return Counts{count(a, s), a.exchanges, count(b, s), b.exchanges} }
	if len(fresh) == 1 && len(gone) == 1 {
		row("status", "changed", gone[0], fresh[0], counts(fresh[0]), statusLevel(gone, fresh))
		return
	}
	for _, s := range fresh {
		row("status "+s, "is new", "", "", counts(s), statusLevel(nil, []string{s}))
	}
	for _, s := range gone {
		row("status "+s, "is gone", "", "", counts(s), statusLevel([]string{s}, nil))
	}
	if len(fresh)+len(gone) > 0 {
		return
	}
	for _, s := range shifted {
		x, y := share(count(a, s), a.exchanges), share(count(b, s), b.exchanges)
		level := Changed
		if !isSuccess(s) && count(b, s)*a.exchanges > count(a, s)*b.exchanges {
			level = Breaking
		}
		row("status "+s, "comes more or less often", x, y, counts(s), level)
	}
}

// isFailure reports whether a status is one that is told of however seldom it is:
// 5xx, errors inside of a success, and codes of failures, which are no numbers.
func isFailure(status string) bool { return status >= "5" || isInside(status) }

func isSuccess(status string) bool { return status < "4" && !isInside(status) }

// isInside reports whether a status is that of a success with an error inside.
func isInside(status string) bool { return strings.Contains(status, "(") }

func statusLevel(gone, fresh []string) Level {
	for _, s := range fresh {
		if !isSuccess(s) {
			return Breaking
		}
	}
	for _, s := range gone {
		if isSuccess(s) {
			return Breaking
		}
	}
	return Changed
}

func share(x, n int) string {
	percent := 100 * float64(x) / float64(max(n, 1))
	if percent > 0 && percent < 10 {
		return fmt.Sprintf("%.1f%%", percent)
	}
	return fmt.Sprintf("%.0f%%", percent)
}

// groups compares the exchanges of an operation that have one status.
func (c *comparison) groups(o Operation, status string, a, b *group) {
	c.report.Dropped += a.dropped + b.dropped
	things := mapsOf(a, b)
	retyped := map[[2]string]bool{} // paths in JSON at which there are values of another type
	for _, k := range factsOfBoth(a, b) {
		at := [2]string{string(k.kind), k.name}
		switch {
		case k.aspect == objects, k.aspect == member && things[[2]string{string(k.kind), k.parent}]:
		case (k.aspect == form || k.aspect == words || k.aspect == filled) && retyped[at]: // which is said already
		default:
			if c.fact(o, status, k, a, b) && k.aspect == types {
				retyped[at] = true
			}
		}
	}
}

// factsOfBoth are the facts of either group, the types of JSON before what else is
// known of its values.
func factsOfBoth(a, b *group) []factKey {
	all := map[factKey]bool{}
	for _, g := range []*group{a, b} {
		for k := range g.facts {
			all[k] = true
		}
	}
	first := func(k factKey) int {
		if k.aspect == types {
			return 0
		}
		return 1
	}
	return slices.SortedFunc(maps.Keys(all), func(x, y factKey) int {
		return cmp.Or(cmp.Compare(first(x), first(y)), cmp.Compare(x.kind, y.kind), cmp.Compare(x.name, y.name), cmp.Compare(x.aspect, y.aspect), cmp.Compare(x.parent, y.parent))
	})
}

// mapsOf finds objects with so many members that these are names of things.
func mapsOf(sides ...*group) map[[2]string]bool {
	members := map[[2]string]int{}
	for _, g := range sides {
		for k := range g.facts {
			if k.aspect == member {
				members[[2]string{string(k.kind), k.parent}]++
			}
		}
	}
	maps := map[[2]string]bool{}
	for at, n := range members {
		if n > mostMembers*len(sides) {
			maps[at] = true
		}
	}
	return maps
}

// of is in how many exchanges of a group a fact could have been.
func (g *group) of(k factKey) int {
	switch k.aspect {
	case presence:
		return g.exchanges
	case member:
		if c := g.facts[factKey{kind: k.kind, aspect: objects, name: k.parent}]; c != nil {
			return c.of
		}
		return 0
	}
	if c := g.facts[k]; c != nil {
		return c.of
	}
	return 0
}

// fact compares one fact, and reports whether it differs.
func (c *comparison) fact(o Operation, status string, k factKey, a, b *group) bool {
	n, m := a.of(k), b.of(k)
	if n == 0 || m == 0 || min(n, m) < k.least() {
		return false
	}
	if c.isTooRare(o, k, n, m) {
		return false
	}
	blur := isMany(k, a.facts[k]) || isMany(k, b.facts[k])
	x, y := valuesOf(k, a.facts[k], n, blur), valuesOf(k, b.facts[k], m, blur)
	if x == nil || y == nil {
		return false
	}
	d := delta{key: k, before: n, after: m, x: x, y: y}
	old, of, unsteady := c.pooled(o, status, k, x, n, blur)
	for _, v := range union(x, y) {
		switch {
		case old[v] == 0 && isSignificant(y[v], m, of):
			d.fresh = append(d.fresh, v)
		case y[v] == 0 && x[v] > 0 && !unsteady[v] && isSignificant(old[v], of, m):
			d.gone = append(d.gone, v)
		case v == always && x[v] == n && old[v] == of && y[there] > 0 && fisher(old[v], of, y[v], m) < chance:
			d.gone = append(d.gone, v) // it was in each object, and is in most
		}
	}
	if len(d.fresh)+len(d.gone) == 0 || d.alike() || d.isNullAlone() && min(n, m) < leastNulls {
		return false
	}
	row := d.row()
	row.Operations = []Operation{o}
	if status != "" {
		row.Statuses = []string{status}
	}
	c.report.add(row)
	return true
}

// isTooRare reports whether a fact could be in so few of many exchanges, on one side,
// that it tells nothing whether it was. Where there are but few exchanges in all,
// they have to tell.
func (c *comparison) isTooRare(o Operation, k factKey, n, m int) bool {
	const few, many = 3, 10
	return k.kind != KindTLS && min(n, m) < few && (n < few && c.a[o].exchanges >= many || m < few && c.b[o].exchanges >= many)
}

// pooled adds what further runs of the old version have of a fact to x of n.
// Unsteady are the values that one of these runs lacks.
func (c *comparison) pooled(o Operation, status string, k factKey, x map[string]int, n int, blur bool) (values map[string]int, of int, unsteady map[string]bool) {
	if len(c.noise) == 0 {
		return x, n, nil
	}
	values, of, unsteady = maps.Clone(x), n, map[string]bool{}
	for _, side := range c.noise {
		seen := side[o]
		if seen == nil || seen.groups[status] == nil {
			continue
		}
		g := seen.groups[status]
		n := g.of(k)
		seenHere := valuesOf(k, g.facts[k], n, blur)
		for v, count := range seenHere {
			values[v] += count
		}
		for v := range x {
			unsteady[v] = unsteady[v] || n > 0 && seenHere[v] == 0
		}
		of += n
	}
	return values, of, unsteady
}

// least is how many exchanges each side needs for a fact to be compared at all,
// since with fewer it may be so by chance.
func (k factKey) least() int {
	switch k.aspect {
	case words, form:
		return 5
	case filled:
		return 3
	}
	return 1
}

// leastNulls is how many exchanges each side needs where a value became null, or
// never is any more: one value that can be null may happen to be.
const leastNulls = 4

func (d *delta) isNullAlone() bool {
	return d.key.aspect == types && (slices.Contains(d.fresh, "null") || slices.Contains(d.gone, "null"))
}

func union(a, b map[string]int) []string {
	all := map[string]bool{}
	for v := range a {
		all[v] = true
	}
	for v := range b {
		all[v] = true
	}
	return keys(all)
}
