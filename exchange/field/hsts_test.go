package field_test

import (
	"fmt"
	"testing"

	"sidenote/exchange/field"
)

func TestParseHSTS(t *testing.T) {
	for in, want := range map[string]string{
		"max-age=31536000": "31536000 true false false",
		`MAX-AGE="60" ; includesubdomains;; preload; `: "60 true true true",
		"includeSubDomains":                            "0 false true false",
		"max-age=60; x=y; z":                           "60 true false false",
		"max-age=60; max-age=70":                       `60 true false false, "max-age=70" twice`,
		"max-age=60; x; X":                             `60 true false false, "X" twice`,
		"":                                             "0 false false false, want max-age at byte 1",
		";":                                            "0 false false false, want max-age at byte 2",
		"max-age=1y":                                   "0 true false false, want digits as max-age at byte 9",
		"max-age=":                                     "0 true false false, want a token or a quoted string as the directive's value at byte 9",
		"max-age=60, includeSubDomains":                "0 true false false, want a token or a quoted string as the directive's value at byte 11",
		"max-age=60; includeSubDomains=1":              "60 true true false, includeSubDomains takes no value at byte 31",
		"max-age=60 includeSubDomains":                 "0 true false false, want a token or a quoted string as the directive's value at byte 11",
		"includeSubDomains max-age=60":                 `0 false false false, want ";" after a directive at byte 18`,
		`max-age="60`:                                  "0 true false false, want a token or a quoted string as the directive's value at byte 9",
	} {
		h := field.ParseHSTS(in)
		got := fmt.Sprint(h.MaxAge, h.HasMaxAge, h.IncludeSubDomains, h.Preload)
		if h.Duplicate.Text != "" {
			got += fmt.Sprintf(", %q twice", h.Duplicate.Text)
		}
		if h.Err != nil {
			got += ", " + h.Err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// FuzzHSTS: offsets are within the text, and empty directives change nothing.
func FuzzHSTS(f *testing.F) {
	f.Add("max-age=31536000; includeSubDomains")
	f.Add(`max-age="60";;x=y`)
	f.Fuzz(func(t *testing.T, s string) {
		h := field.ParseHSTS(s)
		if h.Err != nil {
			if h.Err.At < 0 || h.Err.At > len(s) {
				t.Fatalf("%q: %v", s, h.Err)
			}
			return
		}
		if s[h.MaxAgeAt.At:h.MaxAgeAt.End()] != h.MaxAgeAt.Text || s[h.Duplicate.At:h.Duplicate.End()] != h.Duplicate.Text {
			t.Fatalf("%q: %+v", s, h)
		}
		g := field.ParseHSTS("; ;" + s + ";")
		if g.Err != nil || g.MaxAge != h.MaxAge || g.HasMaxAge != h.HasMaxAge || g.Preload != h.Preload || g.IncludeSubDomains != h.IncludeSubDomains || g.Duplicate.Text != h.Duplicate.Text {
			t.Fatalf("%q: %+v, with empty directives %+v", s, h, g)
		}
	})
}
