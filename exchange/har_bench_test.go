package exchange_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"sidenote/exchange"
)

// harEntryForm is an entry as Chrome saves one, with 1 KiB of JSON as content.
// Its verbs are a number that differs between entries, and the content.
const harEntryForm = `      {
        "_connectionId": "4711",
        "_initiator": {"type": "script", "stack": {"callFrames": [{"functionName": "load", "scriptId": "17", "url": "https://shop.test/app.js", "lineNumber": 12, "columnNumber": 7}]}},
        "_priority": "High",
        "_resourceType": "fetch",
        "cache": {},
        "connection": "443",
        "pageref": "page_1",
        "request": {
          "method": "GET",
          "url": "https://api.shop.test/v1/orders/%[1]d?expand=lines",
          "httpVersion": "http/2.0",
          "headers": [
            {"name": ":authority", "value": "api.shop.test"},
            {"name": ":method", "value": "GET"},
            {"name": ":path", "value": "/v1/orders/%[1]d?expand=lines"},
            {"name": ":scheme", "value": "https"},
            {"name": "accept", "value": "application/json"},
            {"name": "accept-encoding", "value": "gzip, deflate, br, zstd"},
            {"name": "accept-language", "value": "en"},
            {"name": "user-agent", "value": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"}
          ],
          "queryString": [{"name": "expand", "value": "lines"}],
          "cookies": [],
          "headersSize": -1,
          "bodySize": 0
        },
        "response": {
          "status": 200,
          "statusText": "",
          "httpVersion": "http/2.0",
          "headers": [
            {"name": "cache-control", "value": "no-store"},
            {"name": "content-encoding", "value": "br"},
            {"name": "content-type", "value": "application/json; charset=utf-8"},
            {"name": "date", "value": "Fri, 02 Jan 2026 03:04:05 GMT"},
            {"name": "strict-transport-security", "value": "max-age=31536000"},
            {"name": "vary", "value": "Accept-Encoding, Origin"},
            {"name": "x-content-type-options", "value": "nosniff"}
          ],
          "cookies": [],
          "content": {"size": 1024, "mimeType": "application/json", "text": "%[2]s"},
          "redirectURL": "",
          "headersSize": -1,
          "bodySize": -1,
          "_transferSize": 412,
          "_error": null
        },
        "serverIPAddress": "203.0.113.5",
        "startedDateTime": "2026-01-02T03:04:05.123Z",
        "time": 43.2,
        "timings": {"blocked": 1.2, "dns": -1, "ssl": -1, "connect": -1, "send": 0.3, "wait": 40.1, "receive": 1.6, "_blocked_queueing": 0.9}
      }`

// bigHAR returns a HAR of many entries, made as it is read.
func bigHAR(entries int) io.Reader {
	content := `{\"id\":7,\"lines\":[` + strings.Repeat(`{\"sku\":\"A-7\",\"qty\":12},`, 35) + `{\"sku\":\"end\"}],\"note\":\"\u00fcber\"}`
	n := -1
	return &piecewise{next: func() []byte {
		switch n++; {
		case n == 0:
			return []byte(`{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"pages":[],"entries":[` + "\n")
		case n <= entries:
			s := fmt.Sprintf(harEntryForm, n, content)
			if n < entries {
				s += ","
			}
			return []byte(s + "\n")
		case n == entries+1:
			return []byte("]}}\n")
		}
		return nil
	}}
}

// piecewise reads one piece after another.
type piecewise struct {
	next func() []byte
	rest []byte
}

func (p *piecewise) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		if p.rest = p.next(); p.rest == nil {
			return 0, io.EOF
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func BenchmarkReadHAR(b *testing.B) {
	const entries = 1000
	har, err := io.ReadAll(bigHAR(entries))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(har)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := exchange.ReadCapture(bytes.NewReader(har), exchange.Capture{Exchange: func(*exchange.Exchange) error { n++; return nil }}); err != nil || n != entries {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N)*entries/b.Elapsed().Seconds(), "exchanges/s")
}

// TestAllocations bounds what the hot paths allocate: one value that escapes to the
// heap is easily overlooked.
func TestAllocations(t *testing.T) {
	const entries = 200
	har, err := io.ReadAll(bigHAR(entries))
	if err != nil {
		t.Fatal(err)
	}
	x, l := mustParse(t, typical), zerolog.New(io.Discard)
	redactor := exchange.NewRedactor(nil)
	for _, c := range []struct {
		name string
		most float64
		f    func()
	}{
		{"an entry of a HAR", 10, func() {
			_ = exchange.ReadCapture(bytes.NewReader(har), exchange.Capture{Exchange: func(*exchange.Exchange) error { return nil }})
		}},
		{"a log record", 1, func() {
			e := l.Log()
			x.Encode(e, exchange.EncodeOptions{})
			e.Send()
		}},
		{"an exchange without secrets", 0, func() { redactor.Redact(x, false) }},
	} {
		// The fewest of some: a collection in between empties the pools, and with
		// the race detector on they drop things at random.
		n := math.Inf(1)
		for range 40 {
			n = min(n, testing.AllocsPerRun(1, c.f))
		}
		if c.name == "an entry of a HAR" {
			n = float64(int(n / entries))
		}
		if n > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.name, n, c.most)
		}
	}
}
