package annotate

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// maxReason bounds how much of an error's own words is quoted, and mostRead how
// much of its content is looked at, in octets.
const (
	maxReason = 160
	mostRead  = 64 << 10
)

// Reason returns what an error response says of itself, in one line: which field
// it refuses and why, as the usual frameworks and cloud services write it in
// JSON, XML and HTML; the title and detail of a problem document (RFC 9457 §3.1);
// the exception at the end of a traceback; or the first line of a text. For gRPC
// it is the name of the code and the message. It is "" for other responses, where
// nothing is said, and where it would only repeat the status. Call it only after
// the exchange has ended.
func Reason(x *exchange.Exchange) string {
	r := &x.Response
	if r.Made {
		return ""
	}
	if s := grpcReason(r); s != "" {
		return oneLine(s)
	}
	if r.Status < 400 {
		return ""
	}
	w := words{status: r}
	if len(r.Content.Kept) > 0 {
		if s := oneLine(w.of(r)); s != "" && !w.repeats(s) {
			return s
		}
	}
	return oneLine(challengeReason(r))
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

// grpcCodes are the names of gRPC's status codes, by their number.
var grpcCodes = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
	"FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
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
	status, message := grpcWebTrailers(r.DecodedContent().Bytes)
	return grpcWords(status, message)
}

func grpcWords(status, message string) string {
	code, err := strconv.Atoi(status)
	if err != nil || code == 0 {
		return ""
	}
	name := "gRPC status " + status
	if code > 0 && code < len(grpcCodes) {
		name = grpcCodes[code]
	}
	if message = percentDecoded(message); message == "" {
		return name
	}
	return name + ": " + message
}

// grpcWebTrailers reads the frame that gRPC-Web ends its content with: 0x80, a
// length of four octets, and field lines.
func grpcWebTrailers(b []byte) (status, message string) {
	for len(b) >= 5 {
		size := int(b[1])<<24 | int(b[2])<<16 | int(b[3])<<8 | int(b[4])
		if size < 0 || size > len(b)-5 {
			return "", ""
		}
		frame := b[5 : 5+size]
		if b[0]&0x80 != 0 {
			for line := range strings.SplitSeq(string(frame), "\r\n") {
				name, value, _ := strings.Cut(line, ":")
				switch value = strings.TrimSpace(value); strings.ToLower(name) {
				case "grpc-status":
					status = value
				case "grpc-message":
					message = value
				}
			}
			return status, message
		}
		b = b[5+size:]
	}
	return "", ""
}

func percentDecoded(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	if !utf8.ValidString(b.String()) {
		return s
	}
	return b.String()
}
