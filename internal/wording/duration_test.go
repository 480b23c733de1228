package wording_test

import (
	"testing"
	"time"

	"sidenote/internal/wording"
)

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		d           time.Duration
		prose, line string
	}{
		{-1, "-", "-"},
		{0, "-", "-"},
		{999 * time.Microsecond, "<1 ms", "<1ms"},
		{time.Millisecond, "1 ms", "1ms"},
		{999 * time.Millisecond, "999 ms", "999ms"},
		{1200 * time.Millisecond, "1.20 s", "1200ms"},
		{12 * time.Second, "12.0 s", "12.0s"},
		{10 * time.Minute, "10 min", "10m"},
	} {
		if got := wording.Duration(c.d); got != c.prose {
			t.Errorf("Duration(%v) = %q, want %q", c.d, got, c.prose)
		}
		if got := wording.ShortDuration(c.d); got != c.line {
			t.Errorf("ShortDuration(%v) = %q, want %q", c.d, got, c.line)
		}
	}
}
