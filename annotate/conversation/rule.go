package conversation

import (
	"slices"
	"time"

	"sidenote/annotate"
)

// A Rule is one literal value: a check of several exchanges, with its
// documentation and examples. Its Bad and Good are conversations in text form
// (exchange.ParseTexts).
type Rule struct {
	annotate.Rule

	// On limits the exchanges that Check is called for: those that have any of
	// these traits; 0 for all.
	On Trait
	// After, if it is not 0, wants one of these traits among the earlier
	// exchanges of the thread Of.
	After Trait
	Of    Thread

	// Window is how far back Check looks. What is older it does not know.
	Window time.Duration

	// Check looks at p.V and what came before it.
	Check func(p *Pass)
	// Due, if it is not nil, is called for a visit that Check named to
	// Pass.Await, when its time has come: the time of a later exchange is past it.
	Due func(p *Pass)

	index int // in All
}

// A Thread is a way to put exchanges together: those of one thread have
// something in common.
type Thread uint8

// The threads.
const (
	ClientURI    Thread = iota // of one client, to one URI
	URI                        // to one URI, by anyone
	ClientOrigin               // of one client, to one origin server
	Client                     // of one client
	Origin                     // to one origin server
	Route                      // one method, one origin server, one route
	threadCount
)

// All returns every rule, by theme. Each theme's list stands beside its rules.
func All() []*Rule {
	all := slices.Concat(
		retryRules(), outcomeRules(), loadRules(),
		authRules(), tokenRules(), redirectRules(), absenceRules(), cacheRules(), validatorRules(), cookieRules(), driftRules(), trafficRules(),
	)
	for i, r := range all {
		r.index = i
		r.Needs |= annotate.NeedsTimes
	}
	return all
}

// Rules returns the rules as they are listed, explained and configured. They say
// nothing of a single exchange.
func Rules() []*annotate.Rule {
	all := All()
	list := make([]*annotate.Rule, len(all))
	for i, r := range all {
		list[i] = &r.Rule
	}
	return list
}
