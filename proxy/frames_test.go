package proxy

import (
	"bytes"
	"testing"

	"golang.org/x/net/http2"
)

// FuzzFrameTap returns frames in pieces of every size: the tap finds the GOAWAY
// among them, whatever the others hold.
func FuzzFrameTap(f *testing.F) {
	f.Add([]byte("ten octets"), uint8(1), uint32(5), uint32(11), true)
	f.Add(bytes.Repeat([]byte{7}, 300), uint8(200), uint32(1<<31-1), uint32(0), true)
	f.Add([]byte{}, uint8(9), uint32(0), uint32(0x4242), false)
	f.Fuzz(func(t *testing.T, data []byte, size uint8, last, code uint32, sent bool) {
		if len(data) > 1<<14 {
			return
		}
		last &^= 1 << 31
		var wire bytes.Buffer
		fr := http2.NewFramer(&wire, nil)
		fr.AllowIllegalWrites = true
		_ = fr.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 14})
		_ = fr.WriteData(1, false, data)
		if sent {
			_ = fr.WriteGoAway(last, http2.ErrCode(code), data)
		}
		_ = fr.WriteData(1, true, data)
		var tap frameTap
		for b := wire.Bytes(); len(b) > 0; {
			n := min(int(size)+1, len(b))
			tap.feed(b[:n])
			b = b[n:]
		}
		if tap.began() != nil {
			t.Errorf("it begins oddly: %q", tap.began())
		}
		got := tap.goneAway()
		if (got != nil) != sent {
			t.Fatalf("found %v, sent %v", got, sent)
		}
		if sent && (got.last != last || uint32(got.code) != code || !bytes.Equal(got.debug, firstOctets(data, goAwayKept-8))) {
			t.Errorf("found %v, want %d, %d, %q", got, last, code, data)
		}
	})
}

func TestFrameTapOddBeginning(t *testing.T) {
	for octets, odd := range map[string]bool{
		"":                                     false,
		"HTTP/1.1":                             false, // may still become a frame
		"HTTP/1.1 400 Bad Request\r\n\r\n":     true,
		"\x00\x00\x00\x04\x00\x00\x00\x00\x00": false,
		"\x00\x00\x00\x06\x00\x00\x00\x00\x00": true,
	} {
		var tap frameTap
		tap.feed([]byte(octets))
		tap.feed(nil)
		if got := tap.began(); (got != nil) != odd || odd && !bytes.HasPrefix([]byte(octets), got) {
			t.Errorf("%q: %q", octets, got)
		}
	}
}
