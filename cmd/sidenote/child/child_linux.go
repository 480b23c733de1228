package child

import "golang.org/x/sys/unix"

// adoptOrphans makes us the parent of processes that the command's tree leaves
// behind, so that they can still be found.
func adoptOrphans() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // fails on kernels before 3.4 alone
}

// descendants lists the children of a process, and theirs.
func descendants(pid int) []int {
	all, _ := children(pid)
	for i := 0; i < len(all); i++ { // grows while it is walked
		more, _ := children(all[i])
		all = append(all, more...)
	}
	return all
}
