package annotate

import (
	"strconv"
	"time"

	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// Caching is what caches may do with a response (RFC 9111, with RFC 5861, 8246
// and 9213): the one verdict that rules, records, the console and the API share.
type Caching struct {
	Control CacheControl // of the response
	Private CacheUse     // what a private cache may do, such as that of a browser
	Shared  CacheUse     // what a shared cache may do, such as that of a CDN or proxy

	// Targeted is the field for CDNs that the response has (RFC 9213), which those
	// obey instead of Cache-Control and Expires; 0 for none. CDN is then what they
	// may do, else it is Shared.
	Targeted exchange.Name
	CDN      CacheUse

	ETag, LastModified bool // the validators that it has

	received time.Time // zero where it is not known
	age      int64     // seconds when it was received
}

// A CacheUse is what caches of one kind may do with a response.
type CacheUse struct {
	Why      NotStored // why they may not keep it; "" where they may
	Lifetime Lifetime  // for how long it is fresh
	// Asks says why they have to ask the origin server before each use: "no-cache"
	// or "Vary: *"; "" where they need not while it is fresh.
	Asks string
	// Strict says that they may never use it stale, not even without a connection
	// (RFC 9111 §5.2.2.2, §5.2.2.8).
	Strict bool
	// StaleWhile and StaleIfError are for how many seconds they may use it stale
	// while they ask, and when asking fails (RFC 5861); 0 for none.
	StaleWhile, StaleIfError int64
}

// Stores reports whether caches may keep the response.
func (u *CacheUse) Stores() bool { return u.Why == "" }

// Reuses reports whether caches may answer another request with it without
// asking: they may keep it, and it is fresh for some time.
func (u *CacheUse) Reuses() bool {
	return u.Why == "" && u.Asks == "" && (u.Lifetime.Seconds > 0 || u.Lifetime.From == Heuristic && u.Lifetime.Seconds < 0)
}

// NotStored is why a cache may not keep a response.
type NotStored string

// The reasons, in the order in which they are looked for. The first that holds is
// the one that is given.
const (
	NotAnswered     NotStored = "no-response"
	NotFinal        NotStored = "interim"
	NotWhole        NotStored = "incomplete"
	NotByMethod     NotStored = "method"
	NotByStatus     NotStored = "status"
	NotByRequest    NotStored = "request-no-store"
	NotByNoStore    NotStored = "no-store"
	NotShared       NotStored = "private"
	NotByCredential NotStored = "authorization"
	NotByPost       NotStored = "post"
	NotAllowed      NotStored = "not-allowed"
)

// NotStoredReasons lists all of them.
func NotStoredReasons() []string {
	var list []string
	for _, r := range [...]NotStored{NotAnswered, NotFinal, NotWhole, NotByMethod, NotByStatus, NotByRequest, NotByNoStore, NotShared, NotByCredential, NotByPost, NotAllowed} {
		list = append(list, string(r))
	}
	return list
}

// A Lifetime is for how long a response is fresh (RFC 9111 §4.2.1).
type Lifetime struct {
	Seconds int64  // -1 where caches guess and nothing tells what
	From    string // what says so: "s-maxage", "max-age", "Expires" or Heuristic; "" for nothing
}

// Heuristic is where a lifetime comes from that caches guess (RFC 9111 §4.2.2).
const Heuristic = "heuristic"

// ExplicitLifetime is the lifetime that a response states for shared caches or
// for private ones.
func (c *CacheControl) ExplicitLifetime(x *exchange.Exchange, shared bool) Lifetime {
	if l := c.directive(shared); l.From != "" {
		return l
	}
	f := &x.Response.Fields
	if !f.Has(exchange.FieldExpires) {
		return Lifetime{}
	}
	sent, _ := SentAt(x)
	expires, err := field.ParseDate(f.Value(exchange.FieldExpires), sent)
	if err != nil || sent.IsZero() {
		return Lifetime{0, "Expires"} // an invalid date means already expired (RFC 9111 §5.3)
	}
	return Lifetime{max(0, int64(expires.Time.Sub(sent)/time.Second)), "Expires"}
}

// directive is the lifetime that a directive states.
func (c *CacheControl) directive(shared bool) Lifetime {
	switch {
	case shared && c.SMaxAge >= 0:
		return Lifetime{c.SMaxAge, "s-maxage"}
	case c.MaxAge >= 0:
		return Lifetime{c.MaxAge, "max-age"}
	}
	return Lifetime{}
}

// LongestLifetime is the longest that the response states for any cache.
func (c *CacheControl) LongestLifetime(x *exchange.Exchange) Lifetime {
	shared, private := c.ExplicitLifetime(x, true), c.ExplicitLifetime(x, false)
	if private.Seconds > shared.Seconds {
		return private
	}
	return shared
}

// CachingOf judges a response.
func CachingOf(x *exchange.Exchange) *Caching {
	c := cachingOf(x, CacheControlOf(&x.Response.Fields))
	return &c
}

// Caching returns the verdict on the response, found once for all rules.
func (p *Pass) Caching() *Caching {
	if !p.judged {
		p.judged = true
		p.caching = cachingOf(p.X, *p.CacheControl())
	}
	return &p.caching
}

func cachingOf(x *exchange.Exchange, control CacheControl) Caching {
	f := &x.Response.Fields
	c := Caching{Control: control, received: ReceivedAt(x)}
	c.ETag = f.Has(exchange.FieldETag) || x.Response.Trailers.Has(exchange.FieldETag)
	if f.Has(exchange.FieldLastModified) {
		_, err := field.ParseDate(f.Value(exchange.FieldLastModified), c.received)
		c.LastModified = err == nil
	}
	c.age = currentAge(x)
	never := neverStored(x)
	c.Private = use(x, &control, never, control.ExplicitLifetime(x, false), false)
	c.Shared = use(x, &control, never, control.ExplicitLifetime(x, true), true)
	c.CDN = c.Shared
	for _, n := range [...]exchange.Name{exchange.FieldCDNCacheControl, exchange.FieldSurrogateControl} {
		if !f.Has(n) {
			continue
		}
		if n == exchange.FieldCDNCacheControl {
			if _, err := field.ParseStructured(f.Combined(n), field.StructuredDictionary); err != nil {
				continue // to be ignored as a whole (RFC 9213 §2.1)
			}
		}
		targeted := directivesOf(f, n)
		c.Targeted = n
		c.CDN = use(x, &targeted, never, targeted.directive(true), true) // Expires does not count (RFC 9213 §2.2)
		break
	}
	return c
}

// SharedUseOf is what shared caches may do with a response by its Cache-Control,
// for a caller that asks for nothing else.
func SharedUseOf(x *exchange.Exchange, control *CacheControl) CacheUse {
	return use(x, control, neverStored(x), control.ExplicitLifetime(x, true), true)
}

// neverStored is why no cache may keep the response, whatever its fields say.
func neverStored(x *exchange.Exchange) NotStored {
	s := x.Response.Status
	switch {
	case s == 0 || x.Response.Made:
		return NotAnswered
	case s < 200:
		return NotFinal
	case x.Err != nil && !x.Response.Content.Complete:
		return NotWhole
	}
	switch x.Request.Method {
	case "GET", "HEAD", "QUERY", "POST", "PATCH":
	default:
		return NotByMethod
	}
	switch s {
	case 304, 428, 429, 431, 511:
		return NotByStatus
	}
	if x.Request.Fields.Has(exchange.FieldCacheControl) {
		if c := CacheControlOf(&x.Request.Fields); c.NoStore {
			return NotByRequest
		}
	}
	return ""
}

// use is what caches of one kind may do by a Cache-Control and the lifetime that
// the response states (RFC 9111 §3).
func use(x *exchange.Exchange, c *CacheControl, never NotStored, explicit Lifetime, shared bool) (u CacheUse) {
	if u.Why = never; never != "" {
		return u
	}
	u.Lifetime = explicit
	_, known := LookupStatus(x.Response.Status)
	switch {
	case c.NoStore && (!c.MustUnderstand || !known): // RFC 9111 §5.2.2.3
		u.Why = NotByNoStore
	case shared && c.Private:
		u.Why = NotShared
	case shared && x.Request.Fields.Has(exchange.FieldAuthorization) && !c.letsShare():
		u.Why = NotByCredential
	case x.Request.Method == "POST" || x.Request.Method == "PATCH":
		if explicit.From == "" || !locatesItself(x) {
			u.Why = NotByPost
		}
	case explicit.From == "" && !c.Public && (shared || !c.Private) && !HeuristicStatus(x.Response.Status):
		u.Why = NotAllowed
	}
	if u.Why != "" {
		u.Lifetime = Lifetime{}
		return u
	}
	if explicit.From == "" {
		u.Lifetime = guess(x)
	}
	u.Strict = c.MustRevalidate || shared && (c.ProxyRevalidate || c.SMaxAge >= 0)
	if !u.Strict {
		u.StaleWhile, u.StaleIfError = max(0, c.StaleWhile), max(0, c.StaleIfError)
	}
	u.ask(x, c)
	return u
}

// ask finds out why caches have to ask before each use.
func (u *CacheUse) ask(x *exchange.Exchange, c *CacheControl) {
	switch {
	case c.NoCache:
		u.Asks = "no-cache"
	case variesOnAll(&x.Response.Fields):
		u.Asks = "Vary: *"
	}
}

// guess is a tenth of the time since Last-Modified, as caches guess that are told
// nothing (RFC 9111 §4.2.2).
func guess(x *exchange.Exchange) Lifetime {
	l := Lifetime{-1, Heuristic}
	if !x.Response.Fields.Has(exchange.FieldLastModified) {
		return l
	}
	modified, err := field.ParseDate(x.Response.Fields.Value(exchange.FieldLastModified), ReceivedAt(x))
	sent, _ := SentAt(x)
	if err == nil && !sent.IsZero() {
		l.Seconds = max(0, int64(sent.Sub(modified.Time)/time.Second)/10)
	}
	return l
}

// locatesItself reports whether Content-Location says that the content is what a
// GET of the same URI would give (RFC 9110 §9.3.3).
func locatesItself(x *exchange.Exchange) bool {
	f := &x.Response.Fields
	if !f.Has(exchange.FieldContentLocation) {
		return false
	}
	ref, err := field.ParseURI(f.Value(exchange.FieldContentLocation))
	target := field.TargetURI(x.Scheme, x.Authority, x.PathQuery())
	return err != nil || ref.Resolve(target).SameResource(target)
}

func variesOnAll(f *exchange.Fields) bool {
	for _, l := range f.Each(exchange.FieldVary) {
		if field.ListHas(l.Value, "*") {
			return true
		}
	}
	return false
}

// HeuristicStatus reports whether responses of a status may be stored without
// being told so (RFC 9110 §15.1; RFC 7725 §3 for 451).
func HeuristicStatus(status int) bool {
	switch status {
	case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501:
		return true
	}
	return false
}

// ReceivedAt is when the response head had come; the zero time when it is not known.
func ReceivedAt(x *exchange.Exchange) time.Time {
	if x.Started.IsZero() {
		return time.Time{}
	}
	return x.Started.Add(x.Response.At)
}

// SentAt is when the response was made by its Date, else when it came; isDate
// says which.
func SentAt(x *exchange.Exchange) (t time.Time, isDate bool) {
	received := ReceivedAt(x)
	if !x.Response.Fields.Has(exchange.FieldDate) {
		return received, false
	}
	if d, err := field.ParseDate(x.Response.Fields.Value(exchange.FieldDate), received); err == nil {
		return d.Time, true
	}
	return received, false
}

// currentAge is how old the response was when it came, in seconds (RFC 9111
// §4.2.3): by its Age, or by its Date where the clocks differ by more than they
// usually do.
func currentAge(x *exchange.Exchange) int64 {
	const decade = 315_576_000 // more is no age, but the time since 1970
	age, ok := field.Number(x.Response.Fields.Value(exchange.FieldAge))
	if !ok || age > decade {
		age = 0
	}
	received := ReceivedAt(x)
	if sent, isDate := SentAt(x); isDate && !received.IsZero() {
		if apparent := received.Sub(sent); apparent > exchange.ClockTolerance && age > 0 {
			age = max(age, int64(apparent/time.Second))
		}
	}
	return age
}

// Storable names who may keep the response: "shared" for every cache, "private"
// for private ones only, "cdn" for those that a field is for and no other, "none".
func (c *Caching) Storable() string {
	switch {
	case c.Shared.Stores():
		return "shared"
	case c.Private.Stores():
		return "private"
	case c.CDN.Stores():
		return "cdn"
	}
	return "none"
}

// Best is what the caches may do that may do most.
func (c *Caching) Best() *CacheUse {
	switch {
	case c.Shared.Stores():
		return &c.Shared
	case c.Private.Stores() || !c.CDN.Stores():
		return &c.Private
	}
	return &c.CDN
}

// Why is the one reason why the response is not stored by all caches; "" where it is.
func (c *Caching) Why() NotStored {
	if c.Private.Why != "" {
		return c.Private.Why
	}
	return c.Shared.Why
}

// FreshUntil is when a use ceases to be fresh; zero where that is not known.
func (c *Caching) FreshUntil(u *CacheUse) time.Time {
	if c.received.IsZero() || u.Lifetime.Seconds < 0 || u.Lifetime.Seconds > 1<<33 || !u.Stores() {
		return time.Time{}
	}
	return c.received.Add(time.Duration(u.Lifetime.Seconds-c.age) * time.Second)
}

// Validator is by what caches ask whether the response is still right: "ETag",
// "Last-Modified", or "" where they have to fetch it again.
func (c *Caching) Validator() string {
	switch {
	case c.ETag:
		return "ETag"
	case c.LastModified:
		return "Last-Modified"
	}
	return ""
}

// WhyInWords says why caches may not keep the response, as a clause.
func (c *Caching) WhyInWords(x *exchange.Exchange, why NotStored) string {
	switch why {
	case NotAnswered:
		return "there is no response"
	case NotFinal:
		return "a " + strconv.Itoa(x.Response.Status) + " is not a final response"
	case NotWhole:
		return "it is incomplete"
	case NotByMethod:
		return "it answers " + x.Request.Method
	case NotByStatus:
		if x.Response.Status == 304 {
			return "a 304 updates what is stored, and is not stored itself"
		}
		return strconv.Itoa(x.Response.Status) + " is never stored"
	case NotByRequest:
		return "the request has Cache-Control: no-store"
	case NotByNoStore:
		return "Cache-Control: no-store"
	case NotShared:
		return "Cache-Control: private"
	case NotByCredential:
		return "the request has Authorization, and the response has neither public, s-maxage nor must-revalidate"
	case NotByPost:
		switch {
		case !x.Response.Fields.Has(exchange.FieldContentLocation):
			return "it answers " + x.Request.Method + " and has no Content-Location"
		case !locatesItself(x):
			return "it answers " + x.Request.Method + ", and its Content-Location is not the target URI"
		}
		return "it answers " + x.Request.Method + " and has no lifetime"
	case NotAllowed:
		return "nothing allows caches to keep a " + strconv.Itoa(x.Response.Status)
	}
	return ""
}

// InWords says the verdict in one clause: who may keep the response, for how long
// it is fresh, and how it is revalidated.
func (c *Caching) InWords(x *exchange.Exchange) string {
	best := c.Best()
	var s string
	switch c.Storable() {
	case "none":
		return "no cache may keep it: " + c.WhyInWords(x, c.Private.Why)
	case "shared":
		switch {
		case c.Targeted != 0 && !c.CDN.Stores():
			s = "any cache except CDNs (" + c.Targeted.String() + ") may keep it"
		case c.Control.NoStore:
			s = "any cache that knows must-understand may keep it"
		default:
			s = "any cache may keep it"
		}
	case "private":
		s = "only private caches may keep it (" + c.WhyInWords(x, c.Shared.Why) + ")"
	case "cdn":
		s = "only CDNs may keep it (" + c.Targeted.String() + ")"
	}
	if m := x.Request.Method; m == "POST" || m == "PATCH" {
		s += " for later GETs"
	}
	s += ", " + best.freshInWords("")
	if c.Targeted != 0 && best != &c.CDN {
		if c.CDN.Stores() {
			s += "; in CDNs " + c.CDN.freshInWords(" of "+c.Targeted.String())
		}
	} else if p := &c.Private; best == &c.Shared && p.Stores() && p.Lifetime != best.Lifetime {
		s += ", in browsers " + p.freshInWords("")
	}
	switch v := c.Validator(); {
	case v != "":
		s += "; revalidated by " + v
	case best.Asks != "":
		s += "; each use fetches it again, since it has no validator"
	default:
		s += "; fetched again when stale, since it has no validator"
	}
	switch {
	case best.Strict && best == &c.Shared && !c.Private.Strict:
		s += "; shared caches never use it stale"
	case best.Strict:
		s += "; never used stale"
	}
	if best.StaleWhile > 0 {
		s += "; may be used stale for " + wording.Span(best.StaleWhile) + " while a cache revalidates it"
	}
	if best.StaleIfError > 0 {
		s += "; may be used stale for " + wording.Span(best.StaleIfError) + " while the server fails"
	}
	return s
}

// CachingShown is the verdict in words where people want it: of final responses
// to requests that caches answer, and of others that may be stored. It is ""
// elsewhere, and for a capture that may lack fields of the response.
func CachingShown(x *exchange.Exchange) string {
	return CachingOf(x).Shown(x)
}

// Shown is CachingShown where the verdict on x is known.
func (c *Caching) Shown(x *exchange.Exchange) string {
	if s := x.Response.Status; s < 200 || s == 304 || x.Response.Made || x.Source.Lacks.Has(exchange.LacksResponse|exchange.LacksMethod) {
		return ""
	}
	switch x.Request.Method {
	case "GET", "HEAD", "QUERY":
		return c.InWords(x)
	}
	if c.Storable() == "none" {
		return ""
	}
	return c.InWords(x)
}

// freshInWords says for how long the response is fresh; of is what the directive
// stands in, where that is not Cache-Control.
func (u *CacheUse) freshInWords(of string) string {
	l := u.Lifetime
	switch {
	case u.Asks != "":
		return "and must revalidate it each time (" + u.Asks + ")"
	case l.From == Heuristic && l.Seconds < 0:
		return "for as long as each cache guesses"
	case l.From == Heuristic && l.Seconds == 0:
		return "stale at once, as caches guess from Last-Modified"
	case l.From == Heuristic:
		return "for about " + wording.Span(l.Seconds) + ", which caches guess from Last-Modified"
	case l.Seconds <= 0:
		return "stale at once (" + l.From + of + ")"
	}
	return "fresh for " + wording.Span(l.Seconds) + " (" + l.From + of + ")"
}
