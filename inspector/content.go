package inspector

import (
	"bytes"
	"encoding/hex"
	"math"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidenote/annotate/filter"
	"sidenote/exchange"
)

// sandbox is the policy of captured content: nothing in it runs, loads or
// submits anything, whatever shows it.
const sandbox = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

// mostOf bounds the content that is made again for a form, in octets; forms
// that show it as it is have no bound.
func mostOf(form string) int {
	switch form {
	case "pretty":
		return 4 << 20
	case "hex":
		return 1 << 20
	}
	return math.MaxInt
}

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
	f, problemText := formed(m, r.URL.Query().Get("form"))
	if problemText != "" {
		h.Del("Content-Disposition")
		problem(w, http.StatusUnprocessableEntity, problemText, "")
		return
	}
	from, to := part(r, len(f.body))
	h.Set("Content-Type", f.mediaType)
	if top, _, _ := strings.Cut(f.mediaType, "/"); top == "audio" || top == "video" { // which browsers ask for by ranges
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
		return
	}
	h.Set("X-Total", strconv.Itoa(len(f.body)))
	if f.of > 0 {
		h.Set("X-Covers", strconv.Itoa(f.of))
	}
	_, _ = w.Write(f.body[from:to])
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

// A form is a content as it is shown.
type form struct {
	body      []byte
	mediaType string
	of        int // octets of the content that it is made of; 0 for all
}

// formed returns a content in a form, or why it cannot.
func formed(m *exchange.Message, name string) (f form, wrong string) {
	const plain = "text/plain; charset=utf-8"
	if name == "raw" || name == "" {
		return form{body: m.Content.Kept, mediaType: "application/octet-stream"}, ""
	}
	d := m.Decode()
	if d.Err != nil && len(d.Bytes) == 0 {
		return f, "the content cannot be decoded: " + d.Err.Error()
	}
	shown := d.Bytes
	if most := mostOf(name); len(shown) > most {
		shown, f.of = shown[:most], most
	}
	switch name {
	case "decoded":
		f.body, f.mediaType = shown, "application/octet-stream"
	case "hex":
		f.body, f.mediaType = []byte(hex.Dump(shown)), plain
	case "pretty":
		if f.of > 0 || d.Truncated {
			shown = wholeRunes(shown)
		}
		f.body, f.mediaType = pretty(m.Fields.Value(exchange.FieldContentType), shown), plain
	case "preview":
		f.body, f.mediaType = shown, filter.MediaType(m)
		if !previewable(f.mediaType) {
			return f, "there is no preview of " + strconv.Quote(f.mediaType)
		}
	default:
		return f, "there is no form " + strconv.Quote(name) + ": take raw, decoded, pretty, hex or preview"
	}
	return f, ""
}

// wholeRunes leaves out the character in UTF-8 that the end of a cut content
// parts, by which all of it would not be read as UTF-8.
func wholeRunes(b []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}

// previewable says which types a browser shows without anything running: in
// the sandbox not even a document can.
func previewable(mediaType string) bool {
	switch mediaType {
	case "audio/aac", "audio/flac", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav", "audio/wave", "audio/webm", "audio/x-flac", "audio/x-m4a", "audio/x-wav",
		"video/mp4", "video/ogg", "video/quicktime", "video/webm", "video/x-m4v", "video/x-matroska":
		return true
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon",
		"image/svg+xml", "text/html", "text/plain":
		return true
	}
	return false
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
