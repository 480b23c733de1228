package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// Where redirects lead, in the order of redirects.byCode.
const (
	sameOrigin = iota
	otherOrigin
	cleartext
	nowhere
	targetCount
)

var targetNames = [targetCount]string{"same-origin", "other-origin", "cleartext", "nowhere"}

// redirects counts responses that send the client on.
type redirects struct {
	byCode map[int][targetCount]prometheus.Counter // never written after it is made
}

func newRedirects(vec *prometheus.CounterVec) *redirects {
	r := &redirects{byCode: make(map[int][targetCount]prometheus.Counter)}
	for _, status := range [...]int{301, 302, 303, 307, 308} {
		var counters [targetCount]prometheus.Counter
		for i, name := range targetNames {
			counters[i] = vec.WithLabelValues(listedCode(status), name)
		}
		r.byCode[status] = counters
	}
	return r
}

func (r *redirects) observe(x *exchange.Exchange) {
	if x.Response.Class() != 3 || x.Response.Made {
		return
	}
	if counters, ok := r.byCode[x.Response.Status]; ok {
		counters[target(x)].Inc()
	}
}

// target finds out where Location leads.
func target(x *exchange.Exchange) int {
	location, err := field.ParseURI(x.Response.Fields.Value(exchange.FieldLocation))
	if err != nil || !x.Response.Fields.Has(exchange.FieldLocation) {
		return nowhere
	}
	from := field.TargetURI(x.Scheme, x.Authority, x.PathQuery())
	to := location.Resolve(from)
	switch {
	case to.SameOrigin(from):
		return sameOrigin
	case field.EqualFold(from.Scheme, "https") && field.EqualFold(to.Scheme, "http"):
		return cleartext
	}
	return otherOrigin
}
