package exchange

import (
	"io"
	"net/http"
	"slices"
	"time"
)

// A Clock says how the clock of the machine that recorded a capture stands to
// those of the servers in it.
type Clock struct {
	Behind time.Duration // of the servers' clocks; negative when it is ahead
	Agree  int           // hosts whose clocks say so
	Hosts  int           // hosts whose clocks were compared
}

// ClockTolerance is how far apart the clocks of two machines may be without a
// word: the time on the way and slow clocks explain as much.
const ClockTolerance = time.Minute

// Bounds on when clocks are taken for different, and on what is compared.
const (
	clocksAgree   = 30 * time.Second // from the middle one, either way
	maxClockHosts = 256
	aheadEntries  = 128     // readable or not
	aheadOctets   = 4 << 20 // of text, which a small file may have a lot of when it is decompressed
)

// A clockReading collects how far the Date of each host is from the time at which
// its response came.
type clockReading struct {
	offsets map[string]time.Duration
}

// add looks at one exchange. A cache makes a Date older and never newer, so that
// the newest of each host counts, and an old one with an Age does not.
func (c *clockReading) add(x *Exchange) {
	date, err := http.ParseTime(x.Response.Fields.Value(FieldDate))
	if err != nil || x.Started.IsZero() || x.Response.Made || x.Source.Lacks.Has(LacksNetwork|LacksClock) {
		return
	}
	offset := date.Sub(x.Started.Add(x.Response.At))
	if offset < 0 && x.Response.Fields.Has(FieldAge) {
		return
	}
	if c.offsets == nil {
		c.offsets = make(map[string]time.Duration)
	}
	host := x.Host()
	if known, ok := c.offsets[host]; ok && known >= offset || !ok && len(c.offsets) >= maxClockHosts {
		return
	}
	c.offsets[host] = offset
}

// judge returns how the recorder's clock stands; ok is false where it is right,
// or where only one host, or too few that agree, say that it is wrong.
func (c *clockReading) judge() (k Clock, ok bool) {
	if len(c.offsets) < 2 {
		return Clock{}, false
	}
	var all []time.Duration
	for _, o := range c.offsets {
		all = append(all, o)
	}
	slices.Sort(all)
	k = Clock{Behind: all[len(all)/2], Hosts: len(all)}
	for _, o := range all {
		if (o - k.Behind).Abs() <= clocksAgree {
			k.Agree++
		}
	}
	return k, k.Behind.Abs() > ClockTolerance && k.Agree >= 2 && 2*k.Agree > k.Hosts
}

// An ahead holds the first exchanges of a capture back until its clock is judged.
type ahead struct {
	c      Capture
	text   countingReader // of all texts in the file
	clock  clockReading
	held   []heldBack
	given  bool // nothing is held any more
	lacks  Lacks
	gaveUp error    // of the caller's functions
	files  harFiles // beside the HAR; nil for none
}

// heldBack is an exchange, or what is wrong with an entry.
type heldBack struct {
	x   *Exchange
	bad *EntryError
}

type countingReader struct {
	io.Reader
	n int64
}

func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.n += int64(n)
	return n, err
}

// capture is what the reader hands on to.
func (a *ahead) capture() Capture {
	c := a.c
	c.Exchange = a.exchange
	if c.Bad != nil {
		c.Bad = a.bad
	}
	return c
}

func (a *ahead) exchange(x *Exchange) error {
	if a.given {
		return a.give(heldBack{x: x})
	}
	a.clock.add(x)
	return a.hold(heldBack{x: x})
}

func (a *ahead) bad(e *EntryError) error {
	if a.given {
		return a.c.Bad(e)
	}
	return a.hold(heldBack{bad: e})
}

// hold keeps one more back, until that is enough.
func (a *ahead) hold(h heldBack) error {
	a.held = append(a.held, h)
	if len(a.held) >= aheadEntries || a.text.n >= aheadOctets {
		return a.release()
	}
	return nil
}

// release judges the clock and hands on what was held back.
func (a *ahead) release() error {
	if a.given {
		return nil
	}
	a.given = true
	if k, wrong := a.clock.judge(); wrong {
		a.lacks = LacksClock
		if a.c.About != nil {
			a.c.About.Clock = k
		}
	}
	held := a.held
	a.held = nil
	for i, h := range held {
		held[i] = heldBack{} // once judged, it may hold far more, such as its content decoded
		if err := a.give(h); err != nil {
			a.gaveUp = err
			return err
		}
	}
	return nil
}

func (a *ahead) give(h heldBack) error {
	if h.bad != nil {
		return a.c.Bad(h.bad)
	}
	h.x.Source.Lacks |= a.lacks
	return a.c.Exchange(h.x)
}
