package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// site writes the files that servers of files serve.
func site(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "docs"), 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"index.html":      "<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><p>Shop</p>",
		"docs/index.html": "<!doctype html><html lang=en><meta charset=utf-8><title>Docs</title><p>Docs</p>",
		"a.json":          `{"id":1}`,
		"a.txt":           strings.Repeat("0123456789abcdef\n", 64),
		"a.css":           "p{color:red}",
		"a.bin":           "\x00\x01\x02\x03",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// asked are the requests of the tour, as arguments of curl behind the URL.
var asked = [][]string{
	{"/"}, {"/", "-I"}, {"/a.txt"}, {"/a.json"}, {"/docs"}, {"/missing"},
	{"/a.txt", "-H", "Range: bytes=0-9"}, {"/a.txt", "-H", "Range: bytes=99999-"}, {"/a.txt", "-H", "Range: bytes=0-1,4-5"},
	{"/a.txt", "-H", `If-None-Match: "no"`}, {"/a.txt", "-H", "If-None-Match: *"}, {"/a.txt", "-H", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"},
	{"/a.txt", "-H", `If-Match: "no"`}, {"/a.txt", "-H", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"},
	{"/a.txt", "--compressed"}, {"/a.txt", "-H", "Accept: application/xml"},
	{"/api/items"}, {"/api/items/1"}, {"/api/items/404"},
	{"/api/items", "--json", `{"name":"cup"}`}, {"/api/items", "--json", `{"name":`}, {"/api/items", "--data-urlencode", "name=cup"}, {"/api/items", "-F", "name=cup"},
	{"/api/items/1", "-X", "PUT", "--json", `{"name":"mug"}`}, {"/api/items/1", "-X", "PATCH", "--json", `{"name":"mug"}`}, {"/api/items/1", "-X", "DELETE"},
	{"/api/items", "-X", "OPTIONS", "-H", "Origin: https://app.test", "-H", "Access-Control-Request-Method: PUT"}, {"/", "-X", "OPTIONS"},
	{"/", "-X", "TRACE"}, {"/", "-X", "BREW"}, {"/a.txt", "-X", "DELETE"}, {"/private"}, {"/private", "-u", "ann:secret"}, {"/error"}, {"/redirect"}, {"/cookie"},
	{"/%00"}, {"/a.txt?q=%zz"}, {"/../etc/passwd", "--path-as-is"}, {"/", "--http1.0"}, {"/", "-H", "Expect: 100-continue", "--data", "a=1"}, {"/", "-H", "Host:"},
	{"/", "-H", "X-Long: " + strings.Repeat("a", 20000)}, {"/" + strings.Repeat("a", 9000)},
}

// tour asks a server everything.
func tour(ctx context.Context, url string, prior bool) error {
	answered := 0
	for _, a := range asked {
		args := append([]string{"-sS", "-g", "-o", os.DevNull, "-m", "20", url + a[0]}, a[1:]...)
		if prior {
			args = append(args, "--http2-prior-knowledge")
		}
		if exec.CommandContext(ctx, "curl", args...).Run() == nil {
			answered++
		}
	}
	if answered < len(asked)/2 {
		return fmt.Errorf("only %d of %d requests were answered", answered, len(asked))
	}
	return ctx.Err()
}

// shop is the server that clients ask. It does everything right, so that what is
// noted is the clients'.
func shop() http.Handler {
	mux := http.NewServeMux()
	send := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.WriteHeader(status)
			if r.Method != http.MethodHead {
				_, _ = w.Write([]byte(body)) // the client may have gone
			}
		}
	}
	mux.HandleFunc("GET /{$}", send(200, "text/html; charset=utf-8", `<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><link rel=icon href="data:,"><script src=/app.js></script><p>Shop</p>`))
	mux.HandleFunc("GET /app.js", send(200, "text/javascript; charset=utf-8", "fetch('/api/items').then(r => r.json());"))
	mux.HandleFunc("GET /api/items", send(200, "application/json", `[{"id":1}]`))
	mux.HandleFunc("GET /api/items/{id}", send(404, "application/problem+json", `{"title":"no such item","status":404}`))
	mux.HandleFunc("POST /api/items", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/api/items/7")
		send(201, "application/json", `{"id":7}`)(w, r)
	})
	mux.HandleFunc("DELETE /api/items/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/api/items", http.StatusFound) })
	mux.HandleFunc("GET /cookie", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "lang=de; Path=/; HttpOnly; SameSite=Lax")
		send(200, "text/plain; charset=utf-8", "ok")(w, r)
	})
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	mux.HandleFunc("GET /a.txt", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "a.txt", changed, strings.NewReader(strings.Repeat("0123456789abcdef\n", 64)))
	})
	return mux
}

// errNothing says that nothing was recorded.
var errNothing = errors.New("nothing was recorded")
