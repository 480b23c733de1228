package environ_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidenote/cmd/sidenote/environ"
)

func TestWriteFiles(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s := environ.Settings{BundleFile: filepath.Join(dir, "bundle.pem")}
	for name, content := range map[string]string{
		s.BundleFile:                    string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		filepath.Join(home, ".wgetrc"):  "tries = 3",
		filepath.Join(home, "other.rc"): "tries = 4\n",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		env  []string
		want string
	}{
		{nil, "tries = 3\nca_certificate = "},
		{[]string{"WGETRC=" + filepath.Join(home, "other.rc")}, "tries = 4\n\nca_certificate = "},
		{[]string{"WGETRC=" + filepath.Join(dir, "wgetrc"), "SIDENOTE_SAVED_WGETRC=" + filepath.Join(home, "other.rc")}, "tries = 4\n\nca_certificate = "},
	} {
		if err := s.WriteFiles(dir, home, c.env); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(s.WgetRC)
		if err != nil || string(b) != c.want+s.BundleFile+"\n" {
			t.Errorf("%v: wgetrc is %q, %v", c.env, b, err)
		}
	}
	jks, err := os.ReadFile(s.TrustStore)
	if err != nil || !strings.HasPrefix(string(jks), "\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01") || !strings.Contains(string(jks), string(der)) {
		t.Errorf("the trust store is %d octets, %v", len(jks), err)
	}
	ini, err := os.ReadFile(filepath.Join(s.PHPDir, "sidenote.ini"))
	if err != nil || !strings.Contains(string(ini), s.BundleFile) {
		t.Errorf("PHP: %q, %v", ini, err)
	}
	s.BundleFile = filepath.Join(dir, "none")
	if err := s.WriteFiles(dir, home, nil); err == nil {
		t.Error("no error without a bundle")
	}
}
