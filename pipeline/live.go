package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink"
)

// A Live is a pipeline for running exchanges. Head runs while the client waits,
// and does only what it must. The rest runs behind a queue when the exchange
// has ended, so that no response waits for a note. Its methods are safe for
// concurrent use.
type Live struct {
	pipeline *Pipeline
	fields   sink.FieldMode
	queue    *sink.Fanout // in front of the pipeline
	out      *sink.Fanout // behind it; nil where the outlet has no queues

	scratch sync.Pool // of *[]annotate.Note, for exchanges without a note on the head

	mu    sync.Mutex
	heads map[*exchange.Exchange][]annotate.Note // what Head found, of exchanges that have not ended
}

// NewLive puts a queue before a pipeline; fields says what goes into responses,
// and log gets what goes wrong.
func NewLive(o Options, fields sink.FieldMode, log zerolog.Logger) *Live {
	l := &Live{pipeline: New(o), fields: fields, heads: map[*exchange.Exchange][]annotate.Note{}}
	l.queue = sink.NewFanout(log, sink.Lane{Name: "notes", Sink: ended{l}})
	l.out, _ = o.Out.(*sink.Fanout)
	return l
}

// Head makes the notes that the message heads allow, and appends the response
// fields to added. It is for proxy.Hooks.Head.
func (l *Live) Head(x *exchange.Exchange, added []exchange.Line) []exchange.Line {
	scratch, _ := l.scratch.Get().(*[]annotate.Note)
	if scratch == nil {
		scratch = new([]annotate.Note)
	}
	p := l.pipeline
	notes := p.o.Rules.Head(x, (*scratch)[:0])
	shown := slices.Clone(notes) // what the policy drops here still has to drop others at the end
	if x.Err != nil {            // the response, which the proxy made, says so at once
		shown = p.o.Rules.Preview(x, shown)
	}
	shown = p.preview(x, annotate.Suppress(shown))
	added = sink.MakeResponseFields(x, shown, l.fields).AppendTo(added)
	if len(notes) == 0 {
		*scratch = notes
		l.scratch.Put(scratch)
		return added
	}
	l.mu.Lock()
	l.heads[x] = notes
	l.mu.Unlock()
	return added
}

// Done puts an exchange that has ended into the queue. It is for
// proxy.Hooks.Done, and waits while the queue is full.
func (l *Live) Done(x *exchange.Exchange) { l.queue.Put(&annotate.Annotated{X: x}) }

// Message hands a message of a running exchange to the sinks that take some,
// without its secrets. It is for proxy.Hooks.Message.
func (l *Live) Message(x *exchange.Exchange, format exchange.MessageFormat, m *exchange.StreamMessage) {
	if l.out == nil || !l.out.TakesMessages() {
		return
	}
	redact := l.pipeline.o.Redact
	l.out.PutMessage(&sink.Message{Of: exchange.StreamOf(x, format, redact), Message: redact.StreamMessage(m)})
}

// Again is Pipeline.Again.
func (l *Live) Again(x *exchange.Exchange) *annotate.Annotated { return l.pipeline.Again(x) }

// Queue is the queue in front of the pipeline, for its counters.
func (l *Live) Queue() *sink.Fanout { return l.queue }

// Drain stops taking exchanges, processes those in the queue, and then drains
// the outlet if it has queues. It ends when ctx does.
func (l *Live) Drain(ctx context.Context) error {
	err := errors.Join(l.queue.Drain(ctx), l.pipeline.Finish(false))
	if l.out != nil {
		err = errors.Join(err, l.out.Drain(ctx))
	}
	return err
}

// finish takes an exchange that has ended through the stages that are left.
func (l *Live) finish(x *exchange.Exchange) (*annotate.Annotated, error) {
	l.mu.Lock()
	head := l.heads[x]
	delete(l.heads, x)
	l.mu.Unlock()
	return l.pipeline.rest(x, head)
}

// ended is the sink of the queue.
type ended struct{ live *Live }

// Write takes an exchange out of the queue, without notes.
func (e ended) Write(a *annotate.Annotated) error {
	_, err := e.live.finish(a.X)
	return err
}

// Close does nothing: the outlet is drained after the queue.
func (e ended) Close() error { return nil }
