package main

import (
	"slices"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/configs"
	"sidenote/contract"
)

// knownRules lists every rule that there is, those that need an OpenAPI
// description too.
func knownRules() []*annotate.Rule {
	return slices.Concat(rules.All(), contract.Rules())
}

// ruleSettings are the settings of which newRuleSet makes rules ready.
func ruleSettings() []string {
	return []string{"profile", "rules", "openapi", "slow-after", "large-field", "large-head", "long-uri"}
}

// newRuleSet makes the rules ready that a configuration asks for: those of its
// profile, changed by what it says of single rules.
func newRuleSet(c *configs.Config) (*annotate.Set, error) {
	descriptions, err := contract.Load(c.OpenAPI...)
	if err != nil {
		return nil, usageErrorf("--openapi: %w", err)
	}
	profile, known := annotate.LookupProfile(c.Profile)
	if !known {
		return nil, usageErrorf("--profile: there is no profile %q", c.Profile)
	}
	changes, err := ruleChanges(c.Rules)
	if err != nil {
		return nil, err
	}
	options := annotate.Options{
		SlowAfter: c.SlowAfter, LargeField: limit(c.LargeField), LargeHead: limit(c.LargeHead), LongURI: limit(c.LongURI),
	}
	all := slices.Concat(rules.All(), descriptions.Rules())
	set, err := annotate.NewSet(all, options, slices.Concat(profile.ChangesOf(all), changes)...)
	if err != nil {
		return nil, &codedError{exitUsage, err}
	}
	return set, nil
}

// limit bounds a threshold to what no message head reaches, so that it can be
// counted with.
func limit(octets int64) int { return int(min(octets, 1<<30)) }
