package sink

import (
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// appendPlain writes an exchange and its notes for a file or a pipe: a line for
// the exchange, with the rules that said the same of its route before and how
// often; a line for each note that is new there; and a line of help the first
// time that a rule speaks at all.
func (c *Console) appendPlain(b []byte, x *exchange.Exchange, notes []annotate.Note) []byte {
	if x.Started.IsZero() {
		b = append(b, '-')
	} else {
		b = x.Started.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	}
	for _, s := range [...]string{
		strings.TrimRight(statusWord(x), " "), method(x), x.URL(), wording.ShortDuration(x.Timing.Done), size(x), protocol(x),
	} {
		b = append(b, ' ')
		b = printable.Append(b, s, true)
	}
	if len(notes) > 0 && x.ID != "" {
		b = printable.Append(append(b, " #"...), x.ID, true)
	}
	switch title := failure(x); {
	case title == "":
	case saysFailure(notes): // which has the words
		b = printable.Append(append(b, ' '), string(x.Err.Code), true)
	default:
		b = printable.Append(append(b, ' '), title, true)
	}
	if reason := annotate.Reason(x); reason != "" {
		b = printable.Append(append(b, " says "...), strconv.QuoteToASCII(reason), true)
	}
	times := c.times(x, notes)
	b = append(appendAgain(b, notes, times), '\n')
	if words := c.caching(x); words != "" {
		b = append(b, "cache "...)
		if x.ID != "" {
			b = append(printable.Append(append(b, '#'), x.ID, true), ' ')
		}
		b = append(printable.Append(b, words, true), '\n')
	}
	for i := range notes {
		if n := &notes[i]; times[n.Rule] == 1 {
			b = appendPlainNote(b, x, n)
		}
	}
	for i := range notes {
		b = c.appendPlainHelp(b, &notes[i])
	}
	return b
}

// appendAgain names the rules that have spoken of the route before, as in
// "again: status/429-missing-retry-after (12 times)".
func appendAgain(b []byte, notes []annotate.Note, times map[*annotate.Rule]int) []byte {
	lead := " again: "
	told := make(map[*annotate.Rule]bool)
	for i := range notes {
		r := notes[i].Rule
		if times[r] < 2 || told[r] {
			continue
		}
		told[r] = true
		b = append(append(append(b, lead...), r.ID...), " ("...)
		b = append(strconv.AppendInt(b, int64(times[r]), 10), " times)"...)
		lead = ", "
	}
	return b
}

func appendPlainNote(b []byte, x *exchange.Exchange, n *annotate.Note) []byte {
	b = append(append(b, n.Severity.String()...), ' ')
	b = append(append(b, n.Rule.ID...), " #"...)
	b = printable.Append(b, x.ID, true)
	b = printable.Append(append(b, ' '), n.Message, true)
	b = append(b, accepted(n, true)...)
	for i := range n.Related {
		r := &n.Related[i]
		lead := "; "
		if i == 0 {
			lead = " ("
		}
		b = printable.Append(b, lead+r.Role+": "+r.What, true)
		if r.Exchange != "" {
			b = printable.Append(append(b, " #"...), r.Exchange, true)
		}
	}
	if len(n.Related) > 0 {
		b = append(b, ')')
	}
	if len(n.Rule.Refs) > 0 {
		b = printable.Append(b, " ["+strings.Join(n.Rule.Refs, "; ")+"]", true)
	}
	return append(b, '\n')
}

// appendPlainHelp says what to do about a rule the first time that it speaks.
func (c *Console) appendPlainHelp(b []byte, n *annotate.Note) []byte {
	help := n.HelpText()
	if help == "" || c.help.Times(n.Rule, "") > 1 {
		return b
	}
	b = append(append(append(b, "help "...), n.Rule.ID...), ' ')
	return append(printable.Append(b, help, true), '\n')
}
