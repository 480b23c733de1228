package filter

import (
	"cmp"
	"slices"
	"strings"
)

// A Count is a value of a key and how many exchanges have it.
type Count struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Facets are the values that these exchanges have for a key, the most
// common first and at most so many.
type Facets interface {
	Values(key string, most int) []Count
}

// A Completion is one way to continue an unfinished filter.
type Completion struct {
	Text  string `json:"text"`            // what takes the place of the octets Start to End
	Start int    `json:"start"`           // in octets
	End   int    `json:"end"`             // in octets
	Help  string `json:"help,omitempty"`  // what it means
	Count int    `json:"count,omitempty"` // exchanges that it fits, where that is known
}

// MostCompletions is how many are proposed at most.
const MostCompletions = 20

// Complete proposes continuations at an octet of a filter.
func Complete(text string, at int, facets Facets) []Completion {
	at = min(max(at, 0), len(text))
	start := at
	for start > 0 && !isSpace(text[start-1]) && text[start-1] != '(' {
		start--
	}
	for start < at && (text[start] == '-' || text[start] == '!') {
		start++
	}
	written := text[start:at]
	name := written[:keyLen(written)]
	operator, length := operatorAt(written[len(name):])
	if operator == opNone {
		return keysLike(written, start, at)
	}
	k := keyNamed(name)
	if k == nil || operator == opMatches {
		return nil
	}
	value := written[len(name)+length:]
	if comma := strings.LastIndexByte(value, ','); comma >= 0 {
		value = value[comma+1:]
	}
	return valuesLike(k, value, at-len(value), at, facets)
}

func keysLike(written string, start, end int) (out []Completion) {
	for _, k := range table() {
		if strings.HasPrefix(k.name, strings.ToLower(written)) {
			out = append(out, Completion{Text: k.name + ":", Start: start, End: end, Help: k.help + ", such as " + k.example})
		}
	}
	return out[:min(len(out), MostCompletions)]
}

func valuesLike(k *key, written string, start, end int, facets Facets) (out []Completion) {
	counts := map[string]int{}
	add := func(value, help string, count int) {
		if field := strings.ToLower(value); strings.Contains(field, strings.ToLower(strings.Trim(written, `"`))) {
			out = append(out, Completion{Text: Quote(value), Start: start, End: end, Help: help, Count: count})
		}
	}
	var seen []Count
	if facets != nil && k.facet != nil {
		seen = facets.Values(k.name, 1000)
	}
	for _, c := range seen {
		counts[c.Value] = c.Count
	}
	for _, w := range k.words {
		add(w.name, w.help, counts[w.name])
		delete(counts, w.name)
	}
	for _, c := range seen {
		if _, left := counts[c.Value]; left {
			add(c.Value, "", c.Count)
		}
	}
	slices.SortStableFunc(out, func(a, b Completion) int { return cmp.Compare(b.Count, a.Count) })
	return out[:min(len(out), MostCompletions)]
}

// Quote writes a value so that the language reads it as one.
func Quote(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t\r\n\",()\\|&~*") && strings.IndexByte("-=<>", value[0]) < 0 {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// FacetKeys names the keys whose values can be counted.
func FacetKeys() (names []string) {
	for _, k := range table() {
		if k.facet != nil {
			names = append(names, k.name)
		}
	}
	return names
}

// EachFacet returns what calls a function with the values of a row for a key; nil
// where the key has no values to count.
func EachFacet(name string) func(*Row, func(string)) {
	if k := keyNamed(name); k != nil {
		return k.facet
	}
	return nil
}
