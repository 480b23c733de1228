package h2

import (
	"sync/atomic"
	"time"
)

// A budget bounds what a peer may send that costs work and moves nothing on. It
// is spent by one goroutine; any may add to it.
type budget struct {
	left  atomic.Int64
	most  int64
	each  time.Duration // one more comes back after each such time
	since time.Time     // when time was asked last
}

func (b *budget) start(most int64, each time.Duration) {
	b.most, b.each, b.since = most, each, time.Now()
	b.left.Store(most)
}

// add returns n to the budget, for something that does move on.
func (b *budget) add(n int64) {
	if b.left.Load() < b.most {
		b.left.Add(n)
	}
}

// spend takes one, and reports false when there is none left. The clock is asked
// only then.
func (b *budget) spend() bool {
	if b.left.Add(-1) >= 0 {
		return true
	}
	now := time.Now()
	back := int64(now.Sub(b.since) / b.each)
	b.since = now
	return b.left.Add(min(back, b.most)) >= 0
}

// What a peer may send at once, and how soon it may again. RST_STREAM are few
// since each throws work away (rapid reset); a stream that ends in order pays for
// one. Frames that only control are paid for by HEADERS and DATA of either side.
const (
	mostResets   = 1000
	eachReset    = 30 * time.Millisecond
	mostControls = 10000
	eachControl  = time.Millisecond
	perFrame     = 8   // control frames that a HEADERS or DATA frame pays for
	mostPieces   = 256 // frames of one field section
)
