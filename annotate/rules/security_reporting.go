package rules

import (
	"encoding/json"
	"iter"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// securityReportingRules lists the rules on where reports go.
func securityReportingRules() []*annotate.Rule {
	return []*annotate.Rule{
		securityReportingEndpointInsecure,
		securityReportingEndpointUndefined,
	}
}

// An endpoint is a place that reports can be sent to.
type endpoint struct {
	name, url string
	at        exchange.Place
}

// endpointsOf returns the endpoints that Reporting-Endpoints and Report-To define.
func endpointsOf(p *annotate.Pass) iter.Seq[endpoint] {
	return func(yield func(endpoint) bool) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldReportingEndpoints) {
			s, err := field.ParseStructured(l.Value, field.StructuredDictionary)
			if err != nil {
				continue
			}
			for m := range s.Members() {
				if m.Type != field.String {
					continue // encoding/structured-field-wrong-type is about that
				}
				if !yield(endpoint{m.Key, m.Content(), annotate.Span(p.ResponseLine(i), m.At, m.End())}) {
					return
				}
			}
		}
		for _, e := range reportToGroups(p) {
			if !yield(e) {
				return
			}
		}
	}
}

// reportToGroups reads Report-To: JSON objects with commas between them.
func reportToGroups(p *annotate.Pass) (all []endpoint) {
	for i, l := range p.X.Response.Fields.Each(exchange.FieldReportTo) {
		var groups []struct {
			Group     string
			Endpoints []struct{ URL string }
		}
		if json.Unmarshal([]byte("["+l.Value+"]"), &groups) != nil {
			continue
		}
		for _, g := range groups {
			if g.Group == "" {
				g.Group = "default"
			}
			all = append(all, endpoint{name: g.Group, at: p.ResponseLine(i)})
			for _, e := range g.Endpoints {
				all = append(all, endpoint{g.Group, e.URL, p.ResponseLine(i)})
			}
		}
	}
	return all
}

var securityReportingEndpointInsecure = &annotate.Rule{
	ID:       "security/reporting-endpoint-insecure",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a reporting endpoint over plain http",
	Refs:     []string{"Reporting §3.2"},
	Doc:      "Reports contain addresses that users visit, so browsers ignore an endpoint that isn't https. They send no reports.",
	Help:     "use an https URL for the endpoint",
	Bad:      []string{securePage(`Reporting-Endpoints: default="http://reports.test/r"`), securePage(`Report-To: {"group":"default","max_age":60,"endpoints":[{"url":"http://reports.test/r"}]}`)},
	Good:     []string{securePage(`Reporting-Endpoints: default="/r", other="https://reports.test/r", local="http://localhost:3000/r"`)},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldReportingEndpoints, exchange.FieldReportTo}},
	Check: func(p *annotate.Pass) {
		for e := range endpointsOf(p) {
			if e.url != "" && isPlainHTTP(p.X, e.url) {
				u, _ := field.ParseURI(e.url)
				p.Note(e.at, "the endpoint %s is %s, which isn't https, so browsers ignore it", quoted(e.name), shown(u))
			}
		}
	},
}

var securityReportingEndpointUndefined = &annotate.Rule{
	ID:       "security/reporting-endpoint-undefined",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a policy reports to an undefined endpoint",
	Refs:     []string{"Reporting §3.2", "CSP 3 §6.5.2"},
	Doc: "report-to names an endpoint, but the response doesn't define it, so browsers send no reports. " +
		"Reporting-Endpoints is valid for its own response only, so each page must send it again.",
	Help: `send Reporting-Endpoints: NAME="https://reports.example/" in the same response`,
	Bad:  []string{securePage("Content-Security-Policy: img-src 'self'; report-to csp"), securePage("Reporting-Endpoints: a=\"/r\"\nCross-Origin-Opener-Policy: same-origin; report-to=\"b\"")},
	Good: []string{securePage("Reporting-Endpoints: csp=\"/r\"\nContent-Security-Policy: img-src 'self'; report-to csp"), securePage("Content-Security-Policy: img-src 'self'; report-to csp; report-uri /r"),
		securePage("Report-To: {\"group\":\"csp\",\"max_age\":60,\"endpoints\":[{\"url\":\"https://reports.test/\"}]}\nContent-Security-Policy: img-src 'self'; report-to csp"),
		securePage(`NEL: {"report_to":"default","max_age":60}`)},
	When: annotate.When{Fields: []exchange.Name{
		exchange.FieldContentSecurityPolicy, exchange.FieldContentSecurityPolicyReportOnly, exchange.FieldCrossOriginEmbedderPolicy, exchange.FieldCrossOriginOpenerPolicy,
		exchange.FieldCrossOriginEmbedderPolicyReportOnly, exchange.FieldCrossOriginOpenerPolicyReportOnly, exchange.FieldPermissionsPolicy,
	}},
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		for c := range allPolicies(p) {
			to, ok := c.Directive("report-to")
			if _, hasURI := c.Directive("report-uri"); !ok || hasURI {
				continue
			}
			for s := range to.Sources() {
				noteUndefined(p, "the policy", s.Text, c.place(s.At, s.End()))
			}
		}
		for _, n := range [...]exchange.Name{
			exchange.FieldCrossOriginEmbedderPolicy, exchange.FieldCrossOriginOpenerPolicy,
			exchange.FieldCrossOriginEmbedderPolicyReportOnly, exchange.FieldCrossOriginOpenerPolicyReportOnly,
		} {
			noteReportToParam(p, n, field.StructuredItem)
		}
		noteReportToParam(p, exchange.FieldPermissionsPolicy, field.StructuredDictionary)
	},
}

func noteReportToParam(p *annotate.Pass, n exchange.Name, kind field.StructureKind) {
	for i, l := range p.X.Response.Fields.Each(n) {
		s, err := field.ParseStructured(l.Value, kind)
		if err != nil {
			continue
		}
		for m := range s.Members() {
			if b, ok := m.Param("report-to"); ok {
				noteUndefined(p, n.String(), b.Content(), annotate.Span(p.ResponseLine(i), b.At, b.End()))
			}
		}
	}
}

func noteUndefined(p *annotate.Pass, who, name string, at exchange.Place) {
	for e := range endpointsOf(p) {
		if e.name == name {
			return
		}
	}
	p.Note(at, "%s reports to %s, which the response doesn't define", who, quoted(name))
}
