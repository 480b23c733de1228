package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// grpcRules lists the rules on gRPC calls and on newline-delimited JSON.
func grpcRules() []*annotate.Rule {
	return []*annotate.Rule{
		grpcStatusMissing,
		grpcStatusInHeaders,
		grpcTrailersOnly,
		grpcStatusAtOdds,
		grpcMessageCut,
		grpcPrefixInvalid,
		grpcCompressedWithoutCoding,
		grpcCompressionBroken,
		grpcNotProtobuf,
		grpcDeadlinePassed,
		contentJSONLineInvalid,
	}
}

// ifGRPC holds where either message is of gRPC or gRPC-Web.
var ifGRPC = ifContentType("grpc")

// whenGRPC is when the response to a gRPC call has come.
var whenGRPC = annotate.When{RequestFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifGRPC}}

// ifGRPCMessages holds where messages of gRPC were found.
var ifGRPCMessages = ifStream(exchange.FormatGRPC, exchange.FormatGRPCWeb)

// whenGRPCMessages is when there are messages to look at.
var whenGRPCMessages = annotate.When{RequestFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifGRPC, ifGRPCMessages}}

// calledGRPC is a call of gRPC with that content and those trailers, and field lines
// beside the usual ones: of the request where they begin with ">".
func calledGRPC(content string, trailers []string, lines ...string) string {
	request, response := []string{"Host: shop.test", "content-type: application/grpc", "te: trailers"}, []string{"content-type: application/grpc"}
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "> "); ok {
			request = append(request, rest)
		} else {
			response = append(response, l)
		}
	}
	if content != "" {
		content = "< " + content + "\n"
	}
	text := exchangeWith(content, "POST /shop.Orders/Find HTTP/2", request, "HTTP/2 200", response)
	for _, t := range trailers {
		text += "<~ " + t + "\n"
	}
	return overTLS(text)
}

// oneMessage is a gRPC message of 2 octets with what stands before it.
const oneMessage = `\x00\x00\x00\x00\x02\x08\x01`

var (
	statusOK = []string{"grpc-status: 0"}
	goodGRPC = calledGRPC(oneMessage, statusOK)
)

// isGRPCMessage reports whether a message has gRPC's type, or with web also gRPC-Web's.
func isGRPCMessage(m *exchange.Message, web bool) bool {
	t := mediaTypeOf(&m.Fields)
	if !field.EqualFold(t.Type, "application") || !field.HasPrefixFold(t.Subtype, "grpc") {
		return false
	}
	return web || !field.HasPrefixFold(t.Subtype, "grpc-web")
}

var grpcStatusMissing = &annotate.Rule{
	ID:       "grpc/status-missing",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a gRPC response has no grpc-status",
	Refs:     []string{"gRPC over HTTP/2"},
	Doc: "grpc-status is the outcome of a call, and stands in the trailers. Without it, a client reports UNKNOWN or INTERNAL, although the response arrived whole. " +
		"A proxy that drops trailers, or speaks HTTP/1.1 to the server, has this effect.",
	Help:  "pass trailers on at every hop; proxies need HTTP/2 on both sides for gRPC",
	Bad:   []string{calledGRPC(oneMessage, nil)},
	Good:  []string{goodGRPC, "# the server was cut off\n" + calledGRPC(oneMessage, nil) + "* content response incomplete\n"},
	When:  annotate.When{Status: []int{200}, RequestFields: whenGRPC.RequestFields, If: whenGRPC.If},
	Needs: annotate.NeedsContent | annotate.NeedsEnd | annotate.NeedsTrailers,
	Check: func(p *annotate.Pass) {
		x := p.X
		r := &x.Response
		if isGRPCMessage(&r.Message, false) && r.Content.Complete && x.Err == nil && !r.Trailers.Has(exchange.FieldGrpcStatus) && !r.Fields.Has(exchange.FieldGrpcStatus) {
			p.Note(exchange.Place{Message: exchange.InResponse, Part: exchange.PartTrailer, Field: "grpc-status", Line: -1},
				"the response ended without grpc-status, so the client doesn't know whether the call succeeded")
		}
	},
}

var grpcStatusInHeaders = &annotate.Rule{
	ID:       "grpc/status-in-headers",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "grpc-status stands before the messages of a response",
	Refs:     []string{"gRPC over HTTP/2"},
	Doc: "A response that has messages must send grpc-status in its trailers. In the headers, it means that there is nothing else. " +
		"Clients differ: some ignore the messages, others fail with INTERNAL.",
	Help:  "send grpc-status as a trailer, after the last message",
	Bad:   []string{calledGRPC(oneMessage, nil, "grpc-status: 0")},
	Good:  []string{goodGRPC},
	When:  annotate.When{Status: []int{200}, Fields: []exchange.Name{exchange.FieldGrpcStatus}, RequestFields: whenGRPC.RequestFields, If: whenGRPC.If},
	Needs: annotate.NeedsContent | annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		if r := &p.X.Response; isGRPCMessage(&r.Message, false) && r.Content.Size > 0 {
			p.Note(p.ResponseField(exchange.FieldGrpcStatus), "grpc-status %s is in the headers, and %d bytes of messages follow", bare(r.Fields.Value(exchange.FieldGrpcStatus)), r.Content.Size)
		}
	},
}

var grpcTrailersOnly = &annotate.Rule{
	ID:       "grpc/trailers-only",
	Severity: annotate.Info,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a gRPC call was answered without any message",
	Refs:     []string{"gRPC over HTTP/2"},
	Doc: "This is the form \"Trailers-Only\": the status stands in the headers, and nothing follows. " +
		"The call usually failed before its method ran: in an interceptor, a proxy, or since there is no such method. With status 0, a call for one message has no message, and clients report an error.",
	Help:  "look at what is in front of the method: authentication, routing, limits",
	Bad:   []string{"# also status/grpc-status-in-200\n" + calledGRPC("", nil, "grpc-status: 12", "grpc-message: unknown service")},
	Good:  []string{goodGRPC},
	When:  annotate.When{Status: []int{200}, Fields: []exchange.Name{exchange.FieldGrpcStatus}, RequestFields: whenGRPC.RequestFields, If: whenGRPC.If},
	Needs: annotate.NeedsContent | annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		if r := &p.X.Response; isGRPCMessage(&r.Message, false) && r.Content.Size == 0 && r.Content.Complete {
			p.Note(p.ResponseField(exchange.FieldGrpcStatus), "the response has %s in its headers and no message (Trailers-Only)", grpcStatusWords(r.Fields.Value(exchange.FieldGrpcStatus)))
		}
	},
}

// grpcStatusWords is a status with its name: "grpc-status 12 (UNIMPLEMENTED)".
func grpcStatusWords(value string) string {
	s := "grpc-status " + bare(value)
	if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
		if name, ok := field.GRPCCodeName(n); ok {
			s += " (" + name + ")"
		}
	}
	return s
}

var grpcStatusAtOdds = &annotate.Rule{
	ID:       "grpc/http-status",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a gRPC call was answered with an HTTP error",
	Refs:     []string{"gRPC over HTTP/2", "gRPC HTTP to gRPC Status Code Mapping"},
	Doc: "A gRPC server always sends the HTTP status 200. Another one comes from a proxy, a load balancer or a web server that doesn't know the call. " +
		"If grpc-status is there, clients use it. If not, they make one of the HTTP status, and the body is lost.",
	Help: "look for the hop that made the response; its Server and Via headers name it",
	Bad: []string{
		"# also status/503-missing-retry-after\n" + overTLS(exchangeWith("< busy\n", "POST /shop.Orders/Find HTTP/2", []string{"Host: shop.test", "content-type: application/grpc", "te: trailers"},
			"HTTP/2 503", []string{"Content-Type: text/plain", "Content-Length: 4"})),
		"# also status/error-missing-body\n" + overTLS(exchangeOf("POST /shop.Orders/Find HTTP/2", []string{"Host: shop.test", "content-type: application/grpc", "te: trailers"},
			"HTTP/2 400", []string{"content-type: application/grpc", "grpc-status: 0"}))},
	Good:  []string{goodGRPC},
	When:  annotate.When{Class: []int{3, 4, 5}, RequestFields: whenGRPC.RequestFields, If: whenGRPC.If},
	Needs: annotate.NeedsContent | annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		if !isGRPCMessage(&p.X.Request.Message, true) {
			return
		}
		value := r.Trailers.Value(exchange.FieldGrpcStatus)
		if value == "" {
			value = r.Fields.Value(exchange.FieldGrpcStatus)
		}
		if value == "" {
			p.Note(p.StatusLine(), "the gRPC call got HTTP status %d without grpc-status; clients report %s", r.Status, grpcOfHTTP(r.Status))
			return
		}
		p.Note(p.StatusLine(), "the HTTP status is %d, and %s; a gRPC response has the HTTP status 200", r.Status, grpcStatusWords(value))
	},
}

// grpcOfHTTP is what clients make of an HTTP status.
func grpcOfHTTP(status int) string {
	switch status {
	case 400:
		return "INTERNAL"
	case 401:
		return "UNAUTHENTICATED"
	case 403:
		return "PERMISSION_DENIED"
	case 404:
		return "UNIMPLEMENTED"
	case 429, 502, 503, 504:
		return "UNAVAILABLE"
	}
	return "UNKNOWN"
}

var grpcMessageCut = &annotate.Rule{
	ID:       "grpc/message-cut",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a gRPC message is shorter than its prefix says",
	Refs:     []string{"gRPC over HTTP/2 §Length-Prefixed-Message"},
	Doc:      "Five bytes before each message say how long it is. The stream ended before that many bytes came, so the other side fails with INTERNAL.",
	Help:     "look for a limit or a cancelled write on the side that sent it",
	Bad:      []string{calledGRPC(`\x00\x00\x00\x00\x09\x08\x01`, statusOK), calledGRPC(oneMessage+`\x00\x00`, statusOK)},
	Good:     []string{goodGRPC},
	When:     whenGRPCMessages,
	Needs:    annotate.NeedsContent | annotate.NeedsEnd | annotate.NeedsOctets,
	Check: func(p *annotate.Pass) {
		if p.X.Err != nil {
			return // which is why
		}
		noteFaults(p, func(f *exchange.StreamFault) string {
			m := &p.X.Response.Message
			if f.FromClient {
				m = &p.X.Request.Message
			}
			if !m.Content.Complete {
				return ""
			}
			return "ended early: " + f.Detail + " came"
		}, exchange.FaultUnfinished)
	},
}

var grpcPrefixInvalid = &annotate.Rule{
	ID:       "grpc/prefix-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the prefix of a gRPC message has unknown flags",
	Refs:     []string{"gRPC over HTTP/2 §Length-Prefixed-Message"},
	Doc: "The first byte of the prefix is 0 or 1. Anything else means that the receiver has lost its place: the message before is longer than its prefix said, " +
		"or the body isn't gRPC at all, such as an error page with the wrong type.",
	Help:  "compare the lengths in the prefixes with the messages before",
	Bad:   []string{calledGRPC(`\x00\x00\x00\x00\x01\x08\x02\x00\x00\x00\x00`, statusOK)},
	Good:  []string{goodGRPC},
	When:  whenGRPCMessages,
	Needs: annotate.NeedsContent | annotate.NeedsOctets,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			return "has the flags " + f.Detail + "; perhaps the message before is longer than its prefix says"
		}, exchange.FaultFlags)
	},
	Suppresses: []string{"grpc/message-cut"},
}

var grpcCompressedWithoutCoding = &annotate.Rule{
	ID:       "grpc/compressed-without-coding",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a gRPC message is compressed, and grpc-encoding doesn't say how",
	Refs:     []string{"gRPC Compression", "gRPC over HTTP/2"},
	Doc:      "The prefix says that the message is compressed. grpc-encoding must then name the algorithm; without it, or with identity, the receiver fails with INTERNAL.",
	Help:     "send for example grpc-encoding: gzip, or don't compress",
	Bad:      []string{calledGRPC(`\x01\x00\x00\x00\x02\x08\x01`, statusOK), calledGRPC(`\x01\x00\x00\x00\x02\x08\x01`, statusOK, "grpc-encoding: identity")},
	Good:     []string{goodGRPC},
	When:     whenGRPCMessages,
	Needs:    annotate.NeedsContent | annotate.NeedsOctets,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			fields := &p.X.Response.Fields
			if f.FromClient {
				fields = &p.X.Request.Fields
			}
			if v := fields.Value(exchange.FieldGrpcEncoding); v != "" {
				return "is compressed, and grpc-encoding is " + bare(v)
			}
			return "is compressed, and there is no grpc-encoding"
		}, exchange.FaultNoCoding)
	},
}

var grpcCompressionBroken = &annotate.Rule{
	ID:       "grpc/compression-broken",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a compressed gRPC message can't be decompressed",
	Refs:     []string{"gRPC Compression"},
	Doc:      "The message isn't in the algorithm that grpc-encoding names. The receiver fails with INTERNAL.",
	Help:     "compress with the algorithm that grpc-encoding names",
	Bad:      []string{calledGRPC(`\x01\x00\x00\x00\x02\x08\x01`, statusOK, "grpc-encoding: gzip")},
	Good:     []string{goodGRPC},
	When:     whenGRPCMessages,
	Needs:    annotate.NeedsContent | annotate.NeedsOctets,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string { return "can't be decompressed: " + f.Detail }, exchange.FaultCompression)
	},
}

var grpcNotProtobuf = &annotate.Rule{
	ID:       "grpc/not-protobuf",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a gRPC message doesn't fit its description",
	Refs:     []string{"Protocol Buffers Encoding"},
	Doc:      "sidenote compared the message with the description that --proto names. Either the message is broken, or the description is of another version.",
	Help:     "give --proto the description that the server was built with",
	Bad:      []string{calledGRPC("", statusOK) + `<+ message fault="not-protobuf invalid wire type" | \xff` + "\n* messages grpc\n"},
	Good:     []string{goodGRPC},
	When:     whenGRPCMessages,
	Needs:    annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string { return "doesn't fit its description: " + f.Detail }, exchange.FaultProtobuf)
	},
}

var grpcDeadlinePassed = &annotate.Rule{
	ID:       "grpc/deadline-passed",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a gRPC call took longer than its deadline",
	Refs:     []string{"gRPC over HTTP/2", "gRPC Deadlines"},
	Doc: "grpc-timeout says how long the client waits. After that time it reports DEADLINE_EXCEEDED, whatever the server still sends. " +
		"A server that works on needs to check the deadline; a call that is always late needs a longer one.",
	Help: "compare the time of the call with grpc-timeout; find what the server waited for",
	Bad: []string{"* timing request-sent=1ms first-byte=1500ms response-at=1500ms done=1500ms\n" + calledGRPC(oneMessage, statusOK, "> grpc-timeout: 100m"),
		"# also status/grpc-status-in-200\n* timing request-sent=1ms first-byte=101ms response-at=101ms done=101ms\n" + calledGRPC(oneMessage, []string{"grpc-status: 4"}, "> grpc-timeout: 100m")},
	Good:  []string{"* timing request-sent=1ms first-byte=20ms response-at=20ms done=20ms\n" + calledGRPC(oneMessage, statusOK, "> grpc-timeout: 100m"), goodGRPC},
	When:  annotate.When{Always: true, RequestFields: []exchange.Name{exchange.FieldGrpcTimeout}},
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		value := p.X.Request.Fields.Value(exchange.FieldGrpcTimeout)
		limit, ok := grpcTimeout(value)
		took := p.X.Timing.Done
		if !ok || took < limit {
			return
		}
		p.Note(p.RequestField(exchange.FieldGrpcTimeout), "the client waits %v (grpc-timeout: %s), and the call took %v%s", limit, bare(value), took.Round(time.Millisecond), endedSo(p.X))
	},
}

// endedSo says how a call ended that was late.
func endedSo(x *exchange.Exchange) string {
	switch {
	case x.Err != nil && x.Err.Code == exchange.ErrClientGone:
		return "; the client gave up"
	case x.Response.Trailers.Has(exchange.FieldGrpcStatus):
		return "; it ended with " + grpcStatusWords(x.Response.Trailers.Value(exchange.FieldGrpcStatus))
	}
	return ""
}

// grpcTimeout reads grpc-timeout: at most eight digits and a unit.
func grpcTimeout(s string) (time.Duration, bool) {
	if len(s) < 2 || len(s) > 9 {
		return 0, false
	}
	unit, known := map[byte]time.Duration{
		'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
	}[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if err != nil || !known {
		return 0, false
	}
	if unit == time.Hour && n > 1_000_000 {
		return 0, false // more than a duration holds
	}
	return time.Duration(n) * unit, true
}

var contentJSONLineInvalid = &annotate.Rule{
	ID:       "content/json-line-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a line of newline-delimited JSON isn't JSON",
	Refs:     []string{"RFC 8259 §2", "RFC 7464 §2"},
	Doc:      "Each line is one JSON text. A reader fails at the first that is none, or skips it. JSON that is laid out over several lines, or an error message in the middle, has this effect.",
	Help:     "write each value on one line, without line feeds in it",
	Bad: []string{exchangeWith("< {\"n\":1}\n< {\"n\":\n< 2}\n<\n", "GET /export HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 200 OK",
		[]string{"Content-Type: application/x-ndjson", "Cache-Control: no-store", "Transfer-Encoding: chunked"}),
		exchangeWith("< {\"n\":1}\n< {\"n\":\n", "GET /export HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 200 OK",
			[]string{"Content-Type: application/x-ndjson", "Cache-Control: no-store", "Transfer-Encoding: chunked"})},
	Good: []string{exchangeWith("< {\"n\":1}\n< {\"n\":2}\n<\n", "GET /export HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 200 OK",
		[]string{"Content-Type: application/x-ndjson", "Cache-Control: no-store", "Transfer-Encoding: chunked"})},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifContentType("json"), ifStream(exchange.FormatNDJSON)}},
	Needs: annotate.NeedsContent | annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		if p.X.Err != nil {
			return
		}
		noteFaults(p, func(f *exchange.StreamFault) string {
			if f.Code == exchange.FaultUnfinished {
				return "is cut: the body ends within it"
			}
			return strings.TrimSuffix(fmt.Sprintf("isn't JSON: %s", f.Detail), ": ")
		}, exchange.FaultJSON, exchange.FaultUnfinished)
	},
}
