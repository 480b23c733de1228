package inspector

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// An Admission decides who may see what the inspector shows: anyone who opens a
// link that was made with the same key, once, and from then on the page that
// did. Nothing has to be stored for that, so sessions outlive a restart.
//
// The page keeps its session in the storage of its origin and sends it in a
// field. It is not a cookie: browsers send cookies to every port of a host, so
// each server on this machine would get it. Other users of the machine reach
// loopback too; without a session they get the empty page and no more.
type Admission struct {
	// Program is how a shell starts the program that makes links, in what
	// refusals suggest. Set it before use.
	Program string

	key []byte
	now func() time.Time

	mu   sync.Mutex
	used map[string]time.Time // links that were opened, until they expire
}

// How long links, sessions and tickets are good.
const (
	linkLasts    = 24 * time.Hour
	sessionLasts = 24 * time.Hour      // without use
	sessionMost  = 30 * 24 * time.Hour // however much it is used
	renewAfter   = time.Hour           // a session that is used gets this much older at most
	ticketLasts  = 10 * time.Minute
	mostUsed     = 10000
)

// sessionField carries a session in a request, and the one that takes its
// place in a response.
const sessionField = "Sidenote-Session"

// The kinds of tokens. That of a ticket is followed by the address it opens.
const (
	kindLink    = "link"
	kindSession = "session"
	kindTicket  = "ticket "
)

// NewAdmission makes one with a secret key.
func NewAdmission(key []byte) *Admission {
	return &Admission{Program: "sidenote", key: key, now: time.Now, used: map[string]time.Time{}}
}

// NewKey makes a secret key.
func NewKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// Link makes the query of a link that opens the page once.
func (a *Admission) Link() string {
	now := a.now()
	return "key=" + a.token(kindLink, now, now.Add(linkLasts))
}

// Bearer makes a session for programs: Authorization: Bearer SESSION.
func (a *Admission) Bearer() string { return a.session(a.now()) }

// session makes a session that began at some time.
func (a *Admission) session(begun time.Time) string {
	return a.token(kindSession, begun, a.endOf(begun))
}

// endOf is when a session that began at some time expires, if it is used now.
func (a *Admission) endOf(begun time.Time) time.Time {
	end := a.now().Add(sessionLasts)
	if last := begun.Add(sessionMost); last.Before(end) {
		return last
	}
	return end
}

// The parts of a token: when it expires, when it began, a random number, and
// the signature of these and the kind.
const (
	tokenTime   = 8
	tokenSigned = 3 * tokenTime
)

func (a *Admission) token(kind string, begun, expires time.Time) string {
	b := make([]byte, 0, tokenSigned+sha256.Size)
	b = binary.BigEndian.AppendUint64(b, uint64(expires.Unix()))
	b = binary.BigEndian.AppendUint64(b, uint64(begun.Unix()))
	b = append(b, NewKey()[:tokenTime]...)
	return base64.RawURLEncoding.EncodeToString(append(b, a.sign(kind, b)...))
}

func (a *Admission) sign(kind string, b []byte) []byte {
	h := hmac.New(sha256.New, a.key)
	h.Write([]byte(kind))
	h.Write(b)
	return h.Sum(nil)
}

// A period is the time for which a token is good.
type period struct{ begun, expires time.Time }

// check reports whether a token is of a kind, ours, and still good.
func (a *Admission) check(kind, token string) (p period, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != tokenSigned+sha256.Size || !hmac.Equal(b[tokenSigned:], a.sign(kind, b[:tokenSigned])) {
		return period{}, false
	}
	p.expires = time.Unix(int64(binary.BigEndian.Uint64(b)), 0)
	p.begun = time.Unix(int64(binary.BigEndian.Uint64(b[tokenTime:])), 0)
	return p, a.now().Before(p.expires)
}

// open uses a link up.
func (a *Admission) open(token string) bool {
	p, ok := a.check(kindLink, token)
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
		return false // more than people open in a day
	}
	a.used[token] = p.expires
	return true
}

// Handler serves the page to everybody, since it is empty by itself, and the
// API to anyone who has a session. POST /api/v1/session returns one for the key
// of a link; POST /api/v1/tickets returns a ticket for what a browser loads by an
// address alone.
func (a *Admission) Handler(next http.Handler) http.Handler {
	api := http.NewServeMux()
	api.Handle("/", a.Require(next))
	api.Handle("POST /api/v1/session", bounded(a.enter))
	api.Handle("POST /api/v1/tickets", a.Require(bounded(a.giveTicket)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			api.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Require lets only requests with a session or a ticket through. A session
// that is in use is renewed.
func (a *Admission) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p, ok := a.admits(r); {
		case ok:
			a.renew(w, p)
		case !a.hasTicket(r):
			a.refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// enter answers with a session for the key of a link. A request that has a
// session keeps it, so that the browser that opened a link can open it again.
func (a *Admission) enter(w http.ResponseWriter, r *http.Request) {
	var c struct {
		Key string `json:"key"`
	}
	if !read(w, r, &c) {
		return
	}
	var session string
	if a.open(c.Key) {
		session = a.session(a.now())
	} else if p, ok := a.admits(r); ok {
		session = a.session(p.begun)
	} else {
		a.refuse(w, r)
		return
	}
	answer(w, map[string]string{"session": session})
}

// renew sends a new session in place of one that is no longer fresh.
func (a *Admission) renew(w http.ResponseWriter, p period) {
	if a.endOf(p.begun).Sub(p.expires) > renewAfter {
		w.Header().Set(sessionField, a.session(p.begun))
	}
}

// admits reports whether a request has a session.
func (a *Admission) admits(r *http.Request) (period, bool) {
	token := r.Header.Get(sessionField)
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && token == "" {
		token = bearer
	}
	return a.check(kindSession, token)
}

// giveTicket answers with a ticket for an address of the API.
func (a *Admission) giveTicket(w http.ResponseWriter, r *http.Request) {
	var c struct {
		Address string `json:"address"`
	}
	if !read(w, r, &c) {
		return
	}
	u, err := url.ParseRequestURI(c.Address)
	if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/api/v1/") || u.Query().Has("ticket") {
		problem(w, http.StatusBadRequest, "a ticket is for an address below /api/v1/", "")
		return
	}
	now := a.now()
	answer(w, map[string]string{"ticket": a.token(kindTicket+addressOf(u), now, now.Add(ticketLasts))})
}

// hasTicket reports whether a request to read something has a ticket for it.
func (a *Admission) hasTicket(r *http.Request) bool {
	ticket := r.URL.Query().Get("ticket")
	if ticket == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	_, ok := a.check(kindTicket+addressOf(r.URL), ticket)
	return ok
}

// addressOf writes the path and the query of an address, without a ticket, in
// one way.
func addressOf(u *url.URL) string {
	q := u.Query()
	q.Del("ticket")
	return u.EscapedPath() + "?" + q.Encode()
}

// refuse says how to get in; the command names this inspector.
func (a *Admission) refuse(w http.ResponseWriter, r *http.Request) {
	command := a.Program + " open --admin " + r.Host
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("WWW-Authenticate", `Bearer realm="sidenote inspector"`)
	answerProblem(w, problemDocument{
		Title: "this needs a session of the inspector", Status: http.StatusUnauthorized,
		Help: `open the link that "` + command + `" prints`, Command: command,
	})
}
