//go:build unix

package store

import (
	"os"
	"syscall"
)

// lockFile locks a file for this process, or returns an error at once. Closing
// the file unlocks it.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
