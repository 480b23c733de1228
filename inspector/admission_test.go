package inspector

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAdmission(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	a := NewAdmission([]byte("key"))
	a.now = func() time.Time { return now }
	h := a.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	ask := func(target string, header ...string) *http.Response {
		r := httptest.NewRequest("GET", target, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	expect := func(what string, resp *http.Response, status int) {
		t.Helper()
		if resp.StatusCode != status {
			t.Errorf("%s: %d, want %d", what, resp.StatusCode, status)
		}
	}
	expect("nothing", ask("/"), 401)
	expect("nothing, for the API", ask("/api/v1/exchanges"), 401)
	if ct := ask("/api/v1/exchanges").Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Error(ct)
	}
	link := "/?" + a.Link()
	resp := ask(link)
	expect("the link", resp, 200)
	cookies := resp.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || strings.Contains(link, cookies[0].Value) {
		t.Fatalf("%v", cookies)
	}
	session := cookies[0].Name + "=" + cookies[0].Value
	expect("the link again", ask(link), 401)
	expect("the link again, by who has opened it", ask(link, "Cookie", session), 200)
	expect("a link to elsewhere", ask("/api/v1/exchanges?"+a.Link()), 401)
	expect("the session", ask("/api/v1/exchanges", "Cookie", session), 204)
	expect("the session, with a letter changed", ask("/", "Cookie", session[:len(session)-2]+"AA"), 401)
	expect("a link as session", ask("/", "Cookie", sessionCookie+"="+strings.TrimPrefix(a.Link(), "key=")), 401)
	expect("a session as link", ask("/?key="+cookies[0].Value), 401)
	expect("a token", ask("/", "Authorization", "Bearer "+a.Bearer()), 204)
	expect("a bad token", ask("/", "Authorization", "Bearer x", "Cookie", session), 401)
	other := NewAdmission([]byte("another key"))
	expect("a link of another key", ask("/?"+other.Link()), 401)

	late := a.Link()
	now = now.Add(linkLasts + time.Second)
	expect("an old link", ask("/?"+late), 401)
	restarted := NewAdmission([]byte("key"))
	restarted.now = a.now
	h = restarted.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	expect("the session after a restart", ask("/", "Cookie", session), 204)
	now = now.Add(sessionLasts)
	expect("an old session", ask("/", "Cookie", session), 401)
}

func FuzzAdmission(f *testing.F) {
	a := NewAdmission([]byte("key"))
	f.Add(strings.TrimPrefix(a.Link(), "key="))
	f.Add(a.Bearer())
	f.Fuzz(func(t *testing.T, token string) {
		if _, ok := a.check("other", token); ok {
			t.Errorf("%q is good", token)
		}
	})
}
