package proxy

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// What Go's TLS does not have, by the numbers of IANA's registries, with the
// names that OpenSSL and others use. A server that picks one of these is in
// order, and it is us who cannot reach it.
var (
	foreignSuites = map[uint16]string{
		0x009e: "DHE-RSA-AES128-GCM-SHA256", 0x009f: "DHE-RSA-AES256-GCM-SHA384", 0xccaa: "DHE-RSA-CHACHA20-POLY1305",
		0x0067: "DHE-RSA-AES128-SHA256", 0x006b: "DHE-RSA-AES256-SHA256", 0x0033: "DHE-RSA-AES128-SHA", 0x0039: "DHE-RSA-AES256-SHA",
		0x0016: "DHE-RSA-DES-CBC3-SHA", 0xc09e: "DHE-RSA-AES128-CCM", 0xc09f: "DHE-RSA-AES256-CCM",
		0x00a2: "DHE-DSS-AES128-GCM-SHA256", 0x00a3: "DHE-DSS-AES256-GCM-SHA384", 0x0032: "DHE-DSS-AES128-SHA", 0x0038: "DHE-DSS-AES256-SHA",
		0xc024: "ECDHE-ECDSA-AES256-SHA384", 0xc028: "ECDHE-RSA-AES256-SHA384", 0x003d: "AES256-SHA256",
		0xc0ac: "ECDHE-ECDSA-AES128-CCM", 0xc0ad: "ECDHE-ECDSA-AES256-CCM", 0xc0ae: "ECDHE-ECDSA-AES128-CCM8", 0xc0af: "ECDHE-ECDSA-AES256-CCM8",
		0xc09c: "AES128-CCM", 0xc09d: "AES256-CCM",
		0xc05c: "ECDHE-ECDSA-ARIA128-GCM-SHA256", 0xc05d: "ECDHE-ECDSA-ARIA256-GCM-SHA384",
		0xc060: "ECDHE-ARIA128-GCM-SHA256", 0xc061: "ECDHE-ARIA256-GCM-SHA384", 0xc050: "ARIA128-GCM-SHA256", 0xc051: "ARIA256-GCM-SHA384",
		0xc052: "DHE-RSA-ARIA128-GCM-SHA256", 0xc053: "DHE-RSA-ARIA256-GCM-SHA384",
		0xc072: "ECDHE-ECDSA-CAMELLIA128-SHA256", 0xc073: "ECDHE-ECDSA-CAMELLIA256-SHA384", 0xc076: "ECDHE-RSA-CAMELLIA128-SHA256", 0xc077: "ECDHE-RSA-CAMELLIA256-SHA384",
		0x00be: "DHE-RSA-CAMELLIA128-SHA256", 0x00c4: "DHE-RSA-CAMELLIA256-SHA256", 0x0045: "DHE-RSA-CAMELLIA128-SHA", 0x0088: "DHE-RSA-CAMELLIA256-SHA",
		0x00ba: "CAMELLIA128-SHA256", 0x00c0: "CAMELLIA256-SHA256", 0x0041: "CAMELLIA128-SHA", 0x0084: "CAMELLIA256-SHA",
		0x0096: "SEED-SHA", 0x009a: "DHE-RSA-SEED-SHA", 0x0007: "IDEA-CBC-SHA",
		0x0005: "RC4-SHA", 0xc011: "ECDHE-RSA-RC4-SHA", 0xc007: "ECDHE-ECDSA-RC4-SHA",
		0x1304: "TLS_AES_128_CCM_SHA256", 0x1305: "TLS_AES_128_CCM_8_SHA256",
	}
	foreignGroups = map[uint16]string{
		30: "X448", 256: "ffdhe2048", 257: "ffdhe3072", 258: "ffdhe4096", 259: "ffdhe6144", 260: "ffdhe8192",
		26: "brainpoolP256r1", 27: "brainpoolP384r1", 28: "brainpoolP512r1", 31: "brainpoolP256r1tls13", 32: "brainpoolP384r1tls13", 33: "brainpoolP512r1tls13",
		22: "secp256k1", 21: "secp224r1", 19: "secp192r1", 41: "curveSM2",
	}
	foreignSignatures = []uint16{0x0808, 0x081a, 0x081b, 0x081c, 0x0809, 0x080a, 0x080b, 0x0301, 0x0303, 0x0402, 0x0502, 0x0602, 0x0202} // Ed448, brainpool, RSA-PSS keys, SHA-224, DSA
)

// unsupported asks an origin server that has refused a handshake once more, with
// all that other clients offer. It returns what the server picks that sidenote
// does not have, and "" where it refuses that too.
func (s *shaking) unsupported(ctx context.Context) string {
	t := s.target
	t.scheme = "tunnel"
	o, err := s.dialer.dial(ctx, t)
	if err != nil {
		return ""
	}
	defer o.Close()
	defer closeOnDone(ctx, o.Conn)()
	if _, err := o.Conn.Write(wideHello(s.name, s.target.alpn)); err != nil {
		return ""
	}
	return readPick(o.Conn)
}

// readPick reads a ServerHello, and where that does not tell, what follows it in
// clear. It returns what the server picked that sidenote does not have.
func readPick(r io.Reader) string {
	h := handshakeReader{r: bufio.NewReader(io.LimitReader(r, maxHello))}
	kind, hello, err := h.next()
	if err != nil || kind != typeServerHello {
		return ""
	}
	suite, group, version := parseServerHello(hello)
	if name := foreignSuites[suite]; name != "" {
		return "the cipher suite " + name
	}
	if name := foreignGroups[group]; name != "" {
		return "key exchange with " + name
	}
	if version >= tls.VersionTLS13 { // the rest is encrypted, and of what is left only the certificate is not ours
		return "a certificate with a kind of key that sidenote cannot check, such as Ed448"
	}
	for {
		kind, body, err := h.next()
		switch {
		case err != nil:
			return "a certificate with a kind of key that sidenote cannot check, such as Ed448 or DSA"
		case kind == typeServerKeyExchange && len(body) > 3 && body[0] == 3: // a named curve
			if name := foreignGroups[binary.BigEndian.Uint16(body[1:])]; name != "" {
				return "key exchange with " + name
			}
		}
	}
}

// The messages of a handshake that tell (RFC 8446 §4, RFC 5246 §7.4).
const (
	typeServerHello       = 2
	typeServerKeyExchange = 12
)

// A handshakeReader reads handshake messages from records in clear.
type handshakeReader struct {
	r    *bufio.Reader
	have []byte
}

func (h *handshakeReader) next() (kind byte, body []byte, err error) {
	const head = 4
	for {
		if len(h.have) >= head {
			n := int(h.have[1])<<16 | int(h.have[2])<<8 | int(h.have[3])
			if len(h.have) >= head+n {
				kind, body, h.have = h.have[0], h.have[head:head+n], h.have[head+n:]
				return kind, body, nil
			}
		}
		var record [5]byte
		if _, err := io.ReadFull(h.r, record[:]); err != nil {
			return 0, nil, err
		}
		if record[0] != recordHandshake {
			return 0, nil, fmt.Errorf("a record of type %d", record[0])
		}
		payload := make([]byte, binary.BigEndian.Uint16(record[3:]))
		if _, err := io.ReadFull(h.r, payload); err != nil {
			return 0, nil, err
		}
		h.have = append(h.have, payload...)
	}
}

// parseServerHello returns what a server picked; zero where it does not say.
func parseServerHello(b []byte) (suite, group, version uint16) {
	c := octets(b)
	version = c.uint16()
	c.skip(32)
	c.skip(int(c.uint8()))
	suite = c.uint16()
	c.skip(1)
	c = c.take(int(c.uint16()))
	for len(c) > 0 {
		kind := c.uint16()
		body := c.take(int(c.uint16()))
		switch kind {
		case extSupportedVersions:
			version = body.uint16()
		case extKeyShare:
			group = body.uint16()
		}
	}
	return suite, group, version
}

// octets are read from the front. Past the end there are zeros.
type octets []byte

func (o *octets) take(n int) octets {
	n = min(n, len(*o))
	taken := (*o)[:n]
	*o = (*o)[n:]
	return taken
}

func (o *octets) skip(n int) { o.take(n) }

func (o *octets) uint8() (n uint8) {
	for _, b := range o.take(1) {
		n = b
	}
	return n
}

func (o *octets) uint16() uint16 { return uint16(o.uint8())<<8 | uint16(o.uint8()) }

// The extensions of a hello (RFC 8446 §4.2).
const (
	extServerName        = 0
	extSupportedGroups   = 10
	extPointFormats      = 11
	extSignatures        = 13
	extALPN              = 16
	extExtendedMaster    = 23
	extSupportedVersions = 43
	extPSKModes          = 45
	extKeyShare          = 51
)

// wideHello makes the record of a ClientHello that offers what we have and what
// we do not. It brings no key, so that a server of TLS 1.3 says which it wants.
func wideHello(name string, alpn []string) []byte {
	var suites, groups, signatures []byte
	add := func(b *[]byte, values ...uint16) {
		for _, v := range values {
			*b = binary.BigEndian.AppendUint16(*b, v)
		}
	}
	add(&suites, tls.TLS_AES_128_GCM_SHA256, tls.TLS_AES_256_GCM_SHA384, tls.TLS_CHACHA20_POLY1305_SHA256)
	add(&suites, everySuite()...)
	add(&suites, sortedKeys(foreignSuites)...)
	add(&groups, uint16(tls.X25519), uint16(tls.CurveP256), uint16(tls.CurveP384), uint16(tls.CurveP521))
	add(&groups, sortedKeys(foreignGroups)...)
	for _, s := range []tls.SignatureScheme{tls.PSSWithSHA256, tls.ECDSAWithP256AndSHA256, tls.Ed25519, tls.PSSWithSHA384, tls.PSSWithSHA512,
		tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512, tls.ECDSAWithP384AndSHA384, tls.ECDSAWithP521AndSHA512, tls.PKCS1WithSHA1, tls.ECDSAWithSHA1} {
		add(&signatures, uint16(s))
	}
	add(&signatures, foreignSignatures...)
	var protocols []byte
	for _, p := range alpn {
		protocols = append(append(protocols, byte(len(p))), p...)
	}

	var ext []byte
	extension := func(kind uint16, body []byte) {
		ext = append(binary.BigEndian.AppendUint16(ext, kind), with16(body)...)
	}
	if net.ParseIP(name) == nil && name != "" {
		extension(extServerName, with16(append([]byte{0}, with16([]byte(name))...)))
	}
	extension(extExtendedMaster, nil)
	extension(extPointFormats, []byte{1, 0})
	extension(extSupportedGroups, with16(groups))
	extension(extSignatures, with16(signatures))
	if len(protocols) > 0 {
		extension(extALPN, with16(protocols))
	}
	extension(extSupportedVersions, []byte{8, 3, 4, 3, 3, 3, 2, 3, 1})
	extension(extPSKModes, []byte{1, 1})
	extension(extKeyShare, with16(nil))

	random := make([]byte, 64) // and the session ID
	_, _ = rand.Read(random)   // never fails
	body := append([]byte{3, 3}, random[:32]...)
	body = append(append(body, 32), random[32:]...)
	body = append(body, with16(suites)...)
	body = append(body, 1, 0)
	body = append(body, with16(ext)...)
	message := append([]byte{clientHello, 0}, with16(body)...)
	return append([]byte{recordHandshake, 3, 1}, with16(message)...)
}

// with16 puts the length before octets.
func with16(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

func sortedKeys(m map[uint16]string) []uint16 {
	keys := make([]uint16, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// diagnoseFor bounds the second question to an origin server.
const diagnoseFor = 2 * time.Second
