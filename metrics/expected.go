package metrics

import (
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"sidenote/annotate"
	"sidenote/exchange"
)

// expectations counts whether responses have the fields that their status calls
// for. Which ones these are is in the registry of status codes.
type expectations struct {
	vec    *prometheus.CounterVec
	byCode [statusCount]atomic.Pointer[[]expectation]
}

// An expectation is one field that a status calls for.
type expectation struct {
	field            exchange.Name
	present, missing prometheus.Counter
}

func newExpectations(vec *prometheus.CounterVec) *expectations { return &expectations{vec: vec} }

// observe counts a response of someone else's; sidenote's own are not news.
func (e *expectations) observe(r *exchange.Response) {
	if r.Made || r.Status < 100 || r.Status >= statusCount {
		return
	}
	for _, want := range e.of(r.Status) {
		switch {
		case r.Fields.Has(want.field):
			want.present.Inc()
		case r.Version < exchange.HTTP2 || !ofConnections(want.field):
			want.missing.Inc()
		}
	}
}

// ofConnections reports whether a field is about an HTTP/1.1 connection, and so
// may not be sent in later versions (RFC 9113 §8.2.2).
func ofConnections(n exchange.Name) bool {
	return n == exchange.FieldConnection || n == exchange.FieldUpgrade
}

// of makes both counters of each field when a code is first seen, so that a
// share can be worked out though one of them is 0.
func (e *expectations) of(status int) []expectation {
	slot := &e.byCode[status]
	if known := slot.Load(); known != nil {
		return *known
	}
	s, _ := annotate.LookupStatus(status)
	code, list := strconv.Itoa(status), make([]expectation, len(s.Expects))
	for i, field := range s.Expects {
		list[i] = expectation{field,
			e.vec.WithLabelValues(code, field.String(), "present"),
			e.vec.WithLabelValues(code, field.String(), "missing")}
	}
	slot.Store(&list)
	return list
}
