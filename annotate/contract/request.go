package contract

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"sidenote/annotate"
	"sidenote/exchange"
)

func checkPath(c *Contract, p *annotate.Pass) {
	routes, under := c.find(p.X)
	switch {
	case len(routes) > 0 || under == nil || isPreflight(p.X) || isOffSide(p.X.Path()):
		return
	case p.X.Response.Status == 404 || p.X.Response.Status == 410 || p.X.Response.Status == 101:
		return
	}
	at := p.Target()
	path := p.X.Path()
	if i := strings.Index(p.X.Request.Target, path); i >= 0 {
		at = annotate.Span(at, at.Start+i, at.Start+i+len(path))
	}
	p.Note(at, "no path of %s matches this one, yet it was answered with %d", under, p.X.Response.Status)
}

// isOffSide reports whether clients ask for a path by themselves, on any host.
func isOffSide(path string) bool {
	return path == "/favicon.ico" || path == "/robots.txt" || strings.HasPrefix(path, "/.well-known/")
}

func checkOperation(c *Contract, p *annotate.Pass) {
	routes, _ := c.find(p.X)
	if len(routes) == 0 || routes[0].operation != nil || p.X.Request.Method == "OPTIONS" {
		return
	}
	if s := p.X.Response.Status; s == 405 || s == 501 {
		return
	}
	r := &routes[0]
	methods := make([]string, 0, 8)
	for method := range r.item.Operations() {
		methods = append(methods, method)
	}
	slices.Sort(methods)
	p.Note(p.Method(), "%s declares %s for %s, not %s", r.description, strings.Join(methods, ", "), r.template, p.X.Request.Method)
}

func checkAmbiguous(c *Contract, p *annotate.Pass) {
	routes, _ := c.find(p.X)
	if len(routes) < 2 || routes[0].operation == nil || routes[1].operation == nil {
		return
	}
	p.Note(p.Target(), "%s of %s and %s of %s both match; the first is compared with",
		routes[0].name(), routes[0].description, routes[1].name(), routes[1].description)
}

func checkParameters(c *Contract, p *annotate.Pass) {
	r, ok := c.operation(p)
	if !ok {
		return
	}
	all := parametersOf(r)
	if len(all) == 0 {
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: httpRequest(p.X), PathParams: r.parameters, Options: r.description.filterOptions(inRequest)}
	for _, parameter := range all {
		if isIgnored(parameter) {
			continue
		}
		at, text := given(p, parameter)
		if exchange.IsRedacted(text) {
			continue
		}
		if reason := parameterFault(in, parameter); reason != "" {
			p.Note(at, "%s parameter %s: %s, says %s of %s", parameter.In, parameter.Name, reason, r.description, r.name())
			return
		}
	}
}

// parametersOf returns the parameters of path and operation; the operation's
// replace those of the path (OpenAPI 3.1, Operation Object).
func parametersOf(r *route) (all []*openapi3.Parameter) {
	for _, ref := range r.operation.Parameters {
		if ref != nil && ref.Value != nil {
			all = append(all, ref.Value)
		}
	}
	for _, ref := range r.item.Parameters {
		if ref != nil && ref.Value != nil && r.operation.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			all = append(all, ref.Value)
		}
	}
	return all
}

// isIgnored reports whether a declaration has no effect (OpenAPI 3.1, Parameter
// Object, name).
func isIgnored(p *openapi3.Parameter) bool {
	return p.In == openapi3.ParameterInHeader &&
		slices.ContainsFunc([]string{"Accept", "Content-Type", "Authorization"}, func(n string) bool { return strings.EqualFold(n, p.Name) })
}

func (d *description) filterOptions(s direction) *openapi3filter.Options {
	return &openapi3filter.Options{
		SkipSettingDefaults:     true, // they would be written into the request
		SchemaValidationOptions: d.options(s),
	}
}

// parameterFault says what is wrong with a parameter, "" when nothing is.
func parameterFault(in *openapi3filter.RequestValidationInput, parameter *openapi3.Parameter) string {
	err := openapi3filter.ValidateParameter(context.Background(), in, parameter)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		return "it is required, and missing"
	case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		return "it is empty, which is not allowed"
	}
	var parse *openapi3filter.ParseError
	if errors.As(err, &parse) {
		return parseReason(parse)
	}
	// Only what breaks a schema is known to be the value's fault.
	var schema *openapi3.SchemaError
	var several openapi3.MultiError
	if !errors.As(err, &schema) && !errors.As(err, &several) {
		return ""
	}
	for _, f := range collect(innermost(err), nil) {
		if !isBeyond(f.value) {
			return f.where() + f.reason
		}
	}
	return ""
}

// innermost removes the library's wrapping of a schema error.
func innermost(err error) error {
	var wrapped *openapi3filter.RequestError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// parseReason words why a parameter is not of its type, without its value.
func parseReason(e *openapi3filter.ParseError) string {
	for {
		inner, ok := errors.AsType[*openapi3filter.ParseError](e.Cause)
		if !ok {
			break
		}
		e = inner
	}
	if e.Reason == "" {
		return "it is not of the declared type"
	}
	return "it is " + e.Reason
}

// given finds the value that a request has for a parameter, and where it stands.
func given(p *annotate.Pass, parameter *openapi3.Parameter) (at exchange.Place, text string) {
	switch parameter.In {
	case openapi3.ParameterInHeader:
		if i := p.X.Request.Fields.Named(parameter.Name); i >= 0 {
			return p.RequestLine(i), p.X.Request.Fields.At(i).Value
		}
		return exchange.Place{Message: exchange.InRequest, Part: exchange.PartField, Field: parameter.Name, Line: -1}, ""
	case openapi3.ParameterInCookie:
		return p.RequestField(exchange.FieldCookie), p.X.Request.Fields.Combined(exchange.FieldCookie)
	case openapi3.ParameterInQuery:
		return inQuery(p, parameter.Name)
	}
	return p.Target(), p.X.Path()
}

// inQuery finds the pair of a query that has a name, or a name that begins with
// it and a bracket, as deep objects have.
func inQuery(p *annotate.Pass, name string) (at exchange.Place, text string) {
	at = p.Target()
	target := p.X.Request.Target
	begin := strings.IndexByte(target, '?') + 1
	for begin > 0 && begin <= len(target) {
		end := strings.IndexByte(target[begin:], '&')
		if end < 0 {
			end = len(target)
		} else {
			end += begin
		}
		key, _, _ := strings.Cut(target[begin:end], "=")
		if key, err := url.QueryUnescape(key); err == nil && (key == name || strings.HasPrefix(key, name+"[")) {
			return annotate.Span(at, at.Start+begin, at.Start+end), target[begin:end]
		}
		begin = end + 1
	}
	return at, p.X.Query()
}

func checkSecurity(c *Contract, p *annotate.Pass) {
	r, ok := c.operation(p)
	if !ok || p.X.Response.Status == 401 || p.X.Response.Status == 403 {
		return
	}
	wanted := r.description.doc.Security
	if r.operation.Security != nil {
		wanted = *r.operation.Security
	}
	if len(wanted) == 0 {
		return
	}
	var lacking []string
	for _, alternative := range wanted {
		name, met := r.description.meets(p.X, alternative)
		if met {
			return
		}
		lacking = append(lacking, name)
	}
	at := p.RequestField(exchange.FieldAuthorization)
	p.Note(at, "the request has no credentials for %s, which %s wants of %s; it was answered with %d",
		strings.Join(lacking, " or "), r.description, r.name(), p.X.Response.Status)
}

// meets reports whether a request has something for each scheme of an
// alternative, and names one that it has nothing for.
func (d *description) meets(x *exchange.Exchange, alternative openapi3.SecurityRequirement) (lacking string, met bool) {
	names := make([]string, 0, len(alternative))
	for name := range alternative {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if scheme := d.scheme(name); scheme != nil && !hasCredentials(x, scheme) {
			return name, false
		}
	}
	return "", true
}

// scheme returns a security scheme by its name; nil for one that is not declared.
func (d *description) scheme(name string) *openapi3.SecurityScheme {
	if d.doc.Components == nil || d.doc.Components.SecuritySchemes[name] == nil {
		return nil
	}
	return d.doc.Components.SecuritySchemes[name].Value
}

func hasCredentials(x *exchange.Exchange, s *openapi3.SecurityScheme) bool {
	switch s.Type {
	case "http":
		return hasScheme(x, s.Scheme)
	case "oauth2", "openIdConnect":
		return hasScheme(x, "Bearer") || hasScheme(x, "DPoP")
	case "apiKey":
		return hasKey(x, s)
	}
	return true // mutualTLS, and what is not known here
}

func hasScheme(x *exchange.Exchange, scheme string) bool {
	for _, line := range x.Request.Fields.Each(exchange.FieldAuthorization) {
		if first, _, _ := strings.Cut(line.Value, " "); strings.EqualFold(first, scheme) {
			return true
		}
	}
	return false
}

func hasKey(x *exchange.Exchange, s *openapi3.SecurityScheme) bool {
	switch s.In {
	case openapi3.ParameterInHeader:
		return x.Request.Fields.Named(s.Name) >= 0
	case openapi3.ParameterInQuery:
		q, _ := url.ParseQuery(x.Query())
		return q.Has(s.Name)
	case openapi3.ParameterInCookie:
		_, err := (&http.Request{Header: httpHeader(&x.Request.Fields)}).Cookie(s.Name)
		return err == nil
	}
	return true
}

func checkRequestType(c *Contract, p *annotate.Pass) {
	r, ok := c.operation(p)
	m := &p.X.Request.Message
	if !ok || m.Content.Size == 0 || p.X.Response.Status == 415 || m.Fields.Count(exchange.FieldContentType) != 1 {
		return
	}
	declared := requestContent(r)
	if value := m.Fields.Value(exchange.FieldContentType); len(declared) > 0 && declared.Get(value) == nil {
		p.Note(p.RequestField(exchange.FieldContentType), "%s declares %s for %s, not %s",
			r.description, mediaTypes(declared), r.name(), m.MediaType())
	}
}

// requestContent is what an operation declares of its request content.
func requestContent(r *route) openapi3.Content {
	if r.operation.RequestBody == nil || r.operation.RequestBody.Value == nil {
		return nil
	}
	return r.operation.RequestBody.Value.Content
}

// mediaTypes lists the first of the declared media types.
func mediaTypes(c openapi3.Content) string {
	const most = 4
	var names []string
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return strings.Join(names, ", ")
}

func checkRequestBody(c *Contract, p *annotate.Pass) {
	r, ok := c.operation(p)
	if !ok || r.operation.RequestBody == nil || r.operation.RequestBody.Value == nil {
		return
	}
	m := &p.X.Request.Message
	if m.Content.Size == 0 {
		if r.operation.RequestBody.Value.Required && m.Content.Complete && p.X.Request.Method == r.method {
			p.Note(p.Method(), "the request has no content, which %s requires for %s", r.description, r.name())
		}
		return
	}
	if b, ok := bodyOf(m, requestContent(r), inRequest); ok {
		b.judge(p, r)
	}
}
