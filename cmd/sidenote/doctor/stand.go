package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
)

// host is the name of the origin server. Programs that go past a proxy for this
// machine do so for "localhost" and for its addresses, not for this name; the
// proxy takes what is under .localhost for this machine.
const host = "doctor.localhost"

// An originIdentity is what the origin server shows of itself: a certificate
// that no one trusts but the proxy, so that a program which gets an answer got
// it through the proxy.
type originIdentity struct {
	certificate tls.Certificate
	pool        *x509.CertPool
}

func newOriginIdentity() (*originIdentity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &originIdentity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool(leaf)}, nil
}

// A stand is a throw-away origin server with a throw-away proxy in front of it,
// for one run of one program: so it is certain whose requests they see.
type stand struct {
	url      string // of the origin server
	proxyURL string
	proxy    *proxy.Proxy
	origin   *http.Server
	accepted atomic.Int64 // connections that the origin server took
	serving  sync.WaitGroup

	mu        sync.Mutex
	exchanges []*exchange.Exchange
}

// errOffline is what the proxy is told when it looks a name up.
var errOffline = errors.New("no names are looked up here")

func (d *Doctor) newStand() (*stand, error) {
	atOrigin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	atProxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		atOrigin.Close()
		return nil, err
	}
	_, port, _ := net.SplitHostPort(atOrigin.Addr().String())
	s := &stand{url: "https://" + net.JoinHostPort(host, port) + "/", proxyURL: "http://" + atProxy.Addr().String()}
	s.origin = &http.Server{
		Handler: http.HandlerFunc(answer), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: d.Timeout,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{d.origin.certificate}},
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.accepted.Add(1)
			}
		},
	}
	s.proxy = proxy.New(proxy.Config{
		Hooks: proxy.Hooks{Done: s.done}, CA: d.Authority, UpstreamCAs: d.origin.pool, ConnectTimeout: d.Timeout,
		Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errOffline }},
	})
	s.serving.Go(func() { _ = s.origin.ServeTLS(atOrigin, "", "") }) // the error is that it was closed
	s.serving.Go(func() { _ = s.proxy.Serve(atProxy) })
	return s, nil
}

// answer is an empty JSON object: what package managers ask for is JSON.
func answer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}\n")
}

func (s *stand) done(x *exchange.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exchanges = append(s.exchanges, x)
}

// drainTime is how long exchanges get to end after their client has.
const drainTime = time.Second

// close ends both servers; from then on nothing more is recorded.
func (s *stand) close() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	_ = s.proxy.Shutdown(ctx) // what is cut off is recorded as well
	s.origin.Close()
	s.serving.Wait()
}

// read tells what a program did, once the stand is closed.
func (s *stand) read(o *outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.exchanges {
		switch {
		case x.Scheme != "https" || x.Host() != host:
		case x.Response.Status == http.StatusOK && !x.Response.Made: // it may have left before the end
			o.answered = true
		case x.Err != nil && clientTLSFailed(x.Err):
			o.refused = x.Err
		}
	}
	stats := s.proxy.Stats()
	o.reached = stats.ClientsOpened > 0
	o.direct = s.accepted.Load() > stats.OriginsOpened
}

// clientTLSFailed reports whether it was the client's handshake that failed.
func clientTLSFailed(e *exchange.Err) bool {
	f, _ := e.Code.Lookup()
	return f.ClientTLS
}
