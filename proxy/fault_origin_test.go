package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// originName is a name that the test's name server knows, as all under .test.
const originName = "origin.test"

// A site is the origin that fails: listeners on loopback, all of whose
// connections are closed when the test ends.
type site struct {
	t     *testing.T
	chain *chain

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	over  bool
	wg    sync.WaitGroup
}

func newSite(t *testing.T) *site {
	s := &site{t: t, chain: newChain(t), conns: map[net.Conn]struct{}{}}
	t.Cleanup(func() {
		s.mu.Lock()
		s.over = true
		for c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

// listen serves each connection with handle, and returns the port.
func (s *site) listen(handle func(net.Conn)) (port string) {
	l := listen(s.t)
	s.t.Cleanup(func() { l.Close() })
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.serve(c, handle)
		}
	})
	return portOf(l.Addr())
}

func (s *site) serve(c net.Conn, handle func(net.Conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		c.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Go(func() {
		handle(c)
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	})
}

// listenTLS shakes hands before it serves.
func (s *site) listenTLS(config *tls.Config, handle func(net.Conn)) (port string) {
	return s.listen(func(c net.Conn) {
		tc := tls.Server(c, config)
		defer tc.Close()
		if tc.Handshake() == nil {
			handle(tc)
		}
	})
}

func portOf(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	return port
}

// hold keeps a connection open until the other end closes it.
func hold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// reset ends a connection with a TCP reset.
func reset(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// A script is what the origin does once it has read a request head.
type script func(c net.Conn)

// answer writes some octets and then ends in some way.
func answer(octets string, end script) script {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, octets)
		if end != nil {
			end(c)
		}
	}
}

// serveScripts reads request heads and runs the script of each path.
func serveScripts(scripts map[string]script) func(net.Conn) {
	return func(c net.Conn) {
		br := bufio.NewReader(c)
		line, err := br.ReadString('\n')
		for more := line; err == nil && more != "\r\n"; {
			more, err = br.ReadString('\n')
		}
		words := strings.Fields(line)
		if err != nil || len(words) < 2 {
			return
		}
		if run := scripts[words[1]]; run != nil {
			run(c)
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}
}

// later sends in a moment, when the head has been read and passed on.
func later(octets string, end script) script {
	return func(c net.Conn) {
		time.Sleep(50 * time.Millisecond)
		answer(octets, end)(c)
	}
}

const (
	okLength  = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
	okChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
)

// h1Scripts fail in every way in which HTTP/1.1 can.
var h1Scripts = map[string]script{
	"/reset":              reset,
	"/close":              closeNow,
	"/close-in-line":      answer("HTTP/1.1 20", nil),
	"/close-in-head":      answer("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Le", nil),
	"/reset-in-head":      answer("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Le", later("", reset)),
	"/close-after-103":    answer("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", nil),
	"/silent":             hold,
	"/silent-in-head":     answer("HTTP/1.1 200 OK\r\nServer: x\r\n", hold),
	"/only-HTTP/2":        answer("\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", hold),
	"/banner":             answer("SSH-2.0-OpenSSH_9.6\r\n", hold),
	"/banner-close":       answer("+OK POP3", nil),
	"/status":             answer("HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", hold),
	"/version":            answer("HTTP/3 200 OK\r\nContent-Length: 0\r\n\r\n", hold),
	"/no-status-line":     answer("Content-Type: text/plain\r\n\r\nhello", nil),
	"/field-no-colon":     answer("HTTP/1.1 200 OK\r\nServer: x\r\nno colon here\r\nContent-Length: 0\r\n\r\n", hold),
	"/field-name":         answer("HTTP/1.1 200 OK\r\nb@d: x\r\nContent-Length: 0\r\n\r\n", hold),
	"/field-value":        answer("HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n", hold),
	"/field-first-folded": answer("HTTP/1.1 200 OK\r\n folded: x\r\nContent-Length: 0\r\n\r\n", hold),
	"/large-head":         answer("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("y", 100<<10)+"\r\n\r\n", hold),
	"/two-lengths":        answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello", hold),
	"/length":             answer("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", hold),
	"/length-negative":    answer("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", hold),
	"/coding":             answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", hold),

	"/switch-unasked":  answer("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: odd/1\r\n\r\nhello", hold),
	"/status-099":      answer("HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n", hold),
	"/length-space":    answer("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello", hold),
	"/length-folded":   answer("HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello", hold),
	"/length-long":     answer("HTTP/1.1 200 OK\r\nContent-Length: 10000000000000000000005\r\n\r\nhello", hold),
	"/carriage-return": answer("HTTP/1.1 200 OK\r\nX: a\rContent-Length: 5\r\n\r\nhello", hold),

	"/short":               answer(okLength+"ten octets", nil),
	"/short-later":         answer(okLength, later("ten octets", nil)),
	"/short-reset":         answer(okLength+"ten octets", later("", reset)),
	"/short-nothing":       answer(okLength, nil),
	"/short-chunk":         answer(okChunked+"64\r\nten octets", nil),
	"/short-between":       answer(okChunked+"a\r\nten octets\r\n", nil),
	"/short-chunked-reset": answer(okChunked+"a\r\nten octets\r\n", later("", reset)),
	"/short-trailer":       answer(okChunked+"a\r\nten octets\r\n0\r\nX-Trailer: a\r\n", nil),
	"/short-until-close":   answer("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nten octets", later("", reset)),
	"/chunk-size":          answer(okChunked+"a\r\nten octets\r\nzz\r\n", hold),
	"/chunk-end":           answer(okChunked+"a\r\nten octets and more\r\n0\r\n\r\n", hold),
	"/chunk-trailer":       answer(okChunked+"a\r\nten octets\r\n0\r\nno colon\r\n\r\n", hold),
	"/stall":               answer(okLength+"ten octets", hold),
	"/stall-nothing":       answer(okLength, hold),
	"/stall-chunked":       answer(okChunked+"a\r\nten octets\r\n", hold),
	"/not-gzip":            answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\nten octets", hold),
	"/drip":                drip,
}

// closeNow does nothing, after which the connection is closed.
func closeNow(net.Conn) {}

// drip sends content until the other end is gone.
func drip(c net.Conn) {
	_, err := io.WriteString(c, okChunked)
	for err == nil {
		_, err = io.WriteString(c, "a\r\nten octets\r\n")
		time.Sleep(5 * time.Millisecond)
	}
}

// An h2Script is what the origin does once it has read the head of a request.
type h2Script func(f *http2.Framer, stream uint32)

// serveFrames speaks HTTP/2 as far as to read requests.
func serveFrames(scripts map[string]h2Script) func(net.Conn) {
	return func(c net.Conn) {
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(c, preface); err != nil {
			return
		}
		f := http2.NewFramer(c, c)
		f.AllowIllegalWrites = true
		f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		greeted := false
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			switch frame := frame.(type) {
			case *http2.SettingsFrame:
				if !greeted {
					greeted = true
					_ = f.WriteSettings()
					_ = f.WriteSettingsAck()
				}
			case *http2.MetaHeadersFrame:
				run := scripts[frame.PseudoValue("path")]
				if run == nil {
					return
				}
				run(f, frame.StreamID)
			case *http2.PingFrame:
				_ = f.WritePing(true, frame.Data)
			}
		}
	}
}

// writeHead writes a response head; names and values in turn.
func writeHead(f *http2.Framer, stream uint32, end bool, fields ...string) {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	block := b.Bytes()
	const most = 16 << 10
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block[:min(most, len(block))], EndStream: end, EndHeaders: len(block) <= most})
	for len(block) > most {
		block = block[most:]
		_ = f.WriteContinuation(stream, len(block) <= most, block[:min(most, len(block))])
	}
}

// manyFields returns fields of 1 KiB each.
func manyFields(n int) []string {
	fields := []string{":status", "200"}
	for range n {
		fields = append(fields, "x", strings.Repeat("y", 1<<10))
	}
	return fields
}

func rst(code http2.ErrCode) h2Script {
	return func(f *http2.Framer, stream uint32) { _ = f.WriteRSTStream(stream, code) }
}

// h2Scripts fail in every way in which HTTP/2 can.
var h2Scripts = map[string]h2Script{
	"/goaway": func(f *http2.Framer, _ uint32) {
		_ = f.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, []byte("too many"))
	},
	"/goaway-graceful": func(f *http2.Framer, _ uint32) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) },
	"/rst-internal":    rst(http2.ErrCodeInternal),
	"/rst-refused":     rst(http2.ErrCodeRefusedStream),
	"/rst-calm":        rst(http2.ErrCodeEnhanceYourCalm),
	"/rst-protocol":    rst(http2.ErrCodeProtocol),
	"/rst-cancel":      rst(http2.ErrCodeCancel),
	"/rst-http11":      rst(http2.ErrCodeHTTP11Required),
	"/rst-unknown":     rst(0x4242),
	"/data-first":      func(f *http2.Framer, s uint32) { _ = f.WriteData(s, true, []byte("ten octets")) },
	"/push": func(f *http2.Framer, s uint32) {
		_ = f.WritePushPromise(http2.PushPromiseParam{StreamID: s, PromiseID: 2, EndHeaders: true})
	},
	"/no-status":  func(f *http2.Framer, s uint32) { writeHead(f, s, true, "server", "x") },
	"/upper-case": func(f *http2.Framer, s uint32) { writeHead(f, s, true, ":status", "200", "Server", "x") },
	"/large-head": func(f *http2.Framer, s uint32) { writeHead(f, s, true, manyFields(100)...) },
	"/large-field": func(f *http2.Framer, s uint32) {
		writeHead(f, s, true, ":status", "200", "x", strings.Repeat("y", 80<<10))
	},
	"/settings-frame": func(f *http2.Framer, _ uint32) { _ = f.WriteRawFrame(http2.FrameSettings, 0, 0, []byte("odd")) },
	"/frame-size":     func(f *http2.Framer, _ uint32) { _ = f.WriteRawFrame(http2.FrameData, 0, 1, make([]byte, 2<<20)) },
	"/silent":         func(*http2.Framer, uint32) {},

	"/rst-content": func(f *http2.Framer, s uint32) {
		writeHead(f, s, false, ":status", "200")
		_ = f.WriteData(s, false, []byte("ten octets"))
		_ = f.WriteRSTStream(s, http2.ErrCodeInternal)
	},
	"/short": func(f *http2.Framer, s uint32) {
		writeHead(f, s, false, ":status", "200", "content-length", "100")
		_ = f.WriteData(s, true, []byte("ten octets"))
	},
	"/short-nothing": func(f *http2.Framer, s uint32) { writeHead(f, s, true, ":status", "200", "content-length", "100") },
	"/long": func(f *http2.Framer, s uint32) {
		writeHead(f, s, false, ":status", "200", "content-length", "3")
		_ = f.WriteData(s, true, []byte("ten octets"))
	},
	"/stall": func(f *http2.Framer, s uint32) {
		writeHead(f, s, false, ":status", "200", "content-length", "100")
		_ = f.WriteData(s, false, []byte("ten octets"))
	},
	"/drip": func(f *http2.Framer, s uint32) {
		writeHead(f, s, false, ":status", "200")
		_ = f.WriteData(s, false, []byte("ten octets"))
	},
}

// closing closes the connection after the frames of a script; nil for none.
func closing(frames h2Script) func(net.Conn) {
	return func(c net.Conn) {
		serveFrames(map[string]h2Script{"/": func(f *http2.Framer, s uint32) {
			if frames != nil {
				frames(f, s)
			}
			c.Close()
		}})(c)
	}
}

// A chain is a certificate authority and what it signs.
type chain struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newChain(t *testing.T) *chain {
	c := &chain{t: t}
	leaf := c.issue(func(x *x509.Certificate) {
		x.IsCA, x.BasicConstraintsValid, x.KeyUsage = true, true, x509.KeyUsageCertSign
		x.Subject = pkix.Name{CommonName: "fault test CA"}
	}, nil)
	c.cert, c.key = leaf.Leaf, leaf.PrivateKey.(*ecdsa.PrivateKey)
	return c
}

func (c *chain) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c.cert)
	return p
}

// issue makes a certificate for originName, altered by change, and signed by
// signer; nil signs it with its own key.
func (c *chain) issue(change func(*x509.Certificate), signer *chain) tls.Certificate {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	x := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: originName}, DNSNames: []string{originName},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(x)
	}
	parent, parentKey := x, key
	if signer != nil {
		parent, parentKey = signer.cert, signer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, x, parent, &key.PublicKey, parentKey)
	if err != nil {
		c.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		c.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// config serves a good certificate.
func (c *chain) config(alpn ...string) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.issue(nil, c)}, NextProtos: alpn}
}

// afterHello reads a ClientHello and then answers with some octets.
func afterHello(octets string, end script) func(net.Conn) {
	return func(c net.Conn) {
		head := make([]byte, 5)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(head[3])<<8|int64(head[4])); err != nil {
			return
		}
		answer(octets, end)(c)
	}
}

// ssl3Hello is a ServerHello (RFC 6101 §5.6.1.3) that chooses SSL 3.0, as no
// server of crypto/tls would.
func ssl3Hello() string {
	hello := "\x03\x00" + strings.Repeat("r", 32) + "\x00" + "\x00\x2f" + "\x00"
	message := "\x02\x00\x00" + string(rune(len(hello))) + hello
	return "\x16\x03\x00\x00" + string(rune(len(message))) + message
}

// alert is a fatal alert in clear (RFC 8446 §6).
func alert(description byte) string { return "\x15\x03\x03\x00\x02\x02" + string([]byte{description}) }

// resolver asks a name server of the test's own, which knows every name under
// .test but a few, and fails for those in each way.
func (s *site) resolver() *net.Resolver {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { pc.Close() })
	s.wg.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := resolve(buf[:n]); reply != nil {
				_, _ = pc.WriteTo(reply, from)
			}
		}
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "udp", pc.LocalAddr().String())
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.over {
			c.Close()
		}
		s.conns[c] = struct{}{} // it waits for longer than whoever asked
		return c, nil
	}}
}

func resolve(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	switch name := strings.ToLower(q.Name.String()); {
	case strings.HasPrefix(name, "silent."):
		return nil
	case strings.HasPrefix(name, "broken."):
		m.RCode = dnsmessage.RCodeServerFailure
	case !strings.HasSuffix(name, ".test."):
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
		}}
	}
	reply, err := m.Pack()
	if err != nil {
		return nil
	}
	return reply
}

// fullPort is the port of a listener whose queue of connections is full, so
// that the system lets further ones wait. It skips the test where the system
// does otherwise.
func (s *site) fullPort() string {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { syscall.Close(fd) })
	err = errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0))
	if err != nil {
		s.t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		s.t.Fatal(err)
	}
	address := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}).String()
	for range 16 {
		c, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			_, port, _ := net.SplitHostPort(address)
			return port
		}
		s.t.Cleanup(func() { c.Close() })
	}
	s.t.Skip("this system takes connections that nobody accepts without end")
	return ""
}

// refusedPort is a port on which nothing listens.
func (s *site) refusedPort() string {
	l := listen(s.t)
	defer l.Close()
	return portOf(l.Addr())
}
