package inspector

import (
	"strings"
	"testing"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink/store"
)

func TestLongContentSaysWhatItsFormCovers(t *testing.T) {
	var m exchange.Message
	m.Content.Kept = []byte("x" + strings.Repeat("€", 2_000_000)) // so that every bound is within a character
	m.Content.Size = int64(len(m.Content.Kept))
	for name, of := range map[string]int{"raw": 0, "decoded": 0, "pretty": 4 << 20, "hex": 1 << 20} {
		f, wrong := formed(&m, name)
		if wrong != "" || f.of != of {
			t.Errorf("%s: of %d octets, want %d; %s", name, f.of, of, wrong)
		}
		if !utf8.Valid(f.body) || strings.Contains(string(f.body), "\u00e2") { // the first octet of the character, read as a letter
			t.Errorf("%s: a character is cut", name)
		}
	}
	m.Content.Kept = m.Content.Kept[:100]
	if f, _ := formed(&m, "pretty"); f.of != 0 || !strings.HasSuffix(string(f.body), "€") {
		t.Errorf("the kept beginning of a content is %q, of %d octets", f.body, f.of)
	}
}

// TestRowsAreCheap bounds what a row of the list takes from the heap: pages
// that follow ask for dozens of them at a time.
func TestRowsAreCheap(t *testing.T) {
	x, err := exchange.ParseText("> GET /v1/cart/17 HTTP/1.1\n> Host: shop.test\n> User-Agent: curl/8.9.1\n>\n< HTTP/1.1 200 OK\n< Content-Type: text/plain\n<\n< hello\n")
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(store.Options{})
	e, ok, _ := s.Get(s.Add(&annotate.Annotated{X: x}, store.Live))
	if !ok {
		t.Fatal("it is not in the store")
	}
	i := New(Options{Store: s, Redact: exchange.NewRedactor(nil)})
	defer i.Close()
	if n := testing.AllocsPerRun(100, func() { i.rowOf(&e) }); n > 4 {
		t.Errorf("a row takes %v pieces of the heap", n)
	}
}
