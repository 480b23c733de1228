package field

import (
	"bytes"
	"iter"

	"golang.org/x/net/html"
)

// An HTMLTag is a start tag of an HTML document.
type HTMLTag struct {
	Name       string // in lower case
	Attributes []HTMLAttribute
	At, End    int // where the tag is in the document
}

// An HTMLAttribute is an attribute of a start tag, its character references resolved.
type HTMLAttribute struct{ Name, Value string }

// Attribute is the value of the attribute of that name, in lower case.
func (t HTMLTag) Attribute(name string) (value string, ok bool) {
	for _, a := range t.Attributes {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// HTMLTags returns the start tags of an HTML document, as browsers find them;
// what is in scripts, styles and comments is none. It allocates.
func HTMLTags(b []byte) iter.Seq[HTMLTag] {
	return func(yield func(HTMLTag) bool) {
		z := html.NewTokenizer(bytes.NewReader(b))
		z.SetMaxBuf(len(b) + 4096)
		for at := 0; ; {
			kind := z.Next()
			end := at + len(z.Raw())
			if kind == html.ErrorToken {
				return
			}
			if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
				if !yield(htmlTag(z, at, end)) {
					return
				}
			}
			at = end
		}
	}
}

func htmlTag(z *html.Tokenizer, at, end int) HTMLTag {
	name, more := z.TagName()
	t := HTMLTag{Name: string(name), At: at, End: end}
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		t.Attributes = append(t.Attributes, HTMLAttribute{string(k), string(v)})
	}
	return t
}
