package metrics

import "github.com/prometheus/client_golang/prometheus"

// OTLPStats are the counters of what is sent to an OpenTelemetry collector, in
// spans or in log records.
type OTLPStats struct{ Sent, Dropped, Failed, Rejected, Retries uint64 }

// OTLP adds the metrics of one signal, "spans" or "log_records"; read is called
// whenever they are asked for. Call it once for each.
func (m *Metrics) OTLP(signal string, read func() OTLPStats) {
	counter := reader(m, prometheus.CounterValue, read)
	for outcome, value := range map[string]func(OTLPStats) float64{
		"sent":     func(s OTLPStats) float64 { return float64(s.Sent) },
		"dropped":  func(s OTLPStats) float64 { return float64(s.Dropped) },
		"failed":   func(s OTLPStats) float64 { return float64(s.Failed) },
		"rejected": func(s OTLPStats) float64 { return float64(s.Rejected) },
	} {
		counter("sidenote_otlp_records_total",
			"Spans and log records for the OpenTelemetry collector by outcome: sent, dropped because too many waited, failed because they could not be sent, or rejected by the collector.",
			prometheus.Labels{"signal": signal, "outcome": outcome}, value)
	}
	counter("sidenote_otlp_retries_total", "Requests that were sent to the OpenTelemetry collector once more.",
		prometheus.Labels{"signal": signal}, func(s OTLPStats) float64 { return float64(s.Retries) })
}
