package rules

import (
	"crypto/tls"
	"slices"
	"testing"
)

func TestHostError(t *testing.T) {
	for in, want := range map[string]int{
		"": -1, "shop.test": -1, "shop.test:80": -1, "shop.test:": -1, "[::1]": -1, "[::1]:80": -1, "[v1.a]": -1, "a_b%20c": -1, ":80": -1,
		"shop test": 4, "shop.test/": 9, "a@b": 1, "a:8x": 3, "a:1:2": 3, "[::1": 0, "[zz]": 0, "[::1]x:y": 7, "caf\xc3\xa9": 3,
	} {
		if got := hostError(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestInWords(t *testing.T) {
	for in, want := range map[int64]string{
		0: "0 seconds", 1: "1 second", 60: "1 minute", 65: "65 seconds", 120: "2 minutes", 3600: "1 hour", 5400: "90 minutes",
		7200: "2 hours", 86400: "1 day", 864000: "10 days", 1700000000: "53 years", -5: "-5 seconds",
	} {
		if got := inWords(in); got != want {
			t.Errorf("%d: %q, want %q", in, got, want)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		name, host string
		want       bool
	}{
		{"shop.test", "SHOP.test", true},
		{"*.shop.test", "img.shop.test", true},
		{"*.shop.test", "shop.test", false},
		{"*.shop.test", "a.b.shop.test", false},
		{"shop.test", "img.shop.test", false},
	} {
		if got := covers(c.name, c.host); got != c.want {
			t.Errorf("%s and %s: %v", c.name, c.host, got)
		}
	}
}

// TestProhibitedCiphers holds the ranges to what Go knows of its suites: only
// those with an ephemeral key exchange and authenticated encryption are allowed.
func TestProhibitedCiphers(t *testing.T) {
	allowed := []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if slices.Contains(s.SupportedVersions, tls.VersionTLS13) {
			continue
		}
		if got := isProhibitedCipher(s.ID); got == slices.Contains(allowed, s.ID) {
			t.Errorf("%s: prohibited %v", s.Name, got)
		}
	}
	count := 0
	for _, r := range prohibitedCiphers {
		count += int(r[1]-r[0]) + 1
	}
	if count != 276 {
		t.Errorf("%d suites, but RFC 9113, Appendix A, has 276", count)
	}
}
