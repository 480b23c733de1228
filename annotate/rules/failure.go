package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
)

// failureRules makes a rule of every way for an exchange to fail, with the ID
// "failure/" and the error code. The codes about the origin server's
// certificate have none, since tls/verification-failed speaks of them.
func failureRules() []*annotate.Rule {
	var all []*annotate.Rule
	for _, f := range exchange.Failures() {
		if !f.Certificate {
			all = append(all, failureRule(f))
		}
	}
	return all
}

func failureRule(f exchange.Failure) *annotate.Rule {
	r := &annotate.Rule{
		ID:       "failure/" + strings.ReplaceAll(string(f.Code), "_", "-"),
		Severity: annotate.Error,
		Blame:    annotate.Blame(f.Who),
		Title:    f.Title,
		Refs:     f.Refs,
		Doc:      f.Why + " " + f.Act,
		Help:     f.Act,
		Bad:      []string{failureExample(f)},
		Good:     []string{okExample},
		When:     annotate.When{Failed: true},
		Needs:    annotate.NeedsEnd,
		Check: func(p *annotate.Pass) {
			if p.X.Err.Code == f.Code && !stoppedForAnAnswer(p.X) {
				p.NoteHelp(failurePlace(f.Phase), actOn(p.X, f.Act), "%s%s", f.Title, detail(p.X.Err))
			}
		},
	}
	if s, err := annotate.ParseSeverity(f.Severity); err == nil {
		r.Severity = s
	}
	if f.Code == exchange.ErrUndecodable {
		asUndecodable(r, f)
	}
	return r
}

// actOn is what to do first about a failure. In a capture of another program our
// own flags are of no use, and what speaks of them is left out.
func actOn(x *exchange.Exchange, act string) string {
	if x.Source.Lacks == 0 {
		return ""
	}
	var kept []string
	for sentence := range strings.SplitSeq(strings.TrimSuffix(act, "."), ". ") {
		if !strings.Contains(sentence, "--") && !strings.Contains(sentence, "sidenote ") {
			kept = append(kept, sentence+".")
		}
	}
	if len(kept) == 0 {
		return "Read the detail, and check the settings of the program that recorded this."
	}
	return strings.Join(kept, " ")
}

// stoppedForAnAnswer reports whether a client ended its request content early
// with the final response in hand, as it may (RFC 9112 §9.5).
func stoppedForAnAnswer(x *exchange.Exchange) bool {
	return x.Err.Code == exchange.ErrRequestTruncated && x.Response.Status >= 200 && !x.Response.Made
}

// asUndecodable makes the rule look at the content as well: the proxy passes
// content on as it came, so that only decoding it afterwards shows the fault.
func asUndecodable(r *annotate.Rule, f exchange.Failure) {
	r.When = annotate.When{Fields: []exchange.Name{exchange.FieldContentEncoding}}
	r.Needs = annotate.NeedsContent
	r.Bad = []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Encoding: gzip
< Content-Length: 5
<
< hello
`}
	r.Good = append(r.Good, `# sidenote does not know this coding
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Encoding: compress
< Content-Length: 5
<
< hello
`, `# a range of the encoded octets
> GET / HTTP/1.1
> Host: shop.test
> Range: bytes=90-94
>
< HTTP/1.1 206 Partial Content
< Content-Encoding: gzip
< Content-Range: bytes 90-94/200
< Content-Length: 5
<
< hello
`, `# only the beginning was kept
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Encoding: gzip
< Content-Length: 90
<
< \x1f\x8b\x08\x00\x00\x00\x00\x00
* content response size=90 truncated
`)
	r.Check = func(p *annotate.Pass) {
		at := p.ResponseField(exchange.FieldContentEncoding)
		if err := p.X.UndecodableContent(); err != nil && (p.X.Err == nil || p.X.Err.Code == f.Code) {
			d := p.X.Response.DecodedContent()
			p.Note(at, "the body is labelled %s but can't be decoded: %s", bare(d.Coding), d.Why())
			return
		}
		if err := p.X.Err; err != nil && err.Code == f.Code {
			p.Note(at, "%s%s", f.Title, detail(err))
		}
	}
}

// failurePlace is where a failure of a phase is best looked for.
func failurePlace(phase exchange.Phase) exchange.Place {
	switch phase {
	case exchange.PhaseRequest, exchange.PhaseSend:
		return exchange.Place{Message: exchange.InRequest}
	case exchange.PhaseHead, exchange.PhaseContent:
		return exchange.Place{Message: exchange.InResponse}
	case exchange.PhaseDNS, exchange.PhaseConnect, exchange.PhaseProxy, exchange.PhaseTLS:
		return exchange.Place{Message: exchange.InConnection}
	}
	return exchange.Place{}
}

const okExample = `> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`

// failureExample is an exchange that failed in this way: with a response that
// the proxy made, with a part of one, or with none.
func failureExample(f exchange.Failure) string {
	const request = "> GET / HTTP/1.1\n> Host: shop.test\n>\n"
	fact := "* error " + string(f.Code) + " \"what the system said\"\n"
	switch {
	case f.Status != 0:
		return fact + "* made\n" + request + "< HTTP/1.1 502 Bad Gateway\n< Content-Length: 0\n<\n"
	case f.Phase == exchange.PhaseContent:
		return fact + request + "< HTTP/1.1 200 OK\n<\n< part\n* content response incomplete\n"
	}
	return fact + request
}
