package annotate

import "sidenote/exchange"

// These make the places that rules point at.

// ResponseField is the place of a response field's first line; of a missing
// field when there is none.
func (p *Pass) ResponseField(n exchange.Name) exchange.Place {
	return fieldPlace(exchange.InResponse, &p.X.Response.Fields, n)
}

// RequestField is the place of a request field's first line; of a missing
// field when there is none.
func (p *Pass) RequestField(n exchange.Name) exchange.Place {
	return fieldPlace(exchange.InRequest, &p.X.Request.Fields, n)
}

func fieldPlace(m exchange.PlaceMessage, f *exchange.Fields, n exchange.Name) exchange.Place {
	at := exchange.Place{Message: m, Part: exchange.PartField, Field: n.String(), Line: f.Index(n)}
	if at.Line >= 0 {
		at.End = len(f.At(at.Line).Value)
	}
	return at
}

// ResponseLine is the place of the i-th field line of the response.
func (p *Pass) ResponseLine(i int) exchange.Place {
	return linePlace(exchange.InResponse, &p.X.Response.Fields, i)
}

// RequestLine is the place of the i-th field line of the request.
func (p *Pass) RequestLine(i int) exchange.Place {
	return linePlace(exchange.InRequest, &p.X.Request.Fields, i)
}

// InterimLine is the place of the i-th field line of an interim response.
func (p *Pass) InterimLine(interim, i int) exchange.Place {
	at := linePlace(exchange.InInterim, &p.X.Interim[interim].Fields, i)
	at.Interim = interim
	return at
}

func linePlace(m exchange.PlaceMessage, f *exchange.Fields, i int) exchange.Place {
	l := f.At(i)
	return exchange.Place{Message: m, Part: exchange.PartField, Field: l.Name, Line: i, End: len(l.Value)}
}

// Span narrows a place to octets start to end of its text.
func Span(at exchange.Place, start, end int) exchange.Place {
	at.Start, at.End = start, end
	return at
}

// StatusLine is the place of the status code in the final response.
func (p *Pass) StatusLine() exchange.Place {
	start := len(p.X.Response.Version.String()) + 1
	return exchange.Place{Message: exchange.InResponse, Part: exchange.PartStartLine, Start: start, End: start + 3}
}

// Method is the place of the request method.
func (p *Pass) Method() exchange.Place {
	return exchange.Place{Message: exchange.InRequest, Part: exchange.PartStartLine, End: len(p.X.Request.Method)}
}

// Target is the place of the request target.
func (p *Pass) Target() exchange.Place {
	start := len(p.X.Request.Method) + 1
	return exchange.Place{Message: exchange.InRequest, Part: exchange.PartStartLine, Start: start, End: start + len(p.X.Request.Target)}
}

// ResponseContent is the place of octets of the response's decoded content.
func ResponseContent(start, end int) exchange.Place {
	return exchange.Place{Message: exchange.InResponse, Part: exchange.PartContent, Start: start, End: end}
}

// RequestContent is the place of octets of the request's decoded content.
func RequestContent(start, end int) exchange.Place {
	return exchange.Place{Message: exchange.InRequest, Part: exchange.PartContent, Start: start, End: end}
}
