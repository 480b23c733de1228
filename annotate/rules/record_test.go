package rules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
)

// recordSeed is an exchange whose record has nearly every member that there is.
const recordSeed = `* id 7f3k
* run r1
* started 2026-01-02T03:04:05Z
* scheme https
* client peer=127.0.0.1:5000
* origin peer=192.0.2.1:443 reused tls=0x304 cipher=0x1301 alpn=h2
* timing dns=1ms connect=2ms tls=3ms head-sent=4ms request-sent=5ms first-byte=6ms done=7ms
* error content_truncated "unexpected EOF"
> POST /a?b=c HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 3
>
> {}\n
< HTTP/1.1 103 Early Hints
< Link: </a>; rel=preload
<
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Trailer: X-T
< Transfer-Encoding: chunked
<
< hello
<~ X-T: 1
`

// hostileValues stand in the place of each value of a record: other kinds, and
// texts of each length that a value of fixed length may be confused with.
func hostileValues() []any {
	all := []any{nil, true, 0, -1, 1e300, 1 << 40, "\x00", "\xff", []any{}, map[string]any{}, []any{[]any{"a", "b"}}, map[string]any{"base64": "/w=="}}
	for _, n := range []int{0, 1, 2, 15, 16, 17, 18, 31, 32, 33, 34, 63, 64, 65, 66, 67, 128, 1000} {
		all = append(all, strings.Repeat("a", n), strings.Repeat("!", n))
	}
	return all
}

// TestHostileRecords puts each hostile value in the place of each value of a
// record. It is refused with an error, or judged and written again; nothing panics.
func TestHostileRecords(t *testing.T) {
	x, err := exchange.ParseText(recordSeed)
	if err != nil {
		t.Fatal(err)
	}
	x.Request.Content.SHA256 = exchange.DigestOf(x.Request.Content.Kept)
	x.Trace = exchange.Trace{ID: exchange.TraceID{1}, Span: exchange.SpanID{2}, Parent: exchange.SpanID{3}, Sent: exchange.SpanID{4}}
	var record any
	if err := json.Unmarshal(x.AppendJSON(nil, exchange.EncodeOptions{Full: true}), &record); err != nil {
		t.Fatal(err)
	}
	set, err := annotate.NewSet(rules.All(), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	tried, read := 0, 0
	mutations(record, func(v any) { record = v }, "", func(path string) {
		b, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		tried++
		defer func() {
			if r := recover(); r != nil {
				t.Errorf("%s: %v", path, r)
			}
		}()
		y, err := exchange.ParseJSON(b)
		if err != nil {
			return
		}
		read++
		y.Source = exchange.Source{File: "hostile.jsonl"}
		set.All(y, nil)
		_ = y.Format()
		_ = y.AppendJSON(nil, exchange.EncodeOptions{Full: true})
	})
	if tried < 2000 || read < tried/10 {
		t.Errorf("%d records were tried and %d read", tried, read)
	}
}

// mutations calls try once for each value below v and each hostile value, while
// the one stands in the place of the other.
func mutations(v any, set func(any), path string, try func(path string)) {
	for i, hostile := range hostileValues() {
		set(hostile)
		try(fmt.Sprintf("%s with %d: %.80v", path, i, hostile))
	}
	set(v)
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			mutations(v[k], func(n any) { v[k] = n }, path+"."+k, try)
		}
	case []any:
		for i := range v {
			mutations(v[i], func(n any) { v[i] = n }, fmt.Sprintf("%s[%d]", path, i), try)
		}
	}
}
