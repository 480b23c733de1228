package rules_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
	"sidenote/internal/golden"
)

// TestMutatedGood takes from each Good example one thing at a time: a field
// line, the value of one, a member or parameter of a value, the content or a
// line of it. The
// golden lists for each rule what it misses when it is gone. Each rule that
// wants something to be there has to be in the list, or in noticesNothing with
// the reason.
func TestMutatedGood(t *testing.T) {
	set := allOn(t)
	var table strings.Builder
	missed := make(map[string][]string)
	for _, r := range rules.All() {
		if missed[r.ID] = whatIsMissed(t, set, r); len(missed[r.ID]) > 0 {
			fmt.Fprintf(&table, "%s: %s\n", r.ID, strings.Join(missed[r.ID], "; "))
		}
	}
	for _, r := range rules.All() {
		demand := demandOf(t, set, r)
		reason := noticesNothing[r.ID]
		switch notices := len(missed[r.ID]) > 0; {
		case demand == "" && reason != "":
			t.Errorf("%s wants nothing to be there: take it out of noticesNothing", r.ID)
		case notices && reason != "":
			t.Errorf("%s notices %q: take it out of noticesNothing", r.ID, missed[r.ID])
		case demand != "" && !notices && reason == "":
			t.Errorf("%s (%s) notices nothing that is taken from its Good examples: add an example, or a reason to noticesNothing", r.ID, demand)
		}
	}
	golden.Compare(t, "testdata/mutated.golden", table.String())
}

// whatIsMissed tells what the rule, or one that speaks in its place, says is
// missing when it is taken from a Good example.
func whatIsMissed(t *testing.T, set *annotate.Set, r *annotate.Rule) (missed []string) {
	t.Helper()
	for _, good := range r.Good {
		for _, m := range mutationsOf(good) {
			if slices.Contains(missed, m.what) {
				continue
			}
			x, err := exchange.ParseText(m.text)
			if err != nil {
				t.Fatalf("%s: %v in:\n%s", r.ID, err, m.text)
			}
			if slices.ContainsFunc(set.All(x, nil), func(n annotate.Note) bool { return n.Rule == r || slices.Contains(n.Rule.Suppresses, r.ID) }) {
				missed = append(missed, m.what)
			}
		}
	}
	slices.Sort(missed)
	return missed
}

// demandWords are those of titles and names that say that something lacks.
var demandWords = regexp.MustCompile(`(?i)(^|[^a-z])(without|no|lacks?|missing|absent|omits?|needs|does not (say|have|name))([^a-z]|$)`)

// demandOf tells why a rule seems to want that something is there: by what it
// says, or since a Bad example is good once a line of a Good one is added; ""
// if it does not seem so.
func demandOf(t *testing.T, set *annotate.Set, r *annotate.Rule) string {
	t.Helper()
	if w := demandWords.FindString(r.ID + "\n" + r.Title); w != "" {
		return fmt.Sprintf("its name or title says %q", strings.Trim(w, " /-"))
	}
	for _, bad := range r.Bad {
		for _, good := range r.Good {
			for _, line := range fieldLines(good) {
				if text, ok := withLine(bad, line); ok && isSilent(set, r, text) {
					return fmt.Sprintf("a Bad example is good with %q", line)
				}
			}
		}
	}
	return ""
}

func isSilent(set *annotate.Set, r *annotate.Rule, text string) bool {
	x, err := exchange.ParseText(text)
	return err == nil && !slices.ContainsFunc(set.All(x, nil), func(n annotate.Note) bool {
		return n.Rule == r || slices.Contains(n.Rule.Suppresses, r.ID)
	})
}

// A mutation is an example from which something was taken.
type mutation struct{ what, text string }

func mutationsOf(text string) (all []mutation) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	kinds := kindsOf(lines)
	replaced := func(i int, with ...string) string {
		return strings.Join(slices.Concat(lines[:i], with, lines[i+1:]), "\n")
	}
	for i, line := range lines {
		if kinds[i] != fieldLine {
			continue
		}
		start, value, _ := strings.Cut(line, ":")
		all = append(all, mutation{start, replaced(i)})
		if strings.TrimSpace(value) == "" {
			continue
		}
		all = append(all, mutation{"value of " + start, replaced(i, start+":")})
		for what, rest := range partsTaken(value) {
			all = append(all, mutation{what + " in " + start, replaced(i, start+":"+rest)})
		}
	}
	for i := range lines {
		if kinds[i] == contentLine {
			all = append(all, mutation{"line of content of " + lines[i][:1], replaced(i)})
		}
	}
	for _, mark := range []string{">", "<"} {
		if rest, had := withoutContent(lines, kinds, mark); had {
			all = append(all, mutation{"content of " + mark, rest})
		}
	}
	return all
}

func withoutContent(lines []string, kinds []lineKind, mark string) (text string, had bool) {
	var kept []string
	for i, line := range lines {
		if kinds[i] == contentLine && strings.HasPrefix(line, mark) {
			had = true
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n"), had
}

type lineKind int

const (
	otherLine lineKind = iota
	startLine
	fieldLine // trailer lines too
	contentLine
)

// kindsOf tells the lines of an exchange in text form apart.
func kindsOf(lines []string) []lineKind {
	kinds := make([]lineKind, len(lines))
	mark, inHead := byte(0), false
	for i, line := range lines {
		if line == "" || line[0] != '>' && line[0] != '<' {
			continue
		}
		first := line[0] != mark || !inHead && strings.HasPrefix(line, "< HTTP/")
		switch {
		case strings.HasPrefix(line[1:], "~"):
			kinds[i] = fieldLine
		case first:
			mark, inHead = line[0], true
			kinds[i] = startLine
		case inHead && len(line) < 3:
			inHead = false
		case inHead:
			kinds[i] = fieldLine
		default:
			kinds[i] = contentLine
		}
	}
	return kinds
}

func fieldLines(text string) (all []string) {
	lines := strings.Split(text, "\n")
	for i, kind := range kindsOf(lines) {
		if kind == fieldLine && !strings.HasPrefix(lines[i][1:], "~") {
			all = append(all, lines[i])
		}
	}
	return all
}

// withLine adds a field line at the end of the last head of its message; false
// when that has such a field already.
func withLine(text, line string) (string, bool) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	name, _, _ := strings.Cut(line, ":")
	at := -1
	for i, kind := range kindsOf(lines) {
		if lines[i] == "" || lines[i][0] != line[0] || kind != startLine && kind != fieldLine {
			continue
		}
		at = i + 1
		if len(lines[i]) > len(name) && strings.EqualFold(lines[i][:len(name)+1], name+":") {
			return "", false
		}
	}
	if at < 0 {
		return "", false
	}
	return strings.Join(slices.Insert(lines, at, line), "\n"), true
}

// partsTaken returns a field value without one of its members or parameters, with
// the name of that, for each in turn.
func partsTaken(value string) func(yield func(what, rest string) bool) {
	return func(yield func(string, string) bool) {
		if word, _, ok := strings.Cut(strings.TrimSpace(value), " "); ok && !yield("what follows "+word, " "+word) {
			return
		}
		cuts := []int{0}
		quoted := false
		for i := range len(value) {
			switch c := value[i]; {
			case c == '"':
				quoted = !quoted
			case !quoted && (c == ',' || c == ';'):
				cuts = append(cuts, i)
			}
		}
		cuts = append(cuts, len(value))
		for i := 0; i+1 < len(cuts) && len(cuts) > 2; i++ {
			part := strings.Trim(value[cuts[i]:cuts[i+1]], ",; ")
			name, _, _ := strings.Cut(part, "=")
			rest := value[:cuts[i]] + value[cuts[i+1]:]
			if i == 0 {
				rest = value[cuts[1]+1:]
			}
			if !yield(name, rest) {
				return
			}
		}
	}
}

// noticesNothing says of rules that seem to want something why none of their
// Good examples becomes bad when something is taken from it.
var noticesNothing = map[string]string{
	"websocket/deflate-not-agreed":             "what is wrong with a message is found while it passes",
	"websocket/close-missing":                  "what is wrong with a message is found while it passes",
	"grpc/trailers-only":                       "it wants a message",
	"grpc/compressed-without-coding":           "it wants a flag of a message to be left out",
	"auth/bearer-challenge-over-cleartext":     "TLS is what it wants, which is no part of a message",
	"content/request-metadata-without-body":    "it wants fields to be left out of a request without content, which its Good examples of GET have not",
	"cookie/unknown-attribute":                 "it wants an attribute to be left out",
	"deprecated/status-deprecated-or-reserved": "it wants another status",
	"deprecated/warning-field-obsolete":        "it wants a field to be left out",
	"failure/unasked-response":                 "it speaks of how the exchange failed",
	"failure/connect-unreachable":              "it speaks of how the exchange failed",
	"failure/content-stalled":                  "it speaks of how the exchange failed",
	"failure/content-truncated":                "it speaks of how the exchange failed",
	"failure/content-undecodable":              "it speaks of how the exchange failed",
	"failure/head-timeout":                     "it speaks of how the exchange failed",
	"failure/invalid-chunk":                    "it speaks of how the exchange failed",
	"failure/tls-version":                      "it speaks of how the exchange failed",
	"framing/empty-request-content-length":     "it wants a field to be left out",
	"range/content-range-undefined-for-status": "it wants a field to be left out",
	"redirect/location-unfollowable-scheme":    "it wants another scheme",
	"status/402-nonstandard":                   "it explains a status",
	"cache/control-argument-quoting":           "it wants quotes",
	"syntax/status-line-missing-space":         "it wants a space in the status line",
	"cache/no-transform-violated":              "it wants an intermediary to leave content alone",
	"status/411-content-length-present":        "it speaks where a field is there; chunked content has no need of that",
	"syntax/host-not-first":                    "it wants an order",
}
