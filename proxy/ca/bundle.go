package ca

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// systemBundles are where systems keep the roots that they trust, as one file.
var systemBundles = [...]string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Arch
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS
	"/etc/ssl/cert.pem",                                 // macOS, BSD
}

// WriteBundle writes bundle.pem anew: our certificate, the system's roots, and
// the files given, each once and those that cannot be read left out. It gives
// the path. Clients whose setting replaces what they trust need it, since in a
// tunnel they meet the real certificates.
func (a *Authority) WriteBundle(more ...string) (string, error) {
	path := filepath.Join(a.dir, BundleName)
	bundle := a.CertPEM()
	for _, system := range systemBundles {
		if b, err := os.ReadFile(system); err == nil {
			bundle = appendPEM(bundle, b)
			break
		}
	}
	slices.Sort(more)
	for _, file := range slices.Compact(more) {
		if abs, err := filepath.Abs(file); err != nil || abs == path || file == "" {
			continue
		}
		if b, err := os.ReadFile(file); err == nil {
			bundle = appendPEM(bundle, b)
		}
	}
	tmp, err := os.CreateTemp(a.dir, ".bundle-")
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(bundle); err != nil {
		tmp.Close()
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	if err := tmp.Close(); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}

func appendPEM(to, more []byte) []byte {
	if len(to) > 0 && to[len(to)-1] != '\n' {
		to = append(to, '\n')
	}
	return append(to, more...)
}
