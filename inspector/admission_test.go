package inspector

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A door is an Admission in front of an API that answers 204, at a time that a
// test sets.
type door struct {
	t   *testing.T
	a   *Admission
	h   http.Handler
	now time.Time
}

func newDoor(t *testing.T) *door {
	d := &door{t: t, a: NewAdmission([]byte("key")), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	d.serve(d.a)
	return d
}

func (d *door) serve(a *Admission) {
	a.now = func() time.Time { return d.now }
	d.a, d.h = a, a.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
}

func (d *door) ask(method, target, content string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(content))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	return w.Result()
}

func (d *door) expect(what string, resp *http.Response, status int) {
	d.t.Helper()
	if resp.StatusCode != status {
		d.t.Errorf("%s: %d, want %d", what, resp.StatusCode, status)
	}
}

// list asks for exchanges with fields.
func (d *door) list(header ...string) *http.Response {
	return d.ask("GET", "/api/v1/exchanges", "", header...)
}

// enter opens a link, and returns the session it gets, "" for none.
func (d *door) enter(link string, header ...string) string {
	d.t.Helper()
	resp := d.ask("POST", "/api/v1/session", `{"key":"`+strings.TrimPrefix(link, "key=")+`"}`, header...)
	if c := resp.Header.Values("Set-Cookie"); len(c) > 0 {
		d.t.Errorf("a cookie, which every port of the host gets: %q", c)
	}
	var out struct{ Session string }
	_ = json.NewDecoder(resp.Body).Decode(&out)
	if (out.Session == "") != (resp.StatusCode == 401) {
		d.t.Errorf("status %d with the session %q", resp.StatusCode, out.Session)
	}
	return out.Session
}

func TestAdmission(t *testing.T) {
	d := newDoor(t)
	d.expect("the page, which is empty by itself", d.ask("GET", "/", ""), 204)
	d.expect("nothing", d.list(), 401)
	if ct := d.list().Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Error(ct)
	}
	link := d.a.Link()
	session := d.enter(link)
	if session == "" || strings.Contains(link, session) {
		t.Fatalf("session %q", session)
	}
	if d.enter(link) != "" {
		t.Error("the link opens twice")
	}
	if d.enter(link, sessionField, session) == "" {
		t.Error("whoever opened the link cannot open it again")
	}
	d.expect("the session", d.list(sessionField, session), 204)
	for _, cookie := range []string{sessionField + "=" + session, "sidenote_session=" + session, "session=" + session} {
		d.expect("a cookie alone", d.list("Cookie", cookie), 401)
	}
	d.expect("a session in the address", d.ask("GET", "/api/v1/exchanges?session="+session+"&key="+session+"&ticket="+session, ""), 401)
	d.expect("the session, with a letter changed", d.list(sessionField, session[:len(session)-2]+"AA"), 401)
	d.expect("a link as session", d.list(sessionField, strings.TrimPrefix(d.a.Link(), "key=")), 401)
	if d.enter("key="+session) != "" {
		t.Error("a session opens the door as a link does")
	}
	d.expect("a token", d.list("Authorization", "Bearer "+d.a.Bearer()), 204)
	d.expect("a bad token", d.list("Authorization", "Bearer x"), 401)
	if d.enter(NewAdmission([]byte("another key")).Link()) != "" {
		t.Error("a link of another key opens")
	}
	late := d.a.Link()
	d.now = d.now.Add(linkLasts + time.Second)
	if d.enter(late) != "" {
		t.Error("an old link opens")
	}
}

// TestRefusalsNameTheCommand: a refusal says how to get in, as the program was
// started and for the address that was asked.
func TestRefusalsNameTheCommand(t *testing.T) {
	d := newDoor(t)
	d.a.Program = "go run ./cmd/sidenote"
	for what, resp := range map[string]*http.Response{
		"a list": d.list(), "a bad link": d.ask("POST", "/api/v1/session", `{"key":"x"}`),
	} {
		var p problemDocument
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
			t.Fatal(err)
		}
		const command = "go run ./cmd/sidenote open --admin example.com"
		if p.Command != command || p.Help != `open the link that "`+command+`" prints` {
			t.Errorf("%s: %+v", what, p)
		}
	}
}

func TestSessionsEndWithoutUse(t *testing.T) {
	d := newDoor(t)
	session := d.enter(d.a.Link())
	d.now = d.now.Add(sessionLasts - time.Second)
	d.serve(NewAdmission([]byte("key"))) // a restart
	resp := d.list(sessionField, session)
	d.expect("just before a day is over, after a restart", resp, 204)
	renewed := resp.Header.Get(sessionField)
	if renewed == "" {
		t.Fatal("a session that is used is not renewed")
	}
	if d.list(sessionField, renewed).Header.Get(sessionField) != "" {
		t.Error("a fresh session is renewed")
	}
	d.now = d.now.Add(2 * time.Second)
	d.expect("after a day without use", d.list(sessionField, session), 401)
	for used := sessionLasts; used < sessionMost; used += sessionLasts / 2 {
		resp := d.list(sessionField, renewed)
		d.expect("while it is used", resp, 204)
		if next := resp.Header.Get(sessionField); next != "" {
			renewed = next
		}
		d.now = d.now.Add(sessionLasts / 2)
	}
	d.now = d.now.Add(sessionLasts)
	d.expect("after the longest time", d.list(sessionField, renewed), 401)
}

func TestTicketsOpenOneAddress(t *testing.T) {
	d := newDoor(t)
	session := d.enter(d.a.Link())
	ticketFor := func(address string, header ...string) (string, int) {
		body, _ := json.Marshal(map[string]string{"address": address})
		resp := d.ask("POST", "/api/v1/tickets", string(body), header...)
		var out struct{ Ticket string }
		_ = json.NewDecoder(resp.Body).Decode(&out)
		return out.Ticket, resp.StatusCode
	}
	const address = "/api/v1/export?format=har&filter=host%3Ashop"
	if ticket, status := ticketFor(address); ticket != "" || status != 401 {
		t.Errorf("without a session: %d, %q", status, ticket)
	}
	for _, bad := range []string{"", "/", "http://evil.test/api/v1/export", "/debug/pprof/", "/api/v1/export?ticket=x"} {
		if _, status := ticketFor(bad, sessionField, session); status != 400 {
			t.Errorf("a ticket for %q: %d", bad, status)
		}
	}
	ticket, _ := ticketFor(address, sessionField, session)
	d.expect("its address", d.ask("GET", address+"&ticket="+ticket, ""), 204)
	d.expect("the same, written otherwise", d.ask("GET", "/api/v1/export?ticket="+ticket+"&filter=host:shop&format=har", ""), 204)
	d.expect("another filter", d.ask("GET", "/api/v1/export?format=har&ticket="+ticket, ""), 401)
	d.expect("another path", d.ask("GET", "/api/v1/exchanges?format=har&filter=host%3Ashop&ticket="+ticket, ""), 401)
	d.expect("to change something", d.ask("POST", address+"&ticket="+ticket, ""), 401)
	d.expect("as session", d.list(sessionField, ticket), 401)
	d.now = d.now.Add(ticketLasts)
	d.expect("later", d.ask("GET", address+"&ticket="+ticket, ""), 401)
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
