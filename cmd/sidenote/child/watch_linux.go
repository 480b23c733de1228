package child

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Watch looks from time to time which connections the command's process tree
// has: its descendants, those included that it left behind. What opens and
// closes between two looks stays unseen.
type Watch struct {
	child  *Child
	proxy  []netip.AddrPort
	local  []netip.Addr // of this machine
	tries  map[string]int
	ledger *ledger
	works  bool
	began  time.Time
	stop   chan struct{}
	done   chan struct{}
}

// A socket is one TCP socket of a network namespace.
type socket struct {
	local, remote netip.AddrPort
	inode         string
	opened        bool // from here; not by a listener
}

// How often it is looked: seldom enough to take at most a fiftieth of a CPU.
const (
	shortestPause = 20 * time.Millisecond
	longestPause  = time.Second
	pauseFactor   = 50
)

// Watch begins to watch the command. Connections to the addresses given, those
// of the proxy, are of no interest.
func (c *Child) Watch(proxy ...netip.AddrPort) *Watch {
	w := &Watch{
		child: c, proxy: proxy, local: localAddresses(), ledger: newLedger(), began: time.Now(),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// End stops watching. Call it once, when the command has ended.
func (w *Watch) End() Seen {
	close(w.stop)
	<-w.done
	left := w.look()
	s := Seen{Works: w.works, Outside: sorted(w.ledger.outside), Inside: sorted(w.ledger.inside), More: w.ledger.more}
	if len(s.Outside)+len(s.Inside) == 0 {
		s.Brief = w.brief()
	}
	for _, pid := range left {
		s.Left = append(s.Left, Process{nameOf(pid), pid})
	}
	return s
}

func (w *Watch) run() {
	defer close(w.done)
	runtime.LockOSThread() // whose CPU time is measured
	defer runtime.UnlockOSThread()
	pause := shortestPause
	for {
		select {
		case <-w.stop:
			return
		case <-time.After(pause):
		}
		began := threadTime()
		w.look()
		pause = min(max((threadTime()-began)*pauseFactor, shortestPause), longestPause)
	}
}

// threadTime is the CPU time that this thread has taken.
func threadTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// localAddresses lists the addresses of this machine.
func localAddresses() (all []netip.Addr) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil // loopback is known still
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p.Addr().Unmap())
		}
	}
	return all
}

// triesToConnect is how often a socket is looked up that is not connected yet,
// or is not a TCP socket at all.
const triesToConnect = 5

// look counts new connections, and returns the processes of the tree. The
// kernel's tables are long, so look reads them only when a process has a new
// socket.
func (w *Watch) look() (tree []int) {
	tree, w.works = w.tree()
	tries := map[string]int{}  // of sockets by inode; those that are known have none left
	owners := map[string]int{} // of sockets to look up
	for _, pid := range tree {
		for _, inode := range sockets(pid) {
			left, known := w.tries[inode]
			if !known {
				left = triesToConnect
			}
			if tries[inode] = max(left-1, 0); left > 0 && owners[inode] == 0 {
				owners[inode] = pid
			}
		}
	}
	w.tries = tries
	if len(owners) > 0 {
		w.resolve(owners)
	}
	return tree
}

// resolve looks sockets up in the tables of their network namespaces.
func (w *Watch) resolve(owners map[string]int) {
	var pids []int
	for _, pid := range owners {
		pids = append(pids, pid)
	}
	for _, pid := range onePerNetwork(pids) {
		for _, s := range connections(pid) {
			owner := owners[s.inode]
			if owner == 0 {
				continue
			}
			delete(owners, s.inode)
			w.tries[s.inode] = 0
			if s.opened && w.ofInterest(s.remote) {
				w.ledger.add(Process{nameOf(owner), owner}, s.remote, w.isLocal(s.remote.Addr()))
			}
		}
	}
}

func (w *Watch) isLocal(a netip.Addr) bool { return a.IsLoopback() || slices.Contains(w.local, a) }

// metadata is where clouds give machines their credentials; it is asked
// directly on purpose.
var metadata = netip.AddrFrom4([4]byte{169, 254, 169, 254})

func (w *Watch) ofInterest(remote netip.AddrPort) bool {
	return !remote.Addr().IsUnspecified() && remote.Addr() != metadata && !slices.Contains(w.proxy, remote)
}

// tree lists the command's process and its descendants, as far as they run; ok
// is false where the system does not tell. Orphans have become our children,
// whom no one else waits for.
func (w *Watch) tree() (tree []int, ok bool) {
	ours, ok := children(os.Getpid())
	for _, pid := range ours {
		switch {
		case pid == w.child.guardPID():
		case !isZombie(pid):
			tree = append(tree, pid)
		case pid != w.child.pid:
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
	}
	for _, pid := range slices.Clone(tree) {
		tree = append(tree, descendants(pid)...)
	}
	return tree, ok
}

func proc(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

// children lists the children of all threads of a process.
func children(pid int) (all []int, ok bool) {
	tasks, err := filepath.Glob(proc(pid, "task/[0-9]*/children"))
	if err != nil {
		return nil, false
	}
	for _, name := range tasks {
		b, err := os.ReadFile(name)
		if err != nil { // the thread has ended
			continue
		}
		for _, f := range strings.Fields(string(b)) {
			if child, err := strconv.Atoi(f); err == nil {
				all = append(all, child)
			}
		}
	}
	return all, len(tasks) > 0
}

// isZombie reports whether a process has ended and only waits to be waited for.
func isZombie(pid int) bool {
	b, err := os.ReadFile(proc(pid, "stat"))
	end := bytes.LastIndexByte(b, ')') // of its name, which may hold anything
	return err != nil || len(b) > end+2 && b[end+2] == 'Z'
}

// onePerNetwork picks one process of each network namespace.
func onePerNetwork(tree []int) (picked []int) {
	var known []string
	for _, pid := range tree {
		ns, err := os.Readlink(proc(pid, "ns/net"))
		if err == nil && !slices.Contains(known, ns) {
			known = append(known, ns)
			picked = append(picked, pid)
		}
	}
	return picked
}

// connections lists the TCP sockets of a process's network namespace that some
// process has.
func connections(pid int) (all []socket) {
	listening := map[uint16]bool{}
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		b, err := os.ReadFile(proc(pid, table))
		if err != nil {
			continue // without IPv6 there is no second one
		}
		for line := range strings.Lines(string(b)) {
			s, state, ok := parseSocket(line)
			if !ok || s.inode == "0" {
				continue
			}
			if state == stateListen {
				listening[s.local.Port()] = true
			}
			all = append(all, s)
		}
	}
	for i := range all {
		all[i].opened = !listening[all[i].local.Port()]
	}
	return all
}

// stateListen is the state of a listener in the kernel's tables.
const stateListen = "0A"

// parseSocket reads a line of /proc/PID/net/tcp.
func parseSocket(line string) (s socket, state string, ok bool) {
	f := strings.Fields(line)
	if len(f) < 10 {
		return s, "", false
	}
	var okLocal, okRemote bool
	s.local, okLocal = parseAddrPort(f[1])
	s.remote, okRemote = parseAddrPort(f[2])
	s.inode = f[9]
	return s, f[3], okLocal && okRemote
}

// parseAddrPort reads an address as "0100007F:1F90": each group of four octets
// is a number in the machine's own order of octets, and the port is not.
func parseAddrPort(text string) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(address)
	if err != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), ok
}

// sockets lists the inodes of the sockets that a process has open.
func sockets(pid int) (inodes []string) {
	folder := proc(pid, "fd")
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil // it has ended, or is not ours to look into
	}
	for _, e := range entries {
		to, err := os.Readlink(folder + "/" + e.Name())
		if inode, ok := strings.CutPrefix(to, "socket:["); ok && err == nil {
			inodes = append(inodes, strings.TrimSuffix(inode, "]"))
		}
	}
	return inodes
}

// nameOf returns the program of a process.
func nameOf(pid int) string {
	b, _ := os.ReadFile(proc(pid, "cmdline"))
	if len(b) == 0 {
		b, _ = os.ReadFile(proc(pid, "comm"))
	}
	const most = 64 << 10
	return programName(strings.Split(strings.TrimRight(string(b[:min(len(b), most)]), "\x00\n"), "\x00"))
}
