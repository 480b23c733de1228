package exchange

import (
	"io"
)

// A HARWriter writes a HAR one exchange at a time. As WriteHAR does, it leaves
// secrets as they are.
type HARWriter struct {
	w     io.Writer
	at    io.WriterAt // nil when what was written cannot be written again
	o     HAROptions
	buf   []byte
	end   int64 // where the next entry goes
	begun bool
	count int
}

const harTail = "\n]}}\n"

// NewHARWriter makes a HAR that is whole once the writer has been closed.
func NewHARWriter(w io.Writer, o HAROptions) *HARWriter { return &HARWriter{w: w, o: o} }

// NewHARFile makes a HAR in an empty file that is whole after every Write, so
// that it can be read even if the program is killed.
func NewHARFile(f io.WriterAt, o HAROptions) *HARWriter { return &HARWriter{at: f, o: o} }

// Write adds an exchange that has ended.
func (h *HARWriter) Write(x *Exchange) error {
	b := h.buf[:0]
	if !h.begun {
		b = appendHARHead(b, h.o.Version)
	}
	if h.count > 0 {
		b = append(b, ',')
	}
	b = appendHAREntry(append(b, '\n'), x, h.o.Notes)
	if err := h.put(b); err != nil {
		return err
	}
	h.count++
	if h.buf = b; cap(b) > keepText {
		h.buf = nil
	}
	return nil
}

// Close writes what makes the HAR whole. It does not close the file.
func (h *HARWriter) Close() error {
	switch {
	case h.at == nil && h.begun:
		_, err := io.WriteString(h.w, harTail)
		return err
	case !h.begun:
		err := h.put(appendHARHead(nil, h.o.Version))
		if h.at == nil && err == nil {
			_, err = io.WriteString(h.w, harTail)
		}
		return err
	}
	return nil
}

// put writes what comes next, in a file together with the tail, over the tail
// before. After an error the file still ends where it did.
func (h *HARWriter) put(b []byte) error {
	if h.at == nil {
		_, err := h.w.Write(b)
		h.begun = h.begun || err == nil
		return err
	}
	n := len(b)
	if _, err := h.at.WriteAt(append(b, harTail...), h.end); err != nil {
		return err
	}
	h.begun = true
	h.end += int64(n)
	return nil
}
