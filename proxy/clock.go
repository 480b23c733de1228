package proxy

import (
	"sync"
	"time"
)

// A clock ends an exchange on HTTP/2 when the other side takes too long. Any goroutine may call it; the zero value
// with an end function is a clock that stands still.
type clock struct {
	end func(cause error)

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	armed bool          // the timer will fire
	limit time.Duration // 0: nothing is waited for
	cause error         // what to end the exchange with
	until time.Time
}

// set allows the other side so much time from now.
func (c *clock) set(limit time.Duration, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit, c.cause = limit, cause
	if limit <= 0 {
		c.halt()
		return
	}
	c.until = time.Now().Add(limit)
	c.arm(limit)
}

// stop waits for nothing any more.
func (c *clock) stop() { c.set(0, nil) }

// again starts the clock anew, if it was set with this cause. The timer is
// left as it is where it fires early enough, since this happens for each piece
// of content.
func (c *clock) again(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != cause || c.limit <= 0 {
		return
	}
	c.until = time.Now().Add(c.limit)
	if !c.armed {
		c.arm(c.limit)
	}
}

// arm lets the timer fire. The lock is held.
func (c *clock) arm(d time.Duration) {
	c.armed = true
	if c.timer == nil {
		c.timer = time.AfterFunc(d, c.fired)
		return
	}
	c.timer.Reset(d)
}

func (c *clock) halt() {
	c.armed = false
	if c.timer != nil {
		c.timer.Stop()
	}
}

// fired ends the exchange if its time is really over.
func (c *clock) fired() {
	c.mu.Lock()
	c.armed = false
	if c.limit <= 0 {
		c.mu.Unlock()
		return
	}
	if left := time.Until(c.until); left > 0 {
		c.arm(left)
		c.mu.Unlock()
		return
	}
	cause := c.cause
	c.limit = 0
	c.mu.Unlock()
	c.end(cause)
}
