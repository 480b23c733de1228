package metrics

import "github.com/prometheus/client_golang/prometheus"

// ProxyStats are the figures of the moment that the proxy keeps itself.
type ProxyStats struct {
	InFlight                      int64 // exchanges that have begun and not ended
	ClientsOpened, ClientsOpen    int64 // connections from clients
	OriginsOpened, OriginsOpen    int64 // connections to origin servers
	Intercepted, Refused, Tunnels int64 // CONNECT requests by what became of them
}

// Proxy adds the metrics of the proxy; read is called whenever they are asked
// for. Call it once.
func (m *Metrics) Proxy(read func() ProxyStats) {
	gauge := func(name, help string, labels prometheus.Labels, value func(ProxyStats) int64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return float64(value(read())) }))
	}
	counter := func(name, help string, labels prometheus.Labels, value func(ProxyStats) int64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(
			prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return float64(value(read())) }))
	}
	gauge("sidenote_in_flight_exchanges", "Exchanges that have begun and not ended.", nil,
		func(s ProxyStats) int64 { return s.InFlight })
	const opened, open = "Connections accepted from clients and opened to the other side.", "Connections that are open now, by side."
	client, origin := prometheus.Labels{"side": "client"}, prometheus.Labels{"side": "origin"}
	counter("sidenote_connections_opened_total", opened, client, func(s ProxyStats) int64 { return s.ClientsOpened })
	counter("sidenote_connections_opened_total", opened, origin, func(s ProxyStats) int64 { return s.OriginsOpened })
	gauge("sidenote_connections_open", open, client, func(s ProxyStats) int64 { return s.ClientsOpen })
	gauge("sidenote_connections_open", open, origin, func(s ProxyStats) int64 { return s.OriginsOpen })
	const connects = "CONNECT requests by what became of them: TLS intercepted, sidenote's certificate refused by the client, or tunnelled untouched."
	outcome := func(o string) prometheus.Labels { return prometheus.Labels{"outcome": o} }
	counter("sidenote_connects_total", connects, outcome("intercepted"), func(s ProxyStats) int64 { return s.Intercepted })
	counter("sidenote_connects_total", connects, outcome("refused"), func(s ProxyStats) int64 { return s.Refused })
	counter("sidenote_connects_total", connects, outcome("tunnelled"), func(s ProxyStats) int64 { return s.Tunnels })
}
