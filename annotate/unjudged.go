package annotate

import (
	"fmt"
	"time"

	"sidenote/exchange"
	"sidenote/internal/wording"
)

// An Unjudged collects what could not be judged of captures, to be said once they
// were read. The zero value has seen none.
type Unjudged struct {
	silence     Silence
	internal    int // exchanges that a browser answered itself
	unexplained int // exchanges without a response or a reason
	notHTTP     int // entries of other URLs
	clocks      []string
}

// Add counts one exchange.
func (u *Unjudged) Add(x *exchange.Exchange) {
	switch {
	case x.Source.Lacks.Has(exchange.LacksNetwork):
		u.internal++
		return
	case x.Response.Status == 0 && x.Err == nil && !x.Source.Lacks.Has(exchange.LacksResponse):
		u.unexplained++
	}
	u.silence.Add(x)
}

// AddFile adds what there is to say of a file as a whole, once it was read.
func (u *Unjudged) AddFile(name string, a *exchange.About) {
	u.notHTTP += a.NotHTTP
	if a.Clock.Behind != 0 {
		u.clocks = append(u.clocks, clockSentence(name, a.Clock))
	}
}

// Sentences says it, a sentence without a full stop for each thing; rules are
// those that were asked.
func (u *Unjudged) Sentences(rules []*Rule) (all []string) {
	for _, c := range u.clocks {
		all = append(all, "not judged: "+c)
	}
	if n := u.internal; n > 0 {
		all = append(all, "not judged: "+wording.Count(n, "exchange")+" that never left the browser, which answered itself")
	}
	if n := u.unexplained; n > 0 {
		all = append(all, "not judged: "+wording.Count(n, "exchange")+" without a response; the capture does not say why there is none")
	}
	if n := u.notHTTP; n > 0 {
		all = append(all, "not judged: "+wording.Count(n, "entry")+" with a data:, blob: or other URL that is not HTTP")
	}
	return append(all, u.silence.Sentences(rules)...)
}

// clockSentence says by how much the clock of a capture's machine is wrong, and
// who says so.
func clockSentence(file string, c exchange.Clock) string {
	behind, by := "behind", c.Behind
	if by < 0 {
		behind, by = "ahead of", -by
	}
	return fmt.Sprintf("the time in %s, because the recording machine's clock was %s %s the clocks of %d of %s",
		file, roughly(by), behind, c.Agree, wording.Count(c.Hosts, "host"))
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
