package ca_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sidenote/proxy/ca"
)

func TestMadeOnceAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "sidenote")
	var wg sync.WaitGroup
	serials := make([]string, 8)
	for i := range serials {
		wg.Go(func() {
			a, err := ca.Open(dir)
			if err != nil {
				t.Error(err)
				return
			}
			serials[i] = a.Certificate().SerialNumber.String()
		})
	}
	wg.Wait()
	for _, s := range serials {
		if s != serials[0] {
			t.Fatalf("several CAs were made: %v", serials)
		}
	}
	for name, want := range map[string]os.FileMode{"": 0o700, ca.KeyName: 0o600} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil || st.Mode().Perm() != want {
			t.Errorf("%q has mode %v, want %v (%v)", name, st.Mode().Perm(), want, err)
		}
	}
}

func TestLeafVerifies(t *testing.T) {
	a, err := ca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	for _, host := range []string{"shop.test", "Shop.Test.", "127.0.0.1", "::1", strings.Repeat("a.", 60) + "test"} {
		leaf, err := a.Leaf(host)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.ToLower(strings.TrimSuffix(host, "."))
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		if life := leaf.Leaf.NotAfter.Sub(leaf.Leaf.NotBefore); life > 199*24*time.Hour {
			t.Errorf("%s: valid for %v", host, life)
		}
	}
	one, _ := a.Leaf("shop.test")
	if two, _ := a.Leaf("SHOP.test"); one != two {
		t.Error("the leaf was made twice")
	}
	if _, err := a.Leaf(""); err == nil {
		t.Error("an empty name got a certificate")
	}
}

func TestBrokenFilesAreNamed(t *testing.T) {
	for _, c := range []struct{ file, content, want string }{
		{ca.KeyName, "nonsense", "not a PEM file"},
		{ca.CertName, "nonsense", "not a PEM file"},
	} {
		dir := t.TempDir()
		if _, err := ca.Open(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ca.Open(dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
			t.Errorf("%s: %v", c.file, err)
		}
	}
}

// TestKeysOfEveryForm has keys as openssl and others write them.
func TestKeysOfEveryForm(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	parameters := pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}})
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte("x"), Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}})
	now := time.Now()
	for _, c := range []struct {
		name   string
		key    []byte
		signer crypto.Signer
		from   time.Time
		want   string // in the error; "" for none
	}{
		{"SEC 1", block("EC PRIVATE KEY", sec1), p256, now, ""},
		{"SEC 1 with parameters", append(parameters, block("EC PRIVATE KEY", sec1)...), p256, now, ""},
		{"PKCS 1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), rsaKey, now, ""},
		{"PKCS 8, RSA", block("PRIVATE KEY", pkcs8), rsaKey, now, ""},
		{"another key", block("EC PRIVATE KEY", sec1), rsaKey, now, "is not the key of"},
		{"encrypted", encrypted, p256, now, "the key is encrypted"},
		{"encrypted, PKCS 8", block("ENCRYPTED PRIVATE KEY", sec1), p256, now, "the key is encrypted"},
		{"a certificate", block("CERTIFICATE", sec1), p256, now, "no private key is in it"},
		{"broken", block("EC PRIVATE KEY", sec1[:20]), p256, now, "the key cannot be read"},
		{"not yet valid", block("EC PRIVATE KEY", sec1), p256, now.Add(48 * time.Hour), "is not valid before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ours"}, NotBefore: c.from.Add(-time.Minute), NotAfter: c.from.Add(72 * time.Hour),
				IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
			}
			der, err := x509.CreateCertificate(rand.Reader, template, template, c.signer.Public(), c.signer)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for name, content := range map[string][]byte{ca.KeyName: c.key, ca.CertName: block("CERTIFICATE", der)} {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			a, err := ca.Open(dir)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			roots := x509.NewCertPool()
			roots.AddCert(a.Certificate())
			for _, issue := range []func(string) (*tls.Certificate, error){a.Leaf, a.LeafRSA} {
				leaf, err := issue("shop.test")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "shop.test"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestKeyIsKept(t *testing.T) {
	dir := t.TempDir()
	if _, err := ca.Open(dir); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, ca.KeyName)
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ca.Open(dir); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(key); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := ca.Open(dir); err == nil || !strings.Contains(err.Error(), "restore the key") {
		t.Errorf("a lost key: %v", err)
	}
}

func TestBundleHoldsOursAndMore(t *testing.T) {
	a, err := ca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	more := filepath.Join(t.TempDir(), "more.pem")
	other, err := ca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(more, other.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	twice := filepath.Join(t.TempDir(), "twice.pem")
	if err := os.WriteFile(twice, append([]byte("a comment without an end of line"), "\n"+string(other.CertPEM())+string(a.CertPEM())...), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := a.WriteBundle(more, twice, filepath.Join(a.Dir(), ca.KeyName), "/nonexistent")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*ca.Authority{a, other} {
		if n := strings.Count(string(b), string(c.CertPEM())); n != 1 {
			t.Errorf("a certificate is in the bundle %d times", n)
		}
	}
	if strings.Contains(string(b), "PRIVATE") {
		t.Error("a key is in the bundle")
	}
}
