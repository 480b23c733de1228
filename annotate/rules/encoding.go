package rules

import (
	"slices"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// encodingRules lists the rules on codings, and on fields whose values are
// structured.
func encodingRules() []*annotate.Rule {
	return slices.Concat([]*annotate.Rule{
		encodingContentCodingUnregistered,
		encodingContentEncodingNotAccepted,
		encodingStructuredFieldWrongType,
		encodingStructuredFieldOutOfRange,
	}, encodingDictionaryRules(), encodingContentRules())
}

// codingKind is what is known of a content coding.
type codingKind uint8

const (
	unknownCoding codingKind = iota
	registeredCoding
	privateCoding // known from practice
	noCoding      // identity
)

// contentCoding looks a coding up in IANA's registry (RFC 9110 §16.6.1).
func contentCoding(s string) codingKind {
	for _, c := range [...]string{
		"gzip", "br", "zstd", "deflate", "compress", "x-gzip", "x-compress", "dcb", "dcz", "aes128gcm", "exi", "pack200-gzip",
	} {
		if field.EqualFold(s, c) {
			return registeredCoding
		}
	}
	switch {
	case field.EqualFold(s, "identity"):
		return noCoding
	case field.EqualFold(s, "aws-chunked"), field.EqualFold(s, "amz-1.0"), field.EqualFold(s, "sdch"), field.EqualFold(s, "aesgcm"), field.EqualFold(s, "snappy"):
		return privateCoding
	}
	return unknownCoding
}

var encodingContentCodingUnregistered = &annotate.Rule{
	ID:       "encoding/content-coding-unregistered",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Encoding has an unknown coding",
	Refs:     []string{"RFC 9110 §8.4", "RFC 9110 §8.4.1"},
	Doc: "Content-Encoding says how the body is compressed: gzip, br, zstd. Clients that don't know a coding can't use the body. " +
		"A charset belongs in Content-Type, and the encodings of mail have no place in HTTP. identity means not compressed: leave the header out instead.",
	Help: "remove Content-Encoding if the body isn't compressed; put a charset in Content-Type",
	Bad: []string{
		answered("Content-Encoding: utf-8"),
		answered("Content-Encoding: identity"),
		asPost("Content-Encoding: base64"),
		"# which nobody can ask for\n" + askedAndAnswered([]string{"Accept-Encoding: gzip"}, "Content-Encoding: none", "Vary: Accept-Encoding"),
	},
	Good: []string{
		answered("Vary: Accept-Encoding"),
		asPost("Content-Encoding: aws-chunked"),
	},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldContentEncoding}},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			for i, l := range s.Fields.Each(exchange.FieldContentEncoding) {
				for c := range field.List(l.Value) {
					what := ""
					switch contentCoding(c.Text) {
					case noCoding:
						what = ", which means not compressed and should not be sent"
					case unknownCoding:
						what = ", which isn't a content coding"
						if why := whyNoCoding(c.Text); why != "" {
							what += ": " + why
						}
					default:
						continue
					}
					p.Report(annotate.Note{Place: s.place(p, i, c.At, c.End()), Blame: s.blame(), Message: "Content-Encoding has " + quoted(c.Text) + what})
				}
			}
		}
	},
}

// whyNoCoding says what a word in Content-Encoding was mistaken for.
func whyNoCoding(s string) string {
	switch {
	case field.HasPrefixFold(s, "utf"), field.HasPrefixFold(s, "iso-8859"), field.HasPrefixFold(s, "windows-"), field.HasPrefixFold(s, "us-ascii"):
		return "it is a character set, which belongs in Content-Type"
	case field.EqualFold(s, "base64"), field.EqualFold(s, "7bit"), field.EqualFold(s, "8bit"), field.EqualFold(s, "binary"), field.EqualFold(s, "quoted-printable"):
		return "it is a coding of mail"
	case field.EqualFold(s, "chunked"):
		return "it is a transfer coding, which belongs in Transfer-Encoding"
	case field.EqualFold(s, "none"), field.EqualFold(s, "null"):
		return "remove the header if the body isn't compressed"
	}
	return ""
}

// codingWeight is the weight, in thousandths, that Accept-Encoding has for a
// content coding (RFC 9110 §12.5.3); 0 for one that it does not accept.
func codingWeight(f *exchange.Fields, coding string) int {
	weight, star := -1, 0
	for _, l := range f.Each(exchange.FieldAcceptEncoding) {
		for e := range field.List(l.Value) {
			head := field.Head(e.Text).Text
			switch {
			case sameCoding(head, coding):
				weight = max(weight, weightOf(e.Text))
			case head == "*":
				star = weightOf(e.Text)
			}
		}
	}
	if weight < 0 {
		return star
	}
	return weight
}

// sameCoding compares codings, of which two have an old name (RFC 9110 §8.4.1).
func sameCoding(a, b string) bool {
	return field.EqualFold(plainCoding(a), plainCoding(b))
}

func plainCoding(s string) string {
	switch {
	case field.EqualFold(s, "x-gzip"):
		return "gzip"
	case field.EqualFold(s, "x-compress"):
		return "compress"
	}
	return s
}

// weightOf is the weight of a list element; 1000 where there is none or it
// cannot be read.
func weightOf(element string) int {
	for q := range field.Params(element) {
		if field.EqualFold(q.Name, "q") {
			if w, ok := field.Weight(q.Value); ok {
				return w
			}
		}
	}
	return 1000
}

var encodingContentEncodingNotAccepted = &annotate.Rule{
	ID:       "encoding/content-encoding-not-accepted",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the client doesn't accept the coding of the body",
	Refs:     []string{"RFC 9110 §12.5.3"},
	Doc: "Accept-Encoding lists the codings that the client can decode. The body has another one, so the client sees binary data. " +
		"Usually a cache keeps one compressed copy for all clients, because Vary: Accept-Encoding is missing. " +
		"Or the server sends precompressed files without checking the request.",
	Help: "choose the coding from Accept-Encoding, and send Vary: Accept-Encoding",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Accept-Encoding: gzip, br;q=0
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Encoding: br
< Content-Length: 6
< Vary: Accept-Encoding
<
< \x8b\x00\x80ok\x03
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Accept-Encoding:
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Encoding: br
< Content-Length: 6
< Vary: Accept-Encoding
<
< \x8b\x00\x80ok\x03
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Accept-Encoding: gzip, *;q=0.1
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Encoding: br
< Content-Length: 6
< Vary: Accept-Encoding
<
< \x8b\x00\x80ok\x03
`, `# it may have any
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Encoding: br
< Content-Length: 6
< Vary: Accept-Encoding
<
< \x8b\x00\x80ok\x03
`, `# stored as it is
> GET /shop.tar.br HTTP/1.1
> Host: shop.test
> Accept-Encoding: gzip
>
< HTTP/1.1 200 OK
< Content-Type: application/x-tar
< Content-Encoding: br
< Content-Length: 6
<
< \x8b\x00\x80ok\x03
`},
	When: annotate.When{
		Fields: []exchange.Name{exchange.FieldContentEncoding}, RequestFields: []exchange.Name{exchange.FieldAcceptEncoding},
	},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		x := p.X
		if !x.MayHaveContent() || x.Response.Status == 415 || x.Response.Content.Size == 0 || isStoredCoded(x) {
			return
		}
		for i, l := range x.Response.Fields.Each(exchange.FieldContentEncoding) {
			for c := range field.List(l.Value) {
				if kind := contentCoding(c.Text); kind == noCoding || kind == unknownCoding || codingWeight(&x.Request.Fields, c.Text) > 0 {
					continue // encoding/content-coding-unregistered is about what is no coding
				}
				p.Note(annotate.Span(p.ResponseLine(i), c.At, c.End()), "the body is in %s, but the request has Accept-Encoding: %s",
					bare(c.Text), bare(x.Request.Fields.Combined(exchange.FieldAcceptEncoding)))
				return
			}
		}
	},
}

// isStoredCoded reports whether a representation is an archive or the like,
// whose coding belongs to it and was not chosen for the request.
func isStoredCoded(x *exchange.Exchange) bool {
	t := mediaTypeOf(&x.Response.Fields)
	if field.IndexFold(t.Subtype, "tar") >= 0 || field.IndexFold(t.Subtype, "zip") >= 0 || field.IndexFold(t.Subtype, "compress") >= 0 || t.Is("application", "octet-stream") {
		return true
	}
	path := x.Path()
	for _, suffix := range [...]string{".gz", ".tgz", ".br", ".zst", ".svgz", ".z"} {
		if n := len(path) - len(suffix); n >= 0 && field.EqualFold(path[n:], suffix) {
			return true
		}
	}
	return false
}

var encodingStructuredFieldWrongType = &annotate.Rule{
	ID:       "encoding/structured-field-wrong-type",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a structured field has a value of the wrong type",
	Refs:     []string{"RFC 9651 §2.2"},
	Doc: "The value is a valid structured field, but has another type than the header defines: a word instead of a quoted string, or a boolean instead of a date. " +
		"Clients then ignore the whole header. " +
		"Strings are in double quotes, booleans are ?1 and ?0, dates are @ and seconds, and bytes are base64 between colons.",
	Help: "write the value in its type: \"string\", token, ?1, @1767225600, :base64:",
	Bad: []string{
		`# also deprecated/deprecation-missing-link
` + answered("Deprecation: true"),
		overTLS(answered(`Accept-CH: "Sec-CH-UA-Model"`)),
		answered("Reporting-Endpoints: a=\"https://shop.test/r\"", "Cache-Groups: orders"),
		answered("Reporting-Endpoints: a=b"), answered("Accept-Query: application/sql, 1"),
		overTLS(asked("Sec-CH-UA-Mobile: 1")),
	},
	Good: []string{
		answered("Deprecation: @1767225600", `Link: </docs/v2>; rel="deprecation"`),
		overTLS(asked("Sec-CH-UA-Mobile: ?1")),
		answered(`Cache-Groups: "orders";shop=1`),
		overTLS(answered("Cross-Origin-Opener-Policy: same-origin; report-to=\"a\"; shop=1", "Reporting-Endpoints: a=\"https://shop.test/r\"")),
	},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			if !s.Fields.HasAny(&structuredNames) {
				continue
			}
			for i, l := range s.Fields.All() {
				noteWrongType(p, s, i, l)
			}
		}
	},
}

func noteWrongType(p *annotate.Pass, s messageSide, i int, l *exchange.Line) {
	f := structuredFieldOf(l.Known)
	if f == nil || exchange.IsRedacted(l.Value) {
		return
	}
	v, err := field.ParseStructured(l.Value, f.kind)
	if err != nil {
		return // syntax/structured-field-invalid is about that
	}
	b, what, want := f.wrongType(v)
	if want == 0 {
		return
	}
	got := article(b.Type)
	if b.Text != "" {
		got = bare(b.Text) + ", " + got
	}
	p.Report(annotate.Note{
		Place: s.place(p, i, b.At, b.End()), Blame: s.blame(),
		Message: l.Name + ": " + what + " is " + got + "; it must be " + want.String(),
	})
}

var encodingStructuredFieldOutOfRange = &annotate.Rule{
	ID:       "encoding/structured-field-out-of-range",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a structured header has a value that it doesn't define",
	Refs:     []string{"RFC 9218 §4.1", "RFC 9530 §4", "RFC 10008 §3"},
	Doc: "The value has the right type, but isn't one that the header defines. " +
		"The urgency in Priority is 0 to 7, a preference in Want-Content-Digest is 0 to 10, and Accept-Query lists media types. " +
		"Receivers ignore the value and use the default.",
	Help: "send a value that the header defines",
	Bad:  []string{asked("Priority: u=9"), answered("Want-Content-Digest: sha-256=11"), answered(`Accept-Query: "text"`)},
	Good: []string{asked("Priority: u=7, i"), answered("Want-Content-Digest: sha-256=10, sha-512=0"), answered(`Accept-Query: "application/sql"`)},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldPriority, exchange.FieldWantContentDigest, exchange.FieldWantReprDigest, exchange.FieldWantUnencodedDigest, exchange.FieldAcceptQuery}},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			for i, l := range s.Fields.Each(exchange.FieldAcceptQuery) {
				if err := field.CheckMediaRanges(l.Value); err != nil {
					p.Report(annotate.Note{Place: s.place(p, i, err.At, len(l.Value)), Blame: s.blame(), Message: l.Name + " is " + bare(l.Value) + ": " + err.Error()})
				}
			}
			for _, n := range [...]exchange.Name{exchange.FieldPriority, exchange.FieldWantContentDigest, exchange.FieldWantReprDigest, exchange.FieldWantUnencodedDigest} {
				for i, l := range s.Fields.Each(n) {
					noteOutOfRange(p, s, i, l)
				}
			}
		}
	},
}

// noteOutOfRange judges the numbers of Priority and of the preferences for digests.
func noteOutOfRange(p *annotate.Pass, s messageSide, i int, l *exchange.Line) {
	most := int64(10)
	if l.Known == exchange.FieldPriority {
		most = 7
	}
	v, err := field.ParseStructured(l.Value, field.StructuredDictionary)
	if err != nil {
		return
	}
	for m := range v.Members() {
		if m.Type != field.Integer || m.Number >= 0 && m.Number <= most || l.Known == exchange.FieldPriority && m.Key != "u" {
			continue
		}
		p.Report(annotate.Note{Place: s.place(p, i, m.KeyAt, m.End()), Blame: s.blame(),
			Message: l.Name + " has " + bare(l.Value[m.KeyAt:m.End()]) + "; it must be from 0 to " + strconv.FormatInt(most, 10)})
	}
}

// listedCodings are the codings of a field, joined for messages.
func listedCodings(f *exchange.Fields, n exchange.Name) string {
	return bare(strings.ToLower(f.Combined(n)))
}
