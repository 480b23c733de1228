package exchange_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sidenote/exchange"
)

func numbered(t *testing.T, i int) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(fmt.Sprintf("* started 2026-01-02T03:04:05Z\n> GET /%d HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 OK\n<\n< content %d\n", i, i))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func targets(t *testing.T, har []byte) (all []string) {
	t.Helper()
	if err := exchange.ReadCapture(bytes.NewReader(har), exchange.Capture{Exchange: func(x *exchange.Exchange) error {
		all = append(all, x.Request.Target)
		return nil
	}}); err != nil {
		t.Fatalf("%v in\n%s", err, har)
	}
	return all
}

// TestHARFileIsWholeAtEachMoment reads the file after every exchange.
func TestHARFileIsWholeAtEachMoment(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.har")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := exchange.NewHARFile(f, exchange.HAROptions{Version: "1"})
	var want []string
	for i := range 5 {
		if err := w.Write(numbered(t, i)); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("/%d", i))
		har, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := targets(t, har); !slices.Equal(got, want) {
			t.Errorf("after %d: %q", i+1, got)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	har, _ := os.ReadFile(name)
	var stream bytes.Buffer
	s := exchange.NewHARWriter(&stream, exchange.HAROptions{Version: "1"})
	for i := range 5 {
		if err := s.Write(numbered(t, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil || !bytes.Equal(stream.Bytes(), har) {
		t.Errorf("%v; as a stream it is\n%s\nand as a file\n%s", err, stream.Bytes(), har)
	}
}

// shortDisk has room for some octets.
type shortDisk struct {
	b    []byte
	room int
}

var errNoRoom = errors.New("no space left on device")

func (d *shortDisk) WriteAt(p []byte, at int64) (int, error) {
	n := min(len(p), max(d.room-int(at), 0))
	d.b = append(d.b[:at], p[:n]...)
	if n < len(p) {
		return n, errNoRoom
	}
	return n, nil
}

// TestHAROfNothing is a HAR too, and a full disk is an error.
func TestHAROfNothing(t *testing.T) {
	for _, isFile := range []bool{false, true} {
		var stream bytes.Buffer
		disk := &shortDisk{room: 1 << 20}
		w := exchange.NewHARWriter(&stream, exchange.HAROptions{})
		if isFile {
			w = exchange.NewHARFile(disk, exchange.HAROptions{})
		}
		if err := w.Close(); err != nil || len(targets(t, append(disk.b, stream.Bytes()...))) != 0 {
			t.Errorf("%v, %q %q", err, disk.b, stream.Bytes())
		}
	}
	disk := &shortDisk{room: 500}
	w := exchange.NewHARFile(disk, exchange.HAROptions{})
	if err := errors.Join(w.Write(numbered(t, 0)), w.Write(numbered(t, 1))); !errors.Is(err, errNoRoom) {
		t.Error(err)
	}
}
