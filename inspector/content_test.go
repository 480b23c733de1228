package inspector

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestJSONThatIsCutIsSetOut(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"a":[1,{"b":"x, {y}"`, "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {y}\""},
		{`{"a":{},"b":[ ], "c":"q\"{`, "{\n  \"a\": {},\n  \"b\": [],\n  \"c\": \"q\\\"{"},
		{`{"a":"x\\","b":1`, "{\n  \"a\": \"x\\\\\",\n  \"b\": 1"},
		{`]]}{`, "\n]\n]\n}{"},
	} {
		if got := string(pretty("json", []byte(c.in))); got != c.want {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
	}
	whole := []byte(`{"a":[1,2,{"b":null,"c":[],"d":{}}],"e":"f\"\\"}`)
	var want bytes.Buffer
	if err := json.Indent(&want, whole, "", "  "); err != nil {
		t.Fatal(err)
	}
	if got := indentCut(whole); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("of what is whole: %s, want %s", got, want.Bytes())
	}
	if n := len(indentCut([]byte(strings.Repeat("[", 100_000)))); n > 100_000*2*(mostIndent+1) {
		t.Errorf("brackets make %d octets", n)
	}
}
