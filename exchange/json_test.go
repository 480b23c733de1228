package exchange_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"sidenote/exchange"
)

// sameExchange compares all that an exchange says.
var sameExchange = cmp.Options{
	cmp.Comparer(func(a, b exchange.Fields) bool {
		if a.Len() != b.Len() {
			return false
		}
		for i, l := range a.All() {
			if m := b.At(i); l.Name != m.Name || l.Value != m.Value || a.Index(l.Known) != b.Index(m.Known) {
				return false
			}
		}
		return true
	}),
	cmpopts.IgnoreUnexported(exchange.Exchange{}, exchange.Content{}),
	cmpopts.EquateEmpty(),
	cmpopts.EquateComparable(exchange.Connection{}.Peer),
}

func mustParse(t testing.TB, s string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

var textCases = []string{
	full,
	"> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 204 No Content\n<\n",
	"* error dns_not_found \"no such host\"\n* timing done=1.000001ms dns=-5ns\n> GET http://u:p@x.test/ HTTP/1.1\n>\n",
	"* made\n* started 2026-01-02T03:04:05+05:30\n> GET / HTTP/2\n> x-odd: \\x00\\xff\\x7f \"q\" \\\\\n>\n< HTTP/2 502\n< a: 1\n< A: 2\n< a: \xc2\x9b\n<\n< \\xff\\x00\n",
	"> CONNECT a.test:443 HTTP/1.1\n>\n< HTTP/1.1 101 Switching\n<\n<~ T: 1\n",
}

// ofH2 has what HTTP/2 says beside the fields, which a HAR cannot hold.
const ofH2 = "* authority a.test\n> CONNECT /chat HTTP/2\n> a: 1\n>\n< HTTP/2 200\n<\n* content request pseudo=\":method :protocol :path\" never-indexed=\"1 3\" protocol=websocket\n* content response pseudo=:status\n"

// stalled has windows of HTTP/2 that were closed for a while.
const stalled = "* scheme http\n* authority a.test\n* window client stream at=12ms total=1.5s times=3 open\n* window origin connection at=0s total=10ms times=1\n> GET / HTTP/2\n>\n< HTTP/2 200\n<\n"

func TestFullRecordRoundTrips(t *testing.T) {
	if x := mustParse(t, ofH2); !strings.HasSuffix(x.Format(), ofH2[strings.IndexByte(ofH2, '>'):]) || len(x.Request.Pseudo) != 3 || x.Request.NeverIndexed[1] != 3 {
		t.Errorf("read %q as\n%s", ofH2, x.Format())
	}
	if x := mustParse(t, stalled); x.Format() != stalled {
		t.Errorf("read %q as\n%s", stalled, x.Format())
	}
	for _, bad := range []string{"server stream", "client streams", "client", "client stream at=x", "client stream times=1 shut"} {
		if _, err := exchange.ParseText("* window " + bad + "\n> GET / HTTP/2\n>\n"); err == nil {
			t.Errorf("read a window of %q", bad)
		}
	}
	for _, text := range append([]string{ofH2, stalled}, textCases...) {
		x := mustParse(t, text)
		line := x.AppendJSON(nil, exchange.EncodeOptions{Full: true})
		if strings.Count(string(line), "\n") != 1 || line[len(line)-1] != '\n' {
			t.Errorf("not one line: %s", line)
		}
		y, err := exchange.ParseJSON(line)
		if err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if d := cmp.Diff(x, y, sameExchange); d != "" {
			t.Errorf("%s\n%s", d, line)
		}
	}
}

func TestLogRecord(t *testing.T) {
	x := mustParse(t, full)
	line := x.AppendJSON(nil, exchange.EncodeOptions{})
	var got map[string]any
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v\n%s", err, line)
	}
	want := map[string]any{
		"schema": "sidenote.exchange/1", "time": "2026-01-02T03:04:05.000000006Z",
		"sidenote.exchange.id": "7f3k", "sidenote.run.id": "r1",
		"http.request.method": "POST", "url.full": "https://shop.test/a?b=c", "url.scheme": "https",
		"url.path": "/a", "url.query": "b=c", "server.address": "shop.test", "server.port": 8443.,
		"client.address": "127.0.0.1", "client.port": 5000.,
		"network.peer.address": "192.0.2.1", "network.peer.port": 443.,
		"network.protocol.name": "http", "network.protocol.version": "1.1", "sidenote.client.protocol.version": "1.1",
		"http.request.header.host": []any{"shop.test"}, "http.request.header.content-length": []any{"3"},
		"http.response.status_code":    200.,
		"http.response.header.x-odd":   []any{"q\ufffd\\ \x1b[31m"},
		"http.response.header.x-twice": []any{"1", "2"},
		"error.type":                   "content_truncated", "sidenote.error.phase": "content", "sidenote.error.detail": "unexpected EOF",
		"sidenote.timing": map[string]any{
			"dns": 1., "connect": 2., "tls": 3., "head_sent": 4., "request_sent": 5., "first_byte": 6., "wait": 1., "receive": 1., "total": 7.,
		},
		"sidenote.body": map[string]any{
			"request":  map[string]any{"size": 3., "sha256": x.Request.Content.SHA256.String(), "truncated": false, "complete": true},
			"response": map[string]any{"size": 99., "truncated": true, "complete": false},
		},
		"sidenote.tunnel":  map[string]any{"sent": 1., "received": 2., "protocol": "tls", "refused": map[string]any{"times": 2., "since": "2026-01-02T03:04:05Z", "until": "2026-01-02T03:05:05Z"}},
		"sidenote.changed": []any{"response-field-order", "annotated"},
		"sidenote.messages": map[string]any{
			"format": "websocket", "sent": 2., "received": 1., "dropped": 1., "unread": 4.,
			"faults": []any{
				map[string]any{"code": "close-code-invalid", "detail": "1006", "from": "origin", "number": 3., "at": 3., "times": 1.},
				map[string]any{"code": "masked", "from": "origin", "number": 3., "at": 3., "times": 1.},
				map[string]any{"code": "close-missing", "from": "client", "at": 0., "times": 1.},
				map[string]any{"code": "unfinished", "detail": "2 of 5", "from": "origin", "at": 0., "times": 1.},
			},
		},
		"sidenote.effective": map[string]any{"outcome": "failed"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := exchange.ParseJSON(line); err == nil || !strings.Contains(err.Error(), "JSON log") {
		t.Errorf("a log record is read as a full one: %v", err)
	}
}

func TestMillisecondsAreExact(t *testing.T) {
	for _, d := range []time.Duration{1, 999_999, 1_000_000, 1_500_000, 123_456_789, -1, -1_000_001, 1<<63 - 1, -1 << 63} {
		var x exchange.Exchange
		x.Timing.DNS = d
		y, err := exchange.ParseJSON(x.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
		if err != nil || y.Timing.DNS != d {
			t.Errorf("%d: %v %v", d, y, err)
		}
	}
}

func TestJSONSaysWhatIsWrong(t *testing.T) {
	const head = `{"schema":"sidenote.exchange/1","sidenote.request":{},`
	for _, c := range []struct{ in, want string }{
		{"", "byte 0"},
		{"{", "unexpected end"},
		{`{"a":1}`, `no "schema"`},
		{`{"schema":"sidenote.exchange/2"}`, `has schema "sidenote.exchange/2"; this version of sidenote reads "sidenote.exchange/1"`},
		{`{"schema":"sidenote.exchange/1"}`, "read what --save wrote"},
		{head + `"sidenote.response":{"status":"x"}}`, "status"},
		{head + `"sidenote.response":{"status":-1}}`, "not of three digits"},
		{head + `"sidenote.changed":["no-such"]}`, `unknown change "no-such"`},
		{head + `"sidenote.timing":{"dns":"x"}}`, "not a number of milliseconds"},
		{head + `"sidenote.timing":{"dns":1e300}}`, "not a number of milliseconds"},
		{head + `"sidenote.client":{"tls":{"version":"9"}}}`, ""},
		{head + `"sidenote.client":{"tls":{"version":"x"}}}`, "unknown TLS version"},
		{head + `"sidenote.client":{"peer":"x"}}`, "not an ip:port"},
		{head + `"sidenote.response":{"content":{"sha256":"` + strings.Repeat("a", 66) + `"}}}`, "is not a hexadecimal SHA-256: it has 66 digits, not 64"},
		{head + `"sidenote.response":{"content":{"sha256":"` + strings.Repeat("x", 64) + `"}}}`, "is not a hexadecimal SHA-256"},
	} {
		_, err := exchange.ParseJSON([]byte(c.in))
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.in, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.in, err, c.want)
		}
	}
}

func TestReadJSONL(t *testing.T) {
	x := mustParse(t, full)
	line := string(x.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
	read := func(s string) (n int, err error) {
		err = exchange.ReadCapture(iotestOneByte{strings.NewReader(s)}, exchange.Capture{Exchange: func(*exchange.Exchange) error { n++; return nil }})
		return n, err
	}
	if n, err := read(line + "\r\n\n" + line + strings.TrimSuffix(line, "\n")); n != 3 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	where := fmt.Sprintf("entry 1, byte %d: line 2: byte 11: ", len(line)+1)
	if n, err := read(line + "{\"schema\":]\n"); n != 1 || err == nil || !strings.HasPrefix(err.Error(), where) {
		t.Errorf("%d %v", n, err)
	}
	stop := errors.New("stop")
	if err := exchange.ReadCapture(strings.NewReader(line), exchange.Capture{Exchange: func(*exchange.Exchange) error { return stop }}); err != stop {
		t.Error(err)
	}
	endless := io.MultiReader(strings.NewReader(line), zeros{})
	err := exchange.ReadCapture(endless, exchange.Capture{Exchange: func(*exchange.Exchange) error { return nil }})
	if err == nil || !strings.Contains(err.Error(), "line 2: longer than 64 MiB") {
		t.Error(err)
	}
}

// iotestOneByte reads a few octets at a time.
type iotestOneByte struct{ r io.Reader }

func (r iotestOneByte) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), 700)]) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func FuzzJSON(f *testing.F) {
	for _, text := range textCases {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, err := exchange.ParseText(text)
		if err != nil {
			return
		}
		if !validNames(x) {
			return
		}
		line := x.AppendJSON(nil, exchange.EncodeOptions{Full: true})
		y, err := exchange.ParseJSON(line)
		if err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if d := cmp.Diff(x, y, sameExchange); d != "" {
			t.Fatalf("%s\n%s", d, line)
		}
	})
}

// validNames leaves out records whose own names are not UTF-8, which only a
// text written by hand can have.
func validNames(x *exchange.Exchange) bool {
	s := x.ID + x.Run
	if x.Err != nil {
		s += string(x.Err.Code)
	}
	return strings.ToValidUTF8(s, "") == s && (x.Err == nil || x.Err.Code != "")
}

func FuzzParseJSON(f *testing.F) {
	for _, text := range textCases {
		f.Add(mustParse(f, text).AppendJSON(nil, exchange.EncodeOptions{Full: true}))
	}
	f.Add([]byte(`{"schema":"sidenote.exchange/1","trace_id":"00","sidenote.request":{"content":{"sha256":"` + strings.Repeat("0", 66) + `"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := exchange.ParseJSON(b)
		if err != nil {
			return
		}
		y, err := exchange.ParseJSON(x.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(x, y, sameExchange); d != "" {
			t.Fatal(d)
		}
	})
}

const typical = `* id 7f3k
* run r1
* started 2026-01-02T03:04:05.000000006Z
* scheme https
* client peer=127.0.0.1:5000
* origin peer=192.0.2.1:443 reused
* timing head-sent=200us request-sent=230us first-byte=6ms done=7ms self=40us
> GET /v1/orders/17?page=2 HTTP/1.1
> Host: api.shop.test
> User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36
> Accept: application/json, text/plain, */*
> Accept-Language: en-GB,en;q=0.9
> Accept-Encoding: gzip, deflate, br, zstd
> Referer: https://shop.test/orders
> Origin: https://shop.test
> Connection: keep-alive
> Sec-Fetch-Dest: empty
> Sec-Fetch-Mode: cors
> Sec-Fetch-Site: same-site
> Cache-Control: no-cache
> Pragma: no-cache
> Priority: u=1, i
> DNT: 1
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Content-Type: application/json; charset=utf-8
< Content-Length: 12
< Connection: keep-alive
< ETag: "5d8c72a5edda8d6a"
< Cache-Control: private, max-age=0
< Vary: Origin, Accept-Encoding
< Access-Control-Allow-Origin: https://shop.test
< X-Request-Id: 0f1a9b1c-4c3d-4e21-8a53-2f0d9f8b7a11
< Strict-Transport-Security: max-age=31536000
< X-Content-Type-Options: nosniff
< Server: nginx
<
< {"page": 2}
`

func BenchmarkLogRecord(b *testing.B) {
	x := mustParse(b, typical)
	l := zerolog.New(io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		e := l.Log()
		x.Encode(e, exchange.EncodeOptions{})
		e.Send()
	}
}

func BenchmarkRedactNothing(b *testing.B) {
	x := mustParse(b, typical)
	r := exchange.NewRedactor(nil)
	b.ReportAllocs()
	for b.Loop() {
		if r.Redact(x, false) != x {
			b.Fatal("something was redacted")
		}
	}
}
