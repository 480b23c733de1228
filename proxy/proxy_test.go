package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/proxy"
)

func trusting(s *httptest.Server) func(*proxy.Config) {
	return func(c *proxy.Config) {
		c.Insecure = nil
		pool := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		c.UpstreamCAs = pool
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Proto", r.Proto)
	w.Header().Set("X-Host", r.Host)
	w.Header().Set("X-Len", fmt.Sprint(len(b)))
	w.Write(b)
}

func TestPlainAndIntercepted(t *testing.T) {
	for _, c := range []struct {
		name        string
		tls, h2     bool
		clientProto string
	}{
		{"plain", false, false, "HTTP/1.1"},
		{"https h1", true, false, "HTTP/1.1"},
		{"https h2", true, true, "HTTP/2.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			origin := httptest.NewUnstartedServer(http.HandlerFunc(echo))
			if c.tls {
				origin.EnableHTTP2 = c.h2
				origin.StartTLS()
			} else {
				origin.Start()
			}
			defer origin.Close()
			r := newRig(t, func(pc *proxy.Config) {
				if c.tls {
					trusting(origin)(pc)
				}
			})
			client := r.client(c.h2)
			body := strings.Repeat("abc", 1000)
			for i := range 3 {
				u := origin.URL
				resp, err := client.Post(u+"/p?q=1", "text/plain", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				got, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if string(got) != body || resp.Proto != c.clientProto || resp.Header.Get("X-Proto") != c.clientProto {
					t.Fatalf("proto %s, origin saw %s, %d octets", resp.Proto, resp.Header.Get("X-Proto"), len(got))
				}
				x := r.wait(i + 1)[i]
				if x.Response.Status != 200 || x.Response.Content.Size != 3000 || x.Request.Content.Size != 3000 ||
					!x.Response.Content.Complete || !x.Request.Content.Complete || x.Err != nil {
					t.Errorf("record:\n%s", x.Format())
				}
				if x.URL() != u+"/p?q=1" {
					t.Errorf("URL %s, want %s", x.URL(), u)
				}
				if !c.h2 && (!x.Request.WireTrue() || !x.Response.WireTrue()) {
					t.Errorf("heads were not recorded:\n%s", x.Format())
				}
				if x.Client.Reused != (i > 0) || x.Origin.Reused != (i > 0) {
					t.Errorf("%d: reused client %v origin %v", i, x.Client.Reused, x.Origin.Reused)
				}
			}
		})
	}
}

func TestWebSocketLikeUpgrade(t *testing.T) {
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
				br := bufio.NewReader(c)
				if _, err := http.ReadRequest(br); err != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 101 Off We Go\r\nupgrade: odd/1\r\nConnection: upgrade\r\nX-A: b\r\n\r\nhello")
				io.Copy(c, br)
			}()
		}
	}()
	r := newRig(t, nil)
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET http://%s/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: odd/1\r\n\r\nearly", l.Addr())
	want := "HTTP/1.1 101 Off We Go\r\nupgrade: odd/1\r\nConnection: upgrade\r\nX-A: b\r\n\r\nhelloearly"
	got := make([]byte, len(want))
	c.SetReadDeadline(time.Now().Add(3 * time.Second))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v", got, err)
	}
	io.WriteString(c, "ping")
	if _, err := io.ReadFull(c, got[:4]); err != nil || string(got[:4]) != "ping" {
		t.Fatalf("got %q, %v", got[:4], err)
	}
	c.(*net.TCPConn).CloseWrite()
	rest, err := io.ReadAll(c)
	if err != nil || len(rest) != 0 {
		t.Fatalf("%q, %v", rest, err)
	}
	x := r.wait(1)[0]
	if x.Response.Status != 101 || x.Tunnel.Sent != 9 || x.Tunnel.Received != 14 {
		t.Errorf("record:\n%s", x.Format())
	}
}

func TestServerFirstIsTunnelled(t *testing.T) {
	l := listen(t)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "220 hello\r\n")
			io.Copy(c, c)
			c.Close()
		}
	}()
	r := newRig(t, nil)
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", l.Addr(), l.Addr())
	br := bufio.NewReader(c)
	if _, err := http.ReadResponse(br, &http.Request{Method: "CONNECT"}); err != nil {
		t.Fatal(err)
	}
	line, err := br.ReadString('\n')
	if err != nil || line != "220 hello\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	c.(*net.TCPConn).CloseWrite()
	io.ReadAll(br)
	x := r.wait(1)[0]
	if x.Request.Method != "CONNECT" || x.Response.Status != 200 || x.Tunnel.Received != 11 {
		t.Errorf("record:\n%s", x.Format())
	}
}

func TestH2CInsideConnect(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Config.Protocols.SetHTTP1(true)
	s.Start()
	defer s.Close()
	r := newRig(t, nil)
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	tr.DialContext = func(_ context.Context, _, addr string) (net.Conn, error) {
		c, err := net.Dial("tcp", r.Addr)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", addr, addr)
		b := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
		_, err = io.ReadFull(c, b)
		return c, err
	}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Get(s.URL + "/h2c")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	t.Logf("%s", b)
	if resp.ProtoMajor != 2 || resp.Header.Get("X-Proto") != "HTTP/2.0" {
		t.Errorf("%s, origin saw %s", resp.Proto, resp.Header.Get("X-Proto"))
	}
	if x := r.wait(1)[0]; x.Request.Version != exchange.HTTP2 || x.Scheme != "http" {
		t.Errorf("record:\n%s", x.Format())
	}
}

func TestRefusingClientIsTunnelled(t *testing.T) {
	origin := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer origin.Close()
	r := newRig(t, trusting(origin))
	client := r.client(false)
	client.Transport.(*http.Transport).TLSClientConfig = origin.Client().Transport.(*http.Transport).TLSClientConfig
	for i := range 3 {
		resp, err := client.Get(origin.URL)
		if (err == nil) != (i == 2) {
			t.Fatalf("%d: %v", i, err)
		}
		if err == nil {
			resp.Body.Close()
			continue
		}
		r.wait(i + 1)
	}
	client.CloseIdleConnections()
	records := r.wait(3)
	for _, x := range records[:2] {
		if x.Err == nil || x.Err.Code != exchange.ErrClientRefusedCA {
			t.Errorf("record:\n%s", x.Format())
		}
	}
	if d := records[1].Err.Detail; !strings.Contains(d, "sidenote passes 127.0.0.1 on unread for it until") {
		t.Errorf("detail %q", d)
	}
	if records[2].Err != nil || records[2].Tunnel.Received == 0 {
		t.Errorf("record:\n%s", records[2].Format())
	}
}

func TestMalformedRequestsAreAnsweredAndRecorded(t *testing.T) {
	r := newRig(t, nil)
	for i, c := range []struct{ raw, status, detail string }{
		{"GET\r\n\r\n", "400", "the request line is not METHOD TARGET HTTP/1.1"},
		{"GET http://a/ HTTP/1.1\r\nHost: a\r\nbad field: x\r\n\r\n", "400", "bad field"},
		{"GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", "Host"},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400", "speaks TLS"},
		{"GET http://a/ HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("y", 80<<10) + "\r\n\r\n", "431", "bytes"},
		{"FOO ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400", "scheme"},
	} {
		nc, err := net.Dial("tcp", r.Addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(nc, c.raw)
		nc.SetReadDeadline(time.Now().Add(3 * time.Second))
		resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		nc.Close()
		if !strings.HasPrefix(resp.Status, c.status) || !bytes.Contains(b, []byte(c.detail)) {
			t.Errorf("%d: %s\n%s", i, resp.Status, b)
		}
		x := r.wait(i + 1)[i]
		if x.Err == nil || !x.Response.Made || fmt.Sprint(x.Response.Status) != c.status || !strings.Contains(x.Err.Detail, c.detail) {
			t.Errorf("%d: record:\n%.2000s", i, x.Format())
		}
	}
}

func TestSetupPageAndLoops(t *testing.T) {
	r := newRig(t, nil)
	resp, err := http.Get("http://" + r.Addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 200 || !bytes.Contains(b, []byte("sidenote is listening")) {
		t.Errorf("%s\n%s", resp.Status, b)
	}
	resp, err = http.Get("http://" + r.Addr + "/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	b, _ = io.ReadAll(resp.Body)
	resp.Body.Close()
	if !bytes.Equal(b, r.CA.CertPEM()) {
		t.Errorf("%s\n%s", resp.Status, b)
	}
	// Through itself by a tunnel: refused as a loop.
	_, port, _ := net.SplitHostPort(r.Addr)
	client := r.client(false)
	resp, err = client.Get("https://localhost:" + port + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 508 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if x := r.wait(1)[0]; x.Err == nil || x.Err.Code != exchange.ErrLoop {
		t.Errorf("record:\n%s", x.Format())
	}
}

func TestExpectContinue(t *testing.T) {
	for _, accept := range []bool{true, false} {
		origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !accept {
				w.WriteHeader(http.StatusExpectationFailed)
				return
			}
			echo(w, r)
		}))
		r := newRig(t, nil)
		c, err := net.Dial("tcp", r.Addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST %s/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", origin.URL)
		c.SetReadDeadline(time.Now().Add(3 * time.Second))
		br := bufio.NewReader(c)
		line, err := br.ReadString('\n')
		want := "HTTP/1.1 417 Expectation Failed\r\n"
		if accept {
			want = "HTTP/1.1 100 Continue\r\n"
		}
		if line != want || err != nil {
			t.Fatalf("%q %v", line, err)
		}
		if accept {
			br.ReadString('\n')
			io.WriteString(c, "abc")
			resp, err := http.ReadResponse(br, nil)
			if err != nil || resp.Header.Get("X-Len") != "3" {
				t.Errorf("%v %v", resp, err)
			}
		}
		c.Close()
		x := r.wait(1)[0]
		if accept && (len(x.Interim) != 1 || x.Interim[0].Status != 100 || x.Err != nil) {
			t.Errorf("record:\n%s", x.Format())
		}
		origin.Close()
	}
}

// TestTLSResumptionTowardsOrigins: the second connection to an origin server
// resumes the session of the first, though it belongs to another client.
func TestTLSResumptionTowardsOrigins(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, h2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, h2 %v", tls.VersionName(version), h2), func(t *testing.T) {
				origin := httptest.NewUnstartedServer(http.HandlerFunc(echo))
				origin.EnableHTTP2 = h2
				origin.TLS = &tls.Config{MaxVersion: version}
				origin.StartTLS()
				defer origin.Close()
				r := newRig(t, trusting(origin))
				for i := range 3 {
					client := r.client(h2)
					resp, err := client.Get(origin.URL)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					client.CloseIdleConnections()
					facts := r.wait(i + 1)[i].Origin.TLS
					if facts == nil || facts.Version != version || facts.Resumed != (i > 0) {
						t.Errorf("connection %d: %+v", i, facts)
					}
				}
			})
		}
	}
}

func TestTLSResumption(t *testing.T) {
	origin := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer origin.Close()
	r := newRig(t, trusting(origin))
	cache := tls.NewLRUClientSessionCache(4)
	for i := range 2 {
		client := r.client(false)
		tr := client.Transport.(*http.Transport)
		tr.TLSClientConfig.ClientSessionCache = cache
		resp, err := client.Get(origin.URL)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		tr.CloseIdleConnections()
		if resp.TLS.DidResume != (i == 1) {
			t.Errorf("%d: resumed %v", i, resp.TLS.DidResume)
		}
	}
}
