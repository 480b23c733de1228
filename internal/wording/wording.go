// Package wording makes plain English of values: counts, lists, sentences, and
// lines of them.
package wording

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Count counts things: "1 note", "2 notes", "0 entries".
func Count[N int | int64](n N, noun string) string {
	s := strconv.FormatInt(int64(n), 10) + " "
	if n == 1 {
		return s + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok && !strings.ContainsAny(stem[len(stem)-1:], "aeiou") {
		return s + stem + "ies"
	}
	return s + noun + "s"
}

// Or lists alternatives: "a, b or c".
func Or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// NotOneOf says that a word is none of those that are wanted, and which one was
// probably meant: `want on or off, not "of"; did you mean "off"?`.
func NotOneOf(word string, wanted []string) string {
	return fmt.Sprintf("want %s, not %q%s", Or(wanted), word, DidYouMean(word, wanted))
}

// Guess returns "did you mean X?" of a word, printed in a format such as "%q".
func Guess(format, word string) string {
	return "did you mean " + fmt.Sprintf(format, word) + "?"
}

// DidYouMean returns `; did you mean "off"?` with the nearest of the known
// words, to append to an error, or "" if none is near.
func DidYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return "; " + Guess("%q", near)
	}
	return ""
}

// Suggestion returns " (did you mean X?)" with the nearest of the known words,
// printed in a format such as "%q" or "--%s", and "" when none is near.
func Suggestion(word string, known []string, format string) string {
	if near := Nearest(word, known); near != "" {
		return " (" + Guess(format, near) + ")"
	}
	return ""
}

// Instead is DidYouMean, but lists the known words if none is near.
func Instead(word string, known []string) string {
	if near := DidYouMean(word, known); near != "" || len(known) == 0 {
		return near
	}
	return "; there are " + strings.Join(known, ", ")
}

// Sentence begins a clause with a capital and ends it with a full stop.
func Sentence(clause string) string {
	if clause == "" {
		return ""
	}
	r, size := utf8.DecodeRuneInString(clause)
	s := string(unicode.ToUpper(r)) + clause[size:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// Wrap breaks a text at its spaces into lines of at most most characters,
// except for words that are longer. The first line begins with first, the
// others with rest, which should be as wide.
func Wrap(text string, most int, first, rest string) []string {
	var lines []string
	line, used := first, false
	for word := range strings.FieldsSeq(text) {
		if used && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			lines = append(lines, line)
			line, used = rest, false
		}
		if used {
			line += " "
		}
		line, used = line+word, true
	}
	return append(lines, strings.TrimRight(line, " "))
}

// Cell makes text of our own fit for a cell of a Markdown table.
func Cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
