package rules

import (
	"crypto/sha1" // RFC 6455 §4.2.2 fixes the algorithm; nothing is kept secret by it
	"encoding/base64"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusUpgradeRules lists the rules on changing the protocol: 101, 426, the
// Upgrade field and the WebSocket handshake.
func statusUpgradeRules() []*annotate.Rule {
	return []*annotate.Rule{
		status101Before100,
		status101MissingUpgrade,
		status101ProtocolNotOffered,
		status101WebSocketAcceptInvalid,
		status101WebSocketSubprotocolNotOffered,
		status426MissingUpgrade,
		status426UpgradeAlreadyOffered,
		statusUpgradeOfferedNotTaken,
		statusWebSocketHandshakeRefused,
	}
}

// A protocol is one element of Upgrade (RFC 9110 §7.8).
type protocol struct{ name, version string }

func parseProtocol(s string) protocol {
	n := field.TokenLen(s)
	if n < len(s) && s[n] == '/' {
		return protocol{name: s[:n], version: s[n+1:]}
	}
	return protocol{name: s}
}

// offered finds a protocol in the request's Upgrade field. Names are compared
// without case; versions only where both sides give one, unless exact.
func offered(r *exchange.Request, text string, exact bool) bool {
	want := parseProtocol(text)
	for _, l := range r.Fields.Each(exchange.FieldUpgrade) {
		for part := range field.List(l.Value) {
			got := parseProtocol(part.Text)
			if !field.EqualFold(got.name, want.name) {
				continue
			}
			if got.version == want.version || !exact && (got.version == "" || want.version == "") {
				return true
			}
		}
	}
	return false
}

// upgradesToWebSocket reports whether the response is a 101 to WebSocket on HTTP/1.1.
func upgradesToWebSocket(r *exchange.Response) bool {
	return r.Status == 101 && r.Version < exchange.HTTP2 && listHas(&r.Fields, exchange.FieldUpgrade, "websocket")
}

// isWebSocketHandshake reports whether a request is a complete opening
// handshake of a WebSocket on HTTP/1.1 (RFC 6455 §4.1).
func isWebSocketHandshake(r *exchange.Request) bool {
	f := &r.Fields
	return r.Method == "GET" && asksUpgrade(r) && offered(r, "websocket", false) &&
		f.Has(exchange.FieldSecWebSocketKey) && f.Has(exchange.FieldSecWebSocketVersion)
}

// isExtendedConnect reports whether a request opens a WebSocket in HTTP/2 or 3
// (RFC 8441, RFC 9220).
func isExtendedConnect(r *exchange.Request) bool {
	return r.Method == "CONNECT" && r.Version >= exchange.HTTP2 && r.Fields.Has(exchange.FieldSecWebSocketVersion)
}

var status101Before100 = &annotate.Rule{
	ID:       "status/101-before-100",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the server switched protocols before the 100",
	Refs:     []string{"RFC 9110 §7.8"},
	Doc: "The request asks for an upgrade and has Expect: 100-continue, so the client hasn't sent its body yet. " +
		"It can use the new protocol only after the whole request is sent, and it sends the rest only after a 100. Without one, both sides wait for each other.",
	Help: "send 100 Continue first, read the body, then send 101",
	Bad: []string{`* timing head-sent=1ms response-at=5ms
> POST /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
> Expect: 100-continue
> Transfer-Encoding: chunked
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc
<
`},
	Good: []string{`* timing head-sent=1ms content-begun=3ms response-at=5ms
> POST /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
> Expect: 100-continue
> Content-Length: 2
>
> ab
< HTTP/1.1 100 Continue
<
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc
<
`, `# the client had not waited
* timing head-sent=1ms content-begun=2ms response-at=5ms
> POST /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
> Expect: 100-continue
> Content-Length: 2
>
> ab
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc
<
`},
	When:  annotate.When{Status: []int{101}, RequestFields: []exchange.Name{exchange.FieldExpect}},
	Needs: annotate.NeedsEnd | annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if !asksUpgrade(r) || !expects100(r) || !announcedContent(r) || contentBegunBefore101(p.X) {
			return
		}
		for i := range p.X.Interim {
			if p.X.Interim[i].Status == 100 {
				return
			}
		}
		p.Note(p.StatusLine(), "the 101 came without a 100 before it, while the client waits with its body because of Expect: 100-continue")
	},
}

// contentBegunBefore101 also reports true where the times are not known.
func contentBegunBefore101(x *exchange.Exchange) bool {
	if begun := x.Timing.ContentBegun; begun != 0 {
		return begun <= x.Response.At
	}
	return x.Request.Content.Size > 0
}

var status101MissingUpgrade = &annotate.Rule{
	ID:       "status/101-missing-upgrade",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a 101 without Upgrade",
	Refs:     []string{"RFC 9110 §15.2.2", "RFC 9110 §7.8"},
	Doc: "A 101 says that the connection changes its protocol, and Upgrade says to which one. " +
		"Without it, the client can't know what follows and closes the connection. Often a proxy in front of the server drops hop-by-hop headers.",
	Help: "send for example Connection: upgrade and Upgrade: websocket",
	Bad: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
<
`, `# also syntax/list-empty-element
> GET /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: ,
<
`},
	Good: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc
<
`},
	When: annotate.When{Status: []int{101}},
	Check: func(p *annotate.Pass) {
		if p.X.Response.Version >= exchange.HTTP2 {
			return // there no 101 is allowed at all
		}
		for _, l := range p.X.Response.Fields.Each(exchange.FieldUpgrade) {
			for range field.List(l.Value) {
				return
			}
		}
		what := "no Upgrade header"
		if p.X.Response.Fields.Has(exchange.FieldUpgrade) {
			what = "an empty Upgrade header"
		}
		p.Note(p.ResponseField(exchange.FieldUpgrade), "101 with %s: the client can't know which protocol follows", what)
	},
}

var status101ProtocolNotOffered = &annotate.Rule{
	ID:       "status/101-protocol-not-offered",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the server switched to a protocol that the request didn't offer",
	Refs:     []string{"RFC 9110 §7.8"},
	Doc: "The server may only switch to a protocol that the client named in Upgrade. The client doesn't speak another one and closes the connection. " +
		"Choose one of the offered protocols, or ignore the offer and answer in HTTP.",
	Help: "name only protocols from the request's Upgrade header",
	Bad: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc/6.9
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc/7.0
<
`, `> GET /chat HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: rta
<
`},
	Good: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: rta/x11, IRC/6.9
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc
<
`, `# HTTP/1.1 may be listed as a layer above or below
> OPTIONS * HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: TLS/1.0
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: TLS/1.0, HTTP/1.1
<
`},
	When: annotate.When{Status: []int{101}, Fields: []exchange.Name{exchange.FieldUpgrade}},
	Check: func(p *annotate.Pass) {
		if p.X.Response.Version >= exchange.HTTP2 {
			return
		}
		for i, l := range p.X.Response.Fields.Each(exchange.FieldUpgrade) {
			for part := range field.List(l.Value) {
				if offered(&p.X.Request, part.Text, false) || field.EqualFold(part.Text, "HTTP/1.1") {
					continue
				}
				p.Note(annotate.Span(p.ResponseLine(i), part.At, part.End()), "101 switches to %s, %s",
					quoted(part.Text), whatWasOffered(&p.X.Request))
			}
		}
	},
}

func whatWasOffered(r *exchange.Request) string {
	if !r.Fields.Has(exchange.FieldUpgrade) {
		return "but the request offered no protocol"
	}
	return "but the request offered " + quoted(r.Fields.Combined(exchange.FieldUpgrade))
}

// acceptKey is the length of a Sec-WebSocket-Accept value: SHA-1 in base64.
const acceptKey = 28

// webSocketAccept computes what Sec-WebSocket-Accept must be for a key (RFC
// 6455 §4.2.2); ok is false for a key too long to be one.
func webSocketAccept(key string) (accept [acceptKey]byte, ok bool) {
	const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	var b [128]byte
	if len(key)+len(guid) > len(b) {
		return accept, false
	}
	n := copy(b[:], key)
	n += copy(b[n:], guid)
	sum := sha1.Sum(b[:n])
	base64.StdEncoding.Encode(accept[:], sum[:])
	return accept, true
}

var status101WebSocketAcceptInvalid = &annotate.Rule{
	ID:       "status/101-websocket-accept-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the WebSocket handshake has the wrong key",
	Refs:     []string{"RFC 6455 §4.2.2", "RFC 6455 §4.1"},
	Doc: "Sec-WebSocket-Accept proves that the server read this request: it is computed from Sec-WebSocket-Key. " +
		"Clients close the connection if it is missing or wrong. Usual causes are a cached or fixed response, or a key that was decoded before hashing.",
	Help: "send in Sec-WebSocket-Accept the base64 of the SHA-1 of key + 258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
	Bad: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 101 Switching Protocols
< Connection: Upgrade
< Upgrade: websocket
< Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==
<
`, `> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 101 Switching Protocols
< Connection: Upgrade
< Upgrade: websocket
<
`},
	Good: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 101 Switching Protocols
< Connection: Upgrade
< Upgrade: WebSocket
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
<
`},
	When: annotate.When{Status: []int{101}, Fields: []exchange.Name{exchange.FieldUpgrade}},
	Check: func(p *annotate.Pass) {
		if !upgradesToWebSocket(&p.X.Response) {
			return
		}
		at := p.ResponseField(exchange.FieldSecWebSocketAccept)
		key := p.X.Request.Fields.Value(exchange.FieldSecWebSocketKey)
		got := p.X.Response.Fields.Value(exchange.FieldSecWebSocketAccept)
		want, ok := webSocketAccept(key)
		switch {
		case at.Line < 0:
			p.Note(at, "101 to WebSocket has no Sec-WebSocket-Accept, so the client must close the connection")
		case key != "" && ok && got != string(want[:]):
			right := string(want[:])
			p.NoteHelp(at, "send: Sec-WebSocket-Accept: "+right,
				"Sec-WebSocket-Accept is %s; for the key of this request it must be %q", quoted(got), right)
		}
	},
}

var status101WebSocketSubprotocolNotOffered = &annotate.Rule{
	ID:       "status/101-websocket-subprotocol-not-offered",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a WebSocket subprotocol or extension that the request didn't offer",
	Refs:     []string{"RFC 6455 §4.1", "RFC 6455 §4.2.2"},
	Doc: "The server picks at most one of the subprotocols, and some of the extensions, that the request names. " +
		"The client closes the connection if the response has anything else. Subprotocols are compared exactly. " +
		"Pick from the request's list, or remove the header.",
	Help: "send in Sec-WebSocket-Protocol one value of the request's own header, or remove it",
	Bad: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
> Sec-WebSocket-Protocol: chat.v1, chat.v2
>
< HTTP/1.1 101 Switching Protocols
< Connection: Upgrade
< Upgrade: websocket
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
< Sec-WebSocket-Protocol: Chat.v1
<
`, `> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
> Sec-WebSocket-Protocol: chat.v1, chat.v2
>
< HTTP/1.1 101 Switching Protocols
< Connection: Upgrade
< Upgrade: websocket
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
< Sec-WebSocket-Protocol: chat.v1, chat.v2
<
`, `> CONNECT shop.test HTTP/2
> Sec-WebSocket-Version: 13
>
< HTTP/2 200
< Sec-WebSocket-Extensions: permessage-deflate
<
`},
	Good: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
> Sec-WebSocket-Protocol: chat.v1
> Sec-WebSocket-Protocol: chat.v2
> Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
>
< HTTP/1.1 101 Switching Protocols
< Connection: Upgrade
< Upgrade: websocket
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
< Sec-WebSocket-Protocol: chat.v2
< Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover
<
`},
	When: annotate.When{
		Status: []int{101}, Class: []int{2},
		Fields: []exchange.Name{exchange.FieldSecWebSocketProtocol, exchange.FieldSecWebSocketExtensions},
	},
	Check: func(p *annotate.Pass) {
		extended := isExtendedConnect(&p.X.Request) && p.X.Response.Class() == 2
		if extended || upgradesToWebSocket(&p.X.Response) {
			checkSubprotocol(p)
			checkExtensions(p)
		}
	},
}

func checkSubprotocol(p *annotate.Pass) {
	chosen := 0
	for i, l := range p.X.Response.Fields.Each(exchange.FieldSecWebSocketProtocol) {
		for part := range field.List(l.Value) {
			at := annotate.Span(p.ResponseLine(i), part.At, part.End())
			if chosen++; chosen > 1 {
				p.Note(at, "Sec-WebSocket-Protocol has a second value, %s; the server must choose one", quoted(part.Text))
				return
			}
			if !offersExactly(&p.X.Request, part.Text) {
				p.Note(at, "Sec-WebSocket-Protocol is %s, but the request offered %s", quoted(part.Text),
					quoted(p.X.Request.Fields.Combined(exchange.FieldSecWebSocketProtocol)))
				return
			}
		}
	}
}

func offersExactly(r *exchange.Request, subprotocol string) bool {
	for _, l := range r.Fields.Each(exchange.FieldSecWebSocketProtocol) {
		for part := range field.List(l.Value) {
			if part.Text == subprotocol {
				return true
			}
		}
	}
	return false
}

func checkExtensions(p *annotate.Pass) {
	for i, l := range p.X.Response.Fields.Each(exchange.FieldSecWebSocketExtensions) {
		for part := range field.List(l.Value) {
			name := field.Head(part.Text)
			if !offersExtension(&p.X.Request, name.Text) {
				start := part.At + name.At
				p.NoteHelp(annotate.Span(p.ResponseLine(i), start, start+len(name.Text)),
					"use only extensions that the request's Sec-WebSocket-Extensions names",
					"Sec-WebSocket-Extensions has %s, which the request didn't offer", quoted(name.Text))
			}
		}
	}
}

func offersExtension(r *exchange.Request, name string) bool {
	for _, l := range r.Fields.Each(exchange.FieldSecWebSocketExtensions) {
		for part := range field.List(l.Value) {
			if field.EqualFold(field.Head(part.Text).Text, name) {
				return true
			}
		}
	}
	return false
}

var status426MissingUpgrade = &annotate.Rule{
	ID:       "status/426-missing-upgrade",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a 426 without Upgrade",
	Refs:     []string{"RFC 9110 §15.5.22", "RFC 9110 §7.8"},
	Doc: "A 426 says that the server requires another protocol, and Upgrade says which one. Without it the client can't tell which one is right. " +
		"In HTTP/2 and HTTP/3 the header isn't allowed, so it isn't missing there.",
	Help: "send for example Connection: upgrade and Upgrade: websocket",
	Bad: []string{`> GET /chat HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 426 Upgrade Required
< Content-Length: 6
<
< socket
`},
	Good: []string{`> GET /chat HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 426 Upgrade Required
< Connection: upgrade
< Upgrade: websocket
< Content-Length: 6
<
< socket
`, `> GET /chat HTTP/2
> Host: shop.test
>
< HTTP/2 426
< content-length: 6
<
< socket
`},
	When:  annotate.When{Status: []int{426}},
	Needs: annotate.NeedsVersion,
	Check: func(p *annotate.Pass) {
		if p.X.Response.Version < exchange.HTTP2 && !p.X.Response.Fields.Has(exchange.FieldUpgrade) {
			p.Note(p.ResponseField(exchange.FieldUpgrade), "the 426 has no Upgrade, so it doesn't say which protocol is required")
		}
	},
}

var status426UpgradeAlreadyOffered = &annotate.Rule{
	ID:       "status/426-upgrade-already-offered",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a 426 asks for a protocol that the request offers",
	Refs:     []string{"RFC 9110 §15.5.22", "RFC 9110 §7.8"},
	Doc: "The request offers this protocol, but the server still asks for it. " +
		"Usually a proxy dropped Upgrade and Connection, which are for one connection and not passed on by default. Let that proxy forward both.",
	Help: "let the proxy pass on Upgrade and Connection; in nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade",
	Bad: []string{`# also status/websocket-handshake-refused
> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 426 Upgrade Required
< Connection: upgrade
< Upgrade: WebSocket
< Content-Length: 6
<
< socket
`},
	Good: []string{`# only the version of WebSocket was refused
> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 7
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 426 Upgrade Required
< Connection: upgrade
< Upgrade: websocket
< Sec-WebSocket-Version: 13
< Content-Length: 6
<
< socket
`, `# another version of the protocol
> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: irc/6.9
>
< HTTP/1.1 426 Upgrade Required
< Connection: upgrade
< Upgrade: irc/7.0
< Content-Length: 3
<
< irc
`, `# on HTTP/1.0 nothing is offered
> GET /chat HTTP/1.0
> Host: shop.test
> Upgrade: irc
>
< HTTP/1.1 426 Upgrade Required
< Connection: upgrade
< Upgrade: irc
< Content-Length: 3
<
< irc
`},
	When: annotate.When{Status: []int{426}, Fields: []exchange.Name{exchange.FieldUpgrade}, RequestFields: []exchange.Name{exchange.FieldUpgrade}},
	Check: func(p *annotate.Pass) {
		if p.X.Response.Fields.Has(exchange.FieldSecWebSocketVersion) {
			return
		}
		noteOffered(p, true, "426 asks for %s, which the request offers; a proxy has probably dropped Upgrade")
	},
}

// noteOffered makes a note, with a format that takes the protocol, of the first
// protocol in the response's Upgrade that the request had asked to upgrade to.
func noteOffered(p *annotate.Pass, exact bool, format string) {
	if p.X.Response.Version != exchange.HTTP11 || !asksUpgrade(&p.X.Request) {
		return
	}
	for i, l := range p.X.Response.Fields.Each(exchange.FieldUpgrade) {
		for part := range field.List(l.Value) {
			if field.EqualFold(part.Text, "h2c") || !offered(&p.X.Request, part.Text, exact) {
				continue
			}
			p.Note(annotate.Span(p.ResponseLine(i), part.At, part.End()), format, quoted(part.Text))
			return
		}
	}
}

var statusUpgradeOfferedNotTaken = &annotate.Rule{
	ID:       "status/upgrade-offered-not-taken",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the server didn't use the upgrade that it offers",
	Refs:     []string{"RFC 9110 §7.8"},
	Doc: "The response advertises a protocol in Upgrade that the request offers, but doesn't switch to it. " +
		"A server may ignore the offer, but a client that needs the upgrade fails. Often the path is wrong, or a proxy dropped Connection: upgrade.",
	Help: "answer 101 with the protocol, or stop advertising it",
	Bad: []string{`> GET /news HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc/6.9
>
< HTTP/1.1 200 OK
< Connection: upgrade
< Upgrade: IRC
< Content-Length: 2
<
< ok
`},
	Good: []string{`# h2c was dropped from HTTP/2 and is another rule's
> GET /news HTTP/1.1
> Host: shop.test
> Connection: upgrade, http2-settings
> Upgrade: h2c
> HTTP2-Settings: AAMAAABkAAQAAP__
>
< HTTP/1.1 200 OK
< Connection: upgrade
< Upgrade: h2c
< Content-Length: 2
<
< ok
`, `# the offer of another request
> GET /news HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Connection: upgrade
< Upgrade: irc
< Content-Length: 2
<
< ok
`},
	When: annotate.When{
		Class: []int{2, 3, 4, 5}, Fields: []exchange.Name{exchange.FieldUpgrade},
		RequestFields: []exchange.Name{exchange.FieldUpgrade},
	},
	Check: func(p *annotate.Pass) {
		if p.X.Response.Status != 426 {
			noteOffered(p, false, "the response advertises %s, which the request offers, but doesn't switch to it")
		}
	},
}

var statusWebSocketHandshakeRefused = &annotate.Rule{
	ID:       "status/websocket-handshake-refused",
	Severity: annotate.Info,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "the server refused the WebSocket handshake",
	Refs:     []string{"RFC 6455 §4.1", "RFC 9110 §7.8"},
	Doc: "The request is a complete WebSocket handshake, but the status isn't 101, and browsers don't tell their scripts why. " +
		"The note names the likely cause: a proxy that drops Upgrade, a wrong path, a check of Origin, credentials, or the version. " +
		"Browsers don't follow redirects here.",
	Help: "answer 101, or let every proxy pass on Upgrade and Connection",
	Bad: []string{`> GET /chat HTTP/1.1
> Host: shop.test
> Connection: keep-alive, Upgrade
> Upgrade: websocket
> Origin: https://shop.test
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 404 Not Found
< Content-Length: 2
<
< no
`, `> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< hi
`, `> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 8
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 426 Upgrade Required
< Connection: upgrade
< Upgrade: websocket
< Sec-WebSocket-Version: 13
< Content-Length: 2
<
< no
`},
	Good: []string{`# HTTP/1.0 has no upgrade
> GET /chat HTTP/1.0
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 400 Bad Request
< Content-Length: 2
<
< no
`},
	When: annotate.When{Class: []int{2, 3, 4, 5}, RequestFields: []exchange.Name{exchange.FieldSecWebSocketKey}},
	Check: func(p *annotate.Pass) {
		if isWebSocketHandshake(&p.X.Request) {
			p.Note(p.StatusLine(), "the server answered the WebSocket handshake with %d: %s", p.X.Response.Status, whyRefused(p.X))
		}
	},
}

// whyRefused names the likely cause of a refused WebSocket handshake.
func whyRefused(x *exchange.Exchange) string {
	s := x.Response.Status
	switch {
	case s == 401:
		return "the server requires credentials, which browsers can't add to a handshake; use a cookie or a token in the query"
	case s == 407:
		return "a proxy requires credentials"
	case x.Response.Fields.Has(exchange.FieldSecWebSocketVersion):
		return "the server requires Sec-WebSocket-Version " + quoted(x.Response.Fields.Combined(exchange.FieldSecWebSocketVersion)) +
			", the request has " + quoted(x.Request.Fields.Value(exchange.FieldSecWebSocketVersion))
	case s == 403:
		return "the server probably does not allow the Origin " + quoted(x.Request.Fields.Value(exchange.FieldOrigin))
	case s == 200 || s == 404:
		return "the server read it as an ordinary GET, so a proxy has probably dropped Upgrade and Connection, or the path is wrong"
	case s == 426:
		return "a proxy has probably dropped Upgrade and Connection"
	case s/100 == 3:
		return "WebSocket clients don't follow redirects; use the new address"
	case s/100 == 5:
		return "the server or the proxy in front of it failed, or does not support Upgrade"
	}
	return "the server says that the request is wrong; the body may say why"
}
