package main

import (
	"net/http"
	"sync"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/metrics"
	"sidenote/sink"
)

// An annotator makes notes of what the proxy records and hands both on. It has
// two halves: what runs while the client waits for the head, and what runs
// when the exchange has ended, in a goroutine of its own, so that no response
// is held back for a note.
type annotator struct {
	set    *annotate.Set
	fields sink.FieldMode
	memory *annotate.Memory
	count  *metrics.Metrics // nil when nobody can ask for the metrics
	judge  *judge           // nil where nothing is judged
	// inspecting has the store of the inspector; nil where there is none.
	inspecting *inspecting
	ended      *sink.Fanout // in front of the annotator itself
	sinks      *sink.Fanout
	notes      sync.Pool // of *[]annotate.Note, for exchanges without a note at the head
}

// newAnnotator makes an annotator that makes notes and has them judged, and
// hands nothing on.
func newAnnotator(j *judge) *annotator {
	return &annotator{set: j.set, memory: annotate.NewMemory(0), judge: j}
}

// headNotes is what the annotator keeps with a record between its two halves.
type headNotes struct {
	notes []annotate.Note
	all   bool // none have to wait for the end
}

// head is the proxy's Head hook: notes on the heads, as response fields.
func (a *annotator) head(x *exchange.Exchange, out http.Header) {
	scratch, _ := a.notes.Get().(*[]annotate.Note)
	if scratch == nil {
		scratch = new([]annotate.Note)
	}
	notes := a.set.Head(x, (*scratch)[:0])
	failed := x.Err != nil
	if failed { // the response says so, and nothing else is to come
		notes = a.set.End(x, notes)
	}
	f := sink.MakeResponseFields(x, a.judge.preview(x, notes), a.fields)
	add(out, sink.FieldNameNotes, f.Notes)
	add(out, sink.FieldNameExchange, f.Exchange)
	add(out, sink.FieldNameTiming, f.Timing)
	if len(notes) > 0 {
		x.Attached = &headNotes{notes, failed}
		return
	}
	*scratch = notes
	a.notes.Put(scratch)
}

func add(h http.Header, name, value string) {
	if value != "" {
		h[name] = []string{value}
	}
}

// done is the proxy's Done hook.
func (a *annotator) done(x *exchange.Exchange) { a.ended.Put(&annotate.Annotated{X: x}) }

// Write makes the annotator the sink of its own queue.
func (a *annotator) Write(ended *annotate.Annotated) error {
	ended = a.finish(ended.X)
	if a.count != nil {
		a.count.Observe(ended)
	}
	if i := a.inspecting; i != nil { // not behind a queue: it takes no time, and wants secrets
		i.take(ended)
	}
	a.sinks.Put(ended)
	return nil
}

// finish makes the notes that had to wait for the end of an exchange, and has
// them judged.
func (a *annotator) finish(x *exchange.Exchange) *annotate.Annotated {
	known, _ := x.Attached.(*headNotes)
	x.Attached = nil
	x.FailUndecodable()
	switch {
	case known == nil:
		return a.conclude(x, a.set.End(x, nil))
	case known.all:
		return a.conclude(x, known.notes)
	}
	return a.conclude(x, a.set.End(x, known.notes))
}

// whole makes all notes on an exchange that has ended before anything looked at
// it, the same as head and finish make of a live one.
func (a *annotator) whole(x *exchange.Exchange) *annotate.Annotated {
	x.FailUndecodable()
	return a.conclude(x, a.set.All(x, nil))
}

// again makes all notes on an exchange that was recorded some time ago, without
// counting it among those of this run.
func (a *annotator) again(x *exchange.Exchange) *annotate.Annotated {
	x.FailUndecodable()
	return &annotate.Annotated{X: x, Notes: a.judge.settle(x, a.set.All(x, nil))}
}

// conclude drops what was said before and has the rest judged.
func (a *annotator) conclude(x *exchange.Exchange, notes []annotate.Note) *annotate.Annotated {
	notes = a.judge.settle(x, notes)
	ended := &annotate.Annotated{X: x, Notes: a.memory.Once(x, notes)}
	a.judge.observe(ended)
	return ended
}

// Close does nothing: the sinks are drained after the queue.
func (a *annotator) Close() error { return nil }
