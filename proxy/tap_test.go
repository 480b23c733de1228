package proxy

import (
	"bytes"
	"testing"

	"sidenote/exchange"
)

// TestKeptContentGrows: whatever pieces content comes in, and whether its length is
// known or not, the record has its beginning, and nothing of it changes when the
// room in which it grew is used again.
func TestKeptContentGrows(t *testing.T) {
	const limit = 200 << 10
	whole := make([]byte, 300<<10)
	for i := range whole {
		whole[i] = byte(i*7 + i>>8)
	}
	type made struct {
		exchange.Content
		size int
	}
	var all []*made
	for _, size := range []int{0, 1, 100, 4 << 10, 4<<10 + 1, 60 << 10, 64 << 10, 64<<10 + 1, 130 << 10, 200 << 10, 300 << 10} {
		for _, piece := range []int{1 << 20, 64 << 10, 5000, 1000} {
			for _, known := range []bool{false, true} {
				m := &made{size: size}
				all = append(all, m)
				tap := newTap(&m.Content, &Config{KeepContent: limit})
				if known {
					tap.expect(int64(size))
				}
				for at := 0; at < size; at += piece {
					tap.Take(whole[at:min(at+piece, size)])
				}
				tap.complete()
				tap.stop()
			}
		}
	}
	for _, m := range all {
		if int(m.Size) != m.size || m.Truncated != (m.size > limit) || !bytes.Equal(m.Kept, whole[:min(m.size, limit)]) {
			t.Errorf("of %d octets %d are kept, or others; truncated %v", m.size, len(m.Kept), m.Truncated)
		}
	}
}

// The digest of content is known where it was asked for, and can be computed
// where the content was kept whole.
func TestDigestOfContentThatPassed(t *testing.T) {
	for _, size := range []int{0, 1, 10, 11, 100} {
		b := bytes.Repeat([]byte("x"), size)
		for _, keep := range []bool{false, true} {
			var c exchange.Content
			tap := newTap(&c, &Config{KeepContent: 10, KeepDigest: keep})
			tap.Take(b[:size/2])
			tap.Take(b[size/2:])
			tap.stop()
			want := exchange.DigestOf(b)
			if !keep && size > 10 {
				want = exchange.Digest{}
			}
			if got := c.Digest(); got != want {
				t.Errorf("%d bytes, KeepDigest %v: digest %q, want %q", size, keep, got, want)
			}
			if !keep && c.SHA256 != (exchange.Digest{}) {
				t.Errorf("%d bytes were hashed, which nobody asked for", size)
			}
		}
	}
}
