package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"sidenote/exchange"
)

// Bounds of the work for one message: larger content, and content nested
// deeper, is not compared.
const (
	maxContent = 1 << 20
	maxNesting = 64
)

// A direction says which message a value is in, since readOnly properties are not
// part of requests, nor writeOnly ones of responses.
type direction bool

const (
	inRequest  direction = false
	inResponse direction = true
)

// A failure is where a value breaks a schema, and why.
type failure struct {
	path   []string // member names and indexes from the root
	reason string   // a clause that does not quote the value
	value  any      // what breaks it
}

// pointer returns the path as a JSON pointer (RFC 6901); "" for the root.
func (f *failure) pointer() string {
	var b strings.Builder
	for _, key := range f.path {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	}
	return b.String()
}

// where begins a message: "/items/0: ", or nothing for the root.
func (f *failure) where() string {
	if len(f.path) == 0 {
		return ""
	}
	return f.pointer() + ": "
}

// composed is a format that no validator knows, see nameComposed.
const composed = "composed"

// nameComposed sets a format on each schema that is made of others, unless it
// has one. It has no effect on what the schema accepts, and keeps the library
// from following schemas that contain themselves without end when it asks
// whether a schema is empty.
func (d *description) nameComposed() {
	_ = d.doc.WalkSchemas(func(_ string, s *openapi3.SchemaRef) error { // the function gives no error
		if s.Value.Format == "" && s.Value.Type == nil && s.Value.Always == nil {
			s.Value.Format = composed
		}
		return nil
	})
}

// plainSchemas finds the schemas of a description under which none uses a
// keyword that only JSON Schema 2020-12 has. They are compared without
// compiling the schema again for each value.
func (d *description) plainSchemas() map[*openapi3.Schema]bool {
	plain := make(map[*openapi3.Schema]bool)
	if !d.latest {
		return plain
	}
	_ = d.doc.WalkSchemas(func(_ string, s *openapi3.SchemaRef) error { // the function gives no error
		plain[s.Value] = isPlain(s)
		return nil
	})
	return plain
}

func isPlain(root *openapi3.SchemaRef) bool {
	err := root.WalkSubtree(func(_ string, ref *openapi3.SchemaRef) error {
		s := ref.Value
		if s.Const != nil || len(s.PrefixItems) > 0 || s.Contains != nil || len(s.PatternProperties) > 0 ||
			len(s.DependentSchemas) > 0 || s.PropertyNames != nil || s.If != nil || s.Then != nil || s.Else != nil ||
			s.UnevaluatedItems.Has != nil || s.UnevaluatedItems.Schema != nil ||
			s.UnevaluatedProperties.Has != nil || s.UnevaluatedProperties.Schema != nil ||
			len(s.DependentRequired) > 0 || len(s.Defs) > 0 || s.DynamicRef != "" {
			return errNotPlain
		}
		return nil
	})
	return err == nil
}

var errNotPlain = errors.New("not plain")

// breaks returns the first place where a value breaks a schema; nil when it does
// not, or only where a saved file has a redacted value.
func (d *description) breaks(schema *openapi3.SchemaRef, value any, s direction) *failure {
	if schema == nil || schema.Value == nil {
		return nil
	}
	options := d.options(s)
	if d.latest && !d.plain[schema.Value] {
		options = append(slices.Clip(options), openapi3.EnableJSONSchema2020())
	}
	err := schema.Value.VisitJSON(value, options...)
	if err == nil {
		return nil
	}
	for _, f := range collect(err, nil) {
		if isBeyond(f.value) || s.optional(schema.Value, &f) {
			continue
		}
		return &f
	}
	return nil
}

// isBeyond reports whether a value cannot be judged: a secret that a saved file
// lacks, or a number that no float64 holds.
func isBeyond(value any) bool {
	switch v := value.(type) {
	case string:
		return exchange.IsRedacted(v)
	case json.Number:
		_, err := v.Float64()
		return err != nil
	}
	return false
}

// options are those of every comparison of one side.
func (d *description) options(s direction) []openapi3.SchemaValidationOption {
	if s == inResponse {
		return d.asResponse
	}
	return d.asRequest
}

// makeOptions makes the options once. A format is an annotation (OpenAPI 3.1,
// Data Type Format), so that none is judged.
func (d *description) makeOptions() {
	anyText := openapi3.NewCallbackValidator(func(string) error { return nil })
	anyInteger := openapi3.NewCallbackValidator(func(int64) error { return nil })
	patterns := d.patterns()
	both := []openapi3.SchemaValidationOption{
		openapi3.MultiErrors(), openapi3.DisableReadOnlyValidation(), openapi3.DisableWriteOnlyValidation(),
		openapi3.SetSchemaRegexCompiler(func(pattern string) (openapi3.RegexMatcher, error) {
			if m, ok := patterns[pattern]; ok {
				return m, nil
			}
			return matchesAll{}, nil
		}),
		openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{"byte": anyText, "date": anyText, "date-time": anyText}),
		openapi3.WithIntegerFormatValidators(map[string]openapi3.IntegerFormatValidator{"int32": anyInteger, "int64": anyInteger}),
	}
	d.asRequest = append(slices.Clip(both), openapi3.VisitAsRequest())
	d.asResponse = append(slices.Clip(both), openapi3.VisitAsResponse())
}

// patterns compiles the patterns of all schemas. One that Go's regular
// expressions lack, such as one that looks ahead, is left out.
func (d *description) patterns() map[string]openapi3.RegexMatcher {
	all := make(map[string]openapi3.RegexMatcher)
	_ = d.doc.WalkSchemas(func(_ string, s *openapi3.SchemaRef) error { // the function gives no error
		if p := s.Value.Pattern; p != "" {
			if r, err := regexp.Compile(p); err == nil {
				all[p] = r
			}
		}
		return nil
	})
	return all
}

// matchesAll stands for a pattern that cannot be compiled: it judges nothing.
type matchesAll struct{}

func (matchesAll) MatchString(string) bool { return true }

// collect takes an error of VisitJSON apart.
func collect(err error, all []failure) []failure {
	switch e := err.(type) { //nolint:errorlint // each level is taken apart here
	case openapi3.MultiError:
		for _, one := range e {
			all = collect(one, all)
		}
	case *openapi3.SchemaError:
		var parts openapi3.MultiError
		if !isChoice(e.SchemaField) && errors.As(e.Origin, &parts) && len(parts) > 0 {
			return collect(parts, all)
		}
		f := failure{atParent(e.JSONPointer(), e.SchemaField), e.Reason, e.Value}
		var latest *jsonschema.ValidationError
		if errors.As(err, &latest) {
			f = failureOf(latest, e.SchemaField, e.JSONPointer())
		}
		return append(all, f)
	}
	return all
}

// isChoice reports whether a keyword chooses between schemas, so that what is
// wrong with each of them says less than that none fits.
func isChoice(keyword string) bool {
	return keyword == "oneOf" || keyword == "anyOf" || keyword == "not"
}

// atParent returns the path of an object rather than that of the member it lacks.
func atParent(path []string, keyword string) []string {
	if keyword == "required" && len(path) > 0 {
		return path[:len(path)-1]
	}
	return path
}

// failureOf words an error of the JSON Schema 2020-12 validator, whose own
// words quote the value.
func failureOf(e *jsonschema.ValidationError, keyword string, path []string) failure {
	if isChoice(keyword) {
		return failure{path, "value matches none of the alternatives, or more of them than it may", nil}
	}
	return failure{e.InstanceLocation, reasonOf(e.ErrorKind), missing(e.ErrorKind)}
}

// missing keeps the names of missing members, to ask whether they may be missing.
func missing(k jsonschema.ErrorKind) any {
	if r, ok := k.(*kind.Required); ok {
		return r.Missing
	}
	return nil
}

// reasonOf words an error without quoting the value.
func reasonOf(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Const:
		return "value is not the one that is declared"
	case *kind.Enum:
		return "value is not one of the declared ones"
	case *kind.Pattern:
		return "string doesn't match the pattern " + strconv.Quote(k.Want)
	case *kind.PropertyNames:
		return "a property has a name that is not allowed"
	}
	return k.LocalizedString(message.NewPrinter(language.English))
}

// optional reports whether a failure is only that readOnly properties are
// missing in a request, or writeOnly ones in a response.
func (s direction) optional(root *openapi3.Schema, f *failure) bool {
	names, ok := f.value.([]string)
	if !ok {
		return false
	}
	parents := subschemas(root, f.path)
	return !slices.ContainsFunc(names, func(name string) bool {
		return !slices.ContainsFunc(parents, func(parent *openapi3.Schema) bool {
			p := parent.Properties[name]
			return p != nil && p.Value != nil && (s == inRequest && p.Value.ReadOnly || s == inResponse && p.Value.WriteOnly)
		})
	})
}

// subschemas returns the schemas that may apply to the value at a path.
func subschemas(root *openapi3.Schema, path []string) []*openapi3.Schema {
	at := flatten(nil, root)
	for _, key := range path {
		var next []*openapi3.Schema
		for _, s := range at {
			for _, ref := range below(s, key) {
				next = flatten(next, ref)
			}
		}
		at = next
	}
	return at
}

// flatten appends a schema and those that it combines.
func flatten(all []*openapi3.Schema, s *openapi3.Schema) []*openapi3.Schema {
	if s == nil || slices.Contains(all, s) {
		return all
	}
	all = append(all, s)
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf, {s.If, s.Then, s.Else}} {
		for _, ref := range list {
			if ref != nil {
				all = flatten(all, ref.Value)
			}
		}
	}
	return all
}

// below returns the schemas that one schema declares for a member or an element.
func below(s *openapi3.Schema, key string) (all []*openapi3.Schema) {
	add := func(ref *openapi3.SchemaRef) {
		if ref != nil && ref.Value != nil {
			all = append(all, ref.Value)
		}
	}
	add(s.Properties[key])
	if i, err := strconv.Atoi(key); err == nil {
		add(s.Items)
		if i >= 0 && i < len(s.PrefixItems) {
			add(s.PrefixItems[i])
		}
	}
	if len(all) == 0 {
		add(s.AdditionalProperties.Schema)
	}
	return all
}

// locate finds the octets of the value at a path; the whole text when it is not
// found. Of repeated members the last counts, as in most parsers.
func locate(b []byte, path []string) (start, end int) {
	start, end = trim(b, 0, len(b))
	for _, key := range path {
		s, e, ok := member(b[:end], start, key)
		if !ok {
			return start, end
		}
		start, end = s, e
	}
	return start, end
}

func trim(b []byte, start, end int) (int, int) {
	inner := bytes.TrimLeft(b[start:end], " \t\r\n")
	start = end - len(inner)
	return start, start + len(bytes.TrimRight(inner, " \t\r\n"))
}

// member finds one member or element of the object or array at b[at:].
func member(b []byte, at int, key string) (start, end int, ok bool) {
	d := json.NewDecoder(bytes.NewReader(b[at:]))
	open, err := d.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return 0, 0, false
	}
	for i := 0; d.More(); i++ {
		name := strconv.Itoa(i)
		if open == json.Delim('{') {
			t, err := d.Token()
			if err != nil {
				return start, end, ok
			}
			name, _ = t.(string)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return start, end, ok
		}
		if name == key {
			end, ok = at+int(d.InputOffset()), true
			start = end - len(value)
		}
	}
	return start, end, ok
}
