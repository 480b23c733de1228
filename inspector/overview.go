package inspector

import (
	"cmp"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/sink/store"
)

// An overviewAnswer sums up what a filter lets through. Each number comes with
// the filter that leads to what it counts.
type overviewAnswer struct {
	Total    int            `json:"total"`
	Classes  []classCount   `json:"classes"`
	Verdicts []verdictCount `json:"verdicts"`
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`
	Step     float64        `json:"step"` // milliseconds of one piece of Times
	Times    []timePiece    `json:"times"`
	Rules    []ruleCount    `json:"rules"`
	Routes   []routeCount   `json:"routes"`
	Hosts    []hostCount    `json:"hosts"`
	Expected []expectCount  `json:"expected"`
	Took     float64        `json:"took"`
}

// The classes of an overview: the first digit of the status, noAnswer where
// none came from the origin server, or otherStatus.
const (
	noAnswer    = 0
	otherStatus = 6
	classes     = 7
)

// classOf returns the class of an exchange in an overview.
func classOf(e *store.Entry) uint8 {
	switch {
	case annotate.ClassOf(e.X) == annotate.ClassNone:
		return noAnswer
	case e.Status < 100 || e.Status > 599:
		return otherStatus
	}
	return uint8(e.Status / 100)
}

// classFilter lets the exchanges of a class through.
func classFilter(class int) string {
	switch class {
	case noAnswer:
		return "is:unanswered"
	case otherStatus:
		return "(status:<100 or status:>599) -is:unanswered"
	}
	return "status:" + strconv.Itoa(class) + "xx -is:unanswered"
}

type classCount struct {
	Class  int    `json:"class"`
	Count  int    `json:"count"`
	Filter string `json:"filter"`
}

type verdictCount struct {
	Verdict string `json:"verdict"`
	Count   int    `json:"count"`
	Filter  string `json:"filter"`
}

type timePiece struct {
	At      time.Time    `json:"at"`
	Classes [classes]int `json:"classes"`
}

type ruleCount struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Blame    string `json:"blame"`
	Count    int    `json:"count"`  // exchanges
	Routes   int    `json:"routes"` // on so many routes
	Filter   string `json:"filter"`
}

type routeCount struct {
	Method string  `json:"method"`
	Host   string  `json:"host"`
	Route  string  `json:"route"`
	Count  int     `json:"count"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Most   float64 `json:"most"`
	Filter string  `json:"filter"`
}

type hostCount struct {
	Host   string `json:"host"`
	Count  int    `json:"count"`
	Client int    `json:"client"` // 4xx
	Server int    `json:"server"` // 5xx
	Failed int    `json:"failed"` // no response
	Filter string `json:"filter"`
	// What leads to Client, Server and Failed.
	ClientFilter string `json:"clientFilter"`
	ServerFilter string `json:"serverFilter"`
	FailedFilter string `json:"failedFilter"`
}

// An expectCount is how often a status had a field that it calls for.
type expectCount struct {
	Status  int    `json:"status"`
	Field   string `json:"field"`
	Count   int    `json:"count"`
	Present int    `json:"present"`
	Filter  string `json:"filter"` // of those that lack it
}

// Bounds of an overview.
const (
	timePieces  = 60
	mostTold    = 20    // of each list
	mostTallied = 20000 // routes, hosts and times of a route that are told apart
)

// A tally gathers an overview.
type tally struct {
	out    overviewAnswer
	starts []time.Time
	class  []uint8
	rules  map[string]*ruleTally
	routes map[[3]string]*routeTally
	hosts  map[string]*hostCount
	expect map[expectKey]*expectCount

	classes  [classes]int
	verdicts [annotate.Error + 1]int
}

type expectKey struct {
	status int
	field  string
}

type ruleTally struct {
	ruleCount
	routes map[string]struct{}
}

type routeTally struct {
	routeCount
	times []float64
}

func (i *Inspector) overview(w http.ResponseWriter, r *http.Request) {
	f, ok := i.filterOf(w, r)
	if !ok {
		return
	}
	start := time.Now()
	t := tally{
		rules: map[string]*ruleTally{}, routes: map[[3]string]*routeTally{}, hosts: map[string]*hostCount{}, expect: map[expectKey]*expectCount{},
	}
	i.o.Store.EachMatch(f, func(e *store.Entry) bool { t.add(e); return true })
	out := t.finish(i)
	out.Took = millis(time.Since(start))
	answer(w, out)
}

func (t *tally) add(e *store.Entry) {
	x := e.X
	class := classOf(e)
	t.out.Total++
	t.classes[class]++
	t.verdicts[e.Verdict]++
	if !x.Started.IsZero() {
		t.starts = append(t.starts, x.Started)
		t.class = append(t.class, class)
	}
	route := annotate.RouteOf(x)
	t.addRoute(e, route)
	t.addHost(e, class)
	t.addNotes(e, route)
	if class != noAnswer {
		t.addExpected(e)
	}
}

// addExpected counts the fields that a status calls for.
func (t *tally) addExpected(e *store.Entry) {
	s, _ := annotate.LookupStatus(e.Status)
	for _, w := range wantedBy(s.Expects) {
		key := expectKey{e.Status, w.words()}
		c := t.expect[key]
		if c == nil {
			c = &expectCount{Status: key.status, Field: key.field, Filter: "status:" + strconv.Itoa(e.Status) + " -is:unanswered " + w.lacking()}
			t.expect[key] = c
		}
		c.Count++
		if w.isIn(&e.X.Response.Message) {
			c.Present++
		}
	}
}

// addRoute counts a route. Those that filters do not tell apart are one.
func (t *tally) addRoute(e *store.Entry, route string) {
	method, host := e.X.Request.Method, e.X.HostPort()
	key := [3]string{strings.ToLower(method), strings.ToLower(host), strings.ToLower(route)}
	c := t.routes[key]
	if c == nil {
		if len(t.routes) >= mostTallied {
			return
		}
		c = &routeTally{routeCount: routeCount{
			Method: method, Host: host, Route: pathOf(e.X, route),
			Filter: "method:=" + filter.Quote(method) + " authority:=" + filter.Quote(host) + " route:=" + filter.Quote(route),
		}}
		t.routes[key] = c
	}
	c.Count++
	if len(c.times) < mostTallied {
		c.times = append(c.times, millis(e.X.Timing.Done))
	}
}

func (t *tally) addHost(e *store.Entry, class uint8) {
	c := t.hosts[e.Host]
	if c == nil {
		if len(t.hosts) >= mostTallied {
			return
		}
		c = &hostCount{Host: e.Host}
		t.hosts[e.Host] = c
	}
	c.Count++
	switch class {
	case noAnswer:
		c.Failed++
	case 4:
		c.Client++
	case 5:
		c.Server++
	}
}

func (t *tally) addNotes(e *store.Entry, route string) {
	for n := range e.Notes {
		note := &e.Notes[n]
		repeats := slices.ContainsFunc(e.Notes[:n], func(o annotate.Note) bool { return o.Rule == note.Rule })
		if repeats {
			continue
		}
		c := t.rules[note.Rule.ID]
		if c == nil {
			c = &ruleTally{routes: map[string]struct{}{}, ruleCount: ruleCount{
				Rule: note.Rule.ID, Severity: note.Severity.String(), Title: note.Rule.Title, Blame: string(note.Blame),
				Filter: "rule:=" + filter.Quote(note.Rule.ID),
			}}
			t.rules[note.Rule.ID] = c
		}
		c.Count++
		if len(c.routes) < mostTallied {
			c.routes[e.X.Request.Method+e.X.Authority+route] = struct{}{}
		}
	}
}

// finish orders what was gathered, the most telling first.
func (t *tally) finish(i *Inspector) *overviewAnswer {
	o := &t.out
	t.overTime()
	for class, n := range t.classes {
		o.Classes = append(o.Classes, classCount{class, n, classFilter(class)})
	}
	for v, n := range t.verdicts {
		verdict := annotate.Severity(v).String()
		o.Verdicts = append(o.Verdicts, verdictCount{verdict, n, "verdict:" + verdict})
	}
	o.Rules, o.Routes, o.Hosts, o.Expected = []ruleCount{}, []routeCount{}, []hostCount{}, []expectCount{}
	for _, c := range t.rules {
		c.Routes = len(c.routes)
		o.Rules = append(o.Rules, c.ruleCount)
	}
	slices.SortFunc(o.Rules, func(a, b ruleCount) int {
		return cmp.Or(cmp.Compare(weight(b.Severity), weight(a.Severity)), cmp.Compare(b.Count, a.Count), strings.Compare(a.Rule, b.Rule))
	})
	for _, c := range t.routes {
		sort.Float64s(c.times)
		c.Median, c.P95, c.Most = quantile(c.times, .5), quantile(c.times, .95), quantile(c.times, 1)
		c.Host, c.Route, c.Method = text(i.o.Redact.URI(c.Host)), text(i.o.Redact.URI(c.Route)), text(c.Method)
		o.Routes = append(o.Routes, c.routeCount)
	}
	slices.SortFunc(o.Routes, func(a, b routeCount) int {
		return cmp.Or(cmp.Compare(b.P95, a.P95), strings.Compare(a.Host+a.Route+a.Method, b.Host+b.Route+b.Method))
	})
	for _, c := range t.hosts {
		c.Filter = "host:=" + filter.Quote(c.Host)
		c.ClientFilter, c.ServerFilter, c.FailedFilter = c.Filter+" "+classFilter(4), c.Filter+" "+classFilter(5), c.Filter+" "+classFilter(noAnswer)
		c.Host = text(i.o.Redact.URI(c.Host))
		o.Hosts = append(o.Hosts, *c)
	}
	slices.SortFunc(o.Hosts, func(a, b hostCount) int {
		return cmp.Or(cmp.Compare(b.Server+b.Failed+b.Client, a.Server+a.Failed+a.Client), cmp.Compare(b.Count, a.Count), strings.Compare(a.Host, b.Host))
	})
	for _, c := range t.expect {
		o.Expected = append(o.Expected, *c)
	}
	slices.SortFunc(o.Expected, func(a, b expectCount) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), strings.Compare(a.Field, b.Field))
	})
	o.Rules, o.Routes, o.Hosts = o.Rules[:min(len(o.Rules), mostTold)], o.Routes[:min(len(o.Routes), mostTold)], o.Hosts[:min(len(o.Hosts), mostTold)]
	return o
}

func weight(severity string) int {
	s, _ := annotate.ParseSeverity(severity)
	return int(s)
}

// overTime cuts the time from the first exchange to the last into pieces.
func (t *tally) overTime() {
	t.out.Times = []timePiece{}
	if len(t.starts) == 0 {
		return
	}
	from, to := t.starts[0], t.starts[0]
	for _, s := range t.starts {
		if s.Before(from) {
			from = s
		}
		if s.After(to) {
			to = s
		}
	}
	step := stepFor(to.Sub(from) / timePieces)
	from = from.Truncate(step)
	t.out.From, t.out.To, t.out.Step = from, to, millis(step)
	pieces := int(to.Sub(from)/step) + 1
	t.out.Times = make([]timePiece, pieces)
	for n := range pieces {
		t.out.Times[n].At = from.Add(time.Duration(n) * step)
	}
	for n, s := range t.starts {
		t.out.Times[int(s.Sub(from)/step)].Classes[t.class[n]]++
	}
}

// stepFor rounds a step up to one that people count in.
func stepFor(d time.Duration) time.Duration {
	for _, s := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
	} {
		if d <= s {
			return s
		}
	}
	return d.Round(24*time.Hour) + 24*time.Hour
}

// quantile of sorted numbers: the nearest one.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	n := int(q * float64(len(sorted)))
	return sorted[min(n, len(sorted)-1)]
}

// A group is the exchanges that have one value of a key.
type group struct {
	Value  string `json:"value"`
	Filter string `json:"filter"` // that gives them
	Count  int    `json:"count"`
	Bad    int    `json:"bad"`
	Notes  int    `json:"notes"`
	Last   uint64 `json:"last"` // Seq of the latest
}

const mostGroups = 500

// groupCut stands between the two parts of a group's value; no part has it.
const groupCut = "\x00"

// groups counts exchanges by host, route, trace or another key of filters.
func (i *Inspector) groups(w http.ResponseWriter, r *http.Request) {
	f, ok := i.filterOf(w, r)
	if !ok {
		return
	}
	by := r.URL.Query().Get("by")
	each := filter.EachFacet(by)
	filterOf := func(value string) string { return by + ":=" + filter.Quote(value) }
	switch by {
	case "trace":
		each = func(r *filter.Row, put func(string)) { put(filter.TraceID(r.X)) }
	case "route": // of each server its own
		each = func(r *filter.Row, put func(string)) { put(r.X.HostPort() + groupCut + annotate.RouteOf(r.X)) }
		filterOf = func(value string) string {
			host, route, _ := strings.Cut(value, groupCut)
			return "authority:=" + filter.Quote(host) + " route:=" + filter.Quote(route)
		}
	}
	if each == nil {
		problem(w, http.StatusBadRequest, "cannot group by "+strconv.Quote(by), "try host, route, trace, "+strings.Join(filter.FacetKeys(), ", "))
		return
	}
	found := map[string]*group{}
	folded := 0
	i.o.Store.EachMatch(f, func(e *store.Entry) bool {
		each(&e.Row, func(value string) {
			key := strings.ToLower(value) // as filters see it
			g := found[key]
			if g == nil {
				if len(found) >= mostTallied {
					folded++
					return
				}
				g = &group{Value: value}
				found[key] = g
			}
			g.Count++
			if e.Status == 0 || e.X.Effective().IsError() {
				g.Bad++
			}
			g.Notes += len(e.Notes)
			g.Last = e.Seq
		})
		return true
	})
	list := make([]group, 0, len(found))
	for _, g := range found {
		g.Filter = filterOf(g.Value)
		if g.Value == "" && by == "trace" {
			g.Filter = "-" + by + ":*"
		}
		g.Value = text(i.o.Redact.URI(strings.Replace(g.Value, groupCut, "", 1)))
		list = append(list, *g)
	}
	// By name, so that a group stays where it is while exchanges come; of too
	// many those with the latest.
	if len(list) > mostGroups {
		slices.SortFunc(list, func(a, b group) int { return cmp.Or(cmp.Compare(b.Last, a.Last), strings.Compare(a.Value, b.Value)) })
	}
	slices.SortFunc(list[:min(len(list), mostGroups)], func(a, b group) int { return strings.Compare(a.Value, b.Value) })
	answer(w, map[string]any{"groups": list[:min(len(list), mostGroups)], "more": folded + max(0, len(list)-mostGroups)})
}
