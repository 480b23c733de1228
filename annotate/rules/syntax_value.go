package rules

import (
	"errors"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// syntaxValueRules lists the rules on the grammar of whole values.
func syntaxValueRules() []*annotate.Rule {
	return []*annotate.Rule{
		syntaxFieldValueSyntax,
		syntaxProductInvalid,
		syntaxFieldBadWhitespace,
		syntaxFieldNaiveParserHazard,
		syntaxForwardedCommaSemicolonMixup,
		syntaxForwardedDuplicateParameter,
	}
}

var syntaxFieldValueSyntax = &annotate.Rule{
	ID:       "syntax/field-value-syntax",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a header has an invalid value",
	Refs:     []string{"RFC 9110 §5.5"},
	Doc:      "Every header defines the form of its values. Receivers ignore an invalid value, read a part of it, or refuse the message, without saying so.",
	Help:     "write the value as the definition of the header says",
	Bad: []string{
		answered("Cache-Control: no-cache; no-store"),
		"# also status/allow-excludes-successful-method\n" + answered("Allow: GET PUT"),
		answered("Vary: Accept Encoding"),
		asked("Accept: text/html; charset = utf-8, */*"),
		asked("Accept-Encoding: gzip deflate"),
		answered("Via: edge"),
		answered("Last-Modified: 2022-11-15"),
		answered("Content-Language: en_US"),
		asked("Forwarded: 192.0.2.1"), asked(`Forwarded: for="2001:db8::1"`), asked("Forwarded: for=shop;proto=https"),
		answered("Date:"), asked("Accept-Language: en;level=1"), asked("Accept-Encoding: gzip;level=9"),
		answered("Accept-Patch: */*"), asked("Traceparent: 1"), answered(`WWW-Authenticate: realm="shop"`),
		responded("HTTP/1.1 200 OK", "Content-Type: json", "Content-Length: 2") + "< ok\n",
	},
	Good: []string{
		answered("Cache-Control: no-cache, max-age=60", "Vary: *", "Via: 1.1 edge (a, b), 2 x.test:80"),
		asked("Accept: */*;q=0.8, text/html;level=1", "Accept-Language: de-CH, *;q=0.1", "Accept-Encoding:", "Forwarded: for=\"[::1]:8080\";proto=https"),
		answered("Vary:", "Expires: 0", "Server: a/1 (b; c) d"),
		asked("Referer:", "SOAPAction:", "Accept-Language:"),
	},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			mask := formedNames.of(s)
			for i := range s.Fields.Len() {
				l := s.Fields.At(i)
				if !mask.Has(l.Known) || isNoChallenge(p.X, l) {
					continue
				}
				if err := checkForm(l.Known, l.Value); err != nil && !exchange.IsRedacted(l.Value) && !hasOddOctets(l.Value) {
					end := min(err.At+1, len(l.Value))
					p.Report(annotate.Note{Place: annotate.Span(s.line(p, i), min(err.At, end), end), Blame: s.blame, Help: exampleHelp(l.Known),
						Message: valueIs(l) + ": " + err.Error()})
				}
			}
		}
	},
}

// isNoChallenge reports whether a line has no challenge at all where one is due:
// the rule on the status says so.
func isNoChallenge(x *exchange.Exchange, l *exchange.Line) bool {
	if s := x.Response.Status; s != 401 && s != 407 || annotate.FactsOf(l.Known).Form != annotate.FormChallenges {
		return false
	}
	for c := range field.Challenges(l.Value) {
		if c.Scheme != "" {
			return false
		}
	}
	return true
}

// valueIs begins a message with what a field line has.
func valueIs(l *exchange.Line) string {
	if l.Value == "" {
		return l.Name + " is empty"
	}
	return l.Name + " is " + bare(l.Value)
}

// formedNames are the fields whose values have a form that checkForm knows.
var formedNames = fittingNames(func(f *annotate.Field) bool {
	return f.Form > annotate.FormOwn && f.Form != annotate.FormProducts && !f.Form.IsStructured()
})

// fitting are names of fields by the message in which they mean something.
type fitting struct{ request, response exchange.NameMask }

func fittingNames(is func(*annotate.Field) bool) (names fitting) {
	all := annotate.Fields()
	for i := range all {
		f := &all[i]
		if is(f) && f.Direction != annotate.InResponses {
			names.request.Put(f.Name)
		}
		if is(f) && f.Direction != annotate.InRequests {
			names.response.Put(f.Name)
		}
	}
	return names
}

// of returns those for one message.
func (f *fitting) of(s messageHead) *exchange.NameMask {
	if s.in == exchange.InRequest {
		return &f.request
	}
	return &f.response
}

// hasOddOctets reports whether a value holds octets that rules of their own report.
func hasOddOctets(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] >= 0x7f {
			return true
		}
	}
	return false
}

// checkDateShape wants a date; one that has the form and is impossible is for
// syntax/date-invalid.
func checkDateShape(value string) *field.Error {
	if field.DateShape(value) != 0 {
		return nil
	}
	if _, err := field.ParseDate(value, time.Time{}); err != nil {
		if e, ok := errors.AsType[*field.Error](err); ok {
			return e
		}
	}
	return nil
}

// checkChallenges looks at challenges of schemes that have no rules of their own.
func checkChallenges(value string) *field.Error {
	for c := range field.Challenges(value) {
		if c.Err == nil || isScheme(c, "Basic") || isScheme(c, "Bearer") || isScheme(c, "Digest") {
			continue
		}
		return c.Err
	}
	return nil
}

func isScheme(c field.Challenge, scheme string) bool { return field.EqualFold(c.Scheme, scheme) }

var syntaxProductInvalid = &annotate.Rule{
	ID:       "syntax/product-invalid",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Server or User-Agent is malformed",
	Refs:     []string{"RFC 9110 §10.1.5", "RFC 9110 §10.2.4"},
	Doc: "Both headers are a list of products, each a name with or without a version, with spaces between them and comments in parentheses. " +
		"Programs that parse them to count clients or servers read another value wrongly. Otherwise it has no effect.",
	Help: "send name/version, with comments in parentheses after a space: shop/1.2 (test)",
	Bad:  []string{answered("Server: Jetty(9.4)"), asked("User-Agent: [shop]")},
	Good: []string{answered("Server: a/1 (b; (c)) d"), asked("User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101")},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldServer, exchange.FieldUserAgent}},
	Once: func(x *exchange.Exchange) string { return siteKey(x) + " " + clientKey(x) },
	Check: func(p *annotate.Pass) {
		noteProducts(p, requestHead(p), exchange.FieldUserAgent)
		noteProducts(p, responseHead(p), exchange.FieldServer)
	},
}

func noteProducts(p *annotate.Pass, s messageHead, n exchange.Name) {
	i := s.Fields.Index(n)
	if i < 0 {
		return
	}
	v := s.Fields.At(i).Value
	if err := field.CheckProducts(v); err != nil && !exchange.IsRedacted(v) && !hasOddOctets(v) {
		s.note(p, s.line(p, i), valueIs(s.Fields.At(i))+": "+err.Error())
	}
}

var syntaxFieldBadWhitespace = &annotate.Rule{
	ID:       "syntax/field-bad-whitespace",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "white space around an equals sign",
	Refs:     []string{"RFC 9110 §5.6.3"},
	Doc: "Some headers let receivers accept white space around the equals sign of a parameter, because old programs send it. New ones must not. " +
		"Strict parsers lose the parameter.",
	Help:  "write name=value without white space",
	Bad:   []string{answered(`Link: </b>; rel = "next"`), unauthorizedExample(`Newauth realm = "shop"`), asked("Prefer: wait = 10"), asked("Prefer: a; b =c")},
	Good:  []string{answered(`Link: </b>; rel="next"`)},
	When:  annotate.When{EitherFields: looseFields},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if !s.WireTrue() || !s.Fields.HasAny(&looseFieldMask) {
				continue
			}
			for _, n := range looseFields {
				for i, l := range s.Fields.Each(n) {
					if strings.IndexByte(l.Value, '=') < 0 || exchange.IsRedacted(l.Value) {
						continue
					}
					if at := badWhitespace(n, l.Value); at >= 0 {
						s.note(p, annotate.Span(s.line(p, i), at, at+1), l.Name+" has white space around an equals sign: "+around(l.Value, at))
					}
				}
			}
		}
	},
}

// looseFields are those whose grammar has BWS.
var looseFields = []exchange.Name{
	exchange.FieldWWWAuthenticate, exchange.FieldProxyAuthenticate, exchange.FieldAuthenticationInfo,
	exchange.FieldLink, exchange.FieldTE, exchange.FieldTransferEncoding, exchange.FieldPrefer, exchange.FieldPreferenceApplied,
}

var looseFieldMask = exchange.MaskOf(looseFields...)

// badWhitespace is where white space stands next to the equals sign of a
// parameter; -1 for nowhere.
func badWhitespace(n exchange.Name, value string) int {
	at := -1
	look := func(q field.Param) bool {
		if q.HasValue && q.ValueAt != q.At+len(q.Name)+1 {
			at = q.At + len(q.Name)
			if at < len(value) && value[at] == '=' {
				at++
			}
		}
		return at < 0
	}
	switch n {
	case exchange.FieldLink:
		for l := range field.Links(value) {
			for q := range l.Params() {
				if !look(q) {
					return at
				}
			}
		}
	case exchange.FieldTE, exchange.FieldTransferEncoding, exchange.FieldAuthenticationInfo:
		for e := range field.List(value) {
			for q := range field.Params(e.Text) {
				q.At += e.At
				q.ValueAt += e.At
				if !look(q) {
					return at
				}
			}
		}
	case exchange.FieldPrefer, exchange.FieldPreferenceApplied:
		for e := range field.List(value) {
			for q := range field.Pairs(e.Text) {
				q.At += e.At
				q.ValueAt += e.At
				if !look(q) {
					return at
				}
			}
		}
	default:
		for c := range field.Challenges(value) {
			for q := range c.Params() {
				if !look(q) {
					return at
				}
			}
		}
	}
	return -1
}

var syntaxFieldNaiveParserHazard = &annotate.Rule{
	ID:       "syntax/field-naive-parser-hazard",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "an ETag has a backslash",
	Refs:     []string{"RFC 9110 §8.8.3"},
	Doc: "A backslash in an ETag has no special meaning. Some receivers read the ETag as a quoted string and remove it. " +
		"The ETag then never matches again, and every response has the whole body.",
	Help: "use ETags without backslashes and quotes",
	Bad:  []string{answered(`ETag: "a\\b"`)},
	Good: []string{answered(`ETag: "a/b"`), asked(`Shop-Path: a\\b`)},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldETag, exchange.FieldIfMatch, exchange.FieldIfNoneMatch, exchange.FieldIfRange}, If: []*annotate.Condition{ifBackslash}},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.overview.Octets&annotate.HasBackslash == 0 {
				continue
			}
			for _, n := range [...]exchange.Name{exchange.FieldETag, exchange.FieldIfMatch, exchange.FieldIfNoneMatch, exchange.FieldIfRange} {
				for i, l := range s.Fields.Each(n) {
					if at := strings.IndexByte(l.Value, '\\'); at >= 0 {
						p.Note(annotate.Span(s.line(p, i), at, at+1), "the ETag %s has a backslash, which some receivers remove", bare(l.Value))
					}
				}
			}
		}
	},
}

var syntaxForwardedCommaSemicolonMixup = &annotate.Rule{
	ID:       "syntax/forwarded-comma-semicolon-mixup",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "Forwarded has commas instead of semicolons",
	Refs:     []string{"RFC 7239 §4", "RFC 7239 §7.1"},
	Doc: "In Forwarded a semicolon separates what one proxy says, and a comma separates proxies. With a comma, for=..., proto=... " +
		"says that one proxy knew only the address and another only the scheme. Servers that read one proxy miss half of it.",
	Help: "write for=...;proto=...;host=... with semicolons",
	Bad:  []string{asked("Forwarded: for=192.0.2.1, proto=https, host=shop.test")},
	Good: []string{asked("Forwarded: for=192.0.2.1;proto=https;host=shop.test"), asked("Forwarded: for=192.0.2.1, for=192.0.2.2"),
		"# one line of each proxy\n" + asked("Forwarded: for=192.0.2.1", "Forwarded: proto=https", "Forwarded: host=shop.test")},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldForwarded}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Request.Fields.Each(exchange.FieldForwarded) {
			if n := looseParameters(l.Value); n > 1 {
				p.NoteHelp(p.RequestLine(i), "write Forwarded: "+bare(strings.Join(elementsOf(l.Value), ";")),
					"Forwarded lists %d proxies that each say one thing: %s; if one proxy says all of it, use semicolons", n, bare(l.Value))
			}
		}
	},
}

// looseParameters counts the elements of a line of Forwarded where each is one
// parameter and all have other names; 0 for any other line. Lines are looked at
// one by one, since each proxy may add one.
func looseParameters(line string) (n int) {
	for e := range field.List(line) {
		name, _, ok := strings.Cut(e.Text, "=")
		if !ok || strings.IndexByte(e.Text, ';') >= 0 || elementBefore(line, e.At, name) {
			return 0
		}
		n++
	}
	return n
}

// elementBefore reports whether a parameter stands in an element before octet at.
func elementBefore(line string, at int, name string) bool {
	for e := range field.List(line[:min(len(line), mostLookedBack)]) {
		if e.At >= at {
			return false
		}
		if other, _, _ := strings.Cut(e.Text, "="); field.EqualFold(other, name) {
			return true
		}
	}
	return false
}

func elementsOf(list string) (elements []string) {
	for e := range field.List(list) {
		elements = append(elements, e.Text)
	}
	return elements
}

var syntaxForwardedDuplicateParameter = &annotate.Rule{
	ID:       "syntax/forwarded-duplicate-parameter",
	Severity: annotate.Error,
	Blame:    annotate.ByIntermediary,
	Title:    "an element of Forwarded has a parameter twice",
	Refs:     []string{"RFC 7239 §4"},
	Doc: "Each proxy adds one element, where every parameter may occur once. " +
		"If one occurs twice, servers use either, and an address that the client invented may win. Usually a proxy appends with a semicolon instead of a comma.",
	Help: "append a new element, after a comma",
	Bad:  []string{asked("Forwarded: for=192.0.2.1;For=192.0.2.2")},
	Good: []string{asked("Forwarded: for=192.0.2.1, for=192.0.2.2")},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldForwarded}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Request.Fields.Each(exchange.FieldForwarded) {
			for e := range field.List(l.Value) {
				for q := range field.Pieces(e.Text, ';') {
					name, _, _ := strings.Cut(q.Text, "=")
					if parameterBefore(e.Text[:q.At], name) {
						p.Note(annotate.Span(p.RequestLine(i), e.At+q.At, e.At+q.End()), "one element of Forwarded has %s twice", bare(name))
					}
				}
			}
		}
	},
}

// mostLookedBack is how many octets are searched for what stands twice, so that
// a hostile value does not cost much.
const mostLookedBack = 1024

func parameterBefore(before, name string) bool {
	before = before[:min(len(before), mostLookedBack)]
	for q := range field.Pieces(before, ';') {
		if other, _, _ := strings.Cut(q.Text, "="); field.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// unauthorizedExample is a 401 with a challenge.
func unauthorizedExample(challenge string, request ...string) string {
	return exchangeOf("GET /orders HTTP/1.1", append([]string{"Host: shop.test"}, request...),
		"HTTP/1.1 401 Unauthorized", []string{"WWW-Authenticate: " + challenge, "Content-Type: text/plain", "Content-Length: 2"}) + "< no\n"
}
