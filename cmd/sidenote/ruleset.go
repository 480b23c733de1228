package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/annotate/contract"
	"sidenote/annotate/conversation"
	"sidenote/annotate/rules"
	"sidenote/configs"
	"sidenote/internal/wording"
	"sidenote/policy"
)

// knownRules lists every rule that there is, those that need an OpenAPI
// description too.
func knownRules() []*annotate.Rule {
	return slices.Concat(rules.All(), contract.Rules(), conversation.Rules())
}

// ruleSettings are the settings of which newRuleSet makes rules ready.
func ruleSettings() []string {
	return []string{"profile", "rules", "openapi", "slow-after", "large-field", "large-head", "long-uri", "conversation-bytes", "conversation-limits"}
}

// A ruleSet is the rules that are on: those over one exchange, and those over
// several with what they work with.
type ruleSet struct {
	*annotate.Set
	severities map[string]annotate.Severity // of the rules over several, by ID
	stories    conversation.Options
}

// Rules returns the rules that are on, those over several exchanges too.
func (s *ruleSet) Rules() []*annotate.Rule {
	list := slices.Clone(s.Set.Rules())
	for _, r := range conversation.Rules() {
		if s.severities[r.ID] != 0 {
			list = append(list, r)
		}
	}
	return list
}

// newState makes the memory of the rules over several exchanges. hold is for
// captures, whose exchanges stand in any order.
func (s *ruleSet) newState(hold bool) *conversation.State {
	o := s.stories
	o.Hold = hold
	return conversation.NewState(o, s.severities)
}

// conversationLimits reads the thresholds of rules over several exchanges.
func conversationLimits(c *configs.Config) (l conversation.Limits, err error) {
	var names []string
	for _, known := range conversation.AllLimits() {
		names = append(names, known.Name)
	}
	for _, asked := range c.ConversationLimits {
		name, value, _ := strings.Cut(asked, "=")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || n <= 0 || math.IsInf(n, 0) {
			return l, usageErrorf("--conversation-limits: %s: want a number above 0, not %q", name, value)
		}
		if !l.Set(name, n) {
			return l, usageErrorf("--conversation-limits: there is no limit %q%s; docs/conversations.md lists them", name, wording.Suggestion(name, names, "%q"))
		}
	}
	return l, nil
}

// newRuleSet makes the rules ready that a configuration asks for: those of its
// profile, changed by what it says of single rules, and those of its policy.
func newRuleSet(c *configs.Config, p *policy.Policy) (*ruleSet, error) {
	descriptions, err := contract.Load(c.OpenAPI...)
	if err != nil {
		return nil, usageErrorf("--openapi: %w", err)
	}
	profile, known := annotate.LookupProfile(c.Profile)
	if !known {
		return nil, usageErrorf("--profile: unknown profile %q", c.Profile)
	}
	expectations := p.Rules()
	changes, err := ruleChanges(c, expectations)
	if err != nil {
		return nil, err
	}
	options := annotate.Options{
		SlowAfter: c.SlowAfter, LargeField: limit(c.LargeField), LargeHead: limit(c.LargeHead), LongURI: limit(c.LongURI),
	}
	all := slices.Concat(descriptions.Exempt(rules.All()), descriptions.Rules(), conversation.Rules(), expectations)
	changes = slices.Concat(profile.ChangesOf(all), keepOn(changes, expectations))
	wanted, err := wantedByPolicy(p, all, changes)
	if err != nil {
		return nil, err
	}
	changes = slices.Concat(changes, wanted)
	set, err := annotate.NewSet(all, options, changes...)
	if err != nil {
		return nil, &codedError{exitUsage, err}
	}
	limits, err := conversationLimits(c)
	if err != nil {
		return nil, err
	}
	return &ruleSet{
		Set: set, severities: conversation.Severities(changes...),
		stories: conversation.Options{Bytes: c.ConversationBytes, Limits: limits},
	}, nil
}

// ruleChanges turns the setting "rules" into changes.
func ruleChanges(config *configs.Config, expectations []*annotate.Rule) ([]annotate.Change, error) {
	known := slices.Concat(knownRules(), expectations)
	var changes []annotate.Change
	for _, asked := range config.RuleChanges() {
		if !slices.ContainsFunc(known, func(r *annotate.Rule) bool { return annotate.Matches(asked.Rule, r.ID) }) {
			return nil, &codedError{exitUsage, config.RuleError(asked.Rule, fmt.Sprintf("unknown rule %q%s; \"sidenote rules\" lists them",
				asked.Rule, wording.Suggestion(asked.Rule, idsOf(known), "%q")))}
		}
		c := annotate.Change{Rule: asked.Rule, Off: asked.Level == "off"}
		if !c.Off && asked.Level != "on" {
			var err error
			if c.Severity, err = annotate.ParseSeverity(asked.Level); err != nil {
				return nil, &codedError{exitUsage, config.RuleError(asked.Rule, fmt.Sprintf("%s: %v", asked.Rule, err))}
			}
		}
		changes = append(changes, c)
	}
	return changes, nil
}

func idsOf(list []*annotate.Rule) []string {
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	return ids
}

// limit bounds a threshold to what no message head reaches, so that it can be
// counted with.
func limit(octets int64) int { return int(min(octets, 1<<30)) }

// keepOn adds to changes what keeps expectations on: "*" is about the rules
// that everybody knows, and who expects something wants to hear of it.
func keepOn(changes []annotate.Change, expectations []*annotate.Rule) []annotate.Change {
	var kept []annotate.Change
	for _, r := range expectations {
		kept = append(kept, annotate.Change{Rule: r.ID})
	}
	general := 0
	for general < len(changes) && changes[general].Rule == "*" {
		general++
	}
	return slices.Insert(slices.Clone(changes), general, kept...)
}

// wantedByPolicy returns the changes that switch on what is off and what the
// policy wants for some traffic.
func wantedByPolicy(p *policy.Policy, all []*annotate.Rule, changes []annotate.Change) ([]annotate.Change, error) {
	severities, err := annotate.Severities(all, changes...)
	if err != nil {
		return nil, &codedError{exitUsage, err}
	}
	wanted, err := p.Resolve(severities)
	if err != nil {
		return nil, &codedError{exitFailed, err}
	}
	return wanted, nil
}
