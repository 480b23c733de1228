package rules

import (
	"strings"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// syntaxParameterRules lists the rules on parameters of values.
func syntaxParameterRules() []*annotate.Rule {
	return []*annotate.Rule{
		syntaxParameterSingleQuoted,
		syntaxExtValueCharset,
		syntaxExtValueInvalid,
	}
}

// parameterFields are those whose parameters are looked at.
var parameterFields = []exchange.Name{
	exchange.FieldAccept, exchange.FieldContentDisposition, exchange.FieldContentType, exchange.FieldLink,
	exchange.FieldProxyAuthenticate, exchange.FieldWWWAuthenticate,
}

var parameterFieldMask = exchange.MaskOf(parameterFields...)

// eachParameter calls f for every parameter of the fields above in the messages
// that hold one of the octets, offsets counted in the field value.
func eachParameter(p *annotate.Pass, octets annotate.Octets, f func(p *annotate.Pass, s messageHead, i int, l *exchange.Line, q field.Param)) {
	for s := range messageHeads(p) {
		if s.overview.Octets&octets == 0 || !s.Fields.HasAny(&parameterFieldMask) {
			continue
		}
		for _, n := range parameterFields {
			for i, l := range s.Fields.Each(n) {
				parametersOf(n, l.Value, func(q field.Param) { f(p, s, i, l, q) })
			}
		}
	}
}

func parametersOf(n exchange.Name, value string, f func(field.Param)) {
	switch n {
	case exchange.FieldLink:
		for l := range field.Links(value) {
			for q := range l.Params() {
				f(q)
			}
		}
	case exchange.FieldWWWAuthenticate, exchange.FieldProxyAuthenticate:
		for c := range field.Challenges(value) {
			for q := range c.Params() {
				f(q)
			}
		}
	case exchange.FieldAccept:
		for e := range field.List(value) {
			for q := range field.Params(e.Text) {
				q.At += e.At
				q.ValueAt += e.At
				f(q)
			}
		}
	default:
		for q := range field.Params(value) {
			f(q)
		}
	}
}

var syntaxParameterSingleQuoted = &annotate.Rule{
	ID:       "syntax/parameter-single-quoted",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a parameter value is in single quotes",
	Refs:     []string{"RFC 9110 §5.6.6", "RFC 9110 §5.6.4"},
	Doc: "Single quotes have no special meaning in HTTP: they are part of the value. " +
		"The charset is then called 'utf-8' with its quotes, or the file name contains them. Values with spaces are cut at the first space.",
	Help: `write the value in double quotes, name="value"`,
	Bad:  []string{answered("Content-Disposition: attachment; filename='a.txt'"), asked("Accept: text/html;charset='utf-8', */*")},
	Good: []string{answered(`Content-Disposition: attachment; filename="it's.txt"; filename*=UTF-8''a.txt`)},
	When: annotate.When{EitherFields: parameterFields, If: []*annotate.Condition{ifApostrophe}},
	Check: func(p *annotate.Pass) {
		eachParameter(p, annotate.HasApostrophe, func(p *annotate.Pass, s messageHead, i int, l *exchange.Line, q field.Param) {
			v := q.Value
			if len(v) >= 2 && v[0] == '\'' && v[len(v)-1] == '\'' && !strings.HasSuffix(q.Name, "*") {
				s.note(p, annotate.Span(s.line(p, i), q.ValueAt, q.ValueAt+len(v)), l.Name+" has "+q.Name+"="+bare(v)+" in single quotes, which are part of the value")
			}
		})
	},
}

var syntaxExtValueCharset = &annotate.Rule{
	ID:       "syntax/ext-value-charset",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "an extended parameter isn't in UTF-8",
	Refs:     []string{"RFC 8187 §3.2.1"},
	Doc:      "A parameter whose name ends in * names its charset. Only UTF-8 is required, and some receivers know nothing else, so the file name or title gets lost.",
	Help:     "encode the value in UTF-8: filename*=UTF-8''na%C3%AFve.txt",
	Bad:      []string{answered(`Content-Disposition: attachment; filename="a.txt"; filename*=iso-8859-1''na%EFve.txt`)},
	Good:     []string{answered(`Content-Disposition: attachment; filename="a.txt"; filename*=utf-8''na%C3%AFve.txt`)},
	When:     annotate.When{EitherFields: parameterFields, If: []*annotate.Condition{ifStar}},
	Check: func(p *annotate.Pass) {
		eachExtValue(p, func(p *annotate.Pass, s messageHead, i int, l *exchange.Line, q field.Param, v field.ExtValue) {
			if v.Err == nil && !field.EqualFold(v.Charset, "UTF-8") {
				s.note(p, annotate.Span(s.line(p, i), q.ValueAt, q.ValueAt+len(v.Charset)), l.Name+" has "+q.Name+" in "+bare(v.Charset)+"; receivers only have to support UTF-8")
			}
		})
	},
}

// eachExtValue calls f for every parameter whose name ends in a star.
func eachExtValue(p *annotate.Pass, f func(p *annotate.Pass, s messageHead, i int, l *exchange.Line, q field.Param, v field.ExtValue)) {
	eachParameter(p, annotate.HasStar, func(p *annotate.Pass, s messageHead, i int, l *exchange.Line, q field.Param) {
		if len(q.Name) > 1 && strings.HasSuffix(q.Name, "*") && q.HasValue {
			f(p, s, i, l, q, field.ParseExtValue(q.Value))
		}
	})
}

var syntaxExtValueInvalid = &annotate.Rule{
	ID:       "syntax/ext-value-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "an extended parameter can't be parsed",
	Refs:     []string{"RFC 8187 §3.2.1"},
	Doc: "A parameter whose name ends in * is charset'language'value, percent-encoded and without double quotes. " +
		"Receivers drop an invalid one and use the parameter without the star, or nothing.",
	Help: "write filename*=UTF-8''na%C3%AFve.txt, without quotes",
	Bad: []string{
		answered(`Content-Disposition: attachment; filename="a.txt"; filename*="UTF-8''a.txt"`),
		answered(`Content-Disposition: attachment; filename="a.txt"; filename*=UTF-8'a.txt`),
		answered(`Content-Disposition: attachment; filename="a.txt"; filename*=UTF-8''na%EFve.txt`),
	},
	Good: []string{answered(`Content-Disposition: attachment; filename="a.txt"; filename*=UTF-8'en'a%20b.txt`)},
	When: annotate.When{EitherFields: parameterFields, If: []*annotate.Condition{ifStar}},
	Check: func(p *annotate.Pass) {
		eachExtValue(p, func(p *annotate.Pass, s messageHead, i int, l *exchange.Line, q field.Param, v field.ExtValue) {
			at := annotate.Span(s.line(p, i), q.ValueAt, q.ValueAt+len(q.Value))
			switch {
			case v.Err != nil:
				at = annotate.Span(at, q.ValueAt+v.Err.At, min(q.ValueAt+v.Err.At+1, at.End))
				s.note(p, at, l.Name+" has "+q.Name+"="+bare(q.Value)+": "+v.Err.What)
			case field.EqualFold(v.Charset, "UTF-8") && !utf8.ValidString(v.Decode()):
				s.note(p, at, l.Name+" has "+q.Name+"="+bare(q.Value)+", which isn't valid UTF-8")
			}
		})
	},
}
