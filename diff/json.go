package diff

import (
	"encoding/json"
	"strings"

	"sidenote/annotate"
)

// The bounds of what is looked at of one JSON text.
const (
	mostDeep    = 64
	mostPaths   = 2000
	mostItems   = 500 // of one array
	mostMembers = 60  // of objects that have names of things as members
)

// The other things that are counted of JSON.
const (
	objects aspect = iota + 10 // how often there is an object, which is what members are compared with
	member                     // whether objects have it
	types                      // the types of its values
	filled                     // whether arrays have items
)

// A shape is what one JSON text has at one path.
type shape struct {
	parent  string // of a member: the path of the objects that it is in
	member  bool
	seen    int // how often it is there
	objects int // how many objects there are
	types   set
	forms   set
	words   set
	arrays  set
}

// A set has a few short texts, each once.
type set []string

func (s *set) add(v string) {
	for _, have := range *s {
		if have == v {
			return
		}
	}
	if len(*s) < mostValues {
		*s = append(*s, v)
	}
}

// A jsonWalk goes through one JSON text.
type jsonWalk struct {
	order []string
	at    map[string]*shape
}

func (w *jsonWalk) shape(path string) *shape {
	s := w.at[path]
	if s == nil && len(w.order) < mostPaths {
		s = &shape{}
		w.at[path] = s
		w.order = append(w.order, path)
	}
	return s
}

func (w *jsonWalk) walk(path string, v any) {
	s := w.shape(path)
	if s == nil {
		return
	}
	switch v := v.(type) {
	case nil:
		s.types.add("null")
	case bool:
		s.types.add("boolean")
	case json.Number:
		s.types.add("number")
		if strings.ContainsAny(v.String(), ".eE") {
			s.forms.add("a decimal number")
		} else {
			s.forms.add("a whole number")
		}
	case string:
		w.text(s, v)
	case []any:
		s.types.add("array")
		if len(v) == 0 {
			s.arrays.add("empty")
			return
		}
		s.arrays.add("filled")
		for _, item := range v[:min(len(v), mostItems)] {
			w.walk(path+"[]", item)
		}
	case map[string]any:
		s.types.add("object")
		s.objects++
		w.members(path, v)
	}
}

func (w *jsonWalk) text(s *shape, v string) {
	switch f := shapeOf(v); {
	case f == shapeSecret:
		return // which may stand for a value of any type
	case strings.HasPrefix(f, `"`):
		s.words.add(v)
	case f != shapeText && f != shapeID && f != shapeNumber && v != "":
		s.forms.add(f)
	default:
		s.forms.add(shapeText)
		s.words.add(shapeText)
	}
	s.types.add("string")
}

// members takes the members of an object. Those that are named by an ID count as
// one.
func (w *jsonWalk) members(path string, o map[string]any) {
	seen := map[string]bool{}
	for _, name := range keys(o) {
		member := memberName(name)
		below := member
		if path != "" {
			below = path + "." + member
		}
		if s := w.shape(below); s != nil && !seen[member] {
			seen[member] = true
			s.member, s.parent = true, path
			s.seen++
		}
		w.walk(below, o[name])
	}
}

func memberName(name string) string {
	if strings.ContainsAny(name, "0123456789") && !strings.Contains(name, "/") && (annotate.Route(name) == "{id}" || isRandom(name)) {
		return "{id}"
	}
	return name
}

// json takes the shape of a JSON text.
func (f *facts) json(kind Kind, v any) {
	w := &jsonWalk{at: map[string]*shape{}}
	w.walk("", v)
	for _, path := range w.order {
		s := w.at[path]
		name := path
		if s.objects > 0 {
			f.add(kind, objects, name)
		}
		if s.member {
			values := []string{there}
			if parent := w.at[s.parent]; parent != nil && s.seen >= parent.objects {
				values = append(values, always)
			}
			f.list = append(f.list, fact{factKey{kind: kind, aspect: member, name: name, parent: s.parent}, values})
		}
		for _, c := range []struct {
			a aspect
			s set
		}{{types, s.types}, {form, s.forms}, {words, s.words}, {filled, s.arrays}} {
			if len(c.s) > 0 {
				f.add(kind, c.a, name, c.s...)
			}
		}
	}
}

// always is the value of a member that is in each of the objects that can have it.
const always = "always"
