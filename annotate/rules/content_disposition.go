package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// contentDispositionRules lists the rules on Content-Disposition (RFC 6266).
func contentDispositionRules() []*annotate.Rule {
	return []*annotate.Rule{
		contentDispositionDuplicateParameter,
		contentDispositionFilenameOrder,
		contentDispositionFilenameUnsafe,
		contentDispositionMissingFilename,
		contentDispositionNoASCIIFallback,
		contentDispositionUnknownType,
	}
}

func whenDisposition() annotate.When {
	return annotate.When{Fields: []exchange.Name{exchange.FieldContentDisposition}}
}

// disposition is the value of Content-Disposition.
func disposition(p *annotate.Pass) string {
	return p.X.Response.Fields.Value(exchange.FieldContentDisposition)
}

func dispositionParam(p *annotate.Pass, name string) (found field.Param, ok bool) {
	for a := range field.Params(disposition(p)) {
		if field.EqualFold(a.Name, name) {
			return a, true
		}
	}
	return found, false
}

// disposed is an example: a download with this Content-Disposition.
func disposed(value string) string {
	return answering("Content-Type: text/csv\nContent-Disposition: "+value+"\nContent-Length: 2", "ok")
}

var contentDispositionDuplicateParameter = &annotate.Rule{
	ID:       "content/content-disposition-duplicate-parameter",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Disposition has a parameter twice",
	Refs:     []string{"RFC 6266 §4.1", "RFC 6266 §3"},
	Doc: "A value with the same parameter twice is invalid: browsers use the first, use the last, or ignore the header. " +
		"filename and filename* are two different parameters and can be used together.",
	Help: "send each parameter once",
	Bad:  []string{disposed(`attachment; filename="a.csv"; Filename="b.csv"`)},
	Good: []string{disposed(`attachment; filename="a.csv"; filename*=UTF-8''%e2%82%ac.csv`)},
	When: whenDisposition(),
	Check: func(p *annotate.Pass) {
		if _, b, ok := duplicateParam(disposition(p)); ok {
			p.Note(annotate.Span(p.ResponseField(exchange.FieldContentDisposition), b.At, b.ValueAt+len(b.Value)), "Content-Disposition has the parameter %s twice", quoted(b.Name))
		}
	},
}

var contentDispositionFilenameOrder = &annotate.Rule{
	ID:       "content/content-disposition-filename-order",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "filename* comes before filename",
	Refs:     []string{"RFC 6266 §D"},
	Doc:      "Some old browsers use the first of the two. If filename comes first, they get a name that they can read.",
	Help:     `send filename="plain.txt" first, then filename*=UTF-8''...`,
	Bad:      []string{disposed(`attachment; filename*=UTF-8''%e2%82%ac.csv; filename="euro.csv"`)},
	Good:     []string{disposed(`attachment; filename="euro.csv"; filename*=UTF-8''%e2%82%ac.csv`)},
	When:     whenDisposition(),
	Check: func(p *annotate.Pass) {
		plain, hasPlain := dispositionParam(p, "filename")
		extended, hasExtended := dispositionParam(p, "filename*")
		if hasPlain && hasExtended && extended.At < plain.At {
			p.Note(annotate.Span(p.ResponseField(exchange.FieldContentDisposition), extended.At, extended.At+len(extended.Name)), "filename* comes before filename")
		}
	},
}

var contentDispositionFilenameUnsafe = &annotate.Rule{
	ID:       "content/content-disposition-filename-unsafe",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "clients read this filename in different ways",
	Refs:     []string{"RFC 6266 §4.3", "RFC 6266 §D"},
	Doc: "Some browsers decode percent-encoding in filename and others don't. They read letters outside ASCII in different charsets. " +
		"Of slashes and backslashes, only the last part remains. Send a plain ASCII name, and the real name in filename*.",
	Help: `send filename="plain.txt"; filename*=UTF-8''percent-encoded.txt`,
	Bad:  []string{disposed(`attachment; filename="caf%C3%A9.csv"`), disposed(`attachment; filename="café.csv"`), disposed(`attachment; filename="../a.csv"`), disposed(`attachment; filename="a\\b.csv"`), disposed(`attachment; filename="=?UTF-8?B?YQ==?="`), disposed(`attachment; filename="\\"sure\\".csv"`)},
	Good: []string{disposed(`attachment; filename="100% sure.csv"`), disposed(`attachment; filename=a.csv; filename*=UTF-8''caf%C3%A9.csv`)},
	When: whenDisposition(),
	Check: func(p *annotate.Pass) {
		a, ok := dispositionParam(p, "filename")
		if !ok {
			return
		}
		if at, what, severity := filenameProblem(a.Value); what != "" {
			p.Report(annotate.Note{Severity: severity, Place: annotate.Span(p.ResponseField(exchange.FieldContentDisposition), a.ValueAt+at, a.ValueAt+len(a.Value)),
				Message: "filename has " + what + ", which clients read in different ways"})
		}
	},
}

// filenameProblem finds what recipients do not agree on in a filename as it
// stands, quotes included. Escapes are only info: they are legal, and old
// recipients alone do not undo them.
func filenameProblem(v string) (at int, what string, severity annotate.Severity) {
	escape := -1
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\':
			if i+1 >= len(v) || v[i+1] != '"' && v[i+1] != '\\' {
				return i, "a backslash", 0
			}
			if escape < 0 {
				escape = i
			}
			i++
		case c == '/':
			return i, "a slash", 0
		case c >= 0x80:
			return i, "a byte outside ASCII", 0
		case c == '%' && i+2 < len(v) && isHexDigit(v[i+1]) && isHexDigit(v[i+2]):
			return i, "percent-encoding", 0
		case c == '=' && strings.HasPrefix(v[i:], "=?") && strings.Contains(v[i:], "?="):
			return i, "an encoded word of mail", 0
		}
	}
	if escape >= 0 {
		return escape, "a backslash as an escape", annotate.Info
	}
	return 0, "", 0
}

func isHexDigit(c byte) bool {
	return field.IsDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

var contentDispositionMissingFilename = &annotate.Rule{
	ID:       "content/content-disposition-missing-filename",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a download has no name",
	Refs:     []string{"RFC 6266 §4.3"},
	Doc:      "The browser should save the response, but neither Content-Disposition nor the path has a file name. Browsers invent one, often without an extension.",
	Help:     `add filename="report.csv"`,
	Bad:      []string{disposed("attachment")},
	Good:     []string{disposed(`attachment; filename="a.csv"`), strings.Replace(disposed("attachment"), "/v1/cart", "/v1/cart.csv", 1), disposed("inline")},
	When:     whenDisposition(),
	Check: func(p *annotate.Pass) {
		_, hasPlain := dispositionParam(p, "filename")
		_, hasExtended := dispositionParam(p, "filename*")
		if hasPlain || hasExtended || !field.EqualFold(field.Head(disposition(p)).Text, "attachment") {
			return
		}
		path := p.X.Path()
		if last := path[strings.LastIndexByte(path, '/')+1:]; strings.IndexByte(last, '.') <= 0 {
			p.Note(p.ResponseField(exchange.FieldContentDisposition), "the browser should save the response, but there is no filename, and the path ends in %s", quoted(last))
		}
	},
}

var contentDispositionNoASCIIFallback = &annotate.Rule{
	ID:       "content/content-disposition-no-ascii-fallback",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "filename* without a plain filename",
	Refs:     []string{"RFC 6266 §D"},
	Doc:      "Old browsers and small tools don't know filename*, so they find no name.",
	Help:     `add filename="plain.txt" before filename*`,
	Bad:      []string{disposed(`attachment; filename*=UTF-8''%e2%82%ac.csv`)},
	Good:     []string{disposed(`attachment; filename="euro.csv"; filename*=UTF-8''%e2%82%ac.csv`)},
	When:     whenDisposition(),
	Check: func(p *annotate.Pass) {
		_, hasPlain := dispositionParam(p, "filename")
		if a, ok := dispositionParam(p, "filename*"); ok && !hasPlain && isUTF8Ext(a.Value) {
			p.Note(annotate.Span(p.ResponseField(exchange.FieldContentDisposition), a.At, a.ValueAt+len(a.Value)), "there is filename* but no filename, and old browsers know only filename")
		}
	},
}

// isUTF8Ext reports whether an extended value (RFC 8187 §3.2) is as it should
// be; of one that is not other rules speak.
func isUTF8Ext(v string) bool {
	if !field.HasPrefixFold(v, "utf-8'") {
		return false
	}
	_, text, ok := strings.Cut(v[len("utf-8'"):], "'")
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '%':
			if !field.IsTokenByte(text[i]) || strings.IndexByte("*'", text[i]) >= 0 {
				return false
			}
		case i+2 >= len(text) || !isHexDigit(text[i+1]) || !isHexDigit(text[i+2]):
			return false
		default:
			i += 2
		}
	}
	return ok
}

var contentDispositionUnknownType = &annotate.Rule{
	ID:       "content/content-disposition-unknown-type",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Disposition is neither inline nor attachment",
	Refs:     []string{"RFC 6266 §4.2", "RFC 6266 §4.1"},
	Doc: "Browsers treat an unknown type as attachment, so they save the body instead of showing it. form-data is for the parts of a form, not for responses. " +
		"A value that starts with a parameter has no type at all.",
	Help: `send Content-Disposition: inline, or attachment; filename="a.csv"`,
	Bad:  []string{disposed(`form-data; filename="a.csv"`), disposed(`filename="a.csv"`)},
	Good: []string{disposed(`INLINE; filename="a.csv"`), disposed(`attachment; filename="a.csv"`)},
	When: whenDisposition(),
	// A value that begins with a parameter is also against the grammar.
	Suppresses: []string{"syntax/field-value-syntax"},
	Check: func(p *annotate.Pass) {
		head := field.Head(disposition(p))
		at := annotate.Span(p.ResponseField(exchange.FieldContentDisposition), head.At, head.End())
		switch {
		case field.EqualFold(head.Text, "inline"), field.EqualFold(head.Text, "attachment"):
		case head.Text == "" || strings.IndexByte(head.Text, '=') >= 0:
			p.Note(at, "Content-Disposition has no type before its parameters")
		default:
			p.Note(at, "Content-Disposition is %s, which browsers treat as attachment", quoted(head.Text))
		}
	},
}
