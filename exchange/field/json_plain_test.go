package field_test

import (
	"encoding/json"
	"testing"

	"sidenote/exchange/field"
)

var plainJSON = []string{
	`{}`, `[]`, ` {"a":1,"b":[true,false,null,-0.5,"x\n\\"],"c":{"a":{},"b":[{"a":1},{"a":2}]},"d":{}} `,
	`0`, `"s"`, `[[],[{}],{"a":[]}]`, "[1 ,\n2]",
}

func TestIsPlainJSON(t *testing.T) {
	for _, s := range plainJSON {
		if !field.IsPlainJSON([]byte(s)) {
			t.Errorf("%s is plain JSON", s)
		}
	}
	for _, s := range []string{
		``, ` `, `{`, `}`, `[`, `]`, `[1`, `[1,]`, `[,1]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1]`, `[1}`, `01`, `-`, `1.`,
		`tru`, `"a`, "\"\n\"", `"\x"`, `{} {}`, `1 2`, `[1 2]`, `{"a" 1}`, `,`, `{]`, `[}`,
		`{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"\u0061":1}`, `1234567890123456`,
	} {
		if field.IsPlainJSON([]byte(s)) {
			t.Errorf("%s is not plain JSON", s)
		}
	}
}

func FuzzIsPlainJSON(f *testing.F) {
	for _, s := range plainJSON {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !field.IsPlainJSON(b) {
			return
		}
		if !json.Valid(b) {
			t.Errorf("%q is taken for JSON", b)
		}
		if _, _, found := field.DuplicateJSONKey(b); found {
			t.Errorf("%q has a name twice", b)
		}
		if _, _, found := field.LossyJSONInteger(b); found {
			t.Errorf("%q has a number that changes", b)
		}
	})
}
