package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// encodingDictionaryRules lists the rules on compression with a dictionary (RFC 9842).
func encodingDictionaryRules() []*annotate.Rule {
	return []*annotate.Rule{
		encodingAvailableDictionaryWithoutAccept,
		encodingDictionaryCodingWithoutDictionary,
		encodingDictionaryMissingVary,
	}
}

const availableDictionary = "Available-Dictionary: :RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"

// isDictionaryCoding reports whether a coding needs a dictionary.
func isDictionaryCoding(s string) bool {
	return field.EqualFold(s, "dcb") || field.EqualFold(s, "dcz")
}

var encodingAvailableDictionaryWithoutAccept = &annotate.Rule{
	ID:       "encoding/available-dictionary-without-accept",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "a dictionary without a coding that uses it",
	Refs:     []string{"RFC 9842 §2.2", "RFC 9842 §6.1"},
	Doc: "The client says which dictionary it has, but doesn't accept dcb or dcz, the codings that use one. So the server can't use it. " +
		"A proxy may have changed Accept-Encoding, as many do.",
	Help: "send Accept-Encoding: gzip, br, zstd, dcb, dcz",
	Bad:  []string{overTLS(asked(availableDictionary, "Accept-Encoding: gzip, br"))},
	Good: []string{overTLS(asked(availableDictionary, "Accept-Encoding: gzip, br, dcb")), overTLS(asked(availableDictionary, "Accept-Encoding: *"))},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldAvailableDictionary}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if codingWeight(f, "dcb") == 0 && codingWeight(f, "dcz") == 0 {
			p.Note(p.RequestField(exchange.FieldAvailableDictionary), "the request has Available-Dictionary, but Accept-Encoding has neither dcb nor dcz: %s", quoted(f.Combined(exchange.FieldAcceptEncoding)))
		}
	},
}

var encodingDictionaryCodingWithoutDictionary = &annotate.Rule{
	ID:       "encoding/dictionary-coding-without-dictionary",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a coding that needs a dictionary, without one",
	Refs:     []string{"RFC 9842 §6.1", "RFC 9842 §2.2"},
	Doc: "dcb and dcz can only be decoded with the dictionary that the client names in Available-Dictionary. " +
		"This request names none, so the client must not accept these codings. If the server uses one anyway, the client can't read the body. " +
		"A cache that ignores Vary can send such a response to the wrong client.",
	Help: "use dcb and dcz only together with Available-Dictionary",
	Bad: []string{
		overTLS(asked("Accept-Encoding: gzip, dcb")),
		overTLS(answered("Content-Encoding: dcz", "Vary: Accept-Encoding, Available-Dictionary")),
	},
	Good: []string{
		overTLS(asked("Accept-Encoding: gzip, dcb, dcz", availableDictionary)),
		overTLS(asked("Accept-Encoding: gzip, dcb;q=0")),
	},
	Check: func(p *annotate.Pass) {
		req, res := &p.X.Request.Fields, &p.X.Response.Fields
		if req.Has(exchange.FieldAvailableDictionary) {
			return
		}
		for i, l := range req.Each(exchange.FieldAcceptEncoding) {
			for e := range field.List(l.Value) {
				if head := field.Head(e.Text).Text; len(head) == 3 && isDictionaryCoding(head) && weightOf(e.Text) > 0 {
					p.Report(annotate.Note{
						Place: annotate.Span(p.RequestLine(i), e.At, e.End()), Blame: annotate.ByClient,
						Message: "the request accepts " + head + " but has no Available-Dictionary",
					})
					return
				}
			}
		}
		for i, l := range res.Each(exchange.FieldContentEncoding) {
			for e := range field.List(l.Value) {
				if isDictionaryCoding(e.Text) {
					p.Note(annotate.Span(p.ResponseLine(i), e.At, e.End()), "the body is in %s, but the request has no Available-Dictionary", bare(e.Text))
					return
				}
			}
		}
	},
}

var encodingDictionaryMissingVary = &annotate.Rule{
	ID:       "encoding/dictionary-missing-vary",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "caches may send compressed content to clients without its dictionary",
	Refs:     []string{"RFC 9842 §6.2"},
	Doc: "Only clients with the same dictionary can decode dcb or dcz. " +
		"Unless Vary names both headers, a cache sends the content to other clients too, and they can't read it.",
	Help: "send: Vary: Accept-Encoding, Available-Dictionary",
	Bad: []string{
		overTLS(askedAndAnswered([]string{"Accept-Encoding: dcb", availableDictionary}, "Content-Encoding: dcb", "Vary: Accept-Encoding")),
	},
	Good: []string{
		overTLS(askedAndAnswered([]string{"Accept-Encoding: dcb", availableDictionary}, "Content-Encoding: dcb", "Vary: accept-encoding, available-dictionary")),
		overTLS(askedAndAnswered([]string{"Accept-Encoding: dcb", availableDictionary}, "Content-Encoding: dcb", "Cache-Control: no-store")),
	},
	When: annotate.When{Methods: []string{"GET"}, Fields: []exchange.Name{exchange.FieldContentEncoding}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if !listHas(f, exchange.FieldContentEncoding, "dcb") && !listHas(f, exchange.FieldContentEncoding, "dcz") {
			return
		}
		if varyHas(f, "Accept-Encoding") && varyHas(f, "Available-Dictionary") {
			return
		}
		if c := p.CacheControl(); !c.NoStore {
			p.Note(p.ResponseField(exchange.FieldVary), "the body is in %s, but Vary doesn't name both Accept-Encoding and Available-Dictionary", listedCodings(f, exchange.FieldContentEncoding))
		}
	},
}
