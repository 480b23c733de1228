// Package otlp puts exchanges into distributed traces, and sends them with
// their notes to an OpenTelemetry collector: a span for the exchange with the
// client, one for that with the origin server, and a log record for each note.
//
// A collector that is slow, wrong or gone costs records, which are counted, and
// never time of the traffic.
package otlp
