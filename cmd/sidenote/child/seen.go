package child

import (
	"cmp"
	"net/netip"
	"path"
	"slices"
	"strings"
)

// A Connection is a TCP connection that a process of the command's tree opened
// to something else than the proxy, with all others like it.
type Connection struct {
	Program string         // of the process, as "node server.js"; from outside, so not safe to print
	PID     int            // of the first process that had one
	Remote  netip.AddrPort // where it leads
	Count   int            // of such connections
}

// A Process is one that runs.
type Process struct {
	Program string // as that of a Connection
	PID     int
}

// Seen is what a Watch saw.
type Seen struct {
	Works   bool         // false where the system does not tell whose a connection is
	Outside []Connection // to other machines, most frequent first
	Inside  []Connection // to this machine, most frequent first
	More    int          // connections that are in neither list, since there were too many kinds
	Left    []Process    // of the tree, after the command has ended

	// Brief lists, where both lists are empty, the connections of this machine
	// that ended meanwhile, most frequent first. They have no Program, since any
	// may have had them, and no valid Remote where the server has ended.
	Brief []Connection
}

// maxConnections bounds how many kinds of connections are told apart.
const maxConnections = 256

// ledger keeps count of connections.
type ledger struct {
	outside, inside map[connectionKey]*Connection
	more            int
}

type connectionKey struct {
	program string
	remote  netip.AddrPort
}

func newLedger() *ledger {
	return &ledger{outside: map[connectionKey]*Connection{}, inside: map[connectionKey]*Connection{}}
}

// add counts one connection.
func (l *ledger) add(p Process, remote netip.AddrPort, inside bool) {
	to := l.outside
	if inside {
		to = l.inside
	}
	key := connectionKey{p.Program, remote}
	if c := to[key]; c != nil {
		c.Count++
		return
	}
	if len(l.outside)+len(l.inside) >= maxConnections {
		l.more++
		return
	}
	to[key] = &Connection{Program: p.Program, PID: p.PID, Remote: remote, Count: 1}
}

// sorted lists connections, most frequent first.
func sorted(maps ...map[connectionKey]*Connection) []Connection {
	var all []Connection
	for _, m := range maps {
		for _, c := range m {
			all = append(all, *c)
		}
	}
	slices.SortFunc(all, func(a, b Connection) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.PID, b.PID), a.Remote.Compare(b.Remote), strings.Compare(a.Program, b.Program))
	})
	return all
}

// programName makes a short name of a process's arguments: that of its program,
// and for an interpreter that of its script. Other arguments may be secret.
func programName(args []string) string {
	if len(args) == 0 || args[0] == "" {
		return "?"
	}
	name := path.Base(strings.TrimPrefix(args[0], "-")) // a login shell has a hyphen
	if !interprets(name) {
		return name
	}
	for _, a := range args[1:] {
		if a == "-c" || a == "-e" || a == "-m" || a == "-jar" || strings.Contains(a, "://") {
			break
		}
		if a != "" && !strings.HasPrefix(a, "-") {
			return name + " " + path.Base(a)
		}
	}
	return name
}

// interprets reports whether a program runs a script that its arguments name.
func interprets(name string) bool {
	name = strings.TrimRight(name, ".0123456789")
	return slices.Contains([]string{"node", "nodejs", "bun", "deno", "python", "ruby", "perl", "php", "sh", "bash", "dash", "zsh"}, name)
}
