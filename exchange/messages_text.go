package exchange

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseMessages reads the fact "messages": the format, and what List does not say.
func parseMessages(x *Exchange, rest string) error {
	s := x.stream()
	return parseFacts(rest, func(k, v string) (err error) {
		if f, ok := parseMessageFormat(k); ok {
			s.Format = f
			return nil
		}
		to := map[string]*int64{"sent": &s.Sent, "received": &s.Received, "dropped": &s.Dropped, "unread": &s.Unread}[k]
		switch {
		case to != nil:
			*to, err = strconv.ParseInt(v, 10, 64)
		case k == "client-fault", k == "origin-fault":
			code, detail, _ := strings.Cut(v, " ")
			s.Fault(StreamFault{MessageFault: MessageFault{FaultCode(code), detail}, FromClient: k == "client-fault"})
		default:
			err = fmt.Errorf("unknown key %q", k)
		}
		return err
	})
}

// stream returns the messages of x, which it makes.
func (x *Exchange) stream() *Messages {
	if x.Messages == nil {
		x.Messages = &Messages{}
	}
	return x.Messages
}

var errMessageKind = errors.New("want a kind of message after the mark")

// message reads a message of a stream.
func (p *textParser) message(fromClient bool, rest string) error {
	head, content, _ := strings.Cut(rest+" ", " | ")
	content = strings.TrimSuffix(content, " ")
	kind, facts, _ := strings.Cut(strings.TrimSpace(head), " ")
	if !slices.Contains(MessageKinds(), kind) {
		return errMessageKind
	}
	text, err := unescape(content)
	if err != nil {
		return err
	}
	s := p.x.stream()
	m := StreamMessage{
		Number: s.Sent + s.Received + 1, FromClient: fromClient, Kind: MessageKind(kind),
		Content: []byte(text), Size: int64(len(text)), Wire: int64(len(text)),
	}
	if len(s.List) > 0 {
		m.At = s.List[len(s.List)-1].At
	}
	if err := parseFacts(facts, m.setFact); err != nil {
		return err
	}
	s.Count(&m)
	s.List = append(s.List, m)
	return nil
}

// setFact takes what a line says of a message.
func (m *StreamMessage) setFact(k, v string) (err error) {
	switch k {
	case "number":
		m.Number, err = strconv.ParseInt(v, 10, 64)
	case "at":
		m.At, err = time.ParseDuration(v)
	case "size":
		m.Size, err = strconv.ParseInt(v, 10, 64)
		m.Wire = m.Size
	case "wire":
		m.Wire, err = strconv.ParseInt(v, 10, 64)
	case "parts":
		m.Parts, err = strconv.Atoi(v)
	case "truncated":
		m.Truncated = true
	case "compressed":
		m.Compressed = true
	case "name":
		m.Name = v
	case "id":
		m.ID = v
	case "code":
		m.Code, err = strconv.Atoi(v)
	case "decoded":
		m.Decoded = v
	case "fault":
		code, detail, _ := strings.Cut(v, " ")
		m.Faults = append(m.Faults, MessageFault{FaultCode(code), detail})
	default:
		err = fmt.Errorf("unknown key %q", k)
	}
	return err
}

// appendText appends the messages to the text form of their exchange.
func (s *Messages) appendText(b []byte) []byte {
	if s == nil {
		return b
	}
	var listed Messages
	for i := range s.List {
		listed.Count(&s.List[i])
	}
	f := factList{}
	f.flag(string(s.Format), s.Format != "")
	for _, n := range []struct {
		key       string
		is, usual int64
	}{{"sent", s.Sent, listed.Sent}, {"received", s.Received, listed.Received}, {"dropped", s.Dropped, 0}, {"unread", s.Unread, 0}} {
		if n.is != n.usual {
			f.set(n.key, strconv.FormatInt(n.is, 10))
		}
	}
	for i := range s.Faults {
		if fault := &s.Faults[i]; fault.Number == 0 {
			f.set(sideName(fault.FromClient)+"-fault", strings.TrimSuffix(string(fault.Code)+" "+fault.Detail, " "))
		}
	}
	for i := range s.List {
		b = s.List[i].appendText(b)
	}
	return append(append(append(b, "* messages "...), strings.Join(f, " ")...), '\n')
}

func (m *StreamMessage) appendText(b []byte) []byte {
	mark := byte('<')
	if m.FromClient {
		mark = '>'
	}
	f := factList{}
	f.set("number", strconv.FormatInt(m.Number, 10))
	f.set("at", m.At.String())
	if m.Size != int64(len(m.Content)) {
		f.set("size", strconv.FormatInt(m.Size, 10))
	}
	if m.Wire != m.Size {
		f.set("wire", strconv.FormatInt(m.Wire, 10))
	}
	if m.Parts != 0 {
		f.set("parts", strconv.Itoa(m.Parts))
	}
	f.flag("truncated", m.Truncated)
	f.flag("compressed", m.Compressed)
	f.set("name", m.Name)
	f.set("id", m.ID)
	if m.Code != 0 {
		f.set("code", strconv.Itoa(m.Code))
	}
	f.set("decoded", m.Decoded)
	for _, fault := range m.Faults {
		f.set("fault", strings.TrimSuffix(string(fault.Code)+" "+fault.Detail, " "))
	}
	b = append(append(append(b, mark, '+', ' '), m.Kind...), ' ')
	b = append(append(b, strings.Join(f, " ")...), " | "...)
	b = appendEscaped(b, string(m.Content))
	return append(b, '\n')
}
