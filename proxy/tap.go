package proxy

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"sync"

	"sidenote/exchange"
)

// A contentTap passes content on as it is read, counts and hashes it, and
// keeps its beginning. Once stopped it goes on passing and keeps its hands off
// the record, since the transport may read a request's content after the
// exchange has ended.
type contentTap struct {
	rc      io.ReadCloser
	content *exchange.Content
	limit   int
	ended   func(err error)   // called once: nil at the end of complete content
	reading func(begins bool) // called before and after each read
	cut     func() error      // says why what looks like the end is none; nil when it is one

	mu      sync.Mutex // guards what follows, and content
	stopped bool
	over    bool
	hash    hash.Hash
}

// newContentTap makes a tap; ended and reading may be nil.
func newContentTap(rc io.ReadCloser, c *exchange.Content, limit int, reading func(bool), ended func(error)) *contentTap {
	return &contentTap{rc: rc, content: c, limit: limit, reading: reading, ended: ended}
}

// Read passes content on.
func (t *contentTap) Read(p []byte) (int, error) {
	if t.reading != nil {
		t.reading(true)
	}
	n, err := t.rc.Read(p)
	if t.reading != nil {
		t.reading(false)
	}
	if err == io.EOF && t.cut != nil {
		if cause := t.cut(); cause != nil {
			err = cause
		}
	}
	t.take(p[:n], err)
	return n, err
}

func (t *contentTap) take(p []byte, err error) {
	t.mu.Lock()
	if t.stopped || t.over {
		t.mu.Unlock()
		return
	}
	t.keep(p, err)
	over := err != nil
	t.over = over
	t.mu.Unlock()
	if over && t.ended != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		t.ended(err)
	}
}

// keep records octets. A message that arrives in one piece is hashed in one go.
func (t *contentTap) keep(p []byte, err error) {
	c := t.content
	if len(p) > 0 {
		if t.hash == nil && c.Size == 0 && err == io.EOF {
			c.SHA256 = sha256.Sum256(p)
		} else {
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
	if err == io.EOF {
		c.Complete = true
		t.sum()
	}
}

func (t *contentTap) sum() {
	switch {
	case t.hash != nil:
		t.hash.Sum(t.content.SHA256[:0])
		t.hash = nil
	case t.content.Size == 0:
		t.content.SHA256 = emptyDigest
	}
}

// emptyDigest is the SHA-256 of nothing.
var emptyDigest = exchange.DigestOf(nil)

// stop ends recording.
func (t *contentTap) stop() {
	t.mu.Lock()
	if !t.stopped {
		t.stopped = true
		t.sum()
	}
	t.mu.Unlock()
}

// Close closes the content. What a read says from then on is not the sender's doing.
func (t *contentTap) Close() error {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	return t.rc.Close()
}

// noContent marks a message that has none.
func noContent(c *exchange.Content) { c.Complete, c.SHA256 = true, emptyDigest }
