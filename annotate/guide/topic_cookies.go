package guide

import "sidenote/exchange"

var cookiesTopic = Topic{
	Name: "cookies", Aliases: []string{"session", "sessions"},
	Title: "Cookies: why is this one not set, or not sent?",
	Intro: []string{
		"A server sets a cookie with Set-Cookie, one line for each. The browser stores it and sends it back in Cookie with later requests. The attributes say to which hosts, for how long, and from which sites.",
		"Browsers refuse or hold back cookies without telling the server. So when a login is lost, look at the attributes first.",
	},
	Sections: []Section{
		{"1. Set it", []string{
			"A good session cookie has Secure (https only), HttpOnly (scripts can't read it) and SameSite. The name prefix __Host- makes the browser insist on Secure and Path=/, and on no Domain.",
		}, []Example{
			ok("A session cookie as it should be.", "https POST /login\nContent-Type: application/json\n\n{\"name\":\"anna\"}", "204\nSet-Cookie: __Host-sid=38afes7a8; Path=/; Secure; HttpOnly; SameSite=Lax"),
			bad("cookie/prefix-violation", "The prefix __Host- promises Secure. Without it, the browser drops the cookie.", "https POST /login\nContent-Type: application/json\n\n{\"name\":\"anna\"}", "204\nSet-Cookie: __Host-sid=38afes7a8; Path=/; HttpOnly; SameSite=Lax"),
			bad("cookie/secure-over-http", "The response came without TLS, so the browser drops a Secure cookie.", "POST /login\nContent-Type: application/json\n\n{\"name\":\"anna\"}", "204\nSet-Cookie: sid=38afes7a8; Path=/; Secure; HttpOnly; SameSite=Lax"),
		}},
		{"2. To which hosts does it go?", []string{
			"Without Domain, to the host that set it and to no other. With Domain=shop.test, also to every subdomain. A server can only name its own host or a parent of it. Path limits little: don't rely on it.",
		}, []Example{
			bad("cookie/domain-mismatch", "shop.test can't set a cookie for another site. The browser drops it.", "https GET /", "204\nSet-Cookie: sid=38afes7a8; Domain=other.test; Secure; HttpOnly; SameSite=Lax"),
		}},
		{"3. From which sites does it go?", []string{
			"SameSite=Lax: when the user follows a link to your site, but not with requests that other sites make. Strict: only from your own site. None: always, and that requires Secure. Without SameSite, most browsers use Lax.",
			"A page on another site that needs the cookie, in a frame or with fetch, needs SameSite=None; Secure. Browsers that block third-party cookies still hold it back.",
		}, []Example{
			bad("cookie/samesite-none-without-secure", "SameSite=None works with Secure only. The browser drops the cookie.", "https GET /", "204\nSet-Cookie: sid=38afes7a8; HttpOnly; SameSite=None"),
		}},
		{"4. For how long?", []string{
			"Max-Age in seconds, or Expires with a date. Without either, until the browser is closed. Max-Age=0 deletes the cookie, if Domain and Path are the same as when it was set. Browsers keep a cookie for 400 days at most.",
		}, []Example{
			bad("cookie/bad-max-age", "Max-Age is a whole number of seconds. The browser ignores this one.", "https GET /", "204\nSet-Cookie: sid=38afes7a8; Max-Age=1h; Secure; HttpOnly; SameSite=Lax"),
		}},
	},
	Statuses: []int{200, 302, 401, 419},
	Fields:   []exchange.Name{exchange.FieldSetCookie, exchange.FieldCookie},
	Rules:    []string{"cookie"},
	Refs:     []string{"RFC 6265", "RFC 6265bis"},
}
