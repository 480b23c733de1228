package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// TestPenOutlivesADeadline: a deadline that was set for a piece before does not
// shorten the time of the next, and nothing is written twice or lost.
func TestPenOutlivesADeadline(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	from, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	ctx, end := context.WithCancel(context.Background())
	defer end()
	p := newPen(ctx, from, time.Minute)
	all := make([]byte, 32<<20)
	for i := range all {
		all[i] = byte(i >> 8)
	}
	p.armed = time.Now().Add(20 * time.Millisecond)
	if err := from.SetWriteDeadline(p.armed); err != nil {
		t.Fatal(err)
	}
	struck := p.armed
	got := make(chan []byte)
	go func() {
		time.Sleep(time.Until(struck) + 20*time.Millisecond)
		b := make([]byte, len(all))
		_, _ = io.ReadFull(to, b)
		got <- b
	}()
	if n, err := p.write(from, all); n != len(all) || err != nil {
		t.Fatal(n, err)
	}
	if !bytes.Equal(<-got, all) {
		t.Error("other octets came")
	}
	p.limit, p.armed = 10*time.Millisecond, time.Time{}
	if n, err := p.write(from, all); !errors.Is(err, errNotTaken) || n == len(all) {
		t.Error(n, err)
	}
	end() // whoever ends it has set a deadline that stays
	if err := from.SetWriteDeadline(past); err != nil {
		t.Fatal(err)
	}
	if _, err := p.write(from, all); err == nil || errors.Is(err, errNotTaken) {
		t.Error(err)
	}
}
