package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/net/http2"
)

// An h2Pool sends requests on HTTP/2 connections that it keeps. It stands in
// the place of the pool of http2.Transport, which repeats a refused request
// for more than a minute, while the client waits and nobody learns why.
type h2Pool struct {
	transport *http2.Transport
	dial      func(ctx context.Context, authority string) (*outbound, error)

	mu      sync.Mutex
	conns   map[string][]*h2Conn // by authority
	opening map[string]*h2Opening
}

// An h2Conn is a connection that many exchanges share.
type h2Conn struct {
	*http2.ClientConn
	out  *outbound
	used atomic.Bool
}

// An h2Opening is a connection that is being opened; others wait for it.
type h2Opening struct {
	done chan struct{}
	conn *h2Conn // set when done is closed, as is err
	err  error
}

func newH2Pool(c *Config, dial func(context.Context, string) (*outbound, error)) *h2Pool {
	p := &h2Pool{dial: dial, conns: map[string][]*h2Conn{}, opening: map[string]*h2Opening{}}
	p.transport = &http2.Transport{
		ConnPool:           p, // tells us which connections are dead
		AllowHTTP:          true,
		DisableCompression: true,
		MaxHeaderListSize:  uint32(c.MaxHeadBytes),
		IdleConnTimeout:    idleConnFor,
	}
	return p
}

// roundTrip sends a request, and once more where that cannot do harm: no
// content has to be sent again, and the origin server did not process it.
func (p *h2Pool) roundTrip(ps *passage, r *http.Request, authority string) (*http.Response, error) {
	for first := true; ; first = false {
		c, err := p.take(r.Context(), authority)
		if err != nil {
			return nil, err
		}
		reused := c.used.Swap(true)
		ps.gotConn(httptrace.GotConnInfo{Conn: c.out, Reused: reused})
		resp, err := c.RoundTrip(r)
		if err == nil || !first || r.Body != nil || ps.Err() != nil || !unprocessed(err) && !(reused && isIdempotent(r.Method) && isEnd(err)) {
			return resp, err
		}
	}
}

// unprocessed reports whether an error says that the origin server did not look
// at the request (RFC 9113 §8.7). Two of them have no type.
func unprocessed(err error) bool {
	var stream http2.StreamError
	if errors.As(err, &stream) {
		return stream.Code == http2.ErrCodeRefusedStream && resetByPeer(stream)
	}
	s := err.Error()
	return s == "http2: client conn not usable" || s == "http2: Transport received Server's graceful shutdown GOAWAY"
}

// isIdempotent knows the methods that may be repeated (RFC 9110 §9.2.2).
func isIdempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// take returns a connection with room for one more request.
func (p *h2Pool) take(ctx context.Context, authority string) (*h2Conn, error) {
	for {
		p.mu.Lock()
		for _, c := range p.conns[authority] {
			if c.ReserveNewRequest() {
				p.mu.Unlock()
				return c, nil
			}
		}
		p.keep(authority, func(c *h2Conn) bool { return !c.out.isDead() })
		o, others := p.opening[authority]
		if !others {
			o = &h2Opening{done: make(chan struct{})}
			p.opening[authority] = o
		}
		p.mu.Unlock()
		if !others {
			return p.open(ctx, authority, o)
		}
		select {
		case <-o.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if o.err != nil && !errors.Is(o.err, context.Canceled) { // whoever opened it may have gone away
			return nil, o.err
		}
	}
}

// open opens a connection and tells those who wait for it.
func (p *h2Pool) open(ctx context.Context, authority string, o *h2Opening) (*h2Conn, error) {
	o.conn, o.err = p.connect(ctx, authority)
	p.mu.Lock()
	delete(p.opening, authority)
	if o.err == nil {
		o.conn.ReserveNewRequest() // where there is no room even now, the request says why
		p.conns[authority] = append(p.conns[authority], o.conn)
	}
	p.mu.Unlock()
	close(o.done)
	return o.conn, o.err
}

func (p *h2Pool) connect(ctx context.Context, authority string) (*h2Conn, error) {
	out, err := p.dial(ctx, authority)
	if err != nil {
		return nil, err
	}
	cc, err := p.transport.NewClientConn(out)
	if err != nil {
		out.Close()
		return nil, &failure{code: endFailure(err, out, nil).Code, err: err, tried: out}
	}
	return &h2Conn{ClientConn: cc, out: out}, nil
}

// GetClientConn is for http2.Transport, which is never asked to choose a connection.
func (p *h2Pool) GetClientConn(*http.Request, string) (*http2.ClientConn, error) {
	return nil, http2.ErrNoCachedConn
}

// MarkDead forgets a connection that takes no more requests.
func (p *h2Pool) MarkDead(cc *http2.ClientConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for authority := range p.conns {
		p.keep(authority, func(c *h2Conn) bool { return c.ClientConn != cc })
	}
}

// keep forgets the connections for which alive is false. The lock is held.
func (p *h2Pool) keep(authority string, alive func(*h2Conn) bool) {
	conns := slices.DeleteFunc(p.conns[authority], func(c *h2Conn) bool { return !alive(c) })
	if len(conns) == 0 {
		delete(p.conns, authority)
		return
	}
	p.conns[authority] = conns
}

// close closes every connection.
func (p *h2Pool) close() {
	p.mu.Lock()
	conns := p.conns
	p.conns = map[string][]*h2Conn{}
	p.mu.Unlock()
	for _, list := range conns {
		for _, c := range list {
			c.Close()
		}
	}
}
