package metrics

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"sidenote/annotate"
)

// mostNotes bounds the sets of rule, severity and blame with a series of their
// own. Those of the rules that are built in are far fewer; rules that a user
// brings could be more.
const mostNotes = 2048

// blames are those that a note can have, in the order of noteChildren.
var blames = [...]annotate.Blame{
	annotate.ByNobody, annotate.ByClient, annotate.ByOrigin, annotate.ByIntermediary, annotate.ByOriginOrIntermediary, annotate.ByProxy,
}

// blameLabel names a blame; no one's is "none".
func blameLabel(b annotate.Blame) string {
	if b == annotate.ByNobody {
		return "none"
	}
	return string(b)
}

// noteCounters finds the counter for a note without building label values.
type noteCounters struct {
	vec    *prometheus.CounterVec
	byRule sync.Map     // *annotate.Rule → *noteChildren
	count  atomic.Int64 // of children in byRule
	rest   noteChildren // of what is beyond mostNotes
}

// noteChildren has a place for each severity and blame of a rule's notes.
type noteChildren [annotate.Error + 1][len(blames)]atomic.Pointer[child]

func newNoteCounters(vec *prometheus.CounterVec) *noteCounters { return &noteCounters{vec: vec} }

func (c *noteCounters) of(n *annotate.Note) prometheus.Counter {
	blame := blameIndex(n.Blame)
	if children, ok := c.byRule.Load(n.Rule); ok {
		if found := children.(*noteChildren)[n.Severity][blame].Load(); found != nil {
			return found.Counter
		}
	}
	return c.add(n, blame)
}

// add makes the counter for a note that is the first of its kind.
func (c *noteCounters) add(n *annotate.Note, blame int) prometheus.Counter {
	id, slot := other, &c.rest[n.Severity][blame]
	if c.count.Add(1) <= mostNotes {
		children, _ := c.byRule.LoadOrStore(n.Rule, new(noteChildren))
		id, slot = n.Rule.ID, &children.(*noteChildren)[n.Severity][blame]
	} else {
		c.count.Add(-1)
	}
	made := c.vec.WithLabelValues(id, n.Severity.String(), blameLabel(blames[blame]))
	slot.Store(&child{made})
	return made
}

func blameIndex(b annotate.Blame) int {
	for i := range blames {
		if blames[i] == b {
			return i
		}
	}
	return 0
}
