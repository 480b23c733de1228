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
	count  *metrics.Metrics
	ended  *sink.Fanout // in front of the annotator itself
	sinks  *sink.Fanout
	notes  sync.Pool // of *[]annotate.Note, for exchanges without a note at the head
}

// headNotes is what the annotator keeps with a record between its two halves.
type headNotes []annotate.Note

// head is the proxy's Head hook: notes on the heads, as response fields.
func (a *annotator) head(x *exchange.Exchange, out http.Header) {
	scratch, _ := a.notes.Get().(*[]annotate.Note)
	if scratch == nil {
		scratch = new([]annotate.Note)
	}
	notes := a.set.Head(x, (*scratch)[:0])
	f := sink.MakeResponseFields(x, notes, a.fields)
	add(out, sink.FieldNameNotes, f.Notes)
	add(out, sink.FieldNameExchange, f.Exchange)
	add(out, sink.FieldNameTiming, f.Timing)
	if len(notes) > 0 {
		x.Attached = headNotes(notes)
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

// Write makes the notes that had to wait for the end, and hands the exchange
// on. It makes the annotator the sink of its own queue.
func (a *annotator) Write(ended *annotate.Annotated) error {
	x := ended.X
	notes, headRan := x.Attached.(headNotes)
	switch {
	case headRan:
		x.Attached = nil
		ended.Notes = a.set.End(x, notes)
	default:
		ended.Notes = a.set.End(x, nil)
	}
	ended.Notes = a.memory.Once(x, ended.Notes)
	a.count.Observe(ended)
	a.sinks.Put(ended)
	return nil
}

// Close does nothing: the sinks are drained after the queue.
func (a *annotator) Close() error { return nil }
