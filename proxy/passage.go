package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
)

// A passage is one exchange on its way through the proxy: the record, and what
// is needed only while it is made. It is the context of its request.
type passage struct {
	context.Context

	proxy *Proxy
	x     *exchange.Exchange
	in    *inbound
	multi bool // the client speaks HTTP/2

	w           *responseWriter
	received    *http.Request  // as the server gave it, which sets its trailers
	announced   bool           // it announced trailers
	resp        *http.Response // as the transport gave it; nil when there was none
	requestHead outgoingHead   // the head sent to the origin server
	request     *contentTap    // reads the request content
	response    *contentTap    // reads the response content; nil without any
	upgraded    *http.Response // a 101 whose connection is to be taken over
	upgrade     bool           // the request asks for another protocol
	unrecorded  bool           // it is addressed to us, or its record is made elsewhere

	cancel context.CancelCauseFunc
	clock  clock // ends the exchange when the origin server takes too long

	mu          sync.Mutex // guards what the transport's goroutines set
	out         *outbound
	attempts    int
	interims    bool            // interim responses may still be passed on
	progress    exchange.Timing // how far the transport has come, for recordProgress
	failed      atomic.Pointer[exchange.Err]
	contentRead atomic.Bool // the request's content has been read to its end
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

// newPassage begins the record of a request that has been read.
func (p *Proxy) newPassage(in *inbound, r *http.Request) *passage {
	ps := &passage{proxy: p, in: in, multi: r.ProtoMajor >= 2, received: r, announced: len(r.Trailer) > 0}
	x := &exchange.Exchange{ID: p.nextID(), Run: p.config.RunID}
	ps.x = x
	ps.clock.end = ps.abort
	ctx, cancel := context.WithCancelCause(r.Context())
	ps.Context, ps.cancel = ctx, cancel
	var head string
	var reused bool
	if ps.multi {
		reused = in.beginMulti()
	} else {
		head, x.Started, reused = in.begin(ps)
	}
	if x.Started.IsZero() {
		x.Started = time.Now()
	}
	x.Client = in.connection(reused)
	ps.readRequest(r, head)
	return ps
}

// readRequest fills in the request, from the octets as received where they are
// those of r, else from what net/http made of them.
func (ps *passage) readRequest(r *http.Request, head string) {
	q := &ps.x.Request
	q.Method, q.Target = r.Method, r.RequestURI
	q.Version = exchange.Version(r.ProtoMajor*10 + r.ProtoMinor)
	if head != "" {
		line, fields := exchange.ParseHead(head)
		method, target, v, err := exchange.ParseRequestLine(line)
		if err == nil && method == r.Method && target == r.RequestURI {
			q.Version, q.Fields, q.RawHead = v, fields, head
			return
		}
	}
	fields := exchange.FromHeader(r.Header)
	if !ps.multi && r.Host != "" {
		var withHost exchange.Fields
		withHost.Add("Host", r.Host)
		for _, l := range fields.All() {
			withHost.Add(l.Name, l.Value)
		}
		fields = withHost
	}
	q.Fields = fields
}

// since is the time since the exchange began.
func (ps *passage) since() time.Duration { return max(time.Since(ps.x.Started), 1) }

// fail remembers the first reason why the exchange failed.
func (ps *passage) fail(e *exchange.Err) { ps.failed.CompareAndSwap(nil, e) }

// abort ends the exchange from another goroutine; the cause tells why.
func (ps *passage) abort(cause error) { ps.cancel(cause) }

// cause is why the exchange was ended from outside, nil when it was not. A
// client that went away ends the server's own context, without a cause of ours.
func (ps *passage) cause() error {
	if ps.Err() == nil {
		return nil
	}
	return context.Cause(ps)
}

// trace observes the transport. Its functions run on the transport's goroutines.
func (ps *passage) trace() *httptrace.ClientTrace {
	t := &httptrace.ClientTrace{
		GotConn:              ps.gotConn,
		WroteRequest:         ps.wroteRequest,
		GotFirstResponseByte: ps.gotFirstByte,
		Got1xxResponse:       ps.gotInterim,
	}
	if ps.request != nil {
		t.WroteHeaders = ps.wroteHead
	}
	return t
}

func (ps *passage) gotConn(info httptrace.GotConnInfo) {
	o, ok := info.Conn.(*outbound)
	if !ok {
		return
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.out = o
	ps.attempts++
	ps.clock.set(ps.proxy.config.ResponseHeaderTimeout, errHeadTimeout)
	if !info.Reused {
		t := &ps.x.Timing
		t.DNS, t.Connect, t.TLS = o.dns, o.connect, o.handshake
	}
	ps.x.Origin = o.connection(info.Reused)
	if o.multi || ps.requestHead.fields == nil {
		return
	}
	head := ps.requestHead // each attempt writes it anew
	if o.absolute {
		head.start = ps.x.Request.Method + " " + ps.x.URL() + " HTTP/1.1"
		if c := basicCredentials(ps.proxy.config.UpstreamProxy); c != "" {
			head.added = append(head.added[:len(head.added):len(head.added)], exchange.Line{Name: "Proxy-Authorization", Value: c})
		}
	}
	o.begin(&head)
}

// tried records a connection that could not be opened.
func (ps *passage) tried(err error) {
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

func (ps *passage) wroteHead() {
	ps.mu.Lock()
	ps.progress.HeadSent = ps.since()
	ps.mu.Unlock()
}

func (ps *passage) wroteRequest(info httptrace.WroteRequestInfo) {
	if info.Err != nil {
		return
	}
	ps.clock.theirTurn(errHeadTimeout)
	ps.mu.Lock()
	t := &ps.progress
	t.RequestSent = ps.since()
	if t.HeadSent == 0 {
		t.HeadSent = t.RequestSent
	}
	ps.mu.Unlock()
}

func (ps *passage) gotFirstByte() {
	ps.mu.Lock()
	ps.progress.FirstByte = ps.since()
	ps.mu.Unlock()
}

// recordProgress copies how far the transport has come into the record, which
// it must not write itself: the end of a request may come after the head of
// its response, when others read the record. The lock is held.
func (ps *passage) recordProgress() {
	from, to := &ps.progress, &ps.x.Timing
	to.HeadSent, to.ContentBegun, to.RequestSent, to.FirstByte = from.HeadSent, from.ContentBegun, from.RequestSent, from.FirstByte
}

// gotInterim records a 1xx and passes it on at once. A 100 answers our own
// Expect; the client's server side sends its own when the content is read.
func (ps *passage) gotInterim(status int, header textproto.MIMEHeader) error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if len(ps.x.Interim) >= maxInterims {
		return nil
	}
	ps.x.Interim = append(ps.x.Interim, exchange.Response{})
	i := &ps.x.Interim[len(ps.x.Interim)-1]
	i.Status, i.At, i.Version = status, ps.since(), ps.originVersion()
	if !ps.readInterim(i, len(ps.x.Interim)-1) {
		i.Fields = exchange.FromHeader(http.Header(header))
	}
	noContent(&i.Content)
	if ps.interims && status != http.StatusContinue {
		ps.w.writeInterim(i, header)
	}
	return nil
}

// maxInterims bounds how many interim responses are recorded and passed on.
const maxInterims = 64

func (ps *passage) originVersion() exchange.Version {
	if ps.out != nil && ps.out.multi {
		return exchange.HTTP2
	}
	return exchange.HTTP11
}

// settle copies what the transport's goroutines saw; from then on interim
// responses are not passed on. It returns the connection that was used last.
func (ps *passage) settle() *outbound {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.interims = false
	ps.x.Origin.Attempts = ps.attempts
	ps.recordProgress()
	return ps.out
}

// readResponse fills in the response: from the octets as received where they
// were recorded, else from what the transport made of them.
func (ps *passage) readResponse(resp *http.Response, o *outbound) (extra int) {
	s := &ps.x.Response
	s.Status, s.At = resp.StatusCode, ps.since()
	s.Version = exchange.Version(resp.ProtoMajor*10 + resp.ProtoMinor)
	if o != nil && resp.ProtoMajor == 1 {
		var heads string
		heads, _, extra = o.recorder.take()
		if ps.readHeads(heads) {
			return extra
		}
	}
	if resp.ProtoMajor == 1 {
		_, reason, _ := strings.Cut(resp.Status, " ")
		s.Reason = reason
	}
	s.Fields = exchange.FromHeader(resp.Header)
	return extra
}

// readHeads finds the final head among those recorded, after the interim ones.
// It reports whether it is the one that the transport saw.
func (ps *passage) readHeads(heads string) bool {
	for range ps.x.Interim {
		_, heads = cutHead(heads)
	}
	head, rest := cutHead(heads)
	return rest == "" && readHead(&ps.x.Response, head)
}

// readInterim fills in the n-th interim response from its octets, where they
// were recorded. The passage's lock is held.
func (ps *passage) readInterim(i *exchange.Response, n int) bool {
	if i.Version >= exchange.HTTP2 || ps.out == nil {
		return false
	}
	heads, _, _ := ps.out.recorder.take()
	for range n {
		_, heads = cutHead(heads)
	}
	head, _ := cutHead(heads)
	return readHead(i, head)
}

// cutHead cuts the first of several heads off; "" when there is none.
func cutHead(heads string) (head, rest string) {
	end := strings.Index(heads, "\r\n\r\n") + 4
	if end < 4 {
		end = max(headEnd([]byte(heads), 0), 0)
	}
	return heads[:end], heads[end:]
}

// readHead fills in a response from its head as received. It reports false
// when the head is not that of the response that the transport saw.
func readHead(r *exchange.Response, head string) bool {
	line, fields := exchange.ParseHead(head)
	v, status, reason, err := exchange.ParseStatusLine(line)
	if err != nil || status != r.Status {
		return false
	}
	r.Version, r.Reason, r.Fields, r.RawHead = v, reason, fields, head
	return true
}

// finish completes the record and hands it over. It reports whether the
// client's connection has to be cut.
func (ps *passage) finish() (cut bool) {
	ps.clock.stop()
	x := ps.x
	if ps.request != nil {
		ps.request.stop()
	}
	if ps.response != nil {
		ps.response.stop()
	}
	if ps.unrecorded { // whoever took the record over may be at work on it
		ps.cancel(nil)
		return false
	}
	ps.readTrailers()
	ps.mu.Lock()
	ps.recordProgress()
	x.Timing.Done = ps.since()
	if o := ps.out; o != nil {
		x.Origin.Closed = o.endedBy() != nil
	}
	x.Err = ps.failed.Load()
	ps.mu.Unlock()
	ps.cancel(nil)
	cut = ps.mustAbort()
	ps.proxy.done(x) // from here on x is somebody else's
	return cut
}

// readTrailers records the trailers of messages that have come whole. net/http
// forwards those of a request only where they were announced.
func (ps *passage) readTrailers() {
	x := ps.x
	if ps.request != nil && x.Request.Content.Complete && len(ps.received.Trailer) > 0 {
		x.Request.Trailers = exchange.FromHeader(ps.received.Trailer)
		if !ps.announced {
			x.Changed |= exchange.ChangedRequestTrailers
		}
	}
	if ps.response != nil && x.Response.Content.Complete && len(ps.resp.Trailer) > 0 {
		x.Response.Trailers = exchange.FromHeader(ps.resp.Trailer)
	}
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
