package store

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"sidenote/annotate/filter"
)

// A Query asks for a window of the exchanges that a filter lets through.
type Query struct {
	Filter *filter.Filter // nil for all
	Order  Order          // ByTime when empty
	Down   bool           // the greatest first; ByTime goes up only
	From   uint64         // ordinal of the first one wanted; see Window.Base
	Tail   bool           // the last ones, whatever From says
	Limit  int
	// Within bounds the time for looking at entries, when a filter is new; 0
	// for no bound. What is not looked at then is left to the next queries with
	// the same filter, which may take three times as long.
	Within time.Duration
}

// later is how much longer than the first query with a filter another may take:
// who has some entries can wait for more.
const later = 3

// An Order is what entries are sorted by.
type Order string

// The orders.
const (
	ByTime     Order = "time"
	ByStatus   Order = "status"
	ByMethod   Order = "method"
	ByHost     Order = "host"
	ByPath     Order = "path"
	ByType     Order = "type"
	BySize     Order = "size"
	ByDuration Order = "duration"
	ByVerdict  Order = "verdict"
)

var orders = map[Order]func(a, b *Entry) int{
	ByTime:     func(a, b *Entry) int { return cmp.Compare(a.Seq, b.Seq) },
	ByStatus:   func(a, b *Entry) int { return cmp.Compare(a.Status, b.Status) },
	ByMethod:   func(a, b *Entry) int { return strings.Compare(a.X.Request.Method, b.X.Request.Method) },
	ByHost:     func(a, b *Entry) int { return strings.Compare(a.Host, b.Host) },
	ByPath:     func(a, b *Entry) int { return strings.Compare(a.Path, b.Path) },
	ByType:     func(a, b *Entry) int { return strings.Compare(a.Type, b.Type) },
	BySize:     func(a, b *Entry) int { return cmp.Compare(a.X.Response.Content.Size, b.X.Response.Content.Size) },
	ByDuration: func(a, b *Entry) int { return cmp.Compare(a.X.Timing.Done, b.X.Timing.Done) },
	ByVerdict:  func(a, b *Entry) int { return cmp.Compare(a.Verdict, b.Verdict) },
}

// IsValid reports whether there is such an order.
func (o Order) IsValid() bool { return o == "" || orders[o] != nil }

// A Window is the answer to a Query.
type Window struct {
	Entries []Entry // in the order asked for
	From    uint64  // ordinal of the first of Entries
	// Base is the ordinal of the first entry that there is, and so the number
	// of entries that were let through and are gone: the others keep their
	// ordinals. In any order but ByTime it is 0.
	Base  uint64
	Total int // entries that the filter lets through
	// Looked is how many of the entries have been looked at. The window is
	// final when they are all.
	Looked, Entire int
	Aside          []Entry // pinned ones that are older than the ring, let through too
	Stats          Stats
}

// A view is what a filter lets through, kept up to date bit by bit.
type view struct {
	filter *filter.Filter

	mu      sync.Mutex
	matched []uint64 // Seqs, going up
	base    uint64
	next    uint64 // first Seq that was not looked at
	version uint64 // of the store, up to which changes were followed

	sorted   []uint64 // matched in another order
	sortedBy Order
	sortedAt time.Time
	sortedTo uint64 // next, when it was sorted
}

// viewCache holds the views that were asked for last.
type viewCache struct {
	mu    sync.Mutex
	views []*view // latest last
}

const mostViews = 32

func (c *viewCache) get(f *filter.Filter) *view {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, v := range c.views {
		if v.filter.String() == f.String() {
			c.views = append(slices.Delete(c.views, i, i+1), v)
			return v
		}
	}
	if len(c.views) >= mostViews {
		c.views = slices.Delete(c.views, 0, 1)
	}
	v := &view{filter: f}
	c.views = append(c.views, v)
	return v
}

func (c *viewCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.views = nil
}

// List answers a query.
func (s *Store) List(q Query) Window {
	q.Filter = cmp.Or(q.Filter, everything())
	v := s.views.get(q.Filter)
	v.mu.Lock()
	defer v.mu.Unlock()
	s.follow(v, q.Within)

	w := Window{Total: len(v.matched), Base: v.base}
	seqs := v.matched
	if q.Order != "" && q.Order != ByTime {
		seqs, w.Base = s.sort(v, q.Order), 0
	}
	from := int(max(q.From, w.Base) - w.Base)
	if q.Tail {
		from = len(seqs) - q.Limit
	}
	from = min(max(from, 0), len(seqs))
	to := min(from+max(q.Limit, 0), len(seqs))
	w.From = w.Base + uint64(from)

	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := from; i < to; i++ {
		seq := seqs[i]
		if q.Down && q.Order != "" && q.Order != ByTime {
			seq = seqs[len(seqs)-1-i]
		}
		if e := s.at(seq); e != nil {
			w.Entries = append(w.Entries, *e)
		}
	}
	for i := range s.kept {
		if q.Filter.Match(&s.kept[i].Row) {
			w.Aside = append(w.Aside, s.kept[i])
		}
	}
	w.Stats = s.stats()
	w.Entire = len(s.entries)
	w.Looked = w.Entire - int(s.next-max(v.next, s.first()))
	return w
}

// A Spot is where an entry is in the list that a Query asks for.
type Spot string

// The spots.
const (
	Listed Spot = "listed" // at its ordinal
	Hidden Spot = "hidden" // the filter does not let it through
	Aside  Spot = "aside"  // among the pinned ones that are older than the ring
	Later  Spot = "later"  // not looked at or not sorted yet: ask again
	Gone   Spot = "gone"   // not in the store
)

// Spot finds an entry in the list that a query asks for, and the ordinal at
// which it is Listed. Of the query it takes Filter, Order, Down and Within.
func (s *Store) Spot(q Query, seq uint64) (Spot, uint64) {
	e, ok, _ := s.Get(seq)
	if !ok {
		return Gone, 0
	}
	if q.Filter != nil && !q.Filter.Match(&e.Row) {
		return Hidden, 0
	}
	v := s.views.get(cmp.Or(q.Filter, everything()))
	v.mu.Lock()
	defer v.mu.Unlock()
	s.follow(v, q.Within)
	at, found := slices.BinarySearch(v.matched, seq)
	base := v.base
	if found && q.Order != "" && q.Order != ByTime {
		seqs := s.sort(v, q.Order)
		at, base = slices.Index(seqs, seq), 0
		found = at >= 0
		if q.Down {
			at = len(seqs) - 1 - at
		}
	}
	switch {
	case found:
		return Listed, base + uint64(at)
	case seq < s.Stats().First:
		return Aside, 0
	}
	return Later, 0
}

// everything is the filter that lets all through.
func everything() *filter.Filter {
	f, _ := filter.Parse("") // which has no fault
	return f
}

// lookAt is how many entries to check between two readings of the clock, while
// the store is locked.
const lookAt = 128

// follow brings a view up to date, or as far as it comes in the time given.
func (s *Store) follow(v *view, within time.Duration) {
	var chunk [lookAt]Entry
	s.followChanges(v)
	s.followEvictions(v)
	if v.next > 0 {
		within *= later
	}
	for start := time.Now(); ; {
		n := s.copyFrom(&v.next, chunk[:])
		for i := range chunk[:n] {
			if v.filter.Match(&chunk[i].Row) {
				v.matched = append(v.matched, chunk[i].Seq)
			}
		}
		v.next += uint64(n)
		if n < lookAt || within > 0 && time.Since(start) > within {
			return
		}
	}
}

// copyFrom copies entries from a Seq on, or from the oldest one there is.
func (s *Store) copyFrom(seq *uint64, to []Entry) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	first := s.first()
	*seq = max(*seq, first)
	return copy(to, s.entries[*seq-first:])
}

// followChanges looks again at entries that were changed.
func (s *Store) followChanges(v *view) {
	version := s.Stats().Version
	seqs, all := s.Since(v.version)
	v.version = version
	if all {
		v.matched, v.base, v.next, v.sorted = nil, 0, 0, nil
		return
	}
	for _, seq := range seqs {
		e, ok, _ := s.Get(seq)
		if !ok || seq >= v.next {
			continue
		}
		i, found := slices.BinarySearch(v.matched, seq)
		switch match := v.filter.Match(&e.Row); {
		case match && !found:
			v.matched = slices.Insert(v.matched, i, seq)
		case !match && found:
			v.matched = slices.Delete(v.matched, i, i+1)
		}
		v.sorted = nil
	}
}

// followEvictions forgets what is gone.
func (s *Store) followEvictions(v *view) {
	s.mu.RLock()
	first := s.first()
	s.mu.RUnlock()
	gone, _ := slices.BinarySearch(v.matched, first)
	if gone > 0 {
		v.matched = v.matched[gone:]
		v.base += uint64(gone)
		v.sorted = nil
	}
}

// sortAgain is how old a sorting may be while entries keep coming.
const sortAgain = time.Second

// sort returns what a view lets through in another order.
func (s *Store) sort(v *view, by Order) []uint64 {
	if v.sorted != nil && v.sortedBy == by && (v.sortedTo == v.next || time.Since(v.sortedAt) < sortAgain) {
		return v.sorted
	}
	entries := make([]Entry, 0, len(v.matched))
	s.mu.RLock()
	for _, seq := range v.matched {
		if e := s.at(seq); e != nil {
			entries = append(entries, *e)
		}
	}
	s.mu.RUnlock()
	order := make([]*Entry, len(entries))
	for i := range entries {
		order[i] = &entries[i]
	}
	slices.SortStableFunc(order, orders[by])
	v.sorted = make([]uint64, len(order))
	for i, e := range order {
		v.sorted[i] = e.Seq
	}
	v.sortedBy, v.sortedAt, v.sortedTo = by, time.Now(), v.next
	return v.sorted
}

// EachMatch calls f with every entry that matches a filter, oldest first, until
// f returns false.
func (s *Store) EachMatch(f *filter.Filter, do func(*Entry) bool) {
	s.Each(func(e *Entry) bool { return f != nil && !f.Match(&e.Row) || do(e) })
}

// Values counts the values that entries have for a key of filters, the most
// common first; at most as many as are asked for.
func (s *Store) Values(key string, most int) []filter.Count {
	each := filter.EachFacet(key)
	if each == nil {
		return nil
	}
	counts := map[string]int{}
	count := func(value string) {
		if _, known := counts[value]; known || len(counts) < mostValues {
			counts[value]++
		}
	}
	s.Each(func(e *Entry) bool { each(&e.Row, count); return true })
	list := make([]filter.Count, 0, len(counts))
	for value, n := range counts {
		list = append(list, filter.Count{Value: value, Count: n})
	}
	slices.SortFunc(list, func(a, b filter.Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return list[:min(len(list), most)]
}

// mostValues bounds how many values of one key are told apart.
const mostValues = 10000
