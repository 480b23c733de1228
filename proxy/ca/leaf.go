package ca

import (
	"container/list"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	// clockSkew is how far a client's clock may be behind ours.
	clockSkew = 24 * time.Hour
	// leafLife keeps a leaf within the 200 days that browsers accept, clock skew included.
	leafLife = 198 * 24 * time.Hour
	// renewBefore is when a cached leaf is made anew.
	renewBefore = 24 * time.Hour
	// maxLeaves bounds the cache.
	maxLeaves = 4096
)

// Leaf returns a certificate for one host name or IP address, made on first use,
// with an ECDSA key. Each covers a single name, so that browsers don't send
// requests for another host over the same connection.
func (a *Authority) Leaf(host string) (*tls.Certificate, error) {
	return a.leaf(host, a.leaves, a.leafKey)
}

// LeafRSA returns one with an RSA key, for clients that know no other.
func (a *Authority) LeafRSA(host string) (*tls.Certificate, error) {
	key, err := a.rsaKey()
	if err != nil {
		return nil, fmt.Errorf("make an RSA key: %w", err)
	}
	return a.leaf(host, a.rsaLeaves, key)
}

// rsaBits is the length of RSA keys: what is usual, and quick to sign with.
const rsaBits = 2048

func (a *Authority) leaf(host string, leaves *leafCache, key crypto.Signer) (*tls.Certificate, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || len(host) > 253 {
		return nil, fmt.Errorf("can't make a certificate for the name %q", host)
	}
	return leaves.get(host, func() (*tls.Certificate, error) { return a.sign(host, key) })
}

func (a *Authority) sign(host string, key crypto.Signer) (*tls.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	now := time.Now()
	t := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"sidenote"}},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     minTime(now.Add(leafLife), a.cert.NotAfter),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if _, ok := key.(*rsa.PrivateKey); ok { // for key exchange without forward secrecy, where a setting allows it
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	if len(host) <= 64 { // the most that a common name may hold
		t.Subject.CommonName = host
	}
	if ip := net.ParseIP(host); ip != nil {
		t.IPAddresses = []net.IP{ip}
	} else {
		t.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate for %s: %w", host, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read back the certificate for %s: %w", host, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// leafCache keeps the leaves used last. A name that many ask for at once is
// signed once.
type leafCache struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *cached, used last first
}

type cached struct {
	host string
	once sync.Once
	cert *tls.Certificate
	err  error
}

func newLeafCache() *leafCache {
	return &leafCache{byKey: map[string]*list.Element{}, order: list.New()}
}

func (c *leafCache) get(host string, sign func() (*tls.Certificate, error)) (*tls.Certificate, error) {
	e := c.entry(host)
	e.once.Do(func() { e.cert, e.err = sign() })
	if e.err != nil || time.Until(e.cert.Leaf.NotAfter) < renewBefore {
		c.forget(e)
	}
	return e.cert, e.err
}

func (c *leafCache) entry(host string) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byKey[host]; ok {
		c.order.MoveToFront(el)
		return el.Value.(*cached)
	}
	e := &cached{host: host}
	c.byKey[host] = c.order.PushFront(e)
	if c.order.Len() > maxLeaves {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.byKey, oldest.Value.(*cached).host)
	}
	return e
}

func (c *leafCache) forget(e *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byKey[e.host]; ok && el.Value == e {
		c.order.Remove(el)
		delete(c.byKey, e.host)
	}
}
