package sink

import (
	"os"
	"strings"

	"golang.org/x/term"

	"sidenote/internal/printable"
)

// A Terminal is where text for people goes, and what may be written there.
type Terminal struct {
	TTY   bool // a person watches: align, elide, group
	Color bool // escape sequences for colour may be written
	ASCII bool // it shows nothing beyond ASCII
	// Program is how a shell starts sidenote from where this is read; "" for by
	// its name.
	Program string
	Width   func() int // columns; nil or 0 for as many as it takes
}

// DetectTerminal examines a file, the environment and the value of --color:
// "auto", "always" or "never". The flag overrides FORCE_COLOR, which overrides
// NO_COLOR, then TERM=dumb, then what the file is.
func DetectTerminal(f *os.File, color string, env func(string) string) Terminal {
	fd := int(f.Fd())
	t := Terminal{TTY: term.IsTerminal(fd)}
	t.Color = WantsColor(color, t.TTY, env)
	t.ASCII = !isUTF8(env)
	if t.TTY {
		t.Width = func() int {
			columns, _, err := term.GetSize(fd)
			if err != nil {
				return 0
			}
			return columns
		}
	}
	return t
}

// WantsColor decides as DetectTerminal says.
func WantsColor(flag string, tty bool, env func(string) string) bool {
	switch flag {
	case "always":
		return true
	case "never":
		return false
	}
	if force := env("FORCE_COLOR"); force != "" {
		return force != "0" && force != "false"
	}
	return env("NO_COLOR") == "" && env("TERM") != "dumb" && tty
}

// isUTF8 reports whether the locale's characters are UTF-8 (POSIX.1-2017 §8.2).
// Where no locale is set, terminals of today are.
func isUTF8(env func(string) string) bool {
	for _, name := range [...]string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env(name); v != "" {
			v = strings.ToUpper(v)
			return strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8")
		}
	}
	return true
}

func pad(b []byte, s string, to int) []byte {
	b = append(b, s...)
	for n := printable.Columns(s); n < to; n++ {
		b = append(b, ' ')
	}
	return b
}

func padLeft(b []byte, s string, to int) []byte {
	if n := to - printable.Columns(s); n > 0 {
		b = append(b, strings.Repeat(" ", n)...)
	}
	return append(b, s...)
}
