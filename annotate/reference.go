package annotate

import (
	"regexp"
	"strings"
)

// RefURL returns the address of what a reference such as "RFC 9110 §15.5.2"
// names; "" for one that has none, such as a vendor's custom.
func RefURL(ref string) string {
	if m := rfcRef.FindStringSubmatch(ref); m != nil {
		url := "https://www.rfc-editor.org/rfc/rfc" + m[1]
		switch section := m[2]; {
		case section == "":
			return url
		case section[0] >= 'A' && section[0] <= 'Z':
			return url + "#appendix-" + section
		default:
			return url + "#section-" + section
		}
	}
	if m := draftRef.FindStringSubmatch(ref); m != nil {
		return "https://datatracker.ietf.org/doc/html/" + m[1]
	}
	if m := cweRef.FindStringSubmatch(ref); m != nil {
		return "https://cwe.mitre.org/data/definitions/" + m[1] + ".html"
	}
	name, _, _ := strings.Cut(ref, " §")
	for _, s := range specifications {
		if s.name == name {
			return s.url
		}
	}
	return ""
}

var (
	rfcRef   = regexp.MustCompile(`^RFC (\d+)(?: §([0-9A-Z][0-9.]*[0-9]|[0-9A-Z])\b)?(?:$|[^0-9a-z])`)
	draftRef = regexp.MustCompile(`^(draft-[a-z0-9-]+)`)
	cweRef   = regexp.MustCompile(`^CWE-(\d+)$`)
)

// specifications are the names and addresses of specifications other than RFCs.
// A reference is the name alone, or "NAME §SECTION".
var specifications = []struct{ name, url string }{
	{"RFC 6265bis", "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis"},
	{"Fetch Metadata", "https://www.w3.org/TR/fetch-metadata/"},
	{"Fetch", "https://fetch.spec.whatwg.org/"},
	{"HTML", "https://html.spec.whatwg.org/multipage/"},
	{"WHATWG URL", "https://url.spec.whatwg.org/"},
	{"CSP 3", "https://www.w3.org/TR/CSP3/"},
	{"Referrer Policy", "https://www.w3.org/TR/referrer-policy/"},
	{"Permissions Policy", "https://www.w3.org/TR/permissions-policy-1/"},
	{"Mixed Content", "https://www.w3.org/TR/mixed-content/"},
	{"Service Workers", "https://www.w3.org/TR/service-workers/"},
	{"Trace Context", "https://www.w3.org/TR/trace-context/"},
	{"Server Timing", "https://www.w3.org/TR/server-timing/"},
	{"Resource Timing", "https://www.w3.org/TR/resource-timing/"},
	{"Clear Site Data", "https://www.w3.org/TR/clear-site-data/"},
	{"Network Error Logging", "https://www.w3.org/TR/network-error-logging/"},
	{"Reporting", "https://www.w3.org/TR/reporting-1/"},
	{"Upgrade Insecure Requests", "https://www.w3.org/TR/upgrade-insecure-requests/"},
	{"Secure Contexts", "https://www.w3.org/TR/secure-contexts/"},
	{"LDP 1.0", "https://www.w3.org/TR/ldp/"},
	{"XML 1.0", "https://www.w3.org/TR/xml/"},
	{"IANA HTTP Field Name Registry", "https://www.iana.org/assignments/http-fields/"},
	{"IANA media types", "https://www.iana.org/assignments/media-types/"},
	{"Namespaces in XML 1.0", "https://www.w3.org/TR/xml-names/"},
	{"Network Reporting", "https://w3c.github.io/reporting/network-reporting.html"},
	{"Reporting (2018 draft)", "https://www.w3.org/TR/2018/WD-reporting-1-20180925/"},
	{"gRPC over HTTP/2", "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md"},
	{"gRPC Compression", "https://github.com/grpc/grpc/blob/master/doc/compression.md"},
	{"gRPC HTTP to gRPC Status Code Mapping", "https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md"},
	{"gRPC Deadlines", "https://grpc.io/docs/guides/deadlines/"},
	{"Protocol Buffers Encoding", "https://protobuf.dev/programming-guides/encoding/"},
	{"GraphQL", "https://spec.graphql.org/October2021/"},
	{"GraphQL over HTTP", "https://graphql.github.io/graphql-over-http/draft/"},
	{"JSON-RPC 2.0", "https://www.jsonrpc.org/specification"},
	{"MCP 2025-06-18", "https://modelcontextprotocol.io/specification/2025-06-18"},
	{"MCP 2025-11-25", "https://modelcontextprotocol.io/specification/2025-11-25"},
	{"MCP 2026-07-28", "https://modelcontextprotocol.io/specification/2026-07-28"},
	{"SOAP 1.1", "https://www.w3.org/TR/2000/NOTE-SOAP-20000508/"},
	{"SOAP 1.2 Part 2", "https://www.w3.org/TR/soap12-part2/"},
	{"Subresource Integrity", "https://www.w3.org/TR/sri-2/"},
	{"Device Bound Session Credentials", "https://w3c.github.io/webappsec-dbsc/"},
	{"Document-Isolation-Policy (WICG)", "https://wicg.github.io/document-isolation-policy/"},
	{"hstspreload.org", "https://hstspreload.org/"},
}
