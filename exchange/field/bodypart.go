package field

import (
	"bytes"
	"iter"
)

// A BodyPart is one part of multipart content (RFC 2046 §5.1.1), by its
// positions in it.
type BodyPart struct {
	HeadAt, HeadEnd int // the head, up to the empty line
	At, End         int // the content; End is that of all content where the closing delimiter is missing
}

// MaxBodyParts bounds how many parts BodyParts returns.
const MaxBodyParts = 10_000

// BodyParts returns the parts of multipart content. What is before the first
// delimiter and after the closing one belongs to no part. Line ends of a single
// LF are read too. Without a boundary there are no parts.
func BodyParts(b []byte, boundary string) iter.Seq[BodyPart] {
	return func(yield func(BodyPart) bool) {
		if boundary == "" {
			return
		}
		begun, n := -1, 0 // where the head of the part being read begins
		for d := range Delimiters(b, boundary) {
			if begun >= 0 {
				if n++; n > MaxBodyParts || !yield(bodyPart(b, begun, max(begun, d.At-lineEndBefore(b, d.At)))) {
					return
				}
			}
			if d.Closing {
				return
			}
			_, begun = lineAt(b, d.At)
		}
		if begun >= 0 && begun < len(b) {
			yield(bodyPart(b, begun, len(b)))
		}
	}
}

// bodyPart reads the part between octets start and end.
func bodyPart(b []byte, start, end int) BodyPart {
	for at := start; at < end; {
		line, next := lineAt(b, at)
		if len(line) == 0 && next <= end {
			return BodyPart{HeadAt: start, HeadEnd: at, At: next, End: end}
		}
		at = next
	}
	return BodyPart{HeadAt: start, HeadEnd: end, At: end, End: end}
}

// lineEndBefore is the length of the line end before octet i.
func lineEndBefore(b []byte, i int) int {
	switch {
	case i >= 2 && b[i-1] == '\n' && b[i-2] == '\r':
		return 2
	case i >= 1 && b[i-1] == '\n':
		return 1
	}
	return 0
}

// Field is the value of the first field of that name in the part's head, and
// where it begins in the content that the part is of.
func (p BodyPart) Field(b []byte, name string) (value string, at int, ok bool) {
	for at := p.HeadAt; at < p.HeadEnd; {
		line, next := lineAt(b[:p.HeadEnd], at)
		if colon := bytes.IndexByte(line, ':'); colon >= 0 && EqualFold(string(line[:colon]), name) {
			v := trimmed(string(line), colon+1, len(line))
			return v.Text, at + v.At, true
		}
		at = next
	}
	return "", 0, false
}
