package exchange_test

import (
	"strings"
	"testing"

	"sidenote/exchange"
)

const stream = `> GET /live HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 101 Switching Protocols
<
>+ text at=1ms | {"token":"hunter1","a":1}
<+ text at=2ms | plain
<+ message decoded="{\"password\":\"hunter2\"}" | \x0a\x07hunter2
<+ close code=1006 fault="close-code-invalid 1006" fault=unfinished |
<+ ping fault="close-code-invalid 1005" |
* messages websocket
`

func TestMessagesAreCountedWithTheirFaults(t *testing.T) {
	s := mustParse(t, stream).Messages
	if s.Format != exchange.FormatWebSocket || s.Sent != 1 || s.Received != 4 || len(s.List) != 5 {
		t.Errorf("%+v", s)
	}
	if len(s.Faults) != 2 || s.Faults[0].Code != exchange.FaultCloseCode || s.Faults[0].Times != 2 || s.Faults[0].Number != 4 || s.Faults[1].Times != 1 {
		t.Errorf("%+v", s.Faults)
	}
	if m := s.Last(exchange.KindClose, false); m == nil || m.Code != 1006 || s.Last(exchange.KindClose, true) != nil {
		t.Errorf("the last close is %+v", m)
	}
}

// The messages of a stream are searched for secrets as content is.
func TestMessagesAreRedacted(t *testing.T) {
	x := mustParse(t, stream)
	r := redactor()
	y := r.Redact(x, true)
	if text := y.Format(); strings.Contains(text, "hunter") {
		t.Errorf("secrets are left:\n%s", text)
	}
	if m := y.Messages.List[0]; !strings.HasPrefix(string(m.Content), `{"token":"[redacted:`) || !strings.HasSuffix(string(m.Content), `"a":1}`) {
		t.Errorf("the message is %q", m.Content)
	}
	if &y.Messages.List[1] == &x.Messages.List[1] || string(x.Messages.List[0].Content) != `{"token":"hunter1","a":1}` {
		t.Error("the original was changed")
	}
	if m := &x.Messages.List[1]; r.StreamMessage(m) != m {
		t.Error("a message without secrets was copied")
	}
	if m := r.StreamMessage(&x.Messages.List[0]); strings.Contains(string(m.Content), "hunter") {
		t.Errorf("the message is %q", m.Content)
	}
}

func TestKeptEventStreamsAreRedacted(t *testing.T) {
	x := mustParse(t, "> GET / HTTP/1.1\n>\n< HTTP/1.1 200 OK\n< Content-Type: text/event-stream\n<\n< data: {\"token\":\"hunter1\"}\n<\n")
	if text := redactor().Redact(x, true).Format(); strings.Contains(text, "hunter") {
		t.Errorf("secrets are left:\n%s", text)
	}
}
