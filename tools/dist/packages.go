package main

import (
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

// packages writes the packages for Debian and Fedora.
func (r *release) packages(t target, program string) error {
	for _, kind := range []struct {
		end string
		p   nfpm.Packager
	}{{".deb", deb.Default}, {".rpm", rpm.DefaultRPM}} {
		contents, err := r.installed(program)
		if err != nil {
			return err
		}
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: "sidenote", Arch: t.arch, Platform: "linux", Version: packageVersion(r.version, r.time.Format("20060102150405")), VersionSchema: "none",
			Maintainer: "sidenote <sidenote@localhost>", Description: "HTTP debugging proxy that explains every response", License: "Apache-2.0",
			Section: "net", Priority: "optional", MTime: r.time,
			Overridables: nfpm.Overridables{
				Contents: contents, Umask: 0o022, Recommends: []string{"ca-certificates"},
				RPM: nfpm.RPM{BuildHost: "localhost"},
			},
		})
		if err := nfpm.PrepareForPackager(info, strings.TrimPrefix(kind.end, ".")); err != nil {
			return err
		}
		if err := r.file(kind.p.ConventionalFileName(info), func(w io.Writer) error { return kind.p.Package(info, w) }); err != nil {
			return err
		}
	}
	return nil
}

// packageVersion makes of a version one that package managers can order: what is
// no release comes before all that are, by its time.
func packageVersion(version, time string) string {
	if v, ok := strings.CutPrefix(version, "v"); ok {
		return strings.ReplaceAll(v, "-", "~")
	}
	return "0~" + time + "." + strings.ReplaceAll(version, "-", ".")
}

// installed lists where the files of a package go.
func (r *release) installed(program string) (files.Contents, error) {
	at := func(from, to string, mode os.FileMode) *files.Content {
		return &files.Content{Source: from, Destination: to, FileInfo: &files.ContentFileInfo{Mode: mode, MTime: r.time, Owner: "root", Group: "root"}}
	}
	all := files.Contents{
		at(program, "/usr/bin/sidenote", 0o755),
		at(filepath.Join(r.source, "LICENSE"), "/usr/share/doc/sidenote/copyright", 0o644),
		at(filepath.Join(r.source, "README.md"), "/usr/share/doc/sidenote/README.md", 0o644),
		at(filepath.Join(r.source, "configs", "sidenote.yaml"), "/usr/share/doc/sidenote/sidenote.yaml", 0o644),
		at(filepath.Join(r.work, "completions", "sidenote.bash"), "/usr/share/bash-completion/completions/sidenote", 0o644),
		at(filepath.Join(r.work, "completions", "sidenote.fish"), "/usr/share/fish/vendor_completions.d/sidenote.fish", 0o644),
		at(filepath.Join(r.work, "completions", "sidenote.zsh"), "/usr/share/zsh/vendor-completions/_sidenote", 0o644),
	}
	pages, err := os.ReadDir(filepath.Join(r.work, "man"))
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		all = append(all, at(filepath.Join(r.work, "man", p.Name()), path.Join("/usr/share/man/man1", p.Name()), 0o644))
	}
	return all, nil
}
