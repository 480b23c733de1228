package wholefile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidenote/internal/wholefile"
)

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if _, err := wholefile.Read(name, 5); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	put(t, name, "12345")
	if b, err := wholefile.Read(name, 5); string(b) != "12345" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := wholefile.Read(name, 4); err == nil || err.Error() != name+" has more than 4 bytes" {
		t.Error(err)
	}
	if _, err := wholefile.Read("/dev/zero", 1<<20); err == nil { // which a look at its size calls empty
		t.Error("a file without an end was read")
	}
	if _, err := wholefile.Read(filepath.Dir(name), 4); err == nil || strings.Count(err.Error(), filepath.Dir(name)) != 1 {
		t.Error(err)
	}
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	name, link := filepath.Join(dir, "f"), filepath.Join(dir, "link")
	if err := os.Symlink("f", link); err != nil {
		t.Fatal(err)
	}
	put(t, name, "old")
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}

	broken := errors.New("broken")
	err := wholefile.Replace(link, 0o600, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of the n")
		if got := content(t, name); got != "old" {
			t.Errorf("%q is seen while it is written", got)
		}
		return broken
	})
	if !errors.Is(err, broken) || content(t, name) != "old" {
		t.Errorf("%v, %q", err, content(t, name))
	}
	if err := wholefile.ReplaceBytes(link, 0o600, []byte("new")); err != nil || content(t, name) != "new" {
		t.Errorf("%v, %q", err, content(t, name))
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v: the mode is not kept", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if err := wholefile.ReplaceBytes(os.DevNull, 0o600, []byte("gone")); err != nil {
		t.Error(err)
	}
	if err := wholefile.ReplaceBytes(filepath.Join(dir, "none", "f"), 0o600, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	onlyThese(t, dir, "f", "link")
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := wholefile.Create(name, 0o600, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := wholefile.Create(name, 0o600, []byte("second")); !errors.Is(err, fs.ErrExist) || content(t, name) != "first" {
		t.Errorf("%v, %q", err, content(t, name))
	}
	onlyThese(t, dir, "f")
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// onlyThese fails when something was left behind in a folder.
func onlyThese(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(names) {
		t.Errorf("%v, %v in the folder, want %v", err, entries, names)
	}
}
