package rules

import (
	"iter"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// intermediaryRules lists the rules on proxies, gateways and CDNs on the way.
func intermediaryRules() []*annotate.Rule {
	return []*annotate.Rule{
		intermediaryForwardLoopSuspected,
		intermediaryProxyStatusErrorDecoded,
		intermediaryProxyStatusInvalid,
		intermediaryProxyStatusReported,
		intermediaryViaMissingFromProxy,
		intermediaryViaPresent,
	}
}

// receivers returns who received a message, by the members of a line of Via.
func receivers(line string) iter.Seq[field.Part] {
	return func(yield func(field.Part) bool) {
		for h := range field.Vias(line) {
			if h.ReceivedBy.Text != "" && !yield(h.ReceivedBy) {
				return
			}
		}
	}
}

// networks returns the names in a line of CDN-Loop.
func networks(line string) iter.Seq[field.Part] {
	return func(yield func(field.Part) bool) {
		for m := range field.List(line) {
			head := field.Head(m.Text)
			head.At += m.At
			if !yield(head) {
				return
			}
		}
	}
}

// timesNamed counts how often a field names the same as the name at octet at of
// a line, up to that one. Of very long lists only the beginning is looked at.
func timesNamed(f *exchange.Fields, n exchange.Name, line int, name field.Part, names func(string) iter.Seq[field.Part]) int {
	const most = 100
	count, seen := 0, 0
	for i, l := range f.Each(n) {
		for other := range names(l.Value) {
			if seen++; seen > most {
				return count
			}
			if field.EqualFold(other.Text, name.Text) {
				count++
			}
			if i == line && other.At >= name.At {
				return count
			}
		}
	}
	return count
}

// isGenericPseudonym reports whether many proxies that have nothing to do with
// one another call themselves so in Via.
func isGenericPseudonym(s string) bool {
	for _, name := range [...]string{"varnish", "google", "vegur", "squid", "localhost", "proxy", "haproxy", "nginx", "envoy", "cloudfront", "kong", "-"} {
		if field.HasPrefixFold(s, name) && (len(s) == len(name) || s[len(name)] == '/' || s[len(name)] == '-') {
			return true
		}
	}
	return false
}

// Thresholds of intermediary/forward-loop-suspected.
const (
	loopOfCDNs = 2
	loopOfVia  = 3
)

var intermediaryForwardLoopSuspected = &annotate.Rule{
	ID:       "intermediary/forward-loop-suspected",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "the request seems to be in a loop",
	Refs:     []string{"RFC 8586 §2", "RFC 9110 §7.6.3"},
	Doc: "The request names the same proxy more than once, so it has passed it before. " +
		"If each proxy forwards it to the next, it circles until a limit or a timeout ends it, and every turn adds load. " +
		"Usually the origin server that is configured at a CDN or proxy is the CDN or proxy itself.",
	Help: "check where each of the named proxies forwards to",
	Bad: []string{
		asked("CDN-Loop: edge.example; trace=7, other.example, edge.example"),
		asked("Via: 1.1 shop-gw, 1.1 inner, 1.1 shop-gw", "Via: 2 shop-gw (7)"),
	},
	Good: []string{
		asked("CDN-Loop: edge.example, other.example"),
		asked("Via: 1.1 varnish, 1.1 varnish, 1.1 varnish (Varnish/7)"),
		asked("Via: 1.1 shop-gw, 1.1 shop-gw"),
	},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldCDNLoop, exchange.FieldVia}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		for i, l := range f.Each(exchange.FieldCDNLoop) {
			for name := range networks(l.Value) {
				if timesNamed(f, exchange.FieldCDNLoop, i, name, networks) >= loopOfCDNs {
					p.Note(annotate.Span(p.RequestLine(i), name.At, name.End()), "CDN-Loop names %s twice", quoted(name.Text))
					return
				}
			}
		}
		for i, l := range f.Each(exchange.FieldVia) {
			for name := range receivers(l.Value) {
				if !isGenericPseudonym(name.Text) && timesNamed(f, exchange.FieldVia, i, name, receivers) >= loopOfVia {
					p.Note(annotate.Span(p.RequestLine(i), name.At, name.End()), "Via names %s three times", quoted(name.Text))
					return
				}
			}
		}
	},
}

// proxyError puts a type of error that RFC 9209 §2.3 defines in words; own is
// whether it means that the intermediary made the response itself.
func proxyError(name string) (words string, own bool) {
	for _, e := range [...]struct {
		name, words string
		own         bool
	}{
		{"dns_timeout", "looking up the next server's address took too long", true},
		{"dns_error", "the next server's address could not be found", true},
		{"destination_not_found", "it does not know where to forward the request to", true},
		{"destination_unavailable", "it thinks that the next server is down", true},
		{"destination_ip_prohibited", "it isn't allowed to connect to the next server's address", true},
		{"destination_ip_unroutable", "there is no route to the next server's address", true},
		{"connection_refused", "the next server refused the connection", true},
		{"connection_terminated", "the connection to the next server was closed before the response was complete", false},
		{"connection_timeout", "connecting to the next server took too long", true},
		{"connection_read_timeout", "the next server sent nothing for too long", false},
		{"connection_write_timeout", "the next server read nothing for too long", false},
		{"connection_limit_reached", "it has reached its limit of connections to the next server", true},
		{"tls_protocol_error", "TLS with the next server failed", false},
		{"tls_certificate_error", "it does not accept the next server's certificate", true},
		{"tls_alert_received", "the next server sent a TLS alert", false},
		{"http_request_error", "it answered with its own error instead of the origin server", true},
		{"http_request_denied", "its configuration forbids the request", true},
		{"http_response_incomplete", "the next server's response was incomplete", false},
		{"http_response_header_section_size", "the next server's headers are too large for it", false},
		{"http_response_header_size", "a header of the next server is too large for it", false},
		{"http_response_body_size", "the next server's body is too large for it", false},
		{"http_response_trailer_section_size", "the next server's trailers are too large for it", false},
		{"http_response_trailer_size", "a trailer of the next server is too large for it", false},
		{"http_response_transfer_coding", "it couldn't decode the transfer coding of the next server's response", false},
		{"http_response_content_coding", "it couldn't decompress the next server's response", false},
		{"http_response_timeout", "the next server's response took too long", false},
		{"http_upgrade_failed", "the next server didn't switch the protocol", true},
		{"http_protocol_error", "the next server's response violates the protocol", false},
		{"proxy_internal_response", "it created the response itself, without asking the next server", true},
		{"proxy_internal_error", "it failed internally", true},
		{"proxy_configuration_error", "its configuration is wrong", true},
		{"proxy_loop_detected", "it would have forwarded the request to itself", true},
	} {
		if e.name == name {
			return e.words, e.own
		}
	}
	return "", false
}

// proxyStatus returns the members of a response's Proxy-Status, with the index
// of their line, in lines that can be read.
func proxyStatus(p *annotate.Pass, yield func(line int, m field.Member)) {
	for i, l := range p.X.Response.Fields.Each(exchange.FieldProxyStatus) {
		if v, err := field.ParseStructured(l.Value, field.StructuredList); err == nil {
			for m := range v.Members() {
				yield(i, m)
			}
		}
	}
}

// whenProxyStatus is the index of the rules on Proxy-Status.
var whenProxyStatus = annotate.When{Fields: []exchange.Name{exchange.FieldProxyStatus}}

// memberEnd is the octet after the last of a member with its parameters.
func memberEnd(m field.Member) int {
	end := m.End()
	for q := range m.Params() {
		end = max(end, q.KeyAt+len(q.Key), q.End())
	}
	return end
}

var intermediaryProxyStatusErrorDecoded = &annotate.Rule{
	ID:       "intermediary/proxy-status-error-decoded",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "Proxy-Status says what went wrong",
	Refs:     []string{"RFC 9209 §2.1.1", "RFC 9209 §2.3"},
	Doc: "Proxy-Status says at which proxy an error happened, and which one. " +
		"For some errors the proxy created the response itself, and the origin server may never have seen the request. " +
		"So start at the proxy, not at the application.",
	Help: "check the named proxy, and the server that it forwards to",
	Bad: []string{
		responded("HTTP/1.1 504 Gateway Timeout", `Proxy-Status: edge.example; error=connection_timeout; next-hop="10.0.0.7:8080"`, "Content-Length: 0"),
		responded("HTTP/1.1 502 Bad Gateway", `Proxy-Status: edge.example; error="shop_trouble"`, "Content-Length: 0"),
	},
	Good: []string{answered("Proxy-Status: edge.example; received-status=200")},
	When: whenProxyStatus,
	Check: func(p *annotate.Pass) {
		proxyStatus(p, func(line int, m field.Member) {
			e, ok := m.Param("error")
			if !ok || e.Type != field.Token && e.Type != field.String {
				return
			}
			words, own := proxyError(e.Content())
			message := bare(m.Text) + " reports " + bare(e.Content())
			if words != "" {
				message += ": " + words
			}
			if hop, ok := m.Param("next-hop"); ok {
				message += "; the next server was " + bare(hop.Content())
			}
			if own {
				message += "; it created this response itself"
			}
			p.Note(annotate.Span(p.ResponseLine(line), m.At, memberEnd(m)), "%s", message)
		})
	},
}

var intermediaryProxyStatusInvalid = &annotate.Rule{
	ID:       "intermediary/proxy-status-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByIntermediary,
	Title:    "Proxy-Status has a value of the wrong type",
	Refs:     []string{"RFC 9209 §2", "RFC 9209 §2.1.3", "RFC 9209 §2.1.4"},
	Doc:      "A member of Proxy-Status starts with the name of the proxy, a token or a string, and its parameters have types. Tools drop values of another type.",
	Help:     "send for example: Proxy-Status: edge.example; received-status=502; next-protocol=h2",
	Bad: []string{
		"# also intermediary/proxy-status-reported\n" + answered(`Proxy-Status: edge.example; received-status="200"`),
		"# also intermediary/proxy-status-reported\n" + answered(`Proxy-Status: 7; next-protocol="h2"`),
		responded("HTTP/1.1 502 Bad Gateway", "Proxy-Status: edge.example; error=502; details=late", "Content-Length: 0"),
	},
	Good: []string{
		answered(`Proxy-Status: "edge 7"; received-status=200; next-protocol=h2; shop=1`),
		responded("HTTP/1.1 502 Bad Gateway", `Proxy-Status: edge.example; error="http_protocol_error"; next-protocol=:aDI=:`, "Content-Length: 0"),
	},
	When: whenProxyStatus,
	Check: func(p *annotate.Pass) {
		proxyStatus(p, func(line int, m field.Member) {
			if m.Type != field.Token && m.Type != field.String {
				p.Note(annotate.Span(p.ResponseLine(line), m.At, m.End()), "%s is %s; the name of the proxy must be a token or a string", bare(m.Text), article(m.Type))
			}
			for q := range m.Params() {
				if want := keyTypes(proxyStatusTypes, q.Key); !want.has(q.Type) {
					p.Note(annotate.Span(p.ResponseLine(line), q.KeyAt, max(q.End(), q.KeyAt+len(q.Key))), "%s is %s; it must be %s", q.Key, article(q.Type), want)
				}
			}
		})
	},
}

// proxyStatusTypes are the types of the parameters that must have one.
var proxyStatusTypes = []typedKey{
	{"received-status", oneOf(field.Integer)},
	{"next-protocol", oneOf(field.Token, field.ByteSequence)},
	{"next-hop", oneOf(field.String, field.Token)},
	{"error", oneOf(field.Token, field.String)}, // the latter is wrong, and read everywhere
	{"details", oneOf(field.String)},
}

var intermediaryProxyStatusReported = &annotate.Rule{
	ID:       "intermediary/proxy-status-reported",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "Proxy-Status says which way the response came",
	Refs:     []string{"RFC 9209 §2"},
	Doc: "Proxy-Status says which proxies the response passed, the one nearest to the origin server first, where each got it from, and which status it received. " +
		"It shows whether a status was changed on the way.",
	Help: "compare received-status with the status of the response",
	Bad:  []string{answered(`Proxy-Status: shield.example; received-status=200; next-hop="10.0.0.7:8080", edge.example`)},
	Good: []string{responded("HTTP/1.1 504 Gateway Timeout", `Proxy-Status: shield.example, edge.example; error=connection_timeout`, "Content-Length: 0")},
	When: whenProxyStatus,
	Check: func(p *annotate.Pass) {
		const most = 4
		var hops []string
		failed := false
		proxyStatus(p, func(_ int, m field.Member) {
			if _, ok := m.Param("error"); ok {
				failed = true
			}
			if len(hops) >= most {
				return
			}
			hop := bare(m.Text)
			if status, ok := m.Param("received-status"); ok {
				hop += " received " + bare(status.Text)
			}
			if next, ok := m.Param("next-hop"); ok {
				hop += " from " + bare(next.Content())
			}
			hops = append(hops, hop)
		})
		if !failed && len(hops) > 0 {
			p.Note(p.ResponseField(exchange.FieldProxyStatus), "the response came through %s", strings.Join(hops, ", then "))
		}
	},
}

var intermediaryViaMissingFromProxy = &annotate.Rule{
	ID:       "intermediary/via-missing-from-proxy",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "the upstream proxy doesn't add Via",
	Refs:     []string{"RFC 9110 §7.6.3"},
	Doc: "sidenote sent the request to its upstream proxy, and the response has no Via. " +
		"A proxy must add itself to what it forwards, so that loops and HTTP versions can be seen. Some proxies leave it out to stay hidden.",
	Help: "let the upstream proxy add Via",
	Bad:  []string{"* origin peer=192.0.2.9:3128 proxy=http://proxy.test:3128\n" + answered()},
	Good: []string{
		"* origin peer=192.0.2.9:3128 proxy=http://proxy.test:3128\n" + answered("Via: 1.1 proxy.test"),
		"* scheme https\n* origin peer=192.0.2.9:3128 proxy=http://proxy.test:3128 tls=0x0304\n" + answered(),
		"# a tool on the same machine\n* origin peer=127.0.0.1:3128 proxy=http://localhost:3128\n" + answered(),
		answered(),
	},
	When: annotate.When{Class: []int{2, 3}},
	Once: func(x *exchange.Exchange) string { return x.Origin.Proxy },
	Check: func(p *annotate.Pass) {
		x := p.X
		if x.Origin.Proxy == "" || x.Origin.TLS != nil || x.Scheme != "http" || x.Response.Fields.Has(exchange.FieldVia) || x.Request.Method == "CONNECT" || isOwnProxy(x) {
			return
		}
		p.Note(p.ResponseField(exchange.FieldVia), "the response came through the proxy %s but has no Via", quoted(x.Origin.Proxy))
	},
}

// isOwnProxy reports whether the upstream proxy runs on this machine or is
// another sidenote: a tool of the user's own that is to leave no trace.
func isOwnProxy(x *exchange.Exchange) bool {
	u, err := field.ParseURI(x.Origin.Proxy)
	return err == nil && isTrustworthyHost(strings.ToLower(strings.Trim(u.Host, "[]"))) || x.Response.Fields.Has(exchange.FieldSidenoteExchange)
}

var intermediaryViaPresent = &annotate.Rule{
	ID:       "intermediary/via-present",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "the response came through proxies or gateways",
	Refs:     []string{"RFC 9110 §7.6.3"},
	Doc: "Via names the proxies that the response passed, the one nearest to the origin server first, with the HTTP version that each received. " +
		"Each of them can have changed headers, answered from a cache, or sent its own error.",
	Help: "to see what the origin server sends itself, ask it directly if you can",
	Bad:  []string{answered("Via: 1.1 shield.example (Shield 7, of a test), 2 edge.example")},
	Good: []string{answered()},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldVia}},
	Once: siteKey,
	Check: func(p *annotate.Pass) {
		const most = 4
		var names []string
		for _, l := range p.X.Response.Fields.Each(exchange.FieldVia) {
			if field.CheckVia(l.Value) != nil {
				return // syntax/field-value-syntax is about that
			}
			for name := range receivers(l.Value) {
				if len(names) == most {
					names = append(names, "others")
				}
				if len(names) < most {
					names = append(names, bare(name.Text))
				}
			}
		}
		if len(names) > 0 {
			p.Note(p.ResponseField(exchange.FieldVia), "the response came through %s", strings.Join(names, ", then "))
		}
	},
}
