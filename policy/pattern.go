package policy

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sidenote/exchange"
)

// A Pattern names requests by method, host and path: "GET,HEAD
// *.shop.test/v1/orders/{id}". Each of the three may be left out.
type Pattern struct {
	text    string
	methods []string       // none for all but CONNECT
	host    string         // in lower case; "" for all, "*.shop.test" for the names below
	port    string         // "" for all
	path    *regexp.Regexp // nil for all
}

// A syntaxError is a fault at an octet of a text that a person wrote.
type syntaxError struct {
	offset  int
	message string
}

func (e *syntaxError) Error() string { return e.message }

func faultAt(offset int, format string, args ...any) error {
	return &syntaxError{offset, fmt.Sprintf(format, args...)}
}

// ParsePattern reads a pattern: "[METHOD[,METHOD...]] [HOST[:PORT]][/PATH]". In
// a host, "*." matches all names below it. In a path, "*" matches any
// characters of one segment, "{name}" one segment, and "**" any number of
// segments.
func ParsePattern(s string) (*Pattern, error) {
	p := &Pattern{text: strings.TrimSpace(s)}
	words := strings.Fields(s)
	switch {
	case len(words) == 0:
		return nil, faultAt(0, "want a pattern such as GET api.shop.test/v1/orders/*")
	case len(words) > 2:
		return nil, faultAt(strings.LastIndex(s, words[2]), "want a method and HOST/PATH, not %q after them", words[2])
	case len(words) == 2 && !isMethods(words[0]):
		return nil, faultAt(strings.Index(s, words[0]), "want methods in capital letters first, such as GET or GET,HEAD, not %q", words[0])
	}
	if isMethods(words[0]) {
		p.methods = strings.Split(words[0], ",")
		words = words[1:]
	}
	if len(words) == 1 {
		if err := p.target(words[0]); err != nil {
			return nil, faultAt(strings.LastIndex(s, words[0]), "%v", err)
		}
	}
	return p, nil
}

// isMethods reports whether a word is one or more methods: capital letters,
// so that a host cannot be meant.
func isMethods(word string) bool {
	for m := range strings.SplitSeq(word, ",") {
		if m == "" || strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
			return false
		}
	}
	return true
}

// target reads "[HOST[:PORT]][/PATH]".
func (p *Pattern) target(s string) error {
	if strings.Contains(s, "://") {
		return fmt.Errorf("want HOST/PATH without a scheme, not %q", s)
	}
	if strings.ContainsAny(s, "?#") {
		return fmt.Errorf("%q: a pattern can't have a query; use when: query[\"name\"] == \"value\"", s)
	}
	host, path, hasPath := strings.Cut(s, "/")
	p.host = strings.ToLower(host)
	if h, port, err := net.SplitHostPort(p.host); err == nil {
		p.host, p.port = h, port
	}
	p.host = strings.Trim(p.host, "[]")
	if p.host == "*" {
		p.host = ""
	}
	if strings.Contains(strings.TrimPrefix(p.host, "*."), "*") {
		return fmt.Errorf("%q: use * in a host only at the start, as in *.shop.test, for all names below it", s)
	}
	if !hasPath {
		return nil
	}
	var err error
	p.path, err = pathExpression("/" + path)
	return err
}

// pathExpression makes a regular expression of a path pattern. Go's need time
// linear in the text, whatever the pattern.
func pathExpression(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString("^")
	for segment := range strings.SplitSeq(pattern[1:], "/") {
		if segment == "**" {
			b.WriteString("(?:/.*)?")
			continue
		}
		if strings.Contains(segment, "**") {
			return nil, fmt.Errorf("%q: put ** alone between slashes", pattern)
		}
		b.WriteString("/")
		if err := segmentExpression(&b, segment); err != nil {
			return nil, fmt.Errorf("%q: %w", pattern, err)
		}
	}
	return regexp.Compile("(?s)" + b.String() + "$")
}

func segmentExpression(b *strings.Builder, segment string) error {
	for segment != "" {
		at := strings.IndexAny(segment, "*{}")
		if at < 0 {
			b.WriteString(regexp.QuoteMeta(segment))
			return nil
		}
		b.WriteString(regexp.QuoteMeta(segment[:at]))
		switch segment[at] {
		case '*':
			b.WriteString("[^/]*")
		case '}':
			return fmt.Errorf("} without {")
		default:
			end := strings.IndexByte(segment[at:], '}')
			if end < 0 {
				return fmt.Errorf("{ without }")
			}
			b.WriteString("[^/]+")
			at += end
		}
		segment = segment[at+1:]
	}
	return nil
}

// Match reports whether a request is one of those meant. A CONNECT is meant
// only by name: it asks for a tunnel, and everything else is about resources.
func (p *Pattern) Match(x *exchange.Exchange) bool {
	method := x.Request.Method
	if len(p.methods) > 0 && !slices.Contains(p.methods, method) || len(p.methods) == 0 && method == "CONNECT" {
		return false
	}
	return p.matchHost(x) && (p.path == nil || p.path.MatchString(x.Path()))
}

func (p *Pattern) matchHost(x *exchange.Exchange) bool {
	if _, port := x.Server(); p.port != "" && p.port != strconv.Itoa(port) {
		return false
	}
	if p.host == "" {
		return true
	}
	host, _ := exchange.SplitAuthority(x.Authority)
	if suffix, wild := strings.CutPrefix(p.host, "*"); wild {
		return len(host) > len(suffix) && strings.EqualFold(host[len(host)-len(suffix):], suffix)
	}
	return strings.EqualFold(host, p.host)
}

// String returns the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// patterns mean what one of them means; none of them mean all but CONNECT.
type patterns []*Pattern

func (all patterns) match(x *exchange.Exchange) bool {
	if len(all) == 0 {
		return x.Request.Method != "CONNECT"
	}
	for _, p := range all {
		if p.Match(x) {
			return true
		}
	}
	return false
}

func (all patterns) String() string {
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.text
	}
	return strings.Join(texts, " or ")
}
