package proxy

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"time"
)

// maxHello bounds a ClientHello, in octets of the connection. Large ones carry
// keys of post-quantum algorithms, or a ticket.
const maxHello = 64 << 10

var errHello = errors.New("the ClientHello was read")

// readHello reads a client's hello (RFC 8446 §4.1.2), and answers nothing. early
// is what was read of the connection. The error says that it is no hello, or
// did not come whole.
func readHello(c net.Conn) (hello *tls.ClientHelloInfo, early []byte, err error) {
	_ = c.SetReadDeadline(time.Now().Add(handshakeFor))
	defer c.SetReadDeadline(time.Time{})
	deaf := &deafConn{Conn: c}
	err = tls.Server(deaf, &tls.Config{
		MinVersion: tls.VersionTLS10,
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			hello = h
			return nil, errHello
		},
	}).Handshake()
	if hello != nil {
		err = nil
	}
	return hello, deaf.kept, err
}

// A deafConn keeps what is read of a connection, and writes nothing.
type deafConn struct {
	net.Conn
	kept []byte
}

// Read keeps what it returns.
func (c *deafConn) Read(p []byte) (int, error) {
	room := maxHello - len(c.kept)
	if room == 0 {
		return 0, errors.New("the ClientHello is too long")
	}
	n, err := c.Conn.Read(p[:min(len(p), room)])
	c.kept = append(c.kept, p[:n]...)
	return n, err
}

// Write drops what is written.
func (c *deafConn) Write(p []byte) (int, error) { return len(p), nil }

// fingerprint tells programs apart by what they offer in a hello, whatever the
// order, which some programs shuffle, and without the values that are there to
// be ignored (RFC 8701).
func fingerprint(h *tls.ClientHelloInfo) string {
	sum := sha256.New()
	list := func(values []uint16) {
		values = slices.DeleteFunc(slices.Clone(values), isGrease)
		slices.Sort(values)
		sum.Write(binary.BigEndian.AppendUint16(nil, uint16(len(values))))
		for _, v := range values {
			sum.Write(binary.BigEndian.AppendUint16(nil, v))
		}
	}
	list(h.CipherSuites)
	list(h.SupportedVersions)
	list(numbers(h.SupportedCurves))
	list(numbers(h.SignatureSchemes))
	for _, name := range h.SupportedProtos {
		sum.Write(append([]byte{byte(len(name))}, name...))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func numbers[N ~uint16](list []N) []uint16 {
	out := make([]uint16, len(list))
	for i, n := range list {
		out[i] = uint16(n)
	}
	return out
}

func isGrease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }
