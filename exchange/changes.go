package exchange

// Changes says in which ways the proxy forwarded a message otherwise than it
// was received; a set of the constants below.
type Changes uint32

// What the proxy can change. The first group is forced by HTTP itself, the second
// is what sidenote is asked to do. Values without a name are those of records of
// earlier versions, which are still read.
const (
	_ Changes = 1 << iota
	_
	_
	_
	_
	ChangedResponseFraming // what says where the message ends was made clear
	ChangedRequestFraming
	_

	ChangedRequestHopByHop // hop-by-hop fields were consumed, as RFC 9110 §7.6.1 demands
	ChangedResponseHopByHop
	ChangedVersion // the two sides speak different HTTP versions
	ChangedRequestVia
	ChangedRequestHost // reverse mode: Host names the origin server

	ChangedSidenoteRemoved // the origin server sent Sidenote fields of its own
	ChangedIgnoreRemoved   // a Sidenote-Ignore field was for us and was not forwarded
	ChangedAnnotated       // Sidenote fields were added
	ChangedTraceStarted    // a Traceparent was added to a request that had none

	ChangedRequestLineEnds // line ends or folded lines of the head were rewritten, since they could be read in two ways
)

var changeNames = [...]string{
	"request-field-order", "request-field-case",
	"response-reason", "response-field-order", "response-field-case", "response-framing", "request-framing", "request-trailers",
	"request-hop-by-hop", "response-hop-by-hop", "version", "request-via", "request-host",
	"sidenote-fields-removed", "sidenote-ignore-removed", "annotated", "request-trace-started", "request-line-ends",
}

// Names returns the names of what is in the set, as records hold them.
func (c Changes) Names() []string {
	var names []string
	for i, n := range changeNames {
		if c&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// ParseChange finds a change by its name; ok is false for one that is not ours.
func ParseChange(name string) (c Changes, ok bool) {
	for i, n := range changeNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}
