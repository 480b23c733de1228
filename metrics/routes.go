package metrics

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"sidenote/annotate"
	"sidenote/exchange"
)

// DefaultValues is how many hosts and routes are told apart by default.
const DefaultValues = 100

// Bounds of one label value; what is longer is "other".
const (
	mostHost  = 255
	mostRoute = 120
)

// rulesPerRoute, times the number of routes, is how many pairs of route and
// rule are told apart.
const rulesPerRoute = 10

// routeBuckets are fewer than those of the whole, since each route has them.
var routeBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// routes counts by host and route, of which peers can create any number. A host
// or a route gets its own label when it is first answered with something other
// than 404 and without an error inside a success, while there is room. Everything else is "other", so that requests
// for made-up names cannot fill the table.
type routes struct {
	options   Options
	exchanges *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	notes     *prometheus.CounterVec
	folded    prometheus.Counter

	mu     sync.Mutex
	hosts  map[string]bool
	routes map[place]*route
	named  int // routes with a name of their own
	pairs  int // of route and rule
}

// place is where a request was sent.
type place struct{ host, route string }

// A route holds the counters of one place.
type route struct {
	place
	duration prometheus.Observer
	byClass  map[string]prometheus.Counter
	byNote   map[routeNote]prometheus.Counter
}

type routeNote struct {
	rule     string
	severity annotate.Severity
}

func (m *Metrics) newRoutes(o Options) *routes {
	if o.Values <= 0 {
		o.Values = DefaultValues
	}
	r := &routes{options: o, hosts: make(map[string]bool), routes: make(map[place]*route)}
	r.exchanges = m.counters("sidenote_route_exchanges_total",
		"Exchanges that have ended, by host and route, where --metrics-labels asks for them, and class of the final status.",
		"host", "route", "class")
	r.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "sidenote_route_duration_seconds", Buckets: routeBuckets,
		Help: "Time from the first byte of the request head to the end of both messages, by host and route, where --metrics-labels asks for them.",
	}, []string{"host", "route"})
	r.notes = m.counters("sidenote_route_notes_total",
		"Notes on exchanges, by host and route, where --metrics-labels asks for them, rule and severity.",
		"host", "route", "rule", "severity")
	r.folded = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "sidenote_route_folded_total",
		Help: "Exchanges whose host or route was counted as \"other\", because there was no room, or because it had only been answered with 404 or an error inside a success.",
	})
	m.registry.MustRegister(r.duration, r.folded)
	return r
}

func (r *routes) observe(a *annotate.Annotated) {
	x := a.X
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counters(x)
	if c.host == other || c.route == other {
		r.folded.Inc()
	}
	class := annotate.ClassOf(x)
	if c.byClass[class] == nil {
		c.byClass[class] = r.exchanges.WithLabelValues(c.host, c.route, class)
	}
	c.byClass[class].Inc()
	if d := x.Timing.Done; d > 0 {
		c.duration.Observe(d.Seconds())
	}
	for i := range a.Notes {
		r.note(c, &a.Notes[i]).Inc()
	}
}

// counters finds or makes those of the place that an exchange is counted at.
func (r *routes) counters(x *exchange.Exchange) *route {
	at := r.placeOf(x)
	if found := r.routes[at]; found != nil {
		return found
	}
	at = r.fold(at, !x.Response.Made && x.Response.Status != 0 && x.Response.Status != 404 && !x.Effective().IsInside())
	found := r.routes[at]
	if found == nil {
		found = &route{
			place: at, duration: r.duration.WithLabelValues(at.host, at.route),
			byClass: make(map[string]prometheus.Counter), byNote: make(map[routeNote]prometheus.Counter),
		}
		r.routes[at] = found
	}
	return found
}

// placeOf names the place in label values; a label that is off is empty.
func (r *routes) placeOf(x *exchange.Exchange) (at place) {
	if r.options.Hosts {
		at.host = hostLabel(x)
	}
	if r.options.Routes {
		at.route = routeLabel(x)
	}
	return at
}

// fold makes room for a place that is new, or finds one that it is counted at.
// There are at most Values hosts, as many routes of all of them, and for each
// host, and for no host, the other routes.
func (r *routes) fold(at place, claims bool) place {
	room := claims
	if r.options.Hosts && at.host != other && !r.hosts[at.host] {
		if room = claims && len(r.hosts) < r.options.Values; room {
			r.hosts[at.host] = true
		} else {
			at.host = other
		}
	}
	if !r.options.Routes || at.route == other {
		return at
	}
	if room && r.named < r.options.Values {
		r.named++
	} else {
		at.route = other
	}
	return at
}

func (r *routes) note(c *route, n *annotate.Note) prometheus.Counter {
	key := routeNote{n.Rule.ID, n.Severity}
	if found := c.byNote[key]; found != nil {
		return found
	}
	if r.pairs < rulesPerRoute*r.options.Values {
		r.pairs++
	} else {
		key.rule = other
		if found := c.byNote[key]; found != nil {
			return found
		}
	}
	made := r.notes.WithLabelValues(c.host, c.route, key.rule, key.severity.String())
	c.byNote[key] = made
	return made
}

// hostLabel names the server.
func hostLabel(x *exchange.Exchange) string { return bounded(x.HostPort(), mostHost) }

// routeLabel is the path with "{id}" for what names one thing of many, and the
// operation that the body names; that of a tunnel is its method.
func routeLabel(x *exchange.Exchange) string {
	if x.Request.Method == "CONNECT" {
		return "CONNECT"
	}
	if len(x.Path()) > 4*mostRoute { // its template may be short, but hardly so
		return other
	}
	path, operation, _ := strings.Cut(annotate.RouteOf(x), " ")
	route := bounded(path, mostRoute)
	if operation == "" || route == other || x.Operation().Protocol == "" {
		return route
	}
	return route + " " + strings.Clone(operation) // whose octets are letters, digits and marks
}

// bounded returns a text from the wire as a label value: "other" when it is
// empty, long, or has anything but visible ASCII.
func bounded(s string, most int) string {
	if s == "" || len(s) > most || !isPlain(s) {
		return other
	}
	return strings.Clone(s) // which may be a piece of a whole head
}
