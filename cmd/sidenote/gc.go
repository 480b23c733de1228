package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// How much garbage there may be before it is collected. A share of what is in use
// suits a small heap; the store of the inspector makes it large, and then garbage
// has a bound of its own, so that the program takes no more than the store may,
// and some 96 MiB.
const (
	mostGCPercent  = 300
	leastGCPercent = 12
	mostGarbage    = 36 << 20
)

// gcPercent is the value of GOGC that suits a number of octets in use.
func gcPercent(inUse uint64) int {
	if inUse == 0 {
		return mostGCPercent
	}
	return int(min(max(mostGarbage*100/inUse, leastGCPercent), mostGCPercent))
}

// tuneGC sets the garbage collector, unless the user did.
func (p *program) tuneGC() {
	if _, set := p.lookup("GOGC"); !set {
		debug.SetGCPercent(mostGCPercent)
	}
}

// A pacer sets the garbage collector anew after each collection.
type pacer struct {
	percent int // that is set
	stopped atomic.Bool
}

// paceGC begins pacing, unless the user set the garbage collector; stop ends it.
func (p *program) paceGC() (stop func()) {
	c := &pacer{percent: mostGCPercent}
	if _, set := p.lookup("GOGC"); set {
		return func() {}
	}
	debug.SetGCPercent(c.percent)
	c.await()
	return func() { c.stopped.Store(true) }
}

// await has the next collection call pace: it finds an object that nothing holds.
func (c *pacer) await() {
	runtime.AddCleanup(new([32]byte), func(c *pacer) { c.pace() }, c)
}

// pace sets what suits the heap as the collection has left it. To set it stops
// the program for a moment, so small changes are not worth it.
func (c *pacer) pace() {
	if c.stopped.Load() {
		return
	}
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() == metrics.KindUint64 {
		if want := gcPercent(sample[0].Value.Uint64()); want > c.percent+c.percent/16 || want < c.percent-c.percent/16 {
			debug.SetGCPercent(want)
			c.percent = want
		}
	}
	c.await()
}
