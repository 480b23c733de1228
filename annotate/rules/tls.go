package rules

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// tlsRules lists the rules on how connections are protected.
func tlsRules() []*annotate.Rule {
	return []*annotate.Rule{
		tlsCertificateExpiring,
		tlsH2ProhibitedCipher,
		tlsLegacyVersion,
		tlsSNIHostMismatch,
		tlsVerificationFailed,
	}
}

// theConnection is the place of what is said of the connection to the origin server.
func theConnection() exchange.Place { return exchange.Place{Message: exchange.InConnection} }

// A certificate is about to expire when less is left than both of these:
// long-lived ones are renewed weeks ahead, short-lived ones live with less.
const (
	expiringWithin  = 14 * 24 * time.Hour
	expiringPercent = 15 // of the lifetime
)

var tlsCertificateExpiring = &annotate.Rule{
	ID:       "tls/certificate-expiring",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the server's certificate expires soon",
	Refs:     []string{"RFC 5280 §4.1.2.5"},
	Doc: "After its last day, every client that checks it refuses the connection. Less than 14 days and less than 15 percent of its lifetime are left. " +
		"Automatic renewal usually runs earlier, so it may be broken. There is one note per certificate.",
	Help: "renew the certificate, and check that the automatic renewal works",
	Bad: []string{`* started 2026-03-25T00:00:00Z
* scheme https
* origin peer=192.0.2.1:443 tls=0x0304 cert-subject="CN=shop.test" cert-names="shop.test" cert-not-before=2026-01-01T00:00:00Z cert-not-after=2026-04-01T00:00:00Z
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Wed, 25 Mar 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`},
	Good: []string{`# 13 days are left, but they are more than 15 percent of 47 days
* started 2026-03-19T00:00:00Z
* scheme https
* origin peer=192.0.2.1:443 tls=0x0304 cert-subject="CN=shop.test" cert-names="shop.test" cert-not-before=2026-02-13T00:00:00Z cert-not-after=2026-04-01T00:00:00Z
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Thu, 19 Mar 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`, `# 30 days are left of a year
* started 2026-03-02T00:00:00Z
* scheme https
* origin peer=192.0.2.1:443 tls=0x0304 cert-subject="CN=shop.test" cert-names="shop.test" cert-not-before=2025-04-01T00:00:00Z cert-not-after=2026-04-01T00:00:00Z
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Mon, 02 Mar 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`},
	Needs: annotate.NeedsTLS | annotate.NeedsClock,
	Once: func(x *exchange.Exchange) string {
		c := x.Origin.TLS.Certificate
		return c.SHA256 + c.Subject + c.NotAfter.Format(time.RFC3339)
	},
	Check: func(p *annotate.Pass) {
		t := p.X.Origin.TLS
		if t == nil || t.Certificate == nil || t.Certificate.NotAfter.IsZero() || p.X.Started.IsZero() {
			return
		}
		c := t.Certificate
		left := c.NotAfter.Sub(receivedAt(p.X))
		lifetime := c.NotAfter.Sub(c.NotBefore)
		if left > 0 && left < expiringWithin && left < lifetime/100*expiringPercent {
			p.Note(theConnection(), "the certificate of %s expires in %s, on %s", p.X.Host(),
				inWords(int64(left/time.Second)), c.NotAfter.UTC().Format("2006-01-02 15:04 UTC"))
		}
	},
}

// prohibitedCiphers are the cipher suites of RFC 9113, Appendix A, as ranges
// of their numbers with both ends included.
var prohibitedCiphers = [...][2]uint16{
	{0x0000, 0x001b}, {0x001e, 0x0046}, {0x0067, 0x006d}, {0x0084, 0x009d}, {0x00a0, 0x00a1}, {0x00a4, 0x00a9},
	{0x00ac, 0x00c5}, {0x00ff, 0x00ff}, {0xc001, 0xc02a}, {0xc02d, 0xc02e}, {0xc031, 0xc051}, {0xc054, 0xc055},
	{0xc058, 0xc05b}, {0xc05e, 0xc05f}, {0xc062, 0xc06b}, {0xc06e, 0xc07b}, {0xc07e, 0xc07f}, {0xc082, 0xc085},
	{0xc088, 0xc089}, {0xc08c, 0xc08f}, {0xc092, 0xc09d}, {0xc0a0, 0xc0a1}, {0xc0a4, 0xc0a5}, {0xc0a8, 0xc0a9},
}

func isProhibitedCipher(c uint16) bool {
	for _, r := range prohibitedCiphers {
		if c >= r[0] && c <= r[1] {
			return true
		}
	}
	return false
}

var tlsH2ProhibitedCipher = &annotate.Rule{
	ID:       "tls/h2-prohibited-cipher",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "HTTP/2 with a prohibited cipher suite",
	Refs:     []string{"RFC 9113 §9.2.2"},
	Doc: "HTTP/2 over TLS 1.2 prohibits old cipher suites: those without forward secrecy or without authenticated encryption. " +
		"A client may close such a connection with INADEQUATE_SECURITY, and browsers do. Put suites with ECDHE and GCM or ChaCha20 first, or enable TLS 1.3.",
	Help: "enable TLS 1.3, or put TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 first",
	Bad: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0303 cipher=0xc013 alpn=h2
> GET / HTTP/2
> Host: shop.test
>
< HTTP/2 200
< content-length: 2
<
< ok
`},
	Good: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0303 cipher=0xc02f alpn=h2
> GET / HTTP/2
> Host: shop.test
>
< HTTP/2 200
< content-length: 2
<
< ok
`, `# TLS 1.3 numbers its suites anew
* scheme https
* origin peer=192.0.2.1:443 tls=0x0304 cipher=0x1301 alpn=h2
> GET / HTTP/2
> Host: shop.test
>
< HTTP/2 200
< content-length: 2
<
< ok
`, `# HTTP/1.1 may use them
* scheme https
* origin peer=192.0.2.1:443 tls=0x0303 cipher=0xc013 alpn=http/1.1
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{If: []*annotate.Condition{ifOldTLS}},
	Needs: annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		t := p.X.Origin.TLS
		if t == nil || t.Version != tls.VersionTLS12 || t.Cipher == 0 || p.X.Response.Version != exchange.HTTP2 {
			return
		}
		if isProhibitedCipher(t.Cipher) {
			p.Note(theConnection(), "HTTP/2 runs over %s, which RFC 9113 prohibits: clients may close the connection with INADEQUATE_SECURITY",
				tls.CipherSuiteName(t.Cipher))
		}
	},
}

var tlsLegacyVersion = &annotate.Rule{
	ID:       "tls/legacy-version",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "an obsolete TLS version",
	Refs:     []string{"RFC 8996 §4", "RFC 8996 §5", "RFC 7568 §3"},
	Doc: "TLS 1.0, TLS 1.1 and SSL 3.0 must no longer be used, because they depend on broken hash functions. " +
		"Browsers and current libraries refuse them, so other clients probably can't connect at all.",
	Help: "enable TLS 1.2 and 1.3 on the server, and disable older versions",
	Bad: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0301 cipher=0xc013
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	Good: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0303 cipher=0xc02f
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{If: []*annotate.Condition{ifOldTLS}},
	Needs: annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		t := p.X.Origin.TLS
		if t != nil && t.Version != 0 && t.Version < tls.VersionTLS12 {
			p.Note(theConnection(), "the connection to %s uses %s, which must no longer be used", p.X.Authority, tls.VersionName(t.Version))
		}
	},
}

var tlsSNIHostMismatch = &annotate.Rule{
	ID:       "tls/sni-host-mismatch",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "TLS and HTTP name different hosts",
	Refs:     []string{"RFC 6066 §3", "RFC 9110 §7.4"},
	Doc: "The client named one host for the TLS connection and another one in the request. " +
		"Servers choose the certificate by the first and the site by the second, so many answer 421 or 403. " +
		"Attackers also use it to bypass filters that only check the TLS name.",
	Help: "use the same name for the TLS server name and Host",
	Bad: []string{`* scheme https
* client tls=0x0304 sni=shop.test
> GET / HTTP/1.1
> Host: admin.test:443
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `# HTTP/2, and the certificate does not cover the host
* scheme https
* authority admin.test
* client tls=0x0304 alpn=h2 sni=shop.test
* origin tls=0x0304 cert-subject="CN=shop.test" cert-names="shop.test *.shop.test"
> GET / HTTP/2
>
< HTTP/2 200
< content-length: 2
<
< ok
`, `# HTTP/2, and the server refused
* scheme https
* authority img.shop.test
* client tls=0x0304 alpn=h2 sni=shop.test
* origin tls=0x0304 cert-subject="CN=shop.test" cert-names="shop.test *.shop.test"
> GET / HTTP/2
>
< HTTP/2 421
< content-length: 2
<
< no
`},
	Good: []string{`* scheme https
* client tls=0x0304 sni=shop.test
> GET / HTTP/1.1
> Host: Shop.test.:443
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `# one HTTP/2 connection may serve every host that the certificate covers
* scheme https
* authority img.shop.test
* client tls=0x0304 alpn=h2 sni=shop.test
* origin tls=0x0304 cert-subject="CN=shop.test" cert-names="shop.test *.shop.test"
> GET / HTTP/2
>
< HTTP/2 200
< content-length: 2
<
< ok
`, `* scheme https
* client tls=0x0304 sni=shop.test
> GET / HTTP/1.1
> Host: [2001:db8::1]
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `* scheme https
* client tls=0x0304 sni=public.test ech
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `# a tunnel leads to another place than its TLS is for, and carries no HTTP
* scheme https
* authority 192-0-2-1.test:443
* client peer=127.0.0.1:5000 tls=0x0304 sni=mail.test
* tunnel sent=10 received=20 protocol=imap
> CONNECT 192-0-2-1.test:443 HTTP/1.1
> Host: 192-0-2-1.test:443
>
< HTTP/1.1 200 Connection established
<
`},
	Needs: annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		t := p.X.Client.TLS
		if t == nil || t.SNI == "" || t.ECH || p.X.Request.Method == "CONNECT" || p.X.Tunnel.Protocol != "" { // CONNECT says where, not for whom
			return
		}
		host, _ := exchange.SplitAuthority(p.X.Authority)
		host = strings.TrimSuffix(host, ".")
		_, isAddress := parseAddress(host)
		if host == "" || field.EqualFold(strings.TrimSuffix(t.SNI, "."), host) || isAddress {
			return
		}
		if p.X.Request.Version >= exchange.HTTP2 && p.X.Response.Status != 421 && !uncovered(p.X.Origin.TLS, host) {
			return
		}
		at := p.RequestField(exchange.FieldHost)
		if at.Line < 0 {
			at = exchange.Place{Message: exchange.InRequest}
		}
		p.Note(at, "the TLS connection is for %s, but the request is for %s", quoted(t.SNI), quoted(host))
	},
}

// uncovered reports whether the certificate is known and does not cover the host.
func uncovered(t *exchange.TLS, host string) bool {
	if t == nil || t.Certificate == nil {
		return false
	}
	for _, name := range t.Certificate.Names {
		if covers(name, host) {
			return false
		}
	}
	return true
}

// covers reports whether a certificate's name covers a host; a "*" stands for
// its first label (RFC 9525 §6.3).
func covers(name, host string) bool {
	if rest, wild := strings.CutPrefix(name, "*."); wild {
		_, parent, ok := strings.Cut(host, ".")
		return ok && field.EqualFold(rest, parent)
	}
	return field.EqualFold(name, host)
}

var tlsVerificationFailed = &annotate.Rule{
	ID:       "tls/verification-failed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the server's certificate can't be verified",
	Refs:     []string{"RFC 9110 §4.3.4"},
	Doc: "The certificate fails a check: its issuer isn't trusted, it has expired, it is for another name, or it isn't for servers. " +
		"So the client can't know who the server is, and every client that checks refuses the connection. " +
		"The note has the reason, and says whether the configuration allowed the connection anyway.",
	Help: "fix the certificate; for a private CA use --upstream-ca FILE",
	Bad: []string{`* scheme https
* error tls_expired "x509: certificate has expired or is not yet valid"
* made
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 502 Bad Gateway
< Content-Length: 0
<
`, `* scheme https
* error tls_wrong_name "x509: certificate is valid for a.test, not shop.test"
> CONNECT shop.test:443 HTTP/1.1
> Host: shop.test:443
>
`, `# let through by --insecure-upstream
* scheme https
* origin peer=192.0.2.1:443 tls=0x0304 verify-error="x509: certificate signed by unknown authority"
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	Good: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0304
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{Always: true},
	Needs: annotate.NeedsTLS,
	Once: func(x *exchange.Exchange) string {
		if x.Err != nil {
			return x.ID + x.Started.Format(time.RFC3339Nano) // each failure is told
		}
		return originKey(x) // the configuration wanted it so
	},
	Check: func(p *annotate.Pass) {
		if e := p.X.Err; e != nil {
			if f, _ := e.Code.Lookup(); f.Certificate {
				p.NoteHelp(theConnection(), f.Act, "%s%s; so the request was never sent", f.Title, detail(e))
				return
			}
		}
		if t := p.X.Origin.TLS; t != nil && t.VerifyError != "" {
			p.Note(theConnection(), "the certificate of %s can't be verified: %s; the configuration allowed the connection anyway",
				p.X.Authority, withoutHint(t.VerifyError))
		}
	},
}

// withoutHint cuts off what crypto/x509 guesses about a certificate that it
// tried for an issuer only because of its name; it misleads more than it helps.
func withoutHint(verifyError string) string {
	said, _, _ := strings.Cut(verifyError, " (possibly because of ")
	return said
}

// detail returns what the system or the library said, for the end of a message.
func detail(e *exchange.Err) string {
	const most = 300
	if e.Detail == "" {
		return ""
	}
	return fmt.Sprintf(": %.*s", most, strings.TrimSuffix(withoutHint(e.Detail), "."))
}
