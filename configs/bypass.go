package configs

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A Peer is where connections lead: an address or any, and a port or any.
type Peer struct {
	addr     netip.Addr // zero for any
	loopback bool       // any address of loopback
	port     uint16     // 0 for any
}

// ParsePeer reads "ADDRESS", "ADDRESS:PORT", ":PORT", "localhost" or
// "localhost:PORT". IPv6 addresses with a port are in brackets.
func ParsePeer(s string) (p Peer, err error) {
	fault := fmt.Errorf("want ADDRESS, ADDRESS:PORT, :PORT or localhost:PORT, such as 127.0.0.1:5432, not %q", s)
	host := s
	if _, err := netip.ParseAddr(s); err != nil {
		if at := strings.LastIndexByte(s, ':'); at >= 0 {
			host = s[:at]
			n, err := strconv.ParseUint(s[at+1:], 10, 16)
			if err != nil || n == 0 {
				return p, fault
			}
			p.port = uint16(n)
		}
	}
	switch host = strings.Trim(host, "[]"); {
	case host == "" && p.port != 0:
	case strings.EqualFold(host, "localhost"):
		p.loopback = true
	default:
		if p.addr, err = netip.ParseAddr(host); err != nil {
			return p, fault
		}
		p.addr = p.addr.Unmap()
	}
	return p, nil
}

// peers checks the items of a list of them.
func peers(items []string) error {
	for _, s := range items {
		if _, err := ParsePeer(s); err != nil {
			return err
		}
	}
	return nil
}

// Match reports whether a connection leads there.
func (p Peer) Match(to netip.AddrPort) bool {
	a := to.Addr().Unmap()
	return (p.port == 0 || p.port == to.Port()) && (!p.addr.IsValid() || p.addr == a) && (!p.loopback || a.IsLoopback())
}
