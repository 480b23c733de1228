package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// contentUploadRules lists the rules on resumable uploads and on the keys by
// which requests are repeated.
func contentUploadRules() []*annotate.Rule {
	return []*annotate.Rule{
		contentUploadPartialType,
		contentUploadOffsetInPost,
		contentIdempotencyKeyUnquoted,
		contentUnencodedDigestMismatch,
		encodingDictionaryMatchMissing,
		securityIntegrityPolicyEmpty,
		cacheNoVarySearchExceptIgnored,
	}
}

var contentUploadPartialType = &annotate.Rule{
	ID:       "content/upload-partial-type",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "a part of an upload has the wrong Content-Type",
	Refs:     []string{"draft-ietf-httpbis-resumable-upload §4.4", "draft-ietf-httpbis-resumable-upload §6"},
	Doc: "A PATCH that appends to an upload has the media type application/partial-upload. " +
		"With another type, a server may treat it as another kind of change, or answer 415.",
	Help: "send Content-Type: application/partial-upload",
	Bad:  []string{patchedUpload("application/octet-stream")},
	Good: []string{patchedUpload("application/partial-upload")},
	When: annotate.When{Methods: []string{"PATCH"}, RequestFields: []exchange.Name{exchange.FieldUploadOffset}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if t := mediaTypeOf(f); f.Has(exchange.FieldUploadComplete) && !t.Is("application", "partial-upload") {
			p.Note(p.RequestField(exchange.FieldContentType), "the PATCH appends to an upload, but its Content-Type is %s instead of application/partial-upload", quoted(f.Value(exchange.FieldContentType)))
		}
	},
}

// patchedUpload is an example: a part of an upload, of that type.
func patchedUpload(mediaType string) string {
	return exchangeOf("PATCH /upload/7 HTTP/1.1", []string{"Host: shop.test", "Upload-Offset: 100", "Upload-Complete: ?1", "Content-Type: " + mediaType, "Content-Length: 0"},
		"HTTP/1.1 204 No Content", []string{"Upload-Complete: ?1"})
}

var contentUploadOffsetInPost = &annotate.Rule{
	ID:       "content/upload-offset-in-creation",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a new upload starts with an offset",
	Refs:     []string{"draft-ietf-httpbis-resumable-upload §4.2"},
	Doc:      "A POST or PUT with Upload-Complete starts a new upload, which is empty, so an offset has no meaning. To continue an upload, send PATCH to its own URI.",
	Help:     "remove Upload-Offset, or send PATCH to the URI of the upload",
	Bad:      []string{asPost("Upload-Offset: 100", "Upload-Complete: ?0", "Content-Type: application/json")},
	Good:     []string{asPost("Upload-Complete: ?0", "Content-Type: application/json")},
	When:     annotate.When{Methods: []string{"POST", "PUT"}, RequestFields: []exchange.Name{exchange.FieldUploadOffset}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if f.Has(exchange.FieldUploadComplete) && f.Value(exchange.FieldUploadOffset) != "0" {
			p.Note(p.RequestField(exchange.FieldUploadOffset), "%s starts a new upload, but has Upload-Offset: %s", p.X.Request.Method, bare(f.Value(exchange.FieldUploadOffset)))
		}
	},
}

var contentIdempotencyKeyUnquoted = &annotate.Rule{
	ID:       "content/idempotency-key-unquoted",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "Idempotency-Key isn't in quotes",
	Refs:     []string{"draft-ietf-httpapi-idempotency-key-header §2.1"},
	Doc: "The draft defines the key as a string in double quotes. Most APIs accept it without, as their documentation says. " +
		"A server that follows the draft ignores such a key, and does the work twice if the request is repeated.",
	Help: "put the key in double quotes, unless the API's documentation shows it without",
	Bad:  []string{asPost("Idempotency-Key: 8e03978e-40d5-43dd-bc93", "Content-Type: application/json")},
	Good: []string{asPost(`Idempotency-Key: "8e03978e-40d5-43dd-bc93"`, "Content-Type: application/json")},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldIdempotencyKey}},
	Once: clientKey,
	Check: func(p *annotate.Pass) {
		v := p.X.Request.Fields.Value(exchange.FieldIdempotencyKey)
		if v == "" || v[0] == '"' {
			return
		}
		if !exchange.IsRedacted(v) {
			p.Note(p.RequestField(exchange.FieldIdempotencyKey), "Idempotency-Key is %s, without quotes", bare(v))
		}
	},
}

var contentUnencodedDigestMismatch = &annotate.Rule{
	ID:       "content/unencoded-digest-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Unencoded-Digest doesn't match the uncompressed content",
	Refs:     []string{"draft-ietf-httpbis-unencoded-digest §2"},
	Doc: "Unencoded-Digest is a hash of the body before compression. A client that checks it refuses the message. " +
		"Either something changed the body on the way, or the hash is of the compressed form.",
	Help:  "hash the body before compression",
	Bad:   []string{answering("Content-Type: application/json\nUnencoded-Digest: "+digestExample, `{"a":1}`)},
	Good:  []string{answering("Content-Type: application/json\nUnencoded-Digest: "+digestExample, `{}`)},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldUnencodedDigest}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for _, s := range sidesOf(p.X) {
			b, ok := s.whole()
			if !ok {
				continue
			}
			for i, l := range s.m.Fields.Each(exchange.FieldUnencodedDigest) {
				d, err := field.ParseStructured(l.Value, field.StructuredDictionary)
				if err != nil {
					continue
				}
				for m := range d.Members() {
					if m.Type == field.ByteSequence && !digestFits(m, b) {
						s.note(p, annotate.Span(s.line(p, i), m.At, m.End()), "the "+m.Key+" in Unencoded-Digest doesn't match the "+octets(len(b))+" before compression")
					}
				}
			}
		}
	},
}

var encodingDictionaryMatchMissing = &annotate.Rule{
	ID:       "encoding/dictionary-match-missing",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Use-As-Dictionary without match",
	Refs:     []string{"RFC 9842 §2.1.1"},
	Doc:      "match is the pattern of the URLs for which a client can use the response as a dictionary. Without it, clients don't store the dictionary.",
	Help:     `send Use-As-Dictionary: match="/app/*"`,
	Bad:      []string{answered("Use-As-Dictionary: id=\"v1\"")},
	Good:     []string{answered("Use-As-Dictionary: match=\"/app/*\", id=\"v1\"")},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldUseAsDictionary}},
	Check: func(p *annotate.Pass) {
		v := p.X.Response.Fields.Combined(exchange.FieldUseAsDictionary)
		d, err := field.ParseStructured(v, field.StructuredDictionary)
		if err != nil {
			return
		}
		if _, ok := d.Member("match"); !ok {
			p.Note(p.ResponseField(exchange.FieldUseAsDictionary), "Use-As-Dictionary is %s, without match, so clients don't store the dictionary", bare(v))
		}
	},
}

var securityIntegrityPolicyEmpty = &annotate.Rule{
	ID:       "security/integrity-policy-empty",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "an integrity policy that blocks nothing",
	Refs:     []string{"Subresource Integrity §3.3"},
	Doc: "blocked-destinations lists the kinds of files that the page may load only with an integrity attribute. " +
		"If it is missing, or lists no kind that browsers know, the policy has no effect.",
	Help: "send Integrity-Policy: blocked-destinations=(script)",
	Bad:  []string{answered("Integrity-Policy: endpoints=(reports)")},
	Good: []string{answered("Integrity-Policy: blocked-destinations=(script style)")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldIntegrityPolicy, exchange.FieldIntegrityPolicyReportOnly}},
	Once: originKey,
	Check: func(p *annotate.Pass) {
		for _, n := range [...]exchange.Name{exchange.FieldIntegrityPolicy, exchange.FieldIntegrityPolicyReportOnly} {
			v := p.X.Response.Fields.Combined(n)
			d, err := field.ParseStructured(v, field.StructuredDictionary)
			if err != nil || v == "" {
				continue
			}
			blocked, _ := d.Member("blocked-destinations")
			known := false
			for item := range blocked.Items() {
				known = known || item.Text == "script" || item.Text == "style"
			}
			if !known {
				p.Note(p.ResponseField(n), "%s is %s, which blocks neither script nor style", n, bare(v))
			}
		}
	},
}

var cacheNoVarySearchExceptIgnored = &annotate.Rule{
	ID:       "cache/no-vary-search-except-ignored",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "except of No-Vary-Search has no effect",
	Refs:     []string{"draft-ietf-httpbis-no-vary-search §4"},
	Doc: "except lists the parameters that change the response, although params says that the others don't. It needs params or params=?1 beside it. " +
		"Otherwise caches ignore the whole header.",
	Help: `send No-Vary-Search: params, except=("id")`,
	Bad:  []string{answered(`No-Vary-Search: except=("id")`), answered(`No-Vary-Search: params=("a"), except=("id")`)},
	Good: []string{answered(`No-Vary-Search: params, except=("id")`), answered(`No-Vary-Search: params=("utm_source"), key-order`)},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldNoVarySearch}},
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		v := p.X.Response.Fields.Combined(exchange.FieldNoVarySearch)
		d, err := field.ParseStructured(v, field.StructuredDictionary)
		if err != nil {
			return
		}
		params, _ := d.Member("params")
		if except, ok := d.Member("except"); ok && !params.IsTrue() {
			p.Note(annotate.Span(p.ResponseField(exchange.FieldNoVarySearch), except.KeyAt, except.End()), "No-Vary-Search is %s; except has no effect without params", bare(v))
		}
	},
}
