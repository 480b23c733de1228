package field

import "strings"

// RefreshURL finds the URL in a Refresh value, "5; url=/next", as browsers do
// (HTML, shared declarative refresh steps). ok is false where there is none,
// so that the page is merely loaded again.
func RefreshURL(s string) (url Part, ok bool) {
	at := skipSpace(s, 0)
	digits := at
	for at < len(s) && (IsDigit(s[at]) || s[at] == '.') {
		at++
	}
	if at == digits || at == len(s) || s[at] != ';' && s[at] != ',' && !isSpace(s[at]) {
		return Part{}, false
	}
	at = skipSpace(s, at)
	if at < len(s) && (s[at] == ';' || s[at] == ',') {
		at = skipSpace(s, at+1)
	}
	if HasPrefixFold(s[at:], "url") {
		if i := skipSpace(s, at+3); i < len(s) && s[i] == '=' {
			at = skipSpace(s, i+1)
		}
	}
	end := len(s)
	if at < end && (s[at] == '"' || s[at] == '\'') {
		at++
		if i := strings.IndexByte(s[at:], s[at-1]); i >= 0 {
			end = at + i
		}
	}
	return Part{Text: s[at:end], At: at}, end > at
}

func skipSpace(s string, at int) int {
	for at < len(s) && isSpace(s[at]) {
		at++
	}
	return at
}

// isSpace is HTML's ASCII white space.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' && c != '\v' }
