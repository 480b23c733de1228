package environ

import (
	"fmt"
	"strings"
	"unicode"

	"sidenote/internal/wording"
)

// A Shell is a language in which variables can be set.
type Shell string

// The shells.
const (
	POSIX      Shell = "sh" // sh, dash, ksh, bash and zsh agree on all that is needed
	Bash       Shell = "bash"
	Zsh        Shell = "zsh"
	Fish       Shell = "fish"
	PowerShell Shell = "powershell"
	Cmd        Shell = "cmd"
)

// shellNames maps the names of programs to their shell language.
var shellNames = map[string]Shell{
	"sh": POSIX, "dash": POSIX, "ash": POSIX, "busybox": POSIX, "ksh": POSIX, "ksh93": POSIX, "mksh": POSIX, "yash": POSIX,
	"bash": Bash, "zsh": Zsh, "fish": Fish,
	"powershell": PowerShell, "pwsh": PowerShell, "cmd": Cmd,
}

// ParseShell finds a shell by the name or path of its program.
func ParseShell(s string) (Shell, error) {
	name := strings.ToLower(s[strings.LastIndexAny(s, `/\`)+1:])
	name = strings.TrimSuffix(strings.TrimPrefix(name, "-"), ".exe")
	if shell, ok := shellNames[name]; ok {
		return shell, nil
	}
	return "", fmt.Errorf("shell %q is not known: want %s", s, wording.Or(ShellNames()))
}

// ShellNames lists the names by which shells are chosen.
func ShellNames() []string { return []string{"sh", "bash", "zsh", "fish", "powershell", "cmd"} }

// DetectShell finds the shell in use from an environment: SHELL where there is
// one, else what only Windows sets, else sh.
func DetectShell(env []string) (Shell, error) {
	m := Values(env)
	switch {
	case m["SHELL"] != "":
		return ParseShell(m["SHELL"])
	case m["PSModulePath"] != "":
		return PowerShell, nil
	case m["ComSpec"] != "":
		return Cmd, nil
	}
	return POSIX, nil
}

// Script returns the commands that make the changes, one per line, with a
// comment in place of a value that the shell cannot hold.
func (s Shell) Script(changes []Variable) string {
	var b strings.Builder
	for _, v := range changes {
		b.WriteString(s.line(v))
		b.WriteByte('\n')
	}
	return b.String()
}

func (s Shell) line(v Variable) string {
	if v.Unset {
		return s.unset(v.Name)
	}
	set, ok := s.set(v.Name, v.Value)
	if !ok {
		return s.Comment(v.Name + " is left alone: this shell cannot hold its value")
	}
	return set
}

// set returns a command that sets a variable; ok is false for what cannot be
// written so that nothing of it is run.
func (s Shell) set(name, value string) (line string, ok bool) {
	if strings.ContainsRune(value, 0) || !isName(name) {
		return "", false
	}
	switch s {
	case Fish:
		return "set -gx " + name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'", true
	case PowerShell:
		return "$env:" + name + " = '" + doubleQuotes(value) + "'", true
	case Cmd:
		if strings.ContainsAny(value, "\r\n\"%!") {
			return "", false
		}
		return `set "` + name + "=" + value + `"`, true
	}
	return "export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'", true
}

func (s Shell) unset(name string) string {
	switch s {
	case Fish:
		return "set -e " + name
	case PowerShell:
		return "Remove-Item -ErrorAction SilentlyContinue Env:" + name
	case Cmd:
		return `set "` + name + `="`
	}
	return "unset " + name
}

// isName reports whether a name can be in a command as it is.
func isName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// doubleQuotes doubles what PowerShell takes for the end of a quoted string,
// which are the typographic single quotes too.
func doubleQuotes(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("'‘’‚‛", r) {
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Comment returns a line that the shell ignores, whatever the text holds: what
// could end the line is shown as "?".
func (s Shell) Comment(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || s == Cmd && strings.ContainsRune("&|<>^%!", r) {
			return '?'
		}
		return r
	}, text)
	switch s {
	case Cmd:
		return "rem " + text
	case Zsh: // does not know comments when it is interactive, which eval then is too
		return ": '" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return "# " + text
}

// Usage is how a user has the shell run the output of a command.
func (s Shell) Usage(command string) string {
	switch s {
	case Fish:
		return command + " | source"
	case PowerShell:
		return command + " | Out-String | Invoke-Expression"
	case Cmd:
		return `for /f "delims=" %i in ('` + command + `') do @%i`
	}
	return `eval "$(` + command + `)"`
}
