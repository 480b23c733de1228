package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A File keeps exchanges across restarts, the latest within a number of octets.
// It is a sink.Sink and gets redacted exchanges, as everything that is written.
// Its other methods are safe for concurrent use with it.
type File struct {
	db   *bbolt.DB
	name string
	most int64

	mu      sync.Mutex
	bytes   int64
	keys    map[uint64][]byte // of the entries of this run
	pending []record
}

// A record waits to be written.
type record struct {
	seq   uint64
	value []byte
}

// A mark is what somebody made of an exchange.
type mark struct {
	Pinned  bool   `json:"pinned,omitempty"`
	Comment string `json:"comment,omitempty"`
}

var (
	bucketMeta      = []byte("meta")
	bucketExchanges = []byte("exchanges") // number, big-endian, to a record of exchange.AppendJSON in S2
	bucketMarks     = []byte("marks")     // the same number to a mark
	keyFormat       = []byte("format")
)

// fileFormat is the version of what is in the buckets.
const fileFormat = "1"

// pendingRecords are written together at the latest.
const pendingRecords = 256

// OpenFile opens or makes a file that may have so many octets of records;
// DefaultBytes if that is not positive.
func OpenFile(name string, most int64) (*File, error) {
	if most <= 0 {
		most = DefaultBytes
	}
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{Timeout: time.Second, NoFreelistSync: true})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s: another sidenote uses it; give this one a file of its own", name)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return nil, fmt.Errorf("%s: not a file of exchanges: %w; name another, or remove it", name, err)
	case err != nil:
		return nil, err
	}
	f := &File{db: db, name: name, most: most, keys: map[uint64][]byte{}}
	if err := db.Update(f.prepare); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// prepare makes the buckets of a new file, and counts what an old one has.
func (f *File) prepare(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists(bucketMeta)
	if err != nil {
		return err
	}
	switch format := string(meta.Get(keyFormat)); format {
	case fileFormat:
	case "":
		if err := meta.Put(keyFormat, []byte(fileFormat)); err != nil {
			return err
		}
	default:
		return fmt.Errorf("a later sidenote wrote it (format %q); use that one, or name another file", format)
	}
	if _, err := tx.CreateBucketIfNotExists(bucketMarks); err != nil {
		return err
	}
	exchanges, err := tx.CreateBucketIfNotExists(bucketExchanges)
	if err != nil {
		return err
	}
	return exchanges.ForEach(func(_, value []byte) error { f.bytes += int64(len(value)); return nil })
}

// Load puts what the file has into a store, oldest first; judge makes the notes.
// bad counts records that could not be read, which are left as they are.
func (f *File) Load(s *Store, judge func(*exchange.Exchange) *annotate.Annotated) (taken, bad int, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		marks := tx.Bucket(bucketMarks)
		return tx.Bucket(bucketExchanges).ForEach(func(key, value []byte) error {
			x, err := decodeRecord(value)
			if err != nil {
				bad++
				return nil
			}
			var m mark
			if b := marks.Get(key); b != nil {
				_ = json.Unmarshal(b, &m) // what cannot be read marks nothing
			}
			seq := s.Add(judge(x), FromFile)
			if m != (mark{}) {
				s.Change(seq, func(e *Entry) { e.Pinned, e.Comment = m.Pinned, m.Comment })
			}
			f.keys[seq] = append([]byte(nil), key...)
			taken++
			return nil
		})
	})
	return taken, bad, err
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
	f.mu.Lock()
	f.pending = append(f.pending, record{a.Seq, s2.Encode(nil, line)})
	full := len(f.pending) >= pendingRecords
	f.mu.Unlock()
	if full {
		return f.Flush()
	}
	return nil
}

// Flush writes what waits, and removes the oldest records that have no room.
func (f *File) Flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pending) == 0 {
		return nil
	}
	keys, bytes := map[uint64][]byte{}, f.bytes
	err := f.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketExchanges)
		for _, r := range f.pending {
			n, err := b.NextSequence()
			if err != nil {
				return err
			}
			key := binary.BigEndian.AppendUint64(nil, n)
			if err := b.Put(key, r.value); err != nil {
				return err
			}
			keys[r.seq] = key
			bytes += int64(len(r.value))
		}
		var err error
		bytes, err = f.trim(tx, bytes)
		return err
	})
	f.pending = f.pending[:0]
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	f.bytes = bytes
	for seq, key := range keys {
		f.keys[seq] = key
	}
	f.forget()
	return nil
}

// trim removes the oldest records that are not pinned until the rest has room.
func (f *File) trim(tx *bbolt.Tx, bytes int64) (int64, error) {
	marks, exchanges := tx.Bucket(bucketMarks), tx.Bucket(bucketExchanges)
	var gone [][]byte // a cursor would lose its place if they went while it looks
	c := exchanges.Cursor()
	for key, value := c.First(); key != nil && bytes > f.most; key, value = c.Next() {
		var m mark
		if b := marks.Get(key); b != nil {
			_ = json.Unmarshal(b, &m)
		}
		if !m.Pinned {
			bytes -= int64(len(value))
			gone = append(gone, key)
		}
	}
	for _, key := range gone {
		if err := errors.Join(marks.Delete(key), exchanges.Delete(key)); err != nil {
			return bytes, err
		}
	}
	return bytes, nil
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

// Mark keeps what somebody made of an entry.
func (f *File) Mark(seq uint64, pinned bool, comment string) error {
	if err := f.Flush(); err != nil { // it may be among what waits
		return err
	}
	f.mu.Lock()
	key := f.keys[seq]
	f.mu.Unlock()
	if key == nil {
		return nil
	}
	value, err := json.Marshal(mark{pinned, comment})
	if err != nil {
		return err
	}
	return f.db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(bucketExchanges).Get(key) == nil {
			return nil
		}
		return tx.Bucket(bucketMarks).Put(key, value)
	})
}

// Clear removes every record that is not pinned, or with pinned all of them.
func (f *File) Clear(pinned bool) error {
	if err := f.Flush(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if pinned {
		err := f.db.Update(func(tx *bbolt.Tx) error {
			if err := tx.DeleteBucket(bucketMarks); err != nil {
				return err
			}
			_, err := tx.CreateBucket(bucketMarks)
			return err
		})
		if err != nil {
			return err
		}
	}
	most := f.most
	f.most = 0 // for what is pinned stays
	defer func() { f.most = most }()
	return f.db.Update(func(tx *bbolt.Tx) (err error) {
		f.bytes, err = f.trim(tx, f.bytes)
		return err
	})
}

// Close writes what waits and closes the file.
func (f *File) Close() error { return errors.Join(f.Flush(), f.db.Close()) }
