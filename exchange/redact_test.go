package exchange_test

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sidenote/exchange"
)

func redactor() *exchange.Redactor { return exchange.NewRedactor([]byte("a key")) }

// secretExchange has a secret in every place that redaction knows; each
// contains the word hunter, and nothing else does.
const secretExchange = `* scheme https
* authority us:hunter0@shop.test
* error tls_failed "dial https://us:hunter0@shop.test/?token=hunter1 failed"
* changed annotated
> POST http://us:hunter0@shop.test/login?a=1&token=hunter1&x[pass%77ord]=hunter2;sig=hunter3 HTTP/1.1
> Host: shop.test
> Authorization: Bearer hunter4
> Proxy-Authorization:   Basic aHVudGVyOmh1bnRlcg==hunter
> Cookie: sid=hunter5; theme="hunter6"; empty=; hunter7
> x-company-api-key:hunter8
> X-Vault-Token: hunter9
> Referer: https://shop.test/?code=hunter10#frag
> X-Folded: plain
>  and plain
> cookie: a=b;
>  c=hunter11
> Content-Type: application/x-www-form-urlencoded
>
> user=ann&password=hunter12&Client_Secret=hunter13+more&n=1
< HTTP/1.1 200 OK
< Set-Cookie: sid=hunter14; Path=/; HttpOnly
< Set-Cookie: gone=; Max-Age=0
< Location: //us:hunter15@x.test/cb#access_token=hunter16&state=1
< Link: <https://x.test/?sig=hunter17>; rel="next", <https://x.test/?api_key=hunter18>; rel=prev
< Refresh: 0; url=/next?apikey=hunter19
< Content-Type: application/problem+json; charset=utf-8
<
< {"access_token": "hunter20", "nested": [{"pass\\u0077ord" : "hun\\"ter hunter21"}], "pin": 1, "password": 12345678, "code": "kept", "id_token": "hunter22
<~ X-Auth-Token: hunter23
`

func TestRedactRemovesEverySecret(t *testing.T) {
	x := mustParse(t, secretExchange)
	before := x.Format()
	y := redactor().Redact(x, true)
	if x.Format() != before {
		t.Error("the exchange itself was changed")
	}
	for form, text := range map[string]string{
		"text": y.Format(),
		"json": string(y.AppendJSON(nil, exchange.EncodeOptions{Full: true})),
		"raw":  y.Request.RawHead + y.Response.RawHead + string(y.Request.Content.Kept) + string(y.Response.Content.Kept),
	} {
		for _, secret := range []string{"hunter", "12345678", "aHVudGVyOmh1bnRlcg"} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s shows ...%s", form, text[max(0, i-60):min(len(text), i+20)])
			}
		}
	}
	if got := y.Request.Fields.Value(exchange.FieldAuthorization); got != "Bearer "+strings.TrimPrefix(got, "Bearer ") || !exchange.IsRedacted(got) {
		t.Errorf("Authorization %q", got)
	}
	if y.Request.Content.SHA256.String()+y.Response.Content.SHA256.String() != "" {
		t.Error("the digest of secret content is shown")
	}
	checkKept(t, y)
	if _, f := exchange.ParseHead(y.Request.RawHead); f.Len() != x.Request.Fields.Len() {
		t.Errorf("%d field lines in the raw head, not %d", f.Len(), x.Request.Fields.Len())
	}
	if again := redactor().Redact(y, true); again.Format() != y.Format() {
		t.Error("redacting twice changes more")
	}
}

func checkKept(t *testing.T, y *exchange.Exchange) {
	t.Helper()
	text := y.Format()
	for _, want := range []string{
		"?a=1&token=[redacted:", "> Host: shop.test", "> Cookie: sid=[redacted:", "; empty=; [redacted:",
		"> x-company-api-key: [redacted:", ">  and plain", "user=ann&password=[redacted:", "&n=1",
		"]; Path=/; HttpOnly", "< Set-Cookie: gone=; Max-Age=0", "&state=1", `>; rel="next", <https://x.test/?api_key=[redacted:`,
		`"code": "kept"`, `"pin": 1`, "#frag",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not there:\n%s", want, text)
		}
	}
}

func TestEqualSecretsLookEqual(t *testing.T) {
	show := func(r *exchange.Redactor, target string) string { return r.URI(target) }
	a, b := redactor(), exchange.NewRedactor(nil)
	if first, again := show(a, "/?token=one"), show(a, "/?token=one"); first != again || first == show(a, "/?token=two") {
		t.Error("equality is lost")
	}
	if show(a, "/?token=one") == show(b, "/?token=one") {
		t.Error("the fingerprint does not depend on the key")
	}
	if got, want := show(a, "/?token=one"), show(exchange.NewRedactor([]byte("a key")), "/?token=one"); got != want {
		t.Errorf("same key, %q and %q", got, want)
	}
}

func TestNothingToRedact(t *testing.T) {
	r := redactor()
	for _, text := range []string{typical, textCases[1],
		"> GET /?page=2&q=a@b HTTP/1.1\n> Accept: text/html;q=0.9\n> Sec-WebSocket-Key: abc\n> Idempotency-Key: 1\n> Authorization: Negotiate\n> Cookie: a=\n>\n",
		"> POST / HTTP/1.1\n> Content-Type: application/json\n>\n> {\"a\": null, \"token\": null, \"key\": \"v\", \"password\": {}}\n",
	} {
		x := mustParse(t, text)
		if y := r.Redact(x, true); y != x {
			t.Errorf("redacted without need:\n%s", y.Format())
		}
	}
	var none *exchange.Redactor
	x := mustParse(t, secretExchange)
	if none.Redact(x, true) != x || none.URI("/?token=x") != "/?token=x" || none.Scrub(x, "hunter1") != "hunter1" {
		t.Error("a nil redactor must show everything")
	}
}

// A field that is added to the record must be copied by Redact too.
func TestRedactKeepsEveryField(t *testing.T) {
	x := mustParse(t, full)
	x.Source = exchange.Source{File: "f", Entry: 1}
	x.Trace = exchange.Trace{ID: exchange.TraceID{1}, Parent: exchange.SpanID{2}, Span: exchange.SpanID{3}, Sent: exchange.SpanID{4}, Sampled: true}
	x.Origin.Proxy = "p:1"
	x.Response.Made, x.Response.At, x.Response.Reason = true, 5, "r"
	x.Response.Content.Truncated, x.Response.Content.Complete = true, true
	x.Changed = 3
	x.WindowStalls = []exchange.WindowStall{{By: exchange.WindowOfClient, Connection: true, At: 1, Total: 2, Times: 3, Open: true}}
	requireNoZero(t, reflect.ValueOf(x).Elem(), "Exchange")
	x.Request.Fields.Add("X-API-Key", "secret")
	y := redactor().Redact(x, true)
	if y == x {
		t.Fatal("nothing was redacted")
	}
	if d := cmp.Diff(x, y, sameExchange, cmp.FilterPath(func(p cmp.Path) bool {
		s := p.String()
		return s == "Request.Message.Fields" || s == "Request.Message.RawHead"
	}, cmp.Ignore())); d != "" {
		t.Error(d)
	}
}

// requireNoZero makes sure that the example sets every field that matters.
func requireNoZero(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		if v.Field(i).IsZero() && path == "Exchange" {
			t.Errorf("%s.%s is zero in the example of this test", path, f.Name)
		}
	}
}

func TestCodedContentWithSecretsIsLeftOut(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(`{"token":"hunter"}`))
	_ = w.Close()
	x := mustParse(t, "> GET / HTTP/1.1\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n< Content-Encoding: gzip\n<\n")
	x.Response.Content.Kept, x.Response.Content.Size = z.Bytes(), int64(z.Len())
	r := redactor()
	if r.Redact(x, false) != x {
		t.Error("response content was looked at without being asked to")
	}
	y := r.Redact(x, true)
	if y == x || y.Response.Content.Kept != nil || !y.Response.Content.Truncated || y.Response.Content.Size != int64(z.Len()) {
		t.Errorf("%+v", y.Response.Content.Kept)
	}
}

func TestScrub(t *testing.T) {
	x := mustParse(t, `> GET /?token=abc%2Fdefgh&page=12345 HTTP/1.1
> Authorization: Basic YW5uOnBhc3N3MHJk
> Cookie: sid=0123456789abcdef; on=true
>
`)
	r := redactor()
	for in, gone := range map[string]string{
		"the token abc%2Fdefgh":          "abc",
		"the token abc/defgh is wrong":   "defgh",
		"user ann has passw0rd":          "passw0rd",
		"credentials YW5uOnBhc3N3MHJk":   "YW5u",
		"cut 0123456789abcd... and more": "0123",
	} {
		if got := r.Scrub(x, in); strings.Contains(got, gone) || !exchange.IsRedacted(got) {
			t.Errorf("%q became %q", in, got)
		}
	}
	for _, same := range []string{"page 12345", "it is true", "", "0123"} {
		if got := r.Scrub(x, same); got != same {
			t.Errorf("%q became %q", same, got)
		}
	}
}

func TestScrubIsBounded(t *testing.T) {
	x := &exchange.Exchange{}
	x.Request.Fields.Add("Cookie", strings.Repeat("a=0123456789; ", 20_000))
	if got := redactor().Scrub(x, "text 0123456789"); strings.Contains(got, "0123") {
		t.Error(got)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(secretExchange, "hunter")
	for _, text := range textCases {
		f.Add(text, "secret")
	}
	f.Fuzz(func(t *testing.T, text, secret string) {
		x, err := exchange.ParseText(text)
		if err != nil || len(secret) < 6 || strings.ContainsAny(secret, "\r\n\t ;&#\"'<>\\@,/?[]") || strings.Contains(text, secret) {
			return
		}
		x.Request.Fields.Add("Authorization", "Bearer "+secret)
		x.Request.Fields.Add("Cookie", "a="+secret)
		x.Request.Target += "?token=" + secret
		x.Response.Fields.Add("set-cookie", "a="+secret+"; Path=/")
		x.Response.Fields.Add("Location", "http://a:"+secret+"@h/?sig="+secret)
		r := redactor()
		y := r.Redact(x, true)
		if out := y.Format(); strings.Contains(out, secret) {
			t.Fatalf("%q is shown:\n%s", secret, out)
		}
		if r.Redact(y, true) != y {
			t.Fatal("something was left to redact")
		}
		if out := r.Scrub(x, "it is "+secret); strings.Contains(out, secret) {
			t.Fatalf("%q", out)
		}
	})
}

func TestRestorerPutsSecretsBack(t *testing.T) {
	r := redactor()
	for _, text := range []string{
		"> GET /a?token=s3cret&page=2&sig=x%2Fy#f HTTP/1.1\n> Host: a.test\n> Authorization: Bearer abc.def\n> Cookie: a=1; b=\"two\"\n> X-Api-Key: k\n>\n",
		"> POST / HTTP/1.1\n> Host: a.test\n> Content-Type: application/json\n>\n> {\"password\":\"a\\\\\"}b\",\"pin_token\":1234,\"x\":[{\"access_token\" : \"ä\"}]}\n",
		"> POST / HTTP/1.1\n> Host: a.test\n> Content-Type: application/x-www-form-urlencoded\n>\n> password=p%26q&user=ada&token=t\n",
	} {
		x, err := exchange.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		shown, back := r.Redact(x, true), r.Restorer(x)
		for i, l := range shown.Request.Fields.All() {
			want := x.Request.Fields.At(i).Value
			if got, changed := back.Text(l.Value); got != want || changed != (l.Value != want) {
				t.Errorf("%s: %q, want %q", l.Name, got, want)
			}
		}
		if got, _ := back.Text("see " + shown.Request.Target + " there"); got != "see "+x.Request.Target+" there" {
			t.Errorf("target: %q", got)
		}
		if got, _ := back.Text(string(shown.Request.Content.Kept)); got != string(x.Request.Content.Kept) {
			t.Errorf("content: %q, want %q", got, x.Request.Content.Kept)
		}
	}
	for _, text := range []string{"", "[redacted:", "[redacted:000000]", "[redacted:00000", "\"[redacted:000000]\"", "[redacted:[redacted:000000]"} {
		x, _ := exchange.ParseText("> GET / HTTP/1.1\n> X-Api-Key: k\n>\n")
		if got, changed := r.Restorer(x).Text(text); got != text || changed {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestSecretInSecret: a secret within another goes with it, and both come back.
func TestSecretInSecret(t *testing.T) {
	r := exchange.NewRedactor([]byte("key"))
	for _, target := range []string{
		"/login?token=//ann:pw@shop.test/&a=1",
		"/login?token=//ann&x:pw@shop.test/&a=1",
		"http://ann;token=x@shop.test/?key=k1&a=1",
	} {
		x := &exchange.Exchange{Scheme: "http"}
		x.Request.Target = target
		hidden := r.URI(target)
		for _, secret := range []string{"ann", "pw", "k1"} {
			if strings.Contains(hidden, secret) {
				t.Errorf("%q shows %q", hidden, secret)
			}
		}
		if got, ok := r.Restorer(x).Text(hidden); !ok || got != target {
			t.Errorf("%q comes back as %q", target, got)
		}
	}
}
