package sink_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"sidenote/sink"
)

func TestTornLastRecordIsRepaired(t *testing.T) {
	const whole = `{"time":"2026-05-01T12:00:00Z","a":"b c"}`
	long := `{"a":"` + strings.Repeat("x", 200<<10)
	for _, c := range []struct{ what, before, want, said string }{
		{"a whole file", whole + "\n" + whole + "\n", whole + "\n" + whole + "\n", ""},
		{"an empty file", "", "", ""},
		{"a torn record", whole + "\n" + whole[:20], whole + "\n", "of 20 bytes"},
		{"nothing but a torn record", whole[:1], "", "of 1 byte"},
		{"a long torn record", whole + "\n" + long, whole + "\n", "removed it"},
		{"zeros, as some file systems leave", whole + "\n" + strings.Repeat("\x00", 4096), whole + "\n", "removed it"},
		{"a whole record without its end", whole + "\n" + whole, whole + "\n" + whole + "\n", "added one"},
		{"a line that is none of ours", "notes\nbuy milk", "notes\nbuy milk\n", "added one"},
	} {
		name := filepath.Join(t.TempDir(), "log.jsonl")
		if err := os.WriteFile(name, []byte(c.before), 0o600); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		l, err := sink.OpenLogFile(name, "--save", sink.LogFileOptions{Log: zerolog.New(&said)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Write([]byte("{}\n")); err != nil {
			t.Error(err)
		}
		l.Close()
		got, err := os.ReadFile(name)
		if err != nil || string(got) != c.want+"{}\n" {
			t.Errorf("%s: %d bytes, want %d: %.80q (%v)", c.what, len(got), len(c.want)+3, got, err)
		}
		if text := said.String(); c.said == "" && text != "" || strings.Count(text, "\n") > 1 || !strings.Contains(text, c.said) {
			t.Errorf("%s: said %q", c.what, text)
		}
	}
}

func TestPipesAreNotRepaired(t *testing.T) {
	l, err := sink.OpenLogFile(os.DevNull, "--log-file", sink.LogFileOptions{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
