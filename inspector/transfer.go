package inspector

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/exchange"
	"sidenote/sink"
	"sidenote/sink/store"
)

// export writes what a filter lets through, or the entries that seq names, as
// HAR or JSONL.
func (i *Inspector) export(w http.ResponseWriter, r *http.Request) {
	f, ok := i.filterOf(w, r)
	if !ok {
		return
	}
	wanted, ok := wantedSeqs(r.URL.Query()["seq"])
	if !ok {
		problem(w, http.StatusBadRequest, "seq is the number of an exchange", "")
		return
	}
	format := r.URL.Query().Get("format")
	if format != "har" && format != "jsonl" {
		problem(w, http.StatusBadRequest, "format is har or jsonl", "")
		return
	}
	name := "sidenote-" + time.Now().UTC().Format("20060102-150405") + "." + format
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if format == "jsonl" {
		w.Header().Set("Content-Type", "application/jsonl")
		out := sink.NewSave(w, nil)
		i.o.Store.EachMatch(f, func(e *store.Entry) bool {
			return !wanted.has(e.Seq) || out.Write(annotate.Redacted(e.Annotated, i.o.Redact, true)) == nil
		})
		_ = out.Close()
		return
	}
	w.Header().Set("Content-Type", "application/json")
	i.exportHAR(w, f, wanted)
}

func (i *Inspector) exportHAR(w io.Writer, f *filter.Filter, wanted seqSet) {
	_ = exchange.WriteHAR(w, func(yield func(*exchange.Exchange) bool) {
		i.o.Store.EachMatch(f, func(e *store.Entry) bool {
			return !wanted.has(e.Seq) || yield(i.o.Redact.Redact(e.X, true))
		})
	}, exchange.HAROptions{Version: i.o.Version})
}

// A seqSet is a set of entries; an empty one has all.
type seqSet map[uint64]struct{}

func (s seqSet) has(seq uint64) bool {
	if len(s) == 0 {
		return true
	}
	_, ok := s[seq]
	return ok
}

func wantedSeqs(list []string) (seqSet, bool) {
	set := seqSet{}
	for _, item := range list {
		for s := range strings.SplitSeq(item, ",") {
			n, ok := number(s)
			if !ok {
				return nil, false
			}
			set[n] = struct{}{}
		}
	}
	return set, true
}

// Bounds of an import.
const (
	mostImported    = 1 << 30
	mostBadEntries  = 20
	mostBadEntrySay = 300
)

// importFile takes the exchanges of a HAR or JSONL.
func (i *Inspector) importFile(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" {
		name = "import"
	}
	var out struct {
		Taken int      `json:"taken"`
		First uint64   `json:"first"` // Seq of the first that was taken
		Bad   []string `json:"bad"`   // what is wrong with entries that were not
		More  int      `json:"more"`  // so many more were not
		// Unjudged says what rules could not judge, because the capture doesn't have it.
		Unjudged []string `json:"unjudged"`
	}
	out.Bad = []string{}
	var about exchange.About
	var unjudged annotate.Unjudged
	bad := func(err error) {
		if len(out.Bad) >= mostBadEntries {
			out.More++
			return
		}
		s := text(err.Error())
		out.Bad = append(out.Bad, s[:min(len(s), mostBadEntrySay)])
	}
	err := exchange.ReadCapture(http.MaxBytesReader(w, r.Body, mostImported), exchange.Capture{
		File: name, About: &about,
		Exchange: func(x *exchange.Exchange) error {
			unjudged.Add(x)
			seq := i.o.Store.Add(i.o.Judge(x), store.FromFile)
			if out.Taken++; out.First == 0 {
				out.First = seq
			}
			return r.Context().Err()
		},
		Bad: func(e *exchange.EntryError) error { bad(e); return nil },
	})
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			err = errors.New("the file is larger than 1 GiB")
		}
		if out.Taken == 0 {
			problem(w, http.StatusUnprocessableEntity, text(err.Error()), "take a HAR, or a JSONL that sidenote saved")
			return
		}
		bad(err)
	}
	unjudged.AddFile(name, &about)
	out.Unjudged = []string{}
	for _, s := range unjudged.Sentences(i.o.Rules) {
		out.Unjudged = append(out.Unjudged, text(s))
	}
	answer(w, out)
}
