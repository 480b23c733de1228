package proxy

import (
	"strings"
	"testing"
)

func TestOpeningOf(t *testing.T) {
	const limit = 256
	for _, c := range []struct {
		octets string
		want   opening
	}{
		{"", openingUndecided},
		{"G", openingUndecided},
		{"GET ", openingUndecided},
		{"GET / HTTP/1", openingUndecided},
		{"GET / HTTP/1.1", openingUndecided},
		{"GET / HTTP/1.1\r", openingUndecided},
		{"GET / HTTP/1.1\r\n", openingHTTP},
		{"GET / HTTP/1.0\n", openingHTTP},
		{"get /a HTTP/1.1\r\n", openingHTTP},
		{"M-SEARCH * HTTP/1.1\r\n", openingHTTP},
		{"BASELINE-CONTROL http://a/ HTTP/1.1\r\n", openingHTTP},
		{"\r\nGET / HTTP/1.1\r\n", openingHTTP},
		{"\r\n", openingUndecided},
		{"GET /" + strings.Repeat("a", limit), openingHTTP},
		{"FOO /" + strings.Repeat("a", limit), openingOther},
		{"PRI * HTTP/2.0\r\n", openingHTTP},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00", openingHTTP},
		{"PRI * HT", openingUndecided},

		{"GET /\r\n", openingOther}, // HTTP/0.9
		{"GET  / HTTP/1.1\r\n", openingOther},
		{"GET / HTTP/2.0\r\n", openingOther},
		{"GET / HTTP/1.1 x\r\n", openingOther},
		{"GET / HTTP/1.x\r\n", openingOther},
		{"GET / FTP", openingOther},
		{"NICK me\r\n", openingOther},
		{"USER me 0 * :me\r\n", openingOther},
		{"CAP LS 302\r\n", openingOther},
		{"OPTIONS rtsp://a/b RTSP/1.0\r\n", openingOther},
		{"DESCRIBE rtsp://a/b RTSP/1.0\r\n", openingOther},
		{"REGISTER sip:a SIP/2.0\r\n", openingOther},
		{"INVITE sip:b@a SIP/2.0\r\n", openingOther},
		{"CONNECT {\"verbose\":false}\r\n", openingOther},
		{"PING\r\n", openingOther},
		{"*1\r\n$4\r\nPING\r\n", openingOther},
		{"EHLO a\r\n", openingOther},
		{"HELP\r\n", openingOther},
		{"SSH-2.0-x\r\n", openingOther},
		{"STATS\n", openingOther},
		{"get key\r\n", openingOther},                      // memcached
		{"CONNECT\naccept-version:1.2\n", openingOther},    // STOMP
		{"\x00\x00\x00\x08\x04\xd2\x16\x2f", openingOther}, // PostgreSQL asks for TLS
		{"\x10\x0c\x00\x04MQTT", openingOther},
		{"\x80\x2e\x01\x03\x01", openingOther}, // the hello of SSL 2
		{"<?xml version='1.0'?>", openingOther},

		{"\x16", openingUndecided},
		{"\x16\x03\x01\x00\x10", openingUndecided},
		{"\x16\x03\x01\x00\x10\x01", openingTLS},
		{"\x16\x03\x01\x00\x10\x02", openingOther},
		{"\x16\x04", openingOther},
		{"\x16\x03\x01\x00\x00", openingOther},
		{"\x16\x03\x01\xff", openingOther},
	} {
		if got := openingOf([]byte(c.octets), limit); got != c.want {
			t.Errorf("%.60q: %d, want %d", c.octets, got, c.want)
		}
	}
}

// TestOpeningOfPieces checks that no beginning of an opening is taken for
// something else than the whole.
func TestOpeningOfPieces(t *testing.T) {
	for _, whole := range []string{"GET /a?b HTTP/1.1\r\n", "\r\n\r\nPOST http://a HTTP/1.0\n", "PRI * HTTP/2.0\r\n", "\x16\x03\x01\x02\x00\x01", "X-y * HTTP/1.1\r\n"} {
		want := openingOf([]byte(whole), 100)
		for n := range len(whole) {
			if got := openingOf([]byte(whole[:n]), 100); got != openingUndecided && got != want {
				t.Errorf("%q: %d, want %d", whole[:n], got, want)
			}
		}
	}
}

func TestIsLikelyHTTP(t *testing.T) {
	for line, want := range map[string]bool{"P": true, "POST": true, "GET /": true, "GET ": true, "OPTIONS http://": true,
		"OPTIONS rtsp:": false, "FOO /": false, "PING": false, "": false, "get /": false, "NICK": false} {
		if got := isLikelyHTTP([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// FuzzOpening checks that what has been decided by the first octets stays so,
// whatever follows.
func FuzzOpening(f *testing.F) {
	for _, s := range []string{"GET / HTTP/1.1\r\n", "\r\nFOO * HTTP/1.0\n", "PRI * HTTP/2.0\r\n\r\n", "\x16\x03\x01\x00\x10\x01", "NICK a\r\n", "\r\n\r\n\r\n\r\n\r\nGET"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		const limit = 200
		octets = octets[:min(len(octets), limit-1)]
		decided := openingUndecided
		for n := range len(octets) + 1 {
			got := openingOf(octets[:n], limit)
			if decided != openingUndecided && got != decided {
				t.Fatalf("%q is %d, and was %d when less of it was there", octets[:n], got, decided)
			}
			decided = got
		}
		if openingOf(append(octets, make([]byte, limit)...), limit) == openingUndecided {
			t.Fatalf("%q stays undecided", octets)
		}
	})
}
