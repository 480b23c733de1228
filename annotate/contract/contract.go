package contract

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/wholefile"
)

// maxDescription bounds one file of a description, in octets.
const maxDescription = 64 << 20

// A Contract is one or more OpenAPI descriptions made ready to compare
// exchanges with. It is safe for concurrent use.
type Contract struct {
	descriptions []*description
}

// A description is one OpenAPI document.
type description struct {
	file   string // as the user named it
	doc    *openapi3.T
	groups []group
	latest bool                      // OpenAPI 3.1 or later, whose schemas are JSON Schema 2020-12
	plain  map[*openapi3.Schema]bool // of a later one: schemas that OpenAPI 3.0's validator can judge

	asRequest, asResponse []openapi3.SchemaValidationOption
}

// Load reads descriptions: each source is the name of a file in YAML or JSON,
// or URL=FILE for an API that is reached at that URL instead of at the servers
// that its description names. The error names the file and, where it is known,
// the line.
func Load(sources ...string) (*Contract, error) {
	c := &Contract{}
	var faults []error
	for _, s := range sources {
		d, err := load(s)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		c.descriptions = append(c.descriptions, d)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return c, nil
}

// cutSource takes "URL=FILE" apart; base is "" where only a file is named.
func cutSource(source string) (base, file string, err error) {
	before, after, found := strings.Cut(source, "=")
	if !found || !strings.HasPrefix(before, "http://") && !strings.HasPrefix(before, "https://") {
		return "", source, nil
	}
	u, err := url.Parse(before)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", "", fmt.Errorf("%q: want FILE, or URL=FILE with a URL such as http://localhost:3000/v1", source)
	}
	return strings.TrimSuffix(before, "/"), after, nil
}

func load(source string) (*description, error) {
	base, file, err := cutSource(source)
	if err != nil {
		return nil, err
	}
	if file == "" {
		return nil, fmt.Errorf("%q: name a file with an OpenAPI description", source)
	}
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = true
	loader.ReadFromURIFunc = readLocal
	doc, err := loader.LoadFromFile(file)
	if err != nil {
		return nil, loadError(file, err)
	}
	if version, ok := doc.Extensions["swagger"]; ok && doc.OpenAPI == "" {
		return nil, fmt.Errorf("%s: this is Swagger %v; convert it to OpenAPI 3, for example with swagger2openapi", file, version)
	}
	if err := doc.Validate(loader.Context, validation()...); err != nil {
		return nil, validationError(file, doc, err)
	}
	d := &description{file: file, doc: doc, latest: doc.IsOpenAPI31OrLater()}
	d.nameComposed()
	d.plain = d.plainSchemas()
	d.makeOptions()
	if d.groups, err = groupsOf(doc, base); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}

// validation says how exact a description has to be: examples and defaults that
// break their own schema, and patterns that Go's regular expressions lack, are
// no reason not to compare with the rest.
func validation() []openapi3.ValidationOption {
	return []openapi3.ValidationOption{
		openapi3.DisableExamplesValidation(),
		openapi3.DisableSchemaDefaultsValidation(),
		openapi3.DisableSchemaPatternValidation(),
	}
}

// readLocal reads files that a description refers to. Nothing is fetched: what
// a file says must not make sidenote send requests.
func readLocal(_ *openapi3.Loader, location *url.URL) ([]byte, error) {
	if location.Scheme != "" && location.Scheme != "file" || location.Host != "" {
		return nil, fmt.Errorf("it refers to %s, which is not fetched; save that beside the file and refer to the copy", location.Redacted())
	}
	return wholefile.Read(location.Path, maxDescription)
}

// A route is what a contract says about an exchange.
type route struct {
	description *description
	template    string              // of the path
	method      string              // of the operation: GET also for a HEAD that is not declared
	operation   *openapi3.Operation // nil when the path has no such method
	item        *openapi3.PathItem
	parameters  map[string]string // values of the path's parameters, decoded
}

// name is "GET /orders/{id}".
func (r *route) name() string { return r.method + " " + r.template }

// find looks an exchange up. It returns the first route of each description that
// knows the path, those that know the method too before others, and under, a
// description that claims the place of the URL and does not know the path.
func (c *Contract) find(x *exchange.Exchange) (routes []route, under *description) {
	if x.Request.Method == "CONNECT" || x.Request.Target == "*" {
		return nil, nil
	}
	place := placeOf(x)
	for _, d := range c.descriptions {
		found, claims := d.find(x.Request.Method, place)
		switch {
		case found != nil && found.operation != nil && len(routes) > 0 && routes[0].operation == nil:
			routes = append([]route{*found}, routes...)
		case found != nil:
			routes = append(routes, *found)
		case claims && under == nil:
			under = d
		}
	}
	return routes, under
}

// operation returns the route of an exchange whose method is declared.
func (c *Contract) operation(p *annotate.Pass) (*route, bool) {
	routes, _ := c.find(p.X)
	if len(routes) == 0 || routes[0].operation == nil || isPreflight(p.X) {
		return nil, false
	}
	return &routes[0], true
}

// isPreflight reports whether a request is a CORS preflight (Fetch §4.8).
func isPreflight(x *exchange.Exchange) bool {
	return x.Request.Method == "OPTIONS" && x.Request.Fields.Has(exchange.FieldOrigin) &&
		x.Request.Fields.Has(exchange.FieldAccessControlRequestMethod)
}
