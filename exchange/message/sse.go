package message

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"sidenote/exchange"
)

// lines cuts a stream into lines that end in LF, CR or CR LF, or in LF alone.
type lines struct {
	most   int // octets kept of a line
	onlyLF bool
	line   []byte
	size   int64 // octets of the line, with those that are not kept
	wire   int64 // octets since the last call of reset, line ends included
	cr     bool  // the last octet was CR
	one    func(line []byte, size int64, at time.Duration)
}

// take reads octets, and calls one for each line.
func (l *lines) take(p []byte, at time.Duration) {
	for len(p) > 0 {
		if l.cr {
			l.cr = false
			if p[0] == '\n' {
				l.wire++
				p = p[1:]
				continue
			}
		}
		end := bytes.IndexByte(p, '\n')
		if !l.onlyLF {
			if cr := bytes.IndexByte(p[:max(end, 0)], '\r'); cr >= 0 {
				end = cr
			} else if end < 0 {
				end = bytes.IndexByte(p, '\r')
			}
		}
		if end < 0 {
			l.add(p)
			return
		}
		l.add(p[:end])
		l.wire++
		l.cr = p[end] == '\r'
		p = p[end+1:]
		l.one(l.line, l.size, at)
		l.line, l.size = l.line[:0], 0
	}
}

func (l *lines) add(p []byte) {
	l.size += int64(len(p))
	l.wire += int64(len(p))
	if room := l.most - len(l.line); room > 0 {
		l.line = append(l.line, p[:min(room, len(p))]...)
	}
}

// mostName bounds the octets of a field name and of an event's type and ID.
const mostName = 1 << 10

// events reads an event stream (HTML §9.2.6).
type events struct {
	o     Options
	in    lines
	first bool // no line has come yet

	m       exchange.StreamMessage
	begun   bool // the block has a line
	hasData bool
	comment bool // the block has comments alone, so far
}

func newEvents(o Options) Reader {
	e := &events{o: o, first: true}
	e.in = lines{most: o.Keep + mostName, one: e.line}
	e.reset()
	return e
}

func (e *events) reset() {
	e.m = exchange.StreamMessage{FromClient: e.o.FromClient, Kind: exchange.KindEvent}
	e.begun, e.hasData, e.comment = false, false, true
	e.in.wire = 0
}

// Take reads octets of the stream.
func (e *events) Take(p []byte, at time.Duration) { e.in.take(p, at) }

// line takes one line: a field, a comment, or the end of an event.
func (e *events) line(line []byte, size int64, at time.Duration) {
	if e.first {
		e.first = false
		if rest, ok := bytes.CutPrefix(line, []byte("\ufeff")); ok {
			line, size = rest, size-3
			addFault(&e.m, exchange.FaultBOM, "")
		}
	}
	if size == 0 {
		e.end(at)
		return
	}
	e.begun = true
	name, value, _ := bytes.Cut(line, []byte(":"))
	valueSize := size - int64(len(name)) - 1
	if len(value) > 0 && value[0] == ' ' {
		value, valueSize = value[1:], valueSize-1
	}
	valueSize = max(valueSize, 0)
	if bad := firstInvalid(line); bad >= 0 && size == int64(len(line)) {
		addFault(&e.m, exchange.FaultInvalidUTF8, fmt.Sprintf("byte %d of a line", bad+1))
	}
	if len(name) == 0 {
		if e.comment {
			e.addData(value, valueSize)
		}
		return
	}
	if e.comment { // what was kept of comments does not belong to the event
		e.comment, e.hasData = false, false
		e.m.Content, e.m.Size, e.m.Truncated = e.m.Content[:0], 0, false
	}
	e.field(string(name[:min(len(name), mostName)]), value, valueSize)
}

// field takes a field of the event.
func (e *events) field(name string, value []byte, size int64) {
	switch name {
	case "data":
		e.addData(value, size)
	case "event":
		e.m.Name = short(value)
	case "id":
		if bytes.IndexByte(value, 0) >= 0 {
			addFault(&e.m, exchange.FaultIDNul, "")
			return
		}
		e.m.ID = short(value)
	case "retry":
		if len(value) == 0 || strings.Trim(string(value), "0123456789") != "" {
			addFault(&e.m, exchange.FaultRetry, fmt.Sprintf("%.60q", value))
		}
	default:
		addFault(&e.m, exchange.FaultFieldUnknown, fmt.Sprintf("%.60q", name))
	}
}

func short(b []byte) string { return string(b[:min(len(b), mostName)]) }

// addData adds a line to the data.
func (e *events) addData(value []byte, size int64) {
	m := &e.m
	if e.hasData {
		m.Size++
		m.Content, m.Truncated = keep(m.Content, []byte{'\n'}, e.o.Keep, m.Truncated)
	}
	e.hasData = true
	m.Size += size
	m.Content, m.Truncated = keep(m.Content, value, e.o.Keep, m.Truncated)
	m.Truncated = m.Truncated || int64(len(value)) < size
}

// end ends an event. One without data is not dispatched: what it sets holds for
// those that follow.
func (e *events) end(at time.Duration) {
	if !e.begun {
		if len(e.m.Faults) == 0 {
			e.in.wire = 0
		}
		return
	}
	e.emit(at)
}

func (e *events) emit(at time.Duration) {
	m := e.m
	if e.comment {
		m.Kind = exchange.KindComment
	}
	m.At, m.Wire = at, e.in.wire
	e.reset()
	e.o.Emit(&m)
}

// End says when the stream ended within an event, which is then lost.
func (e *events) End(at time.Duration, _ bool) {
	if e.in.size > 0 {
		e.line(e.in.line, e.in.size, at)
		e.in.size = 0
	}
	if !e.begun {
		return
	}
	if !e.comment {
		addFault(&e.m, exchange.FaultUnfinished, "")
	}
	e.emit(at)
}
