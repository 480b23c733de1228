package rules

import (
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// h2Rules lists the rules on HTTP/2 and HTTP/3, and on the way to them.
func h2Rules() []*annotate.Rule {
	return []*annotate.Rule{
		h2101,
		h2AltSvcSyntax,
		h2ConnectionSpecificField,
		h2GoAwayOrRSTReason,
		h2EnhanceYourCalm,
		h2H2CUpgradeDeprecated,
		h2TENotTrailers,
		h2WindowStalled,
	}
}

// overH2 is an exchange of HTTP/2 with those field lines.
func overH2(request []string, response ...string) string {
	return overTLS(exchangeOf("GET /orders HTTP/2", append([]string{"Host: shop.test"}, request...), "HTTP/2 200",
		append(response, "Content-Type: text/plain", "Content-Length: 2")) + "< ok\n")
}

var h2101 = &annotate.Rule{
	ID:       "h2/101",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a 101 on HTTP/2 or HTTP/3",
	Refs:     []string{"RFC 9113 §8.6", "RFC 9114 §4.5"},
	Doc: "HTTP/2 and HTTP/3 can't switch protocols, because one connection carries many requests. A client treats the 101 as a malformed response. " +
		"WebSockets use extended CONNECT there. Usually a proxy passes on what a server sent in HTTP/1.1.",
	Help:       "let the proxy translate upgrades, or offer only HTTP/1.1 for this path",
	Bad:        []string{overTLS(exchangeOf("GET /chat HTTP/2", []string{"Host: shop.test"}, "HTTP/2 101", nil))},
	Good:       []string{overH2(nil)},
	When:       annotate.When{Status: []int{101}},
	Suppresses: []string{"status/101-missing-upgrade", "status/101-protocol-not-offered"},
	Check: func(p *annotate.Pass) {
		if v := p.X.Response.Version; v >= exchange.HTTP2 {
			p.Note(p.StatusLine(), "a 101 on %s, which can't switch protocols", v)
		}
	},
}

var h2AltSvcSyntax = &annotate.Rule{
	ID:       "h2/alt-svc-syntax",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Alt-Svc can't be parsed",
	Refs:     []string{"RFC 7838 §3", "RFC 7838 §3.1"},
	Doc:      "Alt-Svc tells clients where else the origin is, usually over HTTP/3. Clients silently ignore a malformed one and stay on the old connection.",
	Help:     `send Alt-Svc: h3=":443"; ma=86400`,
	Bad: []string{answered("Alt-Svc: h3=:443"), answered(`Alt-Svc: h3="shop.test"`), answered("Alt-Svc: Clear"), answered(`Alt-Svc: h3=":443"; ma=1d`), answered(`Alt-Svc: h%33=":443"`),
		answered(`Alt-Svc: h3=":443"; persist=0`), answered(`Alt-Svc: h3=":99999"`), answered(`Alt-Svc: h3="a b:443"`), answered(`Alt-Svc: h3="2001:db8::1:443"`)},
	Good: []string{answered(`Alt-Svc: h3=":443"; ma=86400, h3-29="alt.test:443"; persist=1; x=y`), answered("Alt-Svc: clear")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAltSvc}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldAltSvc) {
			if l.Value == "clear" {
				continue
			}
			for e := range field.List(l.Value) {
				if what := altSvcProblem(e.Text); what != "" {
					p.Note(annotate.Span(p.ResponseLine(i), e.At, e.End()), "Alt-Svc has %s: %s", bare(e.Text), what)
				}
			}
		}
	},
}

// altSvcProblem says what is wrong with one alternative; "" for nothing.
func altSvcProblem(e string) string {
	if field.EqualFold(e, "clear") {
		return "clear must be in lower case and the only member"
	}
	head := field.Head(e).Text
	id, authority, ok := strings.Cut(head, "=")
	if !ok || !field.IsToken(id) {
		return `want protocol="host:port"`
	}
	if what := protocolIDProblem(id); what != "" {
		return what
	}
	if !field.IsQuoted(authority) {
		return "the authority must be in double quotes"
	}
	if what := alternativeProblem(field.Unquote(authority)); what != "" {
		return what
	}
	for q := range field.Params(e) {
		switch {
		case !field.IsToken(q.Name) || !q.HasValue || !field.IsToken(q.Value) && !field.IsQuoted(q.Value):
			return "want parameters as name=value"
		case q.Name == "ma" && !field.IsDigits(field.Unquote(q.Value)):
			return "ma is a number of seconds"
		case q.Name == "persist" && field.Unquote(q.Value) != "1":
			return "persist can only be 1"
		}
	}
	return ""
}

// alternativeProblem says what is wrong with the authority of an alternative:
// a host, which may be missing, a colon and a port.
func alternativeProblem(authority string) string {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || !field.IsDigits(authority[colon+1:]) {
		return "the authority needs a colon and a port"
	}
	if port, _ := field.Number(authority[colon+1:]); port == 0 || port > 65535 {
		return "the port must be from 1 to 65535"
	}
	if hostError(authority) >= 0 {
		return "the authority needs a host, or nothing, before the colon"
	}
	return ""
}

// protocolIDProblem holds the percent-encoding of a protocol-id to RFC 7838 §3.
func protocolIDProblem(id string) string {
	for i := 0; i < len(id); i++ {
		if id[i] != '%' {
			continue
		}
		if i+2 >= len(id) || !isHexDigit(id[i+1]) || !isHexDigit(id[i+2]) {
			return "want two hexadecimal digits after % in the protocol"
		}
		if id[i+1] >= 'a' || id[i+2] >= 'a' {
			return "hexadecimal digits of the protocol must be upper case"
		}
		if c := unhexDigit(id[i+1])<<4 | unhexDigit(id[i+2]); c != '%' && field.IsTokenByte(c) {
			return "the protocol encodes a character that must not be encoded"
		}
		i += 2
	}
	return ""
}

func unhexDigit(c byte) byte {
	if field.IsDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

var h2ConnectionSpecificField = &annotate.Rule{
	ID:       "h2/connection-specific-field",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "an HTTP/1.1 connection header on HTTP/2 or HTTP/3",
	Refs:     []string{"RFC 9113 §8.2.2", "RFC 9114 §4.2"},
	Doc: "HTTP/2 and HTTP/3 have their own ways to do what Connection, Keep-Alive, Transfer-Encoding and Upgrade do. " +
		"A message with one of them is malformed: Safari and other clients refuse it, Chrome doesn't. " +
		"Usually a proxy or a framework adds the header in every version.",
	Help:  "remove the header on HTTP/2 and HTTP/3",
	Bad:   []string{overH2(nil, "Connection: keep-alive"), overH2(nil, "Keep-Alive: timeout=5")},
	Good:  []string{overH2([]string{"TE: trailers"}), overTLS(answered("Connection: keep-alive"))},
	When:  annotate.When{Always: true, EitherFields: connectionFields, If: []*annotate.Condition{ifHTTP2}},
	Needs: annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.Version < exchange.HTTP2 {
				continue
			}
			for _, n := range connectionFields {
				if i := s.Fields.Index(n); i >= 0 {
					note := annotate.Note{Place: s.line(p, i), Message: n.String() + " is in a message of " + s.Version.String() + ", which makes it malformed"}
					if s.in == exchange.InRequest {
						note.Blame = annotate.ByClient
					}
					p.Report(note)
				}
			}
		}
	},
}

var connectionFields = exchange.NamesThat(exchange.Name.IsBarredFromHTTP2)

var h2GoAwayOrRSTReason = &annotate.Rule{
	ID:       "h2/goaway-or-rst-reason",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "an error code ended the stream",
	Refs:     []string{"RFC 9113 §7", "RFC 9114 §8.1"},
	Doc:      "HTTP/2 and HTTP/3 end a stream or a connection with a code. The detail of the failure names the code, and this note says what it means.",
	Help:     "find out what the code means here, in the log of the side that sent it",
	Bad: []string{"# also failure/h2-stream-reset\n* error h2_stream_reset \"stream error: stream ID 1; REFUSED_STREAM\"\n> GET /orders HTTP/2\n> Host: shop.test\n>\n",
		"# also failure/client-gone\n* error client_gone \"it sent RST_STREAM with FLOW_CONTROL_ERROR\"\n> GET /orders HTTP/2\n> Host: shop.test\n>\n"},
	Good:  []string{okExample},
	When:  annotate.When{Failed: true},
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		if c, by := h2CodeOf(p.X.Err); c != nil {
			p.Report(annotate.Note{Place: theConnection(), Blame: by, Message: c.name + ": " + c.means})
		}
	},
}

// h2CodeOf returns the code with which a stream or connection of HTTP/2 was ended, and
// who has to act; nil where there is none, or where a client only left.
func h2CodeOf(e *exchange.Err) (*h2Code, annotate.Blame) {
	by := annotate.ByOrigin
	switch e.Code {
	case exchange.ErrH2GoAway, exchange.ErrH2Reset:
	case exchange.ErrClientGone:
		if by = annotate.ByClient; !strings.Contains(e.Detail, "RST_STREAM") || strings.Contains(e.Detail, "CANCEL") {
			return nil, by
		}
	default:
		return nil, by
	}
	for i := range h2Codes {
		c := &h2Codes[i]
		if at := strings.Index(e.Detail, c.name); at >= 0 && (at == 0 || e.Detail[at-1] != '_') { // ERR_HTTP2_PROTOCOL_ERROR of Chrome is no code
			return c, by
		}
	}
	return nil, by
}

var h2EnhanceYourCalm = &annotate.Rule{
	ID:       "h2/enhance-your-calm",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the other side complains that it gets too much (ENHANCE_YOUR_CALM)",
	Refs:     []string{"RFC 9113 §7", "RFC 9113 §10.5"},
	Doc: "A server ends a stream or the whole connection with ENHANCE_YOUR_CALM when a client sends too many requests, resets, pings or empty frames in a short time. " +
		"gRPC servers do so when keepalive pings come more often than they allow. Other requests on the connection fail with it.",
	Help: "send pings less often (gRPC: keepalive time of 5 minutes or more, or allow them on the server), and cancel fewer requests",
	Bad: []string{"# also failure/h2-goaway\n* error h2_goaway \"GOAWAY with ENHANCE_YOUR_CALM: too_many_pings\"\n> POST /shop.Orders/Find HTTP/2\n> Host: shop.test\n>\n",
		"# also failure/h2-stream-reset\n* error h2_stream_reset \"RST_STREAM with ENHANCE_YOUR_CALM\"\n> GET /orders HTTP/2\n> Host: shop.test\n>\n"},
	Good:       []string{okExample},
	When:       annotate.When{Failed: true},
	Needs:      annotate.NeedsEnd,
	Suppresses: []string{"h2/goaway-or-rst-reason"},
	Check: func(p *annotate.Pass) {
		e := p.X.Err
		c, by := h2CodeOf(e)
		if c == nil || c.name != "ENHANCE_YOUR_CALM" {
			return
		}
		who, blame := "the server", annotate.ByClient
		if by == annotate.ByClient {
			who, blame = "the client", annotate.ByOrigin
		}
		pings := ""
		if strings.Contains(e.Detail, "too_many_pings") {
			pings = "; it names too_many_pings, so keepalive pings came too often"
		}
		p.Report(annotate.Note{Place: theConnection(), Blame: blame, Message: who + " ended it with ENHANCE_YOUR_CALM: it gets too much" + pings})
	},
}

// An h2Code is an error code, and what it means.
type h2Code struct{ name, means string }

// h2Codes are the error codes (RFC 9113 §7) and what they mean for someone who debugs.
var h2Codes = [...]h2Code{
	{"PROTOCOL_ERROR", "the other side found an error in the protocol"},
	{"INTERNAL_ERROR", "the server failed internally; check its log"},
	{"FLOW_CONTROL_ERROR", "too many bytes were sent for the window"},
	{"SETTINGS_TIMEOUT", "settings weren't acknowledged in time"},
	{"STREAM_CLOSED", "a frame arrived for a stream that had ended"},
	{"FRAME_SIZE_ERROR", "a frame had an invalid size"},
	{"REFUSED_STREAM", "the server didn't process the request, so the client can send it again"},
	{"CANCEL", "the other side no longer needs the stream"},
	{"COMPRESSION_ERROR", "the header compression is out of sync"},
	{"CONNECT_ERROR", "the connection of a CONNECT was reset"},
	{"ENHANCE_YOUR_CALM", "the other side is overloaded: send fewer requests, resets or pings at a time"},
	{"INADEQUATE_SECURITY", "TLS is weaker than HTTP/2 requires"},
	{"HTTP_1_1_REQUIRED", "the server requires HTTP/1.1 for this request, usually for a client certificate or NTLM"},
}

var h2H2CUpgradeDeprecated = &annotate.Rule{
	ID:       "h2/h2c-upgrade-deprecated",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "an obsolete upgrade to unencrypted HTTP/2",
	Refs:     []string{"RFC 9113 §3.1", "RFC 9113 §11.2"},
	Doc: "Upgrade: h2c and HTTP2-Settings were removed from HTTP/2. " +
		"Few servers accept them, and proxies that passed them on without understanding them have let requests bypass their checks. " +
		"Java's client offers this by default.",
	Help: "use HTTP/2 over TLS, or with prior knowledge; in Java set version(HTTP_1_1)",
	Bad:  []string{asked("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAA")},
	Good: []string{asked("Connection: Upgrade", "Upgrade: irc")},
	Once: h2cKey,
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldUpgrade, exchange.FieldHTTP2Settings}},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			for i, l := range s.Fields.Each(exchange.FieldUpgrade) {
				for e := range field.List(l.Value) {
					if field.EqualFold(e.Text, "h2c") || field.EqualFold(e.Text, "h2") {
						s.note(p, annotate.Span(s.line(p, i), e.At, e.End()), "Upgrade offers "+e.Text+", which was removed from HTTP/2")
						return
					}
				}
			}
		}
		if i := p.X.Request.Fields.Index(exchange.FieldHTTP2Settings); i >= 0 {
			p.Note(p.RequestLine(i), "HTTP2-Settings belongs to an upgrade that was removed from HTTP/2")
		}
	},
}

func h2cKey(x *exchange.Exchange) string { return clientKey(x) + " " + originKey(x) }

var h2TENotTrailers = &annotate.Rule{
	ID:       "h2/te-not-trailers",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "TE has more than trailers on HTTP/2 or HTTP/3",
	Refs:     []string{"RFC 9113 §8.2.2", "RFC 9114 §4.2"},
	Doc:      "HTTP/2 and HTTP/3 have no transfer codings, so TE can only be trailers. A request with anything else is malformed, and servers reset its stream.",
	Help:     "send TE: trailers, or remove it",
	Bad:      []string{overH2([]string{"TE: trailers, deflate"})},
	Good:     []string{overH2([]string{"TE: Trailers"})},
	When:     annotate.When{Always: true, RequestFields: []exchange.Name{exchange.FieldTE}},
	Check: func(p *annotate.Pass) {
		if p.X.Request.Version < exchange.HTTP2 {
			return
		}
		for i, l := range p.X.Request.Fields.Each(exchange.FieldTE) {
			if !field.EqualFold(l.Value, "trailers") {
				p.Note(p.RequestLine(i), "TE is %s; on %s it can only be trailers", quoted(l.Value), p.X.Request.Version)
			}
		}
	},
}

// longStall is how long a window may be closed in all before that is noted.
const longStall = time.Second

var h2WindowStalled = &annotate.Rule{
	ID:       "h2/window-stalled",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a closed HTTP/2 window made the sender wait",
	Refs:     []string{"RFC 9113 §5.2", "RFC 9113 §6.9"},
	Doc: "On HTTP/2, the receiver of a body says how many bytes it accepts: the window of the stream, and the window of the connection that all streams share. " +
		"When a window is used up, the sender waits until the receiver opens it again. " +
		"A window stays closed when the receiver doesn't read the body, reads it slowly, or has a window too small for the distance. " +
		"If it is the window of the connection, one body that isn't read blocks all other streams. " +
		"The note comes when a window was closed for a second or longer in all.",
	Help: "read each body to its end or cancel it, and set a larger window (SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_UPDATE)",
	Bad: []string{"* window client stream at=12ms total=1.5s times=3\n" + overH2(nil),
		"* window client stream at=12ms total=1.5s times=3\n* window client connection at=12ms total=4s times=1 open\n" + overH2(nil),
		"* window origin stream at=0s total=1s times=1 open\n* error client_gone \"it sent RST_STREAM with CANCEL\"\n# also failure/client-gone\n> POST /orders HTTP/2\n> Host: shop.test\n>\n"},
	Good:  []string{"* window client stream at=12ms total=999ms times=80\n" + overH2(nil), overH2(nil)},
	When:  annotate.When{Always: true, If: []*annotate.Condition{ifWindowStalled}},
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		for _, by := range [...]exchange.WindowHolder{exchange.WindowOfClient, exchange.WindowOfOrigin} {
			if w := longestStall(p.X, by); w != nil {
				p.Report(stallNote(w))
			}
		}
	},
}

var ifWindowStalled = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return p.X.WindowStalls != nil }}

// longestStall is the window of a holder that was closed longest; nil where that was
// not long.
func longestStall(x *exchange.Exchange, by exchange.WindowHolder) (longest *exchange.WindowStall) {
	for i := range x.WindowStalls {
		w := &x.WindowStalls[i]
		if w.By == by && w.Total >= longStall && (longest == nil || w.Total > longest.Total) {
			longest = w
		}
	}
	return longest
}

func stallNote(w *exchange.WindowStall) annotate.Note {
	n := annotate.Note{Place: theConnection(), Blame: annotate.ByClient}
	who, waits := "the client", "the server had to wait with the response"
	if w.By == exchange.WindowOfOrigin {
		n.Blame = annotate.ByOrigin
		who, waits = "the server", "the client had to wait with the request"
	}
	often := ""
	if w.Times > 1 {
		often = " (" + wording.Count(w.Times, "time") + ")"
	}
	begin := "from the beginning"
	if w.At > 0 {
		begin = "first " + wording.Duration(w.At) + " after the beginning"
	}
	n.Message = who + " kept the window of the " + w.Window() + " closed for " + wording.Duration(w.Total) + " in all" + often + ", " + begin + "; " + waits
	if w.Open {
		n.Message += ", and the window was still closed at the end"
	}
	return n
}
