package field_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestHTMLTags(t *testing.T) {
	const page = `<!DOCTYPE html><html><META http-equiv='X' content=a&amp;b><script src=/x.js>"<b>"</script><!-- <i> --><img src="y"/>`
	var got []string
	for tag := range field.HTMLTags([]byte(page)) {
		got = append(got, fmt.Sprint(tag.Name, tag.Attributes, page[tag.At:tag.At+2]))
	}
	want := "html[]<h meta[{http-equiv X} {content a&b}]<M script[{src /x.js}]<s img[{src y}]<i"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// FuzzHTMLTags: each tag begins with < where its offset says, in order.
func FuzzHTMLTags(f *testing.F) {
	f.Add([]byte(`<a b=c><script><d></script><e f="g">`))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := 0
		for tag := range field.HTMLTags(b) {
			if tag.At < last || tag.End > len(b) || b[tag.At] != '<' || !bytes.EqualFold(b[tag.At+1:tag.At+2], []byte(tag.Name[:1])) {
				t.Fatalf("%q: %+v after %d", b, tag, last)
			}
			last = tag.End
		}
	})
}
