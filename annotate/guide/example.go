package guide

import (
	"strconv"
	"strings"

	"sidenote/annotate"
)

// An Example is an exchange in text form (exchange.ParseText), with what there
// is to see in it.
type Example struct {
	Says string // one or two sentences
	Text string
	// Rule is the rule that makes a note of it; "" for an exchange that gets no
	// note of severity warn and above.
	Rule string
}

// Right reports whether the exchange is as it should be.
func (e *Example) Right() bool { return e.Rule == "" }

// ok is an exchange that is as it should be.
func ok(says, request string, responses ...string) Example {
	return Example{Says: says, Text: textOf(request, responses)}
}

// bad is an exchange of which the rule makes a note.
func bad(rule, says, request string, responses ...string) Example {
	return Example{Says: says, Text: textOf(request, responses), Rule: rule}
}

// textOf writes an exchange. A message is its first line, its field lines, and
// after an empty line its content. The version, the reason phrase, Host and
// Content-Length are added where they are missing. A request may begin with
// facts, in lines that begin with "*"; "https " stands for the one that it went over TLS.
func textOf(request string, responses []string) string {
	var b strings.Builder
	request, overTLS := strings.CutPrefix(request, "https ")
	if overTLS {
		b.WriteString("* scheme https\n")
	}
	for strings.HasPrefix(request, "*") {
		fact, rest, _ := strings.Cut(request, "\n")
		b.WriteString(fact + "\n")
		request = rest
	}
	first, rest, _ := strings.Cut(request, "\n")
	if !strings.HasSuffix(first, " HTTP/1.0") {
		first += " HTTP/1.1"
	}
	if !strings.Contains(rest, "Host: ") {
		rest = "Host: shop.test\n" + rest
	}
	writeMessage(&b, "> ", first, rest, false)
	for _, r := range responses {
		first, rest, _ := strings.Cut(r, "\n")
		code, _ := strconv.Atoi(first)
		s, _ := annotate.LookupStatus(code)
		writeMessage(&b, "< ", strings.TrimSpace("HTTP/1.1 "+first+" "+s.Name), rest, hasContent(code))
	}
	return b.String()
}

// hasContent reports whether a response with the code can have content, so that
// it needs a length when it has none.
func hasContent(code int) bool { return code >= 200 && code != 204 && code != 304 }

func writeMessage(b *strings.Builder, mark, first, rest string, always bool) {
	fields, content, has := strings.Cut(rest, "\n\n")
	if after, empty := strings.CutPrefix(rest, "\n"); empty {
		fields, content, has = "", after, true
	}
	b.WriteString(mark + first + "\n")
	for line := range strings.SplitSeq(strings.Trim(fields, "\n"), "\n") {
		if line != "" {
			b.WriteString(mark + line + "\n")
		}
	}
	if (has || always) && !strings.Contains(fields, "Content-Length: ") && !strings.Contains(fields, "Transfer-Encoding: ") {
		b.WriteString(mark + "Content-Length: " + strconv.Itoa(len(content)) + "\n")
	}
	b.WriteString(strings.TrimSpace(mark) + "\n")
	if has && content != "" {
		for line := range strings.SplitSeq(content, "\n") {
			b.WriteString(strings.TrimRight(mark+line, " ") + "\n")
		}
	}
}

// itoa writes a number.
func itoa(n int) string { return strconv.Itoa(n) }

// problem is the rest of a response that explains itself.
func problem(status int, title string) string {
	return "Content-Type: application/problem+json\n\n" + `{"status":` + strconv.Itoa(status) + `,"title":` + strconv.Quote(title) + `}`
}
