package h2_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/proxy/h2"
)

// socketPair is a connection without an address, of which any number can be made.
func socketPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	conn := func(fd int) net.Conn {
		f := os.NewFile(uintptr(fd), "socket pair")
		defer f.Close()
		c, err := net.FileConn(f)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return conn(fds[0]), conn(fds[1])
}

// A message is what an independent reader made of the frames on one stream.
type message struct {
	head, trailers []hpack.HeaderField
	content        []byte
}

// readMessages reads frames until the connection ends: the messages by stream.
func readMessages(t *testing.T, r io.Reader) map[uint32]*message {
	f := http2.NewFramer(io.Discard, r)
	f.SetMaxReadFrameSize(1<<24 - 1)
	dec := hpack.NewDecoder(4096, nil)
	dec.SetAllowedMaxDynamicTableSize(1 << 16)
	all := map[uint32]*message{}
	var block []byte
	section := func(id uint32, piece []byte, ended bool) {
		if block = append(block, piece...); !ended {
			return
		}
		fields, err := dec.DecodeFull(block)
		if err != nil {
			t.Fatalf("what was passed on cannot be decoded: %v", err)
		}
		block = nil
		if m := all[id]; m.head == nil || interim(m.head) {
			m.head = fields
		} else {
			m.trailers = fields
		}
	}
	for {
		frame, err := f.ReadFrame()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("what was passed on is broken: %v", err)
		}
		id := frame.Header().StreamID
		if all[id] == nil {
			all[id] = new(message)
		}
		switch frame := frame.(type) {
		case *http2.HeadersFrame:
			section(id, frame.HeaderBlockFragment(), frame.HeadersEnded())
		case *http2.ContinuationFrame:
			section(id, frame.HeaderBlockFragment(), frame.HeadersEnded())
		case *http2.DataFrame:
			all[id].content = append(all[id].content, frame.Data()...)
		}
	}
}

func interim(head []hpack.HeaderField) bool {
	for _, f := range head {
		if f.Name == ":status" {
			return f.Value[0] == '1'
		}
	}
	return false
}

// octets are the frames that a wire writes.
func octets(write func(w *wire)) []byte {
	var b bytes.Buffer
	w := &wire{Framer: http2.NewFramer(&b, nil)}
	w.enc = hpack.NewEncoder(&w.block)
	w.AllowIllegalWrites = true
	write(w)
	return b.Bytes()
}

func seeds(f *testing.F) {
	f.Add(octets(func(w *wire) { w.request(1, true) }))
	f.Add(octets(func(w *wire) {
		w.request(1, false, "x!", "secret", "cookie", "a=b")
		_ = w.WriteDataPadded(1, false, []byte("abc"), make([]byte, 3))
		w.request(3, true)
		w.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, "x-sum", "1")
		_ = w.WriteRSTStream(3, http2.ErrCodeCancel)
	}))
	f.Add(octets(func(w *wire) {
		w.largeFields(http2.HeadersFrameParam{StreamID: 1, PadLength: 9}, ":method", "GET", ":scheme", "http", ":path", "/", "x", string(make([]byte, 20000)))
		_ = w.WritePing(false, [8]byte{})
		_ = w.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 0})
		_ = w.WriteSettingsAck()
		_ = w.WriteWindowUpdate(0, 7)
		_ = w.WriteWindowUpdate(1, 0)
		_ = w.WritePriority(5, http2.PriorityParam{StreamDep: 5})
		_ = w.WriteGoAway(7, http2.ErrCodeNo, []byte("x"))
		_ = w.WriteRawFrame(0x99, 3, 1, []byte("x"))
	}))
	f.Add(octets(func(w *wire) {
		w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "103", "link", "a")
		w.fields(http2.HeadersFrameParam{StreamID: 1}, ":status", "200", "content-length", "3")
		_ = w.WriteData(1, false, []byte("abc"))
		w.fields(http2.HeadersFrameParam{StreamID: 1, EndStream: true}, "grpc-status", "0")
		w.fields(http2.HeadersFrameParam{StreamID: 3, EndStream: true}, ":status", "404")
	}))
}

// relayOver runs a relay between two connections until both have ended.
func relayOver(client, origin net.Conn, b *book) {
	h2.New(client, h2.Config{Handler: b, HeadTimeout: time.Second, MaxHeaderBytes: 16 << 10,
		Dial: func(context.Context) (net.Conn, error) { return origin, nil }}).Run(context.Background())
}

// FuzzClient has a client send anything after the preface. What the origin server
// reads is what was told; nothing hangs; each stream ends once.
func FuzzClient(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, sent []byte) {
		client, ours := socketPair(t)
		theirs, origin := socketPair(t)
		b := newBook()
		done := make(chan struct{})
		go func() { relayOver(ours, theirs, b); close(done) }()
		go func() {
			_, _ = client.Write([]byte(http2.ClientPreface))
			_, _ = client.Write(octets(func(w *wire) { _ = w.WriteSettings() }))
			_, _ = client.Write(sent)
			_ = client.(*net.UnixConn).CloseWrite()
		}()
		go io.Copy(io.Discard, client)
		_, _ = origin.Write(octets(func(w *wire) { _ = w.WriteSettings() }))
		if _, err := io.ReadFull(origin, make([]byte, len(http2.ClientPreface))); err != nil {
			t.Fatal(err)
		}
		got := readMessages(t, origin)
		origin.Close()
		client.Close()
		<-done
		for _, p := range b.pages {
			checkEnds(t, p)
			m := got[p.stream.ID()]
			switch {
			case p.Refused != nil:
				if m != nil && m.head != nil {
					t.Errorf("a refused request was passed on: %v", m.head)
				}
			case m == nil:
				t.Errorf("the request on stream %d was not passed on", p.stream.ID())
			case text(m.head) != text(p.Request), text(m.trailers) != text(p.RequestTrailers), !bytes.Equal(m.content, p.RequestContent):
				t.Errorf("passed on %s %q %s, told %s %q %s", text(m.head), m.content, text(m.trailers), text(p.Request), p.RequestContent, text(p.RequestTrailers))
			}
		}
	})
}

// FuzzOrigin has an origin server answer three requests with anything.
func FuzzOrigin(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, sent []byte) {
		client, ours := socketPair(t)
		theirs, origin := socketPair(t)
		b := newBook()
		b.page = &h2.Answer{Status: 502, Content: []byte("page")}
		done := make(chan struct{})
		go func() { relayOver(ours, theirs, b); close(done) }()
		_, _ = io.WriteString(client, http2.ClientPreface)
		_, _ = client.Write(octets(func(w *wire) {
			_ = w.WriteSettings()
			w.request(1, true)
			w.request(3, false)
			w.fields(http2.HeadersFrameParam{StreamID: 5, EndStream: true}, ":method", "HEAD", ":scheme", "https", ":path", "/")
		}))
		b.begun(t, 3)
		go func() {
			_, _ = origin.Write(octets(func(w *wire) { _ = w.WriteSettings() }))
			_, _ = origin.Write(sent)
			_ = origin.(*net.UnixConn).CloseWrite()
		}()
		go io.Copy(io.Discard, origin)
		got := readMessages(t, client)
		client.Close()
		origin.Close()
		<-done
		for _, p := range b.pages {
			checkEnds(t, p)
			if p.Response == nil {
				continue
			}
			if m := got[p.stream.ID()]; m == nil || text(m.head) != text(p.Response) || text(m.trailers) != text(p.ResponseTrailers) || !bytes.Equal(m.content, p.ResponseContent) {
				t.Errorf("passed on %+v, told %s %q %s", m, text(p.Response), p.ResponseContent, text(p.ResponseTrailers))
			}
		}
	})
}

func checkEnds(t *testing.T, p *page) {
	t.Helper()
	if p.Ends != 1 || p.late {
		t.Errorf("stream %d: %d ends, late %v", p.stream.ID(), p.Ends, p.late)
	}
}
