package h2_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// A step is what one end sends.
type step struct {
	by   string // "client" or "origin"
	send func(w *wire, id uint32)
}

func client(send func(w *wire, id uint32)) step { return step{"client", send} }
func origin(send func(w *wire, id uint32)) step { return step{"origin", send} }

// shapes are ways in which a stream can go.
type shape struct {
	name  string
	steps []step
}

func requests() []shape {
	head := func(end bool, more ...string) step {
		return client(func(w *wire, id uint32) { w.request(id, end, more...) })
	}
	data := func(end bool, b string) step {
		return client(func(w *wire, id uint32) { _ = w.WriteData(id, end, []byte(b)) })
	}
	return []shape{
		{"GET", []step{head(true)}},
		{"fields", []step{head(true, "x-b", "1", "x-a", "2", "x-b", "3", "cookie", "a=b", "cookie", "c=d", "x-empty", "", "x-octets", "\xff\x80 \t!", "te", "trailers")}},
		{"never indexed", []step{head(true, "authorization!", "Bearer x", "x-secret!", "1", "x-open", "1")}},
		{"target", []step{client(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: true}, ":path", "/a%2Fb|c/%7Eme/{x}/../%41%2e%2e?q=%zz#", ":authority", "b%C3%BCcher:8443", ":method", "WEIRD-Method", ":scheme", "https")
		})}},
		{"priority", []step{client(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: true, Priority: http2.PriorityParam{StreamDep: 0, Weight: 200, Exclusive: true}},
				":method", "GET", ":scheme", "https", ":path", "/", "priority", "u=1, i")
		}), client(func(w *wire, id uint32) { _ = w.WritePriorityUpdate(id, "u=7") })}},
		{"content", []step{head(false, "content-length", "10"), data(false, "hello"), data(true, "world")}},
		{"content, end apart", []step{head(false), data(false, "hello"), data(true, "")}},
		{"empty content", []step{head(false, "content-length", "0"), data(true, "")}},
		{"padding", []step{client(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id, PadLength: 7}, ":method", "PUT", ":scheme", "https", ":path", "/")
		}), client(func(w *wire, id uint32) { _ = w.WriteDataPadded(id, false, []byte("abc"), make([]byte, 9)) }),
			client(func(w *wire, id uint32) { _ = w.WriteDataPadded(id, true, []byte("d"), []byte{}) })}},
		{"trailers", []step{head(false, "trailer", "x-sum"), data(false, "abc"), client(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: true}, "x-sum", "1", "x-more!", "2")
		})}},
		{"trailers alone", []step{head(false), client(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: true}, "x-sum", "1")
		})}},
		{"extended CONNECT", []step{client(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id}, ":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/chat", ":authority", "a.test", "sec-websocket-version", "13")
		}), data(false, "\x81\x02hi"), data(true, "\x88\x00")}},
		{"CONNECT", []step{client(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id}, ":method", "CONNECT", ":authority", "a.test:25")
		}), data(true, "EHLO")}},
		{"expect", []step{head(false, "expect", "100-continue"), origin(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id}, ":status", "100")
		}), data(true, "abc")}},
	}
}

func responses() []shape {
	head := func(end bool, more ...string) step {
		return origin(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: end}, append([]string{":status", "200"}, more...)...)
		})
	}
	data := func(end bool, b string) step {
		return origin(func(w *wire, id uint32) { _ = w.WriteData(id, end, []byte(b)) })
	}
	reset := func(code http2.ErrCode) step {
		return origin(func(w *wire, id uint32) { _ = w.WriteRSTStream(id, code) })
	}
	all := []shape{
		{"head alone", []step{head(true, "grpc-status", "5", "grpc-message", "no such thing")}},
		{"content", []step{head(false, "content-length", "3", "set-cookie!", "a=b", "set-cookie", "c=d", "x-z", "1", "x-a", "2"), data(true, "abc")}},
		{"content, end apart", []step{head(false), data(false, "abc"), data(false, "def"), data(true, "")}},
		{"empty content", []step{head(false), data(true, "")}},
		{"padding", []step{head(false), origin(func(w *wire, id uint32) { _ = w.WriteDataPadded(id, true, []byte("abc"), make([]byte, 255)) })}},
		{"trailers", []step{head(false, "trailer", "grpc-status"), data(false, "abc"), origin(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: true}, "grpc-status", "0", "x-b", "1", "x-a", "2")
		})}},
		{"interim", []step{origin(func(w *wire, id uint32) { w.fields(http2.HeadersFrameParam{StreamID: id}, ":status", "102") }),
			origin(func(w *wire, id uint32) {
				w.fields(http2.HeadersFrameParam{StreamID: id}, ":status", "103", "link", "</a>; rel=preload")
			}), head(true)}},
		{"odd status", []step{origin(func(w *wire, id uint32) {
			w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: true}, ":status", "999", "x-octets", "\xe4\xff")
		})}},
		{"window", []step{head(false), client(func(w *wire, id uint32) { _ = w.WriteWindowUpdate(id, 1000) }),
			client(func(w *wire, id uint32) { _ = w.WriteWindowUpdate(0, 5) }), data(true, strings.Repeat("x", 5000))}},
		{"reset by the client", []step{head(false), client(func(w *wire, id uint32) { _ = w.WriteRSTStream(id, http2.ErrCodeCancel) })}},
		{"not asked any more", []step{client(func(w *wire, id uint32) { _ = w.WriteRSTStream(id, http2.ErrCodeStreamClosed) })}},
		{"early, then reset", []step{head(true), reset(http2.ErrCodeNo)}},
	}
	for code := http2.ErrCodeNo; code <= http2.ErrCodeHTTP11Required+2; code++ {
		all = append(all, shape{"reset " + code.String(), []step{head(false), data(false, "abc"), reset(code)}})
	}
	all = append(all, shape{"reset before the head", []step{reset(http2.ErrCodeRefusedStream)}},
		shape{"reset with a code of its own", []step{reset(0xdeadbeef)}})
	return all
}

// connections are frames that are about no stream.
func connectionSteps() []step {
	return []step{
		client(func(w *wire, id uint32) { _ = w.WritePing(false, [8]byte{1, 2, 3}) }),
		origin(func(w *wire, id uint32) { _ = w.WritePing(true, [8]byte{1, 2, 3}) }),
		origin(func(w *wire, id uint32) { _ = w.WritePing(false, [8]byte{9}) }),
		client(func(w *wire, id uint32) { _ = w.WritePing(true, [8]byte{9}) }),
		client(func(w *wire, id uint32) {
			_ = w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100000}, http2.Setting{ID: 0x4d44, Val: 1})
		}),
		origin(func(w *wire, id uint32) { _ = w.WriteSettingsAck() }),
		origin(func(w *wire, id uint32) {
			_ = w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 17})
		}),
		client(func(w *wire, id uint32) { _ = w.WriteSettingsAck() }),
		client(func(w *wire, id uint32) { _ = w.WriteRawFrame(0xee, 5, 0, []byte("extension")) }),
		origin(func(w *wire, id uint32) { _ = w.WriteRawFrame(0xa, 0, 0, []byte("\x00\x00h2=\":443\"")) }),
		origin(func(w *wire, id uint32) { _ = w.WriteWindowUpdate(0, 1<<20) }),
		client(func(w *wire, id uint32) { _ = w.WritePriority(99, http2.PriorityParam{StreamDep: 3, Weight: 1}) }),
	}
}

// play sends the steps, each when the one before has arrived.
func play(steps []step, client, origin *wire, id uint32) {
	for _, s := range steps {
		from, to := client, origin
		if s.by == "origin" {
			from, to = origin, client
		}
		n := len(to.frames())
		s.send(from, id)
		to.has(n + 1)
	}
}

// TestTransparency sends the same frames directly and through a relay, and
// compares what comes at the other end.
func TestTransparency(t *testing.T) {
	settings := []http2.Setting{{ID: http2.SettingHeaderTableSize, Val: 8192}, {ID: http2.SettingInitialWindowSize, Val: 70000}, {ID: http2.SettingMaxFrameSize, Val: 20000}, {ID: 9, Val: 1}}
	session := func(client, origin *wire) (names []string, n int) {
		client.begin(settings...)
		origin.accept(append(settings, http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1})...)
		client.has(1)
		origin.has(1)
		_ = client.WriteSettingsAck()
		_ = origin.WriteSettingsAck()
		client.has(2)
		origin.has(2)
		id := uint32(1)
		for _, q := range requests() {
			for _, a := range responses() {
				play(append(slices.Clone(q.steps), a.steps...), client, origin, id)
				names = append(names, q.name+" / "+a.name)
				id += 2
				n++
			}
		}
		play(connectionSteps(), client, origin, 0)
		play([]step{
			{"client", func(w *wire, _ uint32) { w.request(id, true) }},
			{"origin", func(w *wire, _ uint32) { _ = w.WriteGoAway(1<<31-1, http2.ErrCodeNo, []byte("soon")) }},
			{"origin", func(w *wire, _ uint32) { _ = w.WriteGoAway(id, http2.ErrCodeEnhanceYourCalm, []byte("calm")) }},
			{"origin", func(w *wire, _ uint32) {
				w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: true}, ":status", "200")
			}},
			{"client", func(w *wire, _ uint32) { _ = w.WriteGoAway(0, http2.ErrCodeNo, []byte("bye")) }},
		}, client, origin, 0)
		return names, n + 1
	}
	a, b := pair(t)
	dc, do := newWire(t, "direct client", a), newWire(t, "direct origin", b)
	names, n := session(dc, do)
	book := newBook()
	c, o, _ := through(t, book, nil)
	tc, to := newWire(t, "client", c), newWire(t, "origin", o)
	session(tc, to)
	if n < 120 {
		t.Errorf("%d streams are too few", n)
	}
	compare(t, "client", dc.frames(), tc.frames(), names)
	compare(t, "origin", do.frames(), to.frames(), names)
	for _, p := range book.wait(t, n) {
		if p.Ends != 1 || p.late || p.Refused != nil {
			t.Errorf("stream %d: %d ends, late %v, refused %v", p.stream.ID(), p.Ends, p.late, p.Refused)
		}
	}
}

func compare(t *testing.T, who string, direct, passed, names []string) {
	t.Helper()
	for i := range min(len(direct), len(passed)) {
		if direct[i] != passed[i] {
			t.Errorf("%s, frame %d:\n direct  %s\n through %s", who, i, direct[i], passed[i])
		}
	}
	if len(direct) != len(passed) {
		t.Errorf("%s: %d frames directly, %d through", who, len(direct), len(passed))
	}
	if t.Failed() {
		for i, n := range names {
			fmt.Println(2*i+1, n)
		}
	}
}
