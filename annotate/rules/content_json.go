package rules

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// contentJSONRules lists the rules on JSON content and problem documents.
func contentJSONRules() []*annotate.Rule {
	return []*annotate.Rule{
		contentBodyBOM,
		contentJSONNotUTF8,
		contentJSONDuplicateKeys,
		contentJSONNumberPrecisionLoss,
		contentBodyJSONAsText,
		contentProblemDetailsMalformed,
		contentProblemJSONWrongType,
	}
}

// answeringJSON is an example: a response with JSON content.
func answeringJSON(content string) string {
	return answering("Content-Type: application/json", content)
}

// wholeJSON is the complete content of a message that is labelled JSON.
func (s contentSide) wholeJSON() (b []byte, ok bool) {
	t, ok := s.mediaType()
	if !ok || !t.IsJSON() || isFramed(t) {
		return nil, false
	}
	return s.whole()
}

var contentBodyBOM = &annotate.Rule{
	ID:       "content/body-bom",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "JSON starts with a byte order mark",
	Refs:     []string{"RFC 8259 §8.1"},
	Doc: "JSON must not start with a byte order mark. Many parsers fail with an error about the first character, which editors don't show. " +
		"Usually an editor added it when it saved the file.",
	Help:  "write UTF-8 without a byte order mark",
	Bad:   []string{answeringJSON(`\xef\xbb\xbf{}`)},
	Good:  []string{answeringJSON(`{}`), answering("Content-Type: text/csv", `\xef\xbb\xbfa,b`)},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			kept := s.m.Content.Kept
			if len(kept) == 0 || kept[0] != 0xef && !s.m.Fields.Has(exchange.FieldContentEncoding) || !s.hasContent() || s.isPart() {
				continue
			}
			if t, ok := s.mediaType(); ok && t.IsJSON() && bytes.HasPrefix(s.m.DecodedContent().Bytes, []byte("\xef\xbb\xbf")) {
				s.note(p, s.content(0, 3), "the JSON starts with a byte order mark, and many parsers fail there")
			}
		}
	},
}

var contentJSONNotUTF8 = &annotate.Rule{
	ID:       "content/json-not-utf8",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the JSON isn't in UTF-8",
	Refs:     []string{"RFC 8259 §8.1"},
	Doc: "JSON must be in UTF-8. Parsers fail at other bytes, or replace them with a question mark. " +
		"Usually text from a database or a file in another charset was inserted without conversion.",
	Help:       "convert all text to UTF-8 before you write the JSON",
	Bad:        []string{answeringJSON(`{"name":"Zo\xeb"}`)},
	Good:       []string{answeringJSON(`{"name":"Zoë"}`), answeringJSON(`{"name":"Zo\\u00eb"}`)},
	When:       annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifOddJSON}},
	Needs:      annotate.NeedsContent,
	Suppresses: []string{"content/body-invalid-json", "content/charset-mismatch"},
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			b, ok := s.wholeJSON()
			if !ok || isCompressed(b) || utf8.Valid(b) && !isUTF16(b) && !hasNULs(b) {
				continue
			}
			at := 0
			for at < len(b) {
				r, n := utf8.DecodeRune(b[at:])
				if r == utf8.RuneError && n == 1 || b[at] == 0 {
					break
				}
				at += n
			}
			s.note(p, s.content(at, min(at+1, len(b))), "the JSON isn't UTF-8: byte "+strconv.Itoa(at+1)+" isn't part of a character")
		}
	},
}

// isCompressed reports whether content begins as gzip or zstd data does, which
// no charset explains.
func isCompressed(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\x1f\x8b")) || bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd"))
}

// hasNULs reports whether text begins as UTF-16 or UTF-32 without a byte order mark do.
func hasNULs(b []byte) bool { return len(b) >= 2 && (b[0] == 0 || b[1] == 0) }

var contentJSONDuplicateKeys = &annotate.Rule{
	ID:       "content/json-duplicate-keys",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a JSON object has the same name twice",
	Refs:     []string{"RFC 8259 §4"},
	Doc: "Names in an object should be unique. Some parsers use the first value, most use the last, and some fail. " +
		"Two programs that read the same message can understand different things.",
	Help:  "write each name of an object once",
	Bad:   []string{answeringJSON(`{"id":7,"lines":[{"sku":"A","sku":"B"}]}`), answeringJSON(`{"a":1,"\\u0061":2}`)},
	Good:  []string{answeringJSON(`{"id":7,"lines":[{"id":1},{"id":2}]}`)},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifOddJSON}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			b, ok := s.wholeJSON()
			if !ok {
				continue
			}
			if start, end, found := field.DuplicateJSONKey(b); found && field.CheckJSON(b) == nil {
				s.note(p, s.content(start, end), "an object has the name "+bare(string(b[start:end]))+" twice")
			}
		}
	},
}

var contentJSONNumberPrecisionLoss = &annotate.Rule{
	ID:       "content/json-number-precision-loss",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a number in the JSON is too large for many parsers",
	Refs:     []string{"RFC 8259 §6"},
	Doc: "JavaScript and many other parsers store numbers as doubles, which are exact up to 9007199254740991. " +
		"The last digits of a larger ID change when it is read, and the next request asks for something else.",
	Help:  "send large integers as strings",
	Bad:   []string{answeringJSON(`{"id":9007199254740993}`)},
	Good:  []string{answeringJSON(`{"id":"9007199254740993","n":9007199254740991,"f":1.2345678901234567890}`)},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifOddJSON}},
	Needs: annotate.NeedsContent,
	Once:  routeKey,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			b, ok := s.wholeJSON()
			if !ok {
				continue
			}
			if start, end, found := field.LossyJSONInteger(b); found && field.CheckJSON(b) == nil {
				s.note(p, s.content(start, end), "the number "+bare(string(b[start:end]))+" changes in parsers that store numbers as doubles")
			}
		}
	},
}

var contentBodyJSONAsText = &annotate.Rule{
	ID:       "content/body-json-as-text",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "JSON is labelled as text",
	Refs:     []string{"RFC 9110 §8.3"},
	Doc: "The body is JSON, but Content-Type says plain text or HTML. " +
		"Clients don't parse it automatically, and a browser shows it as a page, including any markup in it. Usually it is the default of the framework.",
	Help:       "send Content-Type: application/json",
	Bad:        []string{answering("Content-Type: text/plain", `{"id":7}`), answering("Content-Type: text/html", `[1,2]`)},
	Good:       []string{answering("Content-Type: text/plain", `{}`), answering("Content-Type: text/plain", `7`), answeringJSON(`{"id":7}`)},
	When:       annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifText}},
	Needs:      annotate.NeedsContent,
	Suppresses: []string{"content/api-got-html"}, // it got JSON after all
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if !field.HasPrefixFold(s.m.Fields.Value(exchange.FieldContentType), "text/") {
				continue
			}
			t, ok := s.mediaType()
			if !ok || !t.Is("text", "plain") && !t.Is("text", "html") {
				continue
			}
			b, ok := s.whole()
			b = bytes.TrimSpace(b)
			if !ok || len(b) < 3 || b[0] != '{' && b[0] != '[' || len(bytes.TrimSpace(b[1:len(b)-1])) == 0 || field.CheckJSON(b) != nil {
				continue
			}
			s.note(p, s.field(p, exchange.FieldContentType), "the body is JSON, but Content-Type says "+quoted(t.Name()))
		}
	},
}

var contentProblemDetailsMalformed = &annotate.Rule{
	ID:       "content/problem-details-malformed",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a malformed problem document",
	Refs:     []string{"RFC 9457 §3.1"},
	Doc: "A problem document is an object. type, title, detail and instance are strings, type and instance are URI references, and status is a number. " +
		"Clients ignore a member of another type, and libraries with fixed types can't read the document.",
	Help: `send {"type":"https://example.com/problem","title":"...","status":404,"detail":"..."}`,
	Bad: []string{"> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: application/problem+json\n<\n< {\"title\":7}\n",
		"> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: application/problem+json\n<\n< {\"status\":\"404\"}\n",
		"> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: application/problem+json\n<\n< [\"no\"]\n",
		"> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: application/problem+json\n<\n< {\"message\":\"nope\"}\n"},
	Good:  []string{"> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: application/problem+json\n<\n< {\"type\":\"about:blank\",\"status\":404,\"retries\":[1]}\n"},
	When:  annotate.When{Fields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifProblem}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		s := sidesOf(p.X)[1]
		t, ok := s.mediaType()
		if !ok || !t.Is("application", "problem+json") {
			return
		}
		b, ok := s.whole()
		if !ok || field.CheckJSON(b) != nil {
			return
		}
		if text := bytes.TrimSpace(b); text[0] != '{' {
			p.Note(s.content(0, len(b)), "the problem document isn't an object")
			return
		}
		known, other := false, ""
		for m := range field.JSONMembers(b) {
			if why := problemMember(m); why != "" {
				p.Note(s.content(m.At, m.At+len(m.Value)), "the member %s of the problem document is %s", bare(string(m.Key)), why)
			}
			known = known || m.Is("type") || m.Is("title") || m.Is("status") || m.Is("detail") || m.Is("instance")
			if other == "" || m.Is("message") {
				other = string(m.RawName())
			}
		}
		if !known && other != "" {
			p.NoteHelp(s.content(0, len(b)), "send the text as title or detail; you can add members of your own",
				"the problem document lacks type, title, status, detail and instance, and clients don't know %s", quoted(other))
		}
	},
}

// problemMember says what is wrong with a member of a problem document; ""
// where nothing is.
func problemMember(m field.JSONMember) string {
	isString := m.Value[0] == '"'
	switch {
	case m.Is("status"):
		if n, ok := field.Number(string(m.Value)); !ok || n < 100 || n > 599 {
			return "not a status code from 100 to 599"
		}
	case m.Is("title"), m.Is("detail"):
		if !isString {
			return "not a string"
		}
	case m.Is("type"), m.Is("instance"):
		if !isString {
			return "not a string"
		}
		value := m.Value[1 : len(m.Value)-1]
		if _, _, bad := field.UnescapedRun(string(value)); bad {
			return "not a URI reference"
		}
	}
	return ""
}

var contentProblemJSONWrongType = &annotate.Rule{
	ID:       "content/problem-json-wrong-type",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a problem document is labelled as plain JSON",
	Refs:     []string{"RFC 9457 §3"},
	Doc:      "The error has the members of a problem document but not its media type, so clients don't recognize it.",
	Help:     "send Content-Type: application/problem+json",
	Bad:      []string{"> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: application/json\n<\n< {\"type\":\"about:blank\",\"title\":\"no\",\"status\":404}\n"},
	Good: []string{"> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: application/json\n<\n< {\"type\":\"about:blank\",\"title\":\"no\"}\n",
		"> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n> Accept: application/json\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: application/json\n<\n< {\"type\":\"about:blank\",\"title\":\"no\",\"status\":404}\n"},
	When:  annotate.When{Class: []int{4, 5}, Fields: []exchange.Name{exchange.FieldContentType}},
	Needs: annotate.NeedsContent,
	Once:  routeKey,
	Check: func(p *annotate.Pass) {
		s := sidesOf(p.X)[1]
		t, ok := s.mediaType()
		if !ok || !t.Is("application", "json") {
			return
		}
		b, ok := s.whole()
		if !ok || field.CheckJSON(b) != nil {
			return
		}
		if accept := p.X.Request.Fields.Combined(exchange.FieldAccept); accept != "" && field.AcceptWeight(accept, "application", "problem+json") == 0 {
			return
		}
		var hasType, hasTitle, hasStatus bool
		for m := range field.JSONMembers(b) {
			n, isNumber := field.Number(string(m.Value))
			hasType = hasType || m.Is("type") && m.Value[0] == '"'
			hasTitle = hasTitle || m.Is("title") && m.Value[0] == '"'
			hasStatus = hasStatus || m.Is("status") && isNumber && n == int64(p.X.Response.Status)
		}
		if hasType && hasTitle && hasStatus {
			p.Note(p.ResponseField(exchange.FieldContentType), "the body is a problem document, but Content-Type says application/json")
		}
	},
}
