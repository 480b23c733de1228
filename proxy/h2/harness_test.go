package h2_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/proxy/h2"
)

// A book is a Handler that remembers what it is told.
type book struct {
	answer   func(head *h2.RequestHead) *h2.Answer // instead of the origin server
	page     *h2.Answer                            // of streams that fail
	change   func(head *h2.ResponseHead)
	broken   chan *h2.Fault
	mu       sync.Mutex
	more     *sync.Cond
	pages    []*page
	finished int
}

func newBook() *book {
	b := &book{broken: make(chan *h2.Fault, 1)}
	b.more = sync.NewCond(&b.mu)
	return b
}

// A page is what was told of one stream.
type page struct {
	book   *book
	stream *h2.Stream

	Refused          *h2.Fault
	Request          []hpack.HeaderField
	RequestContent   []byte
	RequestTrailers  []hpack.HeaderField
	RequestEnds      int
	Interim          [][]hpack.HeaderField
	Response         []hpack.HeaderField
	ResponseContent  []byte
	ResponseTrailers []hpack.HeaderField
	ResponseEnds     int
	Ends             int
	Fault            *h2.Fault
	late             bool
}

func (b *book) Begin(s *h2.Stream, head *h2.RequestHead, fault *h2.Fault) (h2.Tap, *h2.Answer) {
	p := &page{book: b, stream: s, Refused: fault, Request: clone(head.Fields)}
	b.mu.Lock()
	b.pages = append(b.pages, p)
	b.more.Broadcast()
	b.mu.Unlock()
	if b.answer != nil {
		return tap{p}, b.answer(head)
	}
	return tap{p}, nil
}

func (b *book) Broken(f *h2.Fault) { b.broken <- f }

// wait returns the pages when n streams have ended.
func (b *book) wait(t testing.TB, n int) []*page {
	t.Helper()
	stop := time.AfterFunc(10*time.Second, func() { b.mu.Lock(); b.finished = -1 << 30; b.more.Broadcast(); b.mu.Unlock() })
	defer stop.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.finished >= 0 && b.finished < n {
		b.more.Wait()
	}
	if b.finished < 0 {
		t.Fatalf("%d streams did not end in time; %d began", n, len(b.pages))
	}
	return append([]*page(nil), b.pages...)
}

func clone(f []hpack.HeaderField) []hpack.HeaderField { return append([]hpack.HeaderField(nil), f...) }

// told notes a call, which must not come after the last one.
func (p *page) told(f func()) {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	if p.Ends > 0 {
		p.late = true
	}
	f()
}

// A tap is the Tap of a page.
type tap struct{ *page }

func (p tap) RequestContent(b []byte) {
	p.told(func() { p.page.RequestContent = append(p.page.RequestContent, b...) })
}
func (p tap) RequestTrailers(f []hpack.HeaderField) {
	p.told(func() { p.page.RequestTrailers = clone(f) })
}
func (p tap) RequestEnd() { p.told(func() { p.RequestEnds++ }) }
func (p tap) Interim(h *h2.ResponseHead) {
	p.told(func() { p.page.Interim = append(p.page.Interim, clone(h.Fields)) })
}
func (p tap) Response(h *h2.ResponseHead) {
	p.told(func() { p.page.Response = clone(h.Fields) })
	if p.book.change != nil {
		p.book.change(h)
	}
}
func (p tap) ResponseContent(b []byte) {
	p.told(func() { p.page.ResponseContent = append(p.page.ResponseContent, b...) })
}
func (p tap) ResponseTrailers(f []hpack.HeaderField) {
	p.told(func() { p.page.ResponseTrailers = clone(f) })
}
func (p tap) ResponseEnd() { p.told(func() { p.ResponseEnds++ }) }
func (p tap) Failed(*h2.Fault) *h2.Answer {
	p.told(func() {})
	return p.book.page
}
func (p tap) End(f *h2.Fault) {
	p.told(func() { p.Ends++; p.Fault = f; p.book.finished++; p.book.more.Broadcast() })
}

func text(fields []hpack.HeaderField) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, " %s=%q", f.Name, f.Value)
		if f.Sensitive {
			b.WriteString("!")
		}
	}
	return b.String()
}

// pair is a connection over loopback.
func pair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() { c, _ := l.Accept(); accepted <- c }()
	a, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b = <-accepted
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// through returns the ends of a client and an origin server with a relay between.
func through(t testing.TB, b *book, change func(*h2.Config)) (client, origin net.Conn, r *h2.Relay) {
	t.Helper()
	client, ours := pair(t)
	theirs, origin := pair(t)
	c := h2.Config{Handler: b, Dial: func(context.Context) (net.Conn, error) { return theirs, nil }, HeadTimeout: 5 * time.Second, Stats: new(h2.Stats)}
	if change != nil {
		change(&c)
	}
	r = h2.New(ours, c)
	done := make(chan struct{})
	go func() { r.Run(context.Background()); close(done) }()
	t.Cleanup(func() {
		client.Close()
		origin.Close()
		r.Close(nil)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("the relay did not end")
		}
	})
	return client, origin, r
}

// A wire speaks HTTP/2 by the frame, and keeps what comes as text.
type wire struct {
	t    testing.TB
	name string
	conn net.Conn
	*http2.Framer
	block bytes.Buffer
	enc   *hpack.Encoder
	dec   *hpack.Decoder

	mu   sync.Mutex
	more *sync.Cond
	log  []string
	err  error
}

func newWire(t testing.TB, name string, c net.Conn) *wire {
	w := &wire{t: t, name: name, conn: c}
	w.Framer = http2.NewFramer(c, c)
	w.AllowIllegalWrites, w.AllowIllegalReads = true, true
	w.SetMaxReadFrameSize(1<<24 - 1)
	w.enc = hpack.NewEncoder(&w.block)
	w.dec = hpack.NewDecoder(4096, nil)
	w.dec.SetAllowedMaxDynamicTableSize(1 << 16)
	w.more = sync.NewCond(&w.mu)
	return w
}

// read reads until the connection ends.
func (w *wire) read() {
	for {
		f, err := w.ReadFrame()
		w.mu.Lock()
		if err != nil {
			w.err = err
			w.more.Broadcast()
			w.mu.Unlock()
			return
		}
		w.log = append(w.log, w.say(f))
		w.more.Broadcast()
		w.mu.Unlock()
	}
}

func (w *wire) say(f http2.Frame) string {
	h := f.Header()
	s := fmt.Sprintf("%v %d", h.Type, h.StreamID)
	if h.Flags.Has(http2.FlagDataEndStream) && (h.Type == http2.FrameData || h.Type == http2.FrameHeaders) {
		s += " end"
	}
	switch f := f.(type) {
	case *http2.HeadersFrame:
		if !f.HeadersEnded() {
			return s + " continued"
		}
		fields, err := w.dec.DecodeFull(f.HeaderBlockFragment())
		if err != nil {
			return s + err.Error()
		}
		if f.HasPriority() {
			s += fmt.Sprintf(" %+v", f.Priority)
		}
		return s + text(fields)
	case *http2.DataFrame:
		return s + fmt.Sprintf(" %d %.40q padded=%v+%d", len(f.Data()), f.Data(), h.Flags.Has(http2.FlagDataPadded), int(h.Length)-len(f.Data()))
	case *http2.RSTStreamFrame:
		return s + " " + f.ErrCode.String()
	case *http2.GoAwayFrame:
		return s + fmt.Sprintf(" %v last=%d %q", f.ErrCode, f.LastStreamID, f.DebugData())
	case *http2.PingFrame:
		return s + fmt.Sprintf(" %v %q", f.IsAck(), f.Data)
	case *http2.WindowUpdateFrame:
		return s + fmt.Sprintf(" %d", f.Increment)
	case *http2.PriorityFrame:
		return s + fmt.Sprintf(" %+v", f.PriorityParam)
	case *http2.PriorityUpdateFrame:
		return s + fmt.Sprintf(" %d %q", f.PrioritizedStreamID, f.Priority)
	case *http2.SettingsFrame:
		if f.IsAck() {
			return s + " ack"
		}
		_ = f.ForeachSetting(func(v http2.Setting) error {
			switch v.ID {
			case http2.SettingEnablePush, http2.SettingMaxConcurrentStreams, http2.SettingMaxHeaderListSize: // see TestSettings
			default:
				s += " " + v.String()
			}
			return nil
		})
		return s
	case *http2.UnknownFrame:
		return s + fmt.Sprintf(" %v %q", h.Flags, f.Payload())
	}
	return s
}

// has waits until n frames have come.
func (w *wire) has(n int) {
	w.t.Helper()
	timeout := false
	stop := time.AfterFunc(10*time.Second, func() { w.mu.Lock(); timeout = true; w.more.Broadcast(); w.mu.Unlock() })
	defer stop.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.log) < n && !timeout && w.err == nil {
		w.more.Wait()
	}
	if len(w.log) < n {
		w.t.Fatalf("%s: %d frames came, want %d; %v:\n%s", w.name, len(w.log), n, w.err, strings.Join(w.log, "\n"))
	}
}

// sees waits until a frame has come that begins so, and returns it.
func (w *wire) sees(begin string) string {
	w.t.Helper()
	timeout := false
	stop := time.AfterFunc(10*time.Second, func() { w.mu.Lock(); timeout = true; w.more.Broadcast(); w.mu.Unlock() })
	defer stop.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for from := 0; ; {
		for ; from < len(w.log); from++ {
			if strings.HasPrefix(w.log[from], begin) {
				return w.log[from]
			}
		}
		if timeout || w.err != nil {
			w.t.Fatalf("%s: no %q came; %v:\n%s", w.name, begin, w.err, strings.Join(w.log, "\n"))
		}
		w.more.Wait()
	}
}

// ended waits until the connection ends.
func (w *wire) ended() {
	w.t.Helper()
	timeout := false
	stop := time.AfterFunc(10*time.Second, func() { w.mu.Lock(); timeout = true; w.more.Broadcast(); w.mu.Unlock() })
	defer stop.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil {
		if timeout {
			w.t.Fatalf("%s: the connection did not end:\n%s", w.name, strings.Join(w.log, "\n"))
		}
		w.more.Wait()
	}
}

func (w *wire) frames() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.log...)
}

// fields writes a field section in HEADERS.
func (w *wire) fields(p http2.HeadersFrameParam, pairs ...string) {
	w.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		name, never := strings.CutSuffix(pairs[i], "!")
		_ = w.enc.WriteField(hpack.HeaderField{Name: name, Value: pairs[i+1], Sensitive: never})
	}
	p.BlockFragment, p.EndHeaders = w.block.Bytes(), true
	_ = w.WriteHeaders(p)
}

// request writes a request head.
func (w *wire) request(id uint32, end bool, more ...string) {
	w.fields(http2.HeadersFrameParam{StreamID: id, EndStream: end}, append([]string{":method", "GET", ":scheme", "https", ":authority", "a.test", ":path", "/"}, more...)...)
}

// begin begins a connection as a client.
func (w *wire) begin(settings ...http2.Setting) {
	_, _ = io.WriteString(w.conn, http2.ClientPreface)
	_ = w.WriteSettings(settings...)
	go w.read()
}

// accept begins a connection as a server.
func (w *wire) accept(settings ...http2.Setting) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(w.conn, preface); err != nil || string(preface) != http2.ClientPreface {
		w.t.Errorf("%s: preface %q, %v", w.name, preface, err)
	}
	_ = w.WriteSettings(settings...)
	go w.read()
}

// wires are a client and an origin server that have begun, with a relay between.
func wires(t testing.TB, b *book, change func(*h2.Config)) (client, origin *wire, r *h2.Relay) {
	t.Helper()
	c, o, r := through(t, b, change)
	client, origin = newWire(t, "client", c), newWire(t, "origin", o)
	client.begin()
	origin.accept()
	client.has(1)
	origin.has(1)
	_ = client.WriteSettingsAck()
	_ = origin.WriteSettingsAck()
	client.has(2)
	origin.has(2)
	return client, origin, r
}

func hpackField(name, value string) hpack.HeaderField {
	return hpack.HeaderField{Name: name, Value: value}
}

// begun returns the pages when n streams have begun.
func (b *book) begun(t testing.TB, n int) []*page {
	t.Helper()
	late := false
	stop := time.AfterFunc(10*time.Second, func() { b.mu.Lock(); late = true; b.more.Broadcast(); b.mu.Unlock() })
	defer stop.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.pages) < n && !late {
		b.more.Wait()
	}
	if len(b.pages) < n {
		t.Fatalf("%d streams began, want %d", len(b.pages), n)
	}
	return append([]*page(nil), b.pages...)
}
