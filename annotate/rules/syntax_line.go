package rules

import (
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// syntaxLineRules lists the rules on field lines, whatever their fields mean.
func syntaxLineRules() []*annotate.Rule {
	return []*annotate.Rule{
		syntaxBareCROrNULInField,
		syntaxFieldValueNonASCII,
		syntaxFieldNameUnderscoreAlias,
		syntaxFieldSectionTooLarge,
		syntaxFieldTooLarge,
		syntaxSingletonFieldRepeated,
		syntaxListEmptyElement,
		syntaxRequestFieldInResponse,
		syntaxResponseFieldInRequest,
	}
}

var syntaxBareCROrNULInField = &annotate.Rule{
	ID:       "syntax/bare-cr-or-nul-in-field",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a header value has a control character",
	Refs:     []string{"RFC 9110 §5.5", "RFC 9112 §2.2", "RFC 9113 §8.2.1"},
	Doc: "CR, LF and NUL in a value are dangerous: receivers may read them as the end of the line, so an attacker who controls the value can add headers or a second message. " +
		"Strict receivers refuse the message because of other control characters. Usually a program put user input into a header unchanged.",
	Help:       "remove or encode control characters before you put a value into a header",
	Bad:        []string{asked(`Shop-Name: a\x00b`), answered(`Shop-Name: a\rSet-Cookie: b=c`)},
	Good:       []string{asked(`Shop-Name: a\tb`)},
	When:       annotate.When{Always: true, If: []*annotate.Condition{ifControl}},
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.overview.Octets&annotate.HasControl == 0 {
				continue
			}
			for i, l := range s.Fields.All() {
				if k := field.ControlIn(l.Value); k >= 0 && (l.Known != exchange.FieldSetCookie || isLineEnd(l.Value[k])) {
					s.note(p, annotate.Span(s.line(p, i), k, k+1), l.Name+" has the control character "+quoted(l.Value[k:k+1]))
				}
			}
		}
	},
}

// isLineEnd reports whether some recipients end a line at an octet. Others in
// a cookie are for the rule on cookies.
func isLineEnd(c byte) bool { return c == 0 || c == '\r' || c == '\n' }

var syntaxFieldValueNonASCII = &annotate.Rule{
	ID:       "syntax/field-value-non-ascii",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a header value has bytes outside ASCII",
	Refs:     []string{"RFC 9110 §5.5"},
	Doc: "Nothing names the charset of such bytes. " +
		"Browsers and many libraries read them as ISO-8859-1, others as UTF-8, and some refuse them: \"Müller\" arrives as \"MÃ¼ller\". Use only ASCII in values.",
	Help:  "percent-encode the value, or use base64",
	Bad:   []string{asked(`Shop-Name: M\xc3\xbcller`), answered(`Shop-Name: M\xfcller`)},
	Good:  []string{asked("Shop-Name: M%C3%BCller"), answered(`ETag: "\xc3\xbc"`)},
	When:  annotate.When{If: []*annotate.Condition{ifHigh}},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.overview.Octets&annotate.HasHigh == 0 || !s.WireTrue() {
				continue
			}
			for i, l := range s.Fields.All() {
				if start, end := highRun(l.Value); end > start && !judgesOwnOctets(l.Known) {
					s.note(p, annotate.Span(s.line(p, i), start, end), l.Name+" has bytes outside ASCII: "+quoted(l.Value[start:end]))
				}
			}
		}
	},
}

// judgesOwnOctets reports whether a field may hold octets beyond ASCII, or a
// rule of its own or its syntax speaks of them.
func judgesOwnOctets(n exchange.Name) bool {
	switch n {
	case exchange.FieldETag, exchange.FieldIfMatch, exchange.FieldIfNoneMatch, exchange.FieldIfRange,
		exchange.FieldContentDisposition, exchange.FieldLocation, exchange.FieldSetCookie, exchange.FieldLink,
		exchange.FieldContentSecurityPolicy, exchange.FieldContentSecurityPolicyReportOnly:
		return true
	}
	return annotate.FactsOf(n).Form.IsStructured()
}

func highRun(s string) (start, end int) {
	for start < len(s) && s[start] < 0x80 {
		start++
	}
	end = start
	for end < len(s) && s[end] >= 0x80 {
		end++
	}
	return start, end
}

var syntaxFieldNameUnderscoreAlias = &annotate.Rule{
	ID:       "syntax/field-name-underscore-alias",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a header looks like a sensitive one, but with underscores",
	Refs:     []string{"RFC 9110 §17.10"},
	Doc: "CGI, WSGI, Rack and PHP turn headers into variables, where hyphen and underscore are the same. So Content_Length and Content-Length become one. " +
		"Such a name bypasses a check of the name with hyphens: attackers forge addresses with X_Forwarded_For. nginx drops such headers by default.",
	Help: "write the name with hyphens",
	Bad:  []string{asked("X_Forwarded_For: 127.0.0.1"), asked("Authorization_: x", "content_length: 5")},
	Good: []string{asked("X_Request_Name: a")},
	When: annotate.When{If: []*annotate.Condition{ifUnknown}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		for i := range f.Len() {
			l := f.At(i)
			if l.Known == 0 && strings.IndexByte(l.Name, '_') >= 0 {
				if name := hyphenated(l.Name); name != "" {
					p.Note(p.RequestLine(i), "%s becomes %s in programs that treat underscores and hyphens as the same", quoted(l.Name), name)
				}
			}
		}
	},
}

// hyphenated finds the sensitive field that a name becomes; "" for none.
func hyphenated(name string) string {
	name = strings.ReplaceAll(name, "_", "-")
	switch n := exchange.LookupName(name); n {
	case exchange.FieldContentLength, exchange.FieldTransferEncoding, exchange.FieldHost, exchange.FieldAuthorization,
		exchange.FieldCookie, exchange.FieldForwarded:
		return n.String()
	}
	if field.HasPrefixFold(name, "X-Forwarded-") {
		return name
	}
	return ""
}

var syntaxFieldSectionTooLarge = &annotate.Rule{
	ID:       "syntax/field-section-too-large",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the headers are larger than many servers and proxies accept",
	Refs:     []string{"RFC 9110 §5.4"},
	Doc: "HTTP sets no limit, so each program has its own: Apache and nginx accept 8 kB a line, Node.js 16 kB in total, Tomcat 8 kB, many load balancers 16 to 64 kB. " +
		"A larger request gets 400, 431 or a reset connection, and a larger response becomes a 502. " +
		"Usual causes are cookies, tokens with many claims, and long policies. The setting large-head is the limit.",
	Help: "keep less in cookies and tokens, and an ID instead of the data",
	Bad:  []string{asked(longLines(3)...), answered(longLines(5)...)},
	Good: []string{asked(longLines(2)...), answered(longLines(4)...)},
	When: annotate.When{If: []*annotate.Condition{ifLargeHead}},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			most := p.Options.LargeHead
			if s.in == exchange.InResponse {
				most *= 2
			}
			if n := s.overview.Size; n > most {
				s.note(p, exchange.Place{Message: s.in}, "the headers are "+wording.Count(n, "byte")+" long; common servers refuse or cut more than "+strconv.Itoa(most)+" (--large-head)")
			}
		}
	},
}

// longLines returns n field lines of 7 kB each.
func longLines(n int) (lines []string) {
	value := strings.Repeat("abcdefg", 1000)
	for i := range n {
		lines = append(lines, "Shop-Long-"+string(rune('A'+i))+": "+value)
	}
	return lines
}

var syntaxFieldTooLarge = &annotate.Rule{
	ID:       "syntax/field-too-large",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a header is longer than common servers and proxies accept",
	Refs:     []string{"RFC 9110 §5.4"},
	Doc: "Several common servers and proxies accept 8 kB for one line, and answer 400, 431 or 502 to more. So the message may work here and fail elsewhere. " +
		"Usual causes are cookies, tokens with many claims, and generated policies. The setting large-field is the limit.",
	Help: "make the value shorter, or split a list over several lines",
	Bad:  []string{asked("Shop-Long: " + strings.Repeat("a", 8100)), answered("Shop-Long: " + strings.Repeat("a", 8100))},
	Good: []string{asked("Shop-Long: " + strings.Repeat("a", 7900))},
	When: annotate.When{If: []*annotate.Condition{ifLargeHead}},
	Check: func(p *annotate.Pass) {
		most := p.Options.LargeField
		for s := range messageHeads(p) {
			if s.overview.Longest <= most {
				continue
			}
			for i, l := range s.Fields.All() {
				if n := len(l.Name) + len(l.Value); n > most {
					s.note(p, s.line(p, i), l.Name+" is "+wording.Count(n, "byte")+" long; common servers refuse a header of more than "+strconv.Itoa(most)+" (--large-field)")
				}
			}
		}
	},
}

var syntaxSingletonFieldRepeated = &annotate.Rule{
	ID:       "syntax/singleton-field-repeated",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a header that can have only one value is repeated",
	Refs:     []string{"RFC 9110 §5.3", "RFC 9110 §5.5"},
	Doc: "A header that isn't a list must not be repeated. Receivers use the first line, the last line, or both joined with a comma, which isn't a valid value. " +
		"So clients and proxies disagree about the message. Usually the program and the server in front of it both add the header.",
	Help: "send the header once; find the two places that add it",
	Bad:  []string{answered("Content-Type: text/html"), responded("HTTP/1.1 302 Found", "Location: /a", "Location: /b", "Content-Length: 0"), asked("User-Agent: a", "User-Agent: b")},
	Good: []string{asked("Accept: text/html", "Accept: text/plain"), answered("Shop-Trace: 1", "Shop-Trace: 2"), overTLS(answered("Set-Cookie: a=b; Secure; HttpOnly; SameSite=Lax; Path=/", "Set-Cookie: c=d; Secure; HttpOnly; SameSite=Lax; Path=/")),
		"* scheme https\n> GET /orders HTTP/2\n> Host: shop.test\n> Cookie: a=b\n> Cookie: c=d\n>\n< HTTP/2 200\n< Content-Type: text/plain\n< Content-Length: 2\n<\n< ok\n"},
	When: annotate.When{If: []*annotate.Condition{ifRepeats}},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.overview.Odd&annotate.OddRepeat == 0 {
				continue
			}
			for i, l := range s.Fields.All() {
				if s.Fields.Index(l.Known) != i || !isSingleton(l.Known) || l.Known == exchange.FieldCookie && (s.Version >= exchange.HTTP2 || p.X.Source.Lacks.Has(exchange.LacksVersion)) {
					continue
				}
				if n := s.Fields.Count(l.Known); n > 1 {
					s.note(p, s.line(p, i), l.Name+" is on "+wording.Count(n, "line")+", but can have only one value")
				}
			}
		}
	},
}

// isSingleton reports whether a registered field cannot be on several lines,
// and no other rule says so.
func isSingleton(n exchange.Name) bool {
	f := annotate.FactsOf(n)
	return n != 0 && f.Is(annotate.Registered) && !f.List && f.Marks&(annotate.OneEachLine|annotate.OwnRepeat) == 0
}

var syntaxListEmptyElement = &annotate.Rule{
	ID:       "syntax/list-empty-element",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a list has an empty element",
	Refs:     []string{"RFC 9110 §5.6.1.1"},
	Doc: "A comma at the start or end of a list, or two in a row, leaves an element empty. Receivers should ignore a few of them, but some refuse the header. " +
		"Usually a program joins parts of which one is empty.",
	Help: "join only the parts that have a value",
	Bad: []string{asked("Accept: text/html,, text/plain"), answered("Cache-Control: no-store,"), "# also intermediary/via-present\n" + answered("Via: 1.1 a,, 1.1 b"),
		answered("Link: </a>; rel=next,,</b>; rel=prev"), answered(`Link: , </a,b>; rel=next`)},
	Good: []string{asked("Accept: text/html, text/plain"), answered("Cache-Control:", "Cache-Control: no-store"), asked("Shop-List: a,,b"),
		answered("Via: 1.1 a (x,, y), 1.1 b"), answered(`Link: </a,,b>; rel=next; title="a,,b"`)},
	When: annotate.When{If: []*annotate.Condition{ifComma}},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.overview.Octets&annotate.HasComma == 0 {
				continue
			}
			for i := range s.Fields.Len() {
				l := s.Fields.At(i)
				if !commaLists.Has(l.Known) || strings.IndexByte(l.Value, ',') < 0 {
					continue
				}
				if at, ok := emptyElement(l); ok {
					s.note(p, annotate.Span(s.line(p, i), at, at+1), l.Name+" has an empty element: "+around(l.Value, at))
				}
			}
		}
	},
}

// emptyElement finds an empty element of a list, by what a comma is in it.
func emptyElement(l *exchange.Line) (at int, found bool) {
	switch annotate.FactsOf(l.Known).Form {
	case annotate.FormVia:
		return field.EmptyViaMember(l.Value)
	case annotate.FormLinks:
		return field.EmptyLink(l.Value)
	}
	return field.EmptyElement(l.Value)
}

// around quotes the octets of a value before and after octet i.
func around(value string, i int) string {
	return quoted(value[max(0, i-10):min(len(value), i+5)])
}

// commaLists are the fields that are lists of RFC 9110 §5.6.1.
var commaLists = namesOfForms(annotate.FormTokens, annotate.FormFieldNames, annotate.FormLanguageTags, annotate.FormLanguages, annotate.FormWeighted,
	annotate.FormMediaTypes, annotate.FormMediaRanges, annotate.FormDirectives, annotate.FormPreferences, annotate.FormAuthInfo,
	annotate.FormChallenges, annotate.FormForwarded, annotate.FormProtocols, annotate.FormCDNLoop,
	annotate.FormVia, annotate.FormLinks, annotate.FormWeights, annotate.FormNumbers, annotate.FormDigests, annotate.FormOrigins, annotate.FormWarning)

func namesOfForms(forms ...annotate.Form) (names exchange.NameMask) {
	for _, f := range forms {
		for _, n := range annotate.NamesIn(f, f) {
			names.Put(n)
		}
	}
	return names
}

var syntaxRequestFieldInResponse = &annotate.Rule{
	ID:       "syntax/request-field-in-response",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a response has a header for requests",
	Refs:     []string{"RFC 9110 §10.1", "RFC 9110 §11.6.2", "RFC 9110 §13.1"},
	Doc: "Clients ignore the header. Usually a server or proxy copied all request headers into the response. " +
		"That can show one user's cookies or credentials to anyone who gets the response, or to a cache.",
	Help: "remove the header from the response",
	Bad:  []string{answered("User-Agent: shop"), answered("If-None-Match: \"1\"")},
	Good: []string{answered("Accept-Encoding: gzip", "Priority: u=1"),
		// upload protocols say with 308 what has arrived
		responded("HTTP/1.1 308 Resume Incomplete", "Location: /upload/7", "Range: bytes=0-99", "Content-Length: 0")},
	When: annotate.When{Fields: annotate.NamesWith(annotate.RequestOnly)},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.All() {
			if annotate.FactsOf(l.Known).Is(annotate.RequestOnly) && !(l.Known == exchange.FieldRange && p.X.Response.Status == 308) {
				p.Note(p.ResponseLine(i), "%s has no meaning in a response", l.Name)
			}
		}
	},
}

var syntaxResponseFieldInRequest = &annotate.Rule{
	ID:       "syntax/response-field-in-request",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a request has a header for responses",
	Refs:     []string{"RFC 9110 §10.2", "Fetch §3.3.3"},
	Doc: "Servers ignore the header. Usually it is Access-Control-Allow-Origin. That doesn't help against a CORS error, because the server has to send it. " +
		"It makes browsers send a preflight, which then fails.",
	Help:  "remove the header from the request; the server must send it",
	Bad:   []string{asked("Access-Control-Allow-Origin: *"), asked("Set-Cookie: a=b; Secure; HttpOnly; SameSite=Lax; Path=/")},
	Good:  []string{requested("PUT /orders/7 HTTP/1.1", "Host: shop.test", `ETag: "1"`, "Content-Length: 3", "Content-Type: text/plain", "", "ok")},
	When:  annotate.When{RequestFields: annotate.NamesWith(annotate.ResponseOnly)},
	Needs: annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		m := p.X.Request.Method
		for i, l := range p.X.Request.Fields.All() {
			if !annotate.FactsOf(l.Known).Is(annotate.ResponseOnly) || l.Known == exchange.FieldETag && (m == "PUT" || m == "PATCH") {
				continue
			}
			p.Note(p.RequestLine(i), "%s has no meaning in a request", l.Name)
		}
	},
}
