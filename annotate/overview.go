package annotate

import (
	"strings"

	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/exchange/message"
)

// An Overview is what one look at all octets of a field section tells, so that
// rules about rare things need not look again: most sections have none of them.
type Overview struct {
	Octets  Octets // which octets are in its values
	Odd     Odd    // what is unusual about its lines
	Size    int    // octets of all names and values
	Longest int    // octets of the longest line, name and value
	Unknown bool   // some line has a name that sidenote does not know
}

// Octets is a set of kinds of octets.
type Octets uint8

// The kinds of octets that some rule looks for.
const (
	HasControl    Octets = 1 << iota // a control character other than a tab
	HasHigh                          // beyond ASCII
	HasComma                         // a comma
	HasApostrophe                    // a single quote
	HasBackslash
	HasStar
	HasAt // an at sign
)

// Odd is a set of what is unusual about the lines of a field section.
type Odd uint8

// What can be unusual.
const (
	OddName   Odd = 1 << iota // a name that is not a token, or has capitals in HTTP/2 and later
	OddLine                   // a line of RawHead that is not "Name: value", or "Name:value", and CRLF
	OddRepeat                 // a known name is on several lines
)

// Messages returns the messages of a stream inside of the exchange, nil where there
// are none.
func (p *Pass) Messages() *exchange.Messages {
	if !p.searched {
		p.searched = true
		p.messages = message.Find(p.X)
	}
	return p.messages
}

// RequestOverview is that of the request's header section.
func (p *Pass) RequestOverview() *Overview { return p.overview(0, &p.X.Request.Message) }

// ResponseOverview is that of the final response's header section.
func (p *Pass) ResponseOverview() *Overview { return p.overview(1, &p.X.Response.Message) }

func (p *Pass) overview(i int, m *exchange.Message) *Overview {
	if !p.looked[i] {
		p.looked[i] = true
		p.overviews[i] = overviewOf(m)
	}
	return &p.overviews[i]
}

func overviewOf(m *exchange.Message) (o Overview) {
	repeats := m.Fields.Repeats()
	if repeats {
		o.Odd |= OddRepeat
	}
	pos := strings.IndexByte(m.RawHead, '\n') + 1
	if pos < 2 && m.RawHead != "" || pos >= 2 && m.RawHead[pos-2] != '\r' {
		o.Odd |= OddLine
	}
	for i := range m.Fields.Len() {
		l := m.Fields.At(i)
		o.Octets |= octetsOf(l.Value)
		n := len(l.Name) + len(l.Value)
		o.Size += n
		o.Longest = max(o.Longest, n)
		o.Unknown = o.Unknown || l.Known == 0
		if l.Known == 0 && !field.IsToken(l.Name) || m.Version >= exchange.HTTP2 && hasCapital(l.Name) {
			o.Odd |= OddName
		}
		if m.RawHead != "" && o.Odd&OddLine == 0 {
			if pos = plainLine(m.RawHead, pos, l); pos < 0 {
				o.Odd |= OddLine
			}
		}
	}
	if m.RawHead != "" && o.Odd&OddLine == 0 && m.RawHead[pos:] != "\r\n" {
		o.Odd |= OddLine
	}
	return o
}

// octetsOf looks at each octet of every message, so it keeps no word in memory
// from one octet to the next.
func octetsOf(s string) (kinds Octets) {
	for len(s) >= 4 {
		kinds |= octetKinds[s[0]] | octetKinds[s[1]] | octetKinds[s[2]] | octetKinds[s[3]]
		s = s[4:]
	}
	for i := range len(s) {
		kinds |= octetKinds[s[i]]
	}
	return kinds
}

// plainLine is where the line after one that is at octet pos of a head begins;
// -1 when the line is not as it should be written.
func plainLine(raw string, pos int, l *exchange.Line) int {
	colon := pos + len(l.Name)
	if colon >= len(raw) || raw[colon] != ':' || raw[pos:colon] != l.Name {
		return -1
	}
	end := colon + 1 + len(l.Value)
	if colon+1 < len(raw) && raw[colon+1] == ' ' {
		end++
	}
	if end+2 > len(raw) || raw[end] != '\r' || raw[end+1] != '\n' {
		return -1
	}
	return end + 2
}

var octetKinds = makeOctetKinds()

func makeOctetKinds() (kinds [256]Octets) {
	for c := range kinds {
		switch {
		case field.IsControl(byte(c)):
			kinds[c] = HasControl
		case c >= 0x80:
			kinds[c] = HasHigh
		}
	}
	kinds[','], kinds['\''], kinds['\\'] = HasComma, HasApostrophe, HasBackslash
	kinds['*'], kinds['@'] = HasStar, HasAt
	return kinds
}

func hasCapital(s string) bool {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return true
		}
	}
	return false
}
