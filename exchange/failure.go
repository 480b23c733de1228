package exchange

// An Err says why an exchange failed. A failed exchange is no error of the
// program: it is recorded, noted and shown.
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
// that of the code, but for HTTP/2: its connections and streams end in the same
// ways before the head and after it.
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
	ErrLoop             ErrCode = "proxy_loop"

	ErrDNSNotFound ErrCode = "dns_not_found"
	ErrDNSTimeout  ErrCode = "dns_timeout"
	ErrDNSFailed   ErrCode = "dns_failed"

	ErrRefused        ErrCode = "connect_refused"
	ErrUnreachable    ErrCode = "connect_unreachable"
	ErrConnectTimeout ErrCode = "connect_timeout"
	ErrConnectFailed  ErrCode = "connect_failed"

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
	ErrTLSFailed      ErrCode = "tls_failed"

	ErrResetBeforeHead  ErrCode = "reset_before_head"
	ErrClosedBeforeHead ErrCode = "closed_before_head"
	ErrHeadTimeout      ErrCode = "head_timeout"
	ErrStatusLine       ErrCode = "malformed_status_line"
	ErrField            ErrCode = "malformed_field"
	ErrHeadTooLarge     ErrCode = "head_too_large"
	ErrFraming          ErrCode = "invalid_framing"

	ErrTruncated   ErrCode = "content_truncated"
	ErrChunk       ErrCode = "invalid_chunk"
	ErrStalled     ErrCode = "content_stalled"
	ErrUndecodable ErrCode = "content_undecodable"

	ErrH2GoAway   ErrCode = "h2_goaway"
	ErrH2Reset    ErrCode = "h2_stream_reset"
	ErrH2Protocol ErrCode = "h2_protocol_error"

	ErrClientRefusedCA ErrCode = "client_refused_ca"
	ErrClientTLS       ErrCode = "client_tls_failed"

	ErrClientGone ErrCode = "client_gone"
	ErrShutdown   ErrCode = "proxy_shutdown"
	ErrInternal   ErrCode = "proxy_internal"
	ErrUnknown    ErrCode = "origin_failed"
)

// A Failure is what is known of an error code: where it strikes, what the
// client is told, and who should look.
type Failure struct {
	Code   ErrCode
	Phase  Phase
	Status int    // of the response that the proxy makes; 0 when a head had been passed on or nobody is left to read it
	Who    string // who should look: "client", "origin", "intermediary", "proxy"
	Title  string // what happened, as a clause in plain words
	Why    string // what it means and where it usually comes from
	Act    string // what to do first
}

// Failures lists every code, in the order of the phases.
func Failures() []Failure { return failures }

// Lookup finds what is known of a code; ok is false for one that is not ours.
func (c ErrCode) Lookup() (f Failure, ok bool) {
	for i := range failures {
		if failures[i].Code == c {
			return failures[i], true
		}
	}
	return Failure{}, false
}

var failures = []Failure{
	{ErrRequestMalformed, PhaseRequest, 400, "client",
		"the request is not valid HTTP",
		"What arrived cannot be read as an HTTP request, so it was not forwarded.",
		"Look at the raw request head; a hand-written client, a wrong port or a bad field value is the usual cause."},
	{ErrRequestHeadLarge, PhaseRequest, 431, "client",
		"the request head is larger than --max-head-bytes allows",
		"Request line and fields together exceed the limit; usually a cookie or a token has grown.",
		"Find the longest field and cut it, or raise --max-head-bytes."},
	{ErrRequestTruncated, PhaseSend, 400, "client",
		"the client ended its request content early",
		"The request announced more content than was sent, so the origin server could not be given a whole request.",
		"Check that the announced Content-Length is the number of octets sent, and that the client did not give up."},
	{ErrLoop, PhaseConnect, 508, "client",
		"the request came back to this proxy",
		"Forwarding it would send it round for ever: the target is sidenote itself, or a proxy behind it sends here.",
		"Ask for the origin server's own address, or take this proxy out of the other proxy's settings."},

	{ErrClientRefusedCA, PhaseTLS, 0, "client",
		"the client refused sidenote's certificate",
		"It does not trust the local CA, so its TLS connection cannot be intercepted. After a second refusal sidenote passes the host on unread for this client, and offers its certificate again after a minute.",
		"Let the client trust the CA: eval \"$(sidenote env)\", or sidenote ca install; or leave the host out: --intercept all,-HOST."},
	{ErrClientTLS, PhaseTLS, 0, "client",
		"the TLS handshake with the client failed",
		"It broke off before a request could be sent.",
		"Read the detail; an old TLS version or no cipher in common is usual."},

	{ErrDNSNotFound, PhaseDNS, 502, "client",
		"the host name does not exist",
		"The name server answered that there is no such name.",
		"Check the spelling of the host and whether the name is only known inside another network."},
	{ErrDNSTimeout, PhaseDNS, 504, "intermediary",
		"the name server did not answer in time",
		"Nothing is known about the origin server; only its address could not be found.",
		"Check this machine's resolver, VPN and firewall."},
	{ErrDNSFailed, PhaseDNS, 502, "intermediary",
		"looking the host name up failed",
		"The name server answered with a failure, or could not be asked.",
		"Check this machine's resolver, VPN and firewall."},

	{ErrRefused, PhaseConnect, 502, "origin",
		"the connection was refused",
		"The machine is there, but nothing listens on that port.",
		"Check that the server runs and listens on this port and address."},
	{ErrUnreachable, PhaseConnect, 502, "intermediary",
		"there is no route to the host",
		"The network answered that the address cannot be reached.",
		"Check VPN, routing and firewall between this machine and the server."},
	{ErrConnectTimeout, PhaseConnect, 504, "origin",
		"the connection was not accepted in time",
		"Packets to that address vanish: a firewall drops them, or the machine is down.",
		"Check the address, security groups and firewall; --connect-timeout sets the limit."},
	{ErrConnectFailed, PhaseConnect, 502, "origin",
		"the connection could not be opened",
		"The system refused to open it; the detail says why.",
		"Read the detail; too many open files and bad addresses are the usual causes."},

	{ErrProxyRefused, PhaseProxy, 502, "intermediary",
		"the upstream proxy refused to connect to the host",
		"The upstream proxy answered, but not with a tunnel.",
		"Read its status in the detail; check its rules for this host and port."},
	{ErrProxyAuth, PhaseProxy, 502, "proxy",
		"the upstream proxy wants credentials",
		"It answered 407: sidenote has no credentials for it, or they are wrong.",
		"Give them in --upstream-proxy as http://USER:PASSWORD@HOST:PORT."},
	{ErrProxyFailed, PhaseProxy, 502, "intermediary",
		"the upstream proxy failed",
		"It could not be reached, or did not speak its protocol.",
		"Check --upstream-proxy and whether that proxy runs."},

	{ErrTLSUntrusted, PhaseTLS, 502, "origin",
		"the certificate's issuer is not trusted",
		"Its chain ends in no root that sidenote trusts: a private CA, or an intermediate that the server forgot to send.",
		"Give the CA in --upstream-ca FILE, or let the server send its whole chain."},
	{ErrTLSSelfSigned, PhaseTLS, 502, "origin",
		"the certificate is signed by itself",
		"Nobody vouches for it; usual on development servers.",
		"Give the certificate in --upstream-ca FILE, or name the host in --insecure-upstream."},
	{ErrTLSExpired, PhaseTLS, 502, "origin",
		"the certificate has expired",
		"Its last day is over; every client that checks will refuse it.",
		"Renew it, then see why the renewal did not happen by itself."},
	{ErrTLSNotYetValid, PhaseTLS, 502, "origin",
		"the certificate is not valid yet",
		"Its first day lies ahead, or this machine's clock is behind.",
		"Compare the clock with the certificate's dates."},
	{ErrTLSWrongName, PhaseTLS, 502, "origin",
		"the certificate is for another name",
		"It does not cover the host that was asked for.",
		"Ask for a name that it covers, or issue one with this name among its alternative names."},
	{ErrTLSCertificate, PhaseTLS, 502, "origin",
		"the certificate is not valid",
		"It fails a check other than name, date and issuer; the detail says which.",
		"Read the detail and issue a certificate for server authentication with a current algorithm."},
	{ErrTLSVersion, PhaseTLS, 502, "origin",
		"no TLS version in common",
		"The server offers only versions that are no longer safe, or newer ones than sidenote speaks.",
		"Enable TLS 1.2 or 1.3 on the server."},
	{ErrTLSHandshake, PhaseTLS, 502, "origin",
		"the server refused the TLS handshake",
		"It answered with an alert or closed: no cipher in common, an unknown server name, or its own failure.",
		"Read the alert in the detail and the server's TLS log."},
	{ErrTLSClientCert, PhaseTLS, 502, "client",
		"the server wants a client certificate",
		"The handshake asked for a certificate that sidenote does not have.",
		"Let this host pass untouched: leave it out of --intercept, so that the client shows its own."},
	{ErrTLSNotTLS, PhaseTLS, 502, "client",
		"the server does not speak TLS on this port",
		"It answered the handshake with something else, often plain HTTP.",
		"Use http:// for this port, or the port on which the server speaks TLS."},
	{ErrTLSTimeout, PhaseTLS, 504, "origin",
		"the TLS handshake did not end in time",
		"The connection was accepted, but the handshake was not answered.",
		"See whether the server is overloaded or something between drops large packets."},
	{ErrTLSFailed, PhaseTLS, 502, "origin",
		"the TLS handshake failed",
		"It broke off in a way that has no name of its own; the detail says how.",
		"Read the detail and the server's TLS log."},

	{ErrResetBeforeHead, PhaseHead, 502, "origin",
		"the connection was reset before a response came",
		"The server, or something in front of it, aborted the connection; a crash or a firewall is usual.",
		"Look for a crash or restart in the server's log at this time."},
	{ErrClosedBeforeHead, PhaseHead, 502, "origin",
		"the connection was closed before a response came",
		"The server ended the connection without an answer: it crashed, or closed an idle connection just as the request arrived.",
		"Look at the server's log; if it happens only after pauses, its keep-alive timeout is shorter than the client's."},
	{ErrHeadTimeout, PhaseHead, 504, "origin",
		"no response came in time",
		"The request was sent, but the response did not begin before the limit.",
		"See what the server was doing; --response-header-timeout sets the limit."},
	{ErrStatusLine, PhaseHead, 502, "origin",
		"the response does not begin with a status line",
		"What came is not HTTP, or its first line is broken; another protocol on that port is usual.",
		"Look at the first octets in the detail."},
	{ErrField, PhaseHead, 502, "origin",
		"a field line of the response is malformed",
		"The head has a line that is not NAME: VALUE, or an octet that a field may not hold.",
		"Find the line in the detail and mend what writes it."},
	{ErrHeadTooLarge, PhaseHead, 502, "origin",
		"the response head is larger than --max-head-bytes allows",
		"Status line and fields together exceed the limit; usually a field grows with every request.",
		"Find the longest field, often Set-Cookie or a policy, or raise --max-head-bytes."},
	{ErrFraming, PhaseHead, 502, "origin",
		"the response contradicts itself on where it ends",
		"Content-Length and Transfer-Encoding disagree or cannot be read, so nobody can say how long the content is.",
		"Send exactly one of the two, with a valid value."},

	{ErrTruncated, PhaseContent, 0, "origin",
		"the response was cut short",
		"The connection ended before all the content had come that the head announced.",
		"Look for a crash, a timeout or a limit in the server and in proxies between."},
	{ErrChunk, PhaseContent, 0, "origin",
		"the chunked coding of the response is broken",
		"A chunk size or its end is not what RFC 9112 §7.1 wants, so the rest cannot be read.",
		"Find what writes chunks by hand, often a filter that changes the content."},
	{ErrStalled, PhaseContent, 0, "origin",
		"the response stopped coming",
		"Part of the content arrived, then nothing for as long as --idle-timeout allows.",
		"See what the server waits for in the middle of this response."},
	{ErrUndecodable, PhaseContent, 0, "origin",
		"the content is not in the coding that Content-Encoding names",
		"Every client that decodes will fail on it; it was passed on as it came.",
		"Send the field only with content that is really encoded so."},

	{ErrH2GoAway, PhaseHead, 502, "origin",
		"the HTTP/2 connection was shut down before a response came",
		"The server sent GOAWAY and did not process this request, or not wholly.",
		"A retry is safe if the request was not processed; see whether the server was restarting."},
	{ErrH2Reset, PhaseHead, 502, "origin",
		"the HTTP/2 stream was reset",
		"The server ended this one stream with an error; the code in the detail says why.",
		"REFUSED_STREAM may be retried; INTERNAL_ERROR is for the server's log."},
	{ErrH2Protocol, PhaseHead, 502, "origin",
		"the server broke the HTTP/2 protocol",
		"A frame or field came that RFC 9113 forbids, so the connection had to end.",
		"Read the detail; a Connection field or a malformed pseudo-field is usual."},

	{ErrClientGone, PhaseDelivery, 0, "client",
		"the client went away before the end",
		"It closed its connection or cancelled the request while the response was awaited or on its way.",
		"See whether the client's own timeout is shorter than the response takes."},
	{ErrShutdown, PhaseDelivery, 503, "proxy",
		"sidenote was stopping",
		"The proxy was told to stop and did not take this exchange to its end.",
		"Start it again; --drain-timeout says how long running exchanges are given."},
	{ErrInternal, PhaseDelivery, 500, "proxy",
		"sidenote failed",
		"This is a fault of the proxy, not of client or server.",
		"Please report it with the detail and the request."},
	{ErrUnknown, PhaseHead, 502, "origin",
		"the exchange with the server failed",
		"It broke off in a way that has no name of its own; the detail says how.",
		"Read the detail and the server's log."},
}

// Changes says in which ways the proxy forwarded a message otherwise than it
// was received; a set of the constants below.
type Changes uint32

// What the proxy can change. The first group is forced by net/http, the second
// by HTTP itself, the third is what sidenote is asked to do.
const (
	ChangedRequestFieldOrder Changes = 1 << iota
	ChangedRequestFieldCase
	ChangedResponseReason
	ChangedResponseFieldOrder
	ChangedResponseFieldCase
	ChangedResponseFraming // chunked became Content-Length, or the other way round
	ChangedRequestFraming
	ChangedRequestTrailers // trailers that were not announced were dropped

	ChangedRequestHopByHop // hop-by-hop fields were consumed, as RFC 9110 §7.6.1 demands
	ChangedResponseHopByHop
	ChangedVersion // the two sides speak different HTTP versions
	ChangedRequestVia
	ChangedRequestHost // reverse mode: Host names the origin server

	ChangedSidenoteRemoved // the origin server sent Sidenote fields of its own
	ChangedIgnoreRemoved   // a Sidenote-Ignore field was for us and was not forwarded
	ChangedAnnotated       // Sidenote fields were added
	ChangedTraceStarted    // a Traceparent was added to a request that had none

	changeEnd
)

var changeNames = [...]string{
	"request-field-order", "request-field-case",
	"response-reason", "response-field-order", "response-field-case", "response-framing", "request-framing", "request-trailers",
	"request-hop-by-hop", "response-hop-by-hop", "version", "request-via", "request-host",
	"sidenote-fields-removed", "sidenote-ignore-removed", "annotated", "request-trace-started",
}

// Names returns the names of what is in the set, as records hold them.
func (c Changes) Names() []string {
	var names []string
	for i, n := range changeNames {
		if c&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// ParseChange finds a change by its name; ok is false for one that is not ours.
func ParseChange(name string) (c Changes, ok bool) {
	for i, n := range changeNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}
