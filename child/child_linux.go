package child

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// endWithParent has the kernel end the command when we are killed.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGTERM }

// adoptOrphans makes us the parent of processes that the command's tree leaves
// behind, so that they can still be found.
func adoptOrphans() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // fails on kernels before 3.4 alone
}
