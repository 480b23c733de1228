package exchange

import (
	"bytes"
	"strings"
)

// A span is where a secret stands in a text.
type span struct {
	start, end int
	json       bool // a string or a number of JSON, with its quotation marks
}

// secret returns what a span's text means.
func (s span) secret(raw string) string {
	if s.json {
		return jsonScalar([]byte(raw))
	}
	return raw
}

// appendSpan appends where s[start:end] is a secret: not where it is empty, or
// a mark already.
func appendSpan(dst []span, s string, start, end int) []span {
	if isUnredacted(s[start:end]) {
		dst = append(dst, span{start: start, end: end})
	}
	return dst
}

func isUnredacted(s string) bool { return s != "" && (len(s) != redactedLen || !IsRedacted(s)) }

// valueSpans finds the secrets in a field value.
func valueSpans(dst []span, known Name, name, value string) []span {
	kind := secretKinds[known]
	if known == 0 {
		kind = unknownKind(name)
	}
	switch kind {
	case secretCredentials:
		return credentialSpans(dst, value)
	case secretCookies:
		return cookieSpans(dst, value)
	case secretSetCookie:
		end := strings.IndexByte(value, ';')
		if end < 0 {
			end = len(value)
		}
		return pairSpans(dst, value, 0, end)
	case secretWhole:
		return appendSpan(dst, value, 0, len(value))
	}
	return referenceSpans(dst, value, "&# \t\"'<>") // a text that may have URIs in it
}

// credentialSpans finds all that follows a well-known scheme.
func credentialSpans(dst []span, value string) []span {
	scheme, rest, ok := strings.Cut(value, " ")
	if !ok || !isAuthScheme(scheme) {
		if isAuthScheme(value) {
			return dst
		}
		return appendSpan(dst, value, 0, len(value))
	}
	return appendSpan(dst, value, len(value)-len(strings.TrimLeft(rest, " ")), len(value))
}

func cookieSpans(dst []span, value string) []span {
	for at := 0; at <= len(value); {
		end := strings.IndexByte(value[at:], ';')
		if end < 0 {
			end = len(value) - at
		}
		dst = pairSpans(dst, value, at, at+end)
		at += end + 1
	}
	return dst
}

// pairSpans finds the value of name=value in s[start:end], without the space
// around it; a text without "=" is a value (RFC 6265bis §5.6).
func pairSpans(dst []span, s string, start, end int) []span {
	start += strings.IndexByte(s[start:end], '=') + 1
	for start < end && (s[start] == ' ' || s[start] == '\t') {
		start++
	}
	return appendSpan(dst, s, start, start+len(trimRightOWS(s[start:end])))
}

// authoritySpans finds the user information in an authority, s[start:end].
func authoritySpans(dst []span, s string, start, end int) []span {
	if at := strings.LastIndexByte(s[start:end], '@'); at >= 0 {
		dst = appendSpan(dst, s, start, start+at)
	}
	return dst
}

// uriSpans finds the secrets in a text that is one URI reference.
func uriSpans(dst []span, s string) []span { return referenceSpans(dst, s, "&#") }

// referenceSpans finds user information and secret parameters, whose values end
// before one of ends.
func referenceSpans(dst []span, s, ends string) []span {
	dst = userInfoSpans(dst, s)
	return parameterSpans(dst, s, ends, false)
}

// userInfoSpans finds what is before "@" in each authority (RFC 3986 §3.2.1).
func userInfoSpans(dst []span, s string) []span {
	if strings.IndexByte(s, '@') < 0 {
		return dst
	}
	for at := 0; ; {
		i := strings.Index(s[at:], "//")
		if i < 0 {
			return dst
		}
		at += i + 2
		end := strings.IndexAny(s[at:], "/?#\\ \t\"<>,")
		if end < 0 {
			end = len(s) - at
		}
		dst = authoritySpans(dst, s, at, at+end)
		at += end
	}
}

// after returns i, or the end of the span that i is in.
func after(spans []span, i int) int {
	for _, at := range spans {
		if at.start <= i && i < at.end {
			return at.end
		}
	}
	return i
}

// parameterSpans finds the values of name=value parameters whose name says that
// they are secret. A parameter begins after one of "?&;#", or at the start of
// a form, and its value ends before one of ends; neither counts in what dst has
// already, which is the user information of s.
func parameterSpans(dst []span, s, ends string, form bool) []span {
	if strings.IndexByte(s, '=') < 0 {
		return dst
	}
	users := dst
	for i := 0; i < len(s); {
		if !form || i > 0 {
			next := indexParameter(s[i:])
			if next < 0 {
				break
			}
			i += next
			if past := after(users, i); past != i {
				i = past
				continue
			}
			i++
		}
		name, ok := parameterName(s[i:])
		if !ok {
			if form && i == 0 {
				i++
			}
			continue
		}
		i += len(name) + 1
		if !isSecretParameter(name) {
			continue
		}
		end := valueEnd(users, s, i, ends)
		dst = appendSpan(dst, s, i, end)
		i = end
	}
	return dst
}

// valueEnd finds the end of the parameter value that begins at i.
func valueEnd(users []span, s string, i int, ends string) int {
	for {
		next := strings.IndexAny(s[i:], ends)
		if next < 0 {
			return len(s)
		}
		i += next
		past := after(users, i)
		if past == i {
			return i
		}
		i = past
	}
}

func formSpans(dst []span, b []byte) []span {
	if bytes.IndexByte(b, '=') < 0 {
		return dst
	}
	return parameterSpans(dst, string(b), "&", true)
}

// jsonSpans finds the string and number values of secret members at any depth.
// It needs no valid JSON, for the content may be cut or wrong.
func jsonSpans(dst []span, b []byte) []span {
	for i := 0; ; {
		open := bytes.IndexByte(b[i:], '"')
		if open < 0 {
			return dst
		}
		open += i
		end := jsonStringEnd(b, open)
		i = end
		colon := skipJSONSpace(b, end)
		if colon >= len(b) || b[colon] != ':' || !isSecretJSONName(b[open:end]) {
			continue
		}
		start := skipJSONSpace(b, colon+1)
		stop := jsonScalarEnd(b, start)
		i = max(end, stop)
		if isUnredacted(jsonScalar(b[start:stop])) {
			dst = append(dst, span{start: start, end: stop, json: true})
		}
	}
}
