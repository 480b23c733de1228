package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// The load on HTTP/2: so many connections, with so many streams at once on each.
const (
	h2Connections = 10
	h2Streams     = 10
)

// grpcAdded is how much later a gRPC call may be answered through sidenote, in the middle.
const grpcAdded = 150 * time.Microsecond

// h2Clients are clients with a connection each. Those of a proxy go through a
// tunnel of its; a rival that knows its origin server alone has none.
func h2Clients(at string, tunnel bool) (clients []*http.Client) {
	for range h2Connections {
		clients = append(clients, &http.Client{Transport: &http2.Transport{
			DialTLSContext: func(ctx context.Context, _, to string, _ *tls.Config) (net.Conn, error) {
				c, err := dialThrough(ctx, at, to, tunnel)
				if err != nil {
					return nil, err
				}
				secure := tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}) // whose certificate it is, is not what is measured
				if err := secure.HandshakeContext(ctx); err != nil {
					c.Close()
					return nil, err
				}
				if p := secure.ConnectionState().NegotiatedProtocol; p != "h2" {
					c.Close()
					return nil, fmt.Errorf("HTTP/2 was offered and %q chosen", p)
				}
				return secure, nil
			},
		}})
	}
	return clients
}

// dialThrough connects to a proxy, and through a tunnel of its to an origin server.
func dialThrough(ctx context.Context, at, to string, tunnel bool) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", at)
	if err != nil || !tunnel {
		return c, err
	}
	if _, err := fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", to, to); err != nil {
		c.Close()
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: http.MethodConnect}) //nolint:bodyclose // it has none, and the client of TLS speaks first
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New("CONNECT: " + resp.Status)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// h2Kinds are the proxies that pass HTTP/2 on; the last is what is judged.
func h2Kinds(sidenote, dir string, o *origin, profile string, token func() (string, error)) []proxyKind {
	kinds := []proxyKind{{name: "goproxy with HTTP/2 on", command: bareH2Command}}
	return append(append(kinds, installed(h2Rivals(), dir, o)...),
		proxyKind{name: "sidenote", command: sidenoteCommand(sidenote, dir, o), token: token, profile: profile})
}

// bareH2Command starts this program as a bare goproxy that intercepts HTTP/2.
func bareH2Command(at addresses) *exec.Cmd {
	return command(os.Args[0], "bare", "-listen", at.proxy, "-tls", "-h2", "-idle=64")
}

// h2Rivals are servers that end TLS for one origin server, and speak HTTP/2 on
// both sides.
func h2Rivals() []rival {
	return []rival{
		{program: "nghttpx", reverse: true, config: nghttpxConfig, args: func(config string) []string { return []string{"--conf=" + config} }},
		{program: "haproxy", reverse: true, config: haproxyH2Config, args: func(config string) []string { return []string{"-db", "-q", "-f", config} }},
	}
}

func nghttpxConfig(at addresses, _ string, o *origin) string {
	host, port, _ := net.SplitHostPort(at.proxy)
	to, toPort, _ := net.SplitHostPort(o.h2.Listener.Addr().String())
	return strings.Join([]string{
		"frontend=" + host + "," + port, "backend=" + to + "," + toPort + ";;proto=h2;tls", "insecure=yes", "workers=1", "single-process=yes", "log-level=FATAL",
		"private-key-file=" + o.keyFile, "certificate-file=" + o.caFile, "errorlog-file=/dev/null", "accesslog-file=", "",
	}, "\n")
}

func haproxyH2Config(at addresses, _ string, o *origin) string {
	return strings.Join([]string{
		"global", "  maxconn 4096", "  nbthread 1", "  ssl-server-verify none",
		"defaults", "  mode http", "  timeout connect 5s", "  timeout client 300s", "  timeout server 300s", "  http-reuse always",
		"frontend bench", "  bind " + at.proxy + " ssl crt " + o.keyFile + " alpn h2", "  default_backend origin",
		"backend origin", "  server one " + o.h2.Listener.Addr().String() + " ssl verify none alpn h2", "",
	}, "\n")
}

// writeKeyPair writes key and certificate of the origin server into one file, as
// HAProxy wants them; nghttpx takes the key from it.
func (o *origin) writeKeyPair(dir string) error {
	c := o.h2.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})...)
	o.keyFile = filepath.Join(dir, "origin.key")
	return os.WriteFile(o.keyFile, text, 0o600)
}

// A plainCodec has messages that are their octets.
type plainCodec struct{}

func (plainCodec) Name() string                     { return "plain" }
func (plainCodec) Marshal(v any) ([]byte, error)    { return *v.(*[]byte), nil }
func (plainCodec) Unmarshal(b []byte, to any) error { *to.(*[]byte) = slices.Clone(b); return nil }

// serveGRPC is a gRPC server that sends back what it gets.
func serveGRPC(cert tls.Certificate) (addr string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := grpc.NewServer(grpc.ForceServerCodec(plainCodec{}), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bench.Echo", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Unary", Handler: func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var in []byte
			return &in, dec(&in)
		}}},
	}, struct{}{})
	go func() { _ = s.Serve(l) }()
	return l.Addr().String(), s.Stop, nil
}

// compareGRPC prints how much later a gRPC call is answered through each proxy
// than without one, in the middle.
func compareGRPC(w *tabwriter.Writer, kinds []proxyKind, o *origin) error {
	addr, stop, err := serveGRPC(o.h2.TLS.Certificates[0])
	if err != nil {
		return err
	}
	defer stop()
	direct, err := grpcLatency(addr, addr, false)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "gRPC\tdirect\t\t\tp50 %d µs\t\n", direct.Microseconds())
	for _, k := range kinds {
		if k.reverse { // it knows another origin server
			continue
		}
		r, err := k.start(contest{h2: true}, o.url(contest{h2: true}), 500, 1)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		through, err := grpcLatency(r.at.proxy, addr, true)
		r.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		asked := ""
		if k.name == "sidenote" {
			asked = fmt.Sprintf(" (asked: at most %d)", grpcAdded.Microseconds())
		}
		fmt.Fprintf(w, "gRPC\t%s\t\t\tp50 %d µs more%s\t\n", k.name, (through - direct).Microseconds(), asked)
	}
	return nil
}

// grpcLatency is how long a call takes, in the middle.
func grpcLatency(at, to string, tunnel bool) (time.Duration, error) {
	conn, err := grpc.NewClient("passthrough:///"+to,
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})),
		grpc.WithContextDialer(func(ctx context.Context, to string) (net.Conn, error) { return dialThrough(ctx, at, to, tunnel) }),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(plainCodec{})))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	in, out := []byte(strings.Repeat("x", 100)), []byte(nil)
	return middle(func() error {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		return conn.Invoke(ctx, "/bench.Echo/Unary", &in, &out)
	})
}

// proxyURL is where a proxy listens.
func proxyURL(at string) *url.URL { return &url.URL{Scheme: "http", Host: at} }
