package report_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/golden"
	"sidenote/internal/printable"
	"sidenote/sink"
	"sidenote/sink/report"
)

func rule(id string, severity annotate.Severity, blame annotate.Blame) *annotate.Rule {
	return &annotate.Rule{
		ID: id, Severity: severity, Blame: blame, Title: "something about " + id, Refs: []string{"RFC 9110 §15.5.6"},
		Doc: "Why it matters.\n\nWhat to do.", Help: "send what is missing",
	}
}

// A run is a set of exchanges with their notes, the same each time it is made.
type run struct {
	allow, json, slow, hostile *annotate.Rule
}

func newRun() *run {
	return &run{
		allow:   rule("status/405-missing-allow", annotate.Error, annotate.ByOrigin),
		json:    rule("content/body-invalid-json", annotate.Error, annotate.ByClient),
		slow:    rule("timing/slow-response", annotate.Warn, annotate.ByOrigin),
		hostile: rule("syntax/value-has-controls", annotate.Warn, annotate.ByOriginOrIntermediary),
	}
}

func parse(t testing.TB, text string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return x
}

func note(r *annotate.Rule, at exchange.Place, message string) annotate.Note {
	return annotate.Note{Rule: r, Severity: r.Severity, Blame: r.Blame, Place: at, Message: message}
}

const facts = "* id x%d\n* run r1\n* started 2026-01-02T03:04:%02dZ\n* scheme https\n" +
	"* timing dns=2ms connect=9ms tls=11ms head-sent=22ms request-sent=23ms first-byte=%dms response-at=%dms done=%dms\n"

func (r *run) facts(n, took int) string { return fmt.Sprintf(facts, n, n, took-2, took-2, took) }

// exchanges makes them in the order of their start.
func (r *run) exchanges(t testing.TB) (all []*annotate.Annotated) {
	t.Helper()
	add := func(text string, notes ...annotate.Note) {
		all = append(all, &annotate.Annotated{X: parse(t, r.facts(len(all), 40+7*len(all))+text), Notes: notes})
	}
	missing := exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: "Allow", Line: -1}
	for i := range 4 {
		add(fmt.Sprintf("> GET /orders/%d HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: text/plain\n<\n< ok\n", i))
		add(fmt.Sprintf("> PUT /orders/%d HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 405 Method Not Allowed\n< Content-Length: 0\n<\n", i),
			note(r.allow, missing, "405 to PUT has no Allow, so it does not say which methods are supported"))
	}
	add("> PATCH /cart HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 405 Method Not Allowed\n< Content-Length: 0\n<\n",
		note(r.allow, missing, "405 to PATCH has no Allow, so it does not say which methods are supported"))
	body := "> POST /orders HTTP/1.1\n> Host: shop.test\n> Content-Type: application/json\n>\n> {\n>   \"sku\": \"A-7\",\n>   \"qty\": 1,\n> }\n< HTTP/1.1 400 Bad Request\n<\n"
	add(body, note(r.json, exchange.Place{Message: exchange.InRequest, Part: exchange.PartContent, Start: 30, End: 31}, "the content is labelled application/json and is no JSON"))
	accepted := note(r.slow, exchange.Place{}, "the response took 3.1 s to begin")
	accepted.Accepted = "known since spring, owner: search"
	add("> GET /search?q=%3Cscript%3E HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n<\n", accepted)
	add("> GET /<b>&|`@all/x HTTP/1.1\n> Host: evil.test\n>\n< HTTP/1.1 200 OK\n< X: a\\x1b[31m<script>alert(1)</script>\\xff\n<\n< <img src=x onerror=alert(1)>\n",
		note(r.hostile, exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: "X", Line: 0, Start: 1, End: 6},
			"X has the control character \x1b in \"</script><script>alert(1)//]]>\u202e ::error::x%0A @all | `x` http://evil.test www.evil.test\""))
	failed := parse(t, r.facts(len(all), 900)+"> GET / HTTP/1.1\n> Host: down.test\n>\n")
	failed.Err = &exchange.Err{Code: exchange.ErrDNSNotFound, Detail: "no such host"}
	all = append(all, &annotate.Annotated{X: failed})
	return all
}

var judged = report.Verdict{Reasons: []string{"6 notes at or above error (fail-on)"}}

func options() report.Options {
	return report.Options{Version: "1.2.3", Run: "r1", Title: "test", FailOn: annotate.Error, Least: annotate.Warn, Detail: true}
}

func collect(t testing.TB, o report.Options, v report.Verdict, all []*annotate.Annotated) *report.Report {
	t.Helper()
	c := report.NewCollector(o)
	for _, a := range all {
		if err := c.Write(a); err != nil {
			t.Fatal(err)
		}
	}
	return c.Report(v)
}

func written(t testing.TB, k report.Kind, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := k.Write(&b, r, "out."+k.Name); err != nil {
		t.Fatalf("%s: %v", k.Name, err)
	}
	return b.String()
}

// TestKinds writes each kind of report of the same run.
func TestKinds(t *testing.T) {
	for _, k := range report.Kinds() {
		if k.Stream == nil {
			golden.Compare(t, filepath.Join("testdata", "run."+k.Name), written(t, k, collect(t, options(), judged, newRun().exchanges(t))))
		}
	}
}

// TestNothingToTell writes each kind of a run without exchanges.
func TestNothingToTell(t *testing.T) {
	for _, k := range report.Kinds() {
		if k.Stream == nil {
			golden.Compare(t, filepath.Join("testdata", "none."+k.Name), written(t, k, collect(t, options(), report.Verdict{Passed: true, Reasons: []string{"no note at or above error"}}, nil)))
		}
	}
}

// TestOrderOfEndDoesNotMatter adds the same exchanges in other orders, as
// concurrent exchanges end.
func TestOrderOfEndDoesNotMatter(t *testing.T) {
	r := newRun()
	all := append(r.exchanges(t), r.exchanges(t)...) // every exchange twice, so that examples compete
	want := make(map[string]string)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		made := collect(t, options(), judged, all)
		for _, k := range report.Kinds() {
			if k.Stream != nil {
				continue
			}
			switch got := written(t, k, made); {
			case want[k.Name] == "":
				want[k.Name] = got
			case want[k.Name] != got:
				t.Fatalf("%s depends on the order:\n%s", k.Name, cmp.Diff(want[k.Name], got))
			}
		}
	}
}

func TestCounts(t *testing.T) {
	made := collect(t, options(), judged, newRun().exchanges(t))
	if made.Exchanges != 13 || made.Notes != (report.Counts{Errors: 6, Warnings: 1}) || made.Accepted != (report.Counts{Warnings: 1}) {
		t.Errorf("%d exchanges, %+v, %+v accepted", made.Exchanges, made.Notes, made.Accepted)
	}
	var classes []string
	for _, c := range made.Classes {
		classes = append(classes, fmt.Sprintf("%d %s", c.Count, c.Label))
	}
	if got := strings.Join(classes, ", "); got != "6 2xx, 6 4xx, 1 failed" {
		t.Error(got)
	}
	if d := made.Durations; d.Count != 13 || d.Max != 900*time.Millisecond || d.Median != 82*time.Millisecond || d.P95 != d.Max {
		t.Errorf("%+v", d)
	}
	g := made.Groups[len(made.Groups)-1]
	if !g.IsAccepted() || g.Fails() || g.Reason != "known since spring, owner: search" {
		t.Errorf("%+v", g)
	}
}

// TestFixes ranks by severity, then by routes, then by exchanges.
func TestFixes(t *testing.T) {
	made := collect(t, options(), judged, newRun().exchanges(t))
	var got []string
	for _, f := range made.Fixes {
		got = append(got, fmt.Sprintf("%s %s %s", f.Rule.ID, f.Host, f.Spread()))
	}
	want := []string{
		"status/405-missing-allow shop.test 5 exchanges on 2 routes",
		"content/body-invalid-json shop.test 1 exchange",
		"syntax/value-has-controls evil.test 1 exchange",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestPortsTellServersApart: faults of two servers on one machine are two, and
// one whose port the system picked has the same name in the next run.
func TestPortsTellServersApart(t *testing.T) {
	r := newRun()
	answers := func(ports ...int) []*report.Group {
		var all []*annotate.Annotated
		for i, port := range ports {
			x := parse(t, r.facts(i, 40)+fmt.Sprintf("> PUT /orders HTTP/1.1\n> Host: 127.0.0.1:%d\n>\n< HTTP/1.1 405 Method Not Allowed\n<\n", port))
			all = append(all, &annotate.Annotated{X: x, Notes: []annotate.Note{note(r.allow, exchange.Place{}, "no Allow")}})
		}
		return collect(t, options(), judged, all).Groups
	}
	groups := answers(22121, 22122, 22121)
	if len(groups) != 2 || groups[0].Where() != "PUT 127.0.0.1:22121/orders" || groups[0].Exchanges != 2 || groups[1].Where() != "PUT 127.0.0.1:22122/orders" {
		t.Errorf("%d groups, the first %q with %d exchanges", len(groups), groups[0].Where(), groups[0].Exchanges)
	}
	if groups[0].Fingerprint() == groups[1].Fingerprint() {
		t.Error("two servers have one fingerprint")
	}
	one, another := answers(43210)[0], answers(51234)[0]
	if one.Fingerprint() != another.Fingerprint() || one.SteadyWhere() != "PUT 127.0.0.1:*/orders" || one.Where() != "PUT 127.0.0.1:43210/orders" {
		t.Errorf("%q and %q differ between runs", one.SteadyWhere(), another.SteadyWhere())
	}
}

func TestSummary(t *testing.T) {
	made := collect(t, options(), judged, newRun().exchanges(t))
	for name, o := range map[string]sink.Terminal{"plain": {}, "tty": {TTY: true, Width: func() int { return 80 }}, "color": {TTY: true, Color: true}} {
		var b bytes.Buffer
		if err := report.WriteSummary(&b, made, o); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", "summary."+name), b.String())
		for _, line := range strings.Split(b.String(), "\n") {
			if o.Width != nil && len([]rune(line)) > o.Width() {
				t.Errorf("%s: a line of %d columns: %s", name, len([]rune(line)), line)
			}
		}
	}
}

// TestSummaryScreens holds the summary to what people saw and found good, at the
// widths that terminals have.
func TestSummaryScreens(t *testing.T) {
	v := report.Verdict{Reasons: []string{"6 notes at or above error (fail-on)", "sidenote couldn't judge 2 connections that bypassed the proxy; --allow-bypass ADDRESS:PORT accepts those to an address", "no exchange matched the expectation größe"}}
	made := collect(t, options(), v, newRun().exchanges(t))
	for _, width := range []int{60, 72, 80, 100, 160} {
		for _, kind := range []struct {
			name         string
			color, ascii bool
		}{{"", false, false}, {"-color", true, false}, {"-ascii", false, true}} {
			name := fmt.Sprintf("%d%s", width, kind.name)
			t.Run(name, func(t *testing.T) {
				var b strings.Builder
				terminal := sink.Terminal{TTY: true, Color: kind.color, ASCII: kind.ascii, Width: func() int { return width }}
				if err := report.WriteSummary(&b, made, terminal); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(b.String()) {
					line = strings.TrimSuffix(line, "\n")
					if columns := printable.Columns(line); !kind.color && columns > width && strings.Contains(strings.TrimSpace(line), " ") {
						t.Errorf("%d columns: %q", columns, line)
					}
					if kind.ascii && !printable.IsPlain(line) {
						t.Errorf("beyond ASCII: %q", line)
					}
				}
				golden.Compare(t, filepath.Join("testdata", "screens", name+".txt"), b.String())
			})
		}
	}
}

// TestBounds adds more of everything than a report holds.
func TestBounds(t *testing.T) {
	r := rule("a/b", annotate.Error, annotate.ByOrigin)
	c := report.NewCollector(options())
	word := func(i int) string {
		return string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26))
	}
	var many300 exchange.Fields
	for range 300 {
		many300.Add("X", strings.Repeat("v", 2000))
	}
	lines2000 := bytes.Repeat([]byte("line\n"), 2000)
	const many = 3 * report.MostGroups
	for i := range many {
		x := &exchange.Exchange{Scheme: "http", Authority: "a.test"}
		x.Request.Method, x.Request.Target = "GET", "/"+word(i)+strings.Repeat("/x", 3000)
		x.Response.Status = 200
		x.Response.Fields, x.Response.Content.Kept = many300, lines2000
		notes := []annotate.Note{note(r, exchange.Place{Message: exchange.InResponse, Part: exchange.PartContent, Start: 9000, End: 9001}, "m")}
		if err := c.Write(&annotate.Annotated{X: x, Notes: notes}); err != nil {
			t.Fatal(err)
		}
	}
	made := c.Report(judged)
	if len(made.Groups) != report.MostGroups || made.MoreNotes != many-report.MostGroups || len(made.Rows) != report.MostRows || made.MoreRows != many-report.MostRows {
		t.Errorf("%d groups, %d more notes, %d rows, %d more", len(made.Groups), made.MoreNotes, len(made.Rows), made.MoreRows)
	}
	for _, g := range made.Groups[:3] {
		lines, octets := 0, 0
		for _, l := range g.Examples[0].Transcript.Lines {
			lines++
			octets += len(l.Text)
		}
		if lines > 60 || octets > 20_000 || len(g.Examples[0].Row.URL) > 2100 {
			t.Errorf("a transcript of %d lines, %d octets", lines, octets)
		}
	}
	if err := c.Write(&annotate.Annotated{X: &exchange.Exchange{}}); err != nil || made.Exchanges != many {
		t.Errorf("after the report: %v, %d", err, made.Exchanges)
	}
}
