package inside_test

import (
	"os"
	"strings"
	"testing"

	"sidenote/exchange/inside"
)

// A sample is one body of testdata/bodies.txt with what it says.
type sample struct {
	name, kind, want, message, body string
	graphQL, mcp, is207             bool
	method                          string
}

func samples(t testing.TB) (all []sample) {
	t.Helper()
	text, err := os.ReadFile("testdata/bodies.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "\n=== ")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		parts := append(strings.Split(strings.TrimSuffix(head, " |"), " | "), "")
		s := sample{name: parts[0], kind: parts[1], want: parts[2], message: parts[3], method: "POST"}
		for strings.HasPrefix(body, "> ") {
			var line string
			line, body, _ = strings.Cut(body, "\n")
			switch line = line[2:]; line {
			case "graphql":
				s.graphQL = true
			case "mcp":
				s.mcp = true
			case "207":
				s.is207 = true
			default:
				s.method = line
			}
		}
		s.body = body
		all = append(all, s)
	}
	return all
}

func (s *sample) read(body string, whole bool) inside.Finding {
	c := &inside.Content{Bytes: []byte(body), Whole: whole, Type: s.kind, Status: 200, Method: s.method,
		GraphQL: func() bool { return s.graphQL || strings.Contains(s.kind, "graphql") }, MCP: func() bool { return s.mcp }}
	if s.is207 {
		c.Status = 207
	}
	return inside.Read(c)
}

func TestBodies(t *testing.T) {
	all := samples(t)
	if len(all) < 80 {
		t.Fatalf("%d bodies, want at least 80", len(all))
	}
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			f := s.read(s.body, true)
			got := strings.TrimRight(f.Outcome.String()+" "+string(f.Protocol)+" "+f.Code, " ")
			if got != s.want {
				t.Errorf("got %q, want %q", got, s.want)
			}
			if s.message != "" && f.Message != s.message {
				t.Errorf("its words are %q, want %q", f.Message, s.message)
			}
		})
	}
}

// What is cut says nothing else than what is whole: it may not be known, and of
// a batch it may not be known whether all of it failed.
func TestCutBodies(t *testing.T) {
	for _, s := range samples(t) {
		whole := s.read(s.body, true)
		isError := whole.Outcome == inside.Error || whole.Outcome == inside.Partial
		for n := range s.body {
			if n < 3 && strings.HasPrefix(s.kind, "text/") {
				continue // such a text is of JSON only if it begins so
			}
			f := s.read(s.body[:n], false)
			if (f.Outcome == inside.Error || f.Outcome == inside.Partial) && !isError {
				t.Errorf("%s: cut at %d it is %v, and whole %v", s.name, n, f.Outcome, whole.Outcome)
				break
			}
			if f.Outcome == inside.OK && isError {
				t.Errorf("%s: cut at %d it is %v, and whole %v: %q", s.name, n, f.Outcome, whole.Outcome, s.body[:n])
				break
			}
		}
	}
}

func TestOrdinaryBodies(t *testing.T) {
	text, err := os.ReadFile("testdata/ordinary.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) < 200 {
		t.Fatalf("%d documents, want at least 200", len(lines))
	}
	for i, line := range lines {
		s := sample{kind: "application/json", method: "GET"}
		if f := s.read(line, true); f.Outcome != inside.OK {
			t.Errorf("line %d is %v %v %q: %s", i+1, f.Outcome, f.Protocol, f.Message, line)
		}
		for n := range line {
			if f := s.read(line[:n], false); f.Outcome == inside.Error || f.Outcome == inside.Partial {
				t.Errorf("line %d cut at %d is %v", i+1, n, f.Outcome)
				break
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.kind, []byte(s.body), true, s.graphQL)
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte, whole, graphQL bool) {
		found := inside.Read(&inside.Content{Bytes: body, Whole: whole, Type: kind, Status: 207, Method: "PROPPATCH",
			GraphQL: func() bool { return graphQL }, MCP: func() bool { return graphQL }})
		if found.At < 0 || found.End < found.At || found.End > len(body) {
			t.Fatalf("place %d-%d of %d bytes", found.At, found.End, len(body))
		}
		if len(found.Message) > inside.MostMessage || found.Failed > found.Calls && found.Calls > 0 {
			t.Fatalf("out of bounds: %+v", found)
		}
		if (found.Protocol != "") != (found.Outcome == inside.Error || found.Outcome == inside.Partial) {
			t.Fatalf("outcome %v has the protocol %q", found.Outcome, found.Protocol)
		}
	})
}

// BenchmarkOrdinary reads an ordinary answer of an API.
func BenchmarkOrdinary(b *testing.B) {
	c := &inside.Content{Bytes: []byte(`{"id":7,"lines":[{"sku":"A-7","qty":1234}],"error":null}`), Whole: true, Type: "application/json", Status: 200, Method: "POST"}
	b.ReportAllocs()
	for b.Loop() {
		if inside.Read(c).Outcome != inside.OK {
			b.Fatal("it is no error")
		}
	}
}
