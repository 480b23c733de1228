package guide_test

import (
	"os"
	"sidenote/exchange/field"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/guide"
	"sidenote/annotate/rules"
	"sidenote/exchange"
)

// allRules is every rule, those that are off by default among them.
func allRules(t *testing.T) *annotate.Set {
	t.Helper()
	var on []annotate.Change
	for _, r := range rules.All() {
		if r.OffByDefault {
			on = append(on, annotate.Change{Rule: r.ID})
		}
	}
	s, err := annotate.NewSet(rules.All(), annotate.DefaultOptions(), on...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// judge runs all rules over an example: a right one has no note above info, a
// wrong one the note of its rule, and no other one above info.
func judge(t *testing.T, set *annotate.Set, where string, e *guide.Example) (x *exchange.Exchange) {
	t.Helper()
	x, err := exchange.ParseText(e.Text)
	if err != nil {
		t.Errorf("%s: %v in:\n%s", where, err, e.Text)
		return nil
	}
	if !strings.HasSuffix(e.Says, ".") {
		t.Errorf("%s: %q is not a sentence", where, e.Says)
	}
	var ids []string
	for _, n := range set.All(x, nil) {
		ids = append(ids, n.Severity.String()+" "+n.Rule.ID)
		if n.Severity > annotate.Info && n.Rule.ID != e.Rule {
			t.Errorf("%s gives %s %s: %s\n%s", where, n.Severity, n.Rule.ID, n.Message, e.Text)
		}
	}
	if !e.Right() && !slices.ContainsFunc(ids, func(id string) bool { return strings.HasSuffix(id, " "+e.Rule) }) {
		t.Errorf("%s gives %q, want %s\n%s", where, ids, e.Rule, e.Text)
	}
	return x
}

// TestPairs holds the pairs to the table of status codes and to the rules.
func TestPairs(t *testing.T) {
	set := allRules(t)
	seen := map[int]bool{}
	for _, p := range guide.Pairs() {
		if seen[p.Code] {
			t.Errorf("%d has two pairs", p.Code)
		}
		seen[p.Code] = true
		right, wrong := judge(t, set, "right "+strconv.Itoa(p.Code), &p.Right), judge(t, set, "wrong "+strconv.Itoa(p.Code), &p.Wrong)
		if right == nil || wrong == nil {
			continue
		}
		if !p.Right.Right() || p.Wrong.Right() {
			t.Errorf("%d: the pair is not a right and a wrong one", p.Code)
		}
		if s, _ := annotate.LookupStatus(p.Code); s.Registered && !has(right, p.Code) && !has(wrong, p.Code) {
			t.Errorf("%d is in neither exchange of its pair", p.Code)
		}
	}
	for _, s := range annotate.Statuses() {
		if p, known := guide.LookupPair(s.Code); !known || p.Code != s.Code {
			t.Errorf("%d has no pair", s.Code)
		}
	}
	if _, known := guide.LookupPair(299); known {
		t.Error("299 has a pair")
	}
}

// has reports whether one of the responses has the status code.
func has(x *exchange.Exchange, code int) bool {
	if x.Response.Status == code {
		return true
	}
	for i := range x.Interim {
		if x.Interim[i].Status == code {
			return true
		}
	}
	return false
}

// TestTopics holds every example of a topic to the rules, and what it names to
// the tables.
func TestTopics(t *testing.T) {
	set := allRules(t)
	for i, topic := range guide.Topics() {
		if i > 0 && guide.Topics()[i-1].Name >= topic.Name {
			t.Errorf("%s stands after %s", topic.Name, guide.Topics()[i-1].Name)
		}
		for _, word := range append([]string{topic.Name, strings.ToUpper(topic.Name)}, topic.Aliases...) {
			if got, known := guide.LookupTopic(word); !known || got.Name != topic.Name {
				t.Errorf("LookupTopic(%q) = %v, %v", word, got, known)
			}
			if exchange.LookupName(word) != 0 {
				t.Errorf("%q is a field too", word)
			}
		}
		examples := 0
		for _, s := range topic.Sections {
			examples += len(s.Examples)
			for _, e := range s.Examples {
				judge(t, set, topic.Name+", "+s.Title, &e)
			}
			if len(s.Text) == 0 && len(s.Examples) == 0 {
				t.Errorf("%s, %s: empty", topic.Name, s.Title)
			}
		}
		if len(topic.Intro) == 0 || examples < 4 || len(topic.Refs) == 0 {
			t.Errorf("%s: %d paragraphs and %d examples are too few", topic.Name, len(topic.Intro), examples)
		}
		for _, n := range topic.Fields {
			if _, described := annotate.LookupField(n); !described {
				t.Errorf("%s: %v is not described", topic.Name, n)
			}
		}
		for _, code := range topic.Statuses {
			if _, known := annotate.LookupStatus(code); !known {
				t.Errorf("%s: %d is not known", topic.Name, code)
			}
		}
		for _, r := range topic.Rules {
			if !slices.ContainsFunc(rules.All(), func(known *annotate.Rule) bool { return known.Topic() == r }) {
				t.Errorf("%s: there are no rules %s/…", topic.Name, r)
			}
		}
	}
	if _, known := guide.LookupTopic("teapots"); known {
		t.Error("there is a topic teapots")
	}
}

// TestComparisons holds the tables of codes together.
func TestComparisons(t *testing.T) {
	for _, c := range guide.Comparisons() {
		if !strings.HasSuffix(c.Question, "?") || len(c.Rows) < 2 || len(c.Codes) < 2 {
			t.Errorf("%v: question %q, %d rows", c.Codes, c.Question, len(c.Rows))
		}
		for _, row := range c.Rows {
			if len(row.Cells) != len(c.Codes) || row.Name == "" || slices.Contains(row.Cells, "") {
				t.Errorf("%v: row %q has %q", c.Codes, row.Name, row.Cells)
			}
		}
		for _, code := range c.Codes {
			if s, known := annotate.LookupStatus(code); !known || !s.Registered {
				t.Errorf("%v: %d is not registered", c.Codes, code)
			}
		}
	}
	for _, codes := range [][]int{{401, 403}, {400, 422}, {301, 302, 307, 308}, {404, 410}, {502, 503, 504}, {429, 503}} {
		together := func(c guide.Comparison) bool {
			return !slices.ContainsFunc(codes, func(code int) bool { return !slices.Contains(c.Codes, code) })
		}
		if !slices.ContainsFunc(guide.ComparisonsOf(codes[0]), together) {
			t.Errorf("%v are not compared", codes)
		}
	}
}

// TestSchemes holds the schemes to the registry, of the date that the list in
// testdata has, and their examples to the rules.
func TestSchemes(t *testing.T) {
	list, err := os.ReadFile("testdata/schemes.txt")
	if err != nil {
		t.Fatal(err)
	}
	registered := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		if name := strings.TrimSpace(line); name != "" && name[0] != '#' {
			registered[name] = true
			if s, known := guide.LookupScheme(name); !known || !s.Registered || s.Name != name {
				t.Errorf("%s is registered and not described", name)
			}
		}
	}
	set := allRules(t)
	for i, s := range guide.Schemes() {
		if i > 0 && strings.ToLower(guide.Schemes()[i-1].Name) >= strings.ToLower(s.Name) {
			t.Errorf("%s stands after %s", s.Name, guide.Schemes()[i-1].Name)
		}
		if s.Registered != registered[s.Name] {
			t.Errorf("%s: registered is %v", s.Name, s.Registered)
		}
		if s.Says == "" || s.Watch == "" || len(s.Refs) == 0 {
			t.Errorf("%s lacks text or references", s.Name)
		}
		for _, line := range []string{s.Answer, s.Challenge} {
			if line == "" && s.Answer != "" {
				continue
			}
			name, value, _ := strings.Cut(line, ": ")
			if exchange.LookupName(name) == 0 || !strings.HasPrefix(value, s.Name) {
				t.Errorf("%s: %q", s.Name, line)
			}
		}
		for _, e := range s.Examples() {
			judge(t, set, s.Name, &e)
		}
	}
}

// TestDateForms reads each form that may be sent, as recipients of HTTP do.
func TestDateForms(t *testing.T) {
	for _, f := range guide.DateForms() {
		if f.Example == "" || !strings.HasSuffix(f.Where, ".") || len(f.Refs) == 0 {
			t.Errorf("%s is not complete", f.Name)
		}
	}
	for _, name := range []string{"IMF-fixdate", "RFC 850", "asctime"} {
		i := slices.IndexFunc(guide.DateForms(), func(f guide.DateForm) bool { return f.Name == name })
		f := guide.DateForms()[i]
		d, err := field.ParseDate(f.Example, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		if err != nil || !d.Time.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
			t.Errorf("%s: %q is %v, %v", f.Name, f.Example, d, err)
		}
	}
}

// TestReads holds what is found out about rules to what their checks do.
func TestReads(t *testing.T) {
	byID := map[string]*annotate.Rule{}
	for _, r := range rules.All() {
		byID[r.ID] = r
	}
	for _, c := range []struct {
		id    string
		about exchange.Name
		other exchange.Name
	}{
		{"status/405-missing-allow", exchange.FieldAllow, 0},
		{"status/429-missing-retry-after", exchange.FieldRetryAfter, exchange.FieldRateLimit},
		{"status/retry-after-invalid", exchange.FieldRetryAfter, 0},
		{"conditional/if-none-match-ignored", exchange.FieldIfNoneMatch, exchange.FieldETag},
		{"cors/origin-not-allowed", exchange.FieldAccessControlAllowOrigin, exchange.FieldOrigin},
		{"range/206-missing-content-range", exchange.FieldContentRange, exchange.FieldRange},
		{"cache/age-invalid", exchange.FieldAge, 0},
	} {
		reads := guide.ReadsOf(byID[c.id])
		if !slices.Contains(reads.About, c.about) || c.other != 0 && !slices.Contains(reads.All(), c.other) {
			t.Errorf("%s: about %v, other %v; want %v and %v", c.id, reads.About, reads.Other, c.about, c.other)
		}
	}
	for _, id := range []string{"cors/allow-origin-malformed", "cors/allow-origin-multiple"} {
		reads := guide.ReadsOf(byID[id])
		if slices.Contains(reads.All(), exchange.FieldAllow) {
			t.Errorf("%s reads Allow", id)
		}
	}
}

func BenchmarkReads(b *testing.B) {
	all := rules.All()
	for b.Loop() {
		for _, r := range all {
			guide.ReadsOf(r)
		}
	}
}
