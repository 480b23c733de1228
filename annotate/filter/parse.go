package filter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sidenote/internal/wording"
)

// A Filter selects exchanges. It is safe for concurrent use.
type Filter struct {
	root node
	text string
}

// String returns the filter as it was written.
func (f *Filter) String() string { return f.text }

// Match reports whether a row is wanted.
func (f *Filter) Match(r *Row) bool { return f.root.test == nil || f.root.test(r) }

// IsEmpty reports whether the filter lets everything through.
func (f *Filter) IsEmpty() bool { return f.root.test == nil }

// A node is a part of a filter. Of parts that all must hold, cheap ones are
// asked first.
type node struct {
	test func(*Row) bool
	cost cost
}

type cost uint8

const (
	costRow     cost = iota // a look at the row
	costFields              // a look at the field lines or the notes
	costContent             // a search through content
)

// Most that a filter may have, so that none takes the proxy's time.
const (
	MostOctets = 4096
	mostDepth  = 64
)

// Parse reads a filter; the error is an *Error. An empty text lets everything
// through.
func Parse(text string) (*Filter, error) {
	if len(text) > MostOctets {
		return nil, &Error{Start: MostOctets, End: len(text), Message: fmt.Sprintf("a filter has at most %d bytes", MostOctets)}
	}
	if !utf8.ValidString(text) {
		return nil, &Error{End: len(text), Message: "not text in UTF-8"}
	}
	p := parser{text: text}
	root, err := p.either()
	if err == nil && p.at < len(text) {
		err = p.errorf(p.at, p.at+1, "there is no ( for this )")
	}
	if err != nil {
		return nil, err
	}
	return &Filter{root, text}, nil
}

type parser struct {
	text  string
	at    int
	depth int
}

func (p *parser) errorf(start, end int, format string, args ...any) *Error {
	return &Error{Start: start, End: min(end, len(p.text)), Message: fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// word takes a word that is alone, such as "or".
func (p *parser) word(words ...string) bool {
	for _, w := range words {
		rest := p.text[p.at:]
		if len(rest) >= len(w) && strings.EqualFold(rest[:len(w)], w) &&
			(len(rest) == len(w) || isSpace(rest[len(w)]) || rest[len(w)] == '(') {
			p.at += len(w)
			return true
		}
	}
	return false
}

// either reads parts of which one must hold.
func (p *parser) either() (node, error) {
	if p.depth++; p.depth > mostDepth+1 {
		return node{}, p.errorf(p.at-1, p.at, "more than %d levels of ( and not", mostDepth)
	}
	defer func() { p.depth-- }()
	var parts []node
	var before [2]int // where the last "or" stands
	for {
		part, err := p.all()
		if err != nil {
			return node{}, err
		}
		parts = append(parts, part)
		operator := p.at
		more := p.word("or", "|", "||")
		if more && part.test == nil {
			return node{}, p.errorf(operator, p.at, "there is nothing before this")
		}
		if more {
			before = [2]int{operator, p.at}
			continue
		}
		if part.test == nil && len(parts) > 1 {
			return node{}, p.errorf(before[0], before[1], "there is nothing after this")
		}
		return anyOf(parts), nil
	}
}

// all reads parts that must hold together.
func (p *parser) all() (node, error) {
	var parts []node
	for {
		p.space()
		operator := p.at
		if p.word("and", "&", "&&") && len(parts) == 0 {
			return node{}, p.errorf(operator, p.at, "there is nothing before this")
		}
		p.space()
		if p.at == len(p.text) || p.text[p.at] == ')' {
			return allOf(parts), nil
		}
		if at := p.at; p.word("or", "|", "||") {
			p.at = at
			return allOf(parts), nil
		}
		part, err := p.part()
		if err != nil {
			return node{}, err
		}
		parts = append(parts, part)
	}
}

// part reads one condition, or what is in brackets, or its contrary.
func (p *parser) part() (node, error) {
	start := p.at
	c := p.text[p.at]
	switch {
	case c == '-' || c == '!':
		p.at++
	case p.word("not"):
		p.space()
	default:
		if c == '(' {
			return p.brackets()
		}
		if c == '~' {
			return p.tilde()
		}
		return p.condition()
	}
	if p.at == len(p.text) || isSpace(p.text[p.at]) || p.text[p.at] == ')' {
		return node{}, p.errorf(start, p.at, "there is nothing after %q", strings.TrimSpace(p.text[start:p.at]))
	}
	if p.depth++; p.depth > mostDepth+1 {
		return node{}, p.errorf(start, p.at, "more than %d levels of ( and not", mostDepth)
	}
	defer func() { p.depth-- }()
	n, err := p.part()
	if err != nil {
		return n, err
	}
	return node{func(r *Row) bool { return !n.test(r) }, n.cost}, nil
}

func (p *parser) brackets() (node, error) {
	open := p.at
	p.at++
	n, err := p.either()
	switch {
	case err != nil:
		return n, err
	case p.at == len(p.text):
		return n, p.errorf(open, open+1, "there is no ) for this (")
	}
	p.at++
	if n.test == nil {
		return n, p.errorf(open, p.at, "there is nothing in these brackets")
	}
	return n, nil
}

// condition reads KEY:VALUE, or a word that is looked for in several places.
func (p *parser) condition() (node, error) {
	start := p.at
	name := p.text[start : start+keyLen(p.text[start:])]
	operator, length := operatorAt(p.text[start+len(name):])
	if name == "" || operator == opNone || strings.HasPrefix(p.text[start+len(name):], "://") {
		v, err := p.value()
		if err != nil {
			return node{}, err
		}
		return anywhere(v.text), nil
	}
	k := keyNamed(name)
	if k == nil {
		err := p.errorf(start, start+len(name), "there is no key %q", name)
		err.Help = `for the text itself write it in quotes`
		if near := wording.Nearest(name, keyNames()); near != "" {
			err.Help = wording.Guess("%s:", near)
		}
		return node{}, err
	}
	p.at = start + len(name) + length
	return p.values(k, operator, start)
}

// values reads the values of a key, of which one must fit.
func (p *parser) values(k *key, op operator, start int) (node, error) {
	var parts []node
	for {
		at := p.at
		v, err := p.listed(op)
		if err != nil {
			return node{}, err
		}
		if v.text == "" && !v.quoted {
			e := p.errorf(start, p.at, "%s wants %s", k.name, k.value)
			e.Help = "such as " + k.example
			return node{}, e
		}
		n, problem := k.make(operand{op: op, text: v.text})
		if problem != nil {
			problem.Start, problem.End = at, p.at
			return node{}, problem
		}
		parts = append(parts, n)
		if op == opMatches || p.at == len(p.text) || p.text[p.at] != ',' {
			return anyOf(parts), nil
		}
		p.at++
	}
}

// A literal is a value as written, without its quotes.
type literal struct {
	text   string
	quoted bool
}

// value reads up to white space, or a quoted text.
func (p *parser) value() (literal, error) { return p.until("") }

// listed reads a value that may have more of its kind after a comma.
func (p *parser) listed(op operator) (literal, error) {
	if op == opMatches {
		return p.until("")
	}
	return p.until(",")
}

// until reads up to white space, a closing bracket or a stop. Parts of it can
// be quoted, as in name="a, b".
func (p *parser) until(stops string) (literal, error) {
	var v literal
	start, open := p.at, 0
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		switch {
		case isSpace(c), strings.IndexByte(stops, c) >= 0, c == ')' && open == 0:
			v.text += p.text[start:p.at]
			return v, nil
		case c == '"':
			v.text += p.text[start:p.at]
			q, err := p.quoted()
			if err != nil {
				return v, err
			}
			v.text, v.quoted = v.text+q, true
			start = p.at
			p.at--
		case c == '(':
			open++
		case c == ')':
			open--
		}
	}
	v.text += p.text[start:]
	return v, nil
}

func (p *parser) quoted() (string, error) {
	start := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text) && (p.text[p.at+1] == '"' || p.text[p.at+1] == '\\'):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf(start, len(p.text), "this quotation has no end")
}

// keyLen is how much of s can be the name of a key.
func keyLen(s string) (n int) {
	for n < len(s) && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || n > 0 && s[n] == '-') {
		n++
	}
	return n
}

// An operator is between a key and its value.
type operator uint8

const (
	opNone    operator = iota
	opHas              // : the value is part of it, or fits its pattern
	opIs               // := or = it is the value
	opMatches          // ~ it matches the regular expression
	opMore             // >
	opAtLeast          // >=
	opLess             // <
	opAtMost           // <=
)

var operators = []struct {
	text string
	op   operator
}{ // longer ones first
	{":>=", opAtLeast}, {":<=", opAtMost}, {":>", opMore}, {":<", opLess}, {":=", opIs}, {":~", opMatches},
	{">=", opAtLeast}, {"<=", opAtMost}, {">", opMore}, {"<", opLess}, {"=", opIs}, {"~", opMatches}, {":", opHas},
}

func operatorAt(s string) (operator, int) {
	for _, o := range operators {
		if strings.HasPrefix(s, o.text) {
			return o.op, len(o.text)
		}
	}
	return opNone, 0
}

// allOf is a node for which all parts hold.
func allOf(parts []node) node {
	if len(parts) == 0 {
		return node{}
	}
	slices.SortStableFunc(parts, func(a, b node) int { return cmp.Compare(a.cost, b.cost) })
	if len(parts) == 1 {
		return parts[0]
	}
	return node{func(r *Row) bool {
		for i := range parts {
			if !parts[i].test(r) {
				return false
			}
		}
		return true
	}, parts[len(parts)-1].cost}
}

// anyOf is a node for which one part holds.
func anyOf(parts []node) node {
	if len(parts) == 1 {
		return parts[0]
	}
	slices.SortStableFunc(parts, func(a, b node) int { return cmp.Compare(a.cost, b.cost) })
	return node{func(r *Row) bool {
		for i := range parts {
			if parts[i].test(r) {
				return true
			}
		}
		return false
	}, parts[len(parts)-1].cost}
}
