package rules_test

import "testing"

func unauthorized(challenge string, request ...string) string {
	text := "> GET /a HTTP/1.1\n> Host: shop.test\n"
	for _, line := range request {
		text += "> " + line + "\n"
	}
	return text + ">\n< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: " + challenge + "\n< Content-Length: 2\n<\n< no\n"
}

func TestWhatCountsAsChallenge(t *testing.T) {
	for challenge, missing := range map[string]bool{
		"Bearer":                         false,
		"Basic realm=My Shop":            false, // sloppy, but a client can tell what is wanted
		`Basic; realm="x"`:               false,
		`realm="x", Basic realm="x"`:     false,
		`"x"`:                            true,
		",":                              true,
		"=":                              true,
		`realm="Basic realm", charset=x`: true,
	} {
		if got := fires(t, "auth/401-missing-www-authenticate", unauthorized(challenge)); got != missing {
			t.Errorf("%s: %v", challenge, got)
		}
	}
}

func TestSchemeMismatch(t *testing.T) {
	for _, c := range []struct {
		authorization, challenge string
		want                     bool
	}{
		{"Basic YTpi", `Bearer`, true},
		{"Basic YTpi", `Newauth realm="Basic x", bAsIc realm="y"`, false},
		{"NTLM abc=", "Negotiate", false},
		{"Basic YTpi", `"x"`, false}, // nothing to compare with
		{"averyveryverylongsecretthing x", "Bearer", false},
	} {
		text := unauthorized(c.challenge, "Authorization: "+c.authorization)
		if got := fires(t, "auth/401-scheme-mismatch", text); got != c.want {
			t.Errorf("%s, %s: %v", c.authorization, c.challenge, got)
		}
	}
}

func TestWhatCountsAsCredentials(t *testing.T) {
	for _, c := range []struct {
		target, line string
		want         bool // that 403 looks unauthenticated
	}{
		{"/a", "Accept: */*", true},
		{"/a?monkey=1&keyword=2&design=3", "X-Request-ID: 1", true},
		{"/a", "Proxy-Authorization: Basic YTpi", true},
		{"/a?key=1", "Accept: */*", false},
		{"/a?app_key=1", "Accept: */*", false},
		{"/a?sv=1&sig=2", "Accept: */*", false},
		{"/a?access_token=1", "Accept: */*", false},
		{"/a", "x-auth-token: 1", false},
		{"/a", "Ocp-Apim-Subscription-Key: 1", false},
		{"/a", "Cookie: a=b", false},
	} {
		text := "> GET " + c.target + " HTTP/1.1\n> Host: shop.test\n> " + c.line + "\n>\n< HTTP/1.1 403 Forbidden\n< Content-Length: 2\n<\n< no\n"
		if got := fires(t, "auth/403-looks-like-unauthenticated", text); got != c.want {
			t.Errorf("%s, %s: %v", c.target, c.line, got)
		}
	}
}
