package configs

import (
	"fmt"
	"strings"

	"sidenote/internal/wording"
)

// Markdown documents every setting, by group.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\nA flag beats an environment variable, which beats the YAML file, which beats the default. " +
		"An empty variable counts as unset. An unknown key in the file is an error.\n\n" +
		"`--config` or `SIDENOTE_CONFIG` names the file. Without them, sidenote reads `" + FileName + "` from the folder in which it starts. " +
		"In a repository it also looks above that folder, up to the root of the repository, and takes the nearest file. " +
		"The first line of its log says which file it found. `--no-config` leaves that file out. " +
		"Relative file names in the file begin at the folder of the file.\n\n" +
		"`sidenote config init` writes a file to begin with, `sidenote config check` checks one, and `sidenote config show` prints the settings that hold, each with the line or variable that sets it.\n")
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
		fmt.Fprintf(&b, "| %s` | `%s` | %s | %s |\n", wording.Cell(flag), s.Env(), s.defaultCell(), wording.Cell(s.sentence()))
	}
	return b.String()
}

func (s *Setting) defaultCell() string {
	if s.Default == "" {
		return "none"
	}
	return "`" + s.Default + "`"
}

func (s *Setting) sentence() string {
	text := wording.Sentence(s.Help)
	if s.Repeatable {
		text += " Repeatable."
	}
	if s.More != "" {
		text += " " + s.More
	}
	if s.InPolicy {
		text += " In the file, write it below policy."
	}
	return text
}

// Example is a configuration file with every setting at its default.
func Example() string {
	var b strings.Builder
	b.WriteString("# Settings of sidenote, with their defaults.\n" +
		"# A flag or a SIDENOTE_ variable overrides this file.\n")
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
		for _, line := range wording.Wrap(s.sentence(), 78, "# ", "# ") {
			b.WriteString(line + "\n")
		}
		b.WriteString(s.exampleLines())
	}
	return b.String()
}

func (s *Setting) exampleLines() string {
	switch {
	case s.Kind == KindMap && s.Chosen == ItemValue: // of rules
		return s.Name + ": {}\n#  cache/heuristic-freshness: \"off\"\n"
	case s.Kind == KindMap:
		return s.Name + ": {}\n#  x-tenant: shop\n"
	case s.Kind == KindList && s.Default == "":
		return s.Name + ": []\n"
	case s.Kind == KindList:
		return s.Name + ": [" + s.Default + "]\n"
	case s.Default == "" || s.Default == "off":
		return fmt.Sprintf("%s: %q\n", s.Name, s.Default)
	}
	return s.Name + ": " + s.Default + "\n"
}
