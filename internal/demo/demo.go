// Package demo is an origin server that answers with every status code, once
// as it should be done and once as it should not, and a tour of requests to it.
// It is what "sidenote demo" shows and what tests of the proxy talk to.
package demo

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Origin returns the origin server:
//
//	/             what there is
//	/well/CODE    a response with that status, made as it should be
//	/badly/CODE   one that breaks a rule
//	/failing/KIND an exchange that fails: reset, closed, truncated, chunk, status-line, field, stalled
//	/slow         a response that takes a while; ?ms=1500 says how long, at most 10 s
//
// Interim statuses come before a 200. It keeps no state, so any number of
// requests may be made at once. /failing, and some of /badly, need HTTP/1.1.
func Origin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", index)
	mux.Handle("/well/{code}", answers(wellMade()))
	mux.Handle("/badly/{code}", answers(badlyMade()))
	mux.HandleFunc("/failing/{kind}", failing)
	mux.HandleFunc("/slow", slow)
	return mux
}

func index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"demo-1"`)
	_, _ = io.WriteString(w, "sidenote's demo origin\n\n/well/CODE    a response as it should be\n/badly/CODE   one that breaks a rule\n"+
		"/failing/KIND "+strings.Join(failureKinds(), ", ")+"\n/slow?ms=N    a response that takes a while\n")
}

// An answer is one response, or how to make it.
type answer struct {
	fields  []string // "Name: value"
	content string
	interim bool                     // the code is that of an interim response; fields go with it
	raw     string                   // the whole response, for what net/http refuses to send
	status  int                      // when it is not the code that was asked for
	adapt   func(*answerTo) []string // further fields, which depend on the request
}

// answerTo is what adapt looks at.
type answerTo struct{ method string }

// answers serves a table of answers by the code in the path.
func answers(table map[int]answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code, err := strconv.Atoi(r.PathValue("code"))
		a, ok := table[code]
		if err != nil || !ok {
			sendProblem(w, http.StatusNotFound, "there is no answer for this code; ask for a registered one, such as 404")
			return
		}
		a.send(w, r, code)
	})
}

func (a answer) send(w http.ResponseWriter, r *http.Request, code int) {
	if a.raw != "" {
		sendRaw(w, a.raw)
		return
	}
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20)) // so that the connection can be used again
	}
	fields := a.fields
	if a.adapt != nil {
		fields = append(fields[:len(fields):len(fields)], a.adapt(&answerTo{r.Method})...)
	}
	if a.interim {
		sendInterim(w, code, fields)
		fields, code = usualFields("application/json"), http.StatusOK
	}
	if a.status != 0 {
		code = a.status
	}
	for _, line := range fields {
		name, value, _ := strings.Cut(line, ": ")
		w.Header().Add(name, value)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header()["Content-Type"] = nil // net/http would guess one
	}
	w.WriteHeader(code)
	if a.content != "" {
		_, _ = io.WriteString(w, a.content)
	}
}

// sendInterim sends a 1xx with its fields, which the final response does not repeat.
func sendInterim(w http.ResponseWriter, code int, fields []string) {
	for _, line := range fields {
		name, value, _ := strings.Cut(line, ": ")
		w.Header().Add(name, value)
	}
	w.WriteHeader(code)
	clear(w.Header())
}

func sendProblem(w http.ResponseWriter, code int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, problem(code, detail))
}

// problem is a problem document (RFC 9457 §3).
func problem(code int, detail string) string {
	return fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":%q}`+"\n", http.StatusText(code), code, detail)
}

// sendRaw writes octets as they are and closes the connection.
func sendRaw(w http.ResponseWriter, octets string) {
	withConnection(w, func(c connection) { _, _ = io.WriteString(c, octets) })
}

// slow answers after a while, or not at all when the client has gone.
func slow(w http.ResponseWriter, r *http.Request) {
	wait := 1500 * time.Millisecond
	if ms, err := strconv.Atoi(r.FormValue("ms")); err == nil && ms >= 0 && ms <= 10_000 {
		wait = time.Duration(ms) * time.Millisecond
	}
	select {
	case <-r.Context().Done():
		return
	case <-time.After(wait):
	}
	for _, line := range usualFields("application/json") {
		name, value, _ := strings.Cut(line, ": ")
		w.Header().Set(name, value)
	}
	_, _ = fmt.Fprintf(w, `{"waited_ms":%d}`+"\n", wait.Milliseconds())
}
