package proxy

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/exchange"
	"sidenote/proxy/h2"
)

// A stream is an exchange on HTTP/2 on its way through the proxy.
type stream struct {
	conn   *streams
	stream *h2.Stream
	ps     *passage // what it has in common with exchanges on HTTP/1.x
	x      *exchange.Exchange
	clock  clock

	request, response *tap

	follow *following // finds messages; nil where there are none

	// of the request's side, for the record when the exchange has ended
	trailers exchange.Fields

	// of the response's side
	failed    *exchange.Err // why a page was made
	responded bool          // the response has come whole

	mu       sync.Mutex // guards what follows
	progress exchange.Timing
}

func (st *stream) since() time.Duration { return max(time.Since(st.x.Started), 1) }

// readRequest fills in the request.
func (st *stream) readRequest(head *h2.RequestHead) {
	x, q, to := st.x, &st.x.Request, st.conn.in.route
	q.Method, q.Target, q.Version = head.Method, head.Path, exchange.HTTP2
	if head.Path == "" && head.Method == http.MethodConnect {
		q.Target = head.Authority
	}
	h2.Lines(&q.Fields, head.Fields)
	q.Pseudo, q.NeverIndexed = h2.Section(head.Fields)
	q.Protocol = head.Protocol
	x.Scheme, x.Authority = to.scheme, head.Authority
	if x.Authority == "" {
		x.Authority = q.Fields.Value(exchange.FieldHost)
	}
	if x.Authority == "" || to.kind == routeReverse {
		x.Authority = trimDefaultPort(to.authority, to.scheme)
	}
}

// editRequest changes the head to what is passed on: without what is for us, and
// with what is added.
func (st *stream) editRequest(head *h2.RequestHead) {
	x, p, to := st.x, st.conn.proxy, st.conn.in.route
	kept := head.Fields[:0]
	for _, f := range head.Fields {
		switch f.Name {
		case "sidenote-ignore":
			x.Changed |= exchange.ChangedIgnoreRemoved
			continue
		case "proxy-authorization":
			x.Changed |= exchange.ChangedRequestHopByHop
			continue
		case ":authority", "host":
			if to.kind == routeReverse && f.Value != x.Authority {
				f.Value = x.Authority
				x.Changed |= exchange.ChangedRequestHost
			}
		}
		kept = append(kept, f)
	}
	head.Fields = kept
	if p.addsVia(to.kind, x) {
		head.Fields = append(head.Fields, hpack.HeaderField{Name: "via", Value: "2 " + p.config.Pseudonym})
		x.Changed |= exchange.ChangedRequestVia
	}
	if hook := p.config.Hooks.Request; hook != nil {
		for _, l := range hook(x) {
			head.Fields = append(head.Fields, h2.Field(l))
		}
	}
}

// RequestContent records content.
func (st *stream) RequestContent(p []byte) {
	st.mu.Lock()
	if st.progress.ContentBegun == 0 {
		st.progress.ContentBegun = st.since()
	}
	st.mu.Unlock()
	st.request.Take(p)
}

// RequestTrailers records trailers.
func (st *stream) RequestTrailers(fields []hpack.HeaderField) { h2.Lines(&st.trailers, fields) }

// RequestEnd starts the origin server's time for the head.
func (st *stream) RequestEnd() {
	st.request.complete()
	st.mu.Lock()
	st.progress.RequestSent = st.since()
	waits := st.progress.FirstByte == 0
	st.mu.Unlock()
	if waits {
		st.clock.set(st.conn.proxy.config.ResponseHeaderTimeout, errHeadTimeout)
	}
}

// Interim records a 1xx.
func (st *stream) Interim(head *h2.ResponseHead) {
	if len(st.x.Interim) >= maxInterims {
		return
	}
	st.x.Interim = append(st.x.Interim, exchange.Response{Status: head.Status, At: st.since()})
	i := &st.x.Interim[len(st.x.Interim)-1]
	i.Version = exchange.HTTP2
	h2.Lines(&i.Fields, head.Fields)
	noContent(&i.Content)
}

// Response records the head, and adds to it.
func (st *stream) Response(head *h2.ResponseHead) {
	p, x := st.conn.proxy, st.x
	s := &x.Response
	s.Status, s.Version, s.At = head.Status, exchange.HTTP2, st.since()
	h2.Lines(&s.Fields, head.Fields)
	s.Pseudo, s.NeverIndexed = h2.Section(head.Fields)
	st.followResponse()
	if head.EndStream || !x.MayHaveContent() {
		noContent(&s.Content)
	}
	st.clock.set(p.config.IdleTimeout, errStalled)
	st.mu.Lock()
	st.progress.FirstByte = s.At
	st.recordProgress()
	st.mu.Unlock()
	kept := head.Fields[:0]
	for _, f := range head.Fields {
		if f.Name == "sidenote" || f.Name == "sidenote-exchange" {
			x.Changed |= exchange.ChangedSidenoteRemoved
			continue
		}
		kept = append(kept, f)
	}
	head.Fields = kept
	if t := &x.Timing; t.HeadSent > 0 {
		t.Self = max(t.HeadSent-t.DNS-t.Connect-t.TLS, 0) + max(st.since()-t.FirstByte, 0)
	}
	for _, l := range p.headKnown(x, nil) {
		head.Fields = append(head.Fields, h2.Field(l))
	}
}

// followResponse has the response searched for messages, and both ways of a
// WebSocket that has been agreed on.
func (st *stream) followResponse() {
	p, x := st.conn.proxy, st.x
	if !strings.EqualFold(x.Request.Protocol, "websocket") {
		st.follow = p.followContent(st.follow, x, &x.Response.Message, st.response)
		return
	}
	if x.Response.Class() != 2 {
		return
	}
	f, sent, received := p.followWebSocket(x)
	if f != nil {
		st.follow = f
		st.request.search(sent)
		st.response.search(received)
	}
}

// ResponseContent records content.
func (st *stream) ResponseContent(p []byte) {
	st.clock.again(errStalled)
	st.response.Take(p)
}

// ResponseTrailers records trailers.
func (st *stream) ResponseTrailers(fields []hpack.HeaderField) {
	h2.Lines(&st.x.Response.Trailers, fields)
}

// ResponseEnd ends the content.
func (st *stream) ResponseEnd() {
	st.clock.stop()
	st.responded = true
	st.response.complete()
}

// Failed returns the page that says why there is no response.
func (st *stream) Failed(f *h2.Fault) *h2.Answer {
	if st.failed == nil {
		st.failed = st.why(f)
	}
	if st.failed.Code == exchange.ErrClientGone || f.By == h2.Client {
		return nil // a reset tells it
	}
	return st.answer(st.conn.proxy.failurePage(st.x, st.failed))
}

// answer records a page, and returns it as the relay wants it.
func (st *stream) answer(page *page) *h2.Answer {
	st.x.Err = st.failed // so that the Head hook knows
	s := &st.x.Response
	*s = exchange.Response{Status: page.status, Reason: http.StatusText(page.status), Made: true, At: st.since()}
	s.Version = exchange.HTTP2
	for _, l := range page.fields {
		s.Fields.Add(l.Name, l.Value)
	}
	s.Content.Kept, s.Content.Size = page.content, int64(len(page.content))
	s.Content.Unhashed, s.Content.Complete = true, true
	st.response.stop()
	st.mu.Lock()
	st.recordProgress()
	st.mu.Unlock()
	return &h2.Answer{Status: page.status, Content: page.content,
		Fields: st.conn.proxy.headKnown(st.x, page.fields[:len(page.fields):len(page.fields)])}
}

// End completes the record and hands it over.
func (st *stream) End(f *h2.Fault) {
	x := st.x
	st.clock.stop()
	st.request.stop()
	if !x.Response.Made {
		st.response.stop()
	}
	x.Request.Trailers = st.trailers
	if st.failed == nil && f != nil {
		st.failed = st.why(f)
	}
	if x.Err = st.failed; st.failed != nil && !x.Response.Made {
		x.Response.Content.Complete = false // what came to its end was not all that was announced
	}
	st.mu.Lock()
	st.recordProgress()
	st.mu.Unlock()
	x.Timing.Done = st.since()
	st.recordStalls()
	if o := st.conn.out; o != nil {
		x.Origin.Closed = o.endedBy() != nil
	}
	st.conn.ended()
	st.conn.proxy.handOver(x, st.follow) // from here on x is somebody else's
	st.conn.proxy.leave()
}

// leastStall is how long a window has to be closed, in all, to be recorded. What is
// shorter comes with any content that is larger than a window.
const leastStall = 10 * time.Millisecond

// recordStalls records which windows made a sender wait.
func (st *stream) recordStalls() {
	for _, s := range st.stream.Stalls() {
		if s.Total < leastStall {
			continue
		}
		by := exchange.WindowOfClient
		if s.Holder == h2.Origin {
			by = exchange.WindowOfOrigin
		}
		st.x.WindowStalls = append(st.x.WindowStalls, exchange.WindowStall{By: by, Connection: s.Connection,
			At: max(s.Since.Sub(st.x.Started), 0), Total: s.Total, Times: s.Times, Open: s.Open})
	}
}

// recordProgress copies how far the request has come into the record, which whoever
// reads it while the response is on its way must not see change. The lock is held.
func (st *stream) recordProgress() {
	from, to := &st.progress, &st.x.Timing
	to.HeadSent, to.ContentBegun, to.RequestSent, to.FirstByte = from.HeadSent, from.ContentBegun, from.RequestSent, from.FirstByte
}

// expired ends a stream whose origin server takes too long. While the client takes
// nothing, it cannot be late.
func (st *stream) expired(cause error) {
	if errors.Is(cause, errStalled) && st.stream.Held() {
		st.clock.set(st.conn.proxy.config.IdleTimeout, errStalled)
		return
	}
	st.stream.Abort(cause)
}

// why says in our words why a stream failed; nil where it came to its end before.
func (st *stream) why(f *h2.Fault) *exchange.Err {
	if st.responded && (f.Kind == h2.Closed || f.Kind == h2.GoneAway || f.Kind == h2.Reset) {
		return nil
	}
	switch f.By {
	case h2.Client:
		return clientFault(f)
	case h2.Origin:
		return st.originFault(f)
	}
	if p := (*h2.Panic)(nil); errors.As(f.Err, &p) {
		return internalError(p.Value)
	}
	return &exchange.Err{Code: causeCode(f.Err), Detail: detailOf(f.Err)}
}

func clientFault(f *h2.Fault) *exchange.Err {
	switch {
	case f.Kind == h2.Reset && f.Code == http2.ErrCodeNo:
		return &exchange.Err{Code: exchange.ErrClientGone, Detail: "it sent RST_STREAM with NO_ERROR"}
	case f.Kind == h2.Reset:
		return &exchange.Err{Code: exchange.ErrClientGone, Detail: "it sent RST_STREAM with " + f.Code.String()}
	case f.Kind == h2.Closed:
		return &exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(f.Err)}
	case f.Kind == h2.TooLarge:
		return &exchange.Err{Code: exchange.ErrRequestHeadLarge, Detail: f.Detail}
	case f.Connection, f.Kind == h2.TooMany:
		return &exchange.Err{Code: exchange.ErrClientH2, Detail: f.Error()}
	}
	return &exchange.Err{Code: exchange.ErrRequestMalformed, Detail: f.Error()}
}

func (st *stream) originFault(f *h2.Fault) *exchange.Err {
	switch f.Kind {
	case h2.Reset:
		return &exchange.Err{Code: exchange.ErrH2Reset, Detail: "RST_STREAM with " + f.Code.String()}
	case h2.GoneAway:
		return &exchange.Err{Code: exchange.ErrH2GoAway, Detail: f.Detail}
	case h2.Short:
		return &exchange.Err{Code: exchange.ErrTruncated, Detail: f.Detail}
	case h2.TooLarge:
		return &exchange.Err{Code: exchange.ErrHeadTooLarge, Detail: f.Detail}
	case h2.Unreached:
		st.ps.recordAttempt(f.Err)
		return classifyRoundTrip(f.Err, nil, nil)
	case h2.Closed:
		return st.originClosed(f)
	}
	return &exchange.Err{Code: exchange.ErrH2Protocol, Detail: f.Error()}
}

// originClosed says how the origin server's connection ended: GOAWAY that names a
// fault comes before that.
func (st *stream) originClosed(f *h2.Fault) *exchange.Err {
	switch {
	case f.Detail != "":
		return &exchange.Err{Code: exchange.ErrH2GoAway, Detail: f.Detail}
	case st.x.Response.Status != 0 && !st.x.Response.Made:
		return &exchange.Err{Code: exchange.ErrTruncated, Detail: detailOf(f.Err)}
	}
	return endFailure(f.Err, st.conn.out, nil)
}
