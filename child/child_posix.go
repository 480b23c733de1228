//go:build unix && !linux

package child

import "syscall"

// endWithParent does nothing: only Linux knows such a thing.
func endWithParent(*syscall.SysProcAttr) {}

// adoptOrphans does nothing: only Linux knows such a thing.
func adoptOrphans() {}
