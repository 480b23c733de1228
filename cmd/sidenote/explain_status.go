package main

import (
	"slices"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/annotate/guide"
)

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
	Links      []linkRecord   `json:"links"`
	Topics     []string       `json:"topics"`
	// Examples are a right and a wrong exchange; none for a code that no one has named.
	Examples []exampleRecord    `json:"examples"`
	Compared []comparisonRecord `json:"compared"`
}

// A comparisonRecord holds status codes side by side, as JSON has it.
type comparisonRecord struct {
	Codes    []int       `json:"codes"`
	Question string      `json:"question"`
	Rows     []rowRecord `json:"rows"`
}

// A rowRecord answers a question for each code.
type rowRecord struct {
	Name  string   `json:"name"`
	Cells []string `json:"cells"`
}

func comparisonsOf(code int) []comparisonRecord {
	records := []comparisonRecord{}
	for _, c := range guide.ComparisonsOf(code) {
		r := comparisonRecord{Codes: c.Codes, Question: c.Question}
		for _, row := range c.Rows {
			r.Rows = append(r.Rows, rowRecord(row))
		}
		records = append(records, r)
	}
	return records
}

type retryRecord struct {
	Helps string `json:"helps"`
	When  string `json:"when"`
}

func (e *explainer) articleOnStatus(s annotate.Status) *article {
	r := statusRecord{
		Kind: "status", Code: s.Code, Name: s.Name, Class: s.Class().String(), Registered: s.Registered, Sender: s.Sender,
		Refs: notNil(s.Refs), Meaning: s.Meaning, Blame: s.Fault, Act: s.Act,
		Retry: retryRecord{s.Retry.Helps.String(), s.Retry.When}, Content: s.Content, Cacheable: s.Cacheable.String(),
		Must: notNil(s.Must), Should: notNil(s.Should), Fields: []string{}, Rules: e.rulesForStatus(s.Code),
		Links: linksOf(s.Refs), Topics: topicsWith(func(t *guide.Topic) bool { return slices.Contains(t.Statuses, s.Code) }),
		Examples: examplesOf(), Compared: comparisonsOf(s.Code),
	}
	a := &article{
		title: strings.TrimSpace(strconv.Itoa(s.Code) + " " + s.Name), label: classLabel(s.Class()), refs: s.Refs,
		text: []string{s.Meaning}, compared: r.Compared,
	}
	if !s.Registered {
		a.label += ", not registered"
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
	a.addTopics(r.Topics)
	if pair, known := guide.LookupPair(s.Code); known {
		r.Examples = examplesOf(pair.Right, pair.Wrong)
		a.examples = addExamples(nil, pair.Right, pair.Wrong)
	}
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
		return "a proxy or CDN has to act, not the origin server"
	case annotate.ByOriginOrIntermediary:
		return "the origin server, or a proxy or CDN in front of it; one exchange can't tell"
	case annotate.ByProxy:
		return "sidenote or its configuration"
	}
	return "no one is at fault"
}

func retryText(r annotate.Retry) string {
	switch r.Helps {
	case annotate.RetryChanged:
		return joinClause("not the same request", r.When)
	case annotate.RetrySame:
		return joinClause("yes", r.When)
	case annotate.RetryIdempotent:
		return joinClause("yes for GET, PUT and DELETE", r.When)
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
		return "may keep it; without max-age they guess for how long"
	case annotate.CacheNever:
		return "must not keep it"
	case annotate.CacheRefreshes:
		return "update their stored copy with it"
	}
	return "may keep it only if the response says for how long"
}

// rulesForStatus lists the rules that name a status by itself.
func (e *explainer) rulesForStatus(code int) []string {
	return e.idsOf(func(r *annotate.Rule) bool { return slices.Contains(r.When.Status, code) })
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
	Links   []linkRecord   `json:"links"`
}

func articleOnClass(c annotate.ClassInfo) *article {
	r := classRecord{"class", c.Class.String(), c.Class.Digits(), notNil(c.Refs), c.Meaning, c.Fault, c.Act, nil, linksOf(c.Refs)}
	a := &article{
		title: c.Class.Digits() + " " + strings.ReplaceAll(c.Class.String(), "-", " "),
		label: "class of status codes", refs: c.Refs,
		text: []string{c.Meaning},
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
