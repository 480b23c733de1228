package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A captureReader goes through capture files, one exchange at a time and in
// their order. What cannot be read is told of and counted, and the rest is read
// still.
type captureReader struct {
	command  string // whose work it is, for messages
	program  *program
	inputs   []capture
	progress *progress
	each     func(*exchange.Exchange) error // gets every exchange; an error ends the reading
	ended    func() error                   // is called when a file has been read; nil for nothing
	flush    func() error                   // writes what each holds back; nil for nothing
	known    func(*exchange.Exchange) bool  // tells exchanges that each got before; nil for none
	about    annotate.Unjudged              // what could not be judged

	bad     int   // entries of the file available that could not be read
	unread  int   // files that could not be read whole
	got     int   // exchanges that each got
	written error // why each, or flush, could not go on
}

// all reads every file. An error is one that ends the program.
func (r *captureReader) all(ctx context.Context) error {
	r.progress.begin(r.inputs)
	for i := range r.inputs {
		if err := r.file(ctx, &r.inputs[i]); err != nil {
			return err
		}
	}
	r.progress.clear()
	return nil
}

// maxBadEntries is how many bad entries of one file are told of one by one.
const maxBadEntries = 10

func (r *captureReader) file(ctx context.Context, in *capture) error {
	r.bad = 0
	err := in.err
	if err == nil {
		err = r.read(ctx, in)
	}
	if r.ended != nil && r.written == nil {
		r.written = r.ended()
	}
	switch {
	case r.written != nil:
		return cannotWrite(r.written)
	case ctx.Err() != nil:
		return interrupted(r.command)
	case err != nil:
		r.complain(err)
	}
	if more := r.bad - maxBadEntries; more > 0 {
		r.complain(fmt.Errorf("%s: %s more could not be read", in.name, strconv.Itoa(more)))
	}
	if err != nil || r.bad > 0 {
		r.unread++
	}
	return nil
}

func (r *captureReader) read(ctx context.Context, in *capture) error {
	f, err := in.open()
	if err != nil {
		return err
	}
	defer f.Close()
	from := io.Reader(f)
	if in.size == 0 { // a pipe, which may be silent for ever
		from = readUntil(ctx, f)
	}
	var about exchange.About
	defer func() { r.about.AddFile(in.name, &about) }()
	at, _ := f.(io.ReaderAt)
	if in.size == 0 {
		at = nil
	}
	return exchange.ReadCapture(r.progress.counting(from), exchange.Capture{
		File: in.name, About: &about, Growing: in.size == 0, At: at, Size: in.size,
		Exchange: func(x *exchange.Exchange) error {
			if r.known != nil && r.known(x) {
				return ctx.Err()
			}
			r.got++
			r.about.Add(x)
			if r.written = r.each(x); r.written != nil {
				return r.written
			}
			return ctx.Err()
		},
		Bad: func(e *exchange.EntryError) error {
			if r.bad++; r.bad <= maxBadEntries {
				r.complain(e)
			}
			return ctx.Err()
		},
	})
}

// nothingToJudge is why files fail that hold no exchange: a gate must not pass what
// it never saw.
const nothingToJudge = "the files hold no exchange, so nothing was judged"

// empty reports whether the files were read whole and hold no exchange.
func (r *captureReader) empty() bool { return r.got == 0 && r.unread == 0 }

func (r *captureReader) emptyError() error {
	return &codedError{exitLacks, fmt.Errorf("%s: %s; check that the capture was recording", r.command, nothingToJudge)}
}

// complain says on stderr what is wrong with a file, after what was printed of it.
func (r *captureReader) complain(err error) {
	if r.flush != nil {
		r.written = errors.Join(r.written, r.flush())
	}
	r.progress.clear()
	fmt.Fprintf(r.program.stderr, "sidenote: %s: %s\n", r.command, oneLine(err.Error()))
}

// readUntil returns a reader of r that fails as soon as ctx ends, though r itself
// may then still wait for something to read.
func readUntil(ctx context.Context, r io.Reader) io.Reader {
	from, to := io.Pipe()
	go func() {
		_, err := io.Copy(to, r)
		to.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { to.CloseWithError(ctx.Err()) })
	return from
}

// untilSignal is ctx until a signal asks the program to end; a second one ends
// it at once.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// interrupted is the error of a command that a signal ended. What it had done
// until then it has written.
func interrupted(command string) error {
	return &codedError{exitFailed, errors.New(command + ": interrupted; " + onlyUntilThen)}
}

// onlyUntilThen says of a report what it lacks.
const onlyUntilThen = "the output contains only what was read until then"

func cannotWrite(err error) error {
	return &codedError{exitFailed, fmt.Errorf("can't write the output: %w", err)}
}
