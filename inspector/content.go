package inspector

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"unicode"

	"sidenote/exchange"
	"sidenote/filter"
)

// sandbox is the policy of captured content: nothing in it runs, loads or
// submits anything, whatever shows it.
const sandbox = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

// mostPretty bounds content that is set out anew.
const mostPretty = 4 << 20

// content serves what was kept of a message's content. form is "raw" for the
// octets that passed, "decoded" without content codings, "pretty" for text set
// out to be read, "hex" for a dump, or "preview" for an image or document to
// be shown in a sandbox.
func (i *Inspector) content(w http.ResponseWriter, r *http.Request) {
	e, ok := i.entry(w, r)
	if !ok {
		return
	}
	shown := i.redacted(&e)
	var m *exchange.Message
	switch r.PathValue("side") {
	case "request":
		m = &shown.X.Request.Message
	case "response":
		m = &shown.X.Response.Message
	default:
		problem(w, http.StatusNotFound, "a content is that of the request or of the response", "")
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", sandbox)
	h.Set("X-Content-Type-Options", "nosniff")
	if r.URL.Query().Get("form") != "preview" {
		h.Set("Content-Disposition", disposition(shown.X, m))
	}
	body, mediaType, problemText := formed(m, r.URL.Query().Get("form"))
	if problemText != "" {
		h.Del("Content-Disposition")
		problem(w, http.StatusUnprocessableEntity, problemText, "")
		return
	}
	from, to := part(r, len(body))
	h.Set("Content-Type", mediaType)
	h.Set("X-Total", strconv.Itoa(len(body)))
	_, _ = w.Write(body[from:to])
}

// part reads the octets that a request wants of a content.
func part(r *http.Request, size int) (from, to int) {
	q := r.URL.Query()
	from, _ = strconv.Atoi(q.Get("offset"))
	from = min(max(from, 0), size)
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 0 {
		return from, size
	}
	return from, min(size, from+min(limit, size))
}

// formed gives a content in a form, and its media type; or why it cannot.
func formed(m *exchange.Message, form string) (body []byte, mediaType, wrong string) {
	const plain = "text/plain; charset=utf-8"
	if form == "raw" || form == "" {
		return m.Content.Kept, "application/octet-stream", ""
	}
	d := m.Decode()
	if d.Err != nil && len(d.Bytes) == 0 {
		return nil, "", "the content cannot be decoded: " + d.Err.Error()
	}
	switch form {
	case "decoded":
		return d.Bytes, "application/octet-stream", ""
	case "hex":
		return []byte(hex.Dump(d.Bytes[:min(len(d.Bytes), mostPretty/4)])), plain, ""
	case "pretty":
		return pretty(filter.KindOf(filter.MediaType(m)), d.Bytes), plain, ""
	case "preview":
		kind := filter.MediaType(m)
		if !previewable(kind) {
			return nil, "", "there is no preview of " + strconv.Quote(kind)
		}
		return d.Bytes, kind, ""
	}
	return nil, "", "there is no form " + strconv.Quote(form) + ": take raw, decoded, pretty, hex or preview"
}

// previewable says which types a browser shows without anything running: in
// the sandbox not even a document can.
func previewable(mediaType string) bool {
	switch mediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon",
		"image/svg+xml", "text/html", "text/plain":
		return true
	}
	return false
}

// pretty sets text out to be read. What it does not know it leaves as it is.
func pretty(kind string, b []byte) []byte {
	if len(b) > mostPretty {
		return []byte(text(string(b[:mostPretty])))
	}
	if kind == "json" || kind == "other" || kind == "none" {
		var out bytes.Buffer
		if json.Indent(&out, bytes.TrimSpace(b), "", "  ") == nil {
			return out.Bytes()
		}
		if kind == "json" {
			return []byte(text(string(indentCut(b))))
		}
	}
	if kind == "form" {
		if lines := formLines(string(b)); lines != "" {
			return []byte(lines)
		}
	}
	return []byte(text(string(b)))
}

// indentCut sets JSON out that is not whole, since only its beginning was kept,
// or that is not quite JSON: it adds and drops white space outside of strings
// and changes nothing else.
func indentCut(b []byte) []byte {
	var (
		out             = make([]byte, 0, 2*len(b))
		depth           int
		opened          bool // the last thing was an opening bracket
		quoted, escaped bool
	)
	line := func() {
		out = append(out, '\n')
		out = append(out, strings.Repeat("  ", min(depth, mostIndent))...)
	}
	for _, c := range b {
		switch {
		case quoted:
			out = append(out, c)
			quoted = escaped || c != '"'
			escaped = !escaped && c == '\\'
			continue
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		case c == '}' || c == ']':
			depth = max(depth-1, 0)
			if !opened {
				line()
			}
		case opened:
			line()
		}
		opened, quoted = c == '{' || c == '[', c == '"'
		out = append(out, c)
		switch c {
		case '{', '[':
			depth++
		case ',':
			line()
		case ':':
			out = append(out, ' ')
		}
	}
	return out
}

// mostIndent bounds how far lines are set in, so that brackets alone cannot
// make a small content large.
const mostIndent = 32

// formLines gives a form (application/x-www-form-urlencoded) a line for each
// name; "" for what is none.
func formLines(s string) string {
	if strings.ContainsAny(s, "\r\n") {
		return ""
	}
	var b strings.Builder
	for pair := range strings.SplitSeq(s, "&") {
		name, value, _ := strings.Cut(pair, "=")
		b.WriteString(unescape(name) + " = " + unescape(value) + "\n")
	}
	return b.String()
}

// disposition names the file that a content is saved as, with nothing in the
// name that a file system or a shell acts upon.
func disposition(x *exchange.Exchange, m *exchange.Message) string {
	name := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r)) {
			return r
		}
		return '_'
	}, path.Base(x.Path()))
	name = strings.TrimLeft(name, ".-")
	if name == "" || name == "_" {
		name = "content"
	}
	if len(name) > 80 {
		name = name[len(name)-80:]
	}
	if path.Ext(name) == "" {
		if list, _ := mime.ExtensionsByType(filter.MediaType(m)); len(list) > 0 {
			name += list[0]
		}
	}
	return `attachment; filename="` + name + `"`
}
