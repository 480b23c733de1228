package rules_test

import (
	"slices"
	"strings"
	"testing"
)

// fires reports whether a rule speaks of an exchange, whatever others say.
func fires(t *testing.T, rule, text string) bool {
	t.Helper()
	return slices.Contains(idsOver(t, allOn(t), text), rule)
}

func redirect(host, location string, more ...string) string {
	return strings.Join(more, "") + "> GET /a?b=c HTTP/1.1\n> Host: " + host + "\n>\n" +
		"< HTTP/1.1 302 Found\n< Location: " + location + "\n< Content-Length: 0\n<\n"
}

func TestInternalHosts(t *testing.T) {
	const rule = "redirect/location-internal-host"
	for _, c := range []struct {
		host, location string
		want           bool
	}{
		{"shop.example", "http://127.0.0.1/", true},
		{"shop.example", "http://[::1]:8080/", true},
		{"shop.example", "http://0.0.0.0:3000/", true},
		{"shop.example", "https://172.16.0.1/", true},
		{"shop.example", "https://[fd00::1]/", true},
		{"shop.example", "http://169.254.1.1/", true},
		{"shop.example", "//web/x", true},
		{"shop.example", "http://app.localhost/", true},
		{"shop.example", "http://LOCALHOST/", true},
		{"shop.example", "https://192.0.2.1/", false},
		{"shop.example", "https://[2001:db8::1]/", false},
		{"shop.example", "https://web.shop.example/", false},
		{"shop.example", "/localhost", false},
		{"shop.example", "ftp://localhost/", false},
		{"web", "http://localhost/", false},
		{"10.0.0.1:8080", "http://10.0.0.2/", false},
	} {
		if got := fires(t, rule, redirect(c.host, c.location)); got != c.want {
			t.Errorf("%s to %s: %v", c.host, c.location, got)
		}
	}
}

// TestUpstreamPort: a port is reported only where the connection ends at the
// origin server itself.
func TestUpstreamPort(t *testing.T) {
	const rule = "redirect/location-internal-host"
	const location = "http://shop.example:8080/"
	for facts, want := range map[string]bool{
		"* origin peer=192.0.2.1:8080\n":                              true,
		"* origin peer=192.0.2.1:80\n":                                false,
		"* origin peer=192.0.2.1:8080 proxy=http://proxy.test:8080\n": false,
		"": false,
	} {
		if got := fires(t, rule, redirect("shop.example", location, facts)); got != want {
			t.Errorf("%q: %v", facts, got)
		}
	}
}

func TestRedirectToSelf(t *testing.T) {
	for location, want := range map[string]bool{
		"":                                false, // redirect/missing-location
		"?b=c":                            true,
		"#x":                              true,
		"a?b=c":                           true,
		"../a?b=c":                        true,
		"http:?b=c":                       true,
		"//shop.test/a?b=c":               true,
		`\\a?b=c`:                         true,
		"http://shop.test:080/x/../a?b=c": true,
		"/a":                              false,
		"/A?b=c":                          false,
		"https://shop.test/a?b=c":         false,
		"http://shop.test:8080/a?b=c":     false,
		"/%61?b=c":                        false, // servers redirect so to normalize
	} {
		if got := fires(t, "redirect/to-self", redirect("shop.test", location)); got != want {
			t.Errorf("%q: %v", location, got)
		}
	}
}

// TestMessagesKeepSecrets: what a message quotes is neither a credential nor a
// part of a URI that may hold one.
func TestMessagesKeepSecrets(t *testing.T) {
	set := allOn(t)
	for _, text := range []string{
		"# userinfo\n" + redirect("shop.test", "https://me:s3cret@shop.test:x/"),
		redirect("shop.test", "http://me:s3cret@localhost/a?code=s3cret#s3cret"),
		redirect("shop.test", "/a b?token=s3cret"),
		"* scheme https\n" + redirect("shop.test", "http://shop.test/x?token=s3cret"),
		redirect("shop.test", "https://s3cret@/"),
		"> GET /a HTTP/1.1\n> Host: shop.test\n> Authorization: s3cret\n> Cookie: a=s3cret\n>\n" +
			"< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Basic realm=\"x\"\n< Content-Length: 2\n<\n< no\n",
		"> GET /a HTTP/1.1\n> Host: shop.test\n> Authorization: Basic s3cret\n>\n" +
			"< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Digest realm=\"x\"\n< Content-Length: 2\n<\n< no\n",
		"> GET /a HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Refresh: 1; url=/b?code=s3cret\n< Content-Length: 2\n<\n< ok\n",
		"> GET /a?token=s3cret HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 307 Temporary Redirect\n< Location: /a?token=s3cret\n< Content-Length: 0\n<\n",
	} {
		notes := notesOver(t, set, text)
		if len(notes) == 0 {
			t.Errorf("no note over\n%s", text)
		}
		for _, n := range notes {
			if strings.Contains(n.Message+n.Help, "s3cret") {
				t.Errorf("%s: %s (%s)", n.Rule.ID, n.Message, n.Help)
			}
		}
	}
}
