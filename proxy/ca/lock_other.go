//go:build !unix

package ca

import "os"

// lockFile does nothing where there is no flock: two programs that make the CA
// in the same moment may then disagree, and the second start mends it.
func lockFile(*os.File) error { return nil }
