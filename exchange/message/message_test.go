package message_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"sidenote/exchange"
	"sidenote/exchange/message"
)

const keep = 1 << 10

// found is what a reader found.
type found struct {
	list   []exchange.StreamMessage
	faults []exchange.MessageFault
	unread int
}

func (f *found) options(fromClient bool) message.Options {
	return message.Options{
		Keep: keep, FromClient: fromClient,
		Emit:   func(m *exchange.StreamMessage) { f.list = append(f.list, *m) },
		Fault:  func(m exchange.MessageFault, _ time.Duration) { f.faults = append(f.faults, m) },
		Unread: func(n int) { f.unread += n },
	}
}

// read hands a reader a stream in pieces of a size, 0 for one piece.
func read(stream []byte, piece int, fromClient bool, begin func(message.Options) message.Reader) (f found) {
	r := begin(f.options(fromClient))
	for at := time.Duration(1); len(stream) > 0; at++ {
		n := len(stream)
		if piece > 0 {
			n = min(n, piece)
		}
		r.Take(stream[:n:n], at)
		stream = stream[n:]
	}
	r.End(99, true)
	return f
}

// eachWay reads a stream in pieces of several sizes, which must make no difference.
func eachWay(t *testing.T, stream []byte, fromClient bool, begin func(message.Options) message.Reader) found {
	t.Helper()
	whole := read(stream, 0, fromClient, begin)
	for _, piece := range []int{1, 2, 3, 7, 64} {
		if d := cmp.Diff(whole, read(stream, piece, fromClient, begin), cmp.AllowUnexported(found{}), cmpopts.EquateEmpty(),
			cmpopts.IgnoreFields(exchange.StreamMessage{}, "At")); d != "" {
			t.Errorf("in pieces of %d bytes it finds something else:\n%s", piece, d)
		}
	}
	return whole
}

// summary is a line for each message, with its faults.
func (f *found) summary() string {
	var b strings.Builder
	for _, m := range f.list {
		fmt.Fprintf(&b, "%s %d %.30q", m.Kind, m.Size, m.Content)
		for _, extra := range []struct {
			name string
			on   bool
		}{{"cut", m.Truncated}, {"compressed", m.Compressed}} {
			if extra.on {
				b.WriteString(" " + extra.name)
			}
		}
		if m.Parts > 0 {
			fmt.Fprintf(&b, " parts=%d", m.Parts)
		}
		if m.Code != 0 {
			fmt.Fprintf(&b, " code=%d", m.Code)
		}
		if m.Name != "" || m.ID != "" {
			fmt.Fprintf(&b, " name=%s id=%s", m.Name, m.ID)
		}
		for _, fault := range m.Faults {
			fmt.Fprintf(&b, " !%s(%s)", fault.Code, fault.Detail)
		}
		b.WriteString("\n")
	}
	for _, fault := range f.faults {
		fmt.Fprintf(&b, "!%s(%s)\n", fault.Code, fault.Detail)
	}
	if f.unread > 0 {
		fmt.Fprintf(&b, "unread %d\n", f.unread)
	}
	return b.String()
}

// frame writes a WebSocket frame; a client's is masked.
func frame(first byte, payload string, masked bool) []byte {
	b := []byte{first}
	bit := byte(0)
	if masked {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b = append(b, bit|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, bit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, bit|127), uint64(n))
	}
	if !masked {
		return append(b, payload...)
	}
	mask := [4]byte{1, 0xff, 0x37, 0}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i&3])
	}
	return b
}

func closing(code uint16, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, code)) + reason
}

func TestWebSocket(t *testing.T) {
	const bye = "close 2 \"\" code=1000\n"
	end := frame(0x88, closing(1000, ""), false)
	for _, c := range []struct {
		name   string
		frames [][]byte
		want   string
	}{
		{"text", [][]byte{frame(0x81, "hello", false), end}, "text 5 \"hello\"\n" + bye},
		{"empty", [][]byte{frame(0x81, "", false), frame(0x82, "", false), end}, "text 0 \"\"\nbinary 0 \"\"\n" + bye},
		{"fragments with a ping between", [][]byte{frame(0x01, "hel", false), frame(0x89, "p", false), frame(0x00, "lo", false), frame(0x80, "", false), end},
			"ping 1 \"p\"\ntext 5 \"hello\" parts=3\n" + bye},
		{"a character over two fragments", [][]byte{frame(0x01, "a\xc3", false), frame(0x80, "\xa4", false), end}, "text 3 \"aä\" parts=2\n" + bye},
		{"not UTF-8", [][]byte{frame(0x81, "a\xff", false), end}, "text 2 \"a\\xff\" !invalid-utf8(byte 2)\n" + bye},
		{"a character cut at the end", [][]byte{frame(0x81, "ab\xe2\x82", false), end}, "text 4 \"ab\\xe2\\x82\" !invalid-utf8(byte 3)\n" + bye},
		{"a surrogate", [][]byte{frame(0x81, "\xed\xa0\x80", false), end}, "text 3 \"\\xed\\xa0\\x80\" !invalid-utf8(byte 1)\n" + bye},
		{"binary is not text", [][]byte{frame(0x82, "\xff", false), end}, "binary 1 \"\\xff\"\n" + bye},
		{"masked by a server", [][]byte{frame(0x81, "hello", true), end}, "text 5 \"hello\" !masked()\n" + bye},
		{"reserved bits", [][]byte{frame(0xb1, "x", false), end}, "text 1 \"x\" !reserved-bits(RSV2, RSV3)\n" + bye},
		{"compressed without agreement", [][]byte{frame(0xc1, "x", false), end}, "text 1 \"x\" !deflate-not-agreed()\n" + bye},
		{"unknown opcodes", [][]byte{frame(0x83, "x", false), frame(0x8b, "", false), end}, "unknown 1 \"x\" !opcode-unknown(0x3)\nunknown 0 \"\" !opcode-unknown(0xB)\n" + bye},
		{"a fragmented ping", [][]byte{frame(0x09, "x", false), end}, "ping 1 \"x\" !control-fragmented(ping)\n" + bye},
		{"a long pong", [][]byte{frame(0x8a, strings.Repeat("x", 126), false), end}, "pong 126 \"" + strings.Repeat("x", 30) + "\" !control-too-long(126 bytes)\n" + bye},
		{"a continuation of nothing", [][]byte{frame(0x80, "x", false), end}, "binary 1 \"x\" !continuation-without-beginning()\n" + bye},
		{"a message in a message", [][]byte{frame(0x01, "a", false), frame(0x81, "b", false), end}, "text 1 \"a\" cut !message-in-message()\ntext 1 \"b\"\n" + bye},
		{"a length of more octets than it needs", [][]byte{{0x81, 126, 0, 1, 'x'}, end}, "text 1 \"x\" !length-not-minimal(1 bytes)\n" + bye},
		{"a length that is none", [][]byte{{0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 'x', 'y'}}, "binary 0 \"\" !length-invalid()\nunread 2\n"},
		{"a close without a code", [][]byte{frame(0x88, "", false)}, "close 0 \"\"\n"},
		{"a close of one octet", [][]byte{frame(0x88, "x", false)}, "close 1 \"x\" !close-payload-invalid(1 byte)\n"},
		{"a reason that is not UTF-8", [][]byte{frame(0x88, closing(1001, "ab\xff"), false)}, "close 5 \"ab\\xff\" code=1001 !invalid-utf8(byte 5)\n"},
		{"data after close", [][]byte{end, frame(0x81, "x", false)}, bye + "text 1 \"x\" !data-after-close(text)\n"},
		{"no close", [][]byte{frame(0x81, "x", false)}, "text 1 \"x\"\n!close-missing()\n"},
		{"cut within a message", [][]byte{frame(0x81, "hello", false)[:4]}, "text 2 \"he\" cut !unfinished()\n!close-missing()\n"},
		{"cut within a header", [][]byte{{0x81}}, "!close-missing()\nunread 1\n"},
		{"a long message", [][]byte{frame(0x82, strings.Repeat("x", 70000), false), end}, "binary 70000 \"" + strings.Repeat("x", 30) + "\" cut\n" + bye},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := eachWay(t, bytes.Join(c.frames, nil), false, func(o message.Options) message.Reader { return message.NewWebSocket("", o) })
			if got := f.summary(); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}

func TestWebSocketOfAClient(t *testing.T) {
	begin := func(o message.Options) message.Reader { return message.NewWebSocket("", o) }
	long := strings.Repeat("ä0123456789", 700)
	f := eachWay(t, bytes.Join([][]byte{frame(0x81, long, true), frame(0x82, "\x00\x01", true), frame(0x88, closing(4999, "é"), true)}, nil), true, begin)
	if got, want := f.summary(), fmt.Sprintf("text %d %.30q cut\nbinary 2 \"\\x00\\x01\"\nclose 4 \"é\" code=4999\n", len(long), long); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	if got := string(f.list[0].Content); got != long[:keep] {
		t.Errorf("the beginning of the message is %q", got)
	}
	f = eachWay(t, frame(0x81, "x", false), true, begin)
	if got, want := f.summary(), "text 1 \"x\" !not-masked()\n!close-missing()\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every code that a close frame can have is judged.
func TestWebSocketCloseCodes(t *testing.T) {
	for code := range 0x10000 {
		var f found
		r := message.NewWebSocket("", f.options(false))
		r.Take(frame(0x88, closing(uint16(code), ""), false), 1)
		r.End(2, true)
		allowed := code >= 1000 && code <= 1014 && (code < 1004 || code > 1006) || code >= 3000 && code <= 4999
		if got := len(f.list[0].Faults) == 0; got != allowed || f.list[0].Code != code {
			t.Errorf("code %d is read as %d, allowed: %v, want %v", code, f.list[0].Code, got, allowed)
		}
	}
}

// deflated compresses messages as permessage-deflate does.
func deflated(t *testing.T, takeover bool, messages ...string) (out []string) {
	t.Helper()
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	for _, m := range messages {
		b.Reset()
		if !takeover {
			w.Reset(&b)
		}
		fmt.Fprint(w, m)
		w.Flush()
		out = append(out, strings.TrimSuffix(b.String(), "\x00\x00\xff\xff"))
	}
	return out
}

func TestWebSocketDeflate(t *testing.T) {
	text := []string{strings.Repeat("hello ", 30), strings.Repeat("hello ", 30) + "ä", "", "hello \xff", strings.Repeat("0123456789abcdef", 9000), "hello "}
	for _, takeover := range []bool{true, false} {
		x := &exchange.Exchange{}
		extensions := "permessage-deflate; server_max_window_bits=15"
		if !takeover {
			extensions += "; server_no_context_takeover"
		}
		x.Response.Fields.Add("Sec-WebSocket-Extensions", extensions)
		var stream []byte
		for i, m := range deflated(t, takeover, text...) {
			if i%2 == 1 { // in fragments, of which the first says that the message is compressed
				stream = append(append(stream, frame(0x41, m[:1], false)...), frame(0x80, m[1:], false)...)
				continue
			}
			stream = append(stream, frame(0xc1, m, false)...)
		}
		f := eachWay(t, stream, false, func(o message.Options) message.Reader { return message.NewWebSocket(extensions, o) })
		finisher := message.NewFinisher(x, keep, nil)
		for i := range f.list {
			m := &f.list[i]
			finisher.Finish(m)
			want := text[i][:min(len(text[i]), keep)]
			if string(m.Content) != want || m.Size != int64(len(text[i])) || m.Truncated != (len(text[i]) > keep) {
				t.Errorf("takeover %v: message %d is %q of %d bytes", takeover, i, m.Content, m.Size)
			}
			if bad := len(m.Faults) > 0; bad != (i == 3) {
				t.Errorf("takeover %v: message %d has the faults %v", takeover, i, m.Faults)
			}
		}
	}
}

func TestWebSocketDeflateBroken(t *testing.T) {
	x := &exchange.Exchange{}
	x.Response.Fields.Add("Sec-WebSocket-Extensions", "permessage-deflate")
	finisher := message.NewFinisher(x, keep, nil)
	var f found
	r := message.NewWebSocket("permessage-deflate", f.options(true))
	r.Take(frame(0xc1, "\xff\xff\xff", true), 1)
	r.Take(frame(0xc1, deflated(t, true, "a")[0], true), 2)
	finisher.Finish(&f.list[0])
	finisher.Finish(&f.list[1])
	if got := f.list[0].Faults; len(got) != 1 || got[0].Code != exchange.FaultCompression {
		t.Errorf("broken data has the faults %v", got)
	}
	if got := f.list[1].Faults; len(got) != 1 || got[0].Code != exchange.FaultContextUnknown {
		t.Errorf("what follows it has the faults %v", got)
	}
}

func events(o message.Options) message.Reader {
	m := &exchange.Message{}
	m.Fields.Add("Content-Type", "text/event-stream; charset=utf-8")
	r, _ := message.ForContent(m, o)
	return r
}

func TestEvents(t *testing.T) {
	for _, c := range []struct{ name, stream, want string }{
		{"plain", "data: a\n\ndata:b\n\n", "event 1 \"a\"\nevent 1 \"b\"\n"},
		{"all fields", "id: 7\nevent: tick\nretry: 500\ndata: a\ndata: b\n\n", "event 3 \"a\\nb\" name=tick id=7\n"},
		{"line ends", "data: a\r\n\r\ndata: b\r\rdata: c\n\n", "event 1 \"a\"\nevent 1 \"b\"\nevent 1 \"c\"\n"},
		{"comment", ": alive\n\n:\n\ndata: x\n: in it\n\n", "comment 5 \"alive\"\ncomment 0 \"\"\nevent 1 \"x\"\n"},
		{"empty lines", "\n\n\ndata: x\n\n", "event 1 \"x\"\n"},
		{"only a space goes", "data:  a\ndata\n\n", "event 3 \" a\\n\"\n"},
		{"BOM", "\ufeffdata: a\n\n", "event 1 \"a\" !byte-order-mark()\n"},
		{"retry", "retry: soon\ndata: a\n\n", "event 1 \"a\" !retry-invalid(\"soon\")\n"},
		{"retry empty", "retry\n\n", "event 0 \"\" !retry-invalid(\"\")\n"},
		{"unknown field", "date: a\n\n", "event 0 \"\" !field-unknown(\"date\")\n"},
		{"JSON is no event stream", "{\"a\":1}\n", "event 0 \"\" !field-unknown(\"{\\\"a\\\"\") !unfinished()\n"},
		{"no end", "data: a\n\ndata: b\n", "event 1 \"a\"\nevent 1 \"b\" !unfinished()\n"},
		{"no end of the line", "data: a\n\ndata: b", "event 1 \"a\"\nevent 1 \"b\" !unfinished()\n"},
		{"a comment without an end", ": bye", "comment 3 \"bye\"\n"},
		{"nul", "id: a\x00\ndata: b\n\n", "event 1 \"b\" !id-with-nul()\n"},
		{"not UTF-8", "data: \xff\n\n", "event 1 \"\\xff\" !invalid-utf8(byte 7 of a line)\n"},
		{"long", "data: " + strings.Repeat("x", 5000) + "\n\n", "event 5000 \"" + strings.Repeat("x", 30) + "\" cut\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := eachWay(t, []byte(c.stream), false, events)
			if got := f.summary(); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}

// Content that is coded comes out event by event, as it was flushed.
func TestEventsOfCodedContent(t *testing.T) {
	var stream bytes.Buffer
	w := gzip.NewWriter(&stream)
	var pieces [][]byte
	for i := range 5 {
		fmt.Fprintf(w, "data: %d\n\n", i)
		w.Flush()
		pieces = append(pieces, bytes.Clone(stream.Bytes()))
		stream.Reset()
	}
	w.Close()
	m := &exchange.Message{}
	m.Fields.Add("Content-Type", "text/event-stream")
	m.Fields.Add("Content-Encoding", "gzip")
	var f found
	r, _ := message.ForContent(m, f.options(false))
	for i, p := range pieces {
		r.Take(p, time.Duration(i))
		if len(f.list) != i+1 || string(f.list[i].Content) != fmt.Sprint(i) || f.list[i].At != time.Duration(i) {
			t.Fatalf("after piece %d: %+v", i, f.list)
		}
	}
	r.Take(stream.Bytes(), 9)
	r.End(10, true)
	if f.unread != 0 || len(f.faults) != 0 || len(f.list) != 5 {
		t.Errorf("unread %d, faults %v, %d messages", f.unread, f.faults, len(f.list))
	}
	f = found{}
	r, _ = message.ForContent(m, f.options(false))
	r.Take([]byte("data: not gzip\n\n"), 1)
	r.Take([]byte("data: x\n\n"), 2)
	r.End(3, true)
	if len(f.faults) != 1 || f.faults[0].Code != exchange.FaultCompression || f.unread != 9 {
		t.Errorf("unread %d, faults %v", f.unread, f.faults)
	}
}

func prefixed(flags byte, content string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(content)))) + content
}

func grpcOf(kind, coding string) func(message.Options) message.Reader {
	return func(o message.Options) message.Reader {
		m := &exchange.Message{}
		m.Fields.Add("content-type", kind)
		if coding != "" {
			m.Fields.Add("grpc-encoding", coding)
		}
		r, _ := message.ForContent(m, o)
		return r
	}
}

func TestGRPC(t *testing.T) {
	trailers := "grpc-status: 0\r\n"
	for _, c := range []struct{ name, kind, coding, stream, want string }{
		{"two", "application/grpc", "", prefixed(0, "\x08\x01") + prefixed(0, ""), "message 2 \"\\b\\x01\"\nmessage 0 \"\"\n"},
		{"compressed", "application/grpc+proto", "gzip", prefixed(1, "x"), "message 1 \"x\" compressed\n"},
		{"compressed without coding", "application/grpc", "identity", prefixed(1, "x"), "message 1 \"x\" !compressed-without-coding()\n"},
		{"flags", "application/grpc", "", prefixed(0x82, "x"), "message 1 \"x\" !flags-unknown(0x82)\n"},
		{"cut in a message", "application/grpc", "", prefixed(0, "hello")[:8], "message 3 \"hel\" cut !unfinished(3 of 5 bytes)\n"},
		{"cut in a prefix", "application/grpc", "", prefixed(0, "a") + "\x00\x00", "message 1 \"a\"\n!unfinished(2 of 5 bytes of a prefix)\nunread 2\n"},
		{"web", "application/grpc-web+proto", "", prefixed(0, "a") + prefixed(0x80, trailers), "message 1 \"a\"\ntrailers 16 \"grpc-status: 0\\r\\n\"\n"},
		{"web text", "application/grpc-web-text", "", base64.StdEncoding.EncodeToString([]byte(prefixed(0, "a"))) + base64.StdEncoding.EncodeToString([]byte(prefixed(0x80, trailers))),
			"message 1 \"a\"\ntrailers 16 \"grpc-status: 0\\r\\n\"\n"},
		{"long", "application/grpc", "", prefixed(0, strings.Repeat("y", 3000)), "message 3000 \"" + strings.Repeat("y", 30) + "\" cut\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := eachWay(t, []byte(c.stream), true, grpcOf(c.kind, c.coding))
			if got := f.summary(); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}

func TestGRPCCompressed(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	fmt.Fprint(w, "\x0a\x05hello")
	w.Close()
	x := &exchange.Exchange{}
	x.Response.Fields.Add("grpc-encoding", "gzip")
	f := read([]byte(prefixed(1, b.String())+prefixed(1, "no gzip")), 0, false, grpcOf("application/grpc", "gzip"))
	finisher := message.NewFinisher(x, keep, nil)
	for i := range f.list {
		finisher.Finish(&f.list[i])
	}
	if m := f.list[0]; m.Size != 7 || m.Decoded != `{"1":"hello"}` || m.Truncated {
		t.Errorf("the message is %+v", m)
	}
	if m := f.list[1]; len(m.Faults) != 1 || m.Faults[0].Code != exchange.FaultCompression {
		t.Errorf("broken compression is %+v", m)
	}
}

func TestFieldTree(t *testing.T) {
	for in, want := range map[string]string{
		"":                     `{}`,
		"\x08\x96\x01":         `{"1":150}`,
		"\x12\x07testing":      `{"2":"testing"}`,
		"\x1a\x03\x08\x96\x01": `{"3":{"1":150}}`,
		"\x22\x01a\x22\x01b":   `{"4":["a","b"]}`,
		"\x2a\x02\xff\xfe":     `{"5":{"base64":"//4="}}`,
		"\x0d\x01\x00\x00\x00": `{"1":1}`,
		"\xff":                 "",
		"\x12\x09short":        "",
		"\x12\x03\"\\\n":       `{"2":"\"\\\n"}`,
	} {
		if got := message.FieldTree([]byte(in)); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
}

func lines(o message.Options) message.Reader {
	m := &exchange.Message{}
	m.Fields.Add("Content-Type", "application/x-ndjson")
	r, _ := message.ForContent(m, o)
	return r
}

func TestLines(t *testing.T) {
	f := eachWay(t, []byte("{\"a\":1}\r\n\n[2]\n{oops}\n\x1e{\"b\":3}\n{\"cut\":"), false, lines)
	want := "line 7 \"{\\\"a\\\":1}\"\nline 3 \"[2]\"\n" +
		"line 6 \"{oops}\" !not-json(byte 2: invalid character 'o' looking for beginning of object key string)\n" +
		"line 7 \"{\\\"b\\\":3}\"\nline 7 \"{\\\"cut\\\":\" !unfinished()\n"
	if got := f.summary(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestJSONRPC(t *testing.T) {
	for in, want := range map[string]string{
		`{"jsonrpc":"2.0","method":"add","params":[1,2],"id":7}`:                       "call add 7 0\n",
		` [{"jsonrpc":"2.0","method":"log"},{"jsonrpc":"2.0","result":null,"id":"a"}]`: "call log  0\nresult  a 0\n",
		`{"jsonrpc":"2.0","error":{"code":-32601,"message":"no"},"id":null}`:           "error   -32601\n",
		`{"jsonrpc":"1.0"}`:            "",
		`{"a":"\"jsonrpc\""}`:          "",
		`[1,{"jsonrpc":"2.0","id":1}]`: "",
		`{"jsonrpc":"2.0"`:             "",
	} {
		got := ""
		for _, m := range message.JSONRPC([]byte(in)) {
			got += fmt.Sprintln(m.Kind, m.Name, m.ID, m.Code)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", in, got, want)
		}
	}
}

func isJSON(s string) bool { return json.Valid([]byte(s)) }
