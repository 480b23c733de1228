package inspector

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"sync"
	"time"
)

// An Admission decides who may see the page: whoever opens a link that was
// made with the same key, once, and from then on the browser that did. Nothing
// has to be stored for that, so a restart throws nobody out.
//
// Another user of the same machine can reach loopback too; without the key he
// gets nothing.
type Admission struct {
	key []byte
	now func() time.Time

	mu   sync.Mutex
	used map[string]time.Time // links that were opened, until they expire
}

// How long a link and a session last.
const (
	linkLasts    = 24 * time.Hour
	sessionLasts = 30 * 24 * time.Hour
	mostUsed     = 10000
)

const sessionCookie = "sidenote_session"

// NewAdmission makes one with a secret key.
func NewAdmission(key []byte) *Admission {
	return &Admission{key: key, now: time.Now, used: map[string]time.Time{}}
}

// NewKey makes a secret key.
func NewKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// Link makes the query of a link that opens the page once.
func (a *Admission) Link() string { return "key=" + a.token("link", a.now().Add(linkLasts)) }

// token is a kind, an expiry and a random number, signed.
func (a *Admission) token(kind string, expires time.Time) string {
	b := make([]byte, 8, 8+8+sha256.Size)
	binary.BigEndian.PutUint64(b, uint64(expires.Unix()))
	b = append(b, NewKey()[:8]...)
	return base64.RawURLEncoding.EncodeToString(append(b, a.sign(kind, b)...))
}

func (a *Admission) sign(kind string, b []byte) []byte {
	h := hmac.New(sha256.New, a.key)
	h.Write([]byte(kind))
	h.Write(b)
	return h.Sum(nil)
}

// check reports whether a token is of a kind, ours, and still good.
func (a *Admission) check(kind, token string) (expires time.Time, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 16+sha256.Size || !hmac.Equal(b[16:], a.sign(kind, b[:16])) {
		return time.Time{}, false
	}
	expires = time.Unix(int64(binary.BigEndian.Uint64(b)), 0)
	return expires, a.now().Before(expires)
}

// open uses a link up.
func (a *Admission) open(token string) bool {
	expires, ok := a.check("link", token)
	if !ok {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, used := a.used[token]; used {
		return false
	}
	now := a.now()
	for t, end := range a.used {
		if end.Before(now) {
			delete(a.used, t)
		}
	}
	if len(a.used) >= mostUsed {
		return false // nobody opens so many in a day
	}
	a.used[token] = expires
	return true
}

// Handler lets in who has a session, or opens a link.
func (a *Admission) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.URL.Query().Get("key"); token != "" && r.Method == http.MethodGet && r.URL.Path == "/" {
			a.enter(w, r, token)
			return
		}
		if a.admits(r) {
			next.ServeHTTP(w, r)
			return
		}
		refuse(w, r)
	})
}

// enter returns a session for a link, and takes the link out of the address.
func (a *Admission) enter(w http.ResponseWriter, r *http.Request, token string) {
	switch {
	case a.open(token):
		http.SetCookie(w, &http.Cookie{
			Name: sessionCookie, Value: a.token("session", a.now().Add(sessionLasts)), Path: "/",
			MaxAge: int(sessionLasts.Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
	case !a.admits(r):
		refuse(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	// Not a redirect: after one that began elsewhere, as in a terminal or a mail,
	// a browser would keep a strict cookie back.
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("Refresh", "0; url=/")
	_, _ = w.Write([]byte("<!doctype html><meta charset=utf-8><title>sidenote</title><p>Opening the inspector. <a href=/>Go on</a></p>"))
}

func (a *Admission) admits(r *http.Request) bool {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		_, ok = a.check("session", token)
		return ok
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	_, ok := a.check("session", c.Value)
	return ok
}

// Bearer makes a token for programs: Authorization: Bearer TOKEN.
func (a *Admission) Bearer() string { return a.token("session", a.now().Add(sessionLasts)) }

func refuse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("WWW-Authenticate", `Bearer realm="sidenote inspector"`)
	if strings.HasPrefix(r.URL.Path, "/api/") {
		problem(w, http.StatusUnauthorized, "this browser has no session here", `open the link that "sidenote open" prints`)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(refusal))
}

const refusal = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>sidenote: open the link first</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34em; margin: 15vh auto; padding: 0 1.5em }
code { font: 14px ui-monospace, monospace; padding: .2em .4em; border: 1px solid #8886; border-radius: 4px }
</style>
<h1>Open the link first</h1>
<p>The inspector shows what passes between your programs, so it lets in only who has the link that sidenote printed. A link works once; this gives you a new one:</p>
<p><code>sidenote open</code></p>
</html>
`
