package printable

import (
	"fmt"
	"strings"
)

// MarkdownText makes text from the wire plain text of Markdown: punctuation
// that can be markup gets a backslash (CommonMark §2.4), and what a forge makes
// links of afterwards (@name, www.) is broken up.
func MarkdownText(s string) string {
	s = Text(s, false)
	var b strings.Builder
	for i, r := range s {
		switch r {
		case '@':
			b.WriteString("@<!-- -->")
			continue
		case '<', '&', '|': // a backslash does not keep a bar from ending a cell everywhere
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		case '#', '$', '*', '>', '[', '\\', ']', '_', '`', '~':
			b.WriteByte('\\')
		case ':':
			if strings.HasPrefix(s[i:], "://") {
				b.WriteByte('\\')
			}
		case '.':
			if i >= 3 && strings.EqualFold(s[i-3:i], "www") {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// MarkdownCode makes a code span that may be in a cell of a table.
func MarkdownCode(s string) string {
	s = Text(s, false)
	if !strings.ContainsAny(s, "`|\\") && s != "" {
		return "`" + s + "`"
	}
	var b strings.Builder
	b.WriteString("<code>")
	for _, r := range s {
		if r < 0x80 && !isWordOctet(byte(r)) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteString("</code>")
	return b.String()
}

func isWordOctet(c byte) bool {
	return c == ' ' || c == '/' || c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
