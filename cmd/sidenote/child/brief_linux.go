package child

import (
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stateTimeWait is that of a connection that has ended, at the end that closed
// it first. The kernel keeps it for timeWait.
const (
	stateTimeWait = "06"
	timeWait      = time.Minute
	timerTick     = 10 * time.Millisecond // in which its tables count
)

// brief lists the connections that ended since the Watch began, the proxy's
// own left out. Whose they were is not known any more, so they may be those of
// any program of this machine. A server of this machine that has ended too
// leaves no sign of which end it was, so then Remote is not valid.
func (w *Watch) brief() []Connection {
	var tables []string
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		if b, err := os.ReadFile(proc(os.Getpid(), table)); err == nil { // without IPv6 there is no second one
			tables = append(tables, string(b))
		}
	}
	return w.briefIn(strings.Join(tables, ""), time.Since(w.began)+timerTick)
}

// briefIn lists the connections in the kernel's tables that ended within a time.
func (w *Watch) briefIn(tables string, within time.Duration) []Connection {
	listening := map[uint16]bool{}
	var ended []socket
	for line := range strings.Lines(tables) {
		s, state, ok := parseSocket(line)
		switch {
		case !ok:
		case state == stateListen:
			listening[s.local.Port()] = true
		case state == stateTimeWait && sinceEnd(line) <= within && !slices.Contains(w.proxy, s.local) && w.ofInterest(s.remote):
			ended = append(ended, s)
		}
	}
	l := newLedger()
	for _, s := range ended {
		inside := w.isLocal(s.remote.Addr())
		switch {
		case !inside && listening[s.local.Port()]: // it came from another machine
		case inside && listening[s.local.Port()]: // the server closed it first
			l.add(Process{}, s.local, true)
		case inside && !listening[s.remote.Port()]:
			l.add(Process{}, netip.AddrPort{}, true)
		default:
			l.add(Process{}, s.remote, inside)
		}
	}
	return sorted(l.inside, l.outside)
}

// sinceEnd is how long ago a connection in stateTimeWait has ended, by a line of
// /proc/PID/net/tcp: its timer counts the hundredths of a second that are left.
func sinceEnd(line string) time.Duration {
	f := strings.Fields(line)
	_, left, _ := strings.Cut(f[5], ":") // parseSocket has counted the fields
	n, err := strconv.ParseInt(left, 16, 32)
	if err != nil {
		return timeWait
	}
	return timeWait - time.Duration(n)*timerTick
}
