package h2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/http2"
)

// Config is what a Relay is made of.
type Config struct {
	Handler Handler

	// Dial opens the connection to the origin server, once the client has begun as
	// HTTP/2 demands. With its error every request is answered with what Tap.Failed
	// returns, and the client is told by GOAWAY to come again on a new connection.
	Dial func(ctx context.Context) (net.Conn, error)

	MaxHeaderBytes int           // of a field section, counted as RFC 9113 §6.5.2 does; 0 for 256 KiB
	MaxStreams     int           // that a client may have open at once; 0 for 4096
	HeadTimeout    time.Duration // for the preface, and for a field section that has begun; 0 for a minute
	Stats          *Stats        // nil counts nothing
}

// Stats counts over the connections of a proxy.
type Stats struct {
	Streams    atomic.Int64 // that clients opened
	Resets     atomic.Int64 // streams that ended by RST_STREAM of a peer
	Refused    atomic.Int64 // streams that were refused, by a rule of HTTP/2 or a bound
	Violations atomic.Int64 // connections that ended since a peer broke RFC 9113
	Floods     atomic.Int64 // connections that ended since a peer sent too much
}

func (c Config) withDefaults() Config {
	if c.MaxHeaderBytes <= 0 {
		c.MaxHeaderBytes = 256 << 10
	}
	if c.MaxStreams <= 0 {
		c.MaxStreams = 4096
	}
	if c.HeadTimeout <= 0 {
		c.HeadTimeout = time.Minute
	}
	if c.Stats == nil {
		c.Stats = new(Stats)
	}
	return c
}

// A Relay passes one client connection on to one origin connection.
type Relay struct {
	config Config
	client *side
	origin *side // nil until it is there; then never changed
	window clientWindow

	originWindow window // what the origin server allows on the whole connection

	// for the goroutine that reads the client
	unreached *Fault // there is no origin connection

	mu       sync.Mutex // guards what follows
	streams  map[uint32]*Stream
	initial  [Origin + 1]int64 // what each peer allows on a new stream
	ended    recentStreams
	last     uint32      // the last stream that the client opened
	passed   uint32      // the last one that the origin server was given
	goneAway *Fault      // the origin server's GOAWAY
	spared   uint32      // the last stream that it will process
	lost     *Fault      // why its connection broke before there was any stream
	draining atomic.Bool // no new streams are taken; set with mu held
	over     *Fault      // why the connection ends; nil while it does not
	isOver   atomic.Bool
	ending   chan struct{}
}

// New makes a Relay that reads the client's preface first. It owns the connection.
// A connection with a method Reset is ended by it where the origin server aborted
// its own.
func New(client net.Conn, c Config) *Relay {
	c = c.withDefaults()
	r := &Relay{config: c, streams: map[uint32]*Stream{}, ending: make(chan struct{})}
	r.client = newSide(Client, client, c.MaxHeaderBytes)
	r.client.hello = r.hello
	r.window.start()
	r.originWindow.left, r.originWindow.watched = initialWindow, true
	r.initial = [...]int64{Client: initialWindow, Origin: initialWindow}
	return r
}

// Run relays until a connection ends, closes both, and returns when every stream's
// Tap has had its End. The result is nil when the end was asked for by Shutdown.
func (r *Relay) Run(ctx context.Context) *Fault {
	stop := context.AfterFunc(ctx, func() { r.Close(context.Cause(ctx)) })
	defer stop()
	var origin sync.WaitGroup
	fault := r.greet(ctx)
	if r.drained() {
		fault = nil
	} else if fault == nil {
		if r.origin != nil {
			origin.Go(r.readOrigin)
		}
		fault = guarded(r.readClient)
	}
	r.stop(fault)
	r.client.discard()
	r.client.conn.Close()
	origin.Wait()
	if r.origin != nil {
		r.origin.conn.Close()
	}
	r.endStreams()
	r.client.drop()
	if r.origin != nil {
		r.origin.drop()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over.Kind == 0 {
		return nil
	}
	return r.over
}

// greet reads how the client begins, connects, and begins with the origin server
// likewise.
func (r *Relay) greet(ctx context.Context) *Fault {
	_ = r.client.conn.SetReadDeadline(time.Now().Add(r.config.HeadTimeout))
	if r.drained() {
		return nil
	}
	settings, fault := r.readPreface()
	if fault != nil {
		return fault
	}
	_ = r.client.conn.SetReadDeadline(time.Time{})
	conn, err := r.config.Dial(ctx)
	if err != nil {
		r.unreached = &Fault{By: Origin, Kind: Unreached, Code: http2.ErrCodeInternal, Err: err}
		fault = r.obeyAlone(settings)
		r.client.write(func(f *http2.Framer) error { return f.WriteSettingsAck() })
		return fault
	}
	origin := newSide(Origin, conn, r.config.MaxHeaderBytes)
	r.mu.Lock()
	over := r.over
	r.origin = origin
	r.mu.Unlock()
	if over != nil {
		conn.Close()
		return over
	}
	origin.mu.Lock()
	_, _ = origin.Write([]byte(http2.ClientPreface))
	origin.mu.Unlock()
	return r.passSettings(settings, r.client, origin, true)
}

// readPreface reads the client's preface (RFC 9113 §3.4).
func (r *Relay) readPreface() (*http2.SettingsFrame, *Fault) {
	got, err := r.client.in.Peek(len(http2.ClientPreface))
	if len(got) > 0 && string(got) != http2.ClientPreface[:len(got)] || err == nil && string(got) != http2.ClientPreface {
		return nil, broken(Client, http2.ErrCodeProtocol, "§3.4", "the connection begins with %q, not with the preface of HTTP/2", got)
	}
	if err != nil {
		return nil, r.client.closedFault(err)
	}
	_, _ = r.client.in.Discard(len(got))
	return r.client.firstSettings()
}

// firstSettings reads the SETTINGS with which a side has to begin (RFC 9113 §3.4).
func (d *side) firstSettings() (*http2.SettingsFrame, *Fault) {
	begin, err := d.in.Peek(frameHeadLen)
	if len(begin) > 3 && http2.FrameType(begin[3]) != http2.FrameSettings {
		begin, _ = d.in.Peek(min(d.in.Buffered(), 48))
		if line, _, _ := bytes.Cut(begin, []byte("\r\n")); bytes.HasPrefix(begin, []byte("HTTP/1.")) {
			return nil, broken(d.peer, http2.ErrCodeProtocol, "§3.4", "it answers the preface of HTTP/2 in HTTP/1.1, with %q; ask it in HTTP/1.1", line)
		}
		return nil, broken(d.peer, http2.ErrCodeProtocol, "§3.4", "the first bytes are %q, not a SETTINGS frame", begin)
	}
	if err != nil {
		return nil, d.closedFault(err)
	}
	_, f, fault := d.next()
	if fault != nil {
		fault.Connection = true
		return nil, fault
	}
	settings := f.(*http2.SettingsFrame)
	if settings.IsAck() {
		return nil, broken(d.peer, http2.ErrCodeProtocol, "§3.4", "the first frame acknowledges SETTINGS that were not sent")
	}
	return settings, nil
}

// stop ends the relay by a fault; nil ends it in order. The first call counts.
func (r *Relay) stop(f *Fault) {
	if f == nil {
		f = &Fault{}
	}
	r.mu.Lock()
	if r.over != nil {
		r.mu.Unlock()
		<-r.ending
		return
	}
	if g := r.goneAway; g != nil && g.Code != http2.ErrCodeNo && f.By == Origin && f.Kind == Closed {
		f.Code, f.Detail = g.Code, g.Detail // it said why before
	}
	r.over = f
	r.isOver.Store(true)
	origin := r.origin
	r.mu.Unlock()
	defer close(r.ending)
	r.count(f)
	r.window.close()
	_ = r.client.conn.SetWriteDeadline(time.Now().Add(lastWords))
	if origin != nil {
		_ = origin.conn.SetWriteDeadline(time.Now().Add(lastWords / 4))
		if code, tell := f.codeFor(Origin); tell {
			origin.goAway(0, code, "")
		} else {
			origin.flush()
		}
		_ = origin.conn.SetReadDeadline(time.Now().Add(lastWords / 4))
		closeWrite(origin.conn) // and it is read to its end, so that closing destroys nothing
	}
	if f.By == Client && f.Kind == Closed {
		r.client.conn.Close()
		return
	}
	aborted := r.abortsAsOrigin(f)
	if f.By != Client {
		r.failStreams(f)
	}
	if code, tell := f.codeFor(Client); tell {
		r.client.goAway(r.lastStream(), code, f.textFor(Client))
	}
	r.client.flush()
	if c, ok := r.client.conn.(interface{ Reset() }); ok && aborted {
		c.Reset()
		return
	}
	_ = r.client.conn.SetReadDeadline(time.Now().Add(f.patience()))
	closeWrite(r.client.conn)
}

// abortsAsOrigin reports whether the client's connection is to end by a TCP reset,
// as the origin server's did. A page that is still to be written would be lost by
// that, so every stream must have its head.
func (r *Relay) abortsAsOrigin(f *Fault) bool {
	if f.By != Origin || f.Kind != Closed || !errors.Is(f.Err, syscall.ECONNRESET) {
		return false
	}
	for _, s := range r.snapshot() {
		s.down.Lock()
		answered := s.headSent
		s.down.Unlock()
		if !answered {
			return false
		}
	}
	return true
}

// patience is how long the client is waited for once it has been told that the
// connection ends.
func (f *Fault) patience() time.Duration {
	if f.Kind == 0 || f.By == Self {
		return lastWords / 8 // whoever ended it waits too
	}
	return lastWords
}

// A Panic is the cause of a Fault where the Handler or a Tap panicked. It ends the
// connection, and no other.
type Panic struct{ Value any }

// Error returns what the panic was about.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// guarded calls f, and returns its panic as a fault.
func guarded(f func() *Fault) (fault *Fault) {
	defer func() {
		if v := recover(); v != nil {
			fault = &Fault{By: Self, Kind: Aborted, Code: http2.ErrCodeInternal, Connection: true, Err: &Panic{v}}
		}
	}()
	return f()
}

func (r *Relay) count(f *Fault) {
	switch f.Kind {
	case Malformed:
		r.config.Stats.Violations.Add(1)
	case Flood:
		r.config.Stats.Floods.Add(1)
	default:
		return
	}
	r.config.Handler.Broken(f)
}

// codeFor returns the code of the GOAWAY that a peer is to get, and whether it is
// to get one: the peer that broke a rule, and the client of a connection that
// ends for a reason of our own or by a rule that its origin server broke.
func (f *Fault) codeFor(p Peer) (code http2.ErrCode, tell bool) {
	switch {
	case f.By == p:
		return f.Code, f.Kind == Malformed || f.Kind == Flood
	case f.By == Client, f.Kind == Closed:
		return 0, false
	}
	return http2.ErrCodeNo, true
}

func (f *Fault) textFor(p Peer) string {
	if f.By != p {
		return ""
	}
	text := f.Detail
	if f.Section != "" {
		text += " (RFC 9113 " + f.Section + ")"
	}
	return text[:min(len(text), 200)]
}

func (d *side) goAway(last uint32, code http2.ErrCode, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.frames.WriteGoAway(last, code, []byte(text))
	d.flushLocked()
}

// discard reads what a peer still sends, so that closing the connection does not
// destroy what it was sent last.
func (d *side) discard() {
	buf := make([]byte, 4096)
	for left := 1 << 20; left > 0; {
		n, err := d.conn.Read(buf)
		if err != nil {
			return
		}
		left -= n
	}
}

// drop lets go of the buffer of a side that is not written to any more.
func (d *side) drop() {
	d.mu.Lock()
	if d.writeErr == nil {
		d.writeErr = net.ErrClosed
	}
	d.flushLocked()
	d.mu.Unlock()
}

func (r *Relay) lastStream() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// snapshot returns the streams that are open.
func (r *Relay) snapshot() []*Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := make([]*Stream, 0, len(r.streams))
	for _, s := range r.streams {
		open = append(open, s)
	}
	return open
}

func (r *Relay) failStreams(f *Fault) {
	if f.Kind == 0 {
		return
	}
	for _, s := range r.snapshot() {
		s.fail(f)
	}
}

// endStreams tells the streams that are left how they ended.
func (r *Relay) endStreams() {
	r.mu.Lock()
	f := r.over
	r.mu.Unlock()
	for _, s := range r.snapshot() {
		if r.take(s, 0) {
			s.end(f)
		}
	}
}

// Shutdown tells the client to open no more streams here, and ends the relay when
// those that are open have ended.
func (r *Relay) Shutdown() {
	r.mu.Lock()
	draining := r.draining.Swap(true)
	idle := len(r.streams) == 0
	last := r.last
	r.mu.Unlock()
	if draining {
		return
	}
	if idle {
		r.wake()
		return
	}
	r.client.goAway(last, http2.ErrCodeNo, "")
}

// wake lets the reader of the client see that there is nothing left to wait for.
func (r *Relay) wake() { _ = r.client.conn.SetReadDeadline(time.Unix(1, 0)) }

var errEnded = errors.New("the relay was closed")

// Close ends the relay now. The streams that are open fail with the cause.
func (r *Relay) Close(cause error) {
	if cause == nil {
		cause = errEnded
	}
	r.stop(&Fault{By: Self, Kind: Aborted, Code: http2.ErrCodeInternal, Connection: true, Err: cause})
}

// closeWrite ends our half of a connection where its kind can.
func closeWrite(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok && h.CloseWrite() == nil {
		return
	}
	c.Close()
}
