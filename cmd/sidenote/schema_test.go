package main

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
	"sidenote/sink"
)

// A validator holds records to their schemas, and remembers which keys were there.
type validator struct {
	schemas map[string]*jsonschema.Schema // by the name in "schema"
	seen    map[string]bool
}

func newValidator(t testing.TB) *validator {
	t.Helper()
	v := &validator{schemas: map[string]*jsonschema.Schema{}, seen: map[string]bool{}}
	for _, name := range sink.SchemaNames() {
		text, _ := sink.Schema(name)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource(name+".json", doc); err != nil {
			t.Fatal(err)
		}
		s, err := c.Compile(name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		v.schemas["sidenote."+name+"/1"] = s
	}
	return v
}

// check holds every line to the schema that it names.
func (v *validator) check(t testing.TB, lines []byte) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		record, _ := doc.(map[string]any)
		name, _ := record["schema"].(string)
		if v.schemas[name] == nil {
			t.Fatalf("schema %q: %s", name, line)
		}
		if err := v.schemas[name].Validate(doc); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		v.note(name, doc)
	}
}

// note remembers the keys of a value, at every depth.
func (v *validator) note(at string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			path := at + " " + key
			v.seen[path] = true
			v.note(path, member)
		}
	case []any:
		for _, member := range value {
			v.note(at, member)
		}
	}
}

// write returns the lines that all sinks write of an exchange.
func write(t testing.TB, a *annotate.Annotated) []byte {
	t.Helper()
	var b bytes.Buffer
	log := sink.NewJSONLog(&b, nil)
	log.Notes, log.Messages = true, true
	if s := a.X.Messages; s != nil {
		for i := range s.List {
			if err := log.WriteMessage(&sink.Message{Of: exchange.StreamOf(a.X, s.Format, nil), Message: &s.List[i]}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []*sink.JSONSink{log, sink.NewSave(&b, nil)} {
		if err := s.Write(a); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func allRules(t testing.TB) *annotate.Set {
	t.Helper()
	set, err := annotate.NewSet(rules.All(), annotate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// withNotes returns an exchange with the notes of all rules.
func withNotes(set *annotate.Set, x *exchange.Exchange) *annotate.Annotated {
	return &annotate.Annotated{X: x, Notes: set.End(x, set.Head(x, nil))}
}

// TestEveryRecordIsValid writes the examples of all rules and the captures of
// real servers, with everything that a record can hold, and holds each line to
// its schema. Each key of the schemas must have been there.
func TestEveryRecordIsValid(t *testing.T) {
	v, set := newValidator(t), allRules(t)
	examples := 0
	for _, r := range rules.All() {
		for _, text := range append(append([]string{}, r.Bad...), r.Good...) {
			x, err := exchange.ParseText(text)
			if err != nil {
				continue // of another form, which the rules' own tests read
			}
			examples++
			v.check(t, write(t, withNotes(set, x)))
		}
	}
	captures, err := filepath.Glob("../../annotate/rules/testdata/real/*.jsonl")
	if err != nil || len(captures) < 15 || examples < 500 {
		t.Fatalf("%d captures, %d examples, %v", len(captures), examples, err)
	}
	for _, name := range captures {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		err = exchange.ReadCapture(f, exchange.Capture{File: name, Exchange: func(x *exchange.Exchange) error {
			v.check(t, write(t, withNotes(set, x)))
			return nil
		}})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	v.check(t, write(t, odd(t)))
	for _, key := range v.unseen(t) {
		t.Errorf("no record has %s, so nobody knows whether the schema is right about it", key)
	}
}

// odd is an exchange with what no other has.
func odd(t testing.TB) *annotate.Annotated {
	t.Helper()
	x, err := exchange.ParseText("* made\n* error content_truncated \"x\\xff\"\n* tunnel sent=1 received=2\n* timing dns=1ms connect=1ms tls=1ms head-sent=1ms request-sent=2ms first-byte=3ms done=5ms self=1us\n> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 200 OK\n<\n<~ T: 1\n")
	if err != nil {
		t.Fatal(err)
	}
	x.Timing.ContentBegun = 1
	x.Started = time.Now()
	x.ID, x.Run = "a", "b"
	x.Trace = exchange.Trace{ID: exchange.TraceID{1}, Parent: exchange.SpanID{1}, Span: exchange.SpanID{1}, Sent: exchange.SpanID{1}, Sampled: true}
	x.Source = exchange.Source{File: "f", Entry: 1, Lacks: exchange.LacksVersion}
	x.Response.Content.Decoded = true
	x.Origin.TLS = &exchange.TLS{SNI: "\xff", ALPN: "h2", Resumed: true, ECH: true, ClientCert: true, VerifyError: "v", Weakness: "w", Version: 0x304, Cipher: 0x1301,
		Certificate: &exchange.Certificate{Subject: "s", Issuer: "i", Names: []string{"n"}, NotBefore: x.Started, NotAfter: x.Started, SHA256: "x"}}
	x.Origin.Local = netip.MustParseAddrPort("127.0.0.1:1")
	x.Origin.Proxy, x.Origin.Reused, x.Origin.Closed, x.Origin.Attempts, x.Origin.Authority = "p", true, true, 2, "a:1"
	x.Client = x.Origin
	x.Interim = []exchange.Response{{Status: 103, At: 1, Made: true, Reason: "Early Hints"}}
	x.Request.Protocol = "websocket"
	for _, m := range []*exchange.Message{&x.Request.Message, &x.Interim[0].Message, &x.Response.Message} {
		m.Pseudo, m.NeverIndexed = []string{":status"}, []int{0}
	}
	x.Interim[0].Fields.Add("Link", "</a>")
	x.Interim[0].Trailers.Add("T", "1")
	x.Interim[0].RawHead, x.Interim[0].Content.Kept, x.Interim[0].Version = "x", []byte("x"), exchange.HTTP11
	x.Interim[0].Content.SHA256, x.Interim[0].Content.Decoded = exchange.DigestOf(nil), true
	x.Request.Trailers.Add("T", "1")
	x.Request.RawHead, x.Request.Content.Decoded = "x", true
	x.Response.At, x.Response.RawHead = 1, "x"
	x.Changed = ^exchange.Changes(0)
	x.Messages = &exchange.Messages{Format: exchange.FormatWebSocket, Sent: 1, Received: 2, Dropped: 3, Unread: 4,
		Faults: []exchange.StreamFault{{MessageFault: exchange.MessageFault{Code: "c", Detail: "\xff"}, FromClient: true, Number: 1, At: 1, Times: 1}},
		List: []exchange.StreamMessage{{Number: 1, FromClient: true, At: 1, Kind: exchange.KindClose, Size: 1, Wire: 1, Parts: 2, Truncated: true, Compressed: true,
			Name: "n", ID: "\xff", Code: 1000, Content: []byte("\xff"), Decoded: "{}", Faults: []exchange.MessageFault{{Code: "c", Detail: "d"}}}}}
	rule := &annotate.Rule{ID: "a/b", Refs: []string{"r"}, Help: "h"}
	return &annotate.Annotated{X: x, Notes: []annotate.Note{
		{Rule: rule, Severity: annotate.Warn, Accepted: "slow partner", Place: exchange.Place{Message: exchange.InInterim, Part: exchange.PartTrailer, Field: "T", Line: 0, Start: 0, End: 1},
			Related: []annotate.Related{{Exchange: "b", File: "f", Entry: 2, Role: "first try", At: x.Started, What: "GET a/, 200"}}},
	}}
}

// unseen lists the keys of the schemas that no record had.
func (v *validator) unseen(t *testing.T) (missing []string) {
	for _, name := range sink.SchemaNames() {
		text, _ := sink.Schema(name)
		var s map[string]any
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		v.walk("sidenote."+name+"/1", s, func(path string) {
			if !v.seen[path] {
				missing = append(missing, path)
			}
		})
	}
	return missing
}

func (v *validator) walk(at string, schema map[string]any, visit func(path string)) {
	for key, value := range asObject(schema["properties"]) {
		visit(at + " " + key)
		v.walk(at+" "+key, asObject(value), visit)
	}
	if items := asObject(schema["items"]); items != nil {
		v.walk(at, items, visit)
	}
}

func asObject(v any) map[string]any { o, _ := v.(map[string]any); return o }

func FuzzRecordIsValid(f *testing.F) {
	for i, r := range rules.All() {
		if i%20 == 0 && len(r.Bad) > 0 {
			f.Add(r.Bad[0])
		}
	}
	f.Add("* error \xff \"\\xff\"\n> \xff \x00 HTTP/9.9\n> \xff: \xff\n>\n< HTTP/2 999 \x1b\n< a\u202eb: \xff\n<\n")
	f.Add("* client peer=[fe80::1%eth0]:1\n* started 0001-01-01T00:00:00Z\n> A / HTTP/1.1\n>\n")
	v, set := newValidator(f), allRules(f)
	f.Fuzz(func(t *testing.T, text string) {
		x, err := exchange.ParseText(text)
		if err != nil {
			t.Skip()
		}
		v.check(t, write(t, withNotes(set, x)))
	})
}

// parses reads a file as what its name says it is.
func parses(t *testing.T, name string, b []byte) {
	t.Helper()
	var v any
	var err error
	switch filepath.Ext(name) {
	case ".json":
		err = json.Unmarshal(b, &v)
	case ".yaml":
		err = yaml.Unmarshal(b, &v)
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestTablesFitTheSchema compares each column for ClickHouse with the key of
// its name.
func TestTablesFitTheSchema(t *testing.T) {
	b, err := os.ReadFile("../../configs/clickhouse/sidenote.sql")
	if err != nil {
		t.Fatal(err)
	}
	column := regexp.MustCompile("(?m)^    `([^`]+)` ([A-Za-z]+)")
	for table, list := range map[string][]exchange.Property{"exchanges": sink.ExchangeProperties(), "notes": sink.NoteProperties()} {
		_, definition, _ := strings.Cut(string(b), "CREATE TABLE IF NOT EXISTS sidenote."+table)
		definition, _, _ = strings.Cut(definition, "ENGINE")
		columns := column.FindAllStringSubmatch(definition, -1)
		if len(columns) < 10 {
			t.Errorf("%s has %d columns", table, len(columns))
		}
		types := map[string]string{}
		for _, p := range list {
			types[p.Key], _ = p.JSONSchema()["type"].(string)
		}
		for _, c := range columns {
			kind, known := types[c[1]]
			want := map[string]string{"integer": "UInt", "array": "Array", "object": "Tuple"}[kind]
			text := want == "" && !strings.HasPrefix(c[2], "UInt") && c[2] != "Array" && c[2] != "Tuple"
			if !known || !text && (want == "" || !strings.HasPrefix(c[2], want)) {
				t.Errorf("%s: %s is %s, and in the schema %q", table, c[1], c[2], kind)
			}
		}
	}
}

// TestMappingsFitTheSchema compares each type for Elasticsearch with that of the
// key of its name.
func TestMappingsFitTheSchema(t *testing.T) {
	b, err := os.ReadFile("../../configs/elasticsearch/index-template.json")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Template struct {
			Mappings struct {
				Properties map[string]mapping
			}
		}
	}
	if err := json.Unmarshal(b, &template); err != nil {
		t.Fatal(err)
	}
	mapped := template.Template.Mappings.Properties
	delete(mapped, "@timestamp") // what sends the records makes it of time
	if len(mapped) < 20 {
		t.Errorf("only %d keys", len(mapped))
	}
	checkMappings(t, "", mapped, slices.Concat(sink.ExchangeProperties(), sink.NoteProperties()))
}

// A mapping is how Elasticsearch keeps a value.
type mapping struct {
	Type       string
	Properties map[string]mapping
}

func checkMappings(t *testing.T, within string, mapped map[string]mapping, list []exchange.Property) {
	t.Helper()
	for key, m := range mapped {
		i := slices.IndexFunc(list, func(p exchange.Property) bool { return p.Key == key })
		if i < 0 {
			t.Errorf("%s%s: no record has it", within, key)
			continue
		}
		p := &list[i]
		s := p.JSONSchema()
		kind, _ := s["type"].(string)
		want := []string{"keyword", "wildcard", "text"} // strings, words and lists of them
		switch {
		case p.List:
			want = []string{"nested"}
		case kind == "integer":
			want = []string{"short", "integer", "long"}
		case kind == "object":
			want = []string{"object"}
		case s["format"] == "date-time":
			want = []string{"date", "date_nanos"}
		case strings.HasSuffix(key, ".address") && strings.Contains(p.Doc, "IP address"):
			want = []string{"ip"}
		}
		if !slices.Contains(want, m.Type) {
			t.Errorf("%s%s is kept as %s, want one of %q", within, key, m.Type, want)
		}
		checkMappings(t, within+key+".", m.Properties, p.Members)
	}
}

// TestPipelines holds what the examples for log stores name to the schemas.
func TestPipelines(t *testing.T) {
	known := map[string]bool{}
	for _, list := range [][]exchange.Property{sink.ExchangeProperties(), sink.NoteProperties()} {
		for _, p := range list {
			known[p.Key] = true
			for _, m := range p.Members {
				known[p.Key+"."+m.Key] = true
			}
		}
	}
	// Keys are in quotation marks of some kind, at times in two of them.
	named := regexp.MustCompile("[\"`](?:\\\\\")?((?:http|url|server|client|network|user_agent|error|sidenote)\\.[a-z_0-9.]+|trace_id|span_id)(?:\\\\\")?[\"`]")
	files := 0
	for _, pattern := range []string{"loki/*", "elasticsearch/*", "clickhouse/*"} {
		names, err := filepath.Glob("../../configs/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files++
			parses(t, name, b)
			found := named.FindAllStringSubmatch(string(b), -1)
			if len(found) == 0 {
				t.Errorf("%s names no key", name)
			}
			for _, m := range found {
				if !known[m[1]] {
					t.Errorf("%s names %q, which no record has", name, m[1])
				}
			}
		}
	}
	if files < 5 {
		t.Errorf("only %d files", files)
	}
}
