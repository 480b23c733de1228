package annotate_test

import (
	"strings"
	"testing"

	"sidenote/annotate"
)

func TestRefURL(t *testing.T) {
	for ref, want := range map[string]string{
		"RFC 9110 §15.5.2":               "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2",
		"RFC 7540 §8":                    "https://www.rfc-editor.org/rfc/rfc7540#section-8",
		"RFC 9112 §B.1":                  "https://www.rfc-editor.org/rfc/rfc9112#appendix-B.1",
		"RFC 8288":                       "https://www.rfc-editor.org/rfc/rfc8288",
		"RFC 6265bis §4.1":               "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis",
		"Fetch §4.8":                     "https://fetch.spec.whatwg.org/",
		"Fetch Metadata §2":              "https://www.w3.org/TR/fetch-metadata/",
		"CWE-601":                        "https://cwe.mitre.org/data/definitions/601.html",
		"Clear Site Data §3.1":           "https://www.w3.org/TR/clear-site-data/",
		"draft-ietf-httpbis-incremental": "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-incremental",
		"draft-cutler-x-01 §2.3":         "https://datatracker.ietf.org/doc/html/draft-cutler-x-01",
		"custom":                         "", "Fetch 4.8": "", "Fetch, HTTP responses": "", "practice": "", "HTMLx": "", "": "",
	} {
		if got := annotate.RefURL(ref); got != want {
			t.Errorf("%q: %s, want %s", ref, got, want)
		}
	}
	for _, s := range annotate.Statuses() {
		for _, r := range s.Refs {
			if strings.HasPrefix(r, "RFC ") && annotate.RefURL(r) == "" {
				t.Errorf("%d: %q has no address", s.Code, r)
			}
		}
	}
}
