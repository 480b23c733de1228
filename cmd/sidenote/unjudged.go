package main

import (
	"fmt"
	"io"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/conversation"
	"sidenote/exchange"
	"sidenote/internal/wording"
)

// unjudged collects what could not be judged of captures, to be said at the end.
type unjudged struct {
	silence     annotate.Silence
	internal    int // exchanges that a browser answered itself
	unexplained int // exchanges without a response or a reason
	notHTTP     int // entries of other URLs
	clocks      []fileClock
}

// fileClock is what the clock of a capture's machine showed.
type fileClock struct {
	file string
	exchange.Clock
}

func (u *unjudged) add(x *exchange.Exchange) {
	switch {
	case x.Source.Lacks.Has(exchange.LacksNetwork):
		u.internal++
		return
	case x.Response.Status == 0 && x.Err == nil && !x.Source.Lacks.Has(exchange.LacksResponse):
		u.unexplained++
	}
	u.silence.Add(x)
}

// file adds what there is to say of a file as a whole.
func (u *unjudged) file(name string, a *exchange.About) {
	u.notHTTP += a.NotHTTP
	if a.Clock.Behind != 0 {
		u.clocks = append(u.clocks, fileClock{name, a.Clock})
	}
}

// write says it, a line for each thing.
func (u *unjudged) write(w io.Writer, rules []*annotate.Rule) error {
	var lines []string
	for _, c := range u.clocks {
		lines = append(lines, c.String())
	}
	if n := u.internal; n > 0 {
		lines = append(lines, wording.Count(n, "exchange")+" that never left the browser, which answered itself")
	}
	if n := u.unexplained; n > 0 {
		lines = append(lines, wording.Count(n, "exchange")+" without a response; the capture does not say why there is none")
	}
	if n := u.notHTTP; n > 0 {
		lines = append(lines, wording.Count(n, "entry")+" with a data:, blob: or other URL that is not HTTP")
	}
	for i := range lines {
		lines[i] = "not judged: " + lines[i]
	}
	for _, l := range append(lines, u.silence.Sentences(rules)...) {
		if _, err := fmt.Fprintf(w, "-- %s\n", l); err != nil {
			return err
		}
	}
	return nil
}

// String says by how much the clock is wrong, and who says so.
func (c fileClock) String() string {
	behind, by := "behind", c.Behind
	if by < 0 {
		behind, by = "ahead of", -by
	}
	return fmt.Sprintf("the time in %s, because the recording machine's clock was %s %s the clocks of %d of %s",
		c.file, roughly(by), behind, c.Agree, wording.Count(c.Hosts, "host"))
}

// roughly is a duration in the unit that suits it.
func roughly(d time.Duration) string {
	for _, u := range [...]struct {
		name string
		d    time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int64((d + u.d/60) / u.d); n >= 2 || n == 1 && d < u.d+u.d/60 {
			return wording.Count(n, u.name)
		}
	}
	return wording.Count(int64(d/time.Second), "second")
}

// writeForgotten says what rules over several exchanges did not know any more.
func writeForgotten(w io.Writer, s *conversation.State) error {
	st := s.Stats()
	var err error
	if st.Forgotten > 0 {
		_, err = fmt.Fprintf(w, "-- rules over several exchanges forgot %d of %s for lack of room; to remember more, raise --conversation-bytes\n",
			st.Forgotten, wording.Count(int64(st.Exchanges), "exchange"))
	}
	if st.Disordered > 0 && err == nil {
		_, err = fmt.Fprintf(w, "-- rules over several exchanges could not place %s, which came long after later ones; sort the capture by time\n",
			wording.Count(int64(st.Disordered), "exchange"))
	}
	return err
}
