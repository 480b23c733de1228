package diff_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"sidenote/annotate"
	"sidenote/diff"
	"sidenote/exchange"
)

// sideOf is a side of one exchange.
func sideOf(target, name, value, body string) *diff.Side {
	x := &exchange.Exchange{Scheme: "https", Authority: "a.test"}
	x.Request.Method, x.Request.Target = "GET", target
	x.Response.Status = 200
	x.Response.Fields.Add(name, value)
	x.Response.Fields.Add("Content-Type", "application/json")
	x.Response.Content = exchange.Content{Kept: []byte(body), Size: int64(len(body)), Complete: true}
	s := diff.NewSide()
	for range 5 {
		s.Add(&annotate.Annotated{X: x})
	}
	return s
}

// FuzzDiff compares two exchanges that may hold anything. Nothing of them can act
// on what shows the report.
func FuzzDiff(f *testing.F) {
	f.Add("/a/17?b=1", "x-a", "1", `{"a":[{"b":1}]}`, `{"a":[]}`)
	f.Add("/<script>|`@all`", "Set-Cookie", "a=b; Path=<b>", `{"<img src=x>":1,"\u001b[31m":"x"}`, `[null,{"|":"\n| x |"}]`)
	f.Add("//a b/%zz?%&=", "Location", "http://[::1%25]:99999/\x00", `{"a":{"1f2e3d4c5b":{}},"":""}`, ``)
	f.Add("/", "Cache-Control", ",,;=private", `{"a":`+strings.Repeat("[", 70)+strings.Repeat("]", 70)+`}`, `"x"`)
	f.Fuzz(func(t *testing.T, target, name, value, before, after string) {
		r := diff.Compare(sideOf(target, name, value, before), sideOf(target, name, "other", after))
		names := diff.Names{Before: target, After: value}
		var text, markdown, page, whole bytes.Buffer
		for _, err := range []error{r.WriteText(&text, names, false), r.WriteMarkdown(&markdown, names), r.WriteHTML(&page, names), r.WriteJSON(&whole, names)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, out := range []string{text.String(), markdown.String()} {
			if i := strings.IndexFunc(out, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
				t.Errorf("%q is printed", out[i:min(len(out), i+8)])
			}
		}
		if n := strings.Count(markdown.String(), "\n|"); n > 0 && n != len(r.Rows)+2 {
			t.Errorf("%d lines of a table for %d rows", n, len(r.Rows))
		}
		if s := strings.ToLower(page.String()); strings.Contains(s, "<script") || strings.Contains(s, "<img") {
			t.Error("the page has an element that came from outside")
		}
		if !json.Valid(whole.Bytes()) {
			t.Error("the JSON is none")
		}
		if same := diff.Compare(sideOf(target, name, value, before), sideOf(target, name, value, before)); len(same.Rows) > 0 {
			t.Errorf("equal runs differ: %+v", same.Rows)
		}
	})
}
