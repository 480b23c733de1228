package exchange

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
)

// Which fields, parameters and members hold secrets: what the finders of spans ask.

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
