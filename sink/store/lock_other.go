//go:build !unix

package store

import "os"

// lockFile does nothing where there is no flock: two programs must not be given
// the same file there.
func lockFile(*os.File) error { return nil }
