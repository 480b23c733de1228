package configs

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Validate looks for settings that contradict each other or are not safe. It
// reports all of them, each with where it was set and what to do.
func (c *Config) Validate() error {
	return errors.Join(
		c.needCredentials("listen", c.Listen),
		c.needCredentials("admin", c.Admin),
		c.reverseOnLoopback(),
		c.sameAddress(),
		c.sameFile(),
	)
}

// needCredentials refuses an address that others can reach, unless they have
// to give credentials.
func (c *Config) needCredentials(name, addr string) error {
	if addr == "off" || IsLoopback(addr) || c.ProxyAuth != "" {
		return nil
	}
	return fmt.Errorf("other machines can reach %s (%s): also give --proxy-auth USER:PASSWORD, or listen on 127.0.0.1",
		addr, c.Where(name))
}

func (c *Config) reverseOnLoopback() error {
	for _, r := range c.Reverse {
		if r.Listen != "" && !IsLoopback(r.Listen) {
			return fmt.Errorf("other machines can reach %s (%s): a reverse listener doesn't ask for credentials, so use a loopback address",
				r.Listen, c.Where("reverse"))
		}
	}
	return nil
}

func (c *Config) sameAddress() error {
	if c.Listen == c.Admin && !strings.HasSuffix(c.Listen, ":0") {
		return fmt.Errorf("the proxy (%s) and the admin server (%s) can't both listen on %s: change one, or use --admin off",
			c.Where("listen"), c.Where("admin"), c.Listen)
	}
	return nil
}

// sameFile finds files that two things would be written to.
func (c *Config) sameFile() error {
	for i, r := range c.Reports {
		for _, other := range c.Reports[:i] {
			if r.File == other.File {
				return fmt.Errorf("%s can't be both the %s and the %s report (%s): give each its own file", r.File, other.Kind, r.Kind, c.Where("report"))
			}
		}
		if r.File == c.Save || r.File == c.LogFile {
			return fmt.Errorf("%s can't also be the %s report (%s): give each its own file", r.File, r.Kind, c.Where("report"))
		}
	}
	if c.Save != "" && c.Save == c.LogFile {
		return fmt.Errorf("%s can't be both the file of saved exchanges (%s) and the log (%s): give each its own file",
			c.Save, c.Where("save"), c.Where("log-file"))
	}
	return nil
}

// IsLoopback reports whether only this machine can reach a host:port address.
func IsLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
