package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/annotate/guide"
	"sidenote/exchange"
	"sidenote/internal/wording"
)

// A ruleRecord is a rule as JSON has it.
type ruleRecord struct {
	ID       string            `json:"id"`
	Severity annotate.Severity `json:"-"`
	Level    string            `json:"severity"`
	Title    string            `json:"title"`
	Refs     []string          `json:"refs"`
	Doc      string            `json:"doc"`
	Help     string            `json:"help"`
	Topic    string            `json:"topic"`
	Blame    annotate.Blame    `json:"blame"`
	Needs    []string          `json:"needs"`
	On       bool              `json:"on_by_default"`
	Bad      []string          `json:"bad"`
	Good     []string          `json:"good"`
}

func recordOf(r *annotate.Rule) ruleRecord {
	return ruleRecord{
		ID: r.ID, Severity: r.Severity, Level: r.Severity.String(), Title: r.Title, Refs: notNil(r.Refs),
		Doc: tidy(r.Doc), Help: r.Help, Topic: r.Topic(), Blame: r.Blame, Needs: needNames(r.Needs), On: !r.OffByDefault,
		Bad: notNil(r.Bad), Good: notNil(r.Good),
	}
}

// notNil has JSON print [] instead of null.
func notNil(s []string) []string { return append([]string{}, s...) }

// needNames says what a rule reads beside the message heads.
func needNames(n annotate.Needs) []string {
	names := []string{}
	for _, need := range []struct {
		bit  annotate.Needs
		name string
	}{
		{annotate.NeedsContent, "content"}, {annotate.NeedsEnd, "end"}, {annotate.NeedsRawHead, "raw-head"},
		{annotate.NeedsTLS, "tls"}, {annotate.NeedsClock, "clock"}, {annotate.NeedsInterim, "interim"},
		{annotate.NeedsVersion, "version"}, {annotate.NeedsMethod, "method"}, {annotate.NeedsLines, "lines"}, {annotate.NeedsFraming, "framing"},
		{annotate.NeedsRequest, "request-fields"}, {annotate.NeedsResponse, "response-fields"}, {annotate.NeedsSecrets, "secrets"},
		{annotate.NeedsOctets, "octets"}, {annotate.NeedsTrailers, "trailers"}, {annotate.NeedsTimes, "times"},
	} {
		if n&need.bit != 0 {
			names = append(names, need.name)
		}
	}
	return names
}

// sortedRules returns every rule in the order of their IDs.
func sortedRules() []*annotate.Rule {
	return slices.SortedFunc(slices.Values(knownRules()), func(a, b *annotate.Rule) int { return cmp.Compare(a.ID, b.ID) })
}

// A ruleFilter says which rules to list.
type ruleFilter struct {
	topic, field string
	severity     *choice
	profile      *choice
	status       int
}

func newRulesCommand(p *program) *cobra.Command {
	format := newChoice("text", "json", "markdown")
	f := ruleFilter{severity: newChoice(annotate.SeverityWords()...), profile: newChoice(annotate.ProfileNames()...)}
	f.profile.value = "" // without the flag, the rules of every profile are listed
	c := &cobra.Command{
		Use:   "rules",
		Short: "List the rules",
		Long: `List the rules that sidenote checks in each exchange. The flags filter the list.
"sidenote explain RULE" explains one rule.`,
		Example: `  sidenote rules --topic redirect
  sidenote rules --status 429 --severity warn
  sidenote rules --profile security
  sidenote rules --format markdown > rules.md`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			listed, err := f.apply(sortedRules(), c.Flags().Changed("status"))
			if err != nil {
				return err
			}
			switch format.value {
			case "json":
				return writeJSON(p.stdout, recordsOf(listed))
			case "markdown":
				return writeText(p.stdout, rulesMarkdown(listed))
			}
			return writeText(p.stdout, rulesText(listed))
		},
	}
	addChoice(c, format, "format", "how to print the rules")
	c.Flags().StringVar(&f.topic, "topic", "", "only rules of this `TOPIC`, the part of the ID before the slash")
	completeFlag(c, "topic", func(string) []string { return topicsOf(knownRules()) })
	addChoice(c, f.severity, "severity", "only rules of this severity and above")
	addChoice(c, f.profile, "profile", "only rules that are on in this profile, with its severities")
	c.Flags().IntVar(&f.status, "status", 0, "only rules for this status `CODE`")
	c.Flags().StringVar(&f.field, "field", "", "only rules that read this header `FIELD`")
	return c
}

func recordsOf(list []*annotate.Rule) []ruleRecord {
	records := []ruleRecord{}
	for _, r := range list {
		records = append(records, recordOf(r))
	}
	return records
}

func (f *ruleFilter) apply(all []*annotate.Rule, byStatus bool) ([]*annotate.Rule, error) {
	lowest, err := annotate.ParseSeverity(f.severity.value)
	if err != nil {
		return nil, usageErrorf("rules: --severity: %w", err)
	}
	if all, err = f.inProfile(all); err != nil {
		return nil, err
	}
	if topics := topicsOf(knownRules()); f.topic != "" && !slices.Contains(topics, f.topic) {
		return nil, usageErrorf("rules: --topic: there is no topic %q%s; the topics are %s",
			f.topic, wording.Suggestion(f.topic, topics, "%s"), strings.Join(topics, ", "))
	}
	if byStatus && annotate.StatusClass(f.status) == annotate.NoClass {
		return nil, usageErrorf("rules: --status %d is not a status code; want 100 to 599", f.status)
	}
	if f.field != "" && exchange.LookupName(f.field) == 0 {
		return nil, usageErrorf("rules: --field: unknown field %q%s; use the name of a registered field",
			f.field, wording.Suggestion(f.field, fieldNames(), "%s"))
	}
	wanted := exchange.LookupName(f.field)
	keep := func(r *annotate.Rule) bool {
		return r.Severity >= lowest && (f.topic == "" || r.Topic() == f.topic) &&
			(!byStatus || isForStatus(r, f.status)) && (f.field == "" || readsField(r, wanted))
	}
	return slices.DeleteFunc(all, func(r *annotate.Rule) bool { return !keep(r) }), nil
}

// inProfile returns the rules that are on in the profile, with its severities; all
// of them when none is asked for.
func (f *ruleFilter) inProfile(all []*annotate.Rule) ([]*annotate.Rule, error) {
	if f.profile.value == "" {
		return all, nil
	}
	profile, _ := annotate.LookupProfile(f.profile.value)
	severities, err := annotate.Severities(all, profile.ChangesOf(all)...)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", profile.Name, err)
	}
	var on []*annotate.Rule
	for _, r := range all {
		if s := severities[r]; s != 0 {
			changed := *r
			changed.Severity = s
			on = append(on, &changed)
		}
	}
	return on, nil
}

func topicsOf(all []*annotate.Rule) []string {
	var topics []string
	for _, r := range all {
		if !slices.Contains(topics, r.Topic()) {
			topics = append(topics, r.Topic())
		}
	}
	slices.Sort(topics)
	return topics
}

// isForStatus reports whether a rule names a status or its class; one that
// looks at every exchange does not.
func isForStatus(r *annotate.Rule, status int) bool {
	return slices.Contains(r.When.Status, status) || slices.Contains(r.When.Class, status/100)
}

// readsField reports whether a rule has to do with a field.
func readsField(r *annotate.Rule, n exchange.Name) bool {
	reads := guide.ReadsOf(r)
	return slices.Contains(reads.All(), n)
}

// rulesText lists rules by topic, one a line, for people and for grep.
func rulesText(list []*annotate.Rule) string {
	if len(list) == 0 {
		return "no rule matches\n"
	}
	widest := 0
	for _, r := range list {
		widest = max(widest, len(r.ID))
	}
	var b strings.Builder
	for i, r := range list {
		if i > 0 && list[i-1].Topic() != r.Topic() {
			b.WriteByte('\n')
		}
		title := r.Title
		if r.OffByDefault {
			title += " (off by default)"
		}
		fmt.Fprintf(&b, "%-5s  %-*s  %s\n", r.Severity, widest, r.ID, title)
	}
	fmt.Fprintf(&b, "\n%s; to explain one: sidenote explain %s\n", wording.Count(len(list), "rule"), list[0].ID)
	return b.String()
}

// rulesMarkdown prints the whole of each rule, a chapter for each topic.
func rulesMarkdown(list []*annotate.Rule) string {
	var b strings.Builder
	b.WriteString("# Rules\n\n" + wording.Count(len(list), "rule") + ". `sidenote rules --format markdown` prints this page.\n")
	for i, r := range list {
		if i == 0 || list[i-1].Topic() != r.Topic() {
			b.WriteString("\n## " + r.Topic() + "\n")
		}
		b.WriteString("\n" + articleOnRule(r).markdown(3))
	}
	return b.String()
}
