package inspector

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"sidenote/exchange"
)

// copyAs returns the request of an exchange in a form to paste elsewhere.
// Whatever came over the wire, it can only be an argument or a string there.
func (i *Inspector) copyAs(w http.ResponseWriter, r *http.Request) {
	e, ok := i.entry(w, r)
	if !ok {
		return
	}
	shown := i.redacted(&e)
	write, known := copiers[r.URL.Query().Get("as")]
	if !known {
		problem(w, http.StatusBadRequest, "there is no form "+strconv.Quote(r.URL.Query().Get("as")), "take curl, fetch, python, go, httpie or raw")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(write(requestToCopy(shown.X))))
}

var copiers = map[string]func(copied) string{
	"curl": copyCurl, "fetch": copyFetch, "python": copyPython, "go": copyGo, "httpie": copyHTTPie, "raw": copyRaw,
}

// A copied request has what every form needs.
type copied struct {
	method, url string
	fields      [][2]string // without those that every client makes itself
	content     []byte
	cut         bool // content is only the beginning
	x           *exchange.Exchange
}

func requestToCopy(x *exchange.Exchange) copied {
	c := copied{method: x.Request.Method, url: x.URL(), content: x.Request.Content.Kept, cut: x.Request.Content.Truncated, x: x}
	for _, l := range x.Request.Fields.All() {
		own := isOfConnection(l.Name)
		if !own && !strings.EqualFold(l.Name, "Host") {
			c.fields = append(c.fields, [2]string{l.Name, l.Value})
		}
	}
	return c
}

// note is a comment about content that was not kept whole.
func (c *copied) note(mark string) string {
	if !c.cut {
		return ""
	}
	return mark + " only the first " + strconv.Itoa(len(c.content)) + " octets of the content were kept\n"
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

func copyCurl(c copied) string {
	var b strings.Builder
	b.WriteString(c.note("#") + "curl")
	arg := func(words ...string) {
		b.WriteString(" \\\n  ")
		for n, w := range words {
			if n > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w)
		}
	}
	if c.method != "GET" && !(c.method == "POST" && len(c.content) > 0) {
		if c.method == "HEAD" {
			arg("--head")
		} else {
			arg("--request", shellQuote(c.method))
		}
	}
	arg("--globoff", "--url", shellQuote(c.url))
	named := map[string]bool{}
	for _, f := range c.fields {
		named[strings.ToLower(f[0])] = true
		if f[1] == "" {
			arg("--header", shellQuote(f[0]+";"))
		} else {
			arg("--header", shellQuote(f[0]+": "+f[1]))
		}
	}
	if len(c.content) > 0 {
		if !named["content-type"] {
			arg("--header", "'Content-Type:'")
		}
		if content := string(c.content); strings.IndexByte(content, 0) >= 0 || !utf8.ValidString(content) {
			return "printf %s " + shellQuote(base64.StdEncoding.EncodeToString(c.content)) + " | base64 -d | " + b.String() + " \\\n  --data-binary @-\n"
		} else {
			arg("--data-raw", shellQuote(content))
		}
	}
	return b.String() + "\n"
}

func copyHTTPie(c copied) string {
	var b strings.Builder
	b.WriteString(c.note("#"))
	if len(c.content) > 0 {
		b.WriteString("printf %s " + shellQuote(base64.StdEncoding.EncodeToString(c.content)) + " | base64 -d | ")
	}
	b.WriteString("http " + shellQuote(c.method) + " " + shellQuote(c.url))
	for _, f := range c.fields {
		item := f[0] + ":" + f[1]
		if f[1] == "" {
			item = f[0] + ";"
		}
		b.WriteString(" \\\n  " + shellQuote(item))
	}
	return b.String() + "\n"
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

func copyFetch(c copied) string {
	var b strings.Builder
	b.WriteString(c.note("//") + "await fetch(" + jsonText(c.url) + ", {\n  method: " + jsonText(c.method) + ",\n  headers: [\n")
	for _, f := range c.fields {
		b.WriteString("    [" + jsonText(f[0]) + ", " + jsonText(f[1]) + "],\n")
	}
	b.WriteString("  ],\n")
	switch {
	case len(c.content) == 0:
	case utf8.Valid(c.content):
		b.WriteString("  body: " + jsonText(string(c.content)) + ",\n")
	default:
		b.WriteString("  body: Uint8Array.from(atob(" + jsonText(base64.StdEncoding.EncodeToString(c.content)) + "), (c) => c.charCodeAt(0)),\n")
	}
	return b.String() + "});\n"
}

// pythonText writes a text as a string of Python.
func pythonText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text(s) {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			digits := strconv.FormatInt(int64(r), 16)
			b.WriteString(`\U` + "00000000"[len(digits):] + digits)
		}
	}
	return b.String() + `"`
}

func copyPython(c copied) string {
	var b strings.Builder
	b.WriteString(c.note("#") + "import requests\n\nresponse = requests.request(\n    " + pythonText(c.method) + ",\n    " + pythonText(c.url) + ",\n    headers={\n")
	for _, f := range c.fields {
		b.WriteString("        " + pythonText(f[0]) + ": " + pythonText(f[1]) + ",\n")
	}
	b.WriteString("    },\n")
	if len(c.content) > 0 {
		b.WriteString(`    data=b"` + escapedOctets(c.content) + "\",\n")
	}
	return b.String() + "    allow_redirects=False,\n)\nprint(response.status_code, response.text)\n"
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

func copyGo(c copied) string {
	var b strings.Builder
	body := "nil"
	if len(c.content) > 0 {
		body = "strings.NewReader(" + strconv.QuoteToASCII(string(c.content)) + ")"
	}
	b.WriteString(c.note("//") + "req, err := http.NewRequest(" + strconv.QuoteToASCII(c.method) + ", " + strconv.QuoteToASCII(c.url) + ", " + body + ")\n" +
		"if err != nil {\n\tlog.Fatal(err)\n}\n")
	for _, f := range c.fields {
		b.WriteString("req.Header.Add(" + strconv.QuoteToASCII(f[0]) + ", " + strconv.QuoteToASCII(f[1]) + ")\n")
	}
	return b.String() + "resp, err := http.DefaultClient.Do(req)\n"
}

func copyRaw(c copied) string {
	var b strings.Builder
	b.WriteString(text(c.x.Request.Line()) + "\n")
	for _, l := range c.x.Request.Fields.All() {
		b.WriteString(text(l.Name) + ": " + text(l.Value) + "\n")
	}
	return b.String() + "\n" + text(string(c.content))
}
