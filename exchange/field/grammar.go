package field

import (
	"iter"
	"strings"
)

// The functions here hold a value to one of the grammars that many fields
// share. They give nil for a value that fits, empty list elements and an empty
// list included: recipients must ignore them (RFC 9110 §5.6.1.2).

// CheckTokens checks a list of tokens, such as the methods of Allow.
func CheckTokens(s string) *Error {
	if IsToken(s) {
		return nil
	}
	for p := range List(s) {
		if n := TokenLen(p.Text); n < len(p.Text) {
			return &Error{At: p.At + n, What: wantIn(p.Text, n, "a token", "a comma")}
		}
	}
	return nil
}

// wantIn says what should be at octet n of an element: the thing itself at its
// beginning, else what ends it.
func wantIn(text string, n int, thing, end string) string {
	switch {
	case n == 0 && text[0] == '"':
		return "want " + thing + " without quotes"
	case n == 0:
		return "want " + thing
	}
	return "want " + end + " after " + thing
}

// CheckWeighted checks a list of tokens with parameters, such as codings with
// weights.
func CheckWeighted(s string) *Error {
	if IsToken(s) {
		return nil
	}
	for p := range List(s) {
		head := Head(p.Text)
		if n := TokenLen(head.Text); n == 0 || n < len(head.Text) {
			return &Error{At: p.At + head.At + n, What: wantHead(head.Text, n)}
		}
		if err := checkParams(p, true); err != nil {
			return err
		}
	}
	return nil
}

func wantHead(text string, n int) string {
	if text == "" {
		return "want a token"
	}
	return wantIn(text, n, "a token", `a comma or ";"`)
}

// checkParams holds the parameters of an element to "name=value" (RFC 9110
// §5.6.6); with loose, white space may stand around the equals sign.
func checkParams(p Part, loose bool) *Error {
	for q := range Params(p.Text) {
		switch {
		case !IsToken(q.Name):
			return &Error{At: p.At + q.At + TokenLen(q.Name), What: "want a parameter, name=value"}
		case !q.HasValue:
			return &Error{At: p.At + q.ValueAt, What: `want "=" after the parameter name`}
		case !IsToken(q.Value) && !IsQuoted(q.Value):
			return &Error{At: p.At + q.ValueAt, What: "want a token or a quoted string as the parameter's value"}
		case !loose && q.ValueAt != q.At+len(q.Name)+1:
			return &Error{At: p.At + q.At + len(q.Name), What: `want "=" without white space around it`}
		}
	}
	return nil
}

// CheckMediaType checks one media type (RFC 9110 §8.3.1).
func CheckMediaType(s string) *Error {
	return checkMedia(Part{Text: s})
}

// CheckMediaTypes checks a list of media types or media ranges (RFC 9110
// §12.5.1).
func CheckMediaTypes(s string) *Error {
	for p := range List(s) {
		if err := checkMedia(p); err != nil {
			return err
		}
	}
	return nil
}

func checkMedia(p Part) *Error {
	if n := TokenLen(p.Text); n > 0 && n < len(p.Text) && p.Text[n] == '/' && IsToken(p.Text[n+1:]) {
		return nil
	}
	if m := ParseMediaType(p.Text); m.Err != nil {
		return &Error{At: p.At + m.Err.At, What: m.Err.What}
	}
	return checkParams(p, false)
}

// CheckLanguages checks a list of language tags (RFC 5646 §2.1); with ranges
// also "*" and weights, as in Accept-Language.
func CheckLanguages(s string, ranges bool) *Error {
	for p := range List(s) {
		head := p
		if ranges {
			head = Head(p.Text)
			head.At += p.At
			if err := checkParams(p, false); err != nil {
				return err
			}
		}
		if ranges && head.Text == "*" {
			continue
		}
		if n := languageError(head.Text, ranges); n >= 0 {
			return &Error{At: head.At + n, What: "want a language tag, such as en or de-CH"}
		}
	}
	if ranges {
		return onlyWeights(s)
	}
	return nil
}

// IsLanguageTag reports whether s has the form of a language tag: subtags of
// one to eight letters and digits, the first one of letters.
func IsLanguageTag(s string) bool { return languageError(s, false) < 0 }

func languageError(s string, star bool) int {
	start := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '-' {
			letter := Lower(s[i]) >= 'a' && Lower(s[i]) <= 'z'
			if !letter && !(IsDigit(s[i]) && start > 0) && !(star && s[i] == '*') {
				return i
			}
			continue
		}
		if i == start || i-start > 8 {
			return start
		}
		start = i + 1
	}
	return -1
}

// CheckDirectives checks a list of name or name=value, such as Cache-Control.
func CheckDirectives(s string) *Error {
	if IsToken(s) {
		return nil
	}
	for p := range List(s) {
		if err := checkDirective(p, "a directive", false); err != nil {
			return err
		}
	}
	return nil
}

// CheckPreferences checks a list of name or name=value, each with parameters of
// the same form, as Prefer has (RFC 7240 §2).
func CheckPreferences(s string) *Error {
	for p := range List(s) {
		for q := range Pieces(p.Text, ';') {
			q.At += p.At
			if err := checkDirective(q, "a preference", true); err != nil {
				return err
			}
		}
	}
	return nil
}

// CheckAuthParams checks a list of name=value (RFC 9110 §11.2).
func CheckAuthParams(s string) *Error {
	for p := range List(s) {
		if err := checkDirective(p, "a parameter", true); err != nil {
			return err
		}
		if strings.IndexByte(p.Text, '=') < 0 {
			return &Error{At: p.End(), What: `want "=" after the parameter name`}
		}
	}
	return nil
}

func checkDirective(p Part, what string, loose bool) *Error {
	n := TokenLen(p.Text)
	if n == 0 {
		return &Error{At: p.At, What: "want " + what}
	}
	if n == len(p.Text) {
		return nil
	}
	q := param(p)
	switch {
	case !q.HasValue || !IsToken(q.Name):
		return &Error{At: p.At + n, What: "want a comma after " + what}
	case !loose && q.ValueAt != q.At+len(q.Name)+1:
		return &Error{At: p.At + n, What: `want "=" without white space around it`}
	case !IsToken(q.Value) && !IsQuoted(q.Value):
		return &Error{At: q.ValueAt + TokenLen(q.Value), What: "want a token or a quoted string as the value of " + q.Name}
	}
	return nil
}

// CheckDisposition checks a disposition type with parameters (RFC 6266 §4.1).
func CheckDisposition(s string) *Error {
	head := Head(s)
	if n := TokenLen(head.Text); n == 0 || n < len(head.Text) {
		what := `want ";" after the disposition type`
		if n == 0 {
			what = "want a disposition type, such as attachment"
		}
		return &Error{At: head.At + n, What: what}
	}
	return checkParams(Part{Text: s}, true)
}

// CheckProtocols checks a list of names with or without a version, as Upgrade
// has (RFC 9110 §7.8).
func CheckProtocols(s string) *Error {
	for p := range List(s) {
		if n := protocolLen(p.Text); n == 0 || n < len(p.Text) {
			return &Error{At: p.At + n, What: "want a protocol, name or name/version"}
		}
	}
	return nil
}

// protocolLen is the length of token ["/" token] at the start of s.
func protocolLen(s string) int {
	n := TokenLen(s)
	if n > 0 && n < len(s) && s[n] == '/' {
		if k := TokenLen(s[n+1:]); k > 0 {
			return n + 1 + k
		}
	}
	return n
}

// CheckVia checks a list of protocol, receiver and perhaps a comment (RFC 9110
// §7.6.3).
func CheckVia(s string) *Error {
	for h := range Vias(s) {
		if h.Err != nil {
			return h.Err
		}
	}
	return nil
}

// A Via is what one intermediary says in Via (RFC 9110 §7.6.3).
type Via struct {
	Part              // all of it
	Protocol   string // by which it received: "1.1", "HTTP/2"
	ReceivedBy Part   // its host or pseudonym
	Comment    string // with its parentheses; "" for none
	Err        *Error // what the grammar does not allow, its offset in the value
}

// Vias returns the members of a line of Via. A comma in a comment is not a
// separator.
func Vias(s string) iter.Seq[Via] {
	return func(yield func(Via) bool) {
		for at := skipListGap(s, 0); at < len(s); {
			h := viaAt(s, at)
			if !yield(h) {
				return
			}
			at = skipListGap(s, max(h.End(), at+1))
		}
	}
}

// viaAt reads the member that begins at octet at; a broken one goes to the next comma.
func viaAt(s string, at int) (h Via) {
	h.At = at
	fail := func(where int, what string) Via {
		h.Err = &Error{At: where, What: what}
		h.Text = TrimOWS(s[h.At:skipToComma(s, min(max(at, h.At), len(s)))])
		return h
	}
	n := protocolLen(s[at:])
	if n == 0 || at+n >= len(s) || !IsOWS(s[at+n]) {
		return fail(at+n, `want a protocol version, a space and who received, as in "1.1 edge"`)
	}
	h.Protocol = s[at : at+n]
	at = skipOWS(s, at+n)
	start := at
	for at < len(s) && s[at] != ',' && !IsOWS(s[at]) {
		at++
	}
	h.ReceivedBy = Part{Text: s[start:at], At: start}
	if at == start || !isHostPort(s[start:at]) && !IsToken(s[start:at]) {
		return fail(start, "want a host or a name after the protocol version")
	}
	end := at
	at = skipOWS(s, at)
	if at < len(s) && s[at] == '(' {
		n := commentLen(s[at:])
		if n == 0 {
			return fail(at, "the comment has no closing parenthesis")
		}
		h.Comment = s[at : at+n]
		end = at + n
		at = skipOWS(s, end)
	}
	if at < len(s) && s[at] != ',' {
		return fail(at, "want a comma or a comment in parentheses")
	}
	h.Text = s[h.At:end]
	return h
}

// commentLen is the length of the comment (RFC 9110 §5.6.5) that s begins
// with; 0 for one that is not closed.
func commentLen(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// CheckCDNLoop checks a list of hosts or names with parameters (RFC 8586 §2).
func CheckCDNLoop(s string) *Error {
	for p := range List(s) {
		if head := Head(p.Text); !isHostPort(head.Text) && !IsToken(head.Text) {
			return &Error{At: p.At + head.At, What: "want a host or a name"}
		}
		if err := checkParams(p, false); err != nil {
			return err
		}
	}
	return nil
}

// isHostPort reports whether s is a host with or without a port, brackets of
// an IPv6 literal included; the host itself is not looked at closely.
func isHostPort(s string) bool {
	if s == "" {
		return false
	}
	if s[0] == '[' {
		shut := strings.IndexByte(s, ']')
		return shut > 0 && (shut+1 == len(s) || s[shut+1] == ':' && IsDigits(s[shut+2:]))
	}
	host, port, found := strings.Cut(s, ":")
	if found && port != "" && !IsDigits(port) {
		return false
	}
	for i := range len(host) {
		if c := host[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<>?@[\]{}#`, c) >= 0 {
			return false
		}
	}
	return true
}

// CheckURI checks a URI reference (RFC 3986 §4.1): no octet that must be
// escaped, no broken percent-encoding, and an authority that can be one.
func CheckURI(s string) *Error {
	for i := range len(s) {
		switch c := s[i]; {
		case mustEscape(c):
			return &Error{At: i, What: "a URI cannot hold this byte"}
		case c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			return &Error{At: i, What: "want two hexadecimal digits after %"}
		}
	}
	_, err := ParseURI(s)
	return err
}

// CheckLinks checks a list of links, "<target>" with parameters (RFC 8288 §3).
func CheckLinks(s string) *Error {
	for at := skipListGap(s, 0); at < len(s); at = skipListGap(s, at) {
		if s[at] != '<' {
			return &Error{At: at, What: `want "<" before the target`}
		}
		shut := strings.IndexByte(s[at:], '>')
		if shut < 0 {
			return &Error{At: at, What: `want ">" after the target`}
		}
		at += shut + 1
		end := at + pieceLen(s[at:], ',')
		if first := skipOWS(s, at); first < end && s[first] != ';' {
			return &Error{At: first, What: `want ";" or a comma after the target`}
		}
		for q := range Params(s[at:end]) {
			switch {
			case !IsToken(q.Name):
				return &Error{At: at + q.At, What: "want a parameter name"}
			case q.HasValue && !IsToken(q.Value) && !IsQuoted(q.Value):
				return &Error{At: at + q.ValueAt, What: "want a token or a quoted string as the parameter's value"}
			}
		}
		at = end
	}
	return nil
}

// EmptyElement finds an element of a comma-separated list that is empty: a
// comma at the start, at the end, or after another one. A list that is empty
// as a whole has none.
func EmptyElement(s string) (at int, found bool) {
	if strings.IndexByte(s, ',') < 0 {
		return -1, false
	}
	empty, comma := true, -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ',':
			if empty {
				return i, true
			}
			empty, comma = true, i
		case c == '"':
			empty = false
			i += QuotedLen(s[i:]) - 1
		case !IsOWS(c):
			empty = false
		}
	}
	return comma, empty && comma >= 0
}

// An ExtValue is an extended parameter value (RFC 8187 §3.2.1).
type ExtValue struct {
	Charset  string
	Language string
	Encoded  string // percent-encoded
	Err      *Error // what its grammar does not allow
}

// ParseExtValue reads charset'language'value.
func ParseExtValue(s string) (v ExtValue) {
	if s != "" && s[0] == '"' {
		v.Err = &Error{At: 0, What: "want no quotes around an extended value"}
		return v
	}
	charset, rest, ok := strings.Cut(s, "'")
	language, encoded, ok2 := strings.Cut(rest, "'")
	if !ok || !ok2 || charset == "" {
		v.Err = &Error{At: 0, What: "want charset'language'value, such as UTF-8''na%C3%AFve"}
		return v
	}
	v.Charset, v.Language, v.Encoded = charset, language, encoded
	at := len(s) - len(encoded)
	switch {
	case !IsToken(charset):
		v.Err = &Error{At: TokenLen(charset), What: "want the name of a charset"}
	case language != "" && !IsLanguageTag(language):
		v.Err = &Error{At: len(charset) + 1, What: "want a language tag or nothing between the quotes"}
	default:
		v.Err = checkExtOctets(encoded, at)
	}
	return v
}

func checkExtOctets(s string, at int) *Error {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return &Error{At: at + i, What: "want two hexadecimal digits after %"}
			}
			i += 2
		case !IsTokenByte(c) || c == '*' || c == '\'':
			return &Error{At: at + i, What: "want this byte percent-encoded"}
		}
	}
	return nil
}

// Decode returns the octets that the value encodes.
func (v ExtValue) Decode() string {
	if strings.IndexByte(v.Encoded, '%') < 0 {
		return v.Encoded
	}
	b := make([]byte, 0, len(v.Encoded))
	for i := 0; i < len(v.Encoded); i++ {
		c := v.Encoded[i]
		if c == '%' && i+2 < len(v.Encoded) && isHex(v.Encoded[i+1]) && isHex(v.Encoded[i+2]) {
			c = unhex(v.Encoded[i+1])<<4 | unhex(v.Encoded[i+2])
			i += 2
		}
		b = append(b, c)
	}
	return string(b)
}
