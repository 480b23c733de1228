package diff_test

import (
	"fmt"
	"strings"
	"testing"

	"sidenote/diff"
)

// regressions are what is seeded, and what a row about it says.
var regressions = map[string]string{
	"member gone":                  "breaking JSON total is gone",
	"member of an object gone":     "breaking JSON customer.email is gone",
	"member renamed":               "breaking JSON status is gone",
	"member missing in some items": "breaking JSON items[].sku is missing in some objects",
	"type changed":                 "breaking JSON total changed type: number → string",
	"price in cents as a string":   "breaking JSON items[].price changed type: number → string",
	"became null":                  "breaking JSON customer can be null",
	"object became array":          "breaking JSON customer changed type: object → array",
	"new member":                   "changed JSON currency is new",
	"format of a date":             "breaking JSON created_at changed format: a time as RFC 3339 has it → text",
	"words in capitals":            `breaking JSON status has other values: open, paid, sent → OPEN, PAID, SENT`,
	"items always empty":           "breaking JSON items can be empty",
	"sometimes 500":                "breaking status status 500 is new",
	"created became ok":            "breaking status status changed: 201 → 200",
	"missing became ok":            "breaking status status changed: 404 → 200 (json 404)",
	"other error":                  "breaking JSON title is gone",
	"validator gone":               "changed caching header etag is gone",
	"private became public":        "breaking caching header cache-control changed: max-age=N, private → max-age=N, public",
	"other content type":           "breaking header header content-type changed: application/json → text/html; charset=utf-8",
	"cookie without Secure":        "breaking cookie cookie session changed: HttpOnly; Max-Age; Path=/; SameSite=Lax; Secure → HttpOnly; Max-Age; Path=/; SameSite=Lax",
	"cookie for other sites":       "breaking cookie cookie session changed",
	"cookie gone":                  "breaking cookie cookie session is gone",
	"redirect elsewhere":           "breaking redirect redirect changed: /users/{id}?ticket → https://login.test//users/{id}?ticket",
	"redirect for ever":            "breaking status status changed: 302 → 301",
	"challenge gone":               "breaking header header www-authenticate is gone",
	"CORS gone":                    "breaking header header access-control-allow-origin is gone",
	"older TLS":                    "breaking TLS TLS version changed: TLS 1.3 → TLS 1.2",
	"HTTP/1.1":                     "breaking TLS HTTP version changed: HTTP/2 → HTTP/1.1",
	"slow":                         "changed time the response is slower",
	"N+1":                          "changed calls the operation is called far more often",
	"path moved":                   "changed calls the operation is not called any more",
	"new call":                     "changed calls the operation is called now",
	"new note":                     "breaking note content/json-invalid is new",
}

func lines(r *diff.Report) string {
	var b strings.Builder
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%s %s %s %s", row.Level, row.Kind, row.Subject, row.Change)
		if row.Before+row.After != "" {
			fmt.Fprintf(&b, ": %s → %s", row.Before, row.After)
		}
		fmt.Fprintf(&b, " (%v; %v %v)\n", row.Counts, row.Operations, row.Statuses)
	}
	return b.String()
}

// TestRegressions seeds one regression at a time.
func TestRegressions(t *testing.T) {
	before := run(1, "", 400)
	for name, want := range regressions {
		r := diff.Compare(before, run(2, name, 400))
		if got := lines(r); !strings.Contains(got, want) {
			t.Errorf("%s: no row begins with\n%s\namong\n%s", name, want, got)
		}
		if len(r.Rows) > 6 { // one thing is not to look like many
			t.Errorf("%s: %d rows:\n%s", name, len(r.Rows), lines(r))
		}
	}
	t.Logf("%d regressions", len(regressions))
}

// TestSameVersion compares runs of one version, in which IDs, clocks, choices,
// order and the speed of the machine differ.
func TestSameVersion(t *testing.T) {
	rows, exchanges := 0, 0
	for seed := uint64(10); seed < 26; seed += 2 {
		requests := 100 + int(seed)*20
		r := diff.Compare(run(seed, "", requests), run(seed+1, "", requests))
		if rows += len(r.Rows); len(r.Rows) > 0 {
			t.Logf("seed %d, %d requests:\n%s", seed, requests, lines(r))
		}
		exchanges += r.After.Exchanges
	}
	if rows*1000 > exchanges {
		t.Errorf("%d rows in %d exchanges", rows, exchanges)
	}
}

// TestNoise teaches what varies by a further run of the old version.
func TestNoise(t *testing.T) {
	for _, name := range []string{"new member", "sometimes 500", "type changed", "validator gone", "slow", "N+1"} {
		before, after := run(3, "", 400), run(4, name, 400)
		if r := diff.Compare(before, after, run(5, name, 400)); len(r.Rows) > 0 {
			t.Errorf("%s is noise, and yet\n%s", name, lines(r))
		}
		if r := diff.Compare(before, after, run(6, "", 400)); len(r.Rows) == 0 {
			t.Errorf("%s is not noise, and is not told of", name)
		}
	}
}

// TestComment shows that a text for a pull request stays one, however much changed.
func TestComment(t *testing.T) {
	var members []string
	for i := range 55 {
		members = append(members, fmt.Sprintf(`"%c%c%s":1`, 'a'+i/26, 'a'+i%26, strings.Repeat("|", 400)))
	}
	r := diff.Compare(sideOf("/", "A", "1", "{"+strings.Join(members, ",")+"}"), sideOf("/", "B", "1", "{}"))
	if len(r.Rows) < 50 {
		t.Fatalf("only %d rows", len(r.Rows))
	}
	var b strings.Builder
	if err := r.WriteMarkdown(&b, diff.Names{Before: "before", After: "after"}); err != nil || b.Len() > 65536 {
		t.Errorf("%d octets, %v", b.Len(), err)
	}
	if !strings.Contains(b.String(), " not shown.") {
		t.Errorf("%d rows, and nothing is said of those that are left out", len(r.Rows))
	}
}
