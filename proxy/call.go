package proxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// A call is a request to an origin server on HTTP/1.x, and the head of what it
// answers.
type call struct {
	ps     *passage
	o      *outbound
	reused bool

	borrows  bool // a connection that served another client will do
	borrowed bool // it is one

	sender *sender // sends content that was not at hand; nil where there is none

	asked    time.Time // when the first head began to be waited for; zero while it has not
	began    time.Time // when the first octet of a head came
	writeErr error     // why the request could not be sent whole
	head     h1.Head
	line     h1.StatusLine
	frame    h1.Frame
	content  h1.Content
}

// connect takes the connection that the client's has to the origin server, or
// opens one.
func (c *call) connect(d destination) error {
	ps := c.ps
	if err := ps.in.takeProbe(); err != nil {
		return err
	}
	c.o = ps.in.origins.take(d, ps.in.discard)
	if c.o == nil && c.borrows {
		c.o = ps.proxy.pool.take(d)
		c.borrowed = c.o != nil
	}
	if c.o != nil {
		c.reused = c.o.used
	} else {
		ps.in.watch.begin(ps.in.lookAtClient)
		o, err := ps.dial(d)
		if err != nil {
			return err
		}
		o.speakH1(d)
		c.o = o
	}
	if !c.reused {
		t := &ps.x.Timing
		t.DNS, t.Connect, t.TLS = c.o.dns, c.o.connect, c.o.handshake
	}
	ps.in.origins.use(c.o)
	c.o.pen.ctx = ps.in.ctx
	ps.attempts++
	ps.x.Origin = c.o.connection(c.reused)
	ps.x.Origin.Attempts = ps.attempts
	return ps.cause() // it may have come before the connection could be interrupted
}

// sendAndWait sends the request and waits for the head of the answer. stale says
// that nothing was sent, since the connection, which had waited for a request,
// cannot take one: the server has ended it, or sent octets that nobody asked for.
// That shows when the answer is first looked for, if the request is sent after.
func (c *call) sendAndWait(out *h1.Outgoing, from *turn) (stale bool, err error) {
	switch {
	case !c.reused || !c.o.looksFirst():
	case from != nil && !from.AtHand():
		if !c.o.isQuiet() {
			return true, nil
		}
	default:
		c.asked = time.Now()
		c.o.reader.SetLimit(c.headLimit(c.asked))
		acted, err := c.o.reader.FillAfter(func() { c.send(out, from) })
		switch {
		case !acted && c.ps.cause() == nil:
			return true, nil
		case !acted, errors.Is(err, h1.ErrTimeout), errors.Is(err, h1.ErrInterrupted):
			return false, err
		}
		return false, c.await()
	}
	c.send(out, from)
	return false, c.await()
}

// headLimit is when the time is over that the origin server has for a head; zero
// for never.
func (c *call) headLimit(from time.Time) time.Time {
	return after(from, c.ps.proxy.config.ResponseHeaderTimeout)
}

// send writes the head, with what of the content is at hand. What is not is sent
// by a goroutine of its own.
func (c *call) send(out *h1.Outgoing, from *turn) {
	ps := c.ps
	if c.o.absolute {
		out = ps.throughProxy(*out)
	}
	room := ps.proxy.outgoing.Get().(*[]byte)
	buf := out.Append((*room)[:0])
	whole := from == nil || from.AtHand()
	var err error
	if from != nil {
		var wire []byte
		if wire, err = from.NextHeld(ps.request); len(wire) > 0 && ps.x.Timing.ContentBegun == 0 {
			ps.x.Timing.ContentBegun = ps.since()
		}
		if err == nil {
			buf = append(buf, wire...)
		}
	}
	_, c.writeErr = c.o.pen.write(c.o.Conn, buf)
	if errors.Is(c.writeErr, errNotTaken) {
		c.notTaken()
	}
	ps.proxy.sent(room, buf)
	sent := ps.since()
	ps.x.Timing.HeadSent = sent
	if whole || from.Done() && err == nil {
		ps.requestSent(sent)
		return
	}
	c.sender = &sender{call: c, from: from, done: make(chan struct{})}
	c.sender.lost.Store(c.writeErr != nil)
	c.sender.since.Store(time.Now().UnixNano())
	if err != nil {
		c.sender.end(err)
		return
	}
	go c.sender.run()
}

// mostOutgoing is the largest room that is kept for heads and the content that is
// written with them, in octets.
const mostOutgoing = 128 << 10

// sent returns the room in which b was put together.
func (p *Proxy) sent(room *[]byte, b []byte) {
	if cap(b) <= mostOutgoing {
		*room = b[:0]
		p.outgoing.Put(room)
	}
}

// requestSent notes that the request has been sent whole, at a time since the
// exchange began.
func (ps *passage) requestSent(at time.Duration) {
	ps.mu.Lock()
	ps.progress.RequestSent = at
	ps.mu.Unlock()
	if ps.request != nil {
		ps.request.complete()
	}
	ps.in.watch.begin(ps.in.lookAtClient)
}

// A sender sends request content while the response is awaited already.
type sender struct {
	call *call
	from *turn
	lost atomic.Bool // the origin server takes no more: content is read and dropped

	writeErr atomic.Pointer[error] // why the origin server takes no more; nil while it does

	since atomic.Int64 // since when the origin server has had something to do; 0 while the client is waited for
	done  chan struct{}
	err   error // why the content did not end; set when done is closed
}

func (s *sender) run() {
	ps := s.call.ps
	for {
		s.since.Store(0)
		wire, err := s.from.Next(ps.request)
		s.since.Store(time.Now().UnixNano())
		if len(wire) > 0 && err == nil && !s.lost.Load() {
			ps.contentBegun()
			if _, werr := s.call.o.pen.more(s.call.o.Conn, wire); werr != nil {
				s.lost.Store(true)
				s.writeErr.Store(&werr)
				if errors.Is(werr, errNotTaken) {
					s.call.notTaken()
				}
			}
		}
		if err != nil {
			s.end(err)
			return
		}
		if s.from.Done() {
			ps.requestSent(ps.since())
			close(s.done)
			return
		}
	}
}

// notTaken ends an exchange whose origin server does not read its request.
func (c *call) notTaken() {
	ps := c.ps
	ps.proxy.limited(LimitOriginWrite, nil)
	ps.fail(&exchange.Err{Code: exchange.ErrSendTimeout, Detail: fmt.Sprintf("it took nothing more for %v", ps.proxy.config.OriginWriteTimeout)})
	c.o.reader.Interrupt()
	cutSocket(c.o.Conn)
}

func (ps *passage) contentBegun() {
	ps.mu.Lock()
	if t := &ps.progress; t.ContentBegun == 0 {
		t.ContentBegun = ps.since()
	}
	ps.mu.Unlock()
}

// end tells that the content will not end. A client that has ended its half of
// the connection is passed on as such; of anything else the origin server shall
// not take the part that it has for the whole.
func (s *sender) end(err error) {
	s.err = err
	ps := s.call.ps
	if !errors.Is(err, h1.ErrInterrupted) {
		if errors.Is(err, h1.ErrTimeout) {
			ps.proxy.limited(LimitClientBody, nil)
		}
		ps.fail(requestFailure(err))
		if errors.Is(err, io.ErrUnexpectedEOF) {
			_ = s.call.o.CloseWrite()
		} else {
			s.call.o.reader.Interrupt()
		}
	}
	close(s.done)
}

// requestFailure says why request content did not end.
func requestFailure(err error) *exchange.Err {
	var f *h1.Fault
	switch {
	case errors.As(err, &f):
		return &exchange.Err{Code: exchange.ErrRequestMalformed, Detail: f.Detail}
	case errors.Is(err, h1.ErrTimeout):
		return &exchange.Err{Code: exchange.ErrRequestTimeout, Detail: "the content stopped coming"}
	case isReset(err):
		return &exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(err)}
	}
	return &exchange.Err{Code: exchange.ErrRequestTruncated, Detail: detailOf(err)}
}

// stop ends the sending, and reports whether all was sent. What is still to come
// of the content is left where it is.
func (s *sender) stop() (whole bool) {
	select {
	case <-s.done:
	default:
		s.lost.Store(true)
		s.call.o.Close()
		s.from.Stop()
		<-s.done
		s.from.Stopped()
	}
	return s.err == nil && s.from.Done()
}

// await waits for the head of the final response. Interim ones are recorded and
// passed on as they come.
func (c *call) await() error {
	for {
		c.began = time.Time{}
		if err := c.readHead(); err != nil {
			return err
		}
		c.ps.x.Timing.FirstByte = max(c.began.Sub(c.ps.x.Started), 1)
		c.head.Parse()
		var f *h1.Fault
		if c.line, f = c.head.CheckResponse(); f != nil {
			return f
		}
		if c.line.Status >= 200 || c.line.Status == http.StatusSwitchingProtocols {
			break
		}
		c.ps.interim(c)
	}
	if c.line.Status == http.StatusSwitchingProtocols {
		return c.checkSwitch()
	}
	var f *h1.Fault
	if c.frame, f = c.head.FrameResponse(c.ps.x.Request.Method, c.line); f != nil {
		return f
	}
	c.content.Start(c.o.reader, c.frame, true)
	return nil
}

// checkSwitch reports whether a 101 is one that was asked for (RFC 9110 §7.8).
func (c *call) checkSwitch() error {
	f := &c.head.Fields
	switch {
	case !c.ps.upgrade:
		return errUnasked
	case !f.Has(exchange.FieldUpgrade) || !hasToken(f, exchange.FieldConnection, "upgrade"):
		return errOddSwitch
	}
	return nil
}

var (
	errUnasked   = &failure{code: exchange.ErrUpgrade, err: errors.New("101 came, and the request did not ask for another protocol")}
	errOddSwitch = &failure{code: exchange.ErrUpgrade, err: errors.New("101 came without Upgrade, or without Connection: upgrade")}
)

// readHead reads the next head within the time that the origin server has. It
// does not run while the client is waited for.
func (c *call) readHead() error {
	limit := c.ps.proxy.config.ResponseHeaderTimeout
	from := c.asked
	if c.asked = (time.Time{}); from.IsZero() {
		from = time.Now()
	}
	for {
		c.o.reader.SetLimit(c.headLimit(from))
		var err error
		c.head, err = c.o.reader.ReadHead(c.ps.proxy.config.MaxHeadBytes, c)
		if !errors.Is(err, h1.ErrTimeout) || c.sender == nil {
			return err
		}
		since := c.sender.since.Load()
		if from = time.Unix(0, since); since == 0 {
			from = time.Now()
		}
		if time.Since(from) >= limit {
			return err
		}
	}
}

// HeadBegan notes when the first octet of a head came.
func (c *call) HeadBegan(at time.Time) {
	if c.began.IsZero() {
		c.began = at
	}
}

// HeadGrew ends the reading of what cannot become a response.
func (c *call) HeadGrew(octets []byte) error {
	if !h1.BeginsAsResponse(octets) {
		return h1.StatusFault(string(octets))
	}
	return nil
}

// came reports whether anything of a response came.
func (c *call) came() bool { return !c.began.IsZero() || len(c.ps.x.Interim) > 0 }

// failure says why a call failed.
func (c *call) failure(err error) *exchange.Err {
	if cause := c.ps.cause(); cause != nil {
		return &exchange.Err{Code: causeCode(cause), Detail: detailOf(cause)}
	}
	var (
		f     *h1.Fault
		known *failure
	)
	switch {
	case errors.As(err, &known) && known.code == exchange.ErrExhausted:
		c.ps.proxy.limited(LimitDescriptors, known.err)
		fallthrough
	case errors.As(err, &known):
		return &exchange.Err{Code: known.code, Detail: detailOf(known.err)}
	case c.o == nil:
		return &exchange.Err{Code: exchange.ErrUnknown, Detail: detailOf(err)}
	case errors.As(err, &f):
		return faultFailure(f)
	case errors.Is(err, h1.ErrTimeout):
		return &exchange.Err{Code: exchange.ErrHeadTimeout, Detail: fmt.Sprintf("nothing came for %v", c.ps.proxy.config.ResponseHeaderTimeout)}
	}
	if s := c.sender; s != nil && c.writeErr == nil {
		if e := s.writeErr.Load(); e != nil {
			c.writeErr = *e
		}
	}
	if errors.Is(err, io.EOF) && errors.Is(c.writeErr, syscall.ECONNRESET) {
		err = c.writeErr // whoever writes first is told of a reset, whoever reads then of an end
	}
	return endFailure(err, c.o, []byte(c.head.Raw))
}

// faultFailure is what a fault in a response head is to the exchange.
func faultFailure(f *h1.Fault) *exchange.Err {
	code := map[h1.Kind]exchange.ErrCode{
		h1.StartLine: exchange.ErrStatusLine, h1.Field: exchange.ErrField, h1.Framing: exchange.ErrFraming,
		h1.TooLarge: exchange.ErrHeadTooLarge, h1.Chunk: exchange.ErrChunk,
	}[f.Kind]
	return &exchange.Err{Code: code, Detail: f.Detail}
}

// contentFailure says why response content failed.
func (c *call) contentFailure(err error) *exchange.Err {
	if cause := c.ps.cause(); cause != nil {
		return &exchange.Err{Code: causeCode(cause), Detail: detailOf(cause)}
	}
	var f *h1.Fault
	switch {
	case errors.As(err, &f):
		return faultFailure(f)
	case errors.Is(err, h1.ErrTimeout):
		return &exchange.Err{Code: exchange.ErrStalled, Detail: errStalled.Error()}
	}
	return &exchange.Err{Code: exchange.ErrTruncated, Detail: detailOf(err)}
}

// persists reports whether the origin server lets the connection go on after the
// response, and nothing came beyond its end.
func (c *call) persists() bool {
	return c.content.Done() && !c.frame.Last && !c.head.Unsafe() && c.o.reader.Err() == nil &&
		h1.Persists(&c.head.Fields, c.line.Version) && c.ps.in.ctx.Err() == nil
}

// dial opens a connection on which HTTP/1.1 is spoken. In a tunnel it goes where
// the tunnel leads, in the name that the client asked for.
func (ps *passage) dial(d destination) (*outbound, error) {
	to := target{scheme: d.scheme, authority: d.authority}
	if ps.in.route.kind == routeTunnel {
		to = ps.in.route.target()
	}
	if to.alpn = nil; to.scheme == "https" {
		to.alpn = []string{"http/1.1"}
	}
	return ps.proxy.dialer.dial(ps, to)
}
