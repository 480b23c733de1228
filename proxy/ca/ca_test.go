package ca_test

import (
	"crypto/x509"
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
