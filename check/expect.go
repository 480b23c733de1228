package check

import (
	"fmt"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
)

// Statuses is a set of status codes and of classes of them. The zero value
// holds every code below 400, which is what a check expects by itself.
type Statuses struct {
	text  string // as it was given
	codes map[int]bool
}

// ParseStatuses reads "200", "2xx", or several with commas between them; "any"
// is every code.
func ParseStatuses(s string) (Statuses, error) {
	set := Statuses{text: s, codes: map[int]bool{}}
	for item := range strings.SplitSeq(s, ",") {
		item = strings.ToLower(strings.TrimSpace(item))
		from, to, ok := parseStatus(item)
		if !ok {
			return Statuses{}, fmt.Errorf("want status codes such as 200 or 2xx, or any, not %q", item)
		}
		for code := from; code <= to; code++ {
			set.codes[code] = true
		}
	}
	return set, nil
}

func parseStatus(s string) (from, to int, ok bool) {
	if s == "any" {
		return 100, 999, true
	}
	if len(s) != 3 {
		return 0, 0, false
	}
	if class, wild := strings.CutSuffix(s, "xx"); wild && class >= "1" && class <= "9" {
		from = int(class[0]-'0') * 100
		return from, from + 99, true
	}
	code, err := strconv.Atoi(s)
	return code, code, err == nil && code >= 100
}

// Has reports whether a code is in the set.
func (s Statuses) Has(code int) bool {
	if s.codes == nil {
		return code < 400
	}
	return s.codes[code]
}

// String gives the set as it was given.
func (s Statuses) String() string {
	if s.codes == nil {
		return "a status below 400"
	}
	return s.text
}

var statusRule = annotate.Rule{
	ID: "expect/status", Severity: annotate.Error, Blame: annotate.ByOrigin,
	Title: "the status is not the one that the check expects",
	Doc:   "A check expects a status below 400, unless it says which ones it expects instead.",
	Help:  "find out why the server answers so; if that is right, say what is expected with --expect-status",
}

var redirectsRule = annotate.Rule{
	ID: "expect/redirects", Severity: annotate.Error, Blame: annotate.ByOrigin,
	Title: "one redirect follows the other without an end",
	Doc:   "A check follows " + strconv.Itoa(MostRedirects) + " redirects and no more.",
	Help:  "look at the Location fields: they probably lead in a circle",
}

// Unmet gives a note for each expectation of the check that its answer does not
// meet. One that failed without an answer has its own notes, and needs none.
func (r *Result) Unmet() []annotate.Note {
	x := r.Last()
	if x.Response.Status == 0 || x.Response.Made {
		return nil
	}
	var notes []annotate.Note
	if r.MoreRedirects {
		notes = append(notes, note(&redirectsRule, fmt.Sprintf("after %d redirects comes another one", MostRedirects)))
	}
	if !r.Check.Status.Has(x.Response.Status) {
		notes = append(notes, note(&statusRule, fmt.Sprintf("the status is %d, expected is %s", x.Response.Status, r.Check.Status)))
	}
	return notes
}

func note(rule *annotate.Rule, message string) annotate.Note {
	return annotate.Note{
		Rule: rule, Severity: rule.Severity, Blame: rule.Blame, Message: message,
		Place: exchange.Place{Message: exchange.InResponse, Part: exchange.PartStartLine},
	}
}

// Failed reports whether the check has no answer, or not the one expected.
func (r *Result) Failed() bool { return r.Last().Err != nil || len(r.Unmet()) > 0 }
