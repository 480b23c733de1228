package inspector

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// copyAs returns the request of an exchange in a form to paste elsewhere, which
// makes the same request there, or says that the tool cannot. Whatever came over
// the wire, it can only be an argument or a string there.
func (i *Inspector) copyAs(w http.ResponseWriter, r *http.Request) {
	e, ok := i.entry(w, r)
	if !ok {
		return
	}
	shown := i.redacted(&e)
	t, known := copyTools[r.URL.Query().Get("as")]
	if !known {
		problem(w, http.StatusBadRequest, "there is no form "+strconv.Quote(r.URL.Query().Get("as")), "take curl, fetch, python, go, httpie or raw")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(t.copy(requestToCopy(shown.X))))
}

// A copyTool writes requests for one tool.
type copyTool struct {
	comment string // what a comment begins with; "" where there are none
	write   func(*copied) written
}

// A written request is one as a tool takes it.
type written struct {
	code   string
	cannot string   // why the tool cannot make this request; there is no code then
	notes  []string // what is otherwise than in the request
}

var copyTools = map[string]copyTool{
	"curl": {"#", copyCurl}, "fetch": {"//", copyFetch}, "python": {"#", copyPython}, "go": {"//", copyGo}, "httpie": {"#", copyHTTPie}, "raw": {"", copyRaw},
}

// copy writes a request with what there is to say of it.
func (t copyTool) copy(c *copied) string {
	if t.comment == "" {
		return t.write(c).code
	}
	var f written
	if c.method == http.MethodConnect {
		f.cannot = "a client makes CONNECT requests itself, when it uses a proxy"
	} else if f = t.write(c); f.cannot == "" {
		f.notes = append(c.notes(), f.notes...)
	}
	if f.cannot != "" {
		f.notes, f.code = []string{"This request cannot be copied here: " + f.cannot + "."}, ""
	}
	var b strings.Builder
	for _, note := range f.notes {
		b.WriteString(t.comment + " " + onOneLine(note) + "\n")
	}
	return b.String() + f.code
}

// onOneLine takes from a text what would end a comment or hide in it.
func onOneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text(s))
}

// A copied request has what every form needs.
type copied struct {
	method, scheme, authority string
	target                    string      // as the origin server gets it
	fields                    [][2]string // without those that every client makes itself
	host                      string      // Host, where it is not the authority; else ""
	content                   []byte
	sized                     bool // it says how long its content is
	x                         *exchange.Exchange
}

func requestToCopy(x *exchange.Exchange) *copied {
	c := &copied{
		method: x.Request.Method, scheme: x.Scheme, authority: x.Authority, target: x.PathQuery(), content: x.Request.Content.Kept,
		sized: x.Request.Fields.Has(exchange.FieldContentLength), x: x,
	}
	if c.target == "" {
		c.target = "/"
	}
	for _, l := range x.Request.Fields.All() {
		switch own := isOfConnection(l.Name); {
		case strings.EqualFold(l.Name, "Host"):
			if l.Value != x.Authority {
				c.host = l.Value
			}
		case !own:
			c.fields = append(c.fields, [2]string{l.Name, l.Value})
		}
	}
	return c
}

// url is where the request goes, with its target at the end.
func (c *copied) url() string {
	if c.target == "*" {
		return c.scheme + "://" + c.authority + "/"
	}
	return c.scheme + "://" + c.authority + c.target
}

// has reports whether the request has a field.
func (c *copied) has(name string) bool {
	return slices.ContainsFunc(c.fields, func(f [2]string) bool { return strings.EqualFold(f[0], name) })
}

// repeats reports whether a field has several lines.
func (c *copied) repeats() bool {
	seen := map[string]bool{}
	for _, f := range c.fields {
		name := strings.ToLower(f[0])
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

// isPlainTarget reports whether every library sends a target as it is.
func (c *copied) isPlainTarget() bool {
	path, _, _ := strings.Cut(c.target, "?")
	for segment := range strings.SplitSeq(strings.ToLower(path), "/") {
		if s := strings.ReplaceAll(segment, "%2e", "."); s == "." || s == ".." {
			return false
		}
	}
	if strings.HasSuffix(c.target, "?") {
		return false
	}
	return strings.HasPrefix(c.target, "/") && !strings.HasPrefix(c.target, "//") && strings.IndexFunc(c.target, func(r rune) bool {
		return !(r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("-._~!$&()*+,;=:@/?%", r))
	}) < 0 && escapesAreWhole(c.target)
}

// escapesAreWhole reports whether two hexadecimal digits in capitals follow each
// percent sign, which libraries may see to.
func escapesAreWhole(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) || !strings.Contains("0123456789ABCDEF", s[i+1:i+2]) || !strings.Contains("0123456789ABCDEF", s[i+2:i+3]) {
			return false
		}
		if plain, _ := url.PathUnescape(s[i : i+3]); len(plain) == 1 && (plain[0] == '~' || plain[0] == '-' || plain[0] == '.' || plain[0] == '_' || isAlphanumeric(plain[0])) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// isASCII reports whether nothing in a text is beyond ASCII or a control character.
func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f }) < 0
}

// notes are what there is to say of the request in every form.
func (c *copied) notes() (notes []string) {
	if c.x.Request.Content.Truncated {
		notes = append(notes, "Only the first "+strconv.Itoa(len(c.content))+" bytes of the body were kept.")
	}
	if c.hasRedacted() {
		notes = append(notes, "[redacted:…] stands for a secret, so this does not work as it is. Put the true value in its place.")
	}
	f := &c.x.Request.Fields
	if f.Has(exchange.FieldTransferEncoding) {
		notes = append(notes, "The body was sent in chunks, and is sent with Content-Length here.")
	}
	var left []string
	for _, l := range f.All() {
		if slices.Contains([]string{"te", "trailer", "upgrade", "proxy-authorization"}, strings.ToLower(l.Name)) {
			left = append(left, l.Name)
		}
	}
	if len(left) > 0 {
		notes = append(notes, "Left out, since it is for one connection only: "+strings.Join(left, ", ")+".")
	}
	return notes
}

func (c *copied) hasRedacted() bool {
	return exchange.IsRedacted(c.target) || exchange.IsRedacted(c.authority) || exchange.IsRedacted(string(c.content)) ||
		slices.ContainsFunc(c.fields, func(f [2]string) bool { return exchange.IsRedacted(f[1]) })
}

// shellQuote makes one word of a POSIX shell of any text. Control characters,
// which a terminal may act upon when they are pasted, are written as $'\x1b'.
func shellQuote(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("-_./:=@,+", r))
	}) < 0 && s[0] != '-' {
		return s
	}
	if !isPrintable(s) {
		return "$'" + escaped(s, `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// isPrintable reports whether a text has nothing that hides or moves text.
func isPrintable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// escaped writes a text with \xNN for the octets of everything that does not
// print, and a backslash before those of special.
func escaped(s, special string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1 || !unicode.IsPrint(r):
			for _, c := range []byte(s[:n]) {
				b.WriteString(`\x` + string(digits[c>>4]) + string(digits[c&15]))
			}
		case strings.ContainsRune(special, r):
			b.WriteByte('\\')
			fallthrough
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func copyCurl(c *copied) (f written) {
	var b strings.Builder
	b.WriteString("curl --globoff --path-as-is")
	arg := func(name, value string) { b.WriteString(" \\\n  " + name + " " + shellQuote(value)) }
	body := len(c.content) > 0 || c.sized
	switch {
	case c.method == "HEAD" && !body:
		b.WriteString(" --head")
	case c.method == "HEAD":
		arg("--request", "HEAD")
		f.notes = append(f.notes, "With a body curl waits for one in the response too, which HEAD has not: it ends after 5 seconds.")
		b.WriteString(" --max-time 5")
	case c.method != "GET" || body:
		arg("--request", c.method)
	}
	if c.isPlainTarget() {
		arg("--url", c.url())
	} else {
		arg("--url", c.scheme+"://"+c.authority+"/")
		arg("--request-target", c.target)
	}
	if c.host != "" {
		arg("--header", "Host: "+c.host)
	}
	for _, name := range []string{"User-Agent", "Accept"} {
		if !c.has(name) {
			arg("--header", name+":")
		}
	}
	for _, f := range c.fields {
		if f[1] == "" {
			arg("--header", f[0]+";")
		} else {
			arg("--header", f[0]+": "+f[1])
		}
	}
	if !body {
		return written{code: b.String() + "\n", notes: f.notes}
	}
	if !c.has("Content-Type") {
		arg("--header", "Content-Type:")
	}
	if !c.has("Expect") {
		arg("--header", "Expect:")
	}
	if content := string(c.content); len(content) > mostArgument || strings.IndexByte(content, 0) >= 0 || !utf8.ValidString(content) {
		b.WriteString(" \\\n  --data-binary @-\n")
		return written{code: decoded(c.content) + b.String(), notes: f.notes}
	}
	arg("--data-raw", string(c.content))
	return written{code: b.String() + "\n", notes: f.notes}
}

// mostArgument is the longest content that is given as an argument; systems
// have a bound.
const mostArgument = 64 << 10

// decoded is the beginning of a command that is given octets.
func decoded(octets []byte) string {
	return "printf %s " + shellQuote(base64.StdEncoding.EncodeToString(octets)) + " | base64 -d | "
}

func copyHTTPie(c *copied) written {
	if !c.isPlainTarget() {
		return written{cannot: "HTTPie changes the target " + c.target}
	}
	var b strings.Builder
	input := " --ignore-stdin"
	if len(c.content) > 0 {
		b.WriteString(decoded(c.content))
		input = ""
	}
	b.WriteString("http" + input + " " + shellQuote(c.method) + " " + shellQuote(c.url()))
	item := func(s string) { b.WriteString(" \\\n  " + shellQuote(s)) }
	if c.host != "" {
		item("Host:" + c.host)
	}
	for _, name := range []string{"User-Agent", "Accept", "Accept-Encoding", "Connection"} {
		if !c.has(name) {
			item(name + ":")
		}
	}
	if len(c.content) > 0 && !c.has("Content-Type") {
		item("Content-Type:")
	}
	for _, f := range c.fields {
		if f[1] == "" {
			item(f[0] + ";")
		} else {
			item(f[0] + ":" + f[1])
		}
	}
	return written{code: b.String() + "\n"}
}

// jsonText writes a text as a string of JSON that is one of JavaScript and,
// except for surrogates, of Python too.
func jsonText(s string) string {
	b, err := json.Marshal(text(s))
	if err != nil {
		return `""`
	}
	return escapeBeyondASCII(string(b))
}

// escapeBeyondASCII writes what does not print as \u escapes.
func escapeBeyondASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			a, z := utf16.EncodeRune(r)
			b.WriteString(`\u` + strconv.FormatInt(int64(a), 16) + `\u` + strconv.FormatInt(int64(z), 16))
		default:
			digits := strconv.FormatInt(int64(r), 16)
			b.WriteString(`\u` + "0000"[len(digits):] + digits)
		}
	}
	return b.String()
}

// fetchMethods are those that fetch writes in capitals.
var fetchMethods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"}

// fetchCannot says why fetch cannot make a request; "" when it can.
func (c *copied) fetchCannot() string {
	upper := strings.ToUpper(c.method)
	u, err := url.Parse(c.url())
	switch {
	case len(c.content) > 0 && (upper == "GET" || upper == "HEAD"):
		return "fetch sends no body with " + upper
	case upper == "TRACE" || upper == "TRACK":
		return "fetch sends no " + upper
	case c.method != upper && slices.Contains(fetchMethods, upper):
		return "fetch writes " + c.method + " in capitals"
	case c.target == "*":
		return "fetch has no way to ask for *"
	case !c.isPlainTarget():
		return "fetch changes the target " + c.target
	case err != nil || u.Host != strings.ToLower(c.authority) || u.Port() == "80" && c.scheme == "http" || u.Port() == "443" && c.scheme == "https" || !isASCII(c.authority):
		return "fetch changes the host " + c.authority
	case c.host != "":
		return "fetch sends no Host of its own"
	}
	return ""
}

// fetchAdds are the fields that fetch adds where they are not given.
var fetchAdds = []string{"Accept", "Accept-Encoding", "Accept-Language", "Connection", "Sec-Fetch-Mode", "User-Agent"}

func copyFetch(c *copied) (f written) {
	if f.cannot = c.fetchCannot(); f.cannot != "" {
		return f
	}
	var added []string
	for _, name := range fetchAdds {
		if !c.has(name) {
			added = append(added, name)
		}
	}
	f.notes = append(f.notes, "fetch adds "+strings.Join(added, ", ")+", and may write field names in lower case.")
	if c.repeats() {
		f.notes = append(f.notes, "fetch joins the lines of a field into one.")
	}
	if slices.ContainsFunc([]string{"Cookie", "Origin", "Referer", "Date", "DNT", "Via", "Expect"}, c.has) {
		f.notes = append(f.notes, "A browser sets Cookie, Origin, Referer and others itself; Node sends those that are given.")
	}
	var b strings.Builder
	b.WriteString("await fetch(" + jsonText(c.url()) + ", {\n  method: " + jsonText(c.method) + ",\n  redirect: \"manual\",\n  headers: [\n")
	for _, field := range c.fields {
		b.WriteString("    [" + jsonText(field[0]) + ", " + jsonOctets(field[1]) + "],\n")
	}
	b.WriteString("  ],\n")
	switch {
	case len(c.content) == 0:
	case utf8.Valid(c.content) && c.has("Content-Type"):
		b.WriteString("  body: " + jsonText(string(c.content)) + ",\n")
	case utf8.Valid(c.content): // a text would get a Content-Type
		b.WriteString("  body: new TextEncoder().encode(" + jsonText(string(c.content)) + "),\n")
	default:
		b.WriteString("  body: Uint8Array.from(atob(" + jsonText(base64.StdEncoding.EncodeToString(c.content)) + "), (c) => c.charCodeAt(0)),\n")
	}
	f.code = b.String() + "});\n"
	return f
}

// jsonOctets writes octets as a string of JavaScript with a character for each.
func jsonOctets(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return jsonText(string(runes))
}

// pythonOctets writes octets as a byte string of Python.
func pythonOctets(octets string) string { return `b"` + escapedOctets([]byte(octets)) + `"` }

// copyPython uses http.client, which sends what it is given and no more.
func copyPython(c *copied) (f written) {
	if strings.IndexFunc(c.target, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0 {
		return written{cannot: "http.client refuses control characters and spaces in a target"}
	}
	var b strings.Builder
	b.WriteString("import http.client\n\n")
	kind, target := "HTTPConnection", `"`+escapedOctets([]byte(c.target))+`"`
	if c.scheme == "https" {
		kind = "HTTPSConnection"
	}
	b.WriteString("connection = http.client." + kind + "(" + jsonText(c.authority) + ")\n")
	if !isASCII(c.target) {
		b.WriteString("connection._encode_request = lambda request: request.encode(\"latin-1\")  # the target is not ASCII\n")
	}
	b.WriteString("connection.putrequest(" + jsonText(c.method) + ", " + target + ", skip_host=True, skip_accept_encoding=True)\n")
	host := c.host
	if host == "" {
		host = c.authority
	}
	b.WriteString("connection.putheader(\"Host\", " + pythonOctets(host) + ")\n")
	for _, field := range c.fields {
		b.WriteString("connection.putheader(" + jsonText(field[0]) + ", " + pythonOctets(field[1]) + ")\n")
	}
	if len(c.content) > 0 || c.sized {
		b.WriteString("body = " + pythonOctets(string(c.content)) + "\n")
		b.WriteString("connection.putheader(\"Content-Length\", str(len(body)))\nconnection.endheaders(body)\n")
	} else {
		b.WriteString("connection.endheaders()\n")
	}
	f.code = b.String() + "response = connection.getresponse()\nprint(response.status, response.reason)\nprint(response.read().decode(errors=\"replace\"))\n"
	return f
}

// escapedOctets writes octets as the inside of a byte string of Python.
func escapedOctets(octets []byte) string {
	var b strings.Builder
	for _, c := range octets {
		if c < ' ' || c >= 0x7f {
			b.WriteString(`\x` + hex.EncodeToString([]byte{c}))
			continue
		}
		if c == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// goCannot says why net/http cannot make a request; "" when it can.
func (c *copied) goCannot() string {
	for _, f := range c.fields {
		if field.ControlIn(f[1]) >= 0 {
			return "net/http refuses the value of " + f[0]
		}
	}
	if strings.IndexFunc(c.target, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0 {
		return "net/http refuses control characters and spaces in a target"
	}
	if u, err := url.Parse(c.url()); strings.HasPrefix(c.target, "//") && (err != nil || u.RequestURI() != c.target) {
		return "net/http changes the target " + c.target
	}
	return ""
}

func copyGo(c *copied) (f written) {
	if f.cannot = c.goCannot(); f.cannot != "" {
		return f
	}
	f.notes = append(f.notes, "net/http sends the fields in the order of their names.")
	var b strings.Builder
	body := "nil"
	if len(c.content) > 0 {
		body = "strings.NewReader(" + strconv.QuoteToASCII(string(c.content)) + ")"
	}
	address := c.url()
	u, err := url.Parse(address)
	opaque := err != nil || u.RequestURI() != c.target
	if opaque {
		address = c.scheme + "://" + c.authority + "/"
	}
	b.WriteString("req, err := http.NewRequest(" + strconv.QuoteToASCII(c.method) + ", " + strconv.QuoteToASCII(address) + ", " + body + ")\n" +
		"if err != nil {\n\tlog.Fatal(err)\n}\n")
	if opaque {
		b.WriteString("req.URL.Opaque = " + strconv.QuoteToASCII(c.target) + " // as it is\n")
	}
	if c.host != "" {
		b.WriteString("req.Host = " + strconv.QuoteToASCII(c.host) + "\n")
	}
	for _, f := range c.fields {
		name := strconv.QuoteToASCII(f[0])
		b.WriteString("req.Header[" + name + "] = append(req.Header[" + name + "], " + strconv.QuoteToASCII(f[1]) + ")\n")
	}
	if _, set := c.canonical("User-Agent"); !set {
		b.WriteString("req.Header[\"User-Agent\"] = nil // none, instead of Go's\n")
	}
	b.WriteString("client := &http.Client{\n\tTransport:     &http.Transport{DisableCompression: true}, // which would add Accept-Encoding\n" +
		"\tCheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },\n}\n")
	f.code = b.String() + "resp, err := client.Do(req)\n"
	return f
}

// canonical finds a field under its canonical name, as net/http looks for it.
func (c *copied) canonical(name string) (value string, ok bool) {
	for _, f := range c.fields {
		if f[0] == name {
			return f[1], true
		}
	}
	return "", false
}

func copyRaw(c *copied) written {
	var b strings.Builder
	b.WriteString(text(c.x.Request.Line()) + "\n")
	for _, l := range c.x.Request.Fields.All() {
		b.Write(append(exchange.AppendFieldLine(nil, text(l.Name), text(l.Value)), '\n'))
	}
	return written{code: b.String() + "\n" + text(string(c.content))}
}
