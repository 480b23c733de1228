package message

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"sidenote/exchange"
)

// prefixLen is the length of what stands before each message: flags, and the
// length of the message (gRPC over HTTP2, "Length-Prefixed-Message").
const prefixLen = 5

const (
	flagCompressed = 0x01
	flagTrailers   = 0x80 // of gRPC-Web
)

// grpc reads length-prefixed messages.
type grpc struct {
	o      Options
	web    bool
	coding string // by which messages are compressed; "" where they cannot be

	prefix  [prefixLen]byte
	have    int // octets of the prefix
	m       exchange.StreamMessage
	reading bool
	length  uint32
	left    uint32
}

func newGRPC(o Options, web bool, coding string) *grpc { return &grpc{o: o, web: web, coding: coding} }

// Take reads octets of messages.
func (g *grpc) Take(p []byte, at time.Duration) {
	for len(p) > 0 {
		if !g.reading {
			n := copy(g.prefix[g.have:], p)
			g.have += n
			if p = p[n:]; g.have == prefixLen {
				g.begin(at)
			}
			continue
		}
		n := min(int(g.left), len(p))
		most := g.o.Keep
		if g.m.Compressed {
			most = max(most, mostCompressed)
		}
		g.m.Size += int64(n)
		g.m.Content, g.m.Truncated = keep(g.m.Content, p[:n], most, g.m.Truncated)
		g.left -= uint32(n)
		if p = p[n:]; g.left == 0 {
			g.emit(at)
		}
	}
}

// begin begins a message whose prefix has come.
func (g *grpc) begin(at time.Duration) {
	flags := g.prefix[0]
	g.have, g.reading = 0, true
	g.m = exchange.StreamMessage{FromClient: g.o.FromClient, Kind: exchange.KindMessage, Wire: prefixLen}
	g.length = binary.BigEndian.Uint32(g.prefix[1:])
	g.left = g.length
	known := byte(flagCompressed)
	if g.web {
		known |= flagTrailers
		if flags&flagTrailers != 0 {
			g.m.Kind = exchange.KindTrailers
		}
	}
	if flags&^known != 0 {
		addFault(&g.m, exchange.FaultFlags, fmt.Sprintf("0x%02X", flags))
	}
	if flags&flagCompressed != 0 {
		if g.m.Compressed = g.coding != ""; !g.m.Compressed {
			addFault(&g.m, exchange.FaultNoCoding, "")
		}
	}
	if g.left == 0 {
		g.emit(at)
	}
}

func (g *grpc) emit(at time.Duration) {
	m := g.m
	m.At = at
	m.Wire += int64(g.length - g.left)
	g.m, g.reading = exchange.StreamMessage{}, false
	g.o.Emit(&m)
}

// End says when the stream ended within a message.
func (g *grpc) End(at time.Duration, _ bool) {
	switch {
	case g.reading:
		addFault(&g.m, exchange.FaultUnfinished, fmt.Sprintf("%d of %d bytes", g.m.Size, g.length))
		g.m.Truncated = true
		g.emit(at)
	case g.have > 0:
		g.o.Fault(exchange.MessageFault{Code: exchange.FaultUnfinished, Detail: fmt.Sprintf("%d of %d bytes of a prefix", g.have, prefixLen)}, at)
		g.o.Unread(g.have)
	}
}

// base64Reader decodes the text form of gRPC-Web: pieces of base64 one after the
// other, each of which may end in padding of its own.
type base64Reader struct {
	r    Reader
	o    Options
	four [4]byte
	have int
	bad  bool
}

func newBase64(r Reader, o Options) Reader { return &base64Reader{r: r, o: o} }

// Take decodes octets.
func (b *base64Reader) Take(p []byte, at time.Duration) {
	out := make([]byte, 0, len(p)*3/4+3)
	for i, c := range p {
		if b.bad {
			b.o.Unread(len(p) - i)
			break
		}
		if c == '\r' || c == '\n' || c == ' ' {
			continue
		}
		b.four[b.have] = c
		if b.have++; b.have < len(b.four) {
			continue
		}
		b.have = 0
		var three [3]byte
		n, err := base64.StdEncoding.Decode(three[:], b.four[:])
		if err != nil {
			b.bad = true
			b.o.Fault(exchange.MessageFault{Code: exchange.FaultBase64, Detail: fmt.Sprintf("%.8q", bytes.TrimRight(b.four[:], "\x00"))}, at)
			continue
		}
		out = append(out, three[:n]...)
	}
	if len(out) > 0 {
		b.r.Take(out, at)
	}
}

// End ends what it decoded for.
func (b *base64Reader) End(at time.Duration, whole bool) {
	if b.have > 0 && !b.bad {
		b.o.Fault(exchange.MessageFault{Code: exchange.FaultBase64, Detail: fmt.Sprintf("%d characters left over", b.have)}, at)
	}
	b.r.End(at, whole)
}
