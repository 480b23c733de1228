package inspector

import (
	"context"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/exchange"
	"sidenote/sink/store"
)

// Options are what an Inspector works with.
type Options struct {
	Store   *store.Store
	Redact  *exchange.Redactor // nil shows secrets
	Version string             // of the program
	Run     string             // ID of this run
	Page    fs.FS              // the built page, with index.html at its top
	Setup   Setup              // how to connect clients
	Rules   []*annotate.Rule

	// Judge makes the notes of an exchange that was read from a file.
	Judge func(*exchange.Exchange) *annotate.Annotated
	// Explain returns what is known of a status code, a field, a rule or an error
	// code, as a value for JSON.
	Explain func(thing string) (any, error)
	// Send sends a request through the proxy, so that it is recorded as any
	// other, and returns how to tell its exchange from others; nil when nothing
	// can be sent.
	Send func(*http.Request) (resp *http.Response, is func(*exchange.Exchange) bool, err error)
}

// A Setup says how clients are connected.
type Setup struct {
	Proxy       string `json:"proxy"`       // URL of the proxy
	CAFile      string `json:"caFile"`      // path of the CA's certificate
	Env         string `json:"env"`         // command that prints the variables
	Fingerprint string `json:"fingerprint"` // SHA-256 of the CA's certificate
	ShowSecrets bool   `json:"showSecrets"`
}

// An Inspector serves the page and its API. It is safe for concurrent use.
type Inspector struct {
	o     Options
	all   *filter.Filter
	rules map[string]*annotate.Rule
	// agents caches the user agents of rows for filters, because looking one up
	// takes longer than everything else of a row.
	agents func(*filter.Row, func(string))
	ctx    context.Context
	stop   context.CancelFunc
}

// New makes an inspector. Close ends its streams.
func New(o Options) *Inspector {
	all, _ := filter.Parse("") // which has no fault
	i := &Inspector{o: o, all: all, agents: filter.EachFacet("agent"), rules: make(map[string]*annotate.Rule, len(o.Rules))}
	for _, r := range o.Rules {
		i.rules[r.ID] = r
	}
	i.ctx, i.stop = context.WithCancel(context.Background())
	return i
}

// Close ends all streams of events, so that the server can stop.
func (i *Inspector) Close() { i.stop() }

// Handler serves the API under /api/v1/ and the page under everything else. It
// lets everybody in: who may is decided in front of it.
func (i *Inspector) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, serve := range i.routes() {
		mux.Handle(pattern, bounded(serve))
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path, "see /api/v1/openapi.yaml")
	})
	mux.Handle("/", i.page())
	return mux
}

// routes lists the API.
func (i *Inspector) routes() map[string]http.HandlerFunc {
	routes := map[string]http.HandlerFunc{
		"GET /api/v1/exchanges":                      i.list,
		"GET /api/v1/exchanges/{seq}":                i.one,
		"PATCH /api/v1/exchanges/{seq}":              i.change,
		"GET /api/v1/exchanges/{seq}/{side}/content": i.content,
		"GET /api/v1/exchanges/{seq}/place":          i.spotOf,
		"GET /api/v1/exchanges/{seq}/related":        i.related,
		"GET /api/v1/exchanges/{seq}/copy":           i.copyAs,
		"POST /api/v1/exchanges/{seq}/resend":        i.resend,
		"GET /api/v1/ids/{id}":                       i.named,
		"GET /api/v1/running":                        i.running,
		"GET /api/v1/overview":                       i.overview,
		"GET /api/v1/groups":                         i.groups,
		"GET /api/v1/complete":                       i.complete,
		"GET /api/v1/explain":                        i.explain,
		"GET /api/v1/setup":                          i.setup,
		"GET /api/v1/export":                         i.export,
		"POST /api/v1/import":                        i.importFile,
		"POST /api/v1/pause":                         i.pause,
		"POST /api/v1/clear":                         i.clear,
		"GET /api/v1/events":                         i.events,
		"GET /api/v1/openapi.yaml":                   i.description,
	}
	i.messageRoutes(routes)
	return routes
}

// mostRequestContent bounds what a request of the page may carry, except for an
// import.
const mostRequestContent = 16 << 20

// bounded keeps the API's own requests small and its answers out of caches.
func bounded(serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.URL.Path != "/api/v1/import" {
			r.Body = http.MaxBytesReader(w, r.Body, mostRequestContent)
		}
		serve(w, r)
	})
}

// within is how long the list of a new filter may take before it returns what it has.
const within = 20 * time.Millisecond

// entry finds the entry that a request names, or answers why there is none.
func (i *Inspector) entry(w http.ResponseWriter, r *http.Request) (store.Entry, bool) {
	seq, ok := number(r.PathValue("seq"))
	if !ok {
		problem(w, http.StatusNotFound, "an exchange is named by its number", "take seq from the list")
		return store.Entry{}, false
	}
	e, ok, known := i.o.Store.Get(seq)
	switch {
	case ok:
		return e, true
	case known:
		problem(w, http.StatusGone, "this exchange had to make room for later ones, or was cleared",
			"pin what is to stay, or give the store more with --store-bytes")
	default:
		problem(w, http.StatusNotFound, "there is no exchange with this number", "the latest is number "+strconv.FormatUint(i.o.Store.Stats().Last, 10))
	}
	return e, false
}
