package policy_test

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/policy"
)

func parse(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func record(t *testing.T, text string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// judged returns the messages of the notes that a policy makes of an exchange.
func judged(t *testing.T, p *policy.Policy, x *exchange.Exchange) (messages []string) {
	t.Helper()
	set, err := annotate.NewSet(p.Rules(), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range set.All(x, nil) {
		messages = append(messages, n.Message)
	}
	return messages
}

const order = `> GET /v1/orders/17?full=yes HTTP/1.1
> Host: api.test
> X-Ask: 1
>
< HTTP/1.1 200 OK
< Content-Type: application/json; charset=utf-8
< Cache-Control: no-store
< Cache-Control: private
< X-Mine: one
< x-mine: two
< Content-Length: 63
<
< {"id":17,"name":"ann","price":1.50,"lines":[{"n":1}],"no":null}`

// TestExpectations asks one thing after the other of the same answer. What is
// said is a part of the message, "" for an expectation that holds.
func TestExpectations(t *testing.T) {
	for _, c := range []struct{ expect, said string }{
		{"status: 200", ""},
		{"status: [201, 2xx]", ""},
		{"status: 200-204", ""},
		{"status: 201, 204", "expected status 201 or 204, got 200"},
		{"status: 3xx", "expected status 3xx, got 200"},
		{"content-type: application/json", ""},
		{"content-type: [text/html, application/*]", ""},
		{"content-type: text/html", "expected content type text/html, got application/json"},
		{"fields: {X-Mine: 'one, two'}", ""},
		{"fields: {X-MINE: present}", ""},
		{"fields: {X-Mine: one}", `expected header X-Mine to be "one", got "one, two"`},
		{"fields: {cache-control: {contains: private}}", ""},
		{"fields: {cache-control: /^no-store/}", ""},
		{"fields: {cache-control: absent}", `expected header Cache-Control to be absent, got "no-store, private"`},
		{"fields: {ETag: absent}", ""},
		{"fields: {ETag: present}", "expected header ETag to be present, it is missing"},
		{"fields: {Content-Length: {min: 60, max: 70}}", ""},
		{"fields: {Content-Length: {max: 10}}", `expected header Content-Length to be at most 10, got "63"`},
		{"json: {/id: 17, /name: ann, /price: 1.5, /no: null, '/lines/0/n': 1}", ""},
		{"json: {/id: {type: integer, min: 1}, /lines: {type: array}, '': {type: object}}", ""},
		{"json: {/id: '17'}", `expected JSON "/id" to be "17", got 17`},
		{"json: {/name: [bob, cy]}", `expected JSON "/name" to be "bob" or "cy", got "ann"`},
		{"json: {/price: {type: integer}}", "to be of type integer, got 1.5"},
		{"json: {/lines/1: present}", `expected JSON "/lines/1" to be present, it is missing`},
		{"json: {/lines/00: absent, /x: absent}", ""},
		{"json: {/name: {not: ann}}", `not to be "ann", got "ann"`},
		{"json: {/name: /^b/}", `to match /^b/, got "ann"`},
		{"json: {/lines: absent}", "got an array of 1"},
		{"duration: 1s", ""},
		{"duration: 20ms", "expected at most 20ms, it took 30ms"},
		{"size: 63", ""},
		{"size: 62", "expected a body of at most 62 bytes, got 63 bytes"},
		{"tls: '1.2'", "expected TLS 1.2 or later, but the connection was not encrypted"},
		{"assert: status == 200 and method == 'GET' and host == 'api.test' and path == '/v1/orders/17'", ""},
		{"assert: route == '/v1/orders/{id}' and query['full'] == 'yes' and class == 'success' and error == ''", ""},
		{"assert: fields['X-MINE'] == 'one, two' and 'x-Mine' in fields and not ('Server' in fields) and fields['Server'] == ''", ""},
		{"assert: request.fields['X-Ask'] == '1' and 'x-ask' in request.fields", ""},
		{"assert: content_type == 'application/json' and size == 63 and duration == 0.03 and tls == '' and version == 'HTTP/1.1'", ""},
		{"assert: json.id == 17 and json.price == 1.5 and all(json.lines, .n > 0) and json?.x?.y == nil", ""},
		{"assert: text contains 'ann' and url == 'http://api.test/v1/orders/17?full=yes' and len(notes) == 0", ""},
		{"assert: [status == 200, status == 201]", "expected status == 201"},
		{"assert: json.x.y == 1", "can't evaluate: cannot fetch y from <nil>"},
		{"assert: all(1..1000, all(1..1000, true))", "the condition takes too long"},
		{"assert: len(repeat(text, 10000000)) == 1", "memory budget exceeded"},
		{"when: status == 500\n    status: 201", ""},
		{"when: json.x.y == 1\n    status: 200", "can't decide whether the expectation applies"},
		{"match: POST\n    status: 201", ""},
		{"match: [POST, api.test]\n    status: 201", "got 200"},
		{"match: '*.test/v1/orders/{id}'\n    status: 201", "got 200"},
	} {
		p := parse(t, "expect:\n  a:\n    "+c.expect+"\n")
		x := record(t, order)
		x.Timing.Done = 30 * time.Millisecond
		got := strings.Join(judged(t, p, x), "|")
		if (c.said == "") != (got == "") || !strings.Contains(got, c.said) {
			t.Errorf("%s:\n got %q\nwant %q", c.expect, got, c.said)
		}
	}
}

// TestExpectationsOfOddExchanges is about answers that are missing, or cannot
// be judged.
func TestExpectationsOfOddExchanges(t *testing.T) {
	const all = "expect:\n  a:\n    status: 2xx, 304\n    content-type: application/json\n    json: {/a: 1}\n    tls: '1.2'\n"
	tls12 := &exchange.TLS{Version: tls.VersionTLS12}
	for _, c := range []struct {
		name   string
		change func(*exchange.Exchange)
		said   []string
	}{
		{"as it should be", func(*exchange.Exchange) {}, nil},
		{"refused", func(x *exchange.Exchange) {
			x.Err, x.Response = &exchange.Err{Code: exchange.ErrRefused}, exchange.Response{Status: 502, Made: true}
		}, []string{"expected a response, got none: "}},
		{"the client went away", func(x *exchange.Exchange) {
			x.Err, x.Response = &exchange.Err{Code: exchange.ErrClientGone}, exchange.Response{}
		}, nil},
		{"not modified", func(x *exchange.Exchange) {
			x.Response = exchange.Response{Status: 304}
		}, nil},
		{"no content", func(x *exchange.Exchange) {
			x.Response = exchange.Response{Status: 204}
		}, []string{"expected content type application/json, got none", "expected JSON, there is no body"}},
		{"kept in part", func(x *exchange.Exchange) { x.Response.Content.Truncated = true },
			[]string{"expected JSON, only part of the body was kept: use a larger --keep-content"}},
		{"cut", func(x *exchange.Exchange) { x.Response.Content.Complete = false },
			[]string{"expected JSON, the body is incomplete"}},
		{"no JSON", func(x *exchange.Exchange) { x.Response.Content.Kept = []byte(`{"a":1} x`) },
			[]string{"expected JSON, the body is not JSON: something follows the value"}},
		{"too deep", func(x *exchange.Exchange) { x.Response.Content.Kept = []byte(strings.Repeat("[", 1e6)) },
			[]string{"expected JSON, the body is nested deeper than 100 levels"}},
		{"old TLS", func(x *exchange.Exchange) { x.Origin.TLS = &exchange.TLS{Version: tls.VersionTLS11} },
			[]string{"expected TLS 1.2 or later, got 1.1"}},
		{"unknown TLS", func(x *exchange.Exchange) { x.Origin.TLS = nil },
			[]string{"expected TLS 1.2 or later, but the capture doesn't record the version"}},
		{"a tunnel", func(x *exchange.Exchange) { x.Request.Method, x.Response = "CONNECT", exchange.Response{Status: 200} }, nil},
	} {
		x := record(t, "> GET https://a.test/ HTTP/1.1\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n< Content-Length: 7\n<\n< {\"a\":1}")
		x.Scheme, x.Origin.TLS = "https", tls12
		c.change(x)
		got := judged(t, parse(t, all), x)
		if !slices.EqualFunc(got, c.said, strings.HasPrefix) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.said)
		}
	}
}

func TestExpectationSeesNotesAndCannotBeCrowdedOut(t *testing.T) {
	noisy := make([]*annotate.Rule, 0, 40)
	for i := range 40 {
		noisy = append(noisy, &annotate.Rule{ID: fmt.Sprintf("noise/r%d", i), Severity: annotate.Info, Check: func(p *annotate.Pass) {
			for range 16 {
				p.Note(exchange.Place{}, "noise")
			}
		}})
	}
	p := parse(t, "expect:\n  quiet:\n    assert: none(notes, .rule startsWith 'noise/')\n")
	set, err := annotate.NewSet(append(noisy, p.Rules()...), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	notes := set.All(record(t, order), nil)
	last := notes[len(notes)-1]
	if len(notes) != annotate.MostNotes+1 || last.Rule.ID != "expect/quiet" || last.Severity != annotate.Error {
		t.Errorf("%d notes, the last is %s: %s", len(notes), last.Rule.ID, last.Message)
	}
}

func TestCountsAndWarnings(t *testing.T) {
	p := parse(t, "expect:\n  ok: {status: 200}\n  broken: {status: 201}\n  never: {match: POST, status: 200}\n")
	g := p.NewGate()
	for range 3 {
		x := record(t, order)
		judged(t, p, x)
		g.Observe(&annotate.Annotated{X: x})
	}
	var got []string
	for _, e := range p.Expectations() {
		got = append(got, fmt.Sprint(e.Name, " ", e.Applied(), " ", e.Failed()))
	}
	if want := []string{"ok 3 0", "broken 3 3", "never 0 0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	v := g.Verdict()
	if len(v.Warnings) != 1 || v.Warnings[0] != "no exchange matched the expectation never (p.yaml:4): POST" {
		t.Errorf("%q", v.Warnings)
	}
}

func TestFlagsAddToThePolicy(t *testing.T) {
	p := parse(t, "expect:\n  a: {status: 200}\n")
	for _, s := range []string{"a: status == 200", "status == 200", "Bad Name: true", "b: statuss == 1"} {
		if err := p.Expect(s, "--expect"); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
	if err := p.Expect("b: status == 201, or so", "--expect"); err == nil {
		t.Error("a condition is taken that is none")
	}
	if err := p.Expect("b: status in [201, 202]", "--expect"); err != nil {
		t.Error(err)
	}
	if err := p.Budget("p95", "1s", "--budget"); err != nil {
		t.Error(err)
	}
	if err := p.Budget("p95", "", "--budget"); err == nil {
		t.Error("a budget without a value is taken")
	}
	if got := judged(t, p, record(t, order)); !slices.Equal(got, []string{"expected status in [201, 202]"}) {
		t.Errorf("%q", got)
	}
}

// hostile are exchanges that want to break what judges them.
func hostile(t testing.TB) []*exchange.Exchange {
	t.Helper()
	empty := &exchange.Exchange{}
	failed := &exchange.Exchange{Err: &exchange.Err{Code: "no-such-code"}}
	odd := &exchange.Exchange{Scheme: "https", Authority: "[::1", Timing: exchange.Timing{Done: -1}}
	odd.Request.Method, odd.Request.Target = "\x00", "http://%zz/\xff?%zz=%"
	odd.Response.Status = 302
	odd.Response.Fields.Add("Location", "http://%zz\x00")
	odd.Response.Fields.Add("Content-Type", ";;;")
	odd.Response.Content = exchange.Content{Kept: []byte("{\"a\":1e999,\"b\":[{}],\"\xff\":0}"), Complete: true, Size: 1 << 62}
	return []*exchange.Exchange{empty, failed, odd}
}
