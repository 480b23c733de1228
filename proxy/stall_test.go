package proxy_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"sidenote/exchange"
	"sidenote/proxy"
)

// heldFor is how long the tests keep a window closed: the stall itself.
const heldFor = 20 * time.Millisecond

// TestWindowOfClient has a client that does not open its window: that of the stream,
// or of the connection, for a while or to the end.
func TestWindowOfClient(t *testing.T) {
	const window, size = 65535, 100_000
	r, authority := newH2Origin(t, func(c *proxy.Config) { c.IdleTimeout = time.Minute }, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/small" {
			_, _ = io.WriteString(w, "small")
			return
		}
		_, _ = w.Write(make([]byte, size))
	})
	for n, c := range []struct {
		name               string
		stream, connection uint32 // what is allowed at the beginning; 0 for the initial window
		reset              bool
		want               []exchange.WindowStall
	}{
		{"stream", 0, 1 << 20, false, []exchange.WindowStall{{By: exchange.WindowOfClient}}},
		{"connection", 1 << 20, 0, false, []exchange.WindowStall{{By: exchange.WindowOfClient, Connection: true}}},
		{"both", 0, 0, false, []exchange.WindowStall{{By: exchange.WindowOfClient}, {By: exchange.WindowOfClient, Connection: true}}},
		{"to the end", 0, 1 << 20, true, []exchange.WindowStall{{By: exchange.WindowOfClient, Open: true}}},
	} {
		f, enc, block := r.openH2(authority, originName)
		if c.connection > 0 {
			_ = f.WriteWindowUpdate(0, c.connection)
		}
		if c.stream > 0 { // before there is the stream, so that its window is never closed
			_ = f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: c.stream})
		}
		ask(f, enc, block, 1, true, ":method", "GET", ":scheme", "https", ":path", "/", ":authority", originName)
		for got := 0; got < window; {
			got += len(next[*http2.DataFrame](t, f).Data())
		}
		time.Sleep(heldFor)
		if c.reset {
			_ = f.WriteRSTStream(1, http2.ErrCodeCancel)
		} else {
			_ = f.WriteWindowUpdate(0, 1<<20)
			_ = f.WriteWindowUpdate(1, 1<<20)
			for !next[*http2.DataFrame](t, f).StreamEnded() {
			}
		}
		sameStalls(t, c.name, r.wait(n + 1)[n], c.want)
	}
	f, enc, block := r.openH2(authority, originName)
	ask(f, enc, block, 1, true, ":method", "GET", ":scheme", "https", ":path", "/small", ":authority", originName)
	sameStalls(t, "small", r.wait(5)[4], nil)
}

func sameStalls(t *testing.T, name string, x *exchange.Exchange, want []exchange.WindowStall) {
	t.Helper()
	got := append([]exchange.WindowStall(nil), x.WindowStalls...)
	for i := range got {
		w := &got[i]
		if w.Total < heldFor || w.Total > x.Timing.Done || w.At <= 0 || w.At+w.Total > x.Timing.Done+time.Millisecond || w.Times < 1 {
			t.Errorf("%s: closed at %v for %v in %d times, of %v", name, w.At, w.Total, w.Times, x.Timing.Done)
		}
		w.At, w.Total, w.Times = 0, 0, 0
	}
	if len(got) != len(want) {
		t.Errorf("%s: recorded %+v, want %+v", name, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: recorded %+v, want %+v", name, got[i], want[i])
		}
	}
}

// TestWindowOfOrigin has an origin server that does not read a request for a while.
// Meanwhile another is served, which does not need the window of the connection.
func TestWindowOfOrigin(t *testing.T) {
	goOn := make(chan bool)
	r, authority := newH2Origin(t, nil, func(_ http.ResponseWriter, q *http.Request) {
		if q.Method == "POST" {
			<-goOn
			_, _ = io.Copy(io.Discard, q.Body)
		}
	})
	f, enc, block := r.openH2(authority, originName)
	window := uint32(65535)
	if v, ok := next[*http2.SettingsFrame](t, f).Value(http2.SettingInitialWindowSize); ok {
		window = v
	}
	_ = f.WriteSettingsAck()
	for left := window - 65535; left > 0; {
		left -= next[*http2.WindowUpdateFrame](t, f).Increment
	}
	ask(f, enc, block, 1, false, ":method", "POST", ":scheme", "https", ":path", "/", ":authority", originName)
	for left := int(window); left > 0; {
		n := min(left, 16384)
		_ = f.WriteData(1, false, make([]byte, n))
		left -= n
	}
	ask(f, enc, block, 3, true, ":method", "GET", ":scheme", "https", ":path", "/", ":authority", originName)
	if head := next[*http2.MetaHeadersFrame](t, f); head.StreamID != 3 {
		t.Fatal(head)
	}
	time.Sleep(heldFor)
	goOn <- true
	for u := next[*http2.WindowUpdateFrame](t, f); u.StreamID != 1; u = next[*http2.WindowUpdateFrame](t, f) {
	}
	_ = f.WriteData(1, true, []byte("more"))
	x := r.wait(2)
	sameStalls(t, "other", x[0], nil)
	sameStalls(t, "held", x[1], []exchange.WindowStall{{By: exchange.WindowOfOrigin}, {By: exchange.WindowOfOrigin, Connection: true}})
}
