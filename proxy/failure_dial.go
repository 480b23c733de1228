package proxy

import (
	"context"
	"errors"
	"net"
	"syscall"

	"sidenote/exchange"
)

// proxyFailure turns a failure to reach the upstream proxy into one of its own.
func proxyFailure(err error) error {
	if errors.Is(err, errLoop) {
		return err
	}
	return &failure{code: exchange.ErrProxyFailed, err: err}
}

// classifyDial returns an error of opening a connection its code.
func classifyDial(ctx context.Context, err error) error {
	var known *failure
	if errors.As(err, &known) {
		return err
	}
	code := exchange.ErrConnectFailed
	var dns *net.DNSError
	switch {
	case isExhausted(err):
		code = exchange.ErrExhausted
	case errors.Is(err, errLoop):
		code = exchange.ErrLoop
	case errors.As(err, &dns):
		code = dnsCode(dns)
	case errors.Is(err, syscall.ECONNREFUSED):
		code = exchange.ErrRefused
	case isUnreachable(err):
		code = exchange.ErrUnreachable
	case isTimeout(err), errors.Is(context.Cause(ctx), errConnectTimeout):
		code = exchange.ErrConnectTimeout
	}
	return &failure{code: code, err: err}
}

// isTimeout reports whether a time limit, ours or the system's, ended a call.
// The dialer's own may strike before the context that it was taken from.
func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func dnsCode(err *net.DNSError) exchange.ErrCode {
	switch {
	case err.IsNotFound:
		return exchange.ErrDNSNotFound
	case err.IsTimeout:
		return exchange.ErrDNSTimeout
	}
	return exchange.ErrDNSFailed
}

func isUnreachable(err error) bool {
	return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTDOWN)
}
