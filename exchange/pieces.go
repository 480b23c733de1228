package exchange

import (
	"strings"
	"sync"
)

// A record that is made while traffic passes is put together of pieces of memory
// that a few records share. Exchanges begin and are forgotten in about the same
// order, so a piece is free soon after the first of them is, and the garbage
// collector looks at one object where it would look at many.
//
// Nothing that a piece has handed out is used again: the collector alone frees
// it, when no record of the piece is in use any more.
type pieces struct {
	exchanges []Exchange
	lines     []Line
	text      strings.Builder
	content   []byte
}

// How much a piece has, and the most that is taken from it at a time: what is
// larger has memory of its own, so that it holds nothing of others.
const (
	pieceExchanges = 8
	pieceLines     = 128
	pieceText      = 8 << 10
	pieceContent   = 16 << 10

	mostPieceLines   = pieceLines / 4
	mostPieceText    = pieceText / 4
	mostPieceContent = pieceContent / 4
)

var allPieces = sync.Pool{New: func() any { return new(pieces) }}

// New returns an empty exchange, for a record that is made while traffic passes.
func New() *Exchange {
	p := allPieces.Get().(*pieces)
	if len(p.exchanges) == 0 {
		p.exchanges = make([]Exchange, pieceExchanges)
	}
	x := &p.exchanges[0]
	p.exchanges = p.exchanges[1:]
	allPieces.Put(p)
	return x
}

// Text returns the octets of b as text of a record that is made while traffic
// passes.
func Text(b []byte) string {
	if len(b) > mostPieceText {
		return string(b)
	}
	p := allPieces.Get().(*pieces)
	if p.text.Cap()-p.text.Len() < len(b) {
		p.text.Reset()
		p.text.Grow(pieceText)
	}
	from := p.text.Len()
	p.text.Write(b)
	s := p.text.String()[from:]
	allPieces.Put(p)
	return s
}

// Room returns an empty slice with room for n octets of content of a record that
// is made while traffic passes.
func Room(n int) []byte {
	if n > mostPieceContent {
		return make([]byte, 0, n)
	}
	p := allPieces.Get().(*pieces)
	if len(p.content) < n {
		p.content = make([]byte, pieceContent)
	}
	b := p.content[:0:n]
	p.content = p.content[n:]
	allPieces.Put(p)
	return b
}

// Reserve makes room for n lines of an empty section of a record that is made
// while traffic passes.
func (f *Fields) Reserve(n int) {
	if n <= 0 {
		return
	}
	if n > mostPieceLines {
		f.lines = make([]Line, 0, n)
		return
	}
	p := allPieces.Get().(*pieces)
	if len(p.lines) < n {
		p.lines = make([]Line, pieceLines)
	}
	f.lines = p.lines[:0:n]
	p.lines = p.lines[n:]
	allPieces.Put(p)
}
