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
		if got := string(pretty("application/json; charset=utf-8", []byte(c.in))); got != c.want {
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

func TestPartsAreSetOut(t *testing.T) {
	const whole = "--x\r\nContent-Disposition: form-data; name=\"who\"\r\n\r\nAda\r\n--x\r\nContent-Type: image/png\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n\x89PNG\x00\r\n--x--\r\n"
	const first = "-- part 1\nContent-Disposition: form-data; name=\"who\"\n\nAda\n"
	const second = "\n-- part 2\nContent-Disposition: form-data; name=\"f\"\nContent-Type: image/png\n\n"
	for _, c := range []struct{ in, want string }{
		{whole, first + second + "(5 bytes that are not text)\n"},
		{whole[:len(whole)-10], first + second + "(4 bytes that are not text)\n-- this part is cut off\n"},
		{whole[:53], "-- part 1\nContent-Disposition: form-data; name=\"who\"\n\nAd\n-- this part is cut off\n"},
		{"no parts", "-- it ends before its last boundary\n"},
	} {
		if got := string(pretty("multipart/form-data; boundary=x", []byte(c.in))); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	many := strings.Repeat("--x\r\n\r\n\r\n", 2*mostParts)
	if got := string(pretty("multipart/mixed; boundary=x", []byte(many))); !strings.HasSuffix(got, "-- more parts follow\n") || strings.Count(got, "-- part") != mostParts {
		t.Errorf("of many parts: %.300s", got)
	}
}
