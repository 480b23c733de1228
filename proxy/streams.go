package proxy

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h2"
)

// A streams passes one client's connection on HTTP/2 on to its origin server, and
// keeps the records of its exchanges.
type streams struct {
	proxy *Proxy
	in    *inbound
	out   *outbound // nil until there is one
	relay *h2.Relay
	begun int          // streams that have begun
	open  atomic.Int64 // streams that have not ended
}

// passStreams passes on what a client sends on HTTP/2, until either side ends its
// connection. opened is the connection to the origin server that belongs to it,
// failed why there is none; with neither a new one is opened.
func (p *Proxy) passStreams(in *inbound, opened *outbound, failed error) {
	c := &streams{proxy: p, in: in}
	c.relay = h2.New(in, h2.Config{
		Handler:        c,
		MaxHeaderBytes: p.config.MaxHeadBytes,
		Stats:          &p.h2,
		Dial: func(ctx context.Context) (net.Conn, error) {
			o, err := opened, failed
			if o == nil && err == nil {
				o, err = in.dialH2(ctx)
			}
			if err != nil {
				return nil, err
			}
			c.out = o
			return originEnd{o}, nil
		},
	})
	part := p.joinH2(in, c.relay)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer part()
		c.relay.Run(p.all)
		in.Close()
		if c.out == nil && opened != nil { // the client went away before it began
			opened.Close()
		}
	}()
	p.inBackground(func() {
		select {
		case <-p.stop:
			c.relay.Shutdown()
			<-ended
		case <-ended:
		}
	})
}

// beginsAsH2 reports whether a client has begun with the preface of HTTP/2, with
// prior knowledge (RFC 9113 §3.3).
func beginsAsH2(c net.Conn) bool {
	r, ok := c.(*replayConn)
	return ok && bytes.HasPrefix(r.early, []byte(prefaceLine))
}

// originEnd is an origin server's connection.
type originEnd struct{ *outbound }

// Read reads, and keeps why nothing more comes.
func (c originEnd) Read(p []byte) (int, error) {
	n, err := c.outbound.Conn.Read(p)
	if err != nil && !isTimeout(err) {
		c.ended.CompareAndSwap(nil, &err)
	}
	return n, err
}

// Write writes.
func (c originEnd) Write(p []byte) (int, error) { return c.outbound.Conn.Write(p) }

// Begin begins the record of a stream.
func (c *streams) Begin(s *h2.Stream, head *h2.RequestHead, fault *h2.Fault) (h2.Tap, *h2.Answer) {
	p := c.proxy
	if !p.enter() {
		return unrecorded{}, &h2.Answer{Status: http.StatusServiceUnavailable}
	}
	if c.in.watcher != nil {
		c.in.watcher.accepted()
	}
	st := &stream{conn: c, stream: s, ps: &passage{proxy: p, in: c.in, Context: p.all}}
	st.x = &exchange.Exchange{ID: p.nextID(), Run: p.config.RunID, Started: time.Now()}
	st.ps.x = st.x
	st.clock.end = st.expired
	c.open.Add(1)
	st.x.Client = c.in.connection(c.in.begin())
	st.readRequest(head)
	st.request = newTap(&st.x.Request.Content, &p.config)
	st.follow = p.followContent(nil, st.x, &st.x.Request.Message, st.request)
	st.response = newTap(&st.x.Response.Content, &p.config)
	if head.EndStream {
		noContent(&st.x.Request.Content)
	}
	if fault != nil {
		return st, st.refuse(fault)
	}
	if p.comesBack(st.ps) {
		st.failed = &exchange.Err{Code: exchange.ErrLoop}
		return st, st.answer(p.failurePage(st.x, st.failed))
	}
	st.connected()
	st.editRequest(head)
	st.progress.HeadSent = st.since()
	return st, nil
}

// ended notes that a stream has ended; a connection without one can make room.
func (c *streams) ended() {
	if c.open.Add(-1) == 0 {
		c.in.idle.Store(time.Now().UnixNano())
	}
}

// refuse returns the page for a request that is not passed on, or nil where the
// stream is reset.
func (st *stream) refuse(f *h2.Fault) *h2.Answer {
	st.failed = st.why(f)
	if f.Kind != h2.TooLarge {
		return nil
	}
	return st.answer(st.conn.proxy.failurePage(st.x, st.failed))
}

// Broken records a connection that the client ended by a fault of its own. One
// that the origin server ended shows in its streams.
func (c *streams) Broken(f *h2.Fault) {
	if f.By != h2.Client || !c.proxy.enter() {
		return
	}
	defer c.proxy.leave()
	to := c.in.route
	x := &exchange.Exchange{ID: c.proxy.nextID(), Run: c.proxy.config.RunID, Started: time.Now(), Scheme: to.scheme, Authority: trimDefaultPort(to.authority, to.scheme)}
	x.Client = c.in.connection(c.begun > 0)
	x.Request.Version = exchange.HTTP2
	noContent(&x.Request.Content)
	x.Err = &exchange.Err{Code: exchange.ErrClientH2, Detail: f.Error()}
	x.Timing.Done = 1
	c.proxy.done(x)
}

// connected records the connection to the origin server. What it took to open it
// is told with the first stream.
func (st *stream) connected() {
	c, x := st.conn, st.x
	c.begun++
	if c.out == nil {
		return
	}
	if c.begun == 1 {
		t := &x.Timing
		t.DNS, t.Connect, t.TLS = c.out.dns, c.out.connect, c.out.handshake
	}
	x.Origin = c.out.connection(c.begun > 1)
	x.Origin.Attempts = 1
}

// dialH2 opens a connection to the origin server on which HTTP/2 is spoken.
func (in *inbound) dialH2(ctx context.Context) (*outbound, error) {
	to := target{scheme: in.route.scheme, authority: in.route.authority, h2c: in.route.scheme == "http"}
	if to.scheme == "https" {
		to.alpn = []string{"h2"}
	}
	o, err := in.proxy.dialer.dial(ctx, to)
	if err != nil || o.h2 {
		return o, err
	}
	o.Close()
	return nil, &failure{code: exchange.ErrH2Protocol, err: fmt.Errorf("%s does not choose HTTP/2 when it is offered; ask it in HTTP/1.1", to.authority), tried: o}
}

// beganH2 reports whether both sides have begun to speak HTTP/2: a server need not
// wait for the client's preface before it sends its SETTINGS (RFC 9113 §3.4).
func beganH2(client, origin []byte) bool {
	const settings, header = 0x4, 9
	return bytes.HasPrefix(client, []byte(prefaceLine)) && len(origin) >= header && origin[3] == settings && origin[4] == 0 &&
		bytes.Equal(origin[5:header], make([]byte, 4))
}

// DialH2 opens a connection to an origin server on which HTTP/2 is spoken, as for an
// exchange with it.
func (p *Proxy) DialH2(ctx context.Context, scheme, authority string) (net.Conn, error) {
	o, err := (&inbound{proxy: p, route: route{scheme: scheme, authority: withPort(authority, scheme)}}).dialH2(ctx)
	if err != nil {
		return nil, err
	}
	return originEnd{o}, nil
}

// unrecorded is the Tap of a stream that came when the proxy was stopping.
type unrecorded struct{ h2.Tap }

// End does nothing.
func (unrecorded) End(*h2.Fault) {}
