package rules

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// negotiationRules lists the rules on content negotiation (RFC 9110 §12),
// client hints and preferences.
func negotiationRules() []*annotate.Rule {
	return slices.Concat([]*annotate.Rule{
		negotiation406AcceptLanguageOnly,
		negotiation406WithoutNegotiation,
		negotiationAcceptCHMissingVary,
		negotiationAcceptCHOverHTTP,
		negotiationContentTypeDisagreesAccept,
		negotiationQvalueInvalid,
	}, negotiationPreferRules())
}

// admitsAll reports whether all lines of an Accept field together take
// anything: */* or * with a weight above 0.
func admitsAll(f *exchange.Fields, n exchange.Name) bool {
	for _, l := range f.Each(n) {
		for e := range field.List(l.Value) {
			if h := field.Head(e.Text).Text; (h == "*" || h == "*/*") && weightOf(e.Text) > 0 {
				return true
			}
		}
	}
	return false
}

// negotiates reports whether a request field takes part in the choice of a
// representation, and does not admit everything.
func negotiates(f *exchange.Fields, l *exchange.Line) bool {
	switch {
	case l.Known == exchange.FieldPrefer, field.HasPrefixFold(l.Name, "Sec-CH-"):
		return true
	case l.Known == exchange.FieldAcceptEncoding:
		return codingWeight(f, "identity") == 0 // else content without any coding fits
	case field.EqualFold(l.Name, "Accept"), field.HasPrefixFold(l.Name, "Accept-"):
		return l.Known == 0 || !admitsAll(f, l.Known)
	}
	return false
}

var negotiation406AcceptLanguageOnly = &annotate.Rule{
	ID:       "negotiation/406-accept-language-only",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "406 because of Accept-Language alone",
	Refs:     []string{"RFC 9110 §12.4.1", "RFC 9110 §15.5.7"},
	Doc: "The request restricts only the language. A server that lacks it may send another language, and most people prefer that to an error. " +
		"The user's system sets Accept-Language, often without the user knowing.",
	Help: "send the content in the language that you have, with Content-Language",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Accept: text/html, */*;q=0.1
> Accept-Language: gsw
>
< HTTP/1.1 406 Not Acceptable
< Content-Type: text/plain
< Content-Length: 7
< Vary: Accept-Language
<
< de, en.
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Accept: text/csv
> Accept-Language: gsw
>
< HTTP/1.1 406 Not Acceptable
< Content-Type: text/plain
< Content-Length: 7
<
< de, en.
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Accept-Encoding: x-shop, identity;q=0
> Accept-Language: gsw
>
< HTTP/1.1 406 Not Acceptable
< Content-Type: text/plain
< Content-Length: 7
<
< de, en.
`},
	When: annotate.When{Status: []int{406}, RequestFields: []exchange.Name{exchange.FieldAcceptLanguage}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if admitsAll(f, exchange.FieldAcceptLanguage) || f.Has(exchange.FieldAccept) && !admitsAll(f, exchange.FieldAccept) || refusesIdentity(f) {
			return
		}
		for _, l := range f.All() {
			switch l.Known {
			case exchange.FieldAccept, exchange.FieldAcceptLanguage, exchange.FieldAcceptEncoding:
			default:
				if negotiates(f, l) {
					return
				}
			}
		}
		p.Note(p.RequestField(exchange.FieldAcceptLanguage), "406 answers a request that restricts only the language, with Accept-Language: %s", bare(f.Combined(exchange.FieldAcceptLanguage)))
	},
}

// refusesIdentity reports whether Accept-Encoding forbids content without a coding.
func refusesIdentity(f *exchange.Fields) bool {
	refused := false
	for _, l := range f.Each(exchange.FieldAcceptEncoding) {
		for e := range field.List(l.Value) {
			switch h := field.Head(e.Text).Text; {
			case field.EqualFold(h, "identity"):
				return weightOf(e.Text) == 0
			case h == "*":
				refused = weightOf(e.Text) == 0
			}
		}
	}
	return refused
}

var negotiation406WithoutNegotiation = &annotate.Rule{
	ID:       "negotiation/406-without-negotiation",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "406 to a request that accepts anything",
	Refs:     []string{"RFC 9110 §15.5.7", "RFC 9110 §12.4.1"},
	Doc: "406 means that the server has nothing that the client accepts. This client accepts everything, so there must be another reason. " +
		"Firewalls such as mod_security use it for requests that look suspicious, for example with an unusual User-Agent or body.",
	Help: "look for a firewall in front of the server; to refuse a request, send 403",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 406 Not Acceptable
< Content-Type: text/plain
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Accept: */*
> Accept-Encoding: gzip, *;q=0.1
>
< HTTP/1.1 406 Not Acceptable
< Content-Type: text/plain
< Content-Length: 2
<
< no
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Accept: text/csv, */*;q=0
>
< HTTP/1.1 406 Not Acceptable
< Content-Type: text/plain
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Prefer: return=minimal
>
< HTTP/1.1 406 Not Acceptable
< Content-Type: text/plain
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{406}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		for _, l := range f.All() {
			if negotiates(f, l) {
				return
			}
		}
		p.Note(p.StatusLine(), "406 answers a request that accepts everything")
	},
}

var negotiationAcceptCHMissingVary = &annotate.Rule{
	ID:       "negotiation/accept-ch-missing-vary",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the content depends on a client hint that Vary doesn't name",
	Refs:     []string{"RFC 8942 §3.2", "draft-davidben-http-client-hint-reliability"},
	Doc: "Critical-CH says that the content depends on the hint so much that the browser should ask again with it. " +
		"Unless Vary names the hint, caches don't know that and send the content for one kind of client to another.",
	Help: "name every hint of Critical-CH in Vary",
	Bad:  []string{overTLS(answered("Accept-CH: Sec-CH-UA-Model, Sec-CH-UA-Mobile", "Critical-CH: Sec-CH-UA-Model", "Vary: Accept-Encoding"))},
	Good: []string{
		overTLS(answered("Accept-CH: Sec-CH-UA-Model", "Critical-CH: Sec-CH-UA-Model", "Vary: sec-ch-ua-model")),
		overTLS(answered("Accept-CH: Sec-CH-UA-Model", "Critical-CH: Sec-CH-UA-Model", "Cache-Control: private")),
		overTLS(answered("Accept-CH: Sec-CH-UA-Model")),
	},
	When: annotate.When{Methods: []string{"GET"}, Fields: []exchange.Name{exchange.FieldCriticalCH}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if c := p.CacheControl(); c.NoStore || c.Private {
			return
		}
		for i, l := range f.Each(exchange.FieldCriticalCH) {
			for h := range field.List(l.Value) {
				if name := field.Head(h.Text).Text; !varyHas(f, name) {
					p.Note(annotate.Span(p.ResponseLine(i), h.At, h.End()), "Critical-CH names %s, but Vary doesn't", quoted(name))
					return
				}
			}
		}
	},
}

var negotiationAcceptCHOverHTTP = &annotate.Rule{
	ID:       "negotiation/accept-ch-over-http",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Accept-CH without TLS",
	Refs:     []string{"RFC 8942 §3.1"},
	Doc:      "Browsers read Accept-CH only over https, so that an attacker on the way can't make them reveal more. Here they ignore it and send no hints.",
	Help:     "use https, or remove Accept-CH",
	Bad:      []string{answered("Accept-CH: Sec-CH-UA-Model")},
	Good: []string{
		overTLS(answered("Accept-CH: Sec-CH-UA-Model")),
		askedAndAnswered([]string{"X-Forwarded-Proto: https"}, "Accept-CH: Sec-CH-UA-Model"),
		strings.Replace(answered("Accept-CH: Sec-CH-UA-Model"), "Host: shop.test", "Host: localhost", 1),
	},
	When:  annotate.When{Fields: []exchange.Name{exchange.FieldAcceptCH}},
	Needs: annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		if p.X.Scheme == "http" && !isLoopbackOrigin(p.X) && !tlsEndedBefore(p.X) {
			p.Note(p.ResponseField(exchange.FieldAcceptCH), "Accept-CH came over http; browsers ignore it there")
		}
	},
}

var negotiationContentTypeDisagreesAccept = &annotate.Rule{
	ID:       "negotiation/content-type-disagrees-accept",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the response has a type that the client didn't ask for",
	Refs:     []string{"RFC 9110 §12.4.1", "RFC 9110 §12.5.1"},
	Doc: "Accept doesn't include the type of the response. A server may send what it has, with 200, but the client may not be able to read it. " +
		"Often the server ignores Accept, or the client copied it from elsewhere.",
	Help: "send a type that Accept names, or let the client list what it can read",
	Bad: []string{
		askedAndAnswered([]string{"Accept: image/png, image/*;q=0.5"}),
		askedAndAnswered([]string{"Accept: */*, text/plain;q=0"}),
	},
	Good: []string{
		askedAndAnswered([]string{"Accept: image/png, text/*;q=0.5"}),
		askedAndAnswered([]string{"Accept: image/png", "Accept: */*;q=0.1"}),
		asked(),
	},
	When: annotate.When{
		Class: []int{2}, Methods: []string{"GET", "HEAD"},
		Fields: []exchange.Name{exchange.FieldContentType}, RequestFields: []exchange.Name{exchange.FieldAccept},
	},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		x := p.X
		t := mediaTypeOf(&x.Response.Fields)
		if t.Err != nil || t.Is("application", "problem+json") || t.Is("multipart", "byteranges") || x.Request.Method == "GET" && x.Response.Content.Size == 0 {
			return
		}
		accept := x.Request.Fields.Combined(exchange.FieldAccept)
		if field.TrimOWS(accept) == "" || !isAccept(accept) || field.AcceptWeight(accept, t.Type, t.Subtype) > 0 {
			return
		}
		p.Note(p.ResponseField(exchange.FieldContentType), "the response is %s/%s, but the request accepts %s", t.Type, t.Subtype, bare(accept))
	},
}

// isAccept reports whether an Accept value can be read throughout.
func isAccept(s string) bool {
	for a := range field.Accept(s) {
		if a.Err != nil && a.Text != "*" {
			return false
		}
	}
	return true
}

// weightedFields are the fields whose members have weights.
var weightedFields = [...]exchange.Name{
	exchange.FieldAccept, exchange.FieldAcceptCharset, exchange.FieldAcceptEncoding, exchange.FieldAcceptLanguage, exchange.FieldTE,
}

var weightedNames = exchange.MaskOf(weightedFields[:]...)

var negotiationQvalueInvalid = &annotate.Rule{
	ID:       "negotiation/qvalue-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "an invalid weight",
	Refs:     []string{"RFC 9110 §12.4.2"},
	Doc: "A weight is a number from 0 to 1 with at most three decimals, and a digit before the point. " +
		"Servers ignore other weights, read them as 1, or refuse the request. So the client may get what it likes least.",
	Help: "write weights such as q=0.8",
	Bad: []string{
		asked("Accept: text/plain;q=1.5"),
		asked("Accept-Language: de, en;q=.2"),
		asked("Accept-Encoding: gzip;q=0.8888"),
		asked("Accept: text/plain; q=high"),
	},
	Good: []string{
		asked("Accept: text/plain;level=5 ; Q=0.5, */*;q=0.001", "Accept-Encoding: gzip;q=1.000, identity;q=0"),
	},
	When: annotate.When{EitherFields: weightedFields[:]},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			if !s.Fields.HasAny(&weightedNames) {
				continue
			}
			for _, n := range weightedFields {
				for i, l := range s.Fields.Each(n) {
					if strings.IndexByte(l.Value, ';') >= 0 {
						noteWeights(p, s, i, l)
					}
				}
			}
		}
	},
}

func noteWeights(p *annotate.Pass, s messageSide, line int, l *exchange.Line) {
	for e := range field.List(l.Value) {
		for q := range field.Params(e.Text) {
			if !field.EqualFold(q.Name, "q") {
				continue
			}
			if _, ok := field.Weight(q.Value); !ok {
				p.Report(annotate.Note{
					Place: s.place(p, line, e.At+q.At, e.At+q.ValueAt+len(q.Value)), Blame: s.blame(),
					Message: l.Name + " has " + quoted(e.Text) + ", whose weight isn't a number from 0 to 1 with at most three decimals",
				})
			}
			break
		}
	}
}
