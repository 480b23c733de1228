package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"sidenote/metrics"
)

// A version says what was built, from what, and for what.
type version struct {
	Version  string `json:"version"`            // of the module, "(devel)" when built from a checkout
	Revision string `json:"revision,omitempty"` // of the source
	Time     string `json:"time,omitempty"`     // of the revision, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the source had changes that are not in the revision
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// release is the version of a release, the revision of its source and the time of
// that, separated by spaces: the linker of "make dist" writes it.
var release string

// readVersion reads what the Go linker wrote into the program.
func readVersion() version {
	v := version{Version: "(devel)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	if parts := strings.Fields(release); len(parts) == 3 {
		v.Version, v.Revision, v.Time = parts[0], parts[1], parts[2]
	}
	return v
}

// String returns the version in one line.
func (v version) String() string {
	s := "sidenote " + v.Version
	if v.Revision != "" {
		s += " " + v.Revision[:min(12, len(v.Revision))]
		if v.Modified {
			s += "+changes"
		}
	}
	if day, _, ok := strings.Cut(v.Time, "T"); ok {
		s += " of " + day
	}
	return fmt.Sprintf("%s %s %s/%s", s, v.Go, v.OS, v.Arch)
}

func newVersionCommand(p *program) *cobra.Command {
	format := newChoice("text", "json")
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			if format.value == "json" {
				return writeJSON(p.stdout, readVersion())
			}
			return writeText(p.stdout, readVersion().String()+"\n")
		},
	}
	addChoice(c, format, "format", "how to print it")
	return c
}

// writeJSON writes a value for programs to read, and indented, since people do too.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return cannotWrite(err)
	}
	return nil
}

func writeText(w io.Writer, s string) error {
	if _, err := io.WriteString(w, s); err != nil {
		return cannotWrite(err)
	}
	return nil
}

// buildOf is what metrics say of the program.
func buildOf() metrics.Build {
	v := readVersion()
	return metrics.Build{Version: v.Version, Revision: v.Revision}
}
