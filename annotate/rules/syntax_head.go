package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// syntaxHeadRules lists the rules on the octets of a head as received. Those
// on requests are asked about refused requests too.
func syntaxHeadRules() []*annotate.Rule {
	return []*annotate.Rule{
		syntaxBareLF,
		syntaxObsFold,
		syntaxWhitespaceBeforeFirstField,
		syntaxFieldNameTrailingSpace,
		syntaxFieldNameInvalid,
		syntaxRequestHeadMalformed,
		syntaxResponseHeadMalformed,
		syntaxStatusLineMissingSpace,
		syntaxReasonPhraseInvalid,
	}
}

var syntaxBareLF = &annotate.Rule{
	ID:       "syntax/bare-lf",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a header line ends in LF alone",
	Refs:     []string{"RFC 9112 §2.2", "RFC 9112 §2.1"},
	Doc: "Header lines must end in CR LF. Some receivers treat LF alone as the end of a line and some don't, so two of them may see different headers. " +
		"Attackers smuggle requests that way. Usually a program built the headers by hand, with \"\\n\".",
	Help:  "end every header line with CR LF, \"\\r\\n\"",
	Bad:   []string{asked(`Accept: */*\nShop-Trace: 7`), answered(`Shop-Trace: 7\nShop-Other: 8`)},
	Good:  []string{asked("Accept: */*")},
	When:  annotate.When{If: []*annotate.Condition{ifOddLine}},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if !s.oddLines() {
				continue
			}
			count, at := 0, exchange.Place{}
			for l := range rawLines(s.RawHead) {
				if l.bareLF {
					if count++; count == 1 {
						at = s.fieldLine(p, l)
					}
				}
			}
			if count > 0 {
				s.note(p, at, wording.Count(count, "line")+" of the head "+isOrAre(count)+" ended by LF without CR")
			}
		}
	},
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

var syntaxObsFold = &annotate.Rule{
	ID:       "syntax/obs-fold",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a header is folded over several lines",
	Refs:     []string{"RFC 9112 §5.2"},
	Doc: "A line that starts with a space continues the header before it, as in old mail. " +
		"HTTP no longer allows it: some receivers join the lines, some refuse the message, and some read the second line as another header. " +
		"Usually a value contains a line break, such as a long policy or a certificate.",
	Help:  "write the value on one line",
	Bad:   []string{asked("Shop-Cert: abc", " def"), answered("Shop-Policy: a;", "\tb")},
	Good:  []string{asked("Shop-Cert: abc def")},
	When:  annotate.When{If: []*annotate.Condition{ifOddLine}},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if !s.oddLines() {
				continue
			}
			for l := range rawLines(s.RawHead) {
				if l.folded {
					s.note(p, s.fieldLine(p, l), s.fieldLine(p, l).Field+" continues on a second line that starts with white space")
					break
				}
			}
		}
	},
}

var syntaxWhitespaceBeforeFirstField = &annotate.Rule{
	ID:       "syntax/whitespace-before-first-field",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the first header line starts with white space",
	Refs:     []string{"RFC 9112 §2.2", "RFC 9112 §11.2"},
	Doc: "There is no header before this line that it could continue. Receivers skip it, join it to the start line, or refuse the message. " +
		"If two of them differ, an attacker can hide a header. Usually it is a template with an indented second line.",
	Help:       "start every header line with its name",
	Bad:        []string{"# also syntax/host-not-first\n" + requested("GET /orders HTTP/1.1", " Shop-Trace: 7", "Host: shop.test"), responded("HTTP/1.1 404 Not Found", " Shop-Trace: 7", "Content-Length: 3", "Content-Type: text/plain", "", "no")},
	Good:       []string{asked("Shop-Trace: 7")},
	When:       annotate.When{Always: true, If: []*annotate.Condition{ifOddHead}},
	Needs:      annotate.NeedsRawHead,
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if !s.oddLines() && s.overview.Odd == 0 {
				continue
			}
			for l := range rawLines(s.RawHead) {
				if l.index == 0 {
					if field.IsOWS(l.text[0]) {
						s.note(p, s.startLine(p), "there is white space before the first header line, "+quoted(fieldNameOf(l.text)))
					}
					break
				}
			}
		}
	},
}

// fieldNameOf is what stands before the colon of a line, safe to show where the value is not.
func fieldNameOf(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

var syntaxFieldNameTrailingSpace = &annotate.Rule{
	ID:       "syntax/field-name-trailing-space",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "white space between a header name and its colon",
	Refs:     []string{"RFC 9112 §5.1"},
	Doc: "Servers must refuse a request with such a line, because some receivers would see the header and others wouldn't. " +
		"\"Transfer-Encoding : chunked\" is a known way to smuggle requests. In responses proxies remove the space, so the error only shows on some paths.",
	Help:       "write the colon directly after the name",
	Bad:        []string{asked("Shop-Trace : 7"), answered("Shop-Trace\t: 7")},
	Good:       []string{asked("Shop-Trace:7")},
	When:       annotate.When{Always: true, If: []*annotate.Condition{ifOddLine}},
	Needs:      annotate.NeedsRawHead,
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if !s.oddLines() {
				continue
			}
			for l := range rawLines(s.RawHead) {
				colon := strings.IndexByte(l.text, ':')
				if l.index >= 0 && !l.folded && colon > 0 && field.IsOWS(l.text[colon-1]) && !field.IsOWS(l.text[0]) {
					s.note(p, s.fieldLine(p, l), "there is white space between "+quoted(field.TrimOWS(l.text[:colon]))+" and its colon")
				}
			}
		}
	},
}

var syntaxFieldNameInvalid = &annotate.Rule{
	ID:       "syntax/field-name-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a header name is empty or has an invalid byte",
	Refs:     []string{"RFC 9110 §5.1"},
	Doc: "A header name has letters, digits and a few signs, without spaces, brackets, quotes or umlauts. " +
		"Many receivers refuse the whole message, others drop the line. " +
		"Often a value with a line break was written into a header, so its second half looks like a header.",
	Help:       "use letters, digits and hyphens in header names",
	Bad:        []string{asked("X(Trace): 7"), asked(": 7"), answered(`Gr\xc3\xb6\xc3\x9fe: 7`)},
	Good:       []string{asked("X_Trace.v1!: 7")},
	When:       annotate.When{Always: true, If: []*annotate.Condition{ifOddName}},
	Needs:      annotate.NeedsRawHead,
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if !s.WireTrue() || s.overview.Odd&annotate.OddName == 0 {
				continue
			}
			for l := range rawLines(s.RawHead) {
				name, _, colon := strings.Cut(l.text, ":")
				if l.index < 0 || l.folded || !colon || name != "" && field.IsOWS(name[0]) {
					continue
				}
				switch name = field.TrimOWS(name); {
				case name == "":
					s.note(p, s.fieldLine(p, l), "a header line has no name before its colon")
				case !field.IsToken(name):
					n := field.TokenLen(name)
					s.note(p, s.fieldLine(p, l), "the header name "+quoted(name)+" holds "+quoted(name[n:n+1])+", which isn't allowed in a name")
				}
			}
		}
	},
}

var syntaxRequestHeadMalformed = &annotate.Rule{
	ID:       "syntax/request-head-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "the request line or a header line can't be parsed",
	Refs:     []string{"RFC 9112 §3", "RFC 9112 §5"},
	Doc: "A request line is a method, a target and HTTP/1.1, with one space between them. Every header line is a name, a colon and a value. " +
		"Servers answer 400 to anything else, or guess. " +
		"Check the program that writes them: a path that isn't encoded, a version in lower case, or a missing empty line before the body.",
	Help: "send METHOD SP target SP HTTP/1.1, and a colon in every header line",
	Bad: []string{
		requested("GET /orders HTTP/1", "Host: shop.test"),
		requested("GET  /orders HTTP/1.1", "Host: shop.test"),
		asked("this line has no colon"),
	},
	Good:       []string{asked("Shop-Empty:")},
	When:       annotate.When{Always: true},
	Needs:      annotate.NeedsRawHead,
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		s := requestHead(p)
		if !s.WireTrue() || strings.HasPrefix(s.RawHead, "\x16") || s.RawHead[0] < ' ' && s.RawHead[0] != '\r' && s.RawHead[0] != '\n' ||
			strings.HasPrefix(s.RawHead, "PRI * HTTP/2") {
			return // not HTTP/1.1 at all, as the failure says
		}
		end := strings.IndexByte(s.RawHead, '\n')
		plain := end > 0 && s.overview.Odd&(annotate.OddLine|annotate.OddName) == 0
		if plain && requestLineProblem(strings.TrimSuffix(s.RawHead[:end], "\r")) == "" {
			return
		}
		start := true
		for l := range rawLines(s.RawHead) {
			switch {
			case start:
				if what := requestLineProblem(l.text); what != "" {
					s.note(p, s.startLine(p), "the request line "+what)
				}
			case hasNoColon(l):
				s.note(p, s.fieldLine(p, l), "a header line has no colon")
			}
			start = false
		}
	},
}

// hasNoColon reports whether a line that should be a field line is none.
func hasNoColon(l rawLine) bool {
	return l.index >= 0 && !l.folded && strings.IndexByte(l.text, ':') < 0 && !field.IsOWS(l.text[0])
}

// requestLineProblem says why a line is no request line; "" when it is one, or
// when its method or target is at fault, which other rules judge.
func requestLineProblem(line string) string {
	first, last := strings.IndexByte(line, ' '), strings.LastIndexByte(line, ' ')
	switch {
	case first < 0:
		return "has no spaces; it must be METHOD TARGET HTTP/1.1"
	case last == first:
		if isHTTPVersion(line[first+1:]) {
			return "has no target"
		}
		return "has no version at its end, such as HTTP/1.1"
	case !isHTTPVersion(line[last+1:]):
		return "ends in " + quoted(line[last+1:]) + ", not in a version such as HTTP/1.1"
	case first == 0 || line[first+1] == ' ' || line[last-1] == ' ':
		return "has more than one space between its parts"
	}
	return ""
}

// isHTTPVersion reports whether s is HTTP/ with two digits and a dot (RFC 9112 §2.3).
func isHTTPVersion(s string) bool {
	return len(s) == 8 && s[:5] == "HTTP/" && field.IsDigit(s[5]) && s[6] == '.' && field.IsDigit(s[7])
}

var syntaxResponseHeadMalformed = &annotate.Rule{
	ID:       "syntax/response-head-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the status line or a header line is malformed",
	Refs:     []string{"RFC 9112 §4", "RFC 9112 §5"},
	Doc: "A status line is HTTP/1.1, a code of three digits and a phrase, with one space between them. Every header line is a name, a colon and a value. " +
		"Lenient clients accept less, others refuse the response. Look for a script that prints before its headers, or a line break inside a value.",
	Help:  "send HTTP/1.1 SP code SP phrase, and a colon in every header line",
	Bad:   []string{responded("HTTP/1 200 OK", "Content-Length: 0"), answered("this line has no colon")},
	Good:  []string{answered("Shop-Empty:"), responded("HTTP/1.0 200 ", "Content-Length: 0")},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		s := responseHead(p)
		if !s.WireTrue() {
			return
		}
		if end := strings.IndexByte(s.RawHead, ' '); end > 0 && !isHTTPVersion(strings.TrimLeft(s.RawHead[:end], "\r\n")) {
			s.note(p, s.startLine(p), "the status line begins with "+quoted(s.RawHead[:end])+", not with a version such as HTTP/1.1")
		}
		if s.overview.Odd&(annotate.OddLine|annotate.OddName) == 0 {
			return
		}
		for l := range rawLines(s.RawHead) {
			if hasNoColon(l) {
				s.note(p, s.fieldLine(p, l), "a header line has no colon")
			}
		}
	},
}

var syntaxStatusLineMissingSpace = &annotate.Rule{
	ID:       "syntax/status-line-missing-space",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the status line ends right after the code",
	Refs:     []string{"RFC 9112 §4"},
	Doc: "The reason phrase may be empty, but the space before it is required. Most clients accept it, some strict ones refuse the response. " +
		"Some servers leave out the phrase together with its space.",
	Help:  "send \"HTTP/1.1 204 \" with the space, or add the phrase",
	Bad:   []string{responded("HTTP/1.1 200", "Content-Length: 0")},
	Good:  []string{responded("HTTP/1.1 200 ", "Content-Length: 0"), responded("HTTP/2 200")},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		raw := p.X.Response.RawHead
		const n = len("HTTP/1.1 204")
		if len(raw) > n && (raw[n] == '\r' || raw[n] == '\n') && isHTTPVersion(raw[:8]) {
			s := responseHead(p)
			s.note(p, s.startLine(p), "the status line ends after "+raw[9:n]+", without the required space after it")
		}
	},
}

var syntaxReasonPhraseInvalid = &annotate.Rule{
	ID:       "syntax/reason-phrase-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the reason phrase has a control character",
	Refs:     []string{"RFC 9112 §4"},
	Doc: "The phrase after the status code may have spaces, tabs and visible characters. " +
		"With a control character, such as a single CR, clients refuse the response or cut it there. Usually it is an error text with several lines.",
	Help:  "send the registered phrase or none, and the error text in the body",
	Bad:   []string{responded(`HTTP/1.1 200 O\x01K`, "Content-Length: 0")},
	Good:  []string{responded("HTTP/1.1 200 Gut", "Content-Length: 0"), responded(`HTTP/1.1 200 Sch\xc3\xb6n\tgut`, "Content-Length: 0")},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		reason := p.X.Response.Reason
		if i := field.ControlIn(reason); i >= 0 && p.X.Response.WireTrue() {
			s := responseHead(p)
			start := len(p.X.Response.Version.String()) + len(" 204 ")
			p.Note(annotate.Span(s.startLine(p), start+i, start+i+1), "the reason phrase has the control character %s", quoted(reason[i:i+1]))
		}
	},
}
