package inspector

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"unicode/utf8"

	"sidenote/annotate/filter"
)

// A failed request is answered with a problem document (RFC 9457).
type problemDocument struct {
	Title  string `json:"title"`            // what is wrong
	Status int    `json:"status"`           // the status code
	Help   string `json:"help,omitempty"`   // what to do
	Start  *int   `json:"start,omitempty"`  // octet of the filter at which it is wrong
	End    *int   `json:"end,omitempty"`    // octet behind it
	Detail string `json:"detail,omitempty"` // the whole in one line

	Command string `json:"command,omitempty"` // that prints a link, for a request without a session

	// Of a request that would bring redacted values to another origin: what has
	// them, and where it goes.
	Secrets []string `json:"secrets,omitempty"`
	Origin  string   `json:"origin,omitempty"`
}

func problem(w http.ResponseWriter, status int, title, help string) {
	answerProblem(w, problemDocument{Title: title, Status: status, Help: help})
}

func answerProblem(w http.ResponseWriter, p problemDocument) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone if it cannot be written
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// filterOf reads the filter of a request, or answers what is wrong with it.
func (i *Inspector) filterOf(w http.ResponseWriter, r *http.Request) (*filter.Filter, bool) {
	f, err := filter.Parse(r.URL.Query().Get("filter"))
	var bad *filter.Error
	if errors.As(err, &bad) {
		answerProblem(w, problemDocument{
			Title: bad.Message, Status: http.StatusBadRequest, Help: bad.Help, Start: &bad.Start, End: &bad.End, Detail: bad.Error(),
		})
		return nil, false
	}
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error(), "")
		return nil, false
	}
	return f, true
}

// read reads a small JSON value from a request, or answers what is wrong.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		problem(w, http.StatusBadRequest, "the request's content is not what this wants: "+err.Error(), "see /api/v1/openapi.yaml")
		return false
	}
	return true
}

func number(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// text makes text of octets from the wire, which may be anything: what is not
// UTF-8 is read as ISO-8859-1, as field values once were (RFC 9110 §5.5).
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
