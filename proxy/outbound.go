package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// An outbound is a connection towards an origin server or an upstream proxy.
type outbound struct {
	net.Conn
	config      *Config
	peer, local netip.AddrPort
	tls         *exchange.TLS // nil in clear
	proxy       string        // the upstream proxy it goes through, for the record
	authority   string        // that the client's CONNECT named; "" without one

	// interim are the heads of the 1xx that the upstream proxy sent before its
	// answer to our CONNECT.
	interim  []string
	h2       bool // HTTP/2
	asked    bool // the server asked for a client certificate, and got none
	absolute bool // requests are sent to an upstream proxy in absolute-form

	dns, connect, handshake time.Duration

	target   destination
	reader   *h1.Reader      // on HTTP/1.x
	pen      pen             // on HTTP/1.x
	socket   syscall.RawConn // to see whether the server has ended the connection; nil where it cannot be told
	used     bool            // an exchange began on it
	answered answeredCall    // what came on it last
	bound    bool            // it may know its client, so that no other may use it

	ended atomic.Pointer[error] // why nothing more comes: what the first read that failed said

	mu      sync.Mutex // guards what follows
	release func()
}

// A destination is whom a connection is for.
type destination struct{ scheme, authority string }

// speakH1 makes the connection ready for exchanges on HTTP/1.x.
func (o *outbound) speakH1(d destination) {
	o.target = destination{strings.Clone(d.scheme), strings.Clone(d.authority)} // which may be a piece of a record
	o.reader = h1.NewReader(o.Conn)
	o.pen = newPen(context.Background(), o.Conn, o.config.OriginWriteTimeout) // of the exchange that it will carry
	if t := socketOf(o.Conn); t != nil {
		if socket, err := t.SyscallConn(); err == nil {
			o.socket = socket
		}
	}
}

// endedBy is the error with which the other end let the connection end; nil
// while it has not, or when we closed it first.
func (o *outbound) endedBy() error {
	if e := o.ended.Load(); e != nil && !errors.Is(*e, net.ErrClosed) {
		return *e
	}
	if o.reader != nil {
		if err := o.reader.Err(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return nil
}

// wantsCertificate reports whether the server asked for a client certificate
// in a way that lets it refuse the connection only after the handshake.
func (o *outbound) wantsCertificate() bool {
	return o.asked && o.tls != nil && o.tls.Version == tls.VersionTLS13
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

// looksFirst reports whether it is found out on the way whether the connection
// can take a request, by call.sendAndWait.
func (o *outbound) looksFirst() bool { return o.tls == nil && o.reader.Looks() }

// isQuiet reports whether a connection that waits for its next request can take
// it: the server has neither ended it nor sent octets that nobody asked for. What
// has come over TLS may be for TLS alone, so it is read.
func (o *outbound) isQuiet() bool {
	if o.reader.Err() != nil || len(o.reader.Held()) > 0 {
		return false
	}
	if o.socket == nil {
		return true
	}
	switch h1.LookAt(o.socket) {
	case h1.Quiet:
		return true
	case h1.Ended:
		return false
	}
	return errors.Is(o.readUnasked(), h1.ErrTimeout)
}

// origins are the connections to origin servers that a client's connection owns.
type origins struct {
	mu    sync.Mutex // guards what follows
	conns []*outbound
	busy  []*outbound // those that carry an exchange
	first destination // of the first exchange
	mixed bool        // others had another destination
	ended bool        // the client's connection is closed
}

// maxOwned bounds how many connections wait for the next request of one client's
// connection.
const maxOwned = 32

// take returns a connection that waits for a request to d; nil where none does.
// Those that cannot be used any more are discarded.
func (s *origins) take(d destination, discard func(*outbound)) *outbound {
	for {
		s.mu.Lock()
		i := slices.IndexFunc(s.conns, func(o *outbound) bool { return o.target == d })
		if i < 0 {
			s.mu.Unlock()
			return nil
		}
		o := s.conns[i]
		s.conns = slices.Delete(s.conns, i, i+1)
		s.mu.Unlock()
		if o.looksFirst() || o.isQuiet() {
			return o
		}
		discard(o)
	}
}

// use notes that a connection carries an exchange.
func (s *origins) use(o *outbound) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == (destination{}) {
		s.first = o.target
	}
	s.mixed = s.mixed || o.target != s.first
	s.busy = append(s.busy, o)
	o.used = true
}

// put keeps a connection for the next request, or closes it.
func (s *origins) put(o *outbound, keep bool) {
	s.mu.Lock()
	if i := slices.Index(s.busy, o); i >= 0 {
		s.busy = slices.Delete(s.busy, i, i+1)
	}
	var surplus *outbound
	switch {
	case !keep || s.ended:
		surplus = o
	case len(s.conns) >= maxOwned:
		surplus = s.conns[0]
		s.conns = append(slices.Delete(s.conns, 0, 1), o)
	default:
		s.conns = append(s.conns, o)
	}
	s.mu.Unlock()
	if surplus != nil {
		surplus.Close()
	}
}

// anyWaiting reports whether connections wait for a request.
func (s *origins) anyWaiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) > 0
}

// waiting returns the connections that wait for a request, and whether they and
// all before them were for one destination.
func (s *origins) waiting() (conns []*outbound, alone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.conns), !s.mixed
}

// interrupt ends waits for what the origin servers send.
func (s *origins) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.busy {
		o.reader.Interrupt()
		_ = o.Conn.SetWriteDeadline(time.Unix(1, 0))
	}
}

// closeWrite passes on that the client has ended its half of the connection.
func (s *origins) closeWrite() {
	s.mu.Lock()
	busy := slices.Clone(s.busy)
	s.mu.Unlock()
	for _, o := range busy {
		_ = o.CloseWrite()
	}
}

// close ends with them all: share takes those that wait and may serve other
// clients, the others are closed. It may be nil.
func (s *origins) close(share func(*outbound)) {
	s.mu.Lock()
	s.ended = true
	waiting, busy := s.conns, s.busy
	s.conns = nil
	s.mu.Unlock()
	for _, o := range waiting {
		if share != nil && o.used && !o.bound {
			share(o)
		} else {
			o.Close()
		}
	}
	for _, o := range busy {
		o.Close()
	}
}
