//go:build !linux

package child

import "net/netip"

// Listener finds nothing here: only Linux tells whose a listener is.
func Listener(netip.AddrPort) (p Process, ok bool) { return p, false }

// A Watch sees nothing here: only Linux tells whose a connection is.
type Watch struct{}

// Watch begins to watch the command.
func (c *Child) Watch(...netip.AddrPort) *Watch { return &Watch{} }

// End stops watching.
func (w *Watch) End() Seen { return Seen{} }
