package yamlfile

import (
	"regexp"
	"strconv"
)

// plain is what needs no quotes wherever it stands.
var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./{}*|-]*( [A-Za-z0-9_./(-][A-Za-z0-9_./,;()'-]*)*$`)

// words are plain and yet no text.
var words = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|null|y|n)$`)

// date is a day, which is text wherever we read it.
var date = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// Quote writes a text as a value of a mapping that is set out in lines, with
// quotes only where it needs them.
func Quote(s string) string {
	if date.MatchString(s) || plain.MatchString(s) && !words.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}
