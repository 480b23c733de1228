package exchange

// Names of fields that are about a connection, or for who is on it, and not
// about the message. This is the one place that knows them; Connection itself
// may name others (RFC 9110 §7.6.1).
const (
	hopByHop   uint8 = 1 << iota // for one connection only (RFC 9110 §7.6.1)
	consumed                     // left out when a message is forwarded, though Connection does not name it
	notInHTTP2                   // barred from HTTP/2 and HTTP/3 (RFC 9113 §8.2.2, RFC 9114 §4.2)
	forProxy                     // for the proxy that gets the request
	ours                         // sidenote writes it
)

var hops = [nameCount]uint8{
	FieldConnection:         hopByHop | notInHTTP2,
	FieldTransferEncoding:   hopByHop | notInHTTP2,
	FieldUpgrade:            hopByHop | notInHTTP2 | consumed,
	FieldKeepAlive:          hopByHop | notInHTTP2 | consumed,
	FieldProxyConnection:    hopByHop | notInHTTP2 | consumed,
	FieldTE:                 hopByHop, // "trailers" goes on where both sides can keep the promise
	FieldTrailer:            hopByHop,
	FieldHTTP2Settings:      hopByHop,
	FieldMeter:              hopByHop,
	FieldProxyAuthorization: consumed | forProxy, // Proxy-Authenticate of a 407 is for the client
	FieldSidenoteIgnore:     forProxy,
	FieldSidenote:           ours,
	FieldSidenoteExchange:   ours,
}

// IsHopByHop reports whether a field is for one connection only.
func (n Name) IsHopByHop() bool { return hops[n]&hopByHop != 0 }

// IsConsumed reports whether a proxy leaves a field out on HTTP/1.x though
// Connection does not name it.
func (n Name) IsConsumed() bool { return hops[n]&consumed != 0 }

// IsBarredFromHTTP2 reports whether a field has no place in HTTP/2 and HTTP/3.
func (n Name) IsBarredFromHTTP2() bool { return hops[n]&notInHTTP2 != 0 }

// IsForProxy reports whether a request's field is for the proxy that gets it.
func (n Name) IsForProxy() bool { return hops[n]&forProxy != 0 }

// IsOurs reports whether a response's field is one that sidenote writes, so that
// one that an origin server sent would be taken for ours.
func (n Name) IsOurs() bool { return hops[n]&ours != 0 }

// NamesThat lists the known names for which a test holds, in alphabetical order.
func NamesThat(is func(Name) bool) (names []Name) {
	for _, n := range Names() {
		if is(n) {
			names = append(names, n)
		}
	}
	return names
}
