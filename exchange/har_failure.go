package exchange

import "strings"

func (e *harEntry) fillErr(x *Exchange) {
	words := e.failed
	if words == "" && x.Response.Status == 0 && isFailureWord(e.response.reason) { // as HttpWatch does
		words = e.response.reason
	}
	switch code := failureInWords(words, x.Response.Status); {
	case e.err.Code != "":
		x.Err = &Err{Code: e.err.Code, Detail: e.err.Detail}
	case code != "":
		x.Err = &Err{Code: code, Detail: words}
	}
	if x.Err != nil && x.Err.Code != ErrUndecodable {
		x.Response.Content.Complete = false
	}
}

// isFailureWord reports whether the text where a reason phrase belongs is the
// name of a failure.
func isFailureWord(s string) bool {
	for _, prefix := range [...]string{"ERROR_", "net::ERR_", "NS_ERROR_", "NS_BINDING_", "SEC_ERROR_", "SSL_ERROR_", "MOZILLA_PKIX_"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// failureWords has our code for what browsers and proxies say of an exchange
// that failed, in lower case: Chrome's net errors, Firefox's NS_ERROR and
// SEC_ERROR, WinINet's, those of Node.js, of Python as mitmproxy passes them
// on, and of Safari. The first that a text holds counts, so exact ones are
// before general ones.
var failureWords = [...]struct {
	words string
	code  ErrCode
}{
	// who ended it, which says more than how
	{"err_blocked_by", ErrClientBlocked}, {"err_blocked", ErrClientBlocked}, {"_blocked", ErrClientBlocked},
	{"blocked", ErrClientBlocked}, {"content security policy", ErrClientBlocked},
	{"mixed_content", ErrClientBlocked}, {"mixed content", ErrClientBlocked},
	{"mixed-content", ErrClientBlocked}, {"csp", ErrClientBlocked}, {"corp-not", ErrClientBlocked}, {"coep-", ErrClientBlocked},
	{"coop-", ErrClientBlocked}, {"subresource-filter", ErrClientBlocked}, {"inspector", ErrClientBlocked}, {"err_sri", ErrClientBlocked}, {"access control checks", ErrClientBlocked}, {"ns_error_dom", ErrClientBlocked},
	{"err_aborted", ErrClientGone}, {"binding_aborted", ErrClientGone}, {"client disconnected", ErrClientGone},
	{"connection killed", ErrClientGone}, {"cancelled", ErrClientGone}, {"canceled", ErrClientGone},
	{"internet_operation_cancelled", ErrClientGone}, {"request aborted", ErrClientGone}, {"ns_error_abort", ErrClientGone},
	{"context_destroyed", ErrClientGone},

	// proxies, before what happened to the connection with them
	{"err_proxy_auth", ErrProxyAuth}, {"err_tunnel_connection_failed", ErrProxyRefused}, {"unknown_proxy_host", ErrProxyFailed},
	{"err_proxy", ErrProxyFailed}, {"proxy_connection", ErrProxyFailed}, {"proxy_", ErrProxyFailed}, {"upstream proxy", ErrProxyFailed},
	{"err_mandatory_proxy", ErrProxyFailed}, {"err_socks", ErrProxyFailed},

	// names
	{"name_not_resolved", ErrDNSNotFound}, {"err_icann_name_collision", ErrDNSNotFound}, {"unknown_host", ErrDNSNotFound},
	{"enotfound", ErrDNSNotFound}, {"name or service not known", ErrDNSNotFound}, {"nodename nor servname", ErrDNSNotFound},
	{"no such host", ErrDNSNotFound}, {"no address associated with", ErrDNSNotFound}, {"hostname could not be found", ErrDNSNotFound},
	{"dns_timed_out", ErrDNSTimeout}, {"eai_again", ErrDNSFailed}, {"name_resolution_failed", ErrDNSFailed}, {"in name resolution", ErrDNSFailed},
	{"getaddrinfo", ErrDNSFailed}, {"err_dns", ErrDNSFailed}, {"err_name", ErrDNSFailed},

	// certificates
	{"err_cert_authority_invalid", ErrTLSUntrusted}, {"unknown_issuer", ErrTLSUntrusted}, {"untrusted_issuer", ErrTLSUntrusted},
	{"local issuer certificate", ErrTLSUntrusted}, {"unable to get issuer", ErrTLSUntrusted}, {"unable_to_get_issuer", ErrTLSUntrusted},
	{"unable_to_verify_leaf", ErrTLSUntrusted}, {"invalid_ca", ErrTLSUntrusted}, {"unknown authority", ErrTLSUntrusted},
	{"self_signed", ErrTLSSelfSigned}, {"self-signed", ErrTLSSelfSigned}, {"self signed", ErrTLSSelfSigned},
	{"err_cert_date_invalid", ErrTLSExpired}, {"expired", ErrTLSExpired}, {"sec_cert_date", ErrTLSExpired},
	{"not_yet_valid", ErrTLSNotYetValid}, {"not yet valid", ErrTLSNotYetValid},
	{"common_name_invalid", ErrTLSWrongName}, {"bad_cert_domain", ErrTLSWrongName}, {"altname", ErrTLSWrongName},
	{"hostname mismatch", ErrTLSWrongName}, {"ip address mismatch", ErrTLSWrongName}, {"sec_cert_cn", ErrTLSWrongName},
	{"insecure_response", ErrTLSCertificate}, {"err_cert", ErrTLSCertificate}, {"sec_error", ErrTLSCertificate},
	{"mozilla_pkix", ErrTLSCertificate}, {"certificate verify failed", ErrTLSCertificate}, {"sec_cert", ErrTLSCertificate},
	{"pinned_key", ErrTLSCertificate}, {"certificate for this server is invalid", ErrTLSCertificate},

	// the handshake
	{"client_auth", ErrTLSClientCert}, {"certificate required", ErrTLSClientCert},
	{"version_or_cipher", ErrTLSVersion}, {"unsupported_version", ErrTLSVersion}, {"protocol version", ErrTLSVersion},
	{"unsupported protocol", ErrTLSVersion}, {"obsolete_version", ErrTLSVersion},
	{"does not speak tls", ErrTLSNotTLS}, {"wrong version number", ErrTLSNotTLS}, {"wrong_version_number", ErrTLSNotTLS},
	{"rx_record_too_long", ErrTLSNotTLS},
	{"handshake failure", ErrTLSHandshake}, {"unrecognized_name", ErrTLSHandshake}, {"no_cypher_overlap", ErrTLSHandshake},
	{"alert", ErrTLSHandshake},
	{"err_ssl", ErrTLSFailed}, {"ssl_error", ErrTLSFailed}, {"secure_channel", ErrTLSFailed}, {"tls handshake", ErrTLSFailed},
	{"ssl connection", ErrTLSFailed}, {"secure connection", ErrTLSFailed}, {"eproto", ErrTLSFailed},

	// HTTP/2 and HTTP/3
	{"http2_protocol_error", ErrH2Reset}, // Chrome says so of most RST_STREAM
	{"refused_stream", ErrH2Reset}, {"rst_stream", ErrH2Reset}, {"stream reset", ErrH2Reset}, {"stream was reset", ErrH2Reset},
	{"goaway", ErrH2GoAway}, {"http2_", ErrH2Protocol}, {"http/2 protocol error", ErrH2Protocol}, {"http/2 error", ErrH2Protocol},
	{"spdy_", ErrH2Protocol}, {"quic", ErrH2Protocol},

	// what came, before how the connection ended
	{"invalid_http_response", ErrStatusLine}, {"invalid http response", ErrStatusLine}, {"parse error", ErrStatusLine}, {"hpe_", ErrStatusLine},
	{"headers_too_big", ErrHeadTooLarge}, {"header overflow", ErrHeadTooLarge},
	{"response_headers_multiple", ErrFraming}, {"invalid_response_headers", ErrField},
	{"content_length_mismatch", ErrTruncated}, {"partial_transfer", ErrTruncated}, {"net_interrupt", ErrTruncated},
	{"incomplete message", ErrTruncated}, {"incompleteread", ErrTruncated}, {"connection broken", ErrTruncated}, {"prematurely", ErrTruncated},
	{"chunked_encoding", ErrChunk}, {"content_decoding", ErrUndecodable}, {"corrupted_content", ErrUndecodable},
	{"invalid_content_encoding", ErrUndecodable}, {"cannot decode raw data", ErrUndecodable},

	// connections
	{"refused", ErrRefused}, {"errno 111]", ErrRefused}, {"errno 61]", ErrRefused}, {"10061", ErrRefused},
	{"cannot_connect", ErrConnectFailed}, {"could not connect to the server", ErrConnectFailed}, {"cannot connect to host", ErrConnectFailed},
	{"internet_disconnected", ErrUnreachable}, {"address_unreachable", ErrUnreachable}, {"network_changed", ErrUnreachable},
	{"err_network", ErrUnreachable}, {"unreachable", ErrUnreachable}, {"no route to host", ErrUnreachable}, {"ns_error_offline", ErrUnreachable},
	{"errno 113]", ErrUnreachable}, {"errno 101]", ErrUnreachable}, {"errno 65]", ErrUnreachable}, {"errno 51]", ErrUnreachable},
	{"connection appears to be offline", ErrUnreachable}, {"internet_disconnect", ErrUnreachable},
	{"connection_timed_out", ErrConnectTimeout}, {"connect timeout", ErrConnectTimeout}, {"connection timed out", ErrConnectTimeout},
	{"etimedout", ErrConnectTimeout}, {"errno 110]", ErrConnectTimeout}, {"errno 60]", ErrConnectTimeout}, {"10060", ErrConnectTimeout},
	{"timed out", ErrHeadTimeout}, {"timed_out", ErrHeadTimeout}, {"timeout", ErrHeadTimeout},
	{"connection_reset", ErrResetBeforeHead}, {"net_reset", ErrResetBeforeHead}, {"econnreset", ErrResetBeforeHead}, {"reset by peer", ErrResetBeforeHead},
	{"errno 104]", ErrResetBeforeHead}, {"errno 54]", ErrResetBeforeHead}, {"10054", ErrResetBeforeHead}, {"connection was reset", ErrResetBeforeHead},
	{"connection_closed", ErrClosedBeforeHead}, {"empty_response", ErrClosedBeforeHead}, {"server closed connection", ErrClosedBeforeHead},
	{"peer closed connection", ErrClosedBeforeHead}, {"server disconnected", ErrClosedBeforeHead}, {"hang up", ErrClosedBeforeHead},
	{"connection_aborted", ErrClosedBeforeHead}, {"connection was lost", ErrClosedBeforeHead}, {"connection closed", ErrClosedBeforeHead},
	{"connection_failed", ErrConnectFailed}, {"connect call failed", ErrConnectFailed}, {"connection failed", ErrConnectFailed},
	{"err_unsafe_port", ErrClientBlocked}, {"port_access_not_allowed", ErrClientBlocked},
}

// failureInWords returns our code for what a capture says of an exchange that
// failed; "" where it says nothing. Where a response came, what the client did
// with it afterwards is not a failure of the exchange.
func failureInWords(words string, status int) ErrCode {
	if words == "" {
		return ""
	}
	code := ErrClientFailed
	lower := strings.ToLower(words)
	for i := range failureWords {
		if strings.Contains(lower, failureWords[i].words) {
			code = failureWords[i].code
			break
		}
	}
	if status == 0 {
		return code
	}
	switch code {
	case ErrClientFailed, ErrClientBlocked, ErrClientGone:
		return ""
	case ErrResetBeforeHead, ErrClosedBeforeHead, ErrHeadTimeout:
		return ErrTruncated
	}
	return code
}
