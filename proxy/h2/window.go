package h2

import (
	"sync"
	"time"
)

// A Stall says how long a window of a peer's was closed while a message was under
// way that needs it. Nothing is kept back here: the sender knows the window, and
// waits.
type Stall struct {
	Holder     Peer          // who has to open the window: Client for responses, Origin for requests
	Connection bool          // it is the window of the whole connection, not that of the stream
	Since      time.Time     // when it was closed first
	Total      time.Duration // in all
	Times      int
	Open       bool // it is closed still
}

// closings are the times in which a window was closed. Whoever has it holds its lock.
type closings struct {
	since time.Time     // when it closed; zero while it is open
	total time.Duration // of the times that are over
	times int
	next  *time.Time // where to put the time of the next closing; nil where no one asked
}

// set notes that the window is closed or open. The clock is asked only when that
// changes.
func (c *closings) set(closed bool) {
	if closed == !c.since.IsZero() {
		return
	}
	now := time.Now()
	if !closed {
		c.total += now.Sub(c.since)
		c.since = time.Time{}
		return
	}
	c.since = now
	c.times++
	if c.next != nil {
		*c.next, c.next = now, nil
	}
}

// A mark is what closings were at a time.
type mark struct {
	total time.Duration
	times int
	first *time.Time // of the first closing after it
}

// mark returns what the closings are now. Those who ask between two closings share
// the place where the time of the next will be.
func (c *closings) mark() mark {
	m := mark{total: c.total, times: c.times}
	if !c.since.IsZero() {
		now := time.Now()
		m.total += now.Sub(c.since)
		m.times--
		m.first = &now
		return m
	}
	if c.next == nil {
		c.next = new(time.Time)
	}
	m.first = c.next
	return m
}

// after returns what came since m; ok is false where that is nothing.
func (c *closings) after(m mark) (s Stall, ok bool) {
	if m.first == nil || c.times == m.times {
		return Stall{}, false
	}
	s = Stall{Since: *m.first, Total: c.total - m.total, Times: c.times - m.times, Open: !c.since.IsZero()}
	if s.Open {
		s.Total += time.Since(c.since)
	}
	return s, s.Total > 0
}

// A shared window is that of a connection, seen from one of its streams.
type shared interface {
	now() mark
	stalledAfter(mark) (Stall, bool)
}

// A window is how many octets a peer takes, of a stream or of the connection.
type window struct {
	mu      sync.Mutex // guards what follows
	left    int64
	watched bool // there is content to come, so being closed is a stall
	closings

	// of the window of a stream
	begun      mark   // when watching began
	connection shared // nil when there is nothing to watch
	connBegun  mark
	connStall  Stall // how long it was closed while watching, once that has ended
}

func (w *window) add(n int64) (left int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left += n
	w.set(w.watched && w.left <= 0)
	return w.left
}

// room is how many octets it has left.
func (w *window) room() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left
}

// now marks what its closings are.
func (w *window) now() mark {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mark()
}

func (w *window) stalledAfter(m mark) (Stall, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.after(m)
}

// watch begins to count, of the connection's window too.
func (w *window) watch(connection shared) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun, w.watched = w.mark(), true
	w.connection, w.connBegun = connection, connection.now()
	w.set(w.left <= 0)
}

// rest ends the counting: all content has come.
func (w *window) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watched = false
	w.set(false)
	if w.connection != nil {
		w.connStall, _ = w.connection.stalledAfter(w.connBegun)
		w.connStall.Open = false
		w.connection = nil
	}
}

// stalls appends what was counted.
func (w *window) stalls(all []Stall, holder Peer) []Stall {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, ok := w.after(w.begun); ok {
		s.Holder = holder
		all = append(all, s)
	}
	s := w.connStall
	if w.connection != nil {
		s, _ = w.connection.stalledAfter(w.connBegun)
	}
	if s.Total > 0 {
		s.Holder, s.Connection = holder, true
		all = append(all, s)
	}
	return all
}

// Stalls returns which windows were closed while the messages of the stream were
// under way, and for how long.
func (s *Stream) Stalls() []Stall { return s.toOrigin.stalls(s.toClient.stalls(nil, Client), Origin) }

// A clientWindow is how much the client allows on the whole connection. The origin
// server knows of it by the WINDOW_UPDATE frames that are passed on, and content
// of our own takes from it without its knowledge; what the client allows next pays
// for that.
type clientWindow struct {
	mu     sync.Mutex // guards what follows
	more   sync.Cond
	left   int64
	owed   int64
	closed bool // for good
	closings
}

func (w *clientWindow) start() {
	w.more.L = &w.mu
	w.left = initialWindow
}

// takeOwn takes n octets for content of our own, if the client takes them now on
// the connection and within room.
func (w *clientWindow) takeOwn(n, room int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > w.left || n > room {
		return false
	}
	w.left -= n
	w.owed += n
	w.set(w.left <= 0)
	return true
}

// take takes n octets for content of the origin server's. It waits only where we
// took what the origin server counts on, and calls before it does.
func (w *clientWindow) take(n int64, waits func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owed > 0 && w.left < n {
		w.mu.Unlock()
		waits()
		w.mu.Lock()
	}
	for w.owed > 0 && w.left < n && !w.closed {
		w.set(true)
		w.more.Wait()
	}
	w.left -= n
	w.set(w.left <= 0)
}

// add takes what the client allows, and returns how much of it the origin server
// is to know of.
func (w *clientWindow) add(n uint32) (pass uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left += int64(n)
	w.set(w.left <= 0)
	pay := min(w.owed, int64(n))
	w.owed -= pay
	w.more.Broadcast()
	return n - uint32(pay)
}

func (w *clientWindow) close() {
	w.mu.Lock()
	w.closed = true
	w.more.Broadcast()
	w.mu.Unlock()
}

// now marks what its closings are.
func (w *clientWindow) now() mark {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mark()
}

func (w *clientWindow) stalledAfter(m mark) (Stall, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.after(m)
}

func (w *clientWindow) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left <= 0
}
