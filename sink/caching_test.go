package sink_test

import (
	"bytes"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/sink"
)

const storable = `* id 7f3p
* started 2026-01-02T12:04:31.390Z
> GET /logo.svg HTTP/1.1
> Host: a.test
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 12:04:31 GMT
< Cache-Control: max-age=60
< ETag: "1"
<
`

// The verdict on caching is shown at severity info, once for a route, and is in
// records always.
func TestCachingIsShown(t *testing.T) {
	const words = "any cache may keep it, fresh for 1 minute (max-age); revalidated by ETag"
	for _, tty := range []bool{false, true} {
		var out bytes.Buffer
		c := sink.NewConsole(&out, sink.ConsoleOptions{Least: annotate.Info, Terminal: sink.Terminal{TTY: tty}})
		for range 3 {
			if err := c.Write(&annotate.Annotated{X: parse(t, storable)}); err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(out.String(), words); n != 1 {
			t.Errorf("terminal %v: said %d times, want once:\n%s", tty, n, out.String())
		}
		out.Reset()
		c = sink.NewConsole(&out, sink.ConsoleOptions{Least: annotate.Warn, Terminal: sink.Terminal{TTY: tty}})
		if err := c.Write(&annotate.Annotated{X: parse(t, storable)}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), words) {
			t.Errorf("terminal %v: said at severity warn:\n%s", tty, out.String())
		}
	}
	var out bytes.Buffer
	log := sink.NewJSONLog(&out, nil)
	if err := log.Write(&annotate.Annotated{X: parse(t, storable)}); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	want := `"sidenote.caching":{"storable":"shared","fresh_seconds":60,"from":"max-age","fresh_until":"2026-01-02T12:05:31Z","validator":"ETag","words":"` + words + `"}`
	if !strings.Contains(out.String(), want) {
		t.Errorf("the record lacks %s:\n%s", want, out.String())
	}
}
