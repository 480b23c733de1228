package child

import (
	"net/netip"
	"testing"
)

func TestParseSocket(t *testing.T) {
	for line, want := range map[string]socket{
		"   1: 0100007F:1F90 070200C0:01BB 02 00000000:00000000 00:00000000 00000000  1000        0 1531309 2 0 100 0 0 10 0\n": {
			local: netip.MustParseAddrPort("127.0.0.1:8080"), remote: netip.MustParseAddrPort("192.0.2.7:443"), inode: "1531309"},
		"0: B80D0120000000000000000001000000:0050 0000000000000000FFFF0000070200C0:01BB 01 0:0 0:0 0 0 0 77 1 0": {
			local: netip.MustParseAddrPort("[2001:db8::1]:80"), remote: netip.MustParseAddrPort("192.0.2.7:443"), inode: "77"},
	} {
		if got, _, ok := parseSocket(line); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", line, got, ok, want)
		}
	}
	for _, line := range []string{
		"", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
		"0: 01:1 0100007F:1 01 0:0 0:0 0 0 0 77", "0: 0100007F:1 0100007F:XX 01 0:0 0:0 0 0 0 77", "0: 0100007F:1 0100007F 01 0:0 0:0 0 0 0 77",
	} {
		if got, _, ok := parseSocket(line); ok {
			t.Errorf("%q is taken for %v", line, got)
		}
	}
}

func FuzzParseSocket(f *testing.F) {
	f.Add("1: 0100007F:1F90 070200C0:01BB 02 0:0 0:0 0 1000 0 1531309")
	f.Fuzz(func(t *testing.T, line string) {
		if s, _, ok := parseSocket(line); ok && (!s.local.IsValid() || !s.remote.IsValid()) {
			t.Errorf("%q is taken for %v", line, s)
		}
	})
}

func TestWhatIsOfInterest(t *testing.T) {
	proxy := netip.MustParseAddrPort("127.0.0.1:8080")
	w := &Watch{proxy: []netip.AddrPort{proxy}, local: []netip.Addr{netip.MustParseAddr("198.51.100.1")}}
	for remote, want := range map[string]bool{
		"127.0.0.1:8080": false, "127.0.0.1:8081": true, "169.254.169.254:80": false, "0.0.0.0:0": false, "192.0.2.1:443": true, "[::]:0": false,
	} {
		if got := w.ofInterest(netip.MustParseAddrPort(remote)); got != want {
			t.Errorf("%s: %v", remote, got)
		}
	}
	for address, want := range map[string]bool{"127.0.0.2": true, "::1": true, "198.51.100.1": true, "198.51.100.2": false} {
		if got := w.isLocal(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}
