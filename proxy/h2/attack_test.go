package h2_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/proxy/h2"
)

// heap is how much memory is in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// mostHeap is what an attack may cost.
const mostHeap = 32 << 20

// TestAttacks has a client do what HTTP/2 lets clients do, to no end: the connection
// is ended with the right code, within bounds.
func TestAttacks(t *testing.T) {
	for _, c := range []struct {
		name   string
		attack func(w *wire, i int) error
		goAway string
	}{
		{"rapid reset", func(w *wire, i int) error {
			w.request(uint32(2*i+1), true)
			return w.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel)
		}, "ENHANCE_YOUR_CALM"},
		{"made you reset, by window", func(w *wire, i int) error {
			w.request(uint32(2*i+1), true)
			return w.WriteWindowUpdate(uint32(2*i+1), 0)
		}, "ENHANCE_YOUR_CALM"},
		{"made you reset, by data", func(w *wire, i int) error {
			w.request(uint32(2*i+1), true)
			return w.WriteData(uint32(2*i+1), false, []byte("x"))
		}, "ENHANCE_YOUR_CALM"},
		{"made you reset, by trailers", func(w *wire, i int) error {
			w.request(uint32(2*i+1), false)
			w.fields(http2.HeadersFrameParam{StreamID: uint32(2*i + 1)}, ":path", "/")
			return nil
		}, "ENHANCE_YOUR_CALM"},
		{"malformed requests", func(w *wire, i int) error {
			w.request(uint32(2*i+1), true, "connection", "close")
			return nil
		}, "ENHANCE_YOUR_CALM"},
		{"streams", func(w *wire, i int) error { w.request(uint32(2*i+1), true); return nil }, "ENHANCE_YOUR_CALM"},
		{"PING", func(w *wire, i int) error { return w.WritePing(false, [8]byte{}) }, "ENHANCE_YOUR_CALM"},
		{"PING acknowledged", func(w *wire, i int) error { return w.WritePing(true, [8]byte{}) }, "ENHANCE_YOUR_CALM"},
		{"SETTINGS", func(w *wire, i int) error {
			return w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(i)})
		}, "ENHANCE_YOUR_CALM"},
		{"SETTINGS acknowledged", func(w *wire, i int) error { return w.WriteSettingsAck() }, "PROTOCOL_ERROR"},
		{"PRIORITY", func(w *wire, i int) error {
			return w.WritePriority(uint32(2*i+1), http2.PriorityParam{StreamDep: 1<<31 - 1})
		}, "ENHANCE_YOUR_CALM"},
		{"PRIORITY_UPDATE", func(w *wire, i int) error { return w.WritePriorityUpdate(uint32(2*i+1), "u=0") }, "ENHANCE_YOUR_CALM"},
		{"unknown frames", func(w *wire, i int) error { return w.WriteRawFrame(0xbb, 0, uint32(i), nil) }, "ENHANCE_YOUR_CALM"},
		{"windows by the octet", func(w *wire, i int) error { return w.WriteWindowUpdate(0, 1) }, "ENHANCE_YOUR_CALM"},
		{"empty DATA", func(w *wire, i int) error {
			if i == 0 {
				w.request(1, false)
			}
			return w.WriteData(1, false, nil)
		}, "ENHANCE_YOUR_CALM"},
		{"empty CONTINUATION", func(w *wire, i int) error {
			if i == 0 {
				_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1})
			}
			return w.WriteContinuation(1, false, nil)
		}, "ENHANCE_YOUR_CALM"},
		{"large CONTINUATION", func(w *wire, i int) error {
			piece := []byte(strings.Repeat("\x10\x01a\x7f\x80\x7e"+strings.Repeat("x", 255), 62)) // literals of 255 octets, never indexed
			if i == 0 {
				_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1})
			}
			return w.WriteContinuation(1, false, piece[:261*62])
		}, "ENHANCE_YOUR_CALM"},
		{"one endless field", func(w *wire, i int) error {
			if i == 0 {
				_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte("\x10\x01a\x7f\xff\xff\xff\x7f")})
			}
			return w.WriteContinuation(1, false, make([]byte, 16384))
		}, "ENHANCE_YOUR_CALM"},
		{"table size", func(w *wire, i int) error {
			return w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, BlockFragment: []byte("\x3f\xff\xff\xff\x7f")})
		}, "COMPRESSION_ERROR"},
		{"PUSH_PROMISE", func(w *wire, i int) error {
			return w.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true})
		}, "PROTOCOL_ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			stats := new(h2.Stats)
			client, origin, _ := wires(t, b, func(c *h2.Config) { c.Stats = stats })
			before := heap()
			var most int64
			for i := 0; i < 1_000_000 && c.attack(client, i) == nil && !client.isOver(); i++ {
				if i%20000 == 19999 {
					most = max(most, heap()-before)
				}
			}
			if got := client.sees("GOAWAY"); !strings.HasPrefix(got, "GOAWAY 0 "+c.goAway) {
				t.Errorf("the client got %s", got)
			}
			f := <-b.broken
			if f.By != h2.Client || f.Code.String() != c.goAway || f.Section == "" || f.Detail == "" {
				t.Errorf("told of %+v", f)
			}
			if stats.Floods.Load()+stats.Violations.Load() != 1 {
				t.Errorf("%d floods, %d violations", stats.Floods.Load(), stats.Violations.Load())
			}
			origin.ended()
			if most = max(most, heap()-before); most > mostHeap {
				t.Errorf("it cost %d KiB", most>>10)
			}
		})
	}
}

// isOver reports whether GOAWAY or the end of the connection came.
func (w *wire) isOver() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err != nil || len(w.log) > 0 && strings.HasPrefix(w.log[len(w.log)-1], "GOAWAY")
}

// TestOriginAttacks has an origin server do the same.
func TestOriginAttacks(t *testing.T) {
	for name, attack := range map[string]func(w *wire, i int) error{
		"PING":    func(w *wire, i int) error { return w.WritePing(false, [8]byte{}) },
		"windows": func(w *wire, i int) error { return w.WriteWindowUpdate(0, 1) },
		"interim": func(w *wire, i int) error {
			w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "102")
			return nil
		},
		"CONTINUATION": func(w *wire, i int) error {
			if i == 0 {
				_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1})
			}
			return w.WriteContinuation(1, false, nil)
		},
		"ALTSVC": func(w *wire, i int) error { return w.WriteRawFrame(0xa, 0, 0, []byte("\x00\x00clear")) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook()
			b.page = &h2.Answer{Status: 502, Content: []byte("page")}
			client, origin, _ := wires(t, b, nil)
			client.request(1, true)
			origin.sees("HEADERS 1")
			for i := 0; i < 1_000_000 && attack(origin, i) == nil && !origin.isOver(); i++ {
			}
			origin.sees("GOAWAY 0 ENHANCE_YOUR_CALM")
			if got := client.sees("DATA 1"); !strings.Contains(got, `"page"`) {
				t.Error(got)
			}
			client.sees("GOAWAY 0 NO_ERROR")
			if f := <-b.broken; f.By != h2.Origin || f.Kind != h2.Flood {
				t.Errorf("told of %+v", f)
			}
		})
	}
}

// TestAmplification sends a few octets that mean many: the stream is refused, and
// the next is served.
func TestAmplification(t *testing.T) {
	b := newBook()
	client, origin, _ := wires(t, b, nil)
	before := heap()
	client.block.Reset()
	for _, f := range []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":path", Value: "/"}, {Name: "x", Value: strings.Repeat("y", 3000)}} {
		_ = client.enc.WriteField(f)
	}
	bomb := append(client.block.Bytes(), strings.Repeat("\xbe", 12000)...) // the newest entry of the table, 36 MB
	_ = client.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true, EndHeaders: true, BlockFragment: bomb})
	client.sees("RST_STREAM 1 ENHANCE_YOUR_CALM")
	if cost := heap() - before; cost > 4<<20 {
		t.Errorf("it cost %d KiB", cost>>10)
	}
	client.request(3, true, "x", strings.Repeat("y", 3000))
	origin.sees("HEADERS 3")
	if p := b.wait(t, 1)[0]; p.Refused == nil || p.Refused.Kind != h2.TooLarge || len(p.Request) == 0 || p.Ends != 1 {
		t.Errorf("%+v", p)
	}
}

// TestTable has a client promise a table of 4 GiB, which the origin server is not
// told, nor do we keep one.
func TestTable(t *testing.T) {
	b := newBook()
	c, o, _ := through(t, b, nil)
	client, origin := newWire(t, "client", c), newWire(t, "origin", o)
	client.begin(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 1<<32 - 1}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1<<24 - 1})
	origin.accept()
	if got := origin.sees("SETTINGS 0"); !strings.Contains(got, "HEADER_TABLE_SIZE = 65536") || !strings.Contains(got, "MAX_FRAME_SIZE = 262144") {
		t.Error(got)
	}
}

// TestNeverReads has clients that take nothing of much that is sent to them, in the
// ways there are, and measures what that costs.
func TestNeverReads(t *testing.T) {
	for _, c := range []struct {
		name   string
		window uint32
		reads  bool
	}{{"no window", 0, true}, {"a window, and no reading", 1<<31 - 1, false}} {
		t.Run(c.name, func(t *testing.T) {
			before := heap()
			for range 4 { // origins
				b := newBook()
				cc, oc, _ := through(t, b, nil)
				client, origin := newWire(t, "client", cc), newWire(t, "origin", oc)
				_, _ = cc.Write([]byte(http2.ClientPreface))
				_ = client.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: c.window})
				_ = client.WriteWindowUpdate(0, 1<<30)
				origin.accept()
				const streams = 250
				for i := range uint32(streams) {
					client.request(2*i+1, true)
				}
				origin.has(2 + streams)
				_ = oc.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)) // until nothing moves
				piece := make([]byte, 16384)
				for i := range uint32(streams) {
					origin.fields(http2.HeadersFrameParam{StreamID: 2*i + 1}, ":status", "200")
					for n := 0; n < 4<<20 && c.window > 0; n += len(piece) {
						if origin.WriteData(2*i+1, false, piece) != nil {
							break
						}
					}
				}
			}
			if cost := heap() - before; cost > mostHeap {
				t.Errorf("it cost %d KiB", cost>>10)
			} else {
				t.Logf("it cost %d KiB", cost>>10)
			}
		})
	}
}

// TestSlowSection begins a field section and does not end it.
func TestSlowSection(t *testing.T) {
	b := newBook()
	client, origin, _ := wires(t, b, func(c *h2.Config) { c.HeadTimeout = 50 * time.Millisecond })
	_ = client.WriteHeaders(http2.HeadersFrameParam{StreamID: 1})
	client.sees("GOAWAY 0 ENHANCE_YOUR_CALM")
	origin.ended()
	if f := <-b.broken; f.Kind != h2.Flood {
		t.Errorf("told of %+v", f)
	}
}
