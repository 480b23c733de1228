package policy

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/exchange/inside"
	"sidenote/internal/wording"
	"sidenote/internal/yamlfile"
)

// A reader makes the parts of a policy of the nodes of a file.
type reader struct{ *yamlfile.File }

// where names the line that a node is on.
func (r reader) where(n ast.Node) string {
	return fmt.Sprintf("%s:%d", r.Name, n.GetToken().Position.Line)
}

// within makes an error of a text point at the right place in a value.
func (r reader) within(n ast.Node, err error) error {
	if err == nil {
		return nil
	}
	offset := 0
	var at *syntaxError
	if errors.As(err, &at) {
		offset = at.offset
	}
	return r.FaultIn(n, offset, "%v", err)
}

// texts reads a plain value or a list of them.
func (r reader) texts(n ast.Node, want string) (nodes []ast.Node, texts []string, err error) {
	nodes, ok := yamlfile.List(n)
	if !ok {
		nodes = []ast.Node{n}
	}
	for _, m := range nodes {
		text, ok := yamlfile.Scalar(m)
		if !ok || strings.TrimSpace(text) == "" {
			return nil, nil, r.Fault(m, "want %s", want)
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return nil, nil, r.Fault(n, "want %s", want)
	}
	return nodes, texts, nil
}

func (r reader) text(n ast.Node, want string) (string, error) {
	text, ok := yamlfile.Scalar(n)
	if !ok || strings.TrimSpace(text) == "" {
		return "", r.Fault(n, "want %s", want)
	}
	return text, nil
}

func (r reader) patterns(n ast.Node) (all patterns, err error) {
	nodes, texts, err := r.texts(n, "a pattern such as GET api.shop.test/v1/orders/*, or a list of them")
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			return nil, r.within(nodes[i], err)
		}
		all = append(all, p)
	}
	return all, nil
}

func (r reader) expressions(n ast.Node) (all []*expression, err error) {
	nodes, texts, err := r.texts(n, "a condition such as status < 400, or a list of them")
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		e, err := compile(text)
		if err != nil {
			return nil, r.within(nodes[i], err)
		}
		all = append(all, e)
	}
	return all, nil
}

// expectationKeys are what can be said of an expectation.
func expectationKeys() []string {
	return []string{
		"match", "when", "status", "effective", "content-type", "fields", "json", "duration", "size", "tls", "assert", "severity", "why",
	}
}

var expectationName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func checkName(name string) error {
	if !expectationName.MatchString(name) {
		return fmt.Errorf("want a name of small letters, digits and hyphens, such as orders-are-json, not %q", name)
	}
	return nil
}

// ParseExpectation reads one expectation from the mapping n of a file. Its
// name is to be small letters, digits and hyphens. An error is a
// *yamlfile.Error.
func ParseExpectation(f *yamlfile.File, name string, n ast.Node) (*Expectation, error) {
	r := reader{f}
	if err := checkName(name); err != nil {
		return nil, r.Fault(n, "%v", err)
	}
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return nil, r.Fault(n, "%s: want conditions below it, such as: status: 200", name)
	}
	e := newExpectation(name, r.where(n))
	if len(pairs) > 0 {
		e.Where = r.where(pairs[0].Key)
	}
	for _, pair := range pairs {
		if err := r.expectationKey(e, pair); err != nil {
			return nil, err
		}
	}
	if e.String() == "" {
		return nil, r.Fault(n, "%s: no conditions: add status, fields, assert or another key", name)
	}
	return e, nil
}

func (r reader) expectationKey(e *Expectation, pair *ast.MappingValueNode) (err error) {
	n := pair.Value
	switch yamlfile.Key(pair.Key) {
	case "match":
		e.match, err = r.patterns(n)
	case "when":
		var text string
		if text, err = r.text(n, "a condition such as status < 400"); err == nil {
			e.when, err = compile(text)
			err = r.within(n, err)
		}
	case "status":
		e.status, err = r.status(n)
	case "effective":
		e.effects, err = r.effects(n)
	case "content-type":
		e.contentTypes, err = r.contentTypes(n)
	case "fields":
		e.fields, err = r.fields(n)
	case "json":
		e.json, err = r.json(n)
	case "duration":
		e.duration, err = r.duration(n)
	case "size":
		e.size, err = r.size(n)
	case "tls":
		text, _ := yamlfile.Scalar(n)
		e.tls, err = parseTLS(text)
		err = r.within(n, err)
	case "assert":
		e.asserts, err = r.expressions(n)
	case "severity":
		e.Severity, err = r.severity(n)
	case "why":
		e.Why, err = r.text(n, "a sentence")
	default:
		err = r.Unknown(pair.Key, "of an expectation", expectationKeys())
	}
	return err
}

func (r reader) status(n ast.Node) (*statusSet, error) {
	nodes, texts, err := r.texts(n, "statuses such as 200, 2xx or 200-204")
	if err != nil {
		return nil, err
	}
	if len(nodes) == 1 {
		s, err := parseStatus(texts[0])
		return s, r.within(nodes[0], err)
	}
	for i, text := range texts { // each for itself, so that the caret is right
		if _, err := parseStatus(text); err != nil {
			return nil, r.within(nodes[i], err)
		}
	}
	return parseStatus(strings.Join(texts, ","))
}

// effects reads outcomes by their names.
func (r reader) effects(n ast.Node) (words []string, err error) {
	nodes, words, err := r.texts(n, "an outcome such as ok")
	for i, word := range words {
		if !slices.Contains(inside.OutcomeNames(), word) {
			return nil, r.Fault(nodes[i], "%s", wording.NotOneOf(word, inside.OutcomeNames()))
		}
	}
	return words, err
}

func (r reader) contentTypes(n ast.Node) (types []string, err error) {
	nodes, texts, err := r.texts(n, "a media type such as application/json")
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		t := strings.ToLower(strings.TrimSpace(text))
		if _, err := path.Match(t, ""); err != nil || strings.Count(t, "/") != 1 || strings.ContainsAny(t, "; ") {
			return nil, r.Fault(nodes[i], "want a media type without parameters, such as application/json or application/*, not %q", text)
		}
		types = append(types, t)
	}
	return types, nil
}

func (r reader) fields(n ast.Node) (all []fieldTest, err error) {
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return nil, r.Fault(n, "want one header per line, such as: Cache-Control: no-store")
	}
	for _, pair := range pairs {
		name := yamlfile.Key(pair.Key)
		if !field.IsToken(name) {
			return nil, r.At(pair.Key.GetToken(), fmt.Sprintf("%q is not a header name", name))
		}
		test, err := valueReader{r.File, false}.read(pair.Value)
		if err != nil {
			return nil, err
		}
		if known := exchange.LookupName(name); known != 0 {
			name = known.String()
		}
		all = append(all, fieldTest{name, test})
	}
	return all, nil
}

func (r reader) json(n ast.Node) (all []jsonTest, err error) {
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return nil, r.Fault(n, "want one value per line, such as: /items/0/id: present")
	}
	for _, pair := range pairs {
		at, err := parsePointer(yamlfile.Key(pair.Key))
		if err != nil {
			return nil, r.At(pair.Key.GetToken(), err.Error())
		}
		test, err := valueReader{r.File, true}.read(pair.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, jsonTest{at, test})
	}
	return all, nil
}

func (r reader) duration(n ast.Node) (time.Duration, error) {
	text, _ := yamlfile.Scalar(n)
	d, err := parseDuration(text)
	return d, r.within(n, err)
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, faultAt(0, "want a duration with its unit, such as 500ms or 2s, not %q", s)
	}
	return d, nil
}

func (r reader) size(n ast.Node) (int64, error) {
	text, _ := yamlfile.Scalar(n)
	size, err := configs.ParseSize(text)
	return size, r.within(n, err)
}

func (r reader) severity(n ast.Node) (annotate.Severity, error) {
	text, _ := yamlfile.Scalar(n)
	s, err := annotate.ParseSeverity(text)
	if err != nil {
		return 0, r.Fault(n, "%s", wording.NotOneOf(text, annotate.SeverityWords()))
	}
	return s, nil
}

// level reads "off", "info", "warn" or "error"; 0 is off.
func (r reader) level(n ast.Node) (annotate.Severity, error) {
	text, _ := yamlfile.Scalar(n)
	if text == levelOff {
		return 0, nil
	}
	s, err := annotate.ParseSeverity(text)
	if err != nil {
		words := append([]string{levelOff}, annotate.SeverityWords()...)
		return 0, r.Fault(n, "%s", wording.NotOneOf(text, words))
	}
	return s, nil
}

const levelOff = "off"

// has reports whether a name is among expectations.
func has(all []*Expectation, name string) bool {
	return slices.ContainsFunc(all, func(e *Expectation) bool { return e.Name == name })
}
