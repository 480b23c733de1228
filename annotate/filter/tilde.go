package filter

import (
	"fmt"
	"strings"
)

// tildes are mitmproxy's operators and their meaning here. Those with a value
// take a regular expression, except for numbers.
var tildes = map[string]struct {
	key   string // "" for one without a value
	op    operator
	fixed string // the condition it stands for
}{
	"a":       {fixed: "type:css,script,image,font"},
	"all":     {fixed: "status:none or -status:none"},
	"b":       {key: "body", op: opMatches},
	"bq":      {key: "request-body", op: opMatches},
	"bs":      {key: "response-body", op: opMatches},
	"c":       {key: "status", op: opHas},
	"comment": {key: "comment", op: opMatches},
	"d":       {key: "host", op: opMatches},
	"dst":     {key: "server", op: opMatches},
	"e":       {fixed: "is:failed"},
	"h":       {key: "field", op: opMatches},
	"hq":      {key: "request-field", op: opMatches},
	"hs":      {key: "response-field", op: opMatches},
	"m":       {key: "method", op: opMatches},
	"marked":  {fixed: "is:pinned"},
	"q":       {fixed: "status:none"},
	"replayq": {fixed: "is:byhand"},
	"s":       {fixed: "-status:none"},
	"src":     {key: "client", op: opMatches},
	"t":       {key: "type", op: opMatches},
	"ts":      {key: "type", op: opMatches},
	"tq":      {key: "request-field", op: opMatches},
	"u":       {key: "url", op: opMatches},
}

// tilde reads an operator of mitmproxy, such as ~c 404.
func (p *parser) tilde() (node, error) {
	start := p.at
	p.at++
	for p.at < len(p.text) && p.text[p.at] >= 'a' && p.text[p.at] <= 'z' {
		p.at++
	}
	name := p.text[start+1 : p.at]
	t, known := tildes[name]
	if !known {
		return node{}, p.errorf(start, p.at, "~%s is not known here", name)
	}
	if t.key == "" {
		f, err := Parse(t.fixed)
		if err != nil {
			return node{}, fmt.Errorf("~%s: %w", name, err) // the table is wrong
		}
		return f.root, nil
	}
	p.space()
	at := p.at
	v, err := p.value()
	if err != nil {
		return node{}, err
	}
	if v.text == "" {
		return node{}, p.errorf(start, p.at, "~%s wants a value", name)
	}
	if name == "tq" {
		v.text = "^content-type: .*" + strings.TrimPrefix(v.text, "^")
	}
	n, problem := keyNamed(t.key).make(operand{op: t.op, text: v.text})
	if problem != nil {
		problem.Start, problem.End = at, p.at
		return node{}, problem
	}
	return n, nil
}
