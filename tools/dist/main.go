// Command dist makes the files of a release: an archive for each system, packages
// for Debian and Fedora, a software bill of materials for each program, and their
// checksums. The same commit makes the same files.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// A target is a system that a program is built for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

// program is the file name of the program.
func (t target) program() string {
	if t.os == "windows" {
		return "sidenote.exe"
	}
	return "sidenote"
}

func targets() []target {
	return []target{
		{"linux", "amd64"}, {"linux", "arm64"},
		{"darwin", "amd64"}, {"darwin", "arm64"},
		{"windows", "amd64"}, {"windows", "arm64"},
	}
}

// A release is what is made.
type release struct {
	source  string // folder of the checkout
	out     string // folder for the files
	work    string // folder for what goes into them
	version string // "v1.2.3", or that of the commit
	commit  string
	time    time.Time // of the commit, and of all that is in the files
	log     io.Writer
	made    []string // names of the files
}

func run(args []string, log io.Writer) (err error) {
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	source := flags.String("source", ".", "folder of the checkout")
	out := flags.String("out", "dist", "folder for the files")
	version := flags.String("version", "", "version of the release (default: that of the commit)")
	only := flags.String("only", "", "systems to build for, such as linux/amd64,darwin/arm64 (default: all)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	wanted, err := chosen(*only)
	if err != nil {
		return err
	}
	r := &release{log: log, version: *version}
	if r.source, err = filepath.Abs(*source); err != nil {
		return err
	}
	if r.out, err = filepath.Abs(*out); err != nil {
		return err
	}
	if r.work, err = os.MkdirTemp("", "dist"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.work)) }()
	return r.make(wanted)
}

func chosen(only string) ([]target, error) {
	if only == "" {
		return targets(), nil
	}
	var wanted []target
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(targets(), func(t target) bool { return t.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: no release is made for %q; there are %v", name, targets())
		}
		wanted = append(wanted, targets()[i])
	}
	return wanted, nil
}

// make makes everything.
func (r *release) make(wanted []target) error {
	if err := r.stamp(); err != nil {
		return err
	}
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	if err := r.documents(); err != nil {
		return err
	}
	for _, t := range wanted {
		if err := r.forTarget(t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	return r.checksums()
}

// stamp finds the time and the version of the commit.
func (r *release) stamp() error {
	text, err := r.output("git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return err
	}
	r.commit, text, _ = strings.Cut(text, " ")
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return err
	}
	r.time = time.Unix(seconds, 0).UTC()
	if r.version == "" {
		if r.version, err = r.output("git", "describe", "--tags", "--always", "--dirty"); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) output(name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Dir, c.Stderr = r.source, r.log
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// build builds the program for a system.
func (r *release) build(t target, file string) error {
	release := fmt.Sprintf("%s %s %s", r.version, r.commit, r.time.Format(time.RFC3339))
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid= -X 'main.release="+release+"'", "-o", file, "./cmd/sidenote")
	c.Dir, c.Stderr = r.source, r.log
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch, "GOAMD64=v1", "GOFLAGS=")
	return c.Run()
}

// documents makes what goes into every archive: the program of this system writes
// its manual pages and completions.
func (r *release) documents() error {
	here := filepath.Join(r.work, "here")
	if err := r.build(target{runtime.GOOS, runtime.GOARCH}, here); err != nil {
		return err
	}
	if out, err := exec.Command(here, "man", filepath.Join(r.work, "man")).CombinedOutput(); err != nil {
		return fmt.Errorf("manual pages: %w: %s", err, out)
	}
	folder := filepath.Join(r.work, "completions")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	for _, shell := range []string{"bash", "fish", "zsh", "powershell"} {
		out, err := exec.Command(here, "completion", shell).Output()
		if err != nil {
			return fmt.Errorf("completion %s: %w", shell, err)
		}
		if err := os.WriteFile(filepath.Join(folder, "sidenote."+shell), out, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// forTarget makes the files for one system.
func (r *release) forTarget(t target) error {
	fmt.Fprintf(r.log, "dist: %s\n", t)
	program := filepath.Join(r.work, t.os+"-"+t.arch, t.program())
	if err := r.build(t, program); err != nil {
		return err
	}
	contents, err := r.contents(t, program)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("sidenote-%s-%s-%s", strings.TrimPrefix(r.version, "v"), t.os, t.arch)
	if err := r.archive(name, t, contents); err != nil {
		return err
	}
	if err := r.bill(name+".cdx.json", program); err != nil {
		return err
	}
	if t.os == "linux" {
		return r.packages(t, program)
	}
	return nil
}

// file creates a file of the release.
func (r *release) file(name string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(r.out, name))
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.made = append(r.made, name)
	return nil
}

// checksums lists all files as sha256sum does.
func (r *release) checksums() error {
	names := slices.Sorted(slices.Values(r.made))
	return r.file("sha256sums.txt", func(w io.Writer) error {
		for _, name := range names {
			b, err := os.ReadFile(filepath.Join(r.out, name))
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "%x  %s\n", sha256.Sum256(b), name); err != nil {
				return err
			}
		}
		return nil
	})
}
