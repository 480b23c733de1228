package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"sidenote/exchange"
)

var errNoUpgrade = errors.New("the client's connection cannot switch protocols")

// takeOver passes a 101 on and then the octets of the new protocol, both ways,
// until both ends have ended.
func (w *responseWriter) takeOver(added http.Header) {
	ps := w.ps
	origin, ok := ps.upgraded.Body.(io.ReadWriteCloser)
	if !ok {
		ps.fail(&exchange.Err{Code: exchange.ErrInternal, Detail: "the transport gave no connection with its 101"})
		return
	}
	defer origin.Close()
	client, _, err := w.Hijack()
	if err != nil {
		ps.fail(&exchange.Err{Code: exchange.ErrInternal, Detail: errNoUpgrade.Error()})
		return
	}
	defer client.Close()
	head := ps.responseHead()
	head.noBody, head.upgrade = true, true
	head.added = linesOf(added)
	made := []byte(head.start + "\r\nConnection: " + ps.x.Response.Fields.Value(exchange.FieldConnection) + "\r\n\r\n")
	if _, err := client.Write(head.compose(nil, made)); err != nil {
		ps.fail(&exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(err)})
		return
	}
	ps.clock.stop()
	ps.x.Tunnel = ps.proxy.relay(client, origin)
}

// relay passes octets both ways. An end of one way is passed on as such; when
// both have ended, or one has failed, it is over. It closes neither.
func (p *Proxy) relay(client net.Conn, origin io.ReadWriteCloser) (passed exchange.Tunnel) {
	idle := newIdle(p.config.IdleTimeout, func() { client.Close(); origin.Close() })
	defer idle.stop()
	stop := p.register(func() { client.Close(); origin.Close() })
	defer stop()
	var wg sync.WaitGroup
	way := func(to io.Writer, from io.Reader, n *int64) {
		defer wg.Done()
		bufp := p.buffers.Get().(*[]byte)
		defer p.buffers.Put(bufp)
		written, err := io.CopyBuffer(onlyWriter{to}, idle.watch(from), *bufp)
		*n = written
		if err != nil {
			client.Close()
			origin.Close()
			return
		}
		if halfClose(to) != nil {
			client.Close()
			origin.Close()
		}
	}
	wg.Add(2)
	go way(client, origin, &passed.Received)
	way(origin, client, &passed.Sent)
	wg.Wait()
	return passed
}

// onlyWriter hides ReadFrom, so that the buffer given is the one used.
type onlyWriter struct{ io.Writer }

var errNoHalfClose = errors.New("cannot end one half")

func halfClose(w io.Writer) error {
	if h, ok := w.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return errNoHalfClose
}

// idle calls over when nothing was read for a time.
type idle struct {
	d     time.Duration
	timer *time.Timer
}

func newIdle(d time.Duration, over func()) *idle {
	i := &idle{d: d}
	if d > 0 {
		i.timer = time.AfterFunc(d, over)
	}
	return i
}

func (i *idle) stop() {
	if i.timer != nil {
		i.timer.Stop()
	}
}

func (i *idle) watch(r io.Reader) io.Reader {
	if i.timer == nil {
		return r
	}
	return readFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		i.timer.Reset(i.d)
		return n, err
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
