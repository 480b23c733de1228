package policy

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/inside"
	"sidenote/internal/wording"
)

// A fault is one way in which an exchange is not as expected.
type fault struct {
	place   exchange.Place
	message string
	blame   annotate.Blame // "" for the rule's
}

// faults compares an exchange that is meant with what is expected.
func (e *Expectation) faults(x *exchange.Exchange, notes func() []annotate.Note) (all []fault) {
	if statusOf(x) == 0 {
		return []fault{noResponse(x)}
	}
	add := func(at exchange.Place, format string, args ...any) {
		all = append(all, fault{place: at, message: fmt.Sprintf(format, args...)})
	}
	if e.status != nil && !e.status.has(x.Response.Status) {
		add(statusPlace(x), "expected status %s, got %d", e.status, x.Response.Status)
	}
	e.effectFault(x, add)
	e.contentTypeFault(x, add)
	for _, f := range e.fields {
		f.fault(x, add)
	}
	e.jsonFaults(x, add)
	e.transferFaults(x, add)
	for _, a := range e.asserts {
		holds, err := a.holds(x, notes)
		switch {
		case err != nil:
			add(exchange.Place{}, "expected %s, can't evaluate: %v", a.text, err)
		case !holds:
			add(exchange.Place{}, "expected %s", a.text)
		}
	}
	return all
}

func noResponse(x *exchange.Exchange) fault {
	f := fault{message: "expected a response, got none"}
	if x.Err != nil {
		f.message += ": " + string(x.Err.Code)
		if known, ok := x.Err.Code.Lookup(); ok {
			f.message = "expected a response, got none: " + known.Title
			f.blame = annotate.Blame(known.Who)
		}
	}
	return f
}

type adder func(at exchange.Place, format string, args ...any)

func statusPlace(x *exchange.Exchange) exchange.Place {
	start := len(x.Response.Version.String()) + 1
	return exchange.Place{Message: exchange.InResponse, Part: exchange.PartStartLine, Start: start, End: start + 3}
}

// effectFault compares how the exchange ended in effect, which the status does
// not always tell.
func (e *Expectation) effectFault(x *exchange.Exchange, add adder) {
	is := x.Effective()
	if len(e.effects) == 0 || slices.Contains(e.effects, is.Outcome.String()) {
		return
	}
	at, why := is.Place, ""
	switch {
	case !is.IsInside():
		at = statusPlace(x)
	case is.Message != "":
		why = ": " + show(is.Message)
	case is.Code != "":
		why = ": " + show(is.Code)
	}
	if is.Outcome == inside.Unknown {
		why = ": the body that tells was not kept whole; use a larger --keep-content"
	}
	add(at, "expected the effective outcome %s, got %s%s", wording.Or(e.effects), is.Outcome, why)
}

// contentTypeFault compares the media type. A response to HEAD and a 304 need
// not say it.
func (e *Expectation) contentTypeFault(x *exchange.Exchange, add adder) {
	if len(e.contentTypes) == 0 {
		return
	}
	at := fieldPlace(x, exchange.FieldContentType.String())
	is := x.Response.MediaType()
	switch {
	case is == "" && needsNoContent(x):
	case is == "":
		add(at, "expected content type %s, got none", wording.Or(e.contentTypes))
	case !slices.ContainsFunc(e.contentTypes, func(pattern string) bool {
		ok, _ := path.Match(pattern, is) // the pattern was tried when it was read
		return ok
	}):
		add(at, "expected content type %s, got %s", wording.Or(e.contentTypes), is)
	}
}

// needsNoContent reports whether content is left out by design: in answer to
// HEAD, and where the client has it already (RFC 9110 §9.3.2, §15.4.5).
func needsNoContent(x *exchange.Exchange) bool {
	return x.Request.Method == "HEAD" || x.Response.Status == 304
}

func (f *fieldTest) fault(x *exchange.Exchange, add adder) {
	value, found := fieldValue(&x.Response.Fields, f.name)
	if is := f.test.test(value, found); is != "" {
		add(fieldPlace(x, f.name), "expected header %s %s, %s", f.name, f.test, is)
	}
}

// fieldValue is the combined value of a field (RFC 9110 §5.2).
func fieldValue(f *exchange.Fields, name string) (string, bool) {
	first := f.Named(name)
	if first < 0 {
		return "", false
	}
	if n := f.At(first).Known; n != 0 {
		return f.Combined(n), true
	}
	var values []string
	for _, line := range f.All() {
		if strings.EqualFold(line.Name, name) {
			values = append(values, line.Value)
		}
	}
	return strings.Join(values, ", "), true
}

func fieldPlace(x *exchange.Exchange, name string) exchange.Place {
	f := &x.Response.Fields
	at := exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: name, Line: f.Named(name)}
	if at.Line >= 0 {
		at.Field, at.End = f.At(at.Line).Name, len(f.At(at.Line).Value)
	}
	return at
}

func (e *Expectation) jsonFaults(x *exchange.Exchange, add adder) {
	if len(e.json) == 0 || needsNoContent(x) {
		return
	}
	content := annotate.ResponseContent(0, 0)
	v, err := jsonOf(&x.Response.Message)
	if err != nil {
		add(content, "expected JSON, %v", err)
		return
	}
	for _, j := range e.json {
		found, ok := j.at.find(v)
		if is := j.test.test(found, ok); is != "" {
			add(content, "expected JSON %s %s, %s", j.at, j.test, is)
		}
	}
}

func (e *Expectation) transferFaults(x *exchange.Exchange, add adder) {
	if took := x.Timing.Done; e.duration > 0 && took > e.duration {
		add(exchange.Place{}, "expected at most %s, it took %s", e.duration, took.Round(time.Microsecond))
	}
	if size := x.Response.Content.Size; e.size >= 0 && size > e.size {
		add(annotate.ResponseContent(0, 0), "expected a body of at most %s, got %s", bytesText(e.size), bytesText(size))
	}
	if e.tls == 0 {
		return
	}
	at := exchange.Place{Message: exchange.InConnection}
	switch t := x.Origin.TLS; {
	case t != nil && t.Version >= e.tls:
	case t != nil && t.Version != 0:
		add(at, "expected TLS %s or later, got %s", tlsText(e.tls), tlsText(t.Version))
	case x.Scheme == "https" || x.Scheme == "wss":
		add(at, "expected TLS %s or later, but the capture doesn't record the version", tlsText(e.tls))
	default:
		add(at, "expected TLS %s or later, but the connection was not encrypted", tlsText(e.tls))
	}
}

func bytesText(n int64) string { return wording.Count(n, "byte") }

// String returns the pointer, "(all of it)" for the whole value.
func (p pointer) String() string {
	if p.text == "" {
		return "as a whole"
	}
	return strconv.QuoteToGraphic(p.text)
}
