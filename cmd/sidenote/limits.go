package main

import (
	"sync"

	"sidenote/proxy"
)

// limited returns the hook that tells of each of sidenote's own limits once, when
// it is met for the first time. How often it is met is for the metrics.
func (s *server) limited() func(proxy.Limit, error) {
	var clients, descriptors sync.Once
	return func(l proxy.Limit, err error) {
		switch l {
		case proxy.LimitClients:
			clients.Do(func() {
				s.log.Warn().Msgf("%d clients are connected, as many as --max-clients allows: sidenote closes idle ones, and answers 503 if all are busy", s.config.MaxClients)
			})
		case proxy.LimitDescriptors:
			descriptors.Do(func() {
				s.log.Warn().Msgf("sidenote cannot open another connection: %v; raise the limit of open files (ulimit -n), or lower --max-clients", err)
			})
		}
	}
}
