package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// ordinaryName is what the program is called where a shell finds it.
const ordinaryName = "sidenote"

// self is how a shell in the current folder starts this program again, so that
// what it suggests can be typed as it stands: by its name where PATH leads to
// it, with "go run" if that started it, else by its path.
func (p *program) self() string {
	executable, err := os.Executable()
	if err != nil {
		return ordinaryName
	}
	if found, err := exec.LookPath(ordinaryName); err == nil && isSameFile(found, executable) {
		return ordinaryName
	}
	if isGoRun(executable) {
		return "go run " + goPackage()
	}
	return shellWord(shortestPath(executable))
}

// builtByGoRun finds the folders in which the go command keeps what "go run"
// builds: in its cache, or, before Go 1.24, below a temporary folder.
var builtByGoRun = regexp.MustCompile(`/go-build\d+/.*/exe$|/[0-9a-f]{64}-d$`)

// isGoRun reports whether an executable is one that "go run" built.
func isGoRun(executable string) bool {
	return builtByGoRun.MatchString(filepath.ToSlash(filepath.Dir(executable)))
}

// goPackage names the program's package for "go run" in the current folder.
func goPackage() string {
	if _, err := os.Stat(filepath.Join("cmd", ordinaryName, "main.go")); err == nil {
		return "./cmd/" + ordinaryName
	}
	return "sidenote/cmd/sidenote"
}

func isSameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// shortestPath is a path from the current folder where that leads down, else
// from the root.
func shortestPath(name string) string {
	here, err := os.Getwd()
	if err != nil {
		return name
	}
	if rel, err := filepath.Rel(here, name); err == nil && !strings.HasPrefix(rel, "..") {
		return "." + string(filepath.Separator) + rel
	}
	return name
}

// shellWord quotes a text for a POSIX shell where it needs that.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@%:,=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// suggest has the commands that a text suggests in quotation marks named so
// that they can be typed as they stand.
func (p *program) suggest(text string) string {
	const quoted = `"` + ordinaryName + " "
	if !strings.Contains(text, quoted) {
		return text
	}
	return strings.ReplaceAll(text, quoted, `"`+p.self()+" ")
}
