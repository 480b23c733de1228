package field_test

import (
	"encoding/base64"
	"testing"

	"sidenote/exchange/field"
)

func TestGRPCWebStatus(t *testing.T) {
	const lines = "grpc-status: 5\r\nGrpc-Message: gone\r\n"
	frame := "\x00\x00\x00\x00\x02ok" + "\x80\x00\x00\x00" + string(rune(len(lines))) + lines
	for in, want := range map[string]field.GRPCStatus{
		frame:                       {Code: "5", Message: "gone", At: 12, End: 12 + len(lines)},
		frame[:len(frame)-1]:        {},
		"\x00\x00\x00\x00\x05grpc-": {},
		"":                          {},
	} {
		if got := field.GRPCWebStatus([]byte(in)); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
	text := base64.StdEncoding.EncodeToString([]byte("a")) + base64.StdEncoding.EncodeToString([]byte("bc"))
	if got := string(field.GRPCWebText([]byte(text))); got != "abc" {
		t.Errorf("%q", got)
	}
}

func TestGRPCCodeName(t *testing.T) {
	for n, want := range map[int64]string{0: "OK", 16: "UNAUTHENTICATED", 17: "", -1: ""} {
		if got, ok := field.GRPCCodeName(n); got != want || ok != (want != "") {
			t.Errorf("%d: %q, %v", n, got, ok)
		}
	}
}

func FuzzGRPCWebStatus(f *testing.F) {
	f.Add([]byte("\x80\x00\x00\x00\x0dgrpc-status:0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s := field.GRPCWebStatus(b); s.At > s.End || s.End > len(b) {
			t.Errorf("%q: %+v", b, s)
		}
	})
}
