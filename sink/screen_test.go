package sink_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/golden"
	"sidenote/internal/printable"
	"sidenote/sink"
)

var (
	refused = &annotate.Rule{
		ID: "failure/connect-refused", Severity: annotate.Error, Blame: annotate.ByOrigin, Refs: []string{"RFC 9110 §15.6.3"},
		Help: "Check that the server runs and listens on this address and port.",
	}
	cookies = &annotate.Rule{
		ID: "cookie/without-secure", Severity: annotate.Warn, Blame: annotate.ByOrigin, Refs: []string{"RFC 6265 §8.3"},
		Help: "add Secure, as in: Set-Cookie: sid=…; Secure; HttpOnly; SameSite=Lax; Path=/",
	}
)

// screen is what the golden screens show: every kind of line, short and long.
func screen(t *testing.T) []*annotate.Annotated {
	facts := func(id, rest string) string {
		return "* id " + id + "\n* started 2026-01-02T12:04:31.390Z\n* scheme https\n* timing done=91ms\n" + rest
	}
	cookie := facts("7f3n", "> DELETE /v1/orders/17/items/"+strings.Repeat("a-long-name-", 8)+"?expand=all HTTP/1.1\n> Host: api.shop.test\n>\n"+
		"< HTTP/1.1 200 OK\n< Set-Cookie: "+strings.Repeat("theme=dark; ", 9)+"sid=31d4d96e407aad42; HttpOnly\n<\n< ok\n")
	cookieNotes := func(x *exchange.Exchange) []annotate.Note {
		p := exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: "Set-Cookie"}
		p.Start = strings.Index(x.Text(p), "sid=")
		p.End = p.Start + len("sid")
		first := note(cookies, "the cookie sid is sent over plain HTTP too, where anyone on the network can read it, since it lacks Secure", p)
		first.Accepted = "the old shop has no HTTPS yet; team-shop; until 2026-12-31"
		return []annotate.Note{first}
	}
	down := strings.Replace(failed, "dns_not_found \"no such host\"", "connect_refused \"127.0.0.1:9009: connection refused\"", 1)
	downNotes := func(*exchange.Exchange) []annotate.Note {
		return []annotate.Note{note(refused, "the connection was refused: 127.0.0.1:9009: connection refused", exchange.Place{})}
	}
	tunnel := facts("7f3p", "> CONNECT auth.shop.test:443 HTTP/1.1\n> Host: auth.shop.test:443\n> User-Agent: curl/8.9\n>\n")
	tunnel = strings.Replace(tunnel, "* timing", "* error client_refused_ca \"curl/8.9 rejected our CA (alert 48, unknown certificate authority)\"\n* timing", 1)
	return []*annotate.Annotated{
		annotated(t, ok, nil), annotated(t, conflict, conflictNotes), annotated(t, conflict, conflictNotes),
		annotated(t, cookie, cookieNotes), annotated(t, failed, nil), annotated(t, down, downNotes), annotated(t, tunnel, nil),
	}
}

// TestScreens holds the console to what people saw and found good, at the
// widths that terminals have.
func TestScreens(t *testing.T) {
	for _, width := range []int{60, 72, 80, 100, 160} {
		for _, kind := range []struct {
			name         string
			color, ascii bool
		}{{"", false, false}, {"-color", true, false}, {"-ascii", false, true}} {
			name := fmt.Sprintf("%d%s", width, kind.name)
			t.Run(name, func(t *testing.T) {
				var out strings.Builder
				c := sink.NewConsole(&out, sink.ConsoleOptions{
					Terminal: sink.Terminal{TTY: true, Color: kind.color, ASCII: kind.ascii, Width: func() int { return width }},
					Least:    annotate.Warn, Location: time.UTC,
				})
				for _, a := range screen(t) {
					if err := c.Write(a); err != nil {
						t.Fatal(err)
					}
				}
				checkScreen(t, out.String(), width, kind.color, kind.ascii)
				golden.Compare(t, filepath.Join("testdata", "screens", name+".txt"), out.String())
			})
		}
	}
}

// checkScreen looks for what no screen may have.
func checkScreen(t *testing.T, text string, width int, color, ascii bool) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch columns := printable.Columns(line); {
		case color:
		case columns > width && len(strings.Fields(line)) > 1:
			t.Errorf("%d columns: %q", columns, line)
		case ascii && !printable.IsPlain(line):
			t.Errorf("beyond ASCII: %q", line)
		}
	}
	if n := strings.Count(strings.Join(strings.Fields(text), " "), "connection refused"); n != 1 {
		t.Errorf("the failure is told %d times", n)
	}
}

// TestPlainCountsRepeats: what is piped says a thing once, too.
func TestPlainCountsRepeats(t *testing.T) {
	out, c := console(sink.ConsoleOptions{Least: annotate.Warn})
	for range 500 {
		if err := c.Write(annotated(t, conflict, conflictNotes)); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 500+2 || !strings.HasPrefix(lines[2], "help content/problem-status-mismatch send the same number") {
		t.Errorf("%d lines, the first:\n%s", len(lines), strings.Join(lines[:4], "\n"))
	}
	if want := " #7f3k again: content/problem-status-mismatch (500 times)"; !strings.HasSuffix(lines[501], want) {
		t.Errorf("the last line is %q", lines[501])
	}
}
