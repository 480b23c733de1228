package proxy

import "sidenote/exchange"

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
	t.Self = max(t.HeadSent-t.DNS-t.Connect-t.TLS, 0) + max(ps.x.Response.At-t.FirstByte, 0)
}

var ownFields = exchange.NamesThat(exchange.Name.IsOurs)
