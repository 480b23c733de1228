//go:build unix

package doctor

import (
	"os/exec"
	"syscall"
)

// inGroup puts a command into a process group of its own, all of which ends
// with it when its time is over.
func inGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}

// endGroup ends what a command that has ended left running.
func endGroup(c *exec.Cmd) {
	if c.Process != nil {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // mostly there is nothing left
	}
}
