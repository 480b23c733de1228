package annotate_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

// unregistered are the codes outside the registry that are worth a label.
var unregistered = []int{
	419, 420, 430, 440, 444, 449, 460, 463, 494, 495, 496, 497, 499,
	509, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 561, 598, 599,
}

// TestStatusTableIsTheRegistry holds the table to the registry of status codes,
// of the date that the list in testdata has.
func TestStatusTableIsTheRegistry(t *testing.T) {
	list, err := os.ReadFile("testdata/statuses.txt")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for line := range strings.Lines(string(list)) {
		if line[0] != '#' {
			want = append(want, strings.TrimSpace(line))
		}
	}
	if len(want) < 60 {
		t.Errorf("%d codes are too few", len(want))
	}
	for _, s := range annotate.Statuses() {
		if s.Registered {
			cache := map[annotate.Cacheable]string{
				annotate.CacheHeuristic: "h", annotate.CacheExplicit: "e",
				annotate.CacheNever: "n", annotate.CacheRefreshes: "r",
			}[s.Cacheable]
			got = append(got, fmt.Sprintf("%d %s %s | %s", s.Code, cache, s.Refs[0], s.Name))
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing: %s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("not so in the registry: %s", line)
		}
	}
}

func TestUnregisteredStatuses(t *testing.T) {
	var got []int
	for _, s := range annotate.Statuses() {
		if s.Registered {
			continue
		}
		got = append(got, s.Code)
		if s.Sender == "" || len(s.Refs) != 0 {
			t.Errorf("%d: sender %q, refs %q; want a sender and no reference", s.Code, s.Sender, s.Refs)
		}
	}
	if !slices.Equal(got, unregistered) {
		t.Errorf("got %v, want %v", got, unregistered)
	}
}

func TestStatusRowsAreComplete(t *testing.T) {
	previous := 0
	for _, s := range annotate.Statuses() {
		if s.Code <= previous {
			t.Errorf("%d stands after %d", s.Code, previous)
		}
		previous = s.Code
		if s.Name == "" || s.Retry.When == "" || s.Content == "" {
			t.Errorf("%d: name %q, retry %q, content %q; none may be empty", s.Code, s.Name, s.Retry.When, s.Content)
		}
		for what, text := range map[string]string{"meaning": s.Meaning, "act": s.Act} {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%d: %s %q is not made of sentences", s.Code, what, text)
			}
		}
		for _, clause := range slices.Concat([]string{s.Retry.When, s.Content, s.Sender}, s.Must, s.Should) {
			if strings.HasSuffix(clause, ".") {
				t.Errorf("%d: %q ends in a full stop", s.Code, clause)
			}
		}
		isError := s.Class() == annotate.ClientError || s.Class() == annotate.ServerError
		if isError && s.Fault == annotate.ByNobody && s.Code != 425 && s.Code != 451 {
			t.Errorf("%d is an error and nobody's", s.Code)
		}
		if s.Class() == annotate.Informational && s.Cacheable != annotate.CacheNever {
			t.Errorf("%d: an interim response cannot be stored", s.Code)
		}
	}
}

func TestExpectedFieldsOfStatuses(t *testing.T) {
	for code, want := range map[int]exchange.Name{
		101: exchange.FieldUpgrade, 206: exchange.FieldContentRange, 301: exchange.FieldLocation,
		302: exchange.FieldLocation, 303: exchange.FieldLocation, 307: exchange.FieldLocation, 308: exchange.FieldLocation,
		401: exchange.FieldWWWAuthenticate, 405: exchange.FieldAllow, 407: exchange.FieldProxyAuthenticate,
		416: exchange.FieldContentRange, 426: exchange.FieldUpgrade, 429: exchange.FieldRetryAfter, 503: exchange.FieldRetryAfter,
	} {
		s, ok := annotate.LookupStatus(code)
		if !ok || !slices.Contains(s.Expects, want) {
			t.Errorf("%d expects %v, want %v among them", code, s.Expects, want)
		}
	}
}

func TestLookupStatusFallsBackToTheClass(t *testing.T) {
	for _, c := range []struct {
		code  int
		class annotate.Class
		fault annotate.Blame
		says  string
	}{
		{199, annotate.Informational, annotate.ByNobody, "interim"},
		{299, annotate.Success, annotate.ByNobody, "as 200"},
		{399, annotate.Redirection, annotate.ByNobody, "as 300"},
		{471, annotate.ClientError, annotate.ByClient, "as 400"},
		{555, annotate.ServerError, annotate.ByOrigin, "as 500"},
		{0, annotate.NoClass, annotate.ByOrigin, "as 500"},
		{-1, annotate.NoClass, annotate.ByOrigin, "as 500"},
		{99, annotate.NoClass, annotate.ByOrigin, "as 500"},
		{600, annotate.NoClass, annotate.ByOrigin, "as 500"},
		{999, annotate.NoClass, annotate.ByOrigin, "as 500"},
	} {
		s, known := annotate.LookupStatus(c.code)
		if known || s.Code != c.code || s.Name != "" || s.Registered {
			t.Errorf("%d: got %v %q registered %v", c.code, known, s.Name, s.Registered)
		}
		if s.Class() != c.class || s.Fault != c.fault || !strings.Contains(s.Meaning, c.says) || len(s.Refs) == 0 {
			t.Errorf("%d: class %v, fault %q, refs %q, meaning %q", c.code, s.Class(), s.Fault, s.Refs, s.Meaning)
		}
	}
}

func TestLookupStatusDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		for _, code := range []int{200, 471, 999} {
			if s, _ := annotate.LookupStatus(code); s.Code != code {
				t.Error(s.Code)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestClass(t *testing.T) {
	for c := annotate.Informational; c <= annotate.ServerError; c++ {
		for _, s := range []string{c.String(), c.Digits(), strings.ToUpper(c.String())} {
			if got, err := annotate.ParseClass(s); err != nil || got != c {
				t.Errorf("ParseClass(%q) = %v, %v", s, got, err)
			}
		}
		if info := c.Info(); info.Class != c || info.Meaning == "" || info.Act == "" || info.Unknown == "" {
			t.Errorf("%v: %+v", c, info)
		}
	}
	for _, s := range []string{"", "none", "6xx", "0xx", "4x"} {
		if c, err := annotate.ParseClass(s); err == nil {
			t.Errorf("ParseClass(%q) = %v, want an error", s, c)
		}
	}
}

func TestBlameOf(t *testing.T) {
	for _, c := range []struct {
		what string
		text string
		want annotate.Blame
	}{
		{"a success", "> GET / HTTP/1.1\n>\n< HTTP/1.1 200 OK\n<\n", annotate.ByNobody},
		{"no response at all", "> GET / HTTP/1.1\n>\n", annotate.ByNobody},
		{"a client error", "> GET / HTTP/1.1\n>\n< HTTP/1.1 404 Not Found\n<\n", annotate.ByClient},
		{"a gateway", "> GET / HTTP/1.1\n>\n< HTTP/1.1 502 Bad Gateway\n<\n", annotate.ByOriginOrIntermediary},
		{"a cache without a copy", "> GET / HTTP/1.1\n> Cache-Control: max-stale=5, Only-If-Cached\n>\n< HTTP/1.1 504 Gateway Timeout\n<\n", annotate.ByClient},
		{"another directive", "> GET / HTTP/1.1\n> Cache-Control: only-if-cached-not\n>\n< HTTP/1.1 504 Gateway Timeout\n<\n", annotate.ByOriginOrIntermediary},
		{"a fresh connection", "> GET / HTTP/1.1\n>\n< HTTP/1.1 408 Request Timeout\n<\n", annotate.ByClient},
		{"a reused connection", "* origin reused\n> GET / HTTP/1.1\n>\n< HTTP/1.1 408 Request Timeout\n<\n", annotate.ByNobody},
		{"a failure", "* error dns_not_found \"\"\n> GET / HTTP/1.1\n>\n< HTTP/1.1 502 Bad Gateway\n<\n* made\n", annotate.ByClient},
		{"an unknown failure", "* error nonsense \"\"\n> GET / HTTP/1.1\n>\n", annotate.ByProxy},
		{"made up by the proxy", "> GET / HTTP/1.1\n>\n< HTTP/1.1 200 OK\n<\n* made\n", annotate.ByProxy},
		{"a nameless code", "> GET / HTTP/1.1\n>\n< HTTP/1.1 999 Request Denied\n<\n", annotate.ByOrigin},
	} {
		x, err := exchange.ParseText(c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if got := annotate.BlameOf(x); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}
