package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
)

// seen answers with what it got, so that a test can look at it.
func seen(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Host", r.Host)
	w.Header().Set("X-Via", r.Header.Get("Via"))
	w.Header().Set("X-Proxy-Authorization", r.Header.Get("Proxy-Authorization"))
	w.Header().Set("X-Ignore", r.Header.Get("Sidenote-Ignore"))
	io.WriteString(w, "seen")
}

func TestUpstreamProxies(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(seen))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(seen))
	defer secure.Close()
	next := httptest.NewServer(nextProxy("u", "p:w"))
	defer next.Close()
	nextTLS := httptest.NewTLSServer(nextProxy("u", "p:w"))
	defer nextTLS.Close()
	socks := newSOCKS(t, "u", "p:w")
	for _, c := range []struct{ name, url string }{
		{"http", "http://u:p%3Aw@" + next.Listener.Addr().String()},
		{"https", "https://u:p%3Aw@" + nextTLS.Listener.Addr().String()},
		{"socks5", "socks5://u:p%3Aw@" + socks},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := url.Parse(c.url)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, func(pc *proxy.Config) {
				trusting(secure)(pc)
				pc.UpstreamProxy = u
			})
			for i, target := range []string{plain.URL, secure.URL} {
				target = strings.Replace(target, "127.0.0.1", "example.com", 1) // which only the next proxy knows
				resp := get(t, r.client(false), target)
				if resp.StatusCode != 200 || resp.Header.Get("X-Proxy-Authorization") != "" {
					t.Errorf("%s: %s %v", target, resp.Status, resp.Header)
				}
				if via := resp.Header.Get("X-Via"); (via != "") != (i == 0 && c.name != "socks5") {
					t.Errorf("%s: Via %q", target, via)
				}
				x := r.wait(i + 1)[i]
				if want := u.Scheme + "://" + u.Host; x.Origin.Proxy != want || x.Err != nil {
					t.Errorf("went through %q, want %q", x.Origin.Proxy, want)
				}
			}
		})
	}
	t.Run("NO_PROXY", func(t *testing.T) {
		r := newRig(t, func(pc *proxy.Config) {
			pc.UpstreamProxy = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
			pc.NoProxy = "127.0.0.1,.localhost"
		})
		if resp := get(t, r.client(false), plain.URL); resp.StatusCode != 200 {
			t.Errorf("%s", resp.Status)
		}
	})
}

func get(t *testing.T, c *http.Client, u string) *http.Response {
	t.Helper()
	resp, err := c.Get(u)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp
}

// nextProxy is a proxy that knows example.com as loopback.
func nextProxy(user, password string) http.Handler {
	tr := &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
		return net.Dial("tcp", strings.Replace(address, "example.com", "127.0.0.1", 1))
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
		if r.Header.Get("Proxy-Authorization") != want {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		if r.Method == http.MethodConnect {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				io.WriteString(c, "HTTP/1.1 200 Fine\r\n\r\n")
				splice(c, strings.Replace(r.Host, "example.com", "127.0.0.1", 1))
			}
			return
		}
		r.Header.Del("Proxy-Authorization")
		resp, err := tr.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	})
}

func splice(c net.Conn, to string) {
	defer c.Close()
	o, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer o.Close()
	go func() { io.Copy(o, c); o.Close() }()
	io.Copy(c, o)
}

// newSOCKS is a SOCKS5 server (RFC 1928, RFC 1929) that does CONNECT only.
func newSOCKS(t *testing.T, user, password string) string {
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if to := socksTarget(c, user, password); to != "" {
					splice(c, to)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func socksTarget(c net.Conn, user, password string) string {
	br := bufio.NewReader(io.LimitReader(c, 1)) // one octet at a time, so that none is read too far
	next := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			br.Reset(io.LimitReader(c, 1))
			b[i], _ = br.ReadByte()
		}
		return b
	}
	next(int(next(2)[1]))
	c.Write([]byte{5, 2})
	u := string(next(int(next(2)[1])))
	p := string(next(int(next(1)[0])))
	if u != user || p != password {
		c.Write([]byte{1, 1})
		return ""
	}
	c.Write([]byte{1, 0})
	var host string
	switch next(4)[3] {
	case 1:
		host = net.IP(next(4)).String()
	case 3:
		host = strings.Replace(string(next(int(next(1)[0]))), "example.com", "127.0.0.1", 1)
	}
	port := binary.BigEndian.Uint16(next(2))
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return fmt.Sprintf("%s:%d", host, port)
}

func TestCredentials(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(seen))
	defer origin.Close()
	r := newRig(t, func(c *proxy.Config) { c.User, c.Password = "u", "p" })
	client := r.client(false)
	tr := client.Transport.(*http.Transport)
	for i, c := range []struct {
		user   *url.Userinfo
		status int
	}{{nil, 407}, {url.UserPassword("u", "wrong"), 407}, {url.UserPassword("u", "p"), 200}} {
		tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: r.Addr, User: c.user})
		resp := get(t, client, origin.URL)
		if resp.StatusCode != c.status || resp.Header.Get("X-Proxy-Authorization") != "" {
			t.Errorf("%v: %s %v", c.user, resp.Status, resp.Header)
		}
		if c.status == 407 && !strings.HasPrefix(resp.Header.Get("Proxy-Authenticate"), "Basic ") {
			t.Errorf("challenge %q", resp.Header.Get("Proxy-Authenticate"))
		}
		x := r.wait(i + 1)[i]
		if x.Response.Status != c.status || x.Response.Made != (c.status == 407) {
			t.Errorf("record:\n%s", x.Format())
		}
	}
	// Neither is a tunnel opened, nor the setup page shown.
	tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: r.Addr})
	if _, err := client.Get("https://127.0.0.1:1/"); err == nil || !strings.Contains(err.Error(), "Proxy Authentication Required") {
		t.Errorf("tunnel: %v", err)
	}
	if resp := get(t, http.DefaultClient, "http://"+r.Addr+"/"); resp.StatusCode != 407 {
		t.Errorf("setup page: %s", resp.Status)
	}
}

func TestReverse(t *testing.T) {
	origin := httptest.NewTLSServer(http.HandlerFunc(seen))
	defer origin.Close()
	r := newRig(t, trusting(origin))
	l := listen(t)
	go r.Proxy.ServeReverse(l, "https", origin.Listener.Addr().String())
	q, err := http.NewRequest("GET", "http://"+l.Addr().String()+"/a?b", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Sidenote-Ignore", "status/*")
	resp, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("X-Host"); got != origin.Listener.Addr().String() || resp.Header.Get("X-Ignore") != "" {
		t.Errorf("Host %q, %v", got, resp.Header)
	}
	x := r.wait(1)[0]
	want := exchange.ChangedRequestHost | exchange.ChangedRequestVia | exchange.ChangedIgnoreRemoved
	if x.URL() != origin.URL+"/a?b" || x.Changed&want != want {
		t.Errorf("record:\n%s", x.Format())
	}
	// A reverse listener in front of itself.
	loop := listen(t)
	go r.Proxy.ServeReverse(loop, "http", loop.Addr().String())
	if resp := get(t, http.DefaultClient, "http://"+loop.Addr().String()+"/"); resp.StatusCode != 508 {
		t.Errorf("loop: %s", resp.Status)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestLocalhostNames(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(seen))
	defer origin.Close()
	r := newRig(t, nil)
	_, port, _ := net.SplitHostPort(origin.Listener.Addr().String())
	resp := get(t, r.client(false), "http://api.shop.localhost:"+port+"/")
	if resp.StatusCode != 200 || resp.Header.Get("X-Host") != "api.shop.localhost:"+port {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
}

// TestUserInformationStays: what a target says of a user reaches neither an
// upstream proxy nor an origin server, whatever the method and however it is written.
func TestUserInformationStays(t *testing.T) {
	for _, through := range []bool{false, true} {
		var mu sync.Mutex
		var seen []string
		address := serveConns(t, func(c net.Conn) {
			head, err := readHead(bufio.NewReader(c))
			mu.Lock()
			seen = append(seen, head)
			mu.Unlock()
			if err == nil {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			}
		})
		host := address
		r := newRig(t, func(c *proxy.Config) {
			if through {
				c.UpstreamProxy = &url.URL{Scheme: "http", Host: address}
				host = "origin.test"
			}
		})
		targets := []string{
			"http://alice:secret@HOST/", "http://alice@HOST/secret-less", "http://alice:se%63ret@HOST", "http://:secret@HOST/", "http://alice:secret@HOST?q",
			"http://alice:se:cret@HOST/a@b", "HTTP://alice:secret@HOST/",
		}
		for _, target := range targets {
			for _, method := range []string{"GET", "OPTIONS", "POST", "BREW"} {
				c, br := dialRig(t, r)
				fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n", method, strings.ReplaceAll(target, "HOST", host), host)
				if line, _ := br.ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 200 ") && !strings.HasPrefix(line, "HTTP/1.1 400 ") {
					t.Errorf("%s %s: the client got %q", method, target, line)
				}
				c.Close()
			}
		}
		mu.Lock()
		if len(seen) < len(targets) {
			t.Errorf("%d requests arrived", len(seen))
		}
		for _, head := range seen {
			if strings.Contains(head, "alice") || strings.Contains(head, "secret@") || strings.Contains(head, "cret@") || strings.Contains(head, "Basic ") {
				t.Errorf("through a proxy %v, it arrived: %q", through, head)
			}
		}
		mu.Unlock()
	}
}

// TestHalfClosedInTLS: a client that agreed on no protocol and ends its half of TLS
// with its request is answered.
func TestHalfClosedInTLS(t *testing.T) {
	noLeaks(t)
	r := newRig(t, func(c *proxy.Config) { c.Insecure = func(string) bool { return true } })
	config := leafConfig(t, r)
	config.NextProtos = nil
	address := serveConns(t, func(c net.Conn) {
		s := tlsServer(c, config)
		defer s.Close()
		br := bufio.NewReader(s)
		if _, err := http.ReadRequest(br); err != nil {
			return
		}
		_, err := br.ReadByte() // the end is passed on
		fmt.Fprintf(s, "HTTP/1.1 200 OK\r\nX-End: %v\r\nContent-Length: 4\r\n\r\nlate", err)
	})
	for _, protocols := range [][]string{nil, {"http/1.1"}} {
		c := tls.Client(r.open(address), &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1", NextProtos: protocols})
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		_ = c.CloseWrite()
		b, err := io.ReadAll(c)
		if !strings.HasSuffix(string(b), "\r\n\r\nlate") || !strings.Contains(string(b), "X-End: EOF") || err != nil {
			t.Errorf("%q: %q, %v", protocols, b, err)
		}
		c.Close()
	}
}
