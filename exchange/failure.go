package exchange

// An Err is the reason why an exchange failed. A failed exchange is not an
// error of the program: sidenote records, annotates and shows it.
type Err struct {
	Code   ErrCode
	Detail string // what the system or the library said, for experts
}

// Error returns the code and the detail.
func (e *Err) Error() string {
	if e.Detail == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Detail
}

// FailedIn is the phase in which the exchange failed, "" if it did not. It is
// that of the code, except for HTTP/2: its connections and streams end in the
// same ways before the head and after it.
func (x *Exchange) FailedIn() Phase {
	if x.Err == nil {
		return ""
	}
	f, _ := x.Err.Code.Lookup()
	if f.Phase == PhaseHead && x.Response.Status != 0 && !x.Response.Made {
		return PhaseContent
	}
	return f.Phase
}

// An ErrCode names a way for an exchange to fail. Codes are stable: logs,
// metrics and policies hold on to them.
type ErrCode string

// A Phase is a stage in the life of an exchange.
type Phase string

// The phases, in the order they come.
const (
	PhaseRequest  Phase = "request"  // reading the client's request
	PhaseDNS      Phase = "dns"      // looking the name up
	PhaseConnect  Phase = "connect"  // opening the connection
	PhaseProxy    Phase = "proxy"    // asking the upstream proxy
	PhaseTLS      Phase = "tls"      // the TLS handshake
	PhaseSend     Phase = "send"     // sending the request
	PhaseHead     Phase = "head"     // waiting for the response head
	PhaseContent  Phase = "content"  // receiving the response content
	PhaseDelivery Phase = "delivery" // passing the response to the client
)

// The codes.
const (
	ErrRequestMalformed ErrCode = "request_malformed"
	ErrRequestHeadLarge ErrCode = "request_head_too_large"
	ErrRequestTruncated ErrCode = "request_truncated"
	ErrRequestTimeout   ErrCode = "request_timeout"
	ErrLoop             ErrCode = "proxy_loop"

	ErrDNSNotFound ErrCode = "dns_not_found"
	ErrDNSTimeout  ErrCode = "dns_timeout"
	ErrDNSFailed   ErrCode = "dns_failed"

	ErrRefused        ErrCode = "connect_refused"
	ErrUnreachable    ErrCode = "connect_unreachable"
	ErrConnectTimeout ErrCode = "connect_timeout"
	ErrConnectFailed  ErrCode = "connect_failed"
	ErrExhausted      ErrCode = "proxy_exhausted"

	ErrProxyRefused ErrCode = "upstream_proxy_refused"
	ErrProxyAuth    ErrCode = "upstream_proxy_auth_required"
	ErrProxyFailed  ErrCode = "upstream_proxy_failed"

	ErrTLSUntrusted   ErrCode = "tls_untrusted_issuer"
	ErrTLSSelfSigned  ErrCode = "tls_self_signed"
	ErrTLSExpired     ErrCode = "tls_expired"
	ErrTLSNotYetValid ErrCode = "tls_not_yet_valid"
	ErrTLSWrongName   ErrCode = "tls_wrong_name"
	ErrTLSCertificate ErrCode = "tls_certificate_invalid"
	ErrTLSVersion     ErrCode = "tls_version"
	ErrTLSHandshake   ErrCode = "tls_handshake_refused"
	ErrTLSClientCert  ErrCode = "tls_client_certificate_required"
	ErrTLSNotTLS      ErrCode = "tls_not_tls"
	ErrTLSTimeout     ErrCode = "tls_timeout"
	ErrTLSUnsupported ErrCode = "tls_unsupported"
	ErrTLSFailed      ErrCode = "tls_failed"

	ErrSendTimeout      ErrCode = "send_timeout"
	ErrResetBeforeHead  ErrCode = "reset_before_head"
	ErrClosedBeforeHead ErrCode = "closed_before_head"
	ErrHeadTimeout      ErrCode = "head_timeout"
	ErrStatusLine       ErrCode = "malformed_status_line"
	ErrField            ErrCode = "malformed_field"
	ErrHeadTooLarge     ErrCode = "head_too_large"
	ErrFraming          ErrCode = "invalid_framing"
	ErrUpgrade          ErrCode = "invalid_upgrade"

	ErrTruncated   ErrCode = "content_truncated"
	ErrChunk       ErrCode = "invalid_chunk"
	ErrStalled     ErrCode = "content_stalled"
	ErrUndecodable ErrCode = "content_undecodable"
	ErrUnasked     ErrCode = "unasked_response"

	ErrH2GoAway   ErrCode = "h2_goaway"
	ErrH2Reset    ErrCode = "h2_stream_reset"
	ErrH2Protocol ErrCode = "h2_protocol_error"

	ErrClientRefusedCA ErrCode = "client_refused_ca"
	ErrClientTLS       ErrCode = "client_tls_failed"

	ErrClientBlocked ErrCode = "client_blocked"
	ErrClientFailed  ErrCode = "client_failed"
	ErrClientH2      ErrCode = "client_h2_error"

	ErrClientGone      ErrCode = "client_gone"
	ErrDeliveryTimeout ErrCode = "delivery_timeout"
	ErrShutdown        ErrCode = "proxy_shutdown"
	ErrInternal        ErrCode = "proxy_internal"
	ErrUnknown         ErrCode = "origin_failed"
)

// A Failure describes an error code: its phase, the response to the client, and
// who should act.
type Failure struct {
	Code        ErrCode
	Phase       Phase
	Status      int      // of the response that the proxy makes; 0 when a head had been passed on or no one is left to read it
	Who         string   // who should look: "client", "origin", "intermediary", "proxy"
	Severity    string   // of its note: "info", "warn" or "error"; "" for "error"
	ProxyStatus string   // the error type of the Proxy-Status field (RFC 9209 §2.3)
	Refs        []string // where the protocol that failed is defined: "RFC 9112 §7.1"
	Title       string   // what happened, as a clause in plain words
	Why         string   // what it means and where it usually comes from
	Act         string   // what to do first

	Certificate bool // it is about the origin server's certificate
	ClientTLS   bool // it is the TLS handshake with the client that failed, before any request
}

// Failures lists every code, in the order of the phases.
func Failures() []Failure { return failures }

// Lookup returns the description of a code; ok is false for an unknown code.
func (c ErrCode) Lookup() (f Failure, ok bool) {
	for i := range failures {
		if failures[i].Code == c {
			return failures[i], true
		}
	}
	return Failure{}, false
}
