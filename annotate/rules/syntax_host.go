package rules

import (
	"encoding/base64"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// syntaxHostRules lists the rules on Host and on single request fields.
func syntaxHostRules() []*annotate.Rule {
	return []*annotate.Rule{
		syntaxHostMissing,
		syntaxHostAuthorityMismatch,
		syntaxHostNotFirst,
		syntaxEarlyDataInvalid,
		syntaxExpectInvalid,
		syntaxMaxForwardsUndefinedMethod,
		syntaxWebSocketHandshakeInvalid,
	}
}

var syntaxHostMissing = &annotate.Rule{
	ID:       "syntax/host-missing",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "the request has no Host",
	Refs:     []string{"RFC 9112 §3.2", "RFC 9113 §8.3.1", "RFC 9114 §4.3.1"},
	Doc: "One address serves many hosts, so every HTTP/1.1 request needs Host, and every HTTP/2 or HTTP/3 request needs :authority or Host. " +
		"Without it servers answer 400. It is usually missing in requests that were written by hand or copied from a log.",
	Help:       "send Host with the host of the URI, and the port unless it is the default one",
	Bad:        []string{"# also status/bad-host-not-rejected\n" + requested("GET /orders HTTP/1.1", "Accept: */*"), "* scheme https\n> GET /orders HTTP/2\n> Accept: */*\n>\n< HTTP/2 200\n< Content-Type: text/plain\n< Content-Length: 2\n<\n< ok\n"},
	Good:       []string{requested("GET /orders HTTP/1.0", "Accept: */*"), requested("GET /orders HTTP/1.1", "Host:"), "* scheme https\n* authority shop.test\n> GET /orders HTTP/2\n>\n< HTTP/2 200\n< Content-Type: text/plain\n< Content-Length: 2\n<\n< ok\n"},
	When:       annotate.When{Always: true},
	Suppresses: []string{"failure/request-malformed"},
	Needs:      annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		x := p.X
		if x.Request.Fields.Has(exchange.FieldHost) {
			return
		}
		at := p.RequestField(exchange.FieldHost)
		switch v := x.Request.Version; {
		case v == exchange.HTTP11 && x.Request.Method != "":
			p.Note(at, "the HTTP/1.1 request has no Host")
		case v >= exchange.HTTP2 && x.Authority == "" && x.Request.Target != "*" && (x.Scheme == "http" || x.Scheme == "https"):
			p.Note(at, "the %s request has no :authority and no Host", v)
		}
	},
}

var syntaxHostAuthorityMismatch = &annotate.Rule{
	ID:       "syntax/host-authority-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "Host and the URI name different hosts",
	Refs:     []string{"RFC 9112 §3.2", "RFC 9112 §3.2.2", "RFC 9113 §8.3.1"},
	Doc: "A request that names its host twice must name the same one. " +
		"A proxy uses the URI and replaces Host, but a server behind it may use Host: one checks the rights for one site, and the other delivers another. " +
		"This happens if a test sets Host by hand.",
	Help: "send Host with the host of the URI",
	Bad: []string{
		requested("GET http://shop.test/orders HTTP/1.1", "Host: other.test"),
		"* scheme https\n* authority shop.test\n> GET /orders HTTP/2\n> Host: other.test\n>\n< HTTP/2 200\n< Content-Type: text/plain\n< Content-Length: 2\n<\n< ok\n",
	},
	Good: []string{
		requested("GET http://shop.test:80/orders HTTP/1.1", "Host: SHOP.test"),
		"* scheme https\n* authority shop.test\n> GET /orders HTTP/2\n> Host: shop.test:443\n>\n< HTTP/2 200\n< Content-Type: text/plain\n< Content-Length: 2\n<\n< ok\n",
	},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldHost}},
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		authority := ""
		switch {
		case r.Method == "CONNECT" || r.Target == "":
		case r.Version >= exchange.HTTP2:
			authority = p.X.Authority
		case r.Target[0] != '/' && strings.Contains(r.Target, "://"):
			authority = exchange.TargetAuthority(r)
			authority = authority[strings.LastIndexByte(authority, '@')+1:]
		}
		host := r.Fields.Value(exchange.FieldHost)
		if authority == "" || host == "" || host == authority {
			return
		}
		a, b := field.TargetURI(p.X.Scheme, authority, "/"), field.TargetURI(p.X.Scheme, host, "/")
		if !a.SameOrigin(b) {
			p.Note(p.RequestField(exchange.FieldHost), "Host is %s, but the URI is on %s", quoted(host), quoted(authority))
		}
	},
}

var syntaxHostNotFirst = &annotate.Rule{
	ID:           "syntax/host-not-first",
	Severity:     annotate.Info,
	Blame:        annotate.ByClient,
	OffByDefault: true,
	Title:        "Host isn't the first header",
	Refs:         []string{"RFC 9110 §7.2"},
	Doc: "Host decides where a request goes, so clients should send it first. Proxies that decide early then need to read only one line. " +
		"Otherwise it has no effect, unless a program reads only the start of the headers.",
	Help:  "send Host directly after the request line",
	Bad:   []string{requested("GET /orders HTTP/1.1", "Accept: */*", "Host: shop.test")},
	Good:  []string{asked("Accept: */*"), requested("GET /orders HTTP/1.1", "Via: 1.1 edge", "Host: shop.test")},
	When:  annotate.When{RequestFields: []exchange.Name{exchange.FieldHost}},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if i := f.Index(exchange.FieldHost); i > 0 && p.X.Request.WireTrue() && !showsIntermediary(f) {
			p.Note(p.RequestLine(i), "Host is header %d of the request", i+1)
		}
	},
}

var syntaxEarlyDataInvalid = &annotate.Rule{
	ID:       "syntax/early-data-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "Early-Data has an invalid value or place",
	Refs:     []string{"RFC 8470 §5.1"},
	Doc: "Early-Data is valid only as \"1\", once, in a request, from a proxy that passes on TLS early data. In a response or a trailer it has no meaning. " +
		"If Connection lists it, the next proxy removes it.",
	Help:  "send Early-Data: 1 in the request, or remove the header",
	Bad:   []string{asked("Early-Data: true"), asked("Early-Data: 1", "Early-Data: 1"), answered("Early-Data: 1"), asked("Early-Data: 1", "Connection: early-data")},
	Good:  []string{asked("Early-Data: 1")},
	Needs: annotate.NeedsContent, // for the trailers
	Check: func(p *annotate.Pass) {
		request, response := &p.X.Request, &p.X.Response
		const n = exchange.FieldEarlyData
		if i := response.Fields.Index(n); i >= 0 {
			p.Report(annotate.Note{Place: p.ResponseLine(i), Blame: annotate.ByOrigin, Message: "Early-Data is in a response, where it has no meaning"})
		}
		for _, s := range [...]struct {
			m     *exchange.Message
			in    exchange.PlaceMessage
			blame annotate.Blame
		}{{&request.Message, exchange.InRequest, annotate.ByClient}, {&response.Message, exchange.InResponse, annotate.ByOrigin}} {
			if i := s.m.Trailers.Index(n); i >= 0 {
				p.Report(annotate.Note{Place: trailerPlace(s.in, s.m, i), Blame: s.blame, Message: "Early-Data is in the trailers, where it comes too late"})
			}
		}
		i := request.Fields.Index(n)
		if i < 0 {
			return
		}
		switch v := request.Fields.Value(n); {
		case request.Fields.Count(n) > 1:
			p.Note(p.RequestLine(i), "Early-Data is on %d lines", request.Fields.Count(n))
		case v != "1":
			p.Note(p.RequestLine(i), "Early-Data is %s; its only valid value is 1", quoted(v))
		case listHas(&request.Fields, exchange.FieldConnection, "early-data"):
			p.Note(p.RequestField(exchange.FieldConnection), "Connection lists Early-Data, so the next proxy removes it")
		}
	},
}

// trailerPlace is the place of the i-th trailer line of a message.
func trailerPlace(in exchange.PlaceMessage, m *exchange.Message, i int) exchange.Place {
	l := m.Trailers.At(i)
	return exchange.Place{Message: in, Part: exchange.PartTrailer, Field: l.Name, Line: i, End: len(l.Value)}
}

var syntaxExpectInvalid = &annotate.Rule{
	ID:       "syntax/expect-invalid",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "Expect has an unknown expectation",
	Refs:     []string{"RFC 9110 §10.1.1"},
	Doc: "HTTP defines only 100-continue. A server may answer 417 to anything else. " +
		"In HTTP/1.0 it ignores Expect, so a client would wait for a 100 that never comes.",
	Help: "send Expect: 100-continue in HTTP/1.1 or later, or remove the header",
	Bad:  []string{asked("Expect: 200-ok"), requested("POST /orders HTTP/1.0", "Host: shop.test", "Expect: 100-continue", "Content-Length: 3", "", "ok")},
	Good: []string{requested("POST /orders HTTP/1.1", "Host: shop.test", "Expect: 100-Continue", "Content-Length: 3", "", "ok")},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldExpect}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Request.Fields.Each(exchange.FieldExpect) {
			for e := range field.List(l.Value) {
				if !field.EqualFold(e.Text, "100-continue") {
					p.Note(annotate.Span(p.RequestLine(i), e.At, e.End()), "Expect has %s, which a server may refuse with 417", quoted(e.Text))
				} else if p.X.Request.Version == exchange.HTTP10 {
					p.Note(annotate.Span(p.RequestLine(i), e.At, e.End()), "the request is HTTP/1.0; servers ignore 100-continue there")
				}
			}
		}
	},
}

var syntaxMaxForwardsUndefinedMethod = &annotate.Rule{
	ID:       "syntax/max-forwards-undefined-method",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "Max-Forwards on the wrong method",
	Refs:     []string{"RFC 9110 §7.6.2"},
	Doc:      "Max-Forwards limits how far TRACE and OPTIONS go. With other methods proxies ignore it.",
	Help:     "send Max-Forwards only with TRACE or OPTIONS",
	Bad:      []string{asked("Max-Forwards: 5")},
	Good:     []string{requested("OPTIONS /orders HTTP/1.1", "Host: shop.test", "Max-Forwards: 0")},
	When:     annotate.When{RequestFields: []exchange.Name{exchange.FieldMaxForwards}},
	Check: func(p *annotate.Pass) {
		if m := p.X.Request.Method; m != "OPTIONS" && m != "TRACE" {
			p.Note(p.RequestField(exchange.FieldMaxForwards), "Max-Forwards has no meaning with %s", quoted(m))
		}
	},
}

var syntaxWebSocketHandshakeInvalid = &annotate.Rule{
	ID:       "syntax/websocket-handshake-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "an incomplete WebSocket handshake",
	Refs:     []string{"RFC 6455 §4.1"},
	Doc: "A WebSocket starts with a GET that has Upgrade: websocket, Connection: upgrade, a key of 16 random bytes in base64, and a version. " +
		"If one is missing, servers answer 400 or 426, or treat it as a plain GET. Proxies that aren't configured for WebSockets remove Connection and Upgrade.",
	Help: "send GET with Connection: Upgrade, Upgrade: websocket, Sec-WebSocket-Key and Sec-WebSocket-Version: 13",
	Bad: []string{
		requested("POST /chat HTTP/1.1", "Host: shop.test", "Connection: upgrade", "Upgrade: websocket", "Content-Length: 0",
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"),
		"# also status/websocket-handshake-refused\n" + requested("GET /chat HTTP/1.1", "Host: shop.test", "Connection: upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Key: dGhlIHNhbXBsZQ==", "Sec-WebSocket-Version: 13"),
		requested("GET /chat HTTP/1.1", "Host: shop.test", "Connection: upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
	},
	Good: []string{
		requested("GET /chat HTTP/1.1", "Host: shop.test", "Connection: keep-alive, Upgrade", "Upgrade: WebSocket",
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 8"),
	},
	When:       annotate.When{RequestFields: []exchange.Name{exchange.FieldUpgrade}},
	Suppresses: []string{"framing/upgrade-without-connection-upgrade"},
	Needs:      annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		f := &r.Fields
		if r.Version != exchange.HTTP11 || !offered(r, "websocket", false) {
			return
		}
		key := f.Value(exchange.FieldSecWebSocketKey)
		switch at := p.RequestField(exchange.FieldSecWebSocketKey); {
		case r.Method != "GET":
			p.Note(p.Method(), "the WebSocket handshake is a %s; it must be a GET", r.Method)
		case !listHas(f, exchange.FieldConnection, "upgrade"):
			p.Note(p.RequestField(exchange.FieldConnection), "the WebSocket handshake lacks Connection: upgrade")
		case !f.Has(exchange.FieldSecWebSocketKey):
			p.Note(at, "the WebSocket handshake has no Sec-WebSocket-Key")
		case !isWebSocketKey(key):
			p.Note(at, "Sec-WebSocket-Key %s isn't 16 bytes in base64", quoted(key))
		case !f.Has(exchange.FieldSecWebSocketVersion):
			p.Note(p.RequestField(exchange.FieldSecWebSocketVersion), "the WebSocket handshake has no Sec-WebSocket-Version")
		}
	},
}

func isWebSocketKey(key string) bool {
	if len(key) != 24 {
		return false
	}
	var b [18]byte
	n, err := base64.StdEncoding.Decode(b[:], []byte(key))
	return err == nil && n == 16
}
