package main

import (
	"fmt"
	"io"

	"sidenote/annotate/conversation"
	"sidenote/internal/wording"
)

// writeUnjudged says what could not be judged, a line for each thing.
func writeUnjudged(w io.Writer, sentences []string) error {
	for _, s := range sentences {
		if _, err := fmt.Fprintf(w, "-- %s\n", s); err != nil {
			return err
		}
	}
	return nil
}

// writeForgotten says what rules over several exchanges did not know any more.
func writeForgotten(w io.Writer, s *conversation.State) error {
	st := s.Stats()
	var err error
	if st.Forgotten > 0 {
		_, err = fmt.Fprintf(w, "-- rules over several exchanges forgot %d of %s for lack of room; to remember more, raise --conversation-bytes\n",
			st.Forgotten, wording.Count(int64(st.Exchanges), "exchange"))
	}
	if st.Disordered > 0 && err == nil {
		_, err = fmt.Fprintf(w, "-- rules over several exchanges could not place %s, which came long after later ones; sort the capture by time\n",
			wording.Count(int64(st.Disordered), "exchange"))
	}
	return err
}
