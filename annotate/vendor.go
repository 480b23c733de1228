package annotate

import (
	"strconv"
	"strings"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// A Vendor is a gateway, a CDN or a platform that answers for origin servers,
// and what its responses say of themselves.
type Vendor struct {
	Name string // as a sentence names it: "Cloudflare"
	URL  string // its own documentation of the codes

	// Marks are how its responses can be told: one of them is enough. Where it
	// has none, only its pages and codes show it.
	Marks []VendorMark
	// IDs are the response fields by which its people find a request, the best
	// first; Together says that they want all of them.
	IDs      []exchange.Name
	Together bool
	Ask      string // whom to ask, as a sentence names them
	API      bool   // clients call the vendor's own API, whose 4xx are everyday responses

	// Page is what each of its own pages has, and Leads are the texts after one
	// of which the code comes; both can be empty.
	Page  string
	Leads []string
	Codes []VendorCode
}

// A VendorMark is a response field and how its value begins, compared without
// case; "" for any value.
type VendorMark struct {
	Name  exchange.Name
	Value string
}

// A VendorCode is one thing that a vendor says, and what it means.
type VendorCode struct {
	Kind   VendorKind
	Status int // the status that it comes with; 0 for any

	// One of these shows the code. A field shows it where a member of its value
	// is Value or begins with it; "" is any value. A page shows it where its
	// content has Page, behind one of the vendor's Leads if there are some.
	// Where both are zero, the status alone shows it.
	Field exchange.Name
	Value string
	Page  string

	Code  string // its name in the vendor's documentation; "" for none
	Means string // what it means, as a sentence without a full stop
	Do    string // what to do, likewise
	Who   Blame  // who has to act
}

// VendorKind says which rule tells of a code.
type VendorKind uint8

// The kinds.
const (
	VendorFailure   VendorKind = iota // the request failed at the vendor
	VendorChallenge                   // a test for people came instead of the response
	VendorState                       // what the vendor did with a request that it served
)

// Vendors lists every vendor that is described. The caller must not change what
// it gets.
func Vendors() []Vendor { return vendors }

// Marked reports whether a response bears one of the vendor's marks, or whether
// it needs none.
func (v *Vendor) Marked(f *exchange.Fields) bool {
	if len(v.Marks) == 0 {
		return true
	}
	for _, m := range v.Marks {
		if i := f.Index(m.Name); i >= 0 && field.HasPrefixFold(f.At(i).Value, m.Value) {
			return true
		}
	}
	return false
}

// Everyday reports whether a code tells a client of something that clients are
// ready for, such as a missing object, and not of a fault in the setup.
func (v *Vendor) Everyday(c *VendorCode, status int) bool {
	return c.Who == ByClient && status < 500 && (v.API || status == 401 || status == 404 || status == 429)
}

// Quote returns the fields by which the vendor's people find a request, with
// their values, as a sentence names them: `CF-Ray 88a1f2b3c4d5e6f7-FRA`; "" where
// the response has none.
func (v *Vendor) Quote(f *exchange.Fields) string {
	var all []string
	for _, n := range v.IDs {
		s := f.Value(n)
		if s == "" || exchange.IsRedacted(s) || len(all) > 0 && !v.Together {
			continue
		}
		all = append(all, n.String()+" "+shortID(s))
	}
	return strings.Join(all, " and ")
}

// shortID is an ID as a sentence can hold it: escaped, and cut where it is long.
func shortID(s string) string {
	const most = 120
	more := ""
	if len(s) > most {
		s, more = s[:most], "..."
	}
	escaped := strconv.Quote(s)
	return escaped[1:len(escaped)-1] + more
}

// InValue finds the member of a field value that is the code; ok is false if
// there is none.
func (c *VendorCode) InValue(value string) (at field.Part, ok bool) {
	if c.Value == "" {
		return field.Part{Text: value}, value != ""
	}
	for m := range field.List(value) {
		if strings.HasPrefix(m.Text, c.Value) && !continues(m.Text[len(c.Value):]) {
			m.Text = m.Text[:len(c.Value)]
			return m, true
		}
	}
	return at, false
}

// InPage finds the code in content that the vendor made; ok is false if it is
// not there.
func (v *Vendor) InPage(c *VendorCode, content string) (start, end int, ok bool) {
	if c.Page == "" || !strings.Contains(content, v.Page) {
		return 0, 0, false
	}
	if len(v.Leads) == 0 {
		start = strings.Index(content, c.Page)
		return start, start + len(c.Page), start >= 0
	}
	for _, lead := range v.Leads {
		i := strings.Index(content, lead)
		if i < 0 {
			continue
		}
		start = i + len(lead)
		if rest, ok := strings.CutPrefix(content[start:], c.Page); ok && !continues(rest) {
			return start, start + len(c.Page), true
		}
	}
	return 0, 0, false
}

// continues reports whether a word goes on at the beginning of s.
func continues(s string) bool {
	if s == "" {
		return false
	}
	c := s[0]
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
}
