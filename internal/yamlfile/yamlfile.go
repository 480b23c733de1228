// Package yamlfile reads YAML as nodes with positions, so that a mistake can be
// shown with its line and a caret.
package yamlfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sidenote/internal/wording"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// An Error is a fault at one place of a file. Its text shows the line with a
// caret.
type Error struct {
	File         string
	Line, Column int // counted from 1; Column in characters
	Source       string
	Message      string
}

// Error returns FILE:LINE:COLUMN, what is wrong, and the line.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	if e.Source == "" {
		return s
	}
	margin := fmt.Sprintf("%4d | ", e.Line)
	return s + "\n" + margin + e.Source + "\n" + strings.Repeat(" ", len(margin)+max(e.Column-1, 0)) + "^"
}

// A File is a YAML file that has been read.
type File struct {
	Name  string   // as the user gave it
	Root  ast.Node // of its only document; nil when that is empty
	lines []string
}

// Parse reads a file of one document at most. An error is an *Error where the
// place is known.
func Parse(name string, text []byte) (*File, error) {
	f := &File{Name: name, lines: strings.Split(string(text), "\n")}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, f.syntax(err)
	}
	for _, doc := range parsed.Docs {
		if doc.Body == nil {
			continue
		}
		if f.Root != nil {
			return nil, f.At(doc.Body.GetToken(), "a second document: all of it goes into one")
		}
		f.Root = doc.Body
	}
	if IsEmpty(f.Root) {
		f.Root = nil
	}
	return f, nil
}

// IsEmpty reports whether a node says nothing: it is missing, null or a comment.
func IsEmpty(n ast.Node) bool {
	return n == nil || n.Type() == ast.NullType || n.Type() == ast.CommentType
}

// Fault makes an *Error that points at the beginning of a node.
func (f *File) Fault(n ast.Node, format string, args ...any) error {
	if pairs, ok := Mapping(n); ok && len(pairs) > 0 { // whose own token is the colon
		n = pairs[0].Key
	}
	var t *token.Token
	if n != nil {
		t = n.GetToken()
	}
	return f.At(t, fmt.Sprintf(format, args...))
}

// FaultIn is Fault for the character at an offset within a plain value. Where
// the value is not written as it is read, it points at the value's beginning.
func (f *File) FaultIn(n ast.Node, offset int, format string, args ...any) error {
	err := f.Fault(n, format, args...)
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	text, _ := Scalar(n)
	runes := []rune(e.Source)
	if e.Column > len(runes) {
		return err
	}
	rest := string(runes[e.Column-1:])
	quote := 0
	if strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "'") {
		quote = 1
	}
	if strings.HasPrefix(rest[quote:], text) && offset <= len(text) {
		e.Column += quote + len([]rune(text[:offset]))
	}
	return e
}

// At makes an *Error that points at a token, at the file's beginning for nil.
func (f *File) At(t *token.Token, message string) error {
	e := &Error{File: f.Name, Line: 1, Column: 1, Message: message}
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
	if e.Line >= 1 && e.Line <= len(f.lines) {
		e.Source = visible(f.lines[e.Line-1])
	}
	return e
}

// Line makes an *Error for a line of a file that is not YAML.
func Line(file string, line, column int, source, message string) *Error {
	return &Error{File: file, Line: line, Column: column, Source: visible(strings.TrimRight(source, "\n")), Message: message}
}

// Unknown makes an *Error for a key that there is not, with the nearest of
// those that there are. what says of what it is a key, as "of a policy".
func (f *File) Unknown(key ast.MapKeyNode, what string, known []string) error {
	name := Key(key)
	return f.At(key.GetToken(), fmt.Sprintf("there is no key %q %s%s", name, what, wording.Instead(name, known)))
}

// syntax makes an *Error of what the YAML parser says.
func (f *File) syntax(err error) error {
	var at yaml.Error
	if errors.As(err, &at) {
		t := at.GetToken()
		if t != nil && t.Position != nil && t.Position.Line <= len(f.lines) && strings.HasPrefix(strings.TrimLeft(f.lines[t.Position.Line-1], " "), "\t") {
			return f.At(t, "this line begins with a tab: indent it with spaces")
		}
		return f.At(t, plainly(at.GetMessage()))
	}
	return fmt.Errorf("%s: %w", f.Name, err)
}

// plainly says in the words of those who write YAML what the parser says of the
// mistakes that they make. Other messages stay as they are, behind "not YAML".
func plainly(message string) string {
	for _, m := range []struct{ has, say string }{
		{"end token ']'", "the list that begins here has no ]"},
		{"',' or ']' must", "the list that begins here has no ], or lacks a comma"},
		{"end token '}'", "the mapping that begins here has no }"},
		{"',' or '}' must", "the mapping that begins here has no }, or lacks a comma"},
		{"corresponding to ']'", "this ] has no [ before it"},
		{"corresponding to '}'", "this } has no { before it"},
		{"value is not allowed in this context", "this does not fit here: check the indentation, and put text that has a colon into quotes"},
		{"block sequence entries", "a list does not fit here: begin it on a line of its own"},
		{"non-map value", "this line has no colon: write KEY: VALUE"},
		{"unexpected key name", "this line has no colon, or is indented otherwise than its neighbors"},
		{"could not find end character", "the quote that begins here does not end"},
		{"cannot start any token", "no value can begin with this: put it into quotes"},
		{"duplicate", message},
		{"already defined", message},
	} {
		if strings.Contains(message, m.has) {
			return m.say
		}
	}
	return "not YAML: " + message
}

// Mapping returns the keys of a mapping with their values, in the order of the
// file; ok is false for any other node.
func Mapping(n ast.Node) (pairs []*ast.MappingValueNode, ok bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// List returns the members of a list; ok is false for any other node.
func List(n ast.Node) (members []ast.Node, ok bool) {
	if s, ok := n.(*ast.SequenceNode); ok {
		return s.Values, true
	}
	return nil, false
}

// Key is the text of a key.
func Key(n ast.MapKeyNode) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.String()
}

// Scalar returns a plain value as it is written in the file, so that "on" and
// "0x10" mean what they mean in a flag; "" for null. ok is false for lists,
// mappings, aliases and the like.
func Scalar(n ast.Node) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	case *ast.NullNode:
		return "", true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// visible replaces what would spoil a terminal; each character keeps its column.
func visible(line string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if !strconv.IsPrint(r) { // also what changes the direction of text
			return '?'
		}
		return r
	}, strings.TrimSuffix(line, "\r"))
}
