package exchange_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"sidenote/exchange"
)

// declaredCodes reads the constants of type ErrCode.
func declaredCodes(t *testing.T) (codes []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "failure.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "ErrCode" {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, code)
		}
		return true
	})
	return codes
}

// TestEveryCodeHasARow: a code without a row has no rule, no page and no
// documentation.
func TestEveryCodeHasARow(t *testing.T) {
	var rows []string
	for _, f := range exchange.Failures() {
		rows = append(rows, string(f.Code))
	}
	codes := declaredCodes(t)
	slices.Sort(rows)
	slices.Sort(codes)
	if !slices.Equal(rows, codes) || len(codes) < 40 {
		t.Errorf("rows of failures.go %q\nconstants of failure.go %q", rows, codes)
	}
}

// proxyErrors are the error types of RFC 9209 §2.3.
func proxyErrors() []string {
	return []string{
		"dns_timeout", "dns_error", "destination_not_found", "destination_unavailable", "destination_ip_prohibited",
		"destination_ip_unroutable", "connection_refused", "connection_terminated", "connection_timeout",
		"connection_read_timeout", "connection_write_timeout", "connection_limit_reached", "tls_protocol_error",
		"tls_certificate_error", "tls_alert_received", "http_request_error", "http_request_denied",
		"http_response_incomplete", "http_response_header_section_size", "http_response_header_size",
		"http_response_body_size", "http_response_trailer_section_size", "http_response_trailer_size",
		"http_response_transfer_coding", "http_response_content_coding", "http_response_timeout", "http_upgrade_failed",
		"http_protocol_error", "proxy_internal_response", "proxy_internal_error", "proxy_configuration_error", "proxy_loop_detected",
	}
}

func TestRowsAreWhole(t *testing.T) {
	for _, f := range exchange.Failures() {
		if f.Title == "" || f.Why == "" || f.Act == "" || f.Phase == "" || len(f.Refs) == 0 {
			t.Errorf("%s: the row lacks something: %+v", f.Code, f)
		}
		if !slices.Contains([]string{"client", "origin", "intermediary", "proxy"}, f.Who) {
			t.Errorf("%s: Who %q", f.Code, f.Who)
		}
		if !slices.Contains([]string{"", "info", "warn", "error"}, f.Severity) {
			t.Errorf("%s: Severity %q", f.Code, f.Severity)
		}
		if !slices.Contains(proxyErrors(), f.ProxyStatus) {
			t.Errorf("%s: RFC 9209 has no error type %q", f.Code, f.ProxyStatus)
		}
		if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
			t.Errorf("%s: Status %d", f.Code, f.Status)
		}
		if known, ok := f.Code.Lookup(); !ok || known.Title != f.Title {
			t.Errorf("%s is not found", f.Code)
		}
	}
}
