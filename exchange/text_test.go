package exchange_test

import (
	"strings"
	"testing"

	"sidenote/exchange"
)

const full = `* id 7f3k
* run r1
* started 2026-01-02T03:04:05.000000006Z
* scheme https
* authority shop.test
* client peer=127.0.0.1:5000 tls=0x0304 alpn=h2 sni=shop.test
* origin peer=192.0.2.1:443 reused attempts=2 authority=shop.test:8443 closed tls=0x0303 cipher=0xc02f verify-error="self signed" weakness="CBC encryption" cert-subject="CN=shop test" cert-names="shop.test www.shop.test" cert-not-after=2026-12-01T00:00:00Z
* timing dns=1ms connect=2ms tls=3ms head-sent=4ms request-sent=5ms first-byte=6ms done=7ms
* tunnel sent=1 received=2 protocol=tls refused=2 refused-since=2026-01-02T03:04:05Z refused-until=2026-01-02T03:05:05Z
* error content_truncated "unexpected EOF"
* changed response-field-order annotated
> POST /a?b=c HTTP/1.1
> host: shop.test
> Content-Length: 3
>
> a\x00b
< HTTP/1.1 103 Early Hints
< Link: </a>; rel=preload
<
< HTTP/1.1 200
< X-Odd:\tq\x80\\ \x1b[31m
< x-twice: 1
< X-TWICE: 2
<
< line one
< HTTP/1.1 is mentioned
<
<~ Digest: abc
* content response size=99 truncated incomplete
>+ text number=1 at=2ms | a | b\\ \xff\n
<+ message number=3 at=3ms size=9 wire=14 parts=2 truncated compressed name=add id=7 code=1000 decoded="{\"1\":2}" fault="close-code-invalid 1006" fault=masked | 
* messages websocket sent=2 dropped=1 unread=4 client-fault=close-missing origin-fault="unfinished 2 of 5"
`

func TestTextRoundTrips(t *testing.T) {
	x, err := exchange.ParseText(full)
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Format(); got != full {
		t.Errorf("got:\n%s\nwant:\n%s", got, full)
	}
	if got := x.Response.Fields.At(0).Value; got != "q\x80\\ \x1b[31m" {
		t.Errorf("value %q", got)
	}
	if got, want := string(x.Response.Content.Kept), "line one\nHTTP/1.1 is mentioned\n"; got != want {
		t.Errorf("content %q, want %q", got, want)
	}
	if len(x.Interim) != 1 || x.Interim[0].Status != 103 {
		t.Errorf("interim %v", len(x.Interim))
	}
	if x.URL() != "https://shop.test/a?b=c" {
		t.Errorf("URL %q", x.URL())
	}
}

func TestTextSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "no message"},
		{"> GET\n>\n", "not a request line"},
		{"> GET / HTTP/1.1\n>\n< HTTP/1.1 20\n<\n", "not a status line"},
		{"x", "line 1: want a line that begins"},
		{"* nonsense 1\n", "unknown fact"},
		{"> GET / HTTP/1.1\n> a: \\q\n", "line 2: bad escape"},
	} {
		_, err := exchange.ParseText(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.in, err, c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(full)
	f.Add("> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 204 No Content\n<\n")
	f.Fuzz(func(t *testing.T, s string) {
		x, err := exchange.ParseText(s)
		if err != nil {
			return
		}
		once := x.Format()
		y, err := exchange.ParseText(once)
		if err != nil {
			t.Fatalf("cannot read back %q: %v", once, err)
		}
		if twice := y.Format(); twice != once {
			t.Fatalf("got %q, want %q", twice, once)
		}
	})
}
