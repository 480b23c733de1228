package conversation

import (
	"cmp"
	"container/heap"
	"hash/maphash"
	"math/bits"
	"reflect"
	"strings"
	"sync"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// DefaultBytes is how much memory a State takes by default, in octets.
const DefaultBytes = 16 << 20

// Options say what a State works with.
type Options struct {
	Bytes int64 // of memory for all that is remembered; DefaultBytes when it is not positive
	// Hold has exchanges wait until every one that can have ended before has
	// come, as those of a capture do, which stand in any order. Without it they
	// are taken in the order in which they come.
	Hold   bool
	Limits Limits // the zero value stands for the defaults
}

// A Found is a note on an exchange that Add was given.
type Found struct {
	// X is the exchange that the note is on: the one of this step, or where Late
	// is set a short form of one of an earlier step.
	X    *exchange.Exchange
	Late bool
	Note annotate.Note
}

// Stats are the counters of a State.
type Stats struct {
	Exchanges  uint64 // that were taken
	Remembered int    // visits now
	Forgotten  uint64 // visits that had to make room
	Untimed    uint64 // exchanges without a time, of which nothing can be said
	Disordered uint64 // exchanges that came after a later one had been looked at
	Stories    uint64 // notes made
	Repeats    uint64 // times that a story went on
	Bytes      int64  // of memory, as estimated
	// Times says by the ID of a rule how often what it is about happened.
	Times map[string]uint64
}

// A State remembers exchanges and runs rules over them. Its methods must not be
// called at the same time, except for Stats.
type State struct {
	mu       sync.Mutex // guards all
	o        Options
	rules    []active
	gates    []gate      // of the rules that have a Check
	about    [64]gateSet // by the number of a trait, the gates that want it
	d        digester
	identity uint64 // hash of the coding that is none

	most   uint64                // visits that are remembered
	ring   []*[chunkVisits]Visit // a power of two of them, so that a place is found without a division
	spare  *[chunkVisits]Visit   // one of which all visits are forgotten
	first  uint64                // seq of the oldest visit remembered
	next   uint64                // seq of the next one
	texts  int64                 // octets of text of the visits remembered
	heads  [threadCount]index    // seq of the latest visit
	routes table[routeStats]
	pairs  table[pairStats]
	clocks table[clockStats]

	waiting pending
	free    []*waiting
	newest  int64 // latest start of an exchange
	passed  int64 // end of the latest visit that was looked at

	due     dues
	stories stories
	stats   Stats
	pass    Pass
}

// active is a rule that is on, with its severity.
type active struct {
	*Rule
	severity annotate.Severity
	times    uint64 // that what it is about happened
}

// chunkVisits is how many visits are made room for at once.
const chunkVisits = 64

// perVisit is what a visit takes beside its text: itself, its places in the
// threads, and its share of the tables.
var perVisit = int64(reflect.TypeFor[Visit]().Size()) + int64(threadCount)*48 + 320

// NewState makes a state with the rules whose severity is not 0.
func NewState(o Options, severities map[string]annotate.Severity) *State {
	if o.Bytes <= 0 {
		o.Bytes = DefaultBytes
	}
	s := &State{o: o, d: digester{seed: maphash.MakeSeed()}}
	s.identity = s.d.hash("identity")
	for _, r := range All() {
		if severity := severities[r.ID]; severity != 0 {
			s.rules = append(s.rules, active{Rule: r, severity: severity})
		}
	}
	for i := range s.rules {
		if r := &s.rules[i]; r.Check != nil {
			n := len(s.gates)
			s.gates = append(s.gates, gate{after: orAlways(r.After), of: r.Of, needs: r.Needs, rule: r})
			for on := orAlways(r.On); on != 0; on &= on - 1 {
				s.about[bits.TrailingZeros64(uint64(on))][n/64] |= 1 << (n % 64)
			}
		}
	}
	s.Reset()
	return s
}

// A gate says after which visits a rule is called, of those that it is about.
type gate struct {
	after Trait // one of these is wanted
	of    Thread
	needs annotate.Needs
	rule  *active
}

// A gateSet has a bit for each gate.
type gateSet [2]uint64

// always is a trait of every visit, for rules that name none.
const always Trait = 1 << 63

func orAlways(t Trait) Trait {
	if t == 0 {
		return always
	}
	return t
}

// Reset forgets everything but the counters, as before another conversation.
func (s *State) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &s.o
	s.first, s.next, s.texts, s.newest, s.passed = 1, 1, 0, 0, 0
	s.routes, s.pairs, s.clocks = table[routeStats]{}, table[pairStats]{}, table[clockStats]{}
	s.waiting, s.due, s.stories = nil, dues{}, stories{}
	visits := max(o.Bytes/(perVisit+mostText), 2*chunkVisits)
	chunks := uint64(visits / chunkVisits)
	s.most = chunks * chunkVisits
	s.ring, s.spare = make([]*[chunkVisits]Visit, 1<<bits.Len64(chunks)), nil
	for i := range s.heads {
		s.heads[i] = index{}
	}
	share := int(max(o.Bytes>>15, 16))
	s.routes.most, s.pairs.most, s.clocks.most = share, 2*share, share
	s.stories.told.most, s.due.most = 16*share, 2*share
}

// Severities returns the severity of each rule by its ID once changes are
// applied; 0 for one that is off. A change that names no rule of this package is
// passed over.
func Severities(changes ...annotate.Change) map[string]annotate.Severity {
	list := Rules()
	kept := annotate.Profile{Changes: changes}.ChangesOf(list)
	byRule, _ := annotate.Severities(list, kept...) // each of kept names one of the list
	byID := make(map[string]annotate.Severity, len(byRule))
	for r, severity := range byRule {
		byID[r.ID] = severity
	}
	return byID
}

// Stats returns the counters.
func (s *State) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Remembered = int(s.next - s.first)
	st.Bytes = int64(st.Remembered)*perVisit + s.texts
	st.Times = make(map[string]uint64, len(s.rules))
	for i := range s.rules {
		st.Times[s.rules[i].ID] = s.rules[i].times
	}
	return st
}

// A waiting exchange has not been looked at.
type waiting struct {
	visit Visit
	x     *exchange.Exchange
}

// Add takes an exchange that has ended. step is called for each exchange that is
// looked at, in the order of their ends, with what was found then: of that
// exchange and of earlier ones. x is nil for one that was let go.
func (s *State) Add(x *exchange.Exchange, step func(x *exchange.Exchange, found []Found)) {
	if len(s.rules) == 0 || x.Source.Lacks.Has(exchange.LacksNetwork) {
		step(x, nil)
		return
	}
	if x.Started.IsZero() || x.Started.Year() < 1980 || x.Started.Year() > 2200 {
		s.mu.Lock()
		s.stats.Untimed++
		s.mu.Unlock()
		step(x, nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Exchanges++
	if !s.o.Hold {
		v := s.vacant()
		s.d.visit(v, x)
		s.release(v, x, step)
		return
	}
	w := s.room()
	w.x = x
	s.d.visit(&w.visit, x)
	s.newest = max(s.newest, w.visit.Started)
	heap.Push(&s.waiting, w)
	// What comes later began later, as far as a capture is in any order at all,
	// and so ends later than what ended before this one began.
	for len(s.waiting) > 0 && (len(s.waiting) > s.mostWaiting() || s.waiting[0].visit.Ended < s.newest-int64(disorder) && len(s.waiting) > minWaiting) {
		s.releaseFirst(step)
	}
}

// disorder is how much earlier than the latest one an entry of a capture may have
// begun, and minWaiting how many wait in any case.
const (
	disorder   = 10 * time.Second
	minWaiting = 1024
)

// mostWaiting is an eighth of what is remembered.
func (s *State) mostWaiting() int { return max(int(s.most)/8, minWaiting) }

// Flush looks at everything that still waits, and at what was awaited, since
// nothing more will come.
func (s *State) Flush(step func(x *exchange.Exchange, found []Found)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) > 0 {
		s.releaseFirst(step)
	}
}

// LetGo says that an exchange that waits is handed on without its notes: they are
// late.
func (s *State) LetGo(x *exchange.Exchange) {
	for _, w := range s.waiting {
		if w.x == x {
			w.x = nil
		}
	}
}

func (s *State) room() *waiting {
	if n := len(s.free); n > 0 {
		w := s.free[n-1]
		s.free = s.free[:n-1]
		return w
	}
	return new(waiting)
}

// releaseFirst looks at the exchange that ended first of those that wait.
func (s *State) releaseFirst(step func(x *exchange.Exchange, found []Found)) {
	w := heap.Pop(&s.waiting).(*waiting)
	x := w.x
	w.x = nil
	v := s.vacant()
	*v = w.visit
	s.free = append(s.free, w)
	s.release(v, x, step)
}

// release looks at an exchange whose visit is in the place that vacant gave.
func (s *State) release(v *Visit, x *exchange.Exchange, step func(x *exchange.Exchange, found []Found)) {
	s.remember(v)
	if v.Ended < s.passed-int64(time.Minute) {
		s.stats.Disordered++
	}
	s.passed = max(s.passed, v.Ended)
	s.pass.begin(s, v, x)
	s.observe(&s.pass, v)
	s.overdue(v)
	s.check(v)
	step(x, s.pass.found)
}

// check calls the rules that are about a visit.
func (s *State) check(v *Visit) {
	var wanted gateSet
	for traits := v.Traits | always; traits != 0; traits &= traits - 1 {
		set := &s.about[bits.TrailingZeros64(uint64(traits))]
		for w := range wanted {
			wanted[w] |= set[w]
		}
	}
	var before [threadCount]Trait
	for t := range before {
		before[t] = s.seenBefore(v, Thread(t)) | always
	}
	for w, set := range wanted {
		for ; set != 0; set &= set - 1 {
			g := &s.gates[w*64+bits.TrailingZeros64(set)]
			if g.after&before[g.of] == 0 || g.needs&v.not != 0 {
				continue
			}
			s.pass.run(g.rule, v)
			g.rule.Check(&s.pass)
		}
	}
}

// seenBefore is what was so of earlier visits of a thread.
func (s *State) seenBefore(v *Visit, t Thread) Trait {
	if before := s.at(v.prev[t]); before != nil {
		return before.seen[t]
	}
	return 0
}

// at is the visit with a number; nil when there is none, or it is forgotten.
func (s *State) at(seq uint64) *Visit {
	if seq < s.first || seq >= s.next {
		return nil
	}
	return s.slot(seq)
}

func (s *State) slot(seq uint64) *Visit {
	return &s.ring[seq/chunkVisits&uint64(len(s.ring)-1)][seq%chunkVisits]
}

// vacant is the place in the ring for the next visit.
func (s *State) vacant() *Visit {
	for s.next-s.first >= s.most {
		s.forget()
	}
	chunk := &s.ring[s.next/chunkVisits&uint64(len(s.ring)-1)]
	switch {
	case *chunk != nil:
	case s.spare != nil:
		*chunk, s.spare = s.spare, nil
	default:
		*chunk = new([chunkVisits]Visit)
	}
	return &(*chunk)[s.next%chunkVisits]
}

// remember puts the visit that stands in the vacant place into its threads, and
// forgets others to make room for its text.
func (s *State) remember(v *Visit) {
	seq := s.next
	v.size = v.textSize()
	for s.first < seq && int64(seq-s.first)*perVisit+s.texts+int64(v.size) > s.o.Bytes {
		s.forget()
	}
	v.seq = seq
	s.next++
	s.texts += int64(v.size)
	for t, key := range v.keys {
		v.prev[t] = s.heads[t].swap(key, seq)
		v.seen[t] = v.Traits
		if before := s.at(v.prev[t]); before != nil {
			v.seen[t] |= before.seen[t]
			before.followed |= 1 << t
		}
	}
}

// textSize is how many octets of text a visit holds.
func (v *Visit) textSize() int32 {
	t := &v.text
	return int32(len(v.id) + len(v.run) + len(v.scheme) + len(v.authority) + len(v.target) + len(t.etag) + len(t.location) +
		len(t.allow) + len(t.vary) + len(t.contentType) + len(t.node) + len(t.cookieSet) + len(v.locationHost) + 64)
}

// forget drops the oldest visit.
func (s *State) forget() {
	v := s.slot(s.first)
	for t, key := range v.keys {
		if v.followed&(1<<t) == 0 {
			s.heads[t].remove(key, s.first)
		}
	}
	s.texts -= int64(v.size)
	s.first++
	s.stats.Forgotten++
	if s.first%chunkVisits == 0 {
		chunk := &s.ring[(s.first-1)/chunkVisits&uint64(len(s.ring)-1)]
		s.spare, *chunk = *chunk, nil
	}
}

// pending is a heap of exchanges that wait, the one that ended first at its root.
type pending []*waiting

func (p pending) Len() int           { return len(p) }
func (p pending) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p pending) Less(i, j int) bool { return p[i].visit.compare(&p[j].visit) < 0 }

// Push adds a *waiting, for package heap.
func (p *pending) Push(x any) { *p = append(*p, x.(*waiting)) }

// Pop removes the last one, for package heap.
func (p *pending) Pop() any {
	old := *p
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*p = old[:len(old)-1]
	return last
}

// compare orders visits by their end; what is left does not depend on how they came.
func (v *Visit) compare(w *Visit) int {
	return cmp.Or(cmp.Compare(v.Ended, w.Ended), cmp.Compare(v.Started, w.Started), strings.Compare(v.source.File, w.source.File),
		cmp.Compare(v.source.Entry, w.source.Entry), strings.Compare(v.id, w.id), strings.Compare(v.target, w.target), strings.Compare(v.Method, w.Method))
}
