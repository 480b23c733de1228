package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync/atomic"
	"time"

	"sidenote/configs"
	"sidenote/docs"
)

// readiness tells whether exchanges are accepted.
type readiness struct{ on atomic.Bool }

func (r *readiness) set(on bool) { r.on.Store(on) }

// newAdmin makes the server for people and machines that watch the proxy.
func (s *serving) newAdmin() *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
	mux.Handle("GET /docs/", http.StripPrefix("/docs", documents()))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.ready.on.Load() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.Handle("/debug/pprof/", s.inspecting.require(profiles()))
	mux.Handle("/", s.inspecting.handler())
	return &http.Server{Handler: s.guard(mux), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
}

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

// guard lets in only who asks for this server by an address of its own, so
// that a web page cannot read it through a name that it controls (DNS
// rebinding); beyond loopback it wants the credentials of --proxy-auth, but
// for the health checks, which tell nothing.
func (s *serving) guard(next http.Handler) http.Handler {
	open := configs.IsLoopback(s.admin.Addr().String())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		health := r.URL.Path == "/healthz" || r.URL.Path == "/readyz"
		switch {
		case r.Header.Get("Origin") != "" && !sameHost(r.Header.Get("Origin"), r.Host), isForeign(r.Header):
			http.Error(w, "sidenote: requests of other sites are refused", http.StatusForbidden)
		case open && !isLocalName(r.Host):
			http.Error(w, "sidenote: ask by address or as localhost", http.StatusMisdirectedRequest)
		case !open && !health && !s.admits(r):
			h.Set("WWW-Authenticate", `Basic realm="sidenote", charset="UTF-8"`)
			http.Error(w, "sidenote: credentials are needed, those of --proxy-auth", http.StatusUnauthorized)
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

func (s *serving) admits(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	got, want := sha256.Sum256([]byte(user+":"+password)), sha256.Sum256([]byte(s.config.ProxyAuth))
	return s.config.ProxyAuth != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
