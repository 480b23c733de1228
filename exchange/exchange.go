package exchange

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"sidenote/exchange/inside"
)

// An Exchange is one request and the result of it.
//
// Its maker owns it until the exchange has ended; from then on no one changes
// it, and any number of readers may share it.
type Exchange struct {
	ID      string    // short, unique within a run, as "7f3k"
	Run     string    // names the run of the program that recorded it
	Started time.Time // when the first octet of the request head was read

	// Scheme and Authority are those of the target URI (RFC 9110 §7.1), which
	// an HTTP/1.1 request states only in part.
	Scheme    string
	Authority string

	Client Connection // inbound: the user agent's connection
	Origin Connection // outbound: the connection to the origin server or the next proxy

	Request  Request
	Interim  []Response // 1xx responses, in the order they came; not a 101
	Response Response   // the final response, or a 101; Status 0 when none came

	// Tunnel counts what went through a CONNECT tunnel or an upgraded connection.
	Tunnel Tunnel

	// Messages are those of a stream inside of the exchange; nil where there were
	// none.
	Messages *Messages

	// WindowStalls are the windows of HTTP/2 that were closed for a while, four at
	// most; nil where there were none.
	WindowStalls []WindowStall

	Timing  Timing
	Err     *Err    // why the exchange failed; nil when it did not
	Changed Changes // what the proxy forwarded otherwise than received

	// Trace says which distributed trace the exchange is part of.
	Trace Trace

	// Source says which file a record was read from; zero for a live one.
	Source Source

	effect    atomic.Pointer[Effect]           // see Effective
	operation atomic.Pointer[inside.Operation] // see Operation
}

// Tunnel is what passed through a tunnel, in octets.
type Tunnel struct {
	Sent     int64 // from the client
	Received int64 // from the other side
	// Protocol names what passed, as far as its first octets tell: "tls", "ssh",
	// "imap", or what was agreed on in ALPN. "" where that is not known.
	Protocol string
	// Refused says that the tunnel was not looked into since the client had
	// refused our certificate; nil where that is not why.
	Refused *RefusedCA
}

// A RefusedCA is a client's refusal of our certificate, and how long it holds.
type RefusedCA struct {
	Times int       // refusals in a row
	Since time.Time // of the first of them
	Until time.Time // when the certificate is offered again
}

// Source is the place of a record in a capture file.
type Source struct {
	File  string // as the user gave it
	Entry int    // counted from 0
	Lacks Lacks  // what the capture does not say as it was
}

// A Version is an HTTP version: 10, 11, 20 or 30 for HTTP/1.0 to HTTP/3.
type Version uint8

// The versions that are in use.
const (
	HTTP10 Version = 10
	HTTP11 Version = 11
	HTTP2  Version = 20
	HTTP3  Version = 30
)

// String returns the version as a start line has it: "HTTP/1.1", "HTTP/2".
func (v Version) String() string {
	switch v {
	case HTTP10:
		return "HTTP/1.0"
	case HTTP11:
		return "HTTP/1.1"
	case HTTP2:
		return "HTTP/2"
	case HTTP3:
		return "HTTP/3"
	case 0:
		return ""
	}
	return "HTTP/" + string('0'+byte(v/10)) + "." + string('0'+byte(v%10))
}

// Number returns the version as OpenTelemetry's network.protocol.version has it:
// "1.1", "2".
func (v Version) Number() string { return strings.TrimPrefix(v.String(), "HTTP/") }

// ParseVersion reads "HTTP/1.1", "HTTP/2" or "HTTP/2.0"; ok is false for
// anything else.
func ParseVersion(s string) (v Version, ok bool) {
	digits, found := strings.CutPrefix(s, "HTTP/")
	if !found {
		return 0, false
	}
	if len(digits) == 1 && digits[0] >= '0' && digits[0] <= '9' {
		return Version(digits[0]-'0') * 10, true
	}
	if len(digits) == 3 && digits[1] == '.' && isDigit(digits[0]) && isDigit(digits[2]) {
		return Version(digits[0]-'0')*10 + Version(digits[2]-'0'), true
	}
	return 0, false
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// A Message is what a request and a response have in common.
type Message struct {
	Version  Version // of the hop on which sidenote received it
	Fields   Fields
	Trailers Fields
	Content  Content

	// Pseudo are the names of the pseudo-fields in the order in which they came on
	// HTTP/2 (RFC 9113 §8.3); their values are those of Method, Target, Scheme,
	// Authority and Protocol, or Status. NeverIndexed are the places of what no one
	// may put into a compression table (RFC 7541 §6.2.3), counted through Pseudo and
	// then Fields. Both are nil where sidenote did not read HTTP/2.
	Pseudo       []string
	NeverIndexed []int

	// RawHead is the head exactly as received, up to and with the empty line;
	// "" when the hop was not HTTP/1.x or the octets were not recorded. Rules
	// that judge octets must be silent without it.
	RawHead string
}

// WireTrue reports whether Fields were read from the octets as received, so
// that order, case and white space can be judged.
func (m *Message) WireTrue() bool { return m.RawHead != "" }

// A Request is the request of an exchange as the client sent it.
type Request struct {
	Message
	Method string
	Target string // request target as received (RFC 9112 §3.2); path and query in HTTP/2
	// Protocol is what an extended CONNECT asks for (RFC 8441 §4); "" for any other
	// request.
	Protocol string
}

// A Response is a response as it came from the other side. A 502 or 504 that
// the proxy made up because nothing came is marked Made.
type Response struct {
	Message
	Status int
	Reason string
	Made   bool          // by sidenote itself: the origin server never said it
	At     time.Duration // when its head was complete, since Exchange.Started
}

// Class is the first digit of the status code, 0 when there is no response.
func (r *Response) Class() int { return r.Status / 100 }

// IsHead, IsConnect and the like would hide what a rule means; rules compare
// Request.Method. What they cannot see at a glance is whether content is
// possible at all.

// MayHaveContent reports whether the final response can have content at all:
// not to HEAD, not 1xx, 204 or 304, nor a 2xx to CONNECT (RFC 9110 §6.4.1).
func (x *Exchange) MayHaveContent() bool {
	s := x.Response.Status
	switch {
	case s == 0, s < 200, s == 204, s == 304, x.Request.Method == "HEAD":
		return false
	case x.Request.Method == "CONNECT" && s < 300:
		return false
	}
	return true
}

// A Connection is one side's transport.
type Connection struct {
	Peer     netip.AddrPort // the other end; invalid when unknown
	Local    netip.AddrPort
	Reused   bool   // the connection had carried an earlier exchange
	Attempts int    // how many connections were tried for this exchange
	Proxy    string // the upstream proxy that it went through, without credentials
	// Authority is the host and port that the client's CONNECT named; "" where
	// there was none, and the target URI says where it goes.
	Authority string
	Closed    bool // the peer closed the connection after the message
	TLS       *TLS // nil in clear; shared between the exchanges of a connection
}

// TLS says how a connection is protected.
type TLS struct {
	Version     uint16 // as in crypto/tls
	Cipher      uint16 // IANA's number, as in crypto/tls
	ALPN        string // "h2", "http/1.1", or "" when none was agreed
	SNI         string // the name that the client asked for
	Resumed     bool
	ECH         bool         // the ClientHello was encrypted
	ClientCert  bool         // the client showed a certificate
	Certificate *Certificate // the peer's leaf; nil where there is none
	// Chain is what the peer sent above its leaf, in its order, at most
	// MostChain. Records do not hold it: it would be in each of them again.
	Chain       []*Certificate
	VerifyError string // why verification failed though the connection was let proceed
	// Weakness says in short phrases what others may refuse of the connection,
	// such as its key exchange; "" where it has none. The version and the suite
	// are beside it.
	Weakness string
}

// MostChain bounds how many certificates of a chain are kept.
const MostChain = 8

// A Certificate is the summary of a certificate.
type Certificate struct {
	Subject   string
	Issuer    string
	Names     []string // DNS names and IP addresses that it covers
	NotBefore time.Time
	NotAfter  time.Time
	SHA256    string // of the DER form, hexadecimal
}

// Timing holds the end of each phase of an exchange. Zero means that the phase
// did not happen or was not seen.
type Timing struct {
	// How long each phase took; zero on a reused connection.
	DNS     time.Duration
	Connect time.Duration
	TLS     time.Duration

	// When each thing had happened, since Exchange.Started.
	HeadSent     time.Duration // the request head was written to the origin server
	ContentBegun time.Duration // the first octet of request content was written to it
	RequestSent  time.Duration // the whole request was written
	FirstByte    time.Duration // the first octet of the final response came
	Done         time.Duration // both messages had ended

	// Self is what sidenote spent on the head beside waiting for others.
	Self time.Duration
}

// Wait is how long the origin server thought: from the request being sent to
// the first octet of its response; 0 when unknown.
func (t *Timing) Wait() time.Duration {
	if t.FirstByte == 0 || t.RequestSent == 0 || t.FirstByte < t.RequestSent {
		return 0
	}
	return t.FirstByte - t.RequestSent
}

// Receive is how long the response took from first octet to end; 0 when unknown.
func (t *Timing) Receive() time.Duration {
	if t.FirstByte == 0 || t.Done < t.FirstByte {
		return 0
	}
	return t.Done - t.FirstByte
}

// URL is the target URI (RFC 9110 §7.1) as text.
func (x *Exchange) URL() string {
	t := x.Request.Target
	switch {
	case x.Request.Method == "CONNECT" && !strings.HasPrefix(t, "/"): // with :protocol it has a path (RFC 8441 §4)
		return t
	case t != "" && t[0] != '/' && t != "*":
		return t // absolute-form
	case t == "*":
		t = ""
	}
	if x.Scheme == "" { // as in a capture that does not say it
		return "//" + x.Authority + t
	}
	return x.Scheme + "://" + x.Authority + t
}

// PathQuery is the target URI's path with its query; "*" for OPTIONS *.
func (x *Exchange) PathQuery() string {
	t := x.Request.Target
	if t == "" || t[0] == '/' || t == "*" || x.Request.Method == "CONNECT" {
		return t
	}
	if _, rest, ok := strings.Cut(t, "://"); ok {
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			if rest[i] == '?' {
				return "/" + rest[i:]
			}
			return rest[i:]
		}
		return "/"
	}
	return t
}

// Path is the target URI's path alone.
func (x *Exchange) Path() string {
	p, _, _ := strings.Cut(x.PathQuery(), "?")
	return p
}

// Query is the target URI's query without the question mark.
func (x *Exchange) Query() string {
	_, q, _ := strings.Cut(x.PathQuery(), "?")
	return q
}

// Host is the authority without its port, in lower case, without brackets.
func (x *Exchange) Host() string {
	h, _ := SplitAuthority(x.Authority)
	return strings.ToLower(h)
}

// HostPort names the server: the host in lower case, and its port unless that is
// the scheme's own. Two servers on one machine differ in it.
func (x *Exchange) HostPort() string {
	host, port := x.Server()
	host = strings.ToLower(host)
	if port == 0 || port == portNumber("", x.Scheme) {
		return bracketed(host)
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// bracketed puts an IPv6 address into brackets (RFC 3986 §3.2.2).
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// firstPickedPort is where the ports begin that systems pick for a listener
// that asks for none: 32768 on Linux, 49152 elsewhere (RFC 6335 §6).
const firstPickedPort = 32768

// SteadyHostPort is HostPort as another run would have it: tests let the system
// pick a port of this machine, which is "*" here.
func (x *Exchange) SteadyHostPort() string {
	host, port := x.Server()
	if port < firstPickedPort || !IsThisMachine(host) {
		return x.HostPort()
	}
	return bracketed(strings.ToLower(host)) + ":*"
}

// IsThisMachine reports whether a host is one by which a machine names itself:
// localhost, a name below it, or an address of loopback.
func IsThisMachine(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// SplitAuthority cuts host[:port] apart; brackets of an IPv6 literal are
// removed. Port is "" by default.
func SplitAuthority(a string) (host, port string) {
	if strings.HasPrefix(a, "[") {
		if i := strings.IndexByte(a, ']'); i > 0 {
			return a[1:i], strings.TrimPrefix(a[i+1:], ":")
		}
	}
	if i := strings.LastIndexByte(a, ':'); i >= 0 && strings.IndexByte(a, ':') == i {
		return a[:i], a[i+1:]
	}
	return a, ""
}
