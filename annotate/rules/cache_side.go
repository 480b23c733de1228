package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
)

// A messageSide is the request or the response of an exchange, for rules that
// hold for both.
type messageSide struct {
	*exchange.Message
	isRequest bool
}

// bothSides returns the request and the final response.
func bothSides(x *exchange.Exchange) [2]messageSide {
	return [2]messageSide{{&x.Request.Message, true}, {&x.Response.Message, false}}
}

// place is a span of one of the message's field lines.
func (s messageSide) place(p *annotate.Pass, line, start, end int) exchange.Place {
	if s.isRequest {
		return annotate.Span(p.RequestLine(line), start, end)
	}
	return annotate.Span(p.ResponseLine(line), start, end)
}

// blame is who sent the message.
func (s messageSide) blame() annotate.Blame {
	if s.isRequest {
		return annotate.ByClient
	}
	return annotate.ByOrigin
}

// String is "request" or "response".
func (s messageSide) String() string {
	if s.isRequest {
		return "request"
	}
	return "response"
}
