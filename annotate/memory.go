package annotate

import (
	"container/list"
	"strings"
	"sync"

	"sidenote/exchange"
)

// A Memory remembers for a bounded number of (rule, key) pairs how often each
// has come up; what has not come up for longest is forgotten first. It is safe
// for concurrent use.
type Memory struct {
	mu     sync.Mutex
	limit  int
	recent *list.List // of *memoryEntry, latest first
	byKey  map[memoryKey]*list.Element
}

type memoryKey struct {
	rule *Rule
	key  string
}

type memoryEntry struct {
	key   memoryKey
	times int
}

// DefaultMemory is how many pairs a Memory holds by default.
const DefaultMemory = 4096

// NewMemory makes a memory of at most limit pairs; DefaultMemory if limit is
// not positive.
func NewMemory(limit int) *Memory {
	if limit <= 0 {
		limit = DefaultMemory
	}
	return &Memory{limit: limit, recent: list.New(), byKey: make(map[memoryKey]*list.Element)}
}

// Times counts one more occurrence of a pair and returns how many there have
// been, this one included.
func (m *Memory) Times(rule *Rule, key string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := memoryKey{rule, key}
	if e, ok := m.byKey[k]; ok {
		m.recent.MoveToFront(e)
		entry := e.Value.(*memoryEntry)
		entry.times++
		return entry.times
	}
	if len(m.byKey) >= m.limit {
		oldest := m.recent.Back()
		delete(m.byKey, oldest.Value.(*memoryEntry).key)
		m.recent.Remove(oldest)
	}
	k.key = strings.Clone(key) // which may be a piece of a much longer text
	m.byKey[k] = m.recent.PushFront(&memoryEntry{key: k, times: 1})
	return 1
}

// Once drops the notes of rules that speak once only (Rule.Once) and have
// spoken before of the same thing. Several notes of one rule on this exchange
// stand or fall together, so ask once for all notes of a rule on an exchange.
// It returns notes itself, shortened in place.
func (m *Memory) Once(x *exchange.Exchange, notes []Note) []Note {
	if !anyOnce(notes) {
		return notes
	}
	var known map[*Rule]bool // whether each rule has spoken before this exchange
	kept := notes[:0]
	for _, n := range notes {
		if n.Rule.Once == nil {
			kept = append(kept, n)
			continue
		}
		spoken, asked := known[n.Rule]
		if !asked {
			if known == nil {
				known = make(map[*Rule]bool)
			}
			spoken = m.Times(n.Rule, n.Rule.Once(x)) > 1
			known[n.Rule] = spoken
		}
		if !spoken {
			kept = append(kept, n)
		}
	}
	return kept
}

func anyOnce(notes []Note) bool {
	for i := range notes {
		if notes[i].Rule.Once != nil {
			return true
		}
	}
	return false
}
