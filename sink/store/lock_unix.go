//go:build unix

package store

import (
	"os"
	"syscall"
)

// lockFile has this process alone use a file, or returns an error at once;
// closing the file lets go.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
