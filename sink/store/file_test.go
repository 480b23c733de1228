package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

func judge(x *exchange.Exchange) *annotate.Annotated { return &annotate.Annotated{X: x} }

// open makes a store with a file, and loads what is in it.
func open(t *testing.T, name string, most int64) (*Store, *File) {
	t.Helper()
	f, repair, err := OpenFile(name, most)
	if err != nil || repair != nil {
		t.Fatal(err, repair)
	}
	s := New(Options{})
	if _, bad, err := f.Load(s, judge); err != nil || bad != 0 {
		t.Fatal(bad, err)
	}
	s.o.Marked = func(seq uint64, pinned bool, comment string) {
		if err := f.Mark(seq, pinned, comment); err != nil {
			t.Error(err)
		}
	}
	s.o.Cleared = func(pinned bool) {
		if err := f.Clear(pinned); err != nil {
			t.Error(err)
		}
	}
	return s, f
}

// pass takes exchanges as the program does: into the store, then the file.
func pass(t *testing.T, s *Store, f *File, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		a := sample(t, n)
		s.Add(a, Live)
		if err := f.Write(a); err != nil {
			t.Fatal(err)
		}
	}
}

func ids(s *Store) (out []string) {
	s.Each(func(e *Entry) bool {
		id := e.X.ID
		if e.Pinned {
			id += "!"
		}
		out = append(out, id+e.Comment)
		return true
	})
	return out
}

func TestFileSurvives(t *testing.T) {
	name := filepath.Join(t.TempDir(), "store.db")
	s, f := open(t, name, 0)
	pass(t, s, f, 0, 3)
	s.Change(2, func(e *Entry) { e.Pinned, e.Comment = true, "look" })
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, f = open(t, name, 0)
	if got := fmt.Sprint(ids(s)); got != "[x0 x1!look x2]" {
		t.Error(got)
	}
	e, _, _ := s.Get(3)
	if want := sample(t, 2).X; string(e.X.Response.Content.Kept) != string(want.Response.Content.Kept) || e.X.Response.RawHead != want.Response.RawHead {
		t.Errorf("%q %q", e.X.Response.Content.Kept, e.X.Response.RawHead)
	}
	pass(t, s, f, 3, 5)
	s.Change(1, func(e *Entry) { e.Comment = "old" }) // of the run before
	s.Clear(false)
	if got := fmt.Sprint(ids(s)); got != "[x1!look]" {
		t.Error(got)
	}
	f.Close()
	s, f = open(t, name, 0)
	if got := fmt.Sprint(ids(s)); got != "[x1!look]" {
		t.Error(got)
	}
	s.Clear(true)
	f.Close()
	s, f = open(t, name, 0)
	if got := ids(s); len(got) != 0 {
		t.Error(got)
	}
	f.Close()
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestFileIsBounded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "store.db")
	const most = 40 << 10
	s, f := open(t, name, most)
	pass(t, s, f, 0, 300)
	s.Change(300, func(e *Entry) { e.Pinned = true })
	pass(t, s, f, 300, 1000)
	f.Close()
	if info, err := os.Stat(name); err != nil || info.Size() > 2*most+2*leastWaste {
		t.Errorf("%d octets, may be %d (%v)", info.Size(), most, err)
	}
	s, f = open(t, name, most)
	defer f.Close()
	got := ids(s)
	if len(got) < 20 || len(got) > 200 || got[0] != "x299!" || got[len(got)-1] != "x999" {
		t.Errorf("%d: %v", len(got), got)
	}
}

func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.db")
	_, f := open(t, name, 0)
	if _, _, err := OpenFile(name, 0); err == nil || !strings.Contains(err.Error(), "another sidenote uses it") {
		t.Error(err)
	}
	f.Close()
	for file, text := range map[string]string{
		"b": strings.Repeat("not a database. ", 1000), "c": "{}", "e": frameMark + frameMark,
	} {
		bad := filepath.Join(dir, file)
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := OpenFile(bad, 0); err == nil || !strings.Contains(err.Error(), "not a file of exchanges") {
			t.Errorf("%s: %v", file, err)
		}
		if b, err := os.ReadFile(bad); err != nil || string(b) != text {
			t.Errorf("%s was changed", file)
		}
	}
	for _, file := range []string{filepath.Join(dir, "none", "c.db"), dir, os.DevNull} {
		if _, _, err := OpenFile(file, 0); err == nil {
			t.Errorf("%s can be opened", file)
		}
	}
	if err := os.WriteFile(name, []byte(headerFamily+"3\n and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenFile(name, 0); err == nil || !strings.Contains(err.Error(), "later sidenote") {
		t.Error(err)
	}
}

// written makes a file of ten exchanges, of which one is pinned.
func written(t *testing.T, name string) []byte {
	t.Helper()
	s, f := open(t, name, 0)
	pass(t, s, f, 0, 10)
	s.Change(3, func(e *Entry) { e.Pinned = true })
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reopened opens a file that may be damaged, takes one more exchange, and
// returns how many could be read, and what was said. The file is sound then.
func reopened(t *testing.T, name string) (int, *Repair) {
	t.Helper()
	f, repair, err := OpenFile(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{})
	taken, bad, err := f.Load(s, judge)
	if err != nil || bad != 0 {
		t.Error(bad, err)
	}
	pass(t, s, f, 20, 21)
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	again, f := open(t, name, 0)
	defer f.Close()
	if got := ids(again); len(got) != taken+1 || got[taken] != "x20" {
		t.Errorf("with one more: %v, %d before", got, taken)
	}
	return taken, repair
}

func TestFileThatWasCutShort(t *testing.T) {
	dir := t.TempDir()
	whole := written(t, filepath.Join(dir, "whole"))
	last := 0
	for size := 0; size < len(whole); size += 1 + size/100 {
		name := filepath.Join(dir, fmt.Sprint(size))
		if err := os.WriteFile(name, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		taken, repair := reopened(t, name)
		if taken < last || taken > 10 {
			t.Errorf("%d of %d octets: %d exchanges, of fewer octets %d", size, len(whole), taken, last)
		}
		if sound := size == 0 || bytes.HasPrefix(whole[size:], []byte(frameMark)) && size >= len(fileHeader); sound != (repair == nil) {
			t.Errorf("%d octets: %+v", size, repair)
		}
		last = taken
	}
	if last < 9 {
		t.Errorf("%d exchanges of all but the last record", last)
	}
}

func TestFileThatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	whole := written(t, filepath.Join(dir, "whole"))
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 100 {
		name := filepath.Join(dir, fmt.Sprint(n))
		b := bytes.Clone(whole)
		at := random.IntN(len(b) - 1)
		size := 1 + random.IntN(min(40, len(b)-at))
		for i := at; i < at+size; i++ {
			b[i] ^= byte(1 + random.IntN(255))
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		taken, repair := reopened(t, name)
		if taken < 8 { // forty octets reach into three records at most, and lose the marks of some
			t.Errorf("octets %d to %d: %d exchanges can be read", at, at+size, taken)
		}
		if repair == nil {
			t.Errorf("octets %d to %d: nothing is said", at, at+size)
		}
		if repair != nil && repair.Aside != "" {
			if kept, err := os.ReadFile(repair.Aside); err != nil || !bytes.Equal(kept, b) {
				t.Errorf("octets %d to %d: the damaged file is not kept: %v", at, at+size, err)
			}
			os.Remove(repair.Aside)
		}
	}
}

// TestFileThatChangesMeanwhile cuts a file short, and removes it, while it is
// written to.
func TestFileThatChangesMeanwhile(t *testing.T) {
	for what, change := range map[string]func(name string) error{
		"cut short": func(name string) error { return os.Truncate(name, 100) },
		"emptied":   func(name string) error { return os.Truncate(name, 0) },
		"removed":   os.Remove,
	} {
		name := filepath.Join(t.TempDir(), "store")
		s, f := open(t, name, 0)
		pass(t, s, f, 0, 10)
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := change(name); err != nil {
			t.Fatal(err)
		}
		pass(t, s, f, 10, 20)
		s.Change(2, func(e *Entry) { e.Pinned = true })
		s.Change(12, func(e *Entry) { e.Pinned = true })
		if err := f.Flush(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		s.Clear(false)
		pass(t, s, f, 20, 21)
		if err := f.Close(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		again, f := open(t, name, 0)
		if got := fmt.Sprint(ids(again)); !strings.Contains(got, "x11!") || !strings.Contains(got, "x20") {
			t.Errorf("%s: %s", what, got)
		}
		f.Close()
	}
}

func BenchmarkFile(b *testing.B) {
	f, _, err := OpenFile(filepath.Join(b.TempDir(), "store"), 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	a := sample(b, 1)
	b.ReportAllocs()
	for n := range b.N {
		a.Seq = uint64(n + 1)
		if err := f.Write(a); err != nil {
			b.Fatal(err)
		}
	}
}
