package inside

import (
	"bytes"
	"encoding/json"
	"strconv"

	"sidenote/exchange/field"
)

// json reads an answer of JSON.
func (c *Content) json(b []byte, whole bool) Finding {
	at := start(b)
	if at == len(b) {
		return notTold(whole)
	}
	switch b[at] {
	case '{':
		return c.jsonObject(b, whole)
	case '[':
		return c.jsonArray(b, whole)
	}
	return fine
}

// jsonObject reads an answer that is an object. What is no JSON says nothing
// that could be relied on.
func (c *Content) jsonObject(b []byte, whole bool) Finding {
	var o object
	o.read(b[start(b):])
	f := c.ofObject(&o, whole)
	if f.Outcome != Error && f.Outcome != Partial {
		return f
	}
	if whole && !json.Valid(b[start(b):]) {
		return Finding{}
	}
	f.At += start(b)
	f.End += start(b)
	return f
}

func (c *Content) ofObject(o *object, whole bool) Finding {
	switch {
	case o.has(roleJSONRPC), c.Whole && o.isJSONRPC1():
		return o.jsonRPC(whole, c.isMCP())
	case o.has(roleErrors) && o.is(roleErrors, '[') && !o.m[roleErrors].IsEmpty():
		if f, ok := o.graphQL(c); ok {
			return f
		}
	}
	if f, ok := c.jsonBatch(o, whole); ok {
		return f
	}
	if !whole {
		if o.flag == flagTrue {
			return fine
		}
		return Finding{}
	}
	if m := field.ParseMediaType(c.Type); c.Type != "application/json" && m.Is("application", "problem+json") && c.Status != 207 {
		f := o.failed()
		f.ByClient = o.statusIsClients()
		return f
	}
	return o.envelope()
}

func (c *Content) isMCP() bool     { return c.MCP != nil && c.MCP() }
func (c *Content) isGraphQL() bool { return c.GraphQL != nil && c.GraphQL() }

// jsonArray reads an answer that is an array: a batch of JSON-RPC or GraphQL, or
// one of objects that each say whether they succeeded.
func (c *Content) jsonArray(b []byte, whole bool) Finding {
	var t tally
	for e := range field.JSONElements(b) {
		at := start(e)
		if at == len(e) || e[at] != '{' || t.calls == mostParts {
			break
		}
		f, ok := c.arrayElement(e)
		if !ok {
			return notTold(whole || e[len(e)-1] == '}')
		}
		t.add(f)
	}
	if t.failed > 0 && whole && !json.Valid(b[start(b):]) {
		return Finding{}
	}
	if t.calls == 0 {
		return notTold(whole || len(b) > start(b)+1) // no batch begins otherwise
	}
	f := t.finding(whole)
	f.At, f.End = 0, 0
	if t.calls > 1 && f.Protocol == JSON {
		f.Protocol = Batch
	}
	return f
}

// arrayElement reads one answer of a batch; ok is false for an object that is none.
func (c *Content) arrayElement(b []byte) (f Finding, ok bool) {
	var o object
	o.read(b)
	switch {
	case o.has(roleJSONRPC):
		return o.jsonRPC(true, c.isMCP()), true
	case o.is(roleErrors, '[') || o.is(roleData, '{'):
		if !c.isGraphQL() && !o.onlyGraphQL() {
			break
		}
		if f, ok := o.graphQL(c); ok {
			return f, true
		}
		return fine, true
	case o.is(roleCode, '1', '2', '3', '4', '5') && o.has(roleBody) && (o.stranger == 0 || o.has(roleHeaders)):
		return partOf(&o, o.m[roleCode]), true
	}
	if o.flag != flagNone && (o.has(roleErrors) || o.has(roleError)) { // Salesforce
		if o.flag == flagFalse {
			return o.failed(), true
		}
		return fine, true
	}
	return fine, false
}

// jsonRPC reads an answer of JSON-RPC 2.0 §5, or of MCP, which stands on it.
func (o *object) jsonRPC(whole, mcp bool) Finding {
	if e := o.m[roleError]; e.Value != nil && !e.IsEmpty() {
		f := Finding{Outcome: Error, Protocol: JSONRPC, At: e.At, End: e.End()}
		if mcp {
			f.Protocol = MCP
		}
		f.describe(e.Value, 0)
		n, err := strconv.Atoi(f.Code)
		f.ByClient = err == nil && (n == -32700 || n <= -32600 && n >= -32602)
		return f
	}
	result := o.m[roleResult]
	for m := range field.JSONMembers(result.Value) {
		if m.Is("isError") && string(m.Value) == "true" {
			return Finding{Outcome: Error, Protocol: MCP, Message: firstText(result.Value), At: result.At + m.At, End: result.At + m.End()}
		}
	}
	return notTold(whole || result.Value != nil && o.last != roleResult)
}

// isJSONRPC1 reports whether the object is an answer of JSON-RPC 1.0: result,
// error and id, and nothing else.
func (o *object) isJSONRPC1() bool {
	return o.count == 3 && o.has(roleResult) && o.has(roleError) && o.has(roleID)
}

// firstText is the first text of the content of a tool's result.
func firstText(result []byte) string {
	for m := range field.JSONMembers(result) {
		if !m.Is("content") {
			continue
		}
		for e := range field.JSONElements(m.Value) {
			for t := range field.JSONMembers(e) {
				if t.Is("text") {
					return cut(textOf(t.Value), MostMessage)
				}
			}
		}
	}
	return ""
}

// graphQL reads a response of GraphQL that has errors (GraphQL §7.1); ok is false
// where the object is none.
func (o *object) graphQL(c *Content) (f Finding, ok bool) {
	errors := o.m[roleErrors]
	var first []byte
	n, own := 0, true
	for e := range field.JSONElements(errors.Value) {
		if n++; first == nil {
			first = e
		}
		own = own && isGraphQLError(e)
	}
	if first == nil {
		return f, false
	}
	if !c.isGraphQL() && !(o.onlyGraphQL() && (own || o.has(roleData) && hasMessage(first))) {
		return f, false
	}
	f = Finding{Outcome: Error, Protocol: GraphQL, At: errors.At, End: errors.End()}
	if !c.Whole && o.last == roleErrors {
		f.Outcome = Partial // whether there is data is not known
	}
	if o.is(roleData, '{', '[') || o.stream {
		f.Outcome = Partial
	}
	f.describe(first, 0)
	switch f.Code {
	case "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "UNAUTHENTICATED", "FORBIDDEN",
		"OPERATION_RESOLUTION_FAILURE", "PERSISTED_QUERY_NOT_FOUND", "BAD_REQUEST", "NOT_FOUND":
		f.ByClient = true
	}
	f.More = n - 1
	return f, true
}

// isGraphQLError reports whether an object is an error with what only those of
// GraphQL have.
func isGraphQLError(b []byte) bool {
	message, own := false, false
	for m := range field.JSONMembers(b) {
		switch {
		case m.Is("message"):
			message = m.Value[0] == '"'
		case m.Is("locations"), m.Is("path"), m.Is("extensions"):
			own = true
		}
	}
	return message && own
}

// deepest bounds how deep in an error its words are looked for.
const deepest = 4

// hasMessage reports whether an object has a text for a message.
func hasMessage(b []byte) bool {
	for m := range field.JSONMembers(b) {
		if m.Is("message") {
			return m.Value[0] == '"'
		}
	}
	return false
}

// describe takes code and message from an error: an object or a text.
func (f *Finding) describe(b []byte, depth int) {
	if len(b) == 0 || depth > deepest {
		return
	}
	if b[0] != '{' {
		if b[0] == '"' {
			f.Message = cut(textOf(b), MostMessage)
		} else {
			f.Code = cut(string(b), mostCode)
		}
		return
	}
	best := 0
	for m := range field.JSONMembers(b) {
		switch name := string(m.RawName()); name {
		case "code", "errorCode", "error_code", "ErrorCode", "faultcode", "errorcode", "Code", "statusCode":
			f.setCode(m, 3)
		case "type", "status", "errorType", "reason":
			if f.Code == "" && m.Value[0] == '"' {
				f.setCode(m, 1)
			}
			if name == "reason" && best < 1 {
				best = f.setMessage(m, 1, depth)
			}
		case "extensions":
			for e := range field.JSONMembers(m.Value) {
				if e.Is("code") {
					f.setCode(e, 3)
				}
			}
		case "message", "msg", "Message", "faultstring", "errorMessage", "error_message", "error_msg":
			if best < 4 {
				best = f.setMessage(m, 4, depth)
			}
		case "detail", "description", "info", "Detail", "error_description":
			if best < 3 {
				best = f.setMessage(m, 3, depth)
			}
		case "title", "error", "Error":
			if best < 2 {
				best = f.setMessage(m, 2, depth)
			}
		}
	}
}

// setCode keeps a code; a text or a number.
func (f *Finding) setCode(m field.JSONMember, rank int) {
	s := scalar(m.Value)
	if s != "" && (rank > 1 || f.Code == "") {
		f.Code = cut(s, mostCode)
	}
}

// setMessage keeps a message, and returns how good it is: 0 where it is none.
func (f *Finding) setMessage(m field.JSONMember, rank, depth int) int {
	v := m.Value
	for n := 0; v[0] == '[' && n < deepest; n++ { // as that of an error with several
		var first []byte
		for e := range field.JSONElements(v) {
			first = e
			break
		}
		if len(first) == 0 {
			return 0
		}
		v = first
	}
	if v[0] == '{' && f.Message == "" {
		f.describe(v, depth+1)
		return 0
	}
	s := textOf(v)
	if s == "" {
		return 0
	}
	f.Message = cut(s, MostMessage)
	return rank
}

// scalar is a text, or a number as it stands; "" for anything else.
func scalar(v []byte) string {
	switch {
	case len(v) == 0:
		return ""
	case v[0] == '"':
		return textOf(v)
	case field.IsDigit(v[0]) || v[0] == '-':
		return string(v)
	}
	return ""
}

// textOf is what a JSON string means; "" for anything else.
func textOf(v []byte) string {
	if len(v) < 2 || v[0] != '"' {
		return ""
	}
	if bytes.IndexByte(v, '\\') < 0 && v[len(v)-1] == '"' {
		return string(bytes.ToValidUTF8(v[1:len(v)-1], []byte("\uFFFD")))
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}
