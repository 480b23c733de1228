package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/internal/wording"
)

//go:embed html/report.tmpl
var htmlTemplate string

//go:embed html/report.css
var htmlStyle string

// mostPages is how many exchanges are shown whole in one page.
const mostPages = 200

// The page as its template has it. All text in it is printable, and the
// template escapes it.
type (
	htmlPage struct {
		Policy                     string
		Style                      template.CSS
		Word, Shout, Title, Reason string
		Meta, Foot                 string
		Exchanges                  int
		Classes                    []htmlClass
		Notes                      Counts
		Accepted                   int
		Median, P95, Longest       string
		Fixes                      []htmlFix
		Rules                      []*htmlRule
		MoreNotes                  string
		Rows                       []htmlRow
		Pauses, MoreRows           string
		Pages                      []htmlExchange
		MorePages                  string
	}
	htmlBar   struct{ Fill, X, Width string }
	htmlClass struct {
		htmlBar
		Count int
		Label string
	}
	htmlFix struct {
		Severity, Rule, Message, Where, Spread, Blame, Help, Link string
	}
	htmlRule struct {
		ID, Class, Title, Help, Count string
		Open                          bool
		Refs                          []htmlRef
		Groups                        []htmlGroup

		exchanges int
	}
	htmlRef   struct{ Text, URL string }
	htmlGroup struct {
		Where, Reason, Blame string
		Exchanges            int
		Examples             []htmlExample
	}
	htmlExample struct{ Message, Link string }
	htmlRow     struct {
		Status, Class, Method, URL, Short, Took, Link string
		Bars                                          []htmlBar
	}
	htmlExchange struct {
		ID, Label, Status, Class, Method, URL string
		Open                                  bool
		Lines                                 []htmlLine
	}
	htmlLine struct {
		Mark       string
		Own, First bool
		Pieces     []htmlPiece
		Notes      []htmlNote
	}
	htmlPiece struct {
		Text   string
		Marked bool
	}
	htmlNote struct{ Class, Rule, Blame, Message, Help, Accepted string }
)

// WriteHTML writes one page that needs nothing else: no script, no font, no
// network. Its security policy lets nothing in, whatever the wire may bring.
func WriteHTML(w io.Writer, r *Report) error {
	t, err := template.New("report").Parse(htmlTemplate)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if err := t.Execute(b, htmlPageOf(r)); err != nil {
		return err
	}
	return b.Flush()
}

func htmlPageOf(r *Report) *htmlPage {
	digest := sha256.Sum256([]byte(htmlStyle))
	p := &htmlPage{
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
			"'; img-src data:; base-uri 'none'; form-action 'none'",
		Style: template.CSS(htmlStyle), //nolint:gosec // it is our own file
		Word:  r.Verdict.Word(), Shout: wording.Sentence(r.Verdict.Word()), Title: text(r.Title), Reason: text(wording.Sentence(r.Verdict.Reason())),
		Exchanges: r.Exchanges, Notes: r.Notes, Accepted: r.Accepted.Total(), Classes: htmlClasses(r),
	}
	p.Shout = strings.TrimSuffix(p.Shout, ".")
	p.Meta, p.Foot = htmlMeta(r), "Made by sidenote "+text(r.Version)+". This page works offline."
	if d := r.Durations; d.Count > 0 {
		p.Median, p.P95, p.Longest = wording.Duration(d.Median), wording.Duration(d.P95), wording.Duration(d.Max)
	}
	links := p.addPages(r)
	p.addFixes(r, links)
	p.addRules(r, links)
	p.addRows(r, links)
	return p
}

func htmlMeta(r *Report) string {
	var parts []string
	if !r.First.IsZero() {
		parts = append(parts, r.First.UTC().Format("2006-01-02 15:04:05 UTC"), "lasted "+wording.Duration(r.Last.Sub(r.First)))
	}
	if r.Run != "" {
		parts = append(parts, "run "+text(r.Run))
	}
	if r.FailOn == 0 {
		parts = append(parts, "no note fails the policy")
	} else {
		parts = append(parts, "fails on "+r.FailOn.String())
	}
	return strings.Join(parts, " · ")
}

func htmlClasses(r *Report) (out []htmlClass) {
	done := 0
	for _, c := range r.Classes {
		x := scale(done, r.Exchanges)
		done += c.Count
		out = append(out, htmlClass{htmlBar{"f" + classDigit(c.Class), number(x), number(scale(done, r.Exchanges) - x)}, c.Count, c.Label})
	}
	return out
}

// scale returns a part of a whole in thousandths.
func scale[N int | time.Duration](part, whole N) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole) * 1000
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// classDigit is the digit of a class of status, "0" for none.
func classDigit(class string) string {
	for _, l := range statusLabels {
		if l.class == class && strings.HasSuffix(l.label, "xx") {
			return l.label[:1]
		}
	}
	return "0"
}

// addPages adds the transcripts and returns the fragments that lead to them. The
// worst come in first; they stand by the start of their exchanges.
func (p *htmlPage) addPages(r *Report) map[*Transcript]string {
	all := r.transcripts()
	wanted := make(map[*Transcript]bool)
	for _, g := range r.Groups {
		for i := range g.Examples {
			if t := g.Examples[i].Transcript; t != nil && len(wanted) < mostPages {
				wanted[t] = true
			}
		}
	}
	links := make(map[*Transcript]string)
	for _, x := range all {
		if !wanted[x.Transcript] {
			continue
		}
		id := "x" + strconv.Itoa(len(p.Pages)+1)
		links[x.Transcript] = id
		p.Pages = append(p.Pages, htmlExchange{
			ID: id, Label: text(x.Label()), Status: statusText(x.Row), Class: "k" + classDigit(x.Class),
			Method: text(x.Method), URL: text(x.URL), Lines: htmlLines(x.Transcript),
		})
	}
	if more := len(all) - len(p.Pages); more > 0 {
		p.MorePages = "The messages of " + wording.Count(more, "more exchange") + " are not shown."
	}
	return links
}

func statusText(r *Row) string {
	switch {
	case r.Class == annotate.ClassNone:
		return "fail"
	case r.Status == 0:
		return "-"
	}
	return strconv.Itoa(r.Status)
}

func htmlLines(t *Transcript) (out []htmlLine) {
	last := ""
	for i := range t.Lines {
		l := &t.Lines[i]
		h := htmlLine{Mark: l.Mark, Own: l.Mark == "*", First: i > 0 && l.Mark != last && l.Mark != "*"}
		if !h.Own {
			last = l.Mark
		}
		at := 0
		for _, s := range l.Spans {
			h.Pieces = append(h.Pieces, htmlPiece{l.Text[at:s.Start], false}, htmlPiece{l.Text[s.Start:s.End], true})
			at = s.End
		}
		h.Pieces = append(h.Pieces, htmlPiece{l.Text[at:], false})
		for _, n := range l.Notes {
			m := &t.Notes[n]
			note := htmlNote{m.Severity.String(), m.Rule.ID, blameText(m.Blame), m.Message, wording.Sentence(m.Help), m.Accepted}
			if m.Accepted != "" {
				note.Class = "accepted"
			}
			h.Notes = append(h.Notes, note)
		}
		out = append(out, h)
	}
	return out
}

func (p *htmlPage) addFixes(r *Report, links map[*Transcript]string) {
	for i := range r.Fixes {
		f := &r.Fixes[i]
		p.Fixes = append(p.Fixes, htmlFix{
			Severity: f.Severity.String(), Rule: f.Rule.ID, Message: text(f.Example.Message), Where: text(f.Where), Spread: f.Spread(),
			Blame: blameText(f.Blame), Help: text(wording.Sentence(f.Example.Help)), Link: links[f.Example.Transcript],
		})
	}
}

func (p *htmlPage) addRules(r *Report, links map[*Transcript]string) {
	type key struct {
		rule  *annotate.Rule
		class string
	}
	byRule := make(map[key]*htmlRule)
	for _, g := range r.Groups {
		class := g.Severity.String()
		if g.IsAccepted() {
			class = "accepted"
		}
		h := byRule[key{g.Rule, class}]
		if h == nil {
			h = &htmlRule{ID: g.Rule.ID, Class: class, Title: wording.Sentence(g.Rule.Title), Help: wording.Sentence(g.Rule.Help), Open: g.Fails()}
			for _, ref := range g.Rule.Refs {
				h.Refs = append(h.Refs, htmlRef{ref, annotate.RefURL(ref)})
			}
			byRule[key{g.Rule, class}] = h
			p.Rules = append(p.Rules, h)
		}
		h.exchanges += g.Exchanges
		group := htmlGroup{Where: text(g.Where()), Reason: text(g.Reason), Blame: blameText(g.Blame), Exchanges: g.Exchanges}
		for i := range g.Examples {
			group.Examples = append(group.Examples, htmlExample{text(g.Examples[i].Message), links[g.Examples[i].Transcript]})
		}
		h.Groups = append(h.Groups, group)
		h.Count = wording.Count(h.exchanges, "exchange") + " on " + wording.Count(len(h.Groups), "route")
	}
	if r.MoreNotes > 0 {
		p.MoreNotes = wording.Count(r.MoreNotes, "more note") + " did not fit into this report."
	}
}

// addRows adds the exchanges as bars in time. Pauses in which nothing happened
// are cut short, or there would be nothing to see in a long run.
func (p *htmlPage) addRows(r *Report, links map[*Transcript]string) {
	starts, whole, pause := timeline(r.Rows)
	byRow := make(map[*Row]string)
	for _, x := range r.transcripts() {
		byRow[x.Row] = links[x.Transcript]
	}
	for i, row := range r.Rows {
		short := text(row.URL)
		if _, rest, ok := strings.Cut(short, "://"); ok {
			short = rest
		}
		h := htmlRow{
			Status: statusText(row), Class: "k" + classDigit(row.Class), Method: text(row.Method), URL: text(row.URL), Short: short,
			Took: wording.Duration(row.Timing.Done), Link: byRow[row],
		}
		if !row.Started.IsZero() {
			h.Bars = bars(row, starts[i], whole)
		}
		p.Rows = append(p.Rows, h)
	}
	if pause > 0 {
		p.Pauses = "Pauses longer than " + wording.Duration(pause) + " between exchanges are shortened to that."
	}
	if r.MoreRows > 0 {
		p.MoreRows = wording.Count(r.MoreRows, "more exchange") + " did not fit into this report."
	}
}

// timeline returns where each exchange begins on an axis without long pauses,
// how long that is, and the length that pauses were cut to; 0 when none was.
func timeline(rows []*Row) (starts []time.Duration, whole, pause time.Duration) {
	const least = time.Millisecond
	var busy time.Duration
	for _, r := range rows {
		busy += r.Timing.Done
	}
	limit := max(busy/20, least).Round(time.Millisecond)
	starts = make([]time.Duration, len(rows))
	var end time.Time
	for i, r := range rows {
		if r.Started.IsZero() {
			continue
		}
		if !end.IsZero() {
			gap := r.Started.Sub(end)
			if gap > limit {
				gap, pause = limit, limit
			}
			starts[i] = whole + gap
		}
		whole = max(whole, starts[i]+r.Timing.Done)
		if e := r.Started.Add(r.Timing.Done); e.After(end) {
			end = e
		}
	}
	return starts, whole, pause
}

// bars are the phases of an exchange in thousandths of the axis.
func bars(r *Row, start, whole time.Duration) (out []htmlBar) {
	const thinnest = 3
	t := &r.Timing
	at := scale(start, whole)
	if t.FirstByte == 0 || t.RequestSent == 0 || t.RequestSent > t.FirstByte || t.FirstByte > t.Done {
		fill := "wait"
		if r.Failure != "" {
			fill = "broken"
		}
		return []htmlBar{{fill, number(min(at, 1000-thinnest)), number(max(scale(t.Done, whole), thinnest))}}
	}
	for _, phase := range [...]struct {
		fill     string
		from, to time.Duration
	}{{"send", 0, t.RequestSent}, {"wait", t.RequestSent, t.FirstByte}, {"receive", t.FirstByte, t.Done}} {
		fill := phase.fill
		if r.Failure != "" && fill == "receive" {
			fill = "broken"
		}
		width := scale(phase.to-phase.from, whole)
		if fill == "wait" {
			width = max(width, thinnest)
		}
		if width > 0 {
			x := min(at+scale(phase.from, whole), 1000-thinnest)
			out = append(out, htmlBar{fill, number(x), number(width)})
		}
	}
	return out
}
