package environ

import (
	_ "embed" // for the shim
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sidenote/internal/wholefile"
)

// nodeShim makes old versions of Node use the proxy.
//
//go:embed shim.cjs
var nodeShim []byte

// WriteFiles writes the files that some runtimes need beside the PEM ones of s
// into dir, and puts their names into s: a Java trust store, a wgetrc that
// begins with the user's own, a folder with settings for PHP, and a script for
// Node. home is the user's home folder; "" leaves its wgetrc out.
func (s *Settings) WriteFiles(dir, home string, env []string) error {
	bundle, err := os.ReadFile(s.BundleFile)
	if err != nil {
		return fmt.Errorf("read the bundle: %w", err)
	}
	s.TrustStore = filepath.Join(dir, "trust.jks")
	s.WgetRC = filepath.Join(dir, "wgetrc")
	s.NodeShim = filepath.Join(dir, "shim.cjs")
	s.PHPDir = filepath.Join(dir, "php")
	if err := os.MkdirAll(s.PHPDir, 0o700); err != nil {
		return fmt.Errorf("make a folder for PHP's settings: %w", err)
	}
	for name, content := range map[string][]byte{
		s.NodeShim:                              nodeShim,
		s.TrustStore:                            javaTrustStore(bundle, time.Now()),
		s.WgetRC:                                append(userWgetRC(s.WgetRC, home, env), "ca_certificate = "+s.BundleFile+"\n"...),
		filepath.Join(s.PHPDir, "sidenote.ini"): fmt.Appendf(nil, "curl.cainfo=%q\nopenssl.cafile=%q\n", s.BundleFile, s.BundleFile),
	} {
		if err := wholefile.ReplaceBytes(name, 0o600, content); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// userWgetRC reads the wgetrc that wget would read by itself, unless that is
// the one we write.
func userWgetRC(ours, home string, env []string) []byte {
	inherited := Values(env)
	name := inherited["WGETRC"]
	if saved, ok := inherited[savedPrefix+"WGETRC"]; ok {
		name = saved
	}
	if name == "" && home != "" {
		name = filepath.Join(home, ".wgetrc")
	}
	if name == "" || name == ours {
		return nil
	}
	b, err := os.ReadFile(name)
	if err != nil { // most have none
		return nil
	}
	return append(b, '\n')
}
