package proxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// newTurnPassage begins the record of a request that came on HTTP/1.x.
func (p *Proxy) newTurnPassage(t *turn) *passage {
	in := t.in
	ps := &t.visit.passage
	ps.proxy, ps.in, ps.turn, ps.Context = p, in, t, in.ctx
	x := exchange.New()
	x.ID, x.Run, x.Started = p.nextID(), p.config.RunID, t.head.Began
	ps.x = x
	in.current = ps
	if x.Started.IsZero() {
		x.Started = time.Now()
	}
	x.Client = in.connection(in.begin())
	return ps
}

// readTurn fills in the request from its head.
func (ps *passage) readTurn() {
	t, q := ps.turn, &ps.x.Request
	q.Method, q.Target, q.Version = t.line.Method, t.line.Target, t.line.Version
	q.Fields, q.RawHead = t.head.Fields, t.head.Raw
}

// forward sends the request on and passes the response on to the client.
func (ps *passage) forward() {
	t := ps.turn
	ps.upgrade = asksUpgrade(&ps.x.Request.Fields)
	var from *turn
	if t.frame.End == h1.NoContent {
		noContent(&ps.x.Request.Content)
	} else {
		ps.request = ps.taps[0].open(&ps.x.Request.Content, &ps.proxy.config)
		ps.follow = ps.proxy.followContent(ps.follow, ps.x, &ps.x.Request.Message, ps.request)
		from = t
	}
	out := ps.makeRequestHead()
	c := &t.visit.call
	c.ps = ps
	if err := ps.ask(c, out, from); err != nil {
		ps.failTurn(c, err)
		return
	}
	if c.o.absolute && c.line.Status == http.StatusProxyAuthRequired { // its challenge is for us, and the client's answer would not leave us
		ps.failTurn(c, &failure{code: exchange.ErrProxyAuth, err: errors.New(c.o.proxy + " answered " + c.head.Start[len("HTTP/1.1 "):])})
		return
	}
	ps.readAnswer(c)
	if c.line.Status == http.StatusSwitchingProtocols {
		ps.switchProtocols(c)
		return
	}
	ps.passOn(c)
	ps.settleTurn(c)
}

// destination is whom the request is for.
func (ps *passage) destination() destination {
	if to := ps.in.route; to.kind != routeForward {
		return to.destination()
	}
	return destination{ps.x.Scheme, withPort(decodedHost(ps.x.Authority), ps.x.Scheme)}
}

// destination is whom the requests of a route are for, but for routeForward.
func (r route) destination() destination { return destination{r.scheme, r.place()} }

// readAnswer fills in the response from its head.
func (ps *passage) readAnswer(c *call) {
	s := &ps.x.Response
	s.Status, s.Reason, s.Version = c.line.Status, c.line.Reason, c.line.Version
	s.Fields, s.RawHead, s.At = c.head.Fields, c.head.Raw, ps.since()
	ps.bindToClient(c.o)
}

// interim records a 1xx and passes it on.
func (ps *passage) interim(c *call) {
	if err := ps.in.send([]byte(c.head.Raw)); err != nil {
		ps.in.abort(err)
	}
	if len(ps.x.Interim) >= maxInterims {
		return
	}
	ps.x.Interim = append(ps.x.Interim, exchange.Response{Status: c.line.Status, Reason: c.line.Reason, At: ps.since()})
	i := &ps.x.Interim[len(ps.x.Interim)-1]
	i.Version, i.Fields, i.RawHead = c.line.Version, c.head.Fields, c.head.Raw
	noContent(&i.Content)
}

// undelivered says why the client could not be written to: where the exchange was
// ended from outside, by that.
func (ps *passage) undelivered(err error) *exchange.Err {
	if cause := ps.cause(); cause != nil {
		err = cause
	}
	if errors.Is(err, errNotTaken) {
		ps.proxy.limited(LimitClientWrite, nil)
		return &exchange.Err{Code: exchange.ErrDeliveryTimeout, Detail: fmt.Sprintf("it took nothing more for %v", ps.proxy.config.ClientWriteTimeout)}
	}
	return &exchange.Err{Code: causeCode(err), Detail: detailOf(err)}
}

// passOn sends the response to the client as it comes.
func (ps *passage) passOn(c *call) {
	in := ps.in
	ps.ownTime()
	out := ps.annotatedHead(&c.head)
	if out.LeaveOut(&c.frame) {
		ps.x.Changed |= exchange.ChangedResponseFraming
	}
	tap := ps.taps[1].open(&ps.x.Response.Content, &ps.proxy.config)
	tap.expect(c.frame.Length)
	ps.response = tap
	ps.follow = ps.proxy.followContent(ps.follow, ps.x, &ps.x.Response.Message, tap)
	room := ps.proxy.outgoing.Get().(*[]byte)
	buf := out.Append((*room)[:0])
	wire, err := c.content.NextHeld(tap)
	buf = append(buf, wire...)
	werr := in.send(buf)
	ps.proxy.sent(room, buf)
	for err == nil && werr == nil && !c.content.Done() {
		c.setContentLimit()
		if wire, err = c.content.Next(tap); len(wire) > 0 {
			werr = in.sendMore(wire)
		}
	}
	switch {
	case werr != nil:
		ps.fail(ps.undelivered(werr))
		ps.turn.cut = errors.Is(werr, errNotTaken)
	case err != nil:
		ps.fail(c.contentFailure(err))
		ps.turn.cut = isReset(err) || c.frame.End == h1.ByClosing
	default:
		ps.answered(c, tap)
	}
}

// setContentLimit sets the time that the origin server has for the next piece.
func (c *call) setContentLimit() {
	if d := c.ps.proxy.config.IdleTimeout; d > 0 {
		c.o.reader.SetLimit(time.Now().Add(d))
	} else {
		c.o.reader.SetLimit(time.Time{})
	}
}

// answered completes the record of a response that has come whole, with what came
// beyond its end: octets that the origin server should not have sent.
func (ps *passage) answered(c *call, tap *tap) {
	excess := c.o.reader.Held()
	if s := string(excess); s == "\r\n" || s == "\n" {
		excess = nil // some servers write an empty line after the content
	}
	if len(excess) > 0 {
		c.frame.Last = true
		if c.frame.End != h1.ByChunks {
			tap.Take(excess)
		}
	}
	tap.complete()
	if len(c.content.Trailer()) > 0 {
		ps.x.Response.Trailers = c.content.Trailers()
	}
}

// settleTurn ends what the response has left: the rest of the request, and the
// connections, which end together.
func (ps *passage) settleTurn(c *call) {
	t := ps.turn
	whole := true
	persists := c.persists()
	if c.sender != nil {
		if persists && ps.failed.Load() == nil { // the origin server goes on reading, as far as anybody knows
			<-c.sender.done
		}
		whole = c.sender.stop()
	}
	ps.in.unwatch()
	persists = persists && whole && ps.failed.Load() == nil && !c.head.Unsafe() && !t.head.Unsafe()
	t.keep = persists && h1.Persists(&ps.x.Request.Fields, ps.x.Request.Version) && ps.in.reader.Err() == nil
	ps.x.Origin.Closed = c.o.endedBy() != nil
	c.o.answered = answeredCall{ps.x.ID, ps.x.Response.Status, time.Now()}
	if c.frame.Last && c.frame.End == h1.ByChunks { // what follows the last chunk is not in the record of the content
		ps.proxy.unasked(c.o, ps.in.connection(true))
	}
	ps.in.origins.put(c.o, t.keep)
	t.visit.over = t.keep && c.reused && c.sender == nil // what opens a connection may still be at work
}

// failTurn tells the client that there is no response.
func (ps *passage) failTurn(c *call, err error) {
	ps.recordAttempt(err)
	e := c.failure(err)
	silent := ps.diesAsDirect(c, err)
	ps.fail(e)
	if c.o != nil {
		ps.x.Origin.Closed = c.o.endedBy() != nil
		ps.in.origins.put(c.o, false)
		if c.sender != nil {
			c.sender.stop()
		}
	}
	ps.in.unwatch()
	e = ps.failed.Load() // what happened first is what led to the rest
	if ps.in.reader.Err() == io.EOF && e.Code != exchange.ErrRequestTruncated && (isEnd(err) || isReset(err)) {
		e = &exchange.Err{Code: exchange.ErrClientGone, Detail: "the client ended its half of the connection, and the origin server then closed: " + detailOf(err)}
		ps.failed.Store(e)
	}
	if e.Code == exchange.ErrClientGone || silent {
		ps.turn.cut = isReset(err)
		return
	}
	ps.refuse(e)
}

// diesAsDirect reports whether the client is to see the end of the connection
// and no answer: it had kept its connection for another request, and the origin
// server closed the one that goes with it. A client knows what to do then.
func (ps *passage) diesAsDirect(c *call, err error) bool {
	return c.o != nil && c.reused && !c.came() && (isEnd(err) || isReset(err)) && ps.cause() == nil && ps.failed.Load() == nil
}

// endTurn hands the record over, and ends the connection where it has to end.
func (ps *passage) endTurn() {
	t, in := ps.turn, ps.in
	in.current = nil
	at := ps.finishRecord()
	in.lent.forget()
	if in.taken {
		t.keep = false
		return
	}
	if in.proxy.isStopping() {
		t.keep = false
	}
	if t.keep {
		in.reader.Rest()
		in.rested = at
		in.idle.Store(at.UnixNano())
		return
	}
	switch {
	case t.cut:
		in.Reset()
	case len(in.reader.Held()) > 0 || !t.content.Done():
		in.linger()
	}
}

// AtHand reports whether all of the request's content has been read ahead.
func (t *turn) AtHand() bool { return t.content.AtHand() }

// Done reports whether the request's content has ended.
func (t *turn) Done() bool { return t.content.Done() }

// NextHeld returns octets of the request's content that have been read ahead.
func (t *turn) NextHeld(take h1.Taker) ([]byte, error) { return t.content.NextHeld(take) }

// Next returns the next octets of the request's content.
func (t *turn) Next(take h1.Taker) ([]byte, error) {
	t.setBodyLimit()
	wire, err := t.content.Next(take)
	t.came += int64(len(wire))
	return wire, err
}

// setBodyLimit sets until when the client has to send more of its content. Where a
// rate is asked for, what comes in small pieces has to come often.
func (t *turn) setBodyLimit() {
	config := &t.in.proxy.config
	if config.BodyTimeout <= 0 {
		t.in.setLimit(0)
		return
	}
	now := time.Now()
	until := now.Add(config.BodyTimeout)
	if rate := config.BodyRate; rate > 0 {
		if t.began.IsZero() {
			t.began = now
		}
		earned := time.Duration(float64(t.came) / float64(rate) * float64(time.Second))
		if least := t.began.Add(config.BodyTimeout + earned); least.Before(until) {
			until = least
		}
	}
	t.in.reader.SetLimit(until)
}

// Stop ends a wait for content.
func (t *turn) Stop() { t.in.reader.Interrupt() }

// Stopped lets the connection be read from again.
func (t *turn) Stopped() {
	t.in.watch.mu.Lock()
	defer t.in.watch.mu.Unlock()
	if t.in.ctx.Err() == nil {
		t.in.reader.Resume()
	}
}
