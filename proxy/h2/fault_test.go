package h2_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"sidenote/exchange"
	"sidenote/proxy/h2"
)

// TestRefusedRequests sends requests that RFC 9113 §8 forbids, among others that
// it does not: each is refused alone, and told.
func TestRefusedRequests(t *testing.T) {
	get := []string{":method", "GET", ":scheme", "https", ":path", "/"}
	for _, c := range []struct {
		name   string
		fields []string
		code   string
		told   string
	}{
		{"upper case", append(get, "X-A", "1"), "PROTOCOL_ERROR", `"X-A"`},
		{"space in a name", append(get, "x a", "1"), "PROTOCOL_ERROR", "0x20"},
		{"octet above 127 in a name", append(get, "x\xe4", "1"), "PROTOCOL_ERROR", "0xe4"},
		{"empty name", append(get, "", "1"), "PROTOCOL_ERROR", "empty name"},
		{"colon in a name", append(get, "x:a", "1"), "PROTOCOL_ERROR", "0x3a"},
		{"CR in a value", append(get, "x", "1\rb"), "PROTOCOL_ERROR", "0x0d"},
		{"LF in a value", append(get, "x", "1\nb"), "PROTOCOL_ERROR", "0x0a"},
		{"NUL in a value", append(get, "x", "\x00"), "PROTOCOL_ERROR", "0x00"},
		{"LF in the path", []string{":method", "GET", ":scheme", "https", ":path", "/\nx"}, "PROTOCOL_ERROR", "0x0a"},
		{"connection", append(get, "connection", "close"), "PROTOCOL_ERROR", "connection"},
		{"transfer-encoding", append(get, "transfer-encoding", "chunked"), "PROTOCOL_ERROR", "transfer-encoding"},
		{"upgrade", append(get, "upgrade", "h2c"), "PROTOCOL_ERROR", "upgrade"},
		{"te", append(get, "te", "gzip"), "PROTOCOL_ERROR", "te is"},
		{"no method", []string{":scheme", "https", ":path", "/"}, "PROTOCOL_ERROR", ":method"},
		{"no scheme", []string{":method", "GET", ":path", "/"}, "PROTOCOL_ERROR", ":scheme"},
		{"no path", []string{":method", "GET", ":scheme", "https"}, "PROTOCOL_ERROR", ":path"},
		{"empty path", []string{":method", "GET", ":scheme", "https", ":path", ""}, "PROTOCOL_ERROR", ":path"},
		{"two paths", append(get, ":path", "/b"), "PROTOCOL_ERROR", "two :path"},
		{"pseudo-field after others", []string{":method", "GET", ":scheme", "https", "x", "1", ":path", "/"}, "PROTOCOL_ERROR", "comes after"},
		{"status in a request", append(get, ":status", "200"), "PROTOCOL_ERROR", ":status"},
		{"unknown pseudo-field", append(get, ":x", "1"), "PROTOCOL_ERROR", ":x"},
		{"CONNECT with a path", []string{":method", "CONNECT", ":scheme", "https", ":path", "/", ":authority", "a"}, "PROTOCOL_ERROR", "CONNECT"},
		{"protocol without CONNECT", append(get, ":protocol", "websocket"), "PROTOCOL_ERROR", ":protocol"},
		{"content-length that is none", append(get, "content-length", "+1"), "PROTOCOL_ERROR", "content-length"},
		{"two lengths", append(get, "content-length", "1", "content-length", "2"), "PROTOCOL_ERROR", "content-length"},
		{"content announced, none sent", append(get, "content-length", "1"), "PROTOCOL_ERROR", "0 bytes"},
		{"too large", append(get, "x", strings.Repeat("a", 300<<10)), "ENHANCE_YOUR_CALM", "more than 262144 bytes"},
		{"many lines", append(get, many(9000)...), "ENHANCE_YOUR_CALM", "more than 262144 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			client, origin, _ := wires(t, b, nil)
			client.largeFields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, c.fields...)
			if got := client.sees("RST_STREAM 1"); got != "RST_STREAM 1 "+c.code {
				t.Error(got)
			}
			client.request(3, true)
			if got := origin.sees("HEADERS"); !strings.HasPrefix(got, "HEADERS 3") {
				t.Errorf("the origin server got %s", got)
			}
			p := b.wait(t, 1)[0]
			if p.Refused == nil || p.Ends != 1 || p.Fault == nil || !strings.Contains(p.Refused.Detail, c.told) || p.Refused.Section == "" {
				t.Errorf("told of %+v", p.Refused)
			}
		})
	}
}

func many(n int) (lines []string) {
	for range n {
		lines = append(lines, "x", "")
	}
	return lines
}

// largeFields writes a field section in as many frames as it needs.
func (w *wire) largeFields(p http2.HeadersFrameParam, pairs ...string) {
	w.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		_ = w.enc.WriteField(hpackField(pairs[i], pairs[i+1]))
	}
	block := w.block.Bytes()
	n := min(len(block), 16000)
	p.BlockFragment, p.EndHeaders = block[:n], n == len(block)
	_ = w.WriteHeaders(p)
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n = min(len(block), 16000)
		_ = w.WriteContinuation(p.StreamID, n == len(block), block[:n])
	}
}

// TestLargeSections passes field sections that need several frames.
func TestLargeSections(t *testing.T) {
	b := newBook()
	client, origin, _ := wires(t, b, nil)
	origin.Framer.ReadMetaHeaders = nil
	large := strings.Repeat("v", 50000)
	client.largeFields(http2.HeadersFrameParam{StreamID: 1, EndStream: true, PadLength: 3}, ":method", "GET", ":scheme", "https", ":path", "/", "x", large, "y", large)
	origin.sees("CONTINUATION 1")
	for _, l := range b.begun(t, 1)[0].Request {
		if (l.Name == "x" || l.Name == "y") && l.Value != large {
			t.Errorf("%s has %d octets", l.Name, len(l.Value))
		}
	}
}

// TestRequestContent has content that does not fit what was announced.
func TestRequestContent(t *testing.T) {
	for name, send := range map[string]func(w *wire){
		"more":      func(w *wire) { _ = w.WriteData(1, false, []byte("four")) },
		"less":      func(w *wire) { _ = w.WriteData(1, true, []byte("tw")) },
		"no end":    func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1}, "x", "1") },
		"early end": func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, "x", "1") },
		"pseudo":    func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, ":path", "1") },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook()
			client, origin, _ := wires(t, b, nil)
			client.request(1, false, "content-length", "3")
			send(client)
			client.sees("RST_STREAM 1 PROTOCOL_ERROR")
			origin.sees("RST_STREAM 1 CANCEL")
			if p := b.wait(t, 1)[0]; p.Fault == nil || p.Fault.By != h2.Client || p.Fault.Kind != h2.Malformed {
				t.Errorf("%+v", p.Fault)
			}
		})
	}
}

// TestMalformedResponses has an origin server break RFC 9113 §8: the client gets a
// page, and the connection goes on.
func TestMalformedResponses(t *testing.T) {
	for name, send := range map[string]func(w *wire){
		"no status":     func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, "x", "1") },
		"status 099":    func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, ":status", "099") },
		"101":           func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "101") },
		"102 that ends": func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, ":status", "102") },
		"upper case":    func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200", "X", "1") },
		"connection":    func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200", "connection", "close") },
		"two lengths": func(w *wire) {
			w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200", "content-length", "1, 1")
		},
		"method": func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200", ":method", "GET") },
		"too large": func(w *wire) {
			w.largeFields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200", "x", strings.Repeat("x", 300000))
		},
		"content, no head": func(w *wire) { _ = w.WriteData(1, true, []byte("x")) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook()
			b.page = &h2.Answer{Status: 502, Fields: []exchange.Line{{Name: "Content-Type", Value: "text/plain"}}, Content: []byte("page")}
			client, origin, _ := wires(t, b, nil)
			client.request(1, false)
			origin.sees("HEADERS 1")
			send(origin)
			if got := client.sees("HEADERS 1"); got != `HEADERS 1 :status="502" content-type="text/plain"` {
				t.Error(got)
			}
			client.sees(`DATA 1 end 4 "page"`)
			client.sees("RST_STREAM 1 NO_ERROR")
			origin.sees("RST_STREAM 1")
			client.request(3, true)
			origin.sees("HEADERS 3")
			if p := b.wait(t, 1)[0]; p.Fault == nil || p.Fault.By != h2.Origin {
				t.Errorf("%+v", p.Fault)
			}
		})
	}
}

// TestMisfit has a response whose content has another length than it said, which
// is the client's to judge.
func TestMisfit(t *testing.T) {
	b := newBook()
	client, origin, _ := wires(t, b, nil)
	client.request(1, true)
	origin.sees("HEADERS 1")
	origin.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200", "content-length", "3")
	_ = origin.WriteData(1, true, []byte("four"))
	client.sees(`DATA 1 end 4 "four"`)
	if p := b.wait(t, 1)[0]; p.Fault == nil || p.Fault.Section != "§8.1.1" || p.ResponseEnds != 1 {
		t.Errorf("%+v", p.Fault)
	}
}

// TestLateFrames has an origin server send on a stream that has ended: in good
// faith after the client's reset, against the rules after an end of its own.
func TestLateFrames(t *testing.T) {
	late := map[string]func(w *wire){
		"HEADERS": func(w *wire) { w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200") },
		"DATA":    func(w *wire) { _ = w.WriteData(1, false, []byte("late")) },
	}
	ends := map[string]func(client, origin *wire){
		"the client's reset": func(client, origin *wire) {
			_ = client.WriteRSTStream(1, http2.ErrCodeCancel)
			origin.sees("RST_STREAM 1 CANCEL")
		},
		"its own reset": func(client, origin *wire) {
			_ = origin.WriteRSTStream(1, http2.ErrCodeRefusedStream)
			client.sees("RST_STREAM 1 REFUSED_STREAM")
		},
		"its own end": func(client, origin *wire) {
			origin.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, ":status", "204")
			client.sees("HEADERS 1 end")
		},
	}
	for frame, send := range late {
		for how, end := range ends {
			t.Run(frame+" after "+how, func(t *testing.T) {
				b := newBook()
				client, origin, _ := wires(t, b, nil)
				client.request(1, true)
				client.request(3, true)
				origin.sees("HEADERS 3")
				end(client, origin)
				b.wait(t, 1)
				send(origin)
				switch how {
				case "its own end":
					origin.sees("GOAWAY 0 STREAM_CLOSED")
					client.ended()
					return
				case "its own reset":
					origin.sees("RST_STREAM 1 STREAM_CLOSED")
				}
				origin.fields(http2.HeadersFrameParam{StreamID: 3, EndStream: true}, ":status", "204")
				client.sees("HEADERS 3 end")
				for _, f := range client.frames() {
					if strings.HasPrefix(f, "DATA 1") || strings.HasPrefix(f, "HEADERS 1") {
						t.Errorf("the client was sent %s", f)
					}
				}
			})
		}
	}
}

// TestOriginWindow has an origin server allow more than a window can have. What
// the client sent makes room again.
func TestOriginWindow(t *testing.T) {
	b := newBook()
	client, origin, _ := wires(t, b, nil)
	client.request(1, false)
	_ = client.WriteData(1, true, []byte("12345"))
	origin.sees("DATA 1 end")
	_ = origin.WriteWindowUpdate(0, 1<<31-1-65535)
	_ = origin.WriteWindowUpdate(0, 5)
	client.sees("WINDOW_UPDATE 0 5")
	_ = origin.WriteWindowUpdate(0, 1)
	origin.sees("GOAWAY 0 FLOW_CONTROL_ERROR")
	client.ended()
}

// TestUnreached has no origin server to connect to.
func TestUnreached(t *testing.T) {
	b := newBook()
	b.page = &h2.Answer{Status: 502, Content: []byte("page")}
	why := errors.New("connection refused")
	c, _, _ := through(t, b, func(c *h2.Config) {
		c.Dial = func(context.Context) (net.Conn, error) { return nil, why }
	})
	client := newWire(t, "client", c)
	client.begin()
	client.request(1, true)
	client.sees("DATA 1 end")
	client.sees("GOAWAY 0 NO_ERROR last=1")
	client.ended()
	if got := client.frames()[0]; !strings.HasPrefix(got, "SETTINGS 0") {
		t.Errorf("the first frame is %s", got)
	}
	if p := b.wait(t, 1)[0]; p.Fault == nil || p.Fault.Kind != h2.Unreached || !errors.Is(p.Fault, why) {
		t.Errorf("%+v", p.Fault)
	}
}

// TestPreface has clients and origin servers that do not begin as HTTP/2 does.
func TestPreface(t *testing.T) {
	for _, begin := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "\x00\x01\x02", http2.ClientPreface + "GET / HTTP/1.1\r\n\r\n",
		http2.ClientPreface + "\x00\x00\x00\x06\x00\x00\x00\x00\x00"} {
		b := newBook()
		c, _, _ := through(t, b, nil)
		client := newWire(t, "client", c)
		go client.read()
		_, _ = io.WriteString(c, begin)
		client.sees("GOAWAY 0 PROTOCOL_ERROR")
		if f := <-b.broken; f.By != h2.Client || f.Section != "§3.4" {
			t.Errorf("%q: %+v", begin, f)
		}
	}
	for _, begin := range []string{"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "\x15\x03\x03\x00\x02\x02\x50\x00\x00\x00", "220 mail ESMTP\r\n"} {
		b := newBook()
		b.page = &h2.Answer{Status: 502}
		c, o, _ := through(t, b, nil)
		client := newWire(t, "client", c)
		client.begin()
		client.request(1, true)
		_, _ = io.WriteString(o, begin)
		client.sees(`HEADERS 1 end :status="502"`)
		client.ended()
		if p := b.wait(t, 1)[0]; p.Fault == nil || p.Fault.By != h2.Origin || !strings.Contains(p.Fault.Detail, begin[:8]) && begin[0] > 0x20 || begin[0] == 'H' && !strings.Contains(p.Fault.Detail, "ask it in HTTP/1.1") {
			t.Errorf("%q: %+v", begin, p.Fault)
		}
	}
}

// TestOriginCloses has the origin server close while streams are open: who has no
// head gets a page, and who has one sees the end of the connection.
func TestOriginCloses(t *testing.T) {
	b := newBook()
	b.page = &h2.Answer{Status: 502}
	client, origin, _ := wires(t, b, nil)
	client.request(1, true)
	client.request(3, true)
	origin.sees("HEADERS 3")
	origin.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200")
	client.sees("HEADERS 1")
	origin.conn.Close()
	client.sees(`HEADERS 3 end :status="502"`)
	client.ended()
	for _, p := range b.wait(t, 2) {
		if p.Fault == nil || p.Fault.By != h2.Origin || p.Fault.Kind != h2.Closed {
			t.Errorf("stream %d: %+v", p.stream.ID(), p.Fault)
		}
	}
	for _, f := range client.frames() {
		if strings.HasPrefix(f, "RST_STREAM") {
			t.Errorf("the client got %s, of a connection that just ended", f)
		}
	}
}

// TestOriginBreaks has the origin server's connection break before the client asks
// for anything: its first request gets the page.
func TestOriginBreaks(t *testing.T) {
	b := newBook()
	b.page = &h2.Answer{Status: 502}
	client, origin, _ := wires(t, b, nil)
	_ = origin.conn.(*net.TCPConn).SetLinger(0)
	origin.conn.Close()
	client.request(1, true)
	client.sees(`HEADERS 1 end :status="502"`)
	client.ended()
	if p := b.wait(t, 1)[0]; p.Fault == nil || p.Fault.By != h2.Origin || p.Fault.Kind != h2.Closed {
		t.Errorf("%+v", p.Fault)
	}
}

// TestClientCloses has the client go away, which the origin server sees.
func TestClientCloses(t *testing.T) {
	b := newBook()
	client, origin, _ := wires(t, b, nil)
	client.request(1, true)
	origin.sees("HEADERS 1")
	client.conn.Close()
	origin.ended()
	if p := b.wait(t, 1)[0]; p.Fault == nil || p.Fault.By != h2.Client || p.Fault.Kind != h2.Closed {
		t.Errorf("%+v", p.Fault)
	}
}

// TestLastWords has an origin server answer and close while the client still sends.
func TestLastWords(t *testing.T) {
	for range 50 {
		b := newBook()
		client, origin, _ := wires(t, b, nil)
		client.request(1, false)
		origin.sees("HEADERS 1")
		go func() {
			for client.WriteData(1, false, make([]byte, 16384)) == nil {
			}
		}()
		origin.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "413")
		_ = origin.WriteData(1, true, []byte("too much"))
		_ = origin.WriteRSTStream(1, http2.ErrCodeNo)
		_ = origin.conn.(*net.TCPConn).CloseWrite()
		client.sees(`DATA 1 end 8 "too much"`)
		client.sees("RST_STREAM 1 NO_ERROR")
		client.conn.Close()
		origin.conn.Close()
	}
}

// TestGoAway ends the streams that the origin server will not look at.
func TestGoAway(t *testing.T) {
	b := newBook()
	b.page = &h2.Answer{Status: 502}
	client, origin, _ := wires(t, b, nil)
	client.request(1, true)
	client.request(3, true)
	origin.sees("HEADERS 3")
	_ = origin.WriteGoAway(1, http2.ErrCodeEnhanceYourCalm, []byte("too_many_pings"))
	client.sees(`GOAWAY 0 ENHANCE_YOUR_CALM last=1 "too_many_pings"`)
	if p := b.wait(t, 1)[1]; p.Fault == nil || p.Fault.Kind != h2.GoneAway || p.Fault.Code != http2.ErrCodeEnhanceYourCalm || !strings.Contains(p.Fault.Detail, "too_many_pings") {
		t.Errorf("%+v", p.Fault)
	}
	client.request(5, true)
	origin.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, ":status", "200")
	client.sees("HEADERS 1 end")
	for _, p := range b.wait(t, 3) {
		if (p.Fault != nil) != (p.stream.ID() > 1) {
			t.Errorf("stream %d: %+v", p.stream.ID(), p.Fault)
		}
	}
	for _, f := range client.frames() {
		if strings.HasPrefix(f, "HEADERS 3") || strings.HasPrefix(f, "HEADERS 5") {
			t.Errorf("the client got %s", f)
		}
	}
}

// TestAbort ends streams from outside: one that waits for its head gets a page, one
// that has it is reset.
func TestAbort(t *testing.T) {
	b := newBook()
	b.page = &h2.Answer{Status: 504, Content: []byte("page")}
	client, origin, _ := wires(t, b, nil)
	client.request(1, true)
	client.request(3, true)
	origin.sees("HEADERS 3")
	origin.fields(http2.HeadersFrameParam{StreamID: 3}, ":status", "200")
	client.sees("HEADERS 3")
	why := errors.New("too slow")
	for _, p := range b.begun(t, 2) {
		p.stream.Abort(why)
	}
	client.sees("DATA 1 end")
	client.sees("RST_STREAM 3 INTERNAL_ERROR")
	origin.sees("RST_STREAM 1 CANCEL")
	origin.sees("RST_STREAM 3 CANCEL")
	_ = origin.WriteData(3, true, []byte("late")) // which is ours to drop, and to give back
	origin.sees("WINDOW_UPDATE 0 4")
	for _, p := range b.wait(t, 2) {
		if !errors.Is(p.Fault, why) {
			t.Errorf("%+v", p.Fault)
		}
	}
}

// TestOwnWindow answers in place of the origin server: what that takes from the
// client's window is paid back before the origin server hears of more.
func TestOwnWindow(t *testing.T) {
	b := newBook()
	b.answer = func(h *h2.RequestHead) *h2.Answer {
		if h.Path == "/own" {
			return &h2.Answer{Status: 421, Content: []byte(strings.Repeat("x", 1000))}
		}
		return nil
	}
	client, origin, _ := wires(t, b, nil)
	client.fields(http2.HeadersFrameParam{StreamID: 1}, ":method", "POST", ":scheme", "https", ":path", "/own")
	client.sees("DATA 1 end 1000")
	client.sees("RST_STREAM 1 NO_ERROR")
	_ = client.WriteData(1, true, []byte("content")) // not wanted
	client.sees("WINDOW_UPDATE 0 7")
	client.request(3, true)
	origin.sees("HEADERS 3")
	origin.fields(http2.HeadersFrameParam{StreamID: 3}, ":status", "200")
	for left := 65535; left > 0; left -= min(left, 16384) {
		_ = origin.WriteData(3, false, make([]byte, min(left, 16384)))
	}
	_ = origin.WritePing(false, [8]byte{})
	client.has(2 + 4 + 4) // the last piece has to wait
	_ = client.WriteWindowUpdate(0, 600)
	_ = client.WriteWindowUpdate(0, 500)
	client.sees("PING 0")
	origin.sees("WINDOW_UPDATE 0 100")
}

// TestShutdown lets streams end, and takes no new ones.
func TestShutdown(t *testing.T) {
	b := newBook()
	client, origin, r := wires(t, b, nil)
	client.request(1, true)
	origin.sees("HEADERS 1")
	r.Shutdown()
	client.sees("GOAWAY 0 NO_ERROR last=1")
	client.request(3, true)
	origin.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, ":status", "200")
	client.sees("HEADERS 1 end")
	client.ended()
	origin.ended()
	if pages := b.wait(t, 1); len(pages) != 1 || pages[0].Fault != nil {
		t.Errorf("%d streams, %+v", len(pages), pages[0].Fault)
	}
}

// TestClose fails what is open.
func TestClose(t *testing.T) {
	b := newBook()
	b.page = &h2.Answer{Status: http.StatusServiceUnavailable}
	client, origin, r := wires(t, b, nil)
	client.request(1, true)
	origin.sees("HEADERS 1")
	why := errors.New("stopping")
	r.Close(why)
	client.sees(`HEADERS 1 end :status="503"`)
	client.sees("GOAWAY 0 NO_ERROR")
	client.ended()
	origin.ended()
	if p := b.wait(t, 1)[0]; !errors.Is(p.Fault, why) {
		t.Errorf("%+v", p.Fault)
	}
}

// TestPanic has the handler fail in the middle of a response: that connection ends,
// and the process does not.
func TestPanic(t *testing.T) {
	b := newBook()
	b.change = func(*h2.ResponseHead) { panic("a fault of our own") }
	client, origin, _ := wires(t, b, nil)
	client.request(1, true)
	origin.sees("HEADERS 1")
	origin.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, ":status", "200")
	client.sees("RST_STREAM 1 INTERNAL_ERROR")
	client.ended()
	origin.ended()
	var p *h2.Panic
	if got := b.wait(t, 1)[0]; !errors.As(got.Fault, &p) || p.Value != "a fault of our own" {
		t.Errorf("%+v", got.Fault)
	}
}

// TestPanicOfTheHandler has the handler fail before it returned a Tap.
func TestPanicOfTheHandler(t *testing.T) {
	b := newBook()
	b.answer = func(*h2.RequestHead) *h2.Answer { panic("a fault of our own") }
	client, origin, _ := wires(t, b, nil)
	client.request(1, true)
	client.sees("RST_STREAM 1 INTERNAL_ERROR")
	client.ended()
	origin.ended()
}

// TestSettings shows what of the promises is bounded or our own.
func TestSettings(t *testing.T) {
	b := newBook()
	c, o, _ := through(t, b, nil)
	client, origin := newWire(t, "client", c), newWire(t, "origin", o)
	got := make(chan []http2.Setting, 2)
	for _, w := range []*wire{client, origin} {
		go func() {
			if w == origin {
				_, _ = io.ReadFull(o, make([]byte, len(http2.ClientPreface)))
				_ = w.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1 << 31}, http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1}, http2.Setting{ID: 9, Val: 1})
			} else {
				_, _ = io.WriteString(c, http2.ClientPreface)
				_ = w.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 1}, http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: 1000})
			}
			f, err := w.ReadFrame()
			if err != nil {
				t.Error(err)
			}
			var all []http2.Setting
			_ = f.(*http2.SettingsFrame).ForeachSetting(func(s http2.Setting) error { all = append(all, s); return nil })
			if w == origin {
				all = append(all, http2.Setting{})
			}
			got <- all
		}()
	}
	for range 2 {
		all := <-got
		want := []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: 4096}, {ID: http2.SettingEnableConnectProtocol, Val: 1}, {ID: 9, Val: 1}, {ID: http2.SettingMaxHeaderListSize, Val: 256 << 10}}
		if all[len(all)-1] == (http2.Setting{}) {
			all = all[:len(all)-1]
			want = []http2.Setting{{ID: http2.SettingMaxHeaderListSize, Val: 1000}, {ID: http2.SettingEnablePush, Val: 0}}
		}
		if !equalSettings(all, want) {
			t.Errorf("%v, want %v", all, want)
		}
	}
}

func equalSettings(a, b []http2.Setting) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
