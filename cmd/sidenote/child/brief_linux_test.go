package child

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// timeWaits are tables as the kernel shows them.
const timeWaits = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
	"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1\n" + // a server on port 8080
	"   1: 0100007F:9C40 0100007F:1F90 06 00000000:00000000 03:00001770 00000000     0        0 0 3\n" + // ended just now
	"   2: 0100007F:9C41 0100007F:1F90 06 00000000:00000000 03:00001388 00000000     0        0 0 3\n" + // ten seconds ago
	"   3: 0100007F:1F90 0100007F:9C42 06 00000000:00000000 03:0000170C 00000000     0        0 0 3\n" + // a second ago, by the server
	"   4: 0100007F:9C43 0100007F:2328 06 00000000:00000000 03:00001770 00000000     0        0 0 3\n" + // its server has ended
	"   5: 0100007F:9C44 0100007F:2329 06 00000000:00000000 03:00001770 00000000     0        0 0 3\n" + // to the proxy
	"   6: 0100007F:2329 0100007F:9C45 06 00000000:00000000 03:00001770 00000000     0        0 0 3\n" + // from it
	"   7: 016433C6:9C46 070200C0:01BB 06 00000000:00000000 03:00001770 00000000     0        0 0 3\n" + // to another machine
	"   8: 016433C6:1F90 070200C0:9C47 06 00000000:00000000 03:00001770 00000000     0        0 0 3\n" + // from one
	"   9: 0100007F:9C48 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 12 3\n" + // open
	"  10: 0100007F:9C49 0100007F:1F90 06 00000000:00000000 03 00000000     0        0 0 3\n" // without a time

func TestBriefIn(t *testing.T) {
	w := &Watch{proxy: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9001")}, local: []netip.Addr{netip.MustParseAddr("198.51.100.1")}}
	server, far := netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort("192.0.2.7:443")
	for within, want := range map[time.Duration][]Connection{
		0:               {{Count: 1}, {Remote: server, Count: 1}, {Remote: far, Count: 1}},
		5 * time.Second: {{Remote: server, Count: 2}, {Count: 1}, {Remote: far, Count: 1}},
		time.Minute:     {{Remote: server, Count: 4}, {Count: 1}, {Remote: far, Count: 1}},
	} {
		if got := w.briefIn(timeWaits, within); !slices.Equal(got, want) {
			t.Errorf("within %v: %v, want %v", within, got, want)
		}
	}
}

// TestBrief: a connection that either end closed first is found when it has
// ended, whoever had it.
func TestBrief(t *testing.T) {
	for name, clientFirst := range map[string]bool{"the client closes": true, "the server closes": false} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			w := &Watch{began: time.Now(), local: localAddresses()}
			client, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			server, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			first, second := client, server
			if !clientFirst {
				first, second = server, client
			}
			first.Close()
			_, _ = second.Read(make([]byte, 1)) // until the end of the other has come
			second.Close()
			want := netip.MustParseAddrPort(l.Addr().String())
			for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
				if slices.Contains(w.brief(), Connection{Remote: want, Count: 1}) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("%v is not among %v", want, w.brief())
				}
			}
		})
	}
}
