package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sidenote/policy"
)

// runIn runs the program in this process.
func runIn(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, environ, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestExplainEverything explains every word that explain knows, in every form.
func TestExplainEverything(t *testing.T) {
	e := newExplainer(nil)
	for _, thing := range e.things() {
		articles, err := e.explain(thing)
		if err != nil {
			t.Errorf("explain %q: %v", thing, err)
		}
		for _, a := range articles {
			checkArticle(t, thing, a)
		}
	}
}

// checkArticle holds an article to the width of a screen, and to what programs read.
func checkArticle(t *testing.T, thing string, a *article) {
	t.Helper()
	for line := range strings.SplitSeq(a.plain(false), "\n") {
		quoted := strings.HasPrefix(line, "    ") // an example, or a long word
		if utf8.RuneCountInString(line) > screen && !quoted || strings.HasSuffix(line, " ") {
			t.Errorf("explain %q: line %q", thing, line)
		}
	}
	var record map[string]any
	text, err := json.Marshal(a.record)
	if err != nil || json.Unmarshal(text, &record) != nil || record["kind"] == nil {
		t.Errorf("explain %q: %v, bad JSON:\n%s", thing, err, text)
	}
	if text := a.markdown(2); !strings.HasPrefix(text, "## ") {
		t.Errorf("explain %q: bad Markdown:\n%s", thing, text)
	}
}

// TestExplainInEveryForm runs the command as people do.
func TestExplainInEveryForm(t *testing.T) {
	for _, thing := range []string{"405", "4xx", "Retry-After", "status/405-missing-allow", "connect_refused", "Bearer", "cors", "dates", "schemes"} {
		code, text, errs := runIn(t, nil, "explain", thing)
		if code != exitOK || errs != "" || text == "" {
			t.Errorf("explain %q: exit %d, %s", thing, code, errs)
		}
		var record map[string]any
		if _, text, _ = runIn(t, nil, "explain", thing, "--format", "json"); json.Unmarshal([]byte(text), &record) != nil || record["kind"] == nil {
			t.Errorf("explain %q: bad JSON:\n%s", thing, text)
		}
		if _, text, _ = runIn(t, nil, "explain", "--format=markdown", thing); !strings.HasPrefix(text, "## ") {
			t.Errorf("explain %q: bad Markdown:\n%s", thing, text)
		}
	}
}

// TestExplainLinks leads references to their addresses on terminals, and nowhere else.
func TestExplainLinks(t *testing.T) {
	articles, err := newExplainer(nil).explain("405")
	if err != nil {
		t.Fatal(err)
	}
	const want = "\x1b]8;;https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6\x1b\\RFC 9110 §15.5.6\x1b]8;;\x1b\\"
	if text := articles[0].plain(true); strings.Count(text, want) != 1 {
		t.Errorf("want %q once in:\n%q", want, text)
	}
	if text := articles[0].plain(false); strings.Contains(text, "\x1b") || !strings.Contains(text, "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6\n") {
		t.Errorf("without links:\n%q", text)
	}
	if code, text, _ := runIn(t, nil, "explain", "405"); code != exitOK || strings.Contains(text, "\x1b") {
		t.Errorf("not on a terminal: exit %d\n%q", code, text)
	}
}

// TestExplainForPage has the further meanings of a word, and no null in JSON.
func TestExplainForPage(t *testing.T) {
	e := newExplainer(nil)
	for _, thing := range []string{"405", "471", "Digest", "cors", "Retry-After", "dates", "Bearer", "status/405-missing-allow", "connect_refused", "4xx"} {
		shown, err := explainForPage(thing, e)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(shown)
		if err != nil || bytes.Contains(text, []byte(":null")) {
			t.Errorf("%s: %v\n%s", thing, err, text)
		}
		if also := bytes.Contains(text, []byte(`"also"`)); also != (thing == "Digest") {
			t.Errorf("%s: further meanings: %v", thing, also)
		}
	}
}

func TestRulesAsJSON(t *testing.T) {
	_, text, _ := runIn(t, nil, "rules", "--format", "json")
	var records []map[string]any
	if err := json.Unmarshal([]byte(text), &records); err != nil || len(records) == 0 {
		t.Fatalf("%d rules, %v", len(records), err)
	}
	previous := ""
	for _, r := range records {
		id, _ := r["id"].(string)
		if id <= previous {
			t.Errorf("%q stands after %q", id, previous)
		}
		previous = id
		for _, key := range []string{"severity", "title", "doc", "help", "topic"} {
			if s, _ := r[key].(string); s == "" {
				t.Errorf("%s: no %s", id, key)
			}
		}
		for _, key := range []string{"refs", "needs", "bad", "good"} {
			if _, ok := r[key].([]any); !ok {
				t.Errorf("%s: %s is %v", id, key, r[key])
			}
		}
	}
}

func TestRulesFilters(t *testing.T) {
	for _, c := range []struct {
		args     []string
		has, not string
	}{
		{nil, "status/405-missing-allow", "\x00"},
		{[]string{"--topic", "redirect"}, "redirect/missing-location", "status/"},
		{[]string{"--severity", "error"}, "status/405-missing-allow", "warn "},
		{[]string{"--status", "405"}, "status/405-missing-allow", "status/429-missing-retry-after"},
		{[]string{"--field", "RETRY-AFTER"}, "status/429-missing-retry-after", "status/405-missing-allow"},
		{[]string{"--topic", "status", "--field", "location", "--status", "404"}, "", "missing-location"},
	} {
		code, text, errs := runIn(t, nil, append([]string{"rules"}, c.args...)...)
		if code != exitOK || !strings.Contains(text, c.has) || strings.Contains(text, c.not) {
			t.Errorf("%q: exit %d, want %q and not %q in:\n%s%s", c.args, code, c.has, c.not, text, errs)
		}
	}
}

func FuzzExplain(f *testing.F) {
	for _, s := range []string{"404", "4xx", "location", "status/", "\x00\x1b[2J", "ſet-cookie", "-1", "99999999999999999999"} {
		f.Add(s)
	}
	e := newExplainer(nil)
	f.Fuzz(func(t *testing.T, thing string) {
		a, err := e.explain(thing)
		if (a == nil) == (err == nil) {
			t.Fatalf("%v, %v", a, err)
		}
		if err != nil && oneLine(err.Error()) != err.Error() {
			t.Fatalf("the error does not fit a line: %q", err)
		}
	})
}

func TestReachable(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8081": "127.0.0.1:8081", ":9": "127.0.0.1:9", "0.0.0.0:9": "127.0.0.1:9", "[::]:9": "[::1]:9", "host.test:9": "host.test:9",
		"off": "", "127.0.0.1": "", "127.0.0.1:0": "", "": "", "127.0.0.1:": "",
	} {
		if got, err := reachable(listen); got != want || (err == nil) != (want != "") {
			t.Errorf("reachable(%q) = %q, %v; want %q", listen, got, err, want)
		}
	}
}

func TestHealthcheck(t *testing.T) {
	well := true
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !well {
			http.Error(w, "the log cannot\nbe written", http.StatusServiceUnavailable)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	address := server.Listener.Addr().String()

	if code, _, errs := runIn(t, nil, "healthcheck", "--admin", address); code != exitOK || errs != "" {
		t.Errorf("well: exit %d, %s", code, errs)
	}
	if code, _, errs := runIn(t, []string{"SIDENOTE_ADMIN=" + address}, "healthcheck"); code != exitOK {
		t.Errorf("by environment: exit %d, %s", code, errs)
	}
	well = false
	if code, _, errs := runIn(t, nil, "healthcheck", "--admin", address); code != exitNo || !strings.Contains(errs, "503") || strings.Count(errs, "\n") != 1 {
		t.Errorf("unwell: exit %d, %s", code, errs)
	}
	server.Close()
	if code, _, errs := runIn(t, nil, "healthcheck", "--admin", address); code != exitNo || !strings.Contains(errs, "no sidenote answers") {
		t.Errorf("gone: exit %d, %s", code, errs)
	}
}

func TestHealthcheckGivesUp(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if code, _, errs := runIn(t, nil, "healthcheck", "--timeout", "50ms", "--admin", silent.Addr().String()); code != exitNo {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// TestDefaultCommand covers what the arguments mean when they name no command.
func TestDefaultCommand(t *testing.T) {
	root := newRootCommand(&program{})
	for _, c := range []struct{ args, want []string }{
		{[]string{"-h"}, []string{"-h"}},
		{[]string{"--help"}, []string{"--help"}},
		{[]string{"--version"}, []string{"version"}},
		{[]string{"env", "--unset"}, []string{"env", "--unset"}},
		{[]string{"__complete", "exp"}, []string{"__complete", "exp"}},
	} {
		if got, err := resolve(root, c.args); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q means %q, %v; want %q", c.args, got, err, c.want)
		}
	}
	for _, args := range [][]string{nil, {"--quiet"}} {
		want := args
		if isCommand(root, defaultCommand) {
			want = append([]string{defaultCommand}, args...)
		}
		if got, err := resolve(root, args); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q means %q, %v; want %q", args, got, err, want)
		}
	}
}

// failingWriter is a full disk.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, net.ErrClosed }

func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{"explain", "404"}, {"rules", "--format", "json"}, {"version"}} {
		var errs bytes.Buffer
		if code := run(context.Background(), args, nil, nil, failingWriter{}, &errs); code != exitFailed || !strings.Contains(errs.String(), "write the output") {
			t.Errorf("%q: exit %d, %s", args, code, errs.String())
		}
	}
}

// TestExplainAnExpectationAtHand tells what it says, and not only what it is.
func TestExplainAnExpectationAtHand(t *testing.T) {
	p := policy.Default()
	if err := p.Expect("fast: duration < 0.5", "--expect"); err != nil {
		t.Fatal(err)
	}
	a, err := newExplainer(p.Rules()).explain("expect/fast")
	if err != nil || !strings.Contains(a[0].plain(false), "The policy expects: duration < 0.5.") {
		t.Errorf("%v, %v", a, err)
	}
}
