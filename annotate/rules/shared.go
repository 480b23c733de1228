package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// What rules over several exchanges ask of each of them is answered here, as the
// rules over one answer it.

// Storage is what the fields of a response say to caches.
type Storage struct {
	NoStore, NoCache, Private bool
	Shared                    bool  // shared caches may store it
	Fresh                     int64 // seconds for which a private cache may use it; -1 where it does not say
}

// StorageOf reads what a response says to caches (RFC 9111 §3, §4.2).
func StorageOf(x *exchange.Exchange) Storage {
	c := annotate.CacheControlOf(&x.Response.Fields)
	s := Storage{NoStore: c.NoStore, NoCache: c.NoCache, Private: c.Private, Fresh: -1}
	if isRead(x.Request.Method) {
		shared := annotate.SharedUseOf(x, &c)
		s.Shared = isSharedStorable(x, &c, &shared)
	}
	if l := c.ExplicitLifetime(x, false); l.From != "" {
		s.Fresh = l.Seconds
	}
	return s
}

// IsSessionCookie reports whether a cookie looks as if it stood for a login.
func IsSessionCookie(name, value string) bool {
	return setCookie{SetCookie: field.SetCookie{Name: field.Part{Text: name}, Value: field.Part{Text: value}}}.sessionLike()
}

// SameSite reports whether two hosts are equal or under the same registrable domain.
func SameSite(a, b string) bool { return sameSite(a, b) }
