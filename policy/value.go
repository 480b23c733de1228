package policy

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"sidenote/internal/wording"
	"sidenote/internal/yamlfile"
)

// A valueTest is a condition on a field or a JSON value. All of its parts must
// hold.
type valueTest struct {
	presence string // "present", "absent" or ""
	is       []any  // one of these; none for anything
	not      []any  // none of these
	matches  *regexp.Regexp
	contains string
	kind     string // one of kinds, or ""
	min, max *float64
}

// The words for a value that must be present or absent.
const (
	present = "present"
	absent  = "absent"
)

// kinds are the types of JSON (RFC 8259 §3), and integer, a number without a
// fraction.
func kinds() []string {
	return []string{"string", "number", "integer", "boolean", "array", "object", "null"}
}

func valueKeys() []string {
	return []string{"is", "not", "matches", "contains", "type", "min", "max"}
}

// valueReader reads tests of values. Fields have text only, JSON has types.
type valueReader struct {
	*yamlfile.File
	typed bool
}

// read reads a test in its short form, a value, or as a mapping.
func (r valueReader) read(n ast.Node) (*valueTest, error) {
	t := &valueTest{}
	if pairs, ok := yamlfile.Mapping(n); ok {
		for _, pair := range pairs {
			if err := r.key(t, pair); err != nil {
				return nil, err
			}
		}
		return t, nil
	}
	if _, ok := yamlfile.List(n); ok {
		var err error
		t.is, err = r.values(n)
		return t, err
	}
	return t, r.short(t, n)
}

func (r valueReader) short(t *valueTest, n ast.Node) error {
	text, ok := yamlfile.Scalar(n)
	if !ok || n.Type() == ast.NullType && !r.typed {
		return r.Fault(n, "want a value, %s, %s, or a mapping with %s", present, absent, wording.Or(valueKeys()))
	}
	switch {
	case text == present || text == absent:
		t.presence = text
		return nil
	case len(text) > 2 && text[0] == '/' && text[len(text)-1] == '/':
		return r.pattern(t, n, text[1:len(text)-1])
	}
	v, err := r.value(n)
	t.is = []any{v}
	return err
}

func (r valueReader) key(t *valueTest, pair *ast.MappingValueNode) (err error) {
	n := pair.Value
	switch yamlfile.Key(pair.Key) {
	case "is":
		t.is, err = r.values(n)
	case "not":
		t.not, err = r.values(n)
	case "matches":
		text, ok := yamlfile.Scalar(n)
		if !ok {
			return r.Fault(n, "want a regular expression")
		}
		err = r.pattern(t, n, strings.TrimSuffix(strings.TrimPrefix(text, "/"), "/"))
	case "contains":
		text, ok := yamlfile.Scalar(n)
		if !ok || text == "" {
			return r.Fault(n, "want a text that the value contains")
		}
		t.contains = text
	case "type":
		t.kind, _ = yamlfile.Scalar(n)
		if !r.typed {
			return r.At(pair.Key.GetToken(), "a header is text, so it has no type: use matches, min or max")
		}
		if !slices.Contains(kinds(), t.kind) {
			return r.Fault(n, "want %s, not %q", wording.Or(kinds()), t.kind)
		}
	case "min":
		t.min, err = r.number(n)
	case "max":
		t.max, err = r.number(n)
	default:
		return r.Unknown(pair.Key, "of an expected value", valueKeys())
	}
	return err
}

func (r valueReader) number(n ast.Node) (*float64, error) {
	text, _ := yamlfile.Scalar(n)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) {
		return nil, r.Fault(n, "want a number, not %q", text)
	}
	return &v, nil
}

func (r valueReader) pattern(t *valueTest, n ast.Node, text string) error {
	re, err := regexp.Compile(text)
	if err != nil {
		return r.Fault(n, "not a regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	t.matches = re
	return nil
}

// values reads one value, or a list of them.
func (r valueReader) values(n ast.Node) (all []any, err error) {
	members, ok := yamlfile.List(n)
	if !ok {
		members = []ast.Node{n}
	}
	for _, m := range members {
		v, err := r.value(m)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, r.Fault(n, "the list is empty, so no value can be in it: add values")
	}
	return all, nil
}

// value reads a plain value: text, or with types what JSON would make of it.
func (r valueReader) value(n ast.Node) (any, error) {
	text, ok := yamlfile.Scalar(n)
	if !ok {
		return nil, r.Fault(n, "want a plain value")
	}
	if !r.typed {
		return strings.TrimSpace(text), nil
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.BoolNode:
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode:
		if v, ok := plainNumber(strings.ReplaceAll(text, "_", "")); ok {
			return v, nil
		}
		return nil, r.Fault(n, "want a number as JSON writes it, not %q", text)
	}
	return text, nil
}

// test says what is wrong with a value, "" for nothing. found is false for a
// value that is not there.
func (t *valueTest) test(v any, found bool) string {
	if t.presence == absent {
		if found {
			return "got " + show(v)
		}
		return ""
	}
	if !found {
		return "it is missing"
	}
	if t.holds(v) {
		return ""
	}
	return "got " + show(v)
}

func (t *valueTest) holds(v any) bool {
	same := func(other any) bool { return other == v || sameNumber(other, v) }
	text, isText := v.(string)
	if !isText {
		text = show(v)
	}
	n, isNumber := numberOf(v)
	switch {
	case len(t.is) > 0 && !slices.ContainsFunc(t.is, same), slices.ContainsFunc(t.not, same):
		return false
	case t.matches != nil && !t.matches.MatchString(text):
		return false
	case t.contains != "" && !strings.Contains(text, t.contains):
		return false
	case t.kind != "" && !isKind(v, t.kind):
		return false
	case t.min != nil && (!isNumber || n < *t.min), t.max != nil && (!isNumber || n > *t.max):
		return false
	}
	return true
}

func sameNumber(a, b any) bool {
	x, okA := a.(float64)
	y, okB := b.(float64)
	if i, ok := a.(int); ok {
		x, okA = float64(i), true
	}
	if i, ok := b.(int); ok {
		if _, both := a.(int); both {
			return false // they were compared exactly
		}
		y, okB = float64(i), true
	}
	return okA && okB && x == y
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return n, err == nil && !math.IsNaN(n)
	}
	return 0, false
}

func isKind(v any, kind string) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case int:
		return kind == "number" || kind == "integer"
	case float64:
		return kind == "number" || kind == "integer" && v == math.Trunc(v)
	case []any:
		return kind == "array"
	}
	return kind == "object"
}

// longestShown bounds how much of a value a message quotes, in octets.
const longestShown = 80

// show writes a value as JSON does, shortened.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if len(v) > longestShown {
			return strconv.Quote(strings.ToValidUTF8(v[:longestShown], "")) + "..."
		}
		return strconv.Quote(v)
	case []any:
		return "an array of " + strconv.Itoa(len(v))
	case map[string]any:
		return "an object"
	}
	return fmt.Sprint(v)
}

// String says what is expected: "to be "no-store"", "to match /a+/".
func (t *valueTest) String() string {
	if t.presence == absent {
		return "to be absent"
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if len(t.is) > 0 {
		add("to be %s", showAll(t.is))
	}
	if len(t.not) > 0 {
		add("not to be %s", showAll(t.not))
	}
	if t.kind != "" {
		add("to be of type %s", t.kind)
	}
	if t.matches != nil {
		add("to match /%s/", t.matches)
	}
	if t.contains != "" {
		add("to contain %q", t.contains)
	}
	if t.min != nil {
		add("to be at least %v", *t.min)
	}
	if t.max != nil {
		add("to be at most %v", *t.max)
	}
	if len(parts) == 0 {
		return "to be present"
	}
	return strings.Join(parts, " and ")
}

func showAll(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = show(v)
	}
	return wording.Or(texts)
}
