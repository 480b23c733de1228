package proxy

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
)

// An outbound is a connection towards an origin server or an upstream proxy.
// It records the heads of responses, and on HTTP/1.x writes those of requests
// from the record.
type outbound struct {
	net.Conn
	peer, local netip.AddrPort
	tls         *exchange.TLS // nil in clear
	proxy       string        // the upstream proxy it goes through, for the record
	authority   string        // that the client's CONNECT named; "" without one

	// interim are the heads of the 1xx that the upstream proxy sent before its
	// answer to our CONNECT.
	interim  []string
	multi    bool // HTTP/2
	asked    bool // the server asked for a client certificate, and got none
	absolute bool // requests are sent to an upstream proxy in absolute-form

	dns, connect, handshake time.Duration

	recorder headRecorder          // on HTTP/1.x
	frames   frameTap              // on HTTP/2
	ended    atomic.Pointer[error] // why nothing more comes: what the first read that failed said

	mu      sync.Mutex // guards what follows
	writer  headWriter
	used    bool
	release func()
}

// Read records heads as they pass.
func (o *outbound) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	if o.multi {
		o.frames.feed(p[:n])
	} else {
		o.recorder.feed(p[:n], interimFollows)
	}
	if err != nil {
		o.ended.CompareAndSwap(nil, &err)
	}
	return n, err
}

// isDead reports whether nothing more comes.
func (o *outbound) isDead() bool { return o.ended.Load() != nil }

// endedBy is the error with which the other end let the connection end; nil
// while it has not, or when we closed it first.
func (o *outbound) endedBy() error {
	if e := o.ended.Load(); e != nil && !errors.Is(*e, net.ErrClosed) {
		return *e
	}
	return nil
}

// maxHead is how many octets a response head may have.
func (o *outbound) maxHead() int { return o.recorder.limit - recordedBeyond }

// wantsCertificate reports whether the server asked for a client certificate
// in a way that lets it refuse the connection only after the handshake.
func (o *outbound) wantsCertificate() bool {
	return o.asked && o.tls != nil && o.tls.Version == tls.VersionTLS13
}

// interimFollows reports whether a head is an interim response, after which
// another head comes.
func interimFollows(head []byte) bool {
	const status = len("HTTP/1.1 ")
	return len(head) > status+3 && head[status] == '1' && string(head[status:status+3]) != "101"
}

// Write replaces request heads by those made from the record.
func (o *outbound) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.writer.rewrite(p)
	if len(out) == 0 {
		return len(p), nil
	}
	n, err := o.Conn.Write(out)
	if err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}

// begin makes the connection ready for a request, whose head is h; nil where
// heads are not ours to write (HTTP/2).
func (o *outbound) begin(h *outgoingHead) {
	o.recorder.start()
	o.mu.Lock()
	o.used = true
	o.writer.pending = h
	o.mu.Unlock()
}

// CloseWrite ends our half of the connection.
func (o *outbound) CloseWrite() error { return closeWrite(o.Conn) }

// Close closes the connection, and returns its place back.
func (o *outbound) Close() error {
	o.mu.Lock()
	release := o.release
	o.release = nil
	o.mu.Unlock()
	closed := net.ErrClosed
	o.ended.CompareAndSwap(nil, &closed)
	if release != nil {
		release()
	}
	return o.Conn.Close()
}

// connection returns the origin's side of a record.
func (o *outbound) connection(reused bool) exchange.Connection {
	return exchange.Connection{Peer: o.peer, Local: o.local, Reused: reused, TLS: o.tls, Proxy: o.proxy, Authority: o.authority}
}
