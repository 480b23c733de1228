package diff

import (
	"slices"
	"strings"
)

// mostChosen is how many words a string or a field may have to be taken for one of
// a few that a program chooses from.
const mostChosen = 8

// valuesOf returns in how many of n exchanges each value of a fact was seen, as it
// is compared; nil for a fact that is not compared. blur leaves out what differs
// between many values.
func valuesOf(k factKey, c *count, n int, blur bool) map[string]int {
	if c == nil {
		return map[string]int{}
	}
	if k.aspect == words && (c.other > 0 || c.values[shapeText] > 0 || len(c.values) > mostChosen || len(c.values)*3 > n) {
		return nil
	}
	if !blur {
		return c.values
	}
	values := blurred(c.values, n)
	if len(values) > mostChosen {
		return nil // any text
	}
	return values
}

// isMany reports whether a fact has so many values that they are compared by what
// they have in common, on both sides.
func isMany(k factKey, c *count) bool {
	return c != nil && k.aspect == value && (len(c.values) > mostChosen || c.other > 0)
}

// blurred takes words for any text and digits for any number, since there are too
// many of them.
func blurred(values map[string]int, n int) map[string]int {
	out := map[string]int{}
	for v, x := range values {
		switch {
		case strings.HasPrefix(v, `"`):
			v = shapeText
		default:
			v = withoutDigits(v)
		}
		out[v] = min(out[v]+x, n)
	}
	return out
}

// withoutDigits writes N for each run of digits.
func withoutDigits(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if !isDigit(s[i]) {
			b.WriteByte(s[i])
		} else if i == 0 || !isDigit(s[i-1]) {
			b.WriteByte('N')
		}
	}
	return b.String()
}

// A delta is how a fact differs.
type delta struct {
	key           factKey
	before, after int            // exchanges in which it could be
	x, y          map[string]int // and how often each value was, before and after
	fresh, gone   []string
}

// alike reports whether values differ in nothing but what values of one kind differ
// in: IDs may happen to have no letters.
func (d *delta) alike() bool {
	if d.key.aspect != value {
		return false
	}
	loose := []string{shapeNumber, shapeID, shapeText, shapeSecret}
	isLoose := func(v string) bool { return slices.Contains(loose, v) }
	if slices.ContainsFunc(d.fresh, func(v string) bool { return v == shapeSecret }) || slices.ContainsFunc(d.gone, func(v string) bool { return v == shapeSecret }) {
		return true
	}
	pair := append(slices.Clone(d.fresh), d.gone...)
	if !slices.ContainsFunc(pair, func(v string) bool { return !isLoose(v) }) {
		both := func(v string) bool { return v == shapeNumber || v == shapeID }
		return !slices.ContainsFunc(pair, func(v string) bool { return !both(v) }) || min(d.before, d.after) < 5
	}
	// One word of a single exchange may be anything.
	isWord := func(v string) bool { return strings.HasPrefix(v, `"`) }
	return min(d.before, d.after) < 5 && d.key.kind != KindTLS && slices.ContainsFunc(pair, isWord)
}

// row says it in words.
func (d *delta) row() Row {
	r := Row{Kind: d.key.kind, Subject: d.subject()}
	r.Level = d.level()
	switch {
	case d.key.aspect == presence, d.key.aspect == member && !slices.Equal(d.gone, []string{always}) && !slices.Equal(d.fresh, []string{always}):
		r.Change = "is new"
		if len(d.gone) > 0 {
			r.Change = "is gone"
		}
		r.Counts = d.counts(most(d.x), most(d.y))
	case d.key.aspect == member && len(d.gone) > 0:
		r.Change, r.Counts = "is missing in some objects", d.counts(d.x[always], d.y[always])
	case d.key.aspect == member:
		r.Change, r.Counts = "is in every object now", d.counts(d.x[always], d.y[always])
	default:
		r.Change, r.Before, r.After = d.change(), d.list(d.x, d.gone), d.list(d.y, d.fresh)
		r.Counts = d.counts(0, most(only(d.y, d.fresh)))
		if len(d.fresh) == 0 {
			r.Counts = d.counts(most(only(d.x, d.gone)), 0)
		}
	}
	return r
}

func (d *delta) counts(before, after int) Counts { return Counts{before, d.before, after, d.after} }

// most is in how many exchanges the most frequent of the values was seen.
func most(values map[string]int) (n int) {
	for _, x := range values {
		n = max(n, x)
	}
	return n
}

func only(values map[string]int, of []string) map[string]int {
	out := map[string]int{}
	for _, v := range of {
		out[v] = values[v]
	}
	return out
}

// list is the values of a side: those that differ first.
func (d *delta) list(values map[string]int, first []string) string {
	list := slices.Clone(first)
	for _, v := range keys(values) {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	const most = 4
	if len(list) > most {
		list = append(list[:most], "...")
	}
	separator := " or "
	if d.key.aspect == words || d.key.aspect == types {
		separator = ", "
	}
	return strings.Join(list, separator)
}

// change is the rest of the sentence about values.
func (d *delta) change() string {
	switch d.key.aspect {
	case types:
		switch {
		case slices.Equal(d.fresh, []string{"null"}) && len(d.gone) == 0:
			return "can be null"
		case slices.Equal(d.gone, []string{"null"}) && len(d.fresh) == 0:
			return "is never null"
		}
		return "changed type"
	case form:
		return "changed format"
	case words:
		return "has other values"
	case filled:
		if slices.Contains(d.fresh, "empty") {
			return "can be empty"
		}
		return "is never empty"
	}
	return "changed"
}

// subject names what changed.
func (d *delta) subject() string {
	name := d.key.name
	switch d.key.kind {
	case KindField, KindCaching:
		if strings.HasPrefix(name, "trailer ") {
			return name
		}
		return "header " + name
	case KindRedirect:
		return "redirect"
	case KindCookie:
		return "cookie " + name
	case KindBody:
		return "the body"
	case KindJSON:
		if name == "" {
			return "the JSON"
		}
		return name
	case KindRequest:
		switch {
		case d.key.aspect >= form && name == "":
			return "JSON of the request"
		case d.key.aspect >= form:
			return "request " + name
		case name == "body":
			return "the body of the request"
		}
		return "request " + name
	case KindNote:
		return name
	}
	return name
}
