package inside

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"

	"sidenote/exchange/field"
)

// An Operation is what a request asks for, where its target does not say it: one
// URI serves them all. The zero value is none.
type Operation struct {
	Protocol Protocol
	Type     string // of GraphQL: "query", "mutation" or "subscription"
	Name     string // "" for one without a name
}

// String returns type and name as they are shown: "mutation AddToCart",
// "tools/call weather".
func (o Operation) String() string {
	switch {
	case o.Type == "":
		return o.Name
	case o.Name == "":
		return o.Type
	}
	return o.Type + " " + o.Name
}

// mostName bounds a name from the wire, in octets.
const mostName = 80

// Name returns a name that can be shown and counted by: letters, digits and
// the marks that names of methods have. It is "" for anything else.
func Name(s string) string {
	if len(s) > mostName {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || field.IsDigit(c) || strings.IndexByte("_-./:$#", c) >= 0) {
			return ""
		}
	}
	return strings.Clone(s)
}

// JSONOperation reads the content of a request: a call of JSON-RPC or MCP, or an
// operation of GraphQL. Of a batch it is that of all calls, if they are the same.
func JSONOperation(b []byte, graphQLPath bool) Operation {
	b = b[start(b):]
	if len(b) == 0 {
		return Operation{}
	}
	if b[0] == '{' {
		return callOf(b, graphQLPath)
	}
	var all Operation
	n := 0
	for e := range field.JSONElements(b) {
		if e[0] != '{' {
			return Operation{}
		}
		op := callOf(e, graphQLPath)
		switch {
		case op.Protocol == "" || n == mostParts:
			return Operation{}
		case n > 0 && op != all:
			return Operation{Protocol: op.Protocol, Name: "batch"}
		}
		all = op
		n++
	}
	return all
}

func callOf(b []byte, graphQLPath bool) Operation {
	var rpc, method, params, query, name, hash []byte
	id, looksOld := false, false
	for m := range field.JSONMembers(b) {
		switch string(m.RawName()) {
		case "jsonrpc":
			rpc = m.Value
		case "method":
			method = m.Value
		case "params":
			params, looksOld = m.Value, m.Value[0] == '['
		case "id":
			id = true
			if graphQLPath && m.Value[0] == '"' {
				hash = m.Value
			}
		case "query":
			query = m.Value
		case "operationName":
			name = m.Value
		case "documentId", "doc_id", "queryId", "sha256Hash":
			hash = m.Value
		case "extensions":
			hash = persistedHash(m.Value)
		}
	}
	if rpc != nil || id && looksOld {
		if s := Name(textOf(method)); s != "" {
			return rpcCall(s, params)
		}
		return Operation{}
	}
	return GraphQLOperation(textOrPart(query), textOf(name), scalar(hash), graphQLPath)
}

// textOrPart is what a string means, also of one that is cut.
func textOrPart(v []byte) string {
	if s := textOf(v); s != "" || len(v) < 2 || v[0] != '"' {
		return s
	}
	if i := bytes.LastIndexByte(v, '\\'); i >= 0 && i >= len(v)-6 {
		v = v[:i] // which may be half an escape
	}
	var s string
	if json.Unmarshal(append(bytes.Clone(v), '"'), &s) != nil {
		return ""
	}
	return s
}

// rpcCall is a call by its method; those of MCP that name a tool or a prompt have
// that name too.
func rpcCall(method string, params []byte) Operation {
	op := Operation{Protocol: JSONRPC, Name: method}
	switch method {
	case "initialize", "tools/list", "resources/list", "resources/read", "prompts/list", "resources/templates/list", "completion/complete":
		op.Protocol = MCP
	case "tools/call", "prompts/get":
		op.Protocol = MCP
		for m := range field.JSONMembers(params) {
			if m.Is("name") {
				if s := Name(textOf(m.Value)); s != "" {
					op.Name += " " + s
				}
			}
		}
	default:
		if strings.HasPrefix(method, "notifications/") {
			op.Protocol = MCP
		}
	}
	return op
}

// PersistedHash is the hash of a persisted query in the extensions of a request,
// which are JSON; "" where there is none.
func PersistedHash(extensions string) string { return scalar(persistedHash([]byte(extensions))) }

func persistedHash(extensions []byte) []byte {
	for m := range field.JSONMembers(extensions) {
		if !m.Is("persistedQuery") {
			continue
		}
		for h := range field.JSONMembers(m.Value) {
			if h.Is("sha256Hash") {
				return h.Value
			}
		}
	}
	return nil
}

// GraphQLOperation is the operation of a document that a request of GraphQL asks
// for, by its name where the document has several (GraphQL §2.3). A persisted
// query has its hash or ID for a document. It is none where nothing is of
// GraphQL: known says that the request is, by its path or media type.
func GraphQLOperation(document, name, hash string, known bool) Operation {
	op := Operation{Protocol: GraphQL, Name: Name(name)}
	kind, first, ok := documentOperation(document, name)
	switch {
	case ok:
		op.Type = kind
		if op.Name == "" {
			op.Name = Name(first)
		}
		return op
	case document != "" || !known && (hash == "" || name == ""):
		return Operation{}
	}
	const shown = 12 // digits that tell hashes apart
	if hash = Name(hash); op.Name == "" && hash != "" {
		op.Name = "persisted:" + hash[:min(len(hash), shown)]
	}
	if op.Name == "" {
		return Operation{}
	}
	return op
}

// documentOperation finds the operation of that name in a document, or the first
// one. It reads no more than it takes to tell definitions apart.
func documentOperation(document, wanted string) (kind, name string, ok bool) {
	s := scanner{text: document}
	for {
		word, isName := s.next()
		switch {
		case word == "":
			return kind, name, ok
		case word == "{":
			s.block()
			if !ok {
				kind, ok = "query", true
			}
			continue
		case !isName:
			if !ok {
				return "", "", false // no definition begins so
			}
			continue
		}
		switch word {
		case "query", "mutation", "subscription":
		case "fragment":
			if _, begun := s.definition(); !begun {
				return kind, name, ok
			}
			continue
		default:
			return kind, name, ok
		}
		own, begun := s.definition()
		if !begun {
			return kind, name, ok
		}
		if !ok || wanted != "" && own == wanted {
			kind, name, ok = word, own, true
		}
		if own == wanted || wanted == "" {
			return kind, name, ok
		}
	}
}

// A scanner cuts a document of GraphQL into words (GraphQL §2.1).
type scanner struct {
	text string
	at   int
}

// next is the next name or mark; "" at the end.
func (s *scanner) next() (word string, isName bool) {
	for s.at < len(s.text) {
		c := s.text[s.at]
		switch {
		case c == '#':
			if i := strings.IndexAny(s.text[s.at:], "\r\n"); i >= 0 {
				s.at += i
			} else {
				s.at = len(s.text)
			}
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c >= 0x80: // and a byte order mark
			s.at++
		case c == '"':
			s.quoted()
			return `"`, false
		case isNameByte(c):
			from := s.at
			for s.at < len(s.text) && isNameByte(s.text[s.at]) {
				s.at++
			}
			return s.text[from:s.at], true
		default:
			s.at++
			return s.text[s.at-1 : s.at], false
		}
	}
	return "", false
}

func isNameByte(c byte) bool {
	return c == '_' || field.IsDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// quoted passes over a string, or a block string.
func (s *scanner) quoted() {
	if rest := s.text[s.at:]; strings.HasPrefix(rest, `"""`) {
		if i := strings.Index(rest[3:], `"""`); i >= 0 {
			s.at += i + 6
		} else {
			s.at = len(s.text)
		}
		return
	}
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"', '\n':
			s.at++
			return
		}
	}
}

// block passes over what is left of a block that has begun.
func (s *scanner) block() {
	for depth := 1; depth > 0; {
		switch word, _ := s.next(); word {
		case "":
			return
		case "{":
			depth++
		case "}":
			depth--
		}
	}
}

// definition passes over the rest of a definition, and returns its name; begun is
// false for words that only look like one.
func (s *scanner) definition() (name string, begun bool) {
	parens := 0
	for first := true; ; first = false {
		word, isName := s.next()
		switch {
		case word == "":
			return name, begun
		case first && isName:
			name = word
		case word == "@":
			begun = true
		case word == "(":
			begun = true
			parens++
		case word == ")":
			parens--
		case word == "{" && parens <= 0:
			s.block()
			return name, true
		}
	}
}

// SOAPOperation is the operation of a request of SOAP: by its action, else by the
// first element of its body.
func SOAPOperation(action string, b []byte) Operation {
	action = strings.Trim(action, `" `)
	if i := strings.LastIndexAny(strings.TrimRight(action, "/"), "/#:"); i >= 0 {
		action = action[i+1:]
	}
	if s := Name(action); s != "" {
		return Operation{Protocol: SOAP, Name: s}
	}
	r := newXMLReader(b)
	for body := false; ; {
		var e xml.StartElement
		e, ok := r.next()
		if !ok || r.depth == 1 && e.Name.Local != "Envelope" {
			return Operation{}
		}
		if body {
			return Operation{Protocol: SOAP, Name: Name(e.Name.Local)}
		}
		body = r.depth == 2 && e.Name.Local == "Body"
	}
}
