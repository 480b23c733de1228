package annotate

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidenote/exchange"
)

// maxReason bounds how much of an error's own words is quoted, in octets.
const maxReason = 160

// Reason returns what an error response says of itself, in one line: the title
// and detail of a problem document (RFC 9457 §3.1), the member of a JSON object
// that holds a message, the title of an HTML page, or the first line of a text.
// It is "" for other responses, where nothing is said, and where it would only
// repeat the status. Call it only after the exchange has ended.
func Reason(x *exchange.Exchange) string {
	s := statedReason(&x.Response)
	if s == "" || repeatsStatus(&x.Response, s) {
		return ""
	}
	return s
}

// repeatsStatus reports whether a text says no more than the status line, as
// the stock pages of servers do: "404 Not Found", "405 Not Allowed".
func repeatsStatus(r *exchange.Response, s string) bool {
	phrase, withCode := strings.CutPrefix(s, strconv.Itoa(r.Status)+" ")
	if known, ok := LookupStatus(r.Status); strings.EqualFold(phrase, r.Reason) || ok && strings.EqualFold(phrase, known.Name) {
		return true
	}
	other := func(c rune) bool { return c != ' ' && c != '-' && !unicode.IsLetter(c) }
	return withCode && len(strings.Fields(phrase)) <= 4 && !strings.ContainsFunc(phrase, other)
}

func statedReason(r *exchange.Response) string {
	if r.Status < 400 || r.Made || len(r.Content.Kept) == 0 {
		return ""
	}
	b := r.DecodedContent().Bytes
	kind, _, _ := strings.Cut(strings.ToLower(r.Fields.Value(exchange.FieldContentType)), ";")
	kind = strings.TrimSpace(kind)
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		return oneLine(jsonReason(b))
	case kind == "text/html" || kind == "application/xhtml+xml":
		return oneLine(htmlTitle(b))
	case kind == "text/plain":
		return oneLine(firstLine(b))
	}
	return ""
}

// reasonNames are the members that hold a message, the best first.
var reasonNames = [...]string{"detail", "message", "error_description", "msg", "reason", "title", "description", "error", "errors", "fault"}

// jsonReason finds the message in a JSON object, or in the object that its
// error member is.
func jsonReason(b []byte) string {
	const deepest = 3
	for range deepest {
		var object map[string]json.RawMessage
		if b = firstOf(b); json.Unmarshal(b, &object) != nil {
			break
		}
		title := text(object["title"])
		for _, name := range reasonNames {
			if s := text(object[name]); s != "" {
				if title != "" && name == "detail" {
					s = title + ": " + s
				}
				return s
			}
		}
		b = nil
		for _, name := range [...]string{"error", "errors", "fault"} {
			if v := object[name]; len(v) > 0 && (v[0] == '{' || v[0] == '[') {
				b = v
				break
			}
		}
		if b == nil {
			break
		}
	}
	return ""
}

// firstOf returns the first element of a JSON array, and anything else as it is.
func firstOf(b []byte) []byte {
	var list []json.RawMessage
	if len(b) > 0 && b[0] == '[' && json.Unmarshal(b, &list) == nil && len(list) > 0 {
		if s := text(list[0]); s != "" {
			return []byte(`{"message":` + string(list[0]) + `}`)
		}
		return list[0]
	}
	return b
}

func text(raw json.RawMessage) (s string) {
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return strings.TrimSpace(s)
}

// htmlTitle returns the text of the first title element.
func htmlTitle(b []byte) string {
	s := string(b[:min(len(b), 16<<10)])
	lower := strings.ToLower(s)
	start := strings.Index(lower, "<title")
	if start < 0 || len(lower) != len(s) {
		return ""
	}
	open := strings.IndexByte(s[start:], '>')
	if open < 0 {
		return ""
	}
	start += open + 1
	end := strings.Index(lower[start:], "</title")
	if end < 0 {
		return ""
	}
	return htmlText.Replace(s[start : start+end])
}

var htmlText = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&nbsp;", " ")

func firstLine(b []byte) string {
	if !utf8.Valid(b) {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return line
}

// oneLine folds white space and cuts what is too long.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxReason {
		return s
	}
	cut := maxReason
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
