package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestDetailsAreInPlainWords has nothing of what Go calls its operations.
func TestDetailsAreInPlainWords(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 443}
	socket := func(op, call string, err error) error {
		return &net.OpError{Op: op, Net: "tcp", Addr: at, Err: os.NewSyscallError(call, err)}
	}
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{socket("dial", "connect", syscall.ECONNREFUSED), "192.0.2.7:443: connection refused"},
		{socket("read", "read", syscall.ECONNRESET), "reading from 192.0.2.7:443: connection reset by peer"},
		{socket("write", "write", syscall.EPIPE), "writing to 192.0.2.7:443: broken pipe"},
		{&net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: os.ErrDeadlineExceeded}, "192.0.2.7:443: no answer in time"},
		{fmt.Errorf("http2: after three frames: %w", socket("read", "read", syscall.ECONNRESET)), "after three frames: reading from 192.0.2.7:443: connection reset by peer"},
		{dial(&net.DNSError{Err: "no such host", Name: "shop.test", Server: "10.0.0.1:53", IsNotFound: true}), "shop.test: no such name, says 10.0.0.1:53"},
		{dial(&net.DNSError{Err: "i/o timeout", Name: "shop.test", Server: "10.0.0.1:53", IsTimeout: true}), "shop.test: no answer in time"},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "shop.test"}), "shop.test: server misbehaving"},
		{dial(errors.New("missing address")), "dial tcp: missing address"},
		{fmt.Errorf("net/http: %w", io.ErrUnexpectedEOF), "unexpected EOF"},
	} {
		if got := detailOf(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err = net.Dial("tcp", l.Addr().String()); err == nil || strings.Contains(detailOf(err), "dial") || !strings.HasPrefix(detailOf(err), l.Addr().String()+": ") {
		t.Errorf("%v becomes %q", err, detailOf(err))
	}
}
