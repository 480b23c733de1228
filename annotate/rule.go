package annotate

import (
	"fmt"
	"time"

	"sidenote/exchange"
)

// A Rule is one literal value: a check of HTTP messages, with its documentation
// and examples.
type Rule struct {
	// ID is "topic/name", permanent, and the name under which configurations,
	// logs and reports know the rule.
	ID       string
	Severity Severity
	Blame    Blame // who has to act, unless a note says otherwise

	Title string   // what is wrong, as a short clause
	Refs  []string // where it says so: "RFC 9110 §15.5.2"
	Doc   string   // why it matters to someone who debugs, and what to do; plain paragraphs
	Help  string   // what to do or send, in one line, printed under every note

	// Bad and Good are exchanges in text form (exchange.ParseText), and the
	// rule's tests: all rules run over a Bad one must give exactly this rule,
	// and those that a line "# also ID" in it names; over a Good one nothing
	// above Info.
	Bad, Good []string

	// When limits the exchanges that Check is called for, cheaply.
	When When
	// Needs says what Check reads beside the message heads. A rule that needs
	// nothing runs when the response head is known, before it is passed on;
	// any other runs when the exchange has ended.
	Needs Needs

	// Suppresses names rules whose notes are dropped when this one speaks,
	// since it says the same of the same fault more exactly.
	Suppresses []string

	// Once returns a key within which the rule speaks once only, such as the
	// origin server or a certificate; nil for a rule that speaks each time.
	Once func(*exchange.Exchange) string

	// Certain keeps the rule's first note even on an exchange that has more
	// notes than are kept, so that nothing an origin server does hides it.
	Certain bool

	// OffByDefault keeps the rule silent unless a profile or the user asks for it.
	OffByDefault bool

	// Check looks at p.X and reports what it finds through p. It must not
	// change the exchange nor keep p. A rule without it is known and listed, and
	// never speaks: what it would compare exchanges with was not given.
	Check func(p *Pass)
}

// Topic is the part of the ID before the slash.
func (r *Rule) Topic() string {
	for i := range r.ID {
		if r.ID[i] == '/' {
			return r.ID[:i]
		}
	}
	return r.ID
}

// When says for which exchanges a rule is of use. Each part that is given must
// hold; the zero value holds for every exchange that has a final response.
type When struct {
	Status        []int           // the final status is one of these
	Class         []int           // or its first digit is one of these
	Fields        []exchange.Name // the final response has one of these fields
	RequestFields []exchange.Name // the request has one of these fields
	EitherFields  []exchange.Name // one of the two messages has one of these fields; not together with the two above
	If            []*Condition    // all of these hold
	Methods       []string        // the request method is one of these
	Always        bool            // also exchanges without a final response, such as failed ones and tunnels
	Failed        bool            // exchanges that failed, with a final response or without, and no others; run at their end
}

// A Condition is a question about an exchange that several rules ask before
// everything else. It is asked once for all that share the value, and not when
// no rule is left that wants to know. It must not report.
type Condition struct {
	Holds func(p *Pass) bool
}

// Options are the thresholds that users can set.
type Options struct {
	SlowAfter  time.Duration // timing/slow-response: time to first byte
	LargeField int           // syntax/field-too-large: octets of a field line, name and value
	LargeHead  int           // syntax/field-section-too-large: octets of a request's field lines; a response may have twice as many
	LongURI    int           // syntax/uri-too-long: octets of the target URI
}

// DefaultOptions returns the default thresholds. Those of sizes are what common
// servers and proxies accept; RFC 9110 §4.1 asks for URIs of 8000 octets.
func DefaultOptions() Options {
	return Options{SlowAfter: time.Second, LargeField: 8000, LargeHead: 16 << 10, LongURI: 8000}
}

// A Pass is one run of one rule over one exchange. It is valid only during the call.
type Pass struct {
	X       *exchange.Exchange
	Options *Options
	// Trial says that the notes are only shown, or were counted before: a rule
	// that counts what it is asked about leaves the exchange out.
	Trial bool

	rule     *Rule
	severity Severity
	notes    []Note

	overviews [2]Overview // of request and response, once they were asked for
	looked    [2]bool

	messages *exchange.Messages // once they were asked for
	searched bool

	control    CacheControl // of the response, once it was asked for
	caching    Caching      // likewise
	controlled bool
	judged     bool

	not   Needs    // rules with these needs are not called
	own   int      // notes of the rule that is running
	lost  int      // notes that it made beyond what an exchange carries
	found []uint64 // room for the index
}

// Limits of the notes on an exchange, so that a hostile one costs at most a few
// hundred notes.
const (
	MostNotesOfRule = 16
	MostNotes       = 256
)

// Note reports a finding at a place; the message is made as by fmt.Sprintf.
func (p *Pass) Note(at exchange.Place, format string, args ...any) {
	p.NoteHelp(at, "", format, args...)
}

// NoteHelp is Note with advice that fits this exchange better than the rule's.
func (p *Pass) NoteHelp(at exchange.Place, help, format string, args ...any) {
	if p.isFull() {
		p.lost++
		return
	}
	p.Report(Note{Place: at, Help: help, Message: sprintf(format, args)})
}

// Report adds a finding; rule, severity and blame are filled in where they are
// zero. Beyond MostNotesOfRule and MostNotes findings are only counted.
func (p *Pass) Report(n Note) {
	if p.isFull() {
		p.lost++
		return
	}
	n.Rule = p.rule
	if n.Severity == 0 {
		n.Severity = p.severity
	}
	if n.Blame == "" {
		n.Blame = p.rule.Blame
	}
	p.notes = append(p.notes, n)
	p.own++
}

func (p *Pass) isFull() bool {
	return p.own >= MostNotesOfRule || len(p.notes) >= MostNotes && (p.own > 0 || !p.rule.Certain)
}

// Notes returns the notes that were made of the exchange so far, by rules that
// come before this one. They are only to be read.
func (p *Pass) Notes() []Note { return p.notes }

// call runs one rule. The last note kept of it says how many were not.
func (p *Pass) call(e *entry) {
	p.rule, p.severity = e.rule, e.severity
	p.own, p.lost = 0, 0
	e.rule.Check(p)
	if p.lost > 0 && p.own > 0 {
		last := &p.notes[len(p.notes)-1]
		last.Message = fmt.Sprintf("%s (and %d more like it)", last.Message, p.lost)
	}
}

// finish returns the notes and leaves nothing of the exchange in the pass.
func (p *Pass) finish() []Note {
	notes := p.notes
	*p = Pass{found: p.found}
	return notes
}

func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
