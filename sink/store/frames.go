package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// A file of exchanges is a header and frames after it. Nothing of it is mapped
// into memory, so that a file that someone cuts short fails to be read and does
// no more. A frame has a mark of its beginning, so that those after a damaged
// one are found.
//
//	mark (4) · length of the content (4) · CRC-32C of all that follows (4) · kind (1) · number (8) · content
const (
	fileHeader   = "sidenote.store/2\n"
	headerFamily = "sidenote.store/"
	frameMark    = "\x9fsn\n"
	frameHead    = len(frameMark) + 4 + 4 + 1 + 8
	frameSummed  = len(frameMark) + 4 + 4 // where that begins of which the sum is
	mostFrame    = mostRecord
)

// The kinds of frames.
const (
	frameRecord = 'x' // an exchange: exchange.AppendJSON in S2
	frameNote   = 'm' // a mark of the exchange with this number, in JSON
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A frame is one piece of a file.
type frame struct {
	kind    byte
	number  uint64
	content []byte
}

// append appends the frame as it is in a file.
func (f *frame) append(b []byte) []byte {
	start := len(b)
	b = append(b, frameMark...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.content)))
	b = append(b, 0, 0, 0, 0, f.kind)
	b = binary.BigEndian.AppendUint64(b, f.number)
	b = append(b, f.content...)
	binary.BigEndian.PutUint32(b[start+len(frameMark)+4:], crc32.Checksum(b[start+frameSummed:], castagnoli))
	return b
}

// size is how many octets it takes in a file.
func (f *frame) size() int64 { return int64(frameHead + len(f.content)) }

// errDamaged means that there is no valid frame at a place.
var errDamaged = errors.New("the record is damaged")

// readFrame reads the next frame. The error is io.EOF at the end of the file,
// io.ErrUnexpectedEOF where the file ends within the frame, and errDamaged
// where there is none. The content is good until the next call with the same
// scratch.
func readFrame(r io.Reader, scratch *[]byte) (frame, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	length := binary.BigEndian.Uint32(head[len(frameMark):])
	if string(head[:len(frameMark)]) != frameMark || length > mostFrame {
		return frame{}, errDamaged
	}
	if cap(*scratch) < int(length) {
		*scratch = make([]byte, length)
	}
	content := (*scratch)[:length]
	if _, err := io.ReadFull(r, content); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return frame{}, err
	}
	sum := crc32.Update(crc32.Checksum(head[frameSummed:], castagnoli), castagnoli, content)
	if sum != binary.BigEndian.Uint32(head[len(frameMark)+4:]) {
		return frame{}, errDamaged
	}
	return frame{head[frameSummed], binary.BigEndian.Uint64(head[frameSummed+1:]), content}, nil
}

// A scan is what was found in a file.
type scan struct {
	end     int64 // of the last sound frame, and so of what is kept of a torn file
	frames  int
	damaged int64 // octets between sound frames, or before them
	torn    int64 // octets after the last sound frame
}

// scanFrames calls take with each sound frame of a file and its place.
func scanFrames(f *os.File, from, size int64, take func(at int64, f frame) error) (s scan, err error) {
	var scratch []byte
	s.end = from
	for at := from; at < size; {
		in := bufio.NewReaderSize(io.NewSectionReader(f, at, size-at), 64<<10)
		for {
			var one frame
			if one, err = readFrame(in, &scratch); err != nil {
				break
			}
			s.damaged += at - s.end
			if err := take(at, one); err != nil {
				return s, err
			}
			at += one.size()
			s.end = at
			s.frames++
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errDamaged):
		default:
			return s, err
		}
		if at < size {
			at = nextMark(f, at+1, size)
		}
	}
	s.torn = size - s.end
	return s, nil
}

// nextMark finds where a frame may begin at or after a place; size when nowhere.
func nextMark(f *os.File, at, size int64) int64 {
	buffer := make([]byte, 64<<10)
	for at < size {
		n, err := f.ReadAt(buffer[:min(int64(len(buffer)), size-at)], at)
		if i := bytes.Index(buffer[:n], []byte(frameMark)); i >= 0 {
			return at + int64(i)
		}
		if n < len(frameMark) || err != nil {
			break
		}
		at += int64(n - len(frameMark) + 1) // a mark may be cut by the end of what was read
	}
	return size
}
