package rules

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// syntaxStructuredRules lists the rules on structured fields.
func syntaxStructuredRules() []*annotate.Rule {
	return []*annotate.Rule{
		syntaxStructuredFieldInvalid,
		syntaxStructuredFieldDuplicateKey,
	}
}

// structuredFieldNames are the fields that are defined as structured fields.
var structuredFieldNames = annotate.NamesIn(annotate.FormItem, annotate.FormDictionary)

var parsedNames = fittingNames(func(f *annotate.Field) bool { return structureOf(f.Form) != 0 })

// structuredLines returns the lines of fields that are defined as structured
// fields, each with the message that it stands in and its kind. Values of older
// drafts, redacted ones, and fields of the other direction are left out.
func structuredLines(p *annotate.Pass) iter.Seq2[messageHead, structuredLine] {
	return func(yield func(messageHead, structuredLine) bool) {
		for s := range messageHeads(p) {
			mask := parsedNames.of(s)
			if !s.Fields.HasAny(mask) {
				continue
			}
			for i := range s.Fields.Len() {
				l := s.Fields.At(i)
				if !mask.Has(l.Known) || exchange.IsRedacted(l.Value) || isOldDraft(l) {
					continue
				}
				if !yield(s, structuredLine{l, i, structureOf(annotate.FactsOf(l.Known).Form)}) {
					return
				}
			}
		}
	}
}

type structuredLine struct {
	*exchange.Line
	index int
	kind  field.StructureKind
}

func structureOf(f annotate.Form) field.StructureKind {
	switch f {
	case annotate.FormItem:
		return field.StructuredItem
	case annotate.FormSFList:
		return field.StructuredList
	case annotate.FormDictionary:
		return field.StructuredDictionary
	}
	return 0
}

// isOldDraft reports whether a value has the form of a draft in which the field
// was no structured field yet, or another one.
func isOldDraft(l *exchange.Line) bool {
	switch l.Known {
	case exchange.FieldRateLimit:
		return strings.Contains(l.Value, "limit=") || strings.Contains(l.Value, "remaining=")
	case exchange.FieldRateLimitPolicy:
		return l.Value != "" && field.IsDigit(l.Value[0])
	}
	return false
}

var syntaxStructuredFieldInvalid = &annotate.Rule{
	ID:       "syntax/structured-field-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a structured field cannot be parsed",
	Refs:     []string{"RFC 9651 §4.2"},
	Doc: "Structured fields are parsed strictly. " +
		"After one wrong byte, receivers ignore the whole header, including its valid parts. Examples are a capital letter in a key, a string in single quotes, and a date in another format.",
	Help: "write keys in lower case, strings in double quotes, true as ?1",
	Bad:  []string{asked("Priority: U=1"), answered("Cache-Status: cache; hit=true, =x"), answered("Reporting-Endpoints: csp='https://r.test/'"), answered("Origin-Agent-Cluster: true now")},
	Good: []string{asked("Priority: u=1, i"), answered("Cache-Control: Max-Age=60"), answered("RateLimit: limit=100, remaining=50, reset=5"), answered(`Permissions-Policy: geolocation=(), camera=(self "https://a.test")`)},
	When: annotate.When{EitherFields: structuredFieldNames},
	Check: func(p *annotate.Pass) {
		for s, l := range structuredLines(p) {
			if _, err := field.ParseStructured(l.Value, l.kind); err != nil {
				end := min(err.At+1, len(l.Value))
				p.Report(annotate.Note{Place: annotate.Span(s.line(p, l.index), min(err.At, end), end), Blame: s.blame, Help: structuredHelp(l.Line),
					Message: l.Name + " is " + bare(l.Value) + ", so receivers ignore all of it: " + err.Error()})
			}
		}
	},
}

// structuredHelp says how a value that is no structured field should be
// written: the very one where it is a date, else by an example.
func structuredHelp(l *exchange.Line) string {
	if l.Known == exchange.FieldDeprecation {
		if d, err := field.ParseDate(l.Value, time.Time{}); err == nil {
			return "write Deprecation: @" + strconv.FormatInt(d.Time.Unix(), 10)
		}
	}
	return exampleHelp(l.Known)
}

// exampleHelp shows a field as it should be written.
func exampleHelp(n exchange.Name) string {
	f, ok := annotate.LookupField(n)
	if !ok || f.Example == "" {
		return ""
	}
	return "write it as in: " + f.Example
}

var syntaxStructuredFieldDuplicateKey = &annotate.Rule{
	ID:       "syntax/structured-field-duplicate-key",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a key appears twice in a structured field",
	Refs:     []string{"RFC 9651 §3.2", "RFC 9651 §3.1.2", "RFC 9651 §4.2.2"},
	Doc: "If a key is repeated, the last one counts and receivers silently ignore the others. " +
		"If two places add a line to the same dictionary, one of them gets lost.",
	Help: "write each key once",
	Bad:  []string{asked("Priority: u=1, u=3"), answered(`Reporting-Endpoints: csp="https://r.test/"; ttl=1; ttl=2`), asked("Priority: u=1", "Priority: u=3")},
	Good: []string{asked("Priority: u=1, i"), answered(`Reporting-Endpoints: a="https://r.test/x"; ttl=1, b="https://r.test/y"; ttl=2`)},
	When: annotate.When{EitherFields: structuredFieldNames},
	Check: func(p *annotate.Pass) {
		for s, l := range structuredLines(p) {
			if !mayRepeatKey(s.Message, l) {
				continue
			}
			if len(l.Value) > mostStructured {
				continue
			}
			f, err := field.ParseStructured(l.Value, l.kind)
			if err != nil {
				continue
			}
			for m := range f.Members() {
				if l.kind == field.StructuredDictionary && keyBefore(s.Message, l, f, m) {
					s.note(p, annotate.Span(s.line(p, l.index), m.KeyAt, m.KeyAt+len(m.Key)), l.Name+" has the key "+bare(m.Key)+" twice; the last one counts")
				}
				noteRepeatedParam(p, s, l, m)
			}
		}
	},
}

// mostStructured is the length of a value up to which keys are compared, each
// with each.
const mostStructured = 2048

// mayRepeatKey reports whether a value has two things alike that may be keys,
// or more than are worth a look.
func mayRepeatKey(in *exchange.Message, l structuredLine) bool {
	if l.kind == field.StructuredDictionary && in.Fields.Repeats() {
		return true
	}
	var keys [16]string
	n := 0
	for i := -1; i < len(l.Value); i++ {
		if i >= 0 && l.Value[i] != ';' && l.Value[i] != ',' {
			continue
		}
		key := keyAt(l.Value[i+1:])
		if n == len(keys) || slices.Contains(keys[:n], key) {
			return true
		}
		keys[n] = key
		n++
	}
	return false
}

// keyAt is the key that a member or parameter has, if it begins here.
func keyAt(s string) string {
	for s != "" && field.IsOWS(s[0]) {
		s = s[1:]
	}
	return s[:field.TokenLen(s)]
}

// keyBefore reports whether a dictionary has the key of m before it, on this
// line or on an earlier one.
func keyBefore(in *exchange.Message, l structuredLine, f field.Structured, m field.Member) bool {
	for other := range f.Members() {
		if other.KeyAt >= m.KeyAt {
			break
		}
		if other.Key == m.Key {
			return true
		}
	}
	if in.Fields.Index(l.Known) == l.index {
		return false
	}
	looked := 0
	for i, line := range in.Fields.Each(l.Known) {
		if looked++; i >= l.index || looked > 4 || len(line.Value) > mostStructured {
			return false
		}
		if earlier, err := field.ParseStructured(line.Value, l.kind); err == nil {
			if _, ok := earlier.Member(m.Key); ok {
				return true
			}
		}
	}
	return false
}

func noteRepeatedParam(p *annotate.Pass, s messageHead, l structuredLine, m field.Member) {
	n := 0
	for q := range m.Params() {
		k := 0
		for other := range m.Params() {
			if k >= n {
				break
			}
			if k++; other.Key == q.Key {
				s.note(p, s.line(p, l.index), l.Name+" has the parameter "+bare(q.Key)+" twice in one member; the last one counts")
				return
			}
		}
		n++
	}
}
