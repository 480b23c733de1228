package check

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"sidenote/internal/wholefile"
	"sidenote/internal/yamlfile"
	"sidenote/policy"
)

// MostChecks bounds a list of checks.
const MostChecks = 10000

// MostContent bounds the content of a request, in octets.
const MostContent = 64 << 20

// ParseList reads a file of checks: YAML, or URLs one a line with comments
// after "#". What a check does not say is as in model. An error is a
// *yamlfile.Error where its place is known.
func ParseList(name string, text []byte, model Check) ([]Check, error) {
	if !isYAML(string(text)) {
		return parseLines(name, string(text), model)
	}
	f, err := yamlfile.Parse(name, text)
	if err != nil {
		return nil, err
	}
	r := &listReader{File: f, model: model}
	return r.list()
}

// beginsYAML is how a list or a mapping begins, and no URL.
var beginsYAML = regexp.MustCompile(`^(- |-$|---|[a-z-]+:(\s|$)|\{|\[)`)

// isYAML looks at the first line that is neither empty nor a comment.
func isYAML(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			return beginsYAML.MatchString(line)
		}
	}
	return false
}

func parseLines(name, text string, model Check) (checks []Check, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		word := strings.TrimSpace(line)
		if word == "" || word[0] == '#' {
			continue
		}
		u, err := ParseURL(word)
		if err == nil && len(checks) == MostChecks {
			err = fmt.Errorf("more than %d checks", MostChecks)
		}
		if err != nil {
			column := strings.Index(line, word) + 1
			return nil, yamlfile.Line(name, number, column, line, err.Error())
		}
		c := model
		c.URL = u.String()
		checks = append(checks, c)
	}
	if len(checks) == 0 {
		return nil, fmt.Errorf("%s: contains no URL", name)
	}
	return checks, nil
}

// A listReader reads checks from YAML.
type listReader struct {
	*yamlfile.File
	model Check
	base  *url.URL // nil for none
	names map[string]bool
}

func listKeys() []string { return []string{"base", "checks"} }

func checkKeys() []string {
	return []string{"name", "url", "method", "fields", "content", "content-file", "follow", "max-time", "expect"}
}

// list reads the whole file: a list of checks, or a mapping with one.
func (r *listReader) list() ([]Check, error) {
	r.names = map[string]bool{}
	list := r.Root
	if pairs, ok := yamlfile.Mapping(r.Root); ok {
		list = nil
		for _, pair := range pairs {
			switch yamlfile.Key(pair.Key) {
			case "base":
				if err := r.readBase(pair.Value); err != nil {
					return nil, err
				}
			case "checks":
				list = pair.Value
			default:
				return nil, r.Unknown(pair.Key, "of a list of checks", listKeys())
			}
		}
	}
	members, ok := yamlfile.List(list)
	if !ok || len(members) == 0 {
		return nil, r.Fault(r.Root, "want a list of checks, such as: - url: https://api.example/health")
	}
	if len(members) > MostChecks {
		return nil, r.Fault(members[MostChecks], "more than %d checks", MostChecks)
	}
	checks := make([]Check, len(members))
	for i, m := range members {
		var err error
		if checks[i], err = r.check(m, i+1); err != nil {
			return nil, err
		}
	}
	return checks, nil
}

func (r *listReader) readBase(n ast.Node) error {
	text, _ := yamlfile.Scalar(n)
	u, err := ParseURL(text)
	if err != nil {
		return r.Fault(n, "base: %v", err)
	}
	r.base = u
	return nil
}

// check reads one check: a mapping, or its URL alone.
func (r *listReader) check(n ast.Node, number int) (Check, error) {
	c := r.model
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return c, r.url(&c, n)
	}
	methodGiven := false
	for _, pair := range pairs {
		if err := r.key(&c, pair); err != nil {
			return c, err
		}
		methodGiven = methodGiven || yamlfile.Key(pair.Key) == "method"
	}
	if c.URL == "" {
		return c, r.Fault(n, "this check has no url: add one")
	}
	if c.Content != nil && r.model.Content == nil && !methodGiven && c.Method == http.MethodGet {
		c.Method = http.MethodPost
	}
	return c, r.expect(&c, pairs, number)
}

func (r *listReader) key(c *Check, pair *ast.MappingValueNode) (err error) {
	n := pair.Value
	text, plain := yamlfile.Scalar(n)
	switch key := yamlfile.Key(pair.Key); key {
	case "name":
		if !plain || text == "" {
			return r.Fault(n, "want a name for the check")
		}
		if r.names[text] {
			return r.Fault(n, "two checks have the name %q", text)
		}
		r.names[text] = true
		c.Name = text
	case "url":
		return r.url(c, n)
	case "method":
		if c.Method, err = ParseMethod(text); err != nil {
			return r.Fault(n, "%v", err)
		}
	case "fields":
		return r.fields(c, n)
	case "content":
		if !plain {
			return r.Fault(n, "want the body as text; use content-file to name a file")
		}
		c.Content = []byte(text)
	case "content-file":
		if c.Content, err = wholefile.Read(r.beside(text), MostContent); err != nil {
			return r.Fault(n, "%v", err)
		}
	case "follow":
		if text != "true" && text != "false" {
			return r.Fault(n, "want true or false, not %q", text)
		}
		c.Follow = text == "true"
	case "max-time":
		if c.MaxTime, err = time.ParseDuration(text); err != nil || c.MaxTime <= 0 {
			return r.Fault(n, "want a duration with its unit, such as 500ms or 5s, not %q", text)
		}
	case "expect": // read last, when the name is known
	default:
		return r.Unknown(pair.Key, "of a check", checkKeys())
	}
	return nil
}

// beside finds a file that is named relative to the list.
func (r *listReader) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(r.Name), name)
}

func (r *listReader) url(c *Check, n ast.Node) error {
	text, _ := yamlfile.Scalar(n)
	if r.base != nil && strings.HasPrefix(text, "/") {
		u, err := url.Parse(text)
		if err != nil {
			return r.Fault(n, "%q is not a path: %v", text, reason(err))
		}
		c.URL = r.base.JoinPath(u.EscapedPath()).String()
		if u.RawQuery != "" {
			c.URL += "?" + u.RawQuery
		}
		return nil
	}
	u, err := ParseURL(text)
	if err != nil {
		return r.Fault(n, "%v", err)
	}
	c.URL = u.String()
	return nil
}

func (r *listReader) fields(c *Check, n ast.Node) error {
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return r.Fault(n, "want one header per line, such as: Accept: application/json")
	}
	c.Fields = c.Fields[:len(c.Fields):len(c.Fields)]
	for _, pair := range pairs {
		values, ok := yamlfile.List(pair.Value)
		if !ok {
			values = []ast.Node{pair.Value}
		}
		for _, v := range values {
			text, plain := yamlfile.Scalar(v)
			if !plain {
				return r.Fault(v, "want the value of the header, or a list of values")
			}
			f, err := ParseField(yamlfile.Key(pair.Key) + ": " + text)
			if err != nil {
				return r.At(pair.Key.GetToken(), err.Error())
			}
			c.Fields = append(c.Fields, f)
		}
	}
	return nil
}

// expect reads what is expected. A status below 400 is expected too, unless
// something else is said of the status or may be.
func (r *listReader) expect(c *Check, pairs []*ast.MappingValueNode, number int) error {
	var n ast.Node
	for _, pair := range pairs {
		if yamlfile.Key(pair.Key) == "expect" {
			n = pair.Value
		}
	}
	if yamlfile.IsEmpty(n) {
		return nil
	}
	keys, _ := yamlfile.Mapping(n)
	usual := true
	for _, pair := range keys {
		switch key := yamlfile.Key(pair.Key); key {
		case "match", "when":
			return r.At(pair.Key.GetToken(), fmt.Sprintf("remove %s: an expectation of a check applies to its own response", key))
		case "status", "assert":
			usual = false
		}
	}
	e, err := policy.ParseExpectation(r.File, ruleName(c.Name, number), n)
	if err != nil {
		return err
	}
	all := []*policy.Expectation{e}
	if usual {
		status, err := expectUsual(e.Name+"-status", e.Where)
		if err != nil {
			return err
		}
		all = append(all, status)
	}
	c.Expect, err = Expect(all...)
	return err
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// ruleName makes the name of an expectation of the name of a check, in small
// letters, digits and hyphens.
func ruleName(name string, number int) string {
	name = strings.Trim(notInName.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if name == "" {
		return fmt.Sprintf("check-%d", number)
	}
	return name
}
