package policy

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/inside"
	"sidenote/internal/wording"
	"sidenote/internal/yamlfile"
)

// A budget bounds something of all exchanges together.
type budget struct {
	name  string // one of budgetNames
	where string
	match patterns

	share float64       // for a rate: at most, from 0 to 1
	limit time.Duration // for a percentile: at most
	most  int           // for max-redirects
	part  float64       // for a percentile: 0.95
}

const (
	maxServerErrorRate = "max-5xx-rate"
	maxFailedRate      = "max-failed-rate"
	maxErrorRate       = "max-error-rate"
	maxRedirects       = "max-redirects"
)

func percentiles() map[string]float64 {
	return map[string]float64{"p50": .5, "p90": .9, "p95": .95, "p99": .99}
}

func budgetNames() []string {
	return []string{maxServerErrorRate, maxFailedRate, maxErrorRate, "p50", "p90", "p95", "p99", maxRedirects}
}

func newBudget(name, value, where string) (b *budget, err error) {
	b = &budget{name: name, where: where}
	if part, ok := percentiles()[name]; ok {
		b.part = part
		b.limit, err = parseDuration(value)
		return b, err
	}
	switch name {
	case maxServerErrorRate, maxFailedRate, maxErrorRate:
		b.share, err = parseShare(value)
	case maxRedirects:
		if b.most, err = strconv.Atoi(value); err != nil || b.most < 0 {
			err = fmt.Errorf("want a number of consecutive redirects, such as 3, not %q", value)
		}
	default:
		err = fmt.Errorf("unknown budget %q; want %s", name, wording.Or(budgetNames()))
	}
	return b, err
}

// parseShare reads a share as "1%" or "0.5%".
func parseShare(s string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if s == "0" {
		return 0, nil
	}
	if err != nil || !percent || math.IsNaN(v) || v < 0 || v > 100 {
		return 0, fmt.Errorf("want a share in percent, such as 1%% or 0.5%%, not %q", s)
	}
	return v / 100, nil
}

// Budget adds a budget for all traffic, in the form of the flag.
func (p *Policy) Budget(name, value, where string) error {
	b, err := newBudget(name, value, where)
	if err != nil {
		return err
	}
	return p.addBudget(b)
}

func (p *Policy) addBudget(b *budget) error {
	if len(p.budgets) == maxBudgets {
		return fmt.Errorf("more than %d budgets", maxBudgets)
	}
	p.budgets = append(p.budgets, b)
	return nil
}

// readBudgets reads budgets for all traffic, or a list of such, each with a
// match of its own.
func (p *Policy) readBudgets(r reader, n ast.Node) error {
	if yamlfile.IsEmpty(n) {
		return nil
	}
	members, ok := yamlfile.List(n)
	if !ok {
		members = []ast.Node{n}
	}
	for _, m := range members {
		pairs, ok := yamlfile.Mapping(m)
		if !ok {
			return r.Fault(m, "want one budget per line, such as: max-5xx-rate: 1%%")
		}
		if err := p.readBudget(r, m, pairs); err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) readBudget(r reader, n ast.Node, pairs []*ast.MappingValueNode) error {
	var match patterns
	first := len(p.budgets)
	for _, pair := range pairs {
		name := yamlfile.Key(pair.Key)
		if name == "match" {
			var err error
			if match, err = r.patterns(pair.Value); err != nil {
				return err
			}
			continue
		}
		value, _ := yamlfile.Scalar(pair.Value)
		b, err := newBudget(name, value, r.where(pair.Key))
		switch {
		case b != nil && !isBudget(name):
			return r.Unknown(pair.Key, "of a budget", append([]string{"match"}, budgetNames()...))
		case err != nil:
			return r.Fault(pair.Value, "%s: %v", name, err)
		}
		if err := p.addBudget(b); err != nil {
			return r.Fault(pair.Key, "%v", err)
		}
	}
	if len(p.budgets) == first {
		return r.Fault(n, "no budget: add one, such as: p95: 800ms")
	}
	for _, b := range p.budgets[first:] {
		b.match = match
	}
	return nil
}

func isBudget(name string) bool {
	return slices.Contains(budgetNames(), name)
}

// String returns the budget in words: "p95 at most 800ms of GET api.test/**".
func (b *budget) String() string {
	s := b.name + " " + b.limitText()
	if len(b.match) > 0 {
		s += " of " + b.match.String()
	}
	return s
}

func (b *budget) limitText() string {
	switch b.name {
	case maxServerErrorRate, maxFailedRate, maxErrorRate:
		return percent(b.share)
	case maxRedirects:
		return strconv.Itoa(b.most)
	}
	return b.limit.String()
}

func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e4)/100, 'f', -1, 64) + "%"
}

// A tally counts what one budget is about.
type tally struct {
	*budget
	all, hits int // exchanges, and those that spend the budget
	unknown   int // exchanges of which it is not known
	times     histogram
	chains    chains
}

func (t *tally) observe(x *exchange.Exchange) {
	if !t.match.match(x) || isOurs(x) {
		return
	}
	status := statusOf(x)
	switch t.name {
	case maxFailedRate:
		t.add(status == 0)
	case maxServerErrorRate:
		t.add(status >= 500)
	case maxErrorRate:
		e := x.Effective()
		if t.add(e.IsError()); e.Outcome == inside.Unknown {
			t.unknown++
		}
	case maxRedirects:
		t.chains.observe(x)
	default:
		if status != 0 {
			t.add(x.Timing.Done > t.limit)
			t.times.add(x.Timing.Done)
		}
	}
}

func (t *tally) add(hit bool) {
	t.all++
	if hit {
		t.hits++
	}
}

// held reports whether the budget holds.
func (t *tally) held() bool {
	switch t.name {
	case maxFailedRate, maxServerErrorRate, maxErrorRate:
		return float64(t.hits) <= t.share*float64(t.all)
	case maxRedirects:
		return t.chains.longest <= t.most
	}
	// The nearest rank: so many of all must not be over the limit.
	return t.all == 0 || t.all-t.hits >= rank(t.part, t.all)
}

// value says what the budget bounds, as it is, without who is meant.
func (t *tally) value() string {
	if t.name == maxRedirects {
		if t.chains.longest == 0 {
			return "no redirects"
		}
		return fmt.Sprintf("%s in a row, the last to %s", wording.Count(t.chains.longest, "redirect"), t.chains.last)
	}
	switch {
	case t.all == 0:
		return "no exchanges"
	case t.part > 0:
		return fmt.Sprintf("about %s over %s", shortDuration(t.times.at(t.part)), wording.Count(t.all, "exchange"))
	}
	unknown := ""
	if t.unknown > 0 {
		unknown = fmt.Sprintf(", %d unknown without the whole body", t.unknown)
	}
	return fmt.Sprintf("%s (%d of %s%s)", percent(float64(t.hits)/float64(t.all)), t.hits, wording.Count(t.all, "exchange"), unknown)
}

// result says how the budget fared.
func (t *tally) result() BudgetResult {
	return BudgetResult{Budget: t.budget.String(), Is: t.value(), Held: t.held()}
}

// rank is the nearest rank of a percentile among n.
func rank(part float64, n int) int { return max(1, int(math.Ceil(part*float64(n)-1e-9))) }

// shortDuration rounds a duration to two or three digits.
func shortDuration(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for unit*100 <= d {
		unit *= 10
	}
	return d.Round(unit)
}

// A histogram counts durations in buckets that are 2% wide, from a microsecond
// to some hours.
type histogram struct{ buckets [1200]int }

const bucketWidth = 1.02

func (h *histogram) add(d time.Duration) {
	i := 0
	if us := float64(d.Microseconds()); us > 1 {
		i = int(math.Log(us) / math.Log(bucketWidth))
	}
	h.buckets[min(i, len(h.buckets)-1)]++
}

// at returns a percentile, to 2%.
func (h *histogram) at(part float64) time.Duration {
	all := 0
	for _, n := range h.buckets {
		all += n
	}
	left := rank(part, all)
	for i, n := range h.buckets {
		if left -= n; left <= 0 {
			return time.Duration(math.Pow(bucketWidth, float64(i)+.5)) * time.Microsecond
		}
	}
	return 0
}

// maxChains bounds how many redirects that no one has followed yet are
// remembered.
const maxChains = 4096

// chains counts redirects that are followed one after another.
type chains struct {
	next    map[string]int // by the URI that a redirect leads to: how many led there
	order   []string       // those URIs, the oldest first
	longest int
	last    string // where the longest one led
}

func (c *chains) observe(x *exchange.Exchange) {
	from := x.URL()
	before := c.next[from]
	delete(c.next, from)
	to := redirectTarget(x)
	if to == "" {
		return
	}
	if c.next == nil {
		c.next = map[string]int{}
	}
	if len(c.order) >= maxChains {
		delete(c.next, c.order[0])
		c.order = c.order[1:]
	}
	c.order = append(c.order, to)
	c.next[to] = before + 1
	if before+1 > c.longest {
		c.longest, c.last = before+1, shownTarget(to)
	}
}

// shownTarget is the host and route of a URI, without what may be secret.
func shownTarget(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return "elsewhere"
	}
	return u.Host + annotate.Route(u.EscapedPath())
}

// redirectTarget is the URI that a redirect leads to, without its fragment; ""
// when there is none.
func redirectTarget(x *exchange.Exchange) string {
	switch statusOf(x) {
	case 301, 302, 303, 307, 308:
	default:
		return ""
	}
	location := x.Response.Fields.Value(exchange.FieldLocation)
	base, err := url.Parse(x.URL())
	if err != nil || location == "" {
		return ""
	}
	to, err := base.Parse(location)
	if err != nil {
		return ""
	}
	to.Fragment = ""
	return to.String()
}
