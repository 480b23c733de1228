package diff

import (
	"net/url"
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
)

// An Operation is a kind of request: what a service can be asked for.
type Operation struct {
	Method string
	Host   string // with its port; "*" for one that the system picked
	Route  string // the template of the path, and the operation where one path serves many
}

// String returns the operation as it is shown.
func (o Operation) String() string {
	if o.Method == "CONNECT" {
		return "CONNECT " + o.Host
	}
	return o.Method + " " + o.Host + o.Route
}

func operationOf(x *exchange.Exchange) Operation {
	path, operation, _ := strings.Cut(annotate.RouteOf(x), " ")
	if operation != "" {
		operation = " " + operation
	}
	return Operation{Method: x.Request.Method, Host: x.SteadyHostPort(), Route: withoutHashes(path) + operation}
}

// withoutHashes replaces what build tools put into names of files, as in
// "app.3f2a1b9c.js".
func withoutHashes(route string) string {
	if !strings.ContainsAny(route, "0123456789") {
		return route
	}
	segments := strings.Split(route, "/")
	for i, s := range segments {
		pieces := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
		for _, piece := range pieces {
			if len(piece) >= 6 && annotate.Route(piece) == "{id}" || isHash(piece) {
				segments[i] = strings.Replace(segments[i], piece, "{id}", 1)
			}
		}
	}
	return strings.Join(segments, "/")
}

// isHash reports whether s is letters and digits in no order that people write.
func isHash(s string) bool {
	changes := 0
	for i := 1; i < len(s); i++ {
		if isDigit(s[i]) != isDigit(s[i-1]) {
			changes++
		}
	}
	return len(s) >= 8 && changes >= 2
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// queryNames are the names of a query's parameters, sorted and each once.
func queryNames(query string) (names []string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if name != "" && !slices.Contains(names, name) && len(names) < mostNames {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// mostWords is how many words may stand at one place of paths until they are taken
// for names of things: "/users/alice" and so on.
const mostWords = 12

// A routeTree has the segments of routes, so that places can be found in which
// any name may stand.
type routeTree struct {
	children map[string]*routeTree
}

func (t *routeTree) add(segments []string) {
	for _, s := range segments {
		if t.children == nil {
			t.children = map[string]*routeTree{}
		}
		if t.children[s] == nil {
			t.children[s] = &routeTree{}
		}
		t = t.children[s]
	}
}

// template returns segments with "{name}" for those that have too many siblings.
func (t *routeTree) template(segments []string) string {
	out := make([]string, len(segments))
	for i, s := range segments {
		out[i] = s
		if t == nil {
			continue
		}
		if len(t.children) > mostWords && !strings.HasPrefix(s, "{") {
			out[i] = "{name}"
			t = t.merged()
			continue
		}
		t = t.children[s]
	}
	return strings.Join(out, "/")
}

// merged is one tree of all children.
func (t *routeTree) merged() *routeTree {
	all := &routeTree{children: map[string]*routeTree{}}
	for _, c := range t.children {
		for name, below := range c.children {
			if all.children[name] == nil {
				all.children[name] = below
			}
		}
	}
	return all
}

// A namer finds the operations that are the same but for a name in their path. It
// has to see those of all sides.
type namer map[[2]string]*routeTree

func (n namer) learn(o Operation) {
	at := [2]string{o.Method, o.Host}
	if n[at] == nil {
		n[at] = &routeTree{}
	}
	n[at].add(strings.Split(o.Route, "/"))
}

func (n namer) name(o Operation) Operation {
	if t := n[[2]string{o.Method, o.Host}]; t != nil {
		o.Route = t.template(strings.Split(o.Route, "/"))
	}
	return o
}
