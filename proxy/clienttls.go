package proxy

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// clientTLS is how we present ourselves to clients.
type clientTLS struct {
	proxy       *Proxy
	base        *tls.Config
	intercepted atomic.Int64
	tunnels     atomic.Int64
}

// modernSuites are the cipher suites of TLS 1.2 with forward secrecy and
// authenticated encryption (RFC 9325 §4.2).
func modernSuites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// everySuite lists all that the library has but RC4, which some servers would
// rather use than anything better.
func everySuite() []uint16 {
	suites := modernSuites()
	return append(suites,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	)
}

func newClientTLS(p *Proxy) *clientTLS {
	c := &tls.Config{MinVersion: p.config.ClientTLSMin, CipherSuites: modernSuites()}
	if c.MinVersion < tls.VersionTLS12 {
		c.CipherSuites = everySuite()
	}
	c.SetSessionTicketKeys([][32]byte{randomKey()}) // shared, so that one connection can resume the session of another
	return &clientTLS{proxy: p, base: c}
}

// config is what a client is answered with that asks for a name: a certificate
// for it of a kind that the client can read, and the protocol given.
func (t *clientTLS) config(name, alpn string) *tls.Config {
	c := t.base.Clone()
	if alpn != "" {
		c.NextProtos = []string{alpn}
	}
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		leaf, err := t.proxy.config.CA.Leaf(name)
		if err != nil || hello.SupportsCertificate(leaf) == nil {
			return leaf, err
		}
		rsa, err := t.proxy.config.CA.LeafRSA(name)
		if err != nil || hello.SupportsCertificate(rsa) != nil {
			return leaf, nil //nolint:nilerr // neither will do, and the handshake says why
		}
		return rsa, nil
	}
	return c
}

// unfit says why no handshake can come of a hello, and which setting changes
// that; "" where it could.
func (t *clientTLS) unfit(hello *tls.ClientHelloInfo) string {
	highest := slices.Max(append(slices.DeleteFunc(slices.Clone(hello.SupportedVersions), isGrease), 0))
	least := t.base.MinVersion
	switch {
	case highest < tls.VersionTLS10:
		return "it offers no version of TLS that sidenote has"
	case highest < least:
		return fmt.Sprintf("it offers %s at most, and sidenote accepts %s or later; to accept it, set --client-tls-min %s",
			tls.VersionName(highest), tls.VersionName(least), strings.TrimPrefix(tls.VersionName(highest), "TLS "))
	case highest == tls.VersionTLS13 || slices.ContainsFunc(hello.CipherSuites, func(s uint16) bool { return slices.Contains(t.base.CipherSuites, s) }):
		return ""
	case least >= tls.VersionTLS12:
		return "it offers only old cipher suites, such as those with CBC; to accept them, set --client-tls-min 1.1"
	}
	return "it offers no cipher suite that sidenote has"
}

func randomKey() (k [32]byte) {
	if _, err := rand.Read(k[:]); err != nil {
		panic(err) // crypto/rand never fails where Go runs
	}
	return k
}
