package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/policy"
)

func answered(method, uri string, status int, took time.Duration) *exchange.Exchange {
	x := &exchange.Exchange{Scheme: "http", Authority: "a.test", Timing: exchange.Timing{Done: took}}
	x.Request.Method, x.Request.Target, x.Response.Status = method, uri, status
	return x
}

func reasons(t *testing.T, budgets string, all []*exchange.Exchange) []string {
	t.Helper()
	g := parse(t, "budgets:\n"+budgets).NewGate()
	for _, x := range all {
		g.Observe(&annotate.Annotated{X: x})
	}
	return g.Verdict().Reasons
}

func TestBudgets(t *testing.T) {
	var all []*exchange.Exchange
	for i := range 100 {
		status := 200
		if i < 2 {
			status = 503
		}
		all = append(all, answered("GET", "/", status, time.Duration(i+1)*10*time.Millisecond))
	}
	refused := answered("POST", "/", 502, 0)
	refused.Response.Made, refused.Err = true, &exchange.Err{Code: exchange.ErrRefused}
	gone := answered("GET", "/", 0, 0)
	gone.Err = &exchange.Err{Code: exchange.ErrClientGone}
	all = append(all, refused, gone, answered("CONNECT", "a.test:443", 500, time.Hour))
	for _, c := range []struct{ budget, said string }{
		{"  max-5xx-rate: 2%", ""},
		{"  max-5xx-rate: 1.9%", "over the budget max-5xx-rate 1.9%: 1.98% (2 of 101 exchanges)"},
		{"  max-failed-rate: 0.9%", "over the budget max-failed-rate 0.9%: 0.99% (1 of 101 exchanges)"},
		{"  max-failed-rate: 0", "1 of 101"},
		{"  p95: 950ms", ""},
		{"  p95: 949ms", "over the budget p95 949ms: about 960ms over 100 exchanges"},
		{"  p50: 500ms\n  p90: 900ms\n  p99: 990ms", ""},
		{"  p99: 989ms", "over the budget p99 989ms: about 1s over 100 exchanges"},
		{"  - match: POST\n    p50: 1ns", ""},
		{"  - match: POST\n    max-failed-rate: 50%", "over the budget max-failed-rate 50% of POST: 100% (1 of 1 exchange)"},
		{"  - match: nowhere.test\n    max-5xx-rate: 0%", ""},
	} {
		got := strings.Join(reasons(t, c.budget+"\n", all), "|")
		if (c.said == "") != (got == "") || !strings.Contains(got, c.said) {
			t.Errorf("%s: %q, want %q", c.budget, got, c.said)
		}
	}
}

func TestRedirectsThatFollowOneAnother(t *testing.T) {
	redirect := func(from, to string) *exchange.Exchange {
		x := answered("GET", from, 302, 0)
		x.Response.Fields.Add("Location", to)
		return x
	}
	all := []*exchange.Exchange{
		redirect("/a", "/b"), redirect("/x", "/y"), redirect("/b", "http://a.test/c#part"), redirect("/c", "d?token=secret"),
		answered("GET", "/d?token=secret", 200, 0), redirect("/d", "/e"),
	}
	if got := reasons(t, "  max-redirects: 3\n", all); got != nil {
		t.Errorf("%q", got)
	}
	got := reasons(t, "  max-redirects: 2\n", all)
	if len(got) != 1 || got[0] != "over the budget max-redirects 2: 3 redirects in a row, the last to a.test/d" {
		t.Errorf("%q", got)
	}
	many := make([]*exchange.Exchange, 0, 10000)
	for i := range 10000 { // more than are remembered
		many = append(many, redirect("/z", fmt.Sprint("/y", i)))
	}
	if got := reasons(t, "  max-redirects: 1\n", many); got != nil {
		t.Errorf("%q", got)
	}
}

func TestAdjust(t *testing.T) {
	rule := func(id string) *annotate.Rule { return &annotate.Rule{ID: id, Severity: annotate.Warn} }
	one, two, off := rule("cache/one"), rule("cache/two"), rule("cookie/off")
	p := parse(t, `
rules:
  - match: a.test
    cache/*: info
    cookie/off: error
  - match: GET a.test/quiet/**
    cache/*: off
    cache/two: error
`)
	changes, err := p.Resolve(map[*annotate.Rule]annotate.Severity{one: annotate.Warn, two: annotate.Warn, off: 0})
	if err != nil || len(changes) != 1 || changes[0].Rule != "cookie/off" {
		t.Fatal(changes, err)
	}
	for _, c := range []struct{ method, host, path, want string }{
		{"GET", "b.test", "/", "cache/one warn, cache/two warn"},
		{"GET", "a.test", "/", "cache/one info, cache/two info, cookie/off error"},
		{"POST", "A.test:81", "/quiet/1", "cache/one info, cache/two info, cookie/off error"},
		{"GET", "a.test", "/quiet", "cache/two error, cookie/off error"},
	} {
		x := answered(c.method, c.path, 200, 0)
		x.Authority = c.host
		notes := []annotate.Note{{Rule: one, Severity: annotate.Warn}, {Rule: two, Severity: annotate.Warn}, {Rule: off, Severity: annotate.Warn}}
		for range 2 { // the second time changes nothing
			notes = p.Adjust(x, notes)
			var got []string
			for _, n := range notes {
				got = append(got, n.Rule.ID+" "+n.Severity.String())
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("%s %s%s: %s, want %s", c.method, c.host, c.path, s, c.want)
			}
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern string
		fits    []string // "METHOD URI"
		others  []string
	}{
		{"GET", []string{"GET http://a.test/"}, []string{"POST http://a.test/"}},
		{"GET,HEAD a.test", []string{"HEAD https://A.TEST/x"}, []string{"GET http://b.a.test/", "PUT http://a.test/"}},
		{"*.a.test", []string{"GET http://b.a.test/", "GET http://c.b.A.test:81/"}, []string{"GET http://a.test/", "GET http://xa.test/"}},
		{"a.test:443", []string{"GET https://a.test/"}, []string{"GET http://a.test/", "GET https://a.test:8443/"}},
		{"*:80", []string{"GET http://x/"}, []string{"GET https://x/"}},
		{"[::1]:8080/x", []string{"GET http://[::1]:8080/x"}, []string{"GET http://[::1]:81/x"}},
		{"/v1/orders/{id}", []string{"GET http://a/v1/orders/7?q=/x", "GET http://b/v1/orders/x.y"}, []string{"GET http://a/v1/orders/", "GET http://a/v1/orders/7/8"}},
		{"/v1/**", []string{"GET http://a/v1", "GET http://a/v1/", "GET http://a/v1/a/b"}, []string{"GET http://a/v12", "GET http://a/x/v1/"}},
		{"/**/end", []string{"GET http://a/end", "GET http://a/b/c/end"}, []string{"GET http://a/bend"}},
		{"/a.b/*.json", []string{"GET http://a/a.b/x.json", "GET http://a/a.b/.json"}, []string{"GET http://a/aXb/x.json", "GET http://a/a.b/x/y.json"}},
		{"CONNECT a.test", []string{"CONNECT http://a.test"}, []string{"GET http://a.test/"}},
		{"a.test", nil, []string{"CONNECT http://a.test"}},
	} {
		p, err := policy.ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		for i, request := range slices.Concat(c.fits, c.others) {
			method, uri, _ := strings.Cut(request, " ")
			scheme, rest, _ := strings.Cut(uri, "://")
			authority, path, _ := strings.Cut(rest, "/")
			x := &exchange.Exchange{Scheme: scheme, Authority: authority}
			x.Request.Method, x.Request.Target = method, "/"+path
			if want := i < len(c.fits); p.Match(x) != want {
				t.Errorf("%s fits %s: %v", c.pattern, request, !want)
			}
		}
	}
}
