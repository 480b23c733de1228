package diff

import (
	"fmt"
	"math"
	"slices"
	"time"

	"sidenote/internal/wording"
)

// What a change of times has to be to be told of.
const (
	leastTimes  = 8    // responses on each side
	leastEffect = 0.6  // Cliff's delta: four of five pairs of responses say the same
	leastFactor = 1.5  // of the median
	leastMillis = 10.0 // by which the median moved
)

// A timing is the times of an operation on both sides, in milliseconds and sorted.
type timing struct {
	operation Operation
	a, b      []float64
}

// times compares how long responses took. That all operations became slower alike
// tells of the machine, so what they share is taken out first.
func (c *comparison) times() {
	var all []timing
	var factors []float64
	for _, o := range c.operations {
		t := timing{o, timesOf(c.a, o), timesOf(c.b, o)}
		if len(t.a) < leastTimes || len(t.b) < leastTimes {
			continue
		}
		all = append(all, t)
		factors = append(factors, median(t.b)/max(median(t.a), 1e-3))
	}
	drift := 1.0
	if len(factors) >= 4 {
		drift = median(sorted(factors))
	}
	for _, t := range all {
		c.time(t, drift)
	}
}

// timesOf are the times of the responses that succeeded.
func timesOf(side map[Operation]*observed, o Operation) (all []float64) {
	seen := side[o]
	if seen == nil || o.Method == "" {
		return nil
	}
	for status, g := range seen.groups {
		if isSuccess(status) {
			all = append(all, g.times...)
		}
	}
	slices.Sort(all)
	return all
}

func (c *comparison) time(t timing, drift float64) {
	before, after := median(t.a), median(t.b)
	slower := after > before
	if slower && drift > 1 || !slower && drift < 1 {
		scaled := make([]float64, len(t.b))
		for i, v := range t.b {
			scaled[i] = v / drift
		}
		t.b = scaled
	}
	p, effect := rankSum(t.a, t.b)
	moved, factor := median(t.b)-before, median(t.b)/max(before, 1e-3)
	if p >= chance || math.Abs(effect) < leastEffect || math.Abs(moved) < leastMillis || factor < leastFactor && factor > 1/leastFactor {
		return
	}
	if (moved > 0) != slower || c.noiseTime(t.operation, before, math.Abs(moved)) {
		return
	}
	change := "is slower"
	if !slower {
		change = "is faster"
	}
	c.report.add(Row{
		Kind: KindTime, Level: Changed, Subject: "the response", Change: change, Operations: []Operation{t.operation},
		Before: millis(before), After: millis(after),
		Evidence: fmt.Sprintf("medians of %d and %d responses; p=%.2g, effect %.2f", len(t.a), len(t.b), p, math.Abs(effect)),
	})
}

// noiseTime reports whether medians of runs of the old version are as far apart.
func (c *comparison) noiseTime(o Operation, before, moved float64) bool {
	for _, side := range c.noise {
		if t := timesOf(side, o); len(t) > 0 && math.Abs(median(t)-before)*1.5 >= moved {
			return true
		}
	}
	return false
}

func millis(ms float64) string {
	return wording.Duration(time.Duration(ms * float64(time.Millisecond)))
}
