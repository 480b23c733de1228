package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"sidenote/cmd/sidenote/environ"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/proxy"
)

// inheritProxy has what is forwarded go through the proxy that the environment
// names, as programs would without us: behind a company's proxy nothing else
// leads out. What "sidenote env" or a run set is undone first, and our own
// address is left out, so that nothing is sent to ourselves. It returns what to
// say about it; "" when there is no such proxy.
func (p *program) inheritProxy(c *configs.Config, pc *proxy.Config) (adopted string) {
	vars := environ.Values(environ.Restore(p.environ))
	first := func(names ...string) (name, value string) {
		for _, name := range names {
			if v := vars[name]; v != "" {
				return name, v
			}
		}
		return "", ""
	}
	clearName, clear := first("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
	if vars["REQUEST_METHOD"] != "" && clearName == "HTTP_PROXY" { // a CGI's client may have set it (httpoxy)
		clearName, clear = first("http_proxy")
	}
	secureName, secure := first("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	_, noProxy := first("no_proxy", "NO_PROXY")
	if len(c.NoProxy) > 0 {
		noProxy = strings.Join(c.NoProxy, ",")
	}
	clearURL, secureURL := proxyOf(clear, c.Listen), proxyOf(secure, c.Listen)
	if clearURL == nil && secureURL == nil {
		return ""
	}
	pc.UpstreamProxy = clearURL
	pc.UpstreamFor = (&httpproxy.Config{HTTPProxy: textOf(clearURL), HTTPSProxy: textOf(secureURL), NoProxy: noProxy}).ProxyFunc()
	return sayInherited(clearName, clearURL, secureName, secureURL)
}

// proxyOf reads the value of a proxy variable; nil for none, for what is not a
// proxy's URL, and for the address that we listen on ourselves.
func proxyOf(value, listen string) *url.URL {
	if value == "" {
		return nil
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || isListenAddress(u, listen) {
		return nil
	}
	return u
}

// isListenAddress reports whether a URL names the address on which our proxy
// listens.
func isListenAddress(u *url.URL, listen string) bool {
	ourHost, ourPort := exchange.SplitAuthority(listen)
	host, port := exchange.SplitAuthority(u.Host)
	if cmp.Or(port, "80") != ourPort {
		return false
	}
	return strings.EqualFold(host, ourHost) || isOfThisMachine(host) && (isOfThisMachine(ourHost) || ourHost == "")
}

// isOfThisMachine reports whether a host leads to this machine: one by which it
// names itself, or the unspecified address.
func isOfThisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return exchange.IsThisMachine(host) || err == nil && a.IsUnspecified()
}

func textOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.String()
}

// sayInherited names the proxies without their credentials.
func sayInherited(clearName string, clear *url.URL, secureName string, secure *url.URL) string {
	say := func(u *url.URL, name string) string { return fmt.Sprintf("%s://%s (%s)", u.Scheme, u.Host, name) }
	var through string
	switch {
	case secure == nil:
		through = say(clear, clearName) + ", for http:// only"
	case clear == nil:
		through = say(secure, secureName) + ", for https:// only"
	case *clear == *secure || textOf(clear) == textOf(secure):
		through = say(clear, clearName)
	default:
		through = say(clear, clearName) + " and " + say(secure, secureName)
	}
	return "requests go on through the proxy of the environment, " + through + "; --upstream-proxy none goes straight"
}
