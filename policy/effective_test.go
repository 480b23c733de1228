package policy_test

import (
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

// answeredWith is an exchange of GraphQL with that answer.
func answeredWith(body string, cut bool) *exchange.Exchange {
	x := answered("POST", "/graphql", 200, 0)
	x.Request.Fields.Add("Content-Type", "application/json")
	x.Request.Content.Kept, x.Request.Content.Complete = []byte(`{"query":"mutation Pay { pay }"}`), true
	x.Response.Fields.Add("Content-Type", "application/json")
	c := &x.Response.Content
	c.Kept, c.Size, c.Complete, c.Truncated = []byte(body), int64(len(body)), true, cut
	return x
}

const failedBody = `{"errors":[{"message":"no card"}],"data":null}`

func TestErrorBudget(t *testing.T) {
	all := []*exchange.Exchange{
		answered("GET", "/", 200, 0), answered("GET", "/", 404, 0), answeredWith(failedBody, false),
		answeredWith(`{"data":{"pay":1}}`, false), answeredWith(`{"data":{"pay":`, true),
	}
	if got := reasons(t, "  max-error-rate: 40%\n", all); got != nil {
		t.Errorf("%q", got)
	}
	got := reasons(t, "  max-error-rate: 39%\n", all)
	if len(got) != 1 || got[0] != "over the budget max-error-rate 39%: 40% (2 of 5 exchanges, 1 unknown without the whole body)" {
		t.Errorf("%q", got)
	}
}

func TestExpectedEffect(t *testing.T) {
	p := parse(t, `expect:
  paid:
    match: POST /graphql
    effective: ok
    assert: operation == "mutation Pay" and effective in ["ok", "error", "unknown"] and route == "/graphql mutation Pay"
`)
	set, err := annotate.NewSet(p.Rules(), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		x    *exchange.Exchange
		want string
	}{
		{answeredWith(`{"data":{"pay":1}}`, false), ""},
		{answeredWith(failedBody, false), `expected the effective outcome ok, got error: "no card"`},
		{answeredWith(`{"data":{"pay":`, true), "expected the effective outcome ok, got unknown: the body that tells was not kept whole; use a larger --keep-content"},
	} {
		var got []string
		for _, n := range set.All(c.x, nil) {
			got = append(got, n.Message)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q, want %q", s, c.want)
		}
	}
}
