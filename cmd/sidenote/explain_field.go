package main

import (
	"slices"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/annotate/guide"
	"sidenote/exchange"
)

// A fieldRecord is a field as JSON has it.
type fieldRecord struct {
	Kind      string       `json:"kind"`
	Name      string       `json:"name"`
	Says      string       `json:"says,omitempty"`
	Refs      []string     `json:"refs"`
	Direction string       `json:"direction,omitempty"`
	List      bool         `json:"list"`
	Example   string       `json:"example,omitempty"`
	Statuses  []int        `json:"statuses"`
	Rules     []string     `json:"rules"`   // their notes point at the field
	ReadBy    []string     `json:"read_by"` // further rules that read it
	Links     []linkRecord `json:"links"`
	Topics    []string     `json:"topics"`
}

func (e *explainer) articleOnField(n exchange.Name) *article {
	f, described := annotate.LookupField(n)
	rules := e.readers()[n]
	r := fieldRecord{
		Kind: "field", Name: n.String(), Says: f.Says, Refs: notNil(f.Refs), Direction: f.Direction.String(), List: f.List,
		Example: f.Example, Statuses: []int{}, Rules: notNil(rules.about), ReadBy: notNil(rules.other), Links: linksOf(f.Refs),
		Topics: topicsWith(func(t *guide.Topic) bool { return slices.Contains(t.Fields, n) }),
	}
	a := &article{title: n.String(), label: "header field", refs: f.Refs, text: []string{f.Says}}
	if !described {
		a.text = []string{"This is a registered field. sidenote has no further information about it."}
	} else {
		a.add("sent in", map[annotate.Direction]string{
			annotate.InRequests: "requests", annotate.InResponses: "responses", annotate.InBoth: "requests and responses"}[f.Direction])
		a.add("several", map[bool]string{
			true: "a list: several lines mean the same as one line with all members", false: "send one line; this is not a list"}[f.List])
	}
	var calls []string
	for _, s := range annotate.Statuses() {
		if slices.Contains(s.Expects, n) {
			r.Statuses = append(r.Statuses, s.Code)
			calls = append(calls, strconv.Itoa(s.Code))
		}
	}
	a.add("expected with", strings.Join(calls, ", "))
	if hasDate(n, f.Form) {
		a.add("dates", "write them as "+guide.DateForms()[0].Example+"; see: sidenote explain "+datesTopic)
	}
	if hasScheme(n) {
		a.add("schemes", strings.Join(schemeNames(), ", "))
	}
	a.add("rules", r.Rules...)
	a.add("read by", r.ReadBy...)
	a.addTopics(r.Topics)
	if f.Example != "" {
		a.examples = append(a.examples, example{"example", "", f.Example})
	}
	a.record = r
	return a
}

// hasDate reports whether the value of a field is a date, or can be.
func hasDate(n exchange.Name, f annotate.Form) bool {
	return f == annotate.FormDate || n == exchange.FieldRetryAfter || n == exchange.FieldExpires || n == exchange.FieldIfRange
}

// hasScheme reports whether the value of a field begins with an authentication scheme.
func hasScheme(n exchange.Name) bool {
	return n == exchange.FieldWWWAuthenticate || n == exchange.FieldProxyAuthenticate ||
		n == exchange.FieldAuthorization || n == exchange.FieldProxyAuthorization
}
