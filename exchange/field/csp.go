package field

import (
	"iter"
	"strings"
)

// A CSPolicy is one serialized Content Security Policy (CSP 3 §2.2.1).
type CSPolicy struct{ Part }

// A CSPDirective is one directive of a policy.
type CSPDirective struct {
	Name  string // as received; compare with EqualFold
	At    int    // where Name begins in the field value
	Value Part   // what follows, without white space around it
}

// CSPolicies returns the policies of one field line: a comma separates them,
// wherever it stands. Offsets count in s.
func CSPolicies(s string) iter.Seq[CSPolicy] {
	return func(yield func(CSPolicy) bool) {
		cutAt(s, 0, ',', func(p Part) bool { return yield(CSPolicy{p}) })
	}
}

// Directives returns the directives in their order, repeated ones too.
func (c CSPolicy) Directives() iter.Seq[CSPDirective] {
	return func(yield func(CSPDirective) bool) {
		cutAt(c.Text, c.At, ';', func(p Part) bool {
			n := 0
			for n < len(p.Text) && !isASCIISpace(p.Text[n]) {
				n++
			}
			value := trimSpace(p.Text, n, len(p.Text))
			value.At += p.At
			return yield(CSPDirective{Name: p.Text[:n], At: p.At, Value: value})
		})
	}
}

// Directive is the first directive of that name, the one that counts.
func (c CSPolicy) Directive(name string) (found CSPDirective, ok bool) {
	for d := range c.Directives() {
		if EqualFold(d.Name, name) {
			return d, true
		}
	}
	return CSPDirective{}, false
}

// Sources returns the words of the value, such as the sources of a source list.
func (d CSPDirective) Sources() iter.Seq[Part] {
	return func(yield func(Part) bool) {
		s := d.Value.Text
		for at := 0; at < len(s); {
			end := at
			for end < len(s) && !isASCIISpace(s[end]) {
				end++
			}
			if end > at && !yield(Part{Text: s[at:end], At: d.Value.At + at}) {
				return
			}
			at = end + 1
		}
	}
}

// HasSource reports whether the value has a word, compared without case.
func (d CSPDirective) HasSource(source string) bool {
	for s := range d.Sources() {
		if EqualFold(s.Text, source) {
			return true
		}
	}
	return false
}

// HasNonceOrHash reports whether a source list has a nonce or a hash.
func (d CSPDirective) HasNonceOrHash() bool {
	for s := range d.Sources() {
		if HasPrefixFold(s.Text, "'nonce-") || HasPrefixFold(s.Text, "'sha256-") || HasPrefixFold(s.Text, "'sha384-") || HasPrefixFold(s.Text, "'sha512-") {
			return true
		}
	}
	return false
}

// NonceLen is how many octets the value of a nonce-source decodes to; ok is
// false for any other source and for one that is not base64.
func NonceLen(source string) (n int, ok bool) {
	if !HasPrefixFold(source, "'nonce-") || source[len(source)-1] != '\'' || len(source) < len("'nonce-'") {
		return 0, false
	}
	value := strings.TrimRight(source[len("'nonce-"):len(source)-1], "=")
	for i := range len(value) {
		if c := value[i]; !isAlphaNumeric(c) && strings.IndexByte("+/-_", c) < 0 {
			return 0, false
		}
	}
	return len(value) * 6 / 8, true
}

// cutAt returns the pieces of s between separators, white space around them and
// empty ones left out; base is added to their offsets.
func cutAt(s string, base int, separator byte, yield func(Part) bool) {
	for at := 0; at <= len(s); {
		end := len(s)
		if i := strings.IndexByte(s[at:], separator); i >= 0 {
			end = at + i
		}
		p := trimSpace(s, at, end)
		p.At += base
		if p.Text != "" && !yield(p) {
			return
		}
		at = end + 1
	}
}

func trimSpace(s string, start, end int) Part {
	for start < end && isASCIISpace(s[start]) {
		start++
	}
	for end > start && isASCIISpace(s[end-1]) {
		end--
	}
	return Part{Text: s[start:end], At: start}
}

// isASCIISpace reports whether c is ASCII white space (Infra 4.6).
func isASCIISpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'
}
