package exchange

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
)

// secretKind says in which form the value of a field holds a secret.
type secretKind uint8

const (
	secretNone        secretKind = iota // except for URIs in it
	secretCredentials                   // scheme and credentials (RFC 9110 §11.4)
	secretCookies                       // name=value pairs (RFC 6265 §4.2.1)
	secretSetCookie                     // name=value and attributes (RFC 6265 §4.1.1)
	secretWhole
)

// secretKinds has the kind for each known name. It is never written again.
var secretKinds = [nameCount]secretKind{
	FieldAuthorization:        secretCredentials,
	FieldProxyAuthorization:   secretCredentials,
	FieldCookie:               secretCookies,
	FieldCookie2:              secretCookies,
	FieldSetCookie:            secretSetCookie,
	FieldSetCookie2:           secretSetCookie,
	FieldApiKey:               secretWhole,
	FieldXAPIKey:              secretWhole,
	FieldXAuthToken:           secretWhole,
	FieldXCSRFToken:           secretWhole,
	FieldXXSRFToken:           secretWhole,
	FieldDPoP:                 secretWhole,
	FieldSecTokenBinding:      secretWhole,
	FieldCTACommonAccessToken: secretWhole,
	FieldConcealedAuthExport:  secretWhole,
}

func (w *secretWalk) value(known Name, name, value string) (string, bool) {
	kind := secretKinds[known]
	if known == 0 {
		kind = unknownKind(name)
	}
	switch kind {
	case secretCredentials:
		return w.credentials(value)
	case secretCookies:
		return w.cookies(value)
	case secretSetCookie:
		return w.setCookie(value)
	case secretWhole:
		return w.secret(value)
	}
	return w.uriText(value)
}

// unknownKind judges a field by its name.
func unknownKind(name string) secretKind {
	if hasSuffixFold(name, "authorization") {
		return secretCredentials
	}
	for _, suffix := range [...]string{
		"token", "secret", "password", "passwd", "credential", "credentials",
		"api-key", "apikey", "access-key", "subscription-key", "functions-key", "auth-key", "private-key", "session-id",
	} {
		if hasSuffixFold(name, suffix) {
			return secretWhole
		}
	}
	return secretNone
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// credentials keeps a well-known scheme and replaces all that follows.
func (w *secretWalk) credentials(value string) (string, bool) {
	scheme, rest, ok := strings.Cut(value, " ")
	if !ok || !isAuthScheme(scheme) {
		if isAuthScheme(value) {
			return value, false
		}
		return w.secret(value)
	}
	mark, changed := w.secret(strings.TrimLeft(rest, " "))
	if !changed {
		return value, false
	}
	return scheme + " " + mark, true
}

// isAuthScheme knows the registered schemes and usual others; what is not
// among them may be the secret itself.
func isAuthScheme(s string) bool {
	if len(s) > 20 {
		return false
	}
	switch strings.ToLower(s) {
	case "basic", "bearer", "concealed", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "ntlm", "oauth",
		"privatetoken", "scram-sha-1", "scram-sha-256", "vapid",
		"apikey", "api-key", "token", "hawk", "signature", "aws4-hmac-sha256", "sharedkey", "jwt", "key":
		return true
	}
	return false
}

func (w *secretWalk) cookies(value string) (string, bool) {
	var b []byte
	changed := false
	for rest, more := value, true; more; {
		var pair string
		at := len(value) - len(rest)
		pair, rest, more = strings.Cut(rest, ";")
		out, is := w.pair(pair)
		if is && !changed {
			changed = true
			b = append(make([]byte, 0, len(value)+32), value[:at]...)
		}
		if changed {
			b = append(b, out...)
			if more {
				b = append(b, ';')
			}
		}
	}
	if !changed {
		return value, false
	}
	return string(b), true
}

func (w *secretWalk) setCookie(value string) (string, bool) {
	pair, attributes, more := strings.Cut(value, ";")
	out, changed := w.pair(pair)
	if !changed {
		return value, false
	}
	if more {
		out += ";" + attributes
	}
	return out, true
}

// pair replaces the value of name=value and keeps the space around it; a text
// without "=" is a value (RFC 6265bis §5.6).
func (w *secretWalk) pair(pair string) (string, bool) {
	start := strings.IndexByte(pair, '=') + 1
	for start < len(pair) && (pair[start] == ' ' || pair[start] == '\t') {
		start++
	}
	mark, changed := w.secret(trimRightOWS(pair[start:]))
	if !changed {
		return pair, false
	}
	return pair[:start] + mark, true
}

func (w *secretWalk) authority(s string) (string, bool) {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s, false
	}
	mark, changed := w.secret(s[:at])
	return mark + s[at:], changed
}

// uri handles a text that is one URI reference.
func (w *secretWalk) uri(s string) (string, bool) {
	out, user := w.userInfo(s)
	out, query := w.parameters(out, "&#", false)
	return out, user || query
}

// uriText handles a text that may have URIs in it.
func (w *secretWalk) uriText(s string) (string, bool) {
	out, user := w.userInfo(s)
	out, query := w.parameters(out, "&# \t\"'<>", false)
	return out, user || query
}

// userInfo replaces what is before "@" in each authority (RFC 3986 §3.2.1).
func (w *secretWalk) userInfo(s string) (string, bool) {
	if strings.IndexByte(s, '@') < 0 {
		return s, false
	}
	var b []byte
	changed := false
	for rest := s; ; {
		i := strings.Index(rest, "//")
		if i < 0 {
			if !changed {
				return s, false
			}
			return string(append(b, rest...)), true
		}
		b = append(b, rest[:i+2]...)
		rest = rest[i+2:]
		end := strings.IndexAny(rest, "/?#\\ \t\"<>,")
		if end < 0 {
			end = len(rest)
		}
		authority, is := w.authority(rest[:end])
		b = append(b, authority...)
		rest = rest[end:]
		changed = changed || is
	}
}

// parameters replaces the values of name=value parameters whose name says that
// they are secret. A parameter begins after one of "?&;#", or at the start of
// a form, and its value ends before one of ends.
func (w *secretWalk) parameters(s, ends string, form bool) (string, bool) {
	if strings.IndexByte(s, '=') < 0 {
		return s, false
	}
	var b []byte
	changed, done := false, 0 // s[:done] is in b, once changed
	for i := 0; i < len(s); {
		if !form || i > 0 {
			next := indexParameter(s[i:])
			if next < 0 {
				break
			}
			i += next + 1
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
		end := strings.IndexAny(s[i:], ends)
		if end < 0 {
			end = len(s) - i
		}
		mark, is := w.secret(s[i : i+end])
		if is {
			b = append(append(b, s[done:i]...), mark...)
			done, changed = i+end, true
		}
		i += end
	}
	if !changed {
		return s, false
	}
	return string(append(b, s[done:]...)), true
}

// indexParameter finds the next octet after which a parameter may begin.
func indexParameter(s string) int {
	return strings.IndexAny(s, "?&;#")
}

// maxParameterName is the length above which a name is taken for no secret's.
const maxParameterName = 96

func parameterName(s string) (name string, ok bool) {
	for i := 0; i < len(s) && i <= maxParameterName; i++ {
		switch s[i] {
		case '=':
			return s[:i], i > 0
		case '?', '&', ';', '#', '/', '"', '<', '>':
			return "", false
		}
	}
	return "", false
}

// isSecretParameter judges the name of a query or form parameter.
func isSecretParameter(name string) bool {
	var scratch [maxParameterName]byte
	b := lowerLast(scratch[:0], name)
	switch string(b) {
	case "key", "sig", "code", "auth", "pass", "pin", "otp", "sid", "session", "ticket", "assertion":
		return true
	}
	return isSecretMember(b)
}

// isSecretMember judges the name of a JSON member, in lower case. It leaves out
// names such as "code", that mostly mean something else there.
func isSecretMember(b []byte) bool {
	switch string(b) {
	case "authorization", "cookie", "set-cookie", "jwt", "pwd", "passphrase", "passcode",
		"sessionid", "session_id", "jsessionid", "phpsessid",
		"samlresponse", "saml_response", "awsaccesskeyid", "code_verifier", "device_code", "x-amz-credential", "x-goog-credential",
		"client_assertion", "credential", "credentials", "private_key", "privatekey", "access_key", "accesskey",
		"subscription-key", "ocp-apim-subscription-key":
		return true
	}
	for _, suffix := range [...]string{"token", "secret", "password", "passwd", "apikey", "api_key", "api-key", "signature"} {
		if len(b) >= len(suffix) && string(b[len(b)-len(suffix):]) == suffix {
			return true
		}
	}
	return false
}

// lowerLast appends the last part of a name such as "user[password]" in lower
// case, with its percent-encoding removed.
func lowerLast(b []byte, name string) []byte {
	if strings.IndexByte(name, '%') >= 0 {
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
	}
	name = strings.TrimRight(name, "]")
	if i := strings.LastIndexAny(name, "[."); i >= 0 {
		name = name[i+1:]
	}
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		b = append(b, c)
	}
	return b
}

// content looks into forms and JSON.
func (w *secretWalk) content(m *Message) walkedContent {
	kind := m.Fields.Value(FieldContentType)
	var look func([]byte) ([]byte, bool)
	switch {
	case isFormType(kind):
		look = w.form
	case isJSONType(kind) || kind == "" && looksLikeJSON(m.Content.Kept):
		look = w.json
	default:
		return walkedContent{}
	}
	if coding := m.Fields.Value(FieldContentEncoding); coding != "" && !m.Content.Decoded && !strings.EqualFold(coding, "identity") {
		before := len(w.found)
		_, changed := look(m.DecodedContent().Bytes)
		if changed || len(w.found) > before {
			return walkedContent{changed: true, dropped: true}
		}
		return walkedContent{}
	}
	kept, changed := look(m.Content.Kept)
	return walkedContent{kept: kept, changed: changed}
}

// MediaType returns the type and subtype that the message says its content has, in
// lower case; "" where it says none.
func (m *Message) MediaType() string {
	return strings.ToLower(mediaType(m.Fields.Value(FieldContentType)))
}

func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return trimOWS(t)
}

func isFormType(contentType string) bool {
	return strings.EqualFold(mediaType(contentType), "application/x-www-form-urlencoded")
}

func isJSONType(contentType string) bool {
	t := mediaType(contentType)
	return hasSuffixFold(t, "json") || hasSuffixFold(t, "jsonl")
}

func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

func (w *secretWalk) form(b []byte) ([]byte, bool) {
	if bytes.IndexByte(b, '=') < 0 {
		return b, false
	}
	s, changed := w.parameters(string(b), "&", true)
	return []byte(s), changed
}

// json replaces the string and number values of secret members at any depth.
// It needs no valid JSON, for the content may be cut or wrong.
func (w *secretWalk) json(b []byte) ([]byte, bool) {
	var out []byte
	changed, done := false, 0
	for i := 0; ; {
		open := bytes.IndexByte(b[i:], '"')
		if open < 0 {
			break
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
		if mark, is := w.secret(jsonScalar(b[start:stop])); is {
			out = append(append(out, b[done:start]...), '"')
			out = append(append(out, mark...), '"')
			if w.marks != nil {
				w.marks[`"`+mark+`"`] = string(b[start:stop])
			}
			done, changed = stop, true
		}
	}
	if !changed {
		return b, false
	}
	return append(out, b[done:]...), true
}

// jsonStringEnd is the offset after the closing quote of the string that opens
// at i, or the end of b.
func jsonStringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

func skipJSONSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// jsonScalarEnd is the offset after the string or number at i; i itself for
// anything else.
func jsonScalarEnd(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	if b[i] == '"' {
		return jsonStringEnd(b, i)
	}
	for i < len(b) && (isDigit(b[i]) || bytes.IndexByte([]byte("+-.eE"), b[i]) >= 0) {
		i++
	}
	return i
}

// jsonScalar is the text of a string or number as it is in JSON.
func jsonScalar(b []byte) string {
	if len(b) == 0 || b[0] != '"' {
		return string(b)
	}
	var s string
	if json.Unmarshal(b, &s) == nil {
		return s
	}
	return string(bytes.TrimSuffix(b[1:], []byte{'"'}))
}

func isSecretJSONName(quoted []byte) bool {
	if len(quoted) > maxParameterName {
		return false
	}
	name := quoted[1:max(1, len(quoted)-1)]
	if bytes.IndexByte(name, '\\') >= 0 {
		name = []byte(jsonScalar(quoted))
	}
	var scratch [maxParameterName]byte
	b := scratch[:0]
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		b = append(b, c)
	}
	return isSecretMember(b)
}
