package exchange_test

import (
	"slices"
	"testing"

	"sidenote/exchange"
)

// TestHopByHop holds the table to what the specifications list.
func TestHopByHop(t *testing.T) {
	for name, c := range map[string]struct {
		is   func(exchange.Name) bool
		want []string
	}{
		"hop-by-hop": {exchange.Name.IsHopByHop, []string{
			"Connection", "HTTP2-Settings", "Keep-Alive", "Meter", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"}},
		"barred from HTTP/2": {exchange.Name.IsBarredFromHTTP2, []string{"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"}},
		"consumed":           {exchange.Name.IsConsumed, []string{"Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Upgrade"}},
		"for the proxy":      {exchange.Name.IsForProxy, []string{"Proxy-Authorization", "Sidenote-Ignore"}},
		"ours":               {exchange.Name.IsOurs, []string{"Sidenote", "Sidenote-Exchange"}},
	} {
		var got []string
		for _, n := range exchange.NamesThat(c.is) {
			got = append(got, n.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if exchange.Name(0).IsHopByHop() || exchange.LookupName("X-Mine").IsConsumed() {
		t.Error("an unknown name is about a connection")
	}
}
