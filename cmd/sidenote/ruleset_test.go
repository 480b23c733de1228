package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/policy"
)

func TestRuleSet(t *testing.T) {
	description := filepath.Join(t.TempDir(), "api.yaml")
	const text = "openapi: 3.0.3\ninfo: {title: a, version: b}\npaths: {}\n"
	if err := os.WriteFile(description, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := configs.Default()
	isOn := func(id string) bool {
		t.Helper()
		set, err := newRuleSet(&c, policy.Default())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(set.Rules(), func(r *annotate.Rule) bool { return r.ID == id })
	}
	if isOn("contract/response-body") || isOn("status/unusual-for-method") {
		t.Error("a rule is on that needs a description, or another profile")
	}
	c.Rules = map[string]string{"contract/*": "error"} // known though silent
	if isOn("contract/response-body") {
		t.Error("a rule is on that needs a description")
	}
	c.OpenAPI, c.Profile = []string{"https://api.test=" + description}, "rest"
	if !isOn("contract/response-body") || !isOn("status/unusual-for-method") {
		t.Error("description or profile has no effect")
	}
	c.Rules = map[string]string{"status/unusual-for-method": "off"}
	if isOn("status/unusual-for-method") {
		t.Error("what the user says of a rule comes after the profile")
	}
	for _, profile := range annotate.ProfileNames() {
		c.Profile = profile
		if !isOn("failure/connect-refused") {
			t.Errorf("profile %s: failures are not explained", profile)
		}
	}
	c.OpenAPI = []string{"none.yaml"}
	if _, err := newRuleSet(&c, policy.Default()); err == nil || !strings.Contains(err.Error(), "--openapi: ") || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("%v", err)
	}
}

// TestDescriptionsExempt looks at requests that a description allows and that
// no one else would.
func TestDescriptionsExempt(t *testing.T) {
	description := filepath.Join(t.TempDir(), "api.yaml")
	const text = `openapi: 3.0.3
info: {title: a, version: b}
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    delete: {requestBody: {content: {application/json: {}}}, responses: {default: {description: any}}}
    patch: {requestBody: {content: {application/json: {}}}, responses: {default: {description: any}}}
    get: {responses: {default: {description: any}}}
`
	if err := os.WriteFile(description, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const meaningless, unsuitable = "content/request-body-undefined-semantics", "content/patch-media-type-unsuitable"
	for _, c := range []struct{ request, kind, without, with string }{
		{"DELETE /orders/7", "application/json", meaningless, ""},
		{"GET /orders/7", "application/json", meaningless, meaningless},
		{"DELETE /other", "application/json", meaningless, meaningless},
		{"PATCH /orders/7", "application/json", unsuitable, ""},
		{"PATCH /orders/7", "text/plain", unsuitable, unsuitable},
	} {
		for _, loaded := range []bool{false, true} {
			config, want := configs.Default(), c.without
			if loaded {
				config.OpenAPI, want = []string{"https://api.test=" + description}, c.with
			}
			set, err := newRuleSet(&config, policy.Default())
			if err != nil {
				t.Fatal(err)
			}
			x, err := exchange.ParseText("* scheme https\n> " + c.request + " HTTP/1.1\n> Host: api.test\n> Content-Type: " + c.kind +
				"\n> Content-Length: 2\n>\n> {}\n< HTTP/1.1 204 No Content\n<\n")
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, n := range set.All(x, nil) {
				if n.Rule.ID == meaningless || n.Rule.ID == unsuitable {
					got += n.Rule.ID
				}
			}
			if got != want {
				t.Errorf("%s of %s, description %v: %q, want %q", c.request, c.kind, loaded, got, want)
			}
		}
	}
}
