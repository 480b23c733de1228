package configs

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The functions below make the setter of a setting from the place of its value
// and a check of the text.

func text(at func(*Config) *string, check func(string) error) func(*Config, string) error {
	return func(c *Config, s string) error {
		if s != "" {
			if err := check(s); err != nil {
				return err
			}
		}
		*at(c) = s
		return nil
	}
}

func onOff(at func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, s string) error {
		switch strings.ToLower(s) {
		case "true", "yes", "on", "1":
			*at(c) = true
		case "false", "no", "off", "0", "":
			*at(c) = false
		default:
			return fmt.Errorf("want true or false, not %q", s)
		}
		return nil
	}
}

func duration(at func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, s string) error {
		d, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf(`want a duration with its unit, such as %s, not %q`, durationLike(s), s)
		}
		if d <= 0 {
			return fmt.Errorf("want a duration above 0, not %q", s)
		}
		*at(c) = d
		return nil
	}
}

// durationLike is what someone probably meant who wrote a duration that there is not:
// a number without its unit, or with one that Go lacks.
func durationLike(s string) string {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 10000 {
			return fmt.Sprintf(`"%dh"`, 24*n)
		}
	}
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return fmt.Sprintf(`"%ds" or "%dms"`, n, n)
	}
	return `"500ms", "30s" or "10m"`
}

// durationOrNone is a duration that may be zero.
func durationOrNone(at func(*Config) *time.Duration) func(*Config, string) error {
	above := duration(at)
	return func(c *Config, s string) error {
		if d, err := time.ParseDuration(s); err == nil && d == 0 {
			*at(c) = 0
			return nil
		}
		return above(c, s)
	}
}

func size(at func(*Config) *int64) func(*Config, string) error {
	return func(c *Config, s string) error {
		n, err := ParseSize(s)
		*at(c) = n
		return err
	}
}

// sizeUnits are the units of ParseSize, the longer before the shorter.
func sizeUnits() []struct {
	name  string
	bytes int64
} {
	return []struct {
		name  string
		bytes int64
	}{
		{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30},
		{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9},
		{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"b", 1}, {"", 1},
	}
}

// ParseSize reads a number of octets: "65536", "64KiB", "64k" (1024), "64kB" (1000).
func ParseSize(s string) (int64, error) {
	for _, u := range sizeUnits() {
		digits, ok := strings.CutSuffix(strings.ToLower(s), u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			break
		}
		return n * u.bytes, nil
	}
	return 0, fmt.Errorf(`want a number of bytes, such as "65536", "64KiB" or "1MiB", not %q`, s)
}

func number(at func(*Config) *int, least, most int) func(*Config, string) error {
	return func(c *Config, s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return fmt.Errorf("want a number from %d to %d, not %q", least, most, s)
		}
		*at(c) = n
		return nil
	}
}

func list(at func(*Config) *[]string, check func(items []string) error) func(*Config, string) error {
	return func(c *Config, s string) error {
		items := splitList(s)
		if err := check(items); err != nil {
			return err
		}
		*at(c) = items
		return nil
	}
}

func splitList(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func splitLines(s string) (lines []string) {
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func anyText(string) error     { return nil }
func anyItem(_ []string) error { return nil }

// hosts allows host names, addresses and patterns, or one of the words alone.
func hosts(words ...string) func([]string) error {
	return func(items []string) error {
		for _, h := range items {
			if slices.Contains(words, h) {
				if len(items) > 1 {
					return fmt.Errorf("%q can't be combined with other hosts", h)
				}
				continue
			}
			if err := hostPattern(h); err != nil {
				return err
			}
		}
		return nil
	}
}

// intercepted allows what hosts does, and hosts to leave out.
func intercepted(items []string) error {
	var in []string
	for _, h := range items {
		if out, minus := strings.CutPrefix(h, "-"); !minus {
			in = append(in, h)
		} else if err := hostPattern(out); err != nil {
			return err
		}
	}
	if len(items) > len(in) && slices.Contains(in, "none") {
		return errors.New(`"none" stands alone, without other hosts`)
	}
	return hosts("all", "none")(in)
}

// setClientCerts reads HOST=CERT,KEY, one a line.
func setClientCerts(c *Config, s string) error {
	c.ClientCerts = nil
	for _, item := range splitLines(s) {
		host, files, ok := strings.Cut(item, "=")
		cert, key, two := strings.Cut(files, ",")
		if !two {
			key = cert
		}
		if !ok || cert == "" || key == "" {
			return fmt.Errorf("want HOST=CERT,KEY such as api.example.com=client.pem,client.key, not %q", item)
		}
		if err := hostPattern(host); err != nil {
			return err
		}
		c.ClientCerts = append(c.ClientCerts, ClientCert{host, strings.TrimSpace(cert), strings.TrimSpace(key)})
	}
	return nil
}

func hostPattern(h string) error {
	name := strings.TrimPrefix(h, "*.")
	if net.ParseIP(strings.Trim(name, "[]")) != nil {
		return nil
	}
	if strings.Contains(name, "/") {
		return fmt.Errorf("want a host such as api.example.com or *.example.com, not %q", h)
	}
	if host, port, err := net.SplitHostPort(name); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("%q: port %q is not a number from 0 to 65535", h, port)
		}
		name = host
	}
	if name == "" || strings.ContainsAny(name, " *\t:@?#") {
		return fmt.Errorf("want a host such as api.example.com or *.example.com, not %q", h)
	}
	return nil
}

func address(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("want HOST:PORT such as 127.0.0.1:8080, not %q", s)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q is not a number from 0 to 65535", port)
	}
	return nil
}

func addressOrOff(s string) error {
	if s == "off" {
		return nil
	}
	return address(s)
}

func credentials(s string) error {
	if user, _, ok := strings.Cut(s, ":"); !ok || user == "" {
		return errors.New("want USER:PASSWORD")
	}
	return nil
}

// NoUpstreamProxy is the value of upstream-proxy that goes straight.
const NoUpstreamProxy = "none"

func proxyURL(s string) error {
	if s == NoUpstreamProxy {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return errors.New("want a URL such as http://proxy.example:3128") // not quoted: it may hold a password
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return nil
	}
	return fmt.Errorf("want a URL that begins with http://, https:// or socks5://, not %s://", u.Scheme)
}

func setReverse(c *Config, s string) error {
	var all []Reverse
	for _, item := range splitList(s) {
		r, err := ParseReverse(item)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	c.Reverse = all
	return nil
}

// ParseReverse reads "URL" or "HOST:PORT=URL".
func ParseReverse(s string) (r Reverse, err error) {
	r.URL = s
	if listen, target, ok := strings.Cut(s, "="); ok && !strings.Contains(listen, "://") {
		if err := address(listen); err != nil {
			return r, err
		}
		r.Listen, r.URL = listen, target
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return r, fmt.Errorf("want an http:// or https:// URL without a query, not %q", r.URL)
	}
	return r, nil
}

func setOTLPHeaders(c *Config, s string) error {
	fields := make(map[string]string)
	for _, item := range splitList(s) {
		name, value, ok := strings.Cut(item, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return errors.New("want NAME=VALUE such as x-tenant=shop") // not quoted: it may be a secret
		}
		fields[name] = strings.TrimSpace(value)
	}
	if len(fields) == 0 {
		fields = nil
	}
	c.OTLPHeaders = fields
	return nil
}

func setReports(c *Config, s string) error {
	var all []Report
	for _, item := range splitList(s) {
		kind, file, ok := strings.Cut(item, "=")
		if !ok || file == "" {
			return fmt.Errorf("want KIND=FILE such as markdown=report.md, not %q", item)
		}
		all = append(all, Report{kind, file})
	}
	c.Reports = all
	return nil
}

func setRules(c *Config, s string) error {
	rules := make(map[string]string)
	for _, item := range splitList(s) {
		id, level, ok := strings.Cut(item, "=")
		if !ok || id == "" {
			return fmt.Errorf("want RULE=LEVEL such as cache/heuristic-freshness=off, not %q", item)
		}
		rules[id] = level
	}
	if len(rules) == 0 {
		rules = nil
	}
	c.Rules = rules
	return nil
}
