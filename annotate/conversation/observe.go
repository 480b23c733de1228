package conversation

import (
	"time"

	"sidenote/exchange"
)

// observe finds out what several rules want to know of a visit and what came
// before it, and counts it.
func (s *State) observe(p *Pass, v *Visit) {
	p.origin, p.route, p.pair = s.clocks.get(v.origin), s.routes.get(v.route), s.pairs.get(v.keys[ClientOrigin])
	if before := s.at(v.prev[ClientURI]); before != nil && before.seen[ClientURI]&(ServerError|Broken|TooMany) != 0 {
		s.observeRepeat(v, before)
	}
	p.origin.rate.add(v.Ended, v.is(ServerError))
	p.route.rate.add(v.Ended, v.is(ServerError))
	p.origin.tick(v.Started, v.is(Repeat))
	if v.reached.IsValid() {
		p.origin.connection(v)
	}
}

// observeRepeat looks for the latest try of the same that had failed.
func (s *State) observeRepeat(v, w *Visit) {
	for n := 0; w != nil && n < 8; n++ {
		if v.Started-w.Ended > int64(time.Minute) && !w.is(Limited) {
			return
		}
		if w.failed() && v.sameRequest(w) && v.follows(w) && (w.Status != 0 || w.Err != "") {
			v.Traits |= Repeat
			if d := v.Started - w.until; w.is(TooMany) && w.is(Limited) && d >= 0 && d <= int64(time.Second) {
				v.Traits |= Returned
			}
			for t := range v.seen {
				v.seen[t] |= v.Traits
			}
			return
		}
		w = s.at(w.prev[ClientURI])
	}
}

// connection counts how connecting to an address went.
func (c *clockStats) connection(v *Visit) {
	at := v.reached.Addr()
	slot := &c.addresses[0]
	for i := range c.addresses {
		a := &c.addresses[i]
		if a.at == at {
			slot = a
			break
		}
		if a.ok+a.failed < slot.ok+slot.failed {
			slot = a
		}
	}
	if slot.at != at {
		*slot = address{at: at}
	}
	f, known := v.Err.Lookup()
	switch {
	case known && (f.Phase == exchange.PhaseConnect || f.Phase == exchange.PhaseTLS):
		slot.failed++
		slot.lost += v.Ended - v.Started
	case v.Status != 0:
		slot.ok++
	}
}
