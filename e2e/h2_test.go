package e2e_test

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNodeH2 has Node's HTTP/2 on both sides: trailers, 103, half-closed requests,
// extended CONNECT, and every code of RST_STREAM and GOAWAY from either side.
func TestNodeH2(t *testing.T) {
	t.Parallel()
	node, script := need(t, "node"), absolute(t, "testdata/h2.mjs")
	a := newAuthority(t)
	cert, key, _ := a.leaf(t)
	origin := exec.Command(node, script, "serve", cert, key)
	origin.Env = plainEnv(t.TempDir())
	out, err := origin.StdoutPipe()
	if err == nil {
		err = origin.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = origin.Process.Kill(); _ = origin.Wait() })
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	port = strings.TrimSpace(port)
	p := start(t, "--upstream-ca", a.file, "--annotate", "off")
	ask := func(w way, more ...string) []string {
		out, _ := w.run(t, nil, nil, node, append([]string{script, "ask", port, w.caFile}, more...)...)
		return strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	}
	direct, through := ask(directly(t, a)), ask(p.way(t), p.proxy)
	if d := cmp.Diff(direct, through); d != "" {
		t.Errorf("directly (-) and through the proxy (+):\n%s", d)
	}
	if len(direct) < 80 || !strings.Contains(direct[0], `\"x-sensitive\":\"cookie cookie secret\"`) {
		t.Errorf("the client saw only\n%s", strings.Join(direct, "\n"))
	}
	t.Logf("%d lines, the first: %s", len(direct), direct[0])
}
