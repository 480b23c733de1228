package proxy

import (
	"bytes"
	"testing"

	"sidenote/exchange"
)

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
