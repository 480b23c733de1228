package e2e_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestRetryOnSameConnection sends a second request on a connection whose first
// one could not be answered by its origin server: it is not to be taken for
// the first.
func TestRetryOnSameConnection(t *testing.T) {
	t.Parallel()
	address := fmt.Sprintf("127.0.0.1:%d", freePorts(t, 1)[0])
	p := start(t)
	c, r := dialProxy(t, p)
	send := func(n int) *http.Response {
		t.Helper()
		fmt.Fprintf(c, "POST http://%s/retried HTTP/1.1\r\nHost: %s\r\nX-Attempt: %d\r\nContent-Length: 7\r\n\r\ncontent", address, address, n)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	first := send(1)
	io.Copy(io.Discard, first.Body)
	if first.StatusCode != http.StatusBadGateway {
		t.Fatalf("the first: %s", first.Status)
	}
	const pause = 300 * time.Millisecond
	time.Sleep(pause)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip(err) // another program took the port
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("X-Attempt")) })}
	go s.Serve(l)
	defer s.Close()
	second := send(2)
	if got, _ := io.ReadAll(second.Body); second.StatusCode != http.StatusOK || string(got) != "2" {
		t.Errorf("the second: %s; the origin server got attempt %q", second.Status, got)
	}
	c.Close()
	p.stop()
	records := p.records(p.save)
	if len(records) != 2 {
		t.Fatalf("%d records", len(records))
	}
	for i, r := range records {
		if got := fmt.Sprint(r["http.request.header.x-attempt"]); got != fmt.Sprintf("[%d]", i+1) {
			t.Errorf("record %d has attempt %s", i+1, got)
		}
	}
	at := func(r record) time.Time {
		got, err := time.Parse(time.RFC3339Nano, r.text("time"))
		if err != nil {
			t.Error(err)
		}
		return got
	}
	if between := at(records[1]).Sub(at(records[0])); between < pause {
		t.Errorf("the second began %s after the first", between)
	}
}

// dialProxy opens a connection to the proxy.
func dialProxy(t *testing.T, p *process) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", p.proxy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c, bufio.NewReader(c)
}

// connectTo opens a tunnel.
func connectTo(t *testing.T, p *process, authority string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, r := dialProxy(t, p)
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority)
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("CONNECT: %v, %v", resp, err)
	}
	return c, r
}

// handshake speaks TLS in a tunnel, trusting our CA alone.
func handshake(t *testing.T, p *process, c net.Conn) *tls.Conn {
	t.Helper()
	pem, err := os.ReadFile(p.caDir + "/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	tc := tls.Client(c, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	return tc
}

// TestSlowClientIsIntercepted keeps silent in a tunnel for longer than it takes
// to be thought of as waiting for the origin server.
func TestSlowClientIsIntercepted(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	_, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	p := start(t, "--upstream-ca", a.file)
	c, _ := connectTo(t, p, strings.TrimPrefix(secure.URL, "https://"))
	time.Sleep(1200 * time.Millisecond)
	tc := handshake(t, p, c)
	fmt.Fprintf(tc, "GET /late HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", strings.TrimPrefix(secure.URL, "https://"))
	resp, err := http.ReadResponse(bufio.NewReader(tc), nil)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Sidenote-Exchange") == "" {
		t.Errorf("%v, %v", resp, err)
	}
	tc.Close()
	p.stop()
	if records := p.records(p.logFile); len(records) != 1 || records[0].text("url.path") != "/late" {
		t.Errorf("records: %v", records)
	}
}

// TestServerSpeaksFirst tunnels a protocol that is not HTTP.
func TestServerSpeaksFirst(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				time.Sleep(600 * time.Millisecond)
				fmt.Fprint(c, "220 ready\r\n")
				line, _ := bufio.NewReader(c).ReadString('\n')
				fmt.Fprintf(c, "250 %s", line)
			}()
		}
	}()
	p := start(t)
	c, r := connectTo(t, p, l.Addr().String())
	greeting, err := r.ReadString('\n')
	if err != nil || greeting != "220 ready\r\n" {
		t.Fatalf("%q, %v", greeting, err)
	}
	fmt.Fprint(c, "EHLO x\r\n")
	rest, err := io.ReadAll(r)
	if err != nil || string(rest) != "250 EHLO x\r\n" {
		t.Errorf("%q, %v", rest, err)
	}
	p.stop()
	records := p.records(p.logFile)
	if len(records) != 1 || records[0]["error.type"] != nil {
		t.Fatalf("records: %v", records)
	}
	if got := fmt.Sprint(records[0]["sidenote.tunnel"]); got != "map[received:23 sent:8]" || records[0].text("sidenote.status.class") != "success" {
		t.Errorf("tunnel: %s, class %s", got, records[0].text("sidenote.status.class"))
	}
}

// TestSpareConnection opens a second connection beside one that is in use and
// closes it unused, as browsers do: that is not a refusal of our CA.
func TestSpareConnection(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	_, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	authority := strings.TrimPrefix(secure.URL, "https://")
	p := start(t, "--upstream-ca", a.file)
	used, _ := connectTo(t, p, authority)
	spare, _ := connectTo(t, p, authority)
	usedTLS, spareTLS := handshake(t, p, used), handshake(t, p, spare)
	spareTLS.Close()
	time.Sleep(50 * time.Millisecond)
	fmt.Fprintf(usedTLS, "GET /used HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", authority)
	io.Copy(io.Discard, usedTLS)
	time.Sleep(1200 * time.Millisecond) // for as long as a judgement takes
	if n := p.metric("sidenote_connects_total", `outcome="refused"`); n != 0 {
		t.Errorf("%v refusals", n)
	}
	p.stop()
	if records := p.records(p.logFile); len(records) != 1 || records[0].text("url.path") != "/used" {
		t.Errorf("records: %v", records)
	}
}

// TestRefusedCertificate has a client refuse our CA: it is told why, and from
// the third time on left alone.
func TestRefusedCertificate(t *testing.T) {
	t.Parallel()
	curl := need(t, "curl")
	a := newAuthority(t)
	_, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	p := start(t, "--upstream-ca", a.file)
	w := directly(t, a) // trusts the origin server's CA, and not ours
	for n := range 3 {
		_, errs := w.run(t, nil, []int{60}, curl, "-sS", "--max-time", "20", "--proxy", p.url().String(), secure.URL)
		if refused := len(errs) > 0; refused != (n < 2) {
			t.Errorf("attempt %d: %s", n+1, errs)
		}
	}
	p.stop()
	var got []string
	for _, r := range p.records(p.logFile) {
		got = append(got, fmt.Sprint(r["error.type"]))
	}
	if want := "client_refused_ca client_refused_ca <nil>"; strings.Join(got, " ") != want {
		t.Errorf("errors %q, want %s", got, want)
	}
	if n := strings.Count(p.stdout.String(), "curl/"); n == 0 || !strings.Contains(p.stdout.String(), "rejected our CA (alert 48") {
		t.Error("the console does not say who rejected our CA, and how")
	}
}
