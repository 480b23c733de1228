package sink

import (
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A FieldMode says what of the notes goes into the response itself.
type FieldMode uint8

// The modes, by the values of --annotate.
const (
	FieldsOff     FieldMode = iota
	FieldsSummary           // Sidenote-Exchange alone
	FieldsFull
)

// ParseFieldMode reads "off", "summary" or "full"; ok is false for anything else.
func ParseFieldMode(s string) (m FieldMode, ok bool) {
	switch s {
	case "off":
		return FieldsOff, true
	case "summary":
		return FieldsSummary, true
	case "full":
		return FieldsFull, true
	}
	return FieldsOff, false
}

// ResponseFields are the values of the fields to add to a response; "" means
// not to add the field. They are structured fields (RFC 9651), except Timing,
// which follows Server-Timing's grammar. Append each as its own field line; it
// replaces none.
type ResponseFields struct {
	Notes    string // Sidenote, a list
	Exchange string // Sidenote-Exchange, an item
	Timing   string // Server-Timing
}

// AppendTo appends a line for each field that there is.
func (f ResponseFields) AppendTo(lines []exchange.Line) []exchange.Line {
	for _, field := range [...]struct {
		name  exchange.Name
		value string
	}{{exchange.FieldSidenote, f.Notes}, {exchange.FieldSidenoteExchange, f.Exchange}, {exchange.FieldServerTiming, f.Timing}} {
		if field.value != "" {
			lines = append(lines, exchange.Line{Name: field.name.String(), Value: field.value, Known: field.name})
		}
	}
	return lines
}

// The bounds of the Sidenote field.
const (
	maxFieldNotes  = 12
	maxFieldOctets = 2048
)

// MakeResponseFields makes the fields for a response whose head is about to be
// passed on. There are none on an interim response, on the answer to CONNECT,
// and on a 304, whose fields would be stored by a cache (RFC 9110 §15.4.5).
// A rule is named once, however many notes it has; errors come first, and what a
// baseline accepts comes last, marked as accepted.
func MakeResponseFields(x *exchange.Exchange, notes []annotate.Note, mode FieldMode) (f ResponseFields) {
	s := x.Response.Status
	if mode == FieldsOff || s < 200 || s == 304 || x.Request.Method == "CONNECT" {
		return f
	}
	var scratch [1024]byte
	b := scratch[:0]
	var indexes [16]int
	chosen := worstPerRule(notes, indexes[:0])
	left := len(chosen)
	if mode == FieldsFull {
		b, left = appendNotes(b, notes, chosen)
	}
	notesEnd := len(b)
	b = appendExchange(b, x, notes, left)
	exchangeEnd := len(b)
	if mode == FieldsFull {
		b = appendServerTiming(b, &x.Timing)
	}
	all := string(b)
	return ResponseFields{Notes: all[:notesEnd], Exchange: all[notesEnd:exchangeEnd], Timing: all[exchangeEnd:]}
}

// worstPerRule returns the index of one note for each rule, the worst first, and
// those that a baseline accepts last. It appends to scratch.
func worstPerRule(notes []annotate.Note, scratch []int) []int {
	for _, accepted := range [...]bool{false, true} {
		for severity := annotate.Error; severity >= annotate.Info; severity-- {
			for i := range notes {
				n := &notes[i]
				if n.Severity == severity && (n.Accepted != "") == accepted && !hasRule(notes, scratch, n.Rule) {
					scratch = append(scratch, i)
				}
			}
		}
	}
	return scratch
}

func hasRule(notes []annotate.Note, among []int, r *annotate.Rule) bool {
	for _, i := range among {
		if notes[i].Rule == r {
			return true
		}
	}
	return false
}

// appendNotes writes the Sidenote field and says how many of the notes did not
// fit.
func appendNotes(b []byte, notes []annotate.Note, chosen []int) (_ []byte, left int) {
	for written, i := range chosen {
		start := len(b)
		if written > 0 {
			b = append(b, ", "...)
		}
		b = appendNote(b, &notes[i])
		if written == maxFieldNotes || len(b) > maxFieldOctets {
			return b[:start], len(chosen) - written
		}
	}
	return b, 0
}

func appendNote(b []byte, n *annotate.Note) []byte {
	b = append(b, n.Rule.ID...)
	b = append(append(b, ";sev="...), n.Severity.String()...)
	if n.Blame != annotate.ByNobody {
		b = append(append(b, ";by="...), n.Blame...)
	}
	if len(n.Rule.Refs) > 0 {
		b = append(b, `;ref="`...)
		b = appendRef(b, n.Rule.Refs[0])
		b = append(b, '"')
	}
	if n.Accepted != "" {
		b = append(b, ";accepted"...)
	}
	return b
}

// appendRef writes "RFC 9110 §15.5.2" as "RFC9110#15.5.2": the characters that
// a string of RFC 9651 §3.3.3 can hold, without spaces.
func appendRef(b []byte, ref string) []byte {
	for i := 0; i < len(ref); i++ {
		c := ref[i]
		switch {
		case strings.HasPrefix(ref[i:], "§"):
			b = append(b, '#')
			i += len("§") - 1
		case c > ' ' && c < 0x7f && c != '"' && c != '\\':
			b = append(b, c)
		}
	}
	return b
}

func appendExchange(b []byte, x *exchange.Exchange, notes []annotate.Note, left int) []byte {
	b = append(b, '"')
	b = appendRef(b, x.ID)
	b = append(b, `";v=1;class=`...)
	b = append(b, annotate.ClassOf(x)...)
	b = append(append(b, ";verdict="...), annotate.Worst(notes).String()...)
	b = append(b, ";phase=headers;more="...)
	return strconv.AppendInt(b, int64(left), 10)
}

// appendServerTiming writes the phases known when the head came, in milliseconds.
func appendServerTiming(b []byte, t *exchange.Timing) []byte {
	start := len(b)
	for _, m := range [...]struct {
		name string
		d    time.Duration
	}{{"sn-dns", t.DNS}, {"sn-connect", t.Connect}, {"sn-tls", t.TLS}, {"sn-wait", t.Wait()}, {"sn-self", t.Self}} {
		if m.d <= 0 {
			continue
		}
		if len(b) > start {
			b = append(b, ", "...)
		}
		b = append(append(b, m.name...), ";dur="...)
		b = strconv.AppendFloat(b, float64(m.d)/float64(time.Millisecond), 'f', 1, 64)
	}
	return b
}
