package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

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
	case errors.Is(cause, errNotTaken):
		return exchange.ErrDeliveryTimeout
	case errors.Is(cause, errShutdown):
		return exchange.ErrShutdown
	}
	return exchange.ErrClientGone
}

// isReset reports whether the other end aborted the connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

// isEnd reports whether the other end closed the connection.
func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

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
