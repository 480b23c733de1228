package proxy

import (
	"io"
	"net"
	"sync"
	"time"

	"sidenote/exchange"
	"sidenote/exchange/message"
)

// switchProtocols passes a 101 on and then the octets of the new protocol, both
// ways, until both ends have ended. What the client has sent after its request has
// waited for that.
func (ps *passage) switchProtocols(c *call) {
	in := ps.in
	if c.sender != nil {
		<-c.sender.done // the new protocol begins after the request
	}
	in.unwatch()
	noContent(&ps.x.Response.Content)
	out := ps.annotatedHead(&c.head)
	client := in.takeOver()
	defer client.Close()
	defer in.origins.put(c.o, false)
	if _, err := client.Write(out.Append(nil)); err != nil {
		ps.fail(&exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(err)})
		return
	}
	early := append([]byte(nil), c.o.reader.Held()...)
	_ = c.o.Conn.SetReadDeadline(time.Time{})
	var sent, received *timedReader
	if message.IsWebSocket(&ps.x.Response) {
		ps.follow, sent, received = ps.proxy.followWebSocket(ps.x)
	}
	ps.x.Tunnel = ps.proxy.relay(client, &replayConn{Conn: c.o, early: early}, sent, received)
}

// relay passes octets both ways. An end of one way is passed on as such, and the
// other way goes on: what one side says last arrives though the other has stopped
// listening. It closes neither. sent and received read what has passed, where they
// are not nil.
func (p *Proxy) relay(client, origin net.Conn, sent, received *timedReader) (passed exchange.Tunnel) {
	r := &relaying{client: client, origin: origin, proxy: p}
	r.idle = newIdle(p.config.IdleTimeout, r.end)
	defer r.idle.stop()
	defer p.register(r.end)()
	var wg sync.WaitGroup
	wg.Add(2)
	go func() { defer wg.Done(); passed.Received = r.way(client, origin, received) }()
	passed.Sent = r.way(origin, client, sent)
	wg.Done()
	wg.Wait()
	return passed
}

// A relaying is two connections between which octets pass.
type relaying struct {
	client, origin net.Conn
	proxy          *Proxy
	idle           *idle
}

func (r *relaying) end() { r.client.Close(); r.origin.Close() }

// lastWords is how long a side is read from that nobody can be told of any more,
// so that what was sent to it before is not taken back.
const lastWords = 2 * time.Second

// way passes octets in one direction until that side ends it, and then has them read.
func (r *relaying) way(to, from net.Conn, read *timedReader) (n int64) {
	bufp := r.proxy.buffers.Get().(*[]byte)
	defer r.proxy.buffers.Put(bufp)
	buf := *bufp
	lost := false
	for {
		got, err := from.Read(buf)
		r.idle.seen()
		if got > 0 && !lost {
			var wrote int
			wrote, werr := to.Write(buf[:got])
			n += int64(wrote)
			if lost = werr != nil; lost {
				_ = from.SetReadDeadline(time.Now().Add(lastWords)) // read on, or what it is sent is lost with the connection
			}
		}
		read.take(buf[:got])
		if err == nil {
			continue
		}
		read.end(isEnd(err))
		if closeWrite(to) != nil || !isEnd(err) { // where this side failed the other way ends soon
			_ = to.SetReadDeadline(time.Now().Add(lastWords))
		}
		return n
	}
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

func (i *idle) seen() {
	if i.timer != nil {
		i.timer.Reset(i.d)
	}
}

// watch returns a reader whose reads count as signs of life.
func (i *idle) watch(r io.Reader) io.Reader {
	return readFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		i.seen()
		return n, err
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
