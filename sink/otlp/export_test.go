package otlp

import (
	"time"

	"sidenote/annotate"
)

// NewFast is New for tests: its waits are short, and so is the time until it drops a batch.
func NewFast(o Options) *Exporter {
	return newExporter(o, pace{delay: 5 * time.Millisecond, backoff: 5 * time.Millisecond, most: 20 * time.Millisecond, retryFor: time.Second, closeFor: 300 * time.Millisecond})
}

// QueuedBytes is how much may wait, beside one batch.
const QueuedBytes = queuedBytes

// Clean is clean.
func Clean(s string) string { return clean(s) }

// Encode returns the requests that an exchange is sent in.
func Encode(a *annotate.Annotated) (spans, records []byte) {
	e := Exporter{}
	e.signals[0], e.signals[1] = &exporting{signal: traces, head: resource(nil)}, &exporting{signal: logs, head: resource(nil)}
	var b batch
	e.encode(&b, a)
	one := func(i int) []byte {
		m := e.signals[i].message(b.records[i].b)
		return append(m.head, m.records...)
	}
	return one(0), one(1)
}

// Appender returns what encodes an exchange as Write does, into one batch over and
// over.
func Appender() func(*annotate.Annotated) {
	e, b := Exporter{}, batch{}
	e.signals[0], e.signals[1] = &exporting{signal: traces}, &exporting{signal: logs}
	return func(a *annotate.Annotated) {
		b.records[0].b, b.records[1].b = b.records[0].b[:0], b.records[1].b[:0]
		e.encode(&b, a)
	}
}
