package ca

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sidenote/internal/wholefile"
)

// systemBundles are where systems keep the roots that they trust, as one file.
var systemBundles = [...]string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Arch
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS
	"/etc/ssl/cert.pem",                                 // macOS, BSD
}

// Bundle returns our certificate, the system's roots, and the certificates of the
// PEM files given, each once. Files that cannot be read are left out, and so is
// whatever else they hold. Clients whose setting replaces what they trust need
// it, since in a tunnel they meet the real certificates.
func (a *Authority) Bundle(more ...string) []byte {
	b := bundle{seen: make(map[[sha256.Size]byte]bool)}
	b.add(a.CertPEM())
	for _, system := range systemBundles {
		if content, err := os.ReadFile(system); err == nil {
			b.add(content)
			break
		}
	}
	own := filepath.Join(a.dir, BundleName) // holds what was trusted when it was written
	slices.Sort(more)
	for _, file := range slices.Compact(more) {
		if abs, err := filepath.Abs(file); err != nil || abs == own {
			continue
		}
		if content, err := os.ReadFile(file); err == nil {
			b.add(content)
		}
	}
	return b.pem.Bytes()
}

// bundle collects certificates.
type bundle struct {
	pem  bytes.Buffer
	seen map[[sha256.Size]byte]bool
}

func (b *bundle) add(content []byte) {
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "CERTIFICATE") { // OpenSSL has a second kind, with trust settings
			continue
		}
		if sum := sha256.Sum256(block.Bytes); !b.seen[sum] {
			b.seen[sum] = true
			_ = pem.Encode(&b.pem, &pem.Block{Type: block.Type, Bytes: block.Bytes}) // a Buffer takes everything
		}
	}
}

// WriteBundle writes bundle.pem in the CA's folder anew, and returns its path.
func (a *Authority) WriteBundle(more ...string) (string, error) {
	path := filepath.Join(a.dir, BundleName)
	if err := wholefile.ReplaceBytes(path, 0o600, a.Bundle(more...)); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}
