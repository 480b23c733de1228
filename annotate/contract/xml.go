package contract

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"sidenote/annotate"
)

func checkXMLNamespace(c *Contract, p *annotate.Pass) {
	c.bodies(p, func(b *body, r *route) bool {
		if !isXML(b.media) {
			return false
		}
		f := namespaceFault(b.content, b.declared.Schema)
		if f == nil {
			return false
		}
		p.Report(annotate.Note{
			Place: b.place(f.start, f.end), Blame: b.blame(),
			Message: f.what + " is in " + namespaceName(f.has) + ", not in " + namespaceName(f.wants) +
				", says " + r.description.String() + " of " + ofMessage(b, r, p.X.Response.Status),
		})
		return true
	})
}

func namespaceName(uri string) string {
	if uri == "" {
		return "no namespace"
	}
	return "the namespace " + uri
}

// An xmlFault is an element or attribute in another namespace than declared.
type xmlFault struct {
	what       string
	has, wants string
	start, end int // of the element's start tag
}

// An xmlLevel is an open element: what may be in it.
type xmlLevel struct {
	schemas []*openapi3.Schema // of its value
	items   string             // for a wrapped array: the name of its elements
	array   *openapi3.Schema
}

// namespaceFault reads an XML document along its schema. Elements that the
// schema does not name are passed over with all that is in them.
func namespaceFault(content []byte, root *openapi3.SchemaRef) *xmlFault {
	d := xml.NewDecoder(bytes.NewReader(content))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // names are ASCII in practice
	var open []xmlLevel
	for {
		start := int(d.InputOffset())
		token, err := d.Token()
		if err != nil {
			return nil // not well-formed, or the end
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) >= maxNesting {
				return nil
			}
			level, declared := enter(open, t.Name.Local, root)
			if f := startFault(t, declared, level.schemas); f != nil {
				f.start, f.end = start, int(d.InputOffset())
				return f
			}
			open = append(open, level)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

// enter finds the schema of an element by its place. Declared is the schema
// whose xml object is about the element itself.
func enter(open []xmlLevel, name string, root *openapi3.SchemaRef) (level xmlLevel, declared *openapi3.Schema) {
	if len(open) == 0 {
		return xmlLevel{schemas: flatten(nil, root.Value)}, root.Value
	}
	parent := open[len(open)-1]
	if parent.array != nil {
		if name != parent.items || parent.array.Items == nil {
			return level, nil
		}
		return xmlLevel{schemas: flatten(nil, parent.array.Items.Value)}, parent.array.Items.Value
	}
	for _, s := range parent.schemas {
		for property, ref := range s.Properties {
			if ref == nil || ref.Value == nil || isAttribute(ref.Value) {
				continue
			}
			if level, declared, ok := propertyLevel(property, ref.Value, name); ok {
				return level, declared
			}
		}
	}
	return level, nil
}

// propertyLevel compares an element's name with one property.
func propertyLevel(property string, s *openapi3.Schema, name string) (level xmlLevel, declared *openapi3.Schema, ok bool) {
	if !s.Type.Is(openapi3.TypeArray) || s.Items == nil || s.Items.Value == nil {
		return xmlLevel{schemas: flatten(nil, s)}, s, xmlName(property, s) == name
	}
	items := xmlName(property, s.Items.Value)
	if s.XML != nil && s.XML.Wrapped {
		return xmlLevel{items: items, array: s}, s, xmlName(property, s) == name
	}
	return xmlLevel{schemas: flatten(nil, s.Items.Value)}, s.Items.Value, items == name
}

func xmlName(property string, s *openapi3.Schema) string {
	if s.XML != nil && s.XML.Name != "" {
		return s.XML.Name
	}
	return property
}

func isAttribute(s *openapi3.Schema) bool { return s.XML != nil && s.XML.Attribute }

func startFault(t xml.StartElement, declared *openapi3.Schema, schemas []*openapi3.Schema) *xmlFault {
	if wants := namespaceOf(declared); wants != "" && t.Name.Space != wants {
		return &xmlFault{what: "element " + t.Name.Local, has: t.Name.Space, wants: wants}
	}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		if wants := attributeNamespace(schemas, a.Name.Local); wants != "" && a.Name.Space != wants {
			return &xmlFault{what: "attribute " + a.Name.Local, has: a.Name.Space, wants: wants}
		}
	}
	return nil
}

func namespaceOf(s *openapi3.Schema) string {
	if s == nil || s.XML == nil {
		return ""
	}
	return strings.TrimSpace(s.XML.Namespace)
}

func attributeNamespace(schemas []*openapi3.Schema, name string) string {
	for _, s := range schemas {
		for property, ref := range s.Properties {
			if ref != nil && ref.Value != nil && isAttribute(ref.Value) && xmlName(property, ref.Value) == name {
				return namespaceOf(ref.Value)
			}
		}
	}
	return ""
}
