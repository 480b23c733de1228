package filter

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// A pattern is a regular expression without the case of letters. It knows texts
// of which all that it matches has one: to look for these is many times faster
// than to match, and most texts have none.
type pattern struct {
	re     *regexp.Regexp
	needed []*finder // none where nothing is known
}

func newPattern(text string) (*pattern, error) {
	text = "(?i)" + text
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	p := &pattern{re: re}
	if tree, err := syntax.Parse(text, syntax.Perl); err == nil {
		for _, s := range needed(tree) {
			p.needed = append(p.needed, newFinder(s))
		}
	}
	return p, nil
}

func (p *pattern) matchString(s string) bool { return mayMatch(p, s) && p.re.MatchString(s) }

func (p *pattern) match(b []byte) bool { return mayMatch(p, b) && p.re.Match(b) }

func mayMatch[S ~string | ~[]byte](p *pattern, s S) bool {
	for _, f := range p.needed {
		if isIn(s, f) {
			return true
		}
	}
	return len(p.needed) == 0
}

// Bounds of the texts that a pattern is known by: shorter ones are found nearly
// everywhere, and many take longer than they spare.
const (
	leastNeeded = 2
	mostNeeded  = 8
)

// needed returns texts of which one is part of whatever an expression matches;
// none when nothing can be said.
func needed(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if s := plainest(re); len(s) >= leastNeeded {
			return []string{s}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return needed(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needed(re.Sub[0])
		}
	case syntax.OpConcat:
		return bestOf(re.Sub)
	case syntax.OpAlternate:
		return allOfThem(re.Sub)
	}
	return nil
}

// plainest is the longest part of a literal whose letters have no cases beyond
// ASCII: k and s have (U+212A, U+017F).
func plainest(re *syntax.Regexp) (longest string) {
	part := ""
	for _, r := range re.Rune {
		cased := re.Flags&syntax.FoldCase != 0 && (r|0x20 == 'k' || r|0x20 == 's')
		if r >= utf8.RuneSelf || cased {
			part = ""
			continue
		}
		if part += string(r); len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

// bestOf picks the part of a sequence whose shortest text is the longest.
func bestOf(parts []*syntax.Regexp) (best []string) {
	length := 0
	for _, part := range parts {
		if texts := needed(part); shortest(texts) > length {
			best, length = texts, shortest(texts)
		}
	}
	return best
}

func allOfThem(parts []*syntax.Regexp) (all []string) {
	for _, part := range parts {
		texts := needed(part)
		if len(texts) == 0 || len(all)+len(texts) > mostNeeded {
			return nil
		}
		all = append(all, texts...)
	}
	return all
}

// shortest is the length of the shortest text; 0 when there is none.
func shortest(texts []string) (length int) {
	for i, s := range texts {
		if i == 0 || len(s) < length {
			length = len(s)
		}
	}
	return length
}
