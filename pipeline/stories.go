package pipeline

import (
	"sidenote/annotate"
	"sidenote/annotate/conversation"
	"sidenote/exchange"
)

// A held exchange waits until what was said with others is known of it.
type held struct {
	x     *exchange.Exchange
	notes []annotate.Note
	known bool
}

// Bounds of what is held: exchanges, and octets of their content. The eldest is
// handed on without its notes when it stands in the way; they come late.
const (
	mostHeld      = 2048
	mostHeldBytes = 16 << 20
)

// tell takes an exchange through the rules over several before it is handed on.
// a is nil while the exchange is held.
func (p *Pipeline) tell(x *exchange.Exchange, notes []annotate.Note) (a *annotate.Annotated, err error) {
	h := &held{x: x, notes: notes}
	p.held = append(p.held, h)
	p.heldBytes += weight(x)
	p.o.Stories.Add(x, p.step)
	for len(p.held) > mostHeld || p.heldBytes > mostHeldBytes && len(p.held) > 0 {
		first := p.held[0]
		if !first.known {
			p.o.Stories.LetGo(first.x)
			first.known = true
		}
		if _, err := p.handOn(); err != nil {
			return nil, err
		}
	}
	return p.handOn()
}

// step takes what was found when the rules looked at an exchange.
func (p *Pipeline) step(x *exchange.Exchange, found []conversation.Found) {
	for i := range found {
		if found[i].Late {
			p.late = append(p.late, found[i])
		}
	}
	if x == nil {
		return
	}
	for _, h := range p.held {
		if h.x != x {
			continue
		}
		before := len(h.notes)
		for i := range found {
			if !found[i].Late {
				h.notes = append(h.notes, found[i].Note)
			}
		}
		if len(h.notes) > before {
			h.notes = annotate.Suppress(annotate.DropIgnored(x, h.notes, before))
		}
		h.known = true
		return
	}
}

// handOn hands on the exchanges of which all is known, in the order in which they
// came, and then the notes on earlier ones. It returns the last of them.
func (p *Pipeline) handOn() (last *annotate.Annotated, err error) {
	for len(p.held) > 0 && p.held[0].known && err == nil {
		h := p.held[0]
		p.held[0] = nil
		p.held = p.held[1:]
		p.heldBytes -= weight(h.x)
		last, err = p.hand(h.x, h.notes)
	}
	for len(p.late) > 0 && err == nil {
		f := p.late[0]
		p.late = p.late[1:]
		err = p.handLate(&f)
	}
	if len(p.held) == 0 {
		p.held = nil
	}
	if len(p.late) == 0 {
		p.late = nil
	}
	return last, err
}

// handLate hands on a note on an exchange that was handed on before.
func (p *Pipeline) handLate(f *conversation.Found) error {
	notes := annotate.DropIgnored(f.X, []annotate.Note{f.Note}, 0)
	if len(notes) == 0 {
		return nil
	}
	a := p.judge(f.X, notes, true)
	if len(a.Notes) == 0 {
		return nil
	}
	for _, j := range p.o.Judged {
		j(a)
	}
	if p.o.Out == nil {
		return nil
	}
	return p.o.Out.Write(p.redacted(a))
}

// Finish says that nothing more comes: what waits is looked at and handed on.
// With anew, exchanges that come all the same have nothing to do with those before.
func (p *Pipeline) Finish(anew bool) error {
	if p.o.Stories == nil {
		return nil
	}
	p.o.Stories.Flush(p.step)
	if anew {
		p.o.Stories.Reset()
	}
	for _, h := range p.held {
		h.known = true
	}
	_, err := p.handOn()
	return err
}

// weight is how many octets of content an exchange holds.
func weight(x *exchange.Exchange) int {
	return len(x.Request.Content.Kept) + len(x.Response.Content.Kept)
}
