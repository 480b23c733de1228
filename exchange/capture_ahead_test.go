package exchange_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"sidenote/exchange"
)

// TestHeldBack reads captures whose clock cannot be judged soon: what waits for it
// is bounded, by its number and by its text, however small the file is.
func TestHeldBack(t *testing.T) {
	large := `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"content":{"text":"` +
		strings.Repeat("x", 1<<20) + `"}}},`
	for _, c := range []struct {
		name, file string
		most       int64 // octets of the file that are read before the first entry is handed on
	}{
		{"entries that cannot be read", "[" + strings.Repeat("7,", 4<<20) + "7]", 1 << 20},
		{"a small file with much text", gzipped("[" + strings.Repeat(large, 60) + "7]"), 16 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			if int64(len(c.file)) < 2*c.most {
				t.Fatalf("a file of %d bytes shows nothing", len(c.file))
			}
			r := strings.NewReader(c.file)
			enough := errors.New("enough")
			err := exchange.ReadCapture(iotest.HalfReader(r), exchange.Capture{
				Exchange: func(*exchange.Exchange) error { return enough },
				Bad:      func(*exchange.EntryError) error { return enough },
			})
			if err != enough {
				t.Fatalf("error %v, want %v", err, enough)
			}
			if read := r.Size() - int64(r.Len()); read > c.most {
				t.Errorf("%d of %d bytes were read before the first entry was handed on, want at most %d", read, r.Size(), c.most)
			}
		})
	}
}
