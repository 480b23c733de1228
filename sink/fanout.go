package sink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A Sink takes annotated exchanges, one at a time and in the order they ended.
// It must not change them, and may keep them.
type Sink interface {
	Write(*annotate.Annotated) error
	// Close writes what is held back and frees the sink. Nothing is written
	// after it.
	Close() error
}

// A Flusher is a sink that holds records back for a moment. Flush is called
// whenever its queue is empty.
type Flusher interface {
	Flush() error
}

// A Sender is a sink that sends records on after Write has taken them. Lost
// counts those that it gave up then.
type Sender interface {
	Lost() uint64
}

// The usual bounds of a queue.
const (
	DefaultQueued = 4096
	DefaultBytes  = 16 << 20
)

// A Lane is a sink with its queue.
type Lane struct {
	Name string // as messages and metrics have it: "console", "log", "save"
	Sink Sink
	// Lossy lanes drop an exchange when the queue is full. The others make
	// Put wait, so nothing is lost.
	Lossy bool
	// Direct lanes have no queue: Put calls Write itself, which must never
	// wait. That saves waking a goroutine for each exchange.
	Direct bool
	// Content says that the sink shows or stores content of every exchange,
	// so that secrets have to be looked for in it.
	Content bool
	// Fix is what to do when writing fails, for the program's log.
	Fix string

	Queued int   // most exchanges waiting; DefaultQueued when 0
	Bytes  int64 // most octets of kept content waiting; DefaultBytes when 0
}

// LaneStats are the counters of one lane since the start.
type LaneStats struct {
	Name    string
	Queued  int    // waiting now
	Limit   int    // most that can wait
	Dropped uint64 // because the queue was full or closed
	Failed  uint64 // because the sink could not write
}

// A Fanout hands every exchange to every sink. Its methods are safe for
// concurrent use.
type Fanout struct {
	content bool // some lane wants content
	lanes   []*lane
}

// NewFanout starts a goroutine for each lane. Failing sinks are reported to log,
// once each.
func NewFanout(log zerolog.Logger, lanes ...Lane) *Fanout {
	f := &Fanout{}
	for _, l := range lanes {
		f.content = f.content || l.Content
		f.lanes = append(f.lanes, startLane(l, log))
	}
	return f
}

// Put hands an exchange that has ended to all sinks. It waits while the queue
// of a lane that must not lose anything is full.
func (f *Fanout) Put(a *annotate.Annotated) {
	if len(f.lanes) == 0 {
		return
	}
	it := item{a: a, size: keptBytes(a.X)}
	for _, l := range f.lanes {
		l.put(it)
	}
}

// Write is Put. It never fails: what a lane cannot write is counted and logged.
func (f *Fanout) Write(a *annotate.Annotated) error {
	f.Put(a)
	return nil
}

// ShowsContent reports whether some lane shows or stores content of every
// exchange.
func (f *Fanout) ShowsContent() bool { return f.content }

// Stats returns the counters of each lane, in the order given to NewFanout.
func (f *Fanout) Stats() []LaneStats {
	out := make([]LaneStats, len(f.lanes))
	for i, l := range f.lanes {
		out[i] = l.stats()
	}
	return out
}

// Drain stops taking exchanges, empties every queue and closes the sinks. If
// ctx ends first, it drops and counts what still waits, and the error says how
// much; it does not wait for a sink that hangs. It logs what a lossy lane lost,
// which is not an error. Call it once.
func (f *Fanout) Drain(ctx context.Context) error {
	for _, l := range f.lanes {
		l.stop()
	}
	var errs []error
	for _, l := range f.lanes {
		err := l.wait(ctx)
		if err != nil && l.Lossy {
			l.log.Warn().Msg(err.Error())
			continue
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// keptBytes is how much content an exchange holds in memory.
func keptBytes(x *exchange.Exchange) int64 {
	n := len(x.Request.Content.Kept) + len(x.Response.Content.Kept)
	for i := range x.Interim {
		n += len(x.Interim[i].Content.Kept)
	}
	return int64(n) + x.Messages.Memory()
}

// An item is an exchange, or a message of a stream.
type item struct {
	a    *annotate.Annotated
	m    *Message // nil for an exchange
	size int64
}

// lane runs one sink. Producers append to queue; the goroutine takes the whole
// queue at once, so both hold the lock only for moments. Between two batches it
// rests: under load it is woken for many exchanges at a time and not for each,
// and what its sink flushes is one write.
type lane struct {
	Lane
	log  zerolog.Logger
	wake chan struct{} // holds one: the goroutine is to look at the queue at once

	mu      sync.Mutex
	room    sync.Cond // count, bytes or stopped have changed, for producers
	queue   []item
	count   int   // waiting or being written
	bytes   int64 // kept content of these
	resting bool  // the goroutine looks at the queue by itself in a moment
	stopped bool  // no more are taken
	cut     bool  // what waits is not to be written any more

	dropped, failed atomic.Uint64
	pending         uint64 // written since the last flush; the goroutine's own
	reported        bool   // the goroutine's own; of a direct lane, guarded by mu
	closeErr        error  // set before done is closed
	done            chan struct{}
}

func startLane(l Lane, log zerolog.Logger) *lane {
	if l.Queued <= 0 {
		l.Queued = DefaultQueued
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	q := &lane{Lane: l, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	q.room.L = &q.mu
	go q.run()
	return q
}

// full reports whether one more exchange of that size has no room. One alone
// always has.
func (l *lane) full(size int64) bool {
	return l.count >= l.Queued || l.count > 0 && l.bytes+size > l.Bytes
}

func (l *lane) put(it item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Direct && !l.stopped {
		if err := l.send(it); err != nil {
			l.failed.Add(1)
			l.report(err)
		}
		return
	}
	for !l.Lossy && !l.stopped && l.full(it.size) {
		l.room.Wait()
	}
	if l.stopped || l.full(it.size) {
		l.dropped.Add(1)
		return
	}
	l.queue = append(l.queue, it)
	l.count++
	l.bytes += it.size
	if len(l.queue) == 1 && !l.resting || l.crowded() {
		l.hurry()
	}
}

// crowded reports whether so much waits that the goroutine must not rest.
func (l *lane) crowded() bool { return l.count >= (l.Queued+1)/2 || l.bytes >= l.Bytes/2 }

// hurry has the goroutine look at the queue at once.
func (l *lane) hurry() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// restFor is how long the goroutine rests after a batch. The exchange that comes
// to an idle lane is written at once.
const restFor = 2 * time.Millisecond

// rest waits until restFor is over, or there is a reason to hurry.
func (l *lane) rest(timer *time.Timer) {
	l.mu.Lock()
	l.resting = !l.stopped && !l.crowded()
	resting := l.resting
	select {
	case <-l.wake: // for what has been taken meanwhile
	default:
	}
	l.mu.Unlock()
	if !resting {
		return
	}
	timer.Reset(restFor)
	select {
	case <-timer.C:
	case <-l.wake:
	}
	l.mu.Lock()
	l.resting = false
	l.mu.Unlock()
}

// take waits for exchanges and returns them all; none when the lane has ended.
// It lends the goroutine's last batch to the queue as room.
func (l *lane) take(last []item) []item {
	clear(last)
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == 0 && !l.stopped {
		l.mu.Unlock()
		<-l.wake
		l.mu.Lock()
	}
	if l.cut {
		l.drop(len(l.queue))
		l.queue = nil
	}
	batch := l.queue
	l.queue = last[:0]
	return batch
}

func (l *lane) drop(n int) {
	l.dropped.Add(uint64(n))
	l.count -= n
}

func (l *lane) run() {
	defer close(l.done)
	timer := time.NewTimer(restFor)
	defer timer.Stop()
	var batch []item
	for {
		batch = l.take(batch)
		if len(batch) == 0 {
			break
		}
		for i := range batch {
			l.write(batch[i])
		}
		l.flush()
		l.rest(timer)
	}
	l.closeErr = l.Sink.Close()
	l.settle(l.closeErr)
}

func (l *lane) write(it item) {
	l.mu.Lock()
	cut := l.cut
	l.count--
	l.bytes -= it.size
	l.room.Broadcast()
	l.mu.Unlock()
	if cut {
		l.dropped.Add(1)
		return
	}
	if err := l.send(it); err != nil {
		l.failed.Add(1)
		l.report(err)
		return
	}
	l.pending++
}

// send hands an item to the sink.
func (l *lane) send(it item) error {
	if it.m == nil {
		return l.Sink.Write(it.a)
	}
	return l.Sink.(MessageSink).WriteMessage(it.m)
}

func (l *lane) flush() {
	if f, ok := l.Sink.(Flusher); ok {
		l.settle(f.Flush())
		return
	}
	l.pending = 0
}

// settle counts what was written since the last flush as lost when err says so.
func (l *lane) settle(err error) {
	if err != nil {
		l.failed.Add(l.pending)
		l.report(err)
	}
	l.pending = 0
}

func (l *lane) report(err error) {
	if l.reported {
		return
	}
	l.reported = true
	l.log.Error().Err(err).Str("sink", l.Name).Str("help", l.Fix).
		Msgf("cannot write to the %s: records are lost until it works again; traffic continues", l.Name)
}

func (l *lane) stop() {
	l.mu.Lock()
	l.stopped = true
	l.room.Broadcast()
	l.mu.Unlock()
	l.hurry()
}

func (l *lane) wait(ctx context.Context) error {
	select {
	case <-l.done:
	case <-ctx.Done():
		if err := l.abandon(ctx); err != nil {
			return err
		}
	}
	if failed := l.lost(); failed > 0 {
		return fmt.Errorf("%s: lost %d records, because writing failed", l.Name, failed)
	}
	if l.closeErr != nil {
		return fmt.Errorf("%s: %w", l.Name, l.closeErr)
	}
	return nil
}

// abandon drops what still waits. The goroutine may be stuck in the sink, so
// it is not waited for.
func (l *lane) abandon(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done:
		return nil
	default:
	}
	l.cut = true
	waiting := l.count
	return fmt.Errorf("%s: %d records were not written in time: %w", l.Name, waiting, context.Cause(ctx))
}

func (l *lane) stats() LaneStats {
	l.mu.Lock()
	queued := l.count
	l.mu.Unlock()
	return LaneStats{Name: l.Name, Queued: queued, Limit: l.Queued, Dropped: l.dropped.Load(), Failed: l.lost()}
}

// lost counts what the sink could not write, then or later.
func (l *lane) lost() uint64 {
	n := l.failed.Load()
	if s, ok := l.Sink.(Sender); ok {
		n += s.Lost()
	}
	return n
}
