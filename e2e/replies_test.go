package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A reply is what an origin server answers, as octets, and then ends the
// connection.
type reply struct{ name, octets string }

// oddReplies are replies of every kind that clients understand, or understand in
// part.
func oddReplies() (all []reply) {
	add := func(name, octets string) { all = append(all, reply{name, octets}) }
	addHead := func(name, head, body string) { add(name, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+body) }
	for _, status := range []string{
		"200 OK", "200 ", "200 Fine, Thanks", "201 Created", "202 Accepted", "203 Other", "206 Partial", "207 Multi-Status", "226 IM Used", "250 Odd", "299 Odd",
		"300 Choices", "301 Moved", "302 Found", "303 See Other", "305 Use Proxy", "306 Unused", "307 Temporary", "308 Permanent", "399 Odd",
		"400 Bad", "401 Who", "402 Pay", "403 No", "404 Gone?", "405 No", "406 No", "408 Late", "409 Conflict", "410 Gone", "411 L", "412 P", "413 Big", "414 Long",
		"415 T", "416 R", "417 E", "418 Teapot", "421 M", "422 U", "423 L", "424 F", "425 Early", "426 Up", "428 P", "429 Slow", "431 H", "451 Law", "499 Odd",
		"500 Oops", "501 No", "502 Bad Gateway", "503 Busy", "504 Late", "505 V", "507 Full", "508 Loop", "511 Net", "599 Odd",
	} {
		addHead("status "+status, "HTTP/1.1 "+status+"\nX-Order: 1\ncontent-length: 5\nx-case: kept", "hello")
	}
	framings := []struct{ name, version, lines, body string }{
		{"length", "1.1", "Content-Length: 5", "hello"},
		{"length and close", "1.1", "Content-Length: 5\nConnection: close", "hello"},
		{"keep-alive", "1.1", "Content-Length: 5\nConnection: keep-alive\nKeep-Alive: timeout=5", "hello"},
		{"empty", "1.1", "Content-Length: 0", ""},
		{"until the end", "1.1", "X-A: b", "until the end"},
		{"1.0 until the end", "1.0", "X-A: b", "until the end"},
		{"1.0 with a length", "1.0", "Content-Length: 5", "hello"},
		{"chunked", "1.1", "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"},
		{"many chunks", "1.1", "transfer-encoding: chunked", strings.Repeat("1\r\nx\r\n", 300) + "0\r\n\r\n"},
		{"chunk extensions", "1.1", "Transfer-Encoding: chunked", "5;a=b\r\nhello\r\n0;last\r\n\r\n"},
		{"hex in capitals", "1.1", "Transfer-Encoding: chunked", "0000A\r\n0123456789\r\n00\r\n\r\n"},
		{"trailers", "1.1", "Transfer-Encoding: chunked\nTrailer: X-Sum", "5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n"},
		{"unannounced trailers", "1.1", "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX-Late: 7\r\n\r\n"},
		{"Chunked", "1.1", "Transfer-Encoding: Chunked", "5\r\nhello\r\n0\r\n\r\n"},
		{"binary", "1.1", "Content-Length: 256", string(everyOctet())},
		{"large", "1.1", "Content-Length: 300000", strings.Repeat("0123456789", 30000)},
		{"large chunks", "1.1", "Transfer-Encoding: chunked", strings.Repeat("10000\r\n"+strings.Repeat("y", 1<<16)+"\r\n", 4) + "0\r\n\r\n"},
		{"cut short", "1.1", "Content-Length: 50", "hello"},
		{"cut at once", "1.1", "Content-Length: 50", ""},
		{"chunks cut short", "1.1", "Transfer-Encoding: chunked", "5\r\nhello\r\n"},
		{"a chunk cut short", "1.1", "Transfer-Encoding: chunked", "50\r\nhello"},
		{"looks like a head", "1.1", "Content-Length: 21", "HTTP/1.1 400 Bad\r\n\r\n."},
	}
	for _, f := range framings {
		for _, status := range []string{"200 OK", "404 Not Found", "500 Oops"} {
			addHead(f.name+" "+status, "HTTP/"+f.version+" "+status+"\n"+f.lines, f.body)
		}
	}
	for name, lines := range map[string]string{
		"twice": "Set-Cookie: a=1\nX-A: 1\nset-cookie: b=2\nX-A: 2", "empty value": "X-Empty:", "empty value and space": "X-Empty: ", "spaces": "X-S:    a   b   ", "tab": "X-T: a\tb",
		"Latin 1": "X-L: caf\xe9", "UTF-8": "X-U: caf\u00e9", "odd name": "!#$%&'*+-.^_`|~9: x", "digits": "123: 4", "long": "X-L: " + strings.Repeat("y", 9000), "many": strings.TrimSuffix(strings.Repeat("X-M: z\n", 80), "\n"),
		"gzip that is none": "Content-Encoding: gzip", "odd coding": "Content-Encoding: odd", "Location": "Location: /else", "odd Location": "Location: http://[", "Refresh": "Refresh: 0; url=/x",
		"Date twice": "Date: x\nDate: y", "Content-Type": "Content-Type: text/html; charset=odd", "no charset": "Content-Type: text/plain", "Alt-Svc": "Alt-Svc: h2=\":443\"", "Age": "Age: -1",
		"HSTS": "Strict-Transport-Security: max-age=1", "challenge": "WWW-Authenticate: Basic realm=\"x\"", "odd challenge": "WWW-Authenticate: Odd", "quotes": "X-Q: \"a\\\"b\"", "comma": "X-C: a,,b, ,",
		"colon": "X-C: a:b", "Server": "Server: odd/1 (x)", "Via": "Via: 1.0 other", "Warning": "Warning: 199 - \"x\"", "no space": "X-N:value", "Vary": "Vary: *",
	} {
		for _, status := range []string{"200 OK", "403 No"} {
			addHead("field "+name+" "+status, "HTTP/1.1 "+status+"\n"+lines+"\nContent-Length: 5", "hello")
		}
	}
	for _, first := range []string{"100 Continue", "102 Processing", "103 Early Hints\nLink: </a>", "103 A\n\nHTTP/1.1 103 B\nX: y", "199 Odd"} {
		for _, status := range []string{"200 OK", "404 No"} {
			addHead(fmt.Sprintf("interim %q %s", first, status), "HTTP/1.1 "+first+"\n\nHTTP/1.1 "+status+"\nContent-Length: 5", "hello")
		}
	}
	addHead("204", "HTTP/1.1 204 No Content\nX-A: b", "")
	addHead("204 with type", "HTTP/1.1 204 No Content\nContent-Type: text/plain", "")
	addHead("205", "HTTP/1.1 205 Reset Content\nContent-Length: 0", "")
	addHead("304", "HTTP/1.1 304 Not Modified\nETag: \"x\"", "")
	add("bare LF", "HTTP/1.1 200 OK\nX-A: b\nContent-Length: 5\n\nhello")
	add("folded", "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello")
	add("no reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello")
	return all
}

func everyOctet() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// serveReplies answers GET /N with reply N, and returns the URLs.
func serveReplies(t *testing.T, replies []reply) (urls []string) {
	t.Helper()
	address := eachConnection(t, func(c net.Conn) {
		_ = c.SetDeadline(time.Now().Add(patience))
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil || n >= len(replies) {
			return
		}
		_, _ = io.WriteString(c, replies[n].octets)
	})
	for n := range replies {
		urls = append(urls, fmt.Sprintf("http://%s/%d", address, n))
	}
	return urls
}

// TestOddReplies has programs fetch replies directly and through sidenote: each gets
// the same octets, and ends in the same way.
func TestOddReplies(t *testing.T) {
	replies := oddReplies()
	if len(replies) < 200 {
		t.Fatalf("%d replies are too few", len(replies))
	}
	urls := serveReplies(t, replies)
	p := start(t, "--annotate", "off", "--severity", "error")
	classes := t.TempDir()
	for name, fetch := range map[string]func(t *testing.T, proxy string) []string{
		"curl": func(t *testing.T, proxy string) []string { return oneByOne(t, urls, curlReply(need(t, "curl"), proxy)) },
		"wget": func(t *testing.T, proxy string) []string { return oneByOne(t, urls, wgetReply(need(t, "wget"), proxy)) },
		"urllib": func(t *testing.T, proxy string) []string {
			return inOne(t, urls, need(t, "python3"), absolute(t, "testdata/replies.py"), "urllib", proxy)
		},
		"http.client": func(t *testing.T, proxy string) []string {
			return inOne(t, urls, need(t, "python3"), absolute(t, "testdata/replies.py"), "http.client", proxy)
		},
		"Node": func(t *testing.T, proxy string) []string {
			return inOne(t, urls, need(t, "node"), absolute(t, "testdata/replies.js"), proxy)
		},
		"Java": func(t *testing.T, proxy string) []string {
			if out, err := exec.Command(need(t, "javac"), "-d", classes, "testdata/Replies.java").CombinedOutput(); err != nil {
				t.Fatalf("javac: %v\n%s", err, out)
			}
			return inOne(t, urls, need(t, "java"), "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Dhttp.nonProxyHosts=", "-cp", classes, "Replies", proxy)
		},
		"Go": func(t *testing.T, proxy string) []string { return goReplies(urls, proxy) },
	} {
		t.Run(name, func(t *testing.T) {
			direct, through := fetch(t, ""), fetch(t, p.proxy)
			if len(direct) != len(urls) || len(through) != len(urls) {
				t.Fatalf("%d directly and %d through sidenote, of %d", len(direct), len(through), len(urls))
			}
			failed, outcomes := 0, map[string]bool{}
			for i := range urls {
				if outcomes[direct[i]] = true; strings.HasPrefix(direct[i], "failed") {
					failed++
				}
				if direct[i] != through[i] {
					t.Errorf("%s\n directly: %.600s\n through:  %.600s", replies[i].name, direct[i], through[i])
				}
			}
			t.Logf("%d replies, of which %d fail; %d outcomes", len(urls), failed, len(outcomes))
			if failed > len(urls)/4 || len(outcomes) < len(urls)/2 {
				t.Errorf("the client understands too little")
			}
		})
	}
}

// inOne runs a program that reads all URLs and prints a line for each; an empty
// argument at the end is left out.
func inOne(t *testing.T, urls []string, name string, args ...string) []string {
	t.Helper()
	if args[len(args)-1] == "" {
		args = args[:len(args)-1]
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = plainEnv(t.TempDir())
	c.Stdin = strings.NewReader(strings.Join(urls, "\n") + "\n")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, &errs)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// oneByOne runs a program for each URL, four at once.
func oneByOne(t *testing.T, urls []string, run func(url string) string) []string {
	t.Helper()
	all := make([]string, len(urls))
	sideBySide(len(urls), 4, func(i int) { all[i] = run(urls[i]) })
	return all
}

// finished runs a program, and returns its exit code and the octets that it wrote.
func finished(c *exec.Cmd) string {
	c.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent"}
	out, _ := c.Output()
	return fmt.Sprintf("exit code %d, %q", c.ProcessState.ExitCode(), out)
}

// curlReply prints head and content as they came, raw and not decoded.
func curlReply(curl, proxy string) func(string) string {
	return func(u string) string {
		args := []string{"-q", "-s", "-i", "--raw", "--max-time", "15", u}
		if proxy != "" {
			args = append(args, "--noproxy", "", "-x", "http://"+proxy)
		}
		return finished(exec.Command(curl, args...))
	}
}

func wgetReply(wget, proxy string) func(string) string {
	return func(u string) string {
		args := []string{"--no-config", "-q", "-O", "-", "--save-headers", "--content-on-error", "--tries=1", "--timeout=15", "--max-redirect=0", "--no-hsts", u}
		if proxy != "" {
			args = append(args, "-e", "use_proxy=yes", "-e", "http_proxy=http://"+proxy)
		} else {
			args = append(args, "--no-proxy")
		}
		return finished(exec.Command(wget, args...))
	}
}

func goReplies(urls []string, proxy string) (all []string) {
	tr := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	if proxy != "" {
		tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: proxy})
	}
	for _, u := range urls {
		r, err := tr.RoundTrip(newGet(u))
		if err != nil {
			all = append(all, fmt.Sprintf("failed %T", err))
			continue
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		all = append(all, fmt.Sprintf("%s %s %v %v %d %x %v", r.Proto, r.Status, r.Header, r.Trailer, len(body), sha256.Sum256(body), err))
	}
	return all
}

func newGet(u string) *http.Request {
	r, err := http.NewRequest(http.MethodGet, u, nil)
	if err != nil {
		panic(err) // the tests make the URL
	}
	return r
}
