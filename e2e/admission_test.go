package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// session opens the link of "sidenote open" as the page does, and returns the
// session.
func (p *process) session() string {
	p.t.Helper()
	link, err := url.Parse(p.open("--print", "--admin", p.admin))
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.Post("http://"+p.admin+"/api/v1/session", "application/json", strings.NewReader(`{"key":"`+link.Query().Get("key")+`"}`))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct{ Session string }
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.Session == "" {
		p.t.Fatalf("the link gave no session, but %s (%v)", resp.Status, err)
	}
	return out.Session
}

// TestInspectorStaysPrivate asks for what the inspector shows in every way that
// must not work, and in the one that does.
func TestInspectorStaysPrivate(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.teapot()
	_, port, _ := strings.Cut(p.admin, ":")
	session := p.session()
	with := "\r\nSidenote-Session: " + session
	host := "Host: " + p.admin
	for _, c := range []struct {
		what, fields, status string
	}{
		{"a browser with a session", host + with, "200"},
		{"the same by another name of this machine", "Host: localhost:" + port + with, "200"},
		{"nobody", host, "401"},
		{"a program with the session", host + "\r\nAuthorization: Bearer " + session, "200"},
		{"a guessed session", host + "\r\nSidenote-Session: " + strings.Repeat("A", 75), "401"},
		{"a cookie with the session", host + "\r\nCookie: sidenote_session=" + session + "; Sidenote-Session=" + session, "401"},
		{"a name that somebody else gave this address", "Host: evil.test:" + port + with, "421"},
		{"a page of elsewhere", host + "\r\nOrigin: http://evil.test" + with, "403"},
		{"a page of another port", host + "\r\nOrigin: http://127.0.0.1:3000" + with, "403"},
		{"an image on a page of another port", host + "\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors" + with, "403"},
		{"a script on a page of elsewhere", host + "\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors" + with, "403"},
		{"a sandboxed page", host + "\r\nOrigin: null" + with, "403"},
	} {
		for _, path := range []string{"/api/v1/exchanges", "/api/v1/exchanges/1", "/api/v1/exchanges/1/response/content", "/api/v1/export?format=har", "/debug/pprof/goroutine?debug=2"} {
			got := sendRaw(t, p.admin, "GET "+path+" HTTP/1.1\r\n"+c.fields+"\r\nConnection: close\r\n\r\n")
			if !strings.HasPrefix(got, "HTTP/1.1 "+c.status+" ") || c.status != "200" && (strings.Contains(got, "418") || strings.Contains(got, "goroutine ")) {
				t.Errorf("%s asks for %s: %.200q, wanted status %s", c.what, path, got, c.status)
			}
		}
	}
	through := sendRaw(t, p.proxy, fmt.Sprintf("GET http://%s/api/v1/exchanges HTTP/1.1\r\nHost: %s%s\r\nConnection: close\r\n\r\n", p.admin, p.admin, with))
	if strings.Contains(through, `"entries"`) {
		t.Errorf("through the proxy: %.300q", through)
	}
	for _, path := range []string{"/api/v1/clear", "/api/v1/pause", "/api/v1/exchanges/1/resend"} {
		got := sendRaw(t, p.admin, "POST "+path+" HTTP/1.1\r\n"+host+"\r\nOrigin: http://evil.test"+with+"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
		if !strings.HasPrefix(got, "HTTP/1.1 403 ") {
			t.Errorf("POST %s of elsewhere: %.200q", path, got)
		}
	}
	p.stop()
}

// teapot serves go-httpbin and asks it for a 418 through the proxy.
func (p *process) teapot() {
	p.t.Helper()
	server := httptest.NewServer(httpbinHandler())
	p.t.Cleanup(server.Close)
	if status := p.fetch(p.client(), server.URL+"/status/418", nil); status != http.StatusTeapot {
		p.t.Fatalf("status %d", status)
	}
}

// TestInspectorAfterARestart sees that a browser stays welcome, and with --store
// that the exchanges are still there.
func TestInspectorAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := dir + "/store.db"
	p := start(t, "--store", file)
	p.teapot()
	session := p.session()
	list := func(p *process) string {
		return sendRaw(t, p.admin, "GET /api/v1/exchanges HTTP/1.1\r\nHost: "+p.admin+"\r\nSidenote-Session: "+session+"\r\nConnection: close\r\n\r\n")
	}
	eventually(t, "the exchange is in the list", func() bool { return strings.Contains(list(p), `"status":418`) })
	p.stop()
	again := start(t, "--store", file, "--ca-dir", p.caDir)
	if got := list(again); !strings.Contains(got, `"status":418`) {
		t.Errorf("after a restart: %.300q", got)
	}
	again.stop()
}

// TestSaveFilter sees that a filter chooses what is saved.
func TestSaveFilter(t *testing.T) {
	t.Parallel()
	p := start(t, "--save-filter", "-status:418")
	p.teapot()
	server := httptest.NewServer(httpbinHandler())
	defer server.Close()
	p.fetch(p.client(), server.URL+"/status/204", nil)
	p.stop()
	if saved := p.records(p.save); len(saved) != 1 {
		t.Errorf("%d exchanges are saved, want the one that is no 418", len(saved))
	}
	if logged := p.records(p.logFile); len(logged) != 2 {
		t.Errorf("%d exchanges are logged, want both", len(logged))
	}
}
