package store

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"sidenote/exchange"
)

// A Running exchange has begun and has not ended.
type Running struct {
	ID        string
	Started   time.Time
	Method    string
	Scheme    string
	Authority string
	Path      string // with the query
	Client    netip.AddrPort
	Status    int   // 0 until the response head has come
	Messages  int64 // of a stream inside of it, so far

	stream *OpenStream // nil while there is no message
}

// mostRunning bounds how many running exchanges are known; of more only the
// number is.
const mostRunning = 4096

// Begin takes note of an exchange whose request is about to be sent on. It
// reads x, whose response nobody has begun to write, and keeps nothing of it.
func (s *Store) Begin(x *exchange.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.running) >= mostRunning {
		return
	}
	if _, again := s.running[x]; again {
		return
	}
	r := s.spareRunning()
	*r = Running{
		ID: x.ID, Started: x.Started, Method: x.Request.Method, Scheme: x.Scheme, Authority: x.Authority, Path: x.PathQuery(), Client: x.Client.Peer,
	}
	s.running[x] = r
	s.notify()
}

// Respond takes note of the status of an exchange that has begun, when its
// response head has come.
func (s *Store) Respond(x *exchange.Exchange) {
	status := x.Response.Status
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.running[x]; ok {
		r.Status = status
	}
}

// mostSpare bounds how many values of exchanges that ran are kept for others.
const mostSpare = 64

// spareRunning returns a value that no exchange uses. The lock is held.
func (s *Store) spareRunning() *Running {
	last := len(s.spare) - 1
	if last < 0 {
		return new(Running)
	}
	r := s.spare[last]
	s.spare = s.spare[:last]
	return r
}

// End forgets that an exchange runs.
func (s *Store) End(x *exchange.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.running[x]
	if !ok {
		return
	}
	delete(s.running, x)
	if r.stream != nil {
		r.stream.end()
	}
	if *r = (Running{}); len(s.spare) < mostSpare {
		s.spare = append(s.spare, r)
	}
	s.notify()
}

// Running returns the exchanges that have run for a time, in the order in which
// they began, and how many there are; at most as many as are asked for.
func (s *Store) Running(since time.Duration, most int) (list []Running, total int) {
	began := time.Now().Add(-since)
	s.mu.RLock()
	for _, r := range s.running {
		if !r.Started.After(began) {
			told := *r
			if r.stream != nil {
				told.Messages = r.stream.count()
			}
			list = append(list, told)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(list, func(a, b Running) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID)) })
	return list[:min(len(list), most)], len(list)
}
