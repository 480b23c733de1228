package proxy

import (
	"encoding/binary"
	"fmt"
	"sync"

	"golang.org/x/net/http2"
)

// A frameTap reads along what an origin server sends on an HTTP/2 connection
// (RFC 9113 §4.1), for what the library does not tell: how the connection
// began, and the GOAWAY that was the last to come. Whatever octets come, it
// keeps no more than goAwayKept of them.
type frameTap struct {
	mu     sync.Mutex // guards what follows
	head   [frameHead]byte
	have   int    // octets of head that are there
	left   int    // octets of the frame's payload still to come
	keep   bool   // the frame is a GOAWAY
	kept   []byte // its payload
	frames int    // heads that came
	odd    []byte // the first octets of a connection that begins with no SETTINGS
	goAway *goAway
}

// A goAway is what a GOAWAY frame says (RFC 9113 §6.8).
type goAway struct {
	code  http2.ErrCode
	last  uint32
	debug []byte
}

// String returns it in words.
func (g *goAway) String() string {
	s := fmt.Sprintf("GOAWAY with %v, last stream %d", g.code, g.last)
	if len(g.debug) > 0 {
		s += fmt.Sprintf(", debug data %q", g.debug)
	}
	return s
}

const (
	frameHead  = 9
	goAwayKept = 8 + 128 // octets of a GOAWAY; the debug data may be long
)

// feed takes octets that were read.
func (t *frameTap) feed(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(p) > 0 && t.odd == nil {
		if t.left > 0 {
			p = t.payload(p)
			continue
		}
		n := copy(t.head[t.have:], p)
		t.have += n
		p = p[n:]
		if t.have == frameHead {
			t.begin(p)
		}
	}
}

// begin reads the head of a frame; p follows it.
func (t *frameTap) begin(p []byte) {
	kind := http2.FrameType(t.head[3])
	t.have, t.left = 0, int(t.head[0])<<16|int(t.head[1])<<8|int(t.head[2])
	if t.frames++; t.frames == 1 && kind != http2.FrameSettings {
		t.odd = append(append(t.odd, t.head[:]...), firstOctets(p, 39)...)
		return
	}
	if t.keep = kind == http2.FrameGoAway; t.keep {
		t.kept = t.kept[:0]
	}
}

// payload takes what p has of a frame's payload, and returns the rest.
func (t *frameTap) payload(p []byte) []byte {
	n := min(t.left, len(p))
	if t.keep {
		t.kept = append(t.kept, firstOctets(p[:n], goAwayKept-len(t.kept))...)
	}
	if t.left -= n; t.left == 0 && t.keep && len(t.kept) >= 8 {
		t.goAway = &goAway{
			last:  binary.BigEndian.Uint32(t.kept) &^ (1 << 31),
			code:  http2.ErrCode(binary.BigEndian.Uint32(t.kept[4:])),
			debug: append([]byte(nil), t.kept[8:]...),
		}
	}
	return p[n:]
}

// began returns the first octets of a connection that does not begin as HTTP/2
// has to (RFC 9113 §3.4), nil where it does.
func (t *frameTap) began() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.odd
}

// goneAway returns the last GOAWAY, nil when none came.
func (t *frameTap) goneAway() *goAway {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.goAway
}
