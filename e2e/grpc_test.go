package e2e_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// grpcMessages is how many messages each stream has.
const grpcMessages = 10000

// A plainCodec has messages that are their octets.
type plainCodec struct{}

func (plainCodec) Name() string                     { return "plain" }
func (plainCodec) Marshal(v any) ([]byte, error)    { return []byte(*v.(*string)), nil }
func (plainCodec) Unmarshal(b []byte, to any) error { *to.(*string) = string(b); return nil }

// A grpcOrigin is a gRPC server that tells how the calls that waited ended.
type grpcOrigin struct {
	address string
	begun   chan bool   // a call waits
	ended   chan string // how one that waited ended
}

func startGRPC(t *testing.T, a *authority) *grpcOrigin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, _, leaf := a.leaf(t)
	o := &grpcOrigin{address: l.Addr().String(), begun: make(chan bool, 8), ended: make(chan string, 8)}
	s := grpc.NewServer(grpc.ForceServerCodec(plainCodec{}), grpc.Creds(credentials.NewServerTLSFromCert(&leaf)))
	s.RegisterService(o.service(), struct{}{})
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(l) }()
	t.Cleanup(func() { s.Stop(); <-served })
	return o
}

func (o *grpcOrigin) service() *grpc.ServiceDesc {
	stream := func(name string, f func(s grpc.ServerStream) error) grpc.StreamDesc {
		return grpc.StreamDesc{StreamName: name, ClientStreams: true, ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error { return f(s) }}
	}
	return &grpc.ServiceDesc{
		ServiceName: "test.Calls", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Unary", Handler: func(_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var in string
			if err := dec(&in); err != nil {
				return nil, err
			}
			return o.unary(ctx, in)
		}}},
		Streams: []grpc.StreamDesc{
			stream("Up", func(s grpc.ServerStream) error {
				n, total, err := receiveAll(s)
				if err != nil {
					return err
				}
				out := fmt.Sprintf("%d messages, %d octets", n, total)
				return s.SendMsg(&out)
			}),
			stream("Down", func(s grpc.ServerStream) error {
				if _, _, err := receiveAll(s); err != nil {
					return err
				}
				return sendMany(s)
			}),
			stream("Both", func(s grpc.ServerStream) error {
				for {
					var in string
					if err := s.RecvMsg(&in); err == io.EOF {
						s.SetTrailer(metadata.Pairs("x-end", "half-closed"))
						return nil
					} else if err != nil {
						return err
					}
					if err := s.SendMsg(&in); err != nil {
						return err
					}
				}
			}),
			stream("Early", func(grpc.ServerStream) error { // before the client has sent anything
				return status.Error(codes.PermissionDenied, "not you")
			}),
			stream("Halfway", func(s grpc.ServerStream) error { // and no more than one message
				var in string
				if err := s.RecvMsg(&in); err != nil {
					return err
				}
				if err := s.SendMsg(&in); err != nil {
					return err
				}
				return status.Error(codes.DataLoss, "lost")
			}),
		},
	}
}

// unary answers one message: "fail N"; "late" and "wait", which wait; "begun" and
// "ended" when one that waits has; or the message itself.
func (o *grpcOrigin) unary(ctx context.Context, in string) (*string, error) {
	if n, ok := strings.CutPrefix(in, "fail "); ok {
		code, _ := strconv.Atoi(n)
		_ = grpc.SetTrailer(ctx, metadata.Pairs("x-why", "asked", "x-why-bin", "\x00\xff"))
		s, err := status.New(codes.Code(code), "as asked: ü % \n").WithDetails(wrapperspb.String("a detail"))
		if err != nil {
			return nil, err
		}
		return nil, s.Err()
	}
	switch in {
	case "late":
		<-ctx.Done()
		return nil, ctx.Err()
	case "wait":
		o.begun <- true
		<-ctx.Done()
		o.ended <- ctx.Err().Error()
		return nil, ctx.Err()
	case "begun":
		select {
		case <-o.begun:
			return &in, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	case "ended":
		select {
		case how := <-o.ended:
			return &how, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	md, _ := metadata.FromIncomingContext(ctx)
	_ = grpc.SendHeader(ctx, metadata.Pairs("x-asked", strings.Join(md["x-ask"], ","), "x-asked-bin", strings.Join(md["x-ask-bin"], "")))
	return &in, nil
}

func receiveAll(s interface{ RecvMsg(m any) error }) (n, total int, err error) {
	for ; ; n++ {
		var in string
		if err := s.RecvMsg(&in); err == io.EOF {
			return n, total, nil
		} else if err != nil {
			return n, total, err
		}
		total += len(in)
	}
}

func sendMany(s interface{ SendMsg(m any) error }) error {
	for i := range grpcMessages {
		out := strconv.Itoa(i)
		if err := s.SendMsg(&out); err != nil {
			return err
		}
	}
	return nil
}

// A grpcCaller makes calls and says what it saw.
type grpcCaller struct {
	t    *testing.T
	conn *grpc.ClientConn
	saw  []string
}

func (c *grpcCaller) say(format string, a ...any) { c.saw = append(c.saw, fmt.Sprintf(format, a...)) }

// goGRPC makes every kind of call with grpc-go.
func goGRPC(t *testing.T, w way, address string) []string {
	t.Helper()
	pem, err := os.ReadFile(w.caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(pool, "localhost")),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(plainCodec{})),
		grpc.WithContextDialer(func(ctx context.Context, to string) (net.Conn, error) { return dialThrough(ctx, w.proxy, to) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &grpcCaller{t: t, conn: conn}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c.unary(metadata.AppendToOutgoingContext(ctx, "x-ask", "1", "x-ask", "2", "x-ask-bin", "\x00\x01"), "hello")
	c.unary(ctx, strings.Repeat("large", 100000))
	for code := 1; code <= 16; code++ {
		c.unary(ctx, fmt.Sprintf("fail %d", code))
	}
	var out string
	in := ""
	c.say("unknown: %v", conn.Invoke(ctx, "/test.Calls/None", &in, &out))
	c.ends(ctx)
	c.streams(ctx)
	return c.saw
}

// dialThrough connects directly, or through a tunnel of the proxy's.
func dialThrough(ctx context.Context, proxy *url.URL, to string) (net.Conn, error) {
	var d net.Dialer
	if proxy == nil {
		return d.DialContext(ctx, "tcp", to)
	}
	c, err := d.DialContext(ctx, "tcp", proxy.Host)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", to, to); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: http.MethodConnect}) // a client of TLS speaks first
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return c, err
}

func (c *grpcCaller) unary(ctx context.Context, in string) {
	var head, trail metadata.MD
	var out string
	err := c.conn.Invoke(ctx, "/test.Calls/Unary", &in, &out, grpc.Header(&head), grpc.Trailer(&trail))
	s := status.Convert(err)
	c.say("unary %.20q: %d %.20q; %v %q %v; head %v; trailers %v", in, len(out), out, s.Code(), s.Message(), s.Details(), whole(head), whole(trail))
}

// whole prints metadata as it is, which it does not by itself.
func whole(md metadata.MD) map[string][]string { return md }

// ends has a deadline pass, and cancels a call.
func (c *grpcCaller) ends(ctx context.Context) {
	in, out := "late", ""
	short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	err := c.conn.Invoke(short, "/test.Calls/Unary", &in, &out)
	stop()
	c.say("deadline: %v", status.Code(err))
	giveUp, stop := context.WithCancel(ctx)
	s, err := c.conn.NewStream(giveUp, &grpc.StreamDesc{}, "/test.Calls/Unary")
	in = "wait"
	if err == nil {
		err = s.SendMsg(&in)
	}
	if err == nil {
		err = s.CloseSend()
	}
	if err != nil {
		c.t.Error(err)
	}
	c.ask(ctx, "begun")
	stop()
	c.say("cancelled: %v", status.Code(s.RecvMsg(&out)))
	c.say("the server saw %q", c.ask(ctx, "ended"))
}

// ask asks about the call that waits.
func (c *grpcCaller) ask(ctx context.Context, in string) string {
	var out string
	if err := c.conn.Invoke(ctx, "/test.Calls/Unary", &in, &out); err != nil {
		c.t.Error(err)
	}
	return out
}

// streams sends and receives many messages, each way and both.
func (c *grpcCaller) streams(ctx context.Context) {
	for _, method := range []string{"Up", "Down", "Both", "Early", "Halfway"} {
		s, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/test.Calls/"+method)
		if err != nil {
			c.t.Error(err)
			return
		}
		var sending sync.WaitGroup
		sending.Go(func() {
			if method == "Up" || method == "Both" || method == "Halfway" {
				_ = sendMany(s) // what cannot be sent shows in what is received
			}
			if method != "Early" {
				_ = s.CloseSend()
			}
		})
		var last string
		n := 0
		for {
			var in string
			if err = s.RecvMsg(&in); err != nil {
				break
			}
			if method != "Up" && in != strconv.Itoa(n) {
				c.t.Errorf("%s: message %d is %q", method, n, in)
			}
			last, n = in, n+1
		}
		sending.Wait()
		c.say("%s: %d messages, the last %q; %v %q; trailers %v", method, n, last, status.Code(err), status.Convert(err).Message(), whole(s.Trailer()))
	}
}

// nodeGRPC makes the same calls with @grpc/grpc-js.
func nodeGRPC(t *testing.T, w way, address string) []string {
	t.Helper()
	nodePackage(t, "@grpc/grpc-js")
	w.env = append(w.env, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH="+w.caFile)
	out, _ := w.run(t, nil, nil, need(t, "node"), absolute(t, "node/grpc.mjs"), address, strconv.Itoa(grpcMessages))
	return strings.Split(strings.TrimRight(string(out), "\n"), "\n")
}

// TestGRPC makes every kind of call directly and through the proxy: statuses,
// details, trailers, deadlines, cancellation, half-closed and long streams.
func TestGRPC(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*testing.T, way, string) []string{"Go": goGRPC, "Node": nodeGRPC} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t)
			o := startGRPC(t, a)
			p := start(t, "--upstream-ca", a.file, "--annotate", "off")
			direct := call(t, directly(t, a), o.address)
			through := call(t, p.way(t), o.address)
			if d := cmp.Diff(direct, through); d != "" {
				t.Errorf("directly (-) and through the proxy (+):\n%s", d)
			}
			t.Logf("%d calls, the last: %s", len(direct), direct[len(direct)-1])
			p.stop()
			checkGRPCRecords(t, p)
		})
	}
}

// checkGRPCRecords looks for a record of each call, with the way it ended.
func checkGRPCRecords(t *testing.T, p *process) {
	t.Helper()
	methods := map[string]int{}
	messages := map[string][2]int{}
	cancelled := 0
	for _, r := range p.records(p.logFile) {
		if r.text("network.protocol.version") != "2" {
			t.Errorf("%s: HTTP/%s", r.text("url.full"), r.text("network.protocol.version"))
		}
		method := strings.TrimPrefix(r.text("url.path"), "/test.Calls/")
		methods[method]++
		if m, ok := r["sidenote.messages"].(map[string]any); ok {
			messages[method] = [2]int{record(m).number("sent"), record(m).number("received")}
		}
		if r.text("error.type") == "client_gone" && strings.Contains(r.text("sidenote.error.detail"), "CANCEL") {
			cancelled++
		}
	}
	for method, want := range map[string][2]int{"Up": {grpcMessages, 1}, "Down": {0, grpcMessages}, "Both": {grpcMessages, grpcMessages}} {
		if messages[method] != want {
			t.Errorf("%s: recorded %v messages up and down, want %v", method, messages[method], want)
		}
	}
	for method, least := range map[string]int{"Unary": 22, "None": 1, "Up": 1, "Down": 1, "Both": 1, "Early": 1, "Halfway": 1} {
		if methods[method] < least {
			t.Errorf("%d records of %s: %v", methods[method], method, methods)
		}
	}
	if cancelled == 0 {
		t.Error("no record says that the client cancelled")
	}
}
