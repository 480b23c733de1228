package field

import (
	"iter"
	"strings"
)

// Ranges is the value of a Range field (RFC 9110 §14.2).
type Ranges struct {
	Unit string // as received; compare with EqualFold
	Set  string // what follows the equals sign
	At   int    // where Set begins in the value
}

// A Range is one int-range or suffix-range (RFC 9110 §14.1.1).
type Range struct {
	First int64 // -1 for a suffix range
	Last  int64 // -1 for "to the end"; the suffix length in a suffix range
	Part        // the text of the range, with its place in the Range value
}

// IsSuffix reports whether r asks for the last octets, "-500".
func (r Range) IsSuffix() bool { return r.First < 0 }

// ParseRanges reads a Range value. Anything but a unit, "=" and a set that is
// not empty is an error. What the set may hold is for its unit to say.
func ParseRanges(s string) (Ranges, *Error) {
	n := TokenLen(s)
	switch {
	case n == 0:
		return Ranges{}, &Error{At: 0, What: "want a range unit"}
	case n == len(s) || s[n] != '=':
		return Ranges{Unit: s[:n], At: n}, &Error{At: n, What: `want "=" after the range unit`}
	}
	r := Ranges{Unit: s[:n], Set: s[n+1:], At: n + 1}
	for range List(r.Set) {
		return r, nil
	}
	return r, &Error{At: len(s), What: "want a range"}
}

// IsBytes reports whether the unit is bytes.
func (r Ranges) IsBytes() bool { return EqualFold(r.Unit, "bytes") }

// Count is the number of ranges in the set.
func (r Ranges) Count() int {
	n := 0
	for range List(r.Set) {
		n++
	}
	return n
}

// All returns the ranges of a set whose unit uses integers, as bytes does, each
// with what its grammar does not allow.
func (r Ranges) All() iter.Seq2[Range, *Error] {
	return func(yield func(Range, *Error) bool) {
		for p := range List(r.Set) {
			p.At += r.At
			if !yield(parseRange(p)) {
				return
			}
		}
	}
}

func parseRange(p Part) (Range, *Error) {
	r := Range{First: -1, Last: -1, Part: p}
	first, last, dash := strings.Cut(p.Text, "-")
	if !dash {
		return r, &Error{At: p.End(), What: `want "-" in the range`}
	}
	var ok bool
	if first != "" {
		if r.First, ok = Number(first); !ok {
			r.First = -1
			return r, &Error{At: p.At, What: "want the first position as digits"}
		}
	}
	if last == "" && first != "" {
		return r, nil
	}
	at := p.At + len(first) + 1
	if r.Last, ok = Number(last); !ok {
		r.Last = -1
		return r, &Error{At: at, What: "want the last position as digits"}
	}
	if first != "" && r.Last < r.First {
		return r, &Error{At: at, What: "the last position is below the first"}
	}
	return r, nil
}

// Resolve returns the positions that r means in a representation of that length
// (RFC 9110 §14.1.2): the last one is clipped to it, a suffix counted from its
// end. ok is false for a range that has nothing in it.
func (r Range) Resolve(length int64) (first, last int64, ok bool) {
	if r.IsSuffix() {
		return max(0, length-r.Last), length - 1, length > 0 && r.Last > 0
	}
	last = length - 1
	if r.Last >= 0 {
		last = min(last, r.Last)
	}
	return r.First, last, r.First <= last
}

// ContentRange is the value of a Content-Range field (RFC 9110 §14.4).
type ContentRange struct {
	Unit        string // as received; compare with EqualFold
	Unsatisfied bool   // "*/length": First and Last mean nothing
	First, Last int64
	Length      int64 // of the whole representation; -1 for "*"
	RangePart   Part  // the text "first-last" or "*"
	LengthPart  Part  // the text of the length
}

// IsBytes reports whether the unit is bytes.
func (r ContentRange) IsBytes() bool { return EqualFold(r.Unit, "bytes") }

// ParseContentRange reads a Content-Range value of a unit that uses integers,
// as bytes does. Positions that contradict each other (RFC 9110 §14.4) are an
// error too. Unit is set whenever there is one.
func ParseContentRange(s string) (ContentRange, *Error) {
	var r ContentRange
	n := TokenLen(s)
	if n == 0 {
		return r, &Error{At: 0, What: "want a range unit"}
	}
	r.Unit = s[:n]
	if n == len(s) || s[n] != ' ' {
		return r, &Error{At: n, What: "want a space after the range unit"}
	}
	at := skipOWS(s, n)
	slash := strings.IndexByte(s[at:], '/')
	if slash < 0 {
		return r, &Error{At: len(s), What: `want "/" and the complete length`}
	}
	r.RangePart = trimmed(s, at, at+slash)
	r.LengthPart = trimmed(s, at+slash+1, len(s))
	if err := r.readLength(); err != nil {
		return r, err
	}
	return r, r.readRange()
}

func (r *ContentRange) readLength() *Error {
	r.Length = -1
	if r.LengthPart.Text == "*" {
		return nil
	}
	var ok bool
	if r.Length, ok = Number(r.LengthPart.Text); !ok {
		r.Length = -1
		return &Error{At: r.LengthPart.At, What: `want the complete length as digits, or "*"`}
	}
	return nil
}

func (r *ContentRange) readRange() *Error {
	if r.RangePart.Text == "*" {
		r.Unsatisfied = true
		if r.Length < 0 {
			return &Error{At: r.LengthPart.At, What: `want a length as digits after "*/"`}
		}
		return nil
	}
	v, err := parseRange(r.RangePart)
	if err == nil && (v.First < 0 || v.Last < 0) {
		err = &Error{At: r.RangePart.At, What: "want both first and last position"}
	}
	r.First, r.Last = v.First, v.Last
	if err == nil && r.Length >= 0 && r.Length <= r.Last {
		err = &Error{At: r.LengthPart.At, What: "the complete length is not above the last position"}
	}
	return err
}
