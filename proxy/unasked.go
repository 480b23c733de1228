package proxy

import (
	"bytes"
	"fmt"
	"time"

	"sidenote/exchange"
)

// An answeredCall is what a connection remembers of the response that came on it
// last, for what may come after it.
type answeredCall struct {
	exchange string // its ID
	status   int
	at       time.Time
}

// unasked records what an origin server sent while no request waited for an
// answer: the record of the response that it may belong to has been handed over, so
// it has one of its own, which names that. The connection must not be used again.
func (p *Proxy) unasked(o *outbound, client exchange.Connection) {
	octets := o.reader.Held()
	if len(bytes.Trim(octets, "\r\n")) == 0 || !p.enter() { // some servers write an empty line after the content
		return
	}
	defer p.leave()
	x := &exchange.Exchange{ID: p.nextID(), Run: p.config.RunID, Started: time.Now(), Scheme: o.target.scheme, Client: client, Origin: o.connection(true)}
	x.Authority = trimDefaultPort(o.authorityOf(), x.Scheme)
	noContent(&x.Request.Content)
	x.Err = &exchange.Err{Code: exchange.ErrUnasked, Detail: o.answered.describe(octets, x.Started)}
	x.Timing.Done = 1
	o.reader.Skip(len(octets)) // told once
	p.done(x)
}

// describe says what came after a response, and how long after.
func (a *answeredCall) describe(octets []byte, now time.Time) string {
	const shown = 200
	what := fmt.Sprintf("%d bytes came", len(octets))
	if !a.at.IsZero() {
		what += fmt.Sprintf(" %v after the response %d of exchange %s had ended", now.Sub(a.at).Round(time.Millisecond), a.status, a.exchange)
	}
	if len(octets) > shown {
		return fmt.Sprintf("%s; they begin with %q", what, octets[:shown])
	}
	return fmt.Sprintf("%s: %q", what, octets)
}

// authorityOf names whom a connection is for, in a record.
func (o *outbound) authorityOf() string {
	if o.authority != "" {
		return o.authority
	}
	return o.target.authority
}

// readUnasked reads what has come on a connection that waits, without waiting for
// more.
func (o *outbound) readUnasked() error {
	o.reader.SetLimit(time.Now().Add(time.Millisecond))
	err := o.reader.Fill(0)
	o.reader.SetLimit(time.Time{})
	return err
}

// discard closes a connection that waited and cannot be used again; what came on
// it unasked is recorded.
func (p *Proxy) discard(o *outbound, client exchange.Connection) {
	if len(o.reader.Held()) > 0 {
		p.unasked(o, client)
	}
	o.Close()
}
