package sink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"sidenote/internal/wording"
)

// mostTail bounds how far from its end a file is searched for the end of its
// last whole line.
const mostTail = 256 << 20

// repairTail sees to it that the next line begins on a line of its own, where
// the last record of a file was not written whole: by a machine that went down,
// or a disk that was full. What there is of such a record is removed; a last
// line that is whole, or that is none of ours, gets its end. It returns what was
// done, in words; "" when there was nothing to do.
func repairTail(name string, f *os.File) (string, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return "", err
	}
	r, err := os.Open(name) // f can only be written to
	if err != nil {
		return "", nil // anyone who may not read it appends as before
	}
	defer r.Close()
	if opened, err := r.Stat(); err != nil || !os.SameFile(opened, info) {
		return "", err
	}
	start, err := lastLine(r, info.Size())
	if err != nil || start == info.Size() {
		return "", err
	}
	tail := make([]byte, info.Size()-start)
	if _, err := r.ReadAt(tail, start); err != nil && err != io.EOF {
		return "", err
	}
	if json.Valid(tail) || tail[0] != '{' && tail[0] != 0 {
		_, err := f.Write([]byte("\n"))
		return name + " did not end in a line break; sidenote added one", err
	}
	lost := wording.Count(len(tail), "byte")
	return fmt.Sprintf("%s ended in a record cut short, of %s; sidenote removed it", name, lost), f.Truncate(start)
}

// lastLine finds where the line begins that a file ends with; the size where
// its last line has its end.
func lastLine(r io.ReaderAt, size int64) (int64, error) {
	buffer := make([]byte, 64<<10)
	for end := size; end > 0 && size-end < mostTail; {
		from := max(0, end-int64(len(buffer)))
		piece := buffer[:end-from]
		if _, err := r.ReadAt(piece, from); err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(piece, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	if size > mostTail {
		return size, nil // no record is so large: this is none of our files
	}
	return 0, nil
}
