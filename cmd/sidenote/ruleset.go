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
	options := annotate.DefaultOptions()
	options.SlowAfter = c.SlowAfter
	all := slices.Concat(rules.All(), descriptions.Rules())
	set, err := annotate.NewSet(all, options, slices.Concat(profile.ChangesOf(all), changes)...)
	if err != nil {
		return nil, &codedError{exitUsage, err}
	}
	return set, nil
}
