package inspector

import (
	"net/http"
	"strconv"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/exchange"
	"sidenote/sink/store"
)

// A row is an exchange as the list shows it.
type row struct {
	Seq       uint64    `json:"seq"`
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Status    int       `json:"status"` // 0 when no response came
	Class     string    `json:"class"`
	Verdict   string    `json:"verdict"`
	Errors    int       `json:"errors"`
	Warnings  int       `json:"warnings"`
	Blame     string    `json:"blame,omitempty"`
	Rules     []ruleIn  `json:"rules,omitempty"` // of its notes that count, the worst first, each once
	Method    string    `json:"method"`
	Scheme    string    `json:"scheme"`
	Host      string    `json:"host"` // with the port, as the target URI has it
	Path      string    `json:"path"` // with the query
	Route     string    `json:"route"`
	Operation string    `json:"operation,omitempty"` // of GraphQL, gRPC, JSON-RPC, MCP or SOAP
	Effective string    `json:"effective"`           // how it ended in effect
	Inside    string    `json:"inside,omitempty"`    // the protocol that tells of an error inside a success
	Type      string    `json:"type"`                // media type
	Kind      string    `json:"kind"`                // the same in a word
	Size      int64     `json:"size"`                // octets of the response's content
	Duration  float64   `json:"duration"`
	Wait      float64   `json:"wait"`
	Protocol  string    `json:"protocol"`
	Client    string    `json:"client,omitempty"`
	Agent     string    `json:"agent,omitempty"`
	Trace     string    `json:"trace,omitempty"`
	Error     string    `json:"error,omitempty"` // code
	Source    string    `json:"source,omitempty"`
	Pinned    bool      `json:"pinned,omitempty"`
	ByHand    bool      `json:"byHand,omitempty"`
	Comment   string    `json:"comment,omitempty"`
}

// A ruleIn is a rule of which an exchange has notes.
type ruleIn struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"` // of its worst note here
	Count    int    `json:"count"`    // of its notes of that severity
}

// mostRules bounds how many rules a row names.
const mostRules = 8

// rowOf makes the row of an entry, without secrets.
func (i *Inspector) rowOf(e *store.Entry) row {
	x := e.X
	r := row{
		Seq: e.Seq, ID: text(x.ID), At: x.Started, Status: e.Status, Class: annotate.ClassOf(x), Verdict: e.Verdict.String(),
		Blame: string(e.Blame()), Method: text(x.Request.Method), Scheme: text(x.Scheme), Host: text(i.o.Redact.URI(x.Authority)),
		Path: text(i.o.Redact.URI(pathOf(x, e.Path))), Route: text(i.o.Redact.URI(routeOf(x))),
		Operation: text(x.Operation().String()), Effective: x.Effective().Outcome.String(), Inside: string(x.Effective().Protocol),
		Type: text(e.Type), Kind: filter.KindOf(e.Type), Size: x.Response.Content.Size,
		Duration: millis(x.Timing.Done), Wait: millis(x.Timing.Wait()), Protocol: filter.Protocol(x),
		Agent: text(i.agentOf(e)), Trace: filter.TraceID(x), Pinned: e.Pinned, ByHand: e.ByHand, Comment: e.Comment,
	}
	if p := x.Client.Peer; p.IsValid() {
		r.Client = p.String()
	}
	if x.Err != nil {
		r.Error = string(x.Err.Code)
	}
	if x.Source.File != "" {
		r.Source = text(x.Source.File) + ":" + strconv.Itoa(x.Source.Entry)
	}
	for s := annotate.Error; s >= annotate.Info; s-- {
		for n := range e.Notes {
			if e.Notes[n].Severity == s && e.Notes[n].Accepted == "" {
				r.addRule(&e.Notes[n])
			}
		}
	}
	return r
}

// pathOf is a path of an exchange; none for CONNECT, whose target is the
// authority, which is beside it already.
func pathOf(x *exchange.Exchange, path string) string {
	if x.Request.Method == "CONNECT" {
		return ""
	}
	return path
}

// routeOf is the route of an exchange; none for CONNECT.
func routeOf(x *exchange.Exchange) string {
	if x.Request.Method == "CONNECT" {
		return ""
	}
	return annotate.RouteOf(x)
}

func (r *row) addRule(n *annotate.Note) {
	switch n.Severity {
	case annotate.Error:
		r.Errors++
	case annotate.Warn:
		r.Warnings++
	}
	for at := range r.Rules {
		if known := &r.Rules[at]; known.Rule == n.Rule.ID {
			if known.Severity == n.Severity.String() {
				known.Count++
			}
			return
		}
	}
	if len(r.Rules) < mostRules {
		r.Rules = append(r.Rules, ruleIn{n.Rule.ID, n.Severity.String(), 1})
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// agentOf is the program and version that User-Agent begins with.
func (i *Inspector) agentOf(e *store.Entry) (name string) {
	i.agents(&e.Row, func(s string) { name = s })
	return name
}

// A window answers GET /exchanges.
type window struct {
	Entries []row       `json:"entries"`
	From    uint64      `json:"from"`
	Base    uint64      `json:"base"`
	Total   int         `json:"total"`
	Looked  int         `json:"looked"`
	Entire  int         `json:"entire"`
	Aside   []row       `json:"aside"`
	Stats   store.Stats `json:"stats"`
	Took    float64     `json:"took"` // milliseconds
}

// mostListed bounds how many rows one answer has.
const mostListed = 1000

func (i *Inspector) list(w http.ResponseWriter, r *http.Request) {
	query, ok := i.queryOf(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	query.Limit = 100
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > mostListed {
			problem(w, http.StatusBadRequest, "limit is a number from 0 to "+strconv.Itoa(mostListed), "")
			return
		}
		query.Limit = n
	}
	query.Tail = q.Get("from") == "" || q.Get("from") == "tail"
	if !query.Tail {
		if query.From, ok = number(q.Get("from")); !ok {
			problem(w, http.StatusBadRequest, "from is the ordinal of a row, or tail", "")
			return
		}
	}
	start := time.Now()
	found := i.o.Store.List(query)
	out := window{
		From: found.From, Base: found.Base, Total: found.Total, Looked: found.Looked, Entire: found.Entire, Stats: found.Stats,
		Entries: i.rows(found.Entries), Aside: i.rows(found.Aside), Took: millis(time.Since(start)),
	}
	answer(w, out)
}

// queryOf reads which list a request is about, or answers what is wrong with it.
func (i *Inspector) queryOf(w http.ResponseWriter, r *http.Request) (store.Query, bool) {
	f, ok := i.filterOf(w, r)
	if !ok {
		return store.Query{}, false
	}
	q := r.URL.Query()
	query := store.Query{Filter: f, Order: store.Order(q.Get("order")), Down: q.Get("down") == "true", Within: within}
	if !query.Order.IsValid() {
		problem(w, http.StatusBadRequest, "there is no order "+strconv.Quote(string(query.Order)), "try time, status, duration, size, host, path, method, type or verdict")
		return query, false
	}
	return query, true
}

func (i *Inspector) rows(entries []store.Entry) []row {
	rows := make([]row, len(entries))
	for n := range entries {
		rows[n] = i.rowOf(&entries[n])
	}
	return rows
}

func (i *Inspector) change(w http.ResponseWriter, r *http.Request) {
	e, ok := i.entry(w, r)
	if !ok {
		return
	}
	var c struct {
		Pinned  *bool   `json:"pinned"`
		Comment *string `json:"comment"`
	}
	if !read(w, r, &c) {
		return
	}
	if c.Comment != nil && len(*c.Comment) > mostComment {
		problem(w, http.StatusBadRequest, "a comment has at most "+strconv.Itoa(mostComment)+" bytes", "")
		return
	}
	i.o.Store.Change(e.Seq, func(e *store.Entry) {
		if c.Pinned != nil {
			e.Pinned = *c.Pinned
		}
		if c.Comment != nil {
			e.Comment = *c.Comment
		}
	})
	e, _, _ = i.o.Store.Get(e.Seq)
	answer(w, i.rowOf(&e))
}

const mostComment = 4096

func (i *Inspector) complete(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	at, err := strconv.Atoi(q.Get("at"))
	if err != nil {
		at = len(q.Get("filter"))
	}
	list := filter.Complete(q.Get("filter"), at, i.o.Store)
	if list == nil {
		list = []filter.Completion{}
	}
	answer(w, map[string]any{"completions": list})
}

func (i *Inspector) pause(w http.ResponseWriter, r *http.Request) {
	var c struct {
		On bool `json:"on"`
	}
	if read(w, r, &c) {
		i.o.Store.Pause(c.On)
		answer(w, i.o.Store.Stats())
	}
}

func (i *Inspector) clear(w http.ResponseWriter, r *http.Request) {
	var c struct {
		Pinned bool `json:"pinned"`
	}
	if read(w, r, &c) {
		i.o.Store.Clear(c.Pinned)
		answer(w, i.o.Store.Stats())
	}
}
