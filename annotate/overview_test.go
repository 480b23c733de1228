package annotate

import (
	"testing"

	"sidenote/exchange"
)

func overviewIn(t *testing.T, request string) Overview {
	t.Helper()
	x, err := exchange.ParseText("> GET / HTTP/1.1\n" + request + ">\n< HTTP/1.1 204 No Content\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	p := Pass{X: x}
	return *p.RequestOverview()
}

func TestOverview(t *testing.T) {
	for _, c := range []struct {
		lines  string
		octets Octets
		odd    Odd
	}{
		{"> Host: a\n", 0, 0},
		{"> Host:a\n", 0, 0},
		{"> Host:\n", 0, 0},
		{"", 0, 0},
		{"> Host: a, 'b' \\\\ * @\n", HasComma | HasApostrophe | HasBackslash | HasStar | HasAt, 0},
		{"> X-A: a\\x01\n", HasControl, 0},
		{"> X-A: a\\tb\n", 0, 0},
		{"> X-A: \\xc3\\xa4\n", HasHigh, 0},
		{"> Host : a\n", 0, OddLine},
		{"> Host :a\n", 0, OddLine},
		{"> Host:  a\n", 0, OddLine},
		{"> Host: a\\nX: b\n", 0, OddLine},
		{"> Host: a\n>  b\n", 0, OddLine},
		{"> Host\n", 0, OddLine},
		{"> X(a): b\n", 0, OddName},
		{"> Host: a\n> Host: a\n", 0, OddRepeat},
		{"> X-Unknown: a\n> X-Unknown: a\n", 0, 0},
	} {
		if o := overviewIn(t, c.lines); o.Octets != c.octets || o.Odd != c.odd {
			t.Errorf("%q: bytes %b, odd %b; want %b, %b", c.lines, o.Octets, o.Odd, c.octets, c.odd)
		}
	}
	if o := overviewIn(t, "> Host: abc\n> A: b\n"); o.Size != 9 || o.Longest != 7 {
		t.Errorf("size %d, longest %d", o.Size, o.Longest)
	}
}

func BenchmarkOverview(b *testing.B) {
	x, err := exchange.ParseText("> GET / HTTP/1.1\n> Host: shop.test\n> User-Agent: shop-client/1.2\n> Accept: application/json\n> Accept-Encoding: gzip\n> Authorization: Bearer abc\n> Content-Type: application/json\n> Content-Length: 24\n> Idempotency-Key: \"8e03978e-40d5-43dd\"\n>\n< HTTP/1.1 204 No Content\n<\n")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		overviewOf(&x.Request.Message)
	}
}
