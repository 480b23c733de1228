package inspector_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A shownRequest is a request as the page shows it.
type shownRequest struct {
	URL     string `json:"url"`
	Request struct {
		Fields []struct{ Name, Value string } `json:"fields"`
	} `json:"request"`
}

func (d *desk) shown(t *testing.T, seq string) (s shownRequest) {
	t.Helper()
	_, body := d.get(t, "/api/v1/exchanges/"+seq)
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// fields are the field lines as they are shown, with changes: of a line with
// such a name, or of one that is added.
func (s *shownRequest) fields(change map[string]string) (list [][2]string) {
	for _, f := range s.Request.Fields {
		value, changed := change[f.Name]
		if !changed {
			value = f.Value
		}
		delete(change, f.Name)
		list = append(list, [2]string{f.Name, value})
	}
	for name, value := range change {
		list = append(list, [2]string{name, value})
	}
	return list
}

// resend sends the cart with its secrets again, with changes.
func (d *desk) resend(t *testing.T, change map[string]any) (*http.Response, string) {
	t.Helper()
	body, err := json.Marshal(change)
	if err != nil {
		t.Fatal(err)
	}
	return d.do(t, "POST", "/api/v1/exchanges/2/resend", string(body))
}

func TestResendPutsSecretsBack(t *testing.T) {
	d := newDesk(t)
	d.others = []string{"OTHER"}
	s := d.shown(t, "2")
	resp, body := d.resend(t, map[string]any{
		"url": s.URL, "fields": s.fields(map[string]string{"X-New": "1", "Content-Length": "999"}), "method": "PUT", "content": "new",
	})
	if resp.StatusCode != 200 || !strings.Contains(body, `"seq":6`) {
		t.Fatal(body)
	}
	r := d.sent[0]
	content, _ := io.ReadAll(r.Body)
	if r.URL.Query().Get("token") != "s3cretvalue" || r.Header.Get("Authorization") != "Bearer abcdefghijklmnop" ||
		r.Header.Get("X-New") != "1" || r.Method != "PUT" || string(content) != "new" || r.Host != "shop.test" || r.Header.Get("Content-Length") != "" {
		t.Errorf("sent: %s %s %v %q", r.Method, r.URL, r.Header, content)
	}
	if e, _, _ := d.store.Get(6); !e.ByHand {
		t.Error("what was sent by hand is not marked")
	}
	// Values that were edited round a redacted part have it too.
	if resp, body := d.resend(t, map[string]any{"url": strings.Replace(s.URL, "/v1/cart", "/v2/cart", 1) + "&page=2"}); resp.StatusCode != 200 {
		t.Fatal(body)
	}
	if u := d.sent[1].URL; u.Path != "/v2/cart" || u.RawQuery != "token=s3cretvalue&page=2" {
		t.Errorf("sent: %s", u)
	}
}

// TestSecretsGoBackToTheirOriginAlone edits where a request goes in every way,
// and sees that redacted values do not go there unless someone says so.
func TestSecretsGoBackToTheirOriginAlone(t *testing.T) {
	secret := func(r *http.Request) bool {
		all := r.URL.String() + r.Host
		for name, values := range r.Header {
			all += name + strings.Join(values, "")
		}
		return strings.Contains(all, "s3cretvalue") || strings.Contains(all, "abcdefghijklmnop")
	}
	d := newDesk(t)
	s := d.shown(t, "2")
	for what, change := range map[string]map[string]any{
		"another host":              {"url": "http://evil.test/"},
		"another host, all else":    {"url": strings.Replace(s.URL, "shop.test", "evil.test", 1)},
		"a host that begins alike":  {"url": strings.Replace(s.URL, "shop.test", "shop.test.evil.test", 1)},
		"the host as a user":        {"url": strings.Replace(s.URL, "shop.test", "shop.test@evil.test", 1)},
		"another port":              {"url": strings.Replace(s.URL, "shop.test", "shop.test:8080", 1)},
		"another scheme":            {"url": strings.Replace(s.URL, "http:", "https:", 1)},
		"another Host":              {"fields": s.fields(map[string]string{"Host": "evil.test"})},
		"another Host, lower case":  {"fields": append(s.fields(map[string]string{"Host": "shop.test"})[1:], [2]string{"host", "evil.test"})},
		"another URL and its Host":  {"url": "http://evil.test/x", "fields": s.fields(map[string]string{"Host": "evil.test"})},
		"another URL, the old Host": {"url": "http://evil.test/x", "fields": s.fields(map[string]string{"Host": "shop.test"})},
	} {
		d.sent = nil
		resp, body := d.resend(t, change)
		var p struct {
			Secrets []string
			Origin  string
		}
		_ = json.Unmarshal([]byte(body), &p)
		if resp.StatusCode != 409 || len(d.sent) > 0 || !strings.Contains(strings.Join(p.Secrets, " "), "Authorization") || p.Origin == "" {
			t.Errorf("%s: %d, %d sent, %s", what, resp.StatusCode, len(d.sent), body)
		}
		change["secrets"] = "omit"
		if resp, body := d.resend(t, change); resp.StatusCode != 200 || secret(d.sent[0]) || d.sent[0].Header.Get("Authorization") != "" {
			t.Errorf("%s, without secrets: %d %s", what, resp.StatusCode, body)
		}
		change["secrets"] = "send"
		if resp, body := d.resend(t, change); resp.StatusCode != 200 || !secret(d.sent[1]) {
			t.Errorf("%s, with secrets: %d %s", what, resp.StatusCode, body)
		}
	}
	for what, change := range map[string]map[string]any{
		"the default port":         {"url": strings.Replace(s.URL, "shop.test", "shop.test:80", 1)},
		"other capitals":           {"url": strings.Replace(s.URL, "http://shop.test", "HTTP://Shop.Test", 1)},
		"the whole Host":           {"fields": s.fields(map[string]string{"Host": "shop.test:80"})},
		"no Host":                  {"fields": s.fields(map[string]string{"Host": "shop.test"})[1:]},
		"what has no secret there": {"url": "http://evil.test/", "fields": [][2]string{{"Accept", "*/*"}}},
	} {
		if resp, body := d.resend(t, change); resp.StatusCode != 200 {
			t.Errorf("%s: %d %s", what, resp.StatusCode, body)
		}
	}
}

func TestResendFollowsTheHostOfTheURL(t *testing.T) {
	d := newDesk(t)
	s := d.shown(t, "2")
	for _, c := range []struct {
		url, host string
		want      string
	}{
		{"http://other.test/", "shop.test", "other.test"}, // the line was left as it was
		{"http://other.test:81/", "shop.test", "other.test:81"},
		{"http://other.test/", "third.test", "third.test"}, // and here it was not
		{s.URL, "third.test", "third.test"},
		{s.URL, "shop.test", "shop.test"},
	} {
		d.sent = nil
		resp, body := d.resend(t, map[string]any{"url": c.url, "fields": s.fields(map[string]string{"Host": c.host}), "secrets": "omit"})
		if resp.StatusCode != 200 {
			t.Fatal(body)
		}
		r := d.sent[0]
		if got := r.Host; got != c.want {
			t.Errorf("%s with Host: %s is sent to %s", c.url, c.host, got)
		}
	}
}

// TestResendDoesNotWaitForAStream sends a request whose response has no end.
func TestResendDoesNotWaitForAStream(t *testing.T) {
	d := newDesk(t)
	stream, end := io.Pipe()
	defer end.Close()
	d.answer = stream
	resp, body := d.resend(t, map[string]any{})
	if resp.StatusCode != 200 || !strings.Contains(body, `"streams":true`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// TestResendKeepsTheTarget sends targets again that net/url would write in
// another way.
func TestResendKeepsTheTarget(t *testing.T) {
	d := newDesk(t)
	for _, target := range []string{
		"/", "/a/../b", "/./", "//a/b", "/\u00e4", "/%zz", "/%", "/%7E", "/a?q='x'", `/"<>|^{}` + "`", "/?", "/a?b?c", "/a;b", "/[x]?y[]=1", "/%2F%2f",
	} {
		for _, base := range []string{"http://shop.test", "http://shop.test:8080", "https://[::1]:8443"} {
			d.sent = nil
			resp, body := d.resend(t, map[string]any{"url": base + target, "secrets": "omit"})
			if resp.StatusCode != 200 {
				t.Errorf("%s%s: %s", base, target, body)
				continue
			}
			var b strings.Builder
			if err := d.sent[0].WriteProxy(&b); err != nil {
				t.Fatal(err)
			}
			if line, _, _ := strings.Cut(b.String(), "\r\n"); line != "GET "+base+target+" HTTP/1.1" {
				t.Errorf("%s%s is sent as %q", base, target, line)
			}
		}
	}
	for _, bad := range []string{"http://shop.test/a b", "http://shop.test/\x00", "ftp://shop.test/", "shop.test/a", "http:///a"} {
		if resp, body := d.resend(t, map[string]any{"url": bad, "secrets": "omit"}); resp.StatusCode != 422 {
			t.Errorf("%s: %d %s", bad, resp.StatusCode, body)
		}
	}
}
