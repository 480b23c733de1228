package contract

import (
	"maps"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"

	"sidenote/annotate"
	"sidenote/exchange"
)

func checkUndeclared(c *Contract, p *annotate.Pass) {
	c.bodies(p, func(b *body, r *route) bool {
		if !isJSON(b.media) {
			return false
		}
		value, err := exchange.DecodeJSON(b.content, maxNesting)
		if err != nil {
			return false
		}
		s := search{left: maxValues}
		path, found := s.undeclared(value, flatten(nil, b.declared.Schema.Value), nil)
		if !found {
			return false
		}
		f := failure{path: path}
		p.Report(annotate.Note{
			Place: b.place(locate(b.content, path)), Blame: b.blame(),
			Message: f.where() + "no such property is declared by " + r.description.String() + " for " + ofMessage(b, r, p.X.Response.Status),
		})
		return true
	})
}

// maxValues bounds how many values of a message are compared with what is declared.
const maxValues = 10_000

// A search looks for a member that no schema declares.
type search struct{ left int }

// undeclared returns the path of the first such member, in the order of names. A
// schema that allows or describes other members declares all of them, and one
// that declares none says nothing of them.
func (s *search) undeclared(value any, schemas []*openapi3.Schema, path []string) ([]string, bool) {
	if s.left--; s.left < 0 || len(schemas) == 0 {
		return nil, false
	}
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			key := strconv.Itoa(i)
			if found, ok := s.undeclared(element, declaring(schemas, key), append(slices.Clip(path), key)); ok {
				return found, true
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			next := declaring(schemas, name)
			at := append(slices.Clip(path), name)
			if len(next) == 0 && isClosed(schemas) && !exchange.IsRedacted(name) {
				return at, true
			}
			if found, ok := s.undeclared(v[name], next, at); ok {
				return found, true
			}
		}
	}
	return nil, false
}

// declaring returns the schemas of a member or an element, with those that they combine.
func declaring(schemas []*openapi3.Schema, key string) (all []*openapi3.Schema) {
	for _, s := range schemas {
		for _, ref := range below(s, key) {
			all = flatten(all, ref)
		}
	}
	return all
}

// isClosed reports whether schemas name the members of an object and leave
// room for no others. Where additionalProperties is false the member breaks
// the schema, which contract/request-body and contract/response-body say.
func isClosed(schemas []*openapi3.Schema) bool {
	names := false
	for _, s := range schemas {
		if s.AdditionalProperties.Has != nil || s.AdditionalProperties.Schema != nil || len(s.PatternProperties) > 0 || s.Always != nil {
			return false
		}
		names = names || len(s.Properties) > 0
	}
	return names
}
