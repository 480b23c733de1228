package annotate

import (
	"fmt"
	"strings"

	"sidenote/exchange"
)

// A Class is the first digit of a status code, which alone says how a
// recipient has to understand one that it does not know (RFC 9110 §15).
type Class uint8

// The classes. The zero value means no response, or a code outside 100-599.
const (
	NoClass Class = iota
	Informational
	Success
	Redirection
	ClientError
	ServerError
)

// StatusClass returns the class of a status code.
func StatusClass(status int) Class {
	if status < 100 || status > 599 {
		return NoClass
	}
	return Class(status / 100)
}

// String returns the class as records and metrics name it: "client-error".
func (c Class) String() string {
	if c > ServerError {
		c = NoClass
	}
	return [...]string{"none", "informational", "success", "redirection", "client-error", "server-error"}[c]
}

// Digits returns the class as people write it: "4xx"; "" for NoClass.
func (c Class) Digits() string {
	if c == NoClass || c > ServerError {
		return ""
	}
	return string('0'+byte(c)) + "xx"
}

// ParseClass reads "client-error" or "4xx", in any case.
func ParseClass(s string) (Class, error) {
	for c := Informational; c <= ServerError; c++ {
		if strings.EqualFold(s, c.String()) || strings.EqualFold(s, c.Digits()) {
			return c, nil
		}
	}
	return NoClass, fmt.Errorf("class %q: want 1xx to 5xx, or informational, success, redirection, client-error, server-error", s)
}

// A ClassInfo says what the codes of one class have in common.
type ClassInfo struct {
	Class   Class
	Refs    []string
	Meaning string
	Fault   Blame
	Act     string
	Unknown string // what a recipient makes of a code of this class that it does not know
}

// Info describes the class; it returns the zero value for NoClass.
func (c Class) Info() ClassInfo {
	if c > ServerError {
		c = NoClass
	}
	return classes[c]
}

// A Status describes one status code.
type Status struct {
	Code int
	Name string   // the recommended reason phrase; "" for a code no one has named
	Refs []string // where it is defined: "RFC 9110 §15.5.5"

	// Registered says that IANA's registry lists the code, be it as unused.
	// Sender names who usually sends one that it does not list.
	Registered bool
	Sender     string

	Meaning   string // what it says, in one or two sentences
	Fault     Blame  // who usually has to act; ByNobody for what is not a fault
	Act       string // what to do first
	Retry     Retry
	Content   string // which content to expect
	Cacheable Cacheable

	// Must and Should say what the sender has to supply, and what it ought to.
	Must, Should []string
	// Expects lists the response fields that the code calls for, be it by rule
	// or by custom.
	Expects []exchange.Name
}

// Class is the class of the code.
func (s *Status) Class() Class { return StatusClass(s.Code) }

// A Retry says whether sending a request again can help.
type Retry struct {
	Helps RetryHelps
	When  string // when, or why not, as a clause
}

// RetryHelps says which kind of second request can succeed.
type RetryHelps uint8

// The answers to "can a retry help?".
const (
	RetryNo         RetryHelps = iota // no second request is called for
	RetryChanged                      // another request, changed as Retry.When says
	RetrySame                         // the same request, whatever its method
	RetryIdempotent                   // the same request, if doing it twice does no harm (RFC 9110 §9.2.2)
)

// String returns "no", "changed", "same" or "idempotent".
func (r RetryHelps) String() string {
	return [...]string{"no", "changed", "same", "idempotent"}[r]
}

// Cacheable is what a cache may do with a response of a status, unless the
// response forbids it (RFC 9111 §3, §4.2.2).
type Cacheable uint8

// What a cache may do.
const (
	CacheExplicit  Cacheable = iota // store it only with explicit freshness or "public"
	CacheHeuristic                  // also guess how long it is fresh (RFC 9110 §15.1)
	CacheNever                      // it must not be stored
	CacheRefreshes                  // it is not stored, but updates a stored response
)

// String returns "explicit", "heuristic", "never" or "refreshes".
func (c Cacheable) String() string {
	return [...]string{"explicit", "heuristic", "never", "refreshes"}[c]
}

// Statuses lists every code of the registry and the unregistered ones that are
// in common use, in rising order. The caller must not change what it gets.
func Statuses() []Status { return statuses }

// LookupStatus returns the description of a status code; known is false for a
// code that is not in the table. Such a code has the meaning of its class (RFC
// 9110 §15), and a code outside 100-599 that of 5xx. It does not allocate.
func LookupStatus(code int) (s Status, known bool) {
	if code >= 0 && code < len(statusIndex) {
		if i := statusIndex[code]; i != 0 {
			return statuses[i-1], true
		}
	}
	return unknownStatus(code), false
}

// unknownStatus treats a code as the x00 of its class.
func unknownStatus(code int) Status {
	class := StatusClass(code)
	if class == NoClass {
		class = ServerError
	}
	info := &classes[class]
	like := statuses[statusIndex[int(class)*100]-1]
	return Status{
		Code: code, Refs: info.Refs,
		Meaning: info.Unknown, Fault: info.Fault, Act: info.Act,
		Content: like.Content, Cacheable: CacheExplicit,
	}
}

// statusIndex finds a code's row, counted from 1. It is made once from
// statuses and never written again.
var statusIndex = indexStatuses()

func indexStatuses() (ix [600]uint8) {
	for i := range statuses {
		ix[statuses[i].Code] = uint8(i + 1)
	}
	return ix
}

// BlameOf returns who has to act on the outcome of an exchange: for a failure
// the side that its code names, else the side that the final status points at.
func BlameOf(x *exchange.Exchange) Blame {
	if x.Err != nil {
		if f, ok := x.Err.Code.Lookup(); ok {
			return Blame(f.Who)
		}
		return ByProxy
	}
	if x.Response.Made {
		return ByProxy
	}
	if x.Response.Status == 0 {
		return ByNobody
	}
	return statusBlame(x)
}

// statusBlame refines the table where the request tells more than the code.
func statusBlame(x *exchange.Exchange) Blame {
	s, _ := LookupStatus(x.Response.Status)
	switch {
	case s.Code == 408 && x.Origin.Reused:
		return ByNobody // an idle connection ran out just as it was used again
	case s.Code == 504 && hasDirective(x.Request.Fields.Value(exchange.FieldCacheControl), "only-if-cached"):
		return ByClient // it asked a cache for what the cache does not have (RFC 9111 §5.2.1.7)
	}
	return s.Fault
}

// hasDirective finds an argument-less directive in a comma-separated list.
func hasDirective(list, directive string) bool {
	for member := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(member, " \t"), directive) {
			return true
		}
	}
	return false
}
