package e2e_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// An opensslServer is an origin server that answers each request with a page,
// and speaks TLS as its options say.
type opensslServer struct {
	name    string
	key     string   // what the key is made of, as openssl req -newkey takes it
	cert    []string // further options of the certificate
	options []string // of openssl s_server

	weakness string // that the record names; "" for none
	missing  string // what sidenote says it lacks; "" where it reaches the server
	lax      bool   // curl does not reach it without being told to
}

func opensslServers() []opensslServer {
	named := []string{"-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"}
	rsa, ec := "rsa:2048", "ec"
	s := func(name, key, options string) opensslServer {
		return opensslServer{name: name, key: key, cert: named, options: strings.Fields(options)}
	}
	weak := func(o opensslServer, w string) opensslServer { o.weakness = w; return o }
	beyond := func(o opensslServer, m string) opensslServer { o.missing = m; return o }
	old := func(o opensslServer) opensslServer { o.lax = true; return o }
	all := []opensslServer{
		s("1.3", rsa, "-tls1_3"),
		s("1.2", rsa, "-tls1_2"),
		s("P-521", rsa, "-groups P-521"),
		weak(s("RSA key exchange", rsa, "-tls1_2 -cipher AES128-GCM-SHA256"), "RSA key exchange"),
		weak(s("RSA key exchange, 256", rsa, "-tls1_2 -cipher AES256-GCM-SHA384"), "RSA key exchange"),
		weak(s("RSA key exchange and CBC", rsa, "-tls1_2 -cipher AES128-SHA256"), "CBC"),
		weak(s("CBC", rsa, "-tls1_2 -cipher ECDHE-RSA-AES128-SHA"), "CBC"),
		weak(s("CBC, 256", rsa, "-tls1_2 -cipher ECDHE-RSA-AES256-SHA"), "CBC"),
		weak(s("CBC, ECDSA", ec, "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256"), "CBC"),
		weak(old(s("1.0", rsa, "-tls1 -cipher ALL@SECLEVEL=0")), "CBC"),
		old(s("SHA-1 alone", rsa, "-tls1_2 -cipher ALL@SECLEVEL=0 -sigalgs RSA+SHA1")),
		beyond(s("DHE", rsa, "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256"), "DHE-RSA-AES128-GCM-SHA256"),
		beyond(s("CBC with SHA-384", rsa, "-tls1_2 -cipher ECDHE-RSA-AES256-SHA384"), "ECDHE-RSA-AES256-SHA384"),
		beyond(s("CBC with SHA-384, ECDSA", ec, "-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384"), "ECDHE-ECDSA-AES256-SHA384"),
		beyond(old(s("CCM", ec, "-tls1_2 -cipher ECDHE-ECDSA-AES128-CCM")), "ECDHE-ECDSA-AES128-CCM"),
		beyond(s("X448", rsa, "-groups X448"), "X448"),
		beyond(s("X448 in 1.2", rsa, "-tls1_2 -groups X448 -cipher ECDHE-RSA-AES128-GCM-SHA256"), "X448"),
		beyond(s("ffdhe2048", rsa, "-tls1_3 -groups ffdhe2048"), "ffdhe2048"),
		beyond(s("Ed448", "ed448", "-tls1_3"), "Ed448"),
		beyond(s("Ed448 in 1.2", "ed448", "-tls1_2"), "Ed448"),
		{name: "negative serial number", key: rsa, cert: append([]string{"-set_serial", "-5"}, named...), weakness: "negative serial number"},
		{name: "common name alone", key: rsa, missing: "Common Name"},
	}
	return all
}

// issue makes a certificate that signs itself.
func (o *opensslServer) issue(t *testing.T, openssl, dir string) (cert, key string) {
	t.Helper()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	args := []string{"req", "-x509", "-nodes", "-newkey", o.key, "-subj", "/CN=localhost", "-days", "30", "-keyout", key, "-out", cert}
	if o.key == "ec" {
		args = append(args, "-pkeyopt", "ec_paramgen_curve:P-256")
	}
	if out, err := exec.Command(openssl, append(args, o.cert...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return cert, key
}

// serve starts the server. It returns the port.
func (o *opensslServer) serve(t *testing.T, openssl, cert, key string) (port int) {
	t.Helper()
	port = freePorts(t, 1)[0]
	cmd := exec.Command(openssl, append([]string{"s_server", "-accept", fmt.Sprintf("127.0.0.1:%d", port), "-cert", cert, "-key", key, "-www"}, o.options...)...)
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	eventually(t, "openssl listens", func() bool {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil || strings.Contains(out.String(), "rror")
	})
	return port
}

// TestOldAndOddServers asks servers that browsers and current libraries leave
// alone, directly and through. Those within Go's reach are reached, and what is
// weak is named; of the others sidenote says that it is its own limit.
func TestOldAndOddServers(t *testing.T) {
	openssl, curl := need(t, "openssl"), need(t, "curl")
	for _, o := range opensslServers() {
		t.Run(o.name, func(t *testing.T) {
			dir := t.TempDir()
			cert, key := o.issue(t, openssl, dir)
			port := o.serve(t, openssl, cert, key)
			p := start(t, "--upstream-ca", cert)
			target := fmt.Sprintf("https://localhost:%d/", port)
			get := func(args ...string) (string, error) {
				out, err := exec.Command(curl, append([]string{"-sS", "--max-time", "10", target}, args...)...).CombinedOutput()
				return string(out), err
			}
			if out, err := get("--noproxy", "*", "--cacert", cert); (err == nil) == o.lax {
				t.Fatalf("directly: %v\n%s", err, tail(out, 600))
			}
			out, err := get("--proxy", p.url().String(), "--cacert", filepath.Join(p.caDir, "ca.pem"))
			if err != nil || strings.Contains(out, "tls_unsupported") != (o.missing != "") || !strings.Contains(out, o.missing) ||
				o.missing != "" && !strings.Contains(out, "--intercept all,-localhost") || o.missing == "" && !strings.Contains(out, "s_server") {
				t.Errorf("through: %v\n%s", err, tail(out, 1200))
			}
			p.stop()
			records := p.records(p.save)
			if len(records) != 1 {
				t.Fatalf("%d records", len(records))
			}
			connection, _ := records[0]["sidenote.origin"].(map[string]any)
			secured, _ := connection["tls"].(map[string]any)
			weakness, _ := secured["weakness"].(string)
			if (weakness != "") != (o.weakness != "") || !strings.Contains(weakness, o.weakness) {
				t.Errorf("weakness %q, want %q", weakness, o.weakness)
			}
			if noted := strings.Contains(fmt.Sprint(records[0]["sidenote.notes"]), "tls/weak-connection"); noted != (o.weakness != "") {
				t.Errorf("noted: %v", noted)
			}
		})
	}
}

// TestLeftOut leaves a host out that sidenote cannot reach: the client reaches it.
func TestLeftOut(t *testing.T) {
	openssl, curl := need(t, "openssl"), need(t, "curl")
	o := opensslServer{key: "ed448", cert: []string{"-addext", "subjectAltName=DNS:localhost"}}
	cert, key := o.issue(t, openssl, t.TempDir())
	port := o.serve(t, openssl, cert, key)
	p := start(t, "--intercept", "all,-localhost")
	for _, connectTo := range []string{"", fmt.Sprintf("::127.0.0.1:%d", port)} { // by the name of the tunnel, and by that of TLS
		out, err := exec.Command(curl, "-sS", "--max-time", "10", "--proxy", p.url().String(), "--cacert", cert, "--connect-to", connectTo,
			fmt.Sprintf("https://localhost:%d/", port)).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "s_server") {
			t.Errorf("--connect-to %q: %v\n%s", connectTo, err, tail(string(out), 600))
		}
	}
	p.stop()
	for _, r := range p.records(p.logFile) {
		if r["error.type"] != nil || fmt.Sprint(r["sidenote.tunnel"].(map[string]any)["protocol"]) != "tls" {
			t.Errorf("record: %v", r)
		}
	}
}

// TestOldClients has clients that know only RSA, or only old TLS.
func TestOldClients(t *testing.T) {
	curl := need(t, "curl")
	a := newAuthority(t)
	_, secure := servers(t, a, nil)
	for _, c := range []struct {
		name     string
		settings []string
		curl     []string
		says     string // in the record, where it fails
	}{
		{"RSA suites", nil, []string{"--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256"}, ""},
		{"1.2", nil, []string{"--tls-max", "1.2"}, ""},
		{"1.3", nil, []string{"--tlsv1.3"}, ""},
		{"CBC alone", nil, []string{"--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-SHA"}, "--client-tls-min 1.1"},
		{"CBC alone, wanted", []string{"--client-tls-min", "1.1"}, []string{"--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-SHA"}, ""},
		{"RSA key exchange, wanted", []string{"--client-tls-min", "1.0"}, []string{"--tls-max", "1.2", "--ciphers", "AES128-SHA"}, ""},
		{"1.1", nil, []string{"--tls-max", "1.1", "--tlsv1.0", "--ciphers", "ALL:@SECLEVEL=0"}, "--client-tls-min 1.1"},
		{"1.1, wanted", []string{"--client-tls-min", "1.0"}, []string{"--tls-max", "1.1", "--tlsv1.0", "--ciphers", "ALL:@SECLEVEL=0"}, ""},
		{"1.2 where 1.3 is wanted", []string{"--client-tls-min", "1.3"}, []string{"--tls-max", "1.2"}, "--client-tls-min 1.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, append([]string{"--upstream-ca", a.file}, c.settings...)...)
			out, err := exec.Command(curl, append([]string{"-sS", "--max-time", "10", "--proxy", p.url().String(),
				"--cacert", filepath.Join(p.caDir, "ca.pem"), secure.URL}, c.curl...)...).CombinedOutput()
			if (err == nil) != (c.says == "") {
				t.Errorf("%v\n%s", err, out)
			}
			p.stop()
			records := p.records(p.logFile)
			if len(records) != 1 || !strings.Contains(records[0].text("sidenote.error.detail"), c.says) || (records[0]["error.type"] != nil) != (c.says != "") {
				t.Errorf("records %v", records)
			}
		})
	}
}

// TestClientCertificate has an origin server ask for a client certificate.
func TestClientCertificate(t *testing.T) {
	openssl, curl := need(t, "openssl"), need(t, "curl")
	dir := t.TempDir()
	o := opensslServer{key: "rsa:2048", cert: []string{"-addext", "subjectAltName=DNS:localhost"}}
	cert, key := o.issue(t, openssl, dir)
	both := filepath.Join(dir, "both.pem")
	certPEM, _ := os.ReadFile(cert)
	keyPEM, _ := os.ReadFile(key)
	if err := os.WriteFile(both, append(certPEM, keyPEM...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		o.options = []string{version, "-Verify", "1", "-verify_return_error", "-CAfile", cert}
		port := o.serve(t, openssl, cert, key)
		for _, c := range []struct {
			settings []string
			ok       bool
		}{
			{nil, false},
			{[]string{"--client-cert", "other.test=" + both}, false},
			{[]string{"--client-cert", "localhost=" + cert + "," + key}, true},
			{[]string{"--client-cert", "other.test=" + both, "--client-cert", "*.localhost=" + both, "--client-cert", "localhost=" + both}, true},
		} {
			p := start(t, append([]string{"--upstream-ca", cert}, c.settings...)...)
			out, err := exec.Command(curl, "-sS", "--max-time", "10", "--proxy", p.url().String(), "--cacert", filepath.Join(p.caDir, "ca.pem"),
				fmt.Sprintf("https://localhost:%d/", port)).CombinedOutput()
			reached, named := strings.Contains(string(out), "s_server"), strings.Contains(string(out), "tls_client_certificate_required")
			if err != nil || reached != c.ok || named == c.ok || named && !strings.Contains(string(out), "--client-cert HOST=") {
				t.Errorf("%s, %q: %v\n%s", version, c.settings, err, tail(string(out), 900))
			}
			p.stop()
		}
	}
}

// TestTwoPrograms has one program refuse the CA while others trust it: those are
// read as before. The first is told of on each of its tunnels.
func TestTwoPrograms(t *testing.T) {
	curl := need(t, "curl")
	a := newAuthority(t)
	_, secure := servers(t, a, nil)
	p := start(t, "--upstream-ca", a.file)
	get := func(agent, trust string) error {
		return exec.Command(curl, "-sS", "--max-time", "10", "--proxy", p.url().String(), "-A", agent, "--cacert", trust, secure.URL).Run()
	}
	for n := range 4 {
		if err := get("browser/1", a.file); (err != nil) != (n < 2) {
			t.Errorf("refusing, %d: %v", n, err)
		}
		if err := get("program/1", filepath.Join(p.caDir, "ca.pem")); err != nil {
			t.Errorf("trusting, %d: %v", n, err)
		}
	}
	p.stop()
	read, told := 0, 0
	for _, r := range p.records(p.save) {
		notes := fmt.Sprint(r["sidenote.notes"])
		switch {
		case r.text("http.request.method") == "GET":
			read++
		case r["error.type"] == nil && strings.Contains(notes, "tls/certificate-refused") && strings.Contains(notes, "2 times since"):
			told++
		}
	}
	if read != 4 || told != 2 {
		t.Errorf("%d read, %d told, want 4 and 2", read, told)
	}
}

// TestOtherProtocols has programs speak other protocols than HTTP in tunnels, in
// clear and in TLS: each tunnel is recorded by the protocol's name, and nothing is
// complained of.
func TestOtherProtocols(t *testing.T) {
	a := newAuthority(t)
	_, _, cert := a.leaf(t)
	p := start(t, "--upstream-ca", a.file, "--severity", "info")
	var want []string
	for _, c := range []struct{ name, greets, says, answers string }{
		{"imap", "* OK IMAP4rev1\r\n", "a LOGOUT\r\n", "* BYE\r\n"},
		{"smtp", "220 mx ESMTP\r\n", "QUIT\r\n", "221 bye\r\n"},
		{"redis", "", "*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
		{"mqtt", "", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", "\x20\x02\x00\x00"},
		{"sip", "", "OPTIONS sip:a SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n"},
	} {
		for _, secure := range []bool{false, true} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if secure {
				l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
			}
			defer l.Close()
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				io.WriteString(conn, c.greets)
				if _, err := io.ReadFull(conn, make([]byte, len(c.says))); err == nil {
					io.WriteString(conn, c.answers)
				}
			}()
			conn, read := connectTo(t, p, l.Addr().String()) // which may have read the greeting already
			if secure {
				conn = handshake(t, p, conn)
				read = bufio.NewReader(conn)
			}
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			got := make([]byte, len(c.greets))
			if _, err := io.ReadFull(read, got); err != nil || string(got) != c.greets {
				t.Fatalf("%s: %q, %v", c.name, got, err)
			}
			io.WriteString(conn, c.says)
			if rest, err := io.ReadAll(read); err != nil || string(rest) != c.answers {
				t.Errorf("%s: %q, %v", c.name, rest, err)
			}
			conn.Close()
			want = append(want, c.name)
		}
	}
	p.stop()
	var got []string
	for _, r := range p.records(p.save) {
		tunnel, _ := r["sidenote.tunnel"].(map[string]any)
		got = append(got, fmt.Sprint(tunnel["protocol"]))
		if r["error.type"] != nil || len(r.complaints()) > 0 || r.text("sidenote.verdict") != "ok" {
			t.Errorf("%v: %v, %v", tunnel, r["error.type"], r["sidenote.notes"])
		}
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

// TestNoCAFolder intercepts nothing, so that no folder for a CA is needed.
func TestNoCAFolder(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(nowhere, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a := newAuthority(t)
	_, secure := servers(t, a, nil)
	p := start(t, "--intercept", "none", "--ca-dir", filepath.Join(nowhere, "ca"))
	out, err := exec.Command(need(t, "curl"), "-sS", "--max-time", "10", "--proxy", p.url().String(), "--cacert", a.file, secure.URL).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	p.stop()
	if records := p.records(p.logFile); len(records) != 1 || records[0]["error.type"] != nil {
		t.Errorf("records: %v", records)
	}
}
