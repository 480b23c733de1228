package inspector

import (
	"net/http"
	"time"
)

// A runningRow is an exchange that has begun and has not ended.
type runningRow struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Host   string    `json:"host"` // with the port, as the target URI has it
	Path   string    `json:"path"` // with the query
	Client string    `json:"client,omitempty"`
	Status int       `json:"status"` // 0 until the response head has come
	Age    float64   `json:"age"`    // milliseconds since it began
	// Messages counts those of a stream inside of it.
	Messages int64 `json:"messages,omitempty"`
}

// How long an exchange runs before the page shows it, so that quick ones do not
// flicker, and how many are shown.
const (
	runningShown = 250 * time.Millisecond
	mostRunning  = 200
)

// running answers GET /running.
func (i *Inspector) running(w http.ResponseWriter, _ *http.Request) {
	list, total := i.o.Store.Running(runningShown, mostRunning)
	rows := make([]runningRow, len(list))
	for n, r := range list {
		rows[n] = runningRow{
			ID: text(r.ID), At: r.Started, Method: text(r.Method), Host: text(i.o.Redact.URI(r.Authority)),
			Path: text(i.o.Redact.URI(r.Path)), Status: r.Status, Age: millis(time.Since(r.Started)), Messages: r.Messages,
		}
		if r.Method == http.MethodConnect {
			rows[n].Path = ""
		}
		if r.Client.IsValid() {
			rows[n].Client = r.Client.String()
		}
	}
	answer(w, map[string]any{"running": rows, "total": total})
}
