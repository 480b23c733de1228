package proxy

import (
	"bytes"
	"slices"
	"strings"

	"sidenote/exchange"
)

// A headWriter replaces the head that net/http writes by one made from the
// record. net/http decides the framing only: which of Content-Length,
// Transfer-Encoding, Trailer and Connection the message has.
type headWriter struct {
	pending *outgoingHead
	held    []byte // of a head that net/http has not written whole
	out     []byte // used anew for each head
}

// keepHead is the largest buffer that a connection keeps for its next head.
const keepHead = 16 << 10

// An outgoingHead is a head about to be forwarded.
type outgoingHead struct {
	start   string           // start line without its end
	fields  *exchange.Fields // as received; hop-by-hop lines are left out
	skip    lineSet          // indexes of lines that are not forwarded
	host    string           // Host in place of the received one; "" leaves it
	added   []exchange.Line  // put at the end
	status  int              // 0 for a request
	upgrade bool             // Upgrade is passed through, and Connection with it
	noBody  bool             // framing fields are data, not framing: HEAD, 1xx, 204, 304
}

// lineSet is a set of line indexes, small ones without allocation.
type lineSet struct {
	low  uint64
	high map[int]bool
}

func (s *lineSet) add(i int) {
	if i < 64 {
		s.low |= 1 << i
		return
	}
	if s.high == nil {
		s.high = make(map[int]bool)
	}
	s.high[i] = true
}

func (s *lineSet) has(i int) bool {
	if i < 64 {
		return s.low&(1<<i) != 0
	}
	return s.high[i]
}

// rewrite takes octets that net/http writes. It returns what to write instead;
// nothing while a head is incomplete.
func (w *headWriter) rewrite(p []byte) []byte {
	if w.pending == nil {
		return p
	}
	if len(w.held) > 0 {
		p = append(w.held, p...)
	}
	end := headEnd(p, 0)
	if end < 0 {
		w.held = append(w.held[:0:0], p...)
		return nil
	}
	w.held = nil
	if w.pending.status != 100 && bytes.HasPrefix(p, continueLine) {
		return p // net/http's own answer to Expect; the head is still to come
	}
	out := append(w.pending.compose(w.out[:0], p[:end]), p[end:]...)
	w.pending = nil
	if w.out = out; cap(out) > keepHead {
		w.out = nil
	}
	return out
}

var continueLine = []byte("HTTP/1.1 100 ")

// compose appends the head to b. made is the head that net/http wrote.
func (h *outgoingHead) compose(b, made []byte) []byte {
	var framing [8]framingLine
	decided := framingOf(framing[:0], made)
	b = append(append(b, h.start...), "\r\n"...)
	if h.host != "" && !h.fields.Has(exchange.FieldHost) {
		b = appendField(b, "Host", h.host)
	}
	for i, l := range h.fields.All() {
		if h.skip.has(i) {
			continue
		}
		switch l.Known {
		case exchange.FieldHost:
			b = appendField(b, l.Name, h.hostValue(l.Value))
			continue
		case exchange.FieldContentLength, exchange.FieldTransferEncoding, exchange.FieldTrailer, exchange.FieldConnection:
			if !h.keepFraming(l, decided) {
				continue
			}
		}
		b = appendField(b, l.Name, l.Value)
	}
	for i := range decided {
		if !decided[i].written {
			b = appendField(b, decided[i].name, decided[i].value)
		}
	}
	for i := range h.added {
		b = appendField(b, h.added[i].Name, h.added[i].Value)
	}
	return append(b, "\r\n"...)
}

func (h *outgoingHead) hostValue(received string) string {
	if h.host != "" {
		return h.host
	}
	return received
}

// keepFraming decides whether a framing line goes out as it was received: where
// net/http decided the same, and where it does not frame anything.
func (h *outgoingHead) keepFraming(l *exchange.Line, decided []framingLine) bool {
	for i := range decided {
		d := &decided[i]
		if d.known != l.Known {
			continue
		}
		same := !d.written && (d.known == exchange.FieldTrailer || strings.EqualFold(d.value, l.Value))
		d.written = d.written || same
		return same
	}
	switch {
	case l.Known == exchange.FieldConnection:
		return h.upgrade && hasToken(l.Value, "upgrade")
	case h.noBody:
		return true
	case l.Known == exchange.FieldContentLength && l.Value == "0" && len(decided) == 0:
		return true // an empty message says the same with and without it
	case l.Known == exchange.FieldTrailer:
		return hasFraming(decided, exchange.FieldTransferEncoding)
	}
	return false
}

// consumesConnection reports whether a Connection field is not forwarded.
func consumesConnection(f *exchange.Fields, upgrade bool) bool {
	for _, l := range f.Each(exchange.FieldConnection) {
		if !upgrade || !hasToken(l.Value, "upgrade") {
			return true
		}
	}
	return false
}

func hasFraming(decided []framingLine, n exchange.Name) bool {
	for i := range decided {
		if decided[i].known == n {
			return true
		}
	}
	return false
}

type framingLine struct {
	known       exchange.Name
	name, value string
	written     bool
}

// framingOf picks the framing lines out of a head that net/http wrote.
func framingOf(to []framingLine, made []byte) []framingLine {
	_, rest, _ := bytes.Cut(made, []byte("\r\n"))
	for len(rest) > 2 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 {
			continue
		}
		value := bytes.TrimSpace(line[colon+1:])
		if n := framingName(line[:colon]); n != 0 && len(value) > 0 {
			to = append(to, framingLine{known: n, name: n.String(), value: string(value)})
		}
	}
	return to
}

// framingName knows the four names in the case in which net/http writes them.
func framingName(b []byte) exchange.Name {
	switch string(b) {
	case "Content-Length":
		return exchange.FieldContentLength
	case "Transfer-Encoding":
		return exchange.FieldTransferEncoding
	case "Trailer":
		return exchange.FieldTrailer
	case "Connection":
		return exchange.FieldConnection
	}
	return 0
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, value...), "\r\n"...)
}

// hopByHop marks the lines of a message that are for this hop only
// (RFC 9110 §7.6.1): those that Connection names, and those that act as if it
// did. An upgrade is kept whole, since it is passed through. It reports
// whether any line was marked beside framing and Connection itself.
func hopByHop(f *exchange.Fields, upgrade bool, skip *lineSet) (any bool) {
	mark := func(n exchange.Name) {
		for i := range f.Each(n) {
			skip.add(i)
			any = true
		}
	}
	if f.HasAny(&hopMask) {
		for _, n := range hopNames {
			if upgrade && n == exchange.FieldUpgrade {
				continue
			}
			mark(n)
		}
		for i, l := range f.Each(exchange.FieldTE) {
			if !upgrade && !strings.EqualFold(l.Value, "trailers") {
				skip.add(i)
				any = true
			}
		}
	}
	for _, c := range f.Each(exchange.FieldConnection) {
		for option := range strings.SplitSeq(c.Value, ",") {
			if option = strings.Trim(option, " \t"); option == "" || isOwnOption(option) {
				continue
			}
			for i, l := range f.All() {
				if strings.EqualFold(l.Name, option) && !(upgrade && l.Known == exchange.FieldUpgrade) &&
					l.Known != exchange.FieldHost && !isFraming(l.Known) && l.Known != exchange.FieldTE {
					skip.add(i)
					any = true
				}
			}
		}
	}
	return any
}

// isOwnOption knows the connection options that name no field.
func isOwnOption(s string) bool {
	return strings.EqualFold(s, "close") || strings.EqualFold(s, "keep-alive")
}

func isFraming(n exchange.Name) bool {
	return n == exchange.FieldContentLength || n == exchange.FieldTransferEncoding || n == exchange.FieldTrailer
}

// hopNames are fields of one hop even where Connection does not name them.
var hopNames = exchange.NamesThat(exchange.Name.IsConsumed)

var hopMask = exchange.MaskOf(append(slices.Clip(hopNames), exchange.FieldTE)...)

// hasToken reports whether a comma-separated list has a member, compared without case.
func hasToken(list, token string) bool {
	for member := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(member, " \t"), token) {
			return true
		}
	}
	return false
}
