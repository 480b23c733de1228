package contract_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/contract"
	"sidenote/exchange"
)

func load(t testing.TB, sources ...string) *contract.Contract {
	t.Helper()
	c, err := contract.Load(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func setOf(t testing.TB, c *contract.Contract, off ...string) *annotate.Set {
	t.Helper()
	changes := []annotate.Change{{Rule: "*"}}
	for _, id := range off {
		changes = append(changes, annotate.Change{Rule: id, Off: true})
	}
	s, err := annotate.NewSet(c.Rules(), annotate.DefaultOptions(), changes...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t testing.TB, text string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return x
}

func messages(notes []annotate.Note) (all []string) {
	for _, n := range notes {
		all = append(all, n.Rule.ID+": "+n.Message)
	}
	return all
}

// sourcesOf returns what a rule's examples are compared with.
func sourcesOf(r *annotate.Rule) []string {
	if r.ID == "contract/route-ambiguous" {
		return []string{"testdata/shop.yaml", "https://api.shop.test/v1=testdata/shop.yaml"}
	}
	return []string{"testdata/shop.yaml"}
}

// TestExamples runs all rules over each rule's examples.
func TestExamples(t *testing.T) {
	for _, r := range contract.Rules() {
		t.Run(r.ID, func(t *testing.T) {
			set := setOf(t, load(t, sourcesOf(r)...))
			for i, text := range r.Bad {
				x := parse(t, text)
				notes := set.All(x, nil)
				if len(notes) != 1 || notes[0].Rule.ID != r.ID {
					t.Errorf("Bad[%d] gives %q\n%s", i, messages(notes), text)
					continue
				}
				t.Log(notes[0].Message, "--", x.Text(notes[0].Place)[notes[0].Place.Start:notes[0].Place.End])
				if s := x.Text(notes[0].Place); notes[0].Place.End > len(s) || notes[0].Place.Start > notes[0].Place.End {
					t.Errorf("Bad[%d] points at bytes %d-%d of %q", i, notes[0].Place.Start, notes[0].Place.End, s)
				}
			}
			for i, text := range r.Good {
				for _, n := range set.All(parse(t, text), nil) {
					t.Errorf("Good[%d] gives %s: %s\n%s", i, n.Rule.ID, n.Message, text)
				}
			}
		})
	}
}

func TestRulesAreComplete(t *testing.T) {
	loaded := load(t, "testdata/shop.yaml").Rules()
	for i, r := range contract.Rules() {
		for what, missing := range map[string]bool{
			"Severity": r.Severity == 0, "Title": r.Title == "", "Refs": len(r.Refs) == 0, "Doc": r.Doc == "", "Blame": r.Blame == "",
			"Help": r.Help == "", "Bad": len(r.Bad) == 0, "Good": len(r.Good) == 0, "Topic": r.Topic() != "contract",
		} {
			if missing {
				t.Errorf("%s lacks %s", r.ID, what)
			}
		}
		if r.Check != nil || loaded[i].Check == nil || loaded[i].ID != r.ID {
			t.Errorf("%s: only the rules of a contract have a check", r.ID)
		}
	}
	if n := len(setOf(t, load(t)).Rules()); n != 0 {
		t.Errorf("%d rules run without a description", n)
	}
}

// TestPlaces follows notes to the octets that they are about.
func TestPlaces(t *testing.T) {
	set := setOf(t, load(t, "testdata/shop.yaml"), "contract/undeclared")
	const head = "* scheme https\n> GET /v1/orders/7 HTTP/1.1\n> Host: api.shop.test\n> X-API-Key: k\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n< "
	for _, c := range []struct{ text, message, at string }{
		{
			head + `{"id":7, "sku":"A-7", "qty": 0 , "lines":[]}` + "\n",
			`/qty: number must be at least 1, says "testdata/shop.yaml" of GET /orders/{id}`, "0",
		},
		{
			head + `{"id":7,"sku":"A-7","qty":1,"lines":[{"text":"a"}, {"text":[1]}]}` + "\n",
			`/lines/1/text: value must be a string, says "testdata/shop.yaml" of GET /orders/{id}`, "[1]",
		},
		{
			head + `{"id":7,"qty":1}` + "\n",
			`property "sku" is missing, says "testdata/shop.yaml" of GET /orders/{id}`, `{"id":7,"qty":1}`,
		},
		{
			strings.Replace(listing, "limit=20", "a=1&limit=0&b=2", 1),
			`query parameter limit: number must be at least 1, says "testdata/shop.yaml" of GET /orders`, "limit=0",
		},
		{
			strings.Replace(listing, "t-5", "five", 1),
			`header parameter X-Tenant: string doesn't match the regular expression "^t-[0-9]+$", says "testdata/shop.yaml" of GET /orders`, "five",
		},
		{
			strings.Replace(listing, "limit=20", "limit=x", 1),
			`query parameter limit: it is an invalid integer, says "testdata/shop.yaml" of GET /orders`, "limit=x",
		},
	} {
		x := parse(t, c.text)
		notes := set.All(x, nil)
		if len(notes) != 1 || notes[0].Message != c.message {
			t.Errorf("%q, want %q", messages(notes), c.message)
			continue
		}
		if at := x.Text(notes[0].Place)[notes[0].Place.Start:notes[0].Place.End]; at != c.at {
			t.Errorf("%s: at %q, want %q", c.message, at, c.at)
		}
	}
}

const listing = "* scheme https\n> GET /v1/orders?limit=20 HTTP/1.1\n> Host: api.shop.test\n> X-Tenant: t-5\n> X-API-Key: k\n>\n" +
	"< HTTP/1.1 200 OK\n< Content-Type: application/json\n< X-Total: 0\n<\n< []\n"

// TestLatest compares with schemas that only JSON Schema 2020-12 can judge.
func TestLatest(t *testing.T) {
	set := setOf(t, load(t, "testdata/latest.yaml"), "contract/undeclared")
	for _, c := range []struct{ host, path, request, response, want string }{
		{"eu.things.test:8443", "/live/things", `{"kind":"thing","size":null}`, `{"size":3}`, ""},
		{"us.things.test:8443", "/test-2/things", `{"kind":"thing"}`, `{}`, ""},
		{"asia.things.test:8443", "/live/things", `{"kind":"other"}`, `{"size":"x"}`, ""},
		{"eu.things.test:8443", "/live/things", `{"kind":"other"}`, `{}`, "contract/request-body: /kind: value is not the one that is declared"},
		{"eu.things.test:8443", "/live/things", `{"kind":"thing","size":0}`, `{}`, "contract/request-body: /size: "},
		{"eu.things.test:8443", "/live/things", `{"kind":"thing","size":1}`, `{}`, "contract/request-body: missing property 'reason'"},
		{"eu.things.test:8443", "/live/things", `{"size":2}`, `{}`, "contract/request-body: missing propert"},
		{"eu.things.test:8443", "/live/things", `{"kind":"thing"}`, `{"size":0}`, "contract/response-body: /size: number must be more than 0"},
	} {
		text := "* scheme https\n> POST " + c.path + " HTTP/1.1\n> Host: " + c.host + "\n> Content-Type: application/json\n>\n> " + c.request +
			"\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n< " + c.response + "\n"
		notes := messages(set.All(parse(t, text), nil))
		if c.want == "" && len(notes) > 0 || c.want != "" && (len(notes) != 1 || !strings.HasPrefix(notes[0], c.want)) {
			t.Errorf("%s%s %s: %q, want %q", c.host, c.path, c.request, notes, c.want)
		}
	}
}

// TestBase ties a description to another URL than that of its servers.
func TestBase(t *testing.T) {
	set := setOf(t, load(t, "http://localhost:3000=testdata/shop.yaml"))
	for target, want := range map[string]int{"/orders/7": 0, "/nothing": 1, "/v1/orders/7": 1} {
		x := parse(t, "* scheme http\n> GET "+target+" HTTP/1.1\n> Host: localhost:3000\n> X-API-Key: k\n>\n< HTTP/1.1 401 Unauthorized\n<\n")
		if notes := set.All(x, nil); len(notes) != want {
			t.Errorf("%s: %q", target, messages(notes))
		}
	}
	x := parse(t, "* scheme https\n> GET /v1/nothing HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 200 OK\n<\n")
	if notes := set.All(x, nil); len(notes) != 0 {
		t.Errorf("its own server: %q", messages(notes))
	}
}

// TestRedactedValuesAreNotJudged reads what a saved file has in place of secrets.
func TestRedactedValuesAreNotJudged(t *testing.T) {
	set := setOf(t, load(t, "testdata/shop.yaml"))
	mark := exchange.NewRedactor([]byte("k")).Redact(parse(t, strings.Replace(listing, "X-API-Key: k", "Authorization: Bearer abcdefgh", 1)), false)
	value := mark.Request.Fields.Value(exchange.FieldAuthorization)
	if !exchange.IsRedacted(value) {
		t.Fatalf("%q is not redacted", value)
	}
	x := parse(t, strings.Replace(listing, "X-Tenant: t-5", "X-Tenant: "+value, 1))
	if notes := set.All(x, nil); len(notes) != 0 {
		t.Errorf("%q", messages(notes))
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const start = "openapi: 3.0.3\ninfo: {title: a, version: b}\n"
	for _, c := range []struct {
		name, source string
		want         []string
	}{
		{"no file", filepath.Join(dir, "none.yaml"), []string{"none.yaml", "name a file"}},
		{"no name", "http://localhost:1=", []string{"name a file"}},
		{"bad base", "http://=x.yaml", []string{"want FILE, or URL=FILE"}},
		{"a folder", dir, []string{dir}},
		{"no YAML", write("a.yaml", "openapi: 3.0.3\n info: {"), []string{"a.yaml", "line 2"}},
		{"empty", write("empty.yaml", ""), []string{"empty.yaml"}},
		{"Swagger 2", write("old.yaml", "swagger: \"2.0\"\ninfo: {title: a, version: b}\npaths: {}\n"), []string{"old.yaml: this is Swagger 2.0", "convert"}},
		{"no info", write("b.yaml", "openapi: 3.0.3\npaths: {}\n"), []string{"b.yaml", "info"}},
		{"no responses", write("c.yaml", start+"paths:\n  /a:\n    get:\n      summary: x\n"), []string{"c.yaml:5", "responses"}},
		{"undeclared parameter", write("d.yaml", start+"paths:\n  /a/{id}:\n    get:\n      responses: {default: {description: x}}\n"), []string{"d.yaml:4", "id"}},
		{"dangling reference", write("e.yaml", start+"paths:\n  /a:\n    $ref: '#/nothing'\n"), []string{"e.yaml", "nothing"}},
		{"remote reference", write("f.yaml", start+"paths:\n  /a:\n    $ref: 'http://127.0.0.1:1/x.yaml'\n"), []string{"f.yaml", "not fetched", "127.0.0.1:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := contract.Load(c.source)
			if err == nil {
				t.Fatal("it is loaded")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
		})
	}
	both := filepath.Join(dir, "none.yaml")
	if _, err := contract.Load(both, both, "testdata/shop.yaml"); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want both errors, not %v", err)
	}
}

// TestHostileContent has bodies that are costly or strange.
func TestHostileContent(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "tree.yaml")
	tree := "openapi: 3.0.3\ninfo: {title: a, version: b}\nservers: [{url: 'https://t.test'}]\npaths:\n  /t:\n    get:\n      responses:\n        default:\n" +
		"          description: x\n          content: {application/json: {schema: {$ref: '#/components/schemas/T'}}}\n" +
		"components:\n  schemas:\n    T:\n      allOf: [{$ref: '#/components/schemas/T'}, {properties: {t: {$ref: '#/components/schemas/T'}, n: {type: integer}}}]\n"
	if err := os.WriteFile(file, []byte(tree), 0o600); err != nil {
		t.Fatal(err)
	}
	set := setOf(t, load(t, file))
	for _, c := range []struct {
		content string
		want    int
	}{
		{`{"t":{"t":{"n":1}}}`, 0},
		{`{"t":{"t":{"n":"x"}}}`, 1},
		{strings.Repeat(`{"t":`, 60) + "1" + strings.Repeat("}", 60), 0},
		{strings.Repeat(`{"t":`, 100_000), 0},
		{strings.Repeat("[", 1<<20), 0},
		{`{"n":1} x`, 0},
		{`{"n":1e999}`, 0},
		{"\"\xff\\", 0},
	} {
		text := "* scheme https\n> GET /t HTTP/1.1\n> Host: t.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n< {}\n"
		x := parse(t, text)
		x.Response.Content.Kept, x.Response.Content.Size = []byte(c.content), int64(len(c.content))
		notes := messages(set.All(x, nil))
		notes = slices.DeleteFunc(notes, func(m string) bool { return strings.HasPrefix(m, "contract/undeclared") })
		if len(notes) != c.want {
			t.Errorf("%.40q: %q, want %d", c.content, notes, c.want)
		}
	}
}

func FuzzExchange(f *testing.F) {
	c := load(f, "testdata/shop.yaml", "testdata/latest.yaml")
	set := setOf(f, c)
	f.Add("GET", "/v1/orders?limit=1", "application/json", `{"id":1}`)
	f.Add("POST", "/v1/orders/%zz", "application/xml", `<order/>`)
	f.Fuzz(func(t *testing.T, method, target, contentType, content string) {
		x := &exchange.Exchange{Scheme: "https", Authority: "api.shop.test"}
		x.Request.Method, x.Request.Target = method, target
		x.Response.Status = 200
		for _, m := range []*exchange.Message{&x.Request.Message, &x.Response.Message} {
			m.Fields.Add("Content-Type", contentType)
			m.Content.Kept, m.Content.Size, m.Content.Complete = []byte(content), int64(len(content)), true
		}
		seen := map[string]bool{}
		for _, n := range set.All(x, nil) {
			if seen[n.Rule.ID] {
				t.Errorf("%s speaks twice", n.Rule.ID)
			}
			seen[n.Rule.ID] = true
			if s := x.Text(n.Place); n.Place.Start < 0 || n.Place.End > len(s) || n.Place.Start > n.Place.End {
				t.Errorf("%s points at bytes %d-%d of %d", n.Rule.ID, n.Place.Start, n.Place.End, len(s))
			}
		}
		if seen["contract/path-undeclared"] && len(seen) > 1 {
			t.Errorf("path-undeclared stands with %v", seen)
		}
	})
}

func BenchmarkExchange(b *testing.B) {
	set := setOf(b, load(b, "testdata/shop.yaml"))
	x := parse(b, listing)
	b.ReportAllocs()
	for b.Loop() {
		set.All(x, nil)
	}
}
