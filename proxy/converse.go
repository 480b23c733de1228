package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// A visit is all memory that an exchange with a client on HTTP/1.x takes beside
// its record. It is used again for another exchange, of any connection.
type visit struct {
	turn    turn
	passage passage
	call    call

	// over says that nobody else can know of the visit any more: the exchange
	// went its usual way, on connections that there were.
	over bool
}

// newVisit returns a visit of which nothing is set.
func (p *Proxy) newVisit() *visit { return p.visits.Get().(*visit) }

// free lets a visit be used again if it is over. It keeps nothing of it but the
// room for lines.
func (p *Proxy) free(v *visit) {
	if !v.over {
		return
	}
	added, request, answer := v.passage.added, v.passage.requestHead.Added, v.passage.answerHead.Added
	*v = visit{}
	v.passage.added, v.passage.requestHead.Added, v.passage.answerHead.Added = forget(added), forget(request), forget(answer)
	p.visits.Put(v)
}

// forget empties lines, so that what they name is not kept in memory.
func forget(lines []exchange.Line) []exchange.Line {
	clear(lines[:cap(lines)])
	return lines[:0]
}

// A turn is what is needed of an exchange with a client on HTTP/1.x beside its
// record.
type turn struct {
	in      *inbound
	visit   *visit
	head    h1.Head
	line    h1.RequestLine
	frame   h1.Frame
	content h1.Content // of the request
	began   time.Time  // when its content was first waited for, where its rate counts
	came    int64      // octets of its content since then
	keep    bool       // the connection can carry another request
	cut     bool       // what was sent is not whole, and only a reset says so
}

// attend answers what comes on a client's connection, on goroutines of its own.
func (p *Proxy) attend(in *inbound) {
	if !p.join(in) {
		in.Close()
		return
	}
	go func() {
		defer p.running.Done()
		p.converse(in)
	}()
}

// converse answers one request after another.
func (p *Proxy) converse(in *inbound) {
	in.reader = h1.NewReader(in.Conn)
	in.reader.Sparing = true
	in.pen = newPen(in.ctx, in.Conn, p.config.ClientWriteTimeout)
	for p.answerNext(in) {
	}
	p.part(in)
	in.watch.stop()
	in.origins.close(in.share())
	if !in.taken {
		in.reader.Rest()
		in.Close()
	}
}

// answerNext waits for a request and answers it. It reports whether another one
// can follow.
func (p *Proxy) answerNext(in *inbound) bool {
	head, err := in.await()
	if err == nil && strings.HasPrefix(head.Raw, prefaceLine) && in.route.kind != routeForward {
		p.giveToH2(in, head.Raw)
		return false
	}
	if head.Raw == "" {
		return false // the client has ended the connection, or asked nothing for a long time
	}
	if !p.enter() {
		_ = in.send(newPage(http.StatusServiceUnavailable, "text/plain; charset=utf-8", []byte("sidenote: the proxy is stopping.\n")).last())
		return false
	}
	defer p.leave()
	if in.watcher != nil {
		in.watcher.accepted()
	}
	v := p.newVisit()
	t := &v.turn
	t.in, t.visit, t.head = in, v, head
	ps := p.newTurnPassage(t)
	defer func() {
		if v := recover(); v != nil {
			ps.fail(internalError(v))
			t.keep, t.cut = false, true
			ps.endTurn()
		}
	}()
	if e := t.check(err); e != nil {
		ps.refuse(e)
	} else {
		p.answerTurn(ps)
	}
	ps.endTurn()
	keep := t.keep
	p.free(v)
	return keep
}

// giveToH2 passes a connection on on which HTTP/2 is spoken.
func (p *Proxy) giveToH2(in *inbound, read string) {
	early := read + string(in.reader.Held())
	in.reader.Skip(len(in.reader.Held()))
	in.reader.Rest()
	_ = in.Conn.SetReadDeadline(time.Time{})
	in.Conn = &replayConn{Conn: in.Conn, early: []byte(early)}
	in.h2, in.taken = true, true
	p.passStreams(in, nil, nil)
}

// await reads the next request head. While it has not begun the connections to
// origin servers are watched.
func (in *inbound) await() (head h1.Head, err error) {
	if len(in.reader.Held()) == 0 && in.origins.anyWaiting() {
		in.watch.begin(in.lookAtOrigins)
	}
	if in.rested.IsZero() {
		in.rested = time.Now()
	}
	in.reader.SetLimit(after(in.rested, in.proxy.config.ClientIdleTimeout))
	head, err = in.reader.ReadHead(in.proxy.config.MaxHeadBytes, in)
	in.unwatch()
	in.reader.SetLimit(time.Time{})
	return head, err
}

// setLimit sets how long the client is waited for; 0 for ever.
func (in *inbound) setLimit(d time.Duration) { in.reader.SetLimit(after(time.Now(), d)) }

// after is the end of a time that begins at from; zero where that has no end.
func after(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return from.Add(d)
}

// HeadBegan sets the time that the client has for the head.
func (in *inbound) HeadBegan(at time.Time) {
	in.idle.Store(0)
	in.unwatch()
	if d := in.proxy.config.ClientHeadTimeout; d > 0 {
		in.reader.SetLimit(at.Add(d))
	}
}

// HeadGrew ends the reading of what cannot become a request.
func (in *inbound) HeadGrew(octets []byte) error {
	if !h1.BeginsAsRequest(octets) {
		return &h1.Fault{Kind: h1.StartLine, Detail: "no request line begins so"}
	}
	return nil
}

// closeAfter is how long a client's connection stays after that to its origin
// server has ended. A client on the direct connection would know of the end
// before it sends its next request; ours may be on its way already, and is then
// served on a new connection.
const closeAfter = 50 * time.Millisecond

// watchOrigins has the client's connection end with that to its origin server,
// since a client sees the end of a connection that it keeps for later.
func (in *inbound) watchOrigins() {
	conns, alone := in.origins.waiting()
	for _, o := range conns {
		over := func(error) {
			in.discard(o)
			if alone {
				in.closeWhileIdle()
			}
		}
		in.watch.run(o.reader, func() bool { over(nil); return false }, over)
	}
}

// closeWhileIdle closes the client's connection in a moment, unless a request
// begins before.
func (in *inbound) closeWhileIdle() {
	since := in.idle.Load()
	time.AfterFunc(closeAfter, func() {
		if since != 0 && in.idle.Load() == since {
			in.Conn.Close()
		}
	})
}

// watchClient notices when the client goes away while its answer is awaited, or
// ends its half of the connection, which is passed on.
func (in *inbound) watchClient() {
	in.watch.run(in.reader, func() bool { return true }, func(err error) {
		if isEnd(err) && socketOf(in.Conn) != nil { // what has no halves has ended whole
			in.origins.closeWrite()
			return
		}
		in.abort(err)
	})
}

// check reads the head. It returns why the request cannot be passed on.
func (t *turn) check(err error) *exchange.Err {
	t.head.Parse()
	var (
		fault *h1.Fault
		f     *h1.Fault
	)
	t.line, fault = t.head.CheckRequest()
	switch {
	case errors.Is(err, h1.ErrTimeout):
		t.in.proxy.limited(LimitClientHead, nil)
		return &exchange.Err{Code: exchange.ErrRequestTimeout, Detail: fmt.Sprintf("%d bytes of the head came in %v", len(t.head.Raw), t.in.proxy.config.ClientHeadTimeout)}
	case errors.As(err, &f) && f.Kind == h1.TooLarge:
		return &exchange.Err{Code: exchange.ErrRequestHeadLarge, Detail: f.Detail}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &exchange.Err{Code: exchange.ErrRequestMalformed, Detail: fmt.Sprintf("the connection ended after %d bytes of the head", len(t.head.Raw))}
	case err != nil && f == nil:
		return &exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(err)}
	}
	if what := otherProtocol(t.head.Raw); what != "" {
		return &exchange.Err{Code: exchange.ErrRequestMalformed, Detail: what}
	}
	if f == nil {
		f = fault
	}
	if f == nil {
		t.frame, f = t.head.FrameRequest(t.line.Version)
	}
	if f != nil {
		return &exchange.Err{Code: exchange.ErrRequestMalformed, Detail: f.Detail}
	}
	return nil
}

// otherProtocol says what a client speaks that does not speak HTTP/1.x; "" where
// it does, or nobody knows.
func otherProtocol(head string) string {
	switch {
	case strings.HasPrefix(head, "\x16\x03"):
		return "the client speaks TLS to the proxy; write the proxy's address with http://"
	case strings.HasPrefix(head, "\x05") || strings.HasPrefix(head, "\x04"):
		return "the client speaks SOCKS; this is an HTTP proxy"
	case strings.HasPrefix(head, "PRI * HTTP/2"):
		return "the client speaks HTTP/2 to the proxy; use HTTP/1.1 for the connection to it"
	}
	return ""
}

// answerTurn routes a request that can be passed on.
func (p *Proxy) answerTurn(ps *passage) {
	t := ps.turn
	ps.readTurn()
	t.content.Start(t.in.reader, t.frame, false)
	if page := p.route(ps); page != nil {
		ps.sendPage(page)
		return
	}
	p.core.ServeHTTP(&t.in.lent.writer, t.in.lend(ps))
}

// lend makes the request that goproxy routes by. It has what goproxy looks at.
func (in *inbound) lend(ps *passage) *http.Request {
	l := &in.lent
	if l.request == nil {
		l.header = http.Header{}
		l.writer = answeredWriter{in: in, header: http.Header{}}
		l.request = (&http.Request{URL: &l.url, Header: l.header, ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}).WithContext(inboundContext{in.ctx, in})
	}
	x := ps.x
	l.request.Method, l.request.Host = x.Request.Method, x.Authority
	l.request.RequestURI = x.Request.Target
	l.url = url.URL{Scheme: x.Scheme, Host: x.Authority}
	clear(l.header)
	if x.Request.Method == http.MethodConnect {
		l.header["User-Agent"] = []string{x.Request.Fields.Value(exchange.FieldUserAgent)}
	}
	return l.request
}

// forget empties a lent request, so that a connection that waits for its next
// request keeps nothing of the last one in memory.
func (l *lent) forget() {
	if l.request != nil {
		l.request.Method, l.request.Host, l.request.RequestURI, l.url = "", "", "", url.URL{}
		clear(l.header)
	}
}

// An inboundContext is the context of a lent request: it knows the exchange that
// is being answered.
type inboundContext struct {
	context.Context
	in *inbound
}

// Value returns the exchange's passage under its key.
func (c inboundContext) Value(key any) any {
	if key == (passageKey{}) {
		return c.in.current
	}
	return c.Context.Value(key)
}

// Hijack returns the client's connection, with what has been read beyond the
// request; the caller closes it.
func (w *answeredWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := w.in.takeOver()
	return c, bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c)), nil
}

// An answeredWriter is what goproxy writes a response to that has been sent
// already. For CONNECT it hands the connection over.
type answeredWriter struct {
	in     *inbound
	header http.Header
}

// Header returns a header that nobody reads.
func (w *answeredWriter) Header() http.Header { return w.header }

// WriteHeader does nothing.
func (w *answeredWriter) WriteHeader(int) {}

// Write drops what it is given.
func (w *answeredWriter) Write(p []byte) (int, error) { return len(p), nil }

// linger lets the client read what has been sent: to close a connection on which
// octets are still to be read resets it, and takes the answer back. It reads on
// until the client ends too, or has had enough time for that.
func (in *inbound) linger() {
	const (
		inAll  = 5 * time.Second
		atOnce = time.Second // between two pieces
	)
	if closeWrite(in.Conn) != nil || in.ctx.Err() != nil {
		return
	}
	for end := time.Now().Add(inAll); time.Now().Before(end); {
		in.reader.Skip(len(in.reader.Held()))
		in.reader.SetLimit(time.Now().Add(atOnce))
		if in.reader.Fill(0) != nil {
			return
		}
	}
}
