package annotate

import (
	"fmt"
	"time"

	"sidenote/exchange"
)

// Severity says how bad a thing is.
type Severity uint8

// The severities, in rising order.
const (
	Info  Severity = iota + 1 // permitted but surprising, or an explanation
	Warn                      // breaks a SHOULD or known good practice
	Error                     // breaks a MUST or the grammar, or breaks the client
)

// String returns "info", "warn" or "error", and "ok" for the zero value.
func (s Severity) String() string {
	return [...]string{"ok", "info", "warn", "error"}[s]
}

// ParseSeverity reads "info", "warn" or "error".
func ParseSeverity(s string) (Severity, error) {
	for v := Info; v <= Error; v++ {
		if v.String() == s {
			return v, nil
		}
	}
	return 0, fmt.Errorf("severity %q: want info, warn or error", s)
}

// SeverityWords lists the words of the severities, in rising order.
func SeverityWords() []string { return []string{Info.String(), Warn.String(), Error.String()} }

// Blame says who has to act.
type Blame string

// Who can be to blame. Where one exchange cannot tell an origin server from an
// intermediary in front of it, it is ByOriginOrIntermediary.
const (
	ByClient               Blame = "client"
	ByOrigin               Blame = "origin"
	ByIntermediary         Blame = "intermediary"
	ByOriginOrIntermediary Blame = "origin|intermediary"
	ByProxy                Blame = "proxy" // sidenote or its configuration
	ByNobody               Blame = ""
)

// A Note is one finding about one exchange.
type Note struct {
	Rule     *Rule
	Severity Severity // the rule's, unless the configuration changed it
	Blame    Blame
	Message  string // what is so here, with the values available; one sentence without a full stop
	Help     string // what to send or do instead, when it can be said more exactly than Rule.Help
	Place    exchange.Place

	// Related are the other exchanges that a note over several is about, in the
	// order of their times.
	Related []Related

	// Accepted says why a baseline accepts the note; "" for one that counts.
	// An accepted note is shown like any other, and no verdict counts it.
	Accepted string
}

// A Related is another exchange that a note is about.
type Related struct {
	Exchange string    // its ID; "" where it has none
	File     string    // the capture that it was read from, "" for a live one
	Entry    int       // its place there
	Role     string    // what it is in the story: "first visit"
	At       time.Time // when it began
	What     string    // method, route and result: "GET shop.test/orders/{id}, 429"
}

// HelpText is what to do: the note's own, else the rule's.
func (n *Note) HelpText() string {
	if n.Help != "" {
		return n.Help
	}
	return n.Rule.Help
}

// Worst is the highest severity among the notes that count; 0 when there is none.
func Worst(notes []Note) Severity {
	var worst Severity
	for i := range notes {
		if notes[i].Accepted == "" {
			worst = max(worst, notes[i].Severity)
		}
	}
	return worst
}
