package proxy

import (
	"crypto/sha256"
	"hash"
	"sync"

	"sidenote/exchange"
)

// A tap counts content that passes, hashes it where that is asked for, and keeps
// its beginning. Once stopped it leaves the record alone, since the content of a
// request may be read after the exchange has ended.
type tap struct {
	content *exchange.Content
	limit   int

	mu      sync.Mutex // guards what follows, and content
	stopped bool
	hashes  bool
	hash    hash.Hash // nil until there is something to hash
	scratch *[]byte   // what is kept of content whose length is not known; nil where it is, or there is too much

	messages *timedReader // finds messages in the content; nil where there are none
}

func newTap(c *exchange.Content, config *Config) *tap { return new(tap).open(c, config) }

// open makes t ready for content, and returns it.
func (t *tap) open(c *exchange.Content, config *Config) *tap {
	t.content, t.limit, t.hashes = c, config.KeepContent, config.KeepDigest
	return t
}

// mostExpected bounds the room in octets that is made for content before it comes.
const mostExpected = 1 << 20

// expect makes room for content of which the length is known.
func (t *tap) expect(n int64) {
	if n = min(n, int64(t.limit), mostExpected); n > 0 {
		t.content.Kept = exchange.Room(int(n))
	}
}

// Take records octets.
func (t *tap) Take(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped || len(p) == 0 {
		return
	}
	c := t.content
	t.messages.take(p)
	if t.hashes {
		if t.hash == nil {
			t.hash = sha256.New()
		}
		t.hash.Write(p)
	}
	c.Size += int64(len(p))
	room := t.limit - len(c.Kept)
	if t.scratch != nil {
		room -= len(*t.scratch)
	}
	if room < len(p) {
		c.Truncated = true
		p = p[:max(room, 0)]
	}
	if len(p) > 0 {
		t.keep(p)
	}
}

// The rooms in octets in which content grows whose length is not known: to let it
// grow in memory of its own would make as much garbage as content.
const (
	smallScratch = 4 << 10
	largeScratch = 64 << 10
)

var (
	smallScratches = sync.Pool{New: func() any { b := make([]byte, 0, smallScratch); return &b }}
	largeScratches = sync.Pool{New: func() any { b := make([]byte, 0, largeScratch); return &b }}
)

// keep adds octets to those kept.
func (t *tap) keep(p []byte) {
	c := t.content
	if t.scratch == nil && c.Kept == nil {
		t.scratch = smallScratches.Get().(*[]byte)
	}
	if t.scratch == nil {
		c.Kept = append(c.Kept, p...)
		return
	}
	if need := len(*t.scratch) + len(p); need > cap(*t.scratch) {
		if cap(*t.scratch) == largeScratch || need > largeScratch {
			t.settle(2 * need)
			c.Kept = append(c.Kept, p...)
			return
		}
		large := largeScratches.Get().(*[]byte)
		*large = append(*large, *t.scratch...)
		free(t.scratch)
		t.scratch = large
	}
	*t.scratch = append(*t.scratch, p...)
}

// settle moves what is kept into the record, with room for so many octets, or for
// what there is.
func (t *tap) settle(room int) {
	if t.scratch == nil {
		return
	}
	if had := *t.scratch; room <= len(had) && len(had) > smallScratch {
		t.content.Kept = append([]byte(nil), had...) // which leaves out to clear it first
	} else {
		t.content.Kept = append(exchange.Room(max(room, len(had))), had...)
	}
	free(t.scratch)
	t.scratch = nil
}

// free returns a room to its pool.
func free(scratch *[]byte) {
	*scratch = (*scratch)[:0]
	if cap(*scratch) == largeScratch {
		largeScratches.Put(scratch)
		return
	}
	smallScratches.Put(scratch)
}

// search has the content that is still to come searched for messages.
func (t *tap) search(r *timedReader) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stopped {
		t.messages = r
	}
}

// complete notes that the content has ended as its framing said.
func (t *tap) complete() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stopped {
		t.content.Complete = true
	}
}

// stop ends recording.
func (t *tap) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	t.stopped = true
	t.settle(0)
	t.messages.end(t.content.Complete)
	switch {
	case t.hash != nil:
		t.hash.Sum(t.content.SHA256[:0])
		t.hash = nil
	default:
		t.content.Unhashed = !t.content.Truncated
	}
}

// noContent marks a message that has none.
func noContent(c *exchange.Content) { c.Complete, c.Unhashed = true, true }
