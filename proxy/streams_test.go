package proxy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/exchange"
	"sidenote/proxy"
)

// openH2 opens a tunnel to an address and speaks HTTP/2 in it, by the frame.
func (r *rig) openH2(authority, name string) (*http2.Framer, *hpack.Encoder, *bytes.Buffer) {
	r.t.Helper()
	c := tls.Client(r.open(authority), &tls.Config{RootCAs: r.roots(), ServerName: name, NextProtos: []string{"h2"}})
	if err := c.Handshake(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		r.t.Fatal(err)
	}
	f := http2.NewFramer(c, c)
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = f.WriteSettings()
	block := new(bytes.Buffer)
	return f, hpack.NewEncoder(block), block
}

// ask writes a request head. Names that end with "!" are never indexed.
func ask(f *http2.Framer, enc *hpack.Encoder, block *bytes.Buffer, id uint32, end bool, pairs ...string) {
	block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		name, secret := strings.CutSuffix(pairs[i], "!")
		_ = enc.WriteField(hpack.HeaderField{Name: name, Value: pairs[i+1], Sensitive: secret})
	}
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: end, EndHeaders: true})
}

// next returns the next frame of a type.
func next[F http2.Frame](t *testing.T, f *http2.Framer) F {
	t.Helper()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatalf("waiting for %T: %v", *new(F), err)
		}
		if found, ok := frame.(F); ok {
			return found
		}
	}
}

// TestH2Record shows that the record holds a request as it came, and that the
// origin server gets it so.
func TestH2Record(t *testing.T) {
	got := make(chan string, 1)
	r, authority := newH2Origin(t, nil, func(w http.ResponseWriter, q *http.Request) {
		got <- q.RequestURI + " " + strings.Join(q.Header["Cookie"], "; ")
		w.Header()["X-B"] = []string{"1", "2"}
		w.WriteHeader(http.StatusNoContent)
	})
	f, enc, block := r.openH2(authority, originName)
	ask(f, enc, block, 1, true, ":path", "/a%2Fb|c/%7Eme/{x}/../%41?q=100%", ":method", "GET", ":scheme", "https", ":authority", originName,
		"x-b", "1", "cookie", "a=b", "x-a", "2", "x-b!", "3", "cookie", "c=d", "sidenote-ignore", "x", "te", "trailers")
	head := next[*http2.MetaHeadersFrame](t, f)
	if head.PseudoValue("status") != "204" || !head.StreamEnded() {
		t.Errorf("the client got %v, ended %v", head.Fields, head.StreamEnded())
	}
	if v := <-got; v != "/a%2Fb|c/%7Eme/{x}/../%41?q=100% a=b; c=d" {
		t.Errorf("the origin server got %s", v)
	}
	x := r.wait(1)[0]
	var lines []string
	for _, l := range x.Request.Fields.All() {
		lines = append(lines, l.Name+": "+l.Value)
	}
	want := "x-b: 1, cookie: a=b, x-a: 2, x-b: 3, cookie: c=d, sidenote-ignore: x, te: trailers"
	if s := strings.Join(lines, ", "); s != want || x.Request.Target != "/a%2Fb|c/%7Eme/{x}/../%41?q=100%" || x.Changed != exchange.ChangedIgnoreRemoved {
		t.Errorf("recorded %s %s, changed %v", x.Request.Target, s, x.Changed.Names())
	}
	if n := x.Request.NeverIndexed; len(n) != 1 || n[0] != 4+3 {
		t.Errorf("recorded as never indexed: %v", n)
	}
	if p := strings.Join(x.Request.Pseudo, " "); p != ":path :method :scheme :authority" || strings.Join(x.Response.Pseudo, " ") != ":status" {
		t.Errorf("recorded the pseudo-fields %s and %v", p, x.Response.Pseudo)
	}
	if x.Err != nil || x.Response.Status != 204 || !x.Response.Content.Complete || !x.Request.Content.Complete || x.Origin.Attempts != 1 || x.Origin.TLS == nil || x.Timing.RequestSent == 0 {
		t.Errorf("record:\n%s", x.Format())
	}
}

// newH2Origin starts an origin server that speaks HTTP/2, and a proxy before it.
func newH2Origin(t *testing.T, change func(*proxy.Config), handler http.HandlerFunc) (*rig, string) {
	site := newSite(t)
	s := httptest.NewUnstartedServer(handler)
	s.TLS = site.chain.config()
	s.EnableHTTP2 = true
	s.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, originConn{}, c) }
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := site.chain.pool()
	r := newRig(t, func(c *proxy.Config) {
		c.UpstreamCAs, c.Resolver = roots, site.resolver()
		if change != nil {
			change(c)
		}
	})
	return r, s.Listener.Addr().String()
}

// TestH2Refused has clients break rules, each on a stream of its own: the page or
// the code, and the record; the last is served.
func TestH2Refused(t *testing.T) {
	r, authority := newH2Origin(t, nil, func(w http.ResponseWriter, _ *http.Request) {})
	f, enc, block := r.openH2(authority, originName)
	ask(f, enc, block, 1, true, ":method", "GET", ":scheme", "https", ":path", "/", "connection", "close")
	if rst := next[*http2.RSTStreamFrame](t, f); rst.StreamID != 1 || rst.ErrCode != http2.ErrCodeProtocol {
		t.Errorf("got %v", rst)
	}
	large := strings.Repeat("x", 70<<10)
	block.Reset()
	for _, l := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"x-large", large}} {
		_ = enc.WriteField(hpack.HeaderField{Name: l[0], Value: l[1], Sensitive: true})
	}
	b := block.Bytes()
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, EndStream: true, BlockFragment: b[:16000]})
	for b = b[16000:]; len(b) > 0; b = b[min(len(b), 16000):] {
		_ = f.WriteContinuation(3, len(b) <= 16000, b[:min(len(b), 16000)])
	}
	if head := next[*http2.MetaHeadersFrame](t, f); head.StreamID != 3 || head.PseudoValue("status") != "431" {
		t.Errorf("got %v", head)
	}
	ask(f, enc, block, 5, true, ":method", "GET", ":scheme", "https", ":path", "/", ":authority", originName)
	if head := next[*http2.MetaHeadersFrame](t, f); head.StreamID != 5 || head.PseudoValue("status") != "200" {
		t.Errorf("got %v", head)
	}
	x := r.wait(3)
	for i, want := range []exchange.ErrCode{exchange.ErrRequestMalformed, exchange.ErrRequestHeadLarge} {
		if x[i].Err == nil || x[i].Err.Code != want || x[i].Request.Method != "GET" || x[i].Timing.Done == 0 {
			t.Errorf("record of stream %d:\n%.2000s", 2*i+1, x[i].Format())
		}
	}
	if x[2].Err != nil {
		t.Errorf("the last has %v", x[2].Err)
	}
}

// TestH2Aborted has an origin server abort its connection in the middle of a
// response, which the client sees as it would directly.
func TestH2Aborted(t *testing.T) {
	goOn := make(chan bool)
	r, authority := newH2Origin(t, nil, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-goOn
		reset(q.Context().Value(originConn{}).(net.Conn))
	})
	f, enc, block := r.openH2(authority, originName)
	ask(f, enc, block, 1, true, ":method", "GET", ":scheme", "https", ":path", "/", ":authority", originName)
	next[*http2.MetaHeadersFrame](t, f)
	goOn <- true
	for {
		if _, err := f.ReadFrame(); err != nil {
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the client's connection ended with %v", err)
			}
			break
		}
	}
	if x := r.wait(1)[0]; x.Err == nil || x.Err.Code != exchange.ErrTruncated {
		t.Errorf("record:\n%s", x.Format())
	}
}

// originConn is the key of the connection that a request came on.
type originConn struct{}

// TestH2Preface has a client that agreed on HTTP/2 say something else.
func TestH2Preface(t *testing.T) {
	r, authority := newH2Origin(t, nil, func(w http.ResponseWriter, _ *http.Request) {})
	for _, begin := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"} {
		n := len(r.records)
		c := tls.Client(r.open(authority), &tls.Config{RootCAs: r.roots(), ServerName: originName, NextProtos: []string{"h2"}})
		_, _ = io.WriteString(c, begin)
		if g := next[*http2.GoAwayFrame](t, http2.NewFramer(c, c)); g.ErrCode != http2.ErrCodeProtocol {
			t.Errorf("%q: %v", begin, g)
		}
		c.Close()
		if x := r.wait(n + 1)[n]; x.Err == nil || x.Err.Code != exchange.ErrClientH2 || !strings.Contains(x.Err.Detail, "preface") || x.Authority != authority {
			t.Errorf("%q: record:\n%s", begin, x.Format())
		}
	}
}

// TestH2Unreached tells a client that offers HTTP/2 alone why there is no answer,
// in HTTP/2.
func TestH2Unreached(t *testing.T) {
	site := newSite(t)
	for _, c := range []struct {
		authority string
		code      exchange.ErrCode
	}{
		{net.JoinHostPort(originName, site.refusedPort()), exchange.ErrRefused},
		{site.listenTLS(site.chain.config("h2"), hold), exchange.ErrTLSUntrusted},
		{"nobody.invalid:443", exchange.ErrDNSNotFound},
	} {
		r := newRig(t, func(pc *proxy.Config) { pc.Resolver = site.resolver() })
		if !strings.Contains(c.authority, ":") {
			c.authority = net.JoinHostPort(originName, c.authority)
		}
		tr := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: r.Addr}), TLSClientConfig: &tls.Config{RootCAs: r.roots()}, Protocols: new(http.Protocols)}
		tr.Protocols.SetHTTP2(true)
		for n := range 2 {
			resp, err := (&http.Client{Transport: tr}).Post("https://"+c.authority+"/", "text/plain", strings.NewReader("content"))
			if err != nil {
				t.Fatalf("%s: %v", c.authority, err)
			}
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			x := r.wait(n + 1)[n]
			if resp.StatusCode != 502 || resp.ProtoMajor != 2 || !strings.Contains(string(b), string(c.code)) || x.Err == nil || x.Err.Code != c.code {
				t.Errorf("%s: %s %d %s\n%s", c.authority, resp.Proto, resp.StatusCode, b, x.Format())
			}
		}
		tr.CloseIdleConnections()
	}
}

// TestH2Shutdown lets a stream end that runs when the proxy stops.
func TestH2Shutdown(t *testing.T) {
	begun, goOn := make(chan bool), make(chan bool)
	r, authority := newH2Origin(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		begun <- true
		<-goOn
		fmt.Fprint(w, "whole")
	})
	f, enc, block := r.openH2(authority, originName)
	ask(f, enc, block, 1, true, ":method", "GET", ":scheme", "https", ":path", "/", ":authority", originName)
	<-begun
	done := make(chan error)
	go func() { done <- r.Proxy.Shutdown(context.Background()) }()
	if g := next[*http2.GoAwayFrame](t, f); g.LastStreamID != 1 || g.ErrCode != http2.ErrCodeNo {
		t.Error(g)
	}
	close(goOn)
	if d := next[*http2.DataFrame](t, f); string(d.Data()) != "whole" {
		t.Errorf("%q", d.Data())
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if x := r.wait(1)[0]; x.Err != nil || !x.Response.Content.Complete {
		t.Errorf("record:\n%s", x.Format())
	}
}
