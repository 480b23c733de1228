package main

import (
	"crypto/tls"
	"fmt"
	"time"

	"sidenote/configs"
	"sidenote/internal/wholefile"
)

// tlsVersion reads a version of TLS as the settings have it.
func tlsVersion(s string) (uint16, error) {
	for v := uint16(tls.VersionTLS10); v <= tls.VersionTLS13; v++ {
		if tls.VersionName(v) == "TLS "+s {
			return v, nil
		}
	}
	return 0, usageErrorf("--client-tls-min %q: no version of TLS", s)
}

// maxClientCert bounds a file of a client certificate or its key, in octets.
const maxClientCert = 1 << 20

// clientCertificates reads the certificates that are shown to origin servers. It
// returns the choice among them by host; the first that matches is taken.
func clientCertificates(list []configs.ClientCert) (func(host string) *tls.Certificate, error) {
	if len(list) == 0 {
		return nil, nil
	}
	type choice struct {
		fits func(string) bool
		cert *tls.Certificate
	}
	var choices []choice
	for _, c := range list {
		cert, err := readClientCert(c)
		if err != nil {
			return nil, &codedError{exitUsage, fmt.Errorf("--client-cert %s: %w", c.Host, err)}
		}
		choices = append(choices, choice{hostFilter([]string{c.Host}), cert})
	}
	return func(host string) *tls.Certificate {
		for _, c := range choices {
			if c.fits(host) {
				return c.cert
			}
		}
		return nil
	}, nil
}

func readClientCert(c configs.ClientCert) (*tls.Certificate, error) {
	certPEM, err := wholefile.Read(c.Cert, maxClientCert)
	if err != nil {
		return nil, fmt.Errorf("%w; name a PEM file", err)
	}
	keyPEM, err := wholefile.Read(c.Key, maxClientCert)
	if err != nil {
		return nil, fmt.Errorf("%w; name a PEM file", err)
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("%s and %s don't match as a certificate and its key: %w", c.Cert, c.Key, err)
	}
	if now := time.Now(); now.After(cert.Leaf.NotAfter) {
		return nil, fmt.Errorf("%s expired on %s; have a new one issued", c.Cert, cert.Leaf.NotAfter.Format(time.DateOnly))
	}
	return &cert, nil
}
