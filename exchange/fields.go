package exchange

import (
	"iter"
	"math/bits"
	"slices"
	"strings"
)

// A Line is one field line (RFC 9110 §5).
type Line struct {
	Name  string // as received
	Value string // without the white space around it
	Known Name   // 0 for a name that the table lacks

	next  int32 // 1 + index of the next line of the same known name; 0 at the end
	last  int32 // of the first line of a known name: index of the last one, so that many lines of one name cost no more than few
	first int32 // of the line at index r: index of the first line of the known name with rank r among those present
}

// Fields is a field section: its lines in wire order, names as received. Known
// names are found in constant time. The zero value is an empty section.
//
// It is not safe for writing while others read.
type Fields struct {
	lines   []Line
	present [nameWords]uint64 // a bit for each known name that has a line
	names   int32             // how many these are
	repeats bool              // some known name has several lines
}

// Grow makes room for n further lines.
func (f *Fields) Grow(n int) { f.lines = slices.Grow(f.lines, n) }

// Add appends a field line.
func (f *Fields) Add(name, value string) { f.add(LookupName(name), name, value) }

// add is Add with the known name, for a caller that has looked it up.
func (f *Fields) add(n Name, name, value string) {
	i := int32(len(f.lines))
	f.lines = append(f.lines, Line{Name: name, Value: value, Known: n})
	if n == 0 {
		return
	}
	r := f.rank(n)
	if !f.Has(n) {
		f.present[n/64] |= 1 << (n % 64)
		for k := int(f.names); k > r; k-- {
			f.lines[k].first = f.lines[k-1].first
		}
		f.lines[r].first, f.lines[i].last = i, i
		f.names++
		return
	}
	f.repeats = true
	first := &f.lines[f.lines[r].first]
	f.lines[first.last].next = i + 1
	first.last = i
}

// rank counts the present names below n.
func (f *Fields) rank(n Name) int {
	r := 0
	for w := range f.present[:n/64] {
		r += bits.OnesCount64(f.present[w])
	}
	return r + bits.OnesCount64(f.present[n/64]&(1<<(n%64)-1))
}

// Repeats reports whether any known name has several lines.
func (f *Fields) Repeats() bool { return f.repeats }

// Len is the number of field lines.
func (f *Fields) Len() int { return len(f.lines) }

// At is the i-th line, counted from 0 in wire order.
func (f *Fields) At(i int) *Line { return &f.lines[i] }

// All returns the lines in wire order with their index.
func (f *Fields) All() iter.Seq2[int, *Line] {
	return func(yield func(int, *Line) bool) {
		for i := range f.lines {
			if !yield(i, &f.lines[i]) {
				return
			}
		}
	}
}

// Has reports whether there is a line of that name.
func (f *Fields) Has(n Name) bool { return f.present[n/64]&(1<<(n%64)) != 0 }

// HasAny reports whether any of the names in the mask has a line.
func (f *Fields) HasAny(m *NameMask) bool {
	for w := range m {
		if f.present[w]&m[w] != 0 {
			return true
		}
	}
	return false
}

// Present returns the names in the mask that have a line.
func (f *Fields) Present(m *NameMask) iter.Seq[Name] {
	return func(yield func(Name) bool) {
		for w := range m {
			for left := f.present[w] & m[w]; left != 0; left &= left - 1 {
				if !yield(Name(w*64 + bits.TrailingZeros64(left))) {
					return
				}
			}
		}
	}
}

// Index is the index of the first line of that name, -1 if there is none.
func (f *Fields) Index(n Name) int {
	if !f.Has(n) {
		return -1
	}
	return int(f.lines[f.rank(n)].first)
}

// Value is the value of the first line of that name, "" if there is none.
func (f *Fields) Value(n Name) string {
	if !f.Has(n) {
		return ""
	}
	return f.lines[f.lines[f.rank(n)].first].Value
}

// Count is the number of lines of that name.
func (f *Fields) Count(n Name) int {
	c := 0
	for range f.Each(n) {
		c++
	}
	return c
}

// Each returns the lines of that name in wire order, with their index.
func (f *Fields) Each(n Name) iter.Seq2[int, *Line] {
	return func(yield func(int, *Line) bool) {
		i := f.Index(n)
		for i >= 0 {
			l := &f.lines[i]
			if !yield(i, l) {
				return
			}
			i = int(l.next) - 1
		}
	}
}

// Combined is the combined field value (RFC 9110 §5.2): the values of all lines
// of that name joined by ", ". It allocates only when there are several.
func (f *Fields) Combined(n Name) string {
	i := f.Index(n)
	if i < 0 {
		return ""
	}
	if f.lines[i].next == 0 {
		return f.lines[i].Value
	}
	var b strings.Builder
	for _, l := range f.Each(n) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(l.Value)
	}
	return b.String()
}

// Named is the index of the first line of any name, known or not, compared
// without case; -1 if there is none.
func (f *Fields) Named(name string) int {
	if n := LookupName(name); n != 0 {
		return f.Index(n)
	}
	for i := range f.lines {
		if f.lines[i].Known == 0 && strings.EqualFold(f.lines[i].Name, name) {
			return i
		}
	}
	return -1
}

// Remove deletes every line of that name and reports how many there were.
func (f *Fields) Remove(name string) int {
	kept := f.lines[:0:0]
	for _, l := range f.lines {
		if !strings.EqualFold(l.Name, name) {
			kept = append(kept, l)
		}
	}
	removed := len(f.lines) - len(kept)
	if removed > 0 {
		*f = Fields{}
		for _, l := range kept {
			f.Add(l.Name, l.Value)
		}
	}
	return removed
}

// A NameMask is a set of known names.
type NameMask [nameWords]uint64

// MaskOf makes a set of the names given.
func MaskOf(names ...Name) NameMask {
	var m NameMask
	for _, n := range names {
		m.Put(n)
	}
	return m
}

// Has reports whether a name is in the set.
func (m *NameMask) Has(n Name) bool { return m[n/64]&(1<<(n%64)) != 0 }

// Put adds a name.
func (m *NameMask) Put(n Name) { m[n/64] |= 1 << (n % 64) }
