package e2e_test

import (
	"os"

	system "golang.org/x/sys/unix"
)

// foregroundGroup is the process group that a terminal, seen from its other
// end, has in the foreground.
func foregroundGroup(f *os.File) (group int, err error) {
	c, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	if controlErr := c.Control(func(fd uintptr) { group, err = system.IoctlGetInt(int(fd), system.TIOCGPGRP) }); controlErr != nil {
		return 0, controlErr
	}
	return group, err
}

// unblocked returns the same terminal so that closing it does not wait for
// another goroutine that reads it.
func unblocked(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := system.FcntlInt(f.Fd(), system.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := system.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
