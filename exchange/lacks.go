package exchange

import "strings"

// Lacks says what a record does not say as it was on the wire; a set of the
// constants below. What sidenote saw itself lacks nothing. A capture of another
// program lacks much: each writes what it has available, and rules that read
// what it lacks must be silent (annotate.Needs).
type Lacks uint16

// What a record can lack.
const (
	LacksVersion  Lacks = 1 << iota // the HTTP version is missing, or the same whatever was spoken
	LacksMethod                     // the method is missing
	LacksLines                      // order, case and number of field lines are the writer's
	LacksFraming                    // fields about connection and framing may be missing or changed, and content may have come out of a store
	LacksRequest                    // the request has other fields than were sent, or none
	LacksResponse                   // the response has other fields than came, or none
	LacksSecrets                    // fields with secrets may have been left out
	LacksContent                    // content was not kept
	LacksOctets                     // content is not the octets that passed
	LacksClock                      // when the exchange took place is not known, or by a clock that is wrong
	LacksTLS                        // the connections: how they were protected, and the proxies that they went through
	LacksInterim                    // interim responses
	LacksTrailers                   // trailer fields
	LacksNetwork                    // nothing was sent: the user agent answered itself
)

// lacksNames has the name of each, as records hold it.
var lacksNames = [...]string{
	"version", "method", "lines", "framing", "request-fields", "response-fields", "secrets", "content", "octets",
	"clock", "tls", "interim", "trailers", "network",
}

// Has reports whether any of what is in other is lacking.
func (l Lacks) Has(other Lacks) bool { return l&other != 0 }

// Names returns the names of what is in the set, as records hold them.
func (l Lacks) Names() []string {
	var names []string
	for i, n := range lacksNames {
		if l&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// parseLacks reads what Names gave. A name that is not ours, as of a later
// version, is passed over.
func parseLacks(names []string) (l Lacks) {
	for _, name := range names {
		for i, n := range lacksNames {
			if n == name {
				l |= 1 << i
			}
		}
	}
	return l
}

// lacksOfFormat is what every HAR lacks: the format has no room for it.
const lacksOfFormat = LacksTLS | LacksInterim | LacksTrailers

// lacksOfStrangers is what a HAR of a program that is not known may lack as well.
const lacksOfStrangers = lacksOfFormat | LacksLines | LacksFraming | LacksOctets

// A harWriter is a program that writes HARs, by the beginning of the name that it
// has for itself in "creator".
type harWriter struct {
	name  string // in lower case
	lacks Lacks
	quirk harQuirk
}

// A harQuirk is a way of writing that is to be undone.
type harQuirk uint8

const (
	quirkJSONLists harQuirk = 1 << iota // values of several lines are a JSON list in a string
	quirkDoubles                        // fields stand twice, once as the page set them and once as sent
	quirkSeparated                      // numbers have separators between thousands
	quirkGetData                        // GET has the query as its content
	quirkMerged                         // fields of a redirect are among those of what followed it, and sizes are counted twice
	quirkOwn                            // sidenote wrote it
)

// harWriters lists the writers that differ from a stranger, the more exact names
// first. The last one is the stranger.
var harWriters = [...]harWriter{
	{"sidenote", lacksOfFormat, quirkOwn},
	{"polly.js", lacksOfStrangers | LacksVersion, quirkJSONLists},         // always says HTTP/1.1
	{"netflix polly", lacksOfStrangers | LacksVersion, quirkJSONLists},    //
	{"postman", lacksOfStrangers | LacksVersion | LacksRequest, 0},        // has the fields as they were typed in
	{"insomnia", lacksOfStrangers | LacksVersion | LacksRequest, 0},       //
	{"newman", lacksOfStrangers | LacksVersion | LacksRequest, 0},         //
	{"thunder client", lacksOfStrangers | LacksVersion | LacksRequest, 0}, //
	{"bruno", lacksOfStrangers | LacksVersion | LacksRequest, 0},          //
	{"hoppscotch", lacksOfStrangers | LacksVersion | LacksRequest, 0},     //
	{"chrome-har", lacksOfStrangers, quirkDoubles | quirkMerged},
	{"webinspector", lacksOfStrangers | LacksSecrets, quirkDoubles}, // Chrome and Edge, which leave secrets out unless asked
	{"chrome", lacksOfStrangers | LacksSecrets, quirkDoubles},       // chrome-har-capturer among them
	{"browsertime", lacksOfStrangers, quirkDoubles | quirkMerged},
	{"sitespeed", lacksOfStrangers, quirkDoubles | quirkMerged},
	{"puppeteer", lacksOfStrangers, quirkDoubles | quirkMerged},
	{"lighthouse", lacksOfStrangers, quirkDoubles},
	{"webpagetest", lacksOfStrangers, quirkDoubles},
	{"webkit", lacksOfStrangers, quirkGetData}, // Safari
	{"safari", lacksOfStrangers, quirkGetData},
	{"internet explorer", lacksOfStrangers, quirkSeparated},
	{"f12", lacksOfStrangers, quirkSeparated},
	{"httpwatch", lacksOfStrangers, quirkSeparated},
	{"", lacksOfStrangers, 0},
}

// harWriterOf finds a writer by the name that it has for itself.
func harWriterOf(name string) *harWriter {
	name = strings.ToLower(name)
	for i := range harWriters {
		if strings.HasPrefix(name, harWriters[i].name) {
			return &harWriters[i]
		}
	}
	return &harWriters[len(harWriters)-1]
}

// has reports whether a program writes in a certain way.
func (w *harWriter) has(q harQuirk) bool { return w.quirk&q != 0 }
