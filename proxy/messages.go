package proxy

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
	"sidenote/exchange/message"
)

// A following finds the messages of one exchange in what passes, and hands them on
// from a goroutine of its own: whoever passes octets on never waits for that.
type following struct {
	proxy    *Proxy
	x        *exchange.Exchange
	finisher *message.Finisher // of the goroutine
	wake     chan struct{}     // holds one: the goroutine is not to rest

	mu     sync.Mutex // guards what follows
	queue  []*exchange.StreamMessage
	queued int64 // octets of memory that the queue holds
	number int64
	busy   bool // the goroutine runs
	over   bool // the exchange has ended
	record exchange.Messages
	kept   int64 // octets of memory that the list of the record holds
}

// The bounds of messages that have been found and not handed on: beyond the first
// they lose their content, beyond the second they are only counted.
const (
	mostQueuedOctets   = 8 << 20
	mostQueuedMessages = 1 << 14
)

// messagesInAll bounds the octets of memory that the messages of all running
// exchanges hold.
const messagesInAll = 128 << 20

// messageStats count the messages of all exchanges.
type messageStats struct {
	octets         atomic.Int64 // that messages of running exchanges hold
	found, dropped atomic.Int64
}

// mostOfMessage is how many octets are kept of one message.
func (c *Config) mostOfMessage() int { return int(c.KeepMessages / 4) }

// followContent has the content of a request or of a response searched for messages
// while it passes through a tap, where its head says that there are some. f is what
// follows the exchange so far, nil where nothing does.
func (p *Proxy) followContent(f *following, x *exchange.Exchange, m *exchange.Message, t *tap) *following {
	if p.config.KeepMessages <= 0 || message.FormatOf(&m.Fields) == "" {
		return f
	}
	if f == nil {
		f = p.newFollowing(x)
	}
	o := f.options(m == &x.Request.Message)
	r, format := message.ForContent(m, o)
	f.setFormat(format)
	t.search(f.timed(r))
	return f
}

// followWebSocket returns what reads a WebSocket that has been agreed on: what the
// client sends and what it is sent.
func (p *Proxy) followWebSocket(x *exchange.Exchange) (f *following, sent, received *timedReader) {
	if p.config.KeepMessages <= 0 {
		return nil, nil, nil
	}
	f = p.newFollowing(x)
	f.setFormat(exchange.FormatWebSocket)
	extensions := x.Response.Fields.Combined(exchange.FieldSecWebSocketExtensions)
	sent = f.timed(message.NewWebSocket(extensions, f.options(true)))
	received = f.timed(message.NewWebSocket(extensions, f.options(false)))
	return f, sent, received
}

func (p *Proxy) newFollowing(x *exchange.Exchange) *following {
	return &following{proxy: p, x: x, wake: make(chan struct{}, 1)}
}

// setFormat says how the messages are written, unless that is known already.
func (f *following) setFormat(format exchange.MessageFormat) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.record.Format == "" {
		f.record.Format = format
	}
}

func (f *following) options(fromClient bool) message.Options {
	return message.Options{
		Keep: f.proxy.config.mostOfMessage(), FromClient: fromClient, Emit: f.put,
		Fault: func(fault exchange.MessageFault, at time.Duration) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.record.Fault(exchange.StreamFault{MessageFault: fault, FromClient: fromClient, At: at})
		},
		Unread: func(n int) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.record.Unread += int64(n)
		},
	}
}

// A timedReader is a Reader with a clock.
type timedReader struct {
	f *following
	r message.Reader // nil once it has failed or ended
}

func (f *following) timed(r message.Reader) *timedReader { return &timedReader{f, r} }

// take reads octets that have passed. A fault of ours costs the rest of the
// messages, and nothing else.
func (t *timedReader) take(p []byte) {
	if t == nil || t.r == nil {
		return
	}
	defer t.guard()
	t.r.Take(p, t.now())
}

// end ends the reading; whole says that the stream ended as it should.
func (t *timedReader) end(whole bool) {
	if t == nil || t.r == nil {
		return
	}
	defer t.guard()
	r := t.r
	t.r = nil
	r.End(t.now(), whole)
}

func (t *timedReader) now() time.Duration { return max(time.Since(t.f.x.Started), 1) }

func (t *timedReader) guard() {
	if v := recover(); v != nil {
		t.r = nil
		t.f.fail(v)
	}
}

// fail takes note of a fault of ours.
func (f *following) fail(v any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.record.Fault(exchange.StreamFault{MessageFault: exchange.MessageFault{Code: exchange.FaultInternal, Detail: fmt.Sprint(v)}})
}

// put takes a message from a Reader.
func (f *following) put(m *exchange.StreamMessage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.number++
	m.Number = f.number
	f.proxy.messages.found.Add(1)
	if len(f.queue) >= mostQueuedMessages {
		f.record.Count(m)
		f.drop()
		return
	}
	if f.queued > mostQueuedOctets && len(m.Content) > 0 {
		m.Content, m.Truncated = nil, true
	}
	f.queue = append(f.queue, m)
	f.queued += m.Memory()
	switch {
	case !f.busy:
		f.busy = true
		go f.handOn()
	case len(f.queue) == manyQueued:
		f.hurry()
	}
}

// The goroutine rests between two batches: under load it is woken for many messages
// at a time and not for each.
const (
	restBetween = 2 * time.Millisecond
	manyQueued  = 256
)

// hurry has the goroutine look at the queue at once.
func (f *following) hurry() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *following) drop() {
	f.record.Dropped++
	f.proxy.messages.dropped.Add(1)
}

// handOn finishes what waits, and hands it on.
func (f *following) handOn() {
	rest := time.NewTimer(restBetween)
	defer rest.Stop()
	for {
		f.mu.Lock()
		waiting := f.queue
		f.queue = nil
		if len(waiting) == 0 {
			f.busy = false
			over := f.over
			f.mu.Unlock()
			if over {
				f.complete()
				f.proxy.running.Done()
			}
			return
		}
		f.mu.Unlock()
		for _, m := range waiting {
			f.one(m)
		}
		rest.Reset(restBetween)
		select {
		case <-rest.C:
		case <-f.wake:
		}
	}
}

// one finishes a message, keeps it and hands it on.
func (f *following) one(m *exchange.StreamMessage) {
	size := m.Memory()
	f.finish(m)
	f.mu.Lock()
	f.queued -= size
	f.record.Count(m)
	f.keep(m)
	format := f.record.Format
	f.mu.Unlock()
	if hook := f.proxy.config.Hooks.Message; hook != nil {
		hook(f.x, format, m)
	}
}

func (f *following) finish(m *exchange.StreamMessage) {
	defer func() {
		if v := recover(); v != nil {
			m.Content, m.Truncated = nil, true
			f.fail(v)
		}
	}()
	if f.finisher == nil {
		f.finisher = message.NewFinisher(f.x, f.proxy.config.mostOfMessage(), f.proxy.config.Decoder)
	}
	f.finisher.Finish(m)
}

// keep adds a message to the record, for which the oldest ones make room. The lock
// is held.
func (f *following) keep(m *exchange.StreamMessage) {
	size := m.Memory()
	f.kept += size
	all := f.proxy.messages.octets.Add(size)
	f.record.List = append(f.record.List, *m)
	for len(f.record.List) > 1 && (f.kept > f.proxy.config.KeepMessages || all > messagesInAll) {
		size := f.record.List[0].Memory()
		f.record.List[0] = exchange.StreamMessage{}
		f.record.List = f.record.List[1:]
		f.kept -= size
		all = f.proxy.messages.octets.Add(-size)
		f.drop()
	}
}

// end hands the exchange over when all of its messages have been handed on.
func (f *following) end() {
	f.mu.Lock()
	f.over = true
	if f.busy {
		f.proxy.running.Add(1)
		f.mu.Unlock()
		f.hurry()
		return
	}
	f.mu.Unlock()
	f.complete()
}

// complete puts the messages into the record, and hands it over.
func (f *following) complete() {
	f.proxy.messages.octets.Add(-f.kept)
	f.x.Messages = &f.record
	f.proxy.done(f.x)
}

// handOver hands a record over, with the messages that f has found.
func (p *Proxy) handOver(x *exchange.Exchange, f *following) {
	if f != nil {
		f.end()
		return
	}
	p.findRPC(x)
	p.done(x)
}

// findRPC looks for JSON-RPC in the contents of an exchange that has ended.
func (p *Proxy) findRPC(x *exchange.Exchange) {
	if p.config.KeepMessages <= 0 || !mayBeRPC(&x.Request.Message) {
		return
	}
	calls := message.JSONRPC(x.Request.Content.Kept)
	if len(calls) == 0 {
		return
	}
	s := &exchange.Messages{Format: exchange.FormatJSONRPC}
	add := func(list []exchange.StreamMessage, fromClient bool, at time.Duration) {
		for i := range list {
			m := &list[i]
			m.Number, m.FromClient, m.At = s.Sent+s.Received+1, fromClient, at
			s.Count(m)
			if hook := p.config.Hooks.Message; hook != nil {
				hook(x, s.Format, m)
			}
		}
		s.List = append(s.List, list...)
		p.messages.found.Add(int64(len(list)))
	}
	add(calls, true, x.Timing.RequestSent)
	if mayBeRPC(&x.Response.Message) && !x.Response.Made {
		add(message.JSONRPC(x.Response.DecodedContent().Bytes), false, x.Timing.Done)
	}
	x.Messages = s
}

// mayBeRPC reports whether content is JSON that was kept whole.
func mayBeRPC(m *exchange.Message) bool {
	kind := m.Fields.Value(exchange.FieldContentType)
	return m.Content.Whole() && len(m.Content.Kept) > 0 &&
		(len(kind) >= 16 && strings.EqualFold(kind[:16], "application/json") || strings.Contains(kind, "+json"))
}
