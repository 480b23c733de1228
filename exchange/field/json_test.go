package field_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestCheckJSON(t *testing.T) {
	for in, want := range map[string]int{
		`{"a":1}`:                          -1,
		` 1 `:                              -1,
		`"x"`:                              -1,
		strings.Repeat("[", 20000):         -1, // too deep to be judged
		`{"a":1,}`:                         7,
		`{"a":1`:                           6,
		`{'a':1}`:                          1,
		`{"a":NaN}`:                        5,
		`<html>`:                           0,
		`{"a":1}{"b":2}`:                   7,
		``:                                 0,
		"{\"a\":\"line\nbreak\"}":          10,
		`{"a":"\x"}`:                       7,
		`undefined`:                        0,
		`[1,2] trailing`:                   6,
		"\xef\xbb\xbf{}":                   0,
		`{"deep":[[[[[{"x":tru}]]]]]}`:     21,
		`{"a":01}`:                         6,
		`{"a" 1}`:                          5,
		"{\"a\":\"\xff is no UTF-8\"}":     -1,
		`callback({"a":1})`:                0,
		`{"a":1 /* comment */}`:            7,
		`{"a":"unterminated`:               18,
		`{"a":1}` + "\x00":                 7,
		`{"a":1}` + strings.Repeat(" ", 9): -1,
	} {
		got := -1
		err := field.CheckJSON([]byte(in))
		if err != nil {
			got = err.At
		}
		if got != want {
			t.Errorf("%.40q: error at %d (%v), want %d", in, got, err, want)
		}
	}
}

func TestCheckJSONSpeaksPlainly(t *testing.T) {
	for in, want := range map[string]string{
		`{a:1}`: "invalid character 'a' where a name in double quotes should begin", `[,]`: "invalid character ',' where a value should begin",
		`{"a":1 "b"`: "invalid character '\"' where a comma or } should follow", `[1 2]`: "invalid character '2' where a comma or ] should follow",
		`{"a" 1}`: "invalid character '1' where a colon should follow", `{}x`: "invalid character 'x' after the end of the JSON",
	} {
		if err := field.CheckJSON([]byte(in)); err == nil || err.What != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}

func TestJSONValues(t *testing.T) {
	for _, c := range []struct {
		in string
		n  int
		ok bool
	}{
		{"{\"a\":1}\n{\"b\":2}\n", 2, true},
		{`1 2 3`, 3, true},
		{`{"a":1}}`, 1, false},
		{`{"a":1} trailing`, 1, false},
		{``, 0, true},
		{strings.Repeat("1 ", 100), 100, true},
		{`1,2`, 1, false},
		{`{"a":[1]}{"b":2}"x""y"[3]`, 5, true},
		{`nullnull`, 0, false},
		{`}`, 0, false},
	} {
		if n, ok := field.JSONValues([]byte(c.in)); n != c.n || ok != c.ok {
			t.Errorf("%q: %d %v, want %d %v", c.in, n, ok, c.n, c.ok)
		}
	}
}

func TestJSONMembers(t *testing.T) {
	const in = ` { "status" : 404 ,"a\"b":{"status":[1,{"x":"}"}]}, "n":null,"l":[ ] ,"stat\u0075s":"x"} `
	got := ""
	for m := range field.JSONMembers([]byte(in)) {
		if in[m.At:m.At+len(m.Value)] != string(m.Value) {
			t.Errorf("%s is at %q", m.Value, in[m.At:m.At+len(m.Value)])
		}
		if m.Is("status") {
			got += "status"
		}
		got += "=" + string(m.Value) + " "
	}
	if want := `status=404 ={"status":[1,{"x":"}"}]} =null =[ ] status="x" `; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, in := range []string{"", "{}", "[1]", `"x"`, "1", " { } ", `{"a":}`, `{"a\`, `{"a" 1}`, `{"a":`} {
		for m := range field.JSONMembers([]byte(in)) {
			t.Errorf("%q: member %s", in, m.Key)
		}
	}
	for in, want := range map[string]string{`{"a":1,"b`: `"a"1 `, `{"a":1 "b":2}`: `"a"1 `, `{"a":"`: `"a"" `, `{"a":{"b":[`: `"a"{"b":[ `} {
		got := ""
		for m := range field.JSONMembers([]byte(in)) {
			got += string(m.Key) + string(m.Value) + " "
		}
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestJSONMemberIsEmpty(t *testing.T) {
	for value, want := range map[string]bool{
		`null`: true, `false`: true, `0`: true, `0.0`: true, `-0`: true, `0e9`: true, `""`: true, `[]`: true, `{ }`: true, "[\n]": true,
		`true`: false, `1`: false, `0.1`: false, `" "`: false, `[0]`: false, `{"a":0}`: false,
	} {
		if got := (field.JSONMember{Value: []byte(value)}).IsEmpty(); got != want {
			t.Errorf("%s: empty %v", value, got)
		}
	}
}

func TestJSONElements(t *testing.T) {
	for in, want := range map[string]string{
		`[1, "a,b" ,{"c":[2,3]},[],null ]`: `1|"a,b"|{"c":[2,3]}|[]|null|`,
		`[]`:                               "", ` [ ] `: "", `{}`: "", ``: "", `[`: "", `[1,`: "1|", `[,1]`: "", `[1 2]`: "1|", `[{"a":`: `{"a":|`,
	} {
		got := ""
		for e := range field.JSONElements([]byte(in)) {
			got += string(e) + "|"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestJSONDoesNotAllocate(t *testing.T) {
	b := []byte(`{"status":404,"title":"x"}`)
	n := testing.AllocsPerRun(100, func() {
		if field.CheckJSON(b) != nil {
			t.Fail()
		}
		for m := range field.JSONMembers(b) {
			if m.Is("detail") {
				t.Fail()
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzJSONMembers: the members are those that encoding/json finds, the last of
// a name winning in both.
func FuzzJSONMembers(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":[2]},"a":"x"}`))
	f.Add([]byte(`{"a":}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := map[string]string{}
		for m := range field.JSONMembers(b) {
			var name string
			_ = json.Unmarshal(m.Key, &name)
			m.IsEmpty()
			m.Integer()
			if m.At < 0 || m.End() > len(b) || !bytes.Equal(b[m.At:m.End()], m.Value) {
				t.Fatalf("%q: member %+v", b, m)
			}
			got[name] = string(m.Value)
		}
		err := field.CheckJSON(b)
		if err != nil && (err.At < 0 || err.At > len(b)) {
			t.Fatalf("%q: error at %d", b, err.At)
		}
		if n, ok := field.JSONValues(b); json.Valid(b) && (n != 1 || !ok) {
			t.Fatalf("%q: %d values, %v", b, n, ok)
		}
		want := map[string]json.RawMessage{}
		if !json.Valid(b) || json.Unmarshal(b, &want) != nil {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d members, want %d", b, len(got), len(want))
		}
		for name, v := range want {
			if !bytes.Equal([]byte(got[name]), v) {
				t.Fatalf("%q: %q is %q, want %q", b, name, got[name], v)
			}
		}
	})
}
