package rules_test

import "testing"

func TestInvalidJSONPlace(t *testing.T) {
	for content, want := range map[string][2]int{
		`{"a":1,}`:             {7, 8},
		`\xef\xbb\xbf{"a":1,}`: {10, 11},
		`<html>`:               {0, 1},
		`[1,`:                  {3, 3},
	} {
		text := "> GET /a HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n< " + content + "\n"
		found := false
		for _, n := range notesOver(t, allOn(t), text) {
			if n.Rule.ID == "content/body-invalid-json" {
				found = true
				if n.Place.Start != want[0] || n.Place.End != want[1] {
					t.Errorf("%s: bytes %d-%d, want %v", content, n.Place.Start, n.Place.End, want)
				}
			}
		}
		if !found {
			t.Errorf("%s: no note", content)
		}
	}
}

func TestProblemStatus(t *testing.T) {
	for content, want := range map[string]bool{
		`{"status":404}`:                        false,
		`{"status":400}`:                        true,
		`{"Status":400}`:                        false, // another member
		`{"st\u0061tus":400}`:                   true,
		`{"status":400,"status":404}`:           false, // parsers take the last
		`{"status":"400"}`:                      false,
		`{"status":404.0}`:                      false,
		`{"status":null}`:                       false,
		`[{"status":400}]`:                      false,
		`{"status":400`:                         false, // content/body-invalid-json
		`{"status":99999999999999999999999999}`: true,
		`{"problem":{"status":400},"x":[{"status":400}]}`: false,
	} {
		text := "> GET /a HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: Application/Problem+JSON; charset=utf-8\n<\n< " +
			replaceBackslash(content) + "\n"
		if got := fires(t, "content/problem-status-mismatch", text); got != want {
			t.Errorf("%s: %v", content, got)
		}
	}
}

// replaceBackslash escapes backslashes as the text form wants them.
func replaceBackslash(s string) string {
	b := []byte(nil)
	for i := range len(s) {
		if s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(b)
}
