package rules

import (
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// securitySignatureRules lists the rules on HTTP message signatures (RFC 9421).
func securitySignatureRules() []*annotate.Rule {
	return []*annotate.Rule{
		securitySignatureCoversMissingField,
		securitySignatureExpired,
		securitySignatureInputWithoutSignature,
	}
}

// A signed is one message with the sections that its signatures are in.
type signed struct {
	m     *exchange.Message
	blame annotate.Blame
	in    exchange.PlaceMessage
}

// signedMessages returns the request and the response that have a signature field.
func signedMessages(x *exchange.Exchange) (all []signed) {
	for _, s := range [...]signed{{&x.Request.Message, annotate.ByClient, exchange.InRequest}, {&x.Response.Message, annotate.ByOrigin, exchange.InResponse}} {
		for _, f := range [...]*exchange.Fields{&s.m.Fields, &s.m.Trailers} {
			if f.Has(exchange.FieldSignatureInput) || f.Has(exchange.FieldSignature) {
				all = append(all, s)
				break
			}
		}
	}
	return all
}

// hasSignatures is the cheap question that comes first.
func hasSignatures(x *exchange.Exchange) bool {
	for _, m := range [...]*exchange.Message{&x.Request.Message, &x.Response.Message} {
		if m.Fields.Has(exchange.FieldSignatureInput) || m.Fields.Has(exchange.FieldSignature) ||
			m.Trailers.Has(exchange.FieldSignatureInput) || m.Trailers.Has(exchange.FieldSignature) {
			return true
		}
	}
	return false
}

// members calls f for each member of a dictionary field in both sections of a
// message; ok is false when a line cannot be read, which has its own rule.
func (s signed) members(n exchange.Name, f func(m field.Member, at exchange.Place)) (ok bool) {
	for part, section := range map[exchange.PlacePart]*exchange.Fields{exchange.PartField: &s.m.Fields, exchange.PartTrailer: &s.m.Trailers} {
		for i, l := range section.Each(n) {
			d, err := field.ParseStructured(l.Value, field.StructuredDictionary)
			if err != nil {
				return false
			}
			for m := range d.Members() {
				f(m, exchange.Place{Message: s.in, Part: part, Field: n.String(), Line: i, Start: m.KeyAt, End: max(m.End(), m.KeyAt+len(m.Key))})
			}
		}
	}
	return true
}

// signedRequest is an example: a request with these fields.
func signedRequest(fields string) string {
	return "* started 2026-01-02T03:04:05Z\n* scheme https\n> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n" + marked(">", fields) + ">\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n< Content-Length: 2\n<\n< {}\n"
}

var securitySignatureCoversMissingField = &annotate.Rule{
	ID:       "security/signature-covers-missing-field",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "a signature covers a missing header",
	Refs:     []string{"RFC 9421 §2.5", "RFC 9421 §2.1"},
	Doc: "Signature-Input lists what the signature covers. If the message lacks a header from that list, no one can verify the signature. " +
		"Either the signer listed too much, or a proxy removed the header.",
	Help: "list only headers that the message has, and let proxies keep them",
	Bad: []string{signedRequest("Signature-Input: sig1=(\"@method\" \"content-digest\");created=1767323045\nSignature: sig1=:AAAA:"),
		signedRequest("Signature-Input: sig1=(\"host\";req);created=1767323045\nSignature: sig1=:AAAA:")},
	Good:  []string{signedRequest("Date: Fri, 02 Jan 2026 03:04:05 GMT\nSignature-Input: sig1=(\"@method\" \"host\" \"date\");created=1767323045\nSignature: sig1=:AAAA:")},
	When:  annotate.When{If: []*annotate.Condition{ifSigned}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		if !hasSignatures(p.X) {
			return
		}
		for _, s := range signedMessages(p.X) {
			s.members(exchange.FieldSignatureInput, func(m field.Member, at exchange.Place) {
				for item := range m.Items() {
					if why := missingComponent(p.X, s, item); why != "" {
						p.Report(annotate.Note{Place: annotate.Span(at, item.At, item.End()), Blame: s.blame,
							Message: "the signature " + quoted(m.Key) + " covers " + quoted(item.Content()) + ", " + why})
						return
					}
				}
			})
		}
	},
}

// missingComponent says why a covered component is not there; "" when it is,
// or when that cannot be known.
func missingComponent(x *exchange.Exchange, s signed, item field.Member) string {
	name := item.Content()
	if item.Type != field.String || name == "" || name[0] == '@' {
		return ""
	}
	m, where := s.m, "which the message doesn't have"
	if _, req := item.Param("req"); req {
		if s.in == exchange.InRequest {
			return "with the parameter req, which a request can't have"
		}
		m, where = &x.Request.Message, "which the request doesn't have"
	}
	if isHiddenField(m, name) {
		return ""
	}
	section := &m.Fields
	if _, tr := item.Param("tr"); tr {
		section, where = &m.Trailers, "which the trailers don't have"
	}
	i := section.Named(name)
	if i < 0 {
		return where
	}
	key, hasKey := item.Param("key")
	if !hasKey {
		return ""
	}
	if d, err := field.ParseStructured(section.Combined(section.At(i).Known), field.StructuredDictionary); err == nil && section.At(i).Known != 0 {
		if _, found := d.Member(key.Content()); !found {
			return "whose key " + quoted(key.Content()) + " is missing"
		}
	}
	return ""
}

// isHiddenField reports whether a field may have been there without being
// seen: HTTP/2 and later have none for what frames and pseudo-fields say.
func isHiddenField(m *exchange.Message, name string) bool {
	switch strings.ToLower(name) {
	case "host":
		return m.Version >= exchange.HTTP2
	case "content-length", "transfer-encoding":
		return m.Version >= exchange.HTTP2 || !m.WireTrue()
	}
	return false
}

var securitySignatureExpired = &annotate.Rule{
	ID:       "security/signature-expired",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a signature has expired, or is from the future",
	Refs:     []string{"RFC 9421 §2.3", "RFC 9421 §3.2.1"},
	Doc: "A verifier refuses a signature if expires is in the past, or if created is in the future. " +
		"Usually a clock is wrong, or a client sends a signed message again.",
	Help: "sign each message separately, and set the clock",
	Bad: []string{signedRequest("Signature-Input: sig1=(\"@method\");created=1767322045;expires=1767322105\nSignature: sig1=:AAAA:"), signedRequest("Signature-Input: sig1=(\"@method\");created=1767333045\nSignature: sig1=:AAAA:"),
		signedRequest("Signature-Input: sig1=(\"@method\");created=1767323045;expires=1767323045\nSignature: sig1=:AAAA:")},
	Good:  []string{signedRequest("Signature-Input: sig1=(\"@method\");created=1767323040;expires=1767323340\nSignature: sig1=:AAAA:")},
	When:  annotate.When{If: []*annotate.Condition{ifSigned}},
	Needs: annotate.NeedsContent | annotate.NeedsClock,
	Check: func(p *annotate.Pass) {
		if !hasSignatures(p.X) {
			return
		}
		now := receivedAt(p.X)
		for _, s := range signedMessages(p.X) {
			cached := s.in == exchange.InResponse && p.X.Response.Fields.Has(exchange.FieldAge) && p.X.Response.Fields.Value(exchange.FieldAge) != "0"
			s.members(exchange.FieldSignatureInput, func(m field.Member, at exchange.Place) {
				if why := signatureTime(m, now, cached); why != "" {
					p.Report(annotate.Note{Place: at, Blame: s.blame, Message: "the signature " + quoted(m.Key) + " " + why})
				}
			})
		}
	},
}

func signatureTime(m field.Member, now time.Time, cached bool) string {
	created, hasCreated := m.Param("created")
	expires, hasExpires := m.Param("expires")
	hasCreated = hasCreated && created.Type == field.Integer
	hasExpires = hasExpires && expires.Type == field.Integer
	const slack = 60
	switch {
	case hasCreated && hasExpires && expires.Number <= created.Number:
		return "expires before it was created, or at the same time"
	case now.IsZero():
		return ""
	case hasExpires && !cached && now.Unix()-expires.Number > slack:
		return "expired " + inWords(now.Unix()-expires.Number) + " ago"
	case hasCreated && created.Number-now.Unix() > slack:
		return "was created " + inWords(created.Number-now.Unix()) + " from now"
	}
	return ""
}

var securitySignatureInputWithoutSignature = &annotate.Rule{
	ID:       "security/signature-input-without-signature",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "Signature-Input and Signature don't match",
	Refs:     []string{"RFC 9421 §4"},
	Doc:      "Each label in Signature-Input needs a signature with the same label in Signature, and vice versa. Without its counterpart, a label can't be verified.",
	Help:     "send both headers with the same labels",
	Bad:      []string{signedRequest("Signature-Input: sig1=(\"@method\");created=1767323045"), signedRequest("Signature-Input: sig1=(\"@method\");created=1767323045\nSignature: sig2=:AAAA:")},
	Good: []string{signedRequest("Signature-Input: sig1=(\"@method\");created=1767323045\nSignature: sig1=:AAAA:"),
		"# the form of an old draft\n" + signedRequest(`Signature: keyId="k",algorithm="hs2019",headers="date",signature="AAAA"`)},
	When:  annotate.When{If: []*annotate.Condition{ifSigned}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		if !hasSignatures(p.X) {
			return
		}
		for _, s := range signedMessages(p.X) {
			noteUnpaired(p, s, exchange.FieldSignatureInput, exchange.FieldSignature)
			noteUnpaired(p, s, exchange.FieldSignature, exchange.FieldSignatureInput)
		}
	},
}

// noteUnpaired reports the first label of one field that the other has not.
func noteUnpaired(p *annotate.Pass, s signed, n, other exchange.Name) {
	found := map[string]bool{}
	if !s.members(other, func(m field.Member, _ exchange.Place) { found[m.Key] = true }) {
		return
	}
	var first exchange.Place
	label := ""
	ok := s.members(n, func(m field.Member, at exchange.Place) {
		if !found[m.Key] && label == "" {
			first, label = at, m.Key
		}
	})
	if ok && label != "" {
		p.Report(annotate.Note{Place: first, Blame: s.blame, Message: n.String() + " has the label " + quoted(label) + ", which " + other.String() + " doesn't have"})
	}
}
