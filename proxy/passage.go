package proxy

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// A passage is one exchange on its way through the proxy: the record, and what
// is needed only while it is made. It is the context of its request.
type passage struct {
	context.Context

	proxy *Proxy
	x     *exchange.Exchange
	in    *inbound
	turn  *turn // of a client that speaks HTTP/1.x; nil on HTTP/2

	requestHead h1.Outgoing     // the head sent to the origin server on HTTP/1.x
	answerHead  h1.Outgoing     // the head sent to a client on HTTP/1.x
	taps        [2]tap          // for request and response on HTTP/1.x
	added       []exchange.Line // that the Head hook adds to the response
	request     *tap            // records the request content; nil without any
	response    *tap            // records the response content; nil without any
	follow      *following      // finds messages; nil where there are none
	upgrade     bool            // the request asks for another protocol
	taken       bool            // the client's connection was taken over
	unrecorded  bool            // it is addressed to us, or its record is made elsewhere

	mu       sync.Mutex // guards what other goroutines set
	attempts int
	progress exchange.Timing // how far the request has come, for recordProgress
	failed   atomic.Pointer[exchange.Err]
}

type passageKey struct{}

// Value returns the passage itself under its key, else what the server's context has.
func (ps *passage) Value(key any) any {
	if key == (passageKey{}) {
		return ps
	}
	return ps.Context.Value(key)
}

func passageOf(ctx context.Context) *passage {
	ps, _ := ctx.Value(passageKey{}).(*passage)
	return ps
}

// since is the time since the exchange began.
func (ps *passage) since() time.Duration { return max(time.Since(ps.x.Started), 1) }

// fail remembers the first reason why the exchange failed.
func (ps *passage) fail(e *exchange.Err) { ps.failed.CompareAndSwap(nil, e) }

// cause is why the exchange was ended from outside, nil when it was not.
func (ps *passage) cause() error {
	if ps.Err() == nil {
		return nil
	}
	return context.Cause(ps)
}

// recordAttempt records a connection that could not be opened.
func (ps *passage) recordAttempt(err error) {
	var f *failure
	if !errors.As(err, &f) || f.tried == nil {
		return
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	t := &ps.x.Timing
	t.DNS, t.Connect, t.TLS = f.tried.dns, f.tried.connect, f.tried.handshake
	ps.x.Origin = f.tried.connection(false)
	ps.x.Origin.Attempts = ps.attempts + 1
}

// recordProgress copies how far the request has come into the record, which
// others must not write themselves: the end of a request may come after the head
// of its response, when others read the record. The lock is held.
func (ps *passage) recordProgress() {
	from, to := &ps.progress, &ps.x.Timing
	if from.HeadSent != 0 {
		to.HeadSent = from.HeadSent
	}
	if from.ContentBegun != 0 {
		to.ContentBegun = from.ContentBegun
	}
	if from.RequestSent != 0 {
		to.RequestSent = from.RequestSent
	}
	if from.FirstByte != 0 {
		to.FirstByte = from.FirstByte
	}
}

// maxInterims bounds how many interim responses are recorded and passed on.
const maxInterims = 64

// finishRecord completes the record and hands it over. It returns when that was.
func (ps *passage) finishRecord() (at time.Time) {
	x := ps.x
	at = time.Now()
	if ps.request != nil {
		ps.request.stop()
	}
	if ps.response != nil {
		ps.response.stop()
	}
	if ps.unrecorded { // whoever took the record over may be at work on it
		return at
	}
	ps.mu.Lock()
	ps.recordProgress()
	x.Timing.Done = max(at.Sub(x.Started), 1)
	x.Err = ps.failed.Load()
	ps.mu.Unlock()
	if t := ps.turn; ps.request != nil && x.Request.Content.Complete {
		x.Request.Trailers = t.content.Trailers()
	}
	ps.proxy.handOver(x, ps.follow) // from here on x is somebody else's
	return at
}

// nextID returns a short name that no other exchange of this run has.
func (p *Proxy) nextID() string {
	const width = 20 // bits: four letters, and more once they are used up
	n := p.ids.Add(1)
	if n>>width == 0 {
		n = (n + uint64(p.idStart)) & (1<<width - 1)
		return pad(n + 1<<width)
	}
	return strconv.FormatUint(n+1<<(width+5), 32)
}

// pad writes 20 bits as four letters of base 32.
func pad(n uint64) string { return strconv.FormatUint(n, 32)[1:] }
