package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"reflect"
	"time"

	"sidenote/exchange"
)

// The alerts that tell causes apart (RFC 8446 §6).
const (
	alertHandshakeFailure = 40
	alertBadCertificate   = 42
	alertUnknownCA        = 48
	alertProtocolVersion  = 70
	alertCertificateReq   = 116
	alertNoProtocol       = 120 // of those in ALPN (RFC 7301 §3.2)
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
