package environ

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/pem"
	"strconv"
	"time"
	"unicode/utf16"
)

// The numbers of the Java key store format.
const (
	jksMagic       = 0xFEEDFEED
	jksVersion     = 2
	jksTrustedCert = 2
)

// truststorePassword guards nothing, since all that is in the store is public.
// It is the one that Java takes for granted.
const truststorePassword = "changeit"

// javaTrustStore makes a Java key store (JKS) of the certificates in a PEM
// file: a header, an entry for each, and a SHA-1 over the password, a fixed
// phrase and all of it. Java 8 and later read it.
func javaTrustStore(bundle []byte, made time.Time) []byte {
	var ders [][]byte
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			ders = append(ders, block.Bytes)
		}
	}
	var b bytes.Buffer
	number := func(n any) { _ = binary.Write(&b, binary.BigEndian, n) } // a Buffer takes everything
	text := func(s string) { number(uint16(len(s))); b.WriteString(s) }
	number(uint32(jksMagic))
	number(uint32(jksVersion))
	number(uint32(len(ders)))
	for i, der := range ders {
		number(uint32(jksTrustedCert))
		text("ca-" + strconv.Itoa(i))
		number(made.UnixMilli())
		text("X.509")
		number(uint32(len(der)))
		b.Write(der)
	}
	h := sha1.New()
	_ = binary.Write(h, binary.BigEndian, utf16.Encode([]rune(truststorePassword)))
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(b.Bytes())
	return h.Sum(b.Bytes())
}
