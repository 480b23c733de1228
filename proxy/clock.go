package proxy

import (
	"sync"
	"time"
)

// A clock ends an exchange when the other side takes too long. It runs only
// while it is the other side's turn. Any goroutine may call it; the zero value
// with an end function is a clock that stands still.
type clock struct {
	end func(cause error)

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	armed bool          // the timer will fire
	limit time.Duration // 0: nothing is waited for
	cause error         // what to end the exchange with
	until time.Time     // zero while it is our turn
}

// set returns the other side so much time from now, again for each of its turns.
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

// ourTurn stops the clock, if it was set with this cause.
func (c *clock) ourTurn(cause error) {
	c.mu.Lock()
	if c.cause == cause {
		c.until = time.Time{}
	}
	c.mu.Unlock()
}

// theirTurn starts the clock anew, if it was set with this cause. The timer is
// left as it is where it fires early enough, since this happens for each piece
// of content.
func (c *clock) theirTurn(cause error) {
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
	if c.limit <= 0 || c.until.IsZero() {
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
