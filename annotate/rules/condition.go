package rules

import (
	"crypto/tls"
	"strings"
	"time"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// The conditions here stand in the When of rules about rare things, so that an
// ordinary exchange is asked once and not rule by rule. Each may hold where a
// rule then finds nothing, and never the other way round.

// ifOctets holds where a value of either message has one of the octets.
func ifOctets(octets annotate.Octets) *annotate.Condition {
	return ifOverview(func(o *annotate.Overview) bool { return o.Octets&octets != 0 })
}

// ifOdd holds where a line of either message is odd in one of the ways.
func ifOdd(odd annotate.Odd) *annotate.Condition {
	return ifOverview(func(o *annotate.Overview) bool { return o.Odd&odd != 0 })
}

func ifOverview(holds func(*annotate.Overview) bool) *annotate.Condition {
	return &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		return holds(p.RequestOverview()) || holds(p.ResponseOverview())
	}}
}

// ifUnknownOr holds where the response has one of the fields, or one that
// sidenote does not know.
func ifUnknownOr(names exchange.NameMask) *annotate.Condition {
	return &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		return p.X.Response.Fields.HasAny(&names) || p.ResponseOverview().Unknown
	}}
}

// ifEither holds where one of the two messages is of a kind.
func ifEither(holds func(*exchange.Message) bool) *annotate.Condition {
	return &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		return holds(&p.X.Request.Message) || holds(&p.X.Response.Message)
	}}
}

// ifContentType holds where the Content-Type of either message has a word.
func ifContentType(word string) *annotate.Condition {
	return ifEither(func(m *exchange.Message) bool { return contentTypeHas(m, word) })
}

func isUsualJSON(b []byte) bool { return field.IsPlainJSON(b) && utf8.Valid(b) }

// contentTypeHas is a look at a media type that costs less than reading it.
func contentTypeHas(m *exchange.Message, word string) bool {
	v := m.Fields.Value(exchange.FieldContentType)
	if v == "application/json" {
		return word == "json" // the usual case
	}
	return field.IndexFold(v, word) >= 0
}

var (
	ifControl    = ifOctets(annotate.HasControl)
	ifHigh       = ifOctets(annotate.HasHigh)
	ifComma      = ifOctets(annotate.HasComma)
	ifApostrophe = ifOctets(annotate.HasApostrophe)
	ifBackslash  = ifOctets(annotate.HasBackslash)
	ifStar       = ifOctets(annotate.HasStar)

	ifOddName   = ifOdd(annotate.OddName)
	ifOddLine   = ifOdd(annotate.OddLine)
	ifOddHead   = ifOdd(annotate.OddLine | annotate.OddName | annotate.OddRepeat)
	ifUnknown   = ifOverview(func(o *annotate.Overview) bool { return o.Unknown })
	ifLargeHead = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		least := min(p.Options.LargeField, p.Options.LargeHead)
		return p.RequestOverview().Size > least || p.ResponseOverview().Size > least
	}}
)

var (
	ifDigest = ifEither(func(m *exchange.Message) bool {
		return m.Fields.HasAny(&digestNames) || m.Trailers.HasAny(&digestNames)
	})

	ifRepeats  = ifEither(func(m *exchange.Message) bool { return m.Fields.Repeats() })
	ifHTTP2    = ifEither(func(m *exchange.Message) bool { return m.Version >= exchange.HTTP2 })
	ifTrailers = ifEither(func(m *exchange.Message) bool { return m.Trailers.Len() > 0 })

	ifOddLength = ifEither(func(m *exchange.Message) bool {
		return m.Fields.Has(exchange.FieldContentLength) && (m.Fields.Repeats() || !isUsableLength(m.Fields.Value(exchange.FieldContentLength)))
	})
)

// ifPasswordScheme holds where the client sends credentials made of a password.
var ifPasswordScheme = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
	for _, n := range credentialFields {
		if v := p.X.Request.Fields.Value(n); field.HasPrefixFold(v, "basic") || field.HasPrefixFold(v, "digest") {
			return true
		}
	}
	return false
}}

var digestNames = exchange.MaskOf(exchange.FieldContentDigest, exchange.FieldReprDigest)

var (
	ifXML       = ifContentType("xml")
	ifMultipart = ifContentType("multipart/")
	ifText      = ifContentType("text/")
	// ifTyped holds where a Content-Type says more than application/json.
	ifTyped = ifEither(func(m *exchange.Message) bool {
		v := m.Fields.Value(exchange.FieldContentType)
		return v != "" && v != "application/json"
	})
	// ifTypeParameter holds where a Content-Type has a parameter.
	ifTypeParameter = ifEither(func(m *exchange.Message) bool {
		return strings.IndexByte(m.Fields.Value(exchange.FieldContentType), ';') >= 0
	})
	ifForm    = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return contentTypeHas(&p.X.Request.Message, "urlencoded") }}
	ifMarkup  = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return contentTypeHas(&p.X.Response.Message, "ml") }}
	ifProblem = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return contentTypeHas(&p.X.Response.Message, "problem+json") }}
	// ifOddJSON holds where either message has content of JSON that some
	// recipient may have difficulty with.
	ifOddJSON = ifEither(func(m *exchange.Message) bool {
		return m.Content.Whole() && len(m.Content.Kept) > 0 && contentTypeHas(m, "json") && !isUsualJSON(m.DecodedContent().Bytes)
	})
)

var (
	ifCacheMark   = ifUnknownOr(cacheMarks)
	ifUnnecessary = ifUnknownOr(exchange.MaskOf(exchange.FieldXPoweredBy, exchange.FieldXAspNetVersion, exchange.FieldXAspNetMvcVersion,
		exchange.FieldXUACompatible, exchange.FieldXXSSProtection, exchange.FieldXRuntime))

	ifInterim = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return len(p.X.Interim) > 0 }}
	ifLinks   = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return hasLinks(p.X) }}
	ifSigned  = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return hasSignatures(p.X) }}
	// ifQuery holds where the target URI has a query.
	ifQuery = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return p.X.Query() != "" }}
	// ifTokenParameter holds where an access_token may stand outside Authorization.
	ifTokenParameter = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		return strings.Contains(p.X.Query(), "access_token") || contentTypeHas(&p.X.Request.Message, "urlencoded")
	}}
	// ifOldTLS holds where the origin server speaks TLS older than 1.3.
	ifOldTLS = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		t := p.X.Origin.TLS
		return t != nil && t.Version < tls.VersionTLS13
	}}
	ifInClear = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return p.X.Scheme == "http" }}
	// ifContentless holds where some response is of a status without content.
	ifContentless = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		return len(p.X.Interim) > 0 || p.X.Response.Status == 204 || p.X.Response.Class() == 1
	}}
	// ifNoLength holds where the response has neither field that says where it ends.
	ifNoLength = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		return !p.X.Response.Fields.Has(exchange.FieldContentLength) && !p.X.Response.Fields.Has(exchange.FieldTransferEncoding)
	}}
	// ifCoded holds where a message has Transfer-Encoding, or a name that may
	// become it.
	ifCoded = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		return p.X.Request.Fields.Has(exchange.FieldTransferEncoding) || p.X.Response.Fields.Has(exchange.FieldTransferEncoding) || ifOddName.Holds(p)
	}}
	// ifCommonVary holds where Vary has one of the members that rules speak of.
	ifCommonVary = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		for _, l := range p.X.Response.Fields.Each(exchange.FieldVary) {
			if strings.IndexByte(l.Value, '*') >= 0 || field.IndexFold(l.Value, "user-agent") >= 0 || field.IndexFold(l.Value, "host") >= 0 {
				return true
			}
		}
		return false
	}}
	// ifOwnControl holds where a Cache-Control is other than the usual ones, of
	// which no rule on directives has anything to say.
	ifOwnControl = ifEither(func(m *exchange.Message) bool {
		lines := 0
		for _, l := range m.Fields.Each(exchange.FieldCacheControl) {
			if lines++; lines > 1 || !isUsualControl(l.Value) {
				return true
			}
		}
		return false
	})
	// ifImmutable holds where Cache-Control may say so.
	ifImmutable = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		for _, l := range p.X.Response.Fields.Each(exchange.FieldCacheControl) {
			if field.IndexFold(l.Value, "immutable") >= 0 {
				return true
			}
		}
		return false
	}}
	// ifDirectives holds where the response has several directives.
	ifDirectives = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return mayRepeat(&p.X.Response.Fields) }}
	// ifWeakHSTS holds where Strict-Transport-Security does not protect all
	// that it could.
	ifWeakHSTS = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
		h, ok := hstsOf(p.X)
		return ok && (h.Err != nil || h.MaxAge < shortHSTS || !h.IncludeSubDomains && isDomainItself(p.X.Authority))
	}}
	// ifOddDate holds where a date is not one of today's form, with its weekday.
	ifOddDate = ifEither(func(m *exchange.Message) bool {
		for n := range m.Fields.Present(&dateFieldMask) {
			for _, l := range m.Fields.Each(n) {
				if !isPlainDate(l.Value) {
					return true
				}
			}
		}
		return false
	})
)

func isPlainDate(s string) bool {
	d, err := field.ParseDate(s, time.Time{})
	return err == nil && d.Form == field.IMFFixdate && !d.WrongDay
}

// isUsualControl reports whether a Cache-Control is one directive that both
// messages can have, in its usual form: no-store, no-cache, or max-age with at
// most nine digits.
func isUsualControl(v string) bool {
	if v == "no-store" || v == "no-cache" {
		return true
	}
	seconds, ok := strings.CutPrefix(v, "max-age=")
	return ok && len(seconds) <= 9 && field.IsDigits(seconds)
}
