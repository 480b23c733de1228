package field

import (
	"strings"
)

// The functions here hold a value to the grammar of one field, or of very few.

// CheckWeights checks a list of tokens with no other parameter than a weight,
// as Accept-Encoding has it (RFC 9110 §12.4.2).
func CheckWeights(s string) *Error {
	if err := CheckWeighted(s); err != nil {
		return err
	}
	return onlyWeights(s)
}

// onlyWeights wants no parameter but q in the elements of a list.
func onlyWeights(s string) *Error {
	if strings.IndexByte(s, ';') < 0 {
		return nil
	}
	for p := range List(s) {
		n := 0
		for q := range Params(p.Text) {
			if n++; !EqualFold(q.Name, "q") || n > 1 {
				return &Error{At: p.At + q.At, What: "want no other parameter than one weight, such as q=0.5"}
			}
		}
	}
	return nil
}

// CheckConcreteTypes checks a list of media types, none of them a range.
func CheckConcreteTypes(s string) *Error {
	if err := CheckMediaTypes(s); err != nil {
		return err
	}
	for p := range List(s) {
		if i := strings.IndexByte(Head(p.Text).Text, '*'); i >= 0 {
			return &Error{At: p.At + i, What: "want a media type, not a range of them"}
		}
	}
	return nil
}

// CheckCodedURL checks an absolute URI in angle brackets (RFC 4918 §10.1).
func CheckCodedURL(s string) *Error {
	if len(s) < 3 || s[0] != '<' || s[len(s)-1] != '>' {
		return &Error{What: "want a URI in angle brackets"}
	}
	uri := s[1 : len(s)-1]
	if schemeLen(uri) == 0 {
		return &Error{At: 1, What: "want a URI with its scheme"}
	}
	return shifted(CheckURI(uri), 1)
}

// CheckCodedURLs checks a list of them.
func CheckCodedURLs(s string) *Error { return eachElement(s, CheckCodedURL) }

// CheckDAV checks a list of tokens and coded URLs (RFC 4918 §10.1).
func CheckDAV(s string) *Error {
	return eachElement(s, func(e string) *Error {
		if e[0] == '<' {
			return CheckCodedURL(e)
		}
		return CheckToken(e)
	})
}

// CheckTimeout checks a list of Infinite and Second-number (RFC 4918 §10.7).
func CheckTimeout(s string) *Error {
	return eachElement(s, func(e string) *Error {
		if EqualFold(e, "Infinite") {
			return nil
		}
		if !HasPrefixFold(e, "Second-") {
			return &Error{What: "want Infinite or Second- and a number"}
		}
		return shifted(CheckNumber(e[len("Second-"):]), len("Second-"))
	})
}

// CheckDAVIf checks lists of conditions in parentheses, each with or without
// the coded URL of a resource before it (RFC 4918 §10.4).
func CheckDAVIf(s string) *Error {
	lists := 0
	for at := skipOWS(s, 0); at < len(s); at = skipOWS(s, at) {
		shut, what := byte(')'), "want a closing parenthesis"
		switch s[at] {
		case '<':
			shut, what = '>', `want ">" after the resource`
		case '(':
			lists++
		default:
			return &Error{At: at, What: "want conditions in parentheses"}
		}
		end := at + 1
		for end < len(s) && s[end] != shut {
			end += max(1, QuotedLen(s[end:]))
		}
		if end >= len(s) {
			return &Error{At: len(s), What: what}
		}
		if end == at+1 {
			return &Error{At: end, What: "want a condition: a token in angle brackets or an entity tag in square ones"}
		}
		at = end + 1
	}
	if lists == 0 {
		return &Error{At: len(s), What: "want conditions in parentheses"}
	}
	return nil
}

// CheckPosition checks first, last, or before or after and a segment (RFC 3648
// §6.1).
func CheckPosition(s string) *Error {
	word, segment, found := strings.Cut(s, " ")
	switch {
	case !found && (EqualFold(word, "first") || EqualFold(word, "last")):
		return nil
	case found && segment != "" && (EqualFold(word, "before") || EqualFold(word, "after")):
		return shifted(CheckURI(segment), len(word)+1)
	}
	return &Error{What: "want first, last, or before or after and the name of a member"}
}

// CheckDigests checks a list of algorithm=value (RFC 3230 §4.3.2).
func CheckDigests(s string) *Error {
	return eachElement(s, func(e string) *Error {
		n := TokenLen(e)
		switch {
		case n == 0 || n == len(e) || e[n] != '=':
			return &Error{At: n, What: "want algorithm=value"}
		case n+1 == len(e):
			return &Error{At: n + 1, What: "want the digest after the equals sign"}
		}
		if i := strings.IndexAny(e[n+1:], " \t\""); i >= 0 {
			return &Error{At: n + 1 + i, What: "want the digest as it is, without quotes or spaces"}
		}
		return nil
	})
}

// CheckPairs checks name=value or names with semicolons between them, as
// Public-Key-Pins has it.
func CheckPairs(s string) *Error {
	for q := range Pieces(s, ';') {
		v := param(q)
		switch {
		case TokenLen(v.Name) < len(v.Name) || v.Name == "":
			return &Error{At: v.At + TokenLen(v.Name), What: "want name=value, or semicolons between several"}
		case v.HasValue && !IsToken(v.Value) && !IsQuoted(v.Value):
			return &Error{At: v.ValueAt + TokenLen(v.Value), What: "want a token or a quoted string as the value of " + v.Name}
		}
	}
	return nil
}

// CheckMailbox checks a mail address, with or without a name before it in which
// case it is in angle brackets (RFC 5322 §3.4).
func CheckMailbox(s string) *Error {
	address, at := s, 0
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		if s[len(s)-1] != '>' {
			return &Error{At: len(s), What: `want ">" after the address`}
		}
		address, at = s[open+1:len(s)-1], open+1
	}
	local, domain, found := strings.Cut(address, "@")
	switch {
	case !found || local == "" || domain == "":
		return &Error{At: at, What: "want a mail address, such as webmaster@shop.example"}
	case strings.ContainsAny(address, " \t,;") && local[0] != '"':
		return &Error{At: at + strings.IndexAny(address, " \t,;"), What: "want one mail address"}
	case strings.IndexByte(domain, '@') >= 0:
		return &Error{At: at + len(local) + 1 + strings.IndexByte(domain, '@'), What: "want one @"}
	}
	return nil
}

// CheckMessageID checks an identifier in angle brackets (RFC 5322 §3.6.4).
func CheckMessageID(s string) *Error {
	if len(s) < 3 || s[0] != '<' || s[len(s)-1] != '>' || strings.IndexByte(s, '@') < 0 {
		return &Error{What: "want an identifier such as <part1@shop.example>"}
	}
	return nil
}

// CheckOrigins checks a list of origins, "*" or null (Resource Timing §4.5).
func CheckOrigins(s string) *Error {
	return eachElement(s, func(e string) *Error {
		if e == "*" || e == "null" {
			return nil
		}
		return CheckOrigin(e)
	})
}

// CheckTraceparent checks version, trace, parent and flags in lower-case
// hexadecimal digits with hyphens between them (Trace Context §3.2).
func CheckTraceparent(s string) *Error {
	at := 0
	for i, n := range [...]int{2, 32, 16, 2} {
		for k := range n {
			if at+k >= len(s) || !IsDigit(s[at+k]) && (s[at+k] < 'a' || s[at+k] > 'f') {
				return &Error{At: min(at+k, len(s)), What: "want 2, 32, 16 and 2 lower-case hexadecimal digits with hyphens between them"}
			}
		}
		if i == 0 && s[:2] == "ff" {
			return &Error{What: "the version can't be ff"}
		}
		if (i == 1 || i == 2) && strings.Trim(s[at:at+n], "0") == "" {
			return &Error{At: at, What: "an identifier can't be all zeros"}
		}
		at += n
		if i < 3 {
			if at >= len(s) || s[at] != '-' {
				return &Error{At: min(at, len(s)), What: "want a hyphen"}
			}
			at++
		}
	}
	if at < len(s) && (s[:2] == "00" || s[at] != '-') {
		return &Error{At: at, What: "want nothing after the flags"}
	}
	return nil
}

// CheckTracestate checks a list of key=value (Trace Context §3.3).
func CheckTracestate(s string) *Error {
	return eachElement(s, func(e string) *Error {
		key, value, found := strings.Cut(e, "=")
		for i := range len(key) {
			if c := key[i]; !isLower(c) && !IsDigit(c) && strings.IndexByte("_-*/@", c) < 0 {
				return &Error{At: i, What: "want a key in lower case"}
			}
		}
		switch {
		case key == "":
			return &Error{What: "want key=value"}
		case !found:
			return &Error{At: len(key), What: `want "=" after the key`}
		case strings.IndexByte(value, '=') >= 0:
			return &Error{At: len(key) + 1 + strings.IndexByte(value, '='), What: "want no further equals sign"}
		}
		return nil
	})
}

// CheckGRPCTimeout checks up to eight digits and a unit (gRPC over HTTP/2).
func CheckGRPCTimeout(s string) *Error {
	n := 0
	for n < len(s) && IsDigit(s[n]) {
		n++
	}
	if n == 0 || n > 8 || n+1 != len(s) || strings.IndexByte("HMSmun", s[n]) < 0 {
		return &Error{At: n, What: "want up to 8 digits and a unit of H, M, S, m, u and n"}
	}
	return nil
}

// CheckSOAPAction checks a URI in quotes, or nothing (SOAP 1.1 §6.1.1).
func CheckSOAPAction(s string) *Error {
	if s != "" && !IsQuoted(s) {
		return &Error{What: "want the URI in double quotes"}
	}
	return nil
}

// CheckWarning checks a list of code, agent, text in quotes and perhaps a date
// in quotes (RFC 7234 §5.5).
func CheckWarning(s string) *Error {
	return eachElement(s, func(e string) *Error {
		code, rest, _ := strings.Cut(e, " ")
		if len(code) != 3 || !IsDigits(code) {
			return &Error{What: "want a code of 3 digits"}
		}
		agent, text, _ := strings.Cut(rest, " ")
		at := 4 + len(agent) + 1
		if agent == "" || text == "" || text[0] != '"' {
			return &Error{At: min(at, len(e)), What: "want the code, who warns, and a text in double quotes"}
		}
		n := QuotedLen(text)
		if !IsQuoted(text[:n]) {
			return &Error{At: len(e), What: "want a closing quote"}
		}
		if date := TrimOWS(text[n:]); date != "" && !IsQuoted(date) {
			return &Error{At: at + n, What: "want a date in double quotes, or nothing"}
		}
		return nil
	})
}

// CheckMeter checks a list of words, some with one or two numbers (RFC 2227
// §5.1).
func CheckMeter(s string) *Error {
	return eachElement(s, func(e string) *Error {
		word, value, found := strings.Cut(e, "=")
		if err := CheckToken(word); err != nil || !found {
			return err
		}
		uses, reuses, two := strings.Cut(value, "/")
		if !IsDigits(uses) || two && !IsDigits(reuses) {
			return &Error{At: len(word) + 1, What: "want a number, or two with a slash between them"}
		}
		return nil
	})
}

// CheckFeatures checks a list of feature expressions: tag, !tag, tag=value,
// tag!=value, tag={value} or "*" (RFC 2295 §8.2).
func CheckFeatures(s string) *Error {
	return eachElement(s, func(e string) *Error {
		if e == "*" {
			return nil
		}
		rest := strings.TrimPrefix(e, "!")
		n := strings.IndexAny(rest, "=!")
		if n < 0 {
			n = len(rest)
		}
		if err := CheckToken(rest[:n]); err != nil {
			return shifted(err, len(e)-len(rest))
		}
		value := strings.TrimPrefix(strings.TrimPrefix(rest[n:], "!"), "=")
		value = strings.TrimSuffix(strings.TrimPrefix(value, "{"), "}")
		if n < len(rest) && CheckToken(value) != nil {
			return &Error{At: len(e) - len(value), What: "want a value of the feature"}
		}
		return nil
	})
}

// CheckAlternates checks a list of variants in braces, {"uri" quality {type
// x}}, and directives (RFC 2295 §8.3).
func CheckAlternates(s string) *Error {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			n := QuotedLen(s[i:])
			if !IsQuoted(s[i : i+n]) {
				return &Error{At: len(s), What: "want a closing quote"}
			}
			i += n - 1
		case '{':
			depth++
		case '}':
			if depth--; depth < 0 {
				return &Error{At: i, What: "want an opening brace before this one"}
			}
		}
	}
	if depth > 0 {
		return &Error{At: len(s), What: "want a closing brace"}
	}
	return nil
}

// CheckStatusField checks a status code and perhaps a phrase (RFC 3875 §6.3.3).
func CheckStatusField(s string) *Error {
	code, _, _ := strings.Cut(s, " ")
	if len(code) != 3 || !IsDigits(code) {
		return &Error{What: "want a status code of 3 digits"}
	}
	return nil
}

// CheckTk checks one of the signs of a tracking status (Tracking Preference
// Expression §6.2), with or without an identifier after a semicolon.
func CheckTk(s string) *Error {
	sign, id, found := strings.Cut(s, ";")
	if len(sign) != 1 || strings.IndexByte("!?GNTCPDU", sign[0]) < 0 || found && id == "" {
		return &Error{What: "want one of ! ? G N T C P D U"}
	}
	return nil
}

// CheckNonce checks one word without spaces, quotes and backslashes (RFC 9449
// §8.1).
func CheckNonce(s string) *Error {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return &Error{At: i, What: "a nonce cannot hold this byte"}
		}
	}
	if s == "" {
		return &Error{What: "want a nonce"}
	}
	return nil
}

// EmptyViaMember finds an empty member of Via, where a comma in a comment is
// not a separator, and EmptyLink one of Link, where a comma in a target is
// none.
func EmptyViaMember(s string) (at int, found bool) {
	return emptyBetween(s, func(at int) int { return viaAt(s, at).End() })
}

// EmptyLink finds an empty member of Link.
func EmptyLink(s string) (at int, found bool) {
	return emptyBetween(s, func(at int) int {
		if s[at] == '<' {
			if shut := strings.IndexByte(s[at:], '>'); shut >= 0 {
				at += shut
			}
		}
		return skipToComma(s, at)
	})
}

// emptyBetween finds a comma without a member before it, or the last one
// without a member after it. member returns the end of the member that begins
// at at.
func emptyBetween(s string, member func(at int) int) (at int, found bool) {
	comma := -1
	for at := skipOWS(s, 0); at < len(s); {
		if s[at] == ',' {
			return at, true
		}
		at = skipOWS(s, max(member(at), at+1))
		if at >= len(s) {
			return -1, false
		}
		if s[at] != ',' {
			at = skipToComma(s, at)
			continue
		}
		comma = at
		at = skipOWS(s, at+1)
	}
	return comma, comma >= 0
}

// CheckProducts checks names with or without versions, and comments, with
// spaces between them (RFC 9110 §10.1.5).
func CheckProducts(s string) *Error {
	for at := 0; ; {
		switch n := protocolLen(s[at:]); {
		case at < len(s) && s[at] == '(' && at > 0:
			n := commentLen(s[at:])
			if n == 0 {
				return &Error{At: at, What: "the comment has no closing parenthesis"}
			}
			at += n
		case n == 0:
			return &Error{At: at, What: "want a product, name or name/version"}
		default:
			at += n
		}
		next := skipOWS(s, at)
		if next == len(s) {
			return nil
		}
		if next == at {
			return &Error{At: at, What: "want a space between products, and comments in parentheses"}
		}
		at = next
	}
}

// CheckRefresh wants a number of seconds and perhaps a URL after a semicolon or
// comma (HTML §8.4.6).
func CheckRefresh(s string) *Error {
	n := 0
	for n < len(s) && (IsDigit(s[n]) || s[n] == '.') {
		n++
	}
	if n == 0 {
		return &Error{What: "want a number of seconds"}
	}
	if next := skipSpace(s, n); next < len(s) && s[next] != ';' && s[next] != ',' && next == n {
		return &Error{At: n, What: "want a semicolon after the seconds"}
	}
	return nil
}

// CheckRangeUnits wants a list of range units, or none alone (RFC 9110 §14.3).
func CheckRangeUnits(s string) *Error {
	if err := CheckTokens(s); err != nil {
		return err
	}
	if s == "" {
		return &Error{What: "want bytes, or none"}
	}
	n, none := 0, Part{At: -1}
	for p := range List(s) {
		if n++; EqualFold(p.Text, "none") {
			none = p
		}
	}
	if none.At >= 0 && n > 1 {
		return &Error{At: none.At, What: "want none alone, or no none"}
	}
	return nil
}

// CheckMediaRanges wants a structured list of media ranges, Strings or Tokens
// (RFC 10008 §3). What is no structured list fits, since another rule says so.
func CheckMediaRanges(s string) *Error {
	list, err := ParseStructured(s, StructuredList)
	if err != nil {
		return nil
	}
	for m := range list.Members() {
		if m.Type != String && m.Type != Token {
			continue
		}
		if err := CheckMediaTypes(m.Content()); err != nil {
			return &Error{At: m.At, What: "want a media type, such as application/sql"}
		}
	}
	return nil
}
