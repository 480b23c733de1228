package exchange

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// A Redactor replaces secrets by fingerprints that are keyed, so that nobody
// without the key can test a guess, and equal secrets still look equal:
// "Bearer [redacted:9f3c21]". What counts as a secret: credentials, cookie
// values, fields and parameters whose name says so, user information in URIs,
// and the same names in form and JSON content.
//
// A nil Redactor shows everything. It is safe for concurrent use.
type Redactor struct {
	inner, outer [sha256.BlockSize]byte // the two pads of HMAC (RFC 2104 §2)
}

// NewRedactor makes a redactor with the given key, or with a random one when
// key is empty. The same key gives the same fingerprints.
func NewRedactor(key []byte) *Redactor {
	if len(key) == 0 {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
	}
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	r := &Redactor{}
	copy(r.inner[:], key)
	copy(r.outer[:], key)
	for i := range r.inner {
		r.inner[i] ^= 0x36
		r.outer[i] ^= 0x5c
	}
	return r
}

const (
	redactedPrefix = "[redacted:"
	redactedLen    = len(redactedPrefix) + 6 + 1
)

// mark is what stands in the place of a secret: the first 24 bits of its HMAC.
func (r *Redactor) mark(secret string) string {
	var scratch [512]byte
	sum := sha256.Sum256(append(append(scratch[:0], r.inner[:]...), secret...))
	sum = sha256.Sum256(append(append(scratch[:0], r.outer[:]...), sum[:]...))
	out := append(scratch[:0], redactedPrefix...)
	out = hex.AppendEncode(out, sum[:3])
	return string(append(out, ']'))
}

// IsRedacted reports whether a value, or a part of it, was replaced by a
// Redactor, so that its grammar says nothing of what was sent.
func IsRedacted(value string) bool {
	i := strings.Index(value, redactedPrefix)
	return i >= 0 && i+redactedLen <= len(value) && value[i+redactedLen-1] == ']'
}

// Redact gives a copy of x without secrets, and x itself when it has none or r
// is nil. Request content is always searched; response content only when the
// copy is for something that shows it. Content that is coded and has secrets is
// left out, and the digest of content that has any too, for a digest of a
// guessable text gives it away.
func (r *Redactor) Redact(x *Exchange, content bool) *Exchange {
	if r == nil {
		return x
	}
	w := secretWalk{r: r}
	return w.exchange(x, content)
}

// URI gives a URI or request target without its secrets.
func (r *Redactor) URI(s string) string {
	if r == nil {
		return s
	}
	w := secretWalk{r: r}
	s, _ = w.uri(s)
	return s
}

// A Scrubber removes the secrets of one exchange from text written about it.
type Scrubber struct {
	r       *Redactor
	secrets []string // longest first
	tooMany bool
}

// maxScrubbed bounds how many secrets of one exchange are searched for.
const maxScrubbed = 512

// Scrubber collects the secrets of x; content says whether those of its
// response content too.
func (r *Redactor) Scrubber(x *Exchange, content bool) Scrubber {
	if r == nil {
		return Scrubber{}
	}
	w := secretWalk{r: r, collect: true}
	w.exchange(x, content)
	s := Scrubber{r: r, tooMany: len(w.found) > maxScrubbed}
	if s.tooMany {
		return s
	}
	for _, secret := range w.found {
		s.add(secret)
		if plain, err := url.QueryUnescape(secret); err == nil && plain != secret {
			s.add(plain)
		}
		if plain, err := base64.StdEncoding.DecodeString(secret); err == nil {
			if user, password, ok := strings.Cut(string(plain), ":"); ok { // Basic (RFC 7617 §2)
				s.add(string(plain))
				s.add(user)
				s.add(password)
			}
		}
	}
	slices.SortFunc(s.secrets, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	s.secrets = slices.Compact(s.secrets)
	return s
}

// minScrubbed is the length below which a secret is no more than a word of any text.
const minScrubbed = 4

func (s *Scrubber) add(secret string) {
	switch strings.ToLower(secret) {
	case "true", "false", "null", "none", "http", "https":
		return
	}
	if len(secret) >= minScrubbed {
		s.secrets = append(s.secrets, secret)
	}
}

// Text gives t with every secret replaced, also where only the beginning of a
// long one is quoted.
func (s Scrubber) Text(t string) string {
	if s.tooMany && t != "" {
		return "[left out: the exchange has too many secrets to search for]"
	}
	for _, secret := range s.secrets {
		t = s.scrub(t, secret)
	}
	return t
}

// scrubPrefix is how much of a longer secret is enough to be recognised.
const scrubPrefix = 12

func (s Scrubber) scrub(t, secret string) string {
	head := secret[:min(len(secret), scrubPrefix)]
	i := strings.Index(t, head)
	if i < 0 {
		return t
	}
	var b strings.Builder
	mark := s.r.mark(secret)
	for i >= 0 {
		end := i + len(head)
		for k := len(head); end < len(t) && k < len(secret) && t[end] == secret[k]; k++ {
			end++
		}
		b.WriteString(t[:i])
		b.WriteString(mark)
		t = t[end:]
		i = strings.Index(t, head)
	}
	b.WriteString(t)
	return b.String()
}

// Scrub removes the secrets of x from a text about it.
func (r *Redactor) Scrub(x *Exchange, text string) string {
	return r.Scrubber(x, true).Text(text)
}

// secretWalk goes over an exchange and meets every secret in it. It replaces
// them, or only collects them.
type secretWalk struct {
	r       *Redactor
	collect bool
	found   []string
}

// secret is called for each secret and says what stands in its place and
// whether that is something else.
func (w *secretWalk) secret(s string) (string, bool) {
	switch {
	case s == "" || len(s) == redactedLen && IsRedacted(s):
		return s, false
	case w.collect:
		if len(w.found) <= maxScrubbed {
			w.found = append(w.found, s)
		}
		return s, false
	}
	return w.r.mark(s), true
}

// walkedMessage is what a walk made of a message.
type walkedMessage struct {
	fields, trailers Fields
	content          walkedContent
	changed          bool
}

type walkedContent struct {
	kept             []byte
	changed, dropped bool
}

func (w *secretWalk) exchange(x *Exchange, content bool) *Exchange {
	request := w.message(&x.Request.Message, true)
	response := w.message(&x.Response.Message, content)
	target, targetChanged := w.uri(x.Request.Target)
	authority, authorityChanged := w.authority(x.Authority)
	interim := make([]walkedMessage, len(x.Interim))
	changed := request.changed || response.changed || targetChanged || authorityChanged
	for i := range x.Interim {
		interim[i] = w.message(&x.Interim[i].Message, content)
		changed = changed || interim[i].changed
	}
	if !changed {
		return x
	}
	y := &Exchange{
		ID: x.ID, Run: x.Run, Started: x.Started, Scheme: x.Scheme, Authority: authority,
		Client: x.Client, Origin: x.Origin, Tunnel: x.Tunnel, Timing: x.Timing, Err: x.Err, Changed: x.Changed,
		Source: x.Source, Attached: x.Attached,
	}
	y.Request.Method, y.Request.Target = x.Request.Method, target
	w.fill(&y.Request.Message, &x.Request.Message, &request, targetChanged)
	w.fillResponse(&y.Response, &x.Response, &response)
	if x.Interim != nil {
		y.Interim = make([]Response, len(x.Interim))
	}
	for i := range x.Interim {
		w.fillResponse(&y.Interim[i], &x.Interim[i], &interim[i])
	}
	if x.Err != nil && x.Err.Detail != "" {
		y.Err = &Err{Code: x.Err.Code, Detail: w.r.Scrubber(x, content).Text(x.Err.Detail)}
	}
	return y
}

func (w *secretWalk) message(m *Message, content bool) (out walkedMessage) {
	var fields, trailers bool
	out.fields, fields = w.fields(&m.Fields)
	out.trailers, trailers = w.fields(&m.Trailers)
	if content && len(m.Content.Kept) > 0 {
		out.content = w.content(m)
	}
	out.changed = fields || trailers || out.content.changed
	return out
}

func (w *secretWalk) fillResponse(to, from *Response, made *walkedMessage) {
	to.Status, to.Reason, to.Made, to.At = from.Status, from.Reason, from.Made, from.At
	w.fill(&to.Message, &from.Message, made, false)
}

func (w *secretWalk) fill(to, from *Message, made *walkedMessage, startLine bool) {
	to.Version, to.RawHead = from.Version, from.RawHead
	to.Fields, to.Trailers = made.fields, made.trailers
	c := &to.Content
	c.Size, c.Kept, c.Truncated = from.Content.Size, from.Content.Kept, from.Content.Truncated
	c.Complete, c.SHA256 = from.Content.Complete, from.Content.SHA256
	if made.content.changed {
		c.Kept, c.SHA256 = made.content.kept, Digest{}
		c.Truncated = c.Truncated || made.content.dropped
	}
	if made.changed || startLine {
		to.RawHead = w.rawHead(from.RawHead)
	}
}

// fields gives the section with secrets replaced; it shares what is unchanged.
func (w *secretWalk) fields(f *Fields) (out Fields, changed bool) {
	out = *f
	for i := range f.lines {
		l := &f.lines[i]
		value, is := w.value(l.Known, l.Name, l.Value)
		if !is {
			continue
		}
		if !changed {
			out.lines = slices.Clone(f.lines)
			changed = true
		}
		out.lines[i].Value = value
	}
	return out, changed
}

// rawHead replaces secrets in a head as received and leaves every other octet.
func (w *secretWalk) rawHead(raw string) string {
	if raw == "" {
		return ""
	}
	b := make([]byte, 0, len(raw))
	for start := true; raw != ""; {
		line := raw[:wholeLine(raw)]
		if start {
			b = append(b, w.rawStartLine(line)...)
			start = strings.Trim(line, "\r\n") == ""
			raw = raw[len(line):]
			continue
		}
		for end := len(line); end < len(raw) && (raw[end] == ' ' || raw[end] == '\t'); { // folded
			end += wholeLine(raw[end:])
			line = raw[:end]
		}
		b = append(b, w.rawFieldLine(line)...)
		raw = raw[len(line):]
	}
	return string(b)
}

// wholeLine is the length of the first line with its end.
func wholeLine(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i + 1
	}
	return len(s)
}

func (w *secretWalk) rawStartLine(line string) string {
	if strings.HasPrefix(line, "HTTP/") {
		return line
	}
	first, last := strings.IndexByte(line, ' '), strings.LastIndexByte(line, ' ')
	if first < 0 || last <= first {
		s, _ := w.uri(line)
		return s
	}
	target, changed := w.uri(line[first+1 : last])
	if !changed {
		return line
	}
	return line[:first+1] + target + line[last:]
}

// rawFieldLine takes one field line with its continuations and its end.
func (w *secretWalk) rawFieldLine(line string) string {
	_, f := ParseHead("start\n" + line)
	if f.Len() == 0 {
		return line
	}
	l := f.At(0)
	value, changed := w.value(l.Known, l.Name, l.Value)
	if !changed {
		return line
	}
	end := "\n"
	if strings.HasSuffix(line, "\r\n") {
		end = "\r\n"
	} else if !strings.HasSuffix(line, "\n") {
		end = ""
	}
	return line[:strings.IndexByte(line, ':')+1] + " " + value + end
}

// secretKind says in which form the value of a field holds a secret.
type secretKind uint8

const (
	secretNone        secretKind = iota // but for URIs in it
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

// userInfo replaces what stands before "@" in each authority (RFC 3986 §3.2.1).
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
	if coding := m.Fields.Value(FieldContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
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

// jsonScalar is the text of a string or number as it stands in JSON.
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
