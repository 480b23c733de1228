package rules

import (
	"crypto/tls"
	"encoding/json"
	"slices"
	"testing"
)

func TestJSONMembers(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{``, nil},
		{`[1]`, nil},
		{`{}`, nil},
		{` { "a" : 1 , "b":"x\"}", "c": {"d":[1,"]"]}, "e":null } `, []string{`a=1`, `b="x\"}"`, `c={"d":[1,"]"]}`, `e=null`}},
		{`{"a":1,"b`, []string{`a=1`}},
		{`{"a":1 "b":2}`, []string{`a=1`}},
		{`{"a":}`, nil},
		{`{"a":"`, []string{`a="`}},
		{`{"a\`, nil},
	} {
		var got []string
		for m := range jsonMembers([]byte(c.in)) {
			got = append(got, string(m.name)+"="+string(m.value))
			if c.in[m.at:m.end()] != string(m.value) {
				t.Errorf("%s: %s is said to be at %d", c.in, m.name, m.at)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestJSONMemberIsEmpty(t *testing.T) {
	for value, want := range map[string]bool{
		`null`: true, `false`: true, `0`: true, `0.0`: true, `-0`: true, `0e9`: true, `""`: true, `[]`: true, `{ }`: true, "[\n]": true,
		`true`: false, `1`: false, `0.1`: false, `" "`: false, `[0]`: false, `{"a":0}`: false,
	} {
		if got := (&jsonMember{value: []byte(value)}).isEmpty(); got != want {
			t.Errorf("%s: empty %v", value, got)
		}
	}
}

// FuzzJSONMembers compares with encoding/json where that accepts the text.
func FuzzJSONMembers(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":"x"}`, `{"a":{"b":[]},"a":[{}]}`, `{"\u0061":"\\"}`, `{"a`, `{"a":1]`, `{"":-1.5e9}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		count := 0
		last := map[string]string{}
		for m := range jsonMembers(b) {
			count++
			m.isEmpty()
			m.integer()
			if m.at < 0 || m.end() > len(b) || string(b[m.at:m.end()]) != string(m.value) {
				t.Fatalf("%q: member %+v", b, m)
			}
			last[string(m.name)] = string(m.value)
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(b, &want) != nil {
			return
		}
		for name, value := range last {
			if w, ok := want[name]; ok && string(w) != value {
				t.Fatalf("%q: %q is %q, want %q", b, name, value, w)
			}
		}
		if count < len(want) {
			t.Fatalf("%q: %d members, want %d", b, count, len(want))
		}
	})
}

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
