package annotate

import "sidenote/exchange"

// Needs is a set of what a check reads beside the message heads, and of what must
// be known of an exchange for the check to be right.
type Needs uint16

// What a check can need. Captures of other programs say less than what sidenote
// saw itself: a check is not called where what it needs is lacking
// (exchange.Lacks). Of content, raw heads, connections and interim responses,
// which any exchange may be without, it is called still and has to look.
const (
	NeedsContent  Needs = 1 << iota // kept content, sizes
	NeedsEnd                        // how the exchange ended: timing, Err, whether a connection was closed
	NeedsRawHead                    // the octets of a head as received; the check is silent where there are none
	NeedsTLS                        // the connections: how they are protected, and the proxy that they go through
	NeedsClock                      // the time of receipt
	NeedsInterim                    // 1xx responses
	NeedsVersion                    // the HTTP version
	NeedsMethod                     // the request method
	NeedsLines                      // how often, in which order and case field lines stand
	NeedsFraming                    // fields about connection and framing, and content that came on the connection
	NeedsRequest                    // that a request field which is missing was not sent
	NeedsResponse                   // that a response field which is missing was not sent
	NeedsSecrets                    // that Authorization, Cookie or Set-Cookie which is missing was not sent
	NeedsOctets                     // the octets of the content as they came, and their number
	NeedsTrailers                   // trailer fields

	NeedsTimes // when the exchange took place, by any clock

	needsTheEnd = NeedsContent | NeedsEnd | NeedsOctets | NeedsTrailers
)

// AtEnd reports whether a rule with these needs has to wait for the end.
func (n Needs) AtEnd() bool { return n&needsTheEnd != 0 }

// A need is one of the Needs with what an exchange lacks that it is not met by.
type need struct {
	needs   Needs
	lacks   exchange.Lacks // 0 where the exchange itself shows it
	certain bool           // the check is not called
	words   string         // what was not recorded
}

var needs = [...]need{
	{NeedsRawHead, 0, false, "raw headers"},
	{NeedsLines, exchange.LacksLines, true, "order, case and number of header lines"},
	{NeedsFraming, exchange.LacksFraming, true, "headers of the connection"},
	{NeedsTLS, exchange.LacksTLS, false, "TLS details"},
	{NeedsInterim, exchange.LacksInterim, false, "1xx responses"},
	{NeedsTrailers, exchange.LacksTrailers, true, "trailers"},
	{NeedsContent, exchange.LacksContent, false, "bodies"}, // of one message perhaps
	{NeedsOctets, exchange.LacksOctets, true, "bodies before decoding"},
	{NeedsVersion, exchange.LacksVersion, true, "the HTTP version"},
	{NeedsMethod, exchange.LacksMethod, true, "the request method"},
	{NeedsRequest, exchange.LacksRequest, true, "all request headers"},
	{NeedsResponse, exchange.LacksResponse, true, "all response headers"},
	{NeedsSecrets, exchange.LacksSecrets, true, "whether cookies and credentials were sent"},
	{NeedsClock, exchange.LacksClock, true, "the right time"},
	{NeedsTimes, 0, false, "when exchanges took place"},
}

// Forbidden returns what no check may be called for that needs it, where a capture
// lacks what is in l.
func Forbidden(l exchange.Lacks) (n Needs) {
	if l == 0 {
		return 0
	}
	for i := range needs {
		if needs[i].certain && l.Has(needs[i].lacks) {
			n |= needs[i].needs
		}
	}
	return n
}

// Unmet returns what no check can know of an exchange, whether because a capture
// lacks it or because it is not there: rules that need it are silent.
func Unmet(x *exchange.Exchange) (n Needs) {
	for i := range needs {
		if x.Source.Lacks.Has(needs[i].lacks) {
			n |= needs[i].needs
		}
	}
	if !x.Request.WireTrue() && !x.Response.WireTrue() {
		n |= NeedsRawHead
	}
	if x.Started.IsZero() {
		n |= NeedsClock | NeedsTimes
	}
	if x.Scheme == "https" && x.Client.TLS == nil && x.Origin.TLS == nil {
		n |= NeedsTLS
	} else if x.Scheme == "http" {
		n &^= NeedsTLS
	}
	return n
}
