package otlp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// An authority is a private CA, with a certificate of a client in files.
type authority struct {
	ca, cert, key string // PEM files
	server        *tls.Config
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	root := &x509.Certificate{
		Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, caKey := issue(t, root, nil, nil)
	parsed, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(use x509.ExtKeyUsage) ([]byte, *ecdsa.PrivateKey) {
		return issue(t, &x509.Certificate{
			Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{use},
		}, parsed, caKey)
	}
	serverDER, serverKey := leaf(x509.ExtKeyUsageServerAuth)
	clientDER, clientKey := leaf(x509.ExtKeyUsageClientAuth)
	keyDER, err := x509.MarshalPKCS8PrivateKey(clientKey)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(parsed)
	return &authority{
		ca: pemFile(t, "CERTIFICATE", caDER), cert: pemFile(t, "CERTIFICATE", clientDER), key: pemFile(t, "PRIVATE KEY", keyDER),
		server: &tls.Config{
			Certificates: []tls.Certificate{{Certificate: [][]byte{serverDER}, PrivateKey: serverKey}},
			ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients,
		},
	}
}

// issue signs a certificate with a key of its own; without a parent, itself.
func issue(t testing.TB, c, parent *x509.Certificate, by *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

func pemFile(t testing.TB, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func receiveHTTPS(t testing.TB, a *authority) *receiver {
	r := &receiver{}
	s := httptest.NewUnstartedServer(r)
	s.TLS = a.server.Clone()
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that are meant to fail
	s.StartTLS()
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

func receiveGRPCS(t testing.TB, a *authority) *receiver {
	r := &receiver{}
	r.url = "grpcs://" + serveGRPC(t, &traceServer{receiver: r}, &logServer{receiver: r}, grpc.Creds(credentials.NewTLS(a.server.Clone())))
	return r
}
