package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/cmd/sidenote/check"
	"sidenote/exchange"
	"sidenote/internal/wording"
	"sidenote/policy"
)

func newExplainCommand(p *program) *cobra.Command {
	format := newChoice("text", "json", "markdown")
	c := &cobra.Command{
		Use:   "explain THING...",
		Short: "Explain a status code, a header field, a rule or an error code",
		Long: `Explain a status code (404, "not found"), a status class (4xx, client-error), a
header field (Retry-After, in any case), a rule (status/405-missing-allow) or an
error code (connect_refused). As JSON, one THING prints an object and several
print an array.`,
		Example: `  sidenote explain 429 retry-after
  sidenote explain redirect/missing-location --format markdown`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageErrorf("explain: needs a status code, a header field, a rule or an error code, such as 404; see \"sidenote explain --help\"")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return things(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var articles []*article
			for _, thing := range args {
				a, err := explain(thing, nil)
				if err != nil {
					return err
				}
				articles = append(articles, a)
			}
			return writeArticles(p, articles, format.value)
		},
	}
	addChoice(c, format, "format", "how to print it")
	return c
}

func writeArticles(p *program, articles []*article, format string) error {
	var parts []string
	var records []any
	for _, a := range articles {
		records = append(records, a.record)
		if format == "markdown" {
			parts = append(parts, a.markdown(2))
		} else {
			parts = append(parts, a.plain())
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

// explain finds what a word means and explains it. expected are the rules of
// the expectations available, which are no one else's.
func explain(thing string, expected []*annotate.Rule) (*article, error) {
	if code, err := strconv.Atoi(thing); err == nil {
		return explainCode(code)
	}
	if class, err := annotate.ParseClass(thing); err == nil {
		return articleOnClass(class.Info()), nil
	}
	if i := slices.IndexFunc(sortedRules(), func(r *annotate.Rule) bool { return strings.EqualFold(r.ID, thing) }); i >= 0 {
		return articleOnRule(sortedRules()[i]), nil
	}
	if r := expectedRule(strings.ToLower(thing), expected); r != nil {
		return articleOnRule(r), nil
	}
	if f, ok := errCode(thing).Lookup(); ok {
		return articleOnFailure(f), nil
	}
	if n := exchange.LookupName(strings.TrimSuffix(thing, ":")); n != 0 {
		return articleOnField(n), nil
	}
	for _, s := range annotate.Statuses() {
		if asWords(s.Name) == asWords(thing) {
			return articleOnStatus(s), nil
		}
	}
	return nil, usageErrorf("explain: unknown %q%s; want a status code, a header field, a rule or an error code",
		thing, wording.Suggestion(thing, things(), "%q"))
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

func explainCode(code int) (*article, error) {
	if annotate.StatusClass(code) == annotate.NoClass {
		return nil, usageErrorf("explain: %d is not a status code: those are 100 to 599; clients treat it as 500", code)
	}
	s, _ := annotate.LookupStatus(code)
	return articleOnStatus(s), nil
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
func things() []string {
	var all []string
	for _, s := range annotate.Statuses() {
		all = append(all, strconv.Itoa(s.Code))
	}
	for c := annotate.Informational; c <= annotate.ServerError; c++ {
		all = append(all, c.Digits(), c.String())
	}
	all = append(all, fieldNames()...)
	for _, r := range sortedRules() {
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

// A statusRecord is a status code as JSON has it.
type statusRecord struct {
	Kind       string         `json:"kind"`
	Code       int            `json:"code"`
	Name       string         `json:"name"`
	Class      string         `json:"class"`
	Registered bool           `json:"registered"`
	Sender     string         `json:"sender,omitempty"`
	Refs       []string       `json:"refs"`
	Meaning    string         `json:"meaning"`
	Blame      annotate.Blame `json:"blame"`
	Act        string         `json:"act"`
	Retry      retryRecord    `json:"retry"`
	Content    string         `json:"content"`
	Cacheable  string         `json:"cacheable"`
	Must       []string       `json:"must"`
	Should     []string       `json:"should"`
	Fields     []string       `json:"fields"`
	Rules      []string       `json:"rules"`
}

type retryRecord struct {
	Helps string `json:"helps"`
	When  string `json:"when"`
}

func articleOnStatus(s annotate.Status) *article {
	r := statusRecord{
		Kind: "status", Code: s.Code, Name: s.Name, Class: s.Class().String(), Registered: s.Registered, Sender: s.Sender,
		Refs: notNil(s.Refs), Meaning: s.Meaning, Blame: s.Fault, Act: s.Act,
		Retry: retryRecord{s.Retry.Helps.String(), s.Retry.When}, Content: s.Content, Cacheable: s.Cacheable.String(),
		Must: notNil(s.Must), Should: notNil(s.Should), Fields: []string{}, Rules: rulesForStatus(s.Code),
	}
	a := &article{title: strings.TrimSpace(strconv.Itoa(s.Code) + " " + s.Name), text: []string{s.Meaning}}
	a.label = classLabel(s.Class()) + ", " + strings.Join(s.Refs, ", ")
	if !s.Registered {
		a.label = classLabel(s.Class()) + ", not registered"
	}
	a.add("sent by", s.Sender)
	a.add("who", who(s.Fault))
	a.add("do", s.Act)
	a.add("retry", retryText(s.Retry))
	a.add("content", s.Content)
	a.add("caches", cacheText(s.Cacheable))
	a.add("must", s.Must...)
	a.add("should", s.Should...)
	var fields []string
	for _, n := range s.Expects {
		r.Fields = append(r.Fields, n.String())
		f, _ := annotate.LookupField(n)
		fields = append(fields, n.String()+": "+f.Says)
	}
	a.add("fields", fields...)
	a.add("rules", r.Rules...)
	a.record = r
	return a
}

func classLabel(c annotate.Class) string {
	return strings.ReplaceAll(c.String(), "-", " ") + " (" + c.Digits() + ")"
}

func who(b annotate.Blame) string {
	switch b {
	case annotate.ByClient:
		return "the client has to act"
	case annotate.ByOrigin:
		return "the origin server has to act"
	case annotate.ByIntermediary:
		return "an intermediary has to act, not the origin server"
	case annotate.ByOriginOrIntermediary:
		return "the origin server or an intermediary before it; one exchange cannot tell"
	case annotate.ByProxy:
		return "sidenote or its configuration"
	}
	return "no one is at fault"
}

func retryText(r annotate.Retry) string {
	switch r.Helps {
	case annotate.RetryChanged:
		return joinClause("another request, changed", r.When)
	case annotate.RetrySame:
		return joinClause("the same request", r.When)
	case annotate.RetryIdempotent:
		return joinClause("the same request if doing it twice does no harm (GET, PUT, DELETE)", r.When)
	}
	return joinClause("no", r.When)
}

func joinClause(a, b string) string {
	if b == "" {
		return a
	}
	return a + ": " + b
}

func cacheText(c annotate.Cacheable) string {
	switch c {
	case annotate.CacheHeuristic:
		return "may keep it, and guess how long where the response does not say"
	case annotate.CacheNever:
		return "must not keep it"
	case annotate.CacheRefreshes:
		return "update what they have stored with it"
	}
	return "may keep it only if the response says for how long"
}

// rulesForStatus lists the rules that name a status by itself.
func rulesForStatus(code int) []string {
	return ruleIDs(func(r *annotate.Rule) bool { return slices.Contains(r.When.Status, code) })
}

func ruleIDs(want func(*annotate.Rule) bool) []string {
	ids := []string{}
	for _, r := range sortedRules() {
		if want(r) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// A classRecord is a class of status codes as JSON has it.
type classRecord struct {
	Kind    string         `json:"kind"`
	Class   string         `json:"class"`
	Digits  string         `json:"digits"`
	Refs    []string       `json:"refs"`
	Meaning string         `json:"meaning"`
	Blame   annotate.Blame `json:"blame"`
	Act     string         `json:"act"`
	Codes   []int          `json:"codes"`
}

func articleOnClass(c annotate.ClassInfo) *article {
	r := classRecord{"class", c.Class.String(), c.Class.Digits(), notNil(c.Refs), c.Meaning, c.Fault, c.Act, nil}
	a := &article{
		title: c.Class.Digits() + " " + strings.ReplaceAll(c.Class.String(), "-", " "),
		label: "class of status codes, " + strings.Join(c.Refs, ", "),
		text:  []string{c.Meaning},
	}
	a.add("who", who(c.Fault))
	a.add("do", c.Act)
	var codes []string
	for _, s := range annotate.Statuses() {
		if s.Class() == c.Class && s.Registered {
			r.Codes = append(r.Codes, s.Code)
			codes = append(codes, strconv.Itoa(s.Code)+" "+s.Name)
		}
	}
	a.add("codes", codes...)
	a.record = r
	return a
}

// A fieldRecord is a field as JSON has it.
type fieldRecord struct {
	Kind      string   `json:"kind"`
	Name      string   `json:"name"`
	Says      string   `json:"says,omitempty"`
	Refs      []string `json:"refs"`
	Direction string   `json:"direction,omitempty"`
	List      bool     `json:"list"`
	Example   string   `json:"example,omitempty"`
	Statuses  []int    `json:"statuses"`
	Rules     []string `json:"rules"`
}

func articleOnField(n exchange.Name) *article {
	f, described := annotate.LookupField(n)
	r := fieldRecord{
		Kind: "field", Name: n.String(), Says: f.Says, Refs: notNil(f.Refs), Direction: f.Direction.String(), List: f.List,
		Example: f.Example, Statuses: []int{}, Rules: ruleIDs(func(r *annotate.Rule) bool { return isAboutField(r, n) }),
	}
	a := &article{title: n.String(), label: "field, " + strings.Join(f.Refs, ", "), text: []string{f.Says}}
	if !described {
		a.label, a.text = "field", []string{"This is a registered field. sidenote has no further information about it."}
	} else {
		a.add("stands in", map[annotate.Direction]string{
			annotate.InRequests: "requests", annotate.InResponses: "responses", annotate.InBoth: "requests and responses"}[f.Direction])
		a.add("several", map[bool]string{
			true: "a list: several lines are the same as one with all members", false: "not a list: lines must not be joined"}[f.List])
	}
	var calls []string
	for _, s := range annotate.Statuses() {
		if slices.Contains(s.Expects, n) {
			r.Statuses = append(r.Statuses, s.Code)
			calls = append(calls, strconv.Itoa(s.Code))
		}
	}
	a.add("called for", strings.Join(calls, ", "))
	a.add("rules", r.Rules...)
	if f.Example != "" {
		a.examples = append(a.examples, example{"example", f.Example})
	}
	a.record = r
	return a
}

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

func articleOnFailure(f exchange.Failure) *article {
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
	a.add("rules", ruleIDs(func(r *annotate.Rule) bool { return r.ID == rule })...)
	return a
}

func articleOnRule(r *annotate.Rule) *article {
	a := &article{
		title: r.ID,
		label: strings.Join(append([]string{"rule", r.Severity.String()}, r.Refs...), ", "),
		text:  append([]string{wording.Sentence(r.Title)}, paragraphs(r.Doc)...),
		record: struct {
			Kind string `json:"kind"`
			ruleRecord
		}{"rule", recordOf(r)},
	}
	a.add("who", who(r.Blame))
	a.add("help", r.Help)
	a.add("reads", strings.Join(append([]string{"message heads"}, needNames(r.Needs)...), ", "))
	if r.OffByDefault {
		a.add("default", "off")
	}
	for _, text := range r.Bad {
		a.examples = append(a.examples, example{"gives this note", text})
	}
	for _, text := range r.Good {
		a.examples = append(a.examples, example{"is fine", text})
	}
	return a
}
