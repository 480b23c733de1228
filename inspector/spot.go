package inspector

import (
	"net/http"
	"strconv"

	"sidenote/sink/store"
)

// A spot says where an exchange is in a list.
type spot struct {
	Spot    store.Spot `json:"spot"`
	Ordinal uint64     `json:"ordinal"` // when it is listed
}

// spotOf answers GET /exchanges/{seq}/place.
func (i *Inspector) spotOf(w http.ResponseWriter, r *http.Request) {
	e, ok := i.entry(w, r)
	if !ok {
		return
	}
	q, ok := i.queryOf(w, r)
	if !ok {
		return
	}
	var s spot
	s.Spot, s.Ordinal = i.o.Store.Spot(q, e.Seq)
	answer(w, s)
}

// named answers GET /ids/{id}: other tools know an exchange by its ID, and this
// run or another by its own.
func (i *Inspector) named(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	e, ok := i.o.Store.Find(id, r.URL.Query().Get("run"))
	if !ok {
		problem(w, http.StatusNotFound, "no exchange here is named "+strconv.Quote(id),
			"it had to make room for later ones, was cleared, or passed through another sidenote")
		return
	}
	answer(w, i.rowOf(&e))
}
