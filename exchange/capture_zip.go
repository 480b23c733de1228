package exchange

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
)

// maxZipInMemory bounds a zip that comes as a stream.
const maxZipInMemory = 64 << 20

// harFiles finds a file beside a HAR, in which Playwright puts a body.
type harFiles func(name string) ([]byte, error)

// readZip reads the captures in a zip, in the order of their names.
func readZip(r *bufio.Reader, a *ahead, depth int) error {
	at, size := a.c.At, a.c.Size
	if at == nil || depth > 0 {
		b, err := io.ReadAll(io.LimitReader(r, maxZipInMemory+1))
		if err != nil {
			return a.entryError(0, err)
		}
		if len(b) > maxZipInMemory {
			return a.entryError(1, errTooLarge)
		}
		at, size = bytes.NewReader(b), int64(len(b))
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return a.entryError(1, errors.New("the zip file was cut short or is broken"))
	}
	names := capturesIn(z)
	if len(names) == 0 {
		return a.entryError(1, notInZip(z))
	}
	file := a.c.File
	for _, name := range names {
		a.c.File = file + "/" + name
		a.files = func(body string) ([]byte, error) { return fromZip(z, path.Join(path.Dir(name), body)) }
		err = errors.Join(err, readFromZip(z, name, a, depth))
		if a.gaveUp != nil {
			break
		}
	}
	a.c.File, a.files = file, nil
	return err
}

// capturesIn returns the names of the captures in a zip, in their order. Beside a
// HAR of Playwright a *.jsonl is what passed through a WebSocket.
func capturesIn(z *zip.Reader) (names []string) {
	hars := false
	for _, f := range z.File {
		if IsCaptureName(f.Name) {
			names = append(names, f.Name)
			hars = hars || isHARName(f.Name)
		}
	}
	if hars {
		names = slices.DeleteFunc(names, func(name string) bool { return !isHARName(name) })
	}
	slices.Sort(names)
	return names
}

func isHARName(name string) bool { return strings.Contains(strings.ToLower(path.Base(name)), ".har") }

// captureExtensions are the ends of names of captures, and wrappedExtensions what
// may follow them.
var (
	captureExtensions = [...]string{".har", ".jsonl", ".ndjson"}
	wrappedExtensions = [...]string{".gz", ".zst", ".bz2", ".zip"}
)

// IsCaptureName reports whether the name of a file is one that captures have:
// cart.har, cart.jsonl, cart.har.gz, cart.har.zip.
func IsCaptureName(name string) bool {
	name = strings.ToLower(name)
	for _, s := range wrappedExtensions {
		name = strings.TrimSuffix(name, s)
	}
	for _, s := range captureExtensions {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// notInZip says what a zip without a capture is.
func notInZip(z *zip.Reader) error {
	for _, f := range z.File {
		switch {
		case strings.HasPrefix(f.Name, "raw/") && strings.HasSuffix(f.Name, "_c.txt"):
			return errors.New("this is an archive of Fiddler (.saz); export it as HAR in Fiddler: File, Export Sessions, HTTPArchive")
		case strings.HasSuffix(f.Name, "trace.network"), strings.HasSuffix(f.Name, "trace.trace"):
			return errors.New("this is a trace of Playwright; record a HAR with recordHar")
		}
	}
	return errors.New("there is no *.har and no *.jsonl in the zip")
}

func readFromZip(z *zip.Reader, name string, a *ahead, depth int) error {
	f, err := z.Open(name)
	if err != nil {
		return a.entryError(0, err)
	}
	defer f.Close()
	return readCapture(f, a, depth+1)
}

// fromZip reads the beginning of a file that is in the same zip.
func fromZip(z *zip.Reader, name string) ([]byte, error) {
	f, err := z.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxString))
}
