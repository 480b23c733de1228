package annotate

import (
	"hash/fnv"
	"strconv"

	"sidenote/exchange"
	"sidenote/exchange/inside"
)

// Annotated is an ended exchange with its notes, which every sink receives. It
// must not change once it has been handed on.
type Annotated struct {
	X     *exchange.Exchange
	Notes []Note
	Seq   uint64 // the number under which a store keeps it; 0 when none does

	// Late says that X has been handed on before, and that Notes are further
	// ones, which only later exchanges made known. X is then a short form.
	Late bool
}

// Verdict is the highest severity among the notes that count, 0 when there is
// none.
func (a *Annotated) Verdict() Severity { return Worst(a.Notes) }

// Blame says who has to act on the worst note; the first of them where several
// are equally bad.
func (a *Annotated) Blame() Blame { return WorstBlame(a.Notes) }

// WorstBlame is the blame of the first note of the highest severity that counts.
func WorstBlame(notes []Note) Blame {
	worst := Worst(notes)
	for i := range notes {
		if notes[i].Severity == worst && notes[i].Accepted == "" {
			return notes[i].Blame
		}
	}
	return ByNobody
}

// ClassSuccess is the class of a 2xx.
const ClassSuccess = "success"

// ClassNone is the class of an exchange in which the other side never answered.
const ClassNone = "failed"

// ClassOf names the class of a final response (RFC 9110 §15): "informational",
// "success", "redirection", "client-error", "server-error", or "other" for a
// code outside 100-599. It is ClassNone when no response came, even where the
// proxy then made an error response of its own, and when a tunnel failed that the
// proxy had opened: its 200 says nothing.
func ClassOf(x *exchange.Exchange) string {
	r := &x.Response
	if r.Status == 0 || r.Made && (r.Status >= 400 || x.Err != nil) {
		return ClassNone
	}
	if c := r.Class(); c >= 1 && c < len(classNames) {
		return classNames[c]
	}
	return "other"
}

var classNames = [...]string{"", "informational", ClassSuccess, "redirection", "client-error", "server-error"}

// Redacted returns a copy of a in which no secret of the exchange can be read,
// and a itself when there is none or r is nil. Without content, the kept
// content is not searched and so must not be shown. Places whose text has
// changed lose their span.
func Redacted(a *Annotated, r *exchange.Redactor, content bool) *Annotated {
	x := r.Redact(a.X, content)
	if x == a.X {
		return a
	}
	out := &Annotated{X: x, Notes: make([]Note, len(a.Notes)), Seq: a.Seq, Late: a.Late}
	scrub := r.Scrubber(a.X, content)
	for i, n := range a.Notes {
		n.Message, n.Help = scrub.Text(n.Message), scrub.Text(n.Help)
		if n.Place.End > n.Place.Start && a.X.Text(n.Place) != x.Text(n.Place) {
			n.Place.Start, n.Place.End = 0, 0
		}
		out.Notes[i] = n
	}
	return out
}

// Fingerprint names what a note is about independently of when it was found:
// equal for the same rule at the same part of the same kind of request, so
// that two runs can be compared. It is 16 hexadecimal digits.
func (n *Note) Fingerprint(x *exchange.Exchange) string {
	h := fnv.New64a()
	for _, s := range [...]string{
		n.Rule.ID, x.Request.Method, x.SteadyHostPort(), RouteOf(x),
		strconv.Itoa(int(n.Place.Message)), strconv.Itoa(int(n.Place.Part)), n.Place.Field,
	} {
		_, _ = h.Write([]byte(s)) // a hash never fails
		_, _ = h.Write([]byte{0})
	}
	s := strconv.FormatUint(h.Sum64(), 16)
	return "0000000000000000"[len(s):] + s
}

// RouteOf returns the route of an exchange: the template of its path, and the
// operation where one path serves many, as in "/graphql mutation AddToCart". The
// path of a gRPC call names its method, and stays as it is.
func RouteOf(x *exchange.Exchange) string {
	op := x.Operation()
	switch name := op.String(); {
	case name == "":
		return Route(x.Path())
	case op.Protocol == inside.GRPC:
		return "/" + name
	default:
		return Route(x.Path()) + " " + name
	}
}

// Route makes a template of a path: segments that look like identifiers become
// "{id}", so that requests for many things of one kind are seen as one. It
// returns at most 12 segments, the rest as "...".
func Route(path string) string { return string(AppendRoute(make([]byte, 0, 64), path)) }

// AppendRoute appends the template of a path to b, as Route makes it.
func AppendRoute(b []byte, path string) []byte {
	const most = 12
	for count := 0; path != ""; count++ {
		end := segmentEnd(path)
		if count == most {
			return append(b, "/..."...)
		}
		segment := path[:end]
		if slash := segment != "" && segment[0] == '/'; slash {
			b = append(b, '/')
			segment = segment[1:]
		}
		if isIdentifier(segment) {
			b = append(b, "{id}"...)
		} else {
			b = append(b, segment...)
		}
		path = path[end:]
	}
	return b
}

// segmentEnd is where the segment that begins at path[0], its slash included, ends.
func segmentEnd(path string) int {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			return i
		}
	}
	return len(path)
}

// isIdentifier reports whether a path segment names one thing of many: a
// number, a UUID or other hexadecimal text, a mix of letters and digits, or
// anything very long. Version segments such as "v1" are not.
func isIdentifier(s string) bool {
	digits, hex := 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			digits++
			hex++
		case c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == '-':
			hex++
		}
	}
	switch {
	case len(s) > 64:
		return true
	case digits == 0:
		return false
	case digits == len(s):
		return true
	case hex == len(s) && len(s) >= 8:
		return true
	}
	return len(s) >= 16 && digits*8 >= len(s)
}

// Classes lists what ClassOf returns.
func Classes() []string {
	return append(append([]string{}, classNames[1:]...), "other", ClassNone)
}
