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
	return Operation{Method: x.Request.Method, Host: x.SteadyHostPort(), Route: steadyPath(path) + operation}
}

// steadyPath replaces what names one thing of many, beyond what annotate.Route knows:
// two runs have to agree on it, so more is taken for a name than where a route is
// shown.
func steadyPath(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i] = steadySegment(s)
	}
	return strings.Join(segments, "/")
}

func steadySegment(s string) string {
	switch {
	case s == "", s[0] == '{', isVersionSegment(s), isVersion(s):
		return s
	case !strings.Contains(s, ".") && isRandom(s):
		return "{id}"
	}
	// Names of files, and words with a number: "app.3f2a1b9c.js", "order-17".
	begin := 0
	var b strings.Builder
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' && s[i] != '-' && s[i] != '_' {
			continue
		}
		piece := s[begin:i]
		if begin > 0 && isDigits(piece) || isRandom(piece) || annotate.Route(piece) == "{id}" {
			piece = "{id}"
		}
		b.WriteString(piece)
		if i < len(s) {
			b.WriteByte(s[i])
		}
		begin = i + 1
	}
	return b.String()
}

// isVersionSegment reports whether a segment is the version of an API: "v1", "v2.1",
// "v1beta1".
func isVersionSegment(s string) bool {
	return len(s) <= 8 && len(s) > 1 && s[0] == 'v' && isDigit(s[1])
}

func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// isRandom reports whether s looks made up by a program: it has digits, and goes
// from letters to digits, or from one case to the other, in no order that people
// write.
func isRandom(s string) bool {
	kind := func(c byte) int {
		switch {
		case isDigit(c):
			return 1
		case c >= 'A' && c <= 'Z':
			return 2
		case c >= 'a' && c <= 'z':
			return 3
		}
		return 4
	}
	changes, digits := 0, 0
	for i := range len(s) {
		if isDigit(s[i]) {
			digits++
		}
		if i > 0 && kind(s[i]) != kind(s[i-1]) {
			changes++
		}
	}
	return len(s) >= 6 && digits > 0 && changes >= 2 && 10*changes >= 3*len(s)
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
