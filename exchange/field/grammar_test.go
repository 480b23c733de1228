package field_test

import (
	"slices"
	"testing"

	"sidenote/exchange/field"
)

// checks are the grammars by name, for tables and for fuzzing.
var checks = map[string]func(string) *field.Error{
	"tokens":      field.CheckTokens,
	"weighted":    field.CheckWeighted,
	"type":        field.CheckMediaType,
	"types":       field.CheckMediaTypes,
	"tags":        func(s string) *field.Error { return field.CheckLanguages(s, false) },
	"languages":   func(s string) *field.Error { return field.CheckLanguages(s, true) },
	"directives":  field.CheckDirectives,
	"preferences": field.CheckPreferences,
	"auth":        field.CheckAuthParams,
	"disposition": field.CheckDisposition,
	"protocols":   field.CheckProtocols,
	"via":         field.CheckVia,
	"cdnloop":     field.CheckCDNLoop,
	"uri":         field.CheckURI,
	"forwarded":   field.CheckForwarded,
	"links":       field.CheckLinks,
	"number":      field.CheckNumber,
	"numbers":     field.CheckNumbers,
	"decimal":     field.CheckDecimal,
	"token":       field.CheckToken,
	"version":     field.CheckVersion,
	"words":       func(s string) *field.Error { return field.CheckWords(s, []string{"yes", "no"}) },
	"base64":      field.CheckBase64,
	"base64url":   field.CheckBase64URL,
	"jwt":         func(s string) *field.Error { return field.CheckBase64URLs(s, 3) },
	"hex":         func(s string) *field.Error { return field.CheckHex(s, 4, 8) },
	"percent":     field.CheckPercentEncoded,
	"weights":     field.CheckWeights,
	"concrete":    field.CheckConcreteTypes,
	"codedurl":    field.CheckCodedURL,
	"codedurls":   field.CheckCodedURLs,
	"dav":         field.CheckDAV,
	"davif":       field.CheckDAVIf,
	"timeout":     field.CheckTimeout,
	"position":    field.CheckPosition,
	"digests":     field.CheckDigests,
	"pairs":       field.CheckPairs,
	"mailbox":     field.CheckMailbox,
	"messageid":   field.CheckMessageID,
	"origins":     field.CheckOrigins,
	"traceparent": field.CheckTraceparent,
	"tracestate":  field.CheckTracestate,
	"grpctimeout": field.CheckGRPCTimeout,
	"soapaction":  field.CheckSOAPAction,
	"warning":     field.CheckWarning,
	"meter":       field.CheckMeter,
	"features":    field.CheckFeatures,
	"alternates":  field.CheckAlternates,
	"status":      field.CheckStatusField,
	"tk":          field.CheckTk,
	"nonce":       field.CheckNonce,
	"products":    field.CheckProducts,
	"refresh":     field.CheckRefresh,
	"units":       field.CheckRangeUnits,
	"ranges":      field.CheckMediaRanges,
}

// lists are the grammars of comma-separated lists, which may have empty elements.
var lists = []string{
	"tokens", "weighted", "types", "tags", "languages", "directives", "preferences", "auth", "protocols", "via", "cdnloop", "forwarded", "links",
	"numbers", "weights", "concrete", "codedurls", "dav", "timeout", "digests", "origins", "tracestate", "warning", "meter", "features",
}

func TestGrammars(t *testing.T) {
	for _, c := range []struct {
		grammar, in string
		at          int // -1 for a value that fits
	}{
		{"tokens", "GET", -1}, {"tokens", "GET, PUT", -1}, {"tokens", ", GET ,", -1}, {"tokens", "", -1},
		{"tokens", "GET PUT", 3}, {"tokens", `"GET"`, 0}, {"tokens", "GET; PUT", 3}, {"tokens", "*", -1},
		{"weighted", "gzip;q=0.5, br", -1}, {"weighted", "gzip; q = 0.5", -1}, {"weighted", "gzip br", 4},
		{"weighted", ";q=1", 0}, {"weighted", "gzip;q", 6}, {"weighted", `a;b="c"`, -1}, {"weighted", "a;b=c d", 4},
		{"type", "text/html; charset=utf-8", -1}, {"type", "text/html;", -1}, {"type", "text/html; charset = utf-8", 18},
		{"type", "text", 4}, {"type", "text/html, text/plain", 9}, {"type", "text/html; charset=utf 8", 19},
		{"types", "text/html, */*;q=0.1", -1}, {"types", "text/html, *", 12},
		{"tags", "en, de-CH", -1}, {"tags", "en_US", 2}, {"tags", "de-", 3}, {"tags", "*", 0}, {"tags", "toolonglang", 0},
		{"languages", "de-CH, de;q=0.8, *;q=0.1", -1}, {"languages", "de; q=0.8; x", 12}, {"languages", "de en", 2},
		{"directives", `no-store, max-age=3, private="a,b"`, -1}, {"directives", "no-store; max-age=0", 8},
		{"directives", "max-age = 3", 7}, {"directives", "max-age=1 2", 9}, {"directives", "=1", 0},
		{"preferences", `respond-async, wait = 10; x="y"`, -1}, {"preferences", "a b", 1}, {"preferences", "return=", 7},
		{"auth", `nextnonce="a", qop=auth`, -1}, {"auth", "nextnonce", 9},
		{"disposition", `attachment; filename="a b.txt"; filename*=UTF-8''a`, -1}, {"disposition", "attachment; filename=a b", 21},
		{"disposition", "", 0}, {"disposition", `filename="a"`, 8},
		{"protocols", "websocket, HTTP/2.0", -1}, {"protocols", "a/", 1}, {"protocols", "a b", 1},
		{"via", "1.1 edge, HTTP/2 a.test:80 (Apache/2 (x))", -1}, {"via", "1.1 [::1]:80", -1}, {"via", "edge", 4},
		{"via", "1.1 a b", 6}, {"via", "1.1 a (b", 6}, {"via", "1.1 ", 4}, {"via", "", -1},
		{"cdnloop", "foo.example:80; a=b, x_y", -1}, {"cdnloop", "a b", 0}, {"cdnloop", "a; b", 4},
		{"uri", "/a?b#c", -1}, {"uri", "/a b", 2}, {"uri", "/%zz", 1}, {"uri", "http://:80/", 7}, {"uri", "", -1},
		{"forwarded", `for="[::1]:80";proto=https, for=192.0.2.1`, -1}, {"forwarded", "for=192.0.2.1:80", 4},
		{"forwarded", "for =1", 3}, {"forwarded", "192.0.2.1", 9}, {"forwarded", "a=b;;c=d", -1},
		{"links", `<a>; rel=next, <b>; rel = "x y"; title*=UTF-8''a`, -1}, {"links", "a; rel=next", 0}, {"links", "<a", 0},
		{"links", "<a> rel=next", 4}, {"links", "<a,b>; x", -1}, {"links", "<a>; rel=a b", 9},
		{"languages", "de; level=1", 4}, {"languages", "de;q=1;q=1", 7},
		{"number", "12", -1}, {"number", "", 0}, {"number", "1a", 1}, {"number", "-1", 0}, {"numbers", "13, 8", -1}, {"numbers", "13, x", 4},
		{"decimal", "1", -1}, {"decimal", "1.75", -1}, {"decimal", "1.", 2}, {"decimal", ".5", 0}, {"decimal", "1,5", 1},
		{"token", "gzip", -1}, {"token", "a b", 1}, {"token", "", 0}, {"version", "4.01", -1}, {"version", "4", 0}, {"version", "4.x", 0},
		{"words", "YES", -1}, {"words", "maybe", 0}, {"words", "", 0},
		{"base64", "Q2hlY2s=", -1}, {"base64", "Q2hlY2s", 7}, {"base64", "a-b=", 1}, {"base64", "", 0},
		{"base64url", "a-_9", -1}, {"base64url", "ab==", 2}, {"base64url", "abcde", 5}, {"base64url", "", 0},
		{"jwt", "ab.cd.ef", -1}, {"jwt", "ab.cd", 5}, {"jwt", "ab.c=.ef", 4}, {"jwt", "ab.cd.ef.gh", 11},
		{"hex", "00ff", -1}, {"hex", "00fg", 3}, {"hex", "00f", 3}, {"percent", "a%20b", -1}, {"percent", "a%2", 1}, {"percent", "caf\xc3\xa9", 3},
		{"weights", "gzip;q=0.5, br", -1}, {"weights", "gzip;level=9", 5}, {"weights", "gzip;q=1;x=y", 9},
		{"concrete", "text/html;a=b", -1}, {"concrete", "*/*", 0}, {"concrete", "a/b, text/*", 10},
		{"codedurl", "<urn:a>", -1}, {"codedurl", "urn:a", 0}, {"codedurl", "<a>", 1}, {"codedurl", "<urn:a b>", 6},
		{"codedurls", "<urn:a>, <urn:b>", -1}, {"codedurls", "<urn:a>, b", 9}, {"dav", "1, 2, <urn:a>", -1}, {"dav", "1 2", 1},
		{"davif", "(<urn:a> [\"b\"])", -1}, {"davif", "<http://a/> (Not <urn:a>)", -1}, {"davif", "urn:a", 0}, {"davif", "(<urn:a>", 8}, {"davif", "()", 1}, {"davif", "<a>", 3},
		{"timeout", "Infinite, Second-10", -1}, {"timeout", "10", 0}, {"timeout", "Second-x", 7},
		{"position", "first", -1}, {"position", "After a", -1}, {"position", "after", 0}, {"position", "before a b", 8},
		{"digests", "SHA-256=a+b/c=, md5=x", -1}, {"digests", "SHA-256", 7}, {"digests", "=a", 0}, {"digests", "a=", 2}, {"digests", "a=\"b\"", 2},
		{"pairs", "max-age=5; includeSubDomains", -1}, {"pairs", "a=b c", 3}, {"pairs", "=b", 0},
		{"mailbox", "me@shop.test", -1}, {"mailbox", "Me <me@shop.test>", -1}, {"mailbox", "me", 0}, {"mailbox", "a b@shop.test", 1}, {"mailbox", "Me <me@shop.test", 16}, {"mailbox", "a@b@c", 3},
		{"messageid", "<a@b>", -1}, {"messageid", "a@b", 0}, {"origins", "*, https://a.test, null", -1}, {"origins", "https://a.test/", 14},
		{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", -1}, {"traceparent", "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 4},
		{"traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", 3}, {"traceparent", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 0},
		{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", 55}, {"traceparent", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", -1}, {"traceparent", "1", 1},
		{"tracestate", "a=b, c@d=e f", -1}, {"tracestate", "A=b", 0}, {"tracestate", "a", 1}, {"tracestate", "a=b=c", 3}, {"tracestate", "=b", 0},
		{"grpctimeout", "5S", -1}, {"grpctimeout", "5", 1}, {"grpctimeout", "123456789m", 9}, {"grpctimeout", "5s", 1},
		{"soapaction", "", -1}, {"soapaction", `"urn:a"`, -1}, {"soapaction", "urn:a", 0},
		{"warning", `110 - "stale"`, -1}, {"warning", `110 a.test:80 "x" "Tue, 15 Nov 2022 08:12:31 GMT"`, -1}, {"warning", "stale", 0}, {"warning", "110 -", 5}, {"warning", `110 - "a`, 8}, {"warning", `110 - "a" b`, 9},
		{"meter", "count=5/2, wont-ask", -1}, {"meter", "count=x", 6}, {"features", "tables, !frames, a=b, c!={d}, *", -1}, {"features", "a b", 1}, {"features", "a=", 2},
		{"alternates", `{"a.1" 0.9 {type text/html}}, proxy-rvsa`, -1}, {"alternates", "{", 1}, {"alternates", "}", 0}, {"alternates", `{"a}`, 4},
		{"status", "404 Not Found", -1}, {"status", "404", -1}, {"status", "none", 0}, {"tk", "N", -1}, {"tk", "T;a", -1}, {"tk", "x", 0}, {"tk", "T;", 0},
		{"refresh", "5", -1}, {"refresh", "5; url=/next", -1}, {"refresh", "0,/x", -1}, {"refresh", "x", 0}, {"refresh", "5s", 1},
		{"units", "bytes", -1}, {"units", "none", -1}, {"units", "bytes, none", 7}, {"units", "", 0}, {"units", "a b", 1},
		{"ranges", `"application/sql", text/*;q=1`, -1}, {"ranges", `"text"`, 0}, {"ranges", `a/b, "x y"`, 5}, {"ranges", "", -1},
		{"nonce", "a-b", -1}, {"nonce", "a b", 1}, {"nonce", "", 0},
		{"products", "curl/8.9.1", -1}, {"products", "Mozilla/5.0 (X11; (a)) Gecko/1", -1}, {"products", "", 0}, {"products", "(x)", 0}, {"products", "a (b", 2}, {"products", "a/b/c", 3}, {"products", "a [b]", 2},
		{"forwarded", "for=unknown;by=_a-b", -1}, {"forwarded", `for="192.0.2.1:80";host="a.test:80";proto=HTTP`, -1}, {"forwarded", `for="[::1]:_p"`, -1}, {"forwarded", "for=a.test", 4},
		{"forwarded", `for="::1"`, 4}, {"forwarded", `for="[::g]"`, 4}, {"forwarded", `for="1.2.3.4:123456"`, 4}, {"forwarded", `by=1, host="a b"`, 3}, {"forwarded", "proto=1", 6}, {"forwarded", `host="a b"`, 5}, {"forwarded", "secret=abc", -1},
	} {
		err := checks[c.grammar](c.in)
		switch {
		case err == nil && c.at >= 0:
			t.Errorf("%s %q: no error, want one at %d", c.grammar, c.in, c.at)
		case err != nil && err.At != c.at:
			t.Errorf("%s %q: %v, want %d", c.grammar, c.in, err, c.at)
		}
	}
}

func TestEmptyElement(t *testing.T) {
	for in, want := range map[string]int{
		"": -1, "a": -1, "a,b": -1, `a,"b,,c"`: -1, " ": -1,
		",": 0, "a,": 1, "a, ": 1, ",a": 0, "a, ,b": 3, "a,,b": 2,
	} {
		at, found := field.EmptyElement(in)
		if !found {
			at = -1
		}
		if at != want {
			t.Errorf("%q: %d, want %d", in, at, want)
		}
	}
}

func TestEmptyElementsThatCommasHide(t *testing.T) {
	for in, want := range map[string]int{
		"1.1 a": -1, "1.1 a, 1.1 b": -1, "1.1 a (x,,y)": -1, "1.1 a (x,,y), 1.1 b": -1, "": -1,
		"1.1 a,, 1.1 b": 6, "1.1 a (,),": 9, ", 1.1 a": 0, "x,,y": 2,
	} {
		if at, found := field.EmptyViaMember(in); at != want || found != (want >= 0) {
			t.Errorf("Via %q: %d, %v; want %d", in, at, found, want)
		}
	}
	for in, want := range map[string]int{
		"<a>": -1, "<a,,b>; x=y": -1, `<a>; x="b,,c"`: -1, "<a>, <b>": -1,
		"<a>,,<b>": 4, "<a>,": 3, ",<a>": 0, "<a>; x=y, ,<b>": 10,
	} {
		if at, found := field.EmptyLink(in); at != want || found != (want >= 0) {
			t.Errorf("Link %q: %d, %v; want %d", in, at, found, want)
		}
	}
}

func TestExtValue(t *testing.T) {
	for _, c := range []struct {
		in, decoded string
		at          int
	}{
		{"UTF-8''na%C3%AFve", "na\u00efve", -1},
		{"utf-8'en'a", "a", -1},
		{`"UTF-8''a"`, "", 0},
		{"a", "", 0},
		{"UTF-8'a", "", 0},
		{"''a", "", 0},
		{"UTF-8'e_n'a", "a", 6},
		{"UTF-8''a%2", "a%2", 8},
		{"UTF-8''a b", "a b", 8},
	} {
		v := field.ParseExtValue(c.in)
		at := -1
		if v.Err != nil {
			at = v.Err.At
		}
		if at != c.at || v.Decode() != c.decoded {
			t.Errorf("%q: %q, %v; want %q, %d", c.in, v.Decode(), v.Err, c.decoded, c.at)
		}
	}
}

// FuzzGrammars: an error points into the value, and a list that fits fits as
// well with an empty element before and after it.
func FuzzGrammars(f *testing.F) {
	f.Add(`a;b="c,d", <e>; f=g, 1.1 h (i)`)
	f.Add("text/html;q=0.5, de-CH, for=x")
	f.Fuzz(func(t *testing.T, s string) {
		for name, check := range checks {
			err := check(s)
			if err != nil {
				if err.At < 0 || err.At > len(s) || err.What == "" {
					t.Fatalf("%s %q: %v", name, s, err)
				}
				continue
			}
			if !slices.Contains(lists, name) {
				continue
			}
			if err := check(", " + s); err != nil {
				t.Fatalf("%s %q fits, but not after an empty element: %v", name, s, err)
			}
		}
	})
}

// FuzzExtValue: what parses encodes what it decodes to, and errors point into the value.
func FuzzExtValue(f *testing.F) {
	f.Add("UTF-8'en'a%20b")
	f.Fuzz(func(t *testing.T, s string) {
		v := field.ParseExtValue(s)
		if v.Err != nil {
			if v.Err.At < 0 || v.Err.At > len(s) {
				t.Fatalf("%q: %v", s, v.Err)
			}
			return
		}
		if v.Charset+"'"+v.Language+"'"+v.Encoded != s || len(v.Decode()) > len(v.Encoded) {
			t.Fatalf("%q: %+v", s, v)
		}
	})
}
