// Package ca keeps the local certificate authority with which sidenote
// intercepts TLS: made on first use, kept in one private folder, never shared.
package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// The names of the files in the CA's folder.
const (
	CertName   = "ca.pem"     // our certificate alone
	KeyName    = "ca.key"     // its private key, readable by its owner only
	BundleName = "bundle.pem" // our certificate and those that this machine trusts
)

// authorityLife is how long a new CA is valid.
const authorityLife = 10 * 365 * 24 * time.Hour

// An Authority signs leaf certificates. It is safe for concurrent use.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  crypto.Signer

	// One key for all leaves of a kind in this run: making keys is what costs time.
	leafKey   crypto.Signer
	leaves    *leafCache
	rsaKey    func() (*rsa.PrivateKey, error) // made when it is first needed, which is seldom
	rsaLeaves *leafCache
}

// DefaultDir is the CA's folder unless the user names another:
// sidenote in the user's configuration folder.
func DefaultDir() (string, error) {
	base, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the CA: %w; name one with --ca-dir", err)
	}
	return filepath.Join(base, "sidenote"), nil
}

// Open reads the CA in dir, and makes one there when there is none. An error
// says which file is at fault and what to do.
func Open(dir string) (*Authority, error) {
	a, err := read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, CertName)); err == nil && !Exists(dir) {
			return nil, fmt.Errorf("%s is there but its key %s is not: restore the key, or remove the certificate to make a new CA",
				filepath.Join(dir, CertName), KeyName)
		}
		if err = create(dir); err == nil {
			a, err = read(dir)
		}
	}
	return a, err
}

// Exists reports whether dir holds a CA already.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, KeyName))
	return err == nil
}

func read(dir string) (*Authority, error) {
	keyPath, certPath := filepath.Join(dir, KeyName), filepath.Join(dir, CertName)
	if err := keepPrivate(keyPath); err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(keyPath)
	if err != nil {
		return nil, fmt.Errorf("read the CA's key: %w; name another folder with --ca-dir", err)
	}
	certPEM, err := os.ReadFile(certPath)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // a key without a certificate is broken, not new
			return nil, fmt.Errorf("%s is there but %s is not: restore it, or remove the key to make a new CA", keyPath, certPath)
		}
		return nil, fmt.Errorf("read the CA's certificate: %w; name another folder with --ca-dir", err)
	}
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; put a key in PEM form there, or remove the folder to make a new CA", keyPath, err)
	}
	cert, err := parseCert(certPEM)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; put the certificate of a CA in PEM form there, or remove the folder to make a new CA", certPath, err)
	}
	if pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("%s is not the key of %s; remove the folder to make a new CA", keyPath, certPath)
	}
	now := time.Now()
	if now.After(cert.NotAfter) {
		return nil, fmt.Errorf("%s expired on %s; remove the folder to make a new CA", certPath, cert.NotAfter.Format(time.DateOnly))
	}
	if now.Before(cert.NotBefore) {
		return nil, fmt.Errorf("%s is not valid before %s, and it is now %s: set the clock, or remove the folder to make a new CA",
			certPath, cert.NotBefore.UTC().Format(untilMinute), now.UTC().Format(untilMinute))
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &Authority{dir: dir, cert: cert, key: key, leafKey: leafKey, leaves: newLeafCache(), rsaLeaves: newLeafCache(),
		rsaKey: sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, rsaBits) })}, nil
}

// untilMinute is how moments are told to people.
const untilMinute = "2006-01-02 15:04 UTC"

// keepPrivate takes the key of a CA away from others who could read it.
func keepPrivate(key string) error {
	st, err := os.Stat(key)
	if err != nil || runtime.GOOS == "windows" || st.Mode().Perm()&0o077 == 0 {
		return nil //nolint:nilerr // reading it says what is wrong
	}
	if err := os.Chmod(key, 0o600); err != nil {
		return fmt.Errorf("others can read the CA's key: %w; make it readable by its owner alone", err)
	}
	return nil
}

func parseKey(b []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(b)
	if block == nil {
		return nil, errors.New("not a PEM file")
	}
	for block != nil {
		if block.Headers["DEK-Info"] != "" {
			return nil, errEncrypted
		}
		switch block.Type {
		case "PRIVATE KEY": // PKCS #8
			return signer(x509.ParsePKCS8PrivateKey(block.Bytes))
		case "EC PRIVATE KEY": // SEC 1
			return signer(x509.ParseECPrivateKey(block.Bytes))
		case "RSA PRIVATE KEY": // PKCS #1
			return signer(x509.ParsePKCS1PrivateKey(block.Bytes))
		case "ENCRYPTED PRIVATE KEY":
			return nil, errEncrypted
		}
		block, rest = pem.Decode(rest) // such as EC PARAMETERS, which openssl writes before the key
	}
	return nil, errors.New("no private key is in it")
}

var errEncrypted = errors.New("the key is encrypted, decrypt it with openssl pkey")

// signer makes one of a key that was parsed.
func signer[K any](key K, err error) (crypto.Signer, error) {
	if err != nil {
		return nil, fmt.Errorf("the key cannot be read: %w", err)
	}
	s, ok := any(key).(crypto.Signer)
	if !ok {
		return nil, errors.New("the key cannot sign")
	}
	return s, nil
}

func parseCert(b []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("not a PEM file")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("not a certificate: %w", err)
	}
	if !cert.IsCA {
		return nil, errors.New("not the certificate of a CA")
	}
	return cert, nil
}

// create makes a CA in dir. Two programs that start at once both end up with
// the key of the one that was first.
func create(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for the CA: %w; name another with --ca-dir", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the CA's key: %w", err)
	}
	der, err := selfSign(key)
	if err != nil {
		return fmt.Errorf("make the CA's certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make the CA's key: %w", err)
	}
	return writePair(dir,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

// writePair puts both files in place as one: they are written to a folder
// beside, and the key is linked last, which fails when there is one already.
func writePair(dir string, cert, key []byte) error {
	tmp, err := os.MkdirTemp(dir, ".new-")
	if err != nil {
		return fmt.Errorf("write the CA: %w; name another folder with --ca-dir", err)
	}
	defer os.RemoveAll(tmp)
	lock, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the CA: %w", err)
	}
	defer lock.Close()
	if err := lockFile(lock); err != nil {
		return fmt.Errorf("write the CA: %w", err)
	}
	if Exists(dir) {
		return nil
	}
	for name, b := range map[string][]byte{CertName: cert, KeyName: key} {
		if err := os.WriteFile(filepath.Join(tmp, name), b, 0o600); err != nil {
			return fmt.Errorf("write the CA: %w", err)
		}
	}
	for _, name := range []string{CertName, KeyName} {
		if err := os.Rename(filepath.Join(tmp, name), filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("write the CA: %w", err)
		}
	}
	return nil
}

func selfSign(key *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	now := time.Now()
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"sidenote local CA"}, CommonName: "sidenote CA of " + host + " " + serial.Text(36)[:6]},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	return x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
}

func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return n.SetBit(n, 126, 1), nil // never short, never negative
}

// Dir is the folder that the CA lives in.
func (a *Authority) Dir() string { return a.dir }

// CertFile is the path of our certificate.
func (a *Authority) CertFile() string { return filepath.Join(a.dir, CertName) }

// Certificate is our own certificate. It must not be changed.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// CertPEM is our certificate as a PEM file.
func (a *Authority) CertPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}
