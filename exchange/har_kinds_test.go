package exchange_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sidenote/exchange"
)

// ofWriter is a HAR of one entry that a program wrote.
func ofWriter(creator, entry string) string {
	return `{"log":{"version":"1.2","creator":{"name":"` + creator + `","version":"1"},"entries":[` + entry + `]}}`
}

// oneOf reads the only entry of a HAR that a program wrote.
func oneOf(t *testing.T, creator, entry string) *exchange.Exchange {
	t.Helper()
	all, bad, err := readCapture(strings.NewReader(ofWriter(creator, entry)))
	if err != nil || len(bad) > 0 || len(all) != 1 {
		t.Fatalf("%d exchanges, %v, %v, of\n%s", len(all), bad, err, entry)
	}
	return all[0]
}

func withFields(request, response string) string {
	return `{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"https://shop.test/","httpVersion":"HTTP/1.1","headers":[` + request + `]},` +
		`"response":{"status":200,"httpVersion":"HTTP/1.1","headers":[` + response + `]}}`
}

func line(name, value string) string { return fmt.Sprintf(`{"name":%q,"value":%q}`, name, value) }

// TestPlaceholders has what tools write in the place of what they leave out, and
// values that look like it and are real.
func TestPlaceholders(t *testing.T) {
	const unseen = exchange.Unseen
	for _, c := range []struct{ name, value, want string }{
		{"Authorization", "[REDACTED]", unseen},
		{"Authorization", "Bearer [REDACTED]", "Bearer " + unseen},
		{"Authorization", "Bearer ***", "Bearer " + unseen},
		{"Authorization", "Bearer abc****xyz", "Bearer " + unseen},
		{"Authorization", "Bearer eyJhbGciOi…", "Bearer " + unseen},
		{"Authorization", "basic XXXX", "basic " + unseen},
		{"Authorization", "<redacted>", unseen},
		{"Authorization", "<API_KEY>", unseen},
		{"Authorization", "REDACTED_BY_POLICY", unseen},
		{"authorization", "__REDACTED__", unseen},
		{"Authorization", `Digest username="***"`, "Digest " + unseen},
		{"Authorization", "Bearer mF_9.B5f-4.1JqM", "Bearer mF_9.B5f-4.1JqM"},
		{"Authorization", "Bearer", "Bearer"},
		{"X-Api-Key", "[Filtered]", unseen},
		{"X-Api-Key", "xxxxxxxx-xxxx-xxxx", unseen},
		{"X-Api-Key", "xyzzy", "xyzzy"},
		{"Cookie", "sid=***; lang=en; t=[MASKED]", "sid=" + unseen + "; lang=en; t=" + unseen},
		{"Cookie", "[REDACTED]", unseen},
		{"Cookie", "consent=removed-ads-only", "consent=" + unseen}, // where secrets are wanted a word is enough
		{"Cookie", "a=unremovedness", "a=unremovedness"},
		{"Set-Cookie", "sid=REDACTED; Path=/", "sid=" + unseen + "; Path=/"},
		{"Set-Cookie", "[session redacted]", unseen},
		{"Set-Cookie", "xxxx", unseen},
		{"Set-Cookie", "lang=en; Path=/", "lang=en; Path=/"},
		{"Referer", "[REDACTED]", unseen},
		{"Referer", "https://shop.test/?token=<redacted>&a=1", "https://shop.test/?token=" + unseen + "&a=1"},
		{"Location", "***", unseen},
		{"Server", "hidden", "hidden"},
		{"Server", "Masked", "Masked"},
		{"X-Robots-Tag", "none", "none"},
		{"Vary", "*", "*"},
		{"Accept", "*/*", "*/*"},
		{"Access-Control-Allow-Origin", "*", "*"},
	} {
		x := oneOf(t, "some tool", withFields(line(c.name, c.value), ""))
		if got := x.Request.Fields.At(0).Value; got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.name, c.value, got, c.want)
		}
		if own := oneOf(t, "sidenote", withFields(line(c.name, c.value), "")); own.Request.Fields.At(0).Value != c.value {
			t.Errorf("%s: %s: what sidenote saw is %q", c.name, c.value, own.Request.Fields.At(0).Value)
		}
	}
	if !exchange.IsRedacted(unseen) || exchange.NewRedactor(nil).Redact(oneOf(t, "x", withFields(line("X-Api-Key", "***"), "")), false).Request.Fields.At(0).Value != unseen {
		t.Error("what was left out is redacted once more")
	}
	target := oneOf(t, "x", `{"request":{"method":"GET","url":"https://shop.test/a?q=1&token=***&x=[REDACTED]"}}`).Request.Target
	if want := "/a?q=1&token=" + unseen + "&x=" + unseen; target != want {
		t.Errorf("target %q, want %q", target, want)
	}
}

// TestFieldsOfWriters has the odd ways in which programs save field lines.
func TestFieldsOfWriters(t *testing.T) {
	pseudo := line(":authority", "shop.test") + "," + line(":scheme", "https") + ","
	for _, c := range []struct {
		name, creator, fields string
		want                  []string
	}{
		{"a list in a string", "Polly.JS", line("Set-Cookie", `["a=1","b=2"]`), []string{"Set-Cookie: a=1", "Set-Cookie: b=2"}},
		{"a list in a string, of another writer", "x", line("X-Roles", `["a","b"]`), []string{`X-Roles: ["a","b"]`}},
		{"no list after all", "Polly.JS", line("X", `["a",1]`) + "," + line("Y", `["a"`), []string{`X: ["a",1]`, `Y: ["a"`}},
		{"a list", "x", `{"name":"Vary","value":["Accept","Origin"]}`, []string{"Vary: Accept", "Vary: Origin"}},
		{"an empty list", "x", `{"name":"Vary","value":[]}`, nil},
		{"lines in one", "x", line("Set-Cookie", "a=1\nb=2"), []string{"Set-Cookie: a=1", "Set-Cookie: b=2"}},
		{"doubles on HTTP/2", "x", pseudo + line("Referer", "1") + "," + line("referer", "2") + "," + line("X-A", "1"), []string{"referer: 2", "X-A: 1"}},
		{"equal doubles", "chrome-har", line("Referer", "1") + "," + line("referer", "1"), []string{"referer: 1"}},
		{"doubles of the same case", "chrome-har", line("Referer", "1") + "," + line("Referer", "1"), []string{"Referer: 1"}},
		{"two lines on HTTP/1.1", "Charles Proxy", line("Referer", "1") + "," + line("referer", "1"), []string{"Referer: 1", "referer: 1"}},
		{"a separator", "Internet Explorer Network Inspector", line("Content-Length", "56,963"), []string{"Content-Length: 56963"}},
		{"another separator", "Internet Explorer Network Inspector", line("Content-Length", "1.056.963"), []string{"Content-Length: 1056963"}},
		{"two lengths", "x", line("Content-Length", "56,963"), []string{"Content-Length: 56,963"}},
		{"two lengths all the same", "Internet Explorer Network Inspector", line("Content-Length", "5,5"), []string{"Content-Length: 5,5"}},
	} {
		var got []string
		for _, l := range oneOf(t, c.creator, withFields(c.fields, "")).Request.Fields.All() {
			got = append(got, l.Name+": "+l.Value)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestTargetsOfWriters has URLs and methods that are written elsewhere, or nowhere.
func TestTargetsOfWriters(t *testing.T) {
	host, scheme := line("Host", "shop.test"), line(":scheme", "https")
	for _, c := range []struct{ request, want string }{
		{`"method":"GET","url":"shop.test/a","headers":[` + scheme + `]`, "GET https://shop.test/a HTTP/2"},
		{`"method":"GET","url":"//shop.test/a","headers":[` + scheme + `]`, "GET https://shop.test/a HTTP/2"},
		{`"method":"GET","url":"/a","headers":[` + scheme + `,` + line(":authority", "shop.test") + `]`, "GET https://shop.test/a HTTP/2"},
		{`"method":"GET","url":"/a","headers":[` + host + `]`, "GET //shop.test/a "},
		{`"method":"GET","url":"shop/a","headers":[` + line("Host", "shop") + `]`, "GET //shop/a "},
		{`"method":"GET","url":"localhost:8080/a"`, "GET //localhost:8080/a "},
		{`"method":"GET","url":"[::1]:8080/a?b"`, "GET //[::1]:8080/a?b "},
		{`"method":null,"url":"https://shop.test/"`, " https://shop.test/ "},
		{`"method":null,"url":null,"headers":[` + line(":method", "PUT") + `,` + scheme + `,` + line(":authority", "shop.test") + `,` + line(":path", "/b") + `]`, "PUT https://shop.test/b HTTP/2"},
		{`"method":"GET","url":"https://shop.test/","httpVersion":"me:"`, "GET https://shop.test/ "},
	} {
		x := oneOf(t, "x", `{"request":{`+c.request+`}}`)
		if got := x.Request.Method + " " + x.URL() + " " + x.Request.Version.String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.request, got, c.want)
		}
		if x.Source.Lacks.Has(exchange.LacksMethod) != (x.Request.Method == "") || x.Source.Lacks.Has(exchange.LacksVersion) != (x.Request.Version == 0) {
			t.Errorf("%s lacks %v", c.request, x.Source.Lacks.Names())
		}
	}
	for _, protocol := range []string{"h2", "HTTP/2", "http/2.0"} {
		x := oneOf(t, "x", `{"request":{"method":"GET","url":"https://shop.test/","httpVersion":"me:"},"response":{"status":200,"httpVersion":"us:"},"_protocol":"`+protocol+`"}`)
		if x.Request.Version != exchange.HTTP2 || x.Response.Version != exchange.HTTP2 {
			t.Errorf("%s: %v, %v", protocol, x.Request.Version, x.Response.Version)
		}
	}
}

// TestContentsOfWriters has the odd ways in which programs save contents.
func TestContentsOfWriters(t *testing.T) {
	for _, c := range []struct{ content, want string }{
		{`"text":"[\"b2s=\"]","encoding":"base64"`, "ok"},
		{`"text":"[\"bw==\",\"aw==\"]","encoding":"base64"`, "ok"},
		{`"text":["bw==","aw=="],"encoding":"base64"`, "ok"},
		{`"text":"[\"6f\",\"6b\"]","encoding":"hex"`, "ok"},
		{`"text":"6f6b","encoding":"hex"`, "ok"},
		{`"text":["o","k"]`, "ok"},
		{`"text":"[1]"`, "[1]"},
		{`"text":"[REDACTED]"`, ""},
		{`"text":"***"`, ""},
	} {
		x := oneOf(t, "x", `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"content":{`+c.content+`}}}`)
		if got := string(x.Response.Content.Kept); got != c.want || (c.want == "") != x.Source.Lacks.Has(exchange.LacksContent) {
			t.Errorf("%s: %q, want %q, lacks %v", c.content, got, c.want, x.Source.Lacks.Names())
		}
	}
	for _, c := range []struct {
		creator, method, fields string
		want                    int
	}{
		{"WebKit Web Inspector", "GET", line("Accept", "*/*"), 0},
		{"x", "GET", line("Accept", "*/*"), 0},
		{"x", "GET", line("Content-Length", "7"), 7},
		{"x", "GET", line("Content-Type", "text/plain"), 7},
		{"x", "POST", line("Accept", "*/*"), 7},
	} {
		x := oneOf(t, c.creator, `{"request":{"method":"`+c.method+`","url":"http://a.test/","headers":[`+c.fields+`],"bodySize":7,"postData":{"text":"a=1&b=2"}}}`)
		if got := len(x.Request.Content.Kept); got != c.want || x.Request.Content.Size != int64(c.want) {
			t.Errorf("%s %s %s: %d octets of %d, want %d", c.creator, c.method, c.fields, got, x.Request.Content.Size, c.want)
		}
	}
}

// TestCompressedInTransfer reads content that still has a transfer coding, as live
// records and some captures have it.
func TestCompressedInTransfer(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(`{"a":1}`))
	w.Close()
	for _, c := range []struct{ coding, kept, want string }{
		{"gzip, chunked", b.String(), `{"a":1}`},
		{"GZIP,chunked", b.String(), `{"a":1}`},
		{"gzip", b.String(), `{"a":1}`},
		{"chunked", b.String(), b.String()},
		{"gzip, chunked", `{"a":1}`, `{"a":1}`}, // anyone who saved it removed the coding
	} {
		x := oneOf(t, "x", `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"headers":[`+line("Transfer-Encoding", c.coding)+
			`],"content":{"encoding":"base64","text":"`+base64.StdEncoding.EncodeToString([]byte(c.kept))+`"}}}`)
		if d := x.Response.DecodedContent(); string(d.Bytes) != c.want || d.Err != nil {
			t.Errorf("%s: %q, %v, want %q", c.coding, d.Bytes, d.Err, c.want)
		}
	}
}

// TestInternalResponses: what a browser answered itself was never on the network.
func TestInternalResponses(t *testing.T) {
	for _, c := range []struct {
		status, reason, field string
		want                  bool
	}{
		{"307", "Internal Redirect", "", true},
		{"307", "", line("Non-Authoritative-Reason", "HSTS"), true},
		{"307", "Temporary Redirect", "", false},
		{"200", "OK", "", false},
	} {
		x := oneOf(t, "x", `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":`+c.status+`,"statusText":"`+c.reason+`","headers":[`+c.field+`]}}`)
		if got := x.Source.Lacks.Has(exchange.LacksNetwork); got != c.want {
			t.Errorf("%s %s %s: %v", c.status, c.reason, c.field, got)
		}
	}
}

// TestFailureWords has what programs say of exchanges that failed.
func TestFailureWords(t *testing.T) {
	for words, want := range map[string]exchange.ErrCode{
		"net::ERR_NAME_NOT_RESOLVED": exchange.ErrDNSNotFound, "NS_ERROR_UNKNOWN_HOST": exchange.ErrDNSNotFound,
		"[Errno -2] Name or service not known": exchange.ErrDNSNotFound, "getaddrinfo ENOTFOUND shop.test": exchange.ErrDNSNotFound,
		"getaddrinfo EAI_AGAIN shop.test": exchange.ErrDNSFailed, "A server with the specified hostname could not be found.": exchange.ErrDNSNotFound,
		"net::ERR_CONNECTION_REFUSED": exchange.ErrRefused, "NS_ERROR_CONNECTION_REFUSED": exchange.ErrRefused,
		"connect ECONNREFUSED 127.0.0.1:1": exchange.ErrRefused, "[Errno 61] Connect call failed ('::1', 1, 0, 0)": exchange.ErrRefused,
		"Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] Connect call failed ('127.0.0.1', 1)": exchange.ErrRefused,
		"NS_ERROR_PROXY_CONNECTION_REFUSED": exchange.ErrProxyFailed, "net::ERR_PROXY_CONNECTION_FAILED": exchange.ErrProxyFailed,
		"net::ERR_TUNNEL_CONNECTION_FAILED": exchange.ErrProxyRefused,
		"net::ERR_INTERNET_DISCONNECTED":    exchange.ErrUnreachable, "net::ERR_NETWORK_CHANGED": exchange.ErrUnreachable,
		"net::ERR_CONNECTION_TIMED_OUT": exchange.ErrConnectTimeout, "connect ETIMEDOUT 203.0.113.5:443": exchange.ErrConnectTimeout,
		"net::ERR_TIMED_OUT": exchange.ErrHeadTimeout, "NS_ERROR_NET_TIMEOUT": exchange.ErrHeadTimeout, "The request timed out.": exchange.ErrHeadTimeout,
		"net::ERR_INSECURE_RESPONSE": exchange.ErrTLSCertificate, "net::ERR_CERT_AUTHORITY_INVALID": exchange.ErrTLSUntrusted,
		"SEC_ERROR_UNKNOWN_ISSUER": exchange.ErrTLSUntrusted, "SSL_ERROR_BAD_CERT_DOMAIN": exchange.ErrTLSWrongName,
		"SEC_ERROR_EXPIRED_CERTIFICATE": exchange.ErrTLSExpired, "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT": exchange.ErrTLSSelfSigned,
		"Certificate verify failed: self-signed certificate in certificate chain": exchange.ErrTLSSelfSigned,
		"certificate verify failed: certificate has expired":                      exchange.ErrTLSExpired,
		"net::ERR_SSL_PROTOCOL_ERROR":                                             exchange.ErrTLSFailed, "net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH": exchange.ErrTLSVersion,
		"net::ERR_BAD_SSL_CLIENT_AUTH_CERT": exchange.ErrTLSClientCert, "The remote server does not speak TLS.": exchange.ErrTLSNotTLS,
		"net::ERR_CONNECTION_RESET": exchange.ErrResetBeforeHead, "NS_ERROR_NET_RESET": exchange.ErrResetBeforeHead, "read ECONNRESET": exchange.ErrResetBeforeHead,
		"net::ERR_EMPTY_RESPONSE": exchange.ErrClosedBeforeHead, "socket hang up": exchange.ErrClosedBeforeHead, "server closed connection": exchange.ErrClosedBeforeHead,
		"net::ERR_HTTP2_PROTOCOL_ERROR": exchange.ErrH2Reset, "mixed-content": exchange.ErrClientBlocked, "net::ERR_QUIC_PROTOCOL_ERROR": exchange.ErrH2Protocol,
		"net::ERR_HTTP2_SERVER_REFUSED_STREAM": exchange.ErrH2Reset,
		"net::ERR_INVALID_HTTP_RESPONSE":       exchange.ErrStatusLine, "net::ERR_RESPONSE_HEADERS_TOO_BIG": exchange.ErrHeadTooLarge,
		"net::ERR_CONTENT_LENGTH_MISMATCH": exchange.ErrTruncated, "NS_ERROR_NET_PARTIAL_TRANSFER": exchange.ErrTruncated,
		"net::ERR_INCOMPLETE_CHUNKED_ENCODING": exchange.ErrChunk, "net::ERR_CONTENT_DECODING_FAILED": exchange.ErrUndecodable,
		"net::ERR_BLOCKED_BY_CLIENT": exchange.ErrClientBlocked, "net::ERR_BLOCKED_BY_RESPONSE": exchange.ErrClientBlocked,
		"net::ERR_BLOCKED_BY_ORB": exchange.ErrClientBlocked, "NS_ERROR_DOM_BAD_URI": exchange.ErrClientBlocked,
		"net::ERR_ABORTED": exchange.ErrClientGone, "NS_BINDING_ABORTED": exchange.ErrClientGone, "Load request cancelled": exchange.ErrClientGone,
		"Client disconnected.": exchange.ErrClientGone, "net::ERR_FAILED": exchange.ErrClientFailed, "something went wrong": exchange.ErrClientFailed,
	} {
		for _, at := range []string{
			`"response":{"status":0,"headers":[],"_error":"` + words + `"}`,
			`"response":{"status":-1,"_failureText":"` + words + `"}`,
			`"_error":"` + words + `","response":{}`,
		} {
			x := oneOf(t, "x", `{"request":{"method":"GET","url":"http://a.test/"},`+at+`}`)
			if x.Err == nil || x.Err.Code != want || x.Err.Detail != words {
				t.Errorf("%s: %v, want %s", words, x.Err, want)
			}
		}
	}
	for _, c := range []struct {
		words string
		want  exchange.ErrCode
	}{{"net::ERR_ABORTED", ""}, {"net::ERR_FAILED", ""}, {"net::ERR_BLOCKED_BY_ORB", ""}, {"net::ERR_CONNECTION_RESET", exchange.ErrTruncated}, {"net::ERR_CONTENT_DECODING_FAILED", exchange.ErrUndecodable}} {
		x := oneOf(t, "x", `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"_error":"`+c.words+`"}}`)
		if c.want == "" && x.Err != nil || c.want != "" && (x.Err == nil || x.Err.Code != c.want) {
			t.Errorf("%s with a response: %v, want %q", c.words, x.Err, c.want)
		}
	}
}

// TestClockOfCapture judges the recorder's clock by several hosts.
func TestClockOfCapture(t *testing.T) {
	for _, c := range []struct {
		name   string
		dates  map[string]string // of each host, behind the hour
		agree  int
		behind string
	}{
		{"right", map[string]string{"a": "03:04:05", "b": "03:04:06", "c": "03:04:05"}, 0, "0s"},
		{"five hours behind", map[string]string{"a": "08:04:05", "b": "08:04:06", "c": "08:04:05"}, 3, "5h0m0s"},
		{"an hour ahead", map[string]string{"a": "02:04:05", "b": "02:04:05"}, 2, "-1h0m0s"},
		{"one server is wrong", map[string]string{"a": "03:04:05", "b": "03:04:06", "c": "08:04:05"}, 0, "0s"},
		{"most say so", map[string]string{"a": "08:04:05", "b": "08:04:05", "c": "08:04:05", "d": "03:04:05"}, 3, "5h0m0s"},
		{"one host cannot tell", map[string]string{"a": "08:04:05"}, 0, "0s"},
		{"they do not agree", map[string]string{"a": "08:04:05", "b": "09:04:05", "c": "10:04:05"}, 0, "0s"},
	} {
		var entries []string
		for host, at := range c.dates {
			entries = append(entries, strings.ReplaceAll(withFields("", line("Date", "Fri, 02 Jan 2026 "+at+" GMT")), "shop.test", host+".test"))
		}
		var about exchange.About
		var all []*exchange.Exchange
		err := exchange.ReadCapture(strings.NewReader(har(entries...)), exchange.Capture{File: "f", About: &about,
			Exchange: func(x *exchange.Exchange) error { all = append(all, x); return nil }})
		if err != nil || len(all) != len(c.dates) || about.Clock.Agree != c.agree || about.Clock.Behind.String() != c.behind {
			t.Errorf("%s: %d exchanges, %+v, %v", c.name, len(all), about.Clock, err)
		}
		for _, x := range all {
			if x.Source.Lacks.Has(exchange.LacksClock) != (c.agree > 0) {
				t.Errorf("%s: %s lacks %v", c.name, x.Authority, x.Source.Lacks.Names())
			}
		}
	}
}

// TestOrderOfWhatIsHeldBack: while the clock is judged, exchanges and errors keep
// their order, and the caller's error ends the reading.
func TestOrderOfWhatIsHeldBack(t *testing.T) {
	var got []string
	var entries []string
	for i := range 300 {
		if i%3 == 1 {
			entries = append(entries, "7")
		} else {
			entries = append(entries, smallEntry)
		}
	}
	c := exchange.Capture{
		Exchange: func(x *exchange.Exchange) error { got = append(got, fmt.Sprint(x.Source.Entry)); return nil },
		Bad:      func(e *exchange.EntryError) error { got = append(got, fmt.Sprint(e.Entry)); return nil },
	}
	if err := exchange.ReadCapture(strings.NewReader(har(entries...)), c); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i] != fmt.Sprint(i) {
			t.Fatalf("%d: %v", i, got)
		}
	}
	stop := fmt.Errorf("enough")
	n := 0
	c.Exchange = func(*exchange.Exchange) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	}
	if err := exchange.ReadCapture(strings.NewReader(har(entries...)), c); err != stop || n != 3 {
		t.Errorf("%v after %d", err, n)
	}
}

// TestLooseMembers has members of other kinds than the format wants, where it is
// plain what they mean.
func TestLooseMembers(t *testing.T) {
	x := oneOf(t, "x", `{"startedDateTime":1767323045000,"request":{"method":"POST","url":"http://a.test/","headers":{"Host":"a.test","Accept":["text/html","text/plain"]},"postData":"a=1"},
		"response":{"status":"404 Not Found","headers":{"Content-Type":"text/plain"},"content":"no such page"}}`)
	got := x.Request.Fields.Combined(exchange.FieldAccept) + "|" + string(x.Request.Content.Kept) + "|" + fmt.Sprint(x.Response.Status) + "|" +
		x.Response.Fields.Value(exchange.FieldContentType) + "|" + string(x.Response.Content.Kept) + "|" + x.Started.Format("15:04:05")
	if want := "text/html, text/plain|a=1|404|text/plain|no such page|03:04:05"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMergedByChromeHAR: what chrome-har puts into an entry of the redirect before
// it does not count, nor sizes that it counts twice.
func TestMergedByChromeHAR(t *testing.T) {
	entry := func(fields string, content string) string {
		return `{"request":{"method":"GET","url":"http://a.test/","headers":[` + line("Host", "a.test") + "," + line("Content-Type", "text/plain") +
			`]},"response":{"status":200,"headers":[` + fields + `],"content":{` + content + `},"bodySize":31}}`
	}
	other := oneOf(t, "chrome-har", entry(line("Location", "/new")+","+line("Content-Length", "0"), `"mimeType":"text/plain","size":6,"text":"new"`))
	if other.Response.Fields.Len() != 0 || !other.Source.Lacks.Has(exchange.LacksResponse) || other.Request.Fields.Has(exchange.FieldContentType) {
		t.Errorf("of another response:\n%s", other.Format())
	}
	own := oneOf(t, "chrome-har", entry(line("Content-Type", "text/plain; charset=utf-8"), `"mimeType":"text/plain","size":6,"text":"new"`))
	if c := &own.Response.Content; own.Response.Fields.Len() != 1 || c.Size != 3 || c.Truncated || own.Source.Lacks.Has(exchange.LacksResponse) {
		t.Errorf("its own:\n%s", own.Format())
	}
}

// TestRevalidated: a 200 that was a 304 on the wire lacks what describes it.
func TestRevalidated(t *testing.T) {
	for _, c := range []struct {
		request, body string
		want          bool
	}{{line("If-None-Match", `"x"`), "0", true}, {line("If-None-Match", `"x"`), "5", false}, {line("Accept", "*/*"), "0", false}} {
		x := oneOf(t, "Playwright", `{"request":{"method":"GET","url":"http://a.test/","headers":[`+line("Host", "a.test")+","+c.request+
			`]},"response":{"status":200,"headers":[`+line("ETag", `"x"`)+`],"content":{"size":5,"text":"hello"},"bodySize":`+c.body+`}}`)
		if got := x.Source.Lacks.Has(exchange.LacksResponse); got != c.want {
			t.Errorf("%s with %s octets: %v", c.request, c.body, got)
		}
	}
}

// TestLacksInRecord: what a capture lacks is in the record that is made of it.
func TestLacksInRecord(t *testing.T) {
	x := oneOf(t, "Polly.JS", smallEntry)
	y, err := exchange.ParseJSON(x.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
	if err != nil || y.Source.Lacks != x.Source.Lacks || !y.Source.Lacks.Has(exchange.LacksVersion) || !y.Source.Lacks.Has(exchange.LacksFraming) {
		t.Errorf("%v, %v became %v", err, x.Source.Lacks.Names(), y.Source.Lacks.Names())
	}
	if own := oneOf(t, "sidenote", smallEntry); own.Source.Lacks.Has(exchange.LacksFraming | exchange.LacksLines) {
		t.Errorf("sidenote's own lacks %v", own.Source.Lacks.Names())
	}
}
