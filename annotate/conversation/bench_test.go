package conversation_test

import (
	"fmt"
	"testing"
	"time"

	"sidenote/annotate/conversation"
	"sidenote/exchange"
)

// BenchmarkAdd is the cost of an exchange with all rules, from 10,000 clients to
// 1,000 routes.
func BenchmarkAdd(b *testing.B) {
	var all []*exchange.Exchange
	for i := range 10_000 {
		x, err := exchange.ParseTexts(fmt.Sprintf("@ 0s\n> GET /r%d/%d\n> User-Agent: c%d\n< 200\n< Content-Type: application/json\n< ETag: \"a\"\n<\n< {\"id\":%d}\n", i%1000, i%7, i, i))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, x[0])
	}
	s := conversation.NewState(conversation.Options{}, everything())
	start := all[0].Started
	step := func(*exchange.Exchange, []conversation.Found) {}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		x := all[i%len(all)]
		x.Started = start.Add(time.Duration(i) * time.Millisecond)
		s.Add(x, step)
	}
}
