package exchange

// shallow returns a copy of x that can be changed on its own, except for what
// its field sections and contents hold, which both share. What was decoded of a
// content is not in it.
func (x *Exchange) shallow() *Exchange {
	y := &Exchange{
		ID: x.ID, Run: x.Run, Started: x.Started, Scheme: x.Scheme, Authority: x.Authority,
		Client: x.Client, Origin: x.Origin, Tunnel: x.Tunnel, Timing: x.Timing, Err: x.Err, Changed: x.Changed,
		Trace: x.Trace, Source: x.Source, Messages: x.Messages, WindowStalls: x.WindowStalls,
	}
	y.Request.Method, y.Request.Target, y.Request.Protocol = x.Request.Method, x.Request.Target, x.Request.Protocol
	y.Request.copyFrom(&x.Request.Message)
	y.Response.copyFrom(&x.Response)
	if x.Interim != nil {
		y.Interim = make([]Response, len(x.Interim))
	}
	for i := range x.Interim {
		y.Interim[i].copyFrom(&x.Interim[i])
	}
	return y
}

func (r *Response) copyFrom(from *Response) {
	r.Status, r.Reason, r.Made, r.At = from.Status, from.Reason, from.Made, from.At
	r.Message.copyFrom(&from.Message)
}

func (m *Message) copyFrom(from *Message) {
	m.Version, m.Fields, m.Trailers, m.RawHead = from.Version, from.Fields, from.Trailers, from.RawHead
	m.Pseudo, m.NeverIndexed = from.Pseudo, from.NeverIndexed
	to, c := &m.Content, &from.Content
	to.Size, to.Kept, to.Truncated = c.Size, c.Kept, c.Truncated
	to.Complete, to.SHA256, to.Unhashed, to.Decoded = c.Complete, c.SHA256, c.Unhashed, c.Decoded
}
