package configs

import (
	"fmt"
	"strings"
)

// Markdown documents every setting, by group.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\nA flag beats an environment variable, which beats the YAML file that `--config` or `SIDENOTE_CONFIG` names, which beats the default. " +
		"An empty variable is no setting. A key of the file that is not below is an error.\n")
	group := ""
	for _, s := range Settings() {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&b, "\n## %s\n\n| flag and key | environment | default | what it is |\n|---|---|---|---|\n", group)
		}
		flag := "`--" + s.Name
		if s.Value != "" {
			flag += " " + s.Value
		}
		fmt.Fprintf(&b, "| %s` | `%s` | %s | %s |\n", cell(flag), s.Env(), s.defaultCell(), cell(s.sentence()))
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func (s *Setting) defaultCell() string {
	if s.Default == "" {
		return "none"
	}
	return "`" + s.Default + "`"
}

func (s *Setting) sentence() string {
	text := strings.ToUpper(s.Help[:1]) + s.Help[1:] + "."
	if s.Repeatable {
		text += " May be given several times."
	}
	if s.More != "" {
		text += " " + s.More
	}
	if s.InPolicy {
		text += " In the file it stands below policy."
	}
	return text
}

// Example is a configuration file with every setting at its default.
func Example() string {
	var b strings.Builder
	b.WriteString("# Settings of sidenote. What stands here is what holds without a file.\n" +
		"# A flag or a SIDENOTE_ variable beats what this file says.\n")
	group := ""
	for _, s := range Settings() {
		if s.InPolicy {
			continue
		}
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&b, "\n# --- %s ---\n", group)
		}
		b.WriteByte('\n')
		for _, line := range wrap(s.sentence(), 76) {
			fmt.Fprintf(&b, "# %s\n", line)
		}
		b.WriteString(s.exampleLines())
	}
	return b.String()
}

func (s *Setting) exampleLines() string {
	switch {
	case s.Kind == KindMap:
		return s.Name + ": {}\n#  cache/no-validator: \"off\"\n"
	case s.Kind == KindList && s.Default == "":
		return s.Name + ": []\n"
	case s.Kind == KindList:
		return s.Name + ": [" + s.Default + "]\n"
	case s.Default == "" || s.Default == "off":
		return fmt.Sprintf("%s: %q\n", s.Name, s.Default)
	}
	return s.Name + ": " + s.Default + "\n"
}

// wrap breaks a text into lines of at most most columns, at spaces.
func wrap(s string, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && len(line)+1+len(word) > most {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
