package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mccutchen/go-httpbin/v2/httpbin"
)

// An authority is a CA for origin servers; sidenote gets it by --upstream-ca.
type authority struct {
	file string // PEM
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
	dir  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir(), pool: x509.NewCertPool()}
	a.key = newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "origin test CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	a.file = filepath.Join(a.dir, "ca.pem")
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// leaf makes a certificate for loopback, as files and for Go.
func (a *authority) leaf(t *testing.T) (certFile, keyFile string, c tls.Certificate) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "origin"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost", "origin.localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(a.dir, "leaf.pem"), filepath.Join(a.dir, "leaf.key")
	writePEM(t, certFile, "CERTIFICATE", der)
	writePEM(t, keyFile, "PRIVATE KEY", keyDER)
	return certFile, keyFile, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// An origin is one set of resources, in clear and over TLS.
type origin struct {
	clear, https string // "http://127.0.0.1:1234", "https://…"
	targets      []request
}

// requests asks for every target, in clear and over TLS.
func (o *origin) requests() (all []request) {
	for _, base := range []string{o.clear, o.https} {
		for _, r := range o.targets {
			r.url = base + r.target
			all = append(all, r)
		}
	}
	return all
}

// servers starts a handler in clear, where HTTP/2 with prior knowledge is
// spoken too, and over TLS.
func servers(t *testing.T, a *authority, h http.Handler) (clear, secure *httptest.Server) {
	t.Helper()
	clear = httptest.NewUnstartedServer(h)
	clear.Config.Protocols = new(http.Protocols)
	clear.Config.Protocols.SetHTTP1(true)
	clear.Config.Protocols.SetUnencryptedHTTP2(true)
	clear.Start()
	secure = httptest.NewUnstartedServer(h)
	_, _, cert := a.leaf(t)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(clear.Close)
	t.Cleanup(secure.Close)
	return clear, secure
}

// startHTTPBin serves go-httpbin, and /echo.
func startHTTPBin(t *testing.T, a *authority) *origin {
	t.Helper()
	clear, secure := servers(t, a, httpbinHandler())
	o := &origin{}
	o.clear, o.https = clear.URL, secure.URL
	o.targets = []request{
		{method: "GET", target: "/echo?q=%C3%A4+b%2Fc", field: "X-Asked: yes;  and more"},
		{method: "POST", target: "/echo", body: "{\"a\": \"ä\"}\n", field: "Content-Type: application/json"},
		{method: "PUT", target: "/echo", body: strings.Repeat("0123456789", 7000), field: "Content-Type: application/octet-stream"},
		{method: "DELETE", target: "/echo"},
		{method: "HEAD", target: "/html"},
		{method: "GET", target: "/html"},
		{method: "GET", target: "/bytes/70000?seed=7"},
		{method: "GET", target: "/stream-bytes/70000?seed=7"},
		{method: "GET", target: "/status/204"},
		{method: "GET", target: "/status/418"},
		{method: "GET", target: "/status/404"},
		{method: "GET", target: "/status/500"},
		{method: "GET", target: "/redirect-to?url=/html"},
		{method: "GET", target: "/cookies/set?flavour=plain"},
		{method: "GET", target: "/etag/tag", field: `If-None-Match: "tag"`},
		{method: "GET", target: "/range/1000", field: "Range: bytes=100-199"},
		{method: "GET", target: "/response-headers?X-Mixed=a&X-Mixed=b&Server-Timing=db%3Bdur%3D1"},
	}
	return o
}

// httpbinHandler is go-httpbin with /echo, which has fewer things in it that
// change.
func httpbinHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", echo)
	mux.Handle("/", httpbin.New().Handler())
	return mux
}

// echo answers with the request as it arrived, except for what belongs to the
// connection.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\nhost: %s\nlength: %d\n", r.Method, r.RequestURI, r.Host, r.ContentLength)
	var lines []string
	for name, values := range r.Header {
		if !hopByHop[strings.ToLower(name)] {
			lines = append(lines, fmt.Sprintf("%s: %q\n", strings.ToLower(name), values))
		}
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, "") + "\n")
	b.Write(body)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(b.Bytes())
}

// hopByHop are the fields that a proxy handles for itself (RFC 9110 §7.6.1).
var hopByHop = map[string]bool{
	"connection": true, "proxy-connection": true, "keep-alive": true, "te": true, "upgrade": true, "http2-settings": true,
	"transfer-encoding": true,
}

// startNginx serves files with nginx, in clear and over TLS with HTTP/2.
func startNginx(t *testing.T, a *authority) *origin {
	t.Helper()
	nginx := need(t, "nginx")
	o := &origin{}
	dir := t.TempDir()
	certFile, keyFile, _ := a.leaf(t)
	files := filepath.Join(dir, "files")
	if err := os.Mkdir(files, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"file.txt": strings.Repeat("all work and no play\n", 500), "page.html": "<!doctype html><title>nginx</title><p>here",
		"large.bin": strings.Repeat("\x00\x01\xfe\xff", 150_000), "data.json": `{"ok": true}`,
	} {
		file := filepath.Join(files, name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, time.Unix(1_700_000_000, 0), time.Unix(1_700_000_000, 0)); err != nil {
			t.Fatal(err)
		}
	}
	ports := freePorts(t, 2)
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`
daemon off; master_process off; pid %[1]s/pid; error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off; server_tokens off; default_type application/octet-stream;
  types { text/html html; text/plain txt; application/json json; }
  client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
  gzip on; gzip_types text/plain; gzip_min_length 100; gzip_vary on;
  server {
    listen 127.0.0.1:%[2]d; listen 127.0.0.1:%[3]d ssl http2;
    ssl_certificate %[4]s; ssl_certificate_key %[5]s;
    root %[6]s;
    location = /moved { return 301 /page.html; }
    location = /gone { return 410; }
    location = /text { add_header X-Two "one" always; add_header X-Two "two" always; return 200 "plain\n"; }
  }
}`, dir, ports[0], ports[1], certFile, keyFile, files)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(nginx, "-p", dir, "-c", config, "-e", "stderr")
	var errs output
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		if t.Failed() {
			t.Logf("nginx: %s", errs.String())
		}
	})
	o.clear, o.https = fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("https://127.0.0.1:%d", ports[1])
	eventually(t, "nginx listens: "+errs.String(), func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports[1]))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	o.targets = []request{
		{method: "GET", target: "/file.txt"},
		{method: "GET", target: "/file.txt", field: "Accept-Encoding: gzip"},
		{method: "HEAD", target: "/file.txt"},
		{method: "GET", target: "/large.bin"},
		{method: "GET", target: "/data.json"},
		{method: "GET", target: "/moved"},
		{method: "GET", target: "/gone"},
		{method: "GET", target: "/text"},
		{method: "GET", target: "/none"},
		{method: "GET", target: "/large.bin", field: "Range: bytes=5-1004"},
		{method: "GET", target: "/large.bin", field: "Range: bytes=9000000-"},
		{method: "GET", target: "/file.txt", field: "If-Modified-Since: " + time.Unix(1_700_000_000, 0).UTC().Format(http.TimeFormat)},
		{method: "POST", target: "/file.txt", body: "x=1", field: "Content-Type: application/x-www-form-urlencoded"},
	}
	return o
}

// freePorts finds ports that no one listens on.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
