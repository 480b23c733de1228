package h1

import (
	"bytes"
	"io"

	"sidenote/exchange"
)

// The bounds of what stands between chunks.
const (
	maxChunkLine   = 4 << 10
	maxTrailerSize = 64 << 10
)

// A Taker is handed content, piece by piece. A piece is valid during the call.
type Taker interface{ Take(piece []byte) }

// Content reads the content of a message as it stands on the wire.
type Content struct {
	r       *Reader
	frame   Frame
	lenient bool  // of a response: line ends and padding of chunks as servers write them
	left    int64 // octets to come, of the content or of the chunk
	at      chunkPart
	done    bool
	trailer []byte
}

// chunkPart is what of the chunked coding comes next.
type chunkPart uint8

const (
	chunkSize chunkPart = iota
	chunkData
	chunkEnd
	trailerLine
)

// Start begins to read content that follows a head on r.
func (c *Content) Start(r *Reader, f Frame, response bool) {
	*c = Content{r: r, frame: f, lenient: response, trailer: c.trailer[:0]}
	c.left = f.Length
	c.done = f.End == NoContent
	switch f.End {
	case ByLength:
		r.Expect(f.Length)
	case ByChunks, ByClosing:
		r.Expect(largeBuffer)
	}
}

// Done reports whether the content has ended as its framing says.
func (c *Content) Done() bool { return c.done }

// Trailer returns the trailer section as it came, without the empty line that
// ends it.
func (c *Content) Trailer() []byte { return c.trailer }

// AtHand reports whether all that is left of the content is held already.
func (c *Content) AtHand() bool {
	return c.done || c.frame.End == ByLength && c.left <= int64(len(c.r.Held()))
}

// NextHeld is Next for what is held already: it returns nothing rather than wait.
func (c *Content) NextHeld(take Taker) (wire []byte, err error) {
	held := c.r.Held()
	if c.done || len(held) == 0 {
		return nil, nil
	}
	n, err := c.parse(held, take)
	c.r.Skip(n)
	return held[:n], err
}

// Next returns the octets of the message that come next, as they stand on the
// wire, and hands take the content that is among them. It waits only where none
// is held. The octets are valid until the next call. With an error there may be
// octets too: those that came before it, or that it is about. The error is a
// *Fault where the chunked coding is broken, io.ErrUnexpectedEOF where the
// connection ended too soon.
func (c *Content) Next(take Taker) (wire []byte, err error) {
	for !c.done {
		held := c.r.Held()
		n, err := c.parse(held, take)
		if n > 0 || err != nil {
			c.r.Skip(n)
			return held[:n], err
		}
		if err := c.r.Fill(largeBuffer); err != nil {
			return c.ended(err)
		}
	}
	return nil, nil
}

// ended is for a connection on which no more comes.
func (c *Content) ended(err error) (wire []byte, _ error) {
	held := c.r.Held()
	switch {
	case err == io.EOF && c.frame.End == ByClosing:
		c.done = true
		return nil, nil
	case err == io.EOF && c.at == trailerLine:
		err = errTrailerCut
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	case err == ErrFull:
		err = faultf(Chunk, "a line of the chunked coding has more than %d bytes", len(held))
	}
	if err != ErrTimeout && err != ErrInterrupted {
		c.r.Skip(len(held))
		return held, err
	}
	return nil, err
}

// errTrailerCut says that the connection ended within the trailer section.
var errTrailerCut = cutError("the connection ended before the trailer section did")

// A cutError is an io.ErrUnexpectedEOF that says more.
type cutError string

// Error returns what it says.
func (e cutError) Error() string { return string(e) }

// Unwrap returns io.ErrUnexpectedEOF.
func (cutError) Unwrap() error { return io.ErrUnexpectedEOF }

// parse finds how many octets of b can be passed on.
func (c *Content) parse(b []byte, take Taker) (n int, err error) {
	switch c.frame.End {
	case ByClosing:
		if len(b) > 0 {
			take.Take(b)
		}
		return len(b), nil
	case ByLength:
		n = c.data(b, take)
		c.done = c.left == 0
		return n, nil
	}
	for !c.done {
		m, err := c.step(b[n:], take)
		n += m
		if err != nil {
			return len(b), err
		}
		if m == 0 {
			break
		}
	}
	return n, nil
}

// data takes what b has of the octets left.
func (c *Content) data(b []byte, take Taker) int {
	n := int(min(int64(len(b)), c.left))
	if n > 0 {
		take.Take(b[:n])
		c.left -= int64(n)
	}
	return n
}

// step reads one part of the chunked coding; 0 while it is not whole.
func (c *Content) step(b []byte, take Taker) (n int, err error) {
	switch c.at {
	case chunkData:
		if n = c.data(b, take); c.left == 0 {
			c.at = chunkEnd
		}
		return n, nil
	case chunkEnd:
		return c.endChunk(b)
	}
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		if len(b) > maxChunkLine && c.at == chunkSize {
			return 0, faultf(Chunk, "a chunk size line has more than %d bytes", maxChunkLine)
		}
		return 0, c.early(b)
	}
	line := b[:i]
	if i > 0 && b[i-1] == '\r' {
		line = b[:i-1]
	} else if !c.lenient {
		return 0, faultf(Chunk, "a line of the chunked coding ends without a carriage return: %q", first(string(b[:i+1])))
	}
	if f := checkOctets(string(line), Chunk); f != nil {
		return 0, f
	}
	if c.at == chunkSize {
		return i + 1, c.beginChunk(line)
	}
	return i + 1, c.endTrailer(line, b[:i+1])
}

// early finds what is wrong with a chunk size line that is not whole, so that
// nobody waits for its end.
func (c *Content) early(b []byte) error {
	if c.at == chunkSize && len(b) > 0 && !isHex(b[0]) {
		return faultf(Chunk, "this is not a chunk length: %q", first(string(b)))
	}
	return nil
}

// beginChunk reads a chunk size line (RFC 9112 §7.1).
func (c *Content) beginChunk(line []byte) error {
	digits := 0
	var size int64
	for digits < len(line) && isHex(line[digits]) {
		if digits == 15 {
			return faultf(Chunk, "this is not a chunk length: %q", first(string(line)))
		}
		size = size<<4 | int64(hexValue(line[digits]))
		digits++
	}
	rest := bytes.TrimLeft(line[digits:], " \t")
	if digits == 0 || len(rest) > 0 && rest[0] != ';' || len(rest) == 0 && digits < len(line) && !c.lenient {
		return faultf(Chunk, "this is not a chunk length: %q", first(string(line)))
	}
	if c.left, c.at = size, chunkData; size == 0 {
		c.at = trailerLine
	}
	return nil
}

// endChunk reads the line end after a chunk's data.
func (c *Content) endChunk(b []byte) (n int, err error) {
	switch {
	case len(b) >= 2 && b[0] == '\r' && b[1] == '\n':
		n = 2
	case len(b) >= 1 && b[0] == '\n' && c.lenient:
		n = 1
	case len(b) == 0, len(b) == 1 && b[0] == '\r':
		return 0, nil
	default:
		return 0, faultf(Chunk, "a chunk of the chunked coding is longer than its size says: %q follows it", first(string(b[:min(len(b), 48)])))
	}
	c.at = chunkSize
	return n, nil
}

// endTrailer takes a line of the trailer section.
func (c *Content) endTrailer(line, whole []byte) error {
	if len(line) == 0 {
		c.done = true
		return nil
	}
	name, _, found := bytes.Cut(line, []byte(":"))
	folded := (line[0] == ' ' || line[0] == '\t') && len(c.trailer) > 0 && c.lenient
	if !folded && (!found || !isToken(string(bytes.TrimRight(name, " \t"))) || !c.lenient && !isToken(string(name))) {
		return faultf(Chunk, "a line of the trailer section is %q", first(string(line)))
	}
	if len(c.trailer)+len(whole) > maxTrailerSize {
		return faultf(Chunk, "the trailer section has more than %d bytes", maxTrailerSize)
	}
	c.trailer = append(c.trailer, whole...)
	return nil
}

// Trailers returns the fields of the trailer section.
func (c *Content) Trailers() (f exchange.Fields) {
	if len(c.trailer) > 0 {
		_, f = exchange.ParseHead("-\r\n" + string(c.trailer))
	}
	return f
}

func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'f'
}

func hexValue(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return b | 0x20 - 'a' + 10
}
