package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// An entry is a file within an archive.
type entry struct {
	name string // with slashes, below the folder of the archive
	from string // the file that it is
	mode int64
}

// contents lists what an archive holds, by name.
func (r *release) contents(t target, program string) ([]entry, error) {
	all := []entry{{t.program(), program, 0o755}}
	for _, name := range []string{"README.md", "LICENSE", "CHANGELOG.md"} {
		all = append(all, entry{name, filepath.Join(r.source, name), 0o644})
	}
	all = append(all, entry{"sidenote.yaml", filepath.Join(r.source, "configs", "sidenote.yaml"), 0o644})
	for _, folder := range []string{"man", "completions"} {
		files, err := os.ReadDir(filepath.Join(r.work, folder))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			all = append(all, entry{path.Join(folder, f.Name()), filepath.Join(r.work, folder, f.Name()), 0o644})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// archive writes a zip for Windows, and a compressed tar for others.
func (r *release) archive(name string, t target, contents []entry) error {
	if t.os == "windows" {
		return r.file(name+".zip", func(w io.Writer) error { return r.zip(w, name, contents) })
	}
	return r.file(name+".tar.gz", func(w io.Writer) error { return r.tar(w, name, contents) })
}

func (r *release) tar(w io.Writer, folder string, contents []entry) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression) // its head has neither a name nor a time
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range contents {
		b, err := os.ReadFile(e.from)
		if err != nil {
			return err
		}
		head := &tar.Header{Name: path.Join(folder, e.name), Mode: e.mode, Size: int64(len(b)), ModTime: r.time, Format: tar.FormatPAX}
		if err := archive.WriteHeader(head); err != nil {
			return err
		}
		if _, err := archive.Write(b); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

func (r *release) zip(w io.Writer, folder string, contents []entry) error {
	archive := zip.NewWriter(w)
	for _, e := range contents {
		b, err := os.ReadFile(e.from)
		if err != nil {
			return err
		}
		head := &zip.FileHeader{Name: path.Join(folder, e.name), Method: zip.Deflate, Modified: r.time}
		head.SetMode(os.FileMode(e.mode))
		to, err := archive.CreateHeader(head)
		if err != nil {
			return err
		}
		if _, err := to.Write(b); err != nil {
			return err
		}
	}
	return archive.Close()
}
