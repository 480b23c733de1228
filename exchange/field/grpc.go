package field

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// grpcCodes are the names of gRPC's status codes, by number.
var grpcCodes = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
	"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// GRPCCodeName returns the name of a status code of gRPC; ok is false for a
// number that gRPC does not define.
func GRPCCodeName(n int64) (name string, ok bool) {
	if n < 0 || n >= int64(len(grpcCodes)) {
		return "", false
	}
	return grpcCodes[n], true
}

// A GRPCStatus is how a gRPC call ended, as its field lines say.
type GRPCStatus struct {
	Code    string // as received; "" where none was found
	Message string // percent-encoded
	At, End int    // where the frame with the lines stands in gRPC-Web's content
}

// GRPCWebStatus reads the trailer frame at the end of gRPC-Web content: a frame
// whose first octet has its highest bit set holds field lines.
func GRPCWebStatus(b []byte) (s GRPCStatus) {
	const head = 5 // flags and length
	for start := 0; start+head <= len(b); {
		flags, length := b[start], uint64(binary.BigEndian.Uint32(b[start+1:]))
		start += head
		if length > uint64(len(b)-start) {
			break
		}
		end := start + int(length)
		if flags&0x80 == 0 {
			start = end
			continue
		}
		s.At, s.End = start, end
		for line := range strings.SplitSeq(string(b[start:end]), "\n") {
			name, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimSpace(value); {
			case EqualFold(name, "grpc-status"):
				s.Code = value
			case EqualFold(name, "grpc-message"):
				s.Message = value
			}
		}
		return s
	}
	return s
}

// GRPCWebText decodes the text form of gRPC-Web: pieces of base64 one after the
// other, each of which may end in padding of its own.
func GRPCWebText(b []byte) []byte {
	out := make([]byte, 0, base64.StdEncoding.DecodedLen(len(b)))
	for ; len(b) >= 4; b = b[4:] {
		var three [3]byte
		n, err := base64.StdEncoding.Decode(three[:], b[:4])
		if err != nil {
			return out
		}
		out = append(out, three[:n]...)
	}
	return out
}
