package child

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestProgramName(t *testing.T) {
	for want, args := range map[string][]string{
		"curl":           {"/usr/bin/curl", "--user", "me:secret", "https://a.test"},
		"node jest.js":   {"node", "--expose-gc", "/app/node_modules/.bin/jest.js", "--ci"},
		"python3.11 x":   {"/usr/bin/python3.11", "x"},
		"python3":        {"python3", "-c", "import secret"},
		"bash":           {"-bash"},
		"sh":             {"sh", "-c", "curl https://me:secret@a.test"},
		"node":           {"node", "https://me:secret@a.test"},
		"?":              {""},
		"java":           {"java", "-jar", "a.jar"},
		"deno server.ts": {"deno", "/a/server.ts"},
	} {
		if got := programName(args); got != want {
			t.Errorf("%q is called %q, want %q", args, got, want)
		}
	}
	if got := programName(nil); got != "?" {
		t.Errorf("no arguments: %q", got)
	}
}

func TestLedgerIsBounded(t *testing.T) {
	l := newLedger()
	remote := netip.MustParseAddrPort("192.0.2.1:443")
	for i := range maxConnections + 5 {
		l.add(Process{fmt.Sprint("program ", i), i}, remote, i%2 == 0)
	}
	for range 3 {
		l.add(Process{"program 7", 99}, remote, false)
	}
	if len(l.outside)+len(l.inside) != maxConnections || l.more != 5 {
		t.Errorf("%d + %d kinds, %d more", len(l.outside), len(l.inside), l.more)
	}
	if first := sorted(l.outside)[0]; first != (Connection{"program 7", 7, remote, 4}) {
		t.Errorf("the most frequent is %v", first)
	}
}
