package field_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestDelimiters(t *testing.T) {
	for in, want := range map[string]string{
		"--b\r\n\r\nx\r\n--b--\r\n":             "0-3 10-15closing",
		"preamble\r\n--b \r\n\r\n--bc\r\n--b--": "10-14 24-29closing",
		"--b\n\nx\n--b--\n":                     "0-3lf 7-12closinglf",
		"x--b\r\n":                              "",
		"":                                      "",
	} {
		var got []string
		for d := range field.Delimiters([]byte(in), "b") {
			s := fmt.Sprintf("%d-%d", d.At, d.End)
			if d.Closing {
				s += "closing"
			}
			if d.BareLF {
				s += "lf"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, want %q", in, s, want)
		}
	}
}

func TestBareLFInHeads(t *testing.T) {
	for in, want := range map[string]int{
		"--b\r\nA: b\r\n\r\nx\ny\r\n--b--\r\n": -1,
		"--b\r\nA: b\n\r\nx\r\n--b--\r\n":      9,
		"--b\n\nx\n--b--\n":                    3,
		"--b\r\n\nx\r\n--b--\r\n":              5,
		"no parts\n":                           -1,
	} {
		if got := field.BareLFInHeads([]byte(in), "b"); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

// FuzzDelimiters: each line is where it is said to, and turning all LF into
// CRLF leaves as many lines and none bare.
func FuzzDelimiters(f *testing.F) {
	f.Add([]byte("--b\r\nA: b\n\nx\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, last := 0, 0
		for d := range field.Delimiters(b, "b") {
			if d.At < last || !bytes.HasPrefix(b[d.At:d.End], []byte("--b")) {
				t.Fatalf("%q: %+v", b, d)
			}
			last = d.End
			n++
		}
		proper := bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		for d := range field.Delimiters(proper, "b") {
			if d.BareLF {
				t.Fatalf("%q: %+v", proper, d)
			}
			n--
		}
		if n != 0 || field.BareLFInHeads(proper, "b") >= 0 {
			t.Fatalf("%q: %d lines differ", b, n)
		}
	})
}
