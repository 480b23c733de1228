package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"sidenote/exchange"
	"sidenote/exchange/inside"
)

// effectCounters has a counter for each outcome and protocol that there are.
type effectCounters map[effectLabels]prometheus.Counter // never written after it is made

type effectLabels struct {
	outcome  inside.Outcome
	protocol inside.Protocol
}

// newEffectCounters makes all at zero, so that the first error inside a success
// is seen as a rise.
func newEffectCounters(vec *prometheus.CounterVec) effectCounters {
	c := effectCounters{}
	for i, name := range inside.OutcomeNames() {
		outcome := inside.Outcome(i)
		c[effectLabels{outcome, ""}] = vec.WithLabelValues(name, "none")
		if outcome != inside.Error && outcome != inside.Partial {
			continue
		}
		for _, p := range inside.Protocols() {
			c[effectLabels{outcome, p}] = vec.WithLabelValues(name, string(p))
		}
	}
	return c
}

func (c effectCounters) of(e *exchange.Effect) prometheus.Counter {
	return c[effectLabels{e.Outcome, e.Protocol}]
}
