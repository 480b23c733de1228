package exchange

import (
	"errors"
	"strconv"
	"strings"
)

// ParseHead cuts a message head into its start line and field lines. It is
// tolerant, as a tap must be: lines may end in a bare LF, a folded line
// (RFC 9112 §5.2) is joined to the one before with a space, and a line without
// a colon becomes a field with an empty value. What is wrong with such lines
// is for rules to say, which read Message.RawHead.
func ParseHead(raw string) (startLine string, f Fields) {
	startLine, rest := cutLine(raw)
	if startLine == "" && rest != "" { // an empty line before the start line (RFC 9112 §2.2)
		startLine, rest = cutLine(rest)
	}
	f.Grow(strings.Count(rest, "\n"))
	var name, value string
	pending := false
	for rest != "" {
		var line string
		line, rest = cutLine(rest)
		if line == "" {
			break
		}
		if pending && (line[0] == ' ' || line[0] == '\t') {
			value += " " + trimOWS(line)
			continue
		}
		if pending {
			f.Add(name, value)
		}
		name, value, _ = strings.Cut(line, ":")
		name, value = trimRightOWS(name), trimOWS(value)
		pending = true
	}
	if pending {
		f.Add(name, value)
	}
	return startLine, f
}

// cutLine cuts the first line off, without its CRLF or LF.
func cutLine(s string) (line, rest string) {
	i := strings.IndexByte(s, '\n')
	if i < 0 {
		return s, ""
	}
	line, rest = s[:i], s[i+1:]
	return strings.TrimSuffix(line, "\r"), rest
}

// trimOWS removes optional white space (RFC 9110 §5.6.3) at both ends.
func trimOWS(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return trimRightOWS(s)
}

func trimRightOWS(s string) string {
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

var (
	errRequestLine = errors.New("not a request line: want METHOD TARGET HTTP/1.1")
	errStatusLine  = errors.New("not a status line: want HTTP/1.1 CODE REASON")
)

// RequestLine returns a request line (RFC 9112 §3) without its end.
func RequestLine(method, target string, v Version) string {
	return method + " " + target + " " + v.String()
}

// StatusLine returns a status line (RFC 9112 §4) without its end. The space
// before the reason is always there, as the grammar wants it.
func StatusLine(v Version, status int, reason string) string {
	return v.String() + " " + strconv.Itoa(status) + " " + reason
}

// AppendFieldLine appends a field line (RFC 9112 §5) without its end to b.
func AppendFieldLine(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(b, value...)
}

// String returns the field line as HTTP/1.1 writes it, without its end.
func (l *Line) String() string {
	return string(AppendFieldLine(make([]byte, 0, len(l.Name)+2+len(l.Value)), l.Name, l.Value))
}

// ParseRequestLine reads "GET /path HTTP/1.1" (RFC 9112 §3).
func ParseRequestLine(s string) (method, target string, v Version, err error) {
	method, rest, ok := strings.Cut(s, " ")
	i := strings.LastIndexByte(rest, ' ')
	if !ok || method == "" || i <= 0 {
		return "", "", 0, errRequestLine
	}
	if v, ok = ParseVersion(rest[i+1:]); !ok {
		return "", "", 0, errRequestLine
	}
	return method, rest[:i], v, nil
}

// ParseStatusLine reads "HTTP/1.1 200 OK" (RFC 9112 §4); the reason may be
// missing together with the space before it.
func ParseStatusLine(s string) (v Version, status int, reason string, err error) {
	proto, rest, ok := strings.Cut(s, " ")
	if !ok || len(rest) < 3 {
		return 0, 0, "", errStatusLine
	}
	if v, ok = ParseVersion(proto); !ok {
		return 0, 0, "", errStatusLine
	}
	for i := range 3 {
		if !isDigit(rest[i]) {
			return 0, 0, "", errStatusLine
		}
		status = status*10 + int(rest[i]-'0')
	}
	if len(rest) > 3 && rest[3] != ' ' {
		return 0, 0, "", errStatusLine
	}
	return v, status, strings.TrimPrefix(rest[3:], " "), nil
}
