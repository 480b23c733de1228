package pipeline

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink"
)

// kept is an outlet that keeps what it gets.
type kept struct {
	all     []*annotate.Annotated
	content bool
	err     error
}

func (k *kept) Write(a *annotate.Annotated) error { k.all = append(k.all, a); return k.err }
func (k *kept) ShowsContent() bool                { return k.content }

const secrets = "> GET /?token=hunter22 HTTP/1.1\n> Cookie: a=hunter23\n>\n< HTTP/1.1 200 OK\n< Set-Cookie: a=hunter24\n< Content-Type: application/json\n<\n< {\"password\":\"hunter25\"}\n"

// TestSinksSeeNoSecrets: what is written has none, and what is judged has them.
func TestSinksSeeNoSecrets(t *testing.T) {
	var log, save, text bytes.Buffer
	out := sink.NewFanout(zerolog.Nop(),
		sink.Lane{Name: "log", Sink: sink.NewJSONLog(&log, nil)},
		sink.Lane{Name: "save", Sink: sink.NewSave(&save, nil), Content: true},
		sink.Lane{Name: "console", Sink: sink.NewConsole(&text, sink.ConsoleOptions{Terminal: sink.Terminal{TTY: true}, Least: annotate.Info})})
	o := stages(t, "")
	o.Redact, o.Out = exchange.NewRedactor(nil), out
	seen := ""
	o.Judged = append(o.Judged, func(a *annotate.Annotated) { seen = string(a.X.Response.Content.Kept) })
	quote := func(notes []annotate.Note) []annotate.Note {
		at := exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: "Set-Cookie", End: 10}
		return append(notes, annotate.Note{Rule: o.Rules.Rules()[0], Severity: annotate.Warn, Message: "the cookie hunter24 and hunter25", Place: at})
	}
	if _, err := New(o).Whole(parse(t, secrets), quote); err != nil {
		t.Fatal(err)
	}
	if err := out.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"log": log.String(), "save": save.String(), "console": text.String()} {
		if out == "" || strings.Contains(out, "hunter") {
			t.Errorf("%s: %s", name, out)
		}
	}
	if strings.Contains(save.String(), "aHVudGVy") {
		t.Error("a secret is in base64")
	}
	if !strings.Contains(seen, "hunter25") {
		t.Errorf("judged: %s", seen)
	}
}

// TestContentIsSearchedWhereItShows: the content of a response is searched for
// secrets when the outlet shows it, when a note may quote it, and when the reason
// of an error may.
func TestContentIsSearchedWhereItShows(t *testing.T) {
	quiet := "> GET / HTTP/1.1\n> Host: shop.test\n> Cookie: a=hunter23\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n< {\"password\":\"hunter25\"}\n"
	o := stages(t, "")
	none, err := annotate.NewSet(nil, annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	all := o.Rules
	for _, c := range []struct {
		name, text string
		rules      *annotate.Set
		shows      bool
		searched   bool
	}{
		{"nothing shows it", quiet, none, false, false},
		{"the outlet shows it", quiet, none, true, true},
		{"a note may quote it", quiet, all, false, true},
		{"an error may quote it", strings.Replace(quiet, "200 OK", "500 No", 1), none, false, true},
	} {
		out := &kept{content: c.shows}
		o.Rules, o.Redact, o.Out = c.rules, exchange.NewRedactor(nil), out
		if _, err := New(o).Whole(parse(t, c.text)); err != nil {
			t.Fatal(err)
		}
		x := out.all[0].X
		if searched := !bytes.Contains(x.Response.Content.Kept, []byte("hunter25")); searched != c.searched {
			t.Errorf("%s: searched %v, want %v", c.name, searched, c.searched)
		}
	}
}

// TestOutletErrorsAreReturned: who reads a file must know that no one gets the
// result of it; the exchange was judged still.
func TestOutletErrorsAreReturned(t *testing.T) {
	o := stages(t, "")
	full := errors.New("no space")
	o.Out = &kept{err: full}
	if _, err := New(o).Whole(parse(t, missingAllow)); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if n := o.Gate.Verdict().Exchanges; n != 1 {
		t.Errorf("%d exchanges were judged", n)
	}
}

// TestWhatIsLookedAtAgainIsNotCounted: neither in the verdict, nor for an
// expectation of which it is to be said that no exchange matched it.
func TestWhatIsLookedAtAgainIsNotCounted(t *testing.T) {
	o := stages(t, "")
	p := o.Gate.Policy()
	if err := p.Expect("quick: status < 400", "--expect"); err != nil {
		t.Fatal(err)
	}
	set, err := annotate.NewSet(p.Rules(), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	o.Rules = set
	pl := New(o)
	if a := pl.Again(parse(t, missingAllow)); len(a.Notes) != 1 || !pl.Fails(a) {
		t.Errorf("%v", told(a))
	}
	if v := o.Gate.Verdict(); v.Exchanges != 0 || len(v.Warnings) != 1 {
		t.Errorf("%+v", v)
	}
	if _, err := pl.Whole(parse(t, missingAllow)); err != nil {
		t.Fatal(err)
	}
	if v := o.Gate.Verdict(); v.Exchanges != 1 || v.Failing != 1 || len(v.Warnings) != 0 {
		t.Errorf("%+v", v)
	}
}
