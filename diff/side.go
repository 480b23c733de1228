package diff

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"sidenote/annotate"
	"sidenote/exchange"
)

// The bounds of a Side. What is beyond them is counted.
const (
	mostOperations = 5000
	mostFacts      = 5000 // of one operation and status
	mostValues     = 24   // of one fact that are told apart
	mostTimes      = 20000
	mostNames      = 64
)

// A Kind says what a fact is about.
type Kind string

// The kinds, in the order in which they are shown.
const (
	KindCalls    Kind = "calls"
	KindStatus   Kind = "status"
	KindRedirect Kind = "redirect"
	KindField    Kind = "header"
	KindCookie   Kind = "cookie"
	KindCaching  Kind = "caching"
	KindBody     Kind = "body"
	KindJSON     Kind = "JSON"
	KindRequest  Kind = "request"
	KindTLS      Kind = "TLS"
	KindNote     Kind = "note"
	KindTime     Kind = "time"
)

// Kinds lists the kinds in the order in which they are shown.
func Kinds() []Kind {
	return []Kind{KindCalls, KindStatus, KindRedirect, KindField, KindCookie, KindCaching, KindBody, KindJSON, KindRequest, KindTLS, KindNote, KindTime}
}

// aspect tells apart what is counted of one thing.
type aspect uint8

const (
	presence aspect = iota // whether it is there
	value                  // what its value looks like
	form                   // of a string in JSON
	words                  // of a string in JSON: which words
)

// A factKey names what is counted.
type factKey struct {
	kind   Kind
	aspect aspect
	name   string
	parent string // of a member of JSON objects: their path
}

// A count says in how many exchanges a fact was seen.
type count struct {
	of     int            // exchanges in which it could have been
	values map[string]int // and in how many each value was
	other  int            // values beyond those that are told apart
}

func (c *count) add(v string) {
	if c.values == nil {
		c.values = map[string]int{}
	}
	if _, known := c.values[v]; !known && len(c.values) >= mostValues {
		c.other++
		return
	}
	c.values[v]++
}

// A group is the exchanges of an operation that have one status.
type group struct {
	exchanges int
	facts     map[factKey]*count
	dropped   int
	times     []float64 // milliseconds
}

func (g *group) fact(k factKey) *count {
	c := g.facts[k]
	if c == nil {
		if len(g.facts) >= mostFacts {
			g.dropped++
			return nil
		}
		c = &count{}
		g.facts[k] = c
	}
	return c
}

// see counts that one exchange of the group has a fact with these values, each
// at most once; several of them are possible in one exchange.
func (g *group) see(k factKey, values ...string) {
	c := g.fact(k)
	if c == nil {
		return
	}
	c.of++
	for _, v := range values {
		c.add(v)
	}
}

// An observed is what was seen of an operation.
type observed struct {
	exchanges int
	groups    map[string]*group // by status
}

// A Side is what one run did. Its methods are safe for concurrent use.
type Side struct {
	mu         sync.Mutex
	exchanges  int
	unparsed   int // JSON that could not be compared: not kept whole, or broken
	dropped    int // exchanges of operations beyond the bound
	operations map[Operation]*observed
}

// NewSide returns a Side without exchanges.
func NewSide() *Side { return &Side{operations: map[Operation]*observed{}} }

// Exchanges is how many exchanges the side has.
func (s *Side) Exchanges() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exchanges
}

// Add counts an exchange that has ended, with its notes. It keeps nothing of it.
func (s *Side) Add(a *annotate.Annotated) {
	x := a.X
	found := factsOf(a) // before the lock, for this is the work
	o := operationOf(x)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exchanges++
	if found.unparsed {
		s.unparsed++
	}
	if seen := s.operation(o); seen != nil {
		seen.add(statusOf(x), found)
	} else {
		s.dropped++
	}
	if server := s.operation(Operation{Host: o.Host}); server != nil && len(found.host) > 0 {
		server.add("", &facts{list: found.host})
	}
}

// operation returns what was seen of an operation; nil beyond the bound.
func (s *Side) operation(o Operation) *observed {
	seen := s.operations[o]
	if seen == nil && len(s.operations) < mostOperations {
		seen = &observed{groups: map[string]*group{}}
		s.operations[o] = seen
	}
	return seen
}

func (o *observed) add(status string, found *facts) {
	o.exchanges++
	g := o.groups[status]
	if g == nil {
		g = &group{facts: map[factKey]*count{}}
		o.groups[status] = g
	}
	g.exchanges++
	for _, f := range found.list {
		g.see(f.key, f.values...)
	}
	if found.took > 0 && len(g.times) < mostTimes {
		g.times = append(g.times, found.took)
	}
}

// statusOf is the status of a response, or why there is none.
func statusOf(x *exchange.Exchange) string {
	switch {
	case x.Response.Status != 0 && !x.Response.Made:
		status := strconv.Itoa(x.Response.Status)
		if e := x.Effective(); e.IsInside() {
			code := e.Code
			if len(code) > mostWord || isRandom(code) {
				code = ""
			}
			status += " (" + strings.TrimSpace(string(e.Protocol)+" "+code) + ")"
		}
		return status
	case x.Err != nil:
		return string(x.Err.Code)
	}
	return "no response"
}

// merge adds what was seen of another operation that turned out to be the same.
func (o *observed) merge(from *observed) {
	o.exchanges += from.exchanges
	for status, g := range from.groups {
		to := o.groups[status]
		if to == nil {
			to = &group{facts: map[factKey]*count{}}
			o.groups[status] = to
		}
		to.merge(g)
	}
}

func (g *group) merge(from *group) {
	g.exchanges += from.exchanges
	g.dropped += from.dropped
	g.times = append(g.times, from.times...)
	for k, c := range from.facts {
		to := g.fact(k)
		if to == nil {
			continue
		}
		to.of += c.of
		to.other += c.other
		for v, n := range c.values {
			if _, known := to.values[v]; known || len(to.values) < mostValues {
				if to.values == nil {
					to.values = map[string]int{}
				}
				to.values[v] += n
			} else {
				to.other += n
			}
		}
	}
}

// named returns the operations of a side by the names that all sides agree on.
func (s *Side) named(n namer) map[Operation]*observed {
	out := map[Operation]*observed{}
	for o, seen := range s.operations {
		o = n.name(o)
		if out[o] == nil {
			out[o] = &observed{groups: map[string]*group{}}
		}
		out[o].merge(seen)
	}
	return out
}

func keys[M ~map[string]V, V any](m M) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
