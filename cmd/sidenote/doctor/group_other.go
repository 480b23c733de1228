//go:build !unix

package doctor

import "os/exec"

// inGroup does nothing: there are no process groups here.
func inGroup(*exec.Cmd) {}

// endGroup does nothing.
func endGroup(*exec.Cmd) {}
