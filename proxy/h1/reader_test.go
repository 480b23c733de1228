package h1

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// socketPair returns both ends of a TCP connection, and a reader of the first.
func socketPair(t *testing.T) (r *Reader, near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	o, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); o.Close() })
	return NewReader(c), c.(*net.TCPConn), o.(*net.TCPConn)
}

// waitReadable waits until something can be read on a connection.
func waitReadable(t *testing.T, c *net.TCPConn) {
	t.Helper()
	socket, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for LookAt(socket) == Quiet {
		time.Sleep(time.Millisecond)
	}
}

// TestFillAfter: on a quiet connection the act comes before the wait, once, and
// what it brings about is read; on one that octets have come on, or that has
// ended, it does not come.
func TestFillAfter(t *testing.T) {
	if !readsSockets {
		t.Skip("readers do not look here")
	}
	r, near, far := socketPair(t)
	if !r.Looks() {
		t.Fatal("it does not look before it waits")
	}
	for range 3 {
		acts := 0
		acted, err := r.FillAfter(func() {
			acts++
			if _, err := near.Write([]byte("ping")); err != nil {
				t.Error(err)
			}
			b := make([]byte, 4)
			if _, err := io.ReadFull(far, b); err != nil {
				t.Error(err)
			}
			if _, err := far.Write([]byte(string(b) + "!")); err != nil {
				t.Error(err)
			}
		})
		if !acted || acts != 1 || err != nil || string(r.Held()) != "ping!" {
			t.Fatalf("%v, %d times, %v, %q", acted, acts, err, r.Held())
		}
		r.Skip(5)
	}
	r.SetLimit(time.Now().Add(10 * time.Millisecond))
	if acted, err := r.FillAfter(func() {}); !acted || !errors.Is(err, ErrTimeout) {
		t.Errorf("%v, %v", acted, err)
	}
	r.SetLimit(time.Time{})
	never := func() { t.Error("the connection was taken for quiet") }
	if _, err := far.Write([]byte("unasked")); err != nil {
		t.Fatal(err)
	}
	waitReadable(t, near)
	if acted, err := r.FillAfter(never); acted || err != nil || string(r.Held()) != "unasked" {
		t.Errorf("%v, %v, %q", acted, err, r.Held())
	}
	if acted, _ := r.FillAfter(never); acted {
		t.Error("what is held was forgotten")
	}
	r.Skip(len(r.Held()))
	far.Close()
	waitReadable(t, near)
	if acted, err := r.FillAfter(never); acted || err != io.EOF || r.Err() != io.EOF {
		t.Errorf("%v, %v", acted, err)
	}
	if acted, err := r.FillAfter(never); acted || err != io.EOF {
		t.Errorf("%v, %v", acted, err)
	}
}
