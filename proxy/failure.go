package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"syscall"
	"time"

	"sidenote/exchange"
)

// A failure is an error whose code is known. It may be shared by the exchanges
// that waited for the same connection, so it is not changed once it is given.
type failure struct {
	code  exchange.ErrCode
	err   error
	tried *outbound // the connection as far as it got; nil when none was tried
}

// Error returns the text of the error inside.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns the error inside.
func (f *failure) Unwrap() error { return f.err }

// The causes with which contexts of this package end.
var (
	errConnectTimeout = errors.New("connect timeout")
	errTLSTimeout     = errors.New("tls handshake timeout")
	errHeadTimeout    = errors.New("response header timeout")
	errStalled        = errors.New("no content for as long as the idle timeout")
	errShutdown       = errors.New("the proxy is stopping")
)

// causeCode is the code of an exchange that was ended from outside. What is
// none of our causes comes from the server that speaks with the client, which
// ends the request's context when the client goes away.
func causeCode(cause error) exchange.ErrCode {
	switch {
	case errors.Is(cause, errHeadTimeout):
		return exchange.ErrHeadTimeout
	case errors.Is(cause, errStalled):
		return exchange.ErrStalled
	case errors.Is(cause, errShutdown):
		return exchange.ErrShutdown
	}
	return exchange.ErrClientGone
}

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

// isReset reports whether the other end aborted the connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

// isEnd reports whether the other end closed the connection.
func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// The alerts that tell causes apart (RFC 8446 §6).
const (
	alertHandshakeFailure = 40
	alertBadCertificate   = 42
	alertUnknownCA        = 48
	alertProtocolVersion  = 70
	alertCertificateReq   = 116
)

// plainAlert reads an alert record in clear (RFC 8446 §5.1): type 21, version
// 3.x, length 2, level, description.
func plainAlert(r []byte) (description uint8, ok bool) {
	if len(r) == 7 && r[0] == 21 && r[1] == 3 && r[3] == 0 && r[4] == 2 && (r[5] == 1 || r[5] == 2) {
		return r[6], true
	}
	return 0, false
}

// handshakeCode returns the code for an error of a TLS handshake with an origin
// server. sent is the alert that we sent, and asked says that the server
// wanted a client certificate.
func handshakeCode(ctx context.Context, err error, sent uint8, asked bool) exchange.ErrCode {
	var (
		record tls.RecordHeaderError
		verify *tls.CertificateVerificationError
	)
	alert, alerted := alertOf(err)
	switch {
	case errors.Is(context.Cause(ctx), errTLSTimeout):
		return exchange.ErrTLSTimeout
	case errors.As(err, &verify):
		return certificateCode(verify)
	case errors.As(err, &record):
		return exchange.ErrTLSNotTLS
	case alert == alertProtocolVersion, sent == alertProtocolVersion:
		return exchange.ErrTLSVersion
	case alert == alertCertificateReq,
		asked && (alert == alertHandshakeFailure || alert == alertBadCertificate || isEnd(err) || isReset(err)):
		return exchange.ErrTLSClientCert
	case alerted, isEnd(err), isReset(err):
		return exchange.ErrTLSHandshake
	}
	return exchange.ErrTLSFailed
}

// alertOf finds the alert that the other side sent. crypto/tls returns it as the
// error of a net.OpError, in a type of its own that is the alert's number.
func alertOf(err error) (alert tls.AlertError, ok bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return 0, false
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return tls.AlertError(v.Uint()), true
	}
	return 0, false
}

func certificateCode(err *tls.CertificateVerificationError) exchange.ErrCode {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &name):
		return exchange.ErrTLSWrongName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if invalid.Cert != nil && time.Now().Before(invalid.Cert.NotBefore) {
			return exchange.ErrTLSNotYetValid
		}
		return exchange.ErrTLSExpired
	case errors.As(err, &unknown):
		if isSelfSigned(err.UnverifiedCertificates[0]) {
			return exchange.ErrTLSSelfSigned
		}
		return exchange.ErrTLSUntrusted
	}
	return exchange.ErrTLSCertificate
}

// isSelfSigned reports whether a certificate is signed with its own key. Whose
// algorithm is too weak to be checked is taken at its word.
func isSelfSigned(c *x509.Certificate) bool {
	if !bytes.Equal(c.RawIssuer, c.RawSubject) {
		return false
	}
	var weak x509.InsecureAlgorithmError
	err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	return err == nil || errors.As(err, &weak)
}

// classifyRoundTrip says why a round trip failed. cause is why the exchange
// was ended from outside, o the connection that was used last; nil where there
// is none.
func classifyRoundTrip(err, cause error, o *outbound) *exchange.Err {
	var known *failure
	switch {
	case cause != nil:
		return &exchange.Err{Code: causeCode(cause), Detail: detailOf(cause)}
	case errors.As(err, &known):
		return &exchange.Err{Code: known.code, Detail: detailOf(known.err)}
	case o == nil:
		return &exchange.Err{Code: exchange.ErrUnknown, Detail: detailOf(err)}
	}
	return endFailure(err, o, nil)
}

// detailOf is what the library said, without the layers that say nothing, and
// with plain words for what package net says of an operation on a socket.
func detailOf(err error) string {
	s := err.Error()
	var op *net.OpError
	if errors.As(err, &op) {
		s = strings.Replace(s, op.Error(), socketDetail(op), 1)
	}
	for _, prefix := range []string{"net/http: ", "http: ", "http2: ", "HTTP/1.x transport connection broken: "} {
		s = strings.TrimPrefix(s, prefix)
	}
	return s
}

// socketDetail says with whom an operation failed, and why: "192.0.2.7:443:
// connection refused".
func socketDetail(op *net.OpError) string {
	var (
		dns  *net.DNSError
		call *os.SyscallError
	)
	why := op.Err.Error()
	switch {
	case errors.As(op.Err, &dns):
		return nameDetail(dns)
	case op.Timeout():
		why = "no answer in time"
	case errors.As(op.Err, &call):
		why = call.Err.Error()
	}
	doing := map[string]string{"dial": "", "read": "reading from ", "write": "writing to "}
	with, known := doing[op.Op]
	if !known || op.Addr == nil {
		return op.Error()
	}
	return with + op.Addr.String() + ": " + why
}

// nameDetail says what became of looking a name up, and who was asked.
func nameDetail(dns *net.DNSError) string {
	why := dns.Err
	switch {
	case dns.IsTimeout:
		why = "no answer in time"
	case dns.IsNotFound:
		why = "no such name"
	}
	if dns.Server != "" && !dns.IsTimeout {
		why += ", says " + dns.Server
	}
	return dns.Name + ": " + why
}

func firstOctets(b []byte, n int) []byte { return b[:min(len(b), n)] }

// endFailure says how a connection ended on which no response came. partial is
// what came of the head.
func endFailure(err error, o *outbound, partial []byte) *exchange.Err {
	ended := o.endedBy()
	if ended == nil {
		ended = err
	}
	e := &exchange.Err{Code: endCode(err, ended), Detail: detailOf(err)}
	switch {
	case e.Code == exchange.ErrTLSHandshake && o.asked, o.wantsCertificate() && len(partial) == 0 && isConnectionEnd(e.Code):
		e.Code = exchange.ErrTLSClientCert // TLS 1.3 lets the client go on before the server has judged
	case isConnectionEnd(e.Code) && len(partial) > 0:
		e.Detail = fmt.Sprintf("after %d bytes of the head, which end with %q", len(partial), partial[max(0, len(partial)-48):])
	}
	return e
}

func isConnectionEnd(c exchange.ErrCode) bool {
	return c == exchange.ErrResetBeforeHead || c == exchange.ErrClosedBeforeHead
}

// endCode returns the code of a connection that ended before a response. err is
// what the transport says, ended what the connection saw.
func endCode(err, ended error) exchange.ErrCode {
	alert, alerted := alertOf(err)
	if !alerted {
		alert, alerted = alertOf(ended)
	}
	var network net.Error
	switch {
	case alert == alertCertificateReq:
		return exchange.ErrTLSClientCert
	case alerted:
		return exchange.ErrTLSHandshake
	case isReset(err), isReset(ended):
		return exchange.ErrResetBeforeHead
	case isEnd(err), isEnd(ended):
		return exchange.ErrClosedBeforeHead
	case isUnreachable(err), isUnreachable(ended):
		return exchange.ErrUnreachable
	case errors.As(err, &network) && network.Timeout(), errors.As(ended, &network) && network.Timeout():
		return exchange.ErrHeadTimeout
	}
	return exchange.ErrUnknown
}
