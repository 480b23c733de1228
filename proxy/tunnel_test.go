package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
)

// A talk is a conversation in another protocol than HTTP.
type talk struct {
	name string
	alpn []string // that the client offers in TLS
	says string   // what the record calls it; in TLS with ALPN that is the name agreed on
	// turns are what each says, beginning with the server; "" skips a turn.
	turns []string
}

// talks are protocols by their first octets, both who speaks first.
func talks() []talk {
	return []talk{
		{"smtp", nil, "smtp", []string{"220 mx.test ESMTP\r\n", "EHLO a\r\n", "250 mx.test\r\n", "QUIT\r\n", "221 bye\r\n"}},
		{"imap", []string{"imap"}, "imap", []string{"* OK IMAP4rev1 ready\r\n", "a LOGOUT\r\n", "* BYE\r\na OK\r\n"}},
		{"pop3", []string{"pop3"}, "pop3", []string{"+OK ready\r\n", "QUIT\r\n", "+OK\r\n"}},
		{"ssh", nil, "ssh", []string{"SSH-2.0-a\r\n", "SSH-2.0-b\r\n", "\x00\x00\x01"}},
		{"ftp", []string{"ftp"}, "ftp", []string{"220 FTP ready\r\n", "USER a\r\n", "331 and?\r\n"}},
		{"mysql", nil, "mysql", []string{"\x4a\x00\x00\x00\x0a8.0\x00mysql_native_password\x00", "\x20\x00\x00\x01x", "\x07\x00\x00\x02\x00"}},
		{"vnc", nil, "vnc", []string{"RFB 003.008\n", "RFB 003.008\n", "\x01\x01"}},
		{"nats", nil, "nats", []string{"INFO {\"server_id\":\"a\"}\r\n", "CONNECT {\"verbose\":false}\r\nPING\r\n", "PONG\r\n"}},
		{"irc", []string{"irc"}, "irc", []string{"", "NICK me\r\nUSER me 0 * :me\r\n", ":a 001 me :hello\r\n"}},
		{"irc cap", nil, "irc", []string{"", "CAP LS 302\r\n", ":a CAP * LS :\r\n", "NICK a\r\n", ":a 001\r\n"}},
		{"rtsp", nil, "rtsp", []string{"", "OPTIONS rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"}},
		{"sip", []string{"sip/2"}, "sip", []string{"", "REGISTER sip:a SIP/2.0\r\nVia: x\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n"}},
		{"redis", nil, "redis", []string{"", "*1\r\n$4\r\nPING\r\n", "+PONG\r\n"}},
		{"redis inline", nil, "redis", []string{"", "PING\r\n", "+PONG\r\n"}},
		{"mqtt", []string{"mqtt"}, "mqtt", []string{"", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", "\x20\x02\x00\x00"}},
		{"amqp", nil, "amqp", []string{"", "AMQP\x00\x00\x09\x01", "\x01\x00\x00"}},
		{"postgresql", []string{"postgresql"}, "postgresql", []string{"", "\x00\x00\x00\x08\x04\xd2\x16\x2f", "N"}},
		{"stomp", nil, "stomp", []string{"", "CONNECT\naccept-version:1.2\n\n\x00", "CONNECTED\n\n\x00"}},
		{"memcached", nil, "memcached", []string{"", "get k\r\n", "END\r\n"}},
		{"http/0.9", nil, "", []string{"", "GET /\r\n", "<p>hello"}},
		{"http/2 in the line", nil, "", []string{"", "GET / HTTP/2.0\r\n\r\n", "what?\n"}},
		{"two spaces", nil, "", []string{"", "GET  / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 No\r\n\r\n"}},
		{"a question without an end", nil, "", []string{"", "who?", "me"}},
		{"one octet", nil, "", []string{"", "\x00", "\x01"}},
		{"half a method", nil, "", []string{"", "GEX", "?"}},
	}
}

// talkServer holds the server's side of a talk.
func talkServer(t *testing.T, turns []string, config *tls.Config) net.Listener {
	t.Helper()
	l := listen(t)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				for n, words := range turns {
					if n%2 == 0 {
						io.WriteString(c, words)
					} else if _, err := io.ReadFull(c, make([]byte, len(words))); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l
}

// have holds the client's side of a talk. It fails where an answer takes longer
// than half a second.
func (k talk) have(c net.Conn) error {
	defer c.Close()
	for n, words := range k.turns {
		_ = c.SetDeadline(time.Now().Add(500 * time.Millisecond))
		if n%2 == 1 {
			if _, err := io.WriteString(c, words); err != nil {
				return err
			}
			continue
		}
		got := make([]byte, len(words))
		if k, err := io.ReadFull(c, got); err != nil || string(got) != words {
			return fmt.Errorf("turn %d: %q, %w, want %q", n, got[:k], err, words)
		}
	}
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		return fmt.Errorf("then came %q, %w", rest, err)
	}
	return nil
}

// open opens a tunnel.
func (r *rig) open(authority string, fields ...string) net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		r.t.Fatal(err)
	}
	head := fmt.Sprintf("CONNECT %s HTTP/1.1\r\nHost: %s\r\n", authority, authority)
	for _, f := range fields {
		head += f + "\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"); err != nil {
		r.t.Fatal(err)
	}
	want := "HTTP/1.1 200 Connection established\r\n\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		r.t.Fatalf("CONNECT: %q, %v", got, err)
	}
	return c
}

// TestTalksPassInTunnels holds every talk directly, in a tunnel, and in a tunnel
// in TLS with and without ALPN.
func TestTalksPassInTunnels(t *testing.T) {
	site := newSite(t)
	roots := site.chain.pool()
	r := newRig(t, func(c *proxy.Config) { c.UpstreamCAs = roots })
	trust := r.roots()
	trust.AddCert(site.chain.cert)
	records := 0
	check := func(t *testing.T, k talk, via string, secure, decrypted bool) {
		t.Helper()
		records++
		x := r.wait(records)[records-1]
		var sent, received int
		for n, words := range k.turns {
			if n%2 == 0 {
				received += len(words)
			} else {
				sent += len(words)
			}
		}
		want := k.says
		switch {
		case secure && !decrypted:
			want = "tls (" + strings.Join(k.alpn, ", ") + ")"
		}
		if x.Err != nil || x.Request.Method != "CONNECT" || x.Response.Status != 200 || x.Tunnel.Protocol != want ||
			decrypted != (x.Client.TLS != nil) || decrypted != (x.Origin.TLS != nil) ||
			(!secure || decrypted) && (x.Tunnel.Sent != int64(sent) || x.Tunnel.Received != int64(received)) {
			t.Errorf("%s: want %s with %d and %d:\n%s", via, want, sent, received, x.Format())
		}
	}
	for _, k := range talks() {
		t.Run(k.name, func(t *testing.T) {
			plain := talkServer(t, k.turns, nil)
			c, err := net.Dial("tcp", plain.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if err := k.have(c); err != nil {
				t.Fatalf("directly: %v", err)
			}
			if err := k.have(r.open(plain.Addr().String())); err != nil {
				t.Errorf("in a tunnel: %v", err)
			}
			check(t, k, "in a tunnel", false, false)
			for _, alpn := range [][]string{nil, k.alpn} {
				secure := talkServer(t, k.turns, site.chain.config(alpn...))
				tc := tls.Client(r.open(secure.Addr().String()), &tls.Config{RootCAs: trust, ServerName: originName, NextProtos: alpn})
				if err := k.have(tc); err != nil {
					t.Errorf("in TLS with ALPN %q: %v", alpn, err)
				}
				check(t, k, "in TLS", true, len(alpn) == 0)
			}
		})
	}
}

// TestMixedALPN has a client that offers HTTP and another protocol, which the
// origin server chooses.
func TestMixedALPN(t *testing.T) {
	site := newSite(t)
	roots := site.chain.pool()
	r := newRig(t, func(c *proxy.Config) { c.UpstreamCAs = roots })
	k := talk{turns: []string{"", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", "\x20\x02\x00\x00"}}
	secure := talkServer(t, k.turns, site.chain.config("mqtt"))
	tc := tls.Client(r.open(secure.Addr().String()), &tls.Config{RootCAs: r.roots(), ServerName: originName, NextProtos: []string{"h2", "mqtt"}})
	if err := k.have(tc); err != nil {
		t.Error(err)
	}
	if got := tc.ConnectionState().NegotiatedProtocol; got != "mqtt" {
		t.Errorf("agreed on %q", got)
	}
	if x := r.wait(1)[0]; x.Tunnel.Protocol != "mqtt" || x.Client.TLS == nil || x.Origin.TLS.ALPN != "mqtt" || x.Err != nil {
		t.Errorf("record:\n%s", x.Format())
	}
}

// TestALPNIsMirrored has origin servers of every kind answer clients of every
// kind: both agree on what they would have agreed on directly.
func TestALPNIsMirrored(t *testing.T) {
	site := newSite(t)
	roots := site.chain.pool()
	r := newRig(t, func(c *proxy.Config) { c.UpstreamCAs = roots })
	trust := r.roots()
	trust.AddCert(site.chain.cert)
	for _, speaks := range [][]string{nil, {"http/1.1"}, {"h2"}, {"h2", "http/1.1"}, {"http/1.0"}} {
		l := tls.NewListener(listen(t), site.chain.config(speaks...))
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { defer c.Close(); io.Copy(io.Discard, c) }()
			}
		}()
		for _, offered := range [][]string{nil, {"http/1.1"}, {"h2"}, {"h2", "http/1.1"}, {"http/1.1", "h2"}, {"http/1.0", "http/1.1"}, {"h2", "x"}} {
			agreed := func(c net.Conn) string {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(3 * time.Second))
				tc := tls.Client(c, &tls.Config{RootCAs: trust, ServerName: originName, NextProtos: offered})
				if err := tc.Handshake(); err != nil {
					return "failure"
				}
				return tc.ConnectionState().NegotiatedProtocol
			}
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			direct, through := agreed(c), agreed(r.open(l.Addr().String()))
			if direct != through && direct != "failure" { // a failure is told in HTTP
				t.Errorf("server %q, client %q: directly %q, through %q", speaks, offered, direct, through)
			}
		}
	}
}

// TestNameOfSNI has CONNECT say where, and SNI what: as curl --connect-to does.
func TestNameOfSNI(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		origin := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.TLS.ServerName, " ", r.Host)
		}))
		origin.EnableHTTP2 = h2
		site := newSite(t)
		origin.TLS = site.chain.config()
		origin.StartTLS()
		roots := site.chain.pool()
		r := newRig(t, func(c *proxy.Config) { c.UpstreamCAs = roots })
		authority := origin.Listener.Addr().String()
		tr := &http.Transport{
			ForceAttemptHTTP2: h2, TLSClientConfig: &tls.Config{RootCAs: r.roots()},
			DialContext: func(context.Context, string, string) (net.Conn, error) { return r.open(authority), nil },
		}
		for n := range 3 {
			resp, err := (&http.Client{Transport: tr}).Get("https://" + originName + "/")
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if want := originName + " " + originName; string(b) != want || resp.ProtoMajor == 2 != h2 {
				t.Errorf("%s %q, want %q", resp.Proto, b, want)
			}
			x := r.wait(n + 1)[n]
			host, port := x.Server()
			if _, want, _ := net.SplitHostPort(authority); host != originName || fmt.Sprint(port) != want || x.Origin.Authority != authority {
				t.Errorf("server %s:%d, want port %s:\n%s", host, port, want, x.Format())
			}
			if n == 1 {
				tr.CloseIdleConnections()
			}
		}
		tr.CloseIdleConnections()
		origin.Close()
	}
}

// TestTrueCauseToEveryClient has origin servers that cannot be used: each client
// is told why in the protocol that it speaks, whatever it offers.
func TestTrueCauseToEveryClient(t *testing.T) {
	site := newSite(t)
	untrusted := site.listenTLS(site.chain.config("h2", "http/1.1"), func(c net.Conn) { c.Close() })
	for _, c := range []struct {
		authority string
		code      exchange.ErrCode
	}{
		{"127.0.0.1:" + site.refusedPort(), exchange.ErrRefused},
		{"127.0.0.1:" + untrusted, exchange.ErrTLSUntrusted},
	} {
		for _, alpn := range [][]string{{"h2"}, {"h2", "http/1.1"}, {"http/1.1"}, nil} {
			r := newRig(t, nil)
			h2 := len(alpn) == 1 && alpn[0] == "h2"
			tr := &http.Transport{
				Protocols: new(http.Protocols),
				DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
					tc := tls.Client(r.open(c.authority), &tls.Config{RootCAs: r.roots(), ServerName: originName, NextProtos: alpn})
					return tc, tc.Handshake()
				},
			}
			tr.Protocols.SetHTTP2(h2)
			tr.Protocols.SetHTTP1(!h2)
			resp, err := (&http.Client{Transport: tr}).Get("https://" + originName + "/")
			if err != nil {
				t.Errorf("%s, ALPN %q: %v", c.code, alpn, err)
				continue
			}
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			tr.CloseIdleConnections()
			if resp.StatusCode != 502 || !strings.Contains(string(b), string(c.code)) || resp.ProtoMajor == 2 != h2 {
				t.Errorf("%s, ALPN %q: %s %s\n%s", c.code, alpn, resp.Proto, resp.Status, b)
			}
			if x := r.wait(1)[0]; x.Err == nil || x.Err.Code != c.code {
				t.Errorf("%s, ALPN %q: record:\n%s", c.code, alpn, x.Format())
			}
		}
		// One that speaks no HTTP gets no page; the record says why.
		for _, alpn := range [][]string{{"mqtt"}, nil} {
			r := newRig(t, nil)
			tc := tls.Client(r.open(c.authority), &tls.Config{InsecureSkipVerify: true, ServerName: originName, NextProtos: alpn})
			if err := tc.Handshake(); err == nil {
				io.WriteString(tc, "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
				_ = tc.SetReadDeadline(time.Now().Add(3 * time.Second))
				if b, err := io.ReadAll(tc); len(b) > 0 || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s, ALPN %q: got %q, %v", c.code, alpn, b, err)
				}
			}
			tc.Close()
			if x := r.wait(1)[0]; (x.Err == nil || x.Err.Code != c.code) && (len(alpn) == 0 || c.code == exchange.ErrRefused) {
				t.Errorf("%s, ALPN %q: record:\n%s", c.code, alpn, x.Format())
			}
		}
	}
}

// TestSilentBothWays has neither side speak, then the client: what it says is
// read as if it had spoken at once.
func TestSilentBothWays(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(echo))
	defer origin.Close()
	r := newRig(t, nil)
	c := r.open(strings.TrimPrefix(origin.URL, "http://"))
	defer c.Close()
	for _, piece := range []string{"", "G", "ET / HT", "TP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"} {
		time.Sleep(450 * time.Millisecond) // longer than what is taken for the end of another protocol's words
		io.WriteString(c, piece)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	if x := r.wait(1)[0]; x.Request.Method != "GET" || x.Err != nil {
		t.Errorf("record:\n%s", x.Format())
	}
}

// TestOriginEndsSilently has an origin server end the connection before the
// client says anything: the client sees that.
func TestOriginEndsSilently(t *testing.T) {
	l := listen(t)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	r := newRig(t, nil)
	c := r.open(l.Addr().String())
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(3 * time.Second))
	if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
}

// TestGarbageInTLS has a client that begins like TLS and is none: what it says
// arrives as it is.
func TestGarbageInTLS(t *testing.T) {
	for _, octets := range []string{"\x16\x03\x01\x00\x05\x01abcdefgh", "\x16\x00garbage", "\x16\x03\x01\x00\x10\x01\x00\x00\x0c\x03\x03" + strings.Repeat("x", 10)} {
		got := make(chan []byte, 1)
		l := listen(t)
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			b := make([]byte, len(octets))
			_ = c.SetReadDeadline(time.Now().Add(3 * time.Second))
			n, _ := io.ReadFull(c, b)
			got <- b[:n]
		}()
		r := newRig(t, nil)
		c := r.open(l.Addr().String())
		io.WriteString(c, octets)
		if b := <-got; !bytes.Equal(b, []byte(octets)) {
			t.Errorf("%q arrived as %q", octets, b)
		}
		c.Close()
		r.wait(1)
	}
}

// TestInterimFromUpstreamProxy has an upstream proxy send 1xx before its answer
// to CONNECT, in one piece and in several, and speak before the client does.
func TestInterimFromUpstreamProxy(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		interim      []int
		code         exchange.ErrCode
		detail       string
	}{
		{"none", "HTTP/1.1 200 Fine\r\n\r\n", nil, "", ""},
		{"100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Fine\r\n\r\n", []int{100}, "", ""},
		{"102 and 103", "HTTP/1.1 102 Processing\r\nA: b\r\n\r\n|HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.|1 204 Also\r\n\r\n", []int{102, 103}, "", ""},
		{"bare line feeds", "HTTP/1.0 199 x\n\nHTTP/1.0 200 y\nA: b\n\n", []int{199}, "", ""},
		{"refused after 103", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", []int{103}, exchange.ErrProxyRefused, "403 No"},
		{"407 after 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 407 Who\r\n\r\n", []int{100}, exchange.ErrProxyAuth, "407 Who"},
		{"101", "HTTP/1.1 101 Switching Protocols\r\n\r\n", nil, exchange.ErrProxyRefused, "101"},
		{"an end after 100", "HTTP/1.1 100 Continue\r\n\r\n!", []int{100}, exchange.ErrProxyFailed, "EOF"},
		{"no HTTP", "SSH-2.0-x\r\n\r\n", nil, exchange.ErrProxyFailed, "status line"},
		{"1xx without an end", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10000), nil, exchange.ErrProxyFailed, "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t)
			defer l.Close()
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close()
						if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
							return
						}
						answer, ends := strings.CutSuffix(c.answer, "!")
						for piece := range strings.SplitSeq(answer, "|") {
							io.WriteString(conn, piece)
							time.Sleep(10 * time.Millisecond)
						}
						if !ends {
							io.WriteString(conn, "first")
							io.Copy(conn, conn)
						}
					}()
				}
			}()
			r := newRig(t, func(pc *proxy.Config) {
				pc.UpstreamProxy = &url.URL{Scheme: "http", Host: l.Addr().String()}
				pc.Intercept = func(...string) bool { return c.code == "" } // what is not, has its CONNECT refused
			})
			conn, err := net.Dial("tcp", r.Addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\n\r\n")
			_ = conn.SetDeadline(time.Now().Add(3 * time.Second))
			if c.code == "" {
				want := "HTTP/1.1 200 Connection established\r\n\r\nfirst"
				got := make([]byte, len(want))
				if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
					t.Errorf("%q, %v", got, err)
				}
				conn.Close()
			} else if b, _ := io.ReadAll(conn); !strings.HasPrefix(string(b), "HTTP/1.1 502 ") || !strings.Contains(string(b), string(c.code)) {
				t.Errorf("%.300q", b)
			}
			x := r.wait(1)[0]
			var interim []int
			for i := range x.Interim {
				interim = append(interim, x.Interim[i].Status)
			}
			if c.name == "1xx without an end" {
				if len(interim) != 64 {
					t.Errorf("%d were kept", len(interim))
				}
				interim = nil
			}
			if !slices.Equal(interim, c.interim) || (x.Err == nil) != (c.code == "") || x.Err != nil && (x.Err.Code != c.code || !strings.Contains(x.Err.Detail, c.detail)) {
				t.Errorf("record:\n%.2000s", x.Format())
			}
		})
	}
}

// TestClientOnlyListens has a client end its half of the connection at once, as
// nc does with nothing to say: what the server says arrives all the same.
func TestClientOnlyListens(t *testing.T) {
	l := listen(t)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(io.Discard, c) // until the end of the client's half
				io.WriteString(c, "220 mx ESMTP\r\n")
			}()
		}
	}()
	r := newRig(t, nil)
	c := r.open(l.Addr().String())
	defer c.Close()
	c.(*net.TCPConn).CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(3 * time.Second))
	if b, err := io.ReadAll(c); err != nil || string(b) != "220 mx ESMTP\r\n" {
		t.Errorf("%q, %v", b, err)
	}
	if x := r.wait(1)[0]; x.Tunnel.Protocol != "smtp" || x.Tunnel.Received != 14 || x.Err != nil {
		t.Errorf("record:\n%s", x.Format())
	}
}

// TestClientsWithoutUserAgent has two programs that say nothing of themselves in
// CONNECT; their hellos tell them apart.
func TestClientsWithoutUserAgent(t *testing.T) {
	origin := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer origin.Close()
	r := newRig(t, trusting(origin))
	authority := strings.TrimPrefix(origin.URL, "https://")
	shake := func(roots *x509.CertPool, alpn ...string) error {
		tc := tls.Client(r.open(authority), &tls.Config{RootCAs: roots, ServerName: "example.com", NextProtos: alpn})
		defer tc.Close()
		if err := tc.Handshake(); err != nil {
			return err
		}
		fmt.Fprintf(tc, "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
		_, err := http.ReadResponse(bufio.NewReader(tc), nil)
		return err
	}
	theirs := origin.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for n := range 4 {
		if err := shake(theirs, "http/1.1"); (err != nil) != (n < 2) {
			t.Errorf("refusing, %d: %v", n, err)
		}
		r.wait(2*n + 1)
		if err := shake(r.roots()); err != nil {
			t.Errorf("trusting, %d: %v", n, err)
		}
		r.wait(2*n + 2)
	}
}

// TestKindsOfLeaves has clients that can use one kind of key only.
func TestKindsOfLeaves(t *testing.T) {
	origin := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer origin.Close()
	r := newRig(t, trusting(origin))
	authority := strings.TrimPrefix(origin.URL, "https://")
	for name, c := range map[string]struct {
		config *tls.Config
		rsa    bool
	}{
		"any":               {&tls.Config{}, false},
		"1.2":               {&tls.Config{MaxVersion: tls.VersionTLS12}, false},
		"1.2, RSA suites":   {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}, true},
		"1.2, ECDSA suites": {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}, false},
		"1.2, P-384 alone":  {&tls.Config{MaxVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.CurveP384}}, true},
	} {
		c.config.RootCAs, c.config.ServerName = r.roots(), "example.com"
		tc := tls.Client(r.open(authority), c.config)
		if err := tc.Handshake(); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		leaf := tc.ConnectionState().PeerCertificates[0]
		if _, isRSA := leaf.PublicKey.(*rsa.PublicKey); isRSA != c.rsa {
			t.Errorf("%s: the key is a %T", name, leaf.PublicKey)
		}
		tc.Close()
	}
}

// TestIncludedBySNI intercepts one host only, which TLS names and CONNECT does not.
func TestIncludedBySNI(t *testing.T) {
	origin := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer origin.Close()
	r := newRig(t, func(c *proxy.Config) {
		trusting(origin)(c)
		c.Intercept = func(names ...string) bool { return slices.Contains(names, "example.com") }
	})
	trust := r.roots()
	trust.AddCert(origin.Certificate())
	for name, intercepted := range map[string]bool{"example.com": true, "127.0.0.1": false} {
		tc := tls.Client(r.open(strings.TrimPrefix(origin.URL, "https://")), &tls.Config{RootCAs: trust, ServerName: name})
		if err := tc.Handshake(); err != nil {
			t.Fatal(err)
		}
		if ours := tc.ConnectionState().PeerCertificates[0].Issuer.String() == r.CA.Certificate().Subject.String(); ours != intercepted {
			t.Errorf("%s: intercepted %v", name, ours)
		}
		tc.Close()
	}
}
