package proxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
	"sidenote/proxy/ca"
)

// A rig is a proxy on loopback with everything that a test needs round it.
type rig struct {
	t     *testing.T
	Proxy *proxy.Proxy
	Addr  string
	CA    *ca.Authority

	mu      sync.Mutex
	records []*exchange.Exchange
	heads   int
}

// newRig starts a proxy; change may alter its configuration.
func newRig(t *testing.T, change func(*proxy.Config)) *rig {
	t.Helper()
	authority, err := ca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, CA: authority}
	c := proxy.Config{
		RunID: "test", CA: authority, KeepContent: 1 << 20, KeepDigest: true, MaxHeadBytes: 64 << 10,
		ConnectTimeout: 2 * time.Second, ResponseHeaderTimeout: 10 * time.Second, IdleTimeout: 10 * time.Second,
		Hooks: proxy.Hooks{
			Head: func(x *exchange.Exchange, added []exchange.Line) []exchange.Line {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.heads++
				return added
			},
			Done: func(x *exchange.Exchange) { r.mu.Lock(); r.records = append(r.records, x); r.mu.Unlock() },
		},
	}
	if change != nil {
		change(&c)
	}
	r.Proxy = proxy.New(c)
	l := listen(t)
	r.Addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- r.Proxy.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := r.Proxy.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return r
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// roots trust the rig's CA.
func (r *rig) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(r.CA.Certificate())
	return pool
}

// client is a Go client that uses the proxy.
func (r *rig) client(h2 bool) *http.Client {
	u := &url.URL{Scheme: "http", Host: r.Addr}
	tr := &http.Transport{
		Proxy:              http.ProxyURL(u),
		TLSClientConfig:    &tls.Config{RootCAs: r.roots()},
		ForceAttemptHTTP2:  h2,
		DisableCompression: true,
	}
	r.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// wait waits until n records are there, and returns them.
func (r *rig) wait(n int) []*exchange.Exchange {
	r.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		r.mu.Lock()
		got := append([]*exchange.Exchange(nil), r.records...)
		r.mu.Unlock()
		if len(got) >= n {
			return got
		}
		if time.Now().After(deadline) {
			for _, x := range got {
				r.t.Logf("record:\n%s", x.Format())
			}
			r.t.Fatalf("%d records, want %d", len(got), n)
		}
		time.Sleep(time.Millisecond)
	}
}

// leafConfig is that of a TLS server on loopback whose certificate the rig's CA
// signed.
func leafConfig(t *testing.T, r *rig) *tls.Config {
	t.Helper()
	leaf, err := r.CA.Leaf("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{*leaf}, NextProtos: []string{"http/1.1"}}
}

// tlsServer is the server's end of TLS on a connection.
func tlsServer(c net.Conn, config *tls.Config) *tls.Conn { return tls.Server(c, config) }
