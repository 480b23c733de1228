package main

import "testing"

// TestGCPercent: garbage takes a share of what is in use while that is little,
// and no more than its bound when it is much.
func TestGCPercent(t *testing.T) {
	for _, c := range []struct {
		inUse uint64
		want  int
	}{{0, 300}, {1 << 20, 300}, {14 << 20, 257}, {36 << 20, 100}, {72 << 20, 50}, {256 << 20, 14}, {4 << 30, 12}} {
		if got := gcPercent(c.inUse); got != c.want {
			t.Errorf("%d MiB in use: %d, want %d", c.inUse>>20, got, c.want)
		}
	}
	for inUse := uint64(16 << 20); inUse <= 280<<20; inUse += 1 << 20 {
		if garbage := inUse * uint64(gcPercent(inUse)) / 100; garbage > mostGarbage {
			t.Errorf("%d MiB in use and %d MiB of garbage", inUse>>20, garbage>>20)
		}
	}
}
