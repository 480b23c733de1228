package proxy

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sidenote/exchange"
)

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

func TestClockStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 10 * time.Second
		var ended atomic.Pointer[error]
		c := &clock{end: func(cause error) { ended.Store(&cause) }}
		c.again(errStalled) // not set: stands still
		c.set(limit, errStalled)
		time.Sleep(limit - 1)
		c.again(errStalled)
		for range 5 { // each turn is given the whole time
			time.Sleep(limit - 1)
			c.again(errStalled)
		}
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
