package rules_test

import (
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
)

// agreements say of the rules that speak of what caches may do what then holds of
// the verdict.
func agreements() map[string]func(*annotate.Caching) bool {
	stores := func(c *annotate.Caching) bool { return c.Storable() != "none" }
	because := func(why ...annotate.NotStored) func(*annotate.Caching) bool {
		return func(c *annotate.Caching) bool {
			for _, w := range why {
				if c.Private.Why == w {
					return true
				}
			}
			return false
		}
	}
	shared := func(c *annotate.Caching) bool {
		return c.Shared.Reuses() && c.Shared.Lifetime.From != annotate.Heuristic
	}
	return map[string]func(*annotate.Caching) bool{
		"cache/421-cacheable":                           stores,
		"cache/authenticated-response-shared-cacheable": shared,
		"cache/set-cookie-on-shared-cacheable":          shared,
		"cache/freshness-without-effect":                because(annotate.NotByMethod, annotate.NotByStatus, annotate.NotByPost),
		"cache/heuristic-freshness": func(c *annotate.Caching) bool {
			return c.Best().Stores() && c.Best().Lifetime.From == annotate.Heuristic
		},
		"cache/immutable-without-max-age": func(c *annotate.Caching) bool { return c.Private.Lifetime.Seconds <= 0 },
		"cache/lifetime-excessive": func(c *annotate.Caching) bool {
			return !stores(c) || max(c.Private.Lifetime.Seconds, c.Shared.Lifetime.Seconds, c.CDN.Lifetime.Seconds) > 315_576_000
		},
		"cache/no-cache-without-validator":       func(c *annotate.Caching) bool { return c.Best().Asks == "no-cache" && c.Validator() == "" },
		"cache/response-status-not-cacheable":    because(annotate.NotAllowed),
		"cache/response-despite-no-store":        because(annotate.NotByNoStore, annotate.NotByMethod, annotate.NotByRequest),
		"cache/response-despite-no-cache":        func(c *annotate.Caching) bool { return c.Control.NoCache },
		"cache/response-to-uncacheable-method":   because(annotate.NotByMethod, annotate.NotByPost),
		"cache/stale-despite-must-revalidate":    func(c *annotate.Caching) bool { return !c.Shared.Stores() || c.Shared.Strict },
		"cache/static-asset-short-lifetime":      func(c *annotate.Caching) bool { return c.Private.Lifetime.Seconds < 86_400 },
		"status/never-storable-from-cache":       because(annotate.NotByStatus),
		"cache/vary-star":                        func(c *annotate.Caching) bool { return !stores(c) || c.Best().Asks == "Vary: *" },
		"cache/vary-user-agent":                  func(c *annotate.Caching) bool { return c.Shared.Stores() },
		"cache/vary-too-many":                    func(c *annotate.Caching) bool { return c.Shared.Stores() },
		"redirect/permanent-cacheable-unbounded": func(c *annotate.Caching) bool { return !stores(c) || c.Best().Lifetime.From == annotate.Heuristic },
	}
}

// TestVerdictAndRulesAgree runs the rules over every example of every rule, and
// holds what they say to the one verdict.
func TestVerdictAndRulesAgree(t *testing.T) {
	set, agree, seen := allOn(t), agreements(), map[string]int{}
	for _, r := range rules.All() {
		for _, text := range append(append([]string{}, r.Bad...), r.Good...) {
			x := parse(t, text)
			c := annotate.CachingOf(x)
			for _, n := range set.All(x, nil) {
				if holds := agree[n.Rule.ID]; holds != nil {
					if seen[n.Rule.ID]++; !holds(c) {
						t.Errorf("%s says %q, and the verdict is: %s\n%s", n.Rule.ID, n.Message, c.InWords(x), text)
					}
				}
			}
			checkVerdict(t, c, text)
		}
	}
	for id := range agree {
		if seen[id] == 0 {
			t.Errorf("no example makes %s speak", id)
		}
	}
}

// checkVerdict holds a verdict to itself.
func checkVerdict(t *testing.T, c *annotate.Caching, text string) {
	t.Helper()
	for name, u := range map[string]*annotate.CacheUse{"private": &c.Private, "shared": &c.Shared, "cdn": &c.CDN} {
		switch {
		case !u.Stores() && (u.Lifetime != annotate.Lifetime{} || u.Asks != "" || u.Strict || u.StaleWhile != 0):
			t.Errorf("%s caches may not keep it, and yet: %+v\n%s", name, u, text)
		case u.Stores() && u.Lifetime.From == "":
			t.Errorf("%s caches may keep it, for no lifetime\n%s", name, text)
		case u.Strict && u.StaleWhile+u.StaleIfError > 0:
			t.Errorf("%s caches may and may not use it stale\n%s", name, text)
		}
	}
	if c.Shared.Stores() && !c.Private.Stores() && c.Control.SMaxAge < 0 {
		t.Errorf("shared caches may keep it, and private ones may not (%s)\n%s", c.Private.Why, text)
	}
	words := c.InWords(parse(t, text))
	if words == "" || strings.Contains(words, "()") || strings.HasSuffix(words, ": ") {
		t.Errorf("the verdict reads %q\n%s", words, text)
	}
}
