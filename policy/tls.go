package policy

import (
	"crypto/tls"
	"slices"

	"sidenote/exchange"
	"sidenote/internal/wording"
)

// tlsVersions are the versions by the numbers that people write, in their order.
func tlsVersions() []string { return []string{"1.0", "1.1", "1.2", "1.3"} }

// parseTLS returns the number of a version in a ClientHello.
func parseTLS(s string) (uint16, error) {
	i := slices.Index(tlsVersions(), s)
	if i < 0 {
		return 0, faultAt(0, "want %s, not %q", wording.Or(tlsVersions()), s)
	}
	return tls.VersionTLS10 + uint16(i), nil
}

// tlsVersion writes the version of a connection: "1.3", "" without TLS.
func tlsVersion(t *exchange.TLS) string {
	if t == nil || t.Version < tls.VersionTLS10 {
		return ""
	}
	if i := int(t.Version - tls.VersionTLS10); i < len(tlsVersions()) {
		return tlsVersions()[i]
	}
	return ""
}

func tlsText(version uint16) string { return tlsVersion(&exchange.TLS{Version: version}) }
