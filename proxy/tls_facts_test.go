package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"sidenote/exchange"
)

func TestChainIsBounded(t *testing.T) {
	named := func(subject, issuer string) *x509.Certificate {
		return &x509.Certificate{Subject: pkix.Name{CommonName: subject}, Issuer: pkix.Name{CommonName: issuer}, Raw: []byte(subject)}
	}
	state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{named("leaf", "a"), named("a", "b")}}
	if f := tlsFacts(state, ""); f.Certificate.Subject != "CN=leaf" || len(f.Chain) != 1 || f.Chain[0].Subject != "CN=a" || f.Chain[0].Issuer != "CN=b" {
		t.Errorf("%+v, %+v", f.Certificate, f.Chain)
	}
	for range 2 * exchange.MostChain {
		state.PeerCertificates = append(state.PeerCertificates, named("b", "b"))
	}
	if f := tlsFacts(state, ""); len(f.Chain) != exchange.MostChain {
		t.Errorf("%d certificates are kept, want %d", len(f.Chain), exchange.MostChain)
	}
	if f := tlsFacts(tls.ConnectionState{}, "x"); f.Certificate != nil || f.Chain != nil || f.SNI != "x" {
		t.Errorf("of no certificate: %+v", f)
	}
}
