package main

import (
	"slices"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/annotate/guide"
)

// A topicRecord is a page on a part of HTTP as JSON has it.
type topicRecord struct {
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Intro    []string        `json:"intro"`
	Sections []sectionRecord `json:"sections"`
	Statuses []int           `json:"statuses"`
	Fields   []string        `json:"fields"`
	Rules    []string        `json:"rules"`
	Links    []linkRecord    `json:"links"`
}

// A sectionRecord is a step of a topic.
type sectionRecord struct {
	Title    string          `json:"title"`
	Text     []string        `json:"text"`
	Examples []exampleRecord `json:"examples"`
}

func (e *explainer) articleOnTopic(t *guide.Topic) *article {
	r := topicRecord{
		Kind: "topic", Name: t.Name, Title: t.Title, Intro: t.Intro, Statuses: t.Statuses, Fields: []string{}, Links: linksOf(t.Refs),
		Rules: e.idsOf(func(r *annotate.Rule) bool { return slices.Contains(t.Rules, r.Topic()) }),
	}
	a := &article{title: t.Title, label: "topic", refs: t.Refs, text: t.Intro}
	for i := range t.Sections {
		s := &t.Sections[i]
		shown := t.WithVerdicts(s)
		r.Sections = append(r.Sections, sectionRecord{s.Title, s.Text, examplesOf(shown...)})
		a.sections = append(a.sections, section{s.Title, s.Text, addExamples(nil, shown...)})
	}
	var statuses, fields []string
	for _, code := range t.Statuses {
		s, _ := annotate.LookupStatus(code)
		statuses = append(statuses, strconv.Itoa(code)+" "+s.Name)
	}
	for _, n := range t.Fields {
		f, _ := annotate.LookupField(n)
		r.Fields = append(r.Fields, n.String())
		fields = append(fields, n.String()+": "+f.Says)
	}
	a.add("codes", statuses...)
	a.add("fields", fields...)
	a.add("rules", r.Rules...)
	a.factsLast = true
	a.record = r
	return a
}

// A schemeRecord is an authentication scheme as JSON has it.
type schemeRecord struct {
	Kind       string          `json:"kind"`
	Name       string          `json:"name"`
	Registered bool            `json:"registered"`
	Refs       []string        `json:"refs"`
	Says       string          `json:"says"`
	Watch      string          `json:"watch"`
	Challenge  string          `json:"challenge,omitempty"`
	Answer     string          `json:"answer"`
	Examples   []exampleRecord `json:"examples"`
	Links      []linkRecord    `json:"links"`
	Topics     []string        `json:"topics"`
}

func recordOfScheme(s *guide.Scheme) schemeRecord {
	return schemeRecord{
		"scheme", s.Name, s.Registered, s.Refs, s.Says, s.Watch, s.Challenge, s.Answer, examplesOf(s.Examples()...), linksOf(s.Refs), []string{"auth"},
	}
}

func articleOnScheme(s *guide.Scheme) *article {
	a := &article{
		title: s.Name, label: "authentication scheme", refs: s.Refs, text: []string{s.Says, s.Watch},
		examples: addExamples(nil, s.Examples()...), record: recordOfScheme(s),
	}
	if !s.Registered {
		a.label += ", not registered"
	}
	a.addTopics([]string{"auth"})
	return a
}

func schemeNames() []string {
	var names []string
	for _, s := range guide.Schemes() {
		names = append(names, s.Name)
	}
	return names
}

func articleOnSchemes() *article {
	a := &article{
		title: "Authentication schemes", label: "list", refs: []string{"RFC 9110 §11.1"},
		text: []string{"A scheme is the first word in WWW-Authenticate and Authorization. It says how the client proves who it is. Upper and lower case are the same."},
	}
	var records []schemeRecord
	for i := range guide.Schemes() {
		s := &guide.Schemes()[i]
		says := s.Says
		if !s.Registered {
			says += " Not registered."
		}
		a.add(s.Name, says)
		records = append(records, recordOfScheme(s))
	}
	a.addTopics([]string{"auth"})
	a.record = struct {
		Kind    string         `json:"kind"`
		Schemes []schemeRecord `json:"schemes"`
	}{schemesTopic, records}
	return a
}

// A dateRecord is a form of dates as JSON has it.
type dateRecord struct {
	Name    string       `json:"name"`
	Example string       `json:"example"`
	Where   string       `json:"where"`
	Send    bool         `json:"send"`
	Refs    []string     `json:"refs"`
	Links   []linkRecord `json:"links"`
}

func articleOnDates() *article {
	a := &article{
		title: "Dates", label: "list", refs: []string{"RFC 9110 §5.6.7"},
		text: []string{"HTTP has one form of dates to send and two old ones to read. All examples are 3 h 4 min 5 s on 2 January 2026, in UTC. " +
			"The second is the smallest unit, and there is no time zone but GMT."},
	}
	var records []dateRecord
	for _, f := range guide.DateForms() {
		a.sections = append(a.sections, section{f.Name, []string{f.Where}, []example{{"", "", f.Example}}})
		records = append(records, dateRecord{f.Name, f.Example, f.Where, f.Send, f.Refs, linksOf(f.Refs)})
	}
	var fields []string
	for _, f := range annotate.Fields() {
		if hasDate(f.Name, f.Form) {
			fields = append(fields, f.Name.String())
		}
	}
	a.add("fields", strings.Join(fields, ", "))
	a.factsLast = true
	a.record = struct {
		Kind   string       `json:"kind"`
		Forms  []dateRecord `json:"forms"`
		Fields []string     `json:"fields"`
	}{datesTopic, records, fields}
	return a
}
