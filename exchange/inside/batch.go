package inside

import (
	"bytes"
	"strconv"
	"strings"

	"sidenote/exchange/field"
)

// jsonBatch reads an object that holds answers to several requests: those of
// OData and Microsoft Graph, Elasticsearch, AWS, and of a 207.
func (c *Content) jsonBatch(o *object, whole bool) (f Finding, ok bool) {
	switch {
	case o.is(roleResponses, '['):
		f, ok = partsOf(o.m[roleResponses], whole)
	case o.is(roleItems, '[') && o.has(roleErrors) && (o.is(roleErrors, 't') || o.is(roleErrors, 'f')):
		f, ok = bulkItems(o.m[roleItems], whole)
	case o.has(roleCount):
		f, ok = countedFailures(o, whole), true
	case o.has(roleUndone):
		m := o.m[roleUndone]
		if m.IsEmpty() || m.Value[0] != '[' && m.Value[0] != '{' || o.count > 5 {
			return f, false
		}
		f, ok = Finding{Outcome: Partial, Protocol: Batch, Code: string(m.RawName()), At: m.At, End: m.End()}, true
		if m.Value[0] == '[' {
			for e := range field.JSONElements(m.Value) {
				f.describe(e, 0)
				break
			}
		}
	case c.Status == 207:
		for _, r := range [...]role{roleItems, roleData, roleResult, rolePayload} {
			if o.is(r, '[') {
				f, ok = partsOf(o.m[r], whole)
			}
			if ok {
				f.Protocol = MultiStatus
				break
			}
		}
	}
	if ok && f.Outcome != Error && f.Outcome != Partial {
		f.Protocol = ""
	}
	return f, ok
}

// partsOf counts the members of a list that each have a status; ok is false for
// a list of something else.
func partsOf(list field.JSONMember, whole bool) (f Finding, ok bool) {
	var t tally
	for e := range field.JSONElements(list.Value) {
		if t.calls == mostParts {
			whole = false
			break
		}
		status, o := statusOf(e)
		if _, isStatus := status.Integer(); !isStatus {
			return f, false
		}
		t.add(partOf(o, status))
	}
	if t.calls == 0 {
		return f, false
	}
	f = t.finding(whole)
	f.Protocol, f.At, f.End = Batch, list.At, list.End()
	return f, true
}

// statusOf is the status of one part of a batch, and its members.
func statusOf(b []byte) (field.JSONMember, *object) {
	o := new(object)
	o.read(b)
	for _, m := range o.states {
		if _, ok := m.Integer(); ok {
			return m, o
		}
	}
	if o.has(roleCode) {
		return o.m[roleCode], o
	}
	for m := range field.JSONMembers(b) {
		if m.Is("httpStatusCode") {
			return m, o
		}
	}
	return field.JSONMember{}, o
}

// partOf is how one part went by its status, with the words of its body.
func partOf(o *object, status field.JSONMember) Finding {
	n, _ := status.Integer()
	if n < 400 {
		return fine
	}
	f := Finding{Outcome: Error, Protocol: Batch, Code: strconv.Itoa(n), ByClient: n < 500}
	code := f.Code
	for _, r := range [...]role{roleBody, roleError} {
		m := o.m[r]
		if m.Value == nil || m.Value[0] != '{' {
			continue
		}
		f.describe(m.Value, 0)
	}
	f.Code = code
	return f
}

// bulkItems counts the items of a bulk request of Elasticsearch, each an object
// with one member that has a status.
func bulkItems(list field.JSONMember, whole bool) (f Finding, ok bool) {
	var t tally
	for e := range field.JSONElements(list.Value) {
		if t.calls == mostParts {
			whole = false
			break
		}
		for m := range field.JSONMembers(e) {
			status, o := statusOf(m.Value)
			if status.Value == nil {
				return f, false
			}
			t.add(partOf(o, status))
			break
		}
	}
	f = t.finding(whole)
	f.Protocol, f.At, f.End = Batch, list.At, list.End()
	return f, t.calls > 0
}

// countedFailures reads an answer of AWS that says how many records failed.
func countedFailures(o *object, whole bool) Finding {
	m := o.m[roleCount]
	n, _ := m.Integer()
	if n == 0 {
		return notTold(whole)
	}
	return Finding{Outcome: Partial, Protocol: Batch, Code: string(m.RawName()) + " " + strconv.Itoa(n), At: m.At, End: m.End()}
}

// multipart reads the parts of multipart content: answers with a head of their
// own (application/http), results of GraphQL that came one by one, or a SOAP
// message with what belongs to it.
func (c *Content) multipart(b []byte, whole bool) Finding {
	var t tally
	root := true
	if !c.parts(b, c.Type, 0, func(kind string, part []byte, at int) bool {
		f, counts := c.part(kind, part, whole, root)
		root = false
		if counts {
			if f.Outcome == Error || f.Outcome == Partial {
				f.At, f.End = f.At+at, f.End+at
			}
			t.add(f)
		}
		return t.calls < mostParts
	}) {
		whole = false
	}
	if t.calls == 0 {
		return notTold(whole)
	}
	f := t.finding(whole)
	if f.Protocol == Batch {
		f.Failed, f.Calls = t.failed, t.calls
	}
	return f
}

// parts calls yield for each part that is not multipart itself, and reports
// whether the closing delimiter was there.
func (c *Content) parts(b []byte, contentType string, depth int, yield func(contentType string, part []byte, at int) bool) bool {
	const deepest = 2
	boundary, _ := field.ParseMediaType(contentType).Param("boundary")
	closed := false
	for d := range field.Delimiters(b, boundary) {
		closed = closed || d.Closing
	}
	for p := range field.BodyParts(b, boundary) {
		kind, _, _ := p.Field(b, "Content-Type")
		if depth < deepest && strings.HasPrefix(strings.ToLower(kind), "multipart/") {
			c.parts(b[p.At:p.End], kind, depth+1, func(k string, part []byte, at int) bool { return yield(k, part, p.At+at) })
			continue
		}
		if !yield(kind, b[p.At:p.End], p.At) {
			return closed
		}
	}
	return closed
}

// part reads one part; counts is false for one that is no answer.
func (c *Content) part(contentType string, b []byte, whole, root bool) (f Finding, counts bool) {
	m := field.ParseMediaType(contentType)
	switch {
	case m.Is("application", "http"):
		return httpPart(b)
	case m.IsJSON():
		inner := *c
		inner.Type = contentType
		f = inner.json(b, true)
		return f, f.Protocol == GraphQL || f.Outcome == OK && c.isGraphQL()
	case root && (m.Is("text", "xml") || field.EqualFold(m.Suffix(), "xml")): // a SOAP message with attachments
		return c.xml(b, whole), true
	}
	return f, false
}

// httpPart reads the status line of a part.
func httpPart(b []byte) (f Finding, counts bool) {
	line, rest, _ := bytes.Cut(b[start(b):], []byte("\n"))
	version, after, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
	if !ok || !strings.HasPrefix(version, "HTTP/") || len(after) < 3 {
		return f, false
	}
	status, err := strconv.Atoi(after[:3])
	if err != nil {
		return f, false
	}
	if status < 400 {
		return fine, true
	}
	f = Finding{Outcome: Error, Protocol: Batch, Code: after[:3], ByClient: status < 500, At: start(b)}
	f.End = f.At + len(bytes.TrimRight(line, "\r"))
	for _, empty := range [...]string{"\r\n\r\n", "\n\n"} {
		if _, content, ok := bytes.Cut(rest, []byte(empty)); ok {
			if content = content[start(content):]; len(content) > 0 && content[0] == '{' {
				code := f.Code
				f.describe(content, 0)
				f.Code = code
			}
			break
		}
	}
	return f, true
}
