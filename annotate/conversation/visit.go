package conversation

import (
	"net/netip"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A Trait is something that is so of an exchange; several are a set. Rules name
// those that they are about, so that they are not called for the others.
type Trait uint64

// The traits.
const (
	Read         Trait = 1 << iota // GET or HEAD
	Write                          // PUT, PATCH, POST or DELETE
	Succeeded                      // 2xx
	Found200                       // 200 to GET
	Redirected                     // 301, 302, 303, 307 or 308 with a Location
	Unauthorized                   // 401
	NotFound                       // 404 or 410
	TooMany                        // 429, or 503 with Retry-After
	ServerError                    // 5xx
	Broken                         // no final response came
	Limited                        // a valid Retry-After
	WithAuth                       // the request has Authorization
	WithCookie                     // the request has Cookie
	SetsCookie                     // the response has Set-Cookie
	Conditional                    // the request has a precondition
	Ranged                         // the request has Range
	Tagged                         // the response has ETag
	Hit                            // the response came out of a cache
	Preflight                      // a CORS preflight
	Expecting                      // the request has Expect: 100-continue
	Keyed                          // the request has Idempotency-Key
	JSON                           // the response has JSON content
	Varied                         // the response has Vary
	Linked                         // the response has a link rel=next
	Deprecated                     // the response has Deprecation or Sunset
	TokenGiven                     // a 2xx to POST with an access_token
	Status                         // 405, 409, 412, 417, 421, 425: what asks for another request
	Accepted                       // 202 with a place to look at
	NotModified                    // 304
	CutShort                       // content, stream or tunnel ended before its end, or a 504
	Timed                          // the time to first byte is known
	Traced                         // the request names a span
	Created                        // 201 with Location
	Repeat                         // the client had sent the same before, and that failed
	Returned                       // the client had been told to come back at this time
	Quoted                         // the response says what is left of a quota
	TypeJSON                       // Content-Type is one of JSON
	TypeHTML                       // Content-Type is one of HTML
)

// mostCookies bounds how many cookies of a message are looked at.
const mostCookies = 8

// A cookie is one cookie of a request or response.
type cookie struct {
	name, value uint64
	session     bool // it looks like a login
	random      bool // the value looks like a key
	wide        bool // Set-Cookie says that all paths of the host get it
	alone       bool // Set-Cookie has no Domain
	gone        bool // it is deleted by this
}

// A Visit is the digest of an exchange: what rules compare, without content, and
// with secrets as keyed hashes only. Times count in nanoseconds since 1970.
type Visit struct {
	// What later visits and forgetting look at stands together, so that it takes
	// few lines of a cold cache.
	seen     [threadCount]Trait // of all visits of the thread, this one included
	seq      uint64
	size     int32 // octets of text
	followed uint8 // a bit for each thread that has a later visit
	keys     [threadCount]uint64
	prev     [threadCount]uint64 // seq of the visit before in each thread; 0 for none

	Traits                 Trait
	Started, Headed, Ended int64 // Headed is when the head of the final response came, or the exchange failed
	Status                 int
	Method                 string
	Err                    exchange.ErrCode

	id, run, scheme, authority, target, host string
	text                                     visitText
	source                                   exchange.Source
	version                                  exchange.Version

	client, uri, origin, route, ua      uint64
	auth, cookies                       uint64 // of Authorization and Cookie as a whole; 0 for none
	scheme401                           scheme // of Authorization
	offered                             scheme // by WWW-Authenticate
	peer                                netip.AddrPort
	reached                             netip.AddrPort
	requestHash, contentHash            uint64 // 0 where it is not known
	requestSize, contentSize            int64
	requestWhole, contentWhole          bool
	print                               uint64 // of the content without digits
	etag                                uint64
	weak                                bool
	modified, date                      int64 // Unix seconds of Last-Modified and Date; 0 for none
	age                                 int64 // -1 for none
	fresh                               int64 // seconds; -1 where it is not said
	noStore, noCache, private, shared   bool
	askedFresh                          bool // the request forbids an answer out of a cache
	vary                                uint64
	accept, language, encoding, origin0 uint64
	contentType, coding                 uint64
	html                                bool
	location                            uint64 // hash of the URI that Location names
	locationHost                        string
	until                               int64 // when Retry-After says to come back
	key, span                           uint64
	sent, set                           [mostCookies]cookie
	sentCookies, setCookies             int
	cookieSize                          int
	next                                uint64 // hash of the URI of rel=next
	first, last, length                 int64  // of a range of bytes; length -1 where unknown
	made                                made
	tls                                 bool
	newConn                             bool
	waited, wrote                       time.Duration
	shape                               shape
	not                                 annotate.Needs
	lang                                uint64 // of Content-Language
	queryNames                          uint64 // of the names in the query
	has                                 given
	local                               uint64        // of sidenote's end of the connection to the origin server, where it was reused
	thought, connected                  time.Duration // from the request to the first byte, and to connect
	left, reset                         int64         // of a quota, and seconds until it is whole; -1 for none
}

// given says which fields a response has.
type given uint8

const (
	givenCacheControl given = 1 << iota
	givenContentLocation
	givenETag
	givenExpires
	givenVary
)

// visitText is what may be quoted of a visit.
type visitText struct{ etag, location, allow, vary, contentType, cookieSet, node string }

// A scheme is a set of authentication schemes.
type scheme uint8

const (
	schemeBasic scheme = 1 << iota
	schemeBearer
	schemeDigest
	schemeNegotiate
	schemeNTLM
	schemeOther
	invalidToken // the challenge says error="invalid_token"

	handshakes = schemeNegotiate | schemeNTLM | schemeDigest
)

// made says what the exchange did, where a rule asks for it.
type made struct {
	resource     uint64 // of Location or the top-level id of a 2xx to POST
	graphQL      bool
	search       bool // a search, telemetry or token request
	token        uint64
	saysFailed   bool
	saysMissing  bool
	close        bool // either side said close
	login        bool // the path is one of signing in or out
	loginTarget  bool // Location leads to signing in
	health       bool // a path of health checks or metrics
	idlePath     bool // the target differs from Location only in form
	noCORS       bool // fetched by a page without reading it
	navigation   bool
	ifMatch      uint64
	oldHop       bool // HTTP/1.0, or Via of it
	server       time.Duration
	serverNamed  bool
	via          bool // a proxy passed the request on
	conditional  bool // the request has a precondition that makes a repeat harmless
	earlyData    bool
	unfollowed   bool // a preflight after which nothing came
	mutation     bool
	maxAge       int64  // Access-Control-Max-Age; -1 for none
	allowOrigin  uint64 // Access-Control-Allow-Origin
	sunset       int64
	noTransform  bool
	formPost     bool
	acceptRanges bool
	ids          uint64 // a bit for each id in a list
	id           uint64 // the bit of the id that the path ends in
	sub          uint64 // of the JWT in Authorization: who it is for
	own          bool   // the content names the one that the credentials are for
	got100       bool
	reused       bool // sidenote had used the connection to the origin server before
	textual      bool // text or JSON
	jsonType     bool
	sessionStart uint64 // of the first characters of the session that is set
	fetchSite    uint64
	crossSite    bool
	varyOrigin   bool
}

// follows reports whether v began after the final head of w had come.
func (v *Visit) follows(w *Visit) bool { return v.Started >= w.Headed && w.Headed > 0 }

// is reports whether v has any of the traits.
func (v *Visit) is(t Trait) bool { return v.Traits&t != 0 }

// after is how long after the head of w the visit v began.
func (v *Visit) after(w *Visit) time.Duration { return time.Duration(v.Started - w.Headed) }

// sameRequest reports whether two visits ask the same: method, URI and content.
// Content that is not known equals nothing.
func (v *Visit) sameRequest(w *Visit) bool {
	return v.Method == w.Method && v.uri == w.uri && v.requestSize == w.requestSize &&
		(v.requestSize == 0 || v.requestHash != 0 && v.requestHash == w.requestHash)
}

// sameContent reports whether two responses have the same whole content.
func (v *Visit) sameContent(w *Visit) bool {
	return v.contentHash != 0 && v.contentHash == w.contentHash && v.coding == w.coding
}

// otherContent reports whether two responses have whole contents that differ.
func (v *Visit) otherContent(w *Visit) bool {
	return v.contentHash != 0 && w.contentHash != 0 && v.contentHash != w.contentHash
}

// sameIdentity reports whether two requests have the same credentials.
func (v *Visit) sameIdentity(w *Visit) bool { return v.auth == w.auth && v.cookies == w.cookies }

// failed reports whether a request failed in a way that makes clients try again.
func (v *Visit) failed() bool { return v.is(ServerError | Broken | TooMany) }

// what names a visit for people, without what may be secret: method, route and
// result.
func (v *Visit) what() string {
	return v.Method + " " + v.place() + ", " + v.result()
}

// place is host and route.
func (v *Visit) place() string {
	return v.host + annotate.Route(pathOf(v.target))
}

// result is the status, or the error code.
func (v *Visit) result() string {
	switch {
	case v.Status != 0:
		return statusText(v.Status)
	case v.Err != "":
		return string(v.Err)
	}
	return "no response"
}

func statusText(n int) string {
	return string([]byte{byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)})
}

// at is when a visit began.
func (v *Visit) at() time.Time { return time.Unix(0, v.Started).UTC() }

// stub is as much of the exchange as is known of a visit.
func (v *Visit) stub() *exchange.Exchange {
	x := &exchange.Exchange{
		ID: v.id, Run: v.run, Started: v.at(), Scheme: v.scheme, Authority: v.authority, Source: v.source,
	}
	x.Client.Peer, x.Origin.Peer = v.peer, v.reached
	x.Request.Method, x.Request.Target, x.Request.Version = v.Method, v.target, v.version
	x.Response.Status, x.Response.Version = v.Status, v.version
	x.Response.At = time.Duration(v.Headed - v.Started)
	x.Timing.Done = time.Duration(v.Ended - v.Started)
	if v.Err != "" {
		x.Err = &exchange.Err{Code: v.Err}
	}
	return x
}
