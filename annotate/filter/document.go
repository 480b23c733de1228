package filter

import (
	"fmt"
	"slices"
	"strings"

	"sidenote/internal/wording"
)

// Markdown documents the language.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Filters

A filter selects exchanges, in the inspector and in every flag that takes a FILTER:

` + "```\n" + `status:4xx host:shop.test             both hold
status:404,410                        one of the values
-type:image                           the opposite; also ! and not
status:5xx or is:failed               one of the two; also |
host:shop.test (rule:cache/* or time:>1s)
checkout                              a word in the URL or in a rule's name, or a method, status or ID
` + "```" + `

Between a key and its value, write one of these:

| | means |
|---|---|
| ` + "`host:shop`" + ` | contains the value; case doesn't matter |
| ` + "`host:*.shop.test`" + ` | with ` + "`*`" + ` for anything, equals the value |
| ` + "`host:=shop.test`" + ` | equals the value |
| ` + "`host~\"^(a\\|b)\"`" + ` | matches a regular expression (RE2) |
| ` + "`time:>500ms`" + `, ` + "`size:<=1MB`" + `, ` + "`status:400..403`" + ` | comparisons and ranges of numbers |

Put a value with spaces, commas or brackets in double quotes. In quotes, write ` + "`\\\"`" + ` for a quote and ` + "`\\\\`" + ` for a backslash.

## Keys

| key | also | finds | example |
|---|---|---|---|
`)
	for _, k := range table() {
		also := ""
		for _, a := range k.aliases {
			also += " `" + a + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", k.name, strings.TrimSpace(also), k.help, wording.Cell(k.example))
	}
	for _, k := range table() {
		if len(k.words) > 0 {
			fmt.Fprintf(&b, "\n## Values of `%s`\n\n| | |\n|---|---|\n", k.name)
			for _, w := range k.words {
				fmt.Fprintf(&b, "| `%s:%s` | %s |\n", k.name, w.name, w.help)
			}
		}
	}
	b.WriteString("\n## Operators of mitmproxy\n\nYou can also use these operators, with `&`, `|`, `!` and brackets. Values are regular expressions.\n\n| | means |\n|---|---|\n")
	for _, name := range tildeNames() {
		t := tildes[name]
		if t.key == "" {
			fmt.Fprintf(&b, "| `~%s` | `%s` |\n", name, t.fixed)
		} else {
			fmt.Fprintf(&b, "| `~%s VALUE` | `%s` |\n", name, t.key)
		}
	}
	return b.String()
}

func tildeNames() (names []string) {
	for name := range tildes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
