package rules

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusRules lists the rules on what each status code calls for.
func statusRules() []*annotate.Rule {
	return slices.Concat(
		statusCodeRules(),
		statusInformationalRules(),
		statusUpgradeRules(),
		statusSuccessRules(),
		statusErrorBodyRules(),
		statusInsideRules(),
		statusMethodRules(),
		statusRequestRules(),
		statusConnectionRules(),
		statusRetryRules(),
		statusRateLimitRules(),
		statusErrorContentRules(),
	)
}

// interimStatus is the place of the status code of an interim response.
func interimStatus(p *annotate.Pass, i int) exchange.Place {
	start := len(p.X.Interim[i].Version.String()) + 1
	return exchange.Place{Message: exchange.InInterim, Interim: i, Part: exchange.PartStartLine, Start: start, End: start + 3}
}

// listHas reports whether any line of a list field has an element, compared without case.
func listHas(f *exchange.Fields, n exchange.Name, element string) bool {
	for _, l := range f.Each(n) {
		if field.ListHas(l.Value, element) {
			return true
		}
	}
	return false
}

// expects100 reports whether a request carries Expect: 100-continue.
func expects100(r *exchange.Request) bool {
	return listHas(&r.Fields, exchange.FieldExpect, "100-continue")
}

// asksUpgrade reports whether a request asks to upgrade (RFC 9110 §7.8): the
// field alone, without the connection option, asks nothing.
func asksUpgrade(r *exchange.Request) bool {
	return r.Version == exchange.HTTP11 && r.Fields.Has(exchange.FieldUpgrade) &&
		listHas(&r.Fields, exchange.FieldConnection, "upgrade")
}

// announcedNoContent reports whether a request told its receiver that it has
// no content. Content withheld under Expect: 100-continue counts as content.
func announcedNoContent(r *exchange.Request) bool {
	length := r.Fields.Value(exchange.FieldContentLength)
	switch {
	case r.Fields.Has(exchange.FieldTransferEncoding), expects100(r), r.Content.Size > 0:
		return false
	case length != "":
		n, ok := field.Number(length)
		return ok && n == 0
	}
	return r.Version < exchange.HTTP2 || r.Content.Complete
}

// lacksFields reports whether a capture may lack field lines of a message, so that
// nobody can say that one was missing.
func lacksFields(x *exchange.Exchange, in exchange.PlaceMessage) bool {
	if in == exchange.InRequest {
		return x.Source.Lacks.Has(exchange.LacksRequest)
	}
	return x.Source.Lacks.Has(exchange.LacksResponse)
}

// announcedContent reports whether the framing of an HTTP/1.1 request announces content.
func announcedContent(r *exchange.Request) bool {
	if r.Fields.Has(exchange.FieldTransferEncoding) {
		return true
	}
	n, ok := field.Number(r.Fields.Value(exchange.FieldContentLength))
	return ok && n > 0
}

// overridesMethod reports whether a request tunnels another method than the
// one in its request line, as frameworks let it.
func overridesMethod(x *exchange.Exchange) bool {
	f := &x.Request.Fields
	return f.Has(exchange.FieldXHTTPMethodOverride) || f.Has(exchange.FieldXMethodOverride) ||
		f.Has(exchange.FieldXHTTPMethod) || hasQueryParam(x.Query(), "_method") ||
		bytes.Contains(formContent(&x.Request), []byte("_method="))
}

// mediaTypeOf reads Content-Type; the zero value where there is none.
func mediaTypeOf(f *exchange.Fields) field.MediaType {
	if !f.Has(exchange.FieldContentType) {
		return field.MediaType{}
	}
	return field.ParseMediaType(f.Value(exchange.FieldContentType))
}

// formContent is the kept content of a form request, nil of any other.
func formContent(r *exchange.Request) []byte {
	if mediaTypeOf(&r.Fields).Is("application", "x-www-form-urlencoded") {
		return r.Content.Kept
	}
	return nil
}

// hasQueryParam reports whether a query has a parameter of one of the names,
// compared without case.
func hasQueryParam(query string, names ...string) bool {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, _, _ := strings.Cut(pair, "=")
		for _, n := range names {
			if field.EqualFold(name, n) {
				return true
			}
		}
	}
	return false
}

// isSafe reports whether a method is registered as safe (RFC 9110 §9.2.1, §18.2).
func isSafe(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY":
		return true
	}
	return false
}

// isGRPC reports whether a media type is gRPC's or gRPC-Web's.
func isGRPC(contentType string) bool { return field.HasPrefixFold(contentType, "application/grpc") }

// receivedAt is when the response head had come; the zero time when it is not known.
func receivedAt(x *exchange.Exchange) time.Time { return annotate.ReceivedAt(x) }

// isLocalAddress reports whether an exchange's origin server is one on this
// machine or in a private network.
func isLocalAddress(x *exchange.Exchange) bool {
	if x.Origin.Peer.IsValid() && x.Origin.Proxy == "" {
		return isLocal(x.Origin.Peer.Addr())
	}
	host := x.Host()
	if a, ok := parseAddress(host); ok {
		return isLocal(a)
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func isLocal(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// parseAddress reads a host that is an IP address; a name costs nothing.
func parseAddress(host string) (netip.Addr, bool) {
	if host == "" || !field.IsDigit(host[0]) && strings.IndexByte(host, ':') < 0 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(host)
	return a, err == nil
}

// originKey is the key of rules that speak once per origin (RFC 9110 §4.3.1).
func originKey(x *exchange.Exchange) string { return x.Scheme + "://" + x.Authority }
