package main

import (
	"slices"

	"sidenote/annotate/conversation"
	"sidenote/configs"
	"sidenote/metrics"
	"sidenote/proxy"
	"sidenote/sink"
	"sidenote/sink/otlp"
	"sidenote/sink/store"
)

func metricsOptions(c *configs.Config) metrics.Options {
	return metrics.Options{
		Hosts:  slices.Contains(c.MetricsLabels, configs.LabelHost),
		Routes: slices.Contains(c.MetricsLabels, configs.LabelRoute),
		Values: c.MetricsLabelValues,
	}
}

// watch has metrics read the counters of the parts of a server; an exporter that
// is nil has none.
func watch(m *metrics.Metrics, p *proxy.Proxy, stories *conversation.State, kept *store.Store, exporter *otlp.Exporter, queues ...*sink.Fanout) {
	m.Proxy(func() metrics.ProxyStats { return metrics.ProxyStats(p.Stats()) })
	m.Store(func() metrics.StoreStats {
		s := kept.Stats()
		return metrics.StoreStats{Entries: s.Entries, Bytes: s.Bytes, Most: s.Most, Evicted: s.Evicted}
	})
	m.Conversation(idsOf(conversation.Rules()), func() metrics.ConversationStats {
		s := stories.Stats()
		return metrics.ConversationStats{Remembered: s.Remembered, Bytes: s.Bytes, Forgotten: s.Forgotten, Untimed: s.Untimed, Times: s.Times}
	})
	for _, f := range queues {
		for i, lane := range f.Stats() {
			m.Sink(lane.Name, func() metrics.SinkStats {
				l := f.Stats()[i]
				return metrics.SinkStats{Queued: l.Queued, Limit: l.Limit, Dropped: l.Dropped, Failed: l.Failed}
			})
		}
	}
	if exporter != nil {
		m.OTLP("spans", func() metrics.OTLPStats { spans, _ := exporter.Stats(); return metrics.OTLPStats(spans) })
		m.OTLP("log_records", func() metrics.OTLPStats { _, records := exporter.Stats(); return metrics.OTLPStats(records) })
	}
}
