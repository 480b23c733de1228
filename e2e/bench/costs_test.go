package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestReadTrace(t *testing.T) {
	ns, stack := readTrace("-----------------------------\n     bytes:  32kB\n  20000000ns   internal/runtime/syscall/linux.Syscall6\n             syscall.Write (inline)\n             sidenote/proxy.(*inbound).send\n")
	if want := []string{"internal/runtime/syscall/linux.Syscall6", "syscall.Write", "sidenote/proxy.(*inbound).send"}; ns != 2e7 || !slices.Equal(stack, want) {
		t.Errorf("%v ns, %q", ns, stack)
	}
	if ns, stack := readTrace("------\n"); ns != 0 || stack != nil {
		t.Errorf("%v ns, %q", ns, stack)
	}
}

func TestPartOf(t *testing.T) {
	forward := []string{"sidenote/proxy.(*passage).forward", "sidenote/proxy.(*Proxy).newCore.func2", "github.com/elazarl/goproxy.(*ProxyHttpServer).ServeHTTP", "sidenote/proxy.(*Proxy).answerTurn"}
	for _, c := range []struct {
		want  string
		stack []string
	}{
		{"System calls: write to the client", append([]string{"internal/runtime/syscall/linux.Syscall6", "sidenote/proxy.(*inbound).send"}, forward...)},
		{"System calls: read", append([]string{"internal/runtime/syscall/linux.Syscall6", "sidenote/proxy/h1.(*Reader).trySocket"}, forward...)},
		{"Rules", append([]string{"strings.IndexByte", "sidenote/annotate.(*Set).run"}, forward...)},
		{"Memory allocation", append([]string{"runtime.nextFreeFast", "runtime.mallocgc"}, forward...)},
		{"The exchange: routing, connections, timing, the record", forward},
		{"goproxy", forward[2:]},
		{"The exchange: routing, connections, timing, the record", forward[3:]},
		{"Garbage collection", []string{"runtime.scanObject", "runtime.gcBgMarkWorker"}},
		{"Scheduler, network poller, timers", []string{"runtime.findRunnable", "runtime.mcall"}},
		{"Anything else", []string{"internal/poll.somewhere"}},
	} {
		if got := partOf(parts(), c.stack); got != c.want {
			t.Errorf("%q belongs to %q, want %q", c.stack, got, c.want)
		}
	}
}

func TestPutInto(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte("before\n"+tablesBegin+"old\n"+tablesEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := putInto(file, "new\n"); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(file); string(b) != "before\n"+tablesBegin+"\nnew\n\n"+tablesEnd+"after\n" {
		t.Errorf("%q", b)
	}
	if err := putInto(os.DevNull, ""); err == nil {
		t.Error("a document without a place for the tables was written to")
	}
}
