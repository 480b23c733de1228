package inspector_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink/store"
)

const spoken = `> GET /live?token=s3cretvalue HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 101 Switching Protocols
<
>+ text at=1ms | {"password":"s3cretvalue"}
<+ text at=2ms | {"ok":true}
<+ binary at=3ms decoded="{\"1\":2}" | \x08\x02
<+ close at=4ms code=1006 fault="close-code-invalid 1006" | <script>
* messages websocket
`

// said is the part of an answer that the tests look at.
type said struct {
	Format         string
	Sent, Received int64
	Open           bool
	Faults         []struct{ Code, Detail, From string }
	Messages       []struct {
		Number                            int64
		From, Kind, Text, Base64, Decoded string
		Cut                               bool
		Code                              int
	}
}

func (d *desk) said(t *testing.T, path string) (s said) {
	t.Helper()
	resp, body := d.get(t, path)
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %d %s", path, resp.StatusCode, body)
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMessagesOfAnExchange(t *testing.T) {
	d := newDesk(t)
	d.described(t)
	x, err := exchange.ParseText(spoken)
	if err != nil {
		t.Fatal(err)
	}
	x.ID = "ws"
	at := fmt.Sprint("/api/v1/exchanges/", d.store.Add(&annotate.Annotated{X: x}, store.Live))
	s := d.said(t, at+"/messages")
	if s.Format != "websocket" || s.Open || s.Sent != 1 || s.Received != 3 || len(s.Messages) != 4 || len(s.Faults) != 1 || s.Faults[0].Detail != "1006" {
		t.Errorf("%+v", s)
	}
	if m := s.Messages[0]; m.From != "client" || strings.Contains(m.Text, "s3cret") || !strings.Contains(m.Text, "[redacted:") {
		t.Errorf("%+v", m)
	}
	if m := s.Messages[2]; m.Text != "" || m.Base64 != "CAI=" || m.Decoded != `{"1":2}` {
		t.Errorf("%+v", m)
	}
	if s := d.said(t, at+"/messages?after=1&limit=1&content=5"); len(s.Messages) != 1 || s.Messages[0].Text != `{"ok"` || !s.Messages[0].Cut {
		t.Errorf("%+v", s)
	}
	for path, want := range map[string]string{
		"/messages/2/content": `{"ok":true}`, "/messages/2/content?form=pretty": "{\n  \"ok\": true\n}\n", "/messages/3/content?form=pretty": "{\n  \"1\": 2\n}\n",
		"/messages/4/content?form=hex": "00000000  3c 73 63 72 69 70 74 3e                           |<script>|\n",
	} {
		resp, body := d.get(t, at+path)
		if strings.TrimSpace(body) != strings.TrimSpace(want) || !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "sandbox") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %q, %v", path, body, resp.Header)
		}
	}
	for _, path := range []string{"/messages/9/content", "/messages/x/content"} {
		if resp, _ := d.get(t, at+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if resp, _ := d.get(t, at+"/messages/2/content?form=odd"); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an odd form is answered with %d", resp.StatusCode)
	}
	_, body := d.get(t, at+"/messages/export")
	if strings.Count(body, "\n") != 4 || strings.Contains(body, "s3cret") || !strings.HasPrefix(body, `{"schema":"sidenote.message/1"`) {
		t.Errorf("exported:\n%s", body)
	}
	if s := d.said(t, "/api/v1/exchanges/1/messages"); len(s.Messages) != 0 || s.Open {
		t.Errorf("an exchange without messages has %+v", s)
	}
	if _, body := d.get(t, at); !strings.Contains(body, `"messages":{"format":"websocket","sent":1,"received":3`) {
		t.Errorf("the exchange is %s", body)
	}
}

// An exchange that runs is followed: each message as it passes, and its end.
func TestMessagesAreFollowed(t *testing.T) {
	d := newDesk(t)
	d.described(t)
	x, err := exchange.ParseText("> GET /live HTTP/1.1\n> Host: shop.test\n>\n")
	if err != nil {
		t.Fatal(err)
	}
	x.ID = "run1"
	const at = "/api/v1/running/run1/messages"
	d.store.Begin(x)
	if resp, _ := d.get(t, at); resp.StatusCode != http.StatusNotFound {
		t.Errorf("before its first message: %d", resp.StatusCode)
	}
	say := func(n int64) {
		d.store.Message(x, exchange.FormatSSE, &exchange.StreamMessage{Number: n, Kind: exchange.KindEvent, Content: []byte(fmt.Sprintf(`{"n":%d,"token":"s3cretvalue"}`, n))})
	}
	say(1)
	if s := d.said(t, at); !s.Open || s.Format != "sse" || len(s.Messages) != 1 {
		t.Errorf("%+v", s)
	}
	q, _ := http.NewRequest("GET", d.server.URL+at+"/events?after=0", nil)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() (event string, s said) {
		for lines.Scan() && lines.Text() != "" {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				event = name
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &s); err != nil || strings.Contains(data, "s3cret") {
					t.Errorf("%v: %s", err, data)
				}
			}
		}
		return event, s
	}
	if event, s := next(); event != "messages" || len(s.Messages) != 1 || s.Messages[0].Number != 1 || !s.Open {
		t.Errorf("first %s %+v", event, s)
	}
	for n := int64(2); n <= 400; n++ {
		say(n)
	}
	last := int64(1)
	for last < 400 {
		event, s := next()
		if event != "messages" || len(s.Messages) == 0 {
			t.Fatalf("after %d: %s %+v", last, event, s)
		}
		for _, m := range s.Messages {
			if last++; m.Number != last {
				t.Fatalf("message %d comes after %d", m.Number, last-1)
			}
		}
	}
	d.store.End(x)
	if event, s := next(); event != "end" || s.Open || len(s.Messages) != 0 || s.Received != 400 {
		t.Errorf("at the end %s %+v", event, s)
	}
	if lines.Scan() {
		t.Errorf("after the end: %s", lines.Text())
	}
}
