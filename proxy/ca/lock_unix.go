//go:build unix

package ca

import (
	"os"
	"syscall"
)

// lockFile waits until this process alone holds the file; closing it lets go.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }
