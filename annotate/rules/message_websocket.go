package rules

import (
	"fmt"

	"sidenote/annotate"
	"sidenote/exchange"
)

// webSocketRules lists the rules on messages of a WebSocket.
func webSocketRules() []*annotate.Rule {
	return []*annotate.Rule{
		webSocketTextNotUTF8,
		webSocketMasking,
		webSocketReservedBits,
		webSocketOpcodeUnknown,
		webSocketDeflateNotAgreed,
		webSocketCompressionBroken,
		webSocketControlFrame,
		webSocketFragmentation,
		webSocketLength,
		webSocketCloseCode,
		webSocketCloseMissing,
		webSocketDataAfterClose,
		webSocketClosedWithError,
	}
}

// ifWebSocket holds where an exchange opened a WebSocket whose messages were read.
var ifWebSocket = ifStream(exchange.FormatWebSocket)

// whenWebSocket is when there are messages of a WebSocket.
var whenWebSocket = annotate.When{If: []*annotate.Condition{ifWebSocket}}

// spoken is the handshake of a WebSocket with those messages after it.
func spoken(messages ...string) string { return spokenWith("", messages...) }

// spokenWith is spoken with an extension that both sides agree on.
func spokenWith(extension string, messages ...string) string {
	request := []string{"Host: shop.test", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	response := []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}
	if extension != "" {
		request = append(request, "Sec-WebSocket-Extensions: "+extension)
		response = append(response, "Sec-WebSocket-Extensions: "+extension)
	}
	text := exchangeOf("GET /live HTTP/1.1", request, "HTTP/1.1 101 Switching Protocols", response) + "* messages websocket\n"
	for _, m := range messages {
		text += m + "\n"
	}
	return text
}

// What a WebSocket says that ends as it should.
const (
	helloMessage  = ">+ text | hello"
	clientCloses  = ">+ close code=1000 |"
	originCloses  = "<+ close code=1000 |"
	deflateOption = "permessage-deflate"
)

var goodWebSocket = spoken(helloMessage, "<+ text | hello", "<+ ping | a", ">+ pong | a", "<+ binary | \\xff", clientCloses, originCloses)

var webSocketTextNotUTF8 = &annotate.Rule{
	ID:       "websocket/text-not-utf8",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a WebSocket text message isn't UTF-8",
	Refs:     []string{"RFC 6455 §8.1", "RFC 6455 §5.6"},
	Doc: "A text message must be UTF-8, and so must the reason of a close. A receiver that finds other bytes ends the connection with 1007. " +
		"The cause is usually binary data in a text message, text in another encoding, or a message that was cut within a character.",
	Help:  "send a binary message, or encode the text as UTF-8",
	Bad:   []string{spoken(`>+ text fault="invalid-utf8 byte 2" | a\xff`, "<+ close code=1007 |"), spoken(clientCloses, `<+ close code=1000 fault="invalid-utf8 byte 3" | \xff`)},
	Good:  []string{goodWebSocket},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string { return "is text that isn't UTF-8, at " + f.Detail }, exchange.FaultInvalidUTF8)
	},
}

var webSocketMasking = &annotate.Rule{
	ID:       "websocket/masking",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "WebSocket frames are masked on the wrong side",
	Refs:     []string{"RFC 6455 §5.1", "RFC 6455 §5.3"},
	Doc: "A client must mask every frame, and a server must mask none. The other side must close the connection when it sees anything else. " +
		"Masking keeps a page's script from writing bytes that an old proxy reads as a request.",
	Help:  "use a WebSocket library in the role that it has here: client or server",
	Bad:   []string{spoken(`>+ text fault=not-masked | hello`, "<+ close code=1002 |"), spoken(`<+ text fault=masked | hello`, ">+ close code=1002 |")},
	Good:  []string{goodWebSocket},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			if f.Code == exchange.FaultMasked {
				return "is masked, which only a client may do"
			}
			return "isn't masked, and a client must mask all frames"
		}, exchange.FaultMasked, exchange.FaultNotMasked)
	},
}

var webSocketReservedBits = &annotate.Rule{
	ID:       "websocket/reserved-bits",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a WebSocket frame sets a reserved bit",
	Refs:     []string{"RFC 6455 §5.2", "RFC 7692 §6"},
	Doc: "RSV1, RSV2 and RSV3 mean something only by an extension that both sides agreed on. permessage-deflate uses RSV1, on the first frame of a message alone. " +
		"A receiver must close the connection when another one is set. Often the sender has lost its place, and what looks like a frame is data.",
	Help:  "look for an extension that only one side uses, or for a wrong length in the frame before",
	Bad:   []string{spoken(`<+ text fault="reserved-bits RSV2" | hello`, ">+ close code=1002 |")},
	Good:  []string{goodWebSocket},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			return "sets " + f.Detail + ", which no extension gave a meaning"
		}, exchange.FaultReservedBits)
	},
}

var webSocketOpcodeUnknown = &annotate.Rule{
	ID:       "websocket/opcode-unknown",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a WebSocket frame has an unknown opcode",
	Refs:     []string{"RFC 6455 §5.2"},
	Doc:      "Opcodes 3 to 7 and 11 to 15 are reserved. A receiver must close the connection when one comes. Often the sender has lost its place, and what looks like a frame is data.",
	Help:     "look for a wrong length in the frame before",
	Bad:      []string{spoken(`>+ unknown fault="opcode-unknown 0x3" | x`, "<+ close code=1002 |")},
	Good:     []string{goodWebSocket},
	When:     whenWebSocket,
	Needs:    annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string { return "has the opcode " + f.Detail + ", which is reserved" }, exchange.FaultOpcode)
	},
}

var webSocketDeflateNotAgreed = &annotate.Rule{
	ID:       "websocket/deflate-not-agreed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a WebSocket message is compressed without agreement",
	Refs:     []string{"RFC 7692 §6", "RFC 6455 §9.1"},
	Doc: "RSV1 says that a message is compressed. Both sides must have agreed on permessage-deflate in Sec-WebSocket-Extensions before. " +
		"Without that, the receiver closes the connection with 1002. A proxy that removes the header on one side only has this effect too.",
	Help:  "agree on permessage-deflate in the handshake, or switch compression off on both sides",
	Bad:   []string{spoken(`>+ text fault=deflate-not-agreed | \xf2H`, "<+ close code=1002 |")},
	Good:  []string{spokenWith(deflateOption, ">+ text compressed size=5 wire=13 | hello", clientCloses, originCloses)},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, saying("is compressed (RSV1), and the handshake did not agree on permessage-deflate"), exchange.FaultNotAgreed)
	},
}

var webSocketCompressionBroken = &annotate.Rule{
	ID:       "websocket/compression-broken",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a compressed WebSocket message can't be decompressed",
	Refs:     []string{"RFC 7692 §7.2.2", "RFC 7692 §7.1.1"},
	Doc: "The bytes of the message aren't DEFLATE, or refer to earlier messages that the receiver doesn't have. " +
		"The second happens when one side keeps its compression context from message to message and the other one doesn't.",
	Help:  "compare how both sides understand server_no_context_takeover, client_no_context_takeover and the window bits",
	Bad:   []string{spokenWith(deflateOption, `<+ text compressed truncated fault="compression-broken corrupt near byte 2" | \xff`, ">+ close code=1007 |")},
	Good:  []string{spokenWith(deflateOption, "<+ text compressed size=5 wire=9 | hello", clientCloses, originCloses)},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string { return "can't be decompressed: " + f.Detail }, exchange.FaultCompression)
	},
}

var webSocketControlFrame = &annotate.Rule{
	ID:       "websocket/control-frame",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a WebSocket control frame is fragmented or too long",
	Refs:     []string{"RFC 6455 §5.5", "RFC 6455 §5.4"},
	Doc:      "Ping, pong and close may come between the frames of a message. So they must be one frame each, of at most 125 bytes. A receiver closes the connection with 1002 otherwise.",
	Help:     "send a ping or a close in one frame, with at most 125 bytes",
	Bad: []string{spoken(`>+ ping fault="control-fragmented ping" | a`, "<+ close code=1002 |"),
		spoken(`<+ ping size=126 truncated fault="control-too-long 126 bytes" | a`, ">+ close code=1002 |")},
	Good:  []string{goodWebSocket},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			if f.Code == exchange.FaultControlParts {
				return "is a " + f.Detail + " that isn't whole in one frame"
			}
			return "is a control frame of " + f.Detail + "; the most is 125"
		}, exchange.FaultControlParts, exchange.FaultControlLong)
	},
}

var webSocketFragmentation = &annotate.Rule{
	ID:       "websocket/fragmentation",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the frames of WebSocket messages are out of order",
	Refs:     []string{"RFC 6455 §5.4"},
	Doc: "A message in several frames begins with its type, goes on with continuations, and ends with a frame that says so. Nothing but control frames may come between. " +
		"Two parts of a program that write to one connection without a lock have this effect.",
	Help:  "let one place write messages, and finish each before the next",
	Bad:   []string{spoken(`>+ binary fault=continuation-without-beginning | b`, "<+ close code=1002 |"), spoken(`>+ text truncated fault=message-in-message | a`, ">+ text | b", "<+ close code=1002 |")},
	Good:  []string{spoken(">+ text parts=3 | hello", clientCloses, originCloses)},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			if f.Code == exchange.FaultNoBeginning {
				return "is a continuation, and no message had begun"
			}
			return "did not end before the next one began"
		}, exchange.FaultNoBeginning, exchange.FaultInterleaved)
	},
}

var webSocketLength = &annotate.Rule{
	ID:       "websocket/length",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the length of a WebSocket frame is written wrong",
	Refs:     []string{"RFC 6455 §5.2"},
	Doc:      "A frame must write its length in as few bytes as possible, and a length of 8 bytes has its highest bit clear. Some receivers accept a longer form, others close the connection.",
	Help:     "write lengths up to 125 in the first form, up to 65535 in 2 bytes, others in 8",
	Bad: []string{spoken(`<+ text fault="length-not-minimal 5 bytes" | hello`, clientCloses, originCloses),
		spoken(`<+ binary truncated fault=length-invalid |`) + "* messages unread=40\n"},
	Good:  []string{goodWebSocket},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			if f.Code == exchange.FaultLengthInvalid {
				return "has a length with its highest bit set, so no one can tell where it ends"
			}
			return "has a length of " + f.Detail + " in a longer form than it needs"
		}, exchange.FaultLength, exchange.FaultLengthInvalid)
	},
}

var webSocketCloseCode = &annotate.Rule{
	ID:       "websocket/close-code",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a WebSocket close has a code that may not be sent",
	Refs:     []string{"RFC 6455 §7.4.1", "RFC 6455 §7.4.2", "RFC 6455 §5.5.1"},
	Doc: "A close frame may have 1000 to 1003, 1007 to 1014, and 3000 to 4999. " +
		"1005, 1006 and 1015 are what a library tells its program when there was no code; they never stand in a frame. " +
		"A receiver answers such a close with 1002.",
	Help:  "send 1000 for a normal end, 1011 for a failure, or a code of your own from 4000 to 4999",
	Bad:   []string{spoken(`<+ close code=1006 fault="close-code-invalid 1006" |`), spoken(`>+ close fault="close-payload-invalid 1 byte" | x`, "<+ close code=1002 |")},
	Good:  []string{goodWebSocket, spoken("<+ close code=4999 | over", ">+ close |")},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			if f.Code == exchange.FaultClosePayload {
				return "is a close of " + f.Detail + ", too short for a code"
			}
			return "is a close with the code " + f.Detail + ", which may not be sent"
		}, exchange.FaultCloseCode, exchange.FaultClosePayload)
	},
}

var webSocketCloseMissing = &annotate.Rule{
	ID:       "websocket/close-missing",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the WebSocket ended without a close frame",
	Refs:     []string{"RFC 6455 §7.1.4", "RFC 6455 §7.1.5"},
	Doc: "Neither side said goodbye, so both programs see the code 1006: the connection was lost. " +
		"A server that crashed or was restarted, a proxy with an idle timeout, and a client that went away all look like this.",
	Help:  "send pings more often than the shortest idle timeout on the way, and close with 1001 when a server stops",
	Bad:   []string{spoken(helloMessage) + "* messages client-fault=close-missing origin-fault=close-missing\n"},
	Good:  []string{goodWebSocket, "# one side closed, and the other went away\n" + spoken(clientCloses) + "* messages origin-fault=close-missing\n"},
	When:  whenWebSocket,
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		s := p.Messages()
		var missing [2]bool
		for _, f := range s.Faults {
			if f.Code == exchange.FaultNoClose {
				missing[sideIndex(f.FromClient)] = true
			}
		}
		if missing[0] && missing[1] {
			p.Note(exchange.Place{}, "neither side sent a close frame; %s", lastWords(s))
		}
	},
}

func sideIndex(fromClient bool) int {
	if fromClient {
		return 0
	}
	return 1
}

// lastWords says what the last message was.
func lastWords(s *exchange.Messages) string {
	if len(s.List) == 0 {
		return "no message had passed"
	}
	m := &s.List[len(s.List)-1]
	return fmt.Sprintf("the last message was a %s of %s", m.Kind, sender(m.FromClient))
}

var webSocketDataAfterClose = &annotate.Rule{
	ID:       "websocket/data-after-close",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a side of a WebSocket sent more after its close frame",
	Refs:     []string{"RFC 6455 §5.5.1"},
	Doc:      "A close frame is the last that a side sends. The other side ignores what comes after it, so that data is lost without an error.",
	Help:     "finish what is to be sent, then close",
	Bad:      []string{spoken(clientCloses, `>+ text fault="data-after-close text" | late`, originCloses)},
	Good:     []string{goodWebSocket},
	When:     whenWebSocket,
	Needs:    annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			return "is a " + f.Detail + " after the close frame of that side"
		}, exchange.FaultAfterClose)
	},
}

var webSocketClosedWithError = &annotate.Rule{
	ID:       "websocket/closed-with-error",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a WebSocket was closed because something went wrong",
	Refs:     []string{"RFC 6455 §7.4.1"},
	Doc:      "The code of a close frame says why it was sent. This note says what the code means, and who sent it first.",
	Help:     "look at what the side that sent the code complains about; the messages before it show that",
	Bad:      []string{spoken(helloMessage, "<+ close code=1011 | database gone", ">+ close code=1011 |")},
	Good:     []string{goodWebSocket, spoken("<+ close code=1001 |", ">+ close code=1001 |")},
	When:     whenWebSocket,
	Needs:    annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		s := p.Messages()
		for i := range s.List {
			m := &s.List[i]
			if m.Kind != exchange.KindClose {
				continue
			}
			if means := closeCodeMeans(m.Code); means != "" && !isExplained(s, m) {
				reason := ""
				if len(m.Content) > 0 {
					reason = fmt.Sprintf(", with the reason %s", bare(string(m.Content)))
				}
				p.Report(annotate.Note{Place: ofSide(m.FromClient), Blame: blameOf(m.FromClient),
					Message: fmt.Sprintf("%s closed with %d%s: %s", sender(m.FromClient), m.Code, reason, means)})
			}
			return // the answer to it has the same code
		}
	},
}

// isExplained reports whether the other side did what a close complains about: other
// notes say that.
func isExplained(s *exchange.Messages, closing *exchange.StreamMessage) bool {
	for i := range s.Faults {
		if s.Faults[i].FromClient != closing.FromClient && s.Faults[i].Code != exchange.FaultNoClose {
			return true
		}
	}
	return false
}

// closeCodeMeans says what a code means that tells of a failure; "" for any other.
func closeCodeMeans(code int) string {
	switch code {
	case 1002:
		return "the other side broke the protocol"
	case 1003:
		return "it can't take data of that type"
	case 1007:
		return "a message did not fit its type, such as text that isn't UTF-8"
	case 1008:
		return "a message breaks a policy of that side"
	case 1009:
		return "a message is too large for it"
	case 1010:
		return "the server did not agree on an extension that the client needs"
	case 1011:
		return "something unexpected happened inside of it"
	case 1012:
		return "the service restarts"
	case 1013:
		return "the service is overloaded; try again later"
	case 1014:
		return "a gateway got an invalid response from the server behind it"
	}
	return ""
}
