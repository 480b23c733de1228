package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync/atomic"
	"time"

	"sidenote/configs"
	"sidenote/docs"
	"sidenote/exchange"
	"sidenote/inspector"
	"sidenote/metrics"
)

// An admin is the server for people and machines that watch the proxy.
type admin struct {
	http      *http.Server
	listener  net.Listener
	inspector *inspector.Inspector
	parts     *inspectorParts
	ready     atomic.Bool // exchanges are accepted
}

// newAdmin makes the admin server of a server whose proxy and pipeline are there.
func (s *server) newAdmin(parts *inspectorParts, redact *exchange.Redactor, m *metrics.Metrics) *admin {
	a := &admin{listener: s.at.admin, parts: parts, inspector: s.newInspector(parts, redact)}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.Handle("GET /docs/", http.StripPrefix("/docs", documents()))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !a.ready.Load() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		if s.proxy.Stats().ClientsOpen >= int64(s.config.MaxClients) {
			http.Error(w, "as many clients are connected as --max-clients allows", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.Handle("/debug/pprof/", parts.require(profiles()))
	mux.Handle("/", parts.admit(a.inspector.Handler()))
	a.http = &http.Server{Handler: a.guard(mux, s.config.ProxyAuth), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	return a
}

// serve answers until close.
func (a *admin) serve() error {
	if err := a.http.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// lastAnswers is how long the admin server gets for what it is asked at the
// end, which is little: a scrape of the final numbers.
const lastAnswers = time.Second

// close ends the inspector, and then the server once it has answered.
func (a *admin) close() {
	a.inspector.Close()
	ctx, cancel := context.WithTimeout(context.Background(), lastAnswers)
	defer cancel()
	if a.http.Shutdown(ctx) != nil {
		a.http.Close()
	}
}

// link is the address that opens the page.
func (a *admin) link() string { return a.parts.link(a.listener.Addr()) }

// profiles serves what the program does and holds, which tells of the traffic
// too.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// documents serves the pages that dashboards and alerts link to, as the text
// that they are.
func documents() http.Handler {
	files := http.FileServerFS(docs.Files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".md") {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		}
		files.ServeHTTP(w, r)
	})
}

// guard lets in only who asks for this server by an address of its own, so that
// a web page cannot read it through a name that it controls (DNS rebinding);
// beyond loopback it wants the credentials of --proxy-auth, except for the
// health checks, which tell nothing.
func (a *admin) guard(next http.Handler, credentials string) http.Handler {
	open := configs.IsLoopback(a.listener.Addr().String())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		health := r.URL.Path == "/healthz" || r.URL.Path == "/readyz"
		switch {
		case r.Header.Get("Origin") != "" && !sameHost(r.Header.Get("Origin"), r.Host), isForeign(r.Header):
			http.Error(w, "sidenote: requests from other sites are refused", http.StatusForbidden)
		case open && !isLocalName(r.Host):
			http.Error(w, "sidenote: use the IP address or localhost as the host name", http.StatusMisdirectedRequest)
		case !open && !health && !admits(r, credentials):
			h.Set("WWW-Authenticate", `Basic realm="sidenote", charset="UTF-8"`)
			http.Error(w, "sidenote: needs the credentials of --proxy-auth", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isForeign reports whether a browser says that a page of elsewhere asks, be it
// of another port of this machine, other than by following a link (Fetch
// Metadata).
func isForeign(h http.Header) bool {
	site := h.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && h.Get("Sec-Fetch-Mode") != "navigate"
}

func sameHost(origin, host string) bool {
	_, authority, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(authority, host)
}

// isLocalName reports whether a Host value can only mean this machine.
func isLocalName(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	return net.ParseIP(name) != nil || strings.EqualFold(name, "localhost")
}

func admits(r *http.Request, credentials string) bool {
	user, password, _ := r.BasicAuth()
	got, want := sha256.Sum256([]byte(user+":"+password)), sha256.Sum256([]byte(credentials))
	return credentials != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
