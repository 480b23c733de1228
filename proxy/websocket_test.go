package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/exchange"
	"sidenote/exchange/message"
	"sidenote/proxy"
)

// A bothWays is a stream of octets both ways, each of which ends by itself.
type bothWays interface {
	io.ReadWriter
	CloseWrite() error
}

// wsFrame writes a frame; a client's is masked.
func wsFrame(first byte, payload string, masked bool) []byte {
	b, bit := []byte{first}, byte(0)
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
	mask := [4]byte{0x12, 0xfe, 0, 0x77}
	if len(payload) > 1<<20 {
		mask = [4]byte{} // which takes no time
	}
	at := len(b) + 4
	b = append(append(b, mask[:]...), payload...)
	for i := 0; i < len(payload) && mask != [4]byte{}; i++ {
		b[at+i] ^= mask[i&3]
	}
	return b
}

func wsClose(code uint16, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, code)) + reason
}

// errBreach is a rule of RFC 6455 that a client broke.
type errBreach uint16

func (e errBreach) Error() string { return fmt.Sprint(uint16(e)) }

// A wsEcho is an origin server that sends back each message, as strict as a server
// has to be: what breaks a rule ends the connection with the code for it.
type wsEcho struct {
	r       *bufio.Reader
	w       bothWays
	deflate bool
	open    byte // opcode of the message that has begun, with RSV1; 0 for none
	message []byte
}

func (e *wsEcho) run() {
	for {
		err := e.frame()
		if err == nil {
			continue
		}
		if code := errBreach(0); errors.As(err, &code) && code != 0 {
			_, _ = e.w.Write(wsFrame(0x88, wsClose(uint16(code), ""), false))
		}
		_ = e.w.CloseWrite()
		_, _ = io.Copy(io.Discard, e.r) // what is left unread would reset the connection
		return
	}
}

func (e *wsEcho) frame() error {
	var head [2]byte
	if _, err := io.ReadFull(e.r, head[:]); err != nil {
		return err
	}
	op, fin, rsv1 := head[0]&0x0f, head[0]&0x80 != 0, head[0]&0x40 != 0
	length := uint64(head[1] & 0x7f)
	if wide := map[uint64]int{126: 2, 127: 8}[length]; wide > 0 {
		var b [8]byte
		if _, err := io.ReadFull(e.r, b[8-wide:]); err != nil {
			return err
		}
		length = binary.BigEndian.Uint64(b[:])
	}
	control := op&8 != 0
	switch {
	case head[1]&0x80 == 0, head[0]&0x30 != 0, rsv1 && (!e.deflate || control || op == 0), length > 1<<30,
		control && (!fin || length > 125), op > 2 && op < 8, op > 10, op == 0 && e.open == 0, (op == 1 || op == 2) && e.open != 0:
		return errBreach(1002)
	}
	payload := make([]byte, 4+length)
	if _, err := io.ReadFull(e.r, payload); err != nil {
		return err
	}
	mask, payload := payload[:4], payload[4:]
	for i := 0; i < len(payload) && string(mask) != "\x00\x00\x00\x00"; i++ {
		payload[i] ^= mask[i&3]
	}
	if control {
		return e.control(op, payload)
	}
	if op != 0 {
		e.open, e.message = head[0]&0x4f, nil
	}
	if e.message = append(e.message, payload...); !fin {
		return nil
	}
	first := e.open
	e.open = 0
	if first == 1 && !utf8.Valid(e.message) {
		return errBreach(1007)
	}
	_, err := e.w.Write(wsFrame(0x80|first, string(e.message), false)) // what was compressed has the same context this way
	return err
}

func (e *wsEcho) control(op byte, payload []byte) error {
	switch op {
	case 9:
		_, err := e.w.Write(wsFrame(0x8a, string(payload), false))
		return err
	case 10:
		return nil
	}
	if len(payload) > 0 {
		if len(payload) == 1 {
			return errBreach(1002)
		}
		code := binary.BigEndian.Uint16(payload)
		if code < 1000 || code > 1003 && code < 1007 || code > 1014 && code < 3000 || code > 4999 {
			return errBreach(1002)
		}
		if !utf8.Valid(payload[2:]) {
			return errBreach(1007)
		}
	}
	_, _ = e.w.Write(wsFrame(0x88, string(payload), false))
	return io.EOF
}

// A wsCase is what a client sends; the last frame is a close frame, unless the case
// is how it ends.
type wsCase struct {
	name    string
	frames  [][]byte
	piece   int // octets written at once; 0 for all
	deflate bool
}

func wsCases(t *testing.T) (cases []wsCase) {
	client := func(first byte, payload string) []byte { return wsFrame(first, payload, true) }
	bye := client(0x88, wsClose(1000, ""))
	add := func(name string, frames ...[]byte) { cases = append(cases, wsCase{name: name, frames: frames}) }
	for _, n := range []int{0, 1, 125, 126, 127, 128, 0xffff, 0x10000, 0x10001} {
		add(fmt.Sprintf("text of %d", n), client(0x81, strings.Repeat("*", n)), bye)
		add(fmt.Sprintf("binary of %d", n), client(0x82, strings.Repeat("\xfe", n)), bye)
	}
	for _, piece := range []int{1, 3, 97} {
		cases = append(cases, wsCase{name: fmt.Sprintf("in pieces of %d", piece), piece: piece,
			frames: [][]byte{client(0x81, strings.Repeat("päß", 60)), client(0x89, "ping"), bye}})
	}
	for _, n := range []int{0, 1, 124, 125, 126} {
		add(fmt.Sprintf("ping of %d", n), client(0x89, strings.Repeat("\xfe", n)), bye)
	}
	add("pong alone", client(0x8a, "x"), client(0x89, "y"), bye)
	add("fragments", client(0x01, "a"), client(0x00, "b"), client(0x80, "c"), bye)
	add("fragments with control frames between", client(0x02, "a"), client(0x89, "1"), client(0x00, ""), client(0x8a, ""), client(0x89, "2"), client(0x80, "c"), bye)
	add("fragmented ping", client(0x09, "a"), client(0x80, "b"), bye)
	add("continuation of nothing", client(0x80, "a"), bye)
	add("a message in a message", client(0x01, "a"), client(0x81, "b"), bye)
	add("many messages", append(bytes.SplitAfter(bytes.Repeat(client(0x81, "x"), 500), []byte("no such octets")), bye)...)
	for bits := byte(0x10); bits <= 0x70; bits += 0x10 {
		add(fmt.Sprintf("reserved bits %x", bits), client(0x81, "first"), client(0x81|bits, "x"), bye)
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		add(fmt.Sprintf("opcode %d", op), client(0x81, "first"), client(0x80|op, "x"), bye)
	}
	add("not masked", wsFrame(0x81, "x", false), bye)
	for i, text := range []string{"κόσμε", "\U0010ffff", "\x00", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xfe", "\xf0\x9f\x98", "a\xffb", "\xef\xbf\xbf"} {
		add(fmt.Sprintf("UTF-8 %d", i), client(0x81, text), bye)
		add(fmt.Sprintf("UTF-8 %d in two fragments", i), client(0x01, text[:1]), client(0x80, text[1:]), bye)
	}
	for code := range 1017 {
		if code < 990 && code > 2 {
			continue
		}
		add(fmt.Sprintf("close %d", code), client(0x88, wsClose(uint16(code), "")))
	}
	for _, code := range []uint16{1100, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 65535} {
		add(fmt.Sprintf("close %d with a reason", code), client(0x88, wsClose(code, "tschüß")))
	}
	add("close without a code", client(0x88, ""))
	add("close of one octet", client(0x88, "x"))
	add("close with a long reason", client(0x88, wsClose(1000, strings.Repeat("x", 123))))
	add("close that is too long", client(0x88, wsClose(1000, strings.Repeat("x", 124))))
	add("close with a reason that is not UTF-8", client(0x88, wsClose(1000, "\xff")))
	add("data after close", bye, client(0x81, "late"), client(0x89, ""))
	add("no close")
	add("cut in a message", client(0x81, "hello")[:8])
	large := strings.Repeat("0123456789abcde\n", 1<<20)
	add("text of 16 MiB", client(0x81, large), bye)
	add("binary of 16 MiB in fragments", client(0x02, large[:5<<20]), client(0x89, "between"), client(0x00, large[5<<20:11<<20]), client(0x80, large[11<<20:]), bye)
	return append(cases, deflateCases(t)...)
}

func deflateCases(t *testing.T) (cases []wsCase) {
	t.Helper()
	var z bytes.Buffer
	w, _ := flate.NewWriter(&z, 6)
	var frames [][]byte
	for _, n := range []int{1, 64, 4096, 100_000, 16} {
		z.Reset()
		fmt.Fprint(w, strings.Repeat("message ", n))
		w.Flush()
		frames = append(frames, wsFrame(0xc1, strings.TrimSuffix(z.String(), "\x00\x00\xff\xff"), true))
	}
	frames = append(frames, wsFrame(0x88, wsClose(1000, ""), true))
	return append(cases, wsCase{name: "deflate", deflate: true, frames: frames},
		wsCase{name: "deflate in pieces", deflate: true, piece: 1, frames: frames[len(frames)-3:]})
}

// sendAll writes a case and reads what comes back until the other side ends.
func (c *wsCase) talk(conn bothWays) (got []byte, err error) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		stream := bytes.Join(c.frames, nil)
		for len(stream) > 0 {
			n := len(stream)
			if c.piece > 0 {
				n = min(n, c.piece)
			}
			if _, err := conn.Write(stream[:n]); err != nil {
				return
			}
			stream = stream[n:]
		}
		_ = conn.CloseWrite()
	}()
	got, err = io.ReadAll(conn)
	<-written
	return got, err
}

const wsExtensions = "permessage-deflate"

// serveWebSocket is the origin server on HTTP/1.1.
func serveWebSocket(c net.Conn) {
	r := bufio.NewReader(c)
	q, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	e := wsEcho{r: r, w: c.(bothWays), deflate: q.Header.Get("Sec-WebSocket-Extensions") != ""}
	head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	if e.deflate {
		head += "Sec-WebSocket-Extensions: " + wsExtensions + "\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"); err == nil {
		e.run()
	}
}

// upgrade asks for a WebSocket on HTTP/1.1.
func (c *wsCase) upgrade(t *testing.T, conn net.Conn) bothWays {
	t.Helper()
	head := "GET /" + strings.ReplaceAll(c.name, " ", "-") + " HTTP/1.1\r\nHost: " + originName + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	if c.deflate {
		head += "Sec-WebSocket-Extensions: " + wsExtensions + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
		t.Fatal(err)
	}
	for end := []byte{}; !bytes.HasSuffix(end, []byte("\r\n\r\n")); {
		var one [1]byte
		if _, err := conn.Read(one[:]); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		end = append(end, one[0])
	}
	return conn.(bothWays)
}

// An h2Stream is one stream of HTTP/2 as a bothWays, with windows that do not matter.
type h2Stream struct {
	f    *http2.Framer
	conn net.Conn
	id   uint32
	mu   sync.Mutex // guards writes
	left []byte
	over bool
}

// begin sends SETTINGS, and waits for those of the other side and its window.
func (s *h2Stream) begin(settings ...http2.Setting) error {
	settings = append(settings, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
	if err := errors.Join(s.f.WriteSettings(settings...), s.f.WriteWindowUpdate(0, 1<<30)); err != nil {
		return err
	}
	for set, window := false, false; !set || !window; {
		frame, err := s.f.ReadFrame()
		if err != nil {
			return err
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				set = true
				if err := s.f.WriteSettingsAck(); err != nil {
					return err
				}
			}
		case *http2.WindowUpdateFrame:
			window = window || frame.StreamID == 0
		}
	}
	return nil
}

func (s *h2Stream) Read(b []byte) (int, error) {
	for len(s.left) == 0 {
		if s.over {
			return 0, io.EOF
		}
		frame, err := s.f.ReadFrame()
		if err != nil {
			return 0, err
		}
		switch frame := frame.(type) {
		case *http2.DataFrame:
			s.left, s.over = bytes.Clone(frame.Data()), frame.StreamEnded()
		case *http2.RSTStreamFrame:
			return 0, fmt.Errorf("the stream was reset with %v", frame.ErrCode)
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				s.mu.Lock()
				_ = s.f.WriteSettingsAck()
				s.mu.Unlock()
			}
		}
	}
	n := copy(b, s.left)
	s.left = s.left[n:]
	return n, nil
}

func (s *h2Stream) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		piece := b[:min(len(b), 16384)]
		s.mu.Lock()
		err = s.f.WriteData(s.id, false, piece)
		s.mu.Unlock()
		n, b = n+len(piece), b[len(piece):]
	}
	return n, err
}

func (s *h2Stream) CloseWrite() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f.WriteData(s.id, true, nil)
}

// serveWebSocketH2 is the origin server on HTTP/2 (RFC 8441).
func serveWebSocketH2(c net.Conn) {
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	s := &h2Stream{f: http2.NewFramer(c, c), conn: c}
	s.f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if s.begin(http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1}) != nil {
		return
	}
	for {
		frame, err := s.f.ReadFrame()
		if err != nil {
			return
		}
		head, ok := frame.(*http2.MetaHeadersFrame)
		if !ok {
			continue
		}
		s.id = head.StreamID
		var block bytes.Buffer
		enc := hpack.NewEncoder(&block)
		_ = enc.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
		e := wsEcho{w: s}
		for _, f := range head.Fields {
			if f.Name == "sec-websocket-extensions" {
				e.deflate = true
				_ = enc.WriteField(f)
			}
		}
		if s.f.WriteHeaders(http2.HeadersFrameParam{StreamID: s.id, BlockFragment: block.Bytes(), EndHeaders: true}) != nil {
			return
		}
		e.r = bufio.NewReader(s)
		e.run()
		return
	}
}

// connectH2 asks for a WebSocket on HTTP/2.
func (c *wsCase) connectH2(t *testing.T, conn net.Conn) bothWays {
	t.Helper()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	s := &h2Stream{f: http2.NewFramer(conn, conn), conn: conn, id: 1}
	s.f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := s.begin(); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	fields := []string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/" + strings.ReplaceAll(c.name, " ", "-"),
		":authority", originName, "sec-websocket-version", "13"}
	if c.deflate {
		fields = append(fields, "sec-websocket-extensions", wsExtensions)
	}
	for i := 0; i < len(fields); i += 2 {
		_ = enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	_ = s.f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
	if head := next[*http2.MetaHeadersFrame](t, s.f); head.PseudoValue("status") != "200" {
		t.Fatalf("%s: %v", c.name, head.Fields)
	}
	return s
}

// A wsWay is how a WebSocket is carried.
type wsWay struct {
	name   string
	listen func(*site) (port string)
	open   func(t *testing.T, c *wsCase, tcp net.Conn, config *tls.Config) bothWays
}

var wsWays = []wsWay{
	{"ws", func(s *site) string { return s.listen(serveWebSocket) },
		func(t *testing.T, c *wsCase, tcp net.Conn, _ *tls.Config) bothWays { return c.upgrade(t, tcp) }},
	{"wss", func(s *site) string { return s.listenTLS(s.chain.config("http/1.1"), serveWebSocket) },
		func(t *testing.T, c *wsCase, tcp net.Conn, config *tls.Config) bothWays {
			return c.upgrade(t, tls.Client(tcp, config))
		}},
	{"h2", func(s *site) string { return s.listenTLS(s.chain.config("h2"), serveWebSocketH2) },
		func(t *testing.T, c *wsCase, tcp net.Conn, config *tls.Config) bothWays {
			config = config.Clone()
			config.NextProtos = []string{"h2"}
			return c.connectH2(t, tls.Client(tcp, config))
		}},
}

// TestWebSocketCases holds each case directly and through the proxy: the client
// gets the same octets, and the record has every message.
func TestWebSocketCases(t *testing.T) {
	cases := wsCases(t)
	for _, way := range wsWays {
		t.Run(way.name, func(t *testing.T) {
			site := newSite(t)
			port := way.listen(site)
			r := newRig(t, func(c *proxy.Config) {
				c.UpstreamCAs, c.Resolver = site.chain.pool(), site.resolver()
				c.KeepMessages = 8 << 20
			})
			for i := range cases {
				c := &cases[i]
				direct, err := net.Dial("tcp", "127.0.0.1:"+port)
				if err != nil {
					t.Fatal(err)
				}
				want, wantErr := c.talk(way.open(t, c, direct, &tls.Config{RootCAs: site.chain.pool(), ServerName: originName}))
				direct.Close()
				through := r.open("127.0.0.1:" + port)
				got, err := c.talk(way.open(t, c, through, &tls.Config{RootCAs: r.roots(), ServerName: originName}))
				through.Close()
				if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
					t.Errorf("%s: through the proxy the client gets %.80q, %v; directly %.80q, %v", c.name, got, err, want, wantErr)
				}
				x := r.waitFor("/" + strings.ReplaceAll(c.name, " ", "-"))
				checkMessages(t, c, x, got)
			}
		})
	}
}

// waitFor waits for the record of a target.
func (r *rig) waitFor(target string) *exchange.Exchange {
	r.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		r.mu.Lock()
		for _, x := range r.records {
			if x.Request.Target == target {
				r.mu.Unlock()
				return x
			}
		}
		r.mu.Unlock()
	}
	r.t.Fatalf("there is no record of %s", target)
	return nil
}

// checkMessages compares the messages of a record with those in the octets that
// were sent and received.
func checkMessages(t *testing.T, c *wsCase, x *exchange.Exchange, received []byte) {
	t.Helper()
	s := x.Messages
	if s == nil || s.Format != exchange.FormatWebSocket {
		t.Errorf("%s: the record has the messages %+v", c.name, s)
		return
	}
	extensions := ""
	if c.deflate {
		extensions = wsExtensions
	}
	for _, side := range []struct {
		octets     []byte
		fromClient bool
		count      int64
	}{{bytes.Join(c.frames, nil), true, s.Sent}, {received, false, s.Received}} {
		var want, got []string
		line := func(m *exchange.StreamMessage) string {
			return fmt.Sprintf("%s %d %d %d %.40q %v", m.Kind, m.Size, m.Wire, m.Code, m.Content, m.Faults)
		}
		finisher := message.NewFinisher(x, 2<<20, nil)
		r := message.NewWebSocket(extensions, message.Options{Keep: 2 << 20, FromClient: side.fromClient,
			Emit:  func(m *exchange.StreamMessage) { finisher.Finish(m); want = append(want, line(m)) },
			Fault: func(exchange.MessageFault, time.Duration) {}, Unread: func(int) {}})
		r.Take(side.octets, 1)
		r.End(2, true)
		for i := range s.List {
			if m := &s.List[i]; m.FromClient == side.fromClient {
				got = append(got, line(m))
			}
		}
		if d := cmp.Diff(want, got); d != "" || side.count != int64(len(want)) || s.Dropped != 0 || s.Unread != 0 && len(c.frames) > 0 && c.name != "cut in a message" {
			t.Errorf("%s: of the client %v: counted %d, dropped %d, unread %d:\n%s", c.name, side.fromClient, side.count, s.Dropped, s.Unread, d)
		}
	}
}
