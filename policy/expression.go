package policy

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/wording"
)

// An expression is a condition over an exchange, in the language of expr-lang.
type expression struct {
	text    string
	program *vm.Program
	uses    map[string]bool // names of the environment that it asks for
}

// The environment of an expression. docs/policy.md explains every name.
type environment struct {
	Status   int               `expr:"status"`
	Class    string            `expr:"class"`
	Error    string            `expr:"error"`
	Method   string            `expr:"method"`
	URL      string            `expr:"url"`
	Scheme   string            `expr:"scheme"`
	Host     string            `expr:"host"`
	Path     string            `expr:"path"`
	Route    string            `expr:"route"`
	Asked    string            `expr:"operation"`
	Effect   string            `expr:"effective"`
	Query    map[string]string `expr:"query"`
	Fields   map[string]string `expr:"fields"`
	Type     string            `expr:"content_type"`
	JSON     any               `expr:"json"`
	Text     string            `expr:"text"`
	Size     int               `expr:"size"`
	Duration float64           `expr:"duration"`
	Version  string            `expr:"version"`
	TLS      string            `expr:"tls"`
	Request  requestView       `expr:"request"`
	Notes    []noteView        `expr:"notes"`

	Step func() (bool, error) `expr:"__step"`
}

type requestView struct {
	Fields map[string]string `expr:"fields"`
	JSON   any               `expr:"json"`
	Text   string            `expr:"text"`
	Size   int               `expr:"size"`
}

type noteView struct {
	Rule     string `expr:"rule"`
	Severity string `expr:"severity"`
	Blame    string `expr:"blame"`
	Message  string `expr:"message"`
}

// maxExpression bounds the text of an expression, in octets, and so how deep
// its brackets go.
const maxExpression = 4096

// maxSteps bounds how often the bodies of all, filter, map and the like run in
// one evaluation. The language itself bounds memory, but not time.
const maxSteps = 100_000

var errSteps = errors.New("the condition takes too long: a loop runs more than 100000 times")

// Names returns the names that an expression can use, in the order of the
// environment.
func Names() []string {
	return []string{
		"status", "class", "error", "method", "url", "scheme", "host", "path", "route", "operation", "effective", "query", "fields", "content_type",
		"json", "text", "size", "duration", "version", "tls", "request", "notes",
	}
}

// compile makes an expression ready. An error is a *syntaxError.
func compile(text string) (*expression, error) {
	e := &expression{text: strings.TrimSpace(text), uses: map[string]bool{}}
	switch {
	case e.text == "":
		return nil, faultAt(0, "want a condition, such as status < 400")
	case len(text) > maxExpression:
		return nil, faultAt(0, "the condition has more than %d bytes", maxExpression)
	}
	var err error
	e.program, err = expr.Compile(text, expr.Env(environment{}), expr.AsBool(), expr.Patch(visitor{e.uses}),
		expr.DisableBuiltin("now"), expr.DisableBuiltin("duration")) // the one is never the same, the other is a name of ours
	if err == nil {
		return e, nil
	}
	var at *file.Error
	if !errors.As(err, &at) {
		return nil, faultAt(0, "want a condition that is true or false: %s", plainMessage(err.Error(), text, 0))
	}
	return nil, faultAt(at.From, "%s", plainMessage(at.Message, text, at.From))
}

// plainMessage says in simple words what the compiler says.
func plainMessage(message, text string, at int) string {
	if name, ok := strings.CutPrefix(message, "unknown name "); ok {
		message = fmt.Sprintf("unknown name %q", name)
		return message + wording.Instead(name, Names())
	}
	switch {
	case strings.Contains(message, `Operator("=")`):
		return "to compare, write == and not ="
	case strings.HasPrefix(message, "unexpected token EOF"), at >= len(text):
		return "the condition ends too early"
	case strings.HasPrefix(message, "unexpected token "):
		return "expected an operator such as ==, <, && or contains before this, as in status == 200"
	}
	if field, ok := strings.CutPrefix(message, "type policy.noteView has no field "); ok {
		return fmt.Sprintf("a note has no %q; it has rule, severity, blame, message", field)
	}
	if field, ok := strings.CutPrefix(message, "type policy.requestView has no field "); ok {
		return fmt.Sprintf("request has no %q; it has fields, json, text, size", field)
	}
	message = strings.TrimPrefix(message, "invalid operation: ")
	if m := mismatch.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("can't use %s with %s and %s", m[1], m[2], m[3])
	}
	return message
}

var mismatch = regexp.MustCompile(`^(\S+) \(mismatched types (.+) and (.+)\)$`)

// A visitor prepares the tree of an expression: field names are compared
// without case, bodies of loops count their steps, and what is asked for is
// written down.
type visitor struct{ uses map[string]bool }

// Visit prepares one node.
func (v visitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		v.uses[n.Value] = true
	case *ast.MemberNode:
		if isFields(n.Node) {
			lower(n.Property)
		}
		if base, ok := n.Node.(*ast.IdentifierNode); ok && base.Value == "request" {
			if property, ok := n.Property.(*ast.StringNode); ok {
				v.uses["request."+property.Value] = true
			}
		}
	case *ast.BinaryNode:
		if n.Operator == "in" && isFields(n.Right) {
			lower(n.Left)
		}
	case *ast.PredicateNode:
		step := &ast.CallNode{Callee: &ast.IdentifierNode{Value: "__step"}}
		n.Node = &ast.ConditionalNode{Cond: step, Exp1: n.Node, Exp2: &ast.NilNode{}}
	}
}

// isFields reports whether a node is fields or request.fields.
func isFields(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value == "fields"
	case *ast.MemberNode:
		base, ok := n.Node.(*ast.IdentifierNode)
		property, isName := n.Property.(*ast.StringNode)
		return ok && isName && base.Value == "request" && property.Value == "fields"
	}
	return false
}

func lower(n ast.Node) {
	if s, ok := n.(*ast.StringNode); ok {
		s.Value = strings.ToLower(s.Value)
	}
}

// holds evaluates the expression. An error says in words why it could not be.
func (e *expression) holds(x *exchange.Exchange, notes func() []annotate.Note) (bool, error) {
	env := e.environment(x, notes)
	steps := 0
	env.Step = func() (bool, error) {
		if steps++; steps > maxSteps {
			return false, errSteps
		}
		return true, nil
	}
	out, err := vm.Run(e.program, env)
	if err != nil {
		var at *file.Error
		if errors.As(err, &at) {
			err = errors.New(at.Message)
		}
		return false, err
	}
	b, _ := out.(bool) // AsBool has seen to it
	return b, nil
}

// environment fills in what the expression asks for.
func (e *expression) environment(x *exchange.Exchange, notes func() []annotate.Note) *environment {
	r := &x.Response
	env := &environment{
		Status: statusOf(x), Class: annotate.ClassOf(x), Method: x.Request.Method, Scheme: x.Scheme, Host: x.Host(),
		Size: int(r.Content.Size), Duration: x.Timing.Done.Seconds(), Version: r.Version.String(), TLS: tlsVersion(x.Origin.TLS),
	}
	env.Request.Size = int(x.Request.Content.Size)
	if x.Err != nil {
		env.Error = string(x.Err.Code)
	}
	e.fillTarget(env, x)
	e.fillMessages(env, x)
	if e.uses["notes"] && notes != nil {
		for _, n := range notes() {
			env.Notes = append(env.Notes, noteView{n.Rule.ID, n.Severity.String(), string(n.Blame), n.Message})
		}
	}
	return env
}

func (e *expression) fillTarget(env *environment, x *exchange.Exchange) {
	if e.uses["url"] {
		env.URL = x.URL()
	}
	env.Path = x.Path()
	if e.uses["route"] {
		env.Route = annotate.RouteOf(x)
	}
	if e.uses["operation"] {
		env.Asked = x.Operation().String()
	}
	if e.uses["effective"] {
		env.Effect = x.Effective().Outcome.String()
	}
	if e.uses["query"] {
		env.Query = map[string]string{}
		values, _ := url.ParseQuery(x.Query()) // what is malformed is not there
		for name, v := range values {
			env.Query[name] = v[0]
		}
	}
}

func (e *expression) fillMessages(env *environment, x *exchange.Exchange) {
	r := &x.Response
	if e.uses["fields"] && !r.Made {
		env.Fields = fieldMap(&r.Fields)
	}
	if e.uses["request.fields"] {
		env.Request.Fields = fieldMap(&x.Request.Fields)
	}
	if e.uses["content_type"] && !r.Made {
		env.Type = r.MediaType()
	}
	if e.uses["json"] && !r.Made {
		env.JSON, _ = jsonOf(&r.Message) // nil where there is none
	}
	if e.uses["request.json"] {
		env.Request.JSON, _ = jsonOf(&x.Request.Message)
	}
	if e.uses["text"] && !r.Made {
		env.Text = string(r.DecodedContent().Bytes)
	}
	if e.uses["request.text"] {
		env.Request.Text = string(x.Request.DecodedContent().Bytes)
	}
}

// fieldMap returns the combined values of all fields by name in lower case.
func fieldMap(f *exchange.Fields) map[string]string {
	values := make(map[string][]string, f.Len())
	for _, line := range f.All() {
		name := strings.ToLower(line.Name)
		values[name] = append(values[name], line.Value)
	}
	m := make(map[string]string, len(values))
	for name, v := range values {
		m[name] = strings.Join(v, ", ")
	}
	return m
}

// statusOf is the status that the other side gave, 0 when it gave none.
func statusOf(x *exchange.Exchange) int {
	if x.Response.Made {
		return 0
	}
	return x.Response.Status
}
