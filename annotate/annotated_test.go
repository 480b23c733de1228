package annotate_test

import (
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

func TestRoute(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"/":                  "/",
		"/v1/orders/17":      "/v1/orders/{id}",
		"/v2/users/ann/cart": "/v2/users/ann/cart",
		"/a/0f1a9b1c-4c3d-4e21-8a53-2f0d9f8b7a11/b": "/a/{id}/b",
		"/files/deadbeef":              "/files/deadbeef",
		"/files/deadbee1":              "/files/{id}",
		"/t/aB3dE6gH9jK2mN5pQ8sT":      "/t/{id}",
		"/double//slash/":              "/double//slash/",
		"/oauth2/token":                "/oauth2/token",
		"*":                            "*",
		"/" + strings.Repeat("x", 500): "/{id}",
		strings.Repeat("/a", 20):       strings.Repeat("/a", 12) + "/...",
	} {
		if got := annotate.Route(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestVerdictBlameClass(t *testing.T) {
	r := &annotate.Rule{ID: "a/b"}
	a := &annotate.Annotated{X: &exchange.Exchange{}, Notes: []annotate.Note{
		{Rule: r, Severity: annotate.Info, Blame: annotate.ByClient},
		{Rule: r, Severity: annotate.Error, Blame: annotate.ByOrigin},
		{Rule: r, Severity: annotate.Error, Blame: annotate.ByProxy},
	}}
	if a.Verdict() != annotate.Error || a.Blame() != annotate.ByOrigin {
		t.Error(a.Verdict(), a.Blame())
	}
	a.Notes[1].Accepted = "known"
	if a.Verdict() != annotate.Error || a.Blame() != annotate.ByProxy {
		t.Error("an accepted note counts:", a.Verdict(), a.Blame())
	}
	a.Notes[2].Accepted = "known"
	if a.Verdict() != annotate.Info || a.Blame() != annotate.ByClient {
		t.Error("accepted notes count:", a.Verdict(), a.Blame())
	}
	if none := (&annotate.Annotated{}); none.Verdict() != 0 || none.Blame() != annotate.ByNobody {
		t.Error("an exchange without notes")
	}
	for status, want := range map[int]string{0: "failed", 100: "informational", 204: "success", 302: "redirection", 404: "client-error", 599: "server-error", 600: "other", 7: "other"} {
		if got := annotate.ClassOf(&exchange.Exchange{Response: exchange.Response{Status: status}}); got != want {
			t.Errorf("%d: %s", status, got)
		}
	}
	if got := annotate.ClassOf(&exchange.Exchange{Response: exchange.Response{Status: 200, Made: true}, Err: &exchange.Err{}}); got != "failed" {
		t.Errorf("a tunnel that failed once it was open is %q", got)
	}
	if got := annotate.ClassOf(&exchange.Exchange{Response: exchange.Response{Status: 502, Made: true}}); got != "failed" {
		t.Error(got)
	}
}

func TestFingerprint(t *testing.T) {
	n := annotate.Note{Rule: &annotate.Rule{ID: "a/b"}, Message: "one"}
	x := &exchange.Exchange{Authority: "h"}
	x.Request.Target = "/orders/1"
	first := n.Fingerprint(x)
	x.Request.Target, n.Message = "/orders/2", "two"
	if n.Fingerprint(x) != first || len(first) != 16 {
		t.Error("the same finding on another order differs")
	}
	n.Place.Field = "Date"
	if n.Fingerprint(x) == first {
		t.Error("another field gives the same fingerprint")
	}
}

func TestRedactedDropsSpansThatMoved(t *testing.T) {
	x, err := exchange.ParseText("> GET / HTTP/1.1\n>\n< HTTP/1.1 200 OK\n< Set-Cookie: a=secret; Path=/; Bad\n< Vary: x\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	r := &annotate.Rule{ID: "a/b"}
	at := func(field string, line int) exchange.Place {
		return exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: field, Line: line, Start: 0, End: 1}
	}
	a := &annotate.Annotated{X: x, Notes: []annotate.Note{{Rule: r, Place: at("Set-Cookie", 0), Message: "has secret"}, {Rule: r, Place: at("Vary", 1)}}}
	out := annotate.Redacted(a, exchange.NewRedactor(nil), true)
	if out == a || out.Notes[0].Place.End != 0 || out.Notes[1].Place.End != 1 || strings.Contains(out.Notes[0].Message, "secret") {
		t.Errorf("%+v", out.Notes)
	}
	if a.Notes[0].Message != "has secret" || annotate.Redacted(a, nil, true) != a {
		t.Error("the notes themselves were changed")
	}
}

func TestMemory(t *testing.T) {
	m := annotate.NewMemory(2)
	a, b := &annotate.Rule{ID: "a/a"}, &annotate.Rule{ID: "b/b"}
	if m.Times(a, "k") != 1 || m.Times(a, "k") != 2 || m.Times(b, "k") != 1 || m.Times(a, "k") != 3 {
		t.Error("counting")
	}
	m.Times(a, "other") // pushes b out
	if m.Times(b, "k") != 1 {
		t.Error("what was not used for longest must be forgotten first")
	}
}

func TestOnce(t *testing.T) {
	m := annotate.NewMemory(0)
	once := &annotate.Rule{ID: "a/once", Once: func(x *exchange.Exchange) string { return x.Authority }}
	each := &annotate.Rule{ID: "a/each"}
	run := func(authority string) int {
		return len(m.Once(&exchange.Exchange{Authority: authority}, []annotate.Note{{Rule: once}, {Rule: each}, {Rule: once}}))
	}
	if got := [...]int{run("a"), run("a"), run("b"), run("a")}; got != [...]int{3, 1, 3, 1} {
		t.Error(got)
	}
}
