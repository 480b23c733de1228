package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"golang.org/x/net/http2"

	"sidenote/exchange"
)

// A failure is an error whose code is known.
type failure struct {
	code exchange.ErrCode
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// The causes with which contexts of this package end.
var (
	errConnectTimeout = errors.New("connect timeout")
	errTLSTimeout     = errors.New("tls handshake timeout")
	errHeadTimeout    = errors.New("response header timeout")
	errStalled        = errors.New("no content for as long as the idle timeout")
	errShutdown       = errors.New("the proxy is stopping")
)

// proxyFailure turns a failure to reach the upstream proxy into one of its own.
func proxyFailure(err error) error {
	if errors.Is(err, errLoop) {
		return err
	}
	return &failure{exchange.ErrProxyFailed, err}
}

// classifyDial gives an error of opening a connection its code.
func classifyDial(ctx context.Context, err error) error {
	var known *failure
	if errors.As(err, &known) {
		return err
	}
	code := exchange.ErrConnectFailed
	var dns *net.DNSError
	switch {
	case errors.Is(err, errLoop):
		code = exchange.ErrLoop
	case errors.As(err, &dns):
		switch {
		case dns.IsNotFound:
			code = exchange.ErrDNSNotFound
		case dns.IsTimeout:
			code = exchange.ErrDNSTimeout
		default:
			code = exchange.ErrDNSFailed
		}
	case errors.Is(err, syscall.ECONNREFUSED):
		code = exchange.ErrRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTDOWN):
		code = exchange.ErrUnreachable
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT),
		errors.Is(context.Cause(ctx), errConnectTimeout):
		code = exchange.ErrConnectTimeout
	}
	return &failure{code, err}
}

// The alerts that tell causes apart (RFC 8446 §6).
const (
	alertHandshakeFailure = 40
	alertBadCertificate   = 42
	alertUnknownCA        = 48
	alertProtocolVersion  = 70
	alertCertificateReq   = 116
)

// classifyHandshake gives an error of a TLS handshake with an origin server its
// code. asked says that the server wanted a client certificate.
func classifyHandshake(ctx context.Context, err error, asked bool) error {
	return &failure{handshakeCode(ctx, err, asked), err}
}

func handshakeCode(ctx context.Context, err error, asked bool) exchange.ErrCode {
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		verify *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(context.Cause(ctx), errTLSTimeout):
		return exchange.ErrTLSTimeout
	case errors.As(err, &verify):
		return certificateCode(verify)
	case errors.As(err, &record):
		return exchange.ErrTLSNotTLS
	case alertOf(err, &alert):
		switch {
		case alert == alertProtocolVersion:
			return exchange.ErrTLSVersion
		case alert == alertCertificateReq, asked && (alert == alertHandshakeFailure || alert == alertBadCertificate):
			return exchange.ErrTLSClientCert
		}
		return exchange.ErrTLSHandshake
	case strings.Contains(err.Error(), "unsupported protocol version"), strings.Contains(err.Error(), "protocol version not supported"):
		return exchange.ErrTLSVersion
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return exchange.ErrTLSHandshake
	}
	return exchange.ErrTLSFailed
}

// alertOf finds the alert that the other side sent. crypto/tls wraps it in a
// net.OpError with Op "remote error".
func alertOf(err error, alert *tls.AlertError) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		if errors.As(op.Err, alert) {
			return true
		}
		for code := range 256 { // the wrapped type is not exported where it is not an AlertError
			if tls.AlertError(code).Error() == op.Err.Error() {
				*alert = tls.AlertError(code)
				return true
			}
		}
	}
	return false
}

func certificateCode(err *tls.CertificateVerificationError) exchange.ErrCode {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	leaf := err.UnverifiedCertificates[0]
	switch {
	case errors.As(err, &name):
		return exchange.ErrTLSWrongName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if invalid.Cert != nil && invalid.Cert.NotBefore.After(invalid.Cert.NotAfter) || strings.Contains(invalid.Detail, "is before") {
			return exchange.ErrTLSNotYetValid
		}
		return exchange.ErrTLSExpired
	case errors.As(err, &unknown):
		if leaf.CheckSignatureFrom(leaf) == nil || string(leaf.RawIssuer) == string(leaf.RawSubject) {
			return exchange.ErrTLSSelfSigned
		}
		return exchange.ErrTLSUntrusted
	}
	return exchange.ErrTLSCertificate
}

// classifyRoundTrip gives an error of a round trip its code. o is the
// connection that was used last, nil when there was none.
func classifyRoundTrip(err error, cause error, o *outbound, multi bool) *exchange.Err {
	e := &exchange.Err{Code: roundTripCode(err, cause, o, multi), Detail: detailOf(err)}
	if e.Code == exchange.ErrStatusLine && o != nil {
		e.Detail = fmt.Sprintf("the first octets are %q", firstOctets(o.recorder.partial(), 48))
	}
	return e
}

// detailOf is what the library said, without the layers that say nothing.
func detailOf(err error) string {
	s := err.Error()
	for _, prefix := range []string{"net/http: ", "http: ", "http2: ", "HTTP/1.x transport connection broken: "} {
		s = strings.TrimPrefix(s, prefix)
	}
	return s
}

func firstOctets(b []byte, n int) []byte { return b[:min(len(b), n)] }

func roundTripCode(err error, cause error, o *outbound, multi bool) exchange.ErrCode {
	var known *failure
	switch {
	case errors.As(err, &known):
		return known.code
	case cause != nil && errors.Is(cause, errHeadTimeout):
		return exchange.ErrHeadTimeout
	case cause != nil && errors.Is(cause, errStalled):
		return exchange.ErrStalled
	case cause != nil && errors.Is(cause, errShutdown):
		return exchange.ErrShutdown
	case cause != nil:
		return exchange.ErrClientGone
	}
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() {
		return exchange.ErrHeadTimeout
	}
	if multi {
		if code := h2Code(err); code != "" {
			return code
		}
	}
	return h1Code(err, o)
}

// h2Code knows the errors of x/net/http2.
func h2Code(err error) exchange.ErrCode {
	var (
		stream     http2.StreamError
		goAway     http2.GoAwayError
		connection http2.ConnectionError
	)
	switch {
	case errors.As(err, &goAway):
		return exchange.ErrH2GoAway
	case errors.As(err, &stream):
		if stream.Code == http2.ErrCodeProtocol && stream.Cause != nil {
			return exchange.ErrH2Protocol
		}
		return exchange.ErrH2Reset
	case errors.As(err, &connection):
		return exchange.ErrH2Protocol
	case strings.Contains(err.Error(), "frame too large"), strings.Contains(err.Error(), "received from server"):
		return exchange.ErrH2Protocol
	case strings.Contains(err.Error(), "GOAWAY"):
		return exchange.ErrH2GoAway
	case strings.Contains(err.Error(), "response header list larger"):
		return exchange.ErrHeadTooLarge
	}
	return ""
}

// h1Code reads the errors of net/http, most of which are texts, together with
// what the connection recorded.
func h1Code(err error, o *outbound) exchange.ErrCode {
	s := err.Error()
	var alert tls.AlertError
	switch {
	case alertOf(err, &alert):
		if alert == alertCertificateReq || o != nil && o.asked {
			return exchange.ErrTLSClientCert
		}
		return exchange.ErrTLSHandshake
	case strings.Contains(s, "malformed HTTP status code"), strings.Contains(s, "malformed HTTP response"),
		strings.Contains(s, "malformed HTTP version"):
		return exchange.ErrStatusLine
	case strings.Contains(s, "malformed MIME header"), strings.Contains(s, "invalid header field"),
		strings.Contains(s, "malformed header"):
		return exchange.ErrField
	case strings.Contains(s, "server response headers exceeded"), strings.Contains(s, "header list larger"),
		strings.Contains(s, "message too large"):
		return exchange.ErrHeadTooLarge
	case strings.Contains(s, "Content-Length"), strings.Contains(s, "transfer encoding"), strings.Contains(s, "Transfer-Encoding"):
		return exchange.ErrFraming
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return exchange.ErrResetBeforeHead
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(s, "server closed idle connection"),
		strings.Contains(s, "EOF"):
		return closedCode(o)
	}
	return exchange.ErrUnknown
}

// closedCode tells a close without a word from one in the middle of the head.
func closedCode(o *outbound) exchange.ErrCode {
	if o != nil {
		if b := o.recorder.partial(); len(b) > 0 && !strings.HasPrefix("HTTP/1.", string(firstOctets(b, 7))) {
			return exchange.ErrStatusLine
		}
	}
	return exchange.ErrClosedBeforeHead
}

// contentCode gives an error of reading response content its code.
func contentCode(err, cause error) exchange.ErrCode {
	s := err.Error()
	switch {
	case cause != nil && errors.Is(cause, errStalled):
		return exchange.ErrStalled
	case cause != nil && errors.Is(cause, errShutdown):
		return exchange.ErrShutdown
	case cause != nil:
		return exchange.ErrClientGone
	case strings.Contains(s, "chunk"), strings.Contains(s, "invalid byte in"):
		return exchange.ErrChunk
	case errors.Is(err, http.ErrBodyReadAfterClose):
		return exchange.ErrClientGone
	}
	if code := h2Code(err); code != "" {
		return code
	}
	return exchange.ErrTruncated
}
