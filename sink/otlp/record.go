package otlp

import (
	"sidenote/annotate"
	"sidenote/exchange"
)

// The fields of LogRecord (opentelemetry/proto/logs/v1).
const (
	logTime         = 1
	logSeverity     = 2
	logSeverityText = 3
	logBody         = 5
	logAttributes   = 6
	logFlags        = 8
	logTraceID      = 9
	logSpanID       = 10
	logObserved     = 11
	logEventName    = 12
)

// severityNumber returns the number that the log data model has for a severity:
// INFO, WARN or ERROR.
func severityNumber(s annotate.Severity) uint64 {
	switch s {
	case annotate.Error:
		return 17
	case annotate.Warn:
		return 13
	}
	return 9
}

// logRecord writes a note.
func logRecord(e *encoder, x *exchange.Exchange, n *annotate.Note, t *exchange.Trace) {
	e.fixed64(logTime, nanos(end(x)))
	e.fixed64(logObserved, nanos(end(x)))
	e.varint(logSeverity, severityNumber(n.Severity))
	e.text(logSeverityText, n.Severity.String())
	e.text(logEventName, eventNote)
	body := e.open(logBody)
	e.text(anyString, clean(n.Message))
	e.close(body)
	at := attributes{e, logAttributes}
	at.text("sidenote.exchange.id", x.ID)
	at.text("http.request.method", knownMethod(x.Request.Method))
	at.text("url.full", x.URL())
	host, _ := x.Server()
	at.text("server.address", host)
	at.number("http.response.status_code", int64(x.Response.Status))
	noteFacts(at, x, n)
	if t.Sampled {
		e.fixed32(logFlags, flagSampled)
	}
	e.bytes(logTraceID, t.ID[:])
	e.bytes(logSpanID, t.Span[:])
}

// noteAttributes are those of a note as an event, which has no text of its own.
func noteAttributes(at attributes, x *exchange.Exchange, n *annotate.Note) {
	at.text("sidenote.note.message", n.Message)
	at.text("sidenote.note.severity", n.Severity.String())
	noteFacts(at, x, n)
}

// noteFacts are what a note says beside its message and severity.
func noteFacts(at attributes, x *exchange.Exchange, n *annotate.Note) {
	at.text("sidenote.note.rule", n.Rule.ID)
	at.text("sidenote.note.blame", string(n.Blame))
	at.text("sidenote.note.place", n.Place.String())
	at.text("sidenote.note.accepted", n.Accepted)
	at.text("sidenote.note.help", n.HelpText())
	at.texts("sidenote.note.refs", n.Rule.Refs)
	at.text("sidenote.note.fingerprint", n.Fingerprint(x))
}
