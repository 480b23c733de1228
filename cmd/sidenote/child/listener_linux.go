package child

import (
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Listener finds the process that listens on a TCP address of this machine, or on
// its port on every address. ok is false where it can't be seen whose that is.
func Listener(address netip.AddrPort) (p Process, ok bool) {
	inodes := listening(address)
	if len(inodes) == 0 {
		return p, false
	}
	folders, err := os.ReadDir("/proc")
	if err != nil {
		return p, false
	}
	for _, f := range folders {
		pid, err := strconv.Atoi(f.Name())
		if err != nil {
			continue
		}
		for _, inode := range sockets(pid) {
			if slices.Contains(inodes, inode) {
				return Process{Program: nameOf(pid), PID: pid}, true
			}
		}
	}
	return p, false
}

// listening lists the inodes of the listeners that take what an address is for.
func listening(address netip.AddrPort) (inodes []string) {
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		b, err := os.ReadFile(proc(os.Getpid(), table))
		if err != nil {
			continue // without IPv6 there is no second one
		}
		for line := range strings.Lines(string(b)) {
			s, state, ok := parseSocket(line)
			if !ok || state != stateListen || s.local.Port() != address.Port() {
				continue
			}
			at, want := s.local.Addr(), address.Addr().Unmap()
			if at == want || at.IsUnspecified() || !want.IsValid() || want.IsUnspecified() {
				inodes = append(inodes, s.inode)
			}
		}
	}
	return inodes
}
