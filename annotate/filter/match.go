package filter

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// matcher makes a test of texts. Letters match in either case; * in a value
// stands for anything, and a value with it has to fit as a whole.
func (o operand) matcher() (func(string) bool, *Error) {
	switch o.op {
	case opMatches:
		p, err := newPattern(o.text)
		if err != nil {
			return nil, &Error{Message: "not a regular expression: " + strings.TrimPrefix(err.Error(), "error parsing regexp: "), Help: `RE2 syntax, such as "err|fail"`}
		}
		return p.matchString, nil
	case opIs:
		return func(s string) bool { return strings.EqualFold(s, o.text) }, nil
	case opHas:
		if strings.Contains(o.text, "*") {
			return glob(o.text), nil
		}
		return contains(o.text), nil
	}
	return nil, &Error{Message: "this has no order, so it cannot be more or less", Help: "write : and a value"}
}

func glob(pattern string) func(string) bool {
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("(?is)^" + strings.Join(parts, ".*") + "$").MatchString
}

func contains(sub string) func(string) bool {
	for i := range len(sub) {
		if sub[i] >= utf8.RuneSelf { // letters beyond ASCII have cases of their own
			return regexp.MustCompile("(?i)" + regexp.QuoteMeta(sub)).MatchString
		}
	}
	f := newFinder(sub)
	return func(s string) bool { return isIn(s, f) }
}

// textNode makes conditions on texts of a row.
func textNode(c cost, some func(*Row, func(string) bool) bool) func(operand) (node, *Error) {
	return func(o operand) (node, *Error) {
		is, err := o.matcher()
		if err != nil {
			return node{}, err
		}
		return node{func(r *Row) bool { return some(r, is) }, c}, nil
	}
}

// exactNode is textNode for short texts that only make sense as a whole.
func exactNode(some func(*Row, func(string) bool) bool) func(operand) (node, *Error) {
	return func(o operand) (node, *Error) {
		if o.op == opHas && !strings.Contains(o.text, "*") {
			o.op = opIs
		}
		return textNode(costRow, some)(o)
	}
}

// wordNode makes conditions of words with a meaning each.
func wordNode(words []word) func(operand) (node, *Error) {
	return func(o operand) (node, *Error) {
		if o.op != opHas && o.op != opIs {
			return node{}, &Error{Message: "this takes a word", Help: "write : before it"}
		}
		var names []string
		for _, w := range words {
			if strings.EqualFold(w.name, o.text) {
				return node{w.holds, costFields}, nil
			}
			names = append(names, w.name)
		}
		err := &Error{Message: fmt.Sprintf("%q is not one of its words", o.text), Help: "there are " + strings.Join(names, ", ")}
		if near := wording.Nearest(o.text, names); near != "" {
			err.Help = wording.Guess("%s", near)
		}
		return node{}, err
	}
}

// numberNode makes conditions on a number of a row, which not every row has.
func numberNode(parse func(string) (int64, error), of func(*Row) (int64, bool)) func(operand) (node, *Error) {
	return func(o operand) (node, *Error) {
		least, most, err := o.bounds(parse)
		if err != nil {
			return node{}, err
		}
		return node{func(r *Row) bool {
			n, ok := of(r)
			return ok && least <= n && n <= most
		}, costRow}, nil
	}
}

// bounds turns an operator and a number, or a range A..B, into the least and
// the greatest number that fit.
func (o operand) bounds(parse func(string) (int64, error)) (least, most int64, bad *Error) {
	least, most = math.MinInt64, math.MaxInt64
	if from, to, isRange := strings.Cut(o.text, ".."); isRange && (o.op == opHas || o.op == opIs) {
		for _, end := range []struct {
			text string
			at   *int64
		}{{from, &least}, {to, &most}} {
			if end.text == "" {
				continue
			}
			n, err := parse(end.text)
			if err != nil {
				return 0, 0, &Error{Message: err.Error()}
			}
			*end.at = n
		}
		return least, most, nil
	}
	n, err := parse(o.text)
	if err != nil {
		return 0, 0, &Error{Message: err.Error()}
	}
	switch o.op {
	case opMore:
		least = n + 1
	case opAtLeast:
		least = n
	case opLess:
		most = n - 1
	case opAtMost:
		most = n
	case opMatches:
		return 0, 0, &Error{Message: "a number has nothing for a regular expression", Help: "compare it with > or <"}
	default:
		least, most = n, n
	}
	return least, most, nil
}

func parseDuration(s string) (int64, error) {
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 0 && n < 1e12 {
		return int64(n * float64(time.Millisecond)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration: want one such as 500ms, 1.5s or 2m", s)
	}
	return int64(d), nil
}

// sizeUnits are those of octets, by their names in lower case.
var sizeUnits = map[string]float64{
	"": 1, "b": 1, "k": 1e3, "kb": 1e3, "kib": 1 << 10, "m": 1e6, "mb": 1e6, "mib": 1 << 20, "g": 1e9, "gb": 1e9, "gib": 1 << 30,
}

func parseSize(s string) (int64, error) {
	number := strings.TrimRight(strings.ToLower(s), "bgikm")
	unit, known := sizeUnits[strings.ToLower(s)[len(number):]]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || n < 0 || n*unit > 1<<60 {
		return 0, fmt.Errorf("%q is not a size: want one such as 512, 20kB or 1.5MiB", s)
	}
	return int64(n * unit), nil
}

func parseVerdict(s string) (int64, error) {
	if strings.EqualFold(s, "ok") {
		return 0, nil
	}
	v, err := annotate.ParseSeverity(strings.ToLower(s))
	if err != nil {
		return 0, fmt.Errorf("%q is not a verdict: want ok, info, warn or error", s)
	}
	return int64(v), nil
}

func parseTime(s string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time: want one such as 2026-05-01T12:04:00Z", s)
	}
	return t.UnixNano(), nil
}

// statusNode makes conditions on the status: a code, a class such as 4xx,
// "none", or a range.
func statusNode(o operand) (node, *Error) {
	text := strings.ToLower(o.text)
	switch {
	case (o.op == opHas || o.op == opIs) && text == "none":
		return node{func(r *Row) bool { return r.Status == 0 }, costRow}, nil
	case (o.op == opHas || o.op == opIs) && len(text) == 3 && text[1:] == "xx" && field.IsDigit(text[0]):
		class := int(text[0] - '0')
		return node{func(r *Row) bool { return r.Status/100 == class }, costRow}, nil
	}
	return numberNode(parseStatus, func(r *Row) (int64, bool) { return int64(r.Status), r.Status != 0 })(o)
}

func parseStatus(s string) (int64, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 999 {
		return 0, fmt.Errorf("%q is not a status: want one such as 404, 4xx, 400..403 or none", s)
	}
	return int64(n), nil
}

func statusText(status int) string {
	if status == 0 {
		return "none"
	}
	return strconv.Itoa(status)
}

// fieldNode makes conditions on field lines: by name, by NAME=VALUE, or by a
// regular expression over "name: value".
func fieldNode(request, response bool) func(operand) (node, *Error) {
	return func(o operand) (node, *Error) {
		name, value, withValue := strings.Cut(o.text, "=")
		line := o
		if !withValue {
			line.op = opIs
		}
		if o.op == opMatches {
			line, name = o, ""
		} else {
			line.text = value
		}
		is, err := line.matcher()
		if err != nil {
			return node{}, err
		}
		known := exchange.LookupName(name)
		fits := func(l *exchange.Line) bool {
			switch {
			case o.op == opMatches:
				return is(l.String())
			case l.Known != known || known == 0 && !field.EqualFold(l.Name, name):
				return false
			}
			return !withValue || is(l.Value)
		}
		return node{func(r *Row) bool {
			return request && anyLine(&r.X.Request.Message, fits) || response && anyLine(&r.X.Response.Message, fits)
		}, costFields}, nil
	}
}

func anyLine(m *exchange.Message, fits func(*exchange.Line) bool) bool {
	for _, f := range []*exchange.Fields{&m.Fields, &m.Trailers} {
		for _, l := range f.All() {
			if fits(l) {
				return true
			}
		}
	}
	return false
}

// contentNode makes conditions on content.
func contentNode(request, response bool) func(operand) (node, *Error) {
	return func(o operand) (node, *Error) {
		if o.op == opIs {
			o.op = opHas
		}
		var is func([]byte) bool
		if o.op == opMatches {
			p, err := newPattern(o.text)
			if err != nil {
				_, bad := o.matcher()
				return node{}, bad
			}
			is = p.match
		} else {
			text, err := o.matcher()
			if err != nil {
				return node{}, err
			}
			f := newFinder(o.text)
			is = func(b []byte) bool { return isIn(b, f) }
			if strings.Contains(o.text, "*") {
				is = func(b []byte) bool { return text(string(b)) }
			}
		}
		return node{func(r *Row) bool {
			return request && searches(&r.X.Request.Message, is) || response && searches(&r.X.Response.Message, is)
		}, costContent}, nil
	}
}

func searches(m *exchange.Message, is func([]byte) bool) bool {
	return len(m.Content.Kept) > 0 && is(m.Decode().Bytes)
}

// anywhere looks for a word where people expect it to be found: in the URL, the
// method, the status, and the rules of the notes.
func anywhere(text string) node {
	is := contains(text)
	status, _ := strconv.Atoi(text)
	isURL := func(*Row) bool { return false }
	if strings.ContainsAny(text, "/:") { // a part that goes beyond host and path
		isURL = func(r *Row) bool { return is(r.X.Scheme + "://" + r.X.Authority + r.Path) }
	}
	return node{func(r *Row) bool {
		return is(r.Host) || is(r.Path) || status != 0 && r.Status == status || strings.EqualFold(r.X.Request.Method, text) ||
			isURL(r) || r.X.ID == text ||
			anyNote(r, func(n *annotate.Note) bool { return is(n.Rule.ID) })
	}, costFields}
}
