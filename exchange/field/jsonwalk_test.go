package field_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestDuplicateJSONKey(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"b":2}`:                       "",
		`{"a":1,"a":2}`:                       `"a"`,
		`{"a":{"a":1},"b":[{"a":1},{"a":2}]}`: "",
		`[{"x":{"y":1,"z":"y","y":[]}}]`:      `"y"`,
		`{"a":1,"\u0061":2}`:                  `"\u0061"`,
		`{"a":"a","b":["a","a"]}`:             "",
		`{"a" : {} , "b":{}, "a"	:0}`:         `"a"`,
		strings.Repeat("[", 100) + `{"a":1,"a":2}` + strings.Repeat("]", 100): "",
		`null`: "",
	} {
		start, end, ok := field.DuplicateJSONKey([]byte(in))
		if got := in[start:end]; got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", in, got, ok)
		}
	}
}

func TestLossyJSONInteger(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":9007199254740991}`:                          "",
		`{"a":9007199254740993}`:                          "9007199254740993",
		`{"a":-9007199254740993}`:                         "-9007199254740993",
		`[9007199254740994,1e400,1.00000000000000000001]`: "",
		`"9007199254740993"`:                              "",
		`[10000000000000000000000]`:                       "",
		`[10000000000000000000001]`:                       "10000000000000000000001",
		`[18446744073709551615]`:                          "18446744073709551615",
		`[9223372036854775807]`:                           "9223372036854775807",
	} {
		start, end, ok := field.LossyJSONInteger([]byte(in))
		if got := in[start:end]; got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", in, got, ok)
		}
	}
}

// FuzzJSONWalk: where no name is repeated, decoding and encoding keeps the
// number of members of the outermost object; what is found is where it is said
// to.
func FuzzJSONWalk(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"a":90071992547409931}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			field.DuplicateJSONKey(b)
			field.LossyJSONInteger(b)
			return
		}
		start, end, found := field.DuplicateJSONKey(b)
		if found && !json.Valid(b[start:end]) {
			t.Fatalf("%q: %q", b, b[start:end])
		}
		if start, end, ok := field.LossyJSONInteger(b); ok && !json.Valid(b[start:end]) {
			t.Fatalf("%q: %q", b, b[start:end])
		}
		var object map[string]json.RawMessage
		if found || json.Unmarshal(b, &object) != nil {
			return
		}
		n := 0
		for range field.JSONMembers(b) {
			n++
		}
		if n < 200 && n != len(object) && strings.Count(string(b), "{") < 10 && strings.Count(string(b), "[") < 10 {
			t.Fatalf("%q: %d members, %d different", b, n, len(object))
		}
	})
}
