package sink

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"sidenote/internal/wholefile"
)

// LogFileOptions say when a LogFile is begun again. The zero value is never.
type LogFileOptions struct {
	MaxSize int64         // octets that a file may have
	MaxAge  time.Duration // since its first record
	Keep    int           // how many old files are kept; 0 for all
	Log     zerolog.Logger
	Now     func() time.Time // nil for the time of day
}

// A LogFile is a file of records that is begun again when it is too large or
// too old: it is then renamed, with the time in its name, and the oldest of
// those are removed. Each Write goes into one file as a whole. When someone
// else moves or removes the file, it is begun again as well.
//
// Its methods are safe for concurrent use.
type LogFile struct {
	name, what string
	options    LogFileOptions

	mu      sync.Mutex // guards what follows
	file    *os.File
	regular bool // and no pipe or device, which is written to as it is
	size    int64
	begun   time.Time // of the first record
	looked  time.Time // when the name was last compared with the file
	said    bool      // that it cannot be begun again
}

// OpenLogFile opens a file as OpenFile does. Where its last record was not
// written whole, that is repaired and said.
func OpenLogFile(name, what string, o LogFileOptions) (*LogFile, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &LogFile{name: name, what: what, options: o}
	if err := l.open(); err != nil {
		return nil, err
	}
	switch done, err := repairTail(l.name, l.file); {
	case err != nil:
		l.file.Close()
		return nil, fmt.Errorf("%s: %w", what, wholefile.Unwritable(name, err))
	case done != "":
		o.Log.Warn().Msgf("%s: %s", what, done)
		l.file.Close()
		return l, l.open() // its size is another now
	}
	return l, nil
}

// open opens the file under its name, and closes the one before.
func (l *LogFile) open() error {
	f, err := OpenFile(l.name, l.what)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", l.what, err)
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file, l.regular, l.size, l.begun = f, info.Mode().IsRegular(), info.Size(), time.Time{}
	if l.regular && l.size > 0 {
		l.begun = firstTime(l.name, info.ModTime())
	}
	return nil
}

// firstTime finds the time of the first record in a file, else returns another.
func firstTime(name string, other time.Time) time.Time {
	f, err := os.Open(name)
	if err != nil {
		return other
	}
	defer f.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	_, rest, _ := bytes.Cut(head[:n], []byte(`"time":"`))
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return other
	}
	return t
}

// Write appends whole lines. Of lines that could not be written whole nothing
// is left in the file, so that no record is torn.
func (l *LogFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.options.Now()
	if l.regular {
		l.follow(now)
		l.rotate(now, int64(len(p)))
	}
	if l.size == 0 {
		l.begun = now
	}
	n, err := l.file.Write(p)
	if err != nil && n > 0 && l.takeBack(n) {
		n = 0
	}
	l.size += int64(n)
	return n, err
}

// takeBack removes the last n octets, unless someone else wrote too.
func (l *LogFile) takeBack(n int) bool {
	info, err := l.file.Stat()
	return err == nil && l.regular && info.Size() == l.size+int64(n) && l.file.Truncate(l.size) == nil
}

// followEvery is how often the name is compared with the file.
const followEvery = time.Second

// follow begins a file again when the name means another now, or none.
func (l *LogFile) follow(now time.Time) {
	if since := now.Sub(l.looked); since >= 0 && since < followEvery {
		return
	}
	l.looked = now
	named, err := os.Stat(l.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	open, statErr := l.file.Stat()
	if statErr != nil || err == nil && os.SameFile(named, open) {
		return
	}
	if err := l.open(); err != nil {
		l.say(err)
		return
	}
	l.options.Log.Info().Msgf("%s was moved away; started a new file", l.name)
}

// rotate begins a file again when it is too old, or more octets would be too
// many.
func (l *LogFile) rotate(now time.Time, more int64) {
	o := &l.options
	large := o.MaxSize > 0 && l.size+more > o.MaxSize
	old := o.MaxAge > 0 && now.Sub(l.begun) >= o.MaxAge
	if l.size == 0 || !large && !old {
		return
	}
	l.looked = time.Time{}
	if l.follow(now); l.size == 0 { // what has the name now must not be set aside in its place
		return
	}
	aside, err := l.setAside(now)
	if err == nil {
		if err = l.open(); err != nil {
			_ = os.Rename(aside, l.name)
		}
	}
	if err != nil {
		l.say(err)
		return
	}
	l.said = false
	l.prune()
}

// asideTime is how the names of old files tell when they were set aside, in UTC.
const asideTime = "20060102T150405.000Z"

// parts are what is before and after the time in the names of old files.
func (l *LogFile) parts() (before, after string) {
	after = filepath.Ext(l.name)
	return strings.TrimSuffix(l.name, after) + "-", after
}

// setAside renames the file, never over another.
func (l *LogFile) setAside(now time.Time) (string, error) {
	before, after := l.parts()
	for t := now.UTC(); ; t = t.Add(time.Millisecond) {
		aside := before + t.Format(asideTime) + after
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		return aside, os.Rename(l.name, aside)
	}
}

// prune removes the oldest files that were set aside.
func (l *LogFile) prune() {
	if l.options.Keep <= 0 {
		return
	}
	before, after := l.parts()
	entries, err := os.ReadDir(filepath.Dir(l.name))
	if err != nil {
		l.say(err)
		return
	}
	var old []string
	for _, e := range entries {
		middle, ok := strings.CutPrefix(e.Name(), filepath.Base(before))
		middle, isOurs := strings.CutSuffix(middle, after)
		if _, err := time.Parse(asideTime, middle); ok && isOurs && err == nil {
			old = append(old, filepath.Join(filepath.Dir(l.name), e.Name()))
		}
	}
	slices.Sort(old)
	for _, name := range old[:max(0, len(old)-l.options.Keep)] {
		if err := os.Remove(name); err != nil {
			l.say(err)
		}
	}
}

// say tells once that the file is written on though it should be begun again.
func (l *LogFile) say(err error) {
	if !l.said {
		l.said = true
		l.options.Log.Warn().Msgf("can't rotate %s: %v; still writing to the old file", l.name, err)
	}
}

// Reopen opens the file under its name again, as after SIGHUP: anyone who moved
// it away can then have it.
func (l *LogFile) Reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open()
}

// Close closes the file.
func (l *LogFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
