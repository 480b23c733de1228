package annotate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

// registry is IANA's list of status codes from 100 to 511 with their names,
// where each is defined, and whether a cache may guess its freshness ("h"),
// needs explicit freshness ("e"), must not store it ("n") or refreshes a stored
// response with it ("r").
const registry = `
100 n RFC 9110 §15.2.1 | Continue
101 n RFC 9110 §15.2.2 | Switching Protocols
102 n RFC 2518 §10.1 | Processing
103 n RFC 8297 §2 | Early Hints
104 n draft-ietf-httpbis-resumable-upload | Upload Resumption Supported
200 h RFC 9110 §15.3.1 | OK
201 e RFC 9110 §15.3.2 | Created
202 e RFC 9110 §15.3.3 | Accepted
203 h RFC 9110 §15.3.4 | Non-Authoritative Information
204 h RFC 9110 §15.3.5 | No Content
205 e RFC 9110 §15.3.6 | Reset Content
206 h RFC 9110 §15.3.7 | Partial Content
207 e RFC 4918 §11.1 | Multi-Status
208 e RFC 5842 §7.1 | Already Reported
226 e RFC 3229 §10.4.1 | IM Used
300 h RFC 9110 §15.4.1 | Multiple Choices
301 h RFC 9110 §15.4.2 | Moved Permanently
302 e RFC 9110 §15.4.3 | Found
303 e RFC 9110 §15.4.4 | See Other
304 r RFC 9110 §15.4.5 | Not Modified
305 e RFC 9110 §15.4.6 | Use Proxy
306 e RFC 9110 §15.4.7 | (Unused)
307 e RFC 9110 §15.4.8 | Temporary Redirect
308 h RFC 9110 §15.4.9 | Permanent Redirect
400 e RFC 9110 §15.5.1 | Bad Request
401 e RFC 9110 §15.5.2 | Unauthorized
402 e RFC 9110 §15.5.3 | Payment Required
403 e RFC 9110 §15.5.4 | Forbidden
404 h RFC 9110 §15.5.5 | Not Found
405 h RFC 9110 §15.5.6 | Method Not Allowed
406 e RFC 9110 §15.5.7 | Not Acceptable
407 e RFC 9110 §15.5.8 | Proxy Authentication Required
408 e RFC 9110 §15.5.9 | Request Timeout
409 e RFC 9110 §15.5.10 | Conflict
410 h RFC 9110 §15.5.11 | Gone
411 e RFC 9110 §15.5.12 | Length Required
412 e RFC 9110 §15.5.13 | Precondition Failed
413 e RFC 9110 §15.5.14 | Content Too Large
414 h RFC 9110 §15.5.15 | URI Too Long
415 e RFC 9110 §15.5.16 | Unsupported Media Type
416 e RFC 9110 §15.5.17 | Range Not Satisfiable
417 e RFC 9110 §15.5.18 | Expectation Failed
418 e RFC 9110 §15.5.19 | (Unused)
421 e RFC 9110 §15.5.20 | Misdirected Request
422 e RFC 9110 §15.5.21 | Unprocessable Content
423 e RFC 4918 §11.3 | Locked
424 e RFC 4918 §11.4 | Failed Dependency
425 e RFC 8470 §5.2 | Too Early
426 e RFC 9110 §15.5.22 | Upgrade Required
428 n RFC 6585 §3 | Precondition Required
429 n RFC 6585 §4 | Too Many Requests
431 n RFC 6585 §5 | Request Header Fields Too Large
451 h RFC 7725 §3 | Unavailable For Legal Reasons
500 e RFC 9110 §15.6.1 | Internal Server Error
501 h RFC 9110 §15.6.2 | Not Implemented
502 e RFC 9110 §15.6.3 | Bad Gateway
503 e RFC 9110 §15.6.4 | Service Unavailable
504 e RFC 9110 §15.6.5 | Gateway Timeout
505 e RFC 9110 §15.6.6 | HTTP Version Not Supported
506 e RFC 2295 §8.1 | Variant Also Negotiates
507 e RFC 4918 §11.5 | Insufficient Storage
508 e RFC 5842 §7.2 | Loop Detected
510 e RFC 2774 §7 | Not Extended
511 n RFC 6585 §6 | Network Authentication Required
`

// unregistered are the codes outside the registry that are worth a label.
var unregistered = []int{
	419, 420, 430, 440, 444, 449, 460, 463, 494, 495, 496, 497, 499,
	509, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 561, 598, 599,
}

func TestStatusTableIsTheRegistry(t *testing.T) {
	var want, got []string
	for line := range strings.SplitSeq(strings.TrimSpace(registry), "\n") {
		want = append(want, line)
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
