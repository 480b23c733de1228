package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sidenote/exchange"
)

// recordSeparator begins each text of a JSON text sequence (RFC 7464 §2.2).

// jsonLines reads newline-delimited JSON.
type jsonLines struct {
	o  Options
	in lines
}

func newLines(o Options) Reader {
	l := &jsonLines{o: o}
	l.in = lines{most: o.Keep, onlyLF: true, one: func(line []byte, size int64, at time.Duration) { l.line(line, size, at, true) }}
	return l
}

// Take reads octets of lines.
func (l *jsonLines) Take(p []byte, at time.Duration) { l.in.take(p, at) }

func (l *jsonLines) line(line []byte, size int64, at time.Duration, ended bool) {
	wire := l.in.wire
	l.in.wire = 0
	text := bytes.Trim(line, "\x1e \t\r")
	if len(text) == 0 && size == int64(len(line)) {
		return // an empty line keeps the connection alive
	}
	m := &exchange.StreamMessage{
		FromClient: l.o.FromClient, At: at, Kind: exchange.KindLine, Size: size - int64(len(line)-len(text)), Wire: wire,
		Content: bytes.Clone(text), Truncated: size > int64(len(line)),
	}
	switch {
	case m.Truncated:
	case !json.Valid(text) && !ended:
		addFault(m, exchange.FaultUnfinished, "")
	case !json.Valid(text):
		addFault(m, exchange.FaultJSON, whyNotJSON(text))
	}
	l.o.Emit(m)
}

// whyNotJSON says what is wrong with a text.
func whyNotJSON(text []byte) string {
	var any json.RawMessage
	err := json.Unmarshal(text, &any)
	var s *json.SyntaxError
	if errors.As(err, &s) {
		return fmt.Sprintf("byte %d: %s", s.Offset, s.Error())
	}
	return ""
}

// End takes a last line that has no end.
func (l *jsonLines) End(at time.Duration, _ bool) {
	if l.in.size > 0 {
		l.line(l.in.line, l.in.size, at, false)
		l.in.size = 0
	}
}
