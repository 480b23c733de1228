package message_test

import (
	"strings"
	"testing"

	"sidenote/exchange"
	"sidenote/exchange/message"
)

// steady checks what holds of any stream: its pieces make no difference, nothing
// beyond the bound is kept, no more is found than there is.
func steady(t *testing.T, stream []byte, piece uint8, fromClient bool, begin func(message.Options) message.Reader) {
	f := read(stream, 0, fromClient, begin)
	if pieces := read(stream, int(piece), fromClient, begin); pieces.summary() != f.summary() {
		t.Fatalf("in pieces of %d bytes it finds:\n%sinstead of:\n%s", piece, pieces.summary(), f.summary())
	}
	var wire int64
	for i := range f.list {
		m := &f.list[i]
		wire += m.Wire
		if len(m.Content) > keep && !m.Compressed {
			t.Fatalf("kept %d bytes", len(m.Content))
		}
		if m.FromClient != fromClient || m.Kind == "" {
			t.Fatalf("%+v", m)
		}
	}
	if wire+int64(f.unread) > int64(len(stream)) {
		t.Fatalf("found messages of %d bytes, and %d that are unread, in %d", wire, f.unread, len(stream))
	}
	finisher := message.NewFinisher(&exchange.Exchange{}, keep, nil)
	for i := range f.list {
		if finisher.Finish(&f.list[i]); len(f.list[i].Content) > keep {
			t.Fatalf("kept %d bytes once finished", len(f.list[i].Content))
		}
	}
}

func FuzzWebSocket(f *testing.F) {
	f.Add(frame(0x81, "hello", true), uint8(3), true, false)
	f.Add(append(frame(0x41, "a", false), frame(0x80, "b", false)...), uint8(1), false, true)
	f.Add(frame(0x88, closing(1006, "x"), false), uint8(0), false, false)
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8, fromClient, deflate bool) {
		extensions := ""
		if deflate {
			extensions = "permessage-deflate"
		}
		steady(t, stream, piece, fromClient, func(o message.Options) message.Reader { return message.NewWebSocket(extensions, o) })
	})
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("\ufeffid: 1\r\ndata: a\r\r\n: x\n\n"), uint8(1))
	f.Add([]byte("data: "+strings.Repeat("x", 2000)+"\n\nretry: x"), uint8(7))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) { steady(t, stream, piece, false, events) })
}

func FuzzGRPC(f *testing.F) {
	f.Add([]byte(prefixed(1, "\x08\x01")+prefixed(0x80, "grpc-status:0")), uint8(2), uint8(0))
	f.Add([]byte("AAAAAAE="), uint8(1), uint8(2))
	kinds := []string{"application/grpc", "application/grpc-web", "application/grpc-web-text"}
	f.Fuzz(func(t *testing.T, stream []byte, piece, kind uint8) {
		steady(t, stream, piece, true, grpcOf(kinds[int(kind)%len(kinds)], "gzip"))
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n\x1e[]\r\n{"), uint8(4))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		steady(t, stream, piece, true, lines)
		message.JSONRPC(stream)
	})
}

func FuzzFieldTree(f *testing.F) {
	f.Add([]byte("\x1a\x03\x08\x96\x01\x12\x01a\x12\x01b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if tree := message.FieldTree(b); tree != "" && !isJSON(tree) {
			t.Errorf("%q is %s", b, tree)
		}
	})
}

// FuzzCoded decodes content of each coding in pieces; nothing panics or hangs, and
// pieces make no difference to what comes out of whole content.
func FuzzCoded(f *testing.F) {
	codings := []string{"gzip", "deflate", "br", "zstd"}
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), uint8(1), uint8(0))
	f.Add([]byte("\x8b\x06\x80data: a\n\n\x03"), uint8(2), uint8(2))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04\x00\x49\x00\x00data: a\n\n"), uint8(3), uint8(3))
	f.Fuzz(func(t *testing.T, stream []byte, piece, coding uint8) {
		m := &exchange.Message{}
		m.Fields.Add("Content-Type", "text/event-stream")
		m.Fields.Add("Content-Encoding", codings[int(coding)%len(codings)])
		begin := func(o message.Options) message.Reader { r, _ := message.ForContent(m, o); return r }
		whole, pieces := read(stream, 0, false, begin), read(stream, int(piece), false, begin)
		if len(whole.faults) == 0 && len(pieces.faults) == 0 && len(whole.list) != len(pieces.list) {
			t.Errorf("in pieces of %d bytes it finds %d messages, not %d", piece, len(pieces.list), len(whole.list))
		}
	})
}
