package main

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/annotate/guide"
	"sidenote/cmd/sidenote/check"
	"sidenote/exchange"
	"sidenote/internal/wording"
	"sidenote/policy"
)

func newExplainCommand(p *program) *cobra.Command {
	format := newChoice("text", "json", "markdown")
	e := newExplainer(nil)
	c := &cobra.Command{
		Use:   "explain THING...",
		Short: "Explain a status code, a header field, a rule, an error code or a topic",
		Long: `Explain a status code (404, "not found"), a status class (4xx, client-error) or
a header field (Retry-After, in any case). It also knows rules
(status/405-missing-allow), error codes (connect_refused), authentication
schemes (Bearer) and topics:
` + strings.Join(wording.Wrap(strings.Join(topicNames(), ", "), screen, "", ""), "\n") + `.
As JSON, one THING prints an object and several print an array.`,
		Example: `  sidenote explain 429 retry-after
  sidenote explain cors
  sidenote explain redirect/missing-location --format markdown`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageErrorf("explain: needs a status code, a header field, a rule, an error code or a topic, such as 404; see \"sidenote explain --help\"")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return e.things(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var articles []*article
			for _, thing := range args {
				a, err := e.explain(thing)
				if err != nil {
					return err
				}
				articles = append(articles, a...)
			}
			return writeArticles(p, articles, format.value)
		},
	}
	addChoice(c, format, "format", "how to print it")
	return c
}

func writeArticles(p *program, articles []*article, format string) error {
	t := p.terminal(p.stdout, "auto")
	links := t.TTY && t.Color
	var parts []string
	var records []any
	for _, a := range articles {
		records = append(records, a.record)
		if format == "markdown" {
			parts = append(parts, a.markdown(2))
		} else {
			parts = append(parts, a.plain(links))
		}
	}
	switch {
	case format != "json":
		return writeText(p.stdout, strings.Join(parts, "\n\n"))
	case len(records) == 1:
		return writeJSON(p.stdout, records[0])
	}
	return writeJSON(p.stdout, records)
}

// An explainer finds what a word means and explains it.
type explainer struct {
	rules    []*annotate.Rule // in the order of their IDs
	expected []*annotate.Rule // those of the expectations available, which are no one else's
	readers  func() map[exchange.Name]readers
}

// readers are the rules that a field has to do with, in the order of their IDs.
type readers struct {
	about []string // their notes point at the field
	other []string // they read it
}

func newExplainer(expected []*annotate.Rule) *explainer {
	e := &explainer{rules: sortedRules(), expected: expected}
	e.readers = sync.OnceValue(func() map[exchange.Name]readers { return readersOf(e.rules) })
	return e
}

// readersOf finds out which rules read each field.
func readersOf(rules []*annotate.Rule) map[exchange.Name]readers {
	all := map[exchange.Name]readers{}
	for _, r := range rules {
		reads := guide.ReadsOf(r)
		for _, n := range reads.About {
			of := all[n]
			of.about = append(of.about, r.ID)
			all[n] = of
		}
		for _, n := range reads.Other {
			of := all[n]
			of.other = append(of.other, r.ID)
			all[n] = of
		}
	}
	return all
}

// explain returns what a word means; several articles for a word that means
// several things, such as Digest, which is a field and a scheme.
func (e *explainer) explain(thing string) ([]*article, error) {
	if code, err := strconv.Atoi(thing); err == nil {
		return e.explainCode(code)
	}
	if class, err := annotate.ParseClass(thing); err == nil {
		return []*article{articleOnClass(class.Info())}, nil
	}
	if i := slices.IndexFunc(e.rules, func(r *annotate.Rule) bool { return strings.EqualFold(r.ID, thing) }); i >= 0 {
		return []*article{articleOnRule(e.rules[i])}, nil
	}
	if r := expectedRule(strings.ToLower(thing), e.expected); r != nil {
		return []*article{articleOnRule(r)}, nil
	}
	if f, ok := errCode(thing).Lookup(); ok {
		return []*article{e.articleOnFailure(f)}, nil
	}
	if all := e.named(strings.TrimSuffix(thing, ":")); all != nil {
		return all, nil
	}
	for _, s := range annotate.Statuses() {
		if asWords(s.Name) == asWords(thing) {
			return []*article{e.articleOnStatus(s)}, nil
		}
	}
	return nil, usageErrorf("explain: unknown %q%s; want a status code, a header field, a rule, an error code or a topic",
		thing, wording.Suggestion(thing, e.things(), "%q"))
}

// named returns the articles on the field, the scheme and the topic of a name.
func (e *explainer) named(name string) (all []*article) {
	if t, known := guide.LookupTopic(name); known {
		all = append(all, e.articleOnTopic(t))
	}
	switch strings.ToLower(name) {
	case datesTopic:
		all = append(all, articleOnDates())
	case schemesTopic:
		all = append(all, articleOnSchemes())
	}
	if n := exchange.LookupName(name); n != 0 {
		all = append(all, e.articleOnField(n))
	}
	if s, known := guide.LookupScheme(name); known {
		all = append(all, articleOnScheme(&s))
	}
	return all
}

// Words for lists that explain prints beside the topics of package guide.
const (
	datesTopic   = "dates"
	schemesTopic = "schemes"
)

// topicNames lists the topics, as help and errors name them.
func topicNames() []string {
	var names []string
	for _, t := range guide.Topics() {
		names = append(names, t.Name)
	}
	return append(names, datesTopic, schemesTopic)
}

// expectedRule returns the rule of an expectation: one available, one that
// checks have by themselves, or else what is so of all of them; nil for any
// other ID.
func expectedRule(id string, atHand []*annotate.Rule) *annotate.Rule {
	ofChecks, _ := check.Rules() // they have no fault, as a test finds
	for _, r := range slices.Concat(atHand, ofChecks) {
		if r.ID == id {
			return r
		}
	}
	r, _ := policy.RuleNamed(id)
	return r
}

func (e *explainer) explainCode(code int) ([]*article, error) {
	if annotate.StatusClass(code) == annotate.NoClass {
		return nil, usageErrorf("explain: %d is not a status code: those are 100 to 599; clients treat it as 500", code)
	}
	s, _ := annotate.LookupStatus(code)
	return []*article{e.articleOnStatus(s)}, nil
}

// errCode reads an error code as records have it, and as a topic would:
// "connect_refused", "failure/connect-refused".
func errCode(s string) exchange.ErrCode {
	s = strings.TrimPrefix(strings.ToLower(s), "failure/")
	return exchange.ErrCode(strings.ReplaceAll(s, "-", "_"))
}

// asWords makes "Not Found", "not-found" and "not_found" the same.
func asWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '-' || r == '_' }), " ")
}

// things lists every word that explain knows.
func (e *explainer) things() []string {
	var all []string
	for _, s := range annotate.Statuses() {
		all = append(all, strconv.Itoa(s.Code))
	}
	for c := annotate.Informational; c <= annotate.ServerError; c++ {
		all = append(all, c.Digits(), c.String())
	}
	all = append(append(all, topicNames()...), fieldNames()...)
	for _, s := range guide.Schemes() {
		all = append(all, s.Name)
	}
	for _, r := range e.rules {
		all = append(all, r.ID)
	}
	for _, f := range exchange.Failures() {
		all = append(all, string(f.Code))
	}
	for _, s := range annotate.Statuses() {
		all = append(all, s.Name)
	}
	return all
}

func fieldNames() []string {
	var names []string
	for _, n := range exchange.Names() {
		names = append(names, n.String())
	}
	return names
}

// idsOf lists the rules that are wanted.
func (e *explainer) idsOf(want func(*annotate.Rule) bool) []string {
	ids := []string{}
	for _, r := range e.rules {
		if want(r) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// A linkRecord is a reference with its address, as JSON has it.
type linkRecord struct {
	Ref string `json:"ref"`
	URL string `json:"url,omitempty"`
}

func linksOf(refs []string) []linkRecord {
	links := []linkRecord{}
	for _, ref := range refs {
		links = append(links, linkRecord{ref, annotate.RefURL(ref)})
	}
	return links
}

// An exampleRecord is an exchange in text form, as JSON has it.
type exampleRecord struct {
	Says string `json:"says"`
	Text string `json:"text"`
	Rule string `json:"rule,omitempty"` // that makes a note of it; none for an exchange as it should be
}

func examplesOf(all ...guide.Example) []exampleRecord {
	records := []exampleRecord{}
	for _, e := range all {
		records = append(records, exampleRecord{e.Says, e.Text, e.Rule})
	}
	return records
}

// addExamples shows exchanges of a guide.
func addExamples(to []example, all ...guide.Example) []example {
	for _, e := range all {
		caption := "right"
		if !e.Right() {
			caption = "wrong, " + e.Rule
		}
		to = append(to, example{caption, e.Says, e.Text})
	}
	return to
}

// topicsWith lists the topics that want says belong to something.
func topicsWith(want func(*guide.Topic) bool) []string {
	names := []string{}
	for i := range guide.Topics() {
		if t := &guide.Topics()[i]; want(t) {
			names = append(names, t.Name)
		}
	}
	return names
}

// addTopics says where to read on.
func (a *article) addTopics(names []string) {
	var commands []string
	for _, name := range names {
		commands = append(commands, "sidenote explain "+name)
	}
	a.add("read on", commands...)
}
