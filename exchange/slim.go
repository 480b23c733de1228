package exchange

// Slim returns a copy of x to keep, with at most that many octets of each
// message's content, and without its decoded form. It returns x itself if the
// copy would not be smaller. Call it only after the exchange has ended.
func (x *Exchange) Slim(most int) *Exchange {
	if x.Request.isSlim(most) && x.Response.isSlim(most) {
		return x
	}
	y := x.shallow()
	y.effect.Store(x.Effective()) // which content that is cut may not tell
	if op := x.Operation(); op.Protocol != "" {
		y.operation.Store(&op)
	}
	y.Request.Content.cut(most)
	y.Response.Content.cut(most)
	return y
}

func (m *Message) isSlim(most int) bool {
	c := &m.Content
	return len(c.Kept) <= most && (len(c.Kept) == 0 || c.Decoded || !m.Fields.Has(FieldContentEncoding))
}

// cut keeps so many octets at most.
func (c *Content) cut(most int) {
	if len(c.Kept) > most {
		c.KeepDigest()
		c.Kept = append([]byte(nil), c.Kept[:most]...) // which frees the rest
		c.Truncated = true
	}
}

// Sizes of what an exchange is made of, in octets of memory; a test measures them.
const (
	memoryOfExchange = 1600
	memoryOfLine     = 64
	memoryOfStall    = 64
)

// Memory estimates how many octets of memory a slim exchange holds.
func (x *Exchange) Memory() int64 {
	n := int64(memoryOfExchange) + int64(len(x.Request.Target)+len(x.Authority))
	n += x.Request.memory() + x.Response.memory() + x.Messages.Memory()
	for i := range x.Interim {
		n += 512 + x.Interim[i].memory()
	}
	n += int64(cap(x.WindowStalls)) * memoryOfStall
	if x.Err != nil {
		n += int64(len(x.Err.Detail)) + 64
	}
	return n
}

func (m *Message) memory() int64 {
	n := int64(len(m.RawHead) + cap(m.Content.Kept) + 16*cap(m.Pseudo) + 8*cap(m.NeverIndexed))
	n += n / 16 // what lies idle between pieces of memory
	for _, f := range []*Fields{&m.Fields, &m.Trailers} {
		n += int64(f.Len()) * memoryOfLine
		if m.RawHead != "" { // of which the lines are parts
			continue
		}
		for _, l := range f.All() {
			n += int64(len(l.Name) + len(l.Value))
		}
	}
	return n
}
