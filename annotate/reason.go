package annotate

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/exchange/inside"
)

// maxReason bounds how much of an error's own words is quoted, and mostRead how
// much of its content is looked at, in octets.
const (
	maxReason = 160
	mostRead  = 64 << 10
)

// Reason returns what an error response, or an error inside a success, says of
// itself, in one line: which field it refuses and why, as the usual frameworks
// and cloud services write it in JSON, XML and HTML; the title and detail of a
// problem document (RFC 9457 §3.1); the exception at the end of a traceback; or
// the first line of a text. For gRPC and other protocols inside a success it is
// code and message. It is "" for other responses, where nothing is said, and
// where it would only repeat the status. Call it only after the exchange has
// ended.
func Reason(x *exchange.Exchange) string {
	r := &x.Response
	if r.Made {
		return ""
	}
	if s := grpcReason(r); s != "" {
		return oneLine(s)
	}
	if r.Status < 400 {
		return insideReason(x)
	}
	w := words{status: r}
	if len(r.Content.Kept) > 0 {
		if s := oneLine(w.of(r)); s != "" && !w.repeats(s) {
			return s
		}
	}
	return oneLine(challengeReason(r))
}

// insideReason is what an error inside a success says.
func insideReason(x *exchange.Exchange) string {
	e := x.Effective()
	if !e.IsInside() {
		return ""
	}
	if (e.Protocol == inside.JSON || e.Protocol == inside.XML) && (e.Message != "" || e.Code == "") {
		w := words{status: &x.Response}
		if s := oneLine(w.of(&x.Response)); s != "" && !w.repeats(s) {
			return s
		}
	}
	switch {
	case e.Code == "":
		return oneLine(e.Message)
	case e.Message == "":
		return oneLine(e.Code)
	}
	return oneLine(e.Code + ": " + e.Message)
}

// challengeReason is what a Bearer challenge says of a token that was refused
// (RFC 6750 §3).
func challengeReason(r *exchange.Response) string {
	for _, l := range r.Fields.Each(exchange.FieldWWWAuthenticate) {
		for c := range field.Challenges(l.Value) {
			if s, ok := c.Param("error_description"); ok && s != "" && utf8.ValidString(s) {
				return s
			}
		}
	}
	return ""
}

// words finds what an error says in content of one format or another.
type words struct {
	status *exchange.Response // whose words are no reason when they are repeated
}

func (w words) of(r *exchange.Response) string {
	b := r.DecodedContent().Bytes
	b = b[:min(len(b), mostRead)]
	kind, _, _ := strings.Cut(strings.ToLower(r.Fields.Value(exchange.FieldContentType)), ";")
	kind = strings.TrimSpace(kind)
	switch {
	case strings.Contains(kind, "json"):
		return w.json(b)
	case kind == "text/html" || kind == "application/xhtml+xml":
		return w.html(b)
	case strings.HasSuffix(kind, "/xml") || strings.HasSuffix(kind, "+xml"):
		return w.xml(b)
	case kind == "application/x-www-form-urlencoded":
		values, _ := url.ParseQuery(string(b))
		if s := values.Get("error_description"); s != "" {
			return s
		}
		return values.Get("error")
	case kind == "text/event-stream":
		for line := range strings.Lines(string(b)) {
			if data, ok := strings.CutPrefix(line, "data:"); ok {
				return w.json([]byte(data))
			}
		}
	case kind == "text/plain" || kind == "":
		if s := w.json(b); s != "" {
			return s
		}
		return plainReason(string(b))
	}
	return ""
}

// repeats reports whether a text says no more than the status line, as the
// stock pages of servers do: "404 Not Found", "405 Not Allowed".
func (w words) repeats(s string) bool {
	s = strings.Trim(s, " .!")
	for _, prefix := range [...]string{"http status ", "http error ", "http ", "error "} {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			s = s[len(prefix):]
		}
	}
	code := strconv.Itoa(w.status.Status)
	s = strings.TrimSpace(strings.ReplaceAll(s, "("+code+")", ""))
	phrase, withCode := strings.CutPrefix(s, code)
	phrase = strings.TrimLeft(phrase, " -–—:|")
	phrase = strings.TrimRight(strings.TrimPrefix(phrase, "("), ")!1")
	if withCode && phrase == "" {
		return s != code // a code alone was somebody's own answer
	}
	known, ok := LookupStatus(w.status.Status)
	if strings.EqualFold(phrase, w.status.Reason) || ok && strings.EqualFold(phrase, known.Name) {
		return true
	}
	other := func(c rune) bool { return c != ' ' && c != '-' && !unicode.IsLetter(c) }
	return withCode && len(strings.Fields(phrase)) <= 4 && !strings.ContainsFunc(phrase, other)
}

// plainReason is the exception at the end of a traceback, else the first line.
func plainReason(s string) string {
	if !utf8.ValidString(s) {
		return ""
	}
	s = strings.TrimSpace(s)
	if last := tracebackEnd(s); last != "" {
		return last
	}
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// tracebackEnd is the last line of a Python traceback, which names the exception;
// "" for any other text.
func tracebackEnd(s string) string {
	start := strings.LastIndex(s, "Traceback (most recent call last)")
	if start < 0 {
		return ""
	}
	last := ""
	for line := range strings.SplitSeq(s[start:], "\n") {
		line = strings.TrimRight(line, " \t\r")
		switch {
		case line == "" && last != "":
			return last
		case line != "" && line[0] != ' ' && line[0] != '\t' && !strings.HasPrefix(line, "Traceback"):
			last = line
		}
	}
	return last
}

// oneLine folds white space and cuts what is too long.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxReason {
		return s
	}
	cut := maxReason
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// grpcReason is what a gRPC status other than 0 says, wherever it stands: in the
// trailers, in the head of a response without messages, or in the last frame of
// gRPC-Web's content.
func grpcReason(r *exchange.Response) string {
	if !strings.HasPrefix(r.Fields.Value(exchange.FieldContentType), "application/grpc") {
		return ""
	}
	for _, f := range [...]*exchange.Fields{&r.Trailers, &r.Fields} {
		if f.Has(exchange.FieldGrpcStatus) {
			return grpcWords(f.Value(exchange.FieldGrpcStatus), f.Value(exchange.FieldGrpcMessage))
		}
	}
	b := r.DecodedContent().Bytes
	if strings.HasPrefix(r.Fields.Value(exchange.FieldContentType), "application/grpc-web-text") {
		b = field.GRPCWebText(b)
	}
	s := field.GRPCWebStatus(b)
	return grpcWords(s.Code, s.Message)
}

func grpcWords(status, message string) string {
	code, ok := field.Number(status)
	if !ok || code == 0 {
		return ""
	}
	name, ok := field.GRPCCodeName(code)
	if !ok {
		name = "gRPC status " + status
	}
	if u, err := url.PathUnescape(message); err == nil && utf8.ValidString(u) {
		message = u // gRPC encodes it in percent signs
	}
	if message == "" {
		return name
	}
	return name + ": " + message
}
