package proxy

import (
	"errors"
	"net/http"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// Requests that are answered with a page of our own.

// refuse answers with the page that says why the exchange failed.
func (ps *passage) refuse(e *exchange.Err) {
	ps.fail(e)
	ps.x.Err = e // so that the Head hook knows
	if ps.x.Request.RawHead == "" {
		ps.readRefused()
	}
	if e.Code == exchange.ErrClientGone {
		return
	}
	ps.sendPage(ps.proxy.failurePage(ps.x, e))
}

// readRefused takes what can be understood of a head that is refused.
func (ps *passage) readRefused() {
	ps.readTurn()
	q := &ps.x.Request
	ps.x.Scheme, ps.x.Authority = ps.in.route.scheme, exchange.TargetAuthority(q)
	if ps.x.Scheme == "" {
		ps.x.Scheme = "http"
	}
}

// The bounds of what is read of a request's content so that the connection can
// go on after a page.
const (
	drainOctets = 256 << 10
	drainFor    = 250 * time.Millisecond
)

// drain reads content that nobody wants, so that the client's connection can be
// used again. Content that waits for 100 (Continue) is not asked for. It reports
// whether the content has ended.
func (t *turn) drain(ps *passage) bool {
	if t.frame.End == h1.NoContent {
		return true
	}
	if ps.x.Request.Fields.Has(exchange.FieldExpect) || t.frame.Length > drainOctets {
		return t.content.Done()
	}
	t.in.reader.SetLimit(time.Now().Add(drainFor))
	var to h1.Taker = dropped{}
	if ps.request != nil {
		to = ps.request
	}
	for n := 0; n <= drainOctets && !t.content.Done(); {
		wire, err := t.content.Next(to)
		if n += len(wire); err != nil {
			return false
		}
	}
	if ps.request != nil && t.content.Done() {
		ps.request.complete()
	}
	return t.content.Done()
}

// dropped is content that is not recorded.
type dropped struct{}

// Take does nothing.
func (dropped) Take([]byte) {}

// sendPage answers with a page of our own.
func (ps *passage) sendPage(page *page) {
	t, x := ps.turn, ps.x
	e := ps.failed.Load()
	readable := t.line.Method != "" && (e == nil || e.Code != exchange.ErrRequestMalformed && e.Code != exchange.ErrRequestHeadLarge && e.Code != exchange.ErrRequestTimeout && e.Code != exchange.ErrRequestTruncated)
	t.keep = readable && t.drain(ps) && ps.in.reader.Err() == nil && h1.Persists(&x.Request.Fields, x.Request.Version) && x.Request.Version >= exchange.HTTP11
	ps.setMade(page)
	if ps.request == nil {
		noContent(&x.Request.Content)
	}
	out := ps.annotatedHead(nil)
	if !t.keep {
		out.Added = append(out.Added, exchange.Line{Name: "Connection", Value: "close"})
	}
	room := ps.proxy.outgoing.Get().(*[]byte)
	buf := out.Append((*room)[:0])
	if x.Request.Method != http.MethodHead {
		buf = append(buf, page.content...)
	}
	if err := ps.in.send(buf); err != nil {
		t.keep, t.cut = false, errors.Is(err, errNotTaken)
		if e == nil {
			ps.fail(ps.undelivered(err))
		}
	}
	ps.proxy.sent(room, buf)
}

// setMade records a response of our own.
func (ps *passage) setMade(page *page) {
	s := &ps.x.Response
	*s = exchange.Response{Status: page.status, Reason: http.StatusText(page.status), Made: true, At: ps.since()}
	s.Version = max(ps.x.Request.Version, exchange.HTTP11)
	for _, l := range page.fields {
		s.Fields.Add(l.Name, l.Value)
	}
	s.Content.Kept, s.Content.Size = page.content, int64(len(page.content))
	s.Content.Unhashed, s.Content.Complete = true, true
}
