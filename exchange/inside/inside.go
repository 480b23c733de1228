// Package inside reads what content says of how a call ended: many protocols on
// top of HTTP send their errors inside a success. It knows contents, and nothing
// of exchanges.
package inside

import (
	"strings"

	"sidenote/exchange/field"
)

// An Outcome is how a call ended in effect.
type Outcome uint8

// The outcomes.
const (
	Unknown Outcome = iota // content that may tell was not kept, or is cut before it tells
	OK                     // nothing says that the call failed
	Partial                // a part of what was asked for failed
	Error                  // the call failed
	Failed                 // there is no whole response
)

var outcomeNames = [...]string{"unknown", "ok", "partial", "error", "failed"}

// String returns "unknown", "ok", "partial", "error" or "failed".
func (o Outcome) String() string { return outcomeNames[o] }

// OutcomeNames lists what Outcome.String returns.
func OutcomeNames() []string { return outcomeNames[:] }

// A Protocol names the protocol, or the custom, by which content tells that a
// call failed.
type Protocol string

// The protocols.
const (
	GraphQL     Protocol = "graphql"
	JSONRPC     Protocol = "jsonrpc"
	MCP         Protocol = "mcp"
	GRPC        Protocol = "grpc"
	SOAP        Protocol = "soap"
	XMLRPC      Protocol = "xmlrpc"
	JSON        Protocol = "json"        // an object such as {"success":false}
	XML         Protocol = "xml"         // a document that is an error, as those of S3
	Batch       Protocol = "batch"       // answers to several requests in one
	MultiStatus Protocol = "multistatus" // 207
	Events      Protocol = "events"      // an event stream with an event of the type error
)

// Protocols lists all of them.
func Protocols() []Protocol {
	return []Protocol{GraphQL, JSONRPC, MCP, GRPC, SOAP, XMLRPC, JSON, XML, Batch, MultiStatus, Events}
}

// A Finding is what content says of how a call ended. The zero value knows nothing.
type Finding struct {
	Outcome  Outcome
	Protocol Protocol // "" for OK and Unknown
	More     int      // further errors of the same call
	Code     string   // the protocol's own name or number of the error; "" for none
	Message  string   // the sender's words, at most MostMessage octets
	ByClient bool     // the error says that the request is at fault

	// Failed and Calls count the parts of a batch; 0 where there is one call.
	Failed, Calls int

	At, End int // where the content says it; equal where that is not known
}

// Bounds of what a Finding holds and of the work for it.
const (
	MostMessage = 512
	mostCode    = 64
	mostParts   = 10_000 // of a batch
	mostTokens  = 20_000 // of XML
)

// Content is what is to be read.
type Content struct {
	Bytes []byte // decoded
	Whole bool   // Bytes is all of it
	Type  string // value of Content-Type

	Status  int    // of the response
	Method  string // of the request
	GraphQL func() bool
	MCP     func() bool
}

var fine = Finding{Outcome: OK}

// A kind is a family of media types.
type kind uint8

const (
	kindOther kind = iota
	kindJSON
	kindXML
	kindEvents
	kindMultipart
	kindText // may be JSON that has no other label
)

func kindOf(contentType string) kind {
	if contentType == "application/json" {
		return kindJSON
	}
	m := field.ParseMediaType(contentType)
	switch {
	case m.IsJSON(), m.Is("text", "json"), field.HasPrefixFold(m.Subtype, "x-amz-json"):
		return kindJSON
	case m.IsHTML(), m.Is("text", "plain"), contentType == "":
		return kindText
	case field.EqualFold(m.Suffix(), "xml"):
		if field.EqualFold(m.Type, "image") {
			return kindOther
		}
		return kindXML
	case m.Is("text", "xml"), m.Is("application", "xml"):
		return kindXML
	case m.Is("text", "event-stream"):
		return kindEvents
	case field.EqualFold(m.Type, "multipart") && (field.EqualFold(m.Subtype, "mixed") || field.EqualFold(m.Subtype, "related")):
		return kindMultipart
	}
	return kindOther
}

// MayTell reports whether content of a type can say that a call failed.
func MayTell(contentType string) bool {
	k := kindOf(contentType)
	return k != kindOther && k != kindText
}

// Read finds out how a call ended, as far as the content of its success tells.
func Read(c *Content) Finding {
	switch k := kindOf(c.Type); k {
	case kindJSON:
		return c.json(c.Bytes, c.Whole)
	case kindXML:
		return c.xml(c.Bytes, c.Whole)
	case kindEvents:
		return c.events(c.Bytes, c.Whole)
	case kindMultipart:
		return c.multipart(c.Bytes, c.Whole)
	case kindText:
		if at := start(c.Bytes); at < len(c.Bytes) && (c.Bytes[at] == '{' || c.Bytes[at] == '[') {
			return c.json(c.Bytes, c.Whole)
		}
	}
	return fine
}

// start is where text begins: after a byte order mark and white space.
func start(b []byte) int {
	at := 0
	if len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf {
		at = 3
	}
	for at < len(b) && (b[at] == ' ' || b[at] == '\t' || b[at] == '\n' || b[at] == '\r') {
		at++
	}
	return at
}

// notTold is the finding for content that says nothing: OK if it is whole.
func notTold(whole bool) Finding {
	if whole {
		return fine
	}
	return Finding{}
}

// A tally counts the parts of a batch.
type tally struct {
	calls, failed int
	first         Finding // of the parts that failed
	partly        bool    // some part failed partly
}

func (t *tally) add(f Finding) {
	t.calls++
	if f.Outcome != Error && f.Outcome != Partial {
		return
	}
	if t.failed == 0 {
		t.first = f
	}
	t.failed++
	t.partly = t.partly || f.Outcome == Partial
}

// finding sums up; what is not whole may lack parts that failed.
func (t *tally) finding(whole bool) Finding {
	if t.failed == 0 {
		return notTold(whole)
	}
	f := t.first
	f.Failed, f.Calls = t.failed, t.calls
	f.Outcome = Partial
	if t.failed == t.calls && whole && !t.partly {
		f.Outcome = Error
	}
	if t.calls == 1 {
		f.Failed, f.Calls = 0, 0
	}
	return f
}

// cut shortens text to so many octets, at the beginning of a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xc0 == 0x80 {
		most--
	}
	return strings.Clone(s[:most])
}
