package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/wording"
	"sidenote/internal/yamlfile"
)

// A scope changes the severity of rules for some traffic.
type scope struct {
	where   string
	match   patterns
	changes []change // in the order in which they were written
	file    reader
}

type change struct {
	rule     string            // rule ID, "topic/*" or "*"
	severity annotate.Severity // 0 for off
	at       ast.MapKeyNode
}

func (p *Policy) readScopes(r reader, n ast.Node) error {
	if yamlfile.IsEmpty(n) {
		return nil
	}
	members, ok := yamlfile.List(n)
	if !ok {
		return r.Fault(n, "want a list of entries with match and the rules to change, such as: - match: GET old.test/**")
	}
	for _, m := range members {
		s, err := r.scope(m)
		if err != nil {
			return err
		}
		if len(p.scopes) == maxScopes {
			return r.Fault(m, "more than %d entries", maxScopes)
		}
		p.scopes = append(p.scopes, s)
	}
	return nil
}

func (r reader) scope(n ast.Node) (*scope, error) {
	pairs, ok := yamlfile.Mapping(n)
	if !ok || len(pairs) == 0 {
		return nil, r.Fault(n, "want match and the rules to change, such as: cache/heuristic-freshness: off")
	}
	s := &scope{where: r.where(pairs[0].Key), file: r}
	for _, pair := range pairs {
		key := yamlfile.Key(pair.Key)
		var err error
		switch {
		case key == "match":
			s.match, err = r.patterns(pair.Value)
		case !strings.ContainsAny(key, "/*"):
			err = r.At(pair.Key.GetToken(), fmt.Sprintf("want match, a rule such as cache/heuristic-freshness, or a topic such as cache/*, not %q%s",
				key, wording.DidYouMean(key, []string{"match"})))
		default:
			c := change{rule: key, at: pair.Key}
			c.severity, err = r.level(pair.Value)
			s.changes = append(s.changes, c)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(s.changes) == 0 {
		return nil, r.Fault(n, "no rule to change: add one, such as: cache/heuristic-freshness: off")
	}
	return s, nil
}

func (s *scope) String() string {
	about := s.match.String()
	if about == "" {
		about = "every exchange"
	}
	texts := make([]string, len(s.changes))
	for i, c := range s.changes {
		texts[i] = c.rule + " " + c.text()
	}
	return about + ": " + strings.Join(texts, ", ")
}

func (c change) text() string {
	if c.severity == 0 {
		return levelOff
	}
	return c.severity.String()
}

// find returns the last of the changes that names a rule.
func (s *scope) find(id string) (annotate.Severity, bool) {
	for _, c := range slices.Backward(s.changes) {
		if annotate.Matches(c.rule, id) {
			return c.severity, true
		}
	}
	return 0, false
}

// Resolve checks the rules that the policy names, and returns the changes for
// the rule set. It turns on rules that are off but that the policy needs for
// some traffic; Adjust drops their notes elsewhere. severities has all rules,
// with 0 for those that are off. Call it once.
func (p *Policy) Resolve(severities map[*annotate.Rule]annotate.Severity) ([]annotate.Change, error) {
	known := make([]*annotate.Rule, 0, len(severities))
	for r := range severities {
		known = append(known, r)
	}
	slices.SortFunc(known, func(a, b *annotate.Rule) int { return strings.Compare(a.ID, b.ID) })
	if err := p.checkScopes(known); err != nil {
		return nil, err
	}
	var changes []annotate.Change
	p.scoped = map[*annotate.Rule]bool{}
	for _, r := range known {
		if severities[r] == 0 && p.raises(r.ID) {
			p.scoped[r] = true
			changes = append(changes, annotate.Change{Rule: r.ID})
		}
	}
	return changes, nil
}

func (p *Policy) checkScopes(known []*annotate.Rule) error {
	for _, s := range p.scopes {
		for _, c := range s.changes {
			if !slices.ContainsFunc(known, func(r *annotate.Rule) bool { return annotate.Matches(c.rule, r.ID) }) {
				return s.file.At(c.at.GetToken(), unknownRule(c.rule, known))
			}
		}
	}
	return nil
}

func (p *Policy) raises(id string) bool {
	return slices.ContainsFunc(p.scopes, func(s *scope) bool {
		severity, found := s.find(id)
		return found && severity > 0
	})
}

// Adjust sets the severities that the policy has for the request of an exchange
// on its notes, and drops those of rules that are off there. Of several entries
// the last one wins. It returns notes itself, changed in place; doing it again
// changes nothing more.
func (p *Policy) Adjust(x *exchange.Exchange, notes []annotate.Note) []annotate.Note {
	if len(notes) == 0 || len(p.scopes) == 0 {
		return notes
	}
	var room [8]*scope
	meant := room[:0]
	for _, s := range p.scopes {
		if s.match.match(x) {
			meant = append(meant, s)
		}
	}
	kept := notes[:0]
	for _, n := range notes {
		severity, found := severityIn(meant, n.Rule.ID)
		switch {
		case found && severity == 0, !found && p.scoped[n.Rule]:
			continue
		case found:
			n.Severity = severity
		}
		kept = append(kept, n)
	}
	return kept
}

func severityIn(meant []*scope, id string) (annotate.Severity, bool) {
	for _, s := range slices.Backward(meant) {
		if severity, found := s.find(id); found {
			return severity, true
		}
	}
	return 0, false
}

// asShown returns notes as they will be shown, and leaves them as they are.
func (p *Policy) asShown(x *exchange.Exchange, notes []annotate.Note) []annotate.Note {
	return p.Adjust(x, annotate.Suppress(slices.Clone(notes)))
}
