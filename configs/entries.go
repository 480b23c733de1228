package configs

import (
	"fmt"
	"strings"

	"sidenote/internal/wording"
)

// An Entry is a setting with the value that it has.
type Entry struct {
	Setting *Setting
	Text    string // as a flag takes it; for a secret, a word in its place
	Where   string // where it came from: "SIDENOTE_LISTEN", "sidenote.yaml:3", or "the default"
}

// hidden stands for the value of a secret.
const hidden = "(hidden)"

// Entries lists the settings that the file and the environment set, in the order of
// the documentation. With all, it also lists those that have their default.
func (c *Config) Entries(all bool) (entries []Entry) {
	settings := Settings()
	for i := range settings {
		s := &settings[i]
		e := Entry{s, s.Default, c.Where(s.Name)}
		switch {
		case s.Name == policySetting && c.PolicyPart != nil:
			e.Text = "(in the file)"
		case c.WasFlag(s.Name): // a flag of the command that lists them
			continue
		case c.WasSet(s.Name):
			e.Text = c.from[s.Name].text
		case !all:
			continue
		}
		if s.Secret && e.Text != "" {
			e.Text = hidden
		}
		entries = append(entries, e)
	}
	return entries
}

// Starter is a configuration file to begin with: every setting is explained, and
// none is set.
func Starter() string {
	var b strings.Builder
	b.WriteString("# Settings of sidenote. sidenote finds this file when it starts in this folder or,\n" +
		"# within a repository, below it. Remove the # in front of a setting to change it. A\n" +
		"# flag or a SIDENOTE_ variable overrides this file.\n" +
		"#\n# Check it: sidenote config check      See what holds: sidenote config show\n")
	group := ""
	for _, s := range Settings() {
		if s.InPolicy {
			continue
		}
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&b, "\n## %s\n", group)
		}
		b.WriteByte('\n')
		for _, line := range wording.Wrap(s.sentence(), 78, "## ", "## ") {
			b.WriteString(line + "\n")
		}
		for line := range strings.Lines(s.exampleLines()) {
			b.WriteString("#" + strings.TrimPrefix(line, "#"))
		}
	}
	return b.String()
}
