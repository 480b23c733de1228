package h1

import (
	"strings"

	"sidenote/exchange"
)

// A LineSet is a set of line indexes, small ones without allocation.
type LineSet struct {
	low  uint64
	high map[int]bool
}

// Add puts an index into the set.
func (s *LineSet) Add(i int) {
	if i < 64 {
		s.low |= 1 << i
		return
	}
	if s.high == nil {
		s.high = make(map[int]bool)
	}
	s.high[i] = true
}

// Has reports whether an index is in the set.
func (s *LineSet) Has(i int) bool {
	if i < 64 {
		return s.low&(1<<i) != 0
	}
	return s.high[i]
}

// Empty reports whether nothing is in the set.
func (s *LineSet) Empty() bool { return s.low == 0 && s.high == nil }

// An Outgoing is a head that is passed on: the lines of one that came, as they
// came, but for those that are left out, changed or added.
type Outgoing struct {
	Start  string           // start line without its end; "" for that of Head
	Head   *Head            // nil where no octets were received
	Fields *exchange.Fields // written where there is no Head
	Skip   LineSet          // indexes of lines that are left out
	First  []exchange.Line  // before all others
	Host   string           // the value of Host in place of the received one; "" leaves it
	Length string           // the value of Content-Length in place of the received one; "" leaves it
	Added  []exchange.Line  // after all others
	Tidy   bool             // line ends become CRLF, and folded lines one
}

// Append appends the head to b.
func (o *Outgoing) Append(b []byte) []byte {
	end := "\r\n"
	if o.Head == nil || o.Tidy {
		b = o.appendFields(b)
	} else {
		b = o.appendRaw(b)
		end = o.Head.Raw[len(o.Head.Raw)-emptyLine(o.Head.Raw):]
	}
	for i := range o.Added {
		b = AppendField(b, o.Added[i].Name, o.Added[i].Value)
	}
	return append(b, end...)
}

// appendFields appends the lines as their names and values say.
func (o *Outgoing) appendFields(b []byte) []byte {
	f := o.Fields
	if o.Start != "" {
		b = append(b, o.Start...)
	}
	if o.Head != nil {
		if f = &o.Head.Fields; o.Start == "" {
			b = append(b, o.Head.Start...)
		}
	}
	b = o.appendFirst(append(b, "\r\n"...))
	for i, l := range f.All() {
		if !o.Skip.Has(i) {
			b = AppendField(b, l.Name, o.value(l))
		}
	}
	return b
}

func (o *Outgoing) appendFirst(b []byte) []byte {
	for i := range o.First {
		b = AppendField(b, o.First[i].Name, o.First[i].Value)
	}
	return b
}

// value is what a line says when it is passed on.
func (o *Outgoing) value(l *exchange.Line) string {
	switch {
	case l.Known == exchange.FieldHost && o.Host != "":
		return o.Host
	case l.Known == exchange.FieldContentLength && o.Length != "":
		return o.Length
	}
	return l.Value
}

// appendRaw appends the lines as they came.
func (o *Outgoing) appendRaw(b []byte) []byte {
	raw := o.Head.Raw
	if o.Start == "" {
		b = append(b, raw[:o.Head.after]...)
	} else {
		b = append(append(b, o.Start...), "\r\n"...)
	}
	b = o.appendFirst(b)
	rest := raw[o.Head.after:]
	if o.Skip.Empty() && o.Host == "" && o.Length == "" {
		return append(b, rest[:len(rest)-emptyLine(rest)]...)
	}
	for i, l := range o.Head.Fields.All() {
		var line string
		line, rest = cutFieldLine(rest)
		switch v := o.value(l); {
		case o.Skip.Has(i):
		case v != l.Value:
			b = AppendField(b, l.Name, v)
		default:
			b = append(b, line...)
		}
	}
	return b
}

// emptyLine is the length of the line that ends a head.
func emptyLine(raw string) int {
	if strings.HasSuffix(raw, "\r\n") {
		return 2
	}
	return 1
}

// cutFieldLine cuts the first field line off, with the lines that continue it.
func cutFieldLine(s string) (line, rest string) {
	for i := 0; ; {
		n := strings.IndexByte(s[i:], '\n')
		if n < 0 {
			return s, ""
		}
		if i += n + 1; i == len(s) || s[i] != ' ' && s[i] != '\t' {
			return s[:i], s[i:]
		}
	}
}

// AppendField appends a field line.
func AppendField(b []byte, name, value string) []byte {
	return append(exchange.AppendFieldLine(b, name, value), "\r\n"...)
}

// Unsafe reports whether the lines of a head cannot be passed on as they came,
// since another reader could find another end of the message in them: a folded
// line that frames the message if it is taken for one of its own, or a bare LF
// in a head that says how the content is framed, or at its end.
func (h *Head) Unsafe() bool {
	return h.badFold || h.bareLF && (h.framed || !strings.HasSuffix(h.Raw, "\r\n\r\n"))
}

// LeaveOut has an outgoing head say where its message ends once and clearly. It
// reports whether that changes anything.
func (o *Outgoing) LeaveOut(f *Frame) bool {
	o.Length = f.Plain
	if f.Extra.Empty() {
		return f.Plain != ""
	}
	o.Skip.low |= f.Extra.low
	for i := range f.Extra.high {
		o.Skip.Add(i)
	}
	return true
}
