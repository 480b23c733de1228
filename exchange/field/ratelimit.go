package field

import "iter"

// A RateLimit is one member of RateLimit or RateLimit-Policy
// (draft-ietf-httpapi-ratelimit-headers): a policy's name with its parameters.
// The form that drafts before 08 had, "limit=100, remaining=50, reset=5", is
// read too, as one member without a name for each parameter.
type RateLimit struct {
	Name string // of the policy, without quotes
	Part        // the whole member

	Remaining RateNumber // r, what is left
	Reset     RateNumber // t, seconds until the quota is whole again
	Quota     RateNumber // q, how much there is in a window
	Window    RateNumber // w, its length in seconds
}

// A RateNumber is a number in a RateLimit member.
type RateNumber struct {
	N  int64 // at most MaxNumber
	At int   // where it is in the field value
	Ok bool  // it is there and is a number
}

// Is reports whether the number is there and equal to n.
func (r RateNumber) Is(n int64) bool { return r.Ok && r.N == n }

// RateLimits returns the members of a RateLimit or RateLimit-Policy value.
// Members and parameters that cannot be read are left out.
func RateLimits(s string) iter.Seq[RateLimit] {
	return func(yield func(RateLimit) bool) {
		for part := range List(s) {
			if m, ok := rateLimit(part); ok && !yield(m) {
				return
			}
		}
	}
}

func rateLimit(part Part) (m RateLimit, ok bool) {
	head := Head(part.Text)
	m = RateLimit{Part: part}
	if p := param(head); p.HasValue && head.Text[0] != '"' {
		m.set(p, part.At) // of the older form
	} else {
		m.Name = Unquote(head.Text)
	}
	for p := range Params(part.Text) {
		m.set(p, part.At)
	}
	return m, head.Text != ""
}

// set keeps a parameter whose offsets count from base.
func (m *RateLimit) set(p Param, base int) {
	n, ok := Number(p.Value)
	if !ok {
		return
	}
	v := RateNumber{N: n, At: base + p.ValueAt, Ok: true}
	switch p.Name {
	case "r", "remaining":
		m.Remaining = v
	case "t", "reset":
		m.Reset = v
	case "q", "limit":
		m.Quota = v
	case "w":
		m.Window = v
	}
}
