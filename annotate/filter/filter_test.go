package filter

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/golden"
)

var (
	missing = &annotate.Rule{ID: "status/429-missing-retry-after", Severity: annotate.Warn}
	noStore = &annotate.Rule{ID: "cache/no-validator", Severity: annotate.Error}
)

func row(t testing.TB, text string, change func(*Row)) *Row {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	a := &annotate.Annotated{X: x}
	if change != nil {
		r := Row{Annotated: a}
		change(&r)
		pinned, comment := r.Pinned, r.Comment
		r = RowOf(a)
		r.Pinned, r.Comment = pinned, comment
		return &r
	}
	r := RowOf(a)
	return &r
}

// samples are exchanges by a letter each.
func samples(t testing.TB) map[string]*Row {
	return map[string]*Row{
		"a": row(t, `> GET /v1/cart/17?page=2 HTTP/1.1
> Host: shop.test
> User-Agent: curl/8.9.1
> traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
>
< HTTP/1.1 200 OK
< Content-Type: application/json; charset=utf-8
<
< {"error": "none (yet)"}
`, func(r *Row) {
			r.X.ID, r.X.Run = "7f3k", "run1"
			r.X.Timing.Done = 600 * time.Millisecond
			r.X.Started = time.Date(2026, 5, 1, 12, 4, 0, 0, time.UTC)
		}),
		"b": row(t, `> POST /v1/orders HTTP/1.1
> Host: API.shop.test:8443
> Authorization: Basic eDp5
> Content-Length: 5
>
> hello
< HTTP/1.1 429 Too Many Requests
< Cache-Control: no-store, private
< Content-Length: 0
<
`, func(r *Row) {
			r.Notes = []annotate.Note{{Rule: missing, Severity: annotate.Warn, Blame: annotate.ByOrigin, Message: "429 without Retry-After"}}
			r.X.Timing.Done = 20 * time.Millisecond
		}),
		"c": row(t, `> GET /logo.png HTTP/1.1
> Host: cdn.test
>
< HTTP/1.1 404 Not Found
< Content-Type: image/png
<
< xx
`, func(r *Row) {
			r.Notes = []annotate.Note{{Rule: noStore, Severity: annotate.Error, Blame: annotate.ByClient}}
			r.X.Timing.Done = time.Minute
			r.Pinned, r.Comment = true, "ask Ada"
			r.X.Response.Content.Size = 2_000_000
		}),
		"d": row(t, "> DELETE / HTTP/1.1\n> Host: down.test\n>\n", func(r *Row) {
			r.X.Err = &exchange.Err{Code: "connect_refused"}
		}),
	}
}

func TestMatch(t *testing.T) {
	rows := samples(t)
	for text, want := range map[string]string{
		"": "abcd", "status:4xx": "bc", "status:404": "c", "status:200,404": "ac", "status:>=400": "bc", "status>=400": "bc",
		"status:400..428": "c", "status:none": "d", "-status:4xx": "ad", "!status:4xx": "ad", "not status:4xx": "ad",
		"host:shop": "ab", "host:shop.test": "ab", "host:=shop.test": "a", "host:*.shop.test": "b", "host:SHOP.test": "ab", `host~"^(shop|cdn)"`: "ac",
		"path:/v1/": "ab", "path:/v1/*": "ab", "path:*.png": "c", "url:shop.test:8443": "b", "route:/cart/{id}": "a", "query:page": "a",
		"method:get": "ac", "method:POST,DELETE": "bd", "method:PO": "", "scheme:http": "abcd",
		"type:image": "c", "-type:image": "abd", "type:json": "a", "type:application/*": "a", "type:none": "bd",
		"time:>500ms": "ac", "time:<1s": "ab", "time:>500": "ac", "time:10ms..1s": "ab", "size:>1MB": "c", "size:<1kB": "abd",
		"has:notes": "bc", "has:errors": "c", "has:warnings": "b", "has:query": "a", "has:credentials": "b", "has:upload": "b", "has:comment": "c",
		"rule:cache/*": "c", "rule:429": "b", "rule:cache": "c", "blame:origin": "b", "blame:client": "c", "note:Retry": "b",
		"verdict:error": "c", "verdict:>=warn": "bc", "verdict:ok": "ad", "error:connect_*": "d", "is:failed": "d", "is:pinned": "c",
		`body~"err|fail"`: "a", "body:none": "a", `body:"(yet)"`: "a", "request-body:hell": "b", "response-body:hell": "",
		"field:cache-control": "b", "field:cache-control=no-store": "b", "field:cache-control=public": "", `field:cache-control="no-store, p*"`: "b",
		`request-field:authorization`: "b", "response-field:authorization": "", `field~"^host: cdn"`: "c",
		"protocol:h1": "abcd", "agent:curl": "a", "id:7f3k": "a", "id:7f3": "", "run:run1": "a", "trace:4bf92f": "a", "comment:ada": "c",
		"at:>=2026-05-01T12:00:00Z": "a", "at:>2026-05-01T12:04:00Z": "",
		"shop": "ab", "404": "c", "delete": "d", "no-validator": "c", "7f3k": "a", "http://shop.test/v1": "a", `"shop.test"`: "ab",
		"status:4xx or is:failed": "bcd", "status:4xx | is:failed": "bcd", "host:shop (status:200 or status:429)": "ab",
		"host:shop -(status:200 or method:PUT)": "b", "(host:cdn)": "c", "host:shop and status:429": "b", "host:shop & !status:429": "a",
		"status:4xx host:shop or host:cdn": "bc", "not (status:4xx or status:200)": "d",
		"~c 404": "c", "~d shop": "ab", "~c 404 ~d cdn": "c", "~m POST": "b", "!~q": "abc", "~e": "d", "~marked": "c", "~all": "abcd",
		"~b error": "a", "~t png | ~q": "cd", "~hq ^authorization": "b", "~a": "c", "~u cart": "a", "~bq hello & ~s": "b", "~hs no-store": "b",
		"s:404": "c", "h:cdn": "c", "m:GET": "ac", "ua:curl": "a", "STATUS:404": "c",
	} {
		f, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := ""
		for _, name := range []string{"a", "b", "c", "d"} {
			if f.Match(rows[name]) {
				got += name
			}
		}
		if got != want {
			t.Errorf("%s: matches %q, want %q", text, got, want)
		}
	}
}

func TestErrorsPointAtThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"stauts:404":                   `0-6 there is no key "stauts"; did you mean status:?`,
		"host:a status:4xz":            `14-17 "4xz" is not a status: want one such as 404, 4xx, 400..403 or none`,
		"time:>fast":                   `6-10 "fast" is not a duration: want one such as 500ms, 1.5s or 2m`,
		"size:>1xb":                    `6-9 "1xb" is not a size: want one such as 512, 20kB or 1.5MiB`,
		"(host:a":                      `0-1 there is no ) for this (`,
		"host:a)":                      `6-7 there is no ( for this )`,
		"()":                           `0-2 there is nothing in these brackets`,
		`host:"a`:                      `5-7 this quotation has no end`,
		"has:notse":                    `4-9 "notse" is not one of its words; did you mean notes?`,
		"body~(":                       "5-6 not a regular expression: missing closing ): `(?i)(`; RE2 syntax, such as \"err|fail\"",
		"host:>5":                      `6-7 this has no order, so it cannot be more or less; write : and a value`,
		"time~5":                       `5-6 a number has nothing for a regular expression; compare it with > or <`,
		"status:":                      `0-7 status wants a status code, a class or a range; such as status:4xx,503`,
		"or a":                         `0-2 there is nothing before this`,
		"a or":                         `2-4 there is nothing after this`,
		"and a":                        `0-3 there is nothing before this`,
		"a -":                          `2-3 there is nothing after "-"`,
		"~x":                           `0-2 ~x is not known here`,
		"~c":                           `0-2 ~c wants a value`,
		"~c abc":                       `3-6 "abc" is not a status: want one such as 404, 4xx, 400..403 or none`,
		"verdict:bad":                  `8-11 "bad" is not a verdict: want ok, info, warn or error`,
		"at:yesterday":                 `3-12 "yesterday" is not a time: want one such as 2026-05-01T12:04:00Z`,
		strings.Repeat("(", 100) + "a": `64-65 more than 64 levels of ( and not`,
		strings.Repeat("a", 5000):      `4096-5000 a filter has at most 4096 bytes`,
	} {
		_, err := Parse(text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.40s: no error", text)
			continue
		}
		got := strings.TrimPrefix(e.Error(), "filter, at ")
		_, got, _ = strings.Cut(got, ": ")
		if got = strconv.Itoa(e.Start) + "-" + strconv.Itoa(e.End) + " " + got; got != want {
			t.Errorf("%.40s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestComplete(t *testing.T) {
	facets := facetMap{"host": {{"shop.test", 9}, {"api.shop.test", 12}, {"a b", 1}}, "status": {{"404", 3}, {"200", 40}}}
	for _, c := range []struct{ text, want string }{
		{"", "status: type: time:"},
		{"sta", "status:"},
		{"status:404 me", "method:"},
		{"host:", "api.shop.test shop.test \"a b\""},
		{"host:sh", "api.shop.test shop.test"},
		{"-host:api", "api.shop.test"},
		{"status:404,", "200 404 2xx 3xx 4xx 5xx none"},
		{"status:4", "404 4xx"},
		{"is:pi", "pinned"},
		{"(is:pi", "pinned"},
		{"nokey:a", ""},
		{"host~a", ""},
	} {
		var got []string
		for _, p := range Complete(c.text, len(c.text), facets) {
			got = append(got, p.Text)
			if p.End != len(c.text) || p.Start > p.End {
				t.Errorf("%s: %q takes the place of %d to %d", c.text, p.Text, p.Start, p.End)
			}
		}
		all := strings.Join(got, " ")
		if all != c.want && !(c.text == "" && strings.HasPrefix(all, c.want)) {
			t.Errorf("%q: completed by %q, want %q", c.text, all, c.want)
		}
	}
}

type facetMap map[string][]Count

func (f facetMap) Values(key string, _ int) []Count { return f[key] }

func TestEveryKeyIsWhole(t *testing.T) {
	names := map[string]bool{}
	for _, k := range table() {
		for _, n := range append([]string{k.name}, k.aliases...) {
			if names[n] {
				t.Errorf("two keys are named %s", n)
			}
			names[n] = true
		}
		if k.help == "" || k.value == "" || k.make == nil {
			t.Errorf("%s: something is missing", k.name)
		}
		if _, err := Parse(k.example); err != nil {
			t.Errorf("%s: its example: %v", k.name, err)
		}
	}
	for name, d := range tildes {
		if d.key != "" && keyNamed(d.key) == nil {
			t.Errorf("~%s: there is no key %s", name, d.key)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"status:4xx host:a or -is:failed", `~c 404 | (body~"a|b")`, `field:a="b, c"`, "time:1s..2s", "((((", `"a\"`, "not not a"} {
		f.Add(s)
	}
	rows := samples(f)
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := Parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Start < 0 || e.End < e.Start || e.End > len(text) {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		for _, r := range rows {
			if match := filter.Match(r); filter.IsEmpty() && !match {
				t.Errorf("%q is empty and does not match", text)
			}
		}
		if not, err := Parse("-(" + text + ")"); err == nil && !filter.IsEmpty() {
			for name, r := range rows {
				if filter.Match(r) == not.Match(r) {
					t.Errorf("%q and its contrary agree on %s", text, name)
				}
			}
		}
		for _, c := range Complete(text, len(text)/2, nil) {
			if c.Start < 0 || c.End < c.Start || c.End > len(text) {
				t.Fatalf("%q: completion %+v", text, c)
			}
		}
		if quoted, err := Parse("host:" + Quote(text)); text != "" && utf8.ValidString(text) && len(text) < MostOctets/3 && err != nil {
			t.Errorf("%q, quoted: %v %v", text, err, quoted)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	rows := samples(b)
	for _, text := range []string{"status:4xx", "host:shop", "path:/v1/orders", "rule:cache/*", "field:cache-control=no-store", "shop"} {
		f, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			r := rows["b"]
			for b.Loop() {
				f.Match(r)
			}
		})
	}
}

func TestDocument(t *testing.T) { golden.Compare(t, "../../docs/filters.md", Markdown()) }
