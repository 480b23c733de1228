package exchange_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sidenote/exchange"
)

// har wraps entries in a HAR.
func har(entries ...string) string {
	return `{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[` + strings.Join(entries, ",") + `]}}`
}

// readCapture returns all exchanges and errors of a capture.
func readCapture(r io.Reader) (all []*exchange.Exchange, bad []string, err error) {
	err = exchange.ReadCapture(r, exchange.Capture{
		File:     "f",
		Exchange: func(x *exchange.Exchange) error { all = append(all, x); return nil },
		Bad:      func(e *exchange.EntryError) error { bad = append(bad, e.Error()); return nil },
	})
	return all, bad, err
}

// one reads the only entry of a HAR.
func one(t *testing.T, entry string) *exchange.Exchange {
	t.Helper()
	all, bad, err := readCapture(strings.NewReader(har(entry)))
	if err != nil || len(bad) > 0 || len(all) != 1 {
		t.Fatalf("%d exchanges, %v, %v, of\n%s", len(all), bad, err, entry)
	}
	return all[0]
}

// TestHARDialects has an entry as each program writes it, cut down to what
// differs, and the record that it makes.
func TestHARDialects(t *testing.T) {
	for _, c := range []struct{ name, entry, want string }{
		{"chrome", `{"_priority":"High","_initiator":{"type":"other","stack":{"x":[[{}]]}},"cache":{},"connection":"443",
			"request":{"method":"GET","url":"https://shop.test/a?b=c#d","httpVersion":"http/2.0","headers":[
				{"name":":authority","value":"shop.test"},{"name":":method","value":"GET"},{"name":"accept","value":"*/*"}],
				"queryString":[{"name":"b","value":"c"}],"cookies":[],"headersSize":-1,"bodySize":0},
			"response":{"status":200,"statusText":"","httpVersion":"http/2.0","headers":[
				{"name":"content-encoding","value":"br"},{"name":"content-type","value":"application/json"},
				{"name":"set-cookie","value":"a=1\nb=2"}],"cookies":[{"name":"a","value":"1"}],
				"content":{"size":10,"mimeType":"application/json","text":"{\"a\":\"\u00fc\"}"},"redirectURL":"",
				"headersSize":-1,"bodySize":-1,"_transferSize":120,"_error":null},
			"serverIPAddress":"[2001:db8::1]","startedDateTime":"2026-01-02T03:04:05.678Z","time":10.5,
			"timings":{"blocked":1,"dns":-1,"ssl":-1,"connect":-1,"send":0.5,"wait":7,"receive":2,"_blocked_queueing":1}}`,
			`* started 2026-01-02T03:04:05.678Z
* scheme https
* authority shop.test
* origin peer=[2001:db8::1]:443 reused
* timing request-sent=1.5ms first-byte=8.5ms done=10.5ms response-at=8.5ms
> GET /a?b=c HTTP/2
> accept: */*
>
< HTTP/2 200
< content-encoding: br
< content-type: application/json
< set-cookie: a=1
< set-cookie: b=2
<
< {"a":"ü"}
* content request sha256=none
* content response decoded sha256=none
`},
		{"firefox", `{"startedDateTime":"2026-01-02T04:04:05.678+01:00","request":{"bodySize":7,"method":"POST","url":"http://shop.test:8080/",
			"httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"shop.test:8080"},{"name":"Content-Length","value":"7"},
			{"name":"Content-Type","value":"application/x-www-form-urlencoded"}],"cookies":[],"queryString":[],"headersSize":300,
			"postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a","value":"1"}],"text":"a=1&b=2"}},
			"response":{"status":201,"statusText":"Created","httpVersion":"HTTP/1.1","headers":[{"name":"Content-Length","value":"3"}],
			"cookies":[],"content":{"mimeType":"image/gif","size":3,"encoding":"base64","text":"AP+A"},"redirectURL":"","headersSize":100,"bodySize":103},
			"cache":{},"timings":{"blocked":0,"dns":1,"connect":4,"ssl":3,"send":0,"wait":5,"receive":0},"time":10,"_securityState":"insecure",
			"serverIPAddress":"203.0.113.5","connection":"8080"}`,
			`* started 2026-01-02T04:04:05.678+01:00
* scheme http
* authority shop.test:8080
* origin peer=203.0.113.5:8080
* timing dns=1ms connect=1ms tls=3ms request-sent=5ms first-byte=10ms done=10ms response-at=10ms
> POST / HTTP/1.1
> Host: shop.test:8080
> Content-Length: 7
> Content-Type: application/x-www-form-urlencoded
>
> a=1&b=2
< HTTP/1.1 201 Created
< Content-Length: 3
<
< \x00\xff\x80
* content request sha256=none no-raw-head
* content response sha256=none no-raw-head
`},
		{"safari, out of its cache", `{"_fetchType":"Disk Cache","startedDateTime":"2026-01-02T03:04:05.678Z",
			"request":{"method":"GET","url":"http://shop.test","httpVersion":"","headers":[]},
			"response":{"status":304,"statusText":"","httpVersion":"","headers":[{"name":"ETag","value":"\"1\""}],
			"content":{"size":5,"text":"hello"},"bodySize":5}}`,
			`* scheme http
* authority shop.test
> GET / 
>
<  304
< ETag: "1"
<
* content request sha256=none no-raw-head
* content response sha256=none no-raw-head
`},
		{"charles, a tunnel", `{"startedDateTime":"2026-01-02T03:04:05.678+0000","time":5,"request":{"method":"CONNECT","url":"https://shop.test:443",
			"httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"shop.test:443"}]},
			"response":{"_charlesStatus":"COMPLETE","status":200,"statusText":"Connection established","httpVersion":"HTTP/1.1","headers":[]}}`,
			`* started 2026-01-02T03:04:05.678Z
* scheme https
* authority shop.test:443
* timing done=5ms
> CONNECT shop.test:443 HTTP/1.1
> Host: shop.test:443
>
< HTTP/1.1 200 Connection established
<
* content request sha256=none no-raw-head
* content response sha256=none no-raw-head
`},
		{"mitmproxy, failed", `{"startedDateTime":"2026-01-02T03:04:05.678901+00:00","time":0,"request":{"method":"GET","url":"https://shop.test/","httpVersion":"HTTP/1.1","headers":[]},
			"response":{"status":0,"statusText":"","httpVersion":"","headers":[],"cookies":[],"content":{},"headersSize":-1,"bodySize":-1,"_error":"connection refused"},
			"cache":{},"timings":{"connect":null,"ssl":null,"send":0,"receive":0,"wait":0}}`,
			`* started 2026-01-02T03:04:05.678901Z
* scheme https
* authority shop.test
* error connect_refused "connection refused"
> GET / HTTP/1.1
>
* content request sha256=none no-raw-head
`},
		{"chrome, failed", `{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"https://shop.test/","httpVersion":"","headers":[]},
			"response":{"status":0,"headers":[],"_error":"net::ERR_NAME_NOT_RESOLVED"}}`,
			`* started 2026-01-02T03:04:05Z
* scheme https
* authority shop.test
* error dns_not_found "net::ERR_NAME_NOT_RESOLVED"
> GET / 
>
* content request sha256=none no-raw-head
`},
		{"fiddler", `{"pageref":null,"startedDateTime":"2026-01-02T03:04:05.6789012+00:00","time":3,"request":{"method":"PUT","url":"http://shop.test/x","httpVersion":"HTTP/1.1",
			"headers":[{"name":"Content-Type","value":"application/x-www-form-urlencoded"}],"postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a b","value":"ü&"},{"name":"c"}]}},
			"response":{"status":"200","statusText":"OK","httpVersion":"HTTP/1.1","headers":[{"name":"Content-Encoding","value":"gzip"},{"name":"Content-Length","value":"4"}],
			"content":{"size":4,"mimeType":"","encoding":"base64","text":"H4sIAA=="}}}`,
			`* started 2026-01-02T03:04:05.6789012Z
* scheme http
* authority shop.test
* timing done=3ms
> PUT /x HTTP/1.1
> Content-Type: application/x-www-form-urlencoded
>
> a+b=%C3%BC%26&c=
< HTTP/1.1 200 OK
< Content-Encoding: gzip
< Content-Length: 4
<
< \x1f\x8b\x08\x00
* content request sha256=none no-raw-head
* content response sha256=none no-raw-head
`},
		{"web socket", `{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"wss://shop.test/ws","httpVersion":"HTTP/1.1","headers":[]},
			"response":{"status":101,"statusText":"Switching Protocols","httpVersion":"HTTP/1.1","headers":[]},
			"_webSocketMessages":[{"type":"send","time":1.5,"opcode":1,"data":"hello"},{"type":"receive","time":2,"opcode":2,"data":"AAAA"}]}`,
			`* started 2026-01-02T03:04:05Z
* scheme https
* authority shop.test
* tunnel sent=5 received=3
> GET /ws HTTP/1.1
>
< HTTP/1.1 101 Switching Protocols
<
* content request sha256=none no-raw-head
* content response sha256=none no-raw-head
`},
		{"chrome, blocked by an extension", `{"startedDateTime":"2026-01-02T08:34:05.5+05:30","time":-1,"request":{"method":"GET","url":"https://ads.test/p.gif","httpVersion":"","headers":[]},
			"response":{"status":0,"statusText":"","httpVersion":"","headers":[],"content":{"size":0,"mimeType":"x-unknown"},"bodySize":-1,"_transferSize":0,"_error":"net::ERR_BLOCKED_BY_CLIENT"},
			"timings":{"blocked":-1,"dns":-1,"ssl":-1,"connect":-1,"send":0,"wait":0,"receive":0}}`,
			`* started 2026-01-02T08:34:05.5+05:30
* scheme https
* authority ads.test
* error client_blocked "net::ERR_BLOCKED_BY_CLIENT"
> GET /p.gif 
>
* content request sha256=none no-raw-head
`},
		{"firefox, blocked", `{"startedDateTime":"2026-01-01T23:34:05.000-03:30","request":{"method":"GET","url":"https://ads.test/","httpVersion":"","headers":[]},
			"response":{},"timings":{},"time":0}`,
			`* started 2026-01-01T23:34:05-03:30
* scheme https
* authority ads.test
> GET / 
>
* content request sha256=none no-raw-head
`},
		{"no response", `{"request":{"method":"OPTIONS","url":"https://shop.test/"}}`,
			`* scheme https
* authority shop.test
> OPTIONS / 
>
* content request sha256=none no-raw-head
`},
		{"HTTP/3 with pseudo-fields", `{"request":{"method":"GET","url":"https://shop.test/","httpVersion":"h3-29","headers":[{"name":":authority","value":"shop.test"},{"name":":scheme","value":"https"}]},
			"response":{"status":200,"statusText":"OK","httpVersion":"h3","headers":[{"name":":status","value":"200"},{"name":"alt-svc","value":"h3=\":443\"; ma=86400"}]}}`,
			`* scheme https
* authority shop.test
> GET / HTTP/3
>
< HTTP/3 200
< alt-svc: h3=":443"; ma=86400
<
* content request sha256=none
* content response sha256=none
`},
		{"content that was left out, or is in another charset", `{"startedDateTime":"2026-01-02","request":{"method":"POST","url":"http://u:p@shop.test?q","headers":[{"name":"content-length","value":"9"}],"bodySize":9},
			"response":{"status":200,"httpVersion":"h3","headers":[{"name":"content-type","value":"text/plain; charset=iso-8859-1"},{"name":"content-length","value":"1"}],"content":{"text":"ü"}}}`,
			`* started 2026-01-02T00:00:00Z
* scheme http
* authority shop.test
> POST /?q HTTP/3
> content-length: 9
>
< HTTP/3 200
< content-type: text/plain; charset=iso-8859-1
< content-length: 1
<
< ü
* content request size=9 truncated
* content response size=1 decoded sha256=none
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, one(t, c.entry).Format()); d != "" {
				t.Error(d)
			}
		})
	}
}

const smallEntry = `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":204}}`

// TestHARErrors has what is wrong with a file, and what is read of it.
func TestHARErrors(t *testing.T) {
	deep := strings.Repeat(`[`, 1<<20) + strings.Repeat(`]`, 1<<20)
	fields := strings.Repeat(`{"name":"a","value":"b"},`, 20000)
	for _, c := range []struct {
		name, har string
		read      int
		bad       []string
		err       string
	}{
		{"good", har(smallEntry, smallEntry), 2, nil, ""},
		{"empty log", har(), 0, nil, ""},
		{"byte order mark", "\xef\xbb\xbf" + har(smallEntry), 1, nil, ""},
		{"bad entries", har(`7`, smallEntry, `{"response":{}}`, `{"request":{}}`, `{"request":{"method":"GET"}}`, `{"request":{"method":"GET","url":"x"}}`, smallEntry), 2, []string{
			"f: entry 0, byte 73: an entry has to be an object",
			`f: entry 2, byte 153: the entry has no "request"`,
			`f: entry 3, byte 169: the request has no "url"`,
			`f: entry 4, byte 184: the request has no "url"`,
			`f: entry 5, byte 213: the request's "url" is not a URL: "x"`,
		}, ""},
		{"wrong inside an entry", har(`{"request":{"method":"GET" "url":1}}`, `{"request":{"method":"\x"}}`, smallEntry), 1, []string{
			"f: entry 0, byte 100: want a comma or the end of the list here",
			"f: entry 1, byte 132: not a valid escape in a JSON string",
		}, ""},
		{"bad base64", har(`{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"content":{"encoding":"base64","text":"!"}}}`, smallEntry), 2,
			[]string{"f: entry 0, byte 187: the body is marked as base64 but isn't; the rest of the entry was read"}, ""},
		{"status", har(`{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":2e9}}`), 1, []string{"f: entry 0, byte 145: not a status code: 2e+09; the request was read"}, ""},
		{"other URLs are no HTTP", har(`{"request":{"method":"GET","url":"data:text/plain,x"}}`, `{"request":{"method":"GET","url":"blob:https://a.test/1"}}`, smallEntry), 1, nil, ""},
		{"many fields", har(`{"request":{"method":"GET","url":"http://a.test/","headers":[`+fields+`{}]}}`, smallEntry), 2,
			[]string{"f: entry 0, byte 409734: a message has more than 16384 header lines; the rest of the entry was read"}, ""},
		{"deep nesting", har(`{"x":`+deep+`,"request":{"method":"GET","url":"http://a.test/"}}`, smallEntry), 2, nil, ""},
		{"deep nesting outside", `{"x":` + deep + `,"log":{"pages":` + deep + `,"entries":[]}}`, 0, nil, ""},
		{"cut in an entry", har(smallEntry, smallEntry)[:200], 1, nil, "f: entry 1, byte 201: the file ends in the middle: it was cut short, or is still being written"},
		{"cut between entries", har(smallEntry)[:151], 1, nil, "f: byte 152: the file ends in the middle: it was cut short, or is still being written"},
		{"version", `{"log":{"version":"2.0","entries":[]}}`, 0, nil, `f: byte 24: this is version "2.0": sidenote reads HAR 1.x`},
		{"another object", `{"a":1}`, 0, nil, `f: byte 8: not a HAR: the object has no member "log"`},
		{"no entries", `{"log":{}}`, 0, nil, `f: byte 11: not a HAR: "log" has no member "entries"`},
		{"empty", " \n", 0, nil, "f: byte 3: the file is empty: nothing was recorded"},
		{"no JSON", "hello", 0, nil, `f: byte 1: neither a HAR nor a JSONL file that sidenote saved: it begins with "hello"`},
		{"a zip cut short", "PK\x03\x04\x00", 0, nil, "f: byte 1: the zip file was cut short or is broken"},
		{"gzip cut short", "\x1f\x8b\x08\x00", 0, nil, "f: byte 1: the file ends in the middle: it was cut short, or is still being written"},
		{"UTF-16", "\xff\xfe{\x00", 0, nil, "f: byte 5: the file ends in the middle: it was cut short, or is still being written"},
		{"not an escape", har(`{"request":{"method":"\x0041"}}`, smallEntry), 1, []string{"f: entry 0, byte 95: not a valid escape in a JSON string"}, ""},
		{"null for all", har(`{"startedDateTime":null,"time":null,"request":{"method":"GET","url":"http://a.test/","httpVersion":null,"headers":null,"postData":null,"bodySize":null},"response":null,"cache":null,"timings":null,"serverIPAddress":null,"_webSocketMessages":null}`,
			`{"request":{"method":"GET","url":"http://a.test/","headers":[null,{"name":null,"value":null},7]},"response":{"status":null,"headers":null,"content":{"size":null,"text":null,"encoding":null}}}`), 2, nil, ""},
		{"comments", `{"comment":"a","log":{"comment":"b","entries":[{"comment":"c",` + smallEntry[1:] + `],"pages":[{"comment":"d"}]}}`, 1, nil, ""},
		{"control octets", har(`{"request":{"method":"G` + "\x00\x1b" + `","url":"http://a.test/\u0000"},"response":{"status":200,"headers":[{"name":"a\u0000","value":"\u001b[2J"}]}}`), 1, nil, ""},
		{"comma too many", har(smallEntry, ""), 1, nil, ""},
		{"no comma", har(smallEntry + smallEntry), 1, nil, "f: byte 150: want a comma or the end of the list here"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.har), iotest.HalfReader(strings.NewReader(c.har))} {
				all, bad, err := readCapture(r)
				if len(all) != c.read || !slices.Equal(bad, c.bad) || fmt.Sprint(err) != orNil(c.err) {
					t.Errorf("%d exchanges, want %d; %q, want %q\n%v, want\n%v", len(all), c.read, bad, c.bad, err, c.err)
				}
			}
		})
	}
}

func orNil(s string) string {
	if s == "" {
		return "<nil>"
	}
	return s
}

// TestReadHARStopsAtABadEntry unless someone wants to be told of them.
func TestReadHARStopsAtABadEntry(t *testing.T) {
	n := 0
	count := exchange.Capture{File: "HAR", Exchange: func(*exchange.Exchange) error { n++; return nil }}
	err := exchange.ReadCapture(strings.NewReader(har(smallEntry, "1", smallEntry)), count)
	if want := "HAR: entry 1, byte 151: an entry has to be an object"; n != 1 || err == nil || err.Error() != want {
		t.Errorf("%d, %v", n, err)
	}
	stop := errors.New("enough")
	err = exchange.ReadCapture(strings.NewReader(har(smallEntry, smallEntry)), exchange.Capture{Exchange: func(*exchange.Exchange) error { return stop }})
	if err != stop {
		t.Errorf("%v, want the error of the function as it is", err)
	}
}

// TestReadHARInBoundedMemory reads an entry whose content is far larger than
// what is kept of it, and one that is too large as a whole.
func TestReadHARInBoundedMemory(t *testing.T) {
	const total = 40 << 20
	for _, encoding := range []string{"", "base64"} {
		head := []byte(`{"log":{"entries":[{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"content":{"encoding":"` + encoding + `","text":"`)
		tail := []byte(`"}}},{"request":{}},` + smallEntry + `]}}`)
		all, bad, err := readCapture(io.MultiReader(bytes.NewReader(head), &repeated{strings.Repeat(`AAAA\/AA`, 1<<12), total}, bytes.NewReader(tail)))
		if err != nil || len(all) != 2 || len(bad) != 1 {
			t.Fatalf("%d exchanges, %q, %v", len(all), bad, err)
		}
		c := &all[0].Response.Content
		if !c.Truncated || len(c.Kept) < 4<<20 || len(c.Kept) > 8<<20 {
			t.Errorf("%q: kept %d, truncated %v", encoding, len(c.Kept), c.Truncated)
		}
		if want := fmt.Sprintf("byte %d:", len(head)+total+6); !strings.Contains(bad[0], want) {
			t.Errorf("%q, want %s", bad[0], want)
		}
	}
	all, bad, err := readCapture(io.MultiReader(strings.NewReader(`{"log":{"entries":[{"x":[1`), &repeated{strings.Repeat(`,"abcd"`, 1<<12), total / 7 * 7}, strings.NewReader(`]},`+smallEntry+`]}}`)))
	if err != nil || len(all) != 1 || len(bad) != 1 || !strings.Contains(bad[0], "more than 32 MiB") {
		t.Errorf("%d exchanges, %q, %v", len(all), bad, err)
	}
}

// TestLongStrings puts an escape at each place round the one where a string is
// cut, and a piece of the file's end at each of some places in it.
func TestLongStrings(t *testing.T) {
	const most = 8 << 20
	for _, escape := range []string{`\"`, `\u00fc`} {
		for before := most - 3; before <= most+1; before++ {
			text := strings.Repeat("x", before) + escape + strings.Repeat(`y\"`, 100)
			entry := `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"content":{"text":"` + text + `","mimeType":"text/plain"}}}`
			all, bad, err := readCapture(strings.NewReader(har(entry, smallEntry)))
			if err != nil || len(all) != 2 || len(bad) > 0 {
				t.Fatalf("%s after %d: %d exchanges, %q, %v", escape, before, len(all), bad, err)
			}
			kept := all[0].Response.Content.Kept
			if n := len(kept); n < min(before, most)-1 || n > most+2 || !bytes.HasPrefix(kept, bytes.Repeat([]byte("x"), min(before, most))) || !all[0].Response.Content.Truncated {
				t.Errorf("%s after %d: kept %d, %q", escape, before, n, kept[max(n-8, 0):])
			}
		}
	}
}

// TestStringsOfEachLength reads strings that end, or have an escape, at each
// place of the eight octets that are checked together.
func TestStringsOfEachLength(t *testing.T) {
	for n := range 70 {
		for _, c := range []struct{ escape, want string }{
			{"", ""}, {`\"`, `"`}, {`\\`, `\`}, {`\/`, "/"}, {`\b\f\n\r\t`, "\b\f\n\r\t"}, {`\u00fc`, "ü"}, {`\uD83D\uDE00`, "😀"}, {`\ud83d`, "\ufffd"}, {"ü", "ü"},
		} {
			text, want := strings.Repeat("a", n)+c.escape+"z", strings.Repeat("a", n)+c.want+"z"
			x := one(t, `{"request":{"method":"POST","url":"http://a.test/","postData":{"text":"`+text+`"}},"response":{"status":200,"statusText":"`+text+`"}}`)
			if got := string(x.Request.Content.Kept); got != want || x.Response.Reason != want {
				t.Errorf("%q is %q and %q, want %q", text, got, x.Response.Reason, want)
			}
		}
	}
}

// repeated reads a text again and again, up to a number of octets.
type repeated struct {
	text string
	left int
}

func (r *repeated) Read(b []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(b) && r.left > 0 {
		k := copy(b[n:], r.text[:min(len(r.text), r.left)])
		r.text = r.text[k:] + r.text[:k]
		r.left -= k
		n += k
	}
	return n, nil
}

// TestHARRoundTrip writes records as HAR and reads them again.
func TestHARRoundTrip(t *testing.T) {
	texts := append(slices.Clone(textCases),
		"* id 1\n* started 2026-01-02T03:04:05.678Z\n* timing dns=1ms connect=2ms tls=3ms head-sent=7ms request-sent=8ms first-byte=12ms response-at=12ms done=20ms\n* origin peer=203.0.113.5:443\n* scheme https\n"+
			"> PUT /a?b=c%20d&e HTTP/1.1\n> Host: shop.test\n> Cookie: a=1; b=2\n> Content-Type: application/json\n> Content-Length: 13\n>\n> {\"a\":\"\\\\u0000\"}\n"+
			"< HTTP/1.1 200 Fine\n< Set-Cookie: a=1; Path=/\n< Content-Length: 3\n<\n< \\xff\\x00\\x01\n")
	var all []*exchange.Exchange
	for _, text := range texts {
		all = append(all, mustParse(t, text))
	}
	var out bytes.Buffer
	o := exchange.HAROptions{Version: "1", Notes: func(*exchange.Exchange) []byte { return []byte(`[{"rule":"a/b"}]`) }}
	if err := exchange.WriteHAR(&out, slices.Values(all), o); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) || strings.Count(out.String(), `"_sidenote":{`) != len(all) || !strings.Contains(out.String(), `"notes":[{"rule":"a/b"}]`) {
		t.Errorf("not a HAR:\n%s", out.Bytes())
	}
	back, bad, err := readCapture(&out)
	if err != nil || len(bad) > 0 || len(back) != len(all) {
		t.Fatalf("%d of %d, %q, %v", len(back), len(all), bad, err)
	}
	for i, y := range back {
		x := all[i]
		if x.ID != y.ID || x.URL() != y.URL() && !strings.Contains(x.Authority, "@") || x.Request.Line() != y.Request.Line() && x.Request.Target[0] == '/' || x.Response.Line() != y.Response.Line() || !sameErr(x.Err, y.Err) {
			t.Errorf("%s\n became \n%s", x.Format(), y.Format())
		}
		if d := cmp.Diff(string(x.Response.DecodedContent().Bytes), string(y.Response.DecodedContent().Bytes)); d != "" {
			t.Error(d)
		}
		if x.Request.Fields.Len() != y.Request.Fields.Len() || x.Response.Fields.Len() != y.Response.Fields.Len() {
			t.Errorf("fields of\n%s\n became \n%s", x.Format(), y.Format())
		}
	}
	x, y := all[len(all)-1], back[len(back)-1]
	if d := cmp.Diff(x.Timing, y.Timing, cmpopts.IgnoreFields(exchange.Timing{}, "HeadSent")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(x.Request.Fields, y.Request.Fields, sameExchange); d != "" {
		t.Error(d)
	}
}

func sameErr(a, b *exchange.Err) bool { return a == b || a != nil && b != nil && *a == *b }

// TestReadCaptureOfJSONL reads what --save wrote, past a line that is none.
func TestReadCaptureOfJSONL(t *testing.T) {
	line := mustParse(t, full).AppendJSON(nil, exchange.EncodeOptions{Full: true})
	text := string(line) + "\n{\"schema\":1}\n" + string(line)
	all, bad, err := readCapture(strings.NewReader(text))
	if err != nil || len(all) != 2 || len(bad) != 1 {
		t.Fatalf("%d exchanges, %q, %v", len(all), bad, err)
	}
	if want := (exchange.Source{File: "f", Entry: 2}); all[1].Source != want {
		t.Errorf("source %v, want %v", all[1].Source, want)
	}
	if want := fmt.Sprintf("f: entry 1, byte %d: line 3: ", len(line)+2); !strings.HasPrefix(bad[0], want) {
		t.Errorf("%q, want %q", bad[0], want)
	}
	if d := cmp.Diff(mustParse(t, full), all[0], sameExchange, cmpopts.IgnoreFields(exchange.Exchange{}, "Source")); d != "" {
		t.Error(d)
	}
	_, _, err = readCapture(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(text))))
	if !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("%v, want the error of the reader", err)
	}
}

// FuzzReadHAR holds the reader to what encoding/json makes of the same text:
// every entry is read, told of as bad, or no HTTP; what is read can be written
// and read again.
func FuzzReadHAR(f *testing.F) {
	f.Add(har(smallEntry, `{}`, `1`))
	f.Add(fmt.Sprintf(har(harEntryForm), 7, `\ud83d\ude00\ud83d x`))
	f.Add(har(`{"request":{"method":"GET","url":"wss://a"},"response":{"status":101,"content":{"encoding":"base64","text":"AA=="}},"timings":{"wait":1e300}}`))
	f.Add("{\"log\":{\"entries\":[{\"request\":{\"method\":\"\\u0000\x00\",\"url\":\"//\"}}")
	f.Add(smallEntry + "\n" + smallEntry)
	f.Add("cb(" + har(smallEntry) + ");" + har(smallEntry))
	f.Add("[" + smallEntry + "," + har(smallEntry) + "]")
	f.Add(ofWriter("Polly.JS", withFields(line("Set-Cookie", `["a=1","b=[REDACTED]"]`), line("Authorization", "Bearer ***"))))
	f.Add(ofWriter("Internet Explorer", withFields(line("Content-Length", "1,234"), "")))
	f.Add(har(`{"request":{"method":null,"url":"a.test/?t=<redacted>","headers":[` + line(":scheme", "https") + `]},"response":{"status":0,"_error":"net::ERR_FAILED"},"_protocol":"h2"}`))
	f.Add(har(`{"request":{"method":"GET","url":"//a.test"},"response":{"status":200,"content":{"text":["AA==","Ag=="],"encoding":"base64"}}}`))
	f.Fuzz(func(t *testing.T, text string) {
		all, bad, err := readCapture(strings.NewReader(text))
		for _, x := range all {
			if x.Source.Lacks != 0 && x.Response.WireTrue() {
				t.Fatalf("from nothing:\n%s", x.Format())
			}
			_ = x.Response.DecodedContent()
		}
		var file struct {
			Log *struct{ Entries []json.RawMessage }
		}
		isHAR := strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") && !strings.Contains(text, "schema") &&
			json.Unmarshal([]byte(text), &file) == nil && file.Log != nil && strings.Count(strings.ToLower(text), `entries"`) == 1 && strings.Count(strings.ToLower(text), `log"`) == 1
		if isHAR && err == nil && strings.Contains(text, `"log"`) && strings.Contains(text, `"entries"`) {
			if n := max(len(all), len(bad)); n > len(file.Log.Entries) || len(all) > 0 && all[len(all)-1].Source.Entry >= len(file.Log.Entries) {
				t.Fatalf("%d of %d entries", n, len(file.Log.Entries))
			}
			for _, b := range bad {
				if strings.Contains(b, "JSON") || strings.Contains(b, "comma") {
					t.Fatalf("valid JSON: %s", b)
				}
			}
		}
		var out bytes.Buffer
		if err := exchange.WriteHAR(&out, slices.Values(all), exchange.HAROptions{}); err != nil || !json.Valid(out.Bytes()) {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
		back, bad, err := readCapture(&out)
		if err != nil || len(back) > len(all) || len(bad) > 0 && len(back) == len(all) {
			t.Fatalf("%d of %d, %q, %v", len(back), len(all), bad, err)
		}
	})
}

// FuzzReadCaptureJSONL: a record that was read can be written and read again,
// and is then the same.
func FuzzReadCaptureJSONL(f *testing.F) {
	for _, text := range textCases {
		x, err := exchange.ParseText(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(x.AppendJSON(nil, exchange.EncodeOptions{Full: true})))
	}
	f.Add(`{"schema":"sidenote.exchange/1","sidenote.request":{"fields":[["a",{"base64":"/w=="}]]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		all, _, _ := readCapture(strings.NewReader(text))
		for _, x := range all {
			_ = x.Response.DecodedContent()
			line := x.AppendJSON(nil, exchange.EncodeOptions{Full: true})
			y, err := exchange.ParseJSON(line)
			if err != nil {
				continue // a year beyond 9999 and the like, which JSON can say and a record cannot
			}
			y.Source = x.Source
			if again := y.AppendJSON(nil, exchange.EncodeOptions{Full: true}); !bytes.Equal(line, again) {
				t.Fatalf("%s\n became \n%s", line, again)
			}
		}
	})
}

func TestHARTimes(t *testing.T) {
	for s, want := range map[string]string{
		"2026-01-02T03:04:05.678Z": "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+02:00": "2026-01-02T01:04:05Z",
		"2026-01-02T03:04:05.5+0200": "2026-01-02T01:04:05.5Z", "2026-01-02T03:04:05": "2026-01-02T03:04:05Z",
		"2026-01-02 03:04:05.25": "2026-01-02T03:04:05.25Z", "2026-01-02 03:04:05 +0100": "2026-01-02T02:04:05Z",
		"2026-01-02T03:04:05,5Z": "2026-01-02T03:04:05.5Z", "1767323045": "2026-01-02T03:04:05Z", "1767323045678": "2026-01-02T03:04:05.678Z", "17673": "",
		"": "", "yesterday": "", "2026-13-40T00:00:00Z": "",
	} {
		x := one(t, `{"startedDateTime":"`+s+`",`+smallEntry[1:])
		got := ""
		if !x.Started.IsZero() {
			got = x.Started.UTC().Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
}

// TestHARSizes covers what is made of the sizes that writers give.
func TestHARSizes(t *testing.T) {
	coded := base64.StdEncoding.EncodeToString([]byte("\x1f\x8b..."))
	for _, c := range []struct {
		fields, response   string
		size               int64
		truncated, decoded bool
	}{
		{`["content-length","5"]`, `"content":{"size":5,"text":"hello"},"bodySize":5`, 5, false, false},
		{`["content-length","5"]`, `"content":{"size":5,"text":"hello"},"bodySize":0`, 5, false, false},
		{`["content-length","9"]`, `"content":{"size":9,"text":"hello"},"bodySize":9`, 9, true, false},
		{`["content-length","9"]`, `"content":{"size":0},"bodySize":9`, 9, true, false},
		{``, `"content":{"size":5,"text":"hello"},"bodySize":17`, 5, false, false},
		{``, `"content":{"size":70},"bodySize":-1`, 70, true, false},
		{``, `"content":{"size":0,"text":""},"bodySize":0`, 0, false, false},
		{``, `"content":{}`, 0, false, false},
		{`["content-encoding","gzip"]`, `"content":{"size":5,"text":"hello"},"bodySize":25`, 25, false, true},
		{`["content-encoding","gzip"]`, `"content":{"size":9,"text":"hello"},"bodySize":25`, 25, true, true},
		{`["content-encoding","identity"]`, `"content":{"size":5,"text":"hello"}`, 5, false, false},
		{`["content-encoding","gzip"],["content-length","5"]`, `"content":{"size":5,"encoding":"base64","text":"` + coded + `"}`, 5, false, false},
	} {
		var fields []string
		for _, f := range strings.Split(strings.ReplaceAll(c.fields, "],[", "]|["), "|") {
			var pair []string
			if json.Unmarshal([]byte(f), &pair) == nil {
				fields = append(fields, fmt.Sprintf(`{"name":%q,"value":%q}`, pair[0], pair[1]))
			}
		}
		x := one(t, `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"headers":[`+strings.Join(fields, ",")+`],`+c.response+`}}`)
		got := &x.Response.Content
		if got.Size != c.size || got.Truncated != c.truncated || got.Decoded != c.decoded || !got.Complete {
			t.Errorf("%s %s: size %d, truncated %v, decoded %v", c.fields, c.response, got.Size, got.Truncated, got.Decoded)
		}
	}
}
