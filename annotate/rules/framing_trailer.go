package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
)

// framingTrailerRules lists the rules on trailers.
func framingTrailerRules() []*annotate.Rule {
	return []*annotate.Rule{
		framingTrailerFieldWithoutChunked,
		framingTrailerForbiddenField,
		framingTrailerNotAnnounced,
		framingTrailerRepeatsHeader,
	}
}

// chunkedOK is a chunked 200 with those field lines before and trailers after.
func chunkedOK(lines []string, trailers ...string) string {
	text := responded("HTTP/1.1 200 OK", append([]string{"Content-Type: text/plain", "Transfer-Encoding: chunked"}, lines...)...) + "< ok\n"
	for _, t := range trailers {
		text += "<~ " + t + "\n"
	}
	return text
}

var framingTrailerFieldWithoutChunked = &annotate.Rule{
	ID:       "framing/trailer-field-without-chunked",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Trailer announces headers that can't come",
	Refs:     []string{"RFC 9110 §6.5.1", "RFC 9110 §6.6.2", "RFC 9112 §7.1.2"},
	Doc: "In HTTP/1.1 only a chunked message can have trailers. " +
		"This one isn't chunked, so the headers that Trailer announces never arrive, and a client that waits for a digest or a signature gets none.",
	Help: "send the message chunked, or remove Trailer",
	Bad: []string{answered("Trailer: Server-Timing"), asked("Trailer: Server-Timing"),
		"# also status/unusual-for-method\n" + responded("HTTP/1.1 204 No Content", "Trailer: Server-Timing")},
	Good:  []string{answered("Trailer: Server-Timing", "Via: 1.1 edge"), chunkedOK([]string{"Trailer: Server-Timing"}, "Server-Timing: db;dur=5")},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldTrailer}},
	Needs: annotate.NeedsContent | annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			i := s.Fields.Index(exchange.FieldTrailer)
			if i < 0 || s.Version >= exchange.HTTP2 || hasChunked(&s.Fields) || showsIntermediary(&s.Fields) ||
				s.in == exchange.InResponse && !p.X.MayHaveContent() && p.X.Response.Status != 204 || s.Fields.At(i).Value == "" {
				continue
			}
			s.note(p, s.line(p, i), "Trailer announces "+quoted(s.Fields.At(i).Value)+", but the message isn't chunked")
		}
	},
}

// eachTrailer calls f for every trailer line of both messages.
func eachTrailer(p *annotate.Pass, f func(s messageHead, i int, l *exchange.Line)) {
	for s := range messageHeads(p) {
		for i := range s.Trailers.Len() {
			f(s, i, s.Trailers.At(i))
		}
	}
}

var framingTrailerForbiddenField = &annotate.Rule{
	ID:       "framing/trailer-forbidden-field",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a trailer that must come before the body",
	Refs:     []string{"RFC 9110 §6.5.1"},
	Doc: "Headers about framing, routing, authentication, caching and the type of the body are needed before the body. " +
		"Receivers drop them as trailers, or a proxy merges them into the headers, and they pass checks unseen.",
	Help:  "send it before the body, with the other headers",
	Bad:   []string{chunkedOK([]string{"Trailer: Cache-Control"}, "Cache-Control: no-store")},
	Good:  []string{chunkedOK([]string{"Trailer: ETag, Server-Timing"}, `ETag: "1"`, "Server-Timing: db;dur=5")},
	When:  annotate.When{If: []*annotate.Condition{ifTrailers}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		eachTrailer(p, func(s messageHead, i int, l *exchange.Line) {
			if annotate.FactsOf(l.Known).Is(annotate.NeverTrails) {
				s.note(p, trailerPlace(s.in, s.Message, i), l.Name+" is in the trailers, where it comes too late")
			}
		})
	},
}

var framingTrailerNotAnnounced = &annotate.Rule{
	ID:       "framing/trailer-not-announced",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a trailer that Trailer doesn't announce",
	Refs:     []string{"RFC 9110 §6.6.2"},
	Doc:      "Libraries that read trailers often keep only those that Trailer announced, such as Go's. The others get lost silently.",
	Help:     "list it in Trailer, as in Trailer: Server-Timing",
	Bad:      []string{chunkedOK(nil, "Server-Timing: db;dur=5", "X-Checksum: 7")},
	Good: []string{chunkedOK([]string{"Trailer: server-timing"}, "Server-Timing: db;dur=5"),
		"* scheme https\n> POST /shop.Orders/List HTTP/2\n> Host: shop.test\n> Content-Type: application/grpc\n> TE: trailers\n>\n< HTTP/2 200\n< Content-Type: application/grpc\n<\n<~ grpc-status: 0\n"},
	When:  annotate.When{If: []*annotate.Condition{ifTrailers}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.Trailers.Len() == 0 || isGRPC(s.Fields.Value(exchange.FieldContentType)) {
				continue
			}
			var missing []string
			first := -1
			for i, l := range s.Trailers.All() {
				if i >= 64 {
					break // nobody sends so many, and a hostile message must not cost much
				}
				if !listHas(&s.Fields, exchange.FieldTrailer, l.Name) {
					if first < 0 {
						first = i
					}
					if len(missing) < 8 {
						missing = append(missing, bare(l.Name))
					}
				}
			}
			if first >= 0 {
				s.note(p, trailerPlace(s.in, s.Message, first), "the trailers have "+strings.Join(missing, ", ")+", which Trailer doesn't announce")
			}
		}
	},
}

var framingTrailerRepeatsHeader = &annotate.Rule{
	ID:       "framing/trailer-repeats-header",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a header comes both before and after the body",
	Refs:     []string{"RFC 9110 §6.5.1", "RFC 9110 §5.3"},
	Doc: "The header can have one value, but the message has it before the body and again in the trailers. " +
		"Some receivers use the first, some the last, and some see two values. A header that is a list may come in both.",
	Help: "send it in one of the two places",
	Bad:  []string{chunkedOK([]string{"Trailer: ETag", `ETag: "1"`}, `ETag: "2"`)},
	Good: []string{chunkedOK([]string{"Trailer: Server-Timing", "Server-Timing: app"}, "Server-Timing: db;dur=5"), chunkedOK([]string{"Trailer: ETag"}, `ETag: "1"`)},
	When: annotate.When{If: []*annotate.Condition{ifTrailers}},
	// The trailers come with the content.
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		eachTrailer(p, func(s messageHead, i int, l *exchange.Line) {
			f := annotate.FactsOf(l.Known)
			if l.Known != 0 && f.Direction != 0 && !f.List && !f.Is(annotate.NeverTrails) && s.Fields.Has(l.Known) {
				s.note(p, trailerPlace(s.in, s.Message, i), l.Name+" is "+bare(s.Fields.Value(l.Known))+" before the body and "+bare(l.Value)+" after it")
			}
		})
	},
}
