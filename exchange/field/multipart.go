package field

import (
	"bytes"
	"iter"
)

// A Delimiter is a boundary line of multipart content (RFC 2046 §5.1.1).
type Delimiter struct {
	At, End int  // the line, without its line end
	Closing bool // it ends the last part
	BareLF  bool // its line ends in LF without CR
}

// Delimiters finds the boundary lines of multipart content, in order.
func Delimiters(b []byte, boundary string) iter.Seq[Delimiter] {
	return func(yield func(Delimiter) bool) {
		for at := 0; at < len(b); {
			line, next := lineAt(b, at)
			if d, ok := delimiter(line, boundary); ok {
				d.At, d.End = at, at+len(line)
				d.BareLF = next > at+len(line) && b[at+len(line)] == '\n'
				if !yield(d) {
					return
				}
			}
			at = next
		}
	}
}

// lineAt returns the line that begins at octet at without its CRLF or LF, and
// where the next one begins.
func lineAt(b []byte, at int) (line []byte, next int) {
	i := bytes.IndexByte(b[at:], '\n')
	if i < 0 {
		return b[at:], len(b)
	}
	line = b[at : at+i]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, at + i + 1
}

func delimiter(line []byte, boundary string) (d Delimiter, ok bool) {
	if len(line) < 2+len(boundary) || line[0] != '-' || line[1] != '-' || string(line[2:2+len(boundary)]) != boundary {
		return d, false
	}
	rest := line[2+len(boundary):]
	if len(rest) >= 2 && rest[0] == '-' && rest[1] == '-' {
		d.Closing, rest = true, rest[2:]
	}
	return d, len(bytes.Trim(rest, " \t")) == 0
}

// BareLFInHeads finds the first boundary line, or line in the head of a part,
// that ends in LF without CR; -1 for none.
func BareLFInHeads(b []byte, boundary string) int {
	for d := range Delimiters(b, boundary) {
		if d.BareLF {
			return d.End
		}
		if d.Closing {
			return -1
		}
		_, at := lineAt(b, d.At)
		for at < len(b) {
			line, next := lineAt(b, at)
			if next > at+len(line) && b[at+len(line)] == '\n' {
				return at + len(line)
			}
			if len(line) == 0 {
				break
			}
			at = next
		}
	}
	return -1
}
