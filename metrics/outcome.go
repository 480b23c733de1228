package metrics

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"sidenote/annotate"
	"sidenote/exchange"
)

// The methods with a label of their own: those of RFC 9110 §9 and the others
// that are in wide use. The last is for all the rest.
var methods = [...]string{
	"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
	"PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", other,
}

// Methods lists the methods that have a label of their own, and "other".
func Methods() []string { return slices.Clone(methods[:]) }

func methodIndex(method string) int {
	for i, m := range methods[:len(methods)-1] {
		if m == method {
			return i
		}
	}
	return len(methods) - 1
}

// Codes 100 to 599 can have a label of their own. Index 0 is for no response
// and index 1 for any code outside.
const (
	statusNone  = 0
	statusOther = 1
	statusCount = 600
)

func statusIndex(status int) int {
	switch {
	case status == 0:
		return statusNone
	case status < 100 || status >= statusCount:
		return statusOther
	}
	return status
}

// mostUnlisted is how many codes that the registry of status codes lacks get a
// label of their own, in the order they come; the rest are "other".
const mostUnlisted = 16

// outcomes finds the counter for a response without building label values.
type outcomes struct {
	vec    *prometheus.CounterVec
	byCode [3][statusCount]atomic.Pointer[outcome] // whether sidenote made it, statusIndex

	mu       sync.Mutex
	unlisted [statusCount]bool // which have a label of their own
	count    int               // of these
}

// An outcome is a class and code; its counters are those of each method.
type outcome struct {
	class, code string
	byMethod    [len(methods)]atomic.Pointer[child]
}

// child is a counter in a pointer's reach.
type child struct{ prometheus.Counter }

func newOutcomes(vec *prometheus.CounterVec) *outcomes { return &outcomes{vec: vec} }

func (o *outcomes) of(x *exchange.Exchange) prometheus.Counter {
	r, method, made := &x.Response, x.Request.Method, 0
	switch {
	case r.Made && x.Err != nil:
		made = 2 // a tunnel that failed once it was open has a class of its own
	case r.Made:
		made = 1
	}
	slot := &o.byCode[made][statusIndex(r.Status)]
	found := slot.Load()
	if found == nil {
		found = &outcome{class: annotate.ClassOf(x), code: o.label(r.Status)}
		if !slot.CompareAndSwap(nil, found) {
			found = slot.Load()
		}
	}
	i := methodIndex(method)
	if c := found.byMethod[i].Load(); c != nil {
		return c.Counter
	}
	c := o.vec.WithLabelValues(found.class, found.code, methods[i])
	found.byMethod[i].Store(&child{c})
	return c
}

// label names a code, and keeps the number of names bounded.
func (o *outcomes) label(status int) string {
	switch statusIndex(status) {
	case statusNone:
		return "none"
	case statusOther:
		return other
	}
	if _, known := annotate.LookupStatus(status); known {
		return strconv.Itoa(status)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.unlisted[status] {
		if o.count == mostUnlisted {
			return other
		}
		o.unlisted[status] = true
		o.count++
	}
	return strconv.Itoa(status)
}

// codeCounters has a counter for each code of the registry of status codes, and
// one for the rest.
type codeCounters struct {
	vec  *prometheus.CounterVec
	byID [statusCount]atomic.Pointer[child]
}

func newCodeCounters(vec *prometheus.CounterVec) *codeCounters { return &codeCounters{vec: vec} }

func (c *codeCounters) of(status int) prometheus.Counter {
	slot := &c.byID[statusIndex(status)]
	if found := slot.Load(); found != nil {
		return found.Counter
	}
	made := c.vec.WithLabelValues(listedCode(status))
	slot.Store(&child{made})
	return made
}

// listedCode is the label of a code that the registry has, else "other".
func listedCode(status int) string {
	if _, known := annotate.LookupStatus(status); known {
		return strconv.Itoa(status)
	}
	return other
}

// failureCounters has a counter for each error code, and one for codes that
// are not ours.
type failureCounters struct {
	byCode map[exchange.ErrCode]prometheus.Counter // never written after it is made
	rest   prometheus.Counter
}

// newFailureCounters makes all at zero, so that the first failure is seen as a
// rise.
func newFailureCounters(vec *prometheus.CounterVec) *failureCounters {
	f := &failureCounters{byCode: make(map[exchange.ErrCode]prometheus.Counter)}
	for _, known := range exchange.Failures() {
		f.byCode[known.Code] = vec.WithLabelValues(string(known.Code), known.Who)
	}
	f.rest = vec.WithLabelValues(other, string(annotate.ByProxy))
	return f
}

func (f *failureCounters) of(code exchange.ErrCode) prometheus.Counter {
	if c, ok := f.byCode[code]; ok {
		return c
	}
	return f.rest
}
