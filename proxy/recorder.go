package proxy

import (
	"bytes"
	"sync"
	"time"
)

// A headRecorder keeps the octets of one message head after another as they
// are read from a connection, up to a limit. Content passes it by.
type headRecorder struct {
	mu    sync.Mutex
	on    bool
	limit int
	began time.Time // when the first octet of the head was read
	buf   []byte
	from  int // buf before it has been searched for the end of the head
	ends  int // where the head ends in buf; 0 while it is not complete
	last  int // where that head begins, after the interim ones
	extra int // octets that came in the same read as the end of the head, after it
}

// start forgets what was kept and waits for the next head.
func (h *headRecorder) start() {
	h.mu.Lock()
	h.reset()
	h.mu.Unlock()
}

func (h *headRecorder) reset() {
	h.on, h.buf, h.from, h.ends, h.last, h.extra, h.began = true, h.buf[:0], 0, 0, 0, 0, time.Time{}
}

// feed takes octets that were read. next decides, given a complete head,
// whether another head follows it (an interim response).
func (h *headRecorder) feed(p []byte, next func(head []byte) bool) {
	if len(p) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.on {
		return
	}
	if h.began.IsZero() {
		h.began = time.Now()
	}
	if room := h.limit - len(h.buf); len(p) > room {
		p = p[:max(room, 0)]
		if len(p) == 0 {
			h.on = false
			return
		}
	}
	h.buf = append(h.buf, p...)
	for {
		end := headEnd(h.buf, max(h.from, h.ends))
		if end < 0 {
			h.from = max(len(h.buf)-3, h.ends)
			return
		}
		h.last, h.ends = h.ends, end
		if next == nil || !next(h.buf[h.last:end]) {
			h.on, h.extra = false, len(h.buf)-end
			h.buf = h.buf[:end]
			return
		}
		h.from = end
	}
}

// headEnd finds the end of a head at or after from: after an empty line, which
// CRLF or a bare LF may end. -1 when it is not there yet.
func headEnd(b []byte, from int) int {
	for i := from; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return -1
		}
		i += n + 1
		rest := b[i:]
		switch {
		case len(rest) >= 1 && rest[0] == '\n':
			return i + 1
		case len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n':
			return i + 2
		case len(rest) == 0 || len(rest) == 1 && rest[0] == '\r':
			return -1
		}
	}
}

// take returns the heads recorded since start as one text, "" when none is
// complete, with the time of the first octet and how many octets had been read
// beyond the last head.
func (h *headRecorder) take() (heads string, began time.Time, extra int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ends == 0 {
		return "", h.began, 0
	}
	return string(h.buf[:h.ends]), h.began, h.extra
}

// final returns the last head recorded if it is complete and no other follows
// it, else what came of the one that is not.
func (h *headRecorder) final() (head, partial []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.on && h.ends == len(h.buf) {
		return bytes.Clone(h.buf[h.last:]), nil
	}
	return nil, bytes.Clone(h.buf[h.ends:])
}

// partial returns what was recorded of a head that never became complete.
func (h *headRecorder) partial() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Clone(h.buf)
}

// off ends recording until start.
func (h *headRecorder) off() {
	h.mu.Lock()
	h.on = false
	h.mu.Unlock()
}
