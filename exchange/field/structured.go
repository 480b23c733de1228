package field

import (
	"encoding/base64"
	"iter"
	"strings"
	"unicode/utf8"
)

// A StructureKind is one of the three shapes that a structured field can have
// (RFC 9651 §3).
type StructureKind uint8

// The shapes.
const (
	StructuredItem StructureKind = iota + 1
	StructuredList
	StructuredDictionary
)

// String returns "Item", "List" or "Dictionary".
func (k StructureKind) String() string {
	return [...]string{"", "Item", "List", "Dictionary"}[k]
}

// A BareType is the type of a value in a structured field (RFC 9651 §3.3).
type BareType uint8

// The types of bare items, and the inner list, which is in their place in a
// list or a dictionary.
const (
	Integer BareType = iota + 1
	Decimal
	String
	Token
	ByteSequence
	Boolean
	StructuredDate
	DisplayString
	InnerList
)

// String returns the type as RFC 9651 writes it, as "Byte Sequence".
func (t BareType) String() string {
	return [...]string{"nothing", "Integer", "Decimal", "String", "Token", "Byte Sequence", "Boolean", "Date", "Display String", "Inner List"}[t]
}

// Bare is a bare item (RFC 9651 §3.3), or the text of an inner list.
type Bare struct {
	Type BareType
	Text string // as it stands; "" for the true that a key without a value has
	At   int    // where Text begins in the field value

	// Number is the value of an Integer, the seconds since 1970 of a Date, the
	// thousandths of a Decimal, and 1 or 0 for a Boolean.
	Number int64
}

// End is the octet after the item's last.
func (b Bare) End() int { return b.At + len(b.Text) }

// IsTrue reports whether b is the Boolean true.
func (b Bare) IsTrue() bool { return b.Type == Boolean && b.Number == 1 }

// Content is what a String, Token, Byte Sequence or Display String stands for;
// the text of anything else. It allocates where something has to be decoded.
func (b Bare) Content() string {
	switch b.Type {
	case String:
		return Unquote(b.Text)
	case ByteSequence:
		return decodeBase64(b.Text[1 : len(b.Text)-1])
	case DisplayString:
		return decodePercent(b.Text[2 : len(b.Text)-1])
	}
	return b.Text
}

// A Member is a member of a structured list, dictionary or inner list, or an
// item that is a whole field value.
type Member struct {
	Key   string // in a dictionary
	KeyAt int    // where Key begins in the field value
	Bare

	value    string // the whole field value
	paramsAt int
}

// A StructuredParam is a parameter of an item or inner list (RFC 9651 §3.1.2).
type StructuredParam struct {
	Key   string
	KeyAt int // where Key begins in the field value
	Bare
}

// Structured is the value of a structured field that has been found well
// formed.
type Structured struct {
	Kind  StructureKind
	value string
}

// ParseStructured checks a field value against the syntax of its kind (RFC 9651
// §4.2). An empty list or dictionary is none and no error. A field with an
// error has to be ignored as a whole. Several lines of a field can be parsed
// one by one, unless a string was torn apart.
func ParseStructured(s string, kind StructureKind) (Structured, *Error) {
	p := structuredParser{s: s}
	p.all(kind, func(Member) bool { return true })
	if p.failed {
		return Structured{}, &Error{At: p.at, What: p.what}
	}
	return Structured{Kind: kind, value: s}, nil
}

// Members returns the members in their order, all of those whose key is repeated;
// one for an item.
func (f Structured) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		p := structuredParser{s: f.value}
		p.all(f.Kind, yield)
	}
}

// Member is the member of a dictionary that has the key: the last one, as
// RFC 9651 §4.2.2 has it.
func (f Structured) Member(key string) (found Member, ok bool) {
	for m := range f.Members() {
		if m.Key == key {
			found, ok = m, true
		}
	}
	return found, ok
}

// Item is the one item of an Item, and the first member of anything else.
func (f Structured) Item() (item Member, ok bool) {
	for m := range f.Members() {
		return m, true
	}
	return Member{}, false
}

// Items returns the items of an inner list, none for anything else.
func (m Member) Items() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		if m.Type == InnerList {
			p := structuredParser{s: m.value, at: m.At}
			p.innerList(yield)
		}
	}
}

// Params returns the parameters in their order, all of those that are repeated.
func (m Member) Params() iter.Seq[StructuredParam] {
	return func(yield func(StructuredParam) bool) {
		p := structuredParser{s: m.value, at: m.paramsAt}
		p.params(yield)
	}
}

// Param is the parameter that has the key: the last one, as RFC 9651 §4.2.3.2
// has it.
func (m Member) Param(key string) (value Bare, ok bool) {
	for p := range m.Params() {
		if p.Key == key {
			value, ok = p.Bare, true
		}
	}
	return value, ok
}

// structuredParser reads a field value from front to back. Each method moves
// at past what it has read, or fails with at on the octet that is wrong.
type structuredParser struct {
	s      string
	at     int
	failed bool
	what   string // is wrong
	last   Bare   // the item that was read last
}

func (p *structuredParser) fail(at int, what string) bool {
	p.at, p.failed, p.what = at, true, what
	return false
}

// peek is the next octet, 0 at the end.
func (p *structuredParser) peek() byte {
	if p.at < len(p.s) {
		return p.s[p.at]
	}
	return 0
}

// failAfter fails for what follows an item. A word that goes on where no word
// can was to be a String: the fault is at its beginning. Behind a space that is
// so only of a word that is alone.
func (p *structuredParser) failAfter(alone bool, what string) {
	switch {
	case p.last.Type != Token:
		p.fail(p.at, what)
	case strings.Contains(p.last.Text, "://"):
		p.fail(p.last.At, "the URL must be in double quotes")
	case alone && p.s[p.at] != ',' || p.at == p.last.End():
		p.fail(p.last.At, "a value with spaces or punctuation must be in double quotes")
	default:
		p.fail(p.at, what)
	}
}

func (p *structuredParser) skipSpaces() {
	for p.peek() == ' ' {
		p.at++
	}
}

func (p *structuredParser) skip(c byte) bool {
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

// all reads the whole value and returns its members; yield may stop it early.
func (p *structuredParser) all(kind StructureKind, yield func(Member) bool) {
	p.skipSpaces()
	if kind != StructuredItem {
		p.members(kind, yield)
		return
	}
	m, ok := p.item("")
	if !ok {
		return
	}
	p.skipSpaces()
	if p.at < len(p.s) {
		p.failAfter(true, "want one value and nothing after it")
		return
	}
	yield(m)
}

func (p *structuredParser) members(kind StructureKind, yield func(Member) bool) {
	for p.at < len(p.s) {
		m, ok := p.member(kind)
		if !ok || !yield(m) {
			return
		}
		p.at = skipOWS(p.s, p.at)
		if p.at == len(p.s) {
			return
		}
		if !p.skip(',') {
			p.failAfter(false, "want a comma before the next member")
			return
		}
		p.at = skipOWS(p.s, p.at)
		if p.at == len(p.s) {
			p.fail(len(p.s), "nothing follows the last comma")
			return
		}
	}
}

func (p *structuredParser) member(kind StructureKind) (m Member, ok bool) {
	if kind == StructuredList {
		return p.itemOrInnerList()
	}
	at := p.at
	key, ok := p.key()
	if !ok {
		return Member{}, false
	}
	if p.skip('=') {
		m, ok = p.itemOrInnerList()
	} else {
		p.last = Bare{}
		m, ok = p.withParams(Bare{Type: Boolean, At: p.at, Number: 1})
	}
	m.Key, m.KeyAt = key, at
	return m, ok
}

func (p *structuredParser) itemOrInnerList() (Member, bool) {
	if p.peek() != '(' {
		return p.item("")
	}
	at := p.at
	if !p.innerList(func(Member) bool { return true }) {
		return Member{}, false
	}
	return p.withParams(Bare{Type: InnerList, Text: p.s[at:p.at], At: at})
}

// innerList reads a parenthesised list (RFC 9651 §4.2.1.2) without its
// parameters. It reports whether it came to the end.
func (p *structuredParser) innerList(yield func(Member) bool) bool {
	p.skip('(')
	for p.at < len(p.s) {
		p.skipSpaces()
		if p.skip(')') {
			return true
		}
		m, ok := p.item("want an item or a closing parenthesis")
		if !ok || !yield(m) {
			return false
		}
		if c := p.peek(); p.at < len(p.s) && c != ' ' && c != ')' {
			return p.fail(p.at, "want a space between the items of an inner list")
		}
	}
	return p.fail(len(p.s), "want a closing parenthesis")
}

// item reads a bare item and its parameters; want says what to complain of
// where there is none, "" for the usual.
func (p *structuredParser) item(want string) (Member, bool) {
	b, ok := p.bare(want)
	if !ok {
		return Member{}, false
	}
	return p.withParams(b)
}

func (p *structuredParser) withParams(b Bare) (Member, bool) {
	m := Member{Bare: b, value: p.s, paramsAt: p.at}
	return m, p.params(func(StructuredParam) bool { return true })
}

// params reads parameters (RFC 9651 §4.2.3.2). It reports whether it came to
// their end.
func (p *structuredParser) params(yield func(StructuredParam) bool) bool {
	for p.skip(';') {
		p.skipSpaces()
		q := StructuredParam{KeyAt: p.at}
		var ok bool
		if q.Key, ok = p.key(); !ok {
			return false
		}
		if !p.skip('=') {
			q.Bare = Bare{Type: Boolean, At: p.at, Number: 1}
		} else if q.Bare, ok = p.bare(""); !ok {
			return false
		}
		if !yield(q) {
			return false
		}
	}
	return true
}

// key reads a key (RFC 9651 §4.2.3.3).
func (p *structuredParser) key() (string, bool) {
	c := p.peek()
	switch {
	case c >= 'A' && c <= 'Z':
		return "", p.fail(p.at, "keys must be in lower case")
	case !isLower(c) && c != '*':
		return "", p.fail(p.at, "want a key, which begins with a lower-case letter")
	}
	start := p.at
	for p.at < len(p.s) && isKeyByte(p.s[p.at]) {
		p.at++
	}
	if c := p.peek(); c >= 'A' && c <= 'Z' {
		return "", p.fail(p.at, "keys must be in lower case")
	}
	return p.s[start:p.at], true
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

func isAlpha(c byte) bool { return isLower(c | 0x20) }

func isKeyByte(c byte) bool {
	return isLower(c) || IsDigit(c) || c == '_' || c == '-' || c == '.' || c == '*'
}

// bare reads a bare item (RFC 9651 §4.2.3.1), whose first octet tells its type.
func (p *structuredParser) bare(want string) (Bare, bool) {
	b := Bare{At: p.at}
	ok := false
	switch c := p.peek(); {
	case c == '-' || IsDigit(c):
		b.Type, b.Number, ok = p.number()
	case c == '"':
		b.Type, ok = String, p.quoted()
	case isAlpha(c) || c == '*':
		b.Type, ok = Token, p.token()
	case c == ':':
		b.Type, ok = ByteSequence, p.bytes()
	case c == '?':
		b.Type, ok = Boolean, p.boolean()
		b.Number = int64(boolNumber(ok && p.s[p.at-1] == '1'))
	case c == '@':
		b.Type = StructuredDate
		b.Number, ok = p.date()
	case c == '%':
		b.Type, ok = DisplayString, p.display()
	case want != "":
		p.fail(p.at, want)
	default:
		p.fail(p.at, whatIsNoItem(c, p.at < len(p.s)))
	}
	if !ok {
		return Bare{}, false
	}
	b.Text = p.s[b.At:p.at]
	p.last = b
	return b, true
}

func boolNumber(b bool) int {
	if b {
		return 1
	}
	return 0
}

func whatIsNoItem(c byte, more bool) string {
	switch {
	case !more:
		return "want a value"
	case c == '\'':
		return "a string must be in double quotes, not single ones"
	case c >= 0x80:
		return "a value holds ASCII only; is this a curly quote?"
	case c == ',':
		return "want a value before the comma"
	case c == '.' || c == '+':
		return "a number begins with a digit or a minus sign"
	}
	return "no value begins with this byte"
}

// number reads an Integer or Decimal (RFC 9651 §4.2.4).
func (p *structuredParser) number() (BareType, int64, bool) {
	const integerDigits, wholeDigits, fractionDigits = 15, 12, 3
	negative := p.skip('-')
	n, digits, ok := p.digits(integerDigits, "an Integer has at most 15 digits")
	if !ok {
		return 0, 0, false
	}
	kind := Integer
	if p.peek() == '.' {
		if digits > wholeDigits {
			return 0, 0, p.fail(p.at, "a Decimal has at most 12 digits before the point")
		}
		p.at++
		fraction, digits, ok := p.digits(fractionDigits, "a Decimal has at most 3 digits after the point")
		if !ok {
			return 0, 0, false
		}
		for ; digits < fractionDigits; digits++ {
			fraction *= 10
		}
		kind, n = Decimal, n*1000+fraction
	}
	if negative {
		n = -n
	}
	return kind, n, true
}

// digits reads one to most digits.
func (p *structuredParser) digits(most int, tooMany string) (n int64, count int, ok bool) {
	for IsDigit(p.peek()) {
		if count == most {
			return 0, 0, p.fail(p.at, tooMany)
		}
		n = n*10 + int64(p.s[p.at]-'0')
		p.at++
		count++
	}
	if count == 0 {
		return 0, 0, p.fail(p.at, "want a digit")
	}
	return n, count, true
}

// quoted reads a String (RFC 9651 §4.2.5).
func (p *structuredParser) quoted() bool {
	p.at++
	for ; p.at < len(p.s); p.at++ {
		switch c := p.s[p.at]; {
		case c == '"':
			p.at++
			return true
		case c == '\\':
			p.at++
			if c := p.peek(); c != '"' && c != '\\' {
				return p.fail(p.at, `only \ and " may follow a backslash`)
			}
		case c < ' ' || c > '~':
			return p.fail(p.at, "a String holds printable ASCII only")
		}
	}
	return p.fail(len(p.s), "want a closing quote")
}

// token reads a Token (RFC 9651 §4.2.6).
func (p *structuredParser) token() bool {
	for p.at < len(p.s) && (IsTokenByte(p.s[p.at]) || p.s[p.at] == ':' || p.s[p.at] == '/') {
		p.at++
	}
	return true
}

// bytes reads a Byte Sequence (RFC 9651 §4.2.7). Padding may be missing, as it
// may in what this parser's peers take.
func (p *structuredParser) bytes() bool {
	p.at++
	start, padding := p.at, 0
	for ; p.at < len(p.s); p.at++ {
		switch c := p.s[p.at]; {
		case c == ':':
			if (p.at-start-padding)%4 == 1 || padding > 0 && (p.at-start)%4 != 0 {
				return p.fail(p.at, "the base64 ends early")
			}
			p.at++
			return true
		case c == '=':
			if padding++; padding > 2 {
				return p.fail(p.at, "want a colon after the base64")
			}
		case padding > 0:
			return p.fail(p.at, "want a colon after the base64")
		case !isAlpha(c) && !IsDigit(c) && c != '+' && c != '/':
			return p.fail(p.at, "want base64 between the colons")
		}
	}
	return p.fail(len(p.s), "want a closing colon")
}

func decodeBase64(s string) string {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return ""
	}
	return string(b)
}

// boolean reads a Boolean (RFC 9651 §4.2.8).
func (p *structuredParser) boolean() bool {
	p.at++
	if c := p.peek(); c != '0' && c != '1' {
		return p.fail(p.at, "want 0 or 1 after the question mark")
	}
	p.at++
	return true
}

// date reads a Date (RFC 9651 §4.2.9).
func (p *structuredParser) date() (seconds int64, ok bool) {
	p.at++
	kind, n, ok := p.number()
	if ok && kind != Integer {
		return 0, p.fail(p.at-1, "a Date has no fraction of a second")
	}
	return n, ok
}

// display reads a Display String (RFC 9651 §4.2.10).
func (p *structuredParser) display() bool {
	start := p.at
	p.at++
	if !p.skip('"') {
		return p.fail(p.at, "want a quote after the percent sign")
	}
	for ; p.at < len(p.s); p.at++ {
		switch c := p.s[p.at]; {
		case c == '"':
			if !utf8.ValidString(decodePercent(p.s[start+2 : p.at])) {
				return p.fail(start, "a Display String holds UTF-8")
			}
			p.at++
			return true
		case c < ' ' || c > '~':
			return p.fail(p.at, "a Display String escapes what is not ASCII")
		case c == '%':
			for range 2 {
				p.at++
				if c := p.peek(); !IsDigit(c) && (c < 'a' || c > 'f') {
					return p.fail(p.at, "want two lower-case hexadecimal digits after the percent sign")
				}
			}
		}
	}
	return p.fail(len(p.s), "want a closing quote")
}

func decodePercent(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			b = append(b, hexDigit(s[i+1])<<4|hexDigit(s[i+2]))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

// hexDigit is the value of a lower-case hexadecimal digit.
func hexDigit(c byte) byte {
	if IsDigit(c) {
		return c - '0'
	}
	return c - 'a' + 10
}
