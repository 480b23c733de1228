package proxy

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// serverHello makes the record of a ServerHello.
func serverHello(version, suite uint16, extensions ...[]byte) []byte {
	body := binary.BigEndian.AppendUint16(nil, version)
	body = append(append(body, make([]byte, 32)...), 0)
	body = append(binary.BigEndian.AppendUint16(body, suite), 0)
	body = append(body, with16(slices.Concat(extensions...))...)
	return handshakeRecord(typeServerHello, body)
}

func handshakeRecord(kind byte, body []byte) []byte {
	message := append([]byte{kind, 0}, with16(body)...)
	return append([]byte{recordHandshake, 3, 3}, with16(message)...)
}

func TestReadPick(t *testing.T) {
	version13 := []byte{0, extSupportedVersions, 0, 2, 3, 4}
	share := func(group byte) []byte { return []byte{0, extKeyShare, 0, 2, 0, group} }
	curve := func(id byte) []byte { return handshakeRecord(typeServerKeyExchange, []byte{3, 0, id, 65}) }
	certificate := handshakeRecord(11, make([]byte, 300))
	for name, c := range map[string]struct {
		octets []byte
		want   string
	}{
		"nothing":         {nil, ""},
		"an alert":        {[]byte{21, 3, 3, 0, 2, 2, 40}, ""},
		"no TLS":          {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), ""},
		"DHE":             {serverHello(tls.VersionTLS12, 0x009e), "DHE-RSA-AES128-GCM-SHA256"},
		"X448 in 1.3":     {serverHello(tls.VersionTLS12, tls.TLS_AES_128_GCM_SHA256, version13, share(30)), "X448"},
		"X448 in 1.2":     {slices.Concat(serverHello(tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), certificate, curve(30)), "X448"},
		"ours in 1.2":     {slices.Concat(serverHello(tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), certificate, curve(29)), "Ed448"},
		"ours in 1.3":     {serverHello(tls.VersionTLS12, tls.TLS_AES_128_GCM_SHA256, version13, share(29)), "Ed448"},
		"half of a hello": {serverHello(tls.VersionTLS12, 0x009e)[:20], ""},
		"a hello in pieces": {slices.Concat([]byte{recordHandshake, 3, 3, 0, 1}, serverHello(tls.VersionTLS12, 0xc028)[5:6],
			[]byte{recordHandshake, 3, 3}, with16(serverHello(tls.VersionTLS12, 0xc028)[6:])), "ECDHE-RSA-AES256-SHA384"},
	} {
		got := readPick(bytes.NewReader(c.octets))
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestWideHello checks that what is asked can be read.
func TestWideHello(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		theirs.Write(wideHello("shop.test", []string{"h2", "x"}))
		theirs.Close()
	}()
	hello, _, err := readHello(ours)
	if err != nil || hello.ServerName != "shop.test" || !slices.Equal(hello.SupportedProtos, []string{"h2", "x"}) ||
		!slices.Contains(hello.CipherSuites, 0x009e) || !slices.Contains(hello.CipherSuites, tls.TLS_AES_128_GCM_SHA256) ||
		!slices.Contains(hello.SupportedCurves, tls.CurveID(30)) || !slices.Contains(hello.SupportedVersions, tls.VersionTLS13) {
		t.Errorf("%+v, %v", hello, err)
	}
}

func FuzzReadPick(f *testing.F) {
	f.Add(serverHello(tls.VersionTLS12, 0x009e))
	f.Add(serverHello(tls.VersionTLS12, tls.TLS_AES_128_GCM_SHA256, []byte{0, extKeyShare, 0, 2, 0, 30}))
	f.Fuzz(func(t *testing.T, octets []byte) { readPick(bytes.NewReader(octets)) })
}

func TestRefusalsExpire(t *testing.T) {
	now := time.Unix(1000, 0)
	r := newRefusals()
	r.now = func() time.Time { return now }
	curl, browser := refuser{host: "shop.test", says: "curl"}, refuser{host: "shop.test", says: "browser"}
	if said := r.count(browser); said != "" || r.standing(browser) != nil {
		t.Errorf("one refusal: %q", said)
	}
	now = now.Add(time.Second)
	if said := r.count(browser); !strings.Contains(said, "until") || r.standing(browser) == nil || r.standing(curl) != nil {
		t.Errorf("two refusals: %q", said)
	}
	if s := r.standing(browser); s.Times != 2 || !s.Since.Equal(time.Unix(1000, 0)) || !s.Until.Equal(now.Add(refusedFor)) {
		t.Errorf("%+v", s)
	}
	now = now.Add(refusedFor)
	if r.standing(browser) != nil {
		t.Error("the certificate is not offered again")
	}
	if r.count(browser); r.standing(browser) == nil {
		t.Error("a refusal of what is offered again does not count")
	}
	r.accepted(browser)
	if r.count(browser); r.standing(browser) != nil {
		t.Error("one that has trusted us is passed on after one refusal")
	}
}

func TestFingerprint(t *testing.T) {
	hello := tls.ClientHelloInfo{CipherSuites: []uint16{0x0a0a, 1, 2}, SupportedCurves: []tls.CurveID{0x1a1a, 3}, SupportedProtos: []string{"h2"}}
	shuffled := tls.ClientHelloInfo{CipherSuites: []uint16{2, 1, 0xfafa}, SupportedCurves: []tls.CurveID{3, 0x2a2a}, SupportedProtos: []string{"h2"}}
	other := tls.ClientHelloInfo{CipherSuites: []uint16{1, 2}, SupportedCurves: []tls.CurveID{3}, SupportedProtos: []string{"http/1.1"}}
	if fingerprint(&hello) != fingerprint(&shuffled) || fingerprint(&hello) == fingerprint(&other) {
		t.Error("programs are told apart wrongly")
	}
}
