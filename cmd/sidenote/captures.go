package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sidenote/exchange"
	"sidenote/internal/wholefile"
)

// A capture is one file of recorded exchanges, or standard input.
type capture struct {
	name string // as the user gave it
	size int64  // in octets; 0 when unknown
	open func() (io.ReadCloser, error)
	err  error // why there is nothing to open
}

// captures finds the files that arguments mean, in their order: a folder means
// all captures below it, by name.
func (p *program) captures(args []string) (all []capture) {
	for _, name := range args {
		if name == "-" {
			all = append(all, capture{name: name, open: func() (io.ReadCloser, error) { return io.NopCloser(p.stdin), nil }})
			continue
		}
		info, err := os.Stat(name)
		switch {
		case err != nil:
			all = append(all, capture{name: name, err: wholefile.Unreadable(name, err)})
		case info.IsDir():
			all = append(all, capturesIn(name)...)
		default:
			all = append(all, captureFile(name, info))
		}
	}
	return all
}

func captureFile(name string, info fs.FileInfo) capture {
	return capture{name: name, size: info.Size(), open: func() (io.ReadCloser, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, wholefile.Unreadable(name, err)
		}
		return f, nil
	}}
}

// capturesIn finds the files below a folder.
func capturesIn(folder string) (all []capture) {
	_ = filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error { // f never gives an error
		if err != nil {
			all = append(all, capture{name: name, err: wholefile.Unreadable(name, err)})
			return nil
		}
		if d.IsDir() || !exchange.IsCaptureName(name) {
			return nil
		}
		info, err := os.Stat(name) // of what a link points to
		switch {
		case err != nil:
			all = append(all, capture{name: name, err: wholefile.Unreadable(name, err)})
		case info.Mode().IsRegular():
			all = append(all, captureFile(name, info))
		}
		return nil
	})
	if len(all) == 0 {
		return []capture{{name: folder, err: fmt.Errorf("%s: no *.har or *.jsonl file in this folder or below it", folder)}}
	}
	return all
}
