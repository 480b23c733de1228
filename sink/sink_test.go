package sink_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dunglas/httpsfv"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink"
)

var (
	mismatch = &annotate.Rule{
		ID: "content/problem-status-mismatch", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Refs: []string{"RFC 9457 §3.1.2"}, Help: "send the same number in both",
	}
	broken = &annotate.Rule{ID: "framing/broken", Severity: annotate.Error, Blame: annotate.ByOriginOrIntermediary, Refs: []string{"RFC 9112 §6.3"}}
	hint   = &annotate.Rule{ID: "cache/hint", Severity: annotate.Info}
)

func note(r *annotate.Rule, message string, p exchange.Place) annotate.Note {
	return annotate.Note{Rule: r, Severity: r.Severity, Blame: r.Blame, Message: message, Place: p}
}

func parse(t testing.TB, s string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

const ok = `* id 7f3j
* started 2026-01-02T12:04:31.207Z
* scheme https
* timing dns=1.2ms connect=8.4ms request-sent=9ms first-byte=30ms done=38ms self=400us
> GET /v1/cart HTTP/2
> Host: api.shop.test
>
< HTTP/2 200
<
* content response size=1200
`

const conflict = `* id 7f3k
* started 2026-01-02T12:04:31.390Z
* scheme https
* timing done=91ms
> POST /v1/orders/17 HTTP/2
> Host: api.shop.test
>
< HTTP/2 409
< Content-Type: application/problem+json
<
< {
<   "status": 400,
<   "x": 1
< }
`

const failed = `* id 7f3m
* started 2026-01-02T12:04:33.001Z
* scheme https
* timing done=2ms
* error dns_not_found "no such host"
> GET /a%20b HTTP/1.1
> Host: nowhere.test
>
`

func conflictNotes(x *exchange.Exchange) []annotate.Note {
	at := strings.Index(string(x.Response.Content.Kept), "400")
	return []annotate.Note{
		note(mismatch, "the problem document says status 400, the status line says 409", annotate.ResponseContent(at, at+3)),
		note(hint, "quiet", exchange.Place{}),
	}
}

func annotated(t testing.TB, text string, notes func(*exchange.Exchange) []annotate.Note) *annotate.Annotated {
	x := parse(t, text)
	a := &annotate.Annotated{X: x}
	if notes != nil {
		a.Notes = notes(x)
	}
	return a
}

func TestJSONLog(t *testing.T) {
	var out strings.Builder
	s := sink.NewJSONLog(&out, nil)
	a := annotated(t, conflict, conflictNotes)
	a.Notes[0].Message += "\u009b31m\u202e"
	if err := s.Write(a); err != nil {
		t.Fatal(err)
	}
	if out.Len() != 0 {
		t.Error("a line was not held back")
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if r != '\n' && (r < ' ' || r >= 0x7f) && r != '§' {
			t.Errorf("%U is in the log", r)
		}
	}
	var got struct {
		Class   string `json:"sidenote.status.class"`
		Verdict string `json:"sidenote.verdict"`
		Blame   string `json:"sidenote.blame"`
		Notes   []struct {
			Rule, Severity, Blame, Message, Help, Fingerprint string
			Place                                             map[string]any
			Refs                                              []string
		} `json:"sidenote.notes"`
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if got.Class != "client-error" || got.Verdict != "warn" || got.Blame != "origin" || len(got.Notes) != 2 {
		t.Fatalf("%+v", got)
	}
	n := got.Notes[0]
	if n.Rule != mismatch.ID || n.Message != a.Notes[0].Message || n.Place["part"] != "content" || n.Place["start"] != 14. || len(n.Fingerprint) != 16 {
		t.Errorf("%+v", n)
	}
}

func TestSaveCanBeReadBack(t *testing.T) {
	var out strings.Builder
	s := sink.NewSave(&out, nil)
	a := annotated(t, conflict, conflictNotes)
	for range 2 {
		if err := s.Write(a); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := exchange.ReadCapture(strings.NewReader(out.String()), exchange.Capture{Exchange: func(x *exchange.Exchange) error {
		n++
		if x.Format() != a.X.Format() {
			t.Error(x.Format())
		}
		return nil
	}})
	if n != 2 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

func TestResponseFields(t *testing.T) {
	x := parse(t, ok)
	notes := []annotate.Note{note(hint, "", exchange.Place{}), note(broken, "", exchange.Place{}), note(mismatch, "", exchange.Place{}), note(mismatch, "again", exchange.Place{})}
	f := sink.MakeResponseFields(x, notes, sink.FieldsFull)
	want := sink.ResponseFields{
		Notes:    `framing/broken;sev=error;by=origin|intermediary;ref="RFC9112#6.3", content/problem-status-mismatch;sev=warn;by=origin;ref="RFC9457#3.1.2", cache/hint;sev=info`,
		Exchange: `"7f3j";v=1;class=success;verdict=error;phase=headers;more=0`,
		Timing:   `sn-dns;dur=1.2, sn-connect;dur=8.4, sn-wait;dur=21.0, sn-self;dur=0.4`,
	}
	if f != want {
		t.Errorf("got\n%+v\nwant\n%+v", f, want)
	}
	mustBeStructured(t, f)
	accepted := slices.Clone(notes) // of which the first is the mildest, and one of a rule that has two
	accepted[1].Accepted, accepted[2].Accepted = "slow partner", "slow partner"
	f = sink.MakeResponseFields(x, accepted, sink.FieldsFull)
	if f.Notes != `content/problem-status-mismatch;sev=warn;by=origin;ref="RFC9457#3.1.2", cache/hint;sev=info, framing/broken;sev=error;by=origin|intermediary;ref="RFC9112#6.3";accepted` ||
		!strings.Contains(f.Exchange, "verdict=warn") {
		t.Errorf("%+v", f)
	}
	mustBeStructured(t, f)
	f = sink.MakeResponseFields(x, notes, sink.FieldsSummary)
	if f != (sink.ResponseFields{Exchange: `"7f3j";v=1;class=success;verdict=error;phase=headers;more=3`}) {
		t.Errorf("%+v", f)
	}
	f = sink.MakeResponseFields(x, nil, sink.FieldsFull)
	if f.Notes != "" || !strings.Contains(f.Exchange, "verdict=ok") {
		t.Errorf("%+v", f)
	}
}

func mustBeStructured(t *testing.T, f sink.ResponseFields) {
	t.Helper()
	if f.Notes != "" {
		if _, err := httpsfv.UnmarshalList([]string{f.Notes}); err != nil {
			t.Errorf("%v: %s", err, f.Notes)
		}
	}
	if _, err := httpsfv.UnmarshalItem([]string{f.Exchange}); err != nil {
		t.Errorf("%v: %s", err, f.Exchange)
	}
}

func TestResponseFieldsAreBounded(t *testing.T) {
	x := parse(t, ok)
	x.ID = "odd \"\\\x00é"
	var many []annotate.Note
	for i := range 30 {
		many = append(many, note(&annotate.Rule{ID: "many/rule-" + strings.Repeat("x", i), Severity: annotate.Warn, Refs: []string{"RFC 1 §1"}}, "", exchange.Place{}))
	}
	many = append(many, note(broken, "", exchange.Place{}))
	f := sink.MakeResponseFields(x, many, sink.FieldsFull)
	if n := strings.Count(f.Notes, "sev="); n != 12 || !strings.HasPrefix(f.Notes, "framing/broken;") || !strings.HasSuffix(f.Exchange, ";more=19") {
		t.Errorf("%d notes, %s", n, f.Exchange)
	}
	mustBeStructured(t, f)
	for i := range many {
		many[i].Rule = &annotate.Rule{ID: "many/rule-" + strings.Repeat("x", 400+i)}
	}
	f = sink.MakeResponseFields(x, many, sink.FieldsFull)
	if len(f.Notes) > 2048 || !strings.HasSuffix(f.Exchange, ";more=27") {
		t.Errorf("%d octets, %s", len(f.Notes), f.Exchange)
	}
	mustBeStructured(t, f)
}

func TestNoResponseFieldsWhereTheyDoNotBelong(t *testing.T) {
	for _, text := range []string{
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 304 Not Modified\n<\n",
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 101 Switching\n<\n",
		"> CONNECT a.test:443 HTTP/1.1\n>\n< HTTP/1.1 200 OK\n<\n",
		"> GET / HTTP/1.1\n>\n",
	} {
		if f := sink.MakeResponseFields(parse(t, text), nil, sink.FieldsFull); f != (sink.ResponseFields{}) {
			t.Errorf("%q: %+v", text, f)
		}
	}
	if f := sink.MakeResponseFields(parse(t, ok), nil, sink.FieldsOff); f != (sink.ResponseFields{}) {
		t.Errorf("%+v", f)
	}
}

func console(o sink.ConsoleOptions) (*strings.Builder, *sink.Console) {
	var out strings.Builder
	o.Location = time.UTC
	return &out, sink.NewConsole(&out, o)
}

func TestConsoleOnATerminal(t *testing.T) {
	out, c := console(sink.ConsoleOptions{Terminal: sink.Terminal{TTY: true, Width: func() int { return 90 }}, Least: annotate.Warn, Closing: func() string { return "policy: FAIL" }})
	long := strings.Replace(ok, "/v1/cart", "/v1/"+strings.Repeat("cart", 40)+"/end", 1)
	for _, a := range []*annotate.Annotated{annotated(t, ok, nil), annotated(t, conflict, conflictNotes), annotated(t, conflict, conflictNotes), annotated(t, failed, nil), annotated(t, long, nil)} {
		if err := c.Write(a); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	want := `12:04:31.207  200  GET      api.shop.test/v1/cart                38ms   1.2k  h2
12:04:31.390  409  POST     api.shop.test/v1/orders/17           91ms     29  h2    #7f3k
   warn  content/problem-status-mismatch: the problem document says status 400, the status
         line says 409  [RFC 9457 §3.1.2]
         "status": 400,
                   ^^^ origin
         help: send the same number in both
         sidenote explain content/problem-status-mismatch
12:04:31.390  409  POST     api.shop.test/v1/orders/17           91ms     29  h2    #7f3k
   warn  content/problem-status-mismatch  again, 2 times on this route
12:04:33.001  dns  GET      nowhere.test/a%20b                    2ms      -  h1.1
   fail  the host name does not exist (dns_not_found)
12:04:31.207  200  GET      api.shop.test/v1/cart…artcart/end    38ms   1.2k  h2
-- 5 exchanges: 2 2xx, 2 4xx, 1 failed; 0 errors, 2 warnings; policy: FAIL
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

// TestConsoleTellsServersApart shows a note whole for each server of a machine.
func TestConsoleTellsServersApart(t *testing.T) {
	out, c := console(sink.ConsoleOptions{Terminal: sink.Terminal{TTY: true}, Least: annotate.Warn})
	for _, authority := range []string{"127.0.0.1:22121", "127.0.0.1:22122", "127.0.0.1:22122"} {
		if err := c.Write(annotated(t, strings.Replace(conflict, "api.shop.test", authority, 1), conflictNotes)); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), "help: "); n != 2 {
		t.Errorf("the note is shown whole %d times, want once for each server:\n%s", n, out)
	}
}

func TestConsoleElsewhere(t *testing.T) {
	out, c := console(sink.ConsoleOptions{Least: annotate.Info})
	odd := strings.Replace(conflict, "/17", `/\xe2\x80\xae\x1b[31m\xff\xc3\xa9`, 1)
	for _, a := range []*annotate.Annotated{annotated(t, ok, nil), annotated(t, odd, conflictNotes), annotated(t, failed, nil)} {
		if err := c.Write(a); err != nil {
			t.Fatal(err)
		}
	}
	want := `2026-01-02T12:04:31.207Z 200 GET https://api.shop.test/v1/cart 38ms 1.2k h2
cache #7f3j any cache may keep it, for as long as each cache guesses; fetched again when stale, since it has no validator
2026-01-02T12:04:31.390Z 409 POST https://api.shop.test/v1/orders/\u202e\x1b[31m\xff\u00e9 91ms 29 h2 #7f3k
warn content/problem-status-mismatch #7f3k the problem document says status 400, the status line says 409 [RFC 9457 section 3.1.2]
info cache/hint #7f3k quiet
help content/problem-status-mismatch send the same number in both
2026-01-02T12:04:33.001Z dns GET https://nowhere.test/a%20b 2ms - h1.1 the host name does not exist (dns_not_found)
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

func TestConsolePointsIntoFields(t *testing.T) {
	out, c := console(sink.ConsoleOptions{Terminal: sink.Terminal{TTY: true, Width: func() int { return 80 }}})
	x := parse(t, `> GET / HTTP/1.1
>
< HTTP/1.1 200 OK
< X-Wide: \xe6\x97\xa5\x1bbad`+strings.Repeat(" and so on", 40)+`
<
`)
	p := exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: "X-Wide", Start: 4, End: 7}
	if err := c.Write(&annotate.Annotated{X: x, Notes: []annotate.Note{note(broken, "m", p)}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	const excerpt, caret = `         X-Wide: 日\x1bbad and so on`, `                       ^^^ origin|intermediary`
	if !strings.HasPrefix(lines[2], excerpt) || len([]rune(lines[2])) > 80 || lines[3] != caret {
		t.Errorf("got\n%s\nwant\n%s", out, excerpt+"\n"+caret)
	}
	missing := exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: "Date", Line: -1}
	out.Reset()
	_ = c.Write(&annotate.Annotated{X: x, Notes: []annotate.Note{note(mismatch, "m", missing)}})
	if !strings.Contains(out.String(), "[RFC 9457 §3.1.2]  by origin\n") {
		t.Error(out.String())
	}
}

func TestConsoleSurvivesOddPlaces(t *testing.T) {
	_, c := console(sink.ConsoleOptions{Terminal: sink.Terminal{TTY: true, Color: true}})
	x := parse(t, conflict)
	for _, p := range []exchange.Place{
		{Message: exchange.InResponse, Part: exchange.PartContent, Start: 30, End: 4000},
		{Message: exchange.InResponse, Part: exchange.PartContent, Start: -3, End: 2},
		{Message: exchange.InInterim, Part: exchange.PartField, Interim: 9, End: 3},
		{Message: exchange.InRequest, Part: exchange.PartField, Line: 99, End: 3},
		{Message: exchange.InResponse, Part: exchange.PartContent, Start: 0, End: 40},
		{Message: exchange.InConnection, Start: 1, End: 2},
	} {
		if err := c.Write(&annotate.Annotated{X: x, Notes: []annotate.Note{note(&annotate.Rule{ID: "a/b", Severity: annotate.Warn}, "m", p)}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestQuiet(t *testing.T) {
	out, c := console(sink.ConsoleOptions{Quiet: true, Least: annotate.Error})
	_ = c.Write(annotated(t, ok, nil))
	_ = c.Write(annotated(t, conflict, conflictNotes))
	if out.Len() != 0 {
		t.Error(out.String())
	}
	_ = c.Write(annotated(t, failed, nil))
	if out.Len() == 0 {
		t.Error("a failed exchange is not shown")
	}
}

func TestWantsColor(t *testing.T) {
	for _, c := range []struct {
		flag string
		tty  bool
		env  map[string]string
		want bool
	}{
		{"auto", true, nil, true},
		{"auto", false, nil, false},
		{"auto", true, map[string]string{"NO_COLOR": "1"}, false},
		{"auto", true, map[string]string{"TERM": "dumb"}, false},
		{"auto", false, map[string]string{"FORCE_COLOR": "1", "NO_COLOR": "1"}, true},
		{"auto", true, map[string]string{"FORCE_COLOR": "0"}, false},
		{"always", false, map[string]string{"NO_COLOR": "1"}, true},
		{"never", true, map[string]string{"FORCE_COLOR": "1"}, false},
	} {
		if got := sink.WantsColor(c.flag, c.tty, func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func BenchmarkResponseFields(b *testing.B) {
	x := parse(b, ok)
	notes := []annotate.Note{note(mismatch, "", exchange.Place{}), note(hint, "", exchange.Place{})}
	b.ReportAllocs()
	for b.Loop() {
		sink.MakeResponseFields(x, notes, sink.FieldsFull)
	}
}
