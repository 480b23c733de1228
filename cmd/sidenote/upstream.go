package main

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sidenote/configs"
	"sidenote/internal/wholefile"
	"sidenote/proxy"
)

// keepsDigest reports whether records are asked for that have the SHA-256 of each
// body, also of those that are not kept whole.
func keepsDigest(c *configs.Config) bool {
	return c.Digests || c.Save != "" || c.Store != "" ||
		slices.ContainsFunc(c.Reports, func(r configs.Report) bool { return r.Kind == "jsonl" })
}

// forwarding is the part of a proxy's configuration that says how origin
// servers are reached and what is kept of the traffic.
// Where the configuration names no upstream proxy, that of the environment is
// used, and adopted says so; it is "" otherwise.
func (p *program) forwarding(c *configs.Config) (pc proxy.Config, adopted string, err error) {
	pc = proxy.Config{
		ShareConnections: c.ShareConnections,
		NoProxy:          strings.Join(c.NoProxy, ","), Insecure: hostFilter(c.InsecureUpstream),
		ConnectTimeout: c.ConnectTimeout, ResponseHeaderTimeout: c.ResponseHeaderTimeout, IdleTimeout: c.IdleTimeout,
		ClientHeadTimeout: c.ClientHeadTimeout, BodyTimeout: c.ClientBodyTimeout, ClientIdleTimeout: c.ClientIdleTimeout,
		BodyRate: c.ClientBodyRate, ClientWriteTimeout: c.ClientWriteTimeout, OriginWriteTimeout: c.OriginWriteTimeout, MaxClients: c.MaxClients,
		MaxHeadBytes: int(c.MaxHeadBytes), KeepContent: int(c.KeepContent), KeepMessages: c.KeepMessages,
		KeepDigest: keepsDigest(c),
	}
	if pc.Decoder, err = decoder(c); err != nil {
		return pc, "", err
	}
	switch c.UpstreamProxy {
	case "":
		if p.outerProxy() == nil { // which does so itself
			adopted = p.inheritProxy(c, &pc)
		}
	case configs.NoUpstreamProxy:
	default:
		if pc.UpstreamProxy, err = url.Parse(c.UpstreamProxy); err != nil {
			return pc, "", usageErrorf("--upstream-proxy: not a URL")
		}
	}
	if pc.ClientCertificate, err = clientCertificates(c.ClientCerts); err != nil {
		return pc, "", err
	}
	if c.UpstreamCA != "" {
		if pc.UpstreamCAs, err = rootsWith(c.UpstreamCA, "--upstream-ca"); err != nil {
			return pc, "", err
		}
	}
	return pc, adopted, nil
}

// maxRoots bounds a file of certificates, in octets.
const maxRoots = 64 << 20

// rootsWith returns the system's roots and those of a file.
func rootsWith(file, flag string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	b, err := wholefile.Read(file, maxRoots)
	if err != nil {
		return nil, &codedError{exitUsage, fmt.Errorf("%s: %w; name a PEM file", flag, err)}
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, usageErrorf("%s %s: the file contains no PEM certificate", flag, file)
	}
	return pool, nil
}

// interceptFilter makes a test of the setting intercept. A host goes by several
// names: one of them is enough to look into it, and one is enough to leave it out.
func interceptFilter(list []string) func(names ...string) bool {
	var in, out []string
	for _, pattern := range list {
		if left, minus := strings.CutPrefix(pattern, "-"); minus {
			out = append(out, left)
		} else {
			in = append(in, pattern)
		}
	}
	if len(in) == 0 && len(out) > 0 {
		in = []string{"all"}
	}
	included, excluded := hostFilter(in), hostFilter(out)
	return func(names ...string) bool {
		return slices.ContainsFunc(names, included) && !slices.ContainsFunc(names, excluded)
	}
}

// hostFilter makes a test of a list of hosts: "all", "none", names, and
// "*.example.com" for the names below one.
func hostFilter(list []string) func(string) bool {
	return func(host string) bool {
		host = strings.ToLower(host)
		return slices.ContainsFunc(list, func(pattern string) bool {
			pattern = strings.ToLower(pattern)
			suffix, wild := strings.CutPrefix(pattern, "*")
			return pattern == "all" || pattern == host || wild && strings.HasSuffix(host, suffix)
		})
	}
}
