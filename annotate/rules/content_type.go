package rules

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// contentTypeRules lists the rules on how Content-Type is written, and on
// whether it is there.
func contentTypeRules() []*annotate.Rule {
	return []*annotate.Rule{
		contentContentTypeMissing,
		contentOptionsBodyMissingContentType,
		contentMediaTypeBadName,
		contentMediaTypeBogus,
		contentMediaTypeDuplicateParameter,
		contentJSONCharsetParameter,
		contentMultipartBoundaryMissing,
		contentContentLanguageDuplicate,
		contentContentLocationRedundant,
		contentDeleteContentLocationSelf,
	}
}

var contentContentTypeMissing = &annotate.Rule{
	ID:       "content/content-type-missing",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "there is a body without Content-Type",
	Refs:     []string{"RFC 9110 §8.3"},
	Doc: "Without Content-Type, the receiver has to guess what the bytes mean. " +
		"Browsers guess from the first bytes, libraries return raw bytes, and a server may answer 415.",
	Help: "send Content-Type: application/json, or the type that the body has",
	Bad:  []string{answering("Content-Length: 2", "{}"), sending("POST", "", "{}")},
	Good: []string{answering("Content-Type: application/json\nContent-Length: 2", "{}"), answering("Content-Length: 0", ""),
		"> HEAD /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 2\n<\n",
		"# the client has the rest, with its fields\n> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n> Range: bytes=0-1\n> If-Range: \"a\"\n>\n" +
			"< HTTP/1.1 206 Partial Content\n< Content-Range: bytes 0-1/4\n< ETag: \"a\"\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n< Content-Length: 2\n<\n< {}\n"},
	Needs: annotate.NeedsContent | annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if s.m.Fields.Has(exchange.FieldContentType) || !s.hasContent() || s.in == exchange.InRequest && p.X.Request.Method == "OPTIONS" || p.X.Request.Method == "CONNECT" ||
				lacksFields(p.X, s.in) || s.in == exchange.InResponse && continuesRange(p.X) {
				continue
			}
			s.note(p, s.field(p, exchange.FieldContentType), "a body of "+octets(int(s.m.Content.Size))+" has no Content-Type")
		}
	},
}

// continuesRange reports whether a response is a part for a client that has said
// by If-Range that it holds the rest, with the fields that describe it; those
// should not be sent again (RFC 9110 §15.3.7).
func continuesRange(x *exchange.Exchange) bool {
	return x.Response.Status == 206 && x.Request.Fields.Has(exchange.FieldIfRange)
}

var contentOptionsBodyMissingContentType = &annotate.Rule{
	ID:       "content/options-body-missing-content-type",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "OPTIONS has a body without Content-Type",
	Refs:     []string{"RFC 9110 §9.3.7"},
	Doc:      "If OPTIONS has a body, the client must send its Content-Type.",
	Help:     "send Content-Type, or no body",
	Bad:      []string{sending("OPTIONS", "", "{}")},
	Good:     []string{sending("OPTIONS", "Content-Type: application/json", "{}"), sending("OPTIONS", "", "")},
	When:     annotate.When{Methods: []string{"OPTIONS"}},
	Needs:    annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		if r := &p.X.Request; r.Content.Size > 0 && !r.Fields.Has(exchange.FieldContentType) {
			p.Note(p.RequestField(exchange.FieldContentType), "OPTIONS has a body of %s but no Content-Type", octets(int(r.Content.Size)))
		}
	},
}

var contentMediaTypeBadName = &annotate.Rule{
	ID:       "content/media-type-bad-name",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Type isn't a valid media type",
	Refs:     []string{"RFC 6838 §4.2"},
	Doc: "Type and subtype start with a letter or digit and contain only letters, digits and ! # $ & - ^ _ . +. " +
		"A range such as */* belongs in Accept: a body has one type.",
	Help: "send the one type that the body has",
	Bad:  []string{answering("Content-Type: */*\nContent-Length: 2", "ok"), answering("Content-Type: text/*\nContent-Length: 2", "ok"), answering("Content-Type: application/x~y\nContent-Length: 2", "ok")},
	Good: []string{answering("Content-Type: application/vnd.shop.cart-v1+json\nContent-Length: 2", "{}")},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifTyped}},
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			v := s.m.Fields.Value(exchange.FieldContentType)
			if v == "" || restrictedNameProblem(v) == strings.IndexByte(v, '/') && restrictedNameProblem(v[strings.IndexByte(v, '/')+1:]) < 0 {
				continue // the usual case
			}
			t, ok := s.mediaType()
			if !ok || t.Err != nil && t.Err.At < len(t.Name()) {
				continue
			}
			for _, name := range [...]string{t.Type, t.Subtype} {
				if i := restrictedNameProblem(name); i >= 0 {
					s.note(p, annotate.Span(s.field(p, exchange.FieldContentType), 0, len(t.Name())), "Content-Type is "+quoted(t.Name())+", and "+quoted(name)+" isn't the name of a type")
					break
				}
			}
		}
	},
}

// restrictedNameProblem is the first octet that a restricted-name (RFC 6838
// §4.2) cannot have there; -1 for none.
func restrictedNameProblem(s string) int {
	for i := range len(s) {
		c := s[i]
		alphanumeric := field.IsDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if i > 126 || !alphanumeric && (i == 0 || strings.IndexByte("!#$&-^_.+", c) < 0) {
			return i
		}
	}
	return -1
}

var contentMediaTypeBogus = &annotate.Rule{
	ID:       "content/media-type-bogus",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a header names a media type that doesn't exist",
	Refs:     []string{"RFC 9110 §8.3.1", "IANA media types"},
	Doc: "The name looks right but isn't registered, so clients treat the body as something else: they don't parse the JSON, or offer a page as a download. " +
		"In Accept or Accept-Patch, the other side doesn't recognize the type and answers 406 or 415, or sends its default.",
	Help: "send the registered name: application/json, not text/json",
	Bad: []string{answering("Content-Type: text/json\nContent-Length: 2", "{}"), sending("POST", "Content-Type: application/x-json", "{}"),
		"# a call of a function\n" + answering("Content-Type: text/json\nContent-Length: 9", "show({});"),
		asked("Accept: text/json, */*;q=0.5"), answered("Accept-Patch: application/json-patch"), answered(`Link: </a>; rel="next"; type="text/json"`)},
	Good: []string{answering("Content-Type: text/javascript\nContent-Length: 2", "ok"), answering("Content-Type: image/jpg\nContent-Length: 2", "ok"),
		"# the right name is there too\n" + asked("Accept: application/json, text/json, text/x-json"), answered(`Link: </text/json>; rel="next"; type="application/json"`)},
	When:  annotate.When{EitherFields: slices.Concat([]exchange.Name{exchange.FieldContentType, exchange.FieldLink}, typeListFields)},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			noteBogusContentType(p, s)
			if !s.m.Fields.HasAny(&typeFieldMask) && isUsualAccept(s.m.Fields.Value(exchange.FieldAccept)) {
				continue
			}
			for _, n := range typeListFields {
				for i, l := range s.m.Fields.Each(n) {
					noteBogusTypes(p, s, i, l)
				}
			}
			for i, l := range s.m.Fields.Each(exchange.FieldLink) {
				noteBogusLinkTypes(p, s, i, l.Value)
			}
		}
	},
}

// typeListFields are those that list media types.
var typeListFields = []exchange.Name{exchange.FieldAccept, exchange.FieldAcceptPatch, exchange.FieldAcceptPost}

// typeFieldMask are those that are less usual than Accept, and Link, whose
// targets have types.
var typeFieldMask = exchange.MaskOf(exchange.FieldLink, exchange.FieldAcceptPatch, exchange.FieldAcceptPost)

// isUsualAccept reports whether a value of Accept is none, or one in which
// nothing can be wrong.
func isUsualAccept(v string) bool { return v == "" || v == "*/*" || v == "application/json" }

func noteBogusContentType(p *annotate.Pass, s contentSide) {
	if v := s.m.Fields.Value(exchange.FieldContentType); v == "" || v == "application/json" {
		return // the usual case
	}
	t, ok := s.mediaType()
	if !ok {
		return
	}
	meant := meantType(t.Name())
	if meant == "application/json" && s.callsFunction() {
		meant = "text/javascript"
	}
	if meant != "" {
		at := annotate.Span(s.field(p, exchange.FieldContentType), 0, len(t.Name()))
		p.Report(annotate.Note{Place: at, Blame: s.blame, Help: "send Content-Type: " + meant,
			Message: "Content-Type is " + quoted(t.Name()) + ", which isn't a registered media type; " + meant + " is"})
	}
}

// callsFunction reports whether the content is JSON in a call of a function
// (JSONP), which is a script.
func (s contentSide) callsFunction() bool {
	b, ok := s.whole()
	if !ok {
		return false
	}
	text := strings.TrimLeft(string(b[:min(len(b), 256)]), " \t\r\n")
	if strings.HasPrefix(text, "/*") {
		return true // as servers begin it, against attacks with Flash
	}
	n := 0
	for n < len(text) && (field.IsTokenByte(text[n]) && text[n] != '-' || strings.IndexByte("[]\"", text[n]) >= 0) {
		n++
	}
	return n > 0 && n < len(text) && text[n] == '(' && !field.IsDigit(text[0]) && text[0] != '"' && text[0] != '['
}

// noteBogusTypes judges a list of media types, unless the right name is there too.
func noteBogusTypes(p *annotate.Pass, s contentSide, i int, l *exchange.Line) {
	if isUsualAccept(l.Value) {
		return
	}
	for m := range field.List(l.Value) {
		head := field.Head(m.Text)
		meant := meantType(head.Text)
		if meant == "" || field.IndexFold(l.Value, meant) >= 0 {
			continue
		}
		p.Report(annotate.Note{Place: annotate.Span(s.line(p, i), m.At+head.At, m.At+head.End()), Blame: s.blame, Help: "write " + meant + " instead of " + head.Text,
			Message: l.Name + " has " + quoted(head.Text) + ", which isn't a registered media type; " + meant + " is"})
	}
}

func noteBogusLinkTypes(p *annotate.Pass, s contentSide, i int, value string) {
	for l := range field.Links(value) {
		for q := range l.Params() {
			if !field.EqualFold(q.Name, "type") {
				continue
			}
			if meant := meantType(field.Unquote(q.Value)); meant != "" {
				p.Report(annotate.Note{Place: annotate.Span(s.line(p, i), q.ValueAt, q.ValueAt+len(q.Value)), Blame: s.blame, Help: "write type=\"" + meant + "\"",
					Message: "Link has the type " + bare(q.Value) + ", which isn't a registered media type; " + meant + " is"})
			}
		}
	}
}

// meantType is the type that a usual misspelling stands for; "" for anything else.
func meantType(name string) string {
	switch {
	case len(name) < 9 || len(name) > 28 || name[len(name)-1] == '*' || field.EqualFold(name, "text/html"):
		return ""
	case foldIn([]string{"text/json", "text/x-json", "application/x-json", "json/application"}, name):
		return "application/json"
	case foldIn([]string{"plain/text", "application/text"}, name):
		return "text/plain"
	case foldIn([]string{"html/text", "application/html"}, name):
		return "text/html"
	case foldIn([]string{"application/json-patch", "application/jsonpatch", "application/patch+json"}, name):
		return "application/json-patch+json"
	case foldIn([]string{"application/merge-patch", "application/json-merge-patch"}, name):
		return "application/merge-patch+json"
	case foldIn([]string{"application/problem", "application/json+problem"}, name):
		return "application/problem+json"
	case field.EqualFold(name, "image/svg"):
		return "image/svg+xml"
	case field.EqualFold(name, "text/xhtml"):
		return "application/xhtml+xml"
	}
	return ""
}

var contentMediaTypeDuplicateParameter = &annotate.Rule{
	ID:       "content/media-type-duplicate-parameter",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Type has a parameter twice",
	Refs:     []string{"RFC 6838 §4.3"},
	Doc:      "A parameter may occur once. Clients differ in which one they use. Usually two layers add a charset.",
	Help:     "send the parameter once",
	Bad:      []string{answering("Content-Type: text/plain; charset=utf-8; Charset=UTF-8\nContent-Length: 2", "ok")},
	Good:     []string{answering("Content-Type: text/plain; charset=utf-8\nContent-Length: 2", "ok")},
	When:     annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifTypeParameter}},
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			v := s.m.Fields.Value(exchange.FieldContentType)
			if strings.IndexByte(v, ';') < 0 || s.m.Fields.Count(exchange.FieldContentType) > 1 {
				continue
			}
			if a, b, ok := duplicateParam(v); ok {
				how := "with different values"
				if field.EqualFold(field.Unquote(a.Value), field.Unquote(b.Value)) {
					how = "with the same value"
				}
				s.note(p, annotate.Span(s.field(p, exchange.FieldContentType), b.At, b.ValueAt+len(b.Value)), "Content-Type has the parameter "+quoted(b.Name)+" twice, "+how)
			}
		}
	},
}

// duplicateParam finds two parameters of one name, compared without case.
func duplicateParam(value string) (a, b field.Param, ok bool) {
	count := 0
	for b := range field.Params(value) {
		for a := range field.Params(value) {
			if a.At >= b.At {
				break
			}
			if field.EqualFold(a.Name, b.Name) {
				return a, b, true
			}
		}
		if count++; count == mostAttributes {
			break
		}
	}
	return a, b, false
}

var contentJSONCharsetParameter = &annotate.Rule{
	ID:       "content/json-charset-parameter",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a useless charset on application/json",
	Refs:     []string{"RFC 8259 §11"},
	Doc: "JSON is always UTF-8. The type has no charset parameter, so clients ignore it. utf-8 is harmless. " +
		"Another charset isn't: if the body really uses it, clients read it wrongly as UTF-8.",
	Help: "send Content-Type: application/json",
	Bad:  []string{answering("Content-Type: application/json; charset=utf-8\nContent-Length: 2", "{}"), answering("Content-Type: application/json; charset=iso-8859-1\nContent-Length: 2", "{}")},
	Good: []string{answering("Content-Type: application/geo+json; charset=utf-8\nContent-Length: 2", "{}"), answering("Content-Type: application/json; profile=x\nContent-Length: 2", "{}")},
	Once: originKey,
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifTypeParameter}},
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			v := s.m.Fields.Value(exchange.FieldContentType)
			if !field.HasPrefixFold(v, "application/json") || len(v) == len("application/json") {
				continue
			}
			t := field.ParseMediaType(v)
			charset, ok := t.Param("charset")
			if !ok || !t.Is("application", "json") {
				continue
			}
			why := "which clients ignore"
			if field.EqualFold(charset, "utf-8") {
				why = "which is harmless but has no effect"
			}
			s.note(p, s.field(p, exchange.FieldContentType), "application/json has charset="+bare(charset)+", "+why)
		}
	},
}

var contentMultipartBoundaryMissing = &annotate.Rule{
	ID:       "content/multipart-boundary-missing",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a multipart body without a boundary",
	Refs:     []string{"RFC 2046 §5.1.1", "RFC 9110 §8.3.3"},
	Doc: "The boundary parameter marks where parts begin and end. Without it, the server can't separate the parts. " +
		"In form uploads it usually gets lost because a program sets Content-Type itself. Let the HTTP library write it.",
	Help:  "don't set Content-Type by hand for forms; let the library add the boundary",
	Bad:   []string{sending("POST", "Content-Type: multipart/form-data", "ok"), sending("POST", "Content-Type: multipart/form-data; boundary=\"\"", "ok")},
	Good:  []string{sending("POST", "Content-Type: multipart/form-data; boundary=b", "--b\\r\nContent-Type: text/plain\\r\n\\r\n\\r\n--b--\\r\n")},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifMultipart}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if _, ok := multipartBoundary(s); !ok && field.HasPrefixFold(s.m.Fields.Value(exchange.FieldContentType), "multipart/") && s.hasContent() {
				s.note(p, s.field(p, exchange.FieldContentType), "Content-Type is "+quoted(s.m.Fields.Value(exchange.FieldContentType))+", without a boundary")
			}
		}
	},
}

// multipartBoundary is the boundary of a multipart message; ok is false where
// there is none, or the message is no multipart.
func multipartBoundary(s contentSide) (boundary string, ok bool) {
	v := s.m.Fields.Value(exchange.FieldContentType)
	if !field.HasPrefixFold(v, "multipart/") {
		return "", false
	}
	boundary, _ = field.ParseMediaType(v).Param("boundary")
	return boundary, boundary != ""
}

var contentContentLanguageDuplicate = &annotate.Rule{
	ID:       "content/content-language-duplicate",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Language names a language twice",
	Refs:     []string{"RFC 9110 §8.5"},
	Doc:      "Naming a language twice has no effect. Usually two layers add the header.",
	Help:     "name each language once",
	Bad:      []string{answering("Content-Type: text/plain\nContent-Language: en, EN\nContent-Length: 2", "ok")},
	Good:     []string{answering("Content-Type: text/plain\nContent-Language: en, en-GB\nContent-Length: 2", "ok")},
	When:     annotate.When{EitherFields: []exchange.Name{exchange.FieldContentLanguage}},
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if !s.m.Fields.Has(exchange.FieldContentLanguage) {
				continue
			}
			v := s.m.Fields.Combined(exchange.FieldContentLanguage)
			if tag := duplicateElement(v); tag != "" {
				s.note(p, s.field(p, exchange.FieldContentLanguage), "Content-Language has "+quoted(tag)+" twice")
			}
		}
	},
}

// duplicateElement is the first element that a list has before, compared without case.
func duplicateElement(list string) string {
	count := 0
	for b := range field.List(list) {
		for a := range field.List(list) {
			if a.At >= b.At {
				break
			}
			if field.EqualFold(a.Text, b.Text) {
				return b.Text
			}
		}
		if count++; count == mostAttributes {
			break
		}
	}
	return ""
}

// locatesTarget reports whether Content-Location is the target URI itself.
func locatesTarget(x *exchange.Exchange) bool {
	u, err := field.ParseURI(x.Response.Fields.Value(exchange.FieldContentLocation))
	if err != nil {
		return false
	}
	target := targetURI(x)
	return u.Resolve(target).SameResource(target)
}

var contentContentLocationRedundant = &annotate.Rule{
	ID:       "content/content-location-redundant",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Location repeats the target URI",
	Refs:     []string{"RFC 9110 §8.7"},
	Doc: "On a successful GET or HEAD, Content-Location is for a more exact URI of the content, such as that of one language. " +
		"The URI of the request adds nothing.",
	Help: "remove Content-Location",
	Bad:  []string{answering("Content-Type: text/plain\nContent-Location: /v1/cart\nContent-Length: 2", "ok")},
	Good: []string{answering("Content-Type: text/plain\nContent-Location: /v1/cart.en\nContent-Length: 2", "ok"), strings.Replace(answering("Content-Type: text/plain\nContent-Location: /v1/cart\nContent-Length: 2", "ok"), "> GET /v1/cart HTTP/1.1\n", "> POST /v1/cart HTTP/1.1\n> Content-Length: 0\n", 1)},
	When: annotate.When{Class: []int{2}, Methods: []string{"GET", "HEAD"}, Fields: []exchange.Name{exchange.FieldContentLocation}},
	Check: func(p *annotate.Pass) {
		if locatesTarget(p.X) {
			p.Note(p.ResponseField(exchange.FieldContentLocation), "Content-Location repeats the URI of the request")
		}
	},
}

var contentDeleteContentLocationSelf = &annotate.Rule{
	ID:       "content/delete-content-location-self",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the response to DELETE claims to be what was deleted",
	Refs:     []string{"RFC 9110 §8.7", "RFC 9110 §9.3.5"},
	Doc:      "Content-Location says that the body is the resource at this URI. After DELETE there is none, but a cache may keep this body as the resource.",
	Help:     "remove Content-Location",
	Bad:      []string{"> DELETE /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n< Content-Location: /v1/cart\n<\n< {}\n"},
	Good:     []string{"> DELETE /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n< Content-Location: /v1/jobs/7\n<\n< {}\n"},
	When:     annotate.When{Status: []int{200}, Methods: []string{"DELETE"}, Fields: []exchange.Name{exchange.FieldContentLocation}},
	Needs:    annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		if p.X.Response.Content.Size > 0 && locatesTarget(p.X) {
			p.Note(p.ResponseField(exchange.FieldContentLocation), "Content-Location is the resource that was just deleted")
		}
	},
}
