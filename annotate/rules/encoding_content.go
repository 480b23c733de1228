package rules

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// encodingContentRules lists the rules on whether content is in the coding
// that its message names.
func encodingContentRules() []*annotate.Rule {
	return []*annotate.Rule{
		encodingBodyDoubleEncoded,
		encodingContentEncodingUndecodable,
		encodingContentLengthOfUncompressed,
		encodingDecompressionBomb,
		encodingTransferCodingUndecodable,
	}
}

var encodingBodyDoubleEncoded = &annotate.Rule{
	ID:       "encoding/body-double-encoded",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the body is compressed more than once",
	Refs:     []string{"RFC 9110 §8.4"},
	Doc: "After decoding all codings in Content-Encoding, there should be text, but there is still compressed data. Clients show binary data or can't parse it. " +
		"Either both the application and a proxy compress, or the server sends precompressed files without the header.",
	Help: "compress in one place only, and list each coding in Content-Encoding",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Encoding: gzip
< Content-Length: 52
<
< \x1f\x8b\x08\x00\x00\x09n\x88\x00\xff\x00\x1b\x00\xe4\xff\x1f\x8b\x08\x00\x00\x09n\x88\x00\xff\x00\x02\x00\xfd\xff{}\x03\x00C\xbf\xa6\xa3\x02\x00\x00\x00\x03\x005\xb5'8\x1b\x00\x00\x00
`, `> GET /app.css HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/css
< Content-Length: 5
<
< \x28\xb5\x2f\xfd\x00
`},
	Good: []string{`> GET /backup.sql.gz HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Length: 3
<
< \x1f\x8b\x08
`, `> GET /backup HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Disposition: attachment; filename="backup.sql.gz"
< Content-Length: 3
<
< \x1f\x8b\x08
`, `> GET /backup HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/gzip
< Content-Length: 3
<
< \x1f\x8b\x08
`},
	When:       annotate.When{Fields: []exchange.Name{exchange.FieldContentType}},
	Needs:      annotate.NeedsContent,
	Suppresses: []string{"content/body-invalid-json", "content/json-not-utf8", "content/content-type-mismatch"},
	Check: func(p *annotate.Pass) {
		x := p.X
		d := x.Response.DecodedContent()
		if !isCompressed(d.Bytes) { // of all questions the one that is answered soonest
			return
		}
		if x.Response.Content.Size == 0 || x.Response.Status == 206 || !x.MayHaveContent() || !isTextType(mediaTypeOf(&x.Response.Fields)) {
			return
		}
		if d.Err != nil || isStoredCoded(x) || field.IndexFold(x.Response.Fields.Value(exchange.FieldContentDisposition), "z") >= 0 {
			return
		}
		coding, named := "gzip", "no Content-Encoding"
		if d.Bytes[0] != 0x1f {
			coding = "zstd"
		}
		if x.Response.Fields.Has(exchange.FieldContentEncoding) {
			named = "Content-Encoding: " + listedCodings(&x.Response.Fields, exchange.FieldContentEncoding)
		}
		p.Note(annotate.ResponseContent(0, min(4, len(d.Bytes))), "the body is labelled %s with %s, and is %s underneath",
			bare(mediaTypeOf(&x.Response.Fields).Name()), named, coding)
	},
}

// isTextType reports whether content of a type never begins like compressed data.
func isTextType(t field.MediaType) bool {
	return field.EqualFold(t.Type, "text") || isData(t) || isScriptType(t) || t.Is("application", "wasm")
}

// encodingContentEncodingUndecodable judges requests. That the content of a
// response cannot be decoded is a failure of the exchange, and so
// failure/content-undecodable says it.
var encodingContentEncodingUndecodable = &annotate.Rule{
	ID:       "encoding/content-encoding-undecodable",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "the request body isn't compressed as Content-Encoding says",
	Refs:     []string{"RFC 9110 §8.4", "RFC 9110 §8.4.1"},
	Doc: "Content-Encoding says how the body is compressed, but it can't be decoded that way. It wasn't compressed, was cut off, or was changed later. " +
		"The server answers 400, or doesn't notice and stores garbage.",
	Help: "compress the body as the header says, or remove Content-Encoding",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: text/plain
> Content-Encoding: gzip
> Content-Length: 5
>
> hello
< HTTP/1.1 204 No Content
<
`},
	Good: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Encoding: gzip
> Content-Length: 27
>
> \x1f\x8b\x08\x00\x00\x09n\x88\x00\xff\x00\x02\x00\xfd\xff{}\x03\x00C\xbf\xa6\xa3\x02\x00\x00\x00
< HTTP/1.1 204 No Content
<
`, `# only the beginning was kept
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: text/plain
> Content-Encoding: gzip
> Content-Length: 99
>
> \x1f\x8b\x08\x00\x00\x09n\x88
< HTTP/1.1 204 No Content
<
* content request size=99 truncated
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: text/plain
> Content-Encoding: aws-chunked
> Content-Length: 5
>
> hello
< HTTP/1.1 204 No Content
<
`},
	When:  annotate.When{RequestFields: []exchange.Name{exchange.FieldContentEncoding}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		m := &p.X.Request.Message
		if !m.Content.Whole() || len(m.Content.Kept) == 0 || m.Fields.Has(exchange.FieldContentRange) {
			return
		}
		if d := m.DecodedContent(); d.Err != nil && !d.UnknownCoding() {
			p.Note(p.RequestField(exchange.FieldContentEncoding), "the body is labelled %s but can't be decoded: %s", bare(d.Coding), d.Why())
		}
	},
}

var encodingContentLengthOfUncompressed = &annotate.Rule{
	ID:       "encoding/content-length-of-uncompressed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Length counts the bytes before compression",
	Refs:     []string{"RFC 9110 §8.6"},
	Doc: "Content-Length is the number of bytes that are sent, after compression. Here it is the length before compression. " +
		"Clients wait for bytes that never arrive, or think that the response was cut off. A middleware that compresses must remove or correct the header.",
	Help: "let the layer that compresses remove Content-Length, or set it to the compressed length",
	Bad: []string{`* error content_truncated
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Encoding: gzip
< Content-Length: 68
<
< \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJT\xb2RJ\xa4\x00(\xd5\x02\x00\xde{\x94\x00D\x00\x00\x00
* content response incomplete
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Encoding: gzip
< Content-Length: 31
<
< \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJT\xb2RJ\xa4\x00(\xd5\x02\x00\xde{\x94\x00D\x00\x00\x00
`},
	When:       annotate.When{Fields: []exchange.Name{exchange.FieldContentEncoding}},
	Needs:      annotate.NeedsContent | annotate.NeedsEnd,
	Suppresses: []string{"framing/body-shorter-than-content-length", "framing/body-longer-than-content-length", "failure/content-truncated"},
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		announced, ok := field.Number(r.Fields.Value(exchange.FieldContentLength))
		if !ok || announced == r.Content.Size || r.Content.Size == 0 || r.Content.Truncated || r.Status == 206 || !p.X.MayHaveContent() || mayBeDecoded(p.X) {
			return
		}
		if d := r.DecodedContent(); d.Err == nil && int64(len(d.Bytes)) == announced {
			p.Note(p.ResponseField(exchange.FieldContentLength), "Content-Length is %d, the length before compression, but %s arrived", announced, wording.Count(r.Content.Size, "byte"))
		}
	},
}

// bombRatio is from how many decoded octets for each coded one on content is
// suspicious.
const bombRatio = 100

var encodingDecompressionBomb = &annotate.Rule{
	ID:       "encoding/decompression-bomb",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a small body that decodes to a huge one",
	Refs:     []string{"RFC 9110 §17.5"},
	Doc: "The decoded body is more than a hundred times larger than what was sent, and sidenote stopped at its limit. " +
		"A program without a limit runs out of memory. It may be an attack, or just a file that repeats the same byte.",
	Help: "limit how much you decode, or send such files in another form",
	Bad: []string{`> GET /zeros HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/octet-stream
< Content-Encoding: br
< Content-Length: 27
<
< \xcb\xff\xff?\xf8'\x00\xe2\xb1@ \xf7\xfe\xaf\xfe\xff\x1f\xff\x04@\x1c\x16\x01\xe8\xde?\x00
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Encoding: gzip
< Content-Length: 31
<
< \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJT\xb2RJ\xa4\x00(\xd5\x02\x00\xde{\x94\x00D\x00\x00\x00
`},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentEncoding}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			i := s.Fields.Index(exchange.FieldContentEncoding)
			if i < 0 || len(s.Content.Kept) == 0 || len(s.Content.Kept) > exchange.MaxDecoded/bombRatio {
				continue
			}
			if d := s.DecodedContent(); len(d.Bytes) >= exchange.MaxDecoded {
				p.Report(annotate.Note{
					Place: s.place(p, i, 0, len(s.Fields.At(i).Value)), Blame: s.blame(),
					Message: wording.Count(len(s.Content.Kept), "byte") + " decode to more than " + wording.Count(exchange.MaxDecoded, "byte"),
				})
			}
		}
	},
}

var encodingTransferCodingUndecodable = &annotate.Rule{
	ID:       "encoding/transfer-coding-undecodable",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the body isn't compressed as Transfer-Encoding says",
	Refs:     []string{"RFC 9112 §7.2", "RFC 9112 §8"},
	Doc: "Transfer-Encoding names a compression, but the body isn't compressed that way. Receivers treat the message as broken. " +
		"Compression in Transfer-Encoding is rare: usually Content-Encoding was meant.",
	Help: "compress with Content-Encoding, or remove the coding from Transfer-Encoding",
	Bad: []string{`# also framing/transfer-coding-not-accepted
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Transfer-Encoding: gzip, chunked
<
< hello
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> TE: gzip
> Connection: TE
>
< HTTP/1.1 200 OK
< Content-Type: application/octet-stream
< Transfer-Encoding: gzip, chunked
<
< \x1f\x8b\x08\x00\x00\x09n\x88\x00\xff\x00\x02\x00\xfd\xff{}\x03\x00C\xbf\xa6\xa3\x02\x00\x00\x00
`},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldTransferEncoding}},
	Needs: annotate.NeedsContent | annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			i := s.Fields.Index(exchange.FieldTransferEncoding)
			if i < 0 || s.Version != exchange.HTTP11 || !s.WireTrue() || !s.Content.Whole() || len(s.Content.Kept) == 0 {
				continue
			}
			coding, ok := compressionBeforeChunked(s.Fields.At(i).Value)
			if !ok || s.Fields.Count(exchange.FieldTransferEncoding) > 1 {
				continue
			}
			if err := undecodable(coding.Text, s.Content.Kept); err != nil {
				p.Report(annotate.Note{
					Place: s.place(p, i, coding.At, coding.End()), Blame: s.blame(),
					Message: "the body can't be decoded as " + bare(coding.Text) + ": " + err.Error(),
				})
			}
		}
	},
}

// compressionBeforeChunked is the one coding besides chunked in a
// Transfer-Encoding, if it is one that can be tried.
func compressionBeforeChunked(value string) (coding field.Part, ok bool) {
	n := 0
	for c := range field.List(value) {
		if field.EqualFold(c.Text, "chunked") {
			continue
		}
		coding = c
		n++
	}
	known := sameCoding(coding.Text, "gzip") || field.EqualFold(coding.Text, "deflate")
	return coding, n == 1 && known
}

// undecodable says why octets are not in a coding, nil when they are, as far
// as the limit for decoded content reaches.
func undecodable(coding string, b []byte) error {
	var r io.Reader
	var err error
	if sameCoding(coding, "gzip") {
		r, err = gzip.NewReader(bytes.NewReader(b))
	} else if r, err = zlib.NewReader(bytes.NewReader(b)); errors.Is(err, zlib.ErrHeader) {
		r, err = flate.NewReader(bytes.NewReader(b)), nil // some senders leave the wrapper out
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(r, exchange.MaxDecoded))
	return err
}
