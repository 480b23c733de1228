// Package wholefile reads files within a bound, and replaces files as a whole.
package wholefile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Read reads a file of at most that many octets. Its errors are those of
// Unreadable.
func Read(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, Unreadable(name, err)
	}
	defer f.Close()
	return ReadAll(f, name, most)
}

// ReadAll reads all of r, which may be a number of octets at most. name is for
// errors.
func ReadAll(r io.Reader, name string, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, Unreadable(name, err)
	case int64(len(b)) > most:
		return nil, fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return b, nil
}

// Unreadable says why a file cannot be read, with its name once.
func Unreadable(name string, err error) error {
	return fmt.Errorf("%s: cannot be read: %w", name, cause(err))
}

// Unwritable says why a file cannot be written, with its name once, and what to
// do.
func Unwritable(name string, err error) error {
	advice := "name another file"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		advice = "make its folder first"
	case errors.Is(err, fs.ErrPermission):
		advice = "name a file that you may write"
	case errors.Is(err, syscall.ENOSPC):
		advice = "free space there"
	}
	return fmt.Errorf("%s: cannot be written: %w; %s", name, cause(err), advice)
}

// cause is what an error of a file says beside the file's name.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// Target is the file that a name stands for, with links followed.
func Target(name string) string {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		return target
	}
	return name
}

// Replace writes a temporary file and renames it, so that readers find either
// the old or the new content. It replaces the target of a link, not the link. A
// new file gets the mode, less the umask; an existing one keeps its own. It
// writes a device or a pipe directly.
func Replace(name string, mode fs.FileMode, write func(io.Writer) error) error {
	name = Target(name)
	old, statErr := os.Stat(name)
	if statErr == nil && !old.Mode().IsRegular() {
		return overwrite(name, write)
	}
	f, err := Beside(name, mode)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil && statErr == nil {
		err = f.Chmod(old.Mode().Perm())
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// overwrite writes what is not a regular file.
func overwrite(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// ReplaceBytes is Replace with the content available.
func ReplaceBytes(name string, mode fs.FileMode, content []byte) error {
	return Replace(name, mode, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// Create writes a file that was not there. Of several programs that do so at
// the same moment one writes it, and the others get fs.ErrExist.
func Create(name string, mode fs.FileMode, content []byte) error {
	f, err := Beside(name, mode)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), name)
}

// Beside makes a new hidden file in the folder of another, to be renamed to it.
func Beside(name string, mode fs.FileMode) (*os.File, error) {
	unique := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text()[:8])
	return os.OpenFile(unique, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}
