package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"time"

	"sidenote/exchange"
	"sidenote/internal/wholefile"
)

// followEvery is how often a file is looked at that may have grown.
const followEvery = 250 * time.Millisecond

// A follower reads one capture again and again while others write it. It goes on
// where a JSONL ended, and reads anything else from its beginning once it has
// changed and rests; each exchange is handed on once.
type follower struct {
	*captureReader
	name   string
	seen   seen
	was    fs.FileInfo // the file as it was read from its beginning to its end; nil for never
	broken bool        // it was cut then
	rest   fs.FileInfo // as it was at the last look
	done   bool        // what there was when ctx ended has been read
	told   string      // what was said last about a file that is not there
	ended  func() error
}

// newFollower returns a follower of the only input of r. What r does after a file
// is done at the end of all.
func newFollower(r *captureReader) *follower {
	f := &follower{captureReader: r, name: r.inputs[0].name, seen: newSeen(), ended: r.ended}
	r.ended, r.known = nil, f.seen.known
	return f
}

// follow reads until ctx ends, and then what has been written until then.
func (f *follower) follow(ctx context.Context) error {
	fmt.Fprintf(f.program.stderr, "sidenote: %s: watching %s; press Ctrl-C for the summary\n", f.command, oneLine(f.name))
	for {
		last := ctx.Err() != nil // asked first, so that nothing is missed
		if err := f.look(ctx, last); err != nil {
			return err
		}
		if last || f.done {
			break
		}
		pause(ctx, followEvery)
	}
	if f.ended == nil {
		return nil
	}
	if err := f.ended(); err != nil {
		return cannotWrite(err)
	}
	return nil
}

// pause waits a while, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// look reads the file if there is something new in it. At the last look it does
// not wait for whoever writes it.
func (f *follower) look(ctx context.Context, last bool) error {
	info, err := os.Stat(f.name)
	if err != nil {
		if text := wholefile.Unreadable(f.name, err).Error(); text != f.told {
			f.told = text
			f.complain(fmt.Errorf("%s; waiting for it", text))
		}
		return nil
	}
	f.told = ""
	rests := sameState(f.rest, info)
	f.rest = info
	if info.Size() == 0 || sameState(f.was, info) && !(last && f.broken) {
		return nil
	}
	file, err := os.Open(f.name)
	if err != nil {
		return nil //nolint:nilerr // it is gone again; the next look says so
	}
	head := make([]byte, followHead)
	n, _ := file.ReadAt(head, 0)
	if exchange.HasLines(head[:n]) {
		t := &tail{ctx: ctx, file: file, name: f.name, until: -1}
		err := f.again(&capture{name: f.name, open: func() (io.ReadCloser, error) { return t, nil }})
		f.done = t.until >= 0
		return err
	}
	file.Close()
	if !rests && !last {
		return nil
	}
	f.was = info
	in := captureFile(f.name, info)
	if err := cut(&in); err != nil && !last {
		f.complain(fmt.Errorf("%w; waiting for the rest", err))
		f.broken = true
		return nil
	}
	f.unread = 0 // what could not be read before may be whole now
	f.broken = false
	return f.again(&in)
}

// cut returns why a file cannot be read to its end, as while a browser writes it.
func cut(in *capture) error {
	file, err := in.open()
	if err != nil {
		return err
	}
	defer file.Close()
	at, _ := file.(io.ReaderAt)
	return exchange.ReadCapture(file, exchange.Capture{File: in.name, At: at, Size: in.size,
		Exchange: func(*exchange.Exchange) error { return nil },
		Bad:      func(*exchange.EntryError) error { return nil },
	})
}

// followHead is how much of a file tells whether it has lines.
const followHead = 4 << 10

// again reads the file from its beginning, without what was handed on before.
func (f *follower) again(in *capture) error {
	if n := f.seen.begin(); n > 0 {
		f.complain(fmt.Errorf("%s: a new file, or written again; %d exchanges are too many to remember, so lint may judge some twice", f.name, n))
	}
	return f.file(context.Background(), in) // which ends by itself
}

// sameState reports whether a file has not changed between two looks.
func sameState(a, b fs.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// A seen remembers exchanges by a digest, each as often as it was there.
type seen struct {
	seed        maphash.Seed
	before, now map[uint64]int32 // of earlier readings, and of this one
	more        int              // of this one that there was no room for
}

// mostSeen is how many exchanges are remembered.
const mostSeen = 1 << 17

func newSeen() seen { return seen{seed: maphash.MakeSeed(), now: map[uint64]int32{}} }

// begin starts another reading. It returns how many exchanges of the last one were
// not remembered. What that one did not reach is remembered on, as far as there is
// room: the file may have been cut.
func (s *seen) begin() (forgotten int) {
	for digest, n := range s.before {
		if n > 0 && len(s.now) < mostSeen/2 {
			s.now[digest] += n
		}
	}
	forgotten = s.more
	s.before, s.now, s.more = s.now, map[uint64]int32{}, 0
	return forgotten
}

// known reports whether an earlier reading had an exchange, and remembers it.
func (s *seen) known(x *exchange.Exchange) bool {
	source := x.Source
	x.Source = exchange.Source{} // where it stands in the file may change
	digest := maphash.Bytes(s.seed, x.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
	x.Source = source
	if len(s.now) < mostSeen || s.now[digest] > 0 {
		s.now[digest]++
	} else {
		s.more++
	}
	if s.before[digest] == 0 {
		return false
	}
	s.before[digest]--
	return true
}

// A tail is a reader of a file that waits at its end for more. It ends when another
// file has taken the name, or other content the place of what was read; and, once
// ctx has ended, with what was there then.
type tail struct {
	ctx    context.Context
	file   *os.File
	name   string
	at     int64  // octets that were read
	until  int64  // where ctx ended; -1 before
	begins []byte // the first octets
	ends   []byte // the octets before at
	waited bool   // the end was met, and the file may be another one now
}

// tailPart is how many octets begins and ends hold at most.
const tailPart = 512

// Close closes the file.
func (t *tail) Close() error { return t.file.Close() }

// Read returns what is there, and waits while that is nothing.
func (t *tail) Read(b []byte) (int, error) {
	for {
		moved := false
		if t.waited {
			var rewritten bool
			if moved, rewritten = t.changed(); rewritten {
				return 0, io.EOF
			}
		}
		if t.ctx.Err() != nil && t.until < 0 {
			t.until = t.at
			if info, err := t.file.Stat(); err == nil {
				t.until = max(t.at, info.Size())
			}
		}
		if t.until >= 0 {
			b = b[:min(int64(len(b)), t.until-t.at)]
		}
		n, err := t.file.Read(b)
		if n > 0 {
			t.remember(b[:n])
			return n, nil
		}
		if err != nil && err != io.EOF {
			return 0, err
		}
		if moved || t.until >= 0 {
			return 0, io.EOF
		}
		t.waited = true
		pause(t.ctx, followEvery)
	}
}

// changed reports whether another file has the name now, or other content the
// place of what was read. A file without the name is read on: the new one may be
// about to come.
func (t *tail) changed() (moved, rewritten bool) {
	ours, err := t.file.Stat()
	if err != nil {
		return false, false
	}
	if ours.Size() < t.at {
		return false, true
	}
	if !t.holds(t.begins, 0) || !t.holds(t.ends, t.at-int64(len(t.ends))) {
		return false, true
	}
	named, err := os.Stat(t.name)
	return err == nil && !os.SameFile(ours, named), false
}

// remember takes down what was read.
func (t *tail) remember(b []byte) {
	t.waited = false
	t.at += int64(len(b))
	t.begins = append(t.begins, b[:min(len(b), tailPart-len(t.begins))]...)
	t.ends = append(t.ends, b[max(0, len(b)-tailPart):]...)
	t.ends = append(t.ends[:0], t.ends[max(0, len(t.ends)-tailPart):]...)
}

// holds reports whether the file has some octets at a place.
func (t *tail) holds(want []byte, at int64) bool {
	now := make([]byte, len(want))
	n, _ := t.file.ReadAt(now, at)
	return bytes.Equal(now[:n], want)
}
