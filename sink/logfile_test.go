package sink_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"sidenote/sink"
)

// openLog opens a log file in a folder of its own.
func openLog(t *testing.T, o sink.LogFileOptions) (l *sink.LogFile, name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "log.jsonl")
	return openLogAt(t, name, o), name
}

func openLogAt(t *testing.T, name string, o sink.LogFileOptions) *sink.LogFile {
	t.Helper()
	l, err := sink.OpenLogFile(name, "--log-file", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func line(t *testing.T, l *sink.LogFile, text string) {
	t.Helper()
	if n, err := l.Write([]byte(text + "\n")); err != nil || n != len(text)+1 {
		t.Fatal(n, err)
	}
}

// files returns the names beside a log file, it last.
func files(t *testing.T, name string) []string {
	t.Helper()
	all, err := filepath.Glob(strings.TrimSuffix(name, ".jsonl") + "*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLogFileBySize(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	l, name := openLog(t, sink.LogFileOptions{MaxSize: 10, Keep: 2, Now: func() time.Time { return now }})
	for _, text := range []string{"12345", "123", "x", "longer than a file may be", "y", "z"} {
		line(t, l, text)
	}
	all := files(t, name)
	if len(all) != 3 || filepath.Base(all[0]) != "log-20260102T030405.007Z.jsonl" || all[2] != name {
		t.Fatal(all)
	}
	if content(t, all[0]) != "x\n" || content(t, all[1]) != "longer than a file may be\n" || content(t, name) != "y\nz\n" {
		t.Error(content(t, all[0]), content(t, all[1]), content(t, name))
	}
	for _, f := range all {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", f, info.Mode())
		}
	}
}

func TestLogFileByAge(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	o := sink.LogFileOptions{MaxAge: time.Hour, Now: func() time.Time { return now }}
	l, name := openLog(t, o)
	write := func(l *sink.LogFile) { line(t, l, `{"schema":"s","time":"`+now.Format(time.RFC3339Nano)+`"}`) }
	write(l)
	now = now.Add(59 * time.Minute)
	write(l)
	if n := len(files(t, name)); n != 1 {
		t.Fatal(n)
	}
	// The age is that of the first record, also for one who opens it later.
	again := openLogAt(t, name, o)
	now = now.Add(2 * time.Minute)
	write(again)
	if n := len(files(t, name)); n != 2 {
		t.Error(n)
	}
	now = now.Add(30 * time.Minute)
	write(again)
	if n := len(files(t, name)); n != 2 {
		t.Error(n)
	}
}

func TestLogFileOfOthersIsLeftAlone(t *testing.T) {
	now := time.Now()
	l, name := openLog(t, sink.LogFileOptions{MaxSize: 3, Keep: 1, Now: func() time.Time { return now }})
	other := strings.TrimSuffix(name, ".jsonl") + "-notes.jsonl"
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		now = now.Add(time.Second)
		line(t, l, "abc")
	}
	if all := files(t, name); len(all) != 3 || !slices.Contains(all, other) {
		t.Error(all)
	}
}

func TestLogFileMovedAway(t *testing.T) {
	var said bytes.Buffer
	now := time.Now()
	l, name := openLog(t, sink.LogFileOptions{Log: zerolog.New(&said), Now: func() time.Time { return now }})
	line(t, l, "1")
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	line(t, l, "2")
	now = now.Add(time.Second)
	line(t, l, "3")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	line(t, l, "4")
	if content(t, name+".1") != "1\n2\n" || content(t, name) != "4\n" || strings.Count(said.String(), "moved away") != 2 {
		t.Error(content(t, name), said.String())
	}
	if err := os.Rename(name, name+".2"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	line(t, l, "5")
	if content(t, name) != "5\n" {
		t.Error(content(t, name))
	}
}

func TestLogFileWhereNoneCanBeMade(t *testing.T) {
	if os.Geteuid() == 0 && runtime.GOOS == "linux" {
		t.Log("as root a folder cannot be locked, so it is removed")
	}
	var said bytes.Buffer
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	l := openLogAt(t, filepath.Join(dir, "log.jsonl"), sink.LogFileOptions{MaxSize: 3, Log: zerolog.New(&said), Now: func() time.Time { return now }})
	line(t, l, "abc")
	if err := os.Rename(dir, dir+"2"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		now = now.Add(time.Second)
		line(t, l, "more")
	}
	if err := l.Reopen(); err == nil || !strings.Contains(err.Error(), "make its folder first") {
		t.Error(err)
	}
	line(t, l, "last")
	if got := content(t, filepath.Join(dir+"2", "log.jsonl")); got != "abc\nmore\nmore\nmore\nlast\n" || strings.Count(said.String(), "\n") != 1 {
		t.Errorf("%q %s", got, said.String())
	}
	if _, err := sink.OpenLogFile(filepath.Join(dir, "log.jsonl"), "--log-file", sink.LogFileOptions{}); err == nil || !strings.HasPrefix(err.Error(), "--log-file: ") {
		t.Error(err)
	}
}

func TestLogFileOnAFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Log("there is no /dev/full here")
		return
	}
	l := openLogAt(t, "/dev/full", sink.LogFileOptions{MaxSize: 1, MaxAge: 1})
	for range 2 {
		if n, err := l.Write([]byte("x\n")); !errors.Is(err, syscall.ENOSPC) || n != 0 {
			t.Error(n, err)
		}
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Fatal("the device was moved away")
	}
}

// TestLogFileLosesNothing writes from many sides while the file is set aside,
// moved away and opened again all the time.
func TestLogFileLosesNothing(t *testing.T) {
	l, name := openLog(t, sink.LogFileOptions{MaxSize: 2000})
	const writers, lines = 8, 400
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range lines {
				text := fmt.Sprintf(`{"w":%d,"i":%d,"pad":%q}`+"\n", w, i, strings.Repeat("x", i%97))
				if _, err := l.Write([]byte(text)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	moved := 0
	for i := range 20 {
		time.Sleep(time.Millisecond)
		if os.Rename(name, fmt.Sprintf("%s.%d", name, i)) == nil {
			moved++
		}
		if err := l.Reopen(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, f := range files(t, name) {
		for text := range strings.Lines(content(t, f)) {
			var record struct{ W, I int }
			if err := json.Unmarshal([]byte(text), &record); err != nil {
				t.Fatalf("%s: %v: %q", f, err, text)
			}
			seen[fmt.Sprint(record)] = true
		}
	}
	if len(seen) != writers*lines || moved == 0 {
		t.Errorf("%d of %d records are there; the file was moved %d times", len(seen), writers*lines, moved)
	}
}
