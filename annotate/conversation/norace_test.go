//go:build !race

package conversation_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"sidenote/annotate/conversation"
	"sidenote/exchange"
)

// TestAddAllocates: ordinary traffic costs one allocation for each exchange, that
// of the text which is kept of it.
func TestAddAllocates(t *testing.T) {
	const clients, rounds = 2000, 6
	var all []*exchange.Exchange
	for i := range clients {
		x, err := exchange.ParseTexts(fmt.Sprintf("@ 0s\n> GET /api/r%d/%d?page=1\n> User-Agent: c%d\n> Accept: application/json\n> Accept-Encoding: gzip\n> Authorization: Bearer t%d\n"+
			"< 200\n< Content-Type: application/json\n< Date: Tue, 03 Mar 2026 12:00:00 GMT\n< Last-Modified: Mon, 02 Mar 2026 12:00:00 GMT\n< Cache-Control: private, max-age=1\n< ETag: \"v%d\"\n< Vary: Accept-Encoding\n<\n< {\"id\":%d,\"name\":\"a\"}\n",
			i%500, i, i, i, i, i))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, x[0])
	}
	s := conversation.NewState(conversation.Options{}, everything())
	start, n := all[0].Started, 0
	step := func(*exchange.Exchange, []conversation.Found) {}
	round := func() {
		for _, x := range all {
			x.Started = start.Add(time.Duration(n) * 10 * time.Millisecond)
			n++
			s.Add(x, step)
		}
	}
	for range rounds {
		round() // until there is nothing new to remember or to tell
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	round()
	runtime.ReadMemStats(&after)
	if each := float64(after.Mallocs-before.Mallocs) / clients; each > 1.02 {
		t.Errorf("%.2f allocations for each exchange, want 1", each)
	}
}

// TestMemoryOfStrangers: a peer that makes every client, host and path new, with
// texts as long as are kept, gets no more than the memory that was granted and a
// tenth of it.
func TestMemoryOfStrangers(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, granted := range []int64{4 << 20, conversation.DefaultBytes} {
		for _, long := range []int{8, 400} {
			before := heap()
			s := conversation.NewState(conversation.Options{Bytes: granted}, everything())
			for i := range 25_000 {
				x := parse(t, fmt.Sprintf("@ 0s\n> POST /r%d/%s\n> Host: h%d.test\n> User-Agent: agent %d\n> Cookie: sid=%d\n> Authorization: Bearer %d\n"+
					"< 429\n< Retry-After: 30\n< Set-Cookie: sid=%d\n< Content-Type: application/json\n<\n< {\"id\":%d}\n",
					i, strings.Repeat("a", long), i, i, i, i, i, i))[0]
				x.ID, x.Started = fmt.Sprint("x", i), x.Started.Add(time.Duration(i)*time.Millisecond)
				s.Add(x, func(*exchange.Exchange, []conversation.Found) {})
			}
			took, said := heap()-before, s.Stats().Bytes
			t.Logf("granted %d, text of %d: took %d (%.2f), said %d", granted, long, took, float64(took)/float64(granted), said)
			if took > granted+granted/10 {
				t.Errorf("granted %d, text of %d: %d octets", granted, long, took)
			}
			if s.Stats().Forgotten == 0 {
				t.Error("nothing was forgotten: the test shows nothing")
			}
			runtime.KeepAlive(s)
		}
	}
}
