package message

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"sidenote/exchange"
)

// mostGrowth bounds the octets that one piece of coded content may grow to.
const mostGrowth = 4 << 20

// coded removes a content coding from what a Reader is given. The decoder runs
// as a coroutine: it goes on where it was when the next piece comes.
type coded struct {
	r     Reader
	o     Options
	next  func() (struct{}, bool)
	stop  func()
	input []byte
	at    time.Duration
	ended bool // no more input comes
	grown int  // octets that the present piece has become
	lost  bool
}

func newCoded(r Reader, coding string, o Options) Reader {
	c := &coded{r: r, o: o}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) { c.decode(coding, yield) })
	return c
}

var (
	errNoMore  = errors.New("the reader has been ended")
	errTooMuch = errors.New("it grows too much")
)

// decode runs in the coroutine until the coding ends or fails.
func (c *coded) decode(coding string, yield func(struct{}) bool) {
	in := pieces{c: c, yield: yield}
	if !in.wait() {
		return
	}
	err := c.copyFrom(coding, &in)
	if err != nil && !errors.Is(err, errNoMore) && !(c.ended && errors.Is(err, io.ErrUnexpectedEOF)) {
		c.o.Fault(exchange.MessageFault{Code: exchange.FaultCompression, Detail: coding + ": " + err.Error()}, c.at)
	}
	c.lost = true
}

func (c *coded) copyFrom(coding string, in io.Reader) (err error) {
	defer func() {
		if v := recover(); v != nil { // what comes off the wire must not end more than this
			err = fmt.Errorf("%v", v)
		}
	}()
	d, err := decoder(coding, in)
	if err != nil {
		return err
	}
	defer d.Close()
	var buf [8 << 10]byte
	for {
		n, err := d.Read(buf[:])
		if n > 0 {
			if c.grown += n; c.grown > mostGrowth {
				return errTooMuch
			}
			c.r.Take(buf[:n], c.at)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func decoder(coding string, in io.Reader) (io.ReadCloser, error) {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(in)
	case "deflate":
		return zlib.NewReader(in)
	case "raw-deflate":
		return flate.NewReader(in), nil
	case "br":
		return io.NopCloser(brotli.NewReader(in)), nil
	case "zstd":
		d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("sidenote does not decode %.60q", coding)
}

// pieces is the input of the decoder.
type pieces struct {
	c     *coded
	yield func(struct{}) bool
}

// wait waits for input, and reports whether there is more to come.
func (p *pieces) wait() bool {
	for len(p.c.input) == 0 {
		if p.c.ended || !p.yield(struct{}{}) {
			return false
		}
	}
	return true
}

// Read returns what has come, and waits for the next piece where that is nothing.
func (p *pieces) Read(b []byte) (int, error) {
	if !p.wait() {
		return 0, io.EOF
	}
	n := copy(b, p.c.input)
	p.c.input = p.c.input[n:]
	return n, nil
}

// Take decodes octets.
func (c *coded) Take(p []byte, at time.Duration) {
	if len(p) == 0 {
		return
	}
	if c.lost {
		c.o.Unread(len(p))
		return
	}
	c.input, c.at, c.grown = p, at, 0
	if _, ok := c.next(); !ok {
		c.lost = true
	}
	c.input = nil
}

// End ends the decoding, and what is decoded for.
func (c *coded) End(at time.Duration, whole bool) {
	c.ended, c.at = true, at
	if !c.lost {
		c.next()
	}
	c.stop()
	c.r.End(at, whole)
}
