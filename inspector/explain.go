package inspector

import (
	"net/http"
	"net/url"
)

// explain returns what is known of a status code, a field, a rule or an error code.
func (i *Inspector) explain(w http.ResponseWriter, r *http.Request) {
	article, err := i.o.Explain(r.URL.Query().Get("thing"))
	if err != nil {
		problem(w, http.StatusNotFound, err.Error(), "")
		return
	}
	answer(w, article)
}

func (i *Inspector) setup(w http.ResponseWriter, _ *http.Request) {
	answer(w, struct {
		Setup
		Version string `json:"version"`
		Run     string `json:"run"`
		Resend  bool   `json:"resend"` // requests can be sent from here
	}{i.o.Setup, i.o.Version, i.o.Run, i.o.Send != nil})
}

// unescape reads a part of a form; what is not escaped well stays.
func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return text(plain)
	}
	return text(s)
}
