package exchange

import (
	"slices"
	"strconv"

	"sidenote/exchange/inside"
)

// appendJSON writes the effect as records hold it.
func (e *Effect) appendJSON(b []byte) []byte {
	b = append(append(append(b, `{"outcome":"`...), e.Outcome.String()...), '"')
	member := func(key, value string) {
		if value != "" {
			b = append(append(append(b, `,"`...), key...), `":`...)
			b = appendText(b, value)
		}
	}
	member("protocol", string(e.Protocol))
	member("code", e.Code)
	member("message", e.Message)
	if e.Calls > 0 {
		b = strconv.AppendInt(append(b, `,"failed":`...), int64(e.Failed), 10)
		b = strconv.AppendInt(append(b, `,"calls":`...), int64(e.Calls), 10)
	}
	if e.ByClient {
		b = append(b, `,"by_client":true`...)
	}
	return append(b, '}')
}

// appendOperation writes an operation as records hold it.
func appendOperation(b []byte, op inside.Operation) []byte {
	b = append(append(append(b, `{"protocol":"`...), op.Protocol...), '"')
	if op.Type != "" {
		b = appendText(append(b, `,"type":`...), op.Type)
	}
	if op.Name != "" {
		b = appendText(append(b, `,"name":`...), op.Name)
	}
	return append(b, '}')
}

func protocolNames() (names []string) {
	for _, p := range inside.Protocols() {
		names = append(names, string(p))
	}
	return names
}

// effectMembers returns what Effect.appendJSON writes.
func effectMembers() []Property {
	const whenInside = "a success says that the call failed"
	return []Property{
		{Key: "outcome", Doc: "ok; partial or error: a part or all of it failed; failed: there is no whole response; unknown: the body that may tell was not kept whole", Schema: map[string]any{"enum": inside.OutcomeNames()}, Required: true},
		{Key: "protocol", Doc: "by what the body of a success says that the call failed", When: whenInside, Schema: map[string]any{"enum": protocolNames()}},
		{Key: "code", Doc: "the protocol's name or number of the error", When: whenInside + ", with a code", Schema: wire()},
		{Key: "message", Doc: "the server's words", When: whenInside + ", with words", Schema: wire()},
		{Key: "failed", Doc: "how many calls of a batch failed", When: "the body answers a batch", Schema: integer()},
		{Key: "calls", Doc: "how many calls the batch has", When: "the body answers a batch", Schema: integer()},
		{Key: "by_client", Doc: "the error says that the request is at fault", When: whenTrue, Schema: yes()},
	}
}

// operationMembers returns what appendOperation writes.
func operationMembers() []Property {
	return []Property{
		{Key: "protocol", Doc: "protocol of the request", Schema: map[string]any{"enum": protocolNames()}, Required: true},
		{Key: "type", Doc: "query, mutation or subscription", When: "it is one of GraphQL, and its document tells", Schema: text()},
		{Key: "name", Doc: "name of the operation or method", When: "it has one", Schema: text()},
	}
}

// recordEffect is an effect as encoding/json reads it.
type recordEffect struct {
	Outcome  string   `json:"outcome"`
	Protocol string   `json:"protocol"`
	Code     wireText `json:"code"`
	Message  wireText `json:"message"`
	Failed   int      `json:"failed"`
	Calls    int      `json:"calls"`
	ByClient bool     `json:"by_client"`
}

// recall keeps what a record says of the effect, for content that is cut and so
// may no longer tell. What no exchange could have is left out.
func (r *recordEffect) recall(x *Exchange) {
	if x.Response.Class() != 2 || x.Err != nil || x.Response.Content.Whole() {
		return
	}
	outcome := inside.Outcome(max(0, slices.Index(inside.OutcomeNames(), r.Outcome)))
	switch {
	case outcome == inside.OK:
		x.effect.Store(effectOK)
		return
	case outcome != inside.Error && outcome != inside.Partial, !slices.Contains(protocolNames(), r.Protocol),
		len(r.Message) > inside.MostMessage, len(r.Code) > inside.MostMessage, r.Failed < 0, r.Calls < r.Failed:
		return
	}
	x.effect.Store(&Effect{
		Finding: inside.Finding{
			Outcome: outcome, Protocol: inside.Protocol(r.Protocol), Code: string(r.Code), Message: string(r.Message),
			Failed: r.Failed, Calls: r.Calls, ByClient: r.ByClient,
		},
		Place: Place{Message: InResponse, Part: PartContent},
	})
}
