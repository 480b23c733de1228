package conversation

import (
	"net/netip"
	"slices"
	"time"
)

// What is counted over longer times than visits are remembered for.

// A rate counts exchanges and server errors by the minute, for an hour.
type rate struct {
	minute int64 // the latest one, since 1970
	all    [61]uint16
	errors [61]uint16
}

func (r *rate) add(at int64, isError bool) {
	minute := at / int64(time.Minute)
	switch gap := minute - r.minute; {
	case gap <= -60:
		return
	case gap >= 61 || r.minute == 0:
		*r = rate{minute: minute}
	default:
		for ; r.minute < minute; r.minute++ {
			i := (r.minute + 1) % 61
			r.all[i], r.errors[i] = 0, 0
		}
	}
	i := minute % 61
	r.all[i] = addOne(r.all[i])
	if isError {
		r.errors[i] = addOne(r.errors[i])
	}
}

func addOne(n uint16) uint16 {
	if n == 1<<16-1 {
		return n
	}
	return n + 1
}

// now sums the latest two minutes, of which the second has not ended, and before
// the rest of the hour.
func (r *rate) now() (all, errors, allBefore, errorsBefore int) {
	for i := range r.all {
		if i := int64(i); i == r.minute%61 || i == (r.minute-1)%61 {
			all += int(r.all[i])
			errors += int(r.errors[i])
			continue
		}
		allBefore += int(r.all[i])
		errorsBefore += int(r.errors[i])
	}
	return all, errors, allBefore, errorsBefore
}

// samples are the latest durations of a route.
type samples struct {
	at      [64]int32 // microseconds
	count   int
	mean    int64
	last    int64         // end of the latest, in nanoseconds
	known   time.Duration // p95, worked out when there were knownAt samples
	knownAt int
}

func (s *samples) add(d time.Duration, at int64) {
	us := int32(min(d.Microseconds(), 1<<31-1))
	s.at[s.count%len(s.at)] = us
	s.count++
	if s.mean == 0 {
		s.mean = int64(us)
	}
	s.mean += (int64(us) - s.mean) / 8
	s.last = at
}

// p95 is the duration that one in twenty exceeds.
func (s *samples) p95() time.Duration {
	n := min(s.count, len(s.at))
	if n == 0 {
		return 0
	}
	var sorted [64]int32
	copy(sorted[:], s.at[:n])
	slices.Sort(sorted[:n])
	return time.Duration(sorted[(n*95+99)/100-1]) * time.Microsecond
}

// usual is what the bodies of a route usually look like.
type usual struct {
	bodies int
	names  [mostNames]uint64
	seen   [mostNames]int
	count  int
	odd    uint32 // which of the latest bodies were not as usual, one bit each
}

func (u *usual) add(s *shape) {
	u.bodies++
	for i := range s.count {
		u.see(s.names[i])
	}
}

func (u *usual) see(name uint64) {
	for i := range u.count {
		if u.names[i]&^typeBits == name&^typeBits {
			u.seen[i]++
			if u.names[i]&typeBits == typeNull {
				u.names[i] = name
			}
			return
		}
	}
	if u.count < mostNames {
		u.names[u.count], u.seen[u.count] = name, 1
		u.count++
	}
}

// departs reports whether a body lacks a usual name, or has one with another type.
func (u *usual) departs(s *shape) bool {
	for i := range u.count {
		if u.seen[i]*100 < u.bodies*95 {
			continue
		}
		typ, ok := s.typeOf(u.names[i])
		if !ok || typ != u.names[i]&typeBits && typ != typeNull && u.names[i]&typeBits != typeNull {
			return true
		}
	}
	return false
}

// A tally of one node of a route.
type nodeTally struct {
	node       uint64
	ok, errors int
}

// routeStats are of one method and route of one origin server.
type routeStats struct {
	rate      rate
	waits     samples
	shapes    usual
	shapesFor uint64 // the names in the query of the bodies in shapes
	nodes     [4]nodeTally
	errors    int
	all       int
	slow      uint32 // which of the latest were slow, one bit each
	gaps      int
	tries     int   // conditional requests for content that had not changed
	hits      int   // that were answered with 304
	wasted    int64 // octets sent although nothing had changed
	gone      [4]cut
	done      int64 // longest success, in nanoseconds
}

// A cut counts exchanges that ended after the same time.
type cut struct {
	after int64
	times int
	last  uint64
}

// near finds the cut that a time is within a part of, or makes one.
func near(list *[4]cut, after int64, part float64) *cut {
	least := 0
	for i := range list {
		c := &list[i]
		if c.times > 0 && float64(abs(c.after-after)) <= part*float64(c.after) {
			return c
		}
		if c.times < list[least].times {
			least = i
		}
	}
	list[least] = cut{after: after}
	return &list[least]
}

// An address of an origin server, and how connecting to it went.
type address struct {
	at         netip.Addr
	ok, failed int
	lost       int64
}

// clockStats are of one origin server.
type clockStats struct {
	rate      rate
	requests  [16]uint16 // by second
	repeats   [16]uint16
	second    int64
	addresses [4]address
	cuts      [4]cut
	skews     [2]int64
	group     int
	changes   int
	since     int64
	codes     bool // it has sent Content-Encoding or Vary: Accept-Encoding
	held      int
	heldFor   time.Duration
	resets    [4]cut
}

func (c *clockStats) tick(at int64, isRepeat bool) {
	second := at / int64(time.Second)
	switch gap := second - c.second; {
	case gap < -10:
		return
	case gap >= 16 || c.second == 0:
		c.requests, c.repeats, c.second = [16]uint16{}, [16]uint16{}, second
	default:
		for ; c.second < second; c.second++ {
			i := (c.second + 1) % 16
			c.requests[i], c.repeats[i] = 0, 0
		}
	}
	i := second % 16
	c.requests[i] = addOne(c.requests[i])
	if isRepeat {
		c.repeats[i] = addOne(c.repeats[i])
	}
}

// within sums the latest seconds.
func (c *clockStats) within(d time.Duration) (requests, repeats int) {
	n := min(int64(d/time.Second), 15)
	for i := range n {
		at := (c.second - i + 16*16) % 16
		requests += int(c.requests[at])
		repeats += int(c.repeats[at])
	}
	return requests, repeats
}

// pairStats are of one client at one origin server.
type pairStats struct {
	cookieOK   int   // largest Cookie that went well
	plain      int   // responses that could have been compressed
	plainBytes int64 // and their octets
	rotations  int
	rotated    uint64 // the cookie's name
	value      uint64
	challenged [10]bool // of the latest requests, whether they were sent twice
	asked      int
	turnedAway int // by this host, while another one of the site had set a session
}
