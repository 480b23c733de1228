package h2_test

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/summerwind/h2spec/config"
	"github.com/summerwind/h2spec/generic"
	"github.com/summerwind/h2spec/hpack"
	spec "github.com/summerwind/h2spec/http2"
	h2spec "github.com/summerwind/h2spec/spec"

	"sidenote/proxy/h2"
)

// thinks is how long the origin server takes for an answer. Some cases speak on a
// stream after its request has ended; an answer at once could end it before.
const thinks = 50 * time.Millisecond

// TestH2spec has h2spec judge a server of x/net directly and through a relay.
// What it finds wrong through the relay alone would be the relay's.
func TestH2spec(t *testing.T) {
	origin := goOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(thinks)
		_, _ = w.Write([]byte(strings.Repeat("content", 100)))
	})
	judgeBoth(t, origin)
}

// TestH2specOfNode is TestH2spec with the server of Node, which is of another kind:
// nghttp2's.
func TestH2specOfNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no Node here")
	}
	const serve = `require('http2').createServer((_, r) => setTimeout(() => r.end('content'.repeat(100)), 50))` +
		`.listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
	c := exec.Command(node, "-e", serve)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	judgeBoth(t, "127.0.0.1:"+strings.TrimSpace(port))
}

// judgeBoth has h2spec judge a server through a relay, and directly what fails there.
func judgeBoth(t *testing.T, origin string) {
	t.Helper()
	b := newBook()
	b.broken = make(chan *h2.Fault, 1000) // there are many connections
	passed, failed := judge(t, front(t, origin, b))
	t.Logf("through the relay: %d passed, %d failed", passed, len(failed))
	if len(failed) == 0 {
		return
	}
	_, direct := judge(t, origin)
	for name, why := range failed {
		if _, too := direct[name]; too {
			t.Logf("the origin server's own: %s", name)
		} else {
			t.Errorf("%s: %v", name, why)
		}
	}
}

func judge(t *testing.T, addr string) (passed int, failed map[string]error) {
	out := os.Stdout
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout = null // h2spec prints there
	defer func() { os.Stdout = out; null.Close() }()
	host, port, _ := net.SplitHostPort(addr)
	c := &config.Config{Host: host, Path: "/", Timeout: 3 * time.Second, MaxHeaderLen: 4000, Strict: true}
	c.Port, _ = strconv.Atoi(port)
	failed = map[string]error{}
	var walk func(g *h2spec.TestGroup)
	walk = func(g *h2spec.TestGroup) {
		for _, tc := range append(g.Tests, g.StrictTests...) {
			switch r := tc.Result; {
			case r == nil:
				t.Errorf("%s %s was not run", g.ID(), tc.Desc)
			case r.Failed:
				failed[g.ID()+" "+tc.Desc] = r.Error
			case !r.Skipped:
				passed++
			}
		}
		for _, sub := range g.Groups {
			walk(sub)
		}
	}
	for _, g := range []*h2spec.TestGroup{generic.Spec(), spec.Spec(), hpack.Spec()} {
		g.Test(c)
		walk(g)
	}
	return passed, failed
}
