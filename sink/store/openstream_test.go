package store

import (
	"fmt"
	"testing"
	"time"

	"sidenote/exchange"
)

func TestOpenStream(t *testing.T) {
	s := New(Options{Messages: 2000})
	x := begun(1, time.Minute)
	s.Begin(x)
	if s.Stream("x1") != nil {
		t.Error("there are messages before the first")
	}
	say := func(n int64) {
		s.Message(x, exchange.FormatSSE, &exchange.StreamMessage{Number: n, Kind: exchange.KindEvent, Content: []byte(fmt.Sprint(n)),
			Faults: []exchange.MessageFault{{Code: exchange.FaultRetry}}})
	}
	say(1)
	o := s.Stream("x1")
	part := o.After(0, 10)
	if len(part.List) != 1 || part.Ended || part.Counts.Received != 1 || part.Counts.Format != exchange.FormatSSE || o.Of().ID != "x1" {
		t.Errorf("%+v", part)
	}
	for n := range int64(30) {
		say(n + 2)
	}
	select {
	case <-part.Changed:
	default:
		t.Error("who waits is not woken by a message")
	}
	part = o.After(30, 10)
	if len(part.List) != 1 || part.List[0].Number != 31 || part.Counts.Received != 31 || part.Counts.Dropped == 0 || part.Counts.Faults[0].Times != 31 {
		t.Errorf("%+v", part)
	}
	if all := o.After(0, 100); int64(len(all.List)) != 31-all.Counts.Dropped || all.List[0].Number != all.Counts.Dropped+1 {
		t.Errorf("%d messages, %d dropped, the first is %d", len(all.List), all.Counts.Dropped, all.List[0].Number)
	}
	if rows, _ := s.Running(0, 1); rows[0].Messages != 31 {
		t.Errorf("%d messages are running", rows[0].Messages)
	}
	part = o.After(31, 10)
	s.End(x)
	<-part.Changed
	if part = o.After(31, 10); !part.Ended || s.Stream("x1") != nil {
		t.Error("the stream has not ended with its exchange")
	}
	say(32) // of an exchange that does not run
	if part := o.After(31, 10); len(part.List) != 0 {
		t.Errorf("%+v", part)
	}
}
