package configs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"sidenote/spelling"
)

// A FileError is a fault at one place of a configuration file. Its text shows
// the line with a caret.
type FileError struct {
	File         string
	Line, Column int // counted from 1; Column in characters
	Source       string
	Message      string
}

// Error gives FILE:LINE:COLUMN, what is wrong, and the line.
func (e *FileError) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	if e.Source == "" {
		return s
	}
	margin := fmt.Sprintf("%4d | ", e.Line)
	return s + "\n" + margin + e.Source + "\n" + strings.Repeat(" ", len(margin)+max(e.Column-1, 0)) + "^"
}

// yamlFile reads one configuration file.
type yamlFile struct {
	name  string
	lines []string
}

func (c *Config) loadYAML(name string, b []byte) error {
	f := yamlFile{name: name, lines: strings.Split(string(b), "\n")}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return f.syntax(err)
	}
	var root ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			return f.fault(doc.Body.GetToken(), "a second document: all settings go into one")
		}
		root = doc.Body
	}
	return f.load(c, root)
}

func (f *yamlFile) load(c *Config, root ast.Node) error {
	if root == nil || root.Type() == ast.NullType || root.Type() == ast.CommentType {
		return nil
	}
	entries, ok := mapping(root)
	if !ok {
		return f.fault(root.GetToken(), "want settings, one a line, as in: listen: 127.0.0.1:8080")
	}
	for _, entry := range entries {
		if err := f.setting(c, entry); err != nil {
			return err
		}
	}
	return nil
}

func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func (f *yamlFile) setting(c *Config, entry *ast.MappingValueNode) error {
	at := entry.Key.GetToken()
	key := keyText(entry.Key)
	s := findSetting(key)
	if s == nil {
		return f.fault(at, unknownKey(key))
	}
	value, err := f.value(s, entry.Value)
	if err != nil {
		return err
	}
	if err := c.setFrom(s, value, fmt.Sprintf("%s:%d", f.name, at.Position.Line)); err != nil {
		return f.fault(entry.Value.GetToken(), s.Name+": "+err.Error())
	}
	return nil
}

func findSetting(name string) *Setting {
	settings := Settings()
	for i := range settings {
		if settings[i].Name == name {
			return &settings[i]
		}
	}
	return nil
}

func unknownKey(key string) string {
	if key == configFlag {
		return "a configuration file cannot name another one"
	}
	var known []string
	for _, s := range Settings() {
		known = append(known, s.Name)
	}
	msg := fmt.Sprintf("there is no setting %q", key)
	if near := spelling.Nearest(key, known); near != "" {
		msg += fmt.Sprintf("; did you mean %q?", near)
	}
	return msg
}

func keyText(n ast.MapKeyNode) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.String()
}

// value makes of a node the text that the flag would have.
func (f *yamlFile) value(s *Setting, n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		if s.Kind == KindList {
			return f.list(s, n)
		}
		return "", f.fault(n.GetToken(), fmt.Sprintf("%s: want one value, not a list", s.Name))
	case *ast.MappingNode, *ast.MappingValueNode:
		if s.Kind == KindMap {
			return f.pairs(s, n)
		}
		return "", f.fault(n.GetToken(), fmt.Sprintf("%s: want one value, not further keys", s.Name))
	}
	if s.Kind == KindMap && n.Type() != ast.NullType {
		return "", f.fault(n.GetToken(), fmt.Sprintf("%s: want a line for each rule below, as in: cache/no-validator: off", s.Name))
	}
	v, err := f.scalar(s, n)
	if err != nil {
		return "", err
	}
	if n.Type() == ast.NullType {
		v = s.Default
	}
	return v, nil
}

func (f *yamlFile) list(s *Setting, n *ast.SequenceNode) (string, error) {
	var items []string
	for _, item := range n.Values {
		v, err := f.item(s, item)
		if err != nil {
			return "", err
		}
		var probe Config
		if err := s.set(&probe, v); err != nil {
			return "", f.fault(item.GetToken(), s.Name+": "+err.Error())
		}
		items = append(items, v)
	}
	return strings.Join(items, ","), nil
}

func (f *yamlFile) pairs(s *Setting, n ast.Node) (string, error) {
	var items []string
	entries, _ := mapping(n)
	for _, entry := range entries {
		v, err := f.item(s, entry.Value)
		if err != nil {
			return "", err
		}
		pair := keyText(entry.Key) + "=" + v
		if strings.ContainsAny(keyText(entry.Key), "=,") {
			return "", f.fault(entry.Key.GetToken(), s.Name+": a name cannot hold a comma or an equals sign")
		}
		var probe Config
		if err := s.set(&probe, pair); err != nil {
			return "", f.fault(entry.Value.GetToken(), err.Error())
		}
		items = append(items, pair)
	}
	return strings.Join(items, ","), nil
}

func (f *yamlFile) item(s *Setting, n ast.Node) (string, error) {
	v, err := f.scalar(s, n)
	if err == nil && strings.Contains(v, ",") {
		err = f.fault(n.GetToken(), s.Name+": write each one as a value of its own, without commas")
	}
	return v, err
}

// scalar gives a plain value as it is written in the file, so that "on" and
// "0x10" mean what they mean in a flag.
func (f *yamlFile) scalar(s *Setting, n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), nil
	case *ast.NullNode:
		return "", nil
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, nil
	}
	return "", f.fault(n.GetToken(), fmt.Sprintf("%s: want a plain value", s.Name))
}

func (f *yamlFile) fault(t *token.Token, message string) error {
	e := &FileError{File: f.name, Line: 1, Column: 1, Message: message}
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
	if e.Line >= 1 && e.Line <= len(f.lines) {
		e.Source = visible(f.lines[e.Line-1])
	}
	return e
}

// syntax makes a FileError of what the YAML parser says.
func (f *yamlFile) syntax(err error) error {
	var at yaml.Error
	if errors.As(err, &at) {
		return f.fault(at.GetToken(), at.GetMessage())
	}
	return fmt.Errorf("%s: %w", f.name, err)
}

// visible replaces what would spoil a terminal; each character keeps its column.
func visible(line string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.TrimSuffix(line, "\r"))
}
