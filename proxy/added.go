package proxy

import (
	"net/http"

	"sidenote/exchange"
)

// ownTime works out what we spent on the head ourselves: before the request
// head was sent, connecting aside, and since the response began.
func (ps *passage) ownTime() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.recordProgress()
	t := &ps.x.Timing
	if t.HeadSent == 0 || t.FirstByte == 0 {
		return
	}
	t.Self = max(t.HeadSent-t.DNS-t.Connect-t.TLS, 0) + max(ps.since()-t.FirstByte, 0)
}

func linesOf(h http.Header) []exchange.Line {
	if len(h) == 0 {
		return nil
	}
	lines := make([]exchange.Line, 0, len(h)+1)
	for _, name := range addedNames {
		for _, v := range h[name] {
			lines = append(lines, exchange.Line{Name: name, Value: v})
		}
	}
	for name, values := range h {
		if isAddedName(name) {
			continue
		}
		for _, v := range values {
			lines = append(lines, exchange.Line{Name: name, Value: v})
		}
	}
	return lines
}

// addedNames is the order of the fields that sidenote adds.
var addedNames = [...]string{exchange.FieldSidenote.String(), exchange.FieldSidenoteExchange.String(), exchange.FieldServerTiming.String()}

var ownFields = exchange.NamesThat(exchange.Name.IsOurs)

func isAddedName(name string) bool {
	for _, n := range addedNames {
		if n == name {
			return true
		}
	}
	return false
}
