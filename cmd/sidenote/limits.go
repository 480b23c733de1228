package main

import (
	"fmt"
	"sync"

	"sidenote/configs"
	"sidenote/proxy"
)

// limited returns the hook that tells of each limit once, when it is met for the
// first time. How often it is met is for the metrics.
func (s *server) limited() func(proxy.Limit, error) {
	var told sync.Map // of proxy.Limit
	return func(l proxy.Limit, err error) {
		if _, before := told.LoadOrStore(l, nil); !before {
			s.log.Warn().Msg(limitText(&s.config, l, err))
		}
	}
}

// limitText says which limit was met, what sidenote does about it, and what sets it.
// err is what the system said, nil for a limit that is a setting.
func limitText(c *configs.Config, l proxy.Limit, err error) string {
	switch l {
	case proxy.LimitClients:
		return fmt.Sprintf("%d clients are connected, as many as --max-clients allows: sidenote closes idle ones, and answers 503 if all are busy", c.MaxClients)
	case proxy.LimitDescriptors:
		return fmt.Sprintf("sidenote cannot open another connection: %v; raise the limit of open files (ulimit -n), or lower --max-clients", err)
	case proxy.LimitClientHead:
		return fmt.Sprintf("a client did not send the headers of its request within %v and got 408; --client-head-timeout sets the limit", c.ClientHeadTimeout)
	case proxy.LimitClientBody:
		return fmt.Sprintf("a client stopped sending its request body, or sent it too slowly, and got 408; --client-body-timeout (%v) and --client-body-rate set the limits", c.ClientBodyTimeout)
	case proxy.LimitClientWrite:
		return fmt.Sprintf("a client did not read its response for %v, so sidenote ended the connection; --client-write-timeout sets the limit", c.ClientWriteTimeout)
	case proxy.LimitOriginWrite:
		return fmt.Sprintf("a server did not read its request for %v, so sidenote gave up; --origin-write-timeout sets the limit", c.OriginWriteTimeout)
	}
	return "sidenote met a limit: " + string(l)
}
