package inspector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sidenote/sink/store"
)

// news tells a page that the store has changed. It carries no exchanges: the
// page asks for the rows that it shows, so a slow page never costs more than a
// fast one, and misses nothing.
type news struct {
	Stats   store.Stats `json:"stats"`
	Changed []uint64    `json:"changed,omitempty"` // entries to look at again
	All     bool        `json:"all,omitempty"`     // any may have changed
	Run     string      `json:"run"`
	Version string      `json:"version"`
}

// How often news is sent: at most, at most while there is more than anybody can
// read, and when there is none.
const (
	newsEvery   = 100 * time.Millisecond
	hurryEvery  = 500 * time.Millisecond
	aliveEvery  = 15 * time.Second
	readableNew = 20 // exchanges that came since the last news
)

// events streams news (server-sent events). The ID of an event is the store's
// count of changes, so that a page that comes back learns what it has missed.
func (i *Inspector) events(w http.ResponseWriter, r *http.Request) {
	version, err := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil {
		version = i.o.Store.Stats().Version
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	last := i.o.Store.Stats().Last
	_ = out.SetWriteDeadline(time.Time{}) // a stream has no end; a server without deadlines is fine too
	for {
		changed := i.o.Store.Changed() // asked for before the numbers, so that nothing falls between
		n := news{Stats: i.o.Store.Stats(), Run: i.o.Run, Version: i.o.Version}
		n.Changed, n.All = i.o.Store.Since(version)
		version = n.Stats.Version
		b, err := json.Marshal(n)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "id: %d\nevent: news\ndata: %s\n\n", version, b); err != nil || out.Flush() != nil {
			return
		}
		pause := newsEvery
		if n.Stats.Last-last > readableNew {
			pause = hurryEvery
		}
		last = n.Stats.Last
		if !i.wait(r, w, out, changed, pause) {
			return
		}
	}
}

// wait waits for the next change, but not less than a pause. It keeps the
// connection alive meanwhile, and reports whether it still is.
func (i *Inspector) wait(r *http.Request, w http.ResponseWriter, out *http.ResponseController, changed <-chan struct{}, least time.Duration) bool {
	pause := time.NewTimer(least)
	defer pause.Stop()
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	paused := false
	for {
		select {
		case <-r.Context().Done():
			return false
		case <-i.ctx.Done():
			return false
		case <-alive.C:
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil || out.Flush() != nil {
				return false
			}
		case <-pause.C:
			paused = true
		case <-changed:
			changed = nil
		}
		if paused && changed == nil {
			return true
		}
	}
}
