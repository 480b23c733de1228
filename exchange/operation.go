package exchange

import (
	"net/url"
	"strings"

	"sidenote/exchange/field"
	"sidenote/exchange/inside"
)

// noOperation is that of an exchange whose target says all.
var noOperation = &inside.Operation{}

// Operation returns what the request asks for where one URI serves many: the
// operation of GraphQL, the method of JSON-RPC, MCP, gRPC or SOAP. It is the zero
// value for any other request, and where content that would tell was not kept.
// It is found out once; any number of goroutines may ask. Call it only after the
// request has ended.
func (x *Exchange) Operation() inside.Operation {
	op := x.operation.Load()
	if op == nil {
		op = noOperation
		if found := x.findOperation(); found != (inside.Operation{}) {
			op = &found
		}
		x.operation.Store(op)
	}
	return *op
}

func (x *Exchange) findOperation() inside.Operation {
	r := &x.Request
	contentType := r.Fields.Value(FieldContentType)
	switch {
	case contentType == "":
		return x.queryOperation()
	case field.HasPrefixFold(contentType, "application/grpc"), field.HasPrefixFold(contentType, "application/connect+"):
		return inside.Operation{Protocol: inside.GRPC, Name: grpcMethod(x.Path())}
	}
	graphQL := field.IndexFold(x.Path(), "graphql") >= 0
	m := field.ParseMediaType(contentType)
	switch {
	case m.IsJSON(), m.Is("text", "plain"), m.Is("text", "json"):
		if op := inside.JSONOperation(r.DecodedContent().Bytes, graphQL); op.Protocol != "" {
			return op
		}
	case m.Is("application", "graphql"):
		return inside.GraphQLOperation(string(r.DecodedContent().Bytes), "", "", true)
	case m.Is("multipart", "form-data") && graphQL:
		return uploadOperation(r.DecodedContent().Bytes, m)
	case m.Is("text", "xml"), m.Is("application", "soap+xml"), m.Is("application", "xml"):
		action, _ := m.Param("action")
		if i := r.Fields.Named("SOAPAction"); i >= 0 {
			action = r.Fields.At(i).Value
		}
		return inside.SOAPOperation(action, r.DecodedContent().Bytes)
	}
	return x.queryOperation()
}

// queryOperation reads an operation of GraphQL from the query of the target URI
// (GraphQL over HTTP §6.2).
func (x *Exchange) queryOperation() inside.Operation {
	query := x.Query()
	graphQL := field.IndexFold(x.Path(), "graphql") >= 0
	if query == "" || !graphQL && !strings.Contains(query, "query=") && !strings.Contains(query, "operationName=") {
		return inside.Operation{}
	}
	values, _ := url.ParseQuery(query) // what can be read of it
	hash := values.Get("documentId")
	if hash == "" {
		hash = inside.PersistedHash(values.Get("extensions"))
	}
	return inside.GraphQLOperation(values.Get("query"), values.Get("operationName"), hash, graphQL)
}

// uploadOperation reads the part of a form that holds the operation of an upload.
func uploadOperation(b []byte, m field.MediaType) inside.Operation {
	boundary, _ := m.Param("boundary")
	for p := range field.BodyParts(b, boundary) {
		if d, _, _ := p.Field(b, "Content-Disposition"); strings.Contains(d, `name="operations"`) {
			return inside.JSONOperation(b[p.At:p.End], true)
		}
	}
	return inside.Operation{}
}

// grpcMethod is the service and method in the path of a gRPC call; "" where the
// path has another form.
func grpcMethod(path string) string {
	name := strings.TrimPrefix(path, "/")
	if service, method, ok := strings.Cut(name, "/"); !ok || service == "" || method == "" || strings.Contains(method, "/") {
		return ""
	}
	return inside.Name(name)
}
