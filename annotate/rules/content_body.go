package rules

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// contentBodyRules lists the rules that compare content with what describes it.
func contentBodyRules() []*annotate.Rule {
	return []*annotate.Rule{
		contentBodyInvalidURLEncoded,
		contentBodyInvalidXML,
		contentBodyXMLEntityDeclarations,
		contentCharsetMismatch,
		contentContentTypeMismatch,
		contentContentDigestMismatch,
		contentReprDigestMismatch,
		contentMultipartBareLF,
		contentMultipartBoundaryNotInBody,
		contentMultipartNotClosed,
	}
}

var contentBodyInvalidURLEncoded = &annotate.Rule{
	ID:       "content/body-invalid-urlencoded",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the body is labelled as a form but isn't one",
	Refs:     []string{"WHATWG URL §5.1", "WHATWG URL §5.2"},
	Doc: "A form is name=value pairs with percent-encoding. " +
		"This body is something else, often JSON: curl -d and some libraries send this Content-Type unless you set another. " +
		"The server reads one strange parameter, or none.",
	Help: "send Content-Type: application/json with JSON, or percent-encode the names and values of a form",
	Bad: []string{sending("POST", "Content-Type: application/x-www-form-urlencoded", `{"a":1}`), sending("POST", "Content-Type: application/x-www-form-urlencoded", "a=b c=d"),
		sending("POST", "Content-Type: application/x-www-form-urlencoded", "a=100%")},
	Good:  []string{sending("POST", "Content-Type: application/x-www-form-urlencoded", "a[]=b+c&d=%C3%A9%20\n")},
	When:  annotate.When{RequestFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifForm}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		s := sidesOf(p.X)[0]
		t, ok := s.mediaType()
		if !ok || !t.Is("application", "x-www-form-urlencoded") {
			return
		}
		b, ok := s.whole()
		b = bytes.TrimRight(b, "\r\n")
		if !ok || len(b) == 0 || exchange.IsRedacted(string(b)) {
			return
		}
		if (b[0] == '{' || b[0] == '[') && field.CheckJSON(b) == nil {
			p.Note(s.content(0, len(b)), "the body is JSON, but Content-Type says that it is a form")
			return
		}
		if i := badFormOctet(b); i >= 0 {
			p.Note(s.content(i, i+1), "the form has %s at byte %d that is not percent-encoded", formOctet(b[i]), i+1)
		}
	},
}

// badFormOctet is the first octet that a form cannot have there; -1 for none.
func badFormOctet(b []byte) int {
	for i, c := range b {
		switch {
		case c <= ' ', c > 0x7e, c == '"', c == '<', c == '>':
			return i
		case c == '%' && (i+2 >= len(b) || !isHexDigit(b[i+1]) || !isHexDigit(b[i+2])):
			return i
		}
	}
	return -1
}

func formOctet(c byte) string {
	if c == '%' {
		return "a percent sign"
	}
	return octetAt(c)
}

// wholeXML is the complete content of a message that is labelled XML, in a
// charset that can be judged.
func (s contentSide) wholeXML() (b []byte, ok bool) {
	if field.IndexFold(s.m.Fields.Value(exchange.FieldContentType), "xml") < 0 {
		return nil, false
	}
	t, ok := s.mediaType()
	if !ok || !isXML(t) {
		return nil, false
	}
	if charset, has := t.Param("charset"); has && !foldIn([]string{"utf-8", "us-ascii", "iso-8859-1"}, charset) {
		return nil, false
	}
	b, ok = s.whole()
	return b, ok && !isUTF16(b) && !hasNULs(b)
}

var contentBodyInvalidXML = &annotate.Rule{
	ID:       "content/body-invalid-xml",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the body is labelled XML but isn't well-formed",
	Refs:     []string{"XML 1.0 §2.1", "RFC 7303 §4.1"},
	Doc: "XML parsers stop at the first error and return nothing. " +
		"Often it is an error page with the wrong label, an unescaped ampersand, or a document that was cut off.",
	Help: "write XML with a library, and send other text with its own Content-Type",
	Bad:  []string{answering("Content-Type: application/xml", "<a><b></a>"), answering("Content-Type: text/xml", "<a>fish & chips</a>"), answering("Content-Type: application/atom+xml", "<feed>")},
	Good: []string{answering("Content-Type: application/xml", `<?xml version="1.0"?><a>fish &amp; chips</a>`), answering("Content-Type: application/xml", `<!DOCTYPE a SYSTEM "a.dtd"><a>&eacute;</a>`),
		answering("Content-Type: application/xml", `<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>`), answering("Content-Type: application/xml", `<?xml version="1.0" encoding="koi8-r"?><a>\xe9</a>`)},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifXML}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			b, ok := s.wholeXML()
			if !ok || field.IndexFold(b, "<!DOCTYPE") >= 0 {
				continue // entities may come from elsewhere
			}
			if at, what := xmlProblem(b); what != "" {
				s.note(p, s.content(at, min(at+1, len(b))), "the XML isn't well-formed: "+what+" near byte "+strconv.Itoa(at+1))
			}
		}
	},
}

// errCharset stops the parser at an encoding that is not judged.
var errCharset = errors.New("another encoding")

// xmlProblem says why content is no XML document; what is "" when it is one,
// or cannot be judged.
func xmlProblem(b []byte) (at int, what string) {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.CharsetReader = func(charset string, r io.Reader) (io.Reader, error) {
		if foldIn([]string{"iso-8859-1", "us-ascii", "latin1"}, charset) {
			return latin1{r}, nil
		}
		return nil, errCharset
	}
	roots, depth := 0, 0
	for {
		token, err := d.Token()
		at = min(int(d.InputOffset()), len(b))
		switch {
		case err == io.EOF && roots == 0:
			return at, "it has no element"
		case err == io.EOF:
			return 0, ""
		case err != nil:
			return xmlError(at, err)
		}
		switch token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth++; roots > 1 {
				return at, "it has a second root element"
			}
		case xml.EndElement:
			depth--
		}
	}
}

// xmlError returns the parser's words for a fault of the syntax; others, such as
// an encoding or version that it does not know, say nothing of the document.
func xmlError(at int, err error) (int, string) {
	var syntax *xml.SyntaxError
	if !errors.As(err, &syntax) {
		return 0, ""
	}
	return at, syntax.Msg
}

// latin1 reads ISO-8859-1 as UTF-8.
type latin1 struct{ r io.Reader }

func (l latin1) Read(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, io.ErrShortBuffer
	}
	raw := make([]byte, len(b)/2)
	n, err := l.r.Read(raw)
	out := b[:0]
	for _, c := range raw[:n] {
		out = utf8.AppendRune(out, rune(c))
	}
	return len(out), err
}

var contentBodyXMLEntityDeclarations = &annotate.Rule{
	ID:       "content/body-xml-entity-declarations",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the XML declares entities, which parsers should refuse",
	Refs:     []string{"RFC 7303 §10", "XML 1.0 §4.2"},
	Doc: "An external entity makes the parser read a file or send a request. Entities that contain entities can grow without limit. " +
		"Attackers use both against XML parsers, and most parsers refuse them. In a request, it may be an attack.",
	Help: "write the text itself instead of an entity",
	Bad: []string{sending("POST", "Content-Type: application/xml", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`),
		answering("Content-Type: text/xml", `<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><a>&z;</a>`)},
	Good:  []string{answering("Content-Type: text/xml", `<!DOCTYPE a [<!ENTITY x "y &amp; &#65;">]><a>&x;</a>`)},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifXML}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if field.IndexFold(s.m.Fields.Value(exchange.FieldContentType), "xml") < 0 {
				continue
			}
			if t, ok := s.mediaType(); !ok || !isXML(t) || !s.hasContent() {
				continue
			}
			b := s.m.DecodedContent().Bytes
			if start, end, what := riskyEntity(b); what != "" {
				s.note(p, s.content(start, end), "the document declares "+what)
			}
		}
	},
}

// riskyEntity finds a declaration of an entity that is external, or made of
// another entity.
func riskyEntity(b []byte) (start, end int, what string) {
	const mark = "<!ENTITY"
	for at := 0; ; at = end {
		i := bytes.Index(b[at:], []byte(mark))
		if i < 0 {
			return 0, 0, ""
		}
		start = at + i
		end = start + declarationLen(b[start:])
		words := strings.TrimPrefix(strings.TrimSpace(string(b[start+len(mark):end])), "% ")
		_, value, _ := strings.Cut(strings.TrimSpace(words), " ")
		value = strings.TrimSpace(value)
		switch {
		case strings.HasPrefix(value, "SYSTEM"), strings.HasPrefix(value, "PUBLIC"):
			return start, end, "an external entity"
		case refersToEntity(value):
			return start, end, "an entity that contains another"
		}
	}
}

// declarationLen is the length up to the ">" that ends a declaration.
func declarationLen(b []byte) int {
	var quote byte
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(b)
}

func refersToEntity(value string) bool {
	for {
		i := strings.IndexAny(value, "&%")
		if i < 0 {
			return false
		}
		name, rest, ok := strings.Cut(value[i+1:], ";")
		if !ok {
			return false
		}
		switch {
		case strings.HasPrefix(name, "#"), name == "amp", name == "lt", name == "gt", name == "quot", name == "apos":
		case field.IsToken(name):
			return true
		}
		value = rest
	}
}

var contentCharsetMismatch = &annotate.Rule{
	ID:       "content/charset-mismatch",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the body isn't in the charset that Content-Type names",
	Refs:     []string{"RFC 9110 §8.3.2", "RFC 9110 §8.3"},
	Doc: "Clients read the text in the charset that Content-Type names. If it is in another one, letters outside ASCII look wrong. " +
		"Usually the label is a default of the server, and the text comes from a file in another encoding.",
	Help: "write the text in UTF-8 and send charset=utf-8",
	Bad:  []string{answering("Content-Type: text/plain; charset=utf-8", `caf\xe9 au lait`), answering("Content-Type: text/plain; charset=us-ascii", `café`), answering("Content-Type: text/plain; charset=iso-8859-1", `café crème brûlée`)},
	Good: []string{answering("Content-Type: text/plain; charset=utf-8", `café`), answering("Content-Type: text/plain; charset=iso-8859-1", `caf\xe9`), answering("Content-Type: text/plain; charset=iso-8859-1", `café`),
		answering("Content-Type: text/plain", `caf\xe9`)},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifTypeParameter}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if strings.IndexByte(s.m.Fields.Value(exchange.FieldContentType), ';') < 0 || s.m.Content.Decoded {
				continue
			}
			t, ok := s.mediaType()
			if !ok || !field.EqualFold(t.Type, "text") && !isXML(t) || t.IsJSON() {
				continue
			}
			charset, ok := t.Param("charset")
			if !ok || !s.hasContent() || s.isPart() {
				continue
			}
			if at, what := charsetProblem(s.m.DecodedContent().Bytes, charset); what != "" {
				s.note(p, s.content(at, at+1), "Content-Type says charset="+bare(charset)+", and "+what)
			}
		}
	},
}

// charsetProblem finds certain evidence that text is not in a charset.
func charsetProblem(b []byte, charset string) (at int, what string) {
	isUTF8 := field.EqualFold(charset, "utf-8")
	switch {
	case len(b) == 0:
		return 0, ""
	case isUTF16(b) && !field.HasPrefixFold(charset, "utf-16") && !field.HasPrefixFold(charset, "utf-32"):
		return 0, "the body begins with the byte order mark of UTF-16"
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) && !isUTF8:
		return 0, "the body begins with the byte order mark of UTF-8"
	}
	sequences, invalid := multiByte(b)
	switch {
	case isUTF8 && invalid >= 0:
		return invalid, "byte " + strconv.Itoa(invalid+1) + " isn't valid UTF-8"
	case field.EqualFold(charset, "us-ascii"):
		for i, c := range b {
			if c >= 0x80 {
				return i, "byte " + strconv.Itoa(i+1) + " is outside ASCII"
			}
		}
	case (field.EqualFold(charset, "iso-8859-1") || field.EqualFold(charset, "windows-1252")) && invalid < 0 && sequences >= 3:
		return 0, "the body is UTF-8"
	}
	return 0, ""
}

// multiByte counts the characters of more than one octet, and finds the first
// octet that isn't part of a character; -1 for none. A character cut at the end is none.
func multiByte(b []byte) (sequences, invalid int) {
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			if !utf8.FullRune(b[i:]) {
				return sequences, -1
			}
			return sequences, i
		}
		sequences++
		i += n
	}
	return sequences, -1
}

var contentContentTypeMismatch = &annotate.Rule{
	ID:       "content/content-type-mismatch",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the body is of another type than Content-Type says",
	Refs:     []string{"RFC 9110 §8.3"},
	Doc:      "The body starts like one format, but Content-Type names another. Clients that rely on Content-Type fail. Browsers with nosniff refuse it.",
	Help:     "send the Content-Type that fits the body",
	Bad: []string{answering("Content-Type: text/html", `\x89PNG\x0d\x0a\x1a\x0aabc`), answering("Content-Type: image/png", `%PDF-1.7 abc`),
		answering("Content-Type: text/plain", `OTTO\x00\x0b\x00\x80\x00`), answering("Content-Type: text/plain", `GIF89a\x01\x00\x01`),
		answering("Content-Type: image/png", `{"error":"no such image"}`), answering("Content-Type: font/woff2", "<!DOCTYPE html><title>x</title>")},
	Good: []string{answering("Content-Type: image/jpeg", `\x89PNG\x0d\x0a\x1a\x0aabc`), answering("Content-Type: application/octet-stream", `%PDF-1.7 abc`), answering("Content-Type: application/epub+zip", `PK\x03\x04abcdef`),
		answering("Content-Type: application/pdf", `%PDF-1.7 abc`), answering("Content-Type: image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"), answering("Content-Type: font/otf", `OTTO\x00\x0b\x00\x80\x00`)},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if !s.m.Fields.Has(exchange.FieldContentType) || !s.hasContent() {
				continue
			}
			d := s.m.DecodedContent()
			if d.Err != nil || len(d.Bytes) < 8 {
				continue
			}
			isText := d.Bytes[0] == '{' || d.Bytes[0] == '<' || d.Bytes[0] == '['
			if v := s.m.Fields.Value(exchange.FieldContentType); isText && (strings.HasPrefix(v, "application/json") || strings.HasPrefix(v, "text/")) {
				continue // the usual cases
			}
			t, ok := s.mediaType()
			if !ok || s.isPart() || isUnspecific(t) {
				continue
			}
			if isText {
				if what := textInstead(t, d.Bytes); what != "" {
					s.note(p, s.field(p, exchange.FieldContentType), "the body is "+what+", but Content-Type says "+quoted(t.Name()))
				}
				continue
			}
			for i := range signatures {
				if g := &signatures[i]; bytes.HasPrefix(d.Bytes, []byte(g.prefix)) {
					if !g.fits(t) {
						s.note(p, s.field(p, exchange.FieldContentType), "the body starts as "+g.name+" does, but Content-Type says "+quoted(t.Name()))
					}
					break
				}
			}
		}
	},
}

// textInstead says what text stands where an image or the like of a binary
// format should be: mostly a page or an error that was sent under the type of the
// file; "" where the type may be text.
func textInstead(t field.MediaType, b []byte) string {
	binary := field.EqualFold(t.Type, "font") || field.EqualFold(t.Type, "audio") || field.EqualFold(t.Type, "video") ||
		field.EqualFold(t.Type, "image") && foldIn([]string{"png", "jpeg", "jpg", "gif", "webp", "avif", "x-icon", "vnd.microsoft.icon", "bmp", "tiff"}, t.Subtype)
	switch {
	case !binary && !t.Is("application", "pdf") && !t.Is("application", "zip") && !t.Is("application", "wasm"):
		return ""
	case b[0] == '<' && field.IndexFold(b[:min(len(b), 256)], "<svg") >= 0:
		return "an SVG image"
	case b[0] == '<' && (field.IndexFold(b[:min(len(b), 256)], "<html") >= 0 || field.IndexFold(b[:min(len(b), 256)], "<!doctype") >= 0):
		return "an HTML page"
	case b[0] == '<' && bytes.HasPrefix(b, []byte("<?xml")):
		return "XML"
	case b[0] != '<' && field.CheckJSON(b) == nil:
		return "JSON"
	}
	return ""
}

// isUnspecific reports whether a type says nothing of the first octets.
func isUnspecific(t field.MediaType) bool {
	return field.EqualFold(t.Subtype, "octet-stream") || field.EqualFold(t.Subtype, "x-download") || field.EqualFold(t.Subtype, "force-download") || field.EqualFold(t.Type, "multipart")
}

// A signature is how the files of one format begin, and types that such content
// can have: whole ones, or those of which a part of the name is given.
type signature struct {
	prefix, name, typ string // typ "" fits no type as a whole
	parts             []string
}

func (g *signature) fits(t field.MediaType) bool {
	if g.typ != "" && field.EqualFold(t.Type, g.typ) {
		return true
	}
	for _, part := range g.parts {
		if field.IndexFold(t.Subtype, part) >= 0 {
			return true
		}
	}
	return false
}

// signatures lists formats whose first octets nothing else begins with.
// Families that share theirs, such as ZIP, fit only types that are certainly none.
var signatures = [...]signature{
	{"\x89PNG\r\n\x1a\n", "a PNG image", "image", nil},
	{"\xff\xd8\xff", "a JPEG image", "image", nil},
	{"GIF87a", "a GIF image", "image", nil},
	{"GIF89a", "a GIF image", "image", nil},
	{"%PDF-", "a PDF document", "", []string{"pdf", "illustrator", "postscript"}},
	{"\x00\x01\x00\x00\x00", "a TrueType font", "font", []string{"font", "ttf", "sfnt"}},
	{"OTTO", "an OpenType font", "font", []string{"font", "otf", "sfnt"}},
	{"wOFF", "a WOFF font", "font", []string{"font", "woff"}},
	{"wOF2", "a WOFF2 font", "font", []string{"font", "woff"}},
	{"\x00asm", "a WebAssembly module", "", []string{"wasm"}},
	{"fLaC", "FLAC sound", "audio", []string{"flac", "ogg"}},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive", "", []string{"7z", "compressed"}},
	{"BZh91AY", "bzip2 data", "", []string{"bz", "tar", "compress"}},
	{"\xfd7zXZ\x00", "xz data", "", []string{"xz", "tar", "compress"}},
	{"\x1a\x45\xdf\xa3", "a Matroska or WebM file", "video", []string{"webm", "matroska"}},
}

// digestExample is SHA-256 of the two octets "{}".
const digestExample = "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"

var contentContentDigestMismatch = &annotate.Rule{
	ID:       "content/content-digest-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Digest doesn't match the body",
	Refs:     []string{"RFC 9530 §2"},
	Doc: "Content-Digest is a hash of the body as sent, after compression. A client that checks it refuses the message. " +
		"Either something changed the body on the way, or the hash is of something else, such as the body before compression.",
	Help:  "hash the body as you send it, after compression",
	Bad:   []string{answering("Content-Type: application/json\nContent-Digest: "+digestExample, `{"a":1}`)},
	Good:  []string{answering("Content-Type: application/json\nContent-Digest: "+digestExample, `{}`), answering("Content-Type: application/json\nContent-Digest: md5=:AAAA:", `{}`)},
	When:  annotate.When{If: []*annotate.Condition{ifDigest}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if s.hasContent() && p.X.Changed == 0 {
				noteDigest(p, s, exchange.FieldContentDigest)
			}
		}
	},
}

var contentReprDigestMismatch = &annotate.Rule{
	ID:       "content/repr-digest-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Repr-Digest doesn't match the content",
	Refs:     []string{"RFC 9530 §3", "RFC 9530 §3.1"},
	Doc:      "Repr-Digest is a hash of the whole content, after compression. On a 200 to GET, that is the body itself. A client that checks it refuses the body.",
	Help:     "hash the whole content as you send it, after compression",
	Bad:      []string{answering("Content-Type: application/json\nRepr-Digest: "+digestExample, `{"a":1}`)},
	Good:     []string{answering("Content-Type: application/json\nRepr-Digest: "+digestExample, `{}`), strings.Replace(answering("Content-Type: application/json\nRepr-Digest: "+digestExample, `{"a":1}`), "> GET /v1/cart HTTP/1.1\n", "> POST /v1/cart HTTP/1.1\n> Content-Length: 0\n", 1)},
	When:     annotate.When{If: []*annotate.Condition{ifDigest}},
	Needs:    annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			if !s.m.Fields.Has(exchange.FieldReprDigest) && !s.m.Trailers.Has(exchange.FieldReprDigest) || !s.hasContent() || s.isPart() || p.X.Changed != 0 {
				continue
			}
			method := p.X.Request.Method
			if s.in == exchange.InResponse && p.X.Response.Status == 200 && method == "GET" ||
				s.in == exchange.InRequest && (method == "PUT" || method == "POST" || method == "PATCH") {
				noteDigest(p, s, exchange.FieldReprDigest)
			}
		}
	},
}

// noteDigest compares the digests of a field with the content as it was sent.
func noteDigest(p *annotate.Pass, s contentSide, n exchange.Name) {
	if !s.m.Content.Whole() || s.m.Content.Decoded || int64(len(s.m.Content.Kept)) != s.m.Content.Size {
		return
	}
	for part, section := range [...]*exchange.Fields{&s.m.Fields, &s.m.Trailers} {
		for i, l := range section.Each(n) {
			d, err := field.ParseStructured(l.Value, field.StructuredDictionary)
			if err != nil {
				continue
			}
			for m := range d.Members() {
				if m.Type != field.ByteSequence || digestFits(m, s.m.Content.Kept) {
					continue
				}
				at := exchange.Place{Message: s.in, Part: exchange.PartField, Field: n.String(), Line: i, Start: m.At, End: m.End()}
				if part == 1 {
					at.Part = exchange.PartTrailer
				}
				s.note(p, at, "the "+m.Key+" in "+n.String()+" doesn't match the "+octets(len(s.m.Content.Kept))+" that came")
			}
		}
	}
}

// digestFits reports whether a digest is that of content; one by another
// algorithm always does.
func digestFits(m field.Member, content []byte) bool {
	switch m.Key {
	case "sha-256":
		sum := sha256.Sum256(content)
		return m.Content() == string(sum[:])
	case "sha-512":
		sum := sha512.Sum512(content)
		return m.Content() == string(sum[:])
	}
	return true
}

// multipartExample is an example: an upload with this content.
func multipartExample(content string) string {
	return sending("POST", "Content-Type: multipart/form-data; boundary=b", content)
}

// wholeMultipart is the complete content of a multipart message that is not
// read as a stream, with its boundary.
func wholeMultipart(s contentSide) (b []byte, boundary string, ok bool) {
	boundary, ok = multipartBoundary(s)
	if !ok {
		return nil, "", false
	}
	if t := field.ParseMediaType(s.m.Fields.Value(exchange.FieldContentType)); t.Is("multipart", "x-mixed-replace") {
		return nil, "", false
	}
	d := s.m.DecodedContent()
	return d.Bytes, boundary, s.hasContent() && s.m.Content.Whole() && d.Whole() && !s.m.Fields.Has(exchange.FieldContentRange)
}

var contentMultipartBareLF = &annotate.Rule{
	ID:       "content/multipart-bare-lf",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "lines of a multipart body end in LF alone",
	Refs:     []string{"RFC 9110 §8.3.3", "RFC 2046 §5.1.1"},
	Doc: "Boundary lines and the headers of parts must end in CR LF. Otherwise strict servers find no parts. " +
		"Usually a program built the body by hand from text with line breaks.",
	Help:  "end these lines with \"\\r\\n\", or let a library write the form",
	Bad:   []string{multipartExample("--b\nContent-Disposition: form-data; name=a\n\nx\n--b--\n")},
	Good:  []string{multipartExample("--b\\r\nContent-Disposition: form-data; name=a\\r\n\\r\nx\ny\\r\n--b--\\r\n")},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifMultipart}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			// Parts of a range are not looked at: clients split them tolerantly.
			if b, boundary, ok := wholeMultipart(s); ok && !s.isPart() {
				if at := field.BareLFInHeads(b, boundary); at >= 0 {
					s.note(p, s.content(at, at+1), "a line of the multipart structure ends in LF alone at byte "+strconv.Itoa(at+1))
				}
			}
		}
	},
}

var contentMultipartBoundaryNotInBody = &annotate.Rule{
	ID:       "content/multipart-boundary-not-in-body",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the boundary isn't in the body",
	Refs:     []string{"RFC 2046 §5.1.1"},
	Doc: "No line of the body starts with -- and the boundary of Content-Type, so servers find no part. " +
		"Usually the program set Content-Type by hand, with another boundary than the library used, or the body isn't multipart at all.",
	Help:  "let the library that writes the body also write Content-Type",
	Bad:   []string{multipartExample("--c\\r\nContent-Disposition: form-data; name=a\\r\n\\r\nx\\r\n--c--\\r\n")},
	Good:  []string{multipartExample("preamble\\r\n--b\\r\nContent-Disposition: form-data; name=a\\r\n\\r\nx\\r\n--b--\\r\n")},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifMultipart}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			b, boundary, ok := wholeMultipart(s)
			if !ok {
				continue
			}
			if found, _ := delimitersIn(b, boundary); !found {
				s.note(p, s.field(p, exchange.FieldContentType), "no line of the body is the boundary "+quoted(boundary))
			}
		}
	},
}

// delimitersIn reports whether content has a boundary line, and one that ends it.
func delimitersIn(b []byte, boundary string) (found, closed bool) {
	for d := range field.Delimiters(b, boundary) {
		found = true
		closed = closed || d.Closing
	}
	return found, closed
}

var contentMultipartNotClosed = &annotate.Rule{
	ID:       "content/multipart-not-closed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "multipart content has no end",
	Refs:     []string{"RFC 2046 §5.1.1"},
	Doc:      "The last boundary line ends with two more hyphens. Without it, a server can't know whether the last part is complete. Strict servers refuse the body.",
	Help:     `end the body with "--", the boundary, and "--"`,
	Bad:      []string{multipartExample("--b\\r\nContent-Disposition: form-data; name=a\\r\n\\r\nx\\r\n")},
	Good:     []string{multipartExample("--b\\r\nContent-Disposition: form-data; name=a\\r\n\\r\nx\\r\n--b--")},
	When:     annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifMultipart}},
	Needs:    annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			b, boundary, ok := wholeMultipart(s)
			if !ok {
				continue
			}
			if found, closed := delimitersIn(b, boundary); found && !closed {
				s.note(p, s.content(len(b), len(b)), "the multipart body lacks its last line, --"+bare(boundary)+"--")
			}
		}
	},
}
