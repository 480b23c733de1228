package sink

import (
	"bytes"
	"errors"
	"io"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A HARSink writes whole exchanges with their notes as a HAR.
type HARSink struct {
	har    *exchange.HARWriter
	closer io.Closer
	notes  []byte // of the exchange available, as JSON
}

// NewHAR makes a sink for a HAR that is whole once the sink has been closed,
// or, in an empty file that can be written at any place, after every exchange.
// A closer is closed with the sink; nil for one that stays open.
func NewHAR(w io.Writer, isFile bool, closer io.Closer, version string) *HARSink {
	s := &HARSink{closer: closer}
	o := exchange.HAROptions{Version: version, Notes: func(*exchange.Exchange) []byte { return s.notes }}
	if at, ok := w.(io.WriterAt); ok && isFile {
		s.har = exchange.NewHARFile(at, o)
	} else {
		s.har = exchange.NewHARWriter(w, o)
	}
	return s
}

// Write adds an exchange.
func (s *HARSink) Write(a *annotate.Annotated) error {
	if a.Late {
		return nil // the entry is written
	}
	s.notes = notesJSON(a)
	return s.har.Write(a.X)
}

// Close makes the HAR whole and closes the file.
func (s *HARSink) Close() error {
	err := s.har.Close()
	if s.closer != nil {
		err = errors.Join(err, s.closer.Close())
	}
	return err
}

// notesJSON returns the notes as the record has them; nil when there are none.
func notesJSON(a *annotate.Annotated) []byte {
	if len(a.Notes) == 0 {
		return nil
	}
	const key = "notes"
	var line lineWriter
	log := zerolog.New(&line)
	e := log.Log()
	e.Array(key, encodeNotes(e, a)).Send()
	b := bytes.TrimPrefix(line.buf, []byte(`{"`+key+`":`))
	return bytes.TrimSuffix(b, []byte("}\n"))
}
