package conversation

import (
	"slices"
	"strconv"
	"time"
)

// A Limit is a threshold of a rule, which users and profiles can change.
type Limit struct {
	Name    string // "retry-storm-repeats"
	Rule    string // the ID of the rule that has it
	Default float64
	Unit    string // "s" for seconds, "" for a number or a share
	Doc     string // what it is, as a clause
}

// Limits are values for the thresholds, by their place in AllLimits; 0 stands for
// the default.
type Limits [limitCount]float64

type limit int

const (
	limRetryShare limit = iota
	limBackoffAttempts
	limBackoffMedian
	limStormRepeats
	limStormShare
	limStormWindow
	limUnsafeRetryWindow
	limSyncClients
	limSyncSpread
	limDuplicateWindow
	limCreateWindow
	limDeleteWindow
	limFlapChanges
	limBurstErrors
	limBurstShare
	limBurstFactor
	limNodeExchanges
	limNodeErrors
	limDrainSamples
	limTimeoutTimes
	limCutTimes
	limCutLeast
	limAddressFailures
	limSame401
	limFlap401
	limOldToken
	limRefreshLoop
	limPreflightWaste
	limLoopChain
	limPermanentTimes
	limReuseTimes
	limSkew
	limChurnChanges
	limEffectTries
	limEffectShare
	limStaleTimes
	limShapeBodies
	limCookieLarge
	limRotations
	limNeverReturned
	limPreflights
	limDeprecatedCalls
	limContinueTimes
	limSlowSamples
	limSlowFactor
	limGap
	limConnections
	limNPlusOne
	limPolls
	limUncompressed
	limRaceTimes
	limitCount
)

var limits = [limitCount]Limit{
	limRetryShare:        {"retry-after-share", "status/client-ignores-retry-after", 0.9, "", "share of the wait that has to pass before the client comes back"},
	limBackoffAttempts:   {"backoff-attempts", "status/retry-without-backoff", 4, "", "attempts from which on pauses should grow"},
	limBackoffMedian:     {"backoff-pause", "status/retry-without-backoff", 1, "s", "middle pause below which attempts come too fast"},
	limStormRepeats:      {"storm-repeats", "status/retry-storm", 20, "", "repeats in the window that make a storm"},
	limStormShare:        {"storm-share", "status/retry-storm", 0.5, "", "share of all requests that repeats have to make up"},
	limStormWindow:       {"storm-window", "status/retry-storm", 10, "s", "window in which repeats are counted"},
	limUnsafeRetryWindow: {"unsafe-retry-window", "status/non-idempotent-retry", 30, "s", "time within which a POST counts as sent again"},
	limSyncClients:       {"sync-clients", "status/synchronised-return", 5, "", "clients that come back together"},
	limSyncSpread:        {"sync-spread", "status/synchronised-return", 1, "s", "how close together they come back"},
	limDuplicateWindow:   {"duplicate-window", "status/duplicate-non-idempotent-success", 5, "s", "time within which two equal POSTs count as one meant"},
	limCreateWindow:      {"create-window", "status/create-then-404", 10, "s", "time after a 201 within which what it made should be there"},
	limDeleteWindow:      {"delete-window", "status/delete-then-still-served", 60, "s", "time after a DELETE within which what it removed should be gone"},
	limFlapChanges:       {"flap-changes", "status/flapping-status", 3, "", "changes between success and failure within a minute"},
	limBurstErrors:       {"burst-errors", "status/error-burst", 5, "", "server errors within a minute"},
	limBurstShare:        {"burst-share", "status/error-burst", 0.2, "", "share of the minute's exchanges that have to fail"},
	limBurstFactor:       {"burst-factor", "status/error-burst", 5, "", "how many times the rate of the hour before"},
	limNodeExchanges:     {"node-exchanges", "status/error-correlates-with-node", 20, "", "exchanges of a route that are compared"},
	limNodeErrors:        {"node-errors", "status/error-correlates-with-node", 5, "", "server errors among them"},
	limDrainSamples:      {"drain-samples", "status/ratelimit-drain-forecast", 5, "", "responses from which the rate is taken"},
	limTimeoutTimes:      {"timeout-times", "failure/client-timeout-too-short", 3, "", "requests given up after the same time"},
	limCutTimes:          {"cut-times", "timing/cut-at-fixed-time", 3, "", "exchanges cut after the same time"},
	limCutLeast:          {"cut-least", "timing/cut-at-fixed-time", 5, "s", "time below which a cut is by chance"},
	limAddressFailures:   {"address-failures", "failure/one-address-down", 3, "", "failed connections to the address that is down"},
	limSame401:           {"same-credentials", "auth/401-retry-same-credentials", 2, "", "repeats with refused credentials"},
	limFlap401:           {"challenge-changes", "auth/challenge-flapping", 3, "", "changes between 401 and success"},
	limOldToken:          {"old-token-requests", "auth/token-refresh-not-followed", 3, "", "requests with the old token after a new one came"},
	limRefreshLoop:       {"refresh-rounds", "auth/refresh-loop", 3, "", "rounds of 401, new token, 401"},
	limPreflightWaste:    {"waste-share", "auth/401-preflight-waste", 0.8, "", "share of ten requests that were sent twice"},
	limLoopChain:         {"chain-hops", "redirect/chain-long", 5, "", "redirects in a row that are still fine"},
	limPermanentTimes:    {"permanent-times", "redirect/permanent-refetched", 5, "", "requests for the old address in a day"},
	limReuseTimes:        {"reuse-times", "cache/cacheable-never-reused", 3, "", "requests while the first answer was fresh"},
	limSkew:              {"node-skew", "cache/clock-skew-between-nodes", 5, "s", "how far apart the clocks of two nodes are"},
	limChurnChanges:      {"churn-changes", "conditional/etag-churn", 3, "", "changes of the ETag while the content stays the same"},
	limEffectTries:       {"effect-tries", "conditional/304-effectiveness", 20, "", "conditional requests that are looked at"},
	limEffectShare:       {"effect-share", "conditional/304-effectiveness", 0.05, "", "share of 304 below which the tags do not work"},
	limStaleTimes:        {"stale-times", "conditional/missing-conditional-request", 3, "", "requests without a precondition"},
	limShapeBodies:       {"shape-bodies", "content/json-shape-drift", 50, "", "bodies from which the usual shape is taken"},
	limCookieLarge:       {"cookie-bytes", "cookie/growth", 4096, "", "bytes of cookies that servers may refuse"},
	limRotations:         {"rotations", "cookie/rotated-every-response", 10, "", "new values in a row"},
	limNeverReturned:     {"unreturned", "cookie/set-never-returned", 5, "", "requests without the cookie"},
	limPreflights:        {"preflights", "cors/chatty-preflight", 5, "", "equal preflights in a minute"},
	limDeprecatedCalls:   {"deprecated-calls", "deprecated/endpoint-still-called", 10, "", "calls after the announcement"},
	limContinueTimes:     {"continue-times", "status/100-continue-never-answered", 5, "", "requests that waited for nothing"},
	limSlowSamples:       {"slow-samples", "timing/slow-vs-baseline", 30, "", "responses from which the usual time is taken"},
	limSlowFactor:        {"slow-factor", "timing/slow-vs-baseline", 3, "", "how many times the usual slowest twentieth"},
	limGap:               {"server-gap", "timing/ttfb-vs-server-timing-gap", 0.2, "s", "time that the application does not account for"},
	limConnections:       {"connections", "traffic/connection-not-reused", 10, "", "new TLS connections in ten seconds"},
	limNPlusOne:          {"n-plus-one", "traffic/n-plus-one", 10, "", "requests that differ only in an ID"},
	limPolls:             {"polls", "traffic/polling-without-change", 20, "", "polls that brought nothing new"},
	limUncompressed:      {"uncompressed-bytes", "encoding/never-asked", 100_000, "", "bytes that could have been compressed"},
	limRaceTimes:         {"race-times", "framing/keepalive-race-reset", 3, "", "resets after the same idle time"},
}

// AllLimits lists the thresholds with their defaults.
func AllLimits() []Limit { return slices.Clone(limits[:]) }

// String is the threshold's row of a table in Markdown.
func (l Limit) String() string {
	value := strconv.FormatFloat(l.Default, 'f', -1, 64)
	if l.Unit != "" {
		value += " " + l.Unit
	}
	return "| `" + l.Name + "` | " + value + " | " + l.Rule + " | " + l.Doc + " |"
}

// Set changes a threshold by its name; ok is false for a name that is none.
func (l *Limits) Set(name string, value float64) (ok bool) {
	for i := range limits {
		if limits[i].Name == name {
			l[i] = value
			return true
		}
	}
	return false
}

func (p *Pass) limit(l limit) float64 {
	if set := p.s.o.Limits[l]; set > 0 {
		return set
	}
	return limits[l].Default
}

// number is a threshold that counts something.
func (p *Pass) number(l limit) int { return int(p.limit(l)) }

// time is a threshold in seconds.
func (p *Pass) time(l limit) time.Duration { return time.Duration(p.limit(l) * float64(time.Second)) }
