package inspector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidenote/annotate/filter"
)

// pretty sets text out to be read, by the Content-Type that it came with. What
// it does not know it leaves as it is.
func pretty(contentType string, b []byte) []byte {
	mediaType, parameters, _ := mime.ParseMediaType(contentType)
	kind := filter.KindOf(mediaType)
	if kind == "json" || kind == "other" || kind == "none" {
		var out bytes.Buffer
		if json.Indent(&out, bytes.TrimSpace(b), "", "  ") == nil {
			return out.Bytes()
		}
		if kind == "json" {
			return []byte(text(string(indentCut(b))))
		}
	}
	if boundary := parameters["boundary"]; boundary != "" && strings.HasPrefix(mediaType, "multipart/") {
		return partsText(b, boundary)
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

// formLines returns a form (application/x-www-form-urlencoded) a line for each
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

// mostParts bounds how many parts of a multipart content are set out.
const mostParts = 200

// partsText sets a multipart content out (RFC 2046 §5.1): of each part its
// fields, and its content where that is text.
func partsText(b []byte, boundary string) []byte {
	var out bytes.Buffer
	parts := multipart.NewReader(bytes.NewReader(b), boundary)
	for n := 1; ; n++ {
		part, err := parts.NextRawPart()
		switch {
		case err == io.EOF:
			return out.Bytes()
		case err != nil:
			fmt.Fprintf(&out, "-- it ends before its last boundary\n")
			return out.Bytes()
		case n > mostParts:
			fmt.Fprintf(&out, "-- more parts follow\n")
			return out.Bytes()
		}
		if n > 1 {
			out.WriteString("\n")
		}
		fmt.Fprintf(&out, "-- part %d\n", n)
		for _, name := range slices.Sorted(maps.Keys(part.Header)) {
			for _, value := range part.Header[name] {
				out.WriteString(text(name) + ": " + text(value) + "\n")
			}
		}
		content, err := io.ReadAll(part)
		out.WriteByte('\n')
		if isText(content) {
			out.Write(content)
		} else {
			fmt.Fprintf(&out, "(%d bytes that are not text)", len(content))
		}
		out.WriteString("\n")
		if err != nil {
			out.WriteString("-- this part is cut off\n")
			return out.Bytes()
		}
	}
}

// isText reports whether octets can be read as they are.
func isText(b []byte) bool {
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) })
}
