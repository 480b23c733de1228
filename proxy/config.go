package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"time"

	"sidenote/exchange"
	"sidenote/exchange/message"
	"sidenote/proxy/ca"
)

// Hooks are how records leave the proxy. The functions may be called by many
// goroutines at once; nil ones are not called.
type Hooks struct {
	// Request runs when a request is about to be sent on, once for each, and
	// returns the field lines to add to it; it records in x.Changed that it does.
	// It must be quick, since the client waits.
	Request func(x *exchange.Exchange) []exchange.Line

	// Head runs when the response head is known, before it is passed on. It
	// appends the field lines to add to the response to added, and returns that.
	// It must be quick, since the client waits. Content and Timing.Done are not
	// known yet, and Err only where the response is one that the proxy made.
	Head func(x *exchange.Exchange, added []exchange.Line) []exchange.Line

	// Message runs for each message of a stream (a WebSocket message, an event, a
	// gRPC message) that passed, one after another for each exchange. Nothing that
	// passes waits for it; while it takes long messages lose their content, and then
	// are only counted. Of x no more may be read than the heads say.
	Message func(x *exchange.Exchange, format exchange.MessageFormat, m *exchange.StreamMessage)

	// Limited runs when a limit of sidenote's own has been met; err is what the
	// system said, nil for a limit that was set. It may run often.
	Limited func(l Limit, err error)

	// Done runs when both messages have ended, or the exchange has failed.
	// From then on nobody changes x. Every exchange that Head was called for,
	// and every other that was begun, gets one call.
	Done func(x *exchange.Exchange)
}

// Config is what a Proxy is made of. It must not be changed afterwards.
type Config struct {
	Hooks Hooks
	RunID string

	// CA signs the certificates of intercepted hosts; without one nothing is
	// intercepted.
	CA *ca.Authority
	// Intercept says whether what goes to a host is intercepted, by all names
	// without port that are known of it: that of the CONNECT, and that which TLS
	// asks for. nil intercepts every host.
	Intercept func(names ...string) bool
	// ClientTLSMin is the lowest version of TLS that clients are answered in, as
	// in crypto/tls; zero for 1.2. Below that, suites with CBC are offered too.
	ClientTLSMin uint16

	// UpstreamProxy is an http, https, socks5 or socks5h URL, with credentials
	// where it wants some; nil goes straight. NoProxy has the form of the
	// NO_PROXY variable.
	UpstreamProxy *url.URL
	NoProxy       string
	// UpstreamFor chooses the upstream proxy for a URL in the place of NoProxy
	// and, but for its credentials, of UpstreamProxy; nil leaves it to them. A
	// nil URL goes straight.
	UpstreamFor func(*url.URL) (*url.URL, error)
	// UpstreamLoopback says that the upstream proxy runs on this machine, and is
	// asked for loopback addresses too; a usual one is not.
	UpstreamLoopback bool
	// UpstreamCAs are the roots that origin servers are verified with; nil for
	// those of the system.
	UpstreamCAs *x509.CertPool
	// Insecure says for which hosts a bad certificate is let pass; nil for none.
	Insecure func(host string) bool
	// ClientCertificate returns what is shown to an origin server that asks for
	// a client certificate; nil where there is none for that host.
	ClientCertificate func(host string) *tls.Certificate

	// ShareConnections lets a connection to an origin server serve further clients
	// when its own has gone. It is never shared with or by a request that has
	// credentials.
	ShareConnections bool

	// Resolver looks host names up; nil for that of the system.
	Resolver *net.Resolver

	// User and Password are what clients have to give; "" wants none.
	User, Password string
	// Forbidden addresses cannot be reached through the proxy, such as that of
	// the admin server.
	Forbidden []netip.AddrPort

	ConnectTimeout        time.Duration // to open a connection, looking the name up included
	ResponseHeaderTimeout time.Duration // from the request to the head of the final response; 0 for none
	IdleTimeout           time.Duration // between two pieces of content, or two octets in a tunnel; 0 for none
	ClientHeadTimeout     time.Duration // from the first octet of a request head to its last; 0 for none
	ClientIdleTimeout     time.Duration // between two requests of a connection; 0 for none
	BodyTimeout           time.Duration // between two pieces of request content; 0 for none
	BodyRate              int64         // octets a second that request content comes in at least, BodyTimeout beside; 0 for none
	ClientWriteTimeout    time.Duration // that a client has to take a piece of a response, of at most 64 KiB; 0 for none
	OriginWriteTimeout    time.Duration // that an origin server has to take a piece of a request; 0 for none
	MaxClients            int           // connections from clients at once; 0 for no limit
	MaxHeadBytes          int           // of a message head
	KeepContent           int           // octets of each content that the record keeps

	// KeepDigest has the SHA-256 of each content computed while it passes. Without
	// it, that of content which is kept whole can be computed from the record.
	KeepDigest bool

	// KeepMessages bounds the octets of memory that the record of an exchange has for
	// the messages of its streams: the oldest make room. 0 has nobody look for them.
	KeepMessages int64
	// Decoder says what the messages of gRPC mean; nil shows field numbers.
	Decoder message.Decoder

	// Pseudonym names this proxy in Via, where it adds one.
	Pseudonym string
}

func (c *Config) insecure(host string) bool { return c.Insecure != nil && c.Insecure(host) }

// intercepts reports whether what goes to a host of these names is intercepted.
func (c *Config) intercepts(names ...string) bool {
	return c.CA != nil && (c.Intercept == nil || c.Intercept(names...))
}

// withDefaults fills in what would make no sense as zero.
func (c Config) withDefaults() Config {
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = 30 * time.Second
	}
	if c.MaxHeadBytes <= 0 {
		c.MaxHeadBytes = 256 << 10
	}
	if c.ClientTLSMin == 0 {
		c.ClientTLSMin = tls.VersionTLS12
	}
	if c.Pseudonym == "" {
		c.Pseudonym = "sidenote-" + c.RunID
	}
	return c
}
