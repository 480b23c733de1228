package check

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestModule: what a module says is asked and expected.
func TestModule(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusFound)
			return
		}
		fmt.Fprintf(w, "%s %s %s %q", r.Method, r.Header.Get("Authorization"), r.Header.Get("X-A"), content)
	})
	for module, want := range map[string]string{
		`{}`: "",
		`{method: POST, headers: {X-A: b}, body: '{"c": 1}', basic_auth: {username: u, password: p}, fail_if_body_not_matches_regexp: ['^POST Basic dTpw b ."\{']}`: "expected",
		`{method: POST, headers: {X-A: b}, body: 'c', basic_auth: {username: u, password: p}, fail_if_body_not_matches_regexp: ['^POST Basic dTpw b "c"$']}`:        "",
		`{bearer_token: t, fail_if_body_matches_regexp: [never, 'Bearer t']}`:                                                                                       `expected not (text matches "Bearer t")`,
		`{valid_status_codes: [204, 404]}`:       "expected status 204 or 404, got 200",
		`{valid_status_codes: []}`:               "",
		`{valid_http_versions: [HTTP/1.0]}`:      "expected version in",
		`{valid_http_versions: [HTTP/1.1]}`:      "",
		`{fail_if_ssl: true}`:                    "",
		`{fail_if_not_ssl: true}`:                `expected scheme == "https"`,
		`{no_follow_redirects: true}`:            "expected status 2xx, got 302",
		`{follow_redirects: false}`:              "expected status 2xx, got 302",
		`{follow_redirects: true, method: HEAD}`: "",
	} {
		text := "modules:\n  m:\n    prober: http\n    timeout: 20s\n    http: " + module + "\n"
		c, err := ParseModule("b.yml", []byte(text), "", Check{MaxTime: time.Hour})
		if err != nil {
			t.Errorf("%s: %v", module, err)
			continue
		}
		c.URL = url + "/old"
		if c.Content != nil {
			c.URL = url + "/new"
		}
		r := Runner{}
		r.Proxy.KeepContent = 1 << 10
		if why := only(t, r, c).Failed(); (why == "") != (want == "") || !strings.Contains(why, want) {
			t.Errorf("%s: failed with %q, want %q", module, why, want)
		}
	}
}

// TestModuleFaults: nothing is left out in silence.
func TestModuleFaults(t *testing.T) {
	for in, want := range map[string]string{
		"modules: {a: {prober: http}, b: {prober: http}}": "there are 2 modules; name one: --module b.yml:a",
		"modules: {}":                                          "want modules of blackbox_exporter",
		"module: {}":                                           `did you mean "modules"?`,
		"modules: {m: {prober: dns}}":                          `1:23: check can't use the prober "dns"`,
		"modules: {m: {timeout: 5s}}":                          "this module has no prober",
		"modules: {m: {prober: http, timeout: 5}}":             "want a duration with its unit",
		"modules: {m: {prober: http, http: {tls_config: {}}}}": "1:36: check can't use tls_config; remove it: use --insecure-upstream",
		"modules: {m: {prober: http, http: {preferred_ip_protocol: ip4}}}":       "check can't use preferred_ip_protocol",
		"modules: {m: {prober: http, http: {oauth2: {}}}}":                       `there is no key "oauth2" of the HTTP prober that check can use`,
		"modules: {m: {prober: http, http: {fail_if_body_matches_regexp: [(]}}}": "not a regular expression",
		"modules: {m: {prober: http, http: {fail_if_ssl: maybe}}}":               "want true or false",
		"modules: {m: {prober: http, http: {valid_status_codes: [2xx]}}}":        "want a status code from 100 to 599",
		"modules: {m: {prober: http, http: {valid_http_versions: [HTTP/2.0]}}}":  "check requests with HTTP/1.1",
		"modules: {m: {prober: http, http: {valid_http_versions: [2]}}}":         "want HTTP/1.0, HTTP/1.1 or HTTP/2.0",
		"modules: {m: {prober: http, http: {headers: {Host: a}}}}":               "Host is computed",
		"modules: {m: {prober: http, http: {basic_auth: {password_file: a}}}}":   "of basic_auth that check can use",
	} {
		_, err := ParseModule("b.yml", []byte(in), "", Check{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
	if _, err := ParseModule("b.yml", []byte("modules: {a: {prober: http}}"), "b", Check{}); err == nil || !strings.Contains(err.Error(), `there is no module "b"; the file has a`) {
		t.Error(err)
	}
}
