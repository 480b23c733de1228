package inspector

import (
	_ "embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed openapi.yaml
var openapi []byte

// description serves the OpenAPI description of the API.
func (i *Inspector) description(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openapi)
}

// pagePolicy lets the page use only what this server serves. Frames are only
// for previews.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"media-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page serves the built page. Its assets have the hash of their content in
// their names, so they can be kept for ever.
func (i *Inspector) page() http.Handler {
	files := http.FileServerFS(i.o.Page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "sidenote: the page is only read", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if strings.HasPrefix(name, "assets/") {
			h.Set("Cache-Control", "private, max-age=31536000, immutable")
		} else {
			h.Set("Cache-Control", "no-store")
		}
		if _, err := fs.Stat(i.o.Page, name); name != "" && err != nil {
			http.Error(w, "sidenote: there is nothing here; the page is at /", http.StatusNotFound)
			return
		}
		files.ServeHTTP(w, r)
	})
}
