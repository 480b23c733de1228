package main

import (
	"fmt"
	"strings"

	"sidenote/annotate"
	"sidenote/annotate/guide"
	"sidenote/exchange"
	"sidenote/internal/wording"
)

// A failureRecord is an error code as JSON has it.
type failureRecord struct {
	Kind   string `json:"kind"`
	Code   string `json:"code"`
	Phase  string `json:"phase"`
	Status int    `json:"status,omitempty"`
	Blame  string `json:"blame"`
	Title  string `json:"title"`
	Why    string `json:"why"`
	Act    string `json:"act"`
}

func (e *explainer) articleOnFailure(f exchange.Failure) *article {
	rule := "failure/" + strings.ReplaceAll(string(f.Code), "_", "-")
	a := &article{
		title:  string(f.Code),
		label:  "error code, phase " + string(f.Phase),
		text:   []string{wording.Sentence(f.Title) + " " + f.Why},
		record: failureRecord{"failure", string(f.Code), string(f.Phase), f.Status, f.Who, f.Title, f.Why, f.Act},
	}
	a.add("who", who(annotate.Blame(f.Who)))
	a.add("do", f.Act)
	if s, known := annotate.LookupStatus(f.Status); known {
		a.add("response", fmt.Sprintf("sidenote answers the client with %d %s", s.Code, s.Name))
	} else {
		a.add("response", "none: a response was already being sent, or the client has gone")
	}
	a.add("rules", e.idsOf(func(r *annotate.Rule) bool { return r.ID == rule })...)
	return a
}

func articleOnRule(r *annotate.Rule) *article {
	fields := []string{}
	reads := guide.ReadsOf(r)
	for _, n := range reads.All() {
		fields = append(fields, n.String())
	}
	a := &article{
		title: r.ID,
		label: "rule, " + r.Severity.String(), refs: r.Refs,
		text: append([]string{wording.Sentence(r.Title)}, paragraphs(r.Doc)...),
		record: struct {
			Kind string `json:"kind"`
			ruleRecord
			Links  []linkRecord `json:"links"`
			Fields []string     `json:"fields"` // that the rule reads
		}{"rule", recordOf(r), linksOf(r.Refs), fields},
	}
	a.add("who", who(r.Blame))
	a.add("help", r.Help)
	a.add("reads", strings.Join(append([]string{"message heads"}, needNames(r.Needs)...), ", "))
	if r.OffByDefault {
		a.add("default", "off")
	}
	for _, text := range r.Bad {
		a.examples = append(a.examples, example{"has this note", "", text})
	}
	for _, text := range r.Good {
		a.examples = append(a.examples, example{"is fine", "", text})
	}
	return a
}
