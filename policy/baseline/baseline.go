// Package baseline holds the notes that a user accepts for now, each with an
// owner, a reason and an end date.
package baseline

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/wording"
)

// A Key says which notes an entry accepts. A part that is "" fits everything.
type Key struct {
	Rule   string
	Method string
	Host   string // in lower case, with its port; in an entry the port may be missing or "*", which fit any
	Route  string // of annotate.RouteOf; one without an operation stands for all operations of its path
	Blame  string
}

// KeyOf returns the key of a note. A rule that reports once per server does so
// on the request that happens to come first, so its key has no method and no
// route.
func KeyOf(x *exchange.Exchange, n *annotate.Note) Key {
	k := Key{Rule: n.Rule.ID, Host: serverOf(x), Blame: string(n.Blame)}
	if n.Rule.Once == nil {
		k.Method, k.Route = x.Request.Method, annotate.RouteOf(x)
	}
	for _, s := range []*string{&k.Method, &k.Host, &k.Route} {
		*s = strings.ToValidUTF8(*s, "?") // so that a file can hold it
	}
	return k
}

// EntryKey is the key of an entry that accepts a note in other runs too: a port
// of this machine that the system picked is "*".
func EntryKey(x *exchange.Exchange, n *annotate.Note) Key {
	k := KeyOf(x, n)
	if steady := x.SteadyHostPort(); strings.HasSuffix(steady, ":"+anyPort) {
		k.Host = steady
	}
	return k
}

// serverOf names the server of an exchange with its port, that of the scheme
// too: an entry for one port must not accept what another one sends.
func serverOf(x *exchange.Exchange) string {
	host, port := x.Server()
	if port == 0 {
		return strings.ToLower(host)
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.Itoa(port))
}

// fits reports whether a note with key k is one that an entry with key e accepts.
func (e Key) fits(k Key) bool {
	same := func(entry, note string) bool { return entry == "" || entry == note }
	return e.Rule == k.Rule && same(e.Method, k.Method) && fitsHost(e.Host, k.Host) && fitsRoute(e.Route, k.Route) && same(e.Blame, k.Blame)
}

// fitsRoute reports whether the route of an entry stands for that of a note.
func fitsRoute(entry, note string) bool {
	if entry == "" || entry == note {
		return true
	}
	path, _, hasOperation := strings.Cut(note, " ")
	return hasOperation && entry == path
}

// anyPort is in an entry for every port.
const anyPort = "*"

// fitsHost reports whether the host of an entry stands for that of a note.
func fitsHost(entry, note string) bool {
	if entry == "" || entry == note {
		return true
	}
	host, port := exchange.SplitAuthority(entry)
	noteHost, notePort := exchange.SplitAuthority(note)
	return host == noteHost && (port == "" || port == anyPort || port == notePort)
}

// String returns the key in words.
func (e Key) String() string {
	s := e.Rule
	if about := strings.TrimSpace(e.Method + " " + e.Host + e.Route); about != "" {
		s += " on " + about
	}
	if e.Blame != "" {
		s += " by " + e.Blame
	}
	return s
}

// compare orders keys as the file has them.
func (e Key) compare(o Key) int {
	return cmp.Or(
		strings.Compare(e.Rule, o.Rule), strings.Compare(e.Host, o.Host), strings.Compare(e.Route, o.Route),
		strings.Compare(e.Method, o.Method), strings.Compare(e.Blame, o.Blame),
	)
}

// An Entry is one line of reason for notes that are accepted.
type Entry struct {
	Key
	Owner   string    // who is to fix it; "" for no one
	Reason  string    // why it is accepted; "" for none
	Expires time.Time // the last day, in UTC; zero for never

	Line int // in the file; 0 for a new entry
	Seen int // notes that it fitted so far, expired or not

	comments string // the lines of comments above it in the file
	text     string // the lines that hold it; "" to write it again
}

// ExpiredOn reports whether the entry's last day is over on a day.
func (e *Entry) ExpiredOn(today time.Time) bool {
	return !e.Expires.IsZero() && today.UTC().After(e.Expires.AddDate(0, 0, 1).Add(-1))
}

// Accepted says why the entry accepts a note: "slow partner; team-shop; until
// 2026-12-31".
func (e *Entry) Accepted() string {
	var parts []string
	for _, s := range []string{e.Reason, e.Owner} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if !e.Expires.IsZero() {
		parts = append(parts, "until "+e.Expires.Format(time.DateOnly))
	}
	if len(parts) == 0 {
		return "in the baseline"
	}
	return strings.Join(parts, "; ")
}

// A Baseline is the entries of one file. It is safe for concurrent use.
type Baseline struct {
	Name string // of the file

	mu      sync.Mutex
	adopts  annotate.Severity // notes from here on that nothing accepts become entries; 0 for none
	adopted int               // entries made so
	below   int               // notes of warn and above that were too mild for it
	today   time.Time
	header  string // of the file, up to the first entry; "" for the usual one
	entries []*Entry
	byRule  map[string][]*Entry
}

// New makes an empty baseline for a file that is not there yet. Entries expire
// by the day that today falls on in UTC.
func New(name string, today time.Time) *Baseline {
	return &Baseline{Name: name, today: today, byRule: map[string][]*Entry{}}
}

func (b *Baseline) add(e *Entry) {
	b.entries = append(b.entries, e)
	b.byRule[e.Rule] = append(b.byRule[e.Rule], e)
}

// Entries returns the entries in the order of the file.
func (b *Baseline) Entries() []*Entry { return b.entries }

// Adopt has Accept make an entry of every note from a severity on that nothing
// accepts yet, and accept it by that.
func (b *Baseline) Adopt(from annotate.Severity) { b.adopts = from }

// Adopted returns how many entries were made or renewed so, and how many notes
// of warn and above were left out, since they are milder than what is adopted.
func (b *Baseline) Adopted() (entries, leftOut int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.adopted, b.below
}

// adopt accepts a note by an entry of its own, where that is asked for. The lock
// is held.
func (b *Baseline) adopt(x *exchange.Exchange, n *annotate.Note) {
	switch {
	case b.adopts == 0 || n.Accepted != "":
	case n.Severity >= b.adopts:
		if b.include(EntryKey(x, n), "", "", time.Time{}) {
			b.adopted++
		}
		n.Accepted = "now in the baseline"
	case n.Severity >= annotate.Warn:
		b.below++
	}
}

// Mark marks the notes of an exchange that the baseline accepts, in place.
func (b *Baseline) Mark(x *exchange.Exchange, notes []annotate.Note) { b.look(x, notes, 0) }

// Accept is Mark for an exchange that has ended, and counts the notes for the
// entries that they fit.
func (b *Baseline) Accept(x *exchange.Exchange, notes []annotate.Note) { b.look(x, notes, 1) }

// look marks notes, and counts each as so many for the entries that it fits.
func (b *Baseline) look(x *exchange.Exchange, notes []annotate.Note, times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range notes {
		n := &notes[i]
		if entries := b.byRule[n.Rule.ID]; len(entries) > 0 {
			if e := b.find(entries, KeyOf(x, n), times); e != nil {
				n.Accepted = e.Accepted()
			}
		}
		if times > 0 {
			b.adopt(x, n)
		}
	}
}

// find returns the entry that accepts a note, and counts it for each that fits.
func (b *Baseline) find(entries []*Entry, k Key, times int) (found *Entry) {
	for _, e := range entries {
		if !e.fits(k) {
			continue
		}
		e.Seen += times
		if found == nil && !e.ExpiredOn(b.today) {
			found = e
		}
	}
	return found
}

// IsExpired reports whether an entry no longer accepts anything.
func (b *Baseline) IsExpired(e *Entry) bool { return e.ExpiredOn(b.today) }

// Summary says in one clause what the baseline holds.
func (b *Baseline) Summary() string {
	s := "baseline " + b.Name + " with " + wording.Count(len(b.entries), "entry")
	expired := 0
	for _, e := range b.entries {
		if b.IsExpired(e) {
			expired++
		}
	}
	if expired > 0 {
		s += ", " + strconv.Itoa(expired) + " expired"
	}
	return s
}

// mostWarnings bounds how many entries are told of one by one.
const mostWarnings = 10

// Warnings says which entries have expired and are still needed, which were
// not seen, and which say what another says.
func (b *Baseline) Warnings() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var expired, unseen, double []string
	known := map[Key]bool{}
	for _, e := range b.entries {
		where := fmt.Sprintf("%s:%d: %s", b.Name, e.Line, e.Key)
		switch {
		case known[e.Key]:
			double = append(double, where+" is a duplicate")
		case b.IsExpired(e) && e.Seen > 0:
			expired = append(expired, fmt.Sprintf("%s expired on %s%s", where, e.Expires.Format(time.DateOnly), ownedBy(e)))
		case e.Seen == 0:
			unseen = append(unseen, where+" was not seen")
		}
		known[e.Key] = true
	}
	warnings := slices.Concat(shorten(expired, "expired"), shorten(unseen, "were not seen"), shorten(double, "are duplicates"))
	if len(unseen)+len(double) > 0 {
		warnings = append(warnings, "remove these entries with: sidenote baseline prune")
	}
	return warnings
}

func ownedBy(e *Entry) string {
	if e.Owner == "" {
		return ""
	}
	return ", owner " + e.Owner
}

func shorten(all []string, what string) []string {
	if len(all) <= mostWarnings {
		return all
	}
	return append(all[:mostWarnings:mostWarnings], fmt.Sprintf("%d more entries %s", len(all)-mostWarnings, what))
}
