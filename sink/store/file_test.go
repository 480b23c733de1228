package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"sidenote/annotate"
	"sidenote/exchange"
)

func judge(x *exchange.Exchange) *annotate.Annotated { return &annotate.Annotated{X: x} }

// open makes a store with a file, and loads what is in it.
func open(t *testing.T, name string, most int64) (*Store, *File) {
	t.Helper()
	f, err := OpenFile(name, most)
	if err != nil {
		t.Fatal(err)
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
	if f.bytes > most {
		t.Errorf("%d octets, may be %d", f.bytes, most)
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
	if _, err := OpenFile(name, 0); err == nil || !strings.Contains(err.Error(), "another sidenote uses it") {
		t.Error(err)
	}
	f.Close()
	bad := filepath.Join(dir, "b.db")
	if err := os.WriteFile(bad, []byte(strings.Repeat("not a database. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFile(bad, 0); err == nil || !strings.Contains(err.Error(), "not a file of exchanges") {
		t.Error(err)
	}
	if _, err := OpenFile(filepath.Join(dir, "none", "c.db"), 0); err == nil {
		t.Error("a file in a folder that is not there can be opened")
	}
	db, err := bbolt.Open(name, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketExchanges).Put([]byte("12345678"), []byte("\xff\xff\xff\xff\xff garbage"))
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	f, err = OpenFile(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	if taken, bad, err := f.Load(New(Options{}), judge); taken != 0 || bad != 1 || err != nil {
		t.Error(taken, bad, err)
	}
	err = f.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte("2")) })
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := OpenFile(name, 0); err == nil || !strings.Contains(err.Error(), "later sidenote") {
		t.Error(err)
	}
}
