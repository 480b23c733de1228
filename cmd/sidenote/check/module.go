package check

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"sidenote/internal/yamlfile"
	"sidenote/policy"
)

// ParseModule reads one module of a file for blackbox_exporter, and returns model
// with what the module says. module may be "" for the only one of the file. What a
// check cannot do is refused, never left out. An error is a *yamlfile.Error where
// its place is known.
func ParseModule(name string, text []byte, module string, model Check) (Check, error) {
	f, err := yamlfile.Parse(name, text)
	if err != nil {
		return model, err
	}
	r := &moduleReader{File: f, check: model, expect: map[string]any{"status": "2xx"}}
	r.check.Follow, r.check.Method = true, http.MethodGet
	n, err := r.find(module)
	if err != nil {
		return model, err
	}
	if err := r.module(n); err != nil {
		return model, err
	}
	if r.check.Expect, err = r.expectations(n); err != nil {
		return model, err
	}
	return r.check, nil
}

// A moduleReader reads a module of a file.
type moduleReader struct {
	*yamlfile.File
	check   Check
	method  string         // as it is written; "" for nothing
	expect  map[string]any // as a list of checks would say it
	asserts []string
}

// find returns the module of a name.
func (r *moduleReader) find(module string) (ast.Node, error) {
	var modules ast.Node
	root, _ := yamlfile.Mapping(r.Root)
	for _, pair := range root {
		if yamlfile.Key(pair.Key) != "modules" {
			return nil, r.Unknown(pair.Key, "of a file of modules", []string{"modules"})
		}
		modules = pair.Value
	}
	pairs, ok := yamlfile.Mapping(modules)
	if !ok || len(pairs) == 0 {
		return nil, r.Fault(r.Root, "want modules of blackbox_exporter, such as: modules: {http_2xx: {prober: http}}")
	}
	if module == "" && len(pairs) == 1 {
		return pairs[0].Value, nil
	}
	var names []string
	for _, pair := range pairs {
		if yamlfile.Key(pair.Key) == module {
			return pair.Value, nil
		}
		names = append(names, yamlfile.Key(pair.Key))
	}
	if module == "" {
		return nil, r.Fault(modules, "there are %d modules; name one: --module %s:%s", len(names), r.Name, names[0])
	}
	return nil, r.Fault(modules, "there is no module %q; the file has %s", module, strings.Join(names, ", "))
}

func (r *moduleReader) module(n ast.Node) error {
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return r.Fault(n, "want a module, such as: {prober: http}")
	}
	prober := false
	for _, pair := range pairs {
		text, _ := yamlfile.Scalar(pair.Value)
		switch yamlfile.Key(pair.Key) {
		case "prober":
			if prober = text == "http"; !prober {
				return r.Fault(pair.Value, "check can't use the prober %q; it makes HTTP requests, so only http works", text)
			}
		case "timeout":
			var err error
			if r.check.MaxTime, err = time.ParseDuration(text); err != nil || r.check.MaxTime <= 0 {
				return r.Fault(pair.Value, "want a duration with its unit, such as 500ms or 5s, not %q", text)
			}
		case "http":
			if err := r.http(pair.Value); err != nil {
				return err
			}
		default:
			return r.Unknown(pair.Key, "of a module that check can use", []string{"prober", "timeout", "http"})
		}
	}
	if !prober {
		return r.Fault(n, "this module has no prober; want prober: http")
	}
	return nil
}

// httpKeys are the keys that are read.
func httpKeys() []string {
	return []string{"method", "headers", "body", "valid_status_codes", "valid_http_versions", "fail_if_ssl", "fail_if_not_ssl",
		"fail_if_body_matches_regexp", "fail_if_body_not_matches_regexp", "follow_redirects", "no_follow_redirects", "basic_auth", "bearer_token"}
}

// instead says what to use for keys that a check does not have.
var instead = map[string]string{
	"tls_config": "use --insecure-upstream HOST, --upstream-ca FILE or --client-cert", "proxy_url": "use --upstream-proxy URL",
	"bearer_token_file":      "use bearer_token",
	"fail_if_header_matches": "use fields in a list of checks (--file)", "fail_if_header_not_matches": "use fields in a list of checks (--file)",
	"preferred_ip_protocol": "check uses the address that connects first", "ip_protocol_fallback": "check uses the address that connects first",
	"compression": "sidenote decodes a body by its Content-Encoding", "body_size_limit": "use --keep-content in the configuration file",
}

func (r *moduleReader) http(n ast.Node) error {
	if yamlfile.IsEmpty(n) {
		return nil
	}
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return r.Fault(n, "want settings of the HTTP prober, such as: {method: GET}")
	}
	for _, pair := range pairs {
		if err := r.httpKey(pair); err != nil {
			return err
		}
	}
	if r.method != "" {
		r.check.Method = r.method
	}
	return nil
}

func (r *moduleReader) httpKey(pair *ast.MappingValueNode) (err error) {
	key, n := yamlfile.Key(pair.Key), pair.Value
	text, _ := yamlfile.Scalar(n)
	switch key {
	case "method":
		if r.method, err = ParseMethod(text); err != nil {
			return r.Fault(n, "%v", err)
		}
	case "headers":
		list := listReader{File: r.File}
		return list.fields(&r.check, n)
	case "body":
		r.check.Content = []byte(text)
	case "valid_status_codes":
		return r.statuses(n)
	case "valid_http_versions":
		return r.versions(n)
	case "fail_if_ssl", "fail_if_not_ssl", "follow_redirects", "no_follow_redirects":
		return r.flag(key, n, text)
	case "fail_if_body_matches_regexp":
		return r.bodies(n, "not (text matches %s)")
	case "fail_if_body_not_matches_regexp":
		return r.bodies(n, "text matches %s")
	case "basic_auth":
		return r.basic(n)
	case "bearer_token":
		return r.authorization(n, "Bearer "+text)
	default:
		if advice, ok := instead[key]; ok {
			return r.At(pair.Key.GetToken(), fmt.Sprintf("check can't use %s; remove it: %s", key, advice))
		}
		return r.Unknown(pair.Key, "of the HTTP prober that check can use", httpKeys())
	}
	return nil
}

// flag reads a switch.
func (r *moduleReader) flag(key string, n ast.Node, text string) error {
	on, err := strconv.ParseBool(text)
	switch {
	case err != nil || text != "true" && text != "false":
		return r.Fault(n, "want true or false, not %q", text)
	case key == "follow_redirects":
		r.check.Follow = on
	case key == "no_follow_redirects":
		r.check.Follow = !on
	case on && key == "fail_if_ssl":
		r.asserts = append(r.asserts, `scheme != "https"`)
	case on:
		r.asserts = append(r.asserts, `scheme == "https"`)
	}
	return nil
}

// texts reads a list of scalars, or one alone.
func (r *moduleReader) texts(n ast.Node, what string, each func(n ast.Node, text string) error) error {
	members, ok := yamlfile.List(n)
	if !ok {
		return r.Fault(n, "want a list of %s", what)
	}
	for _, m := range members {
		text, ok := yamlfile.Scalar(m)
		if !ok {
			return r.Fault(m, "want a list of %s", what)
		}
		if err := each(m, text); err != nil {
			return err
		}
	}
	return nil
}

func (r *moduleReader) statuses(n ast.Node) error {
	var all []string
	err := r.texts(n, "status codes, such as [200, 204]", func(n ast.Node, text string) error {
		if code, err := strconv.Atoi(text); err != nil || code < 100 || code > 599 {
			return r.Fault(n, "want a status code from 100 to 599, not %q", text)
		}
		all = append(all, text)
		return nil
	})
	if len(all) > 0 { // the exporter takes none for 2xx
		r.expect["status"] = strings.Join(all, ",")
	}
	return err
}

func (r *moduleReader) versions(n ast.Node) error {
	var all []string
	err := r.texts(n, "versions, such as [HTTP/1.1, HTTP/2.0]", func(n ast.Node, text string) error {
		switch text {
		case "HTTP/1.0", "HTTP/1.1":
		case "HTTP/2.0", "HTTP/2":
			text = "HTTP/2"
		default:
			return r.Fault(n, "want HTTP/1.0, HTTP/1.1 or HTTP/2.0, not %q", text)
		}
		all = append(all, strconv.Quote(text))
		return nil
	})
	if err == nil && len(all) == 1 && all[0] == `"HTTP/2"` {
		return r.Fault(n, "check requests with HTTP/1.1, so this would always fail: add HTTP/1.1, or leave it out")
	}
	if len(all) > 0 {
		r.asserts = append(r.asserts, "version in ["+strings.Join(all, ", ")+"]")
	}
	return err
}

// bodies reads regular expressions for the body.
func (r *moduleReader) bodies(n ast.Node, assert string) error {
	return r.texts(n, "regular expressions", func(n ast.Node, text string) error {
		if _, err := regexp.Compile(text); err != nil {
			return r.Fault(n, "not a regular expression: %v", err)
		}
		r.asserts = append(r.asserts, fmt.Sprintf(assert, strconv.Quote(text)))
		return nil
	})
}

func (r *moduleReader) basic(n ast.Node) error {
	var user, password string
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return r.Fault(n, "want {username: NAME, password: PASSWORD}")
	}
	for _, pair := range pairs {
		text, _ := yamlfile.Scalar(pair.Value)
		switch yamlfile.Key(pair.Key) {
		case "username":
			user = text
		case "password":
			password = text
		default:
			return r.Unknown(pair.Key, "of basic_auth that check can use", []string{"username", "password"})
		}
	}
	return r.authorization(n, "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

func (r *moduleReader) authorization(n ast.Node, value string) error {
	f, err := ParseField("Authorization: " + value)
	if err != nil {
		return r.Fault(n, "%v", err)
	}
	r.check.Fields = append(r.check.Fields[:len(r.check.Fields):len(r.check.Fields)], f)
	return nil
}

// expectations makes what the module expects.
func (r *moduleReader) expectations(n ast.Node) (*Expectations, error) {
	if len(r.asserts) > 0 {
		r.expect["assert"] = r.asserts
	}
	text, err := json.Marshal(r.expect) // which YAML contains
	if err != nil {
		return nil, err
	}
	f, err := yamlfile.Parse(r.Name, text)
	if err != nil {
		return nil, err
	}
	e, err := policy.ParseExpectation(f, "module", f.Root)
	if err != nil {
		return nil, r.Fault(n, "%v", err)
	}
	e.Where = r.Name
	return Expect(e)
}
