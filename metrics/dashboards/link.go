package dashboards

import (
	"net/url"
	"regexp"
	"strings"
)

// A Link leads from a panel to the exchanges behind it, in the inspector.
type Link struct {
	// Filter picks them, in the language of docs/filters.md. "{{label}}" stands
	// for a label of what was clicked, in double quotes.
	Filter string
	// Series is the legend of the only series that has the link; all have it
	// when it is "".
	Series string
	// Slowest has those that took longest come first.
	Slowest bool
}

// linkTitle is what Grafana shows of a link.
const linkTitle = "These exchanges, in the inspector"

// inTheTimeShown narrows a filter to what Grafana shows, as a part of a
// fragment; the variables are Grafana's.
var inTheTimeShown = escaped("at:>=") + "${__from:date:iso}" + escaped(" at:<=") + "${__to:date:iso}"

var labelInFilter = regexp.MustCompile(`\{\{(\w+)\}\}`)

// url returns the address, in which Grafana fills its variables: percent-encoded
// where they come from labels, since a host or a route can be anything.
func (l *Link) url(k Kind) string {
	of := "__field.labels."
	if k == Table {
		of = "__data.fields."
	}
	var b strings.Builder
	b.WriteString("${admin}/#filter=")
	for at := 0; ; {
		next := labelInFilter.FindStringSubmatchIndex(l.Filter[at:])
		if next == nil {
			b.WriteString(escaped(l.Filter[at:]))
			break
		}
		b.WriteString(escaped(l.Filter[at : at+next[0]]))
		b.WriteString("${" + of + l.Filter[at+next[2]:at+next[3]] + ":percentencode}")
		at += next[1]
	}
	if l.Filter != "" {
		b.WriteString(escaped(" "))
	}
	b.WriteString(inTheTimeShown)
	if l.Slowest {
		b.WriteString("&order=duration&down=true")
	}
	return b.String()
}

// escaped makes text fit for a part of a fragment. A plus would be a space to
// the page, and Grafana leaves it as it is.
func escaped(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// to is a list of a single link.
func to(filter string) []Link { return []Link{{Filter: filter}} }

// Filters of what several panels show.
const (
	nobodyAnswered = "is:made or status:none"
	failedFilter   = "(status:5xx or " + nobodyAnswered + ")"
	hostFilter     = `url:"://{{host}}/"`
	routeFilter    = hostFilter + ` route:="{{route}}"`
)

// classLinks lead from classes of status codes to their exchanges.
func classLinks(classes ...string) (list []Link) {
	filters := map[string]string{
		"informational": "status:1xx", "success": "status:2xx", "redirection": "status:3xx -is:made",
		"client-error": "status:4xx -is:made", "server-error": "status:5xx -is:made", "failed": "(" + nobodyAnswered + ")",
	}
	for _, class := range classes {
		list = append(list, Link{Series: class, Filter: filters[class]})
	}
	return list
}
