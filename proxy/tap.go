package proxy

import (
	"crypto/sha256"
	"hash"
	"sync"

	"sidenote/exchange"
)

// A tap counts content that passes, hashes it where that is asked for, and keeps
// its beginning. Once
// stopped it keeps its hands off the record, since the content of a request may
// be read after the exchange has ended.
type tap struct {
	content *exchange.Content
	limit   int

	mu      sync.Mutex // guards what follows, and content
	stopped bool
	hashes  bool
	hash    hash.Hash // nil until there is something to hash

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
	if room := t.limit - len(c.Kept); room < len(p) {
		c.Truncated = true
		p = p[:max(room, 0)]
	}
	if len(p) > 0 {
		c.Kept = append(c.Kept, p...)
	}
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
