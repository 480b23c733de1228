package main

import (
	"crypto/tls"
	"flag"
	"io"
	"log"
	"net/http"
	"sync"

	"github.com/elazarl/goproxy"
)

// runBare runs the reference: goproxy as its README shows it, with a cache of
// certificates where TLS is intercepted.
func runBare(args []string) error {
	fs := flag.NewFlagSet("bare", flag.ExitOnError)
	listen := fs.String("listen", "", "address")
	intercept := fs.Bool("tls", false, "intercept TLS")
	h2 := fs.Bool("h2", false, "speak HTTP/2 on both sides of intercepted TLS")
	idle := fs.Int("idle", 0, "idle connections kept for each host; 0 leaves net/http's 2")
	if err := fs.Parse(args); err != nil {
		return err
	}
	p := goproxy.NewProxyHttpServer()
	p.Logger = log.New(io.Discard, "", 0)
	p.Tr.MaxIdleConnsPerHost = *idle
	p.Tr.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // the origin server is in the bench itself
	p.AllowHTTP2, p.Tr.ForceAttemptHTTP2 = *h2, *h2
	if *intercept {
		p.CertStore = &certCache{certs: map[string]*tls.Certificate{}}
		p.OnRequest().HandleConnect(goproxy.AlwaysMitm)
	}
	return http.ListenAndServe(*listen, p)
}

// certCache keeps every certificate.
type certCache struct {
	mu    sync.Mutex
	certs map[string]*tls.Certificate
}

// Fetch returns the certificate of a host, made once.
func (c *certCache) Fetch(host string, gen func() (*tls.Certificate, error)) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cert, ok := c.certs[host]; ok {
		return cert, nil
	}
	cert, err := gen()
	if err == nil {
		c.certs[host] = cert
	}
	return cert, err
}
