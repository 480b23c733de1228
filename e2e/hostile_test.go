package e2e_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// weapons are what can steer a terminal, or make text look like another.
var weapons = map[string]string{
	"escape": "\x1b[31mred\x1b]0;title\x07\x1bc", "bell": "\x07", "C1": "\xc2\x9b31m", "raw C1": "\x9b31m",
	"bidi": "a\u202eb\u2066c\u2069", "delete": "\x7f\x08", "invisible": "a\u200bb\ufeff\u00ad", "line": "a\u2028b\u0085", "tag": "\U000e0041",
}

// isHarmless reports whether text can be shown on a terminal as it is. JSON may
// hold characters that are only invisible.
func isHarmless(text string, json bool) bool {
	steers := []*unicode.RangeTable{unicode.Bidi_Control, unicode.Zl, unicode.Zp}
	if !json {
		steers = append(steers, unicode.Cf)
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return false
			}
		}
		if r != '\n' && r != '\r' && (unicode.IsControl(r) || unicode.In(r, steers...)) {
			return false
		}
	}
	return true
}

// rawOrigin answers each connection with the octets that the path's weapon
// makes, and closes.
func rawOrigin(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
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
				c.SetDeadline(time.Now().Add(200 * time.Millisecond)) // what is tunnelled here is not HTTP
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err == nil {
					io.WriteString(c, hostileResponse(r.URL.Query().Get("at"), weapons[r.URL.Query().Get("with")]))
				}
			}()
		}
	}()
	return l.Addr().String()
}

// places are where a response can hold a weapon.
var places = []string{"reason", "value", "type", "location", "challenge", "json", "html", "trailer", "name", "status", "nul", "cookie", "allow", "retry", "range", "ours"}

func hostileResponse(at, w string) string {
	const end = "Connection: close\r\nContent-Length: 2\r\n\r\nok"
	content := func(status, kind, text string) string {
		return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", status, kind, len(text), text)
	}
	switch at {
	case "reason":
		return "HTTP/1.1 500 " + w + "\r\n" + end
	case "value":
		return "HTTP/1.1 200 OK\r\nServer: " + w + "\r\nCache-Control: " + w + "\r\nDate: " + w + "\r\nVary: " + w + "\r\n" + end
	case "type":
		return "HTTP/1.1 404 Not Found\r\nContent-Type: text/" + w + "\r\nContent-Encoding: " + w + "\r\n" + end
	case "location":
		return "HTTP/1.1 302 Found\r\nLocation: " + w + "\r\n" + end
	case "challenge":
		return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"" + w + "\", " + w + "\r\n" + end
	case "json":
		return content("400 Bad Request", "application/problem+json", `{"title": "`+w+`", "detail": "\u001b[2J`+w+`", "status": 500}`)
	case "html":
		return content("500 Internal Server Error", "text/html", "<html><title>"+w+"</title><h1>"+w+"</h1></html>")
	case "trailer":
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\nX-T: " + w + "\r\n\r\n"
	case "name":
		return "HTTP/1.1 200 OK\r\nX-" + w + ": 1\r\n" + end
	case "status":
		return "HTTP/1.1 " + w + " OK\r\n" + end
	case "nul":
		return "HTTP/1.1 200 OK\r\nX-Nul: a\x00" + w + "\r\n" + end
	case "cookie":
		return "HTTP/1.1 200 OK\r\nSet-Cookie: " + w + "=" + w + "; Path=" + w + "\r\n" + end
	case "allow":
		return "HTTP/1.1 405 No\r\nAllow: " + w + "\r\n" + end
	case "retry":
		return "HTTP/1.1 503 No\r\nRetry-After: " + w + "\r\n" + end
	case "range":
		return "HTTP/1.1 206 Partial\r\nContent-Range: bytes " + w + "\r\n" + end
	case "ours":
		return "HTTP/1.1 200 OK\r\nSidenote: " + w + "\r\nSidenote-Exchange: " + w + "\r\n" + end
	}
	return ""
}

// attack sends everything hostile through a proxy.
func attack(t *testing.T, proxy, origin string) (sent int) {
	t.Helper()
	for _, at := range places {
		for with := range weapons {
			sendRaw(t, proxy, fmt.Sprintf("GET http://%s/?at=%s&with=%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
				origin, at, strings.ReplaceAll(with, " ", "%20"), origin))
			sent++
		}
	}
	for _, w := range weapons {
		for _, request := range []string{
			"GET http://" + origin + "/" + w + "?at=value HTTP/1.1\r\nHost: " + origin + "\r\nConnection: close\r\n\r\n",
			"GE" + w + " http://" + origin + "/ HTTP/1.1\r\nHost: " + origin + "\r\nConnection: close\r\n\r\n",
			"GET http://" + origin + "/?at=retry&with=bell HTTP/1.1\r\nHost: " + w + "\r\nUser-Agent: " + w + "\r\nReferer: " + w + "\r\nConnection: close\r\n\r\n",
			"GET http://" + w + "/ HTTP/1.1\r\nHost: " + w + "\r\nConnection: close\r\n\r\n",
			"CONNECT " + w + ":443 HTTP/1.1\r\nHost: " + w + "\r\nUser-Agent: " + w + "\r\n\r\n",
			// A record with alert 48: the client does not trust us.
			"CONNECT " + origin + " HTTP/1.1\r\nHost: " + origin + "\r\nUser-Agent: " + w + "/1\r\n\r\n\x16\x03\x01\x00\x02\x00\x00\x15\x03\x03\x00\x02\x02\x30",
			w + "\r\n\r\n",
		} {
			sendRaw(t, proxy, request)
			sent++
		}
	}
	return sent
}

// sendRaw sends octets to an address and returns what comes back until the end.
func sendRaw(t *testing.T, address, octets string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, octets); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil && !isReset(err) {
		t.Errorf("%.200q: %v", octets, err)
	}
	return string(answer)
}

// TestTerminalIsSafe checks that what comes from the wire cannot steer a
// terminal, in every form of output.
func TestTerminalIsSafe(t *testing.T) {
	t.Parallel()
	origin := rawOrigin(t)
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			p := start(t, "--format", format, "--severity", "info", "--show-secrets")
			sent := attack(t, p.proxy, origin)
			p.stop()
			for name, o := range map[string]*output{"stdout": p.stdout, "stderr": p.stderr} {
				harmless(t, name, o.String(), format == "json")
			}
			if got := strings.Count(p.stdout.String(), "\n"); got < sent {
				t.Errorf("%d lines for %d requests", got, sent)
			}
			p.records(p.logFile) // can be read
		})
	}
}

// harmless checks each line.
func harmless(t *testing.T, name, text string, json bool) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if !isHarmless(line, json) {
			t.Errorf("%s: %q", name, line)
		}
	}
}

// TestTerminalIsSafeOnTerminal is the same on a terminal, for which lines are
// set out in another way.
func TestTerminalIsSafeOnTerminal(t *testing.T) {
	t.Parallel()
	script := need(t, "script")
	origin := rawOrigin(t)
	dir := t.TempDir()
	command := fmt.Sprintf("%s serve --listen 127.0.0.1:0 --admin off --severity info --show-secrets --ca-dir %s/ca", program(t), dir)
	c := exec.Command(script, "-q", "-e", "-f", "-c", command, os.DevNull)
	c.Env = append(plainEnv(dir), "NO_COLOR=1", "TERM=xterm")
	var out output
	c.Stdout, c.Stderr = &out, &out
	in, err := c.StdinPipe() // held open: at its end the terminal would hang up
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		c.Process.Kill()
		c.Wait()
	}()
	address := regexp.MustCompile(`proxy on http://(\S+)`)
	eventually(t, "the proxy is ready", func() bool { return address.MatchString(out.String()) })
	attack(t, address.FindStringSubmatch(out.String())[1], origin)
	last := "/last-of-all"
	sendRaw(t, address.FindStringSubmatch(out.String())[1], "GET http://"+origin+last+"?at=retry&with=bell HTTP/1.1\r\nHost: "+origin+"\r\nConnection: close\r\n\r\n")
	eventually(t, "the last exchange is shown", func() bool { return strings.Contains(out.String(), last) })
	if !strings.Contains(out.String(), "sidenote explain") {
		t.Error("the output is not that for a terminal")
	}
	harmless(t, "terminal", out.String(), false)
}

// TestCredentialsStay checks that Proxy-Authorization ends at the proxy, with
// and without --proxy-auth, and that no output holds it.
func TestCredentialsStay(t *testing.T) {
	t.Parallel()
	const user, password = "somebody", "correct-horse"
	credentials := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	a := newAuthority(t)
	clear, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if strings.HasPrefix(name, "Proxy-") {
				w.Header().Add("X-Leaked", name)
			}
		}
	}))
	for _, args := range [][]string{nil, {"--proxy-auth", user + ":" + password}} {
		t.Run(fmt.Sprint(len(args) > 0), func(t *testing.T) {
			p := start(t, append(args, "--upstream-ca", a.file)...)
			w := p.way(t)
			if len(args) > 0 {
				got := sendRaw(t, p.proxy, "GET "+clear.URL+"/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				if !strings.HasPrefix(got, "HTTP/1.1 407 ") || !strings.Contains(got, "Proxy-Authenticate: Basic ") {
					t.Errorf("without credentials: %.300q", got)
				}
			}
			for _, h2 := range []bool{false, true} {
				h := w.goClient(t, h2)
				h.Transport.(*http.Transport).Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: p.proxy, User: url.UserPassword(user, password)})
				for _, base := range []string{clear.URL, secure.URL} {
					resp := fetchWithGo(t, h, request{method: "GET", url: base + "/", field: "Proxy-Connection: keep-alive"})
					if resp.status != http.StatusOK || resp.field("X-Leaked") != "" {
						t.Errorf("%s: status %d, the origin server got %s", base, resp.status, resp.field("X-Leaked"))
					}
				}
			}
			p.stop()
			for name, text := range map[string]string{"stdout": p.stdout.String(), "stderr": p.stderr.String(), "log": readFile(t, p.logFile), "save": readFile(t, p.save)} {
				if strings.Contains(text, password) || strings.Contains(text, strings.TrimPrefix(credentials, "Basic ")) {
					t.Errorf("%s holds the password", name)
				}
			}
		})
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAdminStaysPrivate tries to reach the admin server through the proxy, and
// by names that a web page could make.
func TestAdminStaysPrivate(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, port, _ := strings.Cut(p.admin, ":")
	for _, host := range []string{"127.0.0.1", "localhost", "a.localhost", "127.0.0.2", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]", "127.1", "2130706433"} {
		for _, request := range []string{
			"GET http://" + host + ":" + port + "/metrics HTTP/1.1\r\nHost: " + p.admin + "\r\nConnection: close\r\n\r\n",
			"CONNECT " + host + ":" + port + " HTTP/1.1\r\nHost: " + p.admin + "\r\n\r\nGET /metrics HTTP/1.1\r\nHost: " + p.admin + "\r\nConnection: close\r\n\r\n",
		} {
			if got := sendRaw(t, p.proxy, request); strings.Contains(got, "go_goroutines") {
				t.Errorf("%.60q reaches the admin server: %.200q", request, got)
			}
		}
	}
	for _, c := range []struct {
		fields string
		status string
	}{
		{"Host: " + p.admin, "200"}, {"Host: localhost:" + port, "200"},
		{"Host: evil.test", "421"}, {"Host: 127.0.0.1.evil.test:" + port, "421"}, {"Host: localhost.evil.test", "421"},
		{"Host: " + p.admin + "\r\nOrigin: http://evil.test", "403"}, {"Host: " + p.admin + "\r\nOrigin: null", "403"},
	} {
		got := sendRaw(t, p.admin, "GET /metrics HTTP/1.1\r\n"+c.fields+"\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 "+c.status+" ") {
			t.Errorf("%q: %.100q, wanted status %s", c.fields, got, c.status)
		}
	}
	p.stop()
}
