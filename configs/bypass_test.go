package configs_test

import (
	"net/netip"
	"testing"

	"sidenote/configs"
)

func TestPeer(t *testing.T) {
	for _, c := range []struct {
		peer, to string
		want     bool
	}{
		{"127.0.0.1:5432", "127.0.0.1:5432", true},
		{"127.0.0.1:5432", "127.0.0.1:5433", false},
		{"127.0.0.1", "127.0.0.1:9", true},
		{"127.0.0.1", "127.0.0.2:9", false},
		{":5432", "10.0.0.7:5432", true},
		{":5432", "10.0.0.7:5433", false},
		{"localhost", "[::1]:80", true},
		{"localhost:80", "127.9.0.1:80", true},
		{"localhost:80", "127.0.0.1:81", false},
		{"localhost", "10.0.0.1:80", false},
		{"[::1]:80", "[::1]:80", true},
		{"::1", "[::1]:80", true},
		{"10.0.0.1", "[::ffff:10.0.0.1]:80", true},
	} {
		p, err := configs.ParsePeer(c.peer)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(netip.MustParseAddrPort(c.to)); got != c.want {
			t.Errorf("%s fits %s: %v", c.peer, c.to, got)
		}
	}
	for _, s := range []string{"", ":", ":0", ":70000", "db.test", "db.test:5432", "127.0.0.1:", "127.0.0.1:x", "1.2.3", "[::1", "localhost:"} {
		if p, err := configs.ParsePeer(s); err == nil {
			t.Errorf("%q is read as %+v", s, p)
		}
	}
}
