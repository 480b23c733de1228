package pipeline

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
	"sidenote/policy"
	"sidenote/policy/baseline"
	"sidenote/sink"
)

// stages returns options with every rule on, by a policy that changes the
// severities of the rules that it names.
func stages(t *testing.T, text string) Options {
	t.Helper()
	p, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var on []annotate.Change
	for _, r := range rules.All() {
		on = append(on, annotate.Change{Rule: r.ID})
	}
	severities, err := annotate.Severities(rules.All(), on...)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := p.Resolve(severities)
	if err != nil {
		t.Fatal(err)
	}
	set, err := annotate.NewSet(rules.All(), annotate.DefaultOptions(), slices.Concat(on, wanted)...)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Rules: set, Gate: p.NewGate()}
}

func newLive(o Options) *Live { return NewLive(o, sink.FieldsFull, zerolog.Nop()) }

func parse(t *testing.T, text string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return x
}

// beforeTheEnd takes from a record what is not known when the response head is.
func beforeTheEnd(x *exchange.Exchange) *exchange.Exchange {
	for _, m := range []*exchange.Message{&x.Request.Message, &x.Response.Message} {
		m.Content, m.Trailers = exchange.Content{}, exchange.Fields{}
	}
	if !x.Response.Made {
		x.Err = nil
	}
	x.Origin.Closed, x.Client.Closed = false, false
	x.Tunnel, x.Timing.Done = exchange.Tunnel{}, 0
	return x
}

// live takes an exchange through both halves of a Live: at the head with no more
// than is known then.
func live(t *testing.T, o Options, read func() *exchange.Exchange) *annotate.Annotated {
	t.Helper()
	l := newLive(o)
	x, head := read(), beforeTheEnd(read())
	l.Head(head, nil)
	if known, ok := l.heads[head]; ok { // the proxy has one record that grows
		l.heads[x] = known
		delete(l.heads, head)
	}
	a, err := l.finish(x)
	if err != nil || len(l.heads) > 0 {
		t.Fatalf("%v; %d heads are left", err, len(l.heads))
	}
	return a
}

func whole(t *testing.T, o Options, x *exchange.Exchange) *annotate.Annotated {
	t.Helper()
	a, err := New(o).Whole(x)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// told is what an annotated exchange says, a line for each note.
func told(a *annotate.Annotated) (lines []string) {
	for i := range a.Notes {
		n := &a.Notes[i]
		lines = append(lines, fmt.Sprintf("%s %s %v %s %q %q", n.Severity, n.Rule.ID, n.Place, n.Blame, n.Message, n.Help))
	}
	return lines
}

// records returns how to read every example of every rule, and every record of
// the captures of real traffic, by name.
func records(t *testing.T) map[string]func() *exchange.Exchange {
	t.Helper()
	all := map[string]func() *exchange.Exchange{}
	for _, r := range rules.All() {
		for i, text := range slices.Concat(r.Bad, r.Good) {
			all[fmt.Sprintf("%s example %d", r.ID, i)] = func() *exchange.Exchange { return parse(t, text) }
		}
	}
	files, err := filepath.Glob("../annotate/rules/testdata/real/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			all[fmt.Sprintf("%s:%d", filepath.Base(file), i+1)] = func() *exchange.Exchange { return fromFile(t, []byte(line)) }
		}
	}
	return all
}

func fromFile(t *testing.T, line []byte) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseJSON(line)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestHeadAndEndAreTheWhole: what is said about a live exchange in two halves is
// what is said about one that has ended, and about one that comes out of a file.
func TestHeadAndEndAreTheWhole(t *testing.T) {
	o := stages(t, "")
	noted := 0
	for name, read := range records(t) {
		want := told(whole(t, o, read()))
		noted += len(want)
		if got := told(live(t, o, read)); !slices.Equal(got, want) {
			t.Errorf("%s\nlive\n  %s\nwhole\n  %s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
		saved := read().AppendJSON(nil, exchange.EncodeOptions{Full: true})
		if got := told(whole(t, o, fromFile(t, saved))); !slices.Equal(got, want) {
			t.Errorf("%s\nfrom a file\n  %s\nwhole\n  %s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	if noted < len(rules.All()) {
		t.Errorf("only %d notes were compared", noted)
	}
}

// TestHalvesUnderAPolicy: a rule that the policy switches off for the request
// still drops what it says better than another, in both halves alike.
func TestHalvesUnderAPolicy(t *testing.T) {
	const text = "* scheme https\n> GET /orders HTTP/1.1\n> Host: shop.test\n> User-Agent: test\n> Sec-Fetch-Dest: document\n> Sec-Fetch-Mode: navigate\n>\n" +
		"< HTTP/1.1 200 OK\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n< Content-Type: text/html; charset=utf-8\n< X-WebKit-CSP: default-src 'self'\n< Content-Length: 39\n<\n< <!doctype html><html><body>hi</body></h\n"
	o := stages(t, "rules:\n  - security/csp-missing: warn\n  - match: shop.test/orders\n    deprecated/csp-obsolete-header: off\n")
	read := func() *exchange.Exchange { return parse(t, text) }
	got, want := told(live(t, o, read)), told(whole(t, o, read()))
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("live\n  %s\nwhole\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const missingAllow = "> PUT /orders HTTP/1.1\n> Host: shop.test\n> User-Agent: test\n> Content-Length: 0\n>\n" +
	"< HTTP/1.1 405 Method Not Allowed\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n< Content-Length: 0\n<\n"

func accepting(t *testing.T, rule string) *baseline.Baseline {
	t.Helper()
	b, err := baseline.Parse("b.yaml", []byte("version: 1\naccepted: [{rule: "+rule+"}]\n"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestResponseFieldsKnowTheBaseline: the verdict in a response is that of the
// log, and an entry is not counted twice for it, nor for what is checked again.
func TestResponseFieldsKnowTheBaseline(t *testing.T) {
	o := stages(t, "")
	o.Baseline = accepting(t, "status/405-missing-allow")
	l, x, out := newLive(o), parse(t, missingAllow), http.Header{}
	for _, line := range l.Head(x, nil) {
		out.Add(line.Name, line.Value)
	}
	if got := out.Get(exchange.FieldSidenote.String()); !strings.Contains(got, "status/405-missing-allow;sev=error;") || !strings.Contains(got, ";accepted") {
		t.Errorf("Sidenote: %s", got)
	}
	ended, err := l.finish(x)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.Get(exchange.FieldSidenoteExchange.String()), ";verdict="+ended.Verdict().String()+";"; !strings.Contains(got, want) || strings.Contains(got, "verdict=error") {
		t.Errorf("Sidenote-Exchange: %s, want %s", got, want)
	}
	again := l.Again(parse(t, missingAllow))
	if got, want := told(again), told(ended); !slices.Equal(got, want) {
		t.Errorf("again %q, want %q", got, want)
	}
	if e := o.Baseline.Entries()[0]; e.Seen != 1 {
		t.Errorf("the entry was seen %d times", e.Seen)
	}
	if v := o.Gate.Verdict(); v.Exchanges != 1 || v.Accepted != 1 {
		t.Errorf("%+v", v)
	}
}

// TestResponseFieldsAreSuppressed: a response does not carry the notes of rules
// that another says better, since the log has none of them.
func TestResponseFieldsAreSuppressed(t *testing.T) {
	o := stages(t, "")
	for _, r := range rules.All() {
		if len(r.Suppresses) == 0 {
			continue
		}
		for _, text := range r.Bad {
			out := http.Header{}
			for _, line := range newLive(o).Head(parse(t, text), nil) {
				out.Add(line.Name, line.Value)
			}
			shown := out.Get(exchange.FieldSidenote.String())
			for _, id := range r.Suppresses {
				if strings.Contains(shown, r.ID+";") && strings.Contains(shown, id+";") {
					t.Errorf("%s is in the response though %s says it better", id, r.ID)
				}
			}
		}
	}
}
