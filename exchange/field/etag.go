package field

import "iter"

// An ETag is an entity tag (RFC 9110 §8.8.3).
type ETag struct {
	Weak   bool
	Opaque string // what is between the quotes, or all of it where they are missing
	At     int    // where it begins in the value
	End    int    // the octet after its last
	Err    *Error // what its grammar does not allow; the rest is what was meant, as far as one can tell
}

// ParseETag reads one entity tag, the value of an ETag field. For an empty
// value, or one with several tags, the ETag has Err set.
func ParseETag(s string) ETag {
	t := etagAt(s, skipOWS(s, 0), noSeparator)
	if rest := skipOWS(s, t.End); t.Err == nil && rest < len(s) {
		t.Err = &Error{At: rest, What: "something follows the entity tag"}
	}
	return t
}

// ETags parses a list of entity tags, the value of If-Match or If-None-Match.
// It yields none for "*"; see IsAny.
func ETags(s string) iter.Seq[ETag] {
	return func(yield func(ETag) bool) {
		if IsAny(s) {
			return
		}
		for at := skipListGap(s, 0); at < len(s); {
			t := etagAt(s, at, ',')
			if !yield(t) {
				return
			}
			at = skipListGap(s, t.End)
		}
	}
}

// IsAny reports whether the value of If-Match or If-None-Match is "*".
func IsAny(s string) bool { return TrimOWS(s) == "*" }

// StrongEqual is the strong comparison (RFC 9110 §8.8.3.2): equal, and neither weak.
func (t ETag) StrongEqual(u ETag) bool { return !t.Weak && !u.Weak && t.Opaque == u.Opaque }

// WeakEqual is the weak comparison (RFC 9110 §8.8.3.2).
func (t ETag) WeakEqual(u ETag) bool { return t.Opaque == u.Opaque }

// String returns the tag as it should be written.
func (t ETag) String() string {
	if t.Weak {
		return `W/"` + t.Opaque + `"`
	}
	return `"` + t.Opaque + `"`
}

// noSeparator is not an octet of a field value.
const noSeparator = 0

// etagAt reads the tag that begins at octet at; a tag without quotes ends at the separator.
func etagAt(s string, at int, separator byte) ETag {
	t := ETag{At: at, End: at}
	open := at
	if len(s) >= at+2 && (s[at] == 'W' || s[at] == 'w') && s[at+1] == '/' {
		t.Weak = true
		open += 2
		if s[at] == 'w' {
			t.Err = &Error{At: at, What: `want an upper-case W in W/`}
		}
	}
	if open >= len(s) || s[open] != '"' {
		return t.unquoted(s, open, separator)
	}
	for end := open + 1; end < len(s); end++ {
		switch c := s[end]; {
		case c == '"':
			t.Opaque, t.End = s[open+1:end], end+1
			return t
		case !isETagByte(c) && t.Err == nil:
			t.Err = &Error{At: end, What: "an entity tag cannot hold this byte"}
		}
	}
	t.Opaque, t.End = s[open+1:], len(s)
	t.Err = &Error{At: len(s), What: "want a closing quote"}
	return t
}

func (t ETag) unquoted(s string, at int, separator byte) ETag {
	end := at
	for end < len(s) && s[end] != separator {
		end++
	}
	t.Opaque, t.End = TrimOWS(s[at:end]), end
	if t.Err == nil {
		t.Err = &Error{At: at, What: "want the tag in double quotes"}
	}
	return t
}

// isETagByte is etagc of RFC 9110 §8.8.3.
func isETagByte(c byte) bool { return c > ' ' && c != '"' && c != 0x7f }

func skipOWS(s string, at int) int {
	for at < len(s) && IsOWS(s[at]) {
		at++
	}
	return at
}

// skipListGap skips what separates list elements: commas and optional white
// space (RFC 9110 §5.6.1).
func skipListGap(s string, at int) int {
	for at < len(s) && (IsOWS(s[at]) || s[at] == ',') {
		at++
	}
	return at
}
