package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// again returns a text so many times.
func again(text string, times int) io.Reader {
	many := max(1, min(times, 1<<16/len(text)))
	return io.LimitReader(&endless{text: strings.Repeat(text, many)}, int64(len(text)*times))
}

// endless reads a text again and again.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// bombed is so many MiB of zeros in gzip.
func bombed(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, again("\x00", size<<20)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A capture is what is judged, and what has to come of it.
type capture struct {
	name  string
	parts []io.Reader
	exit  int
	want  string // in the output, or in what is said on stderr
	most  int64  // resident memory in MiB
}

func hostileCaptures(t *testing.T) []capture {
	text := func(s string) io.Reader { return strings.NewReader(s) }
	const (
		begin = `{"log":{"version":"1.2","entries":[`
		good  = `{"request":{"method":"GET","url":"http://good.test/"},"response":{"status":204}}`
		head  = `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"headers":[`
		long  = `{"request":{"method":"GET","url":"http://a.test/","headers":[`
		end   = `,` + good + `]}}`
	)
	usual := head + `{"name":"content-type","value":"text/plain"}],"content":{"size":1024,"text":"` + strings.Repeat("x", 1024) + `"}}},`
	bomb := base64.StdEncoding.EncodeToString(bombed(t, 100))
	coded := `{"name":"content-type","value":"application/json"},{"name":"content-encoding","value":"gzip"}],"content":{"encoding":"base64","text":"`
	return []capture{
		{"usual", []io.Reader{text(begin), again(usual, 5_000), text(good + `]}}`)}, 0, "-- 5001 exchanges", 64},
		{"a content of 100 MB", []io.Reader{text(begin + head + `],"content":{"text":"`), again("abcdefg ", 100<<17), text(`"}}}` + end)}, 0, "-- 2 exchanges", 100},
		{"a field of 100 MB", []io.Reader{text(begin + long + `{"name":"a","value":"`), again("abcdefg ", 100<<17), text(`"}]}}` + end)}, 0, "-- 2 exchanges", 100},
		{"a million fields", []io.Reader{text(begin + long), again(`{"name":"a","value":"b"},`, 1_000_000), text(`{}]}}` + end)}, 2, "more than 16384 header lines", 120},
		{"deep nesting", []io.Reader{text(begin + `{"x":`), again("[", 50<<20), again("]", 50<<20), text(`}` + end)}, 2, "entry 0, byte 36: the entry has more than 32 MiB", 120},
		{"deep nesting outside of the entries", []io.Reader{text(`{"x":`), again(`{"a":[`, 10<<20), again("]}", 10<<20), text(`,` + begin[1:] + good + `]}}`)}, 0, "-- 1 exchange:", 64},
		{"deep nesting in a content", []io.Reader{text(begin + head + `{"name":"content-type","value":"application/json"}],"content":{"text":"`), again("[", 8<<20), text(`"}}}` + end)}, 0, "-- 2 exchanges", 100},
		{"decompression bombs", []io.Reader{text(begin), again(head+coded+bomb+`"}}},`, 10), text(good + `]}}`)}, 0, "-- 11 exchanges", 120},
		{"white space", []io.Reader{text(begin), again(" ", 100<<20), text(good + `]}}`)}, 0, "-- 1 exchange:", 64},
		{"a million bad entries", []io.Reader{text(begin), again("7,", 1_000_000), text(good + `]}}`)}, 2, "-: 999990 more could not be read", 64},
		{"cut short", []io.Reader{text(begin), again(usual, 1000), text(head)}, 2, "entry 1000, byte 1193123: the file ends in the middle", 64},
		{"a record without an end", []io.Reader{text(`{"schema":"`), again("x", 100<<20)}, 2, "entry 0, byte 1: line 1: longer than 64 MiB", 220},
		{"a nested record", []io.Reader{text(`{"schema":"sidenote.exchange/1","x":`), again("[", 30<<20), text("\n")}, 2, "exceeded max depth", 150},
	}
}

// watchMemory measures the peak resident memory of a process, until the
// returned function is called. The system's count for an ended process does not
// work here, because it begins with the memory of this one.
func watchMemory(pid int) (peak func() int64) {
	stop, found := make(chan struct{}), make(chan int64)
	go func() {
		var most int64
		for {
			most = max(most, peakMemory(pid))
			select {
			case <-stop:
				found <- most
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() int64 { close(stop); return <-found }
}

// programWithoutRace returns a binary whose memory is its own: the race detector
// needs some for each octet.
func programWithoutRace(t *testing.T) string {
	t.Helper()
	if !raceEnabled {
		return program(t)
	}
	name := filepath.Join(t.TempDir(), "sidenote")
	if out, err := exec.Command("go", "build", "-o", name, "sidenote/cmd/sidenote").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return name
}

// TestLintOfHostileCaptures judges what wants to eat all memory.
func TestLintOfHostileCaptures(t *testing.T) {
	t.Parallel()
	lint := programWithoutRace(t)
	for _, c := range hostileCaptures(t) {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(lint, "lint", "-")
			cmd.Stdin = io.MultiReader(c.parts...)
			var both bytes.Buffer
			cmd.Stdout, cmd.Stderr = &both, &both
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			peak := watchMemory(cmd.Process.Pid)
			_ = cmd.Wait() // the exit code says it
			out := both.Bytes()
			said := fmt.Sprintf("%.300s ... %s", out, out[max(0, len(out)-300):])
			if code := cmd.ProcessState.ExitCode(); code != c.exit || !bytes.Contains(out, []byte(c.want)) {
				t.Errorf("exit %d, want %d with %q\n%s", code, c.exit, c.want, said)
			}
			if used := peak() >> 20; used > c.most || used == 0 {
				t.Errorf("it took %d MiB, want at most %d", used, c.most)
			} else {
				t.Logf("%d MiB", used)
			}
		})
	}
}
