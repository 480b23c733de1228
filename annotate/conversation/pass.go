package conversation

import (
	"container/heap"
	"fmt"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A Pass is one run of the rules over one visit. It is valid only during the call.
type Pass struct {
	V *Visit

	s     *State
	r     *active
	x     *exchange.Exchange // of the visit that is looked at; nil when it was handed on
	now   *Visit             // which V is not, where something was awaited
	found []Found
	steps int

	origin *clockStats
	route  *routeStats
	pair   *pairStats
}

func (p *Pass) begin(s *State, v *Visit, x *exchange.Exchange) {
	clear(p.found)
	*p = Pass{s: s, now: v, x: x, found: p.found[:0]}
}

func (p *Pass) run(r *active, v *Visit) { p.r, p.V, p.steps = r, v, 0 }

// mostSteps bounds how many visits a rule looks at.
const mostSteps = 256

// Back returns the visit before w in a thread; nil when there is none within the
// rule's window.
func (p *Pass) Back(w *Visit, t Thread) *Visit {
	before := p.s.at(w.prev[t])
	if before == nil || p.now.Ended-before.Ended > int64(p.r.Window) || p.steps >= mostSteps {
		return nil
	}
	p.steps++
	return before
}

// Latest returns the latest visit of the thread that V is in.
func (p *Pass) Latest(t Thread) *Visit { return p.s.at(p.s.heads[t].find(p.V.keys[t])) }

// Since returns the visit before w in a thread, as long as it is later than V.
func (p *Pass) Since(w *Visit, t Thread) *Visit {
	before := p.s.at(w.prev[t])
	if before == nil || before.seq <= p.V.seq || p.steps >= mostSteps {
		return nil
	}
	p.steps++
	return before
}

// Tells reports whether a story is new, and counts it as going on where it is
// not. A story is told again when a day has passed without a word of it.
func (p *Pass) Tells(key uint64) bool {
	s := p.s
	p.r.times++
	if s.stories.tell(join(uint64(p.r.index)+1, key), p.now.Ended) {
		s.stats.Stories++
		return true
	}
	s.stats.Repeats++
	return false
}

// A remark is what a rule says.
type remark struct {
	on       *Visit // the exchange that carries the note
	at       exchange.Place
	severity annotate.Severity // 0 for the rule's
	blame    annotate.Blame    // "" for the rule's
	help     string
	related  []annotate.Related
}

// Say makes a note; the message is made as by fmt.Sprintf.
func (p *Pass) Say(r remark, format string, args ...any) {
	if r.on == nil {
		r.on = p.V
	}
	n := annotate.Note{
		Rule: &p.r.Rule.Rule, Severity: p.r.severity, Blame: p.r.Blame, Help: r.help,
		Message: fmt.Sprintf(format, args...), Place: r.at, Related: r.related,
	}
	if r.severity != 0 && p.r.severity == p.r.Rule.Severity {
		n.Severity = r.severity
	}
	if r.blame != "" {
		n.Blame = r.blame
	}
	f := Found{Note: n}
	if r.on == p.now && p.x != nil {
		f.X = p.x
	} else {
		f.X, f.Late = r.on.stub(), true
	}
	p.found = append(p.found, f)
}

// related names another visit of a story.
func related(v *Visit, role string) annotate.Related {
	return annotate.Related{Exchange: v.id, Entry: v.source.Entry, File: v.source.File, Role: role, At: v.at(), What: v.what()}
}

// statusOf is the place of the status code of a visit.
func statusOf(v *Visit) exchange.Place {
	start := len(v.version.String()) + 1
	return exchange.Place{Message: exchange.InResponse, Part: exchange.PartStartLine, Start: start, End: start + 3}
}

// targetOf is the place of the request target of a visit.
func targetOf(v *Visit) exchange.Place {
	start := len(v.Method) + 1
	return exchange.Place{Message: exchange.InRequest, Part: exchange.PartStartLine, Start: start, End: start + len(v.target)}
}

// Await has the rule's Due called with V once an exchange is seen that began after
// the time given.
func (p *Pass) Await(after time.Duration) {
	s := p.s
	if len(s.due.list) >= s.due.most {
		return
	}
	heap.Push(&s.due, due{at: p.V.Headed + int64(after), seq: p.V.seq, rule: p.r})
}

// overdue asks the rules whose time has come.
func (s *State) overdue(now *Visit) {
	for len(s.due.list) > 0 && s.due.list[0].at < now.Started {
		d := heap.Pop(&s.due).(due)
		v := s.at(d.seq)
		if v == nil {
			continue
		}
		s.pass.run(d.rule, v)
		d.rule.Due(&s.pass)
	}
}

// A due is something that a rule awaits.
type due struct {
	at   int64
	seq  uint64
	rule *active
}

// dues is a heap, what is due first at its root.
type dues struct {
	list []due
	most int
}

func (d *dues) Len() int      { return len(d.list) }
func (d *dues) Swap(i, j int) { d.list[i], d.list[j] = d.list[j], d.list[i] }
func (d *dues) Less(i, j int) bool {
	a, b := &d.list[i], &d.list[j]
	if a.at != b.at {
		return a.at < b.at
	}
	if a.seq != b.seq {
		return a.seq < b.seq
	}
	return a.rule.index < b.rule.index
}

// Push adds a due, for package heap.
func (d *dues) Push(x any) { d.list = append(d.list, x.(due)) }

// Pop removes the last one, for package heap.
func (d *dues) Pop() any {
	last := d.list[len(d.list)-1]
	d.list = d.list[:len(d.list)-1]
	return last
}

// stories remembers what was told, and when it last came up.
type stories struct {
	told table[story]
}

type story struct {
	last  int64
	times uint32
}

// again is after how long a story is told anew.
const again = 24 * time.Hour

func (s *stories) tell(key uint64, now int64) bool {
	t := s.told.get(key)
	isNew := t.times == 0 || now-t.last > int64(again)
	t.times, t.last = t.times+1, now
	return isNew
}

// ago is a duration as messages have it.
func ago(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}
