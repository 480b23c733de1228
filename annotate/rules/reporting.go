package rules

import (
	"bytes"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// reportingRules lists the rules on fields that ask browsers for reports.
func reportingRules() []*annotate.Rule {
	return []*annotate.Rule{
		reportingNELInvalid,
		reportingReportToInvalid,
	}
}

var reportingNELInvalid = &annotate.Rule{
	ID:       "reporting/nel-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "NEL is invalid",
	Refs:     []string{"Network Error Logging §4"},
	Doc:      "NEL is a JSON object that says where and for how long browsers report failures. Browsers ignore an invalid one and send no reports.",
	Help:     `send NEL: {"report_to":"default","max_age":86400}`,
	Bad:      []string{overTLS(answered(`NEL: {"report_to":"default"}`)), overTLS(answered(`NEL: {report_to:default}`)), overTLS(answered(`NEL: {"report_to":"default","max_age":86400,"success_fraction":2}`)), overTLS(answered(`NEL: {"max_age":86400}`))},
	Good:     []string{overTLS(answered(`NEL: {"report_to":"default","max_age":86400,"failure_fraction":0.5,"x":1}`)), overTLS(answered(`NEL: {"max_age":0}`))},
	When:     annotate.When{Fields: []exchange.Name{exchange.FieldNEL}},
	Check: func(p *annotate.Pass) {
		value := []byte("[" + p.X.Response.Fields.Combined(exchange.FieldNEL) + "]")
		at := p.ResponseField(exchange.FieldNEL)
		if err := field.CheckJSON(value); err != nil {
			p.Note(at, "NEL is not JSON: %s", err.What)
			return
		}
		for object := range field.JSONElements(value) {
			if what := nelProblem(object); what != "" {
				p.Note(at, "NEL %s", what)
			}
			return // browsers read the first one
		}
	},
}

// nelProblem says what is wrong with a policy; "" for nothing.
func nelProblem(object []byte) string {
	var maxAge, reportTo []byte
	for m := range field.JSONMembers(object) {
		switch {
		case m.Is("max_age"):
			maxAge = m.Value
		case m.Is("report_to"):
			reportTo = m.Value
		case m.Is("success_fraction"), m.Is("failure_fraction"):
			if !isFraction(m.Value) {
				return "has " + string(m.Key) + " " + bare(string(m.Value)) + "; it must be a number from 0 to 1"
			}
		}
	}
	n, ok := field.Number(string(maxAge))
	switch {
	case len(object) == 0 || object[0] != '{':
		return "is not a JSON object"
	case !ok:
		return "has no max_age that is a number of seconds"
	case n > 0 && !isJSONString(reportTo):
		return "has no report_to that is a string"
	}
	return ""
}

func isJSONString(b []byte) bool { return len(b) > 0 && b[0] == '"' }

// isFraction reports whether a JSON number is from 0 to 1.
func isFraction(b []byte) bool {
	s := string(b)
	return s == "0" || s == "1" || bytes.HasPrefix(b, []byte("0.")) || s == "1.0"
}

var reportingReportToInvalid = &annotate.Rule{
	ID:       "reporting/report-to-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Report-To is invalid",
	Refs:     []string{"Network Reporting §3.1", "Reporting (2018 draft) §3.2"},
	Doc: "Report-To is one or more JSON objects with endpoints. " +
		"Browsers skip an invalid one, and the reports of NEL and of policies that name its group get lost.",
	Help: `send Report-To: {"group":"default","max_age":86400,"endpoints":[{"url":"https://reports.example/"}]}`,
	Bad:  []string{overTLS(answered(`Report-To: {"max_age":86400}`)), overTLS(answered(`Report-To: {"max_age":"1d","endpoints":[{"url":"https://r.test/"}]}`)), overTLS(answered(`Report-To: {"group":1,"max_age":1,"endpoints":[{"url":"https://r.test/"}]}`)), overTLS(answered(`Report-To: default`))},
	Good: []string{overTLS(answered(`Report-To: {"group":"a","max_age":86400,"endpoints":[{"url":"https://r.test/"},{"url":"/b","priority":2}],"x":1}, {"max_age":0,"endpoints":[]}`))},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldReportTo}},
	Check: func(p *annotate.Pass) {
		value := []byte("[" + p.X.Response.Fields.Combined(exchange.FieldReportTo) + "]")
		at := p.ResponseField(exchange.FieldReportTo)
		if err := field.CheckJSON(value); err != nil {
			p.Note(at, "Report-To is not JSON: %s", err.What)
			return
		}
		for object := range field.JSONElements(value) {
			if what := reportToProblem(object); what != "" {
				p.Note(at, "Report-To %s", what)
				return
			}
		}
	},
}

// reportToProblem says what is wrong with a group; "" for nothing.
func reportToProblem(object []byte) string {
	if len(object) == 0 || object[0] != '{' {
		return "has something that is not a JSON object"
	}
	var maxAge, endpoints []byte
	for m := range field.JSONMembers(object) {
		switch {
		case m.Is("max_age"):
			maxAge = m.Value
		case m.Is("endpoints"):
			endpoints = m.Value
		case m.Is("group") && !isJSONString(m.Value):
			return "has a group that is not a string"
		}
	}
	if _, ok := field.Number(string(maxAge)); !ok {
		return "has no max_age that is a number of seconds"
	}
	if len(endpoints) == 0 || endpoints[0] != '[' {
		return "has no list of endpoints"
	}
	for e := range field.JSONElements(endpoints) {
		ok := false
		for m := range field.JSONMembers(e) {
			ok = ok || m.Is("url") && isJSONString(m.Value)
		}
		if !ok {
			return "has an endpoint without a url"
		}
	}
	return ""
}
