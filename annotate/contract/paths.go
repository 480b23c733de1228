package contract

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxSegments bounds how deep a path is compared.
const maxSegments = 100

// A group is paths that lie under the same server entries.
type group struct {
	servers []server
	root    node
}

// A node is a place in the tree of path templates, one level for each segment.
type node struct {
	fixed    map[string]*node
	patterns []segmentPattern // segments with parameters, those that are nothing else last
	ends     *pathEnd         // nil where no template ends
}

// A pathEnd is what a template leads to.
type pathEnd struct {
	template   string
	parameters []string // names, in the order of their groups
	item       *openapi3.PathItem
	operations map[string]*openapi3.Operation // by method
}

// A segmentPattern is a segment with parameters: "{id}", "{name}.json".
type segmentPattern struct {
	text    string
	pattern *regexp.Regexp // nil for a segment that is one parameter
	node    *node
}

// groupsOf sorts the paths of a description by their servers. With a base, all
// lie under that.
func groupsOf(doc *openapi3.T, base string) ([]group, error) {
	usual := doc.Servers
	if base != "" {
		usual = openapi3.Servers{{URL: base}}
	}
	servers, err := serversOf(usual)
	if err != nil {
		return nil, err
	}
	groups := []group{{servers: servers}}
	for _, template := range doc.Paths.InMatchingOrder() {
		item := doc.Paths.Value(template)
		if item == nil {
			continue
		}
		own := ownServers(item)
		if base != "" || len(own) == 0 {
			groups[0].root.add(template, item)
			continue
		}
		g := group{}
		if g.servers, err = serversOf(own); err != nil {
			return nil, err
		}
		g.root.add(template, item)
		groups = append(groups, g)
	}
	return groups, nil
}

// ownServers returns the server entries of a path and of its operations.
func ownServers(item *openapi3.PathItem) openapi3.Servers {
	own := slices.Clone(item.Servers)
	for _, operation := range item.Operations() {
		if operation.Servers != nil {
			own = append(own, *operation.Servers...)
		}
	}
	return own
}

func (n *node) add(template string, item *openapi3.PathItem) {
	var names []string
	for segment := range strings.SplitSeq(strings.TrimPrefix(template, "/"), "/") {
		spans := variable.FindAllStringIndex(segment, -1)
		for _, s := range spans {
			names = append(names, segment[s[0]+1:s[1]-1])
		}
		n = n.child(segment, spans)
	}
	if n.ends == nil {
		n.ends = &pathEnd{template, names, item, item.Operations()}
	}
}

// child returns the node below for a segment of a template.
func (n *node) child(segment string, spans [][]int) *node {
	if len(spans) == 0 {
		if n.fixed == nil {
			n.fixed = make(map[string]*node)
		}
		key := decoded(segment)
		if n.fixed[key] == nil {
			n.fixed[key] = &node{}
		}
		return n.fixed[key]
	}
	p := segmentPattern{text: variable.ReplaceAllString(segment, "{}"), node: &node{}}
	if i := slices.IndexFunc(n.patterns, func(q segmentPattern) bool { return q.text == p.text }); i >= 0 {
		return n.patterns[i].node
	}
	if p.text != "{}" {
		parts := strings.Split(p.text, "{}")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		p.pattern = regexp.MustCompile("^" + strings.Join(parts, "(.+?)") + "$")
	}
	at := len(n.patterns)
	if p.pattern != nil {
		at = 0
	}
	n.patterns = slices.Insert(n.patterns, at, p)
	return p.node
}

// find looks a place up. Of several templates the one that knows the method is
// taken, else the one with fixed segments further to the left. Claims says that
// a server entry with a host covers the place.
func (d *description) find(method string, at place) (found *route, claims bool) {
	for i := range d.groups {
		g := &d.groups[i]
		for j := range g.servers {
			rest, ok := g.servers[j].rest(at)
			if !ok {
				continue
			}
			claims = claims || !g.servers[j].anyHost
			w := walk{description: d, method: method}
			w.down(&g.root, segments(rest), nil)
			if w.found != nil && (found == nil || found.operation == nil && w.found.operation != nil) {
				found = w.found
			}
		}
	}
	return found, claims
}

// segments cuts a path at its slashes and decodes each part; nil for a path
// that is too deep.
func segments(path string) []string {
	if strings.Count(path, "/") > maxSegments {
		return nil
	}
	all := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := range all {
		all[i] = decoded(all[i])
	}
	return all
}

// decoded removes percent-encoding, and leaves what is not well-formed.
func decoded(segment string) string {
	if s, err := url.PathUnescape(segment); err == nil {
		return s
	}
	return segment
}

// A walk searches the tree for a path. Each node of the tree is seen at most
// once, since there is one way to it.
type walk struct {
	description *description
	method      string
	found       *route
}

func (w *walk) down(n *node, rest, values []string) {
	if w.found != nil && w.found.operation != nil {
		return
	}
	if len(rest) == 0 {
		w.end(n.ends, values)
		return
	}
	segment := rest[0]
	if next := n.fixed[segment]; next != nil {
		w.down(next, rest[1:], values)
	}
	for i := range n.patterns {
		p := &n.patterns[i]
		switch {
		case segment == "":
		case p.pattern == nil:
			w.down(p.node, rest[1:], append(slices.Clip(values), segment))
		default:
			if m := p.pattern.FindStringSubmatch(segment); m != nil {
				w.down(p.node, rest[1:], append(slices.Clip(values), m[1:]...))
			}
		}
	}
}

// end takes a template that matches, unless one was found that is as good.
func (w *walk) end(e *pathEnd, values []string) {
	if e == nil {
		return
	}
	operation, method := e.operation(w.method)
	if w.found != nil && operation == nil {
		return
	}
	w.found = &route{description: w.description, template: e.template, method: method, operation: operation, item: e.item}
	w.found.parameters = make(map[string]string, len(values))
	for i, name := range e.parameters {
		w.found.parameters[name] = values[i]
	}
}

// operation returns the operation for a method; that of GET for a HEAD that is
// not declared, since servers answer it wherever they answer GET.
func (e *pathEnd) operation(method string) (*openapi3.Operation, string) {
	if o := e.operations[method]; o != nil {
		return o, method
	}
	if o := e.operations["GET"]; o != nil && method == "HEAD" {
		return o, "GET"
	}
	return nil, method
}

// String names a description for messages: its file.
func (d *description) String() string { return fmt.Sprintf("%q", d.file) }
