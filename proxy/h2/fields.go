package h2

import (
	"strconv"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/exchange"
)

// isNameOctet reports whether a field name may have an octet (RFC 9113 §8.2.1).
func isNameOctet(c byte) bool {
	return c > 0x20 && c < 0x7f && (c < 'A' || c > 'Z') && c != ':'
}

// checkLine returns what is wrong with a field other than a pseudo-field. White space
// round a value is let pass: clients and servers in use do so, though the rule
// says otherwise, and it harms nobody here.
func checkLine(f *hpack.HeaderField, by Peer) *Fault {
	if f.Name == "" {
		return malformed(by, "§8.2.1", "a field has an empty name")
	}
	for i := 0; i < len(f.Name); i++ {
		if !isNameOctet(f.Name[i]) {
			return malformed(by, "§8.2.1", "the field name %.80q has the byte 0x%02x", f.Name, f.Name[i])
		}
	}
	if fault := checkValue(f, by); fault != nil {
		return fault
	}
	switch n := exchange.LookupName(f.Name); {
	case n.IsBarredFromHTTP2():
		return malformed(by, "§8.2.2", "the field %s has no place in HTTP/2", f.Name)
	case n == exchange.FieldTE && by == Client && !strings.EqualFold(f.Value, "trailers"):
		return malformed(by, "§8.2.2", "the field te is %.80q, and only \"trailers\" has a place in HTTP/2", f.Value)
	}
	return nil
}

// checkValue finds the octets that would end a line in HTTP/1.1.
func checkValue(f *hpack.HeaderField, by Peer) *Fault {
	if i := strings.IndexAny(f.Value, "\x00\r\n"); i >= 0 {
		return malformed(by, "§8.2.1", "the value of %s has the byte 0x%02x", f.Name, f.Value[i])
	}
	return nil
}

// parseRequest reads a request head (RFC 9113 §8.3.1, RFC 8441 §4). The head is
// filled in as far as it can be where there is a fault.
func parseRequest(fields []hpack.HeaderField) (head RequestHead, fault *Fault) {
	head.Fields = fields
	var seen pseudoSet
	regular := false
	for i := range fields {
		f := &fields[i]
		if !f.IsPseudo() {
			regular = true
			fault = first(fault, checkLine(f, Client))
			continue
		}
		to, bit := head.pseudo(f.Name)
		switch {
		case to == nil:
			fault = first(fault, malformed(Client, "§8.3", "%.80q is not a pseudo-field of a request", f.Name))
			continue
		case seen&bit != 0:
			fault = first(fault, malformed(Client, "§8.3", "there are two %s", f.Name))
			continue
		case regular:
			fault = first(fault, malformed(Client, "§8.3", "%s comes after a regular field", f.Name))
		}
		seen |= bit
		*to = f.Value
		fault = first(fault, checkValue(f, Client))
	}
	return head, first(fault, head.check(seen))
}

// first returns a, or b where a is nil.
func first(a, b *Fault) *Fault {
	if a != nil {
		return a
	}
	return b
}

// A pseudoSet tells which pseudo-fields of a request there were.
type pseudoSet uint8

const (
	hasMethod pseudoSet = 1 << iota
	hasScheme
	hasAuthority
	hasPath
	hasProtocol
)

func (h *RequestHead) pseudo(name string) (*string, pseudoSet) {
	switch name {
	case ":method":
		return &h.Method, hasMethod
	case ":scheme":
		return &h.Scheme, hasScheme
	case ":authority":
		return &h.Authority, hasAuthority
	case ":path":
		return &h.Path, hasPath
	case ":protocol":
		return &h.Protocol, hasProtocol
	}
	return nil, 0
}

// check finds what is missing or too much among the pseudo-fields.
func (h *RequestHead) check(seen pseudoSet) *Fault {
	if seen&hasMethod == 0 || h.Method == "" {
		return malformed(Client, "§8.3.1", "the request has no :method")
	}
	if h.Method == "CONNECT" && seen&hasProtocol == 0 {
		if seen&(hasScheme|hasPath) != 0 || h.Authority == "" {
			return malformed(Client, "§8.5", "CONNECT has :authority, and neither :scheme nor :path")
		}
		return nil
	}
	switch {
	case seen&hasProtocol != 0 && h.Method != "CONNECT":
		return malformed(Client, "§8.3", "only CONNECT can have :protocol (RFC 8441 §4)")
	case seen&hasScheme == 0:
		return malformed(Client, "§8.3.1", "the request has no :scheme")
	case seen&hasPath == 0, h.Path == "" && (h.Scheme == "http" || h.Scheme == "https"):
		return malformed(Client, "§8.3.1", "the request has no :path, or an empty one")
	}
	return nil
}

// parseResponse reads the head of a response (RFC 9113 §8.3.2).
func parseResponse(fields []hpack.HeaderField, end bool) (head ResponseHead, fault *Fault) {
	head.Fields, head.EndStream = fields, end
	regular := false
	for i := range fields {
		f := &fields[i]
		switch {
		case !f.IsPseudo():
			regular = true
			fault = first(fault, checkLine(f, Origin))
		case f.Name != ":status":
			fault = first(fault, malformed(Origin, "§8.3", "%.80q is not a pseudo-field of a response", f.Name))
		case head.Status != 0:
			fault = first(fault, malformed(Origin, "§8.3", "there are two :status"))
		case regular:
			fault = first(fault, malformed(Origin, "§8.3", ":status comes after a regular field"))
		default:
			n, err := strconv.ParseUint(f.Value, 10, 16)
			if err != nil || len(f.Value) != 3 || n < 100 {
				fault = first(fault, malformed(Origin, "§8.3.2", ":status is %.80q, not a number from 100 to 999", f.Value))
			}
			head.Status = int(n)
		}
	}
	switch s := head.Status; {
	case fault != nil:
	case s == 0:
		fault = malformed(Origin, "§8.3.2", "the response has no :status")
	case s == 101:
		fault = malformed(Origin, "§8.6", "101 has no place in HTTP/2")
	case s < 200 && end:
		fault = malformed(Origin, "§8.1", "the interim response %d ends the stream", s)
	}
	return head, fault
}

// parseTrailers reads a field section that ends a message.
func parseTrailers(fields []hpack.HeaderField, end bool, by Peer) *Fault {
	if !end {
		return malformed(by, "§8.1", "trailers do not end the stream")
	}
	for i := range fields {
		f := &fields[i]
		if f.IsPseudo() {
			return malformed(by, "§8.1", "the pseudo-field %.80s stands in trailers", f.Name)
		}
		if fault := checkLine(f, by); fault != nil {
			return fault
		}
	}
	return nil
}

// declaredLength is what content-length says, -1 where there is none. Several are
// let pass where they say the same.
func declaredLength(fields []hpack.HeaderField, by Peer) (int64, *Fault) {
	length := int64(-1)
	for i := range fields {
		if fields[i].Name != "content-length" {
			continue
		}
		v := fields[i].Value
		n, err := strconv.ParseUint(v, 10, 63)
		if err != nil || length >= 0 && int64(n) != length {
			return -1, malformed(by, "§8.1.1", "content-length is %.80q, not a length, or not the only one", v)
		}
		length = int64(n)
	}
	return length, nil
}

// lengthFault is the fault of content that has another length than declared.
func lengthFault(by Peer, declared, came int64) *Fault {
	return malformed(by, "§8.1.1", "content-length is %d, and %d bytes of content came", declared, came)
}

// section is the fault of a field section that is larger than the bound.
func tooLarge(by Peer, most int) *Fault {
	return &Fault{By: by, Kind: TooLarge, Code: http2.ErrCodeEnhanceYourCalm, Section: "§10.5.1",
		Detail: "the fields have more than " + strconv.Itoa(most) + " bytes"}
}
