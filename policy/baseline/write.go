package baseline

import (
	"slices"
	"strings"
	"time"

	"sidenote/internal/yamlfile"
)

const usualHeader = `# Notes that are accepted for now. Each entry has a rule and the place of its notes;
# owner fixes them, reason says why they are accepted, expires is the last day.
# "sidenote baseline update" adds entries, and "sidenote baseline prune" removes them.
version: ` + Version + `
accepted:
`

// keepText stores with each entry its lines of the file, and the comments right
// above it, so that it can be written as a person wrote it.
func (b *Baseline) keepText(text string) {
	lines := strings.SplitAfter(text, "\n")
	starts := make([]int, len(b.entries))
	for i, e := range b.entries {
		at := e.Line - 1
		if !strings.HasPrefix(strings.TrimSpace(lines[at]), "- ") {
			return // not one entry below the other: written again
		}
		for at > 0 && strings.HasPrefix(strings.TrimSpace(lines[at-1]), "#") {
			at--
		}
		if i > 0 && at <= starts[i-1] {
			return
		}
		starts[i] = at
	}
	if len(starts) == 0 {
		b.header = strings.TrimRight(strings.TrimSuffix(strings.TrimRight(text, " \n"), "[]"), " ") + "\n"
		return
	}
	b.header = strings.Join(lines[:starts[0]], "")
	for i, e := range b.entries {
		end := len(lines)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		e.comments = strings.Join(lines[starts[i]:e.Line-1], "")
		e.text = strings.TrimRight(strings.Join(lines[e.Line-1:end], ""), "\n") + "\n"
	}
}

// Bytes writes the baseline: entries by rule, host, route, method and blame,
// those that were in the file as they stood there.
func (b *Baseline) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	entries := slices.Clone(b.entries)
	slices.SortStableFunc(entries, func(x, y *Entry) int { return x.Key.compare(y.Key) })
	kept := b.write(entries, true)
	if back, err := Parse(b.Name, kept, b.today); err == nil && sameEntries(back.entries, entries) {
		return kept
	}
	return b.write(entries, false) // the file was laid out in a way of its own
}

func sameEntries(a, b []*Entry) bool {
	return slices.EqualFunc(a, b, func(x, y *Entry) bool {
		return x.Key == y.Key && x.Owner == y.Owner && x.Reason == y.Reason && x.Expires.Equal(y.Expires)
	})
}

func (b *Baseline) write(entries []*Entry, asWritten bool) []byte {
	var out strings.Builder
	header := usualHeader
	if asWritten && b.header != "" {
		header = b.header
	}
	if len(entries) == 0 {
		header = strings.TrimSuffix(header, "\n") + " []\n"
	}
	out.WriteString(header)
	for _, e := range entries {
		if asWritten {
			out.WriteString(e.comments)
		}
		if asWritten && e.text != "" {
			out.WriteString(e.text)
		} else {
			e.write(&out, indentOf(entries, asWritten))
		}
	}
	return []byte(out.String())
}

// indentOf is the indent of the entries that are in the file.
func indentOf(entries []*Entry, asWritten bool) string {
	for _, e := range entries {
		if asWritten && e.text != "" {
			for line := range strings.SplitSeq(e.text, "\n") {
				if at := strings.Index(line, "- "); at >= 0 && strings.TrimSpace(line[:at]) == "" {
					return line[:at]
				}
			}
		}
	}
	return "  "
}

func (e *Entry) write(out *strings.Builder, indent string) {
	expires := ""
	if !e.Expires.IsZero() {
		expires = e.Expires.Format(time.DateOnly)
	}
	lead := indent + "- "
	for _, pair := range [...][2]string{
		{"rule", e.Rule}, {"method", e.Method}, {"host", e.Host}, {"route", e.Route}, {"blame", e.Blame},
		{"owner", e.Owner}, {"reason", e.Reason}, {"expires", expires},
	} {
		if pair[1] != "" {
			out.WriteString(lead + pair[0] + ": " + yamlfile.Quote(pair[1]) + "\n")
			lead = indent + "  "
		}
	}
}

// Include adds an entry for a key unless one fits it. Where that has expired it
// is renewed. It reports whether it changed anything.
func (b *Baseline) Include(k Key, owner, reason string, expires time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.include(k, owner, reason, expires)
}

// include is Include with the lock held.
func (b *Baseline) include(k Key, owner, reason string, expires time.Time) bool {
	expires = expires.UTC().Truncate(24 * time.Hour) // a day, as the file has it; zero stays zero
	var expired *Entry
	for _, e := range b.byRule[k.Rule] {
		switch {
		case !e.fits(k):
		case !b.IsExpired(e):
			return false
		default:
			expired = e
		}
	}
	if expired == nil {
		b.add(&Entry{Key: k, Owner: owner, Reason: reason, Expires: expires, Seen: 1})
		return true
	}
	expired.Expires, expired.text = expires, ""
	if owner != "" {
		expired.Owner = owner
	}
	if reason != "" {
		expired.Reason = reason
	}
	return true
}

// Prune removes entries that have expired and those that say what an earlier
// one says; with unseen, also those that nothing fitted. It returns what it
// removed.
func (b *Baseline) Prune(unseen bool) (removed []*Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := map[Key]bool{}
	old := b.entries
	b.entries, b.byRule = nil, map[string][]*Entry{}
	for _, e := range old {
		if known[e.Key] || b.IsExpired(e) || unseen && e.Seen == 0 {
			removed = append(removed, e)
		} else {
			b.add(e)
			known[e.Key] = true
		}
	}
	return removed
}
