package exchange

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"sidenote/exchange/field"
	"sidenote/exchange/inside"
)

// An Effect is how an exchange ended in effect. The status does not always tell:
// GraphQL, JSON-RPC, gRPC, SOAP and many APIs send their errors inside a success.
// What the status itself says is not repeated: such an effect has no protocol.
type Effect struct {
	inside.Finding
	Place Place // where the error inside a success stands; zero where it is not known
}

// IsInside reports whether the status is that of a success, and the response says
// that the call failed, or a part of it.
func (e *Effect) IsInside() bool { return e.Protocol != "" }

// IsError reports whether the exchange failed in effect, or a part of it: the
// status is that of an error, there is no whole response, or there is an error
// inside a success.
func (e *Effect) IsError() bool { return e.Outcome >= inside.Partial }

// The effects that the status alone tells, shared by all exchanges.
var (
	effectOK      = &Effect{Finding: inside.Finding{Outcome: inside.OK}}
	effectError   = &Effect{Finding: inside.Finding{Outcome: inside.Error}}
	effectFailed  = &Effect{Finding: inside.Finding{Outcome: inside.Failed}}
	effectUnknown = &Effect{}
)

// Effective returns how the exchange ended in effect. It is found out once; any
// number of goroutines may ask. Call it only after the exchange has ended, and
// do not change what it returns.
func (x *Exchange) Effective() *Effect {
	if e := x.effect.Load(); e != nil {
		return e
	}
	e := x.effective()
	x.effect.Store(e)
	return e
}

func (x *Exchange) effective() *Effect {
	r := &x.Response
	switch {
	case x.Err != nil, r.Status == 0, r.Made && r.Status >= 400:
		return effectFailed
	case r.Status >= 400:
		return effectError
	case r.Class() != 2, x.Request.Method == "CONNECT":
		return effectOK
	}
	contentType := r.Fields.Value(FieldContentType)
	if len(contentType) >= len("application/grpc") && field.HasPrefixFold(contentType, "application/grpc") {
		return x.grpcEffect(contentType)
	}
	if !x.MayHaveContent() {
		return effectOK
	}
	return x.contentEffect(contentType)
}

// contentEffect asks the content. Where it was not kept, nothing is guessed.
func (x *Exchange) contentEffect(contentType string) *Effect {
	m := &x.Response.Message
	if len(m.Content.Kept) == 0 {
		if inside.MayTell(contentType) && (m.Content.Size > 0 || !m.Content.Complete || x.Source.Lacks.Has(LacksContent)) {
			return effectUnknown
		}
		return effectOK
	}
	if x.Response.Status == 206 {
		return effectOK // a part of something
	}
	if strings.HasPrefix(contentType, "image/") || strings.HasPrefix(contentType, "video/") || strings.HasPrefix(contentType, "font/") {
		return effectOK
	}
	d := m.DecodedContent()
	f := inside.Read(&inside.Content{
		Bytes: d.Bytes, Whole: d.Whole(), Type: contentType, Status: x.Response.Status, Method: x.Request.Method,
		GraphQL: x.IsGraphQL, MCP: x.isMCP,
	})
	switch f.Outcome {
	case inside.OK:
		return effectOK
	case inside.Unknown:
		return effectUnknown
	}
	return &Effect{Finding: f, Place: Place{Message: InResponse, Part: PartContent, Start: f.At, End: f.End}}
}

// isMCP reports whether a request says that it is one of the Model Context Protocol.
func (x *Exchange) isMCP() bool {
	f := &x.Request.Fields
	return f.Has(FieldMCPProtocolVersion) || f.Has(FieldMCPSessionID) || f.Has(FieldMCPMethod) || x.Operation().Protocol == inside.MCP
}

// IsGraphQL reports whether a request is one of GraphQL, by what it asks for or
// by the media type of the response.
func (x *Exchange) IsGraphQL() bool {
	return field.IndexFold(x.Path(), "graphql") >= 0 || x.Operation().Protocol == inside.GraphQL ||
		field.IndexFold(x.Response.Fields.Value(FieldContentType), "graphql") >= 0
}

// grpcEffect reads the status of a gRPC call, wherever it stands: in the
// trailers, in the head of a response without messages, or in the last frame of
// gRPC-Web's content. Without one nothing is known.
func (x *Exchange) grpcEffect(contentType string) *Effect {
	r := &x.Response
	at := Place{Message: InResponse, Part: PartTrailer, Field: FieldGrpcStatus.String()}
	switch {
	case r.Trailers.Has(FieldGrpcStatus):
		at.Line = r.Trailers.Index(FieldGrpcStatus)
		return grpcEffect(r.Trailers.Value(FieldGrpcStatus), r.Trailers.Value(FieldGrpcMessage), at)
	case r.Fields.Has(FieldGrpcStatus):
		at.Part, at.Line = PartField, r.Fields.Index(FieldGrpcStatus)
		return grpcEffect(r.Fields.Value(FieldGrpcStatus), r.Fields.Value(FieldGrpcMessage), at)
	case !field.HasPrefixFold(contentType, "application/grpc-web"):
		return effectUnknown
	}
	d := r.DecodedContent()
	if !d.Whole() {
		return effectUnknown
	}
	at = Place{Message: InResponse, Part: PartContent}
	b := d.Bytes
	isText := field.HasPrefixFold(contentType, "application/grpc-web-text")
	if isText {
		b = field.GRPCWebText(b)
	}
	s := field.GRPCWebStatus(b)
	if at.Start, at.End = s.At, s.End; isText {
		at.Start, at.End = 0, len(d.Bytes)
	}
	return grpcEffect(s.Code, s.Message, at)
}

func grpcEffect(code, message string, at Place) *Effect {
	n, ok := field.Number(code)
	switch {
	case !ok:
		return effectUnknown
	case n == 0:
		return effectOK
	}
	if u, err := url.PathUnescape(message); err == nil && utf8.ValidString(u) {
		message = u // gRPC encodes it in percent signs
	}
	if at.Part != PartContent {
		at.End = len(code)
	}
	name, ok := field.GRPCCodeName(n)
	if !ok {
		name = code
	}
	f := inside.Finding{Outcome: inside.Error, Protocol: inside.GRPC, Code: name, Message: message}
	switch name {
	case "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNAUTHENTICATED", "UNIMPLEMENTED":
		f.ByClient = true
	}
	if len(f.Message) > inside.MostMessage {
		f.Message = strings.ToValidUTF8(f.Message[:inside.MostMessage], "")
	}
	return &Effect{Finding: f, Place: at}
}
