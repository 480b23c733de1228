package otlp

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/exchange"
)

// Options are what an Exporter is made of.
type Options struct {
	Targets  Targets
	Resource []Attribute // of the process, service.name among them
	Tracer   Tracer      // as the proxy has it
	Log      zerolog.Logger
	Where    string // the collector, as messages name it
}

// An Attribute describes the process that records come from.
type Attribute struct{ Key, Value string }

// The bounds of what waits to be sent.
const (
	batchExchanges = 512
	batchBytes     = 512 << 10
	queuedBytes    = 4 << 20 // encoded records in all
	batchDelay     = time.Second
)

// How long to try again: between tries, and in all for one batch.
const (
	firstBackoff = time.Second
	mostBackoff  = 30 * time.Second
	retryFor     = time.Minute
	mostWait     = 5 * time.Minute // that a collector may ask for
)

// closeFor is how long Close lets the last records be sent.
const closeFor = 5 * time.Second

// Counts are the counters of one signal since the start, in records.
type Counts struct {
	Sent     uint64 // taken by the collector
	Dropped  uint64 // no room to wait
	Failed   uint64 // not taken, and given up
	Rejected uint64 // refused by the collector, of a request that it took
	Retries  uint64 // requests that were sent again
}

type counters struct{ sent, dropped, failed, rejected, retries atomic.Uint64 }

func (c *counters) read() Counts {
	return Counts{c.sent.Load(), c.dropped.Load(), c.failed.Load(), c.rejected.Load(), c.retries.Load()}
}

// An Exporter is the sink that sends exchanges to a collector. Write only
// encodes them; a goroutine sends.
type Exporter struct {
	options  Options
	signals  [2]*exporting // traces and logs; nil for one that is not sent
	pace     pace
	overload atomic.Uint64 // exchanges that found no room, and
	lost     atomic.Uint64 // those of batches that were given up
	warned   atomic.Bool

	mu      sync.Mutex // guards what follows
	current *batch
	queue   []*batch
	queued  int    // octets in queue
	spare   *batch // one that is sent, whose memory the next can have; nil when there is none

	begun  chan struct{} // a record waits
	full   chan struct{} // a batch is ready to be sent at once
	stop   chan struct{}
	ctx    context.Context // of all sending
	cancel context.CancelFunc
	done   chan struct{}
}

// exporting is one signal on its way.
type exporting struct {
	signal
	sender  sender
	head    []byte // the resource
	timeout time.Duration
	counts  counters
}

// pace is how patient an exporter is; tests are less so.
type pace struct{ delay, backoff, most, retryFor, closeFor time.Duration }

// New starts an exporter. Nothing is sent until there is something to send.
func New(o Options) *Exporter {
	return newExporter(o, pace{batchDelay, firstBackoff, mostBackoff, retryFor, closeFor})
}

func newExporter(o Options, p pace) *Exporter {
	e := &Exporter{
		options: o, pace: p, current: new(batch),
		begun: make(chan struct{}, 1), full: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	e.options.Tracer.Spans = true
	for i, t := range [...]*Target{o.Targets.Traces, o.Targets.Logs} {
		if t != nil {
			s := [...]signal{traces, logs}[i]
			e.signals[i] = &exporting{signal: s, sender: newSender(t, s), head: resource(o.Resource), timeout: t.Timeout}
		}
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	go e.run()
	return e
}

// A batch is what is sent in one request of each signal.
type batch struct {
	records   [2]encoder
	counts    [2]int
	exchanges int
}

func (b *batch) len() int { return len(b.records[0].b) + len(b.records[1].b) }

// The fields of Export…ServiceRequest, Resource… and Scope…, which are the same
// for both signals.
const (
	requestResource = 1
	resourceSelf    = 1
	resourceScope   = 2
	scopeSelf       = 1
	scopeRecords    = 2
	scopeName       = 1
)

// resource encodes what describes the process, as a field of Resource….
func resource(list []Attribute) []byte {
	var e encoder
	at := e.open(resourceSelf)
	for _, a := range list {
		attributes{&e, 1}.text(a.Key, a.Value)
	}
	e.close(at)
	return e.b
}

// Write encodes an exchange and its notes. It never waits: if there is no room,
// it drops and counts them.
func (e *Exporter) Write(a *annotate.Annotated) error {
	if a.Late {
		return nil // the span has been sent
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.queued >= queuedBytes {
		e.drop(a)
		return nil
	}
	b := e.current
	e.encode(b, a)
	b.exchanges++
	if b.exchanges == 1 {
		wake(e.begun)
	}
	if b.exchanges >= batchExchanges || b.len() >= batchBytes {
		e.queue = append(e.queue, b)
		e.queued += b.len()
		e.begin()
		wake(e.full)
	}
	return nil
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// drop counts what is not even encoded.
func (e *Exporter) drop(a *annotate.Annotated) {
	e.overload.Add(1)
	if s := e.signals[0]; s != nil {
		s.counts.dropped.Add(2)
	}
	if s := e.signals[1]; s != nil {
		s.counts.dropped.Add(uint64(len(a.Notes)))
	}
	e.warn("the collector %s is too slow: records that find no room to wait are dropped, and counted in the metrics; traffic goes on", e.options.Where)
}

// encode adds the records of an exchange to a batch. A trace that its starter
// does not record gets no spans, as the SDKs have it; its notes are logged.
func (e *Exporter) encode(b *batch, a *annotate.Annotated) {
	t := a.X.Trace
	if t.Span == (exchange.SpanID{}) { // it was not sent on
		t = e.options.Tracer.read(a.X)
		name(&t)
	}
	if e.signals[0] != nil && t.Sampled {
		b.addSpans(a, &t)
	}
	if e.signals[1] != nil && len(a.Notes) > 0 {
		b.addNotes(a, &t)
	}
}

// The functions below write into an encoder of their own, which is not on the
// heap: the collector of garbage would want to know of every change to that.

func (b *batch) addSpans(a *annotate.Annotated, t *exchange.Trace) {
	r := b.records[0]
	at := r.openSpan(scopeRecords)
	serverSpan(&r, a, t)
	r.closeSpan(at)
	b.counts[0]++
	if a.X.Trace.Sent != (exchange.SpanID{}) {
		at = r.openSpan(scopeRecords)
		clientSpan(&r, a.X, t)
		r.closeSpan(at)
		b.counts[0]++
	}
	b.records[0] = r
}

func (b *batch) addNotes(a *annotate.Annotated, t *exchange.Trace) {
	r := b.records[1]
	for i := range a.Notes {
		at := r.open(scopeRecords)
		logRecord(&r, a.X, &a.Notes[i], t)
		r.close(at)
		b.counts[1]++
	}
	b.records[1] = r
}

// Stats returns the counters of spans and of log records.
func (e *Exporter) Stats() (spans, records Counts) {
	if s := e.signals[0]; s != nil {
		spans = s.counts.read()
	}
	if s := e.signals[1]; s != nil {
		records = s.counts.read()
	}
	return spans, records
}

// Lost counts exchanges of which something was given up after Write.
func (e *Exporter) Lost() uint64 { return e.overload.Load() + e.lost.Load() }

// Close sends what waits, for at most a few seconds. Nothing is written after it.
func (e *Exporter) Close() error {
	close(e.stop)
	t := time.AfterFunc(e.pace.closeFor, e.cancel)
	defer t.Stop()
	<-e.done
	for _, s := range e.signals {
		if s != nil {
			s.sender.close()
		}
	}
	return nil
}

// run sends batches when they are full, or some time after their first record.
func (e *Exporter) run() {
	defer close(e.done)
	for stopping := false; ; {
		select {
		case <-e.begun:
		case <-e.stop:
			stopping = true
		}
		if !stopping {
			stopping = e.gather()
		}
		for b := e.take(); b != nil; b = e.take() {
			e.send(b)
		}
		if stopping {
			return
		}
	}
}

// gather lets records come together.
func (e *Exporter) gather() (stopping bool) {
	t := time.NewTimer(e.pace.delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-e.full:
	case <-e.stop:
		return true
	}
	return false
}

// take returns the oldest batch, nil when there is none.
func (e *Exporter) take() *batch {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) > 0 {
		b := e.queue[0]
		e.queue = e.queue[1:]
		e.queued -= b.len()
		return b
	}
	if e.current.exchanges == 0 {
		return nil
	}
	b := e.current
	e.begin()
	return b
}

// begin makes a new batch the current one. The caller holds the lock.
func (e *Exporter) begin() {
	if e.current, e.spare = e.spare, nil; e.current == nil {
		e.current = new(batch)
	}
}

// reuse keeps the memory of a batch that is sent. Memory that is new each time
// would cost more than to write the records into it.
func (e *Exporter) reuse(b *batch) {
	for i := range b.records {
		b.records[i].b = b.records[i].b[:0]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spare = &batch{records: b.records}
}

// send sends both signals of a batch.
func (e *Exporter) send(b *batch) {
	lost, inUse := false, false
	for i, s := range e.signals {
		if s == nil || b.counts[i] == 0 {
			continue
		}
		m := s.message(b.records[i].b)
		lost = !e.sendRecords(s, m, b.counts[i]) || lost
		inUse = inUse || m.open.Load() > 0
	}
	if lost {
		e.lost.Add(uint64(b.exchanges))
	}
	if !inUse {
		e.reuse(b)
	}
}

// sendRecords sends records until they are taken, or it makes no sense any
// more. It reports whether they were taken.
func (e *Exporter) sendRecords(s *exporting, m *message, count int) bool {
	giveUp := time.Now().Add(e.pace.retryFor)
	for backoff := e.pace.backoff; ; backoff = min(2*backoff, e.pace.most) {
		a, err := e.try(s, m)
		if err == nil {
			s.took(count, a.rejected)
			if a.rejected > 0 {
				e.warn("the collector %s refuses %d %s%s; they are lost, and counted in the metrics", e.options.Where, a.rejected, s.name, quoted(a.reason, nil))
			}
			return a.rejected == 0
		}
		if !e.again(err, backoff, giveUp) {
			s.counts.failed.Add(uint64(count))
			return false
		}
		s.counts.retries.Add(1)
	}
}

func (s *exporting) took(count int, rejected int64) {
	n := uint64(min(max(rejected, 0), int64(count)))
	s.counts.rejected.Add(n)
	s.counts.sent.Add(uint64(count) - n)
}

// message puts the head of an export request before records.
func (s *exporting) message(records []byte) *message {
	scope := encoder{}
	at := scope.open(scopeSelf)
	scope.text(scopeName, "sidenote")
	scope.close(at)
	inner := encoder{b: append([]byte(nil), s.head...)}
	inner.long(resourceScope, len(scope.b)+len(records))
	inner.b = append(inner.b, scope.b...)
	head := encoder{}
	head.long(requestResource, len(inner.b)+len(records))
	return &message{head: append(head.b, inner.b...), records: records}
}

// try sends a request once.
func (e *Exporter) try(s *exporting, m *message) (answer, error) {
	ctx, cancel := context.WithTimeout(e.ctx, s.timeout)
	defer cancel()
	return s.sender.send(ctx, m)
}

// again waits before a request is sent once more. It reports false when that
// makes no sense, or there is no time for it. Once the exporter stops, what
// waits is sent once more, and given up if that fails.
func (e *Exporter) again(err error, backoff time.Duration, giveUp time.Time) bool {
	failed, _ := errors.AsType[*sendError](err)
	if failed == nil || !failed.retry {
		e.warn("the collector %s takes no records: %v; they are lost, and counted in the metrics; traffic goes on", e.options.Where, err)
		return false
	}
	e.warn("cannot send to the collector %s: %v; what it does not take within %s is lost, and counted in the metrics; traffic goes on", e.options.Where, err, e.pace.retryFor)
	if e.stopping() {
		return false
	}
	wait, asked := backoff+time.Duration(rand.Int64N(int64(backoff)/4+1)), failed.wait > 0 // not all at once when it comes back
	if asked {
		wait = min(failed.wait, mostWait)
	}
	inTime := time.Now().Add(wait).Before(giveUp)
	if !inTime && !asked {
		return false
	}
	e.sleep(wait) // what the collector asks for holds for the next batch too
	return inTime
}

func (e *Exporter) stopping() bool {
	select {
	case <-e.stop:
		return true
	default:
		return false
	}
}

// sleep waits, and no longer once there is an end to come.
func (e *Exporter) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-e.stop:
	}
}

// warn says once that records are lost. The counters tell the rest.
func (e *Exporter) warn(format string, args ...any) {
	if e.warned.CompareAndSwap(false, true) {
		e.options.Log.Warn().Msgf(format, args...)
	}
}
