package exchange

import "strings"

// Unseen is in a record for a value that was there and that the program which
// saved the capture did not write down. IsRedacted holds for it. It is as long
// as the mark of a Redactor, which leaves it as it is.
const Unseen = redactedPrefix + "unseen]"

// IsUnseen reports whether a value, or a part of it, was left out by the program
// that saved a capture.
func IsUnseen(value string) bool { return strings.Contains(value, Unseen) }

// leftOutWords are what programs write in the place of what they leave out.
var leftOutWords = [...]string{
	"redacted", "filtered", "masked", "scrubbed", "sanitized", "sanitised", "removed", "hidden", "censored", "obfuscated",
	"anonymized", "anonymised", "stripped", "omitted", "elided", "concealed", "suppressed", "withheld", "confidential",
}

// maxPlaceholder is the length of the longest text that may stand for another.
const maxPlaceholder = 96

// withUnseen returns the value of a field line with Unseen in the place of what
// its writer left out.
func withUnseen(known Name, name, value string) string {
	kind := secretKinds[known]
	if known == 0 {
		kind = unknownKind(name)
	}
	switch kind {
	case secretCredentials:
		return unseenCredentials(value)
	case secretCookies:
		return unseenCookies(value)
	case secretSetCookie:
		pair, attributes, more := strings.Cut(value, ";")
		if out := unseenPair(pair); out != pair && more {
			return out + ";" + attributes
		} else if out != pair {
			return out
		}
		return value
	case secretWhole:
		if isLeftOut(value, true) {
			return Unseen
		}
		return value
	}
	if len(value) <= maxPlaceholder && isLeftOut(value, false) {
		return Unseen
	}
	return unseenTarget(value)
}

func unseenCredentials(value string) string {
	scheme, rest, ok := strings.Cut(value, " ")
	switch {
	case ok && isAuthScheme(scheme) && isLeftOut(trimOWS(rest), true):
		return scheme + " " + Unseen
	case isLeftOut(value, true):
		return Unseen
	}
	return value
}

func unseenCookies(value string) string {
	if !maySayLeftOut(value) {
		return value
	}
	pairs := strings.Split(value, ";")
	for i, p := range pairs {
		pairs[i] = unseenPair(p)
	}
	return strings.Join(pairs, ";")
}

// unseenPair is for name=value, or a text without a name.
func unseenPair(pair string) string {
	start := strings.IndexByte(pair, '=') + 1
	if !isLeftOut(strings.Trim(pair[start:], " \t\""), true) {
		return pair
	}
	if start == 0 {
		return pair[:len(pair)-len(strings.TrimLeft(pair, " \t"))] + Unseen
	}
	return pair[:start] + Unseen
}

// unseenTarget puts Unseen in the place of parameters of a query that were left out.
func unseenTarget(s string) string {
	at := strings.IndexByte(s, '?') + 1
	if at == 0 || !maySayLeftOut(s[at:]) {
		return s
	}
	parameters := strings.Split(s[at:], "&")
	for i, p := range parameters {
		name, value, ok := strings.Cut(p, "=")
		if ok && isLeftOut(value, isSecretParameter(name)) {
			parameters[i] = name + "=" + Unseen
		}
	}
	return s[:at] + strings.Join(parameters, "&")
}

// maySayLeftOut is a quick look at what isLeftOut would find.
func maySayLeftOut(s string) bool {
	if strings.Contains(s, "**") || strings.Contains(s, "•") || strings.Contains(s, "…") || strings.ContainsAny(s, "<[") || containsFold(s, "xxx") || strings.Contains(s, "...") {
		return true
	}
	for i := 0; i+1 < len(s); i++ {
		first, second := s[i]|0x20, s[i+1]|0x20
		if first < 'a' || first > 'z' || leftOutStarts[first-'a']&(1<<(second&31)) == 0 {
			continue
		}
		for _, w := range leftOutWords {
			if len(s)-i >= len(w) && strings.EqualFold(s[i:i+len(w)], w) {
				return true
			}
		}
	}
	return false
}

// leftOutStarts has, for the first letter of a word of leftOutWords, a bit for
// the second.
var leftOutStarts = func() (starts [26]uint32) {
	for _, w := range leftOutWords {
		starts[w[0]-'a'] |= 1 << (w[1] & 31)
	}
	return starts
}()

// isLeftOut reports whether a text stands for one that its writer left out. Where
// a secret is wanted more is believed than elsewhere: there also what is masked in
// part, and a row of one character.
func isLeftOut(s string, secret bool) bool {
	if s == "" || s == Unseen {
		return false
	}
	if secret && (strings.Contains(s, "***") || strings.Contains(s, "••") || strings.Contains(s, "…") || containsFold(s, "redacted")) {
		return true
	}
	if len(s) > maxPlaceholder || !secret && strings.IndexByte("[<{(*_%#\xe2Rr", s[0]) < 0 { // most values
		return false
	}
	core := strings.Trim(s, "[]<>{}()*_#%\"' .:-•…")
	switch {
	case core == "":
		return strings.Trim(s, "*") == "" && len(s) > 2 || strings.Trim(s, "•") == "" || secret && len(s) > 2
	case secret && len(core) > 2 && strings.Trim(core, "xX-") == "" && core[0]|0x20 == 'x':
		return true
	case secret && s[0] == '<' && s[len(s)-1] == '>': // <API_KEY>
		return true
	}
	bracketed := strings.IndexByte("[<{(*_", s[0]) >= 0
	for _, w := range leftOutWords {
		at := indexFold(core, w)
		switch {
		case at < 0:
		case len(core) == len(w):
			return secret || bracketed || core == "REDACTED" || core == "redacted"
		case (secret || bracketed) && isWordAt(core, at, len(w)):
			return true
		}
	}
	return false
}

// isWordAt reports whether no letter is before or behind a part of s.
func isWordAt(s string, at, length int) bool {
	return (at == 0 || !isASCIILetter(s[at-1])) && (at+length == len(s) || !isASCIILetter(s[at+length]))
}

func isASCIILetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func containsFold(s, lower string) bool { return indexFold(s, lower) >= 0 }

// indexFold is where in s the text lower stands, which is in lower case; -1 for
// nowhere.
func indexFold(s, lower string) int {
	first := lower[0]
	for i := 0; i+len(lower) <= len(s); i++ {
		if s[i]|0x20 == first && strings.EqualFold(s[i:i+len(lower)], lower) {
			return i
		}
	}
	return -1
}
