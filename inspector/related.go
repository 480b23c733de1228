package inspector

import (
	"net/http"
	"net/url"
	"slices"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/exchange"
	"sidenote/sink/store"
)

// What is related to an exchange.
type relatedAnswer struct {
	Redirects  []row `json:"redirects"`  // the chain that it is part of, in order, itself included
	Retries    []row `json:"retries"`    // the same request again, itself included
	Route      []row `json:"route"`      // the latest others of its route
	Connection []row `json:"connection"` // others on its connection to the origin server
	Trace      []row `json:"trace"`      // others of its trace
}

const mostRelated = 50

func (i *Inspector) related(w http.ResponseWriter, r *http.Request) {
	e, ok := i.entry(w, r)
	if !ok {
		return
	}
	var all []store.Entry
	i.o.Store.Each(func(o *store.Entry) bool { all = append(all, *o); return true })
	at := slices.IndexFunc(all, func(o store.Entry) bool { return o.Seq == e.Seq })
	answer(w, relatedAnswer{
		Redirects:  i.rows(redirects(all, at)),
		Retries:    i.rows(alone(like(all, &e, sameRequest), false)),
		Route:      i.rows(others(like(all, &e, sameRoute), &e)),
		Connection: i.rows(others(like(all, &e, sameConnection), &e)),
		Trace:      i.rows(others(like(all, &e, sameTrace), &e)),
	})
}

// like returns the latest entries that are like e, oldest first.
func like(all []store.Entry, e *store.Entry, is func(a, b *store.Entry) bool) (out []store.Entry) {
	for n := len(all) - 1; n >= 0 && len(out) < mostRelated; n-- {
		if all[n].Seq == e.Seq || is(&all[n], e) {
			out = append(out, all[n])
		}
	}
	slices.Reverse(out)
	return out
}

func others(list []store.Entry, e *store.Entry) []store.Entry {
	return slices.DeleteFunc(list, func(o store.Entry) bool { return o.Seq == e.Seq })
}

// alone drops a list of one, which tells nothing.
func alone(list []store.Entry, keep bool) []store.Entry {
	if len(list) == 1 && !keep {
		return nil
	}
	return list
}

func sameRequest(a, b *store.Entry) bool {
	return a.X.Request.Method == b.X.Request.Method && a.X.Authority == b.X.Authority && a.Path == b.Path &&
		a.X.Scheme == b.X.Scheme && string(a.X.Request.Content.Kept) == string(b.X.Request.Content.Kept)
}

func sameRoute(a, b *store.Entry) bool {
	return a.X.Authority == b.X.Authority && annotate.RouteOf(a.X) == annotate.RouteOf(b.X)
}

func sameConnection(a, b *store.Entry) bool {
	return a.X.Origin.Local.IsValid() && a.X.Origin.Local == b.X.Origin.Local && a.X.Origin.Peer == b.X.Origin.Peer && a.X.Run == b.X.Run
}

func sameTrace(a, b *store.Entry) bool {
	t := filter.TraceID(a.X)
	return t != "" && t == filter.TraceID(b.X)
}

// mostHops bounds a chain of redirects, and mostBetween how many other
// exchanges may be between two of its hops.
const (
	mostHops    = 20
	mostBetween = 2000
)

// redirects returns the chain of redirects that an entry is part of.
func redirects(all []store.Entry, at int) (chain []store.Entry) {
	if at < 0 {
		return nil
	}
	first := at
	for range mostHops {
		before := hopBefore(all, first)
		if before < 0 {
			break
		}
		first = before
	}
	chain = append(chain, all[first])
	for here := first; len(chain) < mostHops; {
		next := hopAfter(all, here)
		if next < 0 {
			break
		}
		chain = append(chain, all[next])
		here = next
	}
	return alone(chain, false)
}

func hopBefore(all []store.Entry, at int) int {
	url := all[at].X.URL()
	for n := at - 1; n >= max(0, at-mostBetween); n-- {
		if sameClient(&all[n], &all[at]) && locationOf(all[n].X) == url {
			return n
		}
	}
	return -1
}

func hopAfter(all []store.Entry, at int) int {
	to := locationOf(all[at].X)
	if to == "" {
		return -1
	}
	for n := at + 1; n < min(len(all), at+mostBetween); n++ {
		if sameClient(&all[n], &all[at]) && all[n].X.URL() == to {
			return n
		}
	}
	return -1
}

// sameClient compares hosts and programs, since each hop may have a connection
// of its own.
func sameClient(a, b *store.Entry) bool {
	return a.X.Client.Peer.Addr() == b.X.Client.Peer.Addr() &&
		a.X.Request.Fields.Value(exchange.FieldUserAgent) == b.X.Request.Fields.Value(exchange.FieldUserAgent)
}

// locationOf is where a redirect leads, without its fragment; "" for no redirect.
func locationOf(x *exchange.Exchange) string {
	if x.Response.Status/100 != 3 || !x.Response.Fields.Has(exchange.FieldLocation) {
		return ""
	}
	base, err := url.Parse(x.URL())
	if err != nil {
		return ""
	}
	to, err := base.Parse(x.Response.Fields.Value(exchange.FieldLocation))
	if err != nil {
		return ""
	}
	to.Fragment = ""
	return to.String()
}
