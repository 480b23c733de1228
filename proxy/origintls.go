package proxy

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"sidenote/exchange"
)

// newOriginTLS makes what every handshake with an origin server begins with. All
// suites and versions are offered that the library has: which of them are weak
// is for the record, and whether the server is reached is for the user.
func newOriginTLS(c *Config) *tls.Config {
	return &tls.Config{
		RootCAs: c.UpstreamCAs, ClientSessionCache: tls.NewLRUClientSessionCache(512),
		MinVersion: tls.VersionTLS10, CipherSuites: everySuite(),
	}
}

// A shaking is one TLS handshake with an origin server.
type shaking struct {
	dialer *dialer
	target target
	name   string // that is asked for and verified
	tap    *handshakeTap

	asked  bool   // the server asked for a client certificate
	shown  bool   // and was shown one
	verify string // what is wrong with its certificate, though that is let pass
}

// handshake shakes hands on an open connection.
func (d *dialer) handshake(ctx context.Context, o *outbound, t target) error {
	s := &shaking{dialer: d, target: t, name: t.serverName(), tap: &handshakeTap{Conn: o.Conn}}
	limited, cancel := context.WithTimeoutCause(ctx, tlsTimeout(d.config.ConnectTimeout), errTLSTimeout)
	defer cancel()
	start := time.Now()
	tc := tls.Client(s.tap, s.config())
	err := tc.HandshakeContext(limited)
	o.handshake = time.Since(start)
	if err != nil {
		o.tls = refusedFacts(tc.ConnectionState(), s.name, err)
		if alert, ok := alertOf(err); ok && alert == alertNoProtocol && len(t.alpn) > 0 {
			err = fmt.Errorf("the server speaks none of the protocols that the client offered (%s): %w", strings.Join(t.alpn, ", "), err)
		}
		return s.failure(ctx, &failure{code: handshakeCode(limited, err, s.tap.sent, s.asked), err: err})
	}
	o.Conn, o.tls = tc, tlsFacts(tc.ConnectionState(), s.name)
	o.tls.VerifyError, o.tls.ClientCert = s.verify, s.shown
	o.tls.Weakness = strings.Join(weaknesses(tc.ConnectionState()), "; ")
	o.asked = s.asked && !s.shown
	return nil
}

func tlsTimeout(connect time.Duration) time.Duration { return min(connect, 10*time.Second) }

// config is that of this handshake.
func (s *shaking) config() *tls.Config {
	c := s.dialer.tlsBase.Clone()
	c.ServerName, c.NextProtos = s.name, s.target.alpn
	c.GetClientCertificate = s.certificate
	if s.dialer.config.insecure(s.name) || s.dialer.config.insecure(hostOf(s.target.authority)) {
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(state tls.ConnectionState) error {
			s.verify = s.dialer.verify(state, s.name)
			return nil
		}
	}
	return c
}

// certificate chooses the client certificate for the server; none is an answer.
func (s *shaking) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	s.asked = true
	if choose := s.dialer.config.ClientCertificate; choose != nil {
		for _, host := range []string{s.name, hostOf(s.target.authority)} {
			if c := choose(host); c != nil {
				s.shown = true
				return c, nil
			}
		}
	}
	return &tls.Certificate{}, nil
}

// failure returns a failure of the handshake, and one that blames us where the
// origin server is in order and our TLS cannot reach it.
func (s *shaking) failure(ctx context.Context, f *failure) error {
	missing := s.missing(f)
	if missing == "" && !s.asked && (f.code == exchange.ErrTLSHandshake || f.code == exchange.ErrTLSFailed) && ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(ctx, diagnoseFor)
		defer cancel()
		if picks := s.unsupported(ctx); picks != "" {
			missing = "the server picks " + picks + ", which sidenote does not have"
		}
	}
	if missing == "" {
		return f
	}
	return &failure{code: exchange.ErrTLSUnsupported,
		err: fmt.Errorf("%s; to reach the server, leave it out of interception: --intercept all,-%s (%w)", missing, hostOf(s.target.authority), f.err)}
}

// missing says what our TLS library cannot do, by its error alone; "" where that
// does not tell.
func (s *shaking) missing(f *failure) string {
	var name x509.HostnameError
	text := f.err.Error()
	switch {
	case errors.As(f.err, &name) && isNamedInSubjectOnly(name.Certificate, s.name):
		return "the certificate has the name only as its Common Name, which sidenote does not read"
	case strings.Contains(text, "failed to parse certificate"):
		return "sidenote cannot read the server's certificate"
	case strings.Contains(text, "unsupported type of public key"), strings.Contains(text, "unsupported group"):
		return "the server uses a key that sidenote cannot check"
	}
	return ""
}

// isNamedInSubjectOnly reports whether a certificate has a host's name where it
// was written before there were alternative names (RFC 6125 §B.2).
func isNamedInSubjectOnly(c *x509.Certificate, host string) bool {
	return c != nil && len(c.DNSNames)+len(c.IPAddresses)+len(c.EmailAddresses)+len(c.URIs) == 0 && strings.EqualFold(c.Subject.CommonName, host)
}

// refusedFacts makes the record's facts of a connection whose handshake failed:
// the certificate is known when it was that which did not pass.
func refusedFacts(s tls.ConnectionState, host string, err error) *exchange.TLS {
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) {
		s.PeerCertificates = verify.UnverifiedCertificates
	}
	if s.Version == 0 {
		return nil
	}
	return tlsFacts(s, host)
}

// verify checks a chain as crypto/tls would have, and returns what it found.
func (d *dialer) verify(s tls.ConnectionState, host string) string {
	opts := x509.VerifyOptions{DNSName: host, Roots: d.config.UpstreamCAs, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	if _, err := s.PeerCertificates[0].Verify(opts); err != nil {
		return err.Error()
	}
	return ""
}

// A handshakeTap remembers the alert with which we broke a TLS handshake off.
// It is read in clear, so it knows those that come before keys are agreed on,
// such as that there is no version in common.
type handshakeTap struct {
	net.Conn
	sent uint8 // 0 for none
}

// Write passes octets on.
func (t *handshakeTap) Write(p []byte) (int, error) {
	if alert, ok := plainAlert(p); ok {
		t.sent = alert
	}
	return t.Conn.Write(p)
}

// CloseWrite ends our half of the connection.
func (t *handshakeTap) CloseWrite() error { return closeWrite(t.Conn) }

// tlsFacts makes the record's facts of a connection's state.
func tlsFacts(s tls.ConnectionState, sni string) *exchange.TLS {
	t := &exchange.TLS{
		Version: s.Version, Cipher: s.CipherSuite, ALPN: s.NegotiatedProtocol, SNI: sni,
		Resumed: s.DidResume, ECH: s.ECHAccepted,
	}
	if len(s.PeerCertificates) == 0 {
		return t
	}
	t.Certificate = certificateFacts(s.PeerCertificates[0])
	issuers := s.PeerCertificates[1:]
	for _, c := range issuers[:min(len(issuers), exchange.MostChain)] {
		t.Chain = append(t.Chain, certificateFacts(c))
	}
	return t
}

func certificateFacts(c *x509.Certificate) *exchange.Certificate {
	sum := sha256.Sum256(c.Raw)
	facts := &exchange.Certificate{
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Names: append([]string(nil), c.DNSNames...),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, SHA256: hex.EncodeToString(sum[:]),
	}
	for _, ip := range c.IPAddresses {
		facts.Names = append(facts.Names, ip.String())
	}
	return facts
}

// weaknesses says in short phrases what newer clients may refuse of a
// connection, beside its version.
func weaknesses(s tls.ConnectionState) (weak []string) {
	if s.Version <= tls.VersionTLS12 {
		weak = append(weak, suiteWeaknesses(s.CipherSuite)...)
	}
	for _, c := range s.PeerCertificates[:min(len(s.PeerCertificates), 1+exchange.MostChain)] {
		if c.SerialNumber != nil && c.SerialNumber.Sign() < 0 {
			weak = append(weak, "a negative serial number in the certificate of "+c.Subject.String())
		}
	}
	return weak
}

func suiteWeaknesses(suite uint16) (weak []string) {
	switch suite {
	case tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA:
		weak = append(weak, "RSA key exchange, which has no forward secrecy")
	}
	switch suite {
	case tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA:
		return append(weak, "3DES encryption")
	case tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA:
		return append(weak, "CBC encryption")
	}
	return weak
}
