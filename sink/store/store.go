package store

import (
	"slices"
	"sync"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/exchange"
)

// Options say how much a Store keeps. Zero means the default.
type Options struct {
	Bytes       int64 // octets of memory for all exchanges
	MostContent int   // octets kept of each message's content
	Messages    int64 // octets of memory for the messages of each exchange that runs
	// Marked and Cleared are told of what people change, if they are not nil.
	Marked  func(seq uint64, pinned bool, comment string)
	Cleared func(pinned bool)
}

// The defaults.
const (
	DefaultBytes       = 256 << 20
	DefaultMostContent = 1 << 20
	DefaultMessages    = 4 << 20
)

// pinnedShare is the part of the room that pinned exchanges may take once they
// would have to go.
const pinnedShare = 4

// An Entry is an exchange in the store.
type Entry struct {
	// Seq counts the exchanges that the store has taken, from 1. It is the name
	// of the entry: never used again, not even after Clear.
	Seq uint64
	filter.Row

	bytes int64
}

// A Store is a ring of exchanges. Its methods are safe for concurrent use.
type Store struct {
	o Options

	mu      sync.RWMutex
	entries []Entry // in the order of Seq, without gaps
	kept    []Entry // pinned ones that would have had to go, in the order of Seq
	next    uint64  // Seq of the next entry
	bytes   int64   // of entries
	keptB   int64   // of kept
	evicted uint64  // entries that had to make room
	missed  uint64  // exchanges that came during a pause
	paused  bool
	version uint64 // counts changes of entries that are in the store already
	changed []change
	running map[*exchange.Exchange]*Running
	spare   []*Running    // for the next that run
	wake    chan struct{} // closed and made again at each change, if someone waits
	waiting bool

	views viewCache
}

// A change says which entry is not as it was.
type change struct {
	version uint64
	seq     uint64
}

// New makes an empty store.
func New(o Options) *Store {
	if o.Bytes <= 0 {
		o.Bytes = DefaultBytes
	}
	if o.MostContent <= 0 {
		o.MostContent = DefaultMostContent
	}
	if o.Messages <= 0 {
		o.Messages = DefaultMessages
	}
	return &Store{o: o, next: 1, wake: make(chan struct{}), running: map[*exchange.Exchange]*Running{}}
}

// An Origin is how an exchange came to the store.
type Origin uint8

// The origins.
const (
	Live     Origin = iota // through the proxy; not taken during a pause
	ByHand                 // through the proxy, since someone asked for it in the inspector
	FromFile               // out of a capture
)

// Add takes an exchange that has ended, and returns its Seq; 0 when it was not
// taken. It drops the oldest ones that have no room any more.
//
// It sets the Seq of a, by which a File knows it, before anybody can find it.
func (s *Store) Add(a *annotate.Annotated, from Origin) uint64 {
	given := a
	if x := a.X.Slim(s.o.MostContent); x != a.X {
		a = &annotate.Annotated{X: x, Notes: a.Notes}
	}
	e := Entry{Row: filter.RowOf(a), bytes: memory(a)}
	e.ByHand = from == ByHand
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused && from == Live {
		s.missed++
		s.notify()
		return 0
	}
	e.Seq = s.next
	s.next++
	given.Seq = e.Seq
	s.entries = append(s.entries, e)
	s.bytes += e.bytes
	s.evict()
	s.notify()
	return e.Seq
}

// AddNotes adds notes to an exchange that is in the store. It reports whether the
// exchange is there.
func (s *Store) AddNotes(late *annotate.Annotated) bool {
	at, ok := s.Find(late.X.ID, late.X.Run)
	if !ok {
		return false
	}
	return s.edit(at.Seq, func(e *Entry) {
		a := *e.Annotated
		a.Notes = slices.Concat(a.Notes, late.Notes)
		pinned, byHand, comment := e.Pinned, e.ByHand, e.Comment
		e.Row = filter.RowOf(&a)
		e.Pinned, e.ByHand, e.Comment = pinned, byHand, comment
	})
}

// memory estimates how many octets an annotated exchange and its entry hold.
func memory(a *annotate.Annotated) int64 {
	n := a.X.Memory() + 256
	for i := range a.Notes {
		n += 160 + int64(len(a.Notes[i].Message)+len(a.Notes[i].Help))
	}
	return n
}

// evict drops the oldest entries until the others have room. The last one
// stays, however large.
func (s *Store) evict() {
	for s.bytes+s.keptB > s.o.Bytes && len(s.entries) > 1 {
		e := &s.entries[0]
		s.bytes -= e.bytes
		if e.Pinned {
			s.keep(*e)
		} else {
			s.evicted++
		}
		s.entries[0] = Entry{} // frees what it held
		s.entries = s.entries[1:]
	}
}

// keep sets a pinned entry aside; the oldest of these go when they take too
// much of the room.
func (s *Store) keep(e Entry) {
	s.kept = append(s.kept, e)
	s.keptB += e.bytes
	for s.keptB > s.o.Bytes/pinnedShare && len(s.kept) > 0 {
		s.keptB -= s.kept[0].bytes
		s.evicted++
		s.kept[0] = Entry{}
		s.kept = s.kept[1:]
	}
}

// notify wakes anyone who waits. The lock is held.
func (s *Store) notify() {
	if s.waiting {
		close(s.wake)
		s.wake, s.waiting = make(chan struct{}), false
	}
}

// Changed returns a channel that is closed at the next change.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = true
	return s.wake
}

// first is the Seq of the oldest entry of the ring; next when there is none.
func (s *Store) first() uint64 { return s.next - uint64(len(s.entries)) }

// at returns the entry with a Seq, nil when it is not here.
func (s *Store) at(seq uint64) *Entry {
	if first := s.first(); seq >= first && seq < s.next {
		return &s.entries[seq-first]
	}
	for i := range s.kept {
		if s.kept[i].Seq == seq {
			return &s.kept[i]
		}
	}
	return nil
}

// Get returns the entry with a Seq. known says that there was one, which is gone
// when ok is false.
func (s *Store) Get(seq uint64) (e Entry, ok, known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at := s.at(seq); at != nil {
		return *at, true, true
	}
	return Entry{}, false, seq > 0 && seq < s.next
}

// Find returns the latest entry whose exchange has an ID, within a run when that
// is not "": the IDs of one run are used again in another.
func (s *Store) Find(id, run string) (Entry, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, list := range [][]Entry{s.entries, s.kept} {
		for i := len(list) - 1; i >= 0; i-- {
			if x := list[i].X; x.ID == id && (run == "" || x.Run == run) {
				return list[i], true
			}
		}
	}
	return Entry{}, false
}

// Change lets edit change what people may: Pinned and Comment. It reports
// whether the entry is there.
func (s *Store) Change(seq uint64, edit func(*Entry)) bool {
	var pinned bool
	var comment string
	ok := s.edit(seq, func(e *Entry) {
		edit(e)
		pinned, comment = e.Pinned, e.Comment
	})
	if ok && s.o.Marked != nil {
		s.o.Marked(seq, pinned, comment)
	}
	return ok
}

func (s *Store) edit(seq uint64, edit func(*Entry)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.at(seq)
	if e == nil {
		return false
	}
	edit(e)
	s.version++
	s.changed = append(s.changed, change{s.version, seq})
	if len(s.changed) > mostChanges {
		s.changed = append([]change(nil), s.changed[len(s.changed)-mostChanges/2:]...)
	}
	s.notify()
	return true
}

// mostChanges bounds how many changes are remembered one by one.
const mostChanges = 1024

// Clear forgets every entry that is not pinned, or with pinned all of them.
func (s *Store) Clear(pinned bool) {
	if s.o.Cleared != nil {
		defer s.o.Cleared(pinned)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.entries
	s.entries, s.bytes = nil, 0
	if pinned {
		s.kept, s.keptB = nil, 0
	} else {
		for i := range old {
			if old[i].Pinned {
				s.keep(old[i])
			}
		}
	}
	s.version++
	s.changed = nil
	s.views.clear()
	s.notify()
}

// Pause stops or resumes taking exchanges.
func (s *Store) Pause(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = on
	if !on {
		s.missed = 0
	}
	s.notify()
}

// Stats say what is in a store.
type Stats struct {
	Entries int    `json:"entries"`  // in the store now
	Bytes   int64  `json:"bytes"`    // of memory that they take
	Most    int64  `json:"most"`     // octets of memory that they may take
	First   uint64 `json:"first"`    // Seq of the oldest entry that is not only pinned
	Last    uint64 `json:"last"`     // Seq of the latest; 0 before the first
	Evicted uint64 `json:"evicted"`  // entries that had to make room
	Missed  uint64 `json:"missed"`   // exchanges that came during this pause
	Paused  bool   `json:"paused"`   // no exchanges are taken
	Version uint64 `json:"version"`  // counts changes of entries
	Pinned  int    `json:"setAside"` // pinned entries older than First
	Running int    `json:"running"`  // exchanges that have begun and not ended
}

// Stats returns the numbers of a store.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.stats()
}

func (s *Store) stats() Stats {
	return Stats{
		Entries: len(s.entries) + len(s.kept), Bytes: s.bytes + s.keptB, Most: s.o.Bytes,
		First: s.first(), Last: s.next - 1, Evicted: s.evicted, Missed: s.missed, Paused: s.paused,
		Version: s.version, Pinned: len(s.kept), Running: len(s.running),
	}
}

// Since returns the Seqs of entries that changed after a version. all is true
// if the store no longer knows, so that any entry may have changed.
func (s *Store) Since(version uint64) (seqs []uint64, all bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if version >= s.version {
		return nil, false
	}
	if len(s.changed) == 0 || s.changed[0].version > version+1 {
		return nil, true
	}
	for _, c := range s.changed {
		if c.version > version {
			seqs = append(seqs, c.seq)
		}
	}
	return seqs, false
}

// Each calls f with every entry, oldest first, until f returns false. The store
// can change meanwhile; f sees it as it was.
func (s *Store) Each(f func(*Entry) bool) {
	s.mu.RLock()
	lists := [][]Entry{append([]Entry(nil), s.kept...), append([]Entry(nil), s.entries...)}
	s.mu.RUnlock()
	for _, list := range lists {
		for i := range list {
			if !f(&list[i]) {
				return
			}
		}
	}
}
