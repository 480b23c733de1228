package field_test

import (
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestCheckOrigin(t *testing.T) {
	for _, good := range []string{
		"null", "https://shop.example", "http://localhost:3000", "https://my_host.example.", "http://[::1]:8080", "http://[2001:db8::1]",
		"chrome-extension://abcdefgh", "file://", "capacitor://localhost", "https://xn--caf-dma.example",
	} {
		if err := field.CheckOrigin(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for in, at := range map[string]int{
		"": 0, "shop.example": 0, "https:shop.example": 5, "https://": 8, "https://shop.example/": 20, "https://Shop.example": 8, "HTTPS://shop.example": 0,
		"https://*.example": 8, `"https://shop.example"`: 0, "https://a@shop.example": 9, "https://shop.example:x": 21, "https://shop.example:": 21,
		"https://shop.example:70000": 21, "https://a, https://b": 9, "https://a https://b": 9, "*": 0, "Null": 0, "https://a?b": 9, "https://[::1]x": 13,
		"https://café.example": 11, "https://shop.example:80/": 23,
	} {
		if err := field.CheckOrigin(in); err == nil || err.At != at {
			t.Errorf("%q: %v, want byte %d", in, err, at)
		}
	}
}

// FuzzCheckOrigin: a URI parser finds the same origin for a page there.
func FuzzCheckOrigin(f *testing.F) {
	f.Add("https://shop.example:8080")
	f.Add("http://[::1]")
	f.Fuzz(func(t *testing.T, s string) {
		err := field.CheckOrigin(s)
		if err != nil {
			if err.At < 0 || err.At > len(s) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
			return
		}
		if u, _ := field.ParseURI(s + "/path?query"); u.Origin() != s || u.HasUserinfo || u.Path != "/path" {
			t.Fatalf("%q: %q", s, u.Origin())
		}
	})
}
