package metrics

import "github.com/prometheus/client_golang/prometheus"

// ProxyStats are the figures of the moment that the proxy keeps itself.
type ProxyStats struct {
	InFlight                      int64 // exchanges that have begun and not ended
	ClientsOpened, ClientsOpen    int64 // connections from clients
	OriginsOpened, OriginsOpen    int64 // connections to origin servers
	OriginsShared                 int64 // how often one of them served another client than its first
	Intercepted, Refused, Tunnels int64 // CONNECT requests by what happened to them
	FullClients, FullDescriptors  int64 // how often a limit of sidenote's own was met
	SlowHeads, SlowBodies         int64 // requests that did not come in time
	UnreadClients, UnreadOrigins  int64 // messages that the other side did not read in time
	Streams, StreamsReset         int64 // HTTP/2 streams that clients opened; those that a peer reset
	StreamsRefused                int64 // those that sidenote refused, by a rule of HTTP/2 or a limit
	Messages, MessagesDropped     int64 // messages of streams that sidenote found; those of them that it did not keep
	H2Violations, H2Floods        int64 // HTTP/2 connections that sidenote ended, since a peer broke the protocol or sent too much
}

// Proxy adds the metrics of the proxy; read is called whenever they are asked
// for. Call it once.
func (m *Metrics) Proxy(read func() ProxyStats) {
	const opened, open = "Connections accepted from clients and opened to the other side.", "Connections that are open now, by side."
	const connects = "CONNECT requests by outcome: TLS intercepted, sidenote's certificate refused by the client, or tunnelled untouched."
	gauge, counter := reader(m, prometheus.GaugeValue, read), reader(m, prometheus.CounterValue, read)
	gauge("sidenote_in_flight_exchanges", "Exchanges that have begun but not ended.", nil,
		func(s ProxyStats) float64 { return float64(s.InFlight) })
	client, origin := prometheus.Labels{"side": "client"}, prometheus.Labels{"side": "origin"}
	counter("sidenote_connections_opened_total", opened, client, func(s ProxyStats) float64 { return float64(s.ClientsOpened) })
	counter("sidenote_connections_opened_total", opened, origin, func(s ProxyStats) float64 { return float64(s.OriginsOpened) })
	gauge("sidenote_connections_open", open, client, func(s ProxyStats) float64 { return float64(s.ClientsOpen) })
	gauge("sidenote_connections_open", open, origin, func(s ProxyStats) float64 { return float64(s.OriginsOpen) })
	counter("sidenote_connections_shared_total", "Times that a connection to an origin server served another client than its first (--share-connections).", nil,
		func(s ProxyStats) float64 { return float64(s.OriginsShared) })
	outcome := func(o string) prometheus.Labels { return prometheus.Labels{"outcome": o} }
	counter("sidenote_connects_total", connects, outcome("intercepted"), func(s ProxyStats) float64 { return float64(s.Intercepted) })
	counter("sidenote_connects_total", connects, outcome("refused"), func(s ProxyStats) float64 { return float64(s.Refused) })
	counter("sidenote_connects_total", connects, outcome("tunnelled"), func(s ProxyStats) float64 { return float64(s.Tunnels) })
	const limits = "How often a limit was met: --max-clients; what the system gives sidenote of file descriptors, memory and ports; the times that clients have for heads and bodies, and that both sides have to read."
	limit := func(l string) prometheus.Labels { return prometheus.Labels{"limit": l} }
	counter("sidenote_limits_met_total", limits, limit("clients"), func(s ProxyStats) float64 { return float64(s.FullClients) })
	counter("sidenote_limits_met_total", limits, limit("descriptors"), func(s ProxyStats) float64 { return float64(s.FullDescriptors) })
	counter("sidenote_limits_met_total", limits, limit("client-head"), func(s ProxyStats) float64 { return float64(s.SlowHeads) })
	counter("sidenote_limits_met_total", limits, limit("client-body"), func(s ProxyStats) float64 { return float64(s.SlowBodies) })
	counter("sidenote_limits_met_total", limits, limit("client-write"), func(s ProxyStats) float64 { return float64(s.UnreadClients) })
	counter("sidenote_limits_met_total", limits, limit("origin-write"), func(s ProxyStats) float64 { return float64(s.UnreadOrigins) })
	const streams = "HTTP/2 streams by event: opened by clients, reset by a client or a server, refused by sidenote."
	event := func(e string) prometheus.Labels { return prometheus.Labels{"event": e} }
	counter("sidenote_http2_streams_total", streams, event("opened"), func(s ProxyStats) float64 { return float64(s.Streams) })
	counter("sidenote_http2_streams_total", streams, event("reset"), func(s ProxyStats) float64 { return float64(s.StreamsReset) })
	counter("sidenote_http2_streams_total", streams, event("refused"), func(s ProxyStats) float64 { return float64(s.StreamsRefused) })
	counter("sidenote_messages_total", "WebSocket messages, events, gRPC messages and JSON-RPC calls that sidenote found in streams.", nil, func(s ProxyStats) float64 { return float64(s.Messages) })
	counter("sidenote_messages_dropped_total", "Messages that the record of their exchange does not have, since --keep-messages was full.", nil, func(s ProxyStats) float64 { return float64(s.MessagesDropped) })
	const ended = "HTTP/2 connections that sidenote closed, by reason: a peer broke the protocol, or sent far too many frames."
	reason := func(r string) prometheus.Labels { return prometheus.Labels{"reason": r} }
	counter("sidenote_http2_connections_ended_total", ended, reason("protocol"), func(s ProxyStats) float64 { return float64(s.H2Violations) })
	counter("sidenote_http2_connections_ended_total", ended, reason("flood"), func(s ProxyStats) float64 { return float64(s.H2Floods) })
}

// SinkStats are the counters of a sink as Sink reads them.
type SinkStats struct {
	Queued, Limit   int
	Dropped, Failed uint64
}

// Sink adds the metrics of one sink; read is called whenever they are asked
// for. Call it once for each name.
func (m *Metrics) Sink(name string, read func() SinkStats) {
	label := prometheus.Labels{"sink": name}
	gauge, counter := reader(m, prometheus.GaugeValue, read), reader(m, prometheus.CounterValue, read)
	counter("sidenote_sink_dropped_total", "Exchanges that a sink never saw, because its queue was full or closed.",
		label, func(s SinkStats) float64 { return float64(s.Dropped) })
	counter("sidenote_sink_failed_total", "Exchanges that a sink could not write.",
		label, func(s SinkStats) float64 { return float64(s.Failed) })
	gauge("sidenote_sink_queued", "Exchanges that wait for a sink.",
		label, func(s SinkStats) float64 { return float64(s.Queued) })
	gauge("sidenote_sink_queue_limit", "Exchanges that can wait for a sink.",
		label, func(s SinkStats) float64 { return float64(s.Limit) })
}

// StoreStats say how full the store of exchanges is.
type StoreStats struct {
	Entries     int
	Bytes, Most int64 // of memory: taken, and at most
	Evicted     uint64
}

// Store adds the metrics of the store in which the latest exchanges are kept;
// read is called whenever they are asked for. Call it once.
func (m *Metrics) Store(read func() StoreStats) {
	gauge, counter := reader(m, prometheus.GaugeValue, read), reader(m, prometheus.CounterValue, read)
	gauge("sidenote_store_exchanges", "Exchanges kept in memory for the inspector.", nil,
		func(s StoreStats) float64 { return float64(s.Entries) })
	gauge("sidenote_store_bytes", "Bytes of memory that the kept exchanges use.", nil,
		func(s StoreStats) float64 { return float64(s.Bytes) })
	gauge("sidenote_store_limit_bytes", "Bytes of memory that the kept exchanges may use.", nil,
		func(s StoreStats) float64 { return float64(s.Most) })
	counter("sidenote_store_evicted_total", "Exchanges dropped from memory to make room for later ones.", nil,
		func(s StoreStats) float64 { return float64(s.Evicted) })
}

// ConversationStats say what rules over several exchanges remember and found.
type ConversationStats struct {
	Remembered int   // exchanges
	Bytes      int64 // of memory that they take
	Forgotten  uint64
	Untimed    uint64
	Times      map[string]uint64 // by rule: how often what it is about happened
}

// Conversation adds the metrics of the rules over several exchanges, whose IDs
// are given; read is called whenever they are asked for. Call it once.
func (m *Metrics) Conversation(rules []string, read func() ConversationStats) {
	gauge, counter := reader(m, prometheus.GaugeValue, read), reader(m, prometheus.CounterValue, read)
	gauge("sidenote_conversation_exchanges", "Exchanges that rules over several exchanges remember.", nil,
		func(s ConversationStats) float64 { return float64(s.Remembered) })
	gauge("sidenote_conversation_bytes", "Bytes of memory that the remembered exchanges use.", nil,
		func(s ConversationStats) float64 { return float64(s.Bytes) })
	counter("sidenote_conversation_forgotten_total", "Exchanges that rules over several exchanges forgot to make room for later ones.", nil,
		func(s ConversationStats) float64 { return float64(s.Forgotten) })
	counter("sidenote_conversation_untimed_total", "Exchanges without a time, which rules over several exchanges cannot place.", nil,
		func(s ConversationStats) float64 { return float64(s.Untimed) })
	for _, id := range rules {
		counter("sidenote_story_times_total", "How often what a rule over several exchanges is about happened. sidenote_notes_total counts its notes: one for each story.",
			prometheus.Labels{"rule": id}, func(s ConversationStats) float64 { return float64(s.Times[id]) })
	}
}

// reader adds metrics whose value someone else keeps: each is a figure of what
// read returns.
func reader[S any](m *Metrics, kind prometheus.ValueType, read func() S) func(name, help string, labels prometheus.Labels, value func(S) float64) {
	return func(name, help string, labels prometheus.Labels, value func(S) float64) {
		now := func() float64 { return value(read()) }
		if kind == prometheus.CounterValue {
			m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, now))
			return
		}
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, now))
	}
}
