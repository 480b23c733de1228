package guide

// A DateForm is a way in which HTTP or its neighbours write a point in time.
type DateForm struct {
	Name    string
	Example string // 2 January 2026, 03:04:05 UTC
	Where   string // where it may be sent, and what reads it
	Refs    []string
	Send    bool // the form to send in HTTP header fields
}

// DateForms lists the forms, the one to send first.
func DateForms() []DateForm { return dateForms }

var dateForms = []DateForm{
	{"IMF-fixdate", "Fri, 02 Jan 2026 03:04:05 GMT", "The one form to send in HTTP headers: Date, Expires, Last-Modified, Retry-After. Always GMT, always two digits for the day.", []string{"RFC 9110 §5.6.7"}, true},
	{"RFC 850", "Friday, 02-Jan-26 03:04:05 GMT", "Obsolete. Clients must read it, and no one may send it. The year has two digits.", []string{"RFC 9110 §5.6.7"}, false},
	{"asctime", "Fri Jan  2 03:04:05 2026", "Obsolete, from the C language. Clients must read it, and no one may send it. A day below 10 has a space in front.", []string{"RFC 9110 §5.6.7"}, false},
	{"cookie date", "Fri, 02 Jan 2026 03:04:05 GMT", "In Expires of Set-Cookie. Browsers read nearly anything there; send the same form as in headers.", []string{"RFC 6265 §5.1.1"}, true},
	{"delta-seconds", "120", "A number of seconds from now: Retry-After, Age, max-age. It needs no clock, so prefer it where both are allowed.", []string{"RFC 9110 §10.2.3", "RFC 9111 §1.2.2"}, true},
	{"Unix time", "1767323045", "Seconds since 1970. In structured fields it has an @ in front: @1767323045. X-RateLimit-Reset of many APIs has it too. In Retry-After it means a wait of 56 years.", []string{"RFC 9651 §3.3.7"}, false},
	{"RFC 3339", "2026-01-02T03:04:05Z", "In JSON and other bodies. No HTTP header field reads it.", []string{"RFC 3339 §5.6"}, false},
}
