package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/wholefile"
)

// A File keeps the latest exchanges across restarts, within a number of octets.
// It is a sink.Sink and receives redacted exchanges. Its other methods are safe
// for concurrent use with Write.
//
// It appends records. When dropped records take as much room as the rest, it
// writes the file again without them.
type File struct {
	name string
	most int64

	mu      sync.Mutex
	file    *os.File
	end     int64    // where the next frame goes
	live    int64    // octets of the frames of records
	records []record // oldest first, by number
	last    uint64   // number of the latest
	keys    map[uint64]uint64
	pending []pending
}

// A record says where an exchange is in the file.
type record struct {
	number uint64
	at     int64
	size   int64
	mark
}

// pending is an exchange that waits to be written.
type pending struct {
	seq   uint64
	value []byte
}

// A mark is what someone made of an exchange.
type mark struct {
	Pinned  bool   `json:"pinned,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// A Repair says what was wrong with a file that was opened.
type Repair struct {
	Torn    int64  // octets of a record that was not written whole, and is left out
	Damaged int64  // octets that could not be read
	Aside   string // where the damaged file is now; "" where it was only torn
	Kept    int    // exchanges that could be read
}

// pendingRecords are written together at the latest.
const pendingRecords = 256

// lockWithin is how long another program may take to let go of a file.
const lockWithin = time.Second

// OpenFile opens or makes a file that may have so many octets of records;
// DefaultBytes if that is not positive. A file that is damaged is set aside and
// what can be read of it goes into a new one; repair says so, and is nil for a
// sound file.
func OpenFile(name string, most int64) (f *File, repair *Repair, err error) {
	if most <= 0 {
		most = DefaultBytes
	}
	f = &File{name: wholefile.Target(name), most: most, keys: map[uint64]uint64{}}
	if f.file, err = openLocked(f.name); err != nil {
		return nil, nil, err
	}
	if repair, err = f.read(); err != nil {
		f.file.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, repair, nil
}

// openLocked opens a file that no other program has open.
func openLocked(name string) (*os.File, error) {
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, wholefile.Unwritable(name, err)
		}
		info, err := file.Stat()
		if err == nil && !info.Mode().IsRegular() {
			file.Close()
			return nil, fmt.Errorf("%s: not a regular file; name another", name)
		}
		locked := err == nil && lockFile(file) == nil
		if named, err := os.Stat(name); locked && err == nil && os.SameFile(named, info) {
			return file, nil
		}
		file.Close() // in use, or another file has the name by now
		if time.Since(start) > lockWithin {
			return nil, fmt.Errorf("%s: another sidenote uses it; give this one a file of its own", name)
		}
	}
}

// earlierMark is what a file of earlier versions has near its beginning.
var earlierMark = []byte{0xed, 0xda, 0x0c, 0xed}

// read finds the records of a file.
func (f *File) read() (*Repair, error) {
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size == 0 {
		f.end = int64(len(fileHeader))
		_, err := f.file.WriteAt([]byte(fileHeader), 0)
		return nil, err
	}
	head := make([]byte, 64)
	n, err := f.file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	sound := strings.HasPrefix(string(head[:n]), fileHeader)
	if !sound && !isTornHeader(head[:n]) && strings.HasPrefix(string(head[:n]), headerFamily) {
		return nil, errors.New("a later sidenote wrote it; use that one, or name another file")
	}
	from := int64(0)
	if sound {
		from = int64(len(fileHeader))
	}
	found, err := scanFrames(f.file, from, size, f.found)
	if err != nil {
		return nil, err
	}
	f.end = found.end
	r := &Repair{Torn: found.torn, Damaged: found.damaged}
	switch {
	case sound && found.damaged == 0 && found.torn == 0:
		f.trim()
		return nil, nil
	case sound && found.damaged == 0 && found.frames > 0:
		r.Kept = len(f.records)
		f.trim()
		return r, f.file.Truncate(found.end)
	case !sound && found.frames == 0 && !isTornHeader(head[:n]) && !strings.Contains(string(head[:n]), string(earlierMark)):
		return nil, errors.New("not a file of exchanges; name another, or remove it")
	}
	r.Kept = len(f.records)
	return r, f.setAside(r)
}

// isTornHeader reports whether a file has only a part of a header, perhaps with
// the zeros that some file systems leave after it.
func isTornHeader(head []byte) bool {
	return strings.HasPrefix(fileHeader, strings.TrimRight(string(head), "\x00"))
}

// found takes a frame of a file that is read.
func (f *File) found(at int64, one frame) error {
	switch one.kind {
	case frameRecord:
		f.records = append(f.records, record{number: one.number, at: at, size: one.size()})
		f.live += one.size()
		f.last = max(f.last, one.number)
	case frameNote:
		if r := f.record(one.number); r != nil {
			_ = json.Unmarshal(one.content, &r.mark) // what cannot be read marks nothing
		}
	}
	return nil
}

// record finds a record by its number; nil when it is gone.
func (f *File) record(number uint64) *record {
	i, ok := slices.BinarySearchFunc(f.records, number, func(r record, n uint64) int {
		switch {
		case r.number < n:
			return -1
		case r.number > n:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &f.records[i]
}

// asideTime is the format of the time in the name of a damaged file, in UTC.
const asideTime = "20060102T150405Z"

// setAside leaves a damaged file under another name, and goes on with what can
// be read of it.
func (f *File) setAside(r *Repair) error {
	r.Aside = f.name + ".damaged-" + time.Now().UTC().Format(asideTime)
	old := f.file
	defer old.Close()
	if err := os.Rename(f.name, r.Aside); err != nil {
		return err
	}
	f.trim()
	return f.rewrite()
}

// rewrite writes the file again with what is kept.
func (f *File) rewrite() error {
	fresh, err := wholefile.Beside(f.name, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name()) // which is gone when all went well
	end, live, records, err := f.copyTo(fresh)
	if err := errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	f.file.Close()
	if err := os.Rename(fresh.Name(), f.name); err != nil {
		return errors.Join(err, f.reopen())
	}
	f.end, f.live, f.records = end, live, records
	return f.reopen()
}

func (f *File) reopen() (err error) {
	f.file, err = openLocked(f.name)
	return err
}

// copyTo writes a file with what is kept. Records that are no longer as they
// were written are left out.
func (f *File) copyTo(w io.Writer) (end, live int64, records []record, err error) {
	end = int64(len(fileHeader))
	if _, err = io.WriteString(w, fileHeader); err != nil {
		return
	}
	var scratch, out []byte
	for _, r := range f.records {
		one, readErr := f.frameOf(r, &scratch)
		if readErr != nil {
			continue
		}
		out = one.append(out[:0])
		moved := record{number: r.number, at: end, size: r.size, mark: r.mark}
		if r.mark != (mark{}) {
			out = r.mark.frame(r.number).append(out)
		}
		if _, err = w.Write(out); err != nil {
			return
		}
		end += int64(len(out))
		live += r.size
		records = append(records, moved)
	}
	return
}

// frame is what a file has of a mark.
func (m mark) frame(number uint64) *frame {
	content, _ := json.Marshal(m) // which has only what JSON can hold
	return &frame{kind: frameNote, number: number, content: content}
}

// frameOf reads a record again.
func (f *File) frameOf(r record, scratch *[]byte) (frame, error) {
	one, err := readFrame(io.NewSectionReader(f.file, r.at, r.size), scratch)
	if err == nil && (one.kind != frameRecord || one.number != r.number) {
		err = errDamaged
	}
	return one, err
}

// Load puts what the file has into a store, oldest first; judge makes the notes.
// bad counts records that could not be read, which are left as they are.
func (f *File) Load(s *Store, judge func(*exchange.Exchange) *annotate.Annotated) (taken, bad int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var scratch []byte
	for _, r := range f.records {
		one, err := f.frameOf(r, &scratch)
		if err != nil {
			bad++
			continue
		}
		x, err := decodeRecord(one.content)
		if err != nil {
			bad++
			continue
		}
		seq := s.Add(judge(x), FromFile)
		if m := r.mark; m != (mark{}) {
			s.edit(seq, func(e *Entry) { e.Pinned, e.Comment = m.Pinned, m.Comment })
		}
		f.keys[seq] = r.number
		taken++
	}
	return taken, bad, nil
}

// mostRecord bounds a record that is read: a sound one has two contents of at
// most DefaultMostContent, in base64.
const mostRecord = 64 << 20

func decodeRecord(value []byte) (*exchange.Exchange, error) {
	if n, err := s2.DecodedLen(value); err != nil || n > mostRecord {
		return nil, errors.Join(errors.New("a record that is too large"), err)
	}
	line, err := s2.Decode(nil, value)
	if err != nil {
		return nil, err
	}
	return exchange.ParseJSON(line)
}

// Write takes an exchange that a Store has given its Seq; others are not kept.
func (f *File) Write(a *annotate.Annotated) error {
	if a.Seq == 0 {
		return nil
	}
	line := a.X.AppendJSON(nil, exchange.EncodeOptions{Full: true})
	if len(line) > mostRecord {
		return fmt.Errorf("%s: an exchange of %d bytes is too large to be kept", f.name, len(line))
	}
	f.mu.Lock()
	f.pending = append(f.pending, pending{a.Seq, s2.Encode(nil, line)})
	full := len(f.pending) >= pendingRecords
	f.mu.Unlock()
	if full {
		return f.Flush()
	}
	return nil
}

// Flush writes what waits, and forgets the oldest records that have no room.
func (f *File) Flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wrap(f.flush())
}

func (f *File) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

func (f *File) flush() error {
	if len(f.pending) == 0 {
		return nil
	}
	if err := f.checkSize(); err != nil {
		return err
	}
	var out []byte
	number := f.last
	for _, p := range f.pending {
		number++
		out = (&frame{frameRecord, number, p.value}).append(out)
	}
	waiting := f.pending
	f.pending = f.pending[:0]
	if _, err := f.file.WriteAt(out, f.end); err != nil {
		return err
	}
	for _, p := range waiting {
		f.last++
		r := record{number: f.last, at: f.end, size: (&frame{content: p.value}).size()}
		f.records = append(f.records, r)
		f.keys[p.seq] = r.number
		f.end += r.size
		f.live += r.size
	}
	f.trim()
	f.forget()
	return f.compact()
}

// checkSize writes the file again with what is left of it, where someone has
// cut it short.
func (f *File) checkSize() error {
	info, err := f.file.Stat()
	if err != nil || info.Size() >= f.end {
		return err
	}
	return f.rewrite()
}

// trim forgets the oldest records that are not pinned until the rest has room.
func (f *File) trim() {
	if f.live <= f.most {
		return
	}
	kept := f.records[:0]
	for _, r := range f.records {
		if f.live > f.most && !r.Pinned {
			f.live -= r.size
			continue
		}
		kept = append(kept, r)
	}
	f.records = kept
}

// leastWaste is how much may be in a file for nothing, however small the rest is.
const leastWaste = 1 << 20

// compact writes the file again when much of it is for nothing.
func (f *File) compact() error {
	if f.end-f.live < f.live+leastWaste {
		return nil
	}
	return f.rewrite()
}

// mostKeys bounds how many entries of this run can still be marked.
const mostKeys = 1 << 20

func (f *File) forget() {
	if len(f.keys) <= mostKeys {
		return
	}
	var last uint64
	for seq := range f.keys {
		last = max(last, seq)
	}
	for seq := range f.keys {
		if seq+mostKeys/2 < last {
			delete(f.keys, seq)
		}
	}
}

// Mark keeps what someone made of an entry.
func (f *File) Mark(seq uint64, pinned bool, comment string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.flush(); err != nil { // it may be among what waits
		return f.wrap(err)
	}
	r := f.record(f.keys[seq])
	if r == nil {
		return nil
	}
	m := mark{pinned, comment}
	out := m.frame(r.number).append(nil)
	if _, err := f.file.WriteAt(out, f.end); err != nil {
		return f.wrap(err)
	}
	f.end += int64(len(out))
	r.mark = m
	return f.wrap(f.compact())
}

// Clear removes every record that is not pinned, or with pinned all of them.
func (f *File) Clear(pinned bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = f.pending[:0]
	f.records = slices.DeleteFunc(f.records, func(r record) bool { return pinned || !r.Pinned })
	f.live = 0
	for _, r := range f.records {
		f.live += r.size
	}
	return f.wrap(f.rewrite()) // what was cleared is not to stay on the disk
}

// Close writes what waits and closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wrap(errors.Join(f.flush(), f.file.Sync(), f.file.Close()))
}
