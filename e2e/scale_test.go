package e2e_test

import (
	"testing"

	"sidenote/e2e/scale"
)

// A busy machine, and the race detector, make what is measured by the clock
// slower than it is; the bench asks for the true bounds.
const lenience = 20

// TestSoakThePage holds the inspector to its bounds while many
// exchanges pass and most of them have to make room.
func TestSoakThePage(t *testing.T) {
	nodePackage(t, "playwright-core")
	m := scale.Measurement{Exchanges: 20_000, Connections: 16, Node: need(t, "node"), Chromium: need(t, "chromium"), Scripts: "node"}
	storeBytes, size := int64(16<<20), "16MiB"
	if raceEnabled {
		m.Exchanges, storeBytes, size = 4_000, 4<<20, "4MiB"
	}
	p := start(t, "--store-bytes", size, "--quiet")
	m.Subject = scale.Subject{
		Proxy: p.proxy, Admin: p.admin, PID: p.cmd.Process.Pid, StoreBytes: storeBytes,
		Link: p.open("--print", "--admin", p.admin), Token: p.open("--token"),
	}
	figures, err := m.Run()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		t.Log(f)
		switch {
		case f.Clock && f.Least:
			f.Bound /= lenience
		case f.Clock:
			f.Bound *= lenience
		case raceEnabled && f.Whole:
			continue // the race detector has memory of its own
		}
		if !f.Holds() {
			t.Error(f)
		}
	}
	p.stop()
}
