package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sidenote/exchange"
)

// FuzzHeadFault finds fault only with field lines that net/http refuses too.
func FuzzHeadFault(f *testing.F) {
	for _, s := range []string{
		"", "A: b", "A: b\r\nC : d", "no colon", " folded: x", "A: b\r\n folded", "A: b\x00", ": x", "Ä: x", "A: ä", "A: b\nC: d",
		"b@d: x", "A:\tb\t", "A: b\x7f", "A: b\rC: d", "A\r\n: b", "bad name: x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, fields string) {
		head := "HTTP/1.1 200 OK\r\n" + fields + "\r\n\r\n"
		fault := headFault([]byte(head))
		if fault == nil {
			return
		}
		if fault.Code != exchange.ErrField || fault.Detail == "" {
			t.Errorf("%v", fault)
		}
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head)), nil)
		if err == nil {
			resp.Body.Close()
			t.Errorf("net/http takes %q, in which we see %v", head, fault)
		}
	})
}

func TestHeadFault(t *testing.T) {
	for head, want := range map[string]exchange.ErrCode{
		"":                              "",
		"H":                             "",
		"HTTP/1.":                       "",
		"HTTP/1.1 20":                   "",
		"HTTP/1.1 200 OK\r\nno colon":   "", // its end may be still to come
		"HTTP/1.1 200 OK\r\nA: b\r\n":   "",
		"HTTP/1.0 200\n":                "",
		"HTTX":                          exchange.ErrStatusLine,
		"ICY 200 OK\r\n":                exchange.ErrStatusLine,
		"\r\nHTTP/1.1 200 OK\r\n":       exchange.ErrStatusLine,
		"HTTP/2 200\r\n":                exchange.ErrStatusLine,
		"HTTP/1.1 2000 OK\r\n":          exchange.ErrStatusLine,
		"HTTP/1.1 200 OK\r\nno colon\n": exchange.ErrField,
		"HTTP/1.1 200 OK\r\n\tA: b\r\n": exchange.ErrField,
		"HTTP/1.1 200 OK\r\n: b\r\n":    exchange.ErrField,
	} {
		var got exchange.ErrCode
		if e := headFault([]byte(head)); e != nil {
			got = e.Code
		}
		if got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

func TestSOCKSCode(t *testing.T) {
	for answers, want := range map[string]exchange.ErrCode{
		"":                         exchange.ErrProxyFailed,
		"\x05":                     exchange.ErrProxyFailed,
		"HTTP/1.1 400":             exchange.ErrProxyFailed,
		"\x05\xff":                 exchange.ErrProxyAuth,
		"\x05\x02":                 exchange.ErrProxyFailed,
		"\x05\x02\x01\x01":         exchange.ErrProxyAuth,
		"\x05\x02\x01\x00":         exchange.ErrProxyFailed,
		"\x05\x02\x01\x00\x05\x04": exchange.ErrProxyRefused,
		"\x05\x00\x05\x02":         exchange.ErrProxyRefused,
		"\x05\x00\x04\x02":         exchange.ErrProxyFailed,
		"\x05\x00\x05\x00\x00\x09": exchange.ErrProxyFailed,
	} {
		if got := socksCode([]byte(answers)); got != want {
			t.Errorf("%q: %s, want %s", answers, got, want)
		}
	}
}

func TestCauseComesBeforeWhatItLedTo(t *testing.T) {
	led := &failure{code: exchange.ErrConnectFailed, err: errors.New("operation was canceled")}
	for cause, want := range map[error]exchange.ErrCode{
		nil: exchange.ErrConnectFailed, errHeadTimeout: exchange.ErrHeadTimeout, errShutdown: exchange.ErrShutdown,
		io.ErrClosedPipe: exchange.ErrClientGone,
	} {
		if e := classifyRoundTrip(fmt.Errorf("dial: %w", led), cause, nil); e.Code != want {
			t.Errorf("cause %v: %s, want %s", cause, e.Code, want)
		}
	}
}

func TestClockRunsOnTheirTurnOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 10 * time.Second
		var ended atomic.Pointer[error]
		c := &clock{end: func(cause error) { ended.Store(&cause) }}
		c.theirTurn(errStalled) // not set: stands still
		c.set(limit, errStalled)
		time.Sleep(limit - 1)
		c.ourTurn(errStalled)
		time.Sleep(5 * limit)
		c.theirTurn(errStalled)
		for range 5 { // each turn is given the whole time
			time.Sleep(limit - 1)
			c.theirTurn(errStalled)
		}
		c.ourTurn(errHeadTimeout) // another clock's
		synctest.Wait()
		if ended.Load() != nil {
			t.Fatal("it ended early")
		}
		time.Sleep(limit)
		synctest.Wait()
		if e := ended.Load(); e == nil || *e != errStalled {
			t.Fatal("it did not end")
		}
		ended.Store(nil)
		c.set(limit, errHeadTimeout)
		c.stop()
		time.Sleep(2 * limit)
		synctest.Wait()
		if ended.Load() != nil {
			t.Error("it ended though it was stopped")
		}
	})
}

// TestTapEndThatIsNone has content that ends in good order after we cut it off.
func TestTapEndThatIsNone(t *testing.T) {
	var c exchange.Content
	var ended error
	tap := newContentTap(io.NopCloser(strings.NewReader("abc")), &c, 10, nil, func(err error) { ended = err })
	tap.cut = func() error { return errShutdown }
	if b, err := io.ReadAll(tap); string(b) != "abc" || err != errShutdown || ended != errShutdown || c.Complete || c.Size != 3 {
		t.Errorf("%q, %v, ended with %v, %+v", b, err, ended, &c)
	}
}
