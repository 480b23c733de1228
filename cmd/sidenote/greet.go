package main

import (
	"net"
	"slices"
	"strings"

	"sidenote/configs"
)

// greet says where everything is.
func (s *server) greet() {
	proxyURL := "http://" + s.at.proxy.Addr().String()
	s.log.Info().Msgf("proxy on %s", proxyURL)
	if s.admin != nil {
		s.log.Info().Msgf("inspector on %s", s.admin.link())
		s.log.Info().Msgf("metrics and health on http://%s/metrics", s.at.admin.Addr())
	}
	s.export.greet(s.log)
	for _, r := range s.at.reverse {
		s.log.Info().Msgf("http://%s answers as %s", r.Listener.Addr(), r.to)
	}
	s.warn()
	s.log.Info().Msgf(`point a shell at it with: eval "$(%s)"`, s.program.envCommand(&s.config, s.at.proxy))
}

// warn says which settings take protection away.
func (s *server) warn() {
	if slices.Contains(s.config.InsecureUpstream, "all") {
		s.log.Warn().Msg("certificates of origin servers are NOT verified: anyone on the network path can read and change the traffic")
	} else if len(s.config.InsecureUpstream) > 0 {
		s.log.Warn().Msgf("certificates are NOT verified for %s", strings.Join(s.config.InsecureUpstream, ", "))
	}
	if s.config.ShowSecrets {
		s.log.Warn().Msg("secrets are shown and written in clear text")
	}
}

// envCommand is the env command that fits a proxy.
func (p *program) envCommand(c *configs.Config, proxy net.Listener) string {
	command := p.self() + " env"
	if proxy.Addr().String() != configs.Default().Listen {
		command += " --listen " + proxy.Addr().String()
	}
	if c.CADir != "" {
		command += " --ca-dir " + c.CADir
	}
	return command
}
