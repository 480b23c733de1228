package proxy_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"

	"sidenote/exchange"
	"sidenote/proxy"
)

// TestMessageHookDelaysNothing has a hook that does not return until all has passed:
// the client gets every answer meanwhile, and each message is counted.
func TestMessageHookDelaysNothing(t *testing.T) {
	const n = 12_000 // with the answers more than wait
	c := &wsCase{name: "hook", frames: append(bytes.SplitAfter(bytes.Repeat(wsFrame(0x81, "x", true), n), []byte("no such octets")), wsFrame(0x88, wsClose(1000, ""), true))}
	site := newSite(t)
	port := site.listen(serveWebSocket)
	passed := make(chan struct{})
	var handed int64
	r := newRig(t, func(c *proxy.Config) {
		c.KeepMessages = 1 << 20
		c.Hooks.Message = func(*exchange.Exchange, exchange.MessageFormat, *exchange.StreamMessage) { <-passed; handed++ }
	})
	conn := r.open("127.0.0.1:" + port)
	got, err := c.talk(c.upgrade(t, conn))
	if answers := bytes.Count(got, wsFrame(0x81, "x", false)); answers != n || err != nil {
		t.Errorf("while the hook waits the client gets %d of %d answers, %v", answers, n, err)
	}
	conn.Close()
	close(passed)
	x := r.waitFor("/hook")
	s := x.Messages
	if s.Sent != n+1 || s.Received != n+1 || s.Dropped == 0 || int64(len(s.List))+s.Dropped != s.Sent+s.Received {
		t.Errorf("sent %d, received %d, dropped %d, listed %d", s.Sent, s.Received, s.Dropped, len(s.List))
	}
	if stats := r.Proxy.Stats(); stats.Messages != 2*n+2 || stats.MessagesDropped != s.Dropped {
		t.Errorf("the proxy counts %d messages, %d dropped", stats.Messages, stats.MessagesDropped)
	}
	if handed == 0 || handed > 2*n+2 {
		t.Errorf("the hook ran %d times", handed)
	}
}

// The messages of an exchange have the room that they are given: the latest stay.
func TestMessagesAreKeptWithinABound(t *testing.T) {
	var frames [][]byte
	for range 200 {
		frames = append(frames, wsFrame(0x82, string(make([]byte, 3000)), true))
	}
	c := &wsCase{name: "bound", frames: append(frames, wsFrame(0x88, wsClose(1001, "bye"), true))}
	site := newSite(t)
	port := site.listen(serveWebSocket)
	r := newRig(t, func(c *proxy.Config) { c.KeepMessages = 8000 })
	conn := r.open("127.0.0.1:" + port)
	if _, err := c.talk(c.upgrade(t, conn)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	s := r.waitFor("/bound").Messages
	if s.Memory() > 9000 || s.Sent != 201 || s.Received != 201 || int64(len(s.List))+s.Dropped != 402 {
		t.Errorf("%d bytes, sent %d, received %d, dropped %d, listed %d", s.Memory(), s.Sent, s.Received, s.Dropped, len(s.List))
	}
	last := s.List[len(s.List)-1]
	if last.Kind != exchange.KindClose || last.Number != 402 {
		t.Errorf("the last message is %+v", last)
	}
	for _, m := range s.List {
		if len(m.Content) > 2000 || m.Kind == exchange.KindBinary && (!m.Truncated || m.Size != 3000) {
			t.Errorf("kept %d of %d bytes, truncated %v", len(m.Content), m.Size, m.Truncated)
		}
	}
}

// BenchmarkWebSocket sends messages of 1 KiB to and fro, with messages read and
// without: what differs is what reading them costs.
func BenchmarkWebSocket(b *testing.B) {
	for _, of := range []struct {
		name string
		keep int64
	}{{"off", 0}, {"on", 4 << 20}} {
		b.Run(of.name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go serveWebSocket(c)
				}
			}()
			p := proxy.New(proxy.Config{KeepMessages: of.keep, Hooks: proxy.Hooks{Message: func(*exchange.Exchange, exchange.MessageFormat, *exchange.StreamMessage) {}}})
			at, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			go func() { _ = p.Serve(at) }()
			defer at.Close()
			c, err := net.Dial("tcp", at.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			_, _ = io.WriteString(c, "GET http://"+l.Addr().String()+"/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n")
			in := bufio.NewReader(c)
			for line := ""; line != "\r\n"; {
				if line, err = in.ReadString('\n'); err != nil {
					b.Fatal(err)
				}
			}
			payload := string(bytes.Repeat([]byte("x"), 1024))
			message, answer := wsFrame(0x81, payload, true), make([]byte, len(wsFrame(0x81, payload, false)))
			b.SetBytes(2048)
			b.ResetTimer()
			for range b.N {
				if _, err := c.Write(message); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(in, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
